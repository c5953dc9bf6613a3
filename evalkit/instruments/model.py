"""What a survey instrument is: a frozen value that a YAML file is read into and that exporters and scoring read.

All texts are plain text, never HTML. Ids are lower-case words joined by single underscores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import Field, StrictBool, StrictStr

from evalkit.instruments.basis import Basis
from evalkit.instruments.parts import (
    CHOICE_KINDS,
    SKIPPED,
    Audience,
    Example,
    Item,
    ItemChange,
    Matrix,
    Number,
    Option,
    OptionSet,
    Part,
    Reference,
    Scale,
    Section,
    Text,
    Token,
    Translation,
    Verdict,
    Wave,
)

__all__ = [
    "CHOICE_KINDS",
    "SKIPPED",
    "Example",
    "Instrument",
    "Item",
    "ItemChange",
    "ItemEntry",
    "Ledger",
    "Matrix",
    "Option",
    "OptionSet",
    "Part",
    "Reference",
    "Scale",
    "ScaleEntry",
    "Section",
    "Token",
    "Translation",
    "Verdict",
    "Wave",
]


class ItemEntry(Part):
    """What happened to one item.

    Parameters
    ----------
    item : str
        Its id.
    change : {"unchanged", "reworded", "rescaled", "dropped", "added"}
        What happened.
    detail : str
        What exactly, in words.
    """

    item: Text
    change: ItemChange
    detail: StrictStr = ""


class ScaleEntry(Part):
    """Whether scores of one scale can be compared.

    Parameters
    ----------
    scale : str
        Its id.
    verdict : {"comparable", "comparable with care", "not comparable"}
        The answer.
    rule : str
        The rule that decides, in words.
    """

    scale: Text
    verdict: Verdict
    rule: Text


class Ledger(Part):
    """What an adaptation changed, against the instrument that it started from.

    Parameters
    ----------
    origin : str
        Id and version of that instrument.
    basis : Basis
        What was kept of that instrument, so that later adaptations are held against it too.
    items : tuple of ItemEntry
        Every item of either.
    scales : tuple of ScaleEntry
        Every scale of either.
    """

    origin: Text
    basis: Basis
    items: tuple[ItemEntry, ...] = ()
    scales: tuple[ScaleEntry, ...] = ()

    def __str__(self) -> str:
        items = [
            f"{entry.item}: {entry.change}{f' ({entry.detail})' if entry.detail else ''}"
            for entry in self.items
            if entry.change != "unchanged"
        ]
        scales = [f"{entry.scale}: {entry.verdict}, because {entry.rule}" for entry in self.scales]
        return "\n".join([f"Against {self.origin}", *(items or ["no item changed"]), *scales])


class Instrument(Part):
    """A survey instrument, whole.

    Parameters
    ----------
    id, version, title, description : str
        Name (the file's), version as text, heading, and what it is for.
    audience : tuple of str
        Who answers it.
    programmes : tuple of str
        The programmes it is written for.
    waves : tuple of Wave
        When it is answered, in the order of time.
    languages : tuple of str
        Tags; the first is the language of the file, the others have translations.
    minutes : int or float
        Estimated time to answer.
    licence, source, cite : str
        Terms of use, where the wording comes from, and how to cite it.
    references : tuple of Reference
        Works on the constructs.
    may_reword : bool
        Whether the wording may be changed at all; an item can say no for itself.
    consent, privacy : str
        What people read before they start.
    tokens : tuple of Token
        Words in braces and what stands for them.
    options : tuple of OptionSet
        The option sets that items use.
    sections : tuple of Section
        The pages.
    scales : tuple of Scale
        The scores.
    translations : tuple of Translation
        The further languages.
    ledger : Ledger, optional
        What was changed, when this is an adaptation.
    """

    id: Text
    version: Text
    title: Text
    description: Text
    audience: tuple[Audience, ...] = Field(min_length=1)
    programmes: tuple[Text, ...] = ()
    waves: tuple[Wave, ...] = Field(min_length=1)
    languages: tuple[Text, ...] = Field(min_length=1)
    minutes: Annotated[Number, Field(gt=0, le=120)]
    licence: Text
    source: Text
    cite: Text
    references: tuple[Reference, ...] = ()
    may_reword: StrictBool = True
    consent: Text
    privacy: Text
    tokens: tuple[Token, ...] = ()
    options: tuple[OptionSet, ...] = ()
    sections: tuple[Section, ...] = Field(min_length=1)
    scales: tuple[Scale, ...] = ()
    translations: tuple[Translation, ...] = ()
    ledger: Ledger | None = None

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the order shown."""
        return tuple(item for section in self.sections for item in section.items)

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Item id -> item."""
        return {item.id: item for item in self.items}

    @cached_property
    def option_sets(self) -> Mapping[str, OptionSet]:
        """Option set id -> option set."""
        return {options.id: options for options in self.options}

    @cached_property
    def scales_by_id(self) -> Mapping[str, Scale]:
        """Scale id -> scale."""
        return {scale.id: scale for scale in self.scales}

    @cached_property
    def missing(self) -> Mapping[str, frozenset[int | str]]:
        """Item id -> the values of its missing options; items without any are left out."""
        found = {
            item.id: frozenset(option.value for option in self.options_of(item) if option.missing)
            for item in self.items
        }
        return {name: values for name, values in found.items() if values}

    def options_of(self, item: Item) -> tuple[Option, ...]:
        """List the options of an item.

        Parameters
        ----------
        item : Item
            An item of this instrument.

        Returns
        -------
        tuple of Option
            Empty when it has none.
        """
        options = self.option_sets.get(item.options or "")
        return options.options if options else ()

    def waves_of(self, item: Item) -> tuple[str, ...]:
        """List the waves at which an item is asked.

        Parameters
        ----------
        item : Item
            An item of this instrument.

        Returns
        -------
        tuple of str
            Wave ids; without `waves` of its own, all that are not retrospective.
        """
        return item.waves or tuple(wave.id for wave in self.waves if wave.asked_with is None)

    def adapt(
        self,
        *,
        organisation: str | None = None,
        programme: str | None = None,
        tokens: Mapping[str, str] | None = None,
        drop: str | Iterable[str] = (),
        add: Iterable[Mapping[str, object]] = (),
        reword: Mapping[str, str] | None = None,
        options: Mapping[str, Mapping[object, object]] | None = None,
        languages: str | Sequence[str] | None = None,
        translations: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Instrument:
        """Fit the instrument to an organisation, with a ledger of what changed.

        Parameters
        ----------
        organisation, programme : str, optional
            What stands for ``{organisation}`` and ``{programme}``.
        tokens : mapping of str to str, optional
            What stands for other tokens.
        drop : str or iterable of str
            Ids of items, matrices or sections to leave out; scales lose the items.
        add : iterable of mapping
            New items, or matrices with their ``rows``, with the keys that they have in YAML, and ``id``, ``section``
            (default the last) and ``after`` (the id of an item or matrix, also of one added before it).
        reword : mapping of str to str, optional
            Item id, or path of a text such as ``sections.start.title``, -> new wording.
        options : mapping, optional
            Option set id -> {value: label}; with "missing": {value: label} other missing options too, else they stay.
            A set that is not there yet is made, for items of `add`.
        languages : str or sequence of str, optional
            Languages to have, the first that of the file.
        translations : mapping, optional
            Language -> {path: text}, added to those there.

        Returns
        -------
        Instrument
            A new instrument; this one stays as it is. Unless all that changed is what stands for words in braces, its
            version ends in a print of its content, such as ``1.0-3f2a9c``, so that answers to the two are told apart;
            the same changes give the same version.

        Raises
        ------
        InstrumentError
            INS-008 for an argument of the wrong kind, INS-031 for a name that is not there, INS-032 for a wording that
            must stay, and whatever rule of `evalkit.instruments.checks` the result breaks.
        """
        from evalkit.instruments.adapt import adapted, changes_from

        names = {"organisation": organisation, "programme": programme}
        changes = changes_from(
            self,
            names={name: text for name, text in names.items() if text is not None},
            tokens=tokens,
            drop=drop,
            add=add,
            reword=reword,
            options=options,
            languages=languages,
            translations=translations,
        )
        return adapted(self, changes)
