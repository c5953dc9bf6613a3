"""Trends and ratios: what is drawn is what was given, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.figures import beside_four_fifths, trend
from evalkit.result import Estimates, Method, estimates


def method(scale: str) -> Method:
    return Method(
        name="indicator", estimand="a made-up indicator", unit="ratio" if scale == "log" else "proportion", scale=scale,
        level=0.95, interval="Koopman", n_given=100, n_used=100,
    )  # fmt: skip


def rows(*values: tuple[str, str, float, float, float], scale: str = "log", term: str = "ratio") -> Estimates:
    return estimates(
        [{"term": term, "group": group, "year": year, "estimate": one, "conf_low": low, "conf_high": high, "n": 50}
         for group, year, one, low, high in values],
        method(scale),
    )  # fmt: skip


def test_a_trend_has_a_line_a_group_in_the_order_of_the_years() -> None:
    given = rows(
        ("BME", "2024", 1.4, 1.1, 1.8), ("BME", "2023-03-31", 1.6, 1.2, 2.0), ("disabled", "2024", 1.1, 0.8, 1.5)
    )
    ax = trend(given, label="Ratio")
    null, bme, disabled = ax.get_lines()
    assert np.allclose(null.get_ydata(), 1)
    assert np.round(bme.get_xdata()).tolist() == [2023, 2024]
    assert bme.get_ydata().tolist() == [1.6, 1.4]
    assert disabled.get_ydata().tolist() == [1.1]
    assert bme.get_xdata()[1] < 2024 < disabled.get_xdata()[0]
    bars = [[segment[:, 1].tolist() for segment in bar.get_segments()] for bar in ax.collections]
    assert bars == [[[1.2, 2.0], [1.1, 1.8]], [[0.8, 1.5]]]
    assert (ax.get_yscale(), ax.get_ylabel(), ax.get_xlabel()) == ("log", "Ratio", "Year")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["BME", "disabled"]
    assert bme.get_marker() != disabled.get_marker()


def test_a_trend_of_shares_has_no_line_of_no_difference_and_its_unit() -> None:
    given = rows(("BME", "2023", 0.1, 0.05, 0.2), ("BME", "2024", 0.3, math.nan, math.nan), scale="identity")
    ax = trend(given)
    (line,) = ax.get_lines()
    assert (ax.get_yscale(), ax.get_ylabel(), ax.get_legend()) == ("linear", "proportion", None)
    assert line.get_ydata().tolist() == [0.1, 0.3]
    bottom, top = ax.get_ylim()
    assert bottom < 0.05
    assert top > 0.3


def test_limits_without_end_run_to_the_edge_and_what_is_no_number_is_left_out() -> None:
    given = rows(
        ("BME", "2022", math.inf, 1.0, math.inf), ("BME", "2023", 0.0, 0.0, 2.0), ("BME", "2024", 2.0, 0.5, math.inf)
    )
    ax = trend(given)
    assert ax.get_lines()[1].get_ydata().tolist() == [2.0]
    (segment,) = ax.collections[0].get_segments()
    assert segment[:, 1].tolist() == [0.5, ax.get_ylim()[1]]
    assert trend(rows(("BME", "2022", math.nan, math.nan, math.nan))).axison is False


def test_terms_are_named_where_they_differ() -> None:
    one, other = rows(("BME", "2024", 1.4, 1.1, 1.8)), rows(("BME", "2024", 1.2, 1.1, 1.3), term="other_ratio")
    both = Estimates(pd.concat([one.tidy(), other.tidy()]), one.method)
    assert [text.get_text() for text in trend(both).get_legend().get_texts()] == ["ratio, BME", "other ratio, BME"]
    with pytest.raises(DataError, match="DAT-003"):
        trend(both, time="snapshot")


def test_the_band_stands_behind_the_intervals() -> None:
    ax = beside_four_fifths(rows(("BME", "2024", 1.1, 1.05, 1.15)), label="Ratio")
    (band,) = ax.patches
    assert [band.get_x(), band.get_x() + band.get_width()] == pytest.approx([0.8, 1.25])
    assert {0.8, 1.0, 1.25} <= set(ax.get_xticks())
    low, high = ax.get_xlim()
    assert low < 0.8 < 1.25 < high
    assert ax.get_legend().get_texts()[0].get_text() == "four-fifths rule: 0.8 to 1.25"
    drawn = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert any(np.allclose(line, [1.05, 1.15]) for line in drawn)
    assert all(line.get_zorder() > band.get_zorder() for line in ax.get_lines())
    assert beside_four_fifths(rows(("BME", "2024", math.nan, math.nan, math.nan))).axison is False
