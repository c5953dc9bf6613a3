"""Change against dose: slope, bands, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.dose import dose_response
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
    assert rows["unit"].to_list() == ["units of the outcome per meeting", *["units of the outcome"] * 3]
    assert rows.loc["1", "note"] == "all changes are zero: no spread, no interval"
    assert rows.loc["slope", "df"] == 4
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
