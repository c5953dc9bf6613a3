"""Sentences by rule: what may be said at 6, 24 and 3,000 people, and what never."""

import re

import pytest
from small_programme import ID, small_evidence

from evalkit.disclosure import load_profile, release
from evalkit.programmes.answering import answer_programme
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import planned
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Comparison, ComparisonKind
from evalkit.programmes.wording import Told, design_sentence, tell
from evalkit.programmes.written_numbers import number, per_cent
from evalkit.result import Method, estimates

PROGRAMME = load_programme(ID)
# Words that would say that the programme did something.
CAUSAL = re.compile(
    r"\b(caus\w+|effect\w*|because of|thanks to|led to|due to|result(ed|s)? in|impact\w*|improved by the)\b"
)
GROWN = {6: 1.2, 24: 0.5, 3000: 0.05}


def said(
    question: str,
    *rows: dict[str, object],
    unit: str = "unit of the outcome",
    scale: str = "identity",
    term: str = "",
    profile: str = "staff-survey",
) -> Told:
    """Tell one row of an answer to a question of the programme."""
    one = PROGRAMME.questions_by_id[question]
    about = (one.outcomes or one.steps)[:1]
    title = term or (PROGRAMME.outcomes_by_id[about[0]].title if one.outcomes else "")
    result = estimates([{"term": title, **row} for row in rows], Method("t", "", unit, scale=scale))  # type: ignore[arg-type]
    answer = Answer(one, result, people=1, role="mentee", about=about, terms=((title, about[0]),))
    (told,) = tell(answer, release(result, load_profile(profile)), PROGRAMME)
    return told


def change(low: float, high: float, n: int = 24, question: str = "attachment", p: float = 0.01, **more: object) -> Told:
    return said(
        question, {"estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "p_value": p, "n": n, **more}
    )


def test_six_people_are_withheld_and_no_number_is_told() -> None:
    told = change(0.4, 2.0, n=6)
    assert told.verdict == "withheld"
    assert not re.search(r"\d", told.text + told.short)


@pytest.mark.parametrize("n", [24, 3000])
def test_an_interval_that_leaves_out_nothing_is_a_change_with_its_direction(n: int) -> None:
    told = change(0.1, 0.74, n=n)
    assert told.verdict == "better"
    assert told.text == (
        f"Attachment to the organisation rose by 0.42 points (95 % interval 0.10 to 0.74; p = 0.010; {n:,} "
        f"mentees): a change "
        "for the better."
    )


@pytest.mark.parametrize("n", [24, 3000])
def test_an_interval_that_holds_good_and_harm_claims_nothing_whatever_p_says(n: int) -> None:
    told = change(-0.2, 1.4, n=n, p=0.001)
    assert told.verdict == "open"
    assert "do not settle" in told.text
    assert "both a rise and a fall" in told.text
    assert "rose" not in told.text
    assert "better" not in told.text


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.5), (-0.5, 0.0)])
def test_an_interval_that_ends_at_nothing_claims_nothing(low: float, high: float) -> None:
    told = change(low, high)
    assert told.verdict == "open"
    assert "no change at all" in told.text


def test_a_fall_is_worse_where_higher_is_better() -> None:
    told = change(-0.9, -0.1)
    assert told.verdict == "worse"
    assert "fell by 0.50 points" in told.text
    assert "for the worse" in told.text


def test_a_fall_in_thoughts_of_leaving_is_better() -> None:
    told = change(
        -0.9, -0.1, question="intention", group="programme - comparison", quantity="difference in mean change"
    )
    assert told.verdict == "better"
    assert "lower" in told.text
    assert told.text.endswith("for the better.")


def test_the_interval_stands_before_p() -> None:
    for told in (change(0.1, 0.7), change(-0.1, 0.7)):
        assert told.text.index("interval") < told.text.index("p = ")


