"""Reads an XLSForm as ODK would understand it, by the documented rules of the format and not by how it was written."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from evalkit.errors import InstrumentError
from evalkit.instruments.export.braced_conditions import XLSFORM, read_in_braces
from evalkit.instruments.export.file_findings import FileFindings, as_number, as_value
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section, Translation, Wave

# Languages by the names that their speakers use; of others the tag is shown.
LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "العربية",
        "bn": "বাংলা",
        "cy": "Cymraeg",
        "de": "Deutsch",
        "en": "English",
        "es": "Español",
        "fr": "Français",
        "ga": "Gaeilge",
        "gd": "Gàidhlig",
        "hi": "हिन्दी",
        "it": "Italiano",
        "ml": "മലയാളം",
        "pl": "Polski",
        "pt": "Português",
        "ro": "Română",
        "so": "Soomaali",
        "ur": "اردو",
        "zh": "中文",
    }
)
_COLUMNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "survey": frozenset(
            {"type", "name", "label", "hint", "required", "relevant", "constraint", "appearance", "calculation"}
        ),
        "choices": frozenset({"list_name", "name", "label", "missing", "exclusive"}),
        "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
    }
)
_TRANSLATED = frozenset({"label", "hint"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SUFFIX = re.compile(r"(?:(.+) )?\(([a-z]{2,3})\)")
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_MARK = re.compile(r"\\([\\#_*])")
_KEPT_TEXT = re.compile(r"(\$|instance)\u200c(?=[{(])")
_REFERENCE = re.compile(r"\$\{|instance\(")
_LITERAL = re.compile(r"'([^']*)'")
_UNIT = re.compile(r"(?:(.*)\n)?\[([^\n]*)\]", re.DOTALL)
_PIECE = (
    r"(?:(?:\.|count-selected\(\.\)) (?:>=|<=) (?:-?[0-9.]+|date\('[0-9-]+'\))|round\(\., [0-9]\) = \."
    r"|string-length\(\.\) <= [0-9]+|not\(selected\(\., '[a-z0-9_]+'\) and count-selected\(\.\) > 1\))"
)
_CONSTRAINT = re.compile(rf"{_PIECE}(?: and {_PIECE})*")
_LIMIT = re.compile(r"(?:^| )(?:\.|count-selected\(\.\)) (>=|<=) (?:(-?[0-9.]+)|date\('([0-9-]+)'\))")
_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "integer": ("number", ""),
        "decimal": ("number", ""),
        "date": ("date", ""),
        "text": ("short_text", "long_text"),
        "note": ("information", ""),
        "select_one": ("single_choice", "likert"),
        "select_multiple": ("multiple_choice", ""),
    }
)
_APPEARANCES = frozenset({"", "likert", "multiline"})


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a sheet with its place."""

    sheet: str
    number: int
    cells: Mapping[str, str]

    def place(self, column: str) -> str:
        return f"{self.sheet}, row {self.number}, {column}"

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class _Form:
    """What is read so far."""

    findings: FileFindings
    languages: Mapping[str, str]
    options: dict[str, OptionSet]
    names: set[str] = field(default_factory=set)
    hidden: dict[str, str] = field(default_factory=dict)
    head: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)

    def said(self, row: _Row, column: str, path: str) -> str:
        """Read a text in the first language and note its translations under a path."""
        found = {tag: _plain(row, f"{column}::{suffix}", self.findings) for suffix, tag in self.languages.items()}
        missing = [tag for tag, text in found.items() if not text]
        if any(found.values()):
            self.findings.check(not missing, row.place(column), f"no text in {missing}", "a text in every language")
        first, *rest = found
        for tag in rest:
            if found[tag]:
                self.others.setdefault(tag, {})[path] = found[tag]
        return found[first]


def read_back(content: bytes) -> Instrument:
    """Read an XLSForm workbook as ODK would understand it.

    Parameters
    ----------
    content : bytes
        The workbook.

    Returns
    -------
    Instrument
        Under the names of the form. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the format that the workbook breaks.
    """
    findings = FileFindings("XLSForm")
    sheets = _sheets(content, findings)
    findings.finish()
    languages = _languages(sheets, findings)
    findings.finish()
    form = _Form(findings, languages, {})
    _choices(sheets["choices"], form)
    _survey(iter(sheets["survey"]), form)
    settings = sheets["settings"][0]
    findings.finish()
    _check_settings(settings, form)
    findings.finish()
    return _instrument(form)


