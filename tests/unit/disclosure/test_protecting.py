"""`protect`: nothing withheld can be had by subtraction, found out by trying all tables."""

from __future__ import annotations

import math
import time
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.profiles import list_profiles
from evalkit.disclosure.protecting import Protected, protect
from evalkit.errors import DataError, DisclosureError

W = math.nan  # withheld


def with_margins(inner: npt.ArrayLike, name: str = "n") -> pd.DataFrame:
    """Lay counts out as a long frame with all margins, labelled All."""
    cube = np.asarray(inner)
    for axis in range(cube.ndim):
        cube = np.concatenate([cube, cube.sum(axis=axis, keepdims=True)], axis=axis)
    sizes = np.asarray(inner).shape
    labels = [[*(f"v{at}" for at in range(size)), "All"] for size in sizes]
    rows = [dict(zip(dims_of(len(sizes)), row, strict=True)) for row in product(*labels)]
    return pd.DataFrame(rows).assign(**{name: cube.ravel()})


def dims_of(number: int) -> list[str]:
    return [f"d{at}" for at in range(number)]


def totals_of(number: int) -> dict[str, str]:
    return dict.fromkeys(dims_of(number), "All")


def protected(inner: npt.ArrayLike, profile: str = "staff-survey", **more: Any) -> Protected:
    number = np.asarray(inner).ndim
    return protect(
        with_margins(inner), counts="n", dims=dims_of(number), totals=totals_of(number), profile=profile, **more
    )


# --- by hand --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ([20, 30], [20, 30, 50]),
        # One small cell takes the cheapest other one with it.
        ([4, 60, 25], [W, 60, W, 89]),
        # Two small ones that come to fewer than 11 together still need a third.
        ([4, 5, 60, 25], [W, W, 60, W, 94]),
        ([4, 6, 60, 25], [W, W, 60, W, 95]),
        # Two that come to 11 or more do not.
        ([4, 7, 60], [W, W, 60, 71]),
        # A zero is small here.
        ([0, 60, 25], [W, 60, W, 85]),
        ([4], [W, W]),
        ([4, 3], [W, W, W]),
    ],
)
def test_one_way_tables_worked_by_hand(inner: list[int], expected: list[float]):
    np.testing.assert_array_equal(protected(inner).frame["released"], expected)


def test_zeros_that_a_profile_shows_stay_and_rounding_may_protect_by_itself():
    # 133 to 137, less 38 to 42, less 88 to 92: 3 may be anything from 1 to 11.
    result = protected([3, 0, 0, 40, 90], "nhs-hospital")
    np.testing.assert_array_equal(result.frame["released"], [W, 0, 0, 40, 90, 135])
    found = audit(result).set_index("row").loc["d0 v0"]
    assert (found["low"], found["high"], found["verdict"]) == (1, 11, "safe")


def test_a_margin_is_withheld_where_nothing_else_helps():
    frame = protected([[3, 100], [90, 200]]).frame
    hidden = frame[frame["released"].isna()]
    # 200 can be 1 only if a margin is gone: with all of them it is at least 197.
    assert ((hidden["d0"] == "All") ^ (hidden["d1"] == "All")).any()
    assert frame["released"].notna().any()
    everything = audit(protected([[3, 100], [90, 200]]))
    assert (everything["verdict"] == "safe").all()


def test_the_flag_says_suppressed_and_not_which_was_small():
    frame = protected([4, 60, 25]).frame
    assert frame["flag"].tolist() == ["suppressed", "", "suppressed", ""]
    assert list(frame.columns) == ["d0", "released", "flag"]


def test_rows_keep_their_order_and_the_table_is_not_touched():
    table = with_margins([4, 60, 25]).sample(frac=1, random_state=1)
    before = table.copy()
    frame = protect(table, counts="n", dims="d0", totals={"d0": "All"}).frame
    assert frame["d0"].tolist() == table["d0"].tolist()
    assert_frames_agree(table, before, rtol=0, atol=0)


# --- all tables tried -----------------------------------------------------------------------------------------------


