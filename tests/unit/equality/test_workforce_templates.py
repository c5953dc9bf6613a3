"""Templates follow the dictionary, can be filled in and read, and the commands tell what they do."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path

import pytest

from evalkit.__main__ import main
from evalkit.equality.dictionary import standard_inputs
from evalkit.equality.inputs import read_workforce
from evalkit.equality.templates import options_of, write_templates
from evalkit.equality.workforce_files import save_workforce
from evalkit.errors import DataError
from evalkit.simulate import simulate_workforce


def test_workbooks_have_the_columns_and_a_list_for_each_label(tmp_path: Path) -> None:
    paths = write_templates(tmp_path)
    assert [path.name for path in paths] == [*(f"{one.file}.xlsx" for one in standard_inputs()), "about-the-columns.md"]
    lists = 0
    for one in standard_inputs():
        book = import_module("openpyxl").load_workbook(tmp_path / f"{one.file}.xlsx")
        sheet = book[one.file]
        assert [cell.value for cell in sheet[1]] == [column.name for column in one.columns]
        for rule in sheet.data_validations.dataValidation:
            if rule.type != "list":
                continue
            lists += 1
            letter = str(rule.sqref)[0]
            column = one.columns[ord(letter) - ord("A")]
            reached = [cell.value for (cell,) in book["lists"][rule.formula1.split("!")[1].replace("$", "")]]
            assert tuple(reached) == options_of(column)
        assert book["lists"].sheet_state == "hidden"
        assert book["about"].max_row == len(one.columns) + 1
    assert lists == sum(bool(options_of(column)) for one in standard_inputs() for column in one.columns) > 15


def test_a_template_that_is_filled_in_can_be_read(tmp_path: Path) -> None:
    write_templates(tmp_path)
    path = tmp_path / "staff-in-post.xlsx"
    book = import_module("openpyxl").load_workbook(path)
    row = ["0012", "2025-03-31", "Asian: Indian", "female", "no", "", "Band 5", "Students", "Ward", "clinical", 0.8,
           "2020-01-01", "no"]  # fmt: skip
    book["staff-in-post"].append(row)
    out = io.BytesIO()
    book.save(out)
    path.write_bytes(out.getvalue())
    read = read_workforce(tmp_path)
    staff = read.frames["staff_in_post"]
    assert list(read.frames) == ["staff_in_post"]
    assert (staff["person"][0], str(staff["band"][0]), staff["fte"][0]) == ("0012", "Band 5", 0.8)
    assert staff["snapshot"][0].isoformat() == "2025-03-31T00:00:00"
    assert sum(warning.code == "DAT-018" for warning in read.warnings) == 9


def test_csv_templates_have_the_header_only(tmp_path: Path) -> None:
    write_templates(tmp_path, form="csv")
    assert (tmp_path / "cpd.csv").read_text(encoding="utf-8") == "person,year,accessed\n"
    about = (tmp_path / "about-the-columns.md").read_text(encoding="utf-8")
    for one in standard_inputs():
        assert f"## {one.file} (" in about
        assert all(f"| {column.name} | " in about for column in one.columns)


def test_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "pay.xlsx").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"DAT-010 pay.xlsx"):
        write_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pay.xlsx"]
    with pytest.raises(DataError, match="DAT-006 form: 'ods'"):
        write_templates(tmp_path, form="ods")  # type: ignore[arg-type]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_commands_start_and_check_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "workforce-templates", str(tmp_path / "new"), "--form", "csv")
    assert (code, "staff-in-post.csv" in out) == (0, True)
    code, _, err = run(capsys, "check", str(tmp_path / "new"))
    assert (code, err.startswith("DAT-018 staff-in-post.csv: no rows")) == (2, True)
    save_workforce(simulate_workforce(60, 2, seed=1).frames, tmp_path / "made")
    (tmp_path / "made" / "pay.csv").unlink()
    code, out, err = run(capsys, "check", str(tmp_path / "made"))
    assert (code, err) == (0, "")
    assert f"{tmp_path / 'made'}: in order." in out
    can, _, cannot = out.partition("Cannot be computed")
    assert "relative likelihood of white applicants" in can
    assert "no pay" in cannot
    assert "Kept, but look: DAT-021" in out


def test_check_tells_all_problems_and_ends_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    frames = dict(simulate_workforce(60, 2, seed=1).frames)
    frames["recruitment"] = frames["recruitment"].assign(shortlisted=False)
    frames["cpd"] = frames["cpd"].drop(columns="accessed")
    save_workforce(frames, tmp_path)
    code, _, err = run(capsys, "check", str(tmp_path))
    assert code == 2
    assert [line[:7] for line in err.splitlines()] == ["DAT-003", "DAT-007"]
    assert "Traceback" not in err


@pytest.mark.parametrize("found", ["a folder without workforce files", "no folder"])
def test_check_of_a_folder_with_nothing_in_it(found: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    if found.startswith("a folder"):
        folder.mkdir()
    code, _, err = run(capsys, "check", str(folder))
    assert code == 2
    assert f": {found}; expected" in err
    assert "evalkit workforce-templates" in err


def test_a_frame_that_is_no_standard_input_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='DAT-006 frames: "leaver"'):
        save_workforce({"leaver": simulate_workforce(50, 1, seed=1).frames["leavers"]}, tmp_path)
