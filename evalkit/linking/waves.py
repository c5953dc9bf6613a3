"""Scores of two waves side by side: whether they can be compared, and what is known of each in the linked frame."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems
from evalkit.instruments.comparability import NOT
from evalkit.instruments.score_comparisons import VERDICT_COLUMNS, notes_of, shared_scores, verdicts_between
from evalkit.instruments.score_notes import UNKNOWN, gravest

_NAMED = 5


def comparisons(before: pd.DataFrame, after: pd.DataFrame, leave_out: Collection[str] = ()) -> pd.DataFrame:
    """Say for each score that both waves have whether its two versions can be compared.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Frames from `score`, or others.
    leave_out : collection of str
        Columns that are no scores: the elements of the code.

    Returns
    -------
    pandas.DataFrame
        Shape (columns, 4): ``scale``, ``verdict``, ``rule`` that decides, ``between`` which versions. "unknown" for a
        column of numbers of which a wave does not know from which version it comes.
    """
    waves = before, after
    rows = [(name, *gravest(verdicts_between(waves, (name, name)))) for name in shared_scores(waves, leave_out)]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def not_known(found: pd.DataFrame | list[dict[str, object]]) -> str:
    """Name the columns whose versions nobody knows, in words.

    Parameters
    ----------
    found : pandas.DataFrame or list of dict
        From `comparisons`, or its rows.

    Returns
    -------
    str
        Such as "confidence, hours"; empty when there is none.
    """
    rows = found.to_dict("records") if isinstance(found, pd.DataFrame) else found
    names = [str(row["scale"]) for row in rows if row["verdict"] == UNKNOWN]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


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
            "Drop the scale from one wave, or compare single items that are unchanged; for the two forms of a dyad, "
            "such as mentee and mentor, say same_form=False.",
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
        if (notes := notes_of(frame, name))
    }
