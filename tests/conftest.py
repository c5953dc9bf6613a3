"""What several kinds of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from evalkit import commands

# The same examples every time, and no clock: a slow machine is not a fault. --hypothesis-seed searches further.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


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
