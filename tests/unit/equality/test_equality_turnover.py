"""Leaver rate and stability index: who counts, from people and from counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.stability import stability_index, stability_index_from_counts
from evalkit.equality.turnover import leaver_rate, leaver_rate_from_counts
from evalkit.errors import DataError, EstimationError

FIRST, SECOND, THIRD = "2022-03-31", "2023-03-31", "2024-03-31"


def staff() -> pd.DataFrame:
    """Ten people; 1 leaves, 2 goes on maternity leave and is back at the third snapshot, 11 joins."""
    rows = [(person, FIRST) for person in range(1, 11)]
    rows += [(person, SECOND) for person in (*range(3, 11), 11)]
    rows += [(person, THIRD) for person in (*range(2, 10), 11)]
    frame = pd.DataFrame(rows, columns=["person", "snapshot"])
    frame["group"] = np.where(frame["person"] <= 4, "BME", "white")
    frame["fte"] = np.where(frame["person"] % 2, 1.0, 0.5)
    frame["started"] = np.where(frame["person"] == 11, "2022-09-01", "2015-01-01")
    return frame


def leavers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": [1, 2, 10],
            "left": ["2022-07-01", "2022-08-01", "2023-10-01"],
            "type": ["retired", "career break", None],
        }
    )


def codes(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_career_breaks_are_no_losses_unless_asked() -> None:
    frame = leaver_rate(staff(), leavers(), exit_type="type").frame
    assert frame["estimate"].tolist() == pytest.approx([1 / 9.5, 1 / 9])
    assert frame["not_counted"].tolist() == [1, 0]
    assert frame["period"].tolist() == [f"{FIRST} to {SECOND}", f"{SECOND} to {THIRD}"]
    asked = leaver_rate(staff(), leavers(), exit_type="type", not_losses=())
    assert asked.frame["leavers"].tolist() == [2, 1]
    result = leaver_rate(staff(), leavers(), exit_type="type")
    assert dict(result.method.n_dropped) == {"not a loss: career break": 1}
    assert (result.method.n_given, result.method.n_used) == (3, 2)


def test_groups_full_time_equivalents_and_ratio() -> None:
    frame = leaver_rate(staff(), leavers(), exit_type="type", by="group", fte="fte", reference="white").frame
    first = frame[frame["period"].str.startswith(FIRST)].set_index(["term", "group"])
    assert first.loc[("leaver rate, headcount", "BME"), "estimate"] == pytest.approx(1 / 3)
    assert first.loc[("leaver rate, headcount", "white"), "estimate"] == 0
    fte = first.loc[("leaver rate, FTE", "BME")]
    assert fte[["at_start", "at_end", "leavers"]].tolist() == [3.0, 1.5, 1.0]
    assert fte["estimate"] == pytest.approx(1 / 2.25)
    ratio = first.loc[("ratio of leaver rates", "BME over white")]
    assert ratio["estimate"] == math.inf
    assert (ratio["adverse"], ratio["adverse_above_one"], ratio["scale"]) == ("above 1", True, "log")
    assert first.loc[("leaver rate, FTE", "white"), "flag"] == "no leaver: no interval"


def test_rows_of_exit_types_add_up() -> None:
    frame = leaver_rate(staff(), leavers(), exit_type="type", by_exit_type=True).frame
    of_types = frame[frame["term"].str.contains(": ")]
    assert of_types["n_least"].tolist() == of_types["leavers"].tolist()  # so that a reason of a few is withheld
    assert set(frame.loc[~frame["term"].str.contains(": "), "n_least"]) == {9}
    types = frame[frame["term"].str.contains(": ") & frame["period"].str.startswith(FIRST)]
    assert dict(zip(types["term"].str.partition(": ")[2], types["leavers"], strict=True)) == {
        "career break": 1, "retired": 1, "unknown": 0,
    }  # fmt: skip


def test_people_and_counts_agree() -> None:
    people = leaver_rate(staff(), leavers(), exit_type="type", by="group", reference="white").frame
    cells = people[people["term"] == "leaver rate, headcount"]
    counts = leaver_rate_from_counts(
        cells, at_start="at_start", at_end="at_end", leavers="leavers", by="group", period="period", reference="white"
    ).frame
    both = ["term", "group", "estimate", "conf_low", "conf_high", "p_value", "n", "period", "n_least"]
    pd.testing.assert_frame_equal(
        counts[both].sort_values(["period", "term", "group"], ignore_index=True),
        people[both].sort_values(["period", "term", "group"], ignore_index=True),
    )


def test_last_day_on_a_snapshot_is_in_the_period_that_it_begins() -> None:
    gone = pd.DataFrame({"person": [1, 10], "left": [FIRST, THIRD]})
    result = leaver_rate(staff(), gone)
    assert result.frame["leavers"].tolist() == [1, 0]
    assert dict(result.method.n_dropped) == {"left outside the periods": 1}


def test_leavers_between_two_snapshots_can_be_counted() -> None:
    gone = pd.concat([leavers(), pd.DataFrame({"person": [99], "left": ["2022-09-09"]})])
    with pytest.raises(DataError) as error:
        leaver_rate(staff(), gone)
    assert codes(error) == ["DAT-007"]
    assert "never in post (row 4)" in str(error.value)
    frame = leaver_rate(staff(), gone, unmatched="count", by="group").frame
    assert frame.loc[frame["group"] == "not stated", "leavers"].tolist() == [1]
    assert frame.loc[frame["group"] == "not stated", "flag"].tolist() == ["nobody in post at either end"]
    grouped = leaver_rate(staff(), gone.assign(group="white"), unmatched="count", by="group").frame
    assert grouped.loc[grouped["group"] == "white", "leavers"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s, g: (s, g.assign(left="2010-01-01")), ["DAT-007", "DAT-020"]),
        (lambda s, g: (s, g.assign(left="2019-01-01")), ["DAT-020"]),
        (lambda s, g: (s[s["snapshot"] != SECOND], g), []),
        (lambda s, g: (pd.concat([s, s[s["snapshot"] == THIRD].assign(snapshot="2026-03-31")]), g), ["DAT-020"]),
        (lambda s, g: (s, g.assign(left="last year")), ["DAT-004"]),
        (lambda s, g: (s.assign(snapshot=2022), g), ["DAT-004"]),
        (lambda s, g: (pd.concat([s, s.head(1)]), g), ["DAT-010"]),
        (lambda s, g: (s, pd.concat([g, g.head(1)])), ["DAT-010"]),
        (lambda s, g: (s.assign(started="2030-01-01"), g), ["DAT-007"]),
        (lambda s, g: (s.assign(person=None), g), ["DAT-019"]),
        (lambda s, g: (s.assign(fte=-1.0), g), ["DAT-002"]),
    ],
)
def test_bad_files(change: Any, expected: list[str]) -> None:
    one, gone = change(staff(), leavers())
    if not expected:
        assert len(leaver_rate(one, gone, started="started").frame) == 1
        return
    with pytest.raises(DataError) as error:
        leaver_rate(one, gone, started="started", fte="fte")
    assert codes(error) == expected


def test_arguments() -> None:
    with pytest.raises(DataError) as error:
        leaver_rate(staff(), leavers(), unmatched="ignore", reference="white", level=1)  # type: ignore[arg-type]
    assert codes(error) == ["DAT-002", "DAT-006", "DAT-009"]
    with pytest.raises(DataError) as error:
        leaver_rate(staff(), leavers(), by="group", reference="purple")
    assert codes(error) == ["DAT-006"]
    with pytest.raises(EstimationError) as refused:
        leaver_rate(staff().head(10), leavers())
    assert "EST-001" in codes(refused)


def test_bad_counts() -> None:
    counts = pd.DataFrame({"g": ["a", "a", "b"], "s": [10, 5, 0], "e": [1, 5.5, 0], "l": [None, 1, 3]})
    with pytest.raises(DataError) as error:
        leaver_rate_from_counts(counts, at_start="s", at_end="e", leavers="l", by="g")
    assert codes(error) == ["DAT-002", "DAT-002", "DAT-010"]
    with pytest.raises(DataError) as error:
        leaver_rate_from_counts(pd.DataFrame({"s": [0], "e": [0], "l": [3]}), at_start="s", at_end="e", leavers="l")
    assert codes(error) == ["DAT-007"]
    with pytest.raises(EstimationError):
        leaver_rate_from_counts(pd.DataFrame({"s": [0], "e": [0], "l": [0]}), at_start="s", at_end="e", leavers="l")


def test_stability_counts_service_and_people_who_remain() -> None:
    frame = stability_index(staff(), started="started", fte="fte").frame
    first = frame[frame["period"].str.startswith(FIRST)].set_index("term")
    assert first["estimate"].tolist() == pytest.approx([0.8, 0.8, (1 * 4 + 0.5 * 4) / 7.5])
    # The second year: 2 is back with long service but was not in post a year ago.
    second = frame[frame["period"].str.startswith(SECOND)].set_index("term")
    assert second.loc["stability index, headcount", "now"] == 9
    assert second.loc["share remaining, headcount", "now"] == 8


def test_people_on_a_break_remain_unless_asked() -> None:
    found = stability_index(staff(), leavers(), exit_type="type", started="started", fte="fte").frame
    first = found[found["period"].str.startswith(FIRST)].set_index("term")
    assert first["estimate"].tolist() == pytest.approx([0.9, 0.9, (1 * 4 + 0.5 * 5) / 7.5])
    assert first["on_break"].tolist() == [1, 1, 1]
    asked = stability_index(staff(), leavers(), exit_type="type", started="started", not_losses=()).frame
    assert asked["estimate"].tolist()[:2] == pytest.approx([0.8, 0.8])
    for_good = pd.concat([leavers(), pd.DataFrame({"person": [2], "left": ["2023-01-01"], "type": ["retired"]})])
    gone = stability_index(staff(), for_good, exit_type="type").frame
    assert gone["estimate"].tolist()[0] == pytest.approx(0.8)
    stranger = pd.concat([pd.DataFrame({"person": [77], "left": ["2023-02-02"], "type": ["retired"]}), leavers()])
    assert stability_index(staff(), stranger, exit_type="type").frame["estimate"].tolist()[0] == pytest.approx(0.9)


def test_an_index_above_one_has_no_interval() -> None:
    frame = staff()
    came = pd.DataFrame({"person": range(20, 30), "snapshot": SECOND, "group": "white", "fte": 1.0})
    row = stability_index(pd.concat([frame, came.assign(started="2001-01-01")]), started="started").frame.iloc[0]
    assert row["estimate"] == pytest.approx(1.8)
    assert math.isnan(row["conf_low"])
    assert "no interval" in row["flag"]


def test_stability_by_group() -> None:
    frame = stability_index(staff(), by="group", reference="white").frame
    last = frame[frame["group"] == "BME less white"].iloc[0]
    assert last["estimate"] == pytest.approx(0.5 - 1.0)
    assert last["n_least"] == 4


def test_stability_needs_two_snapshots_a_year_apart() -> None:
    with pytest.raises(EstimationError) as error:
        stability_index(staff()[lambda d: d["snapshot"] == FIRST])
    assert codes(error) == ["EST-001"]
    result = stability_index(pd.concat([staff(), pd.DataFrame({"person": [5], "snapshot": ["2010-01-01"]})]))
    assert dict(result.method.n_dropped) == {"in snapshots that are not a year from another": 1}


def test_stability_from_counts() -> None:
    counts = pd.DataFrame({"year": [2023, 2024], "now": [85, 90], "then": [100, 100]})
    frame = stability_index_from_counts(counts, served="now", a_year_ago="then", period="year").frame
    assert frame["estimate"].tolist() == [0.85, 0.9]
    assert frame["period"].tolist() == ["2023", "2024"]
    with pytest.raises(DataError) as error:
        stability_index_from_counts(counts.assign(now=[101, None], then=[100, 0]), served="now", a_year_ago="then")
    assert codes(error) == ["DAT-002", "DAT-007", "DAT-002"]
