"""How well a hazard model as a whole fits: tests of all its terms, and concordance."""

from __future__ import annotations

import math
from collections.abc import Mapping

from scipy import special

from evalkit.frames import level_problems, require
from evalkit.numeric.concordance import concordance_index
from evalkit.numeric.cox import likelihood_ratio_test, wald_test
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.hazard_models import Missing, Request, TieRule, fit_hazards, prepare, shared_assumptions
from evalkit.retention.terms import Terms


def hazard_model_tests(
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
    allow_immortal_time: bool = False,
) -> Estimates:
    """Tests that none of the terms of a Cox regression bears on leaving.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        As in `hazard_ratio`.
    cause : str, optional
        The cause of leaving; any without it.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str or sequence of str, optional
        Covariates, or "person", with baseline hazards of their own.
    cluster, weights : str, optional
        As in `hazard_ratio`.
    missing : {"refuse", "drop"}, default "refuse"
        What to do when covariates are missing.
    reference : mapping of str to str, optional
        Covariate -> level with which the others are compared.
    allow_immortal_time : bool, default False
        Let terms pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        `term` "likelihood ratio", "Wald" and "score", each with chi-squared, `df` and `p_value`; extra columns
        `log_likelihood` (at the maximum) and `events`. With clusters or case weights there is the (robust) Wald test
        only: the other two are not chi-squared then. Wald is NaN where a ratio is 0 or infinite.

    Raises
    ------
    EstimationError, ImmortalTimeError, DataError
        As `hazard_ratio`.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Section 3.4.
    """
    request = Request(cause, ties, strata, cluster, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    tests = {"Wald": wald_test(model.fit.coefficients, model.covariance)}
    if model.data.cluster is None and model.data.weight is None:
        tests = {"likelihood ratio": likelihood_ratio_test(model.fit), **tests, "score": model.fit.score_test}
    rows: list[dict[str, object]] = [
        {
            "term": name,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "n": model.data.n_people,
            "log_likelihood": model.fit.log_likelihood,
            "events": model.n_events,
        }
        for name, test in tests.items()
    ]
    method = model.data.method(
        f"Tests of a Cox regression ({ties.capitalize()} ties), {model.variance()}",
        f"whether any of the terms goes with the rate of {model.data.left_for()}",
        unit="chi-squared",
        assumptions=shared_assumptions(cause),
        references=["Therneau TM, Grambsch PM (2000) Modeling Survival Data, section 3.4"],
    )
    return estimates(rows, method)


def concordance(
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
    allow_immortal_time: bool = False,
) -> Estimates:
    """Probability that of two people at risk the one who leaves first had the higher hazard in the model.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        As in `hazard_ratio`.
    cause : str, optional
        The cause of leaving; any without it.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str or sequence of str, optional
        Covariates, or "person": only people of one stratum are compared.
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
    Estimates
        One row: `estimate` in [0, 1], 0.5 for a model that tells nothing; `std_error` by the infinitesimal jackknife,
        by cluster where there is one. Judged on the people from whom the model was made, it flatters the model.

    Raises
    ------
    EstimationError, ImmortalTimeError, DataError
        As `hazard_ratio`.

    References
    ----------
    .. [1] Therneau TM, Watson DA (2015). The concordance statistic and the Cox model. Mayo Clinic Report 85.
    """
    require(level_problems(level))
    request = Request(cause, ties, strata, cluster, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    found = concordance_index(model.model, model.fit, model.data.cluster)
    width = float(special.ndtri((1 + level) / 2)) * found.std_error
    row: dict[str, object] = {
        "term": "concordance",
        "estimate": found.estimate,
        "std_error": found.std_error,
        "conf_low": math.nan if math.isnan(width) else max(found.estimate - width, 0.0),
        "conf_high": math.nan if math.isnan(width) else min(found.estimate + width, 1.0),
        "n": model.data.n_people,
        "events": model.n_events,
    }
    method = model.data.method(
        f"Concordance of a Cox regression ({ties.capitalize()} ties)",
        f"how often, of two people at risk, the one with the higher hazard is the first {model.data.left_for()}",
        unit="probability",
        level=level,
        interval="Wald, infinitesimal jackknife",
        references=["Therneau TM, Watson DA (2015) Mayo Clinic Report 85"],
    )
    return estimates([row], method)
