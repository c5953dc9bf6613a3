"""What is said of tables must fit: kinds of arguments, names that collide, labels in two spellings."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.protecting import protect
from evalkit.errors import DataError, Problem

W = math.nan
ALL = {"site": "All"}
STAFF = pd.DataFrame(
    {
        "site": ["North", "South", "West", "All"],
        "n": [4, 60, 25, 89],
        "leavers": [1, 20, 12, 33],
        "flag": ["a", "b", "c", "All"],
        "released": [30.0, 20.0, 22.0, 21.0],
        "pay": [300, 2000, 900, 3200],
        "one": 20,
        "two": 20,
    }
)
BOTH = ["n", "leavers"]


def refused(table: Any, **more: Any) -> tuple[Problem, ...]:
    given: dict[str, Any] = {"counts": "n", "dims": "site", "totals": ALL} | more
    with pytest.raises(DataError) as caught:
        protect(table, **given)
    return caught.value.problems


def codes(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in problems]


# --- kinds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place", "expected"),
    [
        ({"totals": "All"}, "totals", "mapping of names to the label of a total"),
        ({"totals": ["All"]}, "totals", "mapping"),
        ({"totals": {0: "All"}}, "totals, 0", "a name with the label"),
        ({"totals": {"site": None}}, "totals, site", "the label of a total"),
        ({"subset_of": ["leavers"]}, "subset_of", "mapping"),
        ({"subset_of": {"leavers": ["n"]}}, "subset_of, leavers", "the count that its people are among"),
        ({"means": "released"}, "means", "mapping of names to the count that it rests on"),
        ({"means": {"released": 3}}, "means, released", "the count that it rests on"),
        ({"ratios": {"rate": "leavers/n"}}, "ratios, rate", "two counts"),
        ({"ratios": {"rate": ("leavers", "n", "n")}}, "ratios, rate", "two counts"),
        ({"ratios": {"rate": ("leavers", 1)}}, "ratios, rate", "two counts"),
        ({"amounts": {"pay": 2}}, "amounts, pay", "columns of largest contributions"),
        ({"amounts": {"pay": [1, 2]}}, "amounts, pay", "columns of largest contributions"),
        ({"counts": None}, "counts", "the name of a column"),
        ({"counts": 3}, "counts", "the name of a column"),
        ({"dims": {"site": "All"}}, "dims", "the name of a column"),
    ],
)
def test_arguments_of_the_wrong_kind(change: dict[str, Any], place: str, expected: str):
    problems = refused(STAFF, **change)
    assert codes(problems) == [("DAT-009", place)]
    assert expected in problems[0].expected


@pytest.mark.parametrize("table", [[STAFF], None, "staff.csv", {}, {"staff": STAFF, "other": [1]}])
def test_tables_of_the_wrong_kind(table: Any):
    expected = "table, other" if isinstance(table, dict) and table else "table"
    assert codes(refused(table)) == [("DAT-009", expected)]


def test_all_wrong_kinds_come_at_once():
    problems = refused([STAFF], totals="All", means="mean", counts=None, profile="none")
    assert codes(problems) == [
        *(("DAT-009", place) for place in ("table", "counts", "totals", "means")),
        ("DIS-001", "profile"),
    ]


@pytest.mark.parametrize(
    ("tables", "more", "place"),
    [
        ({}, {}, "tables"),
        ([STAFF], {}, "tables"),
        ({"staff": STAFF, "other": 3}, {}, "tables, other"),
        (STAFF, {"counts": None}, "counts"),
        (STAFF, {"totals": "All"}, "totals"),
        (STAFF, {"earlier": [STAFF]}, "earlier"),
    ],
)
def test_audit_refuses_what_it_cannot_attack(tables: Any, more: dict[str, Any], place: str):
    given: dict[str, Any] = {"counts": "n", "dims": "site", "totals": ALL} | more
    with pytest.raises(DataError) as caught:
        audit(tables, **given)
    assert codes(caught.value.problems) == [("DAT-009", place)]


def test_no_earlier_release_is_none():
    frame = STAFF[["site", "n"]].assign(n=[W, 60, W, 89])
    given: dict[str, Any] = {"counts": "n", "dims": "site", "totals": ALL}
    assert audit(frame, earlier={}, **given).equals(audit(frame, **given))


def test_labels_of_totals_may_be_numbers():
    numbered = STAFF.assign(site=[1, 2, 3, 0])
    assert protect(numbered, counts="n", dims="site", totals={"site": 0}).frame["released"].tolist()[-1] == 89
    assert codes(refused(numbered, totals={"site": 9})) == [("DAT-006", "totals, site")]


@pytest.mark.parametrize(("mean", "code"), [("high", "DAT-004"), (math.inf, "DAT-002")])
def test_means_are_numbers(mean: object, code: str):
    problems = refused(STAFF.assign(mean=pd.Series([mean, 1.0, W, 3.0], dtype=object)), means={"mean": "n"})
    assert codes(problems) == [(code, 'table, column "mean"')]
    assert "(row 1)" in problems[0].found


def test_a_count_is_not_among_itself():
    assert codes(refused(STAFF, subset_of={"n": "n"})) == [("DAT-007", "subset_of")]
    same = STAFF.assign(leavers=STAFF["n"], m=STAFF["n"])
    found = refused(same, counts=[*BOTH, "m"], subset_of={"n": "leavers", "leavers": "m", "m": "n"})
    assert codes(found) == [("DAT-007", "subset_of")] * 3
    with pytest.raises(DataError, match="DAT-007 subset_of"):
        audit(same, counts="n", dims="site", totals=ALL, subset_of={"n": "n"})


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"dims": "flag", "totals": {"flag": "All"}}, "dims"),
        ({"ratios": {"released_n": ("leavers", "n")}}, "ratios"),
        ({"ratios": {"flag": ("leavers", "n")}}, "ratios"),
        ({"ratios": {"site": ("leavers", "n")}}, "dims, ratios"),
        ({"ratios": {"pay": ("leavers", "n")}, "amounts": {"pay": ["one", "two"]}}, "ratios, amounts"),
        ({"ratios": {"released": ("leavers", "n")}}, "ratios"),
        ({"means": {"released": "n"}}, "means"),
        ({"means": {"released": "n"}, "counts": "n"}, "means"),
        ({"means": {"leavers": "n"}}, "counts, means"),
        ({"means": {"n": "n"}, "counts": "n"}, "counts, means"),
        ({"means": {"pay": "n"}, "amounts": {"pay": ["one", "two"]}}, "means, amounts"),
        ({"amounts": {"leavers": ["one", "two"]}}, "counts, amounts"),
        ({"dims": ["site", "n"]}, "dims, counts"),
    ],
)
def test_no_column_takes_the_place_of_another(change: dict[str, Any], place: str):
    assert codes(refused(STAFF, **({"counts": BOTH} | change))) == [("DAT-010", place)]


def test_all_names_that_collide_come_at_once():
    problems = refused(STAFF, dims=["site", "flag", "n"], means={"released": "n"})
    assert codes(problems) == [("DAT-010", "dims, counts"), ("DAT-010", "dims"), ("DAT-010", "means")]


def test_columns_that_stay_behind_may_have_any_name():
    made = protect(STAFF, counts=BOTH, dims="site", totals=ALL, ratios={"one": ("leavers", "n")})
    assert list(made.frame) == ["site", "released_n", "released_leavers", "one", "flag"]


def test_audit_refuses_a_count_that_is_a_dimension():
    with pytest.raises(DataError, match='DAT-010 dims, counts: "n" in each'):
        audit(STAFF, counts="n", dims=["site", "n"], totals=ALL)


# --- labels ---------------------------------------------------------------------------------------------------------

BY_BAND = pd.DataFrame(
    {"site": ["North", "North", "South", "South"], "band": ["5 to 7", "8+"] * 2, "n": [60, 4, 95, 26]}
)


def by_site(first: str, second: str = "South") -> pd.DataFrame:
    return pd.DataFrame({"site": [first, second], "n": [64, 121]})


@pytest.mark.parametrize(
    ("label", "told", "call"),
    [
        (*label, call)
        for label, call in product(
            [
                ("north", "north"),
                ("North ", "North "),
                (" NORTH", " NORTH"),
                ("North\u00a0", r"North\xa0"),  # what looks like the other is told in escapes
                ("No\u200brth", r"No\u200brth"),
            ],
            [protect, audit],
        )
    ],
)
def test_a_label_in_two_spellings_is_refused(label: str, told: str, call: Any):
    given: dict[str, Any] = {"counts": "n", "dims": ["site", "band"]}
    with pytest.raises(DataError) as caught:
        call({"band": BY_BAND, "site": by_site(label)}, **given)
    assert codes(caught.value.problems) == [("DAT-006", 'site, column "site"')]
    assert f'label "{told}" beside "North"' in caught.value.problems[0].found
    # Without that the 4 people follow from 64 and 60.
    made = protect({"band": BY_BAND, "site": by_site("North")}, **given)
    assert np.isnan(made["band"].frame["released"][[0, 1]]).all()


@pytest.mark.parametrize("call", [protect, audit])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("25-34", "25\u201334"),
        ("25-34", "25 - 34"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("not stated", "not_stated"),
        (2023, 2023.0),
    ],
)
def test_what_readers_take_for_one_label_is_refused_in_two(one: object, other: object, call: Any):
    inner = pd.DataFrame({"age": [one, one, "x", "x"], "site": ["N", "S"] * 2, "n": [60, 4, 60, 60]})
    given: dict[str, Any] = {"counts": "n", "dims": ["age", "site"]}

    def outer(label: object) -> pd.DataFrame:
        return pd.DataFrame({"age": pd.Series([label, "x"], dtype=object), "n": [64, 120]})

    with pytest.raises(DataError, match="DAT-006 outer, column"):
        call({"inner": inner, "outer": outer(other)}, **given)
    made = protect({"inner": inner, "outer": outer(one)}, **given)
    assert np.isnan(made["inner"].frame["released"][1])


def test_a_dimension_with_an_underscore_is_the_one_without():
    one = pd.DataFrame({"staff_group": ["A", "B"], "site": ["N", "N"], "n": [60, 60]})
    other = one.drop(columns="site").rename(columns={"staff_group": "staff group"})
    found = refused({"one": one, "other": other}, dims=["staff_group", "staff group", "site"], totals=None)
    assert codes(found) == [("DAT-006", "other")]


def test_all_spellings_come_at_once_also_within_a_table():
    table = BY_BAND.assign(band=["5 to 7", "8+", "5 TO 7", "8+ "])
    problems = refused({"band": table, "site": by_site("north", "SOUTH")}, dims=["site", "band"], totals=None)
    assert codes(problems) == [("DAT-006", 'band, column "band"'), ("DAT-006", 'site, column "site"')]
    assert '"5 TO 7" beside "5 to 7", "8+ " beside "8+"' in problems[0].found
    assert '"north" beside "North", "SOUTH" beside "South"' in problems[1].found


def test_a_total_in_two_spellings_is_refused():
    other = pd.DataFrame({"site": ["all"], "band": ["8+"], "n": [30]})
    assert ("DAT-006", 'b, column "site"') in codes(
        refused({"a": STAFF[["site", "n"]], "b": other}, dims=["site", "band"])
    )


def test_labels_of_an_earlier_release_and_of_what_was_made_are_compared():
    made = protect(STAFF, counts="n", dims="site", totals=ALL)
    frame = made.frame.assign(site=["north", "South", "West", "All"])
    with pytest.raises(DataError, match=r'DAT-006 earlier: table, column "site": label "north" beside "North"'):
        audit(made, earlier=frame, counts="released")


def test_a_dimension_in_two_spellings_is_refused():
    found = refused(
        {"band": BY_BAND, "site": by_site("North").rename(columns={"site": "Site"})},
        dims=["site", "band", "Site"],
        totals=None,
    )
    assert codes(found) == [("DAT-006", "site")]


def test_labels_of_two_dimensions_may_differ_in_capitals():
    table = pd.DataFrame({"a": ["x", "y"], "b": ["X", "Y"], "n": [60, 70]})
    assert protect(table, counts="n", dims=["a", "b"]).frame["released"].tolist() == [60, 70]


def test_no_limit_is_a_negative_zero():
    cells = {"pr": 26.0, "ps": W, "pT": W, "qr": W, "qs": W, "qT": W, "Tr": W, "Ts": 64.0, "TT": 90.0}
    frame = pd.DataFrame([{"a": a, "b": b, "n": value} for (a, b), value in cells.items()])
    found = audit(frame, counts="n", dims=["a", "b"], totals={"a": "T", "b": "T"})
    assert (found["high"] == 0).any()
    assert not np.signbit(found[["low", "high"]].to_numpy(dtype=float)).any()
