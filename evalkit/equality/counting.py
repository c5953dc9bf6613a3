"""Who had an outcome, counted once by year, part, stratum and group: from people or from counts, the same numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.staff_columns import (
    Coded,
    coded,
    columns_problems,
    people_counts,
    yes_or_no,
)
from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems, require, rows_named

Ints = npt.NDArray[np.int64]

ALL = "all"
_YEARS = {"year", "snapshot", *(f"{kind} year" for kind in ("calendar", "financial", "fiscal", "reporting", "survey"))}
_MOST_CELLS = 5_000_000
_YEAR = re.compile(r"(\d{4})(-.*)?", re.ASCII)
_FINANCIAL = re.compile(r"(\d{4})\s*[/-]\s*(\d{2}|\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """People, and those of them with the outcome, by every combination of the columns asked for.

    Parameters
    ----------
    axes : mapping of str to tuple of str
        Name of an axis ("year", "by", "stratum", "group") -> its labels, "not stated" among them where it occurs. An
        axis without a column has the one label "all".
    n, events : numpy.ndarray of int
        Shape (labels of each axis, in their order): people whose outcome is known, and those who had it.
    unknown : numpy.ndarray of int
        The same shape: people whose outcome is not known.
    """

    axes: Mapping[str, tuple[str, ...]]
    n: Ints
    events: Ints
    unknown: Ints

    @property
    def given(self) -> int:
        """People that came in.

        Returns
        -------
        int
            With known and unknown outcome.
        """
        return int(self.n.sum() + self.unknown.sum())

    def slices(self) -> Iterator[tuple[dict[str, str], Ints, Ints]]:
        """Give the counts of each year and part.

        Yields
        ------
        tuple of dict, numpy.ndarray of int and numpy.ndarray of int
            Names of year and part, where they were asked for, then people and events, shape (strata, groups). A
            combination without people is passed over.
        """
        for place in np.ndindex(*self.n.shape[:2]):
            names = {
                name: labels[at]
                for (name, labels), at in zip(list(self.axes.items())[:2], place, strict=True)
                if labels != (ALL,)
            }
            if self.n[place].any() or self.unknown[place].any():
                yield names, self.n[place], self.events[place]


def counted(
    data: pd.DataFrame,
    axes: Mapping[str, str | None],
    *,
    outcome: str | None = None,
    event: str | None = None,
    counts: str | None = None,
    total: str | None = None,
    other: Mapping[str, object] | None = None,
    allow_gaps: bool = False,
    also: Problems | None = None,
) -> tuple[Counted, Problems]:
    """Count people and outcomes.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): a row a person, or with `counts` or `total` a row a group of people.
    axes : mapping of str to str or None
        Axis -> its column, "year" and "by" first; None for an axis that was not asked for.
    outcome : str, optional
        Column of the outcome: yes or no, or labels of which `event` counts, or with `total` the number who had it. Left
        out, everybody counts as having it.
    event : str, optional
        The label in `outcome` that counts; every other label is "no".
    counts : str, optional
        Column of how many people each row stands for.
    total : str, optional
        Column of how many people could have had the outcome, beside the number in `outcome`.
    other : mapping of str to object, optional
        Argument -> column that must be there as well.
    allow_gaps : bool, default False
        Let a series of years with gaps pass.
    also : list of Problem, optional
        What was found before, to be raised together with what is found here.

    Returns
    -------
    tuple of Counted and list of Problem
        DAT-002, DAT-004 and DAT-006 for wrong values; DAT-007 for counts above their totals, for years with gaps, or
        for several years where no column of years was named.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-007 for `counts` beside `total`.
    EstimationError
        EST-001 when every count is 0.
    """
    columns = {**{name: axes[name] for name in axes}, "outcome": outcome, "counts": counts, "total": total}
    also = also or []
    wrong = columns_problems(data, {**columns, **(other or {})}) + _one_form(outcome, event, counts, total)
    require(wrong and also + wrong)
    named = {name for name in (*columns.values(), *(other or {}).values()) if isinstance(name, str)}
    read = {name: _axis(data, column) for name, column in axes.items()}
    years = read["year"] if axes.get("year") else None
    problems = also + _too_many(read) + year_problems(data, axes.get("year"), years, named, allow_gaps=allow_gaps)
    n, events, found = _people(data, outcome, event, counts, total)
    problems += found
    shape = tuple(len(axis.labels) for axis in read.values())
    if not problems and not n.any():
        raise EstimationError(
            Problem("EST-001", "data", "nobody: every count is 0", "people", "Check the column of counts.")
        )
    if problems:
        empty = np.zeros(shape if not _too_many(read) else (0,) * len(shape), dtype=np.int64)
        return Counted({name: axis.labels for name, axis in read.items()}, empty, empty, empty), problems
    cell = np.zeros(len(data), dtype=np.int64)
    for axis in read.values():
        cell *= len(axis.labels)
        cell += axis.codes
    weights = None if counts is None and total is None else n
    people = _summed(cell, weights, shape)
    if outcome is None:
        return Counted({name: axis.labels for name, axis in read.items()}, people, people, np.zeros_like(people)), []
    unknown = _summed(cell[events < 0], None if weights is None else weights[events < 0], shape)
    had = _summed(cell, np.where(events < 0, 0, events), shape)
    return Counted({name: axis.labels for name, axis in read.items()}, people - unknown, had, unknown), []


def _summed(cell: Ints, weights: Ints | None, shape: tuple[int, ...]) -> Ints:
    found = np.bincount(cell, weights, minlength=int(np.prod(shape))).reshape(shape)
    return found if weights is None else np.rint(found).astype(np.int64)


def level_of(argument: str, label: object, known: Sequence[str]) -> Problems:
    """Check that a label is one of those that occur.

    Parameters
    ----------
    argument : str
        Which argument named it.
    label : object
        What was named.
    known : sequence of str
        The labels that occur.

    Returns
    -------
    list of Problem
        DAT-009 when it is not text, DAT-006 with the nearest label when it does not occur.
    """
    if not isinstance(label, str):
        return [Problem("DAT-009", argument, repr(label), "the label of a group", "Name the group as text.")]
    if label in known:
        return []
    expected = f"one of {', '.join(known)}" if known else "a label that occurs"
    return [Problem("DAT-006", argument, repr(label), expected, did_you_mean(label, known))]


def two_groups(reference: object, comparison: object, known: Sequence[str]) -> Problems:
    """Check the two groups of a contrast.

    Parameters
    ----------
    reference, comparison : object
        What was named.
    known : sequence of str
        The labels that occur.

    Returns
    -------
    list of Problem
        DAT-006 or DAT-009 for what does not occur, DAT-007 when both are the same.
    """
    problems = level_of("reference", reference, known) + level_of("comparison", comparison, known)
    if not problems and reference == comparison:
        found = f"{reference!r} twice"
        problems = [Problem("DAT-007", "reference, comparison", found, "two groups", "Name another group.")]
    return problems


def refused(n: int, name: str) -> str:
    """Say why a group is too small for any contrast.

    Parameters
    ----------
    n : int
        People in it.
    name : str
        Its label.

    Returns
    -------
    str
        Empty where there are two people or more: a rate of one person is that person's outcome.
    """
    return {0: f"not estimated: nobody in {name}", 1: f"not estimated: one person in {name}"}.get(n, "")


def _one_form(outcome: object, event: object, counts: object, total: object) -> Problems:
    problems: Problems = []
    if counts is not None and total is not None:
        found, expected = "both are given", "one of them"
        remedy = "Give counts where each row has a yes or no, total where it has a number of people with the outcome."
        problems.append(Problem("DAT-007", "counts, total", found, expected, remedy))
    if event is not None and (total is not None or outcome is None):
        found, expected = repr(event), "none beside a number of people with the outcome"
        problems.append(Problem("DAT-007", "event", found, expected, "Leave it out."))
    return problems


def _axis(data: pd.DataFrame, column: str | None) -> Coded:
    return Coded(np.zeros(len(data), dtype=np.int64), (ALL,)) if column is None else coded(data[column]).stated()


def _too_many(read: Mapping[str, Coded]) -> Problems:
    cells = int(np.prod([float(len(axis.labels)) for axis in read.values()]))
    if cells <= _MOST_CELLS:
        return []
    found = " x ".join(f"{len(axis.labels):,} {name}" for name, axis in read.items())
    expected = f"at most {_MOST_CELLS:,} combinations"
    return [Problem("DAT-002", "data", found, expected, "Name columns of groups, not of persons or days.")]


def _people(
    data: pd.DataFrame, outcome: str | None, event: str | None, counts: str | None, total: str | None
) -> tuple[Ints, Ints, Problems]:
    """Give people and events of each row; events are -1 where the outcome is not known."""
    if total is not None and outcome is not None:
        n, problems = people_counts(data, total)
        events, more = people_counts(data, outcome)
        above = np.flatnonzero(events > n) if not (problems or more) else np.array([], dtype=np.int64)
        if len(above):
            place = f"data, columns {outcome} and {total}"
            wrong = f"more with the outcome than people ({rows_named(above + 1)})"
            remedy = "Look for exchanged columns or a slip."
            more.append(Problem("DAT-007", place, wrong, "counts within their totals", remedy))
        return n, events, problems + more
    n, problems = people_counts(data, counts)
    if outcome is None:
        return n, n, problems
    had, more = _labelled(data, outcome, event) if event is not None else yes_or_no(data, outcome)
    return n, np.where(had < 0, -1, had * n), problems + more


def _labelled(data: pd.DataFrame, outcome: str, event: str) -> tuple[Ints, Problems]:
    found = coded(data[outcome])
    problems = level_of("event", event, found.labels)
    if problems:
        return np.full(len(data), -1, dtype=np.int64), problems
    return np.where(found.codes < 0, -1, (found.codes == found.labels.index(event)).astype(np.int64)), []


def year_problems(
    data: pd.DataFrame, column: str | None, years: Coded | None, named: Collection[str], *, allow_gaps: bool
) -> Problems:
    """Check that years are told apart and that none is missing between them.

    Parameters
    ----------
    data : pandas.DataFrame
        What came in.
    column : str, optional
        The column of years that was asked for.
    years : Coded, optional
        What is in it, those without a year as a level of their own.
    named : collection of str
        Columns that are used in another way.
    allow_gaps : bool
        Let a series of years with gaps pass.

    Returns
    -------
    list of Problem
        DAT-007 for years with gaps, or for several years or snapshots in a column called `year`, `snapshot`,
        `financial_year` and the like where no column of them was named; DAT-002 for rows without a year.
    """
    if column is None or years is None:
        return [
            problem
            for name in data.columns
            if isinstance(name, str) and _spelled(name) in _YEARS and name not in named
            for problem in _one(data, name)
        ]
    labels = years.labels
    problems: Problems = []
    if labels[-1] == NOT_STATED:
        rows = np.flatnonzero(years.codes == len(labels) - 1) + 1
        problems.append(
            Problem("DAT-002", f"data, column {column}", f"no year ({rows_named(rows)})", "a year", "Fill it in.")
        )
    gaps = missing_years(labels)
    if gaps and not allow_gaps:
        found = f"{labels[0]} to {labels[-1]} without {', '.join(map(str, gaps))}"
        remedy = "Add the missing year, or say allow_gaps=True."
        problems.append(Problem("DAT-007", f"data, column {column}", found, "a series without gaps", remedy))
    return problems


def _spelled(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def _one(data: pd.DataFrame, name: str) -> Problems:
    labels = coded(data[name]).labels
    if len(labels) < 2:
        return []
    found = f"{len(labels)} values, {labels[0]} to {labels[-1]}"
    remedy = f'Say year="{name}" for a row of each, or select one.'
    return [Problem("DAT-007", f"data, column {name}", found, "one year, or year= that names the column", remedy)]


def missing_years(labels: Sequence[str]) -> list[int]:
    """Find the years between the first and the last that do not occur.

    Parameters
    ----------
    labels : sequence of str
        Years, ISO days or financial years such as 2023/24, which count as the year in which they end; other labels are
        passed over.

    Returns
    -------
    list of int
        In ascending order.

    Examples
    --------
    >>> missing_years(["2019", "2022-03-31", "2020"])
    [2021]
    >>> missing_years(["2022/23", "2023/24", "2025/26"])
    [2025]
    """
    years = {year for label in labels if (year := year_in(label))}
    return [year for year in range(min(years), max(years)) if year not in years] if years else []


def year_in(label: str) -> int:
    """Give the year of a label.

    Parameters
    ----------
    label : str
        A year, an ISO day or a financial year.

    Returns
    -------
    int
        Of a financial year that in which it ends; 0 where there is none.

    Examples
    --------
    >>> year_in("2023/24"), year_in("2024-03-31"), year_in("spring")
    (2024, 2024, 0)
    """
    if (found := _FINANCIAL.fullmatch(label)) and (int(found[1]) + 1) % 100 == int(found[2][-2:]):
        return int(found[1]) + 1
    plain = _YEAR.fullmatch(label)
    return int(plain[1]) if plain else 0
