"""Change in pairs of people: mentor and mentee, or partners on an equal footing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.groups import estimable
from evalkit.change.outcomes import Levels, Outcome, Scales, names_known, read_outcomes
from evalkit.errors import DataError, Problem
from evalkit.frames import Problems, level_problems, require
from evalkit.numeric.dyadic import agreement_limits, agreement_reach, exchangeable_test, intraclass, pooled_effects
from evalkit.numeric.means import t_interval, t_test
from evalkit.numeric.pairs import changes
from evalkit.numeric.regression import beyond_rounding, classical_covariance, collinear, least_squares
from evalkit.numeric.values import Interval, Test
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Row = dict[str, object]
Pairs = Sequence[str] | Mapping[str, Sequence[str]]

_NO_SPREAD = "no spread: no interval"
_POINTS, _SLOPE, _CORRELATION = "points of the outcome", "points after per point before", "correlation"


def dyad_change(
    frame: pd.DataFrame,
    *,
    pre: Pairs,
    post: Pairs,
    members: Sequence[str] = ("first", "second"),
    distinguishable: bool = True,
    dyad: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Change in pairs of people: of each member, what each owes to the other, and how alike they are.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (pairs, columns), one row a pair.
    pre, post : sequence of two str, or mapping of outcome name to two str
        Columns of the first and the second member before and after. Numbers; missing where not answered. A pair counts
        when all four are there.
    members : sequence of two str, default ("first", "second")
        What the members are called. Contrasts are second minus first.
    distinguishable : bool, default True
        Whether the members have different roles (mentee and mentor). Otherwise they are partners on an equal footing,
        and which of them stands first means nothing: results do not depend on it.
    dyad : str, optional
        Column that names the pair, to make sure that none is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each outcome, by `quantity`: "mean change" of each member and of the pair (mean of both), "difference in
        mean change"; "actor effect" (own answer after on own answer before, at the same answer of the partner) and
        "partner effect" (on the partner's answer before), of each role with their differences, or of both together;
        "intraclass correlation" before, after and of the change (`group`); "limit of agreement" after (differences
        between members that 95 % keep within); and for roles the "difference after" and the "test of
        distinguishability" (F with `df` and `df_residual`: may the members change places?). Column `n` counts pairs.
        Extra columns: `quantity`, `unit`, `df_residual`, `kirkpatrick` and `note`, which says why a number is missing.

    Raises
    ------
    DataError
        As `read_outcomes`; DAT-007 unless two columns are named before and after for each outcome and two different
        members, DAT-002 for the level.
    EstimationError
        EST-001 when no outcome has two complete pairs.

    Notes
    -----
    Six pairs are enough for every row; fewer than five leave out the test, fewer than four the effects of each role.
    Intraclass correlations and limits of agreement rest on normal answers however many pairs there are: where most
    answers sit at the end of a scale, look at the answers themselves. In few pairs both are a little too near to zero
    in the mean (with 24 pairs a correlation of 0.57 by 0.013, a limit by 1 %); their intervals are not.

    References
    ----------
    .. [1] Kenny DA, Kashy DA, Cook WL (2006). Dyadic data analysis, chapters 6 and 7 (actor and partner effects).
    .. [2] Shrout PE, Fleiss JL (1979). Psychol Bull 86:420-428, ICC(3,1) for roles, ICC(1,1) without.
    .. [3] Carkeet A (2015). Optom Vis Sci 92:e71-e80 (limits of agreement).
    .. [4] Gonzalez R, Griffin D (1999). Pers Relatsh 6:449-469 (distinguishability).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"trust_mentee_before": [2, 3, 3, 4, 2, 3], "trust_mentor_before": [3, 3, 4, 4, 2, 5],
    ...                       "trust_mentee_after": [3, 4, 3, 5, 3, 4], "trust_mentor_after": [3, 4, 4, 5, 3, 4]})
    >>> rows = dyad_change(frame, pre=["trust_mentee_before", "trust_mentor_before"],
    ...                    post=["trust_mentee_after", "trust_mentor_after"], members=["mentee", "mentor"]).tidy()
    >>> rows[["quantity", "group", "estimate"]].round(2).values.tolist()[:2]
    [['mean change', 'mentee', 0.83], ['mean change', 'mentor', 0.33]]
    """
    require(level_problems(level))
    found = _read(frame, pre, post, members, dyad, scale, kirkpatrick)
    names = (str(members[0]), str(members[1]))
    refused: dict[str, Problem] = {}
    rows: list[Row] = []
    used = np.zeros(len(frame), dtype=bool)
    for name, (first, second) in found.items():
        shared = np.intersect1d(first.rows, second.rows)
        used[shared] = True
        about: Row = {"term": name, "n": len(shared), "note": ""}
        if first.kirkpatrick is not None:
            about["kirkpatrick"] = first.kirkpatrick
        if len(shared) < 2:
            found_few = f"{len(shared)} complete pairs"
            refused[name] = Problem("EST-001", f"outcome {name}", found_few, "two or more", "Link more pairs.")
            rows.append(about | {"quantity": "mean change", "group": "pair", "note": f"not estimated: {found_few}"})
            continue
        before, after = (
            np.column_stack([_of(one, shared, wave) for one in (first, second)]) for wave in ("before", "after")
        )
        made = _roles(before, after, names, level) if distinguishable else _partners(before, after, level)
        rows += [about | row for row in made]
    estimable([first for first, _ in found.values()], refused)
    return estimates(rows, _method(used, names, level, distinguishable=distinguishable))


