"""Fit an instrument to an organisation: a new instrument, checked, with a ledger of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.frames import require
from evalkit.instruments.checks import check_instrument
from evalkit.instruments.ledger import ledger_against, version_of
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Scale, Section, Token, Translation
from evalkit.instruments.prune import shorter_scale, without_leftovers
from evalkit.instruments.rules import standard_examples
from evalkit.instruments.scale_forms import basis_of, content_of
from evalkit.instruments.sheet import matrix_records
from evalkit.instruments.wording import reworded, texts, token_texts


@dataclass(frozen=True, slots=True)
class Changes:
    """What an adaptation asks for; see `Instrument.adapt`.

    Parameters
    ----------
    tokens : mapping of str to str
        Token -> text.
    drop : tuple of str
        Items, matrices or sections to leave out.
    add : tuple of mapping
        New items.
    reword : mapping of str to str
        Item id or path of a text -> new wording.
    options : mapping
        Option set -> {value: label, "missing": {value: label}}.
    languages : tuple of str, optional
        Languages to have.
    translations : mapping
        Language -> {path: text}.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    add: tuple[Mapping[str, object], ...] = ()
    reword: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[object, object]] = field(default_factory=dict)
    languages: tuple[str, ...] | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def changes_from(instrument: Instrument, names: Mapping[str, str], **said: object) -> Changes:
    """Make changes from what a caller said, after a look at its kind.

    Parameters
    ----------
    instrument : Instrument
        The instrument, for messages.
    names : mapping of str to str
        Token -> text, of the tokens that have an argument of their own.
    **said : object
        The other fields of `Changes`; None for nothing. One text stands for a list of it in `drop` and `languages`.

    Returns
    -------
    Changes
        The same in the right shape.

    Raises
    ------
    InstrumentError
        INS-008 for each argument of the wrong kind.
    """
    for argument in ("drop", "languages"):
        if isinstance(said[argument], str):
            said[argument] = (said[argument],)
    for argument in ("drop", "add", "languages"):
        value = said[argument]
        if isinstance(value, Iterator):  # a look at it would use it up
            said[argument] = tuple(value)
    problems = [
        _problem(instrument, "INS-008", argument, f"{wrong!r}"[:60], expected, "See the arguments of adapt().")
        for argument, wrong, expected in _wrong_kinds({**said, "names": names})
    ]
    require(problems, error=InstrumentError)
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    for name in ("drop", "add", "languages"):
        if name in given:
            given[name] = tuple(given[name])
    return Changes(**{**given, "tokens": {**given.get("tokens", {}), **names}})


def _wrong_kinds(said: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """List arguments of the wrong kind: name, what was there, what was expected."""
    texts_expected = "a mapping of name to text"
    for argument in ("tokens", "names", "reword"):
        yield from _no_mapping(argument, said[argument], str, texts_expected)
    yield from _no_mapping("options", said["options"], Mapping, "a mapping of option set to {value: label}")
    yield from _no_mapping("translations", said["translations"], Mapping, "a mapping of language to {path: text}")
    for language, rows in said["translations"].items() if isinstance(said["translations"], Mapping) else ():
        if isinstance(rows, Mapping):
            yield from _no_mapping(f"translations, {language}", rows, str, texts_expected)
    for argument, kind, expected in (
        ("drop", str, "ids"),
        ("add", Mapping, "mappings with id, kind, text and so on"),
        ("languages", str, "tags such as en-GB"),
    ):
        value = said[argument]
        if value is None:
            continue
        if isinstance(value, Mapping | str) or not isinstance(value, Iterable):
            yield argument, value, f"a list of {expected}"
        else:
            yield from ((argument, one, expected) for one in value if not isinstance(one, kind) or not one)


def _no_mapping(argument: str, value: object, kind: type, expected: str) -> Iterator[tuple[str, object, str]]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield argument, value, expected
        return
    for name, one in value.items():
        if not isinstance(name, str) or not isinstance(one, kind):
            yield f"{argument}, {name}", one, expected


def adapted(instrument: Instrument, changes: Changes) -> Instrument:
    """Adapt an instrument.

    Parameters
    ----------
    instrument : Instrument
        The instrument; it stays as it is.
    changes : Changes
        What to change.

    Returns
    -------
    Instrument
        A new instrument with its ledger, checked by every rule.

    Raises
    ------
    InstrumentError
        INS-031 for names that are not there, INS-032 for wordings that must stay, else what the checks find.
    """
    problems = [*_unknown(instrument, changes), *_kept_wordings(instrument, changes)]
    require(problems, error=InstrumentError)
    result = _with_tokens(instrument, changes.tokens)
    result = _with_options(result, changes.options)
    result = _with_wordings(result, changes.reword)
    result = _without(result, changes.drop)
    result = _with_items(result, changes.add)
    result = _with_languages(without_leftovers(result), changes, _new_wordings(instrument, changes))
    checked = check_instrument(_valid(result))
    origin = f"{instrument.id} {instrument.version}" if instrument.ledger is None else instrument.ledger.origin
    basis = basis_of(instrument) if instrument.ledger is None else instrument.ledger.basis
    return checked.changed(
        version=_version(checked, basis.content, instrument),
        ledger=ledger_against(origin, basis, checked),
    )


def _version(instrument: Instrument, content: str, before: Instrument) -> str:
    """Name a version by its content; the print that an earlier adaptation gave it is left out."""
    base = before.version if before.ledger is None else before.version.removesuffix(f"-{content_of(before)}")
    return version_of(base, instrument, content)


def _unknown(instrument: Instrument, changes: Changes) -> Iterator[Problem]:
    sections = [section.id for section in instrument.sections]
    matrices = [matrix.id for section in instrument.sections for matrix in section.matrices]
    known_texts = [*texts(instrument), *instrument.by_id]
    new_items = [str(item.get("id")) for item in changes.add]
    new_sets = {str(item.get("options")) for item in changes.add}
    languages = changes.languages or instrument.languages
    places: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("tokens", changes.tokens, token_texts(instrument)),
        ("drop", changes.drop, [*instrument.by_id, *matrices, *sections]),
        ("reword", changes.reword, known_texts),
        ("options", changes.options, [*instrument.option_sets, *new_sets]),
        ("add", [str(item["section"]) for item in changes.add if "section" in item], sections),
        *(
            ("add", [str(item["after"])], [*instrument.by_id, *matrices, *new_items[:position]])
            for position, item in enumerate(changes.add)
            if "after" in item
        ),
        ("translations", changes.translations, languages[1:]),
    ]
    for argument, names, known in places:
        for name in names:
            if name not in known:
                remedy = did_you_mean(name, known)
                yield _problem(instrument, "INS-031", argument, repr(name), "a name of the instrument", remedy)
    if changes.languages is not None and changes.languages[:1] != instrument.languages[:1]:
        found = f"languages {list(changes.languages)}"
        expected = f"{instrument.languages[0]} first, in which it is written"
        yield _problem(instrument, "INS-031", "languages", found, expected, "Put it first.")


