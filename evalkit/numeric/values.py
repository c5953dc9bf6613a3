"""The small frozen values that the numeric layer returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate with its confidence limits, all in the unit of the estimate.

    Parameters
    ----------
    estimate : float
        The point; NaN where it is not defined.
    low, high : float
        The limits; infinite where there is none, NaN where the interval is not defined.
    std_error : float, default NaN
        Standard error, where the interval rests on one.
    """

    estimate: float
    low: float
    high: float
    std_error: float = float("nan")


@dataclass(frozen=True, slots=True)
class Test:
    """A significance test.

    Parameters
    ----------
    statistic : float
        The test statistic; NaN for an exact test that has none.
    df : float
        Degrees of freedom; NaN where there are none.
    p_value : float
        Two-sided probability.
    """

    __test__ = False  # not a test of ours: pytest shall not collect it

    statistic: float
    df: float
    p_value: float
