"""What can be answered from a folder's data so far, and what each other question lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evalkit.programmes.estimators import ESTIMATORS, SERVICE_COLUMNS
from evalkit.programmes.folder_reading import FolderData
from evalkit.programmes.folders import EvaluationFolder
from evalkit.programmes.latest_waves import LATEST
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Outcome, Question

_WAVES = ("wave", "pre", "post")
_REFERENCE = "participants"


@dataclass(frozen=True, slots=True)
class Answerable:
    """Whether the data for a question are there.

    Parameters
    ----------
    question : str
        Id of the question.
    asks : str
        The question.
    can : bool
        Whether it can be answered, numbers of people aside.
    why_not : str
        What is missing, as a sentence; empty when nothing is.
    """

    question: str
    asks: str
    can: bool
    why_not: str = ""


def answerable(folder: EvaluationFolder, data: FolderData) -> tuple[Answerable, ...]:
    """Go through the questions of a programme.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    data : FolderData
        Its data.

    Returns
    -------
    tuple of Answerable
        In the order of the programme. Whether enough people answered is not looked at.
    """
    found = []
    for question in folder.programme.questions:
        lacking = list(dict.fromkeys(why for look in _LOOKS for why in look(folder.programme, data, question)))
        found.append(Answerable(question.id, question.asks, not lacking, " ".join(lacking)))
    return tuple(found)


def _outcomes(programme: Programme, question: Question) -> list[Outcome]:
    return [programme.outcomes_by_id[name] for name in question.outcomes]


def _waves_of(question: Question) -> list[str]:
    said = [str(question.said[name]) for name in _WAVES if name in question.said]
    several = question.said.get("waves")
    return said + ([str(one) for one in several] if isinstance(several, tuple) else [])


def _answers(programme: Programme, data: FolderData, question: Question) -> Iterator[str]:
    for outcome in _outcomes(programme, question):
        for use in dict.fromkeys(name for name in (outcome.use, outcome.partner_use) if name):
            there = {wave for name, wave in data.answers if name == use}
            waves = [wave for wave in _waves_of(question) if wave != LATEST]
            missing = [wave for wave in waves if wave not in there]
            if LATEST in _waves_of(question) and there and there <= set(waves):
                yield f"There are no answers to {use} after {', '.join(waves)}."
            if missing or not there:
                yield f"There are no answers to {use}{': ' if missing else ''}{', '.join(missing)}."


def _files(programme: Programme, data: FolderData, question: Question) -> Iterator[str]:
    columns = [outcome.column for outcome in _outcomes(programme, question) if outcome.column]
    columns += [one.column for one in programme.steps if one.id in question.steps]
    for value in question.said.values():
        several = value if isinstance(value, tuple) else (value,)
        columns += [one for one in several if isinstance(one, str) and programme.column(one) is not None]
    files = [column.partition(".")[0] for column in columns]
    files += [one.file for one in programme.dose if one.id in question.dose or one.id == question.said.get("dose")]
    for name in dict.fromkeys(files):
        if name not in data.files:
            file = programme.files_by_id[name]
            # The steps before the first record are counted elsewhere.
            if question.steps and file.optional and _REFERENCE in data.files:
                continue
            yield f"{file.file} is empty."
    for column in dict.fromkeys(columns):
        name, _, own = column.partition(".")
        if name in data.files and own not in data.files[name].columns:
            yield f"{programme.files_by_id[name].file} has no column {own}."


def _others(programme: Programme, data: FolderData, question: Question) -> Iterator[str]:
    estimator = ESTIMATORS[question.estimator]
    if not estimator.compares:
        return
    comparison = programme.comparisons_by_id[question.comparison]
    name, _, own = (comparison.group or "").partition(".")
    if name not in data.files:
        yield f"There is nobody to compare with: {programme.files_by_id[name].file} is empty." if name else ""
    elif own in data.files[name].columns:
        column = data.files[name][own]
        dates = str(column.dtype).startswith("datetime")
        there = column.isna().any() if dates else (column.astype(str) == comparison.others).any()
        if not there:
            yield f"There is nobody to compare with: {comparison.who}"


def _service(programme: Programme, data: FolderData, question: Question) -> Iterator[str]:
    if ESTIMATORS[question.estimator].service:
        for outcome in _outcomes(programme, question):
            name = (outcome.column or "").partition(".")[0]
            for column in SERVICE_COLUMNS:
                if name in data.files and column not in data.files[name].columns:
                    yield f"{programme.files_by_id[name].file} has no column {column}."


_Look = Callable[[Programme, FolderData, Question], Iterator[str]]
_LOOKS: tuple[_Look, ...] = (_files, _answers, _others, _service)
