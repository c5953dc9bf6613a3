"""The condition language, which says when a question is shown.

A condition compares answers: ``weeks_away >= 8 and not (leave_kind == 'sabbatical' or selected(support, 'none'))``.
It is read into a frozen tree which exporters translate and `holds` evaluates; nothing is ever run as code.

An unanswered item equals nothing: ``==`` is false, ``!=`` is true, and an order comparison is false. A missing option
equals itself, but has no order: a comparison of order with it is false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NoReturn

from evalkit.errors import InstrumentError, Problem

MAX_CONDITION_LENGTH = 1000
_MAX_DEPTH = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<word>[A-Za-z_]\w*)|(?P<text>'[^'\"\n]*'|\"[^'\"\n]*\")"
    r"|(?P<sign>==|!=|<=|>=|<|>|\(|\)|,))",
    re.ASCII,
)
_WORDS = frozenset({"and", "or", "not", "selected"})
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
_NONE_MISSING: Mapping[str, Collection[object]] = MappingProxyType({})
COMPARISONS = frozenset({"==", "!=", *_ORDER})

Literal = int | float | str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An answer compared with a value.

    Parameters
    ----------
    item : str
        Item id.
    sign : {"==", "!=", "<", "<=", ">", ">="}
        The comparison.
    value : int, float or str
        An option's value, a number, or an ISO date as text.
    """

    item: str
    sign: str
    value: Literal

    def __str__(self) -> str:
        return f"{self.item} {self.sign} {_literal(self.value)}"


@dataclass(frozen=True, slots=True)
class Selected:
    """An option ticked in a multiple choice.

    Parameters
    ----------
    item : str
        Item id.
    value : int, float or str
        The option's value.
    """

    item: str
    value: Literal

    def __str__(self) -> str:
        return f"selected({self.item}, {_literal(self.value)})"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition.

    Parameters
    ----------
    part : Condition
        What must not hold.
    """

    part: Condition

    def __str__(self) -> str:
        return f"not {_bracketed(self.part, (And, Or))}"


@dataclass(frozen=True, slots=True)
class And:
    """Conditions that must all hold.

    Parameters
    ----------
    parts : tuple of Condition
        Two or more.
    """

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(_bracketed(part, (And, Or)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """Conditions of which one must hold.

    Parameters
    ----------
    parts : tuple of Condition
        Two or more.
    """

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(_bracketed(part, (Or,)) for part in self.parts)


Condition = Comparison | Selected | Not | And | Or


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        For example ``weeks_away >= 8 and selected(support, 'mentor')``.

    Returns
    -------
    Condition
        A frozen tree; ``str()`` of it is the condition again.

    Raises
    ------
    InstrumentError
        INS-018 when it cannot be read; the place is the position of the character, from 1.

    Examples
    --------
    >>> parse_condition("not (age < 18 or band == '8a')")
    Not(part=Or(parts=(Comparison(item='age', sign='<', value=18), Comparison(item='band', sign='==', value='8a'))))
    """
    return _Parser(text).condition()


def holds(
    condition: Condition, answers: Mapping[str, object], missing: Mapping[str, Collection[object]] = _NONE_MISSING
) -> bool:
    """Tell whether a condition is true for one respondent.

    Parameters
    ----------
    condition : Condition
        From `parse_condition`.
    answers : mapping of str to object
        Item id -> answer: a number, a text, an ISO date as text, or a collection of values for a multiple choice.
        None, and an item that is not there, mean unanswered.
    missing : mapping of str to collection, optional
        Item id -> its missing options, `Instrument.missing`: a number such as 99 for "prefer not to say" has no order.

    Returns
    -------
    bool
        Whether it holds; unanswered equals nothing, and neither it nor a missing option is more or less than anything.

    Examples
    --------
    >>> long_leave = parse_condition("weeks_away >= 8 and selected(support, 'mentor')")
    >>> holds(long_leave, {"weeks_away": 12, "support": ["mentor"]})
    True
    >>> holds(parse_condition("weeks_away < 8"), {})
    False
    >>> holds(parse_condition("pay_band > 5"), {"pay_band": 99}, {"pay_band": {99}})
    False
    """
    if isinstance(condition, And):
        return all(holds(part, answers, missing) for part in condition.parts)
    if isinstance(condition, Or):
        return any(holds(part, answers, missing) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, answers, missing)
    answer = answers.get(condition.item)
    if isinstance(condition, Selected):
        return isinstance(answer, Collection) and not isinstance(answer, str) and condition.value in answer
    if condition.sign in _ORDER and answer in missing.get(condition.item, ()):
        return False
    return _compares(answer, condition.sign, condition.value)


