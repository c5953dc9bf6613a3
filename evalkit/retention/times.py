"""Times of a cohort: dates or numbers in, one exact unit out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
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
    unread : numpy.ndarray of bool, optional
        Shape (rows,): where there is something that cannot be read, and `at` is NaN for that.
    """

    at: Floats
    dates: bool | None
    place: str
    unread: Flags | None = None


def today() -> float:
    """Tell the day.

    Returns
    -------
    float
        Days since 1 January 1970.
    """
    return float((dt.date.today() - dt.date(1970, 1, 1)).days)


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
        The times (None when their kind cannot be told; NaN in the rows that cannot be read) and the problems: DAT-003
        for a name that is neither a column nor a date, DAT-004 with the rows for values that are neither dates in ISO
        form nor numbers, and for months without a day beside full dates, DAT-002 for dates after 2200, DAT-007 when a
        column mixes dates and numbers. A month without a day throughout is its first day. Of a time with an offset the
        day counts as it is written.
    """
    if isinstance(given, str) and given in frame.columns:
        return _column(frame[given], f"{argument}, column {given}")
    if isinstance(given, bool) or given is None:
        return None, [_unreadable(argument, repr(given))]
    if isinstance(given, int | float | np.integer | np.floating):
        return Times(np.full(len(frame), float(given)), dates=False, place=argument), []
    text = str(given).strip() if isinstance(given, str | dt.date | np.datetime64) else ""
    if _FULL_DATE.match(text):
        one, problems = _texts(pd.Series([text if "-" in text else f"{text[:4]}-{text[4:6]}-{text[6:]}"]), argument)
        if problems and problems[0].code == "DAT-002":
            return None, [_too_late(argument, "it")]
        if one is not None and np.isfinite(np.take(one.at, 0)):
            return Times(np.full(len(frame), np.take(one.at, 0)), dates=True, place=argument), []
    known = ", ".join(map(str, list(frame.columns)[:8]))
    problem = Problem(
        "DAT-003", argument, repr(given), "a column, a date such as 2026-03-31, or a number", f"Columns: {known}."
    )
    return None, [problem]


_FULL_DATE = re.compile(r"\d{4,}-\d{2}-\d{2}|\d{8}$")
_FAR = re.compile(r"(\d{4,})-\d{2}-\d{2}(?!\d)")
_MONTH = re.compile(r"\d{4}-\d{2}")
_OFFSET = re.compile(r"([T ]\d{2}:?\d{2}.*?) ?(?:Z|[+-]\d{2}(?::?\d{2})?)$")
_LAST_YEAR = 2200
_LAST_DAY = float((dt.date(_LAST_YEAR, 12, 31) - dt.date(1970, 1, 1)).days)


def _unreadable(place: str, found: str) -> Problem:
    return Problem("DAT-009", place, found, "a column, a date or a number", "Name the column with the times.")


def _too_late(place: str, rows: str) -> Problem:
    return Problem(
        "DAT-002",
        place,
        f"dates after {_LAST_YEAR} ({rows})",
        "dates, and nothing where there is no date",
        "Where such a date stands for no date, leave the cell empty: without an exit somebody is still there.",
    )


def _column(column: pd.Series, place: str) -> tuple[Times | None, Problems]:
    if pd.api.types.is_bool_dtype(column):
        return None, [Problem("DAT-004", place, "yes or no", "dates or numbers", "Give the time, not whether.")]
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        endless = np.isinf(values)
        if not endless.any():
            return Times(values, dates=False if np.isfinite(values).any() else None, place=place), []
        found = f"times without end ({rows_named(np.flatnonzero(endless) + 1)})"
        times = Times(np.where(endless, np.nan, values), dates=False, place=place, unread=endless)
        return times, [Problem("DAT-002", place, found, "numbers", "Leave them empty.")]
    if pd.api.types.is_datetime64_any_dtype(column):
        days = _days(column)
        return _near(Times(days, dates=True if column.notna().any() else None, place=place), days > _LAST_DAY, [])
    return _texts(column, place)


def _near(times: Times, far: Flags, problems: Problems) -> tuple[Times, Problems]:
    """Take out dates that lie too far in the future to be any."""
    if not far.any():
        return times, problems
    unread = far if times.unread is None else far | times.unread
    cleared = Times(np.where(far, np.nan, times.at), dates=times.dates, place=times.place, unread=unread)
    return cleared, [*problems, _too_late(times.place, rows_named(np.flatnonzero(far) + 1))]


def _texts(column: pd.Series, place: str) -> tuple[Times | None, Problems]:
    """Read texts: all ISO dates, or all numbers. Each distinct text is read once."""
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and the like
        codes, values = pd.factorize(column.astype(str))
    texts = [str(value).strip() for value in values]
    given = pd.Series([_OFFSET.sub(r"\1", text) or None for text in texts], dtype=object)
    far = _flags(int(year[1]) > _LAST_YEAR if (year := _FAR.match(text)) else False for text in texts)
    stamps = pd.to_datetime(given.where(~far), errors="coerce", format="ISO8601")
    figures = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    as_number = np.isfinite(figures)
    as_date = stamps.notna().to_numpy() & ~as_number
    month = as_date & _flags(bool(_MONTH.fullmatch(text)) for text in texts)
    neither = given.notna().to_numpy() & ~as_date & ~as_number & ~far

    def rows(flags: Flags) -> Flags:
        return np.asarray(np.append(flags, False)[codes])

    problems: Problems = []
    unread = neither
    if neither.any():
        wrong = np.flatnonzero(rows(neither)) + 1
        problems.append(
            Problem(
                "DAT-004",
                place,
                f"{'a value that is' if len(wrong) == 1 else f'{len(wrong)} values that are'} neither "
                f"{'a date nor a number' if len(wrong) == 1 else 'dates nor numbers'} ({rows_named(wrong)})",
                "dates in one format, as 2026-03-31",
                "Write all dates as year-month-day, or read them with pandas.to_datetime and dayfirst=True.",
            )
        )
    if month.any() and (as_date & ~month).any():
        found = f"months without a day beside full dates ({rows_named(np.flatnonzero(rows(month)) + 1)})"
        problems.append(Problem("DAT-004", place, found, "dates in one format, as 2026-03-31", "Write the day too."))
        unread = unread | month
    if as_date.any() and as_number.any():
        dated, counted = rows(as_date), rows(as_number)
        fewer = np.flatnonzero(counted if counted.sum() <= dated.sum() else dated) + 1
        found = f"dates and numbers in one column ({rows_named(fewer)})"
        return None, [*problems, Problem("DAT-007", place, found, "one of them", "Convert them.")]
    kind = True if (as_date | far).any() else False if as_number.any() else None
    at = figures if kind is False else np.where(as_date & ~unread, _days(stamps), np.nan)
    times = Times(np.append(at, np.nan)[codes], dates=kind, place=place, unread=rows(unread) if problems else None)
    return _near(times, rows(far), problems)


def _flags(values: Iterable[bool]) -> Flags:
    return np.array(list(values), dtype=np.bool_)


def _days(column: pd.Series) -> Floats:
    stamps = pd.DatetimeIndex(column)
    plain = (stamps.tz_localize(None) if stamps.tz is not None else stamps).to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(plain), np.nan, plain.astype("int64").astype(float))


# Days since 30 December 1899, as spreadsheets count them, from 1970 to the end of 2099.
_SERIALS = (25_569.0, 73_050.0)
_WRITTEN = (19_000_101.0, 22_001_231.0)


def as_if_dates(times: Times, *, days_from_origin: bool) -> Problems:
    """Find numbers that are dates in disguise.

    Parameters
    ----------
    times : Times
        One column, or one time for all.
    days_from_origin : bool
        Whether the unit is days and there is an origin: then the numbers of a spreadsheet are right.

    Returns
    -------
    list of Problem
        DAT-004 when all numbers read as year, month and day (20260331), or as the days of a spreadsheet.
    """
    if times.dates is not False:
        return []
    low, high = float(np.nanmin(times.at)), float(np.nanmax(times.at))
    if low >= _WRITTEN[0] and high <= _WRITTEN[1] and _written(times.at):
        found = "numbers that read as year, month and day without a mark between them"
        remedy = 'Make them dates: pandas.to_datetime(column.astype("Int64").astype("string"), format="%Y%m%d").'
    elif low >= _SERIALS[0] and high <= _SERIALS[1] and not days_from_origin:
        found = "numbers that read as the dates of a spreadsheet, days since 30 December 1899"
        remedy = 'Make them dates: pandas.to_datetime(column, unit="D", origin="1899-12-30").'
    else:
        return []
    return [Problem("DAT-004", times.place, found, "dates as 2026-03-31, or times in the unit", remedy)]


def _written(values: Floats) -> bool:
    values = values[np.isfinite(values)]
    month, day = values // 100 % 100, values % 100
    return bool(((values == np.rint(values)) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


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
