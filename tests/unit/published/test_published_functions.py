"""The public functions: edges, refusals with their codes, and all refusals at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evalkit.errors import DataError, EstimationError
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

Call = Callable[[], Any]

REFUSALS: dict[str, tuple[Call, list[str]]] = {
    # consistent_counts
    "per cent above 100": (lambda: consistent_counts(100.1, n=9, decimals=1), ["DAT-002"]),
    "per cent below 0": (lambda: consistent_counts(-1, n=9, decimals=0), ["DAT-002"]),
    "per cent as text": (lambda: consistent_counts("5", n=9, decimals=0), ["DAT-009"]),
    "per cent missing": (lambda: consistent_counts(math.nan, n=9, decimals=0), ["DAT-009"]),
    "finer than its decimals": (lambda: consistent_counts(3.77, n=9, decimals=1), ["DAT-005"]),
    "nobody": (lambda: consistent_counts(5, n=0, decimals=0), ["DAT-002"]),
    "half a person": (lambda: consistent_counts(5, n=2.5, decimals=0), ["DAT-009"]),
    "true people": (lambda: consistent_counts(5, n=True, decimals=0), ["DAT-009"]),
    "no n": (lambda: consistent_counts(5, decimals=0), ["DAT-009"]),
    "two n": (lambda: consistent_counts(5, n=9, n_range=(1, 9), decimals=0), ["DAT-009"]),
    "range exchanged": (lambda: consistent_counts(5, n_range=(9, 1), decimals=0), ["DAT-007"]),
    "range of one": (lambda: consistent_counts(5, n_range=(9,), decimals=0), ["DAT-009"]),
    "range no pair": (lambda: consistent_counts(5, n_range=9, decimals=0), ["DAT-009"]),
    "range from 0": (lambda: consistent_counts(5, n_range=(0, 9), decimals=0), ["DAT-002"]),
    "negative decimals": (lambda: consistent_counts(5, n=9, decimals=-1), ["DAT-002"]),
    "decimals without end": (lambda: consistent_counts(5, n=9, decimals=10**9), ["DAT-002"]),
    "half a decimal": (lambda: consistent_counts(5, n=9, decimals=1.5), ["DAT-009"]),
    "too large to count": (lambda: consistent_counts(5, n=10**17, decimals=2), ["DAT-002"]),
    "too large for 64 bits": (lambda: consistent_counts(5, n=np.int64(10**16), decimals=3), ["DAT-002"]),
    "too many sizes": (lambda: consistent_counts(5, n_range=(1, 10**9), decimals=0), ["DAT-002"]),
    "too many counts": (lambda: consistent_counts(5, n=10**12, decimals=0), ["DAT-002"]),
    "all of these": (lambda: consistent_counts(101, n=0, decimals=-1), ["DAT-002", "DAT-002", "DAT-002"]),
    # implied_life_table
    "no rates": (lambda: implied_life_table(9, [], decimals=1), ["DAT-009"]),
    "rates without decimals": (lambda: implied_life_table(9, [5.0, 6.0], decimals=[1]), ["DAT-009"]),
    "rates wrong": (lambda: implied_life_table(0, [101, -1, 3.77], decimals=1), ["DAT-002"] * 3 + ["DAT-005"]),
    "life table too large": (lambda: implied_life_table(10**17, [5.0], decimals=2), ["DAT-002"]),
    # grim, grimmer
    "grim of nobody": (lambda: grim(5.1, n=0, items=0, decimals=2), ["DAT-002", "DAT-002"]),
    "grim too fine": (lambda: grim(5.123, n=9, decimals=2), ["DAT-005"]),
    "grim of a nation": (lambda: grim(5.1, n=10**10, decimals=2), ["DAT-002"]),
    "grim without end": (lambda: grim(5.1, n=9, decimals=10**9), ["DAT-002"]),
    "grim of infinity": (lambda: grim(math.inf, n=9, decimals=2), ["DAT-002"]),
    "grimmer of one": (lambda: grimmer(5.1, 1.0, n=1, decimals=1), ["DAT-002"]),
    "grimmer negative": (lambda: grimmer(5.1, -1.0, n=9, decimals=1), ["DAT-002"]),
    "grimmer too fine": (lambda: grimmer(5.12, 1.234, n=9, decimals=1, sd_decimals=2), ["DAT-005", "DAT-005"]),
    "grimmer of many": (lambda: grimmer(5.1, 1.0, n=10**8, decimals=1), ["DAT-002"]),
    "grimmer far apart": (lambda: grimmer(5.1, 1e9, n=3, decimals=1), ["DAT-002"]),
    "grimmer all": (
        lambda: grimmer(math.nan, -1, n=0, items=0, decimals=-1),
        ["DAT-002"] * 3 + ["DAT-009"] + ["DAT-002"] * 3,
    ),
    # proportions_from_summary
    "events above n": (lambda: proportions_from_summary(9, 8, 9, 8), ["DAT-007", "DAT-007"]),
    "events negative": (lambda: proportions_from_summary(-1, 8, 1, 0), ["DAT-002", "DAT-002"]),
    "events as per cent": (lambda: proportions_from_summary(0.5, 8, 1, 8), ["DAT-009"]),
    "level of 1": (lambda: proportions_from_summary(1, 8, 1, 8, level=1), ["DAT-002"]),
    "level of 95": (lambda: proportions_from_summary(1, 8, 1, 8, level=95), ["DAT-002"]),
    "level of nothing": (lambda: proportions_from_summary(1, 8, 1, 8, level=1e-17), ["DAT-002"]),
    # difference_from_summary
    "negative sd": (lambda: difference_from_summary(1, -1, 9, 1, -1, 9), ["DAT-002", "DAT-002"]),
    "groups of one": (lambda: difference_from_summary(1, 1, 1, 1, 1, 1), ["DAT-002", "DAT-002"]),
    "means missing": (lambda: difference_from_summary(math.nan, 1, 9, "2", 1, 9), ["DAT-009", "DAT-009"]),
    # change_from_summary
    "change wrong": (lambda: change_from_summary(1, -1, 2, -1, n=1), ["DAT-002"] * 3),
    "r and t": (lambda: change_from_summary(1, 1, 2, 1, n=9, r=0.5, t=2), ["DAT-009"]),
    "r above 1": (lambda: change_from_summary(1, 1, 2, 1, n=9, r=1.1), ["DAT-002"]),
    "p of 0": (lambda: change_from_summary(1, 1, 2, 1, n=9, p=0), ["DAT-002"]),
    "t missing": (lambda: change_from_summary(1, 1, 2, 1, n=9, t=math.nan), ["DAT-009"]),
    "t impossible": (lambda: change_from_summary(1, 1, 2, 1, n=9, t=0.5), ["DAT-007"]),
    "t of 0 beside a change": (lambda: change_from_summary(1, 1, 2, 1, n=9, t=0), ["DAT-007"]),
    "t beside no change": (lambda: change_from_summary(1, 1, 1, 1, n=9, t=2), ["DAT-007"]),
    "p of 1 beside a change": (lambda: change_from_summary(1, 1, 2, 1, n=9, p=1), ["DAT-007"]),
    # interval_to_p, p_to_statistic, log_symmetry
    "limits exchanged": (lambda: interval_to_p(2, 1), ["DAT-007"]),
    "limits equal": (lambda: interval_to_p(1, 1), ["DAT-007"]),
    "point outside": (lambda: interval_to_p(1, 2, estimate=3), ["DAT-007"]),
    "point missing": (lambda: interval_to_p(1, 2, estimate=math.nan), ["DAT-009"]),
    "ratio of 0": (lambda: interval_to_p(0, 2, scale="log"), ["DAT-002"]),
    "scale unknown": (lambda: interval_to_p(1, 2, scale="logs"), ["DAT-006"]),
    "df of 0": (lambda: interval_to_p(1, 2, df=0), ["DAT-002"]),
    "all of an interval": (
        lambda: interval_to_p(2, 1, level=1, df=-1, scale="x"),
        ["DAT-002", "DAT-007", "DAT-002", "DAT-006"],
    ),
    "p above 1": (lambda: p_to_statistic(1.1), ["DAT-002"]),
    "p zero, df negative": (lambda: p_to_statistic(0, df=-1), ["DAT-002", "DAT-002"]),
    "ratio no number": (lambda: log_symmetry("about 1", "<0.5", "2"), ["DAT-004", "DAT-004"]),
    "ratio not above 0": (lambda: log_symmetry("0", "-0.5", "2"), ["DAT-002", "DAT-002"]),
    "ratio too fine": (lambda: log_symmetry("1.234", "0.5", "2", decimals=2), ["DAT-005"]),
    "ratio limits exchanged": (lambda: log_symmetry("1", "2", "0.5"), ["DAT-007"]),
    "ratio decimals": (lambda: log_symmetry("1", "0.5", "2", decimals=-1), ["DAT-002"]),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name: str) -> None:
    call, codes = REFUSALS[name]
    with pytest.raises(DataError) as caught:
        call()
    assert [problem.code for problem in caught.value.problems] == codes
    assert all(problem.place and problem.found and problem.remedy for problem in caught.value.problems)


def test_life_tables_too_coarse_to_tell() -> None:
    with pytest.raises(EstimationError, match="EST-001 rates: more than 10,000"):
        implied_life_table(2000, [10, 10, 10], decimals=0)
    with pytest.raises(EstimationError, match="EST-001"):
        implied_life_table(10**12, [10], decimals=0)


def test_numpy_numbers_are_numbers() -> None:
    plain = consistent_counts(3.77, n=239, decimals=2)
    other = consistent_counts(np.float64(3.77), n=np.int64(239), decimals=np.int64(2))
    assert other.to_dict("records") == plain.to_dict("records")
    assert implied_life_table(np.int64(239), [3.77], decimals=np.int64(2)).unique


def test_ties_and_their_rules() -> None:
    def rules(percent: int, count: int, n: int) -> str:
        frame = consistent_counts(percent, n=n, decimals=0).set_index("count")
        return str(frame.loc[count, "rounding"]) if count in frame.index else ""

    assert rules(12, 1, 8) == "half-even, truncated"
    assert rules(13, 1, 8) == "half-up"
    assert rules(38, 3, 8) == "half-up, half-even"
    assert rules(37, 3, 8) == "truncated"
    assert rules(0, 1, 200) == "half-even, truncated"
    assert rules(1, 1, 200) == "half-up"
    assert rules(100, 8, 8) == "half-up, half-even, truncated"


def test_counts_are_whole_numbers_in_order() -> None:
    frame = consistent_counts(50, n_range=(1, 9), decimals=0)
    assert list(frame.columns) == ["count", "n", "rounding"]
    assert frame.dtypes.astype(str).tolist() == ["int64", "int64", "category"]
    assert frame[["n", "count"]].to_numpy().tolist() == sorted(frame[["n", "count"]].to_numpy().tolist())
    nothing = consistent_counts(6.1, n=78, decimals=1)
    assert nothing.empty
    assert list(nothing.columns) == ["count", "n", "rounding"]


def test_life_tables() -> None:
    nobody = implied_life_table(239, [3.78], decimals=2)
    assert (nobody.n_solutions, nobody.unique, len(nobody.frame)) == (0, False, 0)
    several = implied_life_table(1000, [10], decimals=0)
    assert several.n_solutions == len(several.frame) == 15  # 95 to 105 by rounding, to 109 when cut
    assert not several.unique
    # Each rate keeps its own decimals: 3.5 is not 3.50.
    assert implied_life_table(230, [3.5], decimals=2).n_solutions == 0
    assert implied_life_table(230, [3.48, 3.6], decimals=[2, 1]).unique
    # Once all have gone there is no rate of those still there.
    assert implied_life_table(5, [100, 0], decimals=0).n_solutions == 0


def test_granularity_of_the_far_and_the_flat() -> None:
    flat = grimmer(3.5, 0.0, n=9998, decimals=1)
    assert not flat.consistent
    assert math.isnan(flat.nearest[0])
    assert flat.nearest[1] == pytest.approx(math.sqrt(9998 * 0.25 / 9997), abs=0.03)
    same = grimmer(3.0, 0.0, n=5, decimals=1)
    assert same.sd_types == ("sample", "population")
    assert same.nearest == (0.0, 0.0)
    assert grim(-5.19, n=28, decimals=2).nearest == (-146 / 28, -145 / 28)
    assert not grim(5.19, n=100, decimals=2).informative
    assert grimmer(35000.0, 12345.6, n=3, decimals=1).printed == 12345.6


def test_difference_without_spread() -> None:
    table = difference_from_summary(3, 0, 9, 2, 0, 9).tidy().set_index("term")
    assert table.loc["mean_difference_student", ["estimate", "conf_low", "conf_high"]].tolist() == [1, 1, 1]
    assert table.loc["mean_difference_student", "p_value"] == 0
    assert math.isnan(table.loc["cohens_d", "estimate"])
    assert (table["n"] == 18).all()


def test_change_of_nothing_tells_no_correlation() -> None:
    for given in ({"t": 0.0}, {"p": 1.0}):
        table = change_from_summary(3, 1, 3, 2, n=9, **given).tidy().set_index("term")
        assert "correlation" not in table.index
        assert table.loc["d_z_at_r_0", "estimate"] == 0
    flat = change_from_summary(3, 0, 4, 2, n=9, t=1.5).tidy().set_index("term")
    assert flat.loc[["d_z_at_r_minus_1", "d_z_at_r_0", "d_z_at_r_plus_1"], "estimate"].tolist() == [0.5] * 3


def test_change_at_the_edges() -> None:
    table = change_from_summary(0, 1, 1, 1, n=9, r=1).tidy().set_index("term")
    assert math.isnan(table.loc["percent_change", "estimate"])
    assert table.loc["d_z", "estimate"] == math.inf
    assert table.loc["change", "p_value"] == 0
    still = change_from_summary(1, 1, 1, 1, n=9, r=1).tidy().set_index("term")
    assert math.isnan(still.loc["d_z", "estimate"])
    assert change_from_summary(1, 1, 2, 1, n=9, t=-3).tidy().equals(change_from_summary(1, 1, 2, 1, n=9, t=3).tidy())


def test_interval_without_a_point_takes_the_middle() -> None:
    assert interval_to_p(1, 3).tidy().iloc[0]["estimate"] == 2
    assert interval_to_p(1, 4, scale="log").tidy().iloc[0]["estimate"] == pytest.approx(2)
    assert p_to_statistic(1.0) == 0


def test_log_symmetry() -> None:
    found = log_symmetry(0.69, 0.59, 0.82)
    assert found.consistent
    assert found.low < found.geometric_mean < found.high
    assert not log_symmetry("0.80", "0.59", "0.82").consistent
    # 2.2 with one decimal allows 2.15 to 2.25, with two it does not.
    assert log_symmetry("1.41", "0.88", "2.2").consistent
    assert not log_symmetry("1.41", "0.88", "2.20").consistent
    assert log_symmetry(1e-5, 0.9e-5, 1.1e-5).printed == 1e-5
    assert log_symmetry(0.7, 0.6, 0.8, decimals=2).consistent == log_symmetry("0.70", "0.60", "0.80").consistent
