"""Ordered answers: the proportional-odds model, its profile likelihood, and whether one odds ratio fits every cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from evalkit.numeric.values import Interval, Test

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A log odds ratio of this size between the lowest and the highest value of a covariate stands for infinity.
_FAR = 40.0
_FLAT = 1e-4
_STEPS = 200
_REACH = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """A log odds ratio with its profile-likelihood interval and likelihood-ratio test.

    Parameters
    ----------
    interval : Interval
        On the log scale. Infinite estimate and limit where a group has all its answers on one side of the others
        (separation): the other limit then still stands.
    test : Test
        The signed root of the likelihood ratio, without degrees of freedom.
    """

    interval: Interval
    test: Test


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Upper and lower cut of every answer as linear functions of the parameters, with how many gave it."""

    upper: Floats
    lower: Floats
    above: Floats
    below: Floats
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    parameters: Floats
    log_likelihood: float
    information: Floats


class ProportionalOdds:
    """A proportional-odds model: log odds of an answer above each cut are parallel lines of the covariates.

    Parameters
    ----------
    answers : numpy.ndarray of int
        Shape (people,), from 0 on, every category used; at least two categories.
    design : numpy.ndarray of float
        Shape (people, terms), without intercept, of full rank beside a column of ones.

    References
    ----------
    .. [1] McCullagh P (1980). J R Stat Soc B 42:109-142, equation 2.4; here positive means higher answers.
    .. [2] Pratt JW (1981). J Am Stat Assoc 76:103-106 (the log-likelihood is concave: Newton's method finds it).
    """

    def __init__(self, answers: Ints, design: Floats) -> None:
        self._centre, self._spread = design.mean(axis=0), design.std(axis=0)
        answers, scaled, weights = _distinct(answers, (design - self._centre) / self._spread)
        self._answers, self._scaled, self._weights = answers, scaled, weights
        self._cuts = int(answers.max())
        self._rows = _rows(answers, scaled, weights)
        shares = np.cumsum(np.bincount(answers, weights=weights))[:-1] / weights.sum()
        start = np.concatenate([special.logit(shares), np.zeros(scaled.shape[1])])
        self._start = start
        self._fit = _newton(self._rows, [start])

    @property
    def log_likelihood(self) -> float:
        """The largest log-likelihood; where groups are separated, what it tends to."""
        return self._fit.log_likelihood

    @property
    def coefficients(self) -> Floats:
        """Shape (terms,): log odds ratios for a step of one."""
        return np.asarray(self._fit.parameters[self._cuts :] / self._spread)

    @property
    def thresholds(self) -> Floats:
        """Shape (categories - 1,): log odds of an answer at or below each cut, where the covariates are zero."""
        return np.asarray(self._fit.parameters[: self._cuts] + self._centre @ self.coefficients)

    def error(self, term: int) -> float:
        """Give the standard error of a log odds ratio, from the observed information.

        Parameters
        ----------
        term : int
            Its column in the design.

        Returns
        -------
        float
            NaN where the information is singular.
        """
        try:
            variance = np.linalg.inv(self._fit.information)[self._cuts + term, self._cuts + term]
        except np.linalg.LinAlgError:
            return math.nan
        return float(math.sqrt(variance) / self._spread[term]) if variance > 0 else math.nan

    def odds(self, term: int, *, level: float = 0.95) -> Odds | None:
        """Give a log odds ratio with its profile-likelihood interval.

        Parameters
        ----------
        term : int
            Its column in the design.
        level : float, default 0.95
            Confidence level.

        Returns
        -------
        Odds or None
            None when the answers say nothing of it, whichever way.

        References
        ----------
        .. [1] Venzon DJ, Moolgavkar SH (1988). Appl Stat 37:87-94.
        """
        profile = _Profile(self._rows, self._cuts + term, self._fit.parameters)
        scale, error = float(self._spread[term]), self.error(term)
        far = _FAR / float(np.ptp(self._scaled[:, term]))
        at, best = float(self._fit.parameters[self._cuts + term]), self._fit.log_likelihood
        if not abs(at) + error * scale < far / 2:
            profile.starts.append(np.delete(self._start, self._cuts + term))
            best = max(best, profile(far), profile(-far))
            endless = [best - profile(side) < _FLAT or at * side >= far * far for side in (-far, far)]
            if all(endless):
                return None
            if any(endless):
                at, error = math.copysign(math.inf, endless[1] - 0.5), math.nan
        allowed = float(stats.chi2.isf(1 - level, 1)) / 2
        step = min(error * scale * math.sqrt(2 * allowed), far / 2) if math.isfinite(error) else far / 2
        limits = [_limit(profile, best, allowed, at, side * far, step) / scale for side in (-1, 1)]
        ratio = max(2 * (best - profile(0.0)), 0.0)
        signed = math.copysign(math.sqrt(ratio), at)
        interval = Interval(at / scale, limits[0], limits[1], error)
        return Odds(interval, Test(signed, math.nan, float(stats.chi2.sf(ratio, 1))))

    def parallel(self, term: int) -> Test:
        """Test that one odds ratio of a term fits every cut of the answers.

        Parameters
        ----------
        term : int
            Its column in the design.

        Returns
        -------
        Test
            Likelihood ratio against a model in which the term has its own odds ratio at each cut; chi-squared with one
            degree of freedom fewer than cuts, NaN where there is one cut. Rough in small groups.

        References
        ----------
        .. [1] Peterson B, Harrell FE (1990). Appl Stat 39:205-217 (partial proportional odds).
        """
        if self._cuts < 2:
            return Test(math.nan, 0.0, math.nan)
        own = self._scaled[:, [term]]
        upper, lower = _cut_columns(self._answers, self._cuts)
        rows = _Rows(
            np.hstack([self._rows.upper, -own * upper[:, 1:]]),
            np.hstack([self._rows.lower, -own * lower[:, 1:]]),
            self._rows.above,
            self._rows.below,
            self._weights,
        )
        free = _newton(
            rows, [np.append(start, np.zeros(self._cuts - 1)) for start in (self._fit.parameters, self._start)]
        )
        ratio = max(2 * (free.log_likelihood - self._fit.log_likelihood), 0.0)
        return Test(ratio, float(self._cuts - 1), float(stats.chi2.sf(ratio, self._cuts - 1)))


