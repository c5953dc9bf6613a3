"""Pay gaps: the six statutory figures, with intervals."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import Row, limits
from evalkit.equality.counting import year_problems
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.staff_columns import (
    Coded,
    coded,
    columns_problems,
    label_problems,
    level_problems,
    numbers,
    people_counts,
    yes_or_no,
)
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, rows_named, within
from evalkit.numeric.means import t_test
from evalkit.numeric.proportions import wilson
from evalkit.numeric.relative_gaps import Ranked, mean_gap, median_gap, ranked, shares_of_parts
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

QUARTERS = ("lower", "lower middle", "upper middle", "upper")
_MEN = frozenset({"m", "male", "males", "man", "men"})
_WOMEN = frozenset({"f", "female", "females", "woman", "women"})
_SHARE = "proportion"
_LEFT_OUT = "people in no gap"
_MOST_LABELS = 8


class ExtremePayWarning(UserWarning):
    """A pay rate is so far from the others that it may be a slip; it was kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pay:
    """What was read: one entry a row, all arrays of shape (rows,)."""

    side: Ints  # 0 reference, 1 comparison, -1 neither
    hourly: Floats
    bonus: Floats | None
    eligible: Flags
    count: Ints
    counted: bool
    names: tuple[str, str]

    def people(self, rows: Flags | Ints) -> int:
        if not self.counted:
            return int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
        return int(self.count[rows].sum())


