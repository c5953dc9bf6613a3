"""A printed number: its text, its decimals, and every value that would have printed so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# A double holds this many digits for certain, and no report prints more.
MOST_DIGITS = 15
MOST_DECIMALS = 15
_HALF = Fraction(1, 2)
# Whole part, with or without commas, and decimals; ".05" is how psychology prints a p-value.
_NUMBER = re.compile(
    r"(?P<operator><=|>=|<|>|=)?\s*(?P<sign>[-+\u2212]?)"
    r"(?P<digits>(?=\.?[0-9])([0-9]{1,3}(,[0-9]{3})+|[0-9]+)?(\.(?P<decimals>[0-9]+))?)"
)
_OPERATORS = {"\u2264": "<=", "\u2265": ">="}


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it stands in print.

    Parameters
    ----------
    text : str
        The printed text.
    operator : {"=", "<", ">", "<=", ">="}
        "=" unless the text states a bound, such as "<0.01".
    value : decimal.Decimal
        The number, exactly as printed.
    decimals : int
        Digits after the point; negative when it is rounded to tens, hundreds and so on.
    """

    text: str
    operator: str
    value: Decimal
    decimals: int

    @property
    def half(self) -> Decimal:
        """Half a unit of the last printed digit."""
        return Decimal(5).scaleb(-self.decimals - 1)

    @property
    def low(self) -> float:
        """Least value that prints so."""
        return float(self.value - self.half)

    @property
    def high(self) -> float:
        """Greatest value that prints so, by some rule of rounding."""
        return float(self.value + self.half)

    def agrees(self, value: float | Fraction) -> bool:
        """Tell whether a value prints as this text, or satisfies its bound.

        Parameters
        ----------
        value : float or fractions.Fraction
            The recomputed value. A fraction or a whole number counts as it is; of a float twelve significant digits
            count, so that binary dust does not decide a tie.

        Returns
        -------
        bool
            True under rounding half up (away from zero) or half to even.
        """
        if not math.isfinite(value):
            return False
        number = Fraction(value) if isinstance(value, int | Fraction) else Fraction(f"{value:.12g}")
        printed = Fraction(self.value)
        if self.operator != "=":
            return _holds(number, self.operator, printed)
        unit = Fraction(10) ** -self.decimals
        if printed and (number > 0) != (printed > 0):
            return False
        gap = (abs(number) - abs(printed)) / unit
        # The tie above goes down under half to even only, and only to an even digit.
        return -_HALF <= gap < _HALF or (gap == _HALF and printed / unit % 2 == 0)

    def overlaps(self, low: float | Fraction, high: float | Fraction) -> bool:
        """Tell whether some value in a range prints as this text, or satisfies its bound.

        Parameters
        ----------
        low, high : float or fractions.Fraction
            Closed range of what the value may be.

        Returns
        -------
        bool
            True when the range and the values that print so have a point in common. A billionth of half a unit is
            given away, so that binary dust convicts nobody.
        """
        if self.operator.startswith("<"):
            return self.agrees(low)
        if self.operator.startswith(">"):
            return self.agrees(high)
        slack = float(self.half) * 1e-9
        return low <= self.high + slack and high >= self.low - slack


def _holds(value: Fraction, operator: str, bound: Fraction) -> bool:
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
    }[operator]


def parse_printed(text: str, decimals: int | None = None) -> Printed | None:
    """Read a printed number.

    Parameters
    ----------
    text : str
        Such as "84.0", "<0.01", ".05", "309,532" or "-0.94".
    decimals : int, optional
        Stated decimals, for a number rounded to tens or hundreds (-1, -2); else the digits after the point count.

    Returns
    -------
    Printed or None
        None when the text is not a number.

    Examples
    --------
    >>> printed = parse_printed("<0.01")
    >>> printed.operator, float(printed.value), printed.decimals
    ('<', 0.01, 2)
    """
    clean = text.strip()
    for symbol, operator in _OPERATORS.items():
        clean = clean.replace(symbol, operator)
    match = _NUMBER.fullmatch(clean)
    if match is None:
        return None
    value = Decimal(match["digits"].replace(",", ""))
    if match["sign"] in {"-", "\u2212"}:
        value = value.copy_negate()  # a minus sign would round it
    seen = len(match["decimals"] or "")
    return Printed(text, match["operator"] or "=", value, seen if decimals is None else decimals)


def contradicts(printed: Printed) -> bool:
    """Tell whether the stated decimals cannot belong to the printed text.

    Parameters
    ----------
    printed : Printed
        A parsed number with its stated decimals.

    Returns
    -------
    bool
        True when the text shows more or fewer digits after the point, or, for negative decimals, is no multiple of the
        unit it is said to be rounded to.
    """
    seen = max(0, -int(printed.value.as_tuple().exponent))
    if printed.decimals >= 0:
        return seen != printed.decimals
    return seen > 0 or printed.value % Decimal(1).scaleb(-printed.decimals) != 0


def exact(value: float | str | Decimal) -> Fraction:
    """Take a printed number for what its digits say, not for its binary neighbour.

    Parameters
    ----------
    value : float, str or decimal.Decimal
        The printed number.

    Returns
    -------
    fractions.Fraction
        Its exact decimal value.
    """
    return Fraction(str(value))


def too_fine(value: float | str, decimals: int) -> bool:
    """Tell whether a number has more digits than the decimals it is said to be printed with.

    Parameters
    ----------
    value : float or str
        The printed number.
    decimals : int
        Stated decimals.

    Returns
    -------
    bool
        True when the two contradict each other.
    """
    return (exact(value) * Fraction(10) ** decimals).denominator != 1
