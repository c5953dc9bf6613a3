"""How strong would something that was not recorded have to be to explain an association away."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from evalkit.errors import DataError, Problem
from evalkit.frames import Problems, one_of, require, within
from evalkit.result import Estimates, Method, estimates

Ratio = Literal["HR", "RR", "OR"]
POINT, LIMIT = "estimate", "limit nearer to 1"


def e_value(
    estimate: float | Estimates,
    conf_low: float | None = None,
    conf_high: float | None = None,
    *,
    scale: Ratio = "HR",
    rare: bool | None = None,
    n: int | None = None,
) -> Estimates:
    """E-value: the least strength of an unrecorded confounder that could explain a ratio away.

    Parameters
    ----------
    estimate : float or Estimates
        A ratio, or the result of `hazard_ratio` or `weighted_hazard_ratio`, of which each row is taken.
    conf_low, conf_high : float, optional
        Its confidence limits; those of the result when one is given.
    scale : {"HR", "RR", "OR"}, default "HR"
        A hazard ratio, a risk ratio or an odds ratio.
    rare : bool, optional
        Whether fewer than about 15 per cent have left by the end, so that hazard and odds ratios are nearly risk
        ratios. Needed for both: over several years leaving is seldom rare.
    n : int, optional
        People behind a ratio that is given as a number; without it no disclosure profile but "public" shows the result.

    Returns
    -------
    Estimates
        Two rows a ratio (`group`): the E-value of the "estimate", and that of the "limit nearer to 1", which is 1 when
        the interval holds 1. It is a risk ratio: to explain the association away, something not recorded would have to
        be that strongly associated both with being mentored and with staying, beyond what was recorded.

    Raises
    ------
    DataError
        DAT-002 or DAT-009 for ratios that are not above 0, or limits that do not hold the estimate between them;
        DAT-006 for an unknown scale; DAT-009 when `rare` is not said.

    Notes
    -----
    Common outcomes: a hazard ratio is turned into a risk ratio by (1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 / HR)), an
    odds ratio by its square root. A large E-value is no proof: it says nothing of selection or wrong records.

    References
    ----------
    .. [1] VanderWeele TJ, Ding P (2017). Ann Intern Med 167:268-274, table 2.
    .. [2] VanderWeele TJ (2017). Am J Epidemiol 186:1114-1115 (common outcomes).

    Examples
    --------
    >>> e_value(3.9, 1.8, 8.7, scale="RR").frame["estimate"].round(2).tolist()
    [7.26, 3.0]
    """
    require(one_of("scale", scale, ("HR", "RR", "OR")), _rarity(scale, rare))
    given = _rows(estimate, conf_low, conf_high, n)
    require(*(_in_order(line) for line in given))
    rows: list[dict[str, object]] = []
    for line in given:
        ratios = [_risk_ratio(line[name], scale, rare=bool(rare)) for name in ("estimate", "conf_low", "conf_high")]
        shared = {"term": line["term"], "n": line["n"], "n_least": line["n_least"]}
        rows.append({**shared, "group": POINT, "estimate": _e(ratios[0])})
        rows.append({**shared, "group": LIMIT, "estimate": _of_limit(ratios[1], ratios[2])})
    turned = "" if scale == "RR" else f"; {scale} taken for a risk ratio, leaving {'rare' if rare else 'common'}"
    people = estimate.method if isinstance(estimate, Estimates) else None
    return estimates(
        rows,
        Method(
            name=f"E-value{turned}",
            estimand="least risk ratio by which something not recorded would have to be associated both with the group "
            "and with leaving, beyond what was recorded, to explain the ratio away",
            unit="risk ratio",
            n_given=people.n_given if people else n or 0,
            n_used=people.n_used if people else n or 0,
            n_dropped=people.n_dropped if people else {},
            assumptions=("nothing else is wrong: selection, records, models",),
            references=("VanderWeele TJ, Ding P (2017) Ann Intern Med 167:268-274",),
        ),
    )


_Line = dict[str, float | str | None]


def _rarity(scale: object, rare: object) -> Problems:
    if isinstance(rare, bool) or (scale == "RR" and rare is None):
        return []
    expected = "True or False: have fewer than about 15 per cent left by the end?"
    return [Problem("DAT-009", "rare", repr(rare), expected, "Say rare=False for a follow-up of years.")]


def _rows(estimate: object, conf_low: float | None, conf_high: float | None, n: int | None) -> list[_Line]:
    if isinstance(estimate, Estimates):
        if conf_low is not None or conf_high is not None:
            found = "limits beside a result that has its own"
            raise DataError(Problem("DAT-007", "conf_low, conf_high", found, "one of them", "Leave them out."))
        frame = estimate.frame
        least = frame["n_least"] if "n_least" in frame else frame["n"]
        return [
            {
                "term": str(line["term"]),
                "estimate": line["estimate"],
                "conf_low": line["conf_low"],
                "conf_high": line["conf_high"],
                "n": line["n"],
                "n_least": few,
            }
            for (_, line), few in zip(frame.iterrows(), least, strict=True)
        ]
    people = math.nan if n is None else n
    none = math.nan
    return [
        {
            "term": "ratio",
            "estimate": estimate,  # type: ignore[dict-item]
            "conf_low": none if conf_low is None else conf_low,
            "conf_high": none if conf_high is None else conf_high,
            "n": people,
            "n_least": people,
        }
    ]


def _in_order(line: _Line) -> Problems:
    place = str(line["term"])
    problems = within(f"{place}, estimate", line["estimate"], above=0)
    value, low, high = (line[name] for name in ("estimate", "conf_low", "conf_high"))
    if problems or not isinstance(value, int | float | np.number):
        return problems
    if any(isinstance(limit, str) or limit is None for limit in (low, high)):
        return [Problem("DAT-009", f"{place}, limits", "no numbers", "two numbers", "Give the printed limits.")]
    if float(low) > float(value) or float(high) < float(value) or float(low) < 0:  # type: ignore[arg-type]
        found = f"{low} to {high} around {value}"
        expected = "limits of at least 0 with the estimate between them"
        return [Problem("DAT-002", f"{place}, limits", found, expected, "Check their order and scale.")]
    return []


def _risk_ratio(value: float | str | None, scale: str, *, rare: bool) -> float:
    ratio = float(value)  # type: ignore[arg-type]
    if rare or scale == "RR" or math.isnan(ratio):
        return ratio
    if scale == "OR":
        return math.sqrt(ratio)
    if ratio == 0:
        return 0.0
    return float((1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio)))


def _e(ratio: float) -> float:
    if math.isnan(ratio):
        return math.nan
    if ratio < 1:
        return math.inf if ratio == 0 else _e(1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def _of_limit(low: float, high: float) -> float:
    if low <= 1 <= high:
        return 1.0
    if low > 1:
        return _e(low)
    return _e(high) if high < 1 else math.nan
