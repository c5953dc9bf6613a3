"""Internal consistency from a covariance matrix: alpha with Feldt's interval, omega of a one-factor model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
_STEPS = 200
_CLOSE = 1e-10
# A uniqueness at this share of its variance is a Heywood case: the model does not describe the data.
_LEAST = 0.005


def alpha(covariance: Floats) -> float:
    """Cronbach's alpha from a covariance matrix.

    Parameters
    ----------
    covariance : numpy.ndarray
        Shape (items, items), at least two items.

    Returns
    -------
    float
        At most 1; negative when the items are not keyed the same way; NaN without any variance.

    References
    ----------
    .. [1] Cronbach LJ (1951). Psychometrika 16:297-334, equation 2.
    """
    items = len(covariance)
    total = float(covariance.sum())
    if total <= 0:
        return math.nan
    return items / (items - 1) * (1 - float(np.trace(covariance)) / total)


def pairwise_covariance(answers: Floats) -> tuple[Floats, int]:
    """Covariance of every pair of items, each from those who answered both.

    Parameters
    ----------
    answers : numpy.ndarray
        Shape (people, items), NaN where not answered.

    Returns
    -------
    numpy.ndarray, int
        Shape (items, items), NaN where fewer than two people answered both; it need not be positive definite. And the
        number of people who answered the pair that the fewest did.
    """
    given = np.isfinite(answers)
    seen = given.astype(float)
    counts = seen.T @ seen
    with np.errstate(divide="ignore", invalid="ignore"):
        # Taken from about the middle of each item, so that no digits are lost to a large mean.
        middle = np.where(given, answers, 0.0).sum(axis=0) / np.diag(counts)
        away = np.where(given, answers - middle, 0.0)
        sums = away.T @ seen
        covariance = (away.T @ away - sums * sums.T / counts) / (counts - 1)
    return np.asarray(np.where(counts >= 2, covariance, np.nan)), int(counts.min())


def feldt_interval(estimate: float, n: int, items: int, *, level: float = 0.95) -> Interval:
    """Interval of Cronbach's alpha.

    Parameters
    ----------
    estimate : float
        Alpha.
    n : int
        People, at least 2.
    items : int
        Items, at least 2.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        Without a standard error. It takes the items for normal with equal variances and covariances.

    References
    ----------
    .. [1] Feldt LS, Woodruff DJ, Salih FA (1987). Appl Psychol Meas 11:93-103, equation 20.
    """
    df = n - 1
    law = stats.f(df, df * (items - 1))
    tail = (1 - level) / 2
    return Interval(estimate, 1 - (1 - estimate) * float(law.isf(tail)), 1 - (1 - estimate) * float(law.ppf(tail)))


@dataclass(frozen=True, slots=True)
class OneFactor:
    """A one-factor model fitted by maximum likelihood.

    Parameters
    ----------
    loadings, uniquenesses : numpy.ndarray
        Shape (items,), in the unit of the items and its square.
    covariance : numpy.ndarray
        Shape (2 * items, 2 * items), of the loadings, then the uniquenesses.
    converged : bool
        Whether the fit settled.
    heywood : bool
        Whether a uniqueness ran against zero.
    """

    loadings: Floats
    uniquenesses: Floats
    covariance: Floats
    converged: bool
    heywood: bool


def one_factor(covariance: Floats, n: int) -> OneFactor:
    """Fit a one-factor model by maximum likelihood, with expected information.

    Parameters
    ----------
    covariance : numpy.ndarray
        Shape (items, items), positive definite, at least three items.
    n : int
        People.

    Returns
    -------
    OneFactor
        The loadings add up to a positive number.

    References
    ----------
    .. [1] Lawley DN, Maxwell AE (1971). Factor Analysis as a Statistical Method, 2nd ed., chapter 4.
    .. [2] Bollen KA (1989). Structural Equations with Latent Variables, appendix 4A (information matrix).
    """
    scale = np.sqrt(np.diag(covariance))
    observed = covariance / np.outer(scale, scale)
    items = len(observed)
    theta, converged = _scoring(_start(observed), observed)
    heywood = not converged or bool((theta[items:] < _LEAST).any())
    if heywood:
        theta, converged = _bounded(_start(observed), observed)
        heywood = bool((theta[items:] <= _LEAST * (1 + 1e-6)).any())
    loadings, unique = theta[:items], theta[items:]
    sign = 1.0 if loadings.sum() >= 0 else -1.0
    _, information = _score(theta, observed)
    spread = np.asarray(np.linalg.inv(information) / (n / 2), dtype=np.float64)
    units = np.concatenate([sign * scale, scale**2])
    return OneFactor(
        loadings=sign * loadings * scale,
        uniquenesses=unique * scale**2,
        covariance=spread * np.outer(units, units),
        converged=converged,
        heywood=heywood,
    )


def _scoring(theta: Floats, observed: Floats) -> tuple[Floats, bool]:
    """Fisher scoring with halved steps; it does not settle where a uniqueness runs against zero."""
    value = _discrepancy(theta, observed)
    for _ in range(_STEPS):
        gradient, information = _score(theta, observed)
        step = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
        theta, before, value = _improve(theta, step, value, observed)
        if before - value < _CLOSE:
            return theta, float(np.abs(step).max()) < math.sqrt(_CLOSE)
    return theta, False


def _bounded(theta: Floats, observed: Floats) -> tuple[Floats, bool]:
    """Minimise with every uniqueness at least its bound, as R's factanal does."""
    items = len(observed)
    fit = optimize.minimize(
        lambda values: (_discrepancy(values, observed), -_score(values, observed)[0]),
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] * items + [(_LEAST, None)] * items,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 5000},
    )
    return np.asarray(fit.x, dtype=np.float64), bool(fit.success)


