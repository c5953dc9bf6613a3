"""Tables of people among what a notebook shows: registered by `show`, attacked together by `render`."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile, Released, load_profile
from evalkit.disclosure.attacking import SAFE, ReleasedTable, released_table, with_totals_of_parts
from evalkit.disclosure.cells import Layout, Place
from evalkit.disclosure.loss import loss_beside_naive
from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.releasing import counts_beside, label_columns
from evalkit.disclosure.rules import withheld
from evalkit.disclosure.spellings import one_spelling
from evalkit.disclosure.table_checks import Roles, layout_of
from evalkit.disclosure.union_attacks import attack_union
from evalkit.errors import Problem
from evalkit.report.counted_tables import (
    ALL,
    CountedTable,
    is_total,
    linked_names,
    people_tables,
    telling,
    without_contrasts,
)
from evalkit.result import Estimates

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LEAST_GROUPS = 2

_ROWS_NAMED = 5
# Counts that are not of staff: what happened to people, and some of them.
_EVENTS = re.compile(
    r"\b(absen\w+|accessed|agreed|answer\w*|appli\w+|appointed|bme|breaks?|disabled|disciplin\w+|events?|female|hired|"
    r"joine\w+|leav\w+|left|male|men|others?|posts|promoted|recruit\w+|respon\w+|short-?listed|"
    r"start\w+|trained|vacan\w+|white|women|yes)\b"
)
# Words for the same count, and columns of estimates that say whom a row is about.
_PEOPLE = frozenset({
    "n", "count", "employees", "headcount", "heads", "n people", "number", "number of staff", "people", "persons",
    "staff",
})  # fmt: skip
_ABOUT = (
    "band", "stratum", "by", "year", "from_year", "to_year", "period", "question", "characteristic", "indicator",
    "metric", "group", "cause", "term",
)  # fmt: skip


def as_released(protected: Protected) -> Released:
    """Turn a protected table into what can be shown.

    Parameters
    ----------
    protected : Protected
        What `protect` made.

    Returns
    -------
    Released
        Its frame, each released count under its own name; nothing else.
    """
    single = len(protected.counts) == 1
    names = {"released" if single else f"released_{count}": count for count in protected.counts}
    return Released(protected.frame.rename(columns=names), protected.counts, protected.profile)


def registered_tables(what: object, released: Released, token: str) -> list[dict[str, Any]]:
    """Describe the tables of people in something that is shown.

    Parameters
    ----------
    what : Protected, Estimates, Curve or pandas.DataFrame
        What came in.
    released : Released
        What may leave of it.
    token : str
        Of the run; empty outside `render`, and then nothing is described.

    Returns
    -------
    list of dict
        For each table `dims, totals, subset_of, profile, rows` (values of the dimensions) and `counts` (None where
        withheld): numbers that are shown, and no others. Of estimates and plain frames also `marks` of the true
        numbers, made with the token, `guarded` (which must not become known) and `whole`, the mark of everybody.
    """
    if not token or released.profile.releases_all:
        return []
    if isinstance(what, Protected):
        found = _of_protected(what, released)
        if len(found) == len(what.counts) == 1 and found[0]["totals"] == what.totals:
            found[0]["naive"] = _mark_of(sorted(what.loss["people_withheld"]), token)
        return found
    if isinstance(what, Estimates):
        return _of_estimates(what, released, token)
    if isinstance(what, pd.DataFrame):
        return _of_frame(what, released, token)
    return []


def _of_protected(what: Protected, released: Released) -> list[dict[str, Any]]:
    """Describe a protected table; rows of a total that was not named as one by themselves."""
    labels = what.frame[list(what.dims)].astype(str).reset_index(drop=True)
    totals = {dim: found for dim in labels.columns if dim not in what.totals and (found := _named_total(labels[dim]))}
    pattern = pd.Series([str([row[dim] == totals[dim] for dim in totals]) for _, row in labels.iterrows()])
    counts = released.frame[list(what.counts)].reset_index(drop=True)
    return [
        _table(
            what.dims,
            {**totals, **what.totals},
            labels.loc[rows].to_numpy().tolist(),
            {count: counts.loc[rows, count].tolist() for count in what.counts},
            released.profile,
            what.linked_subset_of or what.subset_of,
        )
        for rows in pattern.groupby(pattern, sort=False).groups.values()
    ]


def _named_total(labels: pd.Series) -> str:
    named = [label for label in dict.fromkeys(labels) if is_total(label)]
    return named[0] if len(named) == 1 else ""


def _table(
    dims: Sequence[str],
    totals: Mapping[str, str],
    rows: Sequence[Sequence[str]],
    counts: Mapping[str, Sequence[float]],
    profile: Profile,
    subset_of: Mapping[str, str],
) -> dict[str, Any]:
    told = {name: [None if np.isnan(value) else float(value) for value in values] for name, values in counts.items()}
    return {
        "dims": list(dims),
        "totals": dict(totals),
        "subset_of": dict(subset_of),
        "profile": profile.name,
        "rows": [list(row) for row in rows],
        "counts": told,
    }


def _marked(table: CountedTable, count: str, profile: Profile, token: str) -> dict[str, Any]:
    """Describe a table of which the true numbers are known, without telling them."""
    told = _table(table.dims, dict.fromkeys(table.dims, ALL), table.rows, {count: table.shown.tolist()}, profile, {})
    whole = table.whole()
    return {
        **told,
        "marks": [_mark(value, token) for value in table.truth],
        "guarded": [bool(flag) for flag in table.guarded],
        "whole": "" if np.isnan(whole) else _mark(whole, token),
    }


def _mark(people: float, token: str) -> str:
    return hmac.new(token.encode(), f"people {people:.0f}".encode(), hashlib.sha256).hexdigest()


def _mark_of(people: Iterable[float], token: str) -> str:
    return _mark(0, token + "/".join(f"{value:.0f}" for value in people))


def _of_estimates(result: Estimates, released: Released, token: str) -> list[dict[str, Any]]:
    """Describe the numbers of people of each row, and everybody whom a result rests on."""
    used = float(result.method.n_used)
    told = used if used and f"n = {used:,.0f}" in released.caption else np.nan
    found = []
    if not np.isnan(told):
        everybody = CountedTable(("all",), ((ALL,),), np.array([used]), np.array([told]), np.array([False]))
        found.append(_marked(everybody, "n", released.profile, token))
    if len(released.frame) != len(result.frame):
        return found
    frame = result.frame.reset_index(drop=True)
    labels = frame[[name for name in _ABOUT if name in frame.columns]]
    shown = {
        name: pd.to_numeric(released.frame[name]).to_numpy(dtype=float) for name in _counts_in(released.frame, frame)
    }
    n = frame["n"].to_numpy(dtype=float)
    for count, values in shown.items():
        truth = frame[count].to_numpy(dtype=float)
        guarded = _guarded(truth, n, released.profile)
        dims = telling(labels, truth, ("term",))
        rows = _Rows(labels[dims], truth, values, guarded)
        if "group" in dims:
            rows = _without_pairs(rows)
        name = count
        if count != "n" and "group" in dims:
            whole = _with_whole(rows, n, shown["n"])
            rows, name = (rows, count) if whole is None else (whole, "n")
        found += [_marked(table, name, released.profile, token) for table in people_tables(*rows)]
    return found


class _Rows(NamedTuple):
    labels: pd.DataFrame
    truth: Floats
    shown: Floats
    guarded: Flags


def _counts_in(released: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """Name the columns of estimates that are shown and count people, n first."""
    return ["n", *(name for name in counts_beside(frame) if name in released.columns)]


def _guarded(truth: Floats, n: Floats, profile: Profile) -> Flags:
    """Tell which numbers must not become known: small ones, and those that leave few of n; not that of nobody."""
    left = n - truth
    small = withheld(truth, profile) | (withheld(left, profile) & (left > 0))
    return np.asarray((small & (truth != 0)) | (profile.rounding != "none"))


def _without_pairs(rows: _Rows) -> _Rows:
    """Take rows about two groups together for their total, or leave them out."""
    _, pair = without_contrasts(rows.labels["group"])
    if not pair.any():
        return rows
    others = [name for name in rows.labels.columns if name != "group"]
    keys = [tuple(map(str, row)) for row in rows.labels[others].to_numpy().tolist()]
    inside: dict[tuple[str, ...], float] = {}
    single = rows.labels.assign(n=rows.truth)[~pair].drop_duplicates()
    for at in single.index:
        inside[keys[at]] = inside.get(keys[at], 0.0) + rows.truth[at]
    total = np.array(
        [
            bool(flag) and inside.get(key) == rows.truth[at]
            for at, (flag, key) in enumerate(zip(pair, keys, strict=True))
        ]
    )
    keep = ~pair | total
    labels = rows.labels.assign(group=rows.labels["group"].where(~total, ALL))
    return _Rows(labels[keep].reset_index(drop=True), rows.truth[keep], rows.shown[keep], rows.guarded[keep])


def _with_whole(rows: _Rows, n: Floats, shown: Floats) -> _Rows | None:
    """Add n as the total of a count, where it is so in every stratum."""
    others = [name for name in rows.labels.columns if name != "group"]
    if len(rows.truth) != len(n):
        return None
    frame = rows.labels.assign(truth=rows.truth, n=n, shown=shown).astype({"group": object})
    inside = frame[frame["group"].notna()].drop_duplicates([*others, "group"])
    added = []
    for _, part in inside.groupby(others, dropna=False, sort=False) if others else [(None, inside)]:
        whole = part["n"].unique()
        if len(whole) != 1 or part["truth"].sum() != whole[0] or len(part) < _LEAST_GROUPS:
            return None
        added.append(part.iloc[[0]].assign(group=ALL, truth=whole[0], shown=part["shown"].max()))
    if not added:
        return None
    total = pd.concat(added)
    return _Rows(
        pd.concat([rows.labels.astype(object), total[list(rows.labels.columns)].astype(object)], ignore_index=True),
        np.concatenate([rows.truth, total["truth"]]),
        np.concatenate([rows.shown, total["shown"]]),
        np.concatenate([rows.guarded, np.zeros(len(total), dtype=bool)]),
    )


def _of_frame(frame: pd.DataFrame, released: Released, token: str) -> list[dict[str, Any]]:
    """Describe the counts of a plain frame by the text columns in front, and once more without those that are alike."""
    table = frame.reset_index(drop=True).set_axis([str(name) for name in frame.columns], axis="columns")
    labels = table[[name for name in table.columns if name in label_columns(table)]]
    varied = [name for name in labels.columns if len(labels[name].unique()) > 1]
    found = []
    for count in released.counts:
        truth = pd.to_numeric(table[count], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        shown = released.frame[count].to_numpy(dtype=float)
        guarded = withheld(truth, released.profile) | (released.profile.rounding != "none")
        for dims in dict.fromkeys([tuple(labels.columns), tuple(varied)]):
            rows = _Rows(labels[list(dims)], truth, shown, guarded)
            found += [_marked(each, count, released.profile, token) for each in people_tables(*rows)]
    return found


def leaks(registered: Sequence[Mapping[str, Any]], name: str, token: str) -> list[Problem]:
    """Attack all registered tables together.

    Parameters
    ----------
    registered : sequence of mapping
        Of each output its `title` and its `tables`.
    name : str
        Of the notebook, for the message.
    token : str
        Of the run, by which the marks of true numbers were made.

    Returns
    -------
    list of Problem
        DIS-005 for each table with a cell that can be worked out or is told too closely.
    """
    titled = [wrong for linked in _readings(_told(registered)) if len(wrong := _wrong_cells(linked, token))]
    problems = []
    for title, rows in pd.concat(titled).groupby("table", sort=False) if titled else ():
        cells = list(dict.fromkeys(f"{row.row} ({row.verdict})" for row in rows.itertuples()))
        more = f" and {len(cells) - _ROWS_NAMED} more" if len(cells) > _ROWS_NAMED else ""
        problems.append(
            Problem(
                "DIS-005",
                f'{name}, "{title}"',
                f"cells that can be worked out from all that is shown: {'; '.join(cells[:_ROWS_NAMED])}{more}",
                "tables from which nothing withheld follows",
                "Protect the tables together with protect(), or leave one out.",
            )
        )
    return problems


def leaking(registered: Sequence[Mapping[str, Any]], token: str, first: int = 0) -> tuple[list[str], int]:
    """Name tables from which something withheld follows, by the first way to link them that finds one.

    Who takes tables out until nothing is found begins again with the way that found something last: what it finds is
    most often not all that it would, and the other ways have to be gone through only once.

    Parameters
    ----------
    registered : sequence of mapping
        Of each output its `title` and its `tables`.
    token : str
        By which the marks of true numbers were made.
    first : int, default 0
        Number of the way to begin with; after the last comes the first.

    Returns
    -------
    titles : list of str
        Of the tables; empty only when no way finds anything.
    way : int
        Number of the way that found them.
    """
    readings = _readings(_told(registered))
    for step in range(len(readings)):
        way = (first + step) % len(readings)
        wrong = _wrong_cells(readings[way], token)
        if len(wrong):
            return list(dict.fromkeys(wrong["table"])), way
    return [], first


def _told(registered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**table, "output": number, "title": str(mark["title"])}
        for number, mark in enumerate(registered)
        for table in mark.get("tables", [])
    ]


def _wrong_cells(linked: Sequence[Mapping[str, Any]], token: str) -> pd.DataFrame:
    """Attack tables that are linked in one way: the cells that are not safe, with the titles of their tables."""
    found = attack_union([_read(str(at), table, token) for at, table in enumerate(linked)])
    wrong = found[found["verdict"] != SAFE]
    return wrong.assign(table=[linked[int(at)]["title"] for at in wrong["table"]])


def _readings(tables: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Link tables by the names of their columns, by their labels and numbers, and as if all counts were of the staff.

    Of a total it is not known whether it is of everybody or of those who stand beside it: both are tried.
    """
    named = [_renamed(table, one_spelling, _count_name) for table in tables]
    linked, alike = _same_counts(_one_name(named)), _one_count(_one_name(named, by_one=True))
    found = [named]
    for reading in (linked, alike, _totals_of_parts(linked), _totals_of_parts(alike)):
        if reading not in found:
            found.append(reading)
    return found


