"""Attack released tables of the same people: what can be worked out of each withheld or rounded count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from evalkit.disclosure.cells import Cells, Layout, Place, lay_out
from evalkit.disclosure.complementary import lowest
from evalkit.disclosure.integer_programmes import corner_of
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.reachable import ranges
from evalkit.disclosure.rules import breaches, origins
from evalkit.disclosure.table_checks import Roles, families, layout_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SAFE, NARROW, RECOVERABLE, SMALL = "safe", "narrow", "recoverable", "small"
UNCHECKED, CONTRADICTORY = "unchecked", "contradictory"
# From what is least to what is worst.
VERDICTS = (SAFE, UNCHECKED, SMALL, NARROW, RECOVERABLE, CONTRADICTORY)
COLUMNS = ("table", "row", "low", "high", "verdict", "count")
_INSIDE, _OUTSIDE = "those named", "all others"


@dataclass(frozen=True, slots=True, eq=False)
class ReleasedTable:
    """A table of counts as others see it.

    Parameters
    ----------
    layout : Layout
        Where its rows stand.
    released : dict of str to numpy.ndarray
        Count -> shape (rows,), people; NaN where withheld.
    labels : tuple of str
        Shape (rows,): how each row is named.
    profile : Profile
        The rules under which it was released.
    subset_of : dict of str to str
        Count -> the count that its people are among, also of counts that stand in other tables.
    marks : dict of (str, frozenset) to str, optional
        Count and place -> a mark of the true number of people, printed or not: two tables with two marks for one cell
        are of different people. A grand total may have one without a row.
    holds : callable, optional
        Takes a count, a row and two limits; tells whether the true number lies there and must not be known.
        None where the true numbers are not known: then every limit that is worked out is believed.
    sums : tuple of (int, tuple of int), optional
        Rows that are the sums of other rows of the table, beside those that are so by their places.
    fits : callable, optional
        Takes a count and shape (rows,) people; tells whether they may be the true numbers of the whole table. None
        where nothing is known of them.
    guarded : numpy.ndarray, optional
        Shape (rows,), True where the true number must not be known: limits of the others are not looked for. None where
        that is not known: then those of all rows are.
    """

    layout: Layout
    released: dict[str, Floats]
    labels: tuple[str, ...]
    profile: Profile
    subset_of: dict[str, str]
    marks: Mapping[tuple[str, Place], str] = field(default_factory=dict)
    holds: Callable[[str, int, float, float], bool] | None = None
    sums: tuple[tuple[int, tuple[int, ...]], ...] = ()
    fits: Callable[[str, Floats], bool] | None = None
    guarded: Flags | None = None


def released_table(name: str, frame: pd.DataFrame, roles: Roles, rules: Profile) -> ReleasedTable:
    """Read a released frame.

    Parameters
    ----------
    name : str
        Of the table.
    frame : pandas.DataFrame
        One row a cell; counts are missing where withheld.
    roles : Roles
        What its columns are.
    rules : Profile
        Under which it was released.

    Returns
    -------
    ReleasedTable
        The same, ready for an attack.
    """
    layout = layout_of(name, frame, roles)
    released = {count: pd.to_numeric(frame[count]).to_numpy(dtype=float, na_value=np.nan) for count in layout.counts}
    dims = [dim for dim in roles.dims if dim in frame.columns]
    labels = tuple(
        ", ".join(f"{dim} {value}" for dim, value in zip(dims, row, strict=True))
        for row in zip(*(frame[dim].astype(str) for dim in dims), strict=True)
    )
    return ReleasedTable(layout, released, labels, rules, dict(roles.subset_of))


def attack(tables: Sequence[ReleasedTable], *, joint: bool = True, furthest: bool = True) -> pd.DataFrame | None:
    """Attack released tables, all together.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        What is to be released.
    joint : bool, default True
        Whether tables that overlap in a ring are taken for margins of one larger table.
    furthest : bool, default True
        Whether the limits of safe counts are the furthest, too. Without that, one that is seen to be safe is left at
        once, as its verdict stands.

    Returns
    -------
    pandas.DataFrame or None
        As `audit` gives it; None when nobody agrees with the tables.
    """
    found = []
    for family, within in tied_counts(tables):
        some = _attack_family(tables, family, within, joint=joint, furthest=furthest)
        if some is None:
            return None
        found += some
    order = {table.layout.name: at for at, table in enumerate(tables)}
    frame = pd.DataFrame(found, columns=["position", *COLUMNS])
    # A negative zero would be printed as one.
    frame[["low", "high"]] += 0.0
    frame = frame.assign(at=frame["table"].map(order)).sort_values(["at", "position"], kind="stable")
    return frame[list(COLUMNS)].reset_index(drop=True)


def tied_counts(tables: Sequence[ReleasedTable]) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Group the counts of some tables that are tied to each other, whichever table they stand in.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        The tables.

    Returns
    -------
    list of (tuple of str, dict of str to str)
        Counts, each once, and what is a subset of what among them: of a count that no table has, its own whole.
    """
    counts = tuple(dict.fromkeys(count for table in tables for count in table.layout.counts))
    told = {part: whole for table in tables for part, whole in table.subset_of.items()}
    subset_of = {part: whole for part in counts if (whole := _next_told(part, told, counts))}
    return [
        (family, {part: whole for part, whole in subset_of.items() if part in family})
        for family in families(Roles(counts, (), {}, subset_of))
    ]


