"""What is refused: every problem at once, with column and rows, and how to mend it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from response_formats import html_records, limesurvey, qualtrics, spreadsheet_rows, workbook
from simulated_answers import simulated_answers

from evalkit.errors import DataError, InstrumentError
from evalkit.instruments import Instrument, instrument_from_text
from evalkit.instruments.responses import read_responses

HEAD = "respondent,way,chosen,weeks,day,note,good,bad,fine"
GOOD = "a,email phone,email,3,2024-02-29,,1,2,3"
Refusal = Callable[..., list[str]]


@pytest.fixture
def refused(small: Instrument, tmp_path: Path) -> Refusal:
    """Give the messages about a file; none when it is read."""

    def attempt(content: str | bytes, name: str = "answers.csv", **options: str) -> list[str]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            read_responses(path, small, **options)
        except DataError as error:
            return [str(problem) for problem in error.problems]
        return []

    return attempt


def table(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows, ""])


def book(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    made = openpyxl.Workbook()
    for row in (HEAD.split(","), GOOD.split(",")):
        made.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_a_good_file_is_not_refused(refused: Refusal) -> None:
    assert refused(table(GOOD), wave="before") == []
    assert refused(book(lambda _: None), "answers.xlsx") == []


def test_every_problem_is_told_at_once(refused: Refusal) -> None:
    bad = "a,neither email,by post,99,31/02/2024,,4,Agree,1.5"
    found = refused(table(GOOD, bad, head=HEAD.replace("fine", "finee")))
    text = "\n".join(found)
    assert re.findall(r"^[A-Z]+-\d+", text, re.MULTILINE) == [
        *["DAT-006", "DAT-003", "DAT-007", "DAT-011", "DAT-002", "DAT-011", "DAT-011", "DAT-012", "DAT-010"]
    ]
    for said in (
        'answers.csv, column "finee": a column that is not known;',
        "answers.csv: no column for fine;",
        'column "way": answers that tick an option together with others that it excludes: 1 (row 3);',
        'column "chosen": answers that are not an option: 1 (row 3); expected one of email, phone, neither',
        'column "weeks": answers outside the limits of the item: 1 (row 3); expected at least 0 and at most 10.',
        'column "day": answers that are not a date',
        'column "good": answers that are not an option: 1 (row 3); expected one of 1, 2, 3, na',
        'column "bad": labels among codes: 1 (row 3)',
        'column "respondent": respondents who are there already: 1 (row 3)',
    ):
        assert said in text


@pytest.mark.parametrize(
    ("cell", "column", "code"),
    [
        ("11", "weeks", "DAT-002"),
        ("2.5", "weeks", "DAT-002"),
        ("1,000", "weeks", "DAT-011"),
        ("three", "weeks", "DAT-011"),
        ("nan", "weeks", "DAT-011"),
        ("0", "good", "DAT-011"),
        ("Does not apply at all", "good", "DAT-011"),
        ("03/04/2024", "day", "DAT-012"),
        ("1815-06-18", "day", "DAT-002"),
        ("email by phone", "way", "DAT-011"),
        ("Email", "chosen", "DAT-011"),
    ],
)
def test_one_wrong_answer(refused: Refusal, cell: str, column: str, code: str) -> None:
    cells = dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | {column: f'"{cell}"', "respondent": "b"}
    found = refused(table(GOOD, ",".join(cells.values())), wave="before")
    assert [(one[:7], "row 3" in one, f'column "{column}"' in one) for one in found] == [(code, True, True)]


def test_rows_are_counted_as_a_spreadsheet_counts(refused: Refusal) -> None:
    rows = [GOOD.replace("a,", f"{number},", 1).replace(",3,2024", ",12,2024") for number in range(8)]
    assert "answers outside the limits of the item: 8 (rows 2, 5, 6, 7, 8 and 3 more)" in "".join(
        refused(table(rows[0], "", ",,,,,,,,", *rows[1:]))
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "DAT-018"),
        ("\n \n", "DAT-018"),
        (HEAD, "DAT-018"),
        (table(",,,,,,,,"), "DAT-018"),
        (table("a,b"), "DAT-017"),
        (table(GOOD, f"{GOOD},more"), "DAT-017"),
        (table('a,"b'), "DAT-001"),
        (table(GOOD, head=f"{HEAD},"), ""),
        (table(f"{GOOD},x", head=f"{HEAD},"), "DAT-003"),
        (table(f"{GOOD},1", head=f"{HEAD},good"), "DAT-013"),
        ("some,thing,else\n1,2,3\n", "DAT-006"),
    ],
)
def test_a_table_that_is_none(refused: Refusal, content: str, code: str) -> None:
    assert [one[:7] for one in refused(content)] == ([code] if code else [])


def test_a_file_without_header_does_not_tell_its_first_row(refused: Refusal) -> None:
    found = refused("Ann Other,I was ill\nBob Other,me too\n")
    assert len(found) == 1
    assert "Other" not in found[0]


def test_free_text_and_identifiers_may_have_been_taken_out(small: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(table(GOOD.replace(",,", ",", 1), head=HEAD.replace("note,", "")), encoding="utf-8")
    found = read_responses(path, small, wave="before")
    assert found.attrs["absent"] == ["note"]
    assert "note" not in found


def test_answers_beside_the_options_are_not_lost(refused: Refusal) -> None:
    head = f"{HEAD},chosen[other]"
    assert refused(table(f"{GOOD},", head=head), platform="limesurvey") == []
    found = refused(table(f"{GOOD},by pigeon", head=head), platform="limesurvey")
    assert [one[:7] for one in found] == ["DAT-011"]
    assert "pigeon" not in found[0]


def test_the_same_text_twice_is_ambiguous(refused: Refusal) -> None:
    head = HEAD.replace("good", "Do you agree? [It is good.]")
    assert refused(table(GOOD, head=head), wave="before") == []
    found = refused(table(GOOD, head=head), wave="after")
    assert found[0].startswith("DAT-013")
    assert "fits good, good_then" in found[0]


def test_labels_that_are_codes_of_others(tmp_path: Path, small_text: str) -> None:
    turned = small_text.replace("1: Disagree", '1: "3"').replace("3: Agree", '3: "1"')
    instrument = instrument_from_text(turned, "small.yaml")
    path = tmp_path / "answers.csv"
    rows = ("id,way,chosen,weeks,day,note,good,bad,fine", "a,,{},,,,1,3,1")
    path.write_text("\n".join(rows).format(""), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_responses(path, instrument, wave="before")
    assert {problem.code for problem in caught.value.problems} == {"DAT-012"}
    # Another column tells how the file was exported.
    path.write_text("\n".join(rows).format("email"), encoding="utf-8")
    assert read_responses(path, instrument, wave="before")["good"].tolist() == [1]
    path.write_text("\n".join(rows).format("By email"), encoding="utf-8")
    assert read_responses(path, instrument, wave="before")["good"].tolist() == [3]


@pytest.mark.parametrize(
    ("head", "cells", "said"),
    [
        ("instrument", "another", "another instrument"),
        ("version", "2.0", "another version"),
        ("wave", "then", "without one of the instrument's waves"),
        ("wave", "", ""),
        ("version", "1", ""),
    ],
)
def test_answers_of_something_else(refused: Refusal, head: str, cells: str, said: str) -> None:
    found = refused(table(f"{GOOD},{cells}", head=f"{HEAD},{head}"))
    assert [one[:7] for one in found] == (["DAT-016"] if said else [])
    assert said in "".join(found)


def test_a_comparable_version_is_read(small: Instrument, tmp_path: Path) -> None:
    reworded = small.adapt(reword={"weeks": "How long was it?"}).changed(version="1.1")
    rescaled = small.adapt(
        options={"agree": {1: "Disagree", 2: "Neither", 3: "Agree", 4: "Agree fully"}}, drop=["note"]
    )
    path = tmp_path / "answers.csv"
    path.write_text(table(f"{GOOD},1.0", head=f"{HEAD},version"), encoding="utf-8")
    assert read_responses(path, reworded)["version"].tolist() == ["1.0"]
    assert rescaled.ledger is not None
    with pytest.raises(DataError, match="another version"):
        read_responses(path, rescaled.changed(version="1.1"))


def test_rows_of_another_wave(small: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(table(f"{GOOD},before", f"b{GOOD[1:]},after", head=f"{HEAD},wave"), encoding="utf-8")
    with pytest.raises(DataError, match=r"DAT-016.*another wave, after: 1 \(row 3\)"):
        read_responses(path, small, wave="before")
    with pytest.raises(InstrumentError, match="INS-023"):
        read_responses(path, small, wave="then")


def test_answers_at_a_wave_that_does_not_ask(small: Instrument, tmp_path: Path) -> None:
    found = simulated_answers(small, 1, seed=1, wave="after")
    record = html_records(found)[0]
    other = {**record, "respondent": "b", "wave": "before", "answers": {"good_then": 1}}
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([record, other]), encoding="utf-8")
    with pytest.raises(DataError, match=r"DAT-016.*good_then.*does not ask this: 1 \(answer 2\)"):
        read_responses(path, small)


def test_one_respondent_at_two_waves_is_not_twice(small: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    then = ",good_then,bad_then,fine_then"
    rows = (f"{GOOD},before,,,", f"{GOOD},after,1,1,1")
    path.write_text(table(*rows, head=f"{HEAD},wave{then}"), encoding="utf-8")
    assert read_responses(path, small)["respondent"].tolist() == ["a", "a"]
    path.write_text(table(*rows, rows[0], head=f"{HEAD},wave{then}"), encoding="utf-8")
    with pytest.raises(DataError, match=r"DAT-010.*row 4"):
        read_responses(path, small)


def test_platforms(refused: Refusal) -> None:
    assert "Did you mean" in refused(table(GOOD), platform="limesurvy")[0]
    assert refused(table(f"{GOOD},1,x", head=f"{HEAD},lastpage,ResponseId"))[0].startswith("DAT-014")
    assert refused(table(f"{GOOD},1,x", head=f"{HEAD},lastpage,seed"), platform="limesurvey") == []
    assert refused(table(GOOD), platform="surveyjs")[0].startswith("DAT-014")
    assert refused("{}", "a.json", platform="redcap")[0].startswith("DAT-0")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ("[]", "a list without answers"),
        ("[{}]", "a list without answers"),
        ('{"weeks": 1, "weeks": 2}', "there twice"),
        ('{"weeks": [[1]]}', "answers inside an answer"),
        ('{"grid": {"good": {"x": 1}}}', "answers inside an answer"),
        ('{"weeks": [1, 2]}', "answers of several parts"),
        ("[" * 100_000, "cannot be read"),
        ('{"weeks": NaN}', "not a number"),
        ('[{"weeks": 1}, {"instrument": "small", "answers": {}}]', "among others"),
    ],
)
def test_json(refused: Refusal, content: str, said: str) -> None:
    assert said in "".join(refused(content, "answers.json"))


def test_an_empty_folder(small: Instrument, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="DAT-018"):
        read_responses(tmp_path, small)
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match=r"(?s)a\.json.*b\.json"):
        read_responses(tmp_path, small)
    with pytest.raises(DataError, match="DAT-001"):
        read_responses(tmp_path / "none.csv", small)


def test_only_header_rows(small: Instrument, refused: Refusal) -> None:
    found = simulated_answers(small, 1, seed=1, wave="after")
    lines = qualtrics(found).decode().splitlines()
    assert "three header rows" in refused("\n".join(lines[:3]))[0]


def second_sheet(made: openpyxl.Workbook) -> None:
    made.create_sheet("more")["A1"] = 1


def formula(made: openpyxl.Workbook) -> None:
    made.active["D2"] = "=1+1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no workbook", "no workbook"),
        (b"PK\x03\x04 damaged", "damaged workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Workbook", "old format"),
        (book(second_sheet), "2 sheets with data (Sheet, more)"),
        (book(lambda made: made.active.merge_cells("A1:B1")), "merged cells (A1:B1)"),
        (book(formula), "formulas without a stored value (D2)"),
    ],
)
def test_workbooks(refused: Refusal, content: bytes, said: str) -> None:
    found = refused(content, "answers.xlsx")
    assert found[0].startswith("DAT-015")
    assert said in found[0]


@pytest.mark.parametrize(("zeros", "code"), [(8, "DAT-015"), (64, "DAT-008"), (400, "DAT-008")])
def test_a_workbook_that_only_pretends_to_be_small(
    zeros: int, code: str, refused: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(zeros * 1024 * 1024))
    if code == "DAT-008":
        monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    found = refused(out.getvalue(), "answers.xlsx")
    assert [one[:7] for one in found] == [code]
    assert ("too large when unpacked" in found[0]) == (code == "DAT-008")


def test_an_empty_workbook(refused: Refusal) -> None:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    assert refused(out.getvalue(), "answers.xlsx")[0].startswith("DAT-018")


def test_a_workbook_with_a_part_taken_out(small: Instrument, refused: Refusal) -> None:
    whole = workbook(spreadsheet_rows(simulated_answers(small, 2, seed=1)))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = archive.namelist()
        for left_out in names:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as copy:
                for name in names:
                    if name != left_out:
                        copy.writestr(name, archive.read(name))
            assert all(one.startswith("DAT-0") for one in refused(out.getvalue(), "answers.xlsx"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_that_can_be_told(small: Instrument, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(table(GOOD.replace(",,", ",caf\u00e9 \u2013 \u201cna\u00efve\u201d \u00a35,")).encode(encoding))
    found = read_responses(path, small, wave="before")
    assert found["note"].tolist() == ["caf\u00e9 \u2013 \u201cna\u00efve\u201d \u00a35"]


@pytest.mark.parametrize(
    "note",
    [
        "caf\u00e9".encode("mac_roman"),
        "\u0141\u00f3d\u017a".encode("cp1250"),
        "caf\u00e9 ".encode() + "caf\u00e9".encode("cp1252"),
        b"\x81\x8d",
        b"a\x00b",
    ],
)
def test_encodings_that_cannot_be_told(refused: Refusal, note: bytes) -> None:
    found = refused(table(GOOD.replace(",,", ",NOTE,")).encode().replace(b"NOTE", note))
    assert found[0].startswith("DAT-008")
    assert "Save it again as UTF-8" in found[0]


def test_limesurvey_and_qualtrics_leave_people_out(small: Instrument, tmp_path: Path) -> None:
    found = simulated_answers(small, 3, seed=1, wave="after")
    path = tmp_path / "answers.csv"
    path.write_bytes(limesurvey(found))
    back = read_responses(path, small)
    assert {"ipaddr", "seed", "lastpage"} <= set(back.attrs["dropped"])
    assert not {"ipaddr", "seed", "lastpage"} & set(back.columns)
    path.write_bytes(qualtrics(found))
    back = read_responses(path, small)
    assert {"IPAddress", "RecipientEmail", "LocationLatitude", "Finished"} <= set(back.attrs["dropped"])
    assert back["finished"].dt.minute.tolist() == [15] * 3
    assert back["language"].tolist() == ["en-GB"] * 3
    assert not back.astype(str).apply(lambda column: column.str.contains("192.0.2|example")).any().any()
