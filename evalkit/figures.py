"""Figures from results: `plot(result, ax=None)` and named figures. Each takes `ax=None` and returns `Axes`.

A figure draws what it is given. In a report `show(result, as_="figure")` gives it the released rows only.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
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
INK = "#222222"
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES = ("-", "--", "-.", ":")
_BEYOND = 1.06
# Part of the axis that a number at risk needs, and letters of a name beside it.
_ROOM = 0.09
_NAME = 24
# Points: from the axis to the first line of numbers at risk, and from line to line.
_BELOW = 46
_LINE = 14
_EVERYBODY = "all"
# Letters in a line of a legend, and the most names that stand inside the axes.
_WIDTH = 50
_INSIDE = 4
# From one side to the other through a light grey: told apart with any kind of colour vision, and in grey.
_PARTED = ("#B35806", "#F1A340", "#DDDDDD", "#7FB2DC", "#0B4F8A")
_WAVES = ("before", "after", "follow-up")
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
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
        Rows without a finite estimate are left out, on the log scale also those at 0 or below.
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
    log = result.method.scale == "log" if log is None else log
    null = (1.0 if log else 0.0) if null is None else null
    frame = result.tidy()
    drawn = np.isfinite(frame["estimate"]) & ((frame["estimate"] > 0) | (not log))
    frame = frame[drawn].reset_index(drop=True)
    with style():
        labels = [_row_name(line, names or {}) for _, line in frame.iterrows()]
        ax = new_axes(7.0, 1.2 + sum(0.22 + 0.16 * (1 + text.count("\n")) for text in labels)) if ax is None else ax
        if frame.empty:
            return _nothing(ax)
        rows = np.arange(len(frame))[::-1]
        ax.axvline(null, color=GREY, linewidth=1, linestyle=":")
        ax.plot(frame["estimate"], rows, "s", color=COLOURS[0], markersize=6)
        if log:
            ax.set_xscale("log")
        _limits(ax, frame, rows, log=log)
        if log:
            ax.set_xticks(_log_ticks(*ax.get_xlim()))
            ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.set_yticks(rows, labels)
        ax.set_ylim(-0.7, len(frame) - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(textwrap.fill(label or result.method.unit, 40))
    return ax


def _limits(ax: Axes, frame: pd.DataFrame, rows: npt.NDArray[np.int_], *, log: bool) -> None:
    """Draw the intervals; one without end on a side runs to the edge of the axes with an arrow."""
    limits = frame[["conf_low", "conf_high"]].to_numpy(dtype=float, copy=True)
    open_low, open_high = np.isneginf(limits[:, 0]) | (log & (limits[:, 0] <= 0)), np.isposinf(limits[:, 1])
    limits[open_low, 0] = limits[open_high, 1] = np.nan
    # The limits that have an end stretch the axis before the edge is asked for.
    ax.update_datalim(
        [(value, row) for pair, row in zip(limits, rows, strict=True) for value in pair if value == value]
    )
    ax.autoscale_view(scaley=False)
    edges = ax.get_xlim()
    for (low, high), to_left, to_right, row in zip(limits, open_low, open_high, rows, strict=True):
        low, high = edges[0] if to_left else low, edges[1] if to_right else high
        if np.isfinite([low, high]).all():
            ax.plot([low, high], [row, row], color=COLOURS[0], linewidth=1.8)
            for edge, is_open, marker in ((low, to_left, "<"), (high, to_right, ">")):
                if is_open:
                    ax.plot([edge], [row], marker, color=COLOURS[0], markersize=6, clip_on=False)
    ax.set_xlim(edges)


def _log_ticks(low: float, high: float) -> list[float]:
    """Choose round numbers for a log axis, at least three of them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for within in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        ticks = [part * 10.0**decade for decade in decades for part in within if low <= part * 10.0**decade <= high]
        if len(ticks) >= 4:
            return ticks
    return [float(tick) for tick in ticker.MaxNLocator(5).tick_values(low, high) if low <= tick <= high and tick > 0]


def _nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw, rather than show empty axes."""
    ax.text(0.5, 0.5, "No number to draw", ha="center", va="center", color=GREY, transform=ax.transAxes)
    ax.set_axis_off()
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
    """Draw a step curve for each group and cause with its interval, and the number at risk below.

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
        ax = new_axes(7.0, _height(list(series), risk_table=risk_table)) if ax is None else ax
        if frame.empty:
            return _nothing(ax)
        end = float(frame["time"].max())
        for index, (name, rows) in enumerate(series.items()):
            _steps(ax, rows, textwrap.fill(name, _WIDTH), index)
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, (end or 1.0) * _BEYOND)
        ax.yaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))
        ax.set_ylabel(textwrap.fill(label or result.method.unit, 44))
        _legend(ax, list(series), rising=rising)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, nbins=8))
        ax.set_xlabel(time_label)
        if risk_table:
            _risk_table(ax, series, end)
    return ax


