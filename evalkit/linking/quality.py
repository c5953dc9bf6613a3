"""How good a linkage is, at each number of differing elements that was allowed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.linking.chance import chance_of_agreement, expected_false
from evalkit.linking.matching import AMBIGUOUS, INCOMPLETE, TWICE, Matches, Side
from evalkit.result import Estimates, Method, estimates

Ints = npt.NDArray[np.int64]

NOT_PAIRED = "no pair found"
ASSUMPTIONS = (
    "Nobody has the same code as another person in the other wave by more than chance: relatives who answer, or codes "
    "that were passed round, are not counted in.",
    "Two rows of one wave with different codes are two people.",
    "The expected false pairs are a mean over many linkages of this kind, not a count of this one.",
)
REFERENCES = (
    "Fellegi IP, Sunter AB. A theory for record linkage. J Am Stat Assoc 1969;64:1183-1210.",
    "Vacek J, Vonkova H, Gabrhelik R. A successful strategy for linking anonymous data from students' and parents' "
    "questionnaires using self-generated identification codes. Prev Sci 2017;18:450-458.",
)


def quality_of(matches: Matches, before: Ints, after: Ints, max_edits: int) -> Estimates:
    """Say how much of two waves was linked, and how much of that may be wrong.

    Parameters
    ----------
    matches : Matches
        From `match`.
    before, after : numpy.ndarray of int
        The codes of the two waves, shapes (rows, elements), -1 missing.
    max_edits : int
        The most elements that were allowed to differ.

    Returns
    -------
    Estimates
        For each number of allowed edits (column `max_edits`) the terms `pairs`; `matched_before` and `matched_after`,
        shares of the rows of each wave; `ambiguous_before` and `ambiguous_after`, rows refused because several fitted
        equally well; `duplicates_before` and `duplicates_after`, rows whose code is in their wave more than once;
        `incomplete_before` and `incomplete_after`, rows with too little of a code; `false_pairs`, expected among the
        pairs, and `false_share` of them. Column `unit`: pairs, rows or share; `n`: the rows or pairs concerned.
    """
    made = np.bincount(matches.edits, minlength=max_edits + 1)
    chances = chance_of_agreement(before, after, max_edits)
    open_rows = [_open(side, matches.edits, max_edits) for side in (matches.left, matches.right)]
    false = np.cumsum(expected_false(made, chances, *open_rows))
    rows: list[dict[str, object]] = []
    for edits in range(max_edits + 1):
        pairs = int(made[: edits + 1].sum())
        rows += _rows(matches, edits, pairs, float(false[edits]))
    return estimates(rows, _method(matches, len(before) + len(after)))


def _rows(matches: Matches, edits: int, pairs: int, false: float) -> list[dict[str, object]]:
    waves = (("before", matches.left), ("after", matches.right))
    refused = {wave: int((side.ambiguous & (side.refused_at <= edits)).sum()) for wave, side in waves}
    sizes = {wave: len(side.twice) for wave, side in waves}
    found: list[tuple[str, float, str, int]] = [
        ("pairs", pairs, "pairs", pairs),
        *((f"matched_{wave}", pairs / sizes[wave], "share", sizes[wave]) for wave in sizes),
        *((f"ambiguous_{wave}", refused[wave], "rows", sizes[wave]) for wave in sizes),
        *((f"duplicates_{wave}", int(side.twice.sum()), "rows", sizes[wave]) for wave, side in waves),
        *((f"incomplete_{wave}", int(side.incomplete.sum()), "rows", sizes[wave]) for wave, side in waves),
        ("false_pairs", false, "pairs", pairs),
    ]
    if pairs:
        found.append(("false_share", min(false / pairs, 1.0), "share", pairs))
    return [
        {"term": term, "estimate": estimate, "n": n, "max_edits": edits, "unit": unit}
        for term, estimate, unit, n in found
    ]


def _open(side: Side, edits_of_pairs: Ints, max_edits: int) -> Ints:
    """Count the rows that could still be paired when it was the turn of 0, 1, ... differing elements."""
    free = ~side.incomplete & ~side.twice
    return np.array(
        [
            int(free.sum()) - int((edits_of_pairs < edits).sum())
            - int((free & (side.refused_at >= 0) & (side.refused_at < edits)).sum())
            for edits in range(max_edits + 1)
        ]
    )  # fmt: skip


def _method(matches: Matches, given: int) -> Method:
    sides = (matches.left, matches.right)
    used = 2 * len(matches.before)
    dropped = {
        INCOMPLETE: sum(int(side.incomplete.sum()) for side in sides),
        TWICE: sum(int(side.twice.sum()) for side in sides),
        AMBIGUOUS: sum(int(side.ambiguous.sum()) for side in sides),
    }
    dropped[NOT_PAIRED] = given - used - sum(dropped.values())
    return Method(
        name="Linkage by self-generated codes",
        estimand="How many answers of two waves were put together as one person's, and how many of these pairs would "
        "be expected to be two people's",
        unit="by row",
        n_given=given,
        n_used=used,
        n_dropped={reason: count for reason, count in dropped.items() if count},
        assumptions=ASSUMPTIONS,
        references=REFERENCES,
    )
