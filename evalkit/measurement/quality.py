"""The quality of single responses: completion, straight-lining, duplicates. For the desk, never for a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import require
from evalkit.instruments import Instrument, load_instrument
from evalkit.instruments.model import SKIPPED, Item
from evalkit.measurement.distribution import MISSING_SUFFIX, NOT_ASKED, forms
from evalkit.scoring import answered, frame_with_names

_ROWS_OF_A_LINE = 4
_ANSWERS_OF_A_COPY = 10

_NO_ANSWER = ["", SKIPPED, NOT_ASKED]

Counts = npt.NDArray[np.int_]
Flags = npt.NDArray[np.bool_]


def response_quality(responses: pd.DataFrame, instrument: Instrument | str | Path) -> pd.DataFrame:
    """Describe how each respondent answered.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item; a column `ITEM__missing` tells why an answer is missing.
        Without that column everybody was asked.
    instrument : Instrument or str or pathlib.Path
        The instrument, its id, or its file.

    Returns
    -------
    pandas.DataFrame
        The index of `responses`: `n_asked` (items among the columns that the person was asked), `n_answered` (those
        that the person answered, "prefer not to say" included), `completion` (their share, NaN when nothing was asked),
        `n_matrices` (matrices of four rows or more that were answered in full), `n_straight` (those of them with one
        answer throughout), `straight_lining` (bool: at least two such matrices, all in one answer, although at least
        one of them holds a reverse-keyed item), `duplicate_of` (position of the first respondent with the same ten or
        more answers, counted from 0; missing otherwise).

    Raises
    ------
    DataError
        DAT-003 when no item is among the columns, DAT-009 for no frame, DAT-010 for a column that is there twice.

    Notes
    -----
    None of these convicts anybody: straight lines can be honest, and people agree. Look before you leave out.
    """
    require(frame_with_names(responses, "responses"))
    instrument = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    items = _items(responses, instrument)
    if not items:
        require([Problem("DAT-003", "responses", "no item of the instrument", "a column for each item", "Read again.")])
    names = [item.id for item in items]
    given = np.column_stack([_given(responses, item) for item in items])
    asked = np.column_stack([_asked(responses, item) for item in items])
    straight, whole, turned = _straight(responses, items, _reversed(instrument))
    n_asked, n_answered = asked.sum(axis=1), (given & asked).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        completion = np.where(n_asked > 0, n_answered / n_asked, np.nan)
    return pd.DataFrame(
        {
            "n_asked": n_asked,
            "n_answered": n_answered,
            "completion": completion,
            "n_matrices": whole,
            "n_straight": straight,
            "straight_lining": (whole >= 2) & (straight == whole) & (turned > 0),
            "duplicate_of": _duplicates(responses, names, n_answered),
        },
        index=responses.index,
    )


def _items(responses: pd.DataFrame, instrument: Instrument) -> list[Item]:
    found: dict[str, Item] = {}
    for form in forms(instrument):
        for item in form.items:
            if item.kind != "information" and _columns(responses, item.id):
                found.setdefault(item.id, item)
    return list(found.values())


def _columns(responses: pd.DataFrame, name: str) -> list[str]:
    """Columns of an item: its own, or one for each option of a multiple choice."""
    if name in responses.columns:
        return [name]
    prefix = f"{name}__"
    return [
        str(column)
        for column in responses.columns
        if str(column).startswith(prefix) and column != f"{name}{MISSING_SUFFIX}"
    ]


def _given(responses: pd.DataFrame, item: Item) -> Flags:
    why = responses.get(f"{item.id}{MISSING_SUFFIX}")
    answers = responses[_columns(responses, item.id)]
    there = (answers.notna() & ~answers.isin(_NO_ANSWER)).any(axis=1).to_numpy(dtype=bool)
    # "Prefer not to say" is an answer to the question, though none to the scale.
    return np.asarray(there if why is None else there | (why.notna() & ~why.isin(_NO_ANSWER)).to_numpy(dtype=bool))


def _asked(responses: pd.DataFrame, item: Item) -> Flags:
    """Tell who was asked: not those of whom the answers, or their reasons, say otherwise."""
    why = responses.get(f"{item.id}{MISSING_SUFFIX}")
    left_out = responses[_columns(responses, item.id)].isin([NOT_ASKED]).any(axis=1).to_numpy(dtype=bool)
    return np.asarray(~left_out if why is None else ~(left_out | why.isin([NOT_ASKED]).to_numpy(dtype=bool)))


def _straight(responses: pd.DataFrame, items: list[Item], turned: set[str]) -> tuple[Counts, Counts, Counts]:
    """Count each respondent's long matrices: in one answer throughout, in full, and in full with a reversed row."""
    straight, whole, mixed = (np.zeros(len(responses), dtype=int) for _ in range(3))
    matrices = dict.fromkeys(item.matrix for item in items if item.matrix is not None)
    for matrix in matrices:
        names = [item.id for item in items if item.matrix == matrix]
        if len(names) < _ROWS_OF_A_LINE:
            continue
        answers = np.column_stack([answered(responses[name]) for name in names])
        full = np.isfinite(answers).all(axis=1)
        whole += full
        straight += full & (answers == answers[:, :1]).all(axis=1)
        mixed += full & bool(turned.intersection(names))
    return straight, whole, mixed


def _reversed(instrument: Instrument) -> set[str]:
    """Name the reverse-keyed items, retrospective ones under their own names."""
    return {item for form in forms(instrument) for scale in form.scales for item in scale.reverse}


def _duplicates(responses: pd.DataFrame, names: list[str], n_answered: Counts) -> pd.Series:
    columns = [column for name in names for column in _columns(responses, name)]
    keys = pd.util.hash_pandas_object(responses[columns].astype(str), index=False).to_numpy()
    first: dict[int, int] = {}
    out = []
    for position, (key, count) in enumerate(zip(keys.tolist(), n_answered, strict=True)):
        earlier = first.setdefault(key, position) if count >= _ANSWERS_OF_A_COPY else position
        out.append(earlier if earlier != position else None)
    return pd.Series(out, index=responses.index, dtype="Int64")
