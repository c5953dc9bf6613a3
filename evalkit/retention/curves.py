"""Curves of a cohort: who is still there, who has left for which cause, and the numbers at risk below them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.frames import level_problems, one_of
from evalkit.numeric.incidences import incidence
from evalkit.numeric.product_limit import SCALES, IntervalScale, kaplan_meier, probability_limits
from evalkit.result import CURVE_COLUMNS, Curve
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.early_zeros import emptied_notes
from evalkit.retention.grouping import Grouped, Missing, cause_problems, grouped, require_fixed_groups, time_problems

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GREENWOOD = "Greenwood's error"
ROBUST = "robust error by cluster (infinitesimal jackknife)"
SCALE_NAMES = {"log-log": "log(-log) scale", "log": "log scale", "plain": "plain scale"}
_KAPLAN_MEIER = "Kaplan EL, Meier P (1958) J Am Stat Assoc 53:457-481"
_AALEN_JOHANSEN = "Aalen OO, Johansen S (1978) Scand J Stat 5:141-150"
_SIMON_MAKUCH = "Simon R, Makuch RW (1984) Stat Med 3:35-44"
_JACKKNIFE = "Efron B (1982) The Jackknife, the Bootstrap and Other Resampling Plans, section 6.3"


def survival_curve(
    cohort: Cohort,
    *,
    by: By = None,
    level: float = 0.95,
    interval: IntervalScale = "log-log",
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Curve:
    """Proportion still in post over time, whatever the reason for leaving (Kaplan-Meier).

    Parameters
    ----------
    cohort : Cohort
        Of whom. Whoever came under observation late is at risk from then on only.
    by : str or sequence of str, optional
        "mentored", covariates, or several of them; a curve for each group. When mentoring starts on the way, those in
        post move from one group to the other as it starts: Simon and Makuch's curves, which describe and do not
        compare.
    level : float, default 0.95
        Confidence level.
    interval : {"log-log", "log", "plain"}, default "log-log"
        Scale on which the interval is symmetric. "log-log" stays within 0 and 1 and holds its level in small groups;
        "log" is the default of R's `survfit`.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Curve
        For each group a row at the time at which the first person of all comes under observation, where everybody is
        there, and one for each time at which anybody of the group left, was censored or went to another group.
        `estimate` is a proportion, `n_at_risk` people just before the time, `n_events` leavers for all causes,
        `n_censored` also counts those who went to another group; people, unweighted. No limits (NaN) while nobody has
        left, and none, nor an error, once nobody is left. Groups without people are left out, and named in the
        assumptions. So is a curve that is 0 because all at risk had left before others came under observation.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for a wrong level or interval, DAT-009 for people without a cluster.
    EstimationError
        DAT-003 for an unknown name in `by`, EST-001 when nobody is in any group.
    ImmortalTimeError
        EST-002 when the groups know who will be mentored later.

    Notes
    -----
    The error is Greenwood's; weights that are whole numbers count as people. Other weights, or a cluster of the cohort,
    make it robust (by person, or by cluster), as `survfit(..., robust = TRUE)` of R.

    References
    ----------
    .. [1] Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481, equation 2b.
    .. [2] Simon R, Makuch RW (1984). Stat Med 3:35-44, section 3.
    .. [3] Borgan O, Liestol K (1990). Scand J Stat 17:35-41 (intervals).

    Examples
    --------
    >>> from evalkit.retention.building import cohort
    >>> staff = pd.DataFrame({"id": [1, 2, 3, 4], "left": [6.0, 12.0, None, 12.0]})
    >>> curve = survival_curve(cohort(staff, person="id", exit="left", observed_to=24))
    >>> curve.tidy()[["time", "estimate", "n_at_risk"]].values.tolist()
    [[0.0, 1.0, 4.0], [6.0, 0.75, 4.0], [12.0, 0.25, 3.0], [24.0, 0.25, 1.0]]
    """
    wrong = [*level_problems(level), *one_of("interval", interval, SCALES)]
    found = grouped(cohort, by, allow_immortal_time=allow_immortal_time, missing=missing, wrong=wrong)
    survival = kaplan_meier(found.counts)
    error = survival.std_error
    if found.robust:
        error = np.where(survival.after > 0, np.sqrt(found.jackknife().curve()), np.nan)
    low, high = probability_limits(survival.after, error, level=level, scale=interval)
    leavers = found.counts.events.sum(axis=1)
    frame = _with_start(found, None, 1.0, (survival.after, error, low, high), leavers)
    references = [_KAPLAN_MEIER, *([_SIMON_MAKUCH] if found.varying else []), *([_JACKKNIFE] if found.robust else [])]
    return Curve(
        frame,
        found.method(
            "Kaplan-Meier (Simon-Makuch: descriptive)" if found.varying else "Kaplan-Meier",
            f"proportion of {_whom(found)} still in post at each time, if nobody were lost from sight",
            unit="proportion still in post",
            level=level,
            interval=interval_name(found, interval),
            assumptions=emptied_notes(found),
            references=references,
        ),
    )


def cumulative_incidence(
    cohort: Cohort,
    *,
    by: By = None,
    cause: str | None = None,
    level: float = 0.95,
    interval: IntervalScale = "log-log",
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Curve:
    """Proportion that has left for each cause over time, while other causes take people away (Aalen-Johansen).

    Parameters
    ----------
    cohort : Cohort
        Of whom. Whoever came under observation late is at risk from then on only.
    by : str or sequence of str, optional
        Covariates, or "mentored" where it is settled at entry.
    cause : str, optional
        Only this cause; else all of them.
    level : float, default 0.95
        Confidence level.
    interval : {"log-log", "log", "plain"}, default "log-log"
        Scale on which the interval of the incidence is symmetric: log(-log(incidence)) and so on.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Curve
        For each group and cause a row at the time at which the first person of all comes under observation, with 0, and
        one for each time at which anybody of the group left or was censored. `estimate` is a proportion; with all
        causes and `survival_curve` they add up to 1. `n_events` are leavers for the cause, `n_at_risk` and `n_censored`
        people, unweighted. No limits (NaN) while nobody has left for the cause.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for a wrong level or interval, DAT-009 for people without a cluster.
    EstimationError
        DAT-003 for an unknown name in `by`, DAT-006 for an unknown cause, EST-001 when nobody is in any group.
    ImmortalTimeError
        EST-002 when people move between the groups, or the groups know who will be mentored later.

    Notes
    -----
    Leavers of a month leave together: nothing is moved to break ties. The error is the infinitesimal jackknife's, by
    person or by cluster, as `survfit` of R gives it for several states, with and without weights.

    References
    ----------
    .. [1] Aalen OO, Johansen S (1978). Scand J Stat 5:141-150.
    .. [2] Efron B (1982). The Jackknife, the Bootstrap and Other Resampling Plans, section 6.3.
    """
    wrong = [*level_problems(level), *one_of("interval", interval, SCALES), *cause_problems(cohort, cause)]
    found = grouped(cohort, by, allow_immortal_time=allow_immortal_time, missing=missing, wrong=wrong)
    numbers = [cohort.cause_number(cause)] if cause is not None else list(range(1, len(cohort.causes) + 1))
    require_fixed_groups(found, "an incidence")
    jackknife = found.jackknife()
    parts = []
    for number in numbers:
        share, error = incidence(found.counts, number), np.sqrt(jackknife.curve(number))
        low, high = probability_limits(share, error, level=level, scale=interval)
        of_cause = found.counts.events[:, number - 1]
        parts.append(_with_start(found, cohort.causes[number - 1], 0.0, (share, error, low, high), of_cause))
    frame = pd.concat(parts, ignore_index=True)
    # Causes of a group stand together.
    order = np.argsort(pd.Categorical(frame["group"], categories=list(found.labels)).codes, kind="stable")
    return Curve(
        frame.iloc[order],
        found.method(
            "Aalen-Johansen",
            f"proportion of {_whom(found)} that has left for the cause by each time, other causes at work, if nobody "
            "were lost from sight",
            unit="proportion that has left",
            level=level,
            interval=f"{SCALE_NAMES[interval]}, {ROBUST}",
            assumptions=emptied_notes(found),
            references=[_AALEN_JOHANSEN, _JACKKNIFE],
        ),
    )


def at_risk_table(
    cohort: Cohort,
    times: float | Sequence[float],
    *,
    by: By = None,
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> pd.DataFrame:
    """Count people at risk at given times, and who had left or was censored by then: the table under a figure.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    times : float or sequence of float
        When, in the unit of the cohort.
    by : str or sequence of str, optional
        "mentored", or covariates.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future.

    Returns
    -------
    pandas.DataFrame
        One row for each group and time: `group, time, n_at_risk` (people in post and observed just before the time; at
        the start of observation, those who begin then), `n_events` (left by then, for all causes), one column "left:
        CAUSE" for each cause, `n_censored` (by then, or gone to another group). People, unweighted. It is for work at
        the desk: profiles withhold most small counts of a plain table. In a report show a curve, `show(curve)`: what
        is released of it carries the numbers at risk, in its table and below its figure.

    Raises
    ------
    DataError
        DAT-002 or DAT-009 for wrong times.
    EstimationError
        DAT-003 for an unknown name in `by`, EST-001 when nobody is in any group.
    ImmortalTimeError
        EST-002 when the groups know who will be mentored later.
    """
    wrong = time_problems(times)
    found = grouped(cohort, by, allow_immortal_time=allow_immortal_time, missing=missing, wrong=wrong)
    asked = np.atleast_1d(np.asarray(times, dtype=float))
    parts = [_risk_rows(found, number, asked) for number in range(len(found.labels))]
    return pd.concat(parts, ignore_index=True)


def interval_name(found: Grouped, interval: str) -> str:
    """Name an interval of survival.

    Parameters
    ----------
    found : Grouped
        The groups.
    interval : str
        Its scale.

    Returns
    -------
    str
        Scale and error.
    """
    return f"{SCALE_NAMES[interval]}, {ROBUST if found.robust else GREENWOOD}"


def _whom(found: Grouped) -> str:
    return "each group" if len(found.labels) > 1 else "all staff of the cohort"


def _with_start(
    found: Grouped, cause: str | None, height: float, columns: tuple[Floats, Floats, Floats, Floats], events: Ints
) -> pd.DataFrame:
    """Put a row before the first of each group, where everybody is there."""
    counts, groups = found.counts, len(found.labels)
    rows = found.rows
    present = np.bincount(rows.group[rows.start <= found.start], minlength=groups)
    where = counts.offsets[:-1]

    def filled(values: npt.NDArray[np.generic], first: npt.ArrayLike) -> npt.NDArray[np.generic]:
        return np.insert(values.astype(float), where, first)

    estimate, error, low, high = columns
    names = np.array(found.labels, dtype=object)
    data = {
        "group": np.repeat(names, np.diff(counts.offsets) + 1),
        "cause": cause,
        "time": filled(counts.time, found.start),
        "estimate": filled(estimate, height),
        "std_error": filled(error, 0.0),
        "conf_low": filled(low, np.nan),
        "conf_high": filled(high, np.nan),
        "n_at_risk": filled(counts.at_risk, present),
        "n_events": filled(events, 0.0),
        "n_censored": filled(counts.censored + counts.moved, 0.0),
    }
    return pd.DataFrame(data, columns=list(CURVE_COLUMNS))


def _risk_rows(found: Grouped, number: int, times: Floats) -> pd.DataFrame:
    counts, rows = found.counts, found.rows
    at = slice(counts.offsets[number], counts.offsets[number + 1])
    begun = np.sort(rows.start[rows.group == number])
    by_then = np.searchsorted(counts.time[at], times, side="right")
    earlier = np.searchsorted(counts.time[at], times, side="left")

    def up_to(values: Ints, place: Ints) -> Ints:
        return np.asarray(np.r_[0, np.cumsum(values[at])][place])

    left = counts.events.sum(axis=1)
    gone = left + counts.censored + counts.moved
    first = times <= found.start
    entered = np.where(first, np.searchsorted(begun, times, side="right"), np.searchsorted(begun, times, side="left"))
    columns = {
        f"left: {name}": up_to(counts.events[:, place], by_then) for place, name in enumerate(found.cohort.causes)
    }
    return pd.DataFrame(
        {
            "group": found.labels[number],
            "time": times,
            "n_at_risk": entered - up_to(gone, earlier),
            "n_events": up_to(left, by_then),
            **columns,
            "n_censored": up_to(counts.censored + counts.moved, by_then),
        }
    )
