"""Open, read and write files: the only module that does.

Whatever is written is written beside its target and moved into place, so that a killed run leaves the old file whole.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem, ReportError

if TYPE_CHECKING:
    import pandas as pd

_OTHER_SEPARATOR = re.compile(r"([;\t|])(\s*)(?=[=+@\uff1d\uff0b\uff20]|-\D)")
# The end of the name of a file that is not moved into place yet.
_PART = ".part"
# Seconds after which nobody is still writing it.
_LEFT_AFTER = 3600
MAX_BYTES = 64 * 1024 * 1024
# A spreadsheet takes a cell that starts with one of these for a formula, the full-width forms included.
_FORMULA_STARTS = tuple("=+-@|%\uff1d\uff0b\uff0d\uff20\t\r\n")
# What a spreadsheet may skip before it looks for a formula: blanks of any width or none, control characters.
_SKIPPED = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    DataError
        DAT-001 when there is no such file, it may not be read or is no regular file (a folder, pipe or device), DAT-008
        when it is over 64 MB.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            found = "a folder" if stat.S_ISDIR(about.st_mode) else "a pipe, socket or device"
            remedy = "Name a file; save what comes through a pipe as one first."
            raise DataError(Problem("DAT-001", path.name, found, "a regular file", remedy))
        size = about.st_size
        if size > MAX_BYTES:
            raise DataError(
                Problem(
                    "DAT-008",
                    path.name,
                    f"{size:,} bytes",
                    f"at most {MAX_BYTES:,} bytes",
                    "Split the file or export fewer columns.",
                )
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            Problem(
                "DAT-001",
                path.name,
                error.strerror or type(error).__name__,
                "a file that can be read",
                "Check the name and the folder, and that no other program holds the file.",
            )
        ) from error


def read_text(path: Path) -> str:
    """Read a UTF-8 text file, with or without a byte order mark.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    DataError
        DAT-001 when it cannot be read, DAT-008 when it is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            Problem(
                "DAT-008",
                f"{path.name}, byte {error.start}",
                "text that is not UTF-8",
                "UTF-8",
                'Save it again as UTF-8 (in a spreadsheet "CSV UTF-8").',
            )
        ) from error


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, nothing interpreted: no number, date or missing value is guessed.

    Parameters
    ----------
    path : pathlib.Path
        A comma-separated file with one header row.

    Returns
    -------
    pandas.DataFrame
        All columns of type str; an empty cell is the empty string.

    Raises
    ------
    DataError
        DAT-001 or DAT-008 when it cannot be read, DAT-007 when a row has more or fewer cells than the header,
        DAT-010 when a column name is repeated: all such problems at once. Rows are counted as a spreadsheet counts
        them, blank ones included.
    """
    import pandas as pd

    rows = _rows(path)
    if not rows:
        raise DataError(Problem("DAT-001", path.name, "an empty file", "a header row", "Export it again."))
    (_, header), *body = rows
    problems = [
        Problem(
            "DAT-007",
            f"{path.name}, row {position}",
            f"{len(row)} cells",
            f"{len(header)} as in the header",
            "Quote cells that hold a comma.",
        )
        for position, row in body
        if len(row) != len(header)
    ]
    problems += [
        Problem(
            "DAT-010",
            f"{path.name}, header",
            f"column {name!r} {header.count(name)} times",
            "each name once",
            "Rename the columns.",
        )
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    if problems:
        raise DataError(problems)
    return pd.DataFrame([row for _, row in body], columns=header, dtype=str)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Split a CSV file into its rows that are not blank, each with its position."""
    rows: list[tuple[int, list[str]]] = []
    try:
        for position, row in enumerate(csv.reader(io.StringIO(read_text(path), newline=""), strict=True), start=1):
            if row:
                rows.append((position, row))
    except csv.Error as error:
        place = f"{path.name}, after row {rows[-1][0] if rows else 0}"
        raise DataError(
            Problem("DAT-001", place, str(error), "cells that can be told apart", "Look for a quotation mark too many.")
        ) from error
    return rows


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV in which no cell can run as a formula.

    Parameters
    ----------
    frame : pandas.DataFrame
        What to write; its index is left out.

    Returns
    -------
    str
        The CSV. Whatever a spreadsheet would take for a formula gets an apostrophe in front; numbers stay.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([inert(str(name)) for name in frame.columns])
    text = frame.astype(object).where(frame.notna(), "")
    for row in text.itertuples(index=False):
        writer.writerow([cell if isinstance(cell, Number) else _inert_cell(str(cell)) for cell in row])
    return out.getvalue()


def _inert_cell(text: str) -> str:
    """Disarm a cell also where a spreadsheet takes semicolons or tabs for its separator."""
    return _OTHER_SEPARATOR.sub(r"\1\2'", inert(text))


