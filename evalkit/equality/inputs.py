"""A workforce folder into typed frames, with all problems of all files at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.equality.contradiction_checks import Check, contradictions
from evalkit.equality.dictionary import Input, standard_inputs
from evalkit.equality.mappings import OWN, folded
from evalkit.equality.typed_columns import Mappings, Reading, rows_at, typed
from evalkit.equality.workforce_files import empty_table, files_of, is_empty, table_in
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import Problems, require
from evalkit.instruments.responses.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class Workforce:
    """Standard inputs that were read and found in order.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Name of the input (its file with underscores) -> frame with the columns of the dictionary; optional columns that
        the file does not have are not there. Labels and texts are categoricals in which "not stated" is a level.
    warnings : tuple of Problem
        What was kept and should be looked at.
    mappings : mapping of str to pandas.DataFrame
        Mappings of your own with which they were read; `wres` and `edi_plan` go by them.
    """

    frames: Mapping[str, pd.DataFrame]
    warnings: tuple[Problem, ...] = ()
    mappings: Mappings = field(default_factory=lambda: MappingProxyType({}))

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the snapshots of staff in post."""
        return tuple(sorted({int(year) for year in self.frames["staff_in_post"]["snapshot"].dt.year}))


@dataclass(slots=True)
class _Found:
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    problems: Problems = field(default_factory=list)
    warnings: Problems = field(default_factory=list)


def read_workforce(
    folder: Path | str,
    *,
    mappings: Mappings | None = None,
    day_first: bool | None = None,
    allow_gaps: bool = False,
    files: Mapping[str, Path] | None = None,
) -> Workforce:
    """Read the standard inputs of a folder.

    Parameters
    ----------
    folder : pathlib.Path or str
        Holds staff-in-post as CSV or XLSX, and any of the other files of `data/workforce/files.csv`.
    mappings : mapping of str to pandas.DataFrame, optional
        Mappings of your own in place of those of evalkit: ethnicity, bands, staff_groups, exit_types, survey_questions.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2024; by default told from each column.
    allow_gaps : bool, default False
        Warn of years missing from a series in place of refusing them.
    files : mapping of str to pathlib.Path, optional
        Input -> its file, where it is known already; by default all that the folder holds.

    Returns
    -------
    Workforce
        Typed frames, and warnings about what was kept.

    Raises
    ------
    DataError
        All problems of all files: DAT-001 a file missing or unreadable, DAT-002 a number outside its range, DAT-003 a
        column missing, DAT-004 a number or date unreadable, DAT-006 an unknown label, DAT-007 contradictions (counts
        above totals, appointed but not shortlisted, left before started), DAT-008 encoding or size, DAT-010 rows or
        columns repeated, DAT-011 neither yes nor no, DAT-012 dates that can be read in two ways, DAT-015 a damaged
        workbook, DAT-017 rows of another width, DAT-018 no rows, DAT-019 empty cells, DAT-020 years missing or apart,
        DAT-021 a group of nobody.
    """
    where = Path(folder)
    own = _known_mappings(mappings)
    paths, problems, warnings = files_of(where) if files is None else (dict(files), [], [])
    found = _Found(problems=list(problems), warnings=list(warnings))
    for one in standard_inputs():
        if one.name in paths:
            _read_file(one, paths[one.name], own, day_first, found)
    return _checked(found, own, allow_gaps=allow_gaps)


def check_frames(
    frames: Mapping[str, pd.DataFrame], *, mappings: Mappings | None = None, allow_gaps: bool = False
) -> Workforce:
    """Type and check standard inputs that are in memory.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Inputs by name, such as `frames` of `simulate_workforce`; they are not changed.
    mappings : mapping of str to pandas.DataFrame, optional
        As in `read_workforce`.
    allow_gaps : bool, default False
        As in `read_workforce`.

    Returns
    -------
    Workforce
        Typed frames, and warnings about what was kept.

    Raises
    ------
    DataError
        As `read_workforce`; DAT-006 also for a frame that is no standard input. Rows are counted from 1.
    """
    own = _known_mappings(mappings)
    known = {one.name: one for one in standard_inputs()}
    found = _Found()
    found.problems += [
        Problem("DAT-006", "frames", f'"{name}"', "a standard input", did_you_mean(str(name), known))
        for name in frames
        if name not in known
    ]
    for name, one in known.items():
        if name in frames:
            _type(one, frames[name], Reading(one.columns[0], name, mappings=own), found)
        elif one.required:
            found.problems.append(Problem("DAT-003", "frames", f"no {name}", "it", "Add the frame."))
    return _checked(found, own, allow_gaps=allow_gaps)


