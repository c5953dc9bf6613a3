"""Equivalence: is the change of the same people smaller than what would matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Literal

import pandas as pd
from scipy import stats

from evalkit.change.outcomes import Levels, Outcome, Scales, read_outcomes
from evalkit.change.rows import POINTS, Row, counts, require_a_pair, sizes_right, why_no_interval
from evalkit.change.standardised import DIVISORS, INTERVALS, NO_ERROR, why_not_standardised
from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, one_of, require
from evalkit.numeric.means import t_interval
from evalkit.numeric.pairs import PairMoments, pair_moments
from evalkit.numeric.standardised import KINDS, Kind, one_sided_p, standardised_interval
from evalkit.result import Estimates, Method, estimates

Unit = Literal["raw", "d_z", "d_av", "d_rm"]
Margin = float | tuple[float, float]


def equivalence(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    margin: Margin,
    unit: Unit = "raw",
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Mean change of the same people held against a margin by two one-sided tests.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order: numbers in the unit of the outcome, missing where
        not answered. Each outcome rests on the people who answered it in both waves.
    margin : float or tuple of two floats
        The smallest change that would matter, set before the data were seen: a positive number for the same margin in
        both directions, or (lowest, highest) with 0 between them.
    unit : {"raw", "d_z", "d_av", "d_rm"}, default "raw"
        Unit of the margin and of the estimate: that of the outcome, or standard deviations as in `standardised_change`.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation of the outcomes, 1 to 4.
    level : float, default 0.95
        One less the error of the claim, above 0.5. The interval shown is the one that belongs to two one-sided tests:
        at 0.95 a 90 per cent interval, and `Method.level` is 0.9.

    Returns
    -------
    Estimates
        One row for each outcome (`term`): the (standardised) mean change, and as `p_value` the larger of `p_lower` (the
        change is not above the lower margin) and `p_upper` (not below the upper one). `verdict` is "equivalent" (the
        interval lies within the margins), "different" (it lies outside), "not shown" (it holds a margin) or "not
        defined". Extra columns `margin_low`, `margin_high`, `unit`, those of the outcome (`n_before`, `floor_before`,
        ...) and `note`.

    Raises
    ------
    DataError
        As `read_outcomes`; DAT-009 or DAT-002 for a margin that is no positive number or pair around 0 and for the
        level, DAT-002 for values beyond 1e60, DAT-006 for an unknown unit.
    EstimationError
        EST-001 when no outcome has a complete pair.

    Notes
    -----
    A large p-value of an ordinary test is no evidence of equivalence; a verdict "not shown" none of a difference. A
    margin in standard deviations is tested against the estimated one: exactly for d_z, by the limits of
    `standardised_change` for the others.

    References
    ----------
    .. [1] Schuirmann DJ (1987). J Pharmacokinet Biopharm 15:657-680, equations 4 to 6.
    .. [2] Lakens D (2017). Soc Psychol Personal Sci 8:355-362.

    Examples
    --------
    >>> frame = pd.DataFrame({"skill_before": [2.0, 3, 3, 4, 1, 3], "skill_after": [2.0, 3, 4, 4, 1, 2]})
    >>> row = equivalence(frame, pre="skill_before", post="skill_after", margin=1).frame.iloc[0]
    >>> row["verdict"], round(float(row["p_value"]), 4)
    ('equivalent', 0.0059)
    """
    require(level_problems(level, low=0.5), one_of("unit", unit, ("raw", *KINDS)), _margin_right(margin))
    low, high = margin if isinstance(margin, tuple | list) else (-margin, margin)
    found = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    require_a_pair(found)
    require(sizes_right(found))
    within_margins = (float(low), float(high))
    wide = "the mean change, after minus before"
    kind = "Student's t" if unit == "raw" else INTERVALS[unit]
    method = Method(
        name="equivalence by two one-sided tests",
        estimand=wide if unit == "raw" else f"{wide}, divided by {DIVISORS[unit]}",
        unit=_named(unit),
        level=round(2 * level - 1, 12),
        interval=f"{kind}, for two one-sided tests at {100 * (1 - level):g} %",
        **counts(found),
        assumptions=(
            "the margin was set before the data were seen",
            "people are independent of each other",
            "changes are near normal, or many",
            "who did not answer in both waves would have changed alike",
        ),
        references=("Schuirmann DJ (1987) J Pharmacokinet Biopharm 15:657-680",),
    )
    return estimates([_row(outcome, within_margins, unit, level) for outcome in found], method)


