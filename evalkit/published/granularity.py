"""Whether a printed mean or standard deviation can come from whole-number answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from evalkit.errors import Problem
from evalkit.frames import Problems, require, whole, within
from evalkit.published.printed import exact, too_fine

SdType = Literal["sample", "population"]
_SD_TYPES: tuple[SdType, ...] = ("sample", "population")


@dataclass(frozen=True, slots=True)
class Granularity:
    """Whether whole-number answers can give a printed number.

    Parameters
    ----------
    printed : float
        The printed mean or standard deviation.
    consistent : bool
        True when some set of whole-number answers prints so.
    nearest : tuple of float
        The nearest possible values, below (or at) and above (or at) the printed one, in its unit; NaN where there is
        none.
    informative : bool
        False when every number with these decimals would have passed, so that passing says nothing.
    sd_types : tuple of {"sample", "population"}
        For a standard deviation, the kinds under which it is possible; empty for a mean.
    """

    printed: float
    consistent: bool
    nearest: tuple[float, float]
    informative: bool
    sd_types: tuple[SdType, ...] = ()


def grim(mean: float, *, n: int, items: int = 1, decimals: int) -> Granularity:
    """Test whether a printed mean can come from whole-number answers.

    Parameters
    ----------
    mean : float
        The printed mean, in points of the answer scale.
    n : int
        People.
    items : int, default 1
        Items averaged for each person.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    Granularity
        With the nearest possible means. A mean that lies half-way counts as printed either up or down.

    Raises
    ------
    DataError
        DAT-002 for an n or a number of items below 1, DAT-005 when the mean has more digits than `decimals`.

    References
    ----------
    .. [1] Brown NJL, Heathers JAJ (2017). The GRIM test. Soc Psychol Personal Sci 8:363-369.

    Examples
    --------
    >>> grim(5.19, n=28, decimals=2).consistent
    False
    >>> [round(value, 3) for value in grim(5.19, n=28, decimals=2).nearest]
    [5.179, 5.214]
    """
    require(_problems("mean", mean, n, items, decimals))
    cells = n * items
    target = exact(mean)
    totals = _totals(target, cells, decimals)
    at_or_below = math.floor(target * cells)
    at_or_above = math.ceil(target * cells)
    return Granularity(
        printed=float(mean),
        consistent=bool(totals),
        nearest=(at_or_below / cells, at_or_above / cells),
        informative=cells < 10**decimals,
    )


def grimmer(
    mean: float, sd: float, *, n: int, items: int = 1, decimals: int, sd_decimals: int | None = None
) -> Granularity:
    """Test whether a printed standard deviation can stand beside its mean, the answers being whole numbers.

    Parameters
    ----------
    mean, sd : float
        Printed mean and standard deviation, in points of the answer scale.
    n : int
        People, at least 2.
    items : int, default 1
        Items averaged for each person.
    decimals : int
        Digits printed after the point of the mean.
    sd_decimals : int, optional
        Digits printed after the point of the standard deviation; else as many as of the mean.

    Returns
    -------
    Granularity
        `sd_types` names the kinds (divided by n - 1: "sample"; by n: "population") under which it is possible,
        `nearest` the nearest possible sample standard deviations. Nothing is possible when the mean itself is not.

    Raises
    ------
    DataError
        DAT-002 for a negative standard deviation, an n below 2 or a number of items below 1, DAT-005 when a number has
        more digits than `decimals`.

    Notes
    -----
    The sum of squares of n whole numbers with a given sum has the parity of the sum and a least value. From five
    numbers on, every value that satisfies both can be had; up to four it is tried out.

    References
    ----------
    .. [1] Anaya J (2016). The GRIMMER test. PeerJ Preprints 4:e2400v1.
    .. [2] Allard A (2018). Analytic-GRIMMER: a new way of testing the possibility of standard deviations.

    Examples
    --------
    >>> grimmer(3.44, 2.47, n=18, decimals=2).consistent
    False
    >>> grimmer(3.16, 0.52, n=31, decimals=2).sd_types
    ('sample',)
    """
    digits = decimals if sd_decimals is None else sd_decimals
    require(_problems("mean", mean, n, items, decimals) or whole("n", n, low=2), _sd_problems(sd, digits))
    totals = _totals(exact(mean), n * items, decimals)
    half = Fraction(1, 2 * 10**digits)
    low, high = max(Fraction(0), exact(sd) - half), exact(sd) + half
    # In sums over the items every person is a whole number.
    fits = tuple(
        kind
        for kind in _SD_TYPES
        if any(_any_realisable(n, total, low * items, high * items, _divisor(kind, n)) for total in totals)
    )
    nearest = _nearest_sd(n, items, totals, exact(sd)) if totals else (math.nan, math.nan)
    return Granularity(float(sd), bool(fits), nearest, n * items < 10**decimals, fits)


def _problems(name: str, value: float, n: int, items: int, decimals: int) -> Problems:
    problems = whole("n", n, low=1) + whole("items", items, low=1) + whole("decimals", decimals, low=0)
    return problems + (within(name, value) or ([] if problems else _fine(name, value, decimals)))


def _sd_problems(sd: float, decimals: int) -> Problems:
    return whole("sd_decimals", decimals, low=0) or within("sd", sd, low=0) or _fine("sd", sd, decimals)


def _fine(name: str, value: float, decimals: int) -> Problems:
    if not too_fine(value, decimals):
        return []
    return [
        Problem(
            "DAT-005",
            name,
            f"{value} with decimals={decimals}",
            "no more digits than the decimals",
            "State the decimals as printed.",
        )
    ]


def _totals(mean: Fraction, cells: int, decimals: int) -> range:
    """Sums of answers that print as the mean."""
    half = Fraction(1, 2 * 10**decimals)
    return range(math.ceil((mean - half) * cells), math.floor((mean + half) * cells) + 1)


def _divisor(kind: SdType, n: int) -> int:
    return n - 1 if kind == "sample" else n


def _any_realisable(n: int, total: int, low: Fraction, high: Fraction, divisor: int) -> bool:
    centre = Fraction(total * total, n)
    squares = range(math.ceil(low * low * divisor + centre), math.floor(high * high * divisor + centre) + 1)
    return any(realisable(n, total, square) for square in squares)


def realisable(n: int, total: int, squares: int) -> bool:
    """Tell whether n whole numbers can have a given sum and a given sum of squares.

    Parameters
    ----------
    n : int
        How many numbers, at least 1.
    total : int
        Their sum.
    squares : int
        The sum of their squares.

    Returns
    -------
    bool
        True when there are such numbers, negative ones allowed.

    Examples
    --------
    >>> realisable(3, 4, 6), realisable(3, 4, 7)
    (True, False)
    """
    shift, rest = divmod(total, n)
    left = squares - 2 * shift * total + n * shift * shift  # the numbers less their whole mean
    if left < rest or (left - rest) % 2:
        return False
    if n >= 5:
        return True
    return _small(n, rest, left)


def _small(n: int, total: int, squares: int) -> bool:
    if n == 1:
        return total * total == squares
    reach = math.isqrt(squares)
    return any(_small(n - 1, total - value, squares - value * value) for value in range(-reach, reach + 1))


def _nearest_sd(n: int, items: int, totals: range, sd: Fraction) -> tuple[float, float]:
    """Nearest sample standard deviations that the possible totals allow, below and above."""

    def first(squares: Iterator[int], total: int) -> float:
        for square in squares:
            deviation = Fraction(square) - Fraction(total * total, n)
            if deviation < 0:
                return math.nan
            if realisable(n, total, square):
                return math.sqrt(deviation / (n - 1)) / items
        return math.nan

    below, above = [], []
    for total in totals:
        target = (sd * items) ** 2 * (n - 1) + Fraction(total * total, n)
        below.append(first(_count(math.floor(target), -1), total))
        above.append(first(_count(math.ceil(target), 1), total))
    return _best(max, below), _best(min, above)


def _count(start: int, step: int) -> Iterator[int]:
    # Parity alone leaves at most one gap from five numbers on; up to four the gaps are short as well.
    return iter(range(start, start + 1000 * step, step))


def _best(choose: Callable[[list[float]], float], values: list[float]) -> float:
    finite = [value for value in values if not math.isnan(value)]
    return choose(finite) if finite else math.nan
