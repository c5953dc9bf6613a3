"""The documents of the project as text: their files, blocks, tables and words in code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("", "docs", "data", "programmes", "surveys")
DOCUMENTS = sorted(
    {path for folder in FOLDERS for path in (ROOT / folder).glob("**/*.md" if folder == "docs" else "*.md")}
)
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its language, the file that it is to be saved as, and its text."""

    language: str
    file: str
    body: str


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """Fenced blocks in their order."""
    found = []
    for match in FENCE.finditer(text):
        language, _, file = match["info"].strip().partition(" ")
        found.append(Block(language, file, match["body"]))
    return found


def bodies(text: str, language: str) -> list[str]:
    return [block.body for block in blocks(text) if block.language == language]


def prose(text: str) -> str:
    return FENCE.sub("", text)


def tables(text: str) -> Iterator[list[list[str]]]:
    """Rows of cells of each table, its header first and the rule below it left out."""
    for block in re.findall(r"(?:^\|.*\|[ \t]*\n)+", f"{prose(text)}\n", re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        yield [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]


def table(text: str, first: str) -> list[list[str]]:
    """Rows below the header of the only table whose first column has this heading."""
    found = [rows for rows in tables(text) if rows[0][0] == first]
    assert len(found) == 1, f"{len(found)} tables that begin with {first!r}"
    return found[0][1:]


def in_code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
