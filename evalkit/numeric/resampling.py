"""Bootstrap of statistics that are functions of means: one set of draws for many outcomes, and BCa intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats, int], Floats]

# Cells of a block of weights: 2 MB of numbers stay in the cache of the processor.
_BLOCK = 250_000
# Multiplications up to which OpenBLAS does not share a product among threads.
_ONE_THREAD = 262_144
# From so many rows on, rows that are alike are drawn together if that makes ten times fewer of them.
_MANY_ROWS, _FEWER = 2_000, 10


def resampled_means(columns: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Means of columns in samples of the rows, drawn with replacement; all columns share the draws.

    Parameters
    ----------
    columns : numpy.ndarray of float
        Shape (rows, columns), at least one row.
    draws : int
        Samples.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    numpy.ndarray of float
        Shape (draws, columns). Where there are thousands of rows and few different ones, their counts are drawn from
        the multinomial law, which is the same law and takes other random numbers.
    """
    n = len(columns)
    if few_distinct(columns):
        distinct, counts = np.unique(columns, axis=0, return_counts=True)
        return np.asarray(rng.multinomial(n, counts / n, size=draws) @ distinct / n)
    means = np.empty((draws, columns.shape[1]))
    step = max(1, _BLOCK // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        picked = rng.integers(0, n, size=(size, n))
        picked += np.arange(0, size * n, n)[:, None]
        weights = np.bincount(picked.ravel(), minlength=size * n).reshape(size, n)
        means[start : start + size] = _product(weights.astype(float), columns)
    return means / n


def _product(weights: Floats, columns: Floats) -> Floats:
    """Multiply in slices so small that OpenBLAS stays on one thread: on a busy machine two wait for each other."""
    step = max(1, _ONE_THREAD // columns.size)
    return np.concatenate([weights[start : start + step] @ columns for start in range(0, len(weights), step)])


def few_distinct(columns: Floats) -> bool:
    """Tell whether there are thousands of rows and few different ones.

    Parameters
    ----------
    columns : numpy.ndarray of float
        Shape (rows, columns).

    Returns
    -------
    bool
        Whether to draw counts of the different rows.
    """
    n = len(columns)
    return n >= _MANY_ROWS and len(np.unique(columns, axis=0)) * _FEWER <= n


def left_out_means(columns: Floats) -> Floats:
    """Means of columns with each row left out in turn.

    Parameters
    ----------
    columns : numpy.ndarray of float
        Shape (rows, columns), at least two rows.

    Returns
    -------
    numpy.ndarray of float
        Shape (rows, columns).
    """
    return np.asarray((columns.sum(axis=0) - columns) / (len(columns) - 1))


def bca(estimate: float, drawn: Floats, left_out: Floats, *, level: float = 0.95) -> Interval:
    """Bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    estimate : float
        The statistic of the sample.
    drawn : numpy.ndarray of float
        Shape (draws,): the statistic of each resample, finite.
    left_out : numpy.ndarray of float
        Shape (rows,): the statistic with each row left out.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        In the unit of the statistic, `std_error` the standard deviation of the draws. Draws equal to the estimate count
        half as below it, as in SciPy; R's boot counts none of them. NaN limits where all draws are on one side of the
        estimate, or it does not depend on any row.

    References
    ----------
    .. [1] Efron B (1987). J Am Stat Assoc 82:171-185, equations 2.3 and 6.6.
    .. [2] Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, section 14.3.
    """
    if len(drawn) < 2 or not np.isfinite(left_out).all():
        return Interval(estimate, math.nan, math.nan)
    # Sums of the same values in another order differ in their last digits, and are ties all the same.
    gap = drawn - estimate
    tie = np.abs(gap) <= 1e-11 * np.abs(gap).max()
    below = float(((gap < 0) & ~tie).mean() + tie.mean() / 2)
    influence = left_out.mean() - left_out
    square = float((influence**2).sum())
    error = float(drawn.std(ddof=1))
    if not 0 < below < 1 or square == 0:
        return Interval(estimate, math.nan, math.nan, error)
    acceleration = float((influence**3).sum()) / (6 * square**1.5)
    bias = float(stats.norm.ppf(below))
    tail = float(stats.norm.isf((1 - level) / 2))
    shifted = np.array([bias - tail, bias + tail])
    places = stats.norm.cdf(bias + shifted / (1 - acceleration * shifted))
    low, high = np.quantile(drawn, places)
    return Interval(estimate, float(low), float(high), error)
