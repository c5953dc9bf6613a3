"""Weighted Kaplan-Meier curves with delayed entry, and what each row adds to retention and to the restricted mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RiskRows:
    """Rows (start, stop] with their places among the times at which somebody left.

    Parameters
    ----------
    times : numpy.ndarray of float
        Shape (times,): different times of leaving, ascending.
    first, last : numpy.ndarray of int
        Shape (rows,): at risk at the times first, ..., last - 1.
    event : numpy.ndarray of bool
        Shape (rows,): whether the row ends with leaving, which is then at last - 1.
    end : float
        Until when anybody is seen.
    """

    times: Floats
    first: Ints
    last: Ints
    event: Flags
    end: float


def risk_rows(start: Floats, stop: Floats, event: Flags) -> RiskRows:
    """Place rows among the times of leaving, once for all weights.

    Parameters
    ----------
    start, stop : numpy.ndarray of float
        Shape (rows,), start < stop, in one unit.
    event : numpy.ndarray of bool
        Shape (rows,).

    Returns
    -------
    RiskRows
        For `weighted_curve`.
    """
    times = np.unique(stop[event])
    first = np.searchsorted(times, start, side="right")
    last = np.searchsorted(times, stop, side="right")
    return RiskRows(times, first, last, event, float(stop.max(initial=-math.inf)))


@dataclass(frozen=True, slots=True, eq=False)
class WeightedCurve:
    """A weighted Kaplan-Meier curve.

    Parameters
    ----------
    at_risk, events, survival : numpy.ndarray of float
        Shape (times,): weight at risk, weight leaving, proportion still there just after the time.
    """

    at_risk: Floats
    events: Floats
    survival: Floats


def weighted_curve(rows: RiskRows, weights: Floats) -> WeightedCurve:
    """Kaplan-Meier curve of weighted rows.

    Parameters
    ----------
    rows : RiskRows
        The rows.
    weights : numpy.ndarray of float
        Shape (rows,), at least 0.

    Returns
    -------
    WeightedCurve
        1 before the first time; where all the weight at risk leaves, 0 from then on.

    References
    ----------
    .. [1] Xie J, Liu C (2005). Stat Med 24:3089-3110, equation 2.
    """
    count = len(rows.times)
    entering = np.bincount(rows.first, weights=weights, minlength=count + 1)
    leaving = np.bincount(rows.last, weights=weights, minlength=count + 1)
    leavers = np.bincount(rows.last[rows.event] - 1, weights=weights[rows.event], minlength=count)
    events: Floats = leavers[:count].astype(np.float64)
    at_risk: Floats = np.maximum(np.cumsum(entering - leaving)[:count], events).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        stay = np.where(at_risk > 0, 1 - events / at_risk, 1.0)
    survival: Floats = np.cumprod(stay).astype(np.float64)
    return WeightedCurve(at_risk, events, survival)


def retention_functionals(
    rows: RiskRows, curve: WeightedCurve, times: Sequence[float], horizon: float | None
) -> Floats:
    """Retention at some times, and the mean time in post up to a horizon.

    Parameters
    ----------
    rows : RiskRows
        The rows.
    curve : WeightedCurve
        Their curve.
    times : sequence of float
        When.
    horizon : float or None
        Of the restricted mean, left out when None.

    Returns
    -------
    numpy.ndarray of float
        Shape (times, or times + 1 with a horizon); NaN beyond the end of what was seen, unless nobody was left.
    """
    steps = np.r_[1.0, curve.survival]
    found = [float(steps[np.searchsorted(rows.times, time, side="right")]) for time in times]
    asked = [*times]
    if horizon is not None:
        edges = np.r_[0.0, np.minimum(rows.times, horizon), horizon]
        found.append(float(steps @ np.diff(edges)))
        asked.append(horizon)
    gone = len(curve.survival) > 0 and curve.survival[-1] <= 0
    return np.array([value if gone or time <= rows.end else math.nan for value, time in zip(found, asked, strict=True)])


def retention_influence(rows: RiskRows, curve: WeightedCurve, times: Sequence[float], horizon: float | None) -> Floats:
    """Change of retention and restricted mean for one more unit of the weight of each row.

    Parameters
    ----------
    rows : RiskRows
        The rows.
    curve : WeightedCurve
        Their curve.
    times : sequence of float
        When.
    horizon : float or None
        Of the restricted mean, left out when None.

    Returns
    -------
    numpy.ndarray of float
        Shape (rows, functionals): the exact derivatives. Times the weights and summed by person, their crossproduct is
        the infinitesimal jackknife variance, that of R's `survfit(robust = TRUE)`.

    References
    ----------
    .. [1] Reid N (1981). Ann Stat 9:78-92, equation 2.4.
    """
    count = len(rows.times)
    survival = curve.survival
    columns = []
    for time in times:
        place = int(np.searchsorted(rows.times, time, side="right"))
        level = survival[place - 1] if place else 1.0
        columns.append(np.where(np.arange(count) < place, level, 0.0))
    if horizon is not None:
        width = np.diff(np.r_[np.minimum(rows.times, horizon), horizon])
        area = survival * width
        columns.append(np.cumsum(area[::-1])[::-1])
    value = np.column_stack(columns) if count else np.zeros((0, len(columns)))
    left = curve.at_risk - curve.events
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where((left > 0)[:, None], value / left[:, None], 0.0)
        hazard = np.where(curve.at_risk > 0, curve.events / curve.at_risk, 0.0)
    upto = np.vstack([np.zeros((1, value.shape[1])), np.cumsum(each * hazard[:, None], axis=0)])
    influence: Floats = upto[rows.last] - upto[rows.first]
    influence[rows.event] -= each[rows.last[rows.event] - 1]
    return influence
