"""Mean time in post up to a horizon, and mean time gone for each cause."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, level_problems, require, within
from evalkit.numeric.incidences import incidence
from evalkit.numeric.product_limit import kaplan_meier
from evalkit.numeric.restricted_means import area, area_variance, step_widths
from evalkit.result import Estimates, estimates
from evalkit.retention.cohorts import By, Cohort
from evalkit.retention.curves import GREENWOOD, ROBUST
from evalkit.retention.early_zeros import emptied_at, emptied_flag, emptied_notes
from evalkit.retention.grouping import Grouped, Missing, grouped, require_fixed_groups
from evalkit.retention.retained import last_seen

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

_LIMITS = ("conf_low", "conf_high")


def restricted_mean(
    cohort: Cohort,
    *,
    by: By = None,
    horizon: float | None = None,
    states: bool = False,
    reference: str | None = None,
    level: float = 0.95,
    missing: Missing = "drop",
    allow_immortal_time: bool = False,
) -> Estimates:
    """Mean time in post up to a horizon, in the unit of the cohort, with differences and ratios between groups.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    by : str or sequence of str, optional
        Covariates, or "mentored" where it is settled at entry or at a landmark.
    horizon : float, optional
        Up to when, counted from the origin of the cohort, in its unit; else the latest time up to which every group
        was seen. Beyond it nothing is known, and nothing is made up.
    states : bool, default False
        Also the mean time gone for each cause up to the horizon: all add up to the horizon.
    reference : str, optional
        Group from which the others are told apart; else the unmentored, or the first.
    level : float, default 0.95
        Confidence level.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group: they are left out and counted, or all is refused.
    allow_immortal_time : bool, default False
        Let groups pass that know the future. The result is marked.

    Returns
    -------
    Estimates
        For each state (`term` such as "restricted mean up to 24 months") a row for each group, one for each other group
        "less" the reference, and, of time in post, one for each "over" it. Extra columns: `unit`, `scale` (of
        `std_error`: that of a ratio is of its logarithm), `horizon`, `n_least` (people in the smaller group), `flag`.
        Limits of a group lie between 0 and the horizon; there are none where nobody of the group has left.

    Raises
    ------
    DataError
        DAT-002 or DAT-009 for a wrong horizon or level.
    EstimationError
        EST-001 for a horizon beyond the end of what was seen in a group, DAT-003 for an unknown name in `by`, DAT-006
        for an unknown reference.
    ImmortalTimeError
        EST-002 when people move between the groups, or the groups know who will be mentored later.

    Notes
    -----
    Time before the first person was observed counts as spent in post by all. The error is Greenwood's; with
    `states`, weights that are not whole numbers, or a cluster, it is the infinitesimal jackknife's.

    References
    ----------
    .. [1] Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152, equations 1 to 3.
    .. [2] Andersen PK (2013). Stat Med 32:5278-5285 (time gone for each cause).

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.retention.building import cohort
    >>> staff = pd.DataFrame({"id": range(6), "left": [6, 12, None, 30, 20, None], "site": list("aaabbb")})
    >>> made = cohort(staff, person="id", exit="left", observed_to=36, covariates=["site"])
    >>> restricted_mean(made, by="site", horizon=24).tidy()[["group", "estimate"]].round(2).values.tolist()
    [['a', 14.0], ['b', 22.67], ['b less a', 8.67], ['b over a', 1.62]]
    """
    wrong = [*([] if horizon is None else within("horizon", horizon, above=0)), *level_problems(level)]
    found = grouped(
        cohort, by, allow_immortal_time=allow_immortal_time, reference=reference, missing=missing, wrong=wrong
    )
    require_fixed_groups(found, "a restricted mean")
    end = _horizon(found, horizon)
    rows = _state_rows(found, None, end, level, robust=found.robust or states)
    if states:
        for number in range(1, len(cohort.causes) + 1):
            rows += _state_rows(found, number, end, level, robust=True)
    chosen = "" if horizon is not None else ", the latest time up to which every group was seen"
    error = ROBUST if found.robust or states else GREENWOOD
    return estimates(
        rows,
        found.method(
            "restricted mean time",
            f"mean time in post between 0 and {end:g} {cohort.unit}{chosen}, if nobody were lost from sight, and its "
            "difference from and ratio to the reference group",
            unit="by row",
            scale="by row",
            level=level,
            interval=f"normal, {error}; of a ratio: on the log scale",
            assumptions=emptied_notes(found),
            references=[
                "Royston P, Parmar MKB (2013) BMC Med Res Methodol 13:152",
                *(["Andersen PK (2013) Stat Med 32:5278-5285"] if states else []),
            ],
        ),
    )


def _horizon(found: Grouped, horizon: float | None) -> float:
    seen, unit = last_seen(found), found.cohort.unit
    latest = float(seen.min())
    if horizon is None:
        return latest if math.isfinite(latest) else float(found.counts.time.max())
    problems: Problems = []
    if horizon > latest:
        short = [f"{found.labels[number]} up to {seen[number]:g}" for number in np.flatnonzero(seen < horizon)]
        expected = f"at most {latest:g} {unit}"
        where = f"{horizon:g} {unit} is {_BEYOND}: {', '.join(short[:5])}{' and others' if len(short) > 5 else ''}"
        problems.append(Problem("EST-001", "horizon", where, expected, f"Choose horizon={latest:g} or less."))
    if horizon <= found.start:
        expected = f"more than {found.start:g} {unit}"
        problems.append(Problem("EST-001", "horizon", f"{horizon:g} {unit}", expected, "Choose a later horizon."))
    require(problems, error=EstimationError)
    return float(horizon)


_BEYOND = "beyond the end of what was seen"


def _state_rows(found: Grouped, cause: int | None, horizon: float, level: float, *, robust: bool) -> list[Row]:
    """Give the groups, differences and ratios of time in post, or of time gone for a cause."""
    counts, survival = found.counts, kaplan_meier(found.counts)
    if cause is None:
        means = area(counts, survival.after, horizon, origin=found.origin, start=1.0)
    else:
        means = area(counts, incidence(counts, cause), horizon, origin=found.origin, start=0.0)
    if robust:
        covariance = found.jackknife().covariance_of_mean(step_widths(counts, horizon), cause)
    else:
        covariance = np.diag(area_variance(counts, survival, horizon))
    unit = found.cohort.unit
    of = "restricted mean" if cause is None else f"mean time gone ({found.cohort.causes[cause - 1]})"
    shared = {"term": f"{of} up to {horizon:g} {unit}", "horizon": horizon}
    rows = [
        {**shared, "group": label, **_plain(means[k], covariance[k, k], level), **_numbers(found, [k], unit)}
        for k, label in enumerate(found.labels)
    ]
    for row in rows:
        # Nobody spends less than no time, or more than all of it.
        inside = {name: min(max(float(row[name]), found.origin), horizon) for name in _LIMITS if name in row}
        row.update(inside)
    others = range(1, len(found.labels))
    one = found.labels[0]
    for k in others:
        variance = covariance[k, k] + covariance[0, 0] - 2 * covariance[0, k]
        known = min(covariance[k, k], covariance[0, 0]) > 0
        row = _plain(means[k] - means[0], variance if known else 0.0, level, test=True)
        rows.append({**shared, "group": f"{found.labels[k]} less {one}", **row, **_numbers(found, [0, k], unit)})
    for k in others if cause is None else ():
        ratio = _ratio(means[[k, 0]], covariance[np.ix_([k, 0], [k, 0])], level)
        rows.append({**shared, "group": f"{found.labels[k]} over {one}", **ratio, **_numbers(found, [0, k], "ratio")})
    groups = [[k] for k in range(len(found.labels))] + [[0, k] for k in others] * (2 if cause is None else 1)
    return _early(rows, groups, found, horizon)


def _early(rows: list[Row], groups: list[list[int]], found: Grouped, horizon: float) -> list[Row]:
    """Flag what rests on a curve that fell to 0 while others were still to come."""
    emptied = emptied_at(found)
    for row, some in zip(rows, groups, strict=True):
        when = emptied[some]
        if (when < horizon).any():
            row["flag"] = emptied_flag(float(np.nanmin(when)), found.cohort.unit)
    return rows


def _numbers(found: Grouped, groups: list[int], unit: str) -> Row:
    people = found.people[groups]
    scale = "log" if unit == "ratio" else "identity"
    return {"n": int(people.sum()), "n_least": int(people.min()), "unit": unit, "scale": scale}


def _plain(estimate: float, variance: float, level: float, *, test: bool = False) -> Row:
    if not variance > 0:
        return {"estimate": float(estimate), "flag": "no variation in a group: no limits"}
    error = math.sqrt(variance)
    reach = float(special.ndtri((1 + level) / 2)) * error
    row: Row = {"estimate": float(estimate), "std_error": error, "flag": ""}
    if test:
        row |= {"statistic": estimate / error, "p_value": 2 * float(special.ndtr(-abs(estimate / error)))}
    return {**row, "conf_low": float(estimate) - reach, "conf_high": float(estimate) + reach}


def _ratio(pair: Floats, covariance: Floats, level: float) -> Row:
    other, first = (float(value) for value in pair)
    variance = covariance[0, 0] / other**2 + covariance[1, 1] / first**2 - 2 * covariance[0, 1] / (other * first)
    logarithm = math.log(other / first)
    row = _plain(logarithm, variance if min(np.diag(covariance)) > 0 else 0.0, level, test=True)
    natural: Row = {name: math.exp(float(row[name])) for name in _LIMITS if name in row}
    return {**row, **natural, "estimate": other / first}
