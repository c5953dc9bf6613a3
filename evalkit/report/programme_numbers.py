"""Released answers as tables and figures of a programme's report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile, Released, release, release_frame
from evalkit.disclosure.releasing import tell_without_n
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.disclosure.telling_digits import cut
from evalkit.figures.estimates import panels
from evalkit.numeric.decimal_rounding import Way
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import PAY_SHARE, PER_HUNDRED, Headline, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.wording import holds_nothing, p_written, written
from evalkit.programmes.written_numbers import number
from evalkit.report import tables, text
from evalkit.report.programme_blocks import Picture, Table
from evalkit.result import Curve, Estimates, Method, estimates

WITHHELD = tables.WITHHELD
_FEWEST_DRAWN = 2
_MOST_DRAWN = 24
_MOST_PANELS = 4
_RATIOS = frozenset({"ratio"})
# Units that are told in hundredths.
_HUNDREDTHS = frozenset({"proportion", PAY_SHARE})
# Estimators whose rows have no value of no difference.
_LEVELS = frozenset({"share", "mean", "count", "claim"})
KINDS = {
    "share": "Share",
    "mean": "Mean",
    "count": "Number",
    "change": "Change",
    "difference": "Difference",
    "ratio": "Ratio",
    "claim": "Shift",
}
# Estimator -> what its estimate is called, where the kind of the row has another name.
_OWN_KINDS = {
    "pair_agreement": "Correlation",
    "leaver_rate": "Rate",
    "median_time": "Median",
}
# Models whose other rows are there to make people comparable, and the row that is about the programme.
MODELS = frozenset({"hazard_ratio", "weighted_hazard_ratio", "subdistribution_hazard_ratio"})
PROGRAMME_TERM = "mentored"
POINTS = "points"


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """A number that is told under another question, and not again.

    Parameters
    ----------
    name : str
        Of what.
    under : str
        The other question, as it is asked.
    line : Headline, optional
        The row, withheld, where it is one that a reader looks for first.
    """

    name: str
    under: str
    line: Headline | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An answer and what may leave of it.

    Parameters
    ----------
    answer : Answer
        The answer, with a result.
    released : Released
        What may leave.
    lines : tuple of Headline
        The rows that a reader looks for first.
    quiet : bool
        Whether numbers of people are left out.
    again : tuple of Again
        Numbers that are told under another question; they are not among `lines`.
    """

    answer: Answer
    released: Released
    lines: tuple[Headline, ...]
    quiet: bool = False
    again: tuple[Again, ...] = ()


def quieted(part: Shown, programme: Programme, rows: npt.NDArray[np.bool_] | None = None) -> Shown:
    """Take the numbers of people out of an answer, and what they could be worked out from.

    Parameters
    ----------
    part : Shown
        The answer.
    programme : Programme
        The programme.
    rows : numpy.ndarray of bool, optional
        Shape (n_rows,), which rows of estimates to tell so; all when left out.

    Returns
    -------
    Shown
        Estimates, intervals and p alone, with digits from which n does not follow; of a flow of people only its steps.
    """
    result, whole = part.answer.result, rows is None
    if not isinstance(result, Estimates):
        return _without_counts(part)
    released = tell_without_n(part.released, result, np.ones(len(result.frame), dtype=bool) if rows is None else rows)
    return replace(with_released(part, released, programme), quiet=part.quiet or whole)


OUTWARDS = (
    "Where no number of people is told, shares and ratios carry fewer digits, and their intervals are rounded "
    "outwards; what is said of them goes by the unrounded ones."
)
LEFT_OUT = (
    "Numbers of people, and intervals from which they would follow, are left out (\u2013) where, beside other tables, "
    "they would tell how many are in a group that is withheld."
)


def rounded_outwards(lines: Iterable[Headline]) -> bool:
    """Tell whether a reader meets an interval that was rounded outwards.

    Parameters
    ----------
    lines : iterable of Headline
        Numbers that are told.

    Returns
    -------
    bool
        Whether there is a share or ratio with an interval and without its number of people.
    """
    return any(line.exact is not None and line.digits != "three digits" for line in lines)


def suppressed_rows(part: Shown) -> npt.NDArray[np.bool_]:
    """Tell which rows of an answer are withheld.

    Parameters
    ----------
    part : Shown
        The answer.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n_rows,), by the flag of what may leave.
    """
    frame = part.released.frame
    if "flag" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame["flag"].astype(str).eq(SUPPRESSED), dtype=bool)


