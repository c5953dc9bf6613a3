"""Share of the same people with a property, before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.change.outcomes import Levels, Outcome, Scales, read_outcomes
from evalkit.change.rows import NOBODY, Row, counts, require_a_pair
from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, require, rows_named, within
from evalkit.numeric.matched import mcnemar_exact, mcnemar_mid_p, tango
from evalkit.result import Estimates, Method, estimates

Thresholds = float | Mapping[str, float] | None


def proportion_change(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    at_least: Thresholds = None,
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Change of the share of the same people with a property, after minus before, with McNemar's test.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order; missing where not answered. Without `at_least` 1 or
        True (has the property) and 0 or False. Each outcome rests on the people who answered it in both waves.
    at_least : float, or mapping of outcome name to float, optional
        The lowest answer that counts as having the property, in the unit of the outcome: 4 for "agree" or better.
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
        One row for each outcome (`term`): the difference of the shares in [-1, 1] with Tango's score interval.
        `p_value` is the mid-p of McNemar's test, `p_exact` the exact one, which is never too small and often too large.
        Extra columns `share_before`, `share_after`, `n_gained`, `n_lost` (people with the property only after, only
        before), `at_least`, those of the outcome (`n_before`, `floor_before`, ...) and `note`: what is not defined and
        why, else empty.

    Raises
    ------
    DataError
        As `read_outcomes`; DAT-002 for values other than 0 and 1 without `at_least`, for a threshold that everybody or
        nobody can reach on a stated scale and for the level, DAT-006 for an unknown outcome, DAT-009 for a threshold
        that is not a number.
    EstimationError
        EST-001 when no outcome has a complete pair.

    Notes
    -----
    Tango's interval was chosen by enumeration: at 10 and 24 pairs and 1,500 pairs of shares from .05 to .95 it covers
    97.8 and 96.0 per cent on average and 93.2 and 93.9 at the least (Newcombe's 91.6 and 93.3; Bonett and Price's 93.4
    and 93.5 and wider). It and the tests stand where all gained or nobody changed.

    Released, a share on 11 people or more is shown, and small numbers of people who gained or lost are withheld.
    Shares, standard error and p-values together can tell those numbers all the same where there are few people:
    withhold the whole row where nobody may learn how many changed.

    References
    ----------
    .. [1] Tango T (1998). Stat Med 17:891-908, equations 16 and 17.
    .. [2] Fagerland MW, Lydersen S, Laake P (2013). BMC Med Res Methodol 13:91 (mid-p).
    .. [3] McNemar Q (1947). Psychometrika 12:153-157.

    Examples
    --------
    >>> frame = pd.DataFrame({"plan_before": [0, 0, 0, 1, 1, 0], "plan_after": [1, 1, 0, 1, 1, 1]})
    >>> row = proportion_change(frame, pre="plan_before", post="plan_after").frame.iloc[0]
    >>> row[["estimate", "p_value", "p_exact"]].astype(float).tolist()
    [0.5, 0.125, 0.25]
    """
    require(level_problems(level))
    found = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    require(_thresholds_right(at_least, [outcome.name for outcome in found]))
    chosen = {o.name: at_least.get(o.name) if isinstance(at_least, Mapping) else at_least for o in found}
    require(*(_usable(outcome, chosen[outcome.name]) for outcome in found))
    require_a_pair(found)
    method = Method(
        name="McNemar test (mid-p)",
        estimand="the share with the property after, minus the share before, among people such as those who answered "
        "in both waves",
        unit="proportion",
        level=level,
        interval="Tango score",
        **counts(found),
        assumptions=(
            "people are independent of each other",
            "who did not answer in both waves would have changed alike",
            "without a comparison group the change need not be due to the programme",
        ),
        references=("Tango T (1998) Stat Med 17:891-908", "Fagerland MW et al. (2013) BMC Med Res Methodol 13:91"),
    )
    return estimates([_row(outcome, chosen[outcome.name], level) for outcome in found], method)


def _thresholds_right(given: Thresholds, names: Sequence[str]) -> Problems:
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return within("at_least", given)
    unknown = [
        Problem("DAT-006", "at_least", repr(name), f"one of {', '.join(names)}", "Use the names of the outcomes.")
        for name in given
        if name not in names
    ]
    return unknown + [problem for name, value in given.items() for problem in within(f"at_least, {name}", value)]


def _usable(outcome: Outcome, threshold: float | None) -> Problems:
    """Find answers that say neither yes nor no, or a threshold that divides nothing."""
    if threshold is not None:
        low, high = outcome.bounds
        if not outcome.bounds_stated or low < threshold <= high:
            return []
        expected = f"above {low:g} and up to {high:g}"
        remedy = "Choose an answer that some can reach and some can miss."
        return [Problem("DAT-002", f"at_least, {outcome.name}", f"{threshold:g}", expected, remedy)]
    problems: Problems = []
    for column, values in ((outcome.pre, outcome.before), (outcome.post, outcome.after)):
        wrong = outcome.rows[~np.isin(values, (0.0, 1.0))] + 1
        if len(wrong):
            found = f"values other than 0 and 1 ({rows_named(wrong)})"
            remedy = "Say with at_least= from which answer on it counts."
            problems.append(Problem("DAT-002", f"frame, column {column}", found, "0 and 1, or missing", remedy))
    return problems


def _row(outcome: Outcome, threshold: float | None, level: float) -> Row:
    line = 1.0 if threshold is None else float(threshold)
    row: Row = {**outcome.facts()}
    if outcome.n == 0:
        return row | {"at_least": line, "note": NOBODY}
    before, after = outcome.before >= line, outcome.after >= line
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    limits = tango(gained, lost, outcome.n, level=level)
    return row | {
        "estimate": limits.estimate,
        "std_error": limits.std_error if gained + lost else math.nan,
        "p_value": mcnemar_mid_p(gained, lost),
        "conf_low": limits.low,
        "conf_high": limits.high,
        "p_exact": mcnemar_exact(gained, lost),
        "share_before": float(before.mean()),
        "share_after": float(after.mean()),
        "n_gained": gained,
        "n_lost": lost,
        "at_least": line,
        "note": "" if gained + lost else "nobody changed: no standard error",
    }
