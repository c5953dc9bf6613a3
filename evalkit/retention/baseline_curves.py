"""Retention that a Cox regression predicts for people with given covariates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems, level_problems, require, within
from evalkit.numeric.cox_baseline import baseline_hazard, predicted_hazard
from evalkit.result import Curve, curve
from evalkit.retention.cohorts import MENTORED, UNMENTORED, Cohort
from evalkit.retention.hazard_models import (
    HazardModel,
    Missing,
    Request,
    TieRule,
    fit_hazards,
    prepare,
    shared_assumptions,
)
from evalkit.retention.terms import Terms, Variable

_STATE = (
    "somebody who is in the named state of mentoring throughout: nobody has been, where mentoring begins on the way"
)


def baseline_survival(
    cohort: Cohort,
    terms: Terms,
    *,
    at: Mapping[str, object] | None = None,
    ties: TieRule = "efron",
    strata: str | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    missing: Missing = "refuse",
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    allow_immortal_time: bool = False,
) -> Curve:
    """Proportion still there, of people with given covariates, as a Cox regression predicts it.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        As in `hazard_ratio`.
    at : mapping of str to number or str, optional
        Covariate -> value or level; True or False for "mentored". Those not named are at the mean of a number and the
        reference of a category.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str, optional
        Covariate: a curve for each level.
    cluster, weights : str, optional
        As in `hazard_ratio`.
    missing : {"refuse", "drop"}, default "refuse"
        What to do when covariates are missing.
    reference : mapping of str to str, optional
        Covariate -> level with which the others are compared.
    level : float, default 0.95
        Confidence level.
    allow_immortal_time : bool, default False
        Let terms pass that know the future. The result is marked.

    Returns
    -------
    Curve
        One row a time of leaving (and stratum, `group`): `estimate` is the proportion still there, `std_error` on its
        own scale, the interval on the log scale; `n_at_risk`, `n_events`, `n_censored` are of all people of the
        stratum, whatever their covariates, the last up to the next time of leaving.

    Raises
    ------
    EstimationError
        As `hazard_ratio`; DAT-003, DAT-006 or DAT-009 for what `at` names wrongly, EST-001 where a ratio is 0 or
        infinite.
    ImmortalTimeError, DataError
        As `hazard_ratio`.

    Notes
    -----
    For leaving for any reason only: with a single cause the complement of this is no probability.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Equations 10.9 and 10.10; as R's `survfit.coxph`.
    """
    require(level_problems(level))
    request = Request(None, ties, strata, cluster, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    model.require_finite("a curve")
    values = _values(model, dict(at or {}))
    hazard, error = predicted_hazard(
        baseline_hazard(model.model, model.fit), model.data.design.row(values), model.covariance
    )
    survival = np.exp(-hazard)
    width = float(special.ndtri((1 + level) / 2)) * error
    labels, order = _strata(model, strata)
    at_risk, censored = _counts(model)
    sets = model.model.sets
    rows: list[dict[str, object]] = [
        {
            "group": labels[int(sets.stratum[slot])],
            "time": float(sets.time[slot]),
            "estimate": float(survival[slot]),
            "std_error": float(survival[slot] * error[slot]),
            "conf_low": float(survival[slot] * np.exp(-width[slot])),
            "conf_high": float(min(survival[slot] * np.exp(width[slot]), 1.0)),
            "n_at_risk": int(at_risk[slot]),
            "n_events": int(sets.deaths[slot]),
            "n_censored": int(censored[slot]),
        }
        for slot in np.argsort(order[sets.stratum], kind="stable")
    ]
    varying = cohort.exposure_varies and any(v.name == MENTORED for v in model.data.design.variables)
    method = model.data.method(
        "Retention predicted by a Cox regression" + (" (descriptive)" if varying else ""),
        f"the proportion still there of people with {_described(model, values)}",
        unit="proportion",
        level=level,
        interval=f"log, {model.variance()}",
        assumptions=(*shared_assumptions(None), *((_STATE,) if varying else ())),
        references=["Therneau TM, Grambsch PM (2000) Modeling Survival Data, equations 10.9 and 10.10"],
    )
    return curve(rows, method)


def _values(model: HazardModel, at: dict[str, object]) -> dict[str, float | int]:
    variables = {variable.name: variable for variable in model.data.design.variables}
    problems: Problems = [
        Problem("DAT-003", "at", f'"{name}"', "a covariate in the terms", did_you_mean(str(name), variables))
        for name in at
        if name not in variables
    ]
    values: dict[str, float | int] = {}
    for name, variable in variables.items():
        if name not in at:
            values[name] = 0 if variable.labels is not None else _mean(model, variable)
            continue
        value, found = _value(variable, at[name])
        values[name] = value
        problems += found
    require(problems, error=EstimationError)
    return values


def _value(variable: Variable, given: object) -> tuple[float | int, Problems]:
    if variable.labels is None:
        problems = within(f"at, {variable.name}", given)
        return (0.0 if problems else float(given)), problems  # type: ignore[arg-type]
    if variable.labels == (UNMENTORED, "mentored") and isinstance(given, bool):
        return int(given), []
    if str(given) in variable.labels:
        return variable.labels.index(str(given)), []
    place, remedy = f"at, {variable.name}", did_you_mean(str(given), variable.labels)
    return 0, [Problem("DAT-006", place, f'"{given}"', "a level that occurs", remedy)]


def _mean(model: HazardModel, variable: Variable) -> float:
    """Mean over the pieces, with their weights: where R's `survfit` would put it."""
    data = model.data
    code = variable.code if data.design.pattern is None else variable.code[data.design.pattern]
    return float(np.average(variable.numbers(code), weights=data.weight))


def _described(model: HazardModel, values: dict[str, float | int]) -> str:
    parts = []
    for variable in model.data.design.variables:
        value = values[variable.name]
        shown = f"{value:.4g}" if variable.labels is None else variable.labels[int(value)]
        parts.append(f"{variable.name}: {shown}")
    return ", ".join(parts)


def _strata(model: HazardModel, strata: str | None) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Name the strata of the model, and give the place of each among the groups of the cohort."""
    data = model.data
    if strata is None or data.strata is None:
        return ["all"], np.zeros(1, dtype=np.int64)
    codes, labels = data.cohort.groups(strata)
    codes = data.chosen(codes)
    place = np.zeros(int(data.strata.max()) + 1, dtype=np.int64)
    place[data.strata] = codes
    return [labels[code] for code in place], place


def _counts(model: HazardModel) -> tuple[np.ndarray, np.ndarray]:
    """People at risk at each slot, and censored from it until the next."""
    data, sets = model.data, model.model.sets
    layer = sets.layers[0]
    net = np.bincount(layer.first, minlength=sets.n_slots + 1) - np.bincount(layer.last, minlength=sets.n_slots + 1)
    ended = data.chosen(data.cohort.last()) & (data.chosen(data.cohort.cause) == 0) & (layer.last > layer.first)
    censored = np.bincount(layer.last[ended] - 1, minlength=sets.n_slots)
    return np.cumsum(net)[: sets.n_slots], censored
