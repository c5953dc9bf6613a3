"""Where things are: in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit import paths


@pytest.mark.parametrize("name", ["surveys", "programmes", "data", "notebooks"])
def test_a_checkout_keeps_its_folders_at_the_top(name: str):
    assert paths.resource(name) == Path(__file__).resolve().parents[2] / name


def test_an_installed_evalkit_looks_inside_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(paths, "_CHECKOUT", tmp_path)
    assert not paths.is_checkout()
    assert paths.checkout() is None
    assert paths.resource("data") == Path(paths.__file__).parent / "resources" / "data"


def test_a_folder_is_a_checkout_only_with_both_marks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(paths, "_CHECKOUT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert not paths.is_checkout()
    (tmp_path / "notebooks").mkdir()
    assert paths.is_checkout()
    assert paths.checkout() == tmp_path


def test_templates_travel_with_the_package():
    assert {path.name for path in paths.templates().iterdir()} >= {"layout.html.j2", "report.html.j2", "index.html.j2"}
