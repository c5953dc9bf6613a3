"""Bad input on the command line: exit 2, all that is wrong at once on stderr, nothing changed, no traceback."""

from __future__ import annotations

import csv
import errno
import io
import shutil
from collections.abc import Callable
from datetime import date
from html import unescape
from importlib import import_module
from pathlib import Path

import openpyxl
import pytest

from evalkit.__main__ import main
from evalkit.programmes.folder_marks import MARKS
from evalkit.programmes.folder_reading import FolderData, read_folder
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_withdrawal import withdraw
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.folders import open_folder
from evalkit.report import programme_folder

NAME = "A & B <Trust>"
PROGRAMME = "return-to-work-mentoring"
# Enough to read and to contradict; the other exports would only take time.
KEPT = ("transition.before", "meeting_log.meeting")
Change = Callable[[Path], None]
Rows = list[list[str]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("folders") / "full"
    new_folder(path, PROGRAMME, NAME, "limesurvey", contact="the team", kept_for="two years")
    simulate_folder(path, 8, seed=3)
    for export in (path / "responses").iterdir():
        if export.stem not in KEPT:
            export.unlink()
    for book in (path / "data").glob("*.xlsx"):
        if book.stem not in {"pairs", "eligible"}:
            book.unlink()
    return path


@pytest.fixture
def copy(full: Path) -> Path:
    # The same path and times each time: what evalkit read of the surveys before is not read again.
    path = full.parent / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(full, path)
    return path


def rows_of(path: Path) -> Rows:
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if path.parent.name == "responses" else ","))


def people_of(folder: Path) -> list[dict[str, str]]:
    head, *rows = rows_of(folder / "data" / "participants.csv")
    return [dict(zip(head, row, strict=True)) for row in rows]