def _known_mappings(mappings: Mappings | None) -> Mappings:
    own = mappings or {}
    require(
        Problem("DAT-006", "mappings", f'"{name}"', ", ".join(OWN), did_you_mean(str(name), OWN))
        for name in own
        if name not in OWN
    )
    return own


def _read_file(one: Input, path: Path, mappings: Mappings, day_first: bool | None, found: _Found) -> None:  # noqa: FBT001
    try:
        table = table_in(path)
    except DataError as error:
        if not is_empty(error):
            *others, last = error.problems
            found.problems += [*others, replace(last, remedy=f"{last.remedy} Other checks of this file wait for it.")]
        else:
            (found.problems if one.required else found.warnings).append(empty_table(one, path.name))
        return
    found.rows[one.name] = table.positions
    reading = Reading(one.columns[0], path.name, table.positions, table.first_day, day_first, mappings)
    _type(one, _frame_of(table), reading, found)


def _frame_of(table: Table) -> pd.DataFrame:
    cells = np.empty((len(table.positions), len(table.header)), dtype=object)
    for index, column in enumerate(table.columns):
        cells[:, index] = column
    return pd.DataFrame(cells, columns=list(table.header))


def _type(one: Input, frame: pd.DataFrame, about: Reading, found: _Found) -> None:
    """Type the columns that the dictionary knows; note what is missing, unknown or there twice."""
    names = [column.name for column in one.columns]
    at: dict[str, list[int]] = {}
    for index, header in enumerate(frame.columns):
        name = next((name for name in names if folded(name) == folded(str(header))), None)
        if name is None:
            remedy = f"It was left out. {did_you_mean(str(header), names)}"
            found.warnings.append(
                Problem(
                    "DAT-006",
                    f"{about.place}, column {index + 1}",
                    "a column of another name",
                    "one of the file",
                    remedy,
                )
            )
        else:
            at.setdefault(name, []).append(index)
    columns = {}
    for column in one.columns:
        where = at.get(column.name, [])
        if len(where) > 1:
            place = f'{about.place}, column "{column.name}"'
            found.problems.append(Problem("DAT-010", place, f"{len(where)} times", "once", "Delete all but one."))
        elif where:
            reading = Reading(
                column, f'{about.place}, column "{column.name}"', about.rows, about.first_day, about.day_first,
                about.mappings, found.problems, found.warnings,
            )  # fmt: skip
            columns[column.name] = typed(frame.iloc[:, where[0]], reading)
        elif column.required:
            remedy = did_you_mean(column.name, [str(header) for header in frame.columns])
            remedy += " Checks that need it wait for it."
            found.problems.append(Problem("DAT-003", about.place, f'no column "{column.name}"', column.holds, remedy))
    found.frames[one.name] = pd.DataFrame(columns)
    found.places[one.name] = about.place


def _checked(found: _Found, mappings: Mappings, *, allow_gaps: bool) -> Workforce:
    check = Check(found.frames, found.places, found.rows, allow_gaps)
    contradictions(check)
    require(found.problems, check.problems)
    frames = {name: _agreed(frame, found) if name == "survey" else frame for name, frame in found.frames.items()}
    return Workforce(MappingProxyType(frames), (*found.warnings, *check.warnings), MappingProxyType(dict(mappings)))


def _agreed(frame: pd.DataFrame, found: _Found) -> pd.DataFrame:
    """Fill the counts of a survey of which only percentages are given."""
    if "per_cent" not in frame.columns:
        return frame.astype({"agreed": np.int64})
    agreed = frame.get("agreed", pd.Series(np.nan, index=frame.index))
    empty = agreed.isna().to_numpy(bool)
    if empty.any():
        place = f"{found.places['survey']}, {rows_at(empty, found.rows.get('survey'))}"
        remedy = "The nearest whole number was taken for agreed."
        found.warnings.append(Problem("DAT-019", place, "per_cent without agreed", "the count", remedy))
    nearest = (frame["per_cent"] * frame["answered"] / 100).round()
    return frame.assign(agreed=agreed.fillna(nearest).astype(np.int64))
