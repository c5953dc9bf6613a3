"""Edges of the tests on a two-by-two table."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from math import comb

import pytest
from scipy import special, stats

from evalkit.numeric.tables import chi_squared, conditional_odds_ratio, fisher_exact


def _fisher_in_whole_numbers(a: int, n: int, b: int, m: int) -> float:
    events = a + b
    weights = [comb(n, x) * comb(m, events - x) for x in range(max(0, events - m), min(n, events) + 1)]
    seen = comb(n, a) * comb(m, b)
    return float(Fraction(sum(weight for weight in weights if weight <= seen), sum(weights)))


def test_fisher_equals_a_sum_of_whole_numbers_for_every_small_table() -> None:
    # Tables as likely as the one seen are many here; a comparison of rounded probabilities would miss some.
    for n, m in ((1, 1), (1, 9), (6, 6), (8, 5), (9, 9)):
        for a in range(n + 1):
            for b in range(m + 1):
                p_value = fisher_exact(a, n, b, m).p_value
                assert p_value == pytest.approx(_fisher_in_whole_numbers(a, n, b, m), rel=1e-12)


@pytest.mark.parametrize(
    "table",
    [(120, 1000, 150, 1000), (150, 1000, 120, 1000), (0, 1500, 9, 700), (400, 800, 700, 1400), (3, 2000, 3, 999)],
)
def test_fisher_equals_a_sum_of_whole_numbers_for_larger_tables(table: tuple[int, int, int, int]) -> None:
    assert fisher_exact(*table).p_value == pytest.approx(_fisher_in_whole_numbers(*table), rel=1e-9)


def test_fisher_has_a_p_value_only() -> None:
    test = fisher_exact(3, 4, 1, 4)
    assert math.isnan(test.statistic)
    assert math.isnan(test.df)
    assert fisher_exact(0, 4, 0, 9).p_value == 1
    assert fisher_exact(4, 4, 9, 9).p_value == 1


@pytest.mark.parametrize("table", [(0, 5, 0, 9), (5, 5, 9, 9)])
@pytest.mark.parametrize("yates", [True, False])
def test_chi_squared_has_nothing_to_say_when_all_are_alike(table: tuple[int, int, int, int], *, yates: bool) -> None:
    test = chi_squared(*table, yates=yates)
    assert all(math.isnan(value) for value in (test.statistic, test.df, test.p_value))


def test_chi_squared_by_hand() -> None:
    # 10 of 20 against 5 of 20: 40 (10 * 15 - 10 * 5)^2 / (20 * 20 * 15 * 25); with Yates 40 / 2 is taken off.
    assert chi_squared(10, 20, 5, 20).statistic == pytest.approx(40 * 100**2 / (20 * 20 * 15 * 25))
    assert chi_squared(10, 20, 5, 20, yates=True).statistic == pytest.approx(40 * 80**2 / (20 * 20 * 15 * 25))


def test_yates_takes_off_no_more_than_there_is() -> None:
    assert chi_squared(3, 6, 3, 6, yates=True).statistic == 0
    close = chi_squared(5, 10, 3, 7, yates=True)
    assert (close.statistic, close.p_value) == (0.0, 1.0)


def test_chi_squared_of_millions() -> None:
    assert chi_squared(5_000_500, 10_000_000, 5_000_000, 10_000_000).statistic == pytest.approx(0.05, rel=1e-3)


def test_odds_ratio_without_information() -> None:
    for table in ((0, 5, 0, 9), (5, 5, 9, 9)):
        interval = conditional_odds_ratio(*table)
        assert math.isnan(interval.estimate)
        assert (interval.low, interval.high) == (0.0, math.inf)


def test_odds_ratio_at_the_ends_of_its_support() -> None:
    least = conditional_odds_ratio(0, 5, 3, 5)
    assert (least.estimate, least.low) == (0.0, 0.0)
    assert 0 < least.high < math.inf
    most = conditional_odds_ratio(5, 5, 3, 5)
    assert (most.estimate, most.high) == (math.inf, math.inf)
    assert 0 < most.low < math.inf


def test_odds_ratio_of_two_people_has_a_closed_form() -> None:
    # One event among two people: the chance that it is the first one's is odds / (1 + odds).
    interval = conditional_odds_ratio(1, 1, 0, 1)
    assert interval.low == pytest.approx(0.025 / 0.975, rel=1e-11)
    assert interval.high == math.inf
    assert conditional_odds_ratio(0, 1, 1, 1).high == pytest.approx(0.975 / 0.025, rel=1e-11)


def test_odds_ratio_of_one_event_among_n_and_m_has_a_closed_form() -> None:
    # One event: it falls into the first group with chance n odds / (n odds + m); ten million people, odds of 1e-13.
    n, m = 10_000_000, 3
    interval = conditional_odds_ratio(0, n, 1, m)
    assert interval.high == pytest.approx(0.975 * m / (0.025 * n), rel=1e-10)
    assert conditional_odds_ratio(1, n, 0, m).low == pytest.approx(0.025 * m / (0.975 * n), rel=1e-10)


def test_odds_ratio_beyond_10_to_the_13() -> None:
    # All but y of the events fall into the first group with a weight of (n^2 / odds)^y / (y!)^2, whose mean is a ratio
    # of Bessel functions.
    n = 10_000_000
    interval = conditional_odds_ratio(n - 1, n, 1, n)
    scale = math.sqrt(n / interval.estimate * n)
    assert scale * special.i1(2 * scale) / special.i0(2 * scale) == pytest.approx(1, abs=1e-6)
    assert 1e12 < interval.low < interval.estimate < interval.high < 1e17


def test_odds_ratio_of_millions_is_the_sample_odds_ratio_and_quick() -> None:
    table = 5_010_000, 10_000_000, 5_000_000, 10_000_000
    interval = conditional_odds_ratio(*table)
    sample = (5_010_000 / 4_990_000) / 1
    assert interval.estimate == pytest.approx(sample, rel=1e-8)
    half = 1.959963984540054 * math.sqrt(1 / 5_010_000 + 1 / 4_990_000 + 2 / 5_000_000)
    assert math.log(interval.high / sample) == pytest.approx(half, rel=1e-3)
    assert math.log(sample / interval.low) == pytest.approx(half, rel=1e-3)


def test_windowed_law_is_the_whole_law() -> None:
    # 15,801 tables have these margins; those within 50 + 20 sqrt(15,800) of the one seen, about a third, are summed.
    interval = conditional_odds_ratio(8_000, 20_000, 7_800, 20_000)
    law = partial(stats.nchypergeom_fisher, 40_000, 20_000, 15_800)
    assert law(interval.low).sf(7_999) == pytest.approx(0.025, rel=1e-7)
    assert law(interval.high).cdf(8_000) == pytest.approx(0.025, rel=1e-7)
    assert law(interval.estimate).mean() == pytest.approx(8_000, rel=1e-9)
