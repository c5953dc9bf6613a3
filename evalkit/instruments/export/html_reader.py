"""Read our own HTML form back from its markup, strictly: everything that the script makes the form from must be there.

Labels, groups and references between what the script makes are there only in a browser: the browser tests look at them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from evalkit.files import inert
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected
from evalkit.instruments.export.file_findings import FileFindings, as_number
from evalkit.instruments.model import CHOICE_KINDS, Instrument
from evalkit.instruments.parts import Item, Matrix, Option, OptionSet, Section, Translation, Wave

_VOID = frozenset({"meta", "link", "input", "br"})
_SIGNS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_KINDS = frozenset(
    {"single_choice", "multiple_choice", "likert", "number", "date", "short_text", "long_text", "information"}
)
# Texts whose class says what they are.
_TOLD = frozenset({"help", "unit", "only_if"})
_REFERRING = ("for", "aria-labelledby", "aria-describedby")


@dataclass(slots=True)
class _Element:
    """One element of the page with what is in it."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    parts: list[_Element | str] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    def below(self) -> Iterator[_Element]:
        for part in self.parts:
            if isinstance(part, _Element):
                yield part
                yield from part.below()

    def find(self, wanted: Callable[[_Element], bool]) -> list[_Element]:
        return [part for part in self.below() if wanted(part)]

    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text() for part in self.parts)


class _Tree(HTMLParser):
    """Builds the elements; every element is closed, and in the right order."""

    def __init__(self, findings: FileFindings) -> None:
        super().__init__(convert_charrefs=True)
        self.findings = findings
        self.root = _Element("#page", {}, 1)
        self.open = [self.root]
        self.doctype = ""

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        names = [name for name, _ in attrs]
        self.findings.check(len(set(names)) == len(names), f"line {line}", f"<{tag}> with an attribute twice", "once")
        element = _Element(tag, {name: value or "" for name, value in attrs}, line)
        self.open[-1].parts.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        right = len(self.open) > 1 and self.open[-1].tag == tag
        self.findings.check(right, f"line {self.getpos()[0]}", f"</{tag}>", f"</{self.open[-1].tag}>")
        if right:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read_back(content: str | bytes) -> Instrument:
    """Read a form from its own markup.

    Parameters
    ----------
    content : str or bytes
        The page.

    Returns
    -------
    Instrument
        What the page asks and says. What it does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with everything that is wrong: markup, references between elements, anything that could reach the
        network, a script or style that the content security policy does not pin, and questions that are not whole.
    """
    findings = FileFindings("HTML form")
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    tree = _Tree(findings)
    tree.feed(text)
    tree.close()
    findings.check(tree.doctype == "DOCTYPE html", "line 1", tree.doctype or "nothing", "<!DOCTYPE html>")
    findings.check(len(tree.open) == 1, "the end", f"<{tree.open[-1].tag}> not closed", "every element closed")
    findings.finish()
    _check_page(tree.root, findings)
    findings.finish()
    found = _Reader(tree.root, findings).instrument()
    findings.finish()
    return found


def typed_text(cell: str) -> str:
    """Give a text from the CSV file of answers as it was typed.

    Parameters
    ----------
    cell : str
        A cell of the file.

    Returns
    -------
    str
        Without the apostrophe that keeps a spreadsheet from running it; a text that the form left alone stays.

    Examples
    --------
    >>> typed_text("'=1+1"), typed_text("''=1+1"), typed_text("'tis")
    ('=1+1', "'=1+1", "'tis")
    """
    bare = cell.lstrip("'")
    return cell[1:] if cell.startswith("'") and inert(bare) != bare else cell


def _check_page(root: _Element, findings: FileFindings) -> None:
    _check_policy(root, findings)
    ids = Counter(part.get("id") for part in root.below() if part.get("id") is not None)
    for part in root.below():
        place = f"line {part.line}"
        for name, value in part.attributes.items():
            outside = name in {"src", "srcset", "action", "ping", "poster", "background"} or name.startswith("on")
            findings.check(not outside and name != "style", place, f"<{part.tag} {name}>", "no such attribute")
            if name == "href":
                findings.check(value == "data:," or value.startswith("#"), place, value, "a link inside the page")
            if name in _REFERRING:
                for one in value.split():
                    findings.check(one in ids, place, f"{name}={one!r}", "the id of an element")
        if part.get("id") is not None:
            findings.check(ids[part.get("id")] == 1, place, f"id {part.get('id')!r} twice", "each id once")
    for tag in ("title", "h1", "main", "form"):
        count = len(root.find(lambda part, tag=tag: part.tag == tag))  # type: ignore[misc]
        findings.check(count == 1, f"<{tag}>", f"{count} of them", "one")
    _check_labels(root, findings)


