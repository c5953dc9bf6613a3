from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instrument_strategies import instruments, labels

from evalkit.instruments.checks import problems_of
from evalkit.instruments.library import load_instrument, read_library
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import instrument_from_text
from evalkit.instruments.write import to_yaml

LIBRARY = read_library()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(instruments())
def test_what_is_written_reads_back_the_same(instrument: Instrument) -> None:
    assert problems_of(instrument) == []
    assert instrument_from_text(to_yaml(instrument), "random-instrument.yaml") == instrument


@pytest.mark.parametrize("instrument", LIBRARY, ids=lambda one: one.id)
def test_the_library_reads_back_the_same(instrument: Instrument) -> None:
    assert instrument_from_text(to_yaml(instrument), "again.yaml") == instrument


def test_a_page_keeps_the_name_of_its_block() -> None:
    instrument = load_instrument("return-to-work-transition")
    blocks = [section.block for section in instrument_from_text(to_yaml(instrument), "again.yaml").sections]
    assert set(blocks) == {"", "_demographics", "_link_code"}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_adaptation_reads_back_the_same(data: st.DataObject) -> None:
    instrument = data.draw(st.sampled_from(LIBRARY))
    named = data.draw(st.lists(st.sampled_from([item.id for item in instrument.items]), unique=True, max_size=3))
    extra = {"id": "an_extra_item", "kind": "likert", "text": data.draw(labels()), "options": "an_extra_set"}
    added = data.draw(st.booleans())
    adapted = instrument.adapt(
        organisation=data.draw(labels()),
        reword={name: data.draw(labels()) for name in named},
        add=[extra] if added else [],
        options={"an_extra_set": {0: data.draw(labels()), 1: "The other"}} if added else {},
    )
    again = instrument_from_text(to_yaml(adapted), "again.yaml")
    assert again == adapted
    assert (adapted.version == instrument.version) == (not named and not added)


def test_an_adaptation_keeps_its_ledger(small: Instrument) -> None:
    adapted = small.adapt(organisation="Leeds", drop=["hello"], reword={"good": "It is very good."})
    again = instrument_from_text(to_yaml(adapted), "small.yaml")
    assert again == adapted
    assert again.ledger == adapted.ledger


def test_it_is_written_as_people_write_it(small: Instrument) -> None:
    text = to_yaml(small)
    assert 'version: "1.0"\n' in text
    assert "          good: It is good.\n" in text
    assert "waves: [before, then, after]" in text
    assert "required" not in text
