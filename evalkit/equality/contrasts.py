"""Rows that several indicators share: a rate of one group, a ratio and a difference of two."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.equality.counting import refused
from evalkit.numeric.proportions import koopman, newcombe, wilson
from evalkit.numeric.tables import fisher_exact
from evalkit.numeric.values import Interval

Row = dict[str, object]

PROPORTION, RATIO = "proportion", "ratio"
WILSON, KOOPMAN, NEWCOMBE = "Wilson score", "Koopman score", "Newcombe hybrid score"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a contrast.

    Parameters
    ----------
    name : str
        Its label.
    events, n : int
        People with the outcome, and people.
    """

    name: str
    events: int
    n: int


def limits(interval: Interval) -> Row:
    """Give the columns of an interval.

    Parameters
    ----------
    interval : Interval
        Estimate and limits.

    Returns
    -------
    dict
        `estimate`, `std_error`, `conf_low`, `conf_high`.
    """
    return {
        "estimate": interval.estimate,
        "std_error": interval.std_error,
        "conf_low": interval.low,
        "conf_high": interval.high,
    }


def direction(comparison: str, reference: str, *, ratio: bool, what: str = "rate") -> str:
    """Say which group stands above and which below.

    Parameters
    ----------
    comparison, reference : str
        The groups.
    ratio : bool
        Whether the contrast is a ratio; else a difference.
    what : str, default "rate"
        What is compared.

    Returns
    -------
    str
        Such as "rate of white over rate of BME".
    """
    return f"{what} of {comparison} {'over' if ratio else 'less'} {what} of {reference}"


def adverse_words(*, adverse_above: bool | None, ratio: bool) -> Row:
    """Give the columns that say on which side of equality a value is adverse.

    Parameters
    ----------
    adverse_above : bool or None
        True above equality, False below it, None when nobody said.
    ratio : bool
        Whether equality is 1; else 0.

    Returns
    -------
    dict
        `adverse` ("above 1", "below 0", ...; empty when nobody said) and `adverse_above_one` (of ratios only).
    """
    words = "" if adverse_above is None else f"{'above' if adverse_above else 'below'} {1 if ratio else 0}"
    return {"adverse": words, "adverse_above_one": adverse_above if ratio else None}


def side_of(adverse_above: bool | None) -> Row:  # noqa: FBT001 - what is put into words
    """Say on which side of any value the worse ones are.

    Parameters
    ----------
    adverse_above : bool or None
        Whether higher values are worse; None when nobody said.

    Returns
    -------
    dict
        `direction` ("higher is worse", "higher is better" or empty) and `adverse` ("above", "below" or empty).

    Examples
    --------
    >>> side_of(True)
    {'direction': 'higher is worse', 'adverse': 'above'}
    """
    if adverse_above is None:
        return {"direction": "", "adverse": ""}
    words = ("higher is worse", "above") if adverse_above else ("higher is better", "below")
    return dict(zip(("direction", "adverse"), words, strict=True))


def rate_row(group: Group, level: float, *, adverse_above: bool | None = None) -> Row:
    """Give the row of the rate of one group.

    Parameters
    ----------
    group : Group
        People and those with the outcome.
    level : float
        Confidence level.
    adverse_above : bool, optional
        Whether a higher rate is the worse one; left out, nobody said.

    Returns
    -------
    dict
        With Wilson's limits; empty but for n where the group has nobody.
    """
    row: Row = {
        "group": group.name,
        "n": group.n,
        "n_events": group.events,
        "n_least": group.n,
        "unit": PROPORTION,
        "scale": "identity",
        "interval": WILSON,
        **side_of(adverse_above),
        "adverse_above_one": None,
        "flag": "" if group.n else f"nobody in {group.name}",
    }
    return row | (limits(wilson(group.events, group.n, level=level)) if group.n else {})


def ratio_row(comparison: Group, reference: Group, level: float, *, adverse_above: bool | None) -> Row:
    """Give the row of a ratio of two rates.

    Parameters
    ----------
    comparison, reference : Group
        Above and below the line.
    level : float
        Confidence level.
    adverse_above : bool or None
        Whether a ratio above 1 is adverse.

    Returns
    -------
    dict
        With Koopman's limits and Fisher's exact p; a stated refusal in `flag` where a group has one person or nobody.
    """
    row = _contrast(comparison, reference, ratio=True, adverse_above=adverse_above)
    if row["flag"]:
        return row
    found = koopman(comparison.events, comparison.n, reference.events, reference.n, level=level)
    flag = f"nobody in {reference.name} had it" if math.isinf(found.estimate) else ""
    flag = "nobody in either group had it: any ratio is possible" if math.isnan(found.estimate) else flag
    return row | limits(found) | {"p_value": _fisher(comparison, reference), "flag": flag}


def difference_row(comparison: Group, reference: Group, level: float, *, adverse_above: bool | None) -> Row:
    """Give the row of a difference of two rates.

    Parameters
    ----------
    comparison, reference : Group
        What is subtracted from, and what is subtracted.
    level : float
        Confidence level.
    adverse_above : bool or None
        Whether a difference above 0 is adverse.

    Returns
    -------
    dict
        With Newcombe's limits and Fisher's exact p; a stated refusal in `flag` where a group has one person or nobody.
    """
    row = _contrast(comparison, reference, ratio=False, adverse_above=adverse_above)
    if row["flag"]:
        return row
    found = newcombe(comparison.events, comparison.n, reference.events, reference.n, level=level)
    return row | limits(found) | {"p_value": _fisher(comparison, reference)}


def _contrast(comparison: Group, reference: Group, *, ratio: bool, adverse_above: bool | None) -> Row:
    reasons = [refused(group.n, group.name) for group in (comparison, reference)]
    return {
        "group": f"{comparison.name} {'over' if ratio else 'less'} {reference.name}",
        "n": comparison.n + reference.n,
        "n_events": comparison.events + reference.events,
        "n_least": min(comparison.n, reference.n),
        "unit": RATIO if ratio else PROPORTION,
        "scale": "log" if ratio else "identity",
        "interval": KOOPMAN if ratio else NEWCOMBE,
        "direction": direction(comparison.name, reference.name, ratio=ratio),
        **adverse_words(adverse_above=adverse_above, ratio=ratio),
        "flag": next((reason for reason in reasons if reason), ""),
    }


def _fisher(comparison: Group, reference: Group) -> float:
    return fisher_exact(comparison.events, comparison.n, reference.events, reference.n).p_value
