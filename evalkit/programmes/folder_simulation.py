"""`evalkit simulate`: synthetic data with known answers, in the files and formats of an evaluation folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from evalkit.errors import DataError, Problem
from evalkit.files import csv_text, write_together
from evalkit.frames import require, whole
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.folder_columns import input_of, is_workforce
from evalkit.programmes.folder_marks import MARKS, marks_text, print_of, unchanged_files
from evalkit.programmes.folders import EvaluationFolder, open_folder
from evalkit.programmes.model import Programme
from evalkit.programmes.simulated_answers import Effects, SimulatedAnswers, simulate_answers
from evalkit.programmes.simulated_records import Planted, SimulatedRecords, simulate_records
from evalkit.programmes.simulated_standards import standards_truth
from evalkit.programmes.simulated_truth import ANSWERED, TRUTH_COLUMNS, truth_frame
from evalkit.simulate.answer_files import Answered, answer_file, redcap_file

TRUTH = "outputs/truth.csv"
_ZERO = date(2022, 1, 10)
_DEFAULT_PEOPLE = 24
_POSTS, _LEAST_POSTS, _YEARS = 2000, 200, 4
_SURVEYED = 0.4
# From week 0 to the last snapshot of a workforce, or, with a month to spare, to the end of the records of service.
_DAYS_SEEN = 1180
_OBJECTIVE, _DONE = 0.8, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Synthetic data of a folder, before they are written.

    Parameters
    ----------
    people : int
        People of each party who start, or posts.
    tables : mapping of str to pandas.DataFrame
        Name of the file in the folder -> rows as text.
    answers : mapping of str to SimulatedAnswers
        Use -> its answers.
    truth : pandas.DataFrame
        The known answers, as `simulate_folder` gives them.
    """

    people: int
    tables: Mapping[str, pd.DataFrame]
    answers: Mapping[str, SimulatedAnswers]
    truth: pd.DataFrame


def simulate_folder(
    folder: EvaluationFolder | Path | str,
    people: int | None = None,
    seed: int = 1,
    effects: Effects | None = None,
    planted: Planted | None = None,
) -> pd.DataFrame:
    """Fill an evaluation folder with synthetic data.

    Parameters
    ----------
    folder : EvaluationFolder or pathlib.Path or str
        The folder.
    people : int, optional
        People of each party who start (and as many to compare them with); as planned by default. For a programme of a
        whole organisation, its posts.
    seed : int, default 1
        Of the random numbers: the same seed gives the same files.
    effects : Effects, optional
        What is planted in the answers.
    planted : Planted, optional
        What is planted in the records.

    Returns
    -------
    pandas.DataFrame
        The known answers, one row each, which stand in outputs/truth.csv too: `question`, `about`, `role`, `term`,
        `value`, `unit`.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for people or a seed out of range.
    ProgrammeError
        PRG-021 when the folder holds data that were not simulated: nothing is written then.
    ReportError
        REP-004 when a file cannot be written; all stay as they were.
    """
    opened = folder if isinstance(folder, EvaluationFolder) else open_folder(folder)
    made = simulated_data(opened, people, seed, effects, planted)
    _refuse_real(opened)
    files: dict[str, str | bytes] = {name: csv_text(frame) for name, frame in made.tables.items()}
    for found in made.answers.values():
        files |= _answer_files(opened, found)
    _write(opened, files, made.truth, seed, made.people)
    return made.truth


def simulated_data(
    folder: EvaluationFolder,
    people: int | None = None,
    seed: int = 1,
    effects: Effects | None = None,
    planted: Planted | None = None,
) -> Simulated:
    """Make the synthetic data of an evaluation folder, and write nothing.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    people : int, optional
        As `simulate_folder` takes it.
    seed : int, default 1
        Of the random numbers.
    effects : Effects, optional
        What is planted in the answers.
    planted : Planted, optional
        What is planted in the records.

    Returns
    -------
    Simulated
        Records, answers and known answers.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for people or a seed out of range.
    """
    programme = folder.programme
    organisation = is_workforce(programme)
    n = people if people is not None else _POSTS if organisation else _planned(programme)
    require(whole("people", n, low=_LEAST_POSTS if organisation else 2), whole("seed", seed, low=0))
    made, sown = effects or Effects(), planted or Planted()
    if organisation:
        return Simulated(n, *_organisation(folder, n, seed, made))
    records = simulate_records(programme, n, seed=seed, zero=_day_zero(folder), planted=sown)
    answers = {
        use.id: simulate_answers(folder, use, records, n, seed=seed, effects=made) for use in programme.instruments
    }
    tables = {f"data/{input_of(programme, file).file}.csv": records.tables[file.id] for file in programme.files}
    return Simulated(n, tables, answers, truth_frame(folder, records, answers, sown, made))


def _planned(programme: Programme) -> int:
    return next((role.planned for role in programme.parties if role.planned), _DEFAULT_PEOPLE)


def _day_zero(folder: EvaluationFolder, today: date | None = None) -> date:
    """Take the start in the settings, moved back by whole years while what is simulated would lie in the future."""
    now, start = today or date.today(), folder.settings.start or _ZERO
    while start + timedelta(days=_DAYS_SEEN) > now:
        start = start.replace(year=start.year - 1, day=min(start.day, 28))
    return start


