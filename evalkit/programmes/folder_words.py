"""Words of the documents of an evaluation folder: Markdown in which a name cannot become markup, dates, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

# An underscore inside a word is none of Markdown's marks.
_MARKUP = re.compile(r"([\\`*\[\]|#<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|^>)")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def escaped(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is.

    Parameters
    ----------
    text : str
        Any text, such as the name of an organisation.

    Returns
    -------
    str
        On one line, with marks of Markdown and HTML disarmed; people read the files as plain text too, so that
        what needs no disarming stays as it is.

    Examples
    --------
    >>> escaped("A & B <Trust>")
    'A & B \\<Trust>'
    """
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def british(day: date) -> str:
    """Write a day as it is written in Britain.

    Parameters
    ----------
    day : datetime.date
        The day.

    Returns
    -------
    str
        Such as "5 March 2027".

    Examples
    --------
    >>> british(date(2027, 3, 5))
    '5 March 2027'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def bullets(lines: Iterable[str]) -> str:
    """Write a list.

    Parameters
    ----------
    lines : iterable of str
        Its points, in Markdown.

    Returns
    -------
    str
        One point a line; empty when there is none.
    """
    return "".join(f"- {line}\n" for line in lines)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table.

    Parameters
    ----------
    headings : sequence of str
        Of the columns.
    rows : iterable of sequence of str
        Cells, plain texts.

    Returns
    -------
    str
        Markdown.
    """
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows]
    return "\n".join([*lines, ""])


def joined(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    Parameters
    ----------
    words : sequence of str
        The words.

    Returns
    -------
    str
        With commas, and "and" before the last.

    Examples
    --------
    >>> joined(["mentees", "mentors", "staff"])
    'mentees, mentors and staff'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))
