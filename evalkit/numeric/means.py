"""Means from their summaries: t intervals, Student's and Welch's tests, standardised differences."""

from __future__ import annotations

import math

from scipy import optimize, special, stats

from evalkit.numeric.values import Interval, Test


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
    sd, sd_control : float
        Sample standard deviations.
    n, n_control : int
        People.

    Returns
    -------
    tuple of float
        Standard error, degrees of freedom.
    """
    df = n + n_control - 2
    return pooled_sd(sd, n, sd_control, n_control) * math.sqrt(1 / n + 1 / n_control), float(df)


def welch_error(sd: float, n: int, sd_control: float, n_control: int) -> tuple[float, float]:
    """Standard error of a difference of means under unequal variances.

    Parameters
    ----------
    sd, sd_control : float
        Sample standard deviations.
    n, n_control : int
        People.

    Returns
    -------
    tuple of float
        Standard error, degrees of freedom (NaN when neither group has any spread).

    References
    ----------
    .. [1] Welch BL (1947). Biometrika 34:28-35.
    """
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
    sd, sd_control : float
        Sample standard deviations.
    n, n_control : int
        People.

    Returns
    -------
    float
        In the unit of the measurement.
    """
    weighted = (n - 1) * sd * sd + (n_control - 1) * sd_control * sd_control
    return math.sqrt(weighted / (n + n_control - 2))


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
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)


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
        a standardised difference they are its limits.

    References
    ----------
    .. [1] Steiger JH, Fouladi RT (1997). In: What if there were no significance tests?, pp 221-257.
    """
    tail = (1 - level) / 2
    if not math.isfinite(statistic):
        return Interval(statistic, math.nan, math.nan)

    def limit(probability: float) -> float:
        def gap(parameter: float) -> float:
            return float(stats.nct.cdf(statistic, df, parameter)) - probability

        # The normal approximation of the limit, widened until the root is inside.
        spread = math.sqrt(1 + statistic * statistic / (2 * df))
        centre = statistic + float(stats.norm.isf(probability)) * spread
        reach = spread
        while gap(centre - reach) < 0 or gap(centre + reach) > 0:
            reach *= 2
        return float(optimize.brentq(gap, centre - reach, centre + reach, xtol=1e-11))

    return Interval(statistic, limit(1 - tail), limit(tail))
