"""A person is taken out of every file, on every platform, and nobody else is touched."""

from __future__ import annotations

import shutil
import zipfile
from importlib import import_module
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evalkit.__main__ import main
from evalkit.programmes.folder_columns import code_key
from evalkit.programmes.folder_reading import FolderData, read_folder
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_withdrawal import withdraw
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.folders import PLATFORMS

PROGRAMME = "looking-after-you-too-coaching"
NAME = "A & B <Trust>"


def texts_of(path: Path) -> str:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return " ".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    return path.read_text(encoding="utf-8")


def holding(folder: Path, code: str) -> list[str]:
    files = [path for below in ("data", "responses", "outputs") for path in (folder / below).rglob("*")]
    return [str(path.relative_to(folder)) for path in files if path.is_file() and code in texts_of(path)]


def the_name_is_only_a_name(folder: Path, platform: str) -> None:
    """Any name of an organisation: no file is named by it, and every form and document shows it as it is."""
    assert all("&" not in one.name and "<" not in one.name for one in folder.rglob("*"))
    reader = import_module(f"evalkit.instruments.export.{platform}_reader")
    forms = [one for one in (folder / "surveys" / platform).iterdir() if one.name != "left-behind.csv"]
    assert forms
    # An upload to REDCap replaces the last one: one file holds the forms of all waves.
    read = reader.read_together if platform == "redcap" else reader.read_back
    # It takes no words before the form.
    assert (NAME in repr(read(forms[0].read_bytes()))) == (platform != "redcap")
    for name in ("README.md", "privacy-notice.md", "analysis-plan.md", "data-protection-checklist.md"):
        written = (folder / name).read_text(encoding="utf-8")
        # People open these in an editor and paste them into mail: what is no markup stays as it is.
        assert r"A & B \<Trust>" in written
        assert "<Trust>" not in written.replace(r"\<", "")


def the_others(data: FolderData, code: str) -> dict[object, pd.DataFrame]:
    frames: dict[object, pd.DataFrame] = {**data.files, **data.answers}
    # Why an answer is missing has a column only while one is.
    frames = {name: frame[[one for one in frame if "__missing" not in one]] for name, frame in frames.items()}
    return {
        name: frame[frame["person"] != code].reset_index(drop=True) if "person" in frame.columns else frame
        for name, frame in frames.items()
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_person_is_taken_out_everywhere(platform: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    new_folder(folder, PROGRAMME, NAME, platform)
    the_name_is_only_a_name(folder, platform)
    simulate_folder(folder, 3, seed=5)
    before = read_folder(folder)
    answered = [frame for (_, _), frame in before.answers.items() if "person" in frame.columns]
    code = str(answered[0]["person"].iloc[0])
    assert sum((frame["person"] == code).any() for frame in answered) >= 3
    assert len(holding(folder, code)) >= 3
    (folder / "outputs" / "report.html").write_text("of all", encoding="utf-8")
    (folder / "outputs" / "a-tables").mkdir()
    for name in ("01.csv", "02.csv"):
        (folder / "outputs" / "a-tables" / name).write_text("n", encoding="utf-8")
    assert main(["withdraw", str(folder), f"{code[:2]} {code[2:]}".lower()]) == 0
    said = capsys.readouterr().out
    assert "data/participants.csv" in said
    assert "to be made again with evalkit report: outputs/report.html" in said
    assert "outputs/a-tables/ (2 files)" in said
    assert "01.csv" not in said
    assert "still stands" not in said
    assert holding(folder, code) == []
    after = read_folder(folder)
    assert after.synthetic
    others = the_others(before, code)
    left = the_others(after, code)
    assert set(left) <= set(others)
    for name, frame in others.items():
        if name in left:
            pd.testing.assert_frame_equal(left[name], frame, check_categorical=False)
        else:
            assert frame.empty
    assert not [path for path in folder.rglob("*") if path.name.endswith((".part", ".bak"))]
    assert main(["withdraw", str(folder), code]) == 2
    assert "DAT-006" in capsys.readouterr().err


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("withdrawing") / "full"
    new_folder(path, "reciprocal-mentoring", "University of X", "limesurvey")
    simulate_folder(path, 4, seed=3)
    for one in (path / "responses").iterdir():
        if one.stem not in {"both_forms.before", "meeting_log.meeting"}:
            one.unlink()
    return path


@pytest.fixture
def copy(full: Path) -> Path:
    path = full.parent / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(full, path)
    return path


def pair_of(folder: Path) -> dict[str, str]:
    row = (folder / "data" / "pairs.csv").read_text(encoding="utf-8").splitlines()[1].split(",")
    return dict(zip(("pair", "mentor", "mentee"), row, strict=False))


def test_where_the_code_still_stands_is_said(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = pair_of(copy)["mentee"]
    (copy / "notes.txt").write_text(f"Rang {code.lower()}, who is away. {code}7 is another.", encoding="utf-16")
    (copy / "data" / "old").mkdir()
    shutil.copy(copy / "data" / "participants.csv", copy / "data" / "old" / "participants.csv")
    (copy / "other.txt").write_text(f"{code}7", encoding="utf-8")
    (copy / "data" / ".participants.csv.killed.part").write_text(code, encoding="utf-8")
    assert main(["withdraw", str(copy), code]) == 0
    said = capsys.readouterr().out
    assert "still stands in data/old/participants.csv, notes.txt: look at these" in said
    assert not (copy / "data" / ".participants.csv.killed.part").exists()


def test_a_workbook_keeps_its_other_rows_and_what_its_formulas_showed(copy: Path) -> None:
    source = copy / "responses" / "both_forms.before.csv"
    rows = [line.split('";"') for line in source.read_text(encoding="utf-8-sig").splitlines()]
    rows = [[cell.strip('"') for cell in row] for row in rows]
    book = openpyxl.Workbook()
    book.active["AZ90"].number_format = "0.0"  # a first sheet that is formatted and empty
    sheet = book.create_sheet("answers")
    for row in rows:
        sheet.append([cell or None for cell in row])
    path = source.with_suffix(".xlsx")
    book.save(path)
    source.unlink()
    before = read_folder(copy).answers["both_forms", "before"]
    code = str(before["person"].iloc[1])
    withdraw(copy, code)
    after = read_folder(copy).answers["both_forms", "before"]
    assert after["person"].tolist() == [one for one in before["person"] if one != code]
    assert code not in texts_of(path)


@pytest.mark.parametrize("moved", [1, 3])
def test_a_killed_withdrawal_is_finished_by_the_next(copy: Path, moved: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(copy)
    withdraw(copy, pair["mentor"])
    real, seen = Path.replace, []

    def replace(path: Path, to: Path) -> Path:
        if len(seen) == moved:
            raise SystemExit(9)
        seen.append(to)
        return real(path, to)

    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", replace)
        killed.setattr("evalkit.files._put_back", lambda *_: None)
        with pytest.raises(SystemExit):
            withdraw(copy, pair["mentee"])
    assert list(copy.rglob("*.part"))
    withdraw(copy, pair["mentee"])
    assert holding(copy, pair["mentee"]) == []
    assert holding(copy, pair["pair"]) == []
    assert read_folder(copy).answers
    assert not list(copy.rglob("*.part"))


def test_codes_that_differ_in_blanks_and_capitals_are_one() -> None:
    assert code_key(" p 017") == code_key("P017")
    assert code_key("P017") != code_key("P0170")
