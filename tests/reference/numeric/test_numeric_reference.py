"""evalkit.numeric against R (values written by numeric.R beside this file) and against printed tables."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from evalkit.numeric.lifetables import life_table, logrank
from evalkit.numeric.means import (
    hedges_factor,
    noncentral_t_interval,
    student_error,
    t_interval,
    t_test,
    welch_error,
)
from evalkit.numeric.proportions import clopper_pearson, koopman, newcombe, wilson, woolf
from evalkit.numeric.tables import chi_squared, conditional_odds_ratio, fisher_exact

Arguments = list[Any]
Outputs = dict[str, Any]


class Case(NamedTuple):
    function: str
    number: str
    arguments: Arguments
    level: float
    expected: Outputs


def _numbers(text: str) -> Any:
    values = [float(word) for word in text.split(" ")]
    return values[0] if len(values) == 1 else values


def _cases() -> list[Case]:
    found: dict[tuple[str, str, str, str], Outputs] = defaultdict(dict)
    with (Path(__file__).parent / "numeric.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["function"], row["case"], row["arguments"], row["level"])
            found[key][row["output"]] = _numbers(row["value"])
    return [
        Case(function, number, [_numbers(part) for part in arguments.split("|")], float(level or "nan"), expected)
        for (function, number, arguments, level), expected in found.items()
    ]


def _whole(arguments: Arguments) -> list[int]:
    return [int(value) for value in arguments]


def _means(error: Callable[..., tuple[float, float]]) -> Callable[[Arguments, float], Outputs]:
    def compute(arguments: Arguments, level: float) -> Outputs:
        mean, sd, n, mean_control, sd_control, n_control = arguments
        std_error, df = error(sd, int(n), sd_control, int(n_control))
        test = t_test(mean - mean_control, std_error, df)
        interval = t_interval(mean - mean_control, std_error, df, level=level)
        return {
            "std_error": interval.std_error,
            "df": df,
            "statistic": test.statistic,
            "p_value": test.p_value,
            "low": interval.low,
            "high": interval.high,
        }

    return compute


def _limits(function: Callable[..., Any]) -> Callable[[Arguments, float], Outputs]:
    def compute(arguments: Arguments, level: float) -> Outputs:
        interval = function(*arguments, level=level)
        names = ("estimate", "std_error", "low", "high")
        return {name: getattr(interval, name) for name in names}

    return compute


def _test(function: Callable[..., Any], **options: bool) -> Callable[[Arguments, float], Outputs]:
    def compute(arguments: Arguments, _: float) -> Outputs:
        test = function(*arguments, **options)
        return {name: getattr(test, name) for name in ("statistic", "df", "p_value")}

    return compute


def _exact_odds(arguments: Arguments, level: float) -> Outputs:
    return _limits(conditional_odds_ratio)(_whole(arguments), level)


def _life(arguments: Arguments, level: float) -> Outputs:
    table = life_table(*(np.atleast_1d(values) for values in arguments), level=level)
    return {name: getattr(table, name) for name in ("survival", "std_error", "low", "high")}


def _hedges(arguments: Arguments, _: float) -> Outputs:
    return {"factor": hedges_factor(arguments[0])}


COMPUTE: Mapping[str, Callable[[Arguments, float], Outputs]] = {
    "wilson": _limits(wilson),
    "clopper_pearson": _limits(clopper_pearson),
    "newcombe": _limits(newcombe),
    "koopman": _limits(koopman),
    "woolf": _limits(woolf),
    "fisher_exact": lambda arguments, level: _test(fisher_exact)(_whole(arguments), level),
    "fisher_test_odds_ratio": _exact_odds,
    "conditional_odds_ratio": _exact_odds,
    "chi_squared": _test(chi_squared),
    "chi_squared_yates": _test(chi_squared, yates=True),
    "student": _means(student_error),
    "welch": _means(welch_error),
    "hedges_factor": _hedges,
    "noncentral_t_interval": _limits(noncentral_t_interval),
    "life_table": _life,
    "logrank": lambda arguments, level: _test(logrank)([np.atleast_1d(values) for values in arguments], level),
}

# Relative and absolute: what two ways to write a formula agree to in double precision. The absolute one is for limits
# that are 0 but for rounding.
RTOL, ATOL = 1e-10, 1e-13
# `fisher.test` calls `uniroot` with its default tolerance on the odds ratio, or on its inverse above 1: that is as far
# as R's own answer can be trusted. The same numbers to full precision are under "conditional_odds_ratio".
UNIROOT_DEFAULT = np.finfo(float).eps ** 0.25

CASES = _cases()


def _at_most_one(value: float) -> float:
    return value if value <= 1 else 1 / value


def _as_we_define(case: Case) -> Outputs:
    """While nobody has left R gives no limits, or 1 before the first row of its curve; we give none."""
    if case.function != "life_table":
        return case.expected
    certain = np.atleast_1d(case.expected["survival"]) == 1
    assert set(np.nan_to_num(np.atleast_1d(case.expected["low"])[certain], nan=1.0)) <= {1.0}
    limits = {name: np.where(certain, np.nan, case.expected[name]) for name in ("low", "high")}
    return {**case.expected, **limits}


def _of(function: str) -> list[Case]:
    return [case for case in CASES if case.function == function]


def test_every_function_has_a_dozen_cases_or_more() -> None:
    counts = {function: len(_of(function)) for function in COMPUTE}
    assert sum(counts.values()) == len(CASES)
    assert min(counts.values()) >= 12, counts


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.function != "fisher_test_odds_ratio"],
    ids=lambda c: f"{c.function}-{c.number}",
)
def test_agrees_with_r(case: Case) -> None:
    actual = COMPUTE[case.function](case.arguments, case.level)
    assert case.expected
    for name, expected in _as_we_define(case).items():
        np.testing.assert_allclose(
            np.atleast_1d(actual[name]), np.atleast_1d(expected), rtol=RTOL, atol=ATOL, equal_nan=True, err_msg=name
        )


@pytest.mark.parametrize("case", _of("fisher_test_odds_ratio"), ids=lambda case: case.number)
def test_conditional_odds_ratio_agrees_with_fisher_test_as_far_as_r_goes(case: Case) -> None:
    actual = COMPUTE[case.function](case.arguments, case.level)
    for name in ("estimate", "low", "high"):
        gap = abs(_at_most_one(actual[name]) - _at_most_one(case.expected[name]))
        assert gap <= UNIROOT_DEFAULT, (name, gap)


def _noncentral_cases() -> list[dict[str, float]]:
    with (Path(__file__).parent / "noncentral_t.csv").open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_all_noncentral_cases_were_read() -> None:
    assert len(_noncentral_cases()) == 19


@pytest.mark.parametrize("case", _noncentral_cases(), ids=lambda case: f"t{case['statistic']:g}-df{case['df']:g}")
def test_noncentral_t_agrees_with_integration_to_30_digits(case: dict[str, float]) -> None:
    interval = noncentral_t_interval(case["statistic"], case["df"], level=case["level"])
    np.testing.assert_allclose([interval.low, interval.high], [case["low"], case["high"]], rtol=1e-11, atol=1e-11)


# --- printed tables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_1998_table_ii_method_10(table: tuple[int, int, int, int], low: float, high: float) -> None:
    interval = newcombe(*table)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_koopman_1984_example() -> None:
    interval = koopman(36, 40, 16, 80)
    assert (round(interval.low, 2), round(interval.high, 2)) == (2.94, 7.15)


def test_wilson_newcombe_1998_method_3_example() -> None:
    interval = wilson(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


def test_zhang_2019_retention_at_three_years() -> None:
    mentored = life_table([239, 230, 222], [9, 8, 18])
    control = life_table([199, 171, 155], [28, 16, 22])
    assert (round(mentored.survival[-1], 4), round(control.survival[-1], 4)) == (0.8536, 0.6683)
    assert round(logrank([239, 230, 222], [9, 8, 18], [199, 171, 155], [28, 16, 22]).statistic, 2) == 22.39
