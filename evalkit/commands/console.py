"""Words and tables for a terminal, which nothing in somebody's data may steer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.files import csv_text, write_atomic

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Wide enough for a sentence in the last column when nobody looks at a terminal.
_WIDTH_OF_A_PIPE = 160
_WIDE = 100


def plain(text: str) -> str:
    r"""Take out of a text what would steer a terminal.

    Parameters
    ----------
    text : str
        Perhaps from a file of somebody else.

    Returns
    -------
    str
        The same with a question mark for each control character but the line feed.

    Examples
    --------
    >>> plain("a\x1b[31mb")
    'a?[31mb'
    """
    return _STEERING.sub("?", text)


def open_console() -> Console:
    """Open the terminal, or the pipe in its place.

    Returns
    -------
    rich.console.Console
        As wide as the terminal; 160 columns for a pipe.
    """
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_A_PIPE)


def print_line(console: Console, text: str) -> None:
    """Print a line as it is, without markup and without a break.

    Parameters
    ----------
    console : rich.console.Console
        Where.
    text : str
        What.
    """
    console.print(plain(text), markup=False, highlight=False, soft_wrap=True)


def print_table(console: Console, title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table.

    Parameters
    ----------
    console : rich.console.Console
        Where.
    title : str
        Stands above it.
    rows : sequence of mappings
        Heading -> value; all with the same headings.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(plain(title)), title_justify="left")
    for position, name in enumerate(rows[0] if rows else ()):
        # The first column holds names to be typed: they are never broken.
        table.add_column(name, overflow="fold", no_wrap=position == 0 and console.width >= _WIDE)
    for row in rows:
        table.add_row(*(Text(plain(str(value))) for value in row.values()))
    console.print(table)


def write_table(console: Console, path: Path | None, frame: pd.DataFrame) -> None:
    """Write a frame as CSV, if a file was asked for, and say so.

    Parameters
    ----------
    console : rich.console.Console
        Where it is said.
    path : pathlib.Path or None
        The file; None writes nothing.
    frame : pandas.DataFrame
        What.
    """
    if path is not None:
        write_atomic(path, csv_text(frame))
        print_line(console, f"Written: {path}")
