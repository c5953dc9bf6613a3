"""A programme's report as a page, a Word file and tables: accessible, protected, the same bytes again."""

import base64
import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from lxml import html
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from openpyxl import load_workbook
from small_programme import ID, small_evidence

from evalkit import figures
from evalkit.disclosure import load_profile
from evalkit.errors import EvalkitError, Problem, ReportError
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.folders import RELEASES
from evalkit.report import programme_folder
from evalkit.report.layout import first_heading_problem, read_entry
from evalkit.report.programme_blocks import Bullets, Report, Section, Text
from evalkit.report.programme_folder import Written, report_folder
from evalkit.report.programme_html import part
from evalkit.report.programme_identity import NAME, contrast, load_identity
from evalkit.report.programme_making import Setting, programme_report, written_files
from evalkit.report.programme_word import report_docx
from evalkit.result import Method, estimates

TRUST = "A & B <Trust>"
SECTIONS = [
    "Summary for the board",
    "Reach",
    "Fidelity and dose",
    "Match quality",
    "Training and experience",
    "Change in outcomes",
    "Both parties",
    "Retention and progression",
    "Equality of access and of outcome",
    "Missing data",
    "What could not be answered",
    "Limitations",
    "Recommendations",
    "Appendix: analysis plan",
    "Appendix: deviations from the plan",
    "Appendix: disclosure",
]


@pytest.fixture(scope="module", autouse=True)
def day() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        yield


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    report = programme_report(small_evidence(24), Setting(TRUST, synthetic=True, checksum="0123456789abcdef", files=3))
    return written_files(report, load_identity(), word=True)


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> str:
    return files[f"{ID}.html"].decode("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("evaluation") / "coaching"
    new_folder(where, "looking-after-you-too-coaching", TRUST, "surveyjs")
    simulate_folder(where, 24, seed=1)
    plan = where / "analysis-plan.md"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text + "\n\n- 2027-03-01: the third wave came <late>.\n", encoding="utf-8")
    return where


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    to = tmp_path_factory.mktemp("outputs")
    return to, report_folder(folder, to, word=True)


def test_the_page_has_every_section_in_order(page: str) -> None:
    titles = [heading.text_content() for heading in html.fromstring(page).iter("h2")]
    assert [title for title in titles if title in SECTIONS] == SECTIONS
    assert first_heading_problem(page) is None


def test_the_page_for_the_board_has_its_five_parts(page: str) -> None:
    (board,) = html.fromstring(page).find_class("pr-board")
    assert [one.text_content() for one in board.iter("h3")] == [
        "What we did",
        "For whom",
        "What changed",
        "How sure we are",
        "What next",
    ]


def test_the_page_needs_no_network_and_runs_nothing(page: str) -> None:
    tree = html.fromstring(page)
    links = [value for _, name, value, _ in tree.iterlinks() if name in {"src", "href"}]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not list(tree.iter("script"))
    assert "@import" not in page


def test_the_organisation_cannot_break_the_page(page: str) -> None:
    assert "A &amp; B &lt;Trust&gt;" in page
    assert "<Trust>" not in page
    entry = read_entry(f"{ID}.html", page)
    assert entry is not None
    assert TRUST in entry.title
    assert TRUST in entry.summary


def test_figures_have_alt_texts_and_tables_have_headers_and_captions(page: str) -> None:
    tree = html.fromstring(page)
    pictures, tables = list(tree.iter("img")), list(tree.iter("table"))
    assert len(pictures) >= 5
    assert all(len(one.get("alt", "")) > 20 for one in pictures)
    for table in tables:
        assert table.find("caption").text_content()
        assert {one.get("scope") for one in table.iter("th")} == {"col", "row"}
        assert len({len(row) for row in table.iter("tr")}) == 1
    names = [one.get("aria-label") for one in tree.xpath("//*[@role='region']")]
    assert len(names) == len(set(names))
    # Each figure stands with its numbers.
    assert all(one.getnext() is not None and one.getnext().tag == "details" for one in tree.find_class("ek-figure"))


