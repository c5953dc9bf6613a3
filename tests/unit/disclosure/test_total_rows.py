"""Totals that nobody named, and subsets that a ratio tells of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.total_rows import unnamed_totals
from evalkit.errors import DataError

W = math.nan  # withheld


def sites(*people: float, last: str = "All") -> pd.DataFrame:
    return pd.DataFrame({"site": [*"abcdefgh"[: len(people) - 1], last], "n": people})


def two_way(labels: tuple[str, str, str], inner: list[list[int]]) -> pd.DataFrame:
    cube = np.array(inner)
    cube = np.concatenate([cube, cube.sum(axis=1, keepdims=True)], axis=1)
    rows = [(year, label) for year in range(len(cube)) for label in labels]
    return pd.DataFrame(rows, columns=["year", "site"]).assign(n=cube.ravel())


@pytest.mark.parametrize("label", ["All", "total", "Whole trust", "Grand total", "All staff", "England"])
def test_a_total_that_is_not_named_is_refused(label: str):
    with pytest.raises(DataError, match=rf'DAT-009 totals, site: .*site "{label}" .*totals={{"site": "{label}"}}'):
        protect(sites(4, 26, 30, last=label), counts="n", dims="site")
    # Named, it costs the second site.
    named = protect(sites(4, 26, 30, last=label), counts="n", dims="site", totals={"site": label}).frame
    assert named["released"].isna().sum() > 1


@pytest.mark.parametrize(
    ("people", "label", "found"),
    [
        ((4, 26, 30), "All", True),
        ((4, 4), "All", True),  # the total of one site
        ((4, 26, 36), "All", False),  # others are not in the list
        ((0, 0, 0), "All", False),
        ((4, 26, 30), "West", False),  # two numbers and their sum: that happens
        ((4, 2600, 2604), "West", True),
        ((4, 2600, 2605), "West", False),
        ((2600, 2600), "West", False),  # two of a size
        ((4, 26, 30), "All Saints", False),
    ],
)
def test_what_is_taken_for_a_total(people: tuple[int, ...], label: str, found: bool):  # noqa: FBT001
    table = sites(*people, last=label)
    counts = table[["n"]].to_numpy(dtype=float).T
    assert unnamed_totals(table[["site"]], {}, counts, counts) == ([("site", label)] if found else [])
    assert unnamed_totals(table[["site"]], {"site": label}, counts, counts) == []


def test_a_label_that_is_always_the_sum_is_one():
    always = two_way(("a", "b", "West"), [[4, 26], [5, 31], [7, 20]])
    with pytest.raises(DataError, match='site "West"'):
        protect(always, counts="n", dims=["year", "site"])
    once = always.assign(n=always["n"].where(always.index != 5, 37))
    assert protect(once, counts="n", dims=["year", "site"]).frame["released"].notna().any()
    # One of two counts is not: then none is.
    both = always.assign(left=[1, 1, 3, 1, 1, 2, 1, 1, 2])
    assert protect(both, counts=["n", "left"], dims=["year", "site"]).counts == ("n", "left")


def test_two_totals_in_one_dimension_are_both_found():
    table = pd.DataFrame({"site": ["a", "b", "All", "Total"], "n": [4, 26, 30, 30]})
    with pytest.raises(DataError) as caught:
        protect(table, counts="n", dims="site")
    assert [problem.code for problem in caught.value.problems] == ["DAT-009", "DAT-009"]


@pytest.mark.parametrize(
    ("people", "profile", "found"),
    [
        ((W, 26, 30), "staff-survey", True),
        ((W, 26, 20), "staff-survey", False),
        ((W, 26, W), "staff-survey", False),
        ((W, 25, 30), "nhs-hospital", True),
        ((10, 10, 25), "hesa", True),
        ((10, 10, 35), "hesa", False),
    ],
)
def test_the_audit_asks_for_the_total_too(people: tuple[float, ...], profile: str, found: bool):  # noqa: FBT001
    def attacked() -> pd.DataFrame:
        return audit(sites(*people), counts="n", dims="site", profile=profile)

    if not found:
        assert set(attacked()["verdict"]) <= {"safe", "small"}
        return
    with pytest.raises(DataError, match=r'DAT-009 totals, site: .*site "All"'):
        attacked()


STAFF = pd.DataFrame({"site": ["a", "b", "c", "All"], "n": [100, 60, 80, 240], "left": [98, 20, 30, 148]})


def made(table: pd.DataFrame = STAFF, **more: Any) -> Any:
    return protect(table, counts=["n", "left"], dims="site", totals={"site": "All"}, **more)


def test_a_ratio_says_that_one_count_is_among_the_other():
    result = made(ratios={"rate": ("left", "n")})
    assert result.subset_of == {"left": "n"}
    pd.testing.assert_frame_equal(
        result.frame, made(ratios={"rate": ("left", "n")}, subset_of={"left": "n"}).frame, check_exact=True
    )
    # Two of site a stayed: 98 of 100 are not printed together.
    assert result.frame.loc[0, ["released_n", "released_left"]].isna().any()
    assert set(audit(result)["verdict"]) == {"safe"}


def test_a_numerator_that_exceeds_its_denominator_anywhere_is_no_subset():
    more = STAFF.assign(left=[101, 20, 30, 151])
    assert made(more, ratios={"rate": ("left", "n")}).subset_of == {}
    assert made(ratios={"rate": ("n", "left")}).subset_of == {}
    assert made(ratios={"rate": ("n", "n")}).subset_of == {}
    assert made().subset_of == {}


def test_what_the_caller_says_of_a_count_stands():
    table = STAFF.assign(joined=STAFF["n"])
    result = protect(
        table, counts=["n", "left", "joined"], dims="site", totals={"site": "All"}, subset_of={"left": "joined"},
        ratios={"rate": ("left", "n")},
    )  # fmt: skip
    assert result.subset_of == {"left": "joined"}
    # Not in a circle, of three counts either.
    result = protect(
        table, counts=["n", "left", "joined"], dims="site", totals={"site": "All"},
        subset_of={"n": "joined", "left": "n"}, ratios={"rate": ("joined", "left")},
    )  # fmt: skip
    assert result.subset_of == {"n": "joined", "left": "n"}


@pytest.mark.parametrize(
    ("labels", "people", "found"),
    [
        (("A1", "A2", "Group A", "B1", "B2", "Group B"), (4, 30, 34, 50, 60, 110), ["Group A", "Group B"]),
        (("Group A", "A1", "A2", "Group B", "B1", "B2"), (34, 4, 30, 110, 50, 60), ["Group B", "Group A"]),
        (("A1", "A2", "Subtotal A", "B1", "B2"), (4, 30, 34, 50, 60), ["Subtotal A"]),
        (("A1", "A2", "Group A", "B1", "B2", "Group B", "All"), (4, 30, 34, 50, 60, 110, 144), ["Group A", "Group B"]),
        (("A1", "A2", "Group A", "B1", "B2", "Group B"), (4, 30, 34, 50, 60, 111), []),
        (("A1", "A2", "Group A", "B1", "B2"), (4, 30, 34, 50, 60), []),  # one sum of two: that happens
        (("A", "B", "C", "D", "E", "F"), (1, 1, 2, 1, 2, 3), []),  # small numbers: so does this
    ],
)
def test_subtotals_are_found(labels: tuple[str, ...], people: tuple[int, ...], found: list[str]):
    counts = np.array([people], dtype=float)
    assert unnamed_totals(pd.DataFrame({"site": labels}), {}, counts, counts) == [("site", label) for label in found]
    table = pd.DataFrame({"site": labels, "n": people})
    if found:
        with pytest.raises(DataError, match="put the blocks into a dimension of their own"):
            protect(table, counts="n", dims="site")
    else:
        assert protect(table, counts="n", dims="site").counts == ("n",)


@pytest.mark.parametrize("ratios", [{"r1": ("ap", "a"), "r2": ("ap", "sh")}, {"r2": ("ap", "sh"), "r1": ("ap", "a")}])
def test_a_funnel_is_nested_whatever_order_its_ratios_have(ratios: dict[str, tuple[str, str]]):
    funnel = pd.DataFrame({"site": ["N", "S"], "a": [300, 400], "sh": [100, 150], "ap": [97, 60]})
    made = protect(funnel, counts=["a", "sh", "ap"], dims="site", ratios=ratios)
    assert made.subset_of == {"ap": "sh", "sh": "a"}
    # 3 who were shortlisted and not appointed would follow.
    assert made.frame[["released_sh", "released_ap"]].iloc[0].isna().any()
