"""Text cells as HTML in which nothing is active and nothing is loaded."""

from __future__ import annotations

import re
from functools import cache
from html import escape, unescape
from typing import Any

from evalkit.errors import Problem, ReportError

_SAFE_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
_COMMENT = re.compile(r"\s*<!--.*?-->\s*", re.DOTALL)


def markdown_html(source: str, place: str) -> str:
    """Turn markdown into HTML.

    Parameters
    ----------
    source : str
        Markdown as in a text cell. HTML in it is printed as it stands, not obeyed; comments are dropped.
    place : str
        Where it stands, for the message.

    Returns
    -------
    str
        HTML. A link leads to the web, to a mailbox or within the page; of any other only the text stays.

    Raises
    ------
    ReportError
        REP-003 for a picture: it would be loaded from elsewhere, or would pass by disclosure control.
    """
    converter, pictures = _converter()
    pictures.clear()
    body = str(converter.render(source))
    if pictures:
        raise ReportError(
            Problem(
                "REP-003",
                place,
                f'a picture, "{picture[:60]}"',
                "text",
                'Draw figures with show(..., as_="figure"); write the rest as text.',
            )
            for picture in pictures
        )
    return body


@cache
def _converter() -> tuple[Any, list[str]]:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    pictures: list[str] = []

    class Inert(IPythonRenderer):  # type: ignore[misc]
        """HTML as text, links of three kinds, no pictures, code without colours."""

        def block_html(self, html: str) -> str:
            rest = _COMMENT.sub("", html)
            return f"<p>{escape(rest.strip())}</p>\n" if rest.strip() else ""

        def inline_html(self, html: str) -> str:
            return escape(_COMMENT.sub("", html))

        def block_code(self, code: str, info: str | None = None) -> str:  # noqa: ARG002 - the language is not needed
            return f"<pre><code>{escape(code)}</code></pre>\n"

        def link(self, text: str, url: str, title: str | None = None) -> str:
            target = unescape(url).strip()
            if not _SAFE_LINK.match(target):
                return text
            hint = f' title="{escape(title)}"' if title else ""
            return f'<a href="{escape(target)}"{hint} rel="noreferrer">{text}</a>'

        def image(self, text: str, url: str, title: str | None = None) -> str:
            pictures.append(str(title or text or url))
            return ""

    return MarkdownWithMath(renderer=Inert(escape=True, exclude_anchor_links=True)), pictures