def test_a_number_without_an_interval_concludes_nothing() -> None:
    told = said("attachment", {"estimate": 0.8, "n": 24})
    assert told.verdict == "open"
    assert "nothing is concluded" in told.text


def test_a_gap_between_groups_is_nobodys_gain() -> None:
    row = {"group": "white over BME", "estimate": 1.5, "conf_low": 1.2, "conf_high": 1.9, "n": 200, "n_least": 60}
    told = said("access_ethnicity", row, unit="ratio", scale="log", term="relative_likelihood")
    assert told.verdict == "gap"
    assert "better" not in told.text
    assert "worse" not in told.text
    assert told.text.endswith("to the advantage of white colleagues.")
    turned = said(
        "access_ethnicity",
        {**row, "estimate": 0.6, "conf_low": 0.4, "conf_high": 0.8},
        unit="ratio",
        scale="log",
        term="relative_likelihood",
    )
    assert turned.text.endswith("to the advantage of BME colleagues.")


def test_a_ratio_whose_interval_holds_one_claims_nothing() -> None:
    row = {"group": "white over BME", "estimate": 1.5, "conf_low": 0.9, "conf_high": 2.4, "n": 200, "n_least": 60}
    told = said("access_ethnicity", row, unit="ratio", scale="log", term="relative_likelihood")
    assert told.verdict == "open"
    assert "advantage" not in told.text


def test_shares_are_told_in_per_cent_with_their_interval() -> None:
    told = said("capacity_kept", {"estimate": 0.62, "conf_low": 0.43, "conf_high": 0.79, "n": 24}, unit="proportion")
    assert told.text == "Mentors available for the next returner: 62 % (95 % interval 43 to 79; 24 mentees)."
    assert told.verdict == "described"


@pytest.mark.parametrize("kind", ["none", "before_after", "waiting_list", "others", "matched", "trend"])
def test_a_design_says_what_it_cannot_carry(kind: ComparisonKind) -> None:
    question = load_programme("staff-development").questions_by_id["against_others"]
    assert bool(design_sentence(question, Comparison(id="x", kind=kind, who="Others."))) == (kind != "none")


def carried(programme: str, question: str) -> str:
    found = load_programme(programme)
    asked = found.questions_by_id[question]
    return design_sentence(asked, found.comparisons_by_id[asked.comparison])


def test_a_comparison_is_told_by_who_the_others_are() -> None:
    staff = carried("staff-development", "against_others")
    assert staff.startswith(
        "Compared with: Staff of teams that begin check-ins later, who answer the same survey. The two groups may"
    )
    assert "wait for a place" not in staff
    assert "a later cohort, who answer the same form. Unless chance" in carried("leadership-development", "intention")


def test_the_same_people_are_compared_at_as_many_times_as_they_are_asked() -> None:
    assert "at two times" in carried("return-to-work-mentoring", "attachment")
    assert "at three times" in carried("return-to-work-mentoring", "transition")
    assert "two groups changed" in carried("leadership-development", "fair_outcome")


def test_what_goes_along_with_a_dose_is_no_gain_by_it() -> None:
    title = load_programme("leadership-development").outcomes_by_id["leading"].title
    row = {"term": title, "part": "slope", "estimate": 0.08, "conf_low": 0.01, "conf_high": 0.15, "n": 90}
    (told,) = told_of("leadership-development", "more_sessions", row, "points")
    assert told.text.endswith(" More of it went along with a more favourable change.")
    assert "for the better" not in told.text + told.short
    assert "people who received more with people who received less" in carried(
        "leadership-development", "more_sessions"
    )


def test_people_of_a_mixed_model_are_those_who_can_be_put_side_by_side() -> None:
    row = {**LIMITS, "term": "Sense of direction", "group": "after - before", "quantity": "change from baseline"}
    (told,) = told_of("looking-after-you-too-coaching", "change", row, "points", role="coachee")
    assert "24 people who answered both times)" in told.text
    assert "24 people who answered both times)" in told.short


