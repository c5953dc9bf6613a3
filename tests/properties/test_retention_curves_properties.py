"""What must hold for curves, retention, restricted means and tests of groups, for any cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimationError
from evalkit.retention.building import cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import gray_test, logrank
from evalkit.retention.curves import cumulative_incidence, survival_curve
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at

few = settings(max_examples=20)
COUNTS = ["n_at_risk", "n_events", "n_censored"]


@st.composite
def spells(draw: st.DrawFn, *, censored: bool = True, delayed: bool = True) -> pd.DataFrame:
    """One spell a person, with ties; of a seed, so that it shrinks to a number."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(12, 60))
    start = rng.integers(0, 5, n) * (rng.integers(0, 2, n) if delayed else 0)
    start[:4] = 0
    kinds = np.array([None, "move", "retire"], dtype=object)
    return pd.DataFrame(
        {
            "p": np.arange(n),
            "start": start.astype(float),
            "stop": start + rng.integers(1, 12, n) / draw(st.sampled_from([1, 8])),
            "event": kinds[rng.integers(0 if censored else 1, 3, n)],
            "g": np.resize(["a", "b", "c"], n),
            "site": rng.choice(["x", "y"], n),
            "w": rng.integers(1, 4, n).astype(float),
            "v": rng.choice([0.5, 1.25, 3.0], n),
        }
    )


def made(frame: pd.DataFrame, **options: Any) -> Cohort:
    if frame["event"].isna().all():
        frame = frame.assign(event=["move", *frame["event"][1:]])
    roles = {"person": "p", "start": "start", "stop": "stop", "event": "event", "covariates": ["g", "site"]}
    return cohort_from_spells(frame, **roles, **options)


def results(data: Cohort, horizon: float = 2.0) -> list[pd.DataFrame]:
    """Everything that takes delayed entry."""
    found = [
        survival_curve(data, by="g").tidy(),
        cumulative_incidence(data, by="g").tidy(),
        retention_at(data, [1, horizon], by="g").tidy(),
        median_time(data, by="g").tidy(),
    ]
    for run in (lambda: restricted_mean(data, by="g", horizon=horizon, states=True), lambda: logrank(data, by="g")):
        try:
            found.append(run().tidy())
        except EstimationError:
            found.append(pd.DataFrame())
    return found


def agree(one: list[pd.DataFrame], other: list[pd.DataFrame], drop: tuple[str, ...] = ()) -> None:
    assert len(one) == len(other) == 6
    for first, second in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(
            first.drop(columns=[c for c in drop if c in first]),
            second.drop(columns=[c for c in drop if c in second]),
            rtol=1e-9,
            atol=1e-10,
        )


@few
@given(spells(), st.integers(0, 10**6))
def test_the_order_of_rows_and_the_names_of_people_do_not_matter(frame: pd.DataFrame, seed: int) -> None:
    shuffled = frame.sample(frac=1, random_state=seed).assign(p=lambda f: [f"person {p}" for p in f["p"]])
    agree(results(made(frame)), results(made(shuffled)))


