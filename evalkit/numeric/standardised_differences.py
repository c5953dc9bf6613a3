"""How far two groups stand apart in what was known beforehand, in standard deviations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.means import noncentral_t_interval, pooled_sd
from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
_NONE = Interval(math.nan, math.nan, math.nan)


def standardised_mean_difference(first: Floats, second: Floats, *, level: float = 0.95) -> Interval:
    """Difference of two means over their pooled standard deviation, first minus second.

    Parameters
    ----------
    first, second : numpy.ndarray of float
        Shape (people,), in one unit, none missing.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Limits by the noncentral t, which needs normal values of equal variance. NaN when a group is empty, when there
        are fewer than three people, or when neither group has any spread.

    References
    ----------
    .. [1] Steiger JH, Fouladi RT (1997). In: What if there were no significance tests?, pp 221-257.
    """
    n, m = len(first), len(second)
    if min(n, m) < 1 or n + m < 3:
        return _NONE
    spread = pooled_sd(_sd(first), n, _sd(second), m)
    if not spread > 0:
        return _NONE
    difference = (float(first.mean()) - float(second.mean())) / spread
    factor = math.sqrt(1 / n + 1 / m)
    limits = noncentral_t_interval(difference / factor, n + m - 2, level=level)
    return Interval(difference, limits.low * factor, limits.high * factor)


def standardised_share_difference(first: Floats, second: Floats, *, level: float = 0.95) -> Interval:
    """Difference of two proportions over the root of their mean variance, first minus second.

    Parameters
    ----------
    first, second : numpy.ndarray of float
        Shape (people,), 1 or 0, none missing.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Normal limits, rough below about ten people in a group. NaN when a group is empty or neither proportion is
        strictly between 0 and 1.

    References
    ----------
    .. [1] Austin PC (2009). Stat Med 28:3083-3107, section 3.
    .. [2] Yang D, Dalton JE (2012). SAS Global Forum 2012, paper 335, for the standard error.
    """
    n, m = len(first), len(second)
    if min(n, m) < 1:
        return _NONE
    share, other = float(first.mean()), float(second.mean())
    spread = math.sqrt((share * (1 - share) + other * (1 - other)) / 2)
    if spread == 0:
        return _NONE
    difference = (share - other) / spread
    error = math.sqrt((n + m) / (n * m) + difference**2 / (2 * (n + m)))
    half = float(stats.norm.isf((1 - level) / 2)) * error
    return Interval(difference, difference - half, difference + half, error)


def _sd(values: Floats) -> float:
    if len(values) < 2:
        return math.nan
    return 0.0 if np.ptp(values) == 0 else float(np.std(values, ddof=1))
