"""Word: an accessible .docx to print, or to paste into Jisc Online Surveys or Microsoft Forms.

Real headings, lists and tables with header rows; questions are numbered, conditions are in words. The code map at the
end says how items and options are called, so that answers can be read back whatever platform they were given on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from evalkit.instruments.conditions import Condition
from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.plain_words import LANGUAGE, condition_words, limit_words, question_numbers
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.word_reader import read_back
from evalkit.instruments.export.xml_texts import xml_text
from evalkit.instruments.model import Instrument, Item, Matrix, Option, Section
from evalkit.instruments.wording import reworded, texts

__all__ = ["build", "read_back"]

_CARRIED = ("minutes", "licence", "source", "cite")
_LINES_OF_LONG_TEXT = 4
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def build(instrument: Instrument) -> tuple[bytes, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as a Word file.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (bytes, tuple of Loss, tuple of CodeChange)
        The file, the same bytes for the same form; what it does not carry; no code has to change. Every language is
        there, one after the other.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters.
    """
    from evalkit.instruments.export.word_styles import package

    _check(instrument)
    languages = instrument.languages
    numbers = question_numbers(instrument)
    pages = [_Page(_spoken(instrument, language), language, languages, numbers) for language in languages]
    upright = (part for page in pages for part in _form(page))
    footer = f"{instrument.id}, version {instrument.version}"
    content = package(upright, _code_map(pages[0]), title=instrument.title, language=languages[0], footer=footer)
    return content, tuple(_losses(instrument)), ()


def _check(form: Instrument) -> None:
    said = texts(form) | {key: str(getattr(form, key)) for key in ("id", "version", "licence", "source", "cite")}
    said |= {f"{path}, {one.language}": text for one in form.translations for path, text in one.texts}
    for path, text in said.items():
        xml_text(text, path)


def _spoken(form: Instrument, language: str) -> Instrument:
    own = {path: text for one in form.translations if one.language == language for path, text in one.texts}
    return reworded(form, own.get)


@dataclass(frozen=True, slots=True)
class _Page:
    """One form in one language, and how its paragraphs are written."""

    form: Instrument
    language: str
    languages: tuple[str, ...]
    numbers: Mapping[str, str]

    @property
    def mirrored(self) -> bool:
        return self.language.split("-")[0] in _RIGHT_TO_LEFT

    def said(self, text: str, style: str = "") -> str:
        """Write a run of the instrument's own words."""
        return self.run(text, style, self.language, mirrored=self.mirrored)

    def ours(self, text: str, style: str = "") -> str:
        """Write a run of our words, which are English."""
        first = self.languages[0]
        return self.run(text, style, first if first.split("-")[0] == "en" else LANGUAGE)

    def run(self, text: str, style: str, language: str, *, mirrored: bool = False) -> str:
        look = f'<w:rStyle w:val="{style}"/>' if style else ""
        look += "<w:rtl/>" if mirrored else ""
        look += f"<w:lang w:val={quoteattr(language)}/>" if language != self.languages[0] else ""
        return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}{_signs(text)}</w:r>"

    def line(self, style: str, *runs: str, extra: str = "") -> str:
        bidi = "<w:bidi/>" if self.mirrored else ""
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{extra}{bidi}</w:pPr>{"".join(runs)}</w:p>'


def _signs(text: str) -> str:
    """Write a text with its line breaks and tabs."""
    written = escape(text).replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    written = written.replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">')
    return f'<w:t xml:space="preserve">{written}</w:t>'


def _form(page: _Page) -> Iterator[str]:
    form = page.form
    later = page.language != page.languages[0]
    yield page.line("Title", page.said(form.title), extra="<w:pageBreakBefore/>" if later else "")
    wave = form.waves[0]
    yield page.line("Subtitle", page.said(wave.title))
    if wave.intro:
        yield page.line("FormIntroduction", page.said(wave.intro))
    yield page.line("FormText", page.said(form.description))
    minutes = f"{form.minutes} minute" if form.minutes == 1 else f"{form.minutes} minutes"
    yield page.line("FormNote", page.ours(f"It takes about {minutes}."))
    yield page.line("Heading1", page.ours("Before you start"))
    yield page.line("Heading2", page.ours("Taking part"))
    yield page.line("FormText", page.said(form.consent))
    yield page.line("Heading2", page.ours("Your privacy"))
    yield page.line("FormText", page.said(form.privacy))
    yield page.line("FormTick", page.ours("I have read this and I agree to take part"))
    for section in form.sections:
        yield from _section(section, page)