def told_rows(part: Shown) -> npt.NDArray[np.bool_]:
    """Tell which rows of an answer have an estimate that may leave.

    Parameters
    ----------
    part : Shown
        The answer.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n_rows,), False where it is withheld or could not be estimated.
    """
    return np.asarray(part.released.frame["estimate"].notna(), dtype=bool) & ~suppressed_rows(part)


def lacks_n(part: Shown) -> bool:
    """Tell whether a row is told without its number of people.

    Parameters
    ----------
    part : Shown
        The answer.

    Returns
    -------
    bool
        Whether n of a row is blank that has one and is not withheld.
    """
    result, frame = part.answer.result, part.released.frame
    if not isinstance(result, Estimates) or len(frame) != len(result.frame):
        return False
    blank = frame["n"].isna().to_numpy() & result.frame["n"].notna().to_numpy()
    return bool((blank & ~suppressed_rows(part)).any())


def with_released(part: Shown, released: Released, programme: Programme) -> Shown:
    """Put other numbers into an answer.

    Parameters
    ----------
    part : Shown
        The answer.
    released : Released
        What may leave of it, row by row in the same order.
    programme : Programme
        The programme.

    Returns
    -------
    Shown
        With the same lines as before, of these numbers; lines that are told under another question stay out.
    """
    waiting, lines = list(part.lines), []
    before, after = (headlines(part.answer, one, programme) for one in (part.released, released))
    for old, new in zip(before, after, strict=True):
        if waiting and _about(old) == _about(waiting[0]):
            waiting.pop(0)
            lines.append(new)
    return replace(part, released=released, lines=tuple(lines))


def _about(line: Headline) -> tuple[str, str, str]:
    return line.label, line.term, line.group


def _without_counts(part: Shown) -> Shown:
    """Blank the counts of a flow of people or of a curve."""
    frame = part.released.frame.copy()
    for name in frame.columns:
        if name in {*part.released.counts, "std_error"} or str(name).startswith("n_"):
            frame[name] = np.nan
        elif name in _OUTWARDS:
            way = _OUTWARDS[str(name)]
            frame[name] = [cut(number, "three digits", way) for number in frame[name].astype(float)]
    return replace(part, released=replace(part.released, frame=frame, caption=""), quiet=True)


# Column of a curve -> how it is rounded where n is left out.
_OUTWARDS: Mapping[str, Way] = {"estimate": "near", "conf_low": "down", "conf_high": "up"}


def as_printed(value: float) -> float:
    """Round a number that is no count to the digits that a report gives.

    Parameters
    ----------
    value : float
        The number; NaN stays.

    Returns
    -------
    float
        Three significant digits, and never fewer than one behind the point.

    Examples
    --------
    >>> as_printed(0.9691487643353254), as_printed(12.34567), as_printed(1234.567)
    (0.969, 12.3, 1234.6)
    """
    return cut(value, "three digits")


def shown(answer: Answer, profile: Profile, public: Profile, programme: Programme) -> Shown | None:
    """Apply the disclosure profile to an answer.

    Parameters
    ----------
    answer : Answer
        The answer.
    profile, public : Profile
        The rules for numbers on people, and those for a scheme's own checklist, which is about nobody.
    programme : Programme
        The programme.

    Returns
    -------
    Shown or None
        None when there is no result.
    """
    result = answer.result
    if result is None:
        return None
    rules = public if answer.question.estimator == "reading" else profile
    if isinstance(result, pd.DataFrame):
        return Shown(answer, release_frame(result, ["n"], rules), ())
    released = release(result, rules)
    return Shown(answer, released, headlines(answer, released, programme))


def value(line: Headline) -> str:
    """Write the estimate of a row.

    Parameters
    ----------
    line : Headline
        The row.

    Returns
    -------
    str
        In per cent for proportions, with a sign for changes; "no ratio" for a number over nothing.
    """
    if math.isinf(line.estimate) and not line.withheld:
        return "no ratio"
    return WITHHELD if line.withheld else written_number(line, line.estimate, estimate=True)