def _named(unit: Unit) -> str:
    return POINTS if unit == "raw" else f"standard deviations ({unit})"


def _margin_right(margin: object) -> Problems:
    expected = "a positive number, or (lowest, highest) with 0 between them"
    remedy = "State the smallest change that would matter."
    several = isinstance(margin, tuple | list)
    pair = margin if isinstance(margin, tuple | list) else (margin,)
    numbers = all(isinstance(part, Real) and not isinstance(part, bool) for part in pair)
    if not numbers or (several and len(pair) != 2):
        return [Problem("DAT-009", "margin", repr(margin), expected, remedy)]
    low, high = pair if several else (-pair[0], pair[0])
    if not (low < 0 < high and math.isfinite(low) and math.isfinite(high)):
        return [Problem("DAT-002", "margin", str(margin), expected, remedy)]
    return []


def _row(outcome: Outcome, margins: tuple[float, float], unit: Unit, level: float) -> Row:
    moments = pair_moments(outcome.before, outcome.after)
    if unit == "raw":
        note = why_no_interval(outcome, moments.sd_change)
        row = _raw(moments, margins, level, defined=not note)
    else:
        note = why_not_standardised(outcome, moments, unit)
        row = _standardised(moments, margins, unit, level, defined=not note)
    verdict = "not defined" if note else _verdict(row, margins)
    if not note and math.isnan(float(str(row["std_error"]))):
        note = NO_ERROR
    end: Row = {"verdict": verdict, "margin_low": margins[0], "margin_high": margins[1], "note": note}
    end["unit"] = _named(unit)
    return {**outcome.facts(), **row, **end}


def _raw(moments: PairMoments, margins: tuple[float, float], level: float, *, defined: bool) -> Row:
    row: Row = {"estimate": moments.mean_change}
    if not defined:
        return row
    mean, error, df = moments.mean_change, moments.std_error, moments.n - 1
    limits = t_interval(mean, error, df, level=2 * level - 1)
    lower, upper = (mean - margins[0]) / error, (mean - margins[1]) / error
    tails = (float(stats.t.sf(lower, df)), float(stats.t.cdf(upper, df)))
    worse = lower if tails[0] >= tails[1] else upper
    row |= {"std_error": error, "statistic": worse, "df": float(df), "p_value": max(tails)}
    return row | {"conf_low": limits.low, "conf_high": limits.high, "p_lower": tails[0], "p_upper": tails[1]}


def _standardised(
    moments: PairMoments,
    margins: tuple[float, float],
    unit: Kind,
    level: float,
    *,
    defined: bool,
) -> Row:
    limits = standardised_interval(moments, unit, level=2 * level - 1)
    row: Row = {"estimate": limits.estimate}
    if not defined:
        return row
    tails = (
        one_sided_p(moments, unit, margins[0], above=True),
        one_sided_p(moments, unit, margins[1], above=False),
    )
    row |= {"std_error": limits.std_error, "p_value": max(tails), "conf_low": limits.low, "conf_high": limits.high}
    return row | {"p_lower": tails[0], "p_upper": tails[1]}


def _verdict(row: Row, margins: tuple[float, float]) -> str:
    low, high = float(str(row["conf_low"])), float(str(row["conf_high"]))
    if margins[0] < low and high < margins[1]:
        return "equivalent"
    return "different" if high < margins[0] or low > margins[1] else "not shown"
