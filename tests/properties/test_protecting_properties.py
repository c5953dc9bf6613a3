"""What must hold of any protected table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.rules import withheld

TOTALS = {"a": "All", "b": "All"}
COUNTS = st.sampled_from([0, 0, 1, 3, 7, 9, 10, 11, 12, 14, 25, 60, 400])
TABLES = arrays.arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=COUNTS)
PROFILES = st.sampled_from(["staff-survey", "nhs-hospital", "opensafely", "hesa"])


def frame_of(inner: npt.NDArray[np.int64]) -> pd.DataFrame:
    rows = inner.shape[0]
    cube = np.vstack([inner, inner.sum(axis=0)])
    cube = np.column_stack([cube, cube.sum(axis=1)])
    return pd.DataFrame(
        [
            {"a": "All" if i == rows else f"a{i}", "b": "All" if j == inner.shape[1] else f"b{j}", "n": int(cube[i, j])}
            for i in range(cube.shape[0])
            for j in range(cube.shape[1])
        ]
    )


@settings(max_examples=25)
@given(TABLES, PROFILES)
def test_nothing_small_leaves_and_nothing_can_be_worked_out(inner: npt.NDArray[np.int64], profile: str):
    table = frame_of(inner)
    made = protect(table, counts="n", dims=["a", "b"], totals=TOTALS, profile=profile)
    small = withheld(table["n"], load_profile(profile))
    assert made.frame.loc[small, "released"].isna().all()
    assert (made.frame["released"].isna() == (made.frame["flag"] == "suppressed")).all()
    assert (audit(made)["verdict"] == "safe").all()


@settings(max_examples=15)
@given(TABLES)
def test_without_rounding_what_leaves_is_true(inner: npt.NDArray[np.int64]):
    table = frame_of(inner)
    released = protect(table, counts="n", dims=["a", "b"], totals=TOTALS).frame["released"]
    known = released.notna()
    assert (released[known] == table.loc[known, "n"]).all()


@settings(max_examples=15)
@given(TABLES, st.randoms(use_true_random=False))
def test_other_names_and_another_order_are_as_safe(inner: npt.NDArray[np.int64], random: object):
    table = frame_of(inner)
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = table.iloc[order].rename(columns={"a": "zone"})
    made = protect(other, counts="n", dims=["b", "zone"], totals={"zone": "All", "b": "All"})
    assert (audit(made)["verdict"] == "safe").all()
    assert made.frame["zone"].tolist() == other["zone"].tolist()
