"""XLSForm (.xlsx) for ODK and KoboToolbox: the sheets `survey`, `choices` and `settings`, in every language.

A page is a group on one screen, a matrix a table. Names with two underscores, such as ``page__start``, are parts of the
form and no answers. ODK's apps read Markdown, so that what would start it is escaped with a backslash. Every cell is a
string; one that a spreadsheet would take for a formula is marked as text.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import InstrumentError, Problem
from evalkit.files import inert
from evalkit.instruments.conditions import Condition
from evalkit.instruments.export.braced_conditions import XLSFORM, in_braces, number_text
from evalkit.instruments.export.left_behind import bracketed_losses, item_losses, metadata_losses
from evalkit.instruments.export.naming import HIDDEN_FIELDS, hidden_value, short_names
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.xlsform_reader import LANGUAGE_NAMES, read_back
from evalkit.instruments.export.xml_texts import xml_text
from evalkit.instruments.model import Instrument, Item, Matrix, Section
from evalkit.instruments.wording import texts

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["build", "read_back"]

_MAX_NAME = 40
_MAX_CELL = 32_767
# What makes ODK's apps see Markdown, and what they let be escaped.
_ACTIVE = re.compile(r"\\[\\#_*]|^\s*#|_.*_|\*.*\*", re.MULTILINE | re.DOTALL)
_ESCAPED = re.compile(r"[\\#_*]")
# What XLSForm would replace by an answer: a joiner of no width keeps it text.
_REFERENCE = re.compile(r"\$(?=\{)|instance(?=\()")
_JOINER = "\u200c"
# What some app or the converter shows in another way, and no escape prevents.
_ALTERED = re.compile(
    r"<\s?[A-Za-z/]|&[#A-Za-z][A-Za-z0-9]*;|\[[^\]]*\]\(|^\s*[*+-] |\n[0-9]+\. |[\u2018\u2019\u201c\u201d\u00a0]| {2}",
    re.MULTILINE,
)
_BEFORE_2000 = (1980, 1, 1, 0, 0, 0)

_Row = dict[str, str]


def build(instrument: Instrument) -> tuple[bytes, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as an XLSForm workbook.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (bytes, tuple of Loss, tuple of CodeChange)
        The workbook, the same bytes for the same form; what ODK cannot carry; and the names that had to change.

    Raises
    ------
    InstrumentError
        INS-043 for a text that XML cannot carry or that is longer than a cell, INS-044 for an identifier that a hidden
        field cannot carry.
    """
    page = _Page(instrument, _names(instrument), _spoken(instrument))
    sheets = {
        "survey": list(_survey(page)),
        "choices": list(_choices(page)),
        "settings": [_settings(instrument)],
    }
    return _workbook(sheets), tuple(_losses(instrument)), tuple(_changes(instrument, page.names))


@dataclass(frozen=True, slots=True)
class _Page:
    """What all rows are made from: the form, the names of its items, and its texts by column suffix."""

    form: Instrument
    names: Mapping[str, str]
    spoken: Mapping[str, Mapping[str, str]]

    def said(self, column: str, path: str) -> _Row:
        """Write a text in every language, empty when the form does not have it."""
        return {
            f"{column}::{suffix}": _marked(said[path], f"{path}, {suffix}")
            for suffix, said in self.spoken.items()
            if path in said
        }

    def relevant(self, condition: Condition | None) -> _Row:
        """Write when something is shown."""
        if condition is None:
            return {}
        return {"relevant": in_braces(condition, self.form, lambda item: f"${{{self.names[item.id]}}}", XLSFORM)}


def _names(form: Instrument) -> dict[str, str]:
    codes = short_names((item.name for item in form.items), lambda name: name, _MAX_NAME, HIDDEN_FIELDS)
    return {item.id: codes[item.name] for item in form.items}


def _spoken(form: Instrument) -> dict[str, Mapping[str, str]]:
    base = texts(form)
    given = {one.language: dict(one.texts) for one in form.translations}
    return {_suffix(tag): {**base, **given.get(tag, {})} for tag in form.languages}


