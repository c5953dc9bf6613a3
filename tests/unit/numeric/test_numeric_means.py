"""Edges of the tests and intervals for means."""

from __future__ import annotations

import math

import pytest

from evalkit.numeric.means import (
    hedges_factor,
    noncentral_t_interval,
    pooled_sd,
    student_error,
    t_interval,
    t_test,
    welch_error,
)


def test_t_interval_by_hand() -> None:
    interval = t_interval(2.0, 0.5, math.inf)
    assert (interval.estimate, interval.std_error) == (2.0, 0.5)
    assert interval.high - 2 == pytest.approx(0.5 * 1.959963984540054)
    assert t_interval(2.0, 0.5, 1).high - 2 == pytest.approx(0.5 * math.tan(math.pi * 0.475))  # Cauchy
    assert t_interval(2.0, 0.0, 5).low == 2.0


def test_t_interval_without_degrees_of_freedom_is_not_defined() -> None:
    interval = t_interval(2.0, 0.0, math.nan)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_t_test_without_spread() -> None:
    assert (t_test(2.0, 0.0, 5).statistic, t_test(2.0, 0.0, 5).p_value) == (math.inf, 0.0)
    assert (t_test(-2.0, 0.0, 5).statistic, t_test(-2.0, 0.0, 5).p_value) == (-math.inf, 0.0)
    nothing = t_test(0.0, 0.0, 5)
    assert math.isnan(nothing.statistic)
    assert math.isnan(nothing.p_value)


def test_t_test_is_two_sided_and_keeps_tiny_p_values() -> None:
    assert t_test(0.0, 1.0, 5).p_value == 1
    assert t_test(1.0, 1.0, 1).p_value == pytest.approx(0.5)  # Cauchy
    assert 0 < t_test(35.0, 1.0, math.inf).p_value < 1e-250


def test_pooled_sd_by_hand() -> None:
    assert pooled_sd(3.0, 5, 4.0, 9) == pytest.approx(math.sqrt((4 * 9 + 8 * 16) / 12))


def test_a_group_of_one_adds_nothing_to_the_pooled_sd() -> None:
    assert pooled_sd(math.nan, 1, 4.0, 9) == 4.0
    assert pooled_sd(4.0, 9, math.nan, 1) == 4.0
    assert math.isnan(pooled_sd(math.nan, 5, 4.0, 9))
    std_error, df = student_error(math.nan, 1, 4.0, 9)
    assert std_error == pytest.approx(4 * math.sqrt(1 + 1 / 9))
    assert df == 8


def test_two_groups_of_one_have_no_spread_to_know() -> None:
    assert math.isnan(pooled_sd(0.0, 1, 0.0, 1))
    std_error, df = student_error(0.0, 1, 0.0, 1)
    assert math.isnan(std_error)
    assert df == 0
    interval = t_interval(1.0, std_error, df)
    assert math.isnan(interval.low)
    assert math.isnan(t_test(1.0, std_error, df).p_value)


def test_welch_edges() -> None:
    assert all(math.isnan(value) for value in welch_error(0.0, 1, 2.0, 9))
    assert all(math.isnan(value) for value in welch_error(2.0, 9, 0.0, 1))
    std_error, df = welch_error(0.0, 4, 0.0, 9)
    assert std_error == 0
    assert math.isnan(df)
    assert welch_error(0.0, 4, 3.0, 9) == (1.0, 8.0)  # only one group varies: its own error and degrees of freedom


def test_hedges_factor_closed_forms() -> None:
    assert hedges_factor(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-14)
    assert hedges_factor(3) == pytest.approx(math.sqrt(math.pi / 6), rel=1e-14)
    assert hedges_factor(1) == 0
    assert hedges_factor(math.inf) == 1


@pytest.mark.parametrize("df", [100.999999, 101.0])
def test_hedges_factor_has_no_step_where_its_formula_changes(df: float) -> None:
    # gamma itself, not its logarithm, holds up to 170.
    exact = math.gamma(df / 2) / math.gamma((df - 1) / 2) / math.sqrt(df / 2)
    assert hedges_factor(df) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("df", [1e6, 1e9, 1e12])
def test_hedges_factor_of_millions_is_below_1(df: float) -> None:
    assert 1 - hedges_factor(df) == pytest.approx(3 / (4 * df), rel=1e-3)


@pytest.mark.parametrize("statistic", [math.nan, math.inf, -math.inf])
def test_noncentral_interval_needs_a_finite_statistic(statistic: float) -> None:
    interval = noncentral_t_interval(statistic, 5)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_noncentral_interval_at_0_is_the_normal_interval() -> None:
    for df in (1, 5, 1e6):
        interval = noncentral_t_interval(0.0, df)
        assert interval.low == pytest.approx(-1.959963984540054)
        assert interval.high == pytest.approx(1.959963984540054)


def test_noncentral_interval_with_endless_degrees_of_freedom_is_the_normal_interval() -> None:
    interval = noncentral_t_interval(2.0, math.inf)
    assert interval.low == pytest.approx(2 - 1.959963984540054, abs=1e-10)
    assert interval.high == pytest.approx(2 + 1.959963984540054, abs=1e-10)


@pytest.mark.parametrize("level", [0.9995, 1 - 1e-7])
@pytest.mark.parametrize(("statistic", "df"), [(5.0, 1e4), (50.0, 1.0), (20.0, 60.0), (1e-9, 3.0)])
def test_noncentral_interval_at_extreme_levels(statistic: float, df: float, level: float) -> None:
    # SciPy's distribution function is NaN on the way to some of these.
    interval = noncentral_t_interval(statistic, df, level=level)
    inner = noncentral_t_interval(statistic, df, level=0.99)
    assert interval.low < inner.low < inner.high < interval.high


def test_noncentral_interval_has_no_step_where_its_engine_changes() -> None:
    below, above = (noncentral_t_interval(t, 12.0) for t in (1000.0, math.nextafter(1000.0, 2000.0)))
    assert above.low == pytest.approx(below.low, rel=1e-9)
    assert above.high == pytest.approx(below.high, rel=1e-9)
