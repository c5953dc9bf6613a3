"""The files of a workforce folder: found, opened and saved; what they hold is checked elsewhere."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from evalkit.equality.dictionary import Input, standard_inputs
from evalkit.equality.mappings import folded
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import csv_text, list_files, read_bytes, write_atomic
from evalkit.frames import Problems
from evalkit.instruments.responses.delimited import read_delimited
from evalkit.instruments.responses.tables import Table
from evalkit.instruments.responses.workbooks import read_workbook

# Sheets of a template that hold no data.
SHEETS_BESIDE = ("lists", "about")
_ENDINGS = ("*.csv", "*.CSV", "*.xlsx", "*.XLSX", "*.xlsm", "*.xls")
_BOOK = "xl/workbook.xml"
_HEADER = ("DAT-003", "DAT-017")
_LARGEST_BOOK = 1024 * 1024


def files_of(folder: Path) -> tuple[dict[str, Path], Problems, Problems]:
    """Find the standard inputs in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look, not below.

    Returns
    -------
    tuple of (dict of str to pathlib.Path, list of Problem, list of Problem)
        Name of the input -> its file. Problems: DAT-001 for no such folder or a required file that is not there,
        DAT-010 for two files of one input. Warnings: DAT-006 for a table that is no standard input.
    """
    if not folder.is_dir():
        return {}, [Problem("DAT-001", folder.name, "no such folder", "a folder", "Check the name.")], []
    known = {folded(one.file): one for one in standard_inputs()}
    found: dict[str, Path] = {}
    problems: Problems = []
    unknown: Problems = []
    for path in list_files(folder, _ENDINGS):
        if path.name.startswith((".", "~$")):
            continue
        one = known.get(folded(path.stem))
        if one is None:
            remedy = f"It was left out. {did_you_mean(path.stem, [each.file for each in known.values()])}"
            unknown.append(Problem("DAT-006", path.name, "a file of another name", "a standard input", remedy))
        elif one.name in found:
            both = f"{found[one.name].name} and {path.name}"
            problems.append(Problem("DAT-010", path.name, both, "one file of each input", "Delete one of them."))
        else:
            found[one.name] = path
    problems += [
        Problem("DAT-001", folder.name, f"no {one.file}.csv or .xlsx", "it", "Make one: evalkit workforce-templates.")
        for one in standard_inputs()
        if one.required and one.name not in found
    ]
    return found, problems, unknown


def table_in(path: Path) -> Table:
    """Open a file of a workforce folder.

    Parameters
    ----------
    path : pathlib.Path
        CSV with any of the usual separators and encodings, or a workbook with one sheet of data; the sheets "lists" and
        "about" of a template are left out.

    Returns
    -------
    Table
        Its cells, not interpreted.

    Raises
    ------
    DataError
        DAT-001, DAT-003, DAT-008, DAT-015, DAT-017 or DAT-018: what is wrong with the file as a file.
    """
    try:
        return _table(path)
    except DataError as error:
        raise DataError(_of_a_workforce(error.problems, path)) from error


def _table(path: Path) -> Table:
    content = read_bytes(path)
    if path.suffix.lower() == ".csv" and not content.startswith(b"PK\x03\x04"):
        return read_delimited(content, path.name)
    return read_workbook(_without_sheets_beside(content), path.name)


def _of_a_workforce(problems: Sequence[Problem], path: Path) -> Problems:
    """Say what the reader, which was made for surveys, found: in words that fit a file of staff, each thing once."""
    found: Problems = []
    for problem in problems:
        one = problem
        if problem.code in _HEADER and (problem.code == "DAT-003" or problem.expected.startswith("1 as")):
            remedy = "Delete what stands above the header, such as a title; give every column a name, or delete it."
            what = "columns without a name in the first row"
            one = Problem("DAT-003", path.name, what, "the header in row 1", remedy)
        elif problem.code == "DAT-015" and "sheets" in problem.found:
            one = replace(problem, remedy="Keep the sheet of this input, delete the others, such as notes.")
        elif problem.code == "DAT-015" and path.suffix.lower() == ".xls":
            one = replace(problem, remedy="Open it in a spreadsheet and save it as .xlsx or CSV.")
        else:
            remedy = problem.remedy.replace("the answers", "the file")
            if problem.code == "DAT-017":
                remedy += " If the first row is a title, delete it: the header must be in row 1."
            one = replace(
                problem, remedy=remedy, expected=problem.expected.replace("name and answer", "name and value")
            )
        if one not in found:
            found.append(one)
    return found


def _without_sheets_beside(content: bytes) -> bytes:
    """Take the sheets of a template that hold no data out of the workbook's list of sheets."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(_BOOK).file_size > _LARGEST_BOOK:
                return content
            book = archive.read(_BOOK)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        return content  # the reader says what is wrong with it
    names = "|".join(SHEETS_BESIDE).encode()
    kept = re.sub(rb"<(?:\w+:)?sheet\b[^>]*\bname=\"(?:" + names + rb")\"[^>]*/>", b"", book)
    kept = re.sub(rb"<(?:\w+:)?definedNames>.*?</(?:\w+:)?definedNames>", b"", kept, flags=re.DOTALL)
    if kept == book or not re.search(rb"<(?:\w+:)?sheet\b", kept):
        return content
    edited = io.BytesIO(content)
    with warnings.catch_warnings(), zipfile.ZipFile(edited, "a", zipfile.ZIP_DEFLATED) as archive:
        # A second entry of a name replaces the first; that is meant here.
        warnings.simplefilter("ignore")
        archive.writestr(_BOOK, kept)
    return edited.getvalue()


