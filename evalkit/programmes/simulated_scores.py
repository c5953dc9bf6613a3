"""What the scores of a synthetic population are on average, how they spread and go together: by quadrature.

The model is that of `simulate_waves`: one normal factor behind each scale, partly the same at every wave; answers are a
normal variable cut at equal steps; who stood low at the first wave is lost more often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.stats import binom

from evalkit.instruments.model import Scale
from evalkit.instruments.rules import from_mean

Floats = npt.NDArray[np.float64]

# What `simulate_waves` takes when it is not told otherwise.
LOADING, STABILITY, SKIPPED = 0.7, 0.7, 0.03
_STEP = 0.8
_NODES, _COMMON_NODES = 21, 11
_FACTORS = np.linspace(-7, 7, 281)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreLaw:
    """How scores are spread among people with the same factor.

    Parameters
    ----------
    scores : numpy.ndarray of float
        Shape (scores,): every score that can come about, in the unit of the scale.
    shares : numpy.ndarray of float
        Shape (factors, scores): share of people who have it, of those who answered enough items, by `_FACTORS`.
    """

    scores: Floats
    shares: Floats

    def mean(self, factor: Floats) -> Floats:
        """Give the mean score.

        Parameters
        ----------
        factor : numpy.ndarray of float
            Any shape, in standard deviations.

        Returns
        -------
        numpy.ndarray of float
            Same shape, in the unit of the scale.
        """
        return np.asarray(np.interp(factor, _FACTORS, self.shares @ self.scores))

    def square(self, factor: Floats) -> Floats:
        """Give the mean of the squared score.

        Parameters
        ----------
        factor : numpy.ndarray of float
            Any shape, in standard deviations.

        Returns
        -------
        numpy.ndarray of float
            Same shape.
        """
        return np.asarray(np.interp(factor, _FACTORS, self.shares @ self.scores**2))

    def at_least(self, least: float) -> Callable[[Floats], Floats]:
        """Give the share of people who reach a score.

        Parameters
        ----------
        least : float
            The score.

        Returns
        -------
        callable
            (factor) -> share, same shape.
        """
        share = self.shares[:, self.scores >= least - 1e-9].sum(axis=1)
        return lambda factor: np.asarray(np.interp(factor, _FACTORS, share))

    def spread(self, factor: Floats) -> Floats:
        """Give the share of people with each score.

        Parameters
        ----------
        factor : numpy.ndarray of float
            Shape (people,), in standard deviations.

        Returns
        -------
        numpy.ndarray of float
            Shape (people, scores).
        """
        return np.column_stack([np.interp(factor, _FACTORS, column) for column in self.shares.T])


def score_law(scale: Scale) -> ScoreLaw:
    """Work out how the scores of a scale are spread.

    Parameters
    ----------
    scale : Scale
        The scale.

    Returns
    -------
    ScoreLaw
        Over the number of items that were answered, each with its probability.
    """
    low, high = scale.range
    sums, shares = _sums(int(low), int(high), len(scale.items), scale.min_answered)
    return ScoreLaw(np.array([from_mean(mean, scale) for mean in sums]), shares)


def item_law(scale: Scale, item: str) -> ScoreLaw:
    """Work out how the answers to one item of a scale are spread.

    Parameters
    ----------
    scale : Scale
        The scale.
    item : str
        One of its items.

    Returns
    -------
    ScoreLaw
        In the values of its options.
    """
    low, high = scale.range
    answers, shares = _sums(int(low), int(high), 1, 1)
    return ScoreLaw(low + high - answers if item in scale.reverse else answers, shares)


@lru_cache(maxsize=64)
def _sums(low: int, high: int, items: int, least: int) -> tuple[Floats, Floats]:
    """Give every mean of the answered items, and the share of people with it."""
    cuts = (np.arange(low, high) + 0.5 - (low + high) / 2) * _STEP
    below = special.ndtr((cuts[None, :] - LOADING * _FACTORS[:, None]) / np.sqrt(1 - LOADING**2))
    one = np.diff(np.column_stack([np.zeros(len(_FACTORS)), below, np.ones(len(_FACTORS))]), axis=1)
    means, shares = [], []
    total = np.ones((len(_FACTORS), 1))
    for answered in range(1, items + 1):
        wider = np.zeros((len(_FACTORS), total.shape[1] + high - low))
        for step in range(high - low + 1):
            wider[:, step : step + total.shape[1]] += total * one[:, step : step + 1]
        total = wider
        if answered >= least:
            means.append(low + np.arange(total.shape[1]) / answered)
            shares.append(total * binom.pmf(answered, items, 1 - SKIPPED))
    every = np.concatenate(shares, axis=1)
    return np.concatenate(means), every / every.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Nodes at which a population is looked at: factors of the same people at the first wave and at a later one.

    Parameters
    ----------
    first, later : numpy.ndarray of float
        Shape (nodes,), in standard deviations, without planted changes.
    common : numpy.ndarray of float
        Shape (nodes,): what the two people of a pair have in common, at every wave.
    weight : numpy.ndarray of float
        Shape (nodes,): share of people, adding up to 1.
    """

    first: Floats
    later: Floats
    common: Floats
    weight: Floats

    def mean(self, values: Floats) -> float:
        """Average over the population.

        Parameters
        ----------
        values : numpy.ndarray of float
            Shape (nodes,).

        Returns
        -------
        float
            The mean.
        """
        return float(self.weight @ values)


@lru_cache(maxsize=64)
def population(scales: int, lost: float, slope: float, alike: float, later_waves: int) -> Grid:
    """Lay out the people who answered so many later waves.

    Parameters
    ----------
    scales : int
        Scales of the first wave, whose mean factor decides who is lost.
    lost, slope : float
        As `simulate_waves` takes them.
    alike : float
        Variance of what the two people of a pair have in common.
    later_waves : int
        How many later waves they answered, each lost by itself; 0 for everybody.

    Returns
    -------
    Grid
        Shares by Gauss-Hermite quadrature.
    """
    nodes, weights = _normal(_NODES)
    about, its_weights = _normal(_NODES)
    own = nodes[:, None] / np.sqrt(scales) + np.sqrt(1 - 1 / scales) * about[None, :]
    odds = special.logit(np.clip(lost, 1e-12, 1 - 1e-12)) + slope * own
    staying = (1 - special.expit(odds)) ** later_waves @ its_weights
    shared, shared_weights = _normal(_COMMON_NODES) if alike > 0 else (np.zeros(1), np.ones(1))
    at_first, own_later, common = (axis.ravel() for axis in np.meshgrid(nodes, nodes, shared, indexing="ij"))
    share = ((weights * staying)[:, None, None] * weights[None, :, None] * shared_weights[None, None, :]).ravel()
    later = STABILITY * at_first + np.sqrt(1 - STABILITY**2) * own_later
    return Grid(at_first, later, np.sqrt(alike) * common, share / share.sum())


def _normal(number: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(number)
    return np.asarray(nodes), np.asarray(weights / weights.sum())
