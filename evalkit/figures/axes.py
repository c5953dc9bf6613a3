"""Axes, colours and look that all figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
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
_FONT = "DejaVu Sans"
# The colour of what is drawn in one colour, and the font, while an organisation's own look is on.
_LOOK: ContextVar[tuple[str, str]] = ContextVar("look", default=(COLOURS[0], _FONT))
_STYLE: dict[Any, Any] = {
    "font.size": 10,
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
    return mpl.rc_context(_STYLE | {"font.family": _LOOK.get()[1]})


@contextmanager
def look(accent: str, font: str = _FONT) -> Iterator[None]:
    """Draw in an organisation's own colour and font while the context is open.

    Parameters
    ----------
    accent : str
        Colour, #rrggbb, of what is drawn in one colour. Groups keep colours that can be told apart with any kind of
        colour vision.
    font : str, default "DejaVu Sans"
        Font; the default again where the computer does not have it.

    Yields
    ------
    None
        Nothing.
    """
    from matplotlib import font_manager

    known = font == _FONT or font in font_manager.get_font_names()
    before = _LOOK.set((accent, font if known else _FONT))
    try:
        yield
    finally:
        _LOOK.reset(before)


def accent() -> str:
    """Give the colour of what is drawn in one colour.

    Returns
    -------
    str
        #rrggbb.
    """
    return _LOOK.get()[0]


def pale(colour: str) -> str:
    """Give the ground that goes with a colour.

    Parameters
    ----------
    colour : str
        #rrggbb.

    Returns
    -------
    str
        Nearly white, #rrggbb.

    Examples
    --------
    >>> pale("#000000")
    '#ebebeb'
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - 0.08 * (255 - part)):02x}" for part in parts)


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
