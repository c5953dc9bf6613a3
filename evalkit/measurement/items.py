"""Item by item: mean, floor and ceiling, relation to the rest of the scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.measurement.keyed import KeyedScale, Scales, keyed_scales
from evalkit.numeric.reliability import alpha
from evalkit.numeric.threads import one_blas_thread

Floats = npt.NDArray[np.float64]


def item_statistics(responses: pd.DataFrame, scales: Scales) -> pd.DataFrame:
    """Describe each item of each scale.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item.
    scales : Instrument, str, pathlib.Path or mapping of str to sequence of str
        An instrument (reverse-keyed items are turned round), its id or file; or scale -> item columns.

    Returns
    -------
    pandas.DataFrame
        One row for each item: `scale, item, n` (answered it), `n_missing` (did not, for whatever reason), `n_complete`
        (answered every item of the scale), `mean, sd` (of the n, keyed, in points), `floor` and `ceiling` (shares of
        the n at the lowest and the highest answer, keyed; of the range of the scale, or of the answers seen when only a
        mapping is given), `item_rest` (correlation with the mean of the other items, from the n_complete),
        `alpha_if_dropped` (from the same; NaN for a scale of two).

    Raises
    ------
    DataError
        DAT-002 for an answer outside the range of its scale or infinite, DAT-003 for a missing column, DAT-009 for no
        scale, a scale of fewer than two items or with one item twice, or an item without answers, DAT-016 for answers
        that were read with an instrument or version that cannot be compared.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 2, 3, 5, 4], "c": [1, 3, 3, 4, 5]})
    >>> item_statistics(answers, {"all": ["a", "b", "c"]})["item_rest"].round(2).tolist()
    [0.97, 0.81, 0.9]
    """
    keyed = keyed_scales(responses, scales)
    with one_blas_thread():
        return pd.concat([_describe(scale) for scale in keyed], ignore_index=True)


def _describe(scale: KeyedScale) -> pd.DataFrame:
    answers = scale.answers
    given = np.isfinite(answers)
    n = given.sum(axis=0)
    low = scale.low if np.isfinite(scale.low) else np.nanmin(answers)
    high = scale.high if np.isfinite(scale.high) else np.nanmax(answers)
    whole = answers[given.all(axis=1)]
    frame = pd.DataFrame(answers, columns=list(scale.items))
    return pd.DataFrame(
        {
            "scale": scale.name,
            "item": scale.items,
            "n": n,
            "n_missing": len(answers) - n,
            "n_complete": len(whole),
            "mean": frame.mean().to_numpy(),
            "sd": frame.std(ddof=1).to_numpy(),
            "floor": (answers == low).sum(axis=0) / n,
            "ceiling": (answers == high).sum(axis=0) / n,
            "item_rest": _item_rest(whole),
            "alpha_if_dropped": _alpha_if_dropped(whole),
        }
    )


def _item_rest(whole: Floats) -> Floats:
    if len(whole) < 2:
        return np.full(whole.shape[1], np.nan)
    rest = whole.sum(axis=1, keepdims=True) - whole
    one, other = whole - whole.mean(axis=0), rest - rest.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
        return np.asarray(np.where(spread > 0, (one * other).sum(axis=0) / spread, np.nan))


def _alpha_if_dropped(whole: Floats) -> Floats:
    items = whole.shape[1]
    if items < 3 or len(whole) < 2:
        return np.full(items, np.nan)
    covariance = np.cov(whole, rowvar=False, ddof=1)
    return np.array([alpha(np.delete(np.delete(covariance, at, 0), at, 1)) for at in range(items)])
