"""A response file, or a folder of them, into one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evalkit.errors import DataError, Problem
from evalkit.files import list_files, read_bytes
from evalkit.frames import require
from evalkit.instruments.export.html_reader import typed_text
from evalkit.instruments.responses.delimited import read_delimited
from evalkit.instruments.responses.platforms import KEPT, import_ids, platform_of
from evalkit.instruments.responses.records import Record, is_own, records_in, table_of_records
from evalkit.instruments.responses.tables import Cell, Table, no_answers
from evalkit.instruments.responses.workbooks import read_workbook

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls"})
_JSON_PLATFORMS = frozenset({"surveyjs", "html"})


def opened(path: Path, platform: str | None) -> tuple[Table, str]:
    """Read a response file as a table.

    Parameters
    ----------
    path : pathlib.Path
        A file, or a folder of the files that evalkit's own form saved.
    platform : str or None
        Where it comes from; None to tell from the file.

    Returns
    -------
    tuple of (Table, str)
        The table below its header rows, and the platform.

    Raises
    ------
    DataError
        DAT-001, DAT-008, DAT-014, DAT-015, DAT-017 or DAT-018: what is wrong with the file as a file.
    """
    if path.is_dir():
        return _folder(path, platform)
    content = read_bytes(path)
    if not content.strip():
        raise DataError(no_answers(path.name, "an empty file"))
    if _is_json(path, content):
        return _json(content, path.name, platform)
    is_workbook = path.suffix.lower() in _WORKBOOKS or content.startswith((_ZIP, _OLD_OFFICE))
    table = (read_workbook if is_workbook else read_delimited)(content, path.name)
    if platform == "surveyjs":
        expected = "the JSON of SurveyJS's results"
        remedy = 'For a table of the answers, say platform="spreadsheet".'
        raise DataError(Problem("DAT-014", path.name, "a table", expected, remedy))
    name = platform or platform_of(table)
    if name == "qualtrics" and (rows := import_ids(table)) is not None:
        table = table.without_rows(rows)
        if not table.positions:
            raise DataError(no_answers(path.name, "three header rows and nothing below"))
    return (_unarmed(table) if name == "html" else table), name


def _is_json(path: Path, content: bytes) -> bool:
    suffix = path.suffix.lower()
    start = content.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    return suffix == ".json" or (suffix in {"", ".txt"} and start in {b"{", b"["})


def _json(content: bytes, place: str, platform: str | None) -> tuple[Table, str]:
    records = records_in(content, place)
    own = [is_own(record) for record in records]
    if any(own) and not all(own):
        expected = "answers of one kind"
        remedy = "Keep the files of the two apart."
        raise DataError(Problem("DAT-014", place, "answers of our own form among others", expected, remedy))
    return table_of_records(records, place), _json_platform(platform, place, own=any(own))


def _json_platform(platform: str | None, place: str, *, own: bool) -> str:
    if platform is not None and platform not in _JSON_PLATFORMS:
        remedy = "Export the answers as CSV, or leave platform out for the JSON of SurveyJS and of our own form."
        raise DataError(Problem("DAT-014", place, "JSON", f"a table of {platform}", remedy))
    return platform or ("html" if own else "surveyjs")


def _folder(path: Path, platform: str | None) -> tuple[Table, str]:
    """Read all files of a folder, one or more respondents each."""
    files = list_files(path, ["*.json", "*.csv"])
    if not files:
        found = "a folder without .json and .csv files"
        raise DataError(Problem("DAT-018", path.name, found, "the files that people saved", "Check the folder."))
    records: list[Record] = []
    problems: list[Problem] = []
    kinds: list[bool] = []
    for file in files:
        try:
            found_here = _records_of(file)
        except DataError as error:
            problems += error.problems
            continue
        records += found_here
        kinds += [is_own(record) for record in found_here]
    require(problems)
    table = table_of_records(records, path.name, "answer" if len(records) > len(files) else "file")
    return table, _json_platform(platform, path.name, own=any(kinds))


def _records_of(file: Path) -> list[Record]:
    content = read_bytes(file)
    if file.suffix.lower() == ".json":
        return records_in(content, file.name)
    table = _unarmed(read_delimited(content, file.name))
    rows = [dict(zip(table.header, cells, strict=True)) for cells in zip(*table.columns, strict=True)]
    about = {*KEPT, "instrument"}
    return [
        {
            **{key: cell for key, cell in row.items() if key in about},
            "answers": {key: cell for key, cell in row.items() if key not in about},
        }
        for row in rows
    ]


def _unarmed(table: Table) -> Table:
    """Take away the apostrophe that our own form puts before what a spreadsheet would run."""
    return replace(table, columns=tuple([_without_apostrophe(cell) for cell in column] for column in table.columns))


def _without_apostrophe(cell: Cell) -> Cell:
    return typed_text(cell) if isinstance(cell, str) else cell
