from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from instrument_strategies import instruments

from evalkit.instruments.checks import problems_of
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import instrument_from_text
from evalkit.instruments.write import to_yaml


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(instruments())
def test_what_is_written_reads_back_the_same(instrument: Instrument) -> None:
    assert problems_of(instrument) == []
    assert instrument_from_text(to_yaml(instrument), "random-instrument.yaml") == instrument


def test_the_library_reads_back_the_same() -> None:
    instrument = load_instrument("return-to-work-transition")
    again = instrument_from_text(to_yaml(instrument), "again.yaml")
    assert again == instrument.changed(sections=tuple(section.changed(block="") for section in instrument.sections))


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
