"""What must hold for any printed number: against exact arithmetic, and there and back again."""

from __future__ import annotations

import math
import statistics
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimationError
from evalkit.published import (
    change_from_summary,
    consistent_counts,
    difference_from_summary,
    grim,
    grimmer,
    implied_life_table,
    interval_to_p,
    log_symmetry,
    p_to_statistic,
    proportions_from_summary,
)
from evalkit.published.counts import count_limits
from evalkit.published.printed import parse_printed

# The same examples in every run.
settings.register_profile("published", max_examples=80, derandomize=True, database=None, deadline=None)
STEADY = settings.get_profile("published")

RULES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "truncated": ROUND_DOWN}
COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
MEANS = st.integers(-5000, 5000).map(lambda value: value / 100)
SDS = st.integers(1, 500).map(lambda value: value / 100)


def _printed(count: int, n: int, decimals: int, rule: str) -> Decimal:
    """The percentage as a rule prints it; 60 digits, and a quotient that goes on for ever is never a tie."""
    with localcontext() as context:
        context.prec = 60
        return (Decimal(100 * count) / Decimal(n)).quantize(Decimal(1).scaleb(-decimals), rounding=rule)


# consistent_counts ----------


@STEADY
@given(pair=COUNTS, decimals=st.integers(0, 3), rule=st.sampled_from(sorted(RULES)))
@example(pair=(1, 8), decimals=0, rule="half-even")
@example(pair=(3, 8), decimals=0, rule="half-up")
@example(pair=(1, 200), decimals=0, rule="half-even")
@example(pair=(199, 200), decimals=0, rule="half-up")
def test_a_printed_count_is_found_under_its_rule(pair: tuple[int, int], decimals: int, rule: str) -> None:
    count, n = pair
    percent = float(_printed(count, n, decimals, RULES[rule]))
    found = consistent_counts(percent, n=n, decimals=decimals).set_index("count")
    assert count in found.index
    assert rule in str(found.loc[count, "rounding"]).split(", ")


