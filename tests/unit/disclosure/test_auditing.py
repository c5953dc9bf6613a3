"""`audit`: the attack finds what can be worked out, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.attacking import released_table
from evalkit.disclosure.auditing import audit
from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.table_checks import Roles
from evalkit.disclosure.union_attacks import attack_union
from evalkit.errors import DataError, DisclosureError

W = math.nan
ALL = {"site": "All"}


def sites(*released: float, labels: str = "abcdefgh") -> pd.DataFrame:
    return pd.DataFrame({"site": [*labels[: len(released) - 1], "All"], "released": released})


def judged(frame: pd.DataFrame, **more: Any) -> list[tuple[str, float, float, str]]:
    found = audit(frame, dims="site", totals=ALL, **more)
    assert list(found.columns) == ["table", "row", "low", "high", "verdict", "count"]
    return [tuple(row) for row in found[["row", "low", "high", "verdict"]].to_numpy().tolist()]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (sites(20, 30, 50), []),
        (sites(W, 60, 64), [("site a", 4, 4, "recoverable")]),
        (sites(W, W, 60, 69), [("site a", 0, 9, "narrow"), ("site b", 0, 9, "narrow")]),
        (sites(W, W, 60, 71), [("site a", 0, 11, "safe"), ("site b", 0, 11, "safe")]),
        (sites(W, 60, W), [("site a", 0, math.inf, "safe"), ("site All", 60, math.inf, "narrow")]),
        (sites(4, 60, 64), [("site a", 4, 4, "small")]),
    ],
)
def test_one_way_tables_worked_by_hand(frame: pd.DataFrame, expected: list[tuple[str, float, float, str]]):
    assert judged(frame) == expected


def test_what_is_seen_to_be_two_or_more_is_told_too_closely():
    # a with p is at most 13, so a with q at least 2; b with p at least 0, b with q at least 2.
    cells = {"ap": W, "aq": W, "bp": W, "bq": W, "aT": 15, "bT": 15, "Tp": 13, "Tq": 17, "TT": 30}
    frame = pd.DataFrame([{"a": x, "b": y, "released": value} for (x, y), value in cells.items()])
    found = audit(frame, dims=["a", "b"], totals={"a": "T", "b": "T"})
    assert found[["low", "high", "verdict"]].to_numpy().tolist() == [
        [0.0, 13.0, "safe"],
        [2.0, 15.0, "narrow"],
        [0.0, 13.0, "safe"],
        [2.0, 15.0, "narrow"],
    ]


def test_shown_zeros_say_that_what_is_withheld_is_one_or_more():
    assert judged(sites(W, 0, 95, 95), profile="nhs-hospital") == [
        ("site a", 1, 4, "narrow"),
        ("site b", 0, 0, "safe"),
        ("site c", 93, 96, "narrow"),
        ("site All", 94, 97, "narrow"),
    ]


def test_rounded_totals_that_undo_the_rounding_are_found():
    assert judged(sites(10, 10, 25), profile="hesa") == [
        ("site a", 11, 12, "narrow"),
        ("site b", 11, 12, "narrow"),
        ("site All", 23, 24, "narrow"),
    ]
    # As a sum of rounded counts the total says nothing.
    assert {row[3] for row in judged(sites(10, 10, 20), profile="opensafely")} == {"safe"}


def test_three_linked_tables_are_attacked_together():
    one = pd.DataFrame({"a": ["x", "y", "All"], "released": [W, W, 40.0]})
    two = pd.DataFrame({"b": ["p", "q", "All"], "released": [20.0, 20.0, 40.0]})
    both = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["p", "q", "p", "q"], "released": [W, 15.0, 11.0, W]})
    totals = {"a": "All", "b": "All"}
    found = audit({"one": one, "two": two, "both": both}, dims=["a", "b"], totals=totals)
    assert found[["table", "row", "low", "high"]].to_numpy().tolist() == [
        ["one", "a x", 24.0, 24.0],
        ["one", "a y", 16.0, 16.0],
        ["both", "a x, b p", 9.0, 9.0],
        ["both", "a y, b q", 5.0, 5.0],
    ]
    alone = audit(one, dims="a", totals={"a": "All"})
    assert (alone["verdict"] == "safe").all()


def test_an_earlier_release_is_part_of_the_attack_and_not_of_the_answer():
    now, before = sites(W, W, 30, 60), sites(W, 26, 30, 60)
    assert {row[3] for row in judged(now)} == {"safe"}
    assert judged(now, earlier=before) == [("site a", 4, 4, "recoverable"), ("site b", 26, 26, "recoverable")]


def test_an_earlier_release_of_other_people_is_refused():
    with pytest.raises(DataError, match=r"DAT-007 table, earlier: table: released counts that no people agree with"):
        judged(sites(20, 30, 50), earlier=sites(21, 30, 51))


def test_what_protect_made_brings_its_own_columns_and_profile():
    table = pd.DataFrame({"site": ["a", "b", "c", "All"], "n": [3, 44, 12, 59]})
    made = protect(table, counts="n", dims="site", totals=ALL, profile="opensafely")
    found = audit({"made": made})
    assert set(found["verdict"]) == {"safe"}
    assert set(found["table"]) == {"made"}
    assert set(found["count"]) == {"n"}
    frame = made.frame.drop(columns="flag")
    assert audit(frame, dims="site", totals=ALL, profile="opensafely")["low"].tolist() == found["low"].tolist()


@pytest.mark.parametrize(
    ("frame", "more", "code"),
    [
        (sites(20.5, 30, 50), {}, "DAT-002"),
        (sites(-20, 30, 50), {}, "DAT-002"),
        (sites(20, 30, 50).assign(released=["x", 1, 2]), {}, "DAT-004"),
        (sites(20, 30, 50).iloc[:0], {}, "DAT-009"),
        (sites(20, 30, 50), {"counts": "n"}, "DAT-003"),
        (sites(20, 30, 50, labels="aa"), {}, "DAT-010"),
        (sites(20, 30, 51), {}, "DAT-007"),
    ],
)
def test_bad_input_has_a_code(frame: pd.DataFrame, more: dict[str, Any], code: str):
    with pytest.raises(DataError) as caught:
        judged(frame, **more)
    assert code in {problem.code for problem in caught.value.problems}


def test_an_unknown_profile():
    with pytest.raises(DisclosureError, match="DIS-001"):
        judged(sites(20, 30, 50), profile="none")


# --- tables of which nobody says whose they are ----------------------------------------------------------------------


def _read(name: str, frame: pd.DataFrame) -> Any:
    return released_table(name, frame, Roles(("released",), ("site",), ALL), load_profile("staff-survey"))


def test_tables_that_contradict_each_other_are_attacked_apart():
    one, other = _read("1", sites(W, W, 30, 60)), _read("2", sites(W, 26, 31, 61))
    assert attack_union([one, other])[["table", "verdict"]].to_numpy().tolist() == [
        ["1", "safe"],
        ["1", "safe"],
        ["2", "recoverable"],
    ]
    same = _read("2", sites(W, 26, 30, 60))
    assert attack_union([one, same])["verdict"].tolist() == ["recoverable"] * 3
    assert attack_union([one, _read("2", sites(W, W, 30, 60))])["verdict"].tolist() == ["safe"] * 4
    assert attack_union([]).empty


def test_a_table_of_others_between_them_does_not_end_the_attack():
    tables = [_read("1", sites(W, W, 30)), _read("2", sites(20, 40, 60)), _read("3", sites(W, 26, W))]
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        found = attack_union([tables[at] for at in order])
        assert set(found.loc[found["table"] == "1", "verdict"]) == {"recoverable"}


def test_what_the_true_number_is_not_within_was_worked_out_from_others():
    one, other = _read("1", sites(W, W, 30)), _read("2", sites(W, 26, W))
    for true, verdict in ((4, "recoverable"), (9, "safe")):
        known = replace(one, holds=lambda _count, row, low, high, true=true: row == 0 and low <= true <= high)
        found = attack_union([known, other])
        assert found.loc[found["row"] == "site a", "verdict"].tolist()[0] == verdict


def test_two_marks_for_one_cell_are_two_populations():
    place = frozenset({("site", "a")})
    one = replace(_read("1", sites(W, W, 30)), marks={("released", place): "x"})
    for mark, verdict in (("x", "recoverable"), ("y", "safe")):
        other = replace(_read("2", sites(W, 26, W)), marks={("released", place): mark})
        found = attack_union([one, other])
        assert set(found.loc[found["table"] == "1", "verdict"]) == {verdict}


def test_a_table_that_contradicts_itself_is_not_safe():
    assert attack_union([_read("1", sites(20, 30, 51))])["verdict"].tolist() == ["contradictory"]


def test_amounts_and_flags_are_never_exact_where_withheld():
    table = pd.DataFrame({"site": ["a", "b", "c", "All"], "n": [4, 60, 25, 89]})
    frame = protect(table, counts="n", dims="site", totals=ALL).frame
    assert np.isnan(frame.loc[frame["flag"] == "suppressed", "released"]).all()
