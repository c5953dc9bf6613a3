"""Weighted retention of staff mentored on entry, against both potential outcomes of all who enter.

The truth is integrated, not simulated (`StaffTruth`). Those who would stay anyway are mentored more often; the weights
know why (band group, as a number that is right on the log scale, since few are in the highest; age band; previous
service). The crude comparison is the same estimator with weights from a covariate that decides nothing.

"landmark": those in post after six months, half of whom came under observation some months after entry, so that who
left before is not seen. Those of grade b leave at twice the rate and meet a mentor in their first five months half as
often; a mentor makes them leave at .6 times the rate. The truth is that of the grades as they are at the landmark.

The two bootstraps run 300 times only: each run fits the propensity model 200 times again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from recovery.study import Case, Draw

from evalkit.retention.building import cohort
from evalkit.retention.weighted_outcomes import weighted_hazard_ratio, weighted_retention
from evalkit.retention.weighting import PropensityWeights, propensity_weights
from evalkit.simulate import SimulatedStaff, simulate_staff

_MODULES = (
    "numeric.propensity",
    "numeric.two_group_hazards",
    "numeric.weighted_survival",
    "retention.baseline",
    "retention.weighted_outcomes",
    "retention.weighting",
    "simulate.staff",
    "simulate.staff_truth",
)
_WHY = ("grade", "age_band", "previous_service")
_CRUDE = ("sex",)
_LANDMARK, _HELPED = 6, 0.6
_RATE, _MEET = np.array([0.03, 0.06]), np.array([0.6, 0.3])
_AMONG = {"ATE": "all", "ATT": "mentored", "overlap": "overlap"}


def staff(n: int, seed: int, *, hazard_ratio: float = 0.6, before: float = 0.0) -> SimulatedStaff:
    return simulate_staff(
        n, hazard_ratio=hazard_ratio, seed=seed, confounding=0.6, prognosis=0.9, mentoring="entry", mentored_share=0.4,
        leaving=0.2, months=48, before=before, entering=24,
    )  # fmt: skip


_TRUTH = staff(10, 1).truth


def weights(rng: np.random.Generator, n: int, why: tuple[str, ...], estimand: str) -> PropensityWeights:
    made = staff(n, int(rng.integers(1 << 31)))
    effect = {name.removeprefix("band_group: "): value for name, value in made.truth.effects.items()}
    made.staff["grade"] = made.staff["band_group"].map(effect).astype(float)
    return propensity_weights(
        cohort(made.staff, **made.roles, covariates=why),  # type: ignore[arg-type]
        covariates=why,
        estimand=estimand,  # type: ignore[arg-type]
    )


def _retention(n: int, estimand: str, variance: str, why: tuple[str, ...] = _WHY) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        found = weighted_retention(
            weights(rng, n, why, estimand),
            times=[24],
            variance=variance,
            replicates=200,
            seed=int(rng.integers(99999)),  # type: ignore[arg-type]
        )
        row = found.frame.iloc[2]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


def _mean(n: int, estimand: str) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        row = weighted_retention(weights(rng, n, _WHY, estimand), times=[24], horizon=24).frame.iloc[5]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


def _ratio(n: int, estimand: str, variance: str, why: tuple[str, ...] = _WHY) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        row = weighted_hazard_ratio(
            weights(rng, n, why, estimand),
            variance=variance,
            replicates=200,
            seed=int(rng.integers(99999)),  # type: ignore[arg-type]
        ).frame.iloc[0]
        return tuple(np.log(row[["estimate", "conf_low", "conf_high"]].astype(float)))  # type: ignore[return-value]

    return draw


def settled(rng: np.random.Generator, n: int) -> PropensityWeights:
    """Draw those at risk at the landmark."""
    grade = rng.integers(0, 2, n)
    meets = np.where(rng.random(n) < _MEET[grade], rng.integers(1, _LANDMARK, n), np.inf)
    stretch = rng.exponential(1 / _RATE[grade])
    leaves = np.ceil(np.minimum(stretch, meets) + np.maximum(stretch - meets, 0) / _HELPED)
    entry = rng.integers(0, _LANDMARK, n) * rng.integers(0, 2, n)
    lost = entry + np.minimum(np.ceil(rng.exponential(100, n)), 30)
    stop = np.minimum(leaves, lost)
    frame = pd.DataFrame({"id": np.arange(n), "entry": entry, "stop": stop, "left": leaves <= lost})
    frame = frame.assign(grade=np.where(grade, "b", "a"), begun=np.where(meets < stop, meets, np.nan))[stop > entry]
    people = cohort(
        frame, person="id", entry="entry", exit="stop", event="left", mentored_from="begun", covariates=["grade"]
    )
    return propensity_weights(people.landmark(_LANDMARK), covariates=["grade"])


def _settled(n: int) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        row = weighted_retention(settled(rng, n), times=[_LANDMARK + 12]).frame.iloc[2]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


def _settled_truth() -> float:
    """Average the difference over the grades of those still there at the landmark."""
    begun = np.arange(1, _LANDMARK)[:, None]
    stays = np.exp(-_RATE * (begun + _HELPED * (_LANDMARK - begun))).mean(axis=0)
    there = _MEET * stays + (1 - _MEET) * np.exp(-_RATE * _LANDMARK)
    return float(there @ (np.exp(-12 * _HELPED * _RATE) - np.exp(-12 * _RATE)) / there.sum())


def _difference(estimand: str) -> float:
    return _TRUTH.retention_difference(24, among=_AMONG[estimand])  # type: ignore[arg-type]


def _mean_difference(estimand: str) -> float:
    plain, helped = _TRUTH.restricted_mean(24, among=_AMONG[estimand])  # type: ignore[arg-type]
    return helped - plain


_CONFOUNDED = "crude: those who would stay anyway are mentored more often"
_FEW = {"runs": 300, "quick": 10}

CASES = (
    *(
        Case(
            f"retention difference at 24 months, {estimand}, stacked, n = 400", 400, _difference(estimand),
            _retention(400, estimand, "stacked"), _MODULES, runs=1000, quick=40,
        )
        for estimand in ("ATE", "ATT", "overlap")
    ),
    Case(
        "retention difference, landmark after delayed entry, n = 600", 600, _settled_truth(), _settled(600),
        (*_MODULES, "retention.cohorts"), runs=1000, quick=40,
    ),
    Case(
        "retention difference at 24 months, ATE, bootstrap, n = 400", 400, _difference("ATE"),
        _retention(400, "ATE", "bootstrap"), _MODULES, **_FEW,
    ),
    Case(
        "restricted mean difference to 24 months, ATE, stacked, n = 400", 400, _mean_difference("ATE"),
        _mean(400, "ATE"), _MODULES, runs=1000, quick=40,
    ),
    *(
        Case(
            f"marginal log hazard ratio, {estimand}, stacked, n = 400", 400,
            float(np.log(_TRUTH.marginal_hazard_ratio(among=_AMONG[estimand]))),  # type: ignore[arg-type]
            _ratio(400, estimand, "stacked"), _MODULES, runs=1000, quick=40,
        )
        for estimand in ("ATE", "overlap")
    ),
    Case(
        "marginal log hazard ratio, ATE, bootstrap, n = 400", 400, float(np.log(_TRUTH.marginal_hazard_ratio())),
        _ratio(400, "ATE", "bootstrap"), _MODULES, **_FEW,
    ),
    Case(
        "crude retention difference at 24 months, n = 3000", 3000, _difference("ATE"),
        _retention(3000, "ATE", "stacked", _CRUDE), _MODULES, "misses", note=_CONFOUNDED,
        between=(0.0, 0.05), runs=1000, quick=15,
    ),
    Case(
        "crude log hazard ratio, n = 3000", 3000, float(np.log(_TRUTH.marginal_hazard_ratio())),
        _ratio(3000, "ATE", "stacked", _CRUDE), _MODULES, "misses", note=_CONFOUNDED,
        between=(0.0, 0.05), runs=1000, quick=15,
    ),
)  # fmt: skip
