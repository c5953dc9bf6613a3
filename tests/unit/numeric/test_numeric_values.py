"""The values that the numeric layer returns cannot be changed."""

from __future__ import annotations

import dataclasses
import math

import pytest

from evalkit.numeric.values import Interval, Test


def test_values_are_frozen() -> None:
    for value in (Interval(1.0, 0.0, 2.0), Test(1.0, 2.0, 0.3)):
        name = dataclasses.fields(value)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 5.0)


def test_standard_error_is_not_a_number_by_default() -> None:
    assert math.isnan(Interval(1.0, 0.0, 2.0).std_error)
    assert Interval(1.0, 0.0, 2.0, 0.5).std_error == 0.5
