"""Numbers told without n: written with the digits that they carry, judged by the exact interval."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.numeric.proportions import wilson
from evalkit.programmes.answers import Answer
from evalkit.programmes.check_completeness import targets_can_be_read_off
from evalkit.programmes.findings import Plan
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Target
from evalkit.programmes.wording import Told, sentence, tell
from evalkit.programmes.written_numbers import number, per_cent
from evalkit.report import text
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_numbers import LEFT_OUT, OUTWARDS, Shown, forest, numbers_table, quieted, value
from evalkit.report.programme_targets import judged, targets_table
from evalkit.result import Method, estimates

PROGRAMME = load_programme("bme-executive-mentoring")
PLAN = load_programme("edi-improvement-plan")
RULES = load_profile()
(LIKELY, *_) = [one for one in PROGRAMME.questions if one.estimator == "relative_likelihood"]


def ratio(estimate: float, low: float, high: float, n: int = 320) -> Shown:
    rows = [
        {
            "term": "relative_likelihood",
            "group": "white over BME",
            "estimate": estimate,
            "conf_low": low,
            "conf_high": high,
            "p_value": 0.02345,
            "n": n,
            "unit": "ratio",
        }
    ]
    answer = Answer(LIKELY, estimates(rows, Method("m", "e", "by row")), about=LIKELY.steps)
    released = release(answer.result, RULES)  # type: ignore[arg-type]
    part = Shown(answer, released, headlines(answer, released, PROGRAMME))
    return quieted(part, PROGRAMME, np.array([True]))


def told(part: Shown) -> Told:
    (one,) = tell(part.answer, part.released, PROGRAMME)
    return one


def test_a_ratio_is_written_with_the_digits_that_it_carries() -> None:
    part = ratio(1.2712, 1.2031, 1.3449)
    assert "1.3 times as likely (95 % interval 1.2 to 1.4; p = 0.023)" in told(part).text
    assert "1.3 times as likely (95 % interval 1.2 to 1.4)" in told(part).short
    table = numbers_table([part], "t")
    assert table is not None
    assert {"1.3", "1.2 to 1.4", "0.023"} <= set(table.rows[0])
    assert {LEFT_OUT, OUTWARDS} <= set(table.notes)
    assert "rounded outwards" in OUTWARDS


def test_a_difference_is_judged_by_the_exact_interval_and_the_sentence_does_not_contradict_itself() -> None:
    one = told(ratio(1.2501, 1.0312, 1.5488))
    assert one.verdict == "gap"
    for said in (one.text, one.short):
        assert "95 % interval 1.0 to 1.6, rounded outwards, as the number of people is not told; unrounded, it" in said
        assert "leaves out no difference" in said
        assert "uncertain" not in said
        assert "settle" not in said
    assert told(ratio(0.81, 0.66, 0.9951)).verdict == "gap"
    held = told(ratio(1.2501, 0.9994, 1.5488))
    assert held.verdict == "open"
    assert "rounded outwards" not in held.text
    # A limit that is no difference itself settles nothing.
    assert told(ratio(1.25, 1.0, 1.6)).verdict == "open"


def test_a_narrow_interval_is_judged_as_it_is_told() -> None:
    assert "at most" in told(ratio(1.01, 0.962, 1.08)).text
    # From 0.9095 on an interval is narrow; that would tell more than 0.90 does.
    assert "at most" not in told(ratio(1.0, 0.9096, 1.08)).text


def test_a_figure_says_what_the_exact_intervals_leave_out() -> None:
    part = ratio(1.2501, 1.0312, 1.5488)
    two = replace(part, lines=(part.lines[0], replace(part.lines[0], label="other")))
    picture = forest([two], "t")
    assert picture is not None
    assert "All of the 2 intervals lie wholly on one side" in picture.alt


def share(events: int, n: int) -> Shown:
    found = wilson(events, n)
    (question,) = [one for one in PROGRAMME.questions if one.id == "dose"]
    limits = {"estimate": found.estimate, "conf_low": found.low, "conf_high": found.high}
    rows = [{"term": "Meetings", "group": None, **limits, "n": n}]
    answer = Answer(question, estimates(rows, Method("m", "e", "proportion")), about=("meetings",))
    released = release(answer.result, RULES)  # type: ignore[arg-type]
    part = Shown(answer, released, headlines(answer, released, PROGRAMME))
    return quieted(part, PROGRAMME, np.array([True]))


@pytest.mark.parametrize(
    ("events", "bound", "found"),
    [
        # The limit is 83.993 per cent.
        (1712, 84, ("86 %", "83 % to 88 %", "not settled")),
        (1714, 84, ("86 %", "84 % to 88 %", "reached")),
        (1711, 88, ("86 %", "83 % to 88 %", "missed")),
        # Part of a per cent: the limit, 84.097, is above it, and saying so would tell more than the 84 does.
        (1714, 84.05, ("86 %", "84 % to 88 %", "not settled")),
    ],
)
def test_a_target_is_not_reached_by_rounding(events: int, bound: float, found: tuple[str, str, str]) -> None:
    target = Target(id="t", title="t", question="dose", at_least=bound, unit="per cent")
    (line,) = share(events, 2000).lines
    assert np.isnan(line.people)
    assert judged(target, line) == found


def test_a_target_beside_an_interval_that_is_left_out_is_not_called_open() -> None:
    (line,) = share(35, 41).lines
    target = Target(id="t", title="t", question="dose", at_least=50, unit="per cent")
    assert judged(target, line) == ("85 %", "\u2013", "not told, as its interval is left out")


def test_a_share_has_as_many_decimals_as_its_target() -> None:
    found = wilson(16, 24)
    (line,) = share(1705, 2000).lines
    line = replace(line, estimate=found.estimate, low=found.low, high=found.high, people=24.0, digits=None, exact=None)
    target = Target(id="t", title="t", question="dose", at_least=66.7, unit="per cent")
    assert judged(target, line)[0] == "66.7 %"


def metric(name: str, estimate: float, low: float, high: float, **more: object) -> dict[str, object]:
    return {
        "term": "relative_likelihood", "group": "white over BME", "estimate": estimate, "conf_low": low,
        "conf_high": high, "n": 96, "unit": "ratio", "metric": "2a", "indicator": name, "title": name, "year": 2025,
        "latest": True, "status": "no target", "target": np.nan, "target_year": np.nan, **more,
    }  # fmt: skip


def metrics(*rows: dict[str, object]) -> Shown:
    (question,) = [one for one in PLAN.questions if one.estimator == "edi_plan"]
    answer = Answer(question, estimates(rows, Method("m", "e", "by row")), about=("metrics",))  # type: ignore[arg-type]
    released = release(answer.result, RULES)  # type: ignore[arg-type]
    return Shown(answer, released, headlines(answer, released, PLAN))


APPOINTED, DISCIPLINED = "relative_likelihood_appointment", "relative_likelihood_disciplinary"


def test_each_target_of_an_organisation_has_a_row_with_its_status() -> None:
    part = metrics(
        metric(APPOINTED, 1.41, 1.12, 1.78, status="off track", target=1.0, target_year=2028),
        metric(DISCIPLINED, 0.8, 0.4, 1.5, status="on track", target=1.0, target_year=2028, n=4),
        metric("relative_likelihood_cpd", 0.9, 0.8, 1.1),
    )
    table = targets_table(PLAN, [part.answer], {0: part}, RULES)
    assert table is not None
    (first, second) = [row for row in table.rows if "by 2028" in row[1]]
    assert first[1:] == ("1.00 times as likely by 2028", "1.41 times as likely", "1.12 to 1.78", "off track")
    assert second[2:] == ("withheld",) * 3
    assert not any("every metric" in row[0] for row in table.rows)
    assert not any("[" in row[0] for row in table.rows)
    assert any("straight line" in note for note in table.notes)


def test_without_any_target_of_its_own_the_organisation_is_told_so() -> None:
    part = metrics(metric(APPOINTED, 1.41, 1.12, 1.78), metric(DISCIPLINED, 0.8, 0.4, 1.5))
    table = targets_table(PLAN, [part.answer], {0: part}, RULES)
    assert table is not None
    assert [row[-1] for row in table.rows if "every metric" in row[0]] == ["no target set"]


def test_all_numbers_are_written_with_the_digits_that_they_carry() -> None:
    rows = [
        metric(APPOINTED, 1.2712, 1.2031, 1.3449, year=2024),
        metric(APPOINTED, 0.2204, 0.1512, 0.3049, unit="proportion", term="share", group="BME"),
        metric(DISCIPLINED, 0.5, 0.3, 0.8),
    ]
    (question,) = [one for one in PLAN.questions if one.estimator == "wres"]
    drop = ("status", "target", "target_year", "metric", "latest", "title")
    rows = [{name: value for name, value in row.items() if name not in drop} for row in rows]
    answer = Answer(question, estimates(rows, Method("m", "e", "by row")), about=())
    released = release(answer.result, RULES)  # type: ignore[arg-type]
    part = Shown(answer, released, headlines(answer, released, PLAN))
    table = full_table(quieted(part, PLAN, np.array([True, True, False])), "t", PLAN)
    assert table is not None
    at = table.columns.index("Estimate")
    assert [row[at : at + 2] for row in table.rows[:2]] == [("1.3", "1.2 to 1.4"), ("0.22", "0.15 to 0.31")]
    assert table.rows[2][at] == "0.500"
    assert OUTWARDS in table.notes


@pytest.mark.parametrize(("events", "of"), [(167, 200), (171, 200), (109, 200), (141, 200), (25, 200), (3, 24)])
def test_a_share_is_rounded_half_up_however_it_was_computed(events: int, of: int) -> None:
    half_up = (200 * events + of) // (2 * of)
    ways = (events / of, 1 - (of - events) / of, float(np.float32(events / of)) if events == 3 else events * (1 / of))
    assert {per_cent(way) for way in ways} == {f"{half_up} %"}
    assert {number(100 * way, 0) for way in ways} == {str(half_up)}


def test_posts_that_are_no_whole_number_are_written_alike() -> None:
    assert {text.count(220.5), number(220.5, 0), number(sum([22.05] * 10), 0)} == {"221"}


def test_a_staff_retention_target_names_its_time() -> None:
    (target,) = [one for one in load_programme("staff-development").targets if one.question == "retention"]
    assert target.at == 12


def test_a_target_at_a_time_is_told_by_the_number_of_that_time() -> None:
    programme = load_programme("staff-development")
    question = programme.questions_by_id["retention"]
    rows = [
        {"term": f"retention at {months} months", "estimate": value, "conf_low": value - 0.1, "conf_high": value + 0.1,
         "n": 60}
        for months, value in ((6, 0.85), (12, 0.75))
    ]  # fmt: skip
    answer = Answer(question, estimates(rows, Method("m", "e", "proportion")), about=question.outcomes)
    released = release(answer.result, RULES)  # type: ignore[arg-type]
    part = Shown(answer, released, headlines(answer, released, programme))
    table = targets_table(programme, [answer], {0: part}, RULES)
    assert table is not None
    (row,) = [row for row in table.rows if re.search("stay a year", row[0])]
    assert row[2:] == ("75 %", "65 % to 85 %", "no target set")


@pytest.mark.parametrize(("at", "faults"), [(12, []), (18, ["PRG-008"]), (None, [])])
def test_a_target_at_a_time_that_its_question_does_not_tell_is_a_fault(at: int | None, faults: list[str]) -> None:
    programme = load_programme("staff-development")
    targets = tuple(one.model_copy(update={"at": at}) for one in programme.targets if one.question == "retention")
    changed = programme.model_copy(update={"targets": targets})
    found = targets_can_be_read_off(Plan(changed, {}, frozenset()))
    assert [one.code for one in found] == faults


@pytest.mark.parametrize("estimate", [1.003, 0.998])
def test_the_sentence_and_the_table_write_a_ratio_alike(estimate: float) -> None:
    (line,) = ratio(estimate, 0.95, 1.05).lines
    whole = replace(line, estimate=estimate, low=0.9512, high=1.0533, people=3000.0, digits=None, exact=None)
    assert value(whole) == "1.00"
    assert "1.00 times as likely" in sentence(whole, "neither").text
