"""Scores of all respondents at once are those of the rules for one."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DataError, InstrumentError
from evalkit.instruments import Instrument, diff, form_at, instrument_from_text, load_instrument, read_library
from evalkit.instruments.model import Scale
from evalkit.instruments.responses.read import read_responses
from evalkit.instruments.rules import example_numbers, score_answers
from evalkit.measurement import item_statistics, reliability
from evalkit.scoring import pool_scores, require_comparable_scores, score

LIBRARY = read_library()


def missing_values(instrument: Instrument) -> dict[str, frozenset[int | str]]:
    return {
        item.id: frozenset(option.value for option in instrument.options_of(item) if option.missing)
        for item in instrument.items
    }


@pytest.mark.parametrize("instrument", LIBRARY, ids=lambda one: one.id)
def test_every_worked_example_comes_out(instrument: Instrument) -> None:
    for scale in instrument.scales:
        for example in scale.examples:
            numbers = example_numbers(example, scale, missing_values(instrument))
            frame = pd.DataFrame(
                {item: [number] for item, number in zip(scale.items, numbers, strict=True)}, dtype=float
            )
            found = score(frame, instrument)[scale.id].iloc[0]
            if example.score == "missing":
                assert math.isnan(found), (scale.id, example)
            else:
                assert found == pytest.approx(example.score, abs=0.005), (scale.id, example)


@given(data=st.data())
def test_it_agrees_with_the_rule_for_one_respondent(data: st.DataObject) -> None:
    instrument = data.draw(st.sampled_from([one for one in LIBRARY if one.scales]))
    scale: Scale = data.draw(st.sampled_from(instrument.scales))
    low, high = (int(limit) for limit in scale.range)
    answer = st.none() | st.integers(low, high)
    rows = data.draw(st.lists(st.tuples(*[answer] * len(scale.items)), min_size=1, max_size=5))
    frame = pd.DataFrame(rows, columns=list(scale.items), dtype=float)
    expected = [score_answers(row, scale) for row in rows]
    found = score(frame, instrument)[scale.id].to_numpy()
    np.testing.assert_allclose(found, [math.nan if value is None else value for value in expected], rtol=1e-12)


def attachment(**changes: list[object]) -> pd.DataFrame:
    answers: dict[str, list[object]] = {
        "att_belong": [5, 1],
        "att_recommend": [5, 1],
        "att_care": [5, 1],
        "att_future": [5, 1],
        "att_leaving": [1, 5],
    }
    return pd.DataFrame({**answers, **changes})


def test_texts_and_missing_values_are_not_answered() -> None:
    frame = attachment(att_care=["pnts", None], att_future=["na", 1])
    assert score(frame, "return-to-work-transition")["attachment_scale"].tolist() == [5, 1]
    few = attachment(att_care=["pnts"] * 2, att_future=["na"] * 2, att_belong=[None, "na"])
    assert score(few, "return-to-work-transition")["attachment_scale"].isna().all()


def test_the_index_and_other_columns_are_left_alone() -> None:
    frame = attachment().assign(person=["a", "b"]).set_axis([7, 9])
    before = frame.copy()
    scores = score(frame, "return-to-work-transition")
    assert scores.index.tolist() == [7, 9]
    assert list(scores.columns) == ["attachment_scale"]
    pd.testing.assert_frame_equal(frame, before)


def test_retrospective_items_are_scored_under_their_own_name() -> None:
    names = ["men_listen", "men_question", "men_share", "men_difference", "men_boundary", "men_network"]
    frame = pd.DataFrame({f"{name}_then": [3.0] for name in names} | {name: [5.0] for name in names})
    scores = score(frame, "return-to-work-transition")
    assert scores["mentoring_scale"].tolist() == [100]
    assert scores["mentoring_scale_then"].tolist() == [50]


def test_all_problems_are_told_at_once() -> None:
    frame = attachment(att_care=[6, 1], att_leaving=[0, 99])
    with pytest.raises(DataError) as caught:
        score(frame, "return-to-work-transition")
    assert [problem.code for problem in caught.value.problems] == ["DAT-002", "DAT-002"]
    assert "rows 1, 2 of 2" in str(caught.value)
    assert "att_leaving" in str(caught.value)


def test_a_scale_with_only_some_of_its_items_is_refused() -> None:
    with pytest.raises(DataError, match="DAT-003 responses, scale attachment_scale: no column att_care"):
        score(attachment().drop(columns="att_care"), "return-to-work-transition")


def test_no_item_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="no item of any scale"):
        score(pd.DataFrame({"x": [1]}), "return-to-work-transition")


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(InstrumentError, match="return-to-work-transition"):
        score(attachment(), "return-to-work-transitions")


def test_no_respondent_gives_no_score() -> None:
    assert score(attachment().iloc[:0], "return-to-work-transition").shape == (0, 1)


def test_labels_in_place_of_codes_are_refused_and_not_taken_for_missing() -> None:
    frame = attachment(att_care=["Agree", 1], att_future=["pnts", "no idea"])
    with pytest.raises(DataError) as caught:
        score(frame, "return-to-work-transition")
    assert [problem.code for problem in caught.value.problems] == ["DAT-004", "DAT-004"]
    assert "row 1 of 2" in str(caught.value)
    assert "no idea" not in str(caught.value)


RETURN = load_instrument("return-to-work-transition")
ATTACHMENT = ("att_belong", "att_recommend", "att_care", "att_future", "att_leaving")


def attached(instrument: Instrument = RETURN, **changes: list[object]) -> pd.DataFrame:
    return score(attachment(**changes), instrument)


def both_times(instrument: Instrument) -> pd.DataFrame:
    frame = pd.DataFrame({f"{item}{end}": [3.0] for item in MENTORING for end in ("", "_then")})
    return score(frame, instrument)


MENTORING = ("men_listen", "men_question", "men_share", "men_difference", "men_boundary", "men_network")


def verdicts(*frames: pd.DataFrame, **more: Any) -> dict[str, str]:
    found = require_comparable_scores(*frames, **more)
    return dict(zip(found["scale"], found["verdict"], strict=True))


@pytest.mark.parametrize("instrument", [one for one in LIBRARY if one.scales], ids=lambda one: one.id)
def test_what_is_noted_is_small_plain_and_the_same_for_a_form(instrument: Instrument) -> None:
    for wave in instrument.waves:
        if wave.asked_with is not None:
            continue
        form = form_at(instrument, wave.id)
        names = {item: scale.range[0] for scale in form.scales for item in scale.items}
        if not names:
            continue
        answers = pd.DataFrame({name: [float(low)] for name, low in names.items()})
        scores = score(answers, instrument)
        noted = scores.attrs["scales"]
        assert list(noted) == list(scores.columns)
        assert json.loads(json.dumps(noted)) == noted
        assert len(json.dumps(noted)) < 9000
        assert score(answers, form).attrs == scores.attrs


def test_what_is_noted() -> None:
    noted = both_times(RETURN).attrs["scales"]["mentoring_scale_then"]
    assert (noted["instrument"], noted["version"]) == ("return-to-work-transition", RETURN.version)
    assert (noted["scale"], noted["about"], noted["language"]) == ("mentoring_scale", "then", "en-GB")
    assert (noted["rule"], noted["range"], noted["min_answered"]) == ("scaled_0_100", [0.0, 100.0], 4)
    assert list(noted["items"]) == list(MENTORING)
    assert noted["every"]["values"] == "1 2 3 4 5"
    reverse = {name for name, row in attached().attrs["scales"]["attachment_scale"]["items"].items() if row["reverse"]}
    assert reverse == {"att_leaving"}


def test_before_and_after_and_looking_back_can_be_compared() -> None:
    before, after = (form_at(RETURN, wave) for wave in ("before", "after"))
    names = [item for scale in before.scales for item in scale.items if item in after.by_id]
    answers = pd.DataFrame({name: [3.0] for name in names})
    one, other = score(answers, before), score(answers, after)
    assert one.shape[1] > 5
    assert set(verdicts(one, other).values()) == {"comparable"}
    for frame in (both_times(RETURN), both_times(after)):
        pair = ("mentoring_scale", "mentoring_scale_then")
        assert verdicts(frame, frame, scales=[pair]) == {"mentoring_scale": "comparable"}
        renamed = frame.rename(columns={"mentoring_scale_then": "earlier"})
        assert verdicts(frame, renamed, scales=[("mentoring_scale", "earlier")]) == {"mentoring_scale": "unknown"}
    assert verdicts(both_times(RETURN), both_times(after), scales=[pair]) == {"mentoring_scale": "comparable"}


SMALL = """\
instrument: small
version: "1.0"
title: A small survey
description: For tests.
audience: [mentee]
languages: [en-GB]
minutes: 3
licence: CC BY 4.0
source: Made up.
cite: None.
consent: Taking part is your choice.
privacy: Read by us only.
waves:
  before: Before
  then: {title: Looking back, asked_with: after, intro: Think back.}
  after: After