def _instrument(form: _Form) -> Instrument:
    return Instrument.model_construct(
        id=form.hidden["instrument"],
        version=form.hidden["version"],
        waves=(Wave.model_construct(id=form.hidden["wave"], title="", intro=form.head.get("wave", "")),),
        title=form.head["title"],
        description=form.head.get("about", ""),
        consent=form.head.get("consent", ""),
        privacy=form.head.get("privacy", ""),
        options=tuple(form.options.values()),
        sections=tuple(form.sections),
        audience=(),
        minutes=None,
        licence="",
        source="",
        cite="",
        languages=tuple(form.languages.values()),
        translations=tuple(
            Translation(language=tag, texts=tuple(form.others.get(tag, {}).items()))
            for tag in list(form.languages.values())[1:]
        ),
    )


def _sheets(content: bytes, findings: FileFindings) -> dict[str, list[_Row]]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content))
    findings.check(set(book.sheetnames) == set(_COLUMNS), "sheets", str(book.sheetnames), "survey, choices, settings")
    found: dict[str, list[_Row]] = {}
    for sheet in book:
        rows: list[_Row] = []
        header: list[str] = []
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            for cell in cells:
                place = f"{sheet.title}, cell {cell.coordinate}"
                findings.check(cell.data_type in {"s", "n"}, place, f"type {cell.data_type}", "a string or number")
            values = ["" if cell.value is None else str(cell.value) for cell in cells]
            if number == 1:
                header = values
            elif any(values):
                rows.append(_Row(sheet.title, number, dict(zip(header, values, strict=True))))
        _check_header(sheet.title, header, findings)
        findings.check(rows or sheet.title == "choices", sheet.title, "no rows", "rows")
        found[sheet.title] = rows
    return found


def _check_header(sheet: str, header: list[str], findings: FileFindings) -> None:
    place = f"{sheet}, header"
    findings.check(len(set(header)) == len(header), place, "a column twice", "each column once")
    for name in header:
        column, _, suffix = name.partition("::")
        findings.check(column in _COLUMNS.get(sheet, ()), place, repr(name), "a column of XLSForm")
        findings.check(bool(suffix) == (column in _TRANSLATED), place, repr(name), "a language where there is text")


def _languages(sheets: Mapping[str, list[_Row]], findings: FileFindings) -> dict[str, str]:
    """Map the name of each language to its tag, the default one first."""
    columns = [name for sheet in ("survey", "choices") for row in sheets[sheet] for name in row.cells]
    suffixes = dict.fromkeys(name.partition("::")[2] for name in columns if "::" in name)
    default = sheets["settings"][0].get("default_language")
    findings.check(default in suffixes, "settings, default_language", repr(default), "a language of the form")
    found: dict[str, str] = {}
    for suffix in sorted(suffixes, key=lambda one: one != default):
        match = _SUFFIX.fullmatch(suffix)
        findings.check(match, "survey, header", repr(suffix), "a language with its code in brackets")
        if match:
            word = (match.group(1) or "").split(" ")[-1]
            tagged = _TAG.fullmatch(word) and word.split("-")[0] == match.group(2)
            found[suffix] = word if tagged else match.group(2)
    return found


def _plain(row: _Row, column: str, findings: FileFindings) -> str:
    """Read a text with Markdown as plain text."""
    text = row.get(column)
    findings.check(not _REFERENCE.search(text), row.place(column), "a live reference", "plain text")
    return _KEPT_TEXT.sub(lambda match: match.group(1), _MARK.sub(lambda match: match.group(1), text))


def _choices(rows: list[_Row], form: _Form) -> None:
    lists: dict[str, list[Option]] = {}
    for row in rows:
        name, options = row.get("name"), row.get("list_name")
        form.findings.check(_NAME.fullmatch(options), row.place("list_name"), repr(options), "a name")
        form.findings.check(re.fullmatch(r"[^\s]+", name), row.place("name"), repr(name), "a name without blanks")
        known = [str(option.value) for option in lists.get(options, [])]
        form.findings.check(name not in known, row.place("name"), f"{name} twice", "each choice once")
        for mark in ("missing", "exclusive"):
            form.findings.check(row.get(mark) in {"", "yes"}, row.place(mark), row.get(mark), "yes")
        label = form.said(row, "label", f"options.{options}.{name}")
        form.findings.check(label, row.place("label"), "no label", "a label")
        lists.setdefault(options, []).append(
            Option.model_construct(
                value=as_value(name),
                label=label,
                missing=row.get("missing") == "yes",
                exclusive=row.get("exclusive") == "yes",
            )
        )
    form.options = {name: OptionSet.model_construct(id=name, options=tuple(found)) for name, found in lists.items()}


