"""Qualtrics: the Advanced Format TXT that its "Import survey" takes, with fixed recode values.

Each text stands on one line of HTML; brackets become entities, so that no text can be taken for a tag. Recode values
are numbers in Qualtrics, so words among the values change. Identifier, version and wave travel as embedded data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from types import MappingProxyType

from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.naming import HIDDEN_FIELDS, hidden_value, shown_text
from evalkit.instruments.export.qualtrics_reader import read_back
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.model import Instrument, Item, Matrix, OptionSet, Section

__all__ = ["build", "read_back"]

_TAGS: Mapping[str, str] = MappingProxyType(
    {
        "single_choice": "MC:SingleAnswer:Vertical",
        "likert": "MC:SingleAnswer:Vertical",
        "multiple_choice": "MC:MultipleAnswer",
        "number": "TE:SingleLine",
        "date": "TE:SingleLine",
        "short_text": "TE:SingleLine",
        "long_text": "TE:Essay",
        "information": "DB",
    }
)
_ABOUT = ("about_title", "about_description", "about_consent", "about_privacy")
_ENTITIES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "[": "&#91;",
        "]": "&#93;",
        "$": "&#36;",
        "\t": "&#9;",
        "\n": "<br />",
    }
)


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form in Qualtrics' Advanced Format.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The file's text, what the format cannot carry (logic, required answers, limits, translations), and the codes
        that had to change: values that are words get numbers, and a row of a matrix is the column ``matrix_number``.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for an identifier that embedded data cannot carry.
    """
    codes = _codes(instrument)
    values = (instrument.id, instrument.version, instrument.waves[0].id)
    parts = [["[[AdvancedFormat]]"], [*_embedded(values, instrument.id)], [f"[[Block:{codes.about}]]"]]
    for name, key in zip(_ABOUT, ("title", "description", "consent", "privacy"), strict=True):
        parts.append(_question("DB", codes.tags[name], _html(getattr(instrument, key), key)))
    for section in instrument.sections:
        parts += _page(section, instrument, codes)
    text = "\n\n".join("\n".join(lines) for lines in parts)
    return f"{text}\n", tuple(_losses(instrument, codes)), tuple(_changes(instrument, codes))


@dataclass(frozen=True, slots=True)
class _Codes:
    """What questions, rows and options are called in Qualtrics."""

    about: str
    tags: Mapping[str, str]
    rows: Mapping[str, int]
    values: Mapping[str, Mapping[str, str]]

    def column(self, item: Item) -> str:
        """Name the column of the answers, or what it begins with."""
        if item.matrix is None:
            return self.tags[f"items.{item.id}"]
        return f"{self.tags[f'matrices.{item.matrix}']}_{self.rows[item.id]}"


def _codes(form: Instrument) -> _Codes:
    values = {one.id: _recoded(one) for one in form.options}
    groups = [group for section in form.sections for group in section.groups()]
    rows = {item.id: n for matrix, items in groups if matrix is not None for n, item in enumerate(items, start=1)}
    wanted: list[tuple[str, str, Collection[str]]] = []
    for item in form.items:
        if item.matrix is None:
            ticks = values[item.options or ""].values() if item.kind == "multiple_choice" else ()
            wanted.append((f"items.{item.id}", item.name, ticks))
    for matrix, items in groups:
        if matrix is not None:
            wanted.append((f"matrices.{matrix.id}", matrix.id, [str(rows[item.id]) for item in items]))
    wanted += [(f"sections.{section.id}", section.id, ()) for section in form.sections]
    wanted += [(name, name, ()) for name in _ABOUT]
    blocks = {section.id for section in form.sections}
    about = next(name for name in chain(["about"], (f"about_{number}" for number in count(1))) if name not in blocks)
    return _Codes(about, _tags(wanted), rows, values)


def _tags(wanted: Iterable[tuple[str, str, Collection[str]]]) -> dict[str, str]:
    """Choose tags such that no two columns of the answers, a tag with or without an ending, have the same name."""
    used = set(HIDDEN_FIELDS)
    tags: dict[str, str] = {}
    for key, name, endings in wanted:
        for tag in chain([name], (f"{name}_q{number}" for number in count(2))):
            columns = {tag, *(f"{tag}_{ending}" for ending in endings)}
            if not columns & used:
                break
        tags[key] = tag
        used |= columns
    return tags


def _recoded(options: OptionSet) -> dict[str, str]:
    """Give each value a number: its own, else one that cannot be mistaken for an answer that counts."""
    own = {str(one.value): str(one.value) for one in options.options if isinstance(one.value, int)}
    largest = max((int(value) for value in own), default=0)
    free = count(1)
    far = count(10 ** max(len(str(largest)), 2) - 10 + 1) if largest < 90 else count(10 ** (len(str(largest)) + 1) - 9)
    return {
        str(one.value): own.get(str(one.value)) or str(next(far if one.missing else free)) for one in options.options
    }


