"""Answers of the same people in categories, before and after: does the distribution differ, and in which category."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.outcomes import Levels, Outcome, columns_of, read_outcomes
from evalkit.change.rows import NOBODY, Row, counts, require_a_pair
from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, missing_columns, require, rows_named
from evalkit.numeric.matched import bowker, mcnemar_exact, mcnemar_mid_p, stuart_maxwell, tango
from evalkit.numeric.values import Test
from evalkit.result import Estimates, Method, estimates

Counts = npt.NDArray[np.int64]
Categories = Sequence[object] | None

_MOST = 100
# Below so many changed pairs for each degree of freedom the chi-squared law is a rough guide.
_SPARSE = 5


@dataclass(frozen=True, slots=True)
class _Coding:
    """The categories of one outcome, in order."""

    labels: tuple[object, ...]
    ordered: bool


def category_change(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    categories: Categories = None,
    person: str | None = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Change of the share of the same people in each category, with the Stuart-Maxwell and Bowker tests.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order: texts, numbers or categoricals, missing where not
        answered. Each outcome rests on the people who answered it in both waves.
    categories : sequence, optional
        All categories in their order. Left out, the categories of a categorical, else the values seen, sorted.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation of the outcomes, 1 to 4.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each outcome (`term`) two rows without `group`, the overall tests (`test` is "Stuart-Maxwell": are the
        shares of all categories the same; or "Bowker": is each change as frequent as its opposite; statistic, df, p),
        then a row for each category in either wave (`group`): the difference of its shares, after minus before, in
        [-1, 1], with Tango's score interval and McNemar's mid-p against all other categories. Extra columns
        `share_before`, `share_after`, `n_gained`, `n_lost` (people who came to the category, who left it), `p_exact`,
        `n_before`, `n_after`; for ordered categories the shares in the first and last (`floor_before`, ...); `note`:
        what is not defined, empty or sparse, and why.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-007 for lists that differ in length or categoricals that differ between waves,
        DAT-010 for a column, category or person twice, DAT-011 for answers that are none of the categories, DAT-002 for
        a level out of range, infinite answers or more than 100 categories, DAT-009 for an argument of the wrong kind.
    EstimationError
        EST-001 when no outcome has a complete pair.

    Notes
    -----
    Categories that nobody chose in either wave are left out. Where people changed only within separate sets of
    categories the covariance of the differences has a lower rank, and the Stuart-Maxwell test fewer degrees of freedom;
    the note says so. Both overall tests rest on the chi-squared law, a rough guide below five changed pairs for each
    degree of freedom. The tests of single categories are not adjusted for their number: see `adjust_p`.

    Released, a share on 11 people or more is shown, and small numbers of people who came or left are withheld.
    Shares, standard error and p-values together can tell those numbers all the same where there are few people:
    withhold the whole row where nobody may learn how many changed.

    References
    ----------
    .. [1] Stuart A (1955). Biometrika 42:412-416.
    .. [2] Maxwell AE (1970). Br J Psychiatry 116:651-655.
    .. [3] Bowker AH (1948). J Am Stat Assoc 43:572-574.
    .. [4] Tango T (1998). Stat Med 17:891-908, equations 16 and 17.

    Examples
    --------
    >>> frame = pd.DataFrame({"role_before": ["a", "a", "b", "b", "c"], "role_after": ["a", "b", "b", "c", "c"]})
    >>> result = category_change(frame, pre="role_before", post="role_after").frame
    >>> result[["group", "estimate", "test"]].iloc[2:].values.tolist()
    [['a', -0.2, 'McNemar mid-p'], ['b', 0.0, 'McNemar mid-p'], ['c', 0.2, 'McNemar mid-p']]
    """
    require(level_problems(level), _categories_right(categories))
    before, after = columns_of(pre), columns_of(post)
    require(missing_columns(frame, [*before, *after], "frame"), _named_once(frame, [*before, *after]))
    pairs = list(zip(before, after, strict=False))
    require(*(_without_end(frame, name) for name in dict.fromkeys([*before, *after])))
    require(*(_comparable(frame, one, other, categories) for one, other in pairs))
    codings = [_coding(frame, one, other, categories) for one, other in pairs]
    require(*(_few(coding, other) for coding, (_, other) in zip(codings, pairs, strict=True)))
    coded = _coded(frame, pairs, codings, person)
    found = read_outcomes(coded, pre=before, post=after, person=person, kirkpatrick=kirkpatrick)
    require_a_pair(found)
    rows = [row for outcome, coding in zip(found, codings, strict=True) for row in _rows(outcome, coding, level)]
    method = Method(
        name="Stuart-Maxwell and Bowker tests; McNemar test (mid-p) of each category",
        estimand="the share in the category after, minus the share before, among people such as those who answered in "
        "both waves",
        unit="proportion",
        level=level,
        interval="Tango score",
        **counts(found),
        assumptions=(
            "people are independent of each other",
            "who did not answer in both waves would have changed alike",
            "the tests of single categories are not adjusted for their number",
        ),
        references=(
            "Stuart A (1955) Biometrika 42:412-416",
            "Maxwell AE (1970) Br J Psychiatry 116:651-655",
            "Bowker AH (1948) J Am Stat Assoc 43:572-574",
            "Tango T (1998) Stat Med 17:891-908",
        ),
    )
    return estimates(rows, method)


