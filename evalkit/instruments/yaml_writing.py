"""Tables, lists and texts as YAML in the shape that people write by hand.

A writer of general YAML takes twenty times as long: it looks for what our files never hold, such as anchors and tags.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from evalkit.instruments.tree import is_doubtful

_WIDTH = 120
# Words that no reader of YAML takes for anything else, at any place of a line.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./() -]*[A-Za-z0-9_./()])?")
# The same, with what only means something before or behind a blank, or inside brackets.
_PLAIN_ALONE = re.compile(r"[A-Za-z](?:[^\W_]|[\u2018\u2019_.,/()?!;'\"+=%&*@<>\u2013-]| (?! |$))*")


class OneLine(dict[object, object]):
    """A table that is written on one line."""


def yaml_text(data: Mapping[object, object]) -> str:
    r"""Write a table as YAML.

    Parameters
    ----------
    data : mapping of str or int to object
        Texts, numbers, truth values, lists and tables of these; a table of the class `OneLine` stands on one line.

    Returns
    -------
    str
        YAML 1.2 that `evalkit.instruments.tree.read_tree` reads as the same. Short lists of words and numbers stand on
        one line, long texts are folded, and quotes stand where a word could be read in two ways.

    Examples
    --------
    >>> print(yaml_text({"version": "1.0", "waves": ["before", "after"], "items": {1: "No, never"}}))
    version: "1.0"
    waves: [before, after]
    items:
      1: No, never
    <BLANKLINE>
    """
    return "\n".join([*_table(data, 0), ""])


def _table(data: Mapping[object, object], depth: int) -> Iterator[str]:
    margin = " " * depth
    for key, value in data.items():
        head = f"{margin}{_word(key)}:"
        yield from _entry(head, value, depth)


def _entry(head: str, value: object, depth: int) -> Iterator[str]:
    """Write what stands behind a key or a dash."""
    if isinstance(value, Mapping) and value and not isinstance(value, OneLine):
        yield head
        yield from _table(value, depth + 2)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        yield head
        for one in value:
            yield from _listed(one, depth + 2)
    elif isinstance(value, Mapping | list):
        yield from _flow(head, value, depth + 2)
    elif isinstance(value, str):
        yield from _text(head, value, depth + 2)
    else:
        yield f"{head} {_word(value)}"


def _listed(value: object, depth: int) -> Iterator[str]:
    """Write a part of a list below a dash: its first line stands behind it."""
    margin = " " * depth
    if isinstance(value, Mapping) and value and not isinstance(value, OneLine):
        lines = _table(value, depth + 2)
        yield f"{margin}- {next(lines)[depth + 2 :]}"
        yield from lines
    else:
        yield from _entry(f"{margin}-", value, depth)


def _flow(head: str, value: Mapping[object, object] | Sequence[object], depth: int) -> Iterator[str]:
    """Write a short list or table on one line, or on as many as it takes."""
    if isinstance(value, Mapping):
        first, last = "{", "}"
        words = [f"{_word(key)}: {_word(one)}" for key, one in value.items()]
    else:
        first, last = "[", "]"
        words = [_word(one) for one in value]
    line = f"{head} {first}"
    for place, word in enumerate(words):
        piece = word + (last if place == len(words) - 1 else ",")
        blank = "" if line.endswith(first) and not place else " "
        if place and len(line) + len(blank) + len(piece) > _WIDTH:
            yield line
            line, blank = " " * depth, ""
        line += blank + piece
    yield line if words else line + last


def _text(head: str, text: str, depth: int) -> Iterator[str]:
    if _PLAIN_ALONE.fullmatch(text) and len(head) + len(text) < _WIDTH and not is_doubtful(text):
        yield f"{head} {text}"
    elif len(head) + len(text) + 3 <= _WIDTH or not _folds(text):
        yield f"{head} {_quoted(text)}"
    else:
        yield f"{head} >-"
        margin = " " * depth
        width = max(_WIDTH, depth + 40)
        yield from textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=margin, break_long_words=False,
                                 break_on_hyphens=False)  # fmt: skip


def _folds(text: str) -> bool:
    """Tell whether a text comes back as it was when its lines are joined by blanks."""
    return text.isprintable() and text == " ".join(text.split(" ")) and "  " not in text and text == text.strip()


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    return value if _PLAIN.fullmatch(value) and not is_doubtful(value) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (mark if mark.isprintable() else "\\n" if mark == "\n" else f"\\U{ord(mark):08x}" for mark in escaped)
    return f'"{"".join(shown)}"'
