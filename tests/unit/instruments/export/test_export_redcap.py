from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from instrument_strategies import instruments
from round_trip import silent_losses

from evalkit.errors import InstrumentError
from evalkit.files import inert
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.export.redcap import build, build_together, read_back, read_together, single_names
from evalkit.instruments.model import Instrument, Item, Option, OptionSet, Section

PHP = """
$rows = [];
$handle = fopen($argv[1], 'r');
while (($row = fgetcsv($handle, 0, ',', '"')) !== false) { $rows[] = $row; }
echo json_encode($rows, JSON_THROW_ON_ERROR);
"""
FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]


def php_rows(path: Path) -> list[list[str]]:
    php = shutil.which("php")
    if php is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Debian's php-cli")
        pytest.skip("php is not installed (Debian php-cli)")
    done = subprocess.run([php, "-r", PHP, str(path)], check=True, capture_output=True, timeout=60)
    rows: list[list[str]] = json.loads(done.stdout)
    return rows


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_arrives_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    form = form_at(instrument, wave)
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []
    assert [loss for loss in losses if loss.feature == "text"] == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_arrive_but_for_what_is_told(instrument: Instrument) -> None:
    form = form_at(instrument, "after")
    text, losses, changes = build(form)
    assert silent_losses(form, read_back(text), losses, changes) == []
    assert not [cell for row in rows_of(text) for cell in row if inert(cell) != cell]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(instrument=instruments())
def test_fgetcsv_gives_hostile_rows_as_written(
    instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, _, _ = build(form_at(instrument, "after"))
    path = tmp_path_factory.mktemp("php") / "dictionary.csv"
    path.write_bytes(text.encode())
    assert php_rows(path) == rows_of(text)


@pytest.mark.parametrize("text", ['a, "b\\"', 'a,\\"b', "a, b\\", "\\", "a,\\\\"])
def test_a_backslash_swallows_no_row(text: str, small: Instrument, tmp_path: Path) -> None:
    form = form_at(small, "before").changed(title=text, consent=text)
    label = OptionSet(id="ways", options=(Option(value="email", label="x"), Option(value="phone", label=text)))
    form = form.changed(options=tuple(label if one.id == "ways" else one for one in form.options))
    written, losses, changes = build(form)
    (tmp_path / "dictionary.csv").write_bytes(written.encode())
    assert php_rows(tmp_path / "dictionary.csv") == rows_of(written)
    assert silent_losses(form, read_back(written), losses, changes) == []


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("=1+1", "=1+1"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("\u200f-x", "\u200f-x"),
        ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ("a < b", "a < b"),
        ("a <", "a < "),
        ("[weeks] and [user-name]", "[ weeks] and [ user-name]"),
        ("{weeks} {organisation}", "{ weeks} {organisation}"),
        ("&amp; & &#60;", "& amp; & & #60;"),
        ("a\tb", "a b"),
        ("\U0001f642 \u0645\u0631\u062d\u0628\u0627", "\U0001f642 \u0645\u0631\u062d\u0628\u0627"),
    ],
)
def test_a_hostile_text_arrives_or_is_told(text: str, arrives: str, small: Instrument) -> None:
    form = form_at(small, "before")
    form = form.changed(sections=(form.sections[0].changed(title=text), *form.sections[1:]))
    written, losses, _ = build(form)
    assert read_back(written).sections[0].title == arrives
    told = [loss.where for loss in losses if loss.feature == "text"]
    assert told == ([] if text == arrives else ["sections.0.title"])


def test_a_bar_in_a_label_does_not_part_options(small: Instrument) -> None:
    form = form_at(small, "before")
    ways = OptionSet(id="ways", options=(Option(value="a", label="x | y"), Option(value="b", label="z, =1")))
    form = form.changed(options=tuple(ways if one.id == "ways" else one for one in form.options))
    written, losses, changes = build(form)
    assert [one.label for one in read_back(written).options[0].options] == ["x \u00a6 y", "z, =1"]
    assert silent_losses(form, read_back(written), losses, changes) == []


