"""Rows that are the totals of others, though nobody has said so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

_GRAND = re.compile(
    r"(the )?(grand |sub-?)?(all|totals?|overall|sum|everyone|everybody|trust|whole trust|england)"
    r"( (staff|people|sites|bands|groups|departments|employees))?",
    re.IGNORECASE,
)
_SUBTOTAL = re.compile(r"(.*\b)?(sub-?total|total|sum)(\b.*)?", re.IGNORECASE)
# A label that does not read as a total is taken for one when chance would make it the sum less often than once in
# so many tables: a total of s people is hit by chance about once in s.
_CHANCE = 1000.0
_PARTS = 2


def reads_as_total(label: str) -> bool:
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
    >>> reads_as_total("All staff"), reads_as_total("All Saints")
    (True, False)
    """
    return _GRAND.fullmatch(label.strip()) is not None


def unnamed_totals(labels: pd.DataFrame, named: Mapping[str, str], low: Floats, high: Floats) -> list[tuple[str, str]]:
    """Find labels that stand for all others together, in dimensions without a named total.

    Parameters
    ----------
    labels : pandas.DataFrame
        Shape (rows, dimensions), text; each cell once.
    named : mapping of str to str
        Dimension -> label of its total.
    low, high : numpy.ndarray
        Shape (counts, rows): the least and the greatest that each count can be, by itself.

    Returns
    -------
    list of (str, str)
        Dimension and label. A label that reads as a total is one when it may be the sum of the others wherever it
        stands beside any, in every count. Any other label must be seen to be the sum of two or more others everywhere,
        and so often, of so many people, that it is no chance: 10 = 4 + 6 is not reported, 3,000 = 1,800 + 1,200 is.

    Examples
    --------
    >>> sites = pd.DataFrame({"site": ["North", "South", "All"]})
    >>> people = np.array([[4.0, 26.0, 30.0]])
    >>> unnamed_totals(sites, {}, people, people)
    [('site', 'All')]
    """
    found = []
    for dim in labels.columns:
        if dim in named:
            continue
        others = [name for name in labels.columns if name != dim]
        rows: dict[tuple[str, ...], dict[str, int]] = {}
        for at, (key, label) in enumerate(zip(labels[others].to_numpy().tolist(), labels[dim], strict=True)):
            rows.setdefault(tuple(key), {})[str(label)] = at
        reading = [label for label in dict.fromkeys(map(str, labels[dim])) if reads_as_total(label)]
        totals = [label for label in reading if _may_sum(label, set(reading), rows, low, high)]
        others_sum = [label for label in dict.fromkeys(map(str, labels[dim])) if _surely_sums(label, rows, low, high)]
        named_here = totals or ([] if reading else others_sum)
        # A list with subtotals may have its grand total too.
        blocks = _block_sums([_without(each, named_here) for each in rows.values()], low, high)
        blocks = blocks or _block_sums([_without(each, reading) for each in rows.values()], low, high)
        found += [(str(dim), label) for label in [*named_here, *blocks]]
    return found


def _without(rows: Mapping[str, int], totals: Sequence[str]) -> dict[str, int]:
    return {label: at for label, at in rows.items() if label not in totals}


def _block_sums(lists: Sequence[Mapping[str, int]], low: Floats, high: Floats) -> list[str]:
    """Find the rows that add up the block above them, or below them, in every list."""
    for step in (1, -1):
        found: dict[str, None] = {}
        chance = 1.0
        for each in lists:
            closed = _closed(list(each.items())[::step], low, high)
            if closed is None:
                break
            for label, total in closed:
                found[label] = None
                chance *= float(np.prod(1.0 + low[:, total]))
        else:
            if chance > _CHANCE or any(_SUBTOTAL.fullmatch(label) for label in found):
                return list(found)
    return []


def _closed(rows: Sequence[tuple[str, int]], low: Floats, high: Floats) -> list[tuple[str, int]] | None:
    """Name the subtotals of one list, if it is made of blocks or its labels say so; else None."""
    worded = any(_SUBTOTAL.fullmatch(label) for label, _ in rows)
    found: list[tuple[str, int]] = []
    start = 0
    for at, (label, total) in enumerate(rows):
        parts = [place for _, place in rows[start:at]]
        enough = len(parts) >= (1 if worded else _PARTS) and (low[:, total] > 0).any()
        if enough and (not worded or _SUBTOTAL.fullmatch(label)) and _adds_up(parts, total, low, high):
            found.append((label, total))
            start = at + 1
    if worded:
        return found or None
    return found if len(found) >= _PARTS and start == len(rows) else None


def _adds_up(parts: Sequence[int], total: int, low: Floats, high: Floats) -> bool:
    sums = low[:, parts].sum(axis=1)
    known = (sums == high[:, parts].sum(axis=1)) & (low[:, total] == high[:, total])
    return bool((known & (sums == low[:, total])).all())


def _beside(
    label: str, without: set[str], rows: Mapping[tuple[str, ...], Mapping[str, int]]
) -> list[tuple[int, list[int]]]:
    pairs = (
        (each[label], [at for name, at in each.items() if name not in without])
        for each in rows.values()
        if label in each
    )
    return [(total, parts) for total, parts in pairs if parts]


def _may_sum(
    label: str, reading: set[str], rows: Mapping[tuple[str, ...], Mapping[str, int]], low: Floats, high: Floats
) -> bool:
    beside = _beside(label, reading, rows)
    told = any((np.isfinite(high[:, total]) & (high[:, total] > 0)).any() for total, _ in beside)
    return told and all(
        (low[:, parts].sum(axis=1) <= high[:, total]).all() and (high[:, parts].sum(axis=1) >= low[:, total]).all()
        for total, parts in beside
    )


def _surely_sums(label: str, rows: Mapping[tuple[str, ...], Mapping[str, int]], low: Floats, high: Floats) -> bool:
    chance = 1.0
    for total, parts in _beside(label, {label}, rows):
        if len(parts) < _PARTS or not _adds_up(parts, total, low, high):
            return False
        chance *= float(np.prod(1.0 + low[:, total]))
    return chance > _CHANCE
