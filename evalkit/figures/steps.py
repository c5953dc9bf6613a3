"""Curves over time as steps, or through the points that may be shown, with the numbers at risk."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from evalkit.figures.axes import COLOURS, GREY, INK, LINES, new_axes, nothing, style
from evalkit.result import Curve

_BEYOND = 1.06
# Part of the axis that a number at risk needs, and letters of a name beside it.
_ROOM = 0.09
_NAME = 24
# Points: from the axis to the first line of numbers at risk, and from line to line.
_BELOW = 46
_LINE = 14
_EVERYBODY = "all"
# Points: a mark at a time that may be shown, halved where there are many.
_MARK, _MANY = 3.5, 25
# Letters in a line of a legend, and the most names that stand inside the axes.
_WIDTH = 50
_INSIDE = 4


def curves(
    result: Curve,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    time_label: str = "Time",
    risk_table: bool = True,
) -> Axes:
    """Draw a curve for each group and cause with its interval, and the number at risk below.

    A whole curve is drawn in steps. Of a released one (column `flag`) only some times are known: a mark stands at each,
    and straight lines join them, since a step between two of them would say that nobody left in between.

    Parameters
    ----------
    result : Curve
        One or more groups. A curve without a cause starts at 1 (everybody is there), one of a cause at 0.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.
    label : str, optional
        Label of the vertical axis; else the unit.
    time_label : str, default "Time"
        Label of the horizontal axis, with its unit.
    risk_table : bool, default True
        Whether the numbers at risk stand as an inset below the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on.
    """
    frame = result.tidy()
    frame = frame[np.isfinite(frame["time"]) & np.isfinite(frame["estimate"])].sort_values("time", kind="stable")
    series = _series(frame, result.tidy())
    rising = bool(frame["cause"].notna().any())
    with style():
        lines = len(_by_group(frame)) if risk_table else 0
        ax = new_axes(7.0, _height(list(series), lines)) if ax is None else ax
        if frame.empty:
            return nothing(ax)
        end = float(frame["time"].max())
        draw = _points if "flag" in frame.columns else _steps
        for index, (name, rows) in enumerate(series.items()):
            draw(ax, rows, textwrap.fill(name, _WIDTH), index)
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, (end or 1.0) * _BEYOND)
        ax.yaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))
        ax.set_ylabel(textwrap.fill(label or result.method.unit, 44))
        _legend(ax, list(series), rising=rising)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, nbins=8))
        ax.set_xlabel(time_label)
        if risk_table:
            _risk_table(ax, _by_group(frame), end)
    return ax


def _height(names: Sequence[str], lines: int) -> float:
    """Give the inches that curves need, with what is written above them and the lines of numbers at risk below."""
    columns = _legend_columns(names)
    above = sum(0.05 + 0.16 * math.ceil(len(name) / _WIDTH) for name in names) / columns if columns else 0.0
    return 4.0 + above + (0.4 + 0.2 * lines) * bool(lines)


def _by_group(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Give the rows of one cause of each group: all its causes have the same people at risk."""
    groups: dict[str, pd.DataFrame] = {}
    for group, rows in frame.groupby("group", dropna=False, sort=False):
        first = rows["cause"].iloc[0]
        groups[_EVERYBODY if pd.isna(group) else str(group)] = rows[_same(rows["cause"], first)]
    return groups


