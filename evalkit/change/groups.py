"""Groups that are compared: who is in which, which is the reference, and the part of an outcome that each makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.outcomes import Outcome, numbers
from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems, within

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_MENTORED, _UNMENTORED = "mentored", frozenset({"unmentored", "not mentored", "non-mentored", "nonmentored"})


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Who is in which group.

    Parameters
    ----------
    names : tuple of str
        The reference first.
    codes : numpy.ndarray of int
        Shape (rows,): position in `names`, -1 where the group is not known.
    """

    names: tuple[str, ...]
    codes: Ints


def read_groups(frame: pd.DataFrame, group: str, reference: object = None) -> tuple[Groups, Problems]:
    """Read the column that says who is in which group.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns).
    group : str
        The column: texts, a categorical, truth values or whole numbers; missing where not known.
    reference : object, optional
        The group with which the others are compared; else the first level of a categorical, else the unmentored beside
        the mentored, else the first in sorted order.

    Returns
    -------
    tuple of Groups and list of Problem
        DAT-007 unless there are two groups or more, DAT-006 when the reference is none of them.
    """
    column = frame[group]
    known = column.notna().to_numpy(dtype=bool)
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = [level for level in column.cat.categories if bool((column == level).any())]
    else:
        found = list(pd.unique(column[known]))
        try:
            levels = sorted(found)
        except TypeError:
            levels = sorted(found, key=str)
    names = [_name(level) for level in levels]
    place = f"frame, column {group}"
    if len(names) < 2 or len(set(names)) < len(names):
        what = f"{len(names)} group{'' if len(names) == 1 else 's'}"
        problem = Problem("DAT-007", place, what, "two groups or more, each with its own name", "Name another column.")
        return Groups(tuple(names), np.full(len(frame), -1)), [problem]
    first = _reference(names, reference)
    if first is None:
        expected = f"one of {', '.join(names)}"
        problem = Problem("DAT-006", "reference", repr(reference), expected, did_you_mean(str(reference), names))
        return Groups(tuple(names), np.full(len(frame), -1)), [problem]
    ordered = [first, *(name for name in names if name != first)]
    where = {level: ordered.index(name) for level, name in zip(levels, names, strict=True)}
    codes = np.full(len(frame), -1)
    codes[known] = column[known].map(where).to_numpy(dtype=int)
    return Groups(tuple(ordered), codes), []


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
    return within("level", level, above=0.0, high=float(np.nextafter(1, 0)))


def only(outcome: Outcome, keep: Mapping[str, Flags]) -> Outcome:
    """Leave people out of an outcome, and count them by reason.

    Parameters
    ----------
    outcome : Outcome
        Complete pairs.
    keep : mapping of str to numpy.ndarray of bool
        Reason -> shape (rows of the frame,), whether each row may stay; the first reason that fails is counted.

    Returns
    -------
    Outcome
        With fewer pairs and more in `dropped`.
    """
    stays = np.ones(outcome.n, dtype=bool)
    dropped = dict(outcome.dropped)
    for reason, may in keep.items():
        out = stays & ~may[outcome.rows]
        if out.any():
            dropped[reason] = int(out.sum())
        stays &= ~out
    return replace(_pairs(outcome, stays), dropped=dropped)


def part(frame: pd.DataFrame, outcome: Outcome, members: Flags) -> Outcome:
    """Take the part of an outcome that some people make, with its own counts.

    Parameters
    ----------
    frame : pandas.DataFrame
        Where the outcome comes from.
    outcome : Outcome
        Complete pairs.
    members : numpy.ndarray of bool
        Shape (rows of the frame,).

    Returns
    -------
    Outcome
        Its `facts` are about the members only.
    """
    answered = [int((np.isfinite(numbers(frame, column)) & members).sum()) for column in (outcome.pre, outcome.post)]
    return replace(_pairs(outcome, members[outcome.rows]), n_before=answered[0], n_after=answered[1])


def estimable(outcomes: Sequence[Outcome], refused: Mapping[str, Problem]) -> None:
    """Refuse when not one of several outcomes can be estimated.

    Parameters
    ----------
    outcomes : sequence of Outcome
        All of them.
    refused : mapping of str to Problem
        Name of an outcome -> why it cannot be estimated.

    Raises
    ------
    EstimationError
        With the problems of all.
    """
    if len(refused) == len(outcomes):
        raise EstimationError(refused.values())


def note_of(problem: Problem) -> str:
    """Say in a row why it is empty.

    Parameters
    ----------
    problem : Problem
        Why an outcome could not be estimated.

    Returns
    -------
    str
        For the column `note`.
    """
    return f"not estimated: {problem.found}"


def _pairs(outcome: Outcome, stays: Flags) -> Outcome:
    before, after, rows = outcome.before[stays], outcome.after[stays], outcome.rows[stays]
    return replace(outcome, before=before, after=after, rows=rows)


def _name(level: object) -> str:
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))  # whole numbers become floats beside a missing one
    return str(level)


def _reference(names: Sequence[str], wanted: object) -> str | None:
    if wanted is not None:
        return next((name for name in names if name == _name(wanted)), None)
    lower = [name.lower() for name in names]
    if _MENTORED in lower:
        return next((name for name in names if name.lower() in _UNMENTORED), names[0])
    return names[0]