def _start(observed: Floats) -> Floats:
    values, vectors = np.linalg.eigh(observed)
    loadings = vectors[:, -1] * math.sqrt(max(values[-1] - 1, 0.1))
    return np.concatenate([loadings, np.clip(1 - loadings**2, 0.1, 1.0)])


def _implied(theta: Floats) -> Floats:
    items = len(theta) // 2
    loadings = theta[:items]
    return np.asarray(np.outer(loadings, loadings) + np.diag(theta[items:]))


def _discrepancy(theta: Floats, observed: Floats) -> float:
    """Maximum-likelihood discrepancy, up to a constant; infinite outside the model."""
    items = len(observed)
    if (theta[items:] <= 0).any():
        return math.inf
    implied = _implied(theta)
    _, log_determinant = np.linalg.slogdet(implied)
    return float(log_determinant + np.trace(np.linalg.solve(implied, observed)))


def _score(theta: Floats, observed: Floats) -> tuple[Floats, Floats]:
    """Gradient (downhill) and expected information of the discrepancy, per half person."""
    items = len(observed)
    inverse = np.linalg.inv(_implied(theta))
    pull = inverse @ (observed - _implied(theta)) @ inverse
    loadings = theta[:items]
    gradient = np.concatenate([2 * pull @ loadings, np.diag(pull)])
    along = inverse @ loadings
    size = float(loadings @ along)
    information = np.empty((2 * items, 2 * items))
    information[:items, :items] = 2 * (size * inverse + np.outer(along, along))
    information[:items, items:] = 2 * inverse * along[np.newaxis, :]
    information[items:, :items] = information[:items, items:].T
    information[items:, items:] = inverse**2
    return gradient, information


def _improve(theta: Floats, step: Floats, value: float, observed: Floats) -> tuple[Floats, float, float]:
    """Go along the step as far as the discrepancy falls."""
    share = 1.0
    for _ in range(40):
        moved = theta + share * step
        now = _discrepancy(moved, observed)
        if now <= value:
            return moved, value, now
        share /= 2
    return theta, value, value


def omega_total(model: OneFactor, *, level: float = 0.95) -> Interval:
    """Omega total of a one-factor model, with an interval by the delta method on the logit scale.

    Parameters
    ----------
    model : OneFactor
        The fitted model.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        The share of the variance of the sum score that the factor explains, between 0 and 1, `std_error` on that
        scale; limits NaN in a Heywood case.

    References
    ----------
    .. [1] McDonald RP (1999). Test Theory: A Unified Treatment, equation 6.20b.
    .. [2] Raykov T (2002). Struct Equ Modeling 9:195-212 (delta method).
    """
    total, rest = float(model.loadings.sum()), float(model.uniquenesses.sum())
    true = total * total
    omega = true / (true + rest)
    items = len(model.loadings)
    slopes = np.concatenate(
        [
            np.full(items, 2 * total * rest / (true + rest) ** 2),
            np.full(items, -true / (true + rest) ** 2),
        ]
    )
    std_error = math.sqrt(max(0.0, float(slopes @ model.covariance @ slopes)))
    if model.heywood or not 0 < omega < 1:
        return Interval(omega, math.nan, math.nan, std_error)
    half = float(stats.norm.isf((1 - level) / 2)) * std_error / (omega * (1 - omega))
    middle = math.log(omega / (1 - omega))
    low, high = (1 / (1 + math.exp(-(middle + side * half))) for side in (-1, 1))
    return Interval(omega, low, high, std_error)
