"""Numbers as a sentence or a table writes them: how many decimals, which sign, and what has no end.

All are rounded by one rule, half up in decimal arithmetic (`evalkit.numeric.decimal_rounding`), so that the same share
is never written in two ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from evalkit.numeric.decimal_rounding import with_places

# More digits than these would be no help to a reader.
_MOST_DIGITS = 6
_RARE = 0.01


def number(value: float, digits: int = 2) -> str:
    """Write a number for a sentence, with a true minus sign.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default 2
        Decimals.

    Returns
    -------
    str
        Rounded half up; without a sign for what rounds to zero; in words for what has no end.

    Examples
    --------
    >>> number(-0.256), number(-0.001), number(1234.5, 0), number(float("inf"))
    ('\u22120.26', '0.00', '1,235', 'no upper limit')
    """
    if math.isinf(value):
        return "no upper limit" if value > 0 else "no lower limit"
    if math.isnan(value):
        return "nan"
    text = with_places(abs(value), digits)
    return f"\u2212{text}" if value < 0 and float(text.replace(",", "")) else text


def beside_nothing(value: float, digits: int = 2, none: float = 0.0) -> str:
    """Write a number with as many decimals as show on which side of no difference it lies.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default 2
        Decimals, where these are enough.
    none : float, default 0
        No difference: 0, or 1 for a ratio.

    Returns
    -------
    str
        As `number` writes it; with more decimals where it would look the same as no difference and is not.

    Examples
    --------
    >>> beside_nothing(-0.0011), beside_nothing(0.0), beside_nothing(1.004, none=1.0), beside_nothing(0.42)
    ('\u22120.001', '0.00', '1.004', '0.42')
    """
    more = digits
    while more < _MOST_DIGITS and value != none and number(value, more) == number(none, more):
        more += 1
    return number(value, digits if number(value, more) == number(none, more) else more)


def per_cent(share: float, digits: int = 0) -> str:
    """Write a proportion as per cent.

    Parameters
    ----------
    share : float
        Proportion.
    digits : int, default 0
        Decimals, where these are enough.

    Returns
    -------
    str
        At least one decimal under 1 and over 99, so that few is not none; whole per cent for none and for all.

    Examples
    --------
    >>> per_cent(0.384), per_cent(0.004), per_cent(1.0), per_cent(0.0506, 1)
    ('38 %', '0.4 %', '100 %', '5.1 %')
    """
    return f"{hundredths(share, digits)} %"


def hundredths(share: float, digits: int = 0) -> str:
    """Write a proportion in hundredths without the sign for them, as the limits of an interval are written.

    Parameters
    ----------
    share : float
        Proportion.
    digits : int, default 0
        Decimals, where these are enough.

    Returns
    -------
    str
        As `per_cent` writes it.

    Examples
    --------
    >>> hundredths(0.384), hundredths(0.0064), hundredths(0.0, 1)
    ('38', '0.6', '0')
    """
    if share in {0, 1}:
        return number(100 * share, 0)
    return number(100 * share, max(digits, 1) if _rare(share) else digits)


def _rare(share: float) -> bool:
    return 0 < abs(share) < _RARE or 1 - _RARE < abs(share) < 1


def share_digits(estimate: float, low: float, high: float) -> int:
    """Find the decimals of a share in per cent and of its limits.

    Parameters
    ----------
    estimate, low, high : float
        Proportion and its limits; NaN for no limits.

    Returns
    -------
    int
        The limits have as many as the estimate, and as many as tell them apart.

    Examples
    --------
    >>> share_digits(0.38, 0.2, 0.6), share_digits(0.009, 0.006, 0.013), share_digits(0.0505, 0.0496, 0.0514)
    (0, 1, 1)
    """
    return digits_apart(low, high, int(_rare(estimate)), hundredths)


def share_and_limits(estimate: float, low: float, high: float) -> tuple[str, str]:
    """Write a share and its interval for a table.

    Parameters
    ----------
    estimate, low, high : float
        Proportion and its limits.

    Returns
    -------
    tuple of str
        The share, and "low to high", all with the same decimals at least.

    Examples
    --------
    >>> share_and_limits(0.009, 0.006, 0.013)
    ('0.9 %', '0.6 % to 1.3 %')
    """
    digits = share_digits(estimate, low, high)
    return per_cent(estimate, digits), f"{per_cent(low, digits)} to {per_cent(high, digits)}"


def digits_apart(low: float, high: float, digits: int, write: Callable[[float, int], str]) -> int:
    """Find the decimals with which two limits that differ are not written alike.

    Parameters
    ----------
    low, high : float
        The limits.
    digits : int
        Decimals, where these are enough.
    write : callable
        Writes a limit with so many decimals.

    Returns
    -------
    int
        At most 6; `digits` where no more would help, as for limits that are equal, missing or without end.

    Examples
    --------
    >>> digits_apart(0.4512, 0.4531, 2, number), digits_apart(0.4, 0.4, 2, number), digits_apart(0.1, 0.4, 2, number)
    (3, 2, 2)
    """
    if low == high or not (math.isfinite(low) and math.isfinite(high)):
        return digits
    enough = (more for more in range(digits, _MOST_DIGITS + 1) if _read(write(low, more)) != _read(write(high, more)))
    return next(enough, digits)


def _read(text: str) -> float:
    """Read a number as it is written: 99 and 99.0 are one number."""
    return float(text.replace(",", "").replace("\u2212", "-"))
