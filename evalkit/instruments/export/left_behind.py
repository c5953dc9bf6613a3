"""What survey platforms leave behind, whichever they are: told in the same words for each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from evalkit.instruments.export.report import Loss
from evalkit.instruments.model import Instrument
from evalkit.instruments.wording import texts

_FIELDS = ("audience", "programmes", "minutes", "licence", "source", "cite", "references", "may_reword", "ledger")
_STAYS = "stays in the instrument file"
_BRACKETS = re.compile(r"(?:.*\n)?\[([^\n]*)\]", re.DOTALL)


def metadata_losses(form: Instrument, platform: str, carried: Collection[str] = ()) -> Iterator[Loss]:
    """List what is told about an instrument, but not asked, and has no place on a platform.

    Parameters
    ----------
    form : Instrument
        One form.
    platform : str
        Name of the platform as people know it.
    carried : collection of str
        Fields of the instrument that this platform does carry.

    Yields
    ------
    Loss
        Metadata, scales, option sets, waves, tokens, shared blocks, and marks on items.
    """
    defaults = {name: field.default for name, field in type(form).model_fields.items()}
    for name in _FIELDS:
        if name not in carried and getattr(form, name) != defaults[name]:
            yield Loss("metadata", name, f"{platform} has no place for {name}: it {_STAYS}.")
    for scale in form.scales:
        yield Loss("scoring", scale.id, f"{platform} does not score: evalkit scores the answers that are read back.")
    for options in form.options:
        detail = f"{platform} keeps options with each question: the name of the set and which options count as missing"
        yield Loss("option set", options.id, f"{detail} stay in the instrument file.")
    for wave in form.waves:
        yield Loss("wave title", wave.id, f"The title of the wave {_STAYS}; its id travels with the answers.")
    for token in form.tokens:
        yield Loss("token", token.name, "What stands for it is not in the texts: fill it in before the export.")
    for section in form.sections:
        if section.block:
            yield Loss("block", section.id, f"That the page is a shared block {_STAYS}.")


def item_losses(form: Instrument, platform: str, carried: Collection[str] = ()) -> Iterator[Loss]:
    """List the marks on items that have no place on a platform.

    Parameters
    ----------
    form : Instrument
        One form.
    platform : str
        Name of the platform as people know it.
    carried : collection of str
        Those of ``identifier`` and ``kind`` that this platform does carry.

    Yields
    ------
    Loss
        Identifiers, wordings that must stay, Likert items that arrive as single choices.
    """
    for item in form.items:
        if item.identifier and "identifier" not in carried:
            yield Loss("identifier", item.id, f"{platform} does not know that the answer can identify a person.")
        if not item.may_reword:
            yield Loss("may_reword", item.id, f"{platform} does not know that the wording must stay: do not edit it.")
        if item.kind == "likert" and item.matrix is None and "kind" not in carried:
            yield Loss("kind", item.id, "The Likert item arrives as a single choice; its answers are the same.")


def bracketed_losses(form: Instrument) -> Iterator[Loss]:
    """List the notes below numbers whose last line is taken for a unit by whoever reads the platform's file.

    Parameters
    ----------
    form : Instrument
        One form, of a platform where a unit is written in square brackets below the note.

    Yields
    ------
    Loss
        The note, and the unit that will be read, in each language.
    """
    spoken = [("", texts(form)), *((_translated(form, one.language), dict(one.texts)) for one in form.translations)]
    for where, said in spoken:
        for item in form.items:
            note, unit = (f"items.{item.id}.{key}" for key in ("help", "unit"))
            match = _BRACKETS.fullmatch(said.get(note, "")) if item.kind == "number" and not said.get(unit) else None
            if match:
                for path in (note, unit) if match.group(1) else (note,):
                    yield Loss("text", f"{where}{path}", "A last line in square brackets is read as a unit.")


def _translated(form: Instrument, language: str) -> str:
    return f"translations.{form.languages.index(language)}."
