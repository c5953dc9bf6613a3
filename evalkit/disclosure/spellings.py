"""Labels that tables write in two ways: they would not be held together, and readers see that they are one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems

_NAMED = 5
_MINUS = "\u2212"
_DASH = re.compile(r" ?- ?")
_WHOLE = re.compile(r"^(-?\d+)\.0+$")


def one_spelling(label: str) -> str:
    """Write a label, or the name of a column, as a reader takes it.

    Parameters
    ----------
    label : str
        As it stands in a table.

    Returns
    -------
    str
        The same for all its spellings: whatever its capitals, blanks and underscores are, which sign is its dash, how
        its accents are encoded, what cannot be seen in it, and whether a whole number was read with decimals.

    Examples
    --------
    >>> one_spelling("North  site ") == one_spelling("north_Site")
    True
    >>> one_spelling("25\u201334") == one_spelling("25 - 34")
    True
    >>> one_spelling("2023.0")
    '2023'
    """
    letters = unicodedata.normalize("NFKC", label).replace("_", " ")
    kinds = [(letter, unicodedata.category(letter)) for letter in letters]
    seen = "".join("-" if kind == "Pd" or letter == _MINUS else letter for letter, kind in kinds if kind != "Cf")
    return _WHOLE.sub(r"\1", _DASH.sub("-", " ".join(seen.split()))).casefold()


def misspelled_labels(tables: Iterable[tuple[str, pd.DataFrame, Sequence[str]]]) -> Problems:
    """Find labels of one dimension that differ in their spelling only.

    Parameters
    ----------
    tables : iterable of (str, pandas.DataFrame, sequence of str)
        Name of a table, its rows, and its dimensions.

    Returns
    -------
    list of Problem
        DAT-006 for each table and dimension with another spelling than the first of a label, whether that stands in
        the same table or in one before.
    """
    first: dict[tuple[str, str], str] = {}
    problems: Problems = []
    for name, table, dims in tables:
        for dim in dims:
            labels = dict.fromkeys(table[dim].dropna().astype(str))
            known = {label: first.setdefault((dim, one_spelling(label)), label) for label in labels}
            other = {label: one for label, one in known.items() if label != one}
            if other:
                problems.append(_problem(f'{name}, column "{dim}"', other))
    return problems


def _problem(place: str, other: Mapping[str, str]) -> Problem:
    pairs = list(other.items())
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    found = ", ".join(f"{_visible(label)} beside {_visible(one)}" for label, one in pairs[:_NAMED])
    remedy = "Write the one as the other, or name them apart by more than capitals, blanks, dashes and decimals."
    what = "label" if len(pairs) == 1 else "labels"
    return Problem("DAT-006", place, f"{what} {found}{more}", "one spelling each", remedy)


def _visible(label: str) -> str:
    """Quote a label; what cannot be told apart by sight in escapes."""
    plain = label.isprintable() and not any(
        unicodedata.combining(letter) or (unicodedata.category(letter) in {"Pd", "Zs"} and letter not in "- ")
        for letter in label
    )
    return f'"{label}"' if plain else f'"{ascii(label)[1:-1]}"'