@STEADY
@given(digits=st.integers(0, 1000), n=st.integers(1, 300), decimals=st.sampled_from([0, 1]))
@example(digits=5, n=200, decimals=1)
@example(digits=0, n=200, decimals=0)
@example(digits=100, n=200, decimals=0)
def test_counts_agree_with_exact_arithmetic(digits: int, n: int, decimals: int) -> None:
    percent = Decimal(digits if decimals else digits // 10).scaleb(-decimals)
    expected = {}
    for count in range(n + 1):
        rules = [name for name, rule in RULES.items() if _printed(count, n, decimals, rule) == percent]
        if rules:
            expected[count] = ", ".join(rules)
    found = consistent_counts(float(percent), n=n, decimals=decimals)
    assert dict(zip(found["count"], found["rounding"].astype(str), strict=True)) == expected


@STEADY
@given(digits=st.integers(0, 1000), low=st.integers(1, 60), more=st.integers(0, 40))
def test_a_range_is_its_sizes_one_by_one(digits: int, low: int, more: int) -> None:
    percent = digits / 10
    whole = consistent_counts(percent, n_range=(low, low + more), decimals=1)
    single = [consistent_counts(percent, n=n, decimals=1) for n in range(low, low + more + 1)]
    rows = [record for frame in single for record in frame.astype(str).to_dict("records")]
    assert whole.astype(str).to_dict("records") == rows
    for n, frame in zip(range(low, low + more + 1), single, strict=True):
        # What `count_limits` promises: every count between the limits prints so, and no other.
        first, last = count_limits(percent, frame["n"].to_numpy()[:1], decimals=1)
        assert frame["count"].tolist() == [at for a, b in zip(first, last, strict=True) for at in range(a, b + 1)], n


@STEADY
@given(pair=COUNTS, decimals=st.integers(0, 9))
def test_large_sizes_lose_no_digit(pair: tuple[int, int], decimals: int) -> None:
    count, n = pair[0] * 10_007, pair[1] * 10_007
    percent = float(_printed(count, n, decimals, ROUND_HALF_UP))
    assert count in set(consistent_counts(percent, n=n, decimals=decimals)["count"])


# implied_life_table ----------


@STEADY
@given(
    start=st.integers(2, 400),
    shares=st.lists(st.floats(0, 0.6), min_size=1, max_size=4),
    rule=st.sampled_from(["half-up", "half-even"]),
    places=st.lists(st.integers(1, 3), min_size=4, max_size=4),
)
def test_life_table_there_and_back(start: int, shares: list[float], rule: str, places: list[int]) -> None:
    events, at_risk, left = [], [], start
    for share in shares:
        if left == 0:
            break
        gone = min(left, round(share * left))
        events.append(gone)
        at_risk.append(left)
        left -= gone
    decimals = places[: len(events)]
    rates = [
        float(_printed(gone, n, digits, RULES[rule])) for gone, n, digits in zip(events, at_risk, decimals, strict=True)
    ]
    try:
        table = implied_life_table(start, rates, decimals=decimals)
    except EstimationError:
        assume(False)  # too coarse to tell, and said so
    tables = {
        tuple(zip(solution["n_events"], solution["n_at_risk"], strict=True))
        for _, solution in table.frame.groupby("solution")
    }
    assert tuple(zip(events, at_risk, strict=True)) in tables
    assert len(tables) == table.n_solutions
    assert table.unique == (len(tables) == 1)
    for _, solution in table.frame.groupby("solution"):
        ends = (solution["n_at_risk"] - solution["n_events"]).tolist()
        assert solution["n_at_risk"].tolist() == [start, *ends[:-1]]
        for gone, n, rate, digits in zip(solution["n_events"], solution["n_at_risk"], rates, decimals, strict=True):
            prints = {float(_printed(gone, n, digits, way)) for way in RULES.values()}
            assert rate in prints


# Printed numbers ----------


@STEADY
@given(
    numerator=st.integers(-9999, 9999),
    denominator=st.sampled_from([1, 2, 3, 4, 7, 8, 16, 40, 125, 1000, 999]),
    decimals=st.integers(-2, 4),
)
@example(numerator=1, denominator=8, decimals=2)
@example(numerator=-1, denominator=8, decimals=2)
@example(numerator=25, denominator=1, decimals=-1)
def test_a_number_agrees_with_what_it_prints(numerator: int, denominator: int, decimals: int) -> None:
    value = Fraction(numerator, denominator)
    unit = Decimal(1).scaleb(-decimals)
    exact = Decimal(numerator) / Decimal(denominator)
    up, even = (exact.quantize(unit, rounding=rule) for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN))
    step = Decimal(1).scaleb(-decimals)
    for shown in {up, even, up + step, up - step, even + step, even - step}:
        printed = parse_printed(f"{shown:f}", decimals)
        assert printed is not None
        expected = shown in (up, even)
        assert printed.agrees(value) == expected, (shown, value)
        assert printed.agrees(float(value)) == expected, (shown, value)
        if expected:
            assert printed.overlaps(value, value)


# GRIM and GRIMMER ----------


@STEADY
@given(
    answers=st.lists(st.integers(-5, 12), min_size=2, max_size=60),
    items=st.integers(1, 4),
    decimals=st.integers(1, 3),
    sd_decimals=st.integers(1, 3),
)
def test_real_answers_are_never_accused(answers: list[int], items: int, decimals: int, sd_decimals: int) -> None:
    n = len(answers)
    mean = Fraction(sum(answers), n * items)
    for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        with localcontext() as context:
            context.prec = 60
            shown = (Decimal(mean.numerator) / mean.denominator).quantize(Decimal(1).scaleb(-decimals), rounding=rule)
            spreads = {
                kind: (Decimal(deviation.numerator) / deviation.denominator)
                .sqrt()
                .quantize(Decimal(1).scaleb(-sd_decimals), rounding=rule)
                for kind, deviation in {
                    "sample": statistics.variance(map(Fraction, answers)) / items**2,
                    "population": statistics.pvariance(map(Fraction, answers)) / items**2,
                }.items()
            }
        result = grim(float(shown), n=n, items=items, decimals=decimals)
        assert result.consistent
        assert result.nearest[0] <= float(shown) + 1e-12
        assert result.nearest[1] >= float(shown) - 1e-12
        for kind, spread in spreads.items():
            found = grimmer(float(shown), float(spread), n=n, items=items, decimals=decimals, sd_decimals=sd_decimals)
            assert kind in found.sd_types, (kind, spread)


