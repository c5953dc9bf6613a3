"""Whether an indicator is on its way to a target: where it is and should be by now, and what chance leaves open."""

from __future__ import annotations

import math
from dataclasses import dataclass

REACHED = "reached"
ON, OFF = "on track", "off track"
PERHAPS_ON, PERHAPS_OFF = "not clear, point on track", "not clear, point off track"
NO_TARGET, NO_BASELINE, NO_LATEST = "no target", "no baseline", "no later value"
NO_SIDE = "no adverse side"
ENDED = "missed"


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached.

    Parameters
    ----------
    baseline_year, target_year : int
        Years, the first before the second.
    target : float
        Value, in the unit of the indicator.
    """

    baseline_year: int
    target_year: int
    target: float


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest value of an indicator.

    Parameters
    ----------
    year : int
        Its year.
    estimate, low, high : float
        Point and limits, in the unit of the indicator; NaN limits where there is no interval.
    """

    year: int
    estimate: float
    low: float
    high: float


def path(baseline: float, goal: Target, year: int, *, ratio: bool) -> float:
    """Where an indicator should be in a year, on the straight way from its baseline to its target.

    Parameters
    ----------
    baseline : float
        Value in the baseline year.
    goal : Target
        Years and target.
    year : int
        The year asked for; beyond the target year the target itself.
    ratio : bool
        Whether the way is straight on the logarithmic scale.

    Returns
    -------
    float
        In the unit of the indicator.

    Examples
    --------
    >>> path(0.20, Target(2021, 2026, 0.10), 2023, ratio=False)
    0.16
    """
    share = min(1.0, (year - goal.baseline_year) / (goal.target_year - goal.baseline_year))
    if ratio and baseline > 0 and goal.target > 0 and math.isfinite(baseline):
        return float(baseline * (goal.target / baseline) ** share)
    return baseline + (goal.target - baseline) * share


def status(baseline: float, latest: Latest, goal: Target, *, ratio: bool, adverse_above: bool | None) -> str:
    """Judge progress by the interval of the latest value.

    Parameters
    ----------
    baseline : float
        Value in the baseline year, where the way to the target starts.
    latest : Latest
        The latest value.
    goal : Target
        What is to be reached.
    ratio : bool
        Whether the indicator is a ratio.
    adverse_above : bool or None
        Whether values above the target are the worse ones; None where neither side is. The baseline does not decide it:
        a value that became worse would have reached a target that it has left behind. A baseline that is not worse than
        the target has no way to go: from then on the target itself is due.

    Returns
    -------
    str
        "reached": the whole interval is at the target or beyond. "on track": the whole interval is where the indicator
        should be by now, or beyond. "off track": none of it is ("missed" from the target year on). Otherwise "not
        clear", with the side on which the point lies. "no baseline", "no later value", "no adverse side" where one is
        missing.

    Examples
    --------
    >>> goal = Target(2021, 2026, 0.10)
    >>> status(0.20, Latest(2023, 0.15, 0.13, 0.17), goal, ratio=False, adverse_above=True)
    'not clear, point on track'
    >>> status(0.20, Latest(2023, 0.13, 0.11, 0.15), goal, ratio=False, adverse_above=True)
    'on track'
    """
    if not math.isfinite(baseline):
        return NO_BASELINE
    if latest.year <= goal.baseline_year or not math.isfinite(latest.estimate):
        return NO_LATEST
    if adverse_above is None:
        return NO_SIDE
    sign = -1.0 if adverse_above else 1.0
    worst, best = sorted((sign * latest.low, sign * latest.high))
    if math.isnan(latest.low) or math.isnan(latest.high):
        worst = best = sign * latest.estimate
        certain = False
    else:
        certain = True
    target = sign * goal.target
    due = min(target, sign * path(baseline, goal, latest.year, ratio=ratio)) if sign * baseline < target else target
    if certain and worst >= target:
        return REACHED
    if certain and worst >= due:
        return ON
    if certain and best < due:
        return ENDED if latest.year >= goal.target_year else OFF
    return PERHAPS_ON if sign * latest.estimate >= due else PERHAPS_OFF
