"""LimeSurvey: the tab-separated survey structure (.txt) that its "Import survey" takes.

Every cell is written so that PHP's ``fgetcsv``, with which LimeSurvey reads, has nothing to interpret: no quotation
mark, tab or line break is left in any cell. Texts are HTML and may hold expressions in braces on that platform, so that
``& < > " { }`` become entities. Identifier, version and wave travel as hidden equations, languages come whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evalkit.errors import InstrumentError, Problem
from evalkit.files import inert
from evalkit.instruments.conditions import Comparison, Condition, Selected
from evalkit.instruments.export.expressions import written
from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.limesurvey_reader import read_back
from evalkit.instruments.export.naming import HIDDEN_FIELDS, hidden_value, short_names, shown_text
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section
from evalkit.instruments.wording import reworded

__all__ = ["build", "read_back"]

_ATTRIBUTES = (
    "date_format",
    "date_max",
    "date_min",
    "exclude_all_others",
    "hidden",
    "max_answers",
    "max_num_value_n",
    "maximum_chars",
    "min_answers",
    "min_num_value_n",
    "num_value_int_only",
    "suffix",
)
_COLUMNS = (
    "id",
    "related_id",
    "class",
    "type/scale",
    "name",
    "relevance",
    "text",
    "help",
    "language",
    "validation",
    "mandatory",
    "other",
    "default",
    "same_default",
    "assessment_value",
    *_ATTRIBUTES,
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "single_choice": "L",
        "likert": "L",
        "multiple_choice": "M",
        "number": "N",
        "date": "D",
        "short_text": "S",
        "long_text": "T",
        "information": "X",
    }
)
_MAX_CODE = 20
_MAX_ANSWER = 5
_MAX_TITLE = 200
# LimeSurvey guesses the encoding from so many bytes; a character cut in two there makes it take the file for Shift-JIS.
_SAMPLE = 1000
_RESERVED = frozenset({"lang", "sid", "savedid", "token", "qid", "gid", "sgq", "self", "that", "this"})
# The regional languages that LimeSurvey knows; of all others it knows the language only.
_REGIONAL = frozenset(
    {"es-AR", "es-CL", "es-CO", "es-MX", "pt-BR", "sr-Latn", "zh-Hans", "zh-Hant-HK", "zh-Hant-TW", "fa-AF"}
)
_ENTITIES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "{": "&#123;",
        "}": "&#125;",
        "\t": "&#9;",
        "\n": "<br />",
    }
)

_Row = dict[str, str]


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as LimeSurvey's tab-separated survey structure.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The file's text, what LimeSurvey cannot carry, and the codes that had to change: LimeSurvey's codes have no
        underscore, those of answers at most five characters, and a row of a matrix is the column ``matrix[row]``.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for a heading over 200 characters, an identifier that a
        hidden field cannot carry, or two languages that are one to LimeSurvey.
    """
    codes = _codes(instrument)
    languages = _languages(instrument)
    rows = list(_survey(languages, instrument))
    for tag, code in languages.items():
        rows += _pages(_Page(instrument, _spoken(instrument, tag), code, codes, first=code == rows[0]["text"]))
    lines = ["\t".join(_COLUMNS), *("\t".join(row.get(column, "") for column in _COLUMNS) for row in rows)]
    return (
        _detectable("\n".join(lines)),
        tuple(_losses(instrument, codes, languages)),
        tuple(_changes(instrument, codes)),
    )


@dataclass(frozen=True, slots=True)
class _Codes:
    """What items, matrices and options are called in LimeSurvey."""

    items: Mapping[str, str]
    matrices: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]
    ticks: Mapping[str, Mapping[str, str]]

    def column(self, item: Item) -> str:
        """Name the column of the answers."""
        code = self.items[item.id]
        return code if item.matrix is None else f"{self.matrices[item.matrix]}[{code}]"

    def variable(self, item: Item) -> str:
        """Name the variable in expressions."""
        code = self.items[item.id]
        return code if item.matrix is None else f"{self.matrices[item.matrix]}_{code}"

    def options(self, item: Item) -> Mapping[str, str]:
        """Map the values of an item's options."""
        return (self.ticks if item.kind == "multiple_choice" else self.answers)[item.options or ""]


