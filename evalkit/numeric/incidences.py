"""Incidence of each cause of leaving (Aalen-Johansen), and its infinitesimal-jackknife variance.

The influence of a row on the incidence F at t is a + b F(t) + g D(t), where a, b and g change only where the row begins
and ends and D belongs to the group. Sums of squares over rows, or over clusters of rows, are therefore running sums of
six products of these coefficients: the work is linear in the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.numeric.life_counts import LifeCounts, LifeRows
from evalkit.numeric.product_limit import kaplan_meier, places_at, spans

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CELLS_A_ROW = 4
_SMALL_TABLE = 100_000
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class _Units:
    """Rows that are alike and of a cluster of their own, counted; and rows that share a cluster, one by one."""

    first: Ints
    last: Ints
    cause: Ints
    squared_weight: Floats
    shared: Ints
    weight: Floats
    cluster: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """Incidence of one cause and the drift D after each time, the hazard sum A, and all of them before each time."""

    incidence: Floats
    drift: Floats
    hazard: Floats
    incidence_before: Floats
    drift_before: Floats
    hazard_before: Floats
    of_cause: Floats
    of_leaving: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Coefficients:
    """Coefficients of 1, F and D while a row is at risk (that of D is 1) and once it is gone (that of D is 0)."""

    at_risk: Floats
    at_risk_slope: Floats
    gone: Floats
    gone_slope: Floats


class JackknifeVariance:
    """Variance of incidence and survival by the infinitesimal jackknife, by cluster, with weights.

    Parameters
    ----------
    rows : LifeRows
        Who was at risk when.
    counts : LifeCounts
        Their counts.

    References
    ----------
    .. [1] Efron B (1982). The Jackknife, the Bootstrap and Other Resampling Plans, section 6.3.
    .. [2] Therneau TM, Crowson CS, Atkinson EJ (2023). Multi-state models and competing risks, vignette of the R
       package survival, on the standard errors of `survfit`; the same numbers.
    """

    def __init__(self, rows: LifeRows, counts: LifeCounts) -> None:
        self._counts = counts
        self._units = _units(rows, counts)
        self._shared = (counts.first[self._units.shared], counts.last[self._units.shared])
        self._shared_cause = rows.cause[self._units.shared]
        self._survival = kaplan_meier(counts)

    def curve(self, cause: int | None = None) -> Floats:
        """Variance of the incidence at each time.

        Parameters
        ----------
        cause : int, optional
            Number of the cause, from 1 on; None for leaving for any cause, whose variance is that of survival.

        Returns
        -------
        numpy.ndarray of float
            Shape (times,).
        """
        course = self._course(cause)
        alike = self._units
        c = _coefficients(course, alike.first, alike.last, *_reasons(alike.cause, cause))
        there = _products(c.at_risk, c.at_risk_slope, np.ones_like(c.gone)) * alike.squared_weight
        gone = _products(c.gone, c.gone_slope, np.zeros_like(c.gone)) * alike.squared_weight
        cells = len(self._counts.time)
        begins = [np.bincount(alike.first, row, minlength=cells) for row in there]
        ends = [np.bincount(alike.last, row, minlength=cells) for row in gone - there]
        steps = np.array(begins, dtype=float) + np.array(ends, dtype=float)
        if len(alike.shared):
            steps = steps + self._shared_steps(course, cause, cells)
        for low, high in spans(self._counts.offsets):
            steps[:, low:high] = np.cumsum(steps[:, low:high], axis=1)
        f, d = course.incidence, course.drift
        one, ff, dd, f1, d1, fd = steps
        terms = np.array([one, f * f * ff, d * d * dd, 2 * f * f1, 2 * d * d1, 2 * f * d * fd])
        variance = terms.sum(axis=0)
        # What is left of terms that cancel is rounding error: nobody's weight matters once all have left for one cause.
        return np.where(variance > _ROUNDING * np.abs(terms).sum(axis=0), variance, 0.0)

    def covariance_at(self, time: float, cause: int | None = None) -> Floats:
        """Covariance of the incidences of the groups at one time.

        Parameters
        ----------
        time : float
            In the unit of the rows.
        cause : int, optional
            As in `curve`.

        Returns
        -------
        numpy.ndarray of float
            Shape (groups, groups).
        """
        course = self._course(cause)
        place = places_at(self._counts, time)
        found = np.maximum(place, 0)
        f = np.where(place < 0, 0.0, course.incidence[found])
        d = np.where(place < 0, 0.0, course.drift[found])

        def influence(c: _Coefficients, first: Ints, last: Ints, group: Ints) -> Floats:
            at = place[group]
            here, gone = c.at_risk + c.at_risk_slope * f[group] + d[group], c.gone + c.gone_slope * f[group]
            return np.where(at < first, 0.0, np.where(at < last, here, gone))

        return self._covariance(influence, course, cause)

    def covariance_of_mean(self, widths: Floats, cause: int | None = None) -> Floats:
        """Covariance over groups of the areas under the incidences, which is that of restricted mean times.

        Parameters
        ----------
        widths : numpy.ndarray of float
            Shape (times,): how long the curve keeps its height after each time, up to the horizon.
        cause : int, optional
            As in `curve`.

        Returns
        -------
        numpy.ndarray of float
            Shape (groups, groups).
        """
        course = self._course(cause)
        areas = [np.r_[0.0, np.cumsum(widths * height)] for height in (1.0, course.incidence, course.drift)]
        ends = self._counts.offsets[1:]

        def influence(c: _Coefficients, first: Ints, last: Ints, group: Ints) -> Floats:
            here = [area[last] - area[first] for area in areas]
            gone = [area[ends[group]] - area[last] for area in areas]
            while_there = c.at_risk * here[0] + c.at_risk_slope * here[1] + here[2]
            return np.asarray(while_there + c.gone * gone[0] + c.gone_slope * gone[1])

        return self._covariance(influence, course, cause)

    def _covariance(self, influence: _Influence, course: _Course, cause: int | None) -> Floats:
        alike, group = self._units, self._counts.group
        groups = len(self._counts.offsets) - 1
        c = _coefficients(course, alike.first, alike.last, *_reasons(alike.cause, cause))
        own = influence(c, alike.first, alike.last, group[alike.first])
        found = np.diag(np.bincount(group[alike.first], own * own * alike.squared_weight, minlength=groups))
        if len(alike.shared):
            from scipy.sparse import csr_array

            first, last = self._shared
            c = _coefficients(course, first, last, *_reasons(self._shared_cause, cause))
            value = alike.weight * influence(c, first, last, group[first])
            sums = csr_array((value, (alike.cluster, group[first])), shape=(int(alike.cluster.max()) + 1, groups))
            found = found + (sums.T @ sums).toarray()
        return np.asarray(found)

    def _shared_steps(self, course: _Course, cause: int | None, cells: int) -> Floats:
        """Steps of the six sums for clusters of several rows, whose coefficients add up before they are squared."""
        alike, (first, last) = self._units, self._shared
        c = _coefficients(course, first, last, *_reasons(self._shared_cause, cause))
        one = np.ones_like(c.at_risk)
        change = np.array(
            [
                np.concatenate([c.at_risk, c.gone - c.at_risk]),
                np.concatenate([c.at_risk_slope, c.gone_slope - c.at_risk_slope]),
                np.concatenate([one, -one]),
            ]
        ) * np.tile(alike.weight, 2)
        cell = np.concatenate([first, last])
        cluster = np.tile(alike.cluster, 2)
        order = np.lexsort((cell, cluster, self._counts.group[cell]))
        cell, cluster, change = cell[order], cluster[order], change[:, order]
        key = self._counts.group[cell] * (int(cluster.max()) + 1) + cluster
        begin = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        after = _running(change, begin)
        before = after - change
        before[:, begin] = 0.0
        return np.array(
            [
                np.bincount(cell, after[i] * after[j] - before[i] * before[j], minlength=cells)
                for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
            ]
        )

    def _course(self, cause: int | None) -> _Course:
        counts, survival = self._counts, self._survival
        every = counts.weighted_events.sum(axis=1)
        events = every if cause is None else counts.weighted_events[:, cause - 1]
        at_risk = counts.weighted_at_risk
        hazard, hazard_before = _summed(survival.steps, counts.offsets)
        step = survival.before * events / at_risk
        incidence, incidence_before = _summed(step, counts.offsets)
        drift, drift_before = _summed(step * (hazard_before - 1 / at_risk), counts.offsets)
        alone = at_risk - every
        of_leaving = np.divide(1.0, alone, out=np.zeros_like(alone), where=survival.steps > 0)
        return _Course(
            incidence,
            drift,
            hazard,
            incidence_before,
            drift_before,
            hazard_before,
            survival.before / at_risk,
            of_leaving,
        )


_Influence = Callable[[_Coefficients, Ints, Ints, Ints], Floats]


def incidence(counts: LifeCounts, cause: int) -> Floats:
    """Share that has left for a cause, each leaver at the exact time, other causes taking people away.

    Parameters
    ----------
    counts : LifeCounts
        Counts at the times of each group.
    cause : int
        Number of the cause, from 1 on.

    Returns
    -------
    numpy.ndarray of float
        Shape (times,), in [0, 1].

    References
    ----------
    .. [1] Aalen OO, Johansen S (1978). Scand J Stat 5:141-150.
    """
    hazard = counts.weighted_events[:, cause - 1] / counts.weighted_at_risk
    return _summed(kaplan_meier(counts).before * hazard, counts.offsets)[0]


def _reasons(causes: Ints, cause: int | None) -> tuple[Flags, Flags]:
    """Tell who left at all, and who left for the cause."""
    left = causes > 0
    return left, left if cause is None else causes == cause


def _coefficients(course: _Course, first: Ints, last: Ints, left: Flags, of_cause: Flags) -> _Coefficients:
    slope = -course.hazard_before[first]
    at_risk = -course.drift_before[first] - slope * course.incidence_before[first]
    gone_slope = course.hazard[last] + slope - left * course.of_leaving[last]
    incidence, drift = course.incidence[last], course.drift[last]
    at_end = at_risk + slope * incidence + drift + of_cause * course.of_cause[last]
    return _Coefficients(at_risk, slope, at_end - gone_slope * incidence, gone_slope)


def _units(rows: LifeRows, counts: LifeCounts) -> _Units:
    """Count rows that are alike, unless somebody, or a cluster, has several of them."""
    weight: Floats = np.ones(len(rows.stop)) if rows.weight is None else rows.weight
    several = np.bincount(rows.cluster)[rows.cluster] > 1 if len(rows.stop) else np.zeros(0, dtype=bool)
    shared, own = np.flatnonzero(several), np.flatnonzero(~several)
    first, last, cause, squared = counts.first[own], counts.last[own], rows.cause[own], weight[own] ** 2
    causes, longest = counts.events.shape[1] + 1, int(np.diff(counts.offsets).max(initial=0)) + 1
    table = len(counts.time) * longest * causes
    if table <= _CELLS_A_ROW * len(own) + _SMALL_TABLE:
        key = (first * longest + last - first) * causes + cause
        total = np.bincount(key, weights=squared, minlength=table)
        there = np.flatnonzero(total)
        first, length, cause = there // (longest * causes), there // causes % longest, there % causes
        last, squared = first + length, np.asarray(total[there], dtype=float)
    cluster = np.asarray((np.cumsum(np.bincount(rows.cluster[shared]) > 0) - 1)[rows.cluster[shared]])
    return _Units(first, last, cause, squared, shared, weight[shared], cluster)


def _products(one: Floats, f: Floats, d: Floats) -> Floats:
    return np.array([one * one, f * f, d * d, one * f, one * d, f * d])


def _summed(steps: Floats, offsets: Ints) -> tuple[Floats, Floats]:
    after, before = np.zeros_like(steps), np.zeros_like(steps)
    for low, high in spans(offsets):
        after[low:high] = np.cumsum(steps[low:high])
        before[low + 1 : high] = after[low : high - 1]
    return after, before


def _running(change: Floats, begin: Ints) -> Floats:
    """Sum within clusters; each begins with its own sum, so that rounding errors of others do not enter."""
    total = np.cumsum(change, axis=1)
    lengths = np.diff(np.r_[begin, change.shape[1]])
    base = np.where(begin > 0, total[:, begin - 1], 0.0)
    return np.asarray(total - np.repeat(base, lengths, axis=1))
