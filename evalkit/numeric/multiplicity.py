"""P-values of several tests, adjusted for their number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p_values: Floats) -> Floats:
    """Adjust p-values so that the chance of any false rejection is held.

    Parameters
    ----------
    p_values : numpy.ndarray of float
        Shape (tests,), none missing.

    Returns
    -------
    numpy.ndarray of float
        Shape (tests,), in the order given, at most 1.

    References
    ----------
    .. [1] Holm S (1979). Scand J Stat 6:65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    steps = (len(p_values) - np.arange(len(p_values))) * p_values[order]
    return _back(np.minimum(1.0, np.maximum.accumulate(steps)), order)


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjust p-values so that the expected share of false rejections among all rejections is held.

    Parameters
    ----------
    p_values : numpy.ndarray of float
        Shape (tests,), none missing.

    Returns
    -------
    numpy.ndarray of float
        Shape (tests,), in the order given, at most 1.

    References
    ----------
    .. [1] Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(-p_values, kind="stable")
    steps = len(p_values) / (len(p_values) - np.arange(len(p_values))) * p_values[order]
    return _back(np.minimum(1.0, np.minimum.accumulate(steps)), order)


def _back(adjusted: Floats, order: npt.NDArray[np.int64]) -> Floats:
    placed = np.empty_like(adjusted)
    placed[order] = adjusted
    return placed
