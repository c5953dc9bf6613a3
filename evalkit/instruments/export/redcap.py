"""REDCap: the data dictionary CSV with its eighteen columns, with one form for each wave.

Labels are HTML of a few tags in which ``[name]`` pipes an answer and ``<`` begins a tag; whether entities survive is
not documented, so texts stay plain: a blank is put where REDCap would interpret a character, and the report tells it.
PHP reads the file, for which a backslash before a quotation mark would swallow the end of the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from evalkit.files import inert
from evalkit.instruments.conditions import And, Comparison, Condition, Selected
from evalkit.instruments.export.expressions import written
from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.naming import HIDDEN_FIELDS, hidden_value, short_names, shown_text
from evalkit.instruments.export.redcap_reader import read_back, read_together
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.model import Instrument, Item, Matrix, Section

__all__ = ["build", "build_together", "read_back", "read_together", "single_names", "status_field"]

_COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
_NAME, _FORM, _HEADER, _TYPE, _LABEL, _CHOICES, _NOTE, _VALIDATION, _MIN, _MAX, _IDENTIFIER, _LOGIC, _REQUIRED = (
    _COLUMNS[:13]
)
_MATRIX, _ANNOTATION = _COLUMNS[15], _COLUMNS[17]
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "single_choice": "radio",
        "likert": "radio",
        "multiple_choice": "checkbox",
        "number": "text",
        "date": "text",
        "short_text": "text",
        "long_text": "notes",
        "information": "descriptive",
    }
)
_ABOUT = ("about_survey", "about_consent", "about_privacy")
_MAX_NAME = 26
_MAX_FORM = 50
_TAG_START = re.compile(r"<(?! )")
_PIPED = re.compile(r"\[(?=[A-Za-z0-9_:-]+(?:\([A-Za-z0-9_]*\))?\])")
_ENTITY = re.compile(r"&(?=#?\w+;)", re.ASCII)
_ESCAPED_QUOTE = re.compile(r'\\(?=")')
_EMBEDDED = re.compile(r"\{(?=([a-z0-9_]+)(?::icons)?\})")

_Row = dict[str, str]


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as a REDCap data dictionary.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The file's text, what REDCap cannot carry, and the names that had to change; option values stay as they are.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for an identifier that a hidden field cannot carry.
    """
    return build_together([instrument])


