"""Events over a base that is no number of trials: Poisson intervals of a rate, of a weighted rate and of a ratio."""

from __future__ import annotations

import math

from scipy import special, stats

from evalkit.numeric.proportions import clopper_pearson
from evalkit.numeric.values import Interval


def poisson_limits(events: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact limits of an expected number of events.

    Parameters
    ----------
    events : int
        Events seen, 0 or more.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of float
        Lower limit (0 for no events) and upper limit.

    References
    ----------
    .. [1] Garwood F (1936). Biometrika 28:437-442.

    Examples
    --------
    >>> low, high = poisson_limits(10)
    >>> round(low, 3), round(high, 3)
    (4.795, 18.39)
    """
    tail = (1 - level) / 2
    low = float(special.gammaincinv(events, tail)) if events else 0.0
    return low, float(special.gammainccinv(events + 1, tail))


def rate(events: int, base: float, *, level: float = 0.95) -> Interval:
    """Exact interval of a rate of events.

    Parameters
    ----------
    events : int
        Events seen, 0 or more.
    base : float
        What they are divided by, above 0: mean headcount, or person-years.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Events per unit of the base; it covers at least as often as it says, more so for few events.

    References
    ----------
    .. [1] Garwood F (1936). Biometrika 28:437-442.
    """
    low, high = poisson_limits(events, level=level)
    return Interval(events / base, low / base, high / base)


def weighted_rate(total: float, square: float, events: int, base: float, *, level: float = 0.95) -> Interval:
    """Interval of a rate of events that each carry a weight, such as full-time equivalents.

    Parameters
    ----------
    total : float
        Sum of the weights of the events.
    square : float
        Sum of their squares.
    events : int
        Events that carry a weight.
    base : float
        What the total is divided by, above 0.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Weight per unit of the base. Limits are NaN for no events: nothing is known of the weight of the next.

    References
    ----------
    .. [1] Dobson AJ, Kuulasmaa K, Eberle E, Scherer J (1991). Stat Med 10:457-462, equation 6.
    """
    if not events:
        return Interval(total / base, math.nan, math.nan)
    low, high = poisson_limits(events, level=level)
    scale = math.sqrt(square / events)
    return Interval(
        total / base, max(0.0, (total + scale * (low - events)) / base), (total + scale * (high - events)) / base
    )


def rate_ratio(
    events: int, base: float, events_control: int, base_control: float, *, level: float = 0.95
) -> tuple[Interval, float]:
    """Ratio of two rates, first over second, with its exact conditional interval and test.

    Parameters
    ----------
    events : int
        Events in the first group.
    base : float
        What they are divided by, above 0.
    events_control : int
        Events in the second group.
    base_control : float
        What they are divided by, above 0.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of Interval and float
        The ratio and two-sided p (all splits of the events that are no likelier). No events in the second group: the
        ratio and its upper limit are infinite; none in the first: both 0; none in either: NaN, from 0 to infinity.

    References
    ----------
    .. [1] Przyborowski J, Wilenski H (1940). Biometrika 31:313-323; as R's `poisson.test`.

    Examples
    --------
    >>> found, p = rate_ratio(11, 800, 23, 3000)
    >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
    (1.793, 0.789, 3.83)
    """
    both = events + events_control
    if not both:
        return Interval(math.nan, 0.0, math.inf), math.nan
    share = clopper_pearson(events, both, level=level)
    p = float(stats.binomtest(events, both, base / (base + base_control)).pvalue)
    one, low, high = (_odds(value) * base_control / base for value in (share.estimate, share.low, share.high))
    return Interval(one, low, high), p


def _odds(share: float) -> float:
    return math.inf if share == 1 else share / (1 - share)
