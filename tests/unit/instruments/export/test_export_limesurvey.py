from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from instrument_strategies import instruments
from round_trip import ITEM, SEEN_ELSEWHERE, silent_losses

from evalkit.errors import InstrumentError
from evalkit.files import inert
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.export.limesurvey import build, read_back
from evalkit.instruments.model import Instrument, Item, Option, OptionSet, Section, Translation

PHP = """
$rows = [];
$handle = fopen($argv[1], 'r');
$file = preg_replace('~\\\\R~u', "\\n", stream_get_contents($handle));
$tmp = fopen('php://temp', 'r+');
fwrite($tmp, $file);
rewind($tmp);
while (($row = fgetcsv($tmp, 0, "\\t", '"')) !== false) { $rows[] = $row; }
echo json_encode($rows, JSON_THROW_ON_ERROR);
"""
FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]


def php_rows(path: Path) -> list[list[str]]:
    """Read a file as LimeSurvey's importer does."""
    php = shutil.which("php")
    if php is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Debian's php-cli")
        pytest.skip("php is not installed (Debian php-cli)")
    done = subprocess.run([php, "-r", PHP, str(path)], check=True, capture_output=True, timeout=60)
    rows: list[list[str]] = json.loads(done.stdout)
    return rows


def with_options(form: Instrument, *options: Option) -> Instrument:
    changed = OptionSet(id=form.options[0].id, options=options)
    return form.changed(options=(changed, *form.options[1:]))


def test_the_comparison_looks_at_every_field_of_an_item() -> None:
    assert set(Item.model_fields) == {*ITEM, *SEEN_ELSEWHERE}


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_arrives_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    form = form_at(instrument, wave)
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_arrive_but_for_what_is_told(instrument: Instrument) -> None:
    form = form_at(instrument, "after")
    assume(all(len(text) <= 30 for text in (form.title, *(section.title for section in form.sections))))
    assume(all(len(text) <= 30 for one in form.translations for path, text in one.texts if path.endswith("title")))
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []
    assert not [cell for line in text.split("\n") for cell in line.split("\t") if inert(cell) != cell]


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_fgetcsv_gives_every_row_as_written(instrument: Instrument, wave: str, tmp_path: Path) -> None:
    text, _, _ = build(form_at(instrument, wave))
    (tmp_path / "survey.txt").write_bytes(text.encode())
    assert php_rows(tmp_path / "survey.txt") == [line.split("\t") for line in text.split("\n")]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(instrument=instruments(translated=True))
def test_fgetcsv_gives_hostile_rows_as_written(
    instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        text, _, _ = build(form_at(instrument, "after"))
    except InstrumentError:
        return
    path = tmp_path_factory.mktemp("php") / "survey.txt"
    path.write_bytes(text.encode())
    assert php_rows(path) == [line.split("\t") for line in text.split("\n")]


def test_php_swallows_rows_that_are_not_escaped(tmp_path: Path) -> None:
    """The test above can fail: an unescaped quotation mark loses a row."""
    (tmp_path / "bad.txt").write_text('class\ttext\nQ\t"open\nQ\tlost\n', encoding="utf-8")
    assert len(php_rows(tmp_path / "bad.txt")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "a\tb",
        '"quoted"',
        '"',
        "ends with \\",
        '\\"',
        "a | b",
        "<script>alert(1)</script>",
        "{organisation} {gate.NAOK}",
        "&lt; &amp;",
        "0",
        "\u200f\u0645\u0631\u062d\u0628\u0627 \U0001f642",
        "<br />",
        "<em>x</em>",
    ],
)
def test_a_hostile_text_arrives_as_it_was(text: str, small: Instrument) -> None:
    form = form_at(small, "after")
    first = form.sections[0]
    item = first.items[1].changed(text=text, help=text)
    form = form.changed(
        title=text,
        sections=(
            first.changed(title=text, intro=text, items=(first.items[0], item, *first.items[2:])),
            form.sections[1],
        ),
    )
    arrived = read_back(build(form)[0])
    assert (arrived.title, arrived.sections[0].title, arrived.sections[0].intro) == (text, text, text)
    assert (arrived.by_id["way"].text, arrived.by_id["way"].help) == (text, text)