def test_the_page_says_that_the_data_are_synthetic(page: str) -> None:
    assert "Synthetic data" in html.fromstring(page).find_class("pr-banner")[0].text_content()


def test_provenance_is_told(page: str) -> None:
    footer = html.fromstring(page).find("footer") if html.fromstring(page).find("footer") is not None else None
    text = (footer if footer is not None else next(html.fromstring(page).iter("footer"))).text_content()
    for word in ("2023-11-14", "0123456789abcdef (3 files)", "staff-survey", ID):
        assert word in text


def test_no_number_of_few_people_is_in_any_table(files: dict[str, bytes]) -> None:
    least = load_profile().threshold
    counted = 0
    for name, content in files.items():
        if name.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(content.decode("utf-8"))):
                people = row.get("n", "") or ""
                if people and "places" not in name:
                    counted += 1
                    assert float(people) >= least, (name, row)
    assert counted > 20


def test_six_people_get_a_report_without_numbers_on_them() -> None:
    report = programme_report(small_evidence(6), Setting(TRUST))
    tables = {
        name: content.decode()
        for name, content in written_files(report, load_identity(), word=False).items()
        if name.endswith(".csv")
    }
    for name, content in tables.items():
        for row in csv.DictReader(io.StringIO(content)):
            told = [row[column] for column in ("n", "p_value", "conf_low") if row.get(column)]
            assert told == [], name
    text = " ".join(block.text for section in report.sections for block in section.blocks if hasattr(block, "text"))
    assert "withheld" in text
    assert not re.search(r"p [=<] ", text)


def test_the_word_file_has_styles_captions_and_header_rows(files: dict[str, bytes]) -> None:
    document = Document(io.BytesIO(files[f"{ID}.docx"]))
    styles = [line.style.name for line in document.paragraphs]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") >= len(SECTIONS)
    assert "Heading 2" in styles
    captions = [line.text for line in document.paragraphs if line.style.name == "Caption"]
    assert len([line for line in captions if re.match(r"Table \d*: ", line) or line.startswith("Table ")]) == len(
        document.tables
    )
    assert document.element.body.xpath(".//w:fldSimple[contains(@w:instr, 'SEQ Table')]")
    for table in document.tables:
        assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    alts = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert alts
    assert all(alts)
    headings = [line.text for line in document.paragraphs if line.style.name == "Heading 1"]
    assert [title for title in headings if title in SECTIONS] == SECTIONS
    assert any(TRUST in line.text for line in document.paragraphs)


@pytest.mark.parametrize(("items", "size"), [(8, 10.0), (40, 9.5)])
def test_a_board_with_much_to_read_is_set_closer_to_stay_on_its_page(items: int, size: float) -> None:
    board = Section("What changed", 3, (Text("Words."), Bullets(("One line.",) * items)), board=True)
    after = Section("Reach", 2, (Bullets(("Another.",)),))
    report = Report("x", "t", "s", "o", "d", (board, after), {})
    document = Document(io.BytesIO(report_docx(report, load_identity())))
    lines = {line.text: line for line in document.paragraphs}
    assert lines["One line."].style.font.size.pt == size
    assert lines["Another."].style.font.size.pt == 10
    # A heading stays one for the navigation pane, a bullet a bullet.
    heading, bullet = lines["What changed"].style, lines["One line."].style
    assert "Heading 2" in (heading.name, heading.base_style and heading.base_style.name)
    assert "List Bullet" in (bullet.name, bullet.base_style and bullet.base_style.name)


def test_the_workbook_has_every_table_and_no_formula(files: dict[str, bytes]) -> None:
    book = load_workbook(io.BytesIO(files[f"{ID}-tables.xlsx"]))
    assert len(book.worksheets) == 1 + len([name for name in files if name.endswith(".csv")])
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f" or str(cell.value).startswith(("=", "@"))]


