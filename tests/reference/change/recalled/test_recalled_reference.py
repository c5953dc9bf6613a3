"""The then-test's rows are R's paired t tests (script, values and version beside)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.change.recalled import response_shift

HERE = Path(__file__).parent
EXPECTED = pd.read_csv(HERE / "recalled.csv")
ANSWERS = pd.read_csv(HERE.parent / "attrition" / "answers.csv")


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_rows_are_paired_t_tests(level: float) -> None:
    wanted = EXPECTED[EXPECTED["level"] == level].drop(columns="level").astype({"n": float, "df": float})
    assert len(wanted) == 3
    found = response_shift(ANSWERS, pre="skill_before", then="skill_then", post="skill_after", level=level).frame
    assert_frames_agree(found[list(wanted.columns)], wanted.reset_index(drop=True), rtol=1e-10, atol=0)