@few
@given(spells(), st.integers(0, 10**6))
def test_splitting_a_spell_changes_nothing(frame: pd.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    middle = frame["start"] + (frame["stop"] - frame["start"]) * rng.uniform(0.2, 0.8, len(frame))
    cut = rng.random(len(frame)) < 0.5
    first = frame.assign(stop=np.where(cut, middle, frame["stop"]), event=frame["event"].where(~cut, None))
    second = frame.assign(start=middle)[cut]
    agree(results(made(frame)), results(made(pd.concat([first, second], ignore_index=True))))


@few
@given(spells())
def test_incidences_and_survival_add_up_to_one(frame: pd.DataFrame) -> None:
    data = made(frame)
    staying = survival_curve(data, by="g").tidy()
    gone = cumulative_incidence(data, by="g").tidy().groupby(["group", "time"])[["estimate", "n_events"]].sum()
    both = staying.set_index(["group", "time"])[["estimate", "n_events"]].join(gone, rsuffix="_gone")
    np.testing.assert_allclose(both["estimate"] + both["estimate_gone"], 1, rtol=1e-12)
    assert both["n_events"].tolist() == both["n_events_gone"].tolist()


@few
@given(spells())
def test_times_in_all_states_add_up_to_the_horizon(frame: pd.DataFrame) -> None:
    data = made(frame)
    try:
        rows = restricted_mean(data, by="g", states=True).tidy()
    except EstimationError:
        return
    groups = rows[rows["group"].isin(["a", "b", "c"])]
    np.testing.assert_allclose(groups.groupby("group")["estimate"].sum(), groups["horizon"].iloc[0], rtol=1e-9)


@few
@given(spells(censored=False, delayed=False))
def test_without_censoring_it_is_the_share_still_there(frame: pd.DataFrame) -> None:
    data = made(frame)
    curve = survival_curve(data).tidy()
    stop = frame["stop"].to_numpy()
    np.testing.assert_allclose(curve["estimate"], [(stop > time).mean() for time in curve["time"]], atol=1e-12)
    share = curve["estimate"].to_numpy()[:-1]
    np.testing.assert_allclose(curve["std_error"].to_numpy()[:-1], np.sqrt(share * (1 - share) / len(stop)), atol=1e-12)
    mean = restricted_mean(data).tidy().loc[0]
    assert mean["estimate"] == pytest.approx(stop.mean())
    assert mean["std_error"] == pytest.approx(stop.std() / np.sqrt(len(stop)))


@few
@given(spells(delayed=False))
def test_robust_and_greenwoods_errors_agree_where_nobody_enters_late(frame: pd.DataFrame) -> None:
    plain, robust = made(frame), made(frame.assign(c=frame["p"]), cluster="c")
    one, other = (survival_curve(data, by="g").tidy()["std_error"] for data in (plain, robust))
    np.testing.assert_allclose(one, other, atol=1e-9)


@few
@given(spells())
def test_whole_weights_are_people(frame: pd.DataFrame) -> None:
    copies = frame.loc[frame.index.repeat(frame["w"].astype(int))].assign(p=lambda f: range(len(f)))
    weighted, replicated = made(frame, weight="w"), made(copies)
    # Incidence always has the robust error, which takes a weighted person for one.
    for index, (one, other) in enumerate(zip(results(weighted), results(replicated), strict=True)):
        robust = index in (1, 4)
        drop = [*COUNTS, "n", "n_least"]
        drop += ["std_error", "conf_low", "conf_high", "statistic", "p_value", "flag"] if robust else []
        kept = [[name for name in found if name not in drop] for found in (one, other)]
        pd.testing.assert_frame_equal(one[kept[0]], other[kept[1]], rtol=1e-9, atol=1e-10)


@few
@given(spells(), st.sampled_from([0.25, 3.0]))
def test_weights_have_no_unit(frame: pd.DataFrame, factor: float) -> None:
    one, other = (made(frame.assign(v=frame["v"] * size), weight="v") for size in (1.0, factor))
    for run in (survival_curve, cumulative_incidence):
        if factor * 2 == round(factor * 2) and run is survival_curve and (frame["v"] * factor % 1 == 0).all():
            continue  # whole numbers are people
        left, right = (run(data, by="g").tidy() for data in (one, other))
        pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)


@few
@given(spells(delayed=False))
def test_renaming_groups_changes_no_test_and_turns_differences(frame: pd.DataFrame) -> None:
    frame = frame[frame["g"] != "c"]
    turned = frame.assign(g=frame["g"].map({"a": "z", "b": "b"}))
    one, other = made(frame), made(turned)
    first, second = (retention_at(data, 1.0, by="g").tidy().iloc[-1] for data in (one, other))
    np.testing.assert_allclose(first["estimate"], -second["estimate"], atol=1e-12)
    np.testing.assert_allclose(
        first[["conf_low", "conf_high"]].astype(float),
        -second[["conf_high", "conf_low"]].astype(float),
        atol=1e-12,
    )
    for test in (
        lambda data: logrank(data, by="g", strata="site", weights="tarone-ware"),
        lambda data: gray_test(data, by="g", cause=data.causes[0]),
    ):
        try:
            values = [test(data).tidy().loc[0, ["statistic", "p_value"]].astype(float) for data in (one, other)]
        except EstimationError:
            continue
        np.testing.assert_allclose(values[0], values[1], rtol=1e-8, atol=1e-10)


@few
@given(spells())
def test_a_change_of_unit_changes_times_only(frame: pd.DataFrame) -> None:
    one, other = (
        results(made(frame)),
        results(made(frame.assign(start=frame["start"] * 4, stop=frame["stop"] * 4)), 8.0),
    )
    for index in (0, 1):
        scaled = one[index].assign(time=one[index]["time"] * 4)
        pd.testing.assert_frame_equal(scaled, other[index], rtol=1e-9, atol=1e-10)
    if len(one[4]) and len(other[4]):
        of_time = one[4]["scale"] == "identity"
        np.testing.assert_allclose(one[4]["estimate"] * np.where(of_time, 4, 1), other[4]["estimate"], rtol=1e-9)
        np.testing.assert_allclose(one[4]["std_error"] * np.where(of_time, 4, 1), other[4]["std_error"], rtol=1e-9)


@few
@given(spells(), st.sampled_from(["log-log", "log", "plain"]))
def test_a_wider_level_gives_a_wider_interval_around_the_estimate(frame: pd.DataFrame, scale: Any) -> None:
    data = made(frame)
    for run in (
        lambda level: survival_curve(data, by="g", level=level, interval=scale),
        lambda level: cumulative_incidence(data, by="g", level=level, interval=scale),
        lambda level: retention_at(data, [1, 3], by="g", level=level, interval=scale),
    ):
        narrow, wide = (run(level).tidy() for level in (0.8, 0.99))
        known = narrow["conf_low"].notna()
        assert (wide["conf_low"][known] <= narrow["conf_low"][known] + 1e-12).all()
        assert (wide["conf_high"][known] >= narrow["conf_high"][known] - 1e-12).all()
        assert (narrow["conf_low"][known] <= narrow["estimate"][known] + 1e-12).all()
        assert (narrow["conf_high"][known] >= narrow["estimate"][known] - 1e-12).all()
