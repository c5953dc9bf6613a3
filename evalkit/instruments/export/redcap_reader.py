"""Read a REDCap data dictionary back, strictly, by the documented rules of its upload."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType

from evalkit.errors import InstrumentError
from evalkit.files import inert
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected
from evalkit.instruments.export.expressions import Compared, Expression, Joined, Name, Value, parse_expression
from evalkit.instruments.export.file_findings import FileFindings, as_number, as_value
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Item, Matrix, Option, OptionSet, Section, Wave

_HEADER = (
    "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
    '"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,'
    "Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),Required Field?,"
    "Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation"
)
_KEYS = (
    "name",
    "form",
    "header",
    "type",
    "label",
    "choices",
    "note",
    "validation",
    "min",
    "max",
    "identifier",
    "logic",
    "required",
    "alignment",
    "number",
    "matrix",
    "ranking",
    "annotation",
)
_FIELD_NAME = re.compile(r"[a-z](?!\w*__)[a-z0-9_]{0,24}[a-z0-9]")
_CHOICE = re.compile(r"([A-Za-z0-9_]+), (.+)", re.DOTALL)
_UNIT = re.compile(r'(.*?)<span class="unit">(.*)</span>', re.DOTALL)
_SPAN = re.compile(r"<span>(.*)</span>", re.DOTALL)
_TAGS = re.compile(r"Set by evalkit: (?:@[A-Z-]+(?:=(?:'[^']*'|\d+))?(?: |$))+")
_TAG = re.compile(r"@([A-Z-]+)(?:=(?:'([^']*)'|(\d+)))?")
_VALIDATIONS: Mapping[str, str] = MappingProxyType(
    {"": "short_text", "integer": "number", "number": "number", "date_ymd": "date"}
)
_KINDS: Mapping[str, str] = MappingProxyType(
    {"radio": "single_choice", "checkbox": "multiple_choice", "notes": "long_text", "descriptive": "information"}
)
_OPPOSITE: Mapping[str, str] = MappingProxyType({"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "<>", "<>": "="})
_ABOUT = ("about_survey", "about_consent", "about_privacy")
# Enough of a name to know it by.
_STEM = 7
_HIDDEN = ("instrument", "version", "wave")


@dataclass(frozen=True, slots=True)
class _Field:
    """One row of the dictionary."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.cells[key]

    def place(self, key: str) -> str:
        return f"row {self.number}, {key}"

    def tags(self) -> dict[str, str]:
        return {name: text or number for name, text, number in _TAG.findall(self["annotation"])}

    def choices(self) -> list[tuple[str, str]]:
        parts = [_CHOICE.fullmatch(part) for part in self["choices"].split(" | ")] if self["choices"] else []
        return [(match.group(1), match.group(2)) for match in parts if match]


@dataclass(slots=True)
class _Known:
    """Fields that branching logic may look at, and their codes."""

    fields: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)


def read_back(content: str | bytes) -> Instrument:
    """Read a data dictionary as REDCap would understand it.

    Parameters
    ----------
    content : str or bytes
        The file.

    Returns
    -------
    Instrument
        Under REDCap's names. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the upload that the file breaks.
    """
    forms, findings = _forms(content)
    findings.check(len(forms) == 1, "forms", f"{len(forms)} forms", "one")
    findings.finish()
    return forms[0]


def read_together(content: str | bytes) -> tuple[Instrument, ...]:
    """Read a data dictionary of several forms as REDCap would understand it.

    Parameters
    ----------
    content : str or bytes
        The file.

    Returns
    -------
    tuple of Instrument
        One for each form, under REDCap's names. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the upload that the file breaks.
    """
    return tuple(_forms(content)[0])


def _forms(content: str | bytes) -> tuple[list[Instrument], FileFindings]:
    findings = FileFindings("REDCap dictionary")
    fields = _fields(content.decode("utf-8-sig") if isinstance(content, bytes) else content, findings)
    findings.finish()
    names = [one["name"] for one in fields]
    findings.check(len(set(names)) == len(names), "names", "a name twice", "each name once")
    parts = [(form, list(rows)) for form, rows in groupby(fields, key=lambda one: one["form"])]
    together = len({form for form, _ in parts}) == len(parts)
    findings.check(together, "forms", "a form in several places", "a form with its rows together")
    for one in fields:
        _check_field(one, findings)
    findings.finish()
    # The record id belongs to all forms.
    whole = [rows if position == 0 else [fields[0], *rows] for position, (_, rows) in enumerate(parts)]
    groups: set[str] = set()
    for rows in whole:
        _check_order(rows, findings, alone=len(whole) == 1)
        own = {one["matrix"] for one in rows} - {""}
        findings.check(not own & groups, "matrices", f"{sorted(own & groups)} in several forms", "each in one form")
        groups |= own
    findings.finish()
    found = [_instrument(rows, findings) for rows in whole]
    findings.finish()
    return found, findings


