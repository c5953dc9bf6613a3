"""Rules for percentages, counts and the tests that compare two of them."""

from __future__ import annotations

import itertools
import math
from decimal import ROUND_DOWN, Decimal

from evalkit.numeric.tables import fisher_exact
from evalkit.published.printed import Printed
from evalkit.published.rules.counts import counts_behind, largest_below, life_table_counts, pairs
from evalkit.published.sources import Figures, PrintedRow
from evalkit.published.verdicts import Finding, Verdict, judge, needs

VERSUS = " v "
_MOST_TABLES = 5000
_MOST_SIZES = 1000


def _listed(found: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> str:
    shown = ", ".join(f"{count}/{n}" for count, n in found[:4])
    return shown if len(found) <= 4 else f"{shown} and {len(found) - 4} more"


def share(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute a percentage from its count and n, or find the counts that it allows.

    Parameters
    ----------
    row : PrintedRow
        A percentage.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent.
    """
    printed = row.number
    count, n = figures.find(row, "count"), figures.find(row, "n")
    if count and n:
        return _ratio(printed, int(count.value), int(n.value))
    if n:
        return _of_n(printed, int(n.value))
    if count:
        return _of_count(printed, int(count.value))
    bound = figures.find(row, "n_at_most")
    found = pairs(printed, 1, int(bound.value) if bound else _MOST_SIZES)
    if not found:
        return Finding("inconsistent", f"no n up to {int(bound.value) if bound else _MOST_SIZES} gives it")
    return Finding("compatible", f"n is not printed; possible: {_listed(found)}", 100 * found[0][0] / found[0][1])


def _ratio(printed: Printed, count: int, n: int) -> Finding:
    value = 100 * count / n
    how = f"{count}/{n}"
    if count > n:
        return Finding("inconsistent", f"{how}: more events than people", value)
    finding = judge(printed, value, how, low=value, high=value)
    cut = Decimal(f"{value:.12g}").quantize(Decimal(1).scaleb(-printed.decimals), rounding=ROUND_DOWN)
    if finding.verdict == "inconsistent" and cut == printed.value:
        return Finding("rounding", f"{how}; the digits were cut, not rounded", value)
    if finding.verdict == "inconsistent":
        return Finding("inconsistent", f"{how} is {value:.{printed.decimals + 2}f}", value)
    return finding


def _of_n(printed: Printed, n: int) -> Finding:
    found = pairs(printed, n, n)
    if found:
        only = " and nothing else" if len(found) == 1 else ""
        return Finding("compatible", f"the count is not printed; {_listed(found)}{only}", 100 * found[0][0] / n)
    below = math.floor(float(printed.value) * n / 100)
    near = " and ".join(
        f"{count}/{n} = {100 * count / n:.{printed.decimals}f}" for count in (below, below + 1) if count <= n
    )
    smaller = largest_below(printed, n)
    hint = f"; the next smaller n that gives it: {_listed(smaller)}" if smaller else ""
    return Finding(
        "inconsistent",
        f"no count out of {n} gives it (nearest: {near}){hint}",
        100 * round(float(printed.value) * n / 100) / n,
    )


def _of_count(printed: Printed, count: int) -> Finding:
    if printed.high <= 0:
        return Finding("inconsistent" if count else "compatible", f"{count} events", 0.0 if not count else math.nan)
    least = max(count, 1, math.floor(100 * count / printed.high) - 1)
    most = math.ceil(100 * count / printed.low) + 1 if printed.low > 0 else least + _MOST_SIZES
    if most - least > 10_000_000:
        return Finding("compatible", f"{count} events in {least:,} people or more")
    sizes = _sizes(printed, count, least, most)
    if sizes is None:
        return Finding("inconsistent", f"no n gives it from {count} events")
    low, high = sizes
    people = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return Finding("compatible", f"n is not printed; {count:,} out of {people}", 100 * count / low)


def _sizes(printed: Printed, count: int, least: int, most: int) -> tuple[int, int] | None:
    """Least and greatest n at which the count prints as the percentage: the share falls as n grows."""

    def first(condition: str) -> int:
        low, high = least, most + 1
        while low < high:
            middle = (low + high) // 2
            value = 100 * count / middle
            past = (
                value < printed.low and not printed.agrees(value)
                if condition == "below"
                else (value <= printed.high and (value < printed.high or printed.agrees(value)))
            )
            low, high = (low, middle) if past else (middle + 1, high)
        return low

    low, high = first("reached"), first("below") - 1
    return (low, high) if low <= high and printed.agrees(100 * count / low) else None


def share_of_row(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute a percentage as a count over all counts of its row.

    Parameters
    ----------
    row : PrintedRow
        A percentage.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent.
    """
    count = figures.find(row, "count")
    counts = [other.printed for other in figures.beside(row, "count") if other.printed is not None]
    if count is None or not counts:
        return needs("the counts of the row")
    return _ratio(row.number, int(count.value), sum(int(other.value) for other in counts))


def distribution(row: PrintedRow, figures: Figures) -> Finding:
    """Find the n at which all percentages of a row come from whole counts that add up to it.

    Parameters
    ----------
    row : PrintedRow
        A percentage of one category.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent, at the least n that fits.
    """
    shares = [other.printed for other in figures.beside(row, "per_cent") if other.printed is not None]
    bound = figures.find(row, "n_at_most")
    most = int(bound.value) if bound else _MOST_SIZES
    possible = [n for n in range(1, most + 1) if _adds_up(shares, n)]
    if not possible:
        return Finding("inconsistent", f"no n up to {most} gives all categories of the row")
    n = possible[0]
    count = pairs(row.number, n, n)[0][0]
    return Finding(
        "compatible", f"all categories add up at n = {', '.join(map(str, possible[:4]))}; {count}/{n}", 100 * count / n
    )


def _adds_up(shares: list[Printed], n: int) -> bool:
    found = [[count for count, _ in pairs(percent, n, n)] for percent in shares]
    return all(found) and sum(map(min, found)) <= n <= sum(map(max, found))


def remaining_share(row: PrintedRow, figures: Figures) -> Finding:
    """Find the total at which a percentage is what the printed counts of the row leave over.

    Parameters
    ----------
    row : PrintedRow
        The percentage of the remaining category.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent.
    """
    counts = [int(other.printed.value) for other in figures.beside(row, "count") if other.printed is not None]
    printed = row.number
    if not counts:
        return needs("the other counts of the row")
    rest = sum(counts)
    fits = [n for n in range(max(rest, 1), 100 * max(rest, 1)) if printed.agrees(100 * (n - rest) / n)]
    if not fits:
        return Finding("inconsistent", f"no total leaves it beside {rest}")
    only = " and nothing else" if len(fits) == 1 else f" or a total up to {fits[-1]}"
    return Finding(
        "compatible",
        f"{fits[0] - rest}/{fits[0]}{only}; {rest} are printed elsewhere",
        100 * (fits[0] - rest) / fits[0],
    )


def life_table(row: PrintedRow, figures: Figures) -> Finding:
    """Find the events and people at risk that the printed rates of successive periods allow.

    Parameters
    ----------
    row : PrintedRow
        The rate of one period, in per cent of those still there.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent.
    """
    if figures.find(row, "n", wave="") is None:
        return needs("the number at the start")
    found = life_table_counts(row, row.group, figures)
    if not found:
        return Finding("inconsistent", "no whole numbers of leavers give the rates one after another")
    only = " and nothing else, if nobody was lost from sight" if len(found) == 1 else ""
    return Finding("compatible", f"{_listed(found)}{only}", 100 * found[0][0] / found[0][1])


def total(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute a total as the sum of the counts of its row, or else of its table.

    Parameters
    ----------
    row : PrintedRow
        A printed total.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In people.
    """
    parts = figures.beside(row, "count") or figures.in_table(row, "count")
    counts = [int(part.printed.value) for part in parts if part.printed is not None]
    if not counts:
        return needs("the parts")
    return judge(row.number, sum(counts), f"the sum of {len(counts)} printed counts", low=sum(counts), high=sum(counts))


def majority(row: PrintedRow, figures: Figures) -> Finding:
    """Check the claim that more than half did.

    Parameters
    ----------
    row : PrintedRow
        The claim.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent.
    """
    count, n = figures.find(row, "count"), figures.find(row, "n")
    if count is None or n is None:
        return needs("the count and n")
    value = float(100 * count.value / n.value)
    return Finding("exact" if value > 50 else "inconsistent", f"{count.text}/{n.text} = {value:.1f} %", value)


def _two_groups(row: PrintedRow, figures: Figures) -> tuple[list[tuple[tuple[int, int], tuple[int, int]]], bool]:
    names = row.group.split(VERSUS)
    sides = [counts_behind(row, name, figures) for name in names] if len(names) == 2 else []
    if len(sides) != 2:
        return [], False
    return list(itertools.product(sides[0].pairs, sides[1].pairs)), all(side.as_printed for side in sides)


def fisher(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute Fisher's exact p-value for two groups, from every pair of counts that prints as their shares.

    Parameters
    ----------
    row : PrintedRow
        A p-value, its group written as "one v other".
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        A probability.
    """
    tables, as_printed = _two_groups(row, figures)
    printed = row.number
    if not tables:
        return needs("the counts of both groups")
    if len(tables) > _MOST_TABLES:
        return Finding("not recomputable", f"{len(tables):,} pairs of counts print so")
    p_values = [fisher_exact(*one, *other).p_value for one, other in tables]
    (one, n_one), (other, n_other) = tables[0]
    how = f"Fisher's exact test of {one}/{n_one} v {other}/{n_other}"
    if len(tables) == 1 and as_printed:
        return judge(printed, p_values[0], how, low=p_values[0], high=p_values[0])
    agreeing = sum(printed.agrees(p) for p in p_values)
    verdict: Verdict = "compatible" if agreeing else "inconsistent"
    spread = f"p from {min(p_values):.2g} to {max(p_values):.2g} over the {len(tables)} pairs of counts that print so"
    how = f"{how}, the greatest n that give the shares" if len(tables) == 1 else f"Fisher's exact test, {spread}"
    return Finding(verdict, how, p_values[0])


def fisher_unadjusted(row: PrintedRow, figures: Figures) -> Finding:
    """Set the plain Fisher p-value beside a claim that rests on matched or adjusted data.

    Parameters
    ----------
    row : PrintedRow
        The claim ("different" or "not different"), its group written as "one v other".
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        A probability. The verdict is always "not recomputable", for the matched counts are not printed; what the plain
        counts say is told all the same, and whether it disagrees.
    """
    tables, _ = _two_groups(row, figures)
    if not tables:
        return needs("the counts of both groups")
    (one, n_one), (other, n_other) = tables[0]
    p_value = fisher_exact(one, n_one, other, n_other).p_value
    disagrees = (p_value < 0.05) == row.text.startswith("not")
    plain = f"The plain counts {one}/{n_one} v {other}/{n_other} give Fisher p = {p_value:.2g}"
    return Finding("not recomputable", f"{row.note} {plain}, which {'disagrees' if disagrees else 'agrees'}", p_value)
