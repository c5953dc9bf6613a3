"""What must hold for Cox regression on any data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from evalkit.numeric.concordance import concordance_index
from evalkit.numeric.cox import CollinearityError, CoxFit, CoxModel, cox_model, fit_cox
from evalkit.numeric.cox_data import NoEventsError
from evalkit.numeric.cox_residuals import robust_covariance
from evalkit.numeric.proportionality import proportionality_test

Data = dict[str, Any]
Floats = npt.NDArray[np.float64]


@st.composite
def cohorts(draw: st.DrawFn) -> Data:
    """Rows with ties, delayed entry, strata and a covariate of each kind, from a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(40, 90))
    coarse = draw(st.sampled_from([1, 2, 64]))
    start = rng.integers(0, 4 * coarse, n) / coarse * rng.integers(0, 2)
    return {
        "start": start,
        "stop": start + rng.integers(1, 10 * coarse, n) / coarse,
        "event": rng.random(n) < rng.uniform(0.4, 0.9),
        "x": np.column_stack([rng.normal(size=n).round(1), rng.integers(0, 2, n)]),
        "strata": rng.integers(0, draw(st.integers(1, 2)), n),
    }


def fitted(data: Data, **options: Any) -> tuple[CoxModel, CoxFit]:
    model = cox_model(**{**data, **options})
    try:
        fit = fit_cox(model)
    except (CollinearityError, NoEventsError):
        assume(False)
    assume(not fit.diverging)
    return model, fit


def agree(one: CoxFit, other: CoxFit) -> None:
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-5, atol=1e-10)


few = settings(max_examples=20)
ties_rules = st.sampled_from(["efron", "breslow"])


@few
@given(cohorts(), ties_rules)
def test_both_engines_agree(data: Data, ties: str) -> None:
    (counts, one), (rows, other) = (fitted(data, ties=ties, engine=engine) for engine in ("counts", "rows"))
    agree(one, other)
    np.testing.assert_allclose(robust_covariance(counts, one), robust_covariance(rows, other), rtol=1e-6)


@few
@given(cohorts(), ties_rules, st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(data: Data, ties: str, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(data["stop"]))
    model, fit = fitted(data, ties=ties)
    mixed, other = fitted({name: values[order] for name, values in data.items()}, ties=ties)
    agree(fit, other)
    np.testing.assert_allclose(robust_covariance(model, fit), robust_covariance(mixed, other), rtol=1e-6)
    assert concordance_index(model, fit).concordant == concordance_index(mixed, other).concordant


@few
@given(cohorts(), ties_rules, st.integers(0, 1000))
def test_splitting_a_spell_changes_nothing(data: Data, ties: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cut = data["start"] + (data["stop"] - data["start"]) * rng.integers(1, 4, len(data["stop"])) / 4
    split = rng.random(len(cut)) < 0.5
    person = np.concatenate([np.arange(len(cut)), np.flatnonzero(split)])
    parts = {
        "start": np.concatenate([data["start"], cut[split]]),
        "stop": np.concatenate([np.where(split, cut, data["stop"]), data["stop"][split]]),
        "event": np.concatenate([data["event"] & ~split, data["event"][split]]),
        "x": data["x"][person],
        "strata": data["strata"][person],
    }
    model, fit = fitted(data, ties=ties)
    split_model, other = fitted(parts, ties=ties)
    agree(fit, other)
    np.testing.assert_allclose(
        robust_covariance(model, fit), robust_covariance(split_model, other, person), rtol=1e-6, atol=1e-10
    )
    for transform in ("km", "identity"):
        one, two = (proportionality_test(*pair, transform).overall for pair in ((model, fit), (split_model, other)))
        np.testing.assert_allclose(one.statistic, two.statistic, rtol=1e-5)


@few
@given(cohorts(), st.integers(0, 1000))
def test_whole_weights_are_replication_with_breslow_and_counts_with_either(data: Data, seed: int) -> None:
    number = np.random.default_rng(seed).integers(1, 4, len(data["stop"]))
    many = {name: np.repeat(values, number, axis=0) for name, values in data.items()}
    agree(fitted(data, ties="breslow", weights=number)[1], fitted(many, ties="breslow")[1])
    for ties in ("efron", "breslow"):
        counted, replicated = fitted(data, ties=ties, counts=number), fitted(many, ties=ties)
        agree(counted[1], replicated[1])
        for transform in ("km", "rank"):
            one, two = (proportionality_test(*pair, transform).overall for pair in (counted, replicated))
            np.testing.assert_allclose(one.statistic, two.statistic, rtol=1e-5)


@few
@given(cohorts(), ties_rules, st.floats(0.1, 10))
def test_weights_matter_by_their_proportions(data: Data, ties: str, factor: float) -> None:
    weights = np.random.default_rng(1).uniform(0.5, 2, len(data["stop"]))
    model, fit = fitted(data, ties=ties, weights=weights)
    scaled, other = fitted(data, ties=ties, weights=weights * factor)
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.covariance, other.covariance * factor, rtol=1e-5)
    np.testing.assert_allclose(robust_covariance(model, fit), robust_covariance(scaled, other), rtol=1e-5)


@few
@given(cohorts(), ties_rules, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_a_change_of_unit_changes_the_coefficient_by_it(data: Data, ties: str, factor: float, origin: float) -> None:
    _, fit = fitted(data, ties=ties)
    _, other = fitted({**data, "x": data["x"] * [factor, -1] + [origin, 1]}, ties=ties)
    np.testing.assert_allclose(other.coefficients * [factor, -1], fit.coefficients, rtol=1e-5, atol=1e-7)
    later = {**data, "start": data["start"] * 2 + 3, "stop": data["stop"] * 2 + 3}
    agree(fit, fitted(later, ties=ties)[1])


@settings(max_examples=5)
@given(cohorts())
def test_breslow_is_a_poisson_regression_with_a_level_for_each_event_time(data: Data) -> None:
    _, fit = fitted(data, ties="breslow")
    answers, rows = [], []
    slots = {(time, group) for time, group in zip(data["stop"], data["strata"], strict=True)}
    slots = {slot for slot in slots if (data["event"] & (data["stop"] == slot[0]) & (data["strata"] == slot[1])).any()}
    for number, (time, group) in enumerate(sorted(slots)):
        at_risk = (data["start"] < time) & (time <= data["stop"]) & (data["strata"] == group)
        answers.append((data["event"] & (data["stop"] == time))[at_risk])
        level = np.zeros((at_risk.sum(), len(slots)))
        level[:, number] = 1
        rows.append(np.hstack([data["x"][at_risk], level]))
    poisson = GLM(np.concatenate(answers).astype(float), np.vstack(rows), family=Poisson()).fit(tol=1e-12, maxiter=200)
    np.testing.assert_allclose(poisson.params[:2], fit.coefficients, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(poisson.bse[:2], np.sqrt(np.diag(fit.covariance)), rtol=1e-4)
