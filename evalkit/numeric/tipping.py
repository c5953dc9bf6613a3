"""The mean over imputed data sets when those imputed are moved by a fixed amount, and how far they can be moved."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from evalkit.numeric.imputation import Pooled, pool

Floats = npt.NDArray[np.float64]


def pooled_mean(known: Floats, imputed: Floats, *, delta: float = 0.0) -> Pooled:
    """Mean of known and imputed values together, pooled by Rubin's rules.

    Parameters
    ----------
    known : numpy.ndarray of float
        Shape (people who answered,), at least one.
    imputed : numpy.ndarray of float
        Shape (imputations, people lost), in the same unit.
    delta : float, default 0
        Added to every imputed value.

    Returns
    -------
    Pooled
        In the unit of the values.
    """
    return _shifted(known, imputed)(delta)


def _shifted(known: Floats, imputed: Floats) -> Callable[[float], Pooled]:
    """Prepare sums, so that many deltas cost no more than one."""
    lost = imputed.shape[1]
    n = len(known) + lost
    centre = float(known.mean())
    squares = float(((known - centre) ** 2).sum())
    moved = imputed - centre
    totals, own = moved.sum(axis=1), (moved**2).sum(axis=1)

    def at(delta: float) -> Pooled:
        total = totals + lost * delta
        spread = squares + own + 2 * delta * totals + lost * delta * delta - total * total / n
        return pool(centre + total / n, np.maximum(spread, 0.0) / ((n - 1) * n), df_complete=n - 1)

    return at


def limits(pooled: Pooled, *, level: float = 0.95) -> tuple[float, float]:
    """Limits of a pooled estimate.

    Parameters
    ----------
    pooled : Pooled
        The estimate.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of float
        By the t distribution with the pooled degrees of freedom.
    """
    half = float(special.stdtrit(pooled.df, (1 + level) / 2)) * pooled.std_error
    return pooled.estimate - half, pooled.estimate + half


def tipping_points(known: Floats, imputed: Floats, *, level: float = 0.95) -> tuple[float, float]:
    """How much more those lost must have changed for the result to be gone.

    Parameters
    ----------
    known : numpy.ndarray of float
        Shape (people who answered,): their changes.
    imputed : numpy.ndarray of float
        Shape (imputations, people lost), at least one: changes as imputed.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of float
        What must be added to each imputed change for the interval to reach 0 (0 when it does already), and for the
        estimate to be 0; in the unit of the changes, negative when the estimate is positive.

    References
    ----------
    .. [1] Rubin DB (1977). J Am Stat Assoc 72:538-543.
    .. [2] Cro S, Morris TP, Kenward MG, Carpenter JR (2020). Stat Med 39:2815-2842, section 3.
    """
    at = _shifted(known, imputed)
    start = at(0.0)
    share = imputed.shape[1] / (imputed.shape[1] + len(known))
    to_zero = -start.estimate / share
    low, high = limits(start, level=level)
    if low <= 0 <= high:
        return 0.0, to_zero
    side = 0 if low > 0 else 1

    def limit(delta: float) -> float:
        return limits(at(delta), level=level)[side]

    # At the delta that takes the estimate to 0 the near limit has passed 0. The first crossing on the way is wanted.
    steps = np.linspace(0.0, to_zero, 33)
    signs = [math.copysign(1.0, limit(float(step))) for step in steps]
    first = next(index for index in range(1, len(steps)) if signs[index] != signs[0])
    return float(optimize.brentq(limit, float(steps[first - 1]), float(steps[first]), xtol=1e-12)), to_zero
