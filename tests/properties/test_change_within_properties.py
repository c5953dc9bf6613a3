"""What must hold of change within people, whatever they answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.change.categories import category_change
from evalkit.change.margins import equivalence
from evalkit.change.matched import proportion_change
from evalkit.change.means import mean_change
from evalkit.change.multiplicity import adjust_p
from evalkit.change.ranks import rank_change
from evalkit.change.standardised import standardised_change
from evalkit.result import Estimates, Method, estimates

FEW = settings(max_examples=8, database=None)
WAVES = {"pre": "x_before", "post": "x_after"}
NUMBERS: dict[str, Callable[..., Estimates]] = {
    "mean": mean_change,
    "mean, bca": partial(mean_change, interval="bca", draws=1000, seed=4),
    "d_z": standardised_change,
    "d_av": partial(standardised_change, kind="d_av"),
    "d_rm": partial(standardised_change, kind="d_rm"),
    "rank": rank_change,
    "rank, pratt": partial(rank_change, zeros="pratt"),
    "share": partial(proportion_change, at_least=0.5),
    "equivalence": partial(equivalence, margin=2),
    "equivalence, d_z": partial(equivalence, margin=2, unit="d_z"),
}
EXACT = {name: one for name, one in NUMBERS.items() if "bca" not in name}
MAIN = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    answers = st.integers(-8, 8).map(lambda step: step / 4)
    n = draw(st.integers(6, 30))
    waves = [draw(st.lists(answers, min_size=n, max_size=n)) for _ in range(2)]
    frame = pd.DataFrame({"x_before": waves[0], "x_after": waves[1]})
    # A scale that says nothing of the answers, so that no two waves are taken for different instruments.
    frame.attrs["scales"] = {name: {"range": (-90, 90)} for name in frame}
    assume(
        frame["x_before"].std() > 0 and frame["x_after"].std() > 0 and (frame["x_after"] - frame["x_before"]).std() > 0
    )
    return frame


def row(result: Estimates) -> pd.Series:
    assert len(result.frame) == 1
    return result.frame.iloc[0]


def numbers(result: Estimates) -> list[float]:
    return row(result)[MAIN].astype(float).tolist()


@pytest.mark.parametrize("name", EXACT)
@FEW
@given(frame=frames(), seed=st.integers(0, 99))
def test_the_order_of_people_does_not_matter(name: str, frame: pd.DataFrame, seed: int) -> None:
    mixed = frame.sample(frac=1, random_state=seed)
    assert numbers(EXACT[name](mixed, **WAVES)) == pytest.approx(
        numbers(EXACT[name](frame, **WAVES)), rel=1e-7, nan_ok=True
    )


@pytest.mark.parametrize("name", EXACT)
@FEW
@given(frame=frames())
def test_waves_exchanged_turn_the_sign(name: str, frame: pd.DataFrame) -> None:
    there = EXACT[name](frame, **WAVES)
    back = EXACT[name](frame, pre="x_after", post="x_before")
    estimate, error, p, low, high = numbers(there)
    assert numbers(back) == pytest.approx([-estimate, error, p, -high, -low], rel=1e-7, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", NUMBERS)
@FEW
@given(frame=frames())
def test_a_higher_level_gives_a_wider_interval_around_the_estimate(name: str, frame: pd.DataFrame) -> None:
    rows = [row(NUMBERS[name](frame, **WAVES, level=level)) for level in (0.8, 0.95)]
    assume(all(np.isfinite(one["conf_low"]) for one in rows))
    assert rows[1]["conf_low"] <= rows[0]["conf_low"] <= rows[0]["conf_high"] <= rows[1]["conf_high"]
    if name != "mean, bca":
        assert rows[0]["conf_low"] <= rows[0]["estimate"] <= rows[0]["conf_high"]


@pytest.mark.parametrize("name", [name for name in NUMBERS if name not in {"share", "equivalence"}])
@FEW
@given(frame=frames(), factor=st.sampled_from([0.25, 2.0, 64.0]), offset=st.sampled_from([0.0, 16.0, -1024.0]))
def test_another_unit(name: str, frame: pd.DataFrame, factor: float, offset: float) -> None:
    there, moved = numbers(NUMBERS[name](frame, **WAVES)), (frame * factor + offset)
    moved.attrs["scales"] = {column: {"range": (-1e5, 1e5)} for column in moved}
    times = 1 if "d_" in name else factor
    wanted = [value * (1 if place == 2 else times) for place, value in enumerate(there)]
    assert numbers(NUMBERS[name](moved, **WAVES)) == pytest.approx(wanted, rel=1e-6, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", ["mean", "d_z", "d_av", "d_rm"])
@FEW
@given(frame=frames(), level=st.sampled_from([0.8, 0.95]))
def test_the_interval_holds_zero_exactly_when_the_test_does_not_reject(
    name: str, frame: pd.DataFrame, level: float
) -> None:
    found = row(NUMBERS[name](frame, **WAVES, level=level))
    assume(np.isfinite(found["conf_low"]) and abs(found["p_value"] - (1 - level)) > 1e-6)
    assert (found["conf_low"] <= 0 <= found["conf_high"]) == (found["p_value"] > 1 - level)


@FEW
@given(frame=frames())
def test_the_shares_of_categories_add_up_and_two_categories_are_a_share(frame: pd.DataFrame) -> None:
    two = (frame >= 0.5).astype(int)
    assume(two.to_numpy().min() == 0 and two.to_numpy().max() == 1)
    found = category_change(two, **WAVES).frame
    share = row(proportion_change(two, **WAVES))
    assert found["estimate"][2:].sum() == pytest.approx(0)
    assert found[[*MAIN, "p_exact"]].iloc[-1].tolist() == pytest.approx(share[[*MAIN, "p_exact"]].tolist(), nan_ok=True)


@FEW
@given(p=st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=12))
def test_adjusted_p_values(p: list[float]) -> None:
    assume(not np.isnan(p).all())
    method = Method("tests", "an example", "points")
    for rule in ("holm", "bh"):
        found = adjust_p(
            estimates([{"term": str(k), "p_value": value} for k, value in enumerate(p)], method), rule
        ).frame
        adjusted = found["p_adjusted"].to_numpy()
        known = ~np.isnan(p)
        assert (np.isnan(adjusted) == ~known).all()
        assert (adjusted[known] >= np.array(p)[known]).all()
        assert adjusted[known].max() <= 1
        ranks = np.argsort(np.array(p)[known], kind="stable")
        assert (np.diff(adjusted[known][ranks]) >= 0).all()
    holm = adjust_p(estimates([{"term": str(k), "p_value": value} for k, value in enumerate(p)], method)).frame
    assert (holm["p_adjusted"].dropna() >= found["p_adjusted"].dropna() - 1e-15).all()
