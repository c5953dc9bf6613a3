"""All released rows of an answer as one table, for those who want more than the first rows say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.rules import withheld
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.disclosure.telling_digits import Digits, digits_without_n, places_of
from evalkit.programmes.headline_texts import PER_HUNDRED, Headline, every_row, metric_code, wave_titles
from evalkit.programmes.limitations import lowered
from evalkit.programmes.model import Programme
from evalkit.programmes.written_numbers import number
from evalkit.report import tables, text
from evalkit.report.programme_blocks import Table
from evalkit.report.programme_numbers import (
    LEFT_OUT,
    MODELS,
    OUTWARDS,
    POINTS,
    PROGRAMME_TERM,
    WITHHELD,
    Shown,
    interval,
    lacks_n,
    line_data,
    rounded_outwards,
    scale_of,
    unit_words,
    value,
    whose,
    written_number,
)
from evalkit.result import Curve, Estimates

# Columns that no reader needs beside the estimates: they leave neither on the page nor in the files.
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


def full_table(
    part: Shown, title: str, programme: Programme | None = None, ends: Mapping[str, str] | None = None
) -> Table | None:
    """Write all released rows of an answer.

    Parameters
    ----------
    part : Shown
        The answer.
    title : str
        Caption.
    programme : Programme, optional
        The programme; without it waves keep the names of the forms.
    ends : mapping of str to str, optional
        Id of an outcome -> lowest and highest value of its scale.

    Returns
    -------
    Table or None
        Folded; None when it would say no more than the first rows do. The files carry the rows and columns of the page.
    """
    result = part.answer.result
    if not isinstance(result, Estimates | Curve) or part.quiet or _nothing_told(part):
        return None
    if part.answer.question.estimator == "edi_plan" and programme is not None:
        return _metrics_table(part, title, programme)
    meant = _meant(part)
    if meant.sum() <= len(part.lines) + sum(one.line is not None for one in part.again):
        return None
    released, scales = part.released.frame[meant], _scales(part, ends)
    if len(set(scales.values())) > 1:
        released = released.assign(**{_SCALE: _scale_column(released, scales)})
    frame, few = _without_few(_short(_page_columns(released)), part.released.profile)
    blank = _blank_rows(frame, part.released.counts)
    if blank.all():
        return None
    frame, few = frame[~blank], few[~blank]
    read = tables.readable(replace(part.released, frame=frame))
    cut = _write_cut(read, part, frame)
    frame = frame.rename(columns={_SCALE: "scale"})
    for name in few.columns[few.any()]:
        read[_heading_of(read, name)] = read[_heading_of(read, name)].mask(few[name], WITHHELD)
    words = frozenset(
        at
        for at, name in enumerate(read.columns)
        if at and not any(ch.isdigit() for ch in "".join(map(str, read[name])))
    )
    titles = wave_titles(part.answer, programme) if programme is not None else {}
    rows = tuple(tuple(_cell(str(cell), titles) for cell in row) for row in read.itertuples(index=False))
    notes = [
        *dict.fromkeys(
            _said(line, part)
            for line in (part.released.caption, *result.method.assumptions[:2])
            if line and not line.startswith(_OF_THE_TOTAL)
        ),
        *(f"Points are of a scale from {scale}." for scale in set(scales.values()) if len(set(scales.values())) == 1),
        *([OUTWARDS] if cut else []),
        *_left_blank(int(blank.sum())),
    ]
    return Table(title, tuple(map(str, read.columns)), rows, words, tuple(notes), data=frame, folded=True)


def _write_cut(read: pd.DataFrame, part: Shown, frame: pd.DataFrame) -> bool:
    """Write what is told without n with as many digits as it carries; tell whether a limit was cut."""
    result = part.answer.result
    if not isinstance(result, Estimates) or not lacks_n(part):
        return False
    told = part.released.frame.loc[frame.index]
    given = result.frame.set_axis(part.released.frame.index)
    units = given["unit"] if "unit" in given else pd.Series(result.method.unit, index=given.index)
    found = False
    for at in frame.index[told["estimate"].notna() & told["n"].isna() & given.loc[frame.index, "n"].notna()]:
        digits = digits_without_n(units[at])
        if digits == "three digits":
            continue
        least = 2 if digits == "hundredths" else 0
        written, low, high = (
            _carried(told.loc[at, name], digits, least) for name in ("estimate", "conf_low", "conf_high")
        )
        read.loc[at, "Estimate"] = written
        if "Interval" in read and low != text.MISSING:
            found, read.loc[at, "Interval"] = True, f"{low} to {high}"
        p = _number(told.loc[at].get("p_value"))
        if "p" in read and p >= 0.001:
            read.loc[at, "p"] = number(p, min(3, places_of(p, "two digits")))
    return found


def _carried(value: object, digits: Digits, least: int) -> str:
    told = _number(value)
    return text.MISSING if math.isnan(told) else number(told, places_of(told, digits, least))


# What a method says of its total of people stands in no table of its rows.
_OF_THE_TOTAL = "n adds up"
_OF_STAFF = "part of every band and of the workforce"


def _said(line: str, part: Shown) -> str:
    """Write what a method says of itself; what it says of an outcome begins with the name of that in the plan."""
    if "against" in part.answer.question.said:
        line = line.replace(_OF_STAFF, "part of both groups of people that are held against each other")
    titles = {about: title for title, about in part.answer.of_term.items()}
    name, colon, rest = line.partition(":")
    return text.sentence_in_words(f"{titles.get(name, name)}{colon}{rest}")


def _nothing_told(part: Shown) -> bool:
    """Tell whether all numbers are withheld: what stands beside them would only tell more about them."""
    released = part.released.frame
    hidden = "flag" in released and bool((released["flag"] == SUPPRESSED).all())
    return hidden or (bool(part.lines) and all(line.withheld for line in part.lines))


def _meant(part: Shown) -> npt.NDArray[np.bool_]:
    """Tell which rows answer the question: no terms of adjustment, and no gain kept where none was to be kept."""
    released, result = part.released.frame, part.answer.result
    meant = np.ones(len(released), dtype=bool)
    question = part.answer.question
    if not isinstance(result, Estimates) or len(result.frame) != len(released):
        return meant
    if question.estimator in MODELS:
        meant &= (result.frame["term"].astype(str) == PROGRAMME_TERM).to_numpy()
    if question.estimator == "wave_change" and "follow_up" not in question.said and "quantity" in result.frame:
        meant &= (result.frame["quantity"] != _KEPT).to_numpy()
    return meant


# Column of a table of numbers on different scales; "scale" says in a result how a standard error is stated.
_SCALE = "on scale"


def _scales(part: Shown, ends: Mapping[str, str] | None) -> dict[str, str]:
    """Find the scale of each outcome of an answer."""
    return {line.term: scale for line in part.lines if (scale := scale_of(line, ends))}


def _scale_column(frame: pd.DataFrame, scales: Mapping[str, str]) -> pd.Series:
    """Put the scale beside the numbers that are in points of it."""
    found = frame["term"].map(dict(scales)).fillna("")
    return found.where(frame["unit"].astype(str).str.startswith(POINTS), "") if "unit" in frame else found


# Quantity of the rows that hold a follow-up against the end of a programme.
_KEPT = "share of the gain kept"
# Shares of people that stand beside the estimates.
_SHARES_BESIDE = ("no_room",)


def _page_columns(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in frame.columns if not str(name).startswith(_APART)]]


def _without_few(frame: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take out shares of few people, and of all but a few; tell where they stood."""
    made = frame.copy()
    few = pd.DataFrame(data=False, index=frame.index, columns=list(frame.columns))
    for name in [one for one in _SHARES_BESIDE if one in frame and "n" in frame]:
        n = frame["n"].to_numpy(dtype=float)
        people = np.round(frame[name].to_numpy(dtype=float) * n)
        hidden = np.isfinite(people) & (withheld(people, profile) | withheld(n - people, profile))
        made[name], few[name] = frame[name].mask(hidden), hidden
    return made, few


