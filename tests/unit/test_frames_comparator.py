"""The frame comparator must be able to fail: each of these changes is one that a looser comparator has let through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from frames import assert_frames_agree


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": ["a", "b", None],
            "estimate": [1.0, 2.0, np.nan],
            "std_error": [0.1, 0.2, np.nan],
            "high": [2.0, np.inf, np.nan],
            "n": [10, 20, 30],
            "flag": [True, False, True],
            "date": [pd.Timestamp("2020-01-01"), pd.NaT, pd.Timestamp("2020-03-01")],
        }
    )


def _set(column: str, row: int, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        values: list[object] = frame[column].tolist()
        values[row] = value
        return frame.assign(**{column: pd.Series(values, dtype=object)})

    return change


def test_a_frame_agrees_with_its_copy() -> None:
    assert_frames_agree(_frame(), _frame(), rtol=0, atol=0)


def test_the_index_and_integer_or_float_do_not_matter() -> None:
    other = _frame().astype({"n": float}).set_index(pd.Index([7, 8, 9]))
    assert_frames_agree(other, _frame(), rtol=0, atol=0)


CHANGES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "standard error": ("std_error", _set("std_error", 1, 0.2001)),
    "missing column": ("missing \\['std_error'\\]", lambda frame: frame.drop(columns="std_error")),
    "extra column": ("extra \\['more'\\]", lambda frame: frame.assign(more=1)),
    "column order": ("order", lambda frame: frame[frame.columns[::-1]]),
    "NaN for a number": ("std_error", _set("std_error", 0, np.nan)),
    "number for NaN": ("estimate", _set("estimate", 2, 0.0)),
    "finite for infinite": ("high", _set("high", 1, 1e308)),
    "infinite for finite": ("high", _set("high", 0, np.inf)),
    "other infinity": ("high", _set("high", 1, -np.inf)),
    "reordered rows": ("term", lambda frame: frame.iloc[[1, 0, 2]]),
    "missing row": ("rows: 2, expected 3", lambda frame: frame.iloc[:2]),
    "repeated row": ("rows: 4, expected 3", lambda frame: frame.iloc[[0, 1, 2, 2]]),
    "count off by one": ("'n'", _set("n", 0, 11)),
    "text": ("term", _set("term", 0, "A")),
    "None for text": ("term", _set("term", 0, None)),
    "text for None": ("term", _set("term", 2, "None")),
    "number as text": ("'n'", _set("n", 0, "10")),
    "truth": ("flag", _set("flag", 0, False)),
    "1 for True": ("flag", _set("flag", 0, 1)),
    "date": ("date", _set("date", 0, pd.Timestamp("2020-01-02"))),
    "date for no date": ("date", _set("date", 1, pd.Timestamp("2020-01-02"))),
    "no rows": ("rows: 0, expected 3", lambda frame: frame.iloc[:0]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_notices(name: str) -> None:
    message, change = CHANGES[name]
    with pytest.raises(AssertionError, match=message):
        assert_frames_agree(change(_frame()), _frame(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in CHANGES if "column" not in name])
def test_it_notices_from_the_other_side(name: str) -> None:
    with pytest.raises(AssertionError):
        assert_frames_agree(_frame(), CHANGES[name][1](_frame()), rtol=1e-6, atol=1e-9)


def test_scalars_of_numpy_are_the_numbers_they_hold() -> None:
    found = pd.DataFrame({"x": pd.Series([np.int64(3), np.float64("nan"), np.bool_(True)], dtype=object)})
    assert_frames_agree(found, pd.DataFrame({"x": pd.Series([3, None, True], dtype=object)}), rtol=0, atol=0)
    with pytest.raises(AssertionError, match="row 0"):
        assert_frames_agree(found, pd.DataFrame({"x": pd.Series([4, None, True], dtype=object)}), rtol=0, atol=0)


def test_tolerance_is_what_it_says() -> None:
    expected = pd.DataFrame({"x": [100.0, 0.0]})
    assert_frames_agree(pd.DataFrame({"x": [100.9, 0.0]}), expected, rtol=0.01, atol=0)
    assert_frames_agree(pd.DataFrame({"x": [100.0, 0.009]}), expected, rtol=0, atol=0.01)
    with pytest.raises(AssertionError, match=r"row 0: 101\.1, expected 100\.0"):
        assert_frames_agree(pd.DataFrame({"x": [101.1, 0.0]}), expected, rtol=0.01, atol=0)
    with pytest.raises(AssertionError, match="row 1"):
        assert_frames_agree(pd.DataFrame({"x": [100.0, 0.001]}), expected, rtol=0.5, atol=0)


def test_it_names_every_column_that_differs() -> None:
    changed = _frame().assign(estimate=[9.0, 2.0, np.nan], n=[10, 20, 31])
    with pytest.raises(AssertionError, match=r"(?s)'estimate'.*'n'"):
        assert_frames_agree(changed, _frame(), rtol=1e-6, atol=0)
