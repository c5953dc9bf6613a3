"""Multiple imputation by chained equations with drawn parameters, and Rubin's rules for few people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

Floats = npt.NDArray[np.float64]

# The variance of a drawn residual variance needs more than two degrees of freedom to be finite.
LEAST_DF = 3
_NOTHING_UNKNOWN = 1e-12


@dataclass(frozen=True, slots=True)
class Pooled:
    """An estimate pooled over imputed data sets.

    Parameters
    ----------
    estimate : float
        Mean of the estimates.
    std_error : float
        Root of the total variance.
    df : float
        Degrees of freedom by Barnard and Rubin.
    within, between : float
        Mean of the variances, and the variance of the estimates.
    missing_information : float
        Share of the total variance that is due to what is missing, between 0 and 1 (lambda of Rubin's rules).
    """

    estimate: float
    std_error: float
    df: float
    within: float
    between: float
    missing_information: float


def pool(points: Sequence[float] | Floats, variances: Sequence[float] | Floats, *, df_complete: float) -> Pooled:
    """Pool estimates of imputed data sets by Rubin's rules.

    Parameters
    ----------
    points : sequence of float
        Shape (imputations,), at least two: the estimate in each data set.
    variances : sequence of float
        Shape (imputations,): its squared standard error.
    df_complete : float
        Degrees of freedom that it would have had with nothing missing; infinity for large samples.

    Returns
    -------
    Pooled
        With the degrees of freedom of Barnard and Rubin, which never exceed `df_complete`. NaN degrees of freedom when
        there is no variance at all.

    References
    ----------
    .. [1] Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, section 3.3.
    .. [2] Barnard J, Rubin DB (1999). Biometrika 86:948-955, equation 3.

    Examples
    --------
    >>> pooled = pool([1.0, 1.2, 0.8], [0.10, 0.12, 0.11], df_complete=23)
    >>> round(pooled.estimate, 3), round(pooled.std_error, 3), round(pooled.df, 2)
    (1.0, 0.404, 8.11)
    """
    estimates, m = np.asarray(points, dtype=float), len(points)
    within, between = float(np.mean(variances)), float(np.var(estimates, ddof=1))
    total = within + (1 + 1 / m) * between
    if total <= 0:
        return Pooled(float(estimates.mean()), 0.0, math.nan, within, between, 0.0)
    share = (1 + 1 / m) * between / total
    observed = (1 - share) * _observed_df(df_complete)
    # With next to no spread between imputations nothing is unknown, and Rubin's own degrees of freedom have no end.
    old = (m - 1) / share**2 if share > _NOTHING_UNKNOWN else math.inf
    if math.isinf(old):
        df = observed
    elif math.isinf(observed):
        df = old
    else:
        df = old * observed / (old + observed) if observed > 0 else 0.0
    return Pooled(float(estimates.mean()), math.sqrt(total), df, within, between, share)


def _observed_df(complete: float) -> float:
    return math.inf if math.isinf(complete) else (complete + 1) / (complete + 3) * complete


def impute_normal(
    target: Floats, predictors: Floats, *, imputations: int, rng: np.random.Generator, cycles: int = 5
) -> Floats:
    """Impute a variable from normal linear regressions whose parameters are drawn from their posterior.

    Parameters
    ----------
    target : numpy.ndarray of float
        Shape (people,), NaN where missing.
    predictors : numpy.ndarray of float
        Shape (people, predictors), NaN where missing. Those with missing values are imputed too, each from all the
        others, in turn (chained equations). Together with a constant they must be independent of each other.
    imputations : int
        How many times.
    rng : numpy.random.Generator
        Source of all that is random.
    cycles : int, default 5
        Rounds of the chain before its values are used; there is none when only the target has missing values.

    Returns
    -------
    numpy.ndarray of float
        Shape (imputations, missing values of the target), in the order of the people.

    Notes
    -----
    For every draw the residual variance comes from its scaled inverse chi-squared posterior and the coefficients from
    their normal posterior given it, under the usual flat prior, so that Rubin's rules hold ("Bayesian linear
    regression", `norm` in R's mice). Values are not held inside the range of an answer scale: cutting them off would
    bias the mean.

    References
    ----------
    .. [1] Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, example 5.1.
    .. [2] van Buuren S (2018). Flexible Imputation of Missing Data, 2nd ed, algorithm 3.1 and section 4.5.
    """
    whole = np.column_stack([target, predictors])
    missing = np.isnan(whole)
    # Standardised, so that crossproducts keep their digits.
    centre, spread = np.nanmean(whole, axis=0), np.nanstd(whole, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (whole - centre) / spread
    # Predictors first: the target is then imputed from their newest values.
    order = [int(column) for column in np.flatnonzero(missing.any(axis=0)) if column] + [0]
    if len(order) == 1:
        drawn = _only_target(scaled[:, 0], scaled[:, 1:], imputations, rng)
    else:
        drawn = np.array([_chain(scaled, missing, order, cycles, rng) for _ in range(imputations)])
    return np.asarray(centre[0] + spread[0] * drawn)


def _chain(
    scaled: Floats, missing: npt.NDArray[np.bool_], order: list[int], cycles: int, rng: np.random.Generator
) -> Floats:
    """Impute all columns in turn from a random start, and give the target's values of the last round."""
    values = np.column_stack([scaled, np.ones(len(scaled))])
    for column in order:
        known = ~missing[:, column]
        values[~known, column] = rng.choice(scaled[known, column], int((~known).sum()))
    for _ in range(cycles):
        for column in order:
            gone = missing[:, column]
            others = np.delete(values, column, axis=1)
            design = others[~gone]
            root, slopes, residual = _fit(design, values[~gone, column])
            deviation = math.sqrt(residual / rng.chisquare(len(design) - len(root)))
            drawn = slopes + deviation * linalg.solve_triangular(root, rng.standard_normal(len(root)))
            values[gone, column] = others[gone] @ drawn + deviation * rng.standard_normal(int(gone.sum()))
    return np.asarray(values[missing[:, 0], 0])


def _only_target(target: Floats, predictors: Floats, imputations: int, rng: np.random.Generator) -> Floats:
    """Draw all imputations from one fit: nothing that it rests on changes from one to the next."""
    gone = np.isnan(target)
    design = np.column_stack([predictors, np.ones(len(target))])
    root, slopes, residual = _fit(design[~gone], target[~gone])
    deviations = np.sqrt(residual / rng.chisquare(int((~gone).sum()) - len(root), imputations))
    steps = linalg.solve_triangular(root, rng.standard_normal((len(root), imputations))).T
    noise = rng.standard_normal((imputations, int(gone.sum())))
    return np.asarray((slopes + deviations[:, None] * steps) @ design[gone].T + deviations[:, None] * noise)


def _fit(design: Floats, values: Floats) -> tuple[Floats, Floats, float]:
    """Give the upper root of the crossproduct, the coefficients and the residual sum of squares."""
    root = _root(design)
    aim = linalg.solve_triangular(root, design.T @ values, trans="T")
    slopes = linalg.solve_triangular(root, aim)
    residual = values - design @ slopes
    return root, slopes, float(residual @ residual)


def _root(design: Floats) -> Floats:
    try:
        root = np.linalg.cholesky(design.T @ design).T
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.qr(design, mode="r"))
    pivots = np.diag(root)
    # Where columns are nearly dependent the crossproduct has lost too many digits.
    return np.asarray(root if pivots.min() > 1e-5 * pivots.max() else np.linalg.qr(design, mode="r"))