@pytest.mark.parametrize("n", [6, 24, 3000])
def test_no_sentence_says_that_the_programme_did_it(n: int) -> None:
    rules = load_profile()
    evidence = small_evidence(n, gain=GROWN[n])
    told = [
        one
        for answer in answer_programme(evidence)
        if hasattr(answer.result, "method")
        for one in tell(answer, release(answer.result, rules), evidence.programme)
    ]
    assert told
    for one in told:
        assert not CAUSAL.search(one.text.lower()), one.text
        assert "nan" not in one.text.lower().split()
        assert "None" not in one.text
    if n == 6:
        assert {one.verdict for one in told} <= {"withheld", "described"}
        assert not [one for one in told if "p =" in one.text or "p <" in one.text]
    else:
        assert {"open", "described"} <= {one.verdict for one in told}


def test_numbers_are_written_with_a_true_minus_and_no_signed_zero() -> None:
    assert (number(-1.234), number(-0.001), number(0.5)) == ("\u22121.23", "0.00", "0.50")
    assert (per_cent(0.999), per_cent(0.001), per_cent(0.5)) == ("99.9 %", "0.1 %", "50 %")


def told_of(programme_id: str, question: str, row: dict[str, object], unit: str, **more: object) -> tuple[Told, ...]:
    programme = load_programme(programme_id)
    one = programme.questions_by_id[question]
    result = estimates([row], Method("t", "", unit))  # type: ignore[arg-type]
    title = str(row["term"])
    about = tuple(name for name in one.outcomes if programme.outcomes_by_id[name].title == title)
    answer = Answer(one, result, 24, about=about, terms=tuple((title, name) for name in about), **more)  # type: ignore[arg-type]
    return tell(answer, release(result, load_profile()), programme, dict.fromkeys(about, "1 to 5"))


LIMITS = {"estimate": 0.4, "conf_low": 0.1, "conf_high": 0.7, "n": 24}


def test_pairs_are_no_people() -> None:
    row = {**LIMITS, "term": "Usefulness of the meetings", "group": "pairs"}
    (told,) = told_of("reciprocal-mentoring", "useful_meetings", row, "points")
    assert "24 pairs" in told.text
    assert "people" not in told.text


def test_waves_of_a_subgroup_are_told_by_their_titles() -> None:
    row = {**LIMITS, "term": "Sense of direction", "group": "after - before, men", "quantity": "change from baseline"}
    (told,) = told_of("looking-after-you-too-coaching", "change", row, "points", subgroup="sex", role="coachee")
    assert "after - before" not in told.text
    assert told.text.startswith("Sense of direction, men (")


def test_leaving_is_told_of_a_hundred_staff() -> None:
    row = {
        "term": "leaver rate, headcount",
        "period": "2025",
        "estimate": 0.1034,
        "conf_low": 0.0904,
        "conf_high": 0.118,
        "n": 1999,
    }
    (told,) = told_of("edi-improvement-plan", "turnover", row, "leavers per head of mean headcount")
    assert "10.3 leavers per 100 staff a year (95 % interval 9.0 to 11.8" in told.text


def test_a_change_in_a_month_says_its_scale() -> None:
    row = {**LIMITS, "term": "Morale", "quantity": "mean change per unit of time"}
    (told,) = told_of("staff-development", "slope", row, "points of the outcome per unit of time")
    assert told.short.startswith("Morale (change in a month): +0.40 points on a scale from 1 to 5 (")


def test_two_parties_are_told_apart_where_their_numbers_are_withheld() -> None:
    row = {**LIMITS, "term": "Active listening", "n": 4}
    shorts = {
        told_of("reciprocal-mentoring", "each_change", row, "points", role=role)[0].short
        for role in ("partner", "senior_partner")
    }
    assert shorts == {
        "Active listening, partners: withheld, as a small number of people could be worked out from it",
        "Active listening, senior partners: withheld, as a small number of people could be worked out from it",
    }


