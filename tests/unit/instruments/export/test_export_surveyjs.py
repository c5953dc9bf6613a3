from __future__ import annotations

import html
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instrument_strategies import HOSTILE, instruments
from random_conditions import answers as random_answers
from random_conditions import asked_form, conditions, shown_when
from round_trip import silent_losses

from evalkit.errors import InstrumentError
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.conditions import Condition, holds
from evalkit.instruments.export.report import CodeChange
from evalkit.instruments.export.surveyjs import build, read_back
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section, Translation
from evalkit.instruments.wording import texts

MODULES = Path(__file__).resolve().parents[3] / "browser" / "node_modules"
FORMS = [
    pytest.param(instrument, wave.id, id=f"{instrument.id}-{wave.id}")
    for instrument in read_library()
    for wave in instrument.waves
    if wave.asked_with is None
]

Answers = dict[str, Any]
InSurveyjs = Callable[..., list[dict[str, Any]]]


def unsaid(form: Instrument) -> list[str]:
    """What differs and is not told; hidden rows are seen by a respondent, not by reading back."""
    content, losses, changes = build(form)
    return silent_losses(form, read_back(content), (one for one in losses if one.feature != "hidden rows"), changes)


@pytest.fixture(scope="session")
def in_surveyjs() -> Iterator[InSurveyjs]:
    """Load forms into SurveyJS itself, and answer them; one Node serves all tests."""
    node = shutil.which("node")
    if node is None or not (MODULES / "survey-core").is_dir():
        if os.environ.get("CI"):
            pytest.fail("CI needs Node and the npm packages of tests/browser")
        pytest.skip("Node or the npm packages of tests/browser are not installed")
    command = [node, str(Path(__file__).with_name("check_surveyjs.cjs")), str(MODULES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as run:
        assert run.stdin is not None
        assert run.stdout is not None
        send, receive = run.stdin, run.stdout

        def ask(
            forms: Iterable[tuple[Instrument, list[Answers]]], ticks: Sequence[tuple[str, list[int]]] = ()
        ) -> list[dict[str, Any]]:
            asked = [
                {
                    "survey": build(form)[0],
                    "languages": form.languages,
                    "cases": [_nested(one, form) for one in cases],
                    "ticks": ticks,
                }
                for form, cases in forms
            ]
            send.write(f"{json.dumps(asked)}\n")
            send.flush()
            found: list[dict[str, Any]] = json.loads(receive.readline())
            return found

        yield ask
        send.close()


def _nested(answers: Answers, form: Instrument) -> Answers:
    """Put the answers of matrix rows under their matrix, as SurveyJS has them."""
    found: Answers = {}
    for name, answer in answers.items():
        item = form.by_id[name]
        if item.matrix is None:
            found[item.name] = answer
        else:
            found.setdefault(item.matrix, {})[item.name] = answer
    return found


def respondent(form: Instrument, chance: random.Random, skip: float = 0.3) -> tuple[Answers, list[str]]:
    """Answer what is shown, some of it; the items that are shown come second."""
    answers: Answers = {}
    shown: list[str] = []
    for section in form.sections:
        if section.condition is not None and not holds(section.condition, answers):
            continue
        for item in section.items:
            if item.condition is not None and not holds(item.condition, answers):
                continue
            shown.append(item.name)
            if item.kind != "information" and (item.required or chance.random() >= skip):
                answers[item.id] = _answer(item, form, chance)
    return answers, shown


def _answer(item: Item, form: Instrument, chance: random.Random) -> object:
    options = form.options_of(item)
    if item.kind == "multiple_choice":
        plain = [one.value for one in options if not one.missing and not one.exclusive]
        return chance.sample(plain, min(len(plain), max(int(item.min or 1), 1)))
    if options:
        return chance.choice(options).value
    if item.kind == "number":
        least = item.min if isinstance(item.min, int | float) else 0
        most = item.max if isinstance(item.max, int | float) else least + 50
        return (
            round(chance.uniform(least, most), item.decimals)
            if item.decimals
            else chance.randint(int(least), int(most))
        )
    if item.kind == "date":
        return str(item.min or item.max or "2024-03-31")
    return "Words."[: item.max_length]


@pytest.mark.parametrize(("instrument", "wave"), FORMS)
def test_every_instrument_arrives_but_for_what_is_told(instrument: Instrument, wave: str) -> None:
    assert unsaid(form_at(instrument, wave)) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments())
def test_random_instruments_arrive_but_for_what_is_told(instrument: Instrument) -> None:
    assert unsaid(form_at(instrument, "after")) == []


def test_surveyjs_takes_every_instrument_and_shows_what_the_conditions_say(in_surveyjs: InSurveyjs) -> None:
    chance = random.Random(7)  # noqa: S311
    forms = [form_at(param.values[0], param.values[1]) for param in FORMS]
    answered = [[respondent(form, chance) for _ in range(5)] for form in forms]
    found = in_surveyjs((form, [answers for answers, _ in cases]) for form, cases in zip(forms, answered, strict=True))
    for form, cases, told in zip(forms, answered, found, strict=True):
        assert told["errors"] == [], form.id
        for (answers, shown), case in zip(cases, told["answered"], strict=True):
            assert case["wrong"] == [], (form.id, answers)
            assert case["valid"] is True
            assert case["visible"] == shown, (form.id, answers)
            carried = {name: case["data"][name] for name in ("instrument", "version", "wave")}
            assert carried == {"instrument": form.id, "version": form.version, "wave": form.waves[0].id}


def test_surveyjs_refuses_a_required_item_that_is_left_out(in_surveyjs: InSurveyjs) -> None:
    forms = [form_at(param.values[0], param.values[1]) for param in FORMS]
    cases = []
    for form in forms:
        answers, shown = respondent(form, random.Random(1), skip=0)  # noqa: S311
        left = next((item for item in form.items if item.required and item.name in shown), None)
        if left is not None:
            # Nothing that depends on the answer may become required by its going.
            cases.append((form, [{name: answer for name, answer in answers.items() if name != left.id}], left))
    assert cases
    found = in_surveyjs((form, answers) for form, answers, _ in cases)
    for (form, _, left), told in zip(cases, found, strict=True):
        assert told["answered"][0]["valid"] is False, form.id
        assert (left.matrix or left.name) in told["answered"][0]["wrong"], form.id


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(instrument=instruments(translated=True))
def test_surveyjs_shows_hostile_texts_as_they_are(instrument: Instrument, in_surveyjs: InSurveyjs) -> None:
    form = form_at(instrument, "after")
    cases = [respondent(form, random.Random(seed)) for seed in range(3)]  # noqa: S311
    [told] = in_surveyjs([(form, [answers for answers, _ in cases])])
    assert told["errors"] == []
    assert [case["visible"] for case in told["answered"]] == [shown for _, shown in cases]
    for language, said in (("en-GB", texts(form)), ("cy", dict(form.translations[0].texts))):
        assert set(_wanted(form, said)) - {one.replace("{\u200c", "{") for one in told["said"][language]} == set()


def _wanted(form: Instrument, said: Mapping[str, str]) -> Iterable[str]:
    yield said["title"]
    for section in form.sections:
        yield said[f"sections.{section.id}.title"]
    for item in form.items:
        note = said.get(f"items.{item.id}.help", "")
        if item.kind == "information":
            below = f'<p class="help">{_escaped(note)}</p>' if note else ""
            yield f"<p>{_escaped(said[f'items.{item.id}.text'])}</p>{below}"
        else:
            yield said[f"items.{item.id}.text"] + (f"\n{note}" if item.matrix and note else "")
        for option in form.options_of(item):
            yield said[f"options.{item.options}.{option.value}"]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


@pytest.mark.parametrize("first", ["cy", "en", "fr"])
def test_every_language_is_shown(first: str, small: Instrument, in_surveyjs: InSurveyjs) -> None:
    others = [tag for tag in ("cy", "en", "en-GB", "fr") if tag != first]
    form = form_at(small, "before")
    told = {tag: tuple((path, f"{tag} {text}") for path, text in texts(form).items()) for tag in others}
    form = form.changed(
        languages=(first, *others), translations=tuple(Translation(language=tag, texts=told[tag]) for tag in others)
    )
    assert unsaid(form) == []
    [found] = in_surveyjs([(form, [])])
    assert found["errors"] == []
    assert {tag: said[0] for tag, said in found["said"].items()} == {
        first: "A small survey",
        **{tag: f"{tag} A small survey" for tag in others},
    }


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


LIMITED = (
    Item(id="n", kind="number", text="N?", min=0.5, max=9, decimals=2, unit="km", help="About."),
    Item(id="w", kind="number", text="W?", min=-3, max=3),
    Item(id="d", kind="date", text="D?", min="2020-01-01", max="2021-12-31"),
    Item(id="m", kind="multiple_choice", text="M?", options="set", min=0, max=1),
    Item(id="t", kind="short_text", text="T?", max_length=5),
    Item(id="l", kind="long_text", text="L?", max_length=5, identifier=True),
    Item(id="x", kind="short_text", text="X?", when="n >= 0.25 and selected(m, 2) and d < '2020-06-01'"),
    Item(id="y", kind="short_text", text="Y?", when="not (o >= 2 or o != 99) and not (d == '2020-02-02')"),
)


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"n": 0.5, "w": -3, "d": "2020-01-01", "m": [1], "t": "12345", "l": "12345"}, []),
        ({"n": 9, "w": 3, "d": "2021-12-31", "m": [99], "t": "", "l": ""}, []),
        ({"n": 0.49}, ["n"]),
        ({"n": 0.555}, ["n"]),
        ({"w": 0.5}, ["w"]),
        ({"w": 4}, ["w"]),
        ({"d": "2019-12-31"}, ["d"]),
        ({"d": "2022-01-01"}, ["d"]),
        ({"t": "123456"}, ["t"]),
        ({"l": "123456"}, ["l"]),
    ],
)
def test_surveyjs_holds_answers_to_the_limits(answers: Answers, wrong: list[str], in_surveyjs: InSurveyjs) -> None:
    form = _form(*LIMITED)
    assert unsaid(form) == []
    [told] = in_surveyjs([(form, [answers])])
    assert told["errors"] == []
    assert told["answered"][0]["wrong"] == wrong


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    whens=st.lists(conditions(), min_size=8, max_size=8),
    given_answers=st.lists(random_answers(), min_size=4, max_size=4),
)
def test_surveyjs_shows_what_random_conditions_say(
    whens: list[Condition], given_answers: list[Answers], in_surveyjs: InSurveyjs
) -> None:
    form = asked_form(*(Item(id=f"q{n}", kind="date", text="Q?", when=str(when)) for n, when in enumerate(whens)))
    assert unsaid(form) == []
    [told] = in_surveyjs([(form, given_answers)])
    assert told["errors"] == []
    for one, case in zip(given_answers, told["answered"], strict=True):
        wanted = [f"q{n}" for n, when in enumerate(whens) if shown_when(when, one)]
        assert [name for name in case["visible"] if name.startswith("q")] == wanted, one