def _survey(rows: Iterator[_Row], form: _Form) -> None:
    for row in rows:
        kind, name = row.get("type"), row.get("name")
        _check_name(row, form)
        if kind == "calculate":
            match = _LITERAL.fullmatch(row.get("calculation"))
            form.findings.check(match, row.place("calculation"), row.get("calculation"), "a text in quotes")
            form.hidden[name] = match.group(1) if match else ""
        elif kind == "begin_group" and name == "form__start":
            _start(row, rows, form)
        elif kind == "begin_group" and name.startswith("page__"):
            _page(row, rows, form)
        else:
            form.findings.note(row.place("type"), f"{kind} {name}", "a calculation or a page")


def _check_name(row: _Row, form: _Form) -> None:
    name = row.get("name")
    form.findings.check(_NAME.fullmatch(name), row.place("name"), repr(name), "an XML name")
    form.findings.check(name.lower() not in form.names, row.place("name"), f"{name} twice", "each name once")
    form.names.add(name.lower())


def _inside(opening: str, rows: Iterator[_Row], form: _Form) -> Iterator[_Row]:
    """Go through the rows of a group, up to its own end."""
    for row in rows:
        if row.get("type") == "end_group":
            form.findings.check(row.get("name") in {"", opening}, row.place("name"), row.get("name"), opening)
            return
        _check_name(row, form)
        yield row
    form.findings.note("survey, end", f"{opening} is open", "end_group")


def _start(opening: _Row, rows: Iterator[_Row], form: _Form) -> None:
    form.head["title"] = form.said(opening, "label", "title")
    form.findings.check(opening.get("appearance") == "field-list", opening.place("appearance"), "another", "field-list")
    for row in _inside("form__start", rows, form):
        part = row.get("name").removeprefix("form__")
        wave = form.hidden.get("wave", "")
        paths = {"about": "description", "wave": f"waves.{wave}.intro", "consent": "consent", "privacy": "privacy"}
        form.findings.check(part in paths and row.get("type") == "note", row.place("name"), part, "a note of the start")
        form.head[part] = form.said(row, "label", paths.get(part, part))


def _page(opening: _Row, rows: Iterator[_Row], form: _Form) -> None:
    name = opening.get("name")
    page = name.removeprefix("page__")
    items: list[Item] = []
    matrices: list[Matrix] = []
    intro = ""
    # A condition is read before what stands below it.
    when = _when(opening, form)
    title = form.said(opening, "label", f"sections.{page}.title")
    form.findings.check(opening.get("appearance") == "field-list", opening.place("appearance"), "another", "field-list")
    for row in _inside(name, rows, form):
        if row.get("name") == f"{name}__intro":
            intro = form.said(row, "label", f"sections.{page}.intro")
        elif row.get("type") == "begin_group":
            matrices.append(_matrix(row, rows, items, form))
        else:
            items.append(_item(row, form))
    form.sections.append(
        Section.model_construct(
            id=page, title=title, intro=intro, items=tuple(items), matrices=tuple(matrices), when=when
        )
    )


def _matrix(opening: _Row, rows: Iterator[_Row], items: list[Item], form: _Form) -> Matrix:
    name = opening.get("name").removeprefix("matrix__")
    form.findings.check(opening.get("appearance") == "table-list", opening.place("appearance"), "another", "table-list")
    when = _when(opening, form)
    lists: set[str] = set()
    for row in _inside(opening.get("name"), rows, form):
        item = _item(row, form)
        lists.add(item.options or "")
        form.findings.check(item.kind == "single_choice", row.place("type"), row.get("type"), "select_one in a table")
        items.append(item.model_copy(update={"kind": "likert", "matrix": name, "when": item.when or when}))
    form.findings.check(len(lists) == 1, opening.place("type"), f"lists {sorted(lists)}", "one list in a table")
    return Matrix.model_construct(
        id=name,
        text=form.said(opening, "label", f"matrices.{name}.text"),
        help=form.said(opening, "hint", f"matrices.{name}.help"),
    )


