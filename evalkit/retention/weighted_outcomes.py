"""Retention, restricted means and hazard ratios of groups made alike by weights, with errors that know the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, level_problems, one_of, require, whole, within
from evalkit.numeric.cox import CollinearityError, ConvergenceError, NoEventsError, cox_model, fit_cox
from evalkit.numeric.cox_residuals import dfbeta
from evalkit.numeric.threads import one_blas_thread
from evalkit.numeric.two_group_hazards import two_group_log_ratio
from evalkit.numeric.weighted_survival import (
    RiskRows,
    retention_functionals,
    retention_influence,
    risk_rows,
    weighted_curve,
)
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import Cohort
from evalkit.retention.weighting import WHOM, PropensityWeights

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Variance = Literal["stacked", "bootstrap"]

RETENTION, MEAN = "retention", "restricted mean"
_STACKED = "from stacked estimating equations with those of the weights"
_FEWEST = 0.9  # share of the bootstrap samples that must give an estimate


def weighted_retention(
    weights: PropensityWeights,
    *,
    times: Sequence[float] = (12, 24),
    horizon: float | None = None,
    variance: Variance = "stacked",
    replicates: int = 1000,
    seed: int | None = None,
    level: float = 0.95,
) -> Estimates:
    """Retention of two groups made alike by weights, and its difference; restricted means likewise.

    Parameters
    ----------
    weights : PropensityWeights
        Weights of a cohort.
    times : sequence of float, default (12, 24)
        When, in the unit of the cohort.
    horizon : float, optional
        Also the mean time in post up to here.
    variance : {"stacked", "bootstrap"}, default "stacked"
        From the stacked estimating equations of curve and weights, or from a bootstrap by person that fits the
        propensity model again in each sample. Both know that the weights were estimated, and both go by the cluster of
        the cohort, if it has one: that of the first day of each person.
    replicates : int, default 1000
        Bootstrap samples, at least 50.
    seed : int, optional
        Of the bootstrap, which needs one.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each time (`term` such as "retention at 12 months") the first group, the second group, and the second less
        the first, as proportions; for a horizon the restricted means in the unit of the cohort. NaN with a `flag`
        beyond the time at which somebody of each group is seen. `n_least` people are in the smaller group.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for a wrong argument, DAT-009 when somebody has no cluster.
    EstimationError
        EST-001 when the weights came from a frame, when all people are in one cluster, or when more than a tenth of the
        bootstrap samples gave no estimate.

    Notes
    -----
    The curves are Kaplan-Meier's, weighted, with delayed entry. Of a landmark cohort they begin at the landmark; the
    restricted mean counts the time before it, which all have spent. Censoring must not depend on the covariates.
    Limits of retention are made on the log-log scale, all others on the plain one. The variance of
    stacked equations is enlarged by n / (n - terms of the model); with G clusters by G / (G - 1) (n - 1) / (n - terms),
    and limits and p-values go by the t distribution with G - 1 degrees of freedom.

    References
    ----------
    .. [1] Xie J, Liu C (2005). Stat Med 24:3089-3110 (weighted curves).
    .. [2] Austin PC (2016). Stat Med 35:5642-5655 (bootstrap with the weights fitted again).
    .. [3] Lunceford JK, Davidian M (2004). Stat Med 23:2937-2960 (stacked equations).
    """
    require(
        _times(times),
        [] if horizon is None else within("horizon", horizon, above=0),
        _chosen(variance, replicates, seed, level),
    )
    cohort = weights.of_cohort()
    rows, clusters = _Rows.of(cohort, weights), _Clusters.of(weights)
    with one_blas_thread():
        values, influence = rows.functionals(times, horizon)
        contrast = _contrasts(values)
        if variance == "stacked":
            spread = clusters.errors(weights, np.hstack([influence, influence[:, 1::2] - influence[:, 0::2]]))
            drawn = None
        else:
            drawn = clusters.bootstrap(
                weights, lambda mass, _: _contrasts(rows.values(mass, times, horizon)), replicates, int(seed or 0)
            )
            spread = np.nanstd(drawn, axis=0, ddof=1)
    asked = [*times, *([] if horizon is None else [horizon])]
    out: list[dict[str, object]] = []
    people = _people(weights)
    for place, time in enumerate(asked):
        mean = place == len(times)
        term = f"{MEAN} up to {time:g} {cohort.unit}" if mean else f"{RETENTION} at {time:g} {cohort.unit}"
        spots = (2 * place, 2 * place + 1, 2 * len(asked) + place)
        names = (*weights.groups, f"{weights.groups[1]} less {weights.groups[0]}")
        for spot, name, n in zip(spots, names, (*people, sum(people)), strict=True):
            row: dict[str, object] = {
                "term": term,
                "group": name,
                "n": n,
                "unit": cohort.unit if mean else "proportion",
            }
            row["n_least"] = min(people) if name == names[2] else n
            share = not mean and name != names[2]
            draws = None if drawn is None else drawn[:, spot]
            error = float(spread[spot])
            row |= _row(float(contrast[spot]), error, draws, level, clusters.df, share=share, test=name == names[2])
            out.append(row)
    first, second = weights.groups
    return estimates(
        out,
        weights.note(
            "weighted retention",
            "by row",
            estimand=f"share still in post if {WHOM[weights.estimand]} were all {second}, and if they were all "
            f"{first}; and the difference",
            level=level,
            interval=clusters.interval(variance, "log-log for retention, plain for the others; "),
            assumptions=("whether a record ends before somebody leaves has nothing to do with leaving",),
            references=("Xie J, Liu C (2005) Stat Med 24:3089-3110", "Austin PC (2016) Stat Med 35:5642-5655"),
            seed=seed,
        ),
    )


def weighted_hazard_ratio(
    weights: PropensityWeights,
    *,
    cause: str | None = None,
    ties: Literal["efron", "breslow"] = "efron",
    variance: Variance = "stacked",
    replicates: int = 1000,
    seed: int | None = None,
    level: float = 0.95,
) -> Estimates:
    """Marginal hazard ratio of leaving, from groups made alike by weights.

    Parameters
    ----------
    weights : PropensityWeights
        Weights of a cohort.
    cause : str, optional
        Only leaving for this cause counts, others end the record.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for tied events.
    variance : {"stacked", "bootstrap"}, default "stacked"
        As in `weighted_retention`.
    replicates : int, default 1000
        Bootstrap samples, at least 50.
    seed : int, optional
        Of the bootstrap, which needs one.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        One row: the hazard of the second group over that of the first, its standard error on the log scale.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for a wrong argument, DAT-009 when somebody has no cluster.
    EstimationError
        EST-001 when the weights came from a frame, nobody left, or all who left were in one group.

    Notes
    -----
    A marginal hazard ratio is that of a trial without covariates. It is nearer to 1 than the conditional one of
    `hazard_ratio` with covariates, and depends on how long people are observed: the two are not to be compared.

    References
    ----------
    .. [1] Cole SR, Hernan MA (2004). Comput Methods Programs Biomed 75:45-49.
    .. [2] Austin PC (2016). Stat Med 35:5642-5655 (bootstrap with the weights fitted again).
    """
    require(one_of("ties", ties, ("efron", "breslow")), _chosen(variance, replicates, seed, level))
    cohort = weights.of_cohort()
    person, start, stop, event = _spells(cohort, weights, cause)
    second = weights.treated[weights.used][person]
    placed = risk_rows(start, stop, event)
    mass, clusters = (weights.each * weights.case)[weights.used], _Clusters.of(weights)

    def again(by_person: Floats, times: Ints) -> Floats:
        found = two_group_log_ratio(
            placed, second, by_person[person], times[person], efron=ties == "efron", start=float(fit.coefficients[0])
        )
        return np.array([found])

    try:
        inside = np.flatnonzero(mass[person] > 0)
        treated, of_row = second[inside].astype(float)[:, None], mass[person[inside]]
        model = cox_model(start[inside], stop[inside], event[inside], treated, weights=of_row, ties=ties)
        fit = fit_cox(model)
    except (NoEventsError, CollinearityError, ConvergenceError) as error:
        raise EstimationError(_no_ratio("nobody left" if isinstance(error, NoEventsError) else str(error))) from error
    if fit.diverging:
        raise EstimationError(_no_ratio("all who left were in one group"))
    with one_blas_thread():
        if variance == "stacked":
            by_row = dfbeta(model, fit)[:, 0]
            total = np.bincount(person[inside], weights=by_row, minlength=len(mass))
            derivative = np.divide(total, mass, out=np.zeros_like(total), where=mass > 0)
            spread, drawn = float(clusters.errors(weights, derivative[:, None])[0]), None
        else:
            drawn = clusters.bootstrap(weights, again, replicates, int(seed or 0))[:, 0]
            spread = float(np.nanstd(drawn, ddof=1))
    log_ratio = float(fit.coefficients[0])
    row = _row(log_ratio, spread, drawn, level, clusters.df, share=False, test=True)
    people = _people(weights)
    first, other = weights.groups
    ratio = {name: math.exp(float(row[name])) for name in ("estimate", "conf_low", "conf_high")}  # type: ignore[arg-type]
    return estimates(
        [{"term": other, "group": f"{other} over {first}", "n": sum(people), "n_least": min(people), **row, **ratio}],
        weights.note(
            "weighted Cox regression",
            "hazard ratio",
            scale="log",
            estimand=f"hazard of leaving{f' for {cause!r}' if cause else ''} if {WHOM[weights.estimand]} were all "
            f"{other}, over that if they were all {first} (a marginal hazard ratio)",
            level=level,
            interval=clusters.interval(variance),
            assumptions=(
                "the ratio of the hazards is about the same at all times",
                "whether a record ends before somebody leaves has nothing to do with leaving",
            ),
            references=(
                "Cole SR, Hernan MA (2004) Comput Methods Programs Biomed 75:45-49",
                "Austin PC (2016) Stat Med 35:5642-5655",
            ),
            seed=seed,
        ),
    )


def _no_ratio(found: str) -> Problem:
    return Problem("EST-001", "weights", found, "people who left in both groups", "Compare retention instead.")


class _Rows:
    """The rows of each group, placed among their times of leaving."""

    def __init__(self, person: Ints, groups: Sequence[tuple[Ints, RiskRows]], people: int) -> None:
        self.person, self.groups, self.people = person, groups, people

    @classmethod
    def of(cls, cohort: Cohort, weights: PropensityWeights) -> _Rows:
        person, start, stop, event = _spells(cohort, weights, None)
        treated = weights.treated[weights.used][person]
        places = [np.flatnonzero(treated == state) for state in (False, True)]
        return cls(
            person,
            [(at, risk_rows(start[at], stop[at], event[at])) for at in places],
            int(weights.used.sum()),
        ).filled(weights)

    def filled(self, weights: PropensityWeights) -> _Rows:
        """Remember the weights of all the data."""
        self.mass = (weights.each * weights.case)[weights.used]
        return self

    def values(self, mass: Floats, times: Sequence[float], horizon: float | None) -> Floats:
        """Give the functionals, first group and second group by turns."""
        found = [
            retention_functionals(rows, weighted_curve(rows, mass[self.person[at]]), times, horizon)
            for at, rows in self.groups
        ]
        return np.asarray(np.column_stack(found).ravel())

    def functionals(self, times: Sequence[float], horizon: float | None) -> tuple[Floats, Floats]:
        """Give the functionals, and their derivatives in the weight of each person."""
        values = self.values(self.mass, times, horizon)
        influence = np.zeros((self.people, len(values)))
        for number, (at, rows) in enumerate(self.groups):
            by_row = retention_influence(rows, weighted_curve(rows, self.mass[self.person[at]]), times, horizon)
            for place in range(by_row.shape[1]):
                influence[:, 2 * place + number] = np.bincount(
                    self.person[at], weights=by_row[:, place], minlength=self.people
                )
        return values, influence


def _contrasts(values: Floats) -> Floats:
    return np.asarray(np.r_[values, values[1::2] - values[0::2]])


def _spells(cohort: Cohort, weights: PropensityWeights, cause: str | None) -> tuple[Ints, Floats, Floats, Flags]:
    kept = np.flatnonzero(weights.used[cohort.person])
    again = np.cumsum(weights.used) - 1
    event = cohort.cause[kept] > 0 if cause is None else cohort.cause[kept] == cohort.cause_number(cause)
    return again[cohort.person[kept]], cohort.start[kept], cohort.stop[kept], event


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    """By what errors are summed and samples are drawn: the people, or their clusters."""

    name: str
    code: Ints | None
    count: int

    @classmethod
    def of(cls, weights: PropensityWeights) -> _Clusters:
        code, people = weights.clusters(), int(weights.used.sum())
        if code is None:
            return cls("person", None, people)
        name, count = str(weights.of_cohort().cluster), int(code.max()) + 1
        if count < 2:
            found = f"everybody is in one cluster of {name}"
            remedy = "Name a column with several in cohort(cluster=), or none."
            raise EstimationError(Problem("EST-001", "weights", found, "several clusters", remedy))
        return cls(name, code, count)

    @property
    def df(self) -> float:
        """Degrees of freedom; infinite without clusters."""
        return math.inf if self.code is None else self.count - 1.0

    def interval(self, variance: Variance, before: str = "") -> str:
        if variance == "bootstrap":
            return f"percentiles of a bootstrap by {self.name} that fits the weights again"
        if self.code is None:
            return f"{before}normal, {_STACKED}"
        return f"{before}t with {self.df:g} degrees of freedom, {_STACKED}, by {self.name}"

    def errors(self, weights: PropensityWeights, derivative: Floats) -> Floats:
        """Give standard errors from the stacked estimating equations."""
        parts = weights.influence(derivative)
        n, terms = len(parts), weights.design.shape[1]
        larger = 1.0 if n <= terms else n / (n - terms)
        if self.code is not None:
            summed = [np.bincount(self.code, weights=part, minlength=self.count) for part in parts.T]
            parts = np.column_stack(summed)
            larger *= (n - 1) / n * self.count / (self.count - 1)
        return np.asarray(np.sqrt((parts**2).sum(axis=0) * larger))

    def bootstrap(
        self, weights: PropensityWeights, estimate: Callable[[Floats, Ints], Floats], replicates: int, seed: int
    ) -> Floats:
        """Draw people, or clusters, with replacement; estimate again."""
        rng = np.random.default_rng(seed)
        drawn = []
        for _ in range(replicates):
            times = np.bincount(rng.integers(0, self.count, self.count), minlength=self.count)
            times = times if self.code is None else times[self.code]
            mass = weights.drawn(times)
            drawn.append(estimate(mass, times) if np.isfinite(mass).all() else None)
        known = [one for one in drawn if one is not None]
        if len(known) < _FEWEST * replicates:
            found = f"{replicates - len(known)} of {replicates} bootstrap samples gave no estimate"
            remedy = 'Merge levels of the covariates, or use variance="stacked".'
            raise EstimationError(Problem("EST-001", "weights", found, "people of each kind in both groups", remedy))
        return np.array(known)


def _row(
    value: float, error: float, drawn: Floats | None, level: float, df: float, *, share: bool, test: bool
) -> dict[str, object]:
    from scipy import stats

    if math.isnan(value):
        return {"flag": "beyond the end of what was seen"}
    z = float(stats.t.isf((1 - level) / 2, df))
    row: dict[str, object] = {"estimate": value, "std_error": error, "flag": ""}
    if drawn is not None:
        low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    elif share and 0 < value < 1:
        half = z * error / abs(value * math.log(value))
        low, high = value ** math.exp(half), value ** math.exp(-half)
    elif share:
        low, high = math.nan, math.nan  # nobody, or everybody, left: that is no certainty
    else:
        low, high = value - z * error, value + z * error
    row |= {"conf_low": float(low), "conf_high": float(high)}
    if test and error > 0:
        row |= {"statistic": value / error, "p_value": 2 * float(stats.t.sf(abs(value / error), df))}
        row |= {} if math.isinf(df) else {"df": df}
    return row


def _people(weights: PropensityWeights) -> tuple[int, int]:
    treated = weights.treated[weights.used]
    return int((~treated).sum()), int(treated.sum())


def _times(times: Sequence[float]) -> Problems:
    if isinstance(times, str | int | float) or not len(times):
        return [Problem("DAT-009", "times", repr(times), "a list of times", "Write times=[12, 24].")]
    return [problem for time in times for problem in within("times", time, low=0)]


def _chosen(variance: object, replicates: object, seed: object, level: object) -> Problems:
    problems = [
        *one_of("variance", variance, ("stacked", "bootstrap")),
        *level_problems(level),
    ]
    if variance != "bootstrap":
        return problems
    return [*problems, *whole("replicates", replicates, low=50), *whole("seed", seed, low=0)]
