"""`audit`: the attack on everything that is about to be released, made before others make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from evalkit.disclosure.attacks import corner_of, ranges
from evalkit.disclosure.cells import Cells, Layout, Place, lay_out
from evalkit.disclosure.complementary import lowest
from evalkit.disclosure.profiles import DEFAULT, Profile, list_profiles, load_profile
from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.rules import breaches, origins
from evalkit.disclosure.saved_releases import other_spellings, same_names
from evalkit.disclosure.table_checks import (
    Given,
    Roles,
    checked_profile,
    families,
    layout_of,
    wrong_frames,
)
from evalkit.errors import DataError, Problem
from evalkit.frames import Problems, require

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Tables: TypeAlias = Protected | pd.DataFrame | Mapping[str, Protected | pd.DataFrame]

SAFE, NARROW, RECOVERABLE, SMALL = "safe", "narrow", "recoverable", "small"
CONTRADICTORY, UNCHECKED = "contradictory", "unchecked"
COLUMNS = ("table", "row", "low", "high", "verdict", "count")
EARLIER = "earlier: "
Row: TypeAlias = tuple[object, ...]
_INSIDE, _OUTSIDE = "those named", "all others"
# From what is least to what is worst.
_BAD = (SAFE, UNCHECKED, SMALL, NARROW, RECOVERABLE, CONTRADICTORY)
# Beyond so many sets of tables that may be of the same people, tables are put together by twos.
_MOST_SETS = 200


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
        Count -> the count that its people are among.
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


def audit(
    tables: Tables,
    *,
    profile: str = DEFAULT,
    counts: str | Sequence[str] = ("released",),
    dims: str | Sequence[str] = (),
    totals: Mapping[str, str] | None = None,
    subset_of: Mapping[str, str] | None = None,
    earlier: Tables | None = None,
) -> pd.DataFrame:
    """Attack tables that are about to be released: what can be worked out of each withheld or rounded count, in people.

    Parameters
    ----------
    tables : Protected, pandas.DataFrame, or mapping of str to either
        What `protect` made, or frames as they would be released, one row a cell, counts missing where withheld. All
        are attacked together.
    profile : str, default "staff-survey"
        Disclosure profile of the frames; what `protect` made has its own.
    counts, dims : str or sequence of str
        Columns of the frames; of several frames each has some. The same count in two tables has the same name; the
        columns `released` and `released_COUNT` of a release that was saved are taken for the count of what `protect`
        made beside it, or of the other frames, where there is one only that they can be. Without `dims` frames have
        those (and the totals) of what `protect` made.
    totals : mapping of str to str, optional
        Dimension -> the label in it that stands for all.
    subset_of : mapping of str to str, optional
        Count -> the count that its people are among.
    earlier : Protected, pandas.DataFrame, or mapping of str to either, optional
        What was released before of the same people at the same time. Of a population that has changed since, the cells
        are other cells: then give nothing here. The answer also has its rows that were safe and no longer are, in
        tables named "earlier: NAME".

    Returns
    -------
    pandas.DataFrame
        One row for each count that is withheld or rounded, or that should be: columns `table, row, low, high, verdict,
        count`. `low` and `high` are attained by whole numbers that agree with all tables; `high` is infinite without a
        limit. The verdict is "safe"; "recoverable" when one value is left; "narrow" when a withheld count is seen to be
        above 1 or below the threshold, or a rounded one is told closer than its rounding; "small" when a count is
        printed that the profile withholds, or follows for those who are in a count but not in its subset. Tables that
        overlap in a ring too large to be attacked (more than 1,000 cells of their dimensions crossed) also have one row
        each with the verdict "unchecked".

    Raises
    ------
    DataError
        DAT-009, DAT-003, DAT-006, DAT-004, DAT-002 or DAT-010 for frames that cannot be read, all at once; DAT-009 also
        for a total that is not named; DAT-006 for tables of the same dimensions that share no count and do not differ
        where both print a number, and for an earlier release that shares no count with any table: nothing would be
        attacked together; DAT-006 also for a dimension that two tables spell otherwise ("Site" and "site"); DAT-007
        when no people at all agree with the tables.
    DisclosureError
        DIS-001 for an unknown profile.

    Notes
    -----
    The attacker is that of `protect`. A combination that has no row counts as nobody. Three tables or more that overlap
    in a ring (A by B, B by C, A by C) are attacked as margins of one larger table of people, which they are.

    References
    ----------
    .. [1] Hundepool A and others (2012). Statistical Disclosure Control. Wiley, section 4.3 (auditing).

    Examples
    --------
    >>> import pandas as pd
    >>> staff = pd.DataFrame({"site": ["North", "South", "All"], "n": [None, 60, 64]})
    >>> audit(staff, counts="n", dims="site", totals={"site": "All"})[["row", "low", "high", "verdict"]].values.tolist()
    [['site North', 4.0, 4.0, 'recoverable']]
    """
    now = _named(tables, "table")
    before = {} if earlier is None else {f"{EARLIER}{name}": each for name, each in _named(earlier, "table").items()}
    both, roles = same_names({**now, **before}, Given(counts, dims, totals, subset_of).roles())
    frames = {name: table for name, table in both.items() if not isinstance(table, Protected)}
    known = load_profile(profile) if profile in set(list_profiles()["profile"]) else None
    rules = checked_profile(profile, [*other_spellings(both, roles), *wrong_frames(frames, roles, known)])
    released = {name: _released(name, table, roles, rules) for name, table in both.items()}
    require(_not_linked(released, before))
    found = attack(list(released.values()))
    if found is None:
        raise DataError(
            Problem(
                "DAT-007",
                ", ".join(both),
                "released counts that no people agree with",
                "tables of the same people at the same time, released by one profile",
                "Audit tables of other people, or of another time, by themselves.",
            )
        )
    return _without_known(found, attack([released[name] for name in before])) if before else found


def _not_linked(released: Mapping[str, ReleasedTable], before: Iterable[str]) -> Problems:
    """Find tables that would not be attacked together, though they may be of the same people."""
    subset_of = {part: whole for table in released.values() for part, whole in table.subset_of.items()}
    counts = tuple(dict.fromkeys(count for table in released.values() for count in table.layout.counts))
    family = {count: at for at, each in enumerate(families(Roles(counts, (), {}, subset_of))) for count in each}
    tied = {name: {family[count] for count in table.layout.counts} for name, table in released.items()}
    old = set(before)
    alone = [name for name in old if not any(tied[name] & tied[other] for other in released if other not in old)]
    pairs = [
        f"{one} and {other}"
        for one, other in combinations(released, 2)
        if not tied[one] & tied[other] and _may_be_one_count(released[one], released[other])
    ]
    return [
        Problem(
            "DAT-006",
            what,
            "no count in common",
            "one name for the same count",
            "Rename the column of the one as in the other (a saved release calls it released); "
            "audit tables of other counts by themselves.",
        )
        for what in [*sorted(alone), *pairs]
    ]


def _may_be_one_count(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables with a dimension in common print nowhere what cannot be the same number."""
    if not _dims_of(one.layout.places) & _dims_of(other.layout.places):
        return False
    at = {place: row for row, place in enumerate(other.layout.places)}
    shared = [(row, at[place]) for row, place in enumerate(one.layout.places) if place in at]
    limits = [
        [_Limits(*origins(values, table.profile)) for values in table.released.values()] for table in (one, other)
    ]
    return any(
        not any(this.low[row] > that.high[same] or this.high[row] < that.low[same] for row, same in shared)
        for this in limits[0]
        for that in limits[1]
    )


