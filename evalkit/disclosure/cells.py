"""The cells of linked tables as one set of unknowns, and the equations between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evalkit.disclosure.integer_programmes import best
from evalkit.disclosure.joint import joint_cells, joint_sums, rings

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# What a cell is about: dimension and value, without the dimensions of which it is the total.
Place = frozenset[tuple[str, str]]
Dims = frozenset[str]
# The dimension that says whether somebody is in a subset.
_AMONG = "\0"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows of one table stand.

    Parameters
    ----------
    name : str
        Name of the table.
    places : tuple of frozenset
        Shape (rows,): pairs of dimension and value that a row is about; a dimension of which it is the total is not
        among them.
    counts : tuple of str
        The count columns of the table.
    """

    name: str
    places: tuple[Place, ...]
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """All cells of linked tables.

    Parameters
    ----------
    keys : tuple of (str, frozenset)
        Shape (cells,): name of the count and place. Margins that no table prints are among them, and so are the people
        who are in a count but not in its subset, and of tables that overlap in a ring, also of a count and its subset,
        the larger table behind them: everybody can work with them.
    sums : scipy.sparse.csr_array
        Shape (equations, cells): 1 at a total, -1 at its parts; every row gives 0.
    found_at : dict of (str, str) to numpy.ndarray
        Name of a table and count -> shape (rows,), which cell stands in each row.
    published : numpy.ndarray
        Shape (cells,), True where a table prints the cell.
    parts : tuple of tuple of numpy.ndarray
        Shape (cells,): for a printed total, the finest cells inside it, once for each table that prints any.
    others : numpy.ndarray
        Shape (cells,), True for people of a count who are not in its subset, where the tables tell both; not in the
        larger table behind a ring.
    too_large : tuple of frozenset of str
        The dimensions of the rings whose larger table has more cells than are laid out: what the tables tell together
        is then not known.
    """

    keys: tuple[tuple[str, Place], ...]
    sums: sparse.csr_array
    found_at: dict[tuple[str, str], Ints]
    published: Flags
    parts: tuple[tuple[Ints, ...], ...]
    others: Flags
    too_large: tuple[frozenset[str], ...] = ()


def lay_out(
    layouts: Sequence[Layout], counts: Sequence[str], subset_of: Mapping[str, str], *, joint: bool = True
) -> Cells:
    """Lay several tables out as one set of cells.

    Parameters
    ----------
    layouts : sequence of Layout
        The tables. The same place in two of them is one cell.
    counts : sequence of str
        The counts to take.
    subset_of : mapping of str to str
        A count -> the count that its people are among.
    joint : bool, default True
        Whether to lay out the larger table behind tables that overlap in a ring.

    Returns
    -------
    Cells
        A total is the sum of its parts along each dimension in which it has any; a part that no table has is nobody.
        Each table that prints a margin has its own parts of it, so that categories may be grouped differently. A table
        about some values of a dimension only, without a margin over it, is not summed over it. Where the tables of a
        count and of its subset make a ring, the subset is laid out wherever its whole is, down to the larger table.
    """
    own = {count: _ladder([layout for layout in layouts if count in layout.counts]) for count in counts}
    ladders = _with_joint_tables(own, subset_of) if joint else own
    keys: list[tuple[str, Place]] = []
    rows: list[dict[int, float]] = []
    for count in counts:
        places = {place: len(keys) + at for at, place in enumerate(ladders[count].places())}
        keys += [(count, place) for place in places]
        rows += [{places[total]: 1.0, **{places[part]: -1.0 for part in parts}} for total, parts in ladders[count].sums]
    index = {key: at for at, key in enumerate(keys)}
    printed = len(keys)
    others = [False] * printed
    for part, whole in subset_of.items():
        told = set(own[part].places()) & set(own[whole].places()) if {part, whole} <= set(own) else set()
        for count, place in keys[:printed]:
            if count == part and (whole, place) in index:
                rows.append({index[whole, place]: 1.0, index[part, place]: -1.0, len(keys): -1.0})
                keys.append((f"{whole} without {part}", place))
                others.append(place in told)
    at = {
        (layout.name, count): np.array([index[count, place] for place in layout.places], dtype=np.int64)
        for layout in layouts
        for count in counts
        if count in layout.counts
    }
    published = np.zeros(len(keys), dtype=bool)
    for cells in at.values():
        published[cells] = True
    parts = _parts(layouts, at, len(keys))
    too_large = tuple(dict.fromkeys(ring for count in counts for ring in ladders[count].too_large))
    return Cells(
        tuple(keys), _matrix(rows, len(keys)), at, published, parts, np.array(others, dtype=bool), tuple(too_large)
    )


@dataclass(frozen=True, slots=True)
class _Ladder:
    """All places of one count and the margins over them; each total as the sums of its parts."""

    printed: tuple[Place, ...]
    levels: dict[Dims, dict[Place, None]]
    known: dict[str, set[str]]
    sums: dict[tuple[Place, tuple[Place, ...]], None]
    too_large: tuple[Dims, ...] = ()

    def places(self) -> list[Place]:
        return list(dict.fromkeys([*self.printed, *(place for places in self.levels.values() for place in places)]))


