"""Rates and ratios of what happened to people, as records have it: whether too few people had it happen to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.contrasts import is_contrast, sides_of

Flags = npt.NDArray[np.bool_]

# Each of two people knows who the other is; from three on, nobody does from the number alone.
FEWEST_EVENTS = 3
# Terms of a comparison of two groups by what records say: entry to a formal process, appointment, promotion, access.
_COMPARED = frozenset({"rate", "relative_likelihood", "difference"})
_CLOSE = 1e-6


def few_events(frame: pd.DataFrame, strata: Sequence[tuple[str, ...]]) -> Flags:
    """Find rates, and what is made of two of them, of which a group has fewer than three people.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates with `term, group, estimate, n, unit`; without `n_events` none is found but ratios.
    strata : sequence of tuple of str
        Of each row, what its rates are of: year, band, metric.

    Returns
    -------
    numpy.ndarray of bool
        Shape (rows,). A rate counts by those who had it; nobody is few too, unless nobody in any group had it. A ratio
        or difference counts by the smaller of its two groups; where their rates do not stand beside it, by what the
        estimate and the numbers of people allow. A ratio that is 0 or without end is always found.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "term": ["rate", "rate", "relative_likelihood"], "group": ["BME", "white", "BME over white"],
    ...     "estimate": [2 / 55, 20 / 172, 0.313], "n": [55, 172, 227], "n_events": [2, 20, 22],
    ... })
    >>> few_events(rows, [("2025",)] * 3).tolist()
    [True, False, True]
    """
    estimate = frame["estimate"].to_numpy(dtype=float)
    unit = frame["unit"] if "unit" in frame.columns else pd.Series("", index=frame.index)
    found = np.asarray(unit.astype(str).eq("ratio").to_numpy() & ((estimate == 0) | np.isinf(estimate)))
    if "n_events" not in frame.columns:
        return found
    compared = frame["term"].isin(_COMPARED).to_numpy() & frame["n_events"].notna().to_numpy()
    groups, events = frame["group"].astype(str).tolist(), frame["n_events"].to_numpy(dtype=float)
    pair = np.array([is_contrast(group) for group in groups], dtype=bool)
    single = {(strata[row], groups[row]): events[row] for row in np.flatnonzero(compared & ~pair).tolist()}
    anybody = {stratum for (stratum, _), had in single.items() if had > 0}
    for row in np.flatnonzero(compared).tolist():
        if not pair[row]:
            found[row] |= strata[row] in anybody and events[row] < FEWEST_EVENTS
            continue
        sides = [single.get((strata[row], side), np.nan) for side in sides_of(groups[row])]
        least = np.min(sides) if np.isfinite(sides).all() else _least_of(frame.iloc[row])
        found[row] |= events[row] > 0 and least < FEWEST_EVENTS
    return found


def _least_of(line: pd.Series) -> float:
    """Work out how many had it in the group where fewer did, from a ratio or difference and the numbers of people."""
    n, smaller, events = float(line["n"]), float(line.get("n_least", np.nan)), float(line["n_events"])
    estimate = float(line["estimate"])
    if not np.isfinite([n, smaller, events, estimate]).all() or not 0 < smaller < n:
        return float("inf")
    first = np.arange(events + 1)
    fits = [np.inf]
    for people in (smaller, n - smaller):
        rate, other = first / people, (events - first) / (n - people)
        with np.errstate(divide="ignore", invalid="ignore"):
            made = rate / other if line["term"] == "relative_likelihood" else rate - other
        same = np.abs(made - estimate) < _CLOSE
        fits += np.fmin(first, events - first)[same].tolist()
    return float(min(fits))
