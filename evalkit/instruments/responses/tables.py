"""What every response file is read into: named columns of cells that are not yet interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from evalkit.errors import Problem
from evalkit.frames import rows_named

# A cell is text; several answers to one question (in JSON) are a tuple of texts.
Cell = str | tuple[str, ...]

EXCEL_START = date(1899, 12, 30)
_HEADER_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of cells, with the places that messages name.

    Parameters
    ----------
    place : str
        Name of the file.
    header : tuple of str
        Names of the columns, as they stand in the file.
    columns : tuple of list
        One list of cells for each name; an empty text is an empty cell.
    positions : list of int
        Where each row stands in the file, from 1, as a spreadsheet counts or as the answer of a JSON list.
    unit : str
        What a position counts: "row", "answer" or "file".
    sparse : bool
        Whether a question that nobody answered has no column (JSON).
    first_day : datetime.date
        The day of which dates that are stored as numbers count the distance.
    """

    place: str
    header: tuple[str, ...]
    columns: tuple[list[Cell], ...]
    positions: list[int]
    unit: str = "row"
    sparse: bool = False
    first_day: date = EXCEL_START

    def at(self, column: int) -> str:
        """Name a column for a message.

        Parameters
        ----------
        column : int
            Its position in the header, from 0.

        Returns
        -------
        str
            File and column.
        """
        return f'{self.place}, column "{shown(self.header[column])}"'

    def rows(self, indexes: Sequence[int]) -> str:
        """Name rows for a message.

        Parameters
        ----------
        indexes : sequence of int
            Respondents, from 0.

        Returns
        -------
        str
            For example "rows 14, 90"; from the sixth on they are counted.
        """
        return rows_named([self.positions[index] for index in indexes], self.unit)

    def without_rows(self, count: int) -> Table:
        """Leave out the first rows below the header.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        Table
            The rest.
        """
        columns = tuple(column[count:] for column in self.columns)
        return replace(self, columns=columns, positions=self.positions[count:])


def shown(name: str) -> str:
    """Shorten a column's name for a message.

    Parameters
    ----------
    name : str
        The name in the file.

    Returns
    -------
    str
        On one line, at most 60 characters.
    """
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", name).split())
    return line if len(line) <= _HEADER_SHOWN else f"{line[: _HEADER_SHOWN - 1]}\u2026"


def table_of(rows: Iterable[tuple[int, Sequence[str]]], place: str) -> tuple[Table | None, list[Problem]]:
    """Make a table from rows of cells, the first that is not empty being the header.

    Parameters
    ----------
    rows : iterable of (int, sequence of str)
        Position in the file and cells.
    place : str
        Name of the file.

    Returns
    -------
    tuple of (Table or None, list of Problem)
        The table, None when it cannot be made; DAT-018 for no header or no answers, DAT-017 for rows of another width,
        DAT-003 for a column without a name. Empty rows, and empty cells beyond the header, are left out.
    """
    filled = [(position, list(cells)) for position, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        return None, [no_answers(place, "an empty file")]
    (_, header), *body = filled
    if not body:
        return None, [no_answers(place, "a header and nothing below")]
    while not header[-1].strip() and not any("".join(row[len(header) - 1 :]).strip() for _, row in body):
        header.pop()
    problems = _ragged(header, body, place)
    if problems:
        return None, problems
    columns: tuple[list[Cell], ...] = tuple([row[index] for _, row in body] for index in range(len(header)))
    table = Table(place, tuple(name.strip() for name in header), columns, [position for position, _ in body])
    return _named(table)


def no_answers(place: str, found: str) -> Problem:
    """Say that a file is empty.

    Parameters
    ----------
    place : str
        Name of the file.
    found : str
        What there is instead of answers.

    Returns
    -------
    Problem
        DAT-018.
    """
    return Problem("DAT-018", place, found, "a header and one row for each respondent", "Export the answers again.")


def _ragged(header: list[str], body: list[tuple[int, list[str]]], place: str) -> list[Problem]:
    wrong: dict[int, list[int]] = {}
    for position, row in body:
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
        if len(row) != len(header):
            wrong.setdefault(len(row), []).append(position)
    return [
        Problem(
            "DAT-017",
            f"{place}, {rows_named(found)}",
            f"{width} cells",
            f"{len(header)} as in the header",
            "Put cells that hold the separator or a line break in quotation marks, or export the answers again.",
        )
        for width, found in wrong.items()
    ]


def _named(table: Table) -> tuple[Table | None, list[Problem]]:
    """Leave out empty columns without a name; refuse those that hold something."""
    kept = [index for index, name in enumerate(table.header) if name]
    nameless = [index for index, name in enumerate(table.header) if not name and any(table.columns[index])]
    problems = [
        Problem(
            "DAT-003",
            f"{table.place}, column {index + 1}",
            "cells, but no name in the header",
            "a name above each column",
            "Name the column by the id of its item, or delete it.",
        )
        for index in nameless
    ]
    if problems:
        return None, problems
    header = tuple(table.header[index] for index in kept)
    return replace(table, header=header, columns=tuple(table.columns[index] for index in kept)), []
