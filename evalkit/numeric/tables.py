"""Tests on a two-by-two table: exact and chi-squared."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from evalkit.numeric.values import Interval, Test

Floats = npt.NDArray[np.float64]


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
        The conditional maximum-likelihood estimate and Clopper-Pearson type limits. Nobody or everybody with the event
        in both groups: the estimate is NaN, the limits 0 and infinity.

    References
    ----------
    .. [1] Cornfield J (1956). Proc Third Berkeley Symp 4:135-148; as R's `fisher.test`.
    """
    successes = events + events_control
    if successes in (0, n + n_control):
        return Interval(math.nan, 0.0, math.inf)
    others, weights = _conditional_law(events, n, events_control, n_control)
    start = math.log((events + 0.5) * (n_control - events_control + 0.5))
    start -= math.log((n - events + 0.5) * (events_control + 0.5))
    tail = (1 - level) / 2

    def solve(target: float, statistic: Floats) -> float:
        def gap(log_odds: float) -> float:
            logs = weights + others * log_odds
            law = np.exp(logs - logs.max())
            return float((law * statistic).sum() / law.sum()) - target

        return math.exp(_root(gap, start))

    lowest, highest = events == max(0, successes - n_control), events == min(n, successes)
    estimate = 0.0 if lowest else (math.inf if highest else solve(0.0, others))
    low = 0.0 if lowest else solve(tail, (others >= 0).astype(float))
    high = math.inf if highest else solve(-tail, -(others <= 0).astype(float))
    return Interval(estimate, low, high)


def _conditional_law(events: int, n: int, events_control: int, n_control: int) -> tuple[Floats, Floats]:
    """Log weights, at an odds ratio of 1, of the tables with the margins of the one seen, which has weight 0.

    The tables are named by how many events more than the one seen they have in the first group. Those are left out
    that are over 30 standard deviations away wherever the one seen is not itself beyond any confidence level.
    """
    successes = events + events_control
    lowest, highest = max(0, successes - n_control), min(n, successes)
    reach = 50 + 20 * math.isqrt(highest - lowest)  # the standard deviation is at most half the root
    cells = np.arange(max(lowest, events - reach), min(highest, events + reach) + 1, dtype=float)
    here = cells[:-1]
    steps = np.log((n - here) / (here + 1)) + np.log((successes - here) / (n_control - successes + here + 1))
    weights = np.concatenate([[0.0], np.cumsum(steps)])
    others = cells - events
    return others, weights - weights[others == 0]


def _root(gap: Callable[[float], float], start: float) -> float:
    """Find the root of an increasing function, however far from `start` it is."""
    low = high = start
    while gap(low) > 0:
        low -= 1.0
    while gap(high) < 0:
        high += 1.0
    return float(optimize.brentq(gap, low, high, xtol=1e-13, rtol=8.9e-16))
