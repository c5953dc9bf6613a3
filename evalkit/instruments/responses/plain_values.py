"""Cells of numbers and dates into values; what can be read in two ways is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

_NUMBER = re.compile(r"[+-]?(\d{1,15})?([.,](\d{0,15}))?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ].{0,40})?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})( .{0,20})?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})( .{0,20})?", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d{1,15})?", re.ASCII)
_CLOCK = re.compile(
    r"[T ]?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?", re.ASCII
)
# Numbers that stand for dates, counted in days: from 1954 to 2119, so that no year or age is taken for one.
_SERIALS = (20_000, 80_000)
_NOON = 12


def number_in(text: str) -> float | None:
    """Read a number.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    float or None
        None when it is not a number, or when a comma in it could separate thousands as well as decimals.

    Examples
    --------
    >>> number_in("12"), number_in("1,5"), number_in("1,000"), number_in("12 weeks")
    (12.0, 1.5, None, None)
    """
    plain = text.strip()
    found = _NUMBER.fullmatch(plain)
    if found is None or not (found.group(1) or found.group(3)):
        return None
    if "," in plain and len(found.group(3) or "") == 3 and found.group(1):
        return None
    return float(plain.replace(",", "."))


def dates_in(cells: Iterable[str], first_day: date) -> dict[str, datetime | None]:
    """Read the dates of a column together: whether the day or the month comes first is the same in all of them.

    Parameters
    ----------
    cells : iterable of str
        The different cells of a column, none of them empty.
    first_day : datetime.date
        The day from which dates that are numbers count.

    Returns
    -------
    dict of str to datetime.datetime or None
        Cell -> date and time as written, a time zone left out; None when it is no date, or can be read in two ways.

    Examples
    --------
    >>> found = dates_in(["03/04/2024", "31/12/2024"], date(1899, 12, 30))
    >>> found["03/04/2024"].date()
    datetime.date(2024, 4, 3)
    >>> dates_in(["03/04/2024"], date(1899, 12, 30))
    {'03/04/2024': None}
    """
    texts = {cell: cell.strip() for cell in cells}
    slashed = [found for text in texts.values() if (found := _YEAR_LAST.fullmatch(text))]
    firsts = {int(found.group(1)) for found in slashed}
    seconds = {int(found.group(3)) for found in slashed}
    day_first, month_first = any(one > _NOON for one in firsts), any(one > _NOON for one in seconds)
    order = None if day_first == month_first else day_first
    return {cell: _date(text, first_day, order) for cell, text in texts.items()}


def _date(text: str, first_day: date, day_first: bool | None) -> datetime | None:  # noqa: FBT001
    if found := _ISO.fullmatch(text):
        year, month, day, rest = found.groups()
    elif found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, rest = found.groups()
    elif found := _YEAR_LAST.fullmatch(text):
        first, _, second, year, rest = found.groups()
        if day_first is None and first != second:
            return None
        day, month = (first, second) if day_first else (second, first)
    elif _SERIAL.fullmatch(text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        start = datetime(first_day.year, first_day.month, first_day.day)
        return start + timedelta(seconds=round(float(text) * 86400))
    else:
        return None
    return _moment(int(year), int(month), int(day), rest or "")


def _moment(year: int, month: int, day: int, rest: str) -> datetime | None:
    clock = _CLOCK.fullmatch(rest) if rest.strip() else None
    if rest.strip() and clock is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    half = (clock.group(4) or "").lower() if clock else ""
    if half and not 1 <= hour <= _NOON:
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