def _read(
    frame: pd.DataFrame,
    pre: Pairs,
    post: Pairs,
    members: Sequence[str],
    dyad: str | None,
    scale: Scales,
    kirkpatrick: Levels,
) -> dict[str, tuple[Outcome, Outcome]]:
    """Read both members of every outcome; the problems of all at once."""
    before, after = _named(pre), _named(post)
    if not isinstance(pre, Mapping) and not isinstance(post, Mapping):
        name = _common([*before[""], *after[""]])
        before, after = {name: before[""]}, {name: after[""]}
    require(_two_each(before, after), _two_members(members))
    require(names_known("scale", scale, list(before)), names_known("kirkpatrick", kirkpatrick, list(before)))
    problems: list[Problem] = []
    found = {}
    for name, columns in before.items():
        try:
            one, other = read_outcomes(
                frame,
                pre=columns,
                post=after[name],
                person=dyad,
                scale=scale.get(name) if isinstance(scale, Mapping) else scale,
                kirkpatrick=kirkpatrick.get(name) if isinstance(kirkpatrick, Mapping) else kirkpatrick,
            )
        except DataError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        found[name] = (one, other)
    require(problems)
    return found


def _named(given: Pairs) -> dict[str, list[str]]:
    if isinstance(given, Mapping):
        return {str(name): _listed(columns) for name, columns in given.items()}
    return {"": _listed(given)}


def _listed(columns: Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]


def _common(columns: Sequence[str]) -> str:
    """Name an outcome by what its columns begin with."""
    start = ""
    for letters in zip(*columns, strict=False):
        if len(set(letters)) > 1:
            break
        start += letters[0]
    return start[: start.rfind("_")] if "_" in start else start or "outcome"


