"""The usual figure of a result."""

from __future__ import annotations

from matplotlib.axes import Axes

from evalkit.figures.estimates import forest
from evalkit.figures.steps import curves
from evalkit.result import Curve, Estimates


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
