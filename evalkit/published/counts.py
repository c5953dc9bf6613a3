"""Which counts print as a percentage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, whole, within
from evalkit.published.arguments import decimals_problems, fineness_problems
from evalkit.published.printed import exact

_RULES = ("half-up", "half-even", "truncated")
# All subsets of the rules, by the bits of their index.
_ROUNDING = pd.CategoricalDtype(
    [", ".join(rule for bit, rule in enumerate(_RULES) if code >> bit & 1) for code in range(8)]
)
_MOST_SOLUTIONS = 10_000
_MOST_ROWS = 20_000_000
_LARGEST = 2**62

Integers = npt.NDArray[np.int64]
# At risk, events and rounding of each period.
_Path = tuple[tuple[int, int, str], ...]


def _printed_problems(name: str, value: float, decimals: int, *, high: float) -> Problems:
    problems = within(name, value, low=0, high=high)
    return problems if problems or decimals_problems("decimals", decimals) else fineness_problems(name, value, decimals)


def consistent_counts(
    percent: float, *, n: int | None = None, n_range: tuple[int, int] | None = None, decimals: int
) -> pd.DataFrame:
    """List every count and n that prints as a percentage.

    Parameters
    ----------
    percent : float
        The printed percentage, 0 to 100.
    n : int, optional
        People, when printed.
    n_range : tuple of int, optional
        Least and greatest n to try, both included, when n is not printed. One of `n` and `n_range` is needed.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    pandas.DataFrame
        Columns `count`, `n` (int) and `rounding` (category: the rules under which the count prints so, out of
        "half-up", "half-even" and "truncated"); one row for each count and n, sorted by n and count. Empty when the
        percentage is impossible.

    Raises
    ------
    DataError
        DAT-002 for a percentage outside 0-100, an n below 1, or a range that allows more than 20 million counts,
        DAT-005 when the number has more digits than `decimals`, DAT-007 when the ends of `n_range` are exchanged,
        DAT-009 when neither or both of `n` and `n_range` are given.

    References
    ----------
    .. [1] Brown NJL, Heathers JAJ (2017). Soc Psychol Personal Sci 8:363-369, applied to a proportion.

    Examples
    --------
    >>> consistent_counts(3.77, n=239, decimals=2).to_dict("records")
    [{'count': 9, 'n': 239, 'rounding': 'half-up, half-even'}]
    >>> consistent_counts(6.1, n=78, decimals=1).empty
    True
    """
    (low, high), found = _n_limits(n, n_range)
    require(_printed_problems("percent", percent, decimals, high=100), decimals_problems("decimals", decimals), found)
    require(_size_problems(high, decimals) or _range_problems(high - low + 1))
    return _listed(percent, int(decimals), np.arange(low, high + 1, dtype=np.int64))


def count_limits(percent: float, sizes: Integers, *, decimals: int) -> tuple[Integers, Integers]:
    """Find the least and the greatest count that prints as a percentage, for many n at once.

    Parameters
    ----------
    percent : float
        The printed percentage.
    sizes : array of int, shape (k,)
        People.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    tuple of arrays of int, shape (k,)
        Every count from the first to the second prints so under half-up, half-even or truncated rounding; the first is
        the greater where none does.
    """
    unit = 10**decimals
    digits = int(exact(percent) * unit)
    # From half a unit below to a unit above, the end left out; whole numbers, so that no floating point decides a tie.
    scale = 200 * unit
    fits = (2 * abs(digits) + 2) * int(sizes.max(initial=1)) < _LARGEST
    people = sizes if fits else sizes.astype(object)
    first = np.minimum(people + 1, np.maximum(0, -((-(2 * digits - 1) * people) // scale)))
    last = np.maximum(-1, np.minimum(people, -((-(2 * digits + 2) * people) // scale) - 1))
    return first.astype(np.int64), last.astype(np.int64)


def _listed(percent: float, decimals: int, sizes: Integers) -> pd.DataFrame:
    unit = 10**decimals
    first, last = count_limits(percent, sizes, decimals=decimals)
    tries = np.maximum(0, last - first + 1)
    require(_range_problems(int(tries.sum())))
    people = np.repeat(sizes, tries)
    starts = np.repeat(np.cumsum(tries) - tries, tries)
    count = np.repeat(first, tries) + np.arange(len(people)) - starts
    code = _rounding_code(count * (200 * unit), people, int(exact(percent) * unit))
    rounding = pd.Categorical.from_codes(code, dtype=_ROUNDING)
    return pd.DataFrame({"count": count, "n": people, "rounding": rounding.remove_unused_categories()})


def _rounding_code(scaled: Integers, n: Integers, digits: int) -> npt.NDArray[np.int8]:
    """Set one bit for each rule under which a count prints as the digits."""
    lower = (2 * digits - 1) * n
    upper = lower + 2 * n
    code = ((scaled >= lower) & (scaled < upper)) * np.int8(0b011)
    # A tie goes up under half-up and to the even digit under half-even.
    if digits % 2:
        code -= (scaled == lower) * np.int8(0b010)
    else:
        code += (scaled == upper) * np.int8(0b010)
    code += ((scaled >= lower + n) & (scaled < upper + n)) * np.int8(0b100)
    return code


def _n_limits(n: int | None, n_range: tuple[int, int] | None) -> tuple[tuple[int, int], Problems]:
    if (n is None) == (n_range is None):
        remedy = "Give n when it is printed, else the range to try."
        return (1, 1), [Problem("DAT-009", "n, n_range", "neither or both", "one of the two", remedy)]
    if n_range is None:
        problems = whole("n", n, low=1)
        return ((1, 1) if problems or n is None else (int(n), int(n))), problems
    if not _is_pair(n_range):
        return (1, 1), [Problem("DAT-009", "n_range", repr(n_range), "two whole numbers", "Give (least, greatest).")]
    low, high = n_range
    problems = whole("n_range", low, low=1) or whole("n_range", high, low=1)
    if not problems and low > high:
        problems = [
            Problem("DAT-007", "n_range", f"({low}, {high})", "the lower number first", "Exchange the two numbers.")
        ]
    return ((1, 1) if problems else (int(low), int(high))), problems


def _is_pair(n_range: object) -> bool:
    return isinstance(n_range, tuple | list) and len(n_range) == 2


def _size_problems(high: int, decimals: int) -> Problems:
    if 200 * 10 ** int(decimals) * (high + 1) < _LARGEST:
        return []
    return [
        Problem(
            "DAT-002",
            "n, decimals",
            f"n = {high} with {decimals} decimals",
            "numbers that fit whole-number arithmetic",
            "Give fewer decimals or a smaller n.",
        )
    ]


def _range_problems(rows: int) -> Problems:
    if rows <= _MOST_ROWS:
        return []
    return [
        Problem("DAT-002", "n, n_range", f"{rows:,} to list", f"at most {_MOST_ROWS:,}", "Give a smaller n or range.")
    ]


@dataclass(frozen=True, slots=True, eq=False)
class ImpliedLifeTable:
    """What printed rates allow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `solution, period, n_at_risk, n_events, rate, rounding`; one row for each period of each solution,
        `rate` in per cent. Empty when no counts print as the rates.
    n_solutions : int
        How many life tables print as the rates.
    """

    frame: pd.DataFrame
    n_solutions: int

    @property
    def unique(self) -> bool:
        """Whether the rates come from one life table and no other."""
        return self.n_solutions == 1


def implied_life_table(
    n_start: int, rates: Sequence[float], *, decimals: int | list[int] | tuple[int, ...]
) -> ImpliedLifeTable:
    """Recover the events and the numbers at risk behind printed rates of successive periods.

    Parameters
    ----------
    n_start : int
        People at the start.
    rates : sequence of float
        Per cent of those still there who left in each period, as printed.
    decimals : int, or list or tuple of int
        Digits printed after the point, of all rates or of each.

    Returns
    -------
    ImpliedLifeTable
        Every life table that prints so. It takes for granted that people only leave: whoever was lost from sight would
        have made the next number at risk smaller than it is here. Empty when nobody is left for a period.

    Raises
    ------
    DataError
        As `consistent_counts`; DAT-009 without rates, or with another number of decimals than of rates.
    EstimationError
        EST-001 when more than 10,000 tables fit: the rates are too coarse to tell.

    Examples
    --------
    >>> table = implied_life_table(239, [3.77, 3.48, 8.11], decimals=2)
    >>> table.unique, table.frame["n_events"].tolist(), table.frame["n_at_risk"].tolist()
    (True, [9, 8, 18], [239, 230, 222])
    """
    if not hasattr(rates, "__len__"):
        require([Problem("DAT-009", "rates", repr(rates), "a list of percentages", "Write [5.0] for a single period.")])
    digits = list(decimals) if isinstance(decimals, tuple | list) else [decimals] * len(rates)
    require(whole("n_start", n_start, low=1), _rates_problems(rates, digits))
    require(_size_problems(int(n_start), max(digits)))
    paths: list[_Path] = [()]
    for rate, places in zip(rates, digits, strict=True):
        paths = _longer(paths, int(n_start), rate, int(places))
    rows = [
        (solution, period, at_risk, events, 100 * events / at_risk, rounding)
        for solution, path in enumerate(paths, start=1)
        for period, (at_risk, events, rounding) in enumerate(path, start=1)
    ]
    columns = ["solution", "period", "n_at_risk", "n_events", "rate", "rounding"]
    return ImpliedLifeTable(pd.DataFrame(rows, columns=columns), len(paths))


def _rates_problems(rates: Sequence[float], digits: Sequence[int]) -> Problems:
    if not rates or len(rates) != len(digits):
        found = f"{len(rates)} rates and {len(digits)} decimals"
        remedy = "Give one number of decimals, or one for each rate."
        return [Problem("DAT-009", "rates, decimals", found, "at least one rate", remedy)]
    problems = [problem for places in dict.fromkeys(digits) for problem in decimals_problems("decimals", places)]
    for rate, places in zip(rates, digits, strict=True):
        problems += _printed_problems("rates", rate, places, high=100)
    return problems


def _longer(paths: list[_Path], n_start: int, rate: float, decimals: int) -> list[_Path]:
    """Go on from every life table by one period."""
    lefts = [path[-1][0] - path[-1][1] if path else n_start for path in paths]
    sizes = np.array(sorted({left for left in lefts if left}), dtype=np.int64)
    first, last = count_limits(rate, sizes, decimals=decimals)
    ways = dict(zip(sizes.tolist(), np.maximum(0, last - first + 1).tolist(), strict=True))
    if sum(ways.get(left, 0) for left in lefts) > _MOST_SOLUTIONS:
        raise EstimationError(
            Problem(
                "EST-001",
                "rates",
                f"more than {_MOST_SOLUTIONS:,} life tables",
                "rates that leave few possibilities",
                "Give rates with more decimals, or fewer periods.",
            )
        )
    found: dict[int, list[tuple[int, int, str]]] = {}
    listed = _listed(rate, decimals, sizes)
    for count, n, rounding in zip(listed["count"].tolist(), listed["n"].tolist(), listed["rounding"], strict=True):
        found.setdefault(n, []).append((n, count, str(rounding)))
    return [(*path, step) for path, left in zip(paths, lefts, strict=True) for step in found.get(left, [])]
