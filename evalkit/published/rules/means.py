"""Rules for means, standard deviations and the tests that compare two of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from scipy import stats

from evalkit.numeric.means import student_error, t_test, welch_error
from evalkit.published.granularity import grim, grimmer
from evalkit.published.printed import Printed
from evalkit.published.rules.counts import as_whole, is_plain
from evalkit.published.rules.shares import VERSUS
from evalkit.published.sources import Figures, PrintedRow
from evalkit.published.verdicts import Finding, better, judge, needs

BEFORE = "before"
AFTER = "after"
_MOST_PEOPLE = 100_000
_SIGNIFICANT = 0.05

_Two = tuple[Printed, Printed]


def grim_mean(row: PrintedRow, figures: Figures) -> Finding:
    """Test whether a printed mean can come from whole-number answers.

    Parameters
    ----------
    row : PrintedRow
        A mean.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In the unit of the mean: the nearest possible one.
    """
    printed, n, items = row.number, figures.find(row, "n"), as_whole(figures.find(row, "items"))
    if n is None or not is_plain(n):
        return needs("n")
    if not is_plain(printed):
        return needs("the mean, neither as a bound nor rounded to tens,")
    result = grim(float(printed.value), n=int(n.value), items=items or 1, decimals=printed.decimals)
    nearest = min(result.nearest, key=lambda value: abs(value - result.printed))
    if not result.consistent:
        low, high = result.nearest
        return Finding("inconsistent", f"GRIM: {n.text} whole-number answers give {low:.4f} or {high:.4f}", nearest)
    if not result.informative:
        return Finding("not recomputable", f"GRIM cannot tell: with n = {n.text} every such mean is possible")
    return Finding("compatible", f"GRIM: {n.text} whole-number answers can give it", nearest)


def grimmer_sd(row: PrintedRow, figures: Figures) -> Finding:
    """Test whether a printed standard deviation can stand beside its mean.

    Parameters
    ----------
    row : PrintedRow
        A standard deviation.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In the unit of the measurement: the nearest possible one.
    """
    printed, mean, n = row.number, figures.find(row, "mean"), as_whole(figures.find(row, "n"))
    items = as_whole(figures.find(row, "items"))
    if mean is None or n is None or n < 2:
        return needs("the mean and an n of at least 2")
    if not is_plain(printed) or not is_plain(mean):
        return needs("mean and standard deviation, neither as a bound nor rounded to tens,")
    if n * (items or 1) > _MOST_PEOPLE * 10:
        return Finding("not recomputable", f"GRIMMER cannot tell: with n = {n:,} nearly every number is possible")
    result = grimmer(
        float(mean.value),
        float(printed.value),
        n=n,
        items=items or 1,
        decimals=mean.decimals,
        sd_decimals=printed.decimals,
    )
    low, high = result.nearest
    if math.isnan(high):
        return Finding("not recomputable", f"GRIMMER needs a mean that is possible; {mean.text} is not")
    nearest = min((value for value in (low, high) if not math.isnan(value)), key=lambda v: abs(v - result.printed))
    if not result.consistent:
        return Finding(
            "inconsistent", f"GRIMMER: beside a mean of {mean.text} the nearest are {low:.4f} and {high:.4f}", nearest
        )
    kinds = f"{' and as '.join(result.sd_types)} standard deviation"
    return Finding("compatible", f"GRIMMER: possible as {kinds}", nearest)


def per_cent_change(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute a percentage change from the means before and after.

    Parameters
    ----------
    row : PrintedRow
        A change in per cent.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In per cent of the mean before.
    """
    before, after = figures.find(row, "mean", wave=BEFORE), figures.find(row, "mean", wave=AFTER)
    if before is None or after is None:
        return needs("the means before and after")
    if before.low <= 0 <= before.high:
        return needs("a mean before that is not 0")
    corners = [
        100 * (late - early) / early
        for early, late in itertools.product((before.low, before.high), (after.low, after.high))
    ]
    value = float(100 * (after.value - before.value) / before.value)
    how = f"({after.text} - {before.text}) / {before.text}"
    return judge(row.number, value, how, low=min(corners), high=max(corners))


def _pair(row: PrintedRow, figures: Figures, statistic: str) -> _Two | None:
    names = row.group.split(VERSUS)
    if len(names) != 2:
        return None
    one, other = (figures.find(row, statistic, group=name) for name in names)
    return None if one is None or other is None else (one, other)


