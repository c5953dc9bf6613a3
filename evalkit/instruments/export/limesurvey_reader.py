"""Read a LimeSurvey survey structure back, strictly, by the rules of LimeSurvey's importer (`TSVImportSurvey`).

The importer itself is lenient: it takes an empty survey, drops underscores from codes and swallows rows after a stray
quotation mark, all in silence. Here each of these is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from evalkit.errors import InstrumentError
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected
from evalkit.instruments.export.expressions import (
    Call,
    Compared,
    Expression,
    Joined,
    Name,
    Opposite,
    Value,
    parse_expression,
)
from evalkit.instruments.export.file_findings import FileFindings, as_number, as_value
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Item, Matrix, Option, OptionSet, Section, Translation, Wave

_NEEDED = ("class", "type/scale", "name", "relevance", "text", "help", "language", "mandatory", "other")
_BASIC = frozenset({*_NEEDED, "id", "related_id", "validation", "default", "same_default", "assessment_value"})
_SETTINGS = frozenset({"language", "additional_languages", "anonymized", "format", "showsurveypolicynotice"})
_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "surveyls_title": "title",
        "surveyls_description": "description",
        "surveyls_welcometext": "consent",
        "surveyls_policy_notice": "privacy",
    }
)
# Question type -> kind of item, and the attributes that LimeSurvey knows for it.
_TYPES: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "L": ("single_choice", frozenset()),
        "F": ("likert", frozenset()),
        "M": ("multiple_choice", frozenset({"min_answers", "max_answers", "exclude_all_others"})),
        "N": ("number", frozenset({"min_num_value_n", "max_num_value_n", "num_value_int_only", "suffix"})),
        "D": ("date", frozenset({"date_min", "date_max", "date_format"})),
        "S": ("short_text", frozenset({"maximum_chars"})),
        "T": ("long_text", frozenset({"maximum_chars"})),
        "X": ("information", frozenset()),
        "*": ("hidden", frozenset({"hidden"})),
    }
)
_TRANSLATED_ATTRIBUTES = frozenset({"suffix"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
_ROW_CODE = re.compile(r"[A-Za-z0-9]{1,20}")
_ANSWER_CODE = re.compile(r"[A-Za-z0-9]{1,5}")
_RESERVED = frozenset({"lang", "sid", "savedid", "token", "qid", "gid", "sgq", "self", "that", "this"})
_MAX_TITLE = 200
_ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the file with its number, by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def place(self, column: str) -> str:
        return f"row {self.number}, column {column}"


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with the rows that belong to it."""

    row: _Row
    parts: tuple[_Row, ...]

    @property
    def code(self) -> str:
        return self.row["name"]


@dataclass(frozen=True, slots=True)
class _Group:
    """A page with its questions."""

    row: _Row
    questions: tuple[_Question, ...]


@dataclass(slots=True)
class _Known:
    """What conditions may look at so far."""

    variables: set[str] = field(default_factory=set)
    ticks: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_back(content: str | bytes) -> Instrument:
    """Read a survey structure as LimeSurvey would understand it.

    Parameters
    ----------
    content : str or bytes
        The file.

    Returns
    -------
    Instrument
        Under LimeSurvey's codes; a row of a matrix has the id ``matrix_row``, by which expressions know it, and the
        code ``matrix[row]``, its column in the answers. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the importer that the file breaks.
    """
    findings = FileFindings("LimeSurvey file")
    rows = _rows(content, findings)
    findings.finish()
    languages = _languages(rows, findings)
    pages = {language: list(_groups(rows, language, findings)) for language in languages}
    findings.finish()
    base = pages[languages[0]]
    for language in languages[1:]:
        _check_same(base, pages[language], language, findings)
    _check_codes(base, findings)
    findings.finish()
    found = _instrument(rows, base, languages, findings)
    texts = [
        Translation(language=one, texts=_translation(rows, base, pages[one], one, findings)) for one in languages[1:]
    ]
    findings.finish()
    return found.changed(languages=languages, translations=tuple(texts))


