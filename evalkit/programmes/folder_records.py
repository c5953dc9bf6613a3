"""The records of an evaluation folder: each file typed by the programme's dictionary, with all that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.equality.dictionary import Column, Input
from evalkit.equality.mappings import folded
from evalkit.equality.typed_columns import Reading, rows_at, typed
from evalkit.equality.workforce_files import is_empty, table_in
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import list_files
from evalkit.frames import Problems
from evalkit.instruments.responses.tables import Table
from evalkit.programmes.folder_columns import ENDINGS, code_key, input_of, is_workforce, record_files
from evalkit.programmes.folder_marks import MARKS
from evalkit.programmes.folder_templates import DICTIONARY
from evalkit.programmes.model import Programme

_BESIDE = frozenset({Path(MARKS).name, Path(DICTIONARY).name})
_DAY_NUMBERS = "Excel's day numbers"
DAY_FIRST = "add day_first: true to evaluation.yaml where the day comes first, day_first: false where the month does"


@dataclass(slots=True)
class Records:
    """Files of records, as they are read.

    Parameters
    ----------
    frames : dict of str to pandas.DataFrame
        Id of the file -> typed frame, of the files that hold rows and could be read.
    places : dict of str to str
        Id -> what messages call it.
    rows : dict of str to list of int
        Id -> where each row stands.
    paths : dict of str to pathlib.Path
        Id -> the file that holds rows.
    empty : list of str
        Ids of the files that are not there or hold no rows.
    problems, warnings : list of Problem
        What was found.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    problems: Problems = field(default_factory=list)
    warnings: Problems = field(default_factory=list)


def read_records(folder: Path, programme: Programme, *, day_first: bool | None = None) -> Records:
    """Read the files of a programme.

    Parameters
    ----------
    folder : pathlib.Path
        Where they are.
    programme : Programme
        The programme.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2024; told from each column by default.

    Returns
    -------
    Records
        Typed frames, and every problem of every file.
    """
    found = Records()
    known = {input_of(programme, file).file for file in programme.files}
    found.problems += _unknown_files(folder, known)
    strict = not is_workforce(programme)
    for file in programme.files:
        _read(found, file.id, input_of(programme, file), folder, day_first, strict=strict)
    return found


def _unknown_files(folder: Path, known: set[str]) -> Problems:
    return [
        _of_another_kind(path) if path.stem in known else _of_another_name(path, known)
        for path in list_files(folder, ["*"])
        if path.name not in _BESIDE and not path.name.startswith((".", "~$"))
        if path.stem not in known or path.suffix.lower() not in ENDINGS
    ]


def _of_another_name(path: Path, known: set[str]) -> Problem:
    remedy = f"Rename it, or move it out of the folder: {did_you_mean(path.stem, known)}"
    return Problem("DAT-006", f"data/{path.name}", "a file of another name", "a file of the programme", remedy)


def _of_another_kind(path: Path) -> Problem:
    kind = f"a file of the kind {path.suffix}" if path.suffix else "a file without an ending"
    remedy = "Open it in a spreadsheet and save it as .xlsx or CSV: renaming it is not enough."
    return Problem("DAT-015", f"data/{path.name}", kind, "CSV or .xlsx", remedy)


def _read(
    found: Records,
    name: str,
    one: Input,
    folder: Path,
    day_first: bool | None,  # noqa: FBT001
    *,
    strict: bool,
) -> None:
    tables: list[tuple[Path, Table]] = []
    for path in record_files(folder, one.file):
        try:
            tables.append((path, table_in(path)))
        except DataError as error:
            if not is_empty(error):
                found.problems += error.problems
                return
    if not tables:
        found.empty.append(name)
        return
    frames = [
        typed_frame(one, table, found, day_first, keep=not at, strict=strict) for at, (_, table) in enumerate(tables)
    ]
    path, table = tables[0]
    other = next((at for at, frame in enumerate(frames) if not frame.equals(frames[0])), 0)
    if other:
        both = f"{path.name} and {tables[other][0].name} with different rows"
        found.problems.append(
            Problem("DAT-010", f"data/{one.file}", both, "one of the two filled in", "Empty or delete the other.")
        )
    found.frames[name], found.places[name], found.rows[name] = frames[0], path.name, table.positions
    found.paths[name] = path
    found.problems += _repeated(one, frames[0], path.name, table.positions)