def test_a_folder_is_reported_and_its_index_line_told(written: tuple[Path, Written]) -> None:
    to, done = written
    assert all(path.exists() for path in done.paths)
    assert done.entry.file == "looking-after-you-too-coaching.html"
    assert "Synthetic data" in (to / done.entry.file).read_text(encoding="utf-8")


def test_the_same_data_give_the_same_bytes_and_old_tables_go(folder: Path, written: tuple[Path, Written]) -> None:
    to, done = written
    before = {path: path.read_bytes() for path in to.rglob("*") if path.is_file()}
    stale = done.paths[-1] / "99-of-an-earlier-report.csv"
    stale.write_text("n\n3\n")
    report_folder(folder, to, word=True)
    after = {path: path.read_bytes() for path in to.rglob("*") if path.is_file()}
    assert set(after) == set(before)
    assert [path.name for path in before if after[path] != before[path]] == []


def test_a_report_that_cannot_be_written_leaves_the_old_one_whole(
    folder: Path, written: tuple[Path, Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    to, _ = written
    before = {path: path.read_bytes() for path in to.rglob("*") if path.is_file()}
    name = "looking-after-you-too-coaching"
    other = Report(name, "Another title", "", TRUST, "", (Section("Empty", 2),), {"Date": "later"})
    monkeypatch.setattr(programme_folder, "programme_report", lambda *_: other)
    whole = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.suffix == ".html" and self.read_bytes() != before[target]:
            raise OSError(28, "No space left on device")
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match="REP-004"):
        report_folder(folder, to)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in to.rglob("*") if path.is_file()} == before


