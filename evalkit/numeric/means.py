"""Means from their summaries: t intervals, Student's and Welch's tests, standardised differences."""

from __future__ import annotations

import math

from scipy import integrate, optimize, special, stats

from evalkit.numeric.values import Interval, Test

# SciPy's noncentral t has 12 digits up to here, 8 at ten times as much, and is NaN at a hundred times as much.
_SCIPY_REACH = 1000.0


def t_interval(estimate: float, std_error: float, df: float, *, level: float = 0.95) -> Interval:
    """Interval of a normal mean or difference.

    Parameters
    ----------
    estimate, std_error : float
        The point and its standard error, in the unit of the measurement.
    df : float
        Degrees of freedom; infinity gives the normal interval.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        In the unit of the measurement.
    """
    half = float(stats.t.isf((1 - level) / 2, df)) * std_error
    return Interval(estimate, estimate - half, estimate + half, std_error)


def t_test(estimate: float, std_error: float, df: float) -> Test:
    """Two-sided t test that a mean or difference is zero.

    Parameters
    ----------
    estimate, std_error : float
        The point and its standard error.
    df : float
        Degrees of freedom.

    Returns
    -------
    Test
        NaN when there is neither a difference nor any spread.
    """
    if std_error == 0:
        statistic = math.nan if estimate == 0 else math.copysign(math.inf, estimate)
    else:
        statistic = estimate / std_error
    return Test(statistic, df, float(2 * stats.t.sf(abs(statistic), df)))


def student_error(sd: float, n: int, sd_control: float, n_control: int) -> tuple[float, float]:
    """Standard error of a difference of means under equal variances.

    Parameters
    ----------
    sd : float
        Sample standard deviation of the first group.
    n : int
        Its people.
    sd_control : float
        Sample standard deviation of the second group.
    n_control : int
        Its people.

    Returns
    -------
    tuple of float
        Standard error, degrees of freedom; the error is NaN when both groups are of one.
    """
    df = n + n_control - 2
    return pooled_sd(sd, n, sd_control, n_control) * math.sqrt(1 / n + 1 / n_control), float(df)


def welch_error(sd: float, n: int, sd_control: float, n_control: int) -> tuple[float, float]:
    """Standard error of a difference of means under unequal variances.

    Parameters
    ----------
    sd : float
        Sample standard deviation of the first group.
    n : int
        Its people.
    sd_control : float
        Sample standard deviation of the second group.
    n_control : int
        Its people.

    Returns
    -------
    tuple of float
        Standard error, degrees of freedom: NaN when neither group has any spread, both NaN when a group is of one.

    References
    ----------
    .. [1] Welch BL (1947). Biometrika 34:28-35.
    """
    if min(n, n_control) < 2:
        return math.nan, math.nan
    first, second = sd * sd / n, sd_control * sd_control / n_control
    spread = first + second
    if spread == 0:
        return 0.0, math.nan
    df = spread**2 / (first**2 / (n - 1) + second**2 / (n_control - 1))
    return math.sqrt(spread), df


def pooled_sd(sd: float, n: int, sd_control: float, n_control: int) -> float:
    """Pool two standard deviations by their degrees of freedom.

    Parameters
    ----------
    sd : float
        Sample standard deviation of the first group.
    n : int
        Its people.
    sd_control : float
        Sample standard deviation of the second group.
    n_control : int
        Its people.

    Returns
    -------
    float
        In the unit of the measurement. A group of one adds nothing, so its standard deviation may be NaN; NaN when
        both groups are of one.
    """
    df = n + n_control - 2
    if df < 1:
        return math.nan
    groups = ((sd, n), (sd_control, n_control))
    return math.sqrt(sum((people - 1) * spread * spread for spread, people in groups if people > 1) / df)


def hedges_factor(df: float) -> float:
    """Factor that takes the small-sample bias out of a standardised mean difference.

    Parameters
    ----------
    df : float
        Degrees of freedom of the standard deviation that divides.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    .. [1] Hedges LV (1981). J Educ Stat 6:107-128, equation 6e (exact, by the gamma function).
    """
    half = (df - 1) / 2
    if half < 50:
        return float(special.poch(half, 0.5)) / math.sqrt(df / 2)
    # The difference of two large log gammas loses digits (above a billion degrees of freedom the factor would pass 1):
    # Stirling's series for it, whose next term is below 1e-14 here.
    series = -1 / (8 * half) + 1 / (192 * half**3) - 1 / (640 * half**5)
    return math.exp((math.log1p(-1 / df) if df < math.inf else 0.0) / 2 + series)


def _nct_cdf(statistic: float, df: float, parameter: float) -> float:
    """Probability that a noncentral t is at most `statistic`, which is not negative."""
    probability = float(stats.nct.cdf(statistic, df, parameter)) if statistic <= _SCIPY_REACH else math.nan
    if math.isfinite(probability):
        return probability

    # Given the normal part of t, the rest is a chi-squared tail; where the normal part plus the parameter is negative,
    # t is below the statistic for certain.
    def density(normal: float) -> float:
        share = (normal + parameter) / statistic
        return math.exp(-normal * normal / 2) / math.sqrt(2 * math.pi) * float(stats.chi2.sf(df * share * share, df))

    certain = float(stats.norm.sf(parameter))
    start = max(-parameter, -9.0)
    middle = [point for point in (-2.0, 2.0, statistic - parameter) if start < point < 9.0]
    uncertain, _ = integrate.quad(density, start, 9.0, points=middle, epsabs=1e-12, epsrel=1e-12, limit=200)
    return certain + float(uncertain)


def _noncentrality(statistic: float, df: float, probability: float) -> float:
    """Find the parameter under which a t at or below `statistic` (> 0) has this probability."""

    def gap(parameter: float) -> float:
        return _nct_cdf(statistic, df, parameter) - probability

    # The probability is at least that of a t below zero, so no root lies below the one for a statistic of zero.
    lowest = float(stats.norm.isf(probability))
    if gap(lowest) <= 0:
        return lowest
    # The normal approximation of the limit, moved up until the root is inside.
    spread = math.sqrt(1 + statistic * statistic / (2 * df))
    highest = statistic + lowest * spread + spread
    while gap(highest) > 0:
        highest += spread
    return float(optimize.brentq(gap, lowest, highest, xtol=1e-11))


def noncentral_t_interval(statistic: float, df: float, *, level: float = 0.95) -> Interval:
    """Interval for the non-centrality parameter behind a t statistic.

    Parameters
    ----------
    statistic : float
        The t statistic.
    df : float
        Degrees of freedom.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Limits of the non-centrality parameter, the statistic as the point. Multiplied by the factor that turns t into
        a standardised difference they are its limits. NaN when the statistic is not finite.

    References
    ----------
    .. [1] Steiger JH, Fouladi RT (1997). In: What if there were no significance tests?, pp 221-257.
    """
    tail = (1 - level) / 2
    if not math.isfinite(statistic):
        return Interval(statistic, math.nan, math.nan)
    if statistic < 0:
        mirrored = noncentral_t_interval(-statistic, df, level=level)
        return Interval(statistic, -mirrored.high, -mirrored.low)
    return Interval(statistic, _noncentrality(statistic, df, 1 - tail), _noncentrality(statistic, df, tail))
