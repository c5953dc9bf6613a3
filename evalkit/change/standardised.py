"""Mean change of the same people in standard deviations: which one divides is named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from evalkit.change.bootstrapped import bca_intervals, draws_right, standardised_columns
from evalkit.change.means import bootstrap_limits
from evalkit.change.outcomes import Levels, Outcome, Scales, read_outcomes
from evalkit.change.rows import NOBODY, ONE_PAIR, Row, counts, require_a_pair, sizes_right
from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, one_of, require
from evalkit.numeric.means import t_test
from evalkit.numeric.pairs import PairMoments, pair_moments
from evalkit.numeric.standardised import KINDS, Kind, divisor, standardised_interval
from evalkit.result import Estimates, Method, estimates

DIVISORS = {
    "d_z": "the standard deviation of the changes",
    "d_av": "the mean of the standard deviations before and after",
    "d_rm": "the standard deviation of the changes over sqrt(2 (1 - r))",
}
INTERVALS = {
    "d_z": "noncentral t (exact for normal changes)",
    "d_av": "recovered from the limits of the mean (t) and of the divisor (chi)",
    "d_rm": "recovered from the limits of the mean (t) and of the divisor (chi)",
}
NO_ERROR = "fewer than four pairs: d_z has no standard error"
NO_CORRECTION = "two pairs: one degree of freedom, for which there is no Hedges correction"
_SOURCES = {
    "d_z": ("Cohen J (1988), equation 2.3.5", "Steiger JH, Fouladi RT (1997)"),
    "d_av": ("Cumming G (2012), equation 11.9", "Donner A, Zou GY (2012) Stat Methods Med Res 21:347-359"),
    "d_rm": (
        "Morris SB, DeShon RP (2002) Psychol Methods 7:105-125",
        "Donner A, Zou GY (2012) Stat Methods Med Res 21:347-359",
    ),
}


def standardised_change(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    kind: Kind = "d_z",
    hedges: bool = False,
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
    interval: Literal["normal", "bca"] = "normal",
    draws: int = 10_000,
    seed: int | None = None,
) -> Estimates:
    """Mean change of the same people, after minus before, in standard deviations of the kind that is named.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order: numbers in the unit of the outcome, missing where
        not answered. Each outcome rests on the people who answered it in both waves.
    kind : {"d_z", "d_av", "d_rm"}, default "d_z"
        What divides. d_z: the standard deviation of the changes; says how regular the change is, and grows with the
        correlation of the waves. d_av: the mean of the two standard deviations; can be set beside differences of
        groups. d_rm: the standard deviation of the changes over sqrt(2 (1 - r)); d_av under equal variances.
    hedges : bool, default False
        Take the small-sample bias out of the estimate (by the gamma function, on the degrees of freedom of the
        divisor); not defined for two pairs. From d_rm it takes too much: at 8 normal pairs the estimate is 8 per cent
        too small, and 4 too large without it. The interval is for the same estimand and stays.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation of the outcomes, 1 to 4.
    level : float, default 0.95
        Confidence level.
    interval : {"normal", "bca"}, default "normal"
        Under normality, or the bias-corrected and accelerated bootstrap.
    draws : int, default 10000
        Bootstrap samples, at least 1,000.
    seed : int, optional
        Where the draws begin; required with "bca".

    Returns
    -------
    Estimates
        One row for each outcome (`term`) in standard deviations, with statistic, df and p of the paired t test, the
        columns of `mean_change`, `kind` (with "Hedges" where corrected), `divisor` (in the unit of the outcome) and
        `note`: why something is not defined, else empty. `std_error` is that of a normal outcome; for d_z there is none
        with fewer than four pairs.

    Raises
    ------
    DataError
        As `read_outcomes`; DAT-006 for an unknown kind or interval, DAT-002 or DAT-009 for the level, `hedges`, the
        draws, a missing seed or values beyond 1e60.
    EstimationError
        EST-001 when no outcome has a complete pair.

    Notes
    -----
    d_z: exact for normal changes, from the noncentral t distribution. d_av and d_rm: limits of the mean change and of
    the divisor, each at the level, are put together so that they hold 0 exactly when the t test does not reject. For
    normal outcomes they cover 93 to 97 per cent from 8 pairs on. With five pairs or fewer d_rm depends on its unknown
    correlation: at .95 and a change of half a standard deviation it covers 90 per cent at 5 pairs and 81 at 3.
    For answers that are not normal the divisor is known better or worse than the formula says. Measured on the means of
    four items with many at the ceiling (24 and 200 pairs): d_z covers 96 to 97 per cent, d_av and d_rm 93 to 94, at any
    number of pairs. `interval="bca"` covers 93 to 95 per cent at 24 pairs and 94 to 95 at 50 and 200: use it from about
    50 pairs on; with fewer put `mean_change` first. The bootstrap counts draws equal to the estimate half as below it,
    as SciPy does; R's boot counts none of them, and its limits differ where few people give answers in few steps.

    References
    ----------
    .. [1] Cohen J (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd ed., equation 2.3.5 (d_z).
    .. [2] Cumming G (2012). Understanding the New Statistics, equation 11.9 (d_av; his is the root of the mean square).
    .. [3] Morris SB, DeShon RP (2002). Psychol Methods 7:105-125, equation 12 (d_rm).
    .. [4] Donner A, Zou GY (2012). Stat Methods Med Res 21:347-359, section 3.
    .. [5] Hedges LV (1981). J Educ Stat 6:107-128, equation 6e.

    Examples
    --------
    >>> frame = pd.DataFrame({"skill_before": [2.0, 3, 3, 4, 1], "skill_after": [3.0, 3, 4, 5, 3]})
    >>> row = standardised_change(frame, pre="skill_before", post="skill_after", kind="d_z").frame.iloc[0]
    >>> row[["estimate", "conf_low", "conf_high"]].astype(float).round(2).tolist()
    [1.41, 0.09, 2.67]
    """
    require(
        level_problems(level),
        one_of("kind", kind, KINDS),
        one_of("interval", interval, ("normal", "bca")),
        draws_right(interval, draws, seed),
        _yes_or_no("hedges", hedges),
    )
    found = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    require_a_pair(found)
    require(sizes_right(found))
    rows = [_row(outcome, kind, hedges, level) for outcome in found]
    if interval == "bca" and seed is not None:
        _bootstrap(rows, found, kind, draws, seed, level)
    method = Method(
        name=f"standardised mean change {kind}" + (", Hedges-corrected" if hedges else ""),
        estimand=f"the mean change, after minus before, divided by {DIVISORS[kind]}",
        unit=f"standard deviations ({kind})",
        level=level,
        interval=INTERVALS[kind] if interval == "normal" else f"BCa bootstrap, {draws:,} draws",
        **counts(found),
        assumptions=(
            "people are independent of each other",
            "outcomes are near normal" if interval == "normal" else "pairs are many enough to stand for all others",
            "who did not answer in both waves would have changed alike",
        ),
        references=_SOURCES[kind] + (("Hedges LV (1981) J Educ Stat 6:107-128, equation 6e",) if hedges else ()),
        seed=seed if interval == "bca" else None,
    )
    return estimates(rows, method)


def _yes_or_no(argument: str, value: object) -> Problems:
    if isinstance(value, bool):
        return []
    return [Problem("DAT-009", argument, repr(value), "True or False", "See the docstring.")]


def why_not_standardised(outcome: Outcome, moments: PairMoments, kind: Kind) -> str:
    """Say why a standardised change or its interval is not defined.

    Parameters
    ----------
    outcome : Outcome
        The pairs.
    moments : PairMoments
        Their moments.
    kind : {"d_z", "d_av", "d_rm"}
        What divides.

    Returns
    -------
    str
        The reason; empty where it is defined.
    """
    if outcome.n < 2:
        return ONE_PAIR if outcome.n else NOBODY
    if divisor(moments, kind).value > 0:
        return "all changes are equal: no interval" if moments.sd_change == 0 else ""
    if kind == "d_rm":
        return "no spread in a wave, two pairs, or waves that agree but for a constant: r leaves d_rm undefined"
    return f"no spread: {kind} divides by zero"


def _row(outcome: Outcome, kind: Kind, hedges: bool, level: float) -> Row:  # noqa: FBT001
    moments = pair_moments(outcome.before, outcome.after)
    note = why_not_standardised(outcome, moments, kind)
    limits = standardised_interval(moments, kind, hedges=hedges, level=level)
    row: Row = {**outcome.facts(), "estimate": limits.estimate}
    remarks = [note] if note else []
    if not note:
        remarks += [NO_CORRECTION] if math.isnan(limits.estimate) else []
        # Without a correction there is no error of the corrected estimate either.
        remarks += [NO_ERROR] if math.isnan(limits.std_error) and not math.isnan(limits.estimate) else []
        test = t_test(moments.mean_change, moments.std_error, moments.n - 1)
        row |= {"std_error": limits.std_error, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}
        row |= {"conf_low": limits.low, "conf_high": limits.high}
    name = f"{kind}, Hedges" if hedges else kind
    means = [float(wave.mean()) if outcome.n else float("nan") for wave in (outcome.before, outcome.after)]
    row |= {"mean_before": means[0], "mean_after": means[1]}
    return row | {"kind": name, "divisor": divisor(moments, kind).value, "note": "; ".join(remarks)}


def _bootstrap(rows: list[Row], found: Sequence[Outcome], kind: Kind, draws: int, seed: int, level: float) -> None:
    places = [place for place, row in enumerate(rows) if "conf_low" in row]
    parts = [standardised_columns(found[place], kind) for place in places]
    same = [found[place].rows.tobytes() for place in places]
    limits = bca_intervals(parts, same, draws=draws, seed=seed, level=level)
    for place, (interval, defined) in zip(places, limits, strict=True):
        said, new = str(rows[place]["note"]), bootstrap_limits(interval, found[place].n, defined=defined)
        rows[place] |= new | {"note": "; ".join(part for part in (said, str(new["note"])) if part)}
