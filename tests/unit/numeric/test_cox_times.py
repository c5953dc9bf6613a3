"""evalkit.numeric.times: which times are the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.numeric.times import equal_times


def test_whole_times_stay_as_they_are() -> None:
    start, stop = equal_times([0, 1, 2], [3, 4, 5])
    assert start.tolist() == [0, 1, 2]
    assert stop.tolist() == [3, 4, 5]


def test_whole_times_are_not_even_copied_though_some_are_missing_and_however_large() -> None:
    start, stop = np.array([0.0, 2e9, np.nan]), np.array([2e9 + 1, np.inf, np.nan])
    assert equal_times(start, stop)[0] is start
    assert equal_times(start, stop)[1] is stop


def test_missing_times_stay_missing() -> None:
    one, other = equal_times([0.1 + 0.2, 0.5, math.nan], [0.3, 0.5 + 1e-7, 1.0])
    assert one[0] == other[0] == 0.3
    assert one[1] != other[1]
    assert math.isnan(one[2])


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e4])
def test_sums_of_decimals_tie_with_what_they_should_be(factor: float) -> None:
    steps = np.cumsum(np.full(30, 0.1)) * factor
    marks = np.arange(1, 31) / 10 * factor
    assert (steps != marks).any()
    one, other = equal_times(steps, marks)
    assert one.tolist() == other.tolist()
    assert len(np.unique(one)) == 30


def test_the_least_of_near_times_is_taken_and_infinity_stays() -> None:
    near = 2.5 + 1e-9
    one, other = equal_times([near, 0.5, -math.inf], [2.5, math.inf, 0.25])
    assert one.tolist() == [2.5, 0.5, -math.inf]
    assert other.tolist() == [2.5, math.inf, 0.25]


def test_times_further_apart_than_rounding_stay_apart() -> None:
    (found,) = equal_times([1.0, 1.0 + 1e-6, 1.5])
    assert len(np.unique(found)) == 3


def test_the_tolerance_is_a_share_of_the_mean_time() -> None:
    (found,) = equal_times([3e6, 3e6 + 0.01, 4e6 + 0.5])
    assert found[0] == found[1]
    (apart,) = equal_times([3.0, 3.01, 4.5])
    assert apart[0] != apart[1]


def test_one_time_alone_stays() -> None:
    assert equal_times([0.5, 0.5])[0].tolist() == [0.5, 0.5]
