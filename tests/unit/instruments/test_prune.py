from __future__ import annotations

from evalkit.instruments.model import Instrument, Translation
from evalkit.instruments.prune import shorter_scale, without_leftovers


def test_leftovers_go(small: Instrument) -> None:
    empty = small.sections[1].changed(items=())
    welsh = Translation(language="cy", texts=(("items.good.text", "Da."), ("title", "Arolwg")))
    pruned = without_leftovers(small.changed(sections=(small.sections[0], empty), translations=(welsh,)))
    assert [section.id for section in pruned.sections] == ["start"]
    assert [options.id for options in pruned.options] == ["ways"]
    assert pruned.translations[0].texts == (("title", "Arolwg"),)
    assert without_leftovers(small) == small


def test_a_shorter_scale_asks_for_no_more_than_it_has(small: Instrument) -> None:
    scale = small.scales[0]
    assert shorter_scale(scale, frozenset({"day"})) is scale
    assert shorter_scale(scale, frozenset({"good", "bad", "fine"})) is None
    left = shorter_scale(scale, frozenset({"good", "bad"}))
    assert left is not None
    assert (left.items, left.reverse, left.min_answered) == (("fine",), (), 1)
    assert [example.score for example in left.examples] == [1, 3, "missing"]
