"""Write noncentral_t.csv: limits of the non-centrality parameter where R's `pt` cannot go, by integration to 30 digits.

Run once, in this folder and with mpmath 1.3 or 1.4 installed: python noncentral_t.py. The tests read the values only.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Any

CASES = (
    (2, 1, "0.95"),
    (50, 1, "0.95"),
    (50, 1, "0.99"),
    (0.001, 1, "0.9"),
    (3, 1.3, "0.95"),
    (12, 2.7, "0.99"),
    (40, 5, "0.95"),
    (60, 20, "0.95"),
    (200, 20, "0.99"),
    (75, 300, "0.95"),
    (500, 1000, "0.95"),
    (2, 100000, "0.99"),
    (2, 10000000, "0.95"),
    (900, 100000, "0.95"),
    (1000, 2, "0.95"),
    (10000, 1, "0.99"),
    (100000, 30, "0.95"),
    (1000000, 5, "0.95"),
    (1000000, 1000000, "0.99"),
)


def main() -> None:
    import mpmath  # type: ignore[import-not-found, import-untyped, unused-ignore]

    mp = mpmath.mp
    mp.dps = 30

    def excess(t: Any, df: Any, probability: Any, parameter: Any) -> Any:
        """P(Z + parameter <= t S) = E Phi(t S - parameter), S = chi / sqrt(df), less the probability."""
        constant = mp.log(2) + (df / 2) * mp.log(df / 2) - mp.loggamma(df / 2)

        def density(s: Any) -> Any:
            return mp.ncdf(t * s - parameter) * mp.exp(constant + (df - 1) * mp.log(s) - df * s * s / 2)

        width = 1 / mp.sqrt(2 * df)
        ends = max(mp.mpf(0), 1 - 14 * width), 1 + 14 * width
        steps = (parameter + k for k in (-9, -4, -1, 0, 1, 4, 9))  # where Phi rises
        knots = {ends[0] + (ends[1] - ends[0]) * i / 14 for i in range(15)} | {s / t for s in steps}
        return mp.quad(density, sorted(s for s in knots if ends[0] <= s <= ends[1])) - probability

    with (Path(__file__).parent / "noncentral_t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["statistic", "df", "level", "low", "high"])
        for statistic, df, level in CASES:
            t, nu, tail = mp.mpf(statistic), mp.mpf(df), (1 - mp.mpf(level)) / 2
            spread = mp.sqrt(1 + t * t / (2 * nu))
            z = mp.sqrt(2) * mp.erfinv(1 - 2 * tail)
            limits = []
            for probability, sign in ((1 - tail, -1), (tail, 1)):
                start = t + sign * z * spread
                gap = partial(excess, t, nu, probability)
                bracket = (max(-z, start - spread), start + spread)
                limits.append(mp.findroot(gap, bracket, solver="anderson", tol=1e-34, maxsteps=200))
            writer.writerow([statistic, df, level, *(mp.nstr(limit, 17) for limit in limits)])


if __name__ == "__main__":
    main()
