"""Every report notebook is built as a report, and what nbval compares is there to be compared."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

CHECKED = {"nbval-check-output", "keep_output"}
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
REPORTS = [path for path in NOTEBOOKS if path.name[0].isdigit()]


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def problems(book: Any) -> list[str]:
    found = []
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    checked = [cell for cell in code if tags(cell) & CHECKED]
    if sum("parameters" in tags(cell) for cell in code) != 1:
        found.append("not exactly one parameters cell")
    if not checked:
        found.append("no checked cell")
    for cell in code:
        if any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.walk(ast.parse(cell.source))):
            found.append("a def or class: move it into evalkit")
        if tags(cell) & CHECKED:
            if tags(cell) & CHECKED != CHECKED:
                found.append("a checked cell needs both tags")
            if not any(output.get("data", {}).get("text/plain") for output in cell.outputs):
                found.append("a checked cell without stored output compares nothing")
            if cell.execution_count is None:
                found.append("a checked cell without execution count")
        elif cell.outputs:
            found.append("stored output that nothing checks")
    headings = [line for cell in book.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    found += [
        f"no section {wanted!r}"
        for wanted in ("## Data and who was left out", "## Method", "## Limits", "## Key figures", "## Answer")
        if wanted not in headings
    ]
    return found


def literals_only(book: Any) -> bool:
    (cell,) = [cell for cell in book.cells if "parameters" in tags(cell)]
    body = ast.parse(cell.source).body
    return all(isinstance(node, ast.Assign) and _is_literal(node.value) for node in body)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_notebook_is_built_as_a_report(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    assert problems(book) == []
    assert literals_only(book)


def test_there_are_reports_and_a_template() -> None:
    assert REPORTS
    assert "_template.ipynb" in {path.name for path in NOTEBOOKS}


def test_the_template_stores_nothing() -> None:
    book = nbformat.read(NOTEBOOKS[0].with_name("_template.ipynb"), as_version=4)
    assert literals_only(book)
    assert not any(cell.get("outputs") for cell in book.cells)


def test_the_check_notices_a_checked_cell_without_output() -> None:
    book = nbformat.read(REPORTS[0], as_version=4)
    for cell in book.cells:
        if "nbval-check-output" in tags(cell):
            cell.outputs = []
    assert "a checked cell without stored output compares nothing" in problems(book)


def test_the_check_notices_stored_output_that_nothing_checks() -> None:
    book = nbformat.read(REPORTS[0], as_version=4)
    plain = next(cell for cell in book.cells if cell.cell_type == "code" and not tags(cell))
    plain.outputs = [nbformat.v4.new_output("stream", text="x")]
    assert "stored output that nothing checks" in problems(book)
