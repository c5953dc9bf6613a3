"""Which columns of frames of scores are compared, and the verdict on each, whether they are pooled or linked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd

from evalkit.instruments.comparability import NOT
from evalkit.instruments.score_notes import Note, noted_verdict, noted_version

VERDICT_COLUMNS = ("scale", "verdict", "rule", "between")
SCALES = "scales"
KEPT = "kept"


def notes_of(frame: pd.DataFrame, column: object) -> list[Note]:
    """List what a column notes of its scale.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `evalkit.score`, or anything that kept or lost its ``attrs``.
    column : object
        Name of the column.

    Returns
    -------
    list of mapping
        One note, for pooled scores one of each version, or none.
    """
    scales = frame.attrs.get(SCALES)
    noted = scales.get(column) if isinstance(scales, Mapping) else None
    notes = noted if isinstance(noted, list) else [noted]
    return [note for note in notes if isinstance(note, Mapping)]


def shared_scores(frames: Sequence[pd.DataFrame], leave_out: Collection[object] = ()) -> list[str]:
    """List the columns of two or more frames that are or may be scores.

    Parameters
    ----------
    frames : sequence of pandas.DataFrame
        Shape (respondents, columns) each.
    leave_out : collection of str
        Columns that are none, such as the elements of a code.

    Returns
    -------
    list of str
        Columns that one of the frames knows as a scale; and columns of numbers, about which nobody knows anything,
        unless `evalkit.score` was told to keep them as no scores.
    """
    columns = dict.fromkeys(column for frame in frames for column in frame.columns)
    found = []
    for column in columns:
        having = [frame for frame in frames if column in frame.columns]
        if len(having) < 2 or column in leave_out:
            continue
        known = any(notes_of(frame, column) for frame in having)
        numbers = all(_numbers(frame, column) for frame in having)
        if known or (numbers and not all(_kept(frame, column) for frame in having)):
            found.append(column)
    return found


def _numbers(frame: pd.DataFrame, column: object) -> bool:
    types = frame.loc[:, frame.columns == column].dtypes
    return all(pd.api.types.is_numeric_dtype(one) and not pd.api.types.is_bool_dtype(one) for one in types)


def _kept(frame: pd.DataFrame, column: object) -> bool:
    kept = frame.attrs.get(KEPT)
    return isinstance(kept, list) and column in kept


def verdicts_between(frames: Sequence[pd.DataFrame], names: Sequence[str | None]) -> Iterator[tuple[str, str, str]]:
    """Say of any two frames whether their columns can be compared.

    Parameters
    ----------
    frames : sequence of pandas.DataFrame
        Shape (respondents, columns) each.
    names : sequence of str or None
        The column in each frame; None where it has none.

    Yields
    ------
    tuple of (str, str, str)
        "comparable", "comparable with care", "not comparable" or "unknown"; the rules that decide; the two versions.
    """
    noted = [notes_of(frame, name) or [{}] for frame, name in zip(frames, names, strict=True) if name is not None]
    for first, second in combinations(noted, 2):
        for one in first:
            for other in second:
                yield *_verdict(one, other), f"{noted_version(one)} and {noted_version(other)}"


def _verdict(one: Note, other: Note) -> tuple[str, str]:
    ranges = _range(one), _range(other)
    if None not in ranges and ranges[0] != ranges[1]:
        return NOT, "another range of scores"
    return noted_verdict(one, other)


def _range(note: Note) -> list[float] | None:
    try:
        return [float(bound) for bound in note["range"]]  # type: ignore[attr-defined]
    except (KeyError, TypeError, ValueError):
        return None
