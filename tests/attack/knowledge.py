"""What an attacker knows: the published rule, and the equations between the cells of everything that is released.

Nothing here calls evalkit. A cell is the set of its (dimension, value) pairs; a total lacks the pair. Cells of
different tables that are the same set are the same number, so linked tables need no further step.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

import pandas as pd

PROFILES = Path(__file__).resolve().parents[2] / "data" / "disclosure" / "profiles.csv"
UNBOUNDED = 10**9
# Above so many the joint table of three and more linked tables is left out: the attack is then weaker, not wrong.
JOINT_CELLS = 1500

Cell = frozenset[tuple[str, Hashable]]
Key = tuple[str, Cell]


@dataclass(frozen=True)
class Rule:
    """What a profile says in public: counts below `threshold` are withheld, and how the others are rounded.

    `least_withheld` is what a withheld count is known to be at least: 1 where everybody may know that no zero is ever
    withheld, not even to protect another cell.
    """

    name: str
    threshold: int
    withhold_zero: bool
    rounding: str
    base: int
    least_withheld: int = 0

    def primary(self, count: int) -> bool:
        return count < self.threshold and (count > 0 or self.withhold_zero)

    def rounds_to(self, released: float) -> bool:
        """Tell whether the rule makes such numbers at all."""
        if self.rounding == "midpoint":
            return released == 0 or released % self.base == self.base / 2
        return released % (self.base or 1) == 0

    def interval(self, released: float) -> tuple[int, int]:
        """Give the least and the greatest count that is released as this number; least above greatest: none is.

        A number that the rule does not make has not been rounded, so it is the count.
        """
        low = high = int(released)
        if self.rounds_to(released) and self.rounding == "nearest":
            # Halves go up: the counts in [released - base / 2, released + base / 2).
            low, high = -int(-(2 * released - self.base) // 2), -int(-(2 * released + self.base) // 2) - 1
        elif self.rounds_to(released) and self.rounding == "midpoint" and released > 0:
            low, high = int(released - self.base / 2) + 1, int(released + self.base / 2)
        possible = [count for count in range(max(low, 0), high + 1) if not self.primary(count)]
        return (possible[0], possible[-1]) if possible and float(released).is_integer() else (1, 0)


def rules() -> dict[str, Rule]:
    with PROFILES.open(encoding="utf-8", newline="") as file:
        return {row["profile"]: _rule(row) for row in csv.DictReader(file)}


def _rule(row: Mapping[str, str]) -> Rule:
    threshold, withhold_zero = int(row["threshold"]), row["withhold_zero"] == "yes"
    # Zeros that are shown are shown always, so what is withheld is somebody.
    least = int(threshold > 0 and not withhold_zero)
    return Rule(row["profile"], threshold, withhold_zero, row["rounding"], int(row["base"]), least)


@dataclass(frozen=True)
class Release:
    """One table as it leaves: a long frame, its dimensions, the label of each total, released column of each count."""

    frame: pd.DataFrame
    dims: tuple[str, ...]
    totals: Mapping[str, Hashable]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class System:
    """Whole numbers within bounds, some of which are sums of others.

    `sums` holds (total, parts) as positions. `withheld` and `shown` are positions of the cells that stand in a released
    frame, without and with a number; the other ones stand in no frame.
    """

    keys: tuple[Key, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    sums: tuple[tuple[int, tuple[int, ...]], ...]
    withheld: tuple[int, ...]
    shown: tuple[int, ...]

    def pattern(self) -> System:
        """Keep of what is known only which counts are zero, and which are not."""
        low = [min(each, 1) for each in self.low]
        high = [0 if each == 0 else UNBOUNDED for each in self.high]
        return replace(self, low=tuple(low), high=tuple(high))

    def nobody(self) -> set[int]:
        """Find the cells of which no part is listed: everybody may know that they are zero."""
        found: set[int] = set()
        for total, parts in sorted(self.sums, key=lambda each: -len(self.keys[each[0]][1])):
            if found.issuperset(parts):
                found.add(total)
        return found.union(*(parts for total, parts in self.sums if total in found))


def cell_of(values: Iterable[tuple[str, Hashable]], totals: Mapping[str, Hashable]) -> Cell:
    return frozenset((dim, value) for dim, value in values if dim not in totals or value != totals[dim])


def rest_of(whole: str, part: str) -> str:
    """Name the count of those who are left over."""
    return f"{whole} without {part}"


def is_rest(key: Key) -> bool:
    return " without " in key[0]


def _level(cell: Cell) -> frozenset[str]:
    return frozenset(dim for dim, _ in cell)


def _part(cell: Cell, level: frozenset[str]) -> Cell:
    return frozenset(pair for pair in cell if pair[0] in level)


def _joint(levels: Mapping[frozenset[str], set[Cell]], top: Sequence[frozenset[str]]) -> set[Cell] | None:
    """Cross all dimensions; a combination that some table does not list has no people."""
    values: dict[str, set[Hashable]] = defaultdict(set)
    for cells in levels.values():
        for cell in cells:
            for dim, value in cell:
                values[dim].add(value)
    size = 1
    for found in values.values():
        size *= len(found)
    if size > JOINT_CELLS:
        return None
    crossed = (
        frozenset(zip(values, each, strict=True))
        for each in product(*(sorted(found, key=str) for found in values.values()))
    )
    return {cell for cell in crossed if all(_part(cell, level) in levels[level] for level in top)}


def _filled(listed: Mapping[frozenset[str], set[Cell]]) -> dict[frozenset[str], set[Cell]]:
    """Add what stands in no frame: the margins that tables share, the joint table, the sums of what is listed."""
    levels = {level: set(cells) for level, cells in listed.items()}
    top = [level for level in levels if not any(level < other for other in levels)]
    for one, other in combinations(top, 2):
        levels.setdefault(one & other, set())
    if len(top) > 2:
        joint = _joint(levels, top)
        if joint is not None:
            levels[frozenset().union(*top)] = joint
    for level in sorted(levels, key=len, reverse=True):
        for finer in [other for other in levels if level < other]:
            levels[level] |= {_part(cell, level) for cell in levels[finer]}
    return levels


def _sums(levels: Mapping[frozenset[str], set[Cell]]) -> list[tuple[Cell, tuple[Cell, ...]]]:
    """Write each cell as the sum of its parts at each next finer level."""
    found = []
    for level, cells in levels.items():
        above = [other for other in levels if level < other]
        for finer in [other for other in above if not any(between < other for between in above)]:
            parts: dict[Cell, list[Cell]] = {cell: [] for cell in cells}
            for cell in levels[finer]:
                parts[_part(cell, level)].append(cell)
            found += [(cell, tuple(sorted(each, key=sorted_pairs))) for cell, each in parts.items()]
    return found


def sorted_pairs(cell: Cell) -> list[tuple[str, str]]:
    return sorted((dim, str(value)) for dim, value in cell)


def added_up(releases: Sequence[Release], rule: Rule) -> dict[Key, set[float]]:
    """Add up what is shown of the inner cells, by total, where all of them are shown and the rule rounds.

    A total is published as such a sum wherever there is one, and then tells no more than its parts.
    """
    found: dict[Key, set[float]] = defaultdict(set)
    for release in releases if rule.rounding != "none" else ():
        cells = cells_of(release)
        levels = {_level(cell) for cell in cells}
        inner = [cell for cell in cells if not any(_level(cell) < level for level in levels)]
        for count, column in release.columns.items():
            value = dict(zip(cells, release.frame[column].astype(float).tolist(), strict=True))
            for total in cells:
                for level in {_level(cell) for cell in inner if _level(total) < _level(cell)}:
                    parts = [value[cell] for cell in inner if _level(cell) == level and total <= cell]
                    if parts:
                        found[count, total].add(sum(parts))
    return found


def cells_of(release: Release) -> list[Cell]:
    """Name the cell of each row."""
    rows = release.frame[list(release.dims)].to_numpy()
    return [cell_of(zip(release.dims, row, strict=True), release.totals) for row in rows]


def system_of(releases: Sequence[Release], rule: Rule, *, within: Iterable[tuple[str, str]] = ()) -> System:
    """Write down all that follows from the releases.

    Parameters
    ----------
    releases : sequence of Release
        Everything released about the same people.
    rule : Rule
        The published rule.
    within : iterable of (str, str)
        Pairs of counts of which the first counts a part of those in the second, as leavers among staff.

    Returns
    -------
    System
        A shown count lies in its rounding interval and is not primary; a withheld one is any whole number from what the
        rule says is the least, and any from 0 is a total that has been added up from
        rounded parts.
    """
    bounds: dict[Key, tuple[int, int]] = {}
    added = added_up(releases, rule)
    withheld: set[Key] = set()
    shown: set[Key] = set()
    levels: dict[str, dict[frozenset[str], set[Cell]]] = defaultdict(lambda: defaultdict(set))
    for release in releases:
        cells = cells_of(release)
        for count, column in release.columns.items():
            for cell, value in zip(cells, release.frame[column].astype(float).tolist(), strict=True):
                key = (count, cell)
                levels[count][_level(cell)].add(cell)
                (withheld if pd.isna(value) else shown).add(key)
                least = rule.least_withheld if pd.isna(value) else 0
                low, high = bounds.get(key, (0, UNBOUNDED))
                low = max(low, least)
                if not pd.isna(value) and value not in added.get(key, ()):
                    least, greatest = rule.interval(value)
                    low, high = max(low, least), min(high, greatest)
                bounds[key] = (low, high)
    equations: list[tuple[Key, list[Key]]] = []
    for count, listed in levels.items():
        full = _filled(listed)
        for cells in full.values():
            for cell in cells:
                bounds.setdefault((count, cell), (0, UNBOUNDED))
        equations += [((count, cell), [(count, part) for part in parts]) for cell, parts in _sums(full)]
    for part, whole in within:
        # What is left of the whole is a count of people too: those who stayed, were not appointed.
        for count, cell in [key for key in bounds if key[0] == part and (whole, key[1]) in bounds]:
            rest = (rest_of(whole, part), cell)
            bounds[rest] = (0, UNBOUNDED)
            equations.append(((whole, cell), [(count, cell), rest]))
    keys = sorted(bounds, key=lambda key: (key[0], len(key[1]), sorted_pairs(key[1])))
    place = {key: position for position, key in enumerate(keys)}
    return System(
        keys=tuple(keys),
        low=tuple(bounds[key][0] for key in keys),
        high=tuple(bounds[key][1] for key in keys),
        sums=tuple((place[total], tuple(place[part] for part in parts)) for total, parts in equations),
        withheld=tuple(sorted(place[key] for key in withheld)),
        shown=tuple(sorted(place[key] for key in shown - withheld)),
    )
