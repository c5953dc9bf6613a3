"""Change against dose: slope, bands, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.dose import dose_response
from evalkit.disclosure import load_profile, release
from evalkit.errors import DataError, EstimationError
from evalkit.result import Estimates


def staff(**columns: object) -> pd.DataFrame:
    made = {
        "skill_before": [2.0, 3, 2, 3, 2, 3, 4, np.nan],
        "skill_after": [2.0, 3, 3, 4, 4, 4, 5, 4],
        "meetings": [1.0, 1, 3, 3, 6, 6, np.nan, 3],
    }
    return pd.DataFrame({**made, **columns})


def dosed(frame: pd.DataFrame, **more: object) -> Estimates:
    return dose_response(frame, **{"pre": "skill_before", "post": "skill_after", "dose": "meetings", **more})


def test_slope_and_mean_of_each_dose() -> None:
    result = dosed(staff(), dose_unit="meeting", kirkpatrick=2)
    rows = result.frame.set_index("group")
    assert list(rows.index) == ["slope", "1", "3", "6"]
    assert rows["estimate"].to_list() == pytest.approx([11 / 38, 0.0, 1.0, 1.5])
    assert rows["n"].to_list() == [6, 2, 2, 2]
    assert rows["mean_dose"].to_list() == pytest.approx([20 / 6, 1, 3, 6])
    assert rows["unit"].to_list() == ["points of the outcome per meeting", *["points of the outcome"] * 3]
    assert rows.loc["1", "note"] == "all changes are zero: no spread, no interval"
    assert 1 < rows.loc["slope", "df"] < 4
    assert dict(result.method.n_dropped) == {"no answer before": 1, "dose not known": 1}
    assert "not causal" in result.method.assumptions[0]
    assert set(rows["kirkpatrick"]) == {"2 learning"}


def test_bands_are_those_named_or_thirds() -> None:
    rows = dosed(staff(), bands=(3, 6)).frame
    assert rows["group"].to_list() == ["slope", "below 3", "3 to below 6", "6 or more"]
    assert rows["n"].to_list() == [6, 2, 2, 2]
    empty = dosed(staff(), bands=(0.5, 9)).frame.set_index("group")
    assert empty.loc["below 0.5", "note"] == "nobody in this band"
    assert empty["n"].to_list() == [6, 0, 6, 0]
    n = 30
    many = pd.DataFrame({"skill_before": np.zeros(n), "skill_after": np.arange(n) % 4, "meetings": np.arange(n)})
    assert dosed(many, scale=(0, 3)).frame["n"].to_list() == [30, 10, 10, 10]
    most_none = many.assign(meetings=np.r_[np.zeros(22), np.arange(1, 9)])
    assert dosed(most_none, scale=(0, 3)).frame["group"].to_list() == ["slope", "below 1", "1 or more"]


@pytest.mark.parametrize(
    ("meetings", "after", "note", "estimate"),
    [
        ([2, 2, 2, 2], [3, 4, 5, 3], "everybody has the same dose: no slope", np.nan),
        ([2, 2, 2, 5], [3, 4, 5, 6], "one person alone has another dose: no interval", 2 / 3),
        ([1, 2, 3, 4], [3, 4, 5, 6], "all changes lie on a line: no spread, no interval", 1.0),
    ],
)
def test_a_slope_that_has_no_interval_says_why(
    meetings: list[float], after: list[float], note: str, estimate: float
) -> None:
    frame = pd.DataFrame({"skill_before": [2.0, 2, 2, 2], "skill_after": after, "meetings": meetings})
    row = dosed(frame).frame.iloc[0]
    assert row["note"] == note
    assert row["estimate"] == pytest.approx(estimate, nan_ok=True)
    assert np.isnan(row["conf_low"])


def test_two_people_have_a_slope_and_no_more() -> None:
    row = dosed(staff().iloc[[0, 4]]).frame.iloc[0]
    assert (row["estimate"], row["note"]) == (pytest.approx(0.4), "two people: no interval")
    one = dosed(staff().iloc[[4]]).frame
    assert one["note"].to_list() == ["everybody has the same dose: no slope", "one person: no interval"]
    with pytest.raises(EstimationError, match="EST-001"):
        dosed(staff(meetings=np.nan))


def test_three_people_have_an_interval() -> None:
    """On one residual degree of freedom; the error by hand from the residuals and leverages of 1, 2 and 3 meetings."""
    frame = pd.DataFrame({"skill_before": [2.0, 2, 2], "skill_after": [2.0, 4, 3], "meetings": [1.0, 2, 3]})
    row = dosed(frame).frame.iloc[0]
    assert row["estimate"] == pytest.approx(0.5)
    # Residuals -1/2, 1, -1/2; leverages 5/6, 1/3, 5/6; the middle one has no part in the slope.
    assert row["std_error"] == pytest.approx(np.sqrt(2 * 0.25 / (1 / 6)) / 2)
    assert row["df"] == pytest.approx(1.0)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def of_people(doses: list[float]) -> pd.DataFrame:
    gained = np.random.default_rng(1).normal(0.5, 0.4, len(doses))
    return pd.DataFrame({"skill_before": 3.0, "skill_after": 3 + gained, "meetings": doses})


def shown(doses: list[float], **more: object) -> list[bool]:
    result = dosed(of_people(doses), **more)
    return release(result, load_profile("staff-survey")).frame["estimate"].notna().to_list()


def test_slope_and_bands_tell_of_nobody_alone() -> None:
    """With two doses the slope is the difference of the bands: band 1 and the slope would tell band 9."""
    found = dosed(of_people([1] * 23 + [9])).frame.set_index("group")["estimate"]
    assert found["1"] + 8 * found["slope"] == pytest.approx(found["9"])
    assert shown([1] * 23 + [9]) == [False, False, False]
    assert shown([1] * 23 + [9], bands=[10]) == [False, False, False]
    assert shown([1] * 12 + [9] * 11) == [True, True, True]
    assert shown([1, 2, 3, 4] * 11 + [9]) == [False] * 6


def test_bands_are_shown_all_or_none_and_a_slope_over_many_doses_stays() -> None:
    many = [float(dose) for dose in range(40)]
    assert shown(many, bands=[20]) == [True, True, True]
    assert shown(many, bands=[38]) == [True, False, False]
    assert shown(many, bands=[50]) == [True, True, False]
    six = [1.0, 2, 3, 4, 5, 6] * 8
    assert shown(six) == [True, True, True, True]
    assert shown([*six, 7.0], bands=[7]) == [False, False, False]
    # As many bands as doses, or nearly: each dose's mean could be worked out.
    assert shown([1.0, 2, 3, 4] * 12 + [5.0] * 20 + [6.0] * 3, bands=[2, 3, 4, 5]) == [False] * 6
    assert shown([*six, *[7.0] * 3], bands=[2, 3, 4, 5, 6]) == [False] * 7


@pytest.mark.parametrize(
    ("columns", "more", "code"),
    [
        ({}, {"dose": "hours"}, "DAT-003"),
        ({}, {"dose": "skill_after"}, "DAT-007"),
        ({"meetings": [-1.0, 1, 3, 3, 6, 6, 1, 3]}, {}, "DAT-002"),
        ({"meetings": list("abcdefgh")}, {}, "DAT-004"),
        ({}, {"bands": (6, 3)}, "DAT-009"),
        ({}, {"bands": 3}, "DAT-009"),
        ({}, {"bands": "36"}, "DAT-009"),
        ({}, {"bands": ()}, "DAT-009"),
        ({}, {"level": 0}, "DAT-002"),
    ],
)
def test_what_is_refused(columns: dict[str, object], more: dict[str, object], code: str) -> None:
    with pytest.raises(DataError, match=code):
        dosed(staff(**columns), **more)