def _reached(frame: pd.DataFrame, least: int) -> dict[int, npt.NDArray[np.int16]]:
    """Try all 2 x 2 tables up to 36 and list, for each withheld row, what it can be."""
    a, b, c, d = np.indices((37, 37, 37, 37), dtype=np.int16).reshape(4, -1)
    value = {
        ("v0", "v0"): a, ("v0", "v1"): b, ("v1", "v0"): c, ("v1", "v1"): d,
        ("v0", "All"): a + b, ("v1", "All"): c + d, ("All", "v0"): a + c, ("All", "v1"): b + d,
        ("All", "All"): a + b + c + d,
    }  # fmt: skip
    cells = [value[row.d0, row.d1] for row in frame.itertuples()]
    agrees = np.ones(len(a), dtype=bool)
    for cell, released in zip(cells, frame["released"], strict=True):
        agrees &= (cell >= least) if np.isnan(released) else (cell == released)
    return {row: np.unique(cells[row][agrees]) for row in np.flatnonzero(frame["released"].isna())}


def _small_tables() -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    rng = np.random.default_rng(20261122)
    made = []
    for _ in range(14):
        inner = rng.choice([0, 1, 3, 8, 11, 12, 14, 20], size=(2, 2))
        margins = np.array([d0 == "All" or d1 == "All" for d0, d1 in with_margins(inner)[["d0", "d1"]].to_numpy()])
        made.append((inner, ~margins | (rng.random(9) < rng.choice([1.0, 0.6]))))
    return made


@pytest.mark.parametrize("case", range(14))
def test_every_withheld_cell_of_a_small_table_may_be_one_and_eleven(case: int):
    inner, rows = _small_tables()[case]
    table = with_margins(inner)[rows]
    totals = {dim: "All" for dim in ("d0", "d1") if (table[dim] == "All").any()}
    frame = protect(table, counts="n", dims=["d0", "d1"], totals=totals).frame
    reached = _reached(frame, least=0)
    assert len(reached) >= (table["n"] < 11).sum()
    for values in reached.values():
        assert values.min() <= 1
        assert values.max() >= 11


def test_the_audit_attains_exactly_what_trying_all_tables_attains():
    checked = 0
    for inner, rows in _small_tables():
        table = with_margins(inner)[rows]
        totals = {dim: "All" for dim in ("d0", "d1") if (table[dim] == "All").any()}
        # Only the small cells are withheld: what a tool does that stops there.
        naive = table.assign(released=table["n"].where(table["n"] >= 11).astype(float))
        found = audit(naive, dims=["d0", "d1"], totals=totals)
        tried = _reached(naive.reset_index(drop=True), least=0)
        assert len(found) == len(tried)
        for (_, bounds), values in zip(found.iterrows(), tried.values(), strict=True):
            if math.isfinite(bounds["high"]):
                checked += 1
                assert (bounds["low"], bounds["high"]) == (values.min(), values.max())
                assert (bounds["verdict"] == "recoverable") == (len(values) == 1)
    assert checked > 10


@pytest.mark.parametrize("seed", range(4))
def test_no_cell_is_withheld_for_nothing(seed: int):
    inner = np.floor(np.random.default_rng(seed).lognormal(3, 1, (4, 4))).astype(int)
    table = with_margins(inner)
    frame = protected(inner).frame
    beside = np.flatnonzero(frame["released"].isna() & (table["n"] >= 11))
    assert len(beside) > 0
    for row in beside:
        more = frame.assign(released=frame["released"].where(frame.index != row, table["n"]))
        found = audit(more[["d0", "d1", "released"]], dims=["d0", "d1"], totals=totals_of(2))
        assert (found["verdict"] != "safe").any()


# --- profiles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", list_profiles()["profile"])
@pytest.mark.parametrize("shape", [(6,), (4, 3), (3, 2, 3)])
def test_every_profile_withstands_the_attack(profile: str, shape: tuple[int, ...]):
    rng = np.random.default_rng(len(shape))
    for _ in range(3):
        inner = np.floor(rng.lognormal(2.3, 1.2, shape)).astype(int)
        inner[rng.random(shape) < 0.15] = 0
        result = protected(inner, profile)
        assert (audit(result)["verdict"] == "safe").all()


