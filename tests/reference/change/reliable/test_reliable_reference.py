"""Categories and shares against the paper's formulas and prop.test in R (script, values and version beside)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.change.reliable import reliable_change

HERE = Path(__file__).parent
EXPECTED = pd.read_csv(HERE / "reliable.csv", keep_default_na=False, na_values=["NA"])
SCORES = pd.read_csv(HERE / "scores.csv")
NORMS = {
    "higher": {"functional": (60, 7.5), "dysfunctional": (40, 9)},
    "lower": {"functional": (30, 6), "dysfunctional": (50, 9)},
}


@pytest.mark.parametrize("way", ["higher", "lower"])
@pytest.mark.parametrize("cut", ["none", "a", "b", "c"])
def test_shares_of_each_category(way: str, cut: str) -> None:
    wanted = EXPECTED[(EXPECTED["way"] == way) & (EXPECTED["cut"] == cut)].drop(columns=["way", "cut"])
    assert len(wanted) == (3 if cut == "none" else 4)
    found = reliable_change(
        SCORES, pre="score_before", post="score_after", reliability=0.8, level=0.9,
        cutoff=None if cut == "none" else cut, higher_is_better=way == "higher", **NORMS[way],
    ).frame  # fmt: skip
    wanted = wanted.reset_index(drop=True).astype({name: float for name in wanted.columns if name != "group"})
    assert_frames_agree(found[list(wanted.columns)], wanted, rtol=1e-10, atol=1e-14)
