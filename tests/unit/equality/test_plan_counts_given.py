"""Counts that come in for the plan: what is missing or told twice is refused, and what is too small is named."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_counting import COLUMNS
from evalkit.errors import DataError, EstimationError

PARTS = ("at start", "at end", "left")
BME, WHITE = {"at start": 100, "at end": 90, "left": 12}, {"at start": 300, "at end": 310, "left": 20}


def of(group: str, parts: dict[str, int], characteristic: str = "ethnicity", year: int = 2025) -> list[tuple[Any, ...]]:
    return [(year, "leaver_rate", characteristic, part, group, n, n) for part, n in parts.items()]


def plan(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return edi_plan(pd.DataFrame(rows, columns=COLUMNS)).frame


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_leaver_rate_that_is_left_out_is_not_nobody(part: str) -> None:
    lacking = {name: n for name, n in BME.items() if name != part}
    with pytest.raises(DataError) as caught:
        plan([*of("BME", lacking), *of("white", WHITE)])
    assert str(caught.value).startswith(f"DAT-007 data, leaver_rate, 2025, ethnicity BME: no row {part}; expected ")
    found = plan([*of("BME", BME | {part: 0}), *of("white", WHITE)])
    assert (found["indicator"] == "leaver_rate").any()


def test_a_leaver_rate_of_all_is_computed() -> None:
    found = plan(of("all", {"at start": 100, "at end": 90, "left": 12}, "all"))
    rate = found[found["indicator"] == "leaver_rate"]
    assert rate["estimate"].tolist() == [pytest.approx(12 / 95)]
    assert not (found["indicator"] == "leaver_rate_ratio").any()


def test_all_counts_where_it_is_told_and_groups_are_added_up_where_not() -> None:
    everybody = of("all", {"at start": 420, "at end": 420, "left": 42}, "all")
    rows = [*everybody, *of("BME", BME), *of("white", WHITE)]
    rows += [*of("BME", BME, year=2024), *of("white", WHITE, year=2024)]
    found = plan(rows)
    rate = found[found["indicator"] == "leaver_rate"].set_index("year")["estimate"]
    assert rate["2025"] == pytest.approx(0.1)
    assert rate["2024"] == pytest.approx(32 / 400)
    ratio = found[found["indicator"] == "leaver_rate_ratio"]["estimate"]
    assert ratio.to_numpy() == pytest.approx((12 / 95) / (20 / 305))


def test_two_numbers_of_the_same_people_are_refused() -> None:
    rows = of("all", {"at start": 100, "at end": 90}, "all")
    with pytest.raises(DataError, match=r"DAT-007 data: n and events that differ, .*\(row 3\)"):
        plan([*rows, (2025, "leaver_rate", "all", "left", "all", 100, 12)])


@pytest.mark.parametrize(
    ("indicator", "characteristic"),
    [("leaver_rate", "disability"), ("staff", "all"), ("cpd", "disability"), ("vacancy_rate", "ethnicity")],
)
def test_counts_that_nothing_would_use_are_refused(indicator: str, characteristic: str) -> None:
    part = "left" if indicator == "leaver_rate" else "Band 5" if indicator == "staff" else ""
    with pytest.raises(DataError) as caught:
        plan([(2025, indicator, characteristic, part, "white", 100, 100)])
    assert f"not one by which {indicator} is told (row 1)" in str(caught.value)


@pytest.mark.parametrize("rows", [[("white", 100, 20)], [("white", 100, 20), ("BME", 0, 0)]])
def test_a_group_of_nobody_is_named(rows: list[tuple[str, int, int]]) -> None:
    with pytest.raises(EstimationError) as caught:
        plan([(2025, "appointed", "ethnicity", "", *row) for row in rows])
    assert "data, appointed by ethnicity: one person or nobody in a group: BME (0); expected two" in str(caught.value)


def test_where_nothing_can_be_computed_each_reason_is_told() -> None:
    staff = pd.DataFrame({"person": range(40), "snapshot": pd.Timestamp("2024-03-31"), "ethnicity": "white"})
    with pytest.raises(EstimationError) as caught:
        edi_plan({"staff_in_post": staff})
    for reason in ("nothing can be computed: ", "no BME people in staff-in-post; ", "; no pay; ", "needs leavers; "):
        assert reason in str(caught.value)
