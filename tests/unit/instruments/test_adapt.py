from __future__ import annotations

import re
from typing import Any

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.library import read_library
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import instrument_from_text
from evalkit.instruments.wording import in_language, texts
from evalkit.instruments.write import to_yaml


def _codes(caught: pytest.ExceptionInfo[InstrumentError]) -> list[str]:
    return [problem.code for problem in caught.value.problems]


def _changes(instrument: Instrument) -> dict[str, str]:
    assert instrument.ledger is not None
    return {entry.item: entry.change for entry in instrument.ledger.items if entry.change != "unchanged"}


def _verdicts(instrument: Instrument) -> dict[str, str]:
    assert instrument.ledger is not None
    return {entry.scale: entry.verdict for entry in instrument.ledger.scales}


def _kept(instrument: Instrument, name: str) -> Instrument:
    return instrument.changed(
        sections=tuple(
            section.changed(items=tuple(item.changed(may_reword=item.id != name) for item in section.items))
            for section in instrument.sections
        )
    )


def test_names_alone_change_nothing(small: Instrument) -> None:
    before = small.model_dump()
    adapted = small.adapt(organisation="Leeds", programme="Return")
    assert small.model_dump() == before
    assert _changes(adapted) == {}
    assert _verdicts(adapted) == {"liking": "comparable"}
    assert in_language(adapted).privacy == "Read by Leeds only."


def test_dropping_from_a_scale(small: Instrument) -> None:
    adapted = small.adapt(drop=["fine"])
    scale = adapted.scales_by_id["liking"]
    assert (scale.items, scale.min_answered) == (("good", "bad"), 2)
    assert _changes(adapted) == {"fine": "dropped"}
    assert _verdicts(adapted) == {"liking": "not comparable"}


@pytest.mark.parametrize("name", ["grid", "views"])
def test_dropping_a_matrix_or_a_page(name: str, small: Instrument) -> None:
    page = small.adapt(drop=[name])
    assert [section.id for section in page.sections] == ["start"]
    assert page.scales == ()
    assert [options.id for options in page.options] == ["ways"]
    assert [wave.id for wave in page.waves] == ["before", "after"]
    assert _verdicts(page) == {"liking": "not comparable"}


def test_dropping_what_a_condition_needs_is_refused(small: Instrument) -> None:
    with pytest.raises(InstrumentError) as caught:
        small.adapt(drop=["weeks"])
    assert _codes(caught) == ["INS-019"]
    assert "note" not in small.adapt(drop=["weeks", "note"]).by_id


def test_rewording(small: Instrument) -> None:
    adapted = small.adapt(reword={"good": "It is very good.", "sections.start.title": "First"})
    assert adapted.by_id["good"].text == "It is very good."
    assert adapted.sections[0].title == "First"
    assert _changes(adapted) == {"good": "reworded"}
    assert _verdicts(adapted) == {"liking": "not comparable"}


@pytest.mark.parametrize("key", ["good", "items.good.text", "matrices.grid.text", "options.agree.1"])
def test_a_wording_that_must_stay(key: str, small: Instrument) -> None:
    for kept in (_kept(small, "good"), small.changed(may_reword=False)):
        with pytest.raises(InstrumentError, match="INS-032"):
            kept.adapt(reword={key: "Other"})
    assert _kept(small, "good").adapt(reword={"bad": "Other"}).by_id["bad"].text == "Other"
    with pytest.raises(InstrumentError, match="INS-032"):
        _kept(small, "good").adapt(options={"agree": {1: "a", 2: "b"}})


def test_other_options_rescale(small: Instrument) -> None:
    adapted = small.adapt(options={"agree": {number: f"Step {number}" for number in range(1, 6)}})
    assert adapted.scales_by_id["liking"].range == (1, 5)
    assert [option.value for option in adapted.option_sets["agree"].options] == [1, 2, 3, 4, 5, "na"]
    assert _changes(adapted) == {"good": "rescaled", "bad": "rescaled", "fine": "rescaled"}
    assert _verdicts(adapted) == {"liking": "not comparable"}


