from __future__ import annotations

import io
import re
import zipfile

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from instrument_strategies import instruments
from test_export_html import FORMS, HOSTILE, in_all_places
from whole_form import unexplained

from evalkit.errors import InstrumentError
from evalkit.instruments import form_at, load_instrument
from evalkit.instruments.export.word import build, read_back
from evalkit.instruments.model import Instrument, Item, Option, OptionSet, Section, Translation
from evalkit.instruments.wording import texts


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """Change a part of the file by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as target:
        for name in given.namelist():
            text = given.read(name)
            if name == part:
                assert old.encode() in text, f"{old} is not in {part}"
                text = text.replace(old.encode(), new.encode(), 1)
            target.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_comes_back_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    form = form_at(instrument, wave)
    content, losses, changes = build(form)
    assert unexplained(form, read_back(content), losses) == []
    assert changes == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_come_back_but_for_what_is_told(instrument: Instrument) -> None:
    form = form_at(instrument, "after")
    content, losses, _ = build(form)
    assert unexplained(form, read_back(content), losses) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_as_it_was(text: str, small: Instrument) -> None:
    form = in_all_places(form_at(small, "after"), text)
    assert texts(read_back(build(form)[0])) == texts(form)


@pytest.mark.parametrize("text", ["a\x00b", "a\rb", "a\u2028b", "a\ud800b", "a\uffffb"])
def test_a_text_that_word_cannot_hold_is_refused(text: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(consent=text))


def test_every_kind_of_item_comes_back_with_all_its_limits(small: Instrument) -> None:
    form = form_at(small, "before")
    options = OptionSet(
        id="odd", options=(Option(value="a", label="A", exclusive=True), Option(value=99, label="B", missing=True))
    )
    items = (
        Item(id="ticks", kind="multiple_choice", text="T", options="odd", min=0, max=2, required=True, identifier=True),
        Item(id="some", kind="multiple_choice", text="T", options="odd", max=1),
        Item(id="least", kind="multiple_choice", text="T", options="odd", min=1, help="H"),
        Item(id="far", kind="number", text="T", min=-1.5, max=1e22, decimals=2, unit="<kg>", required=True, code="f"),
        Item(id="near", kind="number", text="T", max=7, decimals=1),
        Item(id="high", kind="number", text="T", min=0.5, decimals=1),
        Item(id="that_day", kind="date", text="T", min="2024-02-29", max="2025-01-01", required=True, help="H"),
        Item(id="late", kind="date", text="T", min="0999-12-31"),
        Item(id="early", kind="date", text="T", max="2025-01-01"),
        Item(id="words", kind="long_text", text="T", max_length=1, required=True),
        Item(
            id="single",
            kind="likert",
            text="T",
            options="agree",
            required=True,
            when="far >= 2 or that_day < '2024-03-01'",
        ),
        Item(id="told", kind="information", text="One.\n\nTwo.", help="H", when="selected(ticks, 'a')"),
    )
    page = Section(id="odd_page", title="Odd", items=items, when="weeks > 1")
    form = form.changed(sections=(*form.sections, page), options=(*form.options, options))
    assert unexplained(form, read_back(build(form)[0]), build(form)[1]) == []


def test_rows_of_a_matrix_may_differ_in_all_but_their_options(small: Instrument) -> None:
    form = form_at(small, "before")
    first, second = form.sections
    good, bad, fine = second.items
    rows = (good.changed(required=True, help="Help."), bad.changed(when="weeks > 2"), fine.changed(code="f"))
    form = form.changed(sections=(first, second.changed(items=rows)))
    assert unexplained(form, read_back(build(form)[0]), build(form)[1]) == []


@pytest.mark.parametrize("count", [2, 30])
def test_a_long_matrix_is_lettered_on(count: int, small: Instrument) -> None:
    form = form_at(small, "before")
    first, second = form.sections
    rows = tuple(second.items[0].changed(id=f"row{n}") for n in range(count))
    form = form.changed(sections=(first, second.changed(items=rows)), scales=())
    assert [item.id for item in read_back(build(form)[0]).items][-1] == f"row{count - 1}"


def test_the_same_form_gives_the_same_bytes(small: Instrument) -> None:
    first, second = (build(form_at(small, "before"))[0] for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
        assert not any("thumbnail" in name for name in archive.namelist())
        assert not re.search("created|modified|python-docx", core)
        assert "evalkit-" not in "".join(archive.read(name).decode() for name in archive.namelist())


def test_properties_language_and_tables_are_what_a_screen_reader_needs() -> None:
    form = form_at(load_instrument("return-to-work-transition"), "before")
    document = Document(io.BytesIO(build(form)[0]))
    assert document.core_properties.title == form.title
    assert document.core_properties.language == "en-GB"
    assert 'w:lang w:val="en-GB"' in document.styles.element.xml
    levels = [int(line.style.name[-1]) for line in document.paragraphs if line.style.name.startswith("Heading")]
    assert set(levels) == {1, 2}
    assert levels[0] == 1
    assert len(document.tables) == 9 + 4
    for table in document.tables:
        xml = table._tbl.xml
        assert xml.count("<w:tblHeader/>") == 1
        assert xml.count("w:tblCaption") == xml.count("w:tblDescription") == 1
        assert "w:gridSpan" not in xml
        assert "w:vMerge" not in xml
    words = [line.text for line in document.paragraphs]
    assert "Only if the answer to question 9 is \u201cNot yet\u201d." in words
    assert "9. Are you back in your usual role, or in the role that you returned to? (required)" in words
    assert "Prefer not to say (not together with another answer)" in words
    codes = [[cell.text for cell in row.cells] for row in document.tables[-1].rows]
    assert ["agree5", "Does not apply to me", "na", "missing"] in codes


def test_a_long_title_is_kept_whole(small: Instrument) -> None:
    form = form_at(small, "before").changed(title="word " * 80 + "end")
    content, _, _ = build(form)
    assert read_back(content).title == form.title


def test_a_title_may_be_what_the_empty_file_has_in_its_places(small: Instrument) -> None:
    form = form_at(small, "before").changed(title="evalkit-language <!--upright--> evalkit-title")
    content, _, _ = build(form)
    assert read_back(content).title == Document(io.BytesIO(content)).core_properties.title == form.title


def test_every_language_is_there_and_marked(small: Instrument) -> None:
    form = form_at(small, "after")
    said = tuple((path, f"{text} (ar)") for path, text in texts(form).items())
    form = form.changed(languages=("en-GB", "ar"), translations=(Translation(language="ar", texts=said),))
    content, losses, _ = build(form)
    assert unexplained(form, read_back(content), losses) == []
    xml = Document(io.BytesIO(content)).element.xml
    assert xml.count('<w:lang w:val="ar"/>') > 20
    assert "<w:bidi/>" in xml
    assert "<w:bidiVisual/>" in xml
    assert ("interface", "ar") in {(loss.feature, loss.where) for loss in losses}


@pytest.mark.parametrize(
    ("part", "old", "new", "expected"),
    [
        ("word/document.xml", '<w:pStyle w:val="Subtitle"/>', '<w:pStyle w:val="Normal"/>', "the style Subtitle"),
        ("word/document.xml", "<w:tblHeader/>", "", "a marked head"),
        ("word/document.xml", "2. </w:t>", "3. </w:t>", "number 2"),
        ("word/document.xml", "Only if the", "When the", "Only if"),
        ("word/document.xml", "A whole number from 0 to 10.", "A number between 0 and 10.", "a note on a number"),
        ("word/document.xml", ">By email<", ">By post<", "the same label everywhere"),
        ("word/document.xml", "\u25cb", "X", "a circle for each option"),
        ("word/document.xml", ">multiple choice<", ">many choices<", "a kind of item"),
        ("word/document.xml", "weeks &gt; 2", "weeks is 2", "one of =="),
        ("word/document.xml", ">exclusive<", "><", "the code map's mark"),
        ("word/document.xml", ">good<", ">bad<", "each id once"),
        ("word/document.xml", ">Cite as<", ">Cite<", "Cite as"),
        ("word/document.xml", "about 3 minutes", "about 4 minutes", "other minutes"),
        ("word/styles.xml", '<w:lang w:val="en-GB"', '<w:lang w:val=""', "the language of the text"),
        ("docProps/core.xml", ">A small survey<", "><", "the title of the form"),
    ],
)
def test_a_file_that_was_changed_is_refused(part: str, old: str, new: str, expected: str, small: Instrument) -> None:
    content, _, _ = build(form_at(small, "before"))
    with pytest.raises(InstrumentError, match=f"INS-0(45|18) .*({expected})"):
        read_back(changed(content, part, old, new))


@pytest.mark.parametrize("content", [b"", b"no archive", "text"])
def test_what_is_no_word_file_is_refused(content: bytes | str) -> None:
    with pytest.raises(InstrumentError, match=r"INS-045 .*a \.docx file"):
        read_back(content)


def test_a_question_that_went_missing_is_refused(small: Instrument) -> None:
    content, _, _ = build(form_at(small, "before"))
    document = Document(io.BytesIO(content))
    line = next(one for one in document.paragraphs if one.text == "By phone")
    line._p.getparent().remove(line._p)
    out = io.BytesIO()
    document.save(out)
    with pytest.raises(InstrumentError, match=r"INS-045 .*the style FormTick"):
        read_back(out.getvalue())
