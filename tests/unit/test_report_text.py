"""Numbers as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.report import text


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.41647, 3, "0.416"),
        (1234.56, 3, "1,235"),
        (12.0, 3, "12"),
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (-12.34, 3, "-12.3"),
        (0.00012345, 3, "0.000123"),
        (0.00001, 3, "<0.0001"),
        (-0.00001, 3, ">-0.0001"),
        (math.inf, 3, "infinity"),
        (-math.inf, 3, "-infinity"),
        (math.nan, 3, "\u2013"),
        (84.375, 5, "84.375"),
        (123456.7, 2, "123,457"),
    ],
)
def test_a_number_has_a_few_digits_and_no_exponent(value: float, digits: int, said: str):
    assert text.number(value, digits) == said


@given(st.floats(-1e12, 1e12), st.integers(1, 6))
def test_a_number_never_has_an_exponent_and_reads_back_near(value: float, digits: int):
    said = text.number(value, digits)
    assert "e" not in said
    if said[0] not in "<>":
        assert float(said.replace(",", "")) == pytest.approx(value, rel=0.6 * 10 ** (1 - digits), abs=1e-6)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.01837, "0.018"), (0.000235, "<0.001"), (0.001, "0.001"), (1.0, "1.000"), (math.nan, "\u2013")],
)
def test_a_p_value_has_three_decimals(value: float, said: str):
    assert text.p_value(value) == said


def test_an_interval_names_both_limits_unless_neither_is_known():
    assert text.interval(0.2019, 0.5547) == "0.202 to 0.555"
    assert text.interval(math.nan, math.nan) == "\u2013"
    assert text.interval(1.0, math.inf) == "1 to no upper limit"
    assert text.interval(-math.inf, 1.0) == "no lower limit to 1"
    assert text.interval(math.nan, 2.0) == "\u2013 to 2"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.00003, 0.0476, "-0.00003 to 0.0476"),
        (0.0000001, 0.0476, "<0.0001 to 0.0476"),
        (0.45124, 0.45131, "0.4512 to 0.4513"),
        (2.0, 2.0004, "2 to 2.0004"),
        (0.5, 0.5, "0.500 to 0.500"),
    ],
)
def test_limits_that_differ_are_not_written_alike_nor_with_a_sign_of_less(low: float, high: float, said: str):
    assert text.interval(low, high) == said


def test_a_count_has_commas():
    assert [text.count(value) for value in (309532.0, 0.0, math.nan)] == ["309,532", "0", "\u2013"]