def test_lines_arrive_as_lines(small: Instrument) -> None:
    form = form_at(small, "before").changed(consent="one\ntwo\n\nthree")
    assert read_back(build(form)[0]).consent == "one\ntwo\n\nthree"


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\x85", "\u2028", "\u2029", "\ud800", "\r"])
def test_a_hidden_character_is_refused(hidden: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(title=f"a{hidden}b"))


def test_a_heading_too_long_for_the_database_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-044 title, en-GB: 201 characters"):
        build(form_at(small, "before").changed(title="x" * 201))


def test_two_languages_that_are_one_are_refused(small: Instrument) -> None:
    form = form_at(small, "before").changed(languages=("en-GB", "en-US"), translations=(Translation(language="en-US"),))
    with pytest.raises(InstrumentError, match=r"INS-044 .*en-GB and en-US"):
        build(form)


def test_a_version_with_markup_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-044 version of small"):
        build(form_at(small, "before").changed(version="1<2"))


def test_answers_carry_instrument_version_and_wave(small: Instrument) -> None:
    arrived = read_back(build(form_at(small, "after"))[0])
    assert (arrived.id, arrived.version, arrived.waves[0].id) == ("small", "1.0", "after")


def test_codes_fit_and_the_changes_name_the_columns_of_the_answers() -> None:
    form = form_at(load_instrument("return-to-work-transition"), "before")
    _, _, changes = build(form)
    named = {change.item: change.platform_item for change in changes if not change.value}
    assert named["net_who_to_ask"] == "networks[netwhotoask]"
    values = {
        change.value: change.platform_value for change in changes if change.item == "back_at_work" and change.value
    }
    assert values == {"not_yet": "notye", "under_month": "under", "under_half_year": "unde1", "longer": "longe"}
    assert len(set(values.values())) == 4


def test_clashing_codes_are_told_apart(small: Instrument) -> None:
    form = form_at(small, "before")
    first = form.sections[0]
    items = (first.items[0].changed(id="instrument"), *first.items[1:])
    changed = form.changed(sections=(first.changed(items=items), *form.sections[1:]))
    _, _, changes = build(changed)
    assert [change.platform_item for change in changes if change.item == "instrument"] == ["instrument1"]


def test_a_condition_guards_against_empty_answers(small: Instrument) -> None:
    text, _, _ = build(form_at(small, "before"))
    assert "\t(is_numeric(weeks.NAOK) and weeks.NAOK > 2)\t" in text


def test_a_row_of_its_own_condition_keeps_it(small: Instrument) -> None:
    form = form_at(small, "before")
    page = form.sections[1]
    rows = (page.items[0], page.items[1].changed(when="not (weeks < 2 or chosen == 'phone')"), page.items[2])
    form = form.changed(sections=(form.sections[0], page.changed(items=rows)))
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []


def test_partly_required_rows_are_a_loss(small: Instrument) -> None:
    form = form_at(small, "before")
    page = form.sections[1]
    form = form.changed(
        sections=(form.sections[0], page.changed(items=(page.items[0].changed(required=True), *page.items[1:])))
    )
    text, losses, changes = build(form)
    assert [loss.where for loss in losses if loss.feature == "required"] == ["good"]
    assert silent_losses(form, read_back(text), losses, changes) == []


def test_a_date_a_tick_and_a_missing_number_in_conditions(small: Instrument) -> None:
    form = form_at(small, "before")
    scored = OptionSet(
        id="agree",
        options=(
            Option(value=1, label="No"),
            Option(value=2, label="Yes"),
            Option(value=99, label="None", missing=True),
        ),
    )
    asked = "day >= '2024-03-31' and selected(way, 'email') and good >= 2 and (weeks != 3 or good != 99)"
    last = Section(id="last", title="Last", items=(Item(id="more", kind="long_text", text="More?", when=asked),))
    options = tuple(scored if one.id == "agree" else one for one in form.options)
    form = form.changed(sections=(*form.sections, last), options=options)
    text, losses, changes = build(form)
    assert "grid_good.NAOK != 99" in text
    assert silent_losses(form, read_back(text), losses, changes) == []


