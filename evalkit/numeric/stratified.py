"""One odds ratio, risk ratio and test over several two-by-two tables (Mantel and Haenszel)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from evalkit.numeric.values import Interval, Test

Floats = npt.NDArray[np.float64]


def mantel_haenszel_odds_ratio(
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    events_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    level: float = 0.95,
) -> Interval:
    """Common odds ratio of several tables, first over second group, with the limits of Robins, Breslow and Greenland.

    Parameters
    ----------
    events, n : array_like
        Shape (strata,): events and people in the first group of each stratum.
    events_control, n_control : array_like
        Shape (strata,): events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        On the natural scale, `std_error` on the log scale. Strata without people of both groups add nothing. Where one
        of the two sums of the estimator is 0 the ratio is 0 or infinite (NaN where both are) and has no limits (NaN).

    References
    ----------
    .. [1] Mantel N, Haenszel W (1959). J Natl Cancer Inst 22:719-748.
    .. [2] Robins J, Breslow N, Greenland S (1986). Biometrics 42:311-323, equation 6.

    Examples
    --------
    >>> ratio = mantel_haenszel_odds_ratio([512, 353], [825, 560], [89, 17], [108, 25])
    >>> round(ratio.estimate, 4), round(ratio.std_error, 4)
    (0.4252, 0.2231)
    """
    a, n1, c, n0 = _used(events, n, events_control, n_control)
    b, d, total = n1 - a, n0 - c, n1 + n0
    same, other = a * d / total, b * c / total
    if same.sum() == 0 or other.sum() == 0:
        return _without_limits(float(same.sum()), float(other.sum()))
    p, q = (a + d) / total, (b + c) / total
    variance = (
        (p * same).sum() / (2 * same.sum() ** 2)
        + (p * other + q * same).sum() / (2 * same.sum() * other.sum())
        + (q * other).sum() / (2 * other.sum() ** 2)
    )
    return _on_log_scale(float(same.sum() / other.sum()), float(variance), level)


def mantel_haenszel_risk_ratio(
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    events_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    level: float = 0.95,
) -> Interval:
    """Common ratio of proportions of several tables, first over second group, with the limits of Greenland and Robins.

    Parameters
    ----------
    events, n : array_like
        Shape (strata,): events and people in the first group of each stratum.
    events_control, n_control : array_like
        Shape (strata,): events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        On the natural scale, `std_error` on the log scale. Strata without people of both groups add nothing. Without
        events in one of the groups the ratio is 0 or infinite (NaN where in neither) and has no limits (NaN).

    References
    ----------
    .. [1] Greenland S, Robins JM (1985). Biometrics 41:55-68, equations 4 and 13.

    Examples
    --------
    >>> ratio = mantel_haenszel_risk_ratio([512, 353], [825, 560], [89, 17], [108, 25])
    >>> round(ratio.estimate, 4)
    0.7829
    """
    a, n1, c, n0 = _used(events, n, events_control, n_control)
    total = n1 + n0
    above, below = a * n0 / total, c * n1 / total
    if above.sum() == 0 or below.sum() == 0:
        return _without_limits(float(above.sum()), float(below.sum()))
    variance = ((n1 * n0 * (a + c) - a * c * total) / total**2).sum() / (above.sum() * below.sum())
    return _on_log_scale(float(above.sum() / below.sum()), float(variance), level)


def mantel_haenszel_test(
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    events_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    continuity: bool = True,
) -> Test:
    """Test that within every stratum both groups have the event equally often.

    Parameters
    ----------
    events, n : array_like
        Shape (strata,): events and people in the first group of each stratum.
    events_control, n_control : array_like
        Shape (strata,): events and people in the second group.
    continuity : bool, default True
        With the continuity correction, at most the difference itself, as R does.

    Returns
    -------
    Test
        Chi-squared, df 1 and p; NaN where no stratum has both groups, some with and some without the event.

    References
    ----------
    .. [1] Mantel N, Haenszel W (1959). J Natl Cancer Inst 22:719-748; as R's `mantelhaen.test`.
    """
    a, n1, c, n0 = _used(events, n, events_control, n_control)
    total, some = n1 + n0, a + c
    spread = float((n1 * n0 * some * (total - some) / (total**2 * np.maximum(total - 1, 1))).sum())
    if spread == 0:
        return Test(math.nan, math.nan, math.nan)
    gap = abs(float((a - n1 * some / total).sum()))
    statistic = (gap - (min(0.5, gap) if continuity else 0.0)) ** 2 / spread
    return Test(statistic, 1.0, float(stats.chi2.sf(statistic, 1)))


def _used(*counts: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Leave out the strata in which one of the groups has nobody."""
    a, n1, c, n0 = (np.atleast_1d(np.asarray(values, dtype=float)) for values in counts)
    both = (n1 > 0) & (n0 > 0)
    return a[both], n1[both], c[both], n0[both]


def _without_limits(above: float, below: float) -> Interval:
    point = math.nan if above == below == 0 else (math.inf if below == 0 else 0.0)
    return Interval(point, math.nan, math.nan)


def _on_log_scale(ratio: float, variance: float, level: float) -> Interval:
    std_error = math.sqrt(variance)
    half = float(special.ndtri((1 + level) / 2)) * std_error
    middle = math.log(ratio)
    return Interval(ratio, math.exp(middle - half), math.exp(middle + half), std_error)
