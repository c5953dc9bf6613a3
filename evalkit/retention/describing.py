"""Who is in each group: the first table of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import require
from evalkit.numeric.propensity import alike, unweighted_spread
from evalkit.result import Estimates, Method, estimates
from evalkit.retention.baseline import Column, baseline_frame, columns_of, first_rows, require_fixed
from evalkit.retention.cohorts import MENTORED, UNMENTORED, Cohort, levels
from evalkit.retention.grouping import marked

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EVERYBODY = "all"
MISSING = "missing"
PEOPLE = "people"
_SHARE, _SD = "proportion", "standard deviations"


def describe_groups(
    data: Cohort | pd.DataFrame,
    *,
    covariates: Sequence[str],
    by: str | None = MENTORED,
    allow_immortal_time: bool = False,
) -> Estimates:
    """Table 1: what was known of each group at entry or at a landmark, and how far the groups stand apart.

    Parameters
    ----------
    data : Cohort or pandas.DataFrame
        A cohort (of its people at entry), or one row a person.
    covariates : sequence of str
        What to describe: numbers, or categories. "Not stated" is a level like others.
    by : str or None, default "mentored"
        "mentored" where it is settled at entry or at the landmark, or a covariate; None for all in one group.
    allow_immortal_time : bool, default False
        Let a covariate pass that tells who is mentored later, to show the bias: the result is marked.

    Returns
    -------
    Estimates
        Rows of a covariate or level (`term`) in a group (`group`), told apart by `statistic_of`:

        - "share": the proportion of all people of the group in a level, or "missing";
        - "mean" with the extra column `sd`, and "median" with `q1` and `q3`, of a number, among those in whom it is
          known;
        - "standardised difference": of the group (named "... less ...") from the first group, in standard deviations
          of the two groups together, among those known; of a level, of shares among those known.

        `n` is the people of the group (of a difference: of both). The first rows give the people of each group and
        their share of all. `n_least` is what disclosure looks at: a level is withheld in all groups when it is small
        in one, and with it the next smallest, since a single one could be had by subtraction.

    Raises
    ------
    ImmortalTimeError
        EST-002 when mentoring begins after entry; it names the landmark.
    DataError
        DAT-003 for a missing column, DAT-007 when `by` is also a covariate or is missing for everybody, DAT-009 or
        DAT-002 for dates and infinite numbers.

    References
    ----------
    .. [1] Austin PC (2009). Stat Med 28:3083-3107 (standardised differences).
    .. [2] Yang D, Dalton JE (2012). SAS Global Forum 2012, paper 335.
    """
    named = [covariates] if isinstance(covariates, str) else list(covariates)
    require(_apart(named, by))
    biased = False
    if isinstance(data, Cohort) and by is not None:
        biased = require_fixed(data, by, "a description", allow=allow_immortal_time)
    frame = baseline_frame(data, named)
    codes, names = _groups(data, by, len(frame))
    inside = codes >= 0
    known, group = frame[inside].reset_index(drop=True), codes[inside]
    rows = _sizes(group, names)
    for name in named:
        rows += _described(columns_of(known[[name]]), known[name].isna().to_numpy(), group, names)
    dropped = int((~inside).sum())
    return estimates(
        rows,
        Method(
            name=marked("description of the groups", biased=biased),
            estimand="what was known of the people of each group when their time began",
            unit="by row",
            n_given=len(frame),
            n_used=int(inside.sum()),
            n_dropped={f"{by} missing": dropped} if dropped else {},
            assumptions=("shares are of all people of the group, with those missing as a level of their own",),
            references=("Austin PC (2009) Stat Med 28:3083-3107",),
        ),
    )


def _apart(named: list[str], by: str | None) -> list[Problem]:
    if not named:
        return [Problem("DAT-009", "covariates", "none", "at least one covariate", "Name what to describe.")]
    if by in named:
        found = f"{by} is the group and a covariate"
        return [Problem("DAT-007", "covariates", found, "one of them", "Leave it out of the covariates.")]
    return []


def _groups(data: Cohort | pd.DataFrame, by: str | None, people: int) -> tuple[Ints, list[str]]:
    if by is None:
        return np.zeros(people, dtype=np.int64), [EVERYBODY]
    if isinstance(data, Cohort):
        codes, names = data.groups(by)
        codes = np.take(codes, first_rows(data))
    else:
        codes, names = levels(baseline_frame(data, [by])[by])
        if by == MENTORED and set(names) <= {"0", "1", "False", "True"}:
            names = [MENTORED if name in ("1", "True") else UNMENTORED for name in names]
    found = [number for number in range(len(names)) if (codes == number).any()]
    if not found:
        problem = Problem("DAT-007", f"column {by}", "missing for everybody", "groups", "Name another column.")
        require([problem])
    return np.where(codes < 0, -1, np.searchsorted(found, codes)), [names[number] for number in found]


def _sizes(group: Ints, names: list[str]) -> list[dict[str, object]]:
    people = np.bincount(group, minlength=len(names))
    return [
        _share_row(PEOPLE, name, float(count / people.sum()), int(count), int(count))
        for name, count in zip(names, people, strict=True)
    ]


def _share_row(term: str, group: str, share: float, n: int, least: int) -> dict[str, object]:
    return {
        "term": term,
        "group": group,
        "estimate": share,
        "n": n,
        "unit": _SHARE,
        "statistic_of": "share",
        "n_least": least,
    }


def _described(columns: list[Column], gone: Flags, group: Ints, names: list[str]) -> list[dict[str, object]]:
    if not columns:
        return []
    people = np.bincount(group, minlength=len(names))
    number = columns[0].level is None
    name = columns[0].covariate
    marks: list[tuple[str, Flags]] = [] if number else [(one.name, one.numbers == 1) for one in columns]
    if gone.any():
        marks.append((f"{name}: {MISSING}", gone))
    counts = np.array([np.bincount(group[mark], minlength=len(names)) for _, mark in marks]).reshape(-1, len(names))
    least = least_of_levels(counts, people)
    rows: list[dict[str, object]] = []
    if number:
        rows += _number(columns[0], gone, group, names, people)
    for (term, _), line, few in zip(marks, counts, least, strict=True):
        rows += [
            _share_row(term, names[at], float(line[at] / people[at]) if people[at] else math.nan, int(people[at]), few)
            for at in range(len(names))
        ]
    of_level = dict(zip([term for term, _ in marks], least, strict=True))
    for column in columns:
        rows += _differences(column, gone, group, names, of_level.get(column.name))
    return rows


def least_of_levels(counts: npt.NDArray[np.int_], people: npt.NDArray[np.int_]) -> list[int]:
    """Give the count that decides whether a level may be shown: the smallest of its cells, and of those left over.

    Parameters
    ----------
    counts : numpy.ndarray of int
        Shape (levels, groups): people.
    people : numpy.ndarray of int
        Shape (groups,): people of each group.

    Returns
    -------
    list of int
        One a level. The level with the second smallest cell takes over the count of the smallest, so that neither can
        be had by subtraction from the size of the group.
    """
    if not len(counts):
        return []
    cells = np.minimum(counts, people - counts)
    # An empty cell names nobody, but tells that all are elsewhere; it counts as zero.
    smallest = cells.min(axis=1)
    if len(smallest) > 1:
        order = np.argsort(smallest, kind="stable")
        smallest[order[1]] = smallest[order[0]]
    return [int(value) for value in smallest]


def _number(
    column: Column, gone: Flags, group: Ints, names: list[str], people: npt.NDArray[np.int_]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for at, name in enumerate(names):
        values = column.numbers[(group == at) & ~gone]
        shared = {"term": column.name, "group": name, "n": int(people[at]), "n_least": len(values)}
        unit = f"unit of {column.covariate}"
        if not len(values):
            rows.append({**shared, "unit": unit, "statistic_of": "mean"})
            continue
        spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
        low, middle, high = (float(value) for value in np.quantile(values, [0.25, 0.5, 0.75]))
        rows.append({**shared, "estimate": float(values.mean()), "unit": unit, "statistic_of": "mean", "sd": spread})
        rows.append({**shared, "estimate": middle, "unit": unit, "statistic_of": "median", "q1": low, "q3": high})
    return rows


def _differences(
    column: Column, gone: Flags, group: Ints, names: list[str], least: int | None
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    share = column.is_share
    for at in range(1, len(names)):
        both = ((group == 0) | (group == at)) & ~gone
        second = group[both] == at
        values = column.numbers[both]
        sizes = (int(second.sum()), int((~second).sum()))
        value = math.nan
        if min(sizes) > 0:
            spread = unweighted_spread(values, second, "ATE", share=share)
            value = alike(values, second, np.ones(len(values)), share=share, spread=spread).difference
        rows.append(
            {
                "term": column.name,
                "group": f"{names[at]} less {names[0]}",
                "estimate": value,
                "n": int(((group == 0) | (group == at)).sum()),
                "unit": _SD,
                "statistic_of": "standardised difference",
                "n_least": min(*sizes, *([] if least is None else [least])),
            }
        )
    return rows