def _embedded(values: tuple[str, ...], name: str) -> Iterator[str]:
    for field, value in zip(HIDDEN_FIELDS, values, strict=True):
        yield f"[[ED:{field}:{hidden_value(value, f'{field} of {name}')}]]"


def _html(text: str, place: str) -> str:
    """Write a plain text as one line of HTML in which nothing is a tag or piped."""
    return shown_text(text, place).translate(_ENTITIES)


def _with_help(text: str, note: str, place: str) -> str:
    return _html(text, place) + (f"<br /><em>{_html(note, place)}</em>" if note else "")


def _question(kind: str, tag: str, *lines: str) -> list[str]:
    return [f"[[Question:{kind}]]", f"[[ID:{tag}]]", *lines]


def _page(section: Section, form: Instrument, codes: _Codes) -> Iterator[list[str]]:
    place = f"section {section.id}"
    yield [f"[[Block:{section.id}]]"]
    intro = f"<br />{_html(section.intro, place)}" if section.intro else ""
    heading = f"<strong>{_html(section.title, place)}</strong>{intro}"
    yield _question("DB", codes.tags[f"sections.{section.id}"], heading)
    for matrix, items in section.groups():
        yield _single(items[0], form, codes) if matrix is None else _matrix(matrix, items, form, codes)


def _single(item: Item, form: Instrument, codes: _Codes) -> list[str]:
    place = f"item {item.id}"
    unit = f'<br /><span class="unit">{_html(item.unit, place)}</span>' if item.unit else ""
    text = _with_help(item.text, item.help, place) + unit
    choices = ["[[AdvancedChoices]]", *_options("Choice", item, form, codes)] if item.options is not None else []
    return _question(_TAGS[item.kind], codes.tags[f"items.{item.id}"], text, *choices)


def _matrix(matrix: Matrix, items: tuple[Item, ...], form: Instrument, codes: _Codes) -> list[str]:
    text = _with_help(matrix.text, matrix.help, f"matrix {matrix.id}")
    rows = [
        line
        for item in items
        for line in (f"[[Choice:{codes.rows[item.id]}]]", _with_help(item.text, item.help, f"item {item.id}"))
    ]
    answers = ["[[AdvancedAnswers]]", *_options("Answer", items[0], form, codes)]
    return _question("Matrix", codes.tags[f"matrices.{matrix.id}"], text, "[[AdvancedChoices]]", *rows, *answers)


def _options(word: str, item: Item, form: Instrument, codes: _Codes) -> Iterator[str]:
    numbers = codes.values[item.options or ""]
    for option in form.options_of(item):
        yield f"[[{word}:{numbers[str(option.value)]}]]"
        yield _html(option.label, f"options {item.options}")


def _losses(form: Instrument, codes: _Codes) -> Iterator[Loss]:
    yield from metadata_losses(form, "Qualtrics")
    yield from item_losses(form, "Qualtrics")
    for language in form.languages:
        yield Loss("translation", language, "The format has one language and does not say which: set it in Qualtrics.")
    for section in form.sections:
        if section.when:
            yield Loss(
                "display logic", section.id, f"Show the block only if {section.when}: set it in the survey flow."
            )
        for matrix in section.matrices:
            tag = codes.tags[f"matrices.{matrix.id}"]
            if tag != matrix.id:
                yield Loss("matrix name", matrix.id, f"The matrix is the question {tag} in Qualtrics.")
    for item in form.items:
        yield from _item_losses(item, form)


def _item_losses(item: Item, form: Instrument) -> Iterator[Loss]:
    if item.when:
        yield Loss("display logic", item.id, f"Show the question only if {item.when}: set it in Qualtrics.")
    if item.required:
        yield Loss("required", item.id, "The format cannot require answers: turn on Force response in Qualtrics.")
    if item.kind in {"number", "date"}:
        yield Loss(
            "kind", item.id, f"The {item.kind} arrives as a short text: turn on content validation in Qualtrics."
        )
    found = {"at least": item.min, "at most": item.max, "decimals": item.decimals or None, "length": item.max_length}
    limits = ", ".join(f"{word} {limit}" for word, limit in found.items() if limit is not None)
    if limits:
        yield Loss("validation", item.id, f"The format has no limits: set {limits} in Qualtrics.")
    if item.kind == "multiple_choice" and any(one.exclusive or one.missing for one in form.options_of(item)):
        yield Loss("exclusive options", item.id, "Make the options that exclude the others exclusive in Qualtrics.")


def _changes(form: Instrument, codes: _Codes) -> Iterator[CodeChange]:
    for item in form.items:
        column = codes.column(item)
        if column != item.id:
            yield CodeChange(item.id, "", column, "")
        for value, number in codes.values.get(item.options or "", {}).items():
            if value != number:
                yield CodeChange(item.id, value, column, number)
