"""Reading outcomes before and after: names, missing pairs, ends of the scale, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.outcomes import outcome_name, read_outcomes, union
from evalkit.errors import DataError, InstrumentError
from evalkit.instruments import load_instrument
from evalkit.scoring import score

FRAME = pd.DataFrame(
    {
        "who": ["a", "b", "c", "d"],
        "calm_before": [1.0, 2.0, np.nan, np.nan],
        "calm_after": [2.0, np.nan, 5.0, np.nan],
        "ease_before": [3.0, 3.0, 3.0, 3.0],
        "ease_after": [4.0, 5.0, np.nan, 1.0],
    }
)
CALM = {"pre": "calm_before", "post": "calm_after"}


def test_complete_pairs_missing_answers_and_ends_are_counted():
    (calm,) = read_outcomes(FRAME, **CALM, person="who", scale=(1, 5), kirkpatrick="learning")
    assert (calm.name, calm.n, calm.n_before, calm.n_after, calm.n_given) == ("calm", 1, 2, 2, 4)
    assert calm.change.tolist() == [1.0]
    assert calm.rows.tolist() == [0]
    assert calm.dropped == {"no answer after": 1, "no answer before": 1, "no answer before or after": 1}
    assert calm.facts() == {
        "term": "calm", "n": 1, "n_before": 2, "n_after": 2, "floor_before": 1.0, "ceiling_before": 0.0,
        "floor_after": 0.0, "ceiling_after": 0.0, "scale_ends": "1 to 5", "kirkpatrick": "2 learning",
    }  # fmt: skip


def test_people_with_any_complete_pair_count_together():
    found = read_outcomes(FRAME, pre=["calm_before", "ease_before"], post=["calm_after", "ease_after"])
    assert union(found) == (4, 3, {"no complete pair": 1})
    assert union(found[:1]) == (4, 1, dict(found[0].dropped))


def test_bounds_are_stated_or_those_of_the_score_or_what_was_seen():
    (seen,) = read_outcomes(FRAME, pre="ease_before", post="ease_after")
    assert (seen.bounds, seen.bounds_stated) == ((1.0, 5.0), False)
    frame = FRAME.copy()
    frame.attrs["scales"] = {"ease_before": {"range": [0, 10]}, "ease_after": [{"range": [0, 10]}, {"range": [0, 10]}]}
    (scored,) = read_outcomes(frame, pre="ease_before", post="ease_after")
    assert (scored.bounds, scored.bounds_stated) == ((0.0, 10.0), True)
    frame.attrs["scales"]["ease_after"] = {"range": [0, 100]}
    with pytest.raises(DataError, match="DAT-007"):
        read_outcomes(frame, pre="ease_before", post="ease_after")


@pytest.mark.parametrize(
    ("pre", "post", "name"),
    [
        ("x_before", "x_after", "x"),
        ("x_pre", "x_post", "x"),
        ("x_then_after", "x_after", "x"),
        ("x_before", "y_after", "y_after - x_before"),
        ("_before", "_after", "_after - _before"),
    ],
)
def test_names(pre, post, name):
    assert outcome_name(pre, post) == name


@pytest.mark.parametrize(
    ("change", "given", "code"),
    [
        ({}, {"pre": "calm", "post": "calm_after"}, "DAT-003"),
        ({}, {"pre": ["calm_before"], "post": []}, "DAT-007"),
        ({}, {"pre": "calm_before", "post": "calm_before"}, "DAT-010"),
        ({}, {"pre": ["calm_before"] * 2, "post": ["calm_after"] * 2}, "DAT-010"),
        ({"who": ["a", "a", "c", "d"]}, {"person": "who"}, "DAT-010"),
        ({"who": ["a", None, "c", "d"]}, {"person": "who"}, "DAT-009"),
        ({"calm_after": ["agree", "2", "3", "4"]}, {}, "DAT-004"),
        ({"calm_after": pd.Categorical(["1", "2", "3", "4"])}, {}, "DAT-004"),
        ({"calm_after": pd.to_datetime(["2024-01-01"] * 4)}, {}, "DAT-004"),
        ({"calm_after": [np.inf, 2.0, 3.0, 4.0]}, {}, "DAT-002"),
        ({"calm_after": [6.0, 2.0, 3.0, 4.0]}, {"scale": (1, 5)}, "DAT-002"),
        ({}, {"scale": (5, 1)}, "DAT-009"),
        ({}, {"scale": {"other": (1, 5)}}, "DAT-006"),
        ({}, {"kirkpatrick": 7}, "DAT-009"),
        ({}, {"kirkpatrick": True}, "DAT-009"),
        ({}, {"pre": 3}, "DAT-009"),
        ({}, {"pre": None}, "DAT-009"),
        ({}, {"pre": {"calm_before", "ease_before"}, "post": ["calm_after", "ease_after"]}, "DAT-009"),
        ({"calm_after": pd.to_timedelta([1, 2, 3, 4], unit="D")}, {}, "DAT-004"),
        ({"calm_after": [1 + 2j, 2, 3, 4]}, {}, "DAT-004"),
        ({}, {"kirkpatrick": {"other": 2}}, "DAT-006"),
    ],
)
def test_what_cannot_be_read_is_refused(change, given, code):
    with pytest.raises(DataError) as error:
        read_outcomes(FRAME.assign(**change), **{**CALM, **given})
    assert code in [problem.code for problem in error.value.problems]


def test_two_scales_are_noticed_by_their_spread_unless_the_scale_is_stated():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x_before": rng.uniform(1, 5, 20), "x_after": rng.uniform(0, 100, 20)})
    with pytest.raises(DataError, match="standard deviations"):
        read_outcomes(frame, pre="x_before", post="x_after")
    assert read_outcomes(frame, pre="x_before", post="x_after", scale=(0, 100))[0].n == 20
    constant = frame.assign(x_before=0.1 + 0.2)
    assert read_outcomes(constant, pre="x_before", post="x_after")[0].n == 20


def test_few_pairs_may_have_spreads_far_apart_by_chance():
    steps = np.arange(11.0)
    frame = pd.DataFrame({"x_before": steps, "x_after": 6 * steps})
    assert read_outcomes(frame.head(10), pre="x_before", post="x_after")[0].n == 10
    with pytest.raises(DataError, match="standard deviations"):
        read_outcomes(frame, pre="x_before", post="x_after")


def test_what_is_no_frame_is_refused():
    for wrong in (None, {"calm_before": [1]}, [1]):
        with pytest.raises(DataError, match="DAT-009"):
            read_outcomes(wrong, **CALM)


def test_numbers_of_numpy_and_names_of_levels_are_taken():
    (calm,) = read_outcomes(FRAME, **CALM, scale=np.array([1, 5]), kirkpatrick="Behaviour")
    assert (calm.bounds, calm.kirkpatrick) == ((1.0, 5.0), "3 behaviour")
    assert calm.facts()["scale_ends"] == "1 to 5"
    (seen,) = read_outcomes(FRAME, pre="ease_before", post="ease_after")
    assert seen.facts()["scale_ends"] == "lowest and highest seen"


def test_versions_that_cannot_be_compared_are_refused_and_care_is_said():
    survey = load_instrument("return-to-work-transition")
    items = {item: [2.0, 3.0, 4.0] for item in survey.scales_by_id["attachment_scale"].items}
    answers = pd.DataFrame(items)
    plain = score(answers, survey)

    def side_by_side(other):
        after = score(answers[list(other.scales_by_id["attachment_scale"].items)], other)
        frame = pd.DataFrame({"x_before": plain["attachment_scale"], "x_after": after["attachment_scale"]})
        frame.attrs["scales"] = {
            "x_before": plain.attrs["scales"]["attachment_scale"],
            "x_after": after.attrs["scales"]["attachment_scale"],
        }
        return frame

    both = {"pre": "x_before", "post": "x_after"}
    assert "comparability" not in read_outcomes(side_by_side(survey), **both)[0].facts()
    shorter = survey.adapt(drop=["att_recommend"])
    assert "with care" in read_outcomes(side_by_side(shorter), **both)[0].facts()["comparability"]
    mirrored = survey.adapt(
        options={
            "agree5": {
                1: "Strongly agree",
                2: "Agree",
                3: "Neither agree nor disagree",
                4: "Disagree",
                5: "Strongly disagree",
            }
        }
    )
    with pytest.raises(InstrumentError, match="INS-033"):
        read_outcomes(side_by_side(mirrored), **both)
