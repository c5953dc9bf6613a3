"""Excel workbooks into tables: one sheet with a plain header, the values that are seen."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from importlib import import_module
from typing import Any

from evalkit.errors import DataError, Problem
from evalkit.instruments.responses.tables import Table, no_answers, table_of

_OLD_FORMAT = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Workbooks of real answers pack to a tenth or a thirtieth; a file that packs much better holds nothing but padding.
_MAX_UNPACKED = 256 * 1024 * 1024
_MAX_RATIO = 200
_ALWAYS_FINE = 16 * 1024 * 1024
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([A-Z0-9:]{1,30})\"")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_CELL = re.compile(rb"\br=\"([A-Z]{1,3}[0-9]{1,7})\"")
_NAMED = 5


def read_workbook(content: bytes, place: str) -> Table:
    """Read an .xlsx workbook that holds one plain table.

    Parameters
    ----------
    content : bytes
        The file.
    place : str
        Its name, for messages.

    Returns
    -------
    Table
        Its columns; formulas give the values that the spreadsheet showed last, dates are ISO texts.

    Raises
    ------
    DataError
        DAT-015 when it is damaged, protected by a password, of the old format, or has several sheets with data, merged
        cells or formulas without a value; DAT-008 when it is too large; what
        `evalkit.instruments.responses.tables.table_of` finds.
    """
    if content.startswith(_OLD_FORMAT):
        raise _old(content, place)
    problems = _marks(content, place)
    try:
        epoch, filled = _loaded(content)
    except MemoryError:
        raise
    except Exception as error:  # openpyxl answers a damaged file with whatever goes wrong inside it
        remedy = "Open it in a spreadsheet, save it again as .xlsx, and try once more."
        raise _refusal(place, "a damaged workbook", remedy) from error
    if not filled:
        raise DataError([*problems, no_answers(place, "a workbook without a filled cell")])
    if len(filled) > 1:
        found = f"{len(filled)} sheets with data ({', '.join(filled)})"
        problems.append(Problem("DAT-015", place, found, "one", "Keep the sheet with the answers, delete the others."))
        raise DataError(problems)
    table, more = table_of(next(iter(filled.values())), place)
    if table is None or problems:
        raise DataError([*problems, *more])
    return replace(table, first_day=epoch)


def _refusal(place: str, found: str, remedy: str) -> DataError:
    return DataError(Problem("DAT-015", place, found, "an .xlsx workbook that can be read", remedy))


def _old(content: bytes, place: str) -> DataError:
    if _ENCRYPTED in content:
        return _refusal(place, "a workbook with a password", "Save it without a password, in a safe place.")
    return _refusal(place, "a workbook of the old format .xls", "Save it as .xlsx.")


def _loaded(content: bytes) -> tuple[date, dict[str, list[tuple[int, list[str]]]]]:
    """Read the sheets that hold something, and the day from which dates count."""
    with warnings.catch_warnings():
        # openpyxl warns of decoration that it leaves out.
        warnings.simplefilter("ignore")
        book = import_module("openpyxl").load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            filled = {sheet.title: rows for sheet in book.worksheets if (rows := list(_rows(sheet)))}
            return book.epoch.date(), filled
        finally:
            book.close()


def _marks(content: bytes, place: str) -> list[Problem]:
    """Find what openpyxl hides when it reads fast: merged cells, and formulas of which no value is stored."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # What the directory says, before anything is unpacked; zipfile reads no more than that of any entry.
            size = sum(entry.file_size for entry in archive.infolist())
            fits = size <= max(_ALWAYS_FINE, min(_MAX_UNPACKED, _MAX_RATIO * len(content)))
            sheets = [archive.read(name) for name in archive.namelist() if fits and _SHEET.fullmatch(name)]
    except MemoryError:
        raise
    except Exception as error:  # zipfile and zlib, likewise
        remedy = "Export the answers again as .xlsx or as CSV."
        raise _refusal(place, "a damaged workbook, or no workbook", remedy) from error
    if not fits:
        found = f"a workbook too large when unpacked: {size:,} bytes from {len(content):,}"
        expected = f"at most {_MAX_UNPACKED:,} bytes, and {_MAX_RATIO} times the file"
        remedy = "Split it, or copy the cells with answers into a new workbook."
        raise DataError(Problem("DAT-008", place, found, expected, remedy))
    merged = [found.decode() for sheet in sheets for found in _MERGED.findall(sheet)]
    unknown = [_cell(mark) for sheet in sheets for mark in _FORMULA.findall(sheet) if b't="str"' not in mark]
    problems = []
    if merged:
        found = f"merged cells ({_some(merged)})"
        problems.append(Problem("DAT-015", place, found, "a cell for each name and answer", "Unmerge the cells."))
    if unknown:
        found = f"formulas without a stored value ({_some(unknown)})"
        remedy = "Open the workbook in a spreadsheet, let it calculate, and save it."
        problems.append(Problem("DAT-015", place, found, "values", remedy))
    return problems


def _cell(mark: bytes) -> str:
    found = _CELL.search(mark)
    return found.group(1).decode() if found else "?"


def _some(cells: list[str]) -> str:
    more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
    return f"{', '.join(cells[:_NAMED])}{more}"


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that hold something, all as wide as the widest."""
    sheet.reset_dimensions()
    found: list[tuple[int, list[str]]] = []
    for position, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        texts = [cell if isinstance(cell, str) else _text(cell) for cell in cells]
        if any(text.strip() for text in texts):
            found.append((position, texts))
    width = max((len(texts) for _, texts in found), default=0)
    for position, texts in found:
        yield position, [*texts, *[""] * (width - len(texts))]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)
