"""Scores of two waves side by side: whether they can be compared, and what is known of each in the linked frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems
from evalkit.instruments.comparability import NOT
from evalkit.instruments.score_notes import gravest, noted_verdict, noted_version

Notes = list[Mapping[str, object]]


def _notes(frame: pd.DataFrame, column: str) -> Notes:
    """List what a column notes of its scale: one note, several for pooled scores, or none."""
    scales = frame.attrs.get("scales")
    noted = scales.get(column) if isinstance(scales, Mapping) else None
    return [note for note in (noted if isinstance(noted, list) else [noted]) if isinstance(note, Mapping)]


def comparisons(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Say for each score that both waves have whether its two versions can be compared.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Frames from `score`, or that kept their ``attrs["scales"]``.

    Returns
    -------
    pandas.DataFrame
        Shape (scales, 4): ``scale``, ``verdict``, ``rule`` that decides, ``between`` which versions. Empty when no
        column of both waves is known as a score.
    """
    both = [str(name) for name in before.columns if name in set(after.columns)]
    found = {name: list(_verdicts(_notes(before, name), _notes(after, name))) for name in both}
    rows = [(name, *gravest(verdicts)) for name, verdicts in found.items() if verdicts]
    return pd.DataFrame(rows, columns=["scale", "verdict", "rule", "between"])


def _verdicts(some: Notes, others: Notes) -> Iterator[tuple[str, str, str]]:
    for one in some:
        for other in others:
            verdict, rule = noted_verdict(one, other)
            first, second = one.get("range"), other.get("range")
            if first is not None and second is not None and list(map(float, first)) != list(map(float, second)):  # type: ignore[call-overload]
                verdict, rule = NOT, "another range of scores"
            yield verdict, rule, f"{noted_version(one)} and {noted_version(other)}"


def incomparable(found: pd.DataFrame) -> Problems:
    """Find the scores whose two versions cannot be compared.

    Parameters
    ----------
    found : pandas.DataFrame
        From `comparisons`.

    Returns
    -------
    list of Problem
        INS-033 for each.
    """
    return [
        Problem(
            "INS-033",
            f"before and after, scale {row['scale']} ({row['between']})",
            str(row["rule"]),
            "comparable versions",
            "Drop the scale from one wave, or compare single items that are unchanged.",
        )
        for row in found[found["verdict"] == NOT].to_dict("records")
    ]


def noted_of_both(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, object]:
    """Put together what two waves note of their scores, under the names that the columns have once linked.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Frames from `score`, or that kept their ``attrs["scales"]``.

    Returns
    -------
    dict
        ``{scale}_before`` and ``{scale}_after`` -> the note.
    """
    return {
        f"{name}_{wave}": (notes[0] if len(notes) == 1 else notes)
        for wave, frame in (("before", before), ("after", after))
        for name in map(str, frame.columns)
        if (notes := _notes(frame, name))
    }
