"""Restricted mean times: the area under a curve up to a horizon."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.numeric.life_counts import LifeCounts
from evalkit.numeric.product_limit import Survival, spans

Floats = npt.NDArray[np.float64]


def step_widths(counts: LifeCounts, horizon: float) -> Floats:
    """How long a curve keeps its height after each time, up to a horizon.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group.
    horizon : float
        In their unit.

    Returns
    -------
    numpy.ndarray of float
        Shape (times,), in the unit of time; 0 beyond the horizon.
    """
    ends = np.full(len(counts.time), np.inf)
    ends[:-1] = counts.time[1:]
    for _, high in spans(counts.offsets):
        ends[high - 1] = np.inf
    return np.asarray(np.maximum(np.minimum(ends, horizon) - np.minimum(counts.time, horizon), 0.0))


def area(counts: LifeCounts, height: Floats, horizon: float, *, origin: float, start: float) -> Floats:
    """Area under the curve of each group from the origin to a horizon.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group.
    height : numpy.ndarray of float
        Shape (times,): survival, or the incidence of a cause.
    horizon, origin : float
        In the unit of time.
    start : float
        Height from the origin to the first time: 1 for survival, 0 for an incidence.

    Returns
    -------
    numpy.ndarray of float
        Shape (groups,), in the unit of time.

    References
    ----------
    .. [1] Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152, equation 1.
    """
    steps = step_widths(counts, horizon) * height
    found = np.full(len(counts.offsets) - 1, start * (horizon - origin))
    for number, (low, high) in enumerate(zip(counts.offsets[:-1], counts.offsets[1:], strict=True)):
        if high > low:
            found[number] = start * (min(counts.time[low], horizon) - origin) + steps[low:high].sum()
    return found


def area_variance(counts: LifeCounts, survival: Survival, horizon: float) -> Floats:
    """Greenwood's variance of the area under each survival curve.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group.
    survival : Survival
        Their survival.
    horizon : float
        In the unit of time.

    Returns
    -------
    numpy.ndarray of float
        Shape (groups,), in the squared unit of time.

    References
    ----------
    .. [1] Klein JP, Moeschberger ML (2003). Survival Analysis, 2nd ed., equation 4.5.2.
    """
    widths = step_widths(counts, horizon) * survival.after
    found = np.zeros(len(counts.offsets) - 1)
    for number, (low, high) in enumerate(zip(counts.offsets[:-1], counts.offsets[1:], strict=True)):
        ahead = np.cumsum(widths[low:high][::-1])[::-1]
        found[number] = float((ahead * ahead * survival.steps[low:high]).sum())
    return found
