from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.instruments.tree import line_of
from evalkit.paths import resource
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.model import Programme
from evalkit.programmes.reading import programme_from_text

Refused = Callable[[str], list[tuple[str, int]]]


@pytest.fixture(scope="session")
def template_text() -> str:
    return (resource("programmes") / "_template.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def template(template_text: str) -> Programme:
    return programme_from_text(template_text, "_template.yaml")


@pytest.fixture
def refused() -> Refused:
    """Code and line of every problem of a text; empty when it is right."""

    def read(text: str) -> list[tuple[str, int]]:
        try:
            programme_from_text(text, "_template.yaml")
        except ProgrammeError as error:
            return [(problem.code, line_of(problem)) for problem in error.problems]
        return []

    return read


@pytest.fixture
def programmes() -> Path:
    return resource("programmes")
