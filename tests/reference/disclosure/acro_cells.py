"""Write which cells acro would withhold of made-up tables; needs the package acro, which the tests do not."""

from __future__ import annotations

import importlib.metadata
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def people(seed: int) -> pd.DataFrame:
    """Make up one row a person: site, band and a skewed amount."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "site": rng.choice(list("ABCDE"), 1200, p=[0.5, 0.3, 0.15, 0.04, 0.01]),
            "band": rng.choice(["5", "6", "7", "8"], 1200, p=[0.6, 0.3, 0.08, 0.02]),
            "pay": np.floor(rng.lognormal(3, 1.4, 1200)),
        }
    )


def cells(seed: int) -> pd.DataFrame:
    """List the cells of a table with what acro says of each."""
    import acro

    frame = people(seed)
    session = acro.ACRO(suppress=False)
    session.crosstab(frame["site"], frame["band"], values=frame["pay"], aggfunc="sum")
    found = session.results.get_index(0).sdc["cells"]
    sites, bands = sorted(frame["site"].unique()), sorted(frame["band"].unique())
    rows = []
    for row, site in enumerate(sites):
        for column, band in enumerate(bands):
            pay = frame.loc[(frame["site"] == site) & (frame["band"] == band), "pay"].sort_values(ascending=False)
            largest = [*pay.tolist()[:2], np.nan, np.nan][:2]
            said = {
                name: [row, column] in found[name] for name in ("MinimumThresholdCheck", "NKCheck", "PPercentCheck")
            }
            rows.append(
                {
                    "seed": seed, "site": site, "band": band, "n": len(pay), "pay": pay.sum(),
                    "first": largest[0], "second": largest[1],
                    "small": said["MinimumThresholdCheck"], "nk": said["NKCheck"], "p_percent": said["PPercentCheck"],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Write acro_cells.csv and versions.txt beside this file."""
    import os

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        frame = pd.concat([cells(seed) for seed in range(1, 6)])
    frame.to_csv(HERE / "acro_cells.csv", index=False)
    names = ("acro", "numpy", "pandas", "scipy", "statsmodels")
    lines = [f"{name} {importlib.metadata.version(name)}\n" for name in names]
    (HERE / "versions.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
