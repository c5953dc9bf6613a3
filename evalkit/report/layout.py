"""From an executed notebook to one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from evalkit import paths
from evalkit.report.markdown import markdown_html
from evalkit.report.showing import MARK

_HEADING = re.compile(r"<h(?P<level>[1-6])[^>]*>(?P<text>.*?)</h(?P=level)>", re.DOTALL)
_TITLE = r"<title>(.*?)</title>"
_SUMMARY = r'<meta name="description" data-evalkit="report" content="(.*?)">'
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index.

    Parameters
    ----------
    file : str
        Name of the HTML file beside the index.
    title : str
        The report's title.
    summary : str
        Its first paragraph, as plain text.
    also : tuple of (str, str)
        What else there is of it: label and name of the file.
    """

    file: str
    title: str
    summary: str
    also: tuple[tuple[str, str], ...] = ()


def page(cells: Sequence[Mapping[str, Any]], footer: Mapping[str, str]) -> tuple[str, str, str]:
    """Lay an executed notebook out as a page. Code is left out: it is in the notebook, which the footer names.

    Parameters
    ----------
    cells : sequence of mappings
        The notebook's cells, executed, with nothing in their outputs but what `show` registered.
    footer : mapping of str to str
        Provenance.

    Returns
    -------
    tuple of str
        HTML of the page, its title and its first paragraph as plain text.

    Raises
    ------
    ReportError
        REP-003 for a picture in a text cell.
    """
    parts: list[str] = []
    headings: list[tuple[int, str, str]] = []
    title = summary = ""
    for position, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "markdown":
            body, found = _markdown(cell["source"], f"text cell {position}", len(headings))
            headings += found
            title = title or next((text for level, _, text in found if level == 1), "")
            summary = summary or _first_paragraph(body)
            parts.append(f'<section class="ek-text">{body}</section>')
        elif cell["cell_type"] == "code":
            parts += [_output(output) for output in cell["outputs"]]
    template = environment().get_template("report.html.j2")
    body = "\n".join(part for part in parts if part)
    contents = [heading for heading in headings if heading[0] == 2]
    title = title or "Report"
    summary = unescape(_TAG.sub("", summary)).strip()
    html = str(template.render(title=title, summary=summary, body=body, contents=contents, footer=footer))
    return html, title, summary


def read_entry(file: str, html: str) -> Entry | None:
    """Find the line of the index in a report that an earlier run wrote.

    Parameters
    ----------
    file : str
        Name of the HTML file.
    html : str
        Its content.

    Returns
    -------
    Entry or None
        None when it is not a report of evalkit.
    """
    title, summary = (re.search(pattern, html, re.DOTALL) for pattern in (_TITLE, _SUMMARY))
    if title is None or summary is None:
        return None
    return Entry(file, unescape(title[1]), unescape(summary[1]))


def index_page(entries: Sequence[Entry], footer: Mapping[str, str]) -> str:
    """Lay out the page that lists the reports.

    Parameters
    ----------
    entries : sequence of Entry
        The reports, in order.
    footer : mapping of str to str
        Provenance.

    Returns
    -------
    str
        HTML.
    """
    below = [entry for entry in entries if "/" in entry.file]
    groups = [
        ("Reports", [entry for entry in entries if entry not in below]),
        ("Examples: every programme, rehearsed on synthetic data", below),
    ]
    groups = [(title, lines) for title, lines in groups if lines]
    return str(environment().get_template("index.html.j2").render(groups=groups, footer=footer))


def environment() -> Any:
    """Open the templates, with everything escaped that is put into them.

    Returns
    -------
    jinja2.Environment
        Strict: a name that is not given is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(paths.templates()),
        autoescape=select_autoescape(["html.j2", "html"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _markdown(source: str, place: str, before: int) -> tuple[str, list[tuple[int, str, str]]]:
    """Turn markdown into HTML whose headings can be linked to; give level, key and plain text of each."""
    headings: list[tuple[int, str, str]] = []

    def linked(match: re.Match[str]) -> str:
        level = int(match["level"])
        text = unescape(_TAG.sub("", match["text"])).strip()
        key = f"s{before + len(headings) + 1}-{re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')}"
        headings.append((level, key, text))
        return f'<h{level} id="{key}">{match["text"].strip()}</h{level}>'

    body = _HEADING.sub(linked, markdown_html(source, place))
    return body, headings


def _first_paragraph(body: str) -> str:
    found = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    return found[1] if found else ""


def _output(output: Mapping[str, Any]) -> str:
    if MARK not in output.get("metadata", {}):
        return ""
    data = output["data"]
    if "text/html" in data:
        return str(data["text/html"])
    text = data["text/plain"]
    label = escape(f"Key figures: {text.partition(chr(10))[0]}", quote=True)
    return f'<pre class="ek-key" role="region" tabindex="0" aria-label="{label}">{escape(text)}</pre>'


def first_heading_problem(html: str) -> str | None:
    """Find the first heading that is out of order.

    Parameters
    ----------
    html : str
        A page.

    Returns
    -------
    str or None
        Its plain text; None when the page has one first-level heading and no level is skipped.
    """
    previous = 0
    for match in _HEADING.finditer(html):
        level = int(match["level"])
        if level > previous + 1 or (level == 1 and previous > 0):
            return unescape(_TAG.sub("", match["text"]))
        previous = level
    return None
