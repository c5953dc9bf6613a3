from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from instrument_strategies import HOSTILE, instruments
from lxml import etree
from openpyxl import load_workbook
from pyxform.validators import odk_validate
from pyxform.xls2xform import ConvertResult, convert
from random_conditions import SIGNS, answers, asked_form, conditions, shown_when
from round_trip import silent_losses

from evalkit.errors import InstrumentError
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.conditions import Comparison, Condition, leaves
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.xlsform import build, read_back
from evalkit.instruments.model import Instrument, Item, Option, OptionSet, Section
from evalkit.instruments.wording import texts

FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]
XFORM = "{http://www.w3.org/2002/xforms}"


def unsaid(form: Instrument) -> list[str]:
    """What differs and is not told; how the apps show a text is not seen by reading back."""
    content, losses, changes = build(form)
    arrived = read_back(content)
    told = [one for one in losses if one.feature != "display"]
    return [line for line in silent_losses(form, arrived, told, changes) if "'no name'" not in line] + [
        f"{item.id}: options {item.options} became {same.options}"
        for item, same in zip(form.items, arrived.items, strict=True)
        if item.options != same.options
    ]


def converted(content: bytes) -> ConvertResult:
    """Convert as ODK and KoboToolbox do; a warning is a failure."""
    result = convert(content, warnings=None)
    assert result.warnings == []
    return result


