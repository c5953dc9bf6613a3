"""Subdistribution hazard ratios of one cause of leaving: Fine and Gray's regression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evalkit.errors import EstimationError, ImmortalTimeError, Problem
from evalkit.frames import level_problems, require
from evalkit.numeric.cox import fit_cox
from evalkit.numeric.cox_residuals import robust_covariance
from evalkit.numeric.fine_gray import COMPETING, EVENT, UndefinedWeightsError, fine_gray_model
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import MENTORED, By, Cohort
from evalkit.retention.hazard_models import (
    HazardModel,
    Missing,
    Prepared,
    Request,
    TieRule,
    prepare,
    told,
)
from evalkit.retention.hazards import coefficient_rows, interval_name
from evalkit.retention.terms import Terms, read_terms


def subdistribution_hazard_ratio(
    cohort: Cohort,
    terms: Terms,
    *,
    cause: str,
    ties: TieRule = "efron",
    strata: By = None,
    cluster: str | None = None,
    weights: str | None = None,
    missing: Missing = "refuse",
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    allow_immortal_time: bool = False,
) -> Estimates:
    """Ratio of the subdistribution hazards of one cause of leaving (Fine and Gray's regression).

    Parameters
    ----------
    cohort : Cohort
        Of whom. Late entry is weighted for. A person has one spell; "mentored" must be settled at entry.
    terms : str or sequence of str
        As in `hazard_ratio`.
    cause : str
        The cause of leaving.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time; Fine and Gray's own is Breslow's.
    strata : str or sequence of str, optional
        Covariates: baseline hazards differ between their levels; censoring and entry are taken to be alike.
    cluster : str, optional
        Covariate by which the standard errors are robust; else the cluster of the cohort, else the person.
    weights : str, optional
        Covariate with case weights; else the weight of the cohort. They do not enter the estimate of censoring.
    missing : {"refuse", "drop"}, default "refuse"
        What to do when covariates or strata are missing.
    reference : mapping of str to str, optional
        Covariate -> level with which the others are compared; else the first.
    level : float, default 0.95
        Confidence level.
    allow_immortal_time : bool, default False
        Let covariates pass that know the future, to show the bias. The result is marked.

    Returns
    -------
    Estimates
        As `hazard_ratio`; a ratio above 1 goes with a larger share that leaves for the cause.

    Raises
    ------
    EstimationError
        As `hazard_ratio`; EST-001 also when people left and came back, or nobody stays under observation after a
        competing event.
    ImmortalTimeError
        EST-002 for "mentored" while mentoring begins after entry (the message names the landmark), and for covariates
        that know who will be mentored.
    DataError
        As `hazard_ratio`.

    References
    ----------
    .. [1] Fine JP, Gray RJ (1999). JASA 94:496-509.
    .. [2] Geskus RB (2011). Biometrics 67:39-49, equation 7.
    """
    require(level_problems(level))
    _require_settled(cohort, terms, strata)
    request = Request(cause, ties, strata, cluster, weights, missing, reference, allow_immortal_time)
    data = prepare(cohort, terms, request, robust=True)
    _require_one_spell(data)
    model = told(data, lambda: _fitted(data, cause))
    method = data.method(
        f"Fine and Gray's regression ({ties.capitalize()} ties)",
        f"the ratio of the subdistribution hazards of leaving for {cause!r}: above 1, a larger share leaves for it, of "
        "people alike in the other terms",
        unit="subdistribution hazard ratio",
        level=level,
        interval=interval_name(model),
        scale="log",
        assumptions=(
            "each ratio is the same at all times",
            "censoring and late entry do not depend on the terms",
        ),
        references=["Fine JP, Gray RJ (1999) JASA 94:496-509", "Geskus RB (2011) Biometrics 67:39-49"],
    )
    return estimates(coefficient_rows(model, level), method)


def _fitted(data: Prepared, cause: str) -> HazardModel:
    ends = data.chosen(data.cohort.cause)
    status = np.where(ends == data.cohort.cause_number(cause), EVENT, np.where(ends > 0, COMPETING, 0))
    try:
        model = fine_gray_model(
            data.chosen(data.cohort.start),
            data.chosen(data.cohort.stop),
            status,
            data.design.matrix,
            data.person,
            pattern=data.design.pattern,
            weights=data.weight,
            strata=data.strata,
            ties=data.request.ties,
        )
    except UndefinedWeightsError:
        found = "nobody stays under observation from a competing event to the next time of leaving"
        remedy = "Use hazard_ratio(cohort, terms, cause=...), which needs no such weights."
        raise EstimationError(Problem("EST-001", "cohort", found, "people under observation", remedy)) from None
    fit = fit_cox(model)
    return HazardModel(data, model, fit, robust_covariance(model, fit, data.cluster))


def _require_settled(cohort: Cohort, terms: Terms, strata: By) -> None:
    """Refuse a state that changes: after leaving for another cause nobody's state goes on."""
    names = [*read_terms(cohort, terms).names, *([strata] if isinstance(strata, str) else strata or [])]
    if MENTORED not in names or not cohort.exposure_varies:
        return
    raise ImmortalTimeError(
        Problem(
            "EST-002",
            "terms",
            "mentoring begins while people are observed; those who left for another cause stay in this model, but "
            "nobody knows whether they would have been mentored",
            "a state that is settled when the time begins",
            "Compare those at risk at a landmark, classed by then: cohort.landmark(6). hazard_ratio(..., cause=...) "
            f'takes the time-varying "{MENTORED}".',
        )
    )


def _require_one_spell(data: Prepared) -> None:
    spell = data.chosen(data.cohort.spell)
    again = (data.person[1:] == data.person[:-1]) & (spell[1:] != spell[:-1])
    if again.any():
        people = len(np.unique(data.person[1:][again]))
        found = f"{people:,} people with several spells"
        remedy = "Keep one spell a person, or use hazard_ratio(cohort, terms, cause=...)."
        raise EstimationError(Problem("EST-001", "cohort", found, "one spell a person, without a gap", remedy))