def test_a_missing_option_has_no_order_in_surveyjs(in_surveyjs: InSurveyjs) -> None:
    form = _form(Item(id="y", kind="short_text", text="Y?", when="o >= 2"))
    [told] = in_surveyjs([(form, [{"o": 1}, {"o": 2}, {"o": 99}, {}])])
    assert ["y" in case["visible"] for case in told["answered"]] == [False, True, False, False]


def test_surveyjs_ticks_what_excludes_others_alone_and_no_more_than_may_be(in_surveyjs: InSurveyjs) -> None:
    ticks = [("m", [1, 3]), ("m", [3, 1]), ("m", [1, 99]), ("k", [1, 2, 4])]
    options = OptionSet(id="four", options=tuple(Option(value=n, label=f"Number {n}") for n in (1, 2, 3, 4)))
    form = _form(
        Item(id="m", kind="multiple_choice", text="M?", options="set"),
        Item(id="k", kind="multiple_choice", text="K?", options="four", min=2, max=2),
    )
    form = form.changed(options=(*form.options, options))
    [told] = in_surveyjs([(form, [{"k": [1]}, {"k": [1, 2]}])], ticks=ticks)
    assert told["ticked"] == [[3], [1], [99], [1, 2]]
    assert [case["wrong"] for case in told["answered"]] == [["k"], []]


