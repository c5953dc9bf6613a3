"""From the shape that people write to the shape of the model.

Ids are keys, rows hang below their matrix, defaults of a page or matrix pass down to its items, and shared blocks are
put in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from evalkit.errors import Problem, did_you_mean
from evalkit.instruments.tree import Listing, Node, Scalar, Table

Where = tuple[str | int, ...]
Record = dict[str, object]

_PLAIN_KEYS = (
    "version",
    "title",
    "description",
    "programmes",
    "languages",
    "minutes",
    "licence",
    "source",
    "cite",
    "may_reword",
    "consent",
    "privacy",
)
_SHAPED_KEYS = frozenset(
    {
        "instrument",
        "audience",
        "include",
        "waves",
        "references",
        "tokens",
        "options",
        "sections",
        "scales",
        "translations",
        "adapted",
    }
)
_PASSED_DOWN = ("required", "waves", "may_reword")
_MATRIX_PASSED_DOWN = ("required", "when", "waves", "may_reword", "options")
_COMMON_KEYS = ("licence", "consent", "privacy")
_NOT_WRITTEN = frozenset({"id", "matrix", "block"})


@dataclass(slots=True)
class Block:
    """A shared block, read.

    Parameters
    ----------
    name : str
        Its name, such as "_demographics".
    tree : Table
        Its content.
    file : str
        Its file's name, for messages.
    """

    name: str
    tree: Table
    file: str


@dataclass(slots=True)
class Sheet:
    """An instrument in the shape of the model, not yet checked, with the place of each part.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    data : dict
        What `Instrument` is made from.
    places : dict of tuple to str
        Path of a part, such as ("items", "leave_kind", "when"), -> "file.yaml, line 12".
    problems : list of Problem
        What is wrong with the shape.
    """

    file: str
    data: Record = field(default_factory=dict)
    places: dict[Where, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, where: Where) -> str:
        """Find the nearest known place of a part.

        Parameters
        ----------
        where : tuple
            Its path.

        Returns
        -------
        str
            File and line.
        """
        for length in range(len(where), 0, -1):
            if where[:length] in self.places:
                return self.places[where[:length]]
        return f"{self.file}, line 1"


def read_sheet(tree: Table, file: str, blocks: Mapping[str, Block]) -> Sheet:
    """Bring an instrument's tree into the shape of the model.

    Parameters
    ----------
    tree : Table
        From `evalkit.instruments.tree.read_tree`.
    file : str
        Name of the file, for messages.
    blocks : mapping of str to Block
        The shared blocks that it includes.

    Returns
    -------
    Sheet
        The data, the places, and what is wrong with the shape.
    """
    sheet = Sheet(file)
    writer = _Writer(sheet, file)
    for key, node in tree.entries.items():
        sheet.places[(_model_key(key),)] = f"{file}, line {tree.key_lines[key]}"
        if key in _PLAIN_KEYS:
            sheet.data[str(key)] = plain(node)
        elif key not in _SHAPED_KEYS:
            known = (*_PLAIN_KEYS, *_SHAPED_KEYS)
            writer.unknown(f"{file}, line {tree.key_lines[key]}", key, known)
    _header(sheet, writer, tree)
    writer.options(tree.entries.get("options"))
    for key, node in writer.table(tree.entries.get("sections"), ("sections",)):
        writer.section(str(key), node, blocks)
    writer.scales(tree.entries.get("scales"))
    writer.translations(tree.entries.get("translations"))
    writer.shared_options([blocks[name] for name in _names(tree.entries.get("include")) if name in blocks])
    writer.finish([block for block in blocks.values() if block.name in writer.used_blocks])
    return sheet


def matrix_records(said: Mapping[str, object], place: str) -> tuple[Record, list[Record], list[Problem]]:
    """Bring a matrix that was made in Python, with the keys of YAML and its `id`, into the shape of the model.

    Parameters
    ----------
    said : mapping
        ``id``, ``text``, ``options``, ``rows`` and the other keys of a matrix.
    place : str
        Where it is, for messages.

    Returns
    -------
    tuple of (dict, list of dict, list of Problem)
        What `Matrix` and the `Item` of each row are made from, and what is wrong with the shape.
    """
    sheet = Sheet(place)
    writer = _Writer(sheet, place)
    node = _tree({key: value for key, value in said.items() if key != "id"})
    rows = _tree(said.get("rows", {}))
    above, below = writer.matrix(str(said.get("id", "")), node, rows, {})
    problems = [replace(problem, place=place) for problem in sheet.problems]
    if not below and not problems:
        problems = [Problem("INS-007", place, "a matrix without rows", "rows: id and text of each", "Add rows.")]
    return above, below, problems


def _tree(value: object) -> Node:
    """Turn plain values into a tree; its lines mean nothing."""
    if isinstance(value, Mapping):
        entries = {key if isinstance(key, int) else str(key): _tree(child) for key, child in value.items()}
        return Table(1, entries, dict.fromkeys(entries, 1))
    if isinstance(value, list | tuple):
        return Listing(1, [_tree(child) for child in value])
    return Scalar(value, 1)  # type: ignore[arg-type]


def included(tree: Table) -> Iterator[tuple[str, int]]:
    """List the shared blocks that an instrument asks for.

    Parameters
    ----------
    tree : Table
        The instrument.

    Yields
    ------
    tuple of (str, int)
        Name and line.
    """
    nodes = [tree.entries.get("include")]
    sections = tree.entries.get("sections")
    if isinstance(sections, Table):
        nodes += [node.entries.get("include") for node in sections.entries.values() if isinstance(node, Table)]
    for node in nodes:
        for name in _names(node):
            yield name, node.line if node is not None else 1


def plain(node: Node) -> object:
    """Turn a tree into lists, dictionaries and values.

    Parameters
    ----------
    node : Node
        The tree.

    Returns
    -------
    object
        The same without lines.
    """
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Listing):
        return [plain(part) for part in node.parts]
    return {key: plain(child) for key, child in node.entries.items()}


def _names(node: Node | None) -> list[str]:
    if isinstance(node, Listing):
        return [part.value for part in node.parts if isinstance(part, Scalar) and isinstance(part.value, str)]
    return [node.value] if isinstance(node, Scalar) and isinstance(node.value, str) else []


def _model_key(key: str | int) -> str:
    return {"instrument": "id", "adapted": "ledger"}.get(str(key), str(key))


def _header(sheet: Sheet, writer: _Writer, tree: Table) -> None:
    entries = tree.entries
    if "instrument" in entries:
        sheet.data["id"] = plain(entries["instrument"])
    if "audience" in entries:
        said = plain(entries["audience"])
        words = [said] if isinstance(said, str) else said if isinstance(said, list) else [said]
        sheet.data["audience"] = [
            one for word in words for one in (("mentee", "mentor") if word == "both" else (word,))
        ]
    for key, name, short in (("waves", "id", "title"), ("references", "key", "text"), ("tokens", "name", "text")):
        if key in entries:
            rows = writer.table(entries[key], (key,))
            sheet.data[key] = [writer.record((key, word), name, word, node, short) for word, node in rows]
    if "adapted" in entries:
        sheet.data["ledger"] = _ledger(writer, entries["adapted"])


def _ledger(writer: _Writer, node: Node) -> Record:
    data: Record = {}
    for key, child in writer.table(node, ("ledger",)):
        if key in {"items", "scales"}:
            name, short = ("item", "change") if key == "items" else ("scale", "verdict")
            rows = writer.table(child, ("ledger", key))
            data[str(key)] = [writer.record(("ledger", key, word), name, word, row, short) for word, row in rows]
        elif key == "basis":
            data["basis"] = _basis(writer, child)
        else:
            data["origin" if key == "from" else str(key)] = plain(child)
    return data


def _basis(writer: _Writer, node: Node) -> Record:
    """Read the forms of items and scales; a scale names its items, and takes their forms."""
    data: Record = {}
    for key, child in writer.table(node, ("ledger", "basis")):
        if key in {"items", "scales"}:
            rows = writer.table(child, ("ledger", "basis", key))
            data[str(key)] = [
                writer.record(("ledger", "basis", key, word), "id", word, row, "text") for word, row in rows
            ]
        else:
            data[str(key)] = plain(child)
    items: list[Record] = data.get("items", [])  # type: ignore[assignment]
    scales: list[Record] = data.get("scales", [])  # type: ignore[assignment]
    known = {str(item["id"]): item for item in items}
    for scale in scales:
        if isinstance(scale.get("items"), list):
            scale["items"] = [known.get(str(name), name) for name in scale["items"]]  # type: ignore[attr-defined]
    return data


class _Writer:
    """Fills a sheet from the trees of one file or block."""

    def __init__(self, sheet: Sheet, file: str) -> None:
        self.sheet = sheet
        self.file = file
        self.option_rows: dict[str, list[Record]] = {}
        self.sections: list[Record] = []
        self.shared: dict[str, list[Record]] = {}
        self.used_blocks: dict[str, set[str]] = {}

    def unknown(self, place: str, key: object, known: Iterable[str]) -> None:
        remedy = did_you_mean(str(key), known)
        self.sheet.problems.append(Problem("INS-006", place, f"key {key!r}", "a key of surveys/README.md", remedy))

    def table(self, node: Node | None, where: Where) -> list[tuple[str | int, Node]]:
        if node is None:
            return []
        if not isinstance(node, Table):
            found = "a list" if isinstance(node, Listing) else f"{node.value!r}"
            problem = Problem(
                "INS-008", f"{self.file}, line {node.line}", found, "keys with values", "See surveys/README.md."
            )
            self.sheet.problems.append(problem)
            return []
        for key, line in node.key_lines.items():
            self.sheet.places[(*where, key)] = f"{self.file}, line {line}"
        return list(node.entries.items())

    def record(self, where: Where, name: str, key: str | int, node: Node, short: str) -> Record:
        """Read `key: text` or `key: {...}` as one record."""
        if isinstance(node, Scalar):
            return {name: key, short: node.value}
        rows = self.table(node, where)
        for word, _ in rows:
            if word == name or word in _NOT_WRITTEN:
                self.unknown(self.sheet.places[(*where, word)], word, (short,))
        return {name: key, **{str(word): plain(child) for word, child in rows if word not in {name, *_NOT_WRITTEN}}}

    def options(self, node: Node | None) -> None:
        for key, child in self.table(node, ("options",)):
            self.option_rows[str(key)] = self.option_set(str(key), child)

    def option_set(self, name: str, node: Node) -> list[Record]:
        rows = self.table(node, ("options", name))
        found = [
            self.record(("options", name, value), "value", value, child, "label")
            for value, child in rows
            if value != "missing"
        ]
        for value, child in (row for key, hidden in rows if key == "missing" for row in self.missing(name, hidden)):
            found.append({**self.record(("options", name, value), "value", value, child, "label"), "missing": True})
        return found

    def missing(self, name: str, node: Node) -> list[tuple[str | int, Node]]:
        if isinstance(node, Table):
            double = [value for value in node.entries if ("options", name, value) in self.sheet.places]
            for value in double:
                place = f"{self.file}, line {node.key_lines[value]}"
                self.sheet.problems.append(
                    Problem("INS-011", place, f"option {value!r} again", "each value once", "Rename one of them.")
                )
        return self.table(node, ("options", name))

    def section(self, name: str, node: Node, blocks: Mapping[str, Block]) -> None:
        rows = dict(self.table(node, ("sections", name)))
        block = blocks.get(next(iter(_names(rows.get("include"))), ""))
        if block is not None:
            self.include(name, rows, block)
            return
        handed = {key: plain(rows[key]) for key in _PASSED_DOWN if key in rows}
        section: Record = {"id": name, "items": [], "matrices": []}
        for key, child in rows.items():
            if key == "items":
                self.items(section, child, handed)
            elif key in {"id", "matrices"}:
                self.unknown(self.sheet.places[("sections", name, key)], key, ("title", "intro", "items", "when"))
            elif key not in {*_PASSED_DOWN, "include", "only"}:
                section[str(key)] = plain(child)
        self.sections.append(section)

    def items(self, section: Record, node: Node, handed: Record) -> None:
        items: list[Record] = section["items"]  # type: ignore[assignment]
        matrices: list[Record] = section["matrices"]  # type: ignore[assignment]
        for key, child in self.table(node, ("items",)):
            name = str(key)
            rows = child.entries.get("rows") if isinstance(child, Table) else None
            if rows is None:
                items.append({**handed, **self.record(("items", name), "id", name, child, "text")})
            else:
                matrix, below = self.matrix(name, child, rows, handed)
                matrices.append(matrix)
                items += below
        for key in handed:
            self.inherit(items, key, ("sections", str(section["id"]), key))

    def matrix(self, name: str, node: Node, rows: Node, handed: Record) -> tuple[Record, list[Record]]:
        self.sheet.places[("matrices", name)] = self.sheet.place(("items", name))
        above = self.record(("matrices", name), "id", name, node, "text")
        above.pop("rows", None)
        if above.pop("kind", "matrix") != "matrix":
            self.unknown(self.sheet.place(("matrices", name, "kind")), "rows", ("kind: matrix",))
        handed = {**handed, **{key: above.pop(key) for key in _MATRIX_PASSED_DOWN if key in above}}
        below = [
            {
                "kind": "likert",
                **handed,
                **self.record(("items", str(key)), "id", str(key), row, "text"),
                "matrix": name,
            }
            for key, row in self.table(rows, ("items",))
        ]
        for key in _MATRIX_PASSED_DOWN:
            self.inherit(below, key, ("matrices", name, key))
        return above, below

    def inherit(self, items: Iterable[Record], key: str, where: Where) -> None:
        """Note where a value that was passed down to items stands."""
        if where in self.sheet.places:
            for item in items:
                self.sheet.places.setdefault(("items", str(item["id"]), key), self.sheet.places[where])

    def include(self, name: str, rows: Mapping[str | int, Node], block: Block) -> None:
        """Put the items of a shared block, or those named by `only`, into a section."""
        inner = _Writer(Sheet(block.file), block.file)
        only = _names(rows.get("only"))
        kept: dict[str | int, Node] = {
            key: node for key, node in block.tree.entries.items() if key in {"title", "intro", "items", *_PASSED_DOWN}
        }
        overlay: dict[str | int, Node] = {
            key: rows[key] for key in ("title", "intro", "when", *_PASSED_DOWN) if key in rows
        }
        lines: dict[str | int, int] = {key: line for key, line in block.tree.key_lines.items() if key in kept}
        inner.section(name, Table(1, {**kept, **overlay}, lines), {})
        section = inner.sections[0]
        section["block"] = block.name
        self.choose(section, only, name)
        self.sections.append(section)
        inner.options(block.tree.entries.get("options"))
        self.take_notes(inner.sheet)
        items: list[Record] = section["items"]  # type: ignore[assignment]
        self.used_blocks.setdefault(block.name, set()).update(str(item["id"]) for item in items)
        for key, found in inner.option_rows.items():
            self.share(key, found, block)
        for word in set(map(str, rows)) - {"include", "only", *map(str, overlay)}:
            place = self.sheet.place(("sections", name, word))
            self.unknown(place, word, ("include", "only", "title", "intro", "when"))

    def take_notes(self, sheet: Sheet) -> None:
        for where, place in sheet.places.items():
            self.sheet.places.setdefault(where, place)
        self.sheet.problems += [problem for problem in sheet.problems if problem not in self.sheet.problems]

    def choose(self, section: Record, only: list[str], name: str) -> None:
        if not only:
            return
        items: list[Record] = section["items"]  # type: ignore[assignment]
        matrices: list[Record] = section["matrices"]  # type: ignore[assignment]
        known = {str(item["id"]) for item in items} | {str(matrix["id"]) for matrix in matrices}
        for word in only:
            if word not in known:
                place = self.sheet.place(("sections", name, "only"))
                self.sheet.problems.append(
                    Problem("INS-029", place, f"item {word!r}", "an item of the block", did_you_mean(word, known))
                )
        section["items"] = [item for item in items if item["id"] in only or item.get("matrix") in only]
        left = {item.get("matrix") for item in section["items"]}  # type: ignore[attr-defined]
        section["matrices"] = [matrix for matrix in matrices if matrix["id"] in left]

    def shared_options(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            inner = _Writer(Sheet(block.file), block.file)
            inner.options(block.tree.entries.get("options"))
            self.take_notes(inner.sheet)
            for key, found in inner.option_rows.items():
                self.share(key, found, block)
            for key in _COMMON_KEYS:
                if key in block.tree.entries and key not in self.sheet.data:
                    self.sheet.data[key] = plain(block.tree.entries[key])
                    self.sheet.places[(key,)] = f"{block.file}, line {block.tree.key_lines[key]}"
            self.used_blocks.setdefault(block.name, set())

    def share(self, key: str, found: list[Record], block: Block) -> None:
        known = self.option_rows.get(key, self.shared.get(key, found))
        if known != found:
            place = self.sheet.place(("options", key))
            self.sheet.problems.append(
                Problem(
                    "INS-029",
                    place,
                    f"option set {key!r} differs from that in {block.file}",
                    "one meaning for one name",
                    "Rename one of them.",
                )
            )
        self.shared.setdefault(key, found)

    def scales(self, node: Node | None) -> None:
        found: list[Record] = []
        for key, child in self.table(node, ("scales",)):
            scale = self.record(("scales", str(key)), "id", str(key), child, "title")
            examples = child.entries.get("examples") if isinstance(child, Table) else None
            parts = examples.parts if isinstance(examples, Listing) else []
            for position, example in enumerate(parts):
                self.sheet.places[("scales", str(key), "examples", position)] = f"{self.file}, line {example.line}"
            found.append(scale)
        if node is not None:
            self.sheet.data["scales"] = found

    def translations(self, node: Node | None) -> None:
        found: list[Record] = []
        for language, child in self.table(node, ("translations",)):
            texts = self.table(child, ("translations", language))
            found.append({"language": language, "texts": [[str(path), plain(text)] for path, text in texts]})
        if node is not None:
            self.sheet.data["translations"] = found

    def finish(self, blocks: Iterable[Block]) -> None:
        """Take in the shared option sets that are used, and the translations of the blocks."""
        items: list[Record] = [item for section in self.sections for item in section["items"]]  # type: ignore[attr-defined]
        used = [str(item["options"]) for item in items if "options" in item]
        rows = dict(self.option_rows)
        rows.update({key: self.shared[key] for key in dict.fromkeys(used) if key in self.shared and key not in rows})
        self.sheet.data["options"] = [{"id": key, "options": found} for key, found in rows.items()]
        if self.sections or ("sections",) in self.sheet.places:
            self.sheet.data["sections"] = self.sections
        for block in blocks:
            self.block_translations(block, {*used, *self.used_blocks[block.name], *_COMMON_KEYS})

    def block_translations(self, block: Block, wanted: set[str]) -> None:
        """Add the block's translations, for the languages the instrument has, unless it has its own."""
        known: list[Record] = self.sheet.data.get("translations", [])  # type: ignore[assignment]
        inner = Sheet(block.file)
        _Writer(inner, block.file).translations(block.tree.entries.get("translations"))
        others: list[Record] = inner.data.get("translations", [])  # type: ignore[assignment]
        for translation in known:
            texts: list[list[object]] = translation["texts"]  # type: ignore[assignment]
            own = {path for path, _ in texts}
            for other in others:
                if other["language"] == translation["language"]:
                    new: list[list[object]] = other["texts"]  # type: ignore[assignment]
                    texts += [
                        [path, text]
                        for path, text in new
                        if path not in own and (str(path).split(".")[1:2] or [str(path)])[0] in wanted
                    ]
