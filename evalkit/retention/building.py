"""From one row a person, or one row a spell, to a cohort: every problem told at once, every person accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, ImmortalTimeError, Problem
from evalkit.frames import Problems, missing_columns, one_of, require, rows_named
from evalkit.numeric.times import equal_times
from evalkit.retention.cohorts import Cohort, Floats, Step
from evalkit.retention.times import DAYS, Times, Unit, read_times, same_kind

Flags = npt.NDArray[np.bool_]

LEFT = "left"
UNKNOWN = "unknown"
ENTRY = "entry"
_SAID_MENTORED = ("mentored", "mentee")
_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
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
    covariates: Sequence[str] = (),
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
        Column with the time of leaving, or of the end of observation. Missing for those still there.
    reason : str, optional
        Column with the reason for leaving; the causes of the cohort are its values.
    event : str, optional
        Column with 1 or True for those who left. It decides: an event without a reason has the cause "unknown". Without
        it, a row with a reason left and a row without one is censored; with neither, whoever has an exit left.
    entry : str, optional
        Column with the time of entry. Numeric time starts at 0 without it.
    origin : str, date or number, optional
        When time is 0: a column, or one time for all. Else the entry for dates, and 0 for numbers. What lies before the
        origin is not counted.
    observed_from, observed_to : str, date or number, optional
        When records begin and end: a column, or one time for all. Who entered before the records begin is at risk from
        then on only (delayed entry); who left before is not seen at all.
    mentored_from : str, optional
        Column with the time at which mentoring began, missing for those never mentored. "entry" says that the column
        `mentored` or `mentee` (1 or 0) tells who was mentored from entry on.
    covariates : sequence of str, default ()
        Columns to keep. Values such as "not stated" are levels like others; missing values stay missing.
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
        DAT-003 for a missing column, DAT-004 or DAT-007 for times that cannot be read or mix formats or kinds, DAT-002
        for an exit before entry, mentoring after leaving, dates in the future, times of no length and weights below
        zero, DAT-009 for missing entries, persons or ends, DAT-010 when the spells of a person overlap. All at once,
        with the rows.
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
    names = [person, exit, *(name for name in (reason, event, entry, weight, cluster) if name), *covariates]
    starts_known = mentored_from is not None and mentored_from != ENTRY
    require(one_of("unit", unit, DAYS), _rows_there(staff))
    require(missing_columns(staff, [*names, *([mentored_from] if starts_known and mentored_from else [])], "staff"))
    _require_starts(covariates, mentored_from)
    given = {"exit": exit, "entry": entry, "origin": origin, "observed_from": observed_from, "observed_to": observed_to}
    times, problems = _all_times(staff, {**given, **({"mentored_from": mentored_from} if starts_known else {})})
    state, said = _said_mentored(staff, covariates) if mentored_from == ENTRY else (None, [])
    why = None if reason is None else _numbered(staff[reason])
    left, unread = _who_left(staff, exit, why, event, times)
    require(problems, said, unread, _persons_named(staff, person), _weights_right(staff, weight))
    rows = _timed(staff, times, left, _causes(why, event, left), unit)
    require(_overlaps(staff, person, times, rows))
    kept_columns = dict.fromkeys([*covariates, *(name for name in (weight, cluster) if name)])
    return _cut(
        rows,
        persons=staff[person].iloc[rows.kept],
        covariates=staff[list(kept_columns)].iloc[rows.kept],
        state=None if state is None else state[rows.kept],
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
    covariates: Sequence[str] = (),
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
        Columns with numbers in `unit`: at risk in (start, stop].
    event : str
        Column that says whether, or why, the person left at `stop`: 0 or 1, False or True, or texts (the cause, missing
        where nobody left).
    exposed : str, optional
        Column with 1 or True where the person had a mentor during the row.
    covariates : sequence of str, default ()
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
        DAT-003, DAT-004, DAT-009 for columns that are missing, no numbers or empty; DAT-002 for rows that do not last
        and weights below zero; DAT-010 when the rows of a person overlap.
    """
    names = [person, start, stop, event, *(name for name in (exposed, weight, cluster) if name), *covariates]
    require(one_of("unit", unit, DAYS), _rows_there(spells), missing_columns(spells, names, "spells"))
    found, problems = _all_times(spells, {"start": start, "stop": stop})
    require(problems, _persons_named(spells, person), _weights_right(spells, weight))
    begin, end = equal_times(found["start"].at, found["stop"].at)
    state, said = _yes_or_no(spells[exposed], exposed) if exposed else (np.zeros(len(spells), dtype=bool), [])
    cause, causes = _ends(spells[event])
    require(said, _lasting(begin, end, start, stop))
    people, code = _persons(spells[person])
    order = np.lexsort((begin, code))
    code, begin, end = code[order], begin[order], end[order]
    require(_rows_overlap(code, begin, end, order))
    goes_on = (code[1:] == code[:-1]) & (begin[1:] == end[:-1]) & (cause[order][:-1] == 0)
    spell = np.r_[0, np.cumsum(~goes_on)]
    kept = spells[list(dict.fromkeys([*covariates, *(name for name in (weight, cluster) if name)]))]
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
    )


