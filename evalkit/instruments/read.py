"""Read an instrument from its YAML file, with all that is wrong in it at once."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from evalkit.errors import DataError, InstrumentError, Problem, did_you_mean
from evalkit.files import read_text
from evalkit.instruments.checks import all_findings
from evalkit.instruments.findings import Finding
from evalkit.instruments.model import Instrument
from evalkit.instruments.shape import validated
from evalkit.instruments.sheet import Block, Sheet, included, read_sheet
from evalkit.instruments.tree import Table, line_of, read_tree

MAX_BYTES = 1_000_000
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
        INS-001 when the file is not there, is over 1 MB or is not UTF-8; INS-002 when it is not YAML; else every
        problem of the file at once, in the order of its lines, each with its line.
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
    tree, problems = read_tree(text, name)
    sheet = _sheet(tree, Path(name), problems, shared)
    return _finished(sheet, [*problems, *sheet.problems])


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
            raise InstrumentError(
                Problem(
                    "INS-001",
                    f"{path.name}, line 1",
                    f"{stat.st_size:,} bytes",
                    f"at most {MAX_BYTES:,} bytes",
                    "Split the instrument.",
                )
            )
        tree, problems = _read_version(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise InstrumentError(
            Problem("INS-001", path.name, error.strerror or "no file", "a YAML file", "Check the name and the folder.")
        ) from error
    except DataError as error:
        found = error.problems[0]
        raise InstrumentError(Problem("INS-001", found.place, found.found, "UTF-8", "Save it as UTF-8.")) from error
    return tree, list(problems)


@lru_cache(maxsize=256)
def _read_version(path: Path, _modified: int, _size: int) -> tuple[Table, tuple[Problem, ...]]:
    tree, problems = read_tree(read_text(path), path.name)
    return tree, tuple(problems)


def _sheet(tree: Table, path: Path, problems: list[Problem], shared: Path | None) -> Sheet:
    """Read the shared blocks that a tree asks for, and shape it; the blocks' problems are added to `problems`."""
    blocks: dict[str, Block] = {}
    for name, line in included(tree):
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
        problems += [
            finding.problem(sheet.place(finding.where))
            for finding in all_findings(instrument)
            if not _follows(finding, doubtful, instrument)
        ]
    if problems or instrument is None:
        raise InstrumentError(sorted(dict.fromkeys(problems), key=line_of))
    return instrument


def _follows(finding: Finding, doubtful: set[tuple[object, ...]], instrument: Instrument) -> bool:
    """Whether a finding may only follow from a value that could not be read."""
    if finding.where[:2] in doubtful or finding.where[:1] in doubtful:
        return True
    scale = instrument.scales_by_id.get(str(finding.where[1])) if finding.where[0] == "scales" else None
    items = scale.items if scale is not None else ()
    if any(("items", name) in doubtful for name in items):
        return True
    sets = {item.options for name in items if (item := instrument.by_id.get(name)) is not None}
    return any(("options", name) in doubtful for name in sets)
