"""Pairs of people agree with R: lm, gls, psych's ICC, Wilks's test, the noncentral t (script and versions beside)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.change.dyads import dyad_change

HERE = Path(__file__).parent
EXPECTED = pd.read_csv(HERE / "dyads.csv").set_index(["case", "quantity", "group"])
ANSWERS = pd.read_csv(HERE / "answers.csv")
ROLES = {
    "pre": ["mentee_before", "mentor_before"],
    "post": ["mentee_after", "mentor_after"],
    "members": ["mentee", "mentor"],
}


def _found(pairs: int, *, distinguishable: bool = True, level: float = 0.9) -> pd.DataFrame:
    rows = dyad_change(ANSWERS.head(pairs), **ROLES, distinguishable=distinguishable, level=level).tidy()
    return rows.set_index(["quantity", "group"])


@pytest.mark.parametrize("pairs", [24, 6])
def test_means_and_effects_of_roles(pairs: int) -> None:
    found = _found(pairs)
    names = [
        *(("mean change", role) for role in ("mentee", "mentor")),
        ("difference in mean change", "mentor - mentee"),
        *((f"{effect} effect", role) for effect in ("actor", "partner") for role in ("mentee", "mentor")),
    ]
    for name in names:
        expected = EXPECTED.loc[(f"roles {pairs}", *name)]
        got = found.loc[name, ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]]
        np.testing.assert_allclose(
            got.to_numpy(dtype=float),
            expected[["estimate", "std_error", "df", "p_value", "low90", "high90"]].to_numpy(dtype=float),
            rtol=1e-9,
            err_msg=str(name),
        )


@pytest.mark.parametrize("pairs", [24, 6])
@pytest.mark.parametrize(("distinguishable", "kind"), [(True, "ICC3"), (False, "ICC1")])
@pytest.mark.parametrize("wave", ["before", "after", "change"])
def test_intraclass_correlation(pairs: int, distinguishable: bool, kind: str, wave: str) -> None:  # noqa: FBT001
    got = _found(pairs, distinguishable=distinguishable).loc[("intraclass correlation", wave)]
    expected = EXPECTED.loc[(f"roles {pairs}", kind, wave)]
    np.testing.assert_allclose(
        got[["estimate", "statistic", "df", "conf_low", "conf_high"]].to_numpy(dtype=float),
        expected[["estimate", "std_error", "df", "low90", "high90"]].to_numpy(dtype=float),
        rtol=1e-8,
    )
    one_sided = expected["p_value"]  # psych tests for more than no likeness
    assert got["p_value"] == pytest.approx(2 * min(one_sided, 1 - one_sided), rel=1e-8)


@pytest.mark.parametrize("pairs", [24, 6])
def test_distinguishability_is_wilks(pairs: int) -> None:
    got = _found(pairs).loc[("test of distinguishability", "both")]
    expected = EXPECTED.loc[(f"roles {pairs}", "wilks", "both")]
    assert got["statistic"] == pytest.approx(expected["estimate"], rel=1e-9)
    assert (got["df"], got["df_residual"]) == (expected["df"], expected["low90"])
    assert got["p_value"] == pytest.approx(expected["p_value"], rel=1e-8)


@pytest.mark.parametrize("pairs", [24, 6])
def test_limits_of_agreement(pairs: int) -> None:
    found = _found(pairs)
    expected = EXPECTED.loc[(f"roles {pairs}", "upper limit", "mentor - mentee")]
    got = found.loc[("upper limit of agreement", "mentor - mentee"), ["estimate", "conf_low", "conf_high"]]
    wanted = expected[["estimate", "low90", "high90"]].to_numpy(dtype=float)
    np.testing.assert_allclose(got.to_numpy(dtype=float), wanted, rtol=1e-7)


def test_differences_of_effects_are_gls() -> None:
    found = _found(24)
    for effect in ("actor", "partner"):
        expected = EXPECTED.loc[("roles 24", f"gls {effect} difference", "mentor - mentee")]
        got = found.loc[(f"{effect} effect", "mentor - mentee")]
        assert got["estimate"] == pytest.approx(expected["estimate"], rel=1e-6)
        assert got["std_error"] == pytest.approx(expected["std_error"], rel=1e-4)


def test_effects_of_partners_are_gls() -> None:
    found = _found(24, distinguishable=False)
    for effect in ("actor", "partner"):
        expected = EXPECTED.loc[("roles 24", f"gls {effect}", "both")]
        got = found.loc[(f"{effect} effect", "both")]
        assert got["estimate"] == pytest.approx(expected["estimate"], rel=1e-8)
        assert got["std_error"] == pytest.approx(expected["std_error"], rel=1e-5)
        assert 22 < got["df"] < 45
