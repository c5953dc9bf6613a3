"""Repeated measurements of the same people by restricted maximum likelihood, with errors fit for small samples.

Everybody is meant to be measured at the same waves, so people with the same waves missing share one covariance matrix:
sums over a handful of patterns stand for sums over people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]

_STEPS = 200
# What is left of variances this many times larger is rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """Means of repeated measurements and the covariance of their estimates.

    Parameters
    ----------
    coefficients : numpy.ndarray of float
        Shape (terms,).
    covariance : numpy.ndarray of float
        Shape (terms, terms): of the coefficients, adjusted for the covariance matrix being estimated.
    model_covariance : numpy.ndarray of float
        The same before the adjustment.
    between : numpy.ndarray of float
        Shape (waves, waves): fitted covariance matrix of one person's measurements.
    components : numpy.ndarray of float
        Shape (components,): what the bases of the covariance matrix are multiplied with.
    criterion : float
        Minus twice the restricted log-likelihood.
    pieces : numpy.ndarray of float
        Shape (components, terms, terms): change of the coefficients' precision with each component.
    spread : numpy.ndarray of float
        Shape (components, components): covariance of the components.
    df : float, default NaN
        Degrees of freedom of every combination; NaN where they depend on it.
    """

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    between: Floats
    components: Floats
    criterion: float
    pieces: Floats
    spread: Floats
    df: float = math.nan

    def error(self, contrast: Floats) -> float:
        """Give the standard error of a combination of the coefficients.

        Parameters
        ----------
        contrast : numpy.ndarray of float
            Shape (terms,).

        Returns
        -------
        float
            Adjusted as in Kenward and Roger; exactly 0 where the variances cancel but for rounding.
        """
        variance = float(contrast @ self.covariance @ contrast)
        size = float(np.abs(contrast) @ np.abs(self.covariance) @ np.abs(contrast))
        return math.sqrt(variance) if variance > _ROUNDING * size else 0.0

    def df_of(self, contrast: Floats) -> float:
        """Give the degrees of freedom of a combination of the coefficients.

        Parameters
        ----------
        contrast : numpy.ndarray of float
            Shape (terms,).

        Returns
        -------
        float
            Satterthwaite's, which are Kenward and Roger's where there is one combination. NaN without any spread.
        """
        if math.isfinite(self.df):
            return self.df
        reached = self.model_covariance @ contrast
        slopes = np.einsum("i,cij,j->c", reached, self.pieces, reached)
        variance = float(contrast @ reached)
        moved = float(slopes @ self.spread @ slopes)
        return 2 * variance * variance / moved if moved > 0 else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class _Pattern:
    """People with the same waves measured: which, how many, their means and sums of squares."""

    waves: npt.NDArray[np.int64]
    n: int
    means: Floats
    squares: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    criterion: float
    coefficients: Floats
    bread: Floats
    slope: Floats
    information: Floats
    pieces: Floats
    adjustment: Floats


def unstructured(waves: int) -> Floats:
    """Bases of a covariance matrix without any structure.

    Parameters
    ----------
    waves : int
        How many.

    Returns
    -------
    numpy.ndarray of float
        Shape (waves * (waves + 1) / 2, waves, waves): ones where the matrix has one of its variances or covariances.
    """
    places = [(first, second) for first in range(waves) for second in range(first + 1)]
    bases = np.zeros((len(places), waves, waves))
    for basis, (first, second) in zip(bases, places, strict=True):
        basis[first, second] = basis[second, first] = 1
    return bases


def random_intercept(waves: int) -> Floats:
    """Bases of the covariance matrix of people who differ by a constant (compound symmetry).

    Parameters
    ----------
    waves : int
        How many.

    Returns
    -------
    numpy.ndarray of float
        Shape (2, waves, waves): for the variance of the intercepts, and the residual variance.
    """
    return np.stack([np.ones((waves, waves)), np.eye(waves)])


def random_slope(times: Floats) -> Floats:
    """Bases of the covariance matrix of people who each follow a straight line of their own.

    Parameters
    ----------
    times : numpy.ndarray of float
        Shape (waves,).

    Returns
    -------
    numpy.ndarray of float
        Shape (4, waves, waves): for the variance of the intercepts, their covariance with the slopes, the variance of
        the slopes, and the residual variance.
    """
    one = np.ones_like(times)
    both = np.outer(one, times)
    return np.stack([np.outer(one, one), both + both.T, np.outer(times, times), np.eye(len(times))])


def complete_waves(values: Floats) -> Mixed:
    """Take means and covariance matrix of complete waves, which restricted likelihood without structure ends at.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people, waves), nothing missing, at least two people; there may be fewer people than waves.

    Returns
    -------
    Mixed
        With people less one as degrees of freedom; `criterion` is NaN.
    """
    people, waves = values.shape
    between = np.atleast_2d(np.cov(values, rowvar=False, ddof=1))
    bases = unstructured(waves)
    components = np.einsum("cij,ij->c", bases, between) / np.einsum("cij,cij->c", bases, bases)
    nothing = np.zeros((len(bases), len(bases)))
    return Mixed(
        coefficients=values.mean(axis=0),
        covariance=between / people,
        model_covariance=between / people,
        between=between,
        components=components,
        criterion=math.nan,
        pieces=np.zeros((len(bases), waves, waves)),
        spread=nothing,
        df=float(people - 1),
    )


def restricted_likelihood(values: Floats, design: Floats, bases: Floats) -> Mixed | None:
    """Fit means and covariance matrix of repeated measurements, missing ones at random.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people, waves), NaN where not measured; nobody without any.
    design : numpy.ndarray of float
        Shape (waves, terms): the mean of each wave as a combination of the coefficients.
    bases : numpy.ndarray of float
        Shape (components, waves, waves): the covariance matrix as a combination of the components. The last ones must
        allow a positive definite matrix; components may be negative as long as the matrix is positive definite.

    Returns
    -------
    Mixed or None
        None when the covariance matrix cannot be estimated: too few people, or a wave without spread.

    References
    ----------
    .. [1] Patterson HD, Thompson R (1971). Biometrika 58:545-554.
    .. [2] Kenward MG, Roger JH (1997). Biometrics 53:983-997, equation 1 for the adjusted covariance (its second
       derivatives are nil here, the matrix being linear in its components) and section 3 for the degrees of freedom.
    """
    scale = float(np.nanstd(values))
    if not scale > 0:
        return None
    patterns = _patterns((values - np.nanmean(values)) / scale)
    components = _start(patterns, bases)
    state = _state(patterns, design, bases, components)
    if state is None:
        return None
    slack = 1e-12 * (1 + values.size)  # what rounding does to the criterion
    for _ in range(_STEPS):
        step = _ascent(state)
        gain, size = float(state.slope @ step), 1.0
        if not gain > max(slack, 1e-12):
            break
        reached = _state(patterns, design, bases, components + step)
        while (reached is None or reached.criterion > state.criterion - 1e-4 * size * gain + slack) and size > 1e-8:
            size /= 2
            reached = _state(patterns, design, bases, components + size * step)
        if reached is None or size <= 1e-8:
            break
        components, state = components + size * step, reached
    if not _settled(state, components, bases):
        return None
    return _unscaled(values, design, bases, components, state, scale)


def fieller(top: float, bottom: float, covariance: Floats, df: float, *, level: float = 0.95) -> Interval | None:
    """Interval of the ratio of two estimates.

    Parameters
    ----------
    top, bottom : float
        The estimates.
    covariance : numpy.ndarray of float
        Shape (2, 2), of top and bottom.
    df : float
        Degrees of freedom.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval or None
        With the standard error by the delta method; None when the interval of the bottom holds zero, so that no ratio
        can be excluded.

    References
    ----------
    .. [1] Fieller EC (1954). J R Stat Soc B 16:175-185.
    """
    square = float(stats.t.isf((1 - level) / 2, df)) ** 2
    (v_top, v_both), (_, v_bottom) = covariance.tolist()
    lead = bottom * bottom - square * v_bottom
    if not lead > 0:
        return None
    middle = (top * bottom - square * v_both) / lead
    width = math.sqrt(max(middle * middle - (top * top - square * v_top) / lead, 0.0))
    ratio = top / bottom
    error = math.sqrt(max(v_top - 2 * ratio * v_both + ratio * ratio * v_bottom, 0.0)) / abs(bottom)
    return Interval(ratio, middle - width, middle + width, error)


def _patterns(values: Floats) -> list[_Pattern]:
    seen = np.isfinite(values)
    kinds, members = np.unique(seen, axis=0, return_inverse=True)
    found = []
    for place, kind in enumerate(kinds):
        waves = np.flatnonzero(kind)
        own = values[members.ravel() == place][:, waves]
        means = own.mean(axis=0)
        found.append(_Pattern(waves, len(own), means, (own - means).T @ (own - means)))
    return found


def _start(patterns: Sequence[_Pattern], bases: Floats) -> Floats:
    """Take the components nearest to independent waves of variance one, the scale of the values here."""
    flat = bases.reshape(len(bases), -1)
    waves = bases.shape[1]
    # A little dependence keeps a structured matrix away from its edge.
    wanted = 0.7 * np.eye(waves) + (0.3 if len(bases) < waves * (waves + 1) // 2 or len(patterns) > 1 else 0.0)
    return np.asarray(np.linalg.lstsq(flat.T, wanted.ravel(), rcond=None)[0])


def _state(patterns: Sequence[_Pattern], design: Floats, bases: Floats, components: Floats) -> _State | None:
    """Give criterion, slope and expected information at some components; None where the matrix is not positive."""
    between = np.tensordot(components, bases, axes=1)
    lowest = float(np.linalg.eigvalsh(between)[0])
    if not lowest > 1e-10 * float(np.trace(between)):
        return None
    terms, count = design.shape[1], len(bases)
    precision, pull = np.zeros((terms, terms)), np.zeros(terms)
    kept = []
    for each in patterns:
        inverse = np.linalg.inv(between[np.ix_(each.waves, each.waves)])
        own = design[each.waves]
        moved = np.einsum("ij,cjk->cik", inverse, bases[:, each.waves][:, :, each.waves])
        kept.append((each, inverse, own, moved))
        precision += each.n * own.T @ inverse @ own
        pull += each.n * own.T @ inverse @ each.means
    bread = np.asarray(np.linalg.inv(precision), dtype=float)
    coefficients = bread @ pull
    criterion = float(np.linalg.slogdet(precision)[1])
    slope, information = np.zeros(count), np.zeros((count, count))
    pieces, pairs = np.zeros((count, terms, terms)), np.zeros((count, count, terms, terms))
    for each, inverse, own, moved in kept:
        gap = each.means - own @ coefficients
        squares = each.squares + each.n * np.outer(gap, gap)
        criterion -= each.n * float(np.linalg.slogdet(inverse)[1])
        criterion += float((inverse * squares).sum())
        weighed = inverse @ own
        slope += np.einsum("cij,ji->c", moved, inverse @ squares - each.n * np.eye(len(own)))
        information += each.n * np.einsum("aij,bji->ab", moved, moved)
        left = np.einsum("ki,cij->ckj", own.T, moved)
        pieces -= each.n * np.einsum("cki,il->ckl", left, weighed)
        pairs += each.n * np.einsum("aki,bij,jl->abkl", left, moved, weighed)
    through = np.einsum("ij,cjk->cik", bread, pieces)
    slope = (slope - np.einsum("cii->c", through)) / 2
    crossed = np.einsum("aij,bjk->abik", through, through)
    information = (information - 2 * np.einsum("ij,abji->ab", bread, pairs) + np.einsum("abii->ab", crossed)) / 2
    adjustment = pairs - np.einsum("aij,jk,bkl->abil", pieces, bread, pieces)
    return _State(criterion, coefficients, bread, slope, information, pieces, adjustment)


def _ascent(state: _State) -> Floats:
    return np.asarray(np.linalg.lstsq(state.information, state.slope, rcond=1e-12)[0])


def _settled(state: _State, components: Floats, bases: Floats) -> bool:
    """Tell whether the search ended at a summit, with as much information as there are components."""
    step = _ascent(state)
    between = np.tensordot(components, bases, axes=1)
    values = np.linalg.eigvalsh(between)
    known = np.linalg.eigvalsh(state.information)
    whole = bool(values[0] > 1e-8 * values[-1]) and bool(known[0] > 1e-10 * known[-1])
    return whole and float(state.slope @ step) < 1e-5


def _unscaled(values: Floats, design: Floats, bases: Floats, components: Floats, state: _State, scale: float) -> Mixed:
    """Turn the fit of standardised values back into their unit."""
    spread = np.asarray(np.linalg.inv(state.information), dtype=float)
    added = np.einsum("ab,abij->ij", spread, state.adjustment)
    adjusted = state.bread + 2 * state.bread @ added @ state.bread
    shift = np.linalg.lstsq(design, np.full(len(design), float(np.nanmean(values))), rcond=None)[0]
    seen, terms = int(np.isfinite(values).sum()), design.shape[1]
    criterion = state.criterion + (seen - terms) * (math.log(2 * math.pi) + 2 * math.log(scale))
    square = scale * scale
    return Mixed(
        coefficients=state.coefficients * scale + shift,
        covariance=adjusted * square,
        model_covariance=state.bread * square,
        between=np.tensordot(components, bases, axes=1) * square,
        components=components * square,
        criterion=criterion,
        pieces=state.pieces / square**2,
        spread=spread * square**2,
    )