def test_other_labels_reword(small: Instrument) -> None:
    adapted = small.adapt(options={"agree": {1: "No!", 2: "Maybe", 3: "Yes!", "missing": {"pnts": "Rather not"}}})
    assert set(_changes(adapted).values()) == {"reworded"}
    assert _verdicts(adapted) == {"liking": "not comparable"}
    assert adapted.option_sets["agree"].options[-1].value == "pnts"


def test_adding(small: Instrument) -> None:
    adapted = small.adapt(
        add=[
            {"id": "extra", "kind": "single_choice", "text": "More?", "options": "more", "after": "chosen"},
            {"id": "last", "kind": "long_text", "text": "Else?", "section": "start"},
            {"id": "closing", "kind": "long_text", "text": "End?"},
        ],
        options={"more": {"a": "A", "b": {"label": "B"}}},
    )
    assert [item.id for item in adapted.sections[0].items][2:5] == ["chosen", "extra", "weeks"]
    assert adapted.sections[0].items[-1].id == "last"
    assert adapted.sections[-1].items[-1].id == "closing"
    assert _changes(adapted) == {"extra": "added", "last": "added", "closing": "added"}
    assert _verdicts(adapted) == {"liking": "comparable"}


def test_languages(small: Instrument) -> None:
    welsh = {path: f"cy {text}" for path, text in texts(small).items()}
    with pytest.raises(InstrumentError) as caught:
        small.adapt(languages=["en-GB", "cy"])
    assert set(_codes(caught)) == {"INS-025"}
    both = small.adapt(languages=["en-GB", "cy"], translations={"cy": welsh})
    assert in_language(both, "cy").title == "cy A small survey"
    assert both.adapt(languages=["en-GB"]).translations == ()
    with pytest.raises(InstrumentError, match=r"INS-025.*items\.good\.text"):
        both.adapt(reword={"good": "Better."})
    again = both.adapt(reword={"good": "Better."}, translations={"cy": {"items.good.text": "Gwell."}})
    assert in_language(again, "cy").by_id["good"].text == "Gwell."


@pytest.mark.parametrize(
    ("argument", "value", "remedy"),
    [
        ("drop", ["goods"], 'Did you mean "good"'),
        ("reword", {"goods": "x"}, 'Did you mean "good"'),
        ("tokens", {"organization": "x"}, 'Did you mean "organisation"'),
        ("options", {"agreed": {1: "x"}}, 'Did you mean "agree"'),
        ("add", [{"id": "x", "kind": "date", "text": "X?", "section": "star"}], 'Did you mean "start"'),
        ("add", [{"id": "x", "kind": "date", "text": "X?", "after": "goods"}], 'Did you mean "good"'),
        ("translations", {"cy": {}}, "There are none"),
        ("languages", ["cy"], "Put it first"),
    ],
)
def test_names_that_are_not_there(argument: str, value: object, remedy: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match=f"INS-031.*{remedy}"):
        small.adapt(**{argument: value})  # type: ignore[arg-type]


