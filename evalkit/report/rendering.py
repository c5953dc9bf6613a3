"""`render`: run a notebook from the first cell to the last and write it as one accessible HTML file."""

from __future__ import annotations

import ast
import asyncio
import hmac
import os
import secrets
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import paths
from evalkit.disclosure import breaches, load_profile
from evalkit.errors import DataError, DisclosureError, Problem, ReportError, did_you_mean
from evalkit.files import list_files, read_text, write_atomic
from evalkit.frames import Problems, require
from evalkit.report.layout import Entry, first_heading_problem, page
from evalkit.report.origin import provenance, report_date
from evalkit.report.released_tables import leaks
from evalkit.report.showing import MARK, TOKEN, sign

PARAMETERS = "parameters"
INJECTED = "injected"
_CELL_SECONDS = 600

Progress = Callable[[int, int], None]


def render(
    notebook: str | Path,
    out: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    progress: Progress | None = None,
) -> Entry:
    """Execute a notebook and write it as one self-contained HTML file.

    Parameters
    ----------
    notebook : str or pathlib.Path
        A notebook with one cell tagged `parameters`.
    out : str or pathlib.Path
        The HTML file; it is replaced only when everything went well.
    parameters : mapping of str to object, optional
        Literals that replace those of the parameters cell.
    progress : callable, optional
        Called with the number of cells done and of all cells.

    Returns
    -------
    Entry
        Name, title and first paragraph, for an index.

    Raises
    ------
    DataError
        DAT-001 or DAT-008 when the notebook cannot be read, DAT-004 when it is not a notebook or SOURCE_DATE_EPOCH is
        not a number, DAT-009 for a parameter that is not a literal.
    ReportError
        REP-001 when a cell fails, REP-002 for a parameter that the notebook does not have, REP-003 when the notebook
        is not built as a report, REP-004 when the file cannot be written.
    DisclosureError
        DIS-002 when an output did not come through `show`, DIS-004 when a released table breaks its profile, DIS-005
        when something withheld can be worked out from all tables together.
    """
    source, target = Path(notebook), Path(out)
    report_date()  # a minute later would be late to say that it cannot be read
    book = _read(source)
    _inject(book, source.name, parameters or {})
    token = secrets.token_hex(16)
    _execute(book, source, token, progress or _silent)
    registered = _registered(book, source.name, token)
    _audit(registered, source.name, token)
    footer = provenance(source, _data_files(), [str(mark["profile"]) for mark in registered], parameters or {})
    html, title, summary = page(book.cells, footer)
    wrong = first_heading_problem(html)
    if wrong is not None:
        raise ReportError(
            Problem(
                "REP-003",
                f'{source.name}, heading "{wrong}"',
                "a heading out of order",
                "one # heading, then ## and ### without a gap",
                "Change its level.",
            )
        )
    write_atomic(target, html)
    return Entry(target.name, title, summary)


def _silent(_done: int, _total: int) -> None:
    """Report to nobody."""


def _data_files() -> list[Path]:
    folder = paths.resource("data")
    return [path for part in sorted(folder.iterdir()) if part.is_dir() for path in list_files(part, ["*.csv"])]


