"""Digits of an estimate and its limits that tell on how many people it rests.

Where n is left out, the digits that would tell it go too. The estimate is rounded to the nearest of the numbers that
may stand there, and the limits are cut outwards, the low one down and the high one up, so that the interval that is
told always holds the exact one.

What an interval settles is still judged by the exact one, and that tells nothing more than the cut limits do. The
numbers that may stand there are fixed beforehand, and no difference (0; 1 for a ratio) is among them. So a limit above
no difference is never told as one below it, nor the other way round: whoever sees a cut limit that is not no difference
knows on which side the exact one lies. Towards 0 the numbers get ever finer, and a limit is told as 0 only if it is 0.
Towards 1 they do not: a low limit told as 1.0 may be anything from 1 to 1.1, a high one anything from 0.99 to 1. That
the verdict calls the interval settled then leaves out one value, exactly 1, which the limits of a ratio, roots of an
equation, hit by chance only; all other values stay, and so do all numbers of people that fit.

The same goes for a target that is one of these numbers, such as a whole per cent: the cut limits say on which side of
it the exact ones lie. Beside another target (66.7 per cent) the verdict would tell in which part of a step a limit
lies: there it goes by the cut limits (`limits_beside`). So does the rule for an interval that is narrow, whose bounds
for a ratio are no such numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.contrasts import sides_of_rows
from evalkit.numeric.decimal_rounding import Way, as_decimal, to_digits, to_places
from evalkit.numeric.event_rates import poisson_limits
from evalkit.numeric.proportions import clopper_pearson, wilson

Flags = npt.NDArray[np.bool_]
Limits = tuple[float, float]
# Which numbers may stand where n is left out.
Digits = Literal["hundredths", "two digits", "three digits"]
# Events and people -> limits of a share or rate.
_Maker = Callable[[int, float, float], Limits]

_PER_CENT = frozenset({"%", "per cent", "percent", "percentage points"})
_NUMBERS = ("estimate", "conf_low", "conf_high")
_WAYS: tuple[Way, Way, Way] = ("near", "down", "up")
_NEAR = 1e-6
_HUNDREDTH = 0.01
_PER_SO_MANY = re.compile(r"\bper (10{2,5}|10{0,2}[ ,]0{3})\b")
# Of so many people hundredths tell none.
_MANY = 2000
_CHANGE = re.compile(r"\b(?:changes?|changed|gaps?|differences?|less|shift|Newcombe)\b", re.IGNORECASE)


def is_proportion(unit: object) -> bool:
    """Tell whether a unit is that of a share.

    Parameters
    ----------
    unit : object
        Unit of a row.

    Returns
    -------
    bool
        True of proportions and of numbers in per cent.
    """
    text = str(unit).lower()
    return text.startswith("proportion") or text in _PER_CENT


def is_rate(unit: object) -> bool:
    """Tell whether a unit is that of people, posts or events per something.

    Parameters
    ----------
    unit : object
        Unit of a row.

    Returns
    -------
    bool
        True of "leavers per head" and "per 1,000 staff"; not of points of a scale per unit of time.

    Examples
    --------
    >>> is_rate("leavers per head of mean headcount"), is_rate("points of the outcome per unit of time")
    (True, False)
    """
    what, per, _ = f" {str(unit).lower()} ".partition(" per ")
    return bool(per) and "point" not in what and "per cent" not in str(unit).lower()


def _times(unit: str) -> float:
    """Say per how many people a share or rate is."""
    if unit in _PER_CENT:
        return 100.0
    found = _PER_SO_MANY.search(unit)
    return float(re.sub(r"\D", "", found[1])) if found else 1.0


def digits_without_n(unit: object) -> Digits:
    """Say which numbers may stand where n is left out.

    Parameters
    ----------
    unit : object
        Unit of a row.

    Returns
    -------
    {"hundredths", "two digits", "three digits"}
        Hundredths of shares and rates, and of differences of shares; two significant digits of ratios; three of other
        numbers, of which n does not follow.
    """
    text = str(unit).lower()
    if (is_proportion(text) and "pay" not in text) or is_rate(text):
        return "hundredths"
    return "two digits" if "ratio" in text else "three digits"


def cut(value: float, digits: Digits, way: Way = "near") -> float:
    """Round to one of the numbers that may stand where n is left out.

    Parameters
    ----------
    value : float
        The number; of a share a proportion. What is not finite stays.
    digits : {"hundredths", "two digits", "three digits"}
        Which numbers may stand there.
    way : {"near", "down", "up"}, default "near"
        "down" for a low limit, "up" for a high one.

    Returns
    -------
    float
        Under a hundredth, and over 99 of them, to the first digit that shows that it is not nothing, or not all. Of
        three digits never fewer than one behind the point.

    Examples
    --------
    >>> cut(1.2049, "two digits", "down"), cut(0.0034, "hundredths"), cut(0.9966, "hundredths", "up")
    (1.2, 0.003, 0.997)
    """
    if digits == "two digits":
        return to_digits(value, 2, way)
    if digits == "three digits":
        return to_digits(value, 3, way) if abs(value) < _THREE_DIGITS else to_places(value, 1, way)
    if abs(value) < _HUNDREDTH:
        return to_digits(value, 1, way)
    if 1 - _HUNDREDTH < value < 1:
        return to_places(1 - to_digits(1 - value, 1, _OPPOSITE[way]), _MOST_PLACES)
    return to_places(value, 2, way)


# From here on three digits leave none behind the point.
_THREE_DIGITS = 100
_MOST_PLACES = 12
_OPPOSITE: dict[Way, Way] = {"near": "near", "down": "up", "up": "down"}


def may_stand(value: float, digits: Digits) -> bool:
    """Tell whether a number is one of those that may stand where n is left out.

    Parameters
    ----------
    value : float
        The number; of a share a proportion.
    digits : {"hundredths", "two digits", "three digits"}
        Which numbers may stand there.

    Returns
    -------
    bool
        Whether cutting it changes nothing.

    Examples
    --------
    >>> may_stand(0.8, "hundredths"), may_stand(0.667, "hundredths"), may_stand(1.0, "two digits")
    (True, False, True)
    """
    return cut(value, digits, "down") == cut(value, digits, "up")


def limits_beside(bound: float, exact: Limits, told: Limits, digits: Digits) -> Limits:
    """Choose the limits by which an interval is judged beside a number.

    Parameters
    ----------
    bound : float
        No difference, or a target; of a share a proportion.
    exact, told : tuple of float
        The exact limits, and those that are told.
    digits : {"hundredths", "two digits", "three digits"}
        Which numbers may stand there.

    Returns
    -------
    tuple of float
        The exact limits where the bound is one of the numbers that may stand there; else those that are told, as the
        exact ones would tell more than these do.

    Examples
    --------
    >>> limits_beside(0.8, (0.7995, 0.897), (0.79, 0.9), "hundredths")
    (0.7995, 0.897)
    >>> limits_beside(0.667, (0.6684, 0.897), (0.66, 0.9), "hundredths")
    (0.66, 0.9)
    """
    return exact if may_stand(bound, digits) else told


def places_of(value: float, digits: Digits, least: int = 0) -> int:
    """Count the decimals that a cut number carries.

    Parameters
    ----------
    value : float
        As it is written: of a share in per cent.
    digits : {"hundredths", "two digits", "three digits"}
        What it was cut to.
    least : int, default 0
        Decimals that are written in any case: 2 of a share that is written as a proportion.

    Returns
    -------
    int
        So that 1.3 is not written as 1.30, nor 1.0 as 1.

    Examples
    --------
    >>> places_of(1.3, "two digits"), places_of(1.0, "two digits"), places_of(12.0, "two digits")
    (1, 1, 0)
    >>> places_of(30.0, "hundredths"), places_of(0.4, "hundredths")
    (0, 1)
    """
    if not math.isfinite(value) or value == 0:
        return least
    number = as_decimal(value)
    if digits == "two digits":
        return max(least, 1 - number.adjusted())
    return max(least, -int(number.normalize().as_tuple().exponent))


def without_telling_digits(
    frame: pd.DataFrame, rows: Flags, units: pd.Series, *, level: float, fewest: int
) -> pd.DataFrame:
    """Leave no digits from which the number of people follows where it is left out.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates.
    rows : numpy.ndarray of bool
        Shape (rows,), those that are told without n.
    units : pandas.Series
        Unit of each row.
    level : float
        Confidence level.
    fewest : int
        How many numbers of people must fit what is printed.

    Returns
    -------
    pandas.DataFrame
        Shares and rates, and differences of shares, in hundredths; ratios, and p beside any of these, with two
        significant digits; other numbers with three, of which n does not follow. Limits are cut outwards. Limits of a
        share or rate that still fit fewer than `fewest` numbers of people near the true one are blank, and so are those
        of a whole number of people where it is not seen how they were made.
    """
    out = frame.copy()
    for name in [name for name in (*_NUMBERS, "p_value") if name in out.columns]:
        out[name] = out[name].astype(float)
    changes = _are_changes(frame)
    for row in np.flatnonzero(rows & frame["estimate"].notna().to_numpy()):
        at, unit = frame.index[row], str(units.iloc[row]).lower()
        scale = _times(unit)
        exact = [float(frame.loc[at, name]) / scale for name in _NUMBERS]
        digits = digits_without_n(unit)
        told = _cut_row(exact, digits)
        alone = digits == "hundredths" and not changes[row]
        if alone and _tells(exact, float(frame.loc[at, "n"]), level, fewest):
            told[1:] = [math.nan, math.nan]
        out.loc[at, list(_NUMBERS)] = [to_places(scale * value, _MOST_PLACES) for value in told]
        if "p_value" in out.columns:
            p = float(out.loc[at, "p_value"])
            out.loc[at, "p_value"] = cut(p, "three digits" if digits == "three digits" else "two digits")
    return out


def _cut_row(exact: list[float], digits: Digits) -> list[float]:
    """Cut an estimate and its limits, these outwards."""
    return [cut(value, digits, way) for value, way in zip(exact, _WAYS, strict=True)]


def _wilson(events: int, people: float, level: float) -> Limits:
    made = wilson(events, people, level=level)
    return made.low, made.high


def _clopper_pearson(events: int, people: float, level: float) -> Limits:
    made = clopper_pearson(events, people, level=level)
    return made.low, made.high


def _poisson(events: int, people: float, level: float) -> Limits:
    low, high = poisson_limits(events, level=level)
    return low / people, high / people


def _are_changes(frame: pd.DataFrame) -> Flags:
    """Find rows that are a difference of two shares: these have limits of many kinds, of four numbers of people."""
    groups = frame["group"].astype(str).tolist() if "group" in frame else [""] * len(frame)
    terms = frame["term"].astype(str).tolist() if "term" in frame else [""] * len(frame)
    pair = np.array([len(sides) > 1 for sides in sides_of_rows(groups, terms)], dtype=bool)
    for name in [name for name in ("term", "quantity", "interval") if name in frame]:
        pair |= frame[name].astype(str).str.contains(_CHANGE).to_numpy(dtype=bool)
    return pair


def _tells(exact: list[float], n: float, level: float, fewest: int) -> bool:
    """Tell whether fewer than so many numbers of people fit a share or rate and its limits as they are printed.

    Those that fit are counted on from n, to both sides, until there is a wide gap: so each of them comes to the same
    answer, and that the limits stay tells nothing of n either.
    """
    estimate, *given = exact
    if not np.isfinite([*exact, n]).all() or estimate < 0 or n > _MANY:
        return False
    events = round(estimate * n)
    base = events / estimate if events else n
    if base < 1:
        return False
    made = [make for make in (_wilson, _clopper_pearson, _poisson) if _makes(make, events, base, level, given)]
    if not made:
        return abs(estimate * n - events) < _NEAR and 0 <= given[0] <= given[1] <= 1
    printed = _cut_row(exact, "hundredths")
    fit = sum(_fitting(made[0], math.floor(base), step, level, fewest, printed) for step in (1, -1))
    return fit < fewest


def _fitting(make: _Maker, base: int, step: int, level: float, fewest: int, printed: list[float]) -> int:
    """Count the numbers of people on one side that fit, up to the first wide gap; n itself is with those above."""
    found, gap = 0, 0
    people = base if step > 0 else base - 1
    while people >= 1 and found < fewest and gap <= 2 * fewest:
        fits = _fits(make, people, printed, level)
        found, gap = found + fits, 0 if fits else gap + 1
        people += step
    return found


def _makes(make: _Maker, events: int, base: float, level: float, given: list[float]) -> bool:
    if make is not _poisson and events > base:
        return False
    return bool(np.allclose(make(events, base, level), given, atol=_NEAR))


def _fits(make: _Maker, people: float, printed: list[float], level: float) -> bool:
    """Tell whether any number of events among so many people would be printed so."""
    low, high = (printed[0] - _HUNDREDTH / 2) * people, (printed[0] + _HUNDREDTH / 2) * people
    for events in range(max(0, math.ceil(low - _NEAR)), math.floor(high + _NEAR) + 1):
        if make is not _poisson and events > people:
            continue
        if _cut_row([events / people, *make(events, people, level)], "hundredths") == printed:
            return True
    return False
