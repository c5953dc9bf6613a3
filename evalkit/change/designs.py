"""Who is compared with whom and adjusted for what: the roles of columns, the design of a model, and its refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.groups import Groups, no_names, note_of, only, part, read_groups
from evalkit.change.outcomes import Levels, Outcome, Scales, columns_of, not_numbers, read_outcomes
from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, missing_columns, require
from evalkit.numeric.regression import collinear

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Row = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """What the frame says of each row beside its answers.

    Parameters
    ----------
    groups : Groups
        Who is in which group.
    covariates : mapping of str to pandas.Series
        Columns to adjust for, shape (rows of the frame,).
    clusters : numpy.ndarray of int or None
        Shape (rows of the frame,): the cluster of each row, -1 where it is not known.
    """

    groups: Groups
    covariates: Mapping[str, pd.Series]
    clusters: Ints | None


def read_roles(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    group: str,
    reference: object = None,
    covariates: str | Sequence[str] = (),
    cluster: str | None = None,
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> tuple[Roles, list[Outcome]]:
    """Read the outcomes and roles of a comparison.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after.
    group : str
        Column with the group.
    reference : object, optional
        The group that the others are compared with.
    covariates : str or sequence of str, default ()
        Further columns to adjust for.
    cluster : str, optional
        Column with the cluster.
    person : str, optional
        Column that names the person.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    tuple of Roles and list of Outcome
        Each outcome keeps the people with all that is needed, and counts the others by reason.

    Raises
    ------
    DataError
        As `read_outcomes` and `read_groups`; DAT-007 for a column in two roles, DAT-002 for the level, DAT-009 for
        lists in a column of names.
    """
    adjusted = columns_of(covariates)
    columns = [group, *adjusted, *([cluster] if cluster else [])]
    require(
        level_problems(level),
        missing_columns(frame, columns, "frame"),
        _roles_apart(columns, [*columns_of(pre), *columns_of(post)]),
    )
    outcomes = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    groups, problems = read_groups(frame, group, reference)
    require(
        problems,
        *(_covariate_problems(frame, name) for name in adjusted),
        no_names(frame, cluster) if cluster else [],
    )
    keep: dict[str, Flags] = {"group not known": groups.codes >= 0}
    keep |= {f"{name} not known": frame[name].notna().to_numpy(dtype=bool) for name in adjusted}
    clusters = None
    if cluster:
        clusters = pd.factorize(frame[cluster])[0].astype(np.int64)
        keep["cluster not known"] = clusters >= 0
    roles = Roles(groups, {name: frame[name] for name in adjusted}, clusters)
    return roles, [only(outcome, keep) for outcome in outcomes]


def design_of(outcome: Outcome, roles: Roles) -> tuple[Floats, list[str]]:
    """Put intercept, groups, answer before and covariates side by side.

    Parameters
    ----------
    outcome : Outcome
        The pairs to analyse.
    roles : Roles
        Groups and covariates.

    Returns
    -------
    tuple of numpy.ndarray and list of str
        Shape (pairs, terms), in the order of the names: the intercept, each group but the reference, the answer
        before, then numbers as they are and categories but the first.
    """
    codes = roles.groups.codes[outcome.rows]
    columns = [np.ones(outcome.n), *dummies(codes, len(roles.groups.names)), outcome.before]
    terms = ["the intercept", *(f"group {name}" for name in roles.groups.names[1:]), outcome.pre]
    for name, column in roles.covariates.items():
        values = column.iloc[outcome.rows]
        if _is_number(values):
            columns.append(values.to_numpy(dtype=float))
            terms.append(name)
            continue
        places, levels = pd.factorize(values.astype(str), sort=True)
        columns += dummies(places, len(levels))
        terms += [f"{name} {level}" for level in levels[1:]]
    return np.column_stack(columns), terms


def dummies(codes: npt.NDArray[np.integer], count: int) -> list[Floats]:
    """Mark the members of each category but the first.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Shape (people,), from 0 on.
    count : int
        Categories.

    Returns
    -------
    list of numpy.ndarray of float
        One and zero, shape (people,) each.
    """
    return [(codes == place).astype(float) for place in range(1, count)]


def too_few(outcome: Outcome, roles: Roles) -> Problem | None:
    """Refuse a group of nobody or of one, and a group that is one cluster.

    Parameters
    ----------
    outcome : Outcome
        The pairs to analyse.
    roles : Roles
        Groups and clusters.

    Returns
    -------
    Problem or None
        EST-001, with the groups named.
    """
    names, codes = roles.groups.names, roles.groups.codes[outcome.rows]
    small = [name for place, name in enumerate(names) if (codes == place).sum() < 2]
    if small:
        found = f"fewer than two people with complete answers in {', '.join(small)}"
        return undefined(outcome, found, "two people or more in each group", "Leave the group out, or merge groups.")
    if roles.clusters is None:
        return None
    clusters = roles.clusters[outcome.rows]
    single = [name for place, name in enumerate(names) if len(np.unique(clusters[codes == place])) < 2]
    if single:
        found = f"one cluster in {', '.join(single)}"
        remedy = "A programme in a single site cannot be told from the site: find more, or leave the cluster out."
        return undefined(outcome, found, "two clusters or more in each group", remedy)
    return None


def not_estimable(outcome: Outcome, design: Floats, terms: list[str]) -> Problem | None:
    """Refuse a model with as many terms as people, or with terms that determine each other.

    Parameters
    ----------
    outcome : Outcome
        The pairs to analyse.
    design : numpy.ndarray of float
        Shape (pairs, terms).
    terms : list of str
        Names of the columns.

    Returns
    -------
    Problem or None
        EST-001, with the terms named.
    """
    rows, columns = design.shape
    if rows <= columns:
        found = f"{rows} people for {columns} terms"
        return undefined(outcome, found, "more people than terms", "Leave covariates out.")
    same = [terms[place] for place in collinear(design)]
    if same:
        found = f"{', '.join(same)}: constant, or determined by the terms before"
        return undefined(outcome, found, "terms that each say something of their own", "Leave it out.")
    return None


def left_out(roles: Roles) -> tuple[str, ...]:
    """Warn of what subtracting would tell about the people whose roles are not known.

    Parameters
    ----------
    roles : Roles
        Groups, covariates and clusters.

    Returns
    -------
    tuple of str
        For `Method.assumptions`; empty when every row has its group, covariates and cluster.
    """
    lacking = {
        "group": bool((roles.groups.codes < 0).any()),
        "covariates": any(bool(column.isna().any()) for column in roles.covariates.values()),
        "cluster": roles.clusters is not None and bool((roles.clusters < 0).any()),
    }
    what = " or ".join(name for name, found in lacking.items() if found)
    if not what:
        return ()
    return (
        f"people whose {what} is not known are left out: do not publish this beside an estimate of all people, from "
        "which the change of the few could be computed",
    )


def undefined(outcome: Outcome, found: str, expected: str, remedy: str) -> Problem:
    """Say why an outcome cannot be estimated.

    Parameters
    ----------
    outcome : Outcome
        Which one.
    found, expected, remedy : str
        As in `Problem`.

    Returns
    -------
    Problem
        EST-001.
    """
    return Problem("EST-001", f"outcome {outcome.name}", found, expected, remedy)


def about(frame: pd.DataFrame, outcome: Outcome, groups: Groups, places: Sequence[int], joined: str = " - ") -> Row:
    """Name a group or contrast, and count its people.

    Parameters
    ----------
    frame : pandas.DataFrame
        Where the outcome comes from.
    outcome : Outcome
        The pairs to analyse.
    groups : Groups
        Who is in which group.
    places : sequence of int
        One group, or the group and its reference.
    joined : str, default " - "
        What stands between the two names: " / " for a ratio.

    Returns
    -------
    dict
        The facts of the outcome among these people, `group`, and for a contrast `n_least`.
    """
    facts = part(frame, outcome, np.isin(groups.codes, places)).facts()
    sizes = [int((groups.codes[outcome.rows] == place).sum()) for place in places]
    name = joined.join(groups.names[place] for place in places)
    return {**facts, "group": name, "n_least": min(sizes) if len(places) > 1 else float("nan")}


def blank_rows(
    frame: pd.DataFrame,
    outcome: Outcome,
    groups: Groups,
    problem: Problem,
    quantities: tuple[str, str],
    *,
    joined: str = " - ",
) -> list[Row]:
    """Give the rows of an outcome that cannot be estimated beside others that can.

    Parameters
    ----------
    frame : pandas.DataFrame
        Where the outcome comes from.
    outcome : Outcome
        The one that cannot be estimated.
    groups : Groups
        Who is in which group.
    problem : Problem
        Why not.
    quantities : tuple of str
        What the rows of the groups and those of the contrasts would have held; an empty first one leaves out the
        rows of the groups.
    joined : str, default " - "
        What stands between the two names of a contrast.

    Returns
    -------
    list of dict
        With the counts, and the reason in `note`.
    """
    count = len(groups.names)
    single: list[list[int]] = [[place] for place in range(count)] if quantities[0] else []
    places = [*single, *([place, 0] for place in range(1, count))]
    return [
        about(frame, outcome, groups, place, joined)
        | {"quantity": quantities[len(place) - 1], "note": note_of(problem)}
        for place in places
    ]


def _roles_apart(columns: list[str], answers: list[str]) -> Problems:
    both = [name for place, name in enumerate(columns) if name in answers or name in columns[:place]]
    return [
        Problem("DAT-007", f"column {name}", "named in two roles", "one role", "Name each column once.")
        for name in dict.fromkeys(both)
    ]


def _covariate_problems(frame: pd.DataFrame, name: str) -> Problems:
    if not _is_number(frame[name]) and not pd.api.types.is_datetime64_any_dtype(frame[name]):
        return no_names(frame, name)
    return not_numbers(frame, name)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)
