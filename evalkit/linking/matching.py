"""From numbered codes to pairs of rows: exact matches first, then one more differing element at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.linking.assignment import competing, in_every_best
from evalkit.linking.candidates import Edges, keys, pairs_at
from evalkit.linking.codes import MISSING

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

INCOMPLETE = "too little of the code answered"
TWICE = "code more than once in its wave"
AMBIGUOUS = "several pairings fit equally well"
ALONE = "no code like it in the other wave"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What became of the rows of one wave.

    Parameters
    ----------
    twice, incomplete : numpy.ndarray of bool
        Shape (rows,): the code is there more than once; too little of it was answered.
    refused_at : numpy.ndarray of int
        Shape (rows,): differing elements at which several fitted equally well, or an only candidate had its code more
        than once; -1 where that did not happen.
    candidates : numpy.ndarray of int
        Shape (rows,): how many rows of the other wave fitted then.
    group : numpy.ndarray of int
        Shape (rows,): the same number for rows that compete for each other, -1 for those that were not refused.
    """

    twice: Bools
    incomplete: Bools
    refused_at: Ints
    candidates: Ints
    group: Ints

    @property
    def ambiguous(self) -> Bools:
        """Shape (rows,): refused, although its code is there once."""
        return (self.refused_at >= 0) & ~self.twice


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The pairs of rows, and what became of the others.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shape (pairs,): positions from 0, sorted by `before`.
    edits : numpy.ndarray of int
        Shape (pairs,): elements that differ.
    left, right : Side
        The rows of the two waves.
    """

    before: Ints
    after: Ints
    edits: Ints
    left: Side
    right: Side


class _Wave:
    """The distinct codes of one wave, and what was decided on each so far."""

    def __init__(self, codes: Ints, max_edits: int) -> None:
        _, first, self.code_of_row, self.count = np.unique(
            keys(codes), return_index=True, return_inverse=True, return_counts=True
        )
        self.code_of_row = self.code_of_row.reshape(-1)
        self.first, self.codes = first, codes[first]
        known = (self.codes != MISSING).sum(axis=1)
        self.incomplete = known < max(codes.shape[1] - max_edits, 1)
        self.twice = (self.count > 1) & ~self.incomplete
        self.paired = np.zeros(len(first), dtype=bool)
        self.refused_at = np.full(len(first), -1, dtype=np.int64)
        self.candidates = np.zeros(len(first), dtype=np.int64)

    @property
    def blocked(self) -> Bools:
        return np.asarray(self.twice | (self.refused_at >= 0))

    @property
    def open(self) -> Ints:
        return np.flatnonzero(~self.paired & ~self.incomplete)

    def refuse(self, codes: Ints, edits: int, rows_met: Ints) -> None:
        """Mark the codes that have candidates and were not paired; `rows_met` counts the other wave's rows."""
        met = np.bincount(codes, weights=rows_met, minlength=len(self.first)).astype(np.int64)
        new = (met > 0) & ~self.paired & (self.refused_at < 0)
        self.refused_at[new] = edits
        self.candidates[new] = met[new]

    def side(self, group: Ints) -> Side:
        """Tell of each row what was decided on its code."""
        at = self.code_of_row
        shown = np.where(self.blocked, group, -1)
        return Side(
            twice=self.twice[at],
            incomplete=self.incomplete[at],
            refused_at=self.refused_at[at],
            candidates=self.candidates[at],
            group=shown[at],
        )


def match(before: Ints, after: Ints, max_edits: int) -> Matches:
    """Pair the rows of two waves by their codes.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shapes (rows, elements): equal numbers are equal elements, -1 is missing.
    max_edits : int
        The most elements that may differ; a missing element differs from everything.

    Returns
    -------
    Matches
        One row before and one after in each pair, neither in any other pair.

    Notes
    -----
    For 0, 1, ... differing elements in turn, among the rows that are not paired yet: as many pairs as possible, and of
    these only the ones that every such assignment makes. A code that is there more than once in its wave, or that was
    refused before, still competes and is never paired. So the pairs of a smaller `max_edits` are among those of a
    larger one.
    """
    left, right = _Wave(before, max_edits), _Wave(after, max_edits)
    made: list[tuple[Edges, int]] = []
    tried: list[Edges] = []
    for edits in range(max_edits + 1):
        edges = _open_edges(left, right, edits)
        certain = in_every_best(edges, len(left.first), len(right.first))
        certain &= ~left.blocked[edges.before] & ~right.blocked[edges.after]
        pairs = edges.where(certain)
        left.paired[pairs.before] = True
        right.paired[pairs.after] = True
        left.refuse(edges.before, edits, right.count[edges.after])
        right.refuse(edges.after, edits, left.count[edges.before])
        made.append((pairs, edits))
        tried.append(edges.where(left.blocked[edges.before] & right.blocked[edges.after]))
    return _matches(left, right, made, tried)


def _open_edges(left: _Wave, right: _Wave, edits: int) -> Edges:
    some, others = left.open, right.open
    found = pairs_at(left.codes[some], right.codes[others], edits)
    return Edges(some[found.before], others[found.after])


def _matches(left: _Wave, right: _Wave, made: list[tuple[Edges, int]], tried: list[Edges]) -> Matches:
    rows_before = np.concatenate([left.first[pairs.before] for pairs, _ in made])
    rows_after = np.concatenate([right.first[pairs.after] for pairs, _ in made])
    edits = np.concatenate([np.full(len(pairs), number, dtype=np.int64) for pairs, number in made])
    order = np.argsort(rows_before)
    all_tried = Edges(np.concatenate([each.before for each in tried]), np.concatenate([each.after for each in tried]))
    of_left, of_right = competing(all_tried, len(left.first), len(right.first))
    return Matches(rows_before[order], rows_after[order], edits[order], left.side(of_left), right.side(of_right))
