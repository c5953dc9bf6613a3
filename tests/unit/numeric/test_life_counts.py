"""Counting lives, the kernels on the counts, and their neighbours, on cases small enough to be worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from evalkit.numeric import life_counts
from evalkit.numeric.incidences import JackknifeVariance, incidence
from evalkit.numeric.life_counts import LifeCounts, LifeRows, count_lives, event_tables, joined
from evalkit.numeric.lifetables import life_table, logrank
from evalkit.numeric.product_limit import kaplan_meier, places_at, probability_limits, spans, time_quantile
from evalkit.numeric.rank_tests import RankTest, gray, logrank_family
from evalkit.numeric.restricted_means import area, area_variance, step_widths

Floats = npt.NDArray[np.float64]


def rows(*each: tuple[float, ...], cluster: Any = None, weight: Any = None) -> LifeRows:
    """Each row is (group, start, stop, cause)."""
    group, start, stop, cause = np.array(each, dtype=float).reshape(-1, 4).T
    return LifeRows(
        group.astype(np.int64),
        start,
        stop,
        cause.astype(np.int64),
        np.ones(len(stop), dtype=bool),
        None if weight is None else np.asarray(weight, dtype=float),
        np.arange(len(stop)) if cluster is None else np.asarray(cluster),
    )


def counted(data: LifeRows, groups: int = 1, causes: int = 2) -> LifeCounts:
    return count_lives(data, n_groups=groups, n_causes=causes)


DELAYED = rows((0, 0, 4, 1), (0, 2, 4, 2), (0, 4, 7, 0), (2, 0, 1, 1), (2, 1, 3, 2), (0, 0, 6, 1))


def test_counts_with_delayed_entry_and_an_empty_group() -> None:
    counts = counted(DELAYED, groups=3)
    assert counts.offsets.tolist() == [0, 3, 3, 5]
    assert counts.time.tolist() == [4, 6, 7, 1, 3]
    # Whoever enters at 4 is not at risk at 4.
    assert counts.at_risk.tolist() == [3, 2, 1, 1, 1]
    assert counts.events.tolist() == [[1, 1], [1, 0], [0, 0], [1, 0], [0, 1]]
    assert counts.censored.tolist() == [0, 0, 1, 0, 0]
    assert counts.group.tolist() == [0, 0, 0, 2, 2]
    assert spans(counts.offsets) == [(0, 3), (3, 5)]
    assert places_at(counts, 5).tolist() == [0, -1, 4]
    assert places_at(counts, 0.5).tolist() == [-1, -1, -1]


def test_a_large_grid_gives_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = counted(DELAYED, groups=3)
    monkeypatch.setattr(life_counts, "_CELLS_A_ROW", 0)
    monkeypatch.setattr(life_counts, "_SMALL_GRID", 0)
    monkeypatch.setattr(life_counts, "_MANY", 0)
    sparse = counted(DELAYED, groups=3)
    for name in ("offsets", "time", "at_risk", "events", "first", "last"):
        assert getattr(sparse, name).tolist() == getattr(dense, name).tolist()


def test_nobody_at_all() -> None:
    counts = counted(rows(), groups=2)
    assert counts.offsets.tolist() == [0, 0, 0]
    assert kaplan_meier(counts).after.tolist() == []
    assert list(event_tables(rows(), np.zeros(0, dtype=np.int64), n_groups=2, n_causes=1)) == []


def test_stretches_of_a_spell_are_joined_while_group_and_weight_stay() -> None:
    group, spell = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1])
    begins, ends = joined(group, spell, None)
    assert begins.tolist() == [True, False, True, True, False]
    assert ends.tolist() == [False, True, True, False, True]
    assert joined(group, spell, np.array([1.0, 2, 2, 2, 2]))[0].tolist() == [True, True, True, True, False]


def test_survival_is_that_of_the_printed_life_table() -> None:
    counts = counted(rows((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 2, 1), (0, 0, 3, 0), (0, 0, 4, 1), (0, 0, 5, 0)))
    survival = kaplan_meier(counts)
    table = life_table(counts.at_risk, counts.events.sum(axis=1), level=0.9)
    np.testing.assert_allclose(survival.after, table.survival)
    np.testing.assert_allclose(survival.std_error, table.std_error)
    limits = probability_limits(survival.after, survival.std_error, level=0.9, scale="log-log")
    np.testing.assert_allclose(limits, [table.low, table.high])
    np.testing.assert_allclose(survival.before, [1, *survival.after[:-1]])


def test_limits_stay_within_probabilities_and_need_an_estimate_inside() -> None:
    for scale in ("log", "plain"):
        low, high = probability_limits([0.9, 1, 0, 0.5], [0.2, 0, 0, np.nan], level=0.95, scale=scale)  # type: ignore[arg-type]
        assert high[0] == 1
        assert low[0] < 0.9
        assert np.isnan([*low[1:], *high[1:]]).all()


def test_a_quantile_lies_on_the_step_the_middle_of_a_stretch_or_the_line() -> None:
    time, curve = np.array([2.0, 5, 7, 9]), np.array([0.8, 0.5, 0.3, 0.3])
    none = np.full(4, np.nan)

    def at(share: float, convention: Any) -> float:
        return time_quantile(time, curve, none, none, origin=0.0, share=share, convention=convention).estimate

    assert at(0.4, "step") == 5
    assert at(0.5, "step") == 6
    assert at(0.7, "step") == 8
    assert math.isnan(at(0.8, "step"))
    assert at(0.1, "interpolated") == pytest.approx(1.0)
    assert at(0.4, "interpolated") == pytest.approx(4.0)
    assert at(0.5, "interpolated") == 5
    assert math.isnan(at(0.8, "interpolated"))
    found = time_quantile(time, curve, none, none, origin=0.0)
    assert math.isnan(found.low)
    assert found.high == math.inf


def test_areas_by_hand() -> None:
    counts = counted(rows((0, 0, 2, 1), (0, 0, 4, 2), (1, 0, 3, 0), (1, 0, 5, 0)), groups=2)
    survival = kaplan_meier(counts)
    assert step_widths(counts, 3.5).tolist() == [1.5, 0, 0.5, 0]
    assert area(counts, survival.after, 3.5, origin=0.0, start=1.0).tolist() == [2.75, 3.5]
    assert area(counts, survival.after, 1.0, origin=0.0, start=1.0).tolist() == [1, 1]
    assert area(counts, incidence(counts, 2), 6, origin=0.0, start=0.0).tolist() == [1, 0]
    # Half stay for 1.5 more: the share that stays has variance 1/8, and nobody of the second group left.
    assert area_variance(counts, survival, 3.5).tolist() == pytest.approx([1.5**2 / 8, 0])


def brute_influence(data: LifeRows, time: float, cause: int | None, horizon: float | None = None) -> Floats:
    """Differentiate the estimate in the weight of each row, numerically."""

    def value(weight: Floats) -> float:
        changed = LifeRows(data.group, data.start, data.stop, data.cause, data.ends, weight, data.cluster)
        counts = counted(changed)
        curve = 1 - kaplan_meier(counts).after if cause is None else incidence(counts, cause)
        if horizon is not None:
            return float(area(counts, curve, horizon, origin=0.0, start=0.0)[0])
        return float(curve[places_at(counts, time)[0]])

    base = np.ones(len(data.stop)) if data.weight is None else data.weight
    step = 1e-5
    shifts = np.eye(len(base)) * step
    return np.array([(value(base + shift) - value(base - shift)) / (2 * step) for shift in shifts])


def messy(seed: int) -> LifeRows:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, 25) * rng.integers(0, 2, 25)
    stop = start + rng.integers(1, 9, 25)
    each = np.column_stack([0 * start, start, stop, rng.integers(0, 3, 25)])
    return rows(*each, cluster=rng.integers(0, 14, 25), weight=rng.choice([0.5, 1, 2.5], 25))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cause", [None, 1, 2])
def test_the_jackknife_is_the_derivative_in_the_weights(seed: int, cause: int | None) -> None:
    data = messy(seed)
    assert data.weight is not None
    counts = counted(data)
    jackknife = JackknifeVariance(data, counts)
    curve = jackknife.curve(cause)
    for time in (3.0, 6.0):
        sums = np.bincount(data.cluster, data.weight * brute_influence(data, time, cause))
        expected = float((sums**2).sum())
        assert jackknife.covariance_at(time, cause)[0, 0] == pytest.approx(expected, rel=1e-5, abs=1e-12)
        assert curve[places_at(counts, time)[0]] == pytest.approx(expected, rel=1e-5, abs=1e-12)
    sums = np.bincount(data.cluster, data.weight * brute_influence(data, 0, cause, horizon=7.5))
    found = jackknife.covariance_of_mean(step_widths(counts, 7.5), cause)[0, 0]
    assert found == pytest.approx(float((sums**2).sum()), rel=1e-5)


def test_the_logrank_is_that_of_the_printed_life_table() -> None:
    data = rows((0, 0, 1, 1), (0, 0, 2, 1), (0, 0, 4, 0), (1, 0, 2, 1), (1, 0, 3, 2), (1, 0, 5, 1))
    tables = list(event_tables(data, np.zeros(6, dtype=np.int64), n_groups=2, n_causes=2))
    (table,) = tables
    left = table.events.sum(axis=0)
    expected = logrank(table.at_risk[0], left[0], table.at_risk[1], left[1])
    assert logrank_family(tables, n_groups=2).overall().statistic == pytest.approx(expected.statistic)
    assert table.at_risk.tolist() == [[3, 2, 1, 0], [3, 3, 2, 1]]


@pytest.mark.parametrize("cells", [1, 4, 9])
def test_blocks_of_times_change_nothing(cells: int) -> None:
    data = messy(3)
    data = LifeRows(data.cluster % 3, data.start, data.stop, data.cause, data.ends, None, data.cluster)
    stratum = np.resize([0, 1], 25)
    size = {"n_groups": 3, "n_causes": 2}
    whole = list(event_tables(data, stratum, **size))
    parts = list(event_tables(data, stratum, **size, cells=cells))
    assert len(parts) > len(whole) == 2
    for options in ({"family": "peto"}, {"family": "fleming-harrington", "p": 1.0, "q": 0.5}):
        one, other = (logrank_family(tables, n_groups=3, **options) for tables in (whole, parts))  # type: ignore[arg-type]
        np.testing.assert_allclose(one.score, other.score, atol=1e-12)
        np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-12)
    again = [gray(tables, cause=1, n_groups=3, rho=0.5).covariance for tables in (whole, parts)]
    np.testing.assert_allclose(again[0], again[1], atol=1e-12)


def test_the_trend_of_scores_and_a_test_that_cannot_move() -> None:
    test = RankTest(
        np.zeros(3), np.zeros(3), np.array([-2.0, 0, 2]), np.array([[2.0, -1, -1], [-1, 2, -1], [-1, -1, 2]])
    )
    assert test.trend([0, 1, 2]).statistic == pytest.approx(16 / 6)
    assert test.trend([5, 6, 7]).statistic == pytest.approx(16 / 6)
    assert test.overall().df == 2
    assert test.overall().statistic == pytest.approx(8 / 3)
    nothing = RankTest(np.zeros(2), np.zeros(2), np.zeros(2), np.zeros((2, 2)))
    assert math.isnan(nothing.overall().p_value)
    assert math.isnan(nothing.trend([0, 1]).statistic)


def test_a_group_that_is_never_at_risk_beside_others_takes_no_degree_of_freedom() -> None:
    data = rows((0, 0, 1, 1), (1, 0, 2, 1), (0, 0, 3, 0), (1, 0, 3, 1), (2, 5, 6, 0))
    tables = event_tables(data, np.zeros(5, dtype=np.int64), n_groups=3, n_causes=1)
    assert logrank_family(tables, n_groups=3).overall().df == 1
