"""Each programme from `new` to its report, as on a laptop: the page in a real browser, the Word file, the notebook."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from chromium import look_at
from docx import Document
from docx.document import Document as WordDocument
from lxml import html

from evalkit.__main__ import main
from evalkit.report.layout import first_heading_problem

pytestmark = pytest.mark.browser

TRUST = "A & B <Trust>"
# The platforms in turn; the first is run as a program of its own.
CASES = {
    "university-staff-mentoring": "limesurvey",
    "return-to-work-mentoring": "redcap",
    "reciprocal-mentoring": "qualtrics",
    "bme-executive-mentoring": "xlsform",
    "looking-after-you-too-coaching": "surveyjs",
    "returners": "html",
    "leadership-development": "word",
    "staff-development": "limesurvey",
    "edi-improvement-plan": "redcap",
}
PROGRAM = "university-staff-mentoring"
NOTEBOOK_AS_PROGRAM, NOTEBOOK_HERE = "leadership-development", "staff-development"
# Names of columns and waves, as files have them; d_av and d_z are names of statistics.
CODE = re.compile(r"\b[a-z]{2,}(_[a-z0-9]+)+\b| - before\b")
ENDINGS = [".html", "-tables.xlsx", ".docx"]


def run(name: str, *words: str) -> None:
    if name == PROGRAM:
        made = subprocess.run(
            [sys.executable, "-m", "evalkit", *words], capture_output=True, text=True, timeout=300, check=False
        )
        assert made.returncode == 0, made.stderr
    else:
        assert main(words) == 0


@pytest.mark.parametrize("name", CASES)
def test_a_programme_from_new_to_its_report(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, to = tmp_path / "evaluation", tmp_path / "outputs"
    run(name, "new", str(folder), "--programme", name, "--organisation", TRUST, "--platform", CASES[name])
    run(name, "simulate", str(folder), "--seed", "1")
    run(name, "check", str(folder))
    run(name, "report", str(folder), "--to", str(to), "--word")
    assert capsys.readouterr().err == ""
    assert [ending for ending in ENDINGS if not (to / f"{name}{ending}").is_file()] == []
    assert list((to / f"{name}-tables").glob("*.csv"))
    page = to / f"{name}.html"
    check_page(page)
    check_word(Document(str(to / f"{name}.docx")))
    if name in {NOTEBOOK_AS_PROGRAM, NOTEBOOK_HERE}:
        check_notebook(folder, page, as_program=name == NOTEBOOK_AS_PROGRAM)


def check_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "A &amp; B &lt;Trust&gt;" in text
    assert "<Trust>" not in text
    assert "Synthetic data" in text
    assert first_heading_problem(text) is None
    told = [one.text_content() for kind in ("p", "td", "th") for one in html.fromstring(text).iter(kind)]
    assert [line for line in told if CODE.search(line) and "in the programme file" not in line] == []
    facts = look_at(page)
    assert facts["asked"] == []
    assert facts["complaints"] == []
    assert facts["violations"] == []
    assert facts["headings"].count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(facts["headings"]))
    assert len(facts["pictures"]) >= 3
    assert all(len(picture["alt"]) > 20 and picture["width"] > 0 for picture in facts["pictures"])
    assert facts["tables"] >= 5
    assert (facts["overflow"], facts["phone"], facts["paper"]["overflow"]) == (0, 0, 0)
    # The summary for the board stands on the first printed page.
    assert 100 < facts["paper"]["board"] <= facts["paper"]["height"]


def check_word(document: WordDocument) -> None:
    assert TRUST in document.core_properties.author
    assert document.core_properties.title.endswith("evaluation report")
    assert document.core_properties.language == "en-GB"
    styles = [line.style.name for line in document.paragraphs]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") >= 8
    assert styles.count("Heading 2") >= 8
    assert {style for style in styles if style.startswith("Heading")} == {"Heading 1", "Heading 2"}
    captions = [line.text for line in document.paragraphs if line.style.name == "Caption"]
    kinds = {kind: [text for text in captions if text.startswith(kind)] for kind in ("Table", "Figure")}
    assert len(kinds["Table"]) == len(document.tables) >= 5
    assert len(kinds["Figure"]) == len(document.inline_shapes) >= 3
    assert all(re.fullmatch(r"(Table|Figure) .*: .+", text) for text in captions)
    for table in document.tables:
        assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
        assert len(table.rows) > 1
    assert all(len(shape._inline.docPr.get("descr")) > 20 for shape in document.inline_shapes)


def numbers_in(tree: html.HtmlElement) -> list[list[str]]:
    return [[cell.text_content() for cell in row] for row in tree.iter("tr")]


def check_notebook(folder: Path, page: Path, *, as_program: bool) -> None:
    """Compare each row of each table that the notebook shows with those of the page."""
    book = nbformat.read(folder / "report.ipynb", as_version=4)
    shown = _executed(folder) if as_program else _run_here(folder, [one.source for one in book.cells])
    rows = numbers_in(html.fromstring(page.read_text(encoding="utf-8")))
    told = [row for part in shown for row in numbers_in(html.fromstring(f"<div>{part}</div>"))]
    assert len(told) > 50
    assert [row for row in told if row not in rows] == []
    assert not any("not in this report" in part for part in shown)


def _executed(folder: Path) -> list[str]:
    program = shutil.which("jupyter", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    words = [str(program), "nbconvert", "--to", "notebook", "--execute", "--output", "executed", "report.ipynb"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    book = nbformat.read(folder / "executed.ipynb", as_version=4)
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.output_type != "execute_result"] == []
    return [output.data["text/html"] for output in outputs if "text/html" in output.data]


def _run_here(folder: Path, sources: list[str]) -> list[str]:
    """Run the cells without a kernel, which takes seconds to start."""
    names: dict[str, object] = {}
    shown = []
    before = Path.cwd()
    os.chdir(folder)
    try:
        for source in sources:
            if source.startswith("part(report"):
                shown.append(eval(source, names).html)  # noqa: S307 - a cell that evalkit wrote
            elif source.startswith(("from ", "tables")):
                exec(source.rpartition("\n")[0] if source.startswith("tables") else source, names)  # noqa: S102
    finally:
        os.chdir(before)
    return shown
