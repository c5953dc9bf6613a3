"""What can be wrong with the rows of a cohort: each check returns what it found, with the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem, did_you_mean
from evalkit.frames import Problems, rows_named
from evalkit.retention.times import DAYS, Times, today

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# No career is longer: such times are dates in disguise, or in another unit.
LONGEST_YEARS = 100


@dataclass(frozen=True, slots=True, eq=False)
class RowTimes:
    """All times of the rows on one scale: days since 1 January 1970, or numbers. NaN where missing.

    Parameters
    ----------
    exit, entry, origin, observed_from, observed_to, mentored_from : numpy.ndarray of float
        Shape (rows,).
    end : numpy.ndarray of float
        Shape (rows,): the exit, or else the end of records.
    dates : bool
        Whether they are dates.
    with_entry, with_origin : bool
        Whether an entry, and an origin, were given.
    judged : numpy.ndarray of bool
        Shape (rows,): rows of which each time could be read. The checks pass over the others.
    """

    exit: Floats
    entry: Floats
    origin: Floats
    observed_from: Floats
    observed_to: Floats
    mentored_from: Floats
    end: Floats
    dates: bool
    with_entry: bool
    with_origin: bool
    judged: Flags | None

    @classmethod
    def of(cls, n: int, times: Mapping[str, Times]) -> RowTimes:
        """Put what was read side by side.

        Parameters
        ----------
        n : int
            Rows.
        times : mapping of str to Times
            Argument -> its times, all dates or all numbers.

        Returns
        -------
        RowTimes
            Without an entry, numbers start at 0 and dates at the origin; without an origin, numbers count from 0 and
            dates from the entry.
        """
        dates = any(one.dates for one in times.values())
        blank = np.full(n, np.nan)
        given = {name: times[name].at if name in times else blank for name in _ARGUMENTS}
        entry = given["entry"] if "entry" in times else np.zeros(n) if not dates else given["origin"]
        origin = given["origin"] if "origin" in times else (entry if dates else np.zeros(n))
        end = np.where(np.isfinite(given["exit"]), given["exit"], given["observed_to"])
        unread = [one.unread for one in times.values() if one.unread is not None]
        return cls(
            **{**given, "entry": entry, "origin": origin},
            end=end,
            dates=dates,
            with_entry="entry" in times,
            with_origin="origin" in times,
            judged=~np.logical_or.reduce(unread) if unread else None,
        )

    def rows(self, wrong: Flags) -> Ints:
        """Count rows from 1.

        Parameters
        ----------
        wrong : numpy.ndarray of bool
            Shape (rows,).

        Returns
        -------
        numpy.ndarray of int
            Positions of those that are wrong and could be read.
        """
        return np.flatnonzero(wrong if self.judged is None else wrong & self.judged) + 1


_ARGUMENTS = ("exit", "entry", "origin", "observed_from", "observed_to", "mentored_from")


def frame_problems(frame: object, place: str) -> Problems:
    """Find out whether there are rows at all.

    Parameters
    ----------
    frame : object
        What came in.
    place : str
        Argument, for the message.

    Returns
    -------
    list of Problem
        DAT-009 for no frame, DAT-010 for columns of one name, DAT-018 for no rows.
    """
    if not isinstance(frame, pd.DataFrame):
        remedy = "Read the file with pandas.read_csv, or make a pandas.DataFrame."
        return [Problem("DAT-009", place, type(frame).__name__, "a pandas.DataFrame, one row a person", remedy)]
    repeated = [str(name) for name in frame.columns[frame.columns.duplicated()]]
    if repeated:
        found = f"columns more than once: {', '.join(repeated)}"
        return [Problem("DAT-010", "frame", found, "each name once", "Rename the columns.")]
    return [] if len(frame) else [Problem("DAT-018", "frame", "no rows", "people", "Check how the file was read.")]


def column_problems(
    frame: pd.DataFrame, needed: Mapping[str, object], optional: Mapping[str, object], covariates: object
) -> Problems:
    """Find arguments that name no column.

    Parameters
    ----------
    frame : pandas.DataFrame
        What came in.
    needed, optional : mapping of str to object
        Argument -> name of a column; None stands for none where that is optional.
    covariates : object
        Names of columns, or one name.

    Returns
    -------
    list of Problem
        DAT-009 for what is no name, DAT-003 for each column that is not there.
    """
    known = [str(name) for name in frame.columns]
    asked = [*needed.items(), *((argument, name) for argument, name in optional.items() if name is not None)]
    problems: Problems = []
    if isinstance(covariates, str) or (isinstance(covariates, Sequence) or pd.api.types.is_list_like(covariates)):
        asked += [("covariates", name) for name in names_of(covariates)]
    else:
        expected = "names of columns"
        problems.append(Problem("DAT-009", "covariates", repr(covariates), expected, 'Such as ["band", "site"].'))
    for argument, name in asked:
        if not isinstance(name, str):
            problems.append(Problem("DAT-009", argument, repr(name), "the name of a column", _listed(known)))
        elif name not in known:
            remedy = did_you_mean(name, known) if known else "Add the column."
            problems.append(Problem("DAT-003", argument, f'no column "{name}"', "a column of the frame", remedy))
    return problems


def names_of(covariates: object) -> list[str]:
    """List names of columns; one text is one name.

    Parameters
    ----------
    covariates : object
        Names of columns, or one name.

    Returns
    -------
    list of str
        Empty for what holds no names.
    """
    if isinstance(covariates, str):
        return [covariates]
    return list(covariates) if pd.api.types.is_list_like(covariates) else []  # type: ignore[call-overload]


def _listed(known: Sequence[str]) -> str:
    return f"Name one of {', '.join(known[:8])}."


def person_problems(codes: Ints, person: str) -> Problems:
    """Find rows that name nobody.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Shape (rows,): number of the person, -1 where nobody is named.
    person : str
        Column, for the message.

    Returns
    -------
    list of Problem
        DAT-009 with the rows.
    """
    if codes.min() >= 0:
        return []
    found = f"nobody named ({rows_named(np.flatnonzero(codes < 0) + 1)})"
    return [Problem("DAT-009", f"column {person}", found, "a person in each row", "Name them or leave them out.")]


def weight_problems(column: pd.Series) -> Problems:
    """Find weights that are none.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,).

    Returns
    -------
    list of Problem
        DAT-002 with the rows, or when all are zero.
    """
    place = f"column {column.name}"
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero(~(values >= 0) | np.isinf(values)) + 1
    if len(wrong):
        found = f"weights that are missing, below zero or without end ({rows_named(wrong)})"
        return [Problem("DAT-002", place, found, "numbers of at least 0", "Correct them.")]
    if not values.any():
        return [Problem("DAT-002", place, "all weights are zero", "a weight above 0", "Check the column.")]
    return []


def time_problems_of(rows: RowTimes, left: Flags, unit: str) -> Problems:
    """Find times that contradict each other or cannot be.

    Parameters
    ----------
    rows : RowTimes
        All times.
    left : numpy.ndarray of bool
        Shape (rows,): who left.
    unit : str
        Unit of the numbers.

    Returns
    -------
    list of Problem
        DAT-009 for rows without an entry, origin or end; DAT-002 for an exit before entry, times of no length,
        mentoring after leaving, dates in the future and times of more than 100 years.
    """
    nothing = (rows.end == rows.entry) & left & (not rows.dates)
    again = "Add it, or leave the rows out."
    found = [
        ("DAT-009", "entry", ~np.isfinite(rows.entry), "no time", "the time of entry", again),
        ("DAT-009", "origin", rows.with_origin & ~np.isfinite(rows.origin), "no time", "the origin", again),
        ("DAT-009", "exit", ~np.isfinite(rows.end), "no time", _AN_END, again),
        ("DAT-002", "exit", rows.end < rows.entry, "before entry", "a time after entry", "Correct these rows."),
        ("DAT-002", "exit", nothing, "times of no length", "a time above that of entry", _NO_LENGTH),
        ("DAT-002", "mentored_from", left & (rows.mentored_from > rows.exit), "mentoring begins after leaving",
         "a time before leaving", "Correct the dates, or empty them."),
        *_future(rows),
    ]  # fmt: skip
    length = np.fmin(rows.end, rows.observed_to) - rows.origin
    return [*_told(rows, found), *longest_problems(length, "times", "days" if rows.dates else unit, rows.judged)]


def longest_problems(length: Floats, place: str, unit: str, judged: Flags | None = None) -> Problems:
    """Find times that are too long for any career.

    Parameters
    ----------
    length : numpy.ndarray of float
        Shape (rows,), in `unit`, from the origin; NaN where not known.
    place : str
        Columns or argument, for the message.
    unit : str
        Unit of the times.
    judged : numpy.ndarray of bool, optional
        Shape (rows,): rows to look at; else all.

    Returns
    -------
    list of Problem
        DAT-002 with the rows of more than 100 years.
    """
    wrong = length > LONGEST_YEARS * DAYS["years"] / DAYS.get(unit, 1.0)
    rows = np.flatnonzero(wrong if judged is None else wrong & judged) + 1
    if not len(rows):
        return []
    found = f"times of more than {LONGEST_YEARS} years, read as {unit} ({rows_named(rows)})"
    remedy = "Are these numbers dates, or in another unit? Give dates, say unit=, or correct the rows."
    return [Problem("DAT-002", place, found, "times from the origin, in the unit", remedy)]


_AN_END = "a time of leaving, or observed_to for those still there"
_NO_LENGTH = "Give dates, or count those who leave at once as at risk for half a unit."
_Found = tuple[str, str, Flags, str, str, str]


def _told(rows: RowTimes, found: Sequence[_Found]) -> Problems:
    problems: Problems = []
    for code, place, wrong, what, expected, remedy in found:
        if wrong.any() and len(named := rows.rows(wrong)):
            problems.append(Problem(code, place, f"{what} ({rows_named(named)})", expected, remedy))
    return problems


def _future(rows: RowTimes) -> list[_Found]:
    """Records end by today; a leaving date that is agreed already lies after their end and is no event yet."""
    if not rows.dates:
        return []
    now = today()
    what, expected = "dates in the future", "dates up to today"
    found: list[_Found] = []
    if rows.with_entry:
        found.append(("DAT-002", "entry", rows.entry > now, what, expected, "Correct them."))
    agreed = rows.observed_to <= now
    found.append(("DAT-002", "exit", (rows.exit > now) & ~agreed, what, expected, "Correct them, or give observed_to."))
    for name, values in (("observed_from", rows.observed_from), ("observed_to", rows.observed_to)):
        remedy = "Give the day up to which the records are complete."
        found.append(("DAT-002", name, values > now, what, expected, remedy))
    found.append(("DAT-002", "mentored_from", rows.mentored_from > now, what, expected, "Correct or empty them."))
    return found


def overlap_problems(code: Ints, begin: Floats, end: Floats, judged: Flags | None = None) -> Problems:
    """Find people of whom two rows cover the same time.

    Parameters
    ----------
    code : numpy.ndarray of int
        Shape (rows,): number of the person, -1 for nobody.
    begin, end : numpy.ndarray of float
        Shape (rows,), on one scale.
    judged : numpy.ndarray of bool, optional
        Shape (rows,): rows to look at; else all.

    Returns
    -------
    list of Problem
        DAT-010 with the rows that begin too early.
    """
    used = (code >= 0) if judged is None else (code >= 0) & judged
    rows = np.flatnonzero(used)
    rows = rows[np.lexsort((begin[rows], code[rows]))]
    code, begin, end = code[rows], begin[rows], end[rows]
    wrong = np.flatnonzero((code[1:] == code[:-1]) & (begin[1:] < end[:-1]))
    if not len(wrong):
        return []
    found = f"spells of one person that overlap ({rows_named(np.sort(rows[wrong + 1]) + 1)})"
    return [Problem("DAT-010", "person", found, "one spell at a time", "Merge or correct the rows of these people.")]
