"""BCa bootstrap of 20 scales on 500 pairs, 10,000 draws: evalkit against scipy.stats.bootstrap scale by scale.

Run: python benchmarks/bench_bootstrap.py (or `make bench`). Both in the same process, alternating, the best of five;
scipy is vectorised and told to take 10,000 draws of the same changes with the same statistic.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.change.means import mean_change
from evalkit.change.standardised import standardised_change

SCALES, PAIRS, DRAWS, RUNS = 20, 500, 10_000, 5
TARGET, TIMES_FASTER = 0.5, 5.0
WAVES = (["before", "after"], [f"scale{number}" for number in range(SCALES)])


def pairs() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    columns = {}
    for name in WAVES[1]:
        person = rng.normal(size=PAIRS)
        for wave, shift in zip(WAVES[0], (0.0, 0.3), strict=True):
            answers = 3.4 + shift + 0.7 * person[:, None] + 0.8 * rng.normal(size=(PAIRS, 5))
            columns[f"{name}_{wave}"] = np.clip(np.rint(answers), 1, 5).mean(axis=1)
    return pd.DataFrame(columns)


def mean(change: np.ndarray, axis: int = -1) -> np.ndarray:
    return change.mean(axis=axis)


def d_z(change: np.ndarray, axis: int = -1) -> np.ndarray:
    return change.mean(axis=axis) / change.std(axis=axis, ddof=1)


def with_scipy(frame: pd.DataFrame, statistic: Callable[..., np.ndarray]) -> np.ndarray:
    found = []
    for name in WAVES[1]:
        change = (frame[f"{name}_after"] - frame[f"{name}_before"]).to_numpy()
        interval = stats.bootstrap(
            (change,), statistic, n_resamples=DRAWS, method="BCa", vectorized=True, rng=np.random.default_rng(2)
        ).confidence_interval
        found.append((interval.low, interval.high))
    return np.array(found)


def with_evalkit(frame: pd.DataFrame, kind: str) -> np.ndarray:
    columns = {"pre": [f"{name}_before" for name in WAVES[1]], "post": [f"{name}_after" for name in WAVES[1]]}
    common = {**columns, "scale": (1, 5), "interval": "bca", "draws": DRAWS, "seed": 2}
    result = mean_change(frame, **common) if kind == "mean" else standardised_change(frame, kind=kind, **common)
    return result.frame[["conf_low", "conf_high"]].to_numpy()


def seconds(run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def main() -> None:
    frame = pairs()
    print(f"{SCALES} scales, {PAIRS} pairs, {DRAWS:,} BCa draws; best of {RUNS} runs of each, alternating")
    print(f"{'statistic':<12}{'evalkit s':>10}{'scipy s':>10}{'times':>8}{'limits differ by (SE)':>24}  within target")
    for kind, statistic in (("mean", mean), ("d_z", d_z)):
        ours, theirs = [], []
        for _ in range(RUNS):
            taken, limits = seconds(lambda kind=kind: with_evalkit(frame, kind))
            ours.append(taken)
            taken, other = seconds(lambda statistic=statistic: with_scipy(frame, statistic))
            theirs.append(taken)
        gap = float((np.abs(limits - other).max(axis=1) / (np.diff(limits)[:, 0] / 3.92)).max())
        ratio = min(theirs) / min(ours)
        kept = "yes" if min(ours) < TARGET and ratio >= TIMES_FASTER else "NO"
        print(f"{kind:<12}{min(ours):>10.3f}{min(theirs):>10.3f}{ratio:>8.1f}{gap:>24.3f}  {kept}")


if __name__ == "__main__":
    main()
