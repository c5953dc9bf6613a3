"""What is wrong with a release: cells that can be worked out, false numbers, small counts that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from attack.drawing import Case
from attack.enumerating import Listing, TooManyError
from attack.knowledge import (
    UNBOUNDED,
    Key,
    Release,
    Rule,
    System,
    added_up,
    cell_of,
    is_rest,
    rest_of,
    sorted_pairs,
    system_of,
)
from attack.searching import ContradictionError, Search

Kind = Literal["unsafe", "several", "narrow", "untrue", "not rounded", "primary shown", "flag", "contradiction"]
# Not a fault of `protect`: where zeros are shown, everybody sees which counts are not zero, and a total of k of them is
# k people or more. No release under such a profile can hide that.
KNOWN: Kind = "several"


@dataclass(frozen=True)
class Fault:
    """One cell, and what is wrong with it."""

    kind: Kind
    cell: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.cell}"


def named(key: Key) -> str:
    return f"{key[0]}({', '.join(f'{dim}={value}' for dim, value in sorted_pairs(key[1])) or 'all'})"


def demands(system: System, rule: Rule, truth: Mapping[Key, int] | None = None) -> dict[int, tuple[int, int] | int]:
    """Tell for each cell what some tables must attain: (at most, at least), or how many values from the least on."""
    if rule.threshold:
        known = truth or {}
        rest = [
            cell
            for cell, key in enumerate(system.keys)
            if is_rest(key) and rule.primary(known.get(key, rule.threshold))
        ]
        nobody = system.nobody()
        return {cell: (1, rule.threshold) for cell in [*system.withheld, *rest] if cell not in nobody}
    if rule.rounding == "none":
        return {}
    nobody = system.nobody()
    asked: dict[int, tuple[int, int] | int] = {}
    for cell in system.shown:
        # Zero and its rounding may allow for fewer counts than the base: then all of these.
        asked[cell] = min(rule.base, _own_width(system, cell, nobody))
    asked |= dict.fromkeys(system.withheld, rule.base)
    return {cell: width for cell, width in asked.items() if cell not in nobody}


def _own_width(system: System, cell: int, nobody: set[int]) -> int:
    """Count the values that a shown cell allows for by itself; a total that was added up, by its parts."""
    if cell in nobody:
        return 1
    if system.high[cell] < UNBOUNDED:
        return system.high[cell] - system.low[cell] + 1
    told = nobody.union(system.shown)
    own = [
        1 + sum(_own_width(system, part, nobody) - 1 for part in parts)
        for total, parts in system.sums
        if total == cell and told.issuperset(parts)
    ]
    return min(own, default=UNBOUNDED)


def attack(
    releases: Sequence[Release],
    rule: Rule,
    *,
    within: Iterable[tuple[str, str]] = (),
    truth: Mapping[Key, int] | None = None,
) -> list[Fault]:
    """Find the unsafe cells by exact search.

    Parameters
    ----------
    releases, rule, within
        As `attack.knowledge.system_of` takes them.
    truth : mapping, optional
        True counts. Where every cell has one, it is a table that agrees with the release, known without a search. Of
        those who are left over from a part, the small counts must be as safe as if they had been withheld.

    Returns
    -------
    list of Fault
        "unsafe": a withheld cell, or a small rest, of which the attacker knows that it is above 1, or that it is below
        the threshold. "several": a withheld total that may be as few as there are counts in it that are seen not to be
        zero, but not 1. "narrow": with rounding alone, a cell with fewer possible values than its base.
        "contradiction": no table agrees.
    """
    system = system_of(releases, rule, within=within)
    asked = demands(system, rule, truth)
    targets = {cell: _target(system, cell, ask) for cell, ask in asked.items()}
    try:
        search = Search(system, targets)
        if truth is not None and all(key in truth for key in system.keys):
            search.know([truth[key] for key in system.keys])
        return [
            _fault(system, rule, cell, several=_several(search, rule, cell))
            for cell, ask in asked.items()
            if not _attained(search, cell, ask)
        ]
    except ContradictionError:
        return [Fault("contradiction", "no whole numbers agree with what is released")]


def _target(system: System, cell: int, ask: tuple[int, int] | int) -> tuple[int, int]:
    return ask if isinstance(ask, tuple) else (system.low[cell], min(system.high[cell], system.low[cell] + ask - 1))


def _attained(search: Search, cell: int, ask: tuple[int, int] | int) -> bool:
    if isinstance(ask, tuple):
        return search.at_most(cell, ask[0]) and search.at_least(cell, ask[1])
    if search.greatest[cell] - search.least[cell] + 1 >= ask:
        return True
    low, high = _target(search.system, cell, ask)
    if high - low + 1 == ask and search.at_most(cell, low):
        return search.at_least(cell, high)
    return search.at_least(cell, search.lowest(cell) + ask - 1)


def _several(search: Search, rule: Rule, cell: int) -> bool:
    """Tell whether a withheld cell is safe but for what its profile gives away by showing zeros."""
    least = _least_by_pattern(search.system, rule, cell)
    return least is not None and _attained(search, cell, (least, rule.threshold))


def _least_by_pattern(system: System, rule: Rule, cell: int) -> int | None:
    """Find how many people a withheld cell is by which counts are zero alone; None where that does not tell."""
    if not (rule.threshold and rule.least_withheld):
        return None
    least = Search(system.pattern()).lowest(cell)
    return least if least > 1 else None


def _fault(system: System, rule: Rule, cell: int, *, several: bool = False) -> Fault:
    if several:
        return Fault(KNOWN, named(system.keys[cell]))
    return Fault("unsafe" if rule.threshold else "narrow", named(system.keys[cell]))


def brute_force(
    releases: Sequence[Release],
    rule: Rule,
    *,
    within: Iterable[tuple[str, str]] = (),
    truth: Mapping[Key, int] | None = None,
    most_steps: int = 20_000,
) -> list[Fault] | None:
    """Find the unsafe cells by listing tables; None when they are too many."""
    system = system_of(releases, rule, within=within)
    listing = Listing(system, most_steps=most_steps)
    faults = []
    try:
        for cell, ask in demands(system, rule, truth).items():
            if isinstance(ask, tuple):
                enough = listing.between(cell, 0, ask[0]) and listing.between(cell, ask[1], UNBOUNDED)
            else:
                enough = listing.spreads(cell, ask)
            if not enough:
                least = _least_by_pattern(system, rule, cell)
                several = (
                    least is not None
                    and listing.between(cell, 0, least)
                    and listing.between(cell, rule.threshold, UNBOUNDED)
                )
                faults.append(_fault(system, rule, cell, several=several))
    except TooManyError:
        return None
    return faults


def true_counts(case: Case) -> dict[Key, int]:
    """Name the true count of every cell of a case, and of those left over where one count is part of another."""
    found = {}
    for table in case.tables:
        for row in table.frame.to_dict("records"):
            cell = cell_of(((dim, row[dim]) for dim in table.dims), case.totals)
            found.update({(count, cell): int(row[count]) for count in case.counts})
            for part, whole in case.within:
                found[rest_of(whole, part), cell] = int(row[whole] - row[part])
    return found


def check_numbers(releases: Sequence[Release], truth: Mapping[Key, int], rule: Rule) -> list[Fault]:
    """Find shown numbers that are not the true count, rounded as the rule says, or that the rule withholds."""
    added = added_up(releases, rule)
    faults = []
    for release in releases:
        for row in release.frame.to_dict("records"):
            cell = cell_of(((dim, row[dim]) for dim in release.dims), release.totals)
            for count, column in release.columns.items():
                if not pd.isna(row[column]) and row[column] not in added.get((count, cell), ()):
                    kind = _wrong(row[column], truth[count, cell], rule)
                    faults += [Fault(kind, named((count, cell)))] if kind else []
    return faults


def _wrong(released: float, true: int, rule: Rule) -> Kind | None:
    if rule.primary(true):
        return "primary shown"
    if not rule.rounds_to(released):
        return "not rounded"
    low, high = rule.interval(released)
    return None if low <= true <= high else "untrue"


def check_flags(release: Release) -> list[Fault]:
    """Find flags that say anything but which rows have a withheld count."""
    withheld = np.zeros(len(release.frame), dtype=bool)
    for column in release.columns.values():
        withheld |= release.frame[column].isna().to_numpy()
    told = release.frame["flag"]
    other = told.isna() | (told == "")
    wrong = np.where(withheld, told != "suppressed", ~other)
    return [Fault("flag", f"row {position}") for position in np.flatnonzero(wrong)]
