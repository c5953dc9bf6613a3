"""Indicators over the years, and ratios beside the four-fifths band, with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from evalkit.figures.axes import COLOURS, GREY, LINES, MARKERS, new_axes, nothing, style
from evalkit.figures.estimates import forest
from evalkit.frames import missing_columns, require
from evalkit.result import Estimates

Floats = npt.NDArray[np.float64]

FOUR_FIFTHS = (0.8, 1.25)
_BAND = "#E3E3E3"
_CLEAR = (0.7, 1.5)  # ticks between these would run into those of the band
_APART = 0.07  # of a year, so that intervals of one year do not cover each other


def trend(
    result: Estimates,
    ax: Axes | None = None,
    *,
    time: str = "year",
    null: float | None = None,
    log: bool | None = None,
    label: str | None = None,
) -> Axes:
    """Draw estimates with their intervals over the years, one line for each term and group.

    Parameters
    ----------
    result : Estimates
        With a column of years. Rows without a finite estimate are left out, on the log scale also those at 0 or below.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.
    time : str, default "year"
        Column of the years: numbers, or text that begins with the year.
    null : float, optional
        Value of no difference, drawn as a line; else 1 on the log scale, and none otherwise.
    log : bool, optional
        Draw on the log scale; else as the method says.
    label : str, optional
        Label of the vertical axis; else the unit.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on. A limit without end runs to the edge.

    Raises
    ------
    DataError
        DAT-003 without the column of years.
    """
    frame = result.tidy()
    require(missing_columns(frame, [time], "result"))
    log = result.method.scale == "log" if log is None else log
    null = 1.0 if log and null is None else null
    frame = frame[np.isfinite(frame["estimate"]) & ((frame["estimate"] > 0) | (not log))]
    with style():
        ax = new_axes(7.0, 4.4) if ax is None else ax
        if frame.empty:
            return nothing(ax)
        if log:
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.25, 1.5, 2, 3, 4, 6, 8)))
            ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            ax.yaxis.set_minor_locator(ticker.NullLocator())
        if null is not None:
            ax.axhline(null, color=GREY, linewidth=1, linestyle=":")
        _draw_series(ax, frame, _years(frame[time]), log=log)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.set_xlabel("Year")
        ax.set_ylabel(textwrap.fill(label or result.method.unit, 36))
    return ax


def _years(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values.astype(str).str[:4])


def _draw_series(ax: Axes, frame: pd.DataFrame, years: pd.Series, *, log: bool) -> None:
    names = _names(frame)
    series = list(dict.fromkeys(names))
    limits = frame[["conf_low", "conf_high"]].to_numpy(dtype=float)
    known = limits[np.isfinite(limits) & ((limits > 0) | (not log))]
    bottom, top = _edges(np.concatenate([known, frame["estimate"].to_numpy(dtype=float)]), log=log)
    ax.set_ylim(bottom, top)
    for number, name in enumerate(series):
        mine = (names == name).to_numpy()
        order = np.argsort(years[mine].to_numpy(), kind="stable")
        at = years[mine].to_numpy(dtype=float)[order] + _APART * (number - (len(series) - 1) / 2)
        values = frame.loc[mine, "estimate"].to_numpy(dtype=float)[order]
        low, high = (np.clip(side, bottom, top) for side in limits[mine][order].T)
        colour = COLOURS[number % len(COLOURS)]
        ax.vlines(at, low, high, color=colour, linewidth=1.6)
        ax.plot(at, values, marker=MARKERS[number % len(MARKERS)], color=colour, markersize=6,
                linestyle=LINES[number % len(LINES)], linewidth=1.1, label=textwrap.fill(name, 40))  # fmt: skip
    if len(series) > 1:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _names(frame: pd.DataFrame) -> pd.Series:
    """Name each row by what differs: its group, its term, or both."""
    term = frame["term"].astype(str).str.replace("_", " ")
    if frame["group"].isna().all():
        return term
    group = frame["group"].fillna("").astype(str)
    return group if term.eq(term.iloc[0]).all() else term + ", " + group


def _edges(values: Floats, *, log: bool) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if log:
        return low / 1.08, high * 1.08
    room = 0.06 * (high - low) or 0.05
    return low - room, high + room


def beside_four_fifths(
    result: Estimates,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw ratios with their intervals on the log scale, over the band from 0.8 to 1.25 of the four-fifths rule.

    Parameters
    ----------
    result : Estimates
        Ratios, one row each.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    label : str, optional
        Label of the horizontal axis; else the unit.
    names : mapping of str to str, optional
        Term -> text to show for it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on. The band is a rule of thumb and stands beside the interval, not for it.
    """
    ax = forest(result, ax, log=True, null=1.0, label=label, names=names)
    if ax.axison:
        with style():
            low, high = ax.get_xlim()
            ax.set_xlim(min(low, FOUR_FIFTHS[0] / 1.05), max(high, FOUR_FIFTHS[1] * 1.05))
            beyond = [tick for tick in ax.get_xticks() if tick < _CLEAR[0] or tick > _CLEAR[1]]
            ax.set_xticks(sorted([FOUR_FIFTHS[0], 1.0, FOUR_FIFTHS[1], *beyond]))
            ax.axvspan(*FOUR_FIFTHS, color=_BAND, zorder=0, linewidth=0, label="four-fifths rule: 0.8 to 1.25")
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
