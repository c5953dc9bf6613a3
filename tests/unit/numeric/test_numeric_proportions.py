"""Edges of the intervals for proportions, their difference and their ratios."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest

from evalkit.numeric.proportions import _score_ratio, clopper_pearson, koopman, newcombe, wilson, woolf

Z2 = 1.959963984540054**2


@pytest.mark.parametrize("n", [1, 7, 10_000_000])
def test_nobody_and_everybody_have_closed_forms(n: int) -> None:
    none, everybody = wilson(0, n), wilson(n, n)
    assert (none.estimate, none.low, everybody.estimate, everybody.high) == (0.0, 0.0, 1.0, 1.0)
    assert none.high == pytest.approx(Z2 / (n + Z2), rel=1e-13)
    assert everybody.low == pytest.approx(n / (n + Z2), rel=1e-13)
    none, everybody = clopper_pearson(0, n), clopper_pearson(n, n)
    assert (none.low, everybody.high) == (0.0, 1.0)
    assert none.high == pytest.approx(-math.expm1(math.log(0.025) / n), rel=1e-12)
    assert everybody.low == pytest.approx(0.025 ** (1 / n), rel=1e-12)


def test_one_of_ten_million_keeps_its_digits() -> None:
    assert clopper_pearson(1, 10_000_000).low == pytest.approx(-math.expm1(math.log(0.975) / 1e7), rel=1e-9)
    low, high = wilson(1, 10_000_000).low, wilson(1, 10_000_000).high
    assert low * high == pytest.approx(1 / (1e7 * (1e7 + Z2)), rel=1e-12)  # the product of the roots
    assert low + high == pytest.approx((2 + Z2) / (1e7 + Z2), rel=1e-12)  # their sum


def test_weighted_counts_need_not_be_whole() -> None:
    assert wilson(2.5, 10).estimate == 0.25
    assert wilson(2, 10).low < wilson(2.5, 10).low < wilson(3, 10).low
    assert clopper_pearson(2, 10).high < clopper_pearson(2.5, 10).high < clopper_pearson(3, 10).high


def test_a_proportion_has_no_standard_error_of_its_interval() -> None:
    assert all(math.isnan(i.std_error) for i in (wilson(1, 2), clopper_pearson(1, 2), newcombe(1, 2, 1, 2)))


def test_difference_stays_within_minus_1_and_1() -> None:
    assert newcombe(10, 10, 0, 10).high == 1.0
    assert newcombe(0, 10, 10, 10).low == -1.0
    assert newcombe(1, 1, 0, 1).estimate == 1.0


def test_equal_groups_have_a_symmetric_difference() -> None:
    interval = newcombe(3, 10, 3, 10)
    assert interval.estimate == 0
    assert interval.low == -interval.high


def test_ratio_without_events() -> None:
    neither = koopman(0, 10, 0, 20)
    assert math.isnan(neither.estimate)
    assert (neither.low, neither.high) == (0.0, math.inf)
    first = koopman(0, 10, 5, 20)
    assert (first.estimate, first.low) == (0.0, 0.0)
    assert 0 < first.high < math.inf
    second = koopman(5, 10, 0, 20)
    assert (second.estimate, second.high) == (math.inf, math.inf)
    assert 0 < second.low < math.inf


@pytest.mark.parametrize("n", [1, 10, 10_000_000])
@pytest.mark.parametrize("m", [1, 10, 10_000_000])
def test_ratio_where_everybody_had_the_event_has_a_closed_form(n: int, m: int) -> None:
    # Under a ratio above 1 the constrained proportions are 1 and 1 / ratio: the statistic is m (ratio - 1).
    # The logarithm of a limit is found to 1e-13; that is what is left of the distance to 1.
    interval = koopman(n, n, m, m)
    assert interval.high - 1 == pytest.approx(Z2 / m, rel=1e-8, abs=2e-13)
    assert 1 / interval.low - 1 == pytest.approx(Z2 / n, rel=1e-8, abs=2e-13)


def test_ratio_of_all_to_none() -> None:
    # Below the limit the constrained p1 is 1 (events in group 1 are certain) or the statistic is a sum of both.
    interval = koopman(10, 10, 0, 10)
    assert (interval.estimate, interval.high) == (math.inf, math.inf)
    assert interval.low > 1


@pytest.mark.parametrize("level", [1e-6, 0.5, 1 - 1e-9])
def test_extreme_levels_converge(level: float) -> None:
    for table in ((1, 1, 1, 1), (3, 10, 4, 11), (0, 1, 1, 10_000_000), (10_000_000, 10_000_000, 1, 1)):
        interval = koopman(*table, level=level)
        assert interval.low <= interval.estimate <= interval.high
        assert newcombe(*table, level=level).low <= newcombe(*table, level=level).high


def test_woolf_needs_four_cells() -> None:
    assert woolf(0, 5, 3, 5).estimate == 0.0
    assert woolf(5, 5, 3, 5).estimate == math.inf
    assert woolf(2, 5, 0, 5).estimate == math.inf
    assert woolf(2, 5, 5, 5).estimate == 0.0
    for table in ((0, 5, 0, 5), (5, 5, 5, 5)):
        assert math.isnan(woolf(*table).estimate)
    for table in ((0, 5, 3, 5), (5, 5, 3, 5), (0, 5, 0, 5)):
        interval = woolf(*table)
        assert all(math.isnan(value) for value in (interval.low, interval.high, interval.std_error))


def test_woolf_by_hand() -> None:
    interval = woolf(10, 30, 5, 40)
    assert interval.estimate == pytest.approx(10 * 35 / (20 * 5))
    assert interval.std_error == pytest.approx(math.sqrt(1 / 10 + 1 / 20 + 1 / 5 + 1 / 35))
    assert math.log(interval.high / interval.low) == pytest.approx(2 * math.sqrt(Z2) * interval.std_error)


def _score_to_50_digits(table: tuple[int, int, int, int], ratio: float) -> Decimal:
    """Koopman's statistic with the root of the quadratic as it is in every textbook."""
    a, n, b, m = (Decimal(count) for count in table)
    with localcontext(prec=50):
        theta = Decimal(ratio)
        linear = (n + b) * theta + a + m
        p2 = (linear - (linear * linear - 4 * (n + m) * theta * (a + b)).sqrt()) / (2 * (n + m) * theta)
        spread = theta * p2 * (1 - theta * p2) / n + theta * theta * p2 * (1 - p2) / m
        return (a / n - theta * b / m) ** 2 / spread