def test_actions_of_an_organisation_are_no_people() -> None:
    programme = load_programme("edi-improvement-plan")
    (question,) = [one for one in programme.questions if "actions_done" in one.outcomes]
    row = {**LIMITS, "term": programme.outcomes_by_id["actions_done"].title}
    (told,) = told_of("edi-improvement-plan", question.id, row, "proportion")
    assert "24 actions" in told.text
    assert "24 actions" in told.short


def paid(question: str) -> Told:
    row = {"term": "Full-time pay", "estimate": 1.053, "conf_low": 1.003, "conf_high": 1.105, "n": 31}
    (told,) = told_of("returners", question, row, "ratio", role="returner")
    return told


def test_a_ratio_over_time_says_which_two_times() -> None:
    later = paid("pay_penalty_later")
    assert later.text.startswith(
        "Full-time pay, twelve months after the programme: 5.3 % above that at the end of the programme ("
    )
    assert "before the break" not in later.text + later.short
    assert paid("pay_penalty").short.startswith(
        "Full-time pay, at the end of the programme: 5.3 % above that before the break ("
    )


def test_an_amount_of_another_question_has_no_wave_for_a_name() -> None:
    programme = load_programme("returners")
    question = programme.questions_by_id["pay_penalty"]
    arguments = tuple((key, value) for key, value in question.arguments if key != "against")
    bare = type(question).model_validate({**question.model_dump(), "arguments": arguments})
    row = {"term": "Full-time pay", "estimate": 0.9, "conf_low": 0.8, "conf_high": 0.95, "n": 31}
    result = estimates([row], Method("t", "", "ratio"))  # type: ignore[arg-type]
    (told,) = tell(
        Answer(bare, result, 31, about=("pay",), terms=(("Full-time pay", "pay"),)),
        release(result, load_profile()),
        programme,
    )
    assert "10.0 % below the earlier amount (" in told.text


STANDARD = {"estimate": 0.87, "conf_low": 0.81, "conf_high": 0.94, "n": 807, "year": 2025, "latest": True}


def subject(programme: str, question: str, row: dict[str, object], unit: str = "ratio") -> str:
    (told,) = told_of(programme, question, {**STANDARD, **row}, unit)
    return told.text


def test_applicants_are_no_staff_and_a_share_is_held_against_what_the_question_says() -> None:
    row = {"term": "parity", "group": "BME", "band": "Diversity of the shortlist (2e)"}
    assert subject("edi-improvement-plan", "shortlists", row).startswith(
        "BME applicants among those shortlisted, against their share of those who applied: 0.87 times that share ("
    )
    row = {
        "term": "relative_likelihood",
        "group": "white over BME",
        "metric": "2a",
        "title": "t",
        "indicator": "relative_likelihood_appointment",
        "unit": "ratio",
    }
    told = subject("edi-improvement-plan", "progress", row, "by row")
    assert told.startswith("Appointment from the shortlist, white applicants against BME applicants (2a), 2025: ")


def test_those_shortlisted_are_applicants_in_the_metrics_too() -> None:
    row = {
        "term": "gap",
        "group": "BME",
        "band": "shortlisted",
        "metric": "2e",
        "title": "Shortlists",
        "unit": "proportion",
    }
    told = subject("edi-improvement-plan", "progress", {**row, "indicator": "shortlisted"}, "by row")
    assert "share of BME applicants among the shortlisted less their share of those who applied (2e), 2025" in told


@pytest.mark.parametrize(("indicator", "code"), [("disciplinary", "WRES 3"), ("cpd", "WRES 4")])
def test_each_indicator_of_a_metric_has_its_own_number(indicator: str, code: str) -> None:
    row = {
        "term": "relative_likelihood",
        "group": "BME over white",
        "metric": "WRES 3 and 4",
        "title": "t",
        "indicator": f"relative_likelihood_{indicator}",
        "unit": "ratio",
    }
    told = subject("edi-improvement-plan", "progress", row, "by row")
    assert f"BME staff against white staff ({code}), 2025: " in told