def test_the_condition_of_a_page_is_on_every_field(small: Instrument) -> None:
    form = form_at(small, "before")
    page = form.sections[1].changed(when="weeks > 2 and not selected(way, 'phone')")
    rows = tuple(item.changed(when="chosen == 'email'") if item.id == "good" else item for item in page.items)
    form = form.changed(sections=(form.sections[0], page.changed(items=rows)))
    written, losses, changes = build(form)
    logic = [row[11] for row in rows_of(written) if row[0] == "good"]
    assert logic == ["(([weeks] <> '' and [weeks] > 2) and [way(phone)] <> '1') and [chosen] = 'email'"]
    assert silent_losses(form, read_back(written), losses, changes) == []


@pytest.mark.parametrize(
    "when",
    [
        "weeks >= 3",
        "weeks != 3 or day < '2024-03-31'",
        "not (weeks < 3 and chosen != 'phone')",
        "not (day == '2024-03-31')",
        "good >= 2",
        "not (good >= 2 or selected(way, 'email'))",
        "good == 'na'",
    ],
)
def test_conditions_arrive(when: str, small: Instrument) -> None:
    form = form_at(small, "before")
    last = Section(id="last", title="Last", items=(Item(id="more", kind="long_text", text="More?", when=when),))
    form = form.changed(sections=(*form.sections, last))
    written, losses, changes = build(form)
    assert silent_losses(form, read_back(written), losses, changes) == []


def test_names_that_redcap_uses_change(small: Instrument) -> None:
    form = form_at(small, "before")
    first = form.sections[0]
    items = (first.items[0].changed(id="small_complete"), first.items[1].changed(id="w"), *first.items[2:])
    form = form.changed(sections=(first.changed(items=items), *form.sections[1:]))
    _, _, changes = build(form)
    named = {change.item: change.platform_item for change in changes}
    assert named == {"small_complete": "small_complete1", "w": "w0"}


def test_answers_carry_instrument_version_and_wave() -> None:
    arrived = read_back(build(form_at(load_instrument("return-to-work-transition"), "after"))[0].encode())
    assert (arrived.id, arrived.version, arrived.waves[0].id) == ("return-to-work-transition", "1.0", "after")


@pytest.mark.parametrize("hidden", ["\x00", "\u2028", "\ud800"])
def test_a_hidden_character_is_refused(hidden: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(title=f"a{hidden}b"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Form Name", "Form", "eighteen headers"),
        ("record_id,", "record,", "record_id, hidden"),
        ("weeks,small", "Weeks,small", "a letter first"),
        ("chosen,small", "weeks,small", "each name once"),
        ("weeks,small", "weeks,other", "its rows together"),
        (",integer,", ",int,", "a validation type"),
        (",notes,", ",sql,", "a field type"),
        ("> 2)", "> 2", "in place of"),
        ("[weeks] > 2", "[wks] > 2", "a comparison of"),
        ("([weeks] <> '' and [weeks] > 2)", "[weeks] > 2", "= or <> with a code"),
        ("[weeks] <> ''", "[weeks] = ''", "a guard with <>"),
        ('"1, Disagree | 2', '"1, No | 2', "the same in the whole matrix"),
        ("1, Disagree | 2, Neither", "1, Disagree | 1, Neither", "each code once"),
        ("A small survey", "=A small survey", "none"),
        ("A small survey", "A <b>small</b> survey", "no tag but"),
        ("A small survey", "A [weeks] survey", "nothing piped"),
        ("Set by evalkit: @FORCE-MINMAX", "@FORCE-MINMAX", "none"),
        ("Set by evalkit: @FORCE-MINMAX", "", "with limits only"),
        ("@HIDDEN ", "", "@HIDDEN"),
        ("How?", 'How\\""?', "."),
    ],
)
def test_the_reader_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    text, _, _ = build(form_at(small, "before"))
    assert old in text
    with pytest.raises(InstrumentError, match=f"INS-045 .*{expected}"):
        read_back(text.replace(old, new, 1))


