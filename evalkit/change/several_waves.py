"""Change over several waves: each against a baseline, how much of the gain is kept, and the course in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.groups import estimable, note_of
from evalkit.change.outcomes import Levels, Outcome, Scales, names_known, numbers, read_outcomes
from evalkit.errors import DataError, Problem
from evalkit.frames import Problems, level_problems, one_of, require
from evalkit.numeric.means import t_interval, t_test
from evalkit.numeric.mixed import (
    Mixed,
    complete_waves,
    fieller,
    random_intercept,
    random_slope,
    restricted_likelihood,
    unstructured,
)
from evalkit.numeric.regression import beyond_rounding
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Row = dict[str, object]
Waves = Sequence[str] | Mapping[str, Sequence[str]]

COVARIANCES = ("unstructured", "random_intercept")
_MEAN, _CHANGE, _KEPT, _ANOVA = "mean", "change from baseline", "share of the gain kept", "any change over the waves"
_POINTS = "points of the outcome"
_LOST = (
    "who missed a wave differs from the others only as far as the answers they gave tell (missing at random); nothing "
    "in the answers can show that"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """One outcome over all waves."""

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    pairs: tuple[Outcome, ...]
    answers: Floats
    answered: npt.NDArray[np.bool_]

    @property
    def seen(self) -> Floats:
        return np.asarray(self.answers[self.answered])


def wave_change(
    frame: pd.DataFrame,
    *,
    waves: Waves,
    baseline: str | None = None,
    labels: Sequence[str] | None = None,
    end: str | None = None,
    follow_up: str | None = None,
    covariance: str = "unstructured",
    anova: bool = True,
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Mean change of each wave from the baseline, and the share of the gain that is kept (mixed model).

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    waves : sequence of str, or mapping of outcome name to sequence of str
        Columns of an outcome in the order of time, at least two. Numbers; missing where not answered. Who answered in
        any wave is used.
    baseline : str, optional
        Label of the wave that the others are compared with; else the first.
    labels : sequence of str, optional
        Names of the waves; else what the columns do not have in common.
    end, follow_up : str, optional
        Labels of the waves between which a gain is kept or lost: the end of the programme, else the last wave but one,
        and the follow-up, else the last. Where these and the baseline are not three waves, there is no share.
    covariance : {"unstructured", "random_intercept"}, default "unstructured"
        How a person's answers hang together. Unstructured takes nothing for granted. A random intercept takes all
        waves to be equally spread and equally correlated: fewer numbers to estimate, and wrong errors where that
        is not so.
    anova : bool, default True
        Whether to add the repeated-measures analysis of variance with the correction of Greenhouse and Geisser (people
        with all waves; through pingouin).
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each outcome a row for each wave (`quantity` "mean"), for each wave against the baseline ("change from
        baseline", named "wave - baseline"; empty with a note when nobody answered both), for the "share of the gain
        kept" (follow-up minus baseline over end minus baseline; Fieller's interval; empty with a note when the interval
        of the gain holds zero, or nobody answered all three waves), and for "any change over the waves" (F with
        Greenhouse-Geisser degrees of freedom `df` and `df_residual`, `epsilon`). Column `n`: people who answered in the
        wave, or in both or all three waves. Extra columns: `quantity`, `unit`, what `mean_change` tells of pairs, floor
        and ceiling, `note`.

    Raises
    ------
    DataError
        As `read_outcomes`, for each wave against the first; DAT-006 for an unknown label or covariance, DAT-007 for one
        wave, outcomes with different numbers of waves, or labels that do not fit, DAT-002 for the level.
    EstimationError
        EST-001 when no outcome can be estimated: one person, a wave in which nobody answered, or too few people for the
        covariance of incomplete waves. The message names the waves.

    Notes
    -----
    With complete waves the unstructured model gives the paired t test of each pair of waves exactly. With missing ones
    the errors are Kenward and Roger's. In simulations it covers at 24 people whatever the covariance, with answers lost
    at random; the random intercept does not when answers nearer in time are more alike: see
    `tests/recovery/results/change_waves.csv`.

    References
    ----------
    .. [1] Kenward MG, Roger JH (1997). Biometrics 53:983-997, equation 1 and section 3.
    .. [2] Fieller EC (1954). J R Stat Soc B 16:175-185.
    .. [3] Greenhouse SW, Geisser S (1959). Psychometrika 24:95-112.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"stress_1": [5, 4, 5, 3], "stress_2": [4, 3, 3, 1], "stress_3": [4, 3, 4, 2]})
    >>> rows = wave_change(frame, waves=["stress_1", "stress_2", "stress_3"], anova=False).tidy()
    >>> rows[["group", "estimate"]].round(2).values.tolist()[3:]
    [['2 - 1', -1.5], ['3 - 1', -1.0], ['3 - 1 over 2 - 1', 0.67]]
    """
    require(level_problems(level), one_of("covariance", covariance, COVARIANCES))
    series = _read(frame, waves, labels, person, scale, kirkpatrick)
    names = series[0].labels
    base, last, later = _places(names, baseline, end, follow_up)
    refused: dict[str, Problem] = {}
    rows: list[Row] = []
    for one in series:
        fit = _fit(one, covariance)
        if isinstance(fit, Problem):
            refused[one.name] = fit
        note = note_of(fit) if isinstance(fit, Problem) else ""
        model = None if isinstance(fit, Problem) else fit
        rows += _wave_rows(frame, one, model, base, level, note)
        if len({base, last, later}) > 2:
            rows.append(_kept_row(one, model, (base, last, later), level, note))
        if anova:
            rows.append(_anova_row(one))
    _estimable(series, refused)
    method = _method(
        series,
        level,
        name=f"mixed model for repeated measures, {covariance.replace('_', ' ')} covariance",
        estimand=f"the mean of each wave minus the mean of {names[base]}, had everybody who answered any wave "
        "answered all",
        unit="by row",
        interval="t with Kenward-Roger error and degrees of freedom; Fieller for the share of the gain kept",
        more=(_COMPOUND,) if covariance == "random_intercept" else (),
    )
    return estimates(rows, method)


