"""Dependencies stand in pyproject.toml only; the lock and environment.yml agree with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

CARD = {"jupyterlab", "pandas", "statsmodels", "seaborn", "lifelines", "pingouin", "pytest", "nbval"}


@pytest.fixture(scope="module")
def declared(project: Path) -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return settings


@pytest.fixture(scope="module")
def locked(project: Path) -> list[tuple[Requirement, int]]:
    """Give each pinned requirement with the number of its hashes."""
    text = (project / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    return [(Requirement(block.split("\\")[0].strip()), block.count("--hash=sha256:")) for block in blocks]


def requirements(declared: dict[str, Any]) -> list[Requirement]:
    return [Requirement(line) for line in declared["dependencies"] + declared["optional-dependencies"]["dev"]]


def test_the_card_is_declared_with_bounds(declared: dict[str, Any]) -> None:
    bounds = {requirement.name: str(requirement.specifier) for requirement in requirements(declared)}
    assert set(bounds) >= CARD
    assert ">=0.30.3" in bounds["lifelines"]
    assert "<3" in bounds["pandas"]
    assert "<3.13" in bounds["matplotlib"]
    assert declared["requires-python"] == ">=3.11"


def test_the_lock_has_every_dependency_within_its_bounds(
    declared: dict[str, Any], locked: list[tuple[Requirement, int]]
) -> None:
    pinned: dict[str, list[str]] = {}
    for requirement, _ in locked:
        (pin,) = requirement.specifier
        pinned.setdefault(canonicalize_name(requirement.name), []).append(pin.version)
    for requirement in requirements(declared):
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in requirements.lock: run make lock"
        assert all(requirement.specifier.contains(Version(version)) for version in versions), requirement


def test_the_lock_is_pinned_hashed_and_names_no_index(project: Path, locked: list[tuple[Requirement, int]]) -> None:
    assert len(locked) > 100
    for requirement, hashes in locked:
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement
        assert hashes > 0, requirement
    text = (project / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|file:", text)


def test_environment_yml_takes_everything_from_pyproject(project: Path, declared: dict[str, Any]) -> None:
    environment = YAML(typ="safe").load((project / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (from_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert plain == [f"python{declared['requires-python']}", "pip"]
    assert from_pip == ["--editable .[dev]"]
    assert environment["name"] == declared["name"]


def test_npm_packages_are_pinned_without_a_lock(project: Path) -> None:
    import json

    packages = json.loads((project / "tests" / "browser" / "package.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages["dependencies"].values())
    assert not (project / "tests" / "browser" / "package-lock.json").exists()
