"""What a board's page says by rule: what settles, what is not told and why, tests, and whose a number is."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import pytest
from small_programme import small_evidence

from evalkit.disclosure import load_profile
from evalkit.instruments import load_instrument
from evalkit.programmes.answers import TEST_RULE, Answer
from evalkit.programmes.deciding import is_tested
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.folder_plan import plan_text
from evalkit.programmes.folders import Settings
from evalkit.programmes.library import load_programme, read_programmes
from evalkit.programmes.limitations import judged_by
from evalkit.programmes.wording import FOLLOWS
from evalkit.report import programme_board
from evalkit.report.programme_blocks import Bullets, Text
from evalkit.report.programme_board import board_sections
from evalkit.report.programme_content import Material, material
from evalkit.report.programme_missing import hanging, losses
from evalkit.result import Method, estimates

RULES = load_profile("staff-survey")
NAN = float("nan")
OPEN: Mapping[str, object] = {"estimate": 0.1, "conf_low": -0.2, "conf_high": 0.4, "p_value": 0.5}
CLEAR: Mapping[str, object] = {"estimate": 0.5, "conf_low": 0.2, "conf_high": 0.8, "p_value": 0.002}
CHANGED = "change from baseline"


@lru_cache(maxsize=12)
def empty(name: str) -> Evidence:
    programme = load_programme(name)
    return Evidence(programme, {one: load_instrument(one) for one in programme.instrument_ids()}, {}, {})


def answer(
    programme: str, question: str, rows: Sequence[Mapping[str, object]], role: str = "", unit: str = "points"
) -> Answer:
    """Answer a question; `of` in a row names the outcome."""
    plan = load_programme(programme)
    one = plan.questions_by_id[question]
    ids = list(dict.fromkeys(str(row["of"]) for row in rows))
    titles = {name: plan.outcomes_by_id[name].title for name in ids}
    made = [
        {"n": 24, "term": titles[str(row["of"])], **{key: one for key, one in row.items() if key != "of"}}
        for row in rows
    ]
    terms = tuple((title, name) for name, title in titles.items())
    result = estimates(made, Method("m", "", unit))
    return Answer(one, result, people=24, role=role, about=tuple(ids), terms=terms)  # type: ignore[arg-type]


def page(programme: str, *answers: Answer) -> dict[str, list[str]]:
    """Title of a section of the board's page -> its sentences."""
    return said(material(empty(programme), answers, RULES))


def said(made: Material) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for section in board_sections(made, "A trust"):
        lines = found.setdefault(section.title, [])
        for block in section.blocks:
            lines += (
                [block.text] if isinstance(block, Text) else list(block.items) if isinstance(block, Bullets) else []
            )
    return found


COACHING = "looking-after-you-too-coaching"


def coached(later: Mapping[str, object]) -> str:
    rows = [
        {"of": name, "group": f"{wave} - before", "quantity": CHANGED, **numbers}
        for name in ("goals", "coping", "wellbeing")
        for wave, numbers in (("after", OPEN), ("follow_up", later))
    ]
    return " ".join(page(COACHING, answer(COACHING, "change", rows, "participant"))["What changed"])


def test_that_nothing_is_settled_is_said_of_the_numbers_on_the_page_and_what_is_elsewhere_is_named() -> None:
    settled = coached(CLEAR)
    assert "None of these numbers settles that there was a change" in settled
    assert "For none of the outcomes" not in settled
    asks = load_programme(COACHING).questions_by_id["change"].asks
    assert "Other numbers of these outcomes do leave out no change, at another time" in settled
    assert f"\u201c{asks}\u201d (Progress on own goals; Coping with pressure at work; Wellbeing" in settled
    assert "Other numbers of these outcomes" not in coached(OPEN)


def test_a_change_that_stands_only_in_the_table_of_all_numbers_is_named_too() -> None:
    def told(own: Mapping[str, object], others: Mapping[str, object]) -> str:
        rows = [
            {
                "of": "meant_to_leave",
                "group": "programme - comparison",
                "quantity": "difference in mean change",
                **OPEN,
            },
            {"of": "meant_to_leave", "group": "programme", "quantity": "mean change", **own},
            {"of": "meant_to_leave", "group": "comparison", "quantity": "mean change", **others},
        ]
        found = answer("university-staff-mentoring", "intention", rows, "mentee")
        return " ".join(page("university-staff-mentoring", found)["What changed"])

    assert "(Intention to leave the organisation)" in told(CLEAR, OPEN)
    # What changed in people who are not in the programme is no change of theirs.
    assert "Other numbers" not in told(OPEN, CLEAR)


def test_each_party_is_told_by_the_first_question_that_tells_of_it() -> None:
    name = "university-staff-mentoring"
    each = answer(name, "each_change", [{"of": "goals", **OPEN}], "mentee")
    both = answer(
        name,
        "both_change",
        [{"of": "goals", "group": group, "quantity": "mean change", **CLEAR} for group in ("mentees", "mentors")],
    )
    changed = page(name, each, both)["What changed"]
    mine = [one for one in changed if one.startswith("Work on goals")]
    assert [one.partition(":")[0] for one in mine] == ["Work on goals, mentees", "Work on goals, mentors"]
    assert "too uncertain" in mine[0]
    assert "for the better" in mine[1]
    assert not [one for one in changed if one.startswith("None of these numbers")]