@STEADY
@given(mean=st.integers(0, 700), n=st.integers(2, 150), items=st.integers(1, 3))
def test_the_nearest_means_are_possible(mean: int, n: int, items: int) -> None:
    result = grim(mean / 100, n=n, items=items, decimals=2)
    for near in result.nearest:
        assert grim(round(near, 6), n=n, items=items, decimals=6).consistent
    assert result.consistent == any(abs(near - mean / 100) <= 0.005 + 1e-12 for near in result.nearest)
    if not result.informative:
        assert result.consistent


@STEADY
@given(mean=st.integers(0, 300), sd=st.integers(0, 300), n=st.integers(2, 40))
def test_the_nearest_deviations_are_possible(mean: int, sd: int, n: int) -> None:
    result = grimmer(mean / 100, sd / 100, n=n, decimals=2)
    low, high = result.nearest
    if grim(mean / 100, n=n, decimals=2).consistent:
        assert high >= sd / 100 - 1e-12
        assert math.isnan(low) or low <= sd / 100 + 1e-12
        for near in (low, high):
            if not math.isnan(near):
                again = grimmer(mean / 100, round(near, 9), n=n, decimals=2, sd_decimals=9)
                assert "sample" in again.sd_types
    else:
        assert math.isnan(low)
        assert math.isnan(high)
        assert not result.consistent


# Summaries ----------

INVERTED = ["estimate", "statistic", "conf_low", "conf_high"]


@STEADY
@given(one=st.tuples(MEANS, SDS, st.integers(2, 200)), other=st.tuples(MEANS, SDS, st.integers(2, 200)))
def test_exchanged_groups_turn_the_sign(one: tuple[float, float, int], other: tuple[float, float, int]) -> None:
    there = difference_from_summary(*one, *other).tidy().set_index("term")
    back = difference_from_summary(*other, *one).tidy().set_index("term")
    for term in there.index:
        a, b = there.loc[term], back.loc[term]
        assert a["estimate"] == pytest.approx(-b["estimate"], rel=1e-9, abs=1e-12)
        assert a["conf_low"] == pytest.approx(-b["conf_high"], rel=1e-7, abs=1e-9)
        assert a["conf_high"] == pytest.approx(-b["conf_low"], rel=1e-7, abs=1e-9)
        if not math.isnan(a["p_value"]):
            assert a["p_value"] == pytest.approx(b["p_value"], rel=1e-9)


@STEADY
@given(
    one=st.tuples(MEANS, SDS, st.integers(2, 200)),
    other=st.tuples(MEANS, SDS, st.integers(2, 200)),
    factor=st.sampled_from([0.01, 2.0, 60.0]),
)
def test_another_unit_changes_the_difference_and_no_effect_size(
    one: tuple[float, float, int], other: tuple[float, float, int], factor: float
) -> None:
    def scaled(group: tuple[float, float, int]) -> tuple[float, float, int]:
        return group[0] * factor, group[1] * factor, group[2]

    before = difference_from_summary(*one, *other).tidy().set_index("term")
    after = difference_from_summary(*scaled(one), *scaled(other)).tidy().set_index("term")
    for term in before.index:
        by = factor if term.startswith("mean_difference") else 1.0
        for column in ("estimate", "conf_low", "conf_high"):
            assert after.loc[term, column] == pytest.approx(by * before.loc[term, column], rel=1e-6, abs=1e-9)


