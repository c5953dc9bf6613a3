"""Leaver rates: leavers over the mean of headcount at both ends of a period."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import Row, limits
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.snapshots import (
    NOT_LOSSES,
    Leavers,
    Snapshots,
    never_in_post,
    read_leavers,
    read_snapshots,
    series_problems,
)
from evalkit.equality.staff_columns import (
    coded,
    columns_problems,
    label_problems,
    level_problems,
    people_counts,
)
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, rows_named
from evalkit.numeric.event_rates import rate, rate_ratio, weighted_rate
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Unmatched = Literal["error", "count"]

HEADCOUNT, FTE = "leaver rate, headcount", "leaver rate, FTE"
RATIO = "ratio of leaver rates"
_HEADS, _EQUIVALENTS = "leavers per head of mean headcount", "FTE lost per FTE of the mean"
_HIGHER = "higher: more staff are lost"


@dataclass(frozen=True, slots=True)
class _Cell:
    """One group in one period."""

    group: str
    at_start: float
    at_end: float
    leavers: int
    others: int | None

    @property
    def base(self) -> float:
        return (self.at_start + self.at_end) / 2


def leaver_rate(
    staff: pd.DataFrame,
    leavers: pd.DataFrame,
    *,
    person: str = "person",
    snapshot: str = "snapshot",
    left: str = "left",
    started: str | None = None,
    fte: str | None = None,
    exit_type: str | None = None,
    not_losses: Sequence[str] = NOT_LOSSES,
    by: str | None = None,
    reference: str | None = None,
    by_exit_type: bool = False,
    unmatched: Unmatched = "error",
    level: float = 0.95,
) -> Estimates:
    """Leavers of a period per head of the mean headcount at its two ends.

    Parameters
    ----------
    staff : pandas.DataFrame
        Shape (rows, columns), one row a person a snapshot. Each snapshot but the last begins a period.
    leavers : pandas.DataFrame
        Shape (rows, columns), one row a person who left active service.
    person, snapshot, left : str
        Columns of the person (in both frames), of the day of the snapshot, and of the last day in post.
    started : str, optional
        Column of `staff`: the day on which service began, to find people who left before.
    fte : str, optional
        Column of `staff`: full-time equivalents; the rate is then given in them too.
    exit_type : str, optional
        Column of `leavers`: how they left; missing is "unknown", which is a type of its own and a loss.
    not_losses : sequence of str
        Types that are no loss of staff. Say `()` to count every loss of active service.
    by : str, optional
        Column of `staff`: the rate of each group. Leavers are in the group of their last snapshot.
    reference : str, optional
        Group whose rate the others are divided by.
    by_exit_type : bool, default False
        A row for each type too, those that are no losses included. `n_least` is then the people who left so.
    unmatched : {"error", "count"}, default "error"
        What becomes of leavers in no snapshot: an error, or counted (of those who joined and left in between), in the
        group that they have in `leavers`, else as "not stated".
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each period and group the rate in headcount and in full-time equivalents, then the ratios of the headcount
        rates to that of the reference ("not stated" has none). `n` is the mean headcount, rounded down. Extra columns:
        `period`, `at_start`, `at_end` (headcount or FTE), `leavers` (losses), `not_counted` (others who left), `unit`,
        `scale`, `direction`, `adverse` ("above", of ratios "above 1"), `adverse_above_one` (of ratios), `n_least`,
        `flag`.

    Raises
    ------
    DataError
        As `read_snapshots` and `read_leavers`; DAT-007 for leavers who were never in post or left before
        they started, DAT-020 for leavers of other years and for a snapshot missing from the series, DAT-006 for an
        unknown group or rule, DAT-002 or DAT-009 for the level.
    EstimationError
        EST-001 when there are fewer than two snapshots.

    Notes
    -----
    The interval is the exact one of a Poisson number (Garwood). In a place of constant size whose leavers are replaced,
    the number who leave is a Poisson number, and the rate can exceed one; a binomial interval would take the staff at
    the start as all who can leave. It covers at least as often as it says: 96 to 98 per cent where few leave. In
    full-time equivalents it is Dobson's, which stretches the exact one by the spread of the leavers' FTE.

    References
    ----------
    .. [1] Garwood F (1936). Biometrika 28:437-442.
    .. [2] Dobson AJ, Kuulasmaa K, Eberle E, Scherer J (1991). Stat Med 10:457-462, equation 6.
    .. [3] Przyborowski J, Wilenski H (1940). Biometrika 31:313-323 (ratio of two rates).

    Examples
    --------
    >>> staff = pd.DataFrame({"person": [1, 2, 3, 4, 1, 2, 3, 5], "snapshot": ["2023-03-31"] * 4 + ["2024-03-31"] * 4})
    >>> leavers = pd.DataFrame({"person": [4], "left": ["2023-09-30"]})
    >>> leaver_rate(staff, leavers).frame["estimate"].tolist()
    [0.25]
    """
    require(level_problems(level), _arguments(unmatched, by, reference))
    found = read_snapshots(staff, person=person, snapshot=snapshot, by=by, fte=fte, started=started)
    gone, wrong = read_leavers(leavers, found, person=person, left=left, exit_type=exit_type)
    wrong += never_in_post(gone) if unmatched == "error" else []
    wrong_series = series_problems(found.dates)
    if any(problem.code == "EST-001" for problem in wrong_series):
        raise EstimationError([*wrong_series, *wrong])
    require(wrong_series, wrong, label_problems("reference", reference, found.group.labels))
    counted = _count(found, gone, leavers, by, not_losses)
    rows = [row for period in range(len(found.dates) - 1) for row in counted.rows(period, reference, level)]
    if by_exit_type:
        rows += [row for period in range(len(found.dates) - 1) for row in counted.rows_of_types(period, level)]
    return estimates(rows, _method(_dropped(gone, counted), len(leavers), level, not_losses))


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Staff and leavers by period and group; `group` of each leaver, `inside` of the periods, `loss` or not."""

    found: Snapshots
    gone: Leavers
    labels: tuple[str, ...]
    group: Ints
    inside: npt.NDArray[np.bool_]
    loss: npt.NDArray[np.bool_]
    heads: Floats
    equivalents: Floats
    fte: Floats | None

    def rows(self, period: int, reference: str | None, level: float) -> Iterator[Row]:
        cells = [self.cell(period, number) for number in range(len(self.labels))]
        cells = [cell for cell in cells if cell.base or cell.leavers]
        lead: Row = {"period": self.name(period)}
        for cell in cells:
            yield lead | _rate_row(cell, level)
            if self.fte is not None:
                yield lead | self.equivalents_row(self.fte, period, cell, level)
        yield from (lead | row for row in _ratio_rows(cells, reference, level))

    def name(self, period: int) -> str:
        return f"{self.found.dates[period]} to {self.found.dates[period + 1]}"

    def here(self, period: int, number: int) -> npt.NDArray[np.bool_]:
        return np.asarray(self.inside & (self.gone.period == period) & (self.group == number))

    def cell(self, period: int, number: int) -> _Cell:
        here = self.here(period, number)
        losses = int((here & self.loss).sum())
        start, end = self.heads[period, number], self.heads[period + 1, number]
        return _Cell(self.labels[number], float(start), float(end), losses, int(here.sum()) - losses)

    def equivalents_row(self, fte: Floats, period: int, cell: _Cell, level: float) -> Row:
        number = self.labels.index(cell.group)
        start, end = self.equivalents[period, number], self.equivalents[period + 1, number]
        lost = self.here(period, number) & self.loss
        rows = self.gone.row[lost]
        weights = fte[rows[rows >= 0]]
        facts = _facts(FTE, cell, _EQUIVALENTS) | {"at_start": float(start), "at_end": float(end)}
        facts |= {"leavers": float(weights.sum()), "not_counted": math.nan}
        if start + end == 0:
            return facts | {"flag": "no full-time equivalents"}
        square = float((weights**2).sum())
        interval = weighted_rate(float(weights.sum()), square, int((weights > 0).sum()), (start + end) / 2, level=level)
        unknown = "FTE of leavers in no snapshot, or not stated, is not in it" if len(weights) < lost.sum() else ""
        flag = "no leaver: no interval" if math.isnan(interval.low) else unknown
        return facts | limits(interval) | {"flag": flag}

    def rows_of_types(self, period: int, level: float) -> Iterator[Row]:
        for number in range(len(self.labels)):
            cell, here = self.cell(period, number), self.here(period, number)
            if not cell.base:
                continue
            for place, label in enumerate(self.gone.type.labels):
                of_type = here & (self.gone.type.codes == place)
                events = int(of_type.sum())
                one = _Cell(cell.group, cell.at_start, cell.at_end, events, None)
                row = _rate_row(one, level) | {"term": f"{HEADCOUNT}: {label}", "n_least": min(events, int(cell.base))}
                yield {"period": self.name(period)} | row


