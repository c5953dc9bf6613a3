"""Columns of staff records as codes and numbers, with the checks on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.mappings import NOT_STATED
from evalkit.errors import Problem, did_you_mean
from evalkit.frames import Problems, missing_columns, rows_named, within

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Squares of larger numbers, added up over millions of people, would still be far within the range of doubles.
LARGEST = 1e12
_DENSE = 4
_YES = {"yes": True, "y": True, "true": True, "1": True, "1.0": True}
_NO = {"no": False, "n": False, "false": False, "0": False, "0.0": False}


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of labels as codes.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Shape (rows,): place of the label, -1 where the row has none.
    labels : tuple of str
        In the order of a categorical column, else sorted; only those that occur.
    """

    codes: Ints
    labels: tuple[str, ...]

    def stated(self) -> Coded:
        """Make those without a label a level of their own, the last.

        Returns
        -------
        Coded
            The same if everybody has a label.
        """
        if not (self.codes < 0).any():
            return self
        return Coded(np.where(self.codes < 0, len(self.labels), self.codes), (*self.labels, NOT_STATED))


def coded(values: pd.Series) -> Coded:
    """Read a column of labels.

    Parameters
    ----------
    values : pandas.Series
        Shape (rows,): text, numbers, dates or categories; missing, blank or "not stated" is no label.

    Returns
    -------
    Coded
        Labels as text without blanks around them; dates as ISO days.

    Examples
    --------
    >>> found = coded(pd.Series(["b", "a ", None, "a", "Not stated"]))
    >>> found.codes.tolist(), found.labels
    ([1, 0, -1, 0, -1], ('a', 'b'))
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, levels = values.cat.codes.to_numpy(), list(values.cat.categories)
        order = [int(place) for place in np.flatnonzero(_present(codes, len(levels)))]
    else:
        codes, found = pd.factorize(values, sort=False)
        levels = list(found)
        order = sorted(range(len(levels)), key=lambda place: _sort_key(levels[place]))
    texts = [_text(level) for level in levels]
    labels = list(dict.fromkeys(texts[place] for place in order if _is_label(texts[place])))
    place = {label: number for number, label in enumerate(labels)}
    return Coded(_moved(codes, np.array([place.get(text, -1) for text in texts], dtype=np.int64)), tuple(labels))


def levels_present(values: pd.Series) -> list[object]:
    """Give the different values of a column.

    Parameters
    ----------
    values : pandas.Series
        Shape (rows,).

    Returns
    -------
    list of object
        Those that occur, in the order of a categorical column, else as they come; without missing ones.

    Examples
    --------
    >>> levels_present(pd.Series(["b", "a", None, "a"]))
    ['b', 'a']
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.cat.categories
        return list(levels[_present(values.cat.codes.to_numpy(), len(levels))])
    return list(values.dropna().unique())


