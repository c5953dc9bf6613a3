"""Means, extremes and amounts beside protected counts: nothing withheld follows from what is printed."""

from __future__ import annotations

import math
import time
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.profiles import list_profiles, load_profile
from evalkit.disclosure.protecting import protect

W = math.nan  # withheld
Floats = npt.NDArray[np.float64]


def sites(people: list[int], means: list[float], whole: float | None = None) -> pd.DataFrame:
    total = sum(people)
    mean = sum(n * each for n, each in zip(people, means, strict=True)) / total if whole is None else whole
    names = [*"abcdefgh"[: len(people)], "All"]
    return pd.DataFrame({"site": names, "n": [*people, total], "mean": [*means, mean]})


def made(table: pd.DataFrame, profile: str = "staff-survey", **more: Any) -> pd.DataFrame:
    given: dict[str, Any] = {"means": {"mean": "n"}} | more
    return protect(table, counts="n", dims="site", totals={"site": "All"}, profile=profile, **given).frame


def test_the_mean_of_a_dominated_amount_is_withheld_with_another_one():
    table = pd.DataFrame(
        {
            "site": ["a", "b", "c", "All"],
            "n": [20, 30, 40, 90],
            "pay": [1000, 3000, 4000, 8000],
            "first": [900, 200, 300, 900],
            "second": [50, 190, 280, 300],
        }
    ).assign(mean=lambda each: each["pay"] / each["n"])
    frame = made(table, "acro", amounts={"pay": ["first", "second"]})
    # n = 20 and a mean of 50 would be the 1000 that two people make up.
    np.testing.assert_array_equal(frame["mean"], [W, W, 100, 8000 / 90])
    np.testing.assert_array_equal(frame["pay"], [W, W, 4000, 8000])
    assert frame["released"].notna().all()
    assert frame["flag"].tolist() == ["suppressed", "suppressed", "", ""]


@pytest.mark.parametrize("profile", ["nhs-hospital", "hesa", "opensafely", "opensafely-midpoint6"])
def test_no_mean_follows_from_all_others_and_that_of_the_total(profile: str):
    frame = made(sites([5, 60, 25, 40], [90.0, 20.0, 22.0, 21.0]), profile)
    # 130 x 23.3846 - 60 x 20 - 25 x 22 - 40 x 21 would be the 450 of five people.
    np.testing.assert_array_equal(frame["mean"].isna(), [True, False, True, False, False])


def test_two_that_are_few_together_take_a_third_with_them():
    # Of 3 and 4 people the mean of all seven would follow; rounded counts are no help against exact means.
    frame = made(sites([3, 4, 60, 25, 40], [90.0, 70.0, 20.0, 22.0, 21.0]), "hesa")
    np.testing.assert_array_equal(frame["mean"].isna(), [True, True, False, True, False, False])
    frame = made(sites([3, 5, 60, 25, 40], [90.0, 70.0, 20.0, 22.0, 21.0]), "hesa")
    np.testing.assert_array_equal(frame["mean"].isna(), [True, True, False, False, False, False])


@pytest.mark.parametrize(("people", "withheld"), [(1, [True]), (7, [True]), (12, [True]), (13, [False])])
def test_midpoint_rounding_withholds_statistics_of_seven_or_fewer(people: int, withheld: list[bool]):
    # 7 and 8 to 12 are all printed as 9: a mean beside the one and not the other would tell them apart.
    frame = made(sites([people, 60, 70], [199.0, 3.0, 4.0]), "opensafely-midpoint6")
    assert frame["mean"].isna().tolist()[:1] == withheld
    assert load_profile("opensafely-midpoint6").proportion_min_n == 8
    ratio = protect(
        pd.DataFrame({"site": ["a", "b"], "n": [4, 70], "left": [2, 20]}), counts=["n", "left"], dims="site",
        profile="opensafely-midpoint6", ratios={"rate": ("left", "n")},
    ).frame["rate"]  # fmt: skip
    assert ratio.isna().tolist() == [True, False]


def test_whether_a_mean_is_printed_tells_no_more_than_the_released_count():
    for profile in ("hesa", "opensafely", "opensafely-midpoint6", "nhs-hospital"):
        seen: dict[object, set[tuple[bool, str]]] = {}
        for people in (0, 1, 2, 3, 6, 7, 8, 12, 13):
            row = made(sites([people, 400, 500], [W if not people else 5.0, 3.0, 4.0]), profile).iloc[0]
            told = -1.0 if math.isnan(row["released"]) else row["released"]
            seen.setdefault(told, set()).add((math.isnan(row["mean"]), row["flag"]))
        assert all(len(told) == 1 for told in seen.values()), (profile, seen)


