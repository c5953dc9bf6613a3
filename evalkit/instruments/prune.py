"""Take out what nothing uses any more, after items were dropped or chosen."""

from __future__ import annotations

from evalkit.instruments.model import Instrument, Scale, Section
from evalkit.instruments.rules import standard_examples
from evalkit.instruments.wording import texts


def without_leftovers(instrument: Instrument) -> Instrument:
    """Take out empty pages and retrospective waves, matrices without rows, unused options and orphaned translations.

    Parameters
    ----------
    instrument : Instrument
        After a change of its items.

    Returns
    -------
    Instrument
        A new instrument.
    """
    used = {item.options for section in instrument.sections for item in section.items}
    asked = {wave for section in instrument.sections for item in section.items for wave in item.waves}
    kept = instrument.changed(
        waves=tuple(wave for wave in instrument.waves if wave.asked_with is None or wave.id in asked),
        sections=tuple(_section(section) for section in instrument.sections if section.items),
        options=tuple(options for options in instrument.options if options.id in used),
    )
    paths = texts(kept)
    return kept.changed(
        translations=tuple(
            translation.changed(texts=tuple((path, text) for path, text in translation.texts if path in paths))
            for translation in kept.translations
        )
    )


def shorter_scale(scale: Scale, dropped: frozenset[str]) -> Scale | None:
    """Take items out of a scale.

    Parameters
    ----------
    scale : Scale
        The scale.
    dropped : frozenset of str
        Items that are no longer there.

    Returns
    -------
    Scale or None
        The same scale when it has none of them; None when nothing is left; else one that asks for at most as many
        answers as it has items, with worked examples made anew.
    """
    items = tuple(name for name in scale.items if name not in dropped)
    if len(items) == len(scale.items):
        return scale
    if not items:
        return None
    shorter = scale.changed(
        items=items,
        reverse=tuple(name for name in scale.reverse if name not in dropped),
        min_answered=min(scale.min_answered, len(items)),
    )
    return shorter.changed(examples=standard_examples(shorter))


def _section(section: Section) -> Section:
    names = {item.matrix for item in section.items}
    return section.changed(matrices=tuple(matrix for matrix in section.matrices if matrix.id in names))
