"""`audit` beside what was released before, also when it was saved and read back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.protecting import Protected, protect
from evalkit.errors import DataError

W = math.nan  # withheld
ALL = {"site": "All"}


def made(people: dict[str, int], count: str = "n", **more: Any) -> Protected:
    table = pd.DataFrame({"site": list(people), count: list(people.values())})
    return protect(table, counts=count, dims="site", totals=ALL if "All" in people else None, **more)


BEFORE = made({"a": 5, "b": 60, "c": 30, "All": 95})
NOW = made({"c": 30})


def saved(table: Protected, folder: Path) -> pd.DataFrame:
    table.frame.to_csv(folder / "released.csv", index=False)
    return pd.read_csv(folder / "released.csv")


def told(found: pd.DataFrame) -> list[list[object]]:
    return found[["table", "row", "low", "verdict"]].to_numpy().tolist()


def test_what_the_new_release_tells_of_the_earlier_one_is_reported():
    assert audit(NOW).empty
    assert set(audit(BEFORE)["verdict"]) == {"safe"}
    assert told(audit(NOW, earlier=BEFORE)) == [
        ["earlier: table", "site a", 5.0, "recoverable"],
        ["earlier: table", "site c", 30.0, "recoverable"],
    ]
    # What the earlier release says of itself is not news, and what stays safe is no matter.
    assert audit(made({"b": 60}), earlier=BEFORE).empty
    leaky = pd.DataFrame({"site": ["a", "b", "All"], "n": [W, 60, 64]})
    arguments: dict[str, Any] = {"counts": "n", "dims": "site", "totals": ALL}
    assert audit(made({"b": 60}), earlier=leaky, **arguments).empty
    narrow = pd.DataFrame({"site": ["a", "b", "All"], "n": [W, W, 9]})
    assert set(audit(narrow, **arguments)["verdict"]) == {"narrow", "small"}
    found = audit(pd.DataFrame({"site": ["b"], "n": [5]}), earlier=narrow, **arguments)
    assert found["verdict"].tolist() == ["small", "recoverable", "recoverable"]


def test_a_saved_release_is_linked_to_what_protect_made(tmp_path: Path):
    found = audit(NOW, earlier=saved(BEFORE, tmp_path), dims="site", totals=ALL)
    assert told(found) == told(audit(NOW, earlier=BEFORE))
    # The dimensions and totals are those of what `protect` made.
    now = made({"a": 5, "b": 60, "c": 30, "All": 95})
    other = saved(BEFORE, tmp_path).assign(released=[W, W, 30, 95])
    assert told(audit(now, earlier=other)) == [
        ["table", "site a", 5.0, "recoverable"],
        ["table", "site c", 30.0, "recoverable"],
        ["earlier: table", "site a", 5.0, "recoverable"],
        ["earlier: table", "site b", 60.0, "recoverable"],
    ]
    assert told(audit({"x": NOW, "y": saved(BEFORE, tmp_path)}, dims="site", totals=ALL)) == [
        ["y", "site a", 5.0, "recoverable"],
        ["y", "site c", 30.0, "recoverable"],
    ]


def test_a_saved_release_is_linked_to_a_frame_with_the_name_of_the_count(tmp_path: Path):
    frame = pd.DataFrame({"site": ["c"], "n": [30]})
    found = audit(frame, counts="n", dims="site", totals=ALL, earlier=saved(BEFORE, tmp_path))
    assert told(found) == told(audit(NOW, earlier=BEFORE))


def test_a_saved_release_of_several_counts_is_linked(tmp_path: Path):
    table = pd.DataFrame({"site": ["a", "b", "c", "All"], "n": [50, 60, 30, 140], "left": [5, 30, 15, 50]})
    arguments: dict[str, Any] = {"counts": ["n", "left"], "dims": "site", "subset_of": {"left": "n"}}
    before = protect(table, totals=ALL, **arguments)
    now = protect(table.iloc[[2]], **arguments)
    found = audit(now, earlier=saved(before, tmp_path), dims="site", totals=ALL)
    assert told(found) == told(audit(now, earlier=before))
    assert "recoverable" in set(found["verdict"])
    by_hand = audit(
        saved(before, tmp_path), counts=["released_n", "released_left"], dims="site", totals=ALL,
        subset_of={"released_left": "released_n"},
    )  # fmt: skip
    assert by_hand["low"].tolist() == audit(before)["low"].tolist()


@pytest.mark.parametrize("column", ["released", "people"])
def test_a_release_that_cannot_be_linked_is_refused(column: str):
    now = protect(
        pd.DataFrame({"site": ["c"], "n": [30], "m": [40]}), counts=["n", "m"], dims="site"
    )  # `released` may be either
    before = BEFORE.frame.rename(columns={"released": column})
    with pytest.raises(DataError, match=r"DAT-006 earlier: table: no count in common.*Rename the column"):
        audit(now, earlier=before, counts=column, dims="site", totals=ALL)


def test_tables_that_share_no_count_are_refused_unless_they_differ():
    staff = made({"a": 5, "b": 60, "c": 30, "All": 95})
    with pytest.raises(DataError, match=r"DAT-006 one and two: no count in common"):
        audit({"one": staff, "two": made({"c": 30}, count="staff")})
    # Nothing is printed in both: it may be the same count.
    with pytest.raises(DataError, match="DAT-006 one and two"):
        audit({"one": staff, "two": made({"a": 30, "c": 31}, count="staff")})
    # Another number for the same cell is another count.
    left = made({"a": 12, "b": 13, "c": 14, "All": 39}, count="left")
    assert set(audit({"one": staff, "two": left})["verdict"]) == {"safe"}
    # And so are tables about nothing in common.
    band = pd.DataFrame({"band": ["5"], "heads": [30]})
    assert len(audit({"one": staff, "two": protect(band, counts="heads", dims="band")})) == 2
    with pytest.raises(DataError, match=r"DAT-006 earlier: table"):
        audit(left, earlier=staff)


def test_what_belongs_together_by_a_subset_is_linked():
    table = pd.DataFrame({"site": ["a", "b"], "n": [50, 60], "left": [25, 30]})
    both = protect(table, counts=["n", "left"], dims="site", subset_of={"left": "n"})
    assert audit({"one": both, "two": protect(table, counts="left", dims="site")}).empty
    assert audit({"two": protect(table, counts="left", dims="site"), "one": both}, earlier=made({"a": 50})).empty


@pytest.mark.parametrize("spelling", ["Site", "SITE ", " site"])
def test_a_dimension_in_another_spelling_is_not_passed_over(spelling: str):
    frame = BEFORE.frame.rename(columns={"site": spelling})
    with pytest.raises(DataError) as caught:
        audit(NOW, earlier=frame)
    assert f'DAT-006 earlier: table: column "{spelling}"; expected one name for the dimension "site"' in str(
        caught.value
    )
    other = protect(pd.DataFrame({spelling: ["b"], "n": [60]}), counts="n", dims=spelling)
    with pytest.raises(DataError, match='one name for the dimension "site"'):
        audit({"one": NOW, "two": other})
