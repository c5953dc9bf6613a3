"""The HTML works in a real browser, reaches no network and passes axe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.browser


def look_at(page: Path) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    missing = [
        name
        for name, there in {
            "chromium": chromium,
            "node": node,
            "npm install --prefix tests/browser --no-package-lock": (HERE / "node_modules" / "axe-core").is_dir(),
        }.items()
        if not there
    ]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)}")
    if missing:
        pytest.skip(f"a laptop without {', '.join(missing)}; CI runs it always")
    words = [str(node), str(HERE / "check_page.mjs"), str(chromium), str(page)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


@pytest.fixture(scope="module", params=["index.html", "01-published-evaluations.html"])
def facts(request: pytest.FixtureRequest, rendered: Path) -> dict[str, Any]:
    return look_at(rendered / request.param)


def test_it_asks_the_network_for_nothing(facts: dict[str, Any]) -> None:
    assert facts["asked"] == []
    assert facts["complaints"] == []


def test_axe_finds_no_violation(facts: dict[str, Any]) -> None:
    assert facts["violations"] == []


def test_headings_are_in_order_and_pictures_have_words(facts: dict[str, Any]) -> None:
    levels = facts["headings"]
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(picture["alt"] and picture["width"] > 0 for picture in facts["pictures"])
    assert facts["overflow"] <= 0


def test_the_report_holds_its_tables_and_figures(rendered: Path) -> None:
    facts = look_at(rendered / "01-published-evaluations.html")
    assert facts["title"] == "Published evaluations recomputed"
    assert facts["tables"] >= 20
    assert len(facts["pictures"]) >= 8


def test_the_checks_notice_a_bad_page(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!DOCTYPE html><html><head></head><body><img src="https://example.invalid/a.png"><h3>Late</h3></body></html>',
        encoding="utf-8",
    )
    facts = look_at(bad)
    assert facts["asked"] == ["https://example.invalid/a.png"]
    assert {"image-alt", "document-title", "html-has-lang"} <= {rule["id"] for rule in facts["violations"]}