def text_of(rows: Rows, separator: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()


def edit(path: Path, change: Callable[[Rows], object], separator: str = "") -> None:
    rows = rows_of(path)
    change(rows)
    text = text_of(rows, separator or (";" if path.parent.name == "responses" else ","))
    path.write_text(text, encoding="utf-8")


def put(file: str, row: int, column: str, text: str) -> Change:
    """Change one cell; rows as a spreadsheet counts them."""

    def change(folder: Path) -> None:
        def cell(rows: Rows) -> None:
            rows[row - 1][rows[0].index(column)] = text

        edit(folder / file, cell)

    return change


def workbook(folder: Path, name: str) -> openpyxl.Workbook:
    """Move the rows of a CSV file into the workbook of the same name, days as days."""
    rows = rows_of(folder / "data" / f"{name}.csv")
    edit(folder / "data" / f"{name}.csv", lambda all_rows: all_rows.__delitem__(slice(1, None)))
    book = openpyxl.load_workbook(folder / "data" / f"{name}.xlsx")
    for row in rows[1:]:
        book.worksheets[0].append([date.fromisoformat(one) if one[4:5] == "-" else one or None for one in row])
    return book


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Run the command line, which refuses: one line for each problem."""
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "Unexpected" not in said.err
    return said.err.splitlines()


def of_format(number: int) -> Change:
    def change(folder: Path) -> None:
        path = folder / "evaluation.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("format: 1", f"format: {number}"), encoding="utf-8")

    return change


def no_column(folder: Path) -> None:
    edit(folder / "data" / "pairs.csv", lambda rows: [row.pop(3) for row in rows])


def another_column(folder: Path) -> None:
    def change(rows: Rows) -> None:
        for at, row in enumerate(rows):
            row.append("Somebody's name" if at else "full_name")

    edit(folder / "data" / "participants.csv", change)


def day_numbers(folder: Path) -> None:
    def change(rows: Rows) -> None:
        at = rows[0].index("matched")
        for row in rows[1:]:
            row[at] = str((date.fromisoformat(row[at]) - date(1899, 12, 30)).days)

    edit(folder / "data" / "pairs.csv", change)


def day_numbers_in_a_workbook(folder: Path) -> None:
    book = workbook(folder, "pairs")
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        row[3].value = (row[3].value - date(1899, 12, 30)).days
        row[3].number_format = "General"
    book.save(folder / "data" / "pairs.xlsx")


def two_sheets(folder: Path) -> None:
    book = workbook(folder, "pairs")
    book.create_sheet("last year").append(["pair", "mentor"])
    book.save(folder / "data" / "pairs.xlsx")


def merged_header(folder: Path) -> None:
    book = workbook(folder, "pairs")
    book.worksheets[0].merge_cells("B1:C1")
    book.save(folder / "data" / "pairs.xlsx")


def bytes_of(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content) and None


def cut_short(folder: Path) -> None:
    book = workbook(folder, "pairs")
    path = folder / "data" / "pairs.xlsx"
    book.save(path)
    path.write_bytes(path.read_bytes()[:3000])


def own_mentee(folder: Path) -> None:
    edit(folder / "data" / "pairs.csv", lambda rows: rows[2].__setitem__(2, rows[2][1]))


def same_person_twice(folder: Path, spelled: Callable[[str], str] = str) -> None:
    edit(folder / "data" / "participants.csv", lambda rows: rows.append([spelled(rows[3][0]), *rows[3][1:]]))


def of_a_mentee(**days: str) -> Change:
    """Change days of the first mentee who started."""

    def change(folder: Path) -> None:
        edit(folder / "data" / "participants.csv", lambda rows: _first_mentee(rows, days))

    return change


def _first_mentee(rows: Rows, days: dict[str, str]) -> None:
    at = {name: rows[0].index(name) for name in (*days, "role", "started")}
    row = next(one for one in rows[1:] if one[at["role"]] == "mentee" and one[at["started"]])
    for name, day in days.items():
        row[at[name]] = day


def staff_codes_changed(folder: Path) -> None:
    """Change codes as a spreadsheet does to leading zeros."""

    def change(rows: Rows) -> None:
        at = rows[0].index("programme_from")
        rows[1:] = sorted(rows[1:], key=lambda row: not row[at])
        for row in rows[1:]:
            row[0] = row[0].replace("P0", "P")

    edit(folder / "data" / "staff.csv", change)


def exchanged(folder: Path) -> None:
    def change(rows: Rows) -> None:
        for row in rows[1:]:
            row[1:3] = row[2], row[1]

    edit(folder / "data" / "pairs.csv", change)


def pair_twice(folder: Path) -> None:
    edit(folder / "data" / "pairs.csv", lambda rows: rows.append(["PAIRX", *rows[1][1:]]))


def eligible_of(*groups: tuple[str, str, str]) -> Change:
    return lambda folder: edit(
        folder / "data" / "eligible.csv", lambda rows: rows.__setitem__(slice(1, None), [list(one) for one in groups])
    )


def same_answers_twice(folder: Path) -> None:
    edit(folder / "responses" / "transition.before.csv", lambda rows: rows.append(["again", *rows[1][1:]]))


def both_filled(folder: Path) -> None:
    before = (folder / "data" / "pairs.csv").read_bytes()
    book = workbook(folder, "pairs")
    book.worksheets[0].cell(3, 4).value = date(2024, 1, 1)
    book.save(folder / "data" / "pairs.xlsx")
    (folder / "data" / "pairs.csv").write_bytes(before)


PASSWORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
OLD_BOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le") + bytes(600)

CASES: dict[str, tuple[Change, list[str]]] = {
    "a folder of an older layout": (of_format(0), ["PRG-020 evaluation.yaml: a folder of format 0"]),
    "a folder of a newer layout": (of_format(2), ["PRG-020 evaluation.yaml: a folder of format 2"]),
    "a column is missing": (no_column, ['DAT-003 pairs.csv: no column "matched"']),
    "a column too many": (another_column, ["DAT-006 participants.csv, column 23: a column of another name"]),
    "days as Excel's numbers": (day_numbers, ['DAT-004 pairs.csv, column "matched", rows 2, 3,']),
    "numbers in a workbook": (day_numbers_in_a_workbook, ['DAT-004 pairs.xlsx, column "matched", rows 2, 3,']),
    "two sheets": (two_sheets, ["DAT-015 pairs.xlsx: 2 sheets with data (pairs, last year)"]),
    "merged header cells": (merged_header, ["DAT-015 pairs.xlsx: merged cells (B1:C1)", "DAT-003 pairs.xlsx"]),
    "a password": (bytes_of("data/eligible.xlsx", PASSWORD), ["DAT-015 eligible.xlsx: a workbook with a password"]),
    "an old workbook": (bytes_of("data/eligible.xlsx", OLD_BOOK), ["DAT-015 eligible.xlsx: a workbook of the old"]),
    "an .xls": (bytes_of("data/eligible.xls", OLD_BOOK), ["DAT-015 data/eligible.xls: a file of the kind .xls"]),
    "answers with a password": (
        bytes_of("responses/transition.after.xlsx", PASSWORD),
        ["DAT-015 transition.after.xlsx: a workbook with a password"],
    ),
    "a workbook cut short": (cut_short, ["DAT-015 pairs.xlsx: a damaged workbook"]),
    "a workbook that is a text": (bytes_of("data/eligible.xlsx", b"a,b\n1,2\n"), ["DAT-015 eligible.xlsx: a damaged"]),
    "a mentor who is the own mentee": (own_mentee, ["DAT-007 pairs.csv, row 3: a mentor who is the own mentee"]),
    "a meeting before the match": (
        put("data/meetings.csv", 2, "met", "2020-01-01"),
        ["DAT-007 meetings.csv, row 2: a meeting before the match"],
    ),
    "answers of a stranger": (
        put("responses/transition.before.csv", 3, "personcode", "P999"),
        ["DAT-007 responses/transition.before.csv, row 3: the code of a person who is not in participants.csv"],
    ),
    "entries of a pair that never was": (
        put("responses/meeting_log.meeting.csv", 2, "paircode", "PAIR99"),
        ["DAT-007 responses/meeting_log.meeting.csv, row 2: the code of a pair that is not in pairs.csv"],
    ),
    "a person twice": (same_person_twice, ["DAT-010 participants.csv, rows 4, "]),
    "answers twice": (same_answers_twice, ["DAT-010 responses/transition.before.csv, rows 2, "]),
    "a day that is none": (
        put("data/pairs.csv", 3, "ended", "31/02/2025"),
        ['DAT-004 pairs.csv, column "ended", row 3'],
    ),
    "a year that is a slip": (
        put("data/pairs.csv", 3, "ended", "0202-01-05"),
        ['DAT-002 pairs.csv, column "ended", row 3: days outside 1950 to 2100'],
    ),
    "completed without a start": (
        of_a_mentee(started="", completed="2024-06-01", withdrew=""),
        ["DAT-007 participants.csv, row {}: completed without started"],
    ),
    "a start before the application, no match": (
        of_a_mentee(applied="2024-05-01", matched="", started="2024-04-01", completed="", withdrew=""),
        ["DAT-007 participants.csv, row {}: started before applied"],
    ),
    "a person who withdrew before the start": (
        of_a_mentee(withdrew="2019-04-01", completed=""),
        ["DAT-007 participants.csv, row {}: withdrew before started"],
    ),
    "codes that differ by capitals": (
        lambda folder: same_person_twice(folder, str.lower),
        ["DAT-010 participants.csv, rows 4, "],
    ),
    "mentors and mentees exchanged": (
        exchanged,
        [
            "DAT-007 pairs.csv, rows 2, 3, 4, 5, 6 and 3 more: a mentor whose role is mentee",
            "DAT-007 pairs.csv, rows 2, 3, 4, 5, 6 and 3 more: a mentee whose role is mentor",
        ],
    ),
    "one pair under two codes": (
        pair_twice,
        ["DAT-007 pairs.csv, row 10: the same two people as in another pair"],
    ),
    "more eligible in groups than in all": (
        eligible_of(("all", "all", "90"), ("sex", "female", "60"), ("sex", "Male", "40")),
        ["DAT-007 eligible.csv, rows 3, 4: groups that add up to more than all"],
    ),
    "a group that is none": (
        eligible_of(("all", "all", "90"), ("ethnicity", "Nonsense", "6")),
        ["DAT-006 eligible.csv, row 3: a label that is not known"],
    ),
    "staff who take part and are nobody's participants": (
        staff_codes_changed,
        ["DAT-007 staff.csv, rows 2, "],
    ),
    "both filled in differently": (both_filled, ["DAT-010 data/pairs: pairs.csv and pairs.xlsx with different rows"]),
    "bytes in a CSV": (bytes_of("data/eligible.csv", bytes(range(256))), ["DAT-008 eligible.csv"]),
    "an open quotation mark": (
        bytes_of("data/eligible.csv", b'characteristic,level,eligible\nall,"all,98\n'),
        ["DAT-001 eligible.csv"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_is_refused_with_every_problem(case: str, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, expected = CASES[case]
    row = 1 + next(at for at, one in enumerate(people_of(copy), 1) if one["role"] == "mentee" and one["started"])
    expected = [text.format(row) if text.startswith("DAT-007 participants") else text for text in expected]
    change(copy)
    before = everything(copy)
    lines = refused(capsys, "check", str(copy))
    for text in expected:
        assert any(line.startswith(text) for line in lines), lines
    assert len(lines) == len(expected), lines
    assert not any(code in " ".join(lines) for code in ("P999", "PAIR99", "Somebody"))
    assert everything(copy) == before


def test_everything_is_said_at_once_and_the_report_refuses_as_the_check_does(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (
        "a column too many", "days as Excel's numbers", "a password", "a meeting before the match",
        "answers of a stranger", "a person twice", "answers with a password",
    )  # fmt: skip
    expected = [text for name in names for text in CASES[name][1]]
    for name in names:
        CASES[name][0](copy)
    said = refused(capsys, "check", str(copy))
    for text in expected:
        assert any(line.startswith(text) for line in said), text
    # Who is not known because the days of the pairs cannot be read is not told as well.
    assert len(said) == len(expected) - 1 + 1
    out = copy / "outputs"
    before = everything(copy)
    assert refused(capsys, "report", str(copy), "--to", str(out)) == said
    assert refused(capsys, "simulate", str(copy))[0].startswith("PRG-021 data/")
    assert everything(copy) == before


def comma_to_semicolon(folder: Path) -> None:
    edit(folder / "data" / "participants.csv", list, ";")


def as_text(encoding: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / "data" / "participants.csv"
        text = path.read_text(encoding="utf-8").replace("Medicine", "M\u00e9decine \u2013 A").replace("\n", "\r\n")
        path.write_bytes(text.encode(encoding))

    return change


def days_as_people_write_them(folder: Path) -> None:
    def change(rows: Rows) -> None:
        for row in rows[1:]:
            row[3] = date.fromisoformat(row[3]).strftime("%d/%m/%Y")

    edit(folder / "data" / "pairs.csv", change)


def days_as_staff_records_write_them(folder: Path) -> None:
    def change(rows: Rows) -> None:
        for at, row in enumerate(rows[1:]):
            day = date.fromisoformat(row[3])
            row[3] = [day.strftime("%d-%b-%Y").upper(), day.strftime("%d %B %Y"), day.strftime("%d %b %Y")][at % 3]

    edit(folder / "data" / "pairs.csv", change)


def test_days_that_can_be_read_in_two_ways_are_settled_once(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(rows: Rows) -> None:
        for row in rows[1:]:
            row[3:5] = ["05/03/2024", ""]

    edit(copy / "data" / "pairs.csv", change)
    edit(copy / "data" / "meetings.csv", lambda rows: rows.__delitem__(slice(1, None)))
    said = refused(capsys, "check", str(copy))
    assert len(said) == 1
    assert said[0].startswith('DAT-012 pairs.csv, column "matched"')
    assert main(["check", str(copy), "--day-first"]) == 0
    settings = copy / "evaluation.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"{text}day_first: true\n", encoding="utf-8")
    assert {str(day)[:10] for day in read_folder(copy).files["pairs"]["matched"]} == {"2024-03-05"}
    settings.write_text(f'{text}day_first: "true"\n', encoding="utf-8")
    assert refused(capsys, "check", str(copy))[0].startswith("PRG-020 evaluation.yaml: another day_first")


def test_a_group_of_eligible_people_need_not_be_spelled_as_in_the_other_file(copy: Path) -> None:
    edit(
        copy / "data" / "participants.csv",
        lambda rows: [row.__setitem__(rows[0].index("age_band"), "25-34") for row in rows[1:]],
    )
    eligible_of(("all", "all", "90"), ("age_band", "25 \u2013 34", "80"), ("sex", "F", "4"), ("sex", "male", "60"))(
        copy
    )
    data = read_folder(copy)
    assert list(data.files["eligible"]["level"]) == ["all", "25-34", "female", "male"]
    # Fewer women were eligible than were invited: that characteristic is left out, and nothing else is.
    assert data.unfit == ("sex",)
    (said,) = (str(one) for one in data.warnings if "eligible" in str(one))
    assert said.startswith("DAT-007 eligible.csv: sex: fewer people eligible than came, in 1 of the groups")
    assert any(
        "numbers by sex in eligible.csv" in one for one in programme_folder.evidence_of(open_folder(copy), data).missing
    )


def test_days_to_come_and_people_without_a_start_are_to_be_looked_at(copy: Path) -> None:
    (copy / MARKS).unlink()  # what was simulated lies in the years of the plan
    assert not [one for one in read_folder(copy).warnings if "after today" in str(one)]
    put("data/meetings.csv", 2, "met", "2098-01-01")(copy)
    head, *rows = rows_of(copy / "data" / "attendance.csv")
    came = next(one for one in rows if one[head.index("attended")] == "yes")[0]
    at = next(place for place, one in enumerate(people_of(copy), 2) if one["person"] == came)
    for column in ("started", "completed", "withdrew"):
        put("data/participants.csv", at, column, "")(copy)
    said = [str(one) for one in read_folder(copy).warnings]
    assert any(one.startswith("DAT-002 meetings.csv, row 2: met after today") for one in said)
    assert any(one.startswith("DAT-007 attendance.csv") and "no day in started" in one for one in said)


def test_who_began_a_form_twice_and_finished_one_has_one_answer(copy: Path) -> None:
    path = copy / "responses" / "transition.before.csv"
    count = len(read_folder(copy).answers["transition", "before"])

    def again(rows: Rows) -> None:
        begun = list(rows[1])
        begun[rows[0].index("id")], begun[rows[0].index("submitdate")] = "9001", ""
        rows.append(begun)

    edit(path, again)
    data = read_folder(copy)
    assert len(data.answers["transition", "before"]) == count
    assert [str(one).partition(":")[0] for one in data.warnings if one.code == "DAT-010"] == [
        f"DAT-010 responses/transition.before.csv, row {len(rows_of(path))}"
    ]


@pytest.mark.parametrize("ending", ["CSV", "Csv"])
def test_the_capitals_of_an_ending_do_not_matter(ending: str, copy: Path) -> None:
    before = read_folder(copy)
    (copy / "data" / "staff.csv").rename(copy / "data" / f"staff.{ending}")
    after = read_folder(copy)
    assert after.files["staff"].equals(before.files["staff"])
    person = str(before.files["staff"]["person"].iloc[0])
    assert f"data/staff.{ending}" in withdraw(copy, person).removed


def in_a_workbook(folder: Path) -> None:
    workbook(folder, "pairs").save(folder / "data" / "pairs.xlsx")


@pytest.mark.parametrize(
    "change",
    [comma_to_semicolon, as_text("utf-16"), as_text("utf-8-sig"), as_text("cp1252"), days_as_people_write_them,
     days_as_staff_records_write_them, in_a_workbook],
    ids=["semicolons", "utf-16", "utf-8 with a mark", "cp1252", "31/12/2024", "31-DEC-2024", "a workbook"],
)  # fmt: skip
def test_what_spreadsheets_save_is_read_alike(change: Change, copy: Path) -> None:
    before = read_folder(copy)
    change(copy)
    after = read_folder(copy)
    for name, frame in before.files.items():
        if name == "participants":
            assert after.files[name].drop(columns="department").equals(frame.drop(columns="department"))
            assert frame["department"].eq("Medicine").tolist() in (
                after.files[name]["department"].eq("M\u00e9decine \u2013 A").tolist(),
                after.files[name]["department"].eq("Medicine").tolist(),
            )
        else:
            assert after.files[name].equals(frame), name


def test_a_folder_of_an_older_evalkit_with_the_same_layout_is_read(copy: Path) -> None:
    path = copy / "evaluation.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("evalkit: ")
    lines[1] = 'evalkit: "0.0.1"'
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["check", str(copy)]) == 0


def test_names_with_blanks_umlauts_and_quotes(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = full.parent / "Gr\u00fc\u00dfe, 'M\u00fcller & S\u00f6hne' [1] 100%"
    shutil.copytree(full, path)
    assert main(["check", str(path)]) == 0
    assert path.name in capsys.readouterr().out
    code = rows_of(path / "data" / "participants.csv")[1][0]
    assert main(["withdraw", str(path), code]) == 0
    shutil.rmtree(path)


# --- reports -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def once(full: Path) -> tuple[Path, Callable[..., object], FolderData]:
    """A folder with a report, and what gives its data and its content again without working them out."""
    path = full.parent / "reported"
    shutil.copytree(full, path)
    live = '=HYPERLINK("http://x.example","look")'

    def typed(rows: Rows) -> None:
        for at in (1, 2, 3, 4):
            rows[at][rows[0].index("department")] = live

    edit(path / "data" / "participants.csv", typed)
    settings = path / "evaluation.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(f'"{NAME}"', f'"=1+1 {NAME}"'), encoding="utf-8")
    made = []
    real = programme_folder.programme_report

    def content(*arguments: object) -> object:
        made[:] = made or [real(*arguments)]
        return made[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programme_folder, "programme_report", content)
        assert main(["report", str(path), "--to", str(path / "outputs"), "--word"]) == 0
    return path, content, read_folder(path)


@pytest.fixture
def reported(once: tuple[Path, Callable[..., object], FolderData], monkeypatch: pytest.MonkeyPatch) -> Path:
    path, content, data = once
    monkeypatch.setattr(programme_folder, "programme_report", content)
    monkeypatch.setattr(programme_folder, "read_folder", lambda _: data)
    return path


def test_nothing_that_was_typed_runs_in_what_is_reported(reported: Path) -> None:
    tables = list((reported / "outputs").glob("*-tables/*.csv"))
    assert len(tables) > 5
    for path in tables:
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            assert not any(cell.startswith(("=", "+", "@")) for cell in row), path.name
    book = openpyxl.load_workbook(next((reported / "outputs").glob("*-tables.xlsx")))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert len(cells) > 100
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    page = (reported / "outputs" / f"{PROGRAMME}.html").read_text(encoding="utf-8")
    assert "=1+1 A &amp; B &lt;Trust&gt;" in page
    assert "<Trust>" not in page
    assert "x.example" not in page
    document = import_module("docx").Document(str(reported / "outputs" / f"{PROGRAMME}.docx"))
    assert any(NAME in paragraph.text for paragraph in document.paragraphs)
    assert all(path.name.isascii() and "&" not in path.name for path in (reported / "outputs").rglob("*"))
    index = (reported / "outputs" / "index.html").read_text(encoding="utf-8")
    assert "A &amp; B &lt;Trust&gt;" in index
    assert "<Trust>" not in index


def failing(real: Callable[..., object], at: int, error: BaseException) -> Callable[..., object]:
    """Fail at the nth call, as a full disk, a disk for reading only or a key pressed would."""
    calls: list[object] = []

    def call(*arguments: object, **more: object) -> object:
        calls.append(arguments)
        if len(calls) == at:
            raise error
        return real(*arguments, **more)

    return call


@pytest.mark.parametrize(
    ("place", "at", "error", "code", "said"),
    [
        ("tempfile.mkstemp", 1, OSError(errno.EROFS, "Read-only file system"), 2, "REP-004 "),
        ("tempfile.mkstemp", 1, PermissionError(errno.EACCES, "Permission denied"), 2, "REP-004 "),
        ("os.fsync", 4, OSError(errno.ENOSPC, "No space left on device"), 2, "REP-004 "),
        ("pathlib.Path.replace", 3, OSError(errno.EACCES, "The file is open elsewhere"), 2, "REP-004 "),
        ("pathlib.Path.replace", 3, KeyboardInterrupt(), 130, "Interrupted: "),
        ("os.fsync", 2, KeyboardInterrupt(), 130, "Interrupted: "),
        ("evalkit.report.programme_folder.written_files", 1, KeyboardInterrupt(), 130, "Interrupted: "),
        ("evalkit.report.programme_folder.written_files", 1, MemoryError("no memory"), 1, "Unexpected fault"),
    ],
)
def test_the_old_report_stays_whole(
    reported: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    at: int,
    error: BaseException,
    code: int,
    said: str,
) -> None:
    before = everything(reported)
    with monkeypatch.context() as broken:
        module, _, name = place.rpartition(".")
        owner = Path if module == "pathlib.Path" else import_module(module)
        broken.setattr(owner, name, failing(getattr(owner, name), at, error))
        capsys.readouterr()
        assert main(["report", str(reported), "--to", str(reported / "outputs"), "--word"]) == code
    assert said in capsys.readouterr().err
    assert everything(reported) == before


def test_outputs_that_are_a_file_or_the_name_of_something_else(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = refused(capsys, "report", str(reported), "--to", str(reported / "README.md"))
    assert lines[0].startswith("REP-004 ")


def test_a_report_on_an_empty_folder_says_what_it_lacks(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = full.parent / "empty"
    shutil.copytree(full, path)
    for below in ("data", "responses"):
        for one in (path / below).glob("*.csv"):
            if one.name == "dictionary.csv":
                continue
            if below == "responses" or one.name == "synthetic.csv":
                one.unlink()
            else:
                edit(one, lambda rows: rows.__delitem__(slice(1, None)))
    programme = open_folder(path).programme
    assert main(["report", str(path), "--to", str(path / "outputs")]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Could not be answered" in said.out
    assert f"Of {len(programme.questions)} questions: " in said.out
    assert "participants.csv is missing or empty" in said.out
    page = unescape((path / "outputs" / f"{PROGRAMME}.html").read_text(encoding="utf-8"))
    for one in programme.questions:
        assert one.asks.split()[0] in said.out
        assert one.asks in page


def test_a_folder_with_some_of_its_waves_says_which_are_not_there(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(copy)]) == 0
    said = capsys.readouterr().out
    assert "transition.after" in said
    assert "There are no answers to" in said
    assert "Can be answered" in said
    assert "Cannot be answered" in said
