"""People who started and are not followed, who had the event before, and whom they are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.disclosure import load_profile
from evalkit.errors import DataError, EstimationError, Problem
from evalkit.programmes import answering_service as of_service
from evalkit.programmes import load_programme
from evalkit.programmes.answering import answer_question
from evalkit.programmes.answering_service import NOT_IN_RECORDS, SOME_MISSING, _reason
from evalkit.programmes.answers import Answer
from evalkit.programmes.comparing import compared_with
from evalkit.programmes.conditions import fitting, known_label, ordered_labels
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.folder_records import Records
from evalkit.programmes.folder_rules import record_warnings
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Criterion, Question
from evalkit.programmes.reading import programme_from_text, read_programme
from evalkit.programmes.records_complete import in_records, started_by
from evalkit.report.programme_numbers import quieted, shown
from evalkit.report.programme_records import in_records_notes
from evalkit.result import Estimates

N = 24


def evidence_with(staff: pd.DataFrame, programme: Programme | None = None, n: int = N) -> Evidence:
    made = small_evidence(n)
    return Evidence(programme or made.programme, made.instruments, {**made.files, "staff": staff}, made.answers)


def staff_of(n: int = N) -> pd.DataFrame:
    staff = small_evidence(n).files["staff"].copy()
    return staff.assign(left=pd.to_datetime(staff["left"]), promoted=pd.to_datetime(staff["promoted"]))


def answer_of(evidence: Evidence, question: str) -> Answer:
    (found,) = (
        one for one in answer_question(evidence, evidence.programme.questions_by_id[question]) if not one.subgroup
    )
    return found


def result_of(evidence: Evidence, question: str) -> Estimates:
    found = answer_of(evidence, question)
    assert isinstance(found.result, Estimates), found.why_not
    return found.result


def mentees(staff: pd.DataFrame) -> pd.Series:
    people = small_evidence(len(staff) // 3).files["participants"].set_index("person")
    started = people.index[(people["role"] == "mentee") & people["started"].notna()]
    return staff["person"].isin(started)


def promotions(staff: pd.DataFrame, days: int) -> pd.DataFrame:
    """Half of the mentees and of the others are promoted so many days after week 0."""
    rows = np.arange(len(staff)) % 2 == 0
    day = pd.Timestamp("2023-01-09") + pd.Timedelta(days=days)
    return staff.assign(promoted=pd.Series(day, index=staff.index).where(rows & ~(staff["left"] <= day)))


def test_leavers_without_a_start_are_not_compared_with() -> None:
    staff = staff_of()
    whole = evidence_with(staff)
    gone = mentees(staff) & staff["left"].notna()
    assert gone.sum() > 3
    blank = evidence_with(staff.assign(programme_from=staff["programme_from"].where(~gone)))
    for question in ("retention", "retention_compared"):
        pd.testing.assert_frame_equal(result_of(blank, question).frame, result_of(whole, question).frame)


def test_no_effect_is_told_where_leavers_are_missing_from_the_records() -> None:
    staff = staff_of()
    gone = mentees(staff) & staff["left"].notna()
    missing = evidence_with(staff[~gone])
    for question in ("retention", "retention_compared", "promotion"):
        found = answer_of(missing, question)
        assert found.result is None
        assert "the records of service of some who started are missing" in found.why_not
        assert not any(letter.isdigit() for letter in found.why_not)


def test_codes_of_another_kind_are_not_taken_for_the_people_of_the_programme() -> None:
    staff = staff_of()
    found = answer_of(evidence_with(staff.assign(person="X" + staff["person"])), "retention")
    assert "are missing" in found.why_not


@pytest.mark.parametrize(("lost", "answers"), [(2, True), (3, False)])
def test_nine_in_ten_must_be_in_the_records(lost: int, *, answers: bool) -> None:
    staff = staff_of()
    rows = staff.index[mentees(staff)][:lost]
    found = answer_of(evidence_with(staff.drop(rows)), "retention")
    assert (found.result is not None) is answers
    if isinstance(found.result, Estimates):
        method = found.result.method
        assert (method.n_given, method.n_used) == (N, N - lost)
        assert dict(method.n_dropped) == {NOT_IN_RECORDS: lost}
        assert SOME_MISSING in method.assumptions


def test_who_starts_after_the_end_of_the_records_or_has_no_post_need_not_be_there() -> None:
    end = pd.Timestamp("2024-01-01")
    people = pd.DataFrame({"started": ["2023-05-01", "2024-05-01", None, "2023-06-01"]}, index=list("abcd"))
    assert list(started_by(people, end).index) == ["a", "d"]
    people["in_post"] = pd.to_datetime(["2023-07-01", None, None, "2024-07-01"])
    assert list(started_by(people, end).index) == ["a"]
    assert not len(started_by(people[["in_post"]], end))


def test_the_check_names_who_is_not_followed_by_row() -> None:
    made = small_evidence(N)
    staff = staff_of()
    people = made.files["participants"]
    own = staff.index[mentees(staff)]
    staff = staff.drop(own[0])
    staff.loc[own[1], "programme_from"] = pd.NaT
    staff = staff.reset_index(drop=True)
    frames = {"participants": people, "staff": staff}
    rows = {name: list(range(2, len(one) + 2)) for name, one in frames.items()}
    records = Records(frames, {name: f"{name}.csv" for name in frames}, rows)
    told = {one.found: one for one in record_warnings(records, made.programme)}
    assert set(told) == {"started, but not in staff.csv", "no programme_from of people who started"}
    assert {one.code for one in told.values()} == {"DAT-007"}
    absent = people.index[~people["person"].isin(staff["person"])][0] + 2
    assert told["started, but not in staff.csv"].place == f"participants.csv, row {absent}"
    codes = set(people["person"])
    assert not any(code in str(one) for one in told.values() for code in codes)
    whole = Records({**frames, "staff": staff_of()}, records.places, records.rows)
    assert record_warnings(whole, made.programme) == []


def test_a_promotion_to_no_higher_band_is_told() -> None:
    programme = load_programme("bme-executive-mentoring")
    staff = pd.DataFrame(
        {"person": list("abcd"), "band": ["Band 8b", "Band 7", "Band 6", "Band 6"],
         "band_promoted": ["Band 8b", "Band 6", "Band 7", None],
         "promoted": pd.to_datetime(["2023-01-01"] * 4)}
    )  # fmt: skip
    found = record_warnings(Records({"staff": staff}, {"staff": "staff.csv"}, {"staff": [2, 3, 4, 5]}), programme)
    assert [(one.place, one.found) for one in found] == [("staff.csv, rows 2, 3", "band_promoted not above band")]


def test_who_was_promoted_before_the_start_is_left_out_and_the_others_stay() -> None:
    staff = promotions(staff_of(), 200)
    whole = result_of(evidence_with(staff), "promotion")
    one = staff.index[mentees(staff) & staff["promoted"].isna() & staff["left"].isna()][0]
    staff.loc[one, "promoted"] = pd.Timestamp("2022-06-15")
    found = result_of(evidence_with(staff), "promotion")
    assert (found.method.n_given, found.method.n_used) == (N, N - 1)
    assert dict(found.method.n_dropped) == {"promoted before the start": 1}
    assert "who was promoted before the start is left out: the first time is what counts" in found.method.assumptions
    before, after = (made.frame["estimate"].iloc[0] for made in (whole, found))
    assert after == pytest.approx(before * N / (N - 1))


def compared(staff: pd.DataFrame, estimator: str = "subdistribution_hazard_ratio") -> Estimates:
    evidence = evidence_with(staff, n=len(staff) // 3)
    question = next(one for one in evidence.programme.questions if one.id == "retention_compared")
    said = (("cause", "promoted"), ("competing", "staff.left"), ("covariates", ("staff.sex",)))
    changed = {"estimator": estimator, "outcomes": ("promoted",), "arguments": said}
    made = Question.model_validate({**question.model_dump(), **changed})
    (found,) = of_service.service(evidence, made)
    assert isinstance(found.result, Estimates), found.why_not
    return found.result


def test_a_promotion_before_the_start_does_not_take_the_comparison_away() -> None:
    staff = promotions(staff_of(60), 200)
    whole = compared(staff)
    one = staff.index[mentees(staff) & staff["promoted"].isna() & staff["left"].isna()][0]
    staff.loc[one, "promoted"] = pd.Timestamp("2022-06-15")
    found = compared(staff)
    assert found.method.n_used == whole.method.n_used - 1
    reason = "not in service, or promoted already, when the comparison begins"
    assert found.method.n_dropped[reason] == whole.method.n_dropped.get(reason, 0) + 1
    assert any("promoted already" in said and "left out" in said for said in found.method.assumptions)
    assert found.method.n_given == found.method.n_used + sum(found.method.n_dropped.values())


def test_what_all_have_alike_is_no_reason_for_no_answer() -> None:
    staff = promotions(staff_of(60), 200).assign(sex="female")
    assert list(compared(staff).frame["term"]) == ["mentored"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError(Problem("DAT-002", "exit", "before entry (row 2)", "", "")),
         "the records of service contradict themselves: exit before entry"),
        (DataError(Problem("DAT-002", "exit", "3 days of 2099", "", "")),
         "the records of service contradict themselves"),
        (EstimationError(Problem("EST-001", "x", "nobody", "", "")),
         "too few people are in the records, or too few of them left or were promoted, for this method"),
    ],
)  # fmt: skip
def test_a_reason_says_what_is_wrong_and_nothing_of_persons(error: Exception, said: str) -> None:
    assert _reason(error) == said


def criterion(**said: Any) -> Criterion:
    return Criterion(id="one", words="so", **said)


def test_conditions_are_read_in_the_words_of_the_groups() -> None:
    plan = load_programme("bme-executive-mentoring")
    ethnicity, band, fte = (plan.column(f"staff.{name}") for name in ("ethnicity", "band", "fte"))
    cells = pd.Series(["White: British", "Asian: Indian", None, "not stated"], dtype=object)
    is_bme = criterion(column="staff.ethnicity", test="is", value="BME")
    assert list(fitting(cells, ethnicity, is_bme)) == [False, True, False, False]
    bands = pd.Series(["Band 5", "Band 6", "VSM", None, "Medical: trainee"], dtype=object)
    at_least = criterion(column="staff.band", test="at_least", value="Band 6")
    assert list(fitting(bands, band, at_least)) == [False, True, True, False, False]
    at_most = criterion(column="staff.band", test="at_most", value="Band 6")
    assert list(fitting(bands, band, at_most)) == [True, True, False, False, False]
    one_of = criterion(column="staff.band", test="is_one_of", value=("Band 5", "VSM"))
    assert list(fitting(bands, band, one_of)) == [True, False, True, False, False]
    hours = criterion(column="staff.fte", test="at_least", value=0.8)
    assert list(fitting(pd.Series([0.6, 0.8, np.nan]), fte, hours)) == [False, True, False]
    assert band is not None
    assert ethnicity is not None
    assert ordered_labels(band)[-1] == "VSM"
    assert [known_label(ethnicity, one) for one in ("BME", "white", "BMEE")] == [True, True, False]


def test_a_comparison_holds_only_those_whom_it_names() -> None:
    made = small_evidence(60)
    given = made.programme.model_dump()
    where = {"id": "band", "words": "in band 7", "column": "staff.band", "test": "is", "value": "Band 7"}
    for one in given["comparisons"]:
        one["where"] = [where] if one["id"] == "other_returners" else []
    plan = Programme.model_validate(given)
    staff = staff_of(60)
    found = result_of(evidence_with(staff, plan, n=60), "retention_compared")
    everybody = result_of(evidence_with(staff, n=60), "retention_compared")
    assert found.method.n_used < everybody.method.n_used
    assert found.method.n_dropped["not in the programme, and not in band 7"] > 0
    told = "of those who are not in the programme, only these are compared with: in band 7"
    assert told in found.method.assumptions
    assert found.method.n_given == found.method.n_used + sum(found.method.n_dropped.values())


def test_the_comparison_of_the_bme_programme_is_of_whom_it_says() -> None:
    comparison = load_programme("bme-executive-mentoring").comparisons_by_id["similar_staff"]
    assert {(one.column, one.value) for one in comparison.where} == {
        ("staff.ethnicity", "BME"),
        ("staff.band", "Band 6"),
    }
    assert all(one.words in comparison.who for one in comparison.where)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("value: BME}", "value: BMEE}", "PRG-017"),
        ("test: at_least, value: Band 6}\n\n", "test: at_least, value: Band 60}\n\n", "PRG-017"),
        ("column: staff.ethnicity, test: is", "column: staff.ethnic, test: is", "PRG-008"),
        ("column: staff.ethnicity, test: is", "column: participants.ethnicity, test: is", "PRG-017"),
        ("column: staff.ethnicity, test: is", "column: staff.ethnicity, test: at_least", "PRG-017"),
        ("column: staff.ethnicity, test: is", "column: staff.ethnicity, tests: is", "PRG-003"),
    ],
)
def test_a_faulty_condition_of_a_comparison_is_refused(old: str, new: str, code: str) -> None:
    from evalkit.paths import resource

    path = resource("programmes") / "bme-executive-mentoring.yaml"
    text = path.read_text(encoding="utf-8")
    read_programme(path)
    changed = text.replace(old, new, 1) if old in text else text.replace(old.rstrip(), new.rstrip(), 1)
    assert changed != text
    with pytest.raises(ProgrammeError) as caught:
        programme_from_text(changed, path.name)
    assert code in {one.code for one in caught.value.problems}


def test_the_words_of_a_comparison_follow_from_the_estimator() -> None:
    plan = load_programme("bme-executive-mentoring")
    said = {name: compared_with(plan, plan.questions_by_id[name]) for name in
            ("promotion_compared", "retention_compared", "retention")}  # fmt: skip
    assert "weighted to be like the participants in band" in said["retention_compared"]
    assert "to be like" not in said["promotion_compared"]
    assert "A model sets band, staff group, sex and age alike" in said["promotion_compared"]
    assert said["retention"] == plan.comparisons_by_id["none"].who
    for one in plan.comparisons:
        assert "weighted" not in one.who


def notes(evidence: Evidence, question: str, *, quiet: bool = False) -> list[str]:
    found = answer_of(evidence, question)
    profile = load_profile("staff-survey")
    part = shown(found, profile, profile, evidence.programme)
    assert part is not None
    part = quieted(part, evidence.programme) if quiet else part
    return [one.text for one in in_records_notes(evidence, evidence.programme.questions_by_id[question], [part])]


def test_the_report_says_how_many_of_those_who_started_are_in_the_records() -> None:
    staff = staff_of()
    whole = evidence_with(staff)
    assert notes(whole, "retention") == ["All 24 who started are in the staff records."]
    assert notes(whole, "retention", quiet=True) == ["Everybody who started is in the staff records."]
    assert notes(whole, "retention_compared") == ["Everybody who started is in the staff records."]
    less = evidence_with(staff.drop(staff.index[mentees(staff)][:2]))
    (told,) = notes(less, "retention")
    assert told.startswith("Not everybody who started is in the staff records")
    assert not any(letter.isdigit() for letter in told)
    outcome = less.programme.outcomes_by_id["stayed"]
    assert in_records(less, outcome) == (N - 2, N)


def test_many_who_are_missing_are_told_in_numbers() -> None:
    staff = staff_of(150)
    less = evidence_with(staff.drop(staff.index[mentees(staff)][:12]), n=150)
    assert notes(less, "retention")[0] == "138 of 150 who started are in the staff records."
