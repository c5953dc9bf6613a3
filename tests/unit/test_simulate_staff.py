"""Synthetic staff: the truth that is returned is the truth of the records, and immortal time bites."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError
from evalkit.numeric.cox import cox_model, fit_cox
from evalkit.retention.building import cohort
from evalkit.simulate import SimulatedStaff, simulate_staff
from evalkit.simulate.staff import CAUSES

WHY = ["band_group", "age_band", "previous_service"]


def _trial(n: int = 40_000, **more: object) -> SimulatedStaff:
    """A trial without censoring before 36 months: the groups are the potential outcomes."""
    given = {"confounding": 0.0, "prognosis": 0.9, "leaving": 0.2, "mentoring": "entry", "mentored_share": 0.5,
             "months": 61, "before": 0, "entering": 1, "seed": 5, "hazard_ratio": 0.6, **more}  # fmt: skip
    return simulate_staff(n, **given)  # type: ignore[arg-type]


def _log_ratio(spells: pd.DataFrame, names: list[str], event: pd.Series) -> tuple[pd.Series, pd.Series]:
    frame = pd.get_dummies(spells[names], drop_first=True).astype(float)
    fit = fit_cox(cox_model(spells["start"], spells["stop"], event, frame.to_numpy()))
    errors = np.sqrt(np.diag(fit.covariance))
    return pd.Series(fit.coefficients, frame.columns), pd.Series(errors, frame.columns)


def _spells(made: SimulatedStaff) -> pd.DataFrame:
    return cohort(made.staff, **made.roles, covariates=WHY).spells()  # type: ignore[arg-type]


@pytest.mark.parametrize("ratio", [0.6, {"resignation": 0.5, "transfer": 1.4}])
def test_retention_incidence_and_means_are_those_of_the_records(ratio):
    made = _trial(hazard_ratio=ratio)
    time = (made.staff["exit"].fillna(math.inf) - made.staff["entry"]).to_numpy()
    for state in (False, True):
        group = (made.staff["mentored"] == state).to_numpy()
        n = group.sum()
        for at in (6.0, 24.0):
            share = float((time[group] > at).mean())
            assert share == pytest.approx(made.truth.retention(at)[state], abs=4 * math.sqrt(0.25 / n))
        mean = np.minimum(time[group], 36)
        assert mean.mean() == pytest.approx(made.truth.restricted_mean(36)[state], abs=4 * mean.std() / math.sqrt(n))
        for cause in CAUSES:
            left = ((time <= 24) & (made.staff["reason"] == cause).to_numpy())[group].mean()
            error = math.sqrt(left * (1 - left) / n)
            assert left == pytest.approx(made.truth.incidence(cause, 24)[state], abs=4 * error)


def test_a_cox_model_of_a_trial_finds_the_marginal_and_the_conditional_hazard_ratio():
    made = _trial()
    spells = _spells(made)
    crude, error = _log_ratio(spells, ["mentored"], spells["event"])
    assert crude["mentored"] == pytest.approx(math.log(made.truth.marginal_hazard_ratio()), abs=3 * error["mentored"])
    full, error = _log_ratio(spells, ["mentored", *WHY], spells["event"])
    assert full["mentored"] == pytest.approx(math.log(0.6), abs=3 * error["mentored"])
    # The two estimands are told apart by these data.
    assert abs(math.log(made.truth.marginal_hazard_ratio() / 0.6)) > 3 * error["mentored"]
    for name, effect in made.truth.effects.items():
        column = name.replace(": ", "_")
        if column in full:
            assert full[column] == pytest.approx(effect, abs=4 * error[column])


def test_a_horizon_changes_the_marginal_hazard_ratio():
    truth = _trial(10).truth
    early, late = truth.marginal_hazard_ratio(horizon=1), truth.marginal_hazard_ratio(horizon=240)
    assert 0.6 < early < truth.marginal_hazard_ratio(horizon=60) < late < 1
    # Staff who enter to the end are seen for less than the length of the records, most of them.
    staggered = _trial(10, months=60, entering=60).truth
    assert staggered.marginal_hazard_ratio(horizon=15) < staggered.marginal_hazard_ratio() - 1e-4
    assert staggered.marginal_hazard_ratio() < staggered.marginal_hazard_ratio(horizon=60) - 1e-4
    flat = _trial(10, prognosis=0.0).truth
    assert flat.marginal_hazard_ratio() == pytest.approx(0.6, rel=1e-9)
    assert flat.marginal_hazard_ratio(horizon=5) == pytest.approx(0.6, rel=1e-9)


def test_immortal_time_biases_ever_against_never_and_not_the_time_varying_term():
    made = simulate_staff(12_000, hazard_ratio=1.0, confounding=0.0, seed=2, before=0)
    spells = _spells(made)
    sound, error = _log_ratio(spells, ["mentored"], spells["event"])
    assert abs(sound["mentored"]) < 3 * error["mentored"]
    spells["ever"] = spells.groupby("person")["mentored"].transform("max")
    naive, error = _log_ratio(spells, ["ever"], spells["event"])
    assert math.exp(naive["ever"]) < 0.7
    assert naive["ever"] < -10 * error["ever"]


def test_confounding_makes_the_crude_comparison_look_better_and_covariates_mend_it():
    made = simulate_staff(20_000, hazard_ratio=0.8, confounding=1.0, prognosis=0.9, seed=4)
    spells = _spells(made)
    crude, error = _log_ratio(spells, ["mentored"], spells["event"])
    assert crude["mentored"] < math.log(0.8) - 4 * error["mentored"]
    full, error = _log_ratio(spells, ["mentored", *WHY], spells["event"])
    assert full["mentored"] == pytest.approx(math.log(0.8), abs=3 * error["mentored"])


def test_each_cause_has_its_own_hazard_ratio():
    made = simulate_staff(30_000, hazard_ratio={"resignation": 0.5}, seed=9, months=48)
    spells = _spells(made)
    for cause, ratio in zip(CAUSES, (0.5, 1.0, 1.0), strict=True):
        found, error = _log_ratio(spells, ["mentored", *WHY], spells["cause"] == cause)
        assert found["mentored"] == pytest.approx(math.log(ratio), abs=3.5 * error["mentored"])
    assert math.isnan(made.truth.conditional_hazard_ratio)


def test_records_hold_staff_already_in_post_who_are_still_there():
    made = simulate_staff(3000, hazard_ratio=0.7, seed=1, before=60, months=24)
    staff = made.staff
    early = staff["entry"] < 0
    assert 0.3 < early.mean() < 0.8
    assert (staff["exit"].fillna(99) > 0).all()
    assert (staff["exit"].dropna() <= 24).all()
    assert staff["reason"].isna().equals(staff["exit"].isna())
    assert staff["esr_reason"].isna().equals(staff["exit"].isna())
    begun = staff["mentored_from"].notna()
    assert (staff["mentored_from"][begun] >= staff["entry"][begun]).all()
    assert (staff["mentored_from"] < staff["exit"].fillna(24))[begun].all()
    assert (simulate_staff(500, hazard_ratio=0.7, seed=1, before=0).staff["entry"] >= 0).all()


def test_the_columns_are_what_they_say():
    staff = simulate_staff(4000, hazard_ratio=0.7, seed=1).staff
    levels = {"band": 12, "band_group": 4, "age_band": 5, "ethnicity": 6, "sex": 2, "staff_group": 9, "region": 7}
    assert {name: staff[name].nunique() for name in levels} == levels
    assert staff["id"].is_unique
    groups = staff.groupby("band", observed=True)["band_group"].unique()
    assert groups.map(len).eq(1).all()
    assert groups["Band 8a"][0] == "Bands 7 to 8b"
    assert "Not stated" in set(staff["ethnicity"])
    assert set(staff.loc[staff["reason"] == "transfer", "esr_reason"]) == {"Employee Transfer"}


def test_rounding_makes_whole_months_and_dates_make_dates():
    whole = simulate_staff(1500, hazard_ratio=0.7, seed=1, rounded=True)
    for name in ("entry", "exit", "mentored_from"):
        values = whole.staff[name].dropna()
        assert (values == values.round()).all()
    assert (whole.staff["exit"] > whole.staff["entry"])[whole.staff["exit"].notna()].all()
    made = cohort(whole.staff, **whole.roles)  # type: ignore[arg-type]
    assert made.n_people == 1500
    exact = simulate_staff(1500, hazard_ratio=0.7, seed=1)
    dated = simulate_staff(1500, hazard_ratio=0.7, seed=1, records_from="2019-04-01")
    days = (dated.staff["exit"] - pd.Timestamp("2019-04-01")).dt.days
    assert ((exact.staff["exit"] * 30.4375 - days).dropna().between(0, 1)).all()
    again = cohort(dated.staff, **dated.roles)  # type: ignore[arg-type]
    assert again.n_people >= 1495
    assert again.exposure_varies


def test_a_seed_gives_the_same_records_and_another_seed_others():
    one, same, other = (simulate_staff(200, hazard_ratio=0.7, seed=seed).staff for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["entry"].equals(other["entry"])


def test_the_effect_among_the_mentored_is_told_apart_where_mentoring_begins_on_entry():
    truth = _trial(10, confounding=1.5).truth
    every, mentored, overlap = (truth.retention(24, among=who)[0] for who in ("all", "mentored", "overlap"))
    assert mentored > overlap > every
    during = simulate_staff(10, hazard_ratio=0.6, seed=1).truth
    with pytest.raises(EstimationError, match="EST-001"):
        during.retention(24, among="mentored")


def test_the_table_of_truths_holds_each_estimand():
    truth = _trial(10).truth
    table = truth.tidy(times=(12,), horizon=24).set_index("estimand")
    assert table.loc["conditional hazard ratio, any cause", "contrast"] == 0.6
    row = table.loc["retention"]
    assert row["contrast"] == pytest.approx(truth.retention_difference(12))
    assert row["mentored"] - row["unmentored"] == pytest.approx(row["contrast"])
    assert table.loc["restricted mean time in post", "unit"] == "months"


def test_bad_arguments_are_all_told():
    with pytest.raises(DataError) as caught:
        simulate_staff(
            0, hazard_ratio={"resigned": 0.5, "transfer": -1.0}, seed=1, leaving=1.5, shape=9, mentoring="later",  # type: ignore[arg-type]
            records_from="someday",
        )  # fmt: skip
    text = str(caught.value)
    for part in ("n:", "'resigned'", "hazard_ratio, transfer", "leaving", "shape", "mentoring", "records_from"):
        assert part in text
    with pytest.raises(DataError, match="DAT-007"):
        simulate_staff(5, hazard_ratio=1.0, seed=1, rounded=True, records_from="2020-01-01")
    with pytest.raises(DataError, match="DAT-006"):
        _trial(10).truth.incidence("moved", 12)