def _without_known(found: pd.DataFrame, alone: pd.DataFrame | None) -> pd.DataFrame:
    """Leave out what an earlier release says of itself, and keep what is told of it now."""
    key = ["table", "row", "count"]
    before = {} if alone is None else dict(zip(alone[key].itertuples(index=False), alone["verdict"], strict=True))
    keep = [
        not name.startswith(EARLIER) or _BAD.index(verdict) > _BAD.index(before.get(row, SAFE))
        for name, verdict, row in zip(found["table"], found["verdict"], found[key].itertuples(index=False), strict=True)
    ]
    return found[keep].reset_index(drop=True)


class _Limits(NamedTuple):
    low: Floats
    high: Floats


def _named(tables: Tables, single: str) -> dict[str, Protected | pd.DataFrame]:
    if isinstance(tables, Mapping):
        return {str(name): table for name, table in tables.items()}
    return {single: tables}


def _released(name: str, table: Protected | pd.DataFrame, roles: Roles, rules: Profile) -> ReleasedTable:
    if not isinstance(table, Protected):
        return released_table(name, table, roles, rules)
    own = Roles(table.counts, table.dims, table.totals, table.subset_of)
    single = len(table.counts) == 1
    renamed = {"released" if single else f"released_{count}": count for count in table.counts}
    return released_table(name, table.frame[[*table.dims, *renamed]].rename(columns=renamed), own, table.profile)


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
    subset_of = {part: whole for part, whole in roles.subset_of.items() if {part, whole} <= set(layout.counts)}
    return ReleasedTable(layout, released, labels, rules, subset_of)


