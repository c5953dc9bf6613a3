"""Residuals, baseline, proportionality, concordance, bootstrap and Fine-Gray around evalkit.numeric.cox."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from evalkit.numeric import concordance as concordance_module
from evalkit.numeric import cox_residuals
from evalkit.numeric.concordance import concordance_index
from evalkit.numeric.cox import cox_model, fit_cox
from evalkit.numeric.cox_baseline import baseline_hazard, predicted_hazard
from evalkit.numeric.cox_bootstrap import bootstrap_coefficients
from evalkit.numeric.cox_data import NoEventsError
from evalkit.numeric.cox_residuals import dfbeta, robust_covariance, schoenfeld
from evalkit.numeric.fine_gray import UndefinedWeightsError, fine_gray_model
from evalkit.numeric.proportionality import proportionality_test

ENGINES = pytest.mark.parametrize("engine", ["counts", "rows"])


def sample(n: int = 150, seed: int = 4) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 5, n).astype(float)
    return {
        "start": start,
        "stop": start + rng.integers(1, 10, n),
        "event": rng.random(n) < 0.6,
        "x": np.column_stack([rng.integers(0, 2, n), rng.integers(0, 4, n)]).astype(float),
    }


def test_residuals_sum_to_nothing() -> None:
    model = cox_model(**sample())
    fit = fit_cox(model)
    np.testing.assert_allclose(dfbeta(model, fit).sum(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(schoenfeld(model, fit).sum(axis=0), 0, atol=1e-6)


def test_robust_covariance_does_not_depend_on_the_order_or_number_of_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model = cox_model(**sample())
    fit = fit_cox(model)
    cluster = np.random.default_rng(1).integers(0, 40, 150)
    whole = robust_covariance(model, fit, cluster)
    sums = np.zeros((40, 2))
    np.add.at(sums, cluster, dfbeta(model, fit))
    np.testing.assert_allclose(whole, sums.T @ sums, rtol=1e-9)
    np.testing.assert_allclose(dfbeta(model, fit, cluster), sums, atol=1e-12)
    monkeypatch.setattr(cox_residuals, "_CHUNK_BYTES", 8 * 2 * 7)
    np.testing.assert_allclose(robust_covariance(model, fit, cluster), whole, rtol=1e-10)


def test_each_of_equal_rows_is_its_own_cluster() -> None:
    data = sample(60)
    counts = np.random.default_rng(3).integers(1, 4, 60)
    many = {name: np.repeat(values, counts, axis=0) for name, values in data.items()}
    model, long = cox_model(**data, counts=counts), cox_model(**many)
    fit, fit_long = fit_cox(model), fit_cox(long)
    np.testing.assert_allclose(robust_covariance(model, fit), robust_covariance(long, fit_long), rtol=1e-7)
    short, full = concordance_index(model, fit), concordance_index(long, fit_long)
    assert short.estimate == pytest.approx(full.estimate, abs=1e-12)
    assert short.std_error == pytest.approx(full.std_error, rel=1e-9)


def test_robust_covariance_leaves_out_what_diverges() -> None:
    data = sample()
    data["x"] = np.column_stack([data["x"], ~data["event"] & (np.arange(150) % 4 == 0)])
    model = cox_model(**data)
    fit = fit_cox(model)
    assert fit.diverging == (2,)
    robust = robust_covariance(model, fit)
    assert np.isfinite(robust[:2, :2]).all()
    assert np.isnan(robust[2]).all()


def test_baseline_without_effect_is_nelson_and_aalen() -> None:
    # Two groups with the same rows: the coefficient is 0.
    start, stop, event = [0, 0, 1, 0] * 2, [2, 3, 3, 4] * 2, [1, 1, 0, 0] * 2
    model = cox_model(start, stop, event, [[0]] * 4 + [[1]] * 4, ties="breslow")
    fit = fit_cox(model)
    hazard, error = predicted_hazard(baseline_hazard(model, fit), [0.5], np.zeros((1, 1)))
    np.testing.assert_allclose(hazard, [2 / 8, 2 / 8 + 2 / 6])
    np.testing.assert_allclose(error, np.sqrt([2 / 64, 2 / 64 + 2 / 36]))


def test_hazards_begin_anew_in_each_stratum() -> None:
    data = sample(80)
    twice = {name: np.concatenate([values, values]) for name, values in data.items()}
    model, single = cox_model(**twice, strata=np.arange(160) // 80), cox_model(**data)
    fit = fit_cox(model)
    baseline = baseline_hazard(model, fit)
    hazard, error = predicted_hazard(baseline, [1, 2], fit.covariance)
    expected = predicted_hazard(baseline_hazard(single, fit_cox(single)), [1, 2], fit.covariance)
    for stratum in (0, 1):
        own = baseline.stratum == stratum
        np.testing.assert_allclose(hazard[own], expected[0], rtol=1e-7)
        np.testing.assert_allclose(error[own], expected[1], rtol=1e-6)


@pytest.mark.parametrize("transform", ["months", "KM", ""])
def test_an_unknown_transform_is_refused(transform: str) -> None:
    model = cox_model(**sample())
    with pytest.raises(ValueError, match="expected km, rank, identity or log"):
        proportionality_test(model, fit_cox(model), transform)


def test_proportionality_is_not_defined_at_one_event_time() -> None:
    x = np.arange(12.0)[:, None] % 5
    event = np.arange(12) % 3 == 0
    model = cox_model(np.zeros(12), np.where(event, 2, 3), event, x)
    result = proportionality_test(model, fit_cox(model), "identity")
    assert math.isnan(result.terms[0].statistic)
    assert math.isnan(result.overall.p_value)


def test_a_crossing_effect_is_noticed() -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(0, 2, 2000)
    early = rng.exponential(np.where(x, 2.0, 6.0))
    time = np.where(early < 3, early, 3 + rng.exponential(np.where(x, 20.0, 4.0)))
    model = cox_model(np.zeros(2000), time, np.ones(2000), x[:, None])
    result = proportionality_test(model, fit_cox(model))
    assert result.overall.p_value < 1e-10
    early_on, later = result.residuals[:500].mean(), result.residuals[-500:].mean()
    assert early_on > 0.5 > -0.5 > later


def plain_concordance(data: dict[str, Any], linear: Any, weights: Any) -> list[float]:
    found = [0.0, 0.0, 0.0]
    for i in np.flatnonzero(data["event"]):
        time = data["stop"][i]
        for j in range(len(linear)):
            later = data["stop"][j] > time or (data["stop"][j] == time and not data["event"][j])
            if data["start"][j] < time and later:
                found[1 + int(np.sign(np.round(linear[j] - linear[i], 9)))] += weights[i] * weights[j]
    return found


@ENGINES
@pytest.mark.parametrize("cells", [10**9, 0], ids=["table", "blocks"])
def test_concordance_counts_pairs(engine: str, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concordance_module, "LARGEST_TABLE", cells)
    data = sample(90)
    weights = np.random.default_rng(1).integers(1, 4, 90) / 2
    model = cox_model(**data, weights=weights, engine=engine)
    fit = fit_cox(model)
    found = concordance_index(model, fit)
    concordant, tied, discordant = plain_concordance(data, data["x"] @ fit.coefficients, weights)
    assert [found.concordant, found.tied, found.discordant] == pytest.approx([concordant, tied, discordant])
    assert tied > 0
    assert found.estimate == pytest.approx((concordant + tied / 2) / (concordant + tied + discordant))
    assert math.isnan(concordance_index(model, fit, std_error=False).std_error)


def test_concordance_errors_agree_between_table_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = cox_model(**sample(), strata=np.arange(150) % 2)
    fit = fit_cox(model)
    cluster = np.arange(150) // 3
    errors = []
    for cells in (10**9, 0):
        monkeypatch.setattr(concordance_module, "LARGEST_TABLE", cells)
        errors += [concordance_index(model, fit).std_error, concordance_index(model, fit, cluster).std_error]
    assert errors[:2] == pytest.approx(errors[2:], rel=1e-10)
    assert errors[0] != pytest.approx(errors[1], rel=1e-3)


def test_concordance_without_pairs_is_not_defined() -> None:
    model = cox_model([0, 0, 1], [1, 1, 2], [1, 1, 0], [[0.0], [1.0], [2.0]], ties="breslow")
    fit_at_zero = fit_cox(cox_model([0, 0, 0], [1, 2, 3], [1, 1, 1], [[0.0], [1.0], [0.0]]))
    found = concordance_index(model, fit_at_zero)
    assert math.isnan(found.estimate)
    assert found.concordant == found.discordant == found.tied == 0


@pytest.mark.parametrize("pattern", ["pattern", ""])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_bootstrap_samples_are_fitted_like_data(ties: str, pattern: str) -> None:
    data = sample(400)
    person = np.arange(400) // 2
    options: dict[str, Any] = {}
    if pattern:
        data["x"], where = np.unique(data["x"], axis=0, return_inverse=True)
        options["pattern"] = where.ravel()
    model = cox_model(**data, ties=ties, **options)
    fit = fit_cox(model)
    found = bootstrap_coefficients(model, fit, person, 20, seed=9)
    assert found.shape == (20, 2)
    again = np.random.default_rng(9)
    error = np.sqrt(np.diag(fit.covariance))
    for row in found:
        drawn = np.bincount(again.integers(0, 200, 200), minlength=200)[person]
        kept = drawn > 0
        part = {name: data[name][kept] for name in ("start", "stop", "event")}
        x = data["x"] if pattern else data["x"][kept]
        chosen = {"pattern": options["pattern"][kept]} if pattern else {}
        expected = fit_cox(cox_model(**part, x=x, counts=drawn[kept], ties=ties, **chosen)).coefficients
        np.testing.assert_allclose((row - expected) / error, 0, atol=2e-3)
    np.testing.assert_array_equal(found, bootstrap_coefficients(model, fit, person, 20, seed=9))
    spread = found.std(axis=0) / error
    assert ((spread > 0.6) & (spread < 1.6)).all()


def test_bootstrap_says_where_there_is_no_estimate() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.arange(30) % 2, rng.normal(size=30)])
    event = np.isin(np.arange(30), [3, 4, 9])
    model = cox_model(np.zeros(30), rng.permutation(30) + 1.0, event, x, strata=np.arange(30) % 3 // 2)
    found = bootstrap_coefficients(model, fit_cox(model), np.arange(30), 60, seed=2)
    assert np.isnan(found).any(axis=1).sum() >= 1  # no event drawn
    assert np.isinf(found).any()
    assert np.isfinite(found).all(axis=1).any()


def test_bootstrap_refuses_estimated_weights() -> None:
    data = sample()
    status = np.where(data["event"], 1 + np.arange(150) % 2, 0)
    model = fine_gray_model(np.zeros(150), data["stop"], status, data["x"], np.arange(150))
    with pytest.raises(ValueError, match="cannot be drawn again"):
        bootstrap_coefficients(model, fit_cox(model), np.arange(150), 2, seed=1)


@ENGINES
def test_fine_gray_without_competing_events_is_cox(engine: str) -> None:
    data = sample()
    status = data.pop("event").astype(int)
    x = data.pop("x")
    found = fit_cox(fine_gray_model(**data, status=status, x=x, person=np.arange(150), engine=engine))
    expected = fit_cox(cox_model(**data, event=status == 1, x=x))
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-9)


@ENGINES
def test_fine_gray_without_censoring_keeps_the_others_for_ever(engine: str) -> None:
    # Nobody is censored: those with a competing event are simply never removed.
    rng = np.random.default_rng(5)
    stop, status, x = rng.integers(1, 20, 120), rng.integers(1, 3, 120), rng.normal(size=(120, 2))
    strata = np.arange(120) % 2
    person = np.arange(120)
    found = fit_cox(fine_gray_model(np.zeros(120), stop, status, x, person, strata=strata, engine=engine))
    for_ever = np.where(status == 2, 100, stop)
    expected = fit_cox(cox_model(np.zeros(120), for_ever, status == 1, x, strata=strata))
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-8)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-7)


def test_fine_gray_counts_are_equal_people() -> None:
    rng = np.random.default_rng(5)
    stop, status, x = rng.integers(1, 20, 80), rng.integers(0, 3, 80), rng.normal(size=(80, 1))
    counts = rng.integers(1, 4, 80)
    start = rng.integers(0, 6, 80)
    stop = start + stop
    long = [np.repeat(values, counts, axis=0) for values in (start, stop, status, x)]
    found = fit_cox(fine_gray_model(start, stop, status, x, np.arange(80), counts=counts))
    expected = fit_cox(fine_gray_model(*long, np.arange(counts.sum())))
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=1e-8)


def test_fine_gray_needs_somebody_who_stays() -> None:
    # The first is gone before the others come.
    start, stop, status = [0, 5, 5, 5], [2, 7, 8, 9], [2, 1, 0, 1]
    with pytest.raises(UndefinedWeightsError, match="nobody stayed"):
        fine_gray_model(start, stop, status, [[0.0], [1.0], [0.0], [1.0]], np.arange(4))


def test_fine_gray_needs_events() -> None:
    with pytest.raises(NoEventsError):
        fine_gray_model([0, 0], [1, 2], [2, 0], [[0.0], [1.0]], np.arange(2))
