"""Simulated respondents through the response format of each platform come back as the same answers and scores."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from frames import assert_frames_agree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instrument_strategies import instruments
from response_formats import (
    html_csv,
    html_records,
    limesurvey,
    qualtrics,
    redcap,
    redcap_labelled,
    spreadsheet,
    spreadsheet_rows,
    surveyjs,
    workbook,
    xlsform,
    xlsform_rows,
)
from simulated_answers import Simulated, simulated_answers

from evalkit.errors import DataError
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.export.redcap import build as dictionary
from evalkit.instruments.responses import read_responses
from evalkit.instruments.responses.platforms import KEPT
from evalkit.paths import resource
from evalkit.scoring import score

# Name of the platform, and how it writes; the first part is what must be told from the file.
CODES: dict[str, tuple[str, Callable[[Simulated], bytes]]] = {
    "limesurvey": ("csv", limesurvey),
    "limesurvey, commas": ("csv", lambda found: limesurvey(found, separator=",")),
    "qualtrics": ("csv", qualtrics),
    "qualtrics, split": ("csv", lambda found: qualtrics(found, split=True)),
    "redcap": ("csv", redcap),
    "xlsform": ("csv", xlsform),
    "xlsform, Kobo": ("csv", lambda found: xlsform(found, separator="/", split=True)),
    "xlsform, Excel": ("xlsx", lambda found: workbook(xlsform_rows(found, separator="/"))),
    "surveyjs": ("json", surveyjs),
    "html": ("json", lambda found: json.dumps(html_records(found), ensure_ascii=False).encode()),
    "spreadsheet": ("csv", spreadsheet),
    "spreadsheet, semicolons": ("csv", lambda found: spreadsheet(found, separator=";")),
    "spreadsheet, Excel": ("xlsx", lambda found: workbook(spreadsheet_rows(found))),
}
LABELS: dict[str, tuple[str, Callable[[Simulated], bytes]]] = {
    "limesurvey, labels": ("csv", lambda found: limesurvey(found, labels=True)),
    "redcap, labels": ("csv", lambda found: redcap(found, labels=True)),
    "redcap, header of labels": (
        "csv",
        lambda found: redcap_labelled(redcap(found, labels=True), dictionary(found.form)[0]),
    ),
    "spreadsheet, texts": ("csv", lambda found: spreadsheet(found, texts=True)),
    "spreadsheet, texts in Excel": ("xlsx", lambda found: workbook(spreadsheet_rows(found, texts=True))),
    "spreadsheet, last language": (
        "csv",
        lambda found: spreadsheet(found, texts=True, language=found.instrument.languages[-1]),
    ),
}
FORMATS = CODES | LABELS
LIBRARY = sorted(path.stem for path in resource("surveys").glob("[a-z]*.yaml"))
AMBIGUOUS = {"DAT-012", "DAT-013"}


def items_of(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.drop(columns=[name for name in KEPT if name in answers])


def written(folder: Path, found: Simulated, name: str) -> Path:
    suffix, write = FORMATS[name]
    path = folder / f"answers.{suffix}"
    path.write_bytes(write(found))
    return path


def scored(answers: pd.DataFrame, found: Simulated) -> pd.DataFrame:
    return score(answers, found.instrument)


@pytest.mark.parametrize("instrument", LIBRARY)
def test_every_instrument_comes_back_from_every_platform(instrument: str, tmp_path: Path) -> None:
    loaded = load_instrument(instrument)
    waves = [wave.id for wave in loaded.waves if wave.asked_with is None]
    for number, name in enumerate(FORMATS):
        wave = waves[number % len(waves)]
        found = simulated_answers(loaded, 12, seed=number, wave=wave)
        path = written(tmp_path, found, name)
        # Texts say nothing of the wave when two forms ask the same.
        back = read_responses(path, loaded, wave=wave if name in LABELS else None)
        assert back.attrs["platform"] == name.split(",", maxsplit=1)[0]
        assert back["respondent"].tolist() == found.respondents
        assert isinstance(back.index, pd.RangeIndex)
        assert_frames_agree(items_of(back), found.frame(), rtol=0, atol=0)
        if form_at(loaded, wave).scales:
            assert_frames_agree(scored(back, found), scored(found.frame(), found), rtol=0, atol=0)


def test_the_comparison_notices_one_wrong_answer(tmp_path: Path) -> None:
    found = simulated_answers(load_instrument("return-to-work-transition"), 5, seed=1, wave="after")
    path = written(tmp_path, found, "limesurvey")
    answered = next(row for row, given in enumerate(found.given) if given.get("att_belong") in {1, 2, 3})
    found.given[answered]["att_belong"] = 5
    with pytest.raises(AssertionError, match="att_belong"):
        assert_frames_agree(items_of(read_responses(path, found.instrument)), found.frame(), rtol=0, atol=0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(instrument=instruments(), seed=st.integers(0, 1000))
def test_any_instrument_comes_back_or_is_refused_as_ambiguous(
    instrument: Instrument, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = simulated_answers(instrument, 6, seed=seed)
    for name in FORMATS:
        path = written(tmp_path_factory.mktemp("random"), found, name)
        try:
            back = read_responses(path, instrument, wave=found.wave)
        except DataError as error:
            codes = {problem.code for problem in error.problems}
        else:
            codes = set()
            assert_frames_agree(items_of(back), found.frame(), rtol=0, atol=0)
        # The number behind a repeated text cannot be told from a digit at its end: then the column is not known.
        unknown = {"DAT-006"} if "DAT-013" in codes and name in LABELS else set()
        if name == "redcap, header of labels" and any(one.feature == "text" for one in dictionary(found.form)[1]):
            # Labels of signs alone that the export had to change are not known: refused, never mixed up.
            unknown = {"DAT-003", "DAT-006"}
        assert codes <= unknown | (AMBIGUOUS if name in LABELS else {"DAT-012"}), name


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_a_folder_of_saved_forms(tmp_path: Path, suffix: str) -> None:
    found = simulated_answers(load_instrument("return-to-work-transition"), 20, seed=3, wave="before")
    for row, record in enumerate(html_records(found)):
        content = json.dumps(record).encode() if suffix == "json" else html_csv(found, row)
        (tmp_path / f"{row:02}.{suffix}").write_bytes(content)
    back = read_responses(tmp_path, found.instrument)
    assert_frames_agree(items_of(back), found.frame(), rtol=0, atol=0)
    assert back["started"].dt.year.unique().tolist() == [2024]
    assert back["wave"].unique().tolist() == ["before"]
    one = read_responses(tmp_path / f"00.{suffix}", found.instrument)
    assert one["respondent"].tolist() == found.respondents[:1]


@pytest.mark.parametrize("last", [True, False])
def test_texts_of_our_own_form_come_back_letter_by_letter(last: bool, tmp_path: Path) -> None:  # noqa: FBT001
    typed = ("=1+1", "+44 113 496 0000", "-5", "'-5", "- a dash", "@me", "'=1", "'tis", "''", " =1", "|x", "%")
    loaded = load_instrument("return-to-work-transition")
    found = simulated_answers(loaded, len(typed), seed=4, wave="after")
    for answers, text in zip(found.given, typed, strict=True):
        answers["helped_most"] = text
    files = [list(csv.reader(io.StringIO(html_csv(found, row).decode("utf-8-sig"), newline=""))) for row in range(12)]
    # Several files put together, with or without the column of what was not asked.
    rows = [files[0][0], *(file[1] for file in files)]
    path = tmp_path / "together.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row if last else row[:-1] for row in rows)
    back = read_responses(path, loaded)
    assert back.attrs["platform"] == "html"
    assert back["helped_most"].tolist() == list(typed)


def test_several_waves_in_one_file(tmp_path: Path) -> None:
    loaded = load_instrument("return-to-work-transition")
    before, after = (simulated_answers(loaded, 6, seed=seed, wave=wave) for seed, wave in ((1, "before"), (2, "after")))
    path = tmp_path / "both.json"
    path.write_text(json.dumps([*html_records(before), *html_records(after)]), encoding="utf-8")
    back = read_responses(path, loaded)
    assert back["wave"].tolist() == ["before"] * 6 + ["after"] * 6
    assert set(back["band__missing"][6:]) == {"not_asked"}
    assert set(back["men_listen_then__missing"][:6]) == {"not_asked"}
    for found, part in ((before, back[:6]), (after, back[6:])):
        own = found.frame()
        assert_frames_agree(scored(part[list(own)], found), scored(own, found), rtol=0, atol=0)


def test_ten_thousand_respondents(tmp_path: Path) -> None:
    found = simulated_answers(load_instrument("return-to-work-transition"), 10_000, seed=1, wave="before", texts=("a",))
    path = written(tmp_path, found, "limesurvey")
    assert len(read_responses(path, found.instrument)) == 10_000