def people_numbered(values: pd.Series) -> tuple[Ints, pd.Index]:
    """Number the people of a column.

    Parameters
    ----------
    values : pandas.Series
        Shape (rows,): what names people, none missing.

    Returns
    -------
    tuple of numpy.ndarray of int and pandas.Index
        Shape (rows,): place of each row's person, and shape (people,): the people, each once, in any order.

    Examples
    --------
    >>> places, people = people_numbered(pd.Series([103, 101, 103]))
    >>> places.tolist(), people.tolist()
    ([1, 0, 1], [101, 103])
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i" and len(values):
        numbers_of = values.to_numpy(dtype=np.int64)
        low, high = int(numbers_of.min()), int(numbers_of.max())
        if high - low < _DENSE * len(values):  # a table of all numbers in between is quicker than a hash of each
            at = numbers_of - low
            seen = np.zeros(high - low + 1, dtype=bool)
            seen[at] = True
            return (np.cumsum(seen) - 1)[at], pd.Index(np.flatnonzero(seen) + low)
    codes, people = pd.factorize(values)
    return codes.astype(np.int64), pd.Index(people)


def years_of(values: pd.Series) -> tuple[Ints, Ints]:
    """Number the years of a column of days.

    Parameters
    ----------
    values : pandas.Series
        Shape (rows,): datetimes of few different days, none missing.

    Returns
    -------
    tuple of numpy.ndarray of int
        Shape (rows,): place of each row's year, and shape (years,): the years, ascending.

    Examples
    --------
    >>> years_of(pd.to_datetime(pd.Series(["2024-03-31", "2023-03-31", "2023-06-30"])))
    (array([1, 0, 0]), array([2023, 2024]))
    """
    codes, found = pd.factorize(values)
    years, place = np.unique(pd.DatetimeIndex(found).year, return_inverse=True)
    return place.astype(np.int64)[codes], years.astype(np.int64)


def _present(codes: npt.NDArray[np.integer[Any]], size: int) -> Flags:
    """Tell which codes occur; mostly the first rows tell already. -1 is the place after the last."""
    found = np.zeros(size + 1, dtype=bool)
    start, step = 0, 4096
    while start < len(codes) and not found[:size].all():
        found[codes[start : start + step]] = True
        start, step = start + step, 2 * step
    return found[:size]


def _moved(codes: npt.NDArray[np.integer[Any]], places: Ints) -> Ints:
    """Give each code its new one; -1 stays."""
    if np.array_equal(places, np.arange(len(places))):
        return np.asarray(codes, dtype=np.int64)
    return np.asarray(np.append(places, -1).astype(np.int64)[codes])


def _sort_key(level: object) -> tuple[bool, object]:
    number = isinstance(level, int | float) and not isinstance(level, bool)
    return (not number, level if number else _text(level))


def _text(level: object) -> str:
    if isinstance(level, pd.Timestamp):
        return str(level.date())
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level).strip()


def _is_label(text: str) -> bool:
    return bool(text) and text.casefold() != NOT_STATED


def columns_problems(data: object, columns: Mapping[str, object], place: str = "data") -> Problems:
    """Check that a frame has the columns that the arguments name.

    Parameters
    ----------
    data : object
        What came in.
    columns : mapping of str to object
        Argument -> name of its column; None where it was left out.
    place : str, default "data"
        File or argument, for the message.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a frame, has no rows or a name is not text; DAT-003 for each missing column.
    """
    if not isinstance(data, pd.DataFrame):
        return [Problem("DAT-009", place, type(data).__name__, "a DataFrame", "Pass a frame, one row a person.")]
    wrong = [
        Problem("DAT-009", name, repr(value), "the name of a column", "Name the column as text.")
        for name, value in columns.items()
        if value is not None and not isinstance(value, str)
    ]
    named = list(dict.fromkeys(value for value in columns.values() if isinstance(value, str)))
    wrong += missing_columns(data, named, place)
    if not len(data):
        wrong.append(Problem("DAT-009", place, "no rows", "at least one row", "Check the file or the selection."))
    return wrong


def numbers(
    data: pd.DataFrame,
    column: str,
    *,
    low: float = -LARGEST,
    above: float = -np.inf,
    is_whole: bool = False,
    place: str = "data",
) -> tuple[Floats, Problems]:
    """Read a column of numbers.

    Parameters
    ----------
    data : pandas.DataFrame
        What came in; it has the column.
    column : str
        Its name.
    low, above : float
        Closed and open lower limit.
    is_whole : bool, default False
        Whether only whole numbers will do.
    place : str, default "data"
        File or argument, for the message.

    Returns
    -------
    tuple of numpy.ndarray of float and list of Problem
        Shape (rows,), NaN where missing; DAT-004 for what is no number, DAT-002 for what is outside its range.
    """
    values = data[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    given = values.notna().to_numpy()
    if not pd.api.types.is_numeric_dtype(values):
        given &= values.astype(str).str.strip().ne("").to_numpy()
    place = f"{place}, column {column}"
    problems: Problems = []
    unread = np.flatnonzero(given & np.isnan(found))
    if len(unread):
        problems.append(
            Problem(
                "DAT-004",
                place,
                f"no number ({rows_named(unread + 1)})",
                "numbers",
                "Write plain numbers without a currency sign or unit; leave what is not known empty.",
            )
        )
    with np.errstate(invalid="ignore"):
        wrong = (found < low) | (found <= above) | (found > LARGEST)
        if is_whole:
            wrong |= found != np.floor(found)
    outside = np.flatnonzero(given & ~np.isnan(found) & wrong)
    if len(outside):
        limit = f"above {above:g}" if above > -np.inf else f"of at least {low:g}"
        expected = f"{'whole ' if is_whole else ''}numbers {limit} and up to {LARGEST:g}"
        problems.append(
            Problem("DAT-002", place, f"a value outside its range ({rows_named(outside + 1)})", expected, "Correct it.")
        )
    return found, problems


def people_counts(data: pd.DataFrame, column: str | None, place: str = "data") -> tuple[Ints, Problems]:
    """Read how many people each row stands for.

    Parameters
    ----------
    data : pandas.DataFrame
        What came in.
    column : str, optional
        Column of whole numbers; each row is one person where it is left out.
    place : str, default "data"
        File or argument, for the message.

    Returns
    -------
    tuple of numpy.ndarray of int and list of Problem
        Shape (rows,); DAT-002 or DAT-004 for what is no number of people, a missing one included.
    """
    if column is None:
        return np.ones(len(data), dtype=np.int64), []
    found, problems = numbers(data, column, low=0, is_whole=True, place=place)
    missing = np.flatnonzero(data[column].isna().to_numpy())
    if len(missing):
        where = f"{place}, column {column}"
        problems.append(
            Problem("DAT-002", where, f"no count ({rows_named(missing + 1)})", "whole numbers", "Write 0 for nobody.")
        )
    return (np.zeros(len(data), dtype=np.int64) if problems else found.astype(np.int64)), problems


def yes_or_no(data: pd.DataFrame, column: str, place: str = "data") -> tuple[Ints, Problems]:
    """Read a column of yes and no.

    Parameters
    ----------
    data : pandas.DataFrame
        What came in; it has the column.
    column : str
        Its name.
    place : str, default "data"
        File or argument, for the message.

    Returns
    -------
    tuple of numpy.ndarray of int and list of Problem
        Shape (rows,): 1 for yes, true or 1, 0 for no, false or 0, -1 where not stated; DAT-006 for anything else.
    """
    if data[column].dtype == bool:
        return data[column].to_numpy().astype(np.int64), []
    found = coded(data[column])
    known = {**_YES, **_NO}
    meaning = [known.get(label.casefold()) for label in found.labels]
    odd = [label for label, means in zip(found.labels, meaning, strict=True) if means is None]
    values = _moved(found.codes, np.array([-1 if means is None else int(means) for means in meaning], dtype=np.int64))
    if not odd:
        return values, []
    shown = ", ".join(repr(label) for label in odd[:5])
    return values, [Problem("DAT-006", f"{place}, column {column}", shown, "yes or no", "Write yes, no or nothing.")]


def level_problems(level: object) -> Problems:
    """Check a confidence level.

    Parameters
    ----------
    level : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a number, DAT-002 when it is not between 0 and 1.
    """
    return within("level", level, above=0, below=1)


def label_problems(argument: str, label: str | None, known: Sequence[str]) -> Problems:
    """Check that a label occurs.

    Parameters
    ----------
    argument : str
        Which argument named it.
    label : str, optional
        What was named; None is fine.
    known : sequence of str
        The labels that occur.

    Returns
    -------
    list of Problem
        DAT-006 when it does not.
    """
    if label is None or label in known:
        return []
    return [Problem("DAT-006", argument, repr(label), f"one of {', '.join(known)}", did_you_mean(str(label), known))]
