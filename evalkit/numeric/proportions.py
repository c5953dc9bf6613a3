"""Intervals for one proportion, and for the difference and the ratio of two."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize, stats

from evalkit.numeric.values import Interval

_EDGE = 1e-13


def _z(level: float) -> float:
    return float(stats.norm.isf((1 - level) / 2))


def wilson(events: float, n: float, *, level: float = 0.95) -> Interval:
    """Score interval for one proportion.

    Parameters
    ----------
    events, n : float
        Events and people, `0 <= events <= n`, `n > 0`.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Proportions in [0, 1].

    References
    ----------
    .. [1] Wilson EB (1927). J Am Stat Assoc 22:209-212.
    .. [2] Newcombe RG (1998). Stat Med 17:857-872, method 3.

    Examples
    --------
    >>> interval = wilson(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    z = _z(level)
    p = events / n
    centre = (2 * events + z * z) / (2 * (n + z * z))
    half = z * math.sqrt(z * z + 4 * events * (1 - p)) / (2 * (n + z * z))
    low = 0.0 if events == 0 else max(0.0, centre - half)
    high = 1.0 if events == n else min(1.0, centre + half)
    return Interval(p, low, high)


def clopper_pearson(events: float, n: float, *, level: float = 0.95) -> Interval:
    """Exact interval for one proportion; it covers at least as often as it says, usually more often.

    Parameters
    ----------
    events, n : float
        Events and people, `0 <= events <= n`, `n > 0`.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Proportions in [0, 1].

    References
    ----------
    .. [1] Clopper CJ, Pearson ES (1934). Biometrika 26:404-413.
    """
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(stats.beta.ppf(tail, events, n - events + 1))
    high = 1.0 if events == n else float(stats.beta.isf(tail, events + 1, n - events))
    return Interval(events / n, low, high)


def newcombe(events: float, n: float, events_control: float, n_control: float, *, level: float = 0.95) -> Interval:
    """Hybrid score interval for the difference of two independent proportions, first minus second.

    Parameters
    ----------
    events, n : float
        Events and people in the first group.
    events_control, n_control : float
        Events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Difference of proportions in [-1, 1].

    References
    ----------
    .. [1] Newcombe RG (1998). Stat Med 17:873-890, method 10 (score intervals, no continuity correction).

    Examples
    --------
    >>> interval = newcombe(56, 70, 48, 80)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.0524, 0.3339)
    """
    first = wilson(events, n, level=level)
    second = wilson(events_control, n_control, level=level)
    difference = first.estimate - second.estimate
    below = math.hypot(first.estimate - first.low, second.high - second.estimate)
    above = math.hypot(first.high - first.estimate, second.estimate - second.low)
    return Interval(difference, max(-1.0, difference - below), min(1.0, difference + above))


def _larger_root(quadratic: float, linear: float, constant: float, root: float) -> float:
    """Larger root of `quadratic x^2 - linear x + constant` from the root of its discriminant, without cancellation."""
    return (linear + root) / (2 * quadratic) if linear >= 0 else 2 * constant / (linear - root)


def _score_ratio(a: float, n: float, b: float, m: float, ratio: float) -> float:
    """Chi-squared of the score test that p1 / p2 equals the ratio (Koopman 1984)."""
    # The constrained p2 is the smaller root of (n + m) ratio p2^2 - (first + second) p2 + (a + b), p1 is ratio p2. The
    # discriminant is written as a sum of two terms that are not negative, and 1 - p1 and 1 - p2 are roots of their own:
    # nothing cancels when both proportions are near 1.
    total, first, second = n + m, (n + b) * ratio, a + m
    root = math.sqrt((first - second) ** 2 + 4 * ratio * (n - a) * (m - b))
    p2 = 2 * (a + b) / (first + second + root)
    q1 = _larger_root(total, 2 * total - first - second, (n - a) * (1 - ratio), root)
    q2 = _larger_root(total * ratio, 2 * total * ratio - first - second, (m - b) * (ratio - 1), root)
    variance1 = ratio * p2 * q1 / n
    variance2 = ratio * ratio * p2 * q2 / m
    gap = a / n - ratio * b / m
    spread = variance1 + variance2
    # No spread: each proportion is at an edge of its range, and under this ratio other data were certain.
    return 0.0 if gap == 0 else (math.inf if spread <= 0 else gap * gap / spread)


def koopman(events: float, n: float, events_control: float, n_control: float, *, level: float = 0.95) -> Interval:
    """Score interval for the ratio of two independent proportions, first over second.

    Parameters
    ----------
    events, n : float
        Events and people in the first group.
    events_control, n_control : float
        Events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        The ratio. No events in the second group: the ratio and the upper limit are infinite; none in the first: the
        ratio and the lower limit are 0; none in either: the ratio is NaN, the limits 0 and infinity.

    References
    ----------
    .. [1] Koopman PAR (1984). Biometrics 40:513-517, equations 2.4 and 2.5.

    Examples
    --------
    >>> interval = koopman(36, 40, 16, 80)
    >>> round(interval.low, 2), round(interval.high, 2)
    (2.94, 7.15)
    """
    a, b = events, events_control
    if a == 0 and b == 0:
        return Interval(math.nan, 0.0, math.inf)
    critical = _z(level) ** 2
    ratio = math.inf if b == 0 else (a / n) / (b / n_control)

    def excess(log_ratio: float) -> float:
        return _score_ratio(a, n, b, n_control, math.exp(log_ratio)) - critical

    start = math.log(ratio) if 0 < ratio < math.inf else math.log(((a + 0.5) / n) / ((b + 0.5) / n_control))
    low = 0.0 if a == 0 else math.exp(_cross(excess, start, -1.0))
    high = math.inf if b == 0 else math.exp(_cross(excess, start, 1.0))
    return Interval(ratio, low, high)


def _cross(excess: Callable[[float], float], start: float, direction: float) -> float:
    """Find where a function that grows away from `start` crosses zero."""
    inside = start
    while excess(inside) > 0:  # only when the start is a stand-in for a ratio of 0 or infinity
        inside -= direction
    outside = inside + direction
    while excess(outside) <= 0:
        outside += direction
    return float(optimize.brentq(excess, inside, outside, xtol=_EDGE, rtol=8.9e-16))


def woolf(events: float, n: float, events_control: float, n_control: float, *, level: float = 0.95) -> Interval:
    """Sample odds ratio, first over second, with the logit interval.

    Parameters
    ----------
    events, n : float
        Events and people in the first group.
    events_control, n_control : float
        Events and people in the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        The odds ratio and its limits on the natural scale, `std_error` on the log scale. With an empty cell the limits
        and the standard error are NaN: use the exact conditional interval.

    References
    ----------
    .. [1] Woolf B (1955). Ann Hum Genet 19:251-253.
    """
    cells = (events, n - events, events_control, n_control - events_control)
    numerator, denominator = cells[0] * cells[3], cells[1] * cells[2]
    if min(cells) == 0:
        point = (
            math.nan if numerator == denominator == 0 else (math.inf if denominator == 0 else numerator / denominator)
        )
        return Interval(point, math.nan, math.nan)
    log_ratio = math.log(numerator / denominator)
    std_error = math.sqrt(sum(1 / cell for cell in cells))
    half = _z(level) * std_error
    return Interval(math.exp(log_ratio), math.exp(log_ratio - half), math.exp(log_ratio + half), std_error)
