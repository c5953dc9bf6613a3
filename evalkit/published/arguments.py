"""Checks that several functions of this package make on their arguments."""

from __future__ import annotations

from evalkit.errors import Problem
from evalkit.frames import Problems, whole, within
from evalkit.published.printed import MOST_DECIMALS, too_fine


def decimals_problems(name: str, decimals: object) -> Problems:
    """Check how many digits are said to stand after the point.

    Parameters
    ----------
    name : str
        Argument, for the message.
    decimals : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a whole number, DAT-002 when it is negative or above `MOST_DECIMALS`.
    """
    return whole(name, decimals, low=0) or within(name, decimals, low=0, high=MOST_DECIMALS)


def fineness_problems(name: str, value: float | str, decimals: int) -> Problems:
    """Check that a number has no more digits than it is said to be printed with.

    Parameters
    ----------
    name : str
        Argument, for the message.
    value : float or str
        The printed number.
    decimals : int
        Digits printed after the point.

    Returns
    -------
    list of Problem
        DAT-005 when the two contradict each other.
    """
    if not too_fine(value, decimals):
        return []
    return [
        Problem(
            "DAT-005",
            name,
            f"{value} with decimals={decimals}",
            "no more digits than the decimals",
            "State the decimals as printed.",
        )
    ]
