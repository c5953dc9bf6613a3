"""What answers a question of a programme, or why nothing does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.disclosure.events_of_few import OF_RECORD
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Outcome, Question
from evalkit.result import Curve, Estimates, Method

# With fewer people in a row no test is made: intervals stand, p-values do not.
TESTED_FROM = 10
UNTESTED = f"no test on fewer than {TESTED_FROM} people"
# The same in the plan and in the report.
TEST_RULE = f"No test is made on fewer than {TESTED_FROM} people, or pairs; where a number is withheld, so is its test."
# Two people are the fewest of whom a change has a spread.
FEWEST = 2
# Who is in post is seen by all, and a vacancy is nobody.
_SEEN_BY_ALL = frozenset({"participants.in_post", "vacancies.vacant"})
# How a person's grade stands to the one before.
LOWER, ALIKE, HIGHER = "lower than before", "the same as before", "higher than before"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer to a question, or to one part of it.

    Parameters
    ----------
    question : Question
        The question.
    result : Estimates, Curve, pandas.DataFrame or None
        What was found, unsuppressed; a frame is a flow of people with the count `n`. None when it cannot be answered.
    why_not : str
        Why there is no result, in words without any number of people; empty when there is one.
    people : int
        People in it; 0 without a result.
    role : str
        Id of the role it is about; empty for several or none.
    about : tuple of str
        Ids of the outcomes, doses or steps in it.
    terms : mapping of str to str
        Term of the result -> id of the outcome, dose or step.
    subgroup : str
        Id of the subgroup that the rows are split by; empty for all.
    """

    question: Question
    result: Estimates | Curve | pd.DataFrame | None
    why_not: str = ""
    people: int = 0
    role: str = ""
    about: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    subgroup: str = ""

    @property
    def of_term(self) -> Mapping[str, str]:
        """Term -> id."""
        return dict(self.terms)


class UnansweredError(Exception):
    """A question cannot be answered from what there is; its text says why, without a number of people."""


def roles_of(programme: Programme, question: Question, parts: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    """Go through the roles that a question is about.

    Parameters
    ----------
    programme : Programme
        The programme.
    question : Question
        The question.
    parts : sequence of Outcome
        Its outcomes.

    Yields
    ------
    tuple of (str, list of Outcome)
        A role, and those outcomes that are of it.
    """
    wanted = question.roles or tuple(role.id for role in programme.roles)
    for role in dict.fromkeys(role for outcome in parts for role in outcome.roles):
        own = [outcome for outcome in parts if role in outcome.roles]
        if role in wanted and own:
            yield role, own


def with_terms(result: Estimates, names: Mapping[str, str]) -> Estimates:
    """Give the terms of a result the titles that a reader knows.

    Parameters
    ----------
    result : Estimates
        The result.
    names : mapping of str to str
        Term -> title; others stay.

    Returns
    -------
    Estimates
        The same numbers.
    """
    frame = result.tidy()
    frame["term"] = [names.get(str(term), term) for term in frame["term"]]
    return Estimates(frame, result.method)


def untested(result: Estimates) -> Estimates:
    """Take tests on few people out of a result.

    Parameters
    ----------
    result : Estimates
        The result.

    Returns
    -------
    Estimates
        Without statistic and p in rows on fewer than `TESTED_FROM` people, or whose smaller group is smaller; a column
        `note` says so there.
    """
    frame = result.tidy()
    least = frame["n_least"].to_numpy(dtype=float) if "n_least" in frame else frame["n"].to_numpy(dtype=float)
    few = np.fmin(least, frame["n"].to_numpy(dtype=float)) < TESTED_FROM
    few &= frame["p_value"].notna().to_numpy()
    if not few.any():
        return result
    frame.loc[few, ["statistic", "df", "p_value"]] = np.nan
    for name in [name for name in frame.columns if str(name).startswith("p_") and name != "p_value"]:
        if pd.api.types.is_numeric_dtype(frame[name]):
            frame.loc[few, name] = np.nan
    before = frame["note"].fillna("").astype(str) if "note" in frame else pd.Series("", index=frame.index)
    frame["note"] = [
        f"{old}; {UNTESTED}".removeprefix("; ") if now else old for old, now in zip(before, few, strict=True)
    ]
    return Estimates(frame, result.method)


def split_rows(parts: Mapping[str, Estimates], method: Method) -> Estimates:
    """Put the same estimates of several groups below each other.

    Parameters
    ----------
    parts : mapping of str to Estimates
        Group -> its estimates.
    method : Method
        What is told of the whole.

    Returns
    -------
    Estimates
        `group` names the group. Each row carries `n_least`, the fewest people in any group of its term, and of what
        records say `n_fewest_events`, the fewest to whom it happened: beside the whole, one group that is withheld
        would follow from the others, so that all are shown or none.
    """
    rows = pd.concat([part.tidy().assign(group=name) for name, part in parts.items()], ignore_index=True)
    own = rows["n_least"] if "n_least" in rows else rows["n"]
    rows = rows.assign(n_least=np.fmin(own.astype(float), rows["n"].astype(float)))
    smallest = {
        name: rows.groupby("term", dropna=False)[name].transform("min")
        for name in ("n_least", OF_RECORD)
        if name in rows.columns
    }
    given = sum(part.method.n_given for part in parts.values())
    used = sum(part.method.n_used for part in parts.values())
    dropped = {"not among those who could be used": given - used} if given > used else {}
    made = replace(method, n_given=given, n_used=used, n_dropped=dropped)
    return Estimates(rows.assign(**smallest), made)


def of_record(result: Estimates, column: str, by: str = "", *, anybody: bool = False) -> Estimates:
    """Say of shares of people to how many a record says that it happened.

    Parameters
    ----------
    result : Estimates
        Shares, with `n_events`.
    column : str
        "file.column" of the record.
    by : str, default ""
        "file.column" of the groups, or nothing.
    anybody : bool, default False
        Whether somebody had it who is in another result.

    Returns
    -------
    Estimates
        With the column `n_fewest_events`, by which one or two people are withheld. Nobody counts where somebody of
        another group of the same year had it. Nothing is added for what everybody sees, and for posts.
    """
    frame = result.tidy()
    if column in _SEEN_BY_ALL or "n_events" not in frame:
        return result
    events = frame["n_events"].astype(float)
    beside = events if by.endswith(".year") else events.groupby(frame["term"], dropna=False).transform("sum")
    return Estimates(frame.assign(**{OF_RECORD: events.where((beside > 0) | anybody)}), result.method)


def outcomes_of(programme: Programme, question: Question) -> list[Outcome]:
    """Take the outcomes that a question names.

    Parameters
    ----------
    programme : Programme
        The programme.
    question : Question
        One of its questions.

    Returns
    -------
    list of Outcome
        In the order of the question.
    """
    return [programme.outcomes_by_id[name] for name in question.outcomes]


def several(value: Any) -> tuple[Any, ...]:
    """Take one value or several as several.

    Parameters
    ----------
    value : object
        A value, or a tuple of them.

    Returns
    -------
    tuple
        The values.
    """
    return value if isinstance(value, tuple) else (value,)


def written(value: object) -> str:
    """Write the value of an option as a questionnaire does: a whole number without a point.

    Parameters
    ----------
    value : object
        A number or text.

    Returns
    -------
    str
        Such as "3" for 3.0.
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
