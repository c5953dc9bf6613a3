"""How many were at risk, left and were censored at each time, in all groups at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# A grid of groups and times is used when it has at most so many cells for each row; else times are sorted by group.
_CELLS_A_ROW = 4
_SMALL_GRID = 100_000
_TABLE = 4_000_000
_MANY = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class LifeRows:
    """Rows at risk in (start, stop], each in one group.

    Parameters
    ----------
    group : numpy.ndarray of int
        Shape (rows,), from 0 on.
    start, stop : numpy.ndarray of float
        Shape (rows,), in one unit, start below stop.
    cause : numpy.ndarray of int
        Shape (rows,): 0 when nobody left at `stop`, else the number of the cause, from 1 on.
    ends : numpy.ndarray of bool
        Shape (rows,): whether a row without a leaver is censored at `stop`; else it goes on in another group.
    weight : numpy.ndarray of float or None
        Shape (rows,), above 0; None for weights of 1.
    cluster : numpy.ndarray of int
        Shape (rows,): code of whom or what the row belongs to.
    """

    group: Ints
    start: Floats
    stop: Floats
    cause: Ints
    ends: Flags
    weight: Floats | None
    cluster: Ints


@dataclass(frozen=True, slots=True, eq=False)
class LifeCounts:
    """Counts at the times of each group: groups follow each other, times rise within a group.

    Parameters
    ----------
    offsets : numpy.ndarray of int
        Shape (groups + 1,): where each group begins among the times, and the end.
    time : numpy.ndarray of float
        Shape (times,): when somebody left, was censored or went to another group.
    at_risk : numpy.ndarray of int
        Shape (times,): rows at risk just before the time. At least 1.
    events : numpy.ndarray of int
        Shape (times, causes): rows that left at the time.
    censored, moved : numpy.ndarray of int
        Shape (times,): rows that were censored, or went on in another group.
    weighted_at_risk, weighted_events : numpy.ndarray of float
        As `at_risk` and `events`, in weights.
    first, last : numpy.ndarray of int
        Shape (rows,): place of the first time at which each row is at risk, and of its end.
    """

    offsets: Ints
    time: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    moved: Ints
    weighted_at_risk: Floats
    weighted_events: Floats
    first: Ints
    last: Ints

    @property
    def group(self) -> Ints:
        """Shape (times,): group of each time."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """All groups side by side at the times at which anybody of a stratum left.

    Parameters
    ----------
    stratum : int
        Number of the stratum. Tables of a stratum follow each other in time.
    at_risk : numpy.ndarray of float
        Shape (groups, times): at risk just before each time, in weights.
    events : numpy.ndarray of float
        Shape (causes, groups, times): left at each time, in weights.
    """

    stratum: int
    at_risk: Floats
    events: Floats


def event_tables(
    rows: LifeRows, stratum: Ints, *, n_groups: int, n_causes: int, cells: int = _TABLE
) -> Iterator[EventTable]:
    """Count all groups at each time of leaving, stratum by stratum.

    Parameters
    ----------
    rows : LifeRows
        Who was at risk when.
    stratum : numpy.ndarray of int
        Shape (rows,), from 0 on.
    n_groups, n_causes : int
        Number of groups and causes.
    cells : int
        About so many groups times times are worked off at once, so that memory has a bound.

    Yields
    ------
    EventTable
        At least one for each stratum in which somebody left.
    """
    order = np.argsort(stratum, kind="stable")
    bounds = np.searchsorted(stratum[order], np.arange(int(stratum.max(initial=-1)) + 2))
    for number, (low, high) in enumerate(pairwise(bounds.tolist())):
        some = order[low:high] if len(bounds) > 2 else slice(None)
        yield from _tables_of(number, rows, some, n_groups, n_causes, cells)


def _tables_of(
    number: int, rows: LifeRows, some: Ints | slice, n_groups: int, n_causes: int, cells: int
) -> Iterator[EventTable]:
    group, cause = rows.group[some], rows.cause[some]
    weight = None if rows.weight is None else rows.weight[some]
    left = np.flatnonzero(cause > 0)
    times = np.unique(rows.stop[some][left])
    begin, end = (_position(times, at[some]) for at in (rows.start, rows.stop))
    step = max(cells // n_groups, 1)
    at_risk = np.zeros((n_groups, 1))
    causes = (cause[left] - 1) * n_groups + group[left]
    weight_left = None if weight is None else weight[left]
    for low in range(0, len(times), step):
        shape = (n_groups, min(step, len(times) - low))
        moved = _cells(group, begin - low, weight, shape) - _cells(group, end - low, weight, shape)
        present = at_risk + np.cumsum(moved, axis=1)
        at_risk = present[:, -1:]
        events = _cells(causes, end[left] - 1 - low, weight_left, (n_causes * n_groups, shape[1]))
        yield EventTable(number, present, events.reshape(n_causes, *shape))


def _cells(line: Ints, place: Ints, weight: Floats | None, shape: tuple[int, int]) -> Floats:
    """Add up what falls into each cell of a block of times; what lies outside of it is left out."""
    here = (place >= 0) & (place < shape[1])
    if not here.all():
        line, place, weight = line[here], place[here], None if weight is None else weight[here]
    found = np.bincount(line * shape[1] + place, weight, minlength=shape[0] * shape[1])
    return found.astype(float).reshape(shape)


def joined(group: Ints, spell: Ints, weight: Floats | None) -> tuple[Flags, Flags]:
    """Find rows that only go on with the row before, or only go on in the row after.

    Parameters
    ----------
    group : numpy.ndarray of int
        Shape (rows,), in the order of the spells and of time.
    spell : numpy.ndarray of int
        Shape (rows,): uninterrupted spell of each row.
    weight : numpy.ndarray of float or None
        Shape (rows,).

    Returns
    -------
    tuple of numpy.ndarray of bool
        Shape (rows,) each: rows that begin a stretch of one group, and rows that end one.
    """
    goes_on = (spell[1:] == spell[:-1]) & (group[1:] == group[:-1])
    if weight is not None:
        goes_on &= weight[1:] == weight[:-1]
    edge = np.ones(min(len(group), 1), dtype=bool)
    return np.concatenate([edge, ~goes_on]), np.concatenate([~goes_on, edge])


def count_lives(rows: LifeRows, *, n_groups: int, n_causes: int) -> LifeCounts:
    """Count all groups at once, with bincounts: the work grows with the rows.

    Parameters
    ----------
    rows : LifeRows
        Who was at risk when.
    n_groups, n_causes : int
        Number of groups and causes.

    Returns
    -------
    LifeCounts
        A group without rows has no times.

    Examples
    --------
    >>> each = np.arange(3)
    >>> times = np.array([2.0, 5.0, 5.0])
    >>> rows = LifeRows(0 * each, 0.0 * times, times, np.array([1, 0, 2]), times > 0, None, each)
    >>> counts = count_lives(rows, n_groups=1, n_causes=2)
    >>> counts.at_risk.tolist(), counts.events.tolist(), counts.censored.tolist()
    ([3, 2], [[1, 0], [0, 1]], [0, 1])
    """
    times = np.unique(rows.stop)
    stop_key = rows.group * len(times) + _position(times, rows.stop) - 1
    start_key = rows.group * len(times) + _position(times, rows.start)
    keys, first, last = _places(start_key, stop_key, n_groups * len(times))
    cells, left = len(keys), rows.cause > 0
    going = rows.weight
    entered, gone = (np.bincount(place, minlength=cells) for place in (first, last))
    at_risk = _at_risk(entered, gone)
    event_key = last[left] * n_causes + rows.cause[left] - 1
    events = np.bincount(event_key, minlength=cells * n_causes).reshape(cells, n_causes)
    weighted_at_risk, weighted_events = at_risk.astype(float), events.astype(float)
    if going is not None:
        weighted_at_risk = _at_risk(*(np.bincount(place, weights=going, minlength=cells) for place in (first, last)))
        weighted_events = np.bincount(event_key, weights=going[left], minlength=cells * n_causes)
        weighted_events = weighted_events.reshape(cells, n_causes)
        # Where everybody leaves, sums of the same weights in another order must not differ.
        everybody = events.sum(axis=1) == at_risk
        weighted_at_risk[everybody] = weighted_events[everybody].sum(axis=1)
    group = keys // max(len(times), 1)
    return LifeCounts(
        offsets=np.searchsorted(group, np.arange(n_groups + 1)),
        time=times[keys % max(len(times), 1)],
        at_risk=at_risk,
        events=events,
        censored=np.bincount(last[~left & rows.ends], minlength=cells),
        moved=np.bincount(last[~left & ~rows.ends], minlength=cells),
        weighted_at_risk=weighted_at_risk,
        weighted_events=weighted_events,
        first=first,
        last=last,
    )


def _places(start_key: Ints, stop_key: Ints, grid: int) -> tuple[Ints, Ints, Ints]:
    """Number the pairs of group and time that occur; the first at or after each start, and that of each stop."""
    if grid <= _CELLS_A_ROW * len(stop_key) + _SMALL_GRID:
        present = np.zeros(grid, dtype=bool)
        present[stop_key] = True
        before = np.cumsum(present) - present
        return np.flatnonzero(present), before[start_key], before[stop_key]
    # Plain sorting: numpy's unique whole numbers go through a table that is slow when most are distinct.
    keys = np.sort(stop_key)
    keys = keys[np.r_[True, keys[1:] != keys[:-1]]] if len(keys) else keys
    return keys, _position(keys, start_key - 1), _position(keys, stop_key) - 1


def _position(among: npt.NDArray[Any], values: npt.NDArray[Any]) -> Ints:
    """Count how many of sorted values are at or below each of others."""
    if len(among) < _MANY:
        return np.searchsorted(among, values, side="right")
    # A long list is looked up in order, or each look-up would wait for memory.
    order = np.argsort(values)
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.searchsorted(among, values[order], side="right")
    return found


def _at_risk(entered: npt.NDArray[Any], gone: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # Whoever enters a group leaves it at a time of that group, so that each group begins with nobody.
    return np.asarray(np.cumsum(entered) - np.cumsum(gone) + gone)