@dataclass(frozen=True, slots=True)
class _Page:
    """What the rows of one language are made from."""

    form: Instrument
    spoken: Instrument
    language: str
    codes: _Codes
    first: bool


def _bare(name: str) -> str:
    return name.replace("_", "")


def _codes(form: Instrument) -> _Codes:
    rows = {item.id: item.name for item in form.items if item.matrix is not None}
    alone = {item.id: item.name for item in form.items if item.matrix is None}
    matrices = [matrix.id for section in form.sections for matrix in section.matrices]
    below = short_names(dict.fromkeys(rows.values()), _bare, _MAX_CODE, {"time", "other"})
    taken = {*HIDDEN_FIELDS, *_RESERVED}
    questions = short_names(dict.fromkeys(alone.values()), _bare, _MAX_CODE, taken)
    return _Codes(
        items={
            **{name: below[code] for name, code in rows.items()},
            **{name: questions[code] for name, code in alone.items()},
        },
        matrices=short_names(matrices, _bare, _MAX_CODE, {*taken, *questions.values()}),
        answers={one.id: short_names(_values(one), _bare, _MAX_ANSWER) for one in form.options},
        ticks={one.id: short_names(_values(one), _bare, _MAX_CODE, {"time", "other"}) for one in form.options},
    )


def _values(options: OptionSet) -> list[str]:
    return [str(option.value) for option in options.options]


def _languages(form: Instrument) -> dict[str, str]:
    """Map each language tag to the one that LimeSurvey knows."""
    found = {tag: tag if tag in _REGIONAL else tag.split("-")[0] for tag in form.languages}
    for tag, code in found.items():
        same = [other for other, its in found.items() if its == code]
        if same[0] != tag:
            expected = "languages that LimeSurvey tells apart"
            remedy = "Export them one at a time: adapt(languages=[...])."
            raise InstrumentError(
                Problem("INS-044", f"instrument {form.id}, languages", f"{same[0]} and {tag}", expected, remedy)
            )
    return found


def _spoken(form: Instrument, language: str) -> Instrument:
    """Put the texts of one language in place; tokens stay as they are."""
    own = {path: text for one in form.translations if one.language == language for path, text in one.texts}
    return reworded(form, own.get)


def _html(text: str, place: str, longest: int | None = None) -> str:
    """Write a plain text as a cell of HTML that neither fgetcsv nor a spreadsheet nor LimeSurvey interprets."""
    html = shown_text(text, place).translate(_ENTITIES)
    if longest is not None and len(html) > longest:
        expected = f"at most {longest} characters, special ones written as entities"
        raise InstrumentError(Problem("INS-044", place, f"{len(html)} characters", expected, "Shorten it."))
    return _disarmed(html)


def _disarmed(html: str) -> str:
    # A lone 0 counts as empty in PHP; a formula in a spreadsheet begins at the start of a cell.
    return f"&#{ord(html[0])};{html[1:]}" if html == "0" or inert(html) != html else html


def _detectable(text: str) -> str:
    """Write a character that would be cut in two at the end of LimeSurvey's sample as an entity."""
    content = text.encode()
    while len(content) > _SAMPLE and content[_SAMPLE] & 0xC0 == 0x80:
        cut = len(content[:_SAMPLE].decode(errors="ignore"))
        text = f"{text[:cut]}&#{ord(text[cut])};{text[cut + 1 :]}"
        content = text.encode()
    return text


def _survey(languages: Mapping[str, str], form: Instrument) -> Iterator[_Row]:
    codes = list(languages.values())
    settings = {
        "language": codes[0],
        "additional_languages": " ".join(codes[1:]),
        "anonymized": "Y",
        "format": "G",
        "showsurveypolicynotice": "1",
    }
    yield from ({"class": "S", "name": name, "text": text} for name, text in settings.items() if text)
    for tag, code in languages.items():
        spoken = _spoken(form, tag)
        for name, key, longest in (
            ("surveyls_title", "title", _MAX_TITLE),
            ("surveyls_description", "description", None),
            ("surveyls_welcometext", "consent", None),
            ("surveyls_policy_notice", "privacy", None),
        ):
            text = _html(getattr(spoken, key), f"{key}, {tag}", longest)
            yield {"class": "SL", "name": name, "text": text, "language": code}


