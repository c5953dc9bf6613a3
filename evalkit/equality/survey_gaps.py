"""Gaps between groups in what staff say in a survey."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import Group, Row, difference_row, rate_row
from evalkit.equality.counting import ALL, Counted, counted, two_groups
from evalkit.equality.likelihood import dropped, groups_of, require_a_contrast
from evalkit.equality.staff_columns import columns_problems, level_problems, numbers, people_counts
from evalkit.errors import Problem, did_you_mean
from evalkit.frames import Problems, require, rows_named
from evalkit.result import Estimates, Method, estimates

Ints = npt.NDArray[np.int64]

_COUNT = "people who agreed"
_TERM = "gap"


class SmallPerCentWarning(UserWarning):
    """No percentage is above 1: they may be proportions; they were taken for percentages."""


def survey_gap(
    data: pd.DataFrame,
    *,
    group: str,
    reference: str,
    comparison: str,
    agreed: str | None = None,
    answered: str | None = None,
    per_cent: str | None = None,
    counts: str | None = None,
    event: str | None = None,
    question: str | None = None,
    by: str | None = None,
    year: str | None = None,
    adverse: Mapping[str, bool] | bool | None = None,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Share of one group that says yes to a question less the share of another, for each question and year.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): one row an answer of a person, or with `answered` one row a group, question and year.
    group : str
        Column of the group: labels, missing or "not stated" where not known.
    reference, comparison : str
        Labels in `group`: the share of the comparison less the share of the reference.
    agreed : str, optional
        Column of the answer: yes or no, missing where not answered; with `event` other labels; with `answered` the
        number of people who said yes.
    answered : str, optional
        Column of how many people answered.
    per_cent : str, optional
        In place of `agreed`, beside `answered`: column of the percentage that said yes, 0 to 100. The number of people
        is then taken to be the nearest whole one. Where none is above 1, a `SmallPerCentWarning` says that they may be
        proportions.
    counts : str, optional
        Column of how many people each row of answers stands for.
    event : str, optional
        The label in `agreed` that counts as yes.
    question : str, optional
        Column of the question: keys that stay the same while question numbers change from year to year.
    by : str, optional
        Column of parts, such as departments, that have rows of their own.
    year : str, optional
        Column of the survey year: a trend.
    adverse : bool, or mapping of str to bool, optional
        Whether yes is adverse (such as having been bullied), for all questions or for each key.
    allow_gaps : bool, default False
        Let years be missing from the series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each year, part and question (`question`) a row "share" for each group, "not stated" included (proportion,
        Wilson's limits), then "gap" (difference of proportions, Newcombe's limits, Fisher's exact p). Extra columns:
        `year`, `by`, `question` where asked for; `unit`, `scale`, `interval`; `n_events` (people who said yes),
        `n_least` (people in the smaller group); `direction`; `adverse` (of a gap "above 0": the comparison is worse off
        when it says yes more often; or "below 0"; of a share "above" or "below"); `adverse_above_one` (empty: there is
        no ratio); `flag`.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-002 or DAT-004 for wrong counts or percentages outside 0 to
        100, DAT-006 for an unknown group, answer or question, DAT-007 for more who agreed than answered, for arguments
        that exclude each other, for a gap in a series, or for several years where no column of years is named.
    EstimationError
        EST-001 when no gap can be made because one of the groups has one person or nobody.

    Warns
    -----
    SmallPerCentWarning
        When no percentage is above 1.

    Notes
    -----
    Who did not answer is not in the shares: a gap may be one of who answers. Answers of one person to several questions
    are not independent; each question stands for itself.

    References
    ----------
    .. [1] Newcombe RG (1998). Stat Med 17:873-890, method 10.

    Examples
    --------
    >>> survey = pd.DataFrame(
    ...     {"question": ["discrimination"] * 2, "group": ["BME", "white"], "answered": [80, 70], "agreed": [48, 56]}
    ... )
    >>> result = survey_gap(
    ...     survey, group="group", reference="white", comparison="BME", agreed="agreed", answered="answered",
    ...     question="question", adverse={"discrimination": True},
    ... ).frame
    >>> row = result.set_index("term").loc["gap"]
    >>> [round(float(row[name]), 3) for name in ("estimate", "conf_low", "conf_high")], row["adverse"]
    ([-0.2, -0.334, -0.052], 'above 0')
    """
    also = level_problems(level) + _forms(agreed, answered, per_cent)
    wanted = {"answered": answered, "per_cent": per_cent}
    frame, outcome = data, agreed
    if per_cent is not None and answered is not None:
        wrong = columns_problems(data, wanted)
        require(wrong and also + wrong)
        frame, found_wrong = _from_per_cent(data, per_cent, answered)
        outcome, also = _COUNT, also + found_wrong
    axes = {"year": year, "by": by, "question": question, "group": group}
    found, problems = counted(
        frame,
        axes,
        outcome=outcome,
        event=event,
        counts=counts,
        total=answered,
        other=wanted,
        allow_gaps=allow_gaps,
        also=also,
    )
    labels = found.axes["group"]
    require(problems, two_groups(reference, comparison, labels), _adverse_problems(adverse, found.axes["question"]))
    if per_cent is not None:
        _warn_of_proportions(data, per_cent)
    pair = (labels.index(comparison), labels.index(reference))
    rows = [
        names | row
        for names, n, events in found.slices()
        for at, key in enumerate(found.axes["question"])
        if n[at].any()
        for row in _rows(found, n[at], events[at], pair, key, adverse=_adverse_of(adverse, key), level=level)
    ]
    require_a_contrast(rows, _TERM)
    method = Method(
        name="gap between groups in a survey",
        estimand=f"the share of {comparison} who say yes less the share of {reference}, among those who answer",
        unit="proportion",
        level=level,
        interval="by row",
        **dropped(found, pair),
        assumptions=(
            "people are independent of each other",
            "who did not answer would have answered like those of the group who did",
            *(() if per_cent is None else ("the number who said yes is the nearest to the percentage",)),
        ),
        references=("Newcombe RG (1998) Stat Med 17:873-890",),
    )
    return estimates(rows, method)