def _next_told(part: str, subset_of: Mapping[str, str], counts: Sequence[str]) -> str:
    """Name the nearest count that a count is among and that some table has."""
    seen = {part}
    while (part := subset_of.get(part, "")) and part not in seen:
        if part in counts:
            return part
        seen.add(part)
    return ""


def _attack_family(
    tables: Sequence[ReleasedTable],
    family: Sequence[str],
    subset_of: Mapping[str, str],
    *,
    joint: bool,
    furthest: bool,
) -> list[tuple[object, ...]] | None:
    cells = _laid_out(tables, family, subset_of, joint=joint)
    known = _Known(cells, tables)
    asked = np.flatnonzero(known.asked | cells.others)
    enough = None if furthest else known.enough(tables)
    reached = ranges(cells.sums, known.low, known.high, asked, enough=enough)
    if reached is None:
        return None
    low, high = known.low.copy(), known.high.copy()
    low[asked], high[asked] = reached
    return [
        *_unchecked(tables, family, cells.too_large),
        *(row for table in tables for row in known.verdicts(table, low, high)),
        *known.left_over(tables, subset_of, low, high),
    ]


def _laid_out(
    tables: Sequence[ReleasedTable], family: Sequence[str], subset_of: Mapping[str, str], *, joint: bool
) -> Cells:
    """Lay tables out as one set of cells, with the sums that are not so by their places."""
    layouts = [table.layout for table in tables]
    parts = [pair[0] for pair in dict.fromkeys(pair for each in layouts for place in each.places for pair in place)
             if pair[1] == _INSIDE]  # fmt: skip
    if parts:  # beside those inside there are others: without them the part would be everybody
        layouts.append(Layout(_OUTSIDE, tuple(frozenset([(part, _OUTSIDE)]) for part in parts), tuple(family)))
    cells = lay_out(layouts, family, subset_of, joint=joint)
    added = [
        (int(at[total]), at[list(rows)])
        for table in tables
        for count in table.layout.counts
        if (at := cells.found_at.get((table.layout.name, count))) is not None
        for total, rows in table.sums
    ]
    if not added:
        return cells
    sums = sparse.lil_array((len(added), len(cells.keys)))
    inside = list(cells.parts)
    for line, (total, rows) in enumerate(added):
        sums[line, total] = 1.0
        sums[line, rows] = -1.0
        inside[total] += (rows,)
    return replace(cells, sums=sparse.csr_array(sparse.vstack([cells.sums, sums])), parts=tuple(inside))


def with_totals_of_parts(table: ReleasedTable, dims: Sequence[str]) -> ReleasedTable:
    """Take totals of a table for those of its own labels only, not of everybody.

    Parameters
    ----------
    table : ReleasedTable
        A table.
    dims : sequence of str
        The dimensions along which its totals are of a part.

    Returns
    -------
    ReleasedTable
        The same with cells of their own for these totals, which are the same in another table with the same labels.
    """
    places, sums = list(table.layout.places), list(table.sums)
    for dim in dims:
        labels = sorted({value for place in places for name, value in place if name == dim})
        part = (f"{dim}: {' | '.join(labels)}", _INSIDE)
        rows = {place: row for row, place in enumerate(places)}
        for row, place in enumerate(places):
            if all(name != dim for name, _ in place):
                inside = [rows[place | {(dim, label)}] for label in labels if place | {(dim, label)} in rows]
                sums += [(row, tuple(inside))] if inside else []
                places[row] = place | {part}
    return replace(table, layout=replace(table.layout, places=tuple(places)), sums=tuple(sums))


