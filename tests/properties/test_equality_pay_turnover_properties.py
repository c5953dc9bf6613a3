"""What must hold for any pay and any turnover: order, units, exchanged groups, wider levels, counts for people."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.equality.pay import pay_gap
from evalkit.equality.turnover import leaver_rate_from_counts
from evalkit.numeric.event_rates import rate, rate_ratio
from evalkit.numeric.relative_gaps import median_interval, ranked, shares_of_parts

PAY = st.lists(st.integers(1000, 4000), min_size=6, max_size=40)
NUMBERS = ["estimate", "conf_low", "conf_high"]


def frame(men: list[int], women: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"sex": ["M"] * len(men) + ["F"] * len(women), "pay": [*men, *women]})


def result(data: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    return pay_gap(data, sex="sex", hourly="pay", level=level).frame


@settings(max_examples=25)
@given(PAY, PAY, st.randoms(use_true_random=False))
def test_neither_order_nor_unit_matters(men: list[int], women: list[int], random: object) -> None:
    data = frame(men, women)
    mixed = data.sample(frac=1, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    in_pence = mixed.assign(pay=mixed["pay"] * 128.0)
    one, other = result(data)[NUMBERS].to_numpy(), result(in_pence)[NUMBERS].to_numpy()
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@settings(max_examples=25)
@given(PAY, PAY)
def test_exchanged_groups_invert_the_ratios(men: list[int], women: list[int]) -> None:
    one, other = result(frame(men, women)), result(frame(women, men))
    for row in (0, 1):
        a, b = (1 - part.loc[row, NUMBERS].to_numpy(dtype=float) for part in (one, other))
        if np.isfinite(a).all():
            np.testing.assert_allclose(a * b[[0, 2, 1]], 1, rtol=1e-9)
    shares, turned = (part.iloc[2:].set_index(["term", "group"])["estimate"] for part in (one, other))
    for term, _ in shares.index:
        assert shares[(term, "men")] == pytest.approx(turned[(term, "women")], abs=1e-9)


@settings(max_examples=25)
@given(PAY, PAY)
def test_limits_hold_the_estimate_and_widen(men: list[int], women: list[int]) -> None:
    data = frame(men, women)
    narrow, wide = result(data, 0.8), result(data)
    for part in (narrow, wide):
        known = part.dropna(subset=["conf_low"])
        assert (known["conf_low"] <= known["estimate"] + 1e-12).all()
        assert (known["estimate"] <= known["conf_high"] + 1e-12).all()
        assert (known["conf_high"] <= 1).all()
    both = wide["conf_low"].notna() & narrow["conf_low"].notna()
    assert (wide["conf_low"][both] <= narrow["conf_low"][both] + 1e-12).all()
    assert (wide["conf_high"][both] >= narrow["conf_high"][both] - 1e-12).all()


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 5)), min_size=1, max_size=20), st.integers(1, 6))
def test_parts_are_equal_and_hold_everybody(rows: list[tuple[int, int]], parts: int) -> None:
    rates = np.array([float(rate) for rate, _ in rows])
    counts = np.array([1 + more for _, more in rows])
    people = ranked(rates, counts)
    order = np.argsort(rates, kind="stable")
    members = counts[order] // 2
    sizes, women = shares_of_parts(people, members, parts)
    assert sizes.sum() == people.n
    assert sizes.max() - sizes.min() <= 1
    assert women.sum() == pytest.approx(members.sum())
    assert (women <= sizes + 1e-9).all()
    assert (women >= -1e-9).all()


@given(st.lists(st.integers(1, 50), min_size=6, max_size=60))
def test_median_limits_are_between_order_statistics_and_round_the_median(values: list[int]) -> None:
    found = median_interval(ranked(np.array(values, dtype=float)), level=0.95)
    assert min(values) <= found.low <= found.estimate <= found.high <= max(values)
    assert found.estimate == np.median(values)


@settings(max_examples=40)
@given(st.integers(0, 300), st.integers(1, 1000), st.integers(0, 300), st.integers(1, 1000))
def test_rates_and_ratios(a: int, base: int, b: int, other: int) -> None:
    narrow, wide = rate(a, base, level=0.8), rate(a, base)
    assert wide.low <= narrow.low <= a / base <= narrow.high <= wide.high
    one, p = rate_ratio(a, base, b, other)
    turned, q = rate_ratio(b, other, a, base)
    if a + b:
        assert p == pytest.approx(q)
    if a and b:
        assert one.estimate * turned.estimate == pytest.approx(1)
        assert one.low * turned.high == pytest.approx(1)
    counts = pd.DataFrame({"g": ["x", "y"], "s": [2 * base, 2 * other], "e": [0, 0], "l": [a, b]})
    rows = leaver_rate_from_counts(counts, at_start="s", at_end="e", leavers="l", by="g", reference="y").frame
    assert rows["estimate"].iloc[0] == pytest.approx(a / base)
    ratio = rows["estimate"].iloc[2]
    assert ratio == pytest.approx(one.estimate) or (math.isnan(ratio) and not a + b)
