"""Typical change of the same people by ranks: Hodges-Lehmann, Wilcoxon, matched rank-biserial."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.outcomes import Levels, Outcome, Scales, read_outcomes
from evalkit.change.rows import NO_SPREAD, NOBODY, ONE_PAIR, POINTS, Row, counts, require_a_pair, sizes_right
from evalkit.frames import level_problems, one_of, require
from evalkit.numeric.pairs import changes
from evalkit.numeric.ranks import (
    EXACT_UP_TO,
    ZEROS,
    Zeros,
    hodges_lehmann,
    rank_biserial,
    signed_rank_test,
    signed_ranks,
)
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]

_WHOSE = {"wilcox": "people whose answer changed", "pratt": "people, unchanged ones included"}
_ZERO_RULE = {"wilcox": "unchanged pairs are left out (Wilcoxon)", "pratt": "unchanged pairs are ranked (Pratt)"}


def rank_change(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    zeros: Zeros = "wilcox",
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Pseudo-median of the changes of the same people, in the unit of the outcome, with Wilcoxon's signed-rank test.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order: numbers in the unit of the outcome, missing where
        not answered. Each outcome rests on the people who answered it in both waves.
    zeros : {"wilcox", "pratt"}, default "wilcox"
        What becomes of people who did not change. "wilcox" leaves them out of everything, as R's `wilcox.test`: the
        estimate is then of those who changed. "pratt" ranks them, keeps their ranks out of the sums and the people in
        the estimate, as `coin` does: take it where many do not change, as on answers in few steps.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation of the outcomes, 1 to 4.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        One row for each outcome (`term`): the Hodges-Lehmann estimate (median of the means of all pairs of changes),
        the sum of the positive ranks as `statistic`, and p: exact for up to 200 changed pairs, ties included; beyond by
        the normal law without continuity correction. Extra columns `rank_biserial`, `rank_biserial_low`,
        `rank_biserial_high` (-1 to 1, score interval), `n_zero` (pairs without a change), `estimate_with_zeros`
        (Hodges-Lehmann of all pairs), `zeros`, `p_method`, `n_least` (people whose answer changed: on them alone the
        ranks rest, and disclosure control decides by them), those of the outcome (`n_before`, `floor_before`, ...) and
        `note`: what is not defined and why, else empty. Where all changes are equal there is an estimate, but no
        interval and no p; where only those of the people who changed are, no interval.

    Raises
    ------
    DataError
        As `read_outcomes`; DAT-006 for an unknown rule for zeros, DAT-002 or DAT-009 for the level, DAT-002 for
        values beyond 1e60.
    EstimationError
        EST-001 when no outcome has a complete pair.

    Notes
    -----
    The interval holds for changes that are spread alike above and below their centre: exactly for continuous ones, at
    least as often as it says under ties. Where a few people change much in one direction the pseudo-median is a centre
    in its own right and the interval can cover it less often, the more so with many pairs: see the recovery studies in
    the tests, and use `mean_change` beside it. Five pairs or fewer have no 95 per cent interval.

    References
    ----------
    .. [1] Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical Methods, 3rd ed., sections 3.1 to 3.3.
    .. [2] Pratt JW (1959). J Am Stat Assoc 54:655-667.
    .. [3] Kerby DS (2014). Compr Psychol 3:11.IT.3.1 (matched rank-biserial).

    Examples
    --------
    >>> frame = pd.DataFrame({"skill_before": [2, 3, 3, 4, 1, 2, 1], "skill_after": [3, 3, 4, 5, 3, 4, 2]})
    >>> row = rank_change(frame, pre="skill_before", post="skill_after", scale=(1, 5)).frame.iloc[0]
    >>> float(row["estimate"]), float(row["p_value"]), float(row["estimate_with_zeros"])
    (1.5, 0.03125, 1.0)
    """
    require(level_problems(level), one_of("zeros", zeros, ZEROS))
    found = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    require_a_pair(found)
    require(sizes_right(found))
    method = Method(
        name=f"Wilcoxon signed-rank test and Hodges-Lehmann estimate; {_ZERO_RULE[zeros]}",
        estimand=f"the pseudo-median of the changes, after minus before, of {_WHOSE[zeros]}: the middle of the mean "
        "changes of any two of them",
        unit=POINTS,
        level=level,
        interval=f"Walsh averages by the signed-rank law (exact up to {EXACT_UP_TO} pairs)",
        **counts(found),
        assumptions=(
            "people are independent of each other",
            "changes are spread alike above and below their centre",
            f"{_ZERO_RULE[zeros]}; ties share the mean of their ranks",
            "with ties the interval covers at least as often as it says",
            "who did not answer in both waves would have changed alike",
        ),
        references=(
            "Hollander M, Wolfe DA, Chicken E (2014), sections 3.1 to 3.3",
            "Pratt JW (1959) J Am Stat Assoc 54:655-667",
            "Kerby DS (2014) Compr Psychol 3:11.IT.3.1",
        ),
    )
    return estimates([_row(outcome, zeros, level) for outcome in found], method)


def _row(outcome: Outcome, zeros: Zeros, level: float) -> Row:
    change = changes(outcome.before, outcome.after)
    moved = change[change != 0]
    used = moved if zeros == "wilcox" else change
    centre = hodges_lehmann(used, level=level)
    of_all = centre.estimate if len(used) == outcome.n else hodges_lehmann(change, level=level).estimate
    biserial = rank_biserial(change, zeros, level=level)
    row: Row = {
        **outcome.facts(),
        "estimate": centre.estimate,
        "rank_biserial": biserial.estimate,
        "rank_biserial_low": math.nan,
        "rank_biserial_high": math.nan,
        "n_zero": outcome.n - len(moved),
        "n_least": float(len(moved)),
        "estimate_with_zeros": of_all,
        "zeros": zeros,
        "p_method": None,
        "note": _note(outcome, change, used, missing=math.isnan(centre.low)),
    }
    if _alike(change):
        return row
    test = signed_rank_test(signed_ranks(change, zeros))
    row |= {
        "statistic": test.statistic,
        "p_value": test.p_value,
        "rank_biserial_low": biserial.low,
        "rank_biserial_high": biserial.high,
        "p_method": "exact" if len(moved) <= EXACT_UP_TO else "normal",
    }
    return row if _alike(used) else row | {"conf_low": centre.low, "conf_high": centre.high}


def _alike(change: Floats) -> bool:
    return len(change) == 0 or bool((change == change[0]).all())


def _note(outcome: Outcome, change: Floats, used: Floats, *, missing: bool) -> str:
    if outcome.n == 0:
        return NOBODY
    if not change.any():
        left = "no spread, no test, no interval" if len(used) else "nothing is left to estimate"
        return f"all changes are zero: {left}"
    if _alike(change):
        return NO_SPREAD if outcome.n > 1 else ONE_PAIR
    notes = ["too few pairs for an interval at this level"] if missing else []
    if _alike(used) and not missing:
        notes.append("all who changed changed alike: no interval")
    if len(used) < outcome.n:
        notes.append("unchanged pairs left out; estimate_with_zeros keeps them")
    return "; ".join(notes)
