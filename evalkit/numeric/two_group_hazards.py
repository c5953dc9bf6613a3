"""Cox regression of two groups under many sets of weights: one coefficient, found from sums by time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from evalkit.numeric.weighted_survival import RiskRows

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_STEPS = 40
_LARGEST = 20.0


def two_group_log_ratio(
    rows: RiskRows, second: Flags, weights: Floats, counts: Ints, *, efron: bool = True, start: float = 0.0
) -> float:
    """Log hazard ratio of two groups from weighted rows.

    Parameters
    ----------
    rows : RiskRows
        The rows, placed among the times of leaving of both groups.
    second : numpy.ndarray of bool
        Shape (rows,): who is in the second group.
    weights : numpy.ndarray of float
        Shape (rows,), at least 0, for all the rows that a row stands for.
    counts : numpy.ndarray of int
        Shape (rows,): how many equal rows it stands for, each of weight weights / counts.
    efron : bool, default True
        Efron's approximation for tied events, else Breslow's.
    start : float, default 0
        Where the search starts.

    Returns
    -------
    float
        Second over first. NaN when nobody left, infinite when all who left were in one group while the other was there.

    References
    ----------
    .. [1] Efron B (1977). J Am Stat Assoc 72:557-565.
    """
    times = len(rows.times)
    at = rows.last[rows.event] - 1
    level, dead = np.empty((2, times)), np.empty((2, times))
    for number, group in enumerate((~second, second)):
        mass = np.where(group, weights, 0.0)
        gain = np.bincount(rows.first, weights=mass, minlength=times + 1)
        loss = np.bincount(rows.last, weights=mass, minlength=times + 1)
        dead[number] = np.bincount(at, weights=mass[rows.event], minlength=times)[:times]
        level[number] = np.maximum(np.cumsum(gain - loss)[:times], dead[number])
    events = np.bincount(at, weights=counts[rows.event] * (weights[rows.event] > 0), minlength=times)[:times]
    # Times at which one group alone is at risk say nothing of the ratio.
    use = (events > 0) & (level.min(axis=0) > 1e-12 * level.max(axis=0))
    if not use.any():
        return math.nan
    level, dead, events = level[:, use], dead[:, use], events[use].astype(np.int64)
    every, in_second = float(dead.sum()), float(dead[1].sum())
    if in_second <= 0 or in_second >= every:
        return -math.inf if in_second <= 0 else math.inf
    if efron:
        slot = np.repeat(np.arange(len(events)), events)
        place = np.arange(len(slot)) - np.repeat(np.cumsum(events) - events, events)
        part = place / events[slot]
        low, high = level[0, slot] - part * dead[0, slot], level[1, slot] - part * dead[1, slot]
        mass = (dead.sum(axis=0) / events)[slot]
    else:
        low, high, mass = level[0], level[1], dead.sum(axis=0)
    return _root(low, high, mass, in_second, start)


def _root(low: Floats, high: Floats, mass: Floats, in_second: float, start: float) -> float:
    """Solve for the coefficient at which as many of the second group leave as are expected to."""
    beta = start
    left, right = -_LARGEST, _LARGEST
    for _ in range(_STEPS):
        share = high / (high + low * math.exp(-beta))
        score = in_second - float(mass @ share)
        left, right = (beta, right) if score > 0 else (left, beta)
        information = float(mass @ (share * (1 - share)))
        step = score / information if information > 0 else math.inf
        if abs(step) < 1e-10:
            return beta + step
        beta = beta + step if left < beta + step < right else (left + right) / 2
    return beta
