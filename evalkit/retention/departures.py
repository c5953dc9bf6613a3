"""What happened at the end of a row: whether somebody left, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems, rows_named

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Numbered = tuple[Ints, tuple[str, ...]]

LEFT = "left"
UNKNOWN = "unknown"
_YES = dict.fromkeys(("1", "1.0", "true", "t", "yes", "y"), True) | dict.fromkeys(
    ("0", "0.0", "false", "f", "no", "n"), False
)


def yes_or_no(column: pd.Series, name: str) -> tuple[Flags, Problems]:
    """Read a column that says yes or no in each row.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,): 1 or 0, True or False, or such words as "yes", "Y", "no", "n".
    name : str
        Its name, for the message.

    Returns
    -------
    tuple
        Shape (rows,), True where yes; DAT-004 with the rows that say neither, or nothing.
    """
    said, unread = _flags(column)
    wrong = np.flatnonzero(unread) + 1
    if not len(wrong):
        return said, []
    found = f"values that are neither yes nor no ({rows_named(wrong)})"
    remedy = "Leave people out of whom it is not known; give causes as texts, such as a reason for leaving."
    return said, [Problem("DAT-004", f"column {name}", found, "1 or 0", remedy)]


def _flags(column: pd.Series) -> tuple[Flags, Flags]:
    """Read yes or no, and where neither is said."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return values == 1, (values != 0) & (values != 1)
    codes, values = pd.factorize(column)
    read = [_YES.get(str(value).strip().lower()) for value in values]
    known = np.array([*(flag is True for flag in read), False], dtype=bool)
    unread = np.array([*(flag is None for flag in read), True], dtype=bool)
    return known[codes], unread[codes]


def reasons(column: pd.Series) -> Numbered:
    """Number the reasons for leaving.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,). Blanks around a reason do not count.

    Returns
    -------
    tuple
        Shape (rows,), position of the reason, -1 where there is none, or a blank; the reasons, sorted.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy().astype(np.int64), column.cat.categories
    else:
        codes, values = pd.factorize(column)
    texts = [str(value).strip() for value in values]
    seen = np.bincount(codes[codes >= 0], minlength=len(texts)) > 0
    labels = sorted({text for text, there in zip(texts, seen, strict=True) if text and there})
    place = {label: number for number, label in enumerate(labels)}
    return np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.int64)[codes], tuple(labels)


def alike(causes: Sequence[str]) -> tuple[str, ...]:
    """Find causes that differ in capitals only.

    Parameters
    ----------
    causes : sequence of str
        Labels.

    Returns
    -------
    tuple of str
        A note for each such set.
    """
    sets: dict[str, list[str]] = {}
    for cause in causes:
        sets.setdefault(cause.casefold(), []).append(cause)
    return tuple(
        f"causes that differ in capitals only count as {len(some)}: {', '.join(some)}; write them alike if they are one"
        for some in sets.values()
        if len(some) > 1
    )


def causes_of(why: Numbered | None, left: Flags, *, decided: bool) -> Numbered:
    """Number the causes from 1; "unknown" for an event without a reason.

    Parameters
    ----------
    why : tuple or None
        As `reasons` gives it; None where none are given.
    left : numpy.ndarray of bool
        Shape (rows,): who left.
    decided : bool
        Whether an event column says who left.

    Returns
    -------
    tuple
        Shape (rows,), number of the cause; the causes.
    """
    if why is None:
        return np.ones(len(left), dtype=np.int64), (LEFT,)
    codes, labels = why
    if not decided or not ((codes < 0) & left).any():
        return codes + 1, labels
    labels = labels if UNKNOWN in labels else (*labels, UNKNOWN)
    return np.where(codes < 0, labels.index(UNKNOWN), codes) + 1, labels


def ends(column: pd.Series, name: str) -> tuple[Numbered, Problems]:
    """Read what happened at the end of each row: yes or no, or a cause.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,): 1 or 0, True or False, words for them, or texts that are causes, with nothing where nobody left.
    name : str
        Its name, for the message.

    Returns
    -------
    tuple
        Number of the cause of each row, 0 where nobody left, and the causes; DAT-004 with the rows of numbers other
        than 0 and 1, of a missing yes or no, and of words for yes or no beside causes.
    """
    if not pd.api.types.is_numeric_dtype(column):
        codes, causes = reasons(column)
        words = np.array([*(cause.lower() in _YES for cause in causes), False], dtype=bool)
        if not words[:-1].all() or not len(causes):
            wrong = np.flatnonzero(words[codes]) + 1
            found = f"yes or no, or a number, beside causes ({rows_named(wrong)})"
            expected = "causes as texts, and nothing where nobody left"
            remedy = "Empty the rows where nobody left, and name the cause in the others."
            problem = Problem("DAT-004", f"column {name}", found, expected, remedy)
            return (codes + 1, causes), [problem] if len(wrong) else []
    said, problems = yes_or_no(column, name)
    return (said.astype(np.int64), (LEFT,)), problems
