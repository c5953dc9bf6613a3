"""A programme's files in the terms in which standard inputs are read and made into templates."""

from __future__ import annotations

from pathlib import Path

from evalkit.equality.dictionary import UNSTATED, Input, Kind, standard_inputs
from evalkit.equality.dictionary import Column as Known
from evalkit.equality.mappings import NOT_STATED, folded
from evalkit.files import list_files
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Column, DataFile

_NEVER, _MAY_BE_EMPTY = "never", "may be empty"
_ENDLESS = 1e12
ENDINGS = (".csv", ".xlsx")
_ROLE = "role"
_UNSTATED = frozenset(map(folded, (NOT_STATED, *UNSTATED)))
_WORKFORCE = "staff-in-post"


def input_of(programme: Programme, file: DataFile) -> Input:
    """Describe a file of a programme as a standard input.

    Parameters
    ----------
    programme : Programme
        The programme.
    file : DataFile
        One of its files.

    Returns
    -------
    Input
        The standard input of that name where the programme is one of an organisation; else one made from the
        programme's own columns, in which a blank category or yes or no is "not stated".
    """
    stem = file.file.rsplit(".", 1)[0]
    if is_workforce(programme):
        for one in standard_inputs():
            if one.file == stem:
                return one
    columns = tuple(_column(column, programme) for column in file.columns)
    return Input(stem, not file.optional, file.key, file.rows, columns)


def is_workforce(programme: Programme) -> bool:
    """Tell whether a programme rests on the standard inputs of the workforce.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    bool
        Whether it has a file staff-in-post.
    """
    return any(file.file.rsplit(".", 1)[0] == _WORKFORCE for file in programme.files)


def _column(column: Column, programme: Programme) -> Known:
    kind: Kind
    values, missing = "", _NEVER if column.required else _MAY_BE_EMPTY
    if column.kind == "code":
        kind = "id"
    elif column.kind in {"date", "number"}:
        kind = "date" if column.kind == "date" else "number"
        low = -_ENDLESS if column.min is None else column.min
        values = f"{low}..{_ENDLESS if column.max is None else column.max}" if kind == "number" else ""
    else:
        labels = labels_of_column(column, programme)
        kind = "label" if labels else "text"
        values, missing = labels, _NEVER if column.required else NOT_STATED
    return Known(column.name, column.required, kind, column.unit or "none", missing, values, column.text)


def code_key(code: str) -> str:
    """Write a person code so that codes which differ in blanks and capitals only are one.

    Parameters
    ----------
    code : str
        As it was typed.

    Returns
    -------
    str
        Without blanks, in small letters.
    """
    return "".join(code.split()).casefold()


def record_files(folder: Path, stem: str) -> list[Path]:
    """Find the files of one kind of record, whatever the capitals of their ending.

    Parameters
    ----------
    folder : pathlib.Path
        Where they are.
    stem : str
        Their name without the ending.

    Returns
    -------
    list of pathlib.Path
        CSV files, then workbooks.
    """
    found = [path for path in list_files(folder, ["*"]) if path.stem == stem and path.suffix.lower() in ENDINGS]
    return sorted(found, key=lambda path: (path.suffix.lower(), path.name))


def labels_of_column(column: Column, programme: Programme) -> str:
    """List the labels of a column of categories.

    Parameters
    ----------
    column : Column
        Of a programme's file.
    programme : Programme
        The programme, whose roles are the labels of a column `role`.

    Returns
    -------
    str
        Separated by semicolons, or a mapping behind an @; empty when any words will do.
    """
    if column.kind == "yes_no":
        return "yes; no"
    if column.values:
        # "Not known" and the like are what a blank cell says too.
        return "; ".join(value for value in column.values if folded(value) not in _UNSTATED)
    if column.mapping:
        return f"@{column.mapping}"
    if column.name == _ROLE:
        return "; ".join(role.id for role in programme.roles)
    known = {one.name: one for one in standard_inputs()[0].columns}
    standard = known.get(column.name)
    # Groups and grades by a table of the service are taken only where the programme says so.
    if standard is None or standard.kind != "label" or standard.values.startswith("@"):
        return ""
    return standard.values
