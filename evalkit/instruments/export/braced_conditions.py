"""Conditions in languages that write a variable in braces, XLSForm's ``${x}`` and SurveyJS's ``{x}``: written and read.

In both, "unanswered" compares as the condition language asks, but for two things that are put right here. The number
of a missing option would have an order, so an order comparison excludes it by a sign of its own: XLSForm's ``!=`` and
SurveyJS's ``!(x = 99)``, which stand for nothing else. "Not equal" is therefore written ``not(x = v)`` in XLSForm,
where ``!=`` is false of a question that is not shown, and ``<>`` in SurveyJS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from evalkit.errors import InstrumentError, Problem
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected
from evalkit.instruments.model import Instrument, Item

_ORDER = ("<=", ">=", "<", ">")
_TOKEN = re.compile(
    r"\s*(?:(?P<variable>\$?\{[a-z0-9_.]+\})|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<text>'[^'\"\n]*')"
    r"|(?P<word>and|or|not|selected|contains|date)\b|(?P<sign><=|>=|<>|!=|=|<|>|!|\(|\)|,))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one platform writes conditions.

    Parameters
    ----------
    opposite : str
        What stands before the brackets of what must not hold.
    unequal, guard : str
        Templates of ``a != b``, and of "not the missing option b" behind an order comparison.
    selected : str
        Template of "option b is ticked in a".
    date : str
        Template of a date in an order comparison.
    quoted : bool
        Whether numbers of options stand in quotes.
    """

    opposite: str
    unequal: str
    guard: str
    selected: str
    date: str
    quoted: bool


XLSFORM = Dialect("not", "not({} = {})", "{} != {}", "selected({}, {})", "date({})", quoted=True)
SURVEYJS = Dialect("!", "{} <> {}", "!({} = {})", "{} contains {}", "{}", quoted=False)


@dataclass(frozen=True, slots=True)
class _Guard:
    """A missing option that an order comparison excludes."""

    item: str
    value: int


def in_braces(condition: Condition, form: Instrument, variable: Callable[[Item], str], dialect: Dialect) -> str:
    """Write a condition for a platform.

    Parameters
    ----------
    condition : Condition
        From `evalkit.instruments.conditions.parse_condition`.
    form : Instrument
        The form that it belongs to.
    variable : callable
        Gives the name of an item's answer in expressions, braces included.
    dialect : Dialect
        Of the platform.

    Returns
    -------
    str
        The expression.
    """
    if isinstance(condition, And | Or):
        word = " and " if isinstance(condition, And) else " or "
        return word.join(_inner(part, form, variable, dialect) for part in condition.parts)
    if isinstance(condition, Not):
        part = condition.part
        if isinstance(part, Comparison) and part.sign == "==":
            return _leaf(Comparison(part.item, "!=", part.value), form, variable, dialect)
        return f"{dialect.opposite}({in_braces(part, form, variable, dialect)})"
    return _leaf(condition, form, variable, dialect)


def _inner(part: Condition, form: Instrument, variable: Callable[[Item], str], dialect: Dialect) -> str:
    text = in_braces(part, form, variable, dialect)
    return f"({text})" if isinstance(part, And | Or) else text


def _leaf(leaf: Comparison | Selected, form: Instrument, variable: Callable[[Item], str], dialect: Dialect) -> str:
    item = form.by_id[leaf.item]
    name = variable(item)
    value = _value(leaf.value, item, dialect)
    if isinstance(leaf, Selected):
        return dialect.selected.format(name, value)
    if leaf.sign == "==":
        return f"{name} = {value}"
    if leaf.sign == "!=":
        return dialect.unequal.format(name, value)
    if isinstance(leaf.value, str):
        return f"{name} {leaf.sign} {dialect.date.format(value)}"
    others = [one.value for one in form.options_of(item) if one.missing and isinstance(one.value, int)]
    compared = f"{name} {leaf.sign} {number_text(leaf.value)}"
    parts = [compared, *(dialect.guard.format(name, other) for other in others)]
    return compared if not others else f"({' and '.join(parts)})"


def _value(value: int | float | str, item: Item, dialect: Dialect) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    if item.kind == "number":
        return number_text(value)
    whole = int(value) if value == int(value) else value
    return f"'{whole}'" if dialect.quoted else number_text(whole)


def number_text(value: float) -> str:
    """Write a number without an exponent.

    Parameters
    ----------
    value : int or float
        The number.

    Returns
    -------
    str
        Its decimals.

    Examples
    --------
    >>> number_text(1e-06), number_text(3)
    ('0.000001', '3')
    """
    return str(value) if isinstance(value, int) else f"{Decimal(repr(value)):f}"


def read_in_braces(text: str, place: str, name: Callable[[str], str], dialect: Dialect) -> Condition:
    """Read what a platform would understand.

    Parameters
    ----------
    text : str
        The expression.
    place : str
        Where it stands, for the message.
    name : callable
        Turns the inside of the braces into an item id.
    dialect : Dialect
        Of the platform.

    Returns
    -------
    Condition
        The tree; what excludes missing options from an order is taken out again.

    Raises
    ------
    InstrumentError
        INS-045 when it cannot be read.

    Examples
    --------
    >>> str(read_in_braces("not(${a} = '1') or selected(${b}, 'x')", "row 2", str, XLSFORM))
    "a != 1 or selected(b, 'x')"
    """
    return _Reader(text, place, name, dialect).whole()


