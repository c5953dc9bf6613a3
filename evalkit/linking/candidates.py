"""Which codes agree in how many elements, without comparing every code with every other.

Two codes that differ in e of m elements agree on some m - e of them. So the codes are sorted by each choice of m - e
elements, and only those that meet there are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from evalkit.errors import LinkageError, Problem
from evalkit.linking.codes import MISSING

Ints = npt.NDArray[np.int64]

# Two waves of 20,000 strangers with realistic codes of four elements stay below it at two differing elements; at more
# pairs nearly all would be ambiguous, after minutes.
MOST_PAIRS = 3_000_000
_LARGEST_KEY = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pairs of codes, one before and one after.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shape (pairs,): positions of the codes in their waves.
    """

    before: Ints
    after: Ints

    def __len__(self) -> int:
        return len(self.before)

    def where(self, kept: npt.NDArray[np.bool_]) -> Edges:
        """Keep some of the pairs.

        Parameters
        ----------
        kept : numpy.ndarray of bool
            Shape (pairs,).

        Returns
        -------
        Edges
            Those for which it is true.
        """
        return Edges(self.before[kept], self.after[kept])


def keys(codes: Ints) -> Ints:
    """Give each row a number such that equal rows, and no others, have equal numbers.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Shape (rows, elements), -1 or more.

    Returns
    -------
    numpy.ndarray of int
        Shape (rows,).
    """
    key = np.zeros(len(codes), dtype=np.int64)
    size = 1
    for column in codes.T:
        width = int(column.max(initial=MISSING)) + 2
        if size > _LARGEST_KEY // width:
            key = np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int64)
            size = len(key) + 1
        key = key * width + (column + 1)
        size *= width
    return key


def pairs_at(before: Ints, after: Ints, edits: int, most: int = MOST_PAIRS) -> Edges:
    """Find the pairs of codes that differ in exactly so many elements.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shapes (codes, elements); -1 is missing and agrees with nothing.
    edits : int
        Elements that differ.
    most : int
        How many pairs may be compared in all.

    Returns
    -------
    Edges
        In no particular order, each pair once.

    Raises
    ------
    LinkageError
        LNK-005 when more pairs than `most` would have to be compared.
    """
    size = before.shape[1]
    found: list[Edges] = []
    left = most
    for kept in combinations(range(size), size - edits):
        meeting = _meeting(before, after, list(kept), left)
        left -= len(meeting)
        found.append(_exactly(meeting, before, after, size - edits))
    return Edges(np.concatenate([edges.before for edges in found]), np.concatenate([edges.after for edges in found]))


def _exactly(edges: Edges, before: Ints, after: Ints, agreeing: int) -> Edges:
    count = np.zeros(len(edges), dtype=np.int64)
    for left, right in zip(before.T, after.T, strict=True):
        one = left[edges.before]
        count += (one == right[edges.after]) & (one != MISSING)
    return edges.where(count == agreeing)


def _meeting(before: Ints, after: Ints, kept: list[int], most: int) -> Edges:
    """Join the codes that agree on all the elements kept."""
    left = np.flatnonzero((before[:, kept] != MISSING).all(axis=1))
    right = np.flatnonzero((after[:, kept] != MISSING).all(axis=1))
    key = keys(np.concatenate([before[left][:, kept], after[right][:, kept]]))
    wanted, there = key[: len(left)], key[len(left) :]
    order = np.argsort(there, kind="stable")
    first = np.searchsorted(there[order], wanted, side="left")
    counts = np.searchsorted(there[order], wanted, side="right") - first
    total = int(counts.sum())
    if total > most:
        raise LinkageError(
            Problem(
                "LNK-005",
                "on",
                f"too many pairs of codes that agree on {len(kept)} of {before.shape[1]} elements to tell them apart",
                f"at most {MOST_PAIRS:,} pairs",
                "Allow fewer edits, or add an element that differs more between people.",
            )
        )
    start = np.repeat(first - np.cumsum(counts) + counts, counts)
    return Edges(np.repeat(left, counts), right[order[start + np.arange(total)]])


def agreements_within(codes: Ints, least: int) -> dict[int, int]:
    """Count the pairs of rows of one wave by how many elements agree.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Shape (rows, elements); -1 is missing and agrees with nothing.
    least : int
        The least number of agreeing elements to count.

    Returns
    -------
    dict of int to int
        Agreeing elements -> pairs of rows that agree in exactly so many, from all elements down to `least`.

    Notes
    -----
    The pairs that agree on each choice of s elements are counted from the sizes of the groups. Summed over the choices
    they count each pair that agrees in k elements C(k, s) times, which is solved from the largest s downwards.
    """
    size = codes.shape[1]
    exactly: dict[int, int] = {}
    for agreeing in range(size, least - 1, -1):
        met = sum(_pairs_within(codes, list(kept)) for kept in combinations(range(size), agreeing))
        exactly[agreeing] = met - sum(comb(more, agreeing) * count for more, count in exactly.items())
    return exactly


def _pairs_within(codes: Ints, kept: list[int]) -> int:
    whole = codes[:, kept][(codes[:, kept] != MISSING).all(axis=1)]
    sizes = np.unique(keys(whole), return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())