def test_decimals_that_do_not_count_from_the_least_number_are_told() -> None:
    form = _form(Item(id="n", kind="number", text="N?", min=0.5), Item(id="k", kind="number", text="K?", help="A\n[b]"))
    told = {(loss.feature, loss.where) for loss in build(form)[1]}
    assert {one for one in told if one[0] in {"validation", "text"}} == {
        ("validation", "n"), ("text", "items.k.help"), ("text", "items.k.unit"),
    }  # fmt: skip


def test_partly_required_and_half_hidden_rows(small: Instrument, in_surveyjs: InSurveyjs) -> None:
    form = form_at(small, "before")
    page = form.sections[1]
    rows = (
        page.items[0].changed(required=True),
        page.items[1].changed(when="weeks < 2", required=True, help="So?"),
        *page.items[2:],
    )
    last = Item(id="more", kind="long_text", text="More?", when="bad == 1")
    form = form.changed(sections=(form.sections[0], page.changed(items=(*rows, last))))
    assert unsaid(form) == []
    assert [loss.where for loss in build(form)[1] if loss.feature == "hidden rows"] == ["bad"]
    cases: list[Answers] = [{"weeks": 1, "good": 1}, {"weeks": 1, "bad": 1}, {"weeks": 5, "good": 1}]
    [told] = in_surveyjs([(form, cases)])
    assert told["errors"] == []
    assert [case["wrong"] for case in told["answered"]] == [["grid"], ["grid"], []]