def test_a_public_profile_leaves_everything():
    frame = protected([[1, 0], [2, 300]], "public").frame
    assert frame["released"].tolist() == with_margins([[1, 0], [2, 300]])["n"].tolist()
    assert not frame["flag"].any()


def test_totals_of_rounded_counts_are_their_sums():
    # 12 + 12 = 24 would be 25 by itself, and then each could only be 11 or 12.
    np.testing.assert_array_equal(protected([12, 12], "opensafely").frame["released"], [10, 10, 20])
    np.testing.assert_array_equal(protected([12, 12], "opensafely-midpoint6").frame["released"], [9, 9, 18])


def test_a_total_of_a_withheld_count_is_rounded_by_itself():
    # The sum of what is shown would be 55. 58 to 62, less 43 to 47, less 8 to 12, leaves 0 to 11.
    np.testing.assert_array_equal(protected([3, 44, 12], "opensafely").frame["released"], [W, 45, 10, 60])


def test_a_total_rounded_by_itself_is_withheld_where_it_would_undo_the_rounding():
    np.testing.assert_array_equal(protected([12, 12], "hesa").frame["released"], [10, 10, W])
    # 11 + 13 = 24: 25 agrees with 8 to 12 and 13 to 17 throughout.
    np.testing.assert_array_equal(protected([11, 13], "hesa").frame["released"], [10, 15, 25])


# --- several counts, ratios, means, amounts -------------------------------------------------------------------------


STAFF = pd.DataFrame(
    {
        "site": ["North", "South", "West", "East", "All"],
        "n": [60, 75, 40, 90, 265],
        "leavers": [12, 15, 38, 30, 95],
        "pay": [30000.0, 31000.0, 32000.0, 33000.0, 31600.0],
        "remark": ["Ann Smith left", "", "", "", ""],
    }
)


def test_those_who_stayed_are_protected_too():
    both = protect(
        STAFF, counts=["n", "leavers"], dims="site", totals={"site": "All"}, subset_of={"leavers": "n"}
    ).frame
    # Two people stayed in West: 40 and 38 cannot both be told.
    assert both.loc[2, ["released_n", "released_leavers"]].isna().any()
    assert set(both.columns) == {"site", "released_n", "released_leavers", "flag"}
    apart = protect(STAFF, counts=["n", "leavers"], dims="site", totals={"site": "All"}).frame
    assert apart[["released_n", "released_leavers"]].notna().all(axis=None)
    found = audit(
        {"t": apart}, counts=["released_n", "released_leavers"], dims="site", totals={"site": "All"},
        subset_of={"released_leavers": "released_n"},
    )  # fmt: skip
    assert found[["row", "low", "high", "verdict"]].to_numpy().tolist() == [["site West", 2.0, 2.0, "small"]]


def test_ratios_are_made_of_what_is_released():
    frame = protect(
        STAFF, counts=["n", "leavers"], dims="site", totals={"site": "All"}, profile="opensafely",
        ratios={"rate": ("leavers", "n")}, subset_of={"leavers": "n"},
    ).frame  # fmt: skip
    released = frame["released_leavers"] / frame["released_n"]
    np.testing.assert_array_equal(frame["rate"], released)
    assert frame["rate"].notna().any()
    assert frame["rate"].isna().any()


def test_means_go_where_their_count_goes_and_free_text_stays_behind():
    table = pd.DataFrame(
        {"site": ["a", "b", "c", "All"], "n": [4, 60, 25, 89], "pay": [1.0, 2.0, 3.0, 2.2], "remark": ["Ann"] * 4}
    )
    frame = protect(table, counts="n", dims="site", totals={"site": "All"}, means={"pay": "n"}).frame
    np.testing.assert_array_equal(frame["pay"], [W, 2.0, W, 2.2])
    assert "remark" not in frame


