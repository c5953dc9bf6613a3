"""What a programme's report is made of, before it becomes HTML or Word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd
from matplotlib.figure import Figure as Drawing

# A number and its per cent, the two ends of an interval, "p = 0.04": what no line may break.
_TOGETHER = re.compile(
    r"(?<=\d) (?=%)"
    r"|(?<=[\d%]) (?=to [+\u2212-]?\d)|(?<=[\d%] to) (?=[+\u2212-]?\d)"
    r"|(?<=\b[np]) (?=[=<] )|(?<=\b[np] [=<]) (?=\d)"
)


def unbroken(text: str) -> str:
    """Keep together what no line may break: a number and its per cent, the ends of an interval, p and its value.

    Parameters
    ----------
    text : str
        Plain text.

    Returns
    -------
    str
        With spaces that do not break in these places.

    Examples
    --------
    >>> unbroken("0.5 to 1 %, p = 0.04").count(chr(160))
    5
    """
    return _TOGETHER.sub("\u00a0", text)


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph.

    Parameters
    ----------
    text : str
        Plain text.
    kind : str, default "body"
        "body", "note" for what is said smaller, "write" for what people are to write, "lead" for what comes first.
    """

    text: str
    kind: str = "body"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list.

    Parameters
    ----------
    items : tuple of str
        Plain texts.
    """

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of released numbers, written out.

    Parameters
    ----------
    title : str
        What it says, in a line; its caption.
    columns : tuple of str
        Headings; the first names the rows.
    rows : tuple of tuple of str
        Cells as they are read.
    words : frozenset of int
        Columns (by position, from 0) that hold words and not numbers, beside the first.
    notes : tuple of str
        Stand below it.
    data : pandas.DataFrame or None
        The released numbers, for CSV and XLSX; None when the cells are all there is.
    folded : bool
        Whether it is folded away where a reader can open it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    data: pd.DataFrame | None = None
    folded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure; its numbers are in the table that follows it.

    Parameters
    ----------
    title : str
        What it shows; its caption.
    alt : str
        What it shows, for those who cannot see it.
    drawing : matplotlib.figure.Figure
        The figure.
    """

    title: str
    alt: str
    drawing: Drawing


Block: TypeAlias = Text | Bullets | Table | Picture


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A part of the report under a heading.

    Parameters
    ----------
    title : str
        Heading.
    level : int
        2 or 3; a section of level 3 belongs to the one of level 2 before it.
    blocks : tuple of Block
        What stands in it.
    board : bool, default False
        Whether it belongs to the page for the board.
    """

    title: str
    level: int
    blocks: tuple[Block, ...] = ()
    board: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A whole report.

    Parameters
    ----------
    name : str
        How its files are called.
    title, subtitle : str
        Heading, and the line below it.
    organisation : str
        Whose it is.
    summary : str
        One sentence for a list of reports.
    sections : tuple of Section
        Its parts.
    footer : dict of str to str
        Where it comes from.
    banner : str
        What must be seen first, such as that the data are synthetic; empty for nothing.
    counted : str
        How many questions were answered, in part or not at all, in a sentence.
    lacking : tuple of (str, str, str)
        Question, what of it could not be answered or may not be told, and why.
    """

    name: str
    title: str
    subtitle: str
    organisation: str
    summary: str
    sections: tuple[Section, ...]
    footer: dict[str, str]
    banner: str = ""
    counted: str = ""
    lacking: tuple[tuple[str, str, str], ...] = ()
