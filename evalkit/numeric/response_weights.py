"""Inverse-probability-of-response weights: a logistic model of who answered, and a weighted mean that allows for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class WeightedMean:
    """A mean of those who answered, weighted to stand for all who were asked.

    Parameters
    ----------
    estimate : float
        In the unit of the values.
    std_error : float
        Sandwich standard error, which knows that the weights were estimated.
    df : float
        People who answered less the parameters of the response model.
    n_effective : float
        Size of the unweighted sample with the same precision (Kish).
    largest_weight : float
        Largest weight as a multiple of their mean.
    """

    estimate: float
    std_error: float
    df: float
    n_effective: float
    largest_weight: float


def is_separated(answered: Flags, design: Floats) -> bool:
    """Tell whether some combination of the predictors splits those who answered from those who did not.

    Parameters
    ----------
    answered : numpy.ndarray of bool
        Shape (people,).
    design : numpy.ndarray of float
        Shape (people, parameters), with a constant.

    Returns
    -------
    bool
        True when the logistic model has no finite maximum, fully or at the border.

    References
    ----------
    .. [1] Albert A, Anderson JA (1984). Biometrika 71:1-10; by a linear programme as in Konis K (2007), DPhil thesis,
       University of Oxford, section 2.2.
    """
    spread = np.abs(design).max(axis=0)
    signed = np.where(answered, 1.0, -1.0)[:, None] * design / np.where(spread > 0, spread, 1.0)
    programme = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs"
    )
    return bool(-programme.fun > 1e-7)


def response_probabilities(answered: Flags, design: Floats) -> Floats:
    """Fit the logistic model of who answered.

    Parameters
    ----------
    answered : numpy.ndarray of bool
        Shape (people,), some True and some False, not separated by the design.
    design : numpy.ndarray of float
        Shape (people, parameters), with a constant, of full rank.

    Returns
    -------
    numpy.ndarray of float
        Shape (people,): fitted probabilities to answer.

    Raises
    ------
    ArithmeticError
        When the fit does not settle.
    """
    response = answered.astype(float)
    slopes = np.zeros(design.shape[1])
    logs = -len(response) * math.log(2)
    for _ in range(_STEPS):
        fitted = special.expit(design @ slopes)
        weight = fitted * (1 - fitted)
        step = np.linalg.solve(design.T @ (weight[:, None] * design), design.T @ (response - fitted))
        size = 1.0
        while True:
            linear = design @ (slopes + size * step)
            # log(1 + exp(x)) without overflow
            new = float((response * linear - np.logaddexp(0, linear)).sum())
            if new >= logs - 1e-12 or size < 1e-6:
                break
            size /= 2
        slopes = slopes + size * step
        if abs(new - logs) < 1e-12 * (abs(new) + 1) and float(np.abs(size * step).max()) < 1e-8:
            return np.asarray(special.expit(design @ slopes))
        logs = new
    msg = "the response model did not settle"
    raise ArithmeticError(msg)


def response_weighted_mean(values: Floats, answered: Flags, design: Floats) -> WeightedMean:
    """Mean that all people would have had, from those who answered, weighted by one over their probability to.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people,), in any unit; only those of people who answered are looked at.
    answered : numpy.ndarray of bool
        Shape (people,).
    design : numpy.ndarray of float
        Shape (people, parameters): a constant and what the answer may depend on. Full rank, not separated.

    Returns
    -------
    WeightedMean
        The weights are divided by their sum, so that their scale does not matter. The standard error comes from the
        stacked estimating equations of the mean and the response model, each person's part enlarged by n / (n - k)
        with n who answered and k parameters.

    Raises
    ------
    ArithmeticError
        When the response model does not settle.

    References
    ----------
    .. [1] Robins JM, Rotnitzky A, Zhao LP (1994). J Am Stat Assoc 89:846-866.
    .. [2] Lunceford JK, Davidian M (2004). Stat Med 23:2937-2960, section 3.
    """
    fitted = response_probabilities(answered, design)
    weights = np.where(answered, 1 / fitted, 0.0)
    total = float(weights.sum())
    known = np.where(answered, values, 0.0)
    mean = float(weights @ known / total)
    gap = weights * np.where(answered, known - mean, 0.0)
    scores = (answered - fitted)[:, None] * design
    information = design.T @ ((fitted * (1 - fitted))[:, None] * design)
    slope = -(gap * (1 - fitted)) @ design
    parts = gap + scores @ np.linalg.solve(information, slope)
    n, df = int(answered.sum()), int(answered.sum()) - design.shape[1]
    inflated = n / df if df > 0 else math.nan
    used = weights[answered]
    return WeightedMean(
        mean,
        math.sqrt(float(parts @ parts) * inflated) / total,
        float(df),
        float(used.sum() ** 2 / (used @ used)),
        float(used.max() / used.mean()),
    )
