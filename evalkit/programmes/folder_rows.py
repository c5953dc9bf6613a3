"""Rows taken out of a CSV file, workbook or JSON list, the rest staying as it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

from evalkit.equality.workforce_files import SHEETS_BESIDE
from evalkit.instruments.responses.decoding import decoded
from evalkit.instruments.responses.delimited import separator_of

_ZIP = b"PK\x03\x04"
_MARK = b"\xef\xbb\xbf"


def without_rows(content: bytes, name: str, rows: Collection[int]) -> bytes | None:
    """Take rows out of a file.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name.
    rows : collection of int
        Positions from 1: rows as a spreadsheet counts them, or answers of a JSON list.

    Returns
    -------
    bytes or None
        The file without them; None when nothing is left of a file with one answer.
    """
    if name.lower().endswith(".json"):
        return _json(content, name, rows)
    if content.startswith(_ZIP):
        book, sheet = _filled(content)
        for row in sorted(rows, reverse=True):
            sheet.delete_rows(row)
        return _saved(book)
    text = decoded(content, name)
    lines = list(io.StringIO(text, newline=""))
    kept: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    last = 0
    for position, _ in enumerate(reader, start=1):
        if position not in rows:
            kept += lines[last : reader.line_num]
        last = reader.line_num
    return (_MARK if content.startswith(_MARK) else b"") + "".join(kept).encode()


def with_cells(content: bytes, name: str, cells: Mapping[tuple[int, str], str]) -> bytes:
    """Replace single cells of a file of records.

    Parameters
    ----------
    content : bytes
        The file: CSV or workbook.
    name : str
        Its name.
    cells : mapping of (int, str) to str
        Row, as a spreadsheet counts, and name in the header -> new content.

    Returns
    -------
    bytes
        The file with them.
    """
    if content.startswith(_ZIP):
        book, sheet = _filled(content)
        header = next(row for row in sheet.iter_rows() if any(cell.value is not None for cell in row))
        at = {str(cell.value).strip(): cell.column for cell in header if cell.value is not None}
        for (row, column), text in cells.items():
            sheet.cell(row, at[column]).value = text
        return _saved(book)
    text = decoded(content, name)
    separator = separator_of(text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    names = [one.strip() for one in next(row for row in rows if any(cell.strip() for cell in row))]
    for (position, column), new in cells.items():
        rows[position - 1][names.index(column)] = new
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return (_MARK if content.startswith(_MARK) else b"") + out.getvalue().encode()


def _json(content: bytes, name: str, rows: Collection[int]) -> bytes | None:
    data = json.loads(decoded(content, name))
    if not isinstance(data, list):
        return None
    left = [one for position, one in enumerate(data, start=1) if position not in rows]
    return json.dumps(left, ensure_ascii=False, indent=0).encode() if left else None


def _filled(content: bytes) -> tuple[Any, Any]:
    """Open a workbook at its sheet of data; formulas become what they showed, because rows below would move."""
    book = import_module("openpyxl").load_workbook(io.BytesIO(content), data_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.title not in SHEETS_BESIDE]
    return book, next((sheet for sheet in sheets if _holds_something(sheet)), book.worksheets[0])


def _holds_something(sheet: Any) -> bool:
    return any(cell is not None and str(cell).strip() for row in sheet.iter_rows(values_only=True) for cell in row)


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