def _rows_there(frame: pd.DataFrame) -> Problems:
    repeated = [str(name) for name in frame.columns[frame.columns.duplicated()]]
    if repeated:
        found = f"columns more than once: {', '.join(repeated)}"
        return [Problem("DAT-010", "frame", found, "each name once", "Rename the columns.")]
    return [] if len(frame) else [Problem("DAT-018", "frame", "no rows", "people", "Check how the file was read.")]


def _require_starts(covariates: Sequence[str], mentored_from: str | None) -> None:
    """Refuse to take who was mentored for a covariate."""
    said = [name for name in covariates if str(name).lower() in _SAID_MENTORED]
    if said and mentored_from is None:
        raise ImmortalTimeError(
            Problem(
                "EST-002",
                f"covariate {said[0]}",
                "it says who was mentored, but not since when",
                "the time at which mentoring began",
                'Name its column with mentored_from=..., or say mentored_from="entry" if nobody began later.',
            )
        )


def _all_times(frame: pd.DataFrame, given: dict[str, object]) -> tuple[dict[str, Times], Problems]:
    times: dict[str, Times] = {}
    problems: Problems = []
    for argument, value in given.items():
        if value is None:
            continue
        read, found = read_times(frame, value, argument)
        problems += found
        if read is not None:
            times[argument] = read
    return times, [*problems, *same_kind(list(times.values()))]


def _persons_named(frame: pd.DataFrame, person: str) -> Problems:
    rows = np.flatnonzero(frame[person].isna()) + 1
    if not len(rows):
        return []
    found = f"nobody named ({rows_named(rows)})"
    return [Problem("DAT-009", f"column {person}", found, "a person in each row", "Name them or leave them out.")]


def _weights_right(frame: pd.DataFrame, weight: str | None) -> Problems:
    if weight is None:
        return []
    place = f"column {weight}"
    values = pd.to_numeric(frame[weight], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~(values >= 0) | np.isinf(values)) + 1
    if len(wrong):
        found = f"weights that are missing, below zero or without end ({rows_named(wrong)})"
        return [Problem("DAT-002", place, found, "numbers of at least 0", "Correct them.")]
    if not values.any():
        return [Problem("DAT-002", place, "all weights are zero", "a weight above 0", "Check the column.")]
    return []


def _said_mentored(staff: pd.DataFrame, covariates: Sequence[str]) -> tuple[Flags | None, Problems]:
    for name in [*covariates, *map(str, staff.columns)]:
        if str(name).lower() in _SAID_MENTORED:
            return _yes_or_no(staff[name], name)
    found = "no column mentored or mentee"
    remedy = "Name the column mentored, or give mentored_from the column with the time."
    return None, [Problem("DAT-003", "mentored_from", found, "a column that says who was mentored", remedy)]


def _yes_or_no(column: pd.Series, name: str) -> tuple[Flags, Problems]:
    said, unread = _flags(column)
    wrong = np.flatnonzero(unread) + 1
    if len(wrong):
        found = f"values that are neither yes nor no ({rows_named(wrong)})"
        remedy = "Leave people out of whom it is not known."
        return said, [Problem("DAT-004", f"column {name}", found, "1 or 0", remedy)]
    return said, []


def _flags(column: pd.Series) -> tuple[Flags, Flags]:
    """Read yes or no, and where neither is said."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return values == 1, (values != 0) & (values != 1)
    codes, values = pd.factorize(column)
    read = [_YES.get(str(value).strip().lower()) for value in values]
    known = np.array([*(flag is True for flag in read), False], dtype=bool)
    unread = np.array([*(flag is None for flag in read), True], dtype=bool)
    return known[codes], unread[codes]


_Numbered = tuple[npt.NDArray[np.int64], tuple[str, ...]]


def _numbered(column: pd.Series) -> _Numbered:
    """Number the reasons, sorted; -1 where there is none, or a blank."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy().astype(np.int64), column.cat.categories
    else:
        codes, values = pd.factorize(column)
    texts = [str(value).strip() for value in values]
    seen = np.bincount(codes[codes >= 0], minlength=len(texts)) > 0
    labels = sorted({text for text, there in zip(texts, seen, strict=True) if text and there})
    place = {label: number for number, label in enumerate(labels)}
    return np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.int64)[codes], tuple(labels)