def build_together(forms: Sequence[Instrument]) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write the forms of all waves as one data dictionary, for its upload replaces every form of the project.

    Parameters
    ----------
    forms : sequence of Instrument
        The forms of one instrument, one for each wave. With more than one, the names of fields, matrix groups and forms
        end in the wave: REDCap allows a field's name once in a project.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        As `build` gives it; an item that is asked at several waves has a name for each.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for an identifier that a hidden field cannot carry.
    """
    writers = [_Writer(form, names, []) for form, names in zip(forms, _names(forms), strict=True)]
    rows = [
        _row("record_id", writers[0].names.form, "text", "Record ID"),
        *(row for one in writers for row in one.rows()),
    ]
    lines = [",".join(_COLUMNS_QUOTED), *(",".join(_quoted(row.get(name, "")) for name in _COLUMNS) for row in rows)]
    losses = dict.fromkeys(loss for one in writers for loss in _losses(one))
    losses[_of_the_upload(len(forms))] = None
    return "\n".join(lines) + "\n", tuple(losses), tuple(change for one in writers for change in _changes(one))


def single_names(forms: Sequence[Instrument]) -> list[dict[str, str]]:
    """Tell what the fields of a dictionary of several forms are called when each form has one of its own.

    Parameters
    ----------
    forms : sequence of Instrument
        As `build_together` takes them.

    Returns
    -------
    list of dict of str to str
        For each form: name of a field, and of what REDCap adds to the form, -> the same as `build` has it.
    """
    found = []
    for form, names in zip(forms, _names(forms), strict=True):
        alone = _names([form])[0]
        own = {names.fixed[name]: alone.fixed[name] for name in names.fixed}
        own |= {names.items[item]: alone.items[item] for item in names.items}
        own |= {f"{names.form}_{end}": f"{alone.form}_{end}" for end in ("complete", "timestamp")}
        found.append(own)
    return found


def status_field(instrument: Instrument) -> str:
    """Tell what REDCap calls the field that says whether a form is complete.

    Parameters
    ----------
    instrument : Instrument
        An instrument, or one of its forms.

    Returns
    -------
    str
        Its name in a dictionary of that form alone; the same for the forms of all waves.
    """
    return f"{_form_name(instrument, '')}_complete"


@dataclass(frozen=True, slots=True)
class _Names:
    """What items, pages, matrices and the fields of every form are called in REDCap, and what their names end in."""

    items: Mapping[str, str]
    sections: Mapping[str, str]
    matrices: Mapping[str, str]
    fixed: Mapping[str, str]
    form: str
    end: str


def _names(forms: Sequence[Instrument]) -> list[_Names]:
    """Name everything; nothing in the project has a name twice."""
    ends = [f"_{form.waves[0].id}" if len(forms) > 1 else "" for form in forms]
    called = [_form_name(form, end) for form, end in zip(forms, ends, strict=True)]
    used = {"record_id", *(f"{name}_{kind}" for name in called for kind in ("complete", "timestamp"))}
    groups: set[str] = set()
    found = []
    fixed = [short_names([*HIDDEN_FIELDS, *_ABOUT], partial(_ending, end, _MAX_NAME), _MAX_NAME, used) for end in ends]
    used |= {name for one in fixed for name in one.values()}
    for form, end, own, name in zip(forms, ends, fixed, called, strict=True):
        items = short_names([item.name for item in form.items], partial(_ending, end, _MAX_NAME), _MAX_NAME, used)
        used |= set(items.values())
        pages = short_names([one.id for one in form.sections], partial(_ending, end, _MAX_NAME), _MAX_NAME, used)
        used |= set(pages.values())
        asked = [matrix.id for section in form.sections for matrix in section.matrices]
        matrices = short_names(asked, partial(_ending, end, _MAX_FORM), _MAX_FORM, groups)
        groups |= set(matrices.values())
        found.append(_Names({item.id: items[item.name] for item in form.items}, pages, matrices, own, name, end))
    return found


def _form_name(form: Instrument, end: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", form.id.lower()).strip("_")
    return f"{name[: _MAX_FORM - len(end)].strip('_')}{end}"


def _ending(end: str, longest: int, name: str) -> str:
    """Put the end behind a name, which is shortened for that and not the end."""
    if not end:
        return _two_letters(name)
    return f"{name[: longest - len(end)].rstrip('_')}{end}"


def _two_letters(name: str) -> str:
    return name if len(name) > 1 else f"{name}0"


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the rows, and notes which texts had to change."""

    form: Instrument
    names: _Names
    altered: list[str]

    def rows(self) -> Iterator[_Row]:
        values = (self.form.id, self.form.version, self.form.waves[0].id)
        for name, value in zip(HIDDEN_FIELDS, values, strict=True):
            fixed = hidden_value(value, f"{name} of {self.form.id}")
            annotation = f"Set by evalkit: @HIDDEN @DEFAULT='{fixed}'"
            label = f"{name.capitalize()} (hidden)"
            yield self.row(self.names.fixed[name], "text", label, **{_ANNOTATION: annotation})
        title = self.text(self.form.title, "title")
        about = self.text(self.form.description, "description")
        yield self.row(self.names.fixed[_ABOUT[0]], "descriptive", about, **{_HEADER: title})
        yield self.row(self.names.fixed[_ABOUT[1]], "descriptive", self.text(self.form.consent, "consent"))
        yield self.row(self.names.fixed[_ABOUT[2]], "descriptive", self.text(self.form.privacy, "privacy"))
        for position, section in enumerate(self.form.sections):
            yield from self.section(section, position)

    def row(self, name: str, kind: str, label: str, **cells: str) -> _Row:
        return _row(name, self.names.form, kind, label, **cells)

    def section(self, section: Section, position: int) -> Iterator[_Row]:
        title = self.text(section.title, f"sections.{position}.title")
        intro = self.text(section.intro, f"sections.{position}.intro") or "<span></span>"
        logic = self.logic(section.condition)
        yield self.row(self.names.sections[section.id], "descriptive", intro, **{_HEADER: title, _LOGIC: logic})
        for matrix, items in section.groups():
            header = self.heading(matrix, section, position)
            for item in items:
                first = {_HEADER: header} if item is items[0] and header else {}
                yield {**self.item(item, section), **first}

    def heading(self, matrix: Matrix | None, section: Section, position: int) -> str:
        if matrix is None:
            return ""
        path = f"matrices.{position}.{section.matrices.index(matrix)}"
        return self.with_help(matrix.text, matrix.help, path)

    def item(self, item: Item, section: Section) -> _Row:
        path = f"items.{item.id}"
        in_matrix = item.matrix is not None
        label = self.with_help(item.text, item.help, path) if in_matrix else self.text(item.text, f"{path}.text")
        both = (section.condition, item.condition)
        asked = [condition for condition in both if condition is not None]
        return self.row(
            self.names.items[item.id],
            _TYPES[item.kind],
            label,
            **{
                _CHOICES: self.choices(item),
                _NOTE: "" if in_matrix else self.note(item, path),
                _IDENTIFIER: "y" if item.identifier else "",
                _LOGIC: self.logic(And(tuple(asked)) if len(asked) > 1 else next(iter(asked), None)),
                _REQUIRED: "y" if item.required and item.kind != "multiple_choice" else "",
                _MATRIX: self.names.matrices[item.matrix] if item.matrix is not None else "",
                **self.limits(item),
            },
        )

    def note(self, item: Item, path: str) -> str:
        unit = f'<span class="unit">{self.text(item.unit, f"{path}.unit")}</span>' if item.unit else ""
        return _disarmed(self.text(item.help, f"{path}.help"), unit)

    def choices(self, item: Item) -> str:
        found = []
        for option in self.form.options_of(item):
            path = f"options.{item.id}.{option.value}.label"
            # A formula cannot begin inside a cell, and the bar parts the options.
            label = self.text(option.label, path, begins=False).replace("|", "\u00a6")
            if "|" in option.label:
                self.altered.append(path)
            found.append(f"{option.value}, {label}")
        return " | ".join(found)

    def limits(self, item: Item) -> dict[str, str]:
        low, high = ("" if limit is None else str(limit) for limit in (item.min, item.max))
        tags: list[str] = []
        cells: dict[str, str] = {}
        if item.kind in {"number", "date"}:
            kind = "date_ymd" if item.kind == "date" else "number" if item.decimals else "integer"
            cells = {_VALIDATION: kind, _MIN: low, _MAX: high}
            tags = ["@FORCE-MINMAX"] if low or high else []
        if item.kind == "multiple_choice":
            alone = [str(one.value) for one in self.form.options_of(item) if one.exclusive or one.missing]
            tags = [f"@NONEOFTHEABOVE='{','.join(alone)}'"] if alone else []
            tags += [f"@MAXCHECKED={item.max}"] if item.max is not None else []
        if item.max_length is not None:
            tags.append(f"@CHARLIMIT={item.max_length}")
        # A cell that began with @ would be a formula to a spreadsheet.
        return {**cells, **({_ANNOTATION: f"Set by evalkit: {' '.join(tags)}"} if tags else {})}

    def with_help(self, text: str, note: str, path: str) -> str:
        below = f"<br><em>{self.text(note, f'{path}.help', begins=False)}</em>" if note else ""
        return _disarmed(self.text(text, f"{path}.text"), below)

    def text(self, text: str, path: str, *, begins: bool = True) -> str:
        """Write a plain text so that REDCap shows it; what had to be changed for that is noted."""
        plain = shown_text(text, path).replace("\t", " ")
        for pattern, instead in (
            (_TAG_START, "< "),
            (_PIPED, "[ "),
            (_ENTITY, "& "),
            (_ESCAPED_QUOTE, "\\\\ "),
        ):
            plain = pattern.sub(instead, plain)
        plain = _EMBEDDED.sub(lambda match: "{ " if match.group(1) in self.names.items.values() else "{", plain)
        if plain != text:
            self.altered.append(path)
        shown = plain.replace("\n", "<br>")
        live = begins and inert(shown) != shown
        return f"<span>{shown}</span>" if live or shown.endswith((" ", "\\")) or shown.startswith(" ") else shown

    def logic(self, condition: Condition | None) -> str:
        return "" if condition is None else written(condition, self.leaf)

    def leaf(self, leaf: Comparison | Selected, negated: bool) -> str:  # noqa: FBT001 - how `written` calls it
        item = self.form.by_id[leaf.item]
        name = self.names.items[leaf.item]
        if isinstance(leaf, Selected):
            return f"[{name}({_plain(leaf.value)})] {'<>' if negated else '='} '1'"
        options = self.form.options_of(item)
        ordered = leaf.sign not in {"==", "!="}
        if options and not ordered:
            same = (leaf.sign == "==") != negated
            return f"[{name}] {'=' if same else '<>'} '{_plain(leaf.value)}'"
        none = ["", *(str(option.value) for option in options if option.missing)]
        return _guarded(f"[{name}]", leaf, none, negated=negated)


