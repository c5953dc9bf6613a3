"""Answers of the same people in categories: McNemar, Stuart-Maxwell, Bowker, difference of paired proportions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from evalkit.numeric.values import Interval, Test

Counts = npt.NDArray[np.int64]

_EDGE = 1e-13


def mcnemar_exact(gained: int, lost: int) -> float:
    """Exact two-sided p-value of McNemar's test.

    Parameters
    ----------
    gained, lost : int
        People who changed in the one and in the other direction.

    Returns
    -------
    float
        Probability; 1 when nobody changed.

    References
    ----------
    .. [1] McNemar Q (1947). Psychometrika 12:153-157; by the binomial law of the smaller count.

    Examples
    --------
    >>> round(mcnemar_exact(7, 1), 4)
    0.0703
    """
    changed = gained + lost
    return min(1.0, 2 * float(stats.binom.cdf(min(gained, lost), changed, 0.5))) if changed else 1.0


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """Mid-p-value of McNemar's test, two-sided.

    Parameters
    ----------
    gained, lost : int
        People who changed in the one and in the other direction.

    Returns
    -------
    float
        The exact p-value less the probability of the split seen; less half of it when both counts are equal. 1 when
        nobody changed.

    References
    ----------
    .. [1] Fagerland MW, Lydersen S, Laake P (2013). BMC Med Res Methodol 13:91.

    Examples
    --------
    >>> round(mcnemar_mid_p(7, 1), 4)
    0.0391
    """
    changed = gained + lost
    if not changed:
        return 1.0
    seen = float(stats.binom.pmf(gained, changed, 0.5))
    return 1 - seen / 2 if gained == lost else mcnemar_exact(gained, lost) - seen


def tango(gained: int, lost: int, n: int, *, level: float = 0.95) -> Interval:
    """Score interval for the difference of two proportions in the same people.

    Parameters
    ----------
    gained, lost : int
        People with the property only after, and only before.
    n : int
        Pairs, at least one.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Proportion after minus proportion before, in [-1, 1]; defined for every table, without a change too. The
        standard error is the one without a hypothesis, and 0 where nobody or everybody changed in one direction.

    References
    ----------
    .. [1] Tango T (1998). Stat Med 17:891-908, equations 16 and 17.

    Examples
    --------
    >>> interval = tango(7, 1, 21)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.026, 0.517)
    """
    z = float(stats.norm.isf((1 - level) / 2))
    estimate = (gained - lost) / n
    error = math.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0.0)) / n

    def excess(theta: float) -> float:
        gap = gained - lost - n * theta
        spread = _constrained_variance(gained, lost, n, theta)
        return (gap * gap / spread if spread > 0 else (0.0 if gap == 0 else math.inf)) - z * z

    return Interval(estimate, _limit(excess, estimate, -1.0), _limit(excess, estimate, 1.0), error)


def _constrained_variance(gained: int, lost: int, n: int, theta: float) -> float:
    """Variance of gained minus lost at the maximum of the likelihood under a difference of theta."""
    # The share of those who lost solves 2n q^2 + b q + c = 0; the larger root, in the form without cancellation.
    linear = (2 * n - gained + lost) * theta - gained - lost
    constant = -lost * theta * (1 - theta)
    root = math.sqrt(max(linear * linear - 8 * n * constant, 0.0))
    share = (root - linear) / (4 * n) if linear <= 0 else -2 * constant / (root + linear)
    return n * (2 * share + theta * (1 - theta))


def _limit(excess: Callable[[float], float], estimate: float, end: float) -> float:
    near_end = end * (1 - _EDGE)
    if estimate == end or excess(near_end) < 0:
        return end
    return float(optimize.brentq(excess, *sorted((estimate, near_end)), xtol=_EDGE, rtol=8.9e-16))


def stuart_maxwell(table: Counts) -> Test:
    """Stuart-Maxwell test that the shares of all categories are the same before and after.

    Parameters
    ----------
    table : numpy.ndarray of int
        Shape (categories, categories): people by category before (rows) and after (columns).

    Returns
    -------
    Test
        Chi-squared; the degrees of freedom are the rank of the covariance of the differences: one less than the
        categories that anybody left or entered, less again where people changed only within separate sets of
        categories. Statistic 0 on 0 degrees of freedom and p 1 when nobody changed.

    References
    ----------
    .. [1] Stuart A (1955). Biometrika 42:412-416.
    .. [2] Maxwell AE (1970). Br J Psychiatry 116:651-655.
    """
    counts = np.asarray(table, dtype=float)
    moved = counts - np.diag(np.diag(counts))
    if not moved.any():
        return Test(0.0, 0.0, 1.0)
    difference = moved.sum(axis=0) - moved.sum(axis=1)
    covariance = np.diag(moved.sum(axis=0) + moved.sum(axis=1)) - moved - moved.T
    # This is the Laplacian of who changed with whom: its rank is the categories less the sets that are connected.
    inverse = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
    rank = int(np.linalg.matrix_rank(covariance, tol=1e-10 * np.linalg.norm(covariance, 2), hermitian=True))
    statistic = float(difference @ inverse @ difference)
    return Test(statistic, float(rank), float(stats.chi2.sf(statistic, rank)))


def bowker(table: Counts) -> Test:
    """Bowker's test that each change between two categories is as frequent as the opposite one.

    Parameters
    ----------
    table : numpy.ndarray of int
        Shape (categories, categories): people by category before (rows) and after (columns).

    Returns
    -------
    Test
        Chi-squared; the degrees of freedom are the pairs of categories between which anybody changed. Statistic 0 on 0
        degrees of freedom and p 1 when nobody changed.

    References
    ----------
    .. [1] Bowker AH (1948). J Am Stat Assoc 43:572-574.
    """
    counts = np.asarray(table, dtype=float)
    above = np.triu_indices(len(counts), 1)
    one, other = counts[above], counts.T[above]
    seen = one + other > 0
    df = int(seen.sum())
    if not df:
        return Test(0.0, 0.0, 1.0)
    statistic = float(((one - other)[seen] ** 2 / (one + other)[seen]).sum())
    return Test(statistic, float(df), float(stats.chi2.sf(statistic, df)))