def _suffix(tag: str) -> str:
    """Name a language: ``English en-GB (en)``; the converter wants to know the code in brackets."""
    code = tag.split("-", maxsplit=1)[0]
    words = [LANGUAGE_NAMES.get(code, ""), tag if tag != code or code not in LANGUAGE_NAMES else "", f"({code})"]
    return " ".join(word for word in words if word)


def _marked(text: str, place: str) -> str:
    """Write a plain text so that neither Markdown nor a reference comes of it."""
    plain = _unreferenced(text, place)
    if _ACTIVE.search(plain):
        plain = _ESCAPED.sub(lambda match: f"\\{match.group()}", plain)
    if len(plain) > _MAX_CELL:
        found, expected = f"{len(plain)} characters", f"at most {_MAX_CELL} in a cell"
        raise InstrumentError(Problem("INS-043", place, found, expected, "Shorten the text."))
    return plain


def _unreferenced(text: str, place: str) -> str:
    return _REFERENCE.sub(lambda match: f"{match.group()}{_JOINER}", xml_text(text, place))


def _settings(form: Instrument) -> _Row:
    return {
        "form_title": _unreferenced(form.title, "title"),
        "form_id": f"{hidden_value(form.id, 'id')}-{form.waves[0].id}",
        "version": hidden_value(form.version, "version"),
        "default_language": _suffix(form.languages[0]),
    }


def _survey(page: _Page) -> Iterator[_Row]:
    form = page.form
    for name, value in zip(HIDDEN_FIELDS, (form.id, form.version, form.waves[0].id), strict=True):
        yield {"type": "calculate", "name": name, "calculation": f"'{hidden_value(value, name)}'"}
    yield {"type": "begin_group", "name": "form__start", "appearance": "field-list", **page.said("label", "title")}
    paths = {
        "about": "description",
        "wave": f"waves.{form.waves[0].id}.intro",
        "consent": "consent",
        "privacy": "privacy",
    }
    for name, path in paths.items():
        if page.said("label", path):
            yield {"type": "note", "name": f"form__{name}", **page.said("label", path)}
    yield {"type": "end_group", "name": "form__start"}
    for section in form.sections:
        yield from _section(section, page)


def _section(section: Section, page: _Page) -> Iterator[_Row]:
    name = f"page__{section.id}"
    yield {
        "type": "begin_group",
        "name": name,
        "appearance": "field-list",
        **page.said("label", f"sections.{section.id}.title"),
        **page.relevant(section.condition),
    }
    if section.intro:
        yield {"type": "note", "name": f"{name}__intro", **page.said("label", f"sections.{section.id}.intro")}
    for matrix, items in section.groups():
        if matrix is None:
            yield _question(items[0], page)
        else:
            yield from _matrix(matrix, items, page)
    yield {"type": "end_group", "name": name}


def _matrix(matrix: Matrix, items: tuple[Item, ...], page: _Page) -> Iterator[_Row]:
    same = len({item.when for item in items}) == 1
    yield {
        "type": "begin_group",
        "name": f"matrix__{matrix.id}",
        "appearance": "table-list",
        **page.said("label", f"matrices.{matrix.id}.text"),
        **page.said("hint", f"matrices.{matrix.id}.help"),
        **(page.relevant(items[0].condition) if same else {}),
    }
    for item in items:
        row = _question(item, page)
        if same:
            row.pop("relevant", None)
        row.pop("appearance", None)
        yield row
    yield {"type": "end_group", "name": f"matrix__{matrix.id}"}


def _question(item: Item, page: _Page) -> _Row:
    cells = {
        "type": _type(item),
        "name": page.names[item.id],
        **page.said("label", f"items.{item.id}.text"),
        **_hint(item, page),
        "required": "yes" if item.required else "",
        **page.relevant(item.condition),
        "constraint": " and ".join(_limits(item, page.form)),
        "appearance": {"likert": "likert", "long_text": "multiline"}.get(item.kind, ""),
    }
    return {column: cell for column, cell in cells.items() if cell}


