"""Who was in post at which snapshot, and who left between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.staff_columns import Coded, Floats, Ints, coded, columns_problems, numbers, people_numbered
from evalkit.errors import Problem
from evalkit.frames import Problems, require, rows_named

Days = npt.NDArray[np.datetime64]

# Ways of leaving active service after which people are expected back, or after which nobody has gone.
NOT_LOSSES = ("career break", "record closed")
UNKNOWN = "unknown"
_SNAPSHOT_MISSING = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Snapshots:
    """Staff in post, one entry a person a snapshot.

    Parameters
    ----------
    person : numpy.ndarray of int
        Shape (rows,): place of the person in `people`.
    people : pandas.Index
        Shape (people,): what names them in the files.
    at : numpy.ndarray of int
        Shape (rows,): place of the snapshot in `dates`.
    dates : numpy.ndarray of datetime64
        Shape (snapshots,): days, ascending.
    group : Coded
        Group of each row; one group where nobody asked for groups.
    fte : numpy.ndarray of float, optional
        Shape (rows,): full-time equivalents.
    started : numpy.ndarray of datetime64, optional
        Shape (rows,): day on which service began, NaT where not known.
    """

    person: Ints
    people: pd.Index
    at: Ints
    dates: Days
    group: Coded
    fte: Floats | None
    started: Days | None

    def heads(self, weights: Floats | None = None) -> Floats:
        """Count people, or add up their weights, by snapshot and group.

        Parameters
        ----------
        weights : numpy.ndarray of float, optional
            Shape (rows,); 1 each where left out.

        Returns
        -------
        numpy.ndarray of float
            Shape (snapshots, groups).
        """
        groups = len(self.group.labels)
        cells = np.bincount(self.at * groups + self.group.codes, weights, minlength=len(self.dates) * groups)
        return np.asarray(cells, dtype=float).reshape(len(self.dates), groups)


@dataclass(frozen=True, slots=True, eq=False)
class Leavers:
    """People who left, one entry each.

    Parameters
    ----------
    person : numpy.ndarray of int
        Shape (rows,): place in `Snapshots.people`, -1 for those who never were in a snapshot.
    period : numpy.ndarray of int
        Shape (rows,): they left from this snapshot on and before the next; -1 before the first, and the number of the
        last snapshot from it on.
    row : numpy.ndarray of int
        Shape (rows,): row of their last snapshot at or before leaving, -1 if there is none.
    type : Coded
        How they left; "unknown" where not stated.
    left : numpy.ndarray of datetime64
        Shape (rows,): last day in post.
    """

    person: Ints
    period: Ints
    row: Ints
    type: Coded
    left: Days


def days(data: pd.DataFrame, column: str, place: str, *, may_be_missing: bool = False) -> tuple[Days, Problems]:
    """Read a column of dates.

    Parameters
    ----------
    data : pandas.DataFrame
        What came in; it has the column.
    column : str
        Its name.
    place : str
        File or argument, for the message.
    may_be_missing : bool, default False
        Whether rows without a date will do.

    Returns
    -------
    tuple of numpy.ndarray of datetime64 and list of Problem
        Shape (rows,): days, NaT where missing; DAT-004 for what is no date, and for what is missing and must not be.
    """
    values = data[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = pd.Series(values.cat.categories)
        read = _read_days(levels)
        found = np.append(read, np.datetime64("NaT", "D"))[values.cat.codes.to_numpy()]
    else:
        found = _read_days(values)
    missing = values.isna().to_numpy()
    unread = np.flatnonzero(np.isnat(found) & (~missing | (not may_be_missing)))
    if not len(unread):
        return found, []
    return found, [
        Problem(
            "DAT-004",
            f"{place}, column {column}",
            f"no date ({rows_named(unread + 1)})",
            "dates such as 2024-03-31",
            "Write dates as year, month, day.",
        )
    ]


def _read_days(values: pd.Series) -> Days:
    if pd.api.types.is_numeric_dtype(values):  # a year is no date, and pandas would read it as nanoseconds
        return np.full(len(values), np.datetime64("NaT", "D"))
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        return np.asarray(values.to_numpy(), dtype="datetime64[D]")
    read = pd.to_datetime(values, errors="coerce", format="ISO8601")
    if getattr(read.dtype, "tz", None) is not None:
        read = read.dt.tz_localize(None)
    return np.asarray(read.to_numpy(), dtype="datetime64[D]")


def read_snapshots(
    staff: pd.DataFrame, *, person: str, snapshot: str, by: str | None, fte: str | None, started: str | None
) -> Snapshots:
    """Read staff in post.

    Parameters
    ----------
    staff : pandas.DataFrame
        Shape (rows, columns), one row a person a snapshot.
    person, snapshot : str
        Columns of the person and of the day.
    by, fte, started : str, optional
        Columns of the group, of full-time equivalents, of the day on which service began.

    Returns
    -------
    Snapshots
        "not stated" is a group of its own.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns, DAT-004 for dates and numbers that are none, DAT-002 for negative full-time
        equivalents, DAT-007 for service that began after the snapshot, DAT-010 for a person twice in a snapshot,
        DAT-019 for a row without a person.
    """
    require(columns_problems(staff, _named(person, snapshot, by, fte, started), "staff"))
    day, wrong = days(staff, snapshot, "staff")
    weights, wrong_fte = numbers(staff, fte, low=0) if fte else (None, [])
    begun, wrong_begun = days(staff, started, "staff", may_be_missing=True) if started else (None, [])
    require(wrong, wrong_fte, wrong_begun, _unnamed(staff, person, "staff"))
    at, found_dates = pd.factorize(day, sort=True)
    dates = np.asarray(found_dates, dtype="datetime64[D]")
    codes, people = people_numbered(staff[person])
    twice: Problems = []
    if any(np.bincount(codes[at == number]).max() > 1 for number in range(len(dates))):
        rows = np.flatnonzero(pd.Series(codes * len(dates) + at).duplicated().to_numpy()) + 1
        found = f"a person twice in a snapshot ({rows_named(rows)})"
        twice.append(Problem("DAT-010", "staff", found, "one row a person a snapshot", "Add up the posts of a person."))
    late: Problems = []
    if begun is not None and (begun > day).any():
        rows = np.flatnonzero(begun > day) + 1
        found = f"service began after the snapshot ({rows_named(rows)})"
        late.append(Problem("DAT-007", f"staff, column {started}", found, "a day up to the snapshot", "Correct it."))
    require(twice, late)
    group = coded(staff[by]).stated() if by else Coded(np.zeros(len(staff), dtype=np.int64), ("all",))
    return Snapshots(codes, people, at.astype(np.int64), dates, group, weights, begun)


def _named(person: str, snapshot: str, by: str | None, fte: str | None, started: str | None) -> dict[str, object]:
    return {"person": person, "snapshot": snapshot, "by": by, "fte": fte, "started": started}


def _unnamed(data: pd.DataFrame, person: str, place: str) -> Problems:
    rows = np.flatnonzero(data[person].isna().to_numpy()) + 1
    if not len(rows):
        return []
    found = f"nobody named ({rows_named(rows)})"
    return [Problem("DAT-019", f"{place}, column {person}", found, "a person", "Fill it in.")]


def series_problems(dates: Days) -> Problems:
    """Find snapshots that are missing from a series.

    Parameters
    ----------
    dates : numpy.ndarray of datetime64
        Shape (snapshots,): days, ascending.

    Returns
    -------
    list of Problem
        DAT-020 where two snapshots are half as far again apart as the nearest two; EST-001 for fewer than two.
    """
    if len(dates) < 2:
        found, remedy = f"{len(dates)} snapshot", "Add the snapshot at the other end of the period."
        return [Problem("EST-001", "staff", found, "at least two snapshots", remedy)]
    apart = np.diff(dates).astype(int)
    wide = np.flatnonzero(apart > _SNAPSHOT_MISSING * apart.min())
    return [
        Problem(
            "DAT-020",
            "staff",
            f"{apart[place]} days from {dates[place]} to {dates[place + 1]}",
            f"snapshots about {apart.min()} days apart, as the others",
            "Add the snapshot that is missing, or choose snapshots that are equally far apart.",
        )
        for place in wide
    ]


def read_leavers(
    leavers: pd.DataFrame, found: Snapshots, *, person: str, left: str, exit_type: str | None
) -> tuple[Leavers, Problems]:
    """Read who left, and find them in the snapshots.

    Parameters
    ----------
    leavers : pandas.DataFrame
        Shape (rows, columns), one row a person who left.
    found : Snapshots
        Staff in post.
    person, left : str
        Columns of the person and of the last day in post.
    exit_type : str, optional
        Column of how they left.

    Returns
    -------
    tuple of Leavers and list of Problem
        DAT-007 for people who left before their service began, DAT-020 when all left outside the snapshots.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns, DAT-004 for what is no date, DAT-010 for a row that is repeated.
    """
    require(columns_problems(leavers, {"person": person, "left": left, "exit_type": exit_type}, "leavers"))
    day, wrong = days(leavers, left, "leavers")
    twice = np.flatnonzero(leavers.duplicated([person, left]).to_numpy()) + 1
    if len(twice):
        what = f"a person who left twice on one day ({rows_named(twice)})"
        wrong.append(Problem("DAT-010", "leavers", what, "one row a person and day", "Keep one of the rows."))
    require(wrong, _unnamed(leavers, person, "leavers"))
    who = found.people.get_indexer(pd.Index(leavers[person])).astype(np.int64)
    period = np.searchsorted(found.dates, day, side="right") - 1
    row = _last_rows(found, who, period)
    types = coded(leavers[exit_type]) if exit_type else Coded(np.full(len(leavers), -1, dtype=np.int64), ())
    read = Leavers(who, period.astype(np.int64), row, _unknown_named(types), day)
    return read, [*_before_start(read, found, left), *_other_years(read, found, left)]


def _unknown_named(types: Coded) -> Coded:
    if UNKNOWN in types.labels:
        return Coded(np.where(types.codes < 0, types.labels.index(UNKNOWN), types.codes), types.labels)
    if not (types.codes < 0).any():
        return types
    return Coded(np.where(types.codes < 0, len(types.labels), types.codes), (*types.labels, UNKNOWN))


def _last_rows(found: Snapshots, who: Ints, period: Ints) -> Ints:
    """Row of each one's last snapshot at or before the start of the period; -1 without one."""
    size = len(found.dates)
    key = found.person * size + found.at
    wanted = np.zeros(len(found.people), dtype=bool)
    wanted[who[who >= 0]] = True
    rows = np.flatnonzero(wanted[found.person])
    rows = rows[np.argsort(key[rows], kind="stable")]
    place = np.searchsorted(key[rows], who * size + period, side="right") - 1
    hit = np.where(place >= 0, place, 0)
    there = (place >= 0) & (who >= 0) & (period >= 0) if len(rows) else np.zeros(len(who), dtype=bool)
    last = rows[hit] if len(rows) else np.zeros(len(who), dtype=np.int64)
    there &= found.person[last] == who
    return np.where(there, last, -1)


