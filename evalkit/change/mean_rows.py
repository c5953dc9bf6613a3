"""The mean of some values, such as changes, as the columns of a row; what is not defined is named."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from evalkit.numeric.means import t_interval, t_test

Floats = npt.NDArray[np.float64]


def mean_row(values: Floats, *, level: float, what: str = "changes") -> dict[str, object]:
    """Estimate a mean with its t interval.

    Parameters
    ----------
    values : numpy.ndarray of float
        Shape (people,), none missing, at least one; differences from `numeric.pairs.changes`, so that equal ones are
        equal.
    level : float
        Confidence level.
    what : str, default "changes"
        What the values are, for the note.

    Returns
    -------
    dict
        `estimate`, `std_error`, `statistic`, `df`, `p_value`, `conf_low`, `conf_high`, and `note`: why there is no
        interval, else "". One value, or values that are all the same, have a mean and nothing else.
    """
    n = len(values)
    equal = bool((values == values[0]).all())
    mean = float(values[0] if equal else np.mean(values))
    if n < 2:
        return {"estimate": mean, "note": "one person: no interval"}
    if equal:
        same = "zero" if mean == 0 else "the same"
        return {"estimate": mean, "df": n - 1, "note": f"all {what} are {same}: no spread, no interval"}
    error = float(np.std(values, ddof=1)) / math.sqrt(n)
    interval, test = t_interval(mean, error, n - 1, level=level), t_test(mean, error, n - 1)
    return {
        "estimate": mean,
        "std_error": error,
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "conf_low": interval.low,
        "conf_high": interval.high,
        "note": "",
    }
