"""Released answers as tables and figures of a programme's report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit import figures
from evalkit.disclosure import Profile, Released, release, release_frame
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import PAY_SHARE, Headline, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.wording import beside_nothing, number, per_cent
from evalkit.report import tables, text
from evalkit.report.programme_blocks import Picture, Table
from evalkit.result import Curve, Estimates, Method, estimates

WITHHELD = tables.WITHHELD
_FEWEST_DRAWN = 2
_MOST_DRAWN = 24
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
    """

    answer: Answer
    released: Released
    lines: tuple[Headline, ...]
    quiet: bool = False


# What tells how many people there are, beside the numbers themselves.
_TELLS = ("std_error", "statistic", "df")


def quieted(part: Shown) -> Shown:
    """Take the numbers of people out of an answer, and what they could be worked out from.

    Parameters
    ----------
    part : Shown
        The answer.

    Returns
    -------
    Shown
        Estimates, intervals and p alone; of a flow of people only its steps.
    """
    frame = part.released.frame.copy()
    gone = [
        name for name in frame.columns if str(name) in {*_TELLS, *part.released.counts} or str(name).startswith("n_")
    ]
    for name in gone:
        frame[name] = np.nan
    # Of all digits of a share or a mean, n could be worked out.
    for name in [name for name in ("estimate", "conf_low", "conf_high", "p_value") if name in frame]:
        frame[name] = frame[name].astype(float).map(as_printed)
    released = replace(part.released, frame=frame, caption="")
    lines = tuple(
        replace(
            line,
            people=math.nan,
            estimate=as_printed(line.estimate),
            low=as_printed(line.low),
            high=as_printed(line.high),
            p_value=as_printed(line.p_value),
        )
        for line in part.lines
    )
    return Shown(part.answer, released, lines, quiet=True)


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
    if not math.isfinite(value) or value == 0:
        return value
    return round(value, max(1, 2 - math.floor(math.log10(abs(value)))))


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
        In per cent for proportions, with a sign for changes.
    """
    return WITHHELD if line.withheld else _written(line, line.estimate)


def _written(line: Headline, what: float) -> str:
    if math.isnan(what):
        return text.MISSING
    signed = line.kind in {"change", "difference"} and what > 0
    if line.unit in _HUNDREDTHS:
        told = per_cent(what) if line.kind in _LEVELS else beside_nothing(100 * what, 1)
    elif line.kind == "count":
        told = number(what, 0 if float(what).is_integer() else 1)
    elif line.kind in _LEVELS:
        told = number(what, 1 if abs(line.estimate) >= 10 else 2)
    else:
        told = beside_nothing(what, 1 if abs(line.estimate) >= 10 else 2, 1.0 if line.kind in _RATIOS else 0.0)
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
    return f"{_written(line, line.low)} to {_written(line, line.high)}"


def numbers_table(parts: Sequence[Shown], title: str, caption: str = "") -> Table | None:
    """Put the first rows of several answers into one table.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.
    title : str
        Caption.
    caption : str, default ""
        A line below it.

    Returns
    -------
    Table or None
        None when there are no such rows, or all are withheld. Intervals come before p.
    """
    pairs = [(part, line) for part in parts for line in part.lines]
    if not pairs:
        return None
    lines = [line for _, line in pairs]
    if all(line.withheld for line in lines):
        return None
    levels = " and ".join(dict.fromkeys(line.level for line in lines))
    named = {KINDS[line.kind] + _unit_of(line) for line in lines}
    tested = any(not math.isnan(line.p_value) for line in lines)
    bare = all(math.isnan(line.low) for line in lines) and not any(line.withheld for line in lines)
    columns = ["", named.pop() if len(named) == 1 else "Estimate"]
    columns += [] if bare else [f"{levels} interval"]
    columns += ["p"] if tested else []
    people = {line.who for line in lines}
    counted = not all(line.kind == "count" for line in lines)
    columns += [people.pop().capitalize() if len(people) == 1 else "People"] if counted else []
    columns[0] = "Of what"
    rows = []
    for line in lines:
        row = [line.label, value(line)]
        row += [] if bare else [interval(line)]
        row += [text.p_value(line.p_value)] if tested else []
        row += [WITHHELD if line.withheld else text.count(line.people)] if counted else []
        rows.append(tuple(row))
    notes = [caption] if caption else []
    if any(part.quiet for part in parts):
        notes.append(
            "Numbers of people are left out (\u2013) where, beside other tables, they would tell how many are "
            "in a group "
            "that is withheld."
        )
    if any(line.withheld for line in lines):
        notes.append(f"Withheld so that nobody can be recognised: {parts[0].released.profile.title}.")
    data = pd.DataFrame([_row(line) for line in lines])
    return Table(title, tuple(columns), tuple(rows), notes=tuple(notes), data=data)


def _unit_of(line: Headline) -> str:
    if line.unit in _HUNDREDTHS and line.unit != PAY_SHARE:
        return "" if line.kind in _LEVELS else ", percentage points"
    return f", {line.unit}" if line.unit else ""


def _row(line: Headline) -> dict[str, object]:
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
        "flag": SUPPRESSED if line.withheld else "",
    }


def forest(parts: Sequence[Shown], title: str) -> Picture | None:
    """Draw the first rows of several answers with their intervals.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.
    title : str
        Caption.

    Returns
    -------
    Picture or None
        None when fewer than two rows have an interval, or they are of different kinds or units.
    """
    lines = [line for part in parts for line in part.lines if math.isfinite(line.low) and math.isfinite(line.high)]
    kinds, units = {line.kind in _LEVELS for line in lines}, {line.unit for line in lines}
    ratios = {line.kind in _RATIOS for line in lines}
    if not _FEWEST_DRAWN <= len(lines) <= _MOST_DRAWN or len(kinds) > 1 or len(units) > 1 or len(ratios) > 1:
        return None
    times = 100.0 if lines[0].unit in _HUNDREDTHS else 1.0
    log = ratios.pop() and all(line.low > 0 for line in lines)
    rows = [
        {
            "term": line.label,
            "estimate": times * line.estimate,
            "conf_low": times * line.low,
            "conf_high": times * line.high,
            "n": line.people,
        }
        for line in lines
    ]
    unit = {"proportion": "per cent" if lines[0].kind in _LEVELS else "percentage points", "": "ratio"}
    label = unit.get(lines[0].unit, lines[0].unit)
    result = estimates(rows, Method("", "", label, scale="log" if log else "identity"))
    level = kinds.pop()
    null = float("nan") if level else 1.0 if log else 0.0
    axes = figures.forest(result, null=null, log=log, label=label)
    drawing = axes.get_figure()
    if drawing is None:
        return None
    return Picture(title, _alt(lines, label, level=level), drawing)  # type: ignore[arg-type]


def _alt(lines: Sequence[Headline], label: str, *, level: bool) -> str:
    """Say what a forest plot shows; its numbers stand in the table below it."""
    start = f"{len(lines)} estimates in {label}, each a square on a line that is its interval."
    if level:
        low, high = min(lines, key=lambda one: one.estimate), max(lines, key=lambda one: one.estimate)
        return f"{start} The lowest is {low.label} at {value(low)}, the highest {high.label} at {value(high)}."
    null = 1.0 if lines[0].kind in _RATIOS else 0.0
    beyond = sum(not line.low <= null <= line.high for line in lines)
    how_many = "None" if not beyond else "All" if beyond == len(lines) else f"{beyond}"
    verb = "lies" if beyond <= 1 else "lie"
    return f"{start} {how_many} of the {len(lines)} intervals {verb} wholly on one side of no difference, at {null:g}."


def full_table(part: Shown, title: str) -> Table | None:
    """Write all released rows of an answer.

    Parameters
    ----------
    part : Shown
        The answer.
    title : str
        Caption.

    Returns
    -------
    Table or None
        Folded; None when it would say no more than the first rows do.
    """
    result = part.answer.result
    if not isinstance(result, Estimates | Curve) or len(result.frame) <= len(part.lines) or part.quiet:
        return None
    released = part.released
    if "flag" in released.frame and bool((released.frame["flag"] == SUPPRESSED).all()):
        return None
    # The page says that the numbers are withheld: what stands beside them would only tell more about them.
    if part.lines and all(line.withheld for line in part.lines):
        return None
    kept = [name for name in released.frame.columns if not str(name).startswith(_APART)]
    trimmed = replace(released, frame=_short(released.frame[kept]))
    read = tables.readable(trimmed)
    words = frozenset(
        at
        for at, name in enumerate(read.columns)
        if at and not any(ch.isdigit() for ch in "".join(map(str, read[name])))
    )
    rows = tuple(tuple(text.cell_in_words(str(cell)) for cell in row) for row in read.itertuples(index=False))
    method = result.method
    notes = tuple(
        dict.fromkeys(text.sentence_in_words(line) for line in (released.caption, *method.assumptions[:2]) if line)
    )
    return Table(title, tuple(map(str, read.columns)), rows, words, notes, data=released.frame, folded=True)


_APART = (
    "n_before",
    "n_after",
    "n_then",
    "floor_",
    "ceiling_",
    "scale_ends",
    "kirkpatrick",
    "comparability",
    "claim",
    "statistic",
    "df",
    "std_error",
    "mean_dose",
    "n_events",
    "direction",
    "adverse",
    "scale",
    "threshold",
)


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out what holds the same, or nothing, in all rows, and texts too long for a cell."""
    kept = []
    for name in frame.columns:
        values = frame[name]
        blank = values.isna() | values.astype(str).eq("")
        long = not pd.api.types.is_numeric_dtype(values) and bool(values.astype(str).str.len().gt(60).any())
        if not blank.all() and not (long and name not in {"term", "group"}):
            kept.append(name)
    return frame[kept]


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
