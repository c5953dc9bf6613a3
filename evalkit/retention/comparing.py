"""Tests that groups leave alike: the log-rank family, and Gray's test for one cause."""

from __future__ import annotations

import math

import numpy as np

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, one_of, within
from evalkit.numeric.life_counts import event_tables
from evalkit.numeric.rank_tests import FAMILIES, RankTest, gray, logrank_family
from evalkit.numeric.values import Test
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.grouping import Grouped, Missing, cause_problems, grouped, require_fixed_groups, require_groups

Row = dict[str, object]
Weights = str | tuple[str, float, float]

_NAMES = {
    "logrank": "log-rank test",
    "gehan": "Gehan's test",
    "tarone-ware": "Tarone and Ware's test",
    "peto": "Peto and Peto's test",
    "fleming-harrington": "Fleming and Harrington's test",
}


def logrank(
    cohort: Cohort,
    *,
    by: By,
    strata: By = None,
    weights: Weights = "logrank",
    trend: bool = False,
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Estimates:
    """Test that groups leave alike, whatever the reason for leaving.

    Parameters
    ----------
    cohort : Cohort
        Of whom. Whoever came under observation late is at risk from then on only.
    by : str or sequence of str
        "mentored", covariates, or several of them. When mentoring starts on the way, each person is counted in the
        state of the time (Mantel and Byar's test).
    strata : str or sequence of str, optional
        Covariates, or "mentored": leavers are compared within each of their levels only.
    weights : {"logrank", "gehan", "tarone-ware", "peto"} or ("fleming-harrington", p, q), default "logrank"
        Weight of each time: 1; the number at risk; its square root; Peto and Peto's survival; S^p (1 - S)^q with the
        Kaplan-Meier survival S of all just before. p = 1, q = 0 looks at early leavers, as `survdiff(rho = 1)` of R;
        p = 0, q = 1 at late ones.
    trend : bool, default False
        Also test whether leaving rises or falls along the groups, numbered 0, 1, 2 in their order.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group or stratum: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        First the test (`term` "difference between groups": `statistic` is chi-squared with `df`, `p_value`), then, when
        asked for, "trend"; then a row "observed less expected" for each group, `estimate` in leavers (weighted as the
        test) with its `std_error`. Extra columns: `observed`, `expected` (leavers, unweighted), `n_least`.

    Raises
    ------
    DataError
        DAT-006 or DAT-009 for unknown weights.
    EstimationError
        EST-001 for fewer than two groups, for nobody who left while more than one group was at risk, or for case
        weights that are not whole numbers; DAT-003 for an unknown name.
    ImmortalTimeError
        EST-002 when groups or strata know who will be mentored later.

    Notes
    -----
    Case weights that are whole numbers count as people. People are taken to be independent: a cluster is not used.

    References
    ----------
    .. [1] Mantel N (1966). Cancer Chemother Rep 50:163-170.
    .. [2] Mantel N, Byar DP (1974). J Am Stat Assoc 69:81-86.
    .. [3] Klein JP, Moeschberger ML (2003). Survival Analysis, 2nd ed., sections 7.3 to 7.5.
    """
    family, powers, problems = _family(weights)
    found = _groups(cohort, by, strata, problems, allow_immortal_time=allow_immortal_time, missing=missing)
    tables = event_tables(found.rows, found.stratum, n_groups=len(found.labels), n_causes=len(cohort.causes))
    p, q = powers
    test = logrank_family(tables, n_groups=len(found.labels), family=family, p=p, q=q)
    overall = _defined(test, "nobody left while more than one group was at risk")
    rows = [_overall_row(found, "difference between groups", overall)]
    if trend:
        rows.append(_overall_row(found, "trend", test.trend(np.arange(len(found.labels)))))
    rows += [_group_row(found, test, number) for number in range(len(found.labels))]
    name = _NAMES[family] + (f" (p = {p:g}, q = {q:g})" if family == "fleming-harrington" else "")
    method = found.method(
        ("Mantel-Byar: " if found.varying else "") + name + (", stratified" if strata is not None else ""),
        "whether people of all groups leave at the same rate at all times"
        + (", within each stratum" if strata is not None else ""),
        unit="leavers",
        level=0.95,
        interval="",
        assumptions=("people are independent of each other",),
        references=["Mantel N (1966) Cancer Chemother Rep 50:163-170"]
        + (["Mantel N, Byar DP (1974) J Am Stat Assoc 69:81-86"] if found.varying else [])
        + (["Klein JP, Moeschberger ML (2003) Survival Analysis, 2nd ed., section 7.3"] if family != "logrank" else []),
    )
    return estimates(rows, method)


def gray_test(
    cohort: Cohort,
    *,
    by: By,
    cause: str,
    rho: float = 0.0,
    strata: By = None,
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Estimates:
    """Test that the incidence of a cause of leaving is the same in all groups.

    Parameters
    ----------
    cohort : Cohort
        Of whom. All must be under observation from one time on.
    by : str or sequence of str
        Covariates, or "mentored" where it is settled at entry.
    cause : str
        The cause of leaving.
    rho : float, default 0
        Power of 1 - incidence that weights each time; 0 treats all alike.
    strata : str or sequence of str, optional
        Covariates: incidences are compared within each of their levels only.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group or stratum: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        One row: `statistic` is chi-squared with `df`, `p_value`. Extra column `n_least`.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for a wrong rho.
    EstimationError
        EST-001 when somebody came under observation late, for fewer than two groups, for nobody who left for the
        cause, or for case weights that are not whole numbers; DAT-006 for an unknown cause, DAT-003 for an unknown
        name.
    ImmortalTimeError
        EST-002 when people move between the groups, or the groups know who will be mentored later.

    References
    ----------
    .. [1] Gray RJ (1988). Ann Stat 16:1141-1154; the numbers of `cuminc` in his R package cmprsk.
    """
    wrong = [*within("rho", rho), *cause_problems(cohort, cause)]
    found = _groups(cohort, by, strata, wrong, allow_immortal_time=allow_immortal_time, missing=missing)
    number = cohort.cause_number(cause)
    require_fixed_groups(found, "Gray's test")
    late = int((found.rows.start > found.start).sum())
    if late:
        remedy = "Compare cause-specific hazards: hazard_ratio(cohort, terms, cause=...) takes late entry."
        what = f"{late} spells begin after {found.start:g} {cohort.unit}"
        raise EstimationError(
            Problem("EST-001", "cohort", what, "everybody under observation from one time on", remedy)
        )
    tables = event_tables(found.rows, found.stratum, n_groups=len(found.labels), n_causes=len(cohort.causes))
    test = gray(tables, cause=number, n_groups=len(found.labels), rho=float(rho))
    overall = _defined(test, f"nobody left for {cause!r} while more than one group was at risk")
    method = found.method(
        "Gray's test" + (", stratified" if strata is not None else "") + (f" (rho = {rho:g})" if rho else ""),
        f"whether the proportion that leaves for {cause!r} is the same in all groups at all times",
        unit="chi-squared",
        level=0.95,
        interval="",
        assumptions=("people are independent of each other", "censoring is alike in all groups, or tells nothing"),
        references=["Gray RJ (1988) Ann Stat 16:1141-1154"],
    )
    return estimates([_overall_row(found, f"difference in the incidence of {cause}", overall)], method)


def _family(weights: object) -> tuple[str, tuple[float, float], Problems]:
    """Read the weights of a rank test."""
    if isinstance(weights, str) and weights != FAMILIES[-1]:
        return weights, (0.0, 0.0), one_of("weights", weights, FAMILIES)
    if isinstance(weights, tuple) and len(weights) == 3 and weights[0] == FAMILIES[-1]:
        problems = [*within("weights, p", weights[1], low=0), *within("weights, q", weights[2], low=0)]
        return FAMILIES[-1], (0.0, 0.0) if problems else (float(weights[1]), float(weights[2])), problems
    remedy = 'Such as weights="gehan" or weights=("fleming-harrington", 1, 0).'
    expected = 'a name, or ("fleming-harrington", p, q)'
    return "", (0.0, 0.0), [Problem("DAT-009", "weights", repr(weights), expected, remedy)]


def _groups(
    cohort: Cohort, by: By, strata: By, wrong: Problems, *, allow_immortal_time: bool, missing: Missing
) -> Grouped:
    found = grouped(cohort, by, allow_immortal_time=allow_immortal_time, strata=strata, missing=missing, wrong=wrong)
    require_groups(found, by)
    weight = found.rows.weight
    if weight is not None and bool((weight != np.rint(weight)).any()):
        remedy = "Compare with hazard_ratio(cohort, terms), whose error is robust, or retention_at."
        what = f"case weights of {cohort.weight} that are not whole numbers"
        raise EstimationError(Problem("EST-001", "cohort", what, "no case weights, or whole numbers", remedy))
    return found


def _defined(test: RankTest, why: str) -> Test:
    overall = test.overall()
    if math.isnan(overall.statistic):
        raise EstimationError(Problem("EST-001", "cohort", why, "people who left", "Observe for longer, or test less."))
    return overall


def _overall_row(found: Grouped, term: str, test: Test) -> Row:
    return {
        "term": term,
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "n": found.used,
        "n_least": int(found.people.min()),
    }


def _group_row(found: Grouped, test: RankTest, number: int) -> Row:
    return {
        "term": "observed less expected",
        "group": found.labels[number],
        "estimate": float(test.score[number]),
        "std_error": math.sqrt(max(float(test.covariance[number, number]), 0.0)),
        "n": int(found.people[number]),
        "observed": float(test.observed[number]),
        "expected": float(test.expected[number]),
        "n_least": int(found.people[number]),
    }
