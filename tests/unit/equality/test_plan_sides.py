"""On which side of a target a value is worse, and what one metric that fails does to the others."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from evalkit.equality.inputs import check_frames
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import load_mapping
from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_values import INDICATORS
from evalkit.equality.race_standard import wres
from evalkit.equality.stability import stability_index
from evalkit.equality.turnover import leaver_rate
from evalkit.errors import DataError
from evalkit.simulate.workforce import simulate_workforce

SIDES = {"above", "below", "above 0", "below 0", "above 1", "below 1"}


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return dict(check_frames(simulate_workforce(n=900, years=3, seed=3).frames).frames)


@pytest.fixture(scope="module")
def plan(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return edi_plan(frames).frame


def judged(frames: dict[str, pd.DataFrame], indicator: str, target: float) -> str:
    goal = pd.DataFrame({"indicator": [indicator], "baseline_year": 2024, "target_year": 2026, "target": target})
    found = edi_plan(frames, targets=goal).frame
    return str(found[(found["indicator"] == indicator) & (found["latest"] == True)]["status"].iloc[0])  # noqa: E712


def test_every_row_of_the_plan_says_which_side_is_adverse(plan: pd.DataFrame) -> None:
    rows = plan[plan["term"] != "not computable"]
    assert set(rows["adverse"]) == SIDES
    side = rows.drop_duplicates("indicator").set_index("indicator")["adverse"].str.split().str[0]
    worse_above = {"vacancy_rate", "leaver_rate", "leaver_rate_ratio", "survey_harassment_staff", "pay_gap_mean"}
    worse_below = {"stability_index", "survey_belonging", "recruitment_apprentice", "local_recruitment", "parity_upper",
                   "support_offered_affected", "support_used"}  # fmt: skip
    assert set(side[list(worse_above)]) == {"above"}
    assert set(side[list(worse_below)]) == {"below"}
    told = rows[rows["direction"].isin(["higher is worse", "higher is better"])]
    assert (told["direction"].map({"higher is worse": "above", "higher is better": "below"}) == told["adverse"]).all()


def test_a_target_of_what_cannot_be_computed_stops_nothing(frames: dict[str, pd.DataFrame], plan: pd.DataFrame) -> None:
    given = set(plan["indicator"].dropna())
    assert {name for name in given if not name.startswith("survey_")} == {*INDICATORS} - {"support_offered"}
    goal = pd.DataFrame(
        {"indicator": ["pay_gap_mean", "support_used: all", "vacancy_rate"], "baseline_year": 2023, "target_year": 2028,
         "target": 0.05}
    )  # fmt: skip
    fewer = {name: frame for name, frame in frames.items() if name not in ("pay", "support", "targets")}
    found = edi_plan(fewer, targets=goal).frame
    assert found.loc[found["metric"] == "3a", "flag"].tolist() == ["not computable: no pay"]
    assert (found["target"] == 0.05).sum() == 1
    with pytest.raises(DataError, match=r'DAT-006 targets, row 1: .*Did you mean "pay_gap_mean"'):
        edi_plan(frames, targets=goal.replace({"pay_gap_mean": "pay_gap_maen"}))


def test_what_became_worse_has_not_reached_its_target(frames: dict[str, pd.DataFrame]) -> None:
    vacant = frames["vacancies"]
    posts = 100 * vacant["posts"]
    worse = vacant["year"].map({2023: 0.03, 2024: 0.05, 2025: 0.09})
    rising = frames | {"vacancies": vacant.assign(posts=posts, vacant=posts * worse)}
    falling = frames | {"vacancies": vacant.assign(posts=posts, vacant=posts * (0.14 - worse))}
    assert judged(rising, "vacancy_rate", 0.06) == "off track"
    assert judged(falling, "vacancy_rate", 0.06) == "reached"
    assert judged(frames, "stability_index", 0.999) == "off track"
    assert judged(frames, "leaver_rate", 0.001) == "off track"


def test_every_row_of_the_standard_has_a_side_or_none(frames: dict[str, pd.DataFrame]) -> None:
    found = wres(frames).frame
    side = found.groupby(["indicator", "term"])["adverse"].agg(lambda values: ", ".join(sorted(set(values))))
    assert side["1"].tolist() == ["none", "none"]
    rates = [side[indicator, "rate"] for indicator in "234"]
    assert rates == ["below", "above", "below"]
    assert [side[indicator, "share"] for indicator in "5678"] == ["above", "above", "below", "above"]
    assert side["9"].to_dict() == {"gap": "below 0, none", "share": "none"}


def test_rates_of_leavers_and_stability_have_a_side(frames: dict[str, pd.DataFrame]) -> None:
    staff, gone = frames["staff_in_post"], frames["leavers"]
    rates = leaver_rate(staff, gone, by="sex", reference="male", fte="fte", unmatched="count").frame
    assert set(rates.loc[rates["unit"] != "ratio", "adverse"]) == {"above"}
    assert set(rates.loc[rates["unit"] == "ratio", "adverse"]) == {"above 1"}
    index = stability_index(staff, started="started", by="sex", reference="male").frame
    gap = index["unit"] == "difference of proportions"
    assert (set(index.loc[~gap, "adverse"]), set(index.loc[gap, "adverse"])) == ({"below"}, {"below 0"})


def test_breaks_are_no_loss_in_the_stability_of_the_plan() -> None:
    def post(day: str, people: range) -> pd.DataFrame:
        ethnicity = ["white" if number % 2 else "BME" for number in people]
        started = pd.Timestamp("2015-01-01")
        return pd.DataFrame({"person": people, "snapshot": day, "ethnicity": ethnicity, "started": started})

    staff = pd.concat([post("2024-03-31", range(200)), post("2025-03-31", range(20, 200))], ignore_index=True)
    gone = pd.DataFrame({"person": range(20), "left": "2024-06-01", "reason": "Maternity Leave"})
    both = {"staff_in_post": staff, "leavers": gone}
    found = edi_plan(both).frame.set_index("indicator")
    assert found.loc["stability_index", "estimate"] == 1
    assert found.loc["leaver_rate", "estimate"] == 0
    without = edi_plan({"staff_in_post": staff, "leavers": gone.drop(columns="reason")}).frame.set_index("indicator")
    assert without.loc["stability_index", "estimate"] == 0.9


def test_one_metric_that_fails_is_a_row_and_stops_no_other(
    frames: dict[str, pd.DataFrame], plan: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evalkit.equality import plan_values

    def broken(*_: Any, **__: Any) -> Any:
        return relative_likelihood(
            pd.DataFrame({"a": [1]}), group="nowhere", outcome="a", reference="x", comparison="y"
        )

    monkeypatch.setattr(plan_values, "pay_gap", broken)
    found = edi_plan(frames).frame
    mine = found[found["metric"] == "3a"]
    assert mine["term"].tolist() == ["not computable"]
    assert mine["flag"].iloc[0].startswith('not computable: data: no column "nowhere"')
    rest = ["metric", "indicator", "estimate", "year"]
    pd.testing.assert_frame_equal(
        found.loc[found["metric"] != "3a", rest].reset_index(drop=True),
        plan.loc[plan["metric"] != "3a", rest].reset_index(drop=True), check_dtype=False,
    )  # fmt: skip


def test_hourly_pay_of_nothing_is_told_by_the_check(frames: dict[str, pd.DataFrame]) -> None:
    pay = frames["pay"].copy()
    pay.loc[3, "hourly"] = 0
    with pytest.raises(DataError, match=r"DAT-002 pay, column \"hourly\", row 4: .* from 0.01 .*leave empty"):
        check_frames(frames | {"pay": pay})


def test_own_bands_and_reasons_go_through_to_the_standards(frames: dict[str, pd.DataFrame], plan: pd.DataFrame) -> None:
    bands, exits = load_mapping("bands"), load_mapping("exit_types")
    bands["label"] = bands["label"].replace({"Band 8a": "Grade X"})
    exits["reason"] = exits["reason"].replace({"Retirement Age": "Off to the sea"})
    staff = frames["staff_in_post"].assign(band=lambda d: d["band"].astype(str).replace({"Band 8a": "Grade X"}))
    gone = frames["leavers"].assign(
        reason=lambda d: d["reason"].astype(str).replace({"Retirement Age": "Off to the sea"})
    )
    funnel = frames["recruitment"].drop(columns="band")
    vacant = frames["vacancies"].assign(band=lambda d: d["band"].astype(str).replace({"Band 8a": "Grade X"}))
    mine = frames | {"staff_in_post": staff, "leavers": gone, "recruitment": funnel, "vacancies": vacant}
    read = check_frames(mine, mappings={"bands": bands, "exit_types": exits})
    wanted = ["metric", "indicator", "estimate", "year"]
    pd.testing.assert_frame_equal(edi_plan(read).frame[wanted], plan[wanted])
    again = edi_plan(mine, bands=bands, exit_types=exits).frame
    pd.testing.assert_frame_equal(again[wanted], plan[wanted])
    assert "Grade X" in " ".join(wres(read).frame["band"].dropna())
    assert "Grade X" in " ".join(wres(mine | {"leavers": frames["leavers"]}, bands=bands).frame["band"].dropna())