def _item(row: _Row, form: _Form) -> Item:
    name = row.get("name")
    kind, options = _kind(row, form)
    note = form.said(row, "hint", f"items.{name}.help")
    label = form.said(row, "label", f"items.{name}.text")
    form.findings.check(label, row.place("label"), "no label", "a label")
    form.findings.check(row.get("required") in {"", "yes"}, row.place("required"), row.get("required"), "yes")
    shown, unit = _with_unit(note) if kind == "number" else (note, "")
    if kind == "number":
        _split_translations(name, form)
    return Item.model_construct(
        id=name,
        kind=kind,
        text=label,
        help=shown,
        unit=unit,
        options=options,
        required=row.get("required") == "yes",
        when=_when(row, form),
        **_limits(row, form),
    )


def _kind(row: _Row, form: _Form) -> tuple[str, str | None]:
    word, _, options = row.get("type").partition(" ")
    form.findings.check(word in _TYPES, row.place("type"), row.get("type"), "a type of question")
    form.findings.check(
        row.get("appearance") in _APPEARANCES, row.place("appearance"), row.get("appearance"), "a known one"
    )
    needs = word.startswith("select_")
    if needs or options:
        form.findings.check(
            needs and options in form.options, row.place("type"), row.get("type"), "a list that is there"
        )
    usual, other = _TYPES.get(word, ("", ""))
    return (other if row.get("appearance") and other else usual), options or None


def _with_unit(note: str) -> tuple[str, str]:
    match = _UNIT.fullmatch(note)
    return (match.group(1) or "", match.group(2)) if match else (note, "")


def _split_translations(name: str, form: _Form) -> None:
    for said in form.others.values():
        note, unit = _with_unit(said.pop(f"items.{name}.help", ""))
        said.update({f"items.{name}.{key}": text for key, text in (("help", note), ("unit", unit)) if text})


def _limits(row: _Row, form: _Form) -> dict[str, Any]:
    text = row.get("constraint")
    form.findings.check(not text or _CONSTRAINT.fullmatch(text), row.place("constraint"), text, "known limits")
    found: dict[str, Any] = {}
    for sign, number, day in _LIMIT.findall(text):
        found["min" if sign == ">=" else "max"] = day or as_number(number)
    places = re.search(r"round\(\., ([0-9])\)", text)
    longest = re.search(r"string-length\(\.\) <= ([0-9]+)", text)
    form.findings.check(
        (row.get("type") == "decimal") == bool(places), row.place("constraint"), text, "decimals of a decimal"
    )
    _check_alone(row, set(re.findall(r"selected\(\., '([a-z0-9_]+)'\)", text)), form)
    return {
        **found,
        **({"decimals": int(places.group(1))} if places else {}),
        **({"max_length": int(longest.group(1))} if longest else {}),
    }


def _check_alone(row: _Row, alone: set[str], form: _Form) -> None:
    """Check that options which cannot be ticked with others are marked so in the list."""
    word, _, options = row.get("type").partition(" ")
    known = form.options.get(options)
    marked = {str(option.value) for option in known.options if option.missing or option.exclusive} if known else set()
    wanted = marked if word == "select_multiple" else set()
    form.findings.check(alone == wanted, row.place("constraint"), f"{sorted(alone)} alone", f"{sorted(wanted)}")


def _when(row: _Row, form: _Form) -> str:
    text = row.get("relevant")
    if not text:
        return ""

    def known(name: str) -> str:
        form.findings.check(name in form.names, row.place("relevant"), f"${{{name}}}", "a question that comes before")
        return name

    try:
        return str(read_in_braces(text, f"XLSForm, {row.place('relevant')}", known, XLSFORM))
    except InstrumentError as error:
        form.findings.take(error)
        return ""


def _check_settings(row: _Row, form: _Form) -> None:
    """Check the settings against what travels with the answers."""
    for name in ("instrument", "version", "wave"):
        form.findings.check(name in form.hidden, "survey", f"no {name}", "a calculation of that name")
    form.findings.check("title" in form.head, "survey", "no start", "a group form__start")
    wanted = {
        "form_id": f"{form.hidden.get('instrument')}-{form.hidden.get('wave')}",
        "version": form.hidden.get("version", ""),
        "form_title": form.head.get("title", ""),
    }
    for column, text in wanted.items():
        found = _KEPT_TEXT.sub(lambda match: match.group(1), row.get(column))
        form.findings.check(found == text, row.place(column), row.get(column), text)
