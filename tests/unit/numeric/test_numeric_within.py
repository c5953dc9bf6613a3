"""Numbers of change within people: against sums over all possibilities, and at the edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from evalkit.numeric.matched import bowker, mcnemar_exact, mcnemar_mid_p, stuart_maxwell, tango
from evalkit.numeric.multiplicity import benjamini_hochberg, holm
from evalkit.numeric.pairs import changes, pair_moments
from evalkit.numeric.ranks import (
    EXACT_UP_TO,
    _shift_variance,
    hodges_lehmann,
    rank_biserial,
    signed_rank_test,
    signed_ranks,
    walsh_averages,
)
from evalkit.numeric.resampling import bca, few_distinct, left_out_means, resampled_means
from evalkit.numeric.standardised import Kind, divisor, one_sided_p, standardised_interval

TIED = np.array([1.0, 1.0, -1.0, 2.0, 0.0, 3.0, -0.5, 0.0, 2.0])


def every_average(values: np.ndarray) -> np.ndarray:
    return np.sort(((values[:, None] + values) / 2)[np.triu_indices(len(values))])


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
def test_the_exact_p_counts_all_ways_to_put_the_signs(zeros: str) -> None:
    signed = signed_ranks(TIED, zeros)
    ranks, seen = np.abs(signed), signed.sum()
    sums = [np.dot(signs, ranks) for signs in itertools.product((-1, 1), repeat=len(ranks))]
    wanted = np.mean([abs(total) >= abs(seen) - 1e-9 for total in sums])
    test = signed_rank_test(signed)
    assert test.p_value == pytest.approx(wanted, rel=1e-12)
    assert test.statistic == signed[signed > 0].sum()


@pytest.mark.parametrize("n", [1, 2, 5, 30, 199, 260])
@pytest.mark.parametrize("kind", ["normal", "steps", "wide"])
def test_walsh_averages_are_found_without_building_them(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    draw = {"normal": rng.normal(size=n), "steps": rng.integers(-4, 5, n) / 4, "wide": rng.standard_cauchy(n) ** 3}
    values = draw[kind]
    wanted = every_average(values)
    places = sorted({1, len(wanted) // 3 + 1, (len(wanted) + 1) // 2, len(wanted)})
    assert walsh_averages(values, places) == pytest.approx([wanted[place - 1] for place in places], rel=1e-12)


def test_walsh_averages_are_found_where_the_search_has_to_halve() -> None:
    rng = np.random.default_rng(12)
    for values in (rng.normal(size=1500), np.round(rng.normal(size=1500), 3), 10.0 ** rng.uniform(-9, 9, 1500)):
        wanted = every_average(values)
        places = [1, 2, 7777, len(wanted) // 2, len(wanted) // 2 + 1, len(wanted) - 5, len(wanted)]
        assert walsh_averages(values, places) == pytest.approx([wanted[place - 1] for place in places], rel=1e-12)


def test_the_limits_of_many_pairs_are_close_to_those_of_the_exact_law() -> None:
    rng = np.random.default_rng(9)
    for n in (EXACT_UP_TO, EXACT_UP_TO + 1):
        values = rng.normal(size=n)
        found, wanted = hodges_lehmann(values), every_average(values)
        place = int(np.searchsorted(wanted, found.low - 1e-12)) + 1
        sums = n * (n + 1) / 4 - stats.norm.isf(0.025) * math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        assert abs(place - sums) < 3
        assert found.high == pytest.approx(wanted[len(wanted) - place])


@pytest.mark.parametrize(
    ("n", "level", "defined"), [(5, 0.95, False), (6, 0.95, True), (5, 0.9, True), (7, 0.99, False)]
)
def test_too_few_pairs_have_no_limits(n: int, level: float, *, defined: bool) -> None:
    found = hodges_lehmann(np.arange(1.0, n + 1), level=level)
    assert math.isfinite(found.low) == math.isfinite(found.high) == defined
    if defined:
        assert (found.low, found.high) == (1.0, float(n))


def test_rank_biserial_is_the_share_of_ranks() -> None:
    # ranks of 1, 1, 1, 2, 3, .5, 2 are 3, 3, 3, 5.5, 7, 1, 5.5: 24 rise, 4 fall, of 28
    assert rank_biserial(TIED).estimate == pytest.approx(20 / 28)
    assert rank_biserial(-TIED).estimate == pytest.approx(-20 / 28)
    assert rank_biserial(TIED).low == pytest.approx(-rank_biserial(-TIED).high)
    # zeros take ranks 1 and 2; the others move up by two: 34 rise, 8 fall, of 45
    assert rank_biserial(TIED, "pratt").estimate == pytest.approx(26 / 45)
    for change in (np.zeros(4), np.empty(0)):
        assert math.isnan(rank_biserial(change).estimate)
    assert math.isnan(rank_biserial(np.array([2.0])).low)
    everyone = rank_biserial(np.arange(1.0, 25))
    assert (everyone.estimate, everyone.high) == (1, 1)
    assert 0.5 < everyone.low < 1


def test_rank_biserial_at_no_difference_has_the_variance_of_the_null_law() -> None:
    # Balanced signs: the limits are where the value's own variance reaches; near 0 that is 4 / 3n.
    rng = np.random.default_rng(1)
    change = rng.normal(size=4000)
    found = rank_biserial(np.concatenate([change, -change]) + 1e-9)
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(4 / 3 / 8000), rel=0.01)


@pytest.mark.parametrize(
    ("before", "after"), [(3.1, 4.2), (2.0, 3.1), (0.3, 1.4), (1e6 + 0.1, 1e6 + 1.2), (-1.4, -0.3)]
)
def test_changes_lose_the_noise_of_binary_fractions(before: float, after: float) -> None:
    assert changes(np.array([before]), np.array([after])).tolist() == [1.1]


def test_changes_keep_what_is_there() -> None:
    rng = np.random.default_rng(6)
    for size in (1e-300, 1e-9, 1.0, 1e9, 1e300):
        before, after = rng.normal(size=(2, 50)) * size
        assert changes(before, after) == pytest.approx(after - before, rel=1e-9, abs=1e-13 * size)
    assert changes(np.zeros(3), np.zeros(3)).tolist() == [0, 0, 0]


def test_moments_of_nobody_and_of_one() -> None:
    none, single = pair_moments(np.empty(0), np.empty(0)), pair_moments(np.array([1.0]), np.array([3.0]))
    assert math.isnan(none.mean_change)
    assert math.isnan(none.std_error)
    assert (single.n, single.mean_change) == (1, 2)
    assert math.isnan(single.sd_change)
    assert math.isnan(standardised_interval(single, "d_z").estimate)


def test_divisors_under_equal_spread_and_no_correlation() -> None:
    wave = np.array([-1.0, -1, 1, 1])
    moments = pair_moments(wave, np.array([-1.0, 1, -1, 1]) + 5)
    assert moments.correlation == 0
    common = math.sqrt(4 / 3)
    found = [divisor(moments, kind) for kind in ("d_z", "d_av", "d_rm")]
    assert [one.value for one in found] == pytest.approx([common * math.sqrt(2), common, common])
    # Two independent variances are known with twice the degrees of freedom.
    assert [one.df for one in found] == pytest.approx([3, 6, 6])


def test_three_pairs_and_perfect_correlations_give_no_traceback() -> None:
    for before, after in (([1.0, 2, 4], [2.0, 3, 5.5]), ([1.0, 2, 3], [2.0, 4, 6]), ([1.0, 2, 3], [3.0, 2, 1.5])):
        moments = pair_moments(np.array(before), np.array(after))
        for kind in ("d_z", "d_av", "d_rm"):
            found = standardised_interval(moments, kind)
            assert math.isnan(found.low) or found.low <= found.estimate <= found.high
            tails = [one_sided_p(moments, kind, 0.5, above=above) for above in (True, False)]
            assert math.isnan(tails[0]) or sum(tails) == pytest.approx(1, abs=1e-6)


def test_mcnemar_at_the_edges() -> None:
    assert (mcnemar_exact(0, 0), mcnemar_mid_p(0, 0)) == (1, 1)
    assert (mcnemar_exact(1, 0), mcnemar_mid_p(1, 0)) == (1, 0.5)
    assert (mcnemar_exact(2, 2), mcnemar_mid_p(2, 2)) == (1, pytest.approx(1 - 6 / 32))
    assert mcnemar_mid_p(0, 30) == pytest.approx(2**-30)


@pytest.mark.parametrize("n", [10, 24])
def test_the_score_interval_covers_on_average_and_never_far_below(n: int) -> None:
    cells = [(gained, lost) for gained in range(n + 1) for lost in range(n + 1 - gained)]
    limits = np.array([(found.low, found.high) for found in (tango(*cell, n) for cell in cells)])
    gained, lost = np.array(cells).T
    coverage = []
    for up, down in itertools.product(np.linspace(0.05, 0.5, 6), np.linspace(0.05, 0.4, 5)):
        weights = stats.multinomial.pmf(
            np.column_stack([gained, lost, n - gained - lost]), n, [up, down, 1 - up - down]
        )
        held = (limits[:, 0] <= up - down) & (up - down <= limits[:, 1])
        coverage.append(float(weights[held].sum()))
    assert 0.95 <= np.mean(coverage) < 0.975
    assert min(coverage) > 0.93


def test_the_order_of_categories_does_not_matter() -> None:
    table = np.array([[9, 4, 0, 2], [1, 8, 5, 0], [3, 0, 7, 6], [0, 1, 2, 12]])
    for order in itertools.permutations(range(4)):
        turned = table[np.ix_(order, order)]
        assert stuart_maxwell(turned).statistic == pytest.approx(stuart_maxwell(table).statistic)
        assert bowker(turned).statistic == pytest.approx(bowker(table).statistic)
    assert stuart_maxwell(table).df == 3
    assert bowker(table).df == 6
    two = np.array([[5, 9], [2, 5]])
    assert stuart_maxwell(two).statistic == pytest.approx(49 / 11)
    assert bowker(two).statistic == pytest.approx(49 / 11)


def test_adjusted_p_values_with_ties_and_one_test() -> None:
    p = np.array([0.02, 0.5, 0.02, 0.9])
    assert holm(p) == pytest.approx([0.08, 1, 0.08, 1])
    assert benjamini_hochberg(p) == pytest.approx([0.04, 2 / 3, 0.04, 0.9])
    assert (holm(np.array([0.3])), benjamini_hochberg(np.array([0.3]))) == (0.3, 0.3)


def test_resampled_means_are_means_of_samples_of_the_rows() -> None:
    columns = np.column_stack([np.arange(5.0), np.arange(5.0) ** 2])
    means = resampled_means(columns, 20_000, np.random.default_rng(3))
    assert means.shape == (20_000, 2)
    assert means.mean(axis=0) == pytest.approx([2, 6], abs=0.06)
    assert means.std(axis=0) == pytest.approx(columns.std(axis=0) / math.sqrt(5), rel=0.02)
    whole = means * 5
    assert whole == pytest.approx(np.rint(whole))
    assert means.min() == 0
    assert np.corrcoef(means.T)[0, 1] == pytest.approx(np.corrcoef(columns.T)[0, 1], abs=0.01)


def test_rows_that_are_alike_are_drawn_together_under_the_same_law() -> None:
    steps = np.repeat(np.array([-1.0, 0, 0, 2]), 700)[:, None]
    assert few_distinct(steps)
    assert not few_distinct(steps[::2])
    assert not few_distinct(np.arange(3000.0)[:, None])
    means = resampled_means(steps, 4000, np.random.default_rng(5))
    assert means.std() == pytest.approx(float(steps.std()) / math.sqrt(2800), rel=0.05)
    assert means.mean() == pytest.approx(0.25, abs=0.005)


def test_left_out_means() -> None:
    columns = np.array([[1.0], [2.0], [6.0]])
    assert left_out_means(columns)[:, 0].tolist() == [4, 3.5, 1.5]


def test_bca_of_a_symmetric_sample_is_the_percentile_interval() -> None:
    drawn = np.linspace(-1, 1, 10_001)
    found = bca(0.0, drawn, np.array([-1.0, 0, 1]), level=0.9)
    assert [found.low, found.high] == pytest.approx([-0.9, 0.9])
    # Draws equal to the estimate count half as below it.
    tied = bca(0.0, np.repeat([-1.0, 0.0, 1.0], 1000) + np.tile([0, 1e-17, -1e-17], 1000), np.array([-1.0, 0, 1]))
    assert [tied.low, tied.high] == pytest.approx([-1, 1])


def test_bca_moves_with_bias_and_acceleration() -> None:
    drawn = np.linspace(-1, 1, 10_001)
    even = bca(0.0, drawn, np.array([-1.0, 0, 1]))
    assert bca(0.1, drawn, np.array([-1.0, 0, 1])).low > even.low
    # A few rows that pull the estimate up when they are there: left out, it falls.
    assert bca(0.0, drawn, np.array([0.0, 0, 0, -4])).high > even.high


def test_bca_without_limits() -> None:
    for drawn, left_out in (
        (np.array([1.0, 2, 3]), np.array([0.0, 1])),
        (np.array([-1.0, 1]), np.array([2.0, 2])),
        (np.array([-1.0, 1]), np.array([2.0, np.inf])),
        (np.array([1.0]), np.array([0.0, 1])),
    ):
        found = bca(0.0, drawn, left_out)
        assert math.isnan(found.low)
        assert math.isnan(found.high)


def test_rank_biserial_limits_solve_the_score_equation() -> None:
    change = np.array([3.0, -1, 2, 5, -0.5, 1.5, 4])
    n, found = len(change), rank_biserial(change, level=0.9)
    signs = np.sign(change[:, None] + change)
    seen = (signs.sum() - np.trace(signs)) / (n * (n - 1))  # different people only
    for limit in (found.low, found.high):
        share = (1 + limit) / 2
        point = stats.norm.ppf(share)
        both = stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf([point, point])
        variance = 2 / (n * (n - 1)) * (2 * (n - 2) * 4 * (both - share**2) + 1 - limit**2)
        assert (seen - limit) ** 2 == pytest.approx(stats.norm.isf(0.05) ** 2 * variance, rel=1e-4)


def test_the_variance_of_the_rank_biserial_is_that_of_simulated_changes() -> None:
    # The mean sign of sums of two different people's changes: normal, shifted so that its mean is .6.
    rng, n, value = np.random.default_rng(14), 8, 0.6
    shift = float(stats.norm.ppf((1 + value) / 2)) / math.sqrt(2)
    change = rng.normal(shift, 1, size=(40_000, n))
    one, other = np.triu_indices(n, 1)
    seen = np.sign(change[:, one] + change[:, other]).mean(axis=1)
    assert seen.mean() == pytest.approx(value, abs=0.01)
    assert _shift_variance(value, n) == pytest.approx(seen.var(), rel=0.03)
    assert _shift_variance(0.0, 2) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["d_z", "d_av", "d_rm"])
def test_hedges_needs_more_than_one_degree_of_freedom(kind: Kind) -> None:
    two = pair_moments(np.array([1.0, 2.5]), np.array([2.0, 4.0]))
    plain, corrected = (standardised_interval(two, kind, hedges=hedges) for hedges in (False, True))
    assert math.isnan(corrected.estimate)
    assert math.isnan(plain.estimate) == (kind == "d_rm")
    assert (corrected.low, corrected.high) == pytest.approx((plain.low, plain.high), nan_ok=True)
    three = pair_moments(np.array([1.0, 2.5, 2.0]), np.array([2.0, 4.0, 2.5]))
    found = [standardised_interval(three, kind, hedges=hedges) for hedges in (False, True)]
    assert 0 < found[1].estimate < found[0].estimate
