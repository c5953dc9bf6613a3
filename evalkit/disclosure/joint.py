"""Tables that overlap in a ring are margins of one larger table: the cells of that table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod

Place = frozenset[tuple[str, str]]
Dims = frozenset[str]

# Above so many cells the larger table is not laid out, and the tables are not released together.
MOST_CELLS = 1000


def rings(levels: Iterable[Dims]) -> list[list[Dims]]:
    """Find tables that overlap in a ring, so that their shared margins do not say all that ties them.

    Parameters
    ----------
    levels : iterable of frozenset of str
        The dimensions of each table.

    Returns
    -------
    list of list of frozenset of str
        Each ring by itself: the overlapping dimensions of its tables, those left out that stand in one table only.
        Empty where the tables make a tree, as a star and a chain do.

    Notes
    -----
    A dimension of one table only, and a table within another, are taken away until nothing is; what is left is no tree
    [1]_. Tables in a tree that agree on their shared margins always come from one larger table [2]_.

    References
    ----------
    .. [1] Beeri C, Fagin R, Maier D, Yannakakis M (1983). On the desirability of acyclic database schemes. Journal of
       the ACM 30:479-513.
    .. [2] Dobra A, Fienberg SE (2000). Bounds for cell entries in contingency tables given marginal totals and
       decomposable graphs. PNAS 97:11885-11892.

    Examples
    --------
    >>> rings([frozenset("ab"), frozenset("bc")])
    []
    >>> found = rings([frozenset("ab"), frozenset("bc"), frozenset("acd")])
    >>> [sorted("".join(sorted(dims)) for dims in ring) for ring in found]
    [['ab', 'ac', 'bc']]
    """
    edges = sorted({level for level in levels if level}, key=sorted)
    while True:
        shared = [frozenset(dim for dim in edge if sum(dim in other for other in edges) > 1) for edge in edges]
        left = sorted({edge for edge in shared if edge and not any(edge < other for other in shared)}, key=sorted)
        if left == edges:
            break
        edges = left
    found: list[list[Dims]] = []
    for edge in edges:
        tied = [ring for ring in found if any(edge & other for other in ring)]
        found = [ring for ring in found if ring not in tied] + [[*(each for ring in tied for each in ring), edge]]
    return found


def joint_cells(
    ring: Sequence[Dims], levels: Mapping[Dims, Iterable[Place]], known: Mapping[str, set[str]]
) -> list[Place] | None:
    """Cross the dimensions of a ring.

    Parameters
    ----------
    ring : sequence of frozenset of str
        As `rings` gives it.
    levels : mapping of frozenset of str to iterable of frozenset
        Dimensions -> the cells that there are by them.
    known : mapping of str to set of str
        Dimension -> its values.

    Returns
    -------
    list of frozenset or None
        The cells; not those of which some table says, by not having them, that they are nobody. None above `MOST_CELLS`
        crossed values.
    """
    dims = sorted(frozenset().union(*ring))
    if prod(len(known[dim]) for dim in dims) > MOST_CELLS:
        return None
    listed = {edge: set(levels[edge]) for edge in ring if edge in levels}
    values = {edge: frozenset(pair for place in places for pair in place) for edge, places in listed.items()}
    crossed = (frozenset(zip(dims, each, strict=True)) for each in product(*(sorted(known[dim]) for dim in dims)))
    # A table about some values of a dimension says nothing of the others.
    return [
        cell
        for cell in crossed
        if all(
            _within(cell, edge) in places or not _within(cell, edge) <= values[edge] for edge, places in listed.items()
        )
    ]


def joint_sums(
    ring: Sequence[Dims], levels: Mapping[Dims, Iterable[Place]], cells: Sequence[Place]
) -> list[tuple[Place, tuple[Place, ...]]]:
    """Write the cells of each table in a ring as sums over the joint table.

    Parameters
    ----------
    ring : sequence of frozenset of str
        As `rings` gives it.
    levels : mapping of frozenset of str to iterable of frozenset
        Dimensions -> the cells that there are by them.
    cells : sequence of frozenset
        As `joint_cells` gives them.

    Returns
    -------
    list of (frozenset, tuple of frozenset)
        A cell, and its parts; without any it is nobody.
    """
    found: dict[tuple[Dims, Place], list[Place]] = {}
    for edge in ring:
        inside: dict[Place, list[Place]] = {place: [] for place in levels.get(edge, ())}
        for cell in cells:
            if (total := _within(cell, edge)) in inside:
                inside[total].append(cell)
        found |= {(edge, total): parts for total, parts in inside.items()}
    return [(total, tuple(parts)) for (_, total), parts in found.items()]


def _within(cell: Place, dims: Dims) -> Place:
    return frozenset(pair for pair in cell if pair[0] in dims)