options:
  agree: {1: Disagree, 2: Neither, 3: Agree}
sections:
  start:
    title: Start
    items:
      weeks: {kind: number, text: How long?, min: 0, max: 10, waves: [before, then, after]}
  views:
    title: Views
    when: weeks > 2
    items:
      grid:
        kind: matrix
        text: Do you agree?
        options: agree
        waves: [before, then, after]
        rows:
          good: It is good.
          bad: It is bad.
          fine: {text: It is fine., when: good >= 2}
scales:
  liking:
    title: Liking
    measures: How much it is liked.
    items: [good, bad, fine]
    reverse: [bad]
    rule: mean
    min_answered: 2
    range: [1, 3]
    direction: higher_is_better
    examples:
      - {shows: all low, answers: [1, 3, 1], score: 1}
      - {shows: all high, answers: [3, 1, 3], score: 3}
      - {shows: reversed and missing, answers: [skipped, 3, 2], score: 1.5}
"""


def test_looking_back_on_a_page_with_conditions() -> None:
    gated = instrument_from_text(SMALL, "small.yaml")
    frame = pd.DataFrame({f"{name}{end}": [2.0] for name in ("good", "bad", "fine") for end in ("", "_then")})
    for instrument in (gated, form_at(gated, "after")):
        noted = score(frame, instrument).attrs["scales"]
        then = noted["liking_then"]
        assert {**then, "about": "", "looking_back": ""} == noted["liking"]
        assert then["looking_back"]
        assert then["about"] == "then"
    assert noted["liking"]["items"]["fine"]["shown"]


def test_another_version_raises_and_names_the_scale_and_the_rule() -> None:
    ours = RETURN.adapt(reword={"att_care": "Other.", "att_future": "Words."})
    with pytest.raises(InstrumentError) as caught:
        require_comparable_scores(attached(), attached(ours))
    (problem,) = caught.value.problems
    assert problem.code == "INS-033"
    assert "scale attachment_scale" in problem.place
    assert f"return-to-work-transition {ours.version}" in problem.place
    assert problem.found.startswith("only 3 of 5 items are in both and in the same words")


def test_with_care_says_why() -> None:
    ours = RETURN.adapt(reword={"att_care": "Other."})
    found = require_comparable_scores(attached(), attached(), attached(ours))
    assert found.to_dict("records") == [
        {
            "scale": "attachment_scale",
            "verdict": "comparable with care",
            "rule": "att_care was reworded",
            "between": f"return-to-work-transition {RETURN.version} and return-to-work-transition {ours.version}",
        }
    ]


def test_all_scales_that_cannot_be_compared_are_told_at_once() -> None:
    labels = {option.value: option.label for option in RETURN.option_sets["agree5"].options if not option.missing}
    mirrored = RETURN.adapt(options={"agree5": {6 - value: label for value, label in labels.items()}})
    scales = [scale for scale in form_at(RETURN, "after").scales if not scale.id.endswith("_then")]
    answers = pd.DataFrame({item: [3.0] for scale in scales for item in scale.items})
    with pytest.raises(InstrumentError) as caught:
        require_comparable_scores(score(answers, RETURN), score(answers, mirrored))
    assert len(caught.value.problems) > 3
    assert all("the same answers under other values" in problem.found for problem in caught.value.problems)


def test_what_is_not_known_is_unknown() -> None:
    scores = attached()
    bare = pd.DataFrame({"attachment_scale": [3.0, 4.0], "person": ["a", "b"]})
    assert verdicts(scores, bare) == {"attachment_scale": "unknown"}
    assert verdicts(bare, bare) == {"attachment_scale": "unknown"}
    assert verdicts(scores, scores, bare) == {"attachment_scale": "unknown"}
    assert "do not say" in require_comparable_scores(scores, bare)["rule"].iloc[0]
    assert "an unknown version" in require_comparable_scores(scores, bare)["between"].iloc[0]
    for spoilt in ({}, [], "x", {"items": {}}, {"items": {"a": 1}, "every": {}, "scale": "x"}):
        other = attached()
        other.attrs["scales"] = {"attachment_scale": spoilt}
        assert verdicts(scores, other) == {"attachment_scale": "unknown"}
    other.attrs["scales"] = "nonsense"
    assert verdicts(scores, other) == {"attachment_scale": "unknown"}


def test_an_unknown_version_does_not_hide_one_that_cannot_be_compared() -> None:
    bare = pd.DataFrame({"attachment_scale": [3.0]})
    with pytest.raises(InstrumentError, match="INS-033"):
        require_comparable_scores(bare, attached(), attached(RETURN.adapt(drop=["att_care", "att_future"])))


def attached_short() -> pd.DataFrame:
    ours = RETURN.adapt(drop=["att_care", "att_future"])
    return score(attachment().drop(columns=["att_care", "att_future"]), ours)


def test_only_the_scales_asked_for_are_compared() -> None:
    scores = attached().assign(age=[30, 40])
    assert verdicts(scores, scores) == {"attachment_scale": "comparable", "age": "unknown"}
    assert verdicts(scores, scores, scales=["age"]) == {"age": "unknown"}
    assert verdicts(scores, scores, scales=[]) == {}
    with pytest.raises(DataError, match=r"DAT-003 frame 2: no column ages"):
        require_comparable_scores(scores, scores, scales=[("age", "ages")])
    with pytest.raises(DataError, match=r"DAT-009 scales: 1 names"):
        require_comparable_scores(scores, scores, scales=[("age",)])
    with pytest.raises(DataError, match=r"DAT-009 frames: 1"):
        require_comparable_scores(scores)


def test_pooling_says_where_a_row_came_from() -> None:
    ours = RETURN.adapt(reword={"att_care": "Other."})
    north, south = attached().assign(person=["a", "b"]).set_axis([7, 9]), attached(ours)
    pooled = pool_scores({"north": north, "south": south})
    assert pooled.index.tolist() == [0, 1, 2, 3]
    assert list(pooled.columns) == ["source", "attachment_scale", "person"]
    assert pooled["source"].tolist() == ["north", "north", "south", "south"]
    assert pooled["attachment_scale"].tolist() == [5, 1, 5, 1]
    assert pooled["person"].isna().tolist() == [False, False, True, True]
    (row,) = pooled.attrs["comparability"]
    assert (row["verdict"], row["rule"]) == ("comparable with care", "att_care was reworded")
    assert json.loads(json.dumps(pooled.attrs)) == pooled.attrs
    assert list(north.columns) == ["attachment_scale", "person"]
    assert pool_scores([north, south])["source"].tolist() == ["1", "1", "2", "2"]
    assert pool_scores([north, south], names=["a", "b"])["source"].unique().tolist() == ["a", "b"]


def test_a_pool_remembers_all_its_versions() -> None:
    one, other, third = (
        attached(RETURN.adapt(reword={name: "Other."})) for name in ("att_care", "att_future", "att_belong")
    )
    with pytest.raises(InstrumentError, match="INS-033"):
        pool_scores([one, other])
    pooled = pool_scores([attached(), one])
    assert len(pooled.attrs["scales"]["attachment_scale"]) == 2
    with pytest.raises(InstrumentError, match="INS-033"):
        pool_scores([pooled.rename(columns={"source": "site"}), third])
    with pytest.raises(InstrumentError, match="INS-033"):
        require_comparable_scores(third, pooled.copy())
    again = pool_scores([pooled.rename(columns={"source": "site"}), attached()])
    assert again.attrs["scales"]["attachment_scale"] == pooled.attrs["scales"]["attachment_scale"]
    assert isinstance(pool_scores([one, one]).attrs["scales"]["attachment_scale"], dict)


def test_pooling_refuses() -> None:
    scores = attached()
    with pytest.raises(InstrumentError, match=r"INS-033.*only 3 of 5 items are in both"):
        pool_scores({"a": scores, "b": attached_short()})
    with pytest.raises(DataError, match=r"DAT-009 names: 1 names for 2 frames"):
        pool_scores([scores, scores], names=["a"])
    with pytest.raises(DataError, match=r"DAT-009 names: names twice"):
        pool_scores([scores, scores], names=["a", "a"])
    with pytest.raises(DataError, match=r"DAT-009 names: names twice, or in both places"):
        pool_scores({"a": scores, "b": scores}, names=["a", "b"])
    with pytest.raises(DataError, match=r"DAT-007 b: a column source"):
        pool_scores({"a": scores, "b": scores.assign(source=1)})
    with pytest.raises(DataError, match=r"DAT-009 frames: 0"):
        pool_scores([])


def test_frames_and_instruments_give_the_same_verdict() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"reword": {"att_care": "Other."}},
        {"reword": {"att_care": "Other.", "att_belong": "Words."}},
        {"reword": {"options.agree5.1": "Not at all"}},
    ]
    for change in changes:
        ours = RETURN.adapt(**change)
        (entry,) = [entry for entry in diff(RETURN, ours).scales if entry.scale == "attachment_scale"]
        if entry.verdict == "not comparable":
            with pytest.raises(InstrumentError, match=re.escape(entry.rule)):
                verdicts(attached(), attached(ours))
        else:
            assert verdicts(attached(), attached(ours)) == {"attachment_scale": entry.verdict}


REVERSED = {1: "Strongly agree", 2: "Agree", 3: "Neither agree nor disagree", 4: "Disagree", 5: "Strongly disagree"}
TURNED = RETURN.adapt(options={"agree5": REVERSED})


def test_a_renamed_score_is_listed_as_unknown() -> None:
    renamed = {"attachment_scale": "attachment"}
    frames = [score(attachment(), one).rename(columns=renamed) for one in (RETURN, TURNED)]
    (row,) = pool_scores(frames).attrs["comparability"]
    assert (row["scale"], row["verdict"]) == ("attachment", "unknown")
    with pytest.raises(InstrumentError, match="same answers under other values"):
        pool_scores([score(attachment(), one) for one in (RETURN, TURNED)])


def test_flags_and_texts_are_no_scores_and_neither_are_kept_numbers() -> None:
    answers = attachment().assign(code=["A", "B"], age=[30, 40], new=[True, False])
    frames = [score(answers, RETURN, keep=["code", "age", "new"]) for _ in range(2)]
    assert list(frames[0].columns) == ["code", "age", "new", "attachment_scale"]
    assert frames[0].attrs["kept"] == ["code", "age", "new"]
    assert verdicts(*frames) == {"attachment_scale": "comparable"}
    assert verdicts(frames[0], answers) == {"age": "unknown"}
    assert score(answers, RETURN, keep="code")["code"].tolist() == ["A", "B"]
    assert score(answers.set_axis([7, 9]), RETURN, keep="code").index.tolist() == [7, 9]


def test_what_cannot_be_kept_is_refused() -> None:
    answers = attachment().assign(attachment_scale=1)
    for keep, code in (("codes", "DAT-003"), ("attachment_scale", "DAT-007"), (["att_care", "att_care"], "DAT-010")):
        with pytest.raises(DataError, match=code):
            score(answers, RETURN, keep=keep)


def test_values_between_the_points_of_an_item_are_refused() -> None:
    with pytest.raises(DataError, match=r"DAT-002 responses, column att_leaving: 1 values between the points"):
        score(attachment(att_leaving=[2.5, 1]), RETURN)
    with pytest.raises(DataError, match=r"DAT-002 responses, column att_care: 2 values outside 1 to 5"):
        score(attachment(att_care=[math.inf, -math.inf]), RETURN)


def test_what_is_no_frame_of_scores_is_refused() -> None:
    twice = pd.concat([attachment(), attachment()[["att_care"]]], axis=1)
    with pytest.raises(DataError, match=r"DAT-010 responses, column att_care: there more than once"):
        score(twice, RETURN)
    for wrong in (None, [1], attachment()["att_care"]):
        with pytest.raises(DataError, match="DAT-009 responses"):
            score(wrong, RETURN)  # type: ignore[arg-type]
    scores = attached()
    double = pd.concat([scores, scores], axis=1)
    with pytest.raises(DataError, match=r"DAT-010 2, column attachment_scale"):
        pool_scores([scores, double])
    with pytest.raises(DataError, match=r"DAT-010 frame 1, column attachment_scale"):
        require_comparable_scores(double, scores)
    with pytest.raises(DataError, match=r"DAT-009 1: int"):
        pool_scores([1, 2])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"DAT-009 frame 1: Series"):
        require_comparable_scores(scores["attachment_scale"], scores)


def whole_answers(folder: Path, instrument: Instrument) -> pd.DataFrame:
    rows = [{"id": "r1", "belonging": {item: 5 for item in ATTACHMENT if item in instrument.by_id}}]
    file = folder / "answers.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return read_responses(file, instrument, wave="after")


def test_answers_know_with_what_they_were_read(tmp_path: Path) -> None:
    read = whole_answers(tmp_path, TURNED)
    assert read.attrs["instrument"]["version"] == TURNED.version
    belonging = read[list(ATTACHMENT)]
    assert score(belonging, TURNED)["attachment_scale"].notna().all()
    for one in (score, reliability, item_statistics):
        with pytest.raises(DataError, match=r"DAT-016 .*scale attachment_scale.*same answers under other values"):
            one(belonging, RETURN)
    with pytest.raises(DataError, match="DAT-016"):
        score(whole_answers(tmp_path, RETURN)[list(ATTACHMENT)], TURNED)
    belonging.attrs = {"instrument": {"basis": "nonsense"}}
    assert score(belonging, RETURN).shape == (1, 1)


def test_answers_read_with_a_comparable_version_are_scored(tmp_path: Path) -> None:
    ours = RETURN.adapt(reword={"att_care": "Other."}, drop=["att_leaving"])
    read = whole_answers(tmp_path, RETURN)[list(ATTACHMENT)]
    assert score(read.drop(columns="att_leaving"), ours)["attachment_scale"].notna().all()
    other = RETURN.adapt(reword={"att_care": "Other.", "att_belong": "Words."})
    with pytest.raises(DataError, match=r"DAT-016 .*only 3 of 5 items"):
        score(read, other)


def test_columns_say_of_which_version_answers_are() -> None:
    known = attachment().assign(instrument=RETURN.id, version=[1.0, None])
    assert len(score(known, RETURN)) == 2
    assert len(score(known, RETURN.adapt(reword={"title": "Other"}))) == 2
    with pytest.raises(DataError, match=r"DAT-016 responses, column version: answers to another version: 1 of 2 rows"):
        score(known, TURNED)
    with pytest.raises(DataError, match="DAT-016 responses, column version"):
        score(known.assign(version=TURNED.version), RETURN)
    with pytest.raises(DataError, match="DAT-016 responses, column instrument"):
        score(known.assign(instrument="other"), RETURN)
