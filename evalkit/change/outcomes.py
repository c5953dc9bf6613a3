"""Outcomes measured before and after: which columns, which pairs are complete, how many sit at the ends of the scale.

Every estimator of change reads its frame here, so that names, missing pairs, scales and refusals are the same in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import InstrumentError, Problem
from evalkit.frames import Problems, missing_columns, require, rows_named
from evalkit.instruments.comparability import NOT
from evalkit.instruments.score_comparisons import notes_of, verdicts_between

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bounds = tuple[float, float]
Scales = Bounds | Mapping[str, Bounds] | None
Levels = int | str | Mapping[str, int | str] | None

KIRKPATRICK = {1: "1 reaction", 2: "2 learning", 3: "3 behaviour", 4: "4 results"}
# Without a stated scale, spreads this many times apart are taken for two different scales; among few pairs that may be
# chance.
_SPREADS_APART = 5.0
_FEW = 10
_ROUNDING = 1e-12
_ENDINGS = (
    ("_before", "_after"),
    ("_pre", "_post"),
    ("_then", "_after"),
    ("_then", "_post"),
    ("_then_after", "_after"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One outcome in the people who answered in both waves.

    Parameters
    ----------
    name : str
        What the two columns have in common: `confidence` for `confidence_before` and `confidence_after`.
    pre, post : str
        The columns.
    before, after : numpy.ndarray of float
        Shape (complete pairs,), in the unit of the outcome.
    rows : numpy.ndarray of int
        Shape (complete pairs,): their positions in the frame.
    n_given : int
        Rows of the frame.
    n_before, n_after : int
        Rows with an answer in each wave.
    dropped : dict of str to int
        Reason -> rows without a complete pair; with the pairs they add up to `n_given`.
    bounds : tuple of float
        Lowest and highest value of the scale.
    bounds_stated : bool
        Whether the scale was stated; else the bounds are the lowest and highest value seen.
    kirkpatrick : str or None
        Level of evaluation of the outcome.
    comparability : str or None
        What to mind when the versions of the instrument differ; None when they do not, or nothing is known of them.
    """

    name: str
    pre: str
    post: str
    before: Floats
    after: Floats
    rows: Ints
    n_given: int
    n_before: int
    n_after: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    bounds: Bounds = (float("nan"), float("nan"))
    bounds_stated: bool = False
    kirkpatrick: str | None = None
    comparability: str | None = None

    @property
    def n(self) -> int:
        """Complete pairs."""
        return len(self.rows)

    @property
    def change(self) -> Floats:
        """Shape (complete pairs,): after minus before."""
        return self.after - self.before

    def facts(self) -> dict[str, object]:
        """Give the columns that every row about the outcome carries.

        Returns
        -------
        dict
            `term`, `n`, then `n_before`, `n_after`, the shares of the complete pairs at the lowest and highest value
            in each wave (`floor_before`, `ceiling_before`, `floor_after`, `ceiling_after`), `scale_ends` (which values
            these are: "1 to 5", or "lowest and highest seen"), and `kirkpatrick` and `comparability` where something is
            known of them.
        """
        low, high = self.bounds
        shares = {
            f"{end}_{wave}": float((values == bound).mean()) if self.n else float("nan")
            for wave, values in (("before", self.before), ("after", self.after))
            for end, bound in (("floor", low), ("ceiling", high))
        }
        # The extremes that were seen would be those of single people.
        ends = f"{low:g} to {high:g}" if self.bounds_stated else "lowest and highest seen"
        facts = {"term": self.name, "n": self.n, "n_before": self.n_before, "n_after": self.n_after, **shares}
        more = {"scale_ends": ends, "kirkpatrick": self.kirkpatrick, "comparability": self.comparability}
        return {**facts, **{name: text for name, text in more.items() if text is not None}}


