"""Limits of several coefficients without finite maximum against a loop over R's coxph (profile.R beside this)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.result import Estimates
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.subdistribution import subdistribution_hazard_ratio

HERE = Path(__file__).parent
VALUES = pd.read_csv(HERE / "values.csv", dtype={"column": str})
CASES = list(VALUES[["set", "model", "ties"]].drop_duplicates().itertuples(index=False, name=None))


@cache
def _rows() -> pd.DataFrame:
    return pd.read_csv(HERE / "rows.csv", dtype={"band": str})


def _cohort(number: int, *, join: bool = False) -> Cohort:
    rows = _rows()[_rows()["set"] == number].copy()
    if join:
        rows["band"] = rows["band"].replace("9", "4")
    rows["why"] = rows["cause"].map({1: "one", 2: "two"})
    return cohort(rows, person="person", entry="start", exit="stop", reason="why", covariates=["band", "age"])


def _found(number: int, model: str, ties: str) -> Estimates:
    if model == "fine-gray":
        return subdistribution_hazard_ratio(_cohort(number), "band + age", cause="one")
    if model == "two levels":
        return hazard_ratio(_cohort(number), "band + age", ties=ties)  # type: ignore[arg-type]
    return hazard_ratio(_cohort(number, join=True), "band + age", reference={"band": "8"})


@pytest.mark.parametrize(("number", "model", "ties"), CASES)
def test_limits_are_those_of_a_loop_over_coxph(number: int, model: str, ties: str) -> None:
    rows = _found(number, model, ties).frame
    wanted = VALUES[(VALUES["set"] == number) & (VALUES["model"] == model) & (VALUES["ties"] == ties)]
    endless = rows[rows["estimate"].isin([0, np.inf])]
    side = "conf_low" if model == "empty reference" else "conf_high"
    found = np.log(endless.set_index(endless["group"].str.split(" / ").str[0])[side])
    expected = wanted.set_index("column")["limit"]
    assert sorted(found.index) == sorted(expected.index)
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-5)
    assert endless["note"].notna().all()
