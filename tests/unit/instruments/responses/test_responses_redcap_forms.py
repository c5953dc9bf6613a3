"""A REDCap project with a form for each wave: one row of the export holds all waves of a person."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from frames import assert_frames_agree
from response_formats import redcap
from simulated_answers import Simulated, simulated_answers

from evalkit.errors import DataError
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.export.redcap import single_names
from evalkit.instruments.responses import read_responses

COUNT = 8
LONGEST = ["return-to-work-transition", "regular-check-in", "coordinator-planning"]


def together(instrument: Instrument) -> tuple[list[Simulated], dict[str, list[int]], list[list[str]]]:
    """Simulate each wave; who answered it; and the rows of the export, a person each."""
    waves = [wave.id for wave in instrument.waves if wave.asked_with is None]
    found = [simulated_answers(instrument, COUNT, seed=seed, wave=wave) for seed, wave in enumerate(waves)]
    # The first wave lacks the last person, and so on: somebody is missing at each.
    answered = {wave: [row for row in range(COUNT) if row != COUNT - 1 - at] for at, wave in enumerate(waves)}
    head, rows = ["record_id"], [[str(row + 1)] for row in range(COUNT)]
    for one, own in zip(found, single_names([form_at(instrument, wave) for wave in waves]), strict=True):
        here = {single: name for name, single in own.items()}
        names, *body = csv.reader(io.StringIO(redcap(one).decode(), newline=""))
        kept = [at for at, name in enumerate(names) if name.partition("___")[0] in here]
        for at in kept:
            base, ticks, code = names[at].partition("___")
            head.append(f"{here[base]}{ticks}{code}")
        head.append(f"{next(name for name in own if name.endswith('_complete'))}")
        for row, cells in enumerate(body):
            there = row in answered[one.wave]
            rows[row] += [cells[at] if there else "0" if "___" in names[at] else "" for at in kept]
            rows[row].append("2" if there else "0")
    return found, answered, [head, *rows]


def written(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "redcap.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize("name", LONGEST)
def test_each_wave_gets_its_rows(name: str, tmp_path: Path) -> None:
    instrument = load_instrument(name)
    found, answered, rows = together(instrument)
    path = written(tmp_path, rows)
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
