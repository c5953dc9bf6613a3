"""What must hold for any data of groups, waves and pairs: order, units, names, levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.change.comparison import adjusted_difference, difference_in_change
from evalkit.change.dyads import dyad_change
from evalkit.change.ordinal import ordinal_difference
from evalkit.change.several_waves import wave_change
from evalkit.numeric.regression import cluster_covariance, least_squares
from evalkit.result import Estimates

SEEDS = st.integers(0, 10_000)
NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high"]
WAVES = ["x_1", "x_2", "x_3"]
LIKELY = settings(max_examples=8)


def _grouped(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(16, 40))
    before = rng.integers(1, 6, n) + rng.integers(0, 2, n) / 2
    group = np.where(rng.permutation(n) < n // 2, "mentored", "comparison")
    after = np.clip(np.round(before + rng.normal(0.3, 1, n)), 1, 5)
    return pd.DataFrame(
        {
            "group": group,
            "team": rng.permutation(n) % 7,
            "x_before": before,
            "x_after": after,
            "age": rng.normal(40, 9, n),
        }
    )


def _models(frame: pd.DataFrame, **more: object) -> list[Estimates]:
    roles = {"pre": "x_before", "post": "x_after", "group": "group", **more}
    return [
        adjusted_difference(frame, covariates="age", **roles),
        adjusted_difference(frame, cluster="team", **roles),
        difference_in_change(frame, **roles),
        difference_in_change(frame, cluster="team", **roles),
        ordinal_difference(frame, by_cut=False, **roles),
    ]


def _contrast(result: Estimates) -> np.ndarray:
    rows = result.frame
    return rows.loc[rows["n_least"].notna(), [*NUMBERS, "p_value"]].iloc[0].to_numpy(dtype=float)


@LIKELY
@given(SEEDS)
def test_order_of_rows_and_names_of_groups_change_nothing(seed: int) -> None:
    frame = _grouped(seed)
    shuffled = frame.sample(frac=1, random_state=seed).set_index(np.arange(len(frame))[::-1])
    renamed = frame.assign(
        group=frame["group"].map({"mentored": "Z", "comparison": "A"}), team="t" + frame["team"].astype(str)
    )
    for one, *others in zip(_models(frame), _models(shuffled), _models(renamed), strict=True):
        for other in others:
            np.testing.assert_allclose(_contrast(other), _contrast(one), rtol=2e-5, atol=1e-9)


@LIKELY
@given(SEEDS)
def test_exchanged_groups_turn_the_contrast(seed: int) -> None:
    frame = _grouped(seed)
    for one, other in zip(_models(frame), _models(frame, reference="mentored"), strict=True):
        here, there = _contrast(one), _contrast(other)
        if one.method.scale == "log":
            np.testing.assert_allclose(there[[0, 3, 4]], 1 / here[[0, 4, 3]], rtol=1e-4)
        else:
            np.testing.assert_allclose(there[[0, 3, 4]], -here[[0, 4, 3]], atol=1e-9)
        np.testing.assert_allclose(there[[1, 5]], here[[1, 5]], rtol=1e-5)


@LIKELY
@given(SEEDS, st.sampled_from([0.01, 100.0]))
def test_units_follow(seed: int, unit: float) -> None:
    frame = _grouped(seed)
    scaled = frame.assign(x_before=frame["x_before"] * unit + 7, x_after=frame["x_after"] * unit + 7)
    for one, other in zip(_models(frame), _models(scaled), strict=True):
        factor = np.array([1.0] * 6 if one.method.scale == "log" else [unit, unit, 1, unit, unit, 1])
        np.testing.assert_allclose(_contrast(other), _contrast(one) * factor, rtol=2e-5, atol=1e-9 * unit)


@LIKELY
@given(SEEDS)
def test_a_higher_level_is_wider_and_the_test_agrees(seed: int) -> None:
    frame = _grouped(seed)
    for narrow, wide in zip(_models(frame, level=0.8), _models(frame, level=0.99), strict=True):
        here, there = _contrast(narrow), _contrast(wide)
        assert there[3] <= here[3] <= here[0] <= here[4] <= there[4]
        null = 1.0 if narrow.method.scale == "log" else 0.0
        assert (here[5] < 0.2) == (not here[3] <= null <= here[4])


@LIKELY
@given(SEEDS)
def test_people_copied_within_their_clusters_leave_the_point(seed: int) -> None:
    frame = _grouped(seed)
    twice = pd.concat([frame, frame])
    roles = {"pre": "x_before", "post": "x_after", "group": "group", "cluster": "team"}
    one, two = (adjusted_difference(each, **roles).frame.iloc[2] for each in (frame, twice))
    assert two["estimate"] == pytest.approx(one["estimate"])
    # Each cluster weighs as before, so its rows told nothing new: the error stays, unlike that of independent people.
    assert two["std_error"] == pytest.approx(one["std_error"], rel=0.15)
    assert adjusted_difference(twice, pre="x_before", post="x_after", group="group").frame["std_error"].iloc[2] < (
        0.8 * adjusted_difference(frame, pre="x_before", post="x_after", group="group").frame["std_error"].iloc[2]
    )


@LIKELY
@given(SEEDS)
def test_cr2_is_unbiased_under_independence(seed: int) -> None:
    """The mean over independent outcomes of variance one, taken unit by unit, is the inverse crossproduct."""
    rng = np.random.default_rng(seed)
    n = 14
    design = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    if np.linalg.matrix_rank(design) < 3:
        return
    clusters = rng.permutation(n) % 5
    total = sum(cluster_covariance(least_squares(design, unit), clusters).matrix for unit in np.eye(n))
    np.testing.assert_allclose(total, np.linalg.inv(design.T @ design), atol=1e-8)


@LIKELY
@given(SEEDS, st.booleans())
def test_waves(seed: int, lost: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    answers = rng.normal(3, 0.5, (18, 1)) + rng.normal([0, 0.5, 0.3], 0.4, (18, 3))
    if lost:
        answers[rng.permutation(18)[:4], rng.integers(0, 3, 4)] = np.nan
    frame = pd.DataFrame(answers, columns=WAVES)
    result = wave_change(frame, waves=WAVES, anova=False).frame.iloc[:5]
    shuffled = wave_change(frame.sample(frac=1, random_state=1), waves=WAVES, anova=False).frame.iloc[:5]
    scaled = wave_change(frame * 100 + 5, waves=WAVES, anova=False).frame.iloc[3:5]
    wide = wave_change(frame, waves=WAVES, anova=False, level=0.99).frame.iloc[:5]
    numbers = result[NUMBERS].to_numpy(dtype=float)
    np.testing.assert_allclose(shuffled[NUMBERS].to_numpy(dtype=float), numbers, rtol=1e-5)
    np.testing.assert_allclose(scaled[NUMBERS].to_numpy(dtype=float), numbers[3:] * [100, 100, 1, 100, 100], rtol=1e-4)
    assert (wide["conf_low"] < result["conf_low"]).all()
    back = wave_change(frame, waves=WAVES, anova=False, baseline="2").frame.iloc[3]
    np.testing.assert_allclose(
        back[NUMBERS].to_numpy(dtype=float),
        numbers[3] * [-1, 1, 1, 0, 0] - numbers[3][[0, 0, 0, 4, 3]] * [0, 0, 0, 1, 1],
    )


@LIKELY
@given(SEEDS, st.booleans())
def test_pairs(seed: int, roles: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    pair = rng.normal(3, 0.5, (9, 1))
    frame = pd.DataFrame(pair + rng.normal(0, 0.5, (9, 4)), columns=["a_before", "b_before", "a_after", "b_after"])
    named = {"pre": ["a_before", "b_before"], "post": ["a_after", "b_after"], "distinguishable": roles}
    one = dyad_change(frame, **named).frame
    other = dyad_change(frame.sample(frac=1, random_state=seed), **named).frame
    wide = dyad_change(frame, **named, level=0.99).frame
    np.testing.assert_allclose(other[NUMBERS].to_numpy(dtype=float), one[NUMBERS].to_numpy(dtype=float), rtol=1e-8)
    whole = one["conf_low"].notna()
    assert whole.sum() >= 7
    assert (wide["conf_low"][whole] < one["conf_low"][whole]).all()
    assert (wide["conf_high"][whole] > one["conf_high"][whole]).all()
    scaled = dyad_change(frame * 10 - 4, **named).frame
    factor = np.where(one["unit"] == "points of the outcome", 10.0, 1.0)
    np.testing.assert_allclose(scaled["estimate"], one["estimate"] * factor, rtol=1e-8)
