from __future__ import annotations

from evalkit.instruments.basis import Basis
from evalkit.instruments.model import Instrument, ItemEntry, Ledger, ScaleEntry


def test_lookups(small: Instrument) -> None:
    assert small.scales_by_id["liking"].items == ("good", "bad", "fine")
    assert [option.value for option in small.options_of(small.by_id["good"])] == [1, 2, 3, "na"]
    assert small.options_of(small.by_id["day"]) == ()


def test_items_are_asked_at_all_ordinary_waves_by_default(small: Instrument) -> None:
    assert small.waves_of(small.by_id["day"]) == ("before", "after")
    assert small.waves_of(small.by_id["good"]) == ("before", "then", "after")


def test_a_ledger_prints_what_changed() -> None:
    ledger = Ledger(
        origin="small 1.0",
        basis=Basis(content="?"),
        items=(ItemEntry(item="a", change="unchanged"), ItemEntry(item="b", change="reworded", detail="other text")),
        scales=(ScaleEntry(scale="s", verdict="comparable with care", rule="b was reworded"),),
    )
    assert str(ledger).splitlines() == [
        "Against small 1.0",
        "b: reworded (other text)",
        "s: comparable with care, because b was reworded",
    ]
    assert "no item changed" in str(ledger.changed(items=()))
