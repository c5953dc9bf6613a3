"""Item by item: distribution, floor and ceiling, relation to the rest of the scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.instruments import Instrument, form_at
from evalkit.measurement.keyed import KeyedScale, Scales, keyed_scales
from evalkit.numeric.reliability import alpha
from evalkit.scoring import answered

Floats = npt.NDArray[np.float64]
MISSING_SUFFIX = "__missing"


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
        One row for each item: `scale, item, n` (answered), `n_missing, mean, sd` (keyed, in points), `floor` and
        `ceiling` (shares of those who answered at the lowest and the highest answer, keyed; of the range of the scale,
        or of the answers seen when only a mapping is given), `item_rest` (correlation with the mean of the other items,
        from those who answered all), `alpha_if_dropped` (from the same; NaN for a scale of two).

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-009 for a scale of fewer than two items or an item without answers.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 2, 3, 5, 4], "c": [1, 3, 3, 4, 5]})
    >>> item_statistics(answers, {"all": ["a", "b", "c"]})["item_rest"].round(2).tolist()
    [0.97, 0.81, 0.9]
    """
    return pd.concat([_describe(scale) for scale in keyed_scales(responses, scales)], ignore_index=True)


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


def response_distribution(responses: pd.DataFrame, instrument: Instrument, items: list[str]) -> pd.DataFrame:
    """Count the answers to items that share one option set, empty categories included.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item; a column `ITEM__missing` tells why an answer is missing.
    instrument : Instrument
        The instrument.
    items : list of str
        Items with the same options.

    Returns
    -------
    pandas.DataFrame
        One row for each item and category, in the order of the options: `item, text, value, label, kind` ("answer",
        "missing" or "not asked"), `n`, `share` (of those who answered; NaN for what is no answer) and `n_answered` (of
        the item). To show it, name `n_answered` as the count and leave `n` out: the group that must be large enough is
        that of those who answered.

    Raises
    ------
    DataError
        DAT-003 for a missing column.
    """
    from evalkit.frames import missing_columns, require

    require(missing_columns(responses, items, "responses"))
    known = {item.id: item for form in _forms(instrument) for item in form.items}
    rows = []
    for name in items:
        item = known[name]
        numbers = answered(responses[name])
        total = int(np.isfinite(numbers).sum())
        why = responses.get(f"{name}{MISSING_SUFFIX}", pd.Series(index=responses.index, dtype=object)).astype(object)
        for option in instrument.options_of(item):
            if option.missing:
                n = int(((why == option.value) | (responses[name].astype(object) == option.value)).sum())
                rows.append((name, item.text, option.value, option.label, "missing", n, np.nan))
            else:
                n = int((numbers == option.value).sum())
                rows.append((name, item.text, option.value, option.label, "answer", n, n / total if total else np.nan))
        asked = int((why == "not_asked").sum())
        skipped = len(responses) - asked - sum(row[5] for row in rows if row[0] == name)
        rows.append((name, item.text, "skipped", "No answer", "missing", skipped, np.nan))
        rows.append((name, item.text, "not_asked", "Not asked", "not asked", asked, np.nan))
    frame = pd.DataFrame(rows, columns=["item", "text", "value", "label", "kind", "n", "share"])
    answered_by = frame["n"].where(frame["kind"] == "answer", 0).groupby(frame["item"]).transform("sum")
    return frame.assign(n_answered=answered_by)


def _forms(instrument: Instrument) -> list[Instrument]:
    return [form_at(instrument, wave.id) for wave in instrument.waves if wave.asked_with is None]
