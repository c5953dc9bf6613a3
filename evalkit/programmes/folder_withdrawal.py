"""`evalkit withdraw`: take a person out of every file of an evaluation folder, all at once."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.equality.mappings import folded
from evalkit.equality.workforce_files import is_empty, table_in
from evalkit.errors import DataError, Problem
from evalkit.files import left_parts, list_files, read_bytes, write_together
from evalkit.instruments.responses.read import rows_with
from evalkit.instruments.responses.tables import Table
from evalkit.programmes.folder_answers import answer_files
from evalkit.programmes.folder_columns import code_key, input_of, record_files
from evalkit.programmes.folder_log import damaged_logs, read_log, without_person
from evalkit.programmes.folder_marks import MARKS, print_of, unchanged_files
from evalkit.programmes.folder_rows import with_cells, without_rows
from evalkit.programmes.folder_rules import WITHDRAWN
from evalkit.programmes.folders import PAIR_CODE, RELEASES, EvaluationFolder, code_item, open_folder

BESIDE = (
    "A report made before and one made after, side by side, tell what this person was and answered, by subtraction. "
    "Do not pass both on: call the earlier one back wherever it went before you give out the new one, or give out the "
    "new one only when more people have changed."
)
_NO_PRINT = (
    f"{RELEASES}: the prints of this person were taken out, so nobody can test there whether the code was in a report. "
    "How many were taken out of each report stays, so that evalkit report can still warn of two reports that differ by "
    "few people; it no longer knows who they are."
)
_MAY_HOLD = (
    "{name}: this log of reports cannot be read, and prints of this person may stand in it; whoever has the folder can "
    "test the code there. Delete it when you need it no more."
)
_PERSON, _PAIR, _SIDES = "person", "pair", ("mentor", "mentee")
# What evalkit wrote, in which P017 stands as an example.
_OURS = frozenset({"surveys", "programme", "README.md"})
# A shorter code stands in any text.
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What was taken out.

    Parameters
    ----------
    removed : mapping of str to int
        File below the folder -> rows or answers that were taken out.
    kept : tuple of str
        What still stands of pairs, and what cannot be found because it carries no code, as sentences.
    again : tuple of str
        Outputs that were made before, and are to be made again; of tables the folder.
    still : tuple of str
        Files below the folder in which the code still stands, such as notes: for people to look at.
    beside : str
        What a report made before would tell beside one made after, where the folder's log knows of one; empty else.
    """

    removed: Mapping[str, int]
    kept: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    beside: str = ""


@dataclass(slots=True)
class _Change:
    """Files on their way to their new content."""

    folder: EvaluationFolder
    files: dict[Path, bytes | None] = field(default_factory=dict)
    last: set[Path] = field(default_factory=set)
    removed: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, path: Path, rows: Collection[int], cells: Mapping[tuple[int, str], str] | None = None) -> None:
        """Take rows out of a file, after cells were replaced."""
        if not rows and not cells:
            return
        content: bytes | None = self.files.get(path, read_bytes(path))
        if content is not None and cells:
            content = with_cells(content, path.name, cells)
        if content is not None and rows:
            content = without_rows(content, path.name, rows)
        self.files[path] = content
        name = path.relative_to(self.folder.path).as_posix()
        if rows:
            self.removed[name] = self.removed.get(name, 0) + len(rows)


def withdraw(folder: EvaluationFolder | Path | str, person: str) -> Withdrawal:
    """Take a person out of an evaluation folder.

    Parameters
    ----------
    folder : EvaluationFolder or pathlib.Path or str
        The folder.
    person : str
        Code of the person; capitals and blanks do not count.

    Returns
    -------
    Withdrawal
        What was taken out of which file. The pair of a person who stays is kept with "withdrawn" in place of the code;
        a pair of two people who left is taken out with its meetings.

    Raises
    ------
    DataError
        DAT-006 when no file holds the code; what is wrong with a file that cannot be read. Nothing is changed then.
    ReportError
        REP-004 when a file cannot be written; all stay as they were.
    """
    opened = folder if isinstance(folder, EvaluationFolder) else open_folder(folder)
    change = _Change(opened)
    gone = _records(change, person)
    _answers(change, person, gone)
    if change.problems:
        raise DataError(dict.fromkeys(change.problems))
    if not change.files:
        remedy = "Check the code; answers without a code cannot be found."
        raise DataError(Problem("DAT-006", str(opened.path), "no file with that code", "a code of the folder", remedy))
    _mark(change)
    log = without_person(read_log(opened.path), person)
    if log is not None:  # first, so that a killed run leaves the rest to be found
        change.files = {opened.path / RELEASES: log.encode(), **change.files}
        change.kept.append(_NO_PRINT)
    change.kept += [_MAY_HOLD.format(name=name) for name in damaged_logs(opened.path)]
    # What a killed run left may hold the person. Pairs go last: by them the rest is found again after a kill.
    left: dict[Path, bytes | None] = dict.fromkeys(left_parts(opened.path))
    write_together({**left, **dict(sorted(change.files.items(), key=lambda one: one[0] in change.last))})
    again = sorted(
        path.relative_to(opened.path).as_posix()
        for path in opened.outputs_dir.rglob("*")
        if path.is_file() and path.name != "truth.csv"
    )
    made_before = (opened.path / RELEASES).is_file() or any(not name.startswith("outputs/truth") for name in again)
    return Withdrawal(
        change.removed,
        tuple(change.kept),
        tuple(_by_folder(again)),
        tuple(_still(opened.path, person)),
        BESIDE if made_before else "",
    )


