"""Who came, who was lost and why: the participant flow."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evalkit.errors import Problem
from evalkit.figures.axes import COLOURS, GREY, INK, accent, new_axes, pale, style
from evalkit.frames import missing_columns, require

_WIDE = 30
_LOST_WIDE = 40
# Inches of a flow with one step in each row.
_NARROW = 3.6
_BOX, _LINE, _GAP = 0.52, 0.16, 0.28


def flow(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a participant flow: a box for each step, and below it who was lost on the way to it.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `participant_flow` gives it: `step`, `reason` and `n`, the people at the step where there is no reason, else
        those lost for it on the way to the step; and `of`, the step from which its people come, without which it
        is the step before. Or as a cohort's `flow()` gives it, one row a step or one for each reason of a step: `step`,
        `n` (people at it), `lost`, `reason`. A missing number is drawn as "withheld".
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the steps need.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on. Steps that come from the same step stand side by side.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-007 for a step that comes from one that is not above it.
    """
    require(missing_columns(frame, ["step", "n", "reason"], "frame"))
    frame = frame if "lost" in frame.columns else _with_lost(frame)
    steps = list(dict.fromkeys(map(str, frame["step"])))
    parents = _parents(frame, steps)
    levels = _levels(steps, parents)
    rows = [[step for step in steps if levels[step] == level] for level in range(max(levels.values(), default=0) + 1)]
    lost = {step: _lost(frame[frame["step"].astype(str) == step]) for step in steps}
    # Heights in inches, downwards: a box, what is said below it, an arrow.
    heights = [
        _BOX + _LINE * max((lost[step].count("\n") + bool(lost[step]) for step in row), default=0) for row in rows
    ]
    tops = np.r_[0.0, np.cumsum(np.array(heights) + _GAP)][: len(rows)]
    spots = {
        step: ((place + 1) / (len(row) + 1), float(tops[level]))
        for level, row in enumerate(rows)
        for place, step in enumerate(row)
    }
    total = float(tops[-1] + heights[-1]) if rows else 1.0
    with style():
        ax = new_axes(max(_NARROW, 3.6 * max(map(len, rows), default=1)), total + 0.3) if ax is None else ax
        ax.set_axis_off()
        ax.set_xlim(0, 1)
        ax.set_ylim(total + 0.1, -0.1)
        for step, (across, top) in spots.items():
            text = f"{textwrap.fill(step[:1].upper() + step[1:], _WIDE)}\n{_people(_first(frame, step, 'n'))}"
            look = {"boxstyle": "round,pad=0.45", "facecolor": pale(accent()), "edgecolor": accent(), "linewidth": 1.0}
            ax.text(across, top + _BOX / 2, text, ha="center", va="center", fontsize=9, color=INK, bbox=look)
            ax.text(across, top + _BOX + 0.02, lost[step], ha="center", va="top", fontsize=8, color=GREY)
            if parents[step]:
                above = spots[parents[step]]
                ends = (above[0], above[1] + heights[levels[parents[step]]] + 0.05), (across, top + 0.02)
                arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
                ax.annotate("", xy=ends[1], xytext=ends[0], arrowprops=arrow)
    return ax


def _with_lost(frame: pd.DataFrame) -> pd.DataFrame:
    """Take those lost out of the column of people; the first row of each step is that of the people at it."""
    reason = frame["reason"].fillna("").astype(str)
    return frame.assign(reason=reason, lost=frame["n"].where(reason != "", 0))


def _first(frame: pd.DataFrame, step: str, column: str) -> object:
    return frame.loc[frame["step"].astype(str) == step, column].iloc[0]


def _parents(frame: pd.DataFrame, steps: list[str]) -> dict[str, str]:
    """Tell from which step each comes, "" for the first."""
    if "of" not in frame.columns:
        return dict(zip(steps, ["", *steps], strict=False))
    first = frame.drop_duplicates("step").set_index(frame.drop_duplicates("step")["step"].astype(str))["of"]
    parents = {step: "" if pd.isna(first[step]) else str(first[step]) for step in steps}
    require(
        [
            Problem("DAT-007", "frame", f'"{step}" of "{parent}"', "a step above it", "Put the steps in order.")
            for place, (step, parent) in enumerate(parents.items())
            if parent and parent not in steps[:place]
        ]
    )
    return parents


def _levels(steps: list[str], parents: dict[str, str]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for step in steps:
        levels[step] = levels[parents[step]] + 1 if parents[step] else 0
    return levels


def _people(value: object) -> str:
    return "n withheld" if pd.isna(value) else f"n = {float(value):,.0f}"  # type: ignore[arg-type]


def _lost(lines: pd.DataFrame) -> str:
    """Say who was lost on the way to a step; what is withheld with its n needs no second word."""
    told = []
    for _, line in lines.iterrows():
        reason = "" if pd.isna(line["reason"]) else str(line["reason"])
        if pd.isna(line["lost"]) or not (float(line["lost"]) or reason):
            continue
        told.append(textwrap.fill(f"lost {float(line['lost']):,.0f}" + (f": {reason}" if reason else ""), _LOST_WIDE))
    return "\n".join(text for text in told if text != "lost 0")


def transitions(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how people moved between the bands of one outcome, as a grid of counts.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `transition_counts` gives it, for one outcome: `before, after, n`; a missing number is drawn as "withheld".
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on: bands before upwards, bands after to the right. Who stayed in their band lies on
        the framed diagonal, who rose lies below and to the right of it.

    Raises
    ------
    DataError
        DAT-003 for a missing column.
    """
    require(missing_columns(frame, ["before", "after", "n"], "frame"))
    bands = list(dict.fromkeys(frame["before"]))
    table = frame.pivot(index="before", columns="after", values="n").reindex(index=bands, columns=bands)
    counts = table.to_numpy(dtype=float)
    with style():
        ax = new_axes(1.9 + 1.25 * len(bands), 1.2 + 0.85 * len(bands)) if ax is None else ax
        known = np.nan_to_num(counts)
        ax.imshow(known, cmap="Blues", vmin=0, vmax=max(known.max(initial=0), 1) * 1.6, origin="lower", aspect="auto")
        for (row, column), value in np.ndenumerate(counts):
            withheld = bool(np.isnan(value))
            if withheld:
                ax.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color="#EEEEEE", linewidth=0)
            text = "withheld" if withheld else f"{value:,.0f}"
            ax.text(column, row, text, ha="center", va="center", fontsize=8 if withheld else 10, color=INK)
            if row == column:
                ax.plot(
                    np.array([-0.5, 0.5, 0.5, -0.5, -0.5]) * 0.96 + column,
                    np.array([-0.5, -0.5, 0.5, 0.5, -0.5]) * 0.96 + row,
                    color=COLOURS[0],
                    linewidth=1.2,
                )
        names = [textwrap.fill(str(name), 14) for name in bands]
        ax.set_xticks(range(len(bands)), names)
        ax.set_yticks(range(len(bands)), names)
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.set_xlabel("After")
        ax.set_ylabel("Before")
    return ax
