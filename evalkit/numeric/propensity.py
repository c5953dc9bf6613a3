"""Propensity scores by logistic regression, the weights that they make, and how alike the weighted groups are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Estimand = Literal["ATE", "ATT", "overlap"]

_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A logistic model at its maximum.

    Parameters
    ----------
    coefficients : numpy.ndarray of float
        Shape (columns,), log odds ratios.
    probabilities : numpy.ndarray of float
        Shape (people,).
    information : numpy.ndarray of float
        Shape (columns, columns).
    """

    coefficients: Floats
    probabilities: Floats
    information: Floats = field(repr=False)


def fit_logistic(
    outcome: Flags,
    design: Floats,
    *,
    weights: Floats | None = None,
    start: Floats | None = None,
    finite: bool = True,
) -> LogisticFit:
    """Fit a logistic model by maximum likelihood.

    Parameters
    ----------
    outcome : numpy.ndarray of bool
        Shape (people,).
    design : numpy.ndarray of float
        Shape (people, columns), with a constant, of full rank, its columns of about the same size.
    weights : numpy.ndarray of float, optional
        Shape (people,), case weights or counts, at least 0.
    start : numpy.ndarray of float, optional
        Shape (columns,), where the search starts.
    finite : bool, default True
        Insist on finite coefficients. Else a sample that the design separates, or that lacks a column, gives the
        probabilities to which the fit comes: 0 or 1 where it is separated.

    Returns
    -------
    LogisticFit
        The maximum.

    Raises
    ------
    ArithmeticError
        When the search does not settle; with `finite`, also where the outcome is separated by the design.

    References
    ----------
    .. [1] McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., section 4.4.
    """
    happened = outcome.astype(float)
    mass = np.ones(len(happened)) if weights is None else weights
    slopes = np.zeros(design.shape[1]) if start is None else start
    best = _log_likelihood(happened, design @ slopes, mass)
    for _ in range(_STEPS):
        fitted = special.expit(design @ slopes)
        information = design.T @ ((mass * fitted * (1 - fitted))[:, None] * design)
        if not finite:
            information = information + 1e-9 * np.trace(information) / len(slopes) * np.eye(len(slopes))
        try:
            step = np.linalg.solve(information, design.T @ (mass * (happened - fitted)))
        except np.linalg.LinAlgError:
            break
        size = 1.0
        while (new := _log_likelihood(happened, design @ (slopes + size * step), mass)) < best - 1e-12 and size > 1e-6:
            size /= 2
        slopes = slopes + size * step
        near = abs(new - best) <= (1e-12 if finite else 1e-9) * (abs(new) + 1)
        if near and (not finite or float(np.abs(size * step).max()) < 1e-7):
            return LogisticFit(slopes, special.expit(design @ slopes), information)
        best = new
    msg = "the logistic model did not settle"
    raise ArithmeticError(msg)


def _log_likelihood(happened: Floats, linear: Floats, mass: Floats) -> float:
    # log(1 + exp(x)) without overflow
    return float(mass @ (happened * linear - np.logaddexp(0, linear)))


@dataclass(frozen=True, slots=True, eq=False)
class TreatmentWeights:
    """Weights that make two groups alike, and how they move with the model behind them.

    Parameters
    ----------
    each : numpy.ndarray of float
        Shape (people,).
    by_linear : numpy.ndarray of float
        Shape (people,): change of the weight for one more unit of the linear predictor; 0 where it was cut off.
    by_share : numpy.ndarray of float
        Shape (people,): change for one more unit of the share treated, by which weights are stabilised.
    """

    each: Floats
    by_linear: Floats
    by_share: Floats