def _two_each(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Problems:
    expected = "the columns of both members before and after, for the same outcomes"
    if set(before) != set(after) or not before:
        found = f"outcomes {', '.join(before) or 'none'} before and {', '.join(after) or 'none'} after"
        return [Problem("DAT-007", "pre and post", found, expected, "Name the same outcomes.")]
    return [
        Problem("DAT-007", "pre and post", f"{len(columns)} columns in {name or argument}", expected, "Name two.")
        for argument, given in (("pre", before), ("post", after))
        for name, columns in given.items()
        if len(columns) != 2 or columns[0] == columns[1]
    ]


def _two_members(members: Sequence[str]) -> Problems:
    if not isinstance(members, str) and len(members) == 2 and str(members[0]) != str(members[1]):
        return []
    return [Problem("DAT-007", "members", repr(members), "two different names", 'Such as ("mentee", "mentor").')]


def _of(outcome: Outcome, rows: npt.NDArray[np.int64], wave: str) -> Floats:
    values = outcome.before if wave == "before" else outcome.after
    return values[np.searchsorted(outcome.rows, rows)]


def _roles(before: Floats, after: Floats, names: tuple[str, str], level: float) -> list[Row]:
    """Give all rows of members with different roles."""
    change, gaps = changes(before, after), changes(after[:, 0], after[:, 1])
    contrast = f"{names[1]} - {names[0]}"
    lower, upper = agreement_limits(gaps, level=level)
    return [
        *(_mean(change[:, place], names[place], "mean change", level) for place in (0, 1)),
        _mean(change.mean(axis=1), "pair", "mean change", level),
        _mean(changes(change[:, 0], change[:, 1]), contrast, "difference in mean change", level),
        *_role_effects(before, after, names, level),
        *_likeness(before, after, level, roles=True),
        _mean(gaps, contrast, "difference after", level),
        _limits(lower, contrast, "lower limit of agreement"),
        _limits(upper, contrast, "upper limit of agreement"),
        _exchange(before, after),
    ]


def _partners(before: Floats, after: Floats, level: float) -> list[Row]:
    """Give all rows of members on an equal footing."""
    gaps = changes(after[:, 0], after[:, 1])
    reach = agreement_reach(gaps, level=level) if np.any(gaps) else Interval(0.0, math.nan, math.nan)
    return [
        _mean(changes(before, after).mean(axis=1), "pair", "mean change", level),
        *_pooled_effects(before, after, level),
        *_likeness(before, after, level, roles=False),
        _limits(reach, "either way", "limit of agreement"),
    ]


def _estimate(estimate: float, error: float, df: float, level: float, size: float = 0.0) -> Row:
    estimate, error = beyond_rounding(estimate, size), beyond_rounding(error, size)
    if not (error > 0 and df > 0):
        return {"estimate": estimate, "note": _NO_SPREAD}
    limits, test = t_interval(estimate, error, df, level=level), t_test(estimate, error, df)
    return {
        "estimate": estimate,
        "std_error": error,
        "statistic": test.statistic,
        "df": df,
        "p_value": test.p_value,
        "conf_low": limits.low,
        "conf_high": limits.high,
    }


def _mean(values: Floats, group: str, quantity: str, level: float) -> Row:
    size = float(np.abs(values).max())
    spread = beyond_rounding(float(values.std(ddof=1)), size)
    mean = beyond_rounding(float(values.mean()), size) if spread else float(values[0])
    found = _estimate(mean, spread / math.sqrt(len(values)), len(values) - 1.0, level)
    return found | {"group": group, "quantity": quantity, "unit": _POINTS}


def _role_effects(before: Floats, after: Floats, names: tuple[str, str], level: float) -> list[Row]:
    """Regress each member's answer after on both answers before; both have the same terms, so least squares do."""
    labels = [
        (effect, group)
        for effect in ("actor effect", "partner effect")
        for group in (*names, f"{names[1]} - {names[0]}")
    ]
    design = np.column_stack([np.ones(len(before)), before])
    nothing: Row | None = _nothing(design, 4)
    if nothing is not None:
        return [nothing | _effect(*label) for label in labels]
    design[:, 1:] -= design[:, 1:].mean(axis=0)  # answers far from zero then cost no digits
    fits = [least_squares(design, after[:, place]) for place in (0, 1)]
    bread = fits[0].root_inverse @ fits[0].root_inverse.T
    df = float(fits[0].df)
    variances = [classical_covariance(fit).matrix for fit in fits]
    together = bread * float(fits[0].residuals @ fits[1].residuals) / df
    rows: list[Row] = []
    size = float(np.abs(after).max() / before.std(axis=0).min())
    for own, other in ((1, 2), (2, 1)):  # column of the first and of the second member's predictor
        slopes = [float(fits[0].coefficients[own]), float(fits[1].coefficients[other])]
        spreads = [float(variances[0][own, own]), float(variances[1][other, other])]
        gap = beyond_rounding(spreads[0] + spreads[1] - 2 * float(together[own, other]), sum(spreads))
        rows += [_estimate(slopes[place], math.sqrt(spreads[place]), df, level, size) for place in (0, 1)]
        rows.append(_estimate(slopes[1] - slopes[0], math.sqrt(max(gap, 0.0)), df, level, size))
    return [row | _effect(*label) for row, label in zip(rows, labels, strict=True)]


def _pooled_effects(before: Floats, after: Floats, level: float) -> list[Row]:
    labels = ("actor effect", "partner effect")
    design = np.column_stack([np.ones(len(before)), before.sum(axis=1)])
    nothing = _nothing(design, 3)
    if nothing is None and not np.any(before[:, 0] - before[:, 1]):
        nothing = {"note": "not estimated: the members never differ before"}
    if nothing is not None:
        return [nothing | _effect(label, "both") for label in labels]
    effects, errors, dfs = pooled_effects(before, after)
    size = float(np.abs(after).max() / before.std())
    return [
        _estimate(float(effects[place]), float(errors[place]), float(dfs[place]), level, size) | _effect(label, "both")
        for place, label in enumerate(labels)
    ]


def _effect(quantity: str, group: str) -> Row:
    return {"quantity": quantity, "group": group, "unit": _SLOPE}


def _nothing(design: Floats, least: int) -> Row | None:
    """Say why effects cannot be estimated, if so."""
    if len(design) < least:
        return {"note": "not estimated: too few pairs"}
    if collinear(design):
        return {"note": "not estimated: the answers before do not vary, or those of one member tell the other's"}
    return None


def _likeness(before: Floats, after: Floats, level: float, *, roles: bool) -> list[Row]:
    """Give the intraclass correlation before, after and of the change."""
    rows: list[Row] = []
    for group, values in (("before", before), ("after", after), ("change", changes(before, after))):
        limits, test = intraclass(values[:, 0], values[:, 1], roles=roles, level=level)
        row = _limits(limits, group, "intraclass correlation") | {"unit": _CORRELATION}
        if math.isfinite(test.statistic):
            row |= {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
        rows.append(row)
    return rows


def _limits(limits: Interval, group: str, quantity: str) -> Row:
    row: Row = {"estimate": limits.estimate, "group": group, "quantity": quantity, "unit": _POINTS}
    if math.isnan(limits.low):
        return row | {"note": _NO_SPREAD}
    return row | {"conf_low": limits.low, "conf_high": limits.high}


def _exchange(before: Floats, after: Floats) -> Row:
    row: Row = {"quantity": "test of distinguishability", "group": "both", "unit": ""}
    test: Test | None = exchangeable_test(before, after)
    if test is None:
        return row | {"note": "not tested: fewer than five pairs, or answers that do not vary"}
    return row | {
        "statistic": test.statistic,
        "df": test.df,
        "df_residual": 2.0 * (len(before) - 4),
        "p_value": test.p_value,
    }


def _method(used: npt.NDArray[np.bool_], names: tuple[str, str], level: float, *, distinguishable: bool) -> Method:
    given, kept = len(used), int(used.sum())
    who = f"{names[0]} and {names[1]}" if distinguishable else "two partners on an equal footing"
    return Method(
        name="actor-partner model and likeness of pairs",
        estimand=f"in pairs of {who}: the mean change, what an answer after owes to one's own and to the partner's "
        "answer before, and how alike the two are",
        unit="by row",
        level=level,
        interval="t; F for intraclass correlations; noncentral t or chi-squared for limits of agreement",
        n_given=given,
        n_used=kept,
        n_dropped={"not all four answers": given - kept} if given > kept else {},
        assumptions=(
            "pairs are independent of each other; n counts pairs",
            "answers after lie about straight lines in both answers before, equally widely everywhere",
            "a partner effect need not be an influence: whatever made the two alike before makes one",
            "intraclass correlations, limits of agreement and the test of distinguishability take answers to vary "
            "normally",
        ),
        references=(
            "Kenny DA, Kashy DA, Cook WL (2006) Dyadic data analysis, chapters 6 and 7",
            "Shrout PE, Fleiss JL (1979) Psychol Bull 86:420-428",
            "Carkeet A (2015) Optom Vis Sci 92:e71-e80",
            "Gonzalez R, Griffin D (1999) Pers Relatsh 6:449-469",
        ),
    )
