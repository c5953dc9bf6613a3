"""An evaluation folder's data: records and answers, typed, with all problems of all files at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import pandas as pd

from evalkit.errors import DataError, Problem
from evalkit.frames import require
from evalkit.programmes.folder_answers import Answers, Key, read_answers
from evalkit.programmes.folder_columns import input_of, is_workforce
from evalkit.programmes.folder_eligible import eligible_warnings, with_levels_of_people
from evalkit.programmes.folder_looks import to_look_at
from evalkit.programmes.folder_records import Records, read_records
from evalkit.programmes.folder_rules import record_problems, record_warnings
from evalkit.programmes.folders import EvaluationFolder, open_folder
from evalkit.programmes.model import Programme

if TYPE_CHECKING:
    from evalkit.equality.inputs import Workforce

_PEOPLE = "participants"


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that the evaluation could use and that is not there.

    Parameters
    ----------
    what : {"file", "wave"}
        A file of records, or the answers of a wave.
    name : str
        Id of the file, or "use.wave".
    optional : bool
        Whether the evaluation can do without it.
    without : str
        What cannot be answered without it, as a sentence.
    """

    what: Literal["file", "wave"]
    name: str
    optional: bool
    without: str


@dataclass(frozen=True, slots=True, eq=False)
class FolderData:
    """What an evaluation folder holds.

    Parameters
    ----------
    files : mapping of str to pandas.DataFrame
        Id of the file -> typed frame, of the files with rows: codes as text; categories, yes and no as categoricals in
        which "not stated" is a level; dates as datetime64, numbers as float.
    answers : mapping of (str, str) to pandas.DataFrame
        Use and wave of the instrument -> answers as `read_responses` gives them, with `person` (or `pair`) in front.
    missing : tuple of Absent
        What is not there.
    warnings : tuple of Problem
        What was kept or left out, and should be looked at.
    synthetic : bool
        Whether some of it was simulated.
    workforce : Workforce or None
        The standard inputs, where the programme rests on them.
    columns : mapping of str to tuple of str
        Id of the file -> columns that its dictionary has.
    unfit : tuple of str
        Characteristics by which the report cannot tell who was eligible, as eligible.csv does not fit who came.
    """

    files: Mapping[str, pd.DataFrame]
    answers: Mapping[Key, pd.DataFrame]
    missing: tuple[Absent, ...] = ()
    warnings: tuple[Problem, ...] = ()
    synthetic: bool = False
    workforce: Workforce | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unfit: tuple[str, ...] = ()

    @property
    def participants(self) -> pd.DataFrame:
        """People who were invited or applied; no rows when the file is empty."""
        if _PEOPLE in self.files:
            return self.files[_PEOPLE]
        return pd.DataFrame({name: pd.Series(dtype=object) for name in self.columns.get(_PEOPLE, ())})


def read_folder(folder: EvaluationFolder | Path | str, *, day_first: bool | None = None) -> FolderData:
    """Read the data of an evaluation folder.

    Parameters
    ----------
    folder : EvaluationFolder or pathlib.Path or str
        The folder.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2024; by default as evaluation.yaml says, else
        told from each column.

    Returns
    -------
    FolderData
        Typed records and answers, and what is missing.

    Raises
    ------
    DataError
        All problems of all files at once, rows by position: DAT-001, DAT-008, DAT-014, DAT-015, DAT-017 a file that
        cannot be read; DAT-003 a column missing; DAT-006 a column, label or file of another name; DAT-002, DAT-004,
        DAT-011, DAT-012, DAT-019 a cell; DAT-007 contradictions, people or pairs that are not in the programme; DAT-010
        rows, people or files twice; DAT-016 answers to another survey, version or wave.
    ProgrammeError
        What `open_folder` refuses.
    """
    opened = folder if isinstance(folder, EvaluationFolder) else open_folder(folder)
    programme = opened.programme
    unfit: tuple[tuple[str, Problem], ...] = ()
    day_first = opened.settings.day_first if day_first is None else day_first
    if is_workforce(programme):
        records, workforce = _workforce(opened, day_first)
    else:
        records, workforce = read_records(opened.data_dir, programme, day_first=day_first), None
        records.problems += record_problems(records, programme)
        eligible = with_levels_of_people(records, programme)
        records.frames |= {"eligible": eligible} if eligible is not None else {}
        # Synthetic data lie in the years of the plan.
        today = None if opened.is_synthetic() else datetime.now(UTC).date()
        records.warnings += [*record_warnings(records, programme), *to_look_at(records, programme, today)]
        unfit = tuple(eligible_warnings(records, programme))
        records.warnings += dict.fromkeys(one for _, one in unfit)
    answers = read_answers(opened, records, day_first=day_first)
    problems = [*_without_people(records, answers, programme), *records.problems, *answers.problems]
    require(dict.fromkeys(problems))
    return FolderData(
        MappingProxyType(records.frames),
        MappingProxyType(answers.frames),
        tuple(_missing(opened, records, answers)),
        (*records.warnings, *answers.warnings),
        opened.is_synthetic(),
        workforce,
        {file.id: tuple(column.name for column in file.columns) for file in programme.files},
        tuple(dict.fromkeys(name for name, _ in unfit)),
    )


