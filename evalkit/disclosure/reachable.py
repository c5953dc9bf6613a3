"""How far each withheld count can go: the least and the greatest that agree with all tables."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evalkit.disclosure.integer_programmes import best, corner_of, whole_point

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_WHOLE = 1e-6


def ranges(
    equations: sparse.csr_array, low: Floats, high: Floats, wanted: Ints, *, enough: tuple[Floats, Floats] | None = None
) -> tuple[Floats, Floats] | None:
    """Find the least and the greatest whole number that each unknown can be.

    Parameters
    ----------
    equations : scipy.sparse.csr_array
        Shape (equations, unknowns); each row comes to 0.
    low, high : numpy.ndarray
        Shape (unknowns,), what is known of each by itself; infinite without an upper limit.
    wanted : numpy.ndarray
        Shape (wanted,), which unknowns.
    enough : tuple of numpy.ndarray, optional
        Shape (unknowns,) each: how low and how high an unknown must be able to be for nobody to ask further. One that
        can be both has attained limits, which need not be the furthest; the limits of all others are. Without it all
        are the furthest.

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
    least, most = low.copy(), high.copy()
    wanted_cells = np.zeros(len(low), dtype=bool)
    wanted_cells[wanted] = True
    enough_low, enough_high = enough or (np.full(len(low), -np.inf), np.full(len(low), np.inf))
    for cells, rows in _components(matrix, used):
        tied = loose[cells]
        asked = np.flatnonzero(wanted_cells[tied])
        told = _Told.of(sparse.csc_array(matrix[rows][:, cells]), right[rows], low[tied], high[tied])
        reached = _reached(told, asked.tobytes(), enough_low[tied].tobytes(), enough_high[tied].tobytes())
        if reached is None:
            return None
        least[tied[asked]], most[tied[asked]] = reached
    return least[wanted], most[wanted]


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


class _Told(NamedTuple):
    """What is told of unknowns that hang together, as bytes: the same is asked again and again on one page."""

    rows: int
    matrix: tuple[bytes, bytes, bytes]
    right: bytes
    low: bytes
    high: bytes

    @staticmethod
    def of(equations: sparse.csc_array, right: Floats, low: Floats, high: Floats) -> _Told:
        matrix = equations.data, equations.indices.astype(np.int64), equations.indptr.astype(np.int64)
        values, indices, starts = (part.tobytes() for part in matrix)
        return _Told(len(right), (values, indices, starts), right.tobytes(), low.tobytes(), high.tobytes())


@lru_cache(maxsize=2048)
def _reached(told: _Told, asked: bytes, enough_low: bytes, enough_high: bytes) -> tuple[Floats, Floats] | None:
    """Find how far the asked among unknowns that hang together can go; None when nothing agrees with what is told."""
    part = _Part(told)
    if not part.possible():
        return None
    cells = np.frombuffer(asked, dtype=np.int64)
    done = part.settle(cells, np.frombuffer(enough_low), np.frombuffer(enough_high))
    points = np.array(part.points)
    least, most = points.min(axis=0), points.max(axis=0)
    for cell in np.setdiff1d(cells, done):
        least[cell], most[cell] = part.reach(cell, -1), part.reach(cell, 1)
    return least[cells], np.where(most[cells] >= part.endless, np.inf, most[cells])


class _Part:
    """Unknowns that hang together, and tables of them that were found so far."""

    def __init__(self, told: _Told) -> None:
        self.right, self.low, self.high = (np.frombuffer(part) for part in (told.right, told.low, told.high))
        values, indices, starts = told.matrix
        parts = np.frombuffer(values), np.frombuffer(indices, dtype=np.int64), np.frombuffer(starts, dtype=np.int64)
        self.equations = sparse.csc_array(parts, shape=(told.rows, len(self.low)))
        # What exceeds everything that was said has no end.
        self.endless = float(self.high[np.isfinite(self.high)].sum() + self.low.sum() + abs(self.right).sum() + 1e4)
        self.points: list[Floats] = []

    def possible(self) -> bool:
        """Tell whether any table agrees."""
        point = best(self.equations, self.right, np.zeros(len(self.low)), self.low, self.high)
        if point is not None:
            self.points.append(point)
        return point is not None

    def settle(self, asked: Ints, low: Floats, high: Floats) -> Ints:
        """Find tables in which many cells at once go as far as is enough; give the cells whose limits are then known.

        These are those that go so far both ways, and those that cannot move at all.
        """
        for way, goal in ((-1, low), (1, high)):
            within = np.isfinite(goal) & (goal >= self.low) & (goal <= self.high)
            left = self.short(asked[within[asked]], way, goal)
            while len(left):
                point = self.pushed(left, way, goal)
                if point is None:
                    break
                self.points.append(point)
                before, left = len(left), self.short(left, way, goal)
                if len(left) == before:
                    break
        done = np.setdiff1d(asked, self.short(asked, -1, low))
        done = np.setdiff1d(done, self.short(done, 1, high))
        return np.union1d(done, self.stuck(np.setdiff1d(asked, done)))

    def stuck(self, asked: Ints) -> Ints:
        """Find cells that are the least they can be in every table: nothing lifts any of them by a whole person."""
        none = np.zeros(0, dtype=np.int64)
        high = np.minimum(self.high, self.endless)
        left: Ints = asked
        while True:
            left = left[np.array(self.points)[:, left].max(axis=0) == self.low[left]]
            if not len(left):
                return none
            cost = np.zeros(len(self.low))
            cost[left] = -1
            corner = corner_of(self.equations, self.right, cost, self.low, high)
            if corner is None:
                return none
            if (corner[left] - self.low[left]).sum() < 1 - _WHOLE:
                return left
            point = whole_point(self.equations, self.right, corner, self.low, high)
            if point is None or (point[left] == self.low[left]).all():
                return none
            self.points.append(point)

    def pushed(self, cells: Ints, way: int, goal: Floats) -> Floats | None:
        """Find a table in which as much as can be of what the cells lack, or have too much, is made good."""
        known, asked = len(self.low), len(cells)
        # Each asked cell is what it has up to its goal, and what it has beyond it.
        ties = sparse.coo_array((np.ones(asked), (np.arange(asked), cells)), shape=(asked, known))
        split = -sparse.eye_array(asked)
        equations = sparse.block_array([[self.equations, None, None], [ties, split, split]], format="csc")
        right = np.concatenate([self.right, np.zeros(asked)])
        cost = np.concatenate([np.zeros(known), np.full(asked, -float(way > 0)), np.full(asked, float(way < 0))])
        low = np.concatenate([self.low, np.zeros(2 * asked)])
        high = np.concatenate([self.high, goal[cells], np.full(asked, np.inf)])
        corner = corner_of(equations, right, cost, low, high)
        return None if corner is None else whole_point(self.equations, self.right, corner[:known], self.low, self.high)

    def short(self, asked: Ints, way: int, goal: Floats) -> Ints:
        """Leave out the cells that go as far as is enough in some table."""
        furthest = (way * np.array(self.points)[:, asked]).max(axis=0)
        left: Ints = asked[furthest < way * goal[asked]]
        return left

    def reach(self, cell: int, way: int) -> float:
        """Go as far as a cell can; NaN when the solver gives up."""
        alone = float((self.low if way < 0 else self.high)[cell])
        if any(known[cell] == alone for known in self.points):
            return alone
        cost = np.zeros(len(self.low))
        cost[cell] = -way
        high = self.high.copy()
        high[cell] = min(high[cell], self.endless)
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
