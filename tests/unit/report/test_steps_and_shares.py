"""Steps of a flow beside those shown before them, and shares that add up to everybody."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_programme import ID, small_evidence

from evalkit.disclosure import load_profile, release, release_frame
from evalkit.programmes import answering_now
from evalkit.programmes.answering_change import wide
from evalkit.programmes.answering_now import participant_flow
from evalkit.programmes.answering_pairs import side_by_side
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Question
from evalkit.report.programme_content import _about_steps
from evalkit.report.programme_left_over import _told_by_step, without_left_over
from evalkit.report.programme_numbers import Shown
from evalkit.report.programme_reach import reach_by_group
from evalkit.result import Method, estimates

RULES = load_profile()
PROGRAMME = load_programme(ID)


def asked(estimator: str) -> Question:
    made = copy(PROGRAMME.questions[0])
    object.__setattr__(made, "estimator", estimator)
    return made


def flow(*people: float, least: tuple[float, ...] = ()) -> Shown:
    steps = [f"step {place}" for place in range(len(people))]
    of = ["", *steps][: len(people)]
    frame = pd.DataFrame({"step": steps, "of": of, "reason": "", "n": people, "n_least": least or people})
    answer = Answer(asked("participant_flow"), frame, role=PROGRAMME.parties[0].id)
    return Shown(answer, release_frame(frame, ["n"], RULES), ())


def safe(part: Shown) -> Shown:
    return without_left_over({0: part}, RULES, PROGRAMME)[0][0]


@pytest.mark.parametrize(
    ("people", "least", "shown"),
    [
        # Six lost withhold the second; the third is beside the first then, not beside the second.
        ((24, 18, 19), (24, 6, 19), [24]),
        ((40, 30, 28, 20), (40, 10, 28, 20), [40, 28]),
        ((40, 29, 18), (40, 11, 11), [40, 29, 18]),
        ((24, 24, 24), (24, 24, 24), [24, 24, 24]),
        # The second is withheld beside the first, and judges nobody.
        ((40, 35, 27), (40, 35, 27), [40, 27]),
        # More than before, where steps do not nest.
        ((40, 20, 25), (40, 20, 25), [40, 20]),
    ],
)
def test_a_step_is_judged_beside_every_step_shown(
    people: tuple[float, ...], least: tuple[float, ...], shown: list[float]
) -> None:
    frame = safe(flow(*people, least=least)).released.frame
    assert list(frame["n"].dropna()) == shown
    assert list(frame["flag"].eq("suppressed")) == list(frame["n"].isna())


def test_steps_that_do_not_nest_are_no_chain() -> None:
    evidence = small_evidence(24)
    before = evidence.people["completed"].copy()
    question = next(one for one in PROGRAMME.questions if one.estimator == "participant_flow")
    (whole, *_) = participant_flow(evidence, question)
    assert isinstance(whole.result, pd.DataFrame)
    assert list(whole.result["of"]) == ["", *whole.result["step"][:-1]]
    assert list(_about_steps(whole.result)) == []
    # Somebody completed who is not known to have started.
    started = evidence.people["started"]
    try:
        someone = evidence.people.index[before.notna() & started.notna()][0]
        kept = started.loc[someone]
        evidence.people.loc[someone, "started"] = pd.NaT
        (whole, *_) = participant_flow(evidence, question)
    finally:
        evidence.people.loc[someone, "started"] = kept
    assert isinstance(whole.result, pd.DataFrame)
    last = whole.result.iloc[-1]
    assert last["of"] == whole.result["step"].iloc[-3]
    assert last["n_least"] == min(last["n"], whole.result["n"].iloc[-3] - last["n"] or last["n"])
    (note,) = _about_steps(whole.result)
    assert "Completed (of Matched or given a place)" in note


@pytest.mark.parametrize("n", [24, 40])
def test_the_steps_before_the_start_give_way_where_few_did_not_start(n: int) -> None:
    evidence = small_evidence(n)
    people = evidence.people
    mentees = people.index[people["role"] == "mentee"]
    kept = people.loc[mentees[:2], ["started", "completed"]].copy()
    question = next(one for one in PROGRAMME.questions if one.estimator == "participant_flow")
    try:
        people.loc[mentees[:2], ["started", "completed"]] = pd.NaT
        answer = next(one for one in participant_flow(evidence, question) if one.role == "mentee")
        assert isinstance(answer.result, pd.DataFrame)
        told = safe(Shown(answer, release_frame(answer.result, ["n"], RULES), ())).released.frame
        by_role = reach_by_group(evidence, PROGRAMME.roles_by_id["mentee"], RULES)
    finally:
        people.loc[mentees[:2], ["started", "completed"]] = kept
    shown = told.set_index("step")["n"]
    # Means, doses and retention tell how many started: the number before would tell who did not.
    assert shown["Started"] == n - 2
    assert shown[["Invited", "Applied", "Matched or given a place"]].isna().all()
    assert not {n - 1, n} & {*shown.dropna()}
    for tables, _ in by_role.values():
        assert not any({str(n - 1), str(n)} & set(row) for table in tables for row in table.rows)


def test_a_change_is_of_people_who_started() -> None:
    evidence = small_evidence(24)
    outcome = next(one for one in PROGRAMME.outcomes if one.use == "transition" and "mentee" in one.roles)
    before = wide(evidence, [outcome], ("before", "after"), "mentee")
    gone = before.index[:3]
    kept = evidence.people.loc[gone, ["started", "completed"]].copy()
    try:
        evidence.people.loc[gone, ["started", "completed"]] = pd.NaT
        after = wide(evidence, [outcome], ("before", "after"), "mentee")
        pairs = side_by_side(evidence, [outcome], ("before", "after"), ("mentee",))
    finally:
        evidence.people.loc[gone, ["started", "completed"]] = kept
    # Else the n of a change is that of all who answered, beside those who were asked, who started.
    assert list(after.index) == list(before.index[3:])
    assert pairs.notna().all(axis=1).sum() <= len(after)
    # People of another role, such as those who wait, are not asked to have started.
    assert len(wide(evidence, [outcome], ("before", "after"), "mentor")) in {0, 24}


def test_shares_of_a_step_that_is_withheld_are_withheld() -> None:
    steps = frozenset({"applied", "participants.applied"})
    about = asked("relative_likelihood")
    object.__setattr__(about, "steps", ("matched",))
    for of, hidden in (("applied", True), ("invited", False)):
        object.__setattr__(about, "said", {"of": of})
        assert _told_by_step(Answer(about, None), PROGRAMME, steps) is hidden


def shares(estimator: str, counts: list[int]) -> Shown:
    n = sum(counts)
    rows = [
        {
            "term": "Grade",
            "group": f"g{at}",
            "n": n,
            "n_events": k,
            "estimate": k / n,
            "conf_low": 0.1,
            "conf_high": 0.6,
        }
        for at, k in enumerate(counts)
    ]
    result = estimates(rows, Method("m", "e", "proportion"))
    answer = Answer(asked(estimator), result)
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, PROGRAMME))


@pytest.mark.parametrize("estimator", ["ladder_change", "response_distribution"])
def test_of_shares_of_all_every_one_is_told_or_none(estimator: str) -> None:
    part = shares(estimator, [14, 7, 12])
    assert part.released.frame["estimate"].isna().sum() == 1
    frame = safe(part).released.frame
    assert frame[["estimate", "conf_low", "conf_high", "n"]].isna().all(axis=None)
    whole = shares(estimator, [14, 12, 12])
    assert safe(whole).released.frame["estimate"].notna().all()
    blank = replace(whole, released=replace(whole.released, frame=whole.released.frame.assign(n=np.nan)))
    assert safe(blank).released.frame["conf_low"].isna().all()


def test_shares_that_do_not_add_up_stay() -> None:
    part = shares("response_distribution", [14, 7, 12])
    several = part.answer.result.frame.assign(estimate=[0.5, 0.5, 0.4], n_events=[np.nan] * 3)  # type: ignore[union-attr]
    result = estimates(several.drop(columns="n_events").to_dict("records"), Method("m", "e", "proportion"))
    released = release(result, RULES)
    hidden = released.frame.assign(n=[np.nan, 33, 33])
    part = replace(part, answer=replace(part.answer, result=result), released=replace(released, frame=hidden), lines=())
    assert safe(part).released.frame["estimate"].notna().all()


def test_an_opinion_is_no_group_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    values = pd.Series([True] * 4 + [False] * 20, dtype=object)
    parts = {("Match", label): values if label == "good" else ~values.astype(bool) for label in ("good", "bad")}
    monkeypatch.setattr(answering_now, "_options", lambda *_: parts)
    question = copy(next(one for one in PROGRAMME.questions if one.estimator == "mean_at"))
    object.__setattr__(question, "estimator", "response_distribution")
    found = [one.result for one in answering_now.response_distribution(small_evidence(24), question)]
    assert found
    for result in found:
        assert result is not None
        # Shares of 24 people leave, however few of them say so: no answer is a group that somebody is known to be in.
        assert release(result, RULES).frame[["estimate", "n"]].notna().all(axis=None)