class _Profile:
    """Log-likelihood at a fixed value of one parameter, the largest over the others."""

    def __init__(self, rows: _Rows, place: int, start: Floats) -> None:
        self._others = np.delete(np.arange(len(start)), place)
        self._rows, self._place = rows, place
        self.starts = [start[self._others]]
        self._known: dict[float, float] = {}

    def __call__(self, value: float) -> float:
        if value not in self._known:
            held = _Rows(
                self._rows.upper[:, self._others],
                self._rows.lower[:, self._others],
                self._rows.above + value * self._rows.upper[:, self._place],
                self._rows.below + value * self._rows.lower[:, self._place],
                self._rows.weights,
            )
            fit = _newton(held, self.starts)
            self._known[value] = fit.log_likelihood
            self.starts[0] = fit.parameters
        return self._known[value]


def _limit(profile: _Profile, best: float, allowed: float, at: float, far: float, step: float) -> float:
    """Find where the profile has fallen by what is allowed, between the estimate and a value far on one side."""
    side = math.copysign(1.0, far)
    if at == side * math.inf:
        return at

    def gap(value: float) -> float:
        # The root of the fall is nearly a straight line in the value, which makes the search short.
        return math.sqrt(allowed) - math.sqrt(max(best - profile(value), 0.0))

    inner = at if math.isfinite(at) else -far
    outer = inner + side * step if math.isfinite(at) else far
    while gap(outer) > 0:
        if abs(outer) >= abs(far):
            return side * math.inf
        inner, outer = outer, side * min(abs(far), side * (outer + side * step))
    return float(optimize.brentq(gap, *sorted((inner, outer)), xtol=1e-6 * step))


