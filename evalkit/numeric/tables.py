"""Tests on a two-by-two table: exact and chi-squared."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats

from evalkit.numeric.values import Interval, Test


def fisher_exact(events: int, n: int, events_control: int, n_control: int) -> Test:
    """Fisher's exact test, two-sided by adding all tables that are no likelier than the one seen.

    Parameters
    ----------
    events, n : int
        Events and people in the first group.
    events_control, n_control : int
        Events and people in the second group.

    Returns
    -------
    Test
        With `p_value` only.

    References
    ----------
    .. [1] Agresti A (2013). Categorical Data Analysis, 3rd ed., section 3.5.

    Examples
    --------
    >>> round(fisher_exact(3, 4, 1, 4).p_value, 4)
    0.4857
    """
    table = [[events, n - events], [events_control, n_control - events_control]]
    return Test(math.nan, math.nan, float(stats.fisher_exact(table).pvalue))


def chi_squared(events: float, n: float, events_control: float, n_control: float, *, yates: bool = False) -> Test:
    """Pearson's chi-squared test on one degree of freedom.

    Parameters
    ----------
    events, n : float
        Events and people in the first group.
    events_control, n_control : float
        Events and people in the second group.
    yates : bool, default False
        With Yates's continuity correction, at most the difference itself as R does.

    Returns
    -------
    Test
        Statistic, df 1 and p-value; NaN when nobody or everybody had the event.

    References
    ----------
    .. [1] Yates F (1934). Suppl J R Stat Soc 1:217-235.
    """
    table = np.array([[events, n - events], [events_control, n_control - events_control]], dtype=float)
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    if (expected == 0).any():
        return Test(math.nan, math.nan, math.nan)
    gap = np.abs(table - expected)
    if yates:
        gap = gap - min(0.5, float(gap.min()))
    statistic = float((gap**2 / expected).sum())
    return Test(statistic, 1.0, float(stats.chi2.sf(statistic, 1)))


def conditional_odds_ratio(
    events: int, n: int, events_control: int, n_control: int, *, level: float = 0.95
) -> Interval:
    """Conditional odds ratio with its exact interval, defined for empty cells too.

    Parameters
    ----------
    events, n : int
        Events and people in the first group.
    events_control, n_control : int
        Events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        The conditional maximum-likelihood estimate and Clopper-Pearson type limits.

    References
    ----------
    .. [1] Cornfield J (1956). Proc Third Berkeley Symp 4:135-148; as R's `fisher.test`.
    """
    total, successes = n + n_control, events + events_control
    if successes in (0, total):
        return Interval(math.nan, 0.0, math.inf)
    distribution = stats.nchypergeom_fisher
    lowest, highest = max(0, successes - n_control), min(n, successes)
    tail = (1 - level) / 2

    def solve(target: float, value: str) -> float:
        def gap(log_odds: float) -> float:
            law = distribution(total, n, successes, math.exp(log_odds))
            if value == "mean":
                return float(law.mean()) - target
            return float(law.sf(events - 1) if value == "upper" else law.cdf(events)) - target

        return math.exp(float(optimize.brentq(gap, -30, 30, xtol=1e-12)))

    estimate = 0.0 if events == lowest else (math.inf if events == highest else solve(events, "mean"))
    low = 0.0 if events == lowest else solve(tail, "upper")
    high = math.inf if events == highest else solve(tail, "lower")
    return Interval(estimate, low, high)