def _fields(text: str, findings: FileFindings) -> list[_Field]:
    header, _, body = text.partition("\n")
    findings.check(header == _HEADER, "row 1", header[:80], "the eighteen headers")
    # To PHP a backslash before a quotation mark hides it, and the cell goes on into the next rows.
    findings.check('\\"' not in body, "cells", "a backslash before a quotation mark", "none")
    try:
        rows = list(csv.reader(io.StringIO(body, newline=""), strict=True))
    except csv.Error as error:
        findings.note("cells", str(error), "cells that can be told apart")
        return []
    found = []
    for number, row in enumerate(rows, start=2):
        findings.check(len(row) == len(_KEYS), f"row {number}", f"{len(row)} cells", "18")
        for key, cell in zip(_KEYS, row, strict=False):
            findings.check(inert(cell) == cell, f"row {number}, {key}", "a live formula", "none")
            findings.check(cell == cell.strip(), f"row {number}, {key}", "a blank at an end", "none: REDCap trims it")
        found.append(_Field(number, dict(zip(_KEYS, [*row, *[""] * 18], strict=False))))
    return found


def _check_order(fields: list[_Field], findings: FileFindings, *, alone: bool) -> None:
    names = [one["name"] for one in fields]
    first = ["record_id", *_HIDDEN, *_ABOUT]
    # With several forms the names end in the wave, and long ones are shortened for that.
    fits = names[: len(first)] == first
    fits = fits or (not alone and all(map(str.startswith, names, [name[:_STEM] for name in first])))
    findings.check(fits, "first rows", f"{names[:7]}", "record_id, hidden fields, about")
    findings.check(fields and fields[0]["type"] == "text", "row 2", "a record id of another type", "text")
    for position, one in enumerate(fields):
        group = one["matrix"]
        if group and group in {other["matrix"] for other in fields[: max(position - 1, 0)]}:
            together = fields[position - 1]["matrix"] == group
            findings.check(together, one.place("matrix"), group, "rows of a matrix that stand together")
        if group:
            same = {other["choices"] for other in fields if other["matrix"] == group}
            findings.check(len(same) == 1, one.place("choices"), "other choices", "the same in the whole matrix")


def _check_field(one: _Field, findings: FileFindings) -> None:
    name = one["name"]
    findings.check(_FIELD_NAME.fullmatch(name), one.place("name"), name, "two to 26 of a-z 0-9 _, a letter first")
    findings.check(re.fullmatch(r"[a-z][a-z0-9_]*", one["form"]), one.place("form"), one["form"], "a form name")
    findings.check(name != f"{one['form']}_complete", one.place("name"), name, "a name that REDCap does not use")
    findings.check(one["label"], one.place("label"), "no label", "a label")
    known = one["type"] in {"text", *_KINDS}
    findings.check(known, one.place("type"), one["type"], "a field type")
    choice = one["type"] in {"radio", "checkbox"}
    findings.check(
        bool(one["choices"]) == choice, one.place("choices"), one["choices"][:80], "choices for choices only"
    )
    codes = [code for code, _ in one.choices()]
    expected = len(one["choices"].split("|")) if choice else 0
    findings.check(len(codes) == expected, one.place("choices"), one["choices"][:80], "code, label | code, label")
    findings.check(len(set(codes)) == len(codes), one.place("choices"), "a code twice", "each code once")
    limits = one["validation"] or one["min"] or one["max"]
    findings.check(not limits or one["type"] == "text", one.place("validation"), limits, "nothing but on text")
    findings.check(one["validation"] in _VALIDATIONS, one.place("validation"), one["validation"], "a validation type")
    findings.check(one["validation"] or not limits, one.place("min"), limits, "a validation type with limits")
    for key in ("identifier", "required"):
        findings.check(one[key] in {"", "y"}, one.place(key), one[key], "y or nothing")
    may = one["type"] not in {"checkbox", "descriptive"}
    findings.check(may or not one["required"], one.place("required"), "y", "nothing on checkboxes and descriptions")
    matrix = one["matrix"]
    findings.check(not matrix or (choice and re.fullmatch(r"[a-z0-9_]+", matrix)), one.place("matrix"), matrix, "none")
    for key in ("alignment", "number", "ranking"):
        findings.check(not one[key], one.place(key), one[key], "nothing")
    note = one["annotation"]
    findings.check(
        not note or _TAGS.fullmatch(note), one.place("annotation"), note, "action tags as evalkit writes them"
    )
    findings.check('"' not in one["logic"], one.place("logic"), "a double quotation mark", "single ones")


