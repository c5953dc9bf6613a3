"""CSV files into tables; the separator is found in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from evalkit.errors import DataError, Problem
from evalkit.instruments.responses.decoding import decoded
from evalkit.instruments.responses.tables import Table, table_of

_SEPARATORS = (",", ";", "\t")
_SAMPLE = 200

Rows = list[tuple[int, list[str]]]


def read_delimited(content: bytes, place: str) -> Table:
    """Read a CSV file with any of the usual separators.

    Parameters
    ----------
    content : bytes
        The file.
    place : str
        Its name, for messages.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    DataError
        DAT-008 for an encoding that cannot be told, DAT-001 for quotation marks that do not match, and what
        `evalkit.instruments.responses.tables.table_of` finds.
    """
    text = decoded(content, place)
    separator = separator_of(text)
    rows: Rows = []
    try:
        rows.extend(_rows(text, separator))
    except csv.Error as error:
        expected = "cells that can be told apart"
        remedy = "Look for a quotation mark too many or too few below that row."
        where = f"{place}, after row {rows[-1][0] if rows else 0}"
        raise DataError(Problem("DAT-001", where, str(error), expected, remedy)) from error
    table, problems = table_of(rows, place)
    if table is None:
        raise DataError(problems)
    return table


def separator_of(text: str) -> str:
    """Tell by what the cells of a CSV file are separated.

    Parameters
    ----------
    text : str
        The file.

    Returns
    -------
    str
        A comma, semicolon or tab: the one with which the first rows are of one width.
    """
    return max(_SEPARATORS, key=lambda one: _fit(text, one))


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    yield from enumerate(reader, start=1)


def _fit(text: str, separator: str) -> tuple[float, int]:
    """Tell how well a separator fits: the share of rows as wide as the first, then the width."""
    widths: list[int] = []
    try:
        for _, row in _rows(text, separator):
            if row:
                widths.append(len(row))
            if len(widths) >= _SAMPLE:
                break
    except csv.Error:
        pass  # told when the file is read; the rows before it can still be counted
    if not widths or widths[0] == 1:
        return (0.0, 1)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])
