"""Answers to survey items, as bars that part at the middle."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from evalkit.errors import Problem
from evalkit.figures.axes import GREY, INK, new_axes, style
from evalkit.frames import Problems, missing_columns, require

# From one side to the other through a light grey: told apart with any kind of colour vision, and in grey.
_PARTED = ("#B35806", "#F1A340", "#DDDDDD", "#7FB2DC", "#0B4F8A")
# What is no answer has no colour, so that it is not taken for one: hatches, the last kind (not asked) bare.
_HATCHES = ("////", "....", "xxxx", "\\\\\\\\", "++++", "oo")
_APART = "share_of_all"
_NAME = 44
# Widths of the answers and of the panel that stands apart.
_WIDTHS = (1.0, 0.42)
# The panel's axis is at least this share of all respondents long.
_SHORTEST = 0.1


def likert(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Share of those who answered") -> Axes:
    """Draw the answers to items that share one option set as bars that part at the middle category.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each item and category, as `response_distribution` gives it: `text, label, kind, share, n_answered`.
        Items without shares (withheld, or nobody answered) say so. What is no answer (another `kind`) is drawn apart
        when there is a column `share_of_all`, and else not at all.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need. What stands apart takes a part of their place, on the right.
    label : str, default "Share of those who answered"
        Label of the horizontal axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on: the neutral category is centred on zero, empty categories keep their place in the
        legend. In a panel of its own on the right, hatched and as shares of all respondents, stand those who skipped
        the item, to whom it does not apply, who prefer not to say, and who were not asked.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-009 without an answer category or when the items have different ones, DAT-010
        for two items with the same text.
    """
    require(missing_columns(frame, ["text", "label", "kind", "share", "n_answered"], "frame"))
    answers = frame[frame["kind"] == "answer"]
    others = frame[frame["kind"] != "answer"] if _APART in frame.columns else frame.iloc[:0]
    require(_unfit(answers), _repeated(answers), _repeated(others))
    table = _table(answers, "share", list(dict.fromkeys(answers["text"])))
    apart = _table(others, _APART, list(table.index)) if len(others) else None
    with style():
        names = [textwrap.fill(str(text), _NAME) for text in table.index]
        if ax is None:
            height = sum(0.26 + 0.17 * (1 + name.count("\n")) for name in names)
            ax = new_axes(8.0 if apart is None else 10.0, height + _above(table, apart) + 0.8)
        reach = _parted_bars(ax, table)
        _rows(ax, names)
        for row, note in zip(_positions(names), _notes(answers, table, apart), strict=True):
            ax.annotate(note, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=GREY)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set_xlim(-1.02 * reach, 1.02 * reach)
        ax.xaxis.set_major_locator(ticker.MultipleLocator(0.25))
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{abs(value):.0%}"))
        ax.set_xlabel(label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(table.columns), 2), fontsize=8)
        if apart is not None:
            _apart(ax, apart)
    return ax


def likert_by_wave(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Share of those who answered") -> Axes:
    """Draw the answers to the same items at several waves, the waves of an item below each other.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for `likert`, with a column `wave` (text): what `response_distribution` gives for each wave, put together in
        the order of time.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    label : str, default "Share of those who answered"
        Label of the horizontal axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on. Each wave shows whoever answered it: they need not be the same people.

    Raises
    ------
    DataError
        DAT-003 for a missing column, and what `likert` raises.
    """
    require(missing_columns(frame, ["wave", "text"], "frame"))
    waves, items = list(dict.fromkeys(frame["wave"])), list(dict.fromkeys(frame["text"]))
    parts = [frame[(frame["text"] == item) & (frame["wave"] == wave)] for item in items for wave in waves]
    there = [part for part in parts if len(part)]
    named = pd.concat([part.assign(text=part["text"] + f" | {part['wave'].iloc[0]}") for part in there])
    ax = likert(named, ax, label=label)
    texts, seen = [], set()
    for part in there:
        item, wave = str(part["text"].iloc[0]), str(part["wave"].iloc[0])
        texts.append(wave if item in seen else f"{textwrap.fill(item, _NAME)}\n{wave}")
        seen.add(item)
    ax.set_yticks(ax.get_yticks(), texts)
    return ax


def _unfit(answers: pd.DataFrame) -> Problems:
    """Find items that do not have the same categories."""
    sets = {tuple(labels) for _, labels in answers.groupby("text", sort=False)["label"]}
    if len({frozenset(labels) for labels in sets}) == 1:
        return []
    found = f"{len(answers)} rows for {answers['text'].nunique()} items"
    return [Problem("DAT-009", "frame", found, "the same categories for all items", "Draw them apart.")]


def _repeated(rows: pd.DataFrame) -> Problems:
    again = rows[rows.duplicated(["text", "label"])]
    expected = "a text for each item"
    remedy = "Draw the waves of an item with likert_by_wave(); tell other items apart by their text."
    return [
        Problem("DAT-010", "frame", f'"{text}" more than once', expected, remedy)
        for text in dict.fromkeys(again["text"])
    ]


def _table(rows: pd.DataFrame, values: str, items: list[str]) -> pd.DataFrame:
    """Set the shares out by item and category, both in the order in which they came."""
    return rows.pivot(index="text", columns="label", values=values).reindex(
        index=items, columns=list(dict.fromkeys(rows["label"]))
    )


def _above(table: pd.DataFrame, apart: pd.DataFrame | None) -> float:
    """Give the inches that the legends need."""
    lines = max(-(-len(table.columns) // 2), 0 if apart is None else len(apart.columns))
    return 0.3 + 0.19 * lines


def _notes(answers: pd.DataFrame, table: pd.DataFrame, apart: pd.DataFrame | None) -> list[str]:
    """Say how many answered each item and, when it can be told, of how many."""
    people: Mapping[str, float] = answers.drop_duplicates("text").set_index("text")["n_answered"].to_dict()
    without = {} if apart is None else apart.sum(axis=1, min_count=1).to_dict()
    notes = []
    for text in table.index:
        if not table.loc[text].notna().all():
            notes.append("nobody answered" if without.get(text, np.nan) > 1 - 1e-9 else "withheld or no answer")
            continue
        of_all = 1 - without.get(text, np.nan)
        notes.append(f"n = {people[text]:,.0f}" + (f" of {people[text] / of_all:,.0f}" if of_all > 0 else ""))
    return notes


def _positions(names: list[str]) -> npt.NDArray[np.int_]:
    return np.arange(len(names))[::-1]


def _rows(ax: Axes, names: list[str]) -> None:
    ax.set_yticks(_positions(names), names)
    ax.set_ylim(-0.7, len(names) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _parted_bars(ax: Axes, table: pd.DataFrame) -> float:
    """Draw the bars, and give the share that the axis must reach on either side: a half at least, in quarters."""
    shares = table.to_numpy(dtype=float)
    below = len(table.columns) // 2
    start = -np.nansum(shares[:, :below], axis=1)
    if len(table.columns) % 2:
        start = start - np.nan_to_num(shares[:, below]) / 2
    first = start
    rows = np.arange(len(table))[::-1]
    ramp = mpl.colors.LinearSegmentedColormap.from_list("parted", _PARTED)
    colours = ramp(np.linspace(0, 1, len(table.columns)))
    for position, name in enumerate(table.columns):
        width = np.nan_to_num(shares[:, position])
        ax.barh(rows, width, left=start, height=0.62, color=colours[position], edgecolor="white", label=str(name))
        start = start + width
    widest = max(float(start.max()), float(-first.min()))
    return max(0.5, math.ceil(widest * 4 - 1e-9) / 4)


def _beside(ax: Axes) -> Axes:
    """Give up a part of the axes, on the right, to new ones with the same rows."""
    figure, spec = ax.figure, ax.get_subplotspec()
    if spec is not None:
        parts = spec.subgridspec(1, 2, width_ratios=_WIDTHS)
        ax.set_subplotspec(parts[0])
        return figure.add_subplot(parts[1], sharey=ax)
    place = ax.get_position()
    share = _WIDTHS[0] / (sum(_WIDTHS) + 0.3)
    ax.set_position((place.x0, place.y0, place.width * share, place.height))
    width = place.width * share * _WIDTHS[1]
    return figure.add_axes((place.x1 - width, place.y0, width, place.height), sharey=ax)


def _apart(ax: Axes, table: pd.DataFrame) -> None:
    """Stack what is no answer in a panel beside the answers, from zero, as shares of all respondents."""
    panel = _beside(ax)
    rows = np.arange(len(table))[::-1]
    start = np.zeros(len(table))
    for position, name in enumerate(table.columns):
        width = np.nan_to_num(table[name].to_numpy(dtype=float))
        last = position == len(table.columns) - 1
        hatch = "" if last else _HATCHES[position % len(_HATCHES)]
        panel.barh(
            rows, width, left=start, height=0.62, color="white", edgecolor=GREY, hatch=hatch, label=str(name), lw=0.8
        )
        start = start + width
    end = max(_SHORTEST, float(start.max())) * 1.25
    for row, total, known in zip(rows, start, table.notna().any(axis=1), strict=True):
        if known:
            panel.annotate(f"{total:.0%}", (total, row), (3, 0), textcoords="offset points", va="center", fontsize=8)
    panel.set_xlim(0, end)
    panel.xaxis.set_major_locator(ticker.MaxNLocator(3, steps=[1, 2, 5, 10]))
    panel.xaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))
    panel.tick_params(axis="y", length=0, labelleft=False)
    panel.spines["left"].set_color(INK)
    panel.set_xlabel("Not answered:\nshare of all")
    panel.legend(loc="lower left", bbox_to_anchor=(-0.04, 1.0), fontsize=8)