def _series(frame: pd.DataFrame, given: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split a curve into its lines, in the order in which they came, named by group and cause."""
    several = len(given["group"].drop_duplicates()) > 1
    lines: dict[str, pd.DataFrame] = {}
    for (group, cause), _ in given.groupby(["group", "cause"], dropna=False, sort=False):
        rows = frame[_same(frame["group"], group) & _same(frame["cause"], cause)]
        parts = (
            [str(part) for part in (group, cause) if not pd.isna(part)] if several or pd.isna(cause) else [str(cause)]
        )
        if len(rows):
            lines[", ".join(parts) or _EVERYBODY] = rows
    return lines


def _same(values: pd.Series, value: object) -> pd.Series:
    return values.isna() if pd.isna(value) else values == value


def _legend_columns(names: Sequence[str]) -> int:
    """Tell into how many columns above the axes the names go; 0 when they are few enough to stand inside."""
    if len(names) <= _INSIDE:
        return 0
    return next((columns for columns, letters in ((3, 16), (2, 30)) if max(map(len, names)) <= letters), 1)


def _legend(ax: Axes, names: Sequence[str], *, rising: bool) -> None:
    """Put a few names where a curve leaves room, many above the axes."""
    columns = _legend_columns(names)
    if columns:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
    elif list(names) != [_EVERYBODY]:
        ax.legend(loc="upper left" if rising else "lower left")


def _start(rows: pd.DataFrame) -> float:
    """Give the height at time 0: everybody is there, and nobody has left for a cause."""
    return 1.0 if rows["cause"].isna().all() else 0.0


def _steps(ax: Axes, rows: pd.DataFrame, name: str, index: int) -> None:
    colour, line = COLOURS[index % len(COLOURS)], LINES[index % len(LINES)]
    # The last step is drawn a little further, or its height and interval could not be seen.
    time = np.concatenate([[0.0], rows["time"], rows["time"].tail(1) * _BEYOND])
    height, low, high = (
        np.concatenate([[_start(rows)], rows[name], rows[name].tail(1)])
        for name in ("estimate", "conf_low", "conf_high")
    )
    ax.step(time, height, where="post", color=colour, linestyle=line, label=name)
    ax.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)


def _points(ax: Axes, rows: pd.DataFrame, name: str, index: int) -> None:
    colour, line = COLOURS[index % len(COLOURS)], LINES[index % len(LINES)]
    known = rows[rows["time"] > 0]
    time = np.concatenate([[0.0], known["time"]])
    height, low, high = (
        np.concatenate([[_start(rows)], known[name]]) for name in ("estimate", "conf_low", "conf_high")
    )
    size = _MARK if len(known) <= _MANY else _MARK / 2
    look: dict[str, Any] = {"color": colour, "linestyle": line, "marker": "o", "markersize": size}
    ax.plot(time, height, label=name, markevery=slice(1, None), **look)
    ax.fill_between(time, low, high, color=colour, alpha=0.15, linewidth=0)


def _risk_table(ax: Axes, groups: Mapping[str, pd.DataFrame], end: float) -> None:
    """Write the numbers at risk at the start of periods below the axis, as many as there is room for."""

    def write(text: str, at: float, line: int, **look: Any) -> None:
        # In points below the axis: however high the axes are, lines neither touch nor fall off the figure.
        ax.annotate(
            text,
            (at, 0),
            (0, -_BELOW - _LINE * line),
            xycoords=("axes fraction" if look.pop("beside", False) else "data", "axes fraction"),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            **look,
        )

    write("At risk", 0, 0, fontsize=8, color=GREY)
    for index, (name, rows) in enumerate(groups.items()):
        for time, people in _at_starts(rows, end):
            write(f"{people:,.0f}", time, index + 1, fontsize=9, color=INK)
        if len(groups) > 1 or name != _EVERYBODY:
            write(_short(name), 1.01, index + 1, fontsize=8, color=GREY, beside=True)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}\u2026"


def _at_starts(rows: pd.DataFrame, end: float) -> Iterator[tuple[float, float]]:
    """Give the start of each period and the number at risk then, leaving out what would be printed over another."""
    starts = [0.0, *rows["time"].tolist()[:-1]]
    room = end * _ROOM
    free = 0.0
    for at, (time, people) in enumerate(zip(starts, rows["n_at_risk"], strict=True)):
        again = at + 1 < len(starts) and starts[at + 1] == time  # a row at time 0 begins no period
        if np.isfinite(people) and time >= free and not again:
            free = time + room
            yield time, people
