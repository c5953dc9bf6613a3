"""Columns of the standard inputs as the dictionary types them: labels, dates, counts; each different cell read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.dictionary import SPELLINGS, UNSTATED, Column
from evalkit.equality.mappings import NOT_STATED, Labels, folded, labels_for, labels_of, load_mapping
from evalkit.errors import Problem
from evalkit.frames import Problems, rows_named
from evalkit.instruments.responses.plain_values import dates_in, day_orders, number_in
from evalkit.instruments.responses.tables import EXCEL_START

_YEARS = range(1990, 2101)
# Days outside are slips of the pen, and some of them are outside what a column of days can hold.
_DAYS = (date(1950, 1, 1), date(2100, 12, 31))
_FINANCIAL = re.compile(r"(\d{4})\s*[/-]\s*(\d{2}|\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_NAMED = re.compile(r"[A-Za-z]{3,} ?-?\d{4}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}.*", re.ASCII)
_TOO_MANY = re.compile(r"([.,]\d{15})\d+$", re.ASCII)
_LABEL_COLUMN = {"exit_types": "reason", "survey_questions": "key"}

Mappings = Mapping[str, pd.DataFrame]


@dataclass(slots=True)
class Reading:
    """A column while it is read.

    Parameters
    ----------
    column : Column
        What the dictionary says of it.
    place : str
        File and column, for messages.
    rows : sequence of int or None
        Where each row stands in the file; None to count from 1.
    first_day : datetime.date
        The day from which dates that are numbers count.
    day_first : bool or None
        Whether the day comes before the month in dates; None to tell from the column.
    mappings : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit.
    problems, warnings : list of Problem
        What was found.
    """

    column: Column
    place: str
    rows: Sequence[int] | None = None
    first_day: date = EXCEL_START
    day_first: bool | None = None
    mappings: Mappings = field(default_factory=dict)
    problems: Problems = field(default_factory=list)
    warnings: Problems = field(default_factory=list)

    def where(self, wrong: npt.NDArray[np.bool_]) -> str:
        """Name the rows at which something is.

        Parameters
        ----------
        wrong : numpy.ndarray of bool
            Shape (rows,).

        Returns
        -------
        str
            File, column and rows.
        """
        return f"{self.place}, {rows_at(wrong, self.rows)}"

    def refuse(self, code: str, wrong: npt.NDArray[np.bool_], found: str, expected: str, remedy: str) -> None:
        """Note a problem, if some row has it.

        Parameters
        ----------
        code : str
            Of the error.
        wrong : numpy.ndarray of bool
            Shape (rows,): which rows have it.
        found, expected, remedy : str
            As in `Problem`.
        """
        if wrong.any():
            self.problems.append(Problem(code, self.where(wrong), found, expected, remedy))


def rows_at(wrong: npt.NDArray[np.bool_], rows: Sequence[int] | None) -> str:
    """Name rows as the file counts them.

    Parameters
    ----------
    wrong : numpy.ndarray of bool
        Shape (rows,): which.
    rows : sequence of int or None
        Where each row stands; None to count from 1.

    Returns
    -------
    str
        Such as "rows 3, 17".
    """
    at = [int(one) for one in np.flatnonzero(wrong)]
    return rows_named([one + 1 if rows is None else rows[one] for one in at])


def typed(values: pd.Series, reading: Reading) -> pd.Series:
    """Read a column as the dictionary says.

    Parameters
    ----------
    values : pandas.Series
        Shape (rows,): texts of a file, or values that are typed already.
    reading : Reading
        The column; problems and warnings are added to it.

    Returns
    -------
    pandas.Series
        Shape (rows,), with a new index. Labels and texts are categoricals, ids objects, dates days, years and counts
        whole numbers (float where a cell may be empty), numbers float, yes/no bool. A cell with a problem is missing.
    """
    values = values.reset_index(drop=True)
    missing = _missing(values)
    if reading.column.missing == "never":
        remedy = "Fill it, or delete the row."
        reading.refuse("DAT-019", missing, "empty cells", "a value in each row", remedy)
    return _READ[reading.column.kind](values, missing, reading).rename(reading.column.name)


def _missing(values: pd.Series) -> npt.NDArray[np.bool_]:
    missing = np.asarray(values.isna(), dtype=bool)
    if isinstance(values.dtype, pd.CategoricalDtype):
        blank = [number for number, one in enumerate(values.cat.categories) if not str(one).strip()]
        return np.asarray(missing | np.isin(values.cat.codes.to_numpy(), blank), dtype=bool)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        codes, found = pd.factorize(values)
        blank = [number for number, one in enumerate(found) if not str(one).strip()]
        return np.asarray(missing | np.isin(codes, blank), dtype=bool)
    return missing


def _by_text(
    values: pd.Series, read: Callable[[list[str]], Sequence[Any]]
) -> tuple[npt.NDArray[np.int64], list[str], Sequence[Any]]:
    """Read each different text once: the codes of the rows, the texts, and what they are read as."""
    codes, found = pd.factorize(values.astype(object))
    texts = [str(one).strip() for one in found]
    return np.asarray(codes, dtype=np.int64), texts, read(texts)


def _ids(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:  # noqa: ARG001
    if pd.api.types.is_integer_dtype(values.dtype):
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    return values.astype(object).map(lambda one: one.strip() if isinstance(one, str) else one)


def _texts(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:  # noqa: ARG001
    if isinstance(values.dtype, pd.CategoricalDtype) and NOT_STATED in values.cat.categories and not missing.any():
        return values
    codes, found = pd.factorize(values.astype(object))
    none = {folded(one) for one in (NOT_STATED, *UNSTATED)} | {""}
    texts = ["" if folded(str(one)) in none else str(one).strip() for one in found]
    levels = sorted({text for text in texts if text})
    place = {text: number for number, text in enumerate([*levels, NOT_STATED])}
    target = np.array([place[text or NOT_STATED] for text in texts] + [len(levels)], dtype=np.int64)
    return pd.Series(pd.Categorical.from_codes(target[codes], categories=[*levels, NOT_STATED]))


def _labels(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:
    column = reading.column
    known = labels_in(column, reading.mappings)
    same = isinstance(values.dtype, pd.CategoricalDtype) and tuple(values.cat.categories) == known.levels
    if same and not missing.any():
        return values
    mapped, problems = known.apply(values, place=reading.place, rows=reading.rows)
    reading.problems += problems
    return pd.Series(mapped)


def labels_in(column: Column, mappings: Mappings) -> Labels:
    """Give the labels that a column may hold.

    Parameters
    ----------
    column : Column
        Of the kind "label".
    mappings : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit, by name.

    Returns
    -------
    Labels
        With "not stated", or what an empty cell counts as.
    """
    if column.mapping is not None:
        label = _LABEL_COLUMN.get(column.mapping, "label")
        table = mappings.get(column.mapping)
        if column.mapping == "survey_questions":
            return _questions(table)
        return labels_for(column.mapping, to=label, label=label, table=table)
    rows = [{"label": one, "to": one, "also": _also(one)} for one in column.labels]
    empty = column.missing.removeprefix("counts as ") if column.missing.startswith("counts as ") else NOT_STATED
    rows.append({"label": NOT_STATED, "to": empty, "also": ";".join(UNSTATED)})
    return labels_of(pd.DataFrame(rows), to="to")


def _also(label: str) -> str:
    """List other spellings of a label; pay bands are spelled in a list as in the mapping of bands."""
    told = list(SPELLINGS.get(label, ()))
    if label.startswith("Band ") or label == "VSM":
        bands = load_mapping("bands")
        told += bands.loc[bands["label"] == label, "also"].to_list()
    return ";".join(told)


def _questions(table: pd.DataFrame | None) -> Labels:
    """Know a question by its key, or by a number that belongs to one key in all years."""
    rows = load_mapping("survey_questions") if table is None else table.fillna("").astype(str)
    pairs = rows[["key", "question"]].drop_duplicates()
    keys_of = pairs.groupby("question")["key"].nunique()
    pairs = pairs.assign(also=pairs["question"].where(pairs["question"].map(keys_of) == 1, ""))
    also = pairs.groupby("key", sort=False)["also"].agg(";".join).reset_index()
    return labels_of(also.assign(label=also["key"]), to="label")


def _flags(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:
    if values.dtype == bool:
        return values
    words = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
    codes, _, read = _by_text(values, lambda texts: [words.get(folded(_plain(text))) for text in texts])
    empty = reading.column.missing == "counts as yes"
    said = np.array([*(one is True for one in read), empty])
    wrong = np.array([*(one is None for one in read), False])[codes] & ~missing
    reading.refuse("DAT-011", wrong, "neither yes nor no", "yes or no", "Write yes or no.")
    return pd.Series(np.where(missing, empty, said[codes]))


def _plain(text: str) -> str:
    return text.removesuffix(".0")


def _dates(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:  # noqa: ARG001
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.dt.normalize()
    codes, texts, _ = _by_text(values, lambda texts: texts)
    filled = [text for text in texts if text]
    read = dates_in(filled, reading.first_day, reading.day_first)
    orders = day_orders(filled)
    # 31/02/2025 tells the order, and is no day in it.
    none = {one for one, order in orders.items() if order is not None and not dates_in([one], EXCEL_START, order)[one]}
    torn = {one for one in orders if read.get(one) is None} - none
    ambiguous = np.array([*(text in torn for text in texts), False])[codes]
    unreadable = np.array([*(bool(text) and read.get(text) is None for text in texts), False])[codes] & ~ambiguous
    reading.refuse(
        "DAT-012", ambiguous, "dates that can be read in two ways", "days such as 2024-03-31",
        "Write them so, or say whether the day comes first.",
    )  # fmt: skip
    reading.refuse(
        "DAT-004", unreadable, "no date", "days such as 2024-03-31", "Write them so, with four digits a year."
    )
    known = {text: one for text in filled if (one := read.get(text)) is not None and _DAYS[0] <= _day(one) <= _DAYS[1]}
    outside = np.array([*(read.get(text) is not None and text not in known for text in texts), False])[codes]
    reading.refuse(
        "DAT-002", outside, "days outside 1950 to 2100", "days of these years", "Correct the year, or leave it empty."
    )
    kinds = {
        "2024-03-31": [bool(_ISO.fullmatch(text)) for text in texts],
        "31-Mar-2024": [bool(_NAMED.search(text)) for text in texts],
        "Excel's day numbers": [bool(_SERIAL.fullmatch(text)) for text in texts],
    }
    other = [bool(text) and not any(kind[at] for kind in kinds.values()) for at, text in enumerate(texts)]
    forms = [name for name, kind in (*kinds.items(), ("31/03/2024", other)) if any(kind)]
    if len(forms) > 1:
        found = f"dates of {len(forms)} forms: {', '.join(forms)}"
        reading.warnings.append(Problem("DAT-012", reading.place, found, "one form", "They were read; look at some."))
    serial = np.array([*kinds["Excel's day numbers"], False])[codes]
    if serial.any():
        remedy = "They were read as days from 1900; look at some."
        reading.warnings.append(Problem("DAT-004", reading.where(serial), "Excel's day numbers", "dates", remedy))
    none_at = np.datetime64("NaT")
    days = np.array(
        [*(np.datetime64(one, "ns") if (one := known.get(text)) else none_at for text in texts), none_at],
        dtype="datetime64[ns]",
    )
    return pd.Series(days[codes]).dt.normalize()


def _day(read: date) -> date:
    return read.date() if isinstance(read, datetime) else read


def _year(text: str) -> float:
    """Read a year; "2023/24" is the year in which it ends."""
    if found := _FINANCIAL.fullmatch(text):
        first, last = int(found.group(1)), int(found.group(2)[-2:])
        return first + 1.0 if (first + 1) % 100 == last else np.nan
    number = number_in(text)
    return number if number is not None else np.nan


def _numbers(values: pd.Series, missing: npt.NDArray[np.bool_], reading: Reading) -> pd.Series:
    """Read numbers, counts and years."""
    kind = reading.column.kind
    if pd.api.types.is_numeric_dtype(values.dtype):
        number = values.to_numpy(float)
    else:
        codes, _, read = _by_text(values, lambda texts: [_number(text, kind) for text in texts])
        number = np.array([*read, np.nan], dtype=float)[codes]
    unread = np.isnan(number) & ~missing
    reading.refuse("DAT-004", unread, "no number", _expected(kind), "Write digits only, thousands without a comma.")
    whole = np.array([True]) if kind == "number" else np.isnan(number) | (number == np.floor(number))
    reading.refuse("DAT-002", ~whole & ~missing, "parts of a whole", _expected(kind), "Give whole numbers.")
    low, high = (_YEARS.start, _YEARS.stop - 1) if kind == "year" else reading.column.range
    outside = ~np.isnan(number) & ((number < low) | (number > high) | np.isinf(number))
    expected = f"numbers from {low:g}" + (f" to {high:g}" if np.isfinite(high) else "")
    remedy = "Correct them." if reading.column.missing == "never" else "Correct them; leave empty what is not known."
    reading.refuse("DAT-002", outside, "numbers outside their range", expected, remedy)
    bad = outside | ~whole
    if kind == "number" or reading.column.missing != "never":
        return pd.Series(np.where(bad, np.nan, number))
    return pd.Series(np.where(bad | np.isnan(number), -1, number).astype(np.int64))


def _number(text: str, kind: str) -> float:
    if kind == "year":
        return _year(text)
    # Programs print more digits than a number has.
    number = number_in(_TOO_MANY.sub(r"\1", text.strip("£% ")))
    return np.nan if number is None else number


def _expected(kind: str) -> str:
    return {"year": "a year such as 2024", "count": "a whole number of people"}.get(kind, "a number")


_READ: Mapping[str, Callable[[pd.Series, npt.NDArray[np.bool_], Reading], pd.Series]] = {
    "id": _ids, "text": _texts, "label": _labels, "yes/no": _flags, "date": _dates,
    "year": _numbers, "count": _numbers, "number": _numbers,
}  # fmt: skip