def _section(section: Section, page: _Page) -> Iterator[str]:
    yield page.line("Heading1", page.said(section.title))
    yield _only_if(section.condition, page)
    if section.intro:
        yield page.line("FormIntroduction", page.said(section.intro))
    for matrix, items in section.groups():
        yield from (_single(items[0], page) if matrix is None else _matrix(matrix, items, page))


def _only_if(condition: Condition | None, page: _Page) -> str:
    return "" if condition is None else page.line("FormNote", page.ours(condition_words(condition, page.form)))


def _help(text: str, page: _Page) -> str:
    return page.line("FormHelp", page.said(text)) if text else ""


def _question(name: str, text: str, page: _Page, *, required: bool) -> str:
    """Write number, question and mark."""
    number = page.ours(f"{page.numbers[name]}. ", "FormNumber")
    return f"{number}{page.said(text)}{page.ours(' (required)', 'FormMark') if required else ''}"


def _single(item: Item, page: _Page) -> Iterator[str]:
    if item.kind == "information":
        yield _only_if(item.condition, page)
        yield page.line("FormInformation", page.said(item.text))
        yield _help(item.help, page)
        return
    yield page.line("Heading2", _question(item.id, item.text, page, required=item.required))
    yield _only_if(item.condition, page)
    yield _help(item.help, page)
    limits = limit_words(item)
    if limits:
        yield page.line("FormNote", page.ours(limits))
    if item.options is not None:
        yield from _options(item, page)
    elif item.kind == "date":
        yield page.line("FormAnswer", page.ours("Day\t Month\t Year\t"), extra=_tabs(1700, 3700, 6000))
    else:
        unit = page.said(item.unit, "FormUnit") if item.unit else ""
        width = 2800 if item.kind == "number" else 9000
        for _ in range(_LINES_OF_LONG_TEXT if item.kind == "long_text" else 1):
            yield page.line("FormAnswer", page.ours("\t "), unit, extra=_tabs(width))


def _tabs(*places: int) -> str:
    """Draw the lines to write on: a screen reader passes over them."""
    stops = "".join(f'<w:tab w:val="left" w:leader="underscore" w:pos="{place}"/>' for place in places)
    return f"<w:tabs>{stops}</w:tabs>"


def _options(item: Item, page: _Page) -> Iterator[str]:
    ticks = item.kind == "multiple_choice"
    options = page.form.options_of(item)
    for position, option in enumerate(options, start=1):
        alone = ticks and (option.exclusive or option.missing)
        mark = page.ours(" (not together with another answer)", "FormMark") if alone else ""
        keep = "<w:keepNext/>" if position < len(options) and len(options) <= 8 else ""
        yield page.line("FormTick" if ticks else "FormOption", page.said(option.label), mark, extra=keep)


def _matrix(matrix: Matrix, items: tuple[Item, ...], page: _Page) -> Iterator[str]:
    number = page.ours(f"{page.numbers[matrix.id]}. ", "FormNumber")
    yield page.line("Heading2", number, page.said(matrix.text))
    same = len({item.when for item in items}) == 1
    yield _only_if(items[0].condition if same else None, page)
    yield _help(matrix.help, page)
    options = page.form.options_of(items[0])
    widths = _widths([option.label for option in options])
    head = [page.line("FormHead", page.ours("Statement"))]
    head += [page.line("FormHead", page.said(option.label), extra=_CENTRED) for option in options]
    rows = [[_statement(item, page, same=same), *[_circle(page)] * len(options)] for item in items]
    yield _table(widths, [head, *rows], page, f"Question {page.numbers[matrix.id]}", matrix.text)