def test_a_matrix_hides_as_a_whole(small: Instrument, in_surveyjs: InSurveyjs) -> None:
    form = form_at(small, "before")
    page = form.sections[1]
    every = tuple(item.changed(when="weeks < 2", required=True) for item in page.items)
    form = form.changed(sections=(form.sections[0], page.changed(items=every)))
    assert unsaid(form) == []
    [told] = in_surveyjs([(form, [{}, {"weeks": 1}])])
    assert [case["valid"] for case in told["answered"]] == [True, False]


@pytest.mark.parametrize(
    "text", [*HOSTILE, "{gate}", "{ Chosen }", "{grid.good}", "{wave}", "</script>", "<br>", "{locale}"]
)
def test_a_hostile_text_arrives_as_it_was(text: str, small: Instrument, in_surveyjs: InSurveyjs) -> None:
    form = form_at(small, "after")
    first = form.sections[0]
    item = first.items[1].changed(text=text, help=text)
    note = first.items[0].changed(text=text, help=text)
    changed = first.changed(title=text, intro=text, items=(note, item, *first.items[2:]))
    form = form.changed(title=text, consent=text, sections=(changed, *form.sections[1:]))
    content = build(form)[0]
    assert "<" not in content
    arrived = read_back(content)
    assert (arrived.title, arrived.consent, arrived.sections[0].title, arrived.sections[0].intro) == (text,) * 4
    for one in (item, note):
        assert (arrived.by_id[one.id].text, arrived.by_id[one.id].help) == (text, text)
    [told] = in_surveyjs([(form, [{"chosen": "email", "good": 1}])])
    assert told["said"]["en-GB"][0].replace("{\u200c", "{") == text


