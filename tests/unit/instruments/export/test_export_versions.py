"""The version of an adaptation, such as 1.0+3f2a9c, goes to every platform and comes back with the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from response_formats import html_csv, html_records, limesurvey, qualtrics, redcap, surveyjs, xlsform
from simulated_answers import Simulated, simulated_answers

from evalkit.errors import InstrumentError
from evalkit.instruments import Instrument, form_at
from evalkit.instruments.export import PLATFORMS
from evalkit.instruments.export.naming import hidden_value
from evalkit.instruments.responses import read_responses

VERSION = "1.0+3f2a9c"
FORMATS: dict[str, Callable[[Simulated], bytes]] = {
    "limesurvey.csv": limesurvey,
    "qualtrics.csv": qualtrics,
    "redcap.csv": redcap,
    "xlsform.csv": xlsform,
    "surveyjs.json": surveyjs,
    "html.json": lambda found: json.dumps(html_records(found)).encode(),
    "html.csv": lambda found: html_csv(found, 0),
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_version_of_an_adaptation_travels(platform: str, small: Instrument) -> None:
    exporter = import_module(f"evalkit.instruments.export.{PLATFORMS[platform].module}")
    form = form_at(small, "before").changed(version=VERSION)
    assert exporter.read_back(exporter.build(form)[0]).version == VERSION


@pytest.mark.parametrize("name", FORMATS)
def test_it_comes_back_with_the_answers(name: str, small: Instrument, tmp_path: Path) -> None:
    found = simulated_answers(small.changed(version=VERSION), 3, seed=1, wave="before")
    path = tmp_path / name
    path.write_bytes(FORMATS[name](found))
    back = read_responses(path, found.instrument)
    assert set(back["version"]) == {VERSION}


@pytest.mark.parametrize("text", ["+1", "1.0+", "1.0'+", "1.0}"])
def test_nothing_else_travels_in_a_hidden_field(text: str) -> None:
    with pytest.raises(InstrumentError, match="INS-044"):
        hidden_value(text, "version")
