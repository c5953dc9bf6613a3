"""Answers that were wrong once: whom a question is about, the year that is counted, and what its words claim."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.equality.likelihood import relative_likelihood
from evalkit.numeric.proportions import wilson
from evalkit.programmes import load_programme
from evalkit.programmes.answering import answer_question
from evalkit.programmes.answering_change import ratio_rows
from evalkit.programmes.answering_groups import interval_alone
from evalkit.programmes.answering_service import _in_own_words, _records, _weighted_hazard_ratio
from evalkit.programmes.answers import ALIKE, HIGHER, LOWER
from evalkit.programmes.deciding import deciding_questions, is_tested
from evalkit.programmes.evidence import Evidence, latest_rows
from evalkit.programmes.folder_records import Records
from evalkit.programmes.folder_rules import _service
from evalkit.programmes.limitations import design_notes
from evalkit.programmes.model import Programme
from evalkit.programmes.simulated_records import Planted, simulate_records, still_there
from evalkit.result import Estimates

NINE = (
    "bme-executive-mentoring", "edi-improvement-plan", "leadership-development", "looking-after-you-too-coaching",
    "reciprocal-mentoring", "return-to-work-mentoring", "returners", "staff-development", "university-staff-mentoring",
)  # fmt: skip


def evidence_of(programme: Programme, **files: pd.DataFrame) -> Evidence:
    return Evidence(programme, {}, files, {})


def answered(evidence: Evidence, question: str) -> Estimates:
    (found,) = (
        one for one in answer_question(evidence, evidence.programme.questions_by_id[question]) if not one.subgroup
    )
    assert isinstance(found.result, Estimates), found.why_not
    return found.result


def people(**columns: Any) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"person": [f"P{i}" for i in range(n)], "group": ["programme"] * n, **columns})


@pytest.mark.parametrize("programme", NINE)
def test_access_is_asked_of_one_role(programme: str) -> None:
    plan = load_programme(programme)
    for question in plan.questions:
        if question.estimator == "relative_likelihood" and question.steps and len(plan.parties) > 1:
            assert len(question.roles) == 1, question.id


def test_mentors_who_applied_are_not_among_the_mentees_who_did() -> None:
    day = ["2024-01-01"] * 40
    frame = people(
        role=["mentee"] * 24 + ["mentor"] * 16, disability=["yes", "no"] * 20, applied=day,
        matched=["2024-02-01"] * 12 + [""] * 12 + ["2024-02-01"] * 16,
    )  # fmt: skip
    result = answered(evidence_of(load_programme("bme-executive-mentoring"), participants=frame), "access_disability")
    assert result.frame.loc[result.frame["term"] == "rate", "n"].sum() == 24


def test_women_alone_answer_a_question_about_women() -> None:
    n = 40
    frame = people(
        role=["returner"] * n,
        sex=["female"] * 20 + ["male"] * 20,
        ethnicity=["White: British", "Black: African"] * 20,
        started=["2024-01-01"] * n,
        in_post=(["2024-06-01", ""] * 10) + [""] * 20,
    )
    rates = answered(evidence_of(load_programme("returners"), participants=frame), "fair_return").frame
    rates = rates[rates["term"] == "rate"].set_index("group")
    assert rates["n"].drop("not stated", errors="ignore").to_dict() == {"BME": 10, "white": 10}
    assert rates.loc["white", "estimate"] == 1.0


def test_a_ratio_with_score_limits_has_no_p_of_another_test() -> None:
    data = pd.DataFrame({"group": ["a", "b"], "n": [30, 30], "had": [24, 15]})
    made = relative_likelihood(data, group="group", outcome="had", total="n", reference="b", comparison="a")
    ratio = made.frame["term"] == "relative_likelihood"
    assert made.frame.loc[ratio, "p_value"].notna().all()
    alone = interval_alone(made).frame
    assert alone["p_value"].isna().all()
    pd.testing.assert_frame_equal(
        alone[["estimate", "conf_low", "conf_high"]], made.frame[["estimate", "conf_low", "conf_high"]]
    )


def test_what_an_organisation_did_is_counted_and_has_no_interval() -> None:
    plan = load_programme("edi-improvement-plan")
    actions = pd.DataFrame({"action": list("abcd"), "done": ["yes", "yes", "yes", "no"]})
    board = pd.DataFrame({"person": list("abcd"), "objective": ["yes", "yes", "yes", "no"]})
    evidence = evidence_of(plan, actions=actions, board=board)
    found = {
        one.about: one.result.frame.iloc[0] for one in answer_question(evidence, plan.questions_by_id["objectives"])
    }
    assert found["actions_done",][["estimate", "n"]].tolist() == [0.75, 4]
    assert found["actions_done",][["conf_low", "conf_high"]].isna().all()
    assert found["objectives",][["conf_low", "conf_high"]].notna().all()


@pytest.mark.parametrize("column", ["year", "snapshot"])
def test_the_latest_year_alone_counts(column: str) -> None:
    frame = pd.DataFrame({column: [2023, 2024, 2025, 2025], "x": [1, 2, 3, 4]})
    assert latest_rows(frame)["x"].tolist() == [3, 4]
    assert latest_rows(frame.drop(columns=column))["x"].tolist() == [1, 2, 3, 4]


def test_the_same_staff_of_four_years_are_not_four_times_as_many() -> None:
    rows = [(year, group, 100.0, used) for year, used in ((2024, 10.0), (2025, 30.0)) for group in ("BME", "white")]
    support = pd.DataFrame(rows, columns=["year", "group", "offered", "used"])
    frame = answered(evidence_of(load_programme("edi-improvement-plan"), support=support), "support").frame
    assert frame["n"].tolist() == [100.0, 100.0]
    assert frame["estimate"].tolist() == [0.3, 0.3]


def test_appointment_is_that_of_the_latest_year() -> None:
    def of_year(year: int, chances: dict[str, float]) -> pd.DataFrame:
        parts = [
            pd.DataFrame({"ethnicity": [name] * 40, "appointed": ["yes"] * int(40 * p) + ["no"] * (40 - int(40 * p))})
            for name, p in chances.items()
        ]
        return pd.concat(parts).assign(year=year, shortlisted="yes", applied="yes")

    rows = pd.concat(
        [of_year(2024, {"White: British": 0.8, "Black: African": 0.2}),
         of_year(2025, {"White: British": 0.5, "Black: African": 0.5})], ignore_index=True,
    )  # fmt: skip
    rows["application"] = [f"A{i}" for i in range(len(rows))]
    frame = answered(
        evidence_of(load_programme("edi-improvement-plan"), recruitment=rows), "recruitment_ethnicity"
    ).frame
    assert frame.loc[frame["term"] == "relative_likelihood", "estimate"].tolist() == [1.0]


def staff_of_years() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(5)
    rows = [
        {"person": f"S{i}", "snapshot": f"{year}-03-31", "ethnicity": "White: British" if i % 3 else "Black: African",
         "sex": "female" if i % 2 else "male", "band": f"Band {2 + i % 3}", "staff_group": "Estates and Ancillary",
         "clinical": "clinical" if i % 4 else "non-clinical", "fte": 1.0, "started": "2015-01-01", "disability": "no"}
        for year in (2023, 2024, 2025) for i in range(120)
    ]  # fmt: skip
    leavers = pd.DataFrame(
        {"person": [f"S{i}" for i in rng.choice(120, 9, replace=False)], "left": "2024-09-01", "reason": ""}
    )
    staff = pd.DataFrame(rows)
    gone = set(leavers["person"])
    return {
        "staff_in_post": staff[~((staff["snapshot"] == "2025-03-31") & staff["person"].isin(gone))],
        "leavers": leavers,
    }


@pytest.mark.parametrize("question", ["turnover", "stability"])
def test_turnover_rests_on_the_staff_of_one_year(question: str) -> None:
    evidence = evidence_of(load_programme("edi-improvement-plan"), **staff_of_years())
    result = answered(evidence, question)
    assert 100 <= result.method.n_used <= 120
    assert result.method.n_given == result.method.n_used


def test_bands_of_several_strata_are_told_apart() -> None:
    evidence = evidence_of(load_programme("edi-improvement-plan"), **staff_of_years())
    found = answer_question(evidence, evidence.programme.questions_by_id["representation"])
    (split,) = (one for one in found if one.subgroup)
    assert isinstance(split.result, Estimates)
    frame = split.result.frame
    named = frame[frame["term"] == "parity"]
    assert not named.duplicated(["group", "band"])[named["band"].str.startswith("Band")].any()
    assert {"Band 2, clinical", "Band 2, non-clinical"} <= set(named["band"])


def test_service_begins_with_the_post() -> None:
    n = 20
    frame = pd.DataFrame(
        {"person": [f"P{i}" for i in range(n)], "entered": "2024-07-01", "programme_from": "2023-07-01",
         "left": ["2025-01-01"] * 5 + [""] * (n - 5), "observed_to": "2025-12-31"}
    )  # fmt: skip
    part = people(role=["returner"] * n, started=["2023-07-01"] * n)
    found = answered(evidence_of(load_programme("returners"), staff=frame, participants=part), "retention").frame
    # Six months after the post, eighteen after the programme began.
    assert found["estimate"].iloc[0] == pytest.approx(0.75)


def service_of(left: list[str], observed_to: list[str]) -> Evidence:
    """Returners who all began with their post, on the first day of 2022."""
    n = len(left)
    frame = pd.DataFrame(
        {"person": [f"P{i}" for i in range(n)], "entered": "2022-01-01", "programme_from": "2022-01-01",
         "left": left, "observed_to": observed_to, "promoted": ["2023-06-01"] * 3 + [""] * (n - 3)}
    )  # fmt: skip
    part = people(role=["returner"] * n, started=["2022-01-01"] * n)
    return evidence_of(load_programme("returners"), staff=frame, participants=part)


@pytest.mark.parametrize("short", [0, 1])
def test_all_who_stayed_have_an_interval_where_all_were_followed_for_so_long(short: int) -> None:
    n = 24
    evidence = service_of(["2023-09-01"] + [""] * (n - 1), ["2024-12-31"] * (n - short) + ["2022-06-30"] * short)
    result = answered(evidence, "retention")
    row = result.frame.iloc[0]
    assert (row["estimate"], row["n"]) == (1.0, n)
    put_in = any("Wilson" in one for one in result.method.assumptions)
    if short:  # one was seen for half a year only: no plain proportion
        assert np.isnan(row["conf_low"])
        assert not put_in
    else:
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((wilson(n, n).low, 1.0))
        assert put_in
    # Where somebody had left, the interval stays that of the curve.
    assert result.frame.iloc[1]["conf_high"] < 1


def test_nobody_who_left_first_has_an_interval_too() -> None:
    n = 24
    frame = answered(service_of([""] * (n - 1) + ["2023-09-01"], ["2024-12-31"] * n), "promotion").frame
    first = frame.set_index("term").loc["Left without it within 12 months"]
    assert (first["estimate"], first["conf_low"]) == (0.0, pytest.approx(0.0))
    assert first["conf_high"] == pytest.approx(wilson(0, n).high)


def test_a_yes_to_a_disability_is_called_by_what_it_means() -> None:
    files = staff_of_years()
    staff = files["staff_in_post"]
    names = staff["person"].str[1:].astype(int)
    staff = staff.assign(disability=np.where(names % 3 == 0, "yes", "no"))
    year = staff[staff["snapshot"] == "2025-03-31"].reset_index(drop=True)
    pay = pd.DataFrame({"person": year["person"], "snapshot": "2025-03-31", "full_pay": "yes"})
    pay["hourly"] = 15.0 + np.arange(len(year)) % 7
    evidence = evidence_of(load_programme("edi-improvement-plan"), **{**files, "staff_in_post": staff}, pay=pay)
    for question in ("representation_disability", "pay_gap_disability", "turnover"):
        for one in answer_question(evidence, evidence.programme.questions_by_id[question]):
            assert isinstance(one.result, Estimates), one.why_not
            groups = set(re.findall(r"\w+", " ".join(one.result.frame["group"].dropna().astype(str))))
            assert not groups & {"yes", "no"}, question
            if "disability" in question or one.subgroup == "disability":
                assert "disabled" in groups


def test_a_group_that_is_too_small_is_called_by_a_name() -> None:
    evidence = small_evidence(24)
    part = evidence.files["participants"].assign(disability="no")
    evidence = Evidence(
        evidence.programme, evidence.instruments, {**evidence.files, "participants": part}, evidence.answers
    )
    plan = load_programme("bme-executive-mentoring")
    (question,) = [one for one in plan.questions if one.estimator == "gap_in_change"]
    change = next(one for one in evidence.programme.questions if one.estimator == "mean_change")
    made = question.model_copy(update={"outcomes": change.outcomes[:1], "roles": change.roles,
                                       "arguments": (*question.arguments, *change.arguments)})  # fmt: skip
    for one in answer_question(evidence, made):
        assert "(colleagues without a disability and disabled colleagues)" in one.why_not


def test_only_returners_in_post_are_in_the_records_of_service_and_pay() -> None:
    programme = load_programme("returners")
    made = simulate_records(programme, 40, seed=1, zero=date(2022, 1, 10))
    part, staff, pay = (made.tables[name] for name in ("participants", "staff", "returners_pay"))
    in_post = dict(part.loc[part["in_post"] != "", ["person", "in_post"]].to_numpy())
    assert 10 < len(in_post) < 30
    own = staff[staff["programme_from"] != ""]
    assert {*own["person"]} == {*pay["person"]} == {*in_post}
    assert dict(own[["person", "entered"]].to_numpy()) == in_post
    assert all(one.left == "" or one.left > one.entered for one in own.itertuples())
    assert "left the post" not in set(part["withdrew_why"])
    # Nobody leaves a post that they do not have: only withdrawals thin out the sessions.
    planted = Planted()
    days = np.array([0.0, 400.0])
    assert still_there(programme, planted, days)[1] == pytest.approx(planted.completing)


@pytest.mark.parametrize(("programme", "says"), [("staff-development", False), ("reciprocal-mentoring", True)])
def test_methods_tell_of_mentoring_only_where_there_is_some(programme: str, *, says: bool) -> None:
    evidence = small_evidence(40)
    question = next(one for one in evidence.programme.questions if one.estimator == "weighted_hazard_ratio")
    outcome = evidence.programme.outcomes_by_id[question.outcomes[0]]
    result = _weighted_hazard_ratio(evidence, question, outcome, _records(evidence, "staff"))
    told = _in_own_words(evidence_of(load_programme(programme)), result)
    words = " ".join([told.method.name, told.method.estimand, *told.method.assumptions, *told.method.n_dropped]).lower()
    assert ("mentor" in words) is says
    assert ("in the programme" in words) is not says
    assert "who had begun within" in words
    assert "at risk from then on" not in words
    pd.testing.assert_frame_equal(told.frame, result.frame)


def returners_moved(before: list[str], after: list[str]) -> Evidence:
    from evalkit.instruments import load_instrument

    programme = load_programme("returners")
    names = [f"P{i}" for i in range(len(before))]
    answers = {
        ("coming_back", "before"): pd.DataFrame({"person": names, "grade_before": before, "pay_now": np.nan}),
        ("coming_back", "after"): pd.DataFrame({"person": names, "grade_now": after, "pay_now": 30_000.0}),
        ("coming_back", "follow_up"): pd.DataFrame(
            {"person": names, "pay_now": 30_000.0 * np.exp(np.linspace(0.0, 0.1, len(names)))}
        ),
    }
    part = people(role=["returner"] * len(before), started=["2024-01-01"] * len(before))
    library = {name: load_instrument(name) for name in programme.instrument_ids()}
    return Evidence(programme, library, {"participants": part}, answers)


def test_grades_are_told_as_lower_the_same_or_higher() -> None:
    moves = [("band_6", "band_5")] * 5 + [("band_6", "band_6")] * 2 + [("consultant", "consultant")] * 2
    moves += [("band_6", "band_8a")] * 3 + [("band_6", "consultant")] + [("not_sure", "not_sure")] + [("vsm", "band_9")]
    result = answered(returners_moved(*map(list, zip(*moves, strict=True))), "grade_at_return")
    rows = result.frame.set_index("group")
    assert rows["n_events"].to_dict() == {LOWER: 6, ALIKE: 4, HIGHER: 3}
    assert set(rows["n"]) == {13}
    assert result.method.n_dropped == {"grades that cannot be put in an order": 2}


def test_whether_the_penalty_shrinks_holds_the_end_against_a_year_later() -> None:
    result = answered(returners_moved(["band_5"] * 11, ["band_5"] * 11), "pay_penalty_later")
    row = result.frame.iloc[0]
    assert row["estimate"] == pytest.approx(np.exp(0.05))
    assert row["n"] == 11


def test_a_ratio_carries_the_test_that_belongs_to_its_interval() -> None:
    from scipy import stats

    logs = np.array([0.02, -0.1, -0.05, -0.2, 0.03, -0.08, -0.11, -0.02, -0.07, -0.09])
    pair = pd.DataFrame({"before": 100.0, "after": 100 * np.exp(logs)})
    row = ratio_rows(pair, "Pay", load_programme("returners").questions_by_id["pay_penalty"]).frame.iloc[0]
    right = stats.ttest_1samp(logs, 0)
    assert row["statistic"] == pytest.approx(right.statistic)
    assert row["p_value"] == pytest.approx(right.pvalue)
    assert (row["p_value"] < 0.05) == (row["conf_high"] < 1)


def test_a_comparison_decides_where_there_is_one_whatever_the_order() -> None:
    plan = load_programme("returners")
    turned = plan.model_copy(update={"questions": tuple(reversed(plan.questions))})
    for one in (plan, turned):
        assert deciding_questions(one, "skills")[0].id == "against_others"
    assert deciding_questions(load_programme("university-staff-mentoring"), "match")[0].estimator == "mean_change"
    assert not is_tested(plan, "in_post")
    assert is_tested(plan, "pay")


def test_limitations_count_the_tests_that_are_made() -> None:
    text = next(note.text for note in design_notes(load_programme("returners")) if note.rule == "several_outcomes")
    assert "4 outcomes were named" in text
    assert "one test judges each of 3 of them" in text
    assert "In post in health or care is judged by its interval, without a test that decides." in text


@pytest.mark.parametrize("programme", NINE)
def test_others_who_do_not_wait_are_not_called_a_waiting_list(programme: str) -> None:
    for one in load_programme(programme).comparisons:
        if one.kind == "waiting_list":
            assert any(word in one.who for word in ("wait", "no place", "later cohort", "not matched yet")), one.who
        if one.kind == "others":
            assert "wait" not in one.who


@pytest.mark.parametrize(("programme", "refused"), [("returners", False), ("reciprocal-mentoring", True)])
def test_only_people_from_outside_begin_the_programme_before_their_service(programme: str, *, refused: bool) -> None:
    staff = pd.DataFrame(
        {
            "person": ["P1"],
            "entered": pd.to_datetime(["2024-07-01"]),
            "programme_from": pd.to_datetime(["2024-01-01"]),
            "left": pd.to_datetime([None]),
            "observed_to": pd.to_datetime(["2025-01-01"]),
        }
    )
    records = Records({"staff": staff}, {"staff": "staff.csv"}, {"staff": [2]})
    found = [problem.found for problem in _service(records, load_programme(programme))]
    assert (found == ["programme_from before entered"]) is refused
    assert refused or not found
