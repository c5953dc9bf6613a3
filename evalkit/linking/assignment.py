"""One-to-one assignment without guessing: the pairs that every best assignment makes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.linking.candidates import Edges

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def in_every_best(edges: Edges, n_before: int, n_after: int) -> Bools:
    """Tell which pairs belong to every one-to-one assignment with as many pairs as possible.

    Parameters
    ----------
    edges : Edges
        The pairs that may be made, each once.
    n_before, n_after : int
        Codes in each wave.

    Returns
    -------
    numpy.ndarray of bool
        Shape (pairs,).

    Notes
    -----
    From one best assignment (Hopcroft and Karp) all others are reached by exchanging the pairs along an alternating
    cycle, or along an alternating path of even length that begins at a code without a partner [1]_. A pair on neither
    is in all of them. So the answer does not depend on the order of the rows.

    References
    ----------
    .. [1] Regin JC. A filtering algorithm for constraints of difference in CSPs. AAAI 1994:362-367, proposition 1
       (after Berge 1973).
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

    if not len(edges):
        return np.zeros(0, dtype=bool)
    ones = np.ones(len(edges), dtype=np.int8)
    allowed = csr_matrix((ones, (edges.before, edges.after)), shape=(n_before, n_after))
    partner = np.asarray(maximum_bipartite_matching(allowed, perm_type="column"))
    chosen = partner[edges.before] == edges.after
    # Chosen pairs point from before to after, the others back.
    left, right = edges.before, edges.after + n_before
    tail, head = np.where(chosen, left, right), np.where(chosen, right, left)
    nodes = n_before + n_after
    directed = csr_matrix((ones, (tail, head)), shape=(nodes, nodes))
    component = connected_components(directed, directed=True, connection="strong")[1]
    alone_before = np.flatnonzero(partner < 0)
    alone_after = np.setdiff1d(np.arange(n_after), partner[partner >= 0]) + n_before
    exchangeable = (
        (component[left] == component[right])
        | _reached(tail, head, alone_after, nodes)[left]
        | _reached(head, tail, alone_before, nodes)[right]
    )
    return np.asarray(chosen & ~exchangeable)


def _reached(tail: Ints, head: Ints, sources: Ints, nodes: int) -> Bools:
    """Tell which nodes can be reached from any of the sources."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order

    start = np.full(len(sources), nodes)
    links = np.ones(len(tail) + len(sources), dtype=np.int8)
    places = (np.concatenate([tail, start]), np.concatenate([head, sources]))
    graph = csr_matrix((links, places), shape=(nodes + 1, nodes + 1))
    seen = np.zeros(nodes + 1, dtype=bool)
    seen[breadth_first_order(graph, nodes, directed=True, return_predecessors=False)] = True
    return seen[:nodes]


def competing(edges: Edges, n_before: int, n_after: int) -> tuple[Ints, Ints]:
    """Number the groups of codes that are joined by pairs, directly or through others.

    Parameters
    ----------
    edges : Edges
        The pairs.
    n_before, n_after : int
        Codes in each wave.

    Returns
    -------
    tuple of two numpy.ndarray of int
        Shapes (codes before,) and (codes after,): the group of each.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    nodes = n_before + n_after
    ones = np.ones(len(edges), dtype=np.int8)
    graph = csr_matrix((ones, (edges.before, edges.after + n_before)), shape=(nodes, nodes))
    group = connected_components(graph, directed=False)[1].astype(np.int64)
    return group[:n_before], group[n_before:]
