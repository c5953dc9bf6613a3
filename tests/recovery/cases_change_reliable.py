"""Shares of reliable change, with the yardstick known and with its standard deviation estimated; and dose-response."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from recovery.study import Case, Draw
from scipy.stats import norm

from evalkit.change.dose import SLOPE, dose_response
from evalkit.change.reliable import IMPROVED, reliable_change

_MODULES = ("change.outcomes", "change.reliable", "numeric.proportions", "numeric.reliable_changes")
_SD, _RELIABILITY, _GAIN, _TRUE_SD = 1.0, 0.8, 0.9, 0.5
# Spread of an observed change: true change, and the errors of two scores.
_SPREAD = float(np.hypot(_TRUE_SD, np.sqrt(2 * (1 - _RELIABILITY)) * _SD))
_EDGE = 1.96 * float(np.sqrt(2 * (1 - _RELIABILITY))) * _SD
_SHARE = float(norm.sf((_EDGE - _GAIN) / _SPREAD))


def _improved(n: int, *, known: bool, gain: float, spread: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        error = np.sqrt(1 - _RELIABILITY) * _SD
        true = rng.normal(0.0, np.sqrt(_RELIABILITY) * _SD, n)
        before = true + rng.normal(0.0, error, n)
        after = true + rng.normal(gain, spread, n) + rng.normal(0.0, error, n)
        frame = pd.DataFrame({"score_before": before, "score_after": after})
        found = reliable_change(
            frame, pre="score_before", post="score_after", reliability=_RELIABILITY, sd=_SD if known else None
        ).frame
        row = found[found["group"] == IMPROVED].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


_DOSES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "0 to 8 meetings": lambda rng, n: rng.integers(0, 9, n),
    "Poisson meetings": lambda rng, n: rng.poisson(2.0, n),
    "geometric meetings": lambda rng, n: rng.geometric(0.3, n) - 1,
}


def _slope(n: int, doses: str, shape: str) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        dose = _DOSES[doses](rng, n).astype(float)
        before = rng.normal(3.0, 0.8, n)
        spread = 0.5 if shape == "even spread" else 0.2 + 0.1 * dose
        after = before + 0.1 + 0.05 * dose + spread * rng.normal(0.0, 1.0, n)
        frame = pd.DataFrame({"score_before": before, "score_after": after, "meetings": dose})
        found = dose_response(frame, pre="score_before", post="score_after", dose="meetings").frame
        row = found[found["group"] == SLOPE].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


_DOSE_MODULES = (
    "change.dose",
    "change.mean_rows",
    "change.outcomes",
    "numeric.means",
    "numeric.pairs",
    "numeric.regression",
)
_UNKNOWN = "the standard deviation of the yardstick is estimated from the same people; give sd= from a norm sample"

_DISCRETE = "Wilson's interval of a share of 2.5 % is of few possible counts, and covers more often"


def _near(expect: str, low: float, high: float, note: str) -> dict[str, object]:
    return {"expect": expect, "between": (low, high), "note": note}


_FEW_HIGH = "the few people with high doses decide the slope, and their changes are spread most"
_SPREAD_MORE = "with 24 people the error is estimated from the few at each dose"
_ALWAYS_SAFE = "the degrees of freedom are those of the few people with high doses"
_NOT_THE_LEVEL: dict[tuple[str, str, int], dict[str, object]] = {
    ("0 to 8 meetings", "more spread at more meetings", 24): _near("under", 0.935, 0.945, _SPREAD_MORE),
    ("Poisson meetings", "more spread at more meetings", 24): _near("under", 0.93, 0.945, _FEW_HIGH),
    ("Poisson meetings", "more spread at more meetings", 200): _near("under", 0.938, 0.948, _FEW_HIGH),
    ("geometric meetings", "even spread", 24): _near("over", 0.96, 0.972, _ALWAYS_SAFE),
    ("geometric meetings", "more spread at more meetings", 24): _near("under", 0.91, 0.93, _FEW_HIGH),
    ("geometric meetings", "more spread at more meetings", 200): _near("under", 0.93, 0.942, _FEW_HIGH),
}


def _share(name: str, n: int, truth: float, *, known: bool, gain: float, spread: float, **more: object) -> Case:
    draw = _improved(n, known=known, gain=gain, spread=spread)
    return Case(f"{name}, n = {n}", n, truth, draw, _MODULES, quick=40, **more)  # type: ignore[arg-type]


_CHANGED = {"gain": _GAIN, "spread": _TRUE_SD}
CASES = tuple(
    case
    for n in (24, 200)
    for case in (
        _share("improved, yardstick known", n, _SHARE, known=True, **_CHANGED),
        _share(
            "improved with nobody changed",
            n,
            float(norm.sf(1.96)),
            known=True,
            gain=0.0,
            spread=0.0,
            expect="over",
            between=(0.965, 0.98),
            note=_DISCRETE,
        ),
        _share(
            "improved, sd estimated",
            n,
            _SHARE,
            known=False,
            **_CHANGED,
            expect="under",
            between=(0.865, 0.89),
            bias_at_most=0.008 if n < 100 else 0.0,
            note=_UNKNOWN,
        ),
        *(
            Case(
                f"slope, {doses}, {shape}, n = {n}",
                n,
                0.05,
                _slope(n, doses, shape),
                _DOSE_MODULES,
                quick=40,
                **_NOT_THE_LEVEL.get((doses, shape, n), {}),  # type: ignore[arg-type]
            )
            for doses in _DOSES
            for shape in ("even spread", "more spread at more meetings")
        ),
    )
)
