from __future__ import annotations

import re
from typing import Any

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.ledger import diff, require_comparable
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument, Item, Scale, Translation
from evalkit.instruments.read import instrument_from_text
from evalkit.instruments.rules import standard_examples
from evalkit.instruments.wording import texts
from evalkit.instruments.write import to_yaml


def _with_scale(instrument: Instrument, **fields: object) -> Instrument:
    return instrument.changed(scales=(instrument.scales[0].changed(**fields),))


def _with_item(instrument: Instrument, name: str, **fields: object) -> Instrument:
    def changed(item: Item) -> Item:
        return item.changed(**fields) if item.id == name else item

    return instrument.changed(
        sections=tuple(section.changed(items=tuple(map(changed, section.items))) for section in instrument.sections)
    )


def _with_four(instrument: Instrument) -> Instrument:
    return _with_scale(instrument, items=("good", "bad", "fine", "weeks"))


def _verdict(a: Instrument, b: Instrument) -> tuple[str, str]:
    (entry,) = [entry for entry in diff(a, b).scales if entry.scale == "liking"]
    return entry.verdict, entry.rule


def test_the_same_is_comparable(small: Instrument) -> None:
    ledger = diff(small, small)
    assert {entry.change for entry in ledger.items} == {"unchanged"}
    assert _verdict(small, small)[0] == "comparable"
    assert require_comparable(small, small, "liking").verdict == "comparable"


@pytest.mark.parametrize(
    ("fields", "verdict", "rule"),
    [
        ({"rule": "sum"}, "not comparable", "the rule is mean in one and sum in the other"),
        ({"range": (1, 5)}, "not comparable", "answers run from 1 to 3 in one and from 1 to 5"),
        ({"reverse": ()}, "not comparable", "bad is reverse-keyed in one only"),
        ({"items": ("good", "bad")}, "not comparable", "only 2 of 3 items are in both"),
        ({"min_answered": 3}, "comparable with care", "at least 2 answers are asked for in one and 3"),
        ({"title": "Other"}, "comparable", "are the same"),
    ],
)
def test_rules_on_the_scale(fields: dict[str, object], verdict: str, rule: str, small: Instrument) -> None:
    found = _verdict(small, _with_scale(small, **fields))
    assert found[0] == verdict
    assert rule in found[1]


def test_rules_on_the_items(small: Instrument) -> None:
    four = _with_four(small)
    assert _verdict(four, _with_item(four, "good", text="Better?")) == ("comparable with care", "good was reworded")
    moved = _verdict(small, _with_item(small, "good", when="weeks > 2"))
    assert moved == ("comparable with care", "good is shown under another condition")
    assert _verdict(small, small.changed(languages=("cy",)))[0] == "comparable with care"
    options = small.option_sets["agree"]
    longer = options.changed(options=(options.options[0].changed(value=0), *options.options))
    rescaled = small.changed(options=(longer, small.options[1]))
    assert _verdict(small, rescaled) == ("not comparable", "good, bad, fine have other answer values")
    first = options.changed(options=(options.options[0].changed(label="No!"), *options.options[1:]))
    assert _verdict(small, small.changed(options=(first, small.options[1]))) == (
        "comparable with care",
        "good, bad, fine have some answers in other words",
    )


def test_three_quarters_of_a_mean_are_comparable_with_care_but_not_of_a_sum(small: Instrument) -> None:
    four = _with_four(small)
    assert _verdict(four, small)[0] == "comparable with care"
    total = _with_scale(four, rule="sum"), _with_scale(small, rule="sum")
    assert _verdict(*total) == ("not comparable", "a sum over other items is another quantity")


def test_what_cannot_be_compared_raises(small: Instrument) -> None:
    with pytest.raises(InstrumentError, match=r"INS-033.*scale liking.*Report the two apart"):
        require_comparable(small, _with_scale(small, rule="sum"), "liking")
    with pytest.raises(InstrumentError, match=r"INS-033.*in one version only"):
        require_comparable(small, small.changed(scales=()), "liking")
    with pytest.raises(InstrumentError, match=r'INS-031.*Did you mean "liking"'):
        require_comparable(small, small, "likings")
    with pytest.raises(InstrumentError, match=r"INS-031"):
        require_comparable(small.changed(scales=()), small.changed(scales=()), "liking")