def written_number(line: Headline, what: float, *, estimate: bool = False) -> str:
    """Write a number in the way of a row: its limit, or its target.

    Parameters
    ----------
    line : Headline
        The row.
    what : float
        The number, in the unit of the estimate; NaN becomes a dash.
    estimate : bool, default False
        Whether it is the estimate.

    Returns
    -------
    str
        In per cent for proportions, with a sign for changes; the digits are those of the sentence on it.
    """
    if math.isnan(what):
        return text.MISSING
    signed = line.kind in {"change", "difference"} and what > 0
    if line.kind == "count":
        told = number(what, 0 if float(what).is_integer() else 1)
    else:
        told = written(line, what, estimate=estimate)
    if line.unit in _HUNDREDTHS and line.kind in _LEVELS:
        told = f"{told} %"
    return f"+{told}" if signed and told.strip("0.,") else told


def interval(line: Headline) -> str:
    """Write the interval of a row.

    Parameters
    ----------
    line : Headline
        The row.

    Returns
    -------
    str
        "low to high", a dash for none.
    """
    if line.withheld:
        return WITHHELD
    if math.isnan(line.low) or math.isnan(line.high):
        return text.MISSING
    return f"{written_number(line, line.low)} to {written_number(line, line.high)}"


def whose(people: set[str]) -> str:
    """Head the column of how many: people, or what else was counted.

    Parameters
    ----------
    people : set of str
        What is counted in its rows.

    Returns
    -------
    str
        Such as "Mentees" where it is one, else "People or posts".
    """
    if len(people) == 1:
        return next(iter(people)).capitalize()
    others = [name for name in ("actions", "posts") if name in people]
    return " or ".join(["People", *others])


def kind_title(parts: Sequence[Shown]) -> str:
    """Call the estimates of some answers by one name.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.

    Returns
    -------
    str
        Such as "Change" or "Correlation"; "Estimate" where they are of different kinds.
    """
    named = {_kind(part, line) for part in parts for line in part.lines}
    return named.pop() if len(named) == 1 else "Estimate"


def _kind(part: Shown, line: Headline) -> str:
    own = _OWN_KINDS.get(part.answer.question.estimator, "Rate" if line.unit == PER_HUNDRED else KINDS[line.kind])
    return own if line.kind == "mean" else KINDS[line.kind]


def unit_words(line: Headline) -> str:
    """Name the unit of an estimate, as it is written.

    Parameters
    ----------
    line : Headline
        The row.

    Returns
    -------
    str
        Such as "points", "percentage points", "times as likely"; empty where the number needs none.
    """
    if line.unit == PAY_SHARE:
        return PAY_SHARE
    if line.unit in _HUNDREDTHS:
        return "per cent" if line.kind in _LEVELS else "percentage points"
    if line.kind in _RATIOS:
        return f"times {line.against}" if line.against else line.times
    return line.unit


def scale_of(line: Headline, ends: Mapping[str, str] | None = None) -> str:
    """Give the ends of the scale that a number is on.

    Parameters
    ----------
    line : Headline
        The row.
    ends : mapping of str to str, optional
        Id of an outcome -> lowest and highest value of its scale, for rows that do not say it.

    Returns
    -------
    str
        Such as "1 to 5"; empty for what is not in points, or where it is not known.
    """
    return line.ends or (ends or {}).get(line.about, "") if line.unit.startswith(POINTS) else ""


def numbers_table(
    parts: Sequence[Shown], title: str, caption: str = "", ends: Mapping[str, str] | None = None
) -> Table | None:
    """Put the first rows of several answers into one table.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.
    title : str
        Caption.
    caption : str, default ""
        A line below it.
    ends : mapping of str to str, optional
        Id of an outcome -> lowest and highest value of its scale.

    Returns
    -------
    Table or None
        None when there are no such rows, or all are withheld. Intervals come before p; the scale of each number stands
        beside it.
    """
    lines = [line for part in parts for line in part.lines]
    if all(line.withheld for line in lines):
        return None
    columns = [("Of what", [line.label for line in lines]), *_estimate_columns(parts, lines)]
    if not all(line.kind == "count" for line in lines):
        people = {line.who for line in lines}
        counts = [WITHHELD if line.withheld else text.count(line.people) for line in lines]
        columns.append((whose(people), counts))
    columns += _unit_columns(parts, lines, ends or {})
    words = frozenset(at for at, (name, _) in enumerate(columns) if name == "Unit")
    rows = tuple(zip(*(cells for _, cells in columns), strict=True))
    data = pd.DataFrame([line_data(line, ends or {}) for line in lines])
    return Table(title, tuple(name for name, _ in columns), rows, words, _notes(parts, caption), data)


