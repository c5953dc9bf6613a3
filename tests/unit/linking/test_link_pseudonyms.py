"""Keyed pseudonyms: the key file, the refusals, and that linking goes on as before."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from evalkit import files
from evalkit.errors import EvalkitError, ReportError
from evalkit.linking import pseudonyms

ON = ["town", "day"]
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")


def wave(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "linking.key"


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(EvalkitError) as caught:
        call()
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_the_same_element_has_the_same_pseudonym_in_both_waves(key: Path):
    before = ek.pseudonymise(wave(town=["LE", "Zoë", None], day=[5, 17, 30], score=[1, 2, 3]), ON, key)
    after = ek.pseudonymise(wave(town=["zoe ", "le", "?"], day=["17", "05", "3"], score=[4, 5, 6]), ON, str(key))
    assert before["town"].tolist()[:2] == after["town"].tolist()[1::-1]
    assert before["day"].tolist()[:2] == after["day"].tolist()[1::-1]
    assert before["town"].isna().tolist() == [False, False, True] == after["town"].isna().tolist()
    assert before["score"].tolist() == [1, 2, 3]
    assert before["day"].nunique() == 3


def test_a_pseudonym_is_the_hmac_of_column_and_element(key: Path):
    made = ek.pseudonymise(wave(day=["05"]), "day", key)["day"].iloc[0]
    secret = bytes.fromhex(key.read_text(encoding="ascii").strip())
    assert len(secret) == 32
    assert made[7:] == hmac.new(secret, b"3:day:5", hashlib.sha256).hexdigest()[:32]
    assert made[:7] == "p" + hmac.new(secret, b"evalkit key", hashlib.sha256).hexdigest()[:6]


def test_equal_elements_of_different_columns_are_not_seen_to_be_equal(key: Path):
    made = ek.pseudonymise(wave(town=["AM"], parent=["AM"]), ["town", "parent"], key)
    assert made["town"].iloc[0] != made["parent"].iloc[0]


def test_linking_finds_the_same_pairs_near_ones_included(key: Path):
    before = wave(town=["LE", "YO", "HU"], day=[9, 17, 30], parent=["AM", "SU", "JA"], score=[1, 2, 3])
    after = wave(town=["hu", "LE", "XX"], day=["30", "09", "17"], parent=["JA", "AN", "SU"], score=[4, 5, 6])
    on = [*ON, "parent"]
    plain = ek.link(before, after, on=on)
    hidden = ek.link(ek.pseudonymise(before, on, key), ek.pseudonymise(after, on, key), on=on)
    assert plain.pairs["edits"].tolist() == [1, 1, 0]
    pd.testing.assert_frame_equal(hidden.pairs, plain.pairs)


def test_waves_under_different_keys_or_half_done_are_refused(key: Path, tmp_path: Path):
    before, after = wave(town=["LE"], day=[9]), wave(town=["LE"], day=[9])
    hidden = ek.pseudonymise(before, ON, key)
    other = ek.pseudonymise(after, ON, tmp_path / "other.key")
    assert "LNK-008 before and after, column town: pseudonyms made with different keys" in refusal(
        lambda: ek.link(hidden, other, on=ON)
    )
    assert "pseudonyms in one wave only" in refusal(lambda: ek.link(hidden, after, on=ON))


def test_the_frame_is_copied_and_keeps_its_notes_and_types(key: Path):
    frame = wave(town=pd.Categorical(["LE"]), day=[9], score=[1.5]).set_axis(["a"])
    frame.attrs["scales"] = {"score": {"range": [1, 5]}}
    made = ek.pseudonymise(frame, ON, key)
    assert frame["town"].tolist() == ["LE"]
    assert made.attrs == frame.attrs
    assert made.index.tolist() == ["a"]
    assert made["score"].dtype == float
    assert all(isinstance(value, str) for value in made["town"])


# --- the key file ------------------------------------------------------------------------------------------------


@posix
def test_the_key_is_made_for_its_owner_only_and_used_again(key: Path):
    before = os.umask(0)
    try:
        ek.pseudonymise(wave(town=["LE"]), "town", key)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    first = key.read_bytes()
    ek.pseudonymise(wave(town=["LE"]), "town", key)
    assert key.read_bytes() == first
    assert [path.name for path in key.parent.iterdir()] == ["linking.key"]


def test_two_keys_differ(tmp_path: Path):
    made = {ek.pseudonymise(wave(town=["LE"]), "town", tmp_path / name)["town"].iloc[0] for name in "ab"}
    assert len(made) == 2


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666, 0o610])
def test_a_key_that_others_may_use_is_refused(key: Path, mode: int):
    ek.pseudonymise(wave(town=["LE"]), "town", key)
    key.chmod(mode)
    assert "LNK-008 linking.key: a key that others" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", key))


@pytest.mark.parametrize("content", [b"", b"secret", b"ab" * 31, b"zz" * 32])
def test_what_is_no_key_is_refused_and_not_shown(key: Path, content: bytes):
    files.write_private(key, content)
    text = refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", key))
    assert text.startswith("LNK-008 linking.key: something else than a key")
    assert "secret" not in text


@pytest.mark.parametrize("nothing", [None, "", "  ", 5])
def test_a_hash_without_a_key_is_refused_with_the_reason(nothing: object):
    text = refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", nothing))  # type: ignore[arg-type]
    assert text.startswith("LNK-006 key_file")
    assert "finds each code by hashing all" in text


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_a_key_inside_a_project_is_refused_and_not_made(tmp_path: Path, mark: str):
    (tmp_path / mark).write_text("x", encoding="utf-8")
    key = tmp_path / "deep" / "down" / "my.key"
    assert f"LNK-007 key_file: a folder inside a project (there is {mark}" in refusal(
        lambda: ek.pseudonymise(wave(town=["LE"]), "town", key)
    )
    assert not key.parent.exists()


def test_a_key_in_an_evaluation_folder_or_behind_a_link_into_one_is_refused(tmp_path: Path):
    project = tmp_path / "evaluation"
    for name in ("notebooks", "data"):
        (project / name).mkdir(parents=True)
    assert "LNK-007" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", project / "data" / "my.key"))
    away = tmp_path / "away"
    try:
        away.symlink_to(project, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert "LNK-007" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", away / "my.key"))


def test_this_project_is_one(project: Path):
    assert "LNK-007" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", project / "tests" / "my.key"))


def test_what_is_wrong_with_the_columns_comes_at_once(key: Path):
    text = refusal(lambda: ek.pseudonymise(wave(town=["LE"]), ["twon", "day"], None))
    assert [line[:7] for line in text.splitlines()] == ["DAT-003", "DAT-003", "LNK-006"]
    assert "DAT-009 columns" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), [], key))
    assert "LNK-001" in refusal(lambda: ek.pseudonymise(wave(town=[["LE"]]), "town", key))
    assert not key.exists()


def test_pseudonyms_are_not_made_of_pseudonyms(key: Path):
    once = ek.pseudonymise(wave(town=["LE", "YO"], day=[1, 2]), ["town", "day"], key)
    text = refusal(lambda: ek.pseudonymise(once, ["town", "day"], key))
    assert text.count("LNK-008") == 2
    assert "frame, column town" in text
    rest = ek.pseudonymise(ek.pseudonymise(wave(town=["LE"], day=[1]), "town", key), "day", key)
    assert rest["day"].str.startswith("p").all()


# --- private files -----------------------------------------------------------------------------------------------


def test_a_private_file_is_never_replaced(tmp_path: Path):
    path = tmp_path / "x.key"
    files.write_private(path, b"old")
    with pytest.raises(ReportError, match="REP-004"):
        files.write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["x.key"]


def test_a_disk_without_second_names_gets_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def none_here(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", none_here)
    path = tmp_path / "x.key"
    files.write_private(path, b"old")
    assert path.read_bytes() == b"old"
    assert files.is_private(path)
    with pytest.raises(ReportError, match="REP-004"):
        files.write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["x.key"]


def test_whether_a_file_that_is_not_there_is_private_cannot_be_told(tmp_path: Path):
    assert "DAT-001 none.key" in refusal(lambda: files.is_private(tmp_path / "none.key"))


def test_a_key_that_was_lost_between_two_looks_is_not_made_again(key: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pseudonyms, "write_private", lambda *_: None)
    assert "DAT-001 linking.key" in refusal(lambda: ek.pseudonymise(wave(town=["LE"]), "town", key))
