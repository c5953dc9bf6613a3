"""Hazard ratios given the covariates: time-varying mentoring finds the truth, ever against never does not.

Subdistribution hazard ratios are recovered from data in which they are the same at all times: with x of 0 or 1, the
share that has left for the cause by t is 1 - (1 - p (1 - exp(-t)))^exp(b x) (Fine and Gray 1999, section 5). "late":
half of the people come under observation some time after they entered, and those who left before are not seen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from recovery.study import Case, Draw

from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.subdistribution import subdistribution_hazard_ratio
from evalkit.simulate import simulate_staff

_MODULES = (
    "numeric.cox",
    "numeric.cox_data",
    "numeric.cox_residuals",
    "numeric.cox_sums",
    "retention.building",
    "retention.cohorts",
    "retention.designs",
    "retention.hazard_models",
    "retention.hazards",
    "retention.terms",
    "simulate.staff",
)
_HAZARD_RATIO = 0.7
_SUBRATIO, _RETIRE = 0.6, 0.5
_CAUSES = {"resignation": 0.6, "retirement": 1.0, "transfer": 0.8}
# Each category as a number, its true effect: one coefficient for each, also where a level is rare.
_WHY = "mentored + grade + age_effect + previous_service"


def staff(n: int, rng: np.random.Generator, hazard_ratio: float | dict[str, float] = _HAZARD_RATIO) -> Cohort:
    made = simulate_staff(
        n, hazard_ratio=hazard_ratio, seed=int(rng.integers(1 << 31)), confounding=0.6, prognosis=0.9,
        mentored_share=0.4, leaving=0.2, months=48,
    )  # fmt: skip
    frame = made.staff
    for column, source, name in (("grade", "band_group", "band_group"), ("age_effect", "age_band", "age_band")):
        effects = {key.removeprefix(f"{name}: "): value for key, value in made.truth.effects.items()}
        frame[column] = frame[source].map(effects).astype(float)
    frame["ever"] = np.where(frame["mentored_from"].notna(), "yes", "no")
    covariates = ["grade", "age_effect", "previous_service", "ever", "region"]
    return cohort(frame, **made.roles, covariates=covariates)  # type: ignore[arg-type]


def _row(found: object) -> tuple[float, float, float]:
    row = found.frame.iloc[0]  # type: ignore[attr-defined]
    return tuple(np.log(row[["estimate", "conf_low", "conf_high"]].astype(float)))  # type: ignore[return-value]


def _ratio(n: int, terms: str = _WHY, **options: object) -> Draw:
    return lambda rng: _row(hazard_ratio(staff(n, rng), terms, **options))  # type: ignore[arg-type]


def _cause(n: int, cause: str) -> Draw:
    return lambda rng: _row(hazard_ratio(staff(n, rng, _CAUSES), _WHY, cause=cause))


def _bootstrap(n: int) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        seed = int(rng.integers(1 << 31))
        return _row(hazard_ratio(staff(n, rng), _WHY, interval="bootstrap", draws=200, seed=seed))

    return draw


def retiring(rng: np.random.Generator, n: int, *, late: bool) -> Cohort:
    """Draw people whose subdistribution hazards of retiring are in proportion; months are twentieths of a unit."""
    x = np.arange(n) % 2
    power, share = _SUBRATIO**x, rng.random(n)
    retires = share < 1 - (1 - _RETIRE) ** power
    with np.errstate(invalid="ignore"):
        when = -np.log(1 - (1 - (1 - share) ** (1 / power)) / _RETIRE)
    left = 20 * np.where(retires, when, rng.exponential(np.exp(-0.3 * x)))
    entry = rng.uniform(0, 8, n) * (rng.random(n) < 0.5) if late else np.zeros(n)
    end = entry + rng.uniform(10, 60, n)
    seen = left > entry
    why = np.where(retires, "retired", "resigned")
    frame = pd.DataFrame({"entry": entry, "exit": np.minimum(left, end), "group": np.where(x, "b", "a")})
    frame = frame.assign(id=np.arange(n), why=np.where(left <= end, why, None))[seen]
    return cohort(frame, person="id", entry="entry", exit="exit", reason="why", covariates=["group"])


def _retiring(n: int, *, late: bool) -> Draw:
    return lambda rng: _row(subdistribution_hazard_ratio(retiring(rng, n, late=late), "group", cause="retired"))


_LOG = float(np.log(_HAZARD_RATIO))
_ROUGH = {"runs": 1000, "quick": 30}
_GREY = (*_MODULES[:-1], "numeric.fine_gray", "retention.subdistribution")

CASES = (
    Case("log hazard ratio, model variance, n = 600", 600, _LOG, _ratio(600), _MODULES, runs=1000, quick=30),
    Case(
        "log hazard ratio, robust by person, n = 600", 600, _LOG, _ratio(600, cluster="person"), _MODULES,
        runs=1000, quick=30,
    ),
    Case(
        "log hazard ratio, stratified by region, n = 600", 600, _LOG, _ratio(600, strata="region"), _MODULES,
        runs=1000, quick=30,
    ),
    Case(
        "log hazard ratio of resignation, n = 600", 600, float(np.log(_CAUSES["resignation"])),
        _cause(600, "resignation"), _MODULES, runs=1000, quick=30,
    ),
    Case(
        "log hazard ratio, bootstrap by person, n = 600", 600, _LOG, _bootstrap(600),
        (*_MODULES, "numeric.cox_bootstrap"), runs=1000, quick=10,
    ),
    *(
        Case(
            f"log subdistribution hazard ratio{', late' if late else ''}, n = 400", 400, float(np.log(_SUBRATIO)),
            _retiring(400, late=late), _GREY, runs=1000, quick=40,
        )
        for late in (False, True)
    ),
    Case(
        "ever against never mentored, n = 600", 600, _LOG, _ratio(600, _WHY.replace("mentored", "ever"),
        allow_immortal_time=True), _MODULES, "misses", (0.0, 0.05),
        "immortal time: who is mentored had to stay until then", **_ROUGH,
    ),
    Case(
        "crude log hazard ratio, n = 1500", 1500, _LOG, _ratio(1500, "mentored"), _MODULES, "misses", (0.0, 0.05),
        "crude: those who would stay anyway are mentored more often", **_ROUGH,
    ),
)  # fmt: skip
