from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from instrument_strategies import instruments
from whole_form import unexplained

from evalkit.errors import InstrumentError
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.export.html import build, read_back
from evalkit.instruments.export.report import Loss
from evalkit.instruments.model import Instrument, Item, Option, OptionSet, Section, Token
from evalkit.instruments.wording import texts

FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]
MEDIAN, LARGEST = 42_500, 53_000
HOSTILE = [
    "=1+1",
    "a\tb",
    "two\nlines",
    '"quoted"',
    "it's",
    "ends with \\",
    "</script><script>alert(1)</script>",
    "<!-- --> ]]>",
    "{organisation}",
    "&lt; &amp; &nbsp",
    "\u200f\u0645\u0631\u062d\u0628\u0627 \U0001f642",
    "  two  blanks  ",
    "\u00a0",
]


def in_all_places(form: Instrument, text: str) -> Instrument:
    """Put a text wherever a respondent reads."""
    from evalkit.instruments.wording import reworded

    count = iter(range(10_000))
    return reworded(
        form, lambda path, old: (f"{next(count)}{text}" if path.startswith("options.") else text) if old else ""
    )


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_comes_back_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    form = form_at(instrument, wave)
    page, losses, changes = build(form)
    assert unexplained(form, read_back(page), losses) == []
    assert changes == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_come_back_but_for_what_is_told(instrument: Instrument) -> None:
    form = form_at(instrument, "after")
    page, losses, _ = build(form)
    assert unexplained(form, read_back(page), losses) == []
    assert build(form)[0] == page


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_as_it_was(text: str, small: Instrument) -> None:
    form = in_all_places(form_at(small, "after"), text)
    assert texts(read_back(build(form)[0])) == texts(form)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\rb", "a\u2028b", "a\ud800b"])
def test_a_text_with_a_hidden_character_is_refused(text: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(consent=text))


def test_the_comparison_notices_a_loss_that_nobody_tells(small: Instrument) -> None:
    form = form_at(small, "before")
    page, losses, _ = build(form)
    arrived = read_back(page)
    assert unexplained(form, arrived.changed(consent="Other."), losses)
    assert unexplained(form, arrived, losses[1:])
    assert unexplained(form, arrived, (*losses, Loss("block", "start", "")))


def test_losses_name_what_is_for_evalkit_alone(small: Instrument) -> None:
    form = form_at(small, "before").changed(tokens=(Token(name="cohort", text="spring"),))
    assert {(loss.feature, loss.where) for loss in build(form)[1]} == {
        ("metadata", "audience"),
        ("metadata", "references"),
        ("scoring", "liking"),
        ("token", "cohort"),
    }


def test_every_kind_of_item_comes_back_with_all_its_limits(small: Instrument) -> None:
    form = form_at(small, "before")
    options = OptionSet(
        id="odd", options=(Option(value="a", label="A", exclusive=True), Option(value=99, label="B", missing=True))
    )
    items = (
        Item(id="ticks", kind="multiple_choice", text="T", options="odd", min=0, max=2, required=True, identifier=True),
        Item(id="far", kind="number", text="T", min=-1.5, max=1e22, decimals=2, unit="<kg>", required=True, code="f"),
        Item(id="that_day", kind="date", text="T", min="2024-02-29", max="2025-01-01", required=True, help="H"),
        Item(id="words", kind="long_text", text="T", max_length=1, required=True),
        Item(
            id="single",
            kind="likert",
            text="T",
            options="agree",
            required=True,
            when="far >= 2 and not (that_day < '2024-03-01')",
        ),
        Item(
            id="told", kind="information", text="One.\n\nTwo.", help="H", when="selected(ticks, 'a') or ticks_no != 1"
        ),
    )
    before = Item(id="ticks_no", kind="number", text="T")
    page = Section(id="odd_page", title="Odd", items=(before, *items), when="weeks > 1")
    form = form.changed(sections=(*form.sections, page), options=(*form.options, options))
    assert unexplained(form, read_back(build(form)[0]), build(form)[1]) == []


def test_names_may_be_those_of_parts_of_the_page(small: Instrument) -> None:
    form = form_at(small, "before")
    names = ["agree", "agreement", "form", "finish", "progress", "start", "title", "agree_error", "main"]
    items = tuple(Item(id=name, kind="likert", text=name, options="agree", required=True) for name in names)
    pages = tuple(Section(id=item.id, title=item.id, items=(item,)) for item in items)
    form = form.changed(sections=(*form.sections[1:], *pages), options=form.options[:1])
    assert unexplained(form, read_back(build(form)[0]), build(form)[1]) == []


