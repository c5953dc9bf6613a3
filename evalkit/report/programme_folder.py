"""The report of an evaluation folder: read, put together, written so that the old report stays whole until the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evalkit import figures
from evalkit.disclosure import load_profile
from evalkit.disclosure.profiles import DEFAULT
from evalkit.errors import ReportError
from evalkit.files import checksum, list_files, read_bytes, read_text, write_atomic, write_together
from evalkit.programmes.answers import Answer
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.folder_log import (
    LoggedReport,
    hashes,
    log_text,
    read_log,
    side_by_side,
    unreadable_path,
)
from evalkit.programmes.folder_reading import FolderData, read_folder
from evalkit.programmes.folders import RELEASES, EvaluationFolder, open_folder
from evalkit.report.layout import Entry
from evalkit.report.origin import report_date
from evalkit.report.programme_blocks import Report
from evalkit.report.programme_identity import load_identity
from evalkit.report.programme_making import Progress, Setting, entry_of, programme_report, written_files

PLAN = "analysis-plan.md"
_DEVIATIONS = re.compile(r"^## Deviations[^\n]*\n(?P<text>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_NOTHING_YET = "None yet."
# Whatever the capitals of an ending.
_DATA = ("*.[cC][sS][vV]", "*.[xX][lL][sS][xX]")
_RESPONSES = (*_DATA, "*.[jJ][sS][oO][nN]")


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written.

    Parameters
    ----------
    entry : Entry
        Its line in an index.
    paths : tuple of pathlib.Path
        The page first, then the Word file where it was asked for, the workbook and the folder of CSV files.
    counted : str
        How many questions were answered, in part or not at all, in a sentence.
    unanswered : tuple of (str, str, str)
        Question, what of it could not be answered or may not be told, and why, as the page has it.
    beside : tuple of str
        What an earlier report of the folder would tell about few people beside this one, and a Word file of an earlier
        report that was not made again.
    """

    entry: Entry
    paths: tuple[Path, ...]
    counted: str
    unanswered: tuple[tuple[str, str, str], ...]
    beside: tuple[str, ...] = ()


def evidence_of(folder: EvaluationFolder, data: FolderData) -> Evidence:
    """Put what a folder holds into the form in which questions are answered.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    data : FolderData
        What was read from it.

    Returns
    -------
    Evidence
        The same data.
    """
    programme = folder.programme
    missing = []
    for one in data.missing:
        if one.what == "file":
            name = programme.files_by_id[one.name].file
        else:
            use, _, asked = one.name.partition(".")
            wave = programme.uses_by_id[use].wave_of(asked)
            when = programme.waves_by_id[wave].title if wave else asked
            name = f"answers to \u201c{folder.instruments[programme.uses_by_id[use].instrument].title}\u201d, {when}"
        missing.append(f"{name}: {one.without}" if one.without else name)
    missing += [
        f"numbers by {name.replace('_', ' ')} in eligible.csv that fit: fewer are in a group there than came, so "
        "nobody can say which part of those eligible was reached."
        for name in data.unfit
    ]
    return Evidence(programme, folder.instruments, data.files, data.answers, tuple(missing), data.workforce)


def folder_report(
    path: Path | str,
    *,
    profile: str = DEFAULT,
    progress: Progress | None = None,
    found: list[Answer] | None = None,
) -> Report:
    """Put the report of an evaluation folder together without writing it, as its notebook does.

    Parameters
    ----------
    path : pathlib.Path or str
        The folder, made by `evalkit new`.
    profile : str, default "staff-survey"
        Disclosure profile.
    progress : callable, optional
        Called with what is being done, how much of it is done and how much there is.
    found : list of Answer, optional
        Filled with the answers, unsuppressed, for the person at the desk.

    Returns
    -------
    Report
        Everything in it has passed the disclosure profile.

    Raises
    ------
    DataError
        Everything that is wrong with the data, all at once, as `read_folder` tells it.
    ProgrammeError
        PRG-020 for what is no evaluation folder or is of another format.
    ReportError
        REP-005 for a visual identity that cannot be used.
    DisclosureError
        DIS-001 for an unknown profile.
    """
    return _made(Path(path), profile, progress, found)[0]


