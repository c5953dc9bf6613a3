"""Retention at given times and its differences between groups; how long until half have left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.frames import level_problems, one_of
from evalkit.numeric.product_limit import (
    CONVENTIONS,
    SCALES,
    Convention,
    IntervalScale,
    kaplan_meier,
    places_at,
    probability_limits,
    time_quantile,
)
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.curves import interval_name
from evalkit.retention.early_zeros import emptied_at, emptied_flag, emptied_notes
from evalkit.retention.grouping import Grouped, Missing, grouped, require_fixed_groups, time_problems

Floats = npt.NDArray[np.float64]
Row = dict[str, object]

BEYOND = "beyond the end of what was seen"
_NOBODY_LEFT = "nobody has left by then: no limits"
_ALL_LEFT = "all have left by then: no limits"
_NOT_YET = "so many have not left by the end of what was seen"
_ONE_SIDED = "no limits: nobody has left, or all have, in one of the groups"


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """Survival of all groups at one time. NaN beyond what was seen."""

    time: float
    estimate: Floats
    covariance: Floats
    low: Floats
    high: Floats
    at_risk: npt.NDArray[np.int64]
    emptied: Floats  # when the curve fell to 0 while others were to come; NaN if it did not by the time


def retention_at(
    cohort: Cohort,
    times: float | Sequence[float],
    *,
    by: By = None,
    reference: str | None = None,
    level: float = 0.95,
    interval: IntervalScale = "log-log",
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Estimates:
    """Proportion still in post at given times, and differences between groups.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    times : float or sequence of float
        When, in the unit of the cohort, counted from its origin.
    by : str or sequence of str, optional
        Covariates, or "mentored" where it is settled at entry or at a landmark.
    reference : str, optional
        Group from which the others are told apart; else the unmentored, or the first.
    level : float, default 0.95
        Confidence level.
    interval : {"log-log", "log", "plain"}, default "log-log"
        Scale on which the interval of each group is symmetric. The interval of a difference is made of the distances
        of both groups from their limits; on the plain scale it is the usual one (Wald's).
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        For each time (`term` such as "retention at 12 months") a row for each group, then one for each other group
        "less" the reference. `estimate` is a proportion, or a difference of proportions; whoever leaves at the time
        itself has left. Extra columns: `time`, `n_at_risk` (people just before the time), `n_least` (people in the
        smaller group of a difference), `flag`. NaN with a `flag` where nobody of a group was seen for so long; no
        limits while nobody has left, or once all have. `statistic` and `p_value` of a difference are from the
        complementary log-log scale.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for wrong times, level or interval.
    EstimationError
        DAT-003 for an unknown name in `by`, DAT-006 for an unknown reference, EST-001 when nobody is in any group.
    ImmortalTimeError
        EST-002 when people move between the groups, or the groups know who will be mentored later.

    References
    ----------
    .. [1] Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481, equation 2b.
    .. [2] Zou GY, Donner A (2008). Stat Med 27:1693-1702, equation 1 (interval of a difference).
    .. [3] Klein JP, Logan B, Harhoff M, Andersen PK (2007). Stat Med 26:4505-4519, section 3 (test).

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.retention.building import cohort
    >>> staff = pd.DataFrame({"id": range(6), "left": [6, 12, None, 30, 20, None], "site": list("aaabbb")})
    >>> made = cohort(staff, person="id", exit="left", observed_to=36, covariates=["site"])
    >>> retention_at(made, 12, by="site").tidy()[["group", "estimate"]].round(3).values.tolist()
    [['a', 0.333], ['b', 1.0], ['b less a', 0.667]]
    """
    wrong = [*time_problems(times), *level_problems(level), *one_of("interval", interval, SCALES)]
    found = grouped(
        cohort, by, allow_immortal_time=allow_immortal_time, reference=reference, missing=missing, wrong=wrong
    )
    require_fixed_groups(found, "retention")
    rows: list[Row] = []
    for time in np.atleast_1d(np.asarray(times, dtype=float)).tolist():
        point = _at(found, time, level, interval)
        rows += [_group_row(found, point, number) for number in range(len(found.labels))]
        rows += [_difference(found, point, number, level, interval) for number in range(1, len(found.labels))]
    of_difference = "Wald's" if interval == "plain" else "from the limits of both groups (Zou and Donner)"
    return estimates(
        rows,
        found.method(
            "Kaplan-Meier at given times",
            "proportion still in post at the time, if nobody were lost from sight, and its difference from the "
            "reference group",
            unit="proportion",
            level=level,
            interval=f"{interval_name(found, interval)}; of a difference: {of_difference}",
            assumptions=emptied_notes(found),
            references=[
                "Kaplan EL, Meier P (1958) J Am Stat Assoc 53:457-481",
                "Zou GY, Donner A (2008) Stat Med 27:1693-1702",
                "Klein JP and others (2007) Stat Med 26:4505-4519",
            ],
        ),
    )


def median_time(
    cohort: Cohort,
    *,
    by: By = None,
    share: float = 0.5,
    convention: Convention = "step",
    level: float = 0.95,
    interval: IntervalScale = "log-log",
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Estimates:
    """Time by which half, or another share, have left, in the unit of the cohort.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    by : str or sequence of str, optional
        Covariates, or "mentored" where it is settled at entry or at a landmark.
    share : float, default 0.5
        Who has left, above 0 and below 1.
    convention : {"step", "interpolated"}, default "step"
        "step" is the first time at which no more than the rest are there, or the middle of the stretch with just so
        many, as in R. "interpolated" draws straight lines between the steps.
    level : float, default 0.95
        Confidence level.
    interval : {"log-log", "log", "plain"}, default "log-log"
        Scale on which the limits of the curve are made, from which those of the time are read.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        A row for each group, without a standard error. NaN with a `flag` where so many have not left; an upper limit
        that is not reached is infinite.

    Raises
    ------
    DataError
        DAT-002, DAT-006 or DAT-009 for a wrong share, convention, level or interval.
    EstimationError
        DAT-003 for an unknown name in `by`, EST-001 when nobody is in any group.
    ImmortalTimeError
        EST-002 when people move between the groups, or the groups know who will be mentored later.

    References
    ----------
    .. [1] Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.
    """
    wrong = [
        *level_problems(share, argument="share"),
        *level_problems(level),
        *one_of("interval", interval, SCALES),
        *one_of("convention", convention, CONVENTIONS),
    ]
    found = grouped(cohort, by, allow_immortal_time=allow_immortal_time, missing=missing, wrong=wrong)
    require_fixed_groups(found, "a median")
    counts, survival = found.counts, kaplan_meier(found.counts)
    error = np.sqrt(found.jackknife().curve()) if found.robust else survival.std_error
    low, high = probability_limits(survival.after, error, level=level, scale=interval)
    term = "median time in post" if share == 0.5 else f"time until {100 * share:g} % have left"
    emptied = emptied_at(found)
    rows: list[Row] = []
    for number, label in enumerate(found.labels):
        at = slice(counts.offsets[number], counts.offsets[number + 1])
        curve = (counts.time[at], survival.after[at], low[at], high[at])
        one = time_quantile(*curve, origin=found.start, share=share, convention=convention)
        early = one.estimate >= emptied[number]
        flag = emptied_flag(float(emptied[number]), cohort.unit) if early else "" if one.estimate >= 0 else _NOT_YET
        rows.append(
            {
                "term": term,
                "group": label,
                "estimate": one.estimate,
                "conf_low": one.low,
                "conf_high": one.high,
                "n": int(found.people[number]),
                "flag": flag,
            }
        )
    return estimates(
        rows,
        found.method(
            f"Kaplan-Meier quantile ({convention})",
            f"time by which {100 * share:g} % of the group have left, if nobody were lost from sight",
            unit=cohort.unit,
            level=level,
            interval=f"where the limits of the curve reach the share (Brookmeyer and Crowley); "
            f"{interval_name(found, interval)}",
            assumptions=emptied_notes(found),
            references=["Brookmeyer R, Crowley J (1982) Biometrics 38:29-41"],
        ),
    )


def last_seen(found: Grouped) -> Floats:
    """Tell up to when each curve is known.

    Parameters
    ----------
    found : Grouped
        The groups.

    Returns
    -------
    numpy.ndarray of float
        Shape (groups,), in the unit of the cohort; infinite where all have left.
    """
    counts = found.counts
    final = counts.offsets[1:] - 1
    return np.where(kaplan_meier(counts).after[final] == 0, np.inf, counts.time[final])


def _at(found: Grouped, time: float, level: float, interval: IntervalScale) -> _Point:
    counts, survival = found.counts, kaplan_meier(found.counts)
    place = places_at(counts, time)
    begun, at = place >= 0, np.maximum(place, 0)
    estimate = np.where(begun, survival.after[at], 1.0)
    if found.robust:
        covariance = found.jackknife().covariance_at(time)
    else:
        covariance = np.diag(np.where(begun, estimate**2 * survival.greenwood[at], 0.0))
    seen = (time <= last_seen(found)) & (time >= found.start)
    error = np.where(estimate > 0, np.sqrt(np.diag(covariance)), np.nan)
    low, high = probability_limits(estimate, error, level=level, scale=interval)
    rows = found.rows
    here = ((rows.start < time) | ((rows.start == time) & (time == found.start))) & (rows.stop >= time)
    at_risk = np.bincount(rows.group[here], minlength=len(found.labels))
    values = (np.where(seen, part, np.nan) for part in (estimate, low, high))
    shown, low, high = values
    emptied = emptied_at(found)
    return _Point(time, shown, covariance, low, high, at_risk, np.where(emptied <= time, emptied, np.nan))


def _term(found: Grouped, point: _Point) -> str:
    return f"retention at {point.time:g} {found.cohort.unit}"


def _flag(estimate: float, emptied: float, unit: str) -> str:
    if math.isnan(estimate):
        return BEYOND
    if not math.isnan(emptied):
        return emptied_flag(emptied, unit)
    return _NOBODY_LEFT if estimate == 1 else _ALL_LEFT if estimate == 0 else ""


def _group_row(found: Grouped, point: _Point, number: int) -> Row:
    estimate = float(point.estimate[number])
    return {
        "term": _term(found, point),
        "group": found.labels[number],
        "estimate": estimate,
        "std_error": math.sqrt(point.covariance[number, number]) if 0 < estimate <= 1 else math.nan,
        "conf_low": point.low[number],
        "conf_high": point.high[number],
        "n": int(found.people[number]),
        "time": point.time,
        "n_at_risk": int(point.at_risk[number]),
        "n_least": int(found.people[number]),
        "flag": _flag(estimate, float(point.emptied[number]), found.cohort.unit),
    }


def _difference(found: Grouped, point: _Point, number: int, level: float, interval: IntervalScale) -> Row:
    pair = [number, 0]
    other, first = (float(point.estimate[one]) for one in pair)
    spread = point.covariance[np.ix_(pair, pair)]
    gap = other - first
    error = math.sqrt(max(float(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]), 0.0))
    inside = 0 < other < 1 and 0 < first < 1
    low, high = math.nan, math.nan
    if inside and interval == "plain":
        reach = float(special.ndtri((1 + level) / 2)) * error
        low, high = max(gap - reach, -1.0), min(gap + reach, 1.0)
    elif inside:
        below, above = point.estimate[pair] - point.low[pair], point.high[pair] - point.estimate[pair]
        together = float(spread[0, 1] / math.sqrt(spread[0, 0] * spread[1, 1]))
        low = gap - _reach(float(below[0]), float(above[1]), together)
        high = gap + _reach(float(above[0]), float(below[1]), together)
    statistic = _cloglog(point.estimate[pair], spread) if inside else math.nan
    emptied = [emptied_flag(when, found.cohort.unit) for when in point.emptied[pair].tolist() if not math.isnan(when)]
    return {
        "term": _term(found, point),
        "group": f"{found.labels[number]} less {found.labels[0]}",
        "estimate": gap,
        "std_error": error if inside else math.nan,
        "statistic": statistic,
        "p_value": 2 * float(special.ndtr(-abs(statistic))),
        "conf_low": low,
        "conf_high": high,
        "n": int(found.people[pair].sum()),
        "time": point.time,
        "n_at_risk": int(point.at_risk[pair].sum()),
        "n_least": int(found.people[pair].min()),
        "flag": BEYOND if math.isnan(gap) else emptied[0] if emptied else "" if inside else _ONE_SIDED,
    }


def _reach(one: float, other: float, together: float) -> float:
    return math.sqrt(max(one * one + other * other - 2 * together * one * other, 0.0))


def _cloglog(pair: Floats, spread: Floats) -> float:
    """Difference of log(-log S) over its error; positive when more of the other group stay."""
    slope = 1 / (pair * np.log(pair))
    variance = float((np.outer(slope, slope) * spread * np.array([[1, -1], [-1, 1]])).sum())
    values = np.log(-np.log(pair))
    return float(values[1] - values[0]) / math.sqrt(variance) if variance > 0 else math.nan
