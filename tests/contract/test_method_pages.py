"""The method pages name every estimator once, and what they quote is there: files, codes, measured coverage."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from documents import ROOT, in_code, label, prose
from recovery import study
from recovery.coverage_tables import GONE, METHODS, RESULTS, TABLE, rewritten

import evalkit
from evalkit.errors import CODES

PAGES = sorted(METHODS.glob("*.md"))
SECTION = re.compile(r"^## (?P<heading>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PARTS = ("Estimand", "Formula", "Interval", "Refused", "Proved")
FILE = re.compile(r"(?:tests|evalkit|docs|data|surveys|programmes|notebooks)/[\w./-]+")
MODULE = re.compile(r"evalkit(?:\.\w+)+")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def estimators() -> set[str]:
    """Public functions that give `Estimates` or a `Curve`."""
    functions = {name: getattr(evalkit, name) for name in evalkit.__all__}
    return {
        name
        for name, function in functions.items()
        if inspect.isfunction(function) and inspect.signature(function).return_annotation in {"Estimates", "Curve"}
    }


def described(text: str) -> dict[str, str]:
    """Estimator -> its section; a heading may name several."""
    sections = [(in_code(match["heading"]), match["body"]) for match in SECTION.finditer(text)]
    return {name: body for names, body in sections for name in names}


def lacking(body: str) -> list[str]:
    return [part for part in PARTS if not re.search(rf"^- \*\*{part}\*\*: \S", body, re.MULTILINE)]


def missing_files(text: str) -> list[str]:
    return [piece for piece in in_code(prose(text)) if FILE.fullmatch(piece) and not (ROOT / piece).exists()]


def missing_modules(text: str) -> list[str]:
    """Dotted names of which no module is there, the last word left off for a function."""
    wrong = []
    for piece in in_code(prose(text)):
        if MODULE.fullmatch(piece):
            owner, _, name = piece.rpartition(".")
            found = importlib.util.find_spec(owner)
            if found is None or not hasattr(importlib.import_module(owner), name):
                wrong.append(piece)
    return wrong


def wrong_coverage(text: str) -> list[str]:
    """Rows of measured coverage that are not those of the committed studies."""
    now = set(rewritten(text).splitlines())
    return [line for line in text.splitlines() if line not in now or GONE in line]


def test_every_estimator_has_one_section_with_all_its_parts() -> None:
    sections = [(name, body) for page in PAGES for name, body in described(text_of(page)).items()]
    names = [name for name, _ in sections]
    assert len(estimators()) >= 45
    assert sorted(estimators() - set(names)) == []
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
    assert [(name, lacking(body)) for name, body in sections if name in estimators() and lacking(body)] == []


def test_every_section_that_is_named_in_code_is_of_something_public() -> None:
    names = {name for page in PAGES for name in described(text_of(page))}
    assert sorted(names - set(evalkit.__all__)) == []


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_what_a_page_quotes_is_there(page: Path) -> None:
    text = text_of(page)
    assert missing_files(text) == []
    assert missing_modules(text) == []
    assert sorted(set(re.findall(r"\b(?:DAT|EST|DIS|LNK|INS|PRG)-\d{3}\b", text)) - set(CODES)) == []


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_the_measured_coverage_is_that_of_the_committed_studies(page: Path) -> None:
    assert wrong_coverage(text_of(page)) == [], "run python -m recovery.coverage_tables in tests"


def test_every_study_is_quoted_and_every_page_is_in_the_list() -> None:
    quoted = {name for page in PAGES for name in re.findall(rf"`{RESULTS}(\w+)\.csv`", text_of(page))}
    assert {topic for topic in study.topics() if topic.startswith(("change_", "equality_", "retention_"))} <= quoted
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", text_of(METHODS / "README.md")))
    assert listed >= {page.name for page in PAGES} - {"README.md"}


def test_the_checks_notice_what_is_wrong() -> None:
    section = "## `a`, `b`\n\n- **Estimand**: x.\n- **Formula**:\n- **Interval**: y.\n"
    assert set(described(section)) == {"a", "b"}
    assert lacking(described(section)["a"]) == ["Formula", "Refused", "Proved"]
    assert missing_files("`tests/recovery/study.py` `tests/no/such.py` `no/path`\n") == ["tests/no/such.py"]
    assert missing_modules("`evalkit.simulate.simulate_staff` `evalkit.simulate.nothing`\n") == [
        "evalkit.simulate.nothing"
    ]
    head = f"| `{RESULTS}change_dyads.csv` | n | covers | expected |\n|---|---|---|---|\n"
    right = study.committed("change_dyads").iloc[0]
    row = f"| {right['case']} | {right['n']} | {right['coverage']:.3f} | {right['expect']} |\n"
    assert wrong_coverage(head + row) == []
    wrong = [row.replace("covers", "misses"), row.replace("0.9", "0.8"), "| no case | 6 | 0.950 | covers |\n"]
    assert [wrong_coverage(head + one) for one in wrong] == [[one.strip()] for one in wrong]
    assert rewritten(head + wrong[1]) == head + row
    assert wrong_coverage(rewritten(head + wrong[2])) != []


def test_the_tables_of_coverage_are_read_at_all() -> None:
    rows = [line for page in PAGES for line in text_of(page).splitlines() if re.search(r"\| [01]\.\d{3} \|", line)]
    tables = [match for page in PAGES for match in TABLE.finditer(text_of(page))]
    assert len(tables) >= 15
    assert sum(len(match["rows"].splitlines()) for match in tables) == len(rows) >= 150
