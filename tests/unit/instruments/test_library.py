from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.library import LIBRARY_COLUMNS, list_instruments, load_instrument, read_library
from evalkit.instruments.read import instrument_from_text, read_instrument
from evalkit.paths import resource


def test_the_library_is_listed() -> None:
    frame = list_instruments()
    assert tuple(frame.columns) == LIBRARY_COLUMNS
    assert "return-to-work-transition" in set(frame["id"])
    assert list(frame["id"]) == sorted(frame["id"])
    assert not frame["id"].str.startswith("_").any()
    row = frame.set_index("id").loc["return-to-work-transition"]
    assert row["audience"] == "mentee, mentor"
    assert row["waves"] == "before, after, then, follow_up"
    assert (row["items"], row["scales"], row["licence"]) == (61, 9, "CC BY 4.0")


def test_loading_by_id_and_by_path(surveys: Path) -> None:
    one = load_instrument("return-to-work-transition")
    assert load_instrument("return-to-work-transition") is one
    assert load_instrument(surveys / "return-to-work-transition.yaml") == one
    assert load_instrument(str(surveys / "return-to-work-transition.yaml")) == one


def test_near_misses_are_suggested() -> None:
    with pytest.raises(InstrumentError, match=r'INS-001.*Did you mean "return-to-work-transition"'):
        load_instrument("return-to-work-transitions")
    with pytest.raises(InstrumentError, match=r"INS-001"):
        load_instrument("no/such.yaml")


def test_a_changed_file_is_read_again(small_text: str, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(small_text, encoding="utf-8")
    assert load_instrument(path).title == "A small survey"
    path.write_text(small_text.replace("A small survey", "A tiny survey"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert load_instrument(path).title == "A tiny survey"


def test_problems_of_all_files_at_once(small_text: str, tmp_path: Path) -> None:
    for name in ("small", "other"):
        text = small_text.replace("instrument: small", f"instrument: {name}").replace("minutes: 3", "minutes: 0")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        list_instruments(tmp_path)
    assert [problem.place.split(",")[0] for problem in caught.value.problems] == ["other.yaml", "small.yaml"]
    assert list_instruments(tmp_path / "empty").empty


def test_the_template_and_the_readme_keep_the_rules(surveys: Path) -> None:
    assert read_instrument(surveys / "_template.yaml").id == "_template"
    readme = (surveys / "README.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(instrument:.*?)```", readme, re.DOTALL)
    assert len(example) == 1
    assert instrument_from_text(example[0], "meeting-note.yaml", surveys).id == "meeting-note"


@pytest.mark.parametrize("block", ["_demographics", "_link_code"])
def test_whole_blocks_can_be_included(block: str, small_text: str, surveys: Path) -> None:
    text = small_text.replace("  views:\n", f"  whole:\n    include: {block}\n  views:\n")
    section = instrument_from_text(text, "small.yaml", surveys).sections[1]
    assert len(section.items) >= 4


def test_every_question_about_the_person_can_be_declined(small_text: str, surveys: Path) -> None:
    text = small_text.replace("  views:\n", "  you:\n    include: _demographics\n  views:\n")
    instrument = instrument_from_text(text, "small.yaml", surveys)
    for item in instrument.sections[1].items:
        assert not item.required
        if item.options:
            declined = instrument.options_of(item)[-1]
            assert (declined.value, declined.label, declined.missing) == ("pnts", "Prefer not to say", True)
    ethnicity = instrument.option_sets["ethnicity_2021"]
    assert len([option for option in ethnicity.options if not option.missing]) == 19


def test_instruments_load_without_pandas() -> None:
    code = "import sys, evalkit.instruments as i; i.load_instrument('_template'); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def _copy(folder: Path, name: str = "return-to-work-transition") -> Path:
    for file in [resource("surveys") / f"{name}.yaml", *resource("surveys").glob("_*.yaml")]:
        (folder / file.name).write_bytes(file.read_bytes())
    return folder / f"{name}.yaml"


def test_a_copy_with_other_content_must_not_keep_id_and_version(tmp_path: Path) -> None:
    file = _copy(tmp_path)
    assert load_instrument(file) == load_instrument(file.stem)
    shared = tmp_path / "_common.yaml"
    text = shared.read_text(encoding="utf-8")
    shared.write_text(text.replace("5: Strongly agree", "5: Very strongly agree"), encoding="utf-8")
    with pytest.raises(
        InstrumentError, match=r"INS-035 return-to-work-transition.yaml, line \d+: version 1.0"
    ) as caught:
        load_instrument(file)
    assert "Raise the version" in caught.value.problems[0].remedy
    with pytest.raises(InstrumentError, match="INS-035"):
        read_library(tmp_path)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('version: "1.0"', 'version: "1.1"'), encoding="utf-8")
    assert load_instrument(file).version == "1.1"
