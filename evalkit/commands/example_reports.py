"""All reports that come with evalkit: the notebooks, and every programme rehearsed on synthetic data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit import paths
from evalkit.commands.console import open_console, print_line
from evalkit.commands.worker_processes import Job, Outcome, Step, side_by_side
from evalkit.errors import EvalkitError
from evalkit.files import list_files, write_atomic

if TYPE_CHECKING:
    from evalkit.report.layout import Entry

# Below the folder of the reports, so that no rehearsal takes the place of a report on real data.
EXAMPLES = "examples"
ORGANISATION = "Example NHS Trust"
SEED = 1
_START = "2024-01-08"


@dataclass(frozen=True, slots=True)
class Example:
    """A rehearsal of a programme.

    Parameters
    ----------
    programme : str
        Which.
    platform : str
        Where its surveys are said to have been answered.
    folder : pathlib.Path
        Where its evaluation folder is made.
    """

    programme: str
    platform: str
    folder: Path


def examples_in(where: Path) -> list[Example]:
    """List a rehearsal of each programme that comes with evalkit, with the platforms in turn.

    Parameters
    ----------
    where : pathlib.Path
        Where their folders are to be made.

    Returns
    -------
    list of Example
        By name.
    """
    from evalkit.programmes.folders import PLATFORMS

    names = [path.stem for path in list_files(paths.resource("programmes"), ["[a-z]*.yaml"])]
    return [Example(name, platform, where / name) for name, platform in zip(names, cycle(PLATFORMS), strict=False)]


def report_everything(notebooks: Sequence[Path], to: Path, *, word: bool, profile: str) -> None:
    """Run the notebooks, and make, fill and report on a folder of each programme, on two processes.

    Parameters
    ----------
    notebooks : sequence of pathlib.Path
        The notebooks.
    to : pathlib.Path
        Where the reports go; those of programmes into `examples` below it.
    word : bool
        Whether to write Word files of the programmes too.
    profile : str
        Disclosure profile of the programmes.

    Raises
    ------
    EvalkitError
        Whatever stopped single reports, all at once, when the others are made; their old files stay.
    RuntimeError
        For faults of evalkit, when the other reports are made.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from evalkit.commands.reports import entries_in
    from evalkit.report.layout import index_page
    from evalkit.report.origin import common_origin

    console = open_console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory(prefix="evalkit-", ignore_cleanup_errors=True) as made:
        jobs = list(_jobs(notebooks, examples_in(Path(made)), to, word=word, profile=profile))
        with Progress(*columns, console=console) as bar:
            tasks = {id(job): bar.add_task(f"{job.name}: waiting", total=None, start=False) for job in jobs}

            def tell(job: Job, what: str, done: int, total: int) -> None:
                bar.start_task(tasks[id(job)])
                described = f"{job.name}: {what}"
                bar.update(tasks[id(job)], description=described, completed=done, total=total or None)

            outcomes = side_by_side(jobs, tell)
    done: list[Entry] = [one.made for one in outcomes if one.made is not None]
    entries = entries_in(to, done)
    if entries:
        write_atomic(to / "index.html", index_page(entries, common_origin()))
    for entry in done:
        print_line(console, str(to / entry.file))
    if entries:
        print_line(console, f"Open {to / 'index.html'}")
    _raise(outcomes)


def _jobs(
    notebooks: Sequence[Path], examples: Sequence[Example], to: Path, *, word: bool, profile: str
) -> Iterator[Job]:
    """List the work, the longest first, so that neither process is left with a long one at the end."""
    for source in reversed(notebooks):
        yield Job(source.stem, partial(run_notebook, source, to))
    for one in examples:
        yield Job(one.programme, partial(rehearse, one, to, word=word, profile=profile))


def run_notebook(source: Path, to: Path, step: Step) -> Entry:
    """Run one notebook.

    Parameters
    ----------
    source : pathlib.Path
        The notebook.
    to : pathlib.Path
        Where its report goes.
    step : callable
        Told how far it is.

    Returns
    -------
    Entry
        Its line of the index.

    Raises
    ------
    EvalkitError
        As `evalkit.report.rendering.render`.
    """
    from evalkit.report.rendering import render

    def cells(done: int, total: int) -> None:
        step("running", done, total)

    step("starting", 0, 0)
    entry = render(source, to / f"{source.stem}.html", progress=cells)
    step("written", 1, 1)
    return entry


def rehearse(example: Example, to: Path, step: Step, *, word: bool, profile: str) -> Entry:
    """Make the folder of a programme, fill it with synthetic data and report on it.

    Parameters
    ----------
    example : Example
        The programme, the platform, and where the folder is made.
    to : pathlib.Path
        Where the reports go; this one into `examples` below it.
    step : callable
        Told how far it is.
    word : bool
        Whether to write the Word file too.
    profile : str
        Disclosure profile.

    Returns
    -------
    Entry
        Its line of the index.

    Raises
    ------
    EvalkitError
        Whatever stopped it.
    """
    from evalkit.programmes.folder_simulation import simulate_folder
    from evalkit.programmes.folder_writing import new_folder
    from evalkit.report.programme_folder import report_folder

    step("making the folder", 0, 0)
    folder = new_folder(example.folder, example.programme, ORGANISATION, example.platform, start=_START)
    step("simulating", 0, 0)
    simulate_folder(folder, seed=SEED)
    step("reading", 0, 0)
    written = report_folder(example.folder, to / EXAMPLES, word=word, profile=profile, progress=step)
    step("written", 1, 1)
    return replace(written.entry, file=f"{EXAMPLES}/{written.entry.file}")


def _raise(outcomes: Sequence[Outcome]) -> None:
    """Tell everything that went wrong, each with the name of its report."""
    refused = [(one.job.name, one.refused) for one in outcomes if one.refused is not None]
    problems = [
        problem if name in problem.place else replace(problem, place=f"{name}, {problem.place}")
        for name, error in refused
        for problem in error.problems
    ]
    faults = [f"{one.job.name}: {one.fault}" for one in outcomes if one.fault]
    if faults:
        raise RuntimeError("\n".join([*faults, *map(str, problems)]))
    if refused:
        raise (type(refused[0][1]) if len({type(error) for _, error in refused}) == 1 else EvalkitError)(problems)
