"""How an indicator moved from one year to another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from evalkit.equality.counting import level_of
from evalkit.equality.likelihood import OF_RECORD
from evalkit.equality.staff_columns import coded
from evalkit.errors import Problem
from evalkit.frames import Problems, missing_columns, require, within
from evalkit.numeric.part_of_whole import difference_of_estimates
from evalkit.numeric.values import Interval
from evalkit.result import Estimates, Method, estimates

Row = dict[str, Any]

# What, beside term and group, tells rows of one year apart in the results of this package.
_NAMES = ("by", "band", "stratum", "question", "metric", "indicator", "part", "exit_type", "weight", "unit", "scale")


def year_change(
    result: Estimates,
    *,
    earlier: str | int | None = None,
    later: str | int | None = None,
    year: str = "year",
    keys: Sequence[str] | None = None,
    correlation: float = 0.0,
) -> Estimates:
    """Change of an indicator from one year to another: a difference, or of a ratio the ratio of ratios.

    Parameters
    ----------
    result : Estimates
        A trend: rows for each year, as `relative_likelihood`, `representation`, `survey_gap` and others give them.
    earlier, later : str or int, optional
        The two years; left out, the last two in the result.
    year : str, default "year"
        Column of the year.
    keys : sequence of str, optional
        Columns that tell the rows of one year apart; else `term`, `group` and those that the results of this package
        use.
    correlation : float, default 0.0
        Of the estimates of the two years, between -1 and 1. 0 says that two independent sets of people made them.

    Returns
    -------
    Estimates
        A row for each that occurs in both years, with the limits made of those of each year (MOVER). `estimate` is
        later less earlier, or on the log scale later over earlier: 1 is no change. For shares with Wilson's limits
        these are Newcombe's limits. `n` is of both years, `n_least` of the smaller, and so
        `n_fewest_events` of a relative likelihood. Extra columns: the keys; `unit`,
        `scale`; `from_year`, `to_year`, `earlier`, `later` (the two estimates); `direction`; `adverse` and
        `adverse_above_one` (of the indicator, as far as they apply to its change); `flag` where there is no interval.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-006 for a year that does not occur, DAT-007 for fewer than two
        years or an earlier year that is not before the later, DAT-002 for a correlation outside -1 to 1, DAT-010 where
        the keys do not tell the rows of a year apart.

    Notes
    -----
    Of the staff of one organisation most are there in both years. What their group and band were then they mostly are
    now, so shares and gaps of the workforce are positively correlated between years: at a correlation of 0 the interval
    of their change is wider than it need be, and never too narrow. Recruitment rounds and leavers of two years are
    different people, and independent. Surveys are answered in part by the same people, without a key that links them.

    References
    ----------
    .. [1] Zou GY, Donner A (2008). Stat Med 27:1693-1702.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.equality.likelihood import relative_likelihood
    >>> funnel = pd.DataFrame(
    ...     {"year": [2023] * 2 + [2024] * 2, "ethnicity": ["white", "BME"] * 2, "shortlisted": [200, 90, 210, 120],
    ...      "appointed": [60, 18, 60, 30]}
    ... )
    >>> trend = relative_likelihood(
    ...     funnel, group="ethnicity", outcome="appointed", total="shortlisted", year="year", reference="BME",
    ...     comparison="white",
    ... )
    >>> change = year_change(trend).frame.set_index("term").loc["relative_likelihood"]
    >>> [round(float(change[name]), 2) for name in ("earlier", "later", "estimate", "conf_low", "conf_high")]
    [1.5, 1.14, 0.76, 0.42, 1.37]
    """
    require(_problems(result, year, keys, correlation))
    frame = result.tidy()
    frame[year] = _labels(frame[year])
    known = sorted(set(frame[year]))
    first, last = _two(earlier, later, known)
    require(_year_problems(first, last, known))
    names = _keys(frame, keys)
    frame[names] = frame[names].astype(object).where(frame[names].notna(), "")
    sides = [frame[frame[year] == label] for label in (first, last)]
    require(*(_repeated(side, names, label) for side, label in zip(sides, (first, last), strict=True)))
    before, after = ({tuple(row[name] for name in names): row for row in side.to_dict("records")} for side in sides)
    method = result.method
    rows = [
        _row(before[key], row, names, (first, last), method, correlation) for key, row in after.items() if key in before
    ]
    require(_none(rows, first, last))
    told = Method(
        name=f"change from {first} to {last}",
        estimand=f"how {method.estimand} changed from {first} to {last}",
        unit="by row",
        scale="by row",
        level=method.level,
        interval="from the limits of both years (MOVER)",
        n_given=method.n_given,
        n_used=method.n_used,
        n_dropped=method.n_dropped,
        assumptions=(
            *method.assumptions,
            "the people of the two years are independent sets; where most are the same people the interval is too wide"
            if correlation == 0
            else f"the estimates of the two years have a correlation of {correlation:g}",
            "the indicator was counted in the same way in both years",
        ),
        references=(*method.references, "Zou GY, Donner A (2008) Stat Med 27:1693-1702"),
    )
    return estimates(rows, told)


def _problems(result: object, year: object, keys: object, correlation: object) -> Problems:
    if not isinstance(result, Estimates):
        remedy = "Pass what an indicator with year= gave."
        return [Problem("DAT-009", "result", type(result).__name__, "an Estimates", remedy)]
    problems = within("correlation", correlation, low=-1, high=1)
    if not isinstance(year, str):
        return [*problems, Problem("DAT-009", "year", repr(year), "the name of a column", "Name the column as text.")]
    wanted = [year, *(keys if isinstance(keys, list | tuple) else [])]
    if keys is not None and not isinstance(keys, list | tuple):
        problems.append(Problem("DAT-009", "keys", repr(keys), "a list of columns", "Write keys=[...]."))
    return problems + missing_columns(result.frame, wanted, "result")


def _labels(years: pd.Series) -> list[str]:
    found = coded(years)
    return [found.labels[code] if code >= 0 else "" for code in found.codes]


def _two(earlier: object, later: object, known: list[str]) -> tuple[object, object]:
    last = str(later) if later is not None else (known[-1] if known else None)
    before = [label for label in known if last is not None and label < str(last)]
    first = str(earlier) if earlier is not None else (before[-1] if before else None)
    return first, last


def _year_problems(first: object, last: object, known: list[str]) -> Problems:
    if first is None or last is None:
        found = f"{len(known)} year{'' if len(known) == 1 else 's'}"
        return [Problem("DAT-007", "result", found, "two years", "Estimate the indicator with year=.")]
    problems = level_of("earlier", first, known) + level_of("later", last, known)
    if not problems and str(first) >= str(last):
        remedy = "Exchange them."
        problems.append(Problem("DAT-007", "earlier, later", f"{first} and {last}", "the earlier year first", remedy))
    return problems


def _keys(frame: pd.DataFrame, keys: Sequence[str] | None) -> list[str]:
    wanted = _NAMES if keys is None else keys
    return list(dict.fromkeys(["term", "group", *(name for name in wanted if name in frame.columns)]))


def _repeated(side: pd.DataFrame, names: list[str], label: object) -> Problems:
    if not side.duplicated(names).any():
        return []
    found = f"several rows of {label} with the same {', '.join(names)}"
    return [Problem("DAT-010", "result", found, "one row each", "Name in keys what tells them apart.")]


def _none(rows: list[Row], first: object, last: object) -> Problems:
    if rows:
        return []
    found = f"no row of {first} occurs in {last}"
    return [Problem("DAT-007", "result", found, "the same rows in both years", "Estimate both years in one call.")]


def _row(
    before: Row,
    after: Row,
    names: list[str],
    years: tuple[object, object],
    method: Method,
    correlation: float,
) -> Row:
    kind = str(after.get("scale", method.scale))
    ratio = kind == "log"
    change = difference_of_estimates(
        _interval(after, ratio=ratio), _interval(before, ratio=ratio), correlation=correlation
    )
    if ratio:
        change = Interval(*(math.exp(value) for value in (change.estimate, change.low, change.high)))
    least = [_number(side.get("n_least", side["n"])) for side in (before, after)]
    words: Row = {name: after[name] for name in ("adverse", "adverse_above_one") if name in after}
    # Of records: what happened to one or two people in one of the years is not told as a change either.
    had = [value for side in (before, after) if not math.isnan(value := _number(side.get(OF_RECORD)))]
    return {
        **{name: after[name] for name in names},
        "estimate": change.estimate,
        "conf_low": change.low,
        "conf_high": change.high,
        "n": _number(before["n"]) + _number(after["n"]),
        "unit": after.get("unit", method.unit),
        "scale": kind,
        "from_year": years[0],
        "to_year": years[1],
        "earlier": before["estimate"],
        "later": after["estimate"],
        "direction": f"{years[1]} {'over' if ratio else 'less'} {years[0]}",
        **words,
        "n_least": min(least),
        **({OF_RECORD: min(had)} if had else {}),
        "flag": "" if not math.isnan(change.low) else "no interval: one of the years has none",
    }


def _interval(row: Row, *, ratio: bool) -> Interval:
    values = [_number(row[name]) for name in ("estimate", "conf_low", "conf_high")]
    return Interval(*(_log(value) if ratio else value for value in values))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _log(value: float) -> float:
    return math.log(value) if value > 0 else (-math.inf if value == 0 else math.nan)
