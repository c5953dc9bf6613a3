"""Which questions of a programme are answered, in part or not at all, and why: one rule for page and screen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import Headline
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Question
from evalkit.programmes.wording import FOLLOWS_IN_SHORT
from evalkit.report.programme_numbers import Shown, flow_frame
from evalkit.result import Estimates

Standing = Literal["answered", "answered in part", "withheld", "not answered"]
STANDINGS: tuple[Standing, ...] = ("answered", "answered in part", "withheld", "not answered")
BECAUSE_FEW = f"withheld: {FOLLOWS_IN_SHORT}"
NOT_ESTIMATED = "could not be estimated from the answers there are"
WHOLE = "the whole question"
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Open:
    """What a question lacks.

    Parameters
    ----------
    asks : str
        The question.
    standing : {"answered in part", "withheld", "not answered"}
        What the question as a whole came to.
    about : str
        What of it is lacking.
    why : str
        The reason, begun small, without a full stop and without a number of people.
    """

    asks: str
    standing: Standing
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that a question asks for: its name, and why it is not told; no reason for one that is."""

    name: str
    why: str = ""


def standings(programme: Programme, answers: Sequence[Answer], shown: Mapping[int, Shown]) -> dict[str, Standing]:
    """Say of each question of the plan what it came to.

    Parameters
    ----------
    programme : Programme
        The programme.
    answers : sequence of Answer
        Answers to its questions.
    shown : mapping of int to Shown
        Position of the answer -> what may leave of it.

    Returns
    -------
    dict of str to str
        Id of the question -> "answered" where every number is told, "answered in part" where some are, "withheld" where
        there are numbers and none may be told, "not answered" where there is none. Analyses by group of people are
        counted by `groups_lost`.
    """
    return {one.id: _standing(one, programme, answers, shown) for one in programme.questions}


def _standing(
    question: Question, programme: Programme, answers: Sequence[Answer], shown: Mapping[int, Shown]
) -> Standing:
    numbers = [number for _, number in _numbers(question, programme, answers, shown)]
    lacking = [one.why for one in numbers if one.why]
    if not lacking and numbers:
        return "answered"
    if len(lacking) < len(numbers):
        return "answered in part"
    return "withheld" if BECAUSE_FEW in lacking else "not answered"


def _numbers(
    question: Question, programme: Programme, answers: Sequence[Answer], shown: Mapping[int, Shown]
) -> Iterator[tuple[Answer, _Number]]:
    """List every number that the answers to a question hold for all people, and what could not be answered."""
    for at, answer in enumerate(answers):
        if answer.question.id != question.id or answer.subgroup:
            continue
        part = shown.get(at)
        if answer.result is None or part is None:
            why = answer.why_not.rstrip(".") or NOT_ESTIMATED
            yield from ((answer, _Number(titled(programme, name), why)) for name in answer.about or ("",))
        elif isinstance(answer.result, pd.DataFrame):
            role = programme.roles_by_id.get(answer.role)
            for row in flow_frame(part).itertuples():
                name = f"{row.step}, {role.title}" if role is not None else str(row.step)
                yield answer, _Number(name, BECAUSE_FEW if math.isnan(row.n) else "")
        else:
            yield from ((answer, _Number(line.label, _lacks(line))) for line in part.lines)
            yield from ((answer, _Number(one.name)) for one in part.again if one.line is not None)


def _lacks(line: Headline) -> str:
    """Say why a number is not told; nothing for one that is."""
    if line.withheld:
        return BECAUSE_FEW
    if math.isnan(line.estimate) and line.kind != "claim":
        return line.note.rstrip(".") or NOT_ESTIMATED
    return ""


def open_questions(programme: Programme, answers: Sequence[Answer], shown: Mapping[int, Shown]) -> tuple[Open, ...]:
    """List what could not be answered, or may not be told, and why.

    Parameters
    ----------
    programme : Programme
        The programme.
    answers : sequence of Answer
        Answers to its questions.
    shown : mapping of int to Shown
        Position of the answer -> what may leave of it.

    Returns
    -------
    tuple of Open
        In the order of the plan, a row for each reason; none for a question that is answered.
    """
    found: list[Open] = []
    for question in programme.questions:
        standing = _standing(question, programme, answers, shown)
        numbers = [number for _, number in _numbers(question, programme, answers, shown)]
        if not numbers:
            found.append(Open(question.asks, standing, WHOLE, why_nothing(question, programme)))
        reasons = dict.fromkeys(one.why for one in numbers if one.why)
        found += [Open(question.asks, standing, _about(numbers, why), why) for why in reasons]
    return tuple(found)


