from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from instrument_strategies import instruments
from round_trip import silent_losses

from evalkit.errors import InstrumentError
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.export.qualtrics import build, read_back
from evalkit.instruments.model import Instrument, Option, OptionSet

FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_arrives_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    form = form_at(instrument, wave)
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_arrive_but_for_what_is_told(instrument: Instrument) -> None:
    form = form_at(instrument, "after")
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []


@pytest.mark.parametrize(
    "text",
    [
        "[[Block:x]]",
        "]] [[ID:x]]",
        "${e://Field/instrument}",
        "${1} [var] {{ x }}",
        "<script>alert(1)</script>",
        "&lt;br /&gt; &amp;",
        "<em>x</em>",
        "a\tb",
        "=1+1",
        "ends with \\",
        "1. not a number",
        "\U0001f642 \u200f\u0645\u0631\u062d\u0628\u0627",
    ],
)
def test_a_hostile_text_arrives_as_it_was(text: str, small: Instrument) -> None:
    form = form_at(small, "after")
    first = form.sections[0]
    item = first.items[3].changed(text=text, help=text, unit=text)
    page = first.changed(title=text, intro=text, items=(*first.items[:3], item, *first.items[4:]))
    form = form.changed(title=text, sections=(page, *form.sections[1:]))
    arrived = read_back(build(form)[0])
    assert (arrived.title, arrived.sections[0].title, arrived.sections[0].intro) == (text, text, text)
    weeks = arrived.by_id["weeks"]
    assert (weeks.text, weeks.help, weeks.unit) == (text, text, text)


def test_lines_arrive_as_lines(small: Instrument) -> None:
    form = form_at(small, "before").changed(consent="one\n\ntwo")
    assert read_back(build(form)[0]).consent == "one\n\ntwo"


def test_values_that_are_words_become_numbers_apart_from_those_that_count(small: Instrument) -> None:
    _, _, changes = build(form_at(small, "before"))
    found = {(change.item, change.value): change.platform_value for change in changes if change.value}
    assert found["good", "na"] == "91"
    assert [found["chosen", value] for value in ("email", "phone", "neither")] == ["1", "2", "3"]


@pytest.mark.parametrize(("largest", "missing"), [(5, "91"), (89, "91"), (90, "991"), (9999, "99991"), (0, "91")])
def test_numbers_of_missing_options_are_free(largest: int, missing: str, small: Instrument) -> None:
    form = form_at(small, "before")
    agree = OptionSet(
        id="agree", options=(Option(value=largest, label="Most"), Option(value="na", label="None", missing=True))
    )
    form = form.changed(options=tuple(agree if one.id == "agree" else one for one in form.options))
    _, _, changes = build(form)
    assert {one.platform_value for one in changes if one.item == "good" and one.value} == {missing}


def test_rows_are_the_columns_of_the_matrix(small: Instrument) -> None:
    _, _, changes = build(form_at(small, "before"))
    named = {change.item: change.platform_item for change in changes if not change.value}
    assert named == {"good": "grid_1", "bad": "grid_2", "fine": "grid_3"}


def test_columns_that_would_clash_are_told_apart(small: Instrument) -> None:
    form = form_at(small, "before")
    first = form.sections[0]
    items = (first.items[0].changed(id="grid_2"), *first.items[1:])
    form = form.changed(sections=(first.changed(items=items), *form.sections[1:]))
    text, losses, changes = build(form)
    assert ("matrix name", "grid") in {(loss.feature, loss.where) for loss in losses}
    assert silent_losses(form, read_back(text), losses, changes) == []


def test_logic_and_limits_are_told_for_each_item(small: Instrument) -> None:
    form = form_at(small, "before")
    _, losses, _ = build(form)
    told = {(loss.feature, loss.where) for loss in losses}
    assert {("display logic", "note"), ("validation", "weeks"), ("kind", "day"), ("exclusive options", "way")} <= told


def test_answers_carry_instrument_version_and_wave() -> None:
    arrived = read_back(build(form_at(load_instrument("return-to-work-transition"), "after"))[0].encode())
    assert (arrived.id, arrived.version, arrived.waves[0].id) == ("return-to-work-transition", "1.0", "after")


def test_a_version_with_brackets_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-044 version of small"):
        build(form_at(small, "before").changed(version="1]]"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[[AdvancedFormat]]", "[[Advanced Format]]", "AdvancedFormat"),
        ("[[ED:wave:before]]", "[[ED:wave]]", "ED:field:value"),
        ("[[ED:wave:before]]\n", "", "wave"),
        ("[[Question:Matrix]]", "[[Question: Matrix]]", "a question type"),
        ("[[Question:DB]]", "[[Question:Text]]", "a question type"),
        ("[[ID:weeks]]", "[[ID:we eks]]", "letters, digits"),
        ("[[ID:weeks]]", "[[ID:chosen]]", "columns that differ"),
        ("[[Choice:1]]\nBy", "[[Choice:email]]\nBy", "a number as recode"),
        ("[[Choice:1]]\nBy", "[[Choice:2]]\nBy", "each recode value once"),
        ("[[Choice:1]]\nBy email", "[[Choice:1]]", "a label"),
        ("[[AdvancedAnswers]]\n", "", "a choice in its list"),
        ("A small survey", "A ${e://Field/x} survey", "nothing piped"),
        ("A small survey", "A <b>small</b> survey", "without it"),
        ("A small survey", "A [[small]] survey", "tags on lines"),
        ("[[Block:views]]", "[[Block:start]]", "a block of its own"),
        ("[[ID:hello]]\n", "", "an id and a text|ID:tag"),
        ("\n\n[[Block:views]]", "\n\n\n[[Block:views]]", "one between"),
        ("[[Block:views]]\n\n", "[[Block:views]]\n", "alone"),
    ],
)
def test_the_reader_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    text, _, _ = build(form_at(small, "before"))
    assert old in text
    with pytest.raises(InstrumentError, match=f"INS-045 .*({expected})"):
        read_back(text.replace(old, new, 1))
