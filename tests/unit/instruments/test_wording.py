from __future__ import annotations

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.model import Instrument, Translation
from evalkit.instruments.wording import in_language, may_have_lines, reworded, texts, token_texts, tokens_in


def test_every_text_has_a_path(small: Instrument) -> None:
    found = texts(small)
    assert found["title"] == "A small survey"
    assert found["items.good.text"] == "It is good."
    assert found["options.agree.1"] == "Disagree"
    assert found["options.ways.neither"] == "Not at all"
    assert found["matrices.grid.text"] == "Do you agree?"
    assert found["waves.then.intro"] == "Think back."
    assert "items.good.help" not in found
    assert len(found) == 4 + 4 + 7 + 2 + 9 + 1


def test_rewording_changes_only_words(small: Instrument) -> None:
    loud = reworded(small, lambda _, text: text.upper())
    assert loud.by_id["good"].text == "IT IS GOOD."
    assert small.by_id["good"].text == "It is good."
    assert reworded(loud, lambda path, _: texts(small).get(path, "")) == small


def test_tokens_are_filled_in(small: Instrument) -> None:
    assert in_language(small).privacy == "Read by your organisation only."
    assert in_language(small.adapt(organisation="Leeds {x")).privacy == "Read by Leeds {x only."
    assert list(tokens_in("{a} { b } {c_d} {1}")) == ["a", "c_d"]
    assert token_texts(small)["programme"] == "the programme"


def test_other_languages(small: Instrument) -> None:
    welsh = Translation(language="cy", texts=tuple((path, f"cy {text}") for path, text in texts(small).items()))
    both = small.changed(languages=("en-GB", "cy"), translations=(welsh,))
    shown = in_language(both, "cy")
    assert shown.privacy == "cy Read by your organisation only."
    assert (shown.languages, shown.translations) == (("cy",), ())
    assert in_language(both).title == "A small survey"
    with pytest.raises(InstrumentError, match=r'INS-025.*Did you mean "cy"'):
        in_language(both, "cyn")


def test_where_lines_may_be(small: Instrument) -> None:
    assert may_have_lines("consent", small)
    assert may_have_lines("items.hello.text", small)
    assert may_have_lines("items.good.help", small)
    assert not may_have_lines("items.good.text", small)
    assert not may_have_lines("options.agree.1", small)
