"""Common odds ratios: is the truth found and covered, on the log scale?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from recovery.study import Case

from evalkit.change.ordinal import ordinal_difference

Draws = Callable[[np.random.Generator], tuple[float, float, float]]

MODULES = ("change.ordinal", "change.designs", "change.groups", "numeric.cumulative")
LOG_ODDS = 0.8
QUICK = 25


def _odds(people: int, cuts: tuple[float, ...]) -> Draws:
    """Draw as many mentored as others, whose log odds of a higher answer differ by the same at every cut."""
    group = np.repeat(["mentored", "comparison"], people // 2)

    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        before = np.clip(np.round(rng.normal(3.2, 1, people)), 1, 5)
        latent = 0.7 * (before - 3) + LOG_ODDS * (group == "mentored") + rng.logistic(size=people)
        frame = pd.DataFrame({"group": group, "x_before": before, "x_after": 1 + np.digitize(latent, cuts)})
        row = ordinal_difference(frame, pre="x_before", post="x_after", group="group", by_cut=False).frame.iloc[0]
        estimate, low, high = (
            math.log(value) if value > 0 else -math.inf for value in row[["estimate", "conf_low", "conf_high"]]
        )
        return estimate, low, high

    return draw


EVEN, TOP = (-1.5, 0.0, 1.0, 2.0), (-2.0, -1.0, 0.0)
BIASED = "maximum likelihood is biased away from an odds ratio of one in groups of twelve, and its profile with it"
AWAY = "maximum likelihood is biased away from an odds ratio of one, by 0.012 in groups of a hundred"
HUNDRED = f"{AWAY}; 50,000 draws of other seeds covered 94.9 %, with an error of 0.1"
# Ranges and biases: 50,000 draws of the first large case, 40,000 of the other, 20,000 of the small ones, other seeds.
CASES = (
    Case(
        "ordinal_difference, even answers, 12 v 12",
        24,
        LOG_ODDS,
        _odds(24, EVEN),
        MODULES,
        expect="under",
        between=(0.924, 0.932),
        bias_at_most=0.12,
        note=BIASED,
        quick=QUICK,
    ),
    Case(
        "ordinal_difference, even answers, 100 v 100",
        200,
        LOG_ODDS,
        _odds(200, EVEN),
        MODULES,
        expect="under",
        between=(0.947, 0.95),
        bias_at_most=0.013,
        note=HUNDRED,
        quick=QUICK,
    ),
    Case(
        "ordinal_difference, most at the top, 12 v 12",
        24,
        LOG_ODDS,
        _odds(24, TOP),
        MODULES,
        expect="under",
        between=(0.922, 0.93),
        bias_at_most=0.13,
        note=BIASED,
        quick=QUICK,
    ),
    Case(
        "ordinal_difference, most at the top, 100 v 100",
        200,
        LOG_ODDS,
        _odds(200, TOP),
        MODULES,
        bias_at_most=0.014,
        note=AWAY,
        quick=QUICK,
    ),
)