def _count(
    found: Snapshots, gone: Leavers, leavers: pd.DataFrame, by: str | None, not_losses: Sequence[str]
) -> _Counted:
    labels = found.group.labels
    group = np.where(gone.row >= 0, found.group.codes[gone.row], -1)
    if by is None:
        group = np.zeros(len(gone.period), dtype=np.int64)
    elif (group < 0).any():
        own = coded(leavers[by]).stated() if by in leavers.columns else None
        names = np.array([*own.labels])[own.codes] if own else np.full(len(group), NOT_STATED)
        for name in dict.fromkeys(names[group < 0].tolist()):
            labels = labels if name in labels else (*labels, name)
        place = {name: number for number, name in enumerate(labels)}
        group = np.where(group < 0, [place.get(str(name), -1) for name in names], group)
    loss = ~np.isin(gone.type.codes, [n for n, name in enumerate(gone.type.labels) if name in set(not_losses)])
    inside = (gone.period >= 0) & (gone.period < len(found.dates) - 1)
    extra = ((0, 0), (0, len(labels) - len(found.group.labels)))
    heads = np.pad(found.heads(), extra)
    fte = None if found.fte is None else np.nan_to_num(found.fte)
    equivalents = heads if fte is None else np.pad(found.heads(fte), extra)
    return _Counted(found, gone, labels, group, inside, loss, heads, equivalents, fte)