def _estimate_columns(parts: Sequence[Shown], lines: Sequence[Headline]) -> list[tuple[str, list[str]]]:
    """Write estimates, intervals where there are any, and p where anything is tested."""
    units = {_unit_of(line) for line in lines}
    columns = [(kind_title(parts) + (units.pop() if len(units) == 1 else ""), [value(line) for line in lines])]
    if any(line.withheld or not math.isnan(line.low) for line in lines):
        levels = " and ".join(dict.fromkeys(line.level for line in lines))
        columns.append((f"{levels} interval", [interval(line) for line in lines]))
    if any(not math.isnan(line.p_value) for line in lines):
        columns.append(("p", [p_written(line) for line in lines]))
    return columns


def _unit_columns(
    parts: Sequence[Shown], lines: Sequence[Headline], ends: Mapping[str, str]
) -> list[tuple[str, list[str]]]:
    """Write the units where they differ, and the scales where there are any."""
    columns = []
    units = [unit_words(line) for line in lines]
    if len(set(units)) > 1 or (kind_title(parts) == "Estimate" and any(units) and not _unit_of(lines[0])):
        columns.append(("Unit", [unit or text.MISSING for unit in units]))
    scales = [scale_of(line, ends) for line in lines]
    if any(scales):
        columns.append(("Scale", [scale or text.MISSING for scale in scales]))
    return columns


def _notes(parts: Sequence[Shown], caption: str) -> tuple[str, ...]:
    """Say below a table what was left out, and why."""
    notes = [caption] if caption else []
    if any(part.quiet or lacks_n(part) for part in parts):
        notes.append(LEFT_OUT)
    if rounded_outwards(line for part in parts for line in part.lines):
        notes.append(OUTWARDS)
    if any(line.withheld for part in parts for line in part.lines):
        notes.append(f"Withheld so that nobody can be recognised: {parts[0].released.profile.title}.")
    terms = list(dict.fromkeys(term for part in parts for term in _adjustment(part)))
    if terms:
        notes.append(
            f"The model also holds {', '.join(terms)}, to make people comparable. These terms are left out here and "
            "in the files, as their numbers are no effects of their own."
        )
    return tuple(notes)


def _adjustment(part: Shown) -> list[str]:
    """Name the terms of a model that are not about the programme."""
    result = part.answer.result
    if not isinstance(result, Estimates) or part.answer.question.estimator not in MODELS:
        return []
    terms = result.frame["term"].astype(str)
    return [text.cell_in_words(term) for term in terms.unique() if term != PROGRAMME_TERM]


def _unit_of(line: Headline) -> str:
    """Name the unit after the kind at the head of a column, where the cells do not show it."""
    if line.unit in _HUNDREDTHS and line.unit != PAY_SHARE:
        return "" if line.kind in _LEVELS else ", percentage points"
    return f", {line.unit}" if line.unit else ""


def line_data(line: Headline, ends: Mapping[str, str]) -> dict[str, object]:
    """Give a row as it stands in the files.

    Parameters
    ----------
    line : Headline
        The row.
    ends : mapping of str to str
        Id of an outcome -> lowest and highest value of its scale.

    Returns
    -------
    dict of str to object
        Name of a column -> value; proportions as such, and nothing that the page does not show.
    """
    return {
        "of_what": line.label,
        "term": line.term,
        "group": line.group,
        "estimate": line.estimate,
        "conf_low": line.low,
        "conf_high": line.high,
        "p_value": line.p_value,
        "n": line.people,
        "unit": line.unit,
        "scale": scale_of(line, ends),
        "flag": SUPPRESSED if line.withheld else "",
    }


