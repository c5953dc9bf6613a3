"""How often the intervals of evalkit.numeric cover the truth, by their own estimand.

Binomial intervals: every outcome is enumerated and weighed with its probability, so the coverage is exact and no seed
is involved. Where an interval covers less than its level, the true figure stands here. Means: seeded simulation, judged
within 3 Monte Carlo standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from evalkit.numeric.lifetables import life_table, logrank
from evalkit.numeric.means import (
    hedges_factor,
    noncentral_t_interval,
    student_error,
    t_interval,
    t_test,
    welch_error,
)
from evalkit.numeric.proportions import clopper_pearson, koopman, newcombe, wilson
from evalkit.numeric.tables import chi_squared, conditional_odds_ratio, fisher_exact
from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
EDGE = 1e-12  # a limit that is the truth but for rounding covers it
FINE = (np.arange(2000) + 0.5) / 2000
COARSE = (np.arange(50) + 0.5) / 50


def _probabilities(n: int, proportions: Floats) -> Floats:
    """Shape (proportions, n + 1): the probability of each count."""
    return np.asarray(stats.binom.pmf(np.arange(n + 1)[None, :], n, proportions[:, None]), dtype=float)


def _coverage(interval: Callable[..., Interval], n: int, proportions: Floats, level: float) -> Floats:
    found = [interval(events, n, level=level) for events in range(n + 1)]
    low, high = np.array([i.low for i in found]), np.array([i.high for i in found])
    truth = proportions[:, None]
    inside = (low[None, :] - EDGE <= truth) & (truth <= high[None, :] + EDGE)
    return np.asarray((_probabilities(n, proportions) * inside).sum(axis=1))


def _coverage_of_two(
    interval: Callable[..., Interval], n: int, m: int, truth: Callable[[float, float], float], level: float
) -> Floats:
    """Shape (50, 50): coverage at each pair of true proportions."""
    found = [[interval(a, n, b, m, level=level) for b in range(m + 1)] for a in range(n + 1)]
    low = np.array([[i.low for i in row] for row in found])
    high = np.array([[i.high for i in row] for row in found])
    first, second = _probabilities(n, COARSE), _probabilities(m, COARSE)
    covered = np.empty((COARSE.size, COARSE.size))
    for i, p in enumerate(COARSE):
        for j, q in enumerate(COARSE):
            value = truth(p, q)
            inside = (low - EDGE <= value) & (value <= high + EDGE)
            covered[i, j] = first[i] @ inside @ second[j]
    return covered


# --- one proportion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "level", "average", "least", "least_amid"),
    [
        (10, 0.95, 0.9541, 0.8360, None),
        (30, 0.95, 0.9523, 0.8411, 0.9272),
        (100, 0.95, 0.9511, 0.8393, 0.9282),
        (10, 0.90, 0.9106, 0.7985, None),
        (30, 0.90, 0.9053, 0.8039, 0.8481),
    ],
)
def test_wilson_covers_its_level_on_average_and_less_near_0_and_1(
    n: int, level: float, average: float, least: float, least_amid: float | None
) -> None:
    covered = _coverage(wilson, n, FINE, level)
    assert covered.mean() == pytest.approx(average, abs=5e-5)
    assert level <= covered.mean() <= level + 0.011
    assert covered.min() == pytest.approx(least, abs=5e-5)
    assert (
        min(FINE[covered.argmin()], 1 - FINE[covered.argmin()]) < 1 / n
    )  # the weak spot is where one event is expected
    if least_amid is not None:  # where more than 5 with and 5 without the event are expected
        amid = covered[(n * FINE > 5) & (n * (1 - FINE) > 5)]
        assert amid.min() == pytest.approx(least_amid, abs=5e-5)


@pytest.mark.parametrize("n", [10, 100, 10_000, 1_000_000])
def test_wilson_covers_838_per_mille_just_below_its_limit_for_one_event(n: int) -> None:
    # There only "no event" covers, so the coverage is (1 - p)^n; with p the limit for one event it tends to
    # exp(-(1 + z^2 / 2 - z sqrt(1 + z^2 / 4))) = 0.8382, which no sample size mends (Agresti & Coull 1998,
    # Am Stat 52:119-126; Brown, Cai & DasGupta 2001, Stat Sci 16:101-133).
    z = stats.norm.isf(0.025)
    limit = math.exp(-(1 + z * z / 2 - z * math.sqrt(1 + z * z / 4)))
    assert limit == pytest.approx(0.8382, abs=5e-5)
    weak = wilson(1, n).low
    assert wilson(0, n).high > weak
    assert (1 - weak) ** n == pytest.approx(limit, abs=0.04 / n)
    if n <= 100:
        assert _coverage(wilson, n, np.array([weak * (1 - 1e-6)]), 0.95)[0] == pytest.approx((1 - weak) ** n, abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 10, 30, 100])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_clopper_pearson_never_covers_less_than_it_says(n: int, level: float) -> None:
    covered = _coverage(clopper_pearson, n, FINE, level)
    assert covered.min() >= level
    assert covered.mean() > level + 0.001  # over-coverage is the price


# --- two proportions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "m", "average", "least"),
    [(10, 10, 0.9535, 0.8845), (20, 20, 0.9521, 0.8992), (30, 10, 0.9534, 0.9060), (5, 50, 0.9533, 0.9112)],
)
def test_newcombe_covers_its_level_on_average(n: int, m: int, average: float, least: float) -> None:
    covered = _coverage_of_two(newcombe, n, m, lambda p, q: p - q, 0.95)
    assert covered.mean() == pytest.approx(average, abs=5e-5)
    assert covered.min() == pytest.approx(least, abs=5e-5)  # one proportion near 0, the other near 1
    assert (covered < 0.93).mean() < 0.08


@pytest.mark.parametrize(
    ("n", "m", "average", "least"),
    [(10, 10, 0.9513, 0.9040), (20, 20, 0.9517, 0.9163), (30, 10, 0.9521, 0.9042), (5, 50, 0.9547, 0.8587)],
)
def test_koopman_covers_its_level_on_average(n: int, m: int, average: float, least: float) -> None:
    covered = _coverage_of_two(koopman, n, m, lambda p, q: p / q, 0.95)
    assert covered.mean() == pytest.approx(average, abs=5e-5)
    assert covered.min() == pytest.approx(least, abs=5e-5)  # 5 v 50: at 0.03 v 0.91
    assert (covered < 0.93).mean() < 0.06


@pytest.mark.parametrize(("n", "m"), [(8, 8), (12, 5)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_conditional_odds_ratio_never_covers_less_than_it_says(n: int, m: int, level: float) -> None:
    covered = _coverage_of_two(conditional_odds_ratio, n, m, lambda p, q: p / (1 - p) / (q / (1 - q)), level)
    assert covered.min() >= level


@pytest.mark.parametrize(("n", "m"), [(10, 10), (20, 8)])
def test_error_of_the_first_kind_on_a_two_by_two_table(n: int, m: int) -> None:
    weights = _probabilities(n, COARSE)[:, :, None] * _probabilities(m, COARSE)[:, None, :]

    def error(p_value: Callable[[int, int], float]) -> Floats:
        rejected = np.array([[p_value(a, b) <= 0.05 for b in range(m + 1)] for a in range(n + 1)])
        return np.asarray((weights * rejected).sum(axis=(1, 2)))

    exact = error(lambda a, b: fisher_exact(a, n, b, m).p_value)
    pearson = error(lambda a, b: chi_squared(a, n, b, m).p_value)
    yates = error(lambda a, b: chi_squared(a, n, b, m, yates=True).p_value)
    assert exact.max() <= 0.05
    assert yates.max() <= 0.05
    assert exact.max() < pearson.max() <= 0.075  # Pearson's is not exact: up to half as much again in groups this small


# --- means ------------------------------------------------------------------------------------------------------------


def _within_3(found: float, level: float, runs: int) -> bool:
    return abs(found - level) <= 3 * math.sqrt(level * (1 - level) / runs)


def _mean_coverage(
    error: Callable[..., tuple[float, float]], sizes: tuple[int, int], sds: tuple[float, float], level: float
) -> float:
    runs, truth = 4000, 1.5
    rng = np.random.default_rng(20240229)
    one = rng.normal(truth, sds[0], (runs, sizes[0]))
    two = rng.normal(0.0, sds[1], (runs, sizes[1]))
    gaps = one.mean(axis=1) - two.mean(axis=1)
    spreads = zip(one.std(axis=1, ddof=1).tolist(), two.std(axis=1, ddof=1).tolist(), strict=True)
    covered = 0
    for gap, (sd, sd_control) in zip(gaps.tolist(), spreads, strict=True):
        interval = t_interval(gap, *error(sd, sizes[0], sd_control, sizes[1]), level=level)
        covered += interval.low <= truth <= interval.high
    return covered / runs


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_welch_covers_where_student_does_not(level: float) -> None:
    sizes, sds = (8, 30), (3.0, 1.0)  # the small group is the more variable
    assert _within_3(_mean_coverage(welch_error, sizes, sds, level), level, 4000)
    assert _mean_coverage(student_error, sizes, sds, level) < level - 0.1


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_student_covers_under_equal_variances_exactly(level: float) -> None:
    assert _within_3(_mean_coverage(student_error, (4, 9), (2.0, 2.0), level), level, 4000)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_noncentral_t_covers_a_standardised_difference(level: float, effect: float) -> None:
    runs, n, m = 600, 7, 11
    rng = np.random.default_rng(7)
    one, two = rng.normal(effect, 1, (runs, n)), rng.normal(0, 1, (runs, m))
    to_t = math.sqrt(n * m / (n + m))
    covered = 0
    for i in range(runs):
        std_error, df = student_error(float(one[i].std(ddof=1)), n, float(two[i].std(ddof=1)), m)
        statistic = t_test(float(one[i].mean() - two[i].mean()), std_error, df).statistic
        interval = noncentral_t_interval(statistic, df, level=level)
        covered += interval.low <= effect * to_t <= interval.high
    assert _within_3(covered / runs, level, runs)


@pytest.mark.parametrize("parameter", [-2.0, 0.0, 0.7, 5.0, 25.0])
@pytest.mark.parametrize("df", [2, 9, 60])
def test_noncentral_t_covers_exactly(parameter: float, df: int) -> None:
    # The limits rise with the statistic, so those that cover lie between the two that just touch the truth. The
    # probability between the 2.5 % and 97.5 % points of t is 0.95: it is enough that these two touch.
    lowest, highest = (float(stats.nct.ppf(tail, df, parameter)) for tail in (0.025, 0.975))
    assert noncentral_t_interval(lowest, df).high == pytest.approx(parameter, abs=1e-6)
    assert noncentral_t_interval(highest, df).low == pytest.approx(parameter, abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(2, 3), (4, 4), (10, 6)])
def test_hedges_factor_takes_the_bias_out(n: int, m: int) -> None:
    # A noncentral t with df > 1 has the mean parameter / factor: its difference times the factor is unbiased.
    df, effect = n + m - 2, 0.8
    parameter = effect * math.sqrt(n * m / (n + m))
    assert stats.nct.mean(df, parameter) * hedges_factor(df) == pytest.approx(parameter, rel=1e-9)


# --- leaving ----------------------------------------------------------------------------------------------------------


def _survival_interval(stayed: int, n: int, *, level: float) -> Interval:
    table = life_table([n], [n - stayed], level=level)
    return Interval(float(table.survival[0]), float(table.low[0]), float(table.high[0]))


def test_log_log_limits_of_survival_cover_its_middle_only() -> None:
    # One period, 40 people, so survival is a proportion and its coverage exact.
    covered = _coverage(_survival_interval, 40, FINE, 0.95)
    amid = covered[(FINE > 0.2) & (FINE < 0.8)]
    assert amid.mean() == pytest.approx(0.9518, abs=5e-5)
    assert amid.min() == pytest.approx(0.9288, abs=5e-5)
    # Where nobody or everybody leaves there are no limits, which counts as not covered. With few leavers
    # expected the limits are not to be relied on: 0.82 at a survival of 0.95, 0.51 at 0.98. Wilson's are there.
    edges = _coverage(_survival_interval, 40, np.array([0.02, 0.05, 0.95, 0.98]), 0.95)
    assert edges.tolist() == pytest.approx([0.5461, 0.8576, 0.8235, 0.5086], abs=5e-5)
    assert _coverage(wilson, 40, np.array([0.95, 0.98]), 0.95).min() > 0.94


@pytest.mark.parametrize(("n", "m"), [(60, 60), (100, 25)])
def test_logrank_keeps_its_level_and_sees_a_difference(n: int, m: int) -> None:
    rng, periods, runs = np.random.default_rng(11), 12, 1500

    def history(size: int, hazard: float) -> tuple[list[int], list[int]]:
        at_risk, events = [], []
        for _ in range(periods):
            at_risk.append(size)
            events.append(int(rng.binomial(size, hazard)))
            size -= events[-1]
            size -= int(rng.binomial(size, 0.02))
        return at_risk, events

    def rejected(hazard: float) -> float:
        tests = (logrank(*history(n, 0.06), *history(m, hazard)) for _ in range(runs))
        return sum(test.p_value <= 0.05 for test in tests) / runs

    assert _within_3(rejected(0.06), 0.05, runs)
    assert rejected(0.15) > 0.8