def test_the_reader_takes_bytes_with_a_mark(small: Instrument) -> None:
    text, _, _ = build(form_at(small, "before"))
    assert read_back(b"\xef\xbb\xbf" + text.encode()).id == "small"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("\tweeks\t", "\twe_eks\t", "letters and digits"),
        ("\tchosen\t", "\tsavedid\t", "a code of its own"),
        ("\tchosen\t", "\tweeks\t", "a code of its own"),
        ("\tA\t0\temail\t", "\tA\t0\temails\t", "A-Za-z0-9"),
        ("weeks.NAOK > 2", "wks.NAOK > 2", "a question that comes before"),
        ("weeks.NAOK > 2", "weeks > 2", "the ending .NAOK"),
        ("weeks.NAOK > 2)", "weeks.NAOK > 2", "a condition that can be read|in place of"),
        ("is_numeric(weeks.NAOK) and", "is_numeric(weeks.NAOK) or", "a guard that fits"),
        ("A small survey", '"A small survey', "no quotation marks"),
        ("A small survey", "A {small} survey", "no live expression"),
        ("A small survey", "A <b>small</b> survey", "without it"),
        ("\tL\tchosen", "\tZ\tchosen", "a question type"),
        ("SL\t\tsurveyls_title", "SL\t\tsurveyls_titel", "it once"),
        ("S\t\tlanguage\t\ten", "S\t\tlanguage\t\t", "base language"),
        ("\tweeks\t1\tHow long?", "\tweeks\t1\tHow long?\textra", "cells"),
        ("\nid\t", "\nid\t", ""),
        ("class\t", "klass\t", "every column"),
    ],
)
def test_the_reader_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    text, _, _ = build(form_at(small, "before"))
    if not expected:
        with pytest.raises(InstrumentError, match="an empty row"):
            read_back(f"{text}\n")
        return
    assert old in text
    with pytest.raises(InstrumentError, match=f"INS-045 .*({expected})"):
        read_back(text.replace(old, new, 1))


def test_a_translation_that_lost_a_row_is_refused() -> None:
    form = form_at(load_instrument("return-to-work-transition"), "after")
    form = form.changed(languages=("en-GB", "cy"), translations=(Translation(language="cy"),))
    text, _, _ = build(form)
    lines = text.split("\n")
    last = max(n for n, line in enumerate(lines) if re.search(r"\tcy\t", line))
    with pytest.raises(InstrumentError, match="language cy"):
        read_back("\n".join(lines[:last]))


@pytest.mark.parametrize("length", range(520, 560))
def test_no_character_is_cut_where_limesurvey_guesses_the_encoding(length: int, small: Instrument) -> None:
    description = "a" * length + "\U0001f642日本" * 40
    text, _, _ = build(form_at(small, "before").changed(description=description))
    assert text.encode()[:1000].decode()
    assert read_back(text).description == description


def test_a_number_with_help_below_is_no_formula(small: Instrument) -> None:
    form = form_at(small, "before")
    first, views = form.sections
    rows = (views.items[0].changed(text="-5", help="=1+1"), *views.items[1:])
    weeks = first.items[3].changed(help="-5", unit="-6")
    views = views.changed(items=rows, matrices=(views.matrices[0].changed(text="+4", help="@x"),))
    first = first.changed(items=(*first.items[:3], weeks, *first.items[4:]))
    form = form.changed(sections=(first, views))
    text, losses, changes = build(form)
    assert not [cell for row in (line.split("\t") for line in text.split("\n")) for cell in row if inert(cell) != cell]
    assert silent_losses(form, read_back(text), losses, changes) == []
