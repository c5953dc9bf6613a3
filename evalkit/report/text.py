"""Numbers as text, rounded for reading, with their unit and interval; names of columns as words."""

from __future__ import annotations

import math
import re

import pandas as pd

from evalkit.numeric.decimal_rounding import with_places

MISSING = "\u2013"
_LEAST = 0.0001
_NAME = r"[a-z]+(?:_[a-z0-9]+)*"
_NAMES = re.compile(rf"{_NAME}(?: (?:-|over) {_NAME})*")
# One letter in front is a statistic: d_av, d_z.
_COLUMN = re.compile(r"\b[a-z]{2,}(?:_[a-z0-9]+)+\b")


def number(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits and no exponent.

    Parameters
    ----------
    value : float
        The number; NaN becomes a dash.
    digits : int, default 3
        Significant digits of the part after the point; whole digits are never cut.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> number(0.41647), number(1234.56), number(12.0)
    ('0.416', '1,235', '12')
    """
    if pd.isna(value):
        return MISSING
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == round(value):
        return f"{value or 0:,.0f}"  # no "-0"
    if abs(value) < _LEAST:
        return f"{'<' if value > 0 else '>-'}{_LEAST}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return with_places(value, min(decimals, 6))


def p_value(value: float) -> str:
    """Write a p-value.

    Parameters
    ----------
    value : float
        Probability; NaN becomes a dash.

    Returns
    -------
    str
        Three decimals, or "<0.001".

    Examples
    --------
    >>> p_value(0.01837), p_value(0.000235)
    ('0.018', '<0.001')
    """
    if pd.isna(value):
        return MISSING
    return "<0.001" if value < 0.001 else with_places(value, 3)


def interval(low: float, high: float, digits: int = 3) -> str:
    """Write the limits of an interval.

    Parameters
    ----------
    low, high : float
        Limits; NaN becomes a dash.
    digits : int, default 3
        Significant digits, where these are enough to tell the limits apart.

    Returns
    -------
    str
        "low to high"; in words for a side without a limit.

    Examples
    --------
    >>> interval(0.2019, 0.5547), interval(-0.00003, 0.0476), interval(0.45124, 0.45131)
    ('0.202 to 0.555', '-0.00003 to 0.0476', '0.4512 to 0.4513')
    """
    if pd.isna(low) and pd.isna(high):
        return MISSING
    enough = (more for more in range(digits, _MOST_DIGITS + 1) if low != high and _apart(low, high, more))
    digits = next(enough, digits)
    return f"{_limit(low, digits)} to {_limit(high, digits)}"


# A limit has no more digits than these.
_MOST_DIGITS = 6


def _apart(low: float, high: float, digits: int) -> bool:
    """Tell whether two limits are read as two numbers: 2 and 2.00 are one."""
    read = [re.sub("[,<>]", "", _limit(value, digits)) for value in (low, high)]
    return not (all(map(math.isfinite, (low, high))) and float(read[0]) == float(read[1]))


def _limit(value: float, digits: int) -> str:
    """Write a limit: a small one on its side of zero, so that nobody reads a sign of more or less beside "to"."""
    if math.isinf(value):
        return "no upper limit" if value > 0 else "no lower limit"
    written = f"{value:.{_MOST_DIGITS}f}".rstrip("0")
    return written if 0 < abs(value) < _LEAST and float(written) else number(value, digits)


def count(value: float) -> str:
    """Write a count of people.

    Parameters
    ----------
    value : float
        People; NaN becomes a dash.

    Returns
    -------
    str
        With a comma at each thousand.

    Examples
    --------
    >>> count(309532.0)
    '309,532'
    """
    return MISSING if pd.isna(value) else with_places(value, 0)


def cell_in_words(cell: str) -> str:
    """Write a name of a column or wave, or a contrast of such names, as words.

    Parameters
    ----------
    cell : str
        A cell of a table.

    Returns
    -------
    str
        The same where it is no such name.

    Examples
    --------
    >>> cell_in_words("follow_up - before over after - before")
    '(follow up less before) over (after less before)'
    >>> cell_in_words("staff_group"), cell_in_words("Band 7 / Band 6")
    ('staff group', 'Band 7 / Band 6')
    """
    if not _NAMES.fullmatch(cell):
        return cell
    parts = cell.replace("_", " ").replace(" - ", " less ").split(" over ")
    return " over ".join(f"({part})" if len(parts) > 1 and " less " in part else part for part in parts)


def sentence_in_words(sentence: str) -> str:
    """Write the names of columns in a sentence as words.

    Parameters
    ----------
    sentence : str
        What a method says of itself.

    Returns
    -------
    str
        The same with blanks in such names; d_av and its like are names of statistics, and stay.

    Examples
    --------
    >>> sentence_in_words("Adjusted for staff_group and age_band; d_av.")
    'Adjusted for staff group and age band; d_av.'
    """
    return _COLUMN.sub(lambda found: found.group().replace("_", " "), sentence)