def _widths(labels: Sequence[str]) -> list[int]:
    """Share the page between statements and options, so that the longest word of a label fits if it can."""
    longest = max((len(word) for label in labels for word in label.split()), default=1)
    first = min(3400, max(2200, 9638 - len(labels) * (90 + 92 * longest)))
    return [first, *[(9638 - first) // len(labels)] * len(labels)]


_CENTRED = '<w:jc w:val="center"/>'


def _circle(page: _Page) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="FormCell"/>{_CENTRED}</w:pPr>{page.ours(chr(0x25CB))}</w:p>'


def _statement(item: Item, page: _Page, *, same: bool) -> str:
    text = page.line("FormRow", _question(item.id, item.text, page, required=item.required))
    return f"{text}{'' if same else _only_if(item.condition, page)}{_help(item.help, page)}"


def _table(
    widths: Sequence[int], rows: Sequence[Sequence[str]], page: _Page, caption: str, description: str = ""
) -> str:
    """Write a table; its first row is repeated on every page, and no row is split."""
    look = (
        f'<w:tblPr><w:tblStyle w:val="TableGrid"/>{"<w:bidiVisual/>" if page.mirrored else ""}'
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        '<w:tblBorders><w:top w:val="single" w:sz="4" w:color="505A5F"/><w:left w:val="nil"/>'
        '<w:bottom w:val="single" w:sz="4" w:color="505A5F"/><w:right w:val="nil"/>'
        '<w:insideH w:val="single" w:sz="4" w:color="B1B4B6"/><w:insideV w:val="nil"/></w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:top w:w="50" w:type="dxa"/><w:left w:w="45" w:type="dxa"/>'
        '<w:bottom w:w="50" w:type="dxa"/><w:right w:w="45" w:type="dxa"/></w:tblCellMar>'
        '<w:tblLook w:val="04A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="0" '
        f'w:noVBand="1"/><w:tblCaption w:val={quoteattr(caption)}/>'
        f"<w:tblDescription w:val={quoteattr(' '.join(description.split())[:250] or caption)}/></w:tblPr>"
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    body = "".join(_table_row(widths, row, head=position == 0) for position, row in enumerate(rows))
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"


def _table_row(widths: Sequence[int], cells: Sequence[str], *, head: bool) -> str:
    place = "bottom" if head else "center"
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EEF3F7"/>' if head else ""
    inner = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="{place}"/></w:tcPr>{cell}</w:tc>'
        for width, cell in zip(widths, cells, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{inner}</w:tr>"


def _code_map(page: _Page) -> Iterator[str]:
    form = page.form
    yield page.line("Heading1", page.ours("Code map"))
    yield page.line(
        "FormText",
        page.ours(
            "For whoever sets the survey up and reads the answers; not for respondents. Keep the names of items and "
            "the values of options as they are here, or keep this map with the answers."
        ),
    )
    about = {
        "Instrument": form.id,
        "Version": form.version,
        "Wave": form.waves[0].id,
        "Languages": " ".join(page.languages),
        "Minutes": str(form.minutes),
        "Licence": form.licence,
        "Source": form.source,
        "Cite as": form.cite,
    }
    yield from _codes(page, "About the form", [2600, 11970], ["Field", "Value"], list(map(list, about.items())))
    pages = [[section.title, section.id, str(section.condition or "")] for section in form.sections]
    yield from _codes(page, "Pages", [5000, 3000, 6570], ["Page", "Id", "Shown only if"], pages)
    heads = ["Question", "Item", "Kind", "Matrix", "Options", "Shown only if", "Marks"]
    items = [_item_codes(item, page) for item in form.items]
    yield from _codes(page, "Items", [1150, 2700, 1800, 1900, 2000, 3020, 2000], heads, items)
    options = [
        [one.id, option.label, str(option.value), _option_marks(option)]
        for one in form.options
        for option in one.options
    ]
    yield from _codes(page, "Options", [2700, 6670, 2600, 2600], ["Options", "Option", "Value", "Marks"], options)
    yield page.line("FormNote", page.ours("End of the code map."))


def _item_codes(item: Item, page: _Page) -> list[str]:
    marks = ["required"] if item.required else []
    marks += ["identifies a person"] if item.identifier else []
    marks += [f"code {item.code}"] if item.code is not None else []
    return [
        page.numbers.get(item.id, ""),
        item.id,
        item.kind.replace("_", " "),
        item.matrix or "",
        item.options or "",
        str(item.condition or ""),
        ", ".join(marks),
    ]


def _option_marks(option: Option) -> str:
    return ", ".join(mark for mark, there in (("missing", option.missing), ("exclusive", option.exclusive)) if there)


def _codes(
    page: _Page, title: str, widths: Sequence[int], heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[str]:
    yield page.line("Heading2", page.ours(title))
    head = [page.line("FormCodeHead", page.ours(name)) for name in heads]
    body = [[page.line("FormCode", page.said(cell)) for cell in row] for row in rows]
    yield _table(widths, [head, *body], page, title)


def _losses(form: Instrument) -> Iterator[Loss]:
    for loss in (*metadata_losses(form, "Word", _CARRIED), *item_losses(form, "Word", ("identifier", "kind"))):
        if loss.feature not in {"option set", "wave title"}:
            yield loss
    for language in form.languages:
        if language.split("-")[0] != "en":
            yield Loss("interface", language, "Our own words, such as notes on limits and conditions, are in English.")