def _pages(page: _Page) -> Iterator[_Row]:
    for position, (section, spoken) in enumerate(zip(page.form.sections, page.spoken.sections, strict=True)):
        place = f"section {section.id}, {page.language}"
        yield {
            "class": "G",
            "type/scale": section.id,
            "name": _html(spoken.title, place, _MAX_TITLE),
            "relevance": _relevance(section.condition, page),
            "text": _html(spoken.intro, place),
            "language": page.language,
        }
        if position == 0:
            yield from _hidden(page)
        yield from _questions(section, spoken, page)


def _hidden(page: _Page) -> Iterator[_Row]:
    """Write the equations by which answers carry what they answer."""
    values = (page.form.id, page.form.version, page.form.waves[0].id)
    for name, value in zip(HIDDEN_FIELDS, values, strict=True):
        text = hidden_value(value, f"{name} of {page.form.id}")
        yield _question(page, "*", name, relevance="1", text=text, **({"hidden": "1"} if page.first else {}))


def _question(page: _Page, kind: str, name: str, **cells: str) -> _Row:
    return {
        "class": "Q",
        "type/scale": kind,
        "name": name,
        "language": page.language,
        "mandatory": "N",
        "other": "N",
        **cells,
    }


def _questions(section: Section, spoken: Section, page: _Page) -> Iterator[_Row]:
    for (matrix, items), (said, said_items) in zip(section.groups(), spoken.groups(), strict=True):
        if matrix is None or said is None:
            yield from _single(items[0], said_items[0], page)
        else:
            yield from _matrix(said, items, said_items, page)


def _single(item: Item, said: Item, page: _Page) -> Iterator[_Row]:
    place = f"item {item.id}, {page.language}"
    suffix = {"suffix": _html(said.unit, place)} if item.unit else {}
    yield _question(
        page,
        _TYPES[item.kind],
        page.codes.items[item.id],
        relevance=_relevance(item.condition, page),
        text=_html(said.text, place),
        help=_html(said.help, place),
        mandatory="Y" if item.required else "N",
        **suffix,
        **(_attributes(item, page) if page.first else {}),
    )
    if item.options is not None:
        yield from _options(item, page)


def _attributes(item: Item, page: _Page) -> dict[str, str]:
    """Write the limits of an item; LimeSurvey keeps them once for all languages."""
    low, high = ("" if limit is None else str(limit) for limit in (item.min, item.max))
    if item.kind == "number":
        whole = {"num_value_int_only": "1"} if item.decimals == 0 else {}
        return {"min_num_value_n": low, "max_num_value_n": high, **whole}
    if item.kind == "date":
        return {"date_min": low, "date_max": high, "date_format": "dd/mm/yyyy"}
    if item.kind == "multiple_choice":
        codes = page.codes.options(item)
        alone = [codes[str(one.value)] for one in page.form.options_of(item) if one.exclusive or one.missing]
        return {"min_answers": low, "max_answers": high, "exclude_all_others": ";".join(alone)}
    return {} if item.max_length is None else {"maximum_chars": str(item.max_length)}


def _matrix(said: Matrix, items: tuple[Item, ...], said_items: tuple[Item, ...], page: _Page) -> Iterator[_Row]:
    place = f"matrix {said.id}, {page.language}"
    same = len({item.when for item in items}) == 1
    yield _question(
        page,
        "F",
        page.codes.matrices[said.id],
        relevance=_relevance(items[0].condition if same else None, page),
        text=_html(said.text, place),
        help=_html(said.help, place),
        mandatory="Y" if all(item.required for item in items) else "N",
    )
    for item, row in zip(items, said_items, strict=True):
        where = f"item {item.id}, {page.language}"
        below = f"<br /><em>{_html(row.help, where)}</em>" if row.help else ""
        yield {
            "class": "SQ",
            "type/scale": "0",
            "name": page.codes.items[item.id],
            "relevance": "" if same or item.condition is None else _relevance(item.condition, page),
            "text": _disarmed(f"{_html(row.text, where)}{below}"),
            "language": page.language,
        }
    yield from _options(items[0], page)


