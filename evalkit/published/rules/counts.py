"""The counts that may stand behind a printed share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.published.counts import Integers, count_limits, implied_life_table
from evalkit.published.printed import Printed
from evalkit.published.sources import Figures, PrintedRow

# Sizes tried, where no n is printed.
MOST_SIZES = 200_000
# More than so many pairs of counts tell nothing.
MOST_PAIRS = 5000

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts that print as a share.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Possible (count, n); empty when nothing tells them or too many are possible.
    as_printed : bool
        True when they are all that the printed n allows; False when n had to be found.
    complete : bool, default True
        False when others, that were not listed, are possible too.
    """

    pairs: Pairs
    as_printed: bool
    complete: bool = True


def as_whole(printed: Printed | None) -> int | None:
    """Take a printed number of people for what it says.

    Parameters
    ----------
    printed : Printed or None
        The printed number.

    Returns
    -------
    int or None
        None when it is not printed, is a bound, or is rounded to tens or more.
    """
    return None if printed is None or not is_plain(printed) else int(printed.value)


def is_plain(printed: Printed) -> bool:
    """Tell whether a number is no bound and not rounded to tens or more.

    Parameters
    ----------
    printed : Printed
        The printed number.

    Returns
    -------
    bool
        False for "<5", and for 27,500 with decimals -2.
    """
    return printed.operator == "=" and printed.decimals >= 0


def counts_behind(row: PrintedRow, group: str, figures: Figures) -> Counts:
    """Find the counts behind a group's share: printed, from a life table, or every one that prints so.

    Parameters
    ----------
    row : PrintedRow
        Any printed number of the row; its wave counts.
    group : str
        Which group.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Counts
        Empty when no share is printed. When the printed n cannot give the share, the greatest smaller n that can.
    """
    count, n = (as_whole(figures.find(row, statistic, group=group)) for statistic in ("count", "n"))
    if count is not None and n is not None:
        return Counts(((count, n),), as_printed=True)
    if row.wave in {period.wave for period in figures.periods(row, group)}:
        return _limited(life_table_counts(row, group, figures), as_printed=True)
    percent = figures.find(row, "per_cent", group=group)
    if percent is None or not is_plain(percent):
        return Counts((), as_printed=False)
    if n is None:
        bound = as_whole(figures.find(row, "n_at_most", group=group))
        most = MOST_SIZES if bound is None else min(bound, MOST_SIZES)
        return _limited(pairs(percent, 1, most), as_printed=False, complete=most == bound)
    exact = pairs(percent, n, n)
    if exact is None or exact:
        return _limited(exact, as_printed=True)
    return _limited(largest_below(percent, n), as_printed=False, complete=False)


def _limited(found: Pairs | None, *, as_printed: bool, complete: bool = True) -> Counts:
    return Counts((), as_printed, complete=False) if found is None else Counts(found, as_printed, complete)


def allowed(percent: Printed, low: int, high: int) -> pd.DataFrame:
    """List the n of a range at which some count prints as a percentage.

    Parameters
    ----------
    percent : Printed
        The printed percentage.
    low, high : int
        Least and greatest n, both included; at most `MOST_SIZES` are tried.

    Returns
    -------
    pandas.DataFrame
        Columns `n, first, last`: the size, and the least and the greatest count.
    """
    sizes: Integers = np.arange(low, min(high, low + MOST_SIZES - 1) + 1, dtype=np.int64)
    first, last = count_limits(float(percent.value), sizes, decimals=percent.decimals)
    frame = pd.DataFrame({"n": sizes, "first": first, "last": last})
    return frame[first <= last].reset_index(drop=True)


def pairs(percent: Printed, low: int, high: int) -> Pairs | None:
    """List the (count, n) that print as a percentage for a range of n.

    Parameters
    ----------
    percent : Printed
        The printed percentage.
    low, high : int
        Least and greatest n, both included.

    Returns
    -------
    tuple of (int, int) or None
        Sorted by n and count; None when there are more than `MOST_PAIRS`.
    """
    frame = allowed(percent, low, high)
    if int((frame["last"] - frame["first"] + 1).sum()) > MOST_PAIRS:
        return None
    return tuple(
        (count, n)
        for n, first, last in zip(frame["n"].tolist(), frame["first"].tolist(), frame["last"].tolist(), strict=True)
        for count in range(first, last + 1)
    )


def largest_below(percent: Printed, n: int) -> Pairs | None:
    """List the (count, n) that print as a percentage for the greatest n below a printed one.

    Parameters
    ----------
    percent : Printed
        The printed percentage.
    n : int
        The printed n, which cannot give it.

    Returns
    -------
    tuple of (int, int) or None
        Empty when no smaller n gives it either; None when there are more than `MOST_PAIRS`.
    """
    sizes = allowed(percent, max(1, n - MOST_SIZES), n - 1)["n"]
    return pairs(percent, int(sizes.iloc[-1]), int(sizes.iloc[-1])) if len(sizes) else ()


def life_table_counts(row: PrintedRow, group: str, figures: Figures) -> Pairs | None:
    """List what the printed rates of successive periods allow for the period of a row.

    Parameters
    ----------
    row : PrintedRow
        Its wave names the period, which must be one of those of the group.
    group : str
        Which group.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    tuple of (int, int) or None
        Events and people at risk, one for each life table that prints as all rates of the group; no repeats. None when
        the number at the start is not printed, a rate is a bound or rounded to tens, or too many tables fit.
    """
    periods = figures.periods(row, group)
    rates = [period.number for period in periods]
    start = as_whole(figures.find(row, "n", group=group, wave=""))
    if start is None or not all(map(is_plain, rates)):
        return None
    try:
        table = implied_life_table(
            start, [float(rate.value) for rate in rates], decimals=[rate.decimals for rate in rates]
        ).frame
    except EstimationError:
        return None
    period = [period.wave for period in periods].index(row.wave) + 1
    found = table.loc[table["period"] == period, ["n_events", "n_at_risk"]].drop_duplicates()
    return tuple((int(events), int(at_risk)) for events, at_risk in found.itertuples(index=False))