def _by_folder(names: Sequence[str]) -> Iterator[str]:
    """Name the folder in place of the tables of a report, which are many."""
    folders = Counter(name.rpartition("/")[0] for name in names if name.count("/") > 1)
    yield from (name for name in names if name.count("/") <= 1)
    yield from (f"{name}/ ({n} files)" for name, n in folders.items())


def _records(change: _Change, person: str) -> set[str]:
    """Take the person out of the records; give the pairs of which nobody is left."""
    wanted = code_key(person)
    tables = _tables(change)
    gone: set[str] = set()
    for path, table in tables:
        mentor, mentee = (_column(table, name) for name in _SIDES)
        if mentor is None or mentee is None:
            continue
        pairs = _column(table, _PAIR)
        rows: list[int] = []
        cells: dict[tuple[int, str], str] = {}
        for at, position in enumerate(table.positions):
            sides = {"mentor": code_key(mentor[at]), "mentee": code_key(mentee[at])}
            own = [name for name, code in sides.items() if code == wanted]
            if not own:
                continue
            others = {code for code in sides.values() if code not in {wanted, WITHDRAWN, ""}}
            if others:
                cells |= {(position, _header(table, name)): WITHDRAWN for name in own}
            else:
                rows.append(position)
                gone.add(code_key(pairs[at]) if pairs else "")
        change.take(path, rows, cells)
        change.last.add(path)
        if cells:
            name = path.relative_to(change.folder.path).as_posix()
            change.kept.append(f"{name}: the pair stays for the other person, with the code replaced by {WITHDRAWN}.")
    for path, table in tables:
        people, pairs = _column(table, _PERSON), _column(table, _PAIR)
        rows = [
            position
            for at, position in enumerate(table.positions)
            if (people is not None and code_key(people[at]) == wanted)
            or (pairs is not None and _column(table, "mentor") is None and code_key(pairs[at]) in gone)
        ]
        change.take(path, rows)
    return gone


def _tables(change: _Change) -> list[tuple[Path, Table]]:
    found = []
    for file in change.folder.programme.files:
        stem = input_of(change.folder.programme, file).file
        for path in record_files(change.folder.data_dir, stem):
            try:
                found.append((path, table_in(path)))
            except DataError as error:
                if not is_empty(error):
                    change.problems += error.problems
    return found


def _header(table: Table, name: str) -> str:
    return next(header for header in table.header if folded(header) == folded(name))


def _column(table: Table, name: str) -> list[str] | None:
    for header, cells in zip(table.header, table.columns, strict=True):
        if folded(header) == folded(name):
            return ["".join(cell).strip() for cell in cells]
    return None


def _answers(change: _Change, person: str, gone: set[str]) -> None:
    folder = change.folder
    files, problems = answer_files(folder)
    change.problems += problems
    for (use_id, wave), paths in files.items():
        use = folder.programme.uses_by_id[use_id]
        instrument = folder.instruments[use.instrument]
        item = code_item(instrument)
        if not item:
            change.kept.append(f"Answers to {instrument.title} carry no code: they cannot be found.")
            continue
        wanted = gone if item == PAIR_CODE else {person}
        if item == PAIR_CODE and not gone:
            change.kept.append(f"Entries in {instrument.title} belong to the pair, and stay for the other person.")
        for path in paths:
            for file in list_files(path, ["*.json", "*.csv"]) if path.is_dir() else [path]:
                try:
                    rows = {
                        row for code in wanted for row in rows_with(file, instrument, item, code, wave=wave or None)
                    }
                except DataError as error:
                    change.problems += () if is_empty(error) else error.problems
                    continue
                change.take(file, rows)
    change.kept = list(dict.fromkeys(change.kept))


def _still(folder: Path, person: str) -> Iterator[str]:
    """Look for the code in every other file: notes, copies, free texts."""
    code = "".join(person.split())
    if len(code) < _SHORTEST:
        return
    pattern = re.compile(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])", re.IGNORECASE)
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if path.is_file() and below.parts[0] not in _OURS and any(map(pattern.search, _texts_in(path))):
            yield below.as_posix()


def _texts_in(path: Path) -> Iterator[str]:
    try:
        content = read_bytes(path)
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts = [archive.read(one) for one in archive.namelist() if one.endswith((".xml", ".csv", ".txt"))]
        else:
            parts = [content]
    except (DataError, OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError):
        return  # it cannot be opened by anyone without more than the file
    for part in parts:
        # A NUL between letters is UTF-16.
        yield part.replace(b"\x00", b"").decode("utf-8", errors="replace")


def _mark(change: _Change) -> None:
    """Keep files that were synthetic marked as such."""
    listed = change.folder.path / MARKS
    synthetic = set(unchanged_files(change.folder.path))
    if not synthetic:
        return
    lines = read_bytes(listed).decode().splitlines()
    for at, line in enumerate(lines):
        name, _, rest = line.partition(",")
        content = change.files.get(change.folder.path / name)
        if name in synthetic and content is not None:
            lines[at] = f"{name},{print_of(content)},{rest.partition(',')[2]}"
    change.files[listed] = "\n".join([*lines, ""]).encode()
