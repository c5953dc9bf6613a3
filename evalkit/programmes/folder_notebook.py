"""The notebook of an evaluation folder: the report part by part, for those who want to look closer or add to it."""

from __future__ import annotations

import json

from evalkit.programmes.folder_words import escaped
from evalkit.programmes.model import Programme

_BOARD, _CLOSING = "Summary for the board", ("Missing data", "What could not be answered")


def notebook_text(programme: Programme) -> str:
    """Write the notebook.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    str
        JSON of a notebook without outputs. It makes the report once and shows it question by question, so it says what
        `evalkit report` says.
    """
    cells = [
        _text(
            f"# {escaped(programme.title)}",
            "The report of this folder, question by question. What is shown has passed the disclosure profile, as in "
            "the pages that `evalkit report` writes; `data` below has not, and stays on your computer.",
        ),
        _code(
            "from evalkit.programmes.folder_reading import read_folder",
            "from evalkit.report.programme_folder import folder_report",
            "from evalkit.report.programme_html import part",
            "from evalkit.report.programme_sheets import report_tables",
            "",
            'data = read_folder(".")',
            'report = folder_report(".")',
        ),
        _text("## What there is", "Files and waves of answers, and what is missing."),
        _code("sorted(data.files), sorted('.'.join(name) for name in data.answers)"),
        _code("[(one.name, one.without) for one in data.missing]"),
    ]
    for title in (_BOARD, *dict.fromkeys(one.asks for one in programme.questions), *_CLOSING):
        cells += [_text(f"## {escaped(title)}"), _code(f"part(report, {json.dumps(title, ensure_ascii=False)})")]
    cells += [
        _text("## Your own tables and figures", "The released numbers behind the report, as frames, by their names."),
        _code("tables = dict(report_tables(report))", "list(tables)"),
        _text("The report has more parts: `part(report, HEADING)` shows each of them."),
        _code("[section.title for section in report.sections]"),
    ]
    book = {
        "cells": [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells, start=1)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _text(*lines: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": "\n\n".join(lines)}


def _code(*lines: str) -> dict[str, object]:
    return {
        "cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": "\n".join(lines),
    }  # fmt: skip
