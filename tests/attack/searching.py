"""Exact search by mixed-integer programming, for tables that are too large to list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from attack.knowledge import UNBOUNDED, System
from attack.narrowing import Narrowing

# Cells without an upper bound are looked for below this many times what is asked of them, before they are set free.
ROOM = 50


class ContradictionError(Exception):
    """No table of whole numbers agrees with the release."""


class Search:
    """Find tables that agree with a release and have a given cell as small, or as large, as asked.

    Parameters
    ----------
    system : System
        What the attacker knows.
    asked : mapping of int to (int, int)
        What will be asked: cell -> (at most, at least). It only makes the search faster.
    seed : int
        Tables are looked for in random directions.

    Raises
    ------
    ContradictionError
        When the bounds alone show that no table agrees with the release.
    """

    def __init__(self, system: System, asked: Mapping[int, tuple[int, int]] | None = None, seed: int = 0) -> None:
        self.system = system
        self.asked = asked or {}
        self.rng = np.random.default_rng(seed)
        low, high = list(system.low), list(system.high)
        if not Narrowing(system).narrow(low, high):
            raise ContradictionError
        self.low, self.high = np.array(low), np.array(high)
        self.least = np.full(len(low), UNBOUNDED)
        self.greatest = np.full(len(low), -1)
        self.solved = 0
        self._prepare()

    def _prepare(self) -> None:
        """Leave out the cells that the bounds have settled, and the equations between such cells."""
        from scipy.sparse import csr_array

        fixed = self.low == self.high
        self.free = np.flatnonzero(~fixed)
        column = np.full(len(fixed), -1)
        column[self.free] = np.arange(len(self.free))
        entries: dict[tuple[tuple[int, int], ...], int] = {}
        for total, parts in self.system.sums:
            signed = [(total, -1), *((part, 1) for part in parts)]
            row = tuple(sorted((int(column[cell]), sign) for cell, sign in signed if column[cell] >= 0))
            if row:
                entries[row] = -int(sum(sign * self.low[cell] for cell, sign in signed if column[cell] < 0))
        where = [(number, at, sign) for number, row in enumerate(entries) for at, sign in row]
        rows, columns, signs = zip(*where, strict=True) if where else ((), (), ())
        self.right = np.array(list(entries.values()), dtype=float)
        self.matrix = csr_array(
            (np.array(signs, dtype=float), (np.array(rows, dtype=int), np.array(columns, dtype=int))),
            shape=(len(entries), len(self.free)),
        )

    def know(self, table: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Take note of one table, once it is seen to agree with the release."""
        values = np.asarray(table)
        agrees = (values >= self.system.low).all() and (values <= self.system.high).all()
        if not agrees or any(values[total] != values[list(parts)].sum() for total, parts in self.system.sums):
            raise ContradictionError
        self.least = np.minimum(self.least, values)
        self.greatest = np.maximum(self.greatest, values)

    def _solve(self, low: npt.NDArray[Any], high: npt.NDArray[Any], aim: npt.NDArray[Any]) -> bool:
        from scipy.optimize import Bounds, LinearConstraint, milp

        self.solved += 1
        if not len(self.free):
            self.know(self.low)
            return True
        # What subtraction has left of no bound at all is none either, and such numbers spoil the arithmetic.
        upper = np.where(high >= UNBOUNDED // 2, np.inf, high.astype(float))
        found = milp(
            aim,
            constraints=LinearConstraint(self.matrix, self.right, self.right) if self.matrix.shape[0] else None,
            bounds=Bounds(low, upper),
            integrality=np.ones(len(self.free)),
        )
        if found.status == 2:
            return False
        if found.x is None:
            raise RuntimeError(found.message)
        table = self.low.copy()
        table[self.free] = np.round(found.x).astype(int)
        try:
            self.know(table)
        except ContradictionError:
            msg = "the solver's numbers do not add up"
            raise ArithmeticError(msg) from None
        return True

    def _attain(self, cell: int, low: int, high: int) -> None:
        """Look for a table with the cell between low and high; first among tables without huge cells."""
        lower, upper = self.low[self.free].copy(), self.high[self.free].copy()
        at = int(np.searchsorted(self.free, cell))
        lower[at], upper[at] = max(lower[at], low), min(upper[at], high)
        if lower[at] > upper[at]:
            return
        finite = upper[upper < UNBOUNDED // 2]
        cap = ROOM * (max(low, 1) + int(lower.max())) + (int(finite.max()) if len(finite) else 0)
        aim = self.rng.uniform(0.2, 1, len(self.free)) * self._directions()[self.free]
        capped = np.minimum(upper, np.maximum(cap, lower))
        if not self._solve(lower, capped, aim) and (capped < upper).any():
            self._solve(lower, upper, 0 * aim)

    def exists(self) -> None:
        """Make sure that some table agrees with the release.

        Raises
        ------
        ContradictionError
            When none does.
        """
        none = np.zeros(len(self.free))
        if self.greatest[0] < 0 and not self._solve(self.low[self.free], self.high[self.free], none):
            raise ContradictionError

    def at_most(self, cell: int, value: int) -> bool:
        """Tell whether some table has the cell at the value or below."""
        if self.least[cell] > value >= self.low[cell]:
            self.exists()
            if self.least[cell] > value:
                self._attain(cell, 0, value)
        return bool(self.least[cell] <= value)

    def at_least(self, cell: int, value: int) -> bool:
        """Tell whether some table has the cell at the value or above."""
        if self.greatest[cell] < value <= self.high[cell]:
            self.exists()
            if self.greatest[cell] < value:
                self._attain(cell, value, UNBOUNDED)
        return bool(self.greatest[cell] >= value)

    def lowest(self, cell: int) -> int:
        """Find the least value of the cell in any table."""
        self.exists()
        if self.least[cell] > self.low[cell]:
            aim = np.zeros(len(self.free))
            aim[np.searchsorted(self.free, cell)] = 1
            self._solve(self.low[self.free], self.high[self.free], aim)
        return int(self.least[cell])

    def _directions(self) -> npt.NDArray[Any]:
        """Send each cell to the side that is still to be shown, so that every table shows much about many cells."""
        down, up = np.zeros(len(self.low), dtype=bool), np.zeros(len(self.low), dtype=bool)
        for cell, (low, high) in self.asked.items():
            down[cell], up[cell] = self.least[cell] > low, self.greatest[cell] < high
        either = np.where(self.rng.random(len(down)) < 0.5, 1.0, -1.0)
        return np.where(down & up, either, down * 1.0 - up * 1.0)