def treatment_weights(
    treated: Flags,
    probability: Floats,
    estimand: Estimand,
    *,
    share: float | None = None,
    truncate: tuple[float, float] | None = None,
) -> TreatmentWeights:
    """Weights from propensity scores.

    Parameters
    ----------
    treated : numpy.ndarray of bool
        Shape (people,).
    probability : numpy.ndarray of float
        Shape (people,): of being treated, strictly between 0 and 1.
    estimand : {"ATE", "ATT", "overlap"}
        Whom the weighted groups stand for: all, the treated, or those who might be in either group.
    share : float, optional
        Share treated; stabilises the weights of the ATE (the others are bounded or change by a constant only).
    truncate : tuple of float, optional
        Quantiles beyond which weights are cut off.

    Returns
    -------
    TreatmentWeights
        Not scaled to any sum.

    References
    ----------
    .. [1] Robins JM, Hernan MA, Brumback B (2000). Epidemiology 11:550-560 (ATE, stabilised).
    .. [2] Li F, Morgan KL, Zaslavsky AM (2018). J Am Stat Assoc 113:390-400, table 1 (ATT, overlap).
    .. [3] Cole SR, Hernan MA (2008). Am J Epidemiol 168:656-664 (truncation).
    """
    odds = probability / (1 - probability)
    nothing = np.zeros(len(probability))
    if estimand == "ATT":
        values, slope = np.where(treated, 1.0, odds), np.where(treated, 0.0, odds)
        by_share = nothing
    elif estimand == "overlap":
        values = np.where(treated, 1 - probability, probability)
        slope = np.where(treated, -1.0, 1.0) * probability * (1 - probability)
        by_share = nothing
    else:
        plain = np.where(treated, 1 / probability, 1 / (1 - probability))
        slope = np.where(treated, -1 / odds, odds)
        factor = 1.0 if share is None else np.where(treated, share, 1 - share)
        by_share = nothing if share is None else np.where(treated, plain, -plain)
        values, slope = factor * plain, factor * slope
    if truncate is None:
        return TreatmentWeights(values, slope, by_share)
    low, high = np.quantile(values, truncate)
    inside = (values >= low) & (values <= high)
    return TreatmentWeights(np.clip(values, low, high), np.where(inside, slope, 0.0), np.where(inside, by_share, 0.0))


def effective_size(weights: Floats) -> float:
    """Size of the unweighted sample with the same precision.

    Parameters
    ----------
    weights : numpy.ndarray of float
        Shape (people,), at least 0.

    Returns
    -------
    float
        People; NaN when nobody has a weight.

    References
    ----------
    .. [1] Kish L (1965). Survey Sampling, section 11.7.
    """
    square = float(weights @ weights)
    return float(weights.sum()) ** 2 / square if square > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Alike:
    """How far two groups stand apart in one column.

    Parameters
    ----------
    difference : float
        Of the means, treated less untreated, in standard deviations of the unweighted column; NaN where it has no
        spread.
    variance_ratio : float
        Variance of the treated over that of the untreated; NaN where it is not defined.
    """

    difference: float
    variance_ratio: float


def alike(values: Floats, treated: Flags, weights: Floats, *, share: bool, spread: float) -> Alike:
    """Standardised difference and variance ratio of one column between weighted groups.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people,); 1 or 0 for a category.
    treated : numpy.ndarray of bool
        Shape (people,), some of each.
    weights : numpy.ndarray of float
        Shape (people,).
    share : bool
        Whether the column is a category, which has no variance ratio.
    spread : float
        Standard deviation to divide by (see `unweighted_spread`).

    Returns
    -------
    Alike
        Difference and ratio.

    References
    ----------
    .. [1] Austin PC, Stuart EA (2015). Stat Med 34:3661-3679, section 3.1.
    """
    means, variances = [], []
    for group in (treated, ~treated):
        mass, column = weights[group], values[group]
        total = float(mass.sum())
        mean = float(mass @ column) / total if total > 0 else math.nan
        means.append(mean)
        # Weighted variance without bias: total less the sum of squares over the total.
        free = total - float(mass @ mass) / total if total > 0 else 0.0
        variances.append(float(mass @ (column - mean) ** 2) / free if free > 1e-12 * total else math.nan)
    difference = (means[0] - means[1]) / spread if spread > 0 else math.nan
    ratio = math.nan if share or not variances[1] > 0 else variances[0] / variances[1]
    return Alike(difference, ratio)


def unweighted_spread(values: Floats, treated: Flags, estimand: Estimand, *, share: bool) -> float:
    """Standard deviation by which differences are divided, the same before and after weighting.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people,); 1 or 0 for a category.
    treated : numpy.ndarray of bool
        Shape (people,).
    estimand : {"ATE", "ATT", "overlap"}
        For "ATT" that of the treated, else the root of the mean variance of the two groups.
    share : bool
        Whether the column is a category, of variance p (1 - p).

    Returns
    -------
    float
        In the unit of the column; NaN for numbers of fewer than two people in a group.
    """
    variances = []
    for group in (treated, ~treated):
        column = values[group]
        if share:
            mean = float(column.mean())
            variances.append(mean * (1 - mean))
        else:
            variances.append(float(column.var(ddof=1)) if len(column) > 1 else math.nan)
    return math.sqrt(variances[0] if estimand == "ATT" else (variances[0] + variances[1]) / 2)
