"""Hazard ratios of leaving: Cox regression of a cohort."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, level_problems, one_of, require, whole
from evalkit.numeric.cox import ConvergenceError, profile_limit
from evalkit.numeric.cox_bootstrap import bootstrap_coefficients
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.designs import Column
from evalkit.retention.hazard_models import (
    HazardModel,
    Missing,
    Request,
    TieRule,
    fit_hazards,
    leavers_by_level,
    people_by_level,
    prepare,
    shared_assumptions,
)
from evalkit.retention.terms import Terms

Floats = npt.NDArray[np.float64]
Row = dict[str, object]

_REFERENCES = (
    "Cox DR (1972) J R Stat Soc B 34:187-220",
    "Therneau TM, Grambsch PM (2000) Modeling Survival Data, sections 3.1 to 3.3",
)
_ROBUST = "Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078"
_PROFILE = "Venzon DJ, Moolgavkar SH (1988) Appl Stat 37:87-94"


def hazard_ratio(
    cohort: Cohort,
    terms: Terms,
    *,
    cause: str | None = None,
    ties: TieRule = "efron",
    strata: By = None,
    cluster: str | None = None,
    weights: str | None = None,
    missing: Missing = "refuse",
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    interval: Literal["wald", "bootstrap"] = "wald",
    draws: int = 1000,
    seed: int | None = None,
    allow_immortal_time: bool = False,
) -> Estimates:
    """Ratio of the rates of leaving of people who are alike in the other terms (Cox regression).

    Parameters
    ----------
    cohort : Cohort
        Of whom. Whoever came under observation late is at risk from then on only.
    terms : str or sequence of str
        A formula ("mentored + C(band) + age", read by formulaic where it is more than a sum) or a list of covariates.
        "mentored" is whether mentoring has begun at the time. Texts, categories, true or false, and what stands in
        `C(...)` are compared level by level; numbers give the ratio for one unit more.
    cause : str, optional
        The cause of leaving; those who leave for another are censored then. Without it, leaving for any cause.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str or sequence of str, optional
        Covariates, or "person": baseline hazards differ between their levels.
    cluster : str, optional
        Covariate, or "person", by which the standard errors are robust; else the cluster of the cohort, if it has one.
        Without any, the variance is model-based even with several spells a person.
    weights : str, optional
        Covariate with case weights; else the weight of the cohort, if it has one. Weights that are not whole numbers
        make the variance robust by person.
    missing : {"refuse", "drop"}, default "refuse"
        What to do when covariates or strata are missing.
    reference : mapping of str to str, optional
        Covariate -> level with which the others are compared; else the first. For "mentored" it is "not mentored".
    level : float, default 0.95
        Confidence level.
    interval : {"wald", "bootstrap"}, default "wald"
        "bootstrap" draws people (or clusters) with replacement; its interval holds the middle of the draws
        (percentiles).
    draws : int, default 1000
        Bootstrap samples.
    seed : int, optional
        Of the bootstrap; must be given for it.
    allow_immortal_time : bool, default False
        Let terms pass that know the future, to show the bias. The result is marked.

    Returns
    -------
    Estimates
        One row a coefficient, in the order of the terms. `estimate` is the hazard ratio, `std_error` is on the log
        scale, `statistic` is z, or t for few clusters of a covariate (`df` is then one less than the clusters). `group`
        names a level over its reference. `n` counts people, `n_least` those in the smaller of the two levels, `events`
        all events of the model. Where a ratio is 0 or infinite because nobody, or everybody, left, the interval has one
        limit, from the profile likelihood with all other coefficients at their own maximum, finite or not, and a column
        `note` says so. That limit is model-based, also where the standard errors of the others are robust.

    Raises
    ------
    EstimationError
        DAT-003 or DAT-006 for unknown covariates, causes or levels; EST-001 for formulas that cannot be read, nobody
        who left, a term that is the same for everybody, collinear terms (named), and a bootstrap where a ratio is not
        finite.
    ImmortalTimeError
        EST-002 when terms or strata know who will be mentored later.
    DataError
        DAT-002 for weights below zero, DAT-009 for missing covariates or a bootstrap without a seed, DAT-006 for
        unknown options.

    References
    ----------
    .. [1] Cox DR (1972). J R Stat Soc B 34:187-220.
    .. [2] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Equations 3.3 to 3.6, section 7.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.retention.building import cohort
    >>> staff = pd.DataFrame({"id": range(6), "left": [3, 8, 9, 11, 14, 20], "mentor": [None, 5, None, 4, None, 6]})
    >>> made = cohort(staff, person="id", exit="left", mentored_from="mentor")
    >>> hazard_ratio(made, "mentored").frame[["term", "group", "estimate", "n", "n_least"]].round(3).values.tolist()
    [['mentored', 'mentored / not mentored', 0.76, 6.0, 3]]
    """
    require(
        level_problems(level),
        one_of("interval", interval, ("wald", "bootstrap")),
        _bootstrap_problems(draws, seed) if interval == "bootstrap" else [],
    )
    request = Request(cause, ties, strata, cluster, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    rows = coefficient_rows(model, level)
    name = interval_name(model)
    if interval == "bootstrap":
        model.require_finite("a bootstrap")
        name = _redraw(model, rows, level, draws, int(seed or 0))
    data = model.data
    references = [*_REFERENCES, *([_ROBUST] if data.cluster is not None else [])]
    method = data.method(
        f"Cox regression ({ties.capitalize()} ties)" + ("" if cause is None else ", cause-specific"),
        f"how many times as often as the reference, at any time, people who are still there leave{_why(cause)}, "
        "of people alike in the other terms",
        unit="hazard ratio",
        level=level,
        interval=name,
        scale="log",
        assumptions=shared_assumptions(cause),
        references=[*references, *([_PROFILE] if model.fit.diverging else [])],
        seed=seed if interval == "bootstrap" else None,
    )
    return estimates(rows, method)


def _why(cause: str | None) -> str:
    return "" if cause is None else f" for {cause!r}"


def _bootstrap_problems(draws: object, seed: object) -> Problems:
    if seed is None:
        return [Problem("DAT-009", "seed", "none", "a whole number", "Give seed=, so that it can be done again.")]
    return [*whole("draws", draws, low=20), *whole("seed", seed, low=0)]


def coefficient_rows(model: HazardModel, level: float) -> list[Row]:
    """Make one row for each coefficient, with Wald intervals, and profile limits where one diverges.

    Parameters
    ----------
    model : HazardModel
        The fitted model.
    level : float
        Confidence level.

    Returns
    -------
    list of dict
        Columns of `Estimates`, and `n_least`, `events` and `note` where there is one.
    """
    df = _degrees(model)
    error = np.sqrt(np.diag(model.covariance))
    width = _quantile(level, df)
    least = _least(model)
    rows = []
    for number, column in enumerate(model.columns):
        base: Row = {
            "term": column.term,
            "group": column.group,
            "n": model.data.n_people,
            "n_least": least[number],
            "events": model.n_events,
        }
        unsaid = _nobody_left_in_either(model, column)
        if unsaid:
            rows.append({**base, "note": unsaid})
            continue
        if number in model.fit.diverging:
            rows.append({**base, **_one_sided(model, number, level)})
            continue
        beta, own = float(model.fit.coefficients[number]), float(error[number])
        z = beta / own if own > 0 else math.nan
        rows.append(
            {
                **base,
                "estimate": math.exp(beta),
                "std_error": own,
                "statistic": z,
                "df": df,
                "p_value": _p_value(z, df),
                "conf_low": math.exp(beta - width * own),
                "conf_high": math.exp(beta + width * own),
            }
        )
    return rows


def _degrees(model: HazardModel) -> float:
    """Clusters less one for clusters of a covariate; NaN for the normal distribution."""
    data = model.data
    return math.nan if data.cluster is None or data.by_person else float(data.n_clusters - 1)


def _quantile(level: float, df: float) -> float:
    share = (1 + level) / 2
    return float(special.ndtri(share) if math.isnan(df) else special.stdtrit(df, share))


def _p_value(z: float, df: float) -> float:
    return float(2 * (special.ndtr(-abs(z)) if math.isnan(df) else special.stdtr(df, -abs(z))))


def _one_sided(model: HazardModel, number: int, level: float) -> Row:
    up = model.fit.coefficients[number] > 0
    kind = "lower" if up else "upper"
    try:
        limits = profile_limit(model.model, model.fit, number, level=level)
    except ConvergenceError:
        ends, given = (math.nan, math.nan), "no limit was found"
    else:
        with np.errstate(over="ignore"):
            ends = float(np.exp(limits.low)), float(np.exp(limits.high))
        given = f"{kind} limit of the profile likelihood only{_as_if(model)}"
    return {
        "estimate": math.inf if up else 0.0,
        "conf_low": ends[0],
        "conf_high": ends[1],
        "note": f"no finite ratio ({_endless(model, number, up=up)}): {given}",
    }


def _nobody_left_in_either(model: HazardModel, column: Column) -> str:
    """Say so where a ratio compares two levels of which nobody left; nothing otherwise."""
    if column.level < 0 or not model.fit.diverging:
        return ""
    labels, left = _leavers(model, column)
    if left[column.level] or left[column.reference]:
        return ""
    return (
        f"no ratio: nobody left in {labels[column.level]}, nor in the reference {labels[column.reference]}: compare "
        "with another, by reference="
    )


def _leavers(model: HazardModel, column: Column) -> tuple[Sequence[str], npt.NDArray[np.int64]]:
    name = _variable(model, column)
    labels = next(v.labels for v in model.data.design.variables if v.name == name)
    return labels or (), leavers_by_level(model.data, name)


def _endless(model: HazardModel, number: int, *, up: bool) -> str:
    """Say why a ratio is 0 or infinite."""
    column = model.columns[number]
    if column.level >= 0:
        labels, left = _leavers(model, column)
        if up and not left[column.reference]:
            return f"nobody left in the reference {labels[column.reference]}: compare with another, by reference="
        if not up and not left[column.level]:
            return f"nobody left in {labels[column.level]} while others did"
    return "everybody left as soon as, or before, others did" if up else "nobody left while others did"


def _as_if(model: HazardModel) -> str:
    """Say what a profile likelihood takes no account of."""
    data = model.data
    parts = [
        *(["people as independent"] if data.cluster is not None else []),
        *(["case weights as numbers of people"] if data.weight is not None else []),
    ]
    return f", model-based (it takes {' and '.join(parts)})" if parts else ""


def interval_name(model: HazardModel) -> str:
    """Name the interval of the coefficients.

    Parameters
    ----------
    model : HazardModel
        The fitted model.

    Returns
    -------
    str
        Such as "Wald on the log scale, model-based standard error".
    """
    df = _degrees(model)
    wald = "Wald on the log scale" if math.isnan(df) else f"t with {df:g} degrees of freedom on the log scale"
    profile = f"; profile likelihood{_as_if(model)} on one side where a ratio is 0 or infinite"
    return f"{wald}, {model.variance()}{profile if model.fit.diverging else ''}"


def _least(model: HazardModel) -> list[int]:
    """People in the smaller of the two levels that a coefficient compares; all for a number."""
    data = model.data
    counted: dict[str, npt.NDArray[np.int64]] = {}
    found = []
    for number, column in enumerate(model.columns):
        if column.level >= 0:
            if column.term not in counted:
                counted[column.term] = people_by_level(data, _variable(model, column))
            people = counted[column.term]
            found.append(int(min(people[column.level], people[column.reference])))
        else:
            found.append(_in_smaller_part(model, number))
    return found


def _variable(model: HazardModel, column: Column) -> str:
    names = [variable.name for variable in model.data.design.variables]
    return column.term if column.term in names else next(name for name in names if name in column.term)


def _in_smaller_part(model: HazardModel, number: int) -> int:
    """For a column of two values, such as a product of levels, people in the smaller part; else everybody."""
    data, values = model.data, model.data.design.matrix[:, number]
    parts = np.unique(values[: min(len(values), 10_000)])
    if len(parts) > 2 or np.isin(values, parts, invert=True).any():
        return data.n_people
    where = values if data.design.pattern is None else values[data.design.pattern]
    # Pieces are in the order of people.
    inside = (data.person[where == part] for part in parts)
    return min(1 + int(np.count_nonzero(np.diff(person))) for person in inside)


def _redraw(model: HazardModel, rows: list[Row], level: float, draws: int, seed: int) -> str:
    """Replace standard errors and intervals by those of the bootstrap; give the name of the interval."""
    data = model.data
    cluster = data.person if data.cluster is None else data.cluster
    drawn = bootstrap_coefficients(model.model, model.fit, cluster, draws, seed)
    failed = np.isnan(drawn).any(axis=1)
    if failed.mean() > 0.1:
        found = f"{int(failed.sum())} of {draws} bootstrap samples have no estimate"
        remedy = "Join small levels, or leave terms out."
        raise EstimationError(Problem("EST-001", "terms", found, "at most a tenth", remedy))
    drawn = drawn[~failed]
    tail = (1 - level) / 2
    for number, row in enumerate(rows):
        own = drawn[:, number]
        # Order statistics, outwards: infinite draws cannot be interpolated.
        ordered = np.sort(own)
        low = ordered[max(math.floor((len(own) + 1) * tail) - 1, 0)]
        high = ordered[min(math.ceil((len(own) + 1) * (1 - tail)), len(own)) - 1]
        finite = own[np.isfinite(own)]
        error = float(finite.std(ddof=1)) if len(finite) > 1 else math.nan
        beta = float(model.fit.coefficients[number])
        with np.errstate(over="ignore"):
            row.update(
                std_error=error,
                statistic=beta / error,
                df=math.nan,
                p_value=_p_value(beta / error, math.nan),
                conf_low=float(np.exp(low)),
                conf_high=float(np.exp(high)),
            )
    source = "people" if data.cluster is None or data.by_person else "clusters"
    lost = f" ({int(failed.sum())} without an estimate left out)" if failed.any() else ""
    return f"bootstrap, percentiles of {draws:,} samples of {source}{lost}"
