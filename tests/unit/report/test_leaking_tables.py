"""What leaks is taken out round by round: each begins with the way of linking tables that found something last."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.disclosure.protecting import protect
from evalkit.report import released_tables
from evalkit.report.released_tables import as_released, leaking, leaks, registered_tables

TOKEN = "token"  # noqa: S105 - a label, not a secret
STAFF = pd.DataFrame({"site": ["North", "East", "West", "All"], "n": [4, 60, 25, 89]})


def told(title: str, frame: pd.DataFrame) -> dict[str, object]:
    made = protect(frame, counts="n", dims=frame.columns[0], totals={frame.columns[0]: "All"})
    return {"title": title, "tables": registered_tables(made, as_released(made), TOKEN)}


STAFF_BY_SITE = told("Staff", STAFF)
REST = told("Rest", pd.DataFrame({"site": ["West", "Other", "All"], "n": [25, 64, 89]}))
# The same sites under another heading: only ways that link tables by their labels find it.
PLACES = told("Places", pd.DataFrame({"Place": ["West", "Other", "All"], "n": [25, 64, 89]}))


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("other", [REST, PLACES])
def test_what_leaks_is_found_from_any_way_on(other: dict[str, object], first: int) -> None:
    titles, way = leaking([STAFF_BY_SITE, other], TOKEN, first)
    assert titles == ["Staff"]
    assert leaking([STAFF_BY_SITE, other], TOKEN, way) == (titles, way)
    assert ['"Staff"' in each.place for each in leaks([STAFF_BY_SITE, other], "x", TOKEN)] == [True]


@pytest.mark.parametrize("first", range(5))
def test_nothing_is_found_only_when_no_way_finds_anything(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    attacked: list[int] = []
    attack = released_tables.attack_union
    monkeypatch.setattr(released_tables, "attack_union", lambda tables: attacked.append(1) or attack(tables))
    leaking([STAFF_BY_SITE], TOKEN)
    ways = len(attacked)
    assert leaking([STAFF_BY_SITE], TOKEN, first) == ([], first)
    assert ways == len(attacked) - ways > 0


def test_a_way_that_found_something_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    _, way = leaking([STAFF_BY_SITE, PLACES], TOKEN)
    assert way > 0  # otherwise the test shows nothing
    attacked: list[int] = []
    attack = released_tables.attack_union
    monkeypatch.setattr(released_tables, "attack_union", lambda tables: attacked.append(1) or attack(tables))
    leaking([STAFF_BY_SITE, PLACES], TOKEN, way)
    assert len(attacked) == 1
