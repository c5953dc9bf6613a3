"""The answers of an evaluation folder: each export read with its instrument, and told whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.equality.workforce_files import is_empty
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import Problems, rows_named
from evalkit.instruments.responses.read import read_with_rows
from evalkit.programmes.folder_columns import code_key
from evalkit.programmes.folder_records import DAY_FIRST, Records
from evalkit.programmes.folders import PAIR_CODE, EvaluationFolder, code_item
from evalkit.programmes.parts import Use

Key = tuple[str, str]

ENDINGS = (".csv", ".xlsx", ".json")
PERSON, PAIR = "person", "pair"
_NOT_KNOWN = "xx"
_FORMAT = "DAT-014"
# Where each answer stands in its file; taken out again with the code.
_ROW = "__row"
_FINISHED = "finished"
_NO_PARTY = frozenset({"line_manager", "coordinator"})


@dataclass(slots=True)
class Answers:
    """Answers, as they are read.

    Parameters
    ----------
    frames : dict of (str, str) to pandas.DataFrame
        Use and wave -> answers.
    paths : dict of (str, str) to pathlib.Path
        Use and wave -> the file, or folder, that they came from.
    problems, warnings : list of Problem
        What was found.
    """

    frames: dict[Key, pd.DataFrame] = field(default_factory=dict)
    paths: dict[Key, Path] = field(default_factory=dict)
    problems: Problems = field(default_factory=list)
    warnings: Problems = field(default_factory=list)


def answer_files(folder: EvaluationFolder) -> tuple[dict[Key, list[Path]], Problems]:
    """Find the exports of a folder.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.

    Returns
    -------
    tuple of (dict, list of Problem)
        Use and wave -> files that may hold its answers; the wave is "" for a file with all waves of a use. DAT-006 for
        each file of another name.
    """
    names: dict[str, Key] = {}
    for use in folder.programme.instruments:
        names[use.id] = (use.id, "")
        names |= {f"{use.id}.{wave}": (use.id, wave) for wave in use.asked}
    found: dict[Key, list[Path]] = {}
    problems: Problems = []
    for path in sorted(folder.responses_dir.iterdir()) if folder.responses_dir.is_dir() else ():
        if path.name.startswith((".", "~$")):
            continue
        stem = path.name if path.is_dir() else path.name[: -len(path.suffix)] if path.suffix else path.name
        if stem in names and (path.is_dir() or path.suffix.lower() in ENDINGS):
            found.setdefault(names[stem], []).append(path)
        else:
            expected = "a use and a wave of the programme, such as " + next(iter(names_with_waves(folder)), "")
            remedy = f"Rename it, or move it out of the folder. {did_you_mean(stem, names)}"
            problems.append(Problem("DAT-006", f"responses/{path.name}", "another name", expected, remedy))
    return found, problems


def names_with_waves(folder: EvaluationFolder) -> list[str]:
    """List the names that files of answers can have.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.

    Returns
    -------
    list of str
        "use.wave.csv", in the order of the programme.
    """
    return [f"{use.id}.{wave}.csv" for use in folder.programme.instruments for wave in use.asked]


def read_answers(folder: EvaluationFolder, records: Records, *, day_first: bool | None = None) -> Answers:
    """Read every export of a folder.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    records : Records
        The records, by which people and pairs are known.
    day_first : bool, optional
        Whether the day comes before the month in dates.

    Returns
    -------
    Answers
        Frames with `person` or `pair` in front, and every problem of every file.
    """
    files, problems = answer_files(folder)
    found = Answers(problems=problems)
    for use in folder.programme.instruments:
        for wave in ("", *use.asked):
            paths = files.get((use.id, wave), [])
            if len(paths) > 1:
                names = " and ".join(path.name for path in paths)
                found.problems.append(
                    Problem("DAT-010", "responses", names, "one file for each", "Keep the one that is right.")
                )
            for path in paths[:1]:
                _read(folder, use, wave, path, found, day_first)
    for (use_id, wave), frame in list(found.frames.items()):
        use = folder.programme.uses_by_id[use_id]
        found.frames[use_id, wave] = _whose(folder, use, wave, frame, records, found)
    return found


def _read(
    folder: EvaluationFolder,
    use: Use,
    wave: str,
    path: Path,
    found: Answers,
    day_first: bool | None,  # noqa: FBT001
) -> None:
    instrument = folder.instruments[use.instrument]
    try:
        try:
            frame, rows, unit = read_with_rows(path, instrument, wave=wave or None, day_first=day_first)
        except DataError as error:
            if any(problem.code != _FORMAT for problem in error.problems):
                raise
            frame, rows, unit = read_with_rows(path, instrument, folder.source, wave=wave or None, day_first=day_first)
    except DataError as error:
        if not is_empty(error):
            found.problems += map(_of_a_folder, error.problems)
        return
    frame[_ROW] = [f"{unit} {row}" for row in rows]
    for name, part in _by_wave(frame, wave, use):
        key = (use.id, name)
        if key in found.frames:
            both = f"answers to {name} in {found.paths[key].name} and {path.name}"
            found.problems.append(Problem("DAT-010", "responses", both, "one file", "Delete one of them."))
        elif name not in use.asked:
            remedy = "Delete the rows, or add the wave to the programme."
            place = f"responses/{path.name}"
            found.problems.append(Problem("DAT-016", place, f"answers to {name}", ", ".join(use.asked), remedy))
        else:
            found.frames[key], found.paths[key] = part, path


def _by_wave(frame: pd.DataFrame, wave: str, use: Use) -> Iterable[tuple[str, pd.DataFrame]]:
    if wave:
        yield wave, frame
    elif "wave" not in frame.columns:
        yield use.asked[0], frame
    else:
        for name in frame["wave"].dropna().unique():
            yield str(name), frame[frame["wave"] == name].reset_index(drop=True)


def _whose(
    folder: EvaluationFolder, use: Use, wave: str, frame: pd.DataFrame, records: Records, found: Answers
) -> pd.DataFrame:
    """Put in front whose each answer is; take out what else could name somebody."""
    instrument = folder.instruments[use.instrument]
    item = code_item(instrument)
    place = f"responses/{found.paths[use.id, wave].name}"
    named = {one.id for one in instrument.items if one.identifier}
    at = [str(one) for one in frame[_ROW]]
    kept_columns = [name for name in frame.columns if name == item or name.split("__")[0] not in named]
    frame = frame[[name for name in kept_columns if name != _ROW]]
    if not item:
        return frame
    if item not in frame.columns:
        remedy = "Export the answers again with that column."
        found.problems.append(Problem("DAT-003", place, f'no column "{item}"', "the code in the invitation", remedy))
        return frame
    column = PAIR if item == PAIR_CODE else PERSON
    known = _known(records, column)
    codes = frame[item].map(lambda one: "" if pd.isna(one) else code_key(str(one)))
    said = codes.map(known or {})
    blank = codes.isin({"", _NOT_KNOWN}).to_numpy(bool)
    strange = said.isna().to_numpy(bool) & ~blank
    if known is not None:
        found.problems += _strangers(place, strange, column, at)
    if blank.any():
        rows = _rows(at, blank)
        remedy = "They were left out; whose they are is not known."
        found.warnings.append(Problem("DAT-019", f"{place}, {rows}", "no code", "a code", remedy))
    whole = frame.drop(columns=[item, *(name for name in (f"{item}__missing",) if name in frame.columns)])
    attrs = frame.attrs
    whole.insert(0, column, said)
    at = [one for one, empty in zip(at, blank, strict=True) if not empty]
    kept = whole[~blank].reset_index(drop=True)
    if column == PERSON:
        begun = _begun_again(kept) if not _repeats(folder, use, wave) else np.zeros(len(kept), dtype=bool)
        if begun.any():
            left_out = "an unfinished answer of somebody who finished another"
            remedy = "It was left out; export completed answers only."
            found.warnings.append(Problem("DAT-010", f"{place}, {_rows(at, begun)}", left_out, "one of each", remedy))
            at = [one for one, left in zip(at, begun, strict=True) if not left]
            kept = kept[~begun].reset_index(drop=True)
        if not _repeats(folder, use, wave):
            found.problems += _twice(kept, place, at)
        found.problems += _of_other_roles(folder, use, kept, records, place, at)
    kept.attrs = attrs
    return kept


def _rows(at: Sequence[str], wrong: np.ndarray) -> str:
    """Name answers as their file counts them: rows of a spreadsheet, or answers of a list."""
    places = [at[int(one)].rpartition(" ") for one in np.flatnonzero(wrong)]
    return rows_named([int(row) for _, _, row in places], places[0][0])


def _of_a_folder(problem: Problem) -> Problem:
    """Say how an evaluation folder is told the order of days."""
    if problem.code != "DAT-012" or "day_first=" not in problem.remedy:
        return problem
    return replace(problem, remedy=f"{DAY_FIRST[0].upper()}{DAY_FIRST[1:]}.")


def _repeats(folder: EvaluationFolder, use: Use, wave: str) -> bool:
    when = folder.programme.waves_by_id.get(use.wave_of(wave) or "")
    return when is not None and bool(when.repeats)


def _begun_again(frame: pd.DataFrame) -> np.ndarray:
    """Find answers that were not finished by people who finished another one."""
    if _FINISHED not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    finished = frame[_FINISHED].notna()
    done = set(frame.loc[finished & frame[PERSON].notna(), PERSON])
    return np.asarray(frame[PERSON].isin(done) & ~finished, dtype=bool)


def _known(records: Records, column: str) -> Mapping[str, str] | None:
    """List the codes that there are; None when the file that holds them is not there or cannot be read."""
    name = "pairs" if column == PAIR else "participants"
    frame = records.frames.get(name)
    if frame is None:  # while nobody is listed that is said once, and not for every answer
        return {} if name in records.empty and column == PAIR else None
    if column not in frame.columns:
        return None
    return {code_key(str(code)): str(code) for code in frame[column].dropna()}


def _strangers(place: str, strange: np.ndarray, column: str, at: Sequence[str]) -> Problems:
    if not strange.any():
        return []
    rows = _rows(at, strange)
    file = "pairs.csv" if column == PAIR else "participants.csv"
    who = "a pair that is" if column == PAIR else "a person who is"
    remedy = f"Add them to {file}, correct the code, or delete the answers."
    return [Problem("DAT-007", f"{place}, {rows}", f"the code of {who} not in {file}", f"codes of {file}", remedy)]


def _twice(frame: pd.DataFrame, place: str, at: Sequence[str]) -> Problems:
    twice = (frame[PERSON].notna() & frame[PERSON].duplicated(keep=False)).to_numpy(bool)
    if not twice.any():
        return []
    rows = _rows(at, twice)
    remedy = "Keep the answer that counts, and delete the other."
    return [Problem("DAT-010", f"{place}, {rows}", "several answers with one code", "one of each person", remedy)]


def _of_other_roles(
    folder: EvaluationFolder, use: Use, frame: pd.DataFrame, records: Records, place: str, at: Sequence[str]
) -> Problems:
    people = records.frames.get("participants")
    roles = folder.programme.roles_by_id
    if people is None or "role" not in people.columns or any(roles[one].audience in _NO_PARTY for one in use.roles):
        return []
    role_of = people.drop_duplicates(PERSON).set_index(PERSON)["role"].astype(str)
    said = frame[PERSON].map(role_of)
    wrong = (said.notna() & ~said.isin(use.roles)).to_numpy(bool)
    if not wrong.any():
        return []
    rows = _rows(at, wrong)
    found = "answers of people who have another role"
    remedy = "Correct the role in participants.csv, or the name of the file."
    return [Problem("DAT-007", f"{place}, {rows}", found, f"answers of {' and '.join(use.roles)}", remedy)]