def forest(parts: Sequence[Shown], title: str, ends: Mapping[str, str] | None = None) -> Picture | None:
    """Draw the first rows of several answers with their intervals, each scale on an axis of its own.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.
    title : str
        Caption.
    ends : mapping of str to str, optional
        Id of an outcome -> lowest and highest value of its scale.

    Returns
    -------
    Picture or None
        None when fewer than two rows have an interval, they are of different kinds, or on more scales than a reader
        can take in.
    """
    drawn = [
        (_axis_label(part, line, ends or {}), line)
        for part in parts
        for line in part.lines
        if math.isfinite(line.low) and math.isfinite(line.high)
    ]
    lines = [line for _, line in drawn]
    labels = list(dict.fromkeys(label for label, _ in drawn))
    kinds = {(line.kind in _LEVELS, line.kind in _RATIOS) for line in lines}
    if not _FEWEST_DRAWN <= len(lines) <= _MOST_DRAWN or len(kinds) > 1 or len(labels) > _MOST_PANELS:
        return None
    level, ratio = kinds.pop()
    log = ratio and all(line.low > 0 for line in lines)
    groups = [[line for name, line in drawn if name == label] for label in labels]
    method = Method("", "", "", scale="log" if log else "identity")
    results = [estimates([_drawn_row(line) for line in group], method) for group in groups]
    drawing = panels(results, labels, null=float("nan") if level else 1.0 if log else 0.0, log=log)
    said = [_alt(group, label, level=level) for label, group in zip(labels, groups, strict=True)]
    start = f"A panel for each of {len(labels)} scales. " if len(labels) > 1 else ""
    return Picture(title, start + " ".join(said), drawing)


def _drawn_row(line: Headline) -> dict[str, object]:
    """Give the numbers as the table has them: a drawing can be measured, and would tell digits that nobody may know."""
    times = 100.0 if line.unit in _HUNDREDTHS else 1.0
    numbers = {"estimate": line.estimate, "conf_low": line.low, "conf_high": line.high}
    return {
        "term": line.label,
        **{name: times * as_printed(number) for name, number in numbers.items()},
        "n": line.people,
    }


def _axis_label(part: Shown, line: Headline, ends: Mapping[str, str]) -> str:
    """Say what is read off an axis: the unit, and the scale that it is of."""
    scale = scale_of(line, ends)
    unit = unit_words(line) if line.unit else "ratio" if line.kind in _RATIOS else _kind(part, line).lower()
    return f"{unit} on a scale from {scale}" if scale else unit


def _alt(lines: Sequence[Headline], label: str, *, level: bool) -> str:
    """Say what a forest plot, or a panel of it, shows; its numbers stand in the table below it."""
    one = len(lines) == 1
    start = (
        f"{len(lines)} estimate{'' if one else 's'} in {label}, {'' if one else 'each '}a square on a line that is its "
        "interval."
    )
    if level:
        return f"{start} {_range_of(lines)}"
    null = 1.0 if lines[0].kind in _RATIOS else 0.0
    beyond = sum(not holds_nothing(line) for line in lines)
    if one:
        return f"{start} The interval {'lies wholly on one side of' if beyond else 'holds'} no difference, at {null:g}."
    how_many = "None" if not beyond else "All" if beyond == len(lines) else f"{beyond}"
    verb = "lies" if beyond <= 1 else "lie"
    return f"{start} {how_many} of the {len(lines)} intervals {verb} wholly on one side of no difference, at {null:g}."


def _range_of(lines: Sequence[Headline]) -> str:
    """Name the lowest and the highest of some levels, where they differ as they are written."""
    low, high = min(lines, key=lambda one: one.estimate), max(lines, key=lambda one: one.estimate)
    if len(lines) == 1:
        return f"{low.label} is at {value(low)}."
    if value(low) == value(high):
        return f"All are at {value(low)}."
    return f"The lowest is {low.label} at {value(low)}, the highest {high.label} at {value(high)}."


def method_notes(parts: Sequence[Shown]) -> str:
    """Name the methods and intervals of some answers.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.

    Returns
    -------
    str
        In one line; empty without estimates.
    """
    said = []
    for part in parts:
        result = part.answer.result
        if isinstance(result, Estimates | Curve):
            method = result.method
            said.append(f"{method.name}; interval: {method.interval}" if method.interval else method.name)
    return ". ".join(dict.fromkeys(said))


def flow_frame(part: Shown) -> pd.DataFrame:
    """Give the released rows of a flow.

    Parameters
    ----------
    part : Shown
        A flow of people.

    Returns
    -------
    pandas.DataFrame
        `step, of, reason, n`.
    """
    return part.released.frame[["step", "of", "reason", "n"]].assign(n=lambda frame: frame["n"].astype(float))


def finite(values: Sequence[float]) -> bool:
    """Tell whether any number can be drawn.

    Parameters
    ----------
    values : sequence of float
        The numbers.

    Returns
    -------
    bool
        False when all are missing or infinite.
    """
    return bool(np.isfinite(np.asarray(values, dtype=float)).any())
