"""Two measurements of each of several pairs: intraclass correlation, limits of agreement, and whether roles differ."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.regression import beyond_rounding, classical_covariance, least_squares
from evalkit.numeric.values import Interval, Test

Floats = npt.NDArray[np.float64]


def intraclass(first: Floats, second: Floats, *, roles: bool, level: float = 0.95) -> tuple[Interval, Test]:
    """Intraclass correlation of the two members of pairs.

    Parameters
    ----------
    first, second : numpy.ndarray of float
        Shape (pairs,), at least two.
    roles : bool
        Whether first and second are roles, so that a difference between their means does not count (consistency,
        two-way); else the order within a pair means nothing (one-way).
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of Interval and Test
        The correlation and its limits from the F distribution; the F statistic with the degrees of freedom between
        pairs. NaN where there is no spread.

    References
    ----------
    .. [1] Shrout PE, Fleiss JL (1979). Psychol Bull 86:420-428: ICC(1,1) and its limits, ICC(3,1) and its limits.
    .. [2] McGraw KO, Wong SP (1996). Psychol Methods 1:30-46.
    """
    pairs = len(first)
    gaps = first - second
    size = float(max(np.abs(first).max(), np.abs(second).max()))
    between = 2 * beyond_rounding(float(((first + second) / 2).std(ddof=1)), size) ** 2
    df_within = pairs - 1 if roles else pairs
    squares = float(((gaps - (gaps.mean() if roles else 0.0)) ** 2).sum()) / 2 / df_within
    within = beyond_rounding(math.sqrt(squares), size) ** 2
    nothing = Interval(math.nan, math.nan, math.nan), Test(math.nan, math.nan, math.nan)
    if between == 0 and within == 0:
        return nothing
    if within == 0:
        return Interval(1.0, math.nan, math.nan), Test(math.inf, float(pairs - 1), 0.0)
    if between == 0:
        return Interval(-1.0, math.nan, math.nan), Test(math.nan, math.nan, math.nan)
    ratio = between / within
    tail = (1 - level) / 2
    low = ratio / float(stats.f.isf(tail, pairs - 1, df_within))
    high = ratio * float(stats.f.isf(tail, df_within, pairs - 1))
    p_value = 2 * min(float(stats.f.sf(ratio, pairs - 1, df_within)), float(stats.f.cdf(ratio, pairs - 1, df_within)))
    estimate, below, above = ((value - 1) / (value + 1) for value in (ratio, low, high))
    return Interval(estimate, below, above), Test(ratio, float(pairs - 1), min(p_value, 1.0))


def agreement_limits(gaps: Floats, *, share: float = 0.95, level: float = 0.95) -> tuple[Interval, Interval]:
    """Limits between which most differences of two members lie, if they vary normally.

    Parameters
    ----------
    gaps : numpy.ndarray of float
        Shape (pairs,): second member minus first, at least two.
    share : float, default 0.95
        Share of the differences between the limits.
    level : float, default 0.95
        Confidence level of the interval of each limit.

    Returns
    -------
    tuple of Interval
        Lower and upper limit, each with its exact interval by the noncentral t.

    References
    ----------
    .. [1] Bland JM, Altman DG (1986). Lancet 327:307-310.
    .. [2] Carkeet A (2015). Optom Vis Sci 92:e71-e80.
    """
    pairs = len(gaps)
    reach = float(stats.norm.isf((1 - share) / 2))
    mean, spread = float(gaps.mean()), beyond_rounding(float(gaps.std(ddof=1)), float(np.abs(gaps).max()))
    if spread == 0:
        return Interval(mean, math.nan, math.nan), Interval(mean, math.nan, math.nan)
    root = math.sqrt(pairs)
    near, far = (
        float(stats.nct.ppf(tail, pairs - 1, reach * root)) / root for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    lower = Interval(mean - reach * spread, mean - far * spread, mean - near * spread)
    upper = Interval(mean + reach * spread, mean + near * spread, mean + far * spread)
    return lower, upper


def agreement_reach(gaps: Floats, *, share: float = 0.95, level: float = 0.95) -> Interval:
    """Distance that most differences of two exchangeable members keep within, if they vary normally about zero.

    Parameters
    ----------
    gaps : numpy.ndarray of float
        Shape (pairs,): differences in whichever order, at least one of them not zero.
    share : float, default 0.95
        Share of the differences within the distance.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Exact, by the chi-squared distribution.

    References
    ----------
    .. [1] Bland JM, Altman DG (1999). Stat Methods Med Res 8:135-160 (repeatability).
    """
    squares, pairs = float((gaps**2).sum()), len(gaps)
    reach = float(stats.norm.isf((1 - share) / 2))
    tail = (1 - level) / 2
    low, high = (math.sqrt(squares / float(stats.chi2.isf(end, pairs))) for end in (tail, 1 - tail))
    return Interval(reach * math.sqrt(squares / pairs), reach * low, reach * high)


def exchangeable_test(before: Floats, after: Floats) -> Test | None:
    """Test that the two members of pairs may change places: equal means, variances and covariances.

    Parameters
    ----------
    before, after : numpy.ndarray of float
        Shape (pairs, 2): first and second member.

    Returns
    -------
    Test or None
        Exact F under normality with 6 and 2 (pairs - 4) degrees of freedom, of which the first are given; None for
        fewer than five pairs or without spread.

    Notes
    -----
    If the members may change places, their differences have mean zero and do not depend on their sums. That is Wilks's
    test of the regression of both differences on a constant and both sums, with two outcomes and three terms.

    References
    ----------
    .. [1] Rao CR (1973). Linear statistical inference and its applications, section 8c.5.
    .. [2] Gonzalez R, Griffin D (1999). Pers Relatsh 6:449-469 (the hypothesis).
    """
    pairs = len(before)
    gaps = np.column_stack([before[:, 0] - before[:, 1], after[:, 0] - after[:, 1]])
    sums = np.column_stack([np.ones(pairs), before.sum(axis=1), after.sum(axis=1)])
    if pairs < 5 or np.linalg.matrix_rank(sums - sums.mean(axis=0) * [0, 1, 1]) < 3:
        return None
    along = np.linalg.lstsq(sums, gaps, rcond=None)[0]
    rest = gaps - sums @ along
    whole, left = float(np.linalg.det(gaps.T @ gaps)), float(np.linalg.det(rest.T @ rest))
    if not (left > 1e-12 * whole and whole > 0):
        return None
    root = math.sqrt(left / whole)
    df = 2 * (pairs - 4)
    statistic = (1 - root) / root * df / 6
    return Test(statistic, 6.0, float(stats.f.sf(statistic, 6, df)))


def pooled_effects(before: Floats, after: Floats) -> tuple[Floats, Floats, Floats]:
    """Actor and partner effect of exchangeable members.

    Parameters
    ----------
    before, after : numpy.ndarray of float
        Shape (pairs, 2), at least three pairs whose sums and differences before both vary.

    Returns
    -------
    tuple of numpy.ndarray
        Actor and partner effect, their standard errors, and Satterthwaite degrees of freedom, shape (2,) each.

    Notes
    -----
    Sums and differences of the members are independent of each other: the sum of both effects is the slope of the sums,
    their difference that of the differences. Generalised least squares with equally correlated members is the same.

    References
    ----------
    .. [1] Kenny DA, Kashy DA, Cook WL (2006). Dyadic data analysis, chapter 7.
    """
    one = np.ones(len(before))
    total_before = before.sum(axis=1)
    sums = least_squares(np.column_stack([one, total_before - total_before.mean()]), after.sum(axis=1))
    gaps = least_squares((before[:, 0] - before[:, 1])[:, None], after[:, 0] - after[:, 1])
    slopes = np.array([sums.coefficients[1], gaps.coefficients[0]])
    variances = np.array([classical_covariance(sums).matrix[1, 1], classical_covariance(gaps).matrix[0, 0]])
    total = float(variances.sum())
    parts = float((variances**2 / [sums.df, gaps.df]).sum())
    df = total * total / parts if parts > 0 else math.nan
    effects = np.array([slopes.sum(), slopes[0] - slopes[1]]) / 2
    return effects, np.full(2, math.sqrt(total) / 2), np.full(2, df)
