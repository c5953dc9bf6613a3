"""What an estimate is: a frame with promised columns, and a note on the method that made it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

ESTIMATE_COLUMNS = (
    "term",
    "group",
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
    "n",
)
CURVE_COLUMNS = (
    "group",
    "cause",
    "time",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n_at_risk",
    "n_events",
    "n_censored",
)
_TEXT_COLUMNS = ("term", "group", "cause")

Scale = Literal["identity", "log", "by row"]


@dataclass(frozen=True, slots=True)
class Method:
    """How a result was made, in words that a commissioner can read.

    Parameters
    ----------
    name : str
        The method's usual name.
    estimand : str
        One sentence: what the number would be if everything had been seen.
    unit : str
        Unit of `estimate`, or "by row" when the frame has a column `unit`.
    scale : {"identity", "log", "by row"}, default "identity"
        Scale on which `std_error` is stated; "by row" when the frame has a column `scale`.
    level : float, default 0.95
        Confidence level of `conf_low` and `conf_high`.
    interval : str, default ""
        Name of the interval.
    n_given, n_used : int, default 0
        People (or rows) that came in, and that the result rests on.
    n_dropped : mapping of str to int, optional
        Reason -> how many were left out for it. Used and dropped must add up to given.
    assumptions : sequence of str, default ()
        What must hold for the estimand to be what is estimated.
    references : sequence of str, default ()
        Where the formula stands.
    seed : int, optional
        Seed of anything random.
    """

    name: str
    estimand: str
    unit: str
    scale: Scale = "identity"
    level: float = 0.95
    interval: str = ""
    n_given: int = 0
    n_used: int = 0
    n_dropped: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    assumptions: Sequence[str] = ()
    references: Sequence[str] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            msg = f"level is {self.level}, not between 0 and 1"
            raise ValueError(msg)
        if min(self.n_used, self.n_given, *self.n_dropped.values()) < 0:
            msg = (
                f"a negative number of people: {self.n_given} given, {self.n_used} used, {dict(self.n_dropped)} dropped"
            )
            raise ValueError(msg)
        if self.n_used + sum(self.n_dropped.values()) != self.n_given:
            msg = f"{self.n_used} used and {dict(self.n_dropped)} dropped do not add up to {self.n_given} given"
            raise ValueError(msg)
        object.__setattr__(self, "n_dropped", MappingProxyType(dict(self.n_dropped)))
        object.__setattr__(self, "assumptions", tuple(self.assumptions))
        object.__setattr__(self, "references", tuple(self.references))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy can be neither copied deeply nor sent to another process.
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return partial(Method, **{**values, "n_dropped": dict(self.n_dropped)}), ()


def _checked(frame: pd.DataFrame, columns: Sequence[str], method: Method) -> pd.DataFrame:
    if tuple(frame.columns[: len(columns)]) != tuple(columns) or not frame.columns.is_unique:
        msg = f"columns are {list(frame.columns)}, must begin with {list(columns)} and each be there once"
        raise ValueError(msg)
    for name, value in (("scale", method.scale), ("unit", method.unit)):
        if value == "by row" and name not in frame.columns:
            msg = f"the method says {name} by row, but there is no column {name!r}"
            raise ValueError(msg)
    checked = frame.reset_index(drop=True).copy()
    for name in columns:
        if name not in _TEXT_COLUMNS:
            checked[name] = pd.to_numeric(checked[name]).astype(float)
    low, high = checked["conf_low"].to_numpy(), checked["conf_high"].to_numpy()
    if bool(np.any(low > high)):
        msg = f"conf_low above conf_high in rows {np.flatnonzero(low > high).tolist()}"
        raise ValueError(msg)
    return checked


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Round a frame for reading: four significant digits, empty for what does not apply."""

    def cell(value: object) -> str:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return ""
        if isinstance(value, float):
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
        return str(value)

    shown = frame.dropna(axis="columns", how="all")
    return shown.astype(object).map(cell)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Result:
    frame: pd.DataFrame
    method: Method

    def tidy(self) -> pd.DataFrame:
        """Give a copy of the frame.

        Returns
        -------
        pandas.DataFrame
            One row a term, group or contrast (`Estimates`), or a time within a group (`Curve`).
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the fit.

        Returns
        -------
        pandas.DataFrame
            Shape (1, 8): method, estimand, unit, level, interval, n_given, n_used, n_dropped.
        """
        method = self.method
        return pd.DataFrame(
            [
                {
                    "method": method.name,
                    "estimand": method.estimand,
                    "unit": method.unit,
                    "level": method.level,
                    "interval": method.interval,
                    "n_given": method.n_given,
                    "n_used": method.n_used,
                    "n_dropped": "; ".join(f"{k}: {v}" for k, v in method.n_dropped.items()),
                }
            ]
        )

    def _caption(self) -> str:
        method = self.method
        parts = [method.name, f"unit: {method.unit}"]
        if method.n_given:
            parts.append(f"n = {method.n_used} of {method.n_given}")
        if method.interval:
            parts.append(f"{100 * method.level:g} % interval: {method.interval}")
        return "; ".join(parts)

    def __str__(self) -> str:
        return f"{self._caption()}\n{_plain(self.frame).to_string(index=False)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = _plain(self.frame).to_html(index=False, border=0)
        return f"<p>{html.escape(self._caption())}</p>{table}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Estimates(_Result):
    """Estimates, one row a term, group or contrast.

    Parameters
    ----------
    frame : pandas.DataFrame
        Begins with the columns `term, group, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n`
        in this order; what does not apply is NaN (None for text). Extra columns may follow. It is copied.
    method : Method
        How the estimates were made.

    Raises
    ------
    ValueError
        When a promised column is missing, repeated or out of order, or a lower limit lies above its upper limit.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", _checked(self.frame, ESTIMATE_COLUMNS, self.method))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve(_Result):
    """A function of time, one row a time within a group.

    Parameters
    ----------
    frame : pandas.DataFrame
        Begins with the columns `group, cause, time, estimate, std_error, conf_low, conf_high, n_at_risk, n_events,
        n_censored` in this order; what does not apply is NaN (None for text). Extra columns may follow. It is copied.
    method : Method
        How the curve was made.

    Raises
    ------
    ValueError
        When a promised column is missing, repeated or out of order, or a lower limit lies above its upper limit.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", _checked(self.frame, CURVE_COLUMNS, self.method))


def estimates(rows: Sequence[Mapping[str, object]], method: Method) -> Estimates:
    """Build `Estimates` from rows that name only what applies to them.

    Parameters
    ----------
    rows : sequence of mappings
        Column name -> value; a promised column that is left out becomes NaN, or None for text.
    method : Method
        How the rows were made.

    Returns
    -------
    Estimates
        One row for each mapping, the promised columns first.
    """
    return Estimates(_frame(rows, ESTIMATE_COLUMNS), method)


def curve(rows: Sequence[Mapping[str, object]], method: Method) -> Curve:
    """Build a `Curve` from rows that name only what applies to them.

    Parameters
    ----------
    rows : sequence of mappings
        Column name -> value; a promised column that is left out becomes NaN, or None for text.
    method : Method
        How the rows were made.

    Returns
    -------
    Curve
        One row for each mapping, the promised columns first.
    """
    return Curve(_frame(rows, CURVE_COLUMNS), method)


def _frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    extra = dict.fromkeys(name for row in rows for name in row if name not in columns)
    blank = {name: (None if name in _TEXT_COLUMNS else np.nan) for name in columns}
    return pd.DataFrame([{**blank, **row} for row in rows], columns=[*columns, *extra])
