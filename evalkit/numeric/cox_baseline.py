"""Baseline hazard of a Cox regression, and the cumulative hazard predicted for given covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.numeric.cox import CoxFit, CoxModel

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Hazard at each event time of somebody with covariates at the centre.

    Parameters
    ----------
    time : numpy.ndarray
        Shape (slots,), event times, ascending within a stratum.
    stratum : numpy.ndarray
        Shape (slots,), its code.
    hazard : numpy.ndarray
        Shape (slots,), increments of the cumulative hazard.
    variance : numpy.ndarray
        Shape (slots,), increments of its variance when the coefficients are known.
    covariates : numpy.ndarray
        Shape (slots, columns), hazard times the mean covariates (less the centre) of those at risk.
    centre : numpy.ndarray
        Shape (columns,), covariates at which the hazard is given: their weighted means.
    coefficients : numpy.ndarray
        Shape (columns,), log hazard ratios.
    """

    time: Floats
    stratum: npt.NDArray[np.int64]
    hazard: Floats
    variance: Floats
    covariates: Floats
    centre: Floats
    coefficients: Floats


def baseline_hazard(model: CoxModel, fit: CoxFit) -> Baseline:
    """Hazard at the centre of the covariates: Efron's or Breslow's, as the ties of the model.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum, without diverging columns.

    Returns
    -------
    Baseline
        By stratum and event time; at the centre, because zero may be far from all data.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Equations 10.9 and 10.10.
    """
    at, ties = fit.at, fit.at.ties
    size = np.exp(-at.shift)
    moments = ties.square[:, None] * at.at_risk - ties.square_q[:, None] * at.at_event
    return Baseline(
        model.sets.time,
        model.sets.stratum,
        ties.hazard * size,
        ties.square * size * size,
        moments * size * model.covariates.scale,
        model.covariates.centre,
        fit.coefficients,
    )


def predicted_hazard(baseline: Baseline, x: npt.ArrayLike, covariance: Floats) -> tuple[Floats, Floats]:
    """Cumulative hazard for given covariates, with its standard error.

    Parameters
    ----------
    baseline : Baseline
        From `baseline_hazard`.
    x : array_like
        Shape (columns,), covariates, the same at all times.
    covariance : numpy.ndarray
        Shape (columns, columns), of the coefficients: model-based or robust.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (slots,) each: cumulative hazard, and its standard error, which is also that of the log of survival.

    References
    ----------
    .. [1] Tsiatis AA (1981). Ann Stat 9:93-108. As R's `survfit.coxph`.
    """
    away = np.asarray(x, dtype=np.float64) - baseline.centre
    relative = float(np.exp(away @ baseline.coefficients))
    first = np.flatnonzero(np.diff(baseline.stratum, prepend=-1))
    hazard = _within(baseline.hazard, first)
    lever = _within(baseline.covariates, first) - hazard[:, None] * away
    variance = _within(baseline.variance, first) + np.einsum("ti,ij,tj->t", lever, covariance, lever)
    return relative * hazard, relative * np.sqrt(variance)


def _within(values: Floats, first: npt.NDArray[np.int64]) -> Floats:
    """Cumulative sums that begin anew in each stratum."""
    parts = np.split(values, first[1:])
    return np.concatenate([np.cumsum(part, axis=0) for part in parts])
