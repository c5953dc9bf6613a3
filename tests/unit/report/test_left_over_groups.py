"""Answers by group beside the whole: nobody who is withheld follows by subtraction from what is shown."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_programme import ID, small_evidence

from evalkit.disclosure import load_profile, release
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Question
from evalkit.report.programme_blocks import Table
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_identity import load_identity
from evalkit.report.programme_left_over import without_left_over
from evalkit.report.programme_making import Setting, programme_report, written_files
from evalkit.report.programme_missing import losses
from evalkit.report.programme_numbers import Shown, as_printed, numbers_table, quieted
from evalkit.report.programme_reach import answered
from evalkit.result import Method, estimates

RULES = load_profile()
PROGRAMME = load_programme(ID)
TERM = "Attachment to the organisation"


def question(estimator: str) -> Question:
    return next(one for one in PROGRAMME.questions if one.estimator == estimator)


def changed(asked: Question, **more: object) -> Question:
    made = copy(asked)
    made.__dict__.pop("said", None)
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


def part(asked: Question, rows: list[dict[str, object]], **more: object) -> Shown:
    result = estimates(
        [{"estimate": 0.4, "conf_low": 0.1, "conf_high": 0.7, **row} for row in rows], Method("m", "e", "points")
    )
    given = {"role": "mentee", "about": ("attachment",), "terms": ((TERM, "attachment"),), **more}
    answer = Answer(asked, result, **given)  # type: ignore[arg-type]
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, PROGRAMME))


def rates(**people: int) -> Shown:
    return part(
        question("relative_likelihood"),
        [
            *({"term": "rate", "group": name.replace("_", " "), "n": n} for name, n in people.items()),
            {"term": "relative_likelihood", "group": "white over BME", "n": people["white"] + people["BME"]},
        ],
        role="",
        about=("matched",),
    )


def gap(white: int, bme: int) -> Shown:
    rows = [
        {"term": TERM, "group": "white", "quantity": "mean change", "n": white},
        {"term": TERM, "group": "BME", "quantity": "mean change", "n": bme},
        {"term": TERM, "group": "BME - white", "quantity": "difference in mean change", "n": white + bme},
    ]
    return part(question("gap_in_change"), rows)


def whole(n: int) -> Shown:
    return part(question("mean_change"), [{"term": TERM, "n": n}])


def told(shown: Shown) -> list[str]:
    frame = shown.released.frame
    return [str(group) for group, n in zip(frame["group"], frame["n"], strict=True) if np.isfinite(n)]


def safe(*parts: Shown) -> tuple[dict[int, Shown], int]:
    return without_left_over(dict(enumerate(parts)), RULES, PROGRAMME)


def test_two_not_stated_beside_the_flow_withhold_every_rate() -> None:
    found, more = safe(rates(BME=13, white=24, not_stated=2))
    assert more == 1
    assert told(found[0]) == []
    assert all(line.withheld for line in found[0].lines)
    assert found[0].released.frame["estimate"].isna().all()
    assert numbers_table([found[0]], "t") is None
    assert full_table(found[0], "t") is None


@pytest.mark.parametrize("people", [{"BME": 13, "white": 24}, {"BME": 13, "white": 24, "not_stated": 11}])
def test_nobody_or_enough_left_over_changes_nothing(people: dict[str, int]) -> None:
    found, more = safe(rates(**people))
    assert more == 0
    assert len(told(found[0])) == len(people) + 1


def test_of_three_groups_the_smallest_goes_too_and_what_is_held_against_it() -> None:
    found, _ = safe(rates(BME=13, white=24, other=30, not_stated=2))
    assert told(found[0]) == ["white", "other"]


@pytest.mark.parametrize(("n", "shown"), [(30, 3), (31, 0), (40, 0), (41, 3)])
def test_change_by_group_beside_the_change_of_all(n: int, shown: int) -> None:
    found, _ = safe(gap(15, 15), whole(n))
    assert len(told(found[0])) == shown
    assert told(found[1]) == ["None"]


def test_a_gap_on_many_people_is_told_without_n_though_a_few_did_not_state_their_group() -> None:
    found, more = safe(gap(147, 48), whole(200))
    frame = found[0].released.frame
    assert more == 1
    assert told(found[0]) == []
    assert frame["estimate"].notna().tolist() == [False, False, True]
    # Where a group is small itself, nothing is held against it.
    found, _ = safe(gap(190, 5), whole(200))
    assert found[0].released.frame["estimate"].isna().all()


def test_one_group_shown_and_the_other_withheld() -> None:
    found, _ = safe(gap(13, 5), whole(19))
    assert told(found[0]) == []


def test_a_dash_within_the_name_of_a_group_is_no_comparison() -> None:
    rows = [
        {"term": TERM, "group": name, "quantity": "mean change", "n": n}
        for name, n in (("White - British", 24), ("White - Irish", 13), ("not stated", 2))
    ]
    found, more = safe(part(question("gap_in_change"), rows), whole(39))
    assert more == 1
    assert told(found[0]) != [name["group"] for name in rows if name["n"] != 2]


def test_one_person_whose_sex_is_not_stated() -> None:
    asked = question("wave_change")
    rows = [{"term": f"{TERM}, after - before", "group": name, "n": n} for name, n in (("men", 19), ("women", 31))]
    changes = part(asked, [{"term": TERM, "group": "after - before", "n": 51}])
    other_time = part(asked, [{"term": TERM, "group": "follow_up - before", "n": 51}])
    split = part(asked, rows, subgroup="sex")
    assert told(safe(split, changes)[0][0]) == []
    assert told(safe(split, other_time)[0][0]) == ["men", "women"]


def test_two_characteristics_on_the_same_people() -> None:
    asked = question("wave_change")

    def split(by: str, **people: int) -> Shown:
        return part(
            asked,
            [{"term": f"{TERM}, after - before", "group": name, "n": n} for name, n in people.items()],
            subgroup=by,
        )

    found, _ = safe(split("sex", men=20, women=31), split("leave_kind", caring=25, own=22))
    assert told(found[0]) == ["men", "women"]
    assert told(found[1]) == []


def mix(**people: int) -> Shown:
    n = sum(people.values())
    by = (("by", "participants.sex"),)
    asked = changed(question("share"), steps=("started",), outcomes=(), dose=(), arguments=by)
    rows = [{"term": "Started", "group": name, "n": n, "n_events": k, "estimate": k / n} for name, k in people.items()]
    return part(asked, rows, role="", about=("started",))


def test_the_share_of_a_small_group_is_its_number() -> None:
    assert told(safe(mix(men=8, women=16))[0][0]) == []
    assert told(safe(mix(men=12, women=16))[0][0]) == ["men", "women"]


def test_a_share_of_a_step_that_the_flow_withholds_is_withheld() -> None:
    frame = pd.DataFrame({"step": ["Started", "Completed"], "of": ["", "Started"], "reason": "", "n": [40.0, np.nan]})
    flow = part(question("mean_change"), [{"term": TERM, "n": 30}])
    flow = replace(flow, answer=replace(flow.answer, result=frame), released=replace(flow.released, frame=frame))
    asked = changed(question("share"), steps=("completed",), outcomes=(), dose=(), arguments=())
    share = part(asked, [{"term": "Completed", "n": 40, "n_events": 35}], about=("completed",))
    assert told(safe(flow, share)[0][1]) == []
    other = part(changed(asked, steps=("started",)), [{"term": "Started", "n": 40}], about=("started",))
    assert told(safe(flow, other)[0][1]) == ["None"]


def grades(before: list[int], after: list[int]) -> Shown:
    n = sum(before)
    rows = [
        {"term": "Grade", "group": f"Band {at}", "n": n, "share_before": one / n, "share_after": two / n}
        for at, (one, two) in enumerate(zip(before, after, strict=True))
    ]
    asked = changed(question("mean_change"), estimator="category_change")
    result = estimates([{"estimate": 0.1, **row} for row in rows], Method("m", "e", "proportion"))
    released = release(result, RULES)
    return Shown(Answer(asked, result), released, ())


def test_grades_of_single_people_are_withheld_and_one_more_where_they_would_follow() -> None:
    found, more = safe(grades([1, 5, 40, 20], [3, 3, 40, 20]))
    assert more == 1
    # Six people in the first two: with the next smallest they are enough.
    assert told(found[0]) == ["Band 2"]
    assert found[0].released.frame["share_before"].notna().sum() == 1
    assert told(safe(grades([20, 40, 20], [20, 40, 20]))[0][0]) == ["Band 0", "Band 1", "Band 2"]


def test_rules_that_round_are_left_to_rounding() -> None:
    shown = gap(15, 15)
    found, more = without_left_over({0: shown, 1: whole(31)}, load_profile("nhs-hospital"), PROGRAMME)
    assert (found[0], more) == (shown, 0)


def test_of_a_quiet_answer_n_cannot_be_worked_out() -> None:
    shown = part(
        question("mean_change"), [{"term": TERM, "n": 13, "estimate": 0.3807692307692307, "p_value": 0.07043033}]
    )
    quiet = quieted(shown, PROGRAMME)
    assert quiet.lines[0].estimate == 0.381
    assert float(quiet.released.frame["estimate"].iloc[0]) == 0.381
    assert float(quiet.released.frame["p_value"].iloc[0]) == 0.0704
    # Means of many other numbers of people print alike.
    fits = {n for n in range(11, 40) for k in range(20 * n) if as_printed(k / (20 * n)) == 0.381}
    assert len(fits) > 10


def test_files_hold_no_more_digits_than_the_page(files: dict[str, bytes]) -> None:
    digits = [
        cell
        for name, content in files.items()
        if name.endswith(".csv")
        for line in content.decode("utf-8-sig").splitlines()[1:]
        for cell in line.split(",")
        if cell.replace(".", "", 1).replace("-", "", 1).isdigit() and len(cell.partition(".")[2]) > 5
    ]
    assert [one for one in digits if abs(float(one)) > 0.001] == []


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return written_files(programme_report(small_evidence(24), Setting("Trust X")), load_identity(), word=False)


@pytest.mark.parametrize("profile", ["opensafely", "opensafely-midpoint6", "nhs-hospital", "hesa", "acro", "public"])
def test_who_answered_and_who_was_lost_under_every_profile(profile: str) -> None:
    rules, evidence = load_profile(profile), small_evidence(120)
    asked = answered(evidence, rules)
    assert asked is not None
    assert asked.data is not None
    if rules.rounding == "nearest":
        told_counts = asked.data[["asked", "answered"]].to_numpy(dtype=float)
        assert np.isfinite(told_counts).any()
        assert (told_counts[np.isfinite(told_counts)] % rules.base == 0).all()
    # The parts of what is known of those lost are found again, whatever the profile keeps.
    assert any(isinstance(block, Table) for block in losses(evidence, rules))