def test_a_log_that_cannot_be_written_stops_no_report_and_is_told_of(
    folder: Path, written: tuple[Path, Written], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = Report(written[1].entry.file.removesuffix(".html"), "A title", "", TRUST, "", (Section("Empty", 2),), {})
    monkeypatch.setattr(programme_folder, "programme_report", lambda *_: report)
    before = (folder / RELEASES).read_bytes()

    def read_only(path: Path, _: str | bytes) -> None:
        raise ReportError(Problem("REP-004", str(path), "Read-only file system", "a folder that can be written", "-"))

    monkeypatch.setattr(programme_folder, "write_atomic", read_only)
    made = report_folder(folder, tmp_path)
    assert made.paths[0].is_file()
    assert [RELEASES in line and "not in the log" in line for line in made.beside] == [True]
    assert (folder / RELEASES).read_bytes() == before


def test_people_write_their_deviations_in_the_plan(written: tuple[Path, Written]) -> None:
    page = written[1].paths[0].read_text(encoding="utf-8")
    assert "2027-03-01: the third wave came &lt;late&gt;." in page


def test_an_organisation_brings_its_own_look(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('accent: "#5b0060"\nfont: Georgia, serif\n', encoding="utf-8")
    own = load_identity(tmp_path)
    assert (own.accent, own.font, own.ink) == ("#5b0060", "Georgia, serif", load_identity().ink)


def test_logo_colours_and_fonts_reach_page_word_and_figures(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    drawn = io.BytesIO()
    with figures.style():
        Figure(figsize=(1, 0.5)).savefig(drawn, format="png")
    (own / "logo.png").write_bytes(drawn.getvalue())
    look = f'accent: "#5b0060"\nword_font: Georgia\nfont: Georgia, serif\nlogo: logo.png\nlogo_text: "{TRUST}"\n'
    (own / NAME).write_text(look, encoding="utf-8")
    identity = load_identity(own)
    with figures.look(identity.accent, identity.figure_font):
        report = programme_report(small_evidence(24), Setting(TRUST))
        files = written_files(report, identity, word=True)
    page = files[f"{ID}.html"].decode("utf-8")
    tree = html.fromstring(page)
    (logo,) = tree.find_class("pr-logo")
    assert logo.get("alt") == TRUST
    assert base64.b64decode(logo.get("src").partition(",")[2]) == drawn.getvalue()
    assert "--pr-accent: #5b0060" in page
    assert "font-family: Georgia, serif" in page
    drawings = [base64.b64decode(one.get("src").partition(",")[2]).decode() for one in tree.xpath("//figure//img")]
    assert drawings
    assert all("#5b0060" in one and figures.COLOURS[0].lower() not in one for one in drawings)
    document = Document(io.BytesIO(files[f"{ID}.docx"]))
    assert document.inline_shapes[0]._inline.docPr.get("descr") == TRUST
    assert str(document.styles["Heading 1"].font.color.rgb) == "5B0060"
    assert document.styles["Normal"].font.name == "Georgia"


def test_figures_are_as_before_when_the_look_is_over() -> None:
    with figures.look("#5b0060", "No Such Font"):
        inside = figures.flow(pd.DataFrame({"step": ["a"], "reason": [""], "n": [3.0]}))
    outside = figures.flow(pd.DataFrame({"step": ["a"], "reason": [""], "n": [3.0]}))
    edges = [axes.texts[0].get_bbox_patch().get_edgecolor()[:3] for axes in (inside, outside)]
    assert [to_hex(edge) for edge in edges] == ["#5b0060", figures.COLOURS[0].lower()]


def test_a_part_of_the_report_is_what_stands_under_its_heading() -> None:
    report = programme_report(small_evidence(24), Setting(TRUST))
    page = html.fromstring(written_files(report, load_identity(), word=False)[f"{ID}.html"].decode("utf-8"))
    board = html.fromstring(f"<div>{part(report, 'Summary for the board').html}</div>")
    assert [one.text_content() for one in board.iter("h3")] == [
        one.text_content() for one in page.find_class("pr-board")[0].iter("h3")
    ]
    reach = html.fromstring(f"<div>{part(report, 'Missing data').html}</div>")
    assert [one.text_content() for one in reach.iter("h2", "h3")] == ["Missing data"]
    assert part(report, "<b>")._repr_html_() == "<p>&lt;b&gt;: not in this report.</p>"


def test_short_tables_are_narrow_and_short_cells_are_not_broken(page: str) -> None:
    for table in html.fromstring(page).iter("table"):
        columns = len(table.findall("thead/tr/th"))
        assert ("pr-wide" in table.get("class")) == (columns >= 8)
    intervals = [one for one in html.fromstring(page).iter("td") if re.search(r"\d\s+to\s+", one.text_content())]
    assert len(intervals) > 5
    assert all("pr-short" in one.get("class", "") and " to " not in one.text_content() for one in intervals)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('accent: "#ffff00"', "accent"),
        ("accent: red", "accent"),
        ('font: "x; } body { display: none"', "font"),
        ("logo: ../../secret.png\nlogo_text: x", "logo"),
        ("logo: logo.png", "logo_text"),
        ("colour: blue", "colour"),
    ],
)
def test_a_look_that_cannot_be_used_is_refused(line: str, place: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(EvalkitError) as caught:
        load_identity(tmp_path)
    assert [(one.code, one.place) for one in caught.value.problems] == [("REP-005", f"{NAME}, {place}")]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_a_forest_tells_once_what_all_its_rows_begin_with() -> None:
    rows = [
        {"term": f"What got in the way, {name}", "estimate": 1.0, "conf_low": 0.5, "conf_high": 1.5, "n": 1234.0}
        for name in ("hours", "fees", "references from a long time ago that nobody could give")
    ]
    method = Method("", "", "per cent")
    axes = figures.forest(estimates(rows, method))
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names[:2] == ["hours (n = 1,234)", "fees (n = 1,234)"]
    assert names[2].replace("\n", " ") == "references from a long time ago that nobody could give (n = 1,234)"
    assert names[2].count("\n") == 1
    assert [one.get_text() for one in axes.texts] == ["What got in the way:"]
    two = figures.forest(estimates(rows[:2], method))
    assert next(tick.get_text() for tick in two.get_yticklabels()) == "What got in the way, hours (n = 1,234)"
    assert not two.texts