def _check_policy(root: _Element, findings: FileFindings) -> None:
    """Check that the policy shuts everything out but the one style and the one script, as they are."""
    policy = "; ".join(part.get("content") or "" for part in root.find(_is("http-equiv", "Content-Security-Policy")))
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    expected = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "img-src": "data:"}
    for tag in ("script", "style"):
        live = [part for part in root.find(lambda one, tag=tag: one.tag == tag) if part.get("type") is None]  # type: ignore[misc]
        findings.check(len(live) == 1, f"<{tag}>", f"{len(live)} of them", "one")
        digest = hashlib.sha256("".join(part.text() for part in live).encode("utf-8")).digest()
        expected[f"{tag}-src"] = f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
    for name in rules.keys() | expected.keys():
        place = f"content security policy, {name}"
        findings.check(rules.get(name) == expected.get(name), place, str(rules.get(name)), str(expected.get(name)))


def _check_labels(root: _Element, findings: FileFindings) -> None:
    """Check that every box has one label with words and every group of boxes a legend."""
    labels = Counter(part.get("for") for part in root.below() if part.tag == "label" and part.text().strip())
    for part in root.below():
        if part.tag in {"input", "textarea"}:
            count = labels[part.get("id")]
            findings.check(count == 1, f"line {part.line}", f"a box with {count} labels", "one label")
        if part.tag == "fieldset":
            first = next((one for one in part.parts if isinstance(one, _Element)), None)
            right = first is not None and first.tag == "legend" and first.text()
            findings.check(right, f"line {part.line}", "a group without a legend", "a legend first")
        if part.tag == "button":
            findings.check(part.get("type") == "button", f"line {part.line}", "a button that submits", "type=button")


def _is(name: str, value: str | None = None) -> Callable[[_Element], bool]:
    return lambda part: part.get(name) is not None if value is None else part.get(name) == value


def _short_path(part: _Element) -> str | None:
    """Give the path of a text as it is in the file: said, or told by what it is."""
    if part.get("data-n") is not None:
        return "text"
    return part.get("class") if part.get("class") in _TOLD else part.get("data-t")


def _path(home: str, path: str) -> str:
    """Give the whole path of a text; in the file it is what follows the section, matrix or item."""
    if not home:
        return path
    return f"only_if.{home}" if path == "only_if" else f"{home}.{path}"


def _texts(part: _Element, home: str = "") -> Iterator[tuple[str, str]]:
    for name, kind in (("data-section", "sections"), ("data-matrix", "matrices"), ("data-item", "items")):
        if part.get(name) is not None:
            home = f"{kind}.{part.get(name)}"
    if (path := _short_path(part)) is not None:
        yield _path(home, path), part.text()
    for inner in part.parts:
        if isinstance(inner, _Element):
            yield from _texts(inner, home)