def _one_name(tables: Sequence[dict[str, Any]], *, by_one: bool = False) -> list[dict[str, Any]]:
    """Give dimensions with the same labels one name."""
    found: list[dict[str, str]] = [{} for _ in tables]
    for at, dim, home in linked_names([_labels_of(table) for table in tables], by_one=by_one):
        found[at][dim] = home
    return [_renamed(table, partial(_or_own, names), str) for table, names in zip(tables, found, strict=True)]


def _one_count(tables: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take counts with any name for the same, but those that are named as a part of the staff; those of one output not.

    Two tables can be of the same people and share no number, as of each something else is withheld.
    """
    return [
        {**table, "counts": {"n": values}, "subset_of": {}, "was": count}
        if _EVENTS.search(count) is None
        else {**table, "counts": {count: values}, "subset_of": {}}
        for table in tables
        for count, values in table["counts"].items()
    ]


def _totals_of_parts(tables: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take a total for that of its own labels, where another table has some of them and others."""
    labels = [_labels_of(table) for table in tables]
    found = []
    for at, (table, own) in enumerate(zip(tables, labels, strict=True)):
        others = [dims for number, dims in enumerate(labels) if number != at]
        of_part = [
            dim
            for dim, mine in own.items()
            if any(not mine.isdisjoint(dims.get(dim, ())) and not dims[dim] <= mine for dims in others)
        ]
        found.append({**table, "of_part": of_part, "whole": ""} if of_part else table)
    return found


def _or_own(names: Mapping[str, str], name: str) -> str:
    return names.get(name, name)


def _count_name(name: str) -> str:
    return "n" if one_spelling(name) in _PEOPLE else one_spelling(name)


def _labels_of(table: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {
        dim: frozenset(row[at] for row in table["rows"]) - {table["totals"].get(dim, ALL)}
        for at, dim in enumerate(table["dims"])
    }


def _renamed(
    table: Mapping[str, Any], dim_name: Callable[[str], str], count_name: Callable[[str], str]
) -> dict[str, Any]:
    """Name dimensions and counts anew; two that would have one name keep their own."""
    dims = _apart(table["dims"], dim_name)
    counts = _apart(list(table["counts"]), count_name)
    return {
        **table,
        "dims": [dims[dim] for dim in table["dims"]],
        "totals": {dims[dim]: one_spelling(label) for dim, label in table["totals"].items()},
        "subset_of": {
            _or_told(counts, part, count_name): _or_told(counts, whole, count_name)
            for part, whole in table["subset_of"].items()
        },
        "rows": [[one_spelling(label) for label in row] for row in table["rows"]],
        "counts": {counts[count]: values for count, values in table["counts"].items()},
        "labels": table.get("labels") or _written(table),
    }


def _or_told(counts: Mapping[str, str], name: str, count_name: Callable[[str], str]) -> str:
    """Name a count anew; one that stands in another table of the same release as that table will name it."""
    return counts.get(name) or count_name(name)


def _apart(names: Sequence[str], made: Callable[[str], str]) -> dict[str, str]:
    new = {name: made(name) for name in names}
    return {name: told if list(new.values()).count(told) == 1 else name for name, told in new.items()}


def _written(table: Mapping[str, Any]) -> list[str]:
    return [", ".join(f"{dim} {label}" for dim, label in zip(table["dims"], row, strict=True)) for row in table["rows"]]


def _same_counts(tables: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give counts of two outputs one name when they print the same number for a cell, and for none different ones."""
    told: dict[tuple[int, str], dict[Place, float]] = {}
    for table in tables:
        places = layout_of("", _frame(table), Roles((), tuple(table["dims"]), table["totals"], {})).places
        for count, values in table["counts"].items():
            cells = {place: value for place, value in zip(places, values, strict=True) if value is not None}
            told.setdefault((table["output"], count), {}).update(cells)
    names: dict[tuple[int, str], str] = {}
    for (output, count), cells in told.items():
        own = {other for number, other in told if number == output}
        before = [
            key for key in names if key[0] != output and names[key] not in own and _same_numbers(cells, told[key])
        ]
        names[output, count] = names[before[0]] if before else count
    return [
        _renamed(table, str, partial(_or_own, {count: names[table["output"], count] for count in table["counts"]}))
        for table in tables
    ]


def _same_numbers(one: Mapping[Any, float], other: Mapping[Any, float]) -> bool:
    shared = [place for place in one if place in other]
    return bool(shared) and all(one[place] == other[place] for place in shared)


def _frame(told: Mapping[str, Any]) -> pd.DataFrame:
    dims = list(told["dims"])
    return pd.DataFrame([list(row) for row in told["rows"]], columns=dims, index=range(len(told["rows"])))


def _read(label: str, told: Mapping[str, Any], token: str) -> ReleasedTable:
    dims, counts = list(told["dims"]), dict(told["counts"])
    frame = _frame(told).assign(
        **{
            count: np.array([np.nan if value is None else value for value in values], dtype=float)
            for count, values in counts.items()
        }
    )
    roles = Roles(tuple(counts), tuple(dims), dict(told["totals"]), dict(told["subset_of"]))
    table = replace(
        released_table(label, frame, roles, load_profile(str(told["profile"]))), labels=tuple(told["labels"])
    )
    layout = table.layout
    table = with_totals_of_parts(table, told.get("of_part", ()))
    # Two counts of one output are not the same.
    own = {("n", frozenset([("output", str(told["output"]))])): told["was"]} if "was" in told else {}
    if "marks" not in told:
        exact = "naive" in told and table.profile.rounding == "none"
        return replace(
            table, marks=own, fits=partial(_fits, layout, table, dims, str(told["naive"]), token) if exact else None
        )
    (count,) = counts
    marks = own | {(count, place): mark for place, mark in zip(table.layout.places, told["marks"], strict=True)}
    if told["whole"]:
        marks.setdefault((count, frozenset()), told["whole"])
    return replace(
        table,
        marks=marks,
        holds=partial(_holds, list(told["marks"]), list(told["guarded"]), token, table.profile),
        guarded=np.array(told["guarded"], dtype=bool),
    )


def _fits(
    layout: Layout, table: ReleasedTable, dims: Sequence[str], mark: str, token: str, count: str, people: Floats
) -> bool:
    """Tell whether naive rules would withhold as many of these people as they would of the true ones."""
    loss = loss_beside_naive(layout, {count: people}, {count: table.released[count]}, dims, table.profile)
    return _mark_of(sorted(loss["people_withheld"]), token) == mark


def _holds(
    marks: Sequence[str],
    guarded: Sequence[bool],
    token: str,
    profile: Profile,
    _count: str,
    row: int,
    low: float,
    high: float,
) -> bool:
    """Tell whether a number that must not be known lies between two limits that are close to each other.

    Which rows add up was read from the numbers: limits that leave more than the rule would are not held against them.
    """
    if not guarded[row] or high - low + 1 > max(profile.threshold, profile.base):
        return False
    return any(_mark(value, token) == marks[row] for value in range(int(low), int(high) + 1))