def _workforce(folder: EvaluationFolder, day_first: bool | None) -> tuple[Records, Workforce | None]:  # noqa: FBT001
    """Read the standard inputs as the equality indicators do, and the other files of the programme as any other."""
    from evalkit.equality.dictionary import standard_inputs
    from evalkit.equality.inputs import read_workforce

    records = read_records(folder.data_dir, folder.programme, day_first=day_first)
    standard = {one.name for one in standard_inputs()}
    names = {file.id: input_of(folder.programme, file).name for file in folder.programme.files}
    paths = {names[file]: path for file, path in records.paths.items() if names[file] in standard}
    if records.problems or "staff_in_post" not in paths:
        return records, None
    try:
        found = read_workforce(folder.data_dir, day_first=day_first, files=paths)
    except DataError as error:
        records.problems += error.problems
        return records, None
    records.frames |= {file: found.frames[name] for file, name in names.items() if name in found.frames}
    records.warnings = [*dict.fromkeys([*records.warnings, *found.warnings])]
    return records, found


def _without_people(records: Records, answers: Answers, programme: Programme) -> list[Problem]:
    """Refuse answers with codes, and pairs, while nobody is listed."""
    if _PEOPLE not in programme.files_by_id or _PEOPLE in records.frames or _PEOPLE not in records.empty:
        return []
    waiting = [name for name in records.frames if name in {"pairs", "attendance", "meetings"}]
    waiting += [use for use, _ in answers.frames]
    if not waiting:
        return []
    found = f"no rows, while there are {', '.join(dict.fromkeys(waiting))}"
    remedy = "Fill it in first: it says who is in the programme."
    return [Problem("DAT-018", "participants.csv", found, "a row for each person", remedy)]


def _missing(folder: EvaluationFolder, records: Records, answers: Answers) -> list[Absent]:
    programme = folder.programme
    found = [
        Absent("file", file.id, file.optional, f"Without {file.file}: {file.without or _needing(programme, file.id)}")
        for file in programme.files
        if file.id in records.empty
    ]
    for use in programme.instruments:
        for wave in use.asked:
            if (use.id, wave) not in answers.frames:
                sentence = f"There are no answers to {folder.instruments[use.instrument].title}, {wave}."
                found.append(Absent("wave", f"{use.id}.{wave}", use.optional, sentence))
    return found


def _needing(programme: Programme, file: str) -> str:
    steps = [one.id for one in programme.steps if one.column.startswith(f"{file}.")]
    dose = [one.id for one in programme.dose if one.file == file]
    outcomes = [one.id for one in programme.outcomes if (one.column or "").startswith(f"{file}.")]
    count = sum(
        bool({*one.steps} & {*steps} or {*one.dose} & {*dose} or {*one.outcomes} & {*outcomes})
        for one in programme.questions
    )
    return f"{count} of {len(programme.questions)} questions need it." if count else "it is needed."