def validated(paths: list[Path]) -> str:
    """Run the ODK Validate that comes with pyxform on all files at once."""
    java = shutil.which("java")
    if java is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Java (Debian default-jre-headless)")
        pytest.skip("Java is not installed (Debian default-jre-headless)")
    command = [java, "-Djava.awt.headless=true", "-jar", odk_validate.ODK_VALIDATE_PATH, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def shown(xform: str, language: str) -> list[str]:
    """Every text of one language in the converted form."""
    texts_of = ET.fromstring(xform).findall(f".//{XFORM}translation[@lang='{language}']//{XFORM}value")  # noqa: S314
    return ["".join(one.itertext()) for one in texts_of]


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_arrives_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    assert unsaid(form_at(instrument, wave)) == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_arrive_but_for_what_is_told(instrument: Instrument) -> None:
    assert unsaid(form_at(instrument, "after")) == []


def test_every_instrument_passes_odk_validate(tmp_path: Path) -> None:
    paths = []
    for instrument in read_library():
        for wave in (one.id for one in instrument.waves if one.asked_with is None):
            path = tmp_path / f"{instrument.id}-{wave}.xml"
            path.write_text(converted(build(form_at(instrument, wave))[0]).xform, encoding="utf-8")
            paths.append(path)
    told = validated(paths)
    assert told.startswith("exit 0\n"), told
    assert told.count("Xform is valid") == len(paths), told


def test_odk_validate_can_fail(tmp_path: Path, small: Instrument) -> None:
    xform = converted(build(form_at(small, "after"))[0]).xform
    (tmp_path / "bad.xml").write_text(re.sub(r'relevant="[^"]*"', 'relevant="nosuch( "', xform), encoding="utf-8")
    assert not validated([tmp_path / "bad.xml"]).startswith("exit 0\n")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(instrument=instruments(translated=True))
def test_hostile_texts_come_out_of_the_converter_as_they_were(instrument: Instrument) -> None:
    """Escapes of Markdown taken back, each text is in the form that ODK gets, in both languages."""
    form = form_at(instrument, "after")
    content, losses, _ = build(form)
    altered = {loss.where for loss in losses if loss.feature == "display"}
    xform = converted(content).xform
    for language, said in (("English en-GB (en)", texts(form)), ("Cymraeg (cy)", dict(form.translations[0].texts))):
        arrived = {line for text in shown(xform, language) for line in (_unmarked(text), *_unmarked(text).split("\n"))}
        lost = {
            path: text
            for path, text in said.items()
            if path not in altered
            and not path.startswith("waves.")
            and text not in arrived
            and f"[{text}]" not in arrived
        }
        assert {path: text for path, text in lost.items() if "\n" not in text} == {}


def _unmarked(text: str) -> str:
    return re.sub(r"(\$|instance)\u200c", r"\1", re.sub(r"\\([\\#_*])", r"\1", text))


@pytest.mark.parametrize(
    "text", [*HOSTILE, "${gate}", "instance('x')/y", "# head", "__bold__ and *em*", "\\_", "a\\\\b"]
)
def test_a_hostile_text_arrives_as_it_was(text: str, small: Instrument) -> None:
    form = form_at(small, "after")
    first = form.sections[0]
    item = first.items[1].changed(text=text, help=text)
    changed = first.changed(title=text, intro=text, items=(first.items[0], item, *first.items[2:]))
    form = form.changed(title=text, consent=text, sections=(changed, *form.sections[1:]))
    content = build(form)[0]
    arrived = read_back(content)
    assert (arrived.title, arrived.consent, arrived.sections[0].title, arrived.sections[0].intro) == (text,) * 4
    assert (arrived.by_id[item.id].text, arrived.by_id[item.id].help) == (text, text)
    converted(content)


def test_no_cell_is_a_formula(small: Instrument) -> None:
    form = form_at(small, "after").changed(title="=1+1", description="=HYPERLINK(1)", privacy="@SUM(A1)")
    book = load_workbook(io.BytesIO(build(form)[0]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells if cell.value == "=1+1"] == [True, True]


def test_the_same_form_gives_the_same_bytes(small: Instrument) -> None:
    form = form_at(small, "after")
    assert build(form)[0] == build(form)[0]


def test_answers_carry_instrument_version_and_wave(small: Instrument) -> None:
    arrived = read_back(build(form_at(small, "after"))[0])
    assert (arrived.id, arrived.version, arrived.waves[0].id) == ("small", "1.0", "after")


def test_a_name_of_a_hidden_field_changes(small: Instrument) -> None:
    form = form_at(small, "before")
    first = form.sections[0]
    items = (first.items[0].changed(id="instrument"), *first.items[1:])
    changed = form.changed(sections=(first.changed(items=items), *form.sections[1:]))
    assert build(changed)[2] == (CodeChange("instrument", "", "instrument1", ""),)


def test_formatting_that_cannot_be_escaped_is_told(small: Instrument) -> None:
    form = form_at(small, "before").changed(consent="<script>alert(1)</script>", privacy="plain, snake_case")
    told = [loss for loss in build(form)[1] if loss.feature == "display"]
    assert [loss.where for loss in told] == ["consent"]
    assert isinstance(told[0], Loss)


def test_limits_and_single_answers_are_constraints() -> None:
    form = _form(
        Item(id="n", kind="number", text="N?", min=0.5, max=9, decimals=2, unit="km", help="About."),
        Item(id="d", kind="date", text="D?", min="2020-01-01", max="2021-12-31"),
        Item(id="m", kind="multiple_choice", text="M?", options="set", min=0, max=2),
        Item(id="t", kind="short_text", text="T?", max_length=5),
        Item(id="l", kind="long_text", text="L?", max_length=50, identifier=True),
        Item(id="x", kind="short_text", text="X?", when="n >= 0.25 and selected(m, 2) and d < '2020-06-01'"),
        Item(id="y", kind="short_text", text="Y?", when="not (o >= 2 or o != 99) and not (d == '2020-02-02')"),
    )
    content, losses, _ = build(form)
    assert unsaid(form) == []
    rows = {
        row[1].value: [cell.value for cell in row] for row in load_workbook(io.BytesIO(content))["survey"].iter_rows()
    }
    assert ". >= 0.5 and . <= 9 and round(., 2) = ." in rows["n"]
    assert ". >= date('2020-01-01') and . <= date('2021-12-31')" in rows["d"]
    alone = [f"not(selected(., '{value}') and count-selected(.) > 1)" for value in (3, 99)]
    assert " and ".join(["count-selected(.) >= 0", "count-selected(.) <= 2", *alone]) in rows["m"]
    assert "${n} >= 0.25 and selected(${m}, '2') and ${d} < date('2020-06-01')" in rows["x"]
    assert "not((${o} >= 2 and ${o} != 99) or not(${o} = '99')) and not(${d} = '2020-02-02')" in rows["y"]
    assert [loss.where for loss in losses if loss.feature == "identifier"] == ["l"]


def _form(*items: Item) -> Instrument:
    options = OptionSet(
        id="set",
        options=(
            Option(value=1, label="One"),
            Option(value=2, label="Two"),
            Option(value=3, label="None", exclusive=True),
            Option(value=99, label="Rather not", missing=True),
        ),
    )
    first = Item(id="o", kind="likert", text="O?", options="set")
    form = form_at(load_instrument("return-to-work-transition"), "before")
    section = Section(id="only", title="Only", items=(first, *items))
    return form.changed(sections=(section,), options=(options,), scales=())


@settings(max_examples=100, deadline=None)
@given(when=conditions(), given_answers=answers())
def test_xpath_says_what_random_conditions_say(when: Condition, given_answers: dict[str, object]) -> None:
    """With XPath 1.0 and ODK's `selected`; the order of dates is ODK's own, and looked at by ODK Validate only."""
    assume(
        not [one for one in leaves(when) if isinstance(one, Comparison) and one.item == "day" and one.sign in SIGNS[2:]]
    )
    form = asked_form(Item(id="q", kind="date", text="Q?", when=str(when)))
    assert unsaid(form) == []
    rows = load_workbook(io.BytesIO(build(form)[0]))["survey"].iter_rows(values_only=True)
    [relevant] = [
        str(dict(zip(header, row, strict=True))["relevant"]) for header in [next(rows)] for row in rows if row[1] == "q"
    ]
    data = etree.Element("data")
    for item in form.items:
        answer = given_answers.get(item.id, "")
        etree.SubElement(data, item.id).text = " ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
    functions = {(None, "selected"): lambda _, nodes, value: value in (nodes[0].text or "").split()}
    found = data.xpath(re.sub(r"\$\{(\w+)\}", r"/data/\1", relevant), extensions=functions)
    assert found is shown_when(when, given_answers), relevant


def test_odk_validate_takes_every_kind_of_limit(tmp_path: Path) -> None:
    test_limits_and_single_answers_are_constraints()
    form = _form(
        Item(id="n", kind="number", text="N?", min=0.5, max=9, decimals=2, unit="km", help="About."),
        Item(id="m", kind="multiple_choice", text="M?", options="set", min=0, max=2),
        Item(id="d", kind="date", text="D?", min="2020-01-01"),
        Item(id="y", kind="short_text", text="Y?", when="not (o >= 2 or o != 99) and d >= '2020-02-02' and n < 3"),
    )
    (tmp_path / "form.xml").write_text(converted(build(form)[0]).xform, encoding="utf-8")
    assert "Xform is valid" in validated([tmp_path / "form.xml"])


def test_a_help_that_looks_like_a_unit_is_told() -> None:
    form = _form(Item(id="n", kind="number", text="N?", help="About.\n[km]"))
    told = {loss.where for loss in build(form)[1] if loss.feature == "text"}
    assert told == {"items.n.help", "items.n.unit"}


def test_a_matrix_hides_as_a_whole_or_row_by_row(small: Instrument) -> None:
    form = form_at(small, "before")
    page = form.sections[1]
    every = tuple(item.changed(when="weeks < 2") for item in page.items)
    some = (page.items[0], page.items[1].changed(when="weeks < 2", required=True, help="So?"), *page.items[2:])
    assert unsaid(form.changed(sections=(form.sections[0], page.changed(items=every)))) == []
    assert unsaid(form.changed(sections=(form.sections[0], page.changed(items=some)))) == []


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\u2028", "\ud800", "\ufffe"])
def test_a_hidden_character_is_refused(hidden: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(title=f"a{hidden}b"))


def test_a_text_longer_than_a_cell_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match=r"INS-043 .*32767"):
        build(form_at(small, "before").changed(description="x" * 32_768))


def test_a_version_that_no_hidden_field_carries_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-044 version"):
        build(form_at(small, "before").changed(version="1'2"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("select_one", "select_once", "a type of question"),
        ("begin_group", "begin_groups", "a calculation or a page"),
        ("end_group", "integer", "a note of the start"),
        ("table-list", "table", "table-list"),
        ("field-list", "field", "field-list"),
        ("yes", "perhaps", "yes"),
        ("type", "kind", "a column of XLSForm"),
        ("label::English en-GB (en)", "label", "a language"),
        ("English en-GB (en)", "Klingon", "a language"),
        ("${weeks} > 2", "${weeks} >> 2", "a condition that can be read"),
        ("${weeks} > 2", "${wks} > 2", "a question that comes before"),
        ("weeks", "we eks", "an XML name"),
        ("chosen", "weeks", "each name once"),
        ("A small survey", "A small ${survey}", "plain text"),
        ("small-before", "small-after", "small-before"),
        ("'small'", "small", "a text in quotes"),
    ],
)
def test_the_reader_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    book = load_workbook(io.BytesIO(build(form_at(small, "before"))[0]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    found = [cell for cell in cells if cell.value == old or (" " in cell.value and old in cell.value)]
    assert found, sorted({cell.value for cell in cells})
    found[0].value = found[0].value.replace(old, new)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(InstrumentError, match=f"INS-045 .*({expected})"):
        read_back(out.getvalue())


def test_the_reader_refuses_a_formula(small: Instrument) -> None:
    book = load_workbook(io.BytesIO(build(form_at(small, "before"))[0]))
    book["settings"]["A2"] = "=1+1"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(InstrumentError, match=r"INS-045 .*cell A2: type f"):
        read_back(out.getvalue())


def test_a_page_under_a_condition_arrives(small: Instrument) -> None:
    form = form_at(small, "before")
    form = form.changed(
        sections=(form.sections[0], form.sections[1].changed(when="weeks > 2 and not chosen == 'email'"))
    )
    assert unsaid(form) == []
    arrived = read_back(build(form)[0])
    assert arrived.sections[1].when == "weeks > 2 and chosen != 'email'"
