"""Hazard ratios of 1.5 million staff, from one row a person to the result (python benchmarks/bench_hazard_ratio.py).

Everything that is timed is public: `cohort(...)` and `hazard_ratio(...)`. With `--others` R's `coxph` and lifelines'
`CoxTimeVaryingFitter` fit the spells of the same cohort, which is cut for them before: minutes, and several gigabytes.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.numeric.threads import one_blas_thread
from evalkit.result import Estimates
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazard_summaries import concordance
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.proportionality_tests import proportional_hazards_test

LEVELS = {"band": 12, "ethnicity": 6, "sex": 2, "age": 5, "staff_group": 9, "region": 7}
MONTHS = 60
TERMS = ["mentored", *LEVELS]
R_SCRIPT = """
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1])
for (name in names(d)[6:11]) d[[name]] <- factor(d[[name]], levels = unique(sort(d[[name]])))
formula <- Surv(start, stop, event) ~ mentored + band + ethnicity + sex + age + staff_group + region
t0 <- proc.time()[[3]]
fit <- coxph(formula, d)
t1 <- proc.time()[[3]]
robust <- coxph(formula, d, cluster = person)
t2 <- proc.time()[[3]]
cat(t1 - t0, t2 - t1, "\\n")
cat(format(coef(fit), digits = 12), "\\n")
cat(format(sqrt(diag(vcov(robust))), digits = 12), "\\n")
"""
Floats = npt.NDArray[np.float64]


def staff(n: int, seed: int = 1) -> pd.DataFrame:
    """One row a person: entry delayed for two in five, mentoring on the way for one in four, five years of records."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.integers(0, levels, n) for name, levels in LEVELS.items()}
    effect = sum(np.linspace(-0.3, 0.3, levels)[columns[name]] for name, levels in LEVELS.items())
    entry = np.where(rng.random(n) < 0.6, 0, rng.integers(0, MONTHS, n)).astype(float)
    leaves = entry + np.ceil(rng.exponential(1 / (0.012 * np.exp(effect))))
    mentored = np.where(rng.random(n) < 0.25, entry + rng.integers(1, 40, n), np.nan)
    mentored[mentored >= np.minimum(leaves, MONTHS)] = np.nan
    frame = pd.DataFrame({"id": np.arange(n), "entry": entry, "exit": leaves, "mentored_from": mentored})
    frame.loc[leaves > MONTHS, "exit"] = np.nan
    for name, levels in LEVELS.items():
        frame[name] = pd.Categorical.from_codes(columns[name], [f"{name} {level:02d}" for level in range(levels)])
    frame["pay"] = rng.normal(30, 5, n)
    return frame


def made(frame: pd.DataFrame, *more: str) -> Cohort:
    return cohort(
        frame, person="id", entry="entry", exit="exit", observed_to=MONTHS, mentored_from="mentored_from",
        covariates=[*LEVELS, *more],
    )  # fmt: skip


def answer(frame: pd.DataFrame, **options: Any) -> Estimates:
    return hazard_ratio(made(frame), TERMS, **options)


def timed(label: str, call: Callable[[], Any]) -> tuple[Any, float]:
    wall, used = time.perf_counter(), time.process_time()
    result = call()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{label:<66} {wall:>8.3f} {used:>8.3f} {memory:>6.2f}", flush=True)
    return result, wall


def ours(frame: pd.DataFrame) -> tuple[Cohort, Floats, Floats, float, float]:
    whole, plain = timed("from person frame to hazard ratios, model variance", lambda: answer(frame))
    robust, by_person = timed(
        "from person frame to hazard ratios, variance by person", lambda: answer(frame, cluster="person")
    )
    people, _ = timed("of that, cohort", lambda: made(frame))
    timed("concordance, with its error", lambda: concordance(people, TERMS))
    timed("proportional hazards test", lambda: proportional_hazards_test(people, TERMS))
    estimates = np.log(whole.frame["estimate"].to_numpy())
    return people, estimates, robust.frame["std_error"].to_numpy(), plain, by_person


def small(n: int = 10_000) -> None:
    frame = staff(n)
    answer(frame, cluster="person")
    label = f"{n:,} staff, variance by {{}}; target 0.1 s"
    timed(label.format("model"), lambda: answer(frame))
    timed(label.format("person"), lambda: answer(frame, cluster="person"))


def others(people: Cohort, coefficients: Floats, errors: Floats) -> dict[str, float]:
    rows = people.spells()
    found = {}
    if shutil.which("Rscript"):
        with tempfile.TemporaryDirectory() as folder:
            data, script = Path(folder) / "rows.csv", Path(folder) / "fit.R"
            rows[["person", "start", "stop", "event", "mentored", *LEVELS]].to_csv(data, index=False)
            script.write_text(R_SCRIPT, encoding="utf-8")
            command = ["Rscript", str(script), str(data)]
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        times, theirs, robust = (np.array(line.split(), dtype=float) for line in text.strip().splitlines())
        found["R coxph"], found["R coxph(cluster = )"] = times
        print(f"largest difference from R: {np.abs(theirs - coefficients).max():.1e}, ", end="")
        print(f"of standard errors by person {np.abs(robust / errors - 1).max():.1e}")
    from lifelines import CoxTimeVaryingFitter

    wide = pd.get_dummies(rows[list(LEVELS)], drop_first=True, dtype=float)
    wide.insert(0, "mentored", rows["mentored"].astype(float))
    names = list(wide.columns)
    wide[["id", "start", "stop", "event"]] = rows[["person", "start", "stop", "event"]].to_numpy()
    del rows
    fitter = CoxTimeVaryingFitter()
    options = {"id_col": "id", "event_col": "event", "start_col": "start", "stop_col": "stop"}
    _, found["lifelines"] = timed("lifelines CoxTimeVaryingFitter", lambda: fitter.fit(wide, **options))
    print(f"largest difference from lifelines: {np.abs(fitter.params_[names].to_numpy() - coefficients).max():.1e}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--staff", type=int, default=1_500_000)
    arguments = parser.parse_args()
    frame = staff(arguments.staff)
    print(f"{'staff: ' + format(len(frame), ','):<66} {'wall s':>8} {'CPU s':>8} {'GB':>6}")
    with one_blas_thread():
        small()
        people, coefficients, errors, plain, by_person = ours(frame)
        hundred = staff(100_000)
        timed(
            "1,000 bootstrap samples of 100,000 staff; target 15 s",
            lambda: answer(hundred, interval="bootstrap", draws=1000, seed=1),
        )
        with_pay = made(frame, "pay")
        timed("a continuous covariate, without cohort", lambda: hazard_ratio(with_pay, [*TERMS, "pay"]))
    if arguments.others:
        for name, seconds in others(people, coefficients, errors).items():
            own = by_person if "cluster" in name else plain
            print(f"{name:<28} {seconds:>8.1f} s: {seconds / own:>6.1f} times")


if __name__ == "__main__":
    main()
