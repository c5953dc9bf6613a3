"""Changes over several waves, the share of a gain kept, slopes: is the truth found and covered?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from recovery.study import Case

from evalkit.change.several_waves import wave_change, wave_slope

Draws = Callable[[np.random.Generator], tuple[float, float, float]]
Floats = np.ndarray

MODULES = ("change.several_waves", "numeric.mixed", "numeric.means", "numeric.regression")
WAVES = ["x_s1", "x_s2", "x_s3", "x_later"]
MEANS = np.array([3.0, 3.3, 3.8, 3.6])
LAST, KEPT = 0.6, 0.75
QUICK = 30
AWAY = "answers nearer in time are more alike and spread more and more: not what a random intercept takes for granted"
# In large samples 0.888 from the two covariance matrices: 1.96 times the root of 0.725 / 1.101.
CHANCE = "a difference of means, without bias; the 2,000 draws of this case lie 3.05 Monte Carlo errors low by chance"

STEP = np.abs(np.subtract.outer(range(4), range(4)))
SPREAD = np.array([0.6, 0.7, 0.85, 1.0])
EVEN = 0.5 * (0.5 + 0.5 * np.eye(4))
UNEVEN = np.outer(SPREAD, SPREAD) * 0.6**STEP


def _normal(people: int, covariance: Floats) -> Callable[[np.random.Generator], Floats]:
    root = np.linalg.cholesky(covariance)
    return lambda rng: MEANS + rng.normal(size=(people, 4)) @ root.T


def _likert(people: int) -> Callable[[np.random.Generator], Floats]:
    """Means of four items, most near the top; the waves but the first are shifted by steps of a twentieth."""

    def make(rng: np.random.Generator) -> Floats:
        latent = 3.9 + 0.7 * rng.normal(size=(people, 1)) + 0.6 * rng.normal(size=(people, 4))
        return np.clip(np.round(4 * latent) / 4, 1, 4.25) + (MEANS - MEANS[0])

    return make


def _lost(make: Callable[[np.random.Generator], Floats]) -> Callable[[np.random.Generator], Floats]:
    """Lose the later answers of those who answered low before: at random given what was answered."""

    def draw(rng: np.random.Generator) -> Floats:
        answers = make(rng)
        gone = np.zeros(len(answers), dtype=bool)
        for wave in (1, 2, 3):
            low = answers[:, wave - 1] < np.array([3.0, 3.3, 3.8])[wave - 1]
            gone |= rng.random(len(answers)) < np.where(low, 0.2, 0.03)
            answers[gone, wave] = np.nan
        return answers

    return draw


def _row(make: Callable[[np.random.Generator], Floats], group: str, **more: str) -> Draws:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        frame = pd.DataFrame(make(rng), columns=WAVES)
        rows = wave_change(frame, waves=WAVES, anova=False, **more).frame
        row = rows[rows["group"] == group].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


def _slope(people: int) -> Draws:
    times = np.array([0.0, 1.0, 3.0, 6.0])

    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        own = rng.normal([3.0, 0.1], [0.6, 0.12], size=(people, 2))
        answers = own[:, :1] + own[:, 1:] * times + rng.normal(0, 0.5, (people, 4))
        answers[rng.random(answers.shape) < 0.1] = np.nan
        frame = pd.DataFrame(answers, columns=WAVES)
        row = wave_slope(frame, waves=WAVES, times=times).frame.iloc[1]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


END, SHARE = "later - s1", "later - s1 over s3 - s1"
SIMPLE = {"covariance": "random_intercept"}
CASES = (
    Case("unstructured, uneven, 24", 24, LAST, _row(_normal(24, UNEVEN), END), MODULES, quick=QUICK),
    Case(
        "unstructured, uneven, 200",
        200,
        LAST,
        _row(_normal(200, UNEVEN), END),
        MODULES,
        bias_at_most=0.0005,
        note=CHANCE,
        quick=QUICK,
    ),
    Case("unstructured, Likert, 24", 24, LAST, _row(_likert(24), END), MODULES, quick=QUICK),
    Case("unstructured, Likert, 200", 200, LAST, _row(_likert(200), END), MODULES, quick=QUICK),
    Case("unstructured, answers lost, 24", 24, LAST, _row(_lost(_normal(24, UNEVEN)), END), MODULES, quick=QUICK),
    Case("unstructured, answers lost, 200", 200, LAST, _row(_lost(_normal(200, UNEVEN)), END), MODULES, quick=QUICK),
    Case(
        "random intercept, even, answers lost, 24",
        24,
        LAST,
        _row(_lost(_normal(24, EVEN)), END, **SIMPLE),
        MODULES,
        quick=QUICK,
    ),
    Case(
        "random intercept, uneven, 200",
        200,
        LAST,
        _row(_normal(200, UNEVEN), END, **SIMPLE),
        MODULES,
        expect="under",
        between=(0.885, 0.892),
        note=AWAY,
        quick=QUICK,
    ),
    Case("share kept, 24", 24, KEPT, _row(_normal(24, 0.4 * UNEVEN), SHARE), MODULES, quick=QUICK),
    Case("share kept, 200", 200, KEPT, _row(_normal(200, UNEVEN), SHARE), MODULES, quick=QUICK),
    Case("slope, 24", 24, 0.1, _slope(24), MODULES, quick=QUICK),
    Case("slope, 200", 200, 0.1, _slope(200), MODULES, quick=QUICK),
)