def test_all_problems_at_once(small: Instrument) -> None:
    with pytest.raises(InstrumentError) as caught:
        _kept(small, "good").adapt(drop=["goods"], reword={"good": "x", "badly": "y"})
    assert _codes(caught) == ["INS-031", "INS-031", "INS-032"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"add": [{"id": "x", "kind": "dates", "text": "X?"}]},
        {"add": [{"kind": "date", "text": "X?"}]},
        {"options": {"agree": {1: 2}}},
        {"reword": {"good": ""}},
        {"organisation": ""},
    ],
)
def test_values_of_the_wrong_kind(arguments: dict[str, object], small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-008"):
        small.adapt(**arguments)  # type: ignore[arg-type]


def test_the_result_keeps_the_rules(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match="INS-011"):
        small.adapt(add=[{"id": "good", "kind": "date", "text": "X?"}])
    with pytest.raises(InstrumentError, match="INS-009"):
        small.adapt(reword={"good": "a\tb"})


def test_a_version_of_its_own(small: Instrument) -> None:
    changes: list[dict[str, Any]] = [
        {"reword": {"good": "Better."}},
        {"reword": {"good": "Best."}},
        {"reword": {"consent": "Take part."}},
        {"drop": ["note"]},
        {"drop": ["hello"]},
        {"add": [{"id": "extra", "kind": "date", "text": "When?"}]},
        {"options": {"agree": {1: "No", 2: "Neither", 3: "Agree"}}},
        {
            "languages": ["en-GB", "cy"],
            "translations": {"cy": {path: f"cy {text}" for path, text in texts(small).items()}},
        },
    ]
    versions = [small.adapt(**change).version for change in changes]
    assert len(set(versions)) == len(changes)
    assert all(re.fullmatch(r"1\.0-[0-9a-f]{6}", version) for version in versions)
    assert versions == [small.adapt(**change, organisation="Leeds").version for change in changes]
    assert small.adapt(organisation="Leeds", tokens={"contact": "us"}).version == "1.0"


def test_the_order_of_adaptations_does_not_count(small: Instrument) -> None:
    at_once = small.adapt(reword={"good": "Better.", "bad": "Worse."}, drop=["hello"])
    later = small.adapt(drop=["hello"]).adapt(reword={"bad": "Worse."}).adapt(reword={"good": "Better."})
    assert later == at_once
    assert later.adapt(reword={"good": "It is good."}).version != at_once.version


def test_a_version_that_a_person_raised_stays(small: Instrument) -> None:
    raised = small.adapt(drop=["hello"]).changed(version="1.1")
    assert raised.adapt(drop=["note"]).version.startswith("1.1-")
    own = small.changed(version="1-200131")
    assert own.adapt(drop=["note"]).version.startswith("1-200131-")


def test_the_version_of_the_library_stays_without_changes() -> None:
    for instrument in read_library():
        filled = instrument.adapt(organisation="Example Trust", programme="Onwards")
        assert (filled.version, _changes(filled)) == (instrument.version, {})


GRID = {
    "id": "grid2",
    "kind": "matrix",
    "text": "How far do you agree?",
    "help": "Choose one in each row.",
    "options": "agree",
    "required": True,
    "waves": ["before", "after"],
    "rows": {"calm": "I am calm.", "busy": {"text": "I am busy.", "required": False}},
}


def test_adding_a_matrix(small: Instrument) -> None:
    adapted = small.adapt(add=[{**GRID, "section": "start"}])
    page = adapted.sections[0]
    assert [item.id for item in page.items][-2:] == ["calm", "busy"]
    assert [(one.id, one.text, one.help) for one in page.matrices] == [
        ("grid2", "How far do you agree?", "Choose one in each row.")
    ]
    calm, busy = adapted.by_id["calm"], adapted.by_id["busy"]
    assert (calm.kind, calm.matrix, calm.options, calm.waves) == ("likert", "grid2", "agree", ("before", "after"))
    assert (calm.required, busy.required) == (True, False)
    assert _changes(adapted) == {"calm": "added", "busy": "added"}
    assert _verdicts(adapted) == {"liking": "comparable"}
    assert instrument_from_text(to_yaml(adapted), "small.yaml") == adapted
    own = small.adapt(add=[{**GRID, "options": "other"}], options={"other": {0: "No", 1: "Yes"}})
    assert own.options_of(own.by_id["busy"])[1].label == "Yes"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("good", ["good", "bad", "fine", "calm", "busy"]),
        ("grid", ["good", "bad", "fine", "calm", "busy"]),
        ("fine", ["good", "bad", "fine", "calm", "busy"]),
        (None, ["good", "bad", "fine", "calm", "busy"]),
    ],
)
def test_the_rows_of_a_matrix_stay_together(after: str | None, expected: list[str], small: Instrument) -> None:
    place = {} if after is None else {"after": after}
    adapted = small.adapt(add=[{**GRID, **place}])
    assert [item.id for item in adapted.sections[1].items] == expected
    single = small.adapt(add=[{"id": "extra", "kind": "date", "text": "When?", "after": "good"}])
    assert [item.id for item in single.sections[1].items] == ["good", "bad", "fine", "extra"]
    middle = small.adapt(add=[{**GRID, "after": "hello"}])
    assert [item.id for item in middle.sections[0].items][:4] == ["hello", "calm", "busy", "way"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rows": {}}, "INS-007"),
        ({"rows": None}, "INS-008"),
        ({"rows": ["calm"]}, "INS-008"),
        ({"kind": "likert"}, "INS-006"),
        ({"colour": "red"}, "INS-008"),
        ({"text": ""}, "INS-008"),
        ({"id": "grid"}, "INS-011"),
        ({"options": "agreed"}, "INS-012"),
        ({"rows": {"calm": {"text": "Calm.", "colour": "red"}}}, "INS-008"),
        ({"rows": {"good": "Again."}}, "INS-011"),
        ({"options": "ways"}, "INS-012"),
    ],
)
def test_a_matrix_that_cannot_be_added(change: dict[str, object], code: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError, match=code):
        small.adapt(add=[{**GRID, **change}])
    rows = {key: value for key, value in GRID.items() if key != "rows"}
    with pytest.raises(InstrumentError, match=r"INS-007 adapting small, add 1: a matrix without rows"):
        small.adapt(add=[rows])


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"add": ["x"]}, "add"),
        ({"add": "x"}, "add"),
        ({"add": {"id": "x"}}, "add"),
        ({"options": {"agree": ["a"]}}, "options, agree"),
        ({"options": ["a"]}, "options"),
        ({"languages": ["en-GB", ""]}, "languages"),
        ({"languages": ["en-GB", 1]}, "languages"),
        ({"drop": [1]}, "drop"),
        ({"drop": 1}, "drop"),
        ({"reword": {"good": 1}}, "reword, good"),
        ({"reword": "good"}, "reword"),
        ({"tokens": {1: "x"}}, "tokens, 1"),
        ({"organisation": 1}, "names, organisation"),
        ({"translations": {"cy": ["a"]}}, "translations, cy"),
        ({"translations": {"cy": {"title": 1}}}, "translations, cy, title"),
    ],
)
def test_arguments_of_the_wrong_kind(said: dict[str, Any], place: str, small: Instrument) -> None:
    with pytest.raises(InstrumentError) as caught:
        small.adapt(**said)
    assert _codes(caught) == ["INS-008"]
    assert caught.value.problems[0].place == f"adapting small, {place}"


def test_one_text_stands_for_a_list_of_it(small: Instrument) -> None:
    assert small.adapt(drop="note", languages="en-GB") == small.adapt(drop=iter(["note"]), languages=("en-GB",))


def test_an_item_may_stand_behind_one_that_is_added(small: Instrument) -> None:
    rows = [
        {"id": "first", "kind": "long_text", "text": "One?", "after": "hello"},
        {"id": "second", "kind": "long_text", "text": "Two?", "after": "first"},
    ]
    assert [item.id for item in small.adapt(add=rows).items][:3] == ["hello", "first", "second"]
    with pytest.raises(InstrumentError, match="INS-031"):
        small.adapt(add=rows[::-1])
    with pytest.raises(InstrumentError, match="INS-008"):
        small.adapt(add=[{"id": "first"}, rows[1]])


def test_what_stands_for_a_token_holds_none(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match=r"INS-024 .*tokens.organisation: {programme}"):
        small.adapt(organisation="Trust of {programme}")
