"""Share in a part against the share in the whole that holds the part; and what two limits make together."""

from __future__ import annotations

import math

from evalkit.numeric.proportions import koopman, newcombe, woolf
from evalkit.numeric.tables import conditional_odds_ratio
from evalkit.numeric.values import Interval


def gap_to_whole(members: float, n: float, members_whole: float, n_whole: float, *, level: float = 0.95) -> Interval:
    """Share in a part less the share in the whole that the part belongs to.

    Parameters
    ----------
    members, n : float
        Members of a group, and people, in the part; `n > 0`.
    members_whole, n_whole : float
        The same in the whole, the part included.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Difference of proportions. Where the part is the whole: 0, without limits (NaN).

    Notes
    -----
    The part is in the whole, so the two shares are not independent. With the rest of the whole, which is, the gap is
    `(1 - n / n_whole) (part - rest)`: the limits are Newcombe's of part less rest, times the same factor.

    References
    ----------
    .. [1] Newcombe RG (1998). Stat Med 17:873-890, method 10.

    Examples
    --------
    >>> gap = gap_to_whole(10, 50, 300, 1000)
    >>> round(gap.estimate, 3), round(gap.low, 3), round(gap.high, 3)
    (-0.1, -0.188, 0.027)
    """
    rest = n_whole - n
    if rest <= 0:
        return Interval(0.0, math.nan, math.nan)
    apart = newcombe(members, n, members_whole - members, rest, level=level)
    factor = rest / n_whole
    return Interval(members / n - members_whole / n_whole, apart.low * factor, apart.high * factor)


def parity_to_whole(members: float, n: float, members_whole: float, n_whole: float, *, level: float = 0.95) -> Interval:
    """Share in a part over the share in the whole that the part belongs to.

    Parameters
    ----------
    members, n : float
        Members of a group, and people, in the part; `n > 0`.
    members_whole, n_whole : float
        The same in the whole, the part included.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Ratio of proportions, at most `n_whole / n`. Without members at all it is NaN and lies anywhere; where the part
        is the whole it is 1, without limits (NaN).

    Notes
    -----
    With r the ratio of the part to the rest of the whole, which are independent, the ratio to the whole is
    `n_whole r / (n r + n_rest)`. It grows with r, so its limits are those of Koopman for r, put in.

    References
    ----------
    .. [1] Koopman PAR (1984). Biometrics 40:513-517.

    Examples
    --------
    >>> parity = parity_to_whole(10, 50, 300, 1000)
    >>> round(parity.estimate, 3), round(parity.low, 3), round(parity.high, 3)
    (0.667, 0.378, 1.088)
    """
    rest = n_whole - n
    if rest <= 0:
        return Interval(1.0 if members else math.nan, math.nan, math.nan)
    apart = koopman(members, n, members_whole - members, rest, level=level)

    def onto(ratio: float) -> float:
        return n_whole / n if math.isinf(ratio) else n_whole * ratio / (n * ratio + rest)

    return Interval(onto(apart.estimate), onto(apart.low), onto(apart.high))


def ratio_of_ratios(
    higher: float, lower: float, higher_control: float, lower_control: float, *, level: float = 0.95
) -> tuple[Interval, str]:
    """Ratio of two counts in one group over the ratio of the same two counts in another.

    Parameters
    ----------
    higher, lower : float
        People of the first group in the higher and in the lower class.
    higher_control, lower_control : float
        The same of the second group.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of Interval and str
        The ratio with its limits, `std_error` on the log scale, and the name of the interval. With an empty cell the
        limits are the exact conditional ones.

    Notes
    -----
    The classes of a group are one multinomial, so its counts are correlated. Of the log of the ratio of two of them the
    delta method gives `(1 - p) / (n p) + (1 - q) / (n q) + 2 / n = 1 / (n p) + 1 / (n q)`, whatever the other classes:
    the covariance takes out what the two variances lack. The groups are independent, so the variance of the log of the
    ratio of ratios is the sum of the four reciprocals, as Woolf's of an odds ratio.

    References
    ----------
    .. [1] Agresti A (2013). Categorical Data Analysis, 3rd ed., sections 3.1.1 and 16.1.

    Examples
    --------
    >>> ratio, name = ratio_of_ratios(300, 500, 60, 180)
    >>> round(ratio.estimate, 2), round(ratio.low, 2), round(ratio.high, 2)
    (1.8, 1.3, 2.49)
    """
    groups = (higher, higher + lower, higher_control, higher_control + lower_control)
    if min(higher, lower, higher_control, lower_control) > 0:
        return woolf(*groups, level=level), "delta method on the log scale (multinomial)"
    sample = woolf(*groups, level=level)
    exact = conditional_odds_ratio(*(int(count) for count in groups), level=level)
    return Interval(sample.estimate, exact.low, exact.high), "exact conditional"


def difference_of_estimates(later: Interval, earlier: Interval, *, correlation: float = 0.0) -> Interval:
    """Difference of two estimates from the limits of each (MOVER), later less earlier.

    Parameters
    ----------
    later, earlier : Interval
        With limits at the level that the result is to have, all on a scale on which a difference has a meaning (ratios
        as logarithms).
    correlation : float, default 0.0
        Of the two estimates, in [-1, 1]; 0 for independent samples.

    Returns
    -------
    Interval
        Without limits (NaN) where one of the two has none, infinite where one of theirs is. All NaN where one of the
        estimates is not finite.

    References
    ----------
    .. [1] Zou GY, Donner A (2008). Stat Med 27:1693-1702, equation 1, and section 2.2 for correlated estimates.

    Examples
    --------
    >>> change = difference_of_estimates(Interval(0.30, 0.27, 0.33), Interval(0.25, 0.21, 0.29))
    >>> round(change.estimate, 3), round(change.low, 3), round(change.high, 3)
    (0.05, 0.0, 0.1)
    """
    difference = later.estimate - earlier.estimate
    below = _reach(later.estimate - later.low, earlier.high - earlier.estimate, correlation)
    above = _reach(later.high - later.estimate, earlier.estimate - earlier.low, correlation)
    if not math.isfinite(difference):
        return Interval(math.nan, math.nan, math.nan)
    return Interval(difference, difference - below, difference + above)


def _reach(one: float, other: float, correlation: float) -> float:
    if math.isinf(one) or math.isinf(other):
        return math.inf
    return math.sqrt(max(one * one + other * other - 2 * correlation * one * other, 0.0))
