from __future__ import annotations

import pytest
from pydantic import ValidationError

from evalkit.instruments.conditions import Comparison
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Item, Option, OptionSet, Section


def test_parts_are_frozen_and_refuse_unknown_keys(small: Instrument) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        small.items[0].text = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Item.model_validate({"id": "a", "kind": "date", "text": "When?", "colour": "red"})
    with pytest.raises(ValidationError):
        Option.model_validate({"value": True, "label": "Yes"})
    with pytest.raises(ValidationError):
        Item.model_validate({"id": "a", "kind": "date", "text": ""})


def test_changed_keeps_nothing_that_was_computed(small: Instrument) -> None:
    assert len(small.items) == 9
    first = small.changed(sections=small.sections[:1])
    assert len(first.items) == 6
    assert len(small.items) == 9
    assert set(first.by_id) == {"hello", "way", "chosen", "weeks", "day", "note"}


def test_numbers_leave_out_missing_options() -> None:
    options = OptionSet(id="a", options=(Option(value=1, label="x"), Option(value=9, label="y", missing=True)))
    assert options.numbers == (1,)
    assert options.by_value[9].label == "y"


def test_groups_keep_rows_together(small: Instrument) -> None:
    kinds = [(matrix.id if matrix else None, len(rows)) for matrix, rows in small.sections[1].groups()]
    assert kinds == [("grid", 3)]
    assert [matrix for matrix, _ in small.sections[0].groups()] == [None] * 6
    assert list(Section(id="a", title="A").groups()) == []


def test_conditions_are_trees(small: Instrument) -> None:
    assert small.by_id["note"].condition == Comparison("weeks", ">", 2)
    assert small.by_id["day"].condition is None
    assert small.sections[0].condition is None


def test_names() -> None:
    item = Item(id="a_very_long_name_for_an_item", kind="date", text="When?", code="when_date")
    assert item.name == "when_date"
