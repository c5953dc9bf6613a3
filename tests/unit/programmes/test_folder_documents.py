"""What stands beside the data of an evaluation folder: templates, dictionary, privacy notice, checklist, README."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
from pathlib import Path

import openpyxl
import pytest

from evalkit.__main__ import main
from evalkit.disclosure.profiles import DEFAULT, load_profile
from evalkit.equality.templates import options_of
from evalkit.instruments.library import load_instrument
from evalkit.paths import resource
from evalkit.programmes.folder_columns import input_of
from evalkit.programmes.folder_privacy import checklist_text, notice_text
from evalkit.programmes.folder_surveys import adapted_instruments
from evalkit.programmes.folder_templates import data_files
from evalkit.programmes.folders import PLATFORMS, Settings, code_item
from evalkit.programmes.library import load_programme
from evalkit.programmes.model import Programme

NINE = sorted(path.stem for path in resource("programmes").glob("[a-z]*.yaml"))
_KINDS = {"code", "category", "yes_no", "date", "number"}
_BLOCK = re.compile(r"^ *```\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module", params=NINE)
def programme(request: pytest.FixtureRequest) -> Programme:
    return load_programme(request.param)


def settings_of(programme: Programme, platform: str = "limesurvey") -> Settings:
    return Settings("0", 1, programme.id, "A & B <Trust>", platform)


def test_every_file_has_a_workbook_with_drop_downs_and_a_whole_dictionary(programme: Programme) -> None:
    files = data_files(programme)
    rows = list(csv.DictReader(io.StringIO(str(files["data/dictionary.csv"]), newline="")))
    told = {(row["file"], row["column"]): row for row in rows}
    assert len(told) == len(rows) > 10
    for file in programme.files:
        known = input_of(programme, file)
        content = files[f"data/{known.file}.xlsx"]
        assert isinstance(content, bytes)
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet, lists = book.worksheets[0], book["lists"]
        assert [cell.value for cell in sheet[1]] == [column.name for column in known.columns]
        assert str(files[f"data/{known.file}.csv"]).strip().split(",") == [column.name for column in known.columns]
        rules = {str(one.sqref).split("2:")[0]: one for one in sheet.data_validations.dataValidation}
        for at, column in enumerate(known.columns):
            letter = sheet.cell(1, at + 1).column_letter
            row = told[f"{known.file}.csv", column.name]
            options = options_of(column)
            rule = rules[letter]
            assert str(rule.sqref).startswith(f"{letter}2:{letter}")
            assert (rule.type == "list") == bool(options), column.name
            if options:
                first, last = (int(one) for one in re.findall(r"\$(\d+)", rule.formula1))
                assert [lists[f"{letter}{one}"].value for one in range(first, last + 1)] == list(options)
                assert rule.showErrorMessage
                assert row["may hold"] == "; ".join(options)
            assert row["kind"] in _KINDS | {"label", "id", "text", "count", "year", "yes/no"}, row["kind"]
            assert row["required"] == ("yes" if column.required else "no")
            assert row["holds"].strip()
            assert row["an empty cell means"].strip()
            assert row["may hold"].strip()
            assert row["protected"] in {"yes", "no"}
            assert column.kind not in {"number", "count"} or row["unit"], f"{known.file}.{column.name}"
        assert lists.sheet_state == "hidden"


def test_the_notice_says_what_people_must_know(programme: Programme) -> None:
    platform = list(PLATFORMS)[NINE.index(programme.id) % len(PLATFORMS)]
    library = {name: load_instrument(name) for name in programme.instrument_ids()}
    settings = settings_of(programme, platform)
    instruments = adapted_instruments(programme, settings, library)
    notice = notice_text(programme, settings, instruments)
    for heading in ("Who is responsible", "Why we ask", "What we hold", "Who sees it", "How long", "What you can ask",
                    "Lawful basis"):  # fmt: skip
        assert f"\n## {heading}" in notice
    for said in (r"A & B \<Trust>", "Data protection officer", "Information Commissioner", "need not answer",
                 f"fewer than {load_profile(DEFAULT).threshold} people", "is no legal advice",
                 "leaves the United Kingdom"):  # fmt: skip
        assert said in notice, said
    assert ("LimeSurvey" in notice) == (platform == "limesurvey")
    assert notice.count("**[to be filled in]**") >= 7
    for one in instruments.values():
        assert one.title in notice
    checklist = checklist_text(programme, settings, instruments)
    deleted = checklist.partition("## Questions that identify")[2].partition("\n## ")[0]
    for one in instruments.values():
        code = one.by_id.get(code_item(one))
        assert code is None or code.text not in deleted, "the column by which a person is found again"
    for said in ("controller", "processors", "lawful basis", "impact assessment", "evalkit withdraw",
                 "kept, from which", "difference of two reports"):  # fmt: skip
        assert said in checklist, said
    assert "<Trust>" not in (checklist + notice).replace(r"\<", "")


def documents_of(name: str) -> tuple[str, str]:
    programme = load_programme(name)
    library = {one: load_instrument(one) for one in programme.instrument_ids()}
    settings = settings_of(programme, "limesurvey")
    return notice_text(programme, settings, library), checklist_text(programme, settings, library)


def test_special_questions_of_surveys_stand_in_notice_and_checklist() -> None:
    notice, checklist = documents_of("edi-improvement-plan")
    (yearly,) = (line for line in notice.splitlines() if line.startswith("- From the survey Your experience"))
    for said in ("ethnic group", "sexual orientation", "religion or belief", "disability", "registered at birth",
                 "how others treated you"):  # fmt: skip
        assert said in yearly, said
    unused = " (no question of the programme uses it)"
    assert f"- [ ] Your experience of working here: sexual orientation{unused}" in checklist
    assert "- [ ] Your experience of working here: whether recruited from abroad\n" in checklist
    assert f"- [ ] Moving on: whether recruited from abroad{unused}" in checklist
    for said in ("Reason for leaving", "Day on which a formal disciplinary process began"):
        assert said in notice, said
        assert f"- [ ] {said}" in checklist, said


@pytest.mark.parametrize(("name", "asked"), [
    ("staff-development", True), ("returners", True), ("return-to-work-mentoring", True),
    ("university-staff-mentoring", True), ("looking-after-you-too-coaching", False),
])  # fmt: skip
def test_the_notice_says_whether_others_are_asked(name: str, asked: bool) -> None:  # noqa: FBT001
    notice, _ = documents_of(name)
    in_records = "staff" in load_programme(name).files_by_id
    assert ("Some of them are asked to answer a survey too." in notice) == (asked and in_records)
    assert ("They are not asked." in notice) == (not asked and in_records)


def test_the_notice_promises_only_what_is_done() -> None:
    with_forms, without = documents_of("university-staff-mentoring")[0], documents_of("staff-development")[0]
    assert "no effect on a place, a job" not in with_forms + without
    assert "A place can be had only by an application." in with_forms
    assert "those who choose and match people read the applications" in with_forms
    assert "Not answering has no effect on a place in the programme either." in without
    assert "read the applications" not in without
    assert "taken out of all files in which a code says what is theirs" in with_forms
    assert "report-log.json" in without


def test_each_platform_is_named_in_the_notice() -> None:
    programme = load_programme(NINE[-1])
    library = {name: load_instrument(name) for name in programme.instrument_ids()}
    seen = {notice_text(programme, settings_of(programme, one), library) for one in PLATFORMS}
    assert len(seen) == len(PLATFORMS)


def test_the_readme_works_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "evaluation of 'ours' (2027)"
    words = ["new", str(folder), "--programme", "looking-after-you-too-coaching", "--organisation", "A & B"]
    assert main(words) == 0
    readme = (folder / "README.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for block in _BLOCK.findall(readme) for line in block.strip().splitlines()]
    assert [one[1] for one in commands] == ["simulate", "report", "check", "report", "withdraw", "new"]
    assert all(one[0] == "evalkit" for one in commands)
    for said in ("report.ipynb", "report-log.json", "no; without it whether the programme reached the groups of staff",
                 "the exports in `surveys/limesurvey/` can be deleted and made again"):  # fmt: skip
        assert said in readme, said
    assert "'" not in "".join(block for block in _BLOCK.findall(readme))  # cmd.exe knows double quotes only
    rehearsal = tmp_path / "rehearsal"
    shutil.copytree(folder, rehearsal)
    monkeypatch.chdir(folder)
    for command in commands:
        assert main([*command[1:], *(["--people", "3"] if command[1] == "simulate" else [])]) == (
            2 if command[1] == "withdraw" else 0
        ), command
    assert "DAT-006" in capsys.readouterr().err  # nobody has the code P017 yet
    for made in (folder, rehearsal):
        assert (made / "outputs" / "looking-after-you-too-coaching.html").is_file()
        assert (made / "outputs" / "looking-after-you-too-coaching.docx").is_file()
    assert not (folder / "data" / "synthetic.csv").exists()
    again = tmp_path / "NEW FOLDER"
    assert "the evaluation team" in (again / "privacy-notice.md").read_text(encoding="utf-8")
    assert "make the folder again" not in (again / "README.md").read_text(encoding="utf-8")
    before = {path.name: path.read_bytes() for path in (folder / "surveys" / "limesurvey").iterdir()}
    found = re.search(r"`evalkit (survey export surveys/NAME[^`]*)`", readme)
    assert found is not None
    name = next(path.stem for path in (folder / "surveys").glob("*.yaml"))
    assert main(shlex.split(found[1].replace("NAME", name))) == 0
    after = {path.name: path.read_bytes() for path in (folder / "surveys" / "limesurvey").iterdir()}
    assert set(after) - set(before) <= {f"{name}-limesurvey-codes.csv"}
    assert before.items() <= after.items()