def leaver_rate_from_counts(
    counts: pd.DataFrame,
    *,
    at_start: str,
    at_end: str,
    leavers: str,
    by: str | None = None,
    period: str | None = None,
    reference: str | None = None,
    level: float = 0.95,
) -> Estimates:
    """Leavers of a period per head of the mean headcount at its two ends, from counts.

    Parameters
    ----------
    counts : pandas.DataFrame
        Shape (groups and periods, columns), one row a group and period.
    at_start, at_end, leavers : str
        Columns of headcount at the start, at the end, and of the leavers that are losses; whole numbers.
    by, period : str, optional
        Columns of the group and of the period.
    reference : str, optional
        Group whose rate the others are divided by.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        As `leaver_rate`, in headcount.

    Raises
    ------
    DataError
        DAT-003, DAT-004 or DAT-009 for columns and what is in them, DAT-002 for what is no count, DAT-006 for an
        unknown reference, DAT-007 for leavers where nobody was in post, DAT-010 for a group and period twice.

    Examples
    --------
    >>> counts = pd.DataFrame({"group": ["BME", "white"], "a": [200, 800], "b": [220, 780], "left": [42, 79]})
    >>> found = leaver_rate_from_counts(counts, at_start="a", at_end="b", leavers="left", by="group", reference="white")
    >>> found.frame["estimate"].round(3).tolist()
    [0.2, 0.1, 2.0]
    """
    named = {"at_start": at_start, "at_end": at_end, "leavers": leavers, "by": by, "period": period}
    require(columns_problems(counts, named, "counts"), level_problems(level), _arguments("error", by, reference))
    read = [people_counts(counts, column, "counts") for column in (at_start, at_end, leavers)]
    columns = [found for found, _ in read]
    wrong = [problem for _, found in read for problem in found]
    groups = coded(counts[by]).stated() if by else None
    periods = coded(counts[period]).stated() if period else None
    wrong += _count_problems(counts, columns, (by, period), leavers)
    require(wrong, label_problems("reference", reference, groups.labels) if groups else [])
    rows: list[Row] = []
    for number, label in enumerate(periods.labels if periods else ("",)):
        here = np.flatnonzero(periods.codes == number) if periods else np.arange(len(counts))
        cells = [
            _Cell(
                groups.labels[groups.codes[row]] if groups else "all",
                float(columns[0][row]), float(columns[1][row]), int(columns[2][row]), None,
            )
            for row in here
        ]  # fmt: skip
        lead: Row = {"period": label} if period else {}
        rows += [lead | _rate_row(cell, level) for cell in cells if cell.base]
        rows += [lead | row for row in _ratio_rows(cells, reference, level)]
    if not any("estimate" in row for row in rows):
        raise EstimationError(Problem("EST-001", "counts", "nobody in post", "at least one person", "Check them."))
    return estimates(rows, _method({}, int(columns[2].sum()), level, ()))


