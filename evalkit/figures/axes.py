"""Axes, colours and look that all figures share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with any kind of colour vision; the pale yellow is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#595959"
INK = "#222222"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")
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


def nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw, rather than show empty axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    ax.text(0.5, 0.5, "No number to draw", ha="center", va="center", color=GREY, transform=ax.transAxes)
    ax.set_axis_off()
    return ax
