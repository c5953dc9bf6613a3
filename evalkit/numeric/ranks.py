"""Signed ranks of changes: Wilcoxon's test, the Hodges-Lehmann estimate, the matched rank-biserial correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from evalkit.numeric.values import Interval, Test

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Zeros = Literal["wilcox", "pratt"]
ZEROS: tuple[Zeros, ...] = ("wilcox", "pratt")

# With more changes the exact law and the normal one agree to three digits of p, and the exact one takes long.
EXACT_UP_TO = 200
_FEW_CANDIDATES = 20_000


def signed_ranks(change: Floats, zeros: Zeros = "wilcox") -> Floats:
    """Rank changes by their size and give each rank the sign of its change.

    Parameters
    ----------
    change : numpy.ndarray of float
        Shape (pairs,); ties get the mean of their ranks.
    zeros : {"wilcox", "pratt"}, default "wilcox"
        Drop zeros before ranking, or rank them and then leave their ranks out.

    Returns
    -------
    numpy.ndarray of float
        Shape (changes that are not zero,).

    References
    ----------
    .. [1] Wilcoxon F (1945). Biometrics Bull 1:80-83.
    .. [2] Pratt JW (1959). J Am Stat Assoc 54:655-667.

    Examples
    --------
    >>> signed_ranks(np.array([2.0, 0.0, -1.0, 1.0])).tolist()
    [3.0, -1.5, 1.5]
    >>> signed_ranks(np.array([2.0, 0.0, -1.0, 1.0]), "pratt").tolist()
    [4.0, -2.5, 2.5]
    """
    ranked = change[change != 0] if zeros == "wilcox" else change
    if not len(ranked):
        return np.empty(0)
    signed = np.sign(ranked) * stats.rankdata(np.abs(ranked))
    return np.asarray(signed[ranked != 0])


def signed_rank_test(signed: Floats) -> Test:
    """Wilcoxon's signed-rank test, two-sided.

    Parameters
    ----------
    signed : numpy.ndarray of float
        Shape (changes that are not zero,): signed ranks.

    Returns
    -------
    Test
        The sum of the positive ranks, and p: up to `EXACT_UP_TO` changes from all ways to put signs to the ranks as
        they are, ties included; beyond from the normal law with their variance, without continuity correction. NaN for
        no changes.

    References
    ----------
    .. [1] Hothorn T et al. (2006). Am Stat 60:257-263 (the exact conditional law under ties).
    """
    if not len(signed):
        return Test(math.nan, math.nan, math.nan)
    positive = float(signed[signed > 0].sum())
    ranks = np.abs(signed)
    if len(signed) > EXACT_UP_TO:
        z = (2 * positive - ranks.sum()) / math.sqrt(float((ranks**2).sum()))
        return Test(positive, math.nan, float(2 * stats.norm.sf(abs(z))))
    law = _law(np.rint(2 * ranks).astype(np.int64))
    # Twice the ranks are whole numbers, so that the comparison is one of whole numbers.
    away = abs(4 * positive - (len(law) - 1))
    p = float(law[np.abs(2 * np.arange(len(law)) - (len(law) - 1)) >= away - 0.25].sum())
    return Test(positive, math.nan, min(1.0, p))


def _law(weights: Ints) -> Floats:
    """Probabilities of the sums 0, 1, ... of the weights that a fair coin each picks."""
    law = np.zeros(int(weights.sum()) + 1)
    law[0] = 1.0
    reach = 0
    for weight in np.sort(weights):
        reach += int(weight)
        law[: reach + 1] *= 0.5
        law[weight : reach + 1] += law[: reach + 1 - weight].copy()
    return law


@lru_cache(maxsize=256)
def _rank_of_limit(n: int, tail: float) -> int:
    """How many Walsh averages from the end the limit is; 0 when not even the outermost reaches the level."""
    if n > EXACT_UP_TO:
        mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
        # Each rank is added or not by the toss of a coin, whose fourth cumulant is -1/8 (Cornish and Fisher 1938).
        fourth = -n * (n + 1) * (2 * n + 1) * (3 * n * n + 3 * n - 1) / 240
        z = float(stats.norm.isf(tail))
        place = mean - math.sqrt(variance) * (z + fourth / variance**2 * (z**3 - 3 * z) / 24)
        return math.floor(place + 0.5)
    below = np.cumsum(_law(np.arange(1, n + 1)))
    return int(np.searchsorted(below, tail * (1 + 1e-12), side="right"))


def rank_biserial(change: Floats, zeros: Zeros = "wilcox", *, level: float = 0.95) -> Interval:
    """Matched-pairs rank-biserial correlation: ranks of rises less ranks of falls, as a share of all ranks.

    Parameters
    ----------
    change : numpy.ndarray of float
        Shape (pairs,).
    zeros : {"wilcox", "pratt"}, default "wilcox"
        Leave zeros out, or count their ranks as neither.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        From -1 (all fell) to 1 (all rose). In the population it is the chance that two people's changes have a positive
        sum less the chance that it is negative. A score interval: the values that are not rejected with the variance
        that the value itself gives under a normal shift; ties make it a little too wide. NaN without changes.

    References
    ----------
    .. [1] Kerby DS (2014). Compr Psychol 3:11.IT.3.1.
    .. [2] Hoeffding W (1948). Ann Math Stat 19:293-325, equation 5.13 (variance of a U-statistic of two).

    Examples
    --------
    >>> interval = rank_biserial(np.array([1.0, 2.0, 3.0, -0.5]))
    >>> interval.estimate, round(interval.low, 2), round(interval.high, 2)
    (0.8, -0.2, 1.0)
    """
    signed = signed_ranks(change, zeros)
    n = len(signed) if zeros == "wilcox" else len(change)
    if n < 1 or not len(signed):
        return Interval(math.nan, math.nan, math.nan)
    estimate = float(signed.sum()) / (n * (n + 1) / 2)
    if n < 2:
        return Interval(estimate, math.nan, math.nan)
    critical = float(stats.norm.isf((1 - level) / 2)) ** 2
    # Without the pairs of a change with itself: the mean over different people has no bias.
    others = (estimate * (n + 1) - 2 * float(np.sign(signed).sum()) / n) / (n - 1)
    seen = max(-1.0, min(1.0, others))

    def excess(value: float) -> float:
        return (seen - value) ** 2 - critical * _shift_variance(value, n)

    edge = 1 - 1e-12
    low = -1.0 if excess(-edge) < 0 or seen <= -edge else float(optimize.brentq(excess, -edge, min(seen, edge)))
    high = 1.0 if excess(edge) < 0 or seen >= edge else float(optimize.brentq(excess, max(seen, -edge), edge))
    return Interval(estimate, min(low, estimate), max(high, estimate))


def _shift_variance(value: float, n: int) -> float:
    """Variance of the mean sign of the sums of two changes, where changes are normal and its mean is `value`."""
    share = (1 + value) / 2
    # P(D1 + D2 > 0 and D1 + D3 > 0): two normal sums with a correlation of a half, by Owen's function.
    both = share - 2 * float(special.owens_t(special.ndtri(share), 1 / math.sqrt(3)))
    one = max(4 * (both - share * share), 0.0)
    return 2 / (n * (n - 1)) * (2 * (n - 2) * one + 1 - value * value)


def hodges_lehmann(change: Floats, *, level: float = 0.95) -> Interval:
    """Pseudo-median of changes: the median of the means of all pairs of them, each with itself included.

    Parameters
    ----------
    change : numpy.ndarray of float
        Shape (changes,).
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        In the unit of the changes. The limits are Walsh averages, counted from both ends by the signed-rank law without
        ties: exact up to `EXACT_UP_TO` changes, by the normal law with its fourth cumulant beyond. With ties, the
        closed interval covers at least as often as it says. NaN limits where there are too few changes for the level;
        NaN for none.

    References
    ----------
    .. [1] Hodges JL, Lehmann EL (1963). Ann Math Stat 34:598-611.
    .. [2] Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical Methods, 3rd ed., sections 3.2 and 3.3.
    .. [3] Noether GE (1967). J Am Stat Assoc 62:184-188 (discrete distributions).

    Examples
    --------
    >>> interval = hodges_lehmann(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0]))
    >>> interval.estimate, interval.low, interval.high
    (4.0, 2.0, 7.5)
    """
    n = len(change)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    total = n * (n + 1) // 2
    wanted = [(total + 1) // 2, total // 2 + 1]
    from_end = _rank_of_limit(n, (1 - level) / 2)
    if from_end:
        wanted += [from_end, total + 1 - from_end]
    found = walsh_averages(change, wanted)
    limits = found[2:] or [math.nan, math.nan]
    return Interval((found[0] + found[1]) / 2, limits[0], limits[1])


def walsh_averages(values: Floats, places: Sequence[int]) -> list[float]:
    """Pick Walsh averages, the means of all pairs of values, each with itself included, by their place in order.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (n,), at least one.
    places : sequence of int
        Places from 1 to n (n + 1) / 2.

    Returns
    -------
    list of float
        One for each place. They are found by halving the interval in which they lie and counting the averages below in
        O(n log n), until few are left: the n^2 averages are never built.
    """
    distinct, counts = np.unique(values, return_counts=True)
    sums = _SumsOfTwo(distinct, counts.astype(np.int64))
    found: dict[int, float] = {}
    todo = [sums.all(sorted(set(places)))]
    while todo:
        bracket = todo.pop()
        parts = sums.split(bracket) if sums.many(bracket) else None
        if parts is None:
            found |= sums.picked(bracket)
        else:
            todo += parts
    return [found[place] / 2 for place in places]


class _Bracket(NamedTuple):
    """Sums above `low` and up to `high`, the places sought among them, and how many sums lie below."""

    low: float
    high: float
    first: Ints  # candidates of each row are the columns from first up to before last
    last: Ints
    beaten: int
    places: list[int]


class _SumsOfTwo:
    """Sums of two values, the same one twice included; a row is the lower value, a column the higher."""

    def __init__(self, values: Floats, counts: Ints) -> None:
        self.values, self.counts = values, counts
        self.rows = np.arange(len(values))
        self.below = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.own = counts * (counts + 1) // 2

    def all(self, places: list[int]) -> _Bracket:
        ends = np.full(len(self.rows), len(self.rows))
        return _Bracket(2 * float(self.values[0]), 2 * float(self.values[-1]), self.rows, ends, 0, places)

    def many(self, bracket: _Bracket) -> bool:
        return int((bracket.last - bracket.first).sum()) > max(4 * len(self.rows), _FEW_CANDIDATES)

    def split(self, bracket: _Bracket) -> list[_Bracket] | None:
        """Halve a bracket; None when no number lies between its ends."""
        middle = bracket.low + (bracket.high - bracket.low) / 2
        if not bracket.low < middle < bracket.high:
            return None
        ends = np.maximum(np.searchsorted(self.values, middle - self.values, side="right"), self.rows)
        pairs = self.counts * (self.below[ends] - self.below[self.rows + 1]) + self.own
        upto = int(pairs[ends > self.rows].sum())
        lower = bracket._replace(high=middle, last=ends, places=[place for place in bracket.places if place <= upto])
        upper = bracket._replace(
            low=middle, first=ends, beaten=upto, places=[place for place in bracket.places if place > upto]
        )
        return [part for part in (lower, upper) if part.places]

    def picked(self, bracket: _Bracket) -> dict[int, float]:
        """List the sums of a bracket and pick the places."""
        lengths = bracket.last - bracket.first
        row = np.repeat(self.rows, lengths)
        column = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths - bracket.first, lengths)
        sums = self.values[row] + self.values[column]
        pairs = np.where(row == column, self.own[row], self.counts[row] * self.counts[column])
        order = np.argsort(sums, kind="stable")
        at = np.searchsorted(bracket.beaten + np.cumsum(pairs[order]), bracket.places)
        return dict(zip(bracket.places, sums[order][at].tolist(), strict=True))
