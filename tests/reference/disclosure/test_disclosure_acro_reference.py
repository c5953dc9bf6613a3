"""The primary rules of the profile acro agree with the package acro, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.rules import dominated, withheld

CELLS = pd.read_csv(Path(__file__).parent / "acro_cells.csv")
# acro has no opinion on cells of nobody but that they are small.
SOMEBODY = CELLS[CELLS["n"] > 0]


def test_the_threshold():
    assert CELLS["small"].sum() > 20
    assert not CELLS["small"].all()
    np.testing.assert_array_equal(withheld(CELLS["n"], load_profile("acro")), CELLS["small"])


@pytest.mark.parametrize(("rule", "off"), [("nk", {"p_percent": 0.0}), ("p_percent", {"dominance_n": 0})])
def test_dominance(rule: str, off: dict[str, float]):
    assert 5 < SOMEBODY[rule].sum() < len(SOMEBODY) - 5
    profile = replace(load_profile("acro"), **off)
    found = dominated(SOMEBODY["pay"], SOMEBODY[["first", "second"]], profile)
    np.testing.assert_array_equal(found, SOMEBODY[rule])
