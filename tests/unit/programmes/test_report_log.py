"""Two reports of one folder that differ by few people are told of, and no code stands in the log."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.disclosure import load_profile
from evalkit.programmes.folder_log import (
    LoggedReport,
    ReportLog,
    damaged_logs,
    hashes,
    log_text,
    read_log,
    side_by_side,
    unreadable_path,
    without_person,
)
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_withdrawal import withdraw
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.folders import RELEASES
from evalkit.report.programme_folder import _old_word, report_folder

RULES = load_profile()
KEY = ReportLog("0123456789abcdef")


def people(n: int, answered: int) -> list[tuple[object, pd.DataFrame]]:
    frame = pd.DataFrame({"person": [f"P{at:03d}" for at in range(n)]})
    return [
        ("participants", frame),
        (("use", "after"), frame.head(answered)),
        ("capacity", pd.DataFrame({"year": [1]})),
    ]


def logged(n: int, answered: int, log: ReportLog = KEY, profile: str = "staff-survey") -> LoggedReport:
    return LoggedReport("2026-01-02", profile, hashes(log, people(n, answered)))


def test_few_other_people_or_answers_are_told_of_and_many_are_not() -> None:
    log = ReportLog(KEY.key, (logged(40, 30),))
    assert side_by_side(log, logged(40, 30), RULES) == ()
    for made in (logged(39, 30), logged(40, 31), logged(50, 30), logged(40, 20)):
        (said,) = side_by_side(log, made, RULES)
        assert "The report of 2026-01-02" in said
        assert not any(str(n) in said.replace("2026-01-02", "") for n in range(10))
    for made in (logged(51, 30), logged(40, 19)):
        assert side_by_side(log, made, RULES) == ()


def test_another_profile_is_told_of() -> None:
    log = ReportLog(KEY.key, (logged(40, 30, profile="hesa"),))
    (said,) = side_by_side(log, logged(40, 30), RULES)
    assert "(hesa)" in said


def test_capitals_and_blanks_of_a_code_do_not_count() -> None:
    one, other = pd.DataFrame({"person": ["p 001"]}), pd.DataFrame({"person": ["P001"]})
    assert hashes(KEY, [("a", one)]) == hashes(KEY, [("a", other)])
    assert hashes(KEY, [("a", one)]) != hashes(ReportLog("other"), [("a", one)])


def test_the_log_is_read_as_it_was_written_and_holds_no_code(tmp_path: Path) -> None:
    first = read_log(tmp_path)
    assert first.reports == ()
    made = logged(12, 12, first)
    path = tmp_path / RELEASES
    path.write_text(log_text(first, made), encoding="utf-8")
    again = read_log(tmp_path)
    assert again == ReportLog(first.key, (made,))
    assert "P0" not in path.read_text(encoding="utf-8")
    # The same report once more is the same log.
    assert log_text(again, made) == path.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_read_stops_no_report(tmp_path: Path) -> None:
    assert not read_log(tmp_path).damaged
    assert damaged_logs(tmp_path) == ()
    for text in ("", "{", "[]", "{}", '{"key": 1, "reports": 3}', '{"reports": []}'):
        (tmp_path / RELEASES).write_text(text, encoding="utf-8")
        log = read_log(tmp_path)
        assert log.reports == ()
        assert log.damaged
        (said,) = side_by_side(log, logged(40, 30, log), RULES)
        assert "cannot be read" in said
    assert damaged_logs(tmp_path) == (RELEASES,)


def test_a_word_file_of_an_earlier_report_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "report.docx"
    assert _old_word(path, word=False) == ()
    path.write_bytes(b"of the report before somebody withdrew")
    (said,) = _old_word(path, word=False)
    assert str(path) in said
    assert "earlier report" in said
    assert "--word" in said
    assert path.is_file()
    assert _old_word(path, word=True) == ()


def test_a_damaged_log_is_told_of_and_kept(tmp_path: Path) -> None:
    folder, to = tmp_path / "coaching", tmp_path / "out"
    new_folder(folder, "looking-after-you-too-coaching", "Trust X", "surveyjs")
    simulate_folder(folder, 3, seed=1)
    (folder / RELEASES).write_text('{"format": 1, "key"', encoding="utf-8")
    assert sum("cannot be read" in line for line in report_folder(folder, to).beside) == 1
    assert (folder / f"{RELEASES}.unreadable").read_text(encoding="utf-8") == '{"format": 1, "key"'
    assert len(read_log(folder).reports) == 1
    (to / "looking-after-you-too-coaching.docx").write_bytes(b"old")
    assert ["--word" in line for line in report_folder(folder, to).beside] == [True]
    assert unreadable_path(folder).name == f"{RELEASES}.unreadable-1"
    code = str(pd.read_csv(folder / "data" / "participants.csv", dtype=str)["person"].iloc[0])
    assert any("prints of this person may stand in it" in line for line in withdraw(folder, code).kept)


def answered(**scores: float) -> list[tuple[object, pd.DataFrame]]:
    return [("after", pd.DataFrame({"person": list(scores), "score": [float(one) for one in scores.values()]}))]


def test_an_answer_that_was_corrected_is_another_one() -> None:
    scores = {f"p{at}": at % 5 for at in range(40)}
    log = ReportLog(KEY.key, (LoggedReport("2026-01-02", "staff-survey", hashes(KEY, answered(**scores))),))

    def said(**changed: float) -> tuple[str, ...]:
        made = LoggedReport("2026-02-02", "staff-survey", hashes(KEY, answered(**{**scores, **changed})))
        return side_by_side(log, made, RULES)

    assert said() == ()
    assert ["report of 2026-01-02" in line for line in said(p7=4)] == [True]
    assert said(**{f"p{at}": 9 for at in range(11)}) == ()
    # One more person, and other answers of so many that they would hide it.
    assert ["report of 2026-01-02" in line for line in said(new=1, **{f"p{at}": 9 for at in range(20)})] == [True]


def test_how_a_number_is_kept_and_where_its_column_stands_is_no_other_answer() -> None:
    one = pd.DataFrame({"person": ["p1", "p2"], "a": [1, 2], "b": ["x", None]})
    other = pd.DataFrame({"b": ["x", float("nan")], "a": [1.0, 2.0], "person": ["p1", "p2"]})
    assert hashes(KEY, [("f", one)]) == hashes(KEY, [("f", other)])
    assert hashes(KEY, [("f", one)]) == hashes(KEY, [("f", one.iloc[::-1])])


def test_withdrawing_says_what_two_reports_would_tell(tmp_path: Path) -> None:
    folder = tmp_path / "coaching"
    new_folder(folder, "looking-after-you-too-coaching", "Trust X", "surveyjs")
    simulate_folder(folder, 3, seed=1)
    first, second = pd.read_csv(folder / "data" / "participants.csv", dtype=str)["person"].iloc[:2]
    assert withdraw(folder, first).beside == ""
    log = read_log(folder)
    (folder / RELEASES).write_text(log_text(log, logged(3, 3, log)), encoding="utf-8")
    assert "Do not pass both on" in withdraw(folder, second).beside


def test_whoever_withdraws_leaves_no_print_and_the_reports_are_still_held_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "coaching"
    new_folder(folder, "looking-after-you-too-coaching", "Trust X", "surveyjs")
    simulate_folder(folder, 3, seed=1)
    code = str(pd.read_csv(folder / "data" / "participants.csv", dtype=str)["person"].iloc[0])
    log = ReportLog(KEY.key)
    before = LoggedReport("2026-01-02", "staff-survey", hashes(log, [("a", pd.DataFrame({"person": [code, "other"]}))]))
    (folder / RELEASES).write_text(log_text(log, before), encoding="utf-8")
    own = {mark.partition(".")[0] for mark in hashes(log, [("a", pd.DataFrame({"person": [code]}))])}
    assert any(one in (folder / RELEASES).read_text(encoding="utf-8") for one in own)
    kept = withdraw(folder, f" {code.lower()}").kept
    assert any(RELEASES in line and "taken out" in line for line in kept)
    assert not any(one in (folder / RELEASES).read_text(encoding="utf-8") for one in own)
    left = read_log(folder)
    assert [(len(one.people), one.gone) for one in left.reports] == [(1, 1)]
    after = LoggedReport("2026-02-02", "staff-survey", left.reports[0].people)
    assert ["report of 2026-01-02" in line for line in side_by_side(left, after, RULES)] == [True]
    # The new report does not push the old one out, though both rest on the same people now.
    (folder / RELEASES).write_text(log_text(left, after), encoding="utf-8")
    assert [one.gone for one in read_log(folder).reports] == [1, 0]
    assert without_person(left, code) is None