def _categories_right(given: Categories) -> Problems:
    if given is None:
        return []
    remedy = "List every category once, in order."
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < 2:
        return [Problem("DAT-009", "categories", repr(given), "a list of two categories or more", remedy)]
    if len(set(given)) < len(given):
        return [Problem("DAT-010", "categories", "a category twice", "each once", remedy)]
    return []


def _named_once(frame: pd.DataFrame, columns: Sequence[str]) -> Problems:
    return [
        Problem("DAT-010", "frame", f"column {name!r} more than once", "each name once", "Rename the columns.")
        for name in dict.fromkeys(columns)
        if list(frame.columns).count(name) > 1
    ]


def _without_end(frame: pd.DataFrame, column: str) -> Problems:
    """Find infinite answers, which no question offers."""
    rows = np.flatnonzero(frame[column].isin([math.inf, -math.inf])) + 1
    if not len(rows):
        return []
    found = f"values without end ({rows_named(rows)})"
    remedy = "Correct them, or leave them empty."
    return [Problem("DAT-002", f"frame, column {column}", found, "categories, missing where not answered", remedy)]


def _comparable(frame: pd.DataFrame, pre: str, post: str, categories: Categories) -> Problems:
    """Find answers that are none of the categories, and categoricals that differ between waves."""
    problems: Problems = []
    if categories is None:
        one, other = frame[pre].dtype, frame[post].dtype
        both = isinstance(one, pd.CategoricalDtype) and isinstance(other, pd.CategoricalDtype)
        if both and list(one.categories) != list(other.categories):
            remedy = "Give both columns the same categories in the same order, or state them with categories=."
            found = "other categories, or another order, after than before"
            return [Problem("DAT-007", f"frame, {pre} and {post}", found, "the same in both waves", remedy)]
        kinds = {isinstance(value, str) for column in (pre, post) for value in frame[column].dropna().unique()}
        if len(kinds) > 1:
            remedy = "Write the answers of both waves alike."
            return [Problem("DAT-012", f"frame, {pre} and {post}", "texts and other values", "one kind", remedy)]
        return []
    for column in (pre, post):
        rows = np.flatnonzero(frame[column].notna() & ~frame[column].isin(list(categories))) + 1
        if len(rows):
            found = f"answers that are none of the categories ({rows_named(rows)})"
            expected = ", ".join(map(str, categories))
            remedy = "Correct them, or add the category."
            problems.append(Problem("DAT-011", f"frame, column {column}", found, expected, remedy))
    return problems


def _coding(frame: pd.DataFrame, pre: str, post: str, categories: Categories) -> _Coding:
    if categories is not None:
        return _Coding(tuple(categories), ordered=True)
    for column in (pre, post):
        kind = frame[column].dtype
        if isinstance(kind, pd.CategoricalDtype):
            seen = set(frame[pre].dropna()) | set(frame[post].dropna())
            labels = [*kind.categories, *sorted(seen - set(kind.categories), key=str)]
            return _Coding(tuple(labels), ordered=bool(kind.ordered))
    values = pd.concat([frame[pre], frame[post]]).dropna().unique()
    try:
        return _Coding(tuple(sorted(values)), ordered=not any(isinstance(value, str) for value in values))
    except TypeError:  # values of several kinds have no order
        return _Coding(tuple(sorted(values, key=str)), ordered=False)