def _count_problems(
    counts: pd.DataFrame, columns: Sequence[Ints], keys: tuple[str | None, str | None], leavers: str
) -> Problems:
    wrong: Problems = []
    nobody = np.flatnonzero((columns[0] + columns[1] == 0) & (columns[2] > 0)) + 1
    if len(nobody):
        found = f"leavers where nobody was in post ({rows_named(nobody)})"
        place = f"counts, column {leavers}"
        wrong.append(Problem("DAT-007", place, found, "leavers of those in post", "Correct them."))
    named = [key for key in keys if key]
    twice = np.flatnonzero(counts.duplicated(named).to_numpy() if named else np.arange(len(counts)) > 0) + 1
    if len(twice):
        found = f"a group and period twice ({rows_named(twice)})"
        wrong.append(Problem("DAT-010", "counts", found, "one row a group and period", "Name the columns, or add up."))
    return wrong


def _arguments(unmatched: str, by: str | None, reference: str | None) -> Problems:
    wrong: Problems = []
    if unmatched not in ("error", "count"):
        wrong.append(Problem("DAT-006", "unmatched", repr(unmatched), "error or count", "Choose one of them."))
    if reference is not None and by is None:
        wrong.append(Problem("DAT-009", "by", "None", "a column", "Name the column of the groups beside a reference."))
    return wrong


def _facts(term: str, cell: _Cell, unit: str) -> Row:
    return {
        "term": term,
        "group": cell.group,
        "n": math.floor(cell.base),
        "at_start": cell.at_start,
        "at_end": cell.at_end,
        "leavers": cell.leavers,
        "not_counted": cell.others,
        "unit": unit,
        "direction": _HIGHER,
        "adverse": "above",
        "adverse_above_one": None,
        "scale": "identity",
        "n_least": math.floor(cell.base),
    }


def _rate_row(cell: _Cell, level: float) -> Row:
    facts = _facts(HEADCOUNT, cell, _HEADS)
    if not cell.base:
        return facts | {"flag": "nobody in post at either end"}
    return facts | limits(rate(cell.leavers, cell.base, level=level)) | {"flag": ""}


def _ratio_rows(cells: Sequence[_Cell], reference: str | None, level: float) -> Iterator[Row]:
    first = next((cell for cell in cells if cell.group == reference and cell.base), None)
    if first is None:
        return
    for cell in cells:
        if cell is first or not cell.base or cell.group == NOT_STATED:
            continue
        interval, p = rate_ratio(cell.leavers, cell.base, first.leavers, first.base, level=level)
        yield {
            "term": RATIO,
            "group": f"{cell.group} over {first.group}",
            **limits(interval),
            "p_value": p,
            "n": math.floor(cell.base) + math.floor(first.base),
            "unit": "ratio",
            "direction": f"above 1: more of {cell.group} leave",
            "adverse": "above 1",
            "adverse_above_one": True,
            "scale": "log",
            "n_least": math.floor(min(cell.base, first.base)),
            "flag": "nobody left in either group" if math.isnan(interval.estimate) else "",
        }


def _dropped(gone: Leavers, counted: _Counted) -> dict[str, int]:
    dropped = {"left outside the periods": int((~counted.inside).sum())}
    for number, name in enumerate(gone.type.labels):
        others = int((counted.inside & ~counted.loss & (gone.type.codes == number)).sum())
        dropped[f"not a loss: {name}"] = others
    return {reason: people for reason, people in dropped.items() if people}


def _method(dropped: dict[str, int], given: int, level: float, not_losses: Sequence[str]) -> Method:
    return Method(
        name="leaver rate",
        estimand="people lost in the period per head of the staff in post, on average of its start and its end, in a "
        "place that works as this one",
        unit="by row",
        scale="by row",
        level=level,
        interval="exact Poisson (Garwood); FTE: Dobson; ratio: exact conditional",
        n_given=given,
        n_used=given - sum(dropped.values()),
        n_dropped=dropped,
        assumptions=(
            "leavers are counted (given, used and dropped); people leave independently of each other",
            "headcount is about as large in between as at the ends of the period",
            f"no losses: {', '.join(not_losses)}" if not_losses else "every one counted is a loss",
            "an unknown way of leaving counts as a loss",
        ),
        references=(
            "Garwood F (1936) Biometrika 28:437-442",
            "Dobson AJ and others (1991) Stat Med 10:457-462",
            "Przyborowski J, Wilenski H (1940) Biometrika 31:313-323",
        ),
    )
