"""The quality of single responses: completion, straight-lining, duplicates. For the desk, never for a report."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import require
from evalkit.instruments import Instrument, form_at
from evalkit.instruments.model import Item
from evalkit.measurement.items import MISSING_SUFFIX
from evalkit.scoring import answered

_ROWS_OF_A_LINE = 4
_ANSWERS_OF_A_COPY = 10

Floats = npt.NDArray[np.float64]


def response_quality(responses: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Describe how each respondent answered.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item; a column `ITEM__missing` tells why an answer is missing.
    instrument : Instrument
        The instrument.

    Returns
    -------
    pandas.DataFrame
        The index of `responses`: `n_asked` and `n_answered` (items), `completion` (share, NaN when nothing was asked),
        `n_matrices` (matrices of four rows or more that were answered in full), `n_straight` (those of them with one
        answer throughout), `straight_lining` (bool: at least two such matrices, and all in one answer, although some
        hold reverse-keyed items), `duplicate_of` (position of the first respondent with the same ten or more answers;
        missing otherwise).

    Raises
    ------
    DataError
        DAT-003 when no item is among the columns.

    Notes
    -----
    None of these convicts anybody: straight lines can be honest, and people agree. Look before you leave out.
    """
    items = _items(responses, instrument)
    if not items:
        require([Problem("DAT-003", "responses", "no item of the instrument", "a column for each item", "Read again.")])
    names = [item.id for item in items]
    given = np.column_stack([_given(responses, item) for item in items])
    asked = np.column_stack([_asked(responses, name) for name in names])
    straight, whole = _straight(responses, items)
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
            "straight_lining": (whole >= 2) & (straight == whole) & _has_reversed(instrument),
            "duplicate_of": _duplicates(responses, names, n_answered),
        },
        index=responses.index,
    )


def _items(responses: pd.DataFrame, instrument: Instrument) -> list[Item]:
    found: dict[str, Item] = {}
    for wave in instrument.waves:
        if wave.asked_with is None:
            for item in form_at(instrument, wave.id).items:
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


def _given(responses: pd.DataFrame, item: Item) -> npt.NDArray[np.bool_]:
    why = responses.get(f"{item.id}{MISSING_SUFFIX}")
    there = responses[_columns(responses, item.id)].notna().any(axis=1).to_numpy()
    # "Prefer not to say" is an answer to the question, though none to the scale.
    return np.asarray(there if why is None else there | (why.notna() & ~why.isin(["skipped", "not_asked"])))


def _asked(responses: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    why = responses.get(f"{name}{MISSING_SUFFIX}")
    return np.ones(len(responses), dtype=bool) if why is None else np.asarray(why.astype(object) != "not_asked")


def _straight(responses: pd.DataFrame, items: list[Item]) -> tuple[Floats, Floats]:
    """Count, for each respondent, the long matrices answered in full and those in one answer throughout."""
    straight, whole = np.zeros(len(responses), dtype=int), np.zeros(len(responses), dtype=int)
    matrices = dict.fromkeys(item.matrix for item in items if item.matrix is not None)
    for matrix in matrices:
        names = [item.id for item in items if item.matrix == matrix]
        if len(names) < _ROWS_OF_A_LINE:
            continue
        answers = np.column_stack([answered(responses[name]) for name in names])
        full = np.isfinite(answers).all(axis=1)
        whole += full
        straight += full & (answers == answers[:, :1]).all(axis=1)
    return straight, whole


def _has_reversed(instrument: Instrument) -> bool:
    return any(scale.reverse for scale in instrument.scales)


def _duplicates(responses: pd.DataFrame, names: list[str], n_answered: Floats) -> pd.Series:
    columns = [column for name in names for column in _columns(responses, name)]
    keys = pd.util.hash_pandas_object(responses[columns].astype(str), index=False).to_numpy()
    first: dict[int, int] = {}
    out = []
    for position, (key, count) in enumerate(zip(keys.tolist(), n_answered, strict=True)):
        earlier = first.setdefault(key, position) if count >= _ANSWERS_OF_A_COPY else position
        out.append(earlier if earlier != position else None)
    return pd.Series(out, index=responses.index, dtype="Int64")
