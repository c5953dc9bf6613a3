"""How the answers to items are spread over their options, and why some are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem, did_you_mean
from evalkit.frames import Problems, missing_columns, require, rows_named
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.model import SKIPPED, Item, Option
from evalkit.scoring import answered, frame_with_names

Flags = npt.NDArray[np.bool_]
MISSING_SUFFIX = "__missing"
NOT_ASKED = "not_asked"


def response_distribution(
    responses: pd.DataFrame, instrument: Instrument | str | Path, items: str | Sequence[str]
) -> pd.DataFrame:
    """Count the answers to items that share one option set, empty categories included.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item, in the values of its options; missing is no answer. A
        column `ITEM__missing` tells why an answer is missing.
    instrument : Instrument or str or pathlib.Path
        The instrument, its id, or its file.
    items : str or sequence of str
        Items of one choice with the same options.

    Returns
    -------
    pandas.DataFrame
        One row for each item and category, in the order of the options: `item, text, value, label, kind` ("answer",
        "missing" or "not asked"), `n` (they add up to the respondents), `share` (of those who answered; NaN for what is
        no answer), `share_of_all` (of all respondents) and `n_answered` (of the item). To show it, name `n_answered` as
        the count and leave `n` out: the group that must be large enough is that of those who answered.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-006 for an item that the instrument does not have, DAT-009 for one without
        options or with others than the first, DAT-010 for one named or there twice, DAT-011 for an answer that is none
        of the options.
    """
    require(frame_with_names(responses, "responses"))
    instrument = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    items = [items] if isinstance(items, str) else list(items)
    known = {item.id: item for form in forms(instrument) for item in form.items}
    require(_unfit(items, known))
    require(missing_columns(responses, items, "responses"))
    options = instrument.options_of(known[items[0]])
    places = {name: _places(responses, known[name], options) for name in items}
    require(*(_strange(known[name], options, places[name]) for name in items))
    return pd.concat([_counted(known[name], options, places[name]) for name in items], ignore_index=True)


def _places(responses: pd.DataFrame, item: Item, options: tuple[Option, ...]) -> dict[int | str, Flags]:
    """Tell for each option, and for "skipped" and "not_asked", who is there; nobody is in two places."""
    column = responses[item.id]
    texts = column.astype(object).where(column.notna(), "")
    numbers = answered(column)
    places: dict[int | str, Flags] = {
        option.value: np.asarray(texts == option.value if isinstance(option.value, str) else numbers == option.value)
        for option in options
        if not option.missing
    }
    free = ~np.any(list(places.values()), axis=0)
    why = responses.get(f"{item.id}{MISSING_SUFFIX}")
    reasons = texts if why is None else why.astype(object).where(why.notna(), texts)
    for value in [*(option.value for option in options if option.missing), NOT_ASKED]:
        places[value] = free & np.asarray(reasons == value)
        free &= ~places[value]
    places[SKIPPED] = free & texts.isin(["", SKIPPED]).to_numpy(dtype=bool)
    return places


def _strange(item: Item, options: tuple[Option, ...], places: dict[int | str, Flags]) -> Problems:
    """Find answers that are none of the options."""
    somewhere = np.any(list(places.values()), axis=0)
    wrong = np.flatnonzero(~somewhere) + 1
    if not len(wrong):
        return []
    return [
        Problem(
            "DAT-011",
            f"responses, column {item.id}",
            f"{len(wrong)} answers that are none of the options ({rows_named(wrong)} of {len(somewhere)})",
            f"one of {', '.join(str(option.value) for option in options)}, or missing",
            "Read the file with read_responses(path, instrument), which knows the labels.",
        )
    ]


def _counted(item: Item, options: tuple[Option, ...], places: dict[int | str, Flags]) -> pd.DataFrame:
    rows = [(option.value, option.label, "missing" if option.missing else "answer") for option in options]
    rows += [(SKIPPED, "No answer", "missing"), (NOT_ASKED, "Not asked", "not asked")]
    frame = pd.DataFrame(rows, columns=["value", "label", "kind"]).assign(
        n=[int(places[value].sum()) for value, _, _ in rows]
    )
    frame.insert(0, "item", item.id)
    frame.insert(1, "text", item.text)
    answers = frame["n"].where(frame["kind"] == "answer")
    n_answered, n = int(answers.sum()), int(frame["n"].sum())
    return frame.assign(
        share=answers / n_answered if n_answered else np.nan,
        share_of_all=frame["n"] / n if n else np.nan,
        n_answered=n_answered,
    )


def _unfit(items: list[str], known: dict[str, Item]) -> Problems:
    problems = [
        Problem("DAT-006", "items", f'"{name}"', "items of the instrument", did_you_mean(name, list(known)))
        for name in items
        if name not in known
    ]
    problems += [
        Problem("DAT-010", "items", f'"{name}" more than once', "each item once", "Name it once.")
        for name in dict.fromkeys(items)
        if items.count(name) > 1
    ]
    if not items:
        problems.append(Problem("DAT-009", "items", "no item", "at least one", "Name the items."))
    first = next((known[name].options for name in items if name in known), None)
    problems += [
        Problem(
            "DAT-009",
            f"items, {name}",
            f"an item of the kind {known[name].kind} with the options {known[name].options or 'none'}",
            f"items of one choice with the same options ({first or 'none'})",
            "Ask for items with other options apart.",
        )
        for name in items
        if name in known and (known[name].kind not in {"likert", "single_choice"} or known[name].options != first)
    ]
    return problems


def forms(instrument: Instrument) -> list[Instrument]:
    """Take the forms of an instrument, one for each wave that is not asked with another.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    list of Instrument
        Retrospective items stand in them under their own names (`listen_then`).
    """
    return [form_at(instrument, wave.id) for wave in instrument.waves if wave.asked_with is None]