def _kept_wordings(instrument: Instrument, changes: Changes) -> Iterator[Problem]:
    """Find the wordings that an adaptation changes although they must stay."""
    for name, why in _touched(instrument, changes):
        item = instrument.by_id[name]
        if not (item.may_reword and instrument.may_reword):
            remedy = "Leave the wording as it is, drop the item, or ask who holds the rights."
            yield _problem(instrument, "INS-032", why, f"{name}, which may not be reworded", "its own wording", remedy)


def _touched(instrument: Instrument, changes: Changes) -> Iterator[tuple[str, str]]:
    for key in changes.reword:
        kind, _, rest = key.partition(".")
        name = rest.split(".")[0]
        for item in instrument.items:
            touched = {("items", item.id), ("matrices", item.matrix), ("options", item.options)}
            if key == item.id or (kind, name) in touched:
                yield item.id, f"reword {key}"
    for key in changes.options:
        for item in instrument.items:
            if item.options == key:
                yield item.id, f"options {key}"


def _with_tokens(instrument: Instrument, tokens: Mapping[str, str]) -> Instrument:
    known = {**{token.name: token.text for token in instrument.tokens}, **tokens}
    return instrument.changed(tokens=tuple(Token.model_construct(name=name, text=text) for name, text in known.items()))


def _with_options(instrument: Instrument, options: Mapping[str, Mapping[object, object]]) -> Instrument:
    known = dict(instrument.option_sets)
    for name, rows in options.items():
        known[name] = _option_set(instrument, name, rows, known.get(name))
    return _rescaled(instrument.changed(options=tuple(known.values())), instrument)


def _option_set(instrument: Instrument, name: str, rows: Mapping[object, object], old: OptionSet | None) -> OptionSet:
    hidden = rows.get("missing")
    kept = tuple(option for option in old.options if option.missing) if old is not None else ()
    try:
        shown = [Option.model_validate(_row(value, label)) for value, label in rows.items() if value != "missing"]
        if isinstance(hidden, Mapping):
            kept = tuple(Option.model_validate({**_row(*row), "missing": True}) for row in hidden.items())
        return OptionSet(id=name, options=(*shown, *kept))
    except ValidationError as error:
        raise InstrumentError(_invalid(instrument, f"options {name}", error)) from error


def _row(value: object, label: object) -> dict[str, object]:
    return {"value": value, **label} if isinstance(label, Mapping) else {"value": value, "label": label}


def _rescaled(instrument: Instrument, before: Instrument) -> Instrument:
    """Fit the range of scales to items whose options changed, and make their worked examples anew."""
    return instrument.changed(scales=tuple(_fitted(scale, instrument, before) for scale in instrument.scales))