def _refuse_real(folder: EvaluationFolder) -> None:
    """Refuse to write over, or beside, what was not simulated."""
    synthetic = set(unchanged_files(folder.path))
    problems = []
    for path in _with_rows(folder):
        name = path.relative_to(folder.path).as_posix()
        if name not in synthetic:
            remedy = "Simulate in a copy of the folder; real data are never replaced."
            problems.append(Problem("PRG-021", name, "data that were not simulated", "an empty file", remedy))
    if problems:
        raise ProgrammeError(problems)


def _with_rows(folder: EvaluationFolder) -> Iterable[Path]:
    from evalkit.equality.workforce_files import is_empty, table_in

    for file in folder.programme.files:
        stem = input_of(folder.programme, file).file
        for path in (folder.data_dir / f"{stem}.csv", folder.data_dir / f"{stem}.xlsx"):
            if not path.is_file():
                continue
            try:
                table_in(path)
            except DataError as error:
                if is_empty(error):
                    continue
            yield path
    if folder.responses_dir.is_dir():
        yield from (path for path in sorted(folder.responses_dir.iterdir()) if not path.name.startswith("."))


def _answer_files(folder: EvaluationFolder, found: SimulatedAnswers) -> Mapping[str, bytes]:
    instrument = folder.instruments[found.use.instrument]
    waves = [Answered(instrument, wave, frame) for wave, frame in found.frames.items() if len(frame)]
    if not waves:
        return {}
    if folder.source == "redcap" and len(waves) > 1:
        return {f"responses/{found.use.id}.csv": redcap_file(waves, found.persons)}
    files = {}
    for one in waves:
        ending, content = answer_file(one, folder.source)
        files[f"responses/{found.use.id}.{one.wave}.{ending}"] = content
    return files


def _write(
    folder: EvaluationFolder, files: Mapping[str, str | bytes], truth: pd.DataFrame, seed: int, people: int
) -> None:
    contents = {name: one.encode() if isinstance(one, str) else one for name, one in files.items()}
    prints = {name: print_of(content) for name, content in contents.items()}
    written: dict[Path, str | bytes] = {folder.path / name: content for name, content in contents.items()}
    written[folder.path / MARKS] = marks_text(prints, seed, people)
    written[folder.path / TRUTH] = csv_text(truth)
    write_together(written)


def _organisation(
    folder: EvaluationFolder, posts: int, seed: int, effects: Effects
) -> tuple[dict[str, pd.DataFrame], dict[str, SimulatedAnswers], pd.DataFrame]:
    from evalkit.equality.workforce_files import text_frame
    from evalkit.simulate.workforce import simulate_workforce

    start = _day_zero(folder)
    made = simulate_workforce(posts, _YEARS, seed=seed, last_year=start.year + _YEARS - 1)
    tables: dict[str, pd.DataFrame] = {}
    for file in folder.programme.files:
        one = input_of(folder.programme, file)
        if one.name in made.frames:
            tables[f"data/{one.file}.csv"] = text_frame(made.frames[one.name])
    staff = made.frames["staff_in_post"]
    tables |= _board_and_actions(folder.programme, staff, start, seed)
    people = pd.DataFrame({"role": [], "party": [], "started": [], "person": [], "applied": []})
    records = SimulatedRecords(people, {}, {})
    answers = {
        use.id: simulate_answers(folder, use, records, int(posts * _SURVEYED), seed=seed, effects=effects)
        for use in folder.programme.instruments
    }
    asked = truth_frame(folder, records, answers, Planted(), effects, only=ANSWERED)
    rows = standards_truth(folder.programme.questions, made.truth, objective=_OBJECTIVE, done=_DONE)
    truth = pd.concat([pd.DataFrame(rows, columns=list(TRUTH_COLUMNS)), asked], ignore_index=True)
    return tables, answers, truth


def _board_and_actions(programme: Programme, staff: pd.DataFrame, start: date, seed: int) -> dict[str, pd.DataFrame]:
    import numpy as np

    rng = np.random.default_rng(seed + 1)
    last = staff[staff["snapshot"] == staff["snapshot"].max()]
    on_board = last["board"].astype(str).str.lower().isin({"yes", "true"})
    codes = last.loc[on_board, "person"].astype(str).to_numpy()
    found: dict[str, pd.DataFrame] = {}
    if "board" in programme.files_by_id:
        yes = np.where(rng.random(len(codes)) < _OBJECTIVE, "yes", "no")
        found["data/board.csv"] = pd.DataFrame({"person": codes, "objective": yes, "appraised": yes})
    if "actions" in programme.files_by_id:
        kinds = programme.files_by_id["actions"].by_name["high_impact"].values  # noqa: PD011
        rows = [
            {
                "action": f"A{at}-{number}", "high_impact": kind, "due": f"{start.year + number}-03-31",
                "done": "yes" if rng.random() < _DONE else "no",
            }
            for at, kind in enumerate(kinds, start=1)
            for number in (1, 2)
        ]  # fmt: skip
        found["data/actions.csv"] = pd.DataFrame(rows)
    return found
