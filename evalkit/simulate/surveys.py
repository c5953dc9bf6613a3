"""Answers to a survey from a model that is known: one factor behind each scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.frames import require, whole, within
from evalkit.instruments import Instrument, form_at
from evalkit.instruments.model import Item, Scale

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSurvey:
    """Synthetic answers and the truth behind them.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, items + 1): `respondent` (text) and one column for each item, in the values of its options;
        a multiple choice has its values joined by blanks, a date is ISO text, None is not answered.
    loading : float
        Correlation of the normal variable behind each scored item with the factor of its scale.
    means : mapping of str to float
        Scale -> mean of its factor, in standard deviations.
    """

    responses: pd.DataFrame
    loading: float
    means: Mapping[str, float]


def simulate_survey(
    instrument: Instrument,
    n: int,
    *,
    wave: str,
    seed: int,
    loading: float = 0.7,
    means: Mapping[str, float] | None = None,
    skipped: float = 0.03,
) -> SimulatedSurvey:
    """Make the answers of n people to the form of one wave.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    n : int
        Respondents.
    wave : str
        An ordinary wave; its retrospective questions are answered too.
    seed : int
        Of the random numbers.
    loading : float, default 0.7
        Correlation of the normal variable behind each scored item with the factor of its scale.
    means : mapping of str to float, optional
        Scale -> mean of its factor, in standard deviations; 0 for the others.
    skipped : float, default 0.03
        Probability that a scored item is not answered.

    Returns
    -------
    SimulatedSurvey
        The answers and the truth.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for an n below 1 or a probability or loading outside [0, 1].
    InstrumentError
        INS-023 for an unknown wave.

    Notes
    -----
    Scored answers are the normal variable cut at equal steps of 0.8 standard deviations around the middle of the range;
    the answers to reverse-keyed items are turned round. Questions that no scale uses are answered evenly at random;
    free text is left empty, conditions are not looked at.

    Examples
    --------
    >>> from evalkit.instruments import load_instrument
    >>> survey = simulate_survey(load_instrument("intention-to-leave"), 20, wave="after", seed=1)
    >>> len(survey.responses)
    20
    """
    require(
        whole("n", n, low=1),
        within("loading", loading, low=0, high=1),
        within("skipped", skipped, low=0, high=1),
    )
    form = form_at(instrument, wave)
    rng = np.random.default_rng(seed)
    shifts = dict(means or {})
    columns: dict[str, list[object]] = {}
    for scale in form.scales:
        factor = shifts.get(scale.id, 0.0) + rng.normal(size=n)
        for name in scale.items:
            columns[name] = answers_behind(rng, factor, scale, name, loading, skipped)
    answers = {
        item.id: columns.get(item.id) or evenly(rng, form, item, n) for item in form.items if item.kind != "information"
    }
    respondent = [f"r{number:04d}" for number in range(1, n + 1)]
    frame = pd.DataFrame({"respondent": respondent, **answers}, dtype=object)
    truth = {scale.id: shifts.get(scale.id, 0.0) for scale in form.scales}
    return SimulatedSurvey(frame, loading, MappingProxyType(truth))


def answers_behind(
    rng: np.random.Generator, factor: Floats, scale: Scale, name: str, loading: float, skipped: float
) -> list[object]:
    """Make the answers to one scored item from the factor behind its scale.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    factor : numpy.ndarray of float
        Shape (respondents,), in standard deviations.
    scale : Scale
        The scale.
    name : str
        The item.
    loading : float
        Correlation of the normal variable behind the item with the factor.
    skipped : float
        Probability of no answer.

    Returns
    -------
    list
        Shape (respondents,): values of the options, None where not answered.
    """
    low, high = scale.range
    noise = rng.normal(size=len(factor))
    behind = loading * factor + np.sqrt(1 - loading**2) * noise
    answer = np.clip(np.round((low + high) / 2 + behind / 0.8), low, high)
    if name in scale.reverse:
        answer = low + high - answer
    left = rng.random(len(factor)) < skipped
    return [None if gone else int(value) for value, gone in zip(answer, left, strict=True)]


def evenly(rng: np.random.Generator, form: Instrument, item: Item, n: int) -> list[object]:
    """Make answers to an item that no scale uses, all answers equally likely.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    form : Instrument
        The form of the wave.
    item : Item
        The item.
    n : int
        Respondents.

    Returns
    -------
    list
        Shape (respondents,); None for dates and texts.
    """
    options = [option for option in form.options_of(item) if not option.missing]
    if item.kind == "multiple_choice":
        return _ticks(rng, [option.value for option in options if not option.exclusive], n)
    if options:
        return [options[at].value for at in rng.integers(len(options), size=n)]
    if item.kind == "number":
        return _numbers(rng, item, n)
    return [None] * n


def _numbers(rng: np.random.Generator, item: Item, n: int) -> list[object]:
    low = item.min if isinstance(item.min, int | float) else 0
    high = item.max if isinstance(item.max, int | float) else low + 100
    values = rng.uniform(low, high, size=n)
    return [round(float(value), item.decimals) if item.decimals else int(value) for value in values]


def _ticks(rng: np.random.Generator, values: list[int | str], n: int) -> list[object]:
    ticked = rng.random((n, len(values))) < 0.3
    return [" ".join(str(value) for value, tick in zip(values, row, strict=True) if tick) or None for row in ticked]