def pay_gap(
    data: pd.DataFrame,
    *,
    sex: str,
    hourly: str,
    bonus: str | None = None,
    full_pay: str | None = None,
    reference: str | None = None,
    comparison: str | None = None,
    by: str | None = None,
    year: str | None = None,
    counts: str | None = None,
    extreme: float = 8.0,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Gaps in hourly and bonus pay as proportions of men's pay, and shares of each sex, the six statutory figures.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns), one row a relevant employee, or with `counts` a row a pay rate.
    sex : str
        Column of the sex: F/M, female/male or women/men in any case. Or, with `reference` and `comparison`, any other
        characteristic. Other values and missing ones are left out and counted.
    hourly : str
        Column of hourly pay in pounds or another unit of money, above 0; missing where not known.
    bonus : str, optional
        Column of the bonus in the same unit; missing or 0 where none was received. Without it there are no figures on
        bonuses.
    full_pay : str, optional
        Column that says yes for full-pay relevant employees. Hourly figures rest on them, bonus figures on all. Left
        out, all are taken to have full pay.
    reference, comparison : str, optional
        Labels of the two groups in `sex`, such as "white" and "BME"; the gap is a share of the reference's pay.
    by : str, optional
        Column of departments or staff groups: the figures for each.
    year : str, optional
        Column of years or snapshot days: the figures for each. Several years are never taken together.
    counts : str, optional
        Column of how many people a row stands for, a whole number.
    extreme : float, default 8.0
        An hourly rate over so many times the median of all, or under the median divided by it, is warned of and kept.
    allow_gaps : bool, default False
        Let years be missing from the series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Rows, for each year and part: mean and median gap in hourly pay and in the bonuses of those who received one,
        (men minus women) / men as a proportion; share of each sex receiving a bonus; share of each sex in four quarters
        of hourly pay. `std_error` is that of the proportion, for mean gaps; statistic, df and p are Welch's on the
        logarithm of the ratio. Extra columns: `year` and `by` where asked for, `unit`, `direction`, `adverse`
        ("above 0" for gaps), `adverse_above_one` (empty: no row is a ratio), `n_reference`, `n_comparison`, `n_least`,
        `flag` (what is not defined and why, and extreme rates). Last a row "people in no gap" for each other label, and
        for "not stated": how many they are, without an estimate. People of one rate across the
        boundary of two quarters are shared so that the sexes stay in proportion, which can give fractions of a person.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-004 for pay that is no number, DAT-002 for hourly pay that is
        not above 0, a negative bonus, a wrong count or level, DAT-006 for an unknown group or answer in `full_pay`,
        DAT-007 for a gap in a series, or for several years or snapshots where no column of them is named.
    EstimationError
        EST-001 when one of the groups has nobody with hourly pay.

    Warns
    -----
    ExtremePayWarning
        When an hourly rate is extreme; also in `flag`.

    Notes
    -----
    Limits of medians are made of order statistics, interpolated, and combined (MOVER): no density has to be estimated,
    and pay on the few points of a scale does not break them. They cover at 24, 200 and 8,000 people, more often than
    they say where pay is on few points; a bootstrap and the interval of Price and Bonett do not under such ties. A
    group of fewer than six has no 95 per cent interval of its median. Means rest on few people where a few bonuses are
    large: the interval then covers less often than it says.

    The staff of one trust are all its staff. The intervals say how far such figures vary among trusts, or years, with
    the same pay practice; as a description of this pay bill the figures themselves are exact.

    References
    ----------
    .. [1] Equality Act 2010 (Gender Pay Gap Information) Regulations 2017, regulations 8 to 13.
    .. [2] Bonett DG, Price RM (2020). J Educ Behav Stat 45:750-770 (ratios of means).
    .. [3] Hettmansperger TP, Sheather SJ (1986). Stat Probab Lett 4:75-79 (limits of a median).
    .. [4] Zou GY, Donner A (2008). Stat Med 27:1693-1702, equation 1 (limits of a difference).
    .. [5] Wilson EB (1927). J Am Stat Assoc 22:209-212 (shares).

    Examples
    --------
    >>> staff = pd.DataFrame({"sex": list("MMMFFF"), "hourly": [20.0, 25, 30, 18, 20, 25]})
    >>> rows = pay_gap(staff, sex="sex", hourly="hourly").frame
    >>> rows["estimate"].head(2).round(3).tolist()
    [0.16, 0.2]
    """
    named = {"sex": sex, "hourly": hourly, "bonus": bonus, "full_pay": full_pay, "counts": counts}
    require(
        columns_problems(data, named | {"by": by, "year": year}),
        level_problems(level),
        within("extreme", extreme, above=1),
    )
    years = coded(data[year]).stated() if year is not None else None
    used_columns = {name for name in (*named.values(), by) if name is not None}
    groups = coded(data[sex])
    also = year_problems(data, year, years, used_columns, allow_gaps=allow_gaps)
    pay = _read(data, groups, named, (reference, comparison), also)
    used = _used(pay)
    far = _extreme(pay, extreme)
    if far.any():
        found = f"{hourly}: {_over(extreme)} kept ({rows_named(np.flatnonzero(far) + 1)})"
        warnings.warn(f"extreme pay, {found}; check for slips", ExtremePayWarning, stacklevel=2)
    rows: list[Row] = []
    for lead, here in _strata(data, {"year": year, "by": by}):
        flag = f"{_over(extreme)} kept" if far[here].any() else ""
        rows += [lead | row for row in _figures(pay, here, flag, level)]
        rows += [lead | row for row in _others(pay, groups, here)]
    return estimates(rows, _method(pay, groups, used, sex, level))


def _strata(data: pd.DataFrame, columns: dict[str, str | None]) -> Iterator[tuple[Row, Ints]]:
    """Give the rows of each combination of the columns that occurs, with its names."""
    read = {name: coded(data[column]).stated() for name, column in columns.items() if column is not None}
    cell = np.zeros(len(data), dtype=np.int64)
    for axis in read.values():
        cell = cell * len(axis.labels) + axis.codes
    n = np.bincount(cell)
    # Sixteen bits are put in order by their digits, in one pass.
    order = np.argsort(cell.astype(np.int16) if len(n) < 2**15 else cell, kind="stable")
    found = np.flatnonzero(n)
    for number, here in zip(found.tolist(), np.split(order, np.cumsum(n[found])[:-1]), strict=True):
        place = np.unravel_index(number, tuple(len(axis.labels) for axis in read.values())) if read else ()
        yield {name: axis.labels[int(at)] for (name, axis), at in zip(read.items(), place, strict=True)}, here


def _over(extreme: float) -> str:
    return f"rates over {extreme:g} times the median, or under the median divided by {extreme:g},"


def _read(
    data: pd.DataFrame,
    groups: Coded,
    named: dict[str, str | None],
    pair: tuple[str | None, str | None],
    also: Problems,
) -> _Pay:
    side, names, wrong = _sides(groups, pair)
    hourly, wrong_hourly = numbers(data, str(named["hourly"]), above=0)
    count, wrong_count = people_counts(data, named["counts"])
    bonus, wrong_bonus = numbers(data, named["bonus"], low=0) if named["bonus"] else (None, [])
    full, wrong_full = np.ones(len(data), dtype=np.int64), list[Problem]()
    if named["full_pay"]:
        full, wrong_full = yes_or_no(data, named["full_pay"])
    require(also, wrong, wrong_hourly, wrong_bonus, wrong_full, wrong_count)
    if bonus is not None:
        bonus = np.nan_to_num(bonus)
    pay = _Pay(side, hourly, bonus, (full == 1) & ~np.isnan(hourly), count, named["counts"] is not None, names)
    nobody = [names[number] for number in (0, 1) if not pay.people((side == number) & pay.eligible)]
    if nobody:
        raise EstimationError(
            [
                Problem(
                    "EST-001",
                    f"data, column {named['sex']}",
                    f"nobody with hourly pay in the group {name}; the column holds {_labels_shown(groups)}",
                    "at least one person in each group",
                    "Check the labels (say which is which with reference and comparison), full_pay and the selection.",
                )
                for name in nobody
            ]
        )
    return pay


def _labels_shown(groups: Coded) -> str:
    more = len(groups.labels) - _MOST_LABELS
    shown = ", ".join(f'"{label}"' for label in groups.labels[:_MOST_LABELS]) or "no label"
    return f"{shown} and {more} more" if more > 0 else shown


def _sides(groups: Coded, pair: tuple[str | None, str | None]) -> tuple[Ints, tuple[str, str], Problems]:
    """Tell who is in which group: by the usual words for the sexes, or by the two labels."""
    first, second = pair
    place = np.full(len(groups.labels) + 1, -1, dtype=np.int64)
    if first is None and second is None:
        for number, label in enumerate(groups.labels):
            word = label.casefold()
            place[number] = 0 if word in _MEN else 1 if word in _WOMEN else -1
        return place[groups.codes], ("men", "women"), []
    wrong: Problems = []
    if first is None or second is None:
        missing = "reference" if first is None else "comparison"
        wrong.append(Problem("DAT-009", missing, "None", "a label", "Name both groups, or neither for women and men."))
    elif first == second:
        wrong.append(Problem("DAT-007", "comparison", repr(second), "another group", "Name two different groups."))
    wrong += label_problems("reference", first, groups.labels) + label_problems("comparison", second, groups.labels)
    if not wrong:
        place[groups.labels.index(str(first))], place[groups.labels.index(str(second))] = 0, 1
    return place[groups.codes], (str(first), str(second)), wrong


def _used(pay: _Pay) -> Flags:
    known = pay.side >= 0
    return known if pay.bonus is not None else known & pay.eligible


def _extreme(pay: _Pay, extreme: float) -> Flags:
    known = (pay.side >= 0) & pay.eligible
    rates = ranked(pay.hourly[known], pay.count[known] if pay.counted else None)
    middle = rates.median()
    return known & ((pay.hourly > extreme * middle) | (pay.hourly < middle / extreme)) & (pay.count > 0)


def _ranked(pay: _Pay, values: Floats, rows: Ints) -> Ranked:
    return ranked(values[rows], pay.count[rows] if pay.counted else None)


def _figures(pay: _Pay, here: Ints, flag: str, level: float) -> Iterator[Row]:
    sides = [here[pay.side[here] == number] for number in (0, 1)]
    eligible = [rows[pay.eligible[rows]] for rows in sides]
    hourly = [_ranked(pay, pay.hourly, rows) for rows in eligible]
    yield from _gaps(pay, "hourly pay", hourly, flag, level)
    if pay.bonus is not None:
        paid = [rows[pay.bonus[rows] > 0] for rows in sides]
        yield from _gaps(pay, "bonus pay", [_ranked(pay, pay.bonus, rows) for rows in paid], "", level)
        for number in (0, 1):
            events, n = pay.people(paid[number]), pay.people(sides[number])
            yield _share("share receiving a bonus", pay.names[number], events, n, n, level)
    yield from _quarters(pay.names, hourly, level)


def _gaps(pay: _Pay, of: str, both: list[Ranked], flag: str, level: float) -> Iterator[Row]:
    first, second = both
    contrast = f"{pay.names[0]} less {pay.names[1]}, over {pay.names[0]}"
    facts: Row = {
        "group": contrast,
        "n": first.n + second.n,
        "unit": f"proportion of {pay.names[0]}'s pay" if pay.names[0] == "men" else "proportion of the reference's pay",
        "direction": f"above 0: {pay.names[1]} are paid less",
        "adverse": "above 0",
        "adverse_above_one": None,
        "n_reference": first.n,
        "n_comparison": second.n,
        "n_least": min(first.n, second.n),
    }
    nobody = [name for name, one in zip(pay.names, both, strict=True) if not one.n]
    if nobody:
        why = f"nobody with {of} in the group {' and '.join(nobody)}"
        yield from ({"term": f"{what} gap in {of}", **facts, "flag": why} for what in ("mean", "median"))
        return
    (mean, sd), (other, other_sd) = first.moments(), second.moments()
    gap, df = mean_gap(mean, sd, first.n, other, other_sd, second.n, level=level)
    row: Row = {"term": f"mean gap in {of}", **facts, **limits(gap)}
    if math.isnan(gap.low):
        flag_mean = "a group of one, or no spread: no interval"
    else:
        flag_mean = flag
        test = t_test(-math.log1p(-gap.estimate), gap.std_error / (1 - gap.estimate), df)
        row |= {"statistic": test.statistic, "df": df, "p_value": test.p_value}
    yield row | {"flag": flag_mean}
    middle = median_gap(first, second, level=level)
    few = "a group too small for an interval at this level" if math.isnan(middle.low) else ""
    yield {"term": f"median gap in {of}", **facts, **limits(middle), "flag": few}


def _share(term: str, name: str, events: float, n: int, least: int, level: float) -> Row:
    facts: Row = {"term": term, "group": name, "n": n, "unit": _SHARE, "direction": "", "adverse": "", "n_least": least}
    if not n:
        return facts | {"flag": "nobody"}
    return facts | limits(wilson(min(events, n), n, level=level)) | {"flag": ""}


def _others(pay: _Pay, groups: Coded, here: Ints) -> Iterator[Row]:
    """Show the people of other labels, and of none: they are in no figure."""
    both = " nor ".join(pay.names)
    outside = here[pay.side[here] < 0]
    if not len(outside):
        return
    for number, label in enumerate((*groups.labels, NOT_STATED)):
        n = pay.people(outside[groups.codes[outside] == (number if number < len(groups.labels) else -1)])
        if n:
            yield {
                "term": _LEFT_OUT, "group": label, "n": n, "n_least": n, "unit": "people", "direction": "",
                "adverse": "none", "flag": f"neither {both}",
            }  # fmt: skip


def _quarters(names: tuple[str, str], both: list[Ranked], level: float) -> Iterator[Row]:
    counts = [np.diff(one.ends, prepend=0) for one in both]
    rates = np.concatenate([one.values for one in both])  # noqa: PD011 - not a frame
    order = np.argsort(rates, kind="stable")  # two runs in order: merged in one pass
    everybody = Ranked(rates[order], np.cumsum(np.concatenate(counts)[order]))
    members = np.concatenate([np.zeros_like(counts[0]), counts[1]])[order]
    sizes, second = shares_of_parts(everybody, members)
    for number, quarter in enumerate(QUARTERS):
        n = int(sizes[number])
        for name, members in zip(names, (n - second[number], second[number]), strict=True):
            yield _share(f"share of the {quarter} quarter", name, max(0.0, float(members)), n, n, level)


def _method(pay: _Pay, groups: Coded, used: Flags, column: str, level: float) -> Method:
    stated = groups.codes >= 0
    left = {
        f"{column} not stated": ~stated,
        f"{column} neither {pay.names[0]} nor {pay.names[1]}": stated & (pay.side < 0),
        "no hourly rate, or not on full pay": (pay.side >= 0) & ~used,
    }
    dropped = {reason: pay.people(rows) for reason, rows in left.items() if pay.people(rows)}
    return Method(
        name="pay gap, the six statutory figures",
        estimand=f"({pay.names[0]} minus {pay.names[1]}) over {pay.names[0]}: by which part of the pay of "
        f"{pay.names[0]} the mean, or the middle, of {pay.names[1]} is lower; what part of each quarter of pay "
        "each group is, and what part of each group receives a bonus",
        unit="by row",
        level=level,
        interval="mean gaps: Welch on the logarithm of the ratio; median gaps: order statistics, combined (MOVER); "
        "shares: Wilson",
        n_given=pay.people(np.ones(len(used), dtype=bool)),
        n_used=pay.people(used),
        n_dropped=dropped,
        assumptions=(
            "people are independent of each other",
            "hourly figures: full-pay relevant employees; bonus figures: all relevant employees, means and medians "
            "among those who received one",
            "quarters are as equal as possible; people of one rate across a boundary are shared in proportion",
            "a gap in pay is not unequal pay for the same work: groups differ in bands and hours",
        ),
        references=(
            "Equality Act 2010 (Gender Pay Gap Information) Regulations 2017, regulations 8 to 13",
            "Bonett DG, Price RM (2020) J Educ Behav Stat 45:750-770",
            "Hettmansperger TP, Sheather SJ (1986) Stat Probab Lett 4:75-79",
            "Zou GY, Donner A (2008) Stat Med 27:1693-1702",
            "Wilson EB (1927) J Am Stat Assoc 22:209-212",
        ),
    )
