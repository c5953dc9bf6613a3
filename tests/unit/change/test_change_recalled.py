"""The then-test: which rows, on whom, what may be claimed, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.recalled import NAIVE, SHIFT, THEN_BASED, response_shift, what_may_be_claimed
from evalkit.errors import DataError, EstimationError
from evalkit.result import Estimates


def answers(**columns: object) -> pd.DataFrame:
    made = {
        "skill_before": [3.0, 2, 4, 3, 5, 2, 4],
        "skill_then": [2.0, 2, 3, 2, 3, np.nan, 3],
        "skill_after": [4.0, 3, 4, 4, 5, 4, np.nan],
    }
    return pd.DataFrame({**made, **columns})


def shift(frame: pd.DataFrame, **more: object) -> Estimates:
    return response_shift(frame, pre="skill_before", then="skill_then", post="skill_after", **more)


def test_the_two_changes_differ_by_the_shift_on_the_same_people() -> None:
    result = shift(answers())
    rows = result.frame.set_index("group")
    assert list(rows.index) == [NAIVE, THEN_BASED, SHIFT]
    assert rows["estimate"].to_list() == pytest.approx([0.6, 1.6, -1.0])
    assert rows.loc[NAIVE, "estimate"] - rows.loc[THEN_BASED, "estimate"] == pytest.approx(rows.loc[SHIFT, "estimate"])
    assert set(rows["n"]) == {5}
    assert set(rows["term"]) == {"skill"}
    assert rows.loc[SHIFT, "in_sd_before"] == pytest.approx(-1.0 / np.std([3, 2, 4, 3, 5], ddof=1))
    assert dict(result.method.n_dropped) == {"no answer after": 1, "no answer in retrospect": 1}
    assert (result.method.n_given, result.method.n_used) == (7, 5)


def test_a_stated_scale_gives_the_shares_at_its_ends_in_all_three() -> None:
    rows = shift(answers(), scale=(1, 5)).frame
    found = rows[["ceiling_before", "ceiling_then", "ceiling_after", "floor_then"]].iloc[0].to_list()
    assert found == pytest.approx([0.2, 0.0, 0.2, 0.0])
    unstated = shift(answers()).frame
    assert unstated["floor_then"].iloc[0] == pytest.approx(0.6)
    assert unstated["floor_before"].iloc[0] == pytest.approx(0.2)
    low = shift(answers(skill_then=[0.0, 2, 3, 2, 3, np.nan, 3])).frame
    assert low["floor_then"].iloc[0] == pytest.approx(0.2)
    assert low["floor_before"].iloc[0] == 0


def test_a_wider_level_gives_wider_intervals() -> None:
    narrow, wide = (shift(answers(), level=level).frame for level in (0.8, 0.99))
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (wide["conf_high"] > narrow["conf_high"]).all()


@pytest.mark.parametrize(
    ("naive", "then_based", "moved", "start"),
    [
        ((-0.2, 0.3), (-0.1, 0.4), (-0.3, 0.2), "Neither change is shown"),
        ((0.1, 0.3), (-0.1, 0.4), (-0.3, 0.2), "Only the change as answered is shown, upwards"),
        ((-0.3, -0.1), (-0.1, 0.4), (-0.5, -0.2), "Only the change as answered is shown, downwards"),
        ((-0.2, 0.3), (0.1, 0.4), (-0.3, 0.2), "Only the change as recalled is shown, upwards"),
        ((-0.2, 0.3), (-0.4, -0.1), (-0.3, 0.2), "Only the change as recalled is shown, downwards"),
        ((0.2, 0.3), (0.1, 0.4), (-0.3, 0.2), "Both changes are shown, upwards"),
        ((-0.3, -0.2), (-0.4, -0.1), (-0.3, 0.2), "Both changes are shown, downwards"),
        ((0.2, 0.3), (-0.4, -0.1), (0.1, 0.2), "The two changes point in opposite directions, upwards as answered"),
        ((-0.3, -0.2), (0.1, 0.4), (-0.9, -0.2), "The two changes point in opposite directions, downwards as answered"),
    ],
)
def test_what_may_be_claimed_follows_from_the_intervals(
    naive: tuple[float, float], then_based: tuple[float, float], moved: tuple[float, float], start: str
) -> None:
    said = what_may_be_claimed(naive, then_based, moved)
    assert said.startswith(start)
    assert ("different questions" in said) == (moved[0] > 0 or moved[1] < 0)
    assert ("No shift of the start is shown" in said) == (moved[0] <= 0 <= moved[1])
    assert "true" not in said
    if moved[0] > 0:
        assert "higher in retrospect" in said
    if moved[1] < 0:
        assert "lower in retrospect" in said


def test_nothing_is_claimed_without_intervals() -> None:
    one = shift(answers().head(1)).frame
    assert one["estimate"].to_list() == [1.0, 2.0, -1.0]
    assert one[["std_error", "conf_low", "p_value"]].isna().all(axis=None)
    assert set(one["note"]) == {"one person: no interval"}
    assert set(one["claim"]) == {"Nothing may be claimed: there is no interval."}


def test_equal_differences_have_no_interval_and_say_why() -> None:
    rows = shift(answers(skill_after=[3.0, 2, 4, 3, 5, 2, 4])).frame.set_index("group")
    assert rows.loc[NAIVE, "note"] == "all differences are zero: no spread, no interval"
    assert np.isnan(rows.loc[NAIVE, "conf_low"])
    assert rows.loc[SHIFT, "note"] == ""
    same = shift(answers(skill_after=answers()["skill_before"] + 0.1)).frame.set_index("group")
    assert same.loc[NAIVE, "note"] == "all differences are the same: no spread, no interval"


def test_several_outcomes_give_three_rows_each_and_one_of_them_may_be_empty() -> None:
    frame = answers().assign(calm_before=np.nan, calm_then=1.0, calm_after=2.0)
    result = response_shift(
        frame,
        pre=["skill_before", "calm_before"],
        then=["skill_then", "calm_then"],
        post=["skill_after", "calm_after"],
        kirkpatrick={"skill": 2},
    )
    rows = result.frame
    assert rows["term"].to_list() == ["skill"] * 3 + ["calm"] * 3
    assert set(rows.loc[rows["term"] == "calm", "note"]) == {"nobody with all three answers"}
    assert rows["kirkpatrick"].iloc[0] == "2 learning"


def test_nobody_with_all_three_is_refused() -> None:
    with pytest.raises(EstimationError, match="EST-001"):
        shift(answers(skill_then=np.nan))


@pytest.mark.parametrize(
    ("columns", "more", "code"),
    [
        ({}, {"then": ["skill_then", "skill_before"]}, "DAT-007"),
        ({}, {"then": "skill_before"}, "DAT-010"),
        ({}, {"then": "skill_now"}, "DAT-003"),
        ({"skill_then": list("abcdefg")}, {}, "DAT-004"),
        ({"skill_then": [9.0, 2, 3, 2, 3, 2, 3]}, {"scale": (1, 5)}, "DAT-002"),
        ({}, {"level": 1.0}, "DAT-002"),
        ({"code": [1, 1, 2, 3, 4, 5, 6]}, {"person": "code"}, "DAT-010"),
        ({"skill_then": np.array([20.0, 90, 10, 50, 70, 30, 60])}, {}, "DAT-007"),
    ],
)
def test_what_is_refused(columns: dict[str, object], more: dict[str, object], code: str) -> None:
    frame = answers(**columns)
    if columns.get("skill_then") is not None and code == "DAT-007":
        frame = pd.concat([frame, frame], ignore_index=True)
    with pytest.raises(DataError, match=code):
        response_shift(frame, **{"pre": "skill_before", "then": "skill_then", "post": "skill_after", **more})


def test_differences_that_are_equal_but_for_rounding_have_no_interval() -> None:
    start = np.array([3.1, 0.1, 1.7, 2.3, 2.2, 1.1, 1.6, 2.9])
    frame = pd.DataFrame({"skill_before": start + 0.2, "skill_then": start, "skill_after": start + 1.1})
    rows = response_shift(frame, pre="skill_before", then="skill_then", post="skill_after").frame
    assert rows["estimate"].to_list() == [0.9, 1.1, -0.2]
    assert rows["conf_low"].isna().all()
    assert set(rows["note"]) == {"all differences are the same: no spread, no interval"}
    assert set(rows["claim"]) == {"Nothing may be claimed: there is no interval."}
