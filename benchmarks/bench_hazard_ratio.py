"""Hazard ratios of 1.5 million staff, from one row a person to the result (python benchmarks/bench_hazard_ratio.py).

Everything that is timed is public: `cohort(...)` and `hazard_ratio(...)`. R's `coxph` and lifelines'
`CoxTimeVaryingFitter` answer the same question from the same person frame: R cuts the records itself (reading its file
is not counted), lifelines is given the spells of `cohort(...).spells()` and makes its dummy columns. That takes some
six minutes and several gigabytes; `--without-others` leaves it out.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
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
SIZES = (400_000, 750_000)
CONTINUOUS = 100_000
TARGETS = {"R coxph": 20, "R coxph(cluster = )": 10, "lifelines": 60, "lifelines, continuous": 1}
R_SCRIPT = """
suppressMessages(library(survival))
people <- read.csv(commandArgs(TRUE)[1])
end <- as.numeric(commandArgs(TRUE)[2])
names <- c("band", "ethnicity", "sex", "age", "staff_group", "region")
spells <- function(d) {
  for (name in names) d[[name]] <- factor(d[[name]], levels = unique(sort(d[[name]])))
  d$event <- !is.na(d$exit)
  d$stop <- ifelse(d$event, d$exit, end)
  d$start <- d$entry
  d$mentored <- 0
  begins <- !is.na(d$mentored_from)
  after <- d[begins, ]
  after$start <- after$mentored_from
  after$mentored <- 1
  d$stop[begins] <- d$mentored_from[begins]
  d$event[begins] <- FALSE
  rbind(d, after)
}
formula <- Surv(start, stop, event) ~ mentored + band + ethnicity + sex + age + staff_group + region
t0 <- proc.time()[[3]]
rows <- spells(people)
t1 <- proc.time()[[3]]
fit <- coxph(formula, rows)
t2 <- proc.time()[[3]]
robust <- coxph(formula, rows, cluster = id)
t3 <- proc.time()[[3]]
cat(t2 - t0, t3 - t2 + t1 - t0, "\\n")
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


def ours(frame: pd.DataFrame) -> tuple[Floats, Floats, float, float]:
    whole, plain = timed("from person frame to hazard ratios, model variance", lambda: answer(frame))
    robust, by_person = timed(
        "from person frame to hazard ratios, variance by person", lambda: answer(frame, cluster="person")
    )
    people, _ = timed("of that, cohort", lambda: made(frame))
    timed("concordance, with its error", lambda: concordance(people, TERMS))
    timed("proportional hazards test", lambda: proportional_hazards_test(people, TERMS))
    estimates = np.log(whole.frame["estimate"].to_numpy())
    return estimates, robust.frame["std_error"].to_numpy(), plain, by_person


def small(n: int = 10_000) -> None:
    frame = staff(n)
    answer(frame, cluster="person")
    label = f"{n:,} staff, variance by {{}}; target 0.1 s"
    timed(label.format("model"), lambda: answer(frame))
    timed(label.format("person"), lambda: answer(frame, cluster="person"))


def grown(last: float, rows: int) -> None:
    """Print the cost of a row as the staff grow."""
    costs = []
    for n in SIZES:
        frame = staff(n)
        _, wall = timed(f"{n:,} staff, variance of the model", partial(answer, frame))
        costs.append((n, wall))
    costs.append((rows, last))
    base = costs[0][1] / costs[0][0]
    print(f"\n{'cost of a person':<28} {'microseconds':>12} {'to the first':>12}")
    for n, wall in costs:
        print(f"{format(n, ',') + ' staff':<28} {1e6 * wall / n:>12.2f} {wall / n / base:>12.2f}")


