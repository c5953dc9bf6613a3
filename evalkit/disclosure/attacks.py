"""What can be worked out from released tables: whole-number programmes over all tables that agree with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

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


def ranges(equations: sparse.csr_array, low: Floats, high: Floats, wanted: Ints) -> tuple[Floats, Floats] | None:
    """Find the least and the greatest whole number that each unknown can be.

    Parameters
    ----------
    equations : scipy.sparse.csr_array
        Shape (equations, unknowns); each row comes to 0.
    low, high : numpy.ndarray
        Shape (unknowns,), what is known of each by itself; infinite without an upper limit.
    wanted : numpy.ndarray
        Shape (wanted,), which unknowns.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray) or None
        Shape (wanted,): the attained limits, infinite without an upper one; NaN where the solver gave up. None when
        nothing agrees with the equations and limits.
    """
    if (low > high).any():
        return None
    fixed = low == high
    right = -(equations[:, np.flatnonzero(fixed)] @ low[fixed])
    loose = np.flatnonzero(~fixed)
    matrix = sparse.csr_array(equations[:, loose])
    used = np.diff(matrix.indptr) > 0
    if right[~used].any():
        return None
    # What exceeds everything that was said has no end.
    endless = float(high[np.isfinite(high)].sum() + low.sum() + 1e4)
    least, most = low.copy(), high.copy()
    wanted_cells = np.zeros(len(low), dtype=bool)
    wanted_cells[wanted] = True
    for cells, rows in _components(matrix, used):
        part = _Part(sparse.csc_array(matrix[rows][:, cells]), right[rows], low[loose[cells]], high[loose[cells]])
        if not part.possible():
            return None
        for at, cell in enumerate(loose[cells]):
            if wanted_cells[cell]:
                least[cell], most[cell] = part.reach(at, -1, endless), part.reach(at, 1, endless)
    return least[wanted], np.where(most[wanted] >= endless, np.inf, most[wanted])


def _components(matrix: sparse.csr_array, used: Flags) -> list[tuple[Ints, Ints]]:
    """Take unknowns apart that no equation ties together."""
    rows, cells = matrix.shape
    ties = sparse.block_array([[None, matrix], [matrix.T, None]]).tocsr() if cells and rows else None
    if ties is None:
        return []
    count, label = sparse.csgraph.connected_components(ties, directed=False)
    by_row, by_cell = label[:rows], label[rows:]
    order = np.argsort(by_cell, kind="stable")
    groups = np.split(order, np.searchsorted(by_cell[order], np.arange(1, count)))
    return [(group, np.flatnonzero((by_row == by_cell[group[0]]) & used)) for group in groups if len(group)]


class _Part:
    """Unknowns that hang together, and tables of them that were found so far."""

    def __init__(self, equations: sparse.csc_array, right: Floats, low: Floats, high: Floats) -> None:
        self.equations, self.right, self.low, self.high = equations, right, low, high
        self.points: list[Floats] = []

    def possible(self) -> bool:
        """Tell whether any table agrees."""
        point = best(self.equations, self.right, np.zeros(len(self.low)), self.low, self.high)
        if point is not None:
            self.points.append(point)
        return point is not None

    def reach(self, cell: int, way: int, endless: float) -> float:
        """Go as far as a cell can; NaN when the solver gives up."""
        alone = float((self.low if way < 0 else self.high)[cell])
        if any(known[cell] == alone for known in self.points):
            return alone
        cost = np.zeros(len(self.low))
        cost[cell] = -way
        high = self.high.copy()
        high[cell] = min(high[cell], endless)
        corner = corner_of(self.equations, self.right, cost, self.low, high)
        if corner is None:
            return float("nan")
        limit = way * np.floor(way * corner[cell] + _WHOLE)
        point = whole_point(self.equations, self.right, corner, self.low, high)
        if point is not None:
            self.points.append(point)
            return float(point[cell])
        if any(known[cell] == limit for known in self.points):
            return float(limit)
        point = best(self.equations, self.right, cost, self.low, high)
        if point is None:
            return float("nan")
        self.points.append(point)
        return float(point[cell])
