"""Which files of an evaluation folder are synthetic: a list of what `evalkit simulate` wrote, with their prints."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from evalkit.files import read_bytes, read_csv

MARKS = "data/synthetic.csv"
_HEADER = "file,print,seed,people"


def print_of(content: bytes) -> str:
    """Fingerprint the content of a file.

    Parameters
    ----------
    content : bytes
        The content.

    Returns
    -------
    str
        The first 16 hexadecimal digits of its SHA-256.
    """
    return hashlib.sha256(content).hexdigest()[:16]


def marks_text(prints: Mapping[str, str], seed: int, people: int) -> str:
    """Write the list of synthetic files.

    Parameters
    ----------
    prints : mapping of str to str
        File below the folder -> its print.
    seed : int
        Of the random numbers.
    people : int
        People who started, in each role.

    Returns
    -------
    str
        CSV, one row a file.
    """
    rows = [f"{name},{mark},{seed},{people}" for name, mark in sorted(prints.items())]
    return "\n".join([_HEADER, *rows, ""])


def unchanged_files(path: Path) -> tuple[str, ...]:
    """List the synthetic files that are as they were written.

    Parameters
    ----------
    path : pathlib.Path
        The evaluation folder.

    Returns
    -------
    tuple of str
        Files below the folder, sorted; empty when nothing was simulated, or all of it was replaced.

    Raises
    ------
    DataError
        What `evalkit.files.read_csv` finds wrong with the list.
    """
    if not (path / MARKS).is_file():
        return ()
    listed = read_csv(path / MARKS)
    if not {"file", "print"} <= set(listed.columns):
        return ()
    return tuple(
        name
        for name, mark in zip(listed["file"], listed["print"], strict=True)
        if (path / name).is_file() and print_of(read_bytes(path / name)) == mark
    )