def read_outcomes(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
) -> list[Outcome]:
    """Read outcomes from a frame with one row a person.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns).
    pre, post : str or sequence of str
        Column of each outcome before and after, in the same order. Numbers; missing where not answered.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice. Missing values are refused.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value that the outcome can take. Left out, it is taken from the scores (`attrs["scales"]`, as
        `score` and `link` leave it), else it is what was seen; then, among more than ten pairs, standard deviations
        more than five times apart are taken for two scales, and refused.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation: 1 reaction, 2 learning, 3 behaviour, 4 results.

    Returns
    -------
    list of Outcome
        In the order of the columns.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-004 for texts, DAT-002 for values outside the scale or without end, DAT-007
        when before and after are on different scales or lists differ in length, DAT-009 for an argument of the wrong
        kind, DAT-010 for a person or column twice, DAT-006 for an unknown outcome in a mapping. All at once.
    InstrumentError
        INS-033 for scores of versions of an instrument that cannot be compared, where the frame knows them.
    """
    require(_a_frame(frame), *(_names_right(given, name) for given, name in ((pre, "pre"), (post, "post"))))
    before, after = columns_of(pre), columns_of(post)
    require(_columns_fit(before, after), _repeated_columns(frame))
    require(missing_columns(frame, [*before, *after, *([person] if person else [])], "frame"))
    require(one_row_a_person(frame, person), *(not_numbers(frame, name) for name in dict.fromkeys([*before, *after])))
    names = [outcome_name(one, other) for one, other in zip(before, after, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{other} - {one}" for one, other in zip(before, after, strict=True)]
    require(names_known("scale", scale, names), names_known("kirkpatrick", kirkpatrick, names))
    require(_levels_right(kirkpatrick), _scales_right(scale))
    found = [
        _outcome(frame, name, one, other, scale, kirkpatrick)
        for name, one, other in zip(names, before, after, strict=True)
    ]
    require(*(_scale_fits(frame, outcome) for outcome in found))
    _require_comparable(frame, found)
    return [replace(outcome, comparability=_with_care(frame, outcome)) for outcome in found]


def columns_of(named: str | Sequence[str]) -> list[str]:
    """List column names that were given as one or as several.

    Parameters
    ----------
    named : str or sequence of str
        One name or several.

    Returns
    -------
    list of str
        The names.
    """
    return [named] if isinstance(named, str) else [str(name) for name in named]


def outcome_name(pre: str, post: str) -> str:
    """Name an outcome after its two columns.

    Parameters
    ----------
    pre, post : str
        Columns before and after.

    Returns
    -------
    str
        What stands before `_before` and `_after` (or `_pre` and `_post`, or `_then` and `_after`), else both names.

    Examples
    --------
    >>> outcome_name("confidence_before", "confidence_after")
    'confidence'
    >>> outcome_name("week_0", "week_12")
    'week_12 - week_0'
    """
    for first, second in _ENDINGS:
        stem = pre.removesuffix(first)
        if pre.endswith(first) and post == stem + second and stem:
            return stem
    return f"{post} - {pre}"


def one_row_a_person(frame: pd.DataFrame, person: str | None) -> Problems:
    """Find people with several rows, or none named.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a person.
    person : str or None
        The column that names the person; None checks nothing.

    Returns
    -------
    list of Problem
        DAT-010 with the rows of people who are there twice, DAT-009 with those of rows without a name.
    """
    if person is None:
        return []
    problems: Problems = []
    twice = frame[person].duplicated(keep=False) & frame[person].notna()
    for code, wrong, what, expected, remedy in (
        ("DAT-010", twice, "people with several rows", "one row a person", "Keep one row of each, or link again."),
        ("DAT-009", frame[person].isna(), "rows that name nobody", "a person in each row", "Name or drop them."),
    ):
        rows = np.flatnonzero(wrong) + 1
        if len(rows):
            problems.append(Problem(code, f"frame, column {person}", f"{what} ({rows_named(rows)})", expected, remedy))
    return problems


def not_numbers(frame: pd.DataFrame, name: str) -> Problems:
    """Find values that are no finite numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        What came in.
    name : str
        The column.

    Returns
    -------
    list of Problem
        DAT-004 for texts, dates and the like, DAT-002 for infinite values.
    """
    column = frame[name]
    found = _no_number(column)
    if found:
        return [Problem("DAT-004", f"frame, column {name}", found, "numbers", "Score the answers first, with score().")]
    values = pd.to_numeric(column, errors="coerce")
    problems: Problems = []
    for code, wrong, what in (
        ("DAT-004", (values.isna() & column.notna()).to_numpy(dtype=bool), "values that are not numbers"),
        ("DAT-002", np.isinf(values.to_numpy(dtype=float, na_value=np.nan)), "values without end"),
    ):
        rows = np.flatnonzero(wrong) + 1
        if len(rows):
            problems.append(
                Problem(
                    code,
                    f"frame, column {name}",
                    f"{what} ({rows_named(rows)})",
                    "numbers, missing where not answered",
                    "Score the answers with score(), or recode them.",
                )
            )
    return problems


def _no_number(column: pd.Series) -> str:
    kinds = (
        ("categories", isinstance(column.dtype, pd.CategoricalDtype)),
        ("dates", pd.api.types.is_datetime64_any_dtype(column)),
        ("lengths of time", pd.api.types.is_timedelta64_dtype(column)),
        ("complex numbers", pd.api.types.is_complex_dtype(column)),
    )
    return next((name for name, is_it in kinds if is_it), "")


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Take a column as numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Checked with `not_numbers`.
    name : str
        The column.

    Returns
    -------
    numpy.ndarray of float
        Shape (rows,), NaN where missing.
    """
    return np.asarray(pd.to_numeric(frame[name]).to_numpy(dtype=float, na_value=np.nan))


def union(found: Sequence[Outcome]) -> tuple[int, int, dict[str, int]]:
    """Count the people on whom several outcomes rest together.

    Parameters
    ----------
    found : sequence of Outcome
        Outcomes of one frame.

    Returns
    -------
    tuple of int, int and dict
        Rows given; rows with a complete pair in at least one outcome; reason -> rows with none, as
        `Method.n_given`, `n_used` and `n_dropped` want them.
    """
    given = found[0].n_given
    used = np.zeros(given, dtype=bool)
    for outcome in found:
        used[outcome.rows] = True
    if len(found) == 1:
        return given, int(used.sum()), dict(found[0].dropped)
    left = given - int(used.sum())
    return given, int(used.sum()), {"no complete pair": left} if left else {}


def _a_frame(frame: object) -> Problems:
    if isinstance(frame, pd.DataFrame):
        return []
    found = f"a {type(frame).__name__}"
    return [Problem("DAT-009", "frame", found, "a DataFrame, one row a person", "Give the pairs that link() made.")]


def _names_right(given: object, argument: str) -> Problems:
    """Refuse what is no name, or names without an order."""
    ordered = isinstance(given, Sequence | np.ndarray | pd.Index | pd.Series)
    names = [given] if isinstance(given, str) else list(given) if ordered else [given]  # type: ignore[call-overload]
    if all(isinstance(name, str) for name in names):
        return []
    remedy = "Give texts, in the order of the outcomes; rename columns that are numbers."
    return [Problem("DAT-009", argument, repr(given), "the name of a column, or a list of names", remedy)]


def _columns_fit(before: list[str], after: list[str]) -> Problems:
    if len(before) != len(after) or not before:
        return [
            Problem(
                "DAT-007",
                "pre and post",
                f"{len(before)} columns before and {len(after)} after",
                "as many after as before, and at least one",
                "Name the columns of each outcome in the same order.",
            )
        ]
    twice = [name for name, count in Counter(zip(before, after, strict=True)).items() if count > 1]
    same = [one for one, other in zip(before, after, strict=True) if one == other]
    return [
        Problem(
            "DAT-010", "pre and post", f"{what}: {name}", "two columns for each outcome, once", "Correct the lists."
        )
        for what, names in (("a pair named twice", twice), ("the same column before and after", same))
        for name in names
    ]


def _repeated_columns(frame: pd.DataFrame) -> Problems:
    return [
        Problem("DAT-010", "frame", f"column {name!r} more than once", "each name once", "Rename the columns.")
        for name in dict.fromkeys(map(str, frame.columns[frame.columns.duplicated()]))
    ]


def names_known(argument: str, given: object, names: Collection[str]) -> Problems:
    """Find names that a mapping by outcome should not have.

    Parameters
    ----------
    argument : str
        The argument.
    given : object
        What came in; anything but a mapping holds for all outcomes.
    names : collection of str
        The outcomes.

    Returns
    -------
    list of Problem
        DAT-006 for each name that is no outcome.
    """
    if not isinstance(given, Mapping):
        return []
    return [
        Problem("DAT-006", argument, repr(name), f"one of {', '.join(names)}", "Use the names of the outcomes.")
        for name in given
        if name not in names
    ]


def _levels_right(given: Levels) -> Problems:
    levels = list(given.values()) if isinstance(given, Mapping) else [] if given is None else [given]
    return [
        Problem("DAT-009", "kirkpatrick", repr(level), "1, 2, 3 or 4, or the name of the level", "See the docstring.")
        for level in levels
        if _level(level) is None
    ]


def _level(level: int | str) -> str | None:
    for number, name in KIRKPATRICK.items():
        if not isinstance(level, bool) and str(level).strip().lower() in (str(number), name, name.split()[1]):
            return name
    return None


def _scales_right(given: Scales) -> Problems:
    scales = list(given.values()) if isinstance(given, Mapping) else [] if given is None else [given]
    return [
        Problem("DAT-009", "scale", repr(bounds), "two numbers, the lower first, such as (1, 5)", "Correct the scale.")
        for bounds in scales
        if not _two_numbers(bounds)
    ]


def _two_numbers(bounds: object) -> bool:
    if not isinstance(bounds, Sequence | np.ndarray) or isinstance(bounds, str) or len(bounds) != 2:
        return False
    low, high = bounds
    return (
        isinstance(low, Real)
        and isinstance(high, Real)
        and bool(np.isfinite([float(low), float(high)]).all() and low < high)
    )


def _outcome(frame: pd.DataFrame, name: str, pre: str, post: str, scale: Scales, kirkpatrick: Levels) -> Outcome:
    before, after = numbers(frame, pre), numbers(frame, post)
    seen, later = np.isfinite(before), np.isfinite(after)
    both = seen & later
    reasons = {
        "no answer after": int((seen & ~later).sum()),
        "no answer before": int((~seen & later).sum()),
        "no answer before or after": int((~seen & ~later).sum()),
    }
    stated = scale.get(name) if isinstance(scale, Mapping) else scale
    bounds = _scored(frame, pre) or _scored(frame, post) if stated is None else (float(stated[0]), float(stated[1]))
    values = np.concatenate([before[seen], after[later]])
    low, high = bounds or ((float(values.min()), float(values.max())) if len(values) else (float("nan"),) * 2)
    level = kirkpatrick.get(name) if isinstance(kirkpatrick, Mapping) else kirkpatrick
    return Outcome(
        name=name,
        pre=pre,
        post=post,
        before=before[both],
        after=after[both],
        rows=np.flatnonzero(both),
        n_given=len(frame),
        n_before=int(seen.sum()),
        n_after=int(later.sum()),
        dropped={reason: count for reason, count in reasons.items() if count},
        bounds=(float(low), float(high)),
        bounds_stated=bounds is not None,
        kirkpatrick=None if level is None else _level(level),
    )


def _scored(frame: pd.DataFrame, column: str) -> Bounds | None:
    """Take the range of a score from the note that `score` left with the frame."""
    ranges = {tuple(seen) for note in notes_of(frame, column) if isinstance(seen := note.get("range"), list | tuple)}
    if len(ranges) != 1:
        return None
    low, high = ranges.pop()
    return float(low), float(high)


def _verdicts(frame: pd.DataFrame, outcome: Outcome) -> list[tuple[str, str]]:
    between = verdicts_between([frame, frame], [outcome.pre, outcome.post])
    return [(verdict, rule) for verdict, rule, _ in between]


def _require_comparable(frame: pd.DataFrame, found: Sequence[Outcome]) -> None:
    problems = [
        Problem(
            "INS-033",
            f"frame, {outcome.pre} and {outcome.post}",
            rule,
            "versions that can be compared",
            "Score both waves with the same version, or compare single items that are unchanged.",
        )
        for outcome in found
        for verdict, rule in _verdicts(frame, outcome)
        if verdict == NOT
    ]
    require(problems, error=InstrumentError)


def _with_care(frame: pd.DataFrame, outcome: Outcome) -> str | None:
    rules = [
        f"{verdict}: {rule}" for verdict, rule in _verdicts(frame, outcome) if verdict not in ("comparable", "unknown")
    ]
    return rules[0] if rules else None


def _scale_fits(frame: pd.DataFrame, outcome: Outcome) -> Problems:
    problems: Problems = []
    low, high = outcome.bounds
    place = f"frame, {outcome.pre} and {outcome.post}"
    one, other = _scored(frame, outcome.pre), _scored(frame, outcome.post)
    if one is not None and other is not None and one != other:
        return [
            Problem(
                "DAT-007",
                place,
                f"scores from {one[0]:g} to {one[1]:g} before and from {other[0]:g} to {other[1]:g} after",
                "the same scale in both waves",
                "Score both waves with the same version of the instrument.",
            )
        ]
    if outcome.bounds_stated:
        for column in (outcome.pre, outcome.post):
            values = numbers(frame, column)
            rows = np.flatnonzero((values < low) | (values > high)) + 1
            if len(rows):
                problems.append(
                    Problem(
                        "DAT-002",
                        f"frame, column {column}",
                        f"{len(rows)} values outside {low:g} to {high:g} ({rows_named(rows)})",
                        f"{low:g} to {high:g}, or missing",
                        "Correct the values, or the scale.",
                    )
                )
        return problems
    if outcome.n <= _FEW:
        return problems
    # Values that are too large to be squared are refused by the estimators.
    with np.errstate(over="ignore", invalid="ignore"):
        spreads = sorted(float(np.std(values, ddof=1)) for values in (outcome.before, outcome.after))
    # A constant of decimals has a spread of rounding errors.
    if spreads[0] > _ROUNDING * float(np.abs(outcome.before).max()) and spreads[1] > _SPREADS_APART * spreads[0]:
        found = f"standard deviations of {spreads[0]:.3g} and {spreads[1]:.3g}"
        remedy = "Score both waves on one scale, or state it with scale=(lowest, highest) if it is one."
        return [Problem("DAT-007", place, found, "the same scale in both waves", remedy)]
    return problems
