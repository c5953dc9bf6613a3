"""Folders as a trust has them: labels as its records print them, the survey of last autumn, own tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from evalkit.__main__ import main
from evalkit.equality.inputs import check_frames, read_workforce
from evalkit.equality.mappings import (
    NOT_STATED,
    band_label,
    ethnic_group,
    exit_type,
    is_loss,
    load_mapping,
    read_mappings,
)
from evalkit.equality.plan import edi_plan
from evalkit.equality.race_standard import wres
from evalkit.equality.workforce_files import save_workforce
from evalkit.errors import DataError
from evalkit.simulate import simulate_workforce

HEADER = ["person", "snapshot", "ethnicity"]
ROWS = [["1", "2025-03-31", "White: British"], ["2", "2025-03-31", "Asian: Indian"]]


def refused(folder: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_workforce(folder)
    return [str(problem) for problem in caught.value.problems]


def of_year(asked: int) -> dict[str, pd.DataFrame]:
    frames = simulate_workforce(400, years=1, seed=6).frames
    return {"staff_in_post": frames["staff_in_post"], "survey": frames["survey"].assign(year=asked)}


def test_the_survey_of_the_autumn_before_the_snapshot_is_kept() -> None:
    read = check_frames(of_year(2024))
    assert read.years == (2025,)
    assert [str(one) for one in read.warnings if one.code == "DAT-020"] == [
        "DAT-020 survey: 2024, and staff-in-post 2025; expected the same latest year. The latest values will be of "
        "different years."
    ]
    standard, plan = wres(read).frame, edi_plan(read).frame
    assert set(standard.loc[(standard["indicator"] == "5") & (standard["term"] == "gap"), "year"].astype(str)) == {
        "2024"
    }
    assert plan.loc[plan["metric"] == "6b", "estimate"].notna().all()
    for other in (2023, 2026):
        with pytest.raises(DataError, match=r"DAT-020 survey: .* may be of the year before the snapshot"):
            check_frames(of_year(other), allow_gaps=True)


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("A White - British", "White: British"), ("C White - Any other White background", "White: other"),
        ("D Mixed - White & Black Caribbean", "Mixed: White and Black Caribbean"),
        ("H Asian or Asian British - Indian", "Asian: Indian"), ("Asian/Asian British - Indian", "Asian: Indian"),
        ("N Black or Black British - African", "Black: African"), ("R Chinese", "Other: Chinese"),
        ("S Any Other Ethnic Group", "Other: any other"), ("Z Not Stated", NOT_STATED), ("Not Given", NOT_STATED),
        ("PNTS", NOT_STATED), ("Black, Black British, Caribbean or African: African", "Black: African"),
        ("Asian, Asian British or Asian Welsh: Chinese", "Asian: Chinese"), ("White: Roma", "White: other"),
        ("Mixed or Multiple ethnic groups: White and Asian", "Mixed: White and Asian"), ("18", "Other: any other"),
    ],
)  # fmt: skip
def test_ethnicities_as_staff_records_and_the_census_print_them(label: str, meant: str) -> None:
    assert list(ethnic_group([label], to="label")) == [meant]
    assert list(ethnic_group([label])) == [
        NOT_STATED if meant == NOT_STATED else "white" if meant.startswith("White") else "BME"
    ]


def test_a_code_and_the_name_of_another_group_are_refused() -> None:
    with pytest.raises(DataError, match="DAT-006 ethnicity, row 1: a label that is not known"):
        ethnic_group(["A White - Irish"])


def test_types_of_leaving_are_reasons_too() -> None:
    types = [one for one in dict.fromkeys(load_mapping("exit_types")["exit_type"]) if one]
    assert list(exit_type(types)) == types
    assert list(exit_type([one.upper() for one in types])) == types
    assert [one for one, lost in zip(types, is_loss(types), strict=True) if not lost] == [
        "career break", "record closed",
    ]  # fmt: skip
    assert list(exit_type(["Voluntary Resignation", "Dismissal", "Redundancy"])) == [
        "left the service", "dismissed", "end of contract",
    ]  # fmt: skip


def test_a_band_that_could_be_several_is_no_guess() -> None:
    for label in ("Band 8", "8"):
        with pytest.raises(DataError, match=r"Say which one: Band 8a, Band 8b, Band 8c, Band 8d\.") as error:
            band_label([label])
        assert "Did you mean" not in str(error.value)
    written = ["5.0", "Review Body Band 5", "Non Review Body Band 8 - Range A", 7.0]
    assert list(band_label(written)) == ["Band 5", "Band 5", "Band 8a", "Band 7"]
    assert list(band_label(pd.Series(["6.0"], dtype="category"))) == ["Band 6"]


def write_book(path: Path, *above: list[str], notes: bool = False) -> None:
    book = import_module("openpyxl").Workbook()
    for row in (*above, HEADER, *ROWS):
        book.active.append(row)
    if notes:
        book.create_sheet("Notes").append(["from the records of 1 April"])
    book.save(path)


def test_a_title_above_the_header_is_one_message(tmp_path: Path) -> None:
    write_book(tmp_path / "staff-in-post.xlsx", ["Staff in post at 31 March"])
    mended = (
        "Delete what stands above the header, such as a title; give every column a name, or delete it. "
        "Other checks of this file wait for it."
    )
    said = "columns without a name in the first row; expected the header in row 1."
    assert refused(tmp_path) == [f"DAT-003 staff-in-post.xlsx: {said} {mended}"]
    (tmp_path / "staff-in-post.xlsx").unlink()
    for title in ("Staff in post", "Staff in post,,"):
        lines = [title, *(",".join(row) for row in (HEADER, *ROWS))]
        (tmp_path / "staff-in-post.csv").write_text("\n".join(lines), encoding="utf-8")
        assert refused(tmp_path) == [f"DAT-003 staff-in-post.csv: {said} {mended}"]
    path = tmp_path / "staff-in-post.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("post,,", "post,"), encoding="utf-8")
    (found,) = refused(tmp_path)
    assert "If the first row is a title, delete it: the header must be in row 1. Other checks" in found


def test_sheets_and_workbooks_have_remedies_that_fit(tmp_path: Path) -> None:
    write_book(tmp_path / "staff-in-post.xlsx", notes=True)
    (found,) = refused(tmp_path)
    assert "Keep the sheet of this input, delete the others, such as notes." in found
    assert "answers" not in found
    (tmp_path / "staff-in-post.xlsx").unlink()
    (tmp_path / "staff-in-post.xls").write_bytes(b"person\tsnapshot\n1\t2")
    assert "save it as .xlsx or CSV" in refused(tmp_path)[0]


def test_what_waits_for_a_mended_header_is_said(tmp_path: Path) -> None:
    path = tmp_path / "staff-in-post.csv"
    path.write_text("person,snapshot day,ethnicity\n1,31/02/2025,White\n1,31/02/2025,White\n", encoding="utf-8")
    assert refused(tmp_path)[0].endswith("Checks that need it wait for it.")
    path.write_text("person,snapshot,ethnicity\n1,2025-03-31,White,x\n1,31/02/2025,purple\n", encoding="utf-8")
    assert refused(tmp_path)[0].endswith("Other checks of this file wait for it.")


def own_tables(folder: Path) -> Path:
    folder.mkdir()
    bands = load_mapping("bands")
    bands.loc[bands["label"] == "Other", "also"] += ";Band X"
    bands.to_csv(folder / "bands.csv", index=False)
    return folder


def test_the_command_takes_tables_of_your_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = dict(simulate_workforce(60, years=1, seed=2).frames)
    staff = frames["staff_in_post"]
    save_workforce({"staff_in_post": staff.assign(band=["Band X", *staff["band"].astype(str)[1:]])}, tmp_path / "our")
    tables = own_tables(tmp_path / "tables")
    assert main(["check", str(tmp_path / "our")]) == 2
    assert main(["check", str(tmp_path / "our"), "--mappings", str(tables)]) == 0
    assert "in order" in capsys.readouterr().out


def test_tables_of_your_own_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = own_tables(tmp_path / "tables")
    assert list(read_mappings(tables)) == ["bands"]
    (tables / "band.csv").write_text("label\n1\n", encoding="utf-8")
    (tables / "exit_types.csv").write_text("reason,loss\nGone,yes\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_mappings(tables)
    assert [problem.code for problem in error.value.problems] == ["DAT-006", "DAT-003"]
    for empty in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="DAT-001"):
            read_mappings(empty)
    (tmp_path / "evaluation.yaml").write_text("", encoding="utf-8")
    assert main(["check", str(tmp_path), "--mappings", str(tables)]) == 2
    assert "DAT-009 --mappings" in capsys.readouterr().err
