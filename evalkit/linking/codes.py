"""Elements of a self-generated code: read from both waves, brought to one form and numbered.

What two people write differently and mean alike becomes alike: capitals, blanks, accents and punctuation are dropped,
and whole numbers are read as numbers, so that 5, 5.0, "05" and " 5 " are one element.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems, missing_columns, rows_named

Ints = npt.NDArray[np.int64]

MISSING = -1
_READABLE = (str, bool, np.bool_, Real, Decimal, dt.date, np.datetime64)
_NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?")
# Letters that Unicode does not take for a letter with an accent.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def normalised(value: object) -> str | None:
    """Bring one element to the form in which it is compared.

    Parameters
    ----------
    value : object
        A text, number or date; missing as None or NaN.

    Returns
    -------
    str or None
        Lower-case letters and digits without accents, blanks and punctuation. A text that reads as a number is that
        number, without leading zeros. None for a missing value and for a text without any letter or digit.

    Examples
    --------
    >>> normalised(" Zoë "), normalised("05"), normalised(5.0), normalised("St.")
    ('zoe', '5', '5', 'st')
    >>> normalised("?") is None
    True
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    text = _text(value)
    stripped = unicodedata.normalize("NFKD", text.strip())
    number = _NUMBER.fullmatch(stripped)
    if number:
        return _number(*number.groups())
    bare = unicodedata.normalize("NFKD", stripped.casefold()).translate(_PLAIN_LETTERS)
    return "".join(letter for letter in bare if letter.isalnum()) or None


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, Real | Decimal):
        number = float(value)
        return "" if np.isnan(number) else f"{value:.0f}" if number.is_integer() else repr(number)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _number(sign: str, whole: str, fraction: str | None) -> str:
    digits = "".join(str(unicodedata.decimal(digit)) for digit in whole).lstrip("0") or "0"
    rest = "".join(str(unicodedata.decimal(digit)) for digit in fraction or "").rstrip("0")
    minus = "-" if sign == "-" and (digits != "0" or rest) else ""
    return f"{minus}{digits}.{rest}" if rest else f"{minus}{digits}"


def columns_of(named: str | Sequence[str]) -> list[str]:
    """List column names that were given as one or as several.

    Parameters
    ----------
    named : str or sequence of str
        One name or several; an index or array of names will do.

    Returns
    -------
    list of str
        The names; empty when it is neither.
    """
    if isinstance(named, str):
        return [named]
    given: object = named
    if isinstance(given, np.ndarray):
        given = given.ravel().tolist()
    return [str(name) for name in given] if isinstance(given, Sequence | pd.Index) else []


def unreadable_elements(frame: pd.DataFrame, columns: Sequence[str], place: str) -> Problems:
    """Find elements that are no text, number or date.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an answer.
    columns : sequence of str
        Columns that hold the elements, all of them there.
    place : str
        The argument, for the message.

    Returns
    -------
    list of Problem
        LNK-001 for each column with such values; rows by position.
    """
    return list(_unreadable(frame, columns, place))


def _unreadable(frame: pd.DataFrame, columns: Sequence[str], place: str) -> Iterator[Problem]:
    for name in columns:
        rows = [
            row
            for row, value in enumerate(frame[name].to_numpy(dtype=object), start=1)
            if not isinstance(value, _READABLE) and value is not None and value is not pd.NA and value is not pd.NaT
        ]
        if rows:
            yield Problem(
                "LNK-001",
                f"{place}, column {name}",
                f"{len(rows)} values that are lists or the like ({rows_named(rows)})",
                "a text, number or date in each cell, or nothing",
                "Give each element of the code a column of its own.",
            )


def code_columns_missing(frame: pd.DataFrame, columns: Sequence[str], place: str) -> Problems:
    """Find what is wrong with a frame from which codes are to be read.

    Parameters
    ----------
    frame : pandas.DataFrame
        What came in.
    columns : sequence of str
        Columns that hold the elements.
    place : str
        The argument, for the message.

    Returns
    -------
    list of Problem
        DAT-009 when it is no frame, DAT-010 for a column name that is there more than once, DAT-003 for a missing
        column.
    """
    if not isinstance(frame, pd.DataFrame):
        return [Problem("DAT-009", place, f"a {type(frame).__name__}", "a frame, one row an answer", "Read it first.")]
    names = [str(name) for name in frame.columns]
    twice = [
        Problem("DAT-010", place, f'column "{name}" more than once', "each name once", "Rename the columns.")
        for name in dict.fromkeys(name for name in names if names.count(name) > 1)
    ]
    return twice + missing_columns(frame, columns, place)


def with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Name the columns of a frame by texts.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any.

    Returns
    -------
    pandas.DataFrame
        The same values, not copied, under the names as texts; its `attrs` are kept.
    """
    named = frame.copy(deep=False)
    named.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    return named


def element_texts(column: pd.Series) -> list[str | None]:
    """Bring the elements of a column to the form in which they are compared.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,), checked with `unreadable_elements`.

    Returns
    -------
    list of str or None
        Shape (rows,), None where missing.
    """
    places, values = pd.factorize(column.to_numpy(dtype=object), use_na_sentinel=True)
    texts = [*map(normalised, values), None]
    return [texts[place] for place in places]


def numbered(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str]) -> tuple[Ints, Ints]:
    """Number the elements of the codes of two waves.

    Parameters
    ----------
    before, after : pandas.DataFrame
        One row an answer, both with all the columns.
    columns : sequence of str
        Columns that hold the elements.

    Returns
    -------
    tuple of two numpy.ndarray of int
        Shapes (rows before, elements) and (rows after, elements). Within a column equal numbers are equal elements, in
        either wave; -1 is missing.
    """
    parts = []
    for name in columns:
        texts = np.array([*element_texts(before[name]), *element_texts(after[name])], dtype=object)
        parts.append(pd.factorize(texts, use_na_sentinel=True)[0])
    both = np.column_stack(parts).astype(np.int64).reshape(len(before) + len(after), len(columns))
    return both[: len(before)], both[len(before) :]
