"""Edges of life tables and the log-rank test."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.numeric.lifetables import life_table, logrank

NAN = math.nan


def test_nobody_leaves() -> None:
    table = life_table([5, 3, 2], [0, 0, 0])
    np.testing.assert_array_equal(table.survival, [1, 1, 1])
    np.testing.assert_array_equal(table.std_error, [0, 0, 0])
    assert np.isnan([table.low, table.high]).all()


def test_everybody_leaves() -> None:
    table = life_table([4, 2], [2, 2])
    np.testing.assert_array_equal(table.survival, [0.5, 0])
    np.testing.assert_allclose(table.std_error, [0.25, NAN])
    assert np.isnan([table.low[1], table.high[1]]).all()


def test_one_person() -> None:
    assert life_table([1], [1]).survival.tolist() == [0]
    assert life_table([1], [0]).survival.tolist() == [1]


def test_nobody_left_to_lose_stays_at_0() -> None:
    np.testing.assert_array_equal(life_table([4, 0, 0], [4, 0, 0]).survival, [0, 0, 0])
    assert np.isnan(life_table([4, 0], [4, 0]).std_error).all()


def test_nobody_left_to_watch_is_not_known() -> None:
    table = life_table([4, 0], [1, 0])
    for values in (table.survival, table.std_error, table.low, table.high):
        assert math.isfinite(values[0])
        assert math.isnan(values[1])


def test_greenwood_and_log_log_by_hand() -> None:
    table = life_table([10, 6], [2, 3], level=0.9)
    survival = 0.8 * 0.5
    greenwood = math.sqrt(2 / (10 * 8) + 3 / (6 * 3))
    assert table.survival[1] == pytest.approx(survival)
    assert table.std_error[1] == pytest.approx(survival * greenwood)
    spread = 1.6448536269514722 * greenwood / math.log(survival)
    assert table.low[1] == pytest.approx(survival ** math.exp(-spread))
    assert table.high[1] == pytest.approx(survival ** math.exp(spread))


def test_limits_stay_in_0_and_1_among_millions() -> None:
    table = life_table([10_000_000, 9_999_999], [1, 9_999_998])
    assert ((table.low > 0) & (table.high < 1)).all()
    assert table.std_error[0] == pytest.approx(1e-7, rel=1e-6)


def test_input_is_left_as_it_was() -> None:
    at_risk, events = np.array([4.0, 0.0]), np.array([4.0, 0.0])
    life_table(at_risk, events)
    logrank(at_risk, events, at_risk, events)
    np.testing.assert_array_equal(at_risk, [4, 0])
    np.testing.assert_array_equal(events, [4, 0])


def test_logrank_by_hand() -> None:
    # Time 1: 1 of 3 and 0 of 3; time 2: 1 of 2 and 1 of 2. Expected 0.5 and 1; variances 1/4 and 1/3.
    test = logrank([3, 2], [1, 1], [3, 2], [0, 1])
    assert test.statistic == pytest.approx(0.5**2 / (0.25 + 1 / 3))
    assert test.df == 1
    assert test.p_value == pytest.approx(math.erfc(math.sqrt(test.statistic / 2)))


@pytest.mark.parametrize(
    "counts",
    [
        ([3, 2], [0, 0], [4, 2], [0, 0]),  # no events
        ([3, 2], [1, 1], [0, 0], [0, 0]),  # nobody to compare with
        ([0], [0], [0], [0]),  # nobody
        ([2], [2], [3], [3]),  # everybody at once
        ([1], [1], [0], [0]),  # one person
    ],
)
def test_logrank_with_nothing_to_compare(counts: tuple[list[int], ...]) -> None:
    test = logrank(*counts)
    assert all(math.isnan(value) for value in (test.statistic, test.df, test.p_value))


def test_logrank_leaves_out_times_with_nobody() -> None:
    with_empty = logrank([3, 0, 2], [1, 0, 1], [3, 0, 2], [0, 0, 1])
    assert with_empty.statistic == pytest.approx(logrank([3, 2], [1, 1], [3, 2], [0, 1]).statistic)
