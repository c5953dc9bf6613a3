"""A programme's report as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit import figures
from evalkit.report.layout import environment
from evalkit.report.programme_blocks import Block, Bullets, Picture, Report, Section, Table, Text, unbroken
from evalkit.report.programme_identity import Identity
from evalkit.report.tables import WITHHELD, folded

# Cells longer than this may be broken.
_SHORT = 26
# Up to so many columns a table is no wider than the text, up to so many more than its page it is set smaller in print.
_NARROW, _LIKE_TEXT, _WIDE = 2, 4, 8
# Rows up to which a table is kept on one page in print.
_ON_ONE_PAGE = 14


def report_html(report: Report, identity: Identity) -> str:
    """Lay a report out as a page.

    Parameters
    ----------
    report : Report
        The report.
    identity : Identity
        How it looks.

    Returns
    -------
    str
        HTML without scripts and without anything to load.
    """
    parts = [_section(section, place) for place, section in enumerate(report.sections)]
    board = [part for part, section in zip(parts, report.sections, strict=True) if section.board]
    body = [part for part, section in zip(parts, report.sections, strict=True) if not section.board]
    contents = [
        (_key(section, place), section.title)
        for place, section in enumerate(report.sections)
        if section.level == 2 and not section.board
    ]
    logo = ""
    if identity.picture:
        logo = f"data:{identity.media_type};base64,{base64.b64encode(identity.picture).decode('ascii')}"
    return str(
        environment()
        .get_template("programme.html.j2")
        .render(
            report=report,
            identity=identity,
            logo=logo,
            board=f'<div class="pr-board">{"".join(board)}</div>' if board else "",
            body="\n".join(body),
            contents=contents,
            footer=report.footer,
        )
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a report, as a notebook shows it.

    Parameters
    ----------
    html : str
        What is shown.
    """

    html: str

    def _repr_html_(self) -> str:
        return self.html


def part(report: Report, title: str) -> Part:
    """Show a part of a report: what stands under a heading.

    Parameters
    ----------
    report : Report
        The report.
    title : str
        The heading.

    Returns
    -------
    Part
        What stands under it in the page, to the next heading of its level or above; with no such heading, words that
        say so.
    """
    shown: list[str] = []
    level = 0
    for place, section in enumerate(report.sections):
        level = section.level if section.title == title else level if section.level > level else 0
        if level:
            shown.append(_section(section, place))
    return Part("\n".join(shown) or f"<p>{html.escape(title)}: not in this report.</p>")


def _text(text: str) -> str:
    """Escape a text, and keep numbers and their per cent on one line."""
    return html.escape(unbroken(text))


def _key(section: Section, place: int) -> str:
    return f"s{place}-{re.sub(r'[^a-z0-9]+', '-', section.title.lower()).strip('-')[:60]}"


def _section(section: Section, place: int) -> str:
    heading = f'<h{section.level} id="{_key(section, place)}">{html.escape(section.title)}</h{section.level}>'
    return "\n".join([heading, *_blocks(section.blocks)])


def _blocks(blocks: Sequence[Block]) -> list[str]:
    """Write blocks; the table behind a figure is folded below it, under its own name."""
    parts = []
    for place, block in enumerate(blocks):
        before = blocks[place - 1] if place else None
        parts.append(_written(block, below=isinstance(before, Picture)))
    return parts


def _written(block: Block, *, below: bool) -> str:
    if isinstance(block, Text):
        styles = {"note": ' class="pr-note"', "write": ' class="pr-write"', "lead": ' class="pr-sub"'}
        return f"<p{styles.get(block.kind, '')}>{_text(block.text)}</p>"
    if isinstance(block, Bullets):
        return f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in block.items)}</ul>"
    if isinstance(block, Picture):
        return _picture(block)
    if block.folded:
        # On paper it is left to the workbook, as in Word.
        return f'<div class="pr-more">{folded(block.title, _table(block, named=True))}</div>'
    return folded(block.title, _table(block, named=True)) if below else _table(block)


# Seen on a narrow screen alone, on which a figure is wider than the screen and its numbers are open.
_SIDEWAYS = "The figure is wider than the screen: move it sideways. Its numbers stand below it."


def _picture(picture: Picture) -> str:
    out = io.BytesIO()
    with figures.style():
        picture.drawing.savefig(out, format="svg", metadata={"Date": None})
    image = base64.b64encode(out.getvalue()).decode("ascii")
    title = html.escape(picture.title)
    return (
        f'<figure class="ek-figure"><figcaption>{title}</figcaption><p class="pr-sideways">{_SIDEWAYS}</p>'
        f'<div class="ek-picture" role="group" tabindex="0" aria-label="{html.escape(picture.title, quote=True)}">'
        f'<img alt="{html.escape(picture.alt, quote=True)}" src="data:image/svg+xml;base64,{image}"></div></figure>'
    )


def _table(table: Table, *, named: bool = False) -> str:
    """Write a table; where it is named by what it is folded under, the caption tells its size and is heard only."""
    head = "".join(
        f'<th scope="col"{_words(table, at)}>{_text(name) or "&nbsp;"}</th>' for at, name in enumerate(table.columns)
    )
    cells = ["".join(_cell(table, at, row[at]) for at in range(1, len(row))) for row in table.rows]
    rows = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th>{rest}</tr>' for row, rest in zip(table.rows, cells, strict=True)
    )
    notes = "".join(f'<p class="pr-under">{_text(note)}</p>' for note in table.notes)
    label = html.escape(table.title, quote=True)
    size = f"{len(table.rows)} {'row' if len(table.rows) == 1 else 'rows'}, {len(table.columns)} columns"
    caption = f'<span class="ek-hidden">{size}</span>' if named else html.escape(table.title)
    kept = " pr-kept" if len(table.rows) <= _ON_ONE_PAGE else ""
    return (
        f'<div class="pr-scroll{kept}" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="pr-table{_size(table)}"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"
    )


def _size(table: Table) -> str:
    count = len(table.columns)
    if count <= _LIKE_TEXT and not table.words:
        return " pr-narrow" if count <= _NARROW else " pr-like-text"
    return " pr-wide" if count >= _WIDE else ""


def _words(table: Table, at: int) -> str:
    return ' class="pr-words"' if at in table.words else ""


def _cell(table: Table, at: int, text: str) -> str:
    names = [
        *(["pr-words"] if at in table.words else ["pr-short"] if len(text) <= _SHORT else []),
        *(["pr-held"] if text == WITHHELD else []),
    ]
    style = f' class="{" ".join(names)}"' if names else ""
    return f"<td{style}>{_text(text)}</td>"
