"""From the tree of a programme's file to the shape of the model: ids are keys, and shared parts are put in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evalkit.errors import Problem, did_you_mean
from evalkit.instruments.sheet import Sheet, plain
from evalkit.instruments.tree import Listing, Node, Table

Record = dict[str, object]
Where = tuple[str | int, ...]

README = "programmes/README.md"
COMMON = "common"
PLAIN = ("version", "title", "summary", "purpose", "unit", "start", "start_is", "months")


@dataclass(frozen=True, slots=True)
class Form:
    """How the records of a section are written.

    Parameters
    ----------
    name : str
        Field that the key becomes.
    short : str
        Field that a single value becomes.
    children : mapping of str to Form
        Fields that hold records themselves.
    shared : bool
        Whether records can be taken from the shared block.
    """

    name: str
    short: str
    children: Mapping[str, Form] = field(default_factory=dict)
    shared: bool = False


SECTIONS: Mapping[str, Form] = {
    "sources": Form("key", "text", shared=True),
    "roles": Form("id", "title"),
    "steps": Form("id", "column", shared=True),
    "dose": Form("id", "title"),
    "waves": Form("id", "title"),
    "instruments": Form("id", "instrument", {"waves": Form("asked", "wave")}),
    "outcomes": Form("id", "title"),
    "comparisons": Form("id", "who", {"where": Form("id", "words")}),
    "questions": Form("id", "asks"),
    "subgroups": Form("id", "title", shared=True),
    "targets": Form("id", "title"),
    "files": Form("id", "file", {"columns": Form("name", "text")}, shared=True),
    "risks": Form("id", "risk", shared=True),
    "privacy": Form("id", "text", shared=True),
}
_INNER: Mapping[str, Mapping[str, Form]] = {
    "theory": {"outcomes": Form("id", "text"), "not_measured": Form("id", "text")},
    "eligibility": {"criteria": Form("id", "words")},
    "forms": {
        "tokens": Form("id", "text"),
        "reword": Form("id", "text"),
        "options": Form("id", "", {"values": Form("id", "text")}),
    },
}
TOP_KEYS = ("programme", *PLAIN, *SECTIONS, *_INNER)
SHARED = tuple(name for name, form in SECTIONS.items() if form.shared)
_FROM, _ADD, _LEAVE_OUT = "from", "add", "leave_out"


def shaped(tree: Table, file: str, common: Sheet) -> Sheet:
    """Bring a programme's tree into the shape of the model.

    Parameters
    ----------
    tree : Table
        From `evalkit.instruments.tree.read_tree`.
    file : str
        Name of the file, for messages.
    common : Sheet
        From `shared_block`.

    Returns
    -------
    Sheet
        The data, the place of each part, and what is wrong with the shape.
    """
    writer = _Writer(Sheet(file), common)
    writer.note(tree, ())
    for key, node in tree.entries.items():
        if key == "programme":
            writer.sheet.data["id"] = plain(node)
            writer.sheet.places[("id",)] = writer.sheet.places[("programme",)]
        elif key in PLAIN:
            writer.sheet.data[str(key)] = plain(node)
        elif key in SECTIONS:
            writer.sheet.data[str(key)] = writer.section(str(key), node, SECTIONS[str(key)])
        elif key in _INNER:
            writer.sheet.data[str(key)] = writer.inner(str(key), node)
        else:
            writer.unknown((key,), TOP_KEYS)
    return writer.sheet


def shared_block(tree: Table, file: str) -> Sheet:
    """Read the parts that programmes share.

    Parameters
    ----------
    tree : Table
        The block.
    file : str
        Name of its file.

    Returns
    -------
    Sheet
        Section -> records, with places and problems.
    """
    writer = _Writer(Sheet(file), Sheet(file))
    writer.note(tree, ())
    for key, node in tree.entries.items():
        if key in SHARED:
            writer.sheet.data[str(key)] = writer.section(str(key), node, SECTIONS[str(key)])
        elif key not in {"block", "version"}:
            writer.unknown((key,), SHARED)
    return writer.sheet


class _Writer:
    """Fills a sheet from the tree of one file."""

    def __init__(self, sheet: Sheet, common: Sheet) -> None:
        self.sheet = sheet
        self.common = common

    def note(self, node: Table, where: Where) -> None:
        for key, line in node.key_lines.items():
            self.sheet.places[(*where, key)] = f"{self.sheet.file}, line {line}"

    def problem(self, code: str, where: Where, found: str, expected: str, remedy: str) -> None:
        self.sheet.problems.append(
            Problem(code, f"{self.sheet.place(where)}, {dotted(where)}", found, expected, remedy)
        )

    def unknown(self, where: Where, known: Iterable[str]) -> None:
        self.problem("PRG-003", where, f"key {where[-1]!r}", f"a key of {README}", did_you_mean(str(where[-1]), known))

    def table(self, node: Node, where: Where) -> list[tuple[str | int, Node]]:
        if isinstance(node, Table):
            self.note(node, where)
            return list(node.entries.items())
        found = "a list" if isinstance(node, Listing) else repr(node.value)
        self.problem("PRG-005", where, found, "keys with values", f"See {README}.")
        return []

    def section(self, name: str, node: Node, form: Form) -> list[Record]:
        taken: list[Record] = []
        own: list[Record] = []
        for key, child in self.table(node, (name,)):
            if key == COMMON and form.shared:
                taken = [record for record in self.named(name, child, form) if record]
            else:
                own.append(self.record((name, key), child, form))
        return [*taken, *own]

    def named(self, section: str, node: Node, form: Form) -> list[Record]:
        """Take records of the shared block by their names."""
        words = plain(node)
        if not isinstance(words, list):
            self.problem("PRG-005", (section, COMMON), repr(words), "a list of names", "Write [one, two].")
            return []
        return [self.shared(section, word, (section, COMMON), form) for word in words]

    def shared(self, section: str, word: object, where: Where, form: Form) -> Record:
        there: list[Record] = self.common.data.get(section, [])  # type: ignore[assignment]
        for record in there:
            if record[form.name] == word:
                for place, at in self.common.places.items():
                    if place[:2] == (section, word):
                        self.sheet.places.setdefault(place, at)
                return dict(record)
        known = [str(record[form.name]) for record in there]
        remedy = did_you_mean(str(word), known)
        self.problem("PRG-008", where, repr(word), f"one of the shared {section}", remedy)
        return {}

    def record(self, where: Where, node: Node, form: Form) -> Record:
        """Read `key: text` or `key: {...}` as one record."""
        key = where[-1]
        if not isinstance(node, Table):
            return {form.name: key, form.short: plain(node)}
        rows = self.table(node, where)
        start: Record = {}
        for word, child in rows:
            if word == _FROM and form.shared:
                start = self.shared(str(where[0]), plain(child), (*where, _FROM), form)
        record = {**start, form.name: key}
        for word, child in rows:
            self.entry(record, (*where, word), child, form)
        return record

    def entry(self, record: Record, where: Where, node: Node, form: Form) -> None:
        word = str(where[-1])
        if word == form.name:
            self.unknown(where, (form.short,))
        elif word in form.children:
            child = form.children[word]
            record[word] = [self.record((*where, key), row, child) for key, row in self.table(node, where)]
        elif word == "arguments" and where[0] == "questions":
            record[word] = [[key, plain(row)] for key, row in self.table(node, where)]
        elif form.shared and word in {_ADD, _LEAVE_OUT} and "columns" in form.children:
            self.columns(record, where, node, form.children["columns"])
        elif not (form.shared and word == _FROM):
            record[word] = plain(node)

    def columns(self, record: Record, where: Where, node: Node, form: Form) -> None:
        """Add columns to a shared file, or leave some out."""
        there: list[Record] = record.get("columns", [])  # type: ignore[assignment]
        if where[-1] == _ADD:
            added = [self.record((*where[:-1], "columns", key), row, form) for key, row in self.table(node, where)]
            for key, line in node.key_lines.items() if isinstance(node, Table) else ():
                self.sheet.places[(*where[:-1], "columns", key)] = f"{self.sheet.file}, line {line}"
            record["columns"] = [*there, *added]
            return
        words = plain(node)
        known = [str(column[form.name]) for column in there]
        for word in words if isinstance(words, list) else [words]:
            if word not in known:
                remedy = did_you_mean(str(word), known)
                self.problem("PRG-008", where, repr(word), "a column of the shared file", remedy)
        gone = words if isinstance(words, list) else [words]
        record["columns"] = [column for column in there if column[form.name] not in gone]

    def inner(self, name: str, node: Node) -> Record:
        record: Record = {}
        for key, child in self.table(node, (name,)):
            form = _INNER[name].get(str(key))
            if form is None:
                record[str(key)] = plain(child)
            else:
                where = (name, key)
                record[str(key)] = [self.record((*where, word), row, form) for word, row in self.table(child, where)]
        return record


def dotted(where: Where) -> str:
    """Write the path of a part.

    Parameters
    ----------
    where : tuple
        Its path.

    Returns
    -------
    str
        Such as "outcomes.skills.scale".

    Examples
    --------
    >>> dotted(("outcomes", "skills", "scale"))
    'outcomes.skills.scale'
    """
    return ".".join(str(step) for step in where)
