"""A programme's report as a Word file with real styles, captions, lists and tables."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from evalkit import figures
from evalkit.report.programme_blocks import Block, Bullets, Picture, Report, Section, Table, Text, unbroken
from evalkit.report.programme_identity import Identity
from evalkit.report.programme_sheets import without_dates
from evalkit.report.tables import WITHHELD

_WIDTH = 17.0
# The highest figure, in inches; rows up to which a table is kept on one page.
_HIGH = 6.2
_ON_ONE_PAGE = 14
_DPI = 150
# Centimetres of a letter in a cell and of what is left and right of it; letters that a column is made for at most.
_LETTER, _CELL = 0.175, 0.42
_WORDY, _NARROW = 60, 18
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# Style -> size in points, space before and after, bold.
_SIZES = {
    "Title": (20, 0, 6, True),
    "Heading 1": (16, 16, 4, True),
    "Heading 2": (12, 10, 3, True),
    "Normal": (10, 0, 5, False),
    "List Bullet": (10, 0, 2, False),
    "Caption": (10, 10, 4, True),
    "Report Note": (9, 0, 6, False),
    "Report To Write": (10, 4, 8, False),
    "Report Cell": (9, 1, 1, False),
    "Report Banner": (11, 0, 10, True),
    "Report Board": (9.5, 0, 3, False),
    "Report Board List": (9.5, 0, 1, False),
    "Report Board Heading": (11, 6, 2, True),
}
# What a board with much to read is set in, so that it stays on its one page.
_CLOSER = {"Normal": "Report Board", "List Bullet": "Report Board List", "Heading 2": "Report Board Heading"}
# Letters of a line in the usual size, and lines of the board that fit on a page in it.
_LETTERS, _LINES = 98, 40
_AFTER_TABLE = 3
_WITH_NEXT = frozenset({"Title", "Heading 1", "Heading 2", "Caption", "Report Board Heading"})
_OWN = {
    **dict.fromkeys(("Report Note", "Report To Write", "Report Cell", "Report Banner"), "Normal"),
    **{closer: usual for usual, closer in _CLOSER.items()},
}


def report_docx(report: Report, identity: Identity) -> bytes:
    """Write a report as a Word file.

    Parameters
    ----------
    report : Report
        The report.
    identity : Identity
        How it looks.

    Returns
    -------
    bytes
        The .docx; the same bytes for the same input. Tables that a page folds away are left to the workbook.
    """
    writer = _Writer(report, identity)
    made = io.BytesIO()
    writer.written().save(made)
    return without_dates(made.getvalue())


class _Writer:
    def __init__(self, report: Report, identity: Identity) -> None:
        self.report, self.identity = report, identity
        self.document: WordDocument = Document()
        self.numbers = {"Table": 0, "Figure": 0}
        self.styles: dict[str, str] = {}

    def written(self) -> WordDocument:
        _properties(self.document, self.report)
        _styles(self.document, self.identity)
        _page(self.document, self.report)
        self._front()
        board = [section for section in self.report.sections if section.board]
        rest = [section for section in self.report.sections if not section.board]
        self.styles = _CLOSER if _lines(board) > _LINES else {}
        for section in board:
            self._section(section)
        self.styles = {}
        if board:
            self.document.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
        for section in rest:
            self._section(section)
        self._origin()
        return self.document

    def _front(self) -> None:
        identity, report = self.identity, self.report
        if identity.picture and identity.media_type != "image/svg+xml":
            self.document.add_picture(io.BytesIO(identity.picture), height=Cm(1.6))
            _describe(self.document.inline_shapes[-1], identity.logo_text, identity.logo_text)
        self.document.add_paragraph(_clean(report.organisation), style="Report Note")
        self.document.add_paragraph(_clean(report.title), style="Title")
        if report.banner:
            self.document.add_paragraph(_clean(report.banner), style="Report Banner")

    def _section(self, section: Section) -> None:
        style = f"Heading {section.level - 1}"
        self.document.add_paragraph(_clean(section.title), style=self.styles.get(style, style))
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Text):
            style = {"note": "Report Note", "write": "Report To Write"}.get(block.kind, "Normal")
            self.document.add_paragraph(_clean(block.text), style=self.styles.get(style, style))
        elif isinstance(block, Bullets):
            for item in block.items:
                self.document.add_paragraph(_clean(item), style=self.styles.get("List Bullet", "List Bullet"))
        elif isinstance(block, Picture):
            self._picture(block)
        elif not block.folded:
            self._table(block)

    def _caption(self, kind: str, title: str) -> None:
        """Number a caption with a field, so that Word can list and renumber them."""
        self.numbers[kind] += 1
        line = self.document.add_paragraph(style="Caption")
        line.add_run(f"{kind} ")
        field = parse_xml(
            f'<w:fldSimple {nsdecls("w")} w:instr=" SEQ {kind} \\* ARABIC ">'
            f"<w:r><w:t>{self.numbers[kind]}</w:t></w:r></w:fldSimple>"
        )
        line._p.append(field)  # noqa: SLF001 - python-docx has no fields
        line.add_run(f": {_clean(title)}")
        line.paragraph_format.keep_with_next = True

    def _picture(self, picture: Picture) -> None:
        self._caption("Figure", picture.title)
        out = io.BytesIO()
        with figures.style():
            picture.drawing.savefig(out, format="png", dpi=_DPI, metadata={"Software": None})
        width, height = picture.drawing.get_size_inches()
        shrunk = min(1.0, _WIDTH / 2.54 / width, _HIGH / height)
        self.document.add_picture(out, width=Cm(2.54 * width * shrunk))
        _describe(self.document.inline_shapes[-1], picture.title, picture.alt)

    def _table(self, table: Table) -> None:
        self._caption("Table", table.title)
        grid = self.document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
        grid.alignment = WD_TABLE_ALIGNMENT.LEFT
        _look(grid, self.identity)
        widths = _widths(table)
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = Cm(width)
        for at, name in enumerate(table.columns):
            self._cell(
                grid.rows[0].cells[at], name, bold=True, right=at > 0 and at not in table.words, width=widths[at]
            )
        _repeat(grid.rows[0])
        for row in table.rows:
            cells = grid.add_row().cells
            for at, text in enumerate(row):
                self._cell(cells[at], text, bold=False, right=at > 0 and at not in table.words, width=widths[at])
        _keep_together(grid)
        for at, note in enumerate(table.notes):
            line = self.document.add_paragraph(_clean(note), style="Report Note")
            line.paragraph_format.space_before = Pt(0 if at else _AFTER_TABLE)
        if not table.notes:  # Word joins tables between which nothing stands
            between = self.document.add_paragraph(style="Report Note").paragraph_format
            between.line_spacing, between.space_after = Pt(_AFTER_TABLE), Pt(0)

    def _cell(self, cell: Any, text: str, *, bold: bool, right: bool, width: float) -> None:
        cell.width = Cm(width)
        line = cell.paragraphs[0]
        line.style = self.document.styles["Report Cell"]
        run = line.add_run(_clean(text))
        run.bold = True if bold else None
        run.italic = True if text == WITHHELD else None
        if right:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT

    def _origin(self) -> None:
        self.document.add_heading("Where this comes from", level=1)
        rows = tuple((label, value) for label, value in self.report.footer.items())
        self._table(Table("Provenance of the report", ("What", "Value"), rows, frozenset({1})))


def _lines(board: Sequence[Section]) -> int:
    """Estimate how many lines the board's page has; a heading with its space counts for two."""
    texts = [
        text
        for section in board
        for block in section.blocks
        for text in (block.items if isinstance(block, Bullets) else (block.text,) if isinstance(block, Text) else ())
    ]
    return 2 * len(board) + sum(-(-len(text) // _LETTERS) for text in texts)


def _clean(text: str) -> str:
    return unbroken(_CONTROL.sub("?", text))


def _properties(document: WordDocument, report: Report) -> None:
    core = document.core_properties
    core.title, core.language, core.author = _clean(report.title), "en-GB", _clean(report.organisation)
    for name in ("comments", "last_modified_by", "keywords", "subject", "category"):
        setattr(core, name, "")
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def _styles(document: WordDocument, identity: Identity) -> None:
    for name, base in _OWN.items():
        made: Any = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = document.styles[base]
    accent, soft, ink = (
        RGBColor.from_string(one.lstrip("#").upper()) for one in (identity.accent, identity.soft, identity.ink)
    )
    colours = {
        "Title": accent,
        "Heading 1": accent,
        "Heading 2": ink,
        "Report Board Heading": ink,
        "Report Note": soft,
        "Report To Write": soft,
    }
    for name, (size, before, after, bold) in _SIZES.items():
        style: Any = document.styles[name]
        for old in style.element.findall(qn("w:rPr")):
            style.element.remove(old)
        for border in style.element.get_or_add_pPr().findall(qn("w:pBdr")):
            style.element.pPr.remove(border)
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = colours.get(name, ink)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{key}"), identity.word_font)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.line_spacing = 1.0 if size < 10 else 1.12
        style.paragraph_format.keep_with_next = name in _WITH_NEXT
    for name, at in (("Report To Write", identity.soft), ("Report Banner", identity.ink)):
        colour = at.lstrip("#").upper()
        sides = "".join(
            f'<w:{side} w:val="single" w:sz="6" w:space="6" w:color="{colour}"/>'
            for side in ("top", "left", "bottom", "right")
        )
        document.styles[name].element.get_or_add_pPr().append(parse_xml(f"<w:pBdr {nsdecls('w')}>{sides}</w:pBdr>"))
    for part in (*document.styles.element.iter(qn("w:lang")), *document.settings.element.iter(qn("w:themeFontLang"))):
        part.set(qn("w:val"), "en-GB")
    for part in document.settings.element.iter(qn("w:compatSetting")):
        if part.get(qn("w:name")) == "compatibilityMode":
            part.set(qn("w:val"), "15")


def _page(document: WordDocument, report: Report) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Cm(2))
    line = section.footer.paragraphs[0]
    line.style = document.styles["Report Note"]
    line.add_run(_clean(f"{report.organisation}, {report.title}, page "))
    line._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'))  # noqa: SLF001


def _describe(shape: Any, title: str, alt: str) -> None:
    about = shape._inline.docPr  # noqa: SLF001 - python-docx has no alt texts
    about.set("title", _clean(title))
    about.set("descr", _clean(alt))


def _look(grid: Any, identity: Identity) -> None:
    """Give a table thin rules between rows, a strong one below its head, and none at the sides."""
    line, accent = identity.line.lstrip("#").upper(), identity.accent.lstrip("#").upper()
    properties = grid._tbl.tblPr  # noqa: SLF001
    for old in properties.findall(qn("w:tblBorders")):
        properties.remove(old)
    rule = '<w:{} w:val="single" w:sz="4" w:space="0" w:color="{}"/>'
    none = '<w:{} w:val="nil"/>'
    borders = "".join(
        [
            rule.format("top", accent),
            none.format("left"),
            rule.format("bottom", line),
            none.format("right"),
            rule.format("insideH", line),
            none.format("insideV"),
        ]
    )
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{borders}</w:tblBorders>"))
    grid.autofit = False


def _widths(table: Table) -> list[float]:
    """Give each column room for its longest word, and share the rest of the width by what the columns hold."""
    least, wanted = [], []
    for at, name in enumerate(table.columns):
        cells = [name, *(str(row[at]) for row in table.rows)]
        least.append(_CELL + _LETTER * max(len(word) for cell in cells for word in (cell.split() or [""])))
        wanted.append(min(max(map(len, cells)), _WORDY if at == 0 or at in table.words else _NARROW))
    spare = _WIDTH - sum(least)
    if spare < 0:
        return [_WIDTH * size / sum(least) for size in least]
    return [size + spare * share / sum(wanted) for size, share in zip(least, wanted, strict=True)]


def _repeat(row: Any) -> None:
    """Mark the head, so that it comes again on each page and a screen reader knows it."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001


def _keep_together(grid: Any) -> None:
    """Break no row, leave the head with the first one, and keep a short table on one page."""
    count = len(grid.rows)
    for at, row in enumerate(grid.rows):
        _whole(row)
        if at == 0 or (count <= _ON_ONE_PAGE and at < count - 1):
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True


def _whole(row: Any) -> None:
    mark = OxmlElement("w:cantSplit")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().insert(0, mark)  # noqa: SLF001