def _blank_rows(frame: pd.DataFrame, counts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Find rows in which no number could be made, or none may be told beside the others."""
    numbers = [str(name) for name in frame.select_dtypes("number").columns if name != "n" and name not in counts]
    blank = np.asarray(frame[numbers].isna().all(axis=1), dtype=bool)
    return blank & np.asarray(frame["flag"] != SUPPRESSED, dtype=bool) if "flag" in frame else blank


def _left_blank(rows: int) -> list[str]:
    if not rows:
        return []
    many = f"{rows} row{'s' if rows > 1 else ''}"
    return [f"{many} left out in which no number could be made, or none may be told beside the others."]


def _heading_of(read: pd.DataFrame, name: str) -> str:
    """Find a column of a table by the name that it has in the frame."""
    words = name.replace("_", " ")
    return next(str(column) for column in read.columns if str(column).lower() == words)


def _cell(cell: str, titles: Mapping[str, str]) -> str:
    """Write names of columns as words, and those of waves, and contrasts of waves, with their titles."""
    names = re.split(" - | over ", cell)
    if not titles or any(name not in titles for name in names):
        return text.cell_in_words(cell)
    first, *others = (titles[name] for name in names)
    # What is left at a follow-up is held against the end of the programme, both less the start.
    others = others[1:2] if len(others) > 1 else others
    return ", against ".join([first, *map(lowered, others)])


_ON_TRACK = {
    "reached": "reached",
    "missed": "missed",
    "on track": "yes",
    "off track": "no",
    "not clear, point on track": "not settled",
    "not clear, point off track": "not settled",
}
_YEAR_AND_STATUS = re.compile(r" \[[^\]]*\]|, \d{4}(?= \[|,|$)")


def _metrics_table(part: Shown, title: str, programme: Programme) -> Table | None:
    """Write the metrics of the improvement plan of all years: what a reader needs; the files say a little more."""
    result, released = part.answer.result, part.released.frame.reset_index(drop=True)
    if not isinstance(result, Estimates) or len(result.frame) != len(released):
        return None
    rows, data = [], []
    lines = every_row(part.answer, part.released, programme)
    counted = whose({"people", *(line.who for line in lines)})
    for line, (_, whole), (_, shown_row) in zip(lines, result.frame.iterrows(), released.iterrows(), strict=True):
        if line.withheld or not math.isnan(line.estimate):
            rows.append(_metric_cells(line, whole, shown_row))
            data.append({**line_data(line, {}), **{name: shown_row[name] for name in _OF_METRICS if name in released}})
    hidden = any(WITHHELD in row for row in rows)
    columns = ("Of what", "Metric", "Year", "Value", "95 % interval", "Unit", counted, "Target", "On track")
    notes = (
        "On track: on the straight line from the first year to the target. Not settled: the interval reaches across.",
        *([LEFT_OUT] if lacks_n(part) else []),
        *([OUTWARDS] if rounded_outwards(lines) else []),
        *([f"Withheld so that nobody can be recognised: {part.released.profile.title}."] if hidden else []),
        *_left_blank(len(released) - len(rows)),
    )
    return Table(title, columns, tuple(rows), frozenset({1, 5, 8}), notes, pd.DataFrame(data), folded=True)


# What the file says of a metric beside the page.
_OF_METRICS = ("metric", "year", "latest", "status", "target_year", "target")


def _metric_cells(line: Headline, whole: pd.Series, released: pd.Series) -> tuple[str, ...]:
    key, name = metric_code(whole), str(whole["title"])
    label = _YEAR_AND_STATUS.sub("", line.label).replace(f" ({key})", "")
    year, by = (_number(released.get(one)) for one in ("year", "target_year"))
    target = _number(released.get("target")) * (100 if line.unit == PER_HUNDRED else 1)
    wanted = text.MISSING if math.isnan(target) else written_number(replace(line, estimate=target, digits=None), target)
    return (
        label,
        key if any(ch.isdigit() for ch in key) else name,
        text.MISSING if math.isnan(year) else f"{year:.0f}",
        value(line),
        interval(line),
        unit_words(line) or text.MISSING,
        WITHHELD if line.withheld else text.count(line.people),
        wanted if math.isnan(by) or math.isnan(target) else f"{wanted} by {by:.0f}",
        _ON_TRACK.get(str(released.get("status")), text.MISSING),
    )


def _number(cell: object) -> float:
    """Read a number from a cell; anything else is NaN."""
    return float(pd.to_numeric(cell, errors="coerce")) if cell is not None else math.nan


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