def _rows(content: str | bytes, findings: FileFindings) -> list[_Row]:
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    lines = re.split(r"\r\n|[\n\v\f\r\u0085\u2028\u2029]", text)
    header = [name.strip() for name in lines[0].split("\t")]
    for name in _NEEDED:
        findings.check(name in header, "row 1", f"no column {name}", "every column that the importer reads")
    findings.check(len(set(header)) == len(header), "row 1", "a column twice", "each column once")
    found = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        findings.check(line.strip(), f"row {number}", "an empty row", "no empty rows, not even the last")
        findings.check(len(cells) == len(header), f"row {number}", f"{len(cells)} cells", f"{len(header)} as in row 1")
        for name, cell in zip(header, cells, strict=False):
            # fgetcsv takes what follows a quotation mark, line ends included, for one cell.
            findings.check('"' not in cell, f"row {number}, column {name}", "a quotation mark", "no quotation marks")
        row = _Row(number, dict(zip(header, cells, strict=False)))
        findings.check(row["class"] in {"S", "SL", "G", "Q", "SQ", "A"}, row.place("class"), row["class"], "a class")
        found.append(row)
    return found


def _languages(rows: list[_Row], findings: FileFindings) -> tuple[str, ...]:
    settings = {row["name"]: row["text"] for row in rows if row["class"] == "S"}
    for name in settings:
        findings.check(name in _SETTINGS, "class S", name, "a survey setting that evalkit writes")
    findings.check(settings.get("language"), "class S", "no language", "the base language")
    found = (settings.get("language", ""), *settings.get("additional_languages", "").split())
    for language in found:
        titles = [row for row in rows if row["class"] == "SL" and row["language"] == language and row["text"]]
        names = [row["name"] for row in titles]
        for name in _TEXTS:
            findings.check(names.count(name) == 1, "class SL", f"{name} {names.count(name)} times", "it once")
    for row in rows:
        if row["class"] != "S":
            findings.check(row["language"] in found, row.place("language"), row["language"], "a language of the survey")
        if row["class"] == "SL":
            findings.check(row["name"] in _TEXTS, row.place("name"), row["name"], "a language setting evalkit writes")
    return found


def _groups(rows: list[_Row], language: str, findings: FileFindings) -> Iterator[_Group]:
    """Collect pages, questions and their parts: position decides what belongs to what."""
    group: _Row | None = None
    question: _Row | None = None
    parts: list[_Row] = []
    questions: list[_Question] = []
    for row in (row for row in rows if row["language"] == language and row["class"] not in {"S", "SL"}):
        kind = row["class"]
        if kind in {"G", "Q"} and question is not None:
            questions.append(_Question(question, tuple(parts)))
            question, parts = None, []
        if kind == "G":
            if group is not None:
                yield _Group(group, tuple(questions))
            group, questions = row, []
        elif kind == "Q":
            findings.check(group is not None, row.place("class"), "a question", "a group before it")
            question = row
        else:
            findings.check(question is not None, row.place("class"), kind, "a question before it")
            parts.append(row)
    if question is not None:
        questions.append(_Question(question, tuple(parts)))
    if group is not None:
        yield _Group(group, tuple(questions))
    findings.check(group is not None, f"language {language}", "no groups", "the questions in every language")


def _lines(groups: list[_Group]) -> list[_Row]:
    return [
        row
        for group in groups
        for row in (group.row, *(one for question in group.questions for one in (question.row, *question.parts)))
    ]


def _check_same(base: list[_Group], other: list[_Group], language: str, findings: FileFindings) -> None:
    """Check that a translation has the same rows in the same order; groups are joined by their key."""
    first, second = _lines(base), _lines(other)
    findings.check(len(first) == len(second), f"language {language}", f"{len(second)} rows", f"{len(first)}")
    for one, two in zip(first, second, strict=False):
        same = ["class", "type/scale", *(["name"] if one["class"] != "G" else [])]
        for column in (*same, "relevance", "mandatory"):
            findings.check(one[column] == two[column], two.place(column), two[column], f"{one[column]!r}")
        for column in two.cells.keys() - _BASIC - _TRANSLATED_ATTRIBUTES:
            findings.check(not two[column], two.place(column), two[column], "the attribute in the base language only")


