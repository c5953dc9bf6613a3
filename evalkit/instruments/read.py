"""Read an instrument from its YAML file, with all that is wrong in it at once."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from evalkit.errors import DataError, InstrumentError, Problem, did_you_mean
from evalkit.files import read_bytes
from evalkit.instruments.checks import all_findings
from evalkit.instruments.findings import Finding
from evalkit.instruments.ledger import stale_print, with_ledger_anew
from evalkit.instruments.model import Instrument
from evalkit.instruments.shape import validated
from evalkit.instruments.sheet import Block, Sheet, included, read_sheet
from evalkit.instruments.tree import MAX_PROBLEMS, Table, first_problems, line_of, read_tree

MAX_BYTES = 1_000_000
# Where more than a hundred problems are found, those of the first lines are told; no more than this are looked for.
_ENOUGH = 1000
BLOCK_KEYS = frozenset(
    {
        "block",
        "version",
        "licence",
        "consent",
        "privacy",
        "title",
        "intro",
        "required",
        "waves",
        "options",
        "items",
        "translations",
    }
)
_BLOCK = re.compile(r"_[a-z][a-z0-9_]*")


def read_instrument(path: Path, shared: Path | None = None) -> Instrument:
    """Read and check an instrument.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file as described in surveys/README.md.
    shared : pathlib.Path, optional
        Folder of the shared blocks, looked at after the file's own folder.

    Returns
    -------
    Instrument
        The instrument.

    Raises
    ------
    InstrumentError
        INS-001 when the file is not there, is over 1 MB or is not UTF-8, with the lines; INS-002 when it is not YAML;
        INS-034 when it has too many lines, keys and values; INS-036 when the print in the version of an adapted
        instrument is not that of its content; else every problem of the file at once, in the order of
        its lines, each with its line (the first hundred, and INS-034 with the count of the others).
    """
    tree, problems = read_file(path)
    sheet = _sheet(tree, path, problems, shared)
    return _finished(sheet, [*problems, *sheet.problems, *_file_name(sheet, path)])


def instrument_from_text(text: str, name: str = "instrument.yaml", shared: Path | None = None) -> Instrument:
    """Read and check an instrument from a text.

    Parameters
    ----------
    text : str
        YAML as described in surveys/README.md.
    name : str, default "instrument.yaml"
        Name for messages.
    shared : pathlib.Path, optional
        Folder of the shared blocks.

    Returns
    -------
    Instrument
        The instrument.

    Raises
    ------
    InstrumentError
        As `read_instrument`.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise InstrumentError(_too_large(size, name))
    tree, problems = read_tree(text, name)
    sheet = _sheet(tree, Path(name), problems, shared)
    return _finished(sheet, [*problems, *sheet.problems])


def _too_large(size: int, name: str) -> Problem:
    return Problem(
        "INS-001", f"{name}, line 1", f"{size:,} bytes", f"at most {MAX_BYTES:,} bytes", "Split the instrument."
    )


