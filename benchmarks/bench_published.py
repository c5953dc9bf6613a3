"""How long `consistent_counts` takes over every n to 10,000. Run: python benchmarks/bench_published.py."""

from __future__ import annotations

import statistics
import time

from evalkit.published import consistent_counts

TARGET = 0.2
CASES = ((3.77, 2), (84.0, 1), (50.0, 1), (0.1, 1), (99.9, 1), (33.333, 3), (0, 0), (50, 0), (100, 0))


def main() -> None:
    print(f"consistent_counts, n from 1 to 10,000; target {TARGET} s")
    print(f"{'per cent':>9} {'decimals':>8} {'rows':>9} {'median s':>9} {'worst s':>8}  within target")
    for percent, decimals in CASES:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            frame = consistent_counts(percent, n_range=(1, 10_000), decimals=decimals)
            times.append(time.perf_counter() - start)
        median = statistics.median(times)
        kept = "yes" if median < TARGET else "NO"
        print(f"{percent:>9} {decimals:>8} {len(frame):>9,} {median:>9.4f} {max(times):>8.4f}  {kept}")


if __name__ == "__main__":
    main()