def _before_start(read: Leavers, found: Snapshots, left: str) -> Problems:
    if found.started is None:
        return []
    first = np.full(len(found.people), np.iinfo(np.int64).max)
    wanted = np.zeros(len(found.people), dtype=bool)
    wanted[read.person[read.person >= 0]] = True
    known = wanted[found.person] & ~np.isnat(found.started)
    np.minimum.at(first, found.person[known], found.started[known].astype(np.int64))
    early = (read.person >= 0) & (read.left.astype(np.int64) < first[read.person])
    early &= first[read.person] < np.iinfo(np.int64).max
    if not early.any():
        return []
    what = f"left before service began ({rows_named(np.flatnonzero(early) + 1)})"
    return [Problem("DAT-007", f"leavers, column {left}", what, "a day from the start of service on", "Correct it.")]


def _other_years(read: Leavers, found: Snapshots, left: str) -> Problems:
    if ((read.period >= 0) & (read.period < len(found.dates) - 1)).any():
        return []
    what = f"nobody who left from {found.dates[0]} to {found.dates[-1]}, the days of the snapshots"
    return [
        Problem(
            "DAT-020", f"leavers, column {left}", what, "files of the same years", "Take the leavers of the period."
        )
    ]


def never_in_post(read: Leavers) -> Problems:
    """Find leavers who are in no snapshot.

    Parameters
    ----------
    read : Leavers
        Who left.

    Returns
    -------
    list of Problem
        DAT-007, or nothing.
    """
    rows = np.flatnonzero(read.person < 0) + 1
    if not len(rows):
        return []
    return [
        Problem(
            "DAT-007",
            "leavers",
            f"people who were never in post ({rows_named(rows)})",
            "people of the staff file",
            'Correct them; if they joined and left between two snapshots, say unmatched="count".',
        )
    ]
