"""Who was lost: R's sandwich, survey, mice and lm on the same data (script, values and versions beside)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.change.dose import dose_response
from evalkit.change.losses import COMPLETE, IMPUTED, WEIGHTED, attrition
from evalkit.numeric.imputation import impute_normal, pool
from evalkit.numeric.tipping import pooled_mean

HERE = Path(__file__).parent
EXPECTED = pd.read_csv(HERE / "attrition.csv").set_index("name")["value"]
ANSWERS = pd.read_csv(HERE / "answers.csv")
GIVEN = {"pre": "skill_before", "post": "skill_after", "covariates": ["age", "site"], "seed": 1}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return attrition(ANSWERS, **GIVEN).frame.set_index("group")


def test_complete_cases(rows: pd.DataFrame) -> None:
    found = rows.loc[COMPLETE, ["estimate", "std_error", "conf_low", "conf_high", "p_value"]].to_numpy(dtype=float)
    wanted = EXPECTED[[f"complete.{name}" for name in ("estimate", "std_error", "low", "high", "p")]].to_numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_weights_and_their_stacked_sandwich(rows: pd.DataFrame) -> None:
    row = rows.loc[WEIGHTED]
    # The script's derivatives are numerical: nine digits.
    assert row["estimate"] == pytest.approx(EXPECTED["weights.estimate"], rel=1e-9)
    assert row["estimate"] == pytest.approx(EXPECTED["weights.estimate.survey"], rel=1e-9)
    assert row["std_error"] == pytest.approx(EXPECTED["weights.std_error"], rel=1e-7)
    assert row["n_effective"] == pytest.approx(EXPECTED["weights.n_effective"], rel=1e-8)
    assert row["largest_weight"] == pytest.approx(EXPECTED["weights.largest"], rel=1e-8)
    assert row["df"] == 40 - 5
    # The error that takes the weights for known, which the survey package gives, is another one.
    assert abs(row["std_error"] - EXPECTED["weights.fixed.survey"]) > 0.005


@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("name", ["skill_before", "age"])
def test_standardised_differences(name: str, level: float) -> None:
    row = attrition(ANSWERS, **GIVEN, level=level).frame.set_index("group").loc[name]
    # R's noncentral t warns of lost digits here.
    assert row["estimate"] == pytest.approx(EXPECTED[f"{name}.estimate"], rel=1e-12)
    assert row["conf_low"] == pytest.approx(EXPECTED[f"{name}.low.{level}"], abs=1e-7)
    assert row["conf_high"] == pytest.approx(EXPECTED[f"{name}.high.{level}"], abs=1e-7)


def test_standardised_difference_of_a_share(rows: pd.DataFrame) -> None:
    assert rows.loc["site: south", "estimate"] == pytest.approx(EXPECTED["south.estimate"], rel=1e-12)


@pytest.mark.parametrize("n", [24, 200, np.inf])
def test_rubin_and_barnard_rubin_are_those_of_mice(n: float) -> None:
    pooled = pool([0.31, 0.42, 0.28, 0.39, 0.35], [0.010, 0.012, 0.009, 0.011, 0.013], df_complete=n - 1)
    name = f"pool.{'Inf' if np.isinf(n) else int(n)}"
    found = [pooled.estimate, pooled.std_error, pooled.df, pooled.missing_information]
    wanted = [EXPECTED[f"{name}.{part}"] for part in ("estimate", "std_error", "df", "lambda")]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def _dummies() -> np.ndarray:
    sites = [(ANSWERS["site"] == site).to_numpy(dtype=float) for site in ("south", "west")]
    return np.column_stack([ANSWERS["skill_before"], ANSWERS["age"], *sites])


@pytest.mark.parametrize("name", ["mice", "chained"])
def test_imputations_are_distributed_as_those_of_mice(name: str) -> None:
    """Means and variances of many random imputations, within four Monte Carlo errors of theirs and ours."""
    before, after = ANSWERS["skill_before"].to_numpy(), ANSWERS["skill_after"].to_numpy()
    kept = np.isfinite(after)
    predictors = _dummies()
    ours, theirs = 4000, 500
    if name == "chained":
        predictors = predictors[:, :2].copy()
        predictors[2::7, 1] = np.nan
        ours = 300
    imputed = impute_normal(after, predictors, imputations=ours, rng=np.random.default_rng(4)) - before[~kept]
    pooled = pooled_mean((after - before)[kept], imputed)
    between = EXPECTED[f"{name}.between"]
    error = np.sqrt(between * (1 / ours + 1 / theirs))
    assert abs(pooled.estimate - EXPECTED[f"{name}.estimate"]) < 4 * error
    assert abs(pooled.between / between - 1) < 4 * np.sqrt(2 / ours + 2 / theirs)
    assert abs(pooled.within / EXPECTED[f"{name}.within"] - 1) < 0.02


def test_the_pooled_row_is_rubins_rule(rows: pd.DataFrame) -> None:
    many = attrition(ANSWERS, **GIVEN, imputations=2000).frame.set_index("group").loc[IMPUTED]
    total = EXPECTED["mice.within"] + EXPECTED["mice.between"]
    assert many["std_error"] == pytest.approx(np.sqrt(total), rel=0.06)
    assert rows.loc[IMPUTED, "df"] < 59


def test_imputations_centre_on_the_regression_that_statsmodels_fits() -> None:
    """Second reference: the mean over all people of the change that a regression of those kept predicts."""
    import statsmodels.api as sm

    kept = ANSWERS["skill_after"].notna().to_numpy()
    design = sm.add_constant(_dummies())
    fit = sm.OLS(ANSWERS["skill_after"].to_numpy()[kept], design[kept]).fit()
    filled = np.where(kept, ANSWERS["skill_after"], design @ fit.params)
    wanted = float((filled - ANSWERS["skill_before"]).mean())
    found = attrition(ANSWERS, **GIVEN, imputations=1500).frame.set_index("group").loc[IMPUTED, "estimate"]
    assert found == pytest.approx(wanted, abs=4 * np.sqrt(EXPECTED["mice.between"] / 1500))
    # What is imputed with drawn parameters varies more than what is imputed from the fit itself.
    noise = fit.mse_resid * (~kept).sum() / 60**2
    drawn = noise + design[~kept].sum(axis=0) @ fit.cov_params() @ design[~kept].sum(axis=0) / 60**2
    assert EXPECTED["mice.between"] == pytest.approx(drawn * 35 / 33, rel=0.25)
    assert EXPECTED["mice.between"] > 1.3 * noise


def test_the_slope_of_dose_is_lm_with_hc2_and_satterthwaite() -> None:
    row = dose_response(ANSWERS, pre="skill_before", post="skill_after", dose="meetings").frame.iloc[0]
    found = row[["estimate", "std_error", "df"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found, EXPECTED[["dose.slope", "dose.std_error", "dose.df"]].to_numpy(), rtol=1e-10)
    assert row["std_error"] == pytest.approx(EXPECTED["dose.std_error.clubSandwich"], rel=1e-10)
