"""How long `link` takes on large waves, beside a full comparison. Run: python benchmarks/bench_linking.py.

Codes of four elements (two letters of a town, a day of the month, two letters of two names), 90 in 100 of the people in
both waves, 3 in 100 elements mistyped in each. Memory is the peak of the whole process, taken in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from evalkit.linking import link
from evalkit.linking.codes import numbered

ON = ["town", "day", "parent", "school"]
TARGET_SECONDS, TARGET_GB = 3.0, 1.0
SIZES = (300, 2_000, 20_000)


def waves(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    shares = [1 / np.arange(1, size + 1) ** power for size, power in ((150, 0.9), (31, 0), (100, 0.9), (100, 0.9))]
    people = np.column_stack([rng.choice(len(p), n * 11 // 10, p=p / p.sum()) for p in shares])
    frames = []
    for who in (people[:n], people[-n:]):
        wrong = rng.random(who.shape) < 0.03
        frames.append(pd.DataFrame(np.where(wrong, rng.integers(0, 31, who.shape), who), columns=ON).astype(str))
    return frames[0], frames[1]


def peak_gb() -> float:
    # Not on Windows.
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def full_comparison(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float]:
    """Compare every code with every other, as numbers; give seconds and GB."""
    left, right = numbered(before, after, ON)
    start = time.perf_counter()
    differing = np.zeros((len(left), len(right)), dtype=np.int64)
    for column in range(len(ON)):
        differing += left[:, column, None] != right[None, :, column]
    return time.perf_counter() - start, differing.nbytes / 1e9


def one(n: int, max_edits: int) -> None:
    before, after = waves(n)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        linked = link(before, after, on=ON, max_edits=max_edits)
        times.append(time.perf_counter() - start)
    median, memory = statistics.median(times), peak_gb()
    kept = "yes" if median < TARGET_SECONDS and memory < TARGET_GB else "NO"
    print(f"{n:>8,} {max_edits:>9} {len(linked.pairs):>8,} {median:>9.3f} {max(times):>8.3f} {memory:>8.2f}  {kept}")


def main() -> None:
    if len(sys.argv) > 1:
        one(int(sys.argv[1]), int(sys.argv[2]))
        return
    print(f"link; target {TARGET_SECONDS:g} s and {TARGET_GB:g} GB, the bare process with pandas included")
    print(f"{'rows':>8} {'max_edits':>9} {'pairs':>8} {'median s':>9} {'worst s':>8} {'peak GB':>8}  within target")
    for n in SIZES:
        for max_edits in (0, 1, 2):
            subprocess.run([sys.executable, __file__, str(n), str(max_edits)], check=True)
    seconds, gb = full_comparison(*waves(5_000))
    print(f"every pair compared: {seconds:.2f} s and {gb:.1f} GB at 5,000 x 5,000, 16 times that at 20,000 x 20,000")


if __name__ == "__main__":
    main()