def test_amounts_that_few_dominate_are_withheld_and_cannot_be_subtracted():
    table = pd.DataFrame(
        {
            "site": ["a", "b", "c", "d", "All"],
            "n": [20, 30, 40, 50, 140],
            "pay": [1000, 500, 4000, 5000, 10500],
            "first": [900.0, 40.0, 150.0, 160.0, 900.0],
            "second": [50.0, 40.0, 150.0, 160.0, 160.0],
        }
    )
    made = protect(
        table, counts="n", dims="site", totals={"site": "All"}, profile="acro", amounts={"pay": ["first", "second"]}
    ).frame
    # a is dominated (95 of 100 from two people); b hides it; counts are not touched.
    np.testing.assert_array_equal(made["pay"], [W, W, 4000, 5000, 10500])
    assert made["released"].notna().all()
    assert made["flag"].tolist() == ["suppressed", "suppressed", "", "", ""]
    plain = protect(table, counts="n", dims="site", totals={"site": "All"}, amounts={"pay": ["first", "second"]}).frame
    assert plain["pay"].notna().all()


# --- linked tables --------------------------------------------------------------------------------------------------


def _linked() -> dict[str, pd.DataFrame]:
    cube = np.array([[[2, 3], [40, 25]], [[33, 41], [28, 26]], [[12, 60], [35, 45]]])
    return {
        "by band": with_margins(cube.sum(axis=2)),
        "by site": with_margins(cube.sum(axis=1)).rename(columns={"d1": "d2"}),
    }


def test_linked_tables_agree_on_what_they_share_and_withstand_the_attack_together():
    made = protect(_linked(), counts="n", dims=["d0", "d1", "d2"], totals=totals_of(3))
    assert set(made) == {"by band", "by site"}
    assert (audit(made)["verdict"] == "safe").all()
    shared = [
        table.frame[table.frame[dim] == "All"].set_index("d0")["released"]
        for table, dim in ((made["by band"], "d1"), (made["by site"], "d2"))
    ]
    pd.testing.assert_series_equal(shared[0], shared[1])


def test_tables_protected_apart_can_betray_each_other():
    one = pd.DataFrame({"d0": ["a", "b", "All"], "n": [4, 60, 64]})
    alone = protect(one, counts="n", dims="d0", totals={"d0": "All"}).frame
    other = pd.DataFrame({"d0": ["b", "b", "b"], "d1": ["x", "y", "All"], "n": [35, 25, 60]})
    apart = protect(other, counts="n", dims=["d0", "d1"], totals={"d1": "All"}).frame
    found = audit({"one": alone, "other": apart}, dims=["d0", "d1"], totals={"d0": "All", "d1": "All"})
    assert found.loc[found["row"] == "d0 a", ["low", "high", "verdict"]].to_numpy().tolist() == [
        [4.0, 4.0, "recoverable"]
    ]
    made = protect({"one": one, "other": other}, counts="n", dims=["d0", "d1"], totals={"d0": "All", "d1": "All"})
    assert (audit(made)["verdict"] == "safe").all()


# --- loss and speed -------------------------------------------------------------------------------------------------


def test_the_loss_stands_beside_naive_rules():
    loss = protected([[4, 60, 25], [30, 40, 50]]).loss.set_index("rule")
    assert loss.loc["the whole table", "cells_withheld"] == 12
    assert loss.loc["the whole table", "people_withheld"] == loss.loc["protect", "people"] == 209
    assert loss.loc["every d0 with a small cell", "cells_withheld"] == 4
    assert loss.loc["every d1 with a small cell", "people_withheld"] == 34
    made = protected([[4, 60, 25], [30, 40, 50]]).frame
    assert loss.loc["protect", "cells_withheld"] == made["released"].isna().sum()
    assert loss.loc["protect", "share_of_cells"] == pytest.approx(made["released"].isna().mean())


