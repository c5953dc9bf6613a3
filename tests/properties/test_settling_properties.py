"""To leave off where nothing more can be found must change no verdict, and no limit of a count that is not safe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evalkit.disclosure import reachable
from evalkit.disclosure.attacking import ReleasedTable, attack, released_table
from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.table_checks import Roles

TOTALS = {"a": "All", "b": "All"}
COUNTS = st.sampled_from([0, 0, 1, 3, 7, 9, 10, 11, 12, 14, 25, 60, 400])
INNER = arrays.arrays(np.int64, (3, 3), elements=COUNTS)
SHARES = arrays.arrays(np.float64, (3, 3), elements=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
HIDDEN = arrays.arrays(np.bool_, 16, elements=st.booleans(), fill=st.just(value=False))
ROUNDED = st.sampled_from(["nhs-hospital", "opensafely", "hesa"])


def with_margins(inner: npt.NDArray[np.int64]) -> list[int]:
    cube = np.vstack([inner, inner.sum(axis=0)])
    return [int(value) for value in np.column_stack([cube, cube.sum(axis=1)]).ravel()]


def frame_of(inner: npt.NDArray[np.int64], **parts: npt.NDArray[np.int64]) -> pd.DataFrame:
    labels = ["0", "1", "2", "All"]
    frame = pd.DataFrame([{"a": one, "b": other} for one in labels for other in labels])
    return frame.assign(n=with_margins(inner), **{name: with_margins(part) for name, part in parts.items()})


def read(name: str, frame: pd.DataFrame, profile: str, subset_of: dict[str, str] | None = None) -> ReleasedTable:
    dims = tuple(dim for dim in ("a", "b") if dim in frame)
    counts = tuple(count for count in ("n", "part") if count in frame)
    return released_table(name, frame, Roles(counts, dims, TOTALS, subset_of or {}), load_profile(profile))


def agree(tables: list[ReleasedTable]) -> None:
    whole, left_off = attack(tables), attack(tables, furthest=False)
    assert (whole is None) == (left_off is None)
    if whole is None or left_off is None:
        event("nobody agrees")
        return
    told = ["table", "row", "count", "verdict"]
    pd.testing.assert_frame_equal(whole[told], left_off[told])
    assert (left_off["low"] >= whole["low"]).all()
    assert (left_off["high"] <= whole["high"]).all()
    bad = whole["verdict"] != "safe"
    pd.testing.assert_frame_equal(whole[bad], left_off[bad])
    event(f"bad: {bool(bad.any())}, safe: {bool((~bad).any())}")


@settings(max_examples=40)
@given(INNER, HIDDEN, SHARES)
def test_of_withheld_counts(
    inner: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_], shares: npt.NDArray[np.float64]
) -> None:
    frame = frame_of(inner, part=np.floor(inner * shares).astype(np.int64)).astype({"n": float, "part": float})
    frame.loc[hidden | frame["n"].between(1, 9), "n"] = np.nan
    frame.loc[frame["part"].between(1, 9), "part"] = np.nan
    tables = [read("both", frame, "staff-survey", {"part": "n"})]
    if hidden[:2].any():
        tables.append(read("rows", frame_of(inner)[lambda all_: all_["b"] == "All"][["a", "n"]], "staff-survey"))
    agree(tables)


@settings(max_examples=40)
@given(INNER, HIDDEN, ROUNDED)
def test_of_rounded_counts(inner: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_], profile: str) -> None:
    made = protect(frame_of(inner), counts="n", dims=["a", "b"], totals=TOTALS, profile=profile)
    frame = made.frame[["a", "b"]].assign(n=made.frame["released"].mask(hidden))
    tables = [read("table", frame, profile)]
    if hidden[:4].any():  # what was not rounded, beside what was
        tables.append(read("exact", frame_of(inner)[lambda all_: all_["b"] == "All"][["a", "n"]], "staff-survey"))
    agree(tables)


@settings(max_examples=40)
@given(INNER, HIDDEN, HIDDEN)
def test_rows_that_need_no_guard_change_nothing_for_the_others(
    inner: npt.NDArray[np.int64], hidden: npt.NDArray[np.bool_], guarded: npt.NDArray[np.bool_]
) -> None:
    frame = frame_of(inner).astype({"n": float})
    frame.loc[hidden | frame["n"].between(1, 9), "n"] = np.nan
    table = read("table", frame, "staff-survey")
    whole, asked = (attack([replace(table, guarded=flags)], furthest=False) for flags in (None, guarded))
    assert (whole is None) == (asked is None)
    if whole is None or asked is None:
        return
    rows = [label for label, flag in zip(table.labels, guarded, strict=True) if flag]
    mine, same = (found[found["row"].isin(rows)] for found in (whole, asked))
    assert mine[["row", "verdict"]].equals(same[["row", "verdict"]])
    bad = mine["verdict"] != "safe"
    pd.testing.assert_frame_equal(mine[bad], same[bad])
    # What is printed and small is found whoever asks.
    assert set(asked.loc[~asked["row"].isin(rows), "verdict"]) <= {"safe", "small"}


def test_nobody_in_many_rows_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows of a total of nobody are 0: one programme shows that, not two for every row."""
    solved: list[int] = []
    corner = reachable.corner_of
    monkeypatch.setattr(reachable, "corner_of", lambda *given: solved.append(1) or corner(*given))
    rows = [f"site {at}" for at in range(60)]
    frame = pd.DataFrame({"a": [*rows, "All"], "n": [np.nan] * 60 + [0.0]})
    found = attack([read("sites", frame, "staff-survey")], furthest=False)
    assert found is not None
    found = found[found["row"] != "a All"]
    assert (found[["low", "high"]] == 0).all(axis=None)
    assert set(found["verdict"]) == {"recoverable"}
    assert len(solved) < 10
