"""Questions about the latest survey: which wave it is, what is said of it, and the years between."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import Released, load_profile
from evalkit.instruments import load_instrument
from evalkit.programmes import load_programme
from evalkit.programmes.answering import answer_question
from evalkit.programmes.answers import Answer
from evalkit.programmes.check_names import forms_are_fitted_to_what_they_have
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.findings import Plan
from evalkit.programmes.headline_texts import Headline, headlines
from evalkit.programmes.latest_waves import asks_for_latest
from evalkit.result import Estimates

EDI = load_programme("edi-improvement-plan")


def evidence_of(*waves: str, people: int = 40) -> Evidence:
    """Answers on speaking up, progression and training; of white staff every second is content, of BME staff none."""
    instruments = {name: load_instrument(name) for name in EDI.instrument_ids()}
    scale = instruments["staff-experience"].scales_by_id
    answers = {}
    for place, wave in enumerate(waves):
        content = np.arange(people) % 10 < 2 * (place + 1)
        items = {
            item: np.where(content, 1 if item in scale[name].reverse else 5, 5 if item in scale[name].reverse else 1)
            for name in ("voice_scale", "psychological_scale", "fair_scale")
            for item in scale[name].items
        }
        group = np.where(np.arange(people) % 2 == 0, "white_british", "black_african")
        answers["experience", wave] = pd.DataFrame({**items, "ethnicity": group})
    return Evidence(EDI, instruments, {}, answers)


def made(evidence: Evidence, question: str, about: str) -> Answer:
    return next(one for one in answer_question(evidence, EDI.questions_by_id[question]) if one.about == (about,))


def told_of(answer: Answer) -> tuple[Headline, ...]:
    assert isinstance(answer.result, Estimates)
    return headlines(answer, Released(answer.result.frame.assign(flag=""), ("n",), load_profile("staff-survey")), EDI)


def test_no_question_about_the_latest_survey_names_a_year() -> None:
    asked = [one for one in EDI.questions if one.estimator in {"survey_gap", "survey_trend", "response_distribution"}]
    assert len(asked) == 8
    for question in asked:
        assert asks_for_latest(question), question.id
        assert "in the latest survey" in question.estimand, question.id


@pytest.mark.parametrize(("waves", "latest"), [
    (("baseline", "year_1"), "One year later"),
    (("baseline", "year_1", "year_2"), "Two years later"),
    (("baseline", "year_1", "year_2", "year_3"), "Three years later"),
    (("baseline", "year_3"), "Three years later"),
])  # fmt: skip
def test_the_latest_survey_is_the_last_with_answers(waves: tuple[str, ...], latest: str) -> None:
    evidence = evidence_of(*waves)
    gap, trend = made(evidence, "progression_gap", "fair_progression"), made(evidence, "wellbeing", "voice")
    assert (gap.question.said["wave"], trend.question.said["post"]) == (waves[-1], waves[-1])
    (told,) = told_of(gap)
    assert told.subject.endswith(f", {latest[0].lower()}{latest[1:]}")
    (change,) = told_of(trend)
    assert f", {latest[0].lower()}{latest[1:]} against" in change.subject
    assert isinstance(trend.result, Estimates)
    rows = trend.result.frame
    assert rows["quantity"].tolist() == ["share"] * len(waves) + ["difference"]
    shares = [0.2 * (place + 1) for place in range(len(waves))]
    assert rows["estimate"].tolist() == pytest.approx([*shares, shares[-1] - shares[0]])
    assert rows["group"].iloc[-2] == latest


def test_one_answer_makes_no_survey_and_a_trend_needs_two_times() -> None:
    answers = evidence_of("baseline", "year_1").answers
    alone = {**answers, ("experience", "year_2"): answers["experience", "year_1"].head(1)}
    instruments = evidence_of("baseline").instruments
    assert made(Evidence(EDI, instruments, {}, alone), "wellbeing", "voice").question.said["post"] == "year_1"
    only = made(evidence_of("baseline"), "wellbeing", "voice")
    assert (only.result, only.why_not) == (None, "there are no answers at one of the two times")
    assert made(evidence_of("baseline"), "progression_gap", "fair_progression").question.said["wave"] == "baseline"


def test_options_in_own_words_are_those_of_a_form() -> None:
    university = load_programme("university-staff-mentoring")
    instruments = {name: load_instrument(name) for name in university.instrument_ids()}
    assert not list(forms_are_fitted_to_what_they_have(Plan(university, instruments, frozenset())))
    forms = university.forms.changed(options=(university.forms.options[0].changed(id="pay_bend"),))
    (finding,) = forms_are_fitted_to_what_they_have(Plan(university.changed(forms=forms), instruments, frozenset()))
    assert finding.code == "PRG-008"
    assert "pay_band" in finding.remedy
