"""Times of a cohort: dates or numbers in, one exact unit out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems, rows_named

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Unit = Literal["days", "weeks", "months", "years"]

# A month is a twelfth of 365.25 days: dates are divided once, so that equal numbers of days stay equal.
DAYS: dict[str, float] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """One column of times.

    Parameters
    ----------
    at : numpy.ndarray of float
        Shape (rows,): whole days since 1 January 1970 for dates, else the numbers; NaN where missing.
    dates : bool or None
        Whether they were dates; None when all are missing.
    place : str
        Column or argument, for messages.
    """

    at: Floats
    dates: bool | None
    place: str


def read_times(frame: pd.DataFrame, given: object, argument: str) -> tuple[Times | None, Problems]:
    """Read a column of times, or one time for all.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a person or spell.
    given : str, date or number
        Name of a column, or a date (ISO text or a date value) or number that holds for all rows.
    argument : str
        Name of the argument, for messages.

    Returns
    -------
    tuple
        The times (None when they cannot be read) and the problems: DAT-003 for a name that is neither a column nor a
        date, DAT-004 with the rows for values that are neither dates in ISO form nor numbers, DAT-007 when a column
        mixes both.
    """
    if isinstance(given, str) and given in frame.columns:
        return _column(frame[given], f"{argument}, column {given}")
    if isinstance(given, bool) or given is None:
        return None, [_unreadable(argument, repr(given))]
    if isinstance(given, int | float | np.integer | np.floating):
        return Times(np.full(len(frame), float(given)), dates=False, place=argument), []
    day = pd.to_datetime(given, errors="coerce", format="ISO8601") if isinstance(given, str) else _day(given)
    if day is None or pd.isna(day):
        known = ", ".join(map(str, list(frame.columns)[:8]))
        problem = Problem(
            "DAT-003", argument, repr(given), "a column, a date such as 2026-03-31, or a number", f"Columns: {known}."
        )
        return None, [problem]
    value = float(pd.Timestamp(day).tz_localize(None).normalize().value // 86_400_000_000_000)
    return Times(np.full(len(frame), value), dates=True, place=argument), []


def _day(given: object) -> pd.Timestamp | None:
    if isinstance(given, dt.date | np.datetime64):
        return pd.Timestamp(given)
    return None


def _unreadable(place: str, found: str) -> Problem:
    return Problem("DAT-009", place, found, "a column, a date or a number", "Name the column with the times.")


def _column(column: pd.Series, place: str) -> tuple[Times | None, Problems]:
    if pd.api.types.is_bool_dtype(column):
        return None, [Problem("DAT-004", place, "yes or no", "dates or numbers", "Give the time, not whether.")]
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        endless = np.flatnonzero(np.isinf(values)) + 1
        problems = [
            Problem("DAT-002", place, f"times without end ({rows_named(endless)})", "numbers", "Leave them empty.")
        ]
        return Times(values, dates=False if np.isfinite(values).any() else None, place=place), problems[: len(endless)]
    if pd.api.types.is_datetime64_any_dtype(column):
        return Times(_days(column), dates=True if column.notna().any() else None, place=place), []
    return _texts(column, place)


def _texts(column: pd.Series, place: str) -> tuple[Times | None, Problems]:
    """Read texts: all ISO dates, or all numbers."""
    missing = column.isna() | (column.astype(str).str.strip() == "")
    stamps = pd.to_datetime(column.where(~missing), errors="coerce", format="ISO8601", utc=False)
    figures = pd.to_numeric(column.where(~missing), errors="coerce")
    as_date, as_number = stamps.notna() & figures.isna(), figures.notna()
    neither = np.flatnonzero(~missing & ~as_date & ~as_number) + 1
    problems: Problems = []
    if len(neither):
        problems.append(
            Problem(
                "DAT-004",
                place,
                f"{len(neither)} values that are neither dates nor numbers ({rows_named(neither)})",
                "dates in one format, as 2026-03-31",
                "Write all dates as year-month-day, or read them with pandas.to_datetime and dayfirst=True.",
            )
        )
    if as_date.any() and as_number.any():
        fewer = np.flatnonzero(as_number if as_number.sum() <= as_date.sum() else as_date) + 1
        problems.append(
            Problem(
                "DAT-007",
                place,
                f"dates and numbers in one column ({rows_named(fewer)})",
                "one of them",
                "Convert them.",
            )
        )
    if problems:
        return None, problems
    if as_date.any():
        return Times(_days(pd.to_datetime(stamps)), dates=True, place=place), []
    return Times(figures.to_numpy(dtype=float), dates=False if as_number.any() else None, place=place), []


def _days(column: pd.Series) -> Floats:
    stamps = pd.DatetimeIndex(column)
    plain = (stamps.tz_localize(None) if stamps.tz is not None else stamps).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(plain), np.nan, plain.astype("int64").astype(float))


def same_kind(times: list[Times]) -> Problems:
    """Find out whether some times are dates and others numbers.

    Parameters
    ----------
    times : list of Times
        All that was given.

    Returns
    -------
    list of Problem
        DAT-007 when they are mixed.
    """
    dates = [one.place for one in times if one.dates]
    plain = [one.place for one in times if one.dates is False]
    if not dates or not plain:
        return []
    found = f"dates in {', '.join(dates)}, numbers in {', '.join(plain)}"
    return [Problem("DAT-007", "times", found, "either dates or numbers throughout", "Convert one of them.")]
