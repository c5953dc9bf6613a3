"""The five verdicts on a printed number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
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


def judge(
    printed: Printed, recomputed: float | Fraction, how: str, *, low: float | Fraction, high: float | Fraction
) -> Finding:
    """Compare a recomputed number with the printed one.

    Parameters
    ----------
    printed : Printed
        The printed number.
    recomputed : float or fractions.Fraction
        From the printed inputs taken at face value.
    how : str
        From what and by which formula.
    low, high : float or fractions.Fraction
        Least and greatest value that inputs printing so allow; equal to `recomputed` when nothing was rounded.

    Returns
    -------
    Finding
        "exact", "rounding" or "inconsistent".
    """
    value, least, most = float(recomputed), float(low), float(high)
    if printed.agrees(recomputed):
        return Finding("exact", how, value)
    if printed.overlaps(min(low, recomputed), max(high, recomputed)):
        return Finding("rounding", f"{how}; unrounded inputs allow {least:.4g} to {most:.4g}", value)
    return Finding("inconsistent", f"{how}; the print allows only {least:.4g} to {most:.4g}", value)


def better(one: Finding, other: Finding) -> Finding:
    """Choose the finding that speaks more for the print, when two formulas may have been used.

    Parameters
    ----------
    one, other : Finding
        What the two formulas gave; a draw goes to `one`.

    Returns
    -------
    Finding
        The one whose verdict comes first in `VERDICTS`.
    """
    return one if VERDICTS.index(one.verdict) <= VERDICTS.index(other.verdict) else other


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