@pytest.mark.parametrize(
    "table",
    [
        (36, 40, 16, 80),
        (10_000_000, 10_000_000, 1, 1),
        (1, 1, 10_000_000, 10_000_000),
        (9_999_999, 10_000_000, 10_000_000, 10_000_000),
        (10_000_000, 10_000_000, 2, 3),
        (9_999_999, 10_000_000, 9_999_990, 10_000_000),
        (1, 10_000_000, 0, 7),
        (0, 3, 10_000_000, 10_000_000),
    ],
)
@pytest.mark.parametrize("ratio", [1e-6, 0.3, 0.999, 1.001, 3.0, 1e6])
def test_score_statistic_keeps_its_digits(table: tuple[int, int, int, int], ratio: float) -> None:
    exact = float(_score_to_50_digits(table, ratio))
    assert _score_ratio(*table, ratio) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("ratio", [math.nextafter(1, 0), 1.0, math.nextafter(1, 2), 1 + 3e-16])
def test_score_statistic_a_last_digit_from_certainty(ratio: float) -> None:
    for n in range(1, 200):  # the spread may round to 0 where the gap does not: no division by zero
        assert _score_ratio(n, n, n + 1, n + 1, ratio) >= 0
        assert _score_ratio(3 * n, 3 * n, 7 * n, 7 * n, ratio) >= 0
    assert _score_ratio(5, 5, 7, 7, 1.0) == 0


def test_no_ratio_but_0_can_be_0() -> None:
    assert _score_ratio(5, 10, 2, 10, 0.0) == math.inf
    assert _score_ratio(0, 10, 2, 10, 0.0) == 0
