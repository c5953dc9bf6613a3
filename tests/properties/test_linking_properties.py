"""What must hold for any two waves of codes: against an exhaustive matcher, and under exchange and reordering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.linking import link
from evalkit.linking.candidates import agreements_within, keys, pairs_at
from evalkit.linking.matching import Matches, match

Code = tuple[int | None, ...]
ON = ["a", "b", "c"]

elements = st.one_of(st.none(), st.integers(0, 2))
codes = st.tuples(elements, elements, elements)
waves = st.lists(codes, min_size=1, max_size=7)


def numbered(rows: list[Code]) -> npt.NDArray[np.int64]:
    return np.array([[-1 if part is None else part for part in code] for code in rows], dtype=np.int64)


def linked(before: list[Code], after: list[Code], max_edits: int) -> Matches:
    return match(numbered(before), numbered(after), max_edits)


def found(matches: Matches) -> set[tuple[int, int, int]]:
    return set(zip((matches.before + 1).tolist(), (matches.after + 1).tolist(), matches.edits.tolist(), strict=True))


def refused(matches: Matches) -> set[tuple[str, int]]:
    waves_of = (("before", matches.left), ("after", matches.right))
    return {(name, int(row) + 1) for name, side in waves_of for row in np.flatnonzero(side.group >= 0)}


# --- the exhaustive matcher: every pair compared, every assignment tried ------------------------------------------


def differing(one: Code, other: Code) -> int:
    return sum(x is None or y is None or x != y for x, y in zip(one, other, strict=True))


def assignments(edges: list[tuple[Code, Code]]) -> Iterator[frozenset[tuple[Code, Code]]]:
    """Give every one-to-one choice of edges."""
    if not edges:
        yield frozenset()
        return
    (left, right), *rest = edges
    yield from assignments(rest)
    for more in assignments([edge for edge in rest if edge[0] != left and edge[1] != right]):
        yield more | {(left, right)}


def exhaustive(before: list[Code], after: list[Code], max_edits: int) -> tuple[set[tuple[int, int, int]], set[object]]:
    counts = Counter(before), Counter(after)
    blocked: tuple[set[Code], set[Code]] = tuple({c for c, n in count.items() if n > 1} for count in counts)  # type: ignore[assignment]
    pairs: dict[tuple[Code, Code], int] = {}
    fits = [
        {c for c in count if sum(x is not None for x in c) >= max(len(ON) - max_edits, 1)} for count in counts
    ]  # fmt: skip
    twice = [
        {c for c in some if c in fit} for some, fit in zip(blocked, fits, strict=True)
    ]  # fmt: skip
    refused_codes = [set(some) for some in twice]
    for edits in range(max_edits + 1):
        left = [c for c in fits[0] if c not in {x for x, _ in pairs}]
        right = [c for c in fits[1] if c not in {y for _, y in pairs}]
        edges = [(x, y) for x in left for y in right if differing(x, y) == edits]
        if not edges:
            continue
        assume(len(edges) <= 12)
        every = list(assignments(edges))
        most = max(map(len, every))
        always = frozenset.intersection(*(one for one in every if len(one) == most))
        new = {(x, y): edits for x, y in always if x not in refused_codes[0] and y not in refused_codes[1]}
        pairs |= new
        refused_codes[0] |= {x for x, _ in edges if x not in {a for a, _ in new}}
        refused_codes[1] |= {y for _, y in edges if y not in {b for _, b in new}}
    rows = {(before.index(x) + 1, after.index(y) + 1, edits) for (x, y), edits in pairs.items()}
    listed = {
        (name, row)
        for name, wave, some in (("before", before, refused_codes[0]), ("after", after, refused_codes[1]))
        for row, code in enumerate(wave, start=1)
        if code in some
    }
    return rows, listed


@settings(max_examples=250)
@given(waves, waves, st.integers(0, 2))
def test_pairs_and_refusals_are_those_of_trying_everything(before: list[Code], after: list[Code], max_edits: int):
    linkage = linked(before, after, max_edits)
    rows, listed = exhaustive(before, after, max_edits)
    assert found(linkage) == rows
    assert refused(linkage) == listed


@settings(max_examples=60)
@given(waves, waves, st.integers(0, 2), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(before: list[Code], after: list[Code], max_edits: int, random: object):
    first = linked(before, after, max_edits)
    order_b, order_a = list(range(len(before))), list(range(len(after)))
    random.shuffle(order_b)  # type: ignore[attr-defined]
    random.shuffle(order_a)  # type: ignore[attr-defined]
    second = linked([before[i] for i in order_b], [after[i] for i in order_a], max_edits)
    back = {(order_b[b - 1] + 1, order_a[a - 1] + 1, edits) for b, a, edits in found(second)}
    assert back == found(first)
    assert {(w, (order_b if w == "before" else order_a)[row - 1] + 1) for w, row in refused(second)} == refused(first)


@settings(max_examples=60)
@given(waves, waves, st.integers(0, 2))
def test_exchanged_waves_exchange_the_result(before: list[Code], after: list[Code], max_edits: int):
    one, other = linked(before, after, max_edits), linked(after, before, max_edits)
    assert {(a, b, edits) for b, a, edits in found(other)} == found(one)
    swap = {"before": "after", "after": "before"}
    assert {(swap[wave], row) for wave, row in refused(other)} == refused(one)


@settings(max_examples=60)
@given(waves, waves)
def test_more_edits_only_add_pairs(before: list[Code], after: list[Code]):
    results = [linked(before, after, max_edits) for max_edits in range(3)]
    for max_edits, (fewer, more) in enumerate(pairwise(results)):
        assert found(fewer) == {pair for pair in found(more) if pair[2] <= max_edits}


@settings(max_examples=60)
@given(waves, waves, st.integers(0, 2))
def test_pairs_are_one_to_one_and_agree_as_they_say(before: list[Code], after: list[Code], max_edits: int):
    linkage = linked(before, after, max_edits)
    assert len(set(linkage.before.tolist())) == len(set(linkage.after.tolist())) == len(linkage.before)
    for b, a, edits in found(linkage):
        assert differing(before[b - 1], after[a - 1]) == edits


@settings(max_examples=60)
@given(waves, waves, st.permutations(range(3)))
def test_the_order_of_the_elements_does_not_matter(before: list[Code], after: list[Code], order: list[int]):
    other = match(numbered(before)[:, order], numbered(after)[:, order], 1)
    assert found(other) == found(linked(before, after, 1))


def test_link_gives_the_pairs_of_the_matcher_whatever_the_rows_are_called():
    rng = np.random.default_rng(8)
    waves_of_codes = [rng.integers(-1, 6, (60, 3)) for _ in range(2)]
    words = np.array(["LE", "yo ", "Hü", "05", "ST", "Ø1", None], dtype=object)  # the last one for -1
    before, after = (pd.DataFrame(words[wave], columns=ON, index=rng.integers(0, 9, 60)) for wave in waves_of_codes)
    pairs = link(before, after, ON, max_edits=1).pairs
    matches = match(*waves_of_codes, 1)
    assert len(pairs) > 5
    assert set(pairs[["row_before", "row_after", "edits"]].itertuples(index=False, name=None)) == found(matches)


# --- blocking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edits", [0, 1, 2, 3])
def test_blocking_finds_every_pair_of_a_full_comparison(edits: int):
    rng = np.random.default_rng(edits)
    before, after = (rng.integers(-1, 4, (80, 4)) for _ in range(2))
    agree = ((before[:, None, :] == after[None, :, :]) & (before[:, None, :] >= 0)).sum(axis=2)
    expected = set(zip(*np.nonzero(agree == 4 - edits), strict=True))
    edges = pairs_at(before, after, edits)
    assert len(expected) > 0
    assert len(edges) == len(expected)
    assert set(zip(edges.before, edges.after, strict=True)) == expected


def test_agreements_within_a_wave_are_those_of_a_full_comparison():
    wave = np.random.default_rng(5).integers(-1, 4, (90, 4))
    agree = ((wave[:, None, :] == wave[None, :, :]) & (wave[:, None, :] >= 0)).sum(axis=2)[np.triu_indices(90, 1)]
    assert agreements_within(wave, 1) == {k: int((agree == k).sum()) for k in (4, 3, 2, 1)}
    assert agreements_within(wave, 4) == {4: int((agree == 4).sum())}


def test_keys_tell_rows_apart_even_when_their_product_is_too_large_for_a_number():
    rng = np.random.default_rng(6)
    wave = rng.integers(-1, 2**20 - 1, (500, 5))
    wave[0] = 2**20 - 2  # so that a first element, cut off, would be cut off whole
    wave[250:] = wave[:250]
    wave[300:350, 4] = 7
    wave[350:400, 0] = 7
    found = keys(wave)
    same = (wave[:, None, :] == wave[None, :, :]).all(axis=2)
    assert ((found[:, None] == found[None, :]) == same).all()