def test_every_outcome_named_beforehand_is_on_the_page_with_its_reason() -> None:
    name = "bme-executive-mentoring"
    few = answer(name, "training_learning", [{"of": "mentee_skill", **CLEAR, "n": 6}], "mentee")
    plan = load_programme(name)
    late = Answer(plan.questions_by_id["promotion_compared"], None, "nobody was followed", about=("promoted",))
    changed = page(name, few, late)["What changed"]
    assert f"{plan.outcomes_by_id['mentee_skill'].title}: withheld, as {FOLLOWS}." in changed
    assert f"{plan.outcomes_by_id['promoted'].title}: not answered (nobody was followed)." in changed
    for one in plan.outcomes:
        assert not one.primary or any(one.title in line for line in changed), one.id


def test_every_outcome_keeps_a_number_where_there_are_more_than_a_page_holds() -> None:
    name = "reciprocal-mentoring"
    rows = [{"of": one, **CLEAR} for one in ("listening", "compassion", "across")]
    ours = [answer(name, "each_change", rows, role) for role in ("senior_partner", "partner")]
    theirs = [
        answer(name, "against_waiting", [{"quantity": "difference", **row} for row in rows], role)
        for role in ("senior_partner", "partner")
    ]
    changed = page(name, *ours, *theirs)["What changed"]
    assert len(changed) == 9
    for one in load_programme(name).outcomes:
        assert not one.primary or any(line.startswith(one.title) for line in changed), one.id


@pytest.mark.parametrize(("low", "every"), [(0.5, True), (NAN, False)])
def test_that_every_estimate_has_an_interval_is_said_only_where_it_has(low: float, *, every: bool) -> None:
    plan = load_programme(COACHING)
    part = Answer(
        plan.questions_by_id["dose"],
        estimates(
            [
                {"term": plan.dose[0].title, "estimate": 0.67, "conf_low": low, "conf_high": low + 0.3, "n": 24},
                {"term": "Another", "estimate": 0.7, "conf_low": 0.5, "conf_high": 0.8, "n": 24},
            ],
            Method("m", "", "proportion"),
        ),
        people=24,
        about=(plan.dose[0].id,),
        terms=((plan.dose[0].title, plan.dose[0].id),),
    )
    sure = " ".join(page(COACHING, part)["How sure we are"])
    assert ("Every estimate stands with its 95 % interval:" in sure) == every
    assert ("Estimates stand with their 95 % interval, where there is one that may be told:" in sure) != every
    # No number of people from step to step stands on this page.
    assert "are counts" not in sure


def test_that_no_test_is_made_of_few_is_said_where_none_was_made() -> None:
    rows = [{"of": "goals", **CLEAR, "n": 6}]
    sure = " ".join(page(COACHING, answer(COACHING, "change", rows, "participant"))["How sure we are"])
    assert f"{TEST_RULE} This report tells none." in sure
    # A row that is told, of which the smaller group has too few for a test.
    rows = [{"of": "goals", **OPEN, "p_value": NAN, "note": "no test on fewer than 10 people", "n": 24}]
    sure = " ".join(page(COACHING, answer(COACHING, "change", rows, "participant"))["How sure we are"])
    assert TEST_RULE in sure
    assert "are withheld (" not in sure
    sure = " ".join(
        page(COACHING, answer(COACHING, "change", [{"of": "goals", **OPEN}], "participant"))["How sure we are"]
    )
    assert TEST_RULE not in sure


def test_who_stayed_is_said_where_there_are_two_parties() -> None:
    def stayed(name: str) -> str:
        rows = [{"of": "stayed", "estimate": 0.8, "conf_low": 0.6, "conf_high": 0.9, "group": "all", "months": 12}]
        return " ".join(page(name, answer(name, "retention", rows, unit="proportion"))["What changed"])

    assert re.search(r"service[^:]*, mentees: 80 %", stayed("university-staff-mentoring"))
    assert re.search(r"service[^:]*, partners: 80 %", stayed("reciprocal-mentoring"))
    assert re.search(r"service[^:,]*: 80 %", stayed("leadership-development"))


def test_a_claim_that_hangs_on_those_who_did_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        programme_board, "hanging", lambda *_: (("goals", "Progress on own goals"), ("coping", "Coping"))
    )

    def told(numbers: Mapping[str, object]) -> str:
        rows = [{"of": "goals", "group": "after - before", "quantity": CHANGED, **numbers}]
        return " ".join(page(COACHING, answer(COACHING, "change", rows, "participant"))["How sure we are"])

    assert "hangs on what is taken for those who did not answer afterwards: Progress on own goals. " in told(CLEAR)
    assert "hangs on" not in told(OPEN)


