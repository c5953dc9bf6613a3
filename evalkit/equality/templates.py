"""Empty files of the standard inputs, made from the dictionary: headers, drop-downs, and what each column holds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from evalkit.equality.dictionary import Column, Input, standard_inputs
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.typed_columns import labels_in
from evalkit.equality.workforce_files import SHEETS_BESIDE
from evalkit.errors import DataError, Problem
from evalkit.files import write_atomic
from evalkit.frames import require

Format = Literal["xlsx", "csv"]

_FORMATS = ("xlsx", "csv")
_ROWS = 20_000
_WIDTH = 18
_ABOUT = "about-the-columns.md"
_EXPECTED = {
    "date": "days such as 2024-03-31",
    "count": "whole numbers",
    "year": "years such as 2024",
    "yes/no": "yes or no",
}
_HEADINGS = ("column", "needed", "type", "unit", "empty means", "may hold", "holds")


def options_of(column: Column) -> tuple[str, ...]:
    """List what a cell of a column may hold.

    Parameters
    ----------
    column : Column
        Of the dictionary.

    Returns
    -------
    tuple of str
        Labels in order, "not stated" last where a cell may be empty; empty for columns of numbers, days or free text.

    Examples
    --------
    >>> from evalkit.equality.dictionary import standard_inputs
    >>> options_of(standard_inputs()[0].column("clinical"))
    ('clinical', 'non-clinical', 'not stated')
    """
    if column.kind == "yes/no":
        return ("yes", "no")
    if column.kind != "label":
        return ()
    levels = labels_in(column, {}).levels
    return levels if column.missing == NOT_STATED else tuple(level for level in levels if level != NOT_STATED)


def write_templates(folder: Path, *, form: Format = "xlsx") -> list[Path]:
    """Write an empty file for each standard input, and one that says what each column holds.

    Parameters
    ----------
    folder : pathlib.Path
        Where; made when it is not there.
    form : {"xlsx", "csv"}, default "xlsx"
        Workbooks with drop-downs, or CSV files with a header only.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    DataError
        DAT-006 for another format, DAT-010 for files that are there already: nothing is written then.
    ReportError
        REP-004 when the folder cannot be written.
    """
    if form not in _FORMATS:
        raise DataError(Problem("DAT-006", "form", repr(form), "xlsx or csv", "Choose one of them."))
    targets = {one: folder / f"{one.file}.{form}" for one in standard_inputs()}
    about = folder / _ABOUT
    require(
        Problem("DAT-010", path.name, "a file of that name", "a folder without it", "Choose another folder.")
        for path in [*targets.values(), about]
        if path.exists()
    )
    for one, path in targets.items():
        header = ",".join(column.name for column in one.columns)
        write_atomic(path, f"{header}\n" if form == "csv" else workbook_of(one))
    write_atomic(about, describe_inputs())
    return [*targets.values(), about]


def describe_inputs() -> str:
    """Say in words which files there are and what each column holds.

    Returns
    -------
    str
        Markdown, one section a file.
    """
    lines = ["# What each column holds", ""]
    for one in standard_inputs():
        needed = "needed" if one.required else "optional"
        lines += [
            f"## {one.file} ({needed})",
            "",
            f"One row is {one.row_is}. No two rows may have the same {' and '.join(one.key)}.",
            "",
        ]
        lines += ["| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
        lines += [
            "| " + " | ".join(cell.replace("|", "/") for cell in _described(column)) + " |" for column in one.columns
        ]
        lines.append("")
    return "\n".join(lines)


def _described(column: Column) -> Sequence[str]:
    low, high = column.range
    numbers = f"{low:g} to {high:g}" if column.kind == "number" else _EXPECTED.get(column.kind, "")
    may = "; ".join(options_of(column)) or numbers
    return (
        column.name,
        "yes" if column.required else "no",
        column.kind,
        column.unit,
        column.missing,
        may,
        column.holds,
    )


def workbook_of(one: Input) -> bytes:
    """Make an empty workbook: the sheet to fill in, a hidden one with the lists, one with the descriptions.

    Parameters
    ----------
    one : Input
        What it is for.

    Returns
    -------
    bytes
        The .xlsx, with a drop-down for each column of labels.
    """
    book = import_module("openpyxl").Workbook()
    sheet, lists, about = book.active, book.create_sheet(SHEETS_BESIDE[0]), book.create_sheet(SHEETS_BESIDE[1])
    sheet.title = one.file
    lists.sheet_state = "hidden"
    sheet.freeze_panes = "A2"
    styles = import_module("openpyxl.styles")
    for number, column in enumerate(one.columns, start=1):
        cell = sheet.cell(1, number, column.name)
        cell.font = styles.Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = _WIDTH
        _prepare(sheet, lists, column, number, cell.column_letter)
    for row in (_HEADINGS, *(_described(column) for column in one.columns)):
        about.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _prepare(sheet: Any, lists: Any, column: Column, number: int, letter: str) -> None:
    """Give a column its format, its drop-down and a note."""
    validations = import_module("openpyxl.worksheet.datavalidation")
    sheet.column_dimensions[letter].number_format = {"date": "yyyy-mm-dd", "id": "@"}.get(column.kind, "General")
    options = options_of(column)
    if options:
        for row, option in enumerate(options, start=1):
            lists.cell(row, number, option)
        source = f"'{SHEETS_BESIDE[0]}'!${letter}$1:${letter}${len(options)}"
        rule = validations.DataValidation("list", formula1=source, allow_blank=column.missing != "never")
        rule.errorTitle, rule.error, rule.showErrorMessage = "Not in the list", "Choose from the list.", True
    else:
        rule = validations.DataValidation()
    rule.promptTitle, rule.prompt, rule.showInputMessage = column.name[:32], column.holds[:255], True
    rule.add(f"{letter}2:{letter}{_ROWS}")
    sheet.add_data_validation(rule)
