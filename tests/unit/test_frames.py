"""Checks on what comes in."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, LinkageError, Problem
from evalkit.frames import level_problems, missing_columns, one_of, require, rows_named, whole, within


def _codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_all_missing_columns_are_named_at_once_with_the_nearest():
    problems = missing_columns(pd.DataFrame({"grup": [], "n": []}), ["group", "n", "time"], "file.csv")
    assert _codes(problems) == ["DAT-003", "DAT-003"]
    assert problems[0].remedy == 'Did you mean "grup"?'
    assert problems[0].place == "file.csv"
    assert missing_columns(pd.DataFrame(), ["n"], "x")[0].remedy == "Add the column."


def test_require_raises_everything_or_nothing():
    require([], [])
    one, two = (Problem("DAT-002", place, "f", "e", "r.") for place in "ab")
    with pytest.raises(DataError) as caught:
        require([one], [], [two])
    assert caught.value.problems == (one, two)


@pytest.mark.parametrize("value", [0, 100, 0.5, np.float64(3), np.int64(7), Fraction(1, 3)])
def test_numbers_within_their_closed_limits_pass(value: object):
    assert within("x", value, low=0, high=100) == []


@pytest.mark.parametrize("value", [-0.001, 100.001, math.inf, -math.inf])
def test_numbers_outside_are_named(value: float):
    assert _codes(within("x", value, low=0, high=100)) == ["DAT-002"]


@pytest.mark.parametrize("value", ["5", None, True, math.nan, [1], 1j])
def test_what_is_not_a_number_is_named(value: object):
    assert _codes(within("x", value)) == ["DAT-009"]


def test_an_open_limit_excludes_itself():
    assert _codes(within("x", 0.0, above=0)) == ["DAT-002"]
    assert within("x", 1e-300, above=0) == []


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"low": 0, "high": 1}, "a number from 0 to 1"),
        ({"low": 5}, "a number of at least 5"),
        ({"high": -5}, "a number of at most -5"),
        ({"above": 3, "high": 4}, "a number above 3 and up to 4"),
        ({"above": 3}, "a number above 3"),
    ],
)
def test_the_range_is_said_in_words(limits: dict[str, float], said: str):
    assert within("x", -1.0 if "high" not in limits else 9.0, **limits)[0].expected == said


def test_infinity_is_outside_even_without_limits():
    assert within("x", math.inf)[0].expected == "a finite number"


@pytest.mark.parametrize("value", [3.0, "3", True, None, 2.5])
def test_people_are_whole(value: object):
    assert _codes(whole("n", value, low=1)) == ["DAT-009"]


def test_people_have_a_lower_limit():
    assert _codes(whole("n", 0, low=1)) == ["DAT-002"]
    assert whole("n", np.int64(1), low=1) == []


@pytest.mark.parametrize("level", [0.95, 1e-12, 1 - 1e-9, np.float32(0.5), Fraction(9, 10)])
def test_levels_between_their_limits_pass(level: object):
    assert level_problems(level) == []


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, 1 - 1e-13, 1e-13, math.inf, -math.inf])
def test_levels_outside_or_next_to_the_limits_are_named(level: float):
    (problem,) = level_problems(level)
    assert (problem.code, problem.place) == ("DAT-002", "level")
    assert (problem.found, problem.expected) == (f"{level:.15g}", "a number between 0 and 1")


@pytest.mark.parametrize("level", ["0.95", None, True, math.nan, [0.95], 1j])
def test_a_level_is_a_number(level: object):
    (problem,) = level_problems(level, argument="share")
    assert (problem.code, problem.place, problem.found) == ("DAT-009", "share", repr(level))


def test_a_level_may_have_another_lower_limit():
    assert level_problems(0.5001, low=0.5) == []
    (problem,) = level_problems(0.5, low=0.5)
    assert (problem.found, problem.expected) == ("0.5", "a number between 0.5 and 1")


def test_one_of_a_few_words_passes():
    assert one_of("ties", "efron", ("efron", "breslow")) == []
    assert one_of("unit", "days", {"days": 1, "weeks": 7}) == []


@pytest.mark.parametrize("value", ["effron", "", None, 1, ["efron"], "f"])
def test_another_word_is_named_with_what_is_known(value: object):
    (problem,) = one_of("ties", value, ("efron", "breslow"))
    assert (problem.code, problem.place, problem.found) == ("DAT-006", "ties", repr(value))
    assert problem.expected == "one of efron, breslow"
    assert problem.remedy == ('Did you mean "efron"?' if value in ("effron", ["efron"]) else "Known: breslow, efron.")


def test_the_error_that_is_raised_can_be_chosen():
    problem = Problem("LNK-001", "before", "lists", "texts", "Split them.")
    with pytest.raises(LinkageError) as caught:
        require([problem], error=LinkageError)
    assert caught.value.problems == (problem,)
    require([], error=LinkageError)


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        ([3], "row 3"),
        ([3, 17], "rows 3, 17"),
        ([1, 2, 3, 4, 5], "rows 1, 2, 3, 4, 5"),
        (np.arange(1, 14), "rows 1, 2, 3, 4, 5 and 8 more"),
    ],
)
def test_the_first_five_rows_are_named_and_the_others_counted(positions: object, said: str):
    assert rows_named(positions) == said


def test_other_things_than_rows_are_named_alike():
    assert rows_named([2], "line") == "line 2"
    assert rows_named([2, 9], "line") == "lines 2, 9"