def test_diff_is_symmetric_in_its_verdict(small: Instrument) -> None:
    others = [_with_scale(small, rule="sum"), _with_item(small, "good", text="B?"), small.changed(scales=())]
    others += [_with_four(small), _with_item(_with_four(small), "good", text="B?"), small.changed(languages=("cy",))]
    for other in others:
        assert _verdict(small, other)[0] == _verdict(other, small)[0]


def test_ledgers_join(small: Instrument) -> None:
    once = small.adapt(reword={"good": "Better."}, add=[{"id": "extra", "kind": "date", "text": "When?"}])
    twice = once.adapt(drop=["extra", "hello"], reword={"fine": "Finer."})
    assert twice.ledger is not None
    changes = {entry.item: entry.change for entry in twice.ledger.items if entry.change != "unchanged"}
    assert changes == {"hello": "dropped", "good": "reworded", "fine": "reworded"}
    assert [entry.verdict for entry in twice.ledger.scales] == ["not comparable"]
    assert twice.ledger.origin == "small 1.0"


def test_scales_of_both_are_listed(small: Instrument) -> None:
    other: Scale = small.scales[0].changed(id="other")
    found = {entry.scale: entry.verdict for entry in diff(small, small.changed(scales=(other,))).scales}
    assert found == {"liking": "not comparable", "other": "not comparable"}


def test_answers_under_other_values_cannot_be_compared() -> None:
    whole = load_instrument("return-to-work-transition")
    labels = {option.value: option.label for option in whole.option_sets["agree5"].options if not option.missing}
    mirrored = whole.adapt(options={"agree5": {6 - value: label for value, label in labels.items()}})
    verdicts = {entry.scale: entry.verdict for entry in mirrored.ledger.scales}
    assert verdicts["networks_scale"] == "not comparable"
    assert verdicts["mentoring_scale"] == "comparable"
    with pytest.raises(InstrumentError, match="INS-033"):
        require_comparable(whole, mirrored, "networks_scale")


def _five(instrument: Instrument) -> Instrument:
    """A scale of five items."""
    more = [{"id": f"more{n}", "kind": "likert", "text": f"More {n}.", "options": "agree"} for n in (1, 2)]
    waves = {"waves": ["before", "then", "after"], "section": "views"}
    wide = instrument.adapt(add=[{**row, **waves} for row in more])
    scale = wide.scales[0].changed(items=("good", "bad", "fine", "more1", "more2"))
    wide = wide.changed(scales=(scale,), ledger=None, version="1.0")
    return wide.changed(scales=(scale.changed(examples=standard_examples(scale)),))


@pytest.mark.parametrize(
    ("reworded", "verdict", "rule"),
    [
        (0, "comparable", "are the same"),
        (1, "comparable with care", "good was reworded"),
        (2, "not comparable", "only 3 of 5 items are in both and in the same words, fewer than three quarters"),
        (4, "not comparable", "only 1 of 5 items is in both and in the same words"),
    ],
)
def test_rewording_most_items_makes_another_scale(reworded: int, verdict: str, rule: str, small: Instrument) -> None:
    five = _five(small)
    names = five.scales[0].items[:reworded]
    found = _verdict(five, five.adapt(reword={name: f"Other words for {name}." for name in names}))
    assert found[0] == verdict
    assert rule in found[1]


def test_three_of_four_in_the_same_words_are_enough(small: Instrument) -> None:
    four = _with_four(small)
    once = _with_item(four, "good", text="B?")
    assert _verdict(four, once)[0] == "comparable with care"
    assert _verdict(four, _with_item(once, "bad", text="B?"))[0] == "not comparable"


def test_the_question_above_the_rows_is_a_part_of_each_item(small: Instrument) -> None:
    assert _verdict(small, small.adapt(reword={"matrices.grid.text": "What is it like?"}))[0] == "not comparable"


@pytest.mark.parametrize("text", ["It  is\n good.", "It is good", " It is good. "])
def test_what_nobody_reads_as_other_words(text: str, small: Instrument) -> None:
    ledger = diff(small, _with_item(small, "good", text=text))
    assert {entry.change for entry in ledger.items} == {"unchanged"}
    assert [entry.verdict for entry in ledger.scales] == ["comparable"]


@pytest.mark.parametrize("text", ["it is good.", "It is good?", "It is not good.", "It isgood."])
def test_what_is_other_words(text: str, small: Instrument) -> None:
    assert _verdict(_with_four(small), _with_item(_with_four(small), "good", text=text))[1] == "good was reworded"