def inert(text: str) -> str:
    """Disarm a text that a spreadsheet would run.

    Parameters
    ----------
    text : str
        The content of a cell.

    Returns
    -------
    str
        The same, with an apostrophe in front when it would start a formula; a plain number stays.

    Examples
    --------
    >>> inert("=HYPERLINK(1)"), inert("-0.94")
    ("'=HYPERLINK(1)", '-0.94')
    """
    begin = _SKIPPED.match(text)
    visible = text[begin.end() :] if begin else text
    live = visible.startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS)
    return f"'{text}" if live and not _PLAIN_NUMBER.fullmatch(text) else text


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file beside its target and move it into place.

    Parameters
    ----------
    path : pathlib.Path
        The target; its folder is made when it is not there.
    content : str or bytes
        Text is written as UTF-8 with line feeds.

    Raises
    ------
    ReportError
        REP-004 when the folder cannot be written; the old file stays as it was.

    Notes
    -----
    Who may read the file is what the user's own setting (umask) says. Half a character becomes a question mark.
    """
    payload = content.encode("utf-8", errors="replace") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, payload)
    except OSError as error:
        raise _unwritable(path, error) from error


def _replace(path: Path, payload: bytes) -> None:
    """Write beside the target and move into place; whatever goes wrong leaves nothing behind."""
    beside = _beside(path, payload)
    try:
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _beside(path: Path, payload: bytes) -> Path:
    """Write a whole file beside its target, ready to be moved into place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_part_prefix(path), suffix=_PART)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(0o666 & ~_umask())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _part_prefix(path: Path) -> str:
    return f".{path.name[:80]}."


def left_parts(folder: Path) -> list[Path]:
    """List what killed runs left half written in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look, below too.

    Returns
    -------
    list of pathlib.Path
        Hidden files that were never moved into place, sorted; of a run that is still going on they are there too.
    """
    return sorted(path for path in folder.rglob(f".*{_PART}") if path.is_file() and not path.is_symlink())


@contextmanager
def staged_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside its target, and move it into place when all of it is written.

    Parameters
    ----------
    path : pathlib.Path
        The target: not there yet, or an empty folder.

    Yields
    ------
    pathlib.Path
        The folder to write to. When something goes wrong it is deleted, and the target stays as it was.

    Raises
    ------
    ReportError
        REP-004 when the target cannot be written, or is a folder that holds something.
    """
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=_part_prefix(path), suffix=_PART))
        yield beside
        beside.chmod(0o777 & ~_umask())
        if path.is_dir():
            path.rmdir()  # only when it is empty
        beside.rename(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def write_together(files: Mapping[Path, str | bytes | None]) -> None:
    """Write several files so that either all of them are new or all are as they were.

    Parameters
    ----------
    files : mapping of pathlib.Path to str, bytes or None
        Target -> content; text is written as UTF-8 with line feeds, and None deletes the file.

    Raises
    ------
    ReportError
        REP-004 when one of them cannot be written: those already replaced are put back.
    """
    parts: dict[Path, Path | None] = {}
    before: dict[Path, bytes | None] = {}
    path = Path()
    try:
        # All are written beside their targets before the first is moved: a full disk or a kill leaves old ones whole.
        for path, content in files.items():
            parts[path] = None if content is None else _part_of(path, content)
        for path, part in parts.items():
            before[path] = path.read_bytes() if path.is_file() else None
            if part is None:
                path.unlink(missing_ok=True)
            else:
                part.replace(path)
    except BaseException as error:
        _put_back(parts, before)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _part_of(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{glob.escape(_part_prefix(path))}*{_PART}"):  # of a run that was killed
        if time.time() - left.stat().st_mtime > _LEFT_AFTER:
            left.unlink(missing_ok=True)
    return _beside(path, content.encode("utf-8", errors="replace") if isinstance(content, str) else content)


def _put_back(parts: Mapping[Path, Path | None], before: Mapping[Path, bytes | None]) -> None:
    """Delete what was not moved yet, then put back what was replaced; one that fails does not stop the others."""
    for part in parts.values():
        with suppress(OSError):
            if part is not None:
                part.unlink(missing_ok=True)
    for path, content in before.items():
        with suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            elif not path.is_file() or path.read_bytes() != content:
                _replace(path, content)


def _unwritable(path: Path, error: OSError) -> ReportError:
    found = error.strerror or type(error).__name__
    remedy = "Close the file elsewhere, free some space or choose another folder."
    return ReportError(Problem("REP-004", str(path), found, "a folder that can be written", remedy))


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, such as a key; a file that is there is never replaced.

    Parameters
    ----------
    path : pathlib.Path
        The target; its folder is made, for its owner only, when it is not there.
    content : bytes
        What to write.

    Raises
    ------
    ReportError
        REP-004 when the folder cannot be written, or the file was there already; nothing is left behind.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with permission 0600, on POSIX.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_part_prefix(path), suffix=_PART)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            _link_or_move(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(
            Problem(
                "REP-004",
                path.name,
                error.strerror or type(error).__name__,
                "a new file in a folder that can be written",
                "Choose another folder, or another name.",
            )
        ) from error


def _link_or_move(beside: Path, path: Path) -> None:
    """Give a finished file its name, unless that is taken; not every disk knows two names for one file."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise
        beside.rename(path)


def is_private(path: Path) -> bool:
    """Tell whether only the owner of a file may read or write it.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    bool
        Always True where files have no such permissions (Windows).

    Raises
    ------
    DataError
        DAT-001 when there is no such file.
    """
    try:
        return os.name != "posix" or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    except OSError as error:
        place, found = path.name, error.strerror or type(error).__name__
        raise DataError(Problem("DAT-001", place, found, "a file that can be read", "Check the name.")) from error


def checksum(paths: Iterable[Path]) -> str:
    """Fingerprint a set of files.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        The files; their order does not matter, their names and contents do.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256()
    for part in sorted(path.name.encode() + b"\0" + hashlib.sha256(read_bytes(path)).digest() for path in paths):
        digest.update(part)
    return digest.hexdigest()[:16]


def list_files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """List the files of a folder that match one of several patterns.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look, not below.
    patterns : sequence of str
        Shell patterns such as "*.csv".

    Returns
    -------
    list of pathlib.Path
        Sorted by name; empty when there is no such folder.
    """
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