def _check_codes(groups: list[_Group], findings: FileFindings) -> None:
    keys = [group.row["type/scale"] for group in groups]
    for group in groups:
        findings.check(group.row["type/scale"], group.row.place("type/scale"), "no key", "a key that joins languages")
        findings.check(keys.count(group.row["type/scale"]) == 1, group.row.place("type/scale"), "a key twice", "once")
        name = group.row["name"]
        findings.check(name not in {"", "0"} and len(name) <= _MAX_TITLE, group.row.place("name"), name, "a title")
    seen: set[str] = set()
    for question in (question for group in groups for question in group.questions):
        row = question.row
        code = row["name"].lower()
        findings.check(_CODE.fullmatch(row["name"]), row.place("name"), row["name"], "letters and digits, at most 20")
        findings.check(code not in seen and code not in _RESERVED, row.place("name"), row["name"], "a code of its own")
        seen.add(code)
        _check_question(question, findings)


def _check_question(question: _Question, findings: FileFindings) -> None:
    row = question.row
    known = row["type/scale"] in _TYPES
    findings.check(known, row.place("type/scale"), row["type/scale"], "a question type that evalkit writes")
    attributes = _TYPES[row["type/scale"]][1] if known else frozenset()
    for column, cell in row.cells.items():
        if column not in _BASIC and cell:
            findings.check(column in attributes, row.place(column), cell, "nothing: the type has no such attribute")
    for column, values in (("mandatory", {"Y", "N"}), ("other", {"N"})):
        findings.check(row[column] in values, row.place(column), row[column], " or ".join(sorted(values)))
    asked = {"F": {"SQ", "A"}, "M": {"SQ"}, "L": {"A"}}.get(row["type/scale"], set())
    findings.check({part["class"] for part in question.parts} == asked, row.place("class"), "its rows", f"{asked}")
    for kind, rule in (("SQ", _ROW_CODE), ("A", _ANSWER_CODE)):
        codes = [part["name"].lower() for part in question.parts if part["class"] == kind]
        findings.check(len(set(codes)) == len(codes), row.place("name"), f"{kind} codes twice", "each code once")
        for part in question.parts:
            if part["class"] == kind:
                right = rule.fullmatch(part["name"]) and (kind == "A" or part["name"] != "time")
                findings.check(right, part.place("name"), part["name"], f"{rule.pattern}, not time")
                findings.check(part["type/scale"] == "0", part.place("type/scale"), part["type/scale"], "scale 0")


def _instrument(rows: list[_Row], base: list[_Group], languages: tuple[str, ...], findings: FileFindings) -> Instrument:
    known = _Known()
    options: list[OptionSet] = []
    sections = []
    hidden: dict[str, str] = {}
    for group in base:
        items: list[Item] = []
        matrices: list[Matrix] = []
        when = _condition(group.row, known, findings)
        for question in group.questions:
            if question.row["type/scale"] == "*":
                findings.check(question.row["hidden"] == "1", question.row.place("hidden"), "shown", "1")
                hidden[question.code] = _text(question.row, "text", findings)
                continue
            items += _items(question, known, findings)
            if question.row["type/scale"] == "F":
                matrices.append(_matrix(question, findings))
            if question.parts:
                options.append(_option_set(question, findings))
        sections.append(
            Section.model_construct(
                id=group.row["type/scale"],
                title=_text(group.row, "name", findings),
                intro=_text(group.row, "text", findings),
                items=tuple(items),
                matrices=tuple(matrices),
                when="" if when is None else str(when),
            )
        )
    findings.check(set(hidden) == {"instrument", "version", "wave"}, "hidden equations", f"{sorted(hidden)}", "three")
    return Instrument.model_construct(
        id=hidden.get("instrument", ""),
        version=hidden.get("version", ""),
        waves=(Wave.model_construct(id=hidden.get("wave", ""), title=""),),
        options=tuple(options),
        sections=tuple(sections),
        audience=(),
        minutes=None,
        licence="",
        source="",
        cite="",
        languages=languages,
        **_head(rows, languages[0], findings),
    )