def typed_frame(
    one: Input,
    table: Table,
    found: Records,
    day_first: bool | None,  # noqa: FBT001
    *,
    keep: bool = True,
    strict: bool = True,
) -> pd.DataFrame:
    """Type the columns of a table.

    Parameters
    ----------
    one : Input
        What the file holds.
    table : Table
        Its cells.
    found : Records
        Problems and warnings are added to it.
    day_first : bool or None
        Whether the day comes before the month.
    keep : bool, default True
        Whether what is found is told.
    strict : bool, default True
        Whether columns that need not be filled in must be there too.

    Returns
    -------
    pandas.DataFrame
        Shape (rows, columns of the dictionary); a column that is missing is not there.
    """
    names = [column.name for column in one.columns]
    at = {name: [i for i, header in enumerate(table.header) if folded(header) == folded(name)] for name in names}
    problems: Problems = []
    warnings: Problems = []
    taken = {index for indexes in at.values() for index in indexes}
    for index, header in enumerate(table.header):
        if index not in taken:
            problems.append(_extra(table, index, header, [name for name in names if not at[name]]))
    columns: dict[str, pd.Series] = {}
    for column in one.columns:
        where = at[column.name]
        place = f'{table.place}, column "{column.name}"'
        if len(where) > 1:
            problems.append(Problem("DAT-010", place, f"{len(where)} times", "once", "Delete all but one."))
        elif not where:
            if column.required or strict:
                near = did_you_mean(column.name, table.header)
                remedy = near if column.required else f"{near} An empty column will do."
                problems.append(Problem("DAT-003", table.place, f'no column "{column.name}"', column.holds, remedy))
        else:
            reading = Reading(
                column, place, table.positions, table.first_day, day_first, problems=problems, warnings=warnings
            )
            columns[column.name] = _column(table, where[0], column, reading)
    if keep:
        refused = [one for one in warnings if one.code == "DAT-004" and one.found == _DAY_NUMBERS]
        found.problems += [*map(_of_a_folder, problems), *map(_no_dates, refused)]
        found.warnings += [one for one in warnings if one not in refused and _DAY_NUMBERS not in one.found]
    return pd.DataFrame(columns)


def _column(table: Table, index: int, column: Column, reading: Reading) -> pd.Series:
    cells = np.array(["".join(cell).strip() for cell in table.columns[index]], dtype=object)
    values = typed(pd.Series(cells), reading)
    return values.astype(object) if column.kind == "id" else values


def _extra(table: Table, index: int, header: str, left: Sequence[str]) -> Problem:
    near = f" {did_you_mean(header, left)}" if left else ""
    remedy = f"Delete it: a column that the dictionary does not know may hold what names a person.{near}"
    return Problem(
        "DAT-006", f"{table.place}, column {index + 1}", "a column of another name", "one of the dictionary", remedy
    )


def _of_a_folder(problem: Problem) -> Problem:
    """Offer what an evaluation folder has: no mapping of its own, but a setting for the order of days."""
    remedy = problem.remedy.replace(", or give a mapping of your own", "")
    if problem.code == "DAT-012":
        remedy = remedy.replace("say whether the day comes first", DAY_FIRST)
    return replace(problem, remedy=remedy)


def _no_dates(warning: Problem) -> Problem:
    remedy = "Format the column as a date, or write the days so; a number may be a day or something else."
    return Problem("DAT-004", warning.place, "numbers in place of dates", "days such as 2027-01-31", remedy)


def _alike(code: object) -> object:
    return code_key(code) if isinstance(code, str) else code


def _repeated(one: Input, frame: pd.DataFrame, place: str, rows: Sequence[int]) -> Problems:
    key = [name for name in one.key if name in frame.columns]
    if len(key) < len(one.key):
        return []
    codes = {column.name for column in one.columns if column.kind == "id"}
    alike = frame[key].apply(lambda cells: cells.map(_alike) if cells.name in codes else cells)
    twice = alike.duplicated(keep=False).to_numpy(bool) & frame[key].notna().all(axis=1).to_numpy(bool)
    if not twice.any():
        return []
    where = f"{place}, {rows_at(twice, rows)}"
    named = " and ".join(key)
    return [Problem("DAT-010", where, f"rows with the same {named}", "each once", "Delete or correct them.")]
