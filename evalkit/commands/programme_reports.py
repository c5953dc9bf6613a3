"""The command that reports on evaluation folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.commands.console import open_console, print_line, print_table
from evalkit.errors import DataError, EvalkitError, Problem
from evalkit.files import write_atomic

if TYPE_CHECKING:
    from evalkit.report.layout import Entry
    from evalkit.report.programme_folder import Written


def is_evaluation(name: str) -> bool:
    """Tell whether what a user named is an evaluation folder, or a folder at all.

    Parameters
    ----------
    name : str
        As typed.

    Returns
    -------
    bool
        True for any folder: reports of notebooks are files.
    """
    return Path(name).is_dir()


def report_folders(names: Sequence[str], to: Path, *, word: bool, profile: str) -> None:
    """Write the reports of evaluation folders, and an index beside them.

    Parameters
    ----------
    names : sequence of str
        The folders.
    to : pathlib.Path
        Where the reports go.
    word : bool
        Whether to write Word files too.
    profile : str
        Disclosure profile.

    Raises
    ------
    DataError
        DAT-010 when two folders are of the same programme, which would be written to the same files.
    EvalkitError
        Whatever stopped single reports, all at once, when the others are made; their old files stay.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from evalkit.commands.reports import entries_in
    from evalkit.report.layout import index_page
    from evalkit.report.origin import common_origin
    from evalkit.report.programme_folder import report_folder

    console = open_console()
    done: list[Written] = []
    problems: list[EvalkitError] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        for name in names:
            task = bar.add_task(f"{Path(name).name}: reading", total=None)

            def step(what: str, at: int, total: int, task: int = task, name: str = name) -> None:
                bar.update(task, description=f"{Path(name).name}: {what}", completed=at, total=total)  # type: ignore[arg-type]

            try:
                _not_twice(name, done, to)
                done.append(report_folder(Path(name), to, word=word, profile=profile, progress=step))
                bar.update(task, description=f"{Path(name).name}: written", completed=1, total=1)
            except EvalkitError as error:  # the other reports are made all the same
                problems.append(error)
    entries: list[Entry] = entries_in(to, [one.entry for one in done])
    if done and entries:
        write_atomic(to / "index.html", index_page(entries, common_origin()))
    for one in done:
        for path in one.paths:
            print_line(console, f"Written: {path}")
        _tell_unanswered(one)
        for line in one.beside:
            print_line(console, f"Take care: {line}")
    if problems:
        raise type(problems[0])([problem for error in problems for problem in error.problems])


def _not_twice(name: str, done: Sequence[Written], to: Path) -> None:
    from evalkit.programmes.folders import open_folder

    target = to / f"{open_folder(Path(name)).programme.id}.html"
    if any(one.paths[0] == target for one in done):
        found, expected = f"a second {target.name}", "a file of its own for each report"
        raise DataError(Problem("DAT-010", name, found, expected, "Report it into another folder with --to."))


def _tell_unanswered(one: Written) -> None:
    """Say what each question came to, as the page does."""
    from evalkit.report.programme_answered import WHOLE

    console = open_console()
    if one.counted:
        print_line(console, one.counted)
    # Two columns, so that the reasons stay in one piece.
    rows = [
        {"Question": asks, "Why not": why if about == WHOLE else f"{why} ({about})"}
        for asks, about, why in one.unanswered
    ]
    if rows:
        print_table(console, "Could not be answered, or only in part", rows)