def forms_of(instrument: Instrument) -> list[Instrument]:
    return [form_at(instrument, wave.id) for wave in instrument.waves if wave.asked_with is None]


@pytest.mark.parametrize("instrument", [pytest.param(one, id=one.id) for one in read_library()])
def test_the_forms_of_all_waves_arrive_in_one_dictionary(instrument: Instrument) -> None:
    forms = forms_of(instrument)
    text, losses, changes = build_together(forms)
    arrived = read_together(text)
    names = [row[0] for row in rows_of(text)[1:]]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 26
    assert names.count("record_id") == 1
    assert len({row[1] for row in rows_of(text)[1:]}) == len(forms) == len(arrived)
    assert [form.waves[0].id for form in arrived] == [form.waves[0].id for form in forms]
    said = {(change.item, change.platform_item) for change in changes}
    for form, alone, own in zip(arrived, forms, single_names(forms), strict=True):
        # Under the names of a project of its own, each form is what it would be there.
        single = read_back(build(alone)[0])
        assert [own[item.id] for item in form.items if item.id in own] == [
            item.id for item in single.items if item.kind != "information" or item.id in own.values()
        ]
        for one, other in zip(form.items, single.items, strict=True):
            assert (one.kind, one.text, one.help, one.required) == (other.kind, other.text, other.help, other.required)
            assert [option.value for option in form.options_of(one)] == [
                option.value for option in single.options_of(other)
            ]
        assert [bool(item.when) for item in form.items] == [bool(item.when) for item in single.items]
    if len(forms) > 1:
        assert {item for item, _ in said} == {item.id for form in forms for item in form.items}
    assert len([loss for loss in losses if loss.feature == "pages"]) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_forms_keep_their_names_apart(instrument: Instrument) -> None:
    forms = forms_of(instrument)
    assert len(read_together(build_together(forms)[0])) == len(forms)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("good_after,", "good_before,", "each name once"),
        ("good_after,small_after", "good_after,small_before", "its rows together"),
        ("instrument_after,", "program_after,", "record_id, hidden"),
        ("grid_after", "grid_before", "each in one form"),
    ],
)
def test_the_reader_of_several_forms_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    text, _, _ = build_together(forms_of(small))
    assert old in text
    with pytest.raises(InstrumentError, match=f"INS-045 .*{expected}"):
        read_together(text.replace(old, new))
    with pytest.raises(InstrumentError, match=r"INS-045 .*2 forms; expected one"):
        read_back(text)


def test_long_names_are_shortened_before_the_wave(small: Instrument) -> None:
    views = small.sections[1]
    names = {"good": "a_very_long_name_of_one_item", "bad": "a_very_long_name_of_one_more"}
    items = tuple(item.changed(id=names.get(item.id, item.id)) for item in views.items)
    forms = forms_of(small.changed(sections=(small.sections[0], views.changed(items=items)), scales=()))
    named = {change.platform_item for change in build_together(forms)[2] if change.item.startswith("a_very")}
    assert len(named) == 6
    assert "a_very_long_name_of_before" in named
    assert max(map(len, named)) <= 26


def test_a_number_with_help_below_is_no_formula(small: Instrument) -> None:
    form = form_at(small, "before")
    first, views = form.sections
    rows = (views.items[0].changed(text="-5", help="=1+1"), *views.items[1:])
    weeks = first.items[3].changed(help="-5", unit="-6")
    views = views.changed(items=rows, matrices=(views.matrices[0].changed(text="+4", help="@x"),))
    first = first.changed(items=(*first.items[:3], weeks, *first.items[4:]))
    form = form.changed(sections=(first, views))
    text, losses, changes = build(form)
    assert not [cell for row in (rows_of(text)) for cell in row if inert(cell) != cell]
    assert silent_losses(form, read_back(text), losses, changes) == []
