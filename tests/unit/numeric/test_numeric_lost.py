"""Imputation, response weights, standardised differences and tipping points on plain arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.numeric.imputation import impute_normal, pool
from evalkit.numeric.response_weights import is_separated, response_probabilities, response_weighted_mean
from evalkit.numeric.standardised_differences import standardised_mean_difference, standardised_share_difference
from evalkit.numeric.tipping import tipping_points


def test_pool_without_spread_between_or_within() -> None:
    same = pool([0.5, 0.5], [0.1, 0.1], df_complete=23)
    assert (same.df, same.missing_information) == (pytest.approx(23 * 24 / 26), 0.0)
    none = pool([0.5, 0.5], [0.0, 0.0], df_complete=23)
    assert none.std_error == 0
    assert math.isnan(none.df)
    assert pool([0.4, 0.6], [0.0, 0.0], df_complete=23).df == 0


def test_pooled_degrees_of_freedom_never_exceed_the_complete() -> None:
    for spread in (1e-9, 0.01, 0.3, 3.0):
        assert pool([0.5 - spread, 0.5, 0.5 + spread], [0.1] * 3, df_complete=23).df <= 23 * 24 / 26 + 1e-9


def test_imputation_without_residuals_gives_the_line() -> None:
    before = np.arange(8.0)
    after = np.where(before > 5, np.nan, 2 + 3 * before)
    drawn = impute_normal(after, before[:, None], imputations=3, rng=np.random.default_rng(0))
    np.testing.assert_allclose(drawn, np.tile([20.0, 23.0], (3, 1)), rtol=1e-9)


def test_imputation_follows_the_unit() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(0, 1, (30, 2))
    after = np.where(rng.random(30) < 0.3, np.nan, before.sum(axis=1) + rng.normal(0, 1, 30))
    holes = before.copy()
    holes[::5, 1] = np.nan
    for predictors in (before, holes):
        one = impute_normal(after, predictors, imputations=4, rng=np.random.default_rng(2))
        moved = impute_normal(10 + 100 * after, 5 - 3 * predictors, imputations=4, rng=np.random.default_rng(2))
        assert one.shape == moved.shape == (4, int(np.isnan(after).sum()))
        if predictors is before:
            assert np.std(moved - 10) == pytest.approx(100 * np.std(one), rel=0.5)
        assert np.isfinite(one).all()


def test_nearly_dependent_predictors_do_not_lose_their_digits() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0, 1, 50)
    predictors = np.column_stack([first, first + 1e-7 * rng.normal(0, 1, 50)])
    after = np.where(np.arange(50) < 10, np.nan, 1 + 2 * first)
    drawn = impute_normal(after, predictors, imputations=2, rng=rng)
    np.testing.assert_allclose(drawn[0], 1 + 2 * first[:10], atol=1e-5)


def _design(values: list[float]) -> np.ndarray:
    return np.column_stack([np.ones(len(values)), values])


@pytest.mark.parametrize(
    ("answered", "values", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], True),
        ([0, 0, 1, 1], [1, 2, 2, 4], True),
        ([0, 1, 0, 1], [1, 2, 3, 4], False),
        ([1, 1, 0, 0], [1e6, 2e6, 3e6, 4e6], True),
        ([1, 0, 1, 0], [0, 0, 0, 1], True),
        ([1, 0, 1, 0], [0, 0, 1, 1], False),
    ],
)
def test_separation_is_found_exactly(answered: list[int], values: list[float], *, expected: bool) -> None:
    assert is_separated(np.array(answered, dtype=bool), _design(values)) is expected


def test_response_model_solves_its_score_and_a_saturated_one_gives_the_shares() -> None:
    answered = np.array([1, 1, 0, 1, 0, 0, 1, 1], dtype=bool)
    group = [0.0, 0, 0, 0, 1, 1, 1, 1]
    fitted = response_probabilities(answered, _design(group))
    np.testing.assert_allclose(fitted, [0.75] * 4 + [0.5] * 4, rtol=1e-12)
    values = np.array([1.0, 2, np.nan, 3, np.nan, np.nan, 5, 7])
    found = response_weighted_mean(values, answered, _design(group))
    assert found.estimate == pytest.approx((4 * 2 + 4 * 6) / 8)
    assert found.df == 3
    # By hand: the variance of a mean standardised over two groups, times n / (n - k).
    by_hand = ((1 / 0.75) ** 2 * 2 + 2**2 * 2 + 4 * (2 - 4) ** 2 + 4 * (6 - 4) ** 2) / 64
    assert found.std_error == pytest.approx(math.sqrt(by_hand * 5 / 3))
    assert found.n_effective == pytest.approx(8**2 / (3 * (4 / 3) ** 2 + 2 * 4))
    assert found.largest_weight == pytest.approx(2 / (8 / 5))


def test_standardised_differences_of_odd_groups() -> None:
    none = standardised_mean_difference(np.array([]), np.array([1.0, 2, 3]))
    assert math.isnan(none.estimate)
    assert math.isnan(standardised_mean_difference(np.array([1.0]), np.array([2.0])).estimate)
    assert math.isnan(standardised_mean_difference(np.array([1.0, 1]), np.array([2.0, 2])).estimate)
    single = standardised_mean_difference(np.array([4.0]), np.array([1.0, 2, 3]))
    assert single.estimate == pytest.approx(2.0)
    assert single.low < 2 < single.high
    assert math.isnan(standardised_share_difference(np.array([1.0, 1]), np.array([0.0, 0])).estimate)
    assert math.isnan(standardised_share_difference(np.array([]), np.array([0.0, 1])).estimate)


def test_a_single_person_lost_must_have_changed_a_great_deal() -> None:
    rng = np.random.default_rng(6)
    known, imputed = rng.normal(1.0, 0.5, 20), rng.normal(1.0, 0.5, (20, 1))
    to_interval, to_zero = tipping_points(known, imputed)
    assert to_zero == pytest.approx(-(known.sum() + imputed.mean()))
    assert to_zero < to_interval < -3