def test_pay_of_a_standard_has_its_year() -> None:
    row = {"term": "mean gap in hourly pay", "group": "men less women, over men", "metric": "3a", "title": "t"}
    told = subject("edi-improvement-plan", "progress", {**row, "indicator": "pay_sex", "unit": "proportion"}, "by row")
    assert told.startswith("Women\u2019s mean hourly pay, 2025: ")


def test_a_step_is_reached_and_a_mean_time_is_told_in_words() -> None:
    row = {"term": "relative_likelihood", "group": "white over BME", "estimate": 1.53, "n": 456, "n_least": 100}
    programme = load_programme("staff-development")
    question = programme.questions_by_id["access"]
    result = estimates([STANDARD | row], Method("t", "", "ratio"))
    answer = Answer(question, result, 456, about=question.steps)
    told = tell(answer, release(result, load_profile()), programme)[0].text
    assert told.startswith("Reaching \u201cStarted\u201d, white colleagues against BME colleagues: 1.5")
    row = {"term": "restricted mean up to 24 months", "group": "all", "estimate": 21.3, "conf_low": 20.1, "n": 24}
    mean = next(
        one for one in load_programme("university-staff-mentoring").questions if one.estimator == "restricted_mean"
    )
    told = subject("university-staff-mentoring", mean.id, {**row, "conf_high": 22.5}, "months")
    assert told.startswith("Mean time in service within the first 24 months: 21.3 months (")


_PEOPLE = "a small number of people, here or in another table, could be worked out from them"


@pytest.mark.parametrize(
    ("unit", "question", "n", "why", "short"),
    [
        ("proportion", "capacity_kept", 5, _PEOPLE, "a small number of people could be worked out from it"),
        ("unit of the outcome", "attachment", 5, _PEOPLE, "a small number of people could be worked out from it"),
        # Large itself, and withheld as few are in the other of the two.
        ("unit of the outcome", "attachment", 95, _PEOPLE, "a small number of people could be worked out from it"),
        ("number", "capacity_places", 5, "a small number could be worked out from them", "worked out from it"),
    ],
)
def test_why_a_number_is_withheld_does_not_tell_what_is_small(
    unit: str, question: str, n: int, why: str, short: str
) -> None:
    told = said(question, {"estimate": 0.5, "n": n, "n_least": min(n, 5)}, unit=unit)
    assert told.text.endswith(f"withheld so that nobody can be recognised: {why}.")
    assert told.short.endswith(short)


@pytest.mark.parametrize(
    ("question", "row", "unit", "starts"),
    [
        (
            "pay_gap_disability",
            {"term": "mean gap in hourly pay", "group": "not disabled less disabled, over not disabled"},
            "proportion of the reference's pay",
            "Disabled staff\u2019s mean hourly pay: 40.0 % below that of staff without a disability (",
        ),
        (
            "turnover",
            {"term": "leaver rate, headcount", "group": "not disabled", "period": "2025"},
            "leavers per head",
            "Leaver rate, headcount, staff without a disability, 2025: ",
        ),
    ],
)
def test_disabled_staff_are_called_so(question: str, row: dict[str, object], unit: str, starts: str) -> None:
    (told,) = told_of("edi-improvement-plan", question, {**LIMITS, **row}, unit)
    assert told.short.startswith(starts)


def test_the_change_in_a_month_is_never_called_narrow() -> None:
    row = {"term": "Morale", "quantity": "mean change per unit of time"}
    numbers = {"estimate": 0.01, "conf_low": -0.02, "conf_high": 0.04, "n": 3000}
    (told,) = told_of("staff-development", "slope", {**row, **numbers}, "points of the outcome per unit of time")
    assert "do not settle" in told.text


def test_one_of_a_unit_is_in_the_singular() -> None:
    assert [planned(1, "courses"), planned(2, "days"), planned(1, "session")] == ["1 course", "2 days", "1 session"]
