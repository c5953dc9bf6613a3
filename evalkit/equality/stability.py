"""Stability: staff with a year's service now over staff a year ago, and the share of those who remain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import Row, limits
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.snapshots import NOT_LOSSES, Leavers, Snapshots, read_leavers, read_snapshots
from evalkit.equality.staff_columns import coded, columns_problems, label_problems, level_problems, numbers
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, rows_named
from evalkit.numeric.proportions import newcombe, wilson
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

INDEX = "stability index, headcount"
REMAINING, REMAINING_FTE = "share remaining, headcount", "share remaining, FTE"
_LEAST_DAYS, _MOST_DAYS = 335, 396
_MORE = "more with a year's service than were in post a year ago: no interval"
_HIGHER = "higher: more staff stayed"


@dataclass(frozen=True, slots=True, eq=False)
class _Year:
    """Two snapshots a year apart; rows of the first, and whether each of them remains."""

    name: str
    then: Ints
    remains: Flags
    served: Ints | None  # rows of the second with a year's service
    resting: Ints  # rows of the first whose people remain though they are not in the second


def stability_index(
    staff: pd.DataFrame,
    leavers: pd.DataFrame | None = None,
    *,
    person: str = "person",
    snapshot: str = "snapshot",
    started: str | None = None,
    fte: str | None = None,
    left: str = "left",
    exit_type: str | None = None,
    not_losses: Sequence[str] = NOT_LOSSES,
    by: str | None = None,
    reference: str | None = None,
    level: float = 0.95,
) -> Estimates:
    """Staff with at least a year's service as a proportion of staff in post a year ago, and the shares that remain.

    Parameters
    ----------
    staff : pandas.DataFrame
        Shape (rows, columns), one row a person a snapshot; every pair of snapshots a year apart (335 to 396 days) is a
        year.
    leavers : pandas.DataFrame, optional
        Shape (rows, columns), one row a person who left active service. People who left in a way that is no loss and
        are not back yet count as remaining. Without it whoever is not in post has gone.
    person, snapshot : str
        Columns of the person (in both frames) and of the day of the snapshot.
    started : str, optional
        Column of `staff`: the day on which service began; the index needs it. Left out, there are the shares remaining.
    fte : str, optional
        Column of `staff`: full-time equivalents.
    left, exit_type : str
        Columns of `leavers`: the last day in post and how they left. Without `exit_type` every leaving is a loss.
    not_losses : sequence of str
        Types that are no loss of staff. Say `()` to count every loss of active service.
    by : str, optional
        Column of `staff`: the same for each group. The index takes the group now for those with a year's service and
        the group then for those in post a year ago; the shares remaining take the group then.
    reference : str, optional
        Group from whose shares remaining the others are told apart.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each year and group three rows: the index (a proportion: times 100 it is the usual one), the share of those
        in post a year ago who remain, the same weighted by their FTE then; and differences of the shares from the
        reference. `n` counts staff a year ago. Extra columns: `period`, `now` (people or FTE in the numerator),
        `a_year_ago`, `on_break` (people counted as remaining though not in post), `unit`, `direction`, `adverse`
        ("below", of differences "below 0"), `adverse_above_one` (empty: no row is a ratio), `n_least`, `flag`. An index
        above 1 is possible, where people came with service from elsewhere or returned; it has no interval.

    Raises
    ------
    DataError
        As `read_snapshots` and `read_leavers`; DAT-006 for an unknown reference, DAT-002 or DAT-009 for the level.
    EstimationError
        EST-001 when no two snapshots are a year apart.

    Notes
    -----
    Limits are Wilson's, of the FTE share with the number of people of equal hours that would tell as much (Kish);
    differences are Newcombe's.

    References
    ----------
    .. [1] Wilson EB (1927). J Am Stat Assoc 22:209-212.
    .. [2] Kish L (1965). Survey Sampling, section 11.7 (effective number under unequal weights).
    .. [3] Newcombe RG (1998). Stat Med 17:873-890, method 10.

    Examples
    --------
    >>> staff = pd.DataFrame({"person": [1, 2, 3, 4, 1, 2, 3, 5], "snapshot": ["2023-03-31"] * 4 + ["2024-03-31"] * 4})
    >>> stability_index(staff).frame["estimate"].tolist()
    [0.75]
    """
    require(level_problems(level), _by_problems(by, reference))
    found = read_snapshots(staff, person=person, snapshot=snapshot, by=by, fte=fte, started=started)
    pairs = _a_year_apart(found)
    if not pairs:
        raise EstimationError(
            Problem(
                "EST-001",
                f"staff, column {snapshot}",
                f"snapshots on {', '.join(map(str, found.dates[:5]))}",
                "two snapshots a year apart",
                "Add the snapshot of a year ago.",
            )
        )
    gone = None
    wrong: Problems = []
    if leavers is not None:
        gone, wrong = read_leavers(leavers, found, person=person, left=left, exit_type=exit_type)
    require(wrong, label_problems("reference", reference, found.group.labels))
    away = _away(found, gone, not_losses)
    rows: list[Row] = []
    for pair in pairs:
        rows += _rows(found, _year(found, pair, away), reference, level)
    used = np.isin(found.at, [place for pair in pairs for place in pair])
    return estimates(rows, _method(len(staff), int(used.sum()), level, not_losses, gone is not None))


def _by_problems(by: str | None, reference: str | None) -> Problems:
    if reference is None or by is not None:
        return []
    return [Problem("DAT-009", "by", "None", "a column", "Name the column of the groups beside a reference.")]


def _a_year_apart(found: Snapshots) -> list[tuple[int, int]]:
    pairs = []
    for now in range(len(found.dates)):
        apart = (found.dates[now] - found.dates).astype(int)
        fits = np.flatnonzero((apart >= _LEAST_DAYS) & (apart <= _MOST_DAYS))
        if len(fits):
            pairs.append((int(fits[np.argmin(np.abs(apart[fits] - 365))]), now))
    return pairs


@dataclass(frozen=True, slots=True, eq=False)
class _Away:
    """Leavings that are no losses: who, and from which snapshot on."""

    person: Ints
    period: Ints


def _away(found: Snapshots, gone: Leavers | None, not_losses: Sequence[str]) -> _Away:
    if gone is None:
        return _Away(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    kept = np.isin(gone.type.codes, [n for n, name in enumerate(gone.type.labels) if name in set(not_losses)])
    # Someone who left for a break and then for good is not on a break: the last leaving decides.
    order = np.argsort(gone.left, kind="stable")
    order = order[gone.person[order] >= 0]
    last = np.full(len(found.people), -1, dtype=np.int64)
    last[gone.person[order]] = order
    mine = (gone.person >= 0) & (last[gone.person] == np.arange(len(gone.person)))
    kept &= mine
    return _Away(gone.person[kept], gone.period[kept])


def _year(found: Snapshots, pair: tuple[int, int], away: _Away) -> _Year:
    then, now = (np.flatnonzero(found.at == place) for place in pair)
    here = np.zeros(len(found.people), dtype=bool)
    here[found.person[now]] = True
    resting = np.zeros(len(found.people), dtype=bool)
    resting[away.person[(away.period >= pair[0]) & (away.period < pair[1])]] = True
    resting &= ~here
    on_break = resting[found.person[then]]
    served = None
    if found.started is not None:
        served = now[found.started[now] <= found.dates[pair[0]]]
    name = f"{found.dates[pair[0]]} to {found.dates[pair[1]]}"
    return _Year(name, then, here[found.person[then]] | on_break, served, then[on_break])


def _rows(found: Snapshots, year: _Year, reference: str | None, level: float) -> Iterator[Row]:
    labels, codes = found.group.labels, found.group.codes
    size = len(labels)
    then, remain = codes[year.then], codes[year.then[year.remains]]
    before, stayed = np.bincount(then, minlength=size), np.bincount(remain, minlength=size)
    breaks = np.bincount(codes[year.resting], minlength=size)
    served = None if year.served is None else np.bincount(codes[year.served], minlength=size) + breaks
    for number, label in enumerate(labels):
        n = int(before[number])
        if not n:
            continue
        facts: Row = {"group": label, **_facts(n), "period": year.name, "on_break": int(breaks[number])}
        if served is not None:
            yield facts | index_row(int(served[number]), n, level=level)
        yield {"term": REMAINING} | facts | _share(int(stayed[number]), n, level)
        if found.fte is not None:
            mine = year.then[then == number]
            kept = year.remains[then == number]
            yield {"term": REMAINING_FTE} | facts | _weighted(found.fte[mine], kept, level)
    if reference is not None:
        first = labels.index(reference)
        for number, label in enumerate(labels):
            if number != first and label != NOT_STATED and before[number] and before[first]:
                pair = (int(stayed[number]), int(before[number]), int(stayed[first]), int(before[first]))
                yield _difference(f"{label} less {reference}", pair, year.name, level)


def index_row(served: int, a_year_ago: int, *, level: float) -> Row:
    """Give the row of the stability index by headcount.

    Parameters
    ----------
    served, a_year_ago : int
        Staff with a year's service now, and staff in post a year ago; somebody must have been.
    level : float
        Confidence level.

    Returns
    -------
    dict
        With Wilson's limits, without them where more have a year's service than were in post.
    """
    return {"term": INDEX} | _facts(a_year_ago) | _share(served, a_year_ago, level)


def _facts(a_year_ago: int) -> Row:
    sides: Row = {"direction": _HIGHER, "adverse": "below", "adverse_above_one": None}
    return {"n": a_year_ago, "n_least": a_year_ago} | sides


def _share(events: int, n: int, level: float) -> Row:
    facts: Row = {"estimate": events / n, "now": float(events), "a_year_ago": float(n), "unit": "proportion"}
    if events > n:
        return facts | {"flag": _MORE}
    return facts | limits(wilson(events, n, level=level)) | {"flag": ""}


def _weighted(fte: Floats, kept: Flags, level: float) -> Row:
    weights = np.nan_to_num(fte)
    total, square = float(weights.sum()), float((weights**2).sum())
    facts: Row = {"a_year_ago": total, "unit": "proportion of FTE"}
    if total == 0:
        return facts | {"now": 0.0, "flag": "no full-time equivalents"}
    stayed = float(weights[kept].sum())
    n = total * total / square
    missing = "people without FTE are not in it" if np.isnan(fte).any() else ""
    interval = wilson(min(stayed / total, 1.0) * n, n, level=level)
    return facts | limits(interval) | {"estimate": stayed / total, "now": stayed, "flag": missing}


def _difference(group: str, pair: tuple[int, int, int, int], period: str, level: float) -> Row:
    return {
        "term": REMAINING,
        "group": group,
        **limits(newcombe(*pair, level=level)),
        "n": pair[1] + pair[3],
        "period": period,
        "unit": "difference of proportions",
        "direction": _HIGHER,
        "adverse": "below 0",
        "n_least": min(pair[1], pair[3]),
        "flag": "",
    }


def stability_index_from_counts(
    counts: pd.DataFrame,
    *,
    served: str,
    a_year_ago: str,
    by: str | None = None,
    period: str | None = None,
    level: float = 0.95,
) -> Estimates:
    """Staff with at least a year's service as a proportion of staff in post a year ago, from counts.

    Parameters
    ----------
    counts : pandas.DataFrame
        Shape (groups and periods, columns), one row a group and period.
    served, a_year_ago : str
        Columns of staff with at least a year's service now, and of staff in post a year ago; whole numbers.
    by, period : str, optional
        Columns of the group and of the period.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        The index of each row, as `stability_index`.

    Raises
    ------
    DataError
        DAT-003, DAT-004 or DAT-009 for columns and what is in them, DAT-002 for what is no count or for nobody a year
        ago, DAT-007 for more with a year's service than there were staff.

    Examples
    --------
    >>> counts = pd.DataFrame({"now": [850], "then": [1000]})
    >>> stability_index_from_counts(counts, served="now", a_year_ago="then").frame["estimate"].tolist()
    [0.85]
    """
    named = {"served": served, "a_year_ago": a_year_ago, "by": by, "period": period}
    require(columns_problems(counts, named, "counts"), level_problems(level))
    now, wrong = numbers(counts, served, low=0, is_whole=True)
    then, wrong_then = numbers(counts, a_year_ago, low=1, is_whole=True)
    empty = np.flatnonzero(counts[[served, a_year_ago]].isna().any(axis=1).to_numpy()) + 1
    if len(empty):
        wrong.append(Problem("DAT-002", "counts", f"no count ({rows_named(empty)})", "whole numbers", "Fill it in."))
    with np.errstate(invalid="ignore"):
        more = np.flatnonzero(now > then) + 1
    if len(more):
        found = f"more than there were a year ago ({rows_named(more)})"
        remedy = "Correct it, or leave out those who came with service from elsewhere."
        wrong.append(Problem("DAT-007", f"counts, column {served}", found, "at most as many", remedy))
    require(wrong, wrong_then)
    groups = coded(counts[by]).stated() if by else None
    periods = coded(counts[period]).stated() if period else None
    rows: list[Row] = [
        {
            "group": groups.labels[groups.codes[row]] if groups else "all",
            **({"period": periods.labels[periods.codes[row]]} if periods else {}),
            **index_row(int(now[row]), int(then[row]), level=level),
        }
        for row in range(len(counts))
    ]
    given = int(then.sum())
    return estimates(rows, _method(given, given, level, (), breaks=False))


def _method(given: int, used: int, level: float, not_losses: Sequence[str], breaks: bool) -> Method:  # noqa: FBT001
    left_out = given - used
    return Method(
        name="stability index",
        estimand="staff with at least a year's service now, as a proportion of staff in post a year ago; and the share "
        "of those in post a year ago who remain, in a place that works as this one",
        unit="by row",
        level=level,
        interval="Wilson; FTE: Wilson on the effective number; difference: Newcombe",
        n_given=given,
        n_used=used,
        n_dropped={"in snapshots that are not a year from another": left_out} if left_out else {},
        assumptions=(
            "people stay or leave independently of each other",
            f"people away as {' or '.join(not_losses)} count as remaining" if breaks and not_losses
            else "whoever is not in post has gone",
            "n given: rows of staff; n of each row: staff a year ago",
        ),
        references=(
            "Wilson EB (1927) J Am Stat Assoc 22:209-212",
            "Kish L (1965), section 11.7",
            "Newcombe RG (1998) Stat Med 17:873-890",
        ),
    )  # fmt: skip