def _ladder(layouts: Sequence[Layout]) -> _Ladder:
    """Name all places of some tables and the margins over them, and write each total as the sums of its parts."""
    known: dict[str, set[str]] = {}
    for dim, value in (pair for layout in layouts for place in layout.places for pair in place):
        known.setdefault(dim, set()).add(value)
    sums: dict[tuple[Place, tuple[Place, ...]], None] = {}
    done: set[tuple[Dims, str]] = set()
    every: dict[Dims, dict[Place, None]] = {}
    for layout in layouts:
        own = _grouped(layout.places)
        done |= _climb(own, known, frozenset(own), frozenset(), sums)
        for dims, places in own.items():
            every.setdefault(dims, {}).update(places)
    # Tables each about one site make up all sites together, if nobody has added them up already.
    _climb(every, known, frozenset(), frozenset(done), sums)
    return _Ladder(tuple(place for layout in layouts for place in layout.places), every, known, sums)


def _with_joint_tables(own: Mapping[str, _Ladder], subset_of: Mapping[str, str]) -> dict[str, _Ladder]:
    """Lay out the larger tables behind tables that overlap in a ring, also in a ring of a count and its subset."""
    crossed = _overlap(own, subset_of)
    found: dict[str, _Ladder] = {}
    for count in sorted(own, key=lambda each: len(_wholes(each, subset_of))):
        whole = found.get(subset_of.get(count, "")) if crossed else None
        found[count] = _with_joint_table(own[count] if whole is None else _within(own[count], whole))
    return found


def _overlap(own: Mapping[str, _Ladder], subset_of: Mapping[str, str]) -> bool:
    """Tell whether the tables of a count and of its subset say more together than where they have a place in common.

    Whether somebody is in the subset is a dimension like others, which the tables of the subset have: those of a whole
    by A and B, and of its part by A and by B, are a ring.
    """
    levels = {count: set(ladder.levels) for count, ladder in own.items()}
    if rings(level | {_AMONG} if count in subset_of else level for count, each in levels.items() for level in each):
        return True
    # What is in a part of a part is in the whole, also where the tables of the part between them are others.
    chain = any(subset_of.get(whole) in own for whole in subset_of.values())
    return chain and any(each != levels[count] for each in levels.values() for count in levels)