def leaves(condition: Condition) -> Iterator[Comparison | Selected]:
    """List the comparisons and selections inside a condition.

    Parameters
    ----------
    condition : Condition
        From `parse_condition`.

    Yields
    ------
    Comparison or Selected
        In the order of the text.
    """
    if isinstance(condition, And | Or):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def renamed(condition: Condition, names: Mapping[str, str]) -> Condition:
    """Give items in a condition other names.

    Parameters
    ----------
    condition : Condition
        From `parse_condition`.
    names : mapping of str to str
        Old id -> new id; others stay.

    Returns
    -------
    Condition
        A new tree.
    """
    if isinstance(condition, And | Or):
        return type(condition)(tuple(renamed(part, names) for part in condition.parts))
    if isinstance(condition, Not):
        return Not(renamed(condition.part, names))
    return replace(condition, item=names.get(condition.item, condition.item))


def _compares(answer: object, sign: str, value: Literal) -> bool:
    if sign in _ORDER:
        same_kind = isinstance(answer, str) == isinstance(value, str)
        return answer is not None and same_kind and _ORDER[sign](answer, value)
    equal = answer is not None and isinstance(answer, str) == isinstance(value, str) and answer == value
    return equal if sign == "==" else not equal


def _literal(value: Literal) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _bracketed(part: Condition, kinds: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0

    def condition(self) -> Condition:
        tree = self.either()
        if self.kind != "end":
            self.refuse("'and', 'or' or the end")
        return tree

    @property
    def kind(self) -> str:
        return self.tokens[self.position][0]

    @property
    def word(self) -> str:
        return self.tokens[self.position][1]

    def take(self) -> str:
        word = self.word
        self.position += 1
        return word

    def expect(self, word: str) -> None:
        if self.kind in {"end", "text"} or self.word != word:
            self.refuse(f"'{word}'")
        self.take()

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.word == word

    def refuse(self, expected: str) -> NoReturn:
        kind, word, place = self.tokens[self.position]
        found = "the end of the condition" if kind == "end" else repr(word)
        raise InstrumentError(_problem(place, found, expected))

    def either(self) -> Condition:
        parts = [self.both()]
        while self.is_word("or"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Condition:
        parts = [self.single()]
        while self.is_word("and"):
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def single(self) -> Condition:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.refuse(f"at most {_MAX_DEPTH} levels")
        try:
            if self.is_word("not"):
                self.take()
                return Not(self.single())
            if self.kind == "sign" and self.word == "(":
                self.take()
                inner = self.either()
                self.expect(")")
                return inner
            return self.selection() if self.is_word("selected") else self.comparison()
        finally:
            self.depth -= 1

    def selection(self) -> Selected:
        self.take()
        self.expect("(")
        item = self.item()
        self.expect(",")
        value = self.value()
        self.expect(")")
        return Selected(item, value)

    def comparison(self) -> Comparison:
        item = self.item()
        if self.kind != "sign" or self.word not in COMPARISONS:
            self.refuse("one of == != < <= > >=")
        return Comparison(item, self.take(), self.value())

    def item(self) -> str:
        if self.kind != "word" or self.word in _WORDS:
            self.refuse("the id of an item")
        return self.take()

    def value(self) -> Literal:
        if self.kind == "number":
            number = self.take()
            return float(number) if "." in number else int(number)
        if self.kind != "text":
            self.refuse("a number or a value in single quotes")
        return self.take()[1:-1]


def _tokens(text: str) -> list[tuple[str, str, int]]:
    if len(text) > MAX_CONDITION_LENGTH:
        raise InstrumentError(_problem(0, f"{len(text)} characters", f"at most {MAX_CONDITION_LENGTH}"))
    found: list[tuple[str, str, int]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise InstrumentError(
                _problem(start, repr(text[start]), "a word, a number, a quoted value or a comparison")
            )
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind), match.start(kind)))
        position = match.end()
    return [*found, ("end", "", end)]


def _problem(position: int, found: str, expected: str) -> Problem:
    return Problem(
        "INS-018",
        f"condition, character {position + 1}",
        found,
        expected,
        "Write it like leave == 'parental' and weeks_away >= 8; for a multiple choice selected(support, 'mentor').",
    )
