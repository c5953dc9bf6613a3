"""Strict YAML 1.2: a text becomes a tree of values that know their line.

What YAML versions or careless eyes read differently is refused: a key written twice, anchors, aliases and tags, an
unquoted yes or no, octal or grouped numbers, a key without a value, a tab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NoReturn

from evalkit.errors import InstrumentError, Problem

MAX_LEVELS = 12
MAX_LINES = 50_000
MAX_NODES = 10_000
MAX_PROBLEMS = 100
_MAX_DIGITS = 15
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_MEND = "Mend these first, and check again."
_TRUTH = {"true": True, "false": False}
_LONGEST_NUMBER = 64
_DOUBTFUL_WORD = re.compile(r"yes|no|on|off|y|n|true|false|null", re.IGNORECASE)
_DOUBTFUL_NUMBER = re.compile(
    r"[-+]?(0[0-9_]+|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-9]{2})+|\.[0-9]+|[0-9]+\."
    r"|[0-9]*\.?[0-9]+[eE][-+]?[0-9]+|\.inf|\.nan)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    Parameters
    ----------
    value : str, int, float, bool or None
        As YAML 1.2 reads it; a doubtful one as text.
    line : int
        Its line, from 1.
    """

    value: str | float | bool | None
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Keys with values.

    Parameters
    ----------
    line : int
        Its line, from 1.
    entries : dict of (str or int) to Node
        In the order of the file; a repeated key keeps its first value.
    key_lines : dict of (str or int) to int
        The line of each key.
    """

    line: int
    entries: dict[str | int, Node] = field(default_factory=dict)
    key_lines: dict[str | int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list.

    Parameters
    ----------
    line : int
        Its line, from 1.
    parts : list of Node
        In the order of the file.
    """

    line: int
    parts: list[Node] = field(default_factory=list)


Node = Scalar | Table | Listing


