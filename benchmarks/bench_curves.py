"""Curves, log-rank, incidence and restricted means of all groups together, on 1.5 million staff and on 10,000.

Run: python benchmarks/bench_curves.py (or `make bench`). The cohort is made once. "Group-by" puts the spells into
groups and counts them; "after" is everything computed from that; "in all" is the public function. The best of three.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from evalkit.numeric.incidences import JackknifeVariance, incidence
from evalkit.numeric.life_counts import event_tables
from evalkit.numeric.product_limit import kaplan_meier, probability_limits
from evalkit.numeric.rank_tests import gray, logrank_family
from evalkit.numeric.restricted_means import area, area_variance
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import logrank
from evalkit.retention.curves import cumulative_incidence, survival_curve
from evalkit.retention.grouping import Grouped, grouped
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import retention_at

RUNS, HORIZON = 3, 36.0
LARGE, SMALL = 1_500_000, 10_000
TARGET_AFTER, TARGET_SMALL = 1.5, 0.1
COVARIATES = {"band": 12, "ethnicity": 6, "sex": 2, "age": 5, "staff_group": 9, "region": 7}


def staff(n: int) -> pd.DataFrame:
    """Five years in months: entry at any time, mentoring after entry for some, three reasons to leave."""
    rng = np.random.default_rng(1)
    entry = rng.integers(0, 48, n).astype(float)
    left = entry + np.ceil(rng.exponential(40, n))
    mentored = np.where(rng.random(n) < 0.2, entry + rng.integers(1, 24, n), np.nan)
    mentored[(mentored >= left) | (mentored >= 60)] = np.nan
    left[left > 60] = np.nan
    why = np.where(np.isnan(left), None, rng.choice(["a", "b", "c"], n))
    frame = pd.DataFrame({"id": np.arange(n), "entry": entry, "left": left, "mentored_from": mentored, "why": why})
    for name, levels in COVARIATES.items():
        labels = [f"{name} {level}" for level in range(levels)]
        frame[name] = pd.Categorical.from_codes(rng.integers(0, levels, n), labels)
    return frame


def made(n: int, *, delayed: bool) -> Cohort:
    times = {"origin": 0} if delayed else {"origin": "entry"}
    roles = {"person": "id", "exit": "left", "reason": "why", "entry": "entry", "mentored_from": "mentored_from"}
    return cohort(staff(n), **roles, **times, observed_to=60, covariates=list(COVARIATES))


def everything(found: Grouped) -> None:
    """What follows the group-by, for all groups: four kinds of numbers with their errors."""
    counts, groups = found.counts, len(found.labels)
    survival = kaplan_meier(counts)
    probability_limits(survival.after, survival.std_error, level=0.95, scale="log-log")
    area(counts, survival.after, HORIZON, origin=0.0, start=1.0)
    area_variance(counts, survival, HORIZON)
    jackknife = JackknifeVariance(found.rows, counts)
    for cause in (1, 2, 3):
        incidence(counts, cause)
        jackknife.curve(cause)
    tables = list(event_tables(found.rows, found.stratum, n_groups=groups, n_causes=3))
    logrank_family(tables, n_groups=groups)
    if not (found.rows.start > 0).any():
        gray(tables, cause=1, n_groups=groups)


def best(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def public(data: Cohort, by: str) -> dict[str, Callable[[], object]]:
    return {
        "survival_curve": lambda: survival_curve(data, by=by),
        "cumulative_incidence": lambda: cumulative_incidence(data, by=by),
        "retention_at": lambda: retention_at(data, [12, 24], by=by),
        "restricted_mean": lambda: restricted_mean(data, by=by, horizon=HORIZON),
        "logrank": lambda: logrank(data, by=by),
    }


def main() -> None:
    print(f"best of {RUNS}, in seconds")
    for delayed in (False, True):
        data = made(LARGE, delayed=delayed)
        print(f"\n{LARGE:,} staff, {len(data.start):,} spells{', delayed entry' if delayed else ''}")
        print(f"{'by':<12}{'group-by':>10}{'after':>8}  after within {TARGET_AFTER} s")
        for by in COVARIATES:
            first = best(lambda data=data, by=by: grouped(data, by, allow_immortal_time=False))
            found = grouped(data, by, allow_immortal_time=False)
            after = best(lambda found=found: everything(found))
            print(f"{by:<12}{first:>10.3f}{after:>8.3f}  {'yes' if after < TARGET_AFTER else 'NO'}")
        for name, run in public(data, "band").items():
            print(f"{name} by band, in all: {best(run):.3f}")
    data = made(SMALL, delayed=False)
    print(f"\n{SMALL:,} staff, by band; within {TARGET_SMALL} s")
    for name, run in public(data, "band").items():
        taken = best(run)
        print(f"{name:<22}{taken:>8.4f}  {'yes' if taken < TARGET_SMALL else 'NO'}")


if __name__ == "__main__":
    main()
