"""Figures from results: `plot(result, ax=None)` and named figures. Each takes `ax=None` and returns `Axes`.

A figure draws what it is given. In a report `show(result, as_="figure")` gives it the released rows only.
"""

from evalkit.figures.answers import likert, likert_by_wave
from evalkit.figures.axes import COLOURS, GREY, INK, look, new_axes, style
from evalkit.figures.balance import love_plot
from evalkit.figures.diagrams import flow, transitions
from evalkit.figures.estimates import forest
from evalkit.figures.indicators import beside_four_fifths, trend
from evalkit.figures.over_time import likelihoods, ratings
from evalkit.figures.plotting import plot
from evalkit.figures.schoenfeld import ratios_by_time
from evalkit.figures.steps import curves

__all__ = [
    "COLOURS",
    "GREY",
    "INK",
    "beside_four_fifths",
    "curves",
    "flow",
    "forest",
    "likelihoods",
    "likert",
    "likert_by_wave",
    "look",
    "love_plot",
    "new_axes",
    "plot",
    "ratings",
    "ratios_by_time",
    "style",
    "transitions",
    "trend",
]
