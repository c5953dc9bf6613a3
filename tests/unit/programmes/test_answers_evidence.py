"""Files and answers put together, and every question answered or told why not."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.programmes.answering import answer_programme, answer_question
from evalkit.programmes.answers import Answer
from evalkit.programmes.evidence import Evidence
from evalkit.result import Estimates


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return small_evidence(40)


@pytest.fixture(scope="module")
def answers(evidence: Evidence) -> tuple[Answer, ...]:
    return answer_programme(evidence)


def one(answers: tuple[Answer, ...], question: str) -> Answer:
    return next(answer for answer in answers if answer.question.id == question and not answer.subgroup)


def test_every_question_has_an_answer_or_a_reason(evidence: Evidence, answers: tuple[Answer, ...]) -> None:
    assert {answer.question.id for answer in answers} == set(evidence.programme.questions_by_id)
    for answer in answers:
        assert (answer.result is None) == bool(answer.why_not)
        # A method that broke would name its error here.
        assert "Error" not in answer.why_not


def test_reasons_tell_no_numbers_of_people() -> None:
    for answer in answer_programme(small_evidence(4)):
        assert not re.search(r"\d", answer.why_not.replace("participants.csv", "")), answer.why_not


def test_an_empty_evaluation_answers_nothing_and_raises_nothing(evidence: Evidence) -> None:
    found = answer_programme(replace(evidence, files={}, answers={}))
    assert len(found) >= len(evidence.programme.questions)
    assert all(answer.result is None and answer.why_not and "Error" not in answer.why_not for answer in found)


def test_a_planted_gain_is_found_in_participants(answers: tuple[Answer, ...]) -> None:
    row = one(answers, "attachment").result.frame.iloc[0]  # type: ignore[union-attr]
    # 0.6 standard deviations of the factor behind answers from 1 to 5.
    assert row["conf_low"] > 0.1
    assert row["conf_high"] < 1.1
    assert row["n"] == one(answers, "attachment").people


def test_participants_are_held_against_those_who_wait(answers: tuple[Answer, ...]) -> None:
    frame = one(answers, "transition_compared").result.frame  # type: ignore[union-attr]
    contrast = frame[frame["quantity"].str.startswith("difference")].iloc[0]
    assert contrast["group"] == "programme - comparison"
    assert contrast["estimate"] > 0


def test_meetings_of_a_pair_count_for_both_of_its_people(evidence: Evidence) -> None:
    dose = next(dose for dose in evidence.programme.dose if dose.id == "meetings")
    held = evidence.files["meetings"].groupby("pair").size()
    for role in dose.roles:
        received = evidence.dose(dose, evidence.in_programme([role]))
        assert received is not None
        assert sorted(received) == sorted(held.astype(float))


def test_people_who_wait_are_not_in_the_programme(evidence: Evidence) -> None:
    people = evidence.in_programme(["mentee", "mentor", "comparison"])
    assert len(people) == 80
    assert not people.str.startswith("comparison").any()


def test_a_share_of_those_who_started_counts_them_all(answers: tuple[Answer, ...], evidence: Evidence) -> None:
    row = one(answers, "capacity_kept").result.frame.iloc[0]  # type: ignore[union-attr]
    mentors = evidence.files["participants"].query("role == 'mentor'")
    assert row["n"] == len(mentors)
    assert row["n_events"] == (mentors["available_at_follow_up"] == "yes").sum()


def test_retention_is_counted_from_the_start_of_the_programme(answers: tuple[Answer, ...], evidence: Evidence) -> None:
    frame = one(answers, "retention").result.frame  # type: ignore[union-attr]
    staff = evidence.files["staff"]
    own = staff[staff["person"].str.startswith("mentee")]
    months = (own["left"] - own["programme_from"]).dt.days / 30.4375
    # Nobody is censored before 12 months: the estimate is the plain share.
    assert frame["estimate"].iloc[0] == pytest.approx(1 - (months <= 12).mean())


def test_an_event_that_nobody_had_is_told(answers: tuple[Answer, ...]) -> None:
    assert one(answers, "promotion").why_not == "nobody in the records had this event yet"


def test_a_missing_file_is_named(evidence: Evidence) -> None:
    question = evidence.programme.questions_by_id["capacity_places"]
    assert answer_question(evidence, question)[0].why_not == "capacity.csv is missing or empty"


def test_a_column_that_is_empty_is_not_taken_for_a_no(evidence: Evidence) -> None:
    people = evidence.files["participants"].assign(available_at_follow_up="")
    without = replace(evidence, files={**evidence.files, "participants": people})
    found = answer_question(without, evidence.programme.questions_by_id["capacity_kept"])
    assert found[0].result is None
    assert "nothing is filled in" in found[0].why_not


def test_codes_that_people_made_up_put_waves_together(evidence: Evidence) -> None:
    answers = {
        key: frame.drop(columns=["person"])
        for key, frame in evidence.answers.items()
        if key[0] == "mentee_relationship"
    }
    unnamed = replace(evidence, answers=answers)
    before, after = (unnamed.scored("mentee_relationship", wave) for wave in ("mid_point", "end_point"))
    assert before is not None
    assert after is not None
    both = before.index.intersection(after.index)
    assert len(both) >= 0.9 * len(after)
    # The same people, by the codes of the programme.
    named = {wave: frame["person"] for (_, wave), frame in evidence.answers.items() if _ == "mentee_relationship"}
    rows = {
        wave: dict(zip(frame.index, named[wave], strict=True))
        for wave, frame in (("mid_point", before), ("end_point", after))
    }
    assert all(rows["mid_point"][code] == rows["end_point"][code] for code in both)


def test_subgroups_are_told_all_or_none(answers: tuple[Answer, ...]) -> None:
    split = next(answer for answer in answers if answer.question.id == "transition" and answer.subgroup == "sex")
    assert isinstance(split.result, Estimates)
    frame = split.result.frame
    for _, rows in frame.groupby("term"):
        assert len(set(rows["n_least"])) == 1
        assert rows["n_least"].iloc[0] <= rows["n"].min()


def test_answers_rest_on_people_not_on_the_order_of_rows(evidence: Evidence, answers: tuple[Answer, ...]) -> None:
    turned = {key: frame.iloc[::-1].reset_index(drop=True) for key, frame in evidence.answers.items()}
    question = evidence.programme.questions_by_id["attachment"]
    again = answer_question(replace(evidence, answers=turned), question)[0]
    pd.testing.assert_series_equal(
        again.result.frame["estimate"],
        one(answers, "attachment").result.frame["estimate"],  # type: ignore[union-attr]
    )
