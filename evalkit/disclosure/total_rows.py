"""Rows that are the totals of others, though nobody has said so."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

_GRAND = re.compile(
    r"(the )?(grand |sub-?)?(all|totals?|overall|sum|everyone|everybody|trust|whole trust|england)"
    r"( (staff|people|sites|bands|groups|departments|employees))?",
    re.IGNORECASE,
)
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
        found += [(str(dim), label) for label in (totals or ([] if reading else others_sum))]
    return found


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
        sums = low[:, parts].sum(axis=1)
        known = (sums == high[:, parts].sum(axis=1)) & (low[:, total] == high[:, total])
        if len(parts) < _PARTS or not (known & (sums == low[:, total])).all():
            return False
        chance *= float(np.prod(1.0 + sums))
    return chance > _CHANCE
