"""Life tables and the log-rank test from counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.values import Test

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Survival at the end of each period.

    Parameters
    ----------
    survival : numpy.ndarray
        Shape (periods,), proportions in [0, 1]. With nobody at risk: 0 when all had left before, else NaN.
    std_error : numpy.ndarray
        Shape (periods,), Greenwood's; 0 where nobody has left, NaN where nobody is left.
    low, high : numpy.ndarray
        Shape (periods,), limits on the log-log scale; NaN where survival is 0 or 1.
    """

    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats


def life_table(at_risk: npt.ArrayLike, events: npt.ArrayLike, *, level: float = 0.95) -> LifeTable:
    """Survival from counts (Kaplan-Meier), with Greenwood's error and log-log limits.

    Parameters
    ----------
    at_risk, events : array_like
        Shape (periods,): people at risk in each period, and those who left in it.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    LifeTable
        Arrays of shape (periods,).

    References
    ----------
    .. [1] Kalbfleisch JD, Prentice RL (2002). The Statistical Analysis of Failure Time Data, 2nd ed., section 1.4.

    Examples
    --------
    >>> life_table([239, 230, 222], [9, 8, 18]).survival.round(4).tolist()
    [0.9623, 0.9289, 0.8536]
    """
    n = np.asarray(at_risk, dtype=float)
    d = np.asarray(events, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - d / n)
        survival[np.logical_or.accumulate(survival == 0)] = 0.0  # whoever comes after the last has nobody left to lose
        greenwood = np.sqrt(np.cumsum(d / (n * (n - d))))
        std_error = np.where(survival > 0, survival * greenwood, np.nan)
        z = float(stats.norm.isf((1 - level) / 2))
        spread = z * greenwood / np.log(survival)
        low = survival ** np.exp(-spread)
        high = survival ** np.exp(spread)
    # Nobody has left yet: that is no certainty that nobody will, so there are no limits (nor does R give any).
    low, high = np.where(survival == 1, np.nan, low), np.where(survival == 1, np.nan, high)
    return LifeTable(survival, std_error, low, high)


def logrank(
    at_risk: npt.ArrayLike,
    events: npt.ArrayLike,
    at_risk_control: npt.ArrayLike,
    events_control: npt.ArrayLike,
) -> Test:
    """Log-rank test of two groups from their counts at the same times.

    Parameters
    ----------
    at_risk, events : array_like
        Shape (times,): first group, people at risk and events at each time.
    at_risk_control, events_control : array_like
        Shape (times,): second group.

    Returns
    -------
    Test
        Chi-squared, df 1, p-value; NaN when there is nothing to compare.

    References
    ----------
    .. [1] Mantel N (1966). Cancer Chemother Rep 50:163-170; hypergeometric variance, as R's `survdiff`.

    Examples
    --------
    >>> round(logrank([239, 230, 222], [9, 8, 18], [199, 171, 155], [28, 16, 22]).statistic, 2)
    22.39
    """
    n1, d1, n2, d2 = (np.asarray(values, dtype=float) for values in (at_risk, events, at_risk_control, events_control))
    n, d = n1 + n2, d1 + d2
    some = n > 0
    n, d, n1, d1 = n[some], d[some], n1[some], d1[some]
    share = n1 / n
    gap = float((d1 - d * share).sum())
    alive = np.where(n > 1, (n - d) / np.where(n > 1, n - 1, 1), 0.0)
    variance = float((d * share * (1 - share) * alive).sum())
    if variance == 0:
        return Test(math.nan, math.nan, math.nan)
    statistic = gap * gap / variance
    return Test(statistic, 1.0, float(stats.chi2.sf(statistic, 1)))
