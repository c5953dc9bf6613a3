"""From a printed interval to its p-value and back, and whether a ratio sits inside its interval as it should."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scipy import stats

from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, one_of, require, within
from evalkit.published.arguments import decimals_problems, fineness_problems
from evalkit.published.printed import Printed, parse_printed
from evalkit.result import Estimates, Method, estimates


@dataclass(frozen=True, slots=True)
class LogSymmetry:
    """Whether a printed ratio is the geometric mean of its printed limits.

    Parameters
    ----------
    printed : float
        The printed ratio.
    consistent : bool
        True when some limits that print so have a geometric mean that prints as the ratio.
    geometric_mean : float
        Of the limits as printed.
    low, high : float
        The least and the greatest geometric mean that limits printing so can have.
    """

    printed: float
    consistent: bool
    geometric_mean: float
    low: float
    high: float


def ordered(low: float, high: float, name: str = "conf_low, conf_high") -> Problems:
    """Check that the ends of an interval are in order.

    Parameters
    ----------
    low, high : float
        Lower and upper limit.
    name : str
        Arguments, for the message.

    Returns
    -------
    list of Problem
        DAT-007 when the ends are exchanged.
    """
    if low <= high:
        return []
    return [
        Problem(
            "DAT-007",
            name,
            f"{low:g} and {high:g}",
            "the lower limit first",
            "Exchange the limits, or look for a minus sign that was lost.",
        )
    ]


def interval_to_p(
    conf_low: float,
    conf_high: float,
    *,
    estimate: float | None = None,
    level: float = 0.95,
    scale: Literal["identity", "log"] = "identity",
    df: float = math.inf,
) -> Estimates:
    """Estimate, standard error and p-value behind a printed interval.

    Parameters
    ----------
    conf_low, conf_high : float
        Printed limits, in the unit of the estimate.
    estimate : float, optional
        Printed point; else the middle of the interval on its scale.
    level : float, default 0.95
        Confidence level of the interval.
    scale : {"identity", "log"}, default "identity"
        "log" for a ratio, whose interval is symmetrical on the log scale.
    df : float, default infinity
        Degrees of freedom of a t interval; infinity for a normal one.

    Returns
    -------
    Estimates
        One row, term "difference" or "ratio"; the test is of no difference (0, or a ratio of 1).

    Raises
    ------
    DataError
        DAT-007 when the limits are exchanged or equal, or the estimate lies outside them, DAT-002 for a ratio's limit
        that is not above 0, a level outside (0, 1) or degrees of freedom that are not above 0, DAT-006 for a scale that
        does not exist, DAT-009 for what is not a number.

    References
    ----------
    .. [1] Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343:d2304.

    Examples
    --------
    >>> result = interval_to_p(0.70, 0.94, estimate=0.81, scale="log")
    >>> round(float(result.frame["p_value"].iloc[0]), 3)
    0.005
    """
    floor = 0.0 if scale == "log" else -math.inf
    limits = within("conf_low", conf_low, above=floor) + within("conf_high", conf_high, above=floor)
    point = [] if estimate is None else within("estimate", estimate)
    require(
        level_problems(level),
        limits,
        point,
        [] if limits or point else ordered(conf_low, conf_high) or _strict(conf_low, conf_high, estimate),
        _df_problems(df),
        one_of("scale", scale, ("identity", "log")),
    )

    def onto(value: float) -> float:
        return math.log(value) if scale == "log" else value

    width = onto(conf_high) - onto(conf_low)
    std_error = width / (2 * float(stats.t.isf((1 - level) / 2, df)))
    middle = (onto(conf_low) + onto(conf_high)) / 2 if estimate is None else onto(estimate)
    statistic = middle / std_error
    row = {
        "term": "ratio" if scale == "log" else "difference",
        "estimate": math.exp(middle) if scale == "log" else middle,
        "std_error": std_error,
        "statistic": statistic,
        "df": math.nan if math.isinf(df) else df,
        "p_value": float(2 * stats.t.sf(abs(statistic), df)),
        "conf_low": conf_low,
        "conf_high": conf_high,
    }
    method = Method(
        name="p-value from a printed interval",
        estimand="what the printed interval estimates",
        unit="ratio" if scale == "log" else "as printed",
        scale=scale,
        level=level,
        interval="as printed",
        assumptions=("the interval is symmetrical about the estimate on its scale (a Wald interval)",),
        references=("Altman DG, Bland JM (2011) BMJ 343:d2304",),
    )
    return estimates([row], method)


def _strict(low: float, high: float, estimate: float | None) -> Problems:
    if low == high:
        return [
            Problem("DAT-007", "conf_low, conf_high", "an interval without width", "two limits", "Check the print.")
        ]
    if estimate is None or low <= estimate <= high:
        return []
    return [
        Problem(
            "DAT-007",
            "estimate",
            f"{estimate:g} outside {low:g} to {high:g}",
            "a point inside its interval",
            "Look for a minus sign that was lost.",
        )
    ]


def _df_problems(df: float) -> Problems:
    return [] if df == math.inf else within("df", df, above=0)


def p_to_statistic(p_value: float, *, df: float = math.inf) -> float:
    """Size of the statistic behind a two-sided p-value.

    Parameters
    ----------
    p_value : float
        Two-sided, above 0 and at most 1.
    df : float, default infinity
        Degrees of freedom; infinity gives z.

    Returns
    -------
    float
        The absolute value of t or z; the sign is not in a two-sided p-value.

    Raises
    ------
    DataError
        DAT-002 for a p-value outside (0, 1] or degrees of freedom that are not above 0.

    Examples
    --------
    >>> round(p_to_statistic(0.05), 3)
    1.96
    """
    require(within("p_value", p_value, above=0, high=1), _df_problems(df))
    return abs(float(stats.t.isf(p_value / 2, df)))


def log_symmetry(
    estimate: float | str, conf_low: float | str, conf_high: float | str, *, decimals: int | None = None
) -> LogSymmetry:
    """Test whether a printed ratio is the geometric mean of its printed limits, as a Wald interval makes it.

    Parameters
    ----------
    estimate, conf_low, conf_high : float or str
        As printed. Give texts ("2.20") when the three are printed with different decimals.
    decimals : int, optional
        Digits printed after the point; else those that each number shows.

    Returns
    -------
    LogSymmetry
        With the range of geometric means that the rounding of the limits allows.

    Raises
    ------
    DataError
        DAT-004 when a text is not a number or is a bound ("<0.1"), DAT-002 for a ratio or a limit that is not above 0,
        DAT-007 when the limits are exchanged, DAT-005 when a number has more digits than `decimals`.

    Examples
    --------
    >>> log_symmetry("0.69", "0.59", "0.82").consistent
    True
    >>> log_symmetry("0.80", "0.59", "0.82").consistent
    False
    """
    names = ("estimate", "conf_low", "conf_high")
    require([] if decimals is None else decimals_problems("decimals", decimals))
    texts = [_text(value) for value in (estimate, conf_low, conf_high)]
    parsed = [_ratio(name, text, decimals) for name, text in zip(names, texts, strict=True)]
    require(*(problems for _, problems in parsed))
    point, low, high = (printed for printed, _ in parsed if printed is not None)
    require(ordered(float(low.value), float(high.value)))
    least = math.sqrt(max(0.0, low.low) * max(0.0, high.low))
    most = math.sqrt(low.high * high.high)
    return LogSymmetry(
        printed=float(point.value),
        consistent=point.overlaps(least, most),
        geometric_mean=math.sqrt(float(low.value) * float(high.value)),
        low=least,
        high=most,
    )


def _text(value: float | str) -> str:
    # A float may print itself as 1e-05.
    return f"{Decimal(str(value)):f}" if isinstance(value, float) else str(value)


def _ratio(name: str, text: str, decimals: int | None) -> tuple[Printed | None, Problems]:
    printed = parse_printed(text, decimals)
    if printed is None or printed.operator != "=":
        return None, [Problem("DAT-004", name, repr(text), "a printed number", "Give it as it stands in print.")]
    problems = within(name, float(printed.value), above=0)
    return printed, problems or fineness_problems(name, str(printed.value), printed.decimals)