def test_amounts_of_few_are_withheld_where_the_profile_shows_their_count():
    table = pd.DataFrame(
        {"site": ["a", "b", "c", "All"], "n": [1, 60, 70, 131], "pay": [31, 1800, 2100, 3931], "one": 31, "two": 30}
    )
    frame = made(table, "hesa", means=None, amounts={"pay": ["one", "two"]})
    assert np.isnan(frame["pay"][0])
    assert frame["pay"].isna().sum() > 1
    assert frame["released"].notna().all()


def test_exact_means_do_not_undo_the_rounding_of_counts():
    # 12 and 12 of 24 are rounded to 10 and 10; 20 and 30 with 25 for all say that they are equally many.
    frame = made(sites([14, 21], [20.0, 30.0]), "nhs-hospital")
    assert frame["mean"].isna().tolist() == [False, False, True]
    # Where two parts are withheld the total may be printed: any weights agree.
    frame = made(sites([5, 60, 25, 40], [90.0, 20.0, 22.0, 21.0]), "nhs-hospital")
    assert not np.isnan(frame["mean"].iloc[-1])
    # Without rounding, everybody knows the weights.
    assert made(sites([14, 21], [20.0, 30.0]))["mean"].notna().all()
    # Of what the user leaves out, nothing need be withheld.
    table = sites([14, 21], [20.0, 30.0])
    frame = made(table.assign(mean=table["mean"].where(table["site"] != "a")), "nhs-hospital")
    assert frame["mean"].isna().tolist() == [True, False, False]


def _margins(inner: npt.ArrayLike, means: npt.ArrayLike) -> pd.DataFrame:
    people, total = (np.asarray(each, dtype=float) for each in (inner, np.asarray(inner) * np.asarray(means)))
    for axis in (0, 1):
        people, total = (np.concatenate([x, x.sum(axis=axis, keepdims=True)], axis=axis) for x in (people, total))
    rows = list(product([*"abcdefgh"[: len(people) - 1], "All"], [*"pqrstu"[: people.shape[1] - 1], "All"]))
    frame = pd.DataFrame(rows, columns=["site", "band"]).assign(n=people.ravel().astype(int))
    return frame.assign(mean=np.where(frame["n"] > 0, total.ravel() / np.maximum(people.ravel(), 1), np.nan))


def _equations(frame: pd.DataFrame) -> Floats:
    """Write each total of a two-way table as the sum of its parts, by hand and not by the code under test."""
    index = {(row.site, row.band): at for at, row in enumerate(frame.itertuples())}
    sites, bands = (list(dict.fromkeys(frame[dim])) for dim in ("site", "band"))
    rows = [
        *([(a, "All", 1.0), *((a, b, -1.0) for b in bands if b != "All")] for a in sites),
        *([("All", b, 1.0), *((a, b, -1.0) for a in sites if a != "All")] for b in bands),
    ]
    matrix = np.zeros((len(rows), len(frame)))
    for at, row in enumerate(rows):
        for site, band, sign in row:
            matrix[at, index[site, band]] = sign
    return matrix


@pytest.mark.parametrize("profile", [each for each in list_profiles()["profile"] if each != "public"])
@pytest.mark.parametrize("seed", range(3))
def test_no_withheld_mean_follows_by_linear_algebra_in_two_way_tables(profile: str, seed: int):
    rng = np.random.default_rng(seed)
    inner = np.floor(rng.lognormal(2.8, 1.0, (4, 3))).astype(int)
    frame = _margins(inner, rng.normal(30, 5, (4, 3)))
    out = protect(
        frame, counts="n", dims=["site", "band"], totals={"site": "All", "band": "All"}, means={"mean": "n"},
        profile=profile,
    ).frame  # fmt: skip
    hidden = (out["mean"].isna() & (frame["n"] > 0)).to_numpy()
    assert (hidden | ~out["released"].isna()).all()
    matrix = _equations(frame)
    unknown = matrix[:, hidden]
    rules = load_profile(profile)
    least = max(rules.threshold, rules.mean_min_n)
    few = (out["released"].isna() | (frame["n"] < least)).to_numpy()[hidden]
    # A sum is told when its unit vector is in the row space of what is unknown.
    rank = np.linalg.matrix_rank(unknown) if hidden.any() else 0
    for cell in np.flatnonzero(few):
        assert np.linalg.matrix_rank(np.vstack([unknown, np.eye(len(few))[cell]])) == rank + 1
    if rules.rounding != "none":
        # Whatever the counts were, there are withheld means with which the printed ones agree.
        assert rank == np.linalg.matrix_rank(matrix)
    assert not (~hidden & (frame["n"] > 0) & (frame["n"] < least)).any()
    # Those whose joint sum follows are at least so many people.
    for some in product([0.0, 1.0], repeat=len(matrix)):
        row = np.array(some) @ unknown
        if set(np.unique(np.abs(row))) == {0.0, 1.0} and len(set(row)) == 2:
            assert frame["n"].to_numpy()[hidden][row != 0].sum() >= least


