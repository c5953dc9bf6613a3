"""The looks of our Word files: styles, lists, page and footer, and a package whose bytes are always the same."""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

FONT = "Arial"
_INK = RGBColor(0x1C, 0x1C, 0x1C)
_SOFT = RGBColor(0x50, 0x5A, 0x5F)
_ACCENT = RGBColor(0x00, 0x50, 0x8C)
# Name, size in points, space before and after in points, bold, italic, colour, keep with the next paragraph.
_PARAGRAPHS = (
    ("Normal", 11, 0, 6, False, False, _INK, False),
    ("Title", 22, 0, 4, True, False, _INK, True),
    ("Subtitle", 12, 0, 10, True, False, _SOFT, True),
    ("Heading 1", 16, 22, 6, True, False, _ACCENT, True),
    ("Heading 2", 11, 14, 3, True, False, _INK, True),
    ("Form Text", 11, 0, 6, False, False, _INK, False),
    ("Form Introduction", 11, 0, 6, False, False, _INK, True),
    ("Form Information", 11, 12, 6, False, False, _INK, False),
    ("Form Help", 10, 0, 3, False, False, _SOFT, True),
    ("Form Note", 10, 0, 3, False, True, _SOFT, True),
    ("Form Option", 11, 0, 1, False, False, _INK, False),
    ("Form Tick", 11, 0, 1, False, False, _INK, False),
    ("Form Answer", 11, 6, 6, False, False, _INK, False),
    ("Form Head", 7.5, 0, 0, True, False, _INK, True),
    ("Form Row", 10, 0, 0, False, False, _INK, False),
    ("Form Cell", 12, 0, 0, False, False, _INK, False),
    ("Form Code", 9, 0, 0, False, False, _INK, False),
    ("Form Code Head", 9, 0, 0, True, False, _INK, True),
    ("Form Break", 2, 0, 0, False, False, _INK, False),
)
_CHARACTERS = ("Form Number", "Form Mark", "Form Unit")
# Style of a list -> the sign in front of its lines.
_LISTS = (("Form Option", "\u25cb"), ("Form Tick", "\u2610"))
_FIRST_LIST = 70
# What stands in the empty file for what differs between files.
_TITLE, _LANGUAGE, _FOOTER = "evalkit-title", "evalkit-language", "evalkit-footer"
_UPRIGHT, _TURNED = "<!--upright-->", "<!--turned-->"
_MARKS = re.compile("|".join((_TITLE, _LANGUAGE, _FOOTER, _UPRIGHT, _TURNED)))


def package(upright: Iterable[str], turned: Iterable[str], *, title: str, language: str, footer: str) -> bytes:
    """Make a Word file of paragraphs and tables.

    Parameters
    ----------
    upright, turned : iterable of str
        Elements of WordprocessingML, on upright and then on turned pages.
    title : str
        Title property.
    language : str
        Language of the text where no run says otherwise.
    footer : str
        What stands before the page number.

    Returns
    -------
    bytes
        The file; the same bytes for the same input, with no date in it.
    """
    own = {
        _TITLE: escape(title),
        _LANGUAGE: escape(language, {'"': "&quot;"}),
        _FOOTER: escape(footer),
        _TURNED: "".join(turned),
        _UPRIGHT: "".join(upright),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, content in _template():
            filled = _MARKS.sub(lambda match: own[match.group()], content).encode("utf-8")
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), filled, zipfile.ZIP_DEFLATED)
    return made.getvalue()


@lru_cache(maxsize=1)
def _template() -> tuple[tuple[str, str], ...]:
    """Make the empty file once: its parts, each with its name."""
    document = Document()
    _properties(document)
    _styles(document)
    _lists(document)
    _pages(document)
    made = io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as given:
        return tuple((name, given.read(name).decode("utf-8")) for name in given.namelist())


