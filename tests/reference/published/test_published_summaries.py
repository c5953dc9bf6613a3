"""evalkit.published's summaries against R (values written by summaries.R beside this file; no R is needed here)."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from evalkit.published import (
    change_from_summary,
    difference_from_summary,
    interval_to_p,
    p_to_statistic,
    proportions_from_summary,
)


class Case(NamedTuple):
    function: str
    name: str
    arguments: tuple[float, ...]
    level: float
    expected: dict[tuple[str, str], float]


def _cases() -> list[Case]:
    found: dict[tuple[str, str, str, str], dict[tuple[str, str], float]] = defaultdict(dict)
    with (Path(__file__).parent / "summaries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["function"], row["case"], row["arguments"], row["level"])
            found[key][row["term"], row["column"]] = float(row["value"])
    return [
        Case(function, name, tuple(float(part) for part in arguments.split("|")), float(level or "nan"), expected)
        for (function, name, arguments, level), expected in found.items()
    ]


CASES = _cases()


def _change(case: Case) -> pd.DataFrame:
    before, sd_before, after, sd_after, n = case.arguments
    _, kind, *value = case.name.split("-", 2)
    given = {} if kind == "none" else {kind: float(value[0])}
    return change_from_summary(before, sd_before, after, sd_after, n=int(n), level=case.level, **given).tidy()


def _difference(case: Case) -> pd.DataFrame:
    mean, sd, n, mean_control, sd_control, n_control = case.arguments
    groups = (mean, sd, int(n), mean_control, sd_control, int(n_control))
    return difference_from_summary(*groups, level=case.level).tidy()


def _interval(case: Case) -> pd.DataFrame:
    low, high, estimate, df = case.arguments
    scale = "log" if case.function.endswith("log") else "identity"
    return interval_to_p(low, high, estimate=estimate, level=case.level, scale=scale, df=df).tidy()


def _frame(case: Case) -> pd.DataFrame:
    match case.function:
        case "difference_from_summary":
            return _difference(case)
        case "change_from_summary":
            return _change(case)
        case "proportions_from_summary":
            return proportions_from_summary(*(int(value) for value in case.arguments), level=case.level).tidy()
        case "interval_to_p" | "interval_to_p_log":
            return _interval(case)
        case _:
            p_value, df = case.arguments
            return pd.DataFrame({"term": ["statistic"], "statistic": [p_to_statistic(p_value, df=df)]})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.name}-{case.level}")
def test_agrees_with_r(case: Case) -> None:
    actual = _frame(case).set_index("term")
    for (term, column), expected in case.expected.items():
        found = float(actual.loc[term, column])
        if math.isinf(expected):
            assert found == expected, (term, column)
        else:
            # 1e-9: R's uniroot stops at 1e-13 in the noncentrality, its pt has about 12 digits.
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-10), (term, column)


def test_every_function_and_term_is_held_against_r() -> None:
    assert {case.function for case in CASES} == {
        "difference_from_summary",
        "change_from_summary",
        "proportions_from_summary",
        "interval_to_p",
        "interval_to_p_log",
        "p_to_statistic",
    }
    seen = {(case.function, term) for case in CASES for term, _ in case.expected}
    assert len(seen) == 4 + 8 + 6 + 3
    assert sum(len(case.expected) for case in CASES) > 500
