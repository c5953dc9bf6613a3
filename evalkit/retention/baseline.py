"""What was known of people at entry or at a landmark: who is in which of two groups, and the columns of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, ImmortalTimeError, Problem
from evalkit.frames import Problems, missing_columns, require, rows_named
from evalkit.numeric.regression import collinear
from evalkit.numeric.response_weights import is_separated
from evalkit.retention.cohorts import MENTORED, UNMENTORED, Cohort, levels
from evalkit.retention.grouping import knows_the_future

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a model of the covariates.

    Parameters
    ----------
    covariate : str
        The covariate.
    level : str or None
        The level that the column marks; None for a number.
    numbers : numpy.ndarray of float
        Shape (people,): the number, or 1 in the level and 0 outside.
    first : bool
        Whether it is the first level of its covariate, which a model leaves out.
    """

    covariate: str
    level: str | None
    numbers: Floats = field(repr=False)
    first: bool

    @property
    def is_share(self) -> bool:
        """Whether the column says yes or no: a level, or a number that is 0 or 1."""
        return self.level is not None or bool(np.isin(self.numbers, (0.0, 1.0)).all())

    @property
    def name(self) -> str:
        """Name of the term, such as "band: Band 5"."""
        return self.covariate if self.level is None else f"{self.covariate}: {self.level}"


def first_rows(cohort: Cohort) -> Ints:
    """Find the first piece of each person, which holds what was known of them at entry.

    Parameters
    ----------
    cohort : Cohort
        The cohort.

    Returns
    -------
    numpy.ndarray of int
        Shape (people,): positions of pieces.
    """
    return np.flatnonzero(np.r_[True, cohort.person[1:] != cohort.person[:-1]])


def require_fixed(cohort: Cohort, treatment: str, what: str, *, allow: bool = False) -> bool:
    """Refuse groups that are not settled when time under observation begins.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    treatment : str
        "mentored", or a covariate.
    what : str
        What is asked for, such as "weights", for the message.
    allow : bool, default False
        Let a covariate pass that tells who is mentored later, to show the bias. A state that changes is never let pass.

    Returns
    -------
    bool
        Whether the groups know the future, which was allowed.

    Raises
    ------
    ImmortalTimeError
        EST-002 when mentoring begins after entry for somebody, or a covariate tells who is mentored later.
    """
    if treatment != MENTORED:
        return knows_the_future(cohort, [treatment], allow=allow)
    first = first_rows(cohort)
    if not cohort.exposure_varies and bool((cohort.mentored == cohort.mentored[first][cohort.person]).all()):
        return False
    raise ImmortalTimeError(
        Problem(
            "EST-002",
            f"{what} by {MENTORED}",
            "mentoring begins after entry: whoever is mentored later had to stay until then",
            "groups that are settled when the time begins",
            "Compare those at risk at a landmark, classed by then: cohort.landmark(6). Time-varying weights are not "
            f'built yet; "{MENTORED}" may be a time-varying term of hazard_ratio.',
        )
    )