def _options(item: Item, page: _Page) -> Iterator[_Row]:
    codes = page.codes.options(item)
    for option in page.spoken.options_of(item):
        text = _html(option.label, f"options {item.options}, {page.language}")
        row = {"type/scale": "0", "name": codes[str(option.value)], "text": text, "language": page.language}
        yield {"class": "SQ", **row} if item.kind == "multiple_choice" else {"class": "A", **row, **_worth(option)}


def _worth(option: Option) -> dict[str, str]:
    """Give an answer that counts its value for LimeSurvey's assessments, in the old place and in the new."""
    if option.missing or not isinstance(option.value, int):
        return {}
    return {"relevance": str(option.value), "assessment_value": str(option.value)}


def _relevance(condition: Condition | None, page: _Page) -> str:
    if condition is None:
        return "1"
    return written(condition, lambda leaf, negated: _leaf(leaf, page, negated=negated))


def _leaf(leaf: Comparison | Selected, page: _Page, *, negated: bool) -> str:
    item = page.form.by_id[leaf.item]
    variable = page.codes.variable(item)
    if isinstance(leaf, Selected):
        text = f"{variable}_{page.codes.options(item)[_plain(leaf.value)]}.NAOK == 'Y'"
    elif item.kind == "date":
        text = _dated(f"{variable}.NAOK", leaf)
    elif item.kind == "number" or leaf.sign not in {"==", "!="}:
        others = [one.value for one in page.form.options_of(item) if one.missing and isinstance(one.value, int)]
        text = _counted(f"{variable}.NAOK", leaf, others)
    else:
        text = f"{variable}.NAOK {leaf.sign} '{page.codes.options(item)[_plain(leaf.value)]}'"
    if not negated:
        return text
    return f"!{text}" if text.startswith("(") else f"!({text})"


def _plain(value: int | float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _dated(variable: str, leaf: Comparison) -> str:
    compared = f"strtotime({variable}) {leaf.sign} strtotime('{leaf.value}')"
    if leaf.sign == "!=":
        return f"(is_empty({variable}) or {compared})"
    return f"(!is_empty({variable}) and {compared})"


def _counted(variable: str, leaf: Comparison, others: list[int]) -> str:
    """Compare a number: an empty answer, a word such as pnts and missing options have no order."""
    compared = f"{variable} {leaf.sign} {leaf.value}"
    if leaf.sign == "!=":
        return f"(!is_numeric({variable}) or {compared})"
    return f"({' and '.join([f'is_numeric({variable})', compared, *(f'{variable} != {one}' for one in others)])})"


def _losses(form: Instrument, codes: _Codes, languages: Mapping[str, str]) -> Iterator[Loss]:
    yield from metadata_losses(form, "LimeSurvey")
    yield from item_losses(form, "LimeSurvey")
    for tag, code in languages.items():
        if tag != code:
            yield Loss("language", tag, f"LimeSurvey knows the language as {code}.")
    for section in form.sections:
        for matrix, items in section.groups():
            yield from _matrix_losses(matrix, items, codes)
    for item in form.items:
        if item.decimals:
            detail = f"LimeSurvey takes any number of decimals; {item.decimals} are meant. Evalkit checks the answers."
            yield Loss("validation", item.id, detail)


def _matrix_losses(matrix: Matrix | None, items: tuple[Item, ...], codes: _Codes) -> Iterator[Loss]:
    if matrix is None:
        return
    if codes.matrices[matrix.id] != matrix.id:
        yield Loss("matrix name", matrix.id, f"The matrix is the question {codes.matrices[matrix.id]} in LimeSurvey.")
    if not all(item.required for item in items):
        for item in items:
            if item.required:
                yield Loss("required", item.id, "LimeSurvey can require a whole matrix only, not one row of it.")


def _changes(form: Instrument, codes: _Codes) -> Iterator[CodeChange]:
    for item in form.items:
        column = codes.column(item)
        if column != item.id:
            yield CodeChange(item.id, "", column, "")
        if item.options is not None:
            for value, code in codes.options(item).items():
                if value != code:
                    yield CodeChange(item.id, value, column, code)