def test_a_table_of_twenty_by_ten_takes_less_than_two_seconds_and_loses_little():
    rng = np.random.default_rng(0)
    inner = np.floor(rng.lognormal(3.5, 1.3, (20, 10))).astype(int)
    start = time.process_time()
    result = protected(inner)
    assert time.process_time() - start < 2
    small = int((with_margins(inner)["n"] < 11).sum())
    assert small > 20
    assert small <= result.loss.loc[0, "cells_withheld"] <= 1.5 * small


# --- bad input ------------------------------------------------------------------------------------------------------

GOOD = pd.DataFrame({"site": ["a", "b", "All"], "n": [4, 60, 64]})


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"table": GOOD.assign(n=[-4, 60, 56])}, "DAT-002", "below 0"),
        ({"table": GOOD.assign(n=[4.5, 60, 64.5])}, "DAT-002", "not whole (rows 1, 3)"),
        ({"table": GOOD.assign(n=[None, 60, 64])}, "DAT-004", "missing or not numbers (row 1)"),
        ({"table": GOOD.assign(n=["few", 60, 64])}, "DAT-004", "missing or not numbers (row 1)"),
        ({"table": GOOD.assign(n=[4, 60, 65])}, "DAT-007", "not the sum of their parts (row 3)"),
        ({"table": GOOD.assign(site=["a", "a", "All"])}, "DAT-010", "stood before (row 2)"),
        ({"table": GOOD.assign(site=["a", None, "All"])}, "DAT-009", "without a name (row 2)"),
        ({"table": GOOD.iloc[:0]}, "DAT-009", "no rows"),
        ({"table": [1, 2]}, "DAT-009", "a list"),
        ({"dims": ["sites"]}, "DAT-003", 'Did you mean "site"?'),
        ({"dims": []}, "DAT-009", "dims"),
        ({"counts": "people"}, "DAT-003", 'no table has a column "people"'),
        ({"totals": {"site": "Total"}}, "DAT-006", 'no row has the label "Total"'),
        ({"totals": {"band": "All"}}, "DAT-006", "no such dimension"),
        ({"ratios": {"rate": ("leavers", "n")}}, "DAT-006", '"leavers"'),
        ({"means": {"pay": "n"}}, "DAT-003", 'no column "pay"'),
        ({"table": GOOD.assign(m=[5, 0, 5]), "counts": ["n", "m"], "subset_of": {"m": "n"}}, "DAT-007", "row 1"),
        ({"table": GOOD.assign(p=[1, 2, 3]), "amounts": {"p": ["n"]}}, "DAT-009", "second largest"),
        ({"table": {}}, "DAT-009", "table"),
    ],
)
def test_bad_input_has_a_code(change: dict[str, Any], code: str, says: str):
    arguments = {"table": GOOD, "counts": "n", "dims": "site", "totals": {"site": "All"}}
    arguments |= change
    if isinstance(arguments["table"], list):
        arguments["table"] = {"t": arguments["table"]}
    with pytest.raises(DataError) as caught:
        protect(arguments.pop("table"), **arguments)
    assert any(problem.code == code and says in str(problem) for problem in caught.value.problems), str(caught.value)


def test_all_problems_come_at_once():
    table = pd.DataFrame({"site": ["a", "a", None], "n": [-1, 2.5, None]})
    with pytest.raises(DataError) as caught:
        protect(table, counts="n", dims="site", totals={"site": "All"}, profile="none-such")
    assert [problem.code for problem in caught.value.problems] == [
        "DAT-004", "DAT-002", "DAT-002", "DAT-009", "DAT-010", "DAT-006", "DIS-001",
    ]  # fmt: skip


def test_an_unknown_profile():
    with pytest.raises(DisclosureError, match="DIS-001"):
        protect(GOOD, counts="n", dims="site", totals={"site": "All"}, profile="staff")


def test_tables_of_different_people_are_not_linked():
    other = GOOD.assign(n=[5, 59, 64])
    with pytest.raises(DataError, match=r"DAT-007 .*another table tells differently"):
        protect({"one": GOOD, "other": other}, counts="n", dims="site", totals={"site": "All"})
