"""Answers of the same people to several waves of a survey, with known changes, losses and mistyped codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from evalkit.errors import Problem
from evalkit.frames import Problems, require, whole, within
from evalkit.instruments import Instrument, form_at
from evalkit.instruments.model import Scale
from evalkit.instruments.rules import from_mean
from evalkit.simulate.surveys import Floats, answers_behind, evenly

# The elements of the library's link code, each with its text and about how it is spread among people.
_TOWNS = ("LE", "BR", "SH", "HU", "YO", "DO", "WA", "HA", "RO", "BA", "KE", "LA", "MA", "LI", "BI", "NE", "GL", "LO")
_PARENTS = ("AM", "MA", "SU", "FA", "JA", "PA", "NA", "SA", "CH", "AN", "GR", "RO", "KA", "LI", "JO", "DE", "EL", "ZA")
_SCHOOLS = ("ST", "OA", "WE", "PA", "HI", "CH", "NO", "GR", "BR", "QU", "LA", "WO", "HE", "MO", "AL", "EA", "FI", "MI")
_CODE = {"link_town": _TOWNS, "link_parent": _PARENTS, "link_school": _SCHOOLS}


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWaves:
    """Synthetic answers at several waves and the truth behind them.

    Parameters
    ----------
    answers : mapping of str to pandas.DataFrame
        Wave -> shape (respondents of the wave, items + 1) in a random order: `respondent` (text, another one in each
        wave) and one column for each item of its form.
    people : pandas.DataFrame
        Shape (people, waves): which respondent each person was in each wave, None where they did not answer.
    means : pandas.DataFrame
        Shape (scales, waves): the true mean score, in the unit of the scale, of all people if nobody had been lost.
        Retrospective scales stand under their own names (`listening_then`) at the wave at which they are asked.
    """

    answers: Mapping[str, pd.DataFrame]
    people: pd.DataFrame
    means: pd.DataFrame


def simulate_waves(
    instrument: Instrument,
    n: int,
    *,
    waves: Sequence[str],
    seed: int,
    gains: Mapping[str, npt.ArrayLike] | None = None,
    stability: float = 0.7,
    recalled: float = 0.0,
    lost: float = 0.0,
    lost_slope: float = 0.0,
    code_errors: float = 0.0,
    loading: float = 0.7,
    skipped: float = 0.03,
    fixed: Mapping[str, Sequence[object]] | None = None,
) -> SimulatedWaves:
    """Make the answers of n people to the forms of several waves.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    n : int
        People at the first wave.
    waves : sequence of str
        Ordinary waves in the order of time; retrospective questions are answered with their wave.
    seed : int
        Of the random numbers.
    gains : mapping of str to array_like, optional
        Wave -> shift of every factor against the first wave, in standard deviations; one number, or shape (n,) for one
        a person. 0 for waves that are not named.
    stability : float, default 0.7
        Correlation of a person's factor between any two waves.
    recalled : float, default 0
        What people take off when they look back: shift of the factor behind retrospective answers against that of the
        first wave, in standard deviations.
    lost : float, default 0
        Probability of not answering a later wave, for a person with average factors.
    lost_slope : float, default 0
        Change of its log odds for each standard deviation of the mean of a person's factors at the first wave: answers
        are missing at random given what was answered before.
    code_errors : float, default 0
        Probability that an element of a person's code is typed wrongly at a later wave, for each element.
    loading : float, default 0.7
        Correlation of the normal variable behind each scored item with the factor of its scale.
    skipped : float, default 0.03
        Probability that a scored item is not answered.
    fixed : mapping of str to sequence, optional
        Item -> the answers of all n people, in place of random ones.

    Returns
    -------
    SimulatedWaves
        The answers and the truth.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for a number outside its range, DAT-007 for gains or fixed answers of another length.
    InstrumentError
        INS-023 for an unknown wave.

    Examples
    --------
    >>> from evalkit.instruments import load_instrument
    >>> course = load_instrument("mentee-training-days")
    >>> made = simulate_waves(course, 30, waves=["before", "after"], gains={"after": 0.5}, lost=0.2, seed=1)
    >>> made.means.loc["knowledge_scale"].round(2).to_dict()
    {'before': 3.0, 'after': 3.39}
    """
    require(
        whole("n", n, low=1),
        *(
            within(name, value, low=0, high=1)
            for name, value in (
                ("stability", stability), ("lost", lost), ("code_errors", code_errors), ("loading", loading),
                ("skipped", skipped),
            )
        ),
    )  # fmt: skip
    shifts = {wave: np.asarray((gains or {}).get(wave, 0.0), dtype=float) for wave in waves}
    answered = dict(fixed or {})
    require(_lengths(n, shifts, answered))
    forms = {wave: form_at(instrument, wave) for wave in waves}
    rng = np.random.default_rng(seed)
    person = _Person(instrument, n, rng, stability)
    code = _code(rng, n)
    answers, people, means = {}, {}, {}
    for number, (wave, form) in enumerate(forms.items()):
        factors = {
            scale.id: person.factor(scale.id, shifts[wave], recalled, first=number == 0) for scale in form.scales
        }
        columns = {
            name: answers_behind(rng, factors[scale.id], scale, name, loading, skipped)
            for scale in form.scales
            for name in scale.items
        }
        typed = code if number == 0 else _mistyped(rng, code, code_errors)
        given = {**columns, **typed, **answered}
        every = {
            item.id: given[item.id] if item.id in given else evenly(rng, form, item, n)
            for item in form.items
            if item.kind != "information"
        }
        here = np.ones(n, dtype=bool) if number == 0 else person.stays(lost, lost_slope)
        order = rng.permutation(np.flatnonzero(here))
        names = [f"{wave}-{place:04d}" for place in range(1, len(order) + 1)]
        frame = pd.DataFrame(every, dtype=object).iloc[order].reset_index(drop=True)
        frame.insert(0, "respondent", names)
        answers[wave] = frame
        who = pd.Series([None] * n, dtype=object)
        who.iloc[order] = names
        people[wave] = who
        means[wave] = {
            scale.id: true_mean(scale, person.centre(scale.id, shifts[wave], recalled), loading)
            for scale in form.scales
        }
    return SimulatedWaves(MappingProxyType(answers), pd.DataFrame(people), pd.DataFrame(means))


class _Person:
    """What lies behind the answers of n people: one stable part for each scale, and who is lost."""

    def __init__(self, instrument: Instrument, n: int, rng: np.random.Generator, stability: float) -> None:
        self.n, self.rng, self.stability = n, rng, stability
        self.stable = {scale.id: rng.normal(size=n) for scale in instrument.scales}
        self.retrospective = {
            f"{scale.id}_{wave.id}": scale.id
            for scale in instrument.scales
            for wave in instrument.waves
            if wave.asked_with
        }
        self.first: dict[str, Floats] = {}

    def factor(self, scale: str, shift: Floats, recalled: float, *, first: bool) -> Floats:
        behind = np.sqrt(self.stability) * self.stable[self.retrospective.get(scale, scale)]
        drawn = behind + np.sqrt(1 - self.stability) * self.rng.normal(size=self.n)
        if scale in self.retrospective:
            return np.asarray(drawn - recalled)
        if first:
            self.first[scale] = drawn
        return np.asarray(drawn + shift)

    def centre(self, scale: str, shift: Floats, recalled: float) -> Floats:
        return np.asarray(-recalled) if scale in self.retrospective else shift

    def stays(self, lost: float, slope: float) -> npt.NDArray[np.bool_]:
        at_first = (
            np.mean(list(self.first.values()), axis=0) * np.sqrt(len(self.first)) if self.first else np.zeros(self.n)
        )
        odds = special.logit(np.clip(lost, 1e-12, 1 - 1e-12)) + slope * at_first
        return np.asarray(self.rng.random(self.n) >= special.expit(odds))


def true_mean(scale: Scale, centre: Floats, loading: float) -> float:
    """Work out the true mean score of people whose factors lie around known centres.

    Parameters
    ----------
    scale : Scale
        The scale.
    centre : numpy.ndarray of float
        Shape () or (people,): mean of the factor, in standard deviations.
    loading : float
        Correlation of the normal variable behind each item with the factor.

    Returns
    -------
    float
        Mean over the people, in the unit of the scale: an answer is the normal variable cut at steps of 0.8 around the
        middle of the range.
    """
    low, high = scale.range
    cuts = (np.arange(low, high) + 0.5 - (low + high) / 2) * 0.8
    above = special.ndtr(loading * np.atleast_1d(centre)[:, None] - cuts[None, :])
    return float(np.mean([from_mean(low + total, scale) for total in above.sum(axis=1)]))


def _code(rng: np.random.Generator, n: int) -> dict[str, list[object]]:
    elements: dict[str, list[object]] = {
        name: [str(text) for text in rng.choice(texts, size=n)] for name, texts in _CODE.items()
    }
    return {**elements, "link_day": [int(day) for day in rng.integers(1, 32, size=n)]}


def _mistyped(rng: np.random.Generator, code: Mapping[str, list[object]], rate: float) -> dict[str, list[object]]:
    typed = {}
    for name, right in code.items():
        wrong = rng.random(len(right)) < rate
        others = _CODE.get(name) or tuple(range(1, 32))
        typed[name] = [
            others[(others.index(value) + int(step)) % len(others)] if miss else value
            for value, miss, step in zip(right, wrong, rng.integers(1, len(others), size=len(right)), strict=True)
        ]
    return typed


def _lengths(n: int, shifts: Mapping[str, Floats], fixed: Mapping[str, Sequence[object]]) -> Problems:
    return [
        Problem("DAT-007", place, f"{length} values", f"{n}, one a person", "Give one value for each person.")
        for place, length in (
            *((f"gains, wave {wave}", shift.size) for wave, shift in shifts.items() if shift.ndim),
            *((f"fixed, item {item}", len(values)) for item, values in fixed.items()),
        )
        if length != n
    ]
