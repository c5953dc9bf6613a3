"""What is true of synthetic staff: hazard ratios, retention, incidence, restricted means of both potential outcomes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from evalkit.errors import EstimationError, Problem
from evalkit.frames import one_of, require, within

Floats = npt.NDArray[np.float64]
Among = Literal["all", "mentored", "overlap"]

# Points of the quadrature over time; twice as many change no truth by more than 1e-9.
_POINTS = 400


@dataclass(frozen=True, slots=True, eq=False)
class StaffTruth:
    """The truth of each estimand of synthetic staff, by numerical integration over all kinds of people.

    The potential outcomes are "mentored from entry on" and "never mentored", of all who enter: nobody is left out for
    having left before the records begin. No truth is simulated, so there is no Monte Carlo error; the error of the
    integration over time is below 1e-8.

    Parameters
    ----------
    causes : tuple of str
        Labels of the causes.
    hazard_ratios : tuple of float
        Conditional hazard ratio of mentoring for each cause, given the covariates.
    effects : mapping of str to float
        "covariate: level" -> log hazard ratio against the first level; a number -> that of one more unit.
    shares : numpy.ndarray of float
        Shape (kinds,): shares of the kinds of people among those who enter.
    rates : numpy.ndarray of float
        Shape (kinds, causes): hazards of the unmentored as multiples of the baseline.
    propensity : numpy.ndarray of float or None
        Shape (kinds,): probability of being mentored on entry; None when mentoring begins later.
    scale, shape : float
        Of the Weibull baseline, in months.
    window : tuple of float
        Length of the records, months before them from which staff are in them, months until which staff enter.
    """

    causes: tuple[str, ...]
    hazard_ratios: tuple[float, ...]
    effects: Mapping[str, float]
    shares: Floats = field(repr=False)
    rates: Floats = field(repr=False)
    propensity: Floats | None = field(repr=False)
    scale: float
    shape: float
    window: tuple[float, float, float]

    @property
    def conditional_hazard_ratio(self) -> float:
        """Hazard ratio of leaving for any cause, given the covariates; NaN where it differs between the causes."""
        return self.hazard_ratios[0] if len(set(self.hazard_ratios)) == 1 else math.nan

    def retention(self, time: float, *, among: Among = "all") -> tuple[float, float]:
        """Share still in post at a time after entry, if nobody and if everybody were mentored.

        Parameters
        ----------
        time : float
            Months after entry.
        among : {"all", "mentored", "overlap"}, default "all"
            Whose share: of all who enter, of those who are mentored, or of all weighted by the overlap of the groups.

        Returns
        -------
        tuple of float
            Unmentored, mentored; proportions.

        Raises
        ------
        DataError
            DAT-002 or DAT-009 for a time that is no number of at least 0.
        EstimationError
            EST-001 for a part of the staff that is not defined, as mentoring begins later.
        """
        require(within("time", time, low=0))
        weight = self._weight(among)
        plain, helped = self._survival(np.array([float(time)]), weight)
        return float(plain[0]), float(helped[0])

    def retention_difference(self, time: float, *, among: Among = "all") -> float:
        """Difference in retention at a time after entry, mentored less unmentored.

        Parameters
        ----------
        time : float
            Months after entry.
        among : {"all", "mentored", "overlap"}, default "all"
            Whose, as in `retention`.

        Returns
        -------
        float
            Difference of proportions.
        """
        plain, helped = self.retention(time, among=among)
        return helped - plain

    def restricted_mean(self, horizon: float, *, among: Among = "all") -> tuple[float, float]:
        """Mean time in post up to a horizon, if nobody and if everybody were mentored.

        Parameters
        ----------
        horizon : float
            Months after entry.
        among : {"all", "mentored", "overlap"}, default "all"
            Whose, as in `retention`.

        Returns
        -------
        tuple of float
            Unmentored, mentored; months.

        Raises
        ------
        DataError
            DAT-002 or DAT-009 for a horizon that is not above 0.
        EstimationError
            EST-001 as in `retention`.
        """
        require(within("horizon", horizon, above=0))
        times, steps = self._grid(0.0, float(horizon))
        plain, helped = self._survival(times, self._weight(among))
        return float(steps @ plain), float(steps @ helped)

    def incidence(self, cause: str, time: float, *, among: Among = "all") -> tuple[float, float]:
        """Share who have left for a cause by a time after entry, if nobody and if everybody were mentored.

        Parameters
        ----------
        cause : str
            The cause.
        time : float
            Months after entry.
        among : {"all", "mentored", "overlap"}, default "all"
            Whose, as in `retention`.

        Returns
        -------
        tuple of float
            Unmentored, mentored; proportions.

        Raises
        ------
        DataError
            DAT-006 for an unknown cause, DAT-002 or DAT-009 for a time that is no number of at least 0.
        EstimationError
            EST-001 as in `retention`.
        """
        require(one_of("cause", cause, self.causes), within("time", time, low=0))
        weight, number = self._weight(among), self.causes.index(cause)
        hazard = (time / self.scale) ** self.shape
        found = []
        for ratios in (np.ones(len(self.causes)), np.array(self.hazard_ratios)):
            rate = self.rates @ ratios
            part = self.rates[:, number] * ratios[number] / rate
            found.append(float(weight @ (part * -np.expm1(-rate * hazard))))
        return found[0], found[1]

    def marginal_hazard_ratio(self, *, among: Among = "all", horizon: float | None = None) -> float:
        """Hazard ratio of a trial that mentors half of those who enter, from entry on, without looking at covariates.

        Parameters
        ----------
        among : {"all", "mentored", "overlap"}, default "all"
            Who is in the trial, as in `retention`.
        horizon : float, optional
            Everybody is observed from entry to so many months after it; else as in the records, with their delayed
            entry and their end.

        Returns
        -------
        float
            What the Cox model with mentoring alone comes to in a trial without end. It is nearer to 1 than the
            conditional hazard ratio, and depends on how long people are observed.

        Raises
        ------
        DataError
            DAT-002 or DAT-009 for a horizon that is not above 0.
        EstimationError
            EST-001 as in `retention`.

        References
        ----------
        .. [1] Struthers CA, Kalbfleisch JD (1986). Biometrika 73:363-369 (the limit under another model).
        .. [2] Daniel R, Zhang J, Farewell D (2021). Biometrical J 63:528-557 (marginal and conditional).
        """
        months, before, _ = self.window
        if horizon is not None:
            require(within("horizon", horizon, above=0))
        end = float(horizon) if horizon is not None else months + before
        weight = self._weight(among)
        times, steps = self._grid(0.0, end, breaks=() if horizon is not None else self._corners())
        watched = np.ones_like(times) if horizon is not None else self._watched(times)
        plain, helped = self._survival(times, weight)
        rising = self.shape / self.scale * (times / self.scale) ** (self.shape - 1)
        dies_plain = self._density(times, weight, helped=False) * rising
        dies_helped = self._density(times, weight, helped=True) * rising
        mass = steps * watched

        def score(log_ratio: float) -> float:
            share = helped * math.exp(log_ratio) / (helped * math.exp(log_ratio) + plain)
            return float(mass @ (dies_helped - share * (dies_plain + dies_helped)))

        return math.exp(optimize.brentq(score, -20, 20, xtol=1e-13))

    def tidy(self, *, times: tuple[float, ...] = (12.0, 24.0), horizon: float = 24.0) -> pd.DataFrame:
        """Give the usual truths as a table.

        Parameters
        ----------
        times : tuple of float, default (12, 24)
            Months after entry at which retention is given.
        horizon : float, default 24
            Of the restricted mean, in months after entry.

        Returns
        -------
        pandas.DataFrame
            Columns `estimand`, `time` (months, NaN where it has none), `unmentored`, `mentored`, `contrast` (a ratio
            for hazard ratios, else mentored less unmentored), `unit`.
        """
        none = math.nan
        rows: list[tuple[str, float, float, float, float, str]] = [
            (f"conditional hazard ratio, {cause}", none, none, none, ratio, "ratio")
            for cause, ratio in zip(self.causes, self.hazard_ratios, strict=True)
        ]
        any_cause = self.conditional_hazard_ratio
        rows.insert(0, ("conditional hazard ratio, any cause", none, none, none, any_cause, "ratio"))
        rows.append(("marginal hazard ratio, any cause", none, none, none, self.marginal_hazard_ratio(), "ratio"))
        for time in times:
            plain, helped = self.retention(time)
            rows.append(("retention", float(time), plain, helped, helped - plain, "proportion"))
        plain, helped = self.restricted_mean(horizon)
        rows.append(("restricted mean time in post", float(horizon), plain, helped, helped - plain, "months"))
        names = ["estimand", "time", "unmentored", "mentored", "contrast", "unit"]
        return pd.DataFrame(rows, columns=names)

    def _weight(self, among: str) -> Floats:
        if among == "all":
            return self.shares
        if self.propensity is None or among not in ("mentored", "overlap"):
            found = f'"{among}"' if self.propensity is not None else f'"{among}" of staff mentored after entry'
            expected = '"all"; "mentored" and "overlap" where mentoring begins on entry'
            raise EstimationError(Problem("EST-001", "among", found, expected, "Choose another."))
        chance = self.propensity if among == "mentored" else self.propensity * (1 - self.propensity)
        mass = self.shares * chance
        return np.asarray(mass / mass.sum())

    def _rate(self, *, helped: bool) -> Floats:
        return np.asarray(self.rates @ (np.array(self.hazard_ratios) if helped else np.ones(len(self.causes))))

    def _survival(self, times: Floats, weight: Floats) -> tuple[Floats, Floats]:
        hazard = (times / self.scale) ** self.shape
        plain, helped = (
            np.asarray(np.exp(-np.outer(hazard, self._rate(helped=state))) @ weight) for state in (False, True)
        )
        return plain, helped

    def _density(self, times: Floats, weight: Floats, *, helped: bool) -> Floats:
        """Density of leaving over the baseline hazard."""
        hazard, rate = (times / self.scale) ** self.shape, self._rate(helped=helped)
        return np.asarray(np.exp(-np.outer(hazard, rate)) @ (weight * rate))

    def _corners(self) -> tuple[float, ...]:
        months, before, entering = self.window
        return (before, months - entering, months)

    def _watched(self, times: Floats) -> Floats:
        """Share of those who enter whose record covers a time after entry, if they stay until then."""
        months, before, entering = self.window
        low = np.maximum(-before, -times)
        return np.asarray(np.maximum(np.minimum(entering, months - times) - low, 0.0) / (entering + before))

    def _grid(self, low: float, high: float, breaks: tuple[float, ...] = ()) -> tuple[Floats, Floats]:
        """Points and weights of Gauss and Legendre between the breaks, denser near entry where the hazard is steep."""
        edges = sorted({low, high, *(point for point in breaks if low < point < high)})
        node, weight = np.polynomial.legendre.leggauss(_POINTS)
        points, steps = [], []
        for first, last in itertools.pairwise(edges):
            # t = first + length u^4 takes the pole of the Weibull hazard at 0 away.
            power = 4.0 if first == 0 else 1.0
            inside = (node + 1) / 2
            points.append(first + (last - first) * inside**power)
            steps.append((last - first) * power * inside ** (power - 1) * weight / 2)
        return np.concatenate(points), np.concatenate(steps)
