from __future__ import annotations

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.model import Instrument
from evalkit.instruments.wording import in_language, texts


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
    assert _verdicts(adapted) == {"liking": "comparable with care"}


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


def test_other_labels_only_reword(small: Instrument) -> None:
    adapted = small.adapt(options={"agree": {1: "No!", 2: "Maybe", 3: "Yes!", "missing": {"pnts": "Rather not"}}})
    assert set(_changes(adapted).values()) == {"reworded"}
    assert _verdicts(adapted) == {"liking": "comparable with care"}
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
