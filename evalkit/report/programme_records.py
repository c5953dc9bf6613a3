"""How many of those who started are in the records of service: what is missing there may be who left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evalkit.disclosure.rules import release_counts
from evalkit.programmes.answering_service import SOME_MISSING
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.parts import Question
from evalkit.programmes.records_complete import TAKEN_UP, in_records
from evalkit.report.programme_blocks import Text
from evalkit.report.programme_numbers import Shown, lacks_n
from evalkit.result import Estimates


def in_records_notes(evidence: Evidence, question: Question, parts: Sequence[Shown]) -> Iterator[Text]:
    """Say of how many of those who started the records of service know.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        The question.
    parts : sequence of Shown
        Its answers.

    Yields
    ------
    Text
        One for each outcome of service; in numbers only where the answer tells the same number of people and the rest
        may be told too.
    """
    if not ESTIMATORS[question.estimator].service:
        return
    for part in parts:
        there, all_of_them = in_records(evidence, evidence.programme.outcomes_by_id[part.answer.about[0]])
        if not all_of_them or not any(not line.withheld for line in part.lines):
            continue
        post = " and took up a post" if evidence.records(f"participants.{TAKEN_UP}") else ""
        told = _in_numbers(part, there, all_of_them) and not ESTIMATORS[question.estimator].compares
        if there == all_of_them:
            who = f"All {there:,} who started{post} are" if told else f"Everybody who started{post} is"
            yield Text(f"{who} in the staff records.", "note")
        elif told:
            yield Text(f"{there:,} of {all_of_them:,} who started{post} are in the staff records.", "note")
        if there < all_of_them:
            yield Text(f"{SOME_MISSING[:1].upper()}{SOME_MISSING[1:]}.", "note")


def _in_numbers(part: Shown, there: int, all_of_them: int) -> bool:
    """Tell whether the numbers can be told: n is there anyhow, and so few are missing that nobody is."""
    result = part.answer.result
    if part.quiet or lacks_n(part) or not isinstance(result, Estimates) or result.method.n_used != there:
        return False
    missing = all_of_them - there
    counts = release_counts([there, all_of_them, *([missing] if missing else [])], part.released.profile)
    return bool((counts == [there, all_of_them, *([missing] if missing else [])]).all()) and not np.isnan(counts).any()
