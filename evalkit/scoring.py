"""From responses and an instrument to scores: the rules of `evalkit.instruments.rules`, all respondents at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import require
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.model import SKIPPED, Scale
from evalkit.instruments.rules import from_mean

Floats = npt.NDArray[np.float64]
_ROWS_NAMED = 5


def score(responses: pd.DataFrame, instrument: Instrument | str | Path) -> pd.DataFrame:
    """Score every respondent on every scale whose items were asked.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns). One column for each item, named by its id, in the values of its options; a missing
        value, or a text such as "pnts", is not answered. Other columns are left alone.
    instrument : Instrument or str or pathlib.Path
        The instrument, its id, or its file. Retrospective questions are found under their own names (`listen_then`).

    Returns
    -------
    pandas.DataFrame
        Shape (respondents, scales), the index of `responses`. One column of floats for each scale, in the unit of its
        rule; NaN where fewer items than `min_answered` were answered.

    Raises
    ------
    DataError
        DAT-003 when no scale has all its items among the columns, or when one has only some of them; DAT-002 for
        answers outside the range of their scale and DAT-004 for texts that are no answer, with the rows.
    InstrumentError
        INS-001 for an unknown instrument.

    Examples
    --------
    >>> answers = pd.DataFrame({"att_belong": [5, 4], "att_recommend": [4, None], "att_care": [4, 3],
    ...                         "att_future": [5, None], "att_leaving": [1, 2]})
    >>> score(answers, "return-to-work-transition")["attachment_scale"].round(2).tolist()
    [4.6, 3.67]
    """
    loaded = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    scales = asked_scales(responses, loaded)
    declined = _ways_to_decline(loaded)
    require(*(_unread(responses, scale, declined) for scale in scales))
    values = {scale.id: keyed_answers(responses, scale) for scale in scales}
    require(*(_outside(responses, scale, values[scale.id]) for scale in scales))
    return pd.DataFrame({scale.id: _scores(values[scale.id], scale) for scale in scales}, index=responses.index)


def _ways_to_decline(instrument: Instrument) -> set[str]:
    missing = {str(option.value) for options in instrument.options for option in options.options if option.missing}
    return {SKIPPED, "not_asked", "", *missing}


def _unread(responses: pd.DataFrame, scale: Scale, declined: set[str]) -> list[Problem]:
    """Find texts that are neither numbers nor a way to decline: labels in place of codes, most likely."""
    problems = []
    for item in scale.items:
        column = responses[item]
        if pd.api.types.is_numeric_dtype(column):
            continue
        text = column.notna() & pd.to_numeric(column, errors="coerce").isna()
        rows = np.flatnonzero(text & ~column.astype(str).isin(declined)) + 1
        if len(rows):
            problems.append(
                Problem(
                    "DAT-004",
                    f"responses, column {item}",
                    f"{len(rows)} texts that are no answer (rows {_rows(rows)} of {len(responses)})",
                    "codes of the answers, or missing",
                    "Read the file with read_responses(path, instrument), which knows the labels.",
                )
            )
    return problems


def _rows(rows: npt.NDArray[np.int64]) -> str:
    return ", ".join(map(str, rows[:_ROWS_NAMED])) + (" and more" if len(rows) > _ROWS_NAMED else "")


def asked_scales(responses: pd.DataFrame, instrument: Instrument) -> list[Scale]:
    """List the scales whose items are among the columns, those of retrospective questions included.

    Parameters
    ----------
    responses : pandas.DataFrame
        Columns named by item.
    instrument : Instrument
        The instrument.

    Returns
    -------
    list of Scale
        In the order of the instrument.

    Raises
    ------
    DataError
        DAT-003 when a scale has only some of its items among the columns, or none has any.
    """
    columns = set(map(str, responses.columns))
    known = {scale.id: scale for scale in _all_scales(instrument)}
    present = {name: columns.intersection(scale.items) for name, scale in known.items()}
    problems = [
        Problem(
            "DAT-003",
            f"responses, scale {name}",
            f"no column {', '.join(item for item in known[name].items if item not in found)}",
            "a column for each item of the scale",
            "Add the columns, empty where nobody was asked; or drop the items from the instrument with adapt().",
        )
        for name, found in present.items()
        if found and len(found) < len(known[name].items)
    ]
    if not any(present.values()):
        problems.append(
            Problem(
                "DAT-003",
                "responses",
                "no item of any scale",
                f"columns such as {', '.join(next(iter(known.values())).items[:3]) if known else 'items'}",
                "Read the answers with read_responses(path, instrument).",
            )
        )
    require(problems)
    return [scale for name, scale in known.items() if present[name]]


def _all_scales(instrument: Instrument) -> Iterator[Scale]:
    yield from instrument.scales
    for wave in instrument.waves:
        if wave.asked_with is None:
            yield from form_at(instrument, wave.id).scales


def keyed_answers(responses: pd.DataFrame, scale: Scale) -> Floats:
    """Take the answers to a scale's items, reverse-keyed ones turned round.

    Parameters
    ----------
    responses : pandas.DataFrame
        Columns named by item.
    scale : Scale
        The scale.

    Returns
    -------
    numpy.ndarray
        Shape (respondents, items), NaN where not answered.
    """
    low, high = scale.range
    columns = []
    for item in scale.items:
        answers = answered(responses[item])
        columns.append(low + high - answers if item in scale.reverse else answers)
    return np.column_stack(columns)


def answered(column: pd.Series) -> Floats:
    """Take the numbers of a column of answers.

    Parameters
    ----------
    column : pandas.Series
        Shape (respondents,), numbers, or numbers and texts.

    Returns
    -------
    numpy.ndarray
        Shape (respondents,), NaN where the answer is missing or a text such as "pnts".
    """
    numbers = column if pd.api.types.is_numeric_dtype(column) else pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))


def _outside(responses: pd.DataFrame, scale: Scale, keyed: Floats) -> list[Problem]:
    low, high = scale.range
    wrong = (keyed < low) | (keyed > high)
    problems = []
    for position in np.flatnonzero(wrong.any(axis=0)):
        rows = np.flatnonzero(wrong[:, position]) + 1
        problems.append(
            Problem(
                "DAT-002",
                f"responses, column {scale.items[position]}",
                f"{len(rows)} values outside {low:g} to {high:g} (rows {_rows(rows)} of {len(responses)})",
                f"{low:g} to {high:g}, or missing",
                "Recode them or mark them missing before scoring.",
            )
        )
    return problems


def _scores(keyed: Floats, scale: Scale) -> Floats:
    given = np.isfinite(keyed)
    count = given.sum(axis=1)
    total = np.where(given, keyed, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
    # from_mean is linear in the mean: applying it to 0 and 1 gives the line, for all respondents at once.
    start, one = from_mean(0.0, scale), from_mean(1.0, scale)
    return np.where(count >= scale.min_answered, start + (one - start) * mean, np.nan)
