"""Whatever a file holds, the answer is a frame or a DataError, and no message holds what a person wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from response_formats import html_records, limesurvey, qualtrics, redcap, spreadsheet_rows, surveyjs, workbook, xlsform
from simulated_answers import simulated_answers

from evalkit.errors import DataError
from evalkit.instruments import Instrument
from evalkit.instruments.responses import read_responses
from evalkit.instruments.responses.platforms import SOURCES

PLATFORMS = st.sampled_from([None, *SOURCES, "kobo"])
SUFFIXES = st.sampled_from(["csv", "xlsx", "json", "txt", "xls", ""])
HIDDEN = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")  # what a workbook cannot hold
GARBLE = "Zyxgarble-Person"
CELLS = st.one_of(
    st.sampled_from(
        [
            *["", "1", "2", "9", "na", "Agree", "email", "email phone", "By email;By phone", "neither email"],
            *["2024-13-01", "45000", "1,000", "0.5", "1e9", "nan", "inf", "Y", "TRUE", "before", "1.0"],
            *[GARBLE, f"={GARBLE}", "\ufffd"],
        ]
    ),
    st.text(max_size=8),
)
HEADERS = st.one_of(
    st.sampled_from(
        [
            *["way", "chosen", "weeks", "day", "note", "good", "bad", "fine", "good_then", "grid[good]", "goood", ""],
            *["way[email]", "way___phone", "way_neither", "chosen[other]", "page__start/weeks", "hello", "How?"],
            *["It is good.", "Do you agree? [It is bad.]", "wave", "version", "instrument", "language", "started"],
            *["id", "respondent", "submitdate", "ResponseId", "record_id", "_uuid", "KEY", "not-asked"],
            *["redcap_repeat_instance", "redcap_event_name"],
        ]
    ),
    st.text(max_size=6),
)
KEYS = st.sampled_from(["grid", "good", "way", "weeks", "answers", "instrument", "id"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["1", "email", "na", GARBLE])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


def attempt(path: Path, small: Instrument, platform: str | None = None) -> None:
    try:
        found = read_responses(path, small, platform)
    except DataError as error:
        told = str(error)
    else:
        assert isinstance(found, pd.DataFrame)
        assert len(found) > 0
        return
    assert told
    assert GARBLE not in told


@pytest.fixture(scope="module")
def samples(small: Instrument) -> list[tuple[str, bytes]]:
    found = simulated_answers(small, 4, seed=1, wave="after")
    return [
        ("csv", limesurvey(found)),
        ("csv", qualtrics(found, split=True)),
        ("csv", redcap(found)),
        ("csv", xlsform(found)),
        ("json", surveyjs(found)),
        ("json", json.dumps(html_records(found)).encode()),
        ("xlsx", workbook(spreadsheet_rows(found))),
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), suffix=SUFFIXES, platform=PLATFORMS)
def test_any_bytes(content: bytes, suffix: str, platform: str | None, small: Instrument, tmp_path: Path) -> None:
    path = tmp_path / f"answers.{suffix}"
    path.write_bytes(content)
    attempt(path, small, platform)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage(data: st.DataObject, samples: list[tuple[str, bytes]], small: Instrument, tmp_path: Path) -> None:
    suffix, good = data.draw(st.sampled_from(samples))
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 30)))
        content[start:end] = data.draw(st.binary(max_size=10))
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(bytes(content))
    attempt(path, small, data.draw(PLATFORMS))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), platform=PLATFORMS)
def test_any_table(data: st.DataObject, platform: str | None, small: Instrument, tmp_path: Path) -> None:
    header = data.draw(st.lists(HEADERS, min_size=1, max_size=12))
    width = st.lists(CELLS, min_size=len(header), max_size=len(header))
    rows = [header, *data.draw(st.lists(width, min_size=0, max_size=4))]
    path = tmp_path / "table.csv"
    quoted = ("\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)).encode(
        "utf-8", errors="replace"
    )
    path.write_bytes(quoted)
    attempt(path, small, platform)
    book = tmp_path / "table.xlsx"
    book.write_bytes(workbook([[HIDDEN.sub("", cell) for cell in row] for row in rows]))
    attempt(book, small, platform)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=JSON, platform=PLATFORMS)
def test_any_json(content: object, platform: str | None, small: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    attempt(path, small, platform)


def test_a_garble_in_every_column_stays_untold(small: Instrument, tmp_path: Path) -> None:
    found = simulated_answers(small, 3, seed=1, wave="after")
    header, *rows = spreadsheet_rows(found)
    garbled = [[GARBLE for _ in row] for row in rows]
    path = tmp_path / "garbled.csv"
    path.write_text("\n".join(",".join(row) for row in [header, *garbled]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_responses(path, small)
    assert len(caught.value.problems) >= len(found.items)
    assert GARBLE not in str(caught.value)
    assert GARBLE not in repr(caught.value)