class _Reader:
    """Recursive descent over one expression."""

    def __init__(self, text: str, place: str, name: Callable[[str], str], dialect: Dialect) -> None:
        self.text, self.place, self.name, self.dialect = text, place, name, dialect
        self.tokens = self.split()
        self.position = 0

    def split(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        position, end = 0, len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None:
                self.refuse(repr(self.text[position : position + 10]))
            kind = match.lastgroup or ""
            found.append((kind, match.group(kind)))
            position = match.end()
        return [*found, ("end", "")]

    def refuse(self, found: str) -> NoReturn:
        remedy = "Export the instrument again and leave the file as it is."
        expected = "a condition that can be read"
        raise InstrumentError(Problem("INS-045", self.place, f"{found} in {self.text!r}", expected, remedy))

    def next_is(self, *words: str) -> bool:
        kind, word = self.tokens[self.position]
        return kind in {"word", "sign"} and word in words

    def take(self, *words: str) -> str:
        word = self.tokens[self.position][1]
        if words and not self.next_is(*words):
            self.refuse(f"{word!r} in place of {' or '.join(words)}")
        self.position += 1
        return word

    def whole(self) -> Condition:
        found = self.joined("or")
        if self.tokens[self.position][0] != "end":
            self.refuse(f"{self.tokens[self.position][1]!r} after the end")
        return self.plain(found)

    def plain(self, found: Condition | _Guard) -> Condition:
        if isinstance(found, _Guard):
            self.refuse("the sign for missing options outside an order comparison")
        return found

    def joined(self, word: str) -> Condition | _Guard:
        parts = [self.joined("and") if word == "or" else self.single()]
        while self.next_is(word):
            self.take()
            parts.append(self.joined("and") if word == "or" else self.single())
        if len(parts) == 1:
            return parts[0]
        if word == "and" and any(isinstance(part, _Guard) for part in parts):
            return self.guarded(parts)
        plain = tuple(self.plain(part) for part in parts)
        return Or(plain) if word == "or" else And(plain)

    def guarded(self, parts: Sequence[Condition | _Guard]) -> Condition:
        first, *rest = parts
        ordered = isinstance(first, Comparison) and first.sign in _ORDER
        if not ordered or not all(isinstance(one, _Guard) and one.item == first.item for one in rest):  # type: ignore[union-attr]
            self.refuse("missing options that are not behind their own order comparison")
        return self.plain(first)

    def single(self) -> Condition | _Guard:
        if self.next_is("("):
            return self.in_brackets()
        if self.next_is("not", "!") and self.next_is(self.dialect.opposite):
            self.take()
            return self.opposite(self.plain(self.in_brackets()))
        if self.next_is("selected"):
            self.take()
            self.take("(")
            item = self.variable()
            self.take(",")
            value = self.value()
            self.take(")")
            return Selected(item, value)
        return self.comparison()

    def in_brackets(self) -> Condition | _Guard:
        self.take("(")
        inner = self.joined("or")
        self.take(")")
        return inner

    def opposite(self, part: Condition) -> Condition | _Guard:
        """Read the opposite of an equality as the platform's "unequal", or as its sign for missing options."""
        if not (isinstance(part, Comparison) and part.sign == "=="):
            return Not(part)
        if self.dialect is XLSFORM:
            return Comparison(part.item, "!=", part.value)
        return self.guard(part.item, part.value)

    def guard(self, item: str, value: float | str) -> _Guard:
        if not isinstance(value, int):
            self.refuse(f"the missing option {value!r} that is no number")
        return _Guard(item, value)

    def comparison(self) -> Condition | _Guard:
        item = self.variable()
        if self.next_is("contains"):
            self.take()
            return Selected(item, self.value())
        sign = self.take("=", "!=", "<>", *_ORDER)
        if sign == "!=":
            return self.guard(item, self.value())
        value = self.dated() if self.next_is("date") else self.value()
        return Comparison(item, {"=": "==", "<>": "!="}.get(sign, sign), value)

    def dated(self) -> Any:
        self.take()
        self.take("(")
        value = self.value()
        self.take(")")
        return value

    def variable(self) -> str:
        kind, word = self.tokens[self.position]
        if kind != "variable" or word.startswith("$") != (self.dialect is XLSFORM):
            self.refuse(f"{word!r} where a variable must be")
        self.position += 1
        return self.name(word.strip("${}"))

    def value(self) -> int | float | str:
        kind, word = self.tokens[self.position]
        if kind not in {"number", "text"}:
            self.refuse(f"{word!r} where a value must be")
        self.position += 1
        if kind == "text":
            inner = word[1:-1]
            return int(inner) if self.dialect.quoted and inner.isdecimal() else inner
        return float(word) if "." in word else int(word)
