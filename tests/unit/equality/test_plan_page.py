"""The page of progress shows what the plan says, once."""

from __future__ import annotations

import pytest

from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_pages import plan_page
from evalkit.errors import DataError
from evalkit.result import Estimates
from evalkit.simulate import simulate_workforce


@pytest.fixture(scope="module")
def plan() -> Estimates:
    return edi_plan(simulate_workforce(n=600, years=3, seed=2).frames)


def test_the_latest_year_of_each_indicator_once(plan: Estimates) -> None:
    page = plan_page(plan).frame
    last = plan.frame[plan.frame["latest"] == True]  # noqa: E712 - a column of objects
    assert set(page["year"]) == {"2025"}
    assert len(page) == len(last.drop_duplicates(["indicator", "group", "term"]))
    assert not page.duplicated(["term", "group", "unit"]).any()
    row = page[(page["term"] == "Appointment from shortlisting") & (page["group"] == "white over BME")].iloc[0]
    same = last[(last["indicator"] == "relative_likelihood_appointment") & (last["group"] == "white over BME")].iloc[0]
    for name in ("estimate", "conf_low", "conf_high", "n", "n_least", "baseline", "target", "status"):
        assert row[name] == same[name]
    assert (row["baseline_year"], row["target_year"]) == ("2023", "2028")
    assert page["std_error"].isna().all()


def test_only_what_has_a_target(plan: Estimates) -> None:
    page = plan_page(plan, with_target=True).frame
    assert set(page["term"]) == {
        "Appointment from shortlisting",
        "Pay gap, mean",
        "Disciplinary process",
        "Leaver rate",
    }
    assert "no target" not in set(page["status"])
    without = Estimates(plan.frame.assign(target=float("nan")), plan.method)
    with pytest.raises(DataError, match="DAT-009 plan: no indicator with a target"):
        plan_page(without, with_target=True)
    with pytest.raises(DataError, match="DAT-003"):
        plan_page(Estimates(plan.frame.drop(columns="latest"), plan.method))