def _head(rows: list[_Row], language: str, findings: FileFindings) -> dict[str, Any]:
    found = [row for row in rows if row["class"] == "SL" and row["language"] == language]
    for row in found:
        if row["name"] == "surveyls_title":
            findings.check(len(row["text"]) <= _MAX_TITLE, row.place("text"), "a long title", "at most 200 characters")
    return {_TEXTS[row["name"]]: _text(row, "text", findings) for row in found}


def _text(row: _Row, column: str, findings: FileFindings) -> str:
    cell = row[column]
    findings.check("{" not in cell and "}" not in cell, row.place(column), "a brace", "no live expression")
    return findings.plain(cell, row.place(column))


def _row_text(row: _Row, findings: FileFindings) -> tuple[str, str]:
    findings.check("{" not in row["text"], row.place("text"), "a brace", "no live expression")
    return findings.with_help(row["text"], row.place("text"))


def _items(question: _Question, known: _Known, findings: FileFindings) -> Iterator[Item]:
    row = question.row
    kind = _TYPES[row["type/scale"]][0]
    when = _condition(row, known, findings)
    fields: dict[str, Any] = {"kind": kind, "required": row["mandatory"] == "Y"}
    if question.parts:
        fields["options"] = question.code
    if kind != "likert":
        yield Item.model_construct(
            id=question.code,
            text=_text(row, "text", findings),
            help=_text(row, "help", findings),
            when="" if when is None else str(when),
            **fields,
            **_limits(row, findings),
        )
        known.variables.add(question.code)
        known.ticks.update(
            {f"{question.code}_{part['name']}": (question.code, part["name"]) for part in question.parts}
        )
        return
    for part in (part for part in question.parts if part["class"] == "SQ"):
        own = _condition(part, known, findings) if part["relevance"] else when
        text, note = _row_text(part, findings)
        name = f"{question.code}_{part['name']}"
        column = f"{question.code}[{part['name']}]"
        shown = "" if own is None else str(own)
        fields |= {"text": text, "help": note, "when": shown, "matrix": question.code}
        yield Item.model_construct(id=name, code=column, **fields)
        known.variables.add(name)


def _limits(row: _Row, findings: FileFindings) -> dict[str, Any]:
    kind = row["type/scale"]
    if kind == "N":
        whole = {"decimals": 0} if row["num_value_int_only"] == "1" else {"decimals": None}
        limits = {"min": as_number(row["min_num_value_n"]), "max": as_number(row["max_num_value_n"])}
        return {**limits, **whole, "unit": _text(row, "suffix", findings)}
    if kind == "D":
        return {"min": row["date_min"] or None, "max": row["date_max"] or None}
    if kind == "M":
        return {"min": as_number(row["min_answers"]), "max": as_number(row["max_answers"])}
    return {"max_length": as_number(row["maximum_chars"])}


def _matrix(question: _Question, findings: FileFindings) -> Matrix:
    text, note = (_text(question.row, column, findings) for column in ("text", "help"))
    return Matrix.model_construct(id=question.code, text=text, help=note)


def _option_set(question: _Question, findings: FileFindings) -> OptionSet:
    wanted = "SQ" if question.row["type/scale"] == "M" else "A"
    alone = question.row["exclude_all_others"].split(";")
    found = [
        Option.model_construct(
            value=as_value(part["name"]), label=_text(part, "text", findings), exclusive=part["name"] in alone
        )
        for part in question.parts
        if part["class"] == wanted
    ]
    return OptionSet.model_construct(id=question.code, options=tuple(found))


def _translation(
    rows: list[_Row], base: list[_Group], pages: list[_Group], language: str, findings: FileFindings
) -> tuple[tuple[str, str], ...]:
    """Collect the texts of one further language under the paths of the first."""
    found = dict(_head(rows, language, findings))
    for group, same in zip(pages, base, strict=True):
        name = same.row["type/scale"]
        found[f"sections.{name}.title"] = _text(group.row, "name", findings)
        found[f"sections.{name}.intro"] = _text(group.row, "text", findings)
        for question in group.questions:
            if question.row["type/scale"] != "*":
                found.update(_question_texts(question, findings))
    return tuple((path, text) for path, text in found.items() if text)


