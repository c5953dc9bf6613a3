"""The commands that make reports: `report` and `reproduce`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from evalkit import paths
from evalkit.commands.console import open_console, print_line, print_table, write_table
from evalkit.commands.example_reports import EXAMPLES, report_everything
from evalkit.commands.programme_reports import is_evaluation, report_folders
from evalkit.errors import EvalkitError, Problem, did_you_mean
from evalkit.files import list_files, read_text, write_atomic
from evalkit.frames import Problems, require

if TYPE_CHECKING:
    from evalkit.published.verdicts import Verdict
    from evalkit.report.layout import Entry

_INDEX = "index"


def report(
    *notebooks: str,
    to: Path = Path("outputs"),
    word: bool = False,
    profile: str = "staff-survey",
    examples: bool = False,
) -> None:
    """Report on evaluation folders, or run report notebooks: one self-contained HTML file each, and an index.

    Parameters
    ----------
    *notebooks : str
        Folders that evalkit new made; or names such as 01-published-evaluations, or paths of your own notebooks.
        Without any, all notebooks that come with evalkit.
    to : pathlib.Path
        Folder for the HTML files.
    word : bool
        Of evaluation folders: write a Word file too.
    profile : str
        Of evaluation folders: disclosure profile.
    examples : bool
        Report on every programme too, each rehearsed on synthetic data, in the folder examples below the others; on two
        processes.

    Raises
    ------
    DataError
        DAT-006 for a notebook that is not there or a folder beside notebooks, DAT-010 when two would be written to the
        same file.
    EvalkitError
        Whatever stopped single reports, all at once, when the others are made; their old files stay.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from evalkit.report.layout import index_page
    from evalkit.report.origin import common_origin
    from evalkit.report.rendering import render

    folders = [name for name in notebooks if is_evaluation(name)]
    if folders:
        _require_one_kind(["--examples", *notebooks] if examples else notebooks, folders)
        report_folders(folders, to, word=word, profile=profile)
        return
    sources = _notebooks(notebooks)
    if examples:
        report_everything(sources, to, word=word, profile=profile)
        return
    console = open_console()
    done: list[Entry] = []
    problems: list[EvalkitError] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        for source in sources:
            task = bar.add_task(source.stem, total=None)

            def step(done: int, total: int, task: int = task) -> None:
                bar.update(task, completed=done, total=total)  # type: ignore[arg-type]

            try:
                done.append(render(source, to / f"{source.stem}.html", progress=step))
            except EvalkitError as error:  # the other reports are made all the same
                problems.append(error)
    entries = entries_in(to, done)
    if entries:
        write_atomic(to / f"{_INDEX}.html", index_page(entries, common_origin()))
    for entry in done:
        print_line(console, str(to / entry.file))
    if entries:
        print_line(console, f"Open {to / 'index.html'}")
    if problems:
        raise type(problems[0])([problem for error in problems for problem in error.problems])


def _require_one_kind(names: Sequence[str], folders: Sequence[str]) -> None:
    others = [name for name in names if name not in folders]
    remedy = "Name folders or notebooks, and run the command again for the others."
    require(Problem("DAT-006", "report", f'"{name}" beside folders', "folders only", remedy) for name in others)


def entries_in(folder: Path, done: Sequence[Entry]) -> list[Entry]:
    """List the reports of a folder: those just made, and those that an earlier run left there.

    Parameters
    ----------
    folder : pathlib.Path
        Where the reports are.
    done : sequence of Entry
        Those just made.

    Returns
    -------
    list of Entry
        By file name.
    """
    from evalkit.report.layout import read_entry

    found = {entry.file: entry for entry in done}
    for path in [*list_files(folder, ["*.html"]), *list_files(folder / EXAMPLES, ["*.html"])]:
        name = path.relative_to(folder).as_posix()
        if name not in found and path.stem != _INDEX:
            earlier = read_entry(name, read_text(path))
            if earlier is not None:
                found[name] = earlier
    return [replace(found[name], also=_beside(folder, name)) for name in sorted(found)]


def _beside(folder: Path, name: str) -> tuple[tuple[str, str], ...]:
    """Find the other files of a report."""
    stem = name.removesuffix(".html")
    others = (("Word file", f"{stem}.docx"), ("tables", f"{stem}-tables.xlsx"))
    return tuple((label, other) for label, other in others if (folder / other).is_file())


def reproduce(source: str | None = None, *, csv: Path | None = None) -> None:
    """Recompute the printed results of a published evaluation; without a source, list the sources.

    Parameters
    ----------
    source : str, optional
        A source that evalkit has, or the path of a CSV file of your own.
    csv : pathlib.Path, optional
        Also write the table to this file.
    """
    from evalkit.published import list_sources
    from evalkit.published import reproduce as recompute
    from evalkit.published.verdicts import MEANING
    from evalkit.report.text import number

    console = open_console()
    if source is None:
        frame = list_sources()
        names = {"source": "Source", "title": "Title", "what_was_seen": "What was seen"}
        listing = frame.to_dict("records")
        print_table(console, "Published evaluations", [{names[key]: row[key] for key in names} for row in listing])
        write_table(console, csv, frame)
        return
    frame = recompute(source)
    rows = frame.assign(recomputed=frame["recomputed"].map(lambda value: number(value, 4))).to_dict("records")
    shown = ("row", "statistic", "published", "recomputed", "verdict", "how")
    print_table(console, source, [{name.capitalize(): row[name] for name in shown} for row in rows])
    for verdict, found in frame["verdict"].value_counts(sort=False).items():
        if found:
            meaning = MEANING[cast("Verdict", verdict)]
            print_line(console, f"{found:>4} {verdict}: {meaning}")
    write_table(console, csv, frame)


def _notebooks(names: Sequence[str]) -> list[Path]:
    """Find notebooks by name or path; all reports without any name."""
    known = {path.stem: path for path in list_files(paths.resource("notebooks"), ["[0-9]*.ipynb"])}
    if not names:
        return list(known.values())
    found, problems = [], []
    for name in names:
        path = known.get(name.removesuffix(".ipynb")) or Path(name)
        if path.is_file():
            found.append(path)
        else:
            problems.append(
                Problem(
                    "DAT-006",
                    "notebook",
                    f'"{name}"',
                    "a report that evalkit has, or a path",
                    did_you_mean(name, known),
                )
            )
    require(problems)
    require(_same_file(found))
    return found


def _same_file(notebooks: Sequence[Path]) -> Problems:
    """Find notebooks that would be written to the same file, or over the index."""
    stems = [_INDEX, *(path.stem.lower() for path in notebooks)]
    return [
        Problem(
            "DAT-010",
            f"notebook {path.name}",
            f"a second {path.stem}.html",
            "a file of its own for each report and for the index",
            "Rename the notebook, or render it into another folder with --to.",
        )
        for at, path in enumerate(notebooks, start=1)
        if path.stem.lower() in stems[:at]
    ]