def _unchecked(
    tables: Sequence[ReleasedTable], family: Sequence[str], too_large: Sequence[frozenset[str]]
) -> list[tuple[object, ...]]:
    """Name the tables of a ring that is too large: what they tell together is not known."""
    rows: list[tuple[object, ...]] = []
    for table in tables:
        dims = dims_of(table.layout.places)
        counts = [count for count in table.layout.counts if count in family]
        if counts and any(len(dims & ring) > 1 for ring in too_large):
            rows.append((-1, table.layout.name, "all rows", float("nan"), float("nan"), UNCHECKED, counts[0]))
    return rows


def dims_of(places: Iterable[Place]) -> set[str]:
    """Name the dimensions of places.

    Parameters
    ----------
    places : iterable of frozenset
        Of a layout.

    Returns
    -------
    set of str
        All dimensions that some place has.
    """
    return {dim for place in places for dim, _ in place}


class _Known:
    """What each table by itself says of the cells."""

    def __init__(self, cells: Cells, tables: Sequence[ReleasedTable]) -> None:
        self.cells = cells
        size = len(cells.keys)
        self.low, self.high = np.zeros(size), np.full(size, np.inf)
        self.zero = np.zeros(size, dtype=bool)
        self.hidden, self.asked = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        self.whole: dict[tuple[str, str], Flags] = {}
        printed: dict[str, Floats] = {}
        for table, count, at in self.columns(tables):
            values = printed.setdefault(table.profile.name, np.full(size, np.nan))
            values[at] = np.fmax(values[at], table.released[count])
        for table, count, at in self.columns(tables):
            released = table.released[count]
            low, high = origins(released, table.profile)
            self.zero[at] |= released == 0
            whole = self.summed(at, printed[table.profile.name], released, table.profile)
            self.whole[table.layout.name, count] = whole
            # A count that its profile would never print is taken as it stands.
            low, high = np.where(np.isnan(low), released, low), np.where(np.isnan(high), released, high)
            self.low[at] = np.maximum(self.low[at], np.where(whole, 0.0, low))
            self.high[at] = np.minimum(self.high[at], np.where(whole, np.inf, high))
            self.hidden[at] |= np.isnan(released)
            judged = np.isnan(released) | ((table.profile.rounding != "none") & ~whole)
            self.asked[at] |= judged if table.guarded is None else judged & table.guarded

    def columns(self, tables: Sequence[ReleasedTable]) -> list[tuple[ReleasedTable, str, npt.NDArray[np.int64]]]:
        return [
            (table, count, self.cells.found_at[table.layout.name, count])
            for table in tables
            for count in table.layout.counts
            if (table.layout.name, count) in self.cells.found_at
        ]

    def summed(self, at: npt.NDArray[np.int64], values: Floats, released: Floats, profile: Profile) -> Flags:
        """Tell which totals are but sums of released counts."""
        told = np.zeros(len(at), dtype=bool)
        if profile.rounding == "none" or profile.totals != "sum":
            return told
        for row, cell in enumerate(at):
            told[row] = any(values[part].sum() == released[row] for part in self.cells.parts[cell])
        return told

    def enough(self, tables: Sequence[ReleasedTable]) -> tuple[Floats, Floats]:
        """Say how low and how high each cell must be able to be for every table to call it safe."""
        low, high = np.full(len(self.low), np.inf), np.full(len(self.low), -np.inf)
        for table, count, at in self.columns(tables):
            released, rules = table.released[count], table.profile
            alone = origins(released, rules)
            floor = self.floor(table)[at]
            # Where the least that it can be is the threshold already, it must still not be known.
            withheld = (floor, np.maximum(rules.threshold, floor + 1)) if rules.threshold else (-np.inf, np.inf)
            rounded = (rules.rounding != "none") & ~self.whole[table.layout.name, count]
            for side, own, worse in ((0, low, np.fmin), (1, high, np.fmax)):
                needed = np.where(np.isnan(released), withheld[side], np.where(rounded, alone[side], np.nan))
                worse.at(own, at, needed)
        others = self.cells.others
        high[others] = np.maximum(high[others], max((table.profile.threshold for table in tables), default=0))
        return low, high

    def floor(self, table: ReleasedTable) -> Floats:
        """Say how low each withheld count of a table must be able to be."""
        return np.ones(len(self.low)) if table.profile.withhold_zero else lowest(self.cells, ~self.zero)

    def verdicts(self, table: ReleasedTable, low: Floats, high: Floats) -> list[tuple[object, ...]]:
        """Judge the withheld and rounded counts of a table, and those that should be withheld."""
        rows: list[tuple[object, ...]] = []
        floor = self.floor(table)
        for _, count, at in self.columns([table]):
            released, whole = table.released[count], self.whole[table.layout.name, count]
            alone = origins(released, table.profile)
            small = breaches(released, table.profile) & ~whole
            for row, cell in enumerate(at):
                withheld = bool(np.isnan(released[row]))
                if not (withheld or small[row] or (table.profile.rounding != "none" and not whole[row])):
                    continue
                bounds = (float(low[cell]), float(high[cell]))
                if small[row]:
                    verdict = SMALL
                elif withheld:
                    verdict = _withheld(bounds, float(floor[cell]), table.profile)
                else:
                    verdict = _rounded(bounds, (float(alone[0][row]), float(alone[1][row])))
                rows.append((row, table.layout.name, table.labels[row], *bounds, verdict, count))
        return rows

    def left_over(
        self, tables: Sequence[ReleasedTable], subset_of: Mapping[str, str], low: Floats, high: Floats
    ) -> list[tuple[object, ...]]:
        """Find those who are in a count but not in its subset, where they are seen to be few."""
        rows: list[tuple[object, ...]] = []
        found: set[tuple[str, Place]] = set()
        pairs = {f"{whole} without {part}": (whole, part) for part, whole in subset_of.items()}
        others = [(int(cell), *self.cells.keys[cell]) for cell in np.flatnonzero(self.cells.others)]
        # The finest first: of a total that stands nowhere nothing need be said where it is said of a part of it.
        for cell, name, place in sorted(others, key=lambda each: -len(each[2])):
            for table, row, rules in _standing(tables, pairs[name], place):
                few = (0 if rules.withhold_zero else 1) <= high[cell] < rules.threshold
                if few and (row >= 0 or not any(name == other and place < finer for other, finer in found)):
                    label = table.labels[row] if row >= 0 else _written(place)
                    bounds = (float(low[cell]), float(high[cell]))
                    rows.append((row, table.layout.name, label, *bounds, SMALL, name))
                    found.add((name, place))
        return rows


