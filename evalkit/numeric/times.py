"""Times that differ by rounding only are made equal, so that they tie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


def equal_times(*times: npt.ArrayLike) -> tuple[Floats, ...]:
    """Replace times that differ by less than rounding by the least of them.

    Parameters
    ----------
    *times : array_like
        Shape (n,) each, in one unit: the starts and the stops of rows. Missing ones (NaN) and infinite
        ones stay.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (n,) each. Neighbours are equal when they differ by at most 1.5e-8, in their unit or as a share of the
        mean time: R's `timefix`. When all are whole numbers, they stay as they are, however large.

    References
    ----------
    .. [1] Therneau T. Roundoff error and tied times. Vignette "tiedtimes" of R survival.

    Examples
    --------
    >>> equal_times([0.3, 1.0], [0.1 + 0.2, 2.0])[1].tolist()
    [0.3, 2.0]
    """
    arrays = tuple(np.asarray(values, dtype=np.float64) for values in times)
    if all(_whole(values) for values in arrays):
        return arrays
    every = np.unique(np.concatenate(arrays))
    every = every[np.isfinite(every)]
    if len(every) < 2:
        return arrays
    gap = np.diff(every)
    near = (gap <= _TOLERANCE) | (gap <= _TOLERANCE * np.abs(every).mean())
    if not near.any():
        return arrays
    kept = every[np.append(True, ~near)]
    return tuple(
        np.where(np.isfinite(values), kept[np.searchsorted(kept, values, side="right").clip(min=1) - 1], values)
        for values in arrays
    )


def _whole(values: Floats) -> bool:
    whole = values == np.rint(values)
    return bool(whole.all() or (whole | np.isnan(values)).all())
