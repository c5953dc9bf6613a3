"""Ways round the refusal of groups that know the future, each of them closed; and what must still pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import ImmortalTimeError
from evalkit.retention.balancing import balance
from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import logrank
from evalkit.retention.curves import survival_curve
from evalkit.retention.describing import describe_groups
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import retention_at
from evalkit.retention.weighted_outcomes import weighted_hazard_ratio, weighted_retention
from evalkit.retention.weighting import propensity_weights


def _staff(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    leaves = np.round(rng.exponential(20, n) + 1, 1)
    begins = np.where(rng.random(n) < 0.4, np.round(rng.uniform(1, 15, n), 1), np.nan)
    frame = pd.DataFrame({"id": range(n), "leaves": leaves, "begins": np.where(begins < leaves, begins, np.nan)})
    ever = frame["begins"].notna()
    side = rng.random(n) < 0.5
    return frame.assign(
        ever=ever,
        dose=(frame["leaves"] - frame["begins"]).fillna(0),
        start_or_999=frame["begins"].fillna(999),
        start_text=frame["begins"].astype(str),
        noisy=ever + 1e-6 * rng.random(n),
        centred=np.where(ever, frame["begins"] - 7.03, 0),
        a=side,
        b=side ^ ever,
        band=rng.choice(["5", "6", "7"], n),
        age=rng.normal(40, 9, n),
        manager=rng.integers(0, n // 3, n).astype(str),
    )


STAFF = _staff()
COVARIATES = [name for name in STAFF if name not in ("id", "leaves", "begins")]


def _made(**more: Any) -> Cohort:
    roles = {"person": "id", "exit": "leaves", "mentored_from": "begins", "covariates": COVARIATES}
    return cohort(STAFF, **{**roles, **more})


TOLD = ["ever", "dose", "start_or_999", "start_text", "noisy", "centred"]
MADE_IN_A_FORMULA = [
    "I(dose > 0)",
    "np.sign(dose)",
    "I(start_or_999 < 500)",
    "I(a != b)",
    "age + a:b",
    "ever:age",
    "C(ever)",
]


@pytest.mark.parametrize("name", TOLD)
def test_recodings_of_ever_mentored_are_refused_as_a_term_and_as_groups(name: str):
    with pytest.raises(ImmortalTimeError, match="EST-002"):
        hazard_ratio(_made(), [name, "age"])
    assert _made().telling([name]) == [name]


@pytest.mark.parametrize("term", MADE_IN_A_FORMULA)
def test_formulas_that_make_ever_mentored_are_refused_and_marked_where_allowed(term: str):
    with pytest.raises(ImmortalTimeError, match="EST-002"):
        hazard_ratio(_made(), term)
    assert "immortal" in hazard_ratio(_made(), term, allow_immortal_time=True).method.name


@pytest.mark.parametrize("estimate", [retention_at, restricted_mean, survival_curve, logrank])
def test_groups_that_tell_it_only_together_are_refused(estimate: Any):
    given = {retention_at: {"times": [6]}, restricted_mean: {"horizon": 6}}.get(estimate, {})
    assert "EST-002" not in str(estimate(_made(), by="a", **given).method)
    with pytest.raises(ImmortalTimeError, match="a and b"):
        estimate(_made(), by=["a", "b"], **given)


def test_strata_that_tell_it_together_are_refused():
    with pytest.raises(ImmortalTimeError, match="a and b"):
        hazard_ratio(_made(), "age", strata=["a", "b"])


def test_mentoring_that_begins_when_the_records_end_or_later_counts():
    with pytest.raises(ImmortalTimeError):
        hazard_ratio(_made(observed_to=14), "ever")
    last = STAFF.copy()
    last.loc[last["begins"].notna().idxmax(), "begins"] = last.loc[last["begins"].notna().idxmax(), "leaves"]
    made = cohort(last, person="id", exit="leaves", mentored_from="begins", covariates=["ever"])
    with pytest.raises(ImmortalTimeError):
        hazard_ratio(made, "ever")


def test_a_landmark_takes_who_is_mentored_by_then_and_refuses_who_will_be():
    settled = _made().landmark(6)
    for estimate in (
        lambda: hazard_ratio(settled, "ever"),
        lambda: retention_at(settled, [12], by="ever"),
        lambda: propensity_weights(settled, treatment="ever", covariates=["age"]),
        lambda: propensity_weights(settled, covariates=["age", "dose"]),
    ):
        with pytest.raises(ImmortalTimeError):
            estimate()
    assert hazard_ratio(settled, ["mentored", "age", "band"]).method.n_used == settled.n_people


@pytest.mark.parametrize("name", ["mentored", "Mentee", "Mentored "])
def test_a_column_that_says_who_was_mentored_needs_since_when_in_any_part(name: str):
    staff = STAFF.rename(columns={"ever": name})
    for part in ({"covariates": [name]}, {"cluster": name}, {"weight": name}):
        with pytest.raises(ImmortalTimeError, match="since when"):
            cohort(staff, person="id", exit="leaves", **part)
    spells = pd.DataFrame({"id": [1, 2], "start": 0, "stop": [3, 4], "event": [1, 0], name: [1, 0]})
    roles = {"person": "id", "start": "start", "stop": "stop", "event": "event", "covariates": [name]}
    with pytest.raises(ImmortalTimeError, match="exposed="):
        cohort_from_spells(spells, **roles)


def test_ordinary_covariates_pass_alone_together_and_in_formulas():
    made = _made()
    assert made.telling(["band", "age", "manager", "a"]) == []
    for term in ("mentored*age", "np.log(age) + C(band)", "mentored + C(band) + age", "I(age > 40) + a"):
        hazard_ratio(made, term)
    assert _made().landmark(6).telling(["band", "age", "manager", "a"]) == []


def test_a_number_is_not_judged_on_three_people_whom_chance_may_part():
    few = pd.DataFrame({"id": range(6), "leaves": 9.0, "begins": [2.0, 3, None, None, None, None], "age": range(6)})
    made = cohort(few, person="id", exit="leaves", mentored_from="begins", covariates=["age"])
    assert made.telling(["age"]) == []
    more = pd.concat([few.assign(id=few["id"] + 6 * k, age=few["age"] + k / 10) for k in range(5)])
    made = cohort(more, person="id", exit="leaves", mentored_from="begins", covariates=["age"])
    assert made.telling(["age"]) == ["age"]


def test_weights_and_table_1_show_the_bias_only_when_asked_and_marked():
    settled = _made().landmark(3)
    with pytest.raises(ImmortalTimeError):
        describe_groups(settled, covariates=["age"], by="ever")
    table = describe_groups(settled, covariates=["age"], by="ever", allow_immortal_time=True)
    weights = propensity_weights(settled, treatment="ever", covariates=["age"], allow_immortal_time=True)
    for result in (table, balance(weights), weighted_retention(weights, times=[12]), weighted_hazard_ratio(weights)):
        assert "biased by immortal time" in result.method.name
    sound = propensity_weights(settled, covariates=["age"], allow_immortal_time=True)
    assert "biased" not in weighted_hazard_ratio(sound).method.name