def _instrument(fields: list[_Field], findings: FileFindings) -> Instrument:
    hidden = [one.tags().get("DEFAULT", "") for one in fields[1:4]]
    for one in fields[1:4]:
        findings.check("HIDDEN" in one.tags(), one.place("annotation"), one["annotation"], "@HIDDEN")
    about = [_text(one["label"], one.place("label"), findings) for one in fields[4:7]]
    known = _Known()
    options: list[OptionSet] = []
    sections = [_section(head, body, known, options, findings) for head, body in _pages(fields[7:], findings)]
    return Instrument.model_construct(
        id=hidden[0],
        version=hidden[1],
        waves=(Wave.model_construct(id=hidden[2], title=""),),
        title=_text(fields[4]["header"], fields[4].place("header"), findings),
        description=about[0],
        consent=about[1],
        privacy=about[2],
        options=tuple(options),
        sections=tuple(sections),
        audience=(),
        minutes=None,
        licence="",
        source="",
        cite="",
        languages=(),
    )


def _pages(fields: list[_Field], findings: FileFindings) -> Iterator[tuple[_Field, list[_Field]]]:
    """Collect the pages: a descriptive field with a section header begins one."""
    head: _Field | None = None
    body: list[_Field] = []
    for one in fields:
        if one["type"] == "descriptive" and one["header"]:
            if head is not None:
                yield head, body
            head, body = one, []
        else:
            findings.check(head is not None, one.place("header"), one["name"], "a page before it")
            body.append(one)
    if head is not None:
        yield head, body


def _section(
    head: _Field, body: list[_Field], known: _Known, options: list[OptionSet], findings: FileFindings
) -> Section:
    when = _condition(head, known, findings)
    items: list[Item] = []
    matrices: list[Matrix] = []
    for one in body:
        group = one["matrix"]
        if group and group not in {matrix.id for matrix in matrices}:
            text, note = _with_help(one["header"], one.place("header"), findings)
            matrices.append(Matrix.model_construct(id=group, text=text, help=note))
        else:
            findings.check(not one["header"], one.place("header"), one["header"][:80], "a header at a page or matrix")
        items.append(_item(one, when, known, findings))
        if one["choices"]:
            options.append(_option_set(one, findings))
    return Section.model_construct(
        id=head["name"],
        title=_text(head["header"], head.place("header"), findings),
        intro="" if head["label"] == "<span></span>" else _text(head["label"], head.place("label"), findings),
        items=tuple(items),
        matrices=tuple(matrices),
        when="" if when is None else str(when),
    )


def _item(one: _Field, page: Condition | None, known: _Known, findings: FileFindings) -> Item:
    tags = one.tags()
    kind = "likert" if one["matrix"] else _KINDS.get(one["type"]) or _VALIDATIONS[one["validation"]]
    when = _without(_condition(one, known, findings), page, one, findings)
    if one["matrix"]:
        text, note = _with_help(one["label"], one.place("label"), findings)
        unit = ""
    else:
        text = _text(one["label"], one.place("label"), findings)
        note, unit = _note(one, findings)
    limits = (one["min"], one["max"])
    low, high = (limit or None for limit in limits) if kind == "date" else (as_number(limit) for limit in limits)
    checked = as_number(tags.get("MAXCHECKED", ""))
    limited = bool(one["min"] or one["max"]) == ("FORCE-MINMAX" in tags)
    findings.check(limited, one.place("annotation"), one["annotation"], "@FORCE-MINMAX with limits only")
    codes = frozenset(code for code, _ in one.choices())
    known.fields[one["name"]] = (one["type"], codes)
    return Item.model_construct(
        id=one["name"],
        kind=kind,
        text=text,
        help=note,
        unit=unit,
        when="" if when is None else str(when),
        options=one["name"] if one["choices"] else None,
        matrix=one["matrix"] or None,
        required=one["required"] == "y",
        identifier=one["identifier"] == "y",
        min=low,
        max=high if checked is None else checked,
        decimals=None if one["validation"] == "number" else 0,
        max_length=as_number(tags.get("CHARLIMIT", "")),
    )


def _option_set(one: _Field, findings: FileFindings) -> OptionSet:
    alone = one.tags().get("NONEOFTHEABOVE", "").split(",")
    found = [
        Option.model_construct(
            value=as_value(code), label=_text(label, one.place("choices"), findings), exclusive=code in alone
        )
        for code, label in one.choices()
    ]
    return OptionSet.model_construct(id=one["name"], options=tuple(found))


def _text(cell: str, place: str, findings: FileFindings) -> str:
    match = _SPAN.fullmatch(cell)
    inner = match.group(1) if match else cell
    findings.check(not re.search(r"\[[A-Za-z0-9_:-]+(\([A-Za-z0-9_]*\))?\]", inner), place, inner[:80], "nothing piped")
    findings.check(not re.search(r"&#?[A-Za-z0-9_]+;", inner), place, inner[:80], "no entities")
    shown = inner.replace("<br>", "\n")
    findings.check(not re.search(r"<(?! )", shown), place, shown[:80], "no tag but a line break")
    return shown


