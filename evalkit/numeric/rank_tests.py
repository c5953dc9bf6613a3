"""Tests that groups leave alike: the log-rank family for leaving at all, Gray's test for one cause."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.numeric.life_counts import EventTable
from evalkit.numeric.values import Test

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FAMILIES = ("logrank", "gehan", "tarone-ware", "peto", "fleming-harrington")


@dataclass(frozen=True, slots=True, eq=False)
class RankTest:
    """Leavers of each group against what they would be if all groups left alike.

    Parameters
    ----------
    observed, expected : numpy.ndarray of float
        Shape (groups,): leavers, unweighted. NaN where the test is not made of them (Gray's).
    score : numpy.ndarray of float
        Shape (groups,): weighted observed minus expected; sums to 0.
    covariance : numpy.ndarray of float
        Shape (groups, groups): of `score`.
    """

    observed: Floats
    expected: Floats
    score: Floats
    covariance: Floats

    def overall(self) -> Test:
        """Test that all groups leave alike.

        Returns
        -------
        Test
            Chi-squared with as many degrees of freedom as the scores can move in; NaN when they cannot.
        """
        # Groups that were never at risk beside others do not move, and add nothing.
        values, vectors = np.linalg.eigh(self.covariance)
        free = values > max(float(values[-1]), 0.0) * 1e-10
        if not free.any():
            return Test(math.nan, math.nan, math.nan)
        along = vectors[:, free].T @ self.score
        statistic, df = float((along * along / values[free]).sum()), float(free.sum())
        return Test(statistic, df, float(special.chdtrc(df, statistic)))

    def trend(self, scores: npt.ArrayLike) -> Test:
        """Test that leaving rises or falls along the groups.

        Parameters
        ----------
        scores : array_like
            Shape (groups,): place of each group on the scale.

        Returns
        -------
        Test
            Chi-squared with one degree of freedom; NaN when nothing can move.
        """
        place = np.asarray(scores, dtype=float)
        variance = float(place @ self.covariance @ place)
        if not variance > 0:
            return Test(math.nan, math.nan, math.nan)
        statistic = float(place @ self.score) ** 2 / variance
        return Test(statistic, 1.0, float(special.chdtrc(1.0, statistic)))


def logrank_family(
    tables: Iterable[EventTable], *, n_groups: int, family: str = "logrank", p: float = 0.0, q: float = 0.0
) -> RankTest:
    """Compare groups within strata, each time of leaving weighted by the family.

    Parameters
    ----------
    tables : iterable of EventTable
        At risk and left, all causes together; tables of a stratum follow each other.
    n_groups : int
        Number of groups.
    family : {"logrank", "gehan", "tarone-ware", "peto", "fleming-harrington"}, default "logrank"
        Weight of a time: 1; the number at risk; its square root; Peto and Peto's survival; S^p (1 - S)^q with S the
        Kaplan-Meier survival of all groups of the stratum just before.
    p, q : float, default 0
        Powers of Fleming and Harrington.

    Returns
    -------
    RankTest
        Summed over strata; hypergeometric variance.

    References
    ----------
    .. [1] Klein JP, Moeschberger ML (2003). Survival Analysis, 2nd ed., sections 7.3 to 7.5.
    .. [2] Fleming TR, Harrington DP (1991). Counting Processes and Survival Analysis, section 7.1.
    """
    observed, expected, score = np.zeros(n_groups), np.zeros(n_groups), np.zeros(n_groups)
    covariance = np.zeros((n_groups, n_groups))
    stratum, survival, peto = -1, 1.0, 1.0
    for table in tables:
        if table.stratum != stratum:
            stratum, survival, peto = table.stratum, 1.0, 1.0
        at_risk, left = table.at_risk, table.events.sum(axis=0)
        n, d = at_risk.sum(axis=0), left.sum(axis=0)
        kaplan_meier, petos = survival * np.cumprod(1 - d / n), peto * np.cumprod(1 - d / (n + 1))
        before = np.r_[survival, kaplan_meier[:-1]]
        survival, peto = float(kaplan_meier[-1]), float(petos[-1])
        weight = _weights(family, n, before, petos, p, q)
        share = at_risk / n
        hoped = d * share
        observed += left.sum(axis=1)
        expected += hoped.sum(axis=1)
        score += (left - hoped) @ weight
        spread = weight * weight * d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
        covariance += np.diag(share @ spread) - (share * spread) @ share.T
    return RankTest(observed, expected, score, covariance)


def _weights(family: str, n: Floats, before: Floats, peto: Floats, p: float, q: float) -> Floats:
    if family == "gehan":
        return n
    if family == "tarone-ware":
        return np.sqrt(n)
    if family == "peto":
        return peto
    if family == "fleming-harrington":
        return np.asarray(before**p * (1 - before) ** q)
    return np.ones_like(n)


def gray(tables: Iterable[EventTable], *, cause: int, n_groups: int, rho: float = 0.0) -> RankTest:
    """Compare the incidence of a cause between groups within strata. Nobody may enter late.

    Parameters
    ----------
    tables : iterable of EventTable
        At risk and left by cause; tables of a stratum follow each other; all rows begin together.
    cause : int
        Number of the cause, from 1 on.
    n_groups : int
        Number of groups.
    rho : float, default 0
        Power of 1 - incidence that weights each time.

    Returns
    -------
    RankTest
        Summed over strata; without observed and expected leavers.

    References
    ----------
    .. [1] Gray RJ (1988). Ann Stat 16:1141-1154, equations 2.6 and 3.1, with ties as his R package cmprsk takes them.
    """
    score, covariance = np.zeros(n_groups), np.zeros((n_groups, n_groups))
    for _, blocks in groupby(tables, key=lambda table: table.stratum):
        parts = [(t.at_risk, t.events[cause - 1], t.events.sum(axis=0) - t.events[cause - 1]) for t in blocks]
        at_risk, of_cause, others = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        one, more = _gray_stratum(at_risk, of_cause, others, rho)
        score, covariance = score + one, covariance + more
    nothing = np.full(n_groups, np.nan)
    return RankTest(nothing, nothing, score, covariance)


def _gray_stratum(at_risk: Floats, of_cause: Floats, others: Floats, rho: float) -> tuple[Floats, Floats]:
    here = at_risk > 0
    n = np.where(here, at_risk, 1.0)
    survival = np.cumprod(np.where(here, 1 - (of_cause + others) / n, 1.0), axis=1)
    before = np.hstack([np.ones((len(n), 1)), survival[:, :-1]])
    known = here & (before > 0)
    rate = np.divide(at_risk, before, out=np.zeros_like(n), where=known)
    own = np.cumsum(np.where(here, before * of_cause / n, 0.0), axis=1)
    own_before = np.hstack([np.zeros((len(n), 1)), own[:, :-1]])
    total, d = rate.sum(axis=0), of_cause.sum(axis=0)
    pooled = np.cumsum(d / total)
    pooled_before = np.r_[0.0, pooled[:-1]]
    weight = (1 - pooled_before) ** rho
    rest = rate * (1 - own_before)
    score = (weight * (of_cause - d * rest / rest.sum(axis=0))).sum(axis=1)
    left = np.divide(1 - pooled, survival, out=np.zeros_like(n), where=survival > 0)
    crowd = total * before - 1
    tied = np.where((d > 1) & (crowd > 0), 1 - (d - 1) / np.where(crowd > 0, crowd, 1.0), 1.0)
    by_cause = np.where(known & (d > 0), tied * before * d / (total * n), 0.0)
    tied = np.where(others > 1, 1 - (others - 1) / np.maximum(n - 1, 1), 1.0)
    by_others = np.where(survival > 0, tied * before**2 * others / n**2, 0.0)
    covariance = np.zeros((len(n), len(n)))
    for k in range(len(n)):
        a = -weight * rate * rate[k] / total
        a[k] += weight * rate[k]
        c = np.cumsum(a * d / (total * (1 - pooled_before)), axis=1)
        ahead = c[:, -1:] - c
        x = a + (1 - left[k]) * ahead
        y = left[k] * ahead
        covariance += (x * by_cause[k]) @ x.T + (y * by_others[k]) @ y.T
    return score, covariance
