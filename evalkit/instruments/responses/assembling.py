"""Answers and what is about them into one typed frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.instruments.model import SKIPPED, Item, Option
from evalkit.instruments.responses.forms import Asked
from evalkit.instruments.responses.kinds import NOT_ASKED, Kinds

_MISSING = "missing"


def frame_of(
    asked: Asked,
    about: Mapping[str, Sequence[object]],
    answers: Mapping[str, Sequence[object]],
    kinds: Mapping[str, Kinds],
) -> pd.DataFrame:
    """Put the columns together.

    Parameters
    ----------
    asked : Asked
        The forms.
    about : mapping of str to sequence
        What is known about each answer.
    answers : mapping of str to sequence
        Item -> answers.
    kinds : mapping of str to list
        Item -> why an answer is missing.

    Returns
    -------
    pandas.DataFrame
        One row for each respondent; see `evalkit.instruments.responses.read_responses`.
    """
    columns: dict[str, Any] = {name: _about(name, values) for name, values in about.items()}
    for name, values in answers.items():
        item = asked.items[name]
        options = asked.options_of(item)
        given = [value if kind is None else None for value, kind in zip(values, kinds[name], strict=True)]
        columns.update(_columns(item, options, given))
        if any(kind is not None for kind in kinds[name]):
            known = [NOT_ASKED, SKIPPED, *(str(option.value) for option in options if option.missing)]
            columns[f"{name}__{_MISSING}"] = pd.Categorical(kinds[name], categories=known)
    return pd.DataFrame(columns)


def _about(name: str, values: Sequence[object]) -> Any:
    if name in {"started", "finished"}:
        return pd.Series(list(values), dtype="datetime64[ns]")
    if name == "respondent":
        return pd.Series(list(values), dtype="string")
    return pd.Categorical(list(values))


def _columns(item: Item, options: Sequence[Option], given: list[Any]) -> Iterator[tuple[str, Any]]:
    """Give the columns of one item: one, or one for each option of a multiple choice."""
    counted = [option.value for option in options if not option.missing]
    if item.kind == "multiple_choice":
        for value in counted:
            ticked = [np.nan if one is None else float(value in one) for one in given]
            yield f"{item.id}__{value}", np.array(ticked, dtype=float)
    elif item.kind == "number" or (counted and not isinstance(counted[0], str)):
        yield item.id, np.array([np.nan if one is None else one for one in given], dtype=float)
    elif item.kind == "date":
        yield item.id, pd.Series(given, dtype="datetime64[ns]")
    elif counted:
        yield item.id, pd.Categorical(given, categories=counted)
    else:
        yield item.id, pd.Series(given, dtype="string")