def test_margins_of_linked_tables_do_not_give_a_mean_away():
    by_site = sites([5, 60, 65], [90.0, 20.0, 22.0])
    by_band = pd.DataFrame({"band": ["p", "q", "All"], "n": [70, 60, 130], "mean": [25.0, by_site["mean"].iloc[-1], W]})
    by_band.loc[0, "mean"] = (130 * by_site["mean"].iloc[-1] - 60 * by_band.loc[1, "mean"]) / 70
    tables = {"site": by_site[by_site["site"] != "All"], "band": by_band[by_band["band"] != "All"]}
    out = protect(tables, counts="n", dims=["site", "band"], means={"mean": "n"}, profile="hesa")
    # Nobody prints the total, and both bands together are as much.
    assert out["site"].frame["mean"].isna().sum() == 2


@pytest.mark.parametrize(("sign", "profile"), list(product([1, -1], ["staff-survey", "hesa", "acro", "nhs-hospital"])))
def test_an_extreme_that_only_withheld_cells_can_hold_is_withheld(sign: int, profile: str):
    people, values = [5, 60, 25, 40], [199.0 * sign, 20.0 * sign, 22.0 * sign, 21.0 * sign]
    frame = made(sites(people, values, 199.0 * sign), profile)
    assert np.isnan(frame["mean"].iloc[-1])
    # One that a shown cell has is printed.
    values = [9.0 * sign, 199.0 * sign, 22.0 * sign, 21.0 * sign]
    assert made(sites(people, values, 199.0 * sign), profile)["mean"].iloc[-1] == 199.0 * sign


def test_an_extreme_stands_nowhere_else_either():
    inner = np.array([[5, 60, 40], [50, 70, 80], [90, 60, 55]])
    frame = _margins(inner, np.ones((3, 3)))
    top = {("a", "p"): 199.0, ("b", "q"): 60.0}
    frame["mean"] = [
        max(
            top.get((s, b), 50.0) for s, b in product("abc", "pqr") if row.site in (s, "All") and row.band in (b, "All")
        )
        for row in frame.itertuples()
    ]
    arguments: dict[str, Any] = {"counts": "n", "totals": {"site": "All", "band": "All"}, "means": {"mean": "n"}}
    out = protect(frame, dims=["site", "band"], **arguments).frame
    assert 199.0 not in set(out["mean"])
    assert 60.0 in set(out["mean"])
    # In the table by band nothing is small, and its highest value is that of the site's five people.
    margins = frame[frame["site"] == "All"].drop(columns="site").reset_index(drop=True)
    by_site = frame[frame["band"] == "All"].drop(columns="band").reset_index(drop=True)
    by_site = by_site.assign(n=[5, 300, 205, 510])
    both = protect({"site": by_site, "band": margins}, dims=["site", "band"], **arguments)
    assert all(199.0 not in set(each.frame["mean"]) for each in both.values())


def test_a_mean_of_an_amount_does_not_undo_the_rounding():
    table = sites([20, 30, 40], [50.0, 100.0, 110.0])
    table = table.assign(pay=(table["n"] * table["mean"]).astype(int), one=2, two=1, age=[40.0, 41.0, 45.0, 42.0])
    more = {"amounts": {"pay": ["one", "two"]}, "means": {"mean": "n", "age": "n"}}
    rounded, exact = made(table, "nhs-hospital", **more), made(table, "acro", **more)
    assert rounded["pay"].notna().all()
    # 1000 over 50 are 20, which rounded may be 18 to 22.
    assert rounded["mean"].isna().all()
    assert rounded["age"].notna().tolist() == [True, True, True, False]
    assert exact[["pay", "mean"]].notna().all(axis=None)


