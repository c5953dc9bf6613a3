"""Which counts print as a percentage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, whole, within
from evalkit.published.printed import exact, too_fine

_RULES = ("half-up", "half-even", "truncated")
# All subsets of the rules, by the bits of their index.
_ROUNDING = pd.CategoricalDtype(
    [", ".join(rule for bit, rule in enumerate(_RULES) if code >> bit & 1) for code in range(8)]
)
_MOST_SOLUTIONS = 10_000
_LARGEST = 2**62

Integers = npt.NDArray[np.int64]


def _printed_problems(name: str, value: float, decimals: int, *, high: float) -> Problems:
    problems = whole("decimals", decimals, low=0) + within(name, value, low=0, high=high)
    if not problems and too_fine(value, decimals):
        problems.append(
            Problem(
                "DAT-005",
                name,
                f"{value} with decimals={decimals}",
                "no more digits than the decimals",
                "State the decimals as printed.",
            )
        )
    return problems


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
        DAT-002 for a percentage outside 0-100 or an n below 1, DAT-005 when the number has more digits than `decimals`,
        DAT-007 when the ends of `n_range` are exchanged, DAT-009 when neither or both of `n` and `n_range` are given.

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
    low, high = _n_limits(n, n_range)
    require(_printed_problems("percent", percent, decimals, high=100), _size_problems(high, decimals))
    unit = 10**decimals
    digits = int(exact(percent) * unit)
    # k / n prints as the digits when these whole numbers lie between their bounds: no floating point decides a tie.
    sizes = np.arange(low, high + 1, dtype=np.int64)
    scale = 200 * unit
    first = np.maximum(0, -((-(2 * digits - 1) * sizes) // scale))
    last = np.minimum(sizes, -((-(2 * digits + 2) * sizes) // scale) - 1)
    tries = np.maximum(0, last - first + 1)
    people = np.repeat(sizes, tries)
    starts = np.repeat(np.cumsum(tries) - tries, tries)
    count = np.repeat(first, tries) + np.arange(len(people)) - starts
    code = _rounding_code(count * scale, people, digits)
    kept = code > 0
    return pd.DataFrame(
        {
            "count": count[kept],
            "n": people[kept],
            "rounding": pd.Categorical.from_codes(code[kept], dtype=_ROUNDING).remove_unused_categories(),  # type: ignore[arg-type]
        }
    )


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


def _n_limits(n: int | None, n_range: tuple[int, int] | None) -> tuple[int, int]:
    if (n is None) == (n_range is None):
        require(
            [
                Problem(
                    "DAT-009",
                    "n, n_range",
                    "neither or both",
                    "one of the two",
                    "Give n when it is printed, else the range to try.",
                )
            ]
        )
    low, high = n_range if n_range is not None else (n or 0, n or 0)
    name = "n" if n_range is None else "n_range"
    require(whole(name, low, low=1) or whole(name, high, low=1))
    if low > high:
        require(
            [Problem("DAT-007", "n_range", f"({low}, {high})", "the lower number first", "Exchange the two numbers.")]
        )
    return low, high


def _size_problems(high: int, decimals: int) -> Problems:
    if isinstance(decimals, int) and 0 <= decimals <= 18 and 200 * 10**decimals * (high + 1) < _LARGEST:
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


def implied_life_table(n_start: int, rates: list[float], *, decimals: int) -> ImpliedLifeTable:
    """Recover the events and the numbers at risk behind printed rates of successive periods.

    Parameters
    ----------
    n_start : int
        People at the start.
    rates : list of float
        Per cent of those still there who left in each period, as printed.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    ImpliedLifeTable
        Every life table that prints so. It takes for granted that people only leave: whoever was lost from sight would
        have made the next number at risk smaller than it is here.

    Raises
    ------
    DataError
        As `consistent_counts`.
    EstimationError
        EST-001 when more than 10,000 tables fit: the rates are too coarse to tell.

    Examples
    --------
    >>> table = implied_life_table(239, [3.77, 3.48, 8.11], decimals=2)
    >>> table.unique, table.frame["n_events"].tolist(), table.frame["n_at_risk"].tolist()
    (True, [9, 8, 18], [239, 230, 222])
    """
    require(whole("n_start", n_start, low=1))
    require(*(_printed_problems("rates", rate, decimals, high=100) for rate in rates))
    paths: list[list[tuple[int, int, str]]] = [[]]
    for rate in rates:
        longer = []
        for path in paths:
            left = path[-1][0] - path[-1][1] if path else n_start
            if left == 0:
                continue
            found = consistent_counts(rate, n=left, decimals=decimals)
            longer += [
                [*path, (left, count, str(rounding))]
                for count, rounding in zip(found["count"].tolist(), found["rounding"], strict=True)
            ]
            if len(longer) > _MOST_SOLUTIONS:
                raise EstimationError(
                    Problem(
                        "EST-001",
                        "rates",
                        f"more than {_MOST_SOLUTIONS:,} life tables",
                        "rates that leave few possibilities",
                        "Give rates with more decimals, or fewer periods.",
                    )
                )
        paths = longer
    rows = [
        (solution, period, at_risk, events, 100 * events / at_risk, rounding)
        for solution, path in enumerate(paths, start=1)
        for period, (at_risk, events, rounding) in enumerate(path, start=1)
    ]
    columns = ["solution", "period", "n_at_risk", "n_events", "rate", "rounding"]
    return ImpliedLifeTable(pd.DataFrame(rows, columns=columns), len(paths))