def _type(item: Item) -> str:
    if item.options is not None:
        return f"{'select_multiple' if item.kind == 'multiple_choice' else 'select_one'} {item.options}"
    if item.kind == "number":
        return "decimal" if item.decimals else "integer"
    return {"date": "date", "information": "note"}.get(item.kind, "text")


def _hint(item: Item, page: _Page) -> _Row:
    """Write help and, as its last line in square brackets, the unit."""
    found = page.said("hint", f"items.{item.id}.help")
    for column, unit in page.said("hint", f"items.{item.id}.unit").items():
        found[column] = "\n".join([*([found[column]] if column in found else []), f"[{unit}]"])
    return found


def _limits(item: Item, form: Instrument) -> Iterator[str]:
    counted = {"number": ".", "date": ".", "multiple_choice": "count-selected(.)"}.get(item.kind)
    for sign, limit in ((">=", item.min), ("<=", item.max)):
        if limit is not None and counted:
            end = f"date('{limit}')" if isinstance(limit, str) else number_text(limit)
            yield f"{counted} {sign} {end}"
    if item.kind == "number" and item.decimals:
        yield f"round(., {item.decimals}) = ."
    if item.max_length is not None:
        yield f"string-length(.) <= {item.max_length}"
    if item.kind == "multiple_choice":
        for option in form.options_of(item):
            if option.missing or option.exclusive:
                yield f"not(selected(., '{option.value}') and count-selected(.) > 1)"


def _choices(page: _Page) -> Iterator[_Row]:
    for options in page.form.options:
        for option in options.options:
            yield {
                "list_name": options.id,
                "name": str(option.value),
                **page.said("label", f"options.{options.id}.{option.value}"),
                **({"missing": "yes"} if option.missing else {}),
                **({"exclusive": "yes"} if option.exclusive else {}),
            }


def _workbook(sheets: Mapping[str, list[_Row]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        _fill(book.create_sheet(name), rows)
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def _fill(sheet: Worksheet, rows: list[_Row]) -> None:
    columns = list(dict.fromkeys(column for row in [_HEADERS.get(sheet.title, {}), *rows] for column in row))
    for number, row in enumerate([{column: column for column in columns}, *rows], start=1):
        for position, column in enumerate(columns, start=1):
            text = row.get(column, "")
            if text:
                cell = sheet.cell(number, position, text)
                cell.data_type = "s"
                if inert(text) != text:
                    cell.quotePrefix = True


# The columns that stand first, whatever the first rows hold.
_HEADERS: Mapping[str, _Row] = {
    "survey": {"type": "", "name": ""},
    "choices": {"list_name": "", "name": ""},
}


def _undated(content: bytes) -> bytes:
    """Take the time of writing out of a workbook, so that the same form gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            payload = old.read(name)
            if name == "docProps/core.xml":
                payload = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", payload)
            info = zipfile.ZipInfo(name, date_time=_BEFORE_2000)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, payload)
    return out.getvalue()


def _losses(form: Instrument) -> Iterator[Loss]:
    yield from (loss for loss in metadata_losses(form, "ODK") if loss.feature != "option set")
    yield from item_losses(form, "ODK", carried={"kind"})
    for language, said in ((tag, dict(own)) for tag, own in _all_texts(form)):
        for path, text in said.items():
            if _ALTERED.search(text):
                detail = f"A part of this text ({language}) is formatting to ODK's apps or written otherwise there."
                yield Loss("display", path, f"{detail} Look at it after the import.")
    yield from bracketed_losses(form)


def _all_texts(form: Instrument) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield form.languages[0], texts(form)
    for one in form.translations:
        yield one.language, dict(one.texts)


def _changes(form: Instrument, names: Mapping[str, str]) -> Iterator[CodeChange]:
    return (CodeChange(item.id, "", names[item.id], "") for item in form.items if names[item.id] != item.id)
