"""Numbers of people of the flow that answers tell by group, or of those followed in records of service."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.contrasts import contrasts_in
from evalkit.disclosure.events_of_few import FEWEST_EVENTS
from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.rules import withheld
from evalkit.programmes.answering_service import LEFT_FIRST
from evalkit.programmes.answers import Answer
from evalkit.programmes.model import Programme
from evalkit.report.programme_numbers import Shown, told_rows
from evalkit.report.released_tables import as_released
from evalkit.result import Curve, Estimates

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_PEOPLE_OF = "participants."
# Everybody in these is a participant who is followed in records of service.
_FOLLOWED = frozenset({"retention_at", "restricted_mean", "median_time", "cumulative_incidence"})
# From so many people on, a number told without n and with fewer digits does not tell n.
ENOUGH_WITHOUT_N = 100


@dataclass(frozen=True, slots=True, eq=False)
class GroupCounts:
    """Numbers of people at steps of the flow, by group, that an answer tells.

    Parameters
    ----------
    columns : tuple of str
        "file.column" of what the groups are by; empty where they are of a part of the people only.
    among, reached : str
        Ids of the step at which everybody counted was, and of the one that some of them reached; empty for none.
    rows : numpy.ndarray of int
        Shape (n_groups,), rows of the result.
    people, events : numpy.ndarray of float
        Shape (n_groups,), at the one step and at the other; NaN where not known.
    """

    columns: tuple[str, ...]
    among: str
    reached: str
    rows: npt.NDArray[np.int_]
    people: Floats
    events: Floats


def group_counts(answer: Answer, programme: Programme) -> GroupCounts | None:
    """Find the numbers of people at steps of the flow that an answer tells by group.

    Parameters
    ----------
    answer : Answer
        The answer.
    programme : Programme
        The programme.

    Returns
    -------
    GroupCounts or None
        Of a rate its n is the number of those at a step, and its rate times n that of those who reached the next. None
        for what is not by group, or not about people at a step.
    """
    question, result = answer.question, answer.result
    if question.estimator not in {"relative_likelihood", "share"} or not isinstance(result, Estimates):
        return None
    columns = _columns(answer, programme)
    known = {one.id for one in programme.steps if one.column.startswith(_PEOPLE_OF)}
    among, reached = str(question.said.get("of", "")), _reached(answer, programme)
    if not columns or not columns[0].startswith(_PEOPLE_OF) or not {among, reached} & known:
        return None
    frame = result.frame.reset_index(drop=True)
    groups = frame["group"].astype(str)
    single = frame["group"].notna() & ~contrasts_in(groups.tolist())
    rows = np.flatnonzero(single.to_numpy(dtype=bool))
    events = frame["n_events"] if "n_events" in frame else pd.Series(np.nan, index=frame.index)
    return GroupCounts(
        () if "among" in question.said or _is_of_two(answer) else columns,
        among,
        reached if reached in known else "",
        rows,
        frame["n"].to_numpy(dtype=float)[rows],
        events.to_numpy(dtype=float)[rows],
    )


def _columns(answer: Answer, programme: Programme) -> tuple[str, ...]:
    """Name the columns that the rows of an answer are by."""
    if answer.subgroup:
        return next((one.columns for one in programme.subgroups if one.id == answer.subgroup), ())
    said = answer.question.said
    key = "group" if answer.question.estimator == "relative_likelihood" else "by"
    return (str(said[key]),) if key in said and not answer.question.steps[1:] else ()


def _is_of_two(answer: Answer) -> bool:
    """Tell whether a row is about two groups in each group of the people."""
    return bool(answer.subgroup) and answer.question.estimator == "relative_likelihood"


def _reached(answer: Answer, programme: Programme) -> str:
    """Name the step that is counted as the event; those who gave an answer are at no step."""
    question = answer.question
    if question.steps and question.estimator == "relative_likelihood" and not question.outcomes:
        return question.steps[0]
    outcome = programme.outcomes_by_id.get(answer.about[0]) if len(answer.about) == 1 else None
    if outcome is None or "values" in question.said or "at_least" in question.said:
        return ""
    return next((one.id for one in programme.steps if one.column == str(outcome.column)), "")


def few_at_a_step(answer: Answer, programme: Programme, profile: Profile) -> Flags:
    """Find rows by group of which few people reached a step of the flow, or few did not.

    Parameters
    ----------
    answer : Answer
        The answer.
    programme : Programme
        The programme.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n_rows,). The tables by group withhold such numbers, so that a rate and its n may not tell them. Nobody
        is not few.
    """
    length = len(answer.result.frame) if isinstance(answer.result, Estimates) else 0
    found = np.zeros(length, dtype=bool)
    counts = group_counts(answer, programme)
    if counts is None or not counts.reached:
        return found
    found[counts.rows] = [
        is_few(events, profile) or is_few(people - events, profile)
        for people, events in zip(counts.people, counts.events, strict=True)
    ]
    return found


def is_few(people: float, profile: Profile) -> bool:
    """Tell whether there are people, and fewer than may be told.

    Parameters
    ----------
    people : float
        How many; NaN is not few.
    profile : Profile
        The rules.

    Returns
    -------
    bool
        False for nobody.
    """
    return people > 0 and bool(withheld([people], profile)[0])


def is_followed(answer: Answer) -> bool:
    """Tell whether an answer is about all participants who are followed in records of service.

    Parameters
    ----------
    answer : Answer
        The answer.

    Returns
    -------
    bool
        True for shares who stayed or were promoted, not for a comparison with others.
    """
    return answer.question.estimator in _FOLLOWED and isinstance(answer.result, Estimates)


def tell_a_step(answer: Answer, told: Collection[float], hidden: Collection[float], profile: Profile) -> bool:
    """Tell whether the number of those who are followed gives a step away that the flow withholds.

    Parameters
    ----------
    answer : Answer
        The answer.
    told, hidden : collection of float
        People at the steps that the flow shows, and at those that it withholds.
    profile : Profile
        The rules.

    Returns
    -------
    bool
        True where the number is no step's that is shown, and is that of one that is withheld or differs from it by few.
    """
    if not is_followed(answer) or not isinstance(answer.result, Estimates):
        return False
    people = float(answer.result.frame["n"].max())
    if not np.isfinite(people) or people in told:
        return False
    return any(people == step or is_few(abs(people - step), profile) for step in hidden)


def steps_of(parts: Mapping[int, Shown], roles: Collection[str]) -> tuple[list[float], list[float]]:
    """Collect how many people of some roles were at the steps that the flow shows, and at those that it withholds.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it.
    roles : collection of str
        Ids of the roles.

    Returns
    -------
    tuple of (list of float, list of float)
        Of one role, its own; of several, the sums of the roles at each step, which are withheld where one of them is.
    """
    people: dict[str, float] = {}
    shown: dict[str, bool] = {}
    for part in parts.values():
        result, frame = part.answer.result, part.released.frame
        if not isinstance(result, pd.DataFrame) or "step" not in frame or part.answer.role not in roles:
            continue
        for step, n, kept in zip(result["step"], result["n"], frame["n"].notna(), strict=True):
            people[step] = people.get(step, 0.0) + float(n)
            shown[step] = shown.get(step, True) and bool(kept)
    told = [n for step, n in people.items() if shown[step]]
    return told, [n for step, n in people.items() if not shown[step]]


def left_after(parts: Mapping[int, Shown]) -> dict[int, Flags]:
    """Find numbers of people who left without an event, of which it follows that one or two left with it.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it.

    Returns
    -------
    dict of int to numpy.ndarray of bool
        Position of an answer on an event and on leaving without it -> rows on leaving, shape (n_rows,). Those who left
        at all are told by the answer on staying: less those who left without the event, they had it and left.
    """
    left = dict(_left_at(parts))
    found: dict[int, Flags] = {}
    for at, part in parts.items():
        result = part.answer.result
        if part.answer.question.estimator != "cumulative_incidence" or not isinstance(result, Estimates):
            continue
        frame, shown = result.frame.reset_index(drop=True), told_rows(part)
        rows = np.zeros(len(frame), dtype=bool)
        for place, line in frame.iterrows():
            term, _, when = str(line["term"]).partition(" within ")
            gone = left.get((when, float(line["n"])))
            if gone is None or term != LEFT_FIRST or not shown[place]:
                continue
            both = gone - round(float(line["estimate"] * line["n"]))
            had = [
                round(float(other["estimate"] * other["n"]))
                for _, other in frame.iterrows()
                if str(other["term"]).endswith(f" within {when}") and not str(other["term"]).startswith(LEFT_FIRST)
            ]
            rows[place] = any(0 < count < FEWEST_EVENTS for count in (both, *(n - both for n in had)))
        if rows.any():
            found[at] = rows
    return found


def _left_at(parts: Mapping[int, Shown]) -> Iterator[tuple[tuple[str, float], int]]:
    """Give how many of how many people had left by a time, as answers on staying tell it."""
    for part in parts.values():
        result = part.answer.result
        if part.answer.question.estimator != "retention_at" or not isinstance(result, Estimates):
            continue
        for line, told in zip(result.frame.to_dict("records"), told_rows(part), strict=True):
            share, n, time = float(line["estimate"]), float(line["n"]), line.get("time")
            if told and time is not None and np.isfinite(share):
                yield (f"{float(time):g} months", n), round(n * (1 - share))


Reach = Mapping[str, Mapping[str, tuple[object, Protected]]]


def beside_tables(
    parts: Mapping[int, Shown], reach: Reach, programme: Programme, profile: Profile
) -> Iterator[tuple[int, str, str]]:
    """Find answers by group that, beside a table by the same groups, tell how few were lost between two steps.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it.
    reach : mapping
        Role -> characteristic -> its tables and what was protected.
    programme : Programme
        The programme.
    profile : Profile
        The rules.

    Yields
    ------
    tuple of (int, str, str)
        Position of the answer, role and characteristic. A step of a group in the answer and another one of the same
        group in the table differ by few: those who were lost between the two, whom the tables withhold. None under a
        profile that rounds counts.
    """
    if profile.threshold <= 0 or profile.rounding != "none":
        return
    for at, part in parts.items():
        counts = None if isinstance(part.answer.result, Curve) or part.quiet else group_counts(part.answer, programme)
        if counts is None or not counts.columns:
            continue
        name = next((one.id for one in programme.subgroups if one.columns == counts.columns), "")
        roles = part.answer.question.roles or tuple(one.id for one in programme.parties)
        for role in roles if len(roles) == 1 else ():
            if name in reach.get(role, {}) and _few_apart(part, counts, reach[role][name][1], profile):
                yield at, role, name


def _few_apart(part: Shown, counts: GroupCounts, table: Protected, profile: Profile) -> bool:
    released = as_released(table)
    frame = released.frame.reset_index(drop=True)
    labels = [", ".join(map(str, row)) for row in frame[list(table.dims)].to_numpy().tolist()]
    given = part.answer.result
    assert isinstance(given, Estimates)  # noqa: S101 - counts are of estimates only
    groups = given.frame["group"].astype(str).tolist()
    told = part.released.frame["n"].notna().to_numpy()
    for row, people, events in zip(counts.rows, counts.people, counts.events, strict=True):
        if not told[row] or groups[row] not in labels:
            continue
        line = frame.loc[labels.index(groups[row]), list(released.counts)].dropna().to_numpy(dtype=float)
        own = [people] if not counts.reached else [people, events]
        if any(is_few(abs(one - other), profile) for one in own for other in line):
            return True
    return False
