"""A printed number: its text, its decimals, and every value that would have printed so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

_NUMBER = re.compile(
    r"(?P<operator><=|>=|<|>|=)?\s*(?P<sign>[-+\u2212]?)(?P<digits>(\d{1,3}(,\d{3})+|\d+)(\.(?P<decimals>\d+))?)"
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

    def agrees(self, value: float) -> bool:
        """Tell whether a value prints as this text, or satisfies its bound.

        Parameters
        ----------
        value : float
            The recomputed value.

        Returns
        -------
        bool
            True under rounding half up or half to even. Twelve significant digits of the value count, so that binary
            dust does not decide a tie.
        """
        if not math.isfinite(value):
            return False
        exact = Decimal(f"{value:.12g}")
        if self.operator != "=":
            return _holds(exact, self.operator, self.value)
        unit = Decimal(1).scaleb(-self.decimals)
        return any(
            exact.quantize(unit, rounding=rule) == self.value.quantize(unit)
            for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)
        )

    def overlaps(self, low: float, high: float) -> bool:
        """Tell whether some value in a range prints as this text, or satisfies its bound.

        Parameters
        ----------
        low, high : float
            Closed range of what the value may be.

        Returns
        -------
        bool
            True when the range and the values that print so have a point in common.
        """
        if self.operator.startswith("<"):
            return self.agrees(low)
        if self.operator.startswith(">"):
            return self.agrees(high)
        return low <= self.high and high >= self.low


def _holds(value: Decimal, operator: str, bound: Decimal) -> bool:
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
        Such as "84.0", "<0.01", "309,532" or "-0.94".
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
        value = -value
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