@STEADY
@given(
    before=MEANS,
    after=MEANS,
    sds=st.tuples(SDS, SDS),
    n=st.integers(2, 150),
    r=st.sampled_from([-0.9, -0.2, 0.0, 0.5, 0.8, 0.95]),
)
def test_change_turns_its_sign_and_knows_its_correlation(
    before: float, after: float, sds: tuple[float, float], n: int, r: float
) -> None:
    there = change_from_summary(before, sds[0], after, sds[1], n=n, r=r).tidy().set_index("term")
    back = change_from_summary(after, sds[1], before, sds[0], n=n, r=r).tidy().set_index("term")
    for term in ("change", "d_av", "d_z"):
        assert there.loc[term, "estimate"] == pytest.approx(-back.loc[term, "estimate"], rel=1e-9, abs=1e-12)
    assert there.loc["d_z", "conf_low"] == pytest.approx(-back.loc["d_z", "conf_high"], rel=1e-6, abs=1e-9)
    statistic, p_value = there.loc["change", "statistic"], there.loc["change", "p_value"]
    if before != after and n > 2 and 1e-200 < p_value < 0.99:
        from_t = change_from_summary(before, sds[0], after, sds[1], n=n, t=statistic).tidy().set_index("term")
        assert from_t.loc["correlation", "estimate"] == pytest.approx(r, abs=1e-6)
        assert from_t.loc["d_z", "estimate"] == pytest.approx(there.loc["d_z", "estimate"], rel=1e-6)
    ends = change_from_summary(before, sds[0], after, sds[1], n=n).tidy().set_index("term")["estimate"]
    size = abs(there.loc["d_z", "estimate"])
    assert abs(ends["d_z_at_r_minus_1"]) - 1e-12 <= size
    assert math.isnan(ends["d_z_at_r_plus_1"]) or size <= abs(ends["d_z_at_r_plus_1"]) + 1e-12


@STEADY
@given(one=COUNTS, other=COUNTS)
def test_exchanged_groups_invert_the_ratio(one: tuple[int, int], other: tuple[int, int]) -> None:
    there = proportions_from_summary(*one, *other).tidy().set_index("term")
    back = proportions_from_summary(*other, *one).tidy().set_index("term")
    assert there.loc["risk_difference", "conf_low"] == pytest.approx(
        -back.loc["risk_difference", "conf_high"], abs=1e-12
    )
    for term in ("fisher_exact", "chi_squared", "chi_squared_yates"):
        a, b = there.loc[term, "p_value"], back.loc[term, "p_value"]
        assert a == pytest.approx(b, rel=1e-9, nan_ok=True)
    for term in ("risk_ratio", "odds_ratio"):
        a, b = there.loc[term, "estimate"], back.loc[term, "estimate"]
        if 0 < a < math.inf:
            assert a * b == pytest.approx(1.0)
            low, high = there.loc[term, "conf_low"], back.loc[term, "conf_high"]
            if low > 0 and not math.isnan(low):
                assert low * high == pytest.approx(1.0, rel=1e-6)


@STEADY
@given(
    estimate=st.floats(-5, 5),
    std_error=st.floats(0.01, 3),
    level=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
    df=st.sampled_from([math.inf, 3.0, 25.0]),
)
def test_interval_to_p_there_and_back(estimate: float, std_error: float, level: float, df: float) -> None:
    half = p_to_statistic(1 - level, df=df) * std_error
    row = interval_to_p(estimate - half, estimate + half, estimate=estimate, level=level, df=df).tidy().iloc[0]
    assert row["std_error"] == pytest.approx(std_error, rel=1e-9)
    assert row["statistic"] == pytest.approx(estimate / std_error, rel=1e-9, abs=1e-12)
    if row["p_value"] > 1e-12:
        assert p_to_statistic(row["p_value"], df=df) == pytest.approx(abs(estimate / std_error), rel=1e-6, abs=1e-9)
    logged = interval_to_p(
        math.exp(estimate - half),
        math.exp(estimate + half),
        estimate=math.exp(estimate),
        level=level,
        scale="log",
        df=df,
    )
    assert logged.tidy().iloc[0]["p_value"] == pytest.approx(row["p_value"], rel=1e-6, abs=1e-12)


@STEADY
@given(ratio=st.floats(0.2, 8), width=st.floats(1.05, 3), decimals=st.integers(2, 3))
def test_wald_intervals_are_symmetrical(ratio: float, width: float, decimals: int) -> None:
    texts = [f"{value:.{decimals}f}" for value in (ratio, ratio / width, ratio * width)]
    assert log_symmetry(*texts).consistent