def _question_texts(question: _Question, findings: FileFindings) -> Iterator[tuple[str, str]]:
    row = question.row
    kind = "matrices" if row["type/scale"] == "F" else "items"
    for column, key in (("text", "text"), ("help", "help"), ("suffix", "unit")):
        yield f"{kind}.{question.code}.{key}", _text(row, column, findings)
    for part in question.parts:
        if kind == "matrices" and part["class"] == "SQ":
            text, note = _row_text(part, findings)
            yield f"items.{question.code}_{part['name']}.text", text
            yield f"items.{question.code}_{part['name']}.help", note
        else:
            yield f"options.{question.code}.{part['name']}", _text(part, "text", findings)


def _condition(row: _Row, known: _Known, findings: FileFindings) -> Condition | None:
    place = row.place("relevance")
    if row["relevance"] == "1":
        return None
    try:
        return _Folder(known, place, findings).fold(parse_expression(row["relevance"], place))
    except InstrumentError as error:
        findings.take(error)
        return None


@dataclass(frozen=True, slots=True)
class _Folder:
    """Turns an expression of LimeSurvey into a condition."""

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
        if isinstance(part, Opposite):
            return Not(self.fold(part.part))
        if isinstance(part, Compared) and isinstance(part.left, Name) and isinstance(part.right, Value):
            return self.compared(part.left, part.sign, part.right)
        self.findings.note(self.place, str(part)[:80], "a comparison of an answer with a value")
        return Comparison("", "==", "")

    def guarded(self, part: Joined) -> Condition | None:
        """Recognise a number or date that is compared only when there is one."""
        first, *rest = part.parts
        wanted = part.word == "and"
        guard = first.part if isinstance(first, Opposite) else first
        if not isinstance(guard, Call) or guard.name not in {"is_numeric", "is_empty"}:
            return None
        held = (guard.name == "is_numeric") != isinstance(first, Opposite)
        main = rest[0]
        right = isinstance(main, Compared) and held == wanted and isinstance(guard.argument, Name)
        self.findings.check(right, self.place, str(part)[:80], "a guard that fits its comparison")
        if not isinstance(main, Compared) or not isinstance(guard.argument, Name):
            return None
        self.findings.check((main.sign == "!=") != wanted, self.place, main.sign, "a sign that fits its guard")
        left, value = (one.argument if isinstance(one, Call) else one for one in (main.left, main.right))
        date = all(isinstance(one, Call) and one.name == "strtotime" for one in (main.left, main.right))
        self.findings.check(
            date == (guard.name == "is_empty"), self.place, str(main)[:80], "numbers or dates, not both"
        )
        for other in rest[1:]:
            same = isinstance(other, Compared) and other.left == left and other.sign == "!="
            self.findings.check(same and main.sign in _ORDER, self.place, str(other)[:80], "a missing option")
        self.findings.check(left == guard.argument, self.place, str(left), f"{guard.argument}")
        if not isinstance(left, Name) or not isinstance(value, Value):
            return None
        return Comparison(self.variable(left), main.sign, value.value)

    def compared(self, left: Name, sign: str, value: Value) -> Condition:
        self.findings.check(sign in {"==", "!="}, self.place, sign, "== or != with a code")
        self.findings.check(isinstance(value.value, str), self.place, str(value.value), "a code in quotes")
        variable = left.text.removesuffix(".NAOK")
        if variable in self.known.ticks:
            self.findings.check(value.value == "Y" and sign == "==", self.place, str(value.value), "== 'Y'")
            item, code = self.known.ticks[variable]
            return Selected(item, as_value(code))
        return Comparison(self.variable(left), sign, as_value(str(value.value)))

    def variable(self, name: Name) -> str:
        self.findings.check(name.text.endswith(".NAOK"), self.place, name.text, "the ending .NAOK")
        variable = name.text.removesuffix(".NAOK")
        self.findings.check(variable in self.known.variables, self.place, variable, "a question that comes before")
        return variable
