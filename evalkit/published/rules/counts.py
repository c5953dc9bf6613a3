"""The counts that may stand behind a printed share."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.published.counts import consistent_counts, implied_life_table
from evalkit.published.printed import Printed
from evalkit.published.sources import Figures, PrintedRow

# Where no n and no bound is printed, sizes up to this one are tried.
_UNBOUNDED = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts that print as a share.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Every possible (count, n).
    as_printed : bool
        True when n is the printed one.
    """

    pairs: tuple[tuple[int, int], ...]
    as_printed: bool


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
    count, n = figures.find(row, "count", group=group), figures.find(row, "n", group=group)
    if count and n:
        return Counts(((int(count.value), int(n.value)),), as_printed=True)
    percent = figures.find(row, "per_cent", group=group)
    if percent is None:
        return Counts((), as_printed=False)
    if n and row.wave and figures.find(row, "n", group=group, wave="") is n:
        return Counts(tuple(life_table_counts(row, group, figures)), as_printed=True)
    if n is None:
        bound = figures.find(row, "n_at_most", group=group)
        return Counts(pairs(percent, 1, int(bound.value) if bound else _UNBOUNDED), as_printed=False)
    exact = pairs(percent, int(n.value), int(n.value))
    return Counts(exact, as_printed=True) if exact else Counts(largest_below(percent, int(n.value)), as_printed=False)


def pairs(percent: Printed, low: int, high: int) -> tuple[tuple[int, int], ...]:
    """List the (count, n) that print as a percentage for a range of n.

    Parameters
    ----------
    percent : Printed
        The printed percentage.
    low, high : int
        Least and greatest n, both included.

    Returns
    -------
    tuple of (int, int)
        Sorted by n and count.
    """
    frame = consistent_counts(float(percent.value), n_range=(low, high), decimals=percent.decimals)
    return tuple(zip(frame["count"].tolist(), frame["n"].tolist(), strict=True))


def largest_below(percent: Printed, n: int) -> tuple[tuple[int, int], ...]:
    """List the (count, n) that print as a percentage for the greatest n below a printed one.

    Parameters
    ----------
    percent : Printed
        The printed percentage.
    n : int
        The printed n, which cannot give it.

    Returns
    -------
    tuple of (int, int)
        Empty when no smaller n gives it either.
    """
    if n <= 1:
        return ()
    found = pairs(percent, 1, n - 1)
    largest = max((size for _, size in found), default=0)
    return tuple(pair for pair in found if pair[1] == largest)


def life_table_counts(row: PrintedRow, group: str, figures: Figures) -> list[tuple[int, int]]:
    """List what the printed rates of successive periods allow for the period of a row.

    Parameters
    ----------
    row : PrintedRow
        Its wave names the period.
    group : str
        Which group.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    list of (int, int)
        Events and people at risk, one for each life table that prints as all rates of the group; no repeats.
    """
    rates = [rate for rate in figures.beside(row, "per_cent") if rate.group == group and rate.printed is not None]
    start = figures.find(row, "n", group=group, wave="")
    numbers = [rate.printed for rate in rates if rate.printed is not None]
    if start is None or not numbers:
        return []
    table = implied_life_table(
        int(start.value), [float(rate.value) for rate in numbers], decimals=max(rate.decimals for rate in numbers)
    ).frame
    period = [rate.wave for rate in rates].index(row.wave) + 1
    found = table.loc[table["period"] == period, ["n_events", "n_at_risk"]].drop_duplicates()
    return [(int(events), int(at_risk)) for events, at_risk in found.itertuples(index=False)]
