"""Which questions a response file can hold: the forms of its waves, and what exports called their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from evalkit.errors import InstrumentError
from evalkit.instruments.export import PLATFORMS, CodeChange
from evalkit.instruments.model import Instrument, Item, Option
from evalkit.instruments.waves import form_at
from evalkit.instruments.wording import in_language, reworded


@dataclass(frozen=True, slots=True)
class Asked:
    """The forms that may have been answered.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    platform : str
        Where the answers come from.
    forms : mapping of str to Instrument
        Ordinary wave -> its form.
    said : mapping of str to sequence of Instrument
        Ordinary wave -> its form in every language, with tokens as they are and with tokens filled in.
    items : mapping of str to Item
        Everything that is asked in any of them, information left out, in the order of the forms.
    names : mapping of str to frozenset of str
        Item -> the names that the platform's export gave it.
    values : mapping of str to mapping
        Item -> code on the platform -> value, where the export changed it.
    """

    instrument: Instrument
    platform: str
    forms: Mapping[str, Instrument]
    said: Mapping[str, Sequence[Instrument]]
    items: Mapping[str, Item]
    names: Mapping[str, frozenset[str]]
    values: Mapping[str, Mapping[str, str]]

    def form_of(self, item: str) -> Instrument:
        """Find a form that asks an item.

        Parameters
        ----------
        item : str
            Its id.

        Returns
        -------
        Instrument
            The first such form.
        """
        return next(form for form in self.forms.values() if item in form.by_id)

    def options_of(self, item: Item) -> tuple[Option, ...]:
        """List the options of an item.

        Parameters
        ----------
        item : Item
            The item.

        Returns
        -------
        tuple of Option
            Empty when it has none.
        """
        return self.form_of(item.id).options_of(item)


def asked_at(instrument: Instrument, waves: Sequence[str], platform: str) -> Asked:
    """Collect what is asked at some waves.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    waves : sequence of str
        Ordinary waves.
    platform : str
        Where the answers come from.

    Returns
    -------
    Asked
        The forms, their items and their names on the platform.

    Raises
    ------
    InstrumentError
        INS-023 for a wave that is not there.
    """
    forms = {wave: form_at(instrument, wave) for wave in waves}
    items = {item.id: item for form in forms.values() for item in form.items if item.kind != "information"}
    names: dict[str, set[str]] = {}
    values: dict[str, dict[str, str]] = {}
    for form in forms.values():
        for change in _changes(form, platform):
            if change.value:
                values.setdefault(change.item, {})[change.platform_value] = change.value
            names.setdefault(change.item, set()).add(change.platform_item)
    said = {wave: _spoken(form) for wave, form in forms.items()}
    known = {item: frozenset(found) for item, found in names.items()}
    return Asked(instrument, platform, forms, said, items, known, values)


def _spoken(form: Instrument) -> list[Instrument]:
    found = []
    for language in form.languages:
        own = {path: text for one in form.translations if one.language == language for path, text in one.texts}
        found.append(reworded(form, partial(_own_text, own)))
        found.append(in_language(form, language))
    return found


def _own_text(own: Mapping[str, str], path: str, text: str) -> str:
    return own.get(path, text)


def _changes(form: Instrument, platform: str) -> Sequence[CodeChange]:
    """Ask the platform's exporter which names and values it changed; a form that cannot be exported has none."""
    known = PLATFORMS.get(platform)
    if known is None:
        return ()
    try:
        changes: Sequence[CodeChange] = import_module(f"evalkit.instruments.export.{known.module}").build(form)[2]
    except InstrumentError:
        return ()
    return changes
