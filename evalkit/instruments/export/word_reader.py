"""Read our own Word form back from its paragraphs, tables and code map, strictly."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evalkit.errors import InstrumentError
from evalkit.instruments.conditions import parse_condition
from evalkit.instruments.export.file_findings import FileFindings, as_number, as_value
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section, Translation, Wave

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NUMBER = re.compile(
    r"A (?:(whole number)|number with up to (\d) decimals?)"
    r"(?: from (\S+) to (\S+)| of at least (\S+)| of at most (\S+))?\."
)
_DATE = re.compile(r"A date(?: from (.+) to (.+)| on or after (.+)| on or before (.+))?\.")
_TICKS = re.compile(r"Choose(?: from (\d+) to (\d+)| at least (\d+)| at most (\d+))\.")
_LENGTH = re.compile(r"At most (\d+) characters?\.")
_MINUTES = re.compile(r"It takes about (\S+) minutes?\.")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_KINDS = frozenset(
    ["single_choice", "multiple_choice", "likert", "number", "date", "short_text", "long_text", "information"]
)
_ABOUT = ("Instrument", "Version", "Wave", "Languages", "Minutes", "Licence", "Source", "Cite as")
_HEADS = (
    ("About the form", ("Field", "Value")),
    ("Pages", ("Page", "Id", "Shown only if")),
    ("Items", ("Question", "Item", "Kind", "Matrix", "Options", "Shown only if", "Marks")),
    ("Options", ("Options", "Option", "Value", "Marks")),
)
_ANSWER_LINES = {"number": 1, "short_text": 1, "long_text": 4, "date": 1}


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph: its style, and its runs with theirs."""

    style: str
    runs: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """What is said, without numbers, marks and units."""
        return "".join(text for style, text in self.runs if not style)

    def of(self, style: str) -> str:
        return "".join(text for one, text in self.runs if one == style)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table: rows of cells of lines, and whether the first is marked as its head."""

    rows: tuple[tuple[tuple[_Line, ...], ...], ...]
    headed: bool
    captioned: bool
    style: str = "table"


_Block = _Line | _Table
Texts = dict[str, str]


def read_back(content: str | bytes) -> Instrument:
    """Read a form from its paragraphs and its code map.

    Parameters
    ----------
    content : bytes
        The .docx file.

    Returns
    -------
    Instrument
        What the file asks and says. What it does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 when it is no Word file, or with everything in it that is not as the format says.
    """
    findings = FileFindings("Word form")
    blocks = _blocks(content, findings)
    findings.finish()
    starts = [place for place, block in enumerate(blocks) if block.style == "Title"]
    last = max((place for place, block in enumerate(blocks) if block.style == "Heading1"), default=0)
    findings.check(bool(starts) and starts[0] == 0 and last > starts[-1], "document", "no title or code map", "both")
    findings.finish()
    codes = _Codes.read(blocks[last:], findings)
    findings.finish()
    findings.check(len(starts) == len(codes.languages), "document", f"{len(starts)} titles", "one in each language")
    findings.finish()
    ends = [*starts[1:], last]
    parts = {
        language: _Walk(blocks[start:end], codes, language, findings)
        for language, start, end in zip(codes.languages, starts, ends, strict=True)
    }
    for walk in parts.values():
        walk.form()
        findings.finish()
    found = _instrument(codes, list(parts.values()), findings)
    findings.finish()
    return found


def _blocks(content: str | bytes, findings: FileFindings) -> list[_Block]:
    from docx import Document

    try:
        document = Document(io.BytesIO(content if isinstance(content, bytes) else content.encode()))
    except (zipfile.BadZipFile, KeyError, ValueError):
        findings.note("file", "no Word file", "a .docx file")
        return []
    core = document.core_properties
    findings.check(core.title, "properties", "no title", "the title of the form")
    defaults = document.styles.element.find(f"{_W}docDefaults")
    spoken = None if defaults is None else next(defaults.iter(f"{_W}lang"), None)
    findings.check(spoken is not None and spoken.get(f"{_W}val"), "styles", "no language", "the language of the text")
    body = document.element.body
    return [_line(one) if one.tag == f"{_W}p" else _table(one) for one in body if one.tag in {f"{_W}p", f"{_W}tbl"}]


def _line(element: Any) -> _Line:
    style = element.find(f"{_W}pPr/{_W}pStyle")
    runs = []
    for run in element.iter(f"{_W}r"):
        look = run.find(f"{_W}rPr/{_W}rStyle")
        signs = {f"{_W}t": None, f"{_W}br": "\n", f"{_W}tab": "\t"}
        text = "".join(signs[part.tag] or part.text or "" for part in run if part.tag in signs)
        runs.append(("" if look is None else str(look.get(f"{_W}val")), text))
    return _Line("" if style is None else str(style.get(f"{_W}val")), tuple(runs))


def _table(element: Any) -> _Table:
    rows = element.findall(f"{_W}tr")
    cells = tuple(
        tuple(tuple(_line(one) for one in cell.iter(f"{_W}p")) for cell in row.findall(f"{_W}tc")) for row in rows
    )
    captioned = all(element.find(f"{_W}tblPr/{_W}{name}") is not None for name in ("tblCaption", "tblDescription"))
    return _Table(cells, bool(rows) and rows[0].find(f"{_W}trPr/{_W}tblHeader") is not None, captioned)


@dataclass(slots=True)
class _Codes:
    """The code map."""

    about: Mapping[str, str]
    pages: list[Mapping[str, str]]
    items: list[Mapping[str, str]]
    options: dict[str, list[Mapping[str, str]]]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.about["Languages"].split())

    @classmethod
    def read(cls, blocks: Sequence[_Block], findings: FileFindings) -> _Codes:
        found: dict[str, list[Mapping[str, str]]] = {}
        titles = [block.text for block in blocks if isinstance(block, _Line) and block.style == "Heading2"]
        tables = [block for block in blocks if isinstance(block, _Table)]
        wanted = [name for name, _ in _HEADS]
        findings.check(titles == wanted and len(tables) == len(wanted), "code map", f"parts {titles}", f"{wanted}")
        for (name, heads), table in zip(_HEADS, tables, strict=False):
            rows = [["\n".join(line.text for line in cell) for cell in row] for row in table.rows]
            right = table.headed and table.captioned and rows and tuple(rows[0]) == heads
            findings.check(right, f"code map, {name}", f"{rows[:1]}", f"a head that is marked: {heads}")
            found[name] = [dict(zip(heads, row, strict=True)) for row in rows[1:]] if right else []
        findings.finish()
        about = {row["Field"]: row["Value"] for row in found["About the form"]}
        findings.check(tuple(about) == _ABOUT, "code map, About the form", f"{list(about)}", f"{_ABOUT}")
        options: dict[str, list[Mapping[str, str]]] = {}
        for row in found["Options"]:
            options.setdefault(row["Options"], []).append(row)
        for name in ("Pages", "Items"):
            ids = [row["Id" if name == "Pages" else "Item"] for row in found[name]]
            findings.check(len(set(ids)) == len(ids) and all(ids), f"code map, {name}", f"{ids}", "each id once")
        return cls(about, found["Pages"], found["Items"], options)


@dataclass(slots=True)
class _Walk:
    """Goes through the form in one language, as the code map says it must be."""

    blocks: Sequence[_Block]
    codes: _Codes
    language: str
    findings: FileFindings
    place: int = 0
    texts: Texts = field(default_factory=dict)
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    on_page: dict[str, list[str]] = field(default_factory=dict)
    matrices: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    words: dict[str, list[str]] = field(default_factory=dict)

    def form(self) -> None:
        wave = self.codes.about["Wave"]
        self.texts["title"] = self.line("Title").text
        self.texts[f"waves.{wave}.title"] = self.line("Subtitle").text
        self.optional("FormIntroduction", f"waves.{wave}.intro")
        self.texts["description"] = self.line("FormText").text
        minutes = _MINUTES.fullmatch(self.line("FormNote").text)
        same = minutes is not None and minutes.group(1) == self.codes.about["Minutes"]
        self.findings.check(same, self.language, "other minutes", self.codes.about["Minutes"])
        self.line("Heading1")
        for key in ("consent", "privacy"):
            self.line("Heading2")
            self.texts[key] = self.line("FormText").text
        self.line("FormTick")
        self.pages()

    def pages(self) -> None:
        items = iter(self.codes.items)
        item = next(items, None)
        number = 0
        for page in self.codes.pages:
            name = page["Id"]
            self.texts[f"sections.{name}.title"] = self.line("Heading1").text
            self.only_if(page["Shown only if"], name)
            self.optional("FormIntroduction", f"sections.{name}.intro")
            self.on_page[name] = []
            while self.place < len(self.blocks) and self.blocks[self.place].style not in {"Heading1", "FormBreak"}:
                if item is None:
                    self.findings.note(self.language, "more questions", "those of the code map")
                    return
                if item["Matrix"]:
                    number += 1
                    item = self.matrix(item, items, name, number)
                    continue
                number += item["Kind"] != "information"
                self.single(item, number)
                self.on_page[name].append(item["Item"])
                item = next(items, None)
                self.findings.finish()
        self.findings.check(item is None, self.language, "fewer questions", "those of the code map")

    def line(self, style: str) -> _Line:
        block = self.blocks[self.place] if self.place < len(self.blocks) else None
        self.place += 1
        if isinstance(block, _Line) and block.style == style:
            return block
        found = "the end" if block is None else block.style
        self.findings.note(f"{self.language}, block {self.place}", found, f"a paragraph of the style {style}")
        self.findings.finish()
        return _Line(style, ())

    def ahead(self, style: str) -> bool:
        return self.place < len(self.blocks) and self.blocks[self.place].style == style

    def optional(self, style: str, path: str) -> None:
        if self.ahead(style):
            self.texts[path] = self.line(style).text

    def only_if(self, when: str, name: str) -> None:
        """Read a condition in words: it is there when the code map has one."""
        if when:
            text = self.line("FormNote").text
            self.findings.check(text.startswith("Only if "), f"{self.language}, {name}", text, "Only if ...")
            self.words.setdefault(when, []).append(text)

    def question(self, line: _Line, number: str, item: Mapping[str, str]) -> None:
        name = item["Item"]
        place = f"{self.language}, item {name}"
        shown = line.of("FormNumber")
        self.findings.check(shown == f"{number}. " and item["Question"] == number, place, shown, f"number {number}")
        mark = line.of("FormMark")
        told = "required" in item["Marks"].split(", ")
        self.findings.check(mark == (" (required)" if told else ""), place, mark, "the mark of the code map")
        self.texts[f"items.{name}.text"] = line.text

    def single(self, item: Mapping[str, str], number: int) -> None:
        name, kind = item["Item"], item["Kind"].replace(" ", "_")
        self.findings.check(kind in _KINDS, f"code map, item {name}", kind, "a kind of item")
        if kind == "information":
            self.only_if(item["Shown only if"], name)
            self.texts[f"items.{name}.text"] = self.line("FormInformation").text
            self.optional("FormHelp", f"items.{name}.help")
            return
        self.question(self.line("Heading2"), str(number), item)
        self.only_if(item["Shown only if"], name)
        self.optional("FormHelp", f"items.{name}.help")
        note = self.line("FormNote").text if self.ahead("FormNote") else ""
        self.limits[name] = _limits(kind, note, self.findings, f"{self.language}, item {name}")
        if item["Options"]:
            style = "FormTick" if kind == "multiple_choice" else "FormOption"
            self.labels([self.line(style) for _ in self.codes.options.get(item["Options"], [])], item)
        else:
            self.answer(name, kind)

    def answer(self, name: str, kind: str) -> None:
        lines = [self.line("FormAnswer") for _ in range(_ANSWER_LINES.get(kind, 0))]
        text = "Day\t Month\t Year\t" if kind == "date" else "\t "
        right = bool(lines) and all(line.text == text for line in lines)
        self.findings.check(right, f"{self.language}, item {name}", f"{lines}"[:80], "lines to write on")
        unit = lines[0].of("FormUnit") if lines else ""
        if unit:
            self.texts[f"items.{name}.unit"] = unit

    def labels(self, lines: Sequence[_Line], item: Mapping[str, str]) -> None:
        for line, row in zip(lines, self.codes.options.get(item["Options"], []), strict=True):
            path = f"options.{item['Options']}.{row['Value']}"
            same = self.texts.setdefault(path, line.text) == line.text
            self.findings.check(same, f"{self.language}, item {item['Item']}", line.text, "the same label everywhere")
            if item["Kind"] == "multiple choice":
                alone = bool(row["Marks"])
                self.findings.check(
                    bool(line.of("FormMark")) == alone, path, line.of("FormMark"), "the code map's mark"
                )

    def matrix(
        self, item: Mapping[str, str], items: Iterator[Mapping[str, str]], page: str, number: int
    ) -> Mapping[str, str] | None:
        """Read a matrix; give the item that follows it."""
        name = item["Matrix"]
        place = f"{self.language}, matrix {name}"
        head = self.line("Heading2")
        self.findings.check(head.of("FormNumber") == f"{number}. ", place, head.of("FormNumber"), f"number {number}")
        self.texts[f"matrices.{name}.text"] = head.text
        self.matrices.setdefault(page, []).append(name)
        together = self.ahead("FormNote")
        if together:
            self.only_if(item["Shown only if"], name)
        self.optional("FormHelp", f"matrices.{name}.help")
        block = self.blocks[self.place] if self.place < len(self.blocks) else None
        self.place += 1
        if not isinstance(block, _Table):
            self.findings.note(place, "no table", "a table of its rows")
            self.findings.finish()
            return None
        self.findings.check(block.headed and block.captioned, place, "a table without a head", "a marked head")
        self.labels([cell[0] for cell in block.rows[0][1:]], item)
        row: Mapping[str, str] | None = item
        for position, cells in enumerate(block.rows[1:]):
            if row is None or row["Matrix"] != name:
                self.findings.note(place, "more rows", "those of the code map")
                break
            self.row(cells, row, f"{number}{_letters(position)}", together=together)
            self.on_page[page].append(row["Item"])
            row = next(items, None)
        self.findings.check(row is None or row["Matrix"] != name, place, "fewer rows", "those of the code map")
        self.findings.finish()
        return row

    def row(self, cells: Sequence[Sequence[_Line]], item: Mapping[str, str], number: str, *, together: bool) -> None:
        place = f"{self.language}, item {item['Item']}"
        first, *rest = cells[0]
        self.question(first, number, item)
        notes = [line.text for line in rest if line.style == "FormNote"]
        expected = bool(item["Shown only if"]) and not together
        self.findings.check(len(notes) == expected, place, f"{notes}", "a condition in words where there is one")
        for line in rest:
            if line.style == "FormHelp":
                self.texts[f"items.{item['Item']}.help"] = line.text
        circles = [line.text for cell in cells[1:] for line in cell]
        self.findings.check(set(circles) == {"\u25cb"}, place, f"{circles}", "a circle for each option")


def _letters(position: int) -> str:
    before, last = divmod(position, 26)
    return f"{_letters(before - 1) if before else ''}{'abcdefghijklmnopqrstuvwxyz'[last]}"


def _limits(kind: str, note: str, findings: FileFindings, place: str) -> dict[str, Any]:
    """Read what an answer must keep to from its sentence."""
    rules = {"number": _NUMBER, "date": _DATE, "multiple_choice": _TICKS, "short_text": _LENGTH, "long_text": _LENGTH}
    if not note:
        findings.check(kind not in {"number", "date"}, place, "no note on the answer", "a note")
        return {}
    match = rules[kind].fullmatch(note) if kind in rules else None
    if match is None:
        findings.note(place, note, f"nothing, or a note on a {kind}")
        return {}
    groups = match.groups()
    if kind in {"short_text", "long_text"}:
        return {"max_length": int(groups[0])}
    low, high = groups[-4] or groups[-2], groups[-3] or groups[-1]
    if kind == "date":
        return {"min": _iso(low), "max": _iso(high)}
    limits: dict[str, Any] = {"min": as_number(low or ""), "max": as_number(high or "")}
    return {**limits, "decimals": int(groups[1] or 0)} if kind == "number" else limits


def _iso(words: str | None) -> str | None:
    if words is None:
        return None
    day, month, year = words.split()
    return date(int(year), _MONTHS.index(month) + 1, int(day)).isoformat()


def _instrument(codes: _Codes, walks: Sequence[_Walk], findings: FileFindings) -> Instrument:
    first = walks[0]
    for walk in walks[1:]:
        same = walk.texts.keys() == first.texts.keys() and walk.limits == first.limits
        findings.check(same, f"language {walk.language}", "other questions", "those of the first language")
    said = first.texts
    wave = codes.about["Wave"]
    for name, rows in codes.options.items():
        for row in rows:
            path = f"options.{name}.{row['Value']}"
            findings.check(said.get(path) == row["Option"], f"code map, {path}", row["Option"], f"{said.get(path)!r}")
    return Instrument.model_construct(
        id=codes.about["Instrument"],
        version=codes.about["Version"],
        title=said["title"],
        description=said["description"],
        consent=said["consent"],
        privacy=said["privacy"],
        waves=(
            Wave.model_construct(id=wave, title=said[f"waves.{wave}.title"], intro=said.get(f"waves.{wave}.intro", "")),
        ),
        minutes=as_number(codes.about["Minutes"]),
        licence=codes.about["Licence"],
        source=codes.about["Source"],
        cite=codes.about["Cite as"],
        languages=codes.languages,
        options=tuple(_option_set(name, rows) for name, rows in codes.options.items()),
        sections=tuple(_section(page, first, codes, findings) for page in codes.pages),
        translations=tuple(Translation(language=walk.language, texts=tuple(walk.texts.items())) for walk in walks[1:]),
        audience=(),
    )


def _option_set(name: str, rows: Sequence[Mapping[str, str]]) -> OptionSet:
    options = tuple(
        Option.model_construct(
            value=as_value(row["Value"]),
            label=row["Option"],
            missing="missing" in row["Marks"].split(", "),
            exclusive="exclusive" in row["Marks"].split(", "),
        )
        for row in rows
    )
    return OptionSet.model_construct(id=name, options=options)


def _section(page: Mapping[str, str], walk: _Walk, codes: _Codes, findings: FileFindings) -> Section:
    name = page["Id"]
    said = walk.texts
    findings.check(page["Page"] == said[f"sections.{name}.title"], f"code map, page {name}", page["Page"], "its title")
    known = {item["Item"]: item for item in codes.items}
    return Section.model_construct(
        id=name,
        title=said[f"sections.{name}.title"],
        intro=said.get(f"sections.{name}.intro", ""),
        items=tuple(_item(known[item], walk, findings) for item in walk.on_page[name]),
        matrices=tuple(
            Matrix.model_construct(
                id=matrix, text=said[f"matrices.{matrix}.text"], help=said.get(f"matrices.{matrix}.help", "")
            )
            for matrix in walk.matrices.get(name, [])
        ),
        when=_condition(page["Shown only if"], findings),
    )


def _item(codes: Mapping[str, str], walk: _Walk, findings: FileFindings) -> Item:
    name = codes["Item"]
    marks = codes["Marks"].split(", ") if codes["Marks"] else []
    code = next((mark.removeprefix("code ") for mark in marks if mark.startswith("code ")), None)
    known = {"required", "identifies a person", f"code {code}"}
    findings.check(set(marks) <= known, f"code map, item {name}", f"{marks}", f"{sorted(known)}")
    return Item.model_construct(
        id=name,
        kind=codes["Kind"].replace(" ", "_"),
        text=walk.texts[f"items.{name}.text"],
        help=walk.texts.get(f"items.{name}.help", ""),
        unit=walk.texts.get(f"items.{name}.unit", ""),
        code=code,
        options=codes["Options"] or None,
        matrix=codes["Matrix"] or None,
        required="required" in marks,
        identifier="identifies a person" in marks,
        when=_condition(codes["Shown only if"], findings),
        **walk.limits.get(name, {}),
    )


def _condition(text: str, findings: FileFindings) -> str:
    if not text:
        return ""
    try:
        return str(parse_condition(text))
    except InstrumentError as error:
        findings.take(error)
        return ""
