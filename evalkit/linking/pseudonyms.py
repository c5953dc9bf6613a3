"""Pseudonyms for the elements of a code: keyed, so that nobody without the key can find out what they stand for."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from evalkit.errors import LinkageError, Problem
from evalkit.files import is_private, read_text, write_private
from evalkit.frames import Problems, require
from evalkit.linking.codes import (
    code_columns_missing,
    columns_of,
    element_texts,
    unreadable_elements,
    with_text_names,
)

# A folder with one of the first, or two of the second, is a project that is passed on: no key stands below it.
_PROJECT_MARKS = (".git", ".hg", ".svn", "pyproject.toml")
_EVALUATION_FOLDERS = ("data", "notebooks", "outputs", "programmes", "surveys")
_KEY_BYTES = 32
_KEY = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}")
_KEY_ID_DIGITS = 6
_DIGITS = 32
_PSEUDONYM = re.compile(rf"p([0-9a-f]{{{_KEY_ID_DIGITS}}})[0-9a-f]{{{_DIGITS}}}")


def pseudonymise(frame: pd.DataFrame, columns: str | Sequence[str], key_file: str | Path | None) -> pd.DataFrame:
    """Replace the elements of a code by pseudonyms that only the holder of a key can make.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (rows, columns).
    columns : str or sequence of str
        Columns to replace: texts, numbers or dates. Missing values stay missing.
    key_file : str or pathlib.Path
        File with the key, outside of any project folder. When there is none, a new random key is written, readable by
        its owner only. Use the same file for all waves, keep a copy apart from the data, and destroy both when the
        waves are linked.

    Returns
    -------
    pandas.DataFrame
        A copy. Each element is "p", six digits that tell the key, and 32 digits of its pseudonym. The same element in
        a column of the same name gives the same pseudonym in every wave, whatever its capitals, blanks, accents or
        leading zeros, so that `link` finds the same pairs as before.

    Raises
    ------
    LinkageError
        LNK-006 without a key file, LNK-007 for a key file inside a project, LNK-008 for one that others may read or
        that holds no key, and for columns that hold pseudonyms already, DAT-003, DAT-009, DAT-010 or LNK-001 for what
        is wrong with the columns.
    DataError
        DAT-001 when the key file cannot be read.
    ReportError
        REP-004 when it cannot be written.

    Notes
    -----
    HMAC-SHA-256 [1]_ of the column's name and the normalised element, the first 128 bits. The column's name is part of
    what is hashed, so that equal elements in different columns have different pseudonyms; the waves must use the same
    names. A pseudonym is still personal data: who holds the key can undo it, and an element with few values shows by
    how often it occurs. Group people's answers, not pseudonyms, in whatever leaves.

    References
    ----------
    .. [1] Krawczyk H, Bellare M, Canetti R. HMAC: keyed-hashing for message authentication. RFC 2104, 1997, section 2.
    """
    names = columns_of(columns)
    require(
        _no_columns(names, columns), code_columns_missing(frame, names, "frame"), _no_key(key_file), error=LinkageError
    )
    require(
        unreadable_elements(with_text_names(frame), names, "frame"),
        _pseudonyms_already(with_text_names(frame), names),
        _inside_project(Path(str(key_file))),
        error=LinkageError,
    )
    key = _key(Path(str(key_file)))
    replaced = frame.copy()
    for place, name in enumerate(map(str, frame.columns)):
        if name in names:
            replaced.isetitem(place, _pseudonyms(frame.iloc[:, place], name, key))
    return replaced


def _pseudonyms(column: pd.Series, name: str, key: bytes) -> pd.Series:
    texts = element_texts(column)
    known = {text: _pseudonym(text, name, key) for text in set(texts) if text is not None}
    made = [None if text is None else known[text] for text in texts]
    return pd.Series(made, index=column.index, dtype=object, name=column.name)


def _pseudonym(text: str, name: str, key: bytes) -> str:
    message = f"{len(name)}:{name}:{text}".encode("utf-8", "surrogatepass")
    return f"p{_key_id(key)}{hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGITS]}"


def _key_id(key: bytes) -> str:
    return hmac.new(key, b"evalkit key", hashlib.sha256).hexdigest()[:_KEY_ID_DIGITS]


def _pseudonyms_already(frame: pd.DataFrame, names: Sequence[str]) -> Problems:
    return [
        Problem(
            "LNK-008",
            f"frame, column {name}",
            "pseudonyms",
            "the code as people gave it",
            "Pseudonymise once. For another key start from the answers again.",
        )
        for name in names
        if _key_ids(frame[name])
    ]


def _no_columns(names: list[str], given: object) -> Problems:
    if names:
        return []
    return [Problem("DAT-009", "columns", repr(given), "one or more column names", "Name the columns of the code.")]


def _no_key(key_file: object) -> Problems:
    if isinstance(key_file, Path) or (isinstance(key_file, str) and key_file.strip()):
        return []
    return [
        Problem(
            "LNK-006",
            "key_file",
            "no key file",
            "a file with a secret key, outside the project",
            "A short code has so few possible values (two letters 676, a day of the month 31, four such elements some "
            "millions) that whoever has plain hashes of them finds each code by hashing all. Only a secret key "
            "prevents that: name a file for it, and it is made.",
        )
    ]


def _inside_project(key_file: Path) -> Problems:
    path = key_file.expanduser()
    folders = dict.fromkeys([*path.absolute().parents, *path.resolve().parents])
    marked = next((marks for folder in folders if (marks := _project_marks(folder))), "")
    if not marked:
        return []
    return [
        Problem(
            "LNK-007",
            "key_file",
            f"a folder inside a project (there is {marked} in it or above it)",
            "a folder outside of any project, which is neither shared nor passed on with the data",
            "Keep the key where only you can read it, apart from the data, such as a folder of your own.",
        )
    ]


def _project_marks(folder: Path) -> str:
    """Name what shows that a folder is a project; empty when it is none."""
    single = [mark for mark in _PROJECT_MARKS if (folder / mark).exists()]
    several = [name for name in _EVALUATION_FOLDERS if (folder / name).is_dir()]
    return single[0] if single else " and ".join(several[:2]) if len(several) > 1 else ""


def _key(key_file: Path) -> bytes:
    path = key_file.expanduser()
    if not path.exists():
        write_private(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
    if not is_private(path):
        raise LinkageError(
            Problem(
                "LNK-008",
                path.name,
                "a key that others on this computer may read or write",
                "a key that only its owner may",
                f'Run "chmod 600 {path.name}" in its folder. If others may have read it, make a new key and start from '
                "the answers again.",
            )
        )
    text = read_text(path).strip()
    if not _KEY.fullmatch(text):
        raise LinkageError(
            Problem(
                "LNK-008",
                path.name,
                "something else than a key",
                f"{2 * _KEY_BYTES} hexadecimal digits, as pseudonymise() writes them",
                "Name another file; one that is not there yet is made.",
            )
        )
    return bytes.fromhex(text)


def different_keys(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str]) -> Problems:
    """Find columns that were pseudonymised with different keys, or in one wave only.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Two waves with all the columns.
    columns : sequence of str
        Columns that hold the code.

    Returns
    -------
    list of Problem
        LNK-008 for each.
    """
    problems: Problems = []
    for name in columns:
        keys_before, keys_after = _key_ids(before[name]), _key_ids(after[name])
        if keys_before != keys_after and (before[name].notna().any() and after[name].notna().any()):
            one_only = not (keys_before and keys_after)
            found = "pseudonyms in one wave only" if one_only else "pseudonyms made with different keys"
            remedy = "Pseudonymise both waves with the same key file."
            problems.append(
                Problem("LNK-008", f"before and after, column {name}", found, "the same key in both waves", remedy)
            )
    return problems


def _key_ids(column: pd.Series) -> frozenset[str]:
    texts = {value for value in column if isinstance(value, str)}
    found = map(_PSEUDONYM.fullmatch, texts)
    return frozenset(known.group(1) for known in found if known)