def _forms(agreed: object, answered: object, per_cent: object) -> Problems:
    if (agreed is None) == (per_cent is None):
        found = "neither" if agreed is None else "both"
        remedy = "Name the column of answers, or that of percentages."
        return [Problem("DAT-009", "agreed, per_cent", found, "one of them", remedy)]
    if per_cent is not None and answered is None:
        return [Problem("DAT-009", "answered", "none", "a column beside per_cent", "Name how many answered.")]
    return []


def _from_per_cent(data: pd.DataFrame, per_cent: str, answered: str) -> tuple[pd.DataFrame, Problems]:
    values, problems = numbers(data, per_cent, low=0)
    n, more = people_counts(data, answered)
    place = f"data, column {per_cent}"
    above, missing = np.flatnonzero(values > 100) + 1, np.flatnonzero(np.isnan(values) & (n > 0)) + 1
    if len(above):
        found = f"above 100 ({rows_named(above)})"
        problems.append(Problem("DAT-002", place, found, "percentages from 0 to 100", "Correct it."))
    if len(missing) and not problems:
        found = f"no percentage ({rows_named(missing)})"
        problems.append(Problem("DAT-002", place, found, "percentages from 0 to 100", "Leave the row out."))
    people = np.zeros(len(data)) if problems or more else np.rint(np.nan_to_num(values) / 100 * n)
    return data.assign(**{_COUNT: people.astype(np.int64)}), problems + more


def _warn_of_proportions(data: pd.DataFrame, per_cent: str) -> None:
    values = numbers(data, per_cent, low=0)[0]
    if (values > 0).any() and not (values > 1).any():
        said = f"{per_cent}: no percentage is above 1; if these are proportions, give 100 times as much"
        warnings.warn(said, SmallPerCentWarning, stacklevel=3)


def _adverse_problems(adverse: object, questions: tuple[str, ...]) -> Problems:
    if adverse is None or isinstance(adverse, bool):
        return []
    if not isinstance(adverse, Mapping) or not all(isinstance(value, bool) for value in adverse.values()):
        expected = "True, False or a mapping of questions to them"
        return [Problem("DAT-009", "adverse", repr(adverse), expected, 'Write {"discrimination": True}.')]
    return [
        Problem("DAT-006", "adverse", "a question that is not known", f"{key}, too", did_you_mean(key, adverse))
        for key in questions
        if key not in adverse and questions != (ALL,)
    ]


def _adverse_of(adverse: object, key: str) -> bool | None:
    found = adverse.get(key) if isinstance(adverse, Mapping) else adverse
    return found if isinstance(found, bool) else None


def _rows(
    found: Counted,
    n: Ints,
    events: Ints,
    pair: tuple[int, int],
    key: str,
    *,
    adverse: bool | None,
    level: float,
) -> list[Row]:
    named: Row = {} if found.axes["question"] == (ALL,) else {"question": key}
    groups = groups_of(found.axes["group"], n, events)
    shares = [
        {"term": "share"} | named | rate_row(one, level, adverse_above=adverse)
        for one in groups
        if one.n or one.name in _names(groups, pair)
    ]
    gap = difference_row(groups[pair[0]], groups[pair[1]], level, adverse_above=adverse)
    return [*shares, {"term": _TERM} | named | gap | {"direction": str(gap["direction"]).replace("rate", "share")}]


def _names(groups: list[Group], pair: tuple[int, int]) -> set[str]:
    return {groups[at].name for at in pair}
