"""Answers from survey platforms into one typed frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from evalkit.errors import DataError, Problem
from evalkit.instruments.answer_notes import noted_instrument
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument
from evalkit.instruments.responses.about import (
    languages_in,
    moments_in,
    of_this_instrument,
    of_this_version,
    other_waves,
    repeated,
    texts_of,
    waves_in,
)
from evalkit.instruments.responses.assembling import frame_of
from evalkit.instruments.responses.forms import Asked, asked_at
from evalkit.instruments.responses.headers import Names
from evalkit.instruments.responses.kinds import missing_kinds
from evalkit.instruments.responses.matching import Matched, about_columns, matched
from evalkit.instruments.responses.opening import opened
from evalkit.instruments.responses.platforms import KEPT, SOURCES, platform_named
from evalkit.instruments.responses.reading import Reader, Values
from evalkit.instruments.responses.redcap_forms import apart
from evalkit.instruments.responses.tables import Table
from evalkit.instruments.waves import form_at


def read_responses(
    path: str | Path,
    instrument: Instrument | str | Path,
    platform: str | None = None,
    *,
    wave: str | None = None,
    day_first: bool | None = None,
) -> pd.DataFrame:
    """Read answers to an instrument back from a survey platform.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV or Excel file, a JSON file of SurveyJS or of evalkit's own form, or a folder of the latter.
    instrument : Instrument or str or pathlib.Path
        The instrument that was answered, its id, or its file.
    platform : str, optional
        Where the file comes from: limesurvey, qualtrics, redcap, xlsform (also odk, kobo), surveyjs, html, or
        spreadsheet for a plain table whose header holds ids or texts of items (Microsoft Forms, Jisc Online Surveys).
        Told from the file by default.
    wave : str, optional
        The ordinary wave that was answered. By default that of the column `wave`, else the wave whose items are there.
    day_first : bool, optional
        Whether 05/03/2024 is 5 March (True) or 3 May (False). By default as the column tells by dates that can be read
        in one order only, such as 25/03/2024; a column that does not tell is refused. Dates of a workbook and dates
        with the year first need no order.

    Returns
    -------
    pandas.DataFrame
        One row per respondent, in the order of the file; of a REDCap project with a form for each wave, one row per
        respondent and wave that was answered, wave by wave. First, as far as the file has them, `respondent` (the
        platform's own id), `wave`, `language`, `version`, `started` and `finished` (as written, without time zone).
        Then the items in the order of the form, retrospective ones as ``ITEM_then``: likert items, numbers and choices
        with numbers as float in the values or the unit of the item; choices with words as category; dates as
        datetime64; texts as string. A multiple choice is one float column for each option, ``ITEM__VALUE``: 1 ticked,
        0 not ticked, NaN where the question was not answered; no tick at all is no answer.

        Where an answer is missing, it is NaN, and the column ``ITEM__missing`` (category; there only when an answer is
        missing) tells why: "not_asked" when a condition hid the question or the wave does not ask it, "skipped", or
        the value of the instrument's own missing option, such as "pnts". An answer that is there counts as asked.

        ``attrs["dropped"]`` lists the columns of the file that were left out: network and e-mail addresses, names,
        places, and whatever else the platform adds. ``attrs["absent"]`` lists free texts and identifying items for
        which the file has no column, ``attrs["platform"]`` where it came from, ``attrs["instrument"]`` the id, version
        and form of the instrument, so that `score` refuses to score the answers with one that they do not fit.

    Raises
    ------
    DataError
        With all problems at once, rows by their position in the file and never what somebody wrote. As a file: DAT-001
        not readable, DAT-008 encoding or size, DAT-014 format, DAT-015 workbook, DAT-017 row of another width, DAT-018
        empty. Columns: DAT-003 missing, DAT-006 unknown (or unknown platform), DAT-013 ambiguous. Answers: DAT-002
        outside limits, DAT-007 options that exclude each other, DAT-010 respondent twice, DAT-011 no option, number or
        date, DAT-012 codes and labels mixed, or dates that can be read in two ways or are in two orders, DAT-016 of
        another instrument, version or wave.
    InstrumentError
        INS-001 for an unknown instrument, INS-023 for an unknown wave.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "answers.json"
    ...     _ = file.write_text('[{"id": "r1", "belonging": {"att_belong": 5, "att_care": "na"}}]')
    ...     answers = read_responses(file, "return-to-work-transition", wave="after")
    >>> answers[["att_belong", "att_care", "att_care__missing", "att_leaving__missing"]].to_dict("records")
    [{'att_belong': 5.0, 'att_care': nan, 'att_care__missing': 'na', 'att_leaving__missing': 'skipped'}]
    """
    return read_with_rows(path, instrument, platform, wave=wave, day_first=day_first)[0]


def read_with_rows(
    path: str | Path,
    instrument: Instrument | str | Path,
    platform: str | None = None,
    *,
    wave: str | None = None,
    day_first: bool | None = None,
) -> tuple[pd.DataFrame, list[int], str]:
    """Read answers as `read_responses` does, and tell where each of them stands in the file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    instrument : Instrument or str or pathlib.Path
        The instrument that was answered, its id, or its file.
    platform : str, optional
        Where the file comes from; told from the file by default.
    wave : str, optional
        The ordinary wave that was answered.
    day_first : bool, optional
        Whether the day comes before the month in dates.

    Returns
    -------
    tuple of (pandas.DataFrame, list of int, str)
        What `read_responses` gives; the place of each of its rows, from 1; and what messages call one: "row" as a
        spreadsheet counts them, or "answer" of a list.

    Raises
    ------
    DataError, InstrumentError
        As `read_responses`.
    """
    loaded = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    if wave is not None:
        form_at(loaded, wave)
    table, name = opened(Path(path), None if platform is None else platform_named(platform))
    if name == "redcap":
        table = apart(table, loaded, wave)
    return _frame(_Job(table, loaded, name, wave, day_first)), list(table.positions), table.unit


def rows_with(
    path: str | Path, instrument: Instrument, item: str, code: str, *, wave: str | None = None
) -> tuple[int, ...]:
    """Find where in a response file a code stands.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    instrument : Instrument
        The instrument that was answered.
    item : str
        The question that asks for the code.
    code : str
        The code; capitals and blanks do not count.
    wave : str, optional
        The ordinary wave that was answered.

    Returns
    -------
    tuple of int
        Positions from 1: rows as a spreadsheet counts them, or answers of a JSON list. Each once, in order; none where
        the file has no such column.

    Raises
    ------
    DataError
        When the file cannot be read as a file.
    """
    table, name = opened(Path(path), None)
    if name == "redcap":
        table = apart(table, instrument, wave)
    _, columns, _ = _sorted(_Job(table, instrument, name, wave))
    index = columns.whole.get(item)
    if index is None:
        return ()
    wanted = "".join(code.split()).casefold()
    cells = texts_of(table, index)
    at = {table.positions[row] for row, cell in enumerate(cells) if "".join(cell.split()).casefold() == wanted}
    return tuple(sorted(at))


@dataclass
class _Job:
    """One file on its way to a frame, with all that is wrong so far."""

    table: Table
    instrument: Instrument
    platform: str
    wave: str | None
    day_first: bool | None = None
    problems: list[Problem] = field(default_factory=list)


def _frame(job: _Job) -> pd.DataFrame:
    asked, columns, about = _sorted(job)
    reader = Reader(job.table, asked, columns, job.day_first)
    answers = reader.answers()
    job.problems += [*columns.problems, *reader.problems]
    if job.table.sparse:
        empty: Values = [None] * len(job.table.positions)
        answers = {item: answers.get(item, empty) for item in asked.items}
    known, dropped = _about(job, about)
    rows_of = _rows_of(job, asked, known.get("wave"), answers, columns)
    if job.problems:
        raise DataError(dict.fromkeys(job.problems))
    kinds = missing_kinds(asked, answers, rows_of, len(job.table.positions))
    frame = frame_of(asked, known, answers, kinds)
    left_out = {*columns.dropped, *dropped}
    frame.attrs["dropped"] = [header for header in job.table.header if header in left_out]
    frame.attrs["absent"] = [item for item in asked.items if item not in answers]
    frame.attrs["platform"] = job.platform
    frame.attrs["instrument"] = noted_instrument(job.instrument)
    return frame


def _sorted(job: _Job) -> tuple[Asked, Matched, dict[str, int]]:
    """Find the waves and the columns: the wave that is named, those of the column, or the one that fits best."""
    paths = SOURCES[job.platform].paths
    ordinary = [wave.id for wave in job.instrument.waves if wave.asked_with is None]
    every = asked_at(job.instrument, ordinary, job.platform)
    about, dropped = about_columns(job.table, job.platform, Names(every, paths=paths))
    named = _named_waves(job, about)
    best: tuple[int, Asked, Matched] | None = None
    for waves in [named] if named else [[wave] for wave in ordinary]:
        asked = asked_at(job.instrument, waves, job.platform)
        columns = matched(job.table, asked, Names(asked, paths=paths), about, dropped)
        faults = sum(problem.code != "DAT-003" for problem in columns.problems)
        lacking = len(set(asked.items) - set(columns.whole) - set(columns.ticks))
        rank = faults * (len(every.items) + 1) + lacking
        if best is None or rank < best[0]:
            best = (rank, asked, columns)
    if best is None:  # an instrument has at least one ordinary wave
        raise DataError(job.problems)
    return best[1], best[2], about


def _named_waves(job: _Job, about: Mapping[str, int]) -> list[str]:
    if job.wave is not None:
        return [job.wave]
    if "wave" not in about:
        return []
    waves, _ = waves_in(job.table, about["wave"], job.instrument)
    return [wave.id for wave in job.instrument.waves if wave.id in waves]


def _about(job: _Job, about: Mapping[str, int]) -> tuple[dict[str, Sequence[object]], list[str]]:
    """Read and check what is known about the answers; the second part names columns that cannot be kept."""
    table, instrument = job.table, job.instrument
    known: dict[str, Sequence[object]] = {}
    dropped = []
    for name in KEPT:
        if name not in about:
            continue
        values, problems = _kept(name, about[name], job)
        job.problems += problems
        if values is None:
            dropped.append(table.header[about[name]])
        else:
            known[name] = values
    if "instrument" in about:
        job.problems += of_this_instrument(table, about["instrument"], instrument)
    if "version" in about:
        job.problems += of_this_version(table, about["version"], instrument)
    if "respondent" in about:
        apart = [known["wave"]] if "wave" in known else []
        apart += [texts_of(table, about["repeat"])] if "repeat" in about else []
        keys = list(zip(known["respondent"], *apart, strict=True))
        job.problems += repeated(table, about["respondent"], keys)
    if job.wave is not None and "wave" in known:
        waves = [None if one is None else str(one) for one in known["wave"]]
        job.problems += other_waves(table, waves, job.wave, about["wave"])
    return known, dropped


def _kept(name: str, index: int, job: _Job) -> tuple[Sequence[object] | None, list[Problem]]:
    table, instrument = job.table, job.instrument
    if name == "wave":
        return waves_in(table, index, instrument)
    if name in {"started", "finished"}:
        return moments_in(table, index, job.day_first), []
    texts = texts_of(table, index)
    if name == "language":
        return languages_in(texts, instrument), []
    return [text or None for text in texts], []


def _rows_of(
    job: _Job, asked: Asked, waves: Sequence[object] | None, answers: Mapping[str, Values], columns: Matched
) -> dict[str, list[int]]:
    """Sort the respondents by wave, and refuse answers to what their wave does not ask."""
    count = len(job.table.positions)
    only = next(iter(asked.forms)) if len(asked.forms) == 1 else None
    if waves is None or only is not None:
        return {wave: list(range(count)) for wave in asked.forms} if only else {}
    rows_of = {wave: [row for row in range(count) if waves[row] == wave] for wave in asked.forms}
    for item, values in answers.items():
        strange = [
            row
            for wave, form in asked.forms.items()
            if item not in form.by_id
            for row in rows_of[wave]
            if values[row] is not None
        ]
        if strange:
            index = columns.whole.get(item, next(iter(columns.ticks.get(item, {"": 0}).values())))
            found = f"answers at a wave that does not ask this: {len(strange)} ({job.table.rows(sorted(strange))})"
            remedy = "Correct the wave, or empty the cells."
            job.problems.append(Problem("DAT-016", job.table.at(index), found, "no answer there", remedy))
    return rows_of