def test_curly_quotes_are_no_other_words(small: Instrument) -> None:
    straight, curly = (_with_item(small, "good", text=text) for text in ('It\'s "good".', "It’s “good”."))
    assert _verdict(straight, curly)[0] == "comparable"


def test_tokens_filled_in_are_no_other_words(small: Instrument) -> None:
    named = _with_item(small, "good", text="Good for {organisation}.")
    assert _verdict(named, named.adapt(organisation="Leeds"))[0] == "comparable"


def test_other_answers_on_the_same_values_make_another_scale(small: Instrument) -> None:
    often = small.adapt(options={"agree": {1: "Never", 2: "Neither", 3: "Always"}})
    assert _verdict(small, often) == (
        "not comparable",
        "good, bad, fine have answers in other words, fewer than half of them the same",
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"options": {"agree": {1: "Disagree", 2: "Neither", 3: "Agree", "missing": {"na": "N/A"}}}}, "decline"),
        ({"reword": {"matrices.grid.text": "Do you agree?"}}, "are the same"),
        ({"options": {"agree": {3: "Agree", 2: "Neither", 1: "Disagree"}}}, "have the answers in another order"),
        ({"options": {"agree": {3: "Disagree", 2: "Neither", 1: "Agree"}}}, "the same answers under other values"),
    ],
)
def test_smaller_changes(change: dict[str, Any], rule: str, small: Instrument) -> None:
    assert rule in _verdict(small, small.adapt(**change))[1]


def test_words_of_two_languages_are_not_held_against_each_other(small: Instrument) -> None:
    four = _with_four(small)
    other = four
    for name in four.scales[0].items:
        other = _with_item(other, name, text=f"cy {name}")
    assert _verdict(four, other)[0] == "not comparable"
    assert _verdict(four, other.changed(languages=("cy",))) == (
        "comparable with care",
        "one is in en-GB and the other in cy",
    )
    assert _verdict(four, other.changed(languages=("en-US",)))[0] == "not comparable"


def test_a_chain_of_adaptations_is_held_against_the_first(small: Instrument) -> None:
    five = _five(small)
    once = five.adapt(reword={"good": "Better."})
    twice = once.adapt(reword={"bad": "Worse."})
    assert _scales(once) == {"liking": "comparable with care"}
    assert _verdict(once, twice)[0] == "comparable with care"
    assert _scales(twice) == {"liking": "not comparable"}
    assert twice.ledger == five.adapt(reword={"good": "Better.", "bad": "Worse."}).ledger
    back = twice.adapt(reword={"good": five.by_id["good"].text, "bad": five.by_id["bad"].text})
    assert _scales(back) == {"liking": "comparable"}
    assert back.version == five.version


def test_dropping_one_item_after_another_is_held_against_the_first(small: Instrument) -> None:
    five = _five(small)
    assert _scales(five.adapt(drop=["more1"])) == {"liking": "comparable with care"}
    assert _scales(five.adapt(drop=["more1"]).adapt(drop=["more2"])) == {"liking": "not comparable"}


def test_a_chain_survives_its_file(small: Instrument) -> None:
    once = _five(small).adapt(reword={"good": "Better."})
    read = instrument_from_text(to_yaml(once), "small.yaml")
    assert read == once
    assert read.adapt(reword={"bad": "Worse."}) == once.adapt(reword={"bad": "Worse."})


def _scales(instrument: Instrument) -> dict[str, str]:
    assert instrument.ledger is not None
    return {entry.scale: entry.verdict for entry in instrument.ledger.scales}


def test_items_in_one_version_and_items_in_other_words_count_together(small: Instrument) -> None:
    """Four of five shared and three of these four in the same words are three of five."""
    five = _five(small)
    both = five.adapt(drop=["more1"], reword={"good": "Better."})
    found = _verdict(five, both)
    assert found == ("not comparable", "only 3 of 5 items are in both and in the same words, fewer than three quarters")
    assert _verdict(both, five) == found


def test_every_rule_that_applies_is_named(small: Instrument) -> None:
    other = _with_scale(small, rule="sum", range=(1, 5), reverse=())
    assert _verdict(small, other)[1].count("; ") == 2
    four = _with_four(small)
    longer = _with_scale(_with_item(four, "good", text="Better."), items=four.scales[0].items, min_answered=3)
    assert _verdict(four, longer) == (
        "comparable with care",
        "good was reworded; at least 2 answers are asked for in one and 3 in the other",
    )


