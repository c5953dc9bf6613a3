"""Brute force: the tables of whole numbers that agree with a release, one after the other, by backtracking alone."""

from __future__ import annotations

import random
from collections.abc import Iterator

from attack.knowledge import UNBOUNDED, System
from attack.narrowing import Narrowing


class TooManyError(Exception):
    """The tables are too many to be listed."""


class Listing:
    """List the tables that agree with a release, until what is asked of a cell is seen, or all have been listed.

    Parameters
    ----------
    system : System
        What the attacker knows.
    most_steps : int
        Steps over all questions; then `TooManyError`.
    cap : int
        A cell without an upper bound is taken for at most this. What is seen is true without it too; what is not seen
        may lie beyond it, and raises `TooManyError`.
    """

    def __init__(self, system: System, *, most_steps: int, cap: int = 200) -> None:
        self.system = system
        self.narrowing = Narrowing(system)
        self.left = most_steps
        self.order = random.Random(0)  # noqa: S311
        low, high = list(system.low), list(system.high)
        self.empty = not self.narrowing.narrow(low, high)
        self.capped = any(each >= UNBOUNDED // 2 for each in high)
        self.low = low
        self.high = [
            each if each < UNBOUNDED // 2 else max(cap, 2 * least) for least, each in zip(low, high, strict=True)
        ]
        self.least = [UNBOUNDED] * len(low)
        self.greatest = [-1] * len(low)

    def tables(self, low: list[int], high: list[int]) -> Iterator[list[int]]:
        """List all tables within bounds, each as one number a cell.

        Raises
        ------
        TooManyError
            When the steps are used up.
        """
        if self.empty or not self.narrowing.narrow(low, high):
            return
        stack = [(low, high)]
        while stack:
            if self.left == 0:
                raise TooManyError
            self.left -= 1
            low, high = stack.pop()
            open_cells = [cell for cell in range(len(low)) if low[cell] < high[cell]]
            if not open_cells:
                yield low
                continue
            cell = min(open_cells, key=lambda each: high[each] - low[each])
            values = list(range(low[cell], high[cell] + 1))
            self.order.shuffle(values)
            stack += self._branches(low, high, cell, values)

    def _branches(
        self, low: list[int], high: list[int], cell: int, values: list[int]
    ) -> Iterator[tuple[list[int], list[int]]]:
        for value in values:
            lower, upper = list(low), list(high)
            lower[cell] = upper[cell] = value
            if self.narrowing.narrow(lower, upper, [cell]):
                yield lower, upper

    def between(self, cell: int, low: int, high: int) -> bool:
        """Tell whether some table has the cell within the two numbers; note what else it shows.

        Raises
        ------
        TooManyError
            When the steps are used up, or where there may be one beyond the cap.
        """
        if low <= self.least[cell] <= high or low <= self.greatest[cell] <= high:
            return True
        lower, upper = list(self.low), list(self.high)
        lower[cell], upper[cell] = max(lower[cell], low), min(upper[cell], high)
        for table in self.tables(lower, upper) if lower[cell] <= upper[cell] else ():
            self.least = [min(pair) for pair in zip(self.least, table, strict=True)]
            self.greatest = [max(pair) for pair in zip(self.greatest, table, strict=True)]
            return True
        if self.capped:
            raise TooManyError
        return False

    def spreads(self, cell: int, width: int) -> bool:
        """Tell whether the cell has at least so many values from the least to the greatest.

        Raises
        ------
        TooManyError
            As `between`.
        """
        self.between(cell, 0, UNBOUNDED)
        while self.greatest[cell] - self.least[cell] + 1 < width:
            lowest = self.least[cell] == self.low[cell] or not self.between(cell, 0, self.least[cell] - 1)
            if lowest:
                return self.between(cell, self.least[cell] + width - 1, UNBOUNDED)
        return True
