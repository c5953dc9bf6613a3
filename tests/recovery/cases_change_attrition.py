"""Change when people are lost: by chance, and because of what they had answered before.

The estimand of the weights and the imputation is the mean change of all who answered before; complete cases are held
against it too, to show what they miss. Scores are normal, or means of four answers from 1 to 5, skewed to the top.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from recovery.study import Case, Draw

from evalkit.change.losses import COMPLETE, IMPUTED, WEIGHTED, attrition

_MODULES = (
    "change.known_before",
    "change.losses",
    "change.mean_rows",
    "change.outcomes",
    "numeric.imputation",
    "numeric.pairs",
    "numeric.response_weights",
    "numeric.tipping",
)
Scores = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
_LOST_BY_CHANCE, _BY_SCORE, _STRONGLY_BY_SCORE = 0.0, 0.7, 1.5


def normal(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Change depends on the start: low starters gain more."""
    before = rng.normal(0.0, 1.0, n)
    return before, 0.3 + 0.5 * before + rng.normal(0.0, 0.8, n)


def answers(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of four whole answers from 1 to 5; every eighth person stands at the top before."""
    person = rng.normal(0.0, 1.0, n)
    before = np.rint(4.0 + 0.8 * person + 0.5 * rng.normal(0.0, 1.0, (4, n))).clip(1, 5).mean(axis=0)
    after = np.rint(4.2 + 0.7 * person + 0.5 * rng.normal(0.0, 1.0, (4, n))).clip(1, 5).mean(axis=0)
    return before, after


def _mean_change_of_answers() -> float:
    """Expected answer by numerical integration over the person and the rounding."""
    from scipy.stats import norm

    person = np.linspace(-9, 9, 20001)
    weight = norm.pdf(person) * (person[1] - person[0])

    def expected(level: float, slope: float) -> float:
        steps = norm.sf((np.arange(1, 5)[:, None] + 0.5 - level - slope * person) / 0.5)
        return float(((1 + steps.sum(axis=0)) * weight).sum())

    return expected(4.2, 0.7) - expected(4.0, 0.8)


_SHAPES: dict[str, tuple[Scores, float, float, float]] = {
    "normal": (normal, 0.3, 0.0, 1.0),
    "answers": (answers, _mean_change_of_answers(), 3.94, 0.75),
}


def _draw(method: str, n: int, shape: str, strength: float) -> Draw:
    scores, _, centre, spread = _SHAPES[shape]

    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        before, after = scores(rng, n)
        stays = rng.random(n) < 1 / (1 + np.exp(-(0.9 + strength * (before - centre) / spread)))
        frame = pd.DataFrame({"score_before": before, "score_after": np.where(stays, after, np.nan)})
        found = attrition(
            frame,
            pre="score_before",
            post="score_after",
            seed=int(rng.integers(1 << 31)),
            imputations=40 if method == IMPUTED else 2,
        ).frame
        row = found[found["group"] == method].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


def _case(method: str, n: int, shape: str, strength: float, **more: object) -> Case:
    lost = {0.0: "by chance", 0.7: "by score", 1.5: "strongly by score"}[strength]
    runs = 200 if method == IMPUTED else 2000
    return Case(
        name=f"{method}, {shape}, lost {lost}, n = {n}",
        n=n,
        truth=_SHAPES[shape][1],
        draw=_draw(method, n, shape, strength),
        modules=_MODULES,
        runs=runs,
        quick=20,
        **more,  # type: ignore[arg-type]
    )


_FEW_CARRY = "a few people carry the weights; use the imputation"


def _other_people(expect: str, low: float, high: float, *, bias: float) -> dict[str, object]:
    note = "the mean change of people who answer twice is another estimand"
    return {"expect": expect, "between": (low, high), "bias_at_most": bias, "note": note}


CASES = (
    _case(COMPLETE, 24, "normal", _LOST_BY_CHANCE),
    _case(COMPLETE, 200, "normal", _LOST_BY_CHANCE),
    _case(COMPLETE, 24, "normal", _BY_SCORE, **_other_people("under", 0.92, 0.94, bias=0.11)),
    _case(COMPLETE, 200, "normal", _BY_SCORE, **_other_people("under", 0.76, 0.79, bias=0.1)),
    _case(COMPLETE, 200, "normal", _STRONGLY_BY_SCORE, **_other_people("misses", 0.35, 0.38, bias=0.19)),
    _case(COMPLETE, 200, "answers", _STRONGLY_BY_SCORE, **_other_people("misses", 0.3, 0.34, bias=0.08)),
    _case(WEIGHTED, 24, "normal", _LOST_BY_CHANCE),
    _case(WEIGHTED, 24, "normal", _BY_SCORE),
    _case(
        WEIGHTED,
        24,
        "normal",
        _STRONGLY_BY_SCORE,
        expect="under",
        between=(0.91, 0.93),
        bias_at_most=0.04,
        note=_FEW_CARRY,
    ),
    _case(WEIGHTED, 24, "answers", _BY_SCORE, expect="under", between=(0.925, 0.94), note=_FEW_CARRY),
    _case(WEIGHTED, 200, "normal", _BY_SCORE),
    _case(WEIGHTED, 200, "normal", _STRONGLY_BY_SCORE, expect="under", between=(0.92, 0.945), note=_FEW_CARRY),
    _case(WEIGHTED, 200, "answers", _BY_SCORE),
    _case(IMPUTED, 24, "normal", _LOST_BY_CHANCE),
    _case(IMPUTED, 24, "normal", _STRONGLY_BY_SCORE),
    _case(IMPUTED, 24, "answers", _BY_SCORE),
    _case(IMPUTED, 200, "normal", _LOST_BY_CHANCE),
    _case(IMPUTED, 200, "normal", _STRONGLY_BY_SCORE),
    _case(IMPUTED, 200, "answers", _BY_SCORE),
)