def baseline_frame(data: Cohort | pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Take the covariates of each person at entry.

    Parameters
    ----------
    data : Cohort or pandas.DataFrame
        A cohort, or one row a person.
    names : sequence of str
        Covariates.

    Returns
    -------
    pandas.DataFrame
        Shape (people, names); of a cohort in the order of its people, from the first piece of each.

    Raises
    ------
    DataError
        DAT-003 for a covariate that is not there, DAT-010 for one named twice, DAT-018 for a frame without rows.
    """
    source = data.covariates if isinstance(data, Cohort) else data
    known = [str(name) for name in source.columns]
    twice = [name for name in dict.fromkeys(names) if list(names).count(name) > 1]
    require(
        missing_columns(source, list(names), "covariates"),
        [Problem("DAT-010", "covariates", f"{name} named twice", "each once", "Name it once.") for name in twice],
        [Problem("DAT-010", "covariates", f"two columns {name}", "one of each name", "Rename them.")
         for name in names if known.count(name) > 1],
        [] if len(source) else [Problem("DAT-018", "data", "no rows", "people", "Check how the file was read.")],
    )  # fmt: skip
    if isinstance(data, Cohort):
        return source[list(names)].take(data.row[first_rows(data)]).reset_index(drop=True)
    return source[list(names)].reset_index(drop=True)


def two_groups(data: Cohort | pd.DataFrame, treatment: str) -> tuple[Flags, tuple[str, str]]:
    """Tell who is in the second of two groups.

    Parameters
    ----------
    data : Cohort or pandas.DataFrame
        A cohort, or one row a person.
    treatment : str
        "mentored" (of a cohort), or a covariate of two levels: true or false, 1 or 0, or categories.

    Returns
    -------
    tuple
        Shape (people,), whether in the second group; the names of the first group (the reference) and the second.

    Raises
    ------
    DataError
        DAT-003 for a column that is not there, DAT-009 where it is missing, DAT-007 unless it has two levels.
    EstimationError
        EST-001 when a cohort does not say who was mentored, or one group is empty.
    """
    if isinstance(data, Cohort) and treatment == MENTORED:
        treated = np.take(data.groups(MENTORED)[0], first_rows(data)) == 1
        if treated.all() or not treated.any():
            found = f"nobody {UNMENTORED}" if treated.all() else f"nobody {MENTORED}"
            raise EstimationError(Problem("EST-001", "treatment", found, "people in both groups", "Check the dates."))
        return treated, (UNMENTORED, MENTORED)
    column = baseline_frame(data, [treatment])[treatment]
    codes, labels = levels(column)
    gone = np.flatnonzero(codes < 0) + 1
    if len(gone):
        found = f"not known ({rows_named(gone)})"
        raise DataError(
            Problem("DAT-009", f"column {treatment}", found, "the group of each person", "Leave those out, or add it.")
        )
    if len(labels) != 2:
        found = f"{len(labels)} level{'' if len(labels) == 1 else 's'}"
        raise DataError(
            Problem("DAT-007", f"column {treatment}", found, "two groups, none of them empty", "Name another column.")
        )
    if set(labels) <= {"0", "1", "False", "True"}:
        labels = [UNMENTORED, MENTORED] if treatment == MENTORED else [f"not {treatment}", treatment]
    return codes == 1, (labels[0], labels[1])


def columns_of(frame: pd.DataFrame) -> list[Column]:
    """Turn covariates into columns of numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, covariates): numbers stay, everything else is taken for categories. Missing categories are 0 in
        all levels, missing numbers NaN.

    Returns
    -------
    list of Column
        In the order of the covariates and of their levels.

    Raises
    ------
    DataError
        DAT-009 for dates, DAT-002 for infinite numbers, DAT-007 for a text covariate of more than 100 levels.
    """
    require(*(_unfit(frame[name], str(name)) for name in frame))
    columns: list[Column] = []
    for name in frame:
        if _is_number(frame[name]):
            columns.append(Column(str(name), None, frame[name].to_numpy(dtype=float, na_value=np.nan), first=False))
            continue
        codes, labels = levels(frame[name])
        columns += [
            Column(str(name), label, (codes == number).astype(float), first=number == 0)
            for number, label in enumerate(labels)
        ]
    return columns


_MOST_LEVELS = 100


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _unfit(column: pd.Series, name: str) -> Problems:
    place = f"column {name}"
    if pd.api.types.is_datetime64_any_dtype(column):
        return [Problem("DAT-009", place, "dates", "numbers or categories", "Turn them into a length of time.")]
    if _is_number(column):
        rows = np.flatnonzero(np.isinf(column.to_numpy(dtype=float, na_value=np.nan))) + 1
        found = f"values without end ({rows_named(rows)})" if len(rows) else ""
        return [Problem("DAT-002", place, found, "finite numbers", "Correct them.")] if found else []
    count = int(column.nunique())
    if count > _MOST_LEVELS:
        remedy = "Is it a number, or a name of persons? Cut it into fewer levels."
        return [Problem("DAT-007", place, f"{count:,} levels", f"at most {_MOST_LEVELS}", remedy)]
    return []


def missing_rows(frame: pd.DataFrame) -> tuple[Flags, dict[str, int]]:
    """Count where covariates are missing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, covariates).

    Returns
    -------
    tuple
        Shape (people,), whether any is missing; covariate -> people whose first missing covariate it is.
    """
    gone = np.zeros(len(frame), dtype=bool)
    counted: dict[str, int] = {}
    for name in frame:
        here = frame[name].isna().to_numpy() & ~gone
        if here.any():
            counted[f"{name} missing"] = int(here.sum())
        gone |= here
    return gone, counted


def design_of(columns: Sequence[Column]) -> tuple[Floats, list[str]]:
    """Make the design of a model: a constant, the numbers in standard units, the levels but the first.

    Parameters
    ----------
    columns : sequence of Column
        Nothing missing.

    Returns
    -------
    tuple
        Shape (people, terms), and the name of each term.

    Raises
    ------
    EstimationError
        EST-001 for columns that those before them determine, by name.
    """
    used = [column for column in columns if not column.first]
    people = len(columns[0].numbers)
    parts = [np.ones(people)]
    for column in used:
        spread = float(column.numbers.std()) if column.level is None else 1.0
        centre = float(column.numbers.mean()) if column.level is None else 0.0
        parts.append((column.numbers - centre) / (spread if spread > 0 else 1.0))
    names = ["constant", *(column.name for column in used)]
    design = np.column_stack(parts)
    out = [names[place] for place in collinear(design)]
    if out:
        raise EstimationError(
            Problem(
                "EST-001",
                "covariates",
                f"terms that those before them determine: {', '.join(out)}",
                "covariates that each say something of their own",
                "Leave them out.",
            )
        )
    return design, names


def separated(columns: Sequence[Column], treated: Flags) -> list[str]:
    """Name what splits the two groups, so that nobody in one is like anybody in the other.

    Parameters
    ----------
    columns : sequence of Column
        Nothing missing.
    treated : numpy.ndarray of bool
        Shape (people,).

    Returns
    -------
    list of str
        Levels of which all people are in one group; numbers whose ranges in the groups do not overlap.
    """
    named = []
    for column in columns:
        if column.level is not None:
            inside = treated[column.numbers == 1]
            split = len(inside) > 0 and len(inside) < len(treated) and bool(inside.all() or not inside.any())
        else:
            one, other = column.numbers[treated], column.numbers[~treated]
            split = bool(one.min() >= other.max() or other.min() >= one.max())
        if split:
            named.append(column.name)
    return named


def separation_problem(columns: Sequence[Column], treated: Flags, design: Floats) -> Problem:
    """Say why a model of who is in which group has no maximum.

    Parameters
    ----------
    columns : sequence of Column
        Nothing missing.
    treated : numpy.ndarray of bool
        Shape (people,).
    design : numpy.ndarray of float
        Shape (people, terms).

    Returns
    -------
    Problem
        EST-001 with what splits the groups.
    """
    named = separated(columns, treated)
    if not named:
        distinct, place = np.unique(np.column_stack([design, treated]), axis=0, return_index=True)
        split = is_separated(treated[place], distinct[:, :-1])
        named = ["a combination of the covariates"] if split else []
    found = f"{', '.join(named)}: all in one group" if named else "the model did not settle"
    return Problem(
        "EST-001",
        "covariates",
        found,
        "people of each kind in both groups (positivity)",
        "Merge levels, leave those people out of the comparison, or leave out the covariate if it does not matter.",
    )
