"""From an instrument to what is kept of it for comparisons: the forms of its items and scales."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import InstrumentError
from evalkit.instruments.basis import Basis, ItemForm, ScaleForm, content_print, text_print
from evalkit.instruments.conditions import leaves, parse_condition, renamed
from evalkit.instruments.model import Instrument, Item, Matrix, Scale, Section, Translation

# Not part of what is asked: the name of the version, what is filled in, and what happened before.
_NOT_CONTENT = {"version", "tokens", "ledger"}


def basis_of(instrument: Instrument) -> Basis:
    """Keep what decides on comparisons with an instrument.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    Basis
        The forms of its items and scales, and the print of its content.
    """
    items = item_forms(instrument)
    return Basis(
        content=content_of(instrument),
        items=tuple(items.values()),
        scales=tuple(_scale_form(scale, instrument, items) for scale in instrument.scales),
    )


def content_of(instrument: Instrument) -> str:
    """Make the print of all that an instrument says and asks.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    str
        Six characters; the version, what is filled in for words in braces, and the ledger do not count.
    """
    return content_print(instrument.model_dump(mode="json", exclude=_NOT_CONTENT, warnings=False))


def item_forms(instrument: Instrument) -> dict[str, ItemForm]:
    """Take the form of every item.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    dict of str to ItemForm
        Item id -> form.
    """
    return {item.id: _item_form(instrument, section, item) for section in instrument.sections for item in section.items}


def scale_form(scale: Scale, instrument: Instrument) -> ScaleForm:
    """Take the form of a scale; a retrospective one as that of the scale that it repeats.

    Parameters
    ----------
    scale : Scale
        A scale of the instrument.
    instrument : Instrument
        The instrument, or the form of one of its waves.

    Returns
    -------
    ScaleForm
        Of `mood_then` over `calm_then` in a form of `evalkit.instruments.form_at`, that of `mood` over `calm`: the
        questions are the same, asked about another time.
    """
    wave = retrospective_wave(scale, instrument)
    back = ""
    if wave:
        back = text_print(*_pages_said(scale, instrument))
        scale, instrument = _repeated(scale, instrument, wave)
    items = {
        item.id: _item_form(instrument, section, item)
        for section in instrument.sections
        for item in section.items
        if item.id in scale.items
    }
    return _scale_form(scale, instrument, items).changed(looking_back=back)


def retrospective_wave(scale: Scale, instrument: Instrument) -> str:
    """Tell the retrospective wave of a scale in the form of a wave.

    Parameters
    ----------
    scale : Scale
        A scale of the form.
    instrument : Instrument
        From `evalkit.instruments.form_at`; or an instrument, which has no such scales.

    Returns
    -------
    str
        Such as "then"; empty for an ordinary scale. Told by the names that `form_at` gives: the scale, each of its
        items and each of their pages end in the wave.
    """
    pages = {section.id for section in instrument.sections for item in section.items if item.id in scale.items}
    names = (scale.id, *scale.items, *pages)
    for position in [place for place, letter in enumerate(scale.id) if letter == "_"]:
        ending = scale.id[position:]
        if position and all(name.endswith(ending) and len(name) > len(ending) for name in names):
            return ending[1:]
    return ""


def _pages_said(scale: Scale, instrument: Instrument) -> Iterator[str]:
    """List what the pages of a scale say above its items, each once."""
    yield from dict.fromkeys(
        section.intro for section in instrument.sections if any(item.id in scale.items for item in section.items)
    )


def _repeated(scale: Scale, instrument: Instrument, wave: str) -> tuple[Scale, Instrument]:
    """Give a retrospective scale, its items and its page the names of what they repeat."""
    ending = f"_{wave}"
    said = {section.id: section.intro for section in instrument.sections}
    sections = []
    for section in instrument.sections:
        kept = tuple(item for item in section.items if item.id in scale.items)
        if kept:
            items = tuple(
                item.changed(
                    id=item.id.removesuffix(ending),
                    matrix=None if item.matrix is None else item.matrix.removesuffix(ending),
                    when=_original(item.when, ending),
                )
                for item in kept
            )
            matrices = tuple(matrix.changed(id=matrix.id.removesuffix(ending)) for matrix in section.matrices)
            page = section.id.removesuffix(ending)
            when = _original(section.when, ending)
            sections.append(
                section.changed(id=page, intro=said.get(page, ""), items=items, matrices=matrices, when=when)
            )
    original = scale.changed(
        id=scale.id.removesuffix(ending),
        items=tuple(name.removesuffix(ending) for name in scale.items),
        reverse=tuple(name.removesuffix(ending) for name in scale.reverse),
    )
    translations = tuple(
        one.changed(texts=tuple({**dict(one.texts), **_original_texts(one, ending)}.items()))
        for one in instrument.translations
    )
    return original, instrument.changed(sections=tuple(sections), translations=translations)


def _original_texts(translation: Translation, ending: str) -> dict[str, str]:
    """Give the translations of repeated items and matrices the paths of what they repeat."""
    found = {}
    for path, text in translation.texts:
        kind, _, rest = path.partition(".")
        name, _, key = rest.rpartition(".")
        if kind in {"items", "matrices"} and name.endswith(ending):
            found[f"{kind}.{name.removesuffix(ending)}.{key}"] = text
    return found


def _original(when: str, ending: str) -> str:
    if not when:
        return when
    condition = parse_condition(when)
    return str(renamed(condition, {leaf.item: leaf.item.removesuffix(ending) for leaf in leaves(condition)}))


def _scale_form(scale: Scale, instrument: Instrument, items: dict[str, ItemForm]) -> ScaleForm:
    return ScaleForm(
        id=scale.id,
        language=instrument.languages[0],
        items=tuple(items[name] for name in scale.items),
        reverse=scale.reverse,
        rule=scale.rule,
        min_answered=scale.min_answered,
        range=scale.range,
        looking_back=text_print(*dict.fromkeys(_said_looking_back(scale, instrument))),
    )


def _said_looking_back(scale: Scale, instrument: Instrument) -> Iterator[str]:
    asked = {wave for name in scale.items for wave in instrument.by_id[name].waves}
    for wave in instrument.waves:
        if wave.asked_with is not None and wave.id in asked:
            yield wave.intro


def _item_form(instrument: Instrument, section: Section, item: Item) -> ItemForm:
    options = instrument.options_of(item)
    counted = [option for option in options if not option.missing]
    by_value = sorted(counted, key=lambda option: (isinstance(option.value, str), option.value))
    above = next((matrix for matrix in section.matrices if matrix.id == item.matrix), Matrix.model_construct(text=""))
    limits = (item.min, item.max, item.decimals)
    return ItemForm(
        id=item.id,
        kind=item.kind,
        text=text_print(item.text, item.unit),
        above=text_print(above.text),
        help=text_print(item.help, above.help),
        values=" ".join(str(option.value) for option in by_value),
        labels=" ".join(text_print(option.label) for option in by_value),
        order="" if counted == by_value else " ".join(str(option.value) for option in counted),
        declining=text_print(*sorted(f"{option.value} {option.label}" for option in options if option.missing)),
        limits="" if limits == (None, None, 0) else " ".join(map(str, limits)),
        shown=text_print(*_conditions(section, item)),
        intro=text_print(section.intro),
        translated=" ".join(_translated(instrument, section, item)),
    )


def _translated(instrument: Instrument, section: Section, item: Item) -> Iterator[str]:
    paths = [f"sections.{section.id}.intro", *(f"items.{item.id}.{key}" for key in ("text", "help", "unit"))]
    paths += [f"matrices.{item.matrix}.{key}" for key in ("text", "help") if item.matrix]
    values = sorted(str(option.value) for option in instrument.options_of(item))
    paths += [f"options.{item.options}.{value}" for value in values]
    for translation in instrument.translations:
        own = dict(translation.texts)
        yield f"{translation.language}:{text_print(*(own.get(path, '') for path in paths))}"


def _conditions(section: Section, item: Item) -> Iterator[str]:
    for text in (section.when, item.when):
        try:
            yield str(parse_condition(text)) if text else ""
        except InstrumentError:
            yield text