_COMPOUND = (
    "all waves are equally spread and any two equally correlated (compound symmetry): where answers nearer in time are "
    "more alike, the errors of far waves are too small"
)


def wave_slope(
    frame: pd.DataFrame,
    *,
    waves: Waves,
    times: Sequence[float],
    labels: Sequence[str] | None = None,
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Mean change per unit of time, over waves that lie on each person's own straight line (random slopes).

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    waves : sequence of str, or mapping of outcome name to sequence of str
        Columns of an outcome in the order of time, at least three. Numbers; missing where not answered.
    times : sequence of float
        Shape (waves,): when each wave was, rising, in the unit in which the slope shall be.
    labels : sequence of str, optional
        Names of the waves; else what the columns do not have in common.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each outcome a row for the `quantity` "mean at time zero", "mean change per unit of time", and the standard
        deviations "of the people at time zero", "of the slopes of the people" and "about each person's line", which
        have no interval. Extra columns: `quantity`, `unit`, `kirkpatrick`, `note`, which names waves in which nobody
        answered.

    Raises
    ------
    DataError
        As `wave_change`; DAT-007 for times that do not rise or are not as many as the waves, DAT-009 for a time that is
        not a number.
    EstimationError
        EST-001 when no outcome can be estimated: too few people, or no spread.

    References
    ----------
    .. [1] Laird NM, Ware JH (1982). Biometrics 38:963-974.
    .. [2] Kenward MG, Roger JH (1997). Biometrics 53:983-997.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x_0": [5, 4, 5, 3, 2], "x_1": [4, 3, 3, 3, 2], "x_3": [4, 1, 1, 2, 1]})
    >>> rows = wave_slope(frame, waves=["x_0", "x_1", "x_3"], times=[0, 1, 3]).tidy()
    >>> rows["estimate"].round(2).tolist()[:2]
    [3.74, -0.66]
    """
    require(level_problems(level))
    series = _read(frame, waves, labels, person, scale, kirkpatrick)
    require(_times_right(times, len(series[0].labels)))
    when = np.asarray(times, dtype=float)
    refused: dict[str, Problem] = {}
    rows: list[Row] = []
    for one in series:
        design = np.column_stack([np.ones_like(when), when])
        enough = len(one.seen) > 2 and int(np.isfinite(one.seen).any(axis=0).sum()) > 2
        fit = restricted_likelihood(one.seen, design, random_slope(when)) if enough else None
        problem = _no_lines(one) if fit is None else None
        if problem is not None:
            refused[one.name] = problem
        empty = _without_answers(one)
        left = f"nobody answered in {empty}: the lines rest on the other waves" if empty else ""
        rows += _slope_rows(one, fit, level, left if problem is None else note_of(problem))
    _estimable(series, refused)
    method = _method(
        series,
        level,
        name="mixed model with random intercepts and slopes",
        estimand="the mean over people of the slope of the outcome in time",
        unit="by row",
        interval="t with Kenward-Roger error and degrees of freedom",
        more=(
            "each person's answers lie about a straight line in time, equally widely at all times; lines differ "
            "normally between people",
        ),
    )
    return estimates(rows, method)


def _read(
    frame: pd.DataFrame,
    waves: Waves,
    labels: Sequence[str] | None,
    person: str | None,
    scale: Scales,
    kirkpatrick: Levels,
) -> list[_Series]:
    """Read every outcome with all its waves; the problems of all at once."""
    named = _named(waves)
    require(
        _waves_fit(named, labels), names_known("scale", scale, named), names_known("kirkpatrick", kirkpatrick, named)
    )
    problems: list[Problem] = []
    found = []
    for name, columns in named.items():
        try:
            pairs = read_outcomes(
                frame,
                pre=[columns[0]] * (len(columns) - 1),
                post=columns[1:],
                person=person,
                scale=scale.get(name) if isinstance(scale, Mapping) else scale,
                kirkpatrick=kirkpatrick.get(name) if isinstance(kirkpatrick, Mapping) else kirkpatrick,
            )
        except DataError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        values = np.column_stack([numbers(frame, column) for column in columns])
        answered = np.asarray(np.isfinite(values).any(axis=1))
        found.append(_Series(name, tuple(columns), _labels(columns, labels), tuple(pairs), values, answered))
    require(problems)
    return found


def _named(waves: Waves) -> dict[str, list[str]]:
    if isinstance(waves, Mapping):
        return {str(name): [str(column) for column in columns] for name, columns in waves.items()}
    columns = [waves] if isinstance(waves, str) else [str(column) for column in waves]
    return {_common(columns).strip("_ ") or "outcome": columns}


def _common(columns: Sequence[str]) -> str:
    """Find what all columns begin with, up to an underscore."""
    start = ""
    for letters in zip(*columns, strict=False):
        if len(set(letters)) > 1:
            break
        start += letters[0]
    return start[: start.rfind("_") + 1]


def _labels(columns: Sequence[str], labels: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(map(str, labels)) if labels else tuple(column.removeprefix(_common(columns)) for column in columns)


def _waves_fit(named: Mapping[str, Sequence[str]], labels: Sequence[str] | None) -> Problems:
    counts = {len(columns) for columns in named.values()}
    problems: Problems = []
    if len(counts) != 1 or min(counts) < 2:
        found = f"{', '.join(map(str, sorted(counts))) or 'no'} waves"
        expected = "two waves or more, as many for each outcome"
        problems.append(Problem("DAT-007", "waves", found, expected, "Name the columns of each wave in order."))
    twice = [name for name, columns in named.items() if len(set(columns)) < len(columns)]
    problems += [Problem("DAT-010", "waves", f"a column twice in {name}", "each once", "Correct it.") for name in twice]
    if labels is not None and not problems and (isinstance(labels, str) or counts != {len(set(map(str, labels)))}):
        expected = f"{counts.pop()} labels, all different"
        problems.append(Problem("DAT-007", "labels", repr(labels), expected, "Give each wave one label."))
    return problems


def _places(names: Sequence[str], baseline: str | None, end: str | None, follow_up: str | None) -> tuple[int, int, int]:
    """Find baseline, end and follow-up among the waves."""
    given = {"baseline": baseline, "end": end, "follow_up": follow_up}
    require(*(one_of(argument, str(value), names) for argument, value in given.items() if value is not None))
    usual = {"baseline": names[0], "end": names[-2], "follow_up": names[-1]}
    wanted = [usual[argument] if value is None else str(value) for argument, value in given.items()]
    asked = end is not None or follow_up is not None
    if asked and len(set(wanted)) < 3:
        found = f"baseline {wanted[0]}, end {wanted[1]}, follow_up {wanted[2]}"
        raise DataError(Problem("DAT-007", "waves", found, "three different waves", "Name end and follow_up."))
    return names.index(wanted[0]), names.index(wanted[1]), names.index(wanted[2])


def _times_right(times: Sequence[float], waves: int) -> Problems:
    wrong = [time for time in times if isinstance(time, bool) or not isinstance(time, int | float | np.number)]
    if wrong:
        return [Problem("DAT-009", "times", repr(wrong[0]), "numbers", "Give the time of each wave as a number.")]
    if len(times) != waves or waves < 3 or not bool((np.diff(np.asarray(times, dtype=float)) > 0).all()):
        found = f"{len(times)} times for {waves} waves"
        return [Problem("DAT-007", "times", found, "a rising time for each of three waves or more", "Correct them.")]
    return []


def _fit(one: _Series, covariance: str) -> Mixed | Problem:
    values = one.seen
    waves = len(one.labels)
    if len(values) < 2:
        return _too_few(one)
    if covariance == "unstructured" and bool(np.isfinite(values).all()):
        return complete_waves(values)
    bases = unstructured(waves) if covariance == "unstructured" else random_intercept(waves)
    if not np.isfinite(values).any(axis=0).all():
        return _too_few(one)
    fit = restricted_likelihood(values, np.eye(waves), bases)
    return _too_few(one, remedy=covariance == "unstructured") if fit is None else fit


def _too_few(one: _Series, *, remedy: bool = False) -> Problem:
    """Name what is missing: people, whole waves, or people who answered two waves."""
    seen = np.isfinite(one.seen)
    labels = ", ".join(one.labels)
    empty = _without_answers(one)
    expected = "people whose answers differ in each wave, some of them with each two waves"
    if len(seen) and empty:
        return Problem("EST-001", f"outcome {one.name}", f"nobody answered in {empty}", expected, "Leave the wave out.")
    found = f"{len(seen)} people with an answer, too few or too alike for the covariance of {len(one.labels)} waves "
    found += f"({labels}{_fewest(one.labels, seen) if remedy else ''})"
    mend = "Compare two waves at a time with mean_change, or leave a wave out."
    if remedy:
        mend = f'Try covariance="random_intercept", with fewer numbers to estimate. {mend}'
    return Problem("EST-001", f"outcome {one.name}", found, expected, mend)


def _without_answers(one: _Series) -> str:
    """Name the waves in which nobody answered."""
    empty = [label for place, label in enumerate(one.labels) if not bool(np.isfinite(one.answers[:, place]).any())]
    return ", ".join(empty)


def _fewest(labels: Sequence[str], seen: npt.NDArray[np.bool_]) -> str:
    """Name the two waves that the fewest people answered."""
    both = seen.astype(int).T @ seen.astype(int)
    places = [(first, second) for second in range(len(labels)) for first in range(second)]
    first, second = min(places, key=lambda pair: int(both[pair]))
    return f"; fewest answered both {labels[first]} and {labels[second]}"


def _no_lines(one: _Series) -> Problem:
    found = f"{len(one.seen)} people in {', '.join(one.labels)}: too few, too alike, or with too few waves each"
    expected = "people who answered three waves or more, not all on one line"
    return Problem("EST-001", f"outcome {one.name}", found, expected, "Compare waves with wave_change or mean_change.")


def _estimable(series: Sequence[_Series], refused: Mapping[str, Problem]) -> None:
    estimable([one.pairs[0] for one in series], refused)


def _wave_rows(frame: pd.DataFrame, one: _Series, model: Mixed | None, base: int, level: float, note: str) -> list[Row]:
    """Give the mean of each wave, then its change from the baseline."""
    waves = len(one.labels)
    unit = np.eye(waves)
    rows: list[Row] = []
    for place, label in enumerate(one.labels):
        about: Row = {"term": one.name, "group": label, "n": int(np.isfinite(one.answers[:, place]).sum())}
        rows.append(_combination(model, unit[place], level, note, test=False) | about | {"quantity": _MEAN})
    for place, label in enumerate(one.labels):
        if place == base:
            continue
        facts = _pair(frame, one, base, place)
        if model is not None and facts["n"] == 0:
            found: Row = {"note": "not estimated: nobody answered both waves"}
        else:
            found = _combination(model, unit[place] - unit[base], level, note, test=True)
        rows.append(found | facts | {"group": f"{label} - {one.labels[base]}", "quantity": _CHANGE})
    return [row | {"unit": _POINTS} for row in rows]


def _pair(frame: pd.DataFrame, one: _Series, base: int, place: int) -> Row:
    """Tell the facts of a wave and the baseline."""
    if base == 0:
        facts = one.pairs[place - 1].facts()
    else:
        again = read_outcomes(frame, pre=one.columns[base], post=one.columns[place])[0]
        first = one.pairs[0]
        facts = replace(
            again, bounds=first.bounds if first.bounds_stated else again.bounds, kirkpatrick=first.kirkpatrick
        ).facts()
    return {**facts, "term": one.name}


def _combination(model: Mixed | None, contrast: Floats, level: float, note: str, *, test: bool) -> Row:
    if model is None:
        return {"note": note}
    size = float(np.abs(contrast) @ np.abs(model.coefficients))
    estimate = beyond_rounding(float(contrast @ model.coefficients), size)
    error, df = model.error(contrast), model.df_of(contrast)
    if not (error > 0 and df > 0):
        return {"estimate": estimate, "note": "no spread: no interval"}
    limits = t_interval(estimate, error, df, level=level)
    row: Row = {
        "estimate": estimate,
        "std_error": error,
        "df": df,
        "conf_low": limits.low,
        "conf_high": limits.high,
        "note": note,
    }
    if test:
        found = t_test(estimate, error, df)
        row |= {"statistic": found.statistic, "p_value": found.p_value}
    return row


def _kept_row(one: _Series, model: Mixed | None, places: tuple[int, int, int], level: float, note: str) -> Row:
    """Divide what is left of the gain at the follow-up by what it was at the end."""
    base, last, later = places
    names = [one.labels[place] for place in places]
    row: Row = {
        "term": one.name,
        "group": f"{names[2]} - {names[0]} over {names[1]} - {names[0]}",
        "n": int(np.isfinite(one.answers[:, list(places)]).all(axis=1).sum()),
        "quantity": _KEPT,
        "unit": "share of the gain",
        "note": note,
    }
    if model is None:
        return row
    if row["n"] == 0:
        return row | {"note": "not estimated: nobody answered all three waves"}
    unit = np.eye(len(one.labels))
    both = np.stack([unit[later] - unit[base], unit[last] - unit[base]])
    top, bottom = (both @ model.coefficients).tolist()
    covariance = both @ model.covariance @ both.T
    if not model.error(both[1]) > 0:
        return row | {"note": "no spread: no interval"} | ({"estimate": top / bottom} if bottom else {})
    df = min(model.df_of(both[1]), model.df_of(both[0] - top / bottom * both[1]) if bottom else np.inf)
    found = fieller(top, bottom, covariance, df, level=level)
    if found is None:
        return row | {"note": "not estimated: the interval of the gain holds zero, so any share is possible"}
    limits: Row = {"std_error": found.std_error, "df": df, "conf_low": found.low, "conf_high": found.high}
    return row | {"estimate": found.estimate} | limits


def _anova_row(one: _Series) -> Row:
    """Test for any change over the waves in people with all of them."""
    whole = one.answers[np.isfinite(one.answers).all(axis=1)]
    people, waves = whole.shape
    row: Row = {
        "term": one.name,
        "group": "all waves",
        "n": people,
        "quantity": _ANOVA,
        "unit": "",
        "note": "",
    }
    residual = whole - whole.mean(axis=1, keepdims=True) - whole.mean(axis=0) if people else whole
    if people < 3 or not np.ptp(residual, axis=0).max() > 1e-9 * max(1.0, float(np.abs(whole).max())):
        return row | {"note": "not tested: fewer than three people with all waves, or all change alike"}
    import pingouin

    columns = list(one.labels)
    table = pingouin.rm_anova(data=pd.DataFrame(whole, columns=columns), correction=waves > 2, detailed=False)
    found = table.iloc[0]
    epsilon = float(found["eps"])
    # With two waves there is nothing to correct, and no column for it.
    p_value = float(found["p_GG_corr"] if "p_GG_corr" in table.columns else found["p_unc"])
    return row | {
        "statistic": float(found["F"]),
        "df": epsilon * (waves - 1),
        "df_residual": epsilon * (waves - 1) * (people - 1),
        "epsilon": epsilon,
        "p_value": p_value,
    }


def _slope_rows(one: _Series, fit: Mixed | None, level: float, note: str) -> list[Row]:
    level_of = {} if one.pairs[0].kirkpatrick is None else {"kirkpatrick": one.pairs[0].kirkpatrick}
    about: Row = {"term": one.name, "n": len(one.seen), **level_of}
    unit = np.eye(2)
    per_time = f"{_POINTS} per unit of time"
    rows = [
        _combination(fit, unit[place], level, note, test=place == 1) | about | {"quantity": quantity, "unit": named}
        for place, (quantity, named) in enumerate(
            (("mean at time zero", _POINTS), ("mean change per unit of time", per_time))
        )
    ]
    spreads = {"of the people at time zero": 0, "of the slopes of the people": 2, "about each person's line": 3}
    for who, place in spreads.items():
        variance = float("nan") if fit is None else float(fit.components[place])
        row: Row = {"estimate": variance**0.5 if variance >= 0 else float("nan"), "note": note}
        if variance < 0:
            row["note"] = "no spread is seen beyond that about the lines"
        named = per_time if "slopes" in who else _POINTS
        rows.append(row | about | {"quantity": f"standard deviation {who}", "unit": named})
    return rows


def _method(
    series: Sequence[_Series],
    level: float,
    *,
    name: str,
    estimand: str,
    unit: str,
    interval: str,
    more: tuple[str, ...],
) -> Method:
    given = len(series[0].answered)
    used = int(np.any([one.answered for one in series], axis=0).sum())
    return Method(
        name=name,
        estimand=estimand,
        unit=unit,
        level=level,
        interval=interval,
        n_given=given,
        n_used=used,
        n_dropped={"no answer in any wave": given - used} if given > used else {},
        assumptions=("people are independent of each other", _LOST, *more),
        references=(
            "Kenward MG, Roger JH (1997) Biometrics 53:983-997",
            "Fieller EC (1954) J R Stat Soc B 16:175-185",
            "Greenhouse SW, Geisser S (1959) Psychometrika 24:95-112",
        ),
    )
