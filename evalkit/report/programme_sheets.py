"""The released tables behind a report, as CSV and as one workbook, with nothing that a spreadsheet would run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pandas as pd

from evalkit.files import csv_text, inert
from evalkit.report.programme_blocks import Report, Table
from evalkit.report.programme_numbers import as_printed

_SHEET = re.compile(r"[^\w ]+")
_LONGEST_SHEET = 31
_LONGEST_FILE = 60
_WIDEST = 60
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def report_tables(report: Report) -> Iterator[tuple[str, Table]]:
    """Go through the tables of a report.

    Parameters
    ----------
    report : Report
        The report.

    Yields
    ------
    tuple of (str, Table)
        Number and name, such as "03-reach-by-sex", and the table.
    """
    place = 0
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                place += 1
                words = re.sub(r"[^a-z0-9]+", "-", block.title.lower().removeprefix("numbers behind the figure: "))
                yield f"{place:02d}-{_cut(words.strip('-'), _LONGEST_FILE, '-')}", block


def _cut(words: str, longest: int, between: str) -> str:
    """Shorten a name after a whole word."""
    if len(words) <= longest:
        return words
    return words[: longest + 1].rpartition(between)[0].strip(between) or words[:longest]


def table_files(report: Report) -> dict[str, bytes]:
    """Write the tables of a report.

    Parameters
    ----------
    report : Report
        The report.

    Returns
    -------
    dict of str to bytes
        NAME-tables/NN-title.csv for each, and NAME-tables.xlsx with a sheet for each.
    """
    found = list(report_tables(report))
    folder = f"{report.name}-tables"
    files = {f"{folder}/{name}.csv": csv_text(_frame(table)).encode("utf-8") for name, table in found}
    files[f"{folder}.xlsx"] = _workbook(report, found)
    return files


def _frame(table: Table) -> pd.DataFrame:
    """Give the released numbers, with the digits that the page gives, or the cells as they are read."""
    if table.data is not None:
        return pd.DataFrame(
            {name: _with_digits(values) for name, values in table.data.items()}, columns=table.data.columns
        )
    return pd.DataFrame([list(row) for row in table.rows], columns=_unlike(table.columns))


def _with_digits(values: pd.Series) -> pd.Series:
    """Round what is no count: of sixteen digits the people behind a share or a mean can be worked out."""
    if not pd.api.types.is_float_dtype(values):
        return values
    if bool((values.dropna() % 1 == 0).all()):  # counts, which a gap in the column made decimal
        return values.astype("Int64")
    return values.map(as_printed)


def _unlike(names: tuple[str, ...]) -> list[str]:
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return made


def _workbook(report: Report, found: list[tuple[str, Table]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    first = book.active
    first.title = "Contents"
    _fill(first, 1, ["Table", "Title", "Notes"])
    for row, (name, table) in enumerate(found, start=2):
        _fill(first, row, [name, table.title, " ".join(table.notes)])
    for name, table in found:
        sheet = book.create_sheet(_cut(_SHEET.sub(" ", name), _LONGEST_SHEET, " ").strip())
        frame = _frame(table)
        _fill(sheet, 1, [str(column) for column in frame.columns])
        for row, values in enumerate(frame.astype(object).where(frame.notna(), None).itertuples(index=False), start=2):
            _fill(sheet, row, list(values))
    for sheet in book.worksheets:
        sheet.freeze_panes = "A2"
        for cell in sheet[1]:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        for column in sheet.columns:
            longest = max(len(str(cell.value)) if cell.value is not None else 0 for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(longest + 2, _WIDEST)
    book.properties.title, book.properties.creator = report.title, "evalkit"
    made = io.BytesIO()
    book.save(made)
    return without_dates(made.getvalue())


def _fill(sheet: object, row: int, values: list[object]) -> None:
    """Write a row: numbers as numbers, everything else as text that is never a formula."""
    for at, value in enumerate(values, start=1):
        if value is None:
            continue
        cell = sheet.cell(row=row, column=at)  # type: ignore[attr-defined]
        if isinstance(value, int | float) and not isinstance(value, bool):
            cell.value = float(value) if pd.notna(value) and abs(float(value)) != float("inf") else str(value)
        else:
            cell.value = _printable(inert(str(value)))
            cell.data_type = "s"


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text)


def without_dates(content: bytes) -> bytes:
    """Pack an Office file again, the same bytes for the same input.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    bytes
        Without the dates on which it was made.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(made, "w") as target:
        for name in given.namelist():
            part = given.read(name)
            if name == "docProps/core.xml":
                part = _DATES.sub(b"", part)
            target.writestr(zipfile.ZipInfo(name, _LONG_AGO), part, zipfile.ZIP_DEFLATED)
    return made.getvalue()
