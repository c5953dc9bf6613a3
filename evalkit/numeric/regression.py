"""Least squares on arrays, with standard errors that hold under unequal variances, in clusters and in small samples."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import linalg

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# What is left of a column after the others, relative to the column, below which it says nothing of its own.
_NOTHING_LEFT = 1e-9
# Doubles carry 15.9 digits: what is left of numbers this many times larger is rounding.
_ROUNDING = 1e-13
# A leverage or a share of a cluster this near to one leaves no residual to learn from.
_WHOLE = 1 - 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """A linear model fitted by least squares.

    Parameters
    ----------
    coefficients : numpy.ndarray of float
        Shape (terms,).
    residuals : numpy.ndarray of float
        Shape (rows,), in the unit of the outcome.
    basis : numpy.ndarray of float
        Shape (rows, terms): orthonormal columns that span the design.
    root_inverse : numpy.ndarray of float
        Shape (terms, terms): upper triangular, turns the basis into the design's coefficients; with its transpose
        it makes the inverse of the crossproduct of the design.
    """

    coefficients: Floats
    residuals: Floats
    basis: Floats
    root_inverse: Floats

    @property
    def df(self) -> int:
        """Rows less terms."""
        return int(self.basis.shape[0] - self.basis.shape[1])

    @property
    def leverage(self) -> Floats:
        """Shape (rows,): between 0 and 1, one where a row determines its own fit."""
        return np.asarray((self.basis**2).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """Covariance of the coefficients, and the degrees of freedom that go with any combination of them.

    Parameters
    ----------
    matrix : numpy.ndarray of float
        Shape (terms, terms).
    df : float, default NaN
        Degrees of freedom of every combination; NaN where they depend on it.
    root_inverse : numpy.ndarray of float
        As in `LeastSquares`.
    grams, adjustments : numpy.ndarray of float
        Shape (clusters, terms, terms): crossproduct of each cluster's rows of the basis, and what its residuals were
        multiplied with. Empty where `df` is known.
    """

    matrix: Floats
    df: float = float("nan")
    root_inverse: Floats = field(default_factory=lambda: np.empty((0, 0)))
    grams: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    adjustments: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))

    def error(self, contrast: Floats) -> float:
        """Give the standard error of a combination of the coefficients.

        Parameters
        ----------
        contrast : numpy.ndarray of float
            Shape (terms,).

        Returns
        -------
        float
            In the unit of the outcome.
        """
        return float(np.sqrt(max(float(contrast @ self.matrix @ contrast), 0.0)))

    def df_of(self, contrast: Floats) -> float:
        """Give the degrees of freedom of a combination of the coefficients.

        Parameters
        ----------
        contrast : numpy.ndarray of float
            Shape (terms,).

        Returns
        -------
        float
            Satterthwaite's, from the first two moments of the variance estimate under independent rows of equal
            variance; NaN when that variance estimate is always zero.

        References
        ----------
        .. [1] Pustejovsky JE, Tipton E (2018). J Bus Econ Stat 36:672-683, equation 11.
        """
        if len(self.grams) == 0:
            return self.df
        # In the basis of the design the p x p pieces stand for the n x n matrices of the paper: with u the cluster's
        # rows of the basis, its part of the contrast is u w, and the annihilator is the identity less u u'.
        weights = self.adjustments @ (self.root_inverse.T @ contrast)
        reached = np.einsum("cij,cj->ci", self.grams, weights)
        own = np.einsum("ci,ci->c", weights, reached)
        lengths = (reached**2).sum(axis=1)
        mean = float((own - lengths).sum())
        spread = float((own**2 - 2 * own * lengths).sum() + ((reached.T @ reached) ** 2).sum())
        if mean <= 1e-14 * max(float(own.sum()), 1e-300) or spread <= 0:
            return float("nan")
        return mean * mean / spread


def collinear(design: Floats) -> list[int]:
    """Find the columns of a design that the columns before them already determine.

    Parameters
    ----------
    design : numpy.ndarray of float
        Shape (rows, terms).

    Returns
    -------
    list of int
        Their positions; empty when every column says something of its own. Beside a first column of ones the others
        are taken less their means, so that a large common offset makes no column look constant.
    """
    found: list[int] = []
    kept: list[Floats] = []
    constant = design.shape[0] > 0 and bool((design[:, 0] == 1).all())
    for place in range(design.shape[1]):
        column = np.asarray(design[:, place], dtype=float)
        whole = float(np.linalg.norm(column))
        if constant and place:
            column = column - column.mean()
        size = float(np.linalg.norm(column))
        if size <= _ROUNDING * whole:
            found.append(place)
            continue
        rest = column / size
        for _ in range(2):  # the second time takes out what rounding left
            for other in kept:
                rest = rest - other * float(other @ rest)
        left = float(np.linalg.norm(rest))
        if left <= max(_NOTHING_LEFT, 1e-15 * whole / size):
            found.append(place)
        else:
            kept.append(rest / left)
    return found


def beyond_rounding(value: float, size: float) -> float:
    """Give a result, or zero where the rounding of what it was made of is all that it can be.

    Parameters
    ----------
    value : float
        Estimate or standard error.
    size : float
        Size of the numbers that it was made of, in the same unit.

    Returns
    -------
    float
        `value`, or 0.

    Examples
    --------
    >>> beyond_rounding(1.7e-15, 4.2), beyond_rounding(0.1, 4.2)
    (0.0, 0.1)
    """
    return 0.0 if abs(value) <= _ROUNDING * size else value


def least_squares(design: Floats, outcome: Floats) -> LeastSquares:
    """Fit a linear model by least squares.

    Parameters
    ----------
    design : numpy.ndarray of float
        Shape (rows, terms), of full rank (see `collinear`), at least as many rows as terms.
    outcome : numpy.ndarray of float
        Shape (rows,).

    Returns
    -------
    LeastSquares
        Residuals that rounding alone makes are zero.
    """
    basis, root = linalg.qr(design, mode="economic", check_finite=False)
    root_inverse = linalg.solve_triangular(root, np.eye(root.shape[0]))
    along = basis.T @ outcome
    residuals = outcome - basis @ along
    if np.linalg.norm(residuals) <= 1e-12 * np.linalg.norm(outcome):
        residuals = np.zeros_like(residuals)
    return LeastSquares(root_inverse @ along, residuals, basis, root_inverse)


def classical_covariance(fit: LeastSquares) -> Covariance:
    """Covariance of the coefficients under equal variances.

    Parameters
    ----------
    fit : LeastSquares
        The model.

    Returns
    -------
    Covariance
        With rows less terms as degrees of freedom.
    """
    variance = float(fit.residuals @ fit.residuals) / fit.df
    return Covariance(variance * fit.root_inverse @ fit.root_inverse.T, float(fit.df))


def hc3_covariance(fit: LeastSquares) -> Covariance:
    """Covariance of the coefficients under unequal variances, near to the jackknife.

    Parameters
    ----------
    fit : LeastSquares
        The model, in which no leverage is one.

    Returns
    -------
    Covariance
        With rows less terms as degrees of freedom.

    References
    ----------
    .. [1] MacKinnon JG, White H (1985). J Econometrics 29:305-325 (HC3: residuals over one less the leverage).
    .. [2] Long JS, Ervin LH (2000). Am Stat 54:217-224.
    """
    scores = fit.basis * (fit.residuals / (1 - fit.leverage))[:, None]
    return Covariance(_sandwich(fit, scores), float(fit.df))


def cluster_covariance(fit: LeastSquares, clusters: Ints | None = None) -> Covariance:
    """Covariance of the coefficients under dependence within clusters, unbiased under an independent working model.

    Parameters
    ----------
    fit : LeastSquares
        The model.
    clusters : numpy.ndarray of int, optional
        Shape (rows,), from 0 on: the cluster of each row. Left out, each row is one of its own, which is HC2.

    Returns
    -------
    Covariance
        CR2; its degrees of freedom depend on the combination of coefficients.

    References
    ----------
    .. [1] Bell RM, McCaffrey DF (2002). Surv Methodol 28:169-181.
    .. [2] Pustejovsky JE, Tipton E (2018). J Bus Econ Stat 36:672-683, equations 5 and 11.
    """
    terms = fit.basis.shape[1]
    if clusters is None:
        grams = fit.basis[:, :, None] * fit.basis[:, None, :]
        freed = 1 - fit.leverage
        scale = np.where(fit.leverage < _WHOLE, 1 / np.sqrt(np.where(freed > 0, freed, 1.0)), 0.0)
        scores = fit.basis * (fit.residuals * scale)[:, None]
        return Covariance(
            _sandwich(fit, scores), float("nan"), fit.root_inverse, grams, scale[:, None, None] * np.eye(terms)
        )
    count = int(clusters.max()) + 1
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], np.arange(count))
    basis, residuals = fit.basis[order], fit.residuals[order]
    grams = np.empty((count, terms, terms))
    for first in range(terms):
        for second in range(terms):
            grams[:, first, second] = np.add.reduceat(basis[:, first] * basis[:, second], starts)
    raw = np.add.reduceat(basis * residuals[:, None], starts, axis=0)
    # The inverse square root of identity less u u' on the rows of u, in the basis: a p x p matrix for each cluster.
    # Where a cluster determines a direction by itself, that direction is left out (the generalised inverse of [2]).
    values, vectors = np.linalg.eigh(grams)
    scale = np.where(values < _WHOLE, 1 / np.sqrt(np.where(values < _WHOLE, 1 - values, 1.0)), 0.0)
    adjustments = np.einsum("cij,cj,ckj->cik", vectors, scale, vectors)
    scores = np.einsum("cij,cj->ci", adjustments, raw)
    return Covariance(_sandwich(fit, scores), float("nan"), fit.root_inverse, grams, adjustments)


def _sandwich(fit: LeastSquares, scores: Floats) -> Floats:
    half = scores @ fit.root_inverse.T
    return np.asarray(half.T @ half)
