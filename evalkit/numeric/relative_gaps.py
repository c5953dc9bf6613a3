"""Gap between two groups as a share of the first: of means, of medians; and shares of a group in parts of a ranking."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Values of a group in ascending order, each once or as often as it came.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (values,), ascending.
    ends : numpy.ndarray of int
        Shape (values,): how many people have this value or a smaller one.
    """

    values: Floats
    ends: Ints

    @property
    def n(self) -> int:
        """People.

        Returns
        -------
        int
            0 for nobody.
        """
        return int(self.ends[-1]) if len(self.ends) else 0

    def at(self, rank: int) -> float:
        """Give the value of a rank.

        Parameters
        ----------
        rank : int
            From 1, the smallest, to `n`.

        Returns
        -------
        float
            In the unit of the values.
        """
        return float(self.values[np.searchsorted(self.ends, rank, side="left")])

    def moments(self) -> tuple[float, float]:
        """Mean and sample standard deviation.

        Returns
        -------
        tuple of float
            In the unit of the values; NaN for nobody, the standard deviation NaN for one.
        """
        n = self.n
        if n == 0:
            return math.nan, math.nan
        counts = np.diff(self.ends, prepend=0)
        mean = float(counts @ self.values) / n
        square = float(counts @ (self.values - mean) ** 2)
        return mean, math.sqrt(square / (n - 1)) if n > 1 else math.nan

    def median(self) -> float:
        """Give the middle value, or the mean of the two middle ones.

        Returns
        -------
        float
            In the unit of the values; NaN for nobody.
        """
        n = self.n
        return (self.at((n + 1) // 2) + self.at(n // 2 + 1)) / 2 if n else math.nan


def ranked(values: Floats, counts: Ints | None = None) -> Ranked:
    """Put values in ascending order.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (rows,), finite.
    counts : numpy.ndarray of int, optional
        Shape (rows,): people that each row stands for; 1 each where left out. Rows of nobody are left out.

    Returns
    -------
    Ranked
        The values with their ranks.

    Examples
    --------
    >>> ranked(np.array([12.0, 10.0, 11.0])).median()
    11.0
    >>> ranked(np.array([12.0, 10.0]), np.array([3, 1])).median()
    12.0
    """
    if counts is None:
        return Ranked(np.sort(values), np.arange(1, len(values) + 1, dtype=np.int64))
    kept = counts > 0
    order = np.argsort(values[kept], kind="stable")
    return Ranked(values[kept][order], np.cumsum(counts[kept][order]).astype(np.int64))


def mean_gap(
    mean: float, sd: float, n: int, mean_comparison: float, sd_comparison: float, n_comparison: int, *, level: float
) -> tuple[Interval, float]:
    """Gap of two positive means as a share of the first: 1 less second over first.

    Parameters
    ----------
    mean, sd : float
        Mean and sample standard deviation of the first group, the reference.
    n : int
        Its people.
    mean_comparison, sd_comparison : float
        Of the second group.
    n_comparison : int
        Its people.
    level : float
        Confidence level.

    Returns
    -------
    tuple of Interval and float
        The gap, `std_error` that of the gap (delta method), and the degrees of freedom. The interval is Welch's on the
        logarithm of the ratio, so it is below 1 and a gap the other way round has the limits that belong to it. Limits
        are NaN where a group has fewer than two people or neither has any spread.

    References
    ----------
    .. [1] Bonett DG, Price RM (2020). J Educ Behav Stat 45:750-770, equation 5 (ratio of means, Satterthwaite's df).

    Examples
    --------
    >>> gap, _ = mean_gap(115090.42, 30436.93, 358, 101002.41, 25952.13, 39, level=0.95)
    >>> round(gap.estimate, 3)
    0.122
    """
    ratio = mean_comparison / mean
    if min(n, n_comparison) < 2:
        return Interval(1 - ratio, math.nan, math.nan), math.nan
    first, second = (sd / mean) ** 2 / n, (sd_comparison / mean_comparison) ** 2 / n_comparison
    if first + second == 0:
        return Interval(1 - ratio, math.nan, math.nan), math.nan
    df = (first + second) ** 2 / (first**2 / (n - 1) + second**2 / (n_comparison - 1))
    error = math.sqrt(first + second)
    reach = float(stats.t.isf((1 - level) / 2, df)) * error
    return Interval(1 - ratio, 1 - ratio * math.exp(reach), 1 - ratio * math.exp(-reach), ratio * error), df


def median_interval(values: Ranked, *, level: float) -> Interval:
    """Interval of a median between order statistics, interpolated to the level.

    Parameters
    ----------
    values : Ranked
        Of the group.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        In the unit of the values. Limits are NaN where not even the smallest and the largest value reach the level:
        with fewer than six people at 0.95.

    References
    ----------
    .. [1] Hettmansperger TP, Sheather SJ (1986). Stat Probab Lett 4:75-79, equation 2.

    Examples
    --------
    >>> limits = median_interval(ranked(np.arange(1.0, 13.0)), level=0.95)
    >>> round(limits.low, 3), round(limits.high, 3)
    (3.263, 9.737)
    """
    n = values.n
    rank, share = _places(n, (1 - level) / 2)
    if rank < 1:
        return Interval(values.median(), math.nan, math.nan)
    low = (1 - share) * values.at(rank) + share * values.at(rank + 1)
    high = (1 - share) * values.at(n + 1 - rank) + share * values.at(n - rank)
    return Interval(values.median(), low, high)


@lru_cache(maxsize=1024)
def _places(n: int, tail: float) -> tuple[int, float]:
    """Largest rank whose outward tail is at most `tail`, and how far to go from it to the next."""

    def beyond(rank: int) -> float:
        return float(special.bdtr(rank - 1, n, 0.5)) if rank >= 1 else 0.0

    rank = int(stats.binom.ppf(tail, n, 0.5)) + 1 if n else 0
    while rank >= 1 and beyond(rank) > tail:
        rank -= 1
    if rank < 1:
        return 0, 0.0
    outer, inner = 1 - 2 * beyond(rank), 1 - 2 * beyond(rank + 1)
    step = (outer - (1 - 2 * tail)) / (outer - inner)
    return rank, (n - rank) * step / (rank + (n - 2 * rank) * step)


def median_gap(values: Ranked, comparison: Ranked, *, level: float) -> Interval:
    """Gap of two positive medians as a share of the first: 1 less second over first.

    Parameters
    ----------
    values : Ranked
        Of the first group, the reference.
    comparison : Ranked
        Of the second group.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        The gap. Its limits are made, on the logarithmic scale, of the distances of both medians from their own limits;
        no density is estimated, so that pay on few points is no obstacle. NaN limits where a group is too small.

    References
    ----------
    .. [1] Zou GY, Donner A (2008). Stat Med 27:1693-1702, equation 1 (limits of a difference from those of its parts).
    .. [2] Hettmansperger TP, Sheather SJ (1986). Stat Probab Lett 4:75-79 (limits of a median).
    """
    first, second = median_interval(values, level=level), median_interval(comparison, level=level)
    ratio = second.estimate / first.estimate
    up = math.hypot(math.log(second.high / second.estimate), math.log(first.estimate / first.low))
    down = math.hypot(math.log(second.estimate / second.low), math.log(first.high / first.estimate))
    return Interval(1 - ratio, 1 - ratio * math.exp(up), 1 - ratio * math.exp(-down))


def shares_of_parts(values: Ranked, members: Ints, parts: int = 4) -> tuple[Ints, Floats]:
    """Cut a ranking into parts as equal as possible and count the members of a group in each.

    Parameters
    ----------
    values : Ranked
        Everybody, both groups; equal values may stand in several places.
    members : numpy.ndarray of int
        Shape (values,): how many of those who stand at this place belong to the group.
    parts : int, default 4
        How many parts.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (parts,) each: people in the part, lowest values first (sizes differ by one at most); and members among
        them. People of one value across a boundary are shared so that the group has the same share of them on both
        sides, which may give fractions of a person.

    Examples
    --------
    >>> people = ranked(np.array([10.0, 10.0, 10.0, 12.0]))
    >>> sizes, women = shares_of_parts(people, np.array([1, 1, 0, 0]), 2)
    >>> sizes.tolist(), women.round(3).tolist()
    ([2, 2], [1.333, 0.667])
    """
    n = values.n
    bounds = (2 * np.arange(parts + 1) * n + parts) // (2 * parts)
    last = np.append(values.values[1:] != values.values[:-1], True) if n else np.zeros(0, dtype=bool)
    everybody = np.concatenate([[0], values.ends[last]])
    of_group = np.concatenate([[0], np.cumsum(members)[last]])
    below = np.interp(bounds, everybody, of_group)
    return np.diff(bounds), np.diff(below)
