"""How alike two groups are before and after weighting: the love plot."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evalkit.figures.axes import COLOURS, GREY, MARKERS, new_axes, nothing, style
from evalkit.result import Estimates

_UNIT = "standard deviations"


def love_plot(result: Estimates, ax: Axes | None = None, *, limit: float = 0.1, absolute: bool = True) -> Axes:
    """Draw the standardised differences of two groups before and after weighting, one row a covariate or level.

    Parameters
    ----------
    result : Estimates
        From `balance`. Rows in other units than standard deviations, and those withheld, are left out.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes as high as the rows need.
    limit : float, default 0.1
        Difference that is usually called small, drawn as a line.
    absolute : bool, default True
        Draw sizes only; else with their sign.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on: the largest difference before weighting on top when sizes are drawn.
    """
    frame = result.tidy()
    if "unit" in frame:
        frame = frame[frame["unit"] == _UNIT]
    frame = frame[np.isfinite(frame["estimate"])]
    stages = list(dict.fromkeys(frame["group"]))
    terms = _terms(frame, stages, absolute=absolute)
    with style():
        ax = new_axes(7.0, 1.4 + 0.28 * len(terms)) if ax is None else ax
        if not terms:
            return nothing(ax)
        place = {term: row for row, term in enumerate(reversed(terms))}
        ax.axvline(0, color=GREY, linewidth=1)
        for edge in (limit,) if absolute else (-limit, limit):
            ax.axvline(edge, color=GREY, linewidth=1, linestyle=":")
        for number, stage in enumerate(stages):
            rows = frame[frame["group"] == stage]
            value = rows["estimate"].abs() if absolute else rows["estimate"]
            ax.plot(
                value,
                [place[term] for term in rows["term"]],
                MARKERS[number % len(MARKERS)],
                color=COLOURS[number % len(COLOURS)],
                markersize=6,
                fillstyle="none" if number == 0 else "full",
                label=stage,
            )
        ax.set_yticks(range(len(terms)), [term.replace("_", " ") for term in reversed(terms)])
        ax.set_ylim(-0.7, len(terms) - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="y", color="#E5E5E5", linewidth=0.6)
        ax.set_axisbelow(True)
        kind = "Size of the standardised difference" if absolute else "Standardised difference"
        ax.set_xlabel(f"{kind} (standard deviations)")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=max(1, len(stages)), borderaxespad=0.2)
    return ax


def _terms(frame: pd.DataFrame, stages: list[str], *, absolute: bool) -> list[str]:
    terms = list(dict.fromkeys(frame["term"]))
    if not absolute or not stages:
        return terms
    first = frame[frame["group"] == stages[0]].set_index("term")["estimate"].abs()
    return sorted(terms, key=lambda term: -float(first.get(term, 0.0)))