def test_means_cost_no_second_search_and_no_second_loss_where_counts_protect_them():
    rng = np.random.default_rng(1)
    inner = np.floor(rng.lognormal(3.2, 1.2, (20, 10))).astype(int)
    people = np.pad(inner, ((0, 1), (0, 1)))
    people[-1], people[:, -1] = people.sum(axis=0), people.sum(axis=1)
    people[-1, -1] = inner.sum()
    names = [*(f"s{at}" for at in range(20)), "All"], [*(f"b{at}" for at in range(10)), "All"]
    frame = pd.DataFrame(product(*names), columns=["site", "band"]).assign(n=people.ravel())
    frame["mean"] = rng.normal(30, 5, len(frame))
    for profile in ("staff-survey", "nhs-hospital"):
        start = time.process_time()
        out = protect(
            frame, counts="n", dims=["site", "band"], totals={"site": "All", "band": "All"}, means={"mean": "n"},
            profile=profile,
        )  # fmt: skip
        assert time.process_time() - start < 2
        if profile == "staff-survey":
            assert (out.frame["mean"].isna() == out.frame["released"].isna()).all()
    assert (audit(out)["verdict"] == "safe").all()


def test_each_table_prints_its_own_means():
    one = sites([20, 30, 40], [1.0, 2.0, 3.0])
    two = pd.DataFrame({"band": ["p", "q", "All"], "n": [50, 40, 90], "mean": [1.5, 3.2, W]})
    totals = {"site": "All", "band": "All"}
    out = protect({"1": one, "2": two}, counts="n", dims=["site", "band"], totals=totals, means={"mean": "n"})
    np.testing.assert_array_equal(out["1"].frame["mean"], one["mean"])
    np.testing.assert_array_equal(out["2"].frame["mean"], two["mean"])


def test_a_total_that_is_a_sum_of_rounded_counts_stands_for_what_these_stand_for():
    # 9 + 3 = 12 stands for 7 + 1 people at least; of 13 the mean is withheld as it is of 8.
    seen = {
        tuple(made(sites([one, two], [20.0, 30.0]), "opensafely-midpoint6")["mean"].isna())
        for one, two in ((7, 1), (12, 1), (12, 6))
    }
    assert len(seen) == 1
    table = sites([4, 4], [W, W], 25.0)
    out = made(table, "opensafely-midpoint6")
    # 3 + 3 = 6 may be two people.
    assert out["released"].tolist() == [3, 3, 6]
    assert math.isnan(out["mean"].iloc[-1])
    assert made(sites([9, 9], [W, W], 25.0), "opensafely-midpoint6")["mean"].iloc[-1] == 25.0


@pytest.mark.parametrize("sign", [1, -1])
def test_an_extreme_of_a_total_that_nobody_prints_follows_from_another_table(sign: int):
    by_site = pd.DataFrame({"site": ["a", "b", "c", "d"], "n": [3, 60, 40, 80], "mean": [199.0, 20, 22, 50]})
    by_band = pd.DataFrame({"band": ["p", "q", "r"], "n": [63, 50, 70], "mean": [199.0, 50, 40]})
    tables = {"1": by_site.assign(mean=sign * by_site["mean"]), "2": by_band.assign(mean=sign * by_band["mean"])}
    out = protect(tables, counts="n", dims=["site", "band"], means={"mean": "n"})
    # The highest of all bands is the highest of all sites, and no site that is shown has it.
    assert out["2"].frame["mean"].isna().tolist() == [True, False, False]


def test_the_mean_of_all_is_the_last_to_go():
    inner = np.array([[5, 60, 40], [50, 4, 80], [90, 60, 55], [44, 41, 39]])
    frame = _margins(inner, np.random.default_rng(3).normal(30, 5, (4, 3)))
    out = protect(
        frame, counts="n", dims=["site", "band"], totals={"site": "All", "band": "All"}, means={"mean": "n"},
        profile="nhs-hospital",
    ).frame  # fmt: skip
    margins = (frame["site"] == "All") | (frame["band"] == "All")
    assert 0 < out["mean"][margins].isna().sum() < margins.sum() - 1
    assert not np.isnan(out["mean"].iloc[-1])


def test_an_empty_cell_hides_no_mean():
    frame = made(sites([5, 0, 60, 40], [90.0, 0.0, 20.0, 22.0]).replace({"mean": {0.0: W}}), "nhs-hospital")
    # Everybody sees the zero, and that it adds nothing to any sum.
    assert frame["mean"].isna().tolist() == [True, True, False, True, False]
    assert frame["flag"].tolist() == ["suppressed", "", "", "suppressed", ""]