def why_nothing(question: Question, programme: Programme) -> str:
    """Say why a question has an answer without a single number.

    Parameters
    ----------
    question : Question
        The question.
    programme : Programme
        The programme.

    Returns
    -------
    str
        The reason, begun small, without a full stop.
    """
    columns = [str(programme.outcomes_by_id[name].column or "") for name in question.outcomes]
    files = [
        f"{programme.files_by_id[file].file}, column {name}"
        for file, _, name in (one.partition(".") for one in columns if "." in one)
    ]
    where = "; ".join(dict.fromkeys(files))
    return f"the files hold none of those whom it is about ({where})" if where else NOT_ESTIMATED


def _about(numbers: Sequence[_Number], why: str) -> str:
    """Name the numbers that lack for a reason; where they are many, say how many."""
    lacking = [one for one in numbers if one.why == why]
    if len(lacking) == len(numbers):
        return WHOLE
    names = list(dict.fromkeys(one.name for one in lacking if one.name))
    many = f"{len(lacking)} of {len(numbers)} numbers"
    return f"{many}: {'; '.join(names)}" if 0 < len(names) <= _MOST_NAMED else many


def groups_lost(programme: Programme, shown: Mapping[int, Shown]) -> tuple[int, int, str]:
    """Count the planned analyses by group of people of which nothing is told.

    Parameters
    ----------
    programme : Programme
        The programme.
    shown : mapping of int to Shown
        Position of the answer -> what may leave of it.

    Returns
    -------
    tuple of (int, int, str)
        How many are withheld or could not be made, of how many, and by what they are.
    """
    titles = {one.id: one.title.lower() for one in programme.subgroups}
    parts = list(shown.values())
    told = {
        (part.answer.question.id, part.answer.subgroup)
        for part in parts
        if part.answer.subgroup and not all(line.withheld for line in part.lines)
    }
    made = {part.answer.question.id for part in parts if isinstance(part.answer.result, Estimates)}
    wanted = [
        (one.id, name)
        for one in programme.questions
        if one.id in made and one.estimator != "participant_flow"
        for name in one.subgroups
    ]
    lost = [(one, name) for one, name in wanted if (one, name) not in told]
    return len(lost), len(wanted), "; ".join(dict.fromkeys(titles.get(name, name) for _, name in lost))


def counted(programme: Programme, answers: Sequence[Answer], shown: Mapping[int, Shown]) -> str:
    """Count the questions by what they came to, in a sentence for the page and the screen.

    Parameters
    ----------
    programme : Programme
        The programme.
    answers : sequence of Answer
        Answers to its questions.
    shown : mapping of int to Shown
        Position of the answer -> what may leave of it.

    Returns
    -------
    str
        Such as "Of 19 questions: 12 answered, 5 answered in part, 2 withheld."; the analyses by group of people follow.
    """
    found = Counter(standings(programme, answers, shown).values())
    said = ", ".join(f"{found[one]} {one}" for one in STANDINGS if found[one])
    lost, wanted, _ = groups_lost(programme, shown)
    groups = f" Of {wanted} planned analyses by group of people, {lost} could not be told." if lost else ""
    if lost == wanted > 0:
        groups = " No planned analysis by group of people could be told."
    return f"Of {len(programme.questions)} questions: {said}.{groups}"


def titled(programme: Programme, name: str) -> str:
    """Give the title of an outcome, a step or a part of the dose.

    Parameters
    ----------
    programme : Programme
        The programme.
    name : str
        Its id.

    Returns
    -------
    str
        The id itself where it has none.
    """
    outcome = programme.outcomes_by_id.get(name)
    if outcome is not None:
        return outcome.title
    titles = {one.id: one.title for one in programme.steps} | {one.id: one.title for one in programme.dose}
    return titles.get(name, name)