def empty_table(one: Input, place: str) -> Problem:
    """Say that a file has no rows.

    Parameters
    ----------
    one : Input
        What it should hold.
    place : str
        Its name.

    Returns
    -------
    Problem
        DAT-018.
    """
    remedy = "Fill it." if one.required else "It was left out; fill it or delete it."
    return Problem("DAT-018", place, "no rows", f"one row for {one.row_is}", remedy)


def is_empty(error: DataError) -> bool:
    """Tell whether a file was refused for having no rows, and for nothing else.

    Parameters
    ----------
    error : DataError
        What was raised.

    Returns
    -------
    bool
        True for DAT-018 alone.
    """
    return all(problem.code == "DAT-018" for problem in error.problems)


def save_workforce(frames: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write standard inputs as CSV files.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Inputs by name, such as `frames` of `simulate_workforce`.
    folder : pathlib.Path
        Where; made when it is not there. Files of these names are replaced.

    Returns
    -------
    list of pathlib.Path
        What was written, in the order of the dictionary.

    Raises
    ------
    DataError
        DAT-006 for a frame that is no standard input.
    ReportError
        REP-004 when the folder cannot be written.
    """
    known = {one.name: one for one in standard_inputs()}
    wrong = [
        Problem("DAT-006", "frames", f'"{name}"', "a standard input", did_you_mean(str(name), known))
        for name in frames
        if name not in known
    ]
    if wrong:
        raise DataError(wrong)
    written = []
    for name, one in known.items():
        if name in frames:
            path = folder / f"{one.file}.csv"
            write_atomic(path, csv_text(text_frame(frames[name])))
            written.append(path)
    return written


def text_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Write days and yes or no as files have them.

    Parameters
    ----------
    frame : pandas.DataFrame
        A standard input.

    Returns
    -------
    pandas.DataFrame
        The same shape: days as ISO texts, truth values as yes and no; the other columns as they were.
    """
    shown = frame.copy()
    for name in frame.columns:
        if frame[name].dtype == bool:
            shown[name] = frame[name].map({True: "yes", False: "no"})
        elif pd.api.types.is_datetime64_any_dtype(frame[name].dtype):
            shown[name] = frame[name].dt.strftime("%Y-%m-%d")
    return shown
