"""The wheel holds everything, and what it installs renders in a new environment without the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project)]
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True, text=True, timeout=300)
    (built,) = folder.glob("evalkit-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a new environment with the wheel; the dependencies are lent by the environment that runs the tests."""
    home = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=120)
    python = next(path for path in (home / "bin" / "python", home / "Scripts" / "python.exe") if path.exists())
    query = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = Path(subprocess.run([python, "-c", query], check=True, capture_output=True, text=True).stdout.strip())
    words = ["pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True, text=True, timeout=300)
    lent = sysconfig.get_paths()["purelib"]
    (site / "lent.pth").write_text(lent + "\n", encoding="utf-8")
    return python


def test_the_wheel_holds_what_must_travel(wheel: Path, project: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    folders = {
        "surveys": "evalkit/resources/surveys",
        "programmes": "evalkit/resources/programmes",
        "data": "evalkit/resources/data",
        "notebooks": "evalkit/resources/notebooks",
        "evalkit/report/templates": "evalkit/report/templates",
    }
    tracked = subprocess.run(
        ["git", "-C", str(project), "ls-files", *folders], check=True, capture_output=True, text=True
    ).stdout.split("\n")
    expected = {
        path.replace(source, target, 1)
        for path in tracked
        for source, target in folders.items()
        if path.startswith(f"{source}/")
    }
    assert len(expected) > 20
    assert expected - names == set()
    assert "evalkit/py.typed" in names


def test_an_installed_evalkit_renders_without_the_checkout(installed: Path, tmp_path: Path, project: Path) -> None:
    where = subprocess.run(
        [installed, "-c", "import evalkit.paths as p; print(p.__file__, p.checkout())"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    ).stdout
    assert str(project) not in where
    assert where.strip().endswith("None")
    done = subprocess.run(
        [installed, "-m", "evalkit", "report", "--to", "out"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "out" / "01-published-evaluations.html").read_text(encoding="utf-8")
    assert "none (installed package)" in html
    assert "zhang2019" in html
    listed = subprocess.run(
        [installed, "-m", "evalkit", "reproduce"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert "ong2018" in listed