def _read(path: Path) -> Any:
    import nbformat

    text = read_text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id, as older notebooks have them
            book = nbformat.reads(text, as_version=4)
            nbformat.validate(book)
    except (nbformat.ValidationError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DataError(
            Problem("DAT-004", path.name, "text that is not a notebook", "a Jupyter notebook", "Save it again.")
        ) from error
    return book


def _inject(book: Any, name: str, parameters: Mapping[str, object]) -> None:
    """Put the given parameters behind the parameters cell, which must already have them."""
    import nbformat

    tagged = [
        at
        for at, cell in enumerate(book.cells)
        if cell.cell_type == "code" and PARAMETERS in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        raise ReportError(
            Problem(
                "REP-003",
                name,
                f'{len(tagged)} code cells tagged "{PARAMETERS}"',
                "exactly one",
                "Tag the cell of literals near the top.",
            )
        )
    known = set(_assigned(book.cells[tagged[0]].source, name))
    require(_not_literal(parameters))
    unknown = [key for key in parameters if key not in known]
    if unknown:
        raise ReportError(
            Problem(
                "REP-002",
                f"{name}, parameter {key}",
                "no such name in the parameters cell",
                "one that it assigns",
                did_you_mean(key, known),
            )
            for key in unknown
        )
    if parameters:
        lines = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
        book.cells.insert(tagged[0] + 1, nbformat.v4.new_code_cell(lines, metadata={"tags": [INJECTED]}))


def _not_literal(parameters: Mapping[str, object]) -> Problems:
    """Find the values that could not be written into a cell and read again."""
    problems: Problems = []
    for key, value in parameters.items():
        try:
            same = ast.literal_eval(repr(value)) == value
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            same = False
        if not same:
            problems.append(
                Problem(
                    "DAT-009",
                    f"parameter {key}",
                    f"a {type(value).__name__}",
                    "text, a number, True, False, None, or a list, tuple or dict of them",
                    "Give it as it would stand in the parameters cell.",
                )
            )
    return problems


def _assigned(source: str, name: str) -> Iterator[str]:
    try:
        nodes = ast.parse(source).body
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ReportError(
            Problem(
                "REP-003",
                f"{name}, parameters cell, line {line}",
                "text that is not Python",
                "names and their literals, one a line",
                "Mend it in JupyterLab.",
            )
        ) from error
    for node in nodes:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _execute(book: Any, source: Path, token: str, progress: Progress) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    class OwnPython(KernelSpecManager):  # type: ignore[misc]
        """Whatever kernels a laptop has registered, a report runs on the Python that renders it."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    run = _Run(sum(_runs(cell) for cell in book.cells), progress)
    client = NotebookClient(
        book,
        km=AsyncKernelManager(kernel_spec_manager=OwnPython()),
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(source.resolve().parent)}},
        on_notebook_start=run.listen,
        on_cell_start=run.begin,
        on_cell_executed=run.count,
    )
    try:
        # The manager is ours, so the kernel would be left running if we did not ask for its end.
        client.execute(env=_environment(token), cleanup_kc=True)
    except CellExecutionError as error:
        raise ReportError(_failed(book, source.name, f"{error.ename}: {error.evalue}", run.running)) from error
    except CellTimeoutError as error:
        raise ReportError(_failed(book, source.name, f"no end within {_CELL_SECONDS} seconds", run.running)) from error
    except (RuntimeError, asyncio.CancelledError) as error:
        if run.stopped:
            raise KeyboardInterrupt from None
        what = "its Python process ended" if isinstance(error, DeadKernelError) else str(error)
        raise ReportError(_failed(book, source.name, what, run.running)) from error


@dataclass(slots=True)
class _Run:
    """How far a notebook is; its methods are hooks of nbclient."""

    total: int
    progress: Progress
    done: int = 0
    running: int = 0
    stopped: bool = False

    def listen(self, **_: object) -> None:
        """Let an interrupt end the run, which ends the kernel; what nbclient would do instead fails on its way out."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            self.stopped = True
            if task is not None:
                task.cancel()

        for asked in (signal.SIGINT, signal.SIGTERM):
            # Windows, or a thread beside the main one, has no such handlers.
            with suppress(RuntimeError, ValueError):
                loop.add_signal_handler(asked, stop)

    def begin(self, cell_index: int, **_: object) -> None:
        self.running = cell_index

    def count(self, **_: object) -> None:
        self.done += 1
        self.progress(self.done, self.total)


def _runs(cell: Any) -> bool:
    return (
        cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in cell.metadata.get("tags", [])
    )


def _environment(token: str) -> dict[str, str]:
    package_parent = str(Path(paths.__file__).resolve().parent.parent)
    search = os.pathsep.join(part for part in (package_parent, os.environ.get("PYTHONPATH", "")) if part)
    fixed = {"PYTHONHASHSEED": "0", "MPLBACKEND": "agg", "PYTHONPATH": search, TOKEN: token}
    return {**os.environ, **fixed}


def _failed(book: Any, name: str, what: str, running: int) -> Problem:
    place = f"{name}, cell {list(_positions(book))[running][0]}"
    return Problem("REP-001", place, what, "a cell that runs", "Mend it in JupyterLab; the old report is still there.")


def _positions(book: Any) -> Iterator[tuple[int, Any]]:
    """Number the cells as their author sees them: what was injected belongs to the parameters cell."""
    position = 0
    for cell in book.cells:
        position += INJECTED not in cell.metadata.get("tags", [])
        yield position, cell


def _registered(book: Any, name: str, token: str) -> Sequence[Mapping[str, Any]]:
    """Collect what `show` registered and refuse anything else that would be published."""
    found, problems = [], []
    for position, cell in _positions(book):
        for output in cell.outputs if cell.cell_type == "code" else []:
            if output.output_type == "stream" and output.name == "stderr":
                continue  # warnings are for the person at the desk: they are never published
            mark = output.get("metadata", {}).get(MARK)
            if _is_ours(mark, output, token):
                found.append(mark)
                continue
            kind = output.get("name") or ", ".join(output.get("data", {})) or output.output_type
            problems.append(
                Problem(
                    "DIS-002",
                    f"{name}, cell {position}",
                    f"an output of its own ({kind})",
                    "only what show() put out",
                    "Write show(...) instead, or end the line with a semicolon.",
                )
            )
    if problems:
        raise DisclosureError(problems)
    return found


def _is_ours(mark: object, output: Mapping[str, Any], token: str) -> bool:
    if not isinstance(mark, Mapping):
        return False
    theirs = str(mark.get("signature")).encode("utf-8", errors="replace")
    return hmac.compare_digest(theirs, sign(output.get("data", {}), mark, token).encode())


def _audit(registered: Sequence[Mapping[str, Any]], name: str, token: str) -> None:
    """Check all released counts against the rules under which they were released, and attack the tables together."""
    problems = [
        Problem(
            "DIS-004",
            f'{name}, "{mark["title"]}", column {column}',
            f"{int(wrong.sum())} counts that the profile {mark['profile']} does not let through",
            "counts at or above its threshold, rounded as it says",
            "Report this as a fault of evalkit.",
        )
        for mark in registered
        for column, values in mark["counts"].items()
        if (
            wrong := breaches(
                [float("nan") if value is None else value for value in values],
                load_profile(str(mark["profile"])),
                steps=bool(mark["steps"]),
            )
        ).any()
    ]
    problems += leaks(registered, name, token)
    if problems:
        raise DisclosureError(problems)
