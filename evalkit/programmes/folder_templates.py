"""Empty data files of an evaluation folder, and the data dictionary."""

from __future__ import annotations

from evalkit.equality.dictionary import Column
from evalkit.equality.templates import options_of, workbook_of
from evalkit.files import inert
from evalkit.programmes.folder_columns import input_of
from evalkit.programmes.model import Programme

DICTIONARY = "data/dictionary.csv"
_HEADINGS = ("file", "column", "kind", "required", "unit", "an empty cell means", "may hold", "protected", "holds")
_ENDLESS = 1e9
_COUNTED = frozenset({"number", "count"})
_MAY_HOLD = {
    "date": "days such as 2027-01-31",
    "id": "a code, the same wherever it stands for the same",
    "text": "any words that name nobody",
    "count": "whole numbers",
    "year": "years such as 2027",
}


def data_files(programme: Programme) -> dict[str, str | bytes]:
    """Make the empty files of a programme.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    dict of str to str or bytes
        File below the folder -> content: for each file a CSV with a header only and a workbook with drop-downs, and the
        data dictionary.
    """
    found: dict[str, str | bytes] = {}
    for file in programme.files:
        known = input_of(programme, file)
        found[f"data/{known.file}.csv"] = f"{','.join(column.name for column in known.columns)}\n"
        found[f"data/{known.file}.xlsx"] = workbook_of(known)
    found[DICTIONARY] = dictionary_text(programme)
    return found


def dictionary_text(programme: Programme) -> str:
    """Write the data dictionary of a programme.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    str
        CSV, one row a column of a file.
    """
    rows = [list(_HEADINGS)]
    for file in programme.files:
        known = input_of(programme, file)
        for column in known.columns:
            own = file.by_name.get(column.name)
            unit = "none" if column.kind in _COUNTED else ""
            rows.append(
                [
                    f"{known.file}.csv",
                    column.name,
                    own.kind if own else column.kind,
                    "yes" if column.required else "no",
                    unit if column.unit == "none" else column.unit,
                    column.missing,
                    "; ".join(options_of(column)) or _numbers(column) or _MAY_HOLD[column.kind],
                    "yes" if own is not None and own.protected else "no",
                    column.holds,
                ]
            )
    return "".join(f"{','.join(_cell(cell) for cell in row)}\n" for row in rows)


def _numbers(column: Column) -> str:
    if column.kind != "number":
        return ""
    low, high = column.range
    parts = [f"from {low:g}"] * (low > -_ENDLESS) + [f"up to {high:g}"] * (high < _ENDLESS)
    return f"numbers {' '.join(parts)}".strip()


def _cell(text: str) -> str:
    quoted = inert(text).replace('"', '""')
    return f'"{quoted}"' if any(mark in quoted for mark in ',"\n') else quoted
