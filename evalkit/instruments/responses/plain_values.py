"""Cells of numbers and dates into values; what can be read in two ways is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

_NUMBER = re.compile(r"[+-]?(\d{1,15})?([.,](\d{0,15}))?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ].{0,40})?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})( .{0,20})?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})( .{0,20})?", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})([ -])([A-Za-z]{3,9})\2(\d{4})( .{0,20})?", re.ASCII)
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
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


def day_orders(cells: Iterable[str]) -> dict[str, bool | None]:
    """Tell which dates can be read in one order only.

    Parameters
    ----------
    cells : iterable of str
        Cells of a column.

    Returns
    -------
    dict of str to bool or None
        For each cell with the year last and two different parts before it: whether the day comes first; None when the
        first part can be the day as well as the month. Other cells are left out.

    Examples
    --------
    >>> day_orders(["25/03/2024", "3/25/2024", "05/03/2024", "05/05/2024", "2024-03-05"])
    {'25/03/2024': True, '3/25/2024': False, '05/03/2024': None}
    """
    orders: dict[str, bool | None] = {}
    for cell in cells:
        found = _YEAR_LAST.fullmatch(cell.strip())
        if found is None or int(found.group(1)) == int(found.group(3)):
            continue
        late = [int(found.group(place)) > _NOON for place in (1, 3)]
        if not all(late):
            orders[cell] = late[0] if any(late) else None
    return orders


def dates_in(cells: Iterable[str], first_day: date, day_first: bool | None = None) -> dict[str, datetime | None]:  # noqa: FBT001
    """Read the dates of a column together: whether the day or the month comes first is the same in all of them.

    Parameters
    ----------
    cells : iterable of str
        The different cells of a column, none of them empty.
    first_day : datetime.date
        The day from which dates that are numbers count.
    day_first : bool, optional
        Whether the day comes before the month. By default as in those cells of the column that can be read in one
        order only; when there are none, or some of either kind, the order is not known.

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
    >>> dates_in(["03/04/2024"], date(1899, 12, 30), day_first=False)["03/04/2024"].date()
    datetime.date(2024, 3, 4)
    >>> dates_in(["07-Sep-2026"], date(1899, 12, 30))["07-Sep-2026"].date()
    datetime.date(2026, 9, 7)
    """
    texts = {cell: cell.strip() for cell in cells}
    told = set(day_orders(texts.values()).values()) - {None}
    order = next(iter(told)) if day_first is None and len(told) == 1 else day_first
    return {cell: _date(text, first_day, order) for cell, text in texts.items()}


def _date(text: str, first_day: date, day_first: bool | None) -> datetime | None:  # noqa: FBT001
    if found := _ISO.fullmatch(text):
        year, month, day, rest = found.groups()
    elif found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, rest = found.groups()
    elif found := _YEAR_LAST.fullmatch(text):
        first, _, second, year, rest = found.groups()
        if day_first is None and int(first) != int(second):
            return None
        day, month = (first, second) if day_first else (second, first)
    elif found := _NAMED.fullmatch(text):  # 07-Sep-2026, as Oracle and so ESR write it, can be read in one way only
        day, _, name, year, rest = found.groups()
        month = _month(name)
    elif _SERIAL.fullmatch(text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        start = datetime(first_day.year, first_day.month, first_day.day)
        return start + timedelta(seconds=round(float(text) * 86400))
    else:
        return None
    return _moment(int(year), int(month), int(day), rest or "")


def _month(name: str) -> int:
    """Number a month by its English name or the first three letters of it; 0 for another word."""
    said = "sep" if name.lower() == "sept" else name.lower()
    return next((at for at, month in enumerate(_MONTHS, start=1) if said in {month, month[:3]}), 0)


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
