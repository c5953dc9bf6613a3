"""Read Qualtrics' Advanced Format back, strictly, by the grammar of its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from evalkit.instruments.export.file_findings import FileFindings, as_value
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Item, Matrix, Option, OptionSet, Section, Wave

_TAG = re.compile(r"\[\[([A-Za-z]+)(?::([^\[\]]+))?\]\]")
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "MC:SingleAnswer:Vertical": "single_choice",
        "MC:MultipleAnswer": "multiple_choice",
        "TE:SingleLine": "short_text",
        "TE:Essay": "long_text",
        "DB": "information",
        "Matrix": "likert",
    }
)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"0|[1-9]\d*")
_UNIT = re.compile(r'(.*)<br /><span class="unit">(.*)</span>')
_HEADING = re.compile(r"<strong>(.*)</strong>(?:<br />(.*))?")
_HIDDEN = ("instrument", "version", "wave")


@dataclass(frozen=True, slots=True)
class _Question:
    """One question as written."""

    line: int
    kind: str
    tag: str
    text: str
    lists: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def place(self) -> str:
        return f"line {self.line}"


@dataclass(frozen=True, slots=True)
class _Block:
    """A block with its questions."""

    name: str
    questions: list[_Question]


def read_back(content: str | bytes) -> Instrument:
    """Read a survey in Advanced Format as Qualtrics would understand it.

    Parameters
    ----------
    content : str or bytes
        The file.

    Returns
    -------
    Instrument
        Under Qualtrics' export tags and recode values; a row of a matrix is called ``matrix_number``. What the format
        does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the format that the file breaks.
    """
    findings = FileFindings("Qualtrics file")
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    parts = list(_parts(text, findings))
    findings.finish()
    fields = _embedded(parts[:1], findings)
    blocks = _blocks(parts[1:], findings)
    _check_columns(blocks, findings)
    findings.finish()
    found = _instrument(fields, blocks, findings)
    findings.finish()
    return found


def _parts(text: str, findings: FileFindings) -> Iterator[tuple[int, list[str]]]:
    """Part the file at its blank lines; each part with the number of its first line."""
    lines = text.removesuffix("\n").split("\n")
    findings.check(lines[0] == "[[AdvancedFormat]]", "line 1", lines[0][:80], "[[AdvancedFormat]]")
    findings.check(len(lines) > 1 and not lines[1], "line 2", "a line", "an empty line")
    start, part = 0, list[str]()
    for number, line in enumerate([*lines[2:], ""], start=3):
        findings.check(line == line.strip(), f"line {number}", "a blank at an end", "none")
        bare = _TAG.sub("", line) if line.startswith("[[") else line
        findings.check("[[" not in bare and "]]" not in bare, f"line {number}", line[:80], "tags on lines of their own")
        findings.check("${" not in line, f"line {number}", line[:80], "nothing piped")
        if line:
            start = start or number
            part.append(line)
        elif part:
            yield start, part
            start, part = 0, []
        else:
            findings.note(f"line {number}", "a second empty line", "one between questions")


def _tag(line: str, findings: FileFindings, place: str) -> tuple[str, str]:
    match = _TAG.fullmatch(line)
    if match is None:
        findings.note(place, line[:80], "a tag in double brackets")
        return "", ""
    findings.check(" " not in match.group(1), place, line, "no blanks in tags")
    return match.group(1), match.group(2) or ""


def _embedded(parts: list[tuple[int, list[str]]], findings: FileFindings) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, lines in parts:
        for line in lines:
            word, rest = _tag(line, findings, f"line {number}")
            name, _, value = rest.partition(":")
            findings.check(word == "ED" and value and ":" not in value, f"line {number}", line, "[[ED:field:value]]")
            findings.check(name not in found, f"line {number}", line, "each field once")
            found[name] = value
    findings.check(tuple(found) == _HIDDEN, "embedded data", f"{list(found)}", f"{list(_HIDDEN)}")
    return found


def _blocks(parts: list[tuple[int, list[str]]], findings: FileFindings) -> list[_Block]:
    blocks: list[_Block] = []
    for number, lines in parts:
        word, rest = _tag(lines[0], findings, f"line {number}")
        if word == "Block":
            findings.check(rest and len(lines) == 1, f"line {number}", lines[0], "[[Block:name]] alone")
            findings.check(rest not in {one.name for one in blocks}, f"line {number}", rest, "a block of its own")
            blocks.append(_Block(rest, []))
        elif word == "Question" and blocks and len(lines) > 2:
            blocks[-1].questions.append(_question(number, rest, lines, findings))
        else:
            findings.note(f"line {number}", lines[0][:80], "a block, or a question with an id and a text in a block")
    return blocks


def _question(number: int, kind: str, lines: list[str], findings: FileFindings) -> _Question:
    word, tag = _tag(lines[1], findings, f"line {number + 1}")
    findings.check(kind in _KINDS, f"line {number}", kind, "a question type that evalkit writes")
    right = word == "ID" and _ID.fullmatch(tag) and "TEXT" not in tag
    findings.check(right, f"line {number + 1}", lines[1], "[[ID:tag]] of letters, digits and underscores")
    findings.check(not lines[2].startswith("[["), f"line {number + 2}", lines[2][:80], "the text on one line")
    lists = _lists(number + 3, lines[3:], findings)
    wanted = {
        "single_choice": ["AdvancedChoices"],
        "multiple_choice": ["AdvancedChoices"],
        "likert": ["AdvancedChoices", "AdvancedAnswers"],
    }.get(_KINDS.get(kind, ""), [])
    findings.check(list(lists) == wanted, f"line {number}", f"{list(lists)}", f"{wanted} for {kind}")
    return _Question(number, kind, tag, lines[2], lists)


def _lists(number: int, lines: list[str], findings: FileFindings) -> dict[str, tuple[tuple[str, str], ...]]:
    """Read lists of choices: a tag with the recode value, and below it the label on one line."""
    lists: dict[str, list[tuple[str, str]]] = {}
    position = 0
    while position < len(lines):
        place = f"line {number + position}"
        word, rest = _tag(lines[position], findings, place)
        if word in {"AdvancedChoices", "AdvancedAnswers"}:
            findings.check(word not in lists, place, word, "each list once")
            lists[word] = []
            position += 1
            continue
        last = next(reversed(lists), "")
        label = lines[position + 1] if position + 1 < len(lines) else ""
        findings.check(last == f"Advanced{word}s", place, lines[position][:80], "a choice in its list")
        findings.check(_NUMBER.fullmatch(rest), place, rest, "a number as recode value")
        findings.check(label and not label.startswith("[["), place, "no label", "a label on the next line")
        if last:
            findings.check(rest not in dict(lists[last]), place, rest, "each recode value once")
            lists[last].append((rest, label))
        position += 2
    return {word: tuple(found) for word, found in lists.items()}


def _check_columns(blocks: list[_Block], findings: FileFindings) -> None:
    """Check that no two columns of the answers have the same name."""
    seen: set[str] = set(_HIDDEN)
    for question in (question for block in blocks for question in block.questions):
        several = question.kind in {"MC:MultipleAnswer", "Matrix"}
        endings = [code for code, _ in question.lists.get("AdvancedChoices", ())] if several else []
        for column in (question.tag, *(f"{question.tag}_{ending}" for ending in endings)):
            findings.check(column not in seen, question.place, column, "columns that differ")
            seen.add(column)


def _instrument(fields: Mapping[str, str], blocks: list[_Block], findings: FileFindings) -> Instrument:
    about = blocks[0].questions if blocks else []
    findings.check(len(about) == 4, "first block", f"{len(about)} texts", "title, description, consent, privacy")
    texts: dict[str, Any] = {
        key: findings.plain(one.text, one.place)
        for key, one in zip(("title", "description", "consent", "privacy"), about, strict=False)
    }
    options: list[OptionSet] = []
    sections = [_section(block, options, findings) for block in blocks[1:]]
    return Instrument.model_construct(
        id=fields.get("instrument", ""),
        version=fields.get("version", ""),
        waves=(Wave.model_construct(id=fields.get("wave", ""), title=""),),
        **texts,
        options=tuple(options),
        sections=tuple(sections),
        audience=(),
        minutes=None,
        licence="",
        source="",
        cite="",
        languages=(),
    )


def _section(block: _Block, options: list[OptionSet], findings: FileFindings) -> Section:
    heading = _HEADING.fullmatch(block.questions[0].text) if block.questions else None
    findings.check(heading, f"block {block.name}", "no heading", "a text with the title first")
    title, intro = heading.groups(default="") if heading else ("", "")
    items: list[Item] = []
    matrices: list[Matrix] = []
    for question in block.questions[1:]:
        items += _items(question, findings)
        if question.kind == "Matrix":
            text, note = findings.with_help(question.text, question.place)
            matrices.append(Matrix.model_construct(id=question.tag, text=text, help=note))
        if question.lists:
            options.append(_option_set(question, findings))
    return Section.model_construct(
        id=block.name,
        title=findings.plain(title, f"block {block.name}"),
        intro=findings.plain(intro, f"block {block.name}"),
        items=tuple(items),
        matrices=tuple(matrices),
    )


def _items(question: _Question, findings: FileFindings) -> Iterator[Item]:
    kind = _KINDS[question.kind]
    options = question.tag if question.lists else None
    if kind == "likert":
        for code, label in question.lists["AdvancedChoices"]:
            text, note = findings.with_help(label, question.place)
            name = f"{question.tag}_{code}"
            yield Item.model_construct(id=name, kind=kind, text=text, help=note, options=options, matrix=question.tag)
        return
    match = _UNIT.fullmatch(question.text)
    shown, unit = match.groups() if match else (question.text, "")
    text, note = findings.with_help(shown, question.place)
    unit = findings.plain(unit, question.place)
    yield Item.model_construct(id=question.tag, kind=kind, text=text, help=note, unit=unit, options=options)


def _option_set(question: _Question, findings: FileFindings) -> OptionSet:
    wanted = "AdvancedAnswers" if question.kind == "Matrix" else "AdvancedChoices"
    found = [
        Option.model_construct(value=as_value(code), label=findings.plain(label, question.place))
        for code, label in question.lists[wanted]
    ]
    return OptionSet.model_construct(id=question.tag, options=tuple(found))
