"""Means and extremes that the author left empty: what is left empty of few people is as good as withheld."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect

W = math.nan
PROFILES = ("staff-survey", "acro", "opensafely", "opensafely-midpoint6", "hesa", "nhs-hospital")


def sites(people: list[int], values: list[float], whole: float) -> pd.DataFrame:
    names = [*"abcdefgh"[: len(people)], "All"]
    return pd.DataFrame({"site": names, "n": [*people, sum(people)], "pay": [*values, whole]})


def made(table: pd.DataFrame, profile: str = "staff-survey") -> list[float]:
    out = protect(table, counts="n", dims="site", totals={"site": "All"}, means={"pay": "n"}, profile=profile)
    return out.frame["pay"].tolist()


@pytest.mark.parametrize(("profile", "sign"), list(product(PROFILES, [1, -1])))
def test_an_extreme_of_a_total_does_not_tell_what_was_left_empty(profile: str, sign: int):
    few = sites([3, 60, 25, 40], [W, 40.0 * sign, 41.0 * sign, 42.0 * sign], 95.0 * sign)
    assert 95.0 * sign not in made(few, profile)
    # One that a cell that is shown has is not that of the three.
    few.loc[1, "pay"] = 95.0 * sign
    if profile in ("staff-survey", "hesa"):
        assert made(few, profile)[-1] == 95.0 * sign


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_left_empty_and_what_is_withheld_hide_the_same(profile: str):
    given = sites([3, 60, 25, 40], [95.0, 40.0, 41.0, 42.0], 95.0)
    empty = given.assign(pay=given["pay"].where(given["site"] != "a"))
    np.testing.assert_array_equal(made(given, profile), made(empty, profile))


@pytest.mark.parametrize("profile", ["hesa", "nhs-hospital", "opensafely"])
@pytest.mark.parametrize("left", [True, False])
def test_a_mean_that_was_left_empty_does_not_follow_from_the_others(profile: str, left: bool):  # noqa: FBT001
    table = sites([5, 60, 25, 40], [W if left else 22.0, 20.0, 23.0, 22.0], 21.3)
    hidden = np.isnan(made(table, profile))
    # 130 x 21.3 less the sums of the others would be that of five people.
    assert hidden[:4].sum() == 2
    assert hidden[0]


def test_what_may_be_a_mean_or_an_extreme_is_protected_as_both():
    values = made(sites([5, 60, 25, 40], [W, 20.0, 22.0, 21.0], 23.4), "hesa")
    np.testing.assert_array_equal(values, [W, 20.0, W, 21.0, W])
    # Between the others a total is a mean.
    assert made(sites([5, 60, 25, 40], [W, 20.0, 22.0, 21.0], 20.9), "hesa")[-1] == 20.9


def test_what_is_left_empty_of_enough_people_or_nobody_hides_nothing():
    enough = sites([50, 60, 25, 40], [W, 40.0, 41.0, 42.0], 95.0)
    np.testing.assert_array_equal(made(enough), enough["pay"])
    nobody = sites([0, 60, 25, 40], [W, 40.0, 41.0, 42.0], 42.0)
    np.testing.assert_array_equal(made(nobody, "nhs-hospital"), nobody["pay"])
    np.testing.assert_array_equal(made(nobody, "hesa"), nobody["pay"])


@pytest.mark.parametrize("profile", PROFILES)
def test_a_total_that_is_left_empty_hides_none_of_the_few_inside_it(profile: str):
    rows = [("a", "p", 3, W), ("b", "p", 60, 40.0), ("a", "q", 50, 50.0), ("b", "q", 70, 45.0)]
    rows += [("a", "All", 53, W), ("b", "All", 130, 45.0), ("All", "p", 63, W), ("All", "q", 120, 50.0)]
    frame = pd.DataFrame([*rows, ("All", "All", 183, 95.0)], columns=["site", "band", "n", "pay"])
    given: dict[str, Any] = {"dims": ["site", "band"], "totals": {"site": "All", "band": "All"}, "means": {"pay": "n"}}
    out = protect(frame, counts="n", profile=profile, **given).frame
    # No band and no site that is shown has it: it is that of the three.
    assert 95.0 not in set(out["pay"])


def test_an_extreme_of_linked_tables_is_not_taken_from_the_first_with_a_gap():
    one = pd.DataFrame({"site": ["a", "b", "c", "d"], "n": [3, 60, 40, 80], "pay": [W, 20.0, 22.0, 50.0]})
    two = pd.DataFrame({"band": ["p", "q", "r"], "n": [63, 50, 70], "pay": [199.0, 50.0, 40.0]})
    for tables in ({"1": one, "2": two}, {"2": two, "1": one}):
        out = protect(tables, counts="n", dims=["site", "band"], means={"pay": "n"})
        assert 199.0 not in set(out["2"].frame["pay"])
        assert out["1"].frame["pay"][3] == 50.0


def test_a_column_may_be_the_highest_and_the_lowest_at_once():
    one = pd.DataFrame({"site": ["a", "b", "c"], "n": [3, 60, 40], "pay": [5.0, 40.0, 30.0]})
    two = pd.DataFrame({"band": ["p", "q"], "n": [53, 50], "pay": [5.0, 40.0]})
    for sign in (1, -1):
        tables = {"1": one.assign(pay=sign * one["pay"]), "2": two.assign(pay=sign * two["pay"])}
        out = protect(tables, counts="n", dims=["site", "band"], means={"pay": "n"})
        # The highest of both is 40, which is shown; as the lowest, 5 is that of three people.
        assert 5.0 * sign not in set(out["2"].frame["pay"])


def _with_totals(inner: Any, over: Any) -> Any:
    below = np.vstack([inner, over(inner, axis=0)])
    return np.column_stack([below, over(below, axis=1)])


@pytest.mark.parametrize("seed", range(12))
def test_nobody_of_few_has_an_extreme_that_is_printed(seed: int):
    rng = np.random.default_rng(seed)
    profile = PROFILES[seed % len(PROFILES)]
    rules = load_profile(profile)
    least = max(rules.threshold, rules.mean_min_n)
    size = tuple(rng.integers(2, 5, size=2))
    people = rng.choice([0, 1, 3, 8, 15, 20, 40, 90], p=[0.05, 0.05, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2], size=size)
    top = np.where(people > 0, rng.integers(1, 9, size) + rng.integers(0, 2, size) * 30.0, -np.inf)
    n, values = _with_totals(people, np.sum), _with_totals(top, np.max)
    left = (rng.random(n.shape) < 0.2) | (n == 0) | ((seed % 3 == 0) & (n < least))
    values = np.where(left, np.nan, values)
    places = list(np.ndindex(*n.shape))
    frame = pd.DataFrame(
        [(*("All" if at == end else str(at) for at, end in zip(place, size, strict=True)), n[place], values[place])
         for place in places], columns=["a", "b", "n", "pay"],
    )  # fmt: skip
    out = protect(
        frame, counts="n", dims=["a", "b"], totals={"a": "All", "b": "All"}, means={"pay": "n"}, profile=profile
    ).frame["pay"].to_numpy().reshape(n.shape)  # fmt: skip
    shown = [place for place in places if not np.isnan(out[place])]
    inside = {
        place: {
            cell for cell in np.ndindex(*size) if all(p in (c, e) for p, c, e in zip(place, cell, size, strict=True))
        }
        for place in places
    }
    for place in shown:
        # Those who can have it are in no cell whose highest is less.
        lower = {cell for other in shown if out[other] < out[place] for cell in inside[other]}
        who = [people[cell] for cell in inside[place] - lower if people[cell]]
        assert max(who) >= least, (profile, place, who)
