"""Tables of people inside a frame: what its rows are about, and which of them are totals of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.contrasts import contrasts_in
from evalkit.disclosure.total_rows import reads_as_total

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The label of a total that nobody would give a group of people.
ALL = "\u2211"
_SUBTOTAL = re.compile(r"(.*\b(all|sub-?total|total|sum)|(all|sub-?total|total|sum)\b.*)", re.IGNORECASE)
# Labels that dimensions of all kinds have.
_NOBODY_IN_PARTICULAR = frozenset({
    ALL, "n/a", "no", "none", "not applicable", "not known", "not stated", "other", "others", "prefer not to say",
    "unknown", "unstated", "yes",
})  # fmt: skip
# More columns than these are not tried together: then all tell the rows apart.
_MOST_TOGETHER = 4


@dataclass(frozen=True, slots=True, eq=False)
class CountedTable:
    """Numbers of people by what they are about.

    Parameters
    ----------
    dims : tuple of str
        What tells the rows apart.
    rows : tuple of tuple of str
        Shape (rows, dims): labels; `ALL` for a total.
    truth : numpy.ndarray
        Shape (rows,), people.
    shown : numpy.ndarray
        Shape (rows,), people as shown; NaN where withheld.
    guarded : numpy.ndarray
        Shape (rows,), True where the number must not become known.
    """

    dims: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    truth: Floats
    shown: Floats
    guarded: Flags

    def whole(self) -> float:
        """Add up everybody in the rows that are no totals, where all dimensions are told; else the total.

        Returns
        -------
        float
            People; NaN where neither is told.
        """
        leaves = [at for at, row in enumerate(self.rows) if ALL not in row]
        if leaves:
            return float(self.truth[leaves].sum())
        return float(self.truth[0]) if len(self.rows) == 1 else float("nan")


def people_tables(labels: pd.DataFrame, truth: Floats, shown: Floats, guarded: Flags) -> list[CountedTable]:
    """Read numbers of people as tables with totals.

    Parameters
    ----------
    labels : pandas.DataFrame
        Shape (rows, dimensions): what each row is about; missing or empty where it is about all.
    truth, shown : numpy.ndarray
        Shape (rows,), people: as they are, and as shown (NaN where withheld).
    guarded : numpy.ndarray
        Shape (rows,), True where the number must not become known.

    Returns
    -------
    list of CountedTable
        A row is a total along a dimension where it is the sum of all others, or is labelled as one ("All", "Total");
        where such a label is no sum of what stands beside it, its rows are a table of their own. A subtotal is the sum
        of the rows above it, or below it, up to the next. Rows without a whole number of people are left out.

    Examples
    --------
    >>> labels = pd.DataFrame({"site": ["North", "South", "All"]})
    >>> people = np.array([4.0, 60.0, 64.0])
    >>> people_tables(labels, people, np.array([np.nan, 60.0, 64.0]), people < 11)[0].rows
    (('North',), ('South',), ('∑',))
    """
    keep = ~np.isnan(truth) & (truth == np.round(truth))
    named = pd.DataFrame({name: labels[name].astype(object).map(_label) for name in labels.columns}, index=labels.index)
    named, truth, shown, guarded = named[keep].reset_index(drop=True), truth[keep], shown[keep], guarded[keep]
    if not len(truth):
        return []
    if not len(named.columns):
        named = pd.DataFrame({"all": [ALL] * len(truth)})
    named = _told_apart(named, truth)
    single = ~(named.assign(n=truth)).duplicated().to_numpy()
    for rows in named.assign(n=truth).groupby([*named.columns, "n"], sort=False).groups.values():
        # Of a cell that stands twice, once withheld, what is shown counts.
        known = shown[list(rows)]
        shown = shown.copy()
        shown[next(iter(rows))] = known[~np.isnan(known)][0] if (~np.isnan(known)).any() else np.nan
    table = _Numbers(named[single].reset_index(drop=True), truth[single], shown[single], guarded[single])
    found = _nested(table) if len(named.columns) == 1 else None
    return [each.counted() for each in found or _with_totals(table, list(named.columns))]


def telling(labels: pd.DataFrame, truth: Floats, last: Sequence[str] = ()) -> list[str]:
    """Find the fewest columns that say what a number is about: where they are alike, it is.

    Parameters
    ----------
    labels : pandas.DataFrame
        Shape (rows, columns).
    truth : numpy.ndarray
        Shape (rows,), numbers; NaN rows do not count.
    last : sequence of str
        Columns that are taken only where the others do not do.

    Returns
    -------
    list of str
        Names of columns; all of them when nothing less does.

    Examples
    --------
    >>> labels = pd.DataFrame({"band": ["5", "5", "7"], "group": ["women", "men", "women"]})
    >>> telling(labels, np.array([40.0, 40.0, 12.0]))
    ['band']
    """
    names = [str(name) for name in labels.columns if len(labels[name].unique()) > 1]
    known = ~np.isnan(truth)
    frame = labels[known].astype(object).map(_label).assign(**{"\u0000n": truth[known]})
    ordered = sorted(
        (chosen for size in range(min(len(names), _MOST_TOGETHER) + 1) for chosen in combinations(names, size)),
        key=lambda chosen: (sum(name in last for name in chosen), len(chosen)),
    )
    for chosen in ordered:
        rows = frame[[*chosen, "\u0000n"]].drop_duplicates()
        if len(rows) == (len(rows[list(chosen)].drop_duplicates()) if chosen else 1):
            return list(chosen)
    return names


def without_contrasts(labels: pd.Series) -> tuple[list[str], Flags]:
    """Find rows about two groups together, as in "white over BME".

    Parameters
    ----------
    labels : pandas.Series
        Text.

    Returns
    -------
    (list of str, numpy.ndarray)
        The labels of groups, and shape (rows,) True for rows about two of them.
    """
    text = labels.astype(object).map(_label)
    both = contrasts_in(text.tolist())
    return list(dict.fromkeys(text[~both])), both


def is_total(label: str) -> bool:
    """Tell whether a label names everybody.

    Parameters
    ----------
    label : str
        Of a row.

    Returns
    -------
    bool
        Whether it reads as a total.

    Examples
    --------
    >>> is_total("All staff"), is_total("All Saints")
    (True, False)
    """
    return label == ALL or reads_as_total(label)


def _label(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT or value is pd.NA:
        return ALL
    text = " ".join(str(value).split())
    return text or ALL


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    labels: pd.DataFrame
    truth: Floats
    shown: Floats
    guarded: Flags

    def at(self, rows: Flags) -> _Numbers:
        return _Numbers(
            self.labels[rows].reset_index(drop=True), self.truth[rows], self.shown[rows], self.guarded[rows]
        )

    def counted(self) -> CountedTable:
        rows = tuple(tuple(row) for row in self.labels.to_numpy().tolist())
        return CountedTable(tuple(map(str, self.labels.columns)), rows, self.truth, self.shown, self.guarded)


def _told_apart(labels: pd.DataFrame, truth: Floats) -> pd.DataFrame:
    """Number rows that read alike and hold different numbers."""
    distinct = labels.assign(n=truth).drop_duplicates()
    if not distinct[list(labels.columns)].duplicated().any():
        return labels
    return labels.assign(**{"row ": [str(at + 1) for at in labels.groupby(list(labels.columns)).cumcount()]})


def _with_totals(table: _Numbers, dims: Sequence[str]) -> list[_Numbers]:
    """Put `ALL` in the place of totals, one dimension after the other."""
    if not dims:
        return [table]
    dim, *rest = dims
    labels = table.labels[dim]
    others = [name for name in table.labels.columns if name != dim]
    candidates = list(dict.fromkeys(labels))
    named = [label for label in candidates if is_total(label)]
    totals = [label for label in (named or candidates) if _sums(table, dim, label, others, named)]
    if totals:
        replaced = table.labels.assign(**{dim: labels.where(labels != totals[0], ALL)})
        # A second name for the same total says nothing more.
        rows = ~labels.isin([label for label in named if label != totals[0]]).to_numpy()
        return _with_totals(_Numbers(replaced, table.truth, table.shown, table.guarded).at(rows), rest)
    if not named:
        return _with_totals(table, rest)
    whole = labels.isin(named).to_numpy()
    parts = [table.at(~whole)] if (~whole).any() else []
    tables = [*parts, *(_as_total(table.at((labels == label).to_numpy()), dim) for label in named)]
    return [each for one in tables for each in _with_totals(one, [name for name in rest if name in one.labels])]


def _as_total(table: _Numbers, dim: str) -> _Numbers:
    return _Numbers(table.labels.assign(**{dim: ALL}), table.truth, table.shown, table.guarded)


def _sums(table: _Numbers, dim: str, label: str, others: Sequence[str], named: Sequence[str]) -> bool:
    """Tell whether a label is the sum of all others in every combination in which it stands beside any."""
    here = (table.labels[dim] == label).to_numpy()
    inside = ~here & ~table.labels[dim].isin(list(named)).to_numpy()
    keys = [tuple(row) for row in table.labels[list(others)].to_numpy().tolist()]
    sums: dict[tuple[str, ...], float] = {}
    sizes: dict[tuple[str, ...], int] = {}
    for at in np.flatnonzero(inside):
        sums[keys[at]] = sums.get(keys[at], 0.0) + table.truth[at]
        sizes[keys[at]] = sizes.get(keys[at], 0) + 1
    least = 1 if label in named else 2
    beside = [at for at in np.flatnonzero(here) if sizes.get(keys[at], 0) >= least]
    return bool(beside) and all(table.truth[at] == sums[keys[at]] and table.truth[at] > 0 for at in beside)


def _nested(table: _Numbers) -> list[_Numbers] | None:
    """Read a list with subtotals: blocks of rows, each with the row that adds it up."""
    dim = str(table.labels.columns[0])
    labels = table.labels[dim].tolist()
    grand = np.array([is_total(label) for label in labels])
    for order in (np.arange(len(labels)), np.arange(len(labels))[::-1]):
        rows = [int(at) for at in order if not grand[at]]
        blocks = _blocks([labels[at] for at in rows], [float(table.truth[at]) for at in rows])
        if blocks is None:
            continue
        names = [("", "")] * len(labels)
        for at, name in zip(rows, blocks, strict=True):
            names[at] = name
        names = [(ALL, ALL) if flag else name for flag, name in zip(grand, names, strict=True)]
        block = f"{dim} together"
        split = pd.DataFrame(names, columns=[block, dim])
        made = _Numbers(split, table.truth, table.shown, table.guarded)
        leaves = made.truth[(split[dim] != ALL).to_numpy()].sum()
        total = np.array([row == (ALL, ALL) for row in names])
        if total.sum() > 1 or (made.truth[total] != leaves).any():
            return [made.at(~total), *(made.at(np.arange(len(total)) == at) for at in np.flatnonzero(total))]
        return [made]
    return None


def _blocks(labels: Sequence[str], values: Sequence[float]) -> list[tuple[str, str]] | None:
    """Find rows that add up those above them; None where there are none, or where they may be chance."""
    worded = [_SUBTOTAL.fullmatch(label) is not None for label in labels]
    found: list[tuple[str, str]] = []
    start, closed = 0, 0
    for at, value in enumerate(values):
        inside = values[start:at]
        enough = len(inside) >= (1 if worded[at] else 2) and sum(inside) == value > 0
        if enough and (worded[at] or not any(worded)):
            found += [(labels[at], label) for label in labels[start:at]] + [(labels[at], ALL)]
            start, closed = at + 1, closed + 1
    loose = labels[start:]
    if not closed or (not any(worded) and (loose or closed == 1)):
        return None
    return found + [(label, label) for label in loose]


def linked_names(
    tables: Sequence[Mapping[str, frozenset[str]]], *, by_one: bool = False
) -> Iterator[tuple[int, str, str]]:
    """Find dimensions of several tables that have the same labels under different names.

    Parameters
    ----------
    tables : sequence of mapping of str to frozenset of str
        For each table, dimension -> its labels, totals left out.
    by_one : bool, default False
        Whether one label in common is enough, where no dimension has more; not a word such as "not stated".

    Yields
    ------
    tuple of (int, str, str)
        Number of the table, its name of the dimension, and the name that it has in the first table with these labels.
        Labels are the same where all of the smaller set, or at least two, are in the larger.
    """
    first: list[tuple[str, frozenset[str]]] = []
    for number, dims in enumerate(tables):
        for dim, labels in dims.items():
            home = next((name for name, known in first if _same_labels(known, labels)), None)
            if home is None and by_one:
                home = next((name for name, known in first if (known & labels) - _NOBODY_IN_PARTICULAR), None)
            if home is None or home in dims:
                first.append((dim, labels))
            else:
                yield number, dim, home


def _same_labels(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = one & other
    return bool(shared) and (shared in (one, other) or len(shared) > 1)
