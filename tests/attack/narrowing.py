"""Bounds by subtraction, in both directions until nothing moves: the shuttle algorithm, on any system of sums.

Reference: Dobra A, Fienberg SE (2000), Bounds for cell entries in contingency tables given marginal totals and
decomposable graphs. Proc Natl Acad Sci 97:11885-92. Generalised to totals that are themselves only bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from attack.knowledge import System

# A release that contradicts itself can move its bounds by one for ever.
MOST_MOVES = 20_000


class Narrowing:
    """The equations of a system, indexed by the cells in them."""

    def __init__(self, system: System) -> None:
        self.sums = system.sums
        self.with_cell: list[list[int]] = [[] for _ in system.keys]
        for position, (total, parts) in enumerate(system.sums):
            for cell in (total, *parts):
                self.with_cell[cell].append(position)

    def narrow(self, low: list[int], high: list[int], touched: Iterable[int] | None = None) -> bool:
        """Narrow the bounds in place; False when no whole numbers are left for some cell.

        Where all bounds meet, True says that every equation (with a touched cell) holds.
        """
        if any(low[cell] > high[cell] for cell in range(len(low))):
            return False
        todo = deque(
            range(len(self.sums)) if touched is None else {e for cell in touched for e in self.with_cell[cell]}
        )
        waiting = set(todo)
        moves = 0
        while todo and moves < MOST_MOVES:
            equation = todo.popleft()
            waiting.discard(equation)
            moved = self._apply(equation, low, high)
            if moved is None:
                return False
            moves += len(moved)
            for cell in moved:
                for other in self.with_cell[cell]:
                    if other not in waiting:
                        waiting.add(other)
                        todo.append(other)
        return not todo or all(self._holds(equation, low, high) for equation in range(len(self.sums)))

    def _holds(self, equation: int, low: list[int], high: list[int]) -> bool:
        total, parts = self.sums[equation]
        return sum([low[part] for part in parts]) <= high[total] and sum([high[part] for part in parts]) >= low[total]

    def _apply(self, equation: int, low: list[int], high: list[int]) -> list[int] | None:
        total, parts = self.sums[equation]
        least, most = sum([low[part] for part in parts]), sum([high[part] for part in parts])
        moved = []
        if least > low[total]:
            low[total] = least
            moved.append(total)
        if most < high[total]:
            high[total] = most
            moved.append(total)
        if low[total] > high[total]:
            return None
        floor, ceiling = low[total], high[total]
        for part in parts:
            up, down = ceiling - (least - low[part]), floor - (most - high[part])
            if up < high[part] or down > low[part]:
                high_before, low_before = high[part], low[part]
                high[part], low[part] = min(high_before, up), max(low_before, down)
                least += low[part] - low_before
                most += high[part] - high_before
                moved.append(part)
                if low[part] > high[part]:
                    return None
        return moved