def _few(coding: _Coding, column: str) -> Problems:
    if len(coding.labels) <= _MOST:
        return []
    found = f"{len(coding.labels)} different answers"
    most = f"at most {_MOST} categories"
    return [Problem("DAT-002", f"frame, column {column}", found, most, "Use mean_change for numbers.")]


def _coded(
    frame: pd.DataFrame, pairs: Sequence[tuple[str, str]], codings: Sequence[_Coding], person: str | None
) -> pd.DataFrame:
    """Put numbers in the place of the categories, so that pairs are read as those of any other outcome."""
    columns: dict[str, object] = {}
    for (pre, post), coding in zip(pairs, codings, strict=True):
        codes = {label: float(code) for code, label in enumerate(coding.labels)}
        for column in (pre, post):
            columns[column] = frame[column].astype(object).map(codes).astype(float).to_numpy()
    coded = pd.DataFrame(columns)
    if person is not None and person in frame.columns:
        coded[person] = frame[person].to_numpy()
    return coded


def _rows(outcome: Outcome, coding: _Coding, level: float) -> list[Row]:
    facts = _facts(outcome, coding)
    if outcome.n == 0:
        return [{**facts, "test": name, "note": NOBODY} for name in ("Stuart-Maxwell", "Bowker")]
    size = len(coding.labels)
    cells = outcome.before.astype(np.int64) * size + outcome.after.astype(np.int64)
    table = np.bincount(cells, minlength=size * size).reshape(size, size)
    used = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1))
    rows = [
        _overall(facts, "Stuart-Maxwell", stuart_maxwell(table), table),
        _overall(facts, "Bowker", bowker(table), table),
    ]
    return rows + [_category(facts, str(coding.labels[place]), place, table, level) for place in used.tolist()]


def _facts(outcome: Outcome, coding: _Coding) -> Mapping[str, object]:
    """Facts of the outcome, with the ends of the list of categories as floor and ceiling, where it has an order."""
    facts = outcome.facts()
    for end, code in (("floor", 0), ("ceiling", len(coding.labels) - 1)):
        for wave, values in (("before", outcome.before), ("after", outcome.after)):
            known = coding.ordered and outcome.n
            facts[f"{end}_{wave}"] = float((values == code).mean()) if known else math.nan
    return facts


def _overall(facts: Mapping[str, object], name: str, test: Test, table: Counts) -> Row:
    moved = int(table.sum() - np.trace(table))
    used = int((table.sum(axis=0) + table.sum(axis=1) - 2 * np.diag(table) > 0).sum())
    notes = [] if moved else ["nobody changed"]
    if moved and name == "Stuart-Maxwell" and test.df < used - 1:
        notes.append("people changed within separate sets of categories: fewer degrees of freedom")
    if moved and moved < _SPARSE * test.df:
        notes.append("few changed for the degrees of freedom: p is a rough guide")
    return {
        **facts,
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "test": name,
        "note": "; ".join(notes),
    }


def _category(facts: Mapping[str, object], label: str, place: int, table: Counts, level: float) -> Row:
    stayed, n = int(table[place, place]), int(table.sum())
    gained, lost = int(table[:, place].sum()) - stayed, int(table[place].sum()) - stayed
    limits = tango(gained, lost, n, level=level)
    return {
        **facts,
        "group": label,
        "estimate": limits.estimate,
        "std_error": limits.std_error if gained + lost else math.nan,
        "p_value": mcnemar_mid_p(gained, lost),
        "conf_low": limits.low,
        "conf_high": limits.high,
        "test": "McNemar mid-p",
        "p_exact": mcnemar_exact(gained, lost),
        "share_before": (stayed + lost) / n,
        "share_after": (stayed + gained) / n,
        "n_gained": gained,
        "n_lost": lost,
        "note": "" if gained + lost else "nobody came or left: no standard error",
    }
