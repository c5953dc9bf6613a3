"""evalkit.numeric.cox: risk sets, likelihood, collinear and diverging columns, limits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, stats

from evalkit.numeric import cox_data
from evalkit.numeric.cox import (
    CollinearityError,
    CoxFit,
    CoxModel,
    NoEventsError,
    cox_model,
    evaluate,
    fit_cox,
    likelihood_ratio_test,
    profile_limit,
    wald_test,
)
from evalkit.numeric.cox_data import positions, risk_sets
from evalkit.numeric.cox_residuals import robust_covariance
from evalkit.numeric.cox_sums import CountSums, RowSums

Floats = npt.NDArray[np.float64]
ENGINES = pytest.mark.parametrize("engine", ["counts", "rows"])


def sample(n: int = 120, seed: int = 3, columns: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, n).astype(float)
    x = rng.normal(size=(n, columns)).round(1)
    return {
        "start": start,
        "stop": start + rng.integers(1, 12, n),
        "event": rng.random(n) < 0.6,
        "x": x,
    }


def plain_log_likelihood(data: dict[str, Any], beta: Floats, ties: str) -> float:
    """Sum over events in a loop, from the definition."""
    total = 0.0
    risk = np.exp(data["x"] @ beta)
    for time in np.unique(data["stop"][data["event"]]):
        at_risk = (data["start"] < time) & (time <= data["stop"])
        dead = at_risk & data["event"] & (data["stop"] == time)
        number = int(dead.sum())
        total += float((data["x"][dead] @ beta).sum())
        for k in range(number):
            left = risk[at_risk].sum() - (k / number * risk[dead].sum() if ties == "efron" else 0)
            total -= math.log(left)
    return total


@ENGINES
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_likelihood_is_its_definition(ties: str, engine: str) -> None:
    data = sample()
    model = cox_model(**data, ties=ties, engine=engine)
    for beta in (np.zeros(2), np.array([0.4, -1.1]), np.array([-3.0, 2.0])):
        found = evaluate(model, beta * model.covariates.scale)
        assert found.log_likelihood == pytest.approx(plain_log_likelihood(data, beta, ties), abs=1e-9)


@ENGINES
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_score_and_information_are_the_derivatives(ties: str, engine: str) -> None:
    data = sample(60, seed=5)
    model = cox_model(**data, ties=ties, engine=engine)
    beta = np.array([0.3, -0.4])
    at = evaluate(model, beta * model.covariates.scale)
    score = optimize.approx_fprime(beta, lambda b: plain_log_likelihood(data, b, ties), 1e-6)
    np.testing.assert_allclose(at.score * model.covariates.scale, score, atol=1e-3)
    step = 1e-5
    for column in range(2):
        away = beta.copy()
        away[column] += step
        change = (evaluate(model, away * model.covariates.scale).score - at.score) / step
        np.testing.assert_allclose(-change, at.information[column] * model.covariates.scale[column], rtol=1e-3)


def test_at_risk_after_start_up_to_stop() -> None:
    # At 2 the row (2, 5] is not at risk yet and the row (0, 2] still is.
    sets = risk_sets([0, 0, 2], [2, 5, 5], [True, False, True])
    assert sets.time.tolist() == [2, 5]
    assert sets.layers[0].first.tolist() == [0, 0, 1]
    assert sets.layers[0].last.tolist() == [1, 2, 2]
    assert sets.deaths.tolist() == [1, 1]


def test_slots_go_by_stratum_then_time() -> None:
    sets = risk_sets([0, 0, 0, 1], [2, 3, 3, 2], [True, True, True, False], strata=[1, 0, 1, 0])
    assert sets.stratum.tolist() == [0, 1, 1]
    assert sets.time.tolist() == [3, 2, 3]
    assert sets.layers[0].first.tolist() == [1, 0, 1, 0]
    assert sets.layers[0].last.tolist() == [2, 1, 3, 0]


@pytest.mark.parametrize("offset", [0.0, -7.0, 0.5, 1e7])
def test_positions_by_table_and_by_search_agree(offset: float) -> None:
    values = np.random.default_rng(1).integers(0, 50, 3000) + offset
    marks = np.unique(values)[::3]
    assert positions(marks, values).tolist() == np.searchsorted(marks, values, side="right").tolist()
    half = values.copy()
    half[7] += 0.5
    assert positions(marks, half).tolist() == np.searchsorted(marks, half, side="right").tolist()
    half[8] = math.inf
    assert positions(marks, half)[8] == len(marks)


def test_counts_are_taken_where_few_patterns_have_many_rows() -> None:
    data = sample(500)
    assert isinstance(cox_model(**data).sums, RowSums)
    pattern = np.arange(500) % 4
    few = cox_model(data["start"], data["stop"], data["event"], np.eye(4)[:, 1:], pattern=pattern)
    assert isinstance(few.sums, CountSums)


@ENGINES
def test_large_matrices_are_read_in_blocks(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sample(900, columns=3)
    whole = fit_cox(cox_model(**data, engine=engine))
    monkeypatch.setattr(cox_data, "_CACHED_BYTES", 0)
    monkeypatch.setattr(cox_data, "_CHUNK_BYTES", 1)
    model = cox_model(**data, engine=engine)
    assert len(list(model.covariates.blocks())) == 4
    parts = fit_cox(model)
    np.testing.assert_allclose(parts.coefficients, whole.coefficients, rtol=1e-10)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-9)
    again = robust_covariance(model, parts, np.arange(900) // 2)
    np.testing.assert_allclose(again, robust_covariance(cox_model(**data), whole, np.arange(900) // 2), rtol=1e-8)


@ENGINES
def test_far_and_wide_columns_lose_no_digits(engine: str) -> None:
    data = sample(400)
    near = fit_cox(cox_model(**data, engine=engine))
    moved = {**data, "x": data["x"] * [1e6, 1e-6] + [3e9, 5]}
    far = fit_cox(cox_model(**moved, engine=engine))
    np.testing.assert_allclose(far.coefficients * [1e6, 1e-6], near.coefficients, rtol=1e-6)
    np.testing.assert_allclose(np.diag(far.covariance) * [1e12, 1e-12], np.diag(near.covariance), rtol=1e-6)


@ENGINES
def test_those_who_come_later_do_not_hide_a_small_risk(engine: str) -> None:
    # At 2 the first is alone. In a difference of sums the others, 1e20 times as likely to leave, would swallow it.
    model = cox_model([0, 3, 3], [2, 5, 6], [1, 1, 0], [[0.0], [46.0], [46.0]], engine=engine)
    found = evaluate(model, model.covariates.scale)
    assert found.log_likelihood == pytest.approx(-math.log(2), abs=1e-9)


@ENGINES
def test_strong_effects_do_not_overflow(engine: str) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 1)) * 10
    time = np.argsort(np.argsort(rng.exponential(np.exp(-x[:, 0])))) + 1.0
    fit = fit_cox(cox_model(np.zeros(400), time, np.ones(400), x, engine=engine))
    assert fit.coefficients[0] == pytest.approx(1.0, abs=4 * math.sqrt(fit.covariance[0, 0]))
    assert fit.diverging == ()


@ENGINES
def test_collinear_columns_are_those_after_the_ones_they_repeat(engine: str) -> None:
    data = sample(200)
    x = data["x"]
    more = np.column_stack([x[:, 0], np.full(200, 3.0), x[:, 1], x[:, 0] * 2 - x[:, 1] + 1, x[:, 0] ** 2])
    with pytest.raises(CollinearityError, match="collinear") as caught:
        fit_cox(cox_model(**{**data, "x": more}, engine=engine))
    assert caught.value.columns == (1, 3)


def test_a_column_that_is_constant_within_strata_is_collinear() -> None:
    data = sample(200)
    strata = np.arange(200) % 3
    x = np.column_stack([data["x"][:, 0], strata == 1])
    with pytest.raises(CollinearityError) as caught:
        fit_cox(cox_model(**{**data, "x": x}, strata=strata))
    assert caught.value.columns == (1,)


def test_rare_categories_are_not_taken_for_collinear() -> None:
    data = sample(3000)
    rare = np.zeros(3000)
    rare[np.flatnonzero(data["event"])[:2]] = 1
    fit = fit_cox(cox_model(**{**data, "x": np.column_stack([data["x"], rare])}))
    assert fit.diverging == ()
    assert math.sqrt(fit.covariance[2, 2]) == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize(
    ("event", "weights"), [([0, 0, 0], None), ([1, 0, 0], [0, 1, 1])], ids=["nobody", "weightless"]
)
def test_without_events_there_is_nothing_to_estimate(event: list[int], weights: list[int] | None) -> None:
    with pytest.raises(NoEventsError, match="no row"):
        cox_model([0, 0, 0], [1, 2, 3], event, [[1], [2], [3]], weights=weights)


def test_rows_without_weight_are_as_if_they_were_not_there() -> None:
    data = sample(100)
    keep = np.arange(100) % 3 > 0
    some = {name: values[keep] for name, values in data.items()}
    found, expected = fit_cox(cox_model(**data, weights=keep.astype(float))), fit_cox(cox_model(**some))
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-8)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-7)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_size_of_the_weights_does_not_end_the_search(factor: float) -> None:
    data = sample(100)
    data["x"] = data["x"] + 2 * data["event"][:, None] * [1, 0]
    weights = np.random.default_rng(1).uniform(0.5, 2, 100)
    plain = fit_cox(cox_model(**data, weights=weights))
    found = fit_cox(cox_model(**data, weights=weights * factor))
    assert found.diverging == ()
    np.testing.assert_allclose(found.coefficients, plain.coefficients, rtol=1e-7)
    np.testing.assert_allclose(found.covariance * factor, plain.covariance, rtol=1e-6)


def separated(engine: str, sign: float = 1.0) -> tuple[dict[str, Any], CoxModel, CoxFit]:
    """Whoever has z stays."""
    data = sample(150)
    z = sign * ((np.arange(150) % 5 == 0) & ~data["event"])
    data["x"] = np.column_stack([data["x"][:, 0], z])
    model = cox_model(**data, engine=engine)
    return data, model, fit_cox(model)


@ENGINES
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_coefficient_without_maximum_is_infinite(sign: float, engine: str) -> None:
    data, _, fit = separated(engine, sign)
    assert fit.diverging == (1,)
    assert fit.coefficients[1] == -sign * math.inf
    assert np.isnan(fit.covariance[1]).all()
    assert np.isnan(fit.covariance[:, 1]).all()
    # The other coefficient is the one of those without z.
    rest = data["x"][:, 1] == 0
    alone = fit_cox(cox_model(data["start"][rest], data["stop"][rest], data["event"][rest], data["x"][rest, :1]))
    assert fit.coefficients[0] == pytest.approx(alone.coefficients[0], abs=1e-5)
    assert fit.covariance[0, 0] == pytest.approx(alone.covariance[0, 0], rel=1e-4)
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-5)


@ENGINES
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_diverging_coefficient_has_one_profile_limit(level: float, engine: str) -> None:
    data, model, fit = separated(engine)
    limit = profile_limit(model, fit, 1, level=level)
    assert limit.estimate == limit.low == -math.inf

    def loss(value: float) -> float:
        best = optimize.minimize_scalar(
            lambda other: -plain_log_likelihood(data, np.array([other, value]), "efron"), options={"xtol": 1e-10}
        )
        return 2 * (fit.log_likelihood + best.fun) - stats.chi2.ppf(level, 1)

    assert limit.high == pytest.approx(optimize.brentq(loss, -8, 2), abs=1e-4)


def test_profile_limits_of_a_finite_coefficient() -> None:
    data = sample(80)
    model = cox_model(**data)
    fit = fit_cox(model)
    found = profile_limit(model, fit, 0)
    error = math.sqrt(fit.covariance[0, 0])
    assert found.low == pytest.approx(fit.coefficients[0] - 1.96 * error, abs=0.2 * error)
    for value in (found.low, found.high):
        best = optimize.minimize_scalar(lambda b, at=value: -plain_log_likelihood(data, np.array([at, b]), "efron"))
        assert 2 * (fit.log_likelihood + best.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_all_categories_diverge_when_the_reference_has_no_event() -> None:
    data = sample(200)
    group = np.arange(200) % 3
    data["event"] = data["event"] & (group > 0)
    data["x"] = np.column_stack([group == 1, group == 2, data["x"][:, 0]])
    fit = fit_cox(cox_model(**data))
    assert fit.diverging == (0, 1)
    assert fit.coefficients[:2].tolist() == [math.inf, math.inf]
    assert np.isfinite(fit.covariance[2, 2])


def test_tests_of_all_coefficients() -> None:
    data = sample(300, seed=8)
    fit = fit_cox(cox_model(**data))
    ratio = likelihood_ratio_test(fit)
    wald = wald_test(fit.coefficients, fit.covariance)
    assert ratio.statistic == pytest.approx(2 * (fit.log_likelihood - fit.log_likelihood_null))
    assert ratio.df == wald.df == fit.score_test.df == 2
    assert wald.statistic == pytest.approx(fit.coefficients @ np.linalg.inv(fit.covariance) @ fit.coefficients)
    assert ratio.p_value == pytest.approx(stats.chi2.sf(ratio.statistic, 2))
    assert wald.statistic == pytest.approx(fit.score_test.statistic, rel=0.2)


def test_wald_test_is_not_defined_for_singular_covariances() -> None:
    assert math.isnan(wald_test(np.array([1.0, 2.0]), np.ones((2, 2))).statistic)
    assert math.isnan(wald_test(np.array([math.inf, 2.0]), np.eye(2)).p_value)


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    data = sample(150)
    model = cox_model(**data)
    cold = fit_cox(model)
    warm = fit_cox(model, start=cold.coefficients)
    assert warm.iterations < cold.iterations
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, rtol=1e-9)
