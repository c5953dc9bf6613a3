"""Reading, writing and disarming files."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import files
from evalkit.errors import DataError, EvalkitError, ReportError
from evalkit.files import csv_text


def _code(call: Callable[[], object]) -> str:
    with pytest.raises(EvalkitError) as caught:
        call()
    return " ".join(problem.code for problem in caught.value.problems)


# --- reading -------------------------------------------------------------------------------------------------------


def test_a_missing_file_and_a_folder_cannot_be_read(tmp_path: Path):
    assert _code(lambda: files.read_bytes(tmp_path / "none.csv")) == "DAT-001"
    assert _code(lambda: files.read_bytes(tmp_path)) == "DAT-001"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"DAT-001 pipe\.csv: a pipe"):
        files.read_bytes(tmp_path / "pipe.csv")
    assert _code(lambda: files.read_csv(Path(os.devnull))) == "DAT-001"


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "big.csv"
    path.write_bytes(b"a" * 11)
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    assert _code(lambda: files.read_bytes(path)) == "DAT-008"
    monkeypatch.setattr(files, "MAX_BYTES", 11)
    assert files.read_bytes(path) == b"a" * 11


def test_a_byte_order_mark_is_dropped_and_another_encoding_refused(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes("é".encode("utf-8-sig"))
    assert files.read_text(path) == "é"
    path.write_bytes("a,é".encode("cp1252"))
    with pytest.raises(DataError, match=r"DAT-008 x\.csv, byte 2"):
        files.read_text(path)
    path.write_bytes("a".encode("utf-16"))
    assert _code(lambda: files.read_text(path)) == "DAT-008"


def test_a_csv_is_text_and_nothing_is_guessed(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text('id,value,"a, b"\n007,NA,1e3\n\n,,"two\nlines"\n', encoding="utf-8")
    frame = files.read_csv(path)
    assert frame.to_dict("list") == {"id": ["007", ""], "value": ["NA", ""], "a, b": ["1e3", "two\nlines"]}


def test_all_that_is_wrong_with_a_csv_is_said_at_once_with_its_row(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,a\n1,2,3\n\n1,2\n1,2,3,4\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        files.read_csv(path)
    assert [(problem.code, problem.place) for problem in caught.value.problems] == [
        ("DAT-007", "x.csv, row 4"),
        ("DAT-007", "x.csv, row 5"),
        ("DAT-010", "x.csv, header"),
    ]


@pytest.mark.parametrize("content", ["", "\n\n", 'a,b\n1,"never closed\n2,3\n', 'a\n"x"y\n', f"a\n{'x' * 140_000}\n"])
def test_a_csv_that_cannot_be_taken_apart_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    assert _code(lambda: files.read_csv(path)) == "DAT-001"


def test_a_header_alone_is_an_empty_table(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n", encoding="utf-8")
    assert files.read_csv(path).shape == (0, 2)


# --- disarming -----------------------------------------------------------------------------------------------------

LIVE = ["=", "+", "-", "@", "\t=", "\r=", "\n=", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
SKIPPED = ["", " ", "   ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x00", "\x0b", "\u202e"]


@pytest.mark.parametrize("start", LIVE)
@pytest.mark.parametrize("before", SKIPPED)
def test_no_cell_can_start_a_formula(start: str, before: str):
    assert files.inert(f"{before}{start}cmd()") == f"'{before}{start}cmd()"


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx"])
def test_a_tab_or_line_break_in_front_is_disarmed_too(text: str):
    assert files.inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-0.94", "+3", "1,234", "-1,234.50", "1e-5", "-2E+10", "plain", "", "a=b", "'=1"])
def test_numbers_and_plain_text_stay(text: str):
    assert files.inert(text) == text


@pytest.mark.parametrize("text", ["-1+1", "+1;2", "-", "=1", "-0.94 (0.2)", "-1e", "-\u0661"])
def test_what_only_looks_like_a_number_does_not(text: str):
    assert files.inert(text) == f"'{text}"


@given(st.text(max_size=12))
def test_a_disarmed_cell_stays_as_it_is(text: str):
    assert files.inert(files.inert(text)) == files.inert(text)


def test_a_csv_holds_no_live_cell_and_its_numbers_survive():
    class Sly:
        def __str__(self) -> str:
            return "=sly()"

    frame = pd.DataFrame(
        {
            "=header()": ["=a()", " +b", "c", None],
            "number": [-1.5, 0.1 + 0.2, np.nan, 1e-12],
            "people": [1, -2, 3, 4],
            "other": [Sly(), Decimal("-1.10"), True, pd.NaT],
            "kind": pd.Categorical(["@x", "y", "@x", None]),
        }
    )
    rows = list(csv.reader(io.StringIO(files.csv_text(frame))))
    assert rows == [
        ["'=header()", "number", "people", "other", "kind"],
        ["'=a()", "-1.5", "1", "'=sly()", "'@x"],
        ["' +b", "0.30000000000000004", "-2", "-1.10", "y"],
        ["c", "", "3", "True", "'@x"],
        ["", "1e-12", "4", "", ""],
    ]


def test_a_csv_of_nothing_is_its_header():
    assert files.csv_text(pd.DataFrame(columns=["a", "b"])) == "a,b\n"


# --- writing -------------------------------------------------------------------------------------------------------


def test_text_is_written_as_utf8_with_line_feeds_into_a_new_folder(tmp_path: Path):
    path = tmp_path / "deep" / "er" / "x.txt"
    files.write_atomic(path, "é\nb\n")
    assert path.read_bytes() == b"\xc3\xa9\nb\n"
    assert [item.name for item in path.parent.iterdir()] == ["x.txt"]


def test_half_a_character_does_not_stop_a_report(tmp_path: Path):
    files.write_atomic(tmp_path / "x.txt", "a\ud800b")
    assert (tmp_path / "x.txt").read_bytes() == b"a?b"


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "write"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    path = tmp_path / "x.txt"
    path.write_text("old", encoding="utf-8")
    if step == "write":
        real = os.fdopen

        def fdopen(handle: int, mode: str) -> object:
            stream = real(handle, mode, buffering=0)
            return _Broken(stream)

        monkeypatch.setattr(files.os, "fdopen", fdopen)
    elif step == "fsync":
        monkeypatch.setattr(files.os, "fsync", _full)
    else:
        monkeypatch.setattr(Path, step, _full)
    with pytest.raises(ReportError, match=r"REP-004 .*x\.txt: No space left on device"):
        files.write_atomic(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["x.txt"]


class _Broken:
    def __init__(self, stream: io.FileIO) -> None:
        self.stream = stream

    def __enter__(self) -> _Broken:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def write(self, payload: bytes) -> None:
        self.stream.write(payload[:1])
        _full()


def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.txt"
    path.write_text("old", encoding="utf-8")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["x.txt"]


def test_a_file_in_the_place_of_a_folder_or_a_folder_in_the_place_of_the_file(tmp_path: Path):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert _code(lambda: files.write_atomic(tmp_path / "taken" / "x.html", "x")) == "REP-004"
    assert _code(lambda: files.write_atomic(tmp_path, "x")) == "REP-004"
    assert [item.name for item in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_who_may_read_is_what_the_user_set(tmp_path: Path, mask: int, mode: int):
    before = os.umask(mask)
    try:
        files.write_atomic(tmp_path / "x.csv", "x")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == mode


def test_a_name_as_long_as_the_disk_allows(tmp_path: Path):
    path = tmp_path / f"{'x' * 250}.txt"
    files.write_atomic(path, "x")
    assert path.is_file()


@pytest.mark.parametrize(("step", "at"), [("fsync", 2), ("replace", 2)])
def test_several_files_are_all_new_or_all_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, at: int
) -> None:
    old, gone, new = tmp_path / "old.txt", tmp_path / "gone.txt", tmp_path / "new.txt"
    old.write_text("old", encoding="utf-8")
    gone.write_text("gone", encoding="utf-8")
    owner = Path if step == "replace" else files.os
    real, calls = getattr(owner, step), []

    def fails(*arguments: object) -> object:
        calls.append(arguments)
        return _full() if len(calls) == at else real(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(owner, step, fails)
        with pytest.raises(ReportError, match=r"REP-004 .*new\.txt"):
            files.write_together({old: "changed", gone: None, new: "new"})
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {"old.txt": "old", "gone.txt": "gone"}
    files.write_together({old: "changed", gone: None, new: "new"})
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        "old.txt": "changed",
        "new.txt": "new",
    }


def test_what_a_killed_run_left_is_cleared_away_after_an_hour(tmp_path: Path) -> None:
    left, going, other = (tmp_path / name for name in (".x.csv.1.part", ".x.csv.2.part", ".y.csv.3.part"))
    for path in (left, going, other):
        path.write_text("half", encoding="utf-8")
    os.utime(left, (0, 0))
    os.utime(other, (0, 0))
    files.write_together({tmp_path / "x.csv": "whole"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [going.name, other.name, "x.csv"]
    assert files.left_parts(tmp_path) == [going, other]


# --- fingerprints and listings -------------------------------------------------------------------------------------


def test_a_checksum_depends_on_names_and_contents_but_not_on_the_order(tmp_path: Path):
    paths = []
    for folder, content in (("a", "1"), ("b", "2")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "same.csv")
        paths[-1].write_text(content, encoding="utf-8")
    first = files.checksum(paths)
    assert len(first) == 16
    assert files.checksum(reversed(paths)) == first
    paths[0].write_text("3", encoding="utf-8")
    assert files.checksum(paths) != first
    paths[0].write_text("1", encoding="utf-8")
    assert files.checksum([paths[0].rename(paths[0].with_name("other.csv")), paths[1]]) != first


def test_files_are_listed_by_name_once_and_not_below(tmp_path: Path):
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "d.csv").mkdir()
    assert [path.name for path in files.list_files(tmp_path, ["*.csv", "a*"])] == ["a.csv", "b.csv"]
    assert files.list_files(tmp_path / "none", ["*"]) == []


@pytest.mark.parametrize("cell", ["a;=1+1", "b\t=3+3", "c ; @x", "d|+y", "e;-cmd"])
def test_a_formula_behind_another_separator_is_disarmed(cell: str):
    text = csv_text(pd.DataFrame({"x": [cell]}))
    assert not re.search(r"[;\t|]\s*[=+@-]", text), text


def test_a_plain_list_keeps_its_separators():
    assert csv_text(pd.DataFrame({"x": ["1;-2; 3", "yes; no"]})) == "x\n1;-2; 3\nyes; no\n"
