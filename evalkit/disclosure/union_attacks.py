"""Attack tables of which it is not known whether they are of the same people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np
import pandas as pd

from evalkit.disclosure.attacking import (
    COLUMNS,
    CONTRADICTORY,
    SAFE,
    VERDICTS,
    ReleasedTable,
    attack,
    dims_of,
    possible,
    tied_counts,
)

Row: TypeAlias = tuple[object, ...]
# Beyond so many sets of tables that may be of the same people, tables are put together by twos.
_MOST_SETS = 200


def attack_union(tables: Sequence[ReleasedTable]) -> pd.DataFrame:
    """Attack tables of which it is not known whether they are of the same people.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        What is to be released, each under a name of its own.

    Returns
    -------
    pandas.DataFrame
        As `audit` gives it, for all tables, each cell once with the worst verdict. Each table is attacked by itself,
        and with every largest set of tables that can be of the same people: that do not print different numbers for one
        cell, and that some people agree with. So a second year on the page does not keep two tables of the first from
        being put together. Limits that the true number is not within were worked out from other people's tables, and
        do not count. A table that contradicts itself has the verdict "contradictory" in a row of its own. The limits of
        safe cells are attained, not the furthest.
    """
    found = [row for table in tables for row in _by_itself(table)]
    alike = _distinct(tables)
    by_name = {table.layout.name: table for table in tables}
    done: set[frozenset[str]] = set()
    known: dict[frozenset[str], bool] = {}
    for group in _compatible(alike):
        for together in _attacked(group, done, known):
            others = _of_others(together, by_name)
            found += [
                (row, *_believed(by_name[str(row[0])], row))
                for row in together.itertuples(index=False, name=None)
                if (row[0], row[5]) not in others
            ]
    return _worst(found, [table.layout.name for table in tables])


def _by_itself(table: ReleasedTable) -> list[tuple[Row, str]]:
    alone = attack([table], furthest=False)
    if alone is None:
        if table.holds is not None:
            return []  # its totals were found, not told: then they are none
        row = (table.layout.name, "all rows", float("nan"), float("nan"), CONTRADICTORY, table.layout.counts[0])
        return [(row, CONTRADICTORY)]
    return [(row, *_believed(table, row)) for row in alone.itertuples(index=False, name=None)]


def _of_others(found: pd.DataFrame, by_name: Mapping[str, ReleasedTable]) -> set[tuple[object, object]]:
    """Find counts of tables that were worked out to the last cell, and not as they are: from other people's tables."""
    wrong: set[tuple[object, object]] = set()
    for (name, count), rows in found.groupby(["table", "count"], sort=False):
        table = by_name[str(name)]
        if table.fits is None or str(count) not in table.released or not (rows["low"] == rows["high"]).all():
            continue
        at = dict(zip(rows["row"], rows["low"], strict=True))
        values = np.array([
            at.get(label, np.nan) if np.isnan(told) else told
            for label, told in zip(table.labels, table.released[str(count)], strict=True)
        ])  # fmt: skip
        if not np.isnan(values).any() and not table.fits(str(count), values):
            wrong.add((name, count))
    return wrong


def _believed(table: ReleasedTable, row: Row) -> tuple[str]:
    """Judge a finding again where the true number is known."""
    _, label, low, high, verdict, count = row
    if verdict == SAFE or table.holds is None or label not in table.labels or count not in table.released:
        return (str(verdict),)
    at = table.labels.index(str(label))
    return (str(verdict) if table.holds(str(count), at, float(str(low)), float(str(high))) else SAFE,)


def _worst(found: Sequence[tuple[Row, str]], names: Sequence[str]) -> pd.DataFrame:
    """Keep each cell once, told as closely as it is told anywhere."""
    worst: dict[tuple[object, object, object], Row] = {}
    for row, verdict in found:
        key = (row[0], row[1], row[5])
        before = worst.get(key)
        if before is None or VERDICTS.index(verdict) > VERDICTS.index(str(before[4])):
            worst[key] = (*row[:4], verdict, row[5])
    frame = pd.DataFrame(list(worst.values()), columns=list(COLUMNS))
    order = {name: at for at, name in enumerate(names)}
    return frame.sort_values("table", key=lambda each: each.map(order), kind="stable").reset_index(drop=True)


