"""A printed relative likelihood against its printed percentages."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.published.likelihoods import relative_likelihood_from_summary

NAMES = {"comparison": "white", "reference": "BME"}


def test_the_worked_example_in_print() -> None:
    found = relative_likelihood_from_summary("46.99", "14.65", "3.2", **NAMES)
    assert found.consistent
    assert found.verdict == "exact"
    assert found.ratio == pytest.approx(46.99 / 14.65)
    assert (found.low, found.high) == pytest.approx((46.985 / 14.655, 46.995 / 14.645))
    assert found.direction == "white over BME, as stated"
    assert found.reversed_ratio == pytest.approx(14.65 / 46.99)


@pytest.mark.parametrize(
    ("printed", "direction"),
    [
        ("0.31", "BME over white: turned round"),
        ("0.312", "BME over white: turned round"),
        ("5.16", "an odds ratio, white over BME"),
        ("0.194", "an odds ratio, BME over white"),
        ("0.621", "of those without it, white over BME"),
        ("1.61", "of those without it, BME over white"),
        ("32.34", "percentage points, white less BME"),
        ("3.3", "no known quantity of the two percentages"),
        ("3.1", "no known quantity of the two percentages"),
    ],
)
def test_what_a_wrong_number_is(printed: str, direction: str) -> None:
    found = relative_likelihood_from_summary("46.99", "14.65", printed, **NAMES)
    assert not found.consistent
    assert found.verdict == "inconsistent"
    assert found.direction == direction


@pytest.mark.parametrize(
    ("first", "second", "printed", "verdict"),
    [
        ("47", "15", "3.13", "exact"),
        ("47", "15", "3.2", "rounding"),  # 46.5 / 15.5 = 3.0 to 47.5 / 14.5 = 3.276
        ("47", "15", "3.05", "rounding"),
        ("47", "15", "3.28", "rounding"),  # prints from 3.275
        ("47", "15", "3.29", "inconsistent"),
        ("47", "15", "2.99", "inconsistent"),
        ("47.0", "15.0", "3.2", "inconsistent"),
    ],
)
def test_rounding_of_the_percentages_is_allowed_for(first: str, second: str, printed: str, verdict: str) -> None:
    found = relative_likelihood_from_summary(first, second, printed)
    assert found.verdict == verdict
    assert found.consistent == (verdict != "inconsistent")


def test_decimals_make_zeros_at_the_end_count() -> None:
    assert relative_likelihood_from_summary(47.0, 15.0, "3.13", decimals=1).low == pytest.approx(46.95 / 15.05)
    assert relative_likelihood_from_summary("47 %", "15%", "3.13").low == pytest.approx(46.5 / 15.5)


def test_rates_of_nought_and_all() -> None:
    nothing = relative_likelihood_from_summary("0.0", "0.0", "1.0")
    assert math.isnan(nothing.ratio)
    assert nothing.consistent  # 0.04 over 0.04 prints so
    low = relative_likelihood_from_summary("5.0", "0.0", "200")
    assert (low.ratio, low.high, low.verdict) == (math.inf, math.inf, "rounding")
    assert not relative_likelihood_from_summary("5.0", "0.0", "50").consistent  # at least 4.95 / 0.05
    full = relative_likelihood_from_summary("100", "99.9", "1.0")
    assert full.verdict == "exact"
    assert full.high == pytest.approx(100 / 99.85)  # nothing above 100 counts
    assert relative_likelihood_from_summary("5.0", "0.0", "0.00", **NAMES).direction == "BME over white: turned round"


@pytest.mark.parametrize(
    ("arguments", "more", "codes"),
    [
        (("146.99", "14.65", "3.2"), {}, ["DAT-002"]),
        (("46.99", "-1", "-3.2"), {}, ["DAT-002", "DAT-002"]),
        (("<0.1", "many", "3.2"), {}, ["DAT-004", "DAT-004"]),
        ((True, "14.65", "3.2"), {}, ["DAT-004"]),
        (("46.99", "14.65", "3.2"), {"decimals": 1}, ["DAT-005", "DAT-005"]),
        (("46.99", "14.65", "3.2"), {"decimals": -1}, ["DAT-002"]),
        (("46.99", "14.65", "3.2"), {"decimals": 1.5}, ["DAT-009"]),
    ],
)
def test_bad_input(arguments: Any, more: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        relative_likelihood_from_summary(*arguments, **more)
    assert [problem.code for problem in caught.value.problems] == codes
