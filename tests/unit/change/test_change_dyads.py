"""Pairs of people: promises, edge cases, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.dyads import dyad_change
from evalkit.errors import DataError, EstimationError

ROLES = {"pre": ["x_a_before", "x_b_before"], "post": ["x_a_after", "x_b_after"], "members": ["a", "b"]}
TURNED = {"pre": ROLES["pre"][::-1], "post": ROLES["post"][::-1], "members": ["b", "a"]}


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    pair = rng.normal(3, 0.5, 12)
    columns = {name: pair + rng.normal(0, 0.5, 12) for name in [*ROLES["pre"], *ROLES["post"]]}
    return pd.DataFrame(columns).assign(pair=range(12))


def _rows(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return dyad_change(frame, **{**ROLES, **more}).tidy().set_index(["quantity", "group"])


def test_rows_of_roles(frame: pd.DataFrame) -> None:
    frame.loc[3, "x_b_after"] = np.nan
    result = dyad_change(frame, **ROLES, dyad="pair", kirkpatrick=3)
    rows = result.tidy()
    assert rows["term"].unique().tolist() == ["x"]
    assert rows["n"].unique().tolist() == [11]
    assert rows["kirkpatrick"].unique().tolist() == ["3 behaviour"]
    assert dict(result.method.n_dropped) == {"not all four answers": 1}
    means = rows.set_index(["quantity", "group"])["estimate"]
    assert means["mean change", "pair"] == pytest.approx((means["mean change", "a"] + means["mean change", "b"]) / 2)
    gap = means["difference in mean change", "b - a"]
    assert gap == pytest.approx(means["mean change", "b"] - means["mean change", "a"])
    assert means["actor effect", "b - a"] == pytest.approx(means["actor effect", "b"] - means["actor effect", "a"])


def test_turning_roles_round_turns_the_contrasts(frame: pd.DataFrame) -> None:
    one, other = _rows(frame), _rows(frame, **TURNED)
    for quantity in ("difference in mean change", "actor effect", "partner effect", "difference after"):
        first, second = one.loc[(quantity, "b - a")], other.loc[(quantity, "a - b")]
        assert first["estimate"] == pytest.approx(-second["estimate"])
        assert first["conf_low"] == pytest.approx(-second["conf_high"])
    lower, upper = one.loc[("lower limit of agreement", "b - a")], other.loc[("upper limit of agreement", "a - b")]
    assert lower["conf_low"] == pytest.approx(-upper["conf_high"])
    same = ("test of distinguishability", "both")
    assert one.loc[same, "p_value"] == pytest.approx(other.loc[same, "p_value"])


def test_partners_may_change_places(frame: pd.DataFrame) -> None:
    turned = frame.copy()
    rows = [0, 3, 4, 8]
    for before, after in (("x_a_before", "x_b_before"), ("x_a_after", "x_b_after")):
        turned.loc[rows, [before, after]] = frame.loc[rows, [after, before]].to_numpy()
    one, other = (_rows(each, distinguishable=False) for each in (frame, turned))
    assert len(one) == 7
    pd.testing.assert_frame_equal(one, other)


def test_reach_of_partners_by_hand(frame: pd.DataFrame) -> None:
    row = _rows(frame, distinguishable=False).loc[("limit of agreement", "either way")]
    gaps = frame["x_b_after"] - frame["x_a_after"]
    assert row["estimate"] == pytest.approx(1.959964 * (gaps**2).mean() ** 0.5, rel=1e-6)
    # 12 squared spreads over the tails of chi-squared with 12 degrees of freedom: 23.3367 and 4.40379
    assert row["conf_low"] == pytest.approx(1.959964 * ((gaps**2).sum() / 23.33666) ** 0.5, rel=1e-5)
    assert row["conf_high"] == pytest.approx(1.959964 * ((gaps**2).sum() / 4.403789) ** 0.5, rel=1e-5)


@pytest.mark.parametrize("distinguishable", [True, False])
@pytest.mark.parametrize("pairs", [2, 3, 4, 5, 6])
def test_few_pairs_say_what_is_missing(pairs: int, distinguishable: bool, frame: pd.DataFrame) -> None:  # noqa: FBT001
    rows = _rows(frame.head(pairs), distinguishable=distinguishable).reset_index()
    bare = rows["estimate"].isna() & rows["statistic"].isna()
    assert rows.loc[bare, "note"].str.startswith(("not estimated", "not tested")).all()
    lost = set(rows.loc[bare, "quantity"])
    assert ("test of distinguishability" in lost) == (pairs < 5 and distinguishable)
    assert ("actor effect" in lost) == (pairs < (4 if distinguishable else 3))


@pytest.mark.parametrize("distinguishable", [True, False])
def test_no_spread(distinguishable: bool) -> None:  # noqa: FBT001
    same = pd.DataFrame(dict.fromkeys([*ROLES["pre"], *ROLES["post"]], [3.0] * 6))
    rows = _rows(same, distinguishable=distinguishable).reset_index()
    assert rows["conf_low"].isna().all()
    assert rows["note"].str.len().gt(0).all()
    assert rows.loc[rows["quantity"] == "mean change", "estimate"].eq(0).all()


def test_pairs_that_agree_wholly(frame: pd.DataFrame) -> None:
    frame["x_b_before"], frame["x_b_after"] = frame["x_a_before"], frame["x_a_after"]
    for distinguishable in (True, False):
        rows = _rows(frame, distinguishable=distinguishable)
        assert rows.loc[("intraclass correlation", "after"), "estimate"] == 1
        assert rows.loc["actor effect", "note"].str.startswith("not estimated").all()


def test_two_outcomes(frame: pd.DataFrame) -> None:
    frame = frame.assign(y=np.nan, z=1.0)
    pre = {"x": ROLES["pre"], "y": ["x_a_before", "y"]}
    post = {"x": ROLES["post"], "y": ["x_a_after", "z"]}
    rows = dyad_change(frame, pre=pre, post=post).tidy()
    lost = rows[rows["term"] == "y"]
    assert lost["note"].tolist() == ["not estimated: 0 complete pairs"]
    with pytest.raises(EstimationError, match="EST-001 outcome y: 0 complete pairs"):
        dyad_change(frame, pre={"y": pre["y"]}, post={"y": post["y"]})


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"pre": ["x_a_before"]}, "DAT-007"),
        ({"pre": ["x_a_before", "x_a_before"]}, "DAT-007"),
        ({"pre": {"x": ROLES["pre"]}, "post": {"y": ROLES["post"]}}, "DAT-007"),
        ({"members": ["a", "a"]}, "DAT-007"),
        ({"members": "ab"}, "DAT-007"),
        ({"post": ["x_a_after", "nowhere"]}, "DAT-003"),
        ({"post": ["x_a_after", "word"]}, "DAT-004"),
        ({"dyad": "word"}, "DAT-010"),
        ({"level": 2}, "DAT-002"),
        ({"scale": (0, 2)}, "DAT-002"),
        ({"scale": {"y": (0, 2)}}, "DAT-006"),
    ],
)
def test_bad_arguments(wrong: dict[str, object], code: str, frame: pd.DataFrame) -> None:
    with pytest.raises(DataError) as caught:
        dyad_change(frame.assign(word="same"), **{**ROLES, **wrong})
    assert {problem.code for problem in caught.value.problems} == {code}


@pytest.mark.parametrize("distinguishable", [True, False])
def test_equal_changes_have_no_interval_however_they_round(distinguishable: bool) -> None:  # noqa: FBT001
    one = np.array([1.1, 2.3, 3.4, 4.2, 1.7, 2.9, 3.3, 4.1])
    frame = pd.DataFrame({"x_a_before": one, "x_b_before": one[[3, 1, 0, 2, 5, 4, 7, 6]]})
    frame["x_a_after"], frame["x_b_after"] = frame["x_a_before"] + 0.3, frame["x_b_before"] + 0.3
    assert len(set(frame["x_a_after"] - frame["x_a_before"])) > 1  # what has to be overcome
    rows = _rows(frame, distinguishable=distinguishable)
    for quantity, value in (("mean change", 0.3), ("partner effect", 0), ("actor effect", 1)):
        found = rows.loc[quantity]
        single = found[~found.index.str.contains(" - ")]
        assert single["estimate"].tolist() == pytest.approx([value] * len(single))
        assert found["note"].eq("no spread: no interval").all()
        assert found["conf_low"].isna().all()
    assert rows.loc["partner effect", "estimate"].eq(0).all()
    assert np.isnan(rows.loc[("intraclass correlation", "change"), "estimate"])
    if distinguishable:
        assert rows.loc[("difference in mean change", "b - a"), "estimate"] == 0


def test_partners_as_unlike_as_can_be(frame: pd.DataFrame) -> None:
    frame["x_b_after"] = 6 - frame["x_a_after"].round(1)
    frame["x_a_after"] = frame["x_a_after"].round(1)
    likeness = _rows(frame, distinguishable=False).loc[("intraclass correlation", "after")]
    assert (likeness["estimate"], likeness["note"]) == (-1, "no spread: no interval")
    assert likeness[["conf_low", "p_value"]].isna().all()


def test_members_a_constant_apart(frame: pd.DataFrame) -> None:
    frame["x_b_after"] = (frame["x_a_after"].round(1) + 0.3).round(1)
    frame["x_a_after"] = frame["x_a_after"].round(1)
    rows = _rows(frame)
    assert rows.loc[("difference after", "b - a"), "note"] == "no spread: no interval"
    assert rows.loc[("upper limit of agreement", "b - a"), "note"] == "no spread: no interval"
    likeness = rows.loc[("intraclass correlation", "after")]
    assert (likeness["estimate"], likeness["note"]) == (1, "no spread: no interval")


@pytest.mark.parametrize("distinguishable", [True, False])
def test_a_large_offset_changes_no_effect(distinguishable: bool, frame: pd.DataFrame) -> None:  # noqa: FBT001
    moved = frame + 1e7
    near, far = (_rows(each, distinguishable=distinguishable) for each in (frame, moved))
    for quantity in ("mean change", "actor effect", "partner effect", "intraclass correlation"):
        columns = ["estimate", "conf_low", "conf_high"]
        wanted = near.loc[quantity, columns].to_numpy(dtype=float)
        np.testing.assert_allclose(far.loc[quantity, columns].to_numpy(dtype=float), wanted, rtol=1e-4, atol=1e-6)
