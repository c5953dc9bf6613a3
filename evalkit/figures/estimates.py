"""Estimates with their intervals: the forest plot."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.figures.axes import GREY, INK, accent, new_axes, nothing, style
from evalkit.result import Estimates

# Letters in a line of a row's name; rows from which on what all their names begin with is told once.
_LONGEST = 46
_FEWEST_SHARING = 3


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
    frame = _drawn(result, log=log)
    with style():
        begin, labels = _row_names(frame, names or {})
        ax = new_axes(7.0, _height(begin, labels)) if ax is None else ax
        if frame.empty:
            return nothing(ax)
        rows = np.arange(len(frame))[::-1]
        ax.axvline(null, color=GREY, linewidth=1, linestyle=":")
        ax.plot(frame["estimate"], rows, "s", color=accent(), markersize=6)
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
        if begin:
            # Over the names of the rows, left of the axes.
            ax.annotate(
                f"{begin}:", (0, 1), (-6, 3), "axes fraction", "offset points", ha="right", va="bottom", color=INK
            )
    return ax


def panels(
    results: Sequence[Estimates], labels: Sequence[str], *, null: float | None = None, log: bool | None = None
) -> Figure:
    """Draw estimates on different scales one below the other, each scale on an axis of its own.

    Parameters
    ----------
    results : sequence of Estimates
        What is on each scale, as for `forest`.
    labels : sequence of str
        Label of each horizontal axis; as many as results.
    null : float, optional
        Value of no difference, the same on all scales; as for `forest`.
    log : bool, optional
        Draw on the log scale; as for `forest`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each result, their rows named at one margin.
    """
    heights = []
    for result in results:
        logged = result.method.scale == "log" if log is None else log
        heights.append(_height(*_row_names(_drawn(result, log=logged), {})))
    with style():
        drawing = Figure(figsize=(7.0, sum(heights)), layout="constrained")
        axes = drawing.subplots(len(results), 1, height_ratios=heights, squeeze=False)[:, 0]
    for result, label, ax in zip(results, labels, axes, strict=True):
        forest(result, ax, null=null, log=log, label=label)
    return drawing


def _drawn(result: Estimates, *, log: bool) -> pd.DataFrame:
    """Keep the rows that can be drawn."""
    frame = result.tidy()
    drawn = np.isfinite(frame["estimate"]) & ((frame["estimate"] > 0) | (not log))
    return frame[drawn].reset_index(drop=True)


def _height(begin: str, labels: Sequence[str]) -> float:
    """Give the inches that rows with these names need, with their axis."""
    above = 0.1 + 0.16 * (1 + begin.count("\n")) if begin else 0.0
    return 1.0 + above + sum(0.15 + 0.16 * (1 + text.count("\n")) for text in labels)


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
            ax.plot([low, high], [row, row], color=accent(), linewidth=1.8)
            for edge, is_open, marker in ((low, to_left, "<"), (high, to_right, ">")):
                if is_open:
                    ax.plot([edge], [row], marker, color=accent(), markersize=6, clip_on=False)
    ax.set_xlim(edges)


def _log_ticks(low: float, high: float) -> list[float]:
    """Choose round numbers for a log axis, at least three of them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for within in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        ticks = [part * 10.0**decade for decade in decades for part in within if low <= part * 10.0**decade <= high]
        if len(ticks) >= 4:
            return ticks
    return [float(tick) for tick in ticker.MaxNLocator(5).tick_values(low, high) if low <= tick <= high and tick > 0]


def _row_names(frame: pd.DataFrame, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """Name the rows; give apart what all names begin with, up to a comma."""
    texts = []
    for _, line in frame.iterrows():
        term = names.get(str(line["term"]), str(line["term"]).replace("_", " "))
        texts.append(term if pd.isna(line["group"]) else f"{term}, {line['group']}")
    shared = _shared_start(texts) if len(texts) >= _FEWEST_SHARING else ""
    begin = shared[: shared.rfind(", ")] if ", " in shared else ""
    rest = [text[len(begin) + 2 :] if begin else text for text in texts]
    return textwrap.fill(begin, _LONGEST), [_filled(text, n) for text, n in zip(rest, frame["n"], strict=True)]


def _shared_start(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:length]


def _filled(text: str, n: float) -> str:
    """Break a name into lines of like length; the number of people is never broken."""
    whole = text if pd.isna(n) else f"{text} (n\u00a0=\u00a0{n:,.0f})"
    lines = len(textwrap.wrap(whole, _LONGEST))
    width = next(wide for wide in range(-(-len(whole) // lines), _LONGEST + 1) if _fits(whole, wide, lines))
    return textwrap.fill(whole, width).replace("\u00a0", " ")


def _fits(text: str, width: int, lines: int) -> bool:
    made = textwrap.wrap(text, width, break_long_words=width == _LONGEST)
    return len(made) <= lines and all(len(line) <= width for line in made)