def _fitted(scale: Scale, instrument: Instrument, before: Instrument) -> Scale:
    sets = [instrument.by_id[name].options for name in scale.items if name in instrument.by_id]
    changed = [
        instrument.option_sets[name]
        for name in sets
        if name and instrument.option_sets[name] != before.option_sets[name]
    ]
    numbers = [number for options in changed for number in options.numbers]
    if not numbers or len(changed) < len(scale.items):
        return scale.changed(examples=standard_examples(scale)) if changed else scale
    fitted = scale.changed(range=(min(numbers), max(numbers)))
    return fitted.changed(examples=standard_examples(fitted)) if min(numbers) < max(numbers) else fitted


def _with_wordings(instrument: Instrument, wordings: Mapping[str, str]) -> Instrument:
    known = {f"items.{key}.text" if key in instrument.by_id else key: text for key, text in wordings.items()}
    return reworded(instrument, known.get) if known else instrument


def _without(instrument: Instrument, drop: tuple[str, ...]) -> Instrument:
    gone = frozenset(
        item.id
        for section in instrument.sections
        for item in section.items
        if {item.id, item.matrix, section.id} & {*drop}
    )
    if not gone:
        return instrument
    scales = (shorter_scale(scale, gone) for scale in instrument.scales)
    return instrument.changed(
        sections=tuple(
            section.changed(items=tuple(item for item in section.items if item.id not in gone))
            for section in instrument.sections
        ),
        scales=tuple(scale for scale in scales if scale is not None),
    )


def _with_items(instrument: Instrument, add: tuple[Mapping[str, object], ...]) -> Instrument:
    for position, row in enumerate(add, start=1):
        matrix, items = _new_items(instrument, row, position)
        home = str(row.get("section") or _home(instrument, row.get("after")))
        instrument = instrument.changed(
            sections=tuple(
                _inserted(section, matrix, items, row.get("after")) if section.id == home else section
                for section in instrument.sections
            )
        )
    return instrument


def _new_items(
    instrument: Instrument, row: Mapping[str, object], position: int
) -> tuple[tuple[Matrix, ...], tuple[Item, ...]]:
    """Make the item that is to be added, or the matrix and its rows, from what a YAML file would say."""
    place = f"add {position}"
    said = {key: value for key, value in row.items() if key not in {"section", "after"}}
    try:
        if said.get("kind") != "matrix" and "rows" not in said:
            return (), (Item.model_validate(said),)
        above, below, problems = matrix_records(said, f"adapting {instrument.id}, {place}")
        require(problems, error=InstrumentError)
        return (Matrix.model_validate(above),), tuple(map(Item.model_validate, below))
    except ValidationError as error:
        raise InstrumentError(_invalid(instrument, place, error)) from error


def _home(instrument: Instrument, after: object) -> str:
    for section in instrument.sections:
        if any(after is not None and after in {item.id, item.matrix} for item in section.items):
            return section.id
    return instrument.sections[-1].id


def _inserted(section: Section, matrices: tuple[Matrix, ...], items: tuple[Item, ...], after: object) -> Section:
    """Put items behind another; behind a row means behind its whole matrix, whose rows stay together."""
    known = {name: position for position, one in enumerate(section.items, start=1) for name in (one.id, one.matrix)}
    before = known.get(str(after))
    place = before or len(section.items)
    matrix = section.items[place - 1].matrix if before else None
    while matrix is not None and place < len(section.items) and section.items[place].matrix == matrix:
        place += 1
    return section.changed(
        items=(*section.items[:place], *items, *section.items[place:]), matrices=(*section.matrices, *matrices)
    )


def _new_wordings(instrument: Instrument, changes: Changes) -> set[str]:
    """List the paths whose wording changes, so that their old translations do not fit any more."""
    paths = {f"items.{key}.text" if key in instrument.by_id else key for key in changes.reword}
    return paths | {
        path for path in texts(instrument) for name in changes.options if path.startswith(f"options.{name}.")
    }


def _with_languages(instrument: Instrument, changes: Changes, stale: set[str]) -> Instrument:
    languages = changes.languages or instrument.languages
    old = {translation.language: dict(translation.texts) for translation in instrument.translations}
    found = []
    for language in languages[1:]:
        kept = {path: text for path, text in old.get(language, {}).items() if path not in stale}
        given = {**kept, **changes.translations.get(language, {})}
        found.append(Translation(language=language, texts=tuple(given.items())))
    return instrument.changed(languages=languages, translations=tuple(found))


def _valid(instrument: Instrument) -> Instrument:
    try:
        return Instrument.model_validate(instrument.model_dump(warnings=False))
    except ValidationError as error:
        raise InstrumentError(_invalid(instrument, "the result", error)) from error


def _invalid(instrument: Instrument, argument: str, error: ValidationError) -> list[Problem]:
    return [
        _problem(
            instrument,
            "INS-008",
            f"{argument}, {'.'.join(str(step) for step in detail['loc'])}",
            repr(detail["input"])[:60],
            detail["msg"][:1].lower() + detail["msg"][1:],
            "See surveys/README.md.",
        )
        for detail in error.errors(include_url=False)
    ]


def _problem(instrument: Instrument, code: str, argument: str, found: str, expected: str, remedy: str) -> Problem:
    return Problem(code, f"adapting {instrument.id}, {argument}", found, expected, remedy)
