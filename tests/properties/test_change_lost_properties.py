"""What must hold of the then-test, reliable change, attrition, dose and flow for any data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.change.dose import dose_response
from evalkit.change.flow import participant_flow
from evalkit.change.losses import COMPLETE, IMPUTED, TIPPING_ESTIMATE, WEIGHTED, attrition
from evalkit.change.recalled import NAIVE, SHIFT, THEN_BASED, response_shift
from evalkit.change.reliable import reliable_change
from evalkit.disclosure import load_profile, release_frame
from evalkit.numeric.imputation import pool

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
SEEDS = st.integers(0, 10**6)


def staff(seed: int, n: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    before = rng.normal(3, 1, n)
    frame = pd.DataFrame(
        {
            "skill_before": before,
            "skill_then": before + rng.normal(-0.4, 0.6, n),
            "skill_after": before + rng.normal(0.4, 0.8, n),
            "meetings": rng.integers(0, 5, n).astype(float),
            "site": rng.choice(["a", "b"], n),
        }
    )
    frame.loc[rng.random(n) < 0.25, "skill_after"] = np.nan
    return frame


def stretched(frame: pd.DataFrame, by: float, plus: float) -> pd.DataFrame:
    columns = ["skill_before", "skill_then", "skill_after"]
    return frame.assign(**{name: plus + by * frame[name] for name in columns})


def then_test(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return response_shift(frame, pre="skill_before", then="skill_then", post="skill_after", **more).frame


def lost(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    found = attrition(frame, pre="skill_before", post="skill_after", seed=1, imputations=5, **more).frame
    return found.set_index("group")


def dosed(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return dose_response(frame, pre="skill_before", post="skill_after", dose="meetings", **more).frame


@given(SEEDS, st.integers(8, 40))
@settings(max_examples=8)
def test_order_of_rows_does_not_matter(seed: int, n: int) -> None:
    frame = staff(seed, n)
    turned = frame.sample(frac=1, random_state=seed % 1000)
    for made in (then_test, dosed):
        np.testing.assert_allclose(made(turned)[NUMBERS].to_numpy(), made(frame)[NUMBERS].to_numpy(), rtol=1e-9)
    fixed = [COMPLETE, WEIGHTED, "skill_before"]
    one, other = (lost(each).reindex(fixed)[NUMBERS].to_numpy() for each in (frame, turned))
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


@given(SEEDS, st.sampled_from([0.1, 7.0, -2.0]), st.sampled_from([0.0, 50.0]))
@settings(max_examples=8)
def test_another_unit_gives_the_same_in_that_unit(seed: int, by: float, plus: float) -> None:
    frame = staff(seed, 30)
    moved = stretched(frame, by, plus)
    for made in (then_test, dosed):
        one, other = made(frame), made(moved)
        np.testing.assert_allclose(other["estimate"], by * one["estimate"], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(other["std_error"], abs(by) * one["std_error"], rtol=1e-7)
    groups = [COMPLETE, WEIGHTED, IMPUTED, TIPPING_ESTIMATE] if by > 0 else [COMPLETE, WEIGHTED]
    one, other = lost(frame), lost(moved)
    np.testing.assert_allclose(other["estimate"].reindex(groups), by * one["estimate"].reindex(groups), rtol=1e-6)
    np.testing.assert_allclose(
        other["estimate"]["skill_before"], np.sign(by) * one["estimate"]["skill_before"], rtol=1e-7
    )


@given(SEEDS)
@settings(max_examples=6)
def test_a_wider_level_gives_a_wider_interval_around_the_same_point(seed: int) -> None:
    frame = staff(seed, 30)
    for made in (then_test, dosed, lambda each, **more: lost(each, **more).reset_index()):
        narrow, wide = made(frame, level=0.8), made(frame, level=0.99)
        known = narrow["conf_low"].notna()
        assert known.any()
        assert (wide.loc[known, "conf_low"] < narrow.loc[known, "conf_low"]).all()
        assert (wide.loc[known, "conf_high"] > narrow.loc[known, "conf_high"]).all()


@given(SEEDS)
@settings(max_examples=15)
def test_the_changes_differ_by_the_shift(seed: int) -> None:
    found = then_test(staff(seed, 20)).set_index("group")["estimate"]
    assert found[NAIVE] - found[THEN_BASED] == pytest.approx(found[SHIFT])


@given(SEEDS, st.floats(0.2, 0.95))
@settings(max_examples=20)
def test_shares_add_up_and_turning_the_scale_exchanges_better_and_worse(seed: int, reliability: float) -> None:
    frame = staff(seed, 25)
    given_ = {"pre": "skill_before", "post": "skill_after", "reliability": reliability}
    one = reliable_change(frame, **given_).frame.set_index("group")["estimate"]
    turned = reliable_change(stretched(frame, -1.0, 6.0), higher_is_better=False, **given_).frame
    other = reliable_change(frame, higher_is_better=False, **given_).frame.set_index("group")["estimate"]
    assert one.sum() == pytest.approx(1)
    assert turned.set_index("group")["estimate"].to_dict() == one.to_dict()
    assert (other["improved"], other["deteriorated"]) == (one["deteriorated"], one["improved"])


@given(st.floats(0.3, 0.9), st.floats(0.01, 0.09))
@settings(max_examples=12)
def test_a_better_measure_calls_more_changes_reliable(reliability: float, more: float) -> None:
    frame = staff(4, 60)
    shares = [
        reliable_change(frame, pre="skill_before", post="skill_after", reliability=value)
        .frame.set_index("group")["estimate"]["unchanged"]
        for value in (reliability, reliability + more)
    ]  # fmt: skip
    assert shares[1] <= shares[0]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.floats(0.01, 2), st.integers(3, 500))
def test_pooling_adds_variance_and_takes_degrees_of_freedom(points: list[float], variance: float, df: int) -> None:
    pooled = pool(points, [variance] * len(points), df_complete=df)
    assert pooled.std_error**2 >= variance * (1 - 1e-12)
    assert 0 < pooled.df <= df
    assert 0 <= pooled.missing_information < 1


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4))
@settings(max_examples=30)
def test_those_lost_and_those_there_add_up_at_every_step(counts: list[int]) -> None:
    invited, before, linked, analysed = sorted(counts, reverse=True)
    flow = participant_flow(invited=invited, before=before, linked=linked, analysed=analysed)
    there = flow[flow["reason"] == ""].set_index("step")
    gone = flow[flow["reason"] != ""].groupby("step")["n"].sum()
    for row in there.iloc[1:].itertuples():
        assert row.n + gone.get(row.Index, 0) == there.loc[row.of, "n"]


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5), st.sets(st.integers(0, 4), max_size=3), st.integers(1, 9))
@settings(max_examples=150)
def test_no_small_number_follows_from_the_flow_that_is_shown(counts: list[int], without: set[int], few: int) -> None:
    """Whoever solves the shown numbers for the others finds no group of one to ten people."""
    most, *rest = sorted(counts, reverse=True)
    known = {"invited": most, "before": rest[0], "after": rest[1], "linked": rest[2], "analysed": rest[3]}
    known = {name: people for place, (name, people) in enumerate(known.items()) if place not in without}
    lost = known.get("linked", 0) - known.get("analysed", 0)
    reasons = {"analysed": {"no score": min(few, lost)}} if {"linked", "analysed"} <= {*known} and lost > 0 else None
    flow = participant_flow(**known, reasons=reasons)
    shown = release_frame(flow, ["n", "n_least"], load_profile("staff-survey")).frame.dropna(subset=["n"])
    there = shown[shown["reason"] == ""].set_index("step")["n"]
    assert (shown["n"] >= 11).all()
    inside = [("invited", name) for name in ("answered before", "answered after", "linked", "analysed")]
    inside += [(name, later) for name in ("answered before", "answered after") for later in ("linked", "analysed")]
    for above, step in [*inside, ("linked", "analysed")]:
        if {above, step} <= {*there.index}:
            assert not 0 < there[above] - there[step] < 11
    for step, lines in shown[shown["reason"] != ""].groupby("step"):
        # Reasons stand only where both numbers do, and all of them.
        assert {step, lines["of"].iloc[0]} <= {*there.index}
        assert lines["n"].sum() == there[lines["of"].iloc[0]] - there[step]
