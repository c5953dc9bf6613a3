"""The form that is answered at one wave, retrospective questions included.

A retrospective-before ("then") question is asked again under another name: `listen` at `then` is `listen_then`.
"""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.instruments.conditions import parse_condition, renamed
from evalkit.instruments.model import Instrument, Item, Matrix, Scale, Section, Translation, Wave
from evalkit.instruments.prune import without_leftovers


def form_at(instrument: Instrument, wave: str) -> Instrument:
    """Make the form that is answered at one wave.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    wave : str
        An ordinary wave. The retrospective waves that are asked with it come along: their items and scales follow
        those of the same page, under the names ``ITEM_WAVE`` and ``SCALE_WAVE``.

    Returns
    -------
    Instrument
        A new instrument with that one wave.

    Raises
    ------
    InstrumentError
        INS-023 when there is no such wave, or it is itself retrospective.

    Examples
    --------
    >>> from evalkit.instruments.library import load_instrument
    >>> form = form_at(load_instrument("return-to-work-transition"), "after")
    >>> [item.id for item in form.items if item.id.startswith("men_listen")]
    ['men_listen', 'men_listen_then']
    """
    ordinary = {one.id: one for one in instrument.waves if one.asked_with is None}
    if wave not in ordinary:
        place = f"instrument {instrument.id}"
        remedy = did_you_mean(wave, ordinary)
        raise InstrumentError(Problem("INS-023", place, f"wave {wave!r}", "one of its ordinary waves", remedy))
    with_it = [one for one in instrument.waves if one.asked_with == wave]
    form = instrument.changed(
        waves=(ordinary[wave],),
        sections=tuple(page for section in instrument.sections for page in _pages(instrument, section, wave, with_it)),
        scales=tuple(_scales(instrument, wave, with_it)),
        translations=tuple(_translation(instrument, translation, with_it) for translation in instrument.translations),
    )
    return without_leftovers(form)


def _asked(instrument: Instrument, wave: str) -> set[str]:
    return {item.id for item in instrument.items if wave in instrument.waves_of(item)}


def _pages(instrument: Instrument, section: Section, wave: str, with_it: list[Wave]) -> Iterator[Section]:
    names = _asked(instrument, wave)
    yield section.changed(items=tuple(item.changed(waves=()) for item in section.items if item.id in names))
    for then in with_it:
        again = _asked(instrument, then.id)
        items = tuple(_again(item, then.id, again) for item in section.items if item.id in again)
        yield Section(
            id=f"{section.id}_{then.id}",
            title=then.title,
            intro=then.intro,
            items=items,
            matrices=tuple(_matrix(matrix, then.id) for matrix in section.matrices),
            when=_condition(section.when, then.id, again),
        )


def _again(item: Item, wave: str, again: set[str]) -> Item:
    return item.changed(
        id=f"{item.id}_{wave}",
        code=None if item.code is None else f"{item.code}_{wave}",
        matrix=None if item.matrix is None else f"{item.matrix}_{wave}",
        when=_condition(item.when, wave, again),
        waves=(),
    )


def _matrix(matrix: Matrix, wave: str) -> Matrix:
    return matrix.changed(id=f"{matrix.id}_{wave}")


def _condition(text: str, wave: str, again: set[str]) -> str:
    if not text:
        return text
    return str(renamed(parse_condition(text), {name: f"{name}_{wave}" for name in again}))


def _scales(instrument: Instrument, wave: str, with_it: list[Wave]) -> Iterator[Scale]:
    names = _asked(instrument, wave)
    yield from (scale for scale in instrument.scales if names.issuperset(scale.items))
    for then in with_it:
        again = _asked(instrument, then.id)
        for scale in instrument.scales:
            if again.issuperset(scale.items):
                yield scale.changed(
                    id=f"{scale.id}_{then.id}",
                    title=f"{scale.title} ({then.title[:1].lower()}{then.title[1:]})",
                    items=tuple(f"{name}_{then.id}" for name in scale.items),
                    reverse=tuple(f"{name}_{then.id}" for name in scale.reverse),
                )


def _translation(instrument: Instrument, translation: Translation, with_it: list[Wave]) -> Translation:
    """Give the texts of the repeated parts under their new paths too."""
    given = dict(translation.texts)
    for then in with_it:
        for section in instrument.sections:
            for key in ("title", "intro"):
                if f"waves.{then.id}.{key}" in given:
                    given[f"sections.{section.id}_{then.id}.{key}"] = given[f"waves.{then.id}.{key}"]
        for path, text in translation.texts:
            kind, _, rest = path.partition(".")
            if kind in {"items", "matrices"}:
                name, _, key = rest.partition(".")
                given[f"{kind}.{name}_{then.id}.{key}"] = text
    return translation.changed(texts=tuple(given.items()))