def mean_difference(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute a difference of two printed means.

    Parameters
    ----------
    row : PrintedRow
        A difference, its group written as "one v other".
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In the unit of the means.
    """
    means = _pair(row, figures, "mean")
    if means is None:
        return needs("both means")
    one, other = means
    how = f"{one.text} - {other.text}"
    value = float(one.value - other.value)
    return judge(row.number, value, how, low=one.low - other.high, high=one.high - other.low)


def two_means(row: PrintedRow, figures: Figures) -> Finding:
    """Recompute the p-value of two means, by Welch's test and by Student's.

    Parameters
    ----------
    row : PrintedRow
        A p-value, its group written as "one v other".
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        A probability. When n is not printed, groups of equal size are tried.
    """
    means, sds, sizes = (_pair(row, figures, statistic) for statistic in ("mean", "sd", "n"))
    if means is None or sds is None:
        return needs("the means and standard deviations")
    if means[0].value == means[1].value and not any(sd.value for sd in sds):
        return needs("a difference or any spread")
    if sizes is None or not all(map(is_plain, sizes)):
        return _equal_groups(row.number, means, sds)
    n_one, n_other = (int(size.value) for size in sizes)
    if min(n_one, n_other) < 2:
        return needs("at least two people in each group")
    return better(*(_test(row.number, name, means, sds, n_one, n_other) for name in ("Welch", "Student")))


def _p_value(name: str, gap: float, sd: float, n: int, sd_other: float, n_other: int) -> tuple[float, float]:
    error = welch_error if name == "Welch" else student_error
    std_error, df = error(sd, n, sd_other, n_other)
    if gap == 0:
        return 0.0, 1.0
    if std_error == 0:
        return math.copysign(math.inf, gap), 0.0
    test = t_test(gap, std_error, df)
    return test.statistic, test.p_value


def _corners(name: str, means: _Two, sds: _Two, n: int, n_other: int) -> tuple[float, float]:
    """Least and greatest p-value that the rounding of means and standard deviations allows."""
    gap, rounding = abs(float(means[0].value - means[1].value)), float(means[0].half + means[1].half)
    p_values = [
        _p_value(name, wide, max(0.0, sd), n, max(0.0, sd_other), n_other)[1]
        for wide in (max(0.0, gap - rounding), gap + rounding)
        for sd in (sds[0].low, sds[0].high)
        for sd_other in (sds[1].low, sds[1].high)
    ]
    return min(p_values), max(p_values)


def _test(printed: Printed, name: str, means: _Two, sds: _Two, n: int, n_other: int) -> Finding:
    gap = float(means[0].value - means[1].value)
    statistic, p_value = _p_value(name, gap, float(sds[0].value), n, float(sds[1].value), n_other)
    low, high = _corners(name, means, sds, n, n_other)
    how = f"{name}'s t = {statistic:.2f} with n = {n} and {n_other}"
    return judge(printed, p_value, how, low=low, high=high)


def _equal_groups(printed: Printed, means: _Two, sds: _Two) -> Finding:
    gap = float(means[0].value - means[1].value)

    def p_value(n: int) -> float:
        return _p_value("Welch", gap, float(sds[0].value), n, float(sds[1].value), n)[1]

    # The p-value falls as the groups grow: the least n at which it is at most the printed one, and its neighbours.
    first = _first(lambda n: p_value(n) <= float(printed.value), _MOST_PEOPLE)
    near = [n for n in (first, first - 1, first + 1) if 2 <= n <= _MOST_PEOPLE]
    fits = [n for n in near if printed.agrees(p_value(n))]
    fits = fits or [n for n in near if printed.overlaps(*_corners("Welch", means, sds, n, n))]
    if not fits:
        return Finding("not recomputable", "n is not printed, and no two groups of equal size give it")
    best = min(fits, key=lambda n: abs(p_value(n) - float(printed.value)))
    size = {"=": "about {}", "<": "{} or more", "<=": "{} or more"}.get(printed.operator, "{} or fewer").format(best)
    return Finding("compatible", f"n is not printed; Welch's test gives it with {size} in each group", p_value(best))


def _first(holds: Callable[[int], bool], most: int) -> int:
    """Find the least n from 2 on at which a condition holds that, once true, stays true; `most` + 1 when none does."""
    low, high = 2, most + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def paired_claim(row: PrintedRow, figures: Figures) -> Finding:
    """Find from what n on a claimed change would be significant, if the two waves are not negatively correlated.

    Parameters
    ----------
    row : PrintedRow
        The claim that a wave differs from the wave before.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        Without a number; n is not printed.
    """
    found = [figures.find(row, statistic, wave=wave) for statistic in ("mean", "sd") for wave in (BEFORE, row.wave)]
    mean_before, mean_after, sd_before, sd_after = found
    if mean_before is None or mean_after is None or sd_before is None or sd_after is None:
        return needs("the means and standard deviations of both waves")
    change = float(mean_after.value - mean_before.value)
    spread = math.hypot(float(sd_before.value), float(sd_after.value))
    if change == 0:
        return Finding(
            "not recomputable", "the two printed means are equal; only a change lost in rounding could differ"
        )
    if spread == 0:
        return needs("any spread")

    def significant(n: int) -> bool:
        return bool(2 * stats.t.sf(abs(change) * math.sqrt(n) / spread, n - 1) < _SIGNIFICANT)

    n = _first(significant, _MOST_PEOPLE)
    if n > _MOST_PEOPLE:
        how = f"n is not printed; unless the waves correlate, {_MOST_PEOPLE:,} people are too few for p below 0.05"
        return Finding("not recomputable", how)
    how = f"n is not printed; a paired t test of {change:+.2f} has p below 0.05 from n = {n} on"
    return Finding("compatible", f"{how}, unless the waves correlate negatively")
