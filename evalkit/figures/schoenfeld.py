"""Whether hazard ratios stay the same: means of scaled Schoenfeld residuals in bands of time, with a smooth line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import ticker
from matplotlib.axes import Axes

from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.figures.axes import COLOURS, GREY, LINES, MARKERS, new_axes, nothing, style
from evalkit.frames import require
from evalkit.result import Curve

Floats = npt.NDArray[np.float64]

_AT_MOST = 4
_SPAN = 0.75


def ratios_by_time(
    result: Curve,
    ax: Axes | None = None,
    *,
    groups: str | Sequence[str] | None = None,
    time_label: str = "Time",
) -> Axes:
    """Draw the hazard ratio in each band of time with its interval, and a smooth line through them. No person is drawn.

    Parameters
    ----------
    result : Curve
        From `hazard_ratio_over_time`.
    ax : matplotlib.axes.Axes, optional
        Where; else new axes.
    groups : str or sequence of str, optional
        Which coefficients; all without it. At most four are told apart in one figure.
    time_label : str, default "Time"
        Label of the horizontal axis, with its unit.

    Returns
    -------
    matplotlib.axes.Axes
        The axes that were drawn on: ratios on a log scale, a line at 1 for no difference, a dotted line at the ratio
        over all time. Bands that are withheld are left out.

    Raises
    ------
    DataError
        DAT-006 for an unknown coefficient, DAT-002 for more than four.
    """
    frame = result.tidy()
    known = list(dict.fromkeys(frame["group"]))
    wanted = known if groups is None else [groups] if isinstance(groups, str) else list(groups)
    require(
        Problem("DAT-006", "groups", f'"{name}"', "a coefficient of the curve", did_you_mean(str(name), known))
        for name in wanted
        if name not in known
    )
    if len(wanted) > _AT_MOST:
        found = f"{len(wanted)} coefficients"
        raise DataError(Problem("DAT-002", "groups", found, f"at most {_AT_MOST}", "Choose some with groups=[...]."))
    frame = frame[np.isfinite(frame[["time", "estimate", "conf_low", "conf_high"]]).all(axis=1)]
    frame = frame[frame["group"].isin(wanted)]
    with style():
        ax = new_axes(7.0, 4.2) if ax is None else ax
        if frame.empty:
            return nothing(ax)
        shift = 0.008 * float(frame["time"].max() - frame["time"].min())
        for number, name in enumerate(wanted):
            rows = frame[frame["group"] == name].sort_values("time")
            _draw(ax, number, name, rows[["time", "estimate", "conf_low", "conf_high", "std_error"]].to_numpy(), shift)
        ax.axhline(1.0, color=GREY, linewidth=1)
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(ticker.LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_locator(ticker.NullLocator())
        ax.set_ylabel("Hazard ratio (log scale)")
        ax.set_xlabel(time_label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1 if len(wanted) < 2 else 2)
    return ax


def _draw(ax: Axes, number: int, name: str, values: Floats, shift: float) -> None:
    if not len(values):
        return
    time, estimate, low, high, error = values.T
    colour = COLOURS[number % len(COLOURS)]
    at = time + shift * number
    ax.errorbar(
        at,
        estimate,
        yerr=[estimate - low, high - estimate],
        fmt=MARKERS[number % len(MARKERS)],
        color=colour,
        markersize=5,
        capsize=2,
        linewidth=1,
        label=name,
    )
    overall = float(np.exp(np.average(np.log(estimate), weights=error**-2)))
    ax.axhline(overall, color=colour, linewidth=1, linestyle=":")
    if len(time) > 3:
        grid = np.linspace(time[0], time[-1], 60)
        line = LINES[number % len(LINES)]
        ax.plot(grid, np.exp(smoothed(time, np.log(estimate), error**-2, grid)), line, color=colour, linewidth=1.5)


def smoothed(time: Floats, values: Floats, weights: Floats, at: Floats) -> Floats:
    """Smooth values over time by straight lines fitted to their neighbours.

    Parameters
    ----------
    time, values, weights : numpy.ndarray
        Shape (bands,), times ascending.
    at : numpy.ndarray
        Shape (n,), times at which the smooth is wanted.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    References
    ----------
    .. [1] Cleveland WS (1979). JASA 74:829-836; three quarters of the bands have a say at each time.
    """
    reach = max(int(np.ceil(_SPAN * len(time))), 3)
    found = np.empty(len(at))
    for place, moment in enumerate(at):
        away = np.abs(time - moment)
        width = np.sort(away)[reach - 1] * 1.001
        share = weights * np.clip(1 - (away / width) ** 3, 0, None) ** 3
        centre = share @ time / share.sum()
        spread = share @ (time - centre) ** 2
        slope = (share @ ((time - centre) * values)) / spread if spread > 0 else 0.0
        found[place] = share @ values / share.sum() + slope * (moment - centre)
    return found
