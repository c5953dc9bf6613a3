"""Recovery of curves: retention, its difference, restricted means, incidence. Does each interval hold its own truth?

People leave with a constant monthly chance of 3.9 % in the first group and 6.8 % in the second (rates .04 and .07),
three of five for the cause "move"; others are lost from sight at a rate of .01, and nobody is seen for more than 30
months. All times are whole months, so that many are tied. "late": half of the people come under observation some months
after they entered, and those who left before are not seen. "immortal": all leave alike, and those with a mentor by the
time they left are compared with the others as if that had been known on the first day. "landmark": two in five meet a
mentor in their first five months, if they are still there, and leave at .6 times the rate from then on; those in post
after six months are compared. The median is that of times that are not rounded.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd
from recovery.study import Case

from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.curves import cumulative_incidence
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at

Generator = np.random.Generator
Drawn = tuple[float, float, float]

RATES = (0.04, 0.07)
LOST, SEEN = 0.01, 30
MOVES = 0.6
TIME, HORIZON, EARLY = 12, 15, 6
LANDMARK, HELPED = 6, 0.6
STAYED = [math.exp(-rate * TIME) for rate in RATES]
# Whoever leaves during a month leaves at its end.
MEANS = [sum(math.exp(-rate * month) for month in range(HORIZON)) for rate in RATES]
MOVED = MOVES * (1 - STAYED[1])

MODULES = (
    "numeric.life_counts",
    "numeric.product_limit",
    "numeric.incidences",
    "numeric.restricted_means",
    "retention.grouping",
)


def staff(rng: Generator, n: int, *, late: bool = False) -> Cohort:
    """Draw n people in each of the groups a and b."""
    size = 2 * n
    rate = np.repeat(RATES, n)
    leaves = np.ceil(rng.exponential(1 / rate))
    lost = np.minimum(np.ceil(rng.exponential(1 / LOST, size)), SEEN)
    seen = np.zeros(size)
    if late:
        # Those who left before they would have been seen are drawn again.
        seen = rng.integers(0, 7, size) * rng.integers(0, 2, size)
        leaves = seen + np.ceil(rng.exponential(1 / rate))
        lost = seen + lost
    gone = leaves <= lost
    frame = pd.DataFrame(
        {
            "id": np.arange(size),
            "start": seen,
            "stop": np.minimum(leaves, lost),
            "why": np.where(gone, np.where(rng.random(size) < MOVES, "move", "retire"), None),
            "group": np.repeat(["a", "b"], n),
        }
    )
    return cohort(frame, person="id", entry="start", exit="stop", reason="why", covariates=["group"])


def of(frame: pd.DataFrame, group: str) -> Drawn:
    row = frame[frame["group"] == group].iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def draw_retention(rng: Generator, *, n: int, group: str, late: bool = False) -> Drawn:
    return of(retention_at(staff(rng, n, late=late), TIME, by="group").tidy(), group)


def draw_mean(rng: Generator, *, n: int, group: str, states: bool = False) -> Drawn:
    data = staff(rng, n)
    rows = restricted_mean(data, by="group", horizon=HORIZON, states=states).tidy()
    return of(rows[rows["term"].str.contains("move")] if states else rows, group)


def draw_incidence(rng: Generator, *, n: int) -> Drawn:
    rows = cumulative_incidence(staff(rng, n), by="group", cause="move").tidy()
    rows = rows[(rows["group"] == "b") & (rows["time"] <= TIME)]
    return of(rows.iloc[[-1]], "b")


def draw_immortal(rng: Generator, *, n: int) -> Drawn:
    leaves = np.ceil(rng.exponential(1 / RATES[0], n))
    meets = rng.integers(1, 13, n)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "stop": np.minimum(leaves, SEEN),
            "left": leaves <= SEEN,
            "ever": np.where(meets < leaves, "yes", "no"),
            "from": np.where(meets < np.minimum(leaves, SEEN), meets, np.nan),
        }
    )
    roles = {"person": "id", "exit": "stop", "event": "left", "mentored_from": "from", "covariates": ["ever"]}
    rows = retention_at(cohort(frame, **roles), EARLY, by="ever", allow_immortal_time=True).tidy()
    return of(rows, "yes less no")


def draw_landmark(rng: Generator, *, n: int) -> Drawn:
    helped = rng.random(n) < 0.4
    meets = np.where(helped, rng.integers(1, LANDMARK, n), np.inf)
    # Time that passes at the lower rate counts for less.
    stretch = rng.exponential(1 / RATES[0], n)
    leaves = np.ceil(np.minimum(stretch, meets) + np.maximum(stretch - meets, 0) / HELPED)
    lost = np.minimum(np.ceil(rng.exponential(1 / LOST, n)), SEEN)
    stop = np.minimum(leaves, lost)
    frame = pd.DataFrame({"id": np.arange(n), "stop": stop, "left": leaves <= lost})
    frame["from"] = np.where(meets < stop, meets, np.nan)
    data = cohort(frame, person="id", exit="stop", event="left", mentored_from="from")
    rows = retention_at(data.landmark(LANDMARK), LANDMARK + TIME, by="mentored").tidy()
    return of(rows, "mentored less not mentored")


def draw_median(rng: Generator, *, n: int) -> Drawn:
    leaves, lost = rng.exponential(1 / RATES[1], n), np.minimum(rng.exponential(1 / LOST, n), SEEN)
    frame = pd.DataFrame({"id": np.arange(n), "stop": np.minimum(leaves, lost), "left": leaves <= lost})
    row = median_time(cohort(frame, person="id", exit="stop", event="left")).tidy().iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def _gone(rate: float) -> float:
    """Mean time gone for "move" by the horizon: the sum of its incidence over the months."""
    return MOVES * sum(1 - math.exp(-rate * month) for month in range(HORIZON))


def _cases() -> list[Case]:
    retained = (*MODULES, "retention.retained")
    restricted = (*MODULES, "retention.restricted")
    found = []
    for n in (24, 200):
        gap, mean = STAYED[1] - STAYED[0], MEANS[1] - MEANS[0]
        found += [
            Case(f"retention, {n}", n, STAYED[1], partial(draw_retention, n=n, group="b"), retained),
            Case(f"retention difference, {n}", n, gap, partial(draw_retention, n=n, group="b less a"), retained),
            Case(f"restricted mean difference, {n}", n, mean, partial(draw_mean, n=n, group="b less a"), restricted),
            Case(f"incidence, {n}", n, MOVED, partial(draw_incidence, n=n), (*MODULES, "retention.curves")),
        ]
    ratio = MEANS[1] / MEANS[0]
    gone = _gone(RATES[1]) - _gone(RATES[0])
    found += [
        Case("retention difference, late", 200, STAYED[1] - STAYED[0],
             partial(draw_retention, n=200, group="b less a", late=True), retained),
        Case("restricted mean ratio", 200, ratio, partial(draw_mean, n=200, group="b over a"), restricted),
        Case("mean time gone difference", 200, gone,
             partial(draw_mean, n=200, group="b less a", states=True), restricted),
        *(
            Case(f"retention difference, landmark, {n}", n, math.exp(-RATES[0] * HELPED * TIME) - STAYED[0],
                 partial(draw_landmark, n=n), (*retained, "retention.cohorts"))
            for n in (100, 600)
        ),
        Case("median, 200", 200, math.log(2) / RATES[1], partial(draw_median, n=200), retained),
        Case("retention difference, immortal", 200, 0.0, partial(draw_immortal, n=200), retained, expect="misses",
             between=(0, 0.05), note="who is ever mentored had to stay until then"),
    ]  # fmt: skip
    return found


CASES = tuple(_cases())