def test_an_item_must_not_be_called_like_a_column_of_the_answers(small: Instrument) -> None:
    form = form_at(small, "before")
    page = form.sections[0]
    page = page.changed(items=(*page.items, Item(id="started", kind="date", text="When?")))
    with pytest.raises(InstrumentError, match="INS-044 item started"):
        build(form.changed(sections=(page, *form.sections[1:])))


def test_the_page_asks_nobody_for_anything(small: Instrument) -> None:
    page, _, _ = build(form_at(small, "before"))
    assert not re.search(
        r"https?:|localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttp|innerHTML", page
    )
    assert len(build(form_at(load_instrument("meeting-log"), "meeting"))[0]) < 100_000


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'use strict'", "", ""),
        ('"use strict";', '"use strict"; ', "script-src"),
        ("color-scheme:light", "color-scheme:dark", "style-src"),
        ("default-src 'none'", "default-src *", "default-src"),
        ("</body>", '<img src="https://x.invalid/"></img></body>', "<img src>"),
        ('href="#main"', 'href="https://x.invalid/"', "a link inside the page"),
        ('id="agree"', 'id="agree" onclick="x()"', "no such attribute"),
        ('for="agree"', 'for="agreed"', "the id of an element"),
        ('id="begin"', 'id="agree"', "each id once"),
        ("</legend>", "", "</legend>|</fieldset>"),
        ('<button type="button" id="begin"', '<button id="begin"', "type=button"),
        ('["email","By email"]', '["phone","By email"]', "each value once"),
        ('[1,"Disagree"]', '[1,""]', "a value, a label"),
        ('"Does not apply","m"]', '"Does not apply","x"]', "m or e"),
        ('id="options">{', 'id="options">[{', "text that is not JSON"),
        ("data-matrix=grid data-options=agree", "data-matrix=grid data-options=other", "a set of options"),
        ("data-kind=date", "data-kind=time", "a kind of item"),
        ('["&gt;","weeks",2]', '["&gt;","later",2]', "an item that comes before"),
        ('["&gt;","weeks",2]', '["&gt;', "a condition tree"),
        ("data-n=1>", ">", "no text"),
        ("<title>A small survey</title>", "<title>Another</title>", "the heading of the page"),
        ("<!DOCTYPE html>", "", "<!DOCTYPE html>"),
        ("</footer>", "</footer></div>", "</body>"),
        ('<label for="agree">', '<label for="begin">', "labels"),
        ("How long?", "", "no text"),
        ('data-required=""', "", ""),
    ],
)
def test_a_page_that_was_changed_is_refused(old: str, new: str, expected: str, small: Instrument) -> None:
    page, _, _ = build(form_at(small, "before"))
    if not expected:
        assert old not in page
        return
    assert old in page
    with pytest.raises(InstrumentError, match=f"INS-045 .*({expected})"):
        read_back(page.replace(old, new, 1))


def test_each_form_is_small_and_holds_a_set_of_options_once() -> None:
    sizes = sorted(
        len(build(form_at(instrument, wave.id))[0].encode())
        for instrument in read_library()
        for wave in instrument.waves
        if wave.asked_with is None
    )
    assert sizes[len(sizes) // 2] < MEDIAN
    assert sizes[-1] < LARGEST
    page, _, _ = build(form_at(load_instrument("staff-experience"), "baseline"))
    assert page.count('"Strongly disagree"') == 1


def test_a_form_that_is_not_english_says_which_words_are() -> None:
    form = form_at(load_instrument("meeting-log"), "meeting").changed(languages=("cy",))
    page, losses, _ = build(form)
    assert '<html lang="cy" dir="ltr">' in page
    assert '<button type="button" id="begin" lang="en-GB" dir="ltr">' in page
    assert ("interface", "cy") in {(loss.feature, loss.where) for loss in losses}
    assert 'dir="rtl"' in build(form.changed(languages=("ar",)))[0]


def test_the_parts_of_the_page_travel_with_the_package() -> None:
    folder = Path(build.__code__.co_filename).parent
    assert {"form.js", "form.css"} <= {path.name for path in folder.iterdir()}
