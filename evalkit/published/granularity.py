"""Whether a printed mean or standard deviation can come from whole-number answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from evalkit.errors import Problem
from evalkit.frames import Problems, require, whole, within
from evalkit.published.arguments import decimals_problems, fineness_problems
from evalkit.published.printed import exact

SdType = Literal["sample", "population"]
_SD_TYPES: tuple[SdType, ...] = ("sample", "population")
# Beyond these the test would take minutes, and tell nothing.
_MOST_CELLS = 1_000_000_000
_MOST_TOTALS = 10_000
_LARGEST_SD = 100_000


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
        DAT-002 for an n or a number of items below 1 or an n above a billion, DAT-005 when the mean has more digits
        than `decimals`.

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
        `nearest` the nearest possible sample standard deviations. Nothing is possible when the mean itself is not. A
        standard deviation that lies half-way counts as printed either up or down.

    Raises
    ------
    DataError
        DAT-002 for a negative standard deviation, an n below 2, a number of items below 1, or numbers so large that
        the test takes long and tells nothing; DAT-005 when a number has more digits than `decimals`.

    Notes
    -----
    The sum of squares of n whole numbers with a given sum has the parity of the sum and a least value. From five
    numbers on, every value that satisfies both can be had. For two to four, number theory tells which: squares, numbers
    that are p^2 + pq + q^2, and sums of three squares (Legendre).

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
    require(_problems("mean", mean, n, items, decimals), whole("n", n, low=2), _sd_problems(sd, digits, items))
    require(_reach_problems(n * items, decimals))
    half = Fraction(1, 2 * 10**digits)
    low, high = max(Fraction(0), exact(sd) - half), exact(sd) + half
    totals = _totals(exact(mean), n * items, decimals)
    # In sums over the items every person is a whole number.
    fits = tuple(
        kind
        for kind in _SD_TYPES
        if any(_any_realisable(n, total, low * items, high * items, _divisor(kind, n)) for total in totals)
    )
    nearest = _nearest_sd(n, items, totals, exact(sd)) if totals else (math.nan, math.nan)
    return Granularity(float(sd), bool(fits), nearest, n * items < 10**decimals, fits)


def _problems(name: str, value: float, n: int, items: int, decimals: int) -> Problems:
    problems = whole("n", n, low=1) + whole("items", items, low=1)
    if not problems and n * items > _MOST_CELLS:
        found = f"{n} people and {items} items"
        problems.append(Problem("DAT-002", "n, items", found, f"at most {_MOST_CELLS:,} answers", "Check the print."))
    places = decimals_problems("decimals", decimals)
    return problems + places + (within(name, value) or ([] if places else fineness_problems(name, value, decimals)))


def _sd_problems(sd: float, decimals: int, items: int) -> Problems:
    problems = decimals_problems("sd_decimals", decimals) + within("sd", sd, low=0)
    if not problems and not whole("items", items, low=1) and sd * items > _LARGEST_SD:
        remedy = "Give the mean and the standard deviation in a larger unit."
        return [Problem("DAT-002", "sd", f"{sd:g}", f"at most {_LARGEST_SD:,} over the items", remedy)]
    return problems or fineness_problems("sd", sd, decimals)


def _reach_problems(cells: int, decimals: int) -> Problems:
    if cells <= _MOST_TOTALS * 10**decimals:
        return []
    found = f"{cells:,} answers with {decimals} decimals"
    return [Problem("DAT-002", "n, decimals", found, "an n at which the test can tell", "It says nothing here.")]


def _totals(mean: Fraction, cells: int, decimals: int) -> range:
    """Sums of answers that print as the mean."""
    half = Fraction(1, 2 * 10**decimals)
    return range(math.ceil((mean - half) * cells), math.floor((mean + half) * cells) + 1)


def _divisor(kind: SdType, n: int) -> int:
    return n - 1 if kind == "sample" else n


def _any_realisable(n: int, total: int, low: Fraction, high: Fraction, divisor: int) -> bool:
    centre = Fraction(total * total, n)
    first = _first_realisable(n, total, math.ceil(low * low * divisor + centre))
    return first <= high * high * divisor + centre


def _first_realisable(n: int, total: int, start: int) -> int:
    """Find the least sum of squares from `start` on that n whole numbers with this sum can have."""
    shift, rest = divmod(total, n)
    square = max(start, n * shift * shift + 2 * shift * rest + rest)
    if n == 2:
        # 2 squares - total^2 is the square of the difference, which has the parity of the total.
        gap = math.isqrt(max(0, 2 * square - total * total - 1)) + 1 if 2 * square > total * total else 0
        gap += (gap - total) % 2
        return (gap * gap + total * total) // 2
    while not realisable(n, total, square):
        square += 1
    return square


def _last_realisable(n: int, total: int, start: int) -> int | None:
    """Find the greatest sum of squares up to `start` that n whole numbers with this sum can have."""
    shift, rest = divmod(total, n)
    least = n * shift * shift + 2 * shift * rest + rest
    if start < least:
        return None
    if n == 2:
        gap = math.isqrt(2 * start - total * total)
        gap -= (gap - total) % 2
        return (gap * gap + total * total) // 2
    square = start
    while not realisable(n, total, square):
        square -= 1
    return square


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
    # Sum of the squared differences of all pairs.
    pairs = n * left - rest * rest
    return {1: lambda: pairs == 0, 2: lambda: _is_square(pairs), 3: lambda: _is_hexagonal(pairs // 2)}.get(
        n, lambda: rest % 2 == 1 or _is_three_squares(pairs // 4)
    )()


def _is_square(number: int) -> bool:
    return math.isqrt(number) ** 2 == number


def _is_hexagonal(number: int) -> bool:
    """Tell whether a number is p^2 + p q + q^2, the squared length of a vector of the hexagonal lattice."""
    # 4 number = (2 p + q)^2 + 3 q^2, and q need not exceed the vector's length over the root of 3 by symmetry.
    return any(_is_square(4 * number - 3 * q * q) for q in range(math.isqrt(number // 3) + 1))


def _is_three_squares(number: int) -> bool:
    """Tell whether a number is the sum of three squares (Legendre): not 4^a (8 b + 7)."""
    while number and number % 4 == 0:
        number //= 4
    return number % 8 != 7


def _nearest_sd(n: int, items: int, totals: range, sd: Fraction) -> tuple[float, float]:
    """Nearest sample standard deviations that the possible totals allow, below and above."""

    def deviation(square: int, total: int) -> float:
        return math.sqrt((Fraction(square) - Fraction(total * total, n)) / (n - 1)) / items

    below, above = [], []
    for total in totals:
        target = (sd * items) ** 2 * (n - 1) + Fraction(total * total, n)
        last = _last_realisable(n, total, math.floor(target))
        below.append(math.nan if last is None else deviation(last, total))
        above.append(deviation(_first_realisable(n, total, math.ceil(target)), total))
    return _best(max, below), _best(min, above)


def _best(choose: Callable[[list[float]], float], values: list[float]) -> float:
    finite = [value for value in values if not math.isnan(value)]
    return choose(finite) if finite else math.nan
