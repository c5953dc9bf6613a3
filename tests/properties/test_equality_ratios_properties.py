"""What must hold of ratios and shares for any counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from frames import assert_frames_agree
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.equality.composition import representation
from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.survey_gaps import survey_gap
from evalkit.numeric.part_of_whole import gap_to_whole, parity_to_whole, ratio_of_ratios
from evalkit.published.likelihoods import relative_likelihood_from_summary

cells = st.lists(st.integers(0, 60), min_size=12, max_size=12).filter(lambda made: min(made[:6]) + made[6] > 0)
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def funnel(made: list[int]) -> pd.DataFrame:
    """Two people more with and without the outcome, so that no group is refused."""
    return pd.DataFrame(
        {
            "group": (["white"] * 2 + ["BME"] * 2 + [None] * 2) * 2,
            "had": ["yes", "no"] * 6,
            "site": ["A"] * 6 + ["B"] * 6,
            "people": [value + (2 if at < 4 else 0) for at, value in enumerate(made)],
        }
    )


PAIR: dict[str, Any] = {"group": "group", "counts": "people"}


def relative(frame: pd.DataFrame, reference: str = "BME", comparison: str = "white", **more: Any) -> pd.DataFrame:
    found = relative_likelihood(
        frame, outcome="had", strata="site", reference=reference, comparison=comparison, **PAIR, **more
    )
    assert found.method.n_used + sum(found.method.n_dropped.values()) == frame["people"].sum()
    return found.frame


@settings(max_examples=15)
@given(cells, levels)
def test_exchanged_groups_invert_every_ratio_and_turn_every_difference(made: list[int], level: float) -> None:
    one, other = relative(funnel(made), level=level), relative(funnel(made), "white", "BME", level=level)
    columns = ["estimate", "conf_low", "conf_high"]
    for term, row in one[one["term"] != "rate"].groupby(["term", one["stratum"].fillna("")]):
        mirror = other[(other["term"] == term[0]) & (other["stratum"].fillna("") == term[1])]
        assert len(row) == len(mirror) == 1
        values, turned = row[columns].to_numpy()[0], mirror[columns].to_numpy()[0][[0, 2, 1]]
        with np.errstate(divide="ignore"):
            expected = -turned if term[0] == "difference" else 1 / turned
        np.testing.assert_allclose(values, expected, rtol=1e-7, atol=1e-9, equal_nan=True)
        p_values = [part["p_value"].iloc[0] for part in (row, mirror)]
        np.testing.assert_allclose(p_values[0], p_values[1], rtol=1e-9, equal_nan=True)


@settings(max_examples=15)
@given(cells, st.randoms(use_true_random=False))
def test_rows_in_any_order_and_split_in_parts_give_the_same(made: list[int], chance: Any) -> None:
    frame = funnel(made)
    order = list(range(len(frame)))
    chance.shuffle(order)
    halves = pd.concat([frame.assign(people=frame["people"] // 2), frame.assign(people=(frame["people"] + 1) // 2)])
    for changed in (frame.iloc[order], halves):
        assert_frames_agree(relative(changed), relative(frame), rtol=0, atol=0)


@settings(max_examples=15)
@given(cells)
def test_a_wider_level_makes_a_wider_interval_around_the_estimate(made: list[int]) -> None:
    narrow, wide = relative(funnel(made), level=0.8), relative(funnel(made), level=0.99)
    known = narrow["conf_low"].notna() & narrow["estimate"].notna()
    assert known.any()
    assert (wide["conf_low"] <= narrow["conf_low"] + 1e-12)[known].all()
    assert (wide["conf_high"] >= narrow["conf_high"] - 1e-12)[known].all()
    assert (narrow["conf_low"] <= narrow["estimate"] + 1e-9)[known].all()
    assert (narrow["estimate"] <= narrow["conf_high"] + 1e-9)[known].all()


@settings(max_examples=15)
@given(cells)
def test_shares_of_a_band_add_up_to_one_and_gaps_over_bands_to_nothing(made: list[int]) -> None:
    frame = funnel(made)
    result = representation(frame, band="site", **PAIR).frame
    shares = result[result["term"] == "share"].groupby("band")["estimate"].sum()
    assert np.allclose(shares, 1)
    gaps = result[(result["term"] == "gap") & (result["group"] == "BME")]
    assert math.isclose((gaps["estimate"] * gaps["n"]).sum(), 0, abs_tol=1e-8)


@settings(max_examples=15)
@given(cells)
def test_the_long_way_up_is_the_product_of_the_two_steps(made: list[int]) -> None:
    frame = funnel([value + 1 for value in made]).assign(band=["Band 5", "Band 6"] * 3 + ["Band 8a", "VSM"] * 3)
    ratios = disparity_ratio(frame, band="band", **PAIR).frame.set_index("term")["estimate"]
    product = ratios["lower_to_middle"] * ratios["middle_to_upper"]
    assert math.isclose(product, ratios["lower_to_upper"], rel_tol=1e-9)


@settings(max_examples=15)
@given(cells)
def test_a_survey_gap_is_the_difference_of_relative_likelihood(made: list[int]) -> None:
    frame = funnel(made)
    gap = survey_gap(frame, agreed="had", reference="BME", comparison="white", **PAIR).frame
    other = relative(frame)
    columns = ["estimate", "conf_low", "conf_high", "p_value", "n", "n_least"]
    one = gap[gap["term"] == "gap"][columns].reset_index(drop=True)
    assert_frames_agree(one, other[other["term"] == "difference"][columns].reset_index(drop=True), rtol=0, atol=0)


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 60), levels)
def test_a_part_is_to_the_whole_as_it_is_to_the_rest(a: int, n: int, b: int, m: int, level: float) -> None:
    a, b = min(a, n), min(b, m)
    gap, parity = (made(a, n, a + b, n + m, level=level) for made in (gap_to_whole, parity_to_whole))
    assert gap.low <= gap.estimate + 1e-12
    assert gap.estimate <= gap.high + 1e-12
    assert 0 <= parity.low <= parity.high <= (n + m) / n + 1e-9
    if a + b:
        assert parity.low - 1e-9 <= parity.estimate <= parity.high + 1e-9
        assert (gap.estimate > 1e-12) == (parity.estimate > 1 + 1e-12)


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(lambda made: made[0] + made[1] and made[2] + made[3])
)
def test_a_ratio_of_ratios_turns_round_with_its_groups_and_with_its_clusters(made: list[int]) -> None:
    one = ratio_of_ratios(made[0], made[1], made[2], made[3])[0]
    for turned in (
        ratio_of_ratios(made[2], made[3], made[0], made[1])[0],
        ratio_of_ratios(made[1], made[0], made[3], made[2])[0],
    ):
        with np.errstate(divide="ignore"):
            expected = 1 / np.array([turned.estimate, turned.high, turned.low])
        np.testing.assert_allclose([one.estimate, one.low, one.high], expected, rtol=1e-6, equal_nan=True)


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 400), st.integers(1, 400), st.integers(0, 2))
def test_no_true_print_is_ever_called_inconsistent(a: int, n: int, b: int, m: int, decimals: int) -> None:
    a, b = min(a, n), max(1, min(b, m))
    printed = [f"{100 * x / y:.{decimals}f}" for x, y in ((a, n), (b, m))]
    ratio = f"{(a / n) / (b / m):.2f}"
    assert relative_likelihood_from_summary(printed[0], printed[1], ratio).consistent
