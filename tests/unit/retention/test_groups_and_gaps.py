"""Groups without people, people without a group, curves that end too soon, and arguments that are wrong together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError, EvalkitError
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import gray_test, logrank
from evalkit.retention.curves import at_risk_table, cumulative_incidence, survival_curve
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at
from evalkit.retention.terms import read_terms, variables_of


def _late() -> Cohort:
    """One person from 0 on leaves at 2; 39 come at 3 and leave one by one from 8 on."""
    staff = pd.DataFrame({"id": range(40), "on": [0.0] + [3.0] * 39, "off": [2.0, *np.arange(8.0, 47.0)]})
    staff["site"] = ["a", *["a"] * 19, *["b"] * 20]
    return cohort(staff, person="id", entry="on", exit="off", covariates=["site"])


def _sites() -> Cohort:
    rng = np.random.default_rng(3)
    staff = pd.DataFrame({"id": range(60), "left": rng.integers(1, 30, 60).astype(float)})
    staff["site"] = rng.choice(["a", "b", None], 60, p=[0.5, 0.4, 0.1])
    staff["late"] = rng.integers(0, 3, 60)
    return cohort(staff, person="id", exit="left", observed_to=24, covariates=["site", "late"])


# --- a curve that falls to 0 while others are still to come ----------------------------------------------------------


def test_a_curve_that_ends_before_others_come_says_so_and_does_not_say_that_all_left():
    made = _late()
    curve = survival_curve(made)
    assert curve.tidy()["estimate"].iloc[-1] == 0
    notes = [text for text in curve.method.assumptions if "0 from 2 months on" in text]
    assert len(notes) == 1
    assert "landmark" in notes[0]
    (row,) = retention_at(made, 12).tidy().to_dict("records")
    assert row["estimate"] == 0
    assert row["n_at_risk"] == 35
    assert "0 from 2 months on" in row["flag"]
    assert "all have left" not in row["flag"]
    assert "0 from 2 months on" in median_time(made).tidy()["flag"].iloc[0]
    mean = restricted_mean(made, horizon=10).tidy()
    assert mean["estimate"].iloc[0] == 2
    assert "0 from 2 months on" in mean["flag"].iloc[0]
    assert any("0 from 2 months on" in text for text in cumulative_incidence(made).method.assumptions)


def test_only_the_group_and_the_differences_that_it_touches_are_flagged():
    made = _late()
    flags = retention_at(made, [1, 12], by="site").tidy().set_index(["time", "group"])["flag"]
    assert [("0 from 2" in flag) for flag in flags] == [False, False, False, True, False, True]
    means = restricted_mean(made, by="site", horizon=10).tidy().set_index("group")["flag"]
    assert [("0 from 2" in means[name]) for name in ("a", "b", "b less a", "b over a")] == [True, False, True, True]


def test_a_curve_that_everybody_left_keeps_its_flag():
    staff = pd.DataFrame({"id": range(3), "left": [1.0, 2.0, 3.0]})
    made = cohort(staff, person="id", exit="left")
    assert retention_at(made, 5).tidy()["flag"].iloc[0] == "all have left by then: no limits"
    assert not any("0 from" in text for text in survival_curve(made).method.assumptions)


# --- groups without people, people without a group -------------------------------------------------------------------


def test_a_group_without_people_is_named():
    staff = pd.DataFrame({"id": range(5), "left": [1.0, 2, 3, 4, 5], "mentor": np.nan})
    made = cohort(staff, person="id", exit="left", mentored_from="mentor")
    for found in (
        survival_curve(made, by="mentored"),
        retention_at(made, 2, by="mentored"),
        restricted_mean(made, by="mentored", horizon=4),
    ):
        assert "left out, because nobody is in it: mentored" in found.method.assumptions
    assert not any("nobody is in it" in text for text in survival_curve(_sites(), by="site").method.assumptions)


@pytest.mark.parametrize(
    "estimate",
    [
        lambda made, **more: survival_curve(made, by="site", **more),
        lambda made, **more: cumulative_incidence(made, by="site", **more),
        lambda made, **more: retention_at(made, 12, by="site", **more),
        lambda made, **more: median_time(made, by="site", **more),
        lambda made, **more: restricted_mean(made, by="site", **more),
        lambda made, **more: logrank(made, by="site", **more),
        lambda made, **more: logrank(made, by="late", strata="site", **more),
        lambda made, **more: gray_test(made, by="site", cause="left", **more),
    ],
)
def test_people_without_a_group_are_dropped_and_counted_or_refused(estimate):
    made = _sites()
    lacking = int(made.covariates["site"].isna().sum())
    assert lacking > 0
    assert sum(estimate(made).method.n_dropped.values()) == lacking
    with pytest.raises(DataError, match=f"DAT-009 covariate site: missing for {lacking} of 60 people"):
        estimate(made, missing="refuse")
    with pytest.raises(DataError, match="DAT-006 missing"):
        estimate(made, missing="keep")


def test_a_risk_table_may_refuse_people_without_a_group_too():
    with pytest.raises(DataError, match="DAT-009"):
        at_risk_table(_sites(), [0, 12], by="site", missing="refuse")


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (lambda c: retention_at(c, [-1], by="nope", reference="q", level=2, interval="logg"), "2 2 6 3"),
        (lambda c: retention_at(c, [-1], by="site", reference="q", level=2), "2 2 6"),
        (lambda c: survival_curve(c, by=["nope", "sites"], level=2), "2 3 3"),
        (lambda c: cumulative_incidence(c, by="nope", cause="gone", interval="x"), "6 6 3"),
        (lambda c: median_time(c, by="nope", share=2, convention="x", level=0), "2 2 6 3"),
        (lambda c: restricted_mean(c, by="nope", horizon=-1, level=2), "2 2 3"),
        (lambda c: logrank(c, by="nope", strata="also", weights="x"), "6 3 3"),
        (lambda c: gray_test(c, by="nope", cause="gone", rho="x"), "9 6 3"),
        (lambda c: at_risk_table(c, [-1, "x"], by="nope"), "2 9 3"),
        (lambda c: survival_curve(c, by=3), "9"),
        (lambda c: survival_curve(c, by="mentored", level=2), "2 EST"),
    ],
)
def test_wrong_arguments_are_told_together(given, codes):
    with pytest.raises(EstimationError) as error:
        given(_sites())
    named = ["EST-001" if code == "EST" else f"DAT-00{code}" for code in codes.split()]
    assert [problem.code for problem in error.value.problems] == named


def test_terms_are_told_together_with_what_else_is_wrong():
    made = _sites()
    with pytest.raises(DataError):
        at_risk_table(made, [-1])
    other = list(_problems(lambda: survival_curve(made, level=2)))
    for terms in ("sitte + late", "site +"):
        found = _problems(lambda terms=terms: read_terms(made, terms, wrong=other))
        assert len(found) == 2
        assert found[0].code == "DAT-002"


def test_a_reference_of_a_number_says_how_to_make_it_a_category():
    made = _sites()
    (problem,) = _problems(lambda: variables_of(made, read_terms(made, "late"), {"late": "1"}))
    assert "C(late)" in problem.remedy
    assert "number" in problem.found


def _problems(given):
    with pytest.raises(EvalkitError) as error:
        given()
    return error.value.problems
