"""Answers to a version are read with another only where they mean the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.instruments import Instrument, load_instrument
from evalkit.instruments.answer_notes import answers_fit
from evalkit.instruments.responses.read import read_responses

RETURN = load_instrument("return-to-work-transition")


def _answered(folder: Path, version: str) -> Path:
    file = folder / "answers.json"
    row = {"id": "r1", "instrument": RETURN.id, "version": version, "belonging": {"att_belong": 5}}
    file.write_text(json.dumps([row]), encoding="utf-8")
    return file


def _adapted(**options: dict[object, object]) -> Instrument:
    return RETURN.adapt(options=options)


SWAPPED = _adapted(part_taken={"mentee": "I mentor others", "mentor": "I am mentored", "both_parts": "Both"})


def test_labels_that_changed_places_are_another_version(tmp_path: Path) -> None:
    labels = {option.value: option.label for option in RETURN.option_sets["part_taken"].options if not option.missing}
    first, second, *rest = labels
    moved = _adapted(part_taken={first: labels[second], second: labels[first], **{key: labels[key] for key in rest}})
    file = _answered(tmp_path, "1.0")
    assert read_responses(file, RETURN, wave="after")["version"].tolist() == ["1.0"]
    for other in (moved, SWAPPED):
        assert other.ledger is not None
        assert "not comparable" not in {entry.verdict for entry in other.ledger.scales}
        with pytest.raises(DataError, match=r"DAT-016.*another version: 1"):
            read_responses(file, other, wave="after")
    one_label = _adapted(part_taken={**labels, first: "I am mentored"})
    assert len(read_responses(file, one_label, wave="after")) == 1


@pytest.mark.parametrize(
    ("version", "fits"), [("1.0", True), ("1", True), ("1.1", False), ("", False), ("1.00", False)]
)
def test_which_versions_fit(version: str, *, fits: bool) -> None:
    other_words = RETURN.adapt(reword={"att_care": "Other."})
    assert answers_fit(version, RETURN) is fits
    assert answers_fit(version, other_words) is fits
    assert answers_fit(other_words.version, other_words)
    assert not answers_fit(other_words.version, RETURN)
    assert not answers_fit("1.0", RETURN.adapt(reword={"att_care": "Other.", "att_belong": "Words."}))


def test_what_is_read_says_with_what(tmp_path: Path) -> None:
    noted = read_responses(_answered(tmp_path, "1.0"), RETURN, wave="after").attrs["instrument"]
    assert (noted["id"], noted["version"]) == (RETURN.id, RETURN.version)
    assert all(isinstance(value, str) for value in noted.values())
