"""Rules for a point inside its confidence interval."""

from __future__ import annotations

import math

from evalkit.published.printed import Printed
from evalkit.published.sources import Figures, PrintedRow
from evalkit.published.verdicts import Finding, judge, needs


def midpoint(row: PrintedRow, figures: Figures) -> Finding:
    """Test whether a printed difference is the middle of its interval.

    Parameters
    ----------
    row : PrintedRow
        A difference.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        In the unit of the difference.
    """
    low, high = figures.find(row, "conf_low"), figures.find(row, "conf_high")
    if low is None or high is None:
        return needs("both limits")
    how = f"the middle of {low.text} to {high.text}"
    value = float((low.value + high.value) / 2)
    return _symmetrical(row.number, value, how, (low.low + high.low) / 2, (low.high + high.high) / 2)


def log_midpoint(row: PrintedRow, figures: Figures) -> Finding:
    """Test whether a printed ratio is the geometric mean of its limits.

    Parameters
    ----------
    row : PrintedRow
        A ratio.
    figures : Figures
        All printed numbers of the source.

    Returns
    -------
    Finding
        A ratio.
    """
    low, high = figures.find(row, "conf_low"), figures.find(row, "conf_high")
    if low is None or high is None:
        return needs("both limits")
    if min(low.value, row.number.value) <= 0:
        return needs("a ratio and limits above 0")
    least, most = (
        math.sqrt(max(0.0, one) * max(0.0, other)) for one, other in ((low.low, high.low), (low.high, high.high))
    )
    how = f"the geometric mean of {low.text} to {high.text}"
    return _symmetrical(row.number, math.sqrt(float(low.value) * float(high.value)), how, least, most)


def _symmetrical(printed: Printed, value: float, how: str, low: float, high: float) -> Finding:
    finding = judge(printed, value, how, low=low, high=high)
    if finding.verdict != "inconsistent":
        return finding
    # A profile, exact or bootstrap interval need not be symmetrical: the mismatch alone convicts nobody.
    why = f"{how} is {value:.3f} ({low:.3f} to {high:.3f}): another kind of interval, or a wrong digit"
    return Finding("not recomputable", why, value)