def _wholes(count: str, subset_of: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    while (count := subset_of.get(count, "")) and count not in found:
        found.append(count)
    return found


def _within(part: _Ladder, whole: _Ladder) -> _Ladder:
    """Lay a count out where that is laid out which it is a part of: where there is nobody, nobody of the part is."""
    levels = {dims: dict(places) for dims, places in part.levels.items()}
    for dims, places in whole.levels.items():
        levels.setdefault(dims, {}).update(places)
    known = {dim: part.known.get(dim, set()) | whole.known.get(dim, set()) for dim in {**part.known, **whole.known}}
    return _Ladder(part.printed, levels, known, part.sums | whole.sums, whole.too_large)


def _with_joint_table(ladder: _Ladder) -> _Ladder:
    """Tell the places apart of the larger table behind tables that overlap in a ring; name the rings too large."""
    levels, sums, too_large = dict(ladder.levels), dict(ladder.sums), list(ladder.too_large)
    for ring in rings(ladder.levels):
        cells = joint_cells(ring, ladder.levels, ladder.known)
        dims = frozenset().union(*ring)
        if cells is None:
            too_large.append(dims)
        else:
            levels[dims] = dict.fromkeys(cells)
            sums |= dict.fromkeys(joint_sums(ring, ladder.levels, cells))
    return replace(ladder, levels=levels, sums=sums, too_large=tuple(too_large))


def _grouped(places: Iterable[Place]) -> dict[frozenset[str], dict[Place, None]]:
    by_dims: dict[frozenset[str], dict[Place, None]] = {}
    for place in places:
        by_dims.setdefault(_dims(place), {})[place] = None
    return by_dims


def _climb(
    by_dims: dict[frozenset[str], dict[Place, None]],
    known: Mapping[str, set[str]],
    printed: frozenset[frozenset[str]],
    done: frozenset[tuple[frozenset[str], str]],
    sums: dict[tuple[Place, tuple[Place, ...]], None],
) -> set[tuple[frozenset[str], str]]:
    """Add up cells along every dimension in which they are complete or have a printed margin; add the margins."""
    climbed = set()
    todo = _finest_first(by_dims)
    while todo:
        dims = todo.pop(0)
        for dim in sorted(dims):
            values = {value for place in by_dims[dims] for name, value in place if name == dim}
            coarser = dims - {dim}
            # A table about some of the sites has no total over the sites.
            if (dims, dim) in done or not (coarser in printed or values == known[dim]):
                continue
            climbed.add((dims, dim))
            if coarser not in by_dims:
                by_dims[coarser] = {}
                todo = _finest_first([*todo, coarser])
            for total, parts in _by_total(by_dims[dims], dim).items():
                by_dims[coarser].setdefault(total)
                sums[total, tuple(parts)] = None
    return climbed


def _finest_first(found: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    return sorted(found, key=lambda dims: (-len(dims), sorted(dims)))


def _by_total(places: Iterable[Place], dim: str) -> dict[Place, list[Place]]:
    inside: dict[Place, list[Place]] = {}
    for place in places:
        inside.setdefault(frozenset(pair for pair in place if pair[0] != dim), []).append(place)
    return inside


def _dims(place: Place) -> frozenset[str]:
    return frozenset(dim for dim, _ in place)


def _matrix(rows: Sequence[Mapping[int, float]], width: int) -> sparse.csr_array:
    values = [value for row in rows for value in row.values()]
    columns = [at for row in rows for at in row]
    lines = [line for line, row in enumerate(rows) for _ in row]
    return sparse.csr_array((values, (lines, columns)), shape=(len(rows), width))


def _parts(layouts: Sequence[Layout], at: Mapping[tuple[str, str], Ints], width: int) -> tuple[tuple[Ints, ...], ...]:
    """Find the finest cells inside each total."""
    found: list[tuple[Ints, ...]] = [()] * width
    for layout in layouts:
        for row, inside in _inside(layout.places).items():
            for count in layout.counts:
                cells = at.get((layout.name, count))
                if cells is not None:
                    found[cells[row]] += (cells[inside],)
    return tuple(found)


def _inside(places: Sequence[Place]) -> dict[int, list[int]]:
    """Find, for each total of one table, its rows by the most dimensions that split it."""
    by_dims: dict[frozenset[str], list[int]] = {}
    for row, place in enumerate(places):
        by_dims.setdefault(_dims(place), []).append(row)
    finest = sorted(by_dims, key=lambda dims: (-len(dims), sorted(dims)))
    found: dict[int, list[int]] = {}
    for dims, totals in by_dims.items():
        for finer in (candidate for candidate in finest if dims < candidate):
            for row in totals:
                inside = [part for part in by_dims[finer] if places[row] < places[part]]
                if inside:
                    found.setdefault(row, inside)
    return found


def filled(cells: Cells, known: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Work out the cells that no table prints.

    Parameters
    ----------
    cells : Cells
        The cells.
    known : numpy.ndarray
        Shape (cells,), people; NaN where no table prints the cell.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), people; NaN in the larger table behind a ring, see `joined`.
    """
    values = known.copy()
    size = abs(cells.sums)
    while np.isnan(values).any():
        unknown = np.isnan(values)
        single = np.flatnonzero(size @ unknown == 1)
        if not len(single):
            break
        rest = cells.sums @ np.where(unknown, 0.0, values)
        for row in single:
            columns = cells.sums.indices[cells.sums.indptr[row] : cells.sums.indptr[row + 1]]
            cell = int(columns[unknown[columns]][0])
            values[cell] = -rest[row] / cells.sums[row, cell]
    return values


def joined(cells: Cells, known: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Find people in the larger table behind a ring who make up the tables that are known.

    Parameters
    ----------
    cells : Cells
        The cells.
    known : numpy.ndarray
        Shape (cells,), people; NaN where not known.

    Returns
    -------
    numpy.ndarray or None
        Shape (cells,), people: some that agree with the tables, not those who are there. None when nobody agrees.
    """
    unknown = np.isnan(known)
    if (known[~unknown] < 0).any():
        return None
    if not unknown.any():
        return known
    right = -(cells.sums @ np.where(unknown, 0.0, known))
    columns = sparse.csr_array(cells.sums[:, np.flatnonzero(unknown)])
    rows = np.flatnonzero(np.diff(columns.indptr) > 0)
    size = int(unknown.sum())
    found = best(sparse.csc_array(columns[rows]), right[rows], np.zeros(size), np.zeros(size), np.full(size, np.inf))
    if found is None:
        return None
    values = known.copy()
    values[unknown] = found
    return values


def wrong_totals(cells: Cells, values: npt.NDArray[np.float64]) -> list[int]:
    """Name the totals that are not the sums of their parts.

    Parameters
    ----------
    cells : Cells
        The cells.
    values : numpy.ndarray
        Shape (cells,), people.

    Returns
    -------
    list of int
        Which cells, each once.
    """
    # A cell of a ring's larger table is not known, and nor is what it comes to.
    rest = cells.sums @ values
    rows = np.flatnonzero(~np.isnan(rest) & (rest != 0))
    totals = (
        cells.sums.indices[
            cells.sums.indptr[row] + int(cells.sums.data[cells.sums.indptr[row] : cells.sums.indptr[row + 1]].argmax())
        ]
        for row in rows
    )
    return list(dict.fromkeys(int(total) for total in totals))
