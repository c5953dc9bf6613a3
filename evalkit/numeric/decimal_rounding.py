"""One rule for rounding: half up, in decimal arithmetic, of the number that is meant and not of its binary neighbour.

A share such as 167 of 200 is 83.5 per cent. As a binary number times 100 it is a little less or more, by how it was
computed, and rounding it as it is (or to the even digit) writes 83 in one place and 84 in another.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Literal

Way = Literal["near", "down", "up"]

_WAYS = MappingProxyType({"near": ROUND_HALF_UP, "down": ROUND_FLOOR, "up": ROUND_CEILING})
# What stands behind the twelfth digit comes from binary arithmetic.
_MEANT = 12


def as_decimal(value: float) -> Decimal:
    """Take a number as it is meant.

    Parameters
    ----------
    value : float
        A finite number.

    Returns
    -------
    decimal.Decimal
        Its first twelve significant digits.

    Examples
    --------
    >>> as_decimal(100 * (1 - 0.165)), as_decimal(0.1 + 0.2)
    (Decimal('83.5'), Decimal('0.3'))
    """
    return Decimal(f"{value:.{_MEANT}g}")


def to_places(value: float, places: int, way: Way = "near") -> float:
    """Round to so many decimals.

    Parameters
    ----------
    value : float
        The number; what is not finite stays.
    places : int
        Decimals; below 0 for tens and hundreds.
    way : {"near", "down", "up"}, default "near"
        To the nearest, and a half away from zero; or to the next below or above.

    Returns
    -------
    float
        The rounded number.

    Examples
    --------
    >>> to_places(0.835, 2), to_places(0.125, 2), to_places(-0.125, 2), to_places(1.204, 1, "up")
    (0.84, 0.13, -0.13, 1.3)
    """
    if not math.isfinite(value):
        return value
    return float(as_decimal(value).quantize(Decimal(1).scaleb(-places), rounding=_WAYS[way]))


def to_digits(value: float, digits: int, way: Way = "near") -> float:
    """Round to so many significant digits.

    Parameters
    ----------
    value : float
        The number; what is not finite, and zero, stays.
    digits : int
        Significant digits, 1 or more.
    way : {"near", "down", "up"}, default "near"
        As `to_places` has it.

    Returns
    -------
    float
        The rounded number.

    Examples
    --------
    >>> to_digits(1.2749, 2), to_digits(1.2049, 2, "down"), to_digits(0.996, 2), to_digits(-0.0034, 1, "down")
    (1.3, 1.2, 1.0, -0.004)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return to_places(value, digits - 1 - as_decimal(value).adjusted(), way)


def with_places(value: float, places: int) -> str:
    """Write a number with so many decimals and a comma at each thousand.

    Parameters
    ----------
    value : float
        A finite number.
    places : int
        Decimals, 0 or more.

    Returns
    -------
    str
        Rounded half up; with a hyphen for a minus sign.

    Examples
    --------
    >>> with_places(83.5, 0), with_places(1234.565, 2), with_places(-0.25, 1)
    ('84', '1,234.57', '-0.3')
    """
    return f"{as_decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):,f}"