def _with_help(cell: str, place: str, findings: FileFindings) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)<br><em>(.*)</em>", cell, re.DOTALL)
    text, note = match.groups() if match else (cell, "")
    return _text(text, place, findings), _text(note, place, findings)


def _note(one: _Field, findings: FileFindings) -> tuple[str, str]:
    match = _UNIT.fullmatch(one["note"])
    note, unit = match.groups() if match else (one["note"], "")
    return _text(note, one.place("note"), findings), _text(unit, one.place("note"), findings)


def _condition(one: _Field, known: _Known, findings: FileFindings) -> Condition | None:
    if not one["logic"]:
        return None
    try:
        return _Folder(known, one.place("logic"), findings).fold(parse_expression(one["logic"], one.place("logic")))
    except InstrumentError as error:
        findings.take(error)
        return None


def _without(
    condition: Condition | None, page: Condition | None, one: _Field, findings: FileFindings
) -> Condition | None:
    """Take the page's condition, which REDCap needs on every field, out of a field's own."""
    if page is None or condition == page:
        return None if condition == page else condition
    if isinstance(condition, And):
        inner = page.parts if isinstance(page, And) else (page,)
        if condition.parts[0] == page and len(condition.parts) == 2:
            return condition.parts[1]
        if condition.parts[: len(inner)] == inner:
            rest = condition.parts[len(inner) :]
            return rest[0] if len(rest) == 1 else And(rest)
    findings.note(one.place("logic"), one["logic"], "the condition of the page first")
    return condition


@dataclass(frozen=True, slots=True)
class _Folder:
    """Turns branching logic into a condition."""

    known: _Known
    place: str
    findings: FileFindings

    def fold(self, part: Expression) -> Condition:
        if isinstance(part, Joined):
            guarded = self.guarded(part)
            if guarded is not None:
                return guarded
            parts = tuple(self.fold(one) for one in part.parts)
            return And(parts) if part.word == "and" else Or(parts)
        if isinstance(part, Compared) and isinstance(part.left, Name) and isinstance(part.right, Value):
            return self.compared(part.left.text, part.sign, part.right.value)
        self.findings.note(self.place, str(part)[:80], "a comparison of a field with a value")
        return Comparison("", "==", "")

    def guarded(self, part: Joined) -> Condition | None:
        """Recognise a number or date that is compared only when there is one; an empty answer would count as 0."""
        first, *others = part.parts
        *guards, main = others
        if not (isinstance(first, Compared) and first.right == Value("")):
            return None
        wanted = "<>" if part.word == "and" else "="
        for guard in (first, *guards):
            right = isinstance(guard, Compared) and guard.left == first.left and guard.sign == wanted
            self.findings.check(right, self.place, str(guard)[:80], f"a guard with {wanted}")
        if not isinstance(main, Compared) or main.left != first.left or not isinstance(main.right, Value):
            self.findings.note(self.place, str(main)[:80], f"a comparison of {first.left}")
            return None
        name = main.left.text if isinstance(main.left, Name) else ""
        self.check_known(name)
        if part.word == "and" or main.sign == "<>":
            return Comparison(name, {"=": "==", "<>": "!="}.get(main.sign, main.sign), main.right.value)
        opposite = _OPPOSITE[main.sign]
        return Not(Comparison(name, {"<>": "!="}.get(opposite, opposite), main.right.value))

    def compared(self, name: str, sign: str, value: int | float | str) -> Condition:
        self.findings.check(sign in {"=", "<>"}, self.place, sign, "= or <> with a code")
        self.findings.check(isinstance(value, str), self.place, str(value), "a code in single quotes")
        if "(" in name:
            field_name, _, code = name.removesuffix(")").partition("(")
            kind, codes = self.check_known(field_name)
            self.findings.check(kind == "checkbox" and code in codes, self.place, name, "an option of checkboxes")
            self.findings.check(value == "1", self.place, str(value), "'1' for a tick")
            ticked = Selected(field_name, as_value(code))
            return ticked if sign == "=" else Not(ticked)
        kind, codes = self.check_known(name)
        self.findings.check(kind == "radio" and value in codes, self.place, f"{name} {value}", "an option of a radio")
        return Comparison(name, "==" if sign == "=" else "!=", as_value(str(value)))

    def check_known(self, name: str) -> tuple[str, frozenset[str]]:
        self.findings.check(name in self.known.fields, self.place, f"[{name}]", "a field that comes before")
        return self.known.fields.get(name, ("", frozenset()))
