"""What several kinds of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit import commands


@pytest.fixture(scope="session")
def project() -> Path:
    """Give the top level of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render all reports once, as `make report` does, and give the folder."""
    folder = tmp_path_factory.mktemp("outputs")
    commands.report(to=folder)
    return folder
