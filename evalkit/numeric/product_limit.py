"""Survival from counts (Kaplan-Meier), its interval on three scales, and its quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.numeric.life_counts import LifeCounts
from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
IntervalScale = Literal["log-log", "log", "plain"]
Convention = Literal["step", "interpolated"]

SCALES: tuple[str, ...] = get_args(IntervalScale)
CONVENTIONS: tuple[str, ...] = get_args(Convention)
_ROUNDING = 1e-12
# Survival that differs from a quantile by rounding error only is equal to it, as in R.
_TOLERANCE = math.sqrt(float(np.finfo(float).eps))


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """Survival at the times of `LifeCounts`.

    Parameters
    ----------
    after, before : numpy.ndarray of float
        Shape (times,), proportions in [0, 1]: survival beyond the time, and just before it.
    greenwood : numpy.ndarray of float
        Shape (times,): variance of the logarithm of `after`, before anything infinite; see `std_error`.
    steps : numpy.ndarray of float
        Shape (times,): what each time adds to `greenwood`; 0 where everybody leaves.
    """

    after: Floats
    before: Floats
    greenwood: Floats
    steps: Floats

    @property
    def std_error(self) -> Floats:
        """Shape (times,): Greenwood's standard error of `after`; NaN where nobody is left."""
        return np.where(self.after > 0, self.after * np.sqrt(self.greenwood), np.nan)


def kaplan_meier(counts: LifeCounts) -> Survival:
    """Survival of each group, whatever the cause of leaving, with Greenwood's variance.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group; weights count as many people.

    Returns
    -------
    Survival
        Arrays of shape (times,).

    References
    ----------
    .. [1] Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481, equation 2b (with delayed entry: section 3.2).
    .. [2] Greenwood M (1926). The Natural Duration of Cancer, appendix 1.
    """
    at_risk, left = counts.weighted_at_risk, counts.weighted_events.sum(axis=1)
    stay = 1 - left / at_risk
    alone = at_risk - left
    steps = np.divide(left, at_risk * alone, out=np.zeros_like(left), where=stay > 0)
    after, before, greenwood = np.ones_like(stay), np.ones_like(stay), np.zeros_like(stay)
    for low, high in spans(counts.offsets):
        after[low:high] = np.cumprod(stay[low:high])
        before[low + 1 : high] = after[low : high - 1]
        greenwood[low:high] = np.cumsum(steps[low:high])
    return Survival(after, before, greenwood, steps)


def spans(offsets: Ints) -> list[tuple[int, int]]:
    """Give the beginning and end of each group that has any times.

    Parameters
    ----------
    offsets : numpy.ndarray of int
        Shape (groups + 1,).

    Returns
    -------
    list of tuple of int
        From, and up to but without.
    """
    return [(low, high) for low, high in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True) if high > low]


def places_at(counts: LifeCounts, time: float) -> Ints:
    """Find the last time of each group up to a given one.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group.
    time : float
        In their unit.

    Returns
    -------
    numpy.ndarray of int
        Shape (groups,); -1 where the group has no time up to then.
    """
    found = np.full(len(counts.offsets) - 1, -1, dtype=np.int64)
    for number, (low, high) in enumerate(zip(counts.offsets[:-1], counts.offsets[1:], strict=True)):
        place = int(np.searchsorted(counts.time[low:high], time, side="right"))
        found[number] = low + place - 1 if place else -1
    return found


def probability_limits(
    estimate: npt.ArrayLike, std_error: npt.ArrayLike, *, level: float, scale: IntervalScale
) -> tuple[Floats, Floats]:
    """Limits of probabilities over time, on the scale of log(-log p), log p or p.

    Parameters
    ----------
    estimate, std_error : array_like
        Shape (times,), the standard error on the scale of the probability.
    level : float
        Confidence level.
    scale : {"log-log", "log", "plain"}
        Where the interval is symmetric.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits within [0, 1]; NaN where the estimate is 0 or 1 or its error is not known: that nobody
        has left yet does not make it certain that nobody will.

    References
    ----------
    .. [1] Borgan O, Liestol K (1990). Scand J Stat 17:35-41, equations 1 to 3.

    Examples
    --------
    >>> low, high = probability_limits([0.8], [0.1], level=0.95, scale="log-log")
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.5122], [0.9283])
    """
    p, error = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    # Sums that end at 1 end there up to a rounding error only.
    inside = (p > _ROUNDING) & (p < 1 - _ROUNDING) & np.isfinite(error)
    p, error = np.where(inside, p, 0.5), np.where(inside, error, 0.0)
    spread = float(special.ndtri((1 + level) / 2)) * error
    if scale == "log-log":
        power = np.exp(spread / (p * np.abs(np.log(p))))
        low, high = p**power, p ** (1 / power)
    elif scale == "log":
        low, high = p * np.exp(-spread / p), p * np.exp(spread / p)
    else:
        low, high = p - spread, p + spread
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def time_quantile(
    time: Floats,
    survival: Floats,
    low: Floats,
    high: Floats,
    *,
    origin: float,
    share: float = 0.5,
    convention: Convention = "step",
) -> Interval:
    """Time by which a share has left, with the limits at which the curve's own limits reach that share.

    Parameters
    ----------
    time, survival, low, high : numpy.ndarray of float
        Shape (times,) each, for one group; NaN where there is no limit.
    origin : float
        Where the curve begins.
    share : float, default 0.5
        In (0, 1): who has left.
    convention : {"step", "interpolated"}, default "step"
        "step" is the first time at which survival is at or below 1 - share, or the middle of the stretch on which it
        is just that, as in R. "interpolated" draws a straight line between the steps.

    Returns
    -------
    Interval
        Estimate NaN where so many have not left; an upper limit that is not reached is infinite, a lower one that is
        not known is NaN.

    References
    ----------
    .. [1] Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.

    Examples
    --------
    >>> t, s = np.array([2.0, 5.0, 7.0]), np.array([0.9, 0.5, 0.4])
    >>> time_quantile(t, s, s, s, origin=0.0).estimate
    6.0
    """
    if convention == "step":
        estimate, lower, upper = (_step(time, curve, 1 - share) for curve in (survival, low, high))
    else:
        estimate, lower, upper = (_interpolated(time, curve, origin, 1 - share) for curve in (survival, low, high))
    return Interval(estimate, lower, math.inf if math.isnan(upper) else upper)


def _step(time: Floats, curve: Floats, kept: float) -> float:
    known = np.isfinite(curve)
    fallen = known & (curve <= kept + _TOLERANCE)
    if not fallen.any():
        return math.nan
    below = known & (curve < kept - _TOLERANCE)
    level = np.flatnonzero(fallen)[0]
    return float(time[level] + (time[np.flatnonzero(below)[0]] if below.any() else time[-1])) / 2


def _interpolated(time: Floats, curve: Floats, origin: float, kept: float) -> float:
    known = np.isfinite(curve)
    times, values = np.r_[origin, time[known]], np.r_[1.0, curve[known]]
    fallen = np.flatnonzero(values <= kept + _TOLERANCE)
    if not len(fallen):
        return math.nan
    at = int(fallen[0])
    drop = values[at - 1] - values[at]
    return float(times[at - 1] + (times[at] - times[at - 1]) * min((values[at - 1] - kept) / drop, 1.0))