def _written(place: Place) -> str:
    return ", ".join(f"{dim} {value}" for dim, value in sorted(place)) or "all rows"


def _standing(
    tables: Sequence[ReleasedTable], pair: tuple[str, str], place: Place
) -> list[tuple[ReleasedTable, int, Profile]]:
    """Say where a count without its subset can be read off at a place, and by which rules it is to be judged.

    In the rows of tables that have both; else in those with the one, or the other; else it is reckoned from other rows.
    """
    having = [[table for table in tables if count in table.released] for count in pair]
    both = [table for table in having[0] if table in having[1]]
    at = [
        [(table, table.layout.places.index(place)) for table in some if place in table.layout.places]
        for some in (both, *having)
    ]
    if at[0]:
        return [(table, row, table.profile) for table, row in at[0]]
    strictest = max([*having[0], *having[1]], key=lambda table: table.profile.threshold).profile
    return [(table, row, strictest) for table, row in at[1] or at[2] or [(having[0][0], -1)]]


def possible(tables: Sequence[ReleasedTable]) -> bool:
    """Tell whether any numbers agree with all tables, whole or not.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        Tables that may be of the same people.

    Returns
    -------
    bool
        False when they cannot be.
    """
    for family, within in tied_counts(tables):
        cells = _laid_out(tables, family, within, joint=False)
        known = _Known(cells, tables)
        size = len(cells.keys)
        equations = sparse.csc_array(cells.sums)
        if corner_of(equations, np.zeros(equations.shape[0]), np.zeros(size), known.low, known.high) is None:
            return False
    return True


def _withheld(bounds: tuple[float, float], floor: float, profile: Profile) -> str:
    low, high = bounds
    if low == high:
        return RECOVERABLE
    if profile.threshold:
        return SAFE if low <= floor and high >= profile.threshold else NARROW
    return SAFE if high - low + 1 >= profile.base else NARROW


def _rounded(bounds: tuple[float, float], alone: tuple[float, float]) -> str:
    low, high = bounds
    if low <= alone[0] and high >= alone[1]:
        return SAFE
    return RECOVERABLE if low == high else NARROW