def _row(name: str, form: str, kind: str, label: str, **cells: str) -> _Row:
    return {_NAME: name, _FORM: form, _TYPE: kind, _LABEL: label, **cells}


def _disarmed(text: str, below: str) -> str:
    """Join a text and what stands below it, of which a number alone could become a formula."""
    whole = f"{text}{below}"
    return f"<span>{text}</span>{below}" if inert(whole) != whole else whole


_OPPOSITE: Mapping[str, str] = MappingProxyType({"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"})


def _guarded(field: str, leaf: Comparison, none: list[str], *, negated: bool) -> str:
    """Compare a number or date only where there is one: REDCap takes an empty answer for 0."""
    sign = {"==": "=", "!=": "<>"}.get(leaf.sign, leaf.sign)
    sign = _OPPOSITE[sign] if negated else sign
    value = f"'{leaf.value}'" if isinstance(leaf.value, str) else f"{leaf.value}"
    # True for an empty answer: "is not", and the opposite of an order.
    empty_too = (leaf.sign == "!=") != negated
    guards = [f"{field} {'=' if empty_too else '<>'} '{one}'" for one in none]
    return f"({(' or ' if empty_too else ' and ').join([*guards, f'{field} {sign} {value}'])})"


def _plain(value: int | float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[",\n]|^\s|\s$', cell) else cell


_COLUMNS_QUOTED = tuple(_quoted(column) for column in _COLUMNS)


def _losses(writer: _Writer) -> Iterator[Loss]:
    form = writer.form
    yield from metadata_losses(form, "REDCap")
    yield from item_losses(form, "REDCap", carried={"identifier"})
    for language in form.languages:
        detail = "A data dictionary has one language and does not say which: add others with Multi-Language Management."
        yield Loss("translation", language, detail)
    for path in dict.fromkeys(writer.altered):
        yield Loss("text", path, "REDCap would interpret < [ { | & or \\ here: a blank or another bar stands there.")
    for section in form.sections:
        if writer.names.sections[section.id] != f"{section.id}{writer.names.end}":
            yield Loss(
                "section name", section.id, f"The page begins with the field {writer.names.sections[section.id]}."
            )
        for matrix in section.matrices:
            name = writer.names.matrices[matrix.id]
            if name != f"{matrix.id}{writer.names.end}":
                yield Loss("matrix name", matrix.id, f"The matrix group is {name} in REDCap.")
    yield from _item_losses(form.items)


def _of_the_upload(forms: int) -> Loss:
    """Say what a data dictionary does to a project."""
    detail = (
        "Events, survey settings and pages are not in a data dictionary: enable each form as a survey with one section "
        "per page, and designate it for its event. The upload replaces all instruments of the project: take a new one. "
    )
    detail += (
        "The dictionary holds a form for each wave; names of fields, pages and matrix groups end in the wave, and "
        "read_responses gives a row for each wave that was answered."
        if forms > 1
        else "One project holds one such dictionary: that of another wave would replace it. Without wave=, "
        "export_survey writes one dictionary with a form for each wave."
    )
    return Loss("pages", "", detail)


def _item_losses(items: Iterable[Item]) -> Iterator[Loss]:
    for item in items:
        if item.kind == "multiple_choice" and item.required:
            yield Loss("required", item.id, "REDCap cannot require checkboxes.")
        if item.kind == "multiple_choice" and item.min is not None:
            yield Loss("validation", item.id, f"REDCap cannot ask for {item.min} ticks or more.")
        if item.decimals:
            detail = f"REDCap takes any number of decimals; {item.decimals} are meant. Evalkit checks the answers."
            yield Loss("validation", item.id, detail)


def _changes(writer: _Writer) -> Iterator[CodeChange]:
    for item in writer.form.items:
        name = writer.names.items[item.id]
        if name != item.id:
            yield CodeChange(item.id, "", name, "")
