from __future__ import annotations

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.checks import problems_of
from evalkit.instruments.library import read_library
from evalkit.instruments.model import Instrument, Translation
from evalkit.instruments.waves import form_at
from evalkit.instruments.wording import texts


def test_an_ordinary_wave(small: Instrument) -> None:
    form = form_at(small, "before")
    assert problems_of(form) == []
    assert [wave.id for wave in form.waves] == ["before"]
    assert [scale.id for scale in form.scales] == ["liking"]
    assert len(form.items) == 9


def test_retrospective_questions_come_along(small: Instrument) -> None:
    form = form_at(small, "after")
    assert problems_of(form) == []
    assert [item.id for item in form.items][6:] == ["good", "bad", "fine", "good_then", "bad_then", "fine_then"]
    assert [section.id for section in form.sections] == ["start", "views", "views_then"]
    assert (form.sections[2].title, form.sections[2].intro) == ("Looking back", "Think back.")
    then = form.scales_by_id["liking_then"]
    assert (then.title, then.reverse) == ("Liking (looking back)", ("bad_then",))
    assert form.by_id["good_then"].matrix == "grid_then"


def test_conditions_and_translations_follow(small: Instrument) -> None:
    views = small.sections[1]
    more = small.by_id["note"].changed(id="more", when="good == 3", waves=("then", "after"))
    welsh = Translation(language="cy", texts=())
    wider = small.changed(sections=(small.sections[0], views.changed(items=(*views.items, more))))
    welsh = Translation(language="cy", texts=tuple((path, f"cy {text}") for path, text in texts(wider).items()))
    form = form_at(wider.changed(languages=("en-GB", "cy"), translations=(welsh,)), "after")
    assert form.by_id["more_then"].when == "good_then == 3"
    assert problems_of(form) == []
    assert dict(form.translations[0].texts)["items.good_then.text"] == "cy It is good."
    assert dict(form.translations[0].texts)["sections.views_then.title"] == "cy Looking back"


@pytest.mark.parametrize("wave", ["then", "later"])
def test_other_waves_are_refused(wave: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-023"):
        form_at(small, wave)


def test_every_form_of_the_library_keeps_the_rules() -> None:
    for instrument in read_library():
        for wave in instrument.waves:
            if wave.asked_with is None:
                assert problems_of(form_at(instrument, wave.id)) == []
