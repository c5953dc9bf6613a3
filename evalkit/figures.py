"""Figures from results: `plot(result, ax=None)` and named figures. Each takes `ax=None` and returns `Axes`.

A figure draws what it is given. In a report `show(result, as_="figure")` gives it the released rows only.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.errors import DataError, Problem
from evalkit.frames import missing_columns, require
from evalkit.result import Curve, Estimates

# Okabe and Ito's colours, told apart with any kind of colour vision; the pale yellow is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#595959"
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = ("-", "--", "-.", ":")
_BEYOND = 1.06
_WAVES = ("before", "after", "follow-up")
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": "#222222",
    "figure.dpi": 100,
    "legend.frameon": False,
    "svg.hashsalt": "evalkit",
    "svg.fonttype": "path",
}


def style() -> AbstractContextManager[None]:
    """Set the look of evalkit's figures while the context is open.

    Returns
    -------
    context manager
        For use with `with`; outside it matplotlib is as it was.
    """
    return mpl.rc_context(_STYLE)


def new_axes(width: float = 7.0, height: float = 4.0) -> Axes:
    """Make axes on a figure of their own, which no global state holds on to.

    Parameters
    ----------
    width, height : float
        Inches.

    Returns
    -------
    matplotlib.axes.Axes
        The only axes of a new figure.
    """
    with style():
        return Figure(figsize=(width, height), layout="constrained").subplots()


def plot(result: Estimates | Curve, ax: Axes | None = None) -> Axes:
    """Draw a result in its usual form: estimates as a forest, a curve as steps.

    Parameters
    ----------
    result : Estimates or Curve
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on.
    """
    return curves(result, ax) if isinstance(result, Curve) else forest(result, ax)


def forest(
    result: Estimates,
    ax: Axes | None = None,
    *,
    null: float | None = None,
    log: bool | None = None,
    label: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw estimates with their intervals, one row each, the first on top.

    Parameters
    ----------
    result : Estimates
        Rows without an estimate are left out.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    null : float, optional
        Value of no difference, drawn as a line; else 1 on the log scale and 0 otherwise.
    log : bool, optional
        Draw on the log scale; else as the method says.
    label : str, optional
        Label of the horizontal axis; else the unit.
    names : mapping of str to str, optional
        Term -> text to show for it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on.
    """
    frame = result.tidy()
    frame = frame[np.isfinite(frame["estimate"])].reset_index(drop=True)
    log = result.method.scale == "log" if log is None else log
    null = (1.0 if log else 0.0) if null is None else null
    with style():
        ax = new_axes(7.0, 1.2 + 0.38 * max(len(frame), 1)) if ax is None else ax
        rows = np.arange(len(frame))[::-1]
        ax.axvline(null, color=GREY, linewidth=1, linestyle=":")
        for row, (_, line) in zip(rows, frame.iterrows(), strict=True):
            if np.isfinite([line["conf_low"], line["conf_high"]]).all():
                ax.plot([line["conf_low"], line["conf_high"]], [row, row], color=COLOURS[0], linewidth=1.8)
        ax.plot(frame["estimate"], rows, "s", color=COLOURS[0], markersize=6)
        if log:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            ax.xaxis.set_minor_formatter(ticker.NullFormatter())
            ax.xaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.set_yticks(rows, [_row_name(line, names or {}) for _, line in frame.iterrows()])
        ax.set_ylim(-0.7, len(frame) - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(textwrap.fill(label or result.method.unit, 40))
    return ax


def _row_name(line: pd.Series, names: Mapping[str, str]) -> str:
    term = names.get(str(line["term"]), str(line["term"]).replace("_", " "))
    text = term if pd.isna(line["group"]) else f"{term}, {line['group']}"
    people = "" if pd.isna(line["n"]) else f" (n = {line['n']:,.0f})"
    return textwrap.fill(text, 44) + people


def curves(
    result: Curve,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    time_label: str = "Time",
    risk_table: bool = True,
) -> Axes:
    """Draw a step curve for each group with its interval, and the number at risk below.

    Parameters
    ----------
    result : Curve
        One or more groups.
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
    groups = list(dict.fromkeys(frame["group"]))
    end = float(frame["time"].max()) if len(frame) else 1.0
    with style():
        ax = new_axes(7.0, 4.6 if risk_table else 4.0) if ax is None else ax
        for index, group in enumerate(groups):
            rows = frame[frame["group"].isna() if group is None else frame["group"] == group]
            _steps(ax, rows.sort_values("time"), str(group or "all"), index)
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, end * _BEYOND)
        ax.yaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))
        ax.set_ylabel(label or result.method.unit)
        ax.legend(loc="lower left")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, nbins=8))
        ax.set_xlabel(time_label)
        if risk_table:
            _risk_table(ax, frame, groups)
    return ax


def _steps(ax: Axes, rows: pd.DataFrame, name: str, index: int) -> None:
    colour, line = COLOURS[index % len(COLOURS)], _LINES[index % len(_LINES)]
    # The last step is drawn a little further, or its height and interval could not be seen.
    time = np.concatenate([[0.0], rows["time"], rows["time"].tail(1) * _BEYOND])
    height, low, high = (
        np.concatenate([[1.0], rows[name], rows[name].tail(1)]) for name in ("estimate", "conf_low", "conf_high")
    )
    ax.step(time, height, where="post", color=colour, linestyle=line, label=name)
    ax.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)


def _risk_table(ax: Axes, frame: pd.DataFrame, groups: Sequence[str | None]) -> None:
    """Write the numbers at risk at the start of each period as an inset of the axes."""
    height = 0.07 * (len(groups) + 1)
    inset = ax.inset_axes((0.0, -0.15 - height, 1.0, height), sharex=ax)
    inset.set_ylim(-0.5, len(groups) + 0.5)
    inset.axis("off")
    inset.set_in_layout(True)
    inset.text(0, len(groups), "At risk", ha="left", va="center", fontsize=8, color=GREY)
    for index, group in enumerate(groups):
        rows = frame[frame["group"].isna() if group is None else frame["group"] == group].sort_values("time")
        level = len(groups) - 1 - index
        starts = [0.0, *rows["time"].tolist()[:-1]]
        for time, people in zip(starts, rows["n_at_risk"], strict=True):
            inset.text(
                time, level, f"{people:,.0f}", ha="left", va="center", fontsize=9, color=COLOURS[index % len(COLOURS)]
            )
        inset.text(
            1.01,
            level,
            str(group or "all"),
            ha="left",
            va="center",
            fontsize=8,
            color=GREY,
            transform=inset.get_yaxis_transform(),
        )


def ratings(
    frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Mean rating (points; only part of the scale is shown)"
) -> Axes:
    """Draw group means of several waves, one row an outcome, joined by a line. No person is drawn.

    Parameters
    ----------
    frame : pandas.DataFrame
        Column `row` with the outcome, and two or more of the columns `before`, `after` and `follow-up` with means in
        points of the answer scale.
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
            ax.plot(values[:, index], rows, _MARKERS[index], color=COLOURS[index], markersize=7, label=wave)
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
                marker=_MARKERS[index % len(_MARKERS)],
                color=COLOURS[index % len(COLOURS)],
                linestyle=_LINES[index % len(_LINES)],
                label=textwrap.fill(str(group), 50),
            )
        ax.axhline(1.0, color=GREY, linewidth=1, linestyle=":")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.set_ylabel(label)
        ax.set_xlabel("Year")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2 if frame["group"].nunique() > 2 else 1)
    return ax
