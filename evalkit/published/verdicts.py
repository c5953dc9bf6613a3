"""The five verdicts on a printed number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evalkit.published.printed import Printed

Verdict = Literal["exact", "rounding", "compatible", "inconsistent", "not recomputable"]
VERDICTS: tuple[Verdict, ...] = ("exact", "rounding", "compatible", "inconsistent", "not recomputable")

MEANING: dict[Verdict, str] = {
    "exact": "the printed data give the printed number",
    "rounding": "the printed data give another last digit, as the rounding of what is printed explains",
    "compatible": "something needed is not printed; at least one value of it gives the printed number",
    "inconsistent": "no data that print as these do give the printed number",
    "not recomputable": "what is printed does not suffice to say",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What recomputing one printed number gave.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`.
    how : str
        From what and by which formula, in words.
    recomputed : float, default NaN
        In the unit of the printed number.
    """

    verdict: Verdict
    how: str
    recomputed: float = math.nan


def judge(printed: Printed, recomputed: float, how: str, *, low: float, high: float) -> Finding:
    """Compare a recomputed number with the printed one.

    Parameters
    ----------
    printed : Printed
        The printed number.
    recomputed : float
        From the printed inputs taken at face value.
    how : str
        From what and by which formula.
    low, high : float
        Least and greatest value that inputs printing so allow; equal to `recomputed` when nothing was rounded.

    Returns
    -------
    Finding
        "exact", "rounding" or "inconsistent".
    """
    if printed.agrees(recomputed):
        return Finding("exact", how, recomputed)
    if printed.overlaps(min(low, recomputed), max(high, recomputed)):
        return Finding("rounding", f"{how}; unrounded inputs allow {low:.4g} to {high:.4g}", recomputed)
    return Finding("inconsistent", f"{how}; the print allows only {low:.4g} to {high:.4g}", recomputed)


def needs(what: str) -> Finding:
    """Say that something is not printed.

    Parameters
    ----------
    what : str
        What the recomputation would need.

    Returns
    -------
    Finding
        "not recomputable".
    """
    return Finding("not recomputable", f"needs {what}, which is not printed")
