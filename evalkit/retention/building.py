"""From one row a person, or one row a spell, to a cohort: every problem told at once, every person accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, ImmortalTimeError, Problem
from evalkit.frames import Problems, one_of, require, rows_named
from evalkit.numeric.times import equal_times
from evalkit.retention.cohorts import Cohort, Floats, Step
from evalkit.retention.departures import Numbered, alike, causes_of, ends, reasons, yes_or_no
from evalkit.retention.row_checks import (
    RowTimes,
    column_problems,
    frame_problems,
    longest_problems,
    names_of,
    overlap_problems,
    person_problems,
    time_problems_of,
    weight_problems,
)
from evalkit.retention.times import DAYS, Times, Unit, as_if_dates, read_times, same_kind

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

ENTRY = "entry"
_COLUMNS = ("exit", "entry", "mentored_from", "start", "stop")
_SAID_MENTORED = ("mentored", "mentee")
# A person who leaves on the day of entry is at risk for half of it.
_FIRST_DAY = 0.5


@dataclass(slots=True)
class _Rows:
    """One row a spell, in one unit of time, before it is cut where mentoring begins."""

    start: Floats
    stop: Floats
    cause: npt.NDArray[np.int64]
    mentored_from: Floats
    kept: npt.NDArray[np.int64]
    causes: tuple[str, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def cohort(
    staff: pd.DataFrame,
    *,
    person: str,
    exit: str,  # noqa: A002
    reason: str | None = None,
    event: str | None = None,
    entry: str | None = None,
    origin: object = None,
    observed_from: object = None,
    observed_to: object = None,
    mentored_from: str | None = None,
    covariates: str | Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    unit: Unit = "months",
) -> Cohort:
    """Make a cohort from one row a person.

    Parameters
    ----------
    staff : pandas.DataFrame
        Shape (people, columns). A person who left and came back has a row for each time.
    person : str
        Column that names the person.
    exit : str
        Column with the time of leaving, or of the end of observation. Missing for those still there. Dates are read
        as year-month-day; a date after 2200, which often stands for "no end", is refused.
    reason : str, optional
        Column with the reason for leaving; the causes of the cohort are its values.
    event : str, optional
        Column with 1, True, "yes" or "Y" for those who left. It decides: an event without a reason has the cause
        "unknown". Without it, a row with a reason left and a row without one is censored; with neither, whoever has an
        exit left.
    entry : str, optional
        Column with the time of entry. Numeric time starts at 0 without it.
    origin : str, date or number, optional
        When time is 0: a column, or one time for all. Else the entry for dates, and 0 for numbers. What lies before the
        origin is not counted.
    observed_from, observed_to : str, date or number, optional
        When records begin and end: a column, or one time for all, not after today. Who entered before the records begin
        is at risk from then on only (delayed entry); who left before is not seen at all.
    mentored_from : str, optional
        Column with the time at which mentoring began, missing for those never mentored. "entry" says that the column
        `mentored` or `mentee` (1 or 0) tells who was mentored from entry on.
    covariates : str or sequence of str, default ()
        Columns to keep; a single text is the name of one. Values such as "not stated" are levels like others; missing
        values stay missing, and so do blanks. Blanks around a level do not count, nor around the name of a person.
    weight : str, optional
        Column with case weights, positive or 0.
    cluster : str, optional
        Column that names the cluster, kept for estimators.
    unit : {"days", "weeks", "months", "years"}, default "months"
        Unit of time: dates are divided by it once (a month is 30.4375 days), numbers are taken to be in it.

    Returns
    -------
    Cohort
        Spells in (start, stop], cut where mentoring begins. Who was dropped, and why, stands in its `flow()`.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-004 or DAT-007 for times that cannot be read or mix formats or kinds, and for
        numbers that are dates in disguise (20260331, or the days of a spreadsheet), DAT-002 for an exit before entry,
        mentoring after leaving, dates in the future, times of no length or of more than 100 years and weights below
        zero, DAT-009 for missing entries, persons or ends and for arguments of the wrong kind, DAT-010 when the spells
        of a person overlap. All at once, with the rows.
    ImmortalTimeError
        EST-002 when a covariate called `mentored` or `mentee` says who is mentored, but not since when.

    Notes
    -----
    Who leaves on the day of entry is counted as at risk for half a day. Numeric times that differ by rounding error
    only are tied, as R's survival ties them.

    Examples
    --------
    >>> staff = pd.DataFrame({"id": [1, 2, 3], "left": [6.0, 12.0, None], "mentor": [None, 3.0, 2.0]})
    >>> made = cohort(staff, person="id", exit="left", observed_to=24, mentored_from="mentor")
    >>> made.counts(by="mentored")[["group", "time", "at_risk", "left", "censored"]].values.tolist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [['not mentored', 2.0, 3, 0, 0], ['not mentored', 3.0, 2, 0, 0], ['not mentored', 6.0, 1, 1, 0],
     ['mentored', 12.0, 2, 1, 0], ['mentored', 24.0, 1, 0, 1]]
    """
    began = None if mentored_from == ENTRY else mentored_from
    columns = {"person": person, "exit": exit}
    others = {"reason": reason, "event": event, "entry": entry, "weight": weight, "cluster": cluster}
    require(frame_problems(staff, "staff"))
    problems = [
        *one_of("unit", unit, DAYS),
        *column_problems(staff, columns, {**others, "mentored_from": began}, covariates),
    ]
    kept = _kept_columns(staff, names_of(covariates), weight, cluster)
    _require_starts([] if problems else kept, mentored_from)
    given: dict[str, object] = {"exit": exit, "entry": entry, "mentored_from": began}
    given |= {"origin": origin, "observed_from": observed_from, "observed_to": observed_to}
    times, unread = _all_times(staff, given, unit)
    state, unsaid = _said_mentored(staff, kept) if mentored_from == ENTRY else (None, [])
    people, code = _persons(staff[person] if _there(staff, person) else pd.Series(range(len(staff))))
    why = reasons(staff[str(reason)]) if _there(staff, reason) else None
    rows = RowTimes.of(len(staff), times)
    left, wrong = _who_left(staff, why, event, rows, exit if "exit" in times else None)
    problems += [*unread, *unsaid, *wrong, *person_problems(code, person)]
    problems += weight_problems(staff[str(weight)]) if _there(staff, weight) else []
    if _there(staff, exit) and _comparable(times, given):
        problems += [*time_problems_of(rows, left, unit), *_overlaps(rows, code, len(people))]
    require(problems)
    timed = _timed(rows, left, causes_of(why, left, decided=event is not None), unit)
    return _cut(
        timed,
        persons=(people, code[timed.kept]),
        covariates=staff[kept].iloc[timed.kept],
        state=None if state is None else state[timed.kept],
        exposed=mentored_from is not None,
        unit=unit,
        weight=weight,
        cluster=cluster,
    )


def cohort_from_spells(
    spells: pd.DataFrame,
    *,
    person: str,
    start: str,
    stop: str,
    event: str,
    exposed: str | None = None,
    covariates: str | Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    unit: Unit = "months",
) -> Cohort:
    """Make a cohort from rows that are already (start, stop].

    Parameters
    ----------
    spells : pandas.DataFrame
        Shape (spells, columns).
    person : str
        Column that names the person.
    start, stop : str
        Columns with numbers in `unit`, counted from where the time of each person begins: at risk in (start, stop].
    event : str
        Column that says whether, or why, the person left at `stop`: 0 or 1, False or True, or texts (the cause, missing
        where nobody left). Numbers for several causes are refused: name the causes.
    exposed : str, optional
        Column with 1 or True where the person had a mentor during the row.
    covariates : str or sequence of str, default ()
        Columns to keep; they may change from row to row.
    weight : str, optional
        Column with case weights.
    cluster : str, optional
        Column that names the cluster.
    unit : {"days", "weeks", "months", "years"}, default "months"
        Unit of the numbers.

    Returns
    -------
    Cohort
        The same rows, sorted by person and start.

    Raises
    ------
    DataError
        DAT-003, DAT-004, DAT-009 for columns that are missing, no numbers (dates are none) or empty, and for an event
        that is neither yes or no nor a cause; DAT-002 for rows that do not last, or for more than 100 years, and
        weights below zero; DAT-010 when the rows of a person overlap. All at once, with the rows.
    """
    columns = {"person": person, "start": start, "stop": stop, "event": event}
    others = {"exposed": exposed, "weight": weight, "cluster": cluster}
    require(frame_problems(spells, "spells"))
    problems = [*one_of("unit", unit, DAYS), *column_problems(spells, columns, others, covariates)]
    kept_columns = _kept_columns(spells, names_of(covariates), weight, cluster)
    _require_starts([] if problems else kept_columns, exposed)
    require(problems)
    found, unread = _all_times(spells, {"start": start, "stop": stop}, unit)
    dated = [_no_dates(one, unit) for one in found.values() if one.dates]
    people, code = _persons(spells[person])
    state, unsaid = yes_or_no(spells[exposed], exposed) if exposed else (np.zeros(len(spells), dtype=bool), [])
    (cause, causes), unknown = ends(spells[event], event)
    problems = [*unread, *dated, *unsaid, *unknown, *person_problems(code, person)]
    problems += weight_problems(spells[weight]) if weight else []
    if len(found) == 2 and not dated:
        begin, end = equal_times(found["start"].at, found["stop"].at)
        read = [one.unread for one in found.values() if one.unread is not None]
        judged = ~np.logical_or.reduce(read) if read else np.ones(len(spells), dtype=bool)
        problems += [*_lasting(begin, end, start, stop, judged, unit), *overlap_problems(code, begin, end, judged)]
    require(problems)
    order = np.lexsort((begin, code))
    code, begin, end = code[order], begin[order], end[order]
    goes_on = (code[1:] == code[:-1]) & (begin[1:] == end[:-1]) & (cause[order][:-1] == 0)
    spell = np.r_[0, np.cumsum(~goes_on)]
    kept = spells[kept_columns]
    changes = (code[1:] == code[:-1]) & (state[order][1:] != state[order][:-1])
    first = np.r_[True, code[1:] != code[:-1]]
    late = bool(changes.any()) or bool((state[order] & ~first & ~np.r_[False, state[order][:-1]]).any())
    return Cohort(
        person=code,
        spell=spell,
        start=begin,
        stop=end,
        cause=cause[order],
        mentored=state[order],
        row=order.astype(np.int64),
        covariates=_tidy(kept),
        people=people,
        causes=causes,
        unit=unit,
        exposure_varies=late,
        exposed=exposed is not None,
        weight=weight,
        cluster=cluster,
        steps=(Step("Under observation", len(people)),),
        notes=alike(causes),
    )


def _there(frame: pd.DataFrame, name: object) -> bool:
    return isinstance(name, str) and name in frame.columns


def _kept_columns(frame: pd.DataFrame, covariates: Sequence[str], *others: str | None) -> list[str]:
    return [name for name in dict.fromkeys([*covariates, *others]) if name is not None and _there(frame, name)]


def _require_starts(columns: Sequence[str], said_by: str | None) -> None:
    """Refuse to take who was mentored for a covariate, a weight or a cluster."""
    said = [name for name in columns if _says_mentored(name)]
    if said and said_by is None:
        raise ImmortalTimeError(
            Problem(
                "EST-002",
                f"covariate {said[0]}",
                "it says who was mentored, but not since when",
                "the time at which mentoring began",
                'Name its column with mentored_from=..., or say mentored_from="entry" if nobody began later; of rows '
                "that are already cut where mentoring begins, name it with exposed=...",
            )
        )


def _says_mentored(name: object) -> bool:
    return str(name).strip().lower() in _SAID_MENTORED


def _all_times(frame: pd.DataFrame, given: dict[str, object], unit: str) -> tuple[dict[str, Times], Problems]:
    times: dict[str, Times] = {}
    problems: Problems = []
    for argument, value in given.items():
        if value is None or (argument in _COLUMNS and not _there(frame, value)):
            continue
        read, found = read_times(frame, value, argument)
        problems += found
        if read is not None:
            days = unit == "days" and given.get("origin") is not None
            disguised = as_if_dates(read, days_from_origin=days)
            problems += disguised
            times |= {} if disguised else {argument: read}
    return times, [*problems, *same_kind(list(times.values()))]


def _comparable(times: dict[str, Times], given: dict[str, object]) -> bool:
    """Tell whether all that was given could be read, as dates throughout or numbers throughout."""
    asked = [argument for argument, value in given.items() if value is not None]
    return len(times) == len(asked) and not same_kind(list(times.values()))


def _said_mentored(staff: pd.DataFrame, covariates: Sequence[str]) -> tuple[Flags | None, Problems]:
    for name in [*covariates, *map(str, staff.columns)]:
        if _says_mentored(name):
            return yes_or_no(staff[name], name)
    found = "no column mentored or mentee"
    remedy = "Name the column mentored, or give mentored_from the column with the time."
    return None, [Problem("DAT-003", "mentored_from", found, "a column that says who was mentored", remedy)]


def _who_left(
    staff: pd.DataFrame, why: Numbered | None, event: str | None, rows: RowTimes, exit_: str | None
) -> tuple[Flags, Problems]:
    gone = np.isfinite(rows.exit)
    said, problems = yes_or_no(staff[str(event)], str(event)) if _there(staff, event) else (None, [])
    left = said if said is not None else gone if why is None else why[0] >= 0
    lacking = rows.rows(left & ~gone)
    if len(lacking) and exit_ is not None:
        found = f"people who left, but not when ({rows_named(lacking)})"
        remedy = "Add it, or empty event and reason."
        problems.append(Problem("DAT-009", f"column {exit_}", found, "the time of leaving", remedy))
    return left & gone if said is None else left, problems


def _timed(rows: RowTimes, left: Flags, numbered: Numbered, unit: str) -> _Rows:
    """Put all times on one scale, drop who was never under observation, say so."""
    n, dates, origin = len(left), rows.dates, rows.origin
    cut = np.fmin(rows.end, rows.observed_to)
    event = left & ~(rows.exit > rows.observed_to)
    begin = np.fmax(np.fmax(rows.entry, rows.observed_from), origin)
    first_day = event & (cut == rows.entry) & (cut == begin) if dates else np.zeros(n, dtype=bool)
    cut = np.where(first_day, cut + _FIRST_DAY, cut)
    per = DAYS[unit] if dates else 1.0
    scaled = [(one - origin) / per for one in (begin, cut, rows.mentored_from)]
    start, stop, mentored = scaled if dates else equal_times(*scaled)
    at_risk = stop > start
    kept = np.flatnonzero(at_risk)
    if not len(kept):
        found = "nobody was under observation for any time"
        raise DataError(Problem("DAT-018", "staff", found, "people at risk", "Check observed_from and observed_to."))
    codes, causes = numbered
    cause = np.where(event, codes, 0)[kept]
    steps = _steps(at_risk, rows)
    rule = (f"{int(first_day.sum())} left on the day of entry: at risk for half a day",) if first_day.any() else ()
    return _Rows(start[kept], stop[kept], cause, mentored[kept], kept, causes, steps, (*rule, *alike(causes)))


def _steps(at_risk: Flags, rows: RowTimes) -> tuple[Step, ...]:
    early = ~at_risk & (rows.end <= rows.observed_from)
    late = ~at_risk & ~early & (np.fmax(rows.entry, rows.origin) >= rows.observed_to)
    other = ~at_risk & ~early & ~late
    found = [
        (int(early.sum()), "gone before the records begin"),
        (int(late.sum()), "came after the records end"),
        (int(other.sum()), "no time under observation"),
    ]
    lost = "; ".join(f"{text}: {count:,}" for count, text in found if count)
    return (
        Step("Rows given", len(at_risk)),
        Step("Under observation", int(at_risk.sum()), int((~at_risk).sum()), lost),
    )


def _overlaps(rows: RowTimes, code: Ints, people: int) -> Problems:
    """Find people of whom two rows cover the same time of the calendar."""
    if people == len(code):
        return []
    begin = rows.entry if rows.with_entry else np.fmax(np.fmax(rows.entry, rows.observed_from), rows.origin)
    return overlap_problems(code, begin, np.where(np.isfinite(rows.exit), rows.exit, np.inf), rows.judged)


def _no_dates(times: Times, unit: str) -> Problem:
    remedy = (
        f"Give {unit} since each person entered, such as (stop - entry).dt.days / {DAYS.get(unit, 1.0):g}; or give one "
        "row a person with its dates to cohort(...)."
    )
    return Problem("DAT-004", times.place, "dates", f"numbers in {unit}", remedy)


def _lasting(begin: Floats, end: Floats, start: str, stop: str, judged: Flags, unit: str) -> Problems:
    problems: Problems = []
    for name, values in ((start, begin), (stop, end)):
        rows = np.flatnonzero(~np.isfinite(values) & judged) + 1
        if len(rows):
            problems.append(Problem("DAT-009", f"column {name}", f"no time ({rows_named(rows)})", "numbers", "Add it."))
    place = f"columns {start}, {stop}"
    rows = np.flatnonzero((end <= begin) & judged) + 1
    if len(rows):
        found = f"rows that end where they begin, or before ({rows_named(rows)})"
        problems.append(Problem("DAT-002", place, found, "stop above start", "Correct the rows."))
    return [*problems, *longest_problems(end, place, unit, judged)]


def _persons(column: pd.Series) -> tuple[pd.Index, Ints]:
    """Number the persons, as they come; -1 where nobody is named. Blanks around a name do not count."""
    codes, people = pd.factorize(column)
    texts = [name.strip() if isinstance(name, str) else name for name in people] if _may_be_texts(people) else None
    if texts is not None and any(text != name for text, name in zip(texts, people, strict=True)):
        place, people = pd.factorize(np.array([None if text == "" else text for text in texts], dtype=object))
        codes = np.append(place, -1)[codes]
    return pd.Index(people, name=column.name), codes.astype(np.int64)


def _may_be_texts(values: pd.Index | np.ndarray) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _cut(
    rows: _Rows,
    *,
    persons: tuple[pd.Index, Ints],
    covariates: pd.DataFrame,
    state: Flags | None,
    exposed: bool,
    unit: str,
    weight: str | None,
    cluster: str | None,
) -> Cohort:
    """Cut each row where mentoring begins, and put the pieces in the order of people and time."""
    people, code = _present(*persons)
    begun = rows.mentored_from
    always = begun <= rows.start if state is None else state
    split = (begun > rows.start) & (begun < rows.stop) if state is None else np.zeros(len(code), dtype=bool)
    # In the order of people, then of rows; the second piece of a row lies behind its first.
    in_order = np.arange(len(code)) if (code[1:] >= code[:-1]).all() else np.argsort(code, kind="stable")
    source = np.repeat(in_order, 1 + split[in_order])
    new = np.r_[True, source[1:] != source[:-1]]
    second = np.flatnonzero(~new)
    cut = begun[source[second]]
    start, stop, cause, mentored = rows.start[source], rows.stop[source], rows.cause[source], always[source]
    start[second], stop[second - 1], cause[second - 1], mentored[second] = cut, cut, 0, True
    return Cohort(
        person=code[source],
        spell=np.cumsum(new) - 1,
        start=start,
        stop=stop,
        cause=cause,
        mentored=mentored,
        row=source.astype(np.int64),
        covariates=_tidy(covariates),
        people=people,
        causes=rows.causes,
        unit=unit,
        exposure_varies=bool(split.any()),
        exposed=exposed,
        recorded=np.bincount(code, weights=np.isfinite(begun), minlength=len(people)) > 0,
        weight=weight,
        cluster=cluster,
        steps=rows.steps,
        notes=rows.notes,
    )


def _present(people: pd.Index, code: Ints) -> tuple[pd.Index, Ints]:
    """Number the persons who have rows left anew, as they come."""
    if len(code) == len(people) and (np.diff(code) == 1).all():
        return people, code
    code, there = pd.factorize(code)
    return people.take(there), code.astype(np.int64)


def _tidy(covariates: pd.DataFrame) -> pd.DataFrame:
    """Keep texts as categories, without the blanks around them: estimators number them once."""
    frame = covariates.reset_index(drop=True)
    texts = [name for name in frame if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name].dtype)]
    frame = frame.astype(dict.fromkeys(texts, "category"))
    for name in frame:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = _without_blanks(frame[name], in_order=name not in texts)
    return frame


def _without_blanks(column: pd.Series, *, in_order: bool) -> pd.Series:
    """Take blanks around levels away; a level of blanks is missing."""
    given = column.cat.categories
    levels = [level.strip() if isinstance(level, str) else level for level in given]
    if all(level == before for level, before in zip(levels, given, strict=True)) and "" not in levels:
        return column
    kept = list(dict.fromkeys(level for level in levels if level != ""))
    kept = kept if in_order else sorted(kept, key=str)
    place = {level: number for number, level in enumerate(kept)}
    codes = np.array([*(place.get(level, -1) for level in levels), -1])[column.cat.codes.to_numpy()]
    made = pd.Categorical.from_codes(codes, categories=kept, ordered=column.cat.ordered)
    return pd.Series(made, index=column.index, name=column.name)