def _who_left(
    staff: pd.DataFrame, exit_: str, why: _Numbered | None, event: str | None, times: dict[str, Times]
) -> tuple[Flags, Problems]:
    gone = np.isfinite(times["exit"].at) if "exit" in times else np.zeros(len(staff), dtype=bool)
    if event is None:
        given = gone if why is None else why[0] >= 0
        return gone & given, _no_time_of_leaving(given & ~gone, exit_) if "exit" in times else []
    said, problems = _yes_or_no(staff[event], event)
    return said, [*problems, *(_no_time_of_leaving(said & ~gone, exit_) if "exit" in times else [])]


def _no_time_of_leaving(wrong: Flags, exit_: str) -> Problems:
    rows = np.flatnonzero(wrong) + 1
    if not len(rows):
        return []
    found = f"people who left, but not when ({rows_named(rows)})"
    return [Problem("DAT-009", f"column {exit_}", found, "the time of leaving", "Add it, or empty event and reason.")]


def _causes(why: _Numbered | None, event: str | None, left: Flags) -> _Numbered:
    """Number the causes from 1; "unknown" for an event without a reason."""
    if why is None:
        return np.ones(len(left), dtype=np.int64), (LEFT,)
    codes, labels = why
    if event is None or not ((codes < 0) & left).any():
        return codes + 1, labels
    labels = labels if UNKNOWN in labels else (*labels, UNKNOWN)
    return np.where(codes < 0, labels.index(UNKNOWN), codes) + 1, labels


def _timed(
    staff: pd.DataFrame,
    times: dict[str, Times],
    left: Flags,
    reasons: _Numbered,
    unit: str,
) -> _Rows:
    """Put all times on one scale, drop who was never under observation, say so."""
    n = len(staff)
    dates = any(one.dates for one in times.values())
    blank = np.full(n, np.nan)
    value = {name: times[name].at if name in times else blank for name in (*_ARGUMENTS, "mentored_from")}
    entry = value["entry"] if "entry" in times else np.zeros(n) if not dates else value["origin"]
    origin = value["origin"] if "origin" in times else (entry if dates else np.zeros(n))
    end = np.where(np.isfinite(value["exit"]), value["exit"], value["observed_to"])
    require(
        _known(entry, "entry", "the time of entry"),
        _known(origin, "origin", "the origin"),
        _known(end, "exit", "a time of leaving, or observed_to for those still there"),
    )
    require(
        _before(end, entry, left, dates=dates),
        _not_after_leaving(value["mentored_from"], value["exit"], left),
        _not_in_future(value, dates=dates),
    )
    cut = np.fmin(end, value["observed_to"])
    event = left & ~(value["exit"] > value["observed_to"])
    begin = np.fmax(np.fmax(entry, value["observed_from"]), origin)
    first_day = event & (cut == entry) & (cut == begin) if dates else np.zeros(n, dtype=bool)
    cut = np.where(first_day, cut + _FIRST_DAY, cut)
    per = DAYS[unit] if dates else 1.0
    scaled = [(one - origin) / per for one in (begin, cut, value["mentored_from"])]
    start, stop, mentored = scaled if dates else equal_times(*scaled)
    at_risk = stop > start
    kept = np.flatnonzero(at_risk)
    if not len(kept):
        found = "nobody was under observation for any time"
        raise DataError(Problem("DAT-018", "staff", found, "people at risk", "Check observed_from and observed_to."))
    codes, causes = reasons
    cause = np.where(event, codes, 0)[kept]
    steps = _steps(staff, at_risk, end, value)
    notes = (f"{int(first_day.sum())} left on the day of entry: at risk for half a day",) if first_day.any() else ()
    return _Rows(start[kept], stop[kept], cause, mentored[kept], kept, causes, steps, notes)


_ARGUMENTS = ("exit", "entry", "origin", "observed_from", "observed_to")


def _known(values: Floats, argument: str, what: str) -> Problems:
    rows = np.flatnonzero(~np.isfinite(values)) + 1
    if not len(rows):
        return []
    return [Problem("DAT-009", argument, f"no time ({rows_named(rows)})", what, "Add it, or leave the rows out.")]


def _before(end: Floats, entry: Floats, left: Flags, *, dates: bool) -> Problems:
    problems: Problems = []
    early = np.flatnonzero(end < entry) + 1
    if len(early):
        found = f"before entry ({rows_named(early)})"
        problems.append(Problem("DAT-002", "exit", found, "a time after entry", "Correct the dates of these rows."))
    nothing = np.flatnonzero((end == entry) & left) + 1
    if len(nothing) and not dates:
        found = f"times of no length ({rows_named(nothing)})"
        remedy = "Give dates, or count those who leave at once as at risk for half a unit."
        problems.append(Problem("DAT-002", "exit", found, "a time above that of entry", remedy))
    return problems


