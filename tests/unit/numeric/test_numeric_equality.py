"""Edges of the pooled ratios and of shares of a part against its whole."""

from __future__ import annotations

import math

import pytest

from evalkit.numeric.part_of_whole import difference_of_estimates, gap_to_whole, parity_to_whole, ratio_of_ratios
from evalkit.numeric.stratified import mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_test
from evalkit.numeric.values import Interval


@pytest.mark.parametrize("ratio", [mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio])
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (([0, 0], [5, 6], [2, 1], [7, 8]), 0.0),
        (([2, 1], [5, 6], [0, 0], [7, 8]), math.inf),
        (([0], [5], [0], [7]), math.nan),
        (([], [], [], []), math.nan),
        (([3], [5], [0], [0]), math.nan),
    ],
)
def test_without_events_there_are_no_limits(ratio, counts, expected) -> None:  # type: ignore[no-untyped-def]
    found = ratio(*counts)
    assert found.estimate == expected or (math.isnan(found.estimate) and math.isnan(expected))
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_a_stratum_of_one_group_changes_nothing() -> None:
    whole = ([40, 12], [60, 80], [30, 20], [70, 90])
    more = ([40, 12, 7], [60, 80, 9], [30, 20, 0], [70, 90, 0])
    assert mantel_haenszel_odds_ratio(*whole) == mantel_haenszel_odds_ratio(*more)
    assert mantel_haenszel_risk_ratio(*whole) == mantel_haenszel_risk_ratio(*more)
    assert mantel_haenszel_test(*whole) == mantel_haenszel_test(*more)


def test_one_stratum_gives_the_plain_ratios() -> None:
    assert mantel_haenszel_risk_ratio([36], [40], [16], [80]).estimate == pytest.approx(4.5)
    odds = mantel_haenszel_odds_ratio([36], [40], [16], [80])
    assert odds.estimate == pytest.approx(36 * 64 / (4 * 16))
    assert odds.std_error == pytest.approx(math.sqrt(1 / 36 + 1 / 4 + 1 / 16 + 1 / 64))


def test_the_test_knows_nothing_of_strata_without_spread() -> None:
    assert math.isnan(mantel_haenszel_test([0, 5], [4, 5], [0, 6], [5, 6]).p_value)
    assert mantel_haenszel_test([2], [4], [2], [4]).p_value == 1
    assert math.isnan(mantel_haenszel_test([1], [1], [0], [0]).statistic)


def test_the_whole_is_no_part() -> None:
    assert gap_to_whole(3, 10, 3, 10).estimate == 0
    assert math.isnan(gap_to_whole(3, 10, 3, 10).low)
    assert parity_to_whole(3, 10, 3, 10).estimate == 1
    assert math.isnan(parity_to_whole(0, 10, 0, 10).estimate)


@pytest.mark.parametrize(
    ("counts", "estimate", "low", "high"),
    [
        ((0, 10, 30, 100), 0.0, 0.0, None),
        ((10, 10, 10, 100), 10.0, None, 10.0),  # all members are in the part
        ((0, 10, 0, 100), math.nan, 0.0, 10.0),
    ],
)
def test_edges_of_parity(counts: tuple[int, ...], estimate: float, low: float | None, high: float | None) -> None:
    found = parity_to_whole(*counts)
    assert found.estimate == estimate or (math.isnan(found.estimate) and math.isnan(estimate))
    assert low is None or found.low == low
    assert high is None or found.high == pytest.approx(high)
    assert 0 <= found.low < found.high <= 10 + 1e-9


def test_gap_and_parity_agree_on_the_side() -> None:
    for members in range(0, 21, 5):
        gap, parity = gap_to_whole(members, 20, 30, 60), parity_to_whole(members, 20, 30, 60)
        assert math.copysign(1, gap.estimate) == math.copysign(1, parity.estimate - 1) or gap.estimate == 0
        assert gap.low <= gap.estimate <= gap.high


def test_empty_cells_of_a_ratio_of_ratios() -> None:
    found, name = ratio_of_ratios(0, 10, 5, 20)
    assert (found.estimate, found.low, name) == (0.0, 0.0, "exact conditional")
    assert 0 < found.high < math.inf
    nothing, _ = ratio_of_ratios(0, 10, 0, 20)
    assert math.isnan(nothing.estimate)
    assert (nothing.low, nothing.high) == (0.0, math.inf)
    assert ratio_of_ratios(1, 10, 5, 20)[1].startswith("delta method")


def test_limits_of_a_difference() -> None:
    later, earlier = Interval(0.3, 0.2, 0.45), Interval(0.1, 0.06, 0.2)
    found = difference_of_estimates(later, earlier)
    assert found.low == pytest.approx(0.2 - math.hypot(0.1, 0.1))
    assert found.high == pytest.approx(0.2 + math.hypot(0.15, 0.04))
    together = difference_of_estimates(later, earlier, correlation=1)
    assert (together.low, together.high) == pytest.approx((0.2, 0.2 + 0.11))
    apart = difference_of_estimates(later, earlier, correlation=-1)
    assert apart.low == pytest.approx(0.0)
    assert math.isnan(difference_of_estimates(Interval(math.inf, 1, math.inf), earlier).low)
    assert math.isnan(difference_of_estimates(later, Interval(0.1, math.nan, math.nan)).low)
    assert difference_of_estimates(later, Interval(0.1, -math.inf, 0.2)).high == math.inf
