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
    flow = participant_flow(invited=invited, before=before, linked=linked, analysed=analysed).set_index("step")
    for row in flow.iloc[1:].itertuples():
        assert row.n + row.lost == flow.loc[row.of, "n"]