def attack(tables: Sequence[ReleasedTable], *, joint: bool = True) -> pd.DataFrame | None:
    """Attack released tables, all together.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        What is to be released.
    joint : bool, default True
        Whether tables that overlap in a ring are taken for margins of one larger table.

    Returns
    -------
    pandas.DataFrame or None
        As `audit` gives it; None when nobody agrees with the tables.
    """
    subset_of = {part: whole for table in tables for part, whole in table.subset_of.items()}
    counts = tuple(dict.fromkeys(count for table in tables for count in table.layout.counts))
    found = []
    for family in families(Roles(counts, (), {}, subset_of)):
        within = {part: whole for part, whole in subset_of.items() if part in family}
        some = _attack_family(tables, family, within, joint=joint)
        if some is None:
            return None
        found += some
    order = {table.layout.name: at for at, table in enumerate(tables)}
    frame = pd.DataFrame(found, columns=["position", *COLUMNS])
    frame = frame.assign(at=frame["table"].map(order)).sort_values(["at", "position"], kind="stable")
    return frame[list(COLUMNS)].reset_index(drop=True)


def _attack_family(
    tables: Sequence[ReleasedTable], family: Sequence[str], subset_of: Mapping[str, str], *, joint: bool
) -> list[tuple[object, ...]] | None:
    cells = _laid_out(tables, family, subset_of, joint=joint)
    known = _Known(cells, tables)
    asked = np.flatnonzero(known.judged | cells.others)
    reached = ranges(cells.sums, known.low, known.high, asked)
    if reached is None:
        return None
    low, high = known.low.copy(), known.high.copy()
    low[asked], high[asked] = reached
    return [
        *_unchecked(tables, family, cells.too_large),
        *(row for table in tables for row in known.verdicts(table, low, high)),
        *(row for table in tables for row in known.left_over(table, low, high)),
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
        dims = {dim for place in table.layout.places for dim, _ in place}
        counts = [count for count in table.layout.counts if count in family]
        if counts and any(len(dims & ring) > 1 for ring in too_large):
            rows.append((-1, table.layout.name, "all rows", float("nan"), float("nan"), UNCHECKED, counts[0]))
    return rows


class _Known:
    """What each table by itself says of the cells."""

    def __init__(self, cells: Cells, tables: Sequence[ReleasedTable]) -> None:
        self.cells = cells
        size = len(cells.keys)
        self.low, self.high = np.zeros(size), np.full(size, np.inf)
        self.zero = np.zeros(size, dtype=bool)
        self.hidden, self.judged = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
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
            self.judged[at] |= np.isnan(released) | ((table.profile.rounding != "none") & ~whole)

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

    def verdicts(self, table: ReleasedTable, low: Floats, high: Floats) -> list[tuple[object, ...]]:
        """Judge the withheld and rounded counts of a table, and those that should be withheld."""
        rows: list[tuple[object, ...]] = []
        floor = lowest(self.cells, ~self.zero) if not table.profile.withhold_zero else np.ones(len(low))
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

    def left_over(self, table: ReleasedTable, low: Floats, high: Floats) -> list[tuple[object, ...]]:
        """Find those who are in a count but not in its subset, where they are seen to be few."""
        rows: list[tuple[object, ...]] = []
        index = {self.cells.keys[cell]: cell for cell in np.flatnonzero(self.cells.others)}
        for part, whole in table.subset_of.items():
            for row, place in enumerate(table.layout.places):
                cell = index.get((f"{whole} without {part}", place))
                least = 0 if table.profile.withhold_zero else 1
                if cell is None or high[cell] >= table.profile.threshold or high[cell] < least:
                    continue
                bounds = (float(low[cell]), float(high[cell]))
                rows.append((row, table.layout.name, table.labels[row], *bounds, SMALL, self.cells.keys[cell][0]))
        return rows


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


def attack_union(tables: Sequence[ReleasedTable]) -> pd.DataFrame:
    """Attack tables of which it is not known whether they are of the same people.

    Parameters
    ----------
    tables : sequence of ReleasedTable
        What is to be released, each under a name of its own.

    Returns
    -------
    pandas.DataFrame
        As `audit` gives it, for all tables, each cell once with the worst verdict. Each table is attacked by itself,
        and with every largest set of tables that can be of the same people: that do not print different numbers for one
        cell, and that some people agree with. So a second year on the page does not keep two tables of the first from
        being put together. Limits that the true number is not within were worked out from other people's tables, and
        do not count. A table that contradicts itself has the verdict "contradictory" in a row of its own.
    """
    found = [row for table in tables for row in _by_itself(table)]
    alike = _distinct(tables)
    by_name = {table.layout.name: table for table in tables}
    done: set[frozenset[str]] = set()
    for group in _compatible(alike):
        for together in _attacked(group, done):
            others = _of_others(together, by_name)
            found += [
                (row, *_believed(by_name[str(row[0])], row))
                for row in together.itertuples(index=False, name=None)
                if (row[0], row[5]) not in others
            ]
    return _worst(found, [table.layout.name for table in tables])


def _by_itself(table: ReleasedTable) -> list[tuple[Row, str]]:
    alone = attack([table])
    if alone is None:
        if table.holds is not None:
            return []  # its totals were found, not told: then they are none
        row = (table.layout.name, "all rows", float("nan"), float("nan"), CONTRADICTORY, table.layout.counts[0])
        return [(row, CONTRADICTORY)]
    return [(row, *_believed(table, row)) for row in alone.itertuples(index=False, name=None)]


def _of_others(found: pd.DataFrame, by_name: Mapping[str, ReleasedTable]) -> set[tuple[object, object]]:
    """Find counts of tables that were worked out to the last cell, and not as they are: from other people's tables."""
    wrong: set[tuple[object, object]] = set()
    for (name, count), rows in found.groupby(["table", "count"], sort=False):
        table = by_name[str(name)]
        if table.fits is None or str(count) not in table.released or not (rows["low"] == rows["high"]).all():
            continue
        at = dict(zip(rows["row"], rows["low"], strict=True))
        values = np.array([
            at.get(label, np.nan) if np.isnan(told) else told
            for label, told in zip(table.labels, table.released[str(count)], strict=True)
        ])  # fmt: skip
        if not np.isnan(values).any() and not table.fits(str(count), values):
            wrong.add((name, count))
    return wrong


def _believed(table: ReleasedTable, row: Row) -> tuple[str]:
    """Judge a finding again where the true number is known."""
    _, label, low, high, verdict, count = row
    if verdict == SAFE or table.holds is None or label not in table.labels or count not in table.released:
        return (str(verdict),)
    at = table.labels.index(str(label))
    return (str(verdict) if table.holds(str(count), at, float(str(low)), float(str(high))) else SAFE,)


def _worst(found: Sequence[tuple[Row, str]], names: Sequence[str]) -> pd.DataFrame:
    """Keep each cell once, told as closely as it is told anywhere."""
    worst: dict[tuple[object, object, object], Row] = {}
    for row, verdict in found:
        key = (row[0], row[1], row[5])
        before = worst.get(key)
        if before is None or _BAD.index(verdict) > _BAD.index(str(before[4])):
            worst[key] = (*row[:4], verdict, row[5])
    frame = pd.DataFrame(list(worst.values()), columns=list(COLUMNS))
    order = {name: at for at, name in enumerate(names)}
    return frame.sort_values("table", key=lambda each: each.map(order), kind="stable").reset_index(drop=True)


def _distinct(tables: Sequence[ReleasedTable]) -> list[ReleasedTable]:
    """Leave out tables that say what another one says."""
    kept: dict[object, ReleasedTable] = {}
    for table in tables:
        told = tuple((count, tuple(np.nan_to_num(values, nan=-1.0))) for count, values in table.released.items())
        kept.setdefault((table.layout.places, told, table.profile.name, table.holds is None), table)
    return list(kept.values())


def _compatible(tables: Sequence[ReleasedTable]) -> list[list[ReleasedTable]]:
    """Find the largest sets of two tables or more of which any two can be of the same people."""
    agreeing: dict[int, set[int]] = {at: set() for at in range(len(tables))}
    for one, other in combinations(range(len(tables)), 2):
        if _linked(tables[one], tables[other]) and _agree(tables[one], tables[other]):
            agreeing[one].add(other)
            agreeing[other].add(one)
    sets: list[list[ReleasedTable]] = []
    for found in _largest_sets(set(), set(agreeing), set(), agreeing):
        if len(sets) == _MOST_SETS:
            return [[tables[one], tables[other]] for one in agreeing for other in agreeing[one] if one < other]
        if len(found) > 1:
            sets.append([tables[at] for at in sorted(found)])
    return sets


def _largest_sets(
    inside: set[int], left: set[int], seen: set[int], agreeing: Mapping[int, set[int]]
) -> Iterator[set[int]]:
    """List the maximal cliques (Bron and Kerbosch, with a pivot)."""
    if not left and not seen:
        yield inside
        return
    pivot = max(left | seen, key=lambda at: len(left & agreeing[at]))
    for at in sorted(left - agreeing[pivot]):
        yield from _largest_sets(inside | {at}, left & agreeing[at], seen & agreeing[at], agreeing)
        left = left - {at}
        seen = seen | {at}


def _attacked(group: Sequence[ReleasedTable], done: set[frozenset[str]]) -> list[pd.DataFrame]:
    names = frozenset(table.layout.name for table in group)
    if len(group) < 2 or names in done:
        return []
    done.add(names)
    together = attack(group)
    if together is None:
        # Of a ring some table may have other categories than the others, and what they share is told all the same.
        together = attack(group, joint=False)
    if together is not None:
        return [together]
    # Any two may be of the same people and all of them not: as many as agree, with each of them in turn.
    return [
        part
        for first in group
        for part in _attacked(_agreeing_with(first, group), done)
        if len(group) > 2  # two that disagree are not put together
    ]


def _agreeing_with(first: ReleasedTable, group: Sequence[ReleasedTable]) -> list[ReleasedTable]:
    kept = [first]
    for table in group:
        if table is not first and _possible([*kept, table]):
            kept.append(table)
    return kept if len(kept) < len(group) else []


def _linked(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables have a cell, or a dimension to add up over, in common."""
    if not set(one.released) & set(other.released):
        return False
    places, others = set(one.layout.places), set(other.layout.places)
    if frozenset() in places | others or places & others:
        return True
    return bool(_dims_of(places) & _dims_of(others))


def _dims_of(places: Iterable[Place]) -> set[str]:
    return {dim for place in places for dim, _ in place}


def _agree(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables may be of the same people."""
    if any(other.marks.get(key, mark) != mark for key, mark in one.marks.items()):
        return False
    if one.profile != other.profile:
        return True
    for count in set(one.released) & set(other.released):
        known = dict(zip(one.layout.places, one.released[count], strict=True))
        for place, value in zip(other.layout.places, other.released[count], strict=True):
            before = known.get(place, np.nan)
            if not (np.isnan(value) or np.isnan(before) or value == before):
                return False
    return _possible([one, other])


def _possible(tables: Sequence[ReleasedTable]) -> bool:
    """Tell whether any numbers agree with all tables, whole or not."""
    subset_of = {part: whole for table in tables for part, whole in table.subset_of.items()}
    counts = tuple(dict.fromkeys(count for table in tables for count in table.layout.counts))
    for family in families(Roles(counts, (), {}, subset_of)):
        within = {part: whole for part, whole in subset_of.items() if part in family}
        cells = _laid_out(tables, family, within, joint=False)
        known = _Known(cells, tables)
        size = len(cells.keys)
        equations = sparse.csc_array(cells.sums)
        if corner_of(equations, np.zeros(equations.shape[0]), np.zeros(size), known.low, known.high) is None:
            return False
    return True