def read_tree(text: str, name: str) -> tuple[Table, list[Problem]]:
    r"""Read strict YAML.

    Parameters
    ----------
    text : str
        The content of the file.
    name : str
        The file's name, for messages.

    Returns
    -------
    tuple of (Table, list of Problem)
        The tree, and everything that is wrong but did not stop the reading.

    Raises
    ------
    InstrumentError
        INS-002 (with INS-009 for tabs) when the text is not YAML, is empty, is not a table or is nested too deep;
        INS-034 when it has more than 50,000 lines or 10,000 keys and values, or more than 100 problems before it is
        read.

    Examples
    --------
    >>> tree, problems = read_tree("title: On\n", "x.yaml")
    >>> print(problems[0])
    INS-005 x.yaml, line 1: On without quotes; expected "On". Put it in double quotes.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if text.count("\n") > MAX_LINES:
        found, expected = f"{text.count(chr(10)):,} lines", f"at most {MAX_LINES:,}"
        raise InstrumentError(Problem("INS-034", name, found, expected, "Split it, or take out empty lines."))
    lines = (position for position, line in enumerate(text.split("\n"), start=1) if "\t" in line)
    tabs = [
        Problem("INS-009", f"{name}, line {line}", "a tab", "blanks", "Replace the tab; indent by two blanks a level.")
        for line in islice(lines, MAX_PROBLEMS)
    ]
    builder = _Builder(name)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except YAMLError as error:
        raise InstrumentError([*tabs, *builder.problems, _syntax(error, name, text)]) from error
    except InstrumentError as error:
        raise InstrumentError([*tabs, *builder.problems, *error.problems]) from error
    problems = sorted([*tabs, *builder.problems], key=line_of)
    if not isinstance(builder.root, Table):
        found = "nothing" if builder.root is None else "no keys"
        raise InstrumentError(
            [*problems, Problem("INS-002", name, found, "keys with values", "Start from surveys/_template.yaml.")]
        )
    return builder.root, problems


def is_doubtful(text: str) -> bool:
    """Tell whether YAML versions or people could read a word without quotes as something else.

    Parameters
    ----------
    text : str
        The word.

    Returns
    -------
    bool
        True for yes, no, on, off, null, true, numbers in any notation, and the empty text.

    Examples
    --------
    >>> is_doubtful("No"), is_doubtful("007"), is_doubtful("Nobody")
    (True, True, False)
    """
    if len(text) > _LONGEST_NUMBER:  # the patterns below take ever longer over a long row of digits
        return set(text) <= set("+-0123456789_.:eE")
    patterns = (_DOUBTFUL_WORD, _DOUBTFUL_NUMBER, _INT, _FLOAT)
    return text in {"", "~"} or any(pattern.fullmatch(text) for pattern in patterns)


def line_of(problem: Problem) -> int:
    """Find the line that a problem names.

    Parameters
    ----------
    problem : Problem
        With a place such as "x.yaml, line 12".

    Returns
    -------
    int
        The line, 0 when it names none.
    """
    match = re.search(r", line (\d+)", problem.place)
    return int(match.group(1)) if match else 0


def first_problems(problems: Sequence[Problem], name: str) -> list[Problem]:
    """Keep as many problems as a person can read.

    Parameters
    ----------
    problems : sequence of Problem
        In the order of the file.
    name : str
        The file's name.

    Returns
    -------
    list of Problem
        All of them up to a hundred; else the first hundred, and INS-034 that tells how many more there are.
    """
    left = len(problems) - MAX_PROBLEMS
    if left <= 0:
        return list(problems)
    more = Problem("INS-034", name, f"{left:,} more problems", f"at most {MAX_PROBLEMS}", _MEND)
    return [*problems[:MAX_PROBLEMS], more]


def nodes(node: Node) -> Iterator[Node]:
    """Go through a node and all below it.

    Parameters
    ----------
    node : Node
        Where to start.

    Yields
    ------
    Node
        The node itself first.
    """
    yield node
    children = node.entries.values() if isinstance(node, Table) else node.parts if isinstance(node, Listing) else ()
    for child in children:
        yield from nodes(child)


class _Builder:
    """Builds the tree from the parser's events, without recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.open: list[tuple[Table | Listing, list[Scalar]]] = []
        self.documents = 0
        self.count = 0

    def take(self, event: object) -> None:
        kind = type(event).__name__
        line = event.start_mark.line + 1  # type: ignore[attr-defined]
        if kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self.note("INS-004", line, "a second document", "one", "Remove the line ---.")
            if event.version or event.tags:  # type: ignore[attr-defined]
                found = "a directive that starts with %"
                self.stop("INS-004", line, found, "no directive: YAML 1.2 is read", "Remove the line.")
        elif self.documents == 1:
            self.node(kind, event, line)

    def node(self, kind: str, event: object, line: int) -> None:
        if kind == "AliasEvent":
            self.note("INS-004", line, f"alias *{event.anchor}", "no alias", "Write it out.")  # type: ignore[attr-defined]
            self.place(Scalar("", line))
        elif kind == "ScalarEvent":
            self.refuse_marks(event, line)
            self.place(self.scalar(event, self.key_line(line) if event.value == "" else line))  # type: ignore[attr-defined]
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self.refuse_marks(event, line)
            self.start(Table(line) if kind == "MappingStartEvent" else Listing(line))
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self.open.pop()

    def key_line(self, line: int) -> int:
        """Find the line of the key whose value is empty: the parser only notices at what follows."""
        keys = self.open[-1][1] if self.open else []
        return keys[-1].line if keys else line

    def start(self, node: Table | Listing) -> None:
        if len(self.open) >= MAX_LEVELS:
            remedy = "Check the indentation and the brackets."
            self.stop("INS-002", node.line, f"more than {MAX_LEVELS} levels", f"at most {MAX_LEVELS}", remedy)
        self.place(node)
        self.open.append((node, []))

    def place(self, node: Node) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            found = f"more than {MAX_NODES:,} keys and values"
            self.stop("INS-034", node.line, found, f"at most {MAX_NODES:,}", "Split it.")
        if not self.open:
            self.root = node
            return
        parent, keys = self.open[-1]
        if isinstance(parent, Listing):
            parent.parts.append(node)
        elif keys:
            self.entry(parent, keys.pop(), node)
        elif isinstance(node, Scalar):
            keys.append(node)
        else:
            self.note(
                "INS-002", node.line, "a list or table as a key", "a word", "Quote a key that starts with [ or {."
            )
            keys.append(Scalar(f"?{node.line}", node.line))

    def entry(self, parent: Table, key: Scalar, node: Node) -> None:
        name = key.value if isinstance(key.value, int) and not isinstance(key.value, bool) else str(key.value)
        if name == "<<":
            self.note("INS-004", key.line, "a merge key <<", "no merge", "Write it out.")
        elif name in parent.entries:
            first = parent.key_lines[name]
            self.note("INS-003", key.line, f"{name!r} again (first on line {first})", "each key once", "Remove one.")
        else:
            parent.entries[name] = node
            parent.key_lines[name] = key.line

    def scalar(self, event: object, line: int) -> Scalar:
        text: str = event.value  # type: ignore[attr-defined]
        style: str | None = event.style  # type: ignore[attr-defined]
        if style:
            return Scalar(text.rstrip("\n") if style in {"|", ">"} else text, line)
        if text in {"", "~"} or text.lower() == "null":
            self.note("INS-005", line, "no value", "a value", "Fill it in, or remove the key.")
            return Scalar(None, line)
        if text in _TRUTH:
            return Scalar(_TRUTH[text], line)
        if _INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
            return Scalar(int(text), line)
        if _FLOAT.fullmatch(text) and len(text) <= _MAX_DIGITS:
            return Scalar(float(text), line)
        if is_doubtful(text):
            found = text if len(text) <= _MAX_DIGITS else f"{text[:_MAX_DIGITS]}..."
            self.note("INS-005", line, f"{found} without quotes", f'"{found}"', "Put it in double quotes.")
        return Scalar(text, line)

    def refuse_marks(self, event: object, line: int) -> None:
        anchor, tag = event.anchor, event.tag  # type: ignore[attr-defined]
        if anchor:
            self.note("INS-004", line, f"anchor &{anchor}", "no anchor", "Remove it, and write its value where needed.")
        if tag:
            self.note("INS-004", line, f"tag {tag}", "no tag", "Remove it.")

    def note(self, code: str, line: int, found: str, expected: str, remedy: str) -> None:
        if len(self.problems) == MAX_PROBLEMS:
            self.stop("INS-034", line, f"more than {MAX_PROBLEMS} problems", f"at most {MAX_PROBLEMS}", _MEND)
        self.problems.append(Problem(code, f"{self.name}, line {line}", found, expected, remedy))

    def stop(self, code: str, line: int, found: str, expected: str, remedy: str) -> NoReturn:
        raise InstrumentError(Problem(code, f"{self.name}, line {line}", found, expected, remedy))


def _syntax(error: Exception, name: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark is not None else text.count("\n", 0, position) + 1 if position is not None else 1
    found = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
    return Problem(
        "INS-002",
        f"{name}, line {line}",
        " ".join(str(found).split()),
        "YAML 1.2",
        "Check the indentation, and quote a text that holds ': ' or ' #' or starts with a sign.",
    )
