"""Digits of an estimate and its limits that tell on how many people it rests."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.numeric.event_rates import poisson_limits
from evalkit.numeric.proportions import clopper_pearson, wilson

Flags = npt.NDArray[np.bool_]
Limits = tuple[float, float]
# Events and people -> limits of a share or rate.
_Maker = Callable[[int, float, float], Limits]

_PER_CENT = frozenset({"%", "per cent", "percent", "percentage points"})
_NUMBERS = ("estimate", "conf_low", "conf_high")
_NEAR = 1e-6
_HALF = 0.005


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
        significant digits; other numbers with three, of which n does not follow. Limits of a share or rate that still
        fit fewer than `fewest` numbers of people near the true one are blank.
    """
    out = frame.copy()
    for name in [name for name in (*_NUMBERS, "p_value") if name in out.columns]:
        out[name] = out[name].astype(float)
    for row in np.flatnonzero(rows & frame["estimate"].notna().to_numpy()):
        at, unit = frame.index[row], str(units.iloc[row]).lower()
        exact = [float(frame.loc[at, name]) for name in _NUMBERS]
        scale = 100.0 if unit in _PER_CENT else 1.0
        of_people = (is_proportion(unit) and "pay" not in unit) or " per " in f" {unit} "
        write = _hundredths if of_people else _two_digits if "ratio" in unit else _three_digits
        told = [scale * write(value / scale) for value in exact]
        n = float(frame.loc[at, "n"])
        if of_people and _tells([value / scale for value in exact], n, level, fewest):
            told[1:] = [math.nan, math.nan]
        out.loc[at, list(_NUMBERS)] = told
        if "p_value" in out.columns:
            p = float(out.loc[at, "p_value"])
            out.loc[at, "p_value"] = (_three_digits if write is _three_digits else _two_digits)(p)
    return out


def _wilson(events: int, people: float, level: float) -> Limits:
    made = wilson(events, people, level=level)
    return made.low, made.high


def _clopper_pearson(events: int, people: float, level: float) -> Limits:
    made = clopper_pearson(events, people, level=level)
    return made.low, made.high


def _poisson(events: int, people: float, level: float) -> Limits:
    low, high = poisson_limits(events, level=level)
    return low / people, high / people


def _tells(exact: list[float], n: float, level: float, fewest: int) -> bool:
    """Tell whether fewer than so many numbers of people fit a share or rate and its limits as they are printed."""
    estimate, *given = exact
    if not np.isfinite([*exact, n]).all() or estimate < 0:
        return False
    events = round(estimate * n)
    base = events / estimate if events else n
    if base < 1:
        return False
    made = [make for make in (_wilson, _clopper_pearson, _poisson) if _makes(make, events, base, level, given)]
    if not made:
        return False
    printed = [_hundredths(value) for value in exact]
    near = np.arange(max(1.0, math.floor(base) - 2.0 * fewest), base + 2.0 * fewest + 1)
    return sum(_fits(made[0], people, printed, level) for people in near) < fewest


def _makes(make: _Maker, events: int, base: float, level: float, given: list[float]) -> bool:
    if make is not _poisson and events > base:
        return False
    return bool(np.allclose(make(events, base, level), given, atol=_NEAR))


def _fits(make: _Maker, people: float, printed: list[float], level: float) -> bool:
    """Tell whether any number of events among so many people would be printed so."""
    low, high = (printed[0] - _HALF) * people, (printed[0] + _HALF) * people
    for events in range(max(0, math.ceil(low - _NEAR)), math.floor(high + _NEAR) + 1):
        if make is not _poisson and events > people:
            continue
        if [_hundredths(value) for value in (events / people, *make(events, people, level))] == printed:
            return True
    return False


def _hundredths(value: float) -> float:
    """Round to hundredths, and to the first digit where that would be nothing."""
    return _significant(value, 1) if 0 < abs(value) < _HALF else round(value, 2)


def _two_digits(value: float) -> float:
    return _significant(value, 2)


def _three_digits(value: float) -> float:
    """Three significant digits, and never fewer than one behind the point."""
    if not math.isfinite(value) or value == 0:
        return value
    return round(value, max(1, 2 - math.floor(math.log10(abs(value)))))


def _significant(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
