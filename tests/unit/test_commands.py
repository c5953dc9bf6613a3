"""The command line: exit codes, messages without a traceback, odd terminals."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import evalkit
from evalkit import __main__
from evalkit.__main__ import main
from evalkit.commands import console, reports
from evalkit.errors import DataError, Problem

SHOWN = (
    "import evalkit as ek, pandas as pd\nek.show(pd.DataFrame({'n': [50]}), title='T', counts=['n'], profile=profile)"
)


def _book(path: Path, *sources: str) -> Path:
    book = new_notebook()
    book.cells = [
        new_markdown_cell(f"# {path.stem}\n\nWords."),
        new_code_cell("profile = 'public'", metadata={"tags": ["parameters"]}),
        *(new_code_cell(source) for source in sources),
    ]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(book, path)
    return path


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR", "TERM"}}
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *words],
        capture_output=True,
        timeout=120,
        check=False,
        env=inherited | environment,
    )


# --- reproduce -----------------------------------------------------------------------------------------------------


def test_a_source_is_recomputed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "z.csv"
    assert main(["reproduce", "zhang2019", "--csv", str(out)]) == 0
    said = capsys.readouterr()
    assert "14.07" in said.out
    assert f"Written: {out}" in said.out
    assert said.err == ""
    with out.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    frame = evalkit.reproduce("zhang2019")
    assert list(rows[0]) == list(frame.columns)
    assert len(rows) == len(frame)
    assert [row["published"] for row in rows] == frame["published"].tolist()


def test_without_a_source_all_are_listed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["reproduce", "--csv", str(tmp_path / "all.csv")]) == 0
    said = capsys.readouterr().out
    sources = evalkit.list_sources()["source"].tolist()
    assert all(source in said for source in sources)
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as stream:
        assert [row["source"] for row in csv.DictReader(stream)] == sources


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reproduce", "zang2019"], 'Did you mean "zhang2019"?'),
        (["report", "01-published-evaluation"], 'Did you mean "01-published-evaluations"?'),
        (["report", "a/b.ipynb", "nothing"], "DAT-006"),
        (["nonsense"], "nonsense"),
        (["reproduce", "zhang2019", "--cvs", "x"], "--cvs"),
        (["report", "--to"], "--to"),
    ],
)
def test_what_is_refused_exits_2_with_a_message_and_nothing_else(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_all_unknown_notebooks_are_named_at_once(capsys: pytest.CaptureFixture[str]):
    assert main(["report", "one", "two"]) == 2
    assert [line[:7] for line in capsys.readouterr().err.splitlines()] == ["DAT-006", "DAT-006"]


def test_a_csv_that_cannot_be_written_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert main(["reproduce", "zhang2019", "--csv", str(tmp_path / "taken" / "z.csv")]) == 2
    assert "REP-004" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "said"), [(["--help"], "reproduce"), (["--version"], evalkit.__version__), ([], "")])
def test_help_and_version_exit_0(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    assert main(words) == 0
    assert said in capsys.readouterr().out


# --- faults --------------------------------------------------------------------------------------------------------


def _raising(error: BaseException) -> object:
    def app(*_: object, **__: object) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (ZeroDivisionError("by zero"), 1, "Unexpected fault, ZeroDivisionError: by zero"),
        (DataError(Problem("DAT-001", "p", "f", "e", "r.")), 2, "DAT-001 p: f; expected e. r."),
        (SystemExit(130), 130, "Interrupted"),
        (SystemExit(), 0, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(3), 3, ""),
        (SystemExit("words"), 1, ""),
    ],
)
def test_every_way_out_has_its_code(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv(__main__.DEBUG, raising=False)
    monkeypatch.setattr(__main__, "app", _raising(error))
    assert main([]) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_debug_shows_where_a_fault_happened(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(__main__.DEBUG, "1")
    monkeypatch.setattr(__main__, "app", _raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main([])


def test_a_message_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    problem = Problem("DAT-001", "\x1b]0;title\x07\x9b31m", "f", "e", "r.")
    monkeypatch.setattr(__main__, "app", _raising(DataError([problem, problem])))
    assert main([]) == 2
    err = capsys.readouterr().err
    assert not set(err) & set("\x1b\x07\x9b")
    assert err.count("\n") == 2


def test_a_table_cannot_steer_the_terminal_and_is_not_markup(capsys: pytest.CaptureFixture[str]):
    console.print_table(console.open_console(), "[red]\x1b[31mT", [{"A": "\x1b[2J", "B": "[bold]x[/bold]"}])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out
    assert "[red]" in out


# --- report --------------------------------------------------------------------------------------------------------


def test_reports_and_an_index_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    book = _book(tmp_path / "mine.ipynb", SHOWN)
    out = tmp_path / "deep" / "out"
    assert main(["report", str(book), "--to", str(out)]) == 0
    said = capsys.readouterr().out
    assert str(out / "mine.html") in said
    assert f"Open {out / 'index.html'}" in said
    assert '<a href="mine.html">mine</a>' in (out / "index.html").read_text("utf-8")
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "mine.html"]


def test_one_failing_report_stops_no_other_and_the_index_keeps_earlier_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    good, bad, later = (
        _book(tmp_path / f"{name}.ipynb", cell) for name, cell in (("good", SHOWN), ("bad", "1 / 0"), ("later", SHOWN))
    )
    out = tmp_path / "out"
    assert main(["report", str(bad), str(good), "--to", str(out)]) == 2
    assert "REP-001 bad.ipynb" in capsys.readouterr().err
    assert main(["report", str(later), "--to", str(out)]) == 0
    index = (out / "index.html").read_text("utf-8")
    assert '<a href="good.html">good</a>' in index
    assert '<a href="later.html">later</a>' in index
    assert "bad.html" not in index


def test_a_report_that_fails_leaves_report_and_index_byte_for_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    book = _book(tmp_path / "mine.ipynb", "1 / 0")
    for name in ("mine.html", "index.html"):
        (tmp_path / name).write_bytes(b"old")
    assert main(["report", str(book), "--to", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("REP-001 mine.ipynb, cell 3: ZeroDivisionError")
    assert "Traceback" not in err
    assert [(tmp_path / name).read_bytes() for name in ("mine.html", "index.html")] == [b"old", b"old"]


@pytest.mark.parametrize("names", [("a/x.ipynb", "b/x.ipynb"), ("a/x.ipynb", "b/X.ipynb"), ("a/index.ipynb",)])
def test_two_reports_are_not_written_to_one_file(
    names: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    books = [str(_book(tmp_path / name)) for name in names]
    assert main(["report", *books, "--to", str(tmp_path / "out")]) == 2
    assert "DAT-010" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_notebooks_are_found_by_name_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = reports._notebooks([])
    assert known[0].stem == "01-published-evaluations"
    assert reports._notebooks(["01-published-evaluations"]) == known[:1]
    assert reports._notebooks(["01-published-evaluations.ipynb"]) == known[:1]
    monkeypatch.chdir(tmp_path)
    _book(tmp_path / "mine.ipynb")
    assert reports._notebooks(["mine.ipynb"]) == [Path("mine.ipynb")]
    with pytest.raises(DataError, match="DAT-006"):
        reports._notebooks(["01-published-evaluations.txt"])


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_an_interrupt_ends_the_run_and_the_kernel(tmp_path: Path):
    started = tmp_path / "started"
    book = _book(
        tmp_path / "slow.ipynb",
        f"import os, pathlib, time\npathlib.Path({str(started)!r}).write_text(str(os.getpid()))\ntime.sleep(60)",
    )
    (tmp_path / "slow.html").write_bytes(b"old")
    words = [sys.executable, "-m", "evalkit", "report", str(book), "--to", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        for _ in range(600):
            if started.exists() and started.read_text():
                break
            time.sleep(0.05)
        kernel = int(started.read_text())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Interrupted" in err
    assert b"Traceback" not in err
    assert (tmp_path / "slow.html").read_bytes() == b"old"
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


# --- terminals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NO_COLOR": "1"},
        {"TERM": "dumb"},
        {"COLUMNS": "40"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii:strict", "FORCE_COLOR": "1", "COLUMNS": "40"},
    ],
    ids=str,
)
def test_any_terminal_will_do(environment: dict[str, str]):
    done = _run("reproduce", "hewson2021", **environment)
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"6.1" in done.stdout
    if "FORCE_COLOR" not in environment:
        assert b"\x1b" not in done.stdout


def test_a_terminal_that_lacks_letters_still_gets_the_message():
    done = _run("reproduce", "zh\u00e4ng2019", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert b"DAT-006" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a pipe that closes early")
def test_a_reader_who_stops_early_sees_no_traceback():
    words = [sys.executable, "-m", "evalkit", "reproduce", "hewson2021"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert b"Traceback" not in err
    assert b"fault of evalkit" not in err