@dataclass(slots=True)
class _Reader:
    """Rebuilds the instrument from a page that is in order."""

    root: _Element
    findings: FileFindings
    texts: dict[str, str] = field(default_factory=dict)
    sets: dict[str, OptionSet] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for path, text in _texts(self.root):
            self.findings.check(self.texts.setdefault(path, text) == text, f"data-t={path}", "other texts", "one text")

    def instrument(self) -> Instrument:
        form = self.one(self.root, "id", "form")
        wave = form.get("data-wave") or ""
        self.sets = self.option_sets()
        sections = tuple(self.section(part) for part in form.find(_is("data-section")))
        html = next(part for part in self.root.below() if part.tag == "html")
        title = next(part for part in self.root.below() if part.tag == "title").text()
        self.findings.check(title == self.said("title"), "<title>", title, "the heading of the page")
        translations = tuple(self.translations())
        return Instrument.model_construct(
            id=form.get("data-instrument") or "",
            version=form.get("data-version") or "",
            title=title,
            description=self.said("description"),
            consent=self.said("consent"),
            privacy=self.said("privacy"),
            waves=(
                Wave.model_construct(
                    id=wave, title=self.said(f"waves.{wave}.title"), intro=self.said(f"waves.{wave}.intro")
                ),
            ),
            minutes=as_number(self.one(self.root, "data-minutes").get("data-minutes") or ""),
            source=self.one(self.root, "name", "dcterms.source").get("content") or "",
            licence=self.one(self.root, "class", "licence").text(),
            cite=self.one(self.root, "class", "cite").text(),
            languages=self.languages(html.get("lang") or "", translations),
            sections=sections,
            options=tuple(self.sets.values()),
            translations=translations,
            audience=(),
        )

    def one(self, where: _Element, name: str, value: str | None = None) -> _Element:
        found = where.find(_is(name, value))
        wanted = name if value is None else f"{name}={value!r}"
        self.findings.check(len(found) == 1, f"line {where.line}", f"{len(found)} elements with {wanted}", "one")
        return found[0] if found else _Element("#none", {}, where.line)

    def said(self, path: str) -> str:
        return self.texts.get(path, "")

    def stored(self, name: str) -> Any:
        """Read JSON that lies in the page."""
        part = self.one(self.root, "id", name)
        self.findings.check("<" not in part.text(), f"line {part.line}", "<", "no sign that could end the script")
        try:
            return json.loads(part.text())
        except ValueError:
            self.findings.note(f"line {part.line}", "text that is not JSON", "JSON")
            return []

    def option_sets(self) -> dict[str, OptionSet]:
        stored = self.stored("options")
        found = {}
        for name, options in stored.items() if isinstance(stored, dict) else ():
            values = [str(option[0]) for option in options]
            self.findings.check(len(set(values)) == len(values), f"options {name}", "a value twice", "each value once")
            found[name] = OptionSet.model_construct(id=name, options=tuple(self.option(one, name) for one in options))
        return found

    def option(self, stored: list[Any], name: str) -> Option:
        value, label, *alone = stored
        marks = "".join(alone)
        right = isinstance(value, int | str) and isinstance(label, str) and label and marks in {"", "m", "e", "me"}
        self.findings.check(right, f"options {name}", f"{stored}", "a value, a label, and m or e")
        return Option.model_construct(value=value, label=label, missing="m" in marks, exclusive="e" in marks)

    def languages(self, first: str, translations: tuple[Translation, ...]) -> tuple[str, ...]:
        found = (first, *(one.language for one in translations))
        buttons = tuple(part.get("data-language") or "" for part in self.root.find(_is("data-language")))
        expected = found if len(found) > 1 else ()
        self.findings.check(buttons == expected, "data-language", f"buttons {buttons}", f"{expected}")
        return found

    def translations(self) -> Iterator[Translation]:
        for one in self.stored("translations"):
            yield Translation(language=one["language"], texts=tuple(one["texts"].items()))

    def section(self, part: _Element) -> Section:
        name = part.get("data-section") or ""
        when = self.condition(part)
        matrices = []
        items = []
        for group in part.find(lambda one: one.get("data-matrix") is not None or one.get("data-item") is not None):
            if group.get("data-item") is not None:
                above = [one for one in part.find(_is("data-matrix")) if any(group is row for row in one.below())]
                items.append(self.item(group, above[0] if above else None))
            else:
                found = group.get("data-matrix") or ""
                text, note = self.said(f"matrices.{found}.text"), self.said(f"matrices.{found}.help")
                matrices.append(Matrix.model_construct(id=found, text=text, help=note))
        return Section.model_construct(
            id=name,
            title=self.said(f"sections.{name}.title"),
            intro=self.said(f"sections.{name}.intro"),
            items=tuple(items),
            matrices=tuple(matrices),
            when=when,
        )

    def item(self, part: _Element, matrix: _Element | None) -> Item:
        name = part.get("data-item") or ""
        kind = part.get("data-kind") or ("likert" if matrix else "")
        options = part.get("data-options") or (matrix.get("data-options") if matrix else None)
        place = f"line {part.line}, item {name}"
        self.findings.check(kind in _KINDS, place, kind, "a kind of item")
        self.findings.check(name not in self.seen, place, name, "each item once")
        self.findings.check((kind in CHOICE_KINDS) == (options in self.sets), place, f"{options}", "a set of options")
        head = {"tr": "th", "fieldset": "legend"}.get(part.tag, "label")
        first = next((one.tag for one in part.parts if isinstance(one, _Element)), "")
        self.findings.check(kind == "information" or first == head, place, f"<{first}> first", f"<{head}>")
        limit = as_number if kind != "date" else lambda text: text or None
        found = Item.model_construct(
            id=name,
            kind=kind,
            code=part.get("data-code"),
            text=self.said(f"items.{name}.text"),
            help=self.said(f"items.{name}.help"),
            unit=self.said(f"items.{name}.unit"),
            options=options,
            required=part.get("data-required") is not None,
            min=limit(part.get("data-min") or ""),
            max=limit(part.get("data-max") or ""),
            decimals=int(part.get("data-decimals") or 0),
            max_length=as_number(part.get("data-length") or ""),
            identifier=part.get("data-identifier") is not None,
            when=self.condition(part),
            matrix=matrix.get("data-matrix") if matrix else None,
        )
        self.findings.check(found.text, place, "no text", "a text")
        self.seen.add(name)
        return found

    def condition(self, part: _Element) -> str:
        tree = part.get("data-when")
        if tree is None:
            return ""
        place = f"line {part.line}, data-when"
        try:
            return str(self.branch(json.loads(tree), place))
        except (ValueError, TypeError):
            self.findings.note(place, tree, "a condition tree")
            return ""

    def branch(self, tree: Any, place: str) -> Condition:
        sign, *parts = tree
        if sign in {"and", "or"}:
            inner = tuple(self.branch(part, place) for part in parts)
            return And(inner) if sign == "and" else Or(inner)
        if sign == "not":
            return Not(self.branch(parts[0], place))
        item, value = parts
        self.findings.check(item in self.seen, place, str(item), "an item that comes before")
        if sign == "selected":
            return Selected(item, value)
        self.findings.check(sign in _SIGNS, place, str(sign), "a comparison")
        return Comparison(item, sign, value)
