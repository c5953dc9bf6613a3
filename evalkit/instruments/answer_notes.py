"""What a frame of answers notes of the instrument that it was read with, and whether another may score it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd
from pydantic import ValidationError

from evalkit.errors import Problem
from evalkit.instruments.basis import Basis
from evalkit.instruments.comparability import NOT, answers_keep_meaning, scale_verdict
from evalkit.instruments.model import Instrument, Scale
from evalkit.instruments.scale_forms import basis_of, item_forms, scale_form

INSTRUMENT = "instrument"
VERSION = "version"


def noted_instrument(instrument: Instrument) -> dict[str, str]:
    """Note of an instrument what decides whether another may score the answers to it.

    Parameters
    ----------
    instrument : Instrument
        The instrument with which answers were read.

    Returns
    -------
    dict of str to str
        ``id``, ``version``, and ``basis`` as JSON: one text, because pandas copies what a frame notes at every step.
    """
    return {
        "id": instrument.id,
        "version": instrument.version,
        "basis": basis_of(instrument).model_dump_json(exclude_defaults=True),
    }


def answers_fit(version: str, instrument: Instrument) -> bool:
    """Tell whether answers to a version of an instrument may be read and scored as answers to it.

    Parameters
    ----------
    version : str
        The version that was answered.
    instrument : Instrument
        The instrument; when it is an adaptation, its ledger tells of the version that it started from.

    Returns
    -------
    bool
        True for its own version; and for that of its origin, when all scales can be compared and no item has its
        answers under other values, or more than half of them in other words.
    """
    # A spreadsheet makes 1 of 1.0.
    if version in {instrument.version, re.sub(r"\.0$", "", instrument.version)}:
        return True
    ledger = instrument.ledger
    if ledger is None or ledger.origin not in {f"{instrument.id} {version}", f"{instrument.id} {version}.0"}:
        return False
    now = item_forms(instrument)
    asked = [(item, now[item.id]) for item in ledger.basis.items if item.id in now]
    comparable = all(entry.verdict != NOT for entry in ledger.scales)
    return comparable and all(answers_keep_meaning(old, new) for old, new in asked)


def foreign_answers(
    responses: pd.DataFrame, instrument: Instrument, scales: Iterable[tuple[Scale, Instrument]]
) -> list[Problem]:
    """Find answers that were given to another instrument or version than the one that is to score them.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns). What ``attrs["instrument"]`` notes decides, as `evalkit.read_responses` does; else
        columns ``instrument`` and ``version``, where they are there.
    instrument : Instrument
        The instrument that is to score them.
    scales : iterable of (Scale, Instrument)
        The scales to score, with the instrument or form in which they stand.

    Returns
    -------
    list of Problem
        DAT-016; empty when all fits or nothing is known.
    """
    noted = responses.attrs.get(INSTRUMENT)
    basis = _basis(noted)
    if basis is None or not isinstance(noted, Mapping):
        return [*_other_texts(responses, INSTRUMENT, instrument), *_other_texts(responses, VERSION, instrument)]
    read_as = f"{noted.get('id')} {noted.get('version')}"
    asked = {item.id: item for item in basis.items}
    problems = []
    for scale, form in scales:
        now = scale_form(scale, form)
        if all(item.id not in asked for item in now.items):
            continue
        # Only the answers count here: how they are keyed and scored is for the instrument that scores them.
        then = now.changed(
            items=tuple(asked.get(item.id, item) for item in now.items), language=_language(basis, now.language)
        )
        verdict, rule = scale_verdict(then, now)
        if verdict == NOT:
            found = f"answers that were read with {read_as}: {rule}"
            remedy = f"Score them with {read_as}."
            place = f"responses, scale {scale.id}"
            expected = f"answers to {instrument.id} {instrument.version}, or to a comparable version"
            problems.append(Problem("DAT-016", place, found, expected, remedy))
    return problems


def _language(basis: Basis, otherwise: str) -> str:
    return basis.scales[0].language if basis.scales else otherwise


def _basis(noted: object) -> Basis | None:
    if not isinstance(noted, Mapping) or not isinstance(noted.get("basis"), str):
        return None
    try:
        return Basis.model_validate_json(noted["basis"])
    except ValidationError:
        return None


def _other_texts(responses: pd.DataFrame, name: str, instrument: Instrument) -> list[Problem]:
    if name not in responses.columns:
        return []
    column = responses.loc[:, responses.columns == name].iloc[:, 0]
    texts = column.astype(object).where(column.notna(), "").map(str)
    fits = {
        text: not text or (text == instrument.id if name == INSTRUMENT else answers_fit(text, instrument))
        for text in texts.unique()
    }
    wrong = int((~texts.map(fits).astype(bool)).sum())
    if not wrong:
        return []
    return [
        Problem(
            "DAT-016",
            f"responses, column {name}",
            f"answers to another {name}: {wrong} of {len(responses)} rows",
            instrument.id if name == INSTRUMENT else f"version {instrument.version}, or a comparable origin",
            "Score each version with its own instrument, and put the scores together with pool_scores.",
        )
    ]
