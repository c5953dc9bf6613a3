"""The commands for the standard inputs of the workforce: check a folder, and start one from templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evalkit.commands.console import open_console, print_line, print_table
from evalkit.commands.programmes import check_folder
from evalkit.errors import DataError, Problem

if TYPE_CHECKING:
    from rich.console import Console

    from evalkit.equality.inputs import Workforce


def check(
    folder: Path, *, day_first: bool | None = None, allow_gaps: bool = False, mappings: Path | None = None
) -> None:
    """Check an evaluation folder or one of workforce files: all problems at once, or what can be computed from it.

    Parameters
    ----------
    folder : pathlib.Path
        Made by `evalkit new`; or holds staff-in-post and, if you have them, the other files of `evalkit
        workforce-templates`.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2024; told from the files by default.
    allow_gaps : bool, default False
        Warn of years that are missing from a series, in place of refusing them.
    mappings : pathlib.Path, optional
        Folder with mapping tables of your own for workforce files: any of ethnicity.csv, bands.csv, staff_groups.csv,
        exit_types.csv, survey_questions.csv.

    Raises
    ------
    DataError
        DAT-001 for a folder that holds nothing to check, DAT-009 for mappings beside an evaluation folder; else every
        problem of every table and file.
    """

    def workforce() -> None:
        from evalkit.equality.inputs import read_workforce
        from evalkit.equality.mappings import read_mappings

        own = None if mappings is None else read_mappings(mappings)
        read = read_workforce(folder, mappings=own, day_first=day_first, allow_gaps=allow_gaps)
        _tell(open_console(), folder, read)

    def evaluation() -> None:
        if mappings is not None:
            what = "a folder of mapping tables beside an evaluation folder"
            remedy = "Leave --mappings out; it is for workforce files."
            raise DataError(Problem("DAT-009", "--mappings", what, "none", remedy))
        check_folder(folder, day_first=day_first)

    # What a folder can hold: whether it does, and how that is checked. The first that fits counts.
    kinds: tuple[tuple[Callable[[Path], bool], Callable[[], None]], ...] = (
        (holds_evaluation, evaluation),
        (holds_workforce, workforce),
    )
    for holds, run in kinds:
        if holds(folder):
            run()
            return
    found = "no folder" if not folder.is_dir() else "a folder without workforce files"
    remedy = "Check the name, or start with evalkit new or evalkit workforce-templates."
    expected = "a folder with evaluation.yaml, staff-in-post.csv or .xlsx"
    raise DataError(Problem("DAT-001", str(folder), found, expected, remedy))


def holds_evaluation(folder: Path) -> bool:
    """Tell whether a folder is one that `evalkit new` made.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.

    Returns
    -------
    bool
        False for none, and for what is no folder.
    """
    return (folder / "evaluation.yaml").is_file()


def holds_workforce(folder: Path) -> bool:
    """Tell whether a folder holds a file of the standard inputs.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.

    Returns
    -------
    bool
        False for none, and for what is no folder.
    """
    from evalkit.equality.workforce_files import files_of

    return folder.is_dir() and bool(files_of(folder)[0])


def _tell(console: Console, folder: Path, workforce: Workforce) -> None:
    from evalkit.equality.computability import computable

    rows = [
        {"File": name.replace("_", "-"), "Rows": f"{len(frame):,}", "Columns": len(frame.columns)}
        for name, frame in workforce.frames.items()
    ]
    print_line(console, f"{folder}: in order.")
    print_table(console, "Read", rows)
    for warning in workforce.warnings:
        print_line(console, f"Kept, but look: {warning}")
    found = computable(workforce.frames, ethnicity=workforce.mappings.get("ethnicity"))
    can, cannot = found[found["computable"]], found[~found["computable"]]
    print_table(
        console,
        "Can be computed",
        [
            {"Indicator": row["indicator"], "Of": row["framework"], "What": row["title"]}
            for row in can.to_dict("records")
        ],
    )
    if len(cannot):
        print_table(
            console,
            "Cannot be computed",
            [
                {"Indicator": row["indicator"], "Of": row["framework"], "Why": row["why_not"]}
                for row in cannot.to_dict("records")
            ],
        )


def templates(folder: Path, *, form: Literal["xlsx", "csv"] = "xlsx") -> None:
    """Write an empty file for each standard input of the workforce, with what each column holds.

    Parameters
    ----------
    folder : pathlib.Path
        Where; made when it is not there. Files that are there are never replaced.
    form : {"xlsx", "csv"}, default "xlsx"
        Workbooks with drop-downs, or CSV files with a header only.
    """
    from evalkit.equality.templates import write_templates

    console = open_console()
    for path in write_templates(folder, form=form):
        print_line(console, f"Written: {path}")
    print_line(console, f"Fill them in, delete those that you do not need, then: evalkit check {folder}")
