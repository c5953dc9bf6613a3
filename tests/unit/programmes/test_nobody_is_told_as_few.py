"""A share of nobody reads as a share of a few: another reason would say that it is nobody."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.programmes.answering_now import share_rows
from evalkit.programmes.answers import Answer, UnansweredError
from evalkit.programmes.library import load_programme
from evalkit.programmes.wording import Told, tell

PROGRAMME = load_programme("leadership-development")
QUESTION = next(one for one in PROGRAMME.questions if one.estimator == "response_distribution")
TITLE = PROGRAMME.outcomes_by_id[QUESTION.outcomes[0]].title


def told(people: int, profile: str = "staff-survey") -> tuple[Told, ...]:
    answers = pd.Series([True] * people, dtype=object)
    parts = {(TITLE, label): answers for label in ("No time", "Not asked")}
    result = share_rows(parts, QUESTION)
    answer = Answer(QUESTION, result, people=people, about=QUESTION.outcomes, terms=((TITLE, QUESTION.outcomes[0]),))
    return tell(answer, release(result, load_profile(profile)), PROGRAMME)


def test_nobody_and_a_few_read_alike() -> None:
    assert told(0) == told(3)
    assert {one.verdict for one in told(0)} == {"withheld"}
    assert {one.verdict for one in told(24)} == {"described"}


def test_where_nothing_is_withheld_it_is_said_that_there_is_no_number() -> None:
    assert all("could not be estimated" in one.text for one in told(0, "public"))


def test_without_any_part_there_is_no_answer() -> None:
    with pytest.raises(UnansweredError):
        share_rows({}, QUESTION)