def by_r(frame: pd.DataFrame, coefficients: Floats, errors: Floats) -> dict[str, float]:
    """Let R cut the records and fit them, without and with clusters; nothing when it is not there."""
    probe = ["Rscript", "-e", "library(survival)"]
    if not shutil.which("Rscript") or subprocess.run(probe, check=False, capture_output=True).returncode:
        print("\nR is not compared: there is no Rscript with the package survival on this machine.")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "people.csv", Path(folder) / "fit.R"
        frame.drop(columns="pay").to_csv(data, index=False)
        script.write_text(R_SCRIPT, encoding="utf-8")
        command = ["Rscript", str(script), str(data), str(MONTHS)]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    times, theirs, robust = (np.array(line.split(), dtype=float) for line in text.strip().splitlines())
    print(f"\nlargest difference from R: {np.abs(theirs - coefficients).max():.1e}, ", end="")
    print(f"of standard errors by person {np.abs(robust / errors - 1).max():.1e}")
    return dict(zip(("R coxph", "R coxph(cluster = )"), times.tolist(), strict=True))


def by_lifelines(frame: pd.DataFrame, coefficients: Floats, *more: str) -> float:
    """Let lifelines fit the spells; seconds from the person frame, the dummy columns included."""
    from lifelines import CoxTimeVaryingFitter

    fitter = CoxTimeVaryingFitter()

    def fitted() -> list[str]:
        rows = made(frame, *more).spells()
        wide = pd.get_dummies(rows[list(LEVELS)], drop_first=True, dtype=float)
        wide.insert(0, "mentored", rows["mentored"].astype(float))
        for name in more:
            wide[name] = rows[name]
        names = list(wide.columns)
        wide[["id", "start", "stop", "event"]] = rows[["person", "start", "stop", "event"]].to_numpy()
        del rows
        fitter.fit(wide, id_col="id", event_col="event", start_col="start", stop_col="stop")
        return names

    label = f"lifelines CoxTimeVaryingFitter, {len(frame):,} staff{', continuous' if more else ''}"
    names, seconds = timed(label, fitted)
    print(f"largest difference from lifelines: {np.abs(fitter.params_[names].to_numpy() - coefficients).max():.1e}")
    return seconds


def compared(frame: pd.DataFrame, coefficients: Floats, errors: Floats, plain: float, by_person: float) -> None:
    """Print how many times as long the others take."""
    theirs = by_r(frame, coefficients, errors)
    theirs["lifelines"] = by_lifelines(frame, coefficients)
    some = staff(CONTINUOUS)
    with_pay = [*TERMS, "pay"]
    label = f"a continuous covariate, {CONTINUOUS:,} staff, from the person frame"
    found, smooth = timed(label, lambda: hazard_ratio(made(some, "pay"), with_pay))
    theirs["lifelines, continuous"] = by_lifelines(some, np.log(found.frame["estimate"].to_numpy()), "pay")
    own = {"R coxph(cluster = )": by_person, "lifelines, continuous": smooth}
    print(f"\n{'':<28} {'seconds':>9} {'ours':>8} {'times':>7} {'target':>7}")
    for name, seconds in theirs.items():
        mine, target = own.get(name, plain), TARGETS[name]
        reached = "yes" if seconds / mine >= target else "NO"
        print(f"{name:<28} {seconds:>9.1f} {mine:>8.2f} {seconds / mine:>7.1f} {target:>7} {reached}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-others", action="store_true", help="leave out R and lifelines (some six minutes)")
    parser.add_argument("--staff", type=int, default=1_500_000)
    arguments = parser.parse_args()
    frame = staff(arguments.staff)
    print(f"{'staff: ' + format(len(frame), ','):<66} {'wall s':>8} {'CPU s':>8} {'GB':>6}")
    with one_blas_thread():
        small()
        coefficients, errors, plain, by_person = ours(frame)
        hundred = staff(CONTINUOUS)
        timed(
            "1,000 bootstrap samples of 100,000 staff; target 15 s",
            lambda: answer(hundred, interval="bootstrap", draws=1000, seed=1),
        )
        with_pay = made(frame, "pay")
        timed("a continuous covariate, without cohort", lambda: hazard_ratio(with_pay, [*TERMS, "pay"]))
        grown(plain, len(frame))
    if not arguments.without_others:
        compared(frame, coefficients, errors, plain, by_person)


if __name__ == "__main__":
    main()
