"""Where a report comes from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import evalkit
from evalkit import paths
from evalkit.errors import DataError
from evalkit.report import origin as module
from evalkit.report.origin import git_commit, provenance, report_date


def test_everything_that_is_needed_to_make_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    book = tmp_path / "x.ipynb"
    book.write_text("{}", encoding="utf-8")
    found = provenance(book, [book], ["staff-survey", "public", "staff-survey"], {"level": 0.9, "who": "é"})
    assert list(found) == [
        "evalkit",
        "Git commit",
        "Date",
        "Notebook",
        "Data checksum",
        "Disclosure profile",
        "Parameters",
    ]
    assert found["evalkit"] == evalkit.__version__
    assert found["Date"] == "1970-01-02"
    assert found["Notebook"].startswith("x.ipynb (")
    assert found["Disclosure profile"] == "staff-survey, public"
    assert found["Parameters"] == '{"level": 0.9, "who": "é"}'


def test_what_is_not_there_is_said(tmp_path: Path):
    book = tmp_path / "x.ipynb"
    book.write_text("{}", encoding="utf-8")
    found = provenance(book, [], [], {})
    assert found["Disclosure profile"] == "none: nothing was shown"
    assert found["Parameters"] == "as in the notebook"


@pytest.mark.parametrize("epoch", ["soon", "1.5", "", "1" * 30])
def test_a_date_that_cannot_be_read_is_refused(epoch: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(DataError, match="DAT-004 SOURCE_DATE_EPOCH"):
        report_date()


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_the_commit_says_whether_the_work_tree_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "checkout", lambda: tmp_path)
    assert git_commit() is None  # no repository
    _git(tmp_path, "init")
    assert git_commit() is None  # no commit
    (tmp_path / "a").write_text("1", encoding="utf-8")
    _git(tmp_path, "add", "a")
    _git(tmp_path, "commit", "-m", "x")
    clean = git_commit()
    assert clean is not None
    assert len(clean) == 12
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert git_commit() == f"{clean}+changes"


def test_no_checkout_and_no_git_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "checkout", lambda: None)
    assert git_commit() is None
    monkeypatch.setattr(paths, "checkout", lambda: tmp_path)

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(module.subprocess, "run", missing)
    assert git_commit() is None
