"""What a browser would see in a page: tags, attributes, and whatever is active or would be loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LOADING = frozenset(
    {"src", "srcset", "data", "poster", "action", "formaction", "background", "cite", "manifest", "ping"}
)
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "form", "base", "applet", "frame", "portal"})


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.styles: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.styles.append(data)


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every start tag with its attributes, entities resolved."""
    collector = _Collector()
    collector.feed(html)
    return collector.tags


def faults(html: str) -> list[str]:
    """Whatever in a page is active, or would be fetched without a click."""
    collector = _Collector()
    collector.feed(html)
    found = [f"<{tag}>" for tag, _ in collector.tags if tag in _ACTIVE]
    for tag, attributes in collector.tags:
        found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        found += [
            f"{tag} {name}={value[:40]}"
            for name, value in attributes.items()
            if (name in _LOADING or (name.endswith("href") and tag != "a")) and not re.match(r"#|data:", value)
        ]
        if tag == "a" and not re.match(r"#|https?://|mailto:|[\w.-]+\.html$", attributes.get("href", "#")):
            found.append(f"a href={attributes['href'][:40]}")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            found.append("meta refresh")
    styles = [*collector.styles, *(attributes.get("style", "") for _, attributes in collector.tags)]
    return found + [f"style {match}" for style in styles for match in re.findall(r"url\(|@import|expression\(", style)]