def _distinct(tables: Sequence[ReleasedTable]) -> list[ReleasedTable]:
    """Leave out tables that say what another one says."""
    kept: dict[object, ReleasedTable] = {}
    for table in tables:
        told = tuple((count, tuple(np.nan_to_num(values, nan=-1.0))) for count, values in table.released.items())
        ties = tuple(sorted(table.subset_of.items()))
        kept.setdefault((table.layout.places, told, ties, table.profile.name, table.holds is None), table)
    return list(kept.values())


def _compatible(tables: Sequence[ReleasedTable]) -> list[list[ReleasedTable]]:
    """Find the largest sets of two tables or more of which any two can be of the same people."""
    agreeing: dict[int, set[int]] = {at: set() for at in range(len(tables))}
    for one, other in combinations(range(len(tables)), 2):
        if _linked(tables[one], tables[other]) and _agree(tables[one], tables[other]):
            agreeing[one].add(other)
            agreeing[other].add(one)
    sets: list[list[ReleasedTable]] = []
    for found in _largest_sets(set(), set(agreeing), set(), agreeing):
        if len(sets) == _MOST_SETS:
            return [[tables[one], tables[other]] for one in agreeing for other in agreeing[one] if one < other]
        if len(found) > 1:
            sets.append([tables[at] for at in sorted(found)])
    return sets


def _largest_sets(
    inside: set[int], left: set[int], seen: set[int], agreeing: Mapping[int, set[int]]
) -> Iterator[set[int]]:
    """List the maximal cliques (Bron and Kerbosch, with a pivot)."""
    if not left and not seen:
        yield inside
        return
    pivot = max(left | seen, key=lambda at: len(left & agreeing[at]))
    for at in sorted(left - agreeing[pivot]):
        yield from _largest_sets(inside | {at}, left & agreeing[at], seen & agreeing[at], agreeing)
        left = left - {at}
        seen = seen | {at}


def _attacked(
    group: Sequence[ReleasedTable], done: set[frozenset[str]], known: dict[frozenset[str], bool]
) -> list[pd.DataFrame]:
    names = frozenset(table.layout.name for table in group)
    if len(group) < 2 or names in done:
        return []
    done.add(names)
    together = attack(group, furthest=False)
    if together is None:
        # Of a ring some table may have other categories than the others, and what they share is told all the same.
        together = attack(group, joint=False, furthest=False)
    if together is not None:
        return [together]
    # Any two may be of the same people and all of them not: as many as agree, with each of them in turn.
    return [
        part
        for first in group
        for part in _attacked(_agreeing_with(first, group, known), done, known)
        if len(group) > 2  # two that disagree are not put together
    ]


def _agreeing_with(
    first: ReleasedTable, group: Sequence[ReleasedTable], known: dict[frozenset[str], bool]
) -> list[ReleasedTable]:
    """Take as many tables as agree with one; the same sets come again and again, so what was found is kept."""
    kept = [first]
    for table in group:
        names = frozenset(each.layout.name for each in (*kept, table))
        if table is not first and (
            known[names] if names in known else known.setdefault(names, possible([*kept, table]))
        ):
            kept.append(table)
    return kept if len(kept) < len(group) else []


def _linked(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables have a cell, or a dimension to add up over, in common, of counts that are tied."""
    if not any(
        {*family} & {*one.released} and {*family} & {*other.released} for family, _ in tied_counts([one, other])
    ):
        return False
    places, others = set(one.layout.places), set(other.layout.places)
    if frozenset() in places | others or places & others:
        return True
    return bool(dims_of(places) & dims_of(others))


def _agree(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables may be of the same people."""
    if any(other.marks.get(key, mark) != mark for key, mark in one.marks.items()):
        return False
    if one.profile != other.profile:
        return True
    for count in set(one.released) & set(other.released):
        known = dict(zip(one.layout.places, one.released[count], strict=True))
        for place, value in zip(other.layout.places, other.released[count], strict=True):
            before = known.get(place, np.nan)
            if not (np.isnan(value) or np.isnan(before) or value == before):
                return False
    return possible([one, other])
