"""The keyed answers of each scale, from an instrument or from a plain mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import missing_columns, require, rows_named
from evalkit.instruments import Instrument, load_instrument
from evalkit.scoring import answered, asked_scales, frame_with_names, keyed_answers

Floats = npt.NDArray[np.float64]
Scales = Instrument | str | Path | Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class KeyedScale:
    """The answers to the items of one scale, all keyed the same way.

    Parameters
    ----------
    name : str
        The scale.
    items : tuple of str
        Its items.
    answers : numpy.ndarray
        Shape (respondents, items), NaN where not answered.
    low, high : float
        Range of the answers; NaN when only a mapping was given.
    """

    name: str
    items: tuple[str, ...]
    answers: Floats
    low: float
    high: float


def keyed_scales(responses: pd.DataFrame, scales: Scales) -> list[KeyedScale]:
    """Take the keyed answers of every scale.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), columns named by item.
    scales : Instrument, str, pathlib.Path or mapping of str to sequence of str
        An instrument (its reverse-keyed items are turned round), its id or file; or scale -> item columns, taken as
        they are.

    Returns
    -------
    list of KeyedScale
        One for each scale that was asked.

    Raises
    ------
    DataError
        DAT-002 for an answer outside the range that an instrument states for its scale or that is infinite, DAT-003 for
        a missing column, DAT-009 for no frame, no scale, a scale of fewer than two items or with one item twice, or an
        item without an answer, DAT-010 for a column that is there twice, DAT-016 for answers to another instrument.
    """
    require(frame_with_names(responses, "responses"))
    if isinstance(scales, Mapping):
        scales = {str(name): [items] if isinstance(items, str) else list(items) for name, items in scales.items()}
        require(_no_scales(scales))
        require(
            *(missing_columns(responses, list(items), f"responses, scale {name}") for name, items in scales.items())
        )
        found = [
            KeyedScale(name, tuple(items), _columns(responses, items), np.nan, np.nan) for name, items in scales.items()
        ]
    else:
        loaded = scales if isinstance(scales, Instrument) else load_instrument(scales)
        found = [
            KeyedScale(scale.id, scale.items, keyed_answers(responses, scale), *map(float, scale.range))
            for scale in asked_scales(responses, loaded)
        ]
    require(_problems(found), _outside(found))
    return found


def _no_scales(scales: Mapping[str, Sequence[str]]) -> list[Problem]:
    if not scales:
        return [Problem("DAT-009", "scales", "no scale", "at least one", "Name a scale and its items.")]
    return [
        Problem("DAT-009", f"scale {name}", f"item {item} twice", "each item once", "Name it once.")
        for name, items in scales.items()
        for item in dict.fromkeys(items)
        if list(items).count(item) > 1
    ]


def _columns(responses: pd.DataFrame, items: Sequence[str]) -> Floats:
    if not items:
        return np.empty((len(responses), 0))
    return np.column_stack([answered(responses[item]) for item in items])


def _problems(found: list[KeyedScale]) -> list[Problem]:
    problems = [
        Problem("DAT-009", f"scale {scale.name}", f"{len(scale.items)} items", "at least two", "Name its items.")
        for scale in found
        if len(scale.items) < 2
    ]
    problems += [
        Problem(
            "DAT-009",
            f"responses, scale {scale.name}, item {item}",
            "no numeric answer",
            "at least one",
            "Drop the item, or give codes instead of labels.",
        )
        for scale in found
        for item, column in zip(scale.items, scale.answers.T, strict=True)
        if np.isnan(column).all()
    ]
    return problems


def _outside(found: list[KeyedScale]) -> list[Problem]:
    """Find answers beyond the scale, such as a 9 for "not answered"; a mapping states no range."""
    problems = []
    for scale in found:
        wrong = (scale.answers < scale.low) | (scale.answers > scale.high) | np.isinf(scale.answers)
        stated = f"{scale.low:g} to {scale.high:g}" if np.isfinite(scale.low) else "numbers that are not infinite"
        found_there = f"values outside {stated}" if np.isfinite(scale.low) else "infinite values"
        for at in np.flatnonzero(wrong.any(axis=0)):
            rows = np.flatnonzero(wrong[:, at]) + 1
            problems.append(
                Problem(
                    "DAT-002",
                    f"responses, column {scale.items[at]}",
                    f"{len(rows)} {found_there} ({rows_named(rows)} of {len(wrong)})",
                    f"{stated}, or missing",
                    "Recode them or mark them missing.",
                )
            )
    return problems
