"""A REDCap project with a form for each wave: one row of the export holds all waves of a person."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from frames import assert_frames_agree
from response_formats import redcap, redcap_labelled
from simulated_answers import Simulated, simulated_answers

from evalkit.errors import DataError
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.export.redcap import build_together, single_names
from evalkit.instruments.responses import read_responses

COUNT = 8
LONGEST = ["return-to-work-transition", "regular-check-in", "coordinator-planning"]


def together(
    instrument: Instrument, *, labels: bool = False
) -> tuple[list[Simulated], dict[str, list[int]], list[list[str]]]:
    """Simulate each wave; who answered it; and the rows of the export, a person each."""
    waves = [wave.id for wave in instrument.waves if wave.asked_with is None]
    found = [simulated_answers(instrument, COUNT, seed=seed, wave=wave) for seed, wave in enumerate(waves)]
    # The first wave lacks the last person, and so on: somebody is missing at each.
    answered = {wave: [row for row in range(COUNT) if row != COUNT - 1 - at] for at, wave in enumerate(waves)}
    untouched = "Unchecked" if labels else "0"
    head, rows = ["record_id"], [[str(row + 1)] for row in range(COUNT)]
    for one, own in zip(found, single_names([form_at(instrument, wave) for wave in waves]), strict=True):
        here = {single: name for name, single in own.items()}
        names, *body = csv.reader(io.StringIO(redcap(one, labels=labels).decode(), newline=""))
        kept = [at for at, name in enumerate(names) if name.partition("___")[0] in here]
        for at in kept:
            base, ticks, code = names[at].partition("___")
            head.append(f"{here[base]}{ticks}{code}")
        head.append(f"{next(name for name in own if name.endswith('_complete'))}")
        for row, cells in enumerate(body):
            there = row in answered[one.wave]
            rows[row] += [cells[at] if there else untouched if "___" in names[at] else "" for at in kept]
            rows[row].append("2" if there else "0")
    return found, answered, [head, *rows]


def written(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "redcap.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def labelled(folder: Path, instrument: Instrument, rows: list[list[str]]) -> Path:
    waves = [wave.id for wave in instrument.waves if wave.asked_with is None]
    dictionary = build_together([form_at(instrument, wave) for wave in waves])[0]
    path = written(folder, rows)
    path.write_bytes(redcap_labelled(path.read_bytes(), dictionary))
    return path


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("name", LONGEST)
def test_each_wave_gets_its_rows(name: str, labels: bool, tmp_path: Path) -> None:  # noqa: FBT001
    instrument = load_instrument(name)
    found, answered, rows = together(instrument, labels=labels)
    path = labelled(tmp_path, instrument, rows) if labels else written(tmp_path, rows)
    back = read_responses(path, instrument)
    assert back.attrs["platform"] == "redcap"
    assert back["wave"].tolist() == [one.wave for one in found for _ in answered[one.wave]]
    assert back["respondent"].tolist() == [str(row + 1) for one in found for row in answered[one.wave]]
    for one in found:
        alone = read_responses(path, instrument, wave=one.wave)
        expected = one.frame().iloc[answered[one.wave]].reset_index(drop=True)
        names = [column for column in expected if not column.endswith("__missing")]
        assert_frames_agree(alone[names], expected[names], rtol=0, atol=0)
        part = back[back["wave"] == one.wave].reset_index(drop=True)
        for column in names:
            assert part[column].astype(object).where(part[column].notna(), None).tolist() == (
                alone[column].astype(object).where(alone[column].notna(), None).tolist()
            ), column


def test_forms_that_nobody_answered_are_no_answers(small: Instrument, tmp_path: Path) -> None:
    _, _, (head, *rows) = together(small)
    empty = [[row[0], *("0" if "___" in name else "" for name in head[1:])] for row in rows]
    with pytest.raises(DataError, match=r"DAT-018 .*nobody answered"):
        read_responses(written(tmp_path, [head, *empty]), small)


def test_problems_name_the_rows_of_the_file(small: Instrument, tmp_path: Path) -> None:
    _, _, (head, *rows) = together(small)
    rows[3][head.index("weeks_before")] = "999"
    with pytest.raises(DataError, match=r"DAT-002 .*\(row 5\)"):
        read_responses(written(tmp_path, [head, *rows]), small)


@pytest.fixture
def two_forms(small: Instrument, tmp_path: Path) -> list[list[str]]:
    """The labelled export of two waves, a header and eight people."""
    with labelled(tmp_path, small, together(small, labels=True)[2]).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def hidden_waves(head: list[str]) -> list[int]:
    return [at for at, name in enumerate(head) if name == "Wave (hidden)"]


def test_labels_are_sorted_by_the_hidden_wave_and_else_by_the_order_of_the_forms(
    small: Instrument, two_forms: list[list[str]], tmp_path: Path
) -> None:
    expected = read_responses(written(tmp_path, two_forms), small)
    # With a time stamp before the second form, which counts for that form and is no answer to the first.
    end = two_forms[0].index("Complete?") + 1
    stamped = [
        [*row[:end], "Survey Timestamp" if not at else "2024-05-01", *row[end:]] for at, row in enumerate(two_forms)
    ]
    stamped[1][1:end] = ["" for _ in stamped[1][1:end]]
    back = read_responses(written(tmp_path, stamped), small)
    assert "1" not in back.loc[back["wave"] == "before", "respondent"].tolist()
    # The second form first.
    last = hidden_waves(two_forms[0])[1] - 2
    turned = [[row[0], *row[last:], *row[1:last]] for row in two_forms]
    back = read_responses(written(tmp_path, turned), small).sort_values(["wave", "respondent"], ascending=[False, True])
    assert back["wave"].value_counts().to_dict() == expected["wave"].value_counts().to_dict()
    known = expected.sort_values(["wave", "respondent"], ascending=[False, True])
    assert_frames_agree(back[list(known)].reset_index(drop=True), known.reset_index(drop=True), rtol=0, atol=0)
    # Nothing hidden is filled in: the place of the forms tells.
    for at, name in enumerate(two_forms[0]):
        if name.endswith(" (hidden)"):
            for row in two_forms[1:]:
                row[at] = ""
    back = read_responses(written(tmp_path, two_forms), small)
    assert back["wave"].tolist() == expected["wave"].tolist()


@pytest.mark.parametrize("second", ["before", "never"])
def test_labels_that_nothing_tells_apart_call_for_raw_data(
    second: str, small: Instrument, two_forms: list[list[str]], tmp_path: Path
) -> None:
    at = hidden_waves(two_forms[0])[1]
    for row in two_forms[1:]:
        row[at] = second
    with pytest.raises(DataError, match=r"DAT-013 .*2 forms of which.*raw data") as error:
        read_responses(written(tmp_path, two_forms), small)
    assert "elete" not in str(error.value)


def test_two_columns_of_an_item_in_one_form_call_for_raw_data(
    small: Instrument, two_forms: list[list[str]], tmp_path: Path
) -> None:
    at = next(at for at, name in enumerate(two_forms[0]) if name == small.by_id["weeks"].text)
    doubled = [[*row[:at], row[at], *row[at:]] for row in two_forms]
    with pytest.raises(DataError, match=r"DAT-013 .*two columns of this name.*raw data") as error:
        read_responses(written(tmp_path, doubled), small)
    assert "elete" not in str(error.value)


def test_a_form_of_noughts_without_its_wave_was_answered(small: Instrument, tmp_path: Path) -> None:
    form = form_at(small, "before")
    _, _, (head, *rows) = together(small)
    own = single_names([form, form_at(small, "after")])[0]
    number = next(name for name, single in own.items() if single == "weeks")
    for row, cell in zip(rows, ["0", ""], strict=False):
        for at, name in enumerate(head):
            if name.partition("___")[0] in own:
                row[at] = cell if name == number else "0" if "___" in name or name.endswith("_complete") else ""
    back = read_responses(written(tmp_path, [head, *rows]), small)
    before = back[back["wave"] == "before"]
    assert before["respondent"].tolist() == ["1", *map(str, range(3, COUNT))]
    assert before["weeks"].tolist()[0] == 0