def test_another_introduction_is_with_care(small: Instrument) -> None:
    page = small.changed(sections=(small.sections[0], small.sections[1].changed(intro="Think of last week.")))
    assert _verdict(small, page) == ("comparable with care", "good, bad, fine have another introduction of the page")
    waves = tuple(wave.changed(intro="Think hard.") if wave.asked_with else wave for wave in small.waves)
    looking_back = small.changed(waves=waves)
    expected = ("comparable with care", "the retrospective questions have another introduction")
    assert _verdict(small, looking_back) == expected
    assert _verdict(small, small.changed(waves=small.waves[::2]))[0] == "comparable"


def _in_welsh(instrument: Instrument, **other: str) -> Instrument:
    words = {path: f"cy {text}" for path, text in texts(instrument).items()} | other
    translation = Translation(language="cy", texts=tuple(words.items()))
    return instrument.changed(languages=("en-GB", "cy"), translations=(translation,))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("items.good.text", "good has"),
        ("options.agree.1", "good, bad, fine have"),
        ("matrices.grid.text", "good, bad, fine have"),
    ],
)
def test_other_words_in_a_further_language_are_with_care(path: str, names: str, small: Instrument) -> None:
    welsh, other = _in_welsh(small), _in_welsh(small, **{path: "cy other"})
    assert _verdict(welsh, _in_welsh(small, title="cy other"))[0] == "comparable"
    assert _verdict(welsh, other) == ("comparable with care", f"{names} other words in cy")
    assert _verdict(small, welsh)[0] == "comparable"
    change = {entry.item: entry.detail for entry in diff(welsh, other).items if entry.item == "good"}
    assert change == {"good": "other words in cy"}


def test_the_same_answers_under_other_values_rescale_an_item(small: Instrument) -> None:
    moved = small.adapt(options={"ways": {"email": "By phone", "phone": "By email", "neither": "Not at all"}})
    assert moved.ledger is not None
    changes = {entry.item: (entry.change, entry.detail) for entry in moved.ledger.items if entry.change != "unchanged"}
    assert changes["chosen"] == ("rescaled", "the same answers under other values")


def _versioned(text: str, version: str) -> str:
    """Put another version into a file; a print such as 1.0-12345678 stands in quotes there, most others do not."""
    changed, times = re.subn(r"(?m)^version: .*$", f'version: "{version}"', text)
    assert times == 1
    return changed


def test_a_file_that_was_edited_must_not_keep_its_print(small: Instrument) -> None:
    once = _five(small).adapt(reword={"good": "Better."})
    edited = to_yaml(once).replace("It is bad.", "It is evil.")
    with pytest.raises(InstrumentError, match=r"INS-036 small.yaml, line 2: version 1.0-") as caught:
        instrument_from_text(edited, "small.yaml")
    right = caught.value.problems[0].expected
    assert right.startswith("1.0-")
    for version in (right, "2.0", "our own"):
        read = instrument_from_text(_versioned(edited, version), "small.yaml")
        assert read.version == version
        assert _scales(read) == {"liking": "not comparable"}
        assert "bad" in {entry.item for entry in read.ledger.items if entry.change == "reworded"}  # type: ignore[union-attr]
    for version in ("1.0", "1.0-aaaaaa", "2.0-aaaaaa"):
        with pytest.raises(InstrumentError, match="INS-036"):
            instrument_from_text(_versioned(edited, version), "small.yaml")


def test_a_version_that_only_looks_like_a_print_stays(small: Instrument) -> None:
    dated = _five(small).changed(version="1.0-202401")
    once = dated.adapt(reword={"good": "Better."})
    assert once.version.startswith("1.0-202401-")
    assert once.adapt(reword={"bad": "Worse."}).version.startswith("1.0-202401-")
    own = once.changed(version="2.0-202402").adapt(reword={"bad": "Worse."})
    assert own.version.startswith("2.0-202402-")
    named = dated.adapt(organisation="Leeds")
    assert named.version == "1.0-202401"
    assert instrument_from_text(to_yaml(named), "small.yaml").version == "1.0-202401"


def test_ids_do_as_well_as_instruments() -> None:
    name = "intention-to-leave"
    assert diff(name, load_instrument(name)) == diff(load_instrument(name), name)
    scale = load_instrument(name).scales[0].id
    assert require_comparable(name, name, scale).verdict == "comparable"
