"""An evaluation folder from `new` to `withdraw`: written whole, read back, refused with every problem at once."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from evalkit.__main__ import main
from evalkit.errors import DataError, EvalkitError, ReportError
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.folder_checking import answerable
from evalkit.programmes.folder_reading import read_folder
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_withdrawal import withdraw
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.folders import open_folder

NAME = 'A & B <Trust> "x" \\ *y* | z'
PROGRAMME = "reciprocal-mentoring"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("folders") / "empty"
    new_folder(path, PROGRAMME, NAME, "limesurvey", contact="the team")
    return path


@pytest.fixture(scope="module")
def full(empty: Path) -> Path:
    path = empty.parent / "full"
    shutil.copytree(empty, path)
    simulate_folder(path, 8, seed=3)
    return path


@pytest.fixture
def copy(full: Path) -> Path:
    # The same path and times each time: what evalkit read of the surveys before is not read again.
    path = full.parent / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(full, path)
    for optional in ("all_pairs.before", "all_pairs.event", "all_pairs.since", "staying.after", "staying.follow_up"):
        (path / "responses" / f"{optional}.csv").unlink()
    return path


def rows_of(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in text.splitlines()[0] else ","))


def write(path: Path, rows: list[list[str]], separator: str = ",") -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")


def codes(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(EvalkitError) as caught:
        read_folder(path)
    return [(one.code, f"{one.place}: {one.found}") for one in caught.value.problems]


def test_what_is_written_reads_back_with_any_name(empty: Path) -> None:
    folder = open_folder(empty)
    assert folder.settings.organisation == NAME
    assert (folder.settings.contact, folder.settings.kept_for, folder.settings.start) == ("the team", "", None)
    assert set(folder.instruments) == set(folder.programme.instrument_ids())
    both = folder.instruments["reciprocal-mentoring"]
    assert "person_code" in both.by_id
    assert not [name for name in both.by_id if name.startswith("link_")]
    readme = (empty / "README.md").read_text(encoding="utf-8")
    assert r"A & B \<Trust> " in readme
    assert "<Trust>" not in readme.replace(r"\<", "")
    assert "`kept_for`" in readme
    assert "`contact`" not in readme
    plan = (empty / "analysis-plan.md").read_text(encoding="utf-8")
    assert all(" ".join(one.asks.split()) in plan for one in folder.programme.questions)
    assert "cannot say that the programme caused the change" in plan
    assert json.loads((empty / "report.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4


def test_each_file_has_a_header_a_workbook_with_drop_downs_and_a_place_in_the_dictionary(empty: Path) -> None:
    listed = {(row[0], row[1]) for row in rows_of(empty / "data" / "dictionary.csv")[1:]}
    for file in open_folder(empty).programme.files:
        header = [column.name for column in file.columns]
        assert rows_of(empty / "data" / file.file) == [header]
        assert {(file.file, name) for name in header} <= listed
        book = openpyxl.load_workbook((empty / "data" / file.file).with_suffix(".xlsx"))
        assert [cell.value for cell in book.worksheets[0][1]] == header
    book = openpyxl.load_workbook(empty / "data" / "participants.xlsx")
    lists = [one.formula1 for one in book.worksheets[0].data_validations.dataValidation if one.type == "list"]
    assert len(lists) >= 8


def test_a_new_folder_lacks_everything_and_is_in_order(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = read_folder(empty)
    assert (dict(data.files), dict(data.answers), data.synthetic) == ({}, {}, False)
    assert {one.name for one in data.missing if not one.optional and one.what == "file"} == {
        "participants", "pairs", "meetings", "attendance",
    }  # fmt: skip
    assert list(data.participants.columns)[:2] == ["person", "role"]
    assert not any(one.can for one in answerable(open_folder(empty), data))
    assert main(["check", str(empty)]) == 0
    assert "Cannot be answered" in capsys.readouterr().out


def test_a_folder_that_holds_something_is_refused_and_arguments_with_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ProgrammeError) as caught:
        new_folder(tmp_path, PROGRAMME, " ", "lime", start="31/01/2027", kept_for="{x}")
    assert [one.code for one in caught.value.problems] == ["PRG-021", *["PRG-014"] * 4]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failing_new_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evalkit.programmes.folder_writing._export", fails)
    with pytest.raises(ReportError, match=r"REP-004.*No space left"):
        new_folder(tmp_path / "new", PROGRAMME, NAME, "limesurvey")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "new", "said"),
    [
        ("format: 1", "format: 0", "copy data and responses"),
        ("format: 1", "format: 2", "newer evalkit"),
        ("format: 1", 'format: "one"', "as a number"),
        ('platform: "limesurvey"', 'platform: "paper"', 'platform "paper"'),
        ('start: ""', 'start: "soon"', "no day"),
        ('start: ""', 'starts: "2027-01-31"', 'the key "starts"'),
    ],
)
def test_settings_of_another_format_are_refused(copy: Path, line: str, new: str, said: str) -> None:
    path = copy / "evaluation.yaml"
    text = path.read_text(encoding="utf-8")
    assert line in text
    path.write_text(text.replace(line, new), encoding="utf-8")
    with pytest.raises(ProgrammeError, match=f"PRG-020.*{said}"):
        open_folder(copy)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeError, match=r"PRG-020.*no evaluation.yaml"):
        open_folder(tmp_path)


def test_simulated_data_are_in_order_and_marked(full: Path) -> None:
    folder = open_folder(full)
    data = read_folder(folder)
    assert data.synthetic
    assert not data.missing
    assert not data.warnings
    people = data.participants
    started = people[people["started"].notna()]
    assert started["role"].astype(str).value_counts().to_dict() == {"partner": 8, "senior_partner": 8}
    assert str(people["disability"].dtype) == "category"
    assert "not stated" in people["disability"].cat.categories
    before = data.answers["both_forms", "before"]
    assert before.columns[0] == "person"
    assert set(before["person"]) <= set(people["person"])
    assert before.attrs["instrument"]["version"] == folder.instruments["reciprocal-mentoring"].version
    assert all(one.can for one in answerable(folder, data))


def test_the_same_seed_gives_the_same_files_and_real_data_are_never_replaced(copy: Path, full: Path) -> None:
    truth = simulate_folder(copy, 8, seed=3)
    for path in full.rglob("*.csv"):
        assert (copy / path.relative_to(full)).read_bytes() == path.read_bytes()
    assert truth.loc[truth["term"] == "hazard ratio", "value"].tolist() == [0.7]
    with (copy / "data" / "pairs.csv").open("a") as file:
        file.write("PAIR99,P001,P002,2024-01-01,,\n")
    before = (copy / "data" / "participants.csv").read_bytes()
    with pytest.raises(ProgrammeError, match=r"PRG-021 data/pairs.csv"):
        simulate_folder(copy, 9)
    assert (copy / "data" / "participants.csv").read_bytes() == before


def test_files_between_contradict_each_other_all_at_once(copy: Path) -> None:
    pairs = rows_of(copy / "data" / "pairs.csv")
    pairs[2][1] = pairs[2][2]
    pairs[3][1] = "P999"
    write(copy / "data" / "pairs.csv", pairs)
    meetings = rows_of(copy / "data" / "meetings.csv")
    met = meetings[0].index("met")
    row = next(at for at, one in enumerate(meetings[1:], start=1) if one[met])
    meetings[row][met] = "2020-01-01"
    write(copy / "data" / "meetings.csv", meetings)
    people = rows_of(copy / "data" / "participants.csv")
    people[0].append("full name")
    people[1:] = [[*one, "Somebody"] for one in people[1:]]
    gone = people[0].index("named_group")
    write(copy / "data" / "participants.csv", [one[:gone] + one[gone + 1 :] for one in people])
    answers = rows_of(copy / "responses" / "both_forms.before.csv")
    code = answers[0].index("personcode")
    answers[1][code], answers[2][code] = "P998", answers[3][code]
    write(copy / "responses" / "both_forms.before.csv", answers, ";")
    shutil.copy(copy / "responses" / "staying.before.csv", copy / "responses" / "staying.befor.csv")
    found = codes(copy)
    for code_, said in (
        ("DAT-003", 'participants.csv: no column "named_group"'),
        ("DAT-006", "participants.csv, column 19: a column of another name"),
        ("DAT-007", "pairs.csv, row 3: a mentor who is the own mentee"),
        ("DAT-007", "pairs.csv, row 4: a mentor who is not in participants.csv"),
        ("DAT-007", f"meetings.csv, row {row + 1}: a meeting before the match"),
        ("DAT-007", "responses/both_forms.before.csv, row 2: the code of a person who is not in participants.csv"),
        ("DAT-010", "responses/both_forms.before.csv, rows 3, 4: several answers with one code"),
        ("DAT-006", "responses/staying.befor.csv: another name"),
    ):
        assert (code_, said) in found
    assert len(found) == 8
    assert not any("Somebody" in said or "P998" in said for _, said in found)


def _numbers(book: openpyxl.Workbook) -> None:
    book.worksheets[0].append(["P001", "preparation", 45000, "yes", None])


def _two_sheets(book: openpyxl.Workbook) -> None:
    book.worksheets[0].append(["P001", "preparation", date(2024, 1, 8), "yes", None])
    book.create_sheet("more").append(["something"])


def _merged(book: openpyxl.Workbook) -> None:
    book.worksheets[0].append(["P001", "preparation", date(2024, 1, 8), "yes", None])
    book.worksheets[0].merge_cells("A1:B1")


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (_numbers, "DAT-004", "numbers in place of dates"),
        (_two_sheets, "DAT-015", "2 sheets with data"),
        (_merged, "DAT-015", "merged cells"),
    ],
)
def test_workbooks_that_are_no_plain_table(
    copy: Path, change: Callable[[openpyxl.Workbook], None], code: str, said: str
) -> None:
    (copy / "data" / "attendance.csv").unlink()
    path = copy / "data" / "attendance.xlsx"
    book = openpyxl.load_workbook(path)
    order = [cell.value for cell in book.worksheets[0][1]]
    assert order == ["person", "day", "attended", "minutes", "activity"]
    for at, name in enumerate(("person", "activity", "day", "attended", "minutes"), start=1):
        book.worksheets[0].cell(1, at).value = name
    change(book)
    book.save(path)
    assert any(one == code and said in text for one, text in codes(copy))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 and nothing else", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a workbook with a password"),
    ],
)
def test_workbooks_that_cannot_be_opened(copy: Path, content: bytes, said: str) -> None:
    (copy / "data" / "eligible.xlsx").write_bytes(content)
    found = codes(copy)
    assert [code for code, _ in found] == ["DAT-015"]
    assert said in found[0][1]


def test_two_filled_files_must_hold_the_same(copy: Path) -> None:
    rows = rows_of(copy / "data" / "eligible.csv")
    book = openpyxl.load_workbook(copy / "data" / "eligible.xlsx")
    for row in rows[1:]:
        book.worksheets[0].append([*row[:2], float(row[2])])
    book.save(copy / "data" / "eligible.xlsx")
    read_folder(copy)
    book.worksheets[0].cell(2, 3).value = 1
    book.save(copy / "data" / "eligible.xlsx")
    assert [code for code, _ in codes(copy)] == ["DAT-010"]


def test_answers_without_people_are_refused(copy: Path) -> None:
    rows = rows_of(copy / "data" / "participants.csv")
    write(copy / "data" / "participants.csv", rows[:1])
    assert any(code == "DAT-018" and "participants.csv" in text for code, text in codes(copy))


def test_a_question_without_its_wave_or_file_says_why(copy: Path) -> None:
    (copy / "responses" / "both_forms.after.csv").unlink()
    (copy / "data" / "staff.csv").unlink()
    folder = open_folder(copy)
    changed = next(one.id for one in folder.programme.questions if one.estimator == "mean_change")
    stayed = next(one.id for one in folder.programme.questions if one.estimator == "retention_at")
    why = {one.question: one.why_not for one in answerable(folder, read_folder(folder)) if not one.can}
    assert "There are no answers to both_forms: after." in why[changed]
    assert "staff.csv is empty." in why[stayed]
    assert "dose" not in why


def test_withdraw_takes_a_person_out_everywhere(copy: Path) -> None:
    data = read_folder(copy)
    pair = data.files["pairs"].iloc[0]
    outputs = copy / "outputs" / "report.html"
    outputs.write_text("old")
    first = withdraw(copy, f" {pair['mentee'].lower()} ")
    assert first.again == ("outputs/report.html",)
    assert first.removed["data/participants.csv"] == 1
    assert first.removed["responses/both_forms.before.csv"] == 1
    left = read_folder(copy)
    assert left.synthetic
    assert left.files["pairs"].iloc[0]["mentee"] == "withdrawn"
    assert len(left.files["meetings"]) == len(data.files["meetings"])
    for path in [*(copy / "data").glob("*.csv"), *(copy / "responses").iterdir()]:
        assert not any(pair["mentee"] in row for row in rows_of(path)), path.name
    others = data.answers["both_forms", "before"]
    kept = others[others["person"] != pair["mentee"]].reset_index(drop=True)
    assert left.answers["both_forms", "before"]["person"].tolist() == kept["person"].tolist()
    withdraw(copy, pair["mentor"])
    last = read_folder(copy)
    assert pair["pair"] not in set(last.files["pairs"]["pair"]) | set(last.files["meetings"]["pair"])
    assert pair["pair"] not in set(last.answers["meeting_log", "meeting"]["pair"])
    with pytest.raises(DataError, match=r"DAT-006.*no file with that code"):
        withdraw(copy, pair["mentor"])


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_a_withdrawal_that_fails_half_way_changes_nothing(
    copy: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, step: str
) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    person = read_folder(copy).files["pairs"].iloc[0]["mentee"]
    real, seen = getattr(Path, step), []

    def fails(path: Path, to: object) -> object:
        seen.append(path)
        if len(seen) == 3:
            raise error
        return real(path, to)

    monkeypatch.setattr(Path, step, fails)
    with pytest.raises(ReportError if isinstance(error, OSError) else KeyboardInterrupt):
        withdraw(copy, person)
    monkeypatch.undo()
    assert len(seen) >= 3
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_withdraw_from_a_workbook(copy: Path) -> None:
    rows = rows_of(copy / "data" / "pairs.csv")
    book = openpyxl.load_workbook(copy / "data" / "pairs.xlsx")
    for row in rows[1:]:
        days = [date.fromisoformat(cell) if cell[:2] == "20" else cell or None for cell in row]
        book.worksheets[0].append(days)
    book.save(copy / "data" / "pairs.xlsx")
    write(copy / "data" / "pairs.csv", rows[:1])
    person = rows[2][2]
    withdraw(copy, person)
    assert read_folder(copy).files["pairs"]["mentee"].tolist()[1] == "withdrawn"


def test_the_commands_from_new_to_withdraw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "coaching"
    assert main(["new", str(folder), "--programme", "looking-after-you-too-coaching", "--organisation", NAME]) == 0
    assert main(["simulate", str(folder), "--people", "4"]) == 0
    assert main(["check", str(folder)]) == 0
    assert "Some of the data are synthetic" in capsys.readouterr().out
    assert main(["withdraw", str(folder), "P001"]) == 0
    assert "data/participants.csv" in capsys.readouterr().out
    people = rows_of(folder / "data" / "participants.csv")
    write(folder / "data" / "participants.csv", [*people, people[1]])
    assert main(["check", str(folder)]) == 2
    assert "DAT-010 participants.csv" in capsys.readouterr().err
    assert main(["new", str(folder), "--programme", "coaching", "--organisation", "X"]) == 2
    assert main(["programme", "show", "returners"]) == 0
    assert main(["programme", "check", "returners"]) == 0
