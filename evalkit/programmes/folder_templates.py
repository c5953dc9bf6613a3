"""Empty data files of an evaluation folder, and the data dictionary."""

from __future__ import annotations

from evalkit.equality.templates import options_of, workbook_of
from evalkit.files import inert
from evalkit.programmes.folder_columns import input_of
from evalkit.programmes.model import Programme

DICTIONARY = "data/dictionary.csv"
_HEADINGS = ("file", "column", "kind", "required", "unit", "an empty cell means", "may hold", "protected", "holds")
_MOST_LISTED = 25


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
            low, high = column.range
            options = options_of(column)
            listed = "; ".join(options[:_MOST_LISTED]) + ("; ..." if len(options) > _MOST_LISTED else "")
            numbers = f"{low:g} to {high:g}" if column.kind == "number" and abs(low) + abs(high) < 1e9 else ""
            rows.append(
                [
                    f"{known.file}.csv",
                    column.name,
                    own.kind if own else column.kind,
                    "yes" if column.required else "no",
                    "" if column.unit == "none" else column.unit,
                    column.missing,
                    listed or numbers,
                    "yes" if own is not None and own.protected else "no",
                    column.holds,
                ]
            )
    return "".join(f"{','.join(_cell(cell) for cell in row)}\n" for row in rows)


def _cell(text: str) -> str:
    quoted = inert(text).replace('"', '""')
    return f'"{quoted}"' if any(mark in quoted for mark in ',"\n') else quoted
