"""The then-test: all three rows find their own mean, on normal scores and on skewed means of answers with a ceiling."""

from __future__ import annotations

import numpy as np
import pandas as pd
from recovery.study import Case, Draw

from evalkit.change.recalled import NAIVE, SHIFT, THEN_BASED, response_shift

_MODULES = ("change.mean_rows", "change.outcomes", "change.recalled", "numeric.means", "numeric.pairs")
_NORMAL = {"before": (3.2, 0.8), "then": (2.7, 0.7), "after": (3.5, 0.6)}
_ANSWERS = {"before": (4.2, 0.8), "then": (3.6, 0.8), "after": (4.5, 0.7)}


def _scores(rng: np.random.Generator, n: int, shape: str) -> pd.DataFrame:
    person = rng.normal(0.0, 1.0, n)
    columns = {}
    for wave, (level, slope) in (_NORMAL if shape == "normal" else _ANSWERS).items():
        if shape == "normal":
            columns[f"score_{wave}"] = level + slope * person + rng.normal(0.0, 0.5, n)
        else:
            raw = np.rint(level + slope * person + 0.6 * rng.normal(0.0, 1.0, (3, n)))
            columns[f"score_{wave}"] = raw.clip(1, 5).mean(axis=0)
    return pd.DataFrame(columns)


def _expected(wave: str, shape: str) -> float:
    """Expected score, by numerical integration over the person."""
    from scipy.stats import norm

    level, slope = (_NORMAL if shape == "normal" else _ANSWERS)[wave]
    if shape == "normal":
        return level
    person = np.linspace(-9, 9, 20001)
    above = norm.sf((np.arange(1, 5)[:, None] + 0.5 - level - slope * person) / 0.6)
    return float(((1 + above.sum(axis=0)) * norm.pdf(person)).sum() * (person[1] - person[0]))


_ENDS = {NAIVE: ("before", "after"), THEN_BASED: ("then", "after"), SHIFT: ("before", "then")}


def _draw(group: str, n: int, shape: str) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        frame = _scores(rng, n, shape)
        found = response_shift(frame, pre="score_before", then="score_then", post="score_after").frame
        row = found[found["group"] == group].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


CASES = tuple(
    Case(
        name=f"{group}, {shape}, n = {n}",
        n=n,
        truth=_expected(_ENDS[group][1], shape) - _expected(_ENDS[group][0], shape),
        draw=_draw(group, n, shape),
        modules=_MODULES,
        quick=40,
    )
    for group in _ENDS
    for shape in ("normal", "answers")
    for n in (24, 200)
)
