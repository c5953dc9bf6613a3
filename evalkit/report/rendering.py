"""`render`: run a notebook from the first cell to the last and write it as one accessible HTML file."""

from __future__ import annotations

import ast
import hmac
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit import paths
from evalkit.disclosure import breaches, load_profile
from evalkit.errors import DataError, DisclosureError, Problem, ReportError, did_you_mean
from evalkit.files import list_files, read_text, write_atomic
from evalkit.report.page import Entry, first_heading_problem, page
from evalkit.report.provenance import provenance
from evalkit.report.showing import MARK, TOKEN, sign

PARAMETERS = "parameters"
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
        DAT-001 when the notebook cannot be read, DAT-004 when it is not a notebook.
    ReportError
        REP-001 when a cell fails, REP-002 for a parameter that the notebook does not have, REP-003 when the notebook
        is not built as a report, REP-004 when the file cannot be written.
    DisclosureError
        DIS-002 when an output did not come through `show`, DIS-004 when a released table breaks its profile.
    """
    source, target = Path(notebook), Path(out)
    book = _read(source)
    _inject(book, source.name, parameters or {})
    token = secrets.token_hex(16)
    _execute(book, source, token, progress or _silent)
    registered = _registered(book, source.name, token)
    _audit(registered, source.name)
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

    try:
        return nbformat.reads(read_text(path), as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError, KeyError) as error:
        raise DataError(
            Problem("DAT-004", path.name, "text that is not a notebook", "a Jupyter notebook", "Save it again.")
        ) from error


def _inject(book: Any, name: str, parameters: Mapping[str, object]) -> None:
    """Put the given parameters behind the parameters cell, which must already have them."""
    import nbformat

    tagged = [at for at, cell in enumerate(book.cells) if PARAMETERS in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ReportError(
            Problem(
                "REP-003",
                name,
                f'{len(tagged)} cells tagged "{PARAMETERS}"',
                "exactly one",
                "Tag the cell of literals near the top.",
            )
        )
    known = set(_assigned(book.cells[tagged[0]].source))
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
        book.cells.insert(tagged[0] + 1, nbformat.v4.new_code_cell(lines, metadata={"tags": ["injected"]}))


def _assigned(source: str) -> Iterator[str]:
    for node in ast.parse(source).body:
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
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    code = [cell for cell in book.cells if cell.cell_type == "code"]
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        progress(done, len(code))

    for cell in code:
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        book,
        km=AsyncKernelManager(kernel_spec_manager=OwnPython()),
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(source.resolve().parent)}},
        on_cell_executed=count,
    )
    try:
        client.execute(env=_environment(token))
    except CellExecutionError as error:
        raise ReportError(_failed(book, source.name, f"{error.ename}: {error.evalue}")) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise ReportError(_failed(book, source.name, type(error).__name__)) from error


def _environment(token: str) -> dict[str, str]:
    package_parent = str(Path(paths.__file__).resolve().parent.parent)
    search = os.pathsep.join(part for part in (package_parent, os.environ.get("PYTHONPATH", "")) if part)
    fixed = {"PYTHONHASHSEED": "0", "MPLBACKEND": "agg", "PYTHONPATH": search, TOKEN: token}
    return {**os.environ, **fixed}


def _failed(book: Any, name: str, what: str) -> Problem:
    at = next(
        (
            position
            for position, cell in enumerate(book.cells, start=1)
            if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs)
        ),
        None,
    )
    place = name if at is None else f"{name}, cell {at}"
    return Problem("REP-001", place, what, "a cell that runs", "Mend it in JupyterLab; the old report is still there.")


def _registered(book: Any, name: str, token: str) -> Sequence[Mapping[str, Any]]:
    """Collect what `show` registered and refuse anything else that would be published."""
    found, problems = [], []
    for position, cell in enumerate(book.cells, start=1):
        for output in cell.outputs if cell.cell_type == "code" else []:
            if output.output_type == "stream" and output.name == "stderr":
                continue  # warnings are for the person at the desk: they are never published
            mark = output.get("metadata", {}).get(MARK)
            if mark is not None and hmac.compare_digest(str(mark.get("signature")), sign(output["data"], token)):
                found.append(mark)
                continue
            kind = output.get("name") or ", ".join(output.get("data", {}))
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


def _audit(registered: Sequence[Mapping[str, Any]], name: str) -> None:
    """Check all released counts against the rules under which they were released."""
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
                [float("nan") if value is None else value for value in values], load_profile(str(mark["profile"]))
            )
        ).any()
    ]
    if problems:
        raise DisclosureError(problems)
