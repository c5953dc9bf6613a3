"""Rules for percentages, counts and the tests that compare two of them."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pandas as pd

from evalkit.numeric.tables import chi_squared, fisher_exact
from evalkit.published.counts import consistent_counts
from evalkit.published.printed import Printed
from evalkit.published.rules.counts import (
    MOST_PAIRS,
    MOST_SIZES,
    Counts,
    Pairs,
    allowed,
    as_whole,
    counts_behind,
    is_plain,
    largest_below,
    life_table_counts,
    pairs,
)
from evalkit.published.sources import Figures, PrintedRow
from evalkit.published.verdicts import Finding, Verdict, judge, needs

VERSUS = " v "
_SIGNIFICANT = 0.05
# Above this many people the exact test loses its digits.
_MOST_PEOPLE = 10_000_000
_VAGUE = Finding("not recomputable", "a bound, or a per cent rounded to tens, fits many counts")


def _listed(found: Pairs) -> str:
    shown = ", ".join(f"{count}/{n}" for count, n in found[:4])
    return shown if len(found) <= 4 else f"{shown} and {len(found) - 4} more"


def _span(number: Printed) -> tuple[Fraction, Fraction]:
    """What a printed number of people may stand for: itself, unless it is rounded to tens or more."""
    value = Fraction(number.value)
    half = Fraction(0) if number.decimals >= 0 else Fraction(number.half)
    return value - half, value + half


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
        return _ratio(printed, count, n)
    if not is_plain(printed):
        return _VAGUE
    if any(not is_plain(number) for number in (count, n) if number):
        return needs("the number of people, not rounded,")
    bound = as_whole(figures.find(row, "n_at_most"))
    if n:
        return _of_n(printed, int(n.value))
    return _of_count(printed, int(count.value), bound) if count else _of_nothing(printed, bound)


def _ratio(printed: Printed, count: Printed, n: Printed) -> Finding:
    return _quotient(printed, (Fraction(count.value), *_span(count)), (Fraction(n.value), *_span(n)))


def _quotient(
    printed: Printed, count: tuple[Fraction, Fraction, Fraction], n: tuple[Fraction, Fraction, Fraction]
) -> Finding:
    """Judge a percentage by count and n, each with what it may stand for at least and at most."""
    value = 100 * count[0] / n[0]
    how = f"{int(count[0])}/{int(n[0])}"
    if count[1] > n[2]:
        return Finding("inconsistent", f"{how}: more events than people", float(value))
    finding = judge(printed, value, how, low=100 * count[1] / n[2], high=100 * count[2] / n[1])
    if finding.verdict != "inconsistent":
        return finding
    unit = Fraction(10) ** -printed.decimals
    if printed.operator == "=" and value // unit * unit == Fraction(printed.value):
        return Finding("rounding", f"{how}; the digits were cut, not rounded", float(value))
    return Finding("inconsistent", f"{how} is {float(value):.{max(0, printed.decimals) + 2}f}", float(value))


def _of_n(printed: Printed, n: int) -> Finding:
    found = pairs(printed, n, n)
    if found is None:
        return Finding("compatible", f"the count is not printed; more than {MOST_PAIRS:,} out of {n:,} give it")
    share = float(printed.value)
    if found:
        nearest = min((100 * count / n for count, _ in found), key=lambda value: abs(value - share))
        only = " and nothing else" if len(found) == 1 else ""
        how = f"the count is not printed; {_listed(found)}{only}{_if_cut(printed, n)}"
        return Finding("compatible", how, nearest)
    below = math.floor(share * n / 100)
    around = [count for count in (below, below + 1) if 0 <= count <= n]
    near = " and ".join(f"{count}/{n} = {100 * count / n:.{printed.decimals}f}" for count in around)
    smaller = largest_below(printed, n)
    hint = f"; the next smaller n that gives it: {_listed(smaller)}" if smaller else ""
    closest = min((100 * count / n for count in around), key=lambda value: abs(value - share), default=math.nan)
    return Finding("inconsistent", f"no count out of {n} gives it (nearest: {near or 'none'}){hint}", closest)


def _if_cut(printed: Printed, n: int) -> str:
    """Say so when a count prints as a percentage only if its digits are cut."""
    rules = consistent_counts(float(printed.value), n=n, decimals=printed.decimals)["rounding"]
    return " if the digits were cut, not rounded" if (rules == "truncated").all() else ""


def _of_count(printed: Printed, count: int, bound: int | None) -> Finding:
    sizes, cut = _sizes(printed, count, 1), ""
    if sizes[1] is not None and sizes[0] > sizes[1]:
        sizes, cut = _sizes(printed, count, 2), ", if the digits were cut, not rounded"
    least, most = sizes
    if bound is not None:
        most = bound if most is None else min(most, bound)
    if most is not None and least > most:
        limit = "" if bound is None else f" up to {bound:,}"
        return Finding("inconsistent", f"no n{limit} gives it from {count:,} events")
    people = f"{least:,} or more" if most is None else f"{least:,} to {most:,}" if least < most else f"{least:,}"
    return Finding("compatible", f"n is not printed; {count:,} out of {people}{cut}", 100 * count / least)


def _sizes(printed: Printed, count: int, above: int) -> tuple[int, int | None]:
    """Least and greatest n at which a count is a share from half a unit below to `above` half units above the print."""
    low, high = (Fraction(printed.value) + part * Fraction(printed.half) for part in (-1, above))
    if (count > 0 and high <= 0) or (count == 0 and low > 0):
        return 1, 0
    least = max(count, 1, math.ceil(100 * count / high) if high > 0 else 1)
    if 100 * count == high * least and (above == 2 or not printed.agrees(high)):
        least += 1  # a tie that is printed otherwise
    return least, math.floor(100 * count / low) if low > 0 else None


def _of_nothing(printed: Printed, bound: int | None) -> Finding:
    found = allowed(printed, 1, MOST_SIZES if bound is None else bound)
    if found.empty and 0 <= printed.value <= 100 and (bound is None or bound > MOST_SIZES):
        # From so many people on, two neighbouring shares are less than a unit apart.
        some = bound is None or bound >= 100 * 10**printed.decimals
        how = f"n is not printed; none up to {MOST_SIZES:,} gives it{', but some greater one does' if some else ''}"
        return Finding("compatible" if some else "not recomputable", how)
    if found.empty:
        return Finding("inconsistent", "no n gives it" if bound is None else f"no n up to {bound:,} gives it")
    n, count = int(found["n"].iloc[0]), int(found["first"].iloc[0])
    limit = "" if bound is not None and bound <= MOST_SIZES else f" up to n = {MOST_SIZES:,}"
    return Finding("compatible", f"n is not printed; possible: {_first_pairs(found)}{limit}", 100 * count / n)


def _first_pairs(found: pd.DataFrame) -> str:
    total = int((found["last"] - found["first"] + 1).sum())
    head = [
        f"{count}/{n}"
        for n, first, last in found.head(4).itertuples(index=False)
        for count in range(first, min(last, first + 3) + 1)
    ][:4]
    return ", ".join(head) if total <= len(head) else f"{', '.join(head)} and {total - len(head):,} more"


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
    counts = [other.number for other in figures.parts(row, "count")]
    if count is None or not sum(int(other.value) for other in counts):
        return needs("the counts of the row")
    value, low, high = _sums(counts)
    return _quotient(row.number, (Fraction(count.value), *_span(count)), (value, max(Fraction(1, 2), low), high))


def _sums(counts: list[Printed]) -> tuple[Fraction, Fraction, Fraction]:
    """Sum of printed counts, and the least and the greatest that it may be."""
    value = sum((Fraction(count.value) for count in counts), Fraction(0))
    low, high = (sum((_span(count)[end] for count in counts), Fraction(0)) for end in (0, 1))
    return value, low, high


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
    shares = [other.number for other in figures.parts(row, "per_cent")]
    if row.statistic != "per_cent":
        return needs("that it is a per cent of its row")
    shares.append(row.number)
    if not all(map(is_plain, shares)):
        return _VAGUE
    n, bound = as_whole(figures.find(row, "n")), as_whole(figures.find(row, "n_at_most"))
    low, most = (n, n) if n else (1, min(bound or MOST_SIZES, MOST_SIZES))
    possible = _that_add_up(shares, low, most)
    if possible.empty:
        return _nothing_adds_up(shares, n or bound, most)
    size, count = int(possible["n"].iloc[0]), int(possible["first"].iloc[0])
    listed = ", ".join(map(str, possible["n"].head(4)))
    return Finding("compatible", f"all categories add up at n = {listed}; {count}/{size}", 100 * count / size)


def _that_add_up(shares: list[Printed], low: int, most: int) -> pd.DataFrame:
    """List the n at which the counts of all categories can add up to it, with the limits of the last category."""
    frames = [allowed(percent, low, most).set_index("n") for percent in shares]
    limits = pd.concat(frames, axis="columns", join="inner", keys=range(len(frames)))
    least, greatest = (limits.xs(end, axis="columns", level=1).sum(axis="columns") for end in ("first", "last"))
    fits = limits[(least <= limits.index) & (greatest >= limits.index)]
    return fits[len(frames) - 1].reset_index()


def _nothing_adds_up(shares: list[Printed], bound: int | None, most: int) -> Finding:
    least = sum(Fraction(percent.value) - Fraction(percent.half) for percent in shares)
    greatest = sum(Fraction(percent.value) + 2 * Fraction(percent.half) for percent in shares)
    if (bound is not None and bound <= most) or least > 100 or greatest <= 100:
        limit = "" if bound is None else f" up to {bound:,}"
        return Finding("inconsistent", f"no n{limit} gives all categories of the row")
    return Finding("not recomputable", f"no n up to {most:,} gives all categories of the row; none greater was tried")


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
    counts = [as_whole(other.number) for other in figures.parts(row, "count")]
    printed = row.number
    if not counts or None in counts:
        return needs("the other counts of the row")
    if not is_plain(printed):
        return _VAGUE
    rest = sum(count for count in counts if count is not None)
    # What is printed elsewhere is the share that this one leaves over.
    low, high = (Fraction(100) - Fraction(printed.value) - end * Fraction(printed.half) for end in (1, -1))
    if rest == 0 or high <= 0 or low > 100:
        return _nobody_else(printed, rest)
    least = max(rest, 1, math.ceil(100 * rest / high))
    if not printed.agrees(Fraction(100 * (least - rest), least)):
        least += 1  # a tie that is printed otherwise
    most = math.floor(100 * rest / low) if low > 0 else None
    if most is not None and not printed.agrees(Fraction(100 * (most - rest), most)):
        most -= 1
    if most is not None and least > most:
        return Finding("inconsistent", f"no total leaves it beside {rest}")
    only = " or any greater total" if most is None else f" or a total up to {most}"
    how = f"{least - rest}/{least}{' and nothing else' if least == most else only}; {rest} are printed elsewhere"
    return Finding("compatible", how, 100 * (least - rest) / least)


def _nobody_else(printed: Printed, rest: int) -> Finding:
    if rest == 0 and printed.agrees(100.0):
        return Finding("compatible", "nobody is printed elsewhere: 100 % of any total", 100.0)
    return Finding("inconsistent", f"no total leaves it beside {rest}")


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
    if figures.find(row, "n", group=row.group, wave="") is None:
        return needs("the number at the start")
    found = life_table_counts(row, row.group, figures)
    if found is None:
        return Finding("not recomputable", "the rates are too coarse: thousands of life tables print so")
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
    parts = figures.parts(row, "count") or figures.parts(row, "count", of_table=True)
    others = [part for part in parts if (part.row, part.group) != (row.row, row.group)] or parts
    if not others:
        return needs("the parts")
    value, low, high = _sums([part.number for part in others])
    return judge(row.number, value, f"the sum of {len(others)} printed counts", low=low, high=high)


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
    if value > 100:
        return Finding("inconsistent", f"{count.text}/{n.text}: more events than people", value)
    return Finding("exact" if value > 50 else "inconsistent", f"{count.text}/{n.text} = {value:.1f} %", value)


def _two_groups(row: PrintedRow, figures: Figures) -> tuple[Counts, Counts] | Finding:
    """Find the counts behind both groups, or say why there is nothing to test."""
    names = row.group.split(VERSUS)
    if len(names) != 2:
        return needs('a group written as "one v other"')
    one, other = (counts_behind(row, name, figures) for name in names)
    if any(not side.pairs and side.complete for side in (one, other)):
        return needs("the counts of both groups")
    if not one.pairs or not other.pairs:
        return Finding("not recomputable", "the pairs of counts cannot be listed: too many, or none that was tried")
    if len(one.pairs) * len(other.pairs) > MOST_PAIRS:
        return Finding("not recomputable", f"more than {MOST_PAIRS:,} pairs of counts print so")
    if any(count > n for count, n in one.pairs + other.pairs):
        return Finding("inconsistent", "more events than people")
    if any(n > _MOST_PEOPLE for _, n in one.pairs + other.pairs):
        return Finding("not recomputable", "too many people for the exact test")
    return one, other


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
        A probability. "inconsistent" only when every possible pair was tried.
    """
    sides = _two_groups(row, figures)
    if isinstance(sides, Finding):
        return sides
    printed = row.number
    tables = list(itertools.product(sides[0].pairs, sides[1].pairs))
    p_values = [fisher_exact(*one, *other).p_value for one, other in tables]
    (one, n_one), (other, n_other) = tables[0]
    how = f"Fisher's exact test of {one}/{n_one} v {other}/{n_other}"
    if len(tables) == 1 and all(side.as_printed for side in sides):
        finding = judge(printed, p_values[0], how, low=p_values[0], high=p_values[0])
        return _or_chi_squared(finding, printed, tables)
    if len(tables) == 1:
        how = f"{how}, the greatest n that give the shares"
    else:
        spread = f"p from {min(p_values):.2g} to {max(p_values):.2g}"
        how = f"Fisher's exact test, {spread} over the {len(tables)} pairs of counts that print so"
    verdict = _over_all(printed, p_values, complete=all(side.complete for side in sides))
    return _or_chi_squared(Finding(verdict, how, p_values[0]), printed, tables)