def _made(
    where: Path, profile: str, progress: Progress | None, found: list[Answer] | None
) -> tuple[Report, str, tuple[str, ...]]:
    """Put a report together; with it the log with this report in it, and what is to be said of earlier ones."""
    folder, identity = open_folder(where), load_identity(where)
    rules = load_profile(profile)
    data = read_folder(folder)
    log = read_log(where)
    people = hashes(log, [*data.files.items(), *data.answers.items()])
    logged = LoggedReport(report_date(), profile, people)
    beside = side_by_side(log, logged, rules)
    files = [*list_files(folder.data_dir, _DATA), *list_files(folder.responses_dir, _RESPONSES)]
    setting = Setting(
        folder.settings.organisation,
        profile,
        checksum(files),
        len(files),
        data.synthetic,
        _deviations(where / PLAN),
        beside,
    )
    with figures.look(identity.accent, identity.figure_font):
        report = programme_report(evidence_of(folder, data), setting, progress, found)
    return report, log_text(log, logged), beside


def report_folder(
    path: Path, to: Path, *, word: bool = False, profile: str = DEFAULT, progress: Progress | None = None
) -> Written:
    """Write the report of an evaluation folder.

    Parameters
    ----------
    path : pathlib.Path
        The folder, made by `evalkit new`.
    to : pathlib.Path
        Where the report goes.
    word : bool, default False
        Whether to write the Word file too.
    profile : str, default "staff-survey"
        Disclosure profile.
    progress : callable, optional
        Called with what is being done, how much of it is done and how much there is.

    Returns
    -------
    Written
        What was written, and what could not be answered.

    Raises
    ------
    DataError
        Everything that is wrong with the data, all at once, as `read_folder` tells it.
    ProgrammeError
        PRG-020 for what is no evaluation folder or is of another format.
    ReportError
        REP-004 when the output cannot be written: the old report is then as it was; REP-005 for a visual identity that
        cannot be used.
    DisclosureError
        DIS-001 for an unknown profile.
    """
    report, log, beside = _made(path, profile, progress, None)
    identity = load_identity(path)
    with figures.look(identity.accent, identity.figure_font):
        made = written_files(report, identity, word=word)
    stale = [
        old
        for old in list_files(to / f"{report.name}-tables", ["*.csv"])
        if f"{report.name}-tables/{old.name}" not in made
    ]
    # Everything is made before anything is written, and a part that fails puts all of it back.
    written: dict[Path, str | bytes | None] = {to / name: content for name, content in made.items()}
    write_together({**dict.fromkeys(stale), **written})
    names = [
        f"{report.name}.html",
        *([f"{report.name}.docx"] if word else []),
        f"{report.name}-tables.xlsx",
        f"{report.name}-tables",
    ]
    care = (*beside, *_old_word(to / f"{report.name}.docx", word=word), *_log(path / RELEASES, log))
    return Written(entry_of(report), tuple(to / name for name in names), report.counted, report.lacking, care)


def _old_word(path: Path, *, word: bool) -> tuple[str, ...]:
    """Say that a Word file is of an earlier report; it stays, as people write into it."""
    if word or not path.is_file():
        return ()
    return (
        f"{path} is of an earlier report and was not made again: it may hold other numbers, and people who have "
        "withdrawn since. Make it again with --word, or delete it.",
    )


def _log(path: Path, log: str) -> tuple[str, ...]:
    """Note the report in the evaluation folder; where that cannot be written to, say what follows."""
    try:
        if read_log(path.parent).damaged:
            write_together({unreadable_path(path.parent): read_bytes(path), path: log})
        else:
            write_atomic(path, log)
    except ReportError:
        return (
            f"{path} cannot be written, so this report is not in the log: the next one will not be held against it. "
            "Before you release both, compare them yourself.",
        )
    return ()


def _deviations(plan: Path) -> tuple[str, ...]:
    """Read what people wrote under "Deviations" in the analysis plan: a paragraph or a bullet each."""
    found = _DEVIATIONS.search(read_text(plan)) if plan.is_file() else None
    if found is None:
        return ()
    parts = re.split(r"\n\s*\n|^\s*[-*] ", found["text"].strip(), flags=re.MULTILINE)
    said = [" ".join(part.split()) for part in parts]
    return tuple(part for part in said if part and not part.startswith(_NOTHING_YET))