def _distinct(answers: Ints, design: Floats) -> tuple[Ints, Floats, Floats]:
    """Count people who are alike in everything: questionnaires have few distinct rows."""
    order = np.lexsort((*design.T, answers))
    answers, design = answers[order], design[order]
    new = np.ones(len(answers), dtype=bool)
    new[1:] = (answers[1:] != answers[:-1]) | (design[1:] != design[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    return answers[starts], design[starts], np.diff(np.append(starts, len(answers))).astype(float)


def _cut_columns(answers: Ints, cuts: int) -> tuple[Floats, Floats]:
    """Mark the cut above and the cut below each answer; none above the highest, none below the lowest."""
    every = np.arange(cuts)
    return (answers[:, None] == every).astype(float), (answers[:, None] - 1 == every).astype(float)


def _rows(answers: Ints, design: Floats, weights: Floats) -> _Rows:
    cuts = int(answers.max())
    upper, lower = _cut_columns(answers, cuts)
    top, bottom = answers == cuts, answers == 0
    return _Rows(
        np.hstack([upper, np.where(top[:, None], 0.0, -design)]),
        np.hstack([lower, np.where(bottom[:, None], 0.0, -design)]),
        np.where(top, np.inf, 0.0),
        np.where(bottom, -np.inf, 0.0),
        weights,
    )


def _newton(rows: _Rows, starts: Sequence[Floats]) -> _Fit:
    """Climb from the best of the starts to the largest log-likelihood, which is concave; stop where it is level."""
    tried = [_likelihood(rows, start) for start in starts]
    best = int(np.argmax([value for value, _, _ in tried]))
    parameters, (value, slope, information) = starts[best], tried[best]
    for _ in range(_STEPS):
        step = _ascent(information, slope)
        gain = float(slope @ step)
        if not gain > 0:
            break
        # Far from the answers the curvature is nearly nil and Newton's step endless: no cut moves by more than this.
        moved = max(float(np.abs(rows.upper @ step).max()), float(np.abs(rows.lower @ step).max()))
        size = min(1.0, _REACH / moved) if moved > 0 else 1.0
        reached = _likelihood(rows, parameters + size * step)
        while reached[0] < value + 1e-4 * size * gain - 1e-13 * abs(value) and size > 1e-10:
            size /= 2
            reached = _likelihood(rows, parameters + size * step)
        if not reached[0] >= value - 1e-13 * abs(value):
            break
        parameters = parameters + size * step
        value, slope, information = reached
        # Newton's error is squared by the step just taken.
        if gain < 1e-9 and size == 1:
            break
    return _Fit(parameters, value, information)


def _ascent(information: Floats, slope: Floats) -> Floats:
    """Solve for Newton's step; along directions without information the step is kept short."""
    values, vectors = np.linalg.eigh(information)
    floor = max(float(values[-1]) * 1e-13, 1e-13)
    return np.asarray(vectors @ ((vectors.T @ slope) / np.maximum(values, floor)))


def _likelihood(rows: _Rows, parameters: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, its slope, and the observed information."""
    high, low = rows.upper @ parameters + rows.above, rows.lower @ parameters + rows.below
    # Between two cuts far up, the difference of the upper tails keeps the digits.
    turned = low > 0
    chance = np.where(turned, special.expit(-low) - special.expit(-high), special.expit(high) - special.expit(low))
    if not (chance > 0).all():
        return -math.inf, parameters, np.eye(len(parameters))
    value = float(rows.weights @ np.log(chance))
    dense_high, dense_low = (special.expit(cut) * special.expit(-cut) for cut in (high, low))
    by_high, by_low = dense_high / chance, dense_low / chance
    slope = rows.upper.T @ (rows.weights * by_high) - rows.lower.T @ (rows.weights * by_low)
    bend_high = by_high**2 - by_high * (1 - 2 * special.expit(high))
    bend_low = by_low**2 + by_low * (1 - 2 * special.expit(low))
    cross = -by_high * by_low
    up, down = rows.upper * rows.weights[:, None], rows.lower * rows.weights[:, None]
    both = up.T @ (cross[:, None] * rows.lower)
    information = up.T @ (bend_high[:, None] * rows.upper) + down.T @ (bend_low[:, None] * rows.lower) + both + both.T
    return value, np.asarray(slope), np.asarray(information)
