"""The tree is in order: no machine's paths, no large files, no generated files, no lock with addresses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

LARGEST = 2 * 1024 * 1024
FORBIDDEN_FILES = re.compile(r"(^|/)(uv\.lock|pylock\.toml|package-lock\.json|outputs/|node_modules/|__pycache__/)")
FORBIDDEN_TEXT = re.compile(
    r"(?<![\w./])/(home|root|Users|work|opt)/\w|[A-Z]:\\\\?Users\\\\?\w|--(extra-)?index-url|\"resolved\":", re.ASCII
)
NOT_IN_PACKAGE = {"utils", "helpers", "misc", "base", "common"}


@pytest.fixture(scope="module")
def tracked(project: Path) -> list[Path]:
    names = subprocess.run(
        ["git", "-C", str(project), "ls-files", "-z"], check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return [project / name for name in names if name and (project / name).is_file()]


def offending_lines(text: str) -> list[str]:
    return [line.strip()[:120] for line in text.splitlines() if FORBIDDEN_TEXT.search(line)]


def test_no_file_is_large_or_generated(tracked: list[Path], project: Path) -> None:
    names = [path.relative_to(project).as_posix() for path in tracked]
    assert len(names) > 50
    assert [name for name in names if FORBIDDEN_FILES.search(name)] == []
    assert [path.name for path in tracked if path.stat().st_size > LARGEST] == []


def test_no_file_is_a_link(project: Path) -> None:
    """A link leads elsewhere on other machines, or round and round."""
    listed = subprocess.run(
        ["git", "-C", str(project), "ls-files", "--stage"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(listed) > 50
    assert [line for line in listed if line.startswith("120000")] == []


def test_no_path_of_a_machine_and_no_index_address(tracked: list[Path]) -> None:
    found = {}
    for path in tracked:
        if path == Path(__file__).resolve():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if lines := offending_lines(text):
            found[path.name] = lines
    assert found == {}


@pytest.mark.parametrize(
    "line", ["/home/" + "someone/data.csv", "see /work/" + "main/x", "C:\\Users\\" + "me", "pip --index-" + "url x"]
)
def test_the_check_notices_a_path(line: str) -> None:
    assert offending_lines(line)


def test_no_module_is_a_rag_bag(tracked: list[Path]) -> None:
    assert [path.name for path in tracked if "evalkit" in path.parts and path.stem in NOT_IN_PACKAGE] == []


def test_no_module_shares_its_name_with_a_function_that_it_exports(tracked: list[Path]) -> None:
    shared = [
        path.name
        for path in tracked
        if path.suffix == ".py"
        and "evalkit" in path.parts
        and re.search(rf"^def {re.escape(path.stem)}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert shared == []