def _or_chi_squared(
    finding: Finding, printed: Printed, tables: list[tuple[tuple[int, int], tuple[int, int]]]
) -> Finding:
    """Before a printed p-value is called impossible: it may come from the other usual test of two proportions."""
    if finding.verdict != "inconsistent":
        return finding
    for name, yates in (("Pearson's chi-squared test", False), ("the chi-squared test with Yates's correction", True)):
        for one, other in tables:
            p_value = chi_squared(*one, *other, yates=yates).p_value
            if printed.agrees(p_value):
                pair = f"{one[0]}/{one[1]} v {other[0]}/{other[1]}"
                return Finding("compatible", f"{name} of {pair} gives it; Fisher's does not", p_value)
    return finding


def _over_all(printed: Printed, p_values: list[float], *, complete: bool) -> Verdict:
    if any(printed.agrees(p_value) for p_value in p_values):
        return "compatible"
    return "inconsistent" if complete else "not recomputable"


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
    sides = _two_groups(row, figures)
    if isinstance(sides, Finding):
        return Finding("not recomputable", f"{row.note} {sides.how}".strip())
    tables = list(itertools.product(*(side.pairs for side in sides)))
    (one, n_one), (other, n_other) = tables[0]
    p_values = [fisher_exact(*pair[0], *pair[1]).p_value for pair in tables]
    significant = {p_value < _SIGNIFICANT for p_value in p_values}
    if len(significant) == 2:
        how = f"{row.note} The {len(tables)} pairs of counts that print so lie on both sides of p = 0.05"
        return Finding("not recomputable", how.strip(), p_values[0])
    disagrees = significant == {row.text.strip().lower().startswith("not")}
    plain = f"The plain counts {one}/{n_one} v {other}/{n_other} give Fisher p = {p_values[0]:.2g}"
    how = f"{row.note} {plain}, which {'disagrees' if disagrees else 'agrees'}"
    return Finding("not recomputable", how.strip(), p_values[0])