def _properties(document: WordDocument) -> None:
    core = document.core_properties
    core.title = _TITLE
    core.language = _LANGUAGE
    for name in ("author", "comments", "last_modified_by", "keywords", "subject", "category"):
        setattr(core, name, "")
    root = core._element  # noqa: SLF001 - python-docx can set a date, but not take it away
    for name in ("dcterms:created", "dcterms:modified"):
        for element in root.findall(qn(name)):
            root.remove(element)
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def _styles(document: WordDocument) -> None:
    known = {style.name for style in document.styles}
    for name, *look in _PARAGRAPHS:
        if name not in known:
            made: Any = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            made.base_style = document.styles["Normal"]
            made.quick_style = True
        _dress(document.styles[name], *look)
    for name in _CHARACTERS:
        made = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        if name != "Form Number":
            made.font.bold, made.font.color.rgb = False, _SOFT
    for part in (*document.styles.element.iter(qn("w:lang")), *document.settings.element.iter(qn("w:themeFontLang"))):
        part.set(qn("w:val"), _LANGUAGE)
    for part in document.settings.element.iter(qn("w:compatSetting")):
        if part.get(qn("w:name")) == "compatibilityMode":
            part.set(qn("w:val"), "15")


def _dress(style: Any, size: Any, before: Any, after: Any, bold: Any, italic: Any, colour: Any, keep: Any) -> None:
    """Give a style its looks, and none of those that it had."""
    for old in style.element.findall(qn("w:rPr")):
        style.element.remove(old)
    for border in style.element.get_or_add_pPr().findall(qn("w:pBdr")):
        style.element.pPr.remove(border)
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
    style.font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{key}"), FONT)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.keep_with_next = keep
    style.paragraph_format.line_spacing = 1.0 if size < 10 else 1.1


def _lists(document: WordDocument) -> None:
    """Give the options of a question real lists, with a circle for one answer and a box for several."""
    numbering: Any = document.part.numbering_part.element
    for position, (name, sign) in enumerate(_LISTS):
        number = _FIRST_LIST + position
        numbering.insert(
            0,
            parse_xml(
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}"><w:multiLevelType w:val="singleLevel"/>'
                f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="{sign}"/>'
                '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="454" w:hanging="454"/></w:pPr>'
                '<w:rPr><w:rFonts w:ascii="Segoe UI Symbol" w:hAnsi="Segoe UI Symbol" w:cs="Segoe UI Symbol" '
                'w:eastAsia="Segoe UI Symbol"/></w:rPr></w:lvl></w:abstractNum>'
            ),
        )
        numbering.append(
            parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>')
        )
        style: Any = document.styles[name]
        properties = style.element.get_or_add_pPr()
        wanted = properties.get_or_add_numPr()
        wanted.get_or_add_numId().val = number


def _pages(document: WordDocument) -> None:
    """Set upright pages, and turned ones after them with the same footer."""
    (section,) = document.sections
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Cm(2))
    line = section.footer.paragraphs[0]._p  # noqa: SLF001 - a field cannot be added otherwise
    text = '<w:rPr><w:sz w:val="17"/></w:rPr><w:t xml:space="preserve">{}</w:t>'
    line.append(_element(f"<w:r>{text.format(f'{_FOOTER}, page ')}</w:r>"))
    line.append(_element(f'<w:fldSimple w:instr="PAGE"><w:r>{text.format("1")}</w:r></w:fldSimple>'))
    last = document.element.body.sectPr
    end = _element('<w:p><w:pPr><w:pStyle w:val="FormBreak"/></w:pPr></w:p>')
    end.find(qn("w:pPr")).append(copy.deepcopy(last))
    for part in (_element(_UPRIGHT), end, _element(_TURNED)):
        last.addprevious(part)
    for reference in last.findall(qn("w:footerReference")):
        last.remove(reference)
    size = last.find(qn("w:pgSz"))
    width, height = size.get(qn("w:w")), size.get(qn("w:h"))
    size.set(qn("w:w"), height)
    size.set(qn("w:h"), width)
    size.set(qn("w:orient"), "landscape")


def _element(text: str) -> Any:
    return next(iter(parse_xml(f"<w:body {nsdecls('w')}>{text}</w:body>")))
