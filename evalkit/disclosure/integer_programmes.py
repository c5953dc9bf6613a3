"""Whole numbers of the least cost that meet equations and limits: what attack and protection are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

_WHOLE = 1e-6


def best(
    equations: sparse.csc_array,
    right: Floats,
    cost: Floats,
    low: Floats,
    high: Floats,
    *,
    gap: float = 0.0,
    branch: bool = True,
) -> Floats | None:
    """Find whole numbers of the least cost that meet equations and limits.

    Parameters
    ----------
    equations : scipy.sparse.csc_array
        Shape (equations, unknowns), whole numbers.
    right : numpy.ndarray
        Shape (equations,), what each equation comes to.
    cost : numpy.ndarray
        Shape (unknowns,), cost of one unit.
    low, high : numpy.ndarray
        Shape (unknowns,), whole limits; infinite where there is none.
    gap : float, default 0
        Share by which the cost may lie above the least.
    branch : bool, default True
        Whether to go on when the corner of the linear programme has fractions.

    Returns
    -------
    numpy.ndarray or None
        Shape (unknowns,); None when there are no such numbers (or the cost has no end, which the caller's limits must
        exclude).

    Notes
    -----
    The linear programme is tried first: in one two-way table its corners are whole [1]_. Elsewhere a corner with
    fractions is followed by branch and bound.

    References
    ----------
    .. [1] Fischetti M, Salazar JJ (2001). Solving the cell suppression problem on tabular data with linear constraints.
       Management Science 47:1008-1027.
    """
    corner = corner_of(equations, right, cost, low, high)
    if corner is None:
        return None
    point = whole_point(equations, right, corner, low, high)
    if point is None and branch:
        corner = _solved(equations, right, cost, low, high, whole=True, gap=gap)
        point = None if corner is None else whole_point(equations, right, corner, low, high)
    return point


def corner_of(equations: sparse.csc_array, right: Floats, cost: Floats, low: Floats, high: Floats) -> Floats | None:
    """Find numbers of the least cost that meet equations and limits, whole or not.

    Parameters
    ----------
    equations : scipy.sparse.csc_array
        Shape (equations, unknowns).
    right : numpy.ndarray
        Shape (equations,), what each equation comes to.
    cost, low, high : numpy.ndarray
        Shape (unknowns,), cost of one unit, and limits.

    Returns
    -------
    numpy.ndarray or None
        Shape (unknowns,); None when there are no such numbers.
    """
    return _solved(equations, right, cost, low, high)


def _solved(
    equations: sparse.csc_array,
    right: Floats,
    cost: Floats,
    low: Floats,
    high: Floats,
    *,
    whole: bool = False,
    gap: float = 0.0,
) -> Floats | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    if (low > high).any():
        return None
    found = milp(
        cost,
        constraints=LinearConstraint(equations, right, right),
        bounds=Bounds(low, high),
        integrality=np.full(len(cost), int(whole)),
        options={"mip_rel_gap": gap},
    )
    return None if found.x is None else np.asarray(found.x)


def whole_point(equations: sparse.csc_array, right: Floats, corner: Floats, low: Floats, high: Floats) -> Floats | None:
    """Round a solution and see whether it is one still.

    Parameters
    ----------
    equations : scipy.sparse.csc_array
        Shape (equations, unknowns).
    right : numpy.ndarray
        Shape (equations,).
    corner : numpy.ndarray
        Shape (unknowns,), what the solver found.
    low, high : numpy.ndarray
        Shape (unknowns,).

    Returns
    -------
    numpy.ndarray or None
        Shape (unknowns,), whole numbers that meet all equations and limits exactly; None when they do not.
    """
    point = np.round(corner)
    near = np.abs(corner - point).max(initial=0.0) < _WHOLE
    meets = near and np.array_equal(equations @ point, right) and (point >= low).all() and (point <= high).all()
    return point if meets else None
