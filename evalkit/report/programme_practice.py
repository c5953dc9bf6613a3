"""Where an analysis differs from its plan, found from the data; and what the report rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from evalkit.programmes.answering_change import AS_STATED
from evalkit.programmes.answers import TESTED_FROM, Answer
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.model import Programme
from evalkit.report.programme_answered import groups_lost, standings
from evalkit.report.programme_blocks import Block, Bullets, Table, Text
from evalkit.report.programme_numbers import Shown, flow_frame
from evalkit.result import Estimates

# More questions than these are counted, not listed once more.
_MOST_LISTED = 5


def differences(evidence: Evidence, answers: Sequence[Answer], parts: Mapping[int, Shown]) -> Iterator[Block]:
    """Write in what the analysis differs from the plan, as far as the data show it.

    Parameters
    ----------
    evidence : Evidence
        The data.
    answers : sequence of Answer
        Answers to the questions.
    parts : mapping of int to Shown
        Position of the answer -> what may leave of it.

    Yields
    ------
    Text or Bullets
        Of released numbers only.
    """
    items = [
        *_planned(evidence.programme, answers, parts),
        *_steps(evidence),
        *_questions(evidence.programme, answers, parts),
        *_subgroups(evidence.programme, parts),
        *_not_looked_at(evidence.programme),
        *_methods(answers, parts),
    ]
    yield Text("Found by comparing the plan with the data; what people decided stands in the section after the plan.")
    yield Bullets(tuple(items)) if items else Text("Nothing was found that differs from the plan.")


def _planned(programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown]) -> Iterator[str]:
    start = next((step.title for step in programme.steps if step.id == "started"), "")
    for at, answer in enumerate(answers):
        part = parts.get(at)
        role = programme.roles_by_id.get(answer.role)
        if part is None or role is None or not role.planned or not isinstance(answer.result, pd.DataFrame):
            continue
        rows = flow_frame(part)
        found = rows.loc[rows["step"] == start, "n"]
        if len(found) and pd.notna(found.iloc[0]) and int(found.iloc[0]) != role.planned:
            yield f"{role.planned} {role.title} were planned; {int(found.iloc[0]):,} started."
        elif len(found) and pd.isna(found.iloc[0]):
            yield f"{role.planned} {role.title} were planned; how many started is withheld."


def _steps(evidence: Evidence) -> Iterator[str]:
    lacking = [step.title.lower() for step in evidence.programme.steps if not evidence.records(step.column)]
    if lacking:
        yield f"Not recorded, and so left out of the steps: {', '.join(lacking)}."


def _questions(programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown]) -> Iterator[str]:
    came = standings(programme, answers, parts)
    for said, standing in (
        ("Planned and not answered", "not answered"),
        ("Answered in part", "answered in part"),
        ("Answered, and withheld to protect small numbers of people", "withheld"),
    ):
        found = [one.asks for one in programme.questions if came[one.id] == standing]
        if len(found) > _MOST_LISTED:
            where = "see \u201cWhat could not be answered\u201d"
            yield f"{said}: {len(found)} of {len(programme.questions)} questions ({where})."
        elif found:
            yield f"{said}: {' '.join(found)}"


def _subgroups(programme: Programme, parts: Mapping[int, Shown]) -> Iterator[str]:
    lost, wanted, names = groups_lost(programme, parts)
    if lost:
        yield (
            f"{lost} of {wanted} planned analyses by subgroup {'is' if lost == 1 else 'are'} withheld, to protect "
            f"small numbers of people, or could not be made ({names})."
        )


def _not_looked_at(programme: Programme) -> Iterator[str]:
    """Name the groups of the plan by which no question is asked; those of participants are told under Reach."""
    asked = {name for one in programme.questions for name in one.subgroups}
    compared = {str(value) for one in programme.questions for key, value in one.arguments if key == "group"}
    unused = [
        one
        for one in programme.subgroups
        if one.id not in asked and (len(one.columns) > 1 or one.columns[0] not in compared)
    ]
    reach = [one.title for one in unused if all(column.startswith("participants.") for column in one.columns)]
    rest = [one.title for one in unused if one.title not in reach]
    if reach:
        yield f"By these groups of the plan only reach is told, and no question is asked: {'; '.join(reach)}."
    if rest:
        yield f"By these groups of the plan nothing is told, as no question is asked by them: {'; '.join(rest)}."


def _methods(answers: Sequence[Answer], parts: Mapping[int, Shown]) -> Iterator[str]:
    results = [one.result for one in answers if isinstance(one.result, Estimates)]
    told = [line for part in parts.values() for line in part.lines if not line.withheld]
    # Only of numbers that are shown: of the others there is no interval to stand alone.
    if any("no test on fewer" in line.note and math.isfinite(line.low) for line in told):
        yield f"No test was made where fewer than {TESTED_FROM} people, or pairs, are in it; the interval stands alone."
    if any(said.startswith(AS_STATED[:40]) for result in results for said in result.method.assumptions):
        yield "Pay before the break is as stated, not in the prices of one year: no whole index of prices is there."


def sources(evidence: Evidence) -> Table:
    """List the files and answers that the report rests on, and those that it does without.

    Parameters
    ----------
    evidence : Evidence
        The data.

    Returns
    -------
    Table
        A row for each file of the programme and each form and wave; no number of people.
    """
    rows = [
        (f"{file.file}: {file.title}", "records", "yes" if evidence.has(file.id) else "no")
        for file in evidence.programme.files
    ]
    for wave, use, asked in evidence.programme.calendar():
        instrument = evidence.instruments[use.instrument]
        known = next((one for one in instrument.waves if one.id == asked), None)
        if known is not None and known.asked_with:
            continue
        row = (f"{instrument.title} (version {instrument.version}), {wave.title}", "answers")
        found = "yes" if (use.id, asked) in evidence.answers else "no"
        rows.append((*row, found))
    return Table(
        "Files and answers that the report rests on",
        ("What", "Kind", "In the folder"),
        tuple(dict.fromkeys(rows)),
        frozenset({1, 2}),
    )
