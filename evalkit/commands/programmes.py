"""The commands for programmes: list, show and check them, and make, check, rehearse and change an evaluation folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.commands.console import open_console, print_line, print_table

if TYPE_CHECKING:
    from rich.console import Console

    from evalkit.programmes.folder_reading import FolderData
    from evalkit.programmes.folders import EvaluationFolder


def list_programmes() -> None:
    """List the programmes that come with evalkit."""
    from evalkit.programmes import list_programmes as listed

    shown = ["id", "title", "unit", "months", "roles", "questions"]
    rows = listed()[shown].to_dict("records")
    print_table(
        open_console(),
        "Programmes",
        [{name.capitalize(): f"{row[name]:g}" if name == "months" else row[name] for name in shown} for row in rows],
    )


def show(programme: str) -> None:
    """Show a programme: what it is for, whom it is for, its questions, and what is to be settled.

    Parameters
    ----------
    programme : str
        A programme that evalkit has, or the path of a YAML file.
    """
    from evalkit.programmes import load_programme

    plan = load_programme(programme)
    console = open_console()
    print_line(console, f"{plan.title} (version {plan.version}, {plan.months:g} months)")
    print_line(console, plan.purpose)
    print_line(console, f"For: {plan.eligibility.words}")
    print_table(
        console,
        "Questions",
        [{"Question": one.id, "Asks": one.asks, "Estimator": one.estimator} for one in plan.questions],
    )
    print_table(
        console,
        "Files",
        [{"File": one.file, "Holds": one.title, "Needed": "no" if one.optional else "yes"} for one in plan.files],
    )
    print_line(console, f"To be settled: {', '.join(plan.to_settle()) or 'nothing'}.")


def check_programmes(*files: str) -> None:
    """Check programmes, and tell everything that is wrong with them at once.

    Parameters
    ----------
    *files : str
        YAML files, or names of programmes that evalkit has; without any, the whole library.
    """
    from evalkit.errors import Problem
    from evalkit.frames import require
    from evalkit.programmes import ProgrammeError, load_programme, read_programmes

    console = open_console()
    if not files:
        print_line(console, f"{len(read_programmes())} programmes are in order.")
        return
    problems: list[Problem] = []
    for file in files:
        try:
            plan = load_programme(file)
        except ProgrammeError as error:
            problems += error.problems
        else:
            print_line(console, f"{file}: in order ({len(plan.questions)} questions, {len(plan.files)} files).")
    require(problems, error=ProgrammeError)


def new(
    folder: Path,
    *,
    programme: str,
    organisation: str,
    platform: str = "limesurvey",
    start: str | None = None,
    contact: str = "",
    kept_for: str = "",
) -> None:
    """Make an evaluation folder for a programme: surveys, templates, analysis plan, privacy notice, README.

    Parameters
    ----------
    folder : pathlib.Path
        Where: not there yet, or empty.
    programme : str
        A programme that evalkit has, or the path of a YAML file.
    organisation : str
        Whose evaluation it is.
    platform : str, default "limesurvey"
        Where the surveys are answered: limesurvey, qualtrics, redcap, xlsform, surveyjs, html or word.
    start : str, optional
        Day of week 0, such as 2027-01-31.
    contact, kept_for : str, optional
        Whom people ask, and how long answers are kept, such as "two years".
    """
    from evalkit.programmes.folder_writing import new_folder

    made = new_folder(folder, programme, organisation, platform, start=start, contact=contact, kept_for=kept_for)
    console = open_console()
    count = len(made.programme.instrument_ids())
    print_line(console, f"Made: {folder} ({made.programme.title}; {count} surveys for {platform}).")
    print_line(console, f"Read {folder / 'README.md'} first. To rehearse: evalkit simulate {folder}")


def check_folder(folder: Path, *, day_first: bool | None = None) -> None:
    """Check an evaluation folder: all problems at once, or what there is and what can be answered.

    Parameters
    ----------
    folder : pathlib.Path
        Made by `evalkit new`.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2024; told from the files by default.
    """
    from evalkit.programmes.folder_reading import read_folder
    from evalkit.programmes.folders import open_folder

    opened = open_folder(folder)
    _tell(open_console(), opened, read_folder(opened, day_first=day_first))


def _tell(console: Console, folder: EvaluationFolder, data: FolderData) -> None:
    from evalkit.programmes.folder_checking import answerable

    print_line(console, f"{folder.path}: in order.{' Some of the data are synthetic.' if data.synthetic else ''}")
    rows = [
        {"Of": folder.programme.files_by_id[name].file, "Rows": f"{len(one):,}"} for name, one in data.files.items()
    ]
    rows += [{"Of": f"{use}.{wave}", "Rows": f"{len(one):,}"} for (use, wave), one in data.answers.items()]
    if rows:
        print_table(console, "Read", rows)
    for warning in data.warnings:
        print_line(console, f"Kept, but look: {warning}")
    if data.missing:
        print_table(
            console,
            "Not there",
            [
                {"What": one.name, "Needed": "no" if one.optional else "yes", "Without": one.without}
                for one in data.missing
            ],
        )
    found = answerable(folder, data)
    can, cannot = [one for one in found if one.can], [one for one in found if not one.can]
    if can:
        print_table(console, "Can be answered", [{"Question": one.question, "Asks": one.asks} for one in can])
    if cannot:
        print_table(console, "Cannot be answered", [{"Question": one.question, "Why": one.why_not} for one in cannot])


def simulate(folder: Path, *, people: int | None = None, seed: int = 1) -> None:
    """Fill an evaluation folder with synthetic data whose answers are known, to rehearse.

    Parameters
    ----------
    folder : pathlib.Path
        Made by `evalkit new`. Real data are never replaced.
    people : int, optional
        People of each party who start, 2 at least; as planned by default. For a whole organisation its posts, 200 at
        least and 2,000 by default.
    seed : int, default 1
        The same seed gives the same data.
    """
    from evalkit.programmes.folder_simulation import TRUTH, simulate_folder

    truth = simulate_folder(folder, people, seed)
    console = open_console()
    print_line(console, f"Written: synthetic data in {folder / 'data'} and {folder / 'responses'}")
    print_line(console, f"Known answers: {len(truth)}, in {folder / TRUTH}")
    print_line(console, f"Next: evalkit check {folder}, then evalkit report {folder}")


def withdraw(folder: Path, person: str) -> None:
    """Take a person out of every file of an evaluation folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made by `evalkit new`.
    person : str
        Code of the person.
    """
    from evalkit.programmes.folder_withdrawal import withdraw as taken_out

    done = taken_out(folder, person)
    console = open_console()
    if done.removed:
        print_table(console, "Taken out", [{"File": name, "Rows": rows} for name, rows in done.removed.items()])
    for line in done.kept:
        print_line(console, line)
    if done.still:
        print_line(console, f"The code still stands in {', '.join(done.still)}: look at these, and take it out there.")
    if done.again:
        print_line(console, f"Made before, to be made again with evalkit report: {', '.join(done.again)}")
    if done.beside:
        print_line(console, f"Take care: {done.beside}")
    print_line(
        console,
        "Copies elsewhere are not reached from here: the survey platform, the list of codes and names, backups, "
        "reports in other folders.",
    )