def _height(names: Sequence[str], *, risk_table: bool) -> float:
    """Give the inches that curves need, with what is written below and above them."""
    columns = _legend_columns(names)
    above = sum(0.05 + 0.16 * math.ceil(len(name) / _WIDTH) for name in names) / columns if columns else 0.0
    return 4.0 + above + (0.4 + 0.2 * len(names)) * risk_table


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


def _steps(ax: Axes, rows: pd.DataFrame, name: str, index: int) -> None:
    colour, line = COLOURS[index % len(COLOURS)], _LINES[index % len(_LINES)]
    # Everybody is there at the start, and nobody has left for a cause.
    start = 1.0 if rows["cause"].isna().all() else 0.0
    # The last step is drawn a little further, or its height and interval could not be seen.
    time = np.concatenate([[0.0], rows["time"], rows["time"].tail(1) * _BEYOND])
    height, low, high = (
        np.concatenate([[start], rows[name], rows[name].tail(1)]) for name in ("estimate", "conf_low", "conf_high")
    )
    ax.step(time, height, where="post", color=colour, linestyle=line, label=name)
    ax.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)


def _risk_table(ax: Axes, series: Mapping[str, pd.DataFrame], end: float) -> None:
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
    for index, (name, rows) in enumerate(series.items()):
        for time, people in _at_starts(rows, end):
            write(f"{people:,.0f}", time, index + 1, fontsize=9, color=INK)
        if len(series) > 1 or name != _EVERYBODY:
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


def likert(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Share of those who answered") -> Axes:
    """Draw the answers to items that share one option set as bars that part at the middle category.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each item and category, as `response_distribution` gives it: `text, label, kind, share, n_answered`.
        Rows that are no answers are not drawn; items without shares (withheld, or nobody answered) say so.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    label : str, default "Share of those who answered"
        Label of the horizontal axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on: the neutral category is centred on zero, empty categories keep their place in the
        legend.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-009 without an answer category or when the items have different ones.
    """
    require(missing_columns(frame, ["text", "label", "kind", "share", "n_answered"], "frame"))
    answers = frame[frame["kind"] == "answer"]
    categories = list(dict.fromkeys(answers["label"]))
    table = answers.pivot(index="text", columns="label", values="share").reindex(
        index=list(dict.fromkeys(answers["text"])), columns=categories
    )
    people = answers.drop_duplicates("text").set_index("text")["n_answered"]
    if not categories or len(answers) != table.size:
        found = f"{len(answers)} rows for {len(table)} items"
        raise DataError(Problem("DAT-009", "frame", found, "the same categories for all items", "Draw them apart."))
    with style():
        names = [textwrap.fill(str(text), 44) for text in table.index]
        lines = max(name.count("\n") + 1 for name in names)
        ax = new_axes(8.0, 1.7 + (0.26 + 0.17 * lines) * len(table)) if ax is None else ax
        _parted_bars(ax, table)
        rows = np.arange(len(table))[::-1]
        ax.set_yticks(rows, names)
        for row, text in zip(rows, table.index, strict=True):
            known = table.loc[text].notna().all()
            note = f"n = {people[text]:,.0f}" if known else "withheld or no answer"
            ax.annotate(note, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=GREY)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set_xlim(-1, 1)
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{abs(value):.0%}"))
        ax.set_ylim(-0.7, len(table) - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(categories), 3), fontsize=8)
    return ax


def _parted_bars(ax: Axes, table: pd.DataFrame) -> None:
    shares = table.to_numpy(dtype=float)
    below = len(table.columns) // 2
    start = -np.nansum(shares[:, :below], axis=1)
    if len(table.columns) % 2:
        start = start - np.nan_to_num(shares[:, below]) / 2
    rows = np.arange(len(table))[::-1]
    ramp = mpl.colors.LinearSegmentedColormap.from_list("parted", _PARTED)
    colours = ramp(np.linspace(0, 1, len(table.columns)))
    for position, name in enumerate(table.columns):
        width = np.nan_to_num(shares[:, position])
        ax.barh(rows, width, left=start, height=0.62, color=colours[position], edgecolor="white", label=str(name))
        start = start + width


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
