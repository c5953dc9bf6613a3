"""Write the data of which the R script beside makes the reference values: python attrition.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    rng = np.random.default_rng(19)
    n = 60
    before = rng.normal(3.0, 0.8, n).round(2)
    age = rng.normal(41.0, 9.0, n).round(0)
    site = rng.choice(["north", "south", "west"], n)
    after = (before + 0.3 - 0.3 * (before - 3) + 0.01 * (age - 41) + rng.normal(0, 0.6, n)).round(2)
    stays = rng.random(n) < 1 / (1 + np.exp(-(1 + 1.2 * (before - 3))))
    frame = pd.DataFrame(
        {"skill_before": before, "skill_after": np.where(stays, after, np.nan), "age": age, "site": site}
    )
    frame["meetings"] = rng.integers(0, 9, n)
    frame["skill_then"] = (before - 0.4 + rng.normal(0, 0.5, n)).round(2)
    frame.to_csv(Path(__file__).with_name("answers.csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
