"""Means of several waves, and ratios over the years."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from evalkit.errors import DataError, Problem
from evalkit.figures.axes import COLOURS, GREY, LINES, MARKERS, new_axes, style
from evalkit.frames import missing_columns, require

_WAVES = ("before", "after", "follow-up")


def ratings(
    frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Mean rating (points; only part of the scale is shown)"
) -> Axes:
    """Draw group means of several waves, one row an outcome, joined by a line. No person is drawn.

    Parameters
    ----------
    frame : pandas.DataFrame
        Column `row` with the outcome, and two or more of the columns `before`, `after` and `follow-up` with means in
        points of the answer scale; a row without any is left out.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    label : str
        Label of the horizontal axis, with the scale.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-009 without a row.
    """
    waves = [wave for wave in _WAVES if wave in frame.columns]
    require(missing_columns(frame, ["row", "before"], "frame"))
    frame = frame[np.isfinite(frame[waves]).any(axis=1)]
    if frame.empty or len(waves) < 2:
        raise DataError(
            Problem(
                "DAT-009", "frame", f"{len(frame)} rows, waves {waves}", "rows and two waves", "Give means to draw."
            )
        )
    with style():
        names = [textwrap.fill(str(name), 46) for name in frame["row"]]
        lines = max(name.count("\n") + 1 for name in names)
        ax = new_axes(7.0, 1.4 + (0.24 + 0.17 * lines) * len(frame)) if ax is None else ax
        rows = np.arange(len(frame))[::-1]
        values = frame[waves].to_numpy(dtype=float)
        ax.hlines(rows, np.nanmin(values, axis=1), np.nanmax(values, axis=1), color="#999999", linewidth=1.5, zorder=1)
        for index, wave in enumerate(waves):
            ax.plot(values[:, index], rows, MARKERS[index], color=COLOURS[index], markersize=7, label=wave)
        ax.set_yticks(rows, names)
        ax.set_ylim(-0.7, len(frame) - 0.3)
        ax.grid(axis="x", color="#DDDDDD", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(waves))
    return ax


def likelihoods(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Relative likelihood") -> Axes:
    """Draw one line for each group over the years, with a line at 1 for no difference.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `group`, `time` (years) and `estimate` (ratio).
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.
    label : str, default "Relative likelihood"
        Label of the vertical axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on.

    Raises
    ------
    DataError
        DAT-003 for a missing column.
    """
    require(missing_columns(frame, ["group", "time", "estimate"], "frame"))
    with style():
        ax = new_axes(7.0, 4.4) if ax is None else ax
        for index, (group, rows) in enumerate(frame.groupby("group", sort=False)):
            ordered = rows.sort_values("time")
            ax.plot(
                ordered["time"],
                ordered["estimate"],
                marker=MARKERS[index % len(MARKERS)],
                color=COLOURS[index % len(COLOURS)],
                linestyle=LINES[index % len(LINES)],
                label=textwrap.fill(str(group), 50),
            )
        ax.axhline(1.0, color=GREY, linewidth=1, linestyle=":")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.set_ylabel(label)
        ax.set_xlabel("Year")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2 if frame["group"].nunique() > 2 else 1)
    return ax
