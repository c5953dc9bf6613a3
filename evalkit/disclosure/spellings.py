"""Labels that tables write in two ways: they would not be held together, and readers see that they are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems

_NAMED = 5


def one_spelling(label: str) -> str:
    """Write a label without regard to capitals and blanks.

    Parameters
    ----------
    label : str
        As it stands in a table.

    Returns
    -------
    str
        The same for all its spellings.

    Examples
    --------
    >>> one_spelling("North  site ") == one_spelling("north Site")
    True
    """
    return " ".join(label.split()).casefold()


def misspelled_labels(tables: Iterable[tuple[str, pd.DataFrame, Sequence[str]]]) -> Problems:
    """Find labels of one dimension that differ in capitals or blanks only.

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
    found = ", ".join(f'"{label}" beside "{one}"' for label, one in pairs[:_NAMED])
    remedy = "Write the one as the other, or name them apart by more than capitals and blanks."
    what = "label" if len(pairs) == 1 else "labels"
    return Problem("DAT-006", place, f"{what} {found}{more}", "one spelling each", remedy)
