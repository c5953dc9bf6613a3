"""Cox coefficients of bootstrap samples, drawn by person or other cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.numeric.cox import (
    CollinearityError,
    ConvergenceError,
    CoxFit,
    CoxModel,
    cox_model_from_sets,
    fit_cox,
)
from evalkit.numeric.cox_data import NoEventsError, RiskSets, add_up, risk_sets
from evalkit.numeric.cox_sums import Ties, backward, forward
from evalkit.numeric.threads import one_blas_thread

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_STEPS = 12
_DECREMENT = 1e-5  # squared length of a step, in standard errors; the last step leaves a twentieth of it or less


@dataclass(frozen=True, slots=True)
class _Sample:
    """How often each row was drawn; rows that were not are left out."""

    first: Integers
    last: Integers
    unit: Integers
    mass: Floats
    event_unit: Integers
    event_slot: Integers
    event_mass: Floats
    ties: Ties
    n_slots: int
    events: Floats  # mass by unit


def bootstrap_coefficients(model: CoxModel, fit: CoxFit, cluster: npt.ArrayLike, replicates: int, seed: int) -> Floats:
    """Coefficients of samples of clusters, drawn with replacement.

    A cluster that is drawn twice counts as two equal ones, so that Efron's ties see two events where they saw one.
    The search starts at the coefficients of all the data with their information, which is improved by each step (the
    Broyden-Fletcher-Goldfarb-Shanno rule), and needs no information matrix of the sample. A sample that this does not
    solve is fitted like any other data.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates, of rows (not of subdistribution hazards: their weights must be estimated anew).
    fit : CoxFit
        Its maximum, without diverging columns.
    cluster : array_like
        Shape (rows,), codes 0, 1, ... of persons or larger clusters.
    replicates : int
        How many samples.
    seed : int
        Of the random numbers.

    Returns
    -------
    numpy.ndarray
        Shape (replicates, columns), log hazard ratios in the unit of the columns, to a thousandth of a standard error
        or better; infinite where a coefficient diverges in a sample, NaN in a row without an estimate.

    Raises
    ------
    ValueError
        When the model is one of subdistribution hazards, or a coefficient diverges in all the data.

    References
    ----------
    .. [1] Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap. Chapter 6.
    """
    if len(model.sets.layers) > 1 or fit.diverging:
        message = "the model cannot be drawn again: it has estimated weights or a coefficient that diverges"
        raise ValueError(message)
    codes = np.asarray(cluster, dtype=np.int64)
    n_clusters = int(codes.max()) + 1
    generator = np.random.default_rng(seed)
    result = np.full((replicates, model.covariates.n_columns), np.nan)
    with one_blas_thread():
        inverse: Floats = np.linalg.inv(fit.at.information).astype(np.float64, copy=False)
        for replicate in range(replicates):
            drawn = np.bincount(generator.integers(0, n_clusters, n_clusters), minlength=n_clusters)
            result[replicate] = _coefficients(model, fit, inverse, drawn[codes])
    return result


def _coefficients(model: CoxModel, fit: CoxFit, inverse: Floats, times: Integers) -> Floats:
    sample = _sample(model, times)
    if sample is not None:
        beta = _search(model, fit, inverse, sample)
        if beta is not None:
            found: Floats = beta / model.covariates.scale
            return found
    try:
        return fit_cox(_drawn_model(model, times)).coefficients
    except (NoEventsError, CollinearityError, ConvergenceError):
        return np.full(model.covariates.n_columns, np.nan)


def _sample(model: CoxModel, times: Integers) -> _Sample | None:
    """Rows of the sample; None when no event was drawn."""
    sets, layer = model.sets, model.sets.layers[0]
    rows = np.flatnonzero(times)
    events = np.flatnonzero(times[sets.event_row])
    if not len(events):
        return None
    number = times[sets.event_row[events]].astype(np.float64)
    slot, unit = sets.event_slot[events], sets.event_unit[events]
    mass = sets.event_mass[events] * number
    each = number if sets.count is None else number * sets.count[sets.event_row[events]]
    deaths = add_up(slot, each, sets.n_slots)
    death_mass = add_up(slot, mass, sets.n_slots)
    by_unit = add_up(unit, mass, model.covariates.n_units)
    ties = Ties(deaths, death_mass, efron=model.efron)
    own = rows if layer.unit is None else layer.unit[rows]
    weight = layer.mass[rows] * times[rows]
    return _Sample(layer.first[rows], layer.last[rows], own, weight, unit, slot, mass, ties, sets.n_slots, by_unit)


def _search(model: CoxModel, fit: CoxFit, inverse: Floats, sample: _Sample) -> Floats | None:
    beta = fit.at.beta
    score = _score(model, sample, fit.at.risk)
    for _ in range(_STEPS):
        step = inverse @ score
        decrement = float(score @ step)
        if not 0 <= decrement < np.inf:
            return None
        beta = beta + step
        if decrement < _DECREMENT * model.sets.mean_weight:
            return beta
        linear = model.covariates.linear(beta)
        with np.errstate(over="ignore", invalid="ignore"):
            after = _score(model, sample, np.exp(linear - linear.max()))
        inverse = _improved(inverse, step, score - after)
        score = after
    return None


def _improved(inverse: Floats, step: Floats, change: Floats) -> Floats:
    """Inverse information that explains how the score changed over the last step."""
    curvature = float(step @ change)
    if not curvature > 0:
        return inverse
    moved = inverse @ change
    cross = np.outer(moved, step) / curvature
    grown = (1 + float(change @ moved) / curvature) / curvature
    result: Floats = inverse - cross - cross.T + grown * np.outer(step, step)
    return result


def _score(model: CoxModel, sample: _Sample, risk: Floats) -> Floats:
    """Gradient of the log partial likelihood of a sample, given the relative hazard of each unit."""
    slots = sample.n_slots
    weighted = sample.mass * risk[sample.unit]
    weighted_event = sample.event_mass * risk[sample.event_unit]
    with np.errstate(all="ignore"):
        ends = add_up(sample.last, weighted, slots + 1) - add_up(sample.first, weighted, slots + 1)
        level_event = add_up(sample.event_slot, weighted_event, slots)
        # Slots without an event in the sample have no say; any level will do there.
        level = np.where(level_event > 0, np.maximum(backward(ends), level_event), 1.0)
        hazard, hazard_q = sample.ties.hazards(level, level_event)
        cumulative = forward(hazard)
        exposure = weighted * (cumulative[sample.last] - cumulative[sample.first])
        surplus = sample.events - add_up(sample.unit, exposure, len(risk))
        exposure = weighted_event * hazard_q[sample.event_slot]
        surplus += add_up(sample.event_unit, exposure, len(risk))
        result: Floats = model.covariates.total(surplus)
    return result


def _drawn_model(model: CoxModel, times: Integers) -> CoxModel:
    """The sample as data of its own."""
    sets: RiskSets = model.sets
    count = times if sets.count is None else times * sets.count
    own = np.where(count > 0, count, 1)
    layer = sets.layers[0]
    weight = layer.mass if sets.count is None else layer.mass / np.maximum(sets.count, 1)
    happened = np.zeros(sets.n_rows, dtype=bool)
    happened[sets.event_row] = True
    strata = None
    if sets.stratum[-1] > 0:
        strata = sets.stratum[np.minimum(layer.first, sets.n_slots - 1)]
    drawn = risk_sets(
        sets.start,
        sets.stop,
        happened,
        pattern=layer.unit,
        weights=np.where(count > 0, weight, 0.0),
        counts=own,
        strata=strata,
    )
    return cox_model_from_sets(drawn, model.covariates.x, ties="efron" if model.efron else "breslow")
