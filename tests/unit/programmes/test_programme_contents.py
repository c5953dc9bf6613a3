"""What the nine programmes must hold: the facts of their descriptions, and what the reports build on."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import evalkit
from evalkit.instruments.library import load_instrument, read_library
from evalkit.paths import resource
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.library import load_programme, read_programmes
from evalkit.programmes.model import Programme
from evalkit.programmes.reading import read_programme

NINE = (
    "bme-executive-mentoring",
    "edi-improvement-plan",
    "leadership-development",
    "looking-after-you-too-coaching",
    "reciprocal-mentoring",
    "returners",
    "return-to-work-mentoring",
    "staff-development",
    "university-staff-mentoring",
)
# Estimators of evalkit.equality, which is built beside this package: take the list out when they are public.
AWAITED = frozenset(
    {
        *("relative_likelihood", "representation", "disparity_ratio", "pay_gap", "leaver_rate", "stability_index"),
        *("survey_gap", "wres", "edi_plan"),
    }
)


@pytest.fixture(params=NINE)
def programme(request: pytest.FixtureRequest) -> Programme:
    return load_programme(request.param)


def test_there_are_nine() -> None:
    assert sorted(one.id for one in read_programmes()) == sorted(NINE)
    assert read_programme(resource("programmes") / "_template.yaml").id == "_template"


def test_programmes_and_instruments_name_the_same_ids() -> None:
    """An instrument that says for which programmes it is written is used by each of them, and each exists."""
    for instrument in read_library():
        for name in instrument.programmes:
            assert instrument.id in load_programme(name).instrument_ids()


def test_every_instrument_serves_a_programme() -> None:
    used = {name for one in read_programmes() for name in one.instrument_ids()}
    assert used == {instrument.id for instrument in read_library()}


def test_every_estimator_is_there(programme: Programme) -> None:
    names = {ESTIMATORS[question.estimator].computed_by for question in programme.questions} - {""}
    assert {name for name in names if name not in evalkit.__all__} <= AWAITED


def test_the_register_names_functions_of_the_kit() -> None:
    for estimator in ESTIMATORS.values():
        assert not estimator.computed_by or estimator.computed_by in {*evalkit.__all__, *AWAITED}
    assert len({estimator.name for estimator in ESTIMATORS.values()}) == len(ESTIMATORS)


def test_the_report_has_its_sections(programme: Programme) -> None:
    themes = {question.theme for question in programme.questions}
    assert {"reach", "dose", "access", "fairness"} <= themes
    assert "change" in themes
    if programme.unit == "pairs":
        assert {"match", "both_parties", "retention"} <= themes
    if programme.unit == "individuals" and "staff" in programme.files_by_id:
        assert {"retention", "progression"} <= themes


def test_every_party_has_a_level_of_evidence(programme: Programme) -> None:
    levels = {outcome.level for outcome in programme.outcomes}
    assert levels >= ({1, 2, 3, 4} if programme.unit != "organisation" else {3, 4})
    for role in programme.parties:
        assert any(role.id in outcome.roles for outcome in programme.outcomes)


def test_access_or_fairness_looks_at_protected_groups(programme: Programme) -> None:
    columns = {str(value) for question in programme.questions for _, value in question.arguments}
    protected = {f"{file.id}.{column.name}" for file in programme.files for column in file.columns if column.protected}
    assert columns & protected


def test_no_estimand_repeats_its_question(programme: Programme) -> None:
    for question in programme.questions:
        assert question.asks.endswith("?")
        assert question.estimand.endswith(".")
        assert question.estimand != question.asks


def test_nobody_states_an_important_difference_without_a_source(programme: Programme) -> None:
    for outcome in programme.outcomes:
        assert outcome.important is None or outcome.important.source


def test_every_file_is_keyed_by_codes(programme: Programme) -> None:
    for file in programme.files:
        if file.rows in {"person", "pair"}:
            assert file.by_name[file.key[0]].kind == "code"


def test_the_forms_take_a_bearable_time(programme: Programme) -> None:
    """No party spends more than 100 minutes on forms, each counted once a wave."""
    for role in programme.parties:
        minutes = sum(
            float(load_instrument(use.instrument).minutes) for _, use, _ in programme.calendar() if role.id in use.roles
        )
        assert minutes <= 100, (role.id, minutes)


def test_the_executive_programme_is_as_described() -> None:
    programme = load_programme("bme-executive-mentoring")
    dose = {one.id: one for one in programme.dose}
    assert (dose["mentor_training"].number, dose["mentee_training"].number) == (1, 2)
    assert (dose["meetings"].number, dose["network_meetings"].number, programme.months) == (6, 2, 12)
    assert all(one.basis == "document" for one in programme.dose)
    assert (programme.roles_by_id["mentor"].planned, programme.roles_by_id["mentor"].basis) == (24, "document")
    band = programme.eligibility.criteria[0]
    assert (band.column, band.test, band.value, band.roles) == ("participants.band", "at_least", "Band 6", ("mentee",))


def test_return_to_work_is_as_described() -> None:
    programme = load_programme("return-to-work-mentoring")
    leave = programme.eligibility.criteria[0]
    assert (leave.column, leave.test, leave.value, leave.basis) == (
        "participants.leave_weeks",
        "at_least",
        8,
        "document",
    )
    assert all(one.basis == "default" for one in programme.dose)
    themes = ["networks", "pattern", "norms", "wellbeing", "identity", "opportunity", "practical"]
    assert list(programme.questions_by_id["transition"].outcomes) == themes
    capacity = [question.id for question in programme.questions if question.theme == "capacity"]
    assert capacity == ["capacity_kept", "capacity_places"]


def test_coaching_is_three_sessions() -> None:
    programme = load_programme("looking-after-you-too-coaching")
    assert [(one.number, one.unit, one.basis) for one in programme.dose] == [(3, "sessions", "document")]


def test_both_parties_of_reciprocal_mentoring_are_evaluated() -> None:
    programme = load_programme("reciprocal-mentoring")
    assert [role.id for role in programme.parties] == ["senior_partner", "partner"]
    for name in ("listening", "compassion"):
        assert programme.outcomes_by_id[name].roles == ("senior_partner", "partner")
        assert name in programme.questions_by_id["both_change"].outcomes


def test_returners_look_at_pay_grade_and_sex_by_ethnicity() -> None:
    programme = load_programme("returners")
    questions = programme.questions_by_id
    assert questions["pay_penalty"].said["pre_item"] == "pay_before"
    assert questions["grade_at_return"].said["pre_item"] == "grade_before"
    crossed = [group for group in programme.subgroups if len(group.columns) == 2]
    assert [group.columns for group in crossed] == [("participants.sex", "participants.ethnicity")]
    assert "sex_by_ethnicity" in questions["in_post"].subgroups
    assert questions["missed_by_standard_routes"].estimator == "share"
    assert "registered" in [step.id for step in programme.steps]


def test_the_improvement_plan_reads_the_workforce_folder() -> None:
    programme = load_programme("edi-improvement-plan")
    assert {file.file for file in programme.files} >= {
        *("staff-in-post.csv", "leavers.csv", "recruitment.csv", "disciplinary.csv", "cpd.csv", "pay.csv"),
        *("survey.csv", "vacancies.csv", "support.csv", "targets.csv"),
    }
    assert [file.id for file in programme.files if not file.optional] == ["staff_in_post"]
    text = " ".join(outcome.text for outcome in programme.theory.outcomes)
    metrics = {"1a", *(f"2{letter}" for letter in "abcdef"), "3a", "4a", "4b", "5a", "5b", "5c", "6a", "6b", "6c"}
    assert set(re.findall(r"\b[1-6][a-f]\b", text)) == metrics


def test_to_settle_lists_what_no_document_states() -> None:
    settle = load_programme("bme-executive-mentoring").to_settle()
    assert "roles.mentee.planned" in settle
    assert "targets.answered" in settle
    assert not {"dose.meetings", "roles.mentor.planned", "eligibility.band", "comparisons.none"} & set(settle)


def test_the_readme_lists_the_programmes_and_estimators() -> None:
    text = (resource("programmes") / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)[: len(NINE)] == [
        name for name in re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) if name in NINE
    ]
    listed = Counter(re.findall(r"^\| `([a-z_]+)` \| .* \| .* \|", text, re.MULTILINE))
    for estimator in ESTIMATORS.values():
        assert listed[estimator.name] == 1
        row = next(line for line in text.splitlines() if line.startswith(f"| `{estimator.name}` |"))
        named = [one.strip().strip("*") for one in row.rstrip(" |").rpartition("|")[2].split(",") if one.strip()]
        if estimator.arguments:
            assert named == [argument.name for argument in estimator.arguments]
            assert set(re.findall(r"\*\*(\w+)\*\*", row)) == {one.name for one in estimator.arguments if one.required}
