"""The notebook of an evaluation folder: the steps of the report, for those who want to look closer."""

from __future__ import annotations

import json

from evalkit.programmes.folder_words import escaped
from evalkit.programmes.model import Programme


def notebook_text(programme: Programme) -> str:
    """Write the notebook.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    str
        JSON of a notebook without outputs.
    """
    cells = [
        _text(f"# {escaped(programme.title)}", "The folder is opened and its data are read."),
        _code(
            "from evalkit.programmes.folder_reading import read_folder",
            "from evalkit.programmes.folders import open_folder",
            "",
            'folder = open_folder(".")',
            "data = read_folder(folder)",
        ),
        _text("## What there is", "Files and waves of answers with their rows, and what is missing."),
        _code(
            "{name: len(frame) for name, frame in data.files.items()}",
        ),
        _code("{'.'.join(name): len(frame) for name, frame in data.answers.items()}"),
        _code("[(one.name, one.without) for one in data.missing]"),
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
