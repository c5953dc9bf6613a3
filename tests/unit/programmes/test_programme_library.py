from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.library import LIBRARY_COLUMNS, list_programmes, load_programme, read_programmes


def test_the_library_is_listed() -> None:
    frame = list_programmes()
    assert tuple(frame.columns) == LIBRARY_COLUMNS
    assert list(frame["id"]) == sorted(frame["id"])
    assert len(frame) == 9
    row = frame.set_index("id").loc["bme-executive-mentoring"]
    assert (row["unit"], row["months"], row["roles"]) == ("pairs", 12.0, "mentee, mentor")
    assert row["comparison"] == "none, before_after, waiting_list, matched"


def test_loading_by_id_and_by_path(programmes: Path) -> None:
    one = load_programme("reciprocal-mentoring")
    assert load_programme("reciprocal-mentoring") is one
    assert load_programme(programmes / "reciprocal-mentoring.yaml") == one
    assert load_programme(str(programmes / "reciprocal-mentoring.yaml")) == one


def test_near_misses_are_suggested() -> None:
    with pytest.raises(ProgrammeError, match=r'PRG-001.*Did you mean "returners"'):
        load_programme("returner")
    with pytest.raises(ProgrammeError, match="PRG-001"):
        load_programme("_common")
    with pytest.raises(ProgrammeError, match="PRG-001"):
        load_programme("no/such.yaml")


def test_a_changed_file_is_read_again(template_text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = template_text.replace("programme: _template", "programme: mine")
    path.write_text(text, encoding="utf-8")
    assert load_programme(path).title == "A short title"
    path.write_text(text.replace("A short title", "Another title"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert load_programme(path).title == "Another title"


def test_problems_of_all_files_at_once(template_text: str, tmp_path: Path) -> None:
    for name in ("mine", "other"):
        text = template_text.replace("programme: _template", f"programme: {name}").replace(
            "months: 12\n", "months: 0\n"
        )
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ProgrammeError) as caught:
        read_programmes(tmp_path)
    assert [problem.place.split(",")[0] for problem in caught.value.problems] == ["mine.yaml", "other.yaml"]
    assert list_programmes(tmp_path / "empty").empty


def test_reading_programmes_imports_nothing_heavy() -> None:
    code = (
        "import sys; from evalkit.programmes import load_programme; load_programme('returners');"
        "print([name for name in ('pandas', 'scipy', 'statsmodels', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
