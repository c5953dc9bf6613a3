"""The HTML works in a real browser, reaches no network and passes axe."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chromium import look_at

pytestmark = pytest.mark.browser


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
