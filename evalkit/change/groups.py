"""Groups that are compared: who is in which, which is the reference, and the part of an outcome that each makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.outcomes import Outcome, numbers
from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems, rows_named

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_MENTORED = "mentored"
_UNMENTORED = frozenset({"unmentored", "not mentored", "non-mentored", "nonmentored"})


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
        The column: texts, a categorical, truth values, whole numbers or dates; missing where not known.
    reference : object, optional
        The group with which the others are compared; else the first level of a categorical, else beside a group called
        "mentored" (however it is written) the first of the others, the unmentored before all, else the first in sorted
        order.

    Returns
    -------
    tuple of Groups and list of Problem
        DAT-007 unless there are two groups or more, DAT-006 when the reference is none of them, DAT-009 for lists and
        the like.
    """
    column = frame[group]
    problems = no_names(frame, group)
    if problems:
        return Groups((), np.full(len(frame), -1)), problems
    ordered_levels = isinstance(column.dtype, pd.CategoricalDtype)
    found = list(column.cat.categories) if ordered_levels else _sorted(list(column.dropna().unique()))
    raw = column.astype(object)
    levels = [level for level in found if bool((raw == level).any())]
    names = [_name(level) for level in levels]
    place = f"frame, column {group}"
    if len(names) < 2 or len(set(names)) < len(names):
        what = f"{len(names)} group{'' if len(names) == 1 else 's'}"
        problem = Problem("DAT-007", place, what, "two groups or more, each with its own name", "Name another column.")
        return Groups(tuple(names), np.full(len(frame), -1)), [problem]
    first = names[0] if reference is None and ordered_levels else _reference(names, reference)
    if first is None:
        expected = f"one of {', '.join(names)}"
        problem = Problem("DAT-006", "reference", repr(reference), expected, did_you_mean(str(reference), names))
        return Groups(tuple(names), np.full(len(frame), -1)), [problem]
    ordered = [first, *(name for name in names if name != first)]
    codes = np.full(len(frame), -1)
    for level, name in zip(levels, names, strict=True):
        codes[(raw == level).to_numpy(dtype=bool, na_value=False)] = ordered.index(name)
    return Groups(tuple(ordered), codes), []


def no_names(frame: pd.DataFrame, column: str) -> Problems:
    """Find values that cannot name a group, a cluster or a category.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns).
    column : str
        The column.

    Returns
    -------
    list of Problem
        DAT-009 with the rows of lists, sets, mappings and the like.
    """
    if frame[column].dtype != object:
        return []
    rows = [place + 1 for place, value in enumerate(frame[column]) if not isinstance(value, Hashable)]
    if not rows:
        return []
    found = f"lists or the like ({rows_named(rows)})"
    return [Problem("DAT-009", f"frame, column {column}", found, "one text or number a row", "Split the column.")]


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


def _sorted(levels: list[Any]) -> list[Any]:
    try:
        return sorted(levels)
    except TypeError:
        return sorted(levels, key=str)


def _name(level: object) -> str:
    if isinstance(level, dt.date | np.datetime64):
        return str(pd.Timestamp(level)).removesuffix(" 00:00:00")
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))  # whole numbers become floats beside a missing one
    return str(level)


def _reference(names: Sequence[str], wanted: object) -> str | None:
    if wanted is not None:
        return next((name for name in names if name == _name(wanted)), None)
    others = [name for name in names if name.strip().lower() != _MENTORED]
    if len(others) == len(names) or not others:
        return names[0]
    return next((name for name in others if name.strip().lower() in _UNMENTORED), others[0])
