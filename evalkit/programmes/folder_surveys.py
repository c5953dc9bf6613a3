"""The instruments of a folder: fitted to the organisation, and asking for the code that stands in for a name."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.instruments.model import Instrument
from evalkit.instruments.wording import texts, token_texts
from evalkit.programmes.folders import PAIR_CODE, PERSON_CODE, Settings
from evalkit.programmes.limitations import OWN_CODE
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Forms

_CODE_TITLE = "Your code"
_CODE_INTRO = (
    "The code stands in your invitation, and stands in for your name: who has which code is known to the coordinator, "
    "not to those who read the answers. Please give the same code each time."
)
_CODE_TEXT = "What is the code in your invitation?"
_CODE_HELP = "For example P017."
_OTHERS_TITLE = "The code of the person"
_OTHERS_TEXT = "What is the code of the person whom you are asked about?"
_OTHERS_HELP = "It stands in your invitation, for example P017. Please do not write a name."
_LONGEST = 20


def adapted_instruments(
    programme: Programme, settings: Settings, library: Mapping[str, Instrument]
) -> dict[str, Instrument]:
    """Fit the instruments of a programme to an organisation.

    Parameters
    ----------
    programme : Programme
        The programme.
    settings : Settings
        Organisation, contact and how long answers are kept.
    library : mapping of str to Instrument
        Id -> instrument, as it comes.

    Returns
    -------
    dict of str to Instrument
        Id -> instrument. Where answers of several times are put side by side, the code that people make up is replaced
        by the code of their invitation, so that answers fit the records and a person can be taken out again.

    Raises
    ------
    InstrumentError
        What an adaptation can be refused for.
    """
    return {name: _adapted(library[name], programme, settings) for name in programme.instrument_ids()}


def _adapted(instrument: Instrument, programme: Programme, settings: Settings) -> Instrument:
    fitted = _fitted(instrument, programme.forms)
    known = token_texts(fitted)
    said = {"contact": settings.contact, "kept_for": settings.kept_for}
    tokens = {one.id: one.text for one in programme.forms.tokens if one.id in known}
    tokens |= {name: text for name, text in said.items() if text and name in known}
    own = {"organisation": settings.organisation, "programme": programme.title}
    tokens |= {name: text for name, text in own.items() if name in known}
    home = next((one.id for one in instrument.sections if any(_is_own(item.id) for item in one.items)), None)
    if home is None:
        return fitted.adapt(tokens=tokens) if tokens else fitted
    made_up = [item.id for item in instrument.items if _is_own(item.id)]
    paired = [item.id for item in instrument.items if item.id == PAIR_CODE]
    others = instrument.audience == ("line_manager",)
    said_there = {
        f"sections.{home}.title": _OTHERS_TITLE if others else _CODE_TITLE,
        f"sections.{home}.intro": _OTHERS_HELP if others else _CODE_INTRO,
    }
    code = {
        "id": PERSON_CODE,
        "section": home,
        "kind": "short_text",
        "text": _OTHERS_TEXT if others else _CODE_TEXT,
        "help": _OTHERS_HELP if others else _CODE_HELP,
        "max_length": _LONGEST,
        "required": True,
        "identifier": True,
    }
    return fitted.adapt(tokens=tokens, drop=[*made_up, *paired], add=[code], reword=said_there)


def _fitted(instrument: Instrument, forms: Forms) -> Instrument:
    """Bring a form into the words of a programme, as far as it has what the programme names."""
    drop = [name for name in forms.leave_out if name in instrument.by_id]
    paths = texts(instrument)
    reword = {one.id: one.text for one in forms.reword if one.id in paths}
    options: dict[str, Mapping[object, object]] = {
        one.id: {value.id: value.text for value in one.values}
        for one in forms.options
        if one.id in instrument.option_sets
    }
    return instrument.adapt(drop=drop, reword=reword, options=options) if drop or reword or options else instrument


def _is_own(item: str) -> bool:
    return item.startswith(OWN_CODE)