@pytest.mark.parametrize("gain", [0.0, 0.25, 0.9])
def test_what_hangs_is_what_the_part_on_missing_data_says(gain: float) -> None:
    evidence = small_evidence(100, 3, gain)
    sentences = [block.text for block in losses(evidence, RULES) if isinstance(block, Text)]
    unsure = [one.partition(":")[0] for one in sentences if " hangs on " in one or "in none of these ways" in one]
    sure = [one.partition(":")[0] for one in sentences if "in all of these ways" in one]
    assert [name for _, name in hanging(evidence, RULES)] == unsure
    assert len(unsure) + len(sure) > 0
    assert gain < 0.9 or sure


STANDARD = "edi-improvement-plan"


def metric(indicator: str, number: str, numbers: Mapping[str, object], status: str = "no target") -> dict[str, object]:
    return {
        "term": "relative_likelihood",
        "group": "white over BME",
        "metric": number,
        "title": indicator,
        "indicator": indicator,
        "year": 2025,
        "latest": True,
        "unit": "ratio",
        "scale": "log",
        "status": status,
        "n": 400,
        "n_least": 100,
        **numbers,
    }


def standing(*rows: dict[str, object]) -> list[str]:
    plan = load_programme(STANDARD)
    result = estimates(list(rows), Method("m", "", "by row"))  # type: ignore[arg-type]
    found = Answer(plan.questions_by_id["progress"], result, people=400, about=("metrics",))
    harm = answer(STANDARD, "harm", [{"of": "harm_from_managers", "quantity": "difference", "group": "b - a", **OPEN}])
    return page(STANDARD, found, harm)["What changed"]


RATIO_OPEN: Mapping[str, object] = {"estimate": 1.2, "conf_low": 0.9, "conf_high": 1.6}
RATIO_CLEAR: Mapping[str, object] = {"estimate": 1.6, "conf_low": 1.2, "conf_high": 2.1}


def test_an_organisation_reads_what_was_named_beforehand_then_targets_then_what_is_settled() -> None:
    lines = standing(
        metric("relative_likelihood_cpd", "", RATIO_CLEAR),
        metric("relative_likelihood_disciplinary", "", RATIO_OPEN, "off track"),
        metric("relative_likelihood_appointment", "2a", RATIO_OPEN),
    )
    order = [
        next(at for at, line in enumerate(lines) if start in line.lower())
        for start in ("appointment", "harm from managers", "disciplinary", "training")
    ]
    assert order == sorted(order)
    # Of the two other outcomes named beforehand there is nothing: they are on the page, with a reason.
    lost = [line for line in lines if ", by the metrics of the plan" in line]
    assert "Hourly pay (3a)" in " ".join(lost)
    assert "Representation by band" in " ".join(lost)


def test_a_metric_with_a_target_that_is_withheld_is_named_and_not_how_it_stands() -> None:
    hidden = {**RATIO_OPEN, "n": 5, "n_least": 2}
    lines = standing(metric("relative_likelihood_disciplinary", "", hidden, "off track"), metric("x", "2b", RATIO_OPEN))
    (line,) = [one for one in lines if "withheld, though a target was set" in one]
    assert "disciplinary" in line.lower()
    assert "off track" not in " ".join(lines)


def test_a_full_page_keeps_what_is_settled_and_a_number_for_each_target() -> None:
    rows = [metric(f"metric {at}", "6b", {**RATIO_OPEN, "estimate": 1 + at / 50}) for at in range(12)]
    last = metric("relative_likelihood_cpd", "", RATIO_CLEAR)
    aimed = [metric("with a target", "", {**RATIO_OPEN, "estimate": 1 + at / 50}, "off track") for at in range(12)]
    other = metric("another target", "", {**RATIO_OPEN, "estimate": 1.3}, "on track")
    lines = standing(*rows, *aimed, other, last)
    assert any("training" in line.lower() for line in lines)
    assert any("another target" in line.lower() for line in lines)
    assert len([line for line in lines if "95 %" in line]) <= 8


@pytest.mark.parametrize("name", sorted(read.id for read in read_programmes()))
def test_plan_and_limits_say_the_same_of_tests(name: str) -> None:
    plan = load_programme(name)
    text = plan_text(plan, Settings("1", 1, name, "A trust", "limesurvey"), empty(name).instruments)
    assert TEST_RULE in text
    assert "disclosure profile allows" not in text
    for one in plan.outcomes:
        if one.primary:
            (line,) = re.findall(rf"^- {re.escape(one.title)}: (.*)$", text.replace("\\", ""), re.MULTILINE)
            assert line.startswith("decided by the test of: " if is_tested(plan, one.id) else "judged by its interval")
            assert line.partition(": ")[2]
    tested = [one for one in plan.outcomes if one.primary and is_tested(plan, one.id)]
    assert ("One test decides" in text) == bool(tested)
    assert ("(Holm)" in text) == (len(tested) > 1)
    # Numbers of these outcomes may have a p-value that decides nothing: that there is no test is never said.
    assert "no test is made" not in text + judged_by(plan, [], [])
