from __future__ import annotations

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.ledger import diff, joined, require_comparable
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument, Item, Scale


def _with_scale(instrument: Instrument, **fields: object) -> Instrument:
    return instrument.changed(scales=(instrument.scales[0].changed(**fields),))


def _with_item(instrument: Instrument, name: str, **fields: object) -> Instrument:
    def changed(item: Item) -> Item:
        return item.changed(**fields) if item.id == name else item

    return instrument.changed(
        sections=tuple(section.changed(items=tuple(map(changed, section.items))) for section in instrument.sections)
    )


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
    assert _verdict(small, _with_item(small, "good", text="Better?")) == ("comparable with care", "good was reworded")
    moved = _verdict(small, _with_item(small, "good", when="weeks > 2"))
    assert moved == ("comparable with care", "good is shown under another condition")
    assert _verdict(small, small.changed(languages=("cy",)))[0] == "comparable with care"
    options = small.option_sets["agree"]
    longer = options.changed(options=(options.options[0].changed(value=0), *options.options))
    rescaled = small.changed(options=(longer, small.options[1]))
    assert _verdict(small, rescaled) == ("not comparable", "good, bad, fine has other answer values")
    labelled = options.changed(options=tuple(option.changed(label=f"{option.label}!") for option in options.options))
    assert _verdict(small, small.changed(options=(labelled, small.options[1])))[0] == "comparable with care"


def test_three_quarters_of_a_mean_are_comparable_with_care_but_not_of_a_sum(small: Instrument) -> None:
    four = _with_scale(small, items=("good", "bad", "fine", "weeks"))
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
    for other in others:
        assert _verdict(small, other)[0] == _verdict(other, small)[0]


def test_ledgers_join(small: Instrument) -> None:
    once = small.adapt(reword={"good": "Better."}, add=[{"id": "extra", "kind": "date", "text": "When?"}])
    twice = once.adapt(drop=["extra", "hello"], reword={"fine": "Finer."})
    assert twice.ledger is not None
    changes = {entry.item: entry.change for entry in twice.ledger.items if entry.change != "unchanged"}
    assert changes == {"hello": "dropped", "good": "reworded", "fine": "reworded"}
    assert [entry.verdict for entry in twice.ledger.scales] == ["comparable with care"]
    assert twice.ledger.origin == "small 1.0"
    assert joined(None, diff(small, small)) == diff(small, small)


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
