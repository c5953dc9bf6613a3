"""Conditions in the languages of platforms: written with "and", "or" and brackets, and read into one tree.

The readers of LimeSurvey's and REDCap's files turn the tree into conditions; the two languages differ in their
signs and functions only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from evalkit.errors import InstrumentError, Problem
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<field>\[[a-z0-9_]+(?:\([a-z0-9_]+\))?\])|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<text>'[^'\"\n]*')|(?P<sign>==|!=|<>|<=|>=|<|>|=|!|\(|\)|,))",
    re.ASCII,
)
_SIGNS = frozenset({"==", "!=", "<>", "<=", ">=", "<", ">", "="})


@dataclass(frozen=True, slots=True)
class Name:
    """A variable.

    Parameters
    ----------
    text : str
        Its name as written.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number or a text in quotes.

    Parameters
    ----------
    value : int, float or str
        What is meant.
    """

    value: int | float | str


@dataclass(frozen=True, slots=True)
class Call:
    """A function.

    Parameters
    ----------
    name : str
        Its name.
    argument : Name or Value
        What it is given.
    """

    name: str
    argument: Name | Value


@dataclass(frozen=True, slots=True)
class Compared:
    """Two things compared.

    Parameters
    ----------
    left : Name, Value or Call
        What is compared.
    sign : str
        As written.
    right : Name, Value or Call
        What it is compared with.
    """

    left: Name | Value | Call
    sign: str
    right: Name | Value | Call


@dataclass(frozen=True, slots=True)
class Opposite:
    """What must not hold.

    Parameters
    ----------
    part : Expression
        The expression.
    """

    part: Expression


@dataclass(frozen=True, slots=True)
class Joined:
    """Expressions joined by "and" or "or".

    Parameters
    ----------
    word : {"and", "or"}
        How.
    parts : tuple of Expression
        Two or more.
    """

    word: str
    parts: tuple[Expression, ...]


Expression = Name | Value | Call | Compared | Opposite | Joined


def written(condition: Condition, leaf: Callable[[Comparison | Selected, bool], str], *, negated: bool = False) -> str:
    """Write a condition in the language of a platform.

    Parameters
    ----------
    condition : Condition
        From `evalkit.instruments.conditions.parse_condition`.
    leaf : callable
        Writes one comparison or selection, or its opposite when the second argument is true; in brackets of its own
        when it is more than one comparison.
    negated : bool
        Whether the opposite is to be written.

    Returns
    -------
    str
        The expression; "not" is carried down to the leaves, and all that is joined inside stands in brackets.
    """
    if isinstance(condition, Not):
        return written(condition.part, leaf, negated=not negated)
    if isinstance(condition, And | Or):
        word = " and " if isinstance(condition, And) != negated else " or "
        return word.join(_inner(part, leaf, negated=negated) for part in condition.parts)
    return leaf(condition, negated)


def _inner(condition: Condition, leaf: Callable[[Comparison | Selected, bool], str], *, negated: bool) -> str:
    text = written(condition, leaf, negated=negated)
    bare = condition
    while isinstance(bare, Not):
        bare = bare.part
    return f"({text})" if isinstance(bare, And | Or) else text


def parse_expression(text: str, place: str) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        In the language of LimeSurvey or REDCap, as far as evalkit writes it.
    place : str
        Where it stands, for the message.

    Returns
    -------
    Expression
        The tree; brackets are kept as nesting.

    Raises
    ------
    InstrumentError
        INS-045 when it cannot be read.

    Examples
    --------
    >>> parse_expression("[a] = '1' or [b(x)] = '1'", "row 2").word
    'or'
    """
    return _Parser(text, place).whole()


class _Parser:
    def __init__(self, text: str, place: str) -> None:
        self.text = text
        self.place = place
        self.tokens = self.split()
        self.position = 0

    def split(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        position = 0
        while position < len(self.text.rstrip()):
            match = _TOKEN.match(self.text, position)
            if match is None:
                self.refuse(f"{self.text[position : position + 10]!r} in {self.text!r}")
            kind = match.lastgroup or ""
            found.append((kind, match.group(kind)))
            position = match.end()
        return [*found, ("end", "")]

    def refuse(self, found: str) -> NoReturn:
        remedy = "Export the instrument again and leave the file as it is."
        raise InstrumentError(Problem("INS-045", self.place, found, "a condition that can be read", remedy))

    def take(self) -> str:
        word = self.tokens[self.position][1]
        self.position += 1
        return word

    def next_is(self, *words: str) -> bool:
        kind, word = self.tokens[self.position]
        return kind in {"word", "sign"} and word in words

    def expect(self, sign: str) -> None:
        if not self.next_is(sign):
            self.refuse(f"{self.tokens[self.position][1]!r} in place of {sign!r} in {self.text!r}")
        self.take()

    def whole(self) -> Expression:
        found = self.joined("or")
        if self.tokens[self.position][0] != "end":
            self.refuse(f"{self.tokens[self.position][1]!r} after the end of {self.text!r}")
        return found

    def joined(self, word: str) -> Expression:
        parts = [self.joined("and") if word == "or" else self.single()]
        while self.next_is(word):
            self.take()
            parts.append(self.joined("and") if word == "or" else self.single())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def single(self) -> Expression:
        if self.next_is("!"):
            self.take()
            return Opposite(self.single())
        if self.next_is("("):
            self.take()
            inner = self.joined("or")
            self.expect(")")
            return inner
        left = self.term()
        if not self.next_is(*_SIGNS):
            return left
        sign = self.take()
        return Compared(left, sign, self.term())

    def term(self) -> Name | Value | Call:
        kind, word = self.tokens[self.position]
        if kind in {"number", "text"}:
            return self.value()
        if kind == "field":
            return Name(self.take()[1:-1])
        if kind != "word" or word in {"and", "or", "not"}:
            self.refuse(f"{word!r} where a name or value must be in {self.text!r}")
        name = self.take()
        if not self.next_is("("):
            return Name(name)
        self.take()
        argument = Name(self.take()) if self.tokens[self.position][0] == "word" else self.value()
        self.expect(")")
        return Call(name, argument)

    def value(self) -> Value:
        kind, word = self.tokens[self.position]
        if kind not in {"number", "text"}:
            self.refuse(f"{word!r} where a value must be in {self.text!r}")
        self.take()
        if kind == "text":
            return Value(word[1:-1])
        return Value(float(word) if "." in word else int(word))
