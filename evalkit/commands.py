"""What the command line does. Each command is a plain function; `__main__` turns words into calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from evalkit import paths
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import csv_text, list_files, write_atomic
from evalkit.frames import Problems, require

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from evalkit.published.verdicts import Verdict

_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_INDEX = "index"
# Wide enough for a sentence in the last column when nobody looks at a terminal.
_WIDTH_OF_A_PIPE = 160


def report(*notebooks: str, to: Path = Path("outputs")) -> None:
    """Run the report notebooks and write one self-contained HTML file each, and an index.

    Parameters
    ----------
    *notebooks : str
        Names such as 01-published-evaluations, or paths of your own notebooks; without any, all that come with evalkit.
    to : pathlib.Path
        Folder for the HTML files.

    Raises
    ------
    DataError
        DAT-006 for a notebook that is not there, DAT-010 when two would be written to the same file.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from evalkit.report.layout import index_page
    from evalkit.report.origin import provenance
    from evalkit.report.rendering import render

    sources = _notebooks(notebooks)
    console = _console()
    entries = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        for source in sources:
            task = bar.add_task(source.stem, total=None)

            def step(done: int, total: int, task: int = task) -> None:
                bar.update(task, completed=done, total=total)  # type: ignore[arg-type]

            entries.append(render(source, to / f"{source.stem}.html", progress=step))
    write_atomic(to / f"{_INDEX}.html", index_page(entries, provenance(sources[0], sources, ["as in each report"], {})))
    for entry in entries:
        console.print(str(to / entry.file), markup=False, highlight=False, soft_wrap=True)
    console.print(f"Open {to / 'index.html'}", markup=False, highlight=False, soft_wrap=True)


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

    console = _console()
    if source is None:
        frame = list_sources()
        names = {"source": "Source", "title": "Title", "what_was_seen": "What was seen"}
        listing = frame.to_dict("records")
        _print_table(console, "Published evaluations", [{names[key]: row[key] for key in names} for row in listing])
        _write(console, csv, frame)
        return
    frame = recompute(source)
    rows = frame.assign(recomputed=frame["recomputed"].map(lambda value: number(value, 4))).to_dict("records")
    shown = ("row", "statistic", "published", "recomputed", "verdict", "how")
    _print_table(console, source, [{name.capitalize(): row[name] for name in shown} for row in rows])
    for verdict, found in frame["verdict"].value_counts(sort=False).items():
        if found:
            meaning = MEANING[cast("Verdict", verdict)]
            console.print(f"{found:>4} {verdict}: {meaning}", markup=False, highlight=False)
    _write(console, csv, frame)


def plain(text: str) -> str:
    r"""Take out of a text what would steer a terminal.

    Parameters
    ----------
    text : str
        Perhaps from a file of somebody else.

    Returns
    -------
    str
        The same with a question mark for each control character but the line feed.

    Examples
    --------
    >>> plain("a\x1b[31mb")
    'a?[31mb'
    """
    return _STEERING.sub("?", text)


def _write(console: Console, csv: Path | None, frame: pd.DataFrame) -> None:
    if csv is not None:
        write_atomic(csv, csv_text(frame))
        console.print(f"Written: {csv}", markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_A_PIPE)


def _print_table(console: Console, title: str, rows: Sequence[Mapping[str, object]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(plain(title)), title_justify="left")
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(str(value))) for value in row.values()))
    console.print(table)


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
    if problems:
        raise DataError(problems)
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
