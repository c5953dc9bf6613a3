"""What leaves the kit: `show` in a notebook, `render` for a whole report."""

from evalkit.report.rendering import render
from evalkit.report.showing import show

__all__ = ["render", "show"]