def read_file(path: Path) -> tuple[Table, list[Problem]]:
    """Read the tree of a file, once for each version of it.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.

    Returns
    -------
    tuple of (Table, list of Problem)
        The tree and what is wrong with its YAML.

    Raises
    ------
    InstrumentError
        INS-001 when it cannot be read, INS-002 when it is not YAML.
    """
    try:
        stat = path.stat()
        if stat.st_size > MAX_BYTES:
            raise InstrumentError(_too_large(stat.st_size, path.name))
        tree, problems = _read_version(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise InstrumentError(
            Problem("INS-001", path.name, error.strerror or "no file", "a YAML file", "Check the name and the folder.")
        ) from error
    except DataError as error:
        found = error.problems[0]
        raise InstrumentError(Problem("INS-001", found.place, found.found, found.expected, found.remedy)) from error
    return tree, list(problems)


@lru_cache(maxsize=256)
def _read_version(path: Path, _modified: int, _size: int) -> tuple[Table, tuple[Problem, ...]]:
    tree, problems = read_tree(_text(path), path.name)
    return tree, tuple(problems)


def _text(path: Path) -> str:
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InstrumentError(first_problems(list(_not_utf8(content, path.name)), path.name)) from None


def _not_utf8(content: bytes, name: str) -> Iterator[Problem]:
    """Name every line that is not UTF-8; a file in UTF-16 only once, for all its lines are wrong."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield Problem("INS-001", f"{name}, line 1", "UTF-16", "UTF-8", "Save it as UTF-8.")
        return
    for line, row in enumerate(content.split(b"\n"), start=1):
        try:
            row.decode("utf-8")
        except UnicodeDecodeError as error:
            before = row[: error.start].decode("utf-8")
            found = f"byte 0x{row[error.start]:02x} at character {len(before) + 1}, which is not UTF-8"
            yield Problem("INS-001", f"{name}, line {line}", found, "UTF-8", "Save the file as UTF-8.")


def _sheet(tree: Table, path: Path, problems: list[Problem], shared: Path | None) -> Sheet:
    """Read the shared blocks that a tree asks for, and shape it; the blocks' problems are added to `problems`."""
    blocks: dict[str, Block] = {}
    for name, line in included(tree):
        if len(problems) > MAX_PROBLEMS:
            break
        if name not in blocks:
            found = _block(name, path, line, shared)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                blocks[name] = found[0]
                problems += found[1]
    return read_sheet(tree, path.name, blocks)


def _block(name: str, path: Path, line: int, shared: Path | None) -> tuple[Block, list[Problem]] | Problem:
    folders = [path.parent, *([shared] if shared else [])]
    for folder in folders:
        candidate = folder / f"{name}.yaml"
        if _BLOCK.fullmatch(name) and candidate.is_file():
            tree, problems = read_file(candidate)
            problems += [
                Problem(
                    "INS-006",
                    f"{candidate.name}, line {tree.key_lines[key]}",
                    f"key {key!r}",
                    "a key of a shared block",
                    did_you_mean(str(key), BLOCK_KEYS),
                )
                for key in tree.entries
                if key not in BLOCK_KEYS
            ]
            return Block(name, tree, candidate.name), problems
    there = {file.stem for folder in folders for file in folder.glob("_*.yaml")} - {"_template"}
    remedy = did_you_mean(name, there) if there else "Put it beside the instrument."
    return Problem("INS-029", f"{path.name}, line {line}", f"shared block {name!r}", "one that is there", remedy)


def _file_name(sheet: Sheet, path: Path) -> list[Problem]:
    name = sheet.data.get("id")
    if not isinstance(name, str) or name == path.stem:
        return []
    remedy = "Make the two the same."
    return [Problem("INS-010", sheet.place(("id",)), f"instrument: {name}", f"{path.stem}, as the file", remedy)]


def _finished(sheet: Sheet, problems: list[Problem]) -> Instrument:
    shaped, instrument, doubtful = validated(sheet)
    problems = [*problems, *shaped]
    if instrument is not None:
        unsure = _unsure_scales(doubtful, instrument)
        findings = (one for one in all_findings(instrument) if not _follows(one, doubtful, unsure))
        problems += [one.problem(sheet.place(one.where)) for one in islice(findings, _ENOUGH)]
    if instrument is not None and not problems:
        problems = stale_print(instrument, sheet.place(("version",)))
    if problems or instrument is None:
        raise InstrumentError(first_problems(sorted(dict.fromkeys(problems), key=line_of), sheet.file))
    return with_ledger_anew(instrument)


def _follows(finding: Finding, doubtful: set[tuple[object, ...]], unsure: set[object]) -> bool:
    """Whether a finding may only follow from a value that could not be read."""
    if finding.where[:2] in doubtful or finding.where[:1] in doubtful:
        return True
    return finding.where[0] == "scales" and finding.where[1] in unsure


def _unsure_scales(doubtful: set[tuple[object, ...]], instrument: Instrument) -> set[object]:
    """List the scales over items or options that could not be read."""
    if not doubtful:
        return set()
    unsure: set[object] = set()
    for scale in instrument.scales:
        known = [instrument.by_id[name] for name in scale.items if name in instrument.by_id]
        parts = {("items", name) for name in scale.items} | {("options", item.options) for item in known}
        if parts & doubtful:
            unsure.add(scale.id)
    return unsure