def _not_after_leaving(mentored_from: Floats, exit_: Floats, left: Flags) -> Problems:
    rows = np.flatnonzero(left & (mentored_from > exit_)) + 1
    if not len(rows):
        return []
    found = f"mentoring begins after leaving ({rows_named(rows)})"
    return [Problem("DAT-002", "mentored_from", found, "a time before leaving", "Correct the dates, or empty them.")]


def _not_in_future(value: dict[str, Floats], *, dates: bool) -> Problems:
    if not dates:
        return []
    today = float(pd.Timestamp.now().normalize().value // 86_400_000_000_000)
    problems: Problems = []
    for name in ("entry", "exit", "mentored_from"):
        # A leaving date that is agreed already lies after the end of records and is no event yet.
        late = value[name] > np.fmax(today, value["observed_to"] if name == "exit" else today)
        if name == "exit":
            late &= ~(value["observed_to"] <= today)
        rows = np.flatnonzero(late) + 1
        if len(rows):
            found = f"dates in the future ({rows_named(rows)})"
            problems.append(Problem("DAT-002", name, found, "dates up to today", "Correct them, or give observed_to."))
    return problems


def _steps(staff: pd.DataFrame, at_risk: Flags, end: Floats, value: dict[str, Floats]) -> tuple[Step, ...]:
    early = ~at_risk & (end <= value["observed_from"])
    late = ~at_risk & ~early & (np.fmax(value["entry"], value["origin"]) >= value["observed_to"])
    other = ~at_risk & ~early & ~late
    reasons = [
        (int(early.sum()), "gone before the records begin"),
        (int(late.sum()), "came after the records end"),
        (int(other.sum()), "no time under observation"),
    ]
    lost = "; ".join(f"{text}: {count:,}" for count, text in reasons if count)
    return (
        Step("Rows given", len(staff)),
        Step("Under observation", int(at_risk.sum()), int((~at_risk).sum()), lost),
    )


def _overlaps(staff: pd.DataFrame, person: str, times: dict[str, Times], rows: _Rows) -> Problems:
    """Find people of whom two rows cover the same time of the calendar."""
    names = staff[person].iloc[rows.kept]
    if names.is_unique:
        return []
    entry = np.take(times["entry"].at, rows.kept) if "entry" in times else rows.start
    length = np.take(times["exit"].at, rows.kept)
    end = np.where(np.isfinite(length), length, np.inf)
    code = pd.factorize(names)[0]
    order = np.lexsort((entry, code))
    return _rows_overlap(code[order], entry[order], end[order], rows.kept[order])


def _rows_overlap(code: npt.NDArray[np.int64], begin: Floats, end: Floats, row: npt.NDArray[np.int64]) -> Problems:
    wrong = np.flatnonzero((code[1:] == code[:-1]) & (begin[1:] < end[:-1]))
    if not len(wrong):
        return []
    found = f"spells of one person that overlap ({rows_named(np.sort(row[wrong + 1]) + 1)})"
    return [Problem("DAT-010", "person", found, "one spell at a time", "Merge or correct the rows of these people.")]


def _lasting(begin: Floats, end: Floats, start: str, stop: str) -> Problems:
    problems: Problems = []
    for name, values in ((start, begin), (stop, end)):
        rows = np.flatnonzero(~np.isfinite(values)) + 1
        if len(rows):
            problems.append(Problem("DAT-009", f"column {name}", f"no time ({rows_named(rows)})", "numbers", "Add it."))
    rows = np.flatnonzero(end <= begin) + 1
    if len(rows):
        found = f"rows that end where they begin, or before ({rows_named(rows)})"
        problems.append(Problem("DAT-002", f"columns {start}, {stop}", found, "stop above start", "Correct the rows."))
    return problems


def _ends(column: pd.Series) -> _Numbered:
    """Read what happened at the end of each row: yes or no, or a cause."""
    said, unread = _flags(column)
    if not unread.any():
        return said.astype(np.int64), (LEFT,)
    codes, labels = _numbered(column)
    return codes + 1, labels


def _persons(column: pd.Series) -> tuple[pd.Index, npt.NDArray[np.int64]]:
    codes, people = pd.factorize(column)
    return pd.Index(people, name=column.name), codes.astype(np.int64)


def _cut(
    rows: _Rows,
    *,
    persons: pd.Series,
    covariates: pd.DataFrame,
    state: Flags | None,
    exposed: bool,
    unit: str,
    weight: str | None,
    cluster: str | None,
) -> Cohort:
    """Cut each row where mentoring begins, and put the pieces in the order of people and time."""
    people, code = _persons(persons)
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
        weight=weight,
        cluster=cluster,
        steps=rows.steps,
        notes=rows.notes,
    )


def _tidy(covariates: pd.DataFrame) -> pd.DataFrame:
    """Keep texts as categories: estimators number them once."""
    frame = covariates.reset_index(drop=True)
    texts = [name for name in frame if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name].dtype)]
    return frame.astype(dict.fromkeys(texts, "category"))
