"""Whether hazard ratios are the same at all times: the test, and the ratio in bands of time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.errors import EstimationError, Problem
from evalkit.frames import level_problems, one_of, require, whole
from evalkit.numeric.proportionality import proportionality_test
from evalkit.result import Curve, Estimates, curve, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.hazard_models import HazardModel, Missing, Request, TieRule, fit_hazards, prepare
from evalkit.retention.terms import Terms

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Transform = Literal["km", "rank", "identity", "log"]

GLOBAL = "global"
_TRANSFORMS = ("km", "rank", "identity", "log")
_MEANING = {
    "km": "one less the Kaplan-Meier curve",
    "rank": "the rank of the time",
    "identity": "the time",
    "log": "the logarithm of the time",
}
_REFERENCE = "Grambsch PM, Therneau TM (1994) Biometrika 81:515-526; the score test of R survival 3"
_MODEL_ONLY = "the variance is that of the model: clusters are not used"


def proportional_hazards_test(
    cohort: Cohort,
    terms: Terms,
    *,
    transform: Transform = "km",
    cause: str | None = None,
    ties: TieRule = "efron",
    strata: By = None,
    weights: str | None = None,
    missing: Missing = "refuse",
    reference: Mapping[str, str] | None = None,
    allow_immortal_time: bool = False,
) -> Estimates:
    """Test that hazard ratios are the same at all times.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        As in `hazard_ratio`.
    transform : {"km", "rank", "identity", "log"}, default "km"
        The function of time with which the log hazard ratios may change: one less the Kaplan-Meier curve of all, the
        rank of the time, the time, or its logarithm.
    cause : str, optional
        The cause of leaving; any without it.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str or sequence of str, optional
        Covariates, or "person", with baseline hazards of their own.
    weights : str, optional
        Covariate with case weights; else the weight of the cohort.
    missing : {"refuse", "drop"}, default "refuse"
        What to do when covariates are missing.
    reference : mapping of str to str, optional
        Covariate -> level with which the others are compared.
    allow_immortal_time : bool, default False
        Let terms pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        One row a term, with as many degrees of freedom as it has coefficients, then "global": `statistic` is
        chi-squared, `df`, `p_value`. NaN where the test is not defined, as with one time of leaving.

    Raises
    ------
    EstimationError
        As `hazard_ratio`; EST-001 also where a ratio is 0 or infinite.
    ImmortalTimeError, DataError
        As `hazard_ratio`.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM (1994). Biometrika 81:515-526; as `cox.zph` of R survival 3.0 and later.
    """
    require(one_of("transform", transform, _TRANSFORMS))
    request = Request(cause, ties, strata, None, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    model.require_finite("this test")
    groups = model.data.design.terms()
    found = proportionality_test(model.model, model.fit, transform, list(groups.values()))
    rows: list[dict[str, object]] = [
        {
            "term": name,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "n": model.data.n_people,
            "events": model.n_events,
        }
        for name, test in zip([*groups, GLOBAL], [*found.terms, found.overall], strict=True)
    ]
    method = model.data.method(
        "Score test of proportional hazards (Grambsch and Therneau)",
        f"whether the hazard ratios of {model.data.left_for()} change with {_MEANING[transform]}",
        unit="chi-squared",
        assumptions=(_MODEL_ONLY,),
        references=[_REFERENCE],
    )
    return estimates(rows, method)


def hazard_ratio_over_time(
    cohort: Cohort,
    terms: Terms,
    *,
    bands: int = 10,
    cause: str | None = None,
    ties: TieRule = "efron",
    strata: By = None,
    weights: str | None = None,
    missing: Missing = "refuse",
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
    allow_immortal_time: bool = False,
) -> Curve:
    """Hazard ratios in bands of time: means of the scaled Schoenfeld residuals of a Cox regression.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        As in `hazard_ratio`.
    bands : int, default 10
        Bands of time with about as many leavers each; fewer where many leave at one time.
    cause : str, optional
        The cause of leaving; any without it.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for people who leave at the same time.
    strata : str or sequence of str, optional
        Covariates, or "person", with baseline hazards of their own.
    weights : str, optional
        Covariate with case weights; else the weight of the cohort.
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
        `group` is a coefficient, `time` the mean time of leaving in the band (in the unit of the cohort), `estimate`
        the hazard ratio there, `std_error` on the log scale; `n_at_risk` people at risk when the band begins,
        `n_events` leavers in it. `n_censored` is NaN. No person is shown.

    Raises
    ------
    EstimationError, ImmortalTimeError, DataError
        As `proportional_hazards_test`.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM (1994). Biometrika 81:515-526: equation 6, with the information of each event taken
       to be the mean over all events.
    """
    require(level_problems(level), whole("bands", bands, low=2))
    request = Request(cause, ties, strata, None, weights, missing, reference, allow_immortal_time)
    model = fit_hazards(prepare(cohort, terms, request))
    model.require_finite("this curve")
    found = proportionality_test(model.model, model.fit, "identity")
    band = _bands(found.time, found.events, bands)
    events = np.bincount(band, found.events)
    if len(events) < 2:
        problem = Problem("EST-001", "cohort", "all left at one time", "leavers at two times", "Observe for longer.")
        raise EstimationError(problem)
    first = _lowest(found.time, band)
    time = np.bincount(band, found.time * found.events) / events
    at_risk = _people_at_risk(model, first)
    width = float(special.ndtri((1 + level) / 2))
    rows: list[dict[str, object]] = []
    for number, column in enumerate(model.columns):
        mean = np.bincount(band, found.residuals[:, number] * found.events) / events
        error = np.sqrt(model.fit.covariance[number, number] * events.sum() / events)
        rows += [
            {
                "group": str(column),
                "cause": cause,
                "time": float(time[place]),
                "estimate": math.exp(mean[place]),
                "std_error": float(error[place]),
                "conf_low": math.exp(mean[place] - width * error[place]),
                "conf_high": math.exp(mean[place] + width * error[place]),
                "n_at_risk": int(at_risk[place]),
                "n_events": int(events[place]),
            }
            for place in range(len(events))
        ]
    method = model.data.method(
        "Scaled Schoenfeld residuals, means in bands of time",
        f"the hazard ratio of {model.data.left_for()} in each band of time",
        unit="hazard ratio",
        level=level,
        interval="Wald on the log scale, the information of each event taken to be the mean",
        scale="log",
        assumptions=("the hazard ratio does not change within a band", _MODEL_ONLY),
        references=[_REFERENCE],
    )
    return curve(rows, method)


def _bands(time: Floats, events: Floats, bands: int) -> Ints:
    """Cut the times, whatever the stratum, into bands of about as many events."""
    order = np.argsort(time, kind="stable")
    times, where = np.unique(time[order], return_inverse=True)
    number = np.bincount(where, events[order])
    middle = (np.cumsum(number) - number / 2) / number.sum()
    band = np.unique(np.minimum((middle * bands).astype(np.int64), bands - 1), return_inverse=True)[1]
    found: Ints = band[np.searchsorted(times, time)]
    return found


def _lowest(time: Floats, band: Ints) -> Floats:
    first = np.full(int(band.max()) + 1, np.inf)
    np.minimum.at(first, band, time)
    return first


def _people_at_risk(model: HazardModel, times: Floats) -> Ints:
    data = model.data
    start, stop = data.chosen(data.cohort.start), data.chosen(data.cohort.stop)
    return np.array([int(((start < time) & (stop >= time)).sum()) for time in times])
