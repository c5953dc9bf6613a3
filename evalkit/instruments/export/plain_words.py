"""Question numbers, limits and conditions in plain English, for forms that people read on paper or on a screen."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected
from evalkit.instruments.model import Instrument, Item

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# The language that these words are in.
LANGUAGE = "en-GB"
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
_NUMBER_SIGNS: Mapping[str, str] = MappingProxyType(
    {"==": "{}", "<": "less than {}", "<=": "at most {}", ">": "more than {}", ">=": "at least {}"}
)
_DATE_SIGNS: Mapping[str, str] = MappingProxyType(
    {"==": "{}", "<": "before {}", "<=": "{} or earlier", ">": "after {}", ">=": "{} or later"}
)


def question_numbers(form: Instrument) -> dict[str, str]:
    """Number the questions as they are shown.

    Parameters
    ----------
    form : Instrument
        One form.

    Returns
    -------
    dict of str to str
        Id of an item or matrix -> "7"; a row of a matrix is "7a". Information items have no number.
    """
    found: dict[str, str] = {}
    number = 0
    for section in form.sections:
        for matrix, items in section.groups():
            if items[0].kind == "information":
                continue
            number += 1
            if matrix is None:
                found[items[0].id] = str(number)
                continue
            found[matrix.id] = str(number)
            found.update({item.id: f"{number}{_letters(n)}" for n, item in enumerate(items)})
    return found


def written_date(iso: str) -> str:
    """Write a date in full.

    Parameters
    ----------
    iso : str
        Such as "2024-03-31".

    Returns
    -------
    str
        Such as "31 March 2024".
    """
    day = date.fromisoformat(iso)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def limit_words(item: Item) -> str:
    """Say what an answer must keep to.

    Parameters
    ----------
    item : Item
        The item.

    Returns
    -------
    str
        A sentence, such as "A whole number from 0 to 52."; empty when there is nothing to say.
    """
    if item.kind == "number":
        what = "A whole number" if item.decimals == 0 else f"A number with up to {_counted(item.decimals, 'decimal')}"
        return f"{what}{_range(item.min, item.max, ' of at least {}', ' of at most {}')}."
    if item.kind == "date":
        low, high = (None if limit is None else written_date(str(limit)) for limit in (item.min, item.max))
        return f"A date{_range(low, high, ' on or after {}', ' on or before {}')}."
    if item.kind == "multiple_choice":
        limits = _range(item.min, item.max, " at least {}", " at most {}")
        return f"Choose{limits}." if limits else ""
    return "" if item.max_length is None else f"At most {_counted(item.max_length, 'character')}."


def condition_words(condition: Condition, form: Instrument) -> str:
    """Say when something is asked.

    Parameters
    ----------
    condition : Condition
        From `evalkit.instruments.conditions.parse_condition`.
    form : Instrument
        The form, in the language in which options are to be quoted.

    Returns
    -------
    str
        A sentence that starts with "Only if"; options are quoted, questions named by their number.

    Examples
    --------
    >>> from evalkit.instruments import form_at, load_instrument
    >>> form = form_at(load_instrument("return-to-work-transition"), "after")
    >>> condition_words(form.by_id["return_date"].condition, form)
    'Only if the answer to question 5 is “Not yet”.'
    """
    return f"Only if {_Words(form, question_numbers(form)).said(condition)}."


def _letters(position: int) -> str:
    """Letter a row of a matrix: a to z, then aa, ab, ..."""
    before, last = divmod(position, 26)
    return f"{_letters(before - 1) if before else ''}{chr(ord('a') + last)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _range(low: object, high: object, least: str, most: str) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return least.format(low)
    return "" if high is None else most.format(high)


@dataclass(frozen=True, slots=True)
class _Words:
    """Says conditions about the questions of one form."""

    form: Instrument
    numbers: Mapping[str, str]

    def said(self, condition: Condition, *, negated: bool = False, inside: bool = False) -> str:
        """Say a condition; "not" is carried down to the comparisons."""
        if isinstance(condition, Not):
            return self.said(condition.part, negated=not negated, inside=inside)
        if isinstance(condition, And | Or):
            both = isinstance(condition, And) != negated
            parts = list(self.parts(condition, negated=negated, both=both))
            word = "and" if both else "or"
            comma = "," if any(" or " in part or " and " in part for part in parts) else ""
            joined = f"{comma} {word} ".join(parts)
            return f"({joined})" if inside and len(parts) > 1 else joined
        if isinstance(condition, Selected):
            label = self.quoted(condition.item, condition.value)
            return f"{label} is {'not ' if negated else ''}chosen in question {self.numbers[condition.item]}"
        return self.compared(condition.item, [self.value(condition)], negated=negated != (condition.sign == "!="))

    def parts(self, condition: And | Or, *, negated: bool, both: bool) -> Iterator[str]:
        """Say the parts; those that say the same of one answer become one."""
        merged: dict[str, list[str]] = {}
        for part in condition.parts:
            inner = part.part if isinstance(part, Not) else part
            turned = negated != isinstance(part, Not)
            equal = isinstance(inner, Comparison) and inner.sign in {"==", "!="}
            if isinstance(inner, Comparison) and equal and (turned != (inner.sign == "!=")) == both:
                merged.setdefault(inner.item, []).append(self.value(inner))
                continue
            yield self.said(part, negated=negated, inside=True)
        for item, values in merged.items():
            yield self.compared(item, values, negated=both)

    def compared(self, item: str, values: list[str], *, negated: bool) -> str:
        said = " or ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else values[0]
        return f"the answer to question {self.numbers[item]} is {'not ' if negated else ''}{said}"

    def value(self, leaf: Comparison) -> str:
        """Say what follows "is"; "!=" is said as the opposite of "=="."""
        item = self.form.by_id[leaf.item]
        sign = "==" if leaf.sign == "!=" else leaf.sign
        if item.options is None:
            if item.kind == "date":
                return _DATE_SIGNS[sign].format(written_date(str(leaf.value)))
            return _NUMBER_SIGNS[sign].format(leaf.value)
        if sign == "==":
            return self.quoted(leaf.item, leaf.value)
        found = [
            f"“{one.label}”"
            for one in self.form.options_of(item)
            if not one.missing and isinstance(one.value, int) and _ORDER[sign](one.value, leaf.value)
        ]
        return " or ".join(found) or "none of the answers"

    def quoted(self, item: str, value: object) -> str:
        options = self.form.options_of(self.form.by_id[item])
        return f"“{next((one.label for one in options if one.value == value), value)}”"