def test_an_open_token_can_still_be_found(small: Instrument) -> None:
    assert "{organisation}" in build(form_at(small, "after"))[0]


def test_a_name_of_a_hidden_field_or_matrix_changes(small: Instrument) -> None:
    form = form_at(small, "before")
    first = form.sections[0]
    items = (first.items[0].changed(id="instrument"), first.items[1].changed(code="grid"), *first.items[2:])
    changed = form.changed(sections=(first.changed(items=items), *form.sections[1:]))
    assert build(changed)[2] == (CodeChange("instrument", "", "instrument1", ""), CodeChange("way", "", "grid1", ""))
    assert unsaid(changed) == []


@pytest.mark.parametrize("hidden", ["\x00", "\x0b", "\u2028", "\ud800"])
def test_a_hidden_character_is_refused(hidden: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-043"):
        build(form_at(small, "before").changed(title=f"a{hidden}b"))


def test_a_version_that_no_hidden_field_carries_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-044 version"):
        build(form_at(small, "before").changed(version="1'2"))


def test_two_rows_of_a_matrix_without_its_own_rows_are_refused(small: Instrument) -> None:
    form = form_at(small, "before")
    assert isinstance(form.sections[1].matrices[0], Matrix)
    content = build(form)[0].replace('"rows": [', '"lines": [')
    with pytest.raises(InstrumentError, match=r"INS-045 .*(a property of a matrix|no rows)"):
        read_back(content)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"radiogroup"', '"radio"', "a type of question"),
        ('"isExclusive": true', '"isExclusive": 1', "the type of that property"),
        ('"isExclusive"', '"exclusive"', "a property of a tick"),
        ('"inputType": "number"', '"inputType": "tel"', "number or date"),
        ('"max": 10', '"max": "10"', "a number"),
        ("{weeks} > 2", "{weeks} >> 2", "a condition that can be read"),
        ("{weeks} > 2", "{wks} > 2", "a question that comes before"),
        ("{weeks} > 2", "{weeks} = 2 and !({weeks} = 99)", "behind their own order"),
        ('"name": "weeks"', '"name": "we eks"', "a name"),
        ('"name": "weeks"', '"name": "chosen"', "each name once"),
        ("A small survey", "A small {chosen}", "no answer in a text"),
        ("\\u003cp>Welcome.", "Welcome.", "a paragraph"),
        ("Welcome.", "\\u003cb>Welcome.", "without it"),
        ("onHidden", "none", "onHidden"),
        ('"name": "wave"', '"name": "time"', "instrument"),
        ("'small'", "small", "a text in quotes"),
        ('"value": "phone"', '"value": "email"', "each value once"),
        ("form__start", "start", "form__start"),
        ('"title": "A small survey"', '"title": {"default": "A", "cy": "B"}', "languages"),
        ('"title": "A small survey"', '"title": {"default": "A", "en": "B"}', "takes for English"),
        ('"title": "Start"', '"title": "Start", "title": "Stop"', "each once"),
        ('"pages": [', '"pages": [,', "JSON"),
    ],
)
def test_the_reader_is_strict(old: str, new: str, expected: str, small: Instrument) -> None:
    content = build(form_at(small, "before"))[0]
    assert old in content
    with pytest.raises(InstrumentError, match=f"INS-045 .*({expected})"):
        read_back(content.replace(old, new, 1))


def test_a_page_under_a_condition_arrives(small: Instrument) -> None:
    form = form_at(small, "before")
    form = form.changed(
        sections=(form.sections[0], form.sections[1].changed(when="weeks > 2 and not chosen == 'email'"))
    )
    assert unsaid(form) == []
    arrived = read_back(build(form)[0])
    assert arrived.sections[1].when == "weeks > 2 and chosen != 'email'"


def test_values_keep_their_type(small: Instrument) -> None:
    arrived = read_back(build(form_at(small, "before"))[0])
    assert [option.value for option in arrived.options_of(arrived.by_id["good"])] == [1, 2, 3, "na"]
