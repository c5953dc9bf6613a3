"""Cells of choices into values of options, whether they hold codes or labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalkit.instruments.model import Item
from evalkit.instruments.responses.forms import Asked
from evalkit.instruments.responses.headers import worded
from evalkit.instruments.responses.tables import Cell

Value = int | str
Ticks = tuple[Value, ...]
Answer = Value | Ticks

_WHOLE_FLOAT = re.compile(r"(-?\d{1,9})\.0{1,12}", re.ASCII)
_CODE_SEPARATORS = re.compile(r"[\s,;|]+")
_LABEL_SEPARATORS = (";", ",", "|", "\n")
_MAX_PARTS = 200
# What stands for a tick, or for none, in a column that belongs to one option.
_TICKED = frozenset({"1", "y", "yes", "true", "checked", "x", "ticked", "selected", "on"})
_UNTICKED = frozenset({"", "0", "n", "no", "false", "unchecked", "not selected", "off", "n/a"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What the cells of one item may hold.

    Parameters
    ----------
    codes : mapping of str to value
        Code -> value.
    exact : mapping of str to frozenset
        Label as written, in any language -> the values that it stands for.
    labels : mapping of str to frozenset
        The same for labels in the form in which texts are compared.
    order : mapping of value to int
        Value -> its place among the options.
    """

    codes: Mapping[str, Value]
    exact: Mapping[str, frozenset[Value]]
    labels: Mapping[str, frozenset[Value]]
    order: Mapping[Value, int]

    def by_code(self, text: str) -> frozenset[Value]:
        """Find the values that a text stands for as a code.

        Parameters
        ----------
        text : str
            A cell or a part of one, without blanks around.

        Returns
        -------
        frozenset
            One value, or none.
        """
        found = self.codes.get(text)
        if found is None and (whole := _WHOLE_FLOAT.fullmatch(text)):
            found = self.codes.get(whole.group(1))
        return frozenset() if found is None else frozenset({found})

    def by_label(self, text: str) -> frozenset[Value]:
        """Find the values that a text stands for as a label.

        Parameters
        ----------
        text : str
            A cell or a part of one, without blanks around.

        Returns
        -------
        frozenset
            Several when it is ambiguous.
        """
        return self.exact.get(text) or self.labels.get(worded(text), frozenset())

    def sorted(self, values: Iterable[Value]) -> Ticks:
        """Put values in the order of the options, each once.

        Parameters
        ----------
        values : iterable
            Values of options.

        Returns
        -------
        tuple
            The same in order.
        """
        return tuple(sorted(set(values), key=lambda value: self.order[value]))


@dataclass(frozen=True, slots=True)
class Reading:
    """The different cells of a column, read in one way.

    Parameters
    ----------
    found : dict of Cell to frozenset
        Cell -> what it can mean; none when it means nothing, several when it is ambiguous.
    """

    found: dict[Cell, frozenset[Answer]]

    @property
    def fits(self) -> bool:
        """Whether every cell can be read this way."""
        return all(self.found.values())


def choices_of(asked: Asked, item: Item) -> Choices:
    """Collect what the cells of an item may hold.

    Parameters
    ----------
    asked : Asked
        The forms.
    item : Item
        The item.

    Returns
    -------
    Choices
        Codes of the platform and of the instrument, labels in every language.
    """
    options = asked.options_of(item)
    own: dict[str, Value] = {str(option.value): option.value for option in options}
    changed = {code: own[value] for code, value in asked.values.get(item.id, {}).items() if value in own}
    exact: dict[str, set[Value]] = {}
    labels: dict[str, set[Value]] = {}
    for said in (said for forms in asked.said.values() for said in forms):
        for option in said.options_of(item):
            exact.setdefault(option.label.strip(), set()).add(option.value)
            labels.setdefault(worded(option.label), set()).add(option.value)
    return Choices(
        {**own, **changed},
        {text: frozenset(values) for text, values in exact.items()},
        {text: frozenset(values) for text, values in labels.items() if text},
        {option.value: place for place, option in enumerate(options)},
    )


def single(choices: Choices, cells: Iterable[Cell], *, label: bool) -> Reading:
    """Read cells that hold one answer.

    Parameters
    ----------
    choices : Choices
        What they may hold.
    cells : iterable of Cell
        The different cells of a column, none of them empty.
    label : bool
        Whether to read labels, not codes.

    Returns
    -------
    Reading
        What each can mean.
    """
    find = choices.by_label if label else choices.by_code
    found: dict[Cell, frozenset[Answer]] = {}
    for cell in cells:
        parts = cell if isinstance(cell, tuple) else (cell,)
        found[cell] = frozenset(find(parts[0].strip())) if len(parts) == 1 else frozenset()
    return Reading(found)


def several(choices: Choices, cells: Iterable[Cell], *, label: bool) -> Reading:
    """Read cells that hold any number of answers.

    Parameters
    ----------
    choices : Choices
        What they may hold.
    cells : iterable of Cell
        The different cells of a column, none of them empty.
    label : bool
        Whether to read labels, not codes.

    Returns
    -------
    Reading
        What each can mean, as tuples of values.
    """
    found: dict[Cell, frozenset[Answer]] = {}
    for cell in cells:
        if isinstance(cell, tuple):
            ways = _each(choices, list(cell), label=label)
        elif label:
            ways = frozenset(way for sign in _LABEL_SEPARATORS for way in _split(choices, cell, sign))
        else:
            ways = _each(choices, [part for part in _CODE_SEPARATORS.split(cell.strip()) if part], label=False)
        found[cell] = frozenset(ways)
    return Reading(found)


def ticks(choices: Choices, value: Value, cells: Iterable[str], *, own_code_first: bool) -> dict[str, bool | None]:
    """Read the column of one option.

    Parameters
    ----------
    choices : Choices
        The options of the item.
    value : int or str
        The option's value.
    cells : iterable of str
        The different cells of the column.
    own_code_first : bool
        Whether a ticked option is told by its code and an unticked one by an empty cell (Qualtrics); else 1 and 0, or
        words such as yes and no, tell them.

    Returns
    -------
    dict of str to bool or None
        Cell -> whether it is a tick; None when it cannot be told.
    """
    found: dict[str, bool | None] = {}
    for cell in cells:
        text = cell.strip()
        own = value in choices.by_code(text) or value in choices.by_label(text)
        plain = text.lower().removesuffix(".0")
        if (own and own_code_first) or plain in _TICKED:
            found[cell] = True
        elif plain in _UNTICKED:
            found[cell] = False
        else:
            found[cell] = True if own else None
    return found


def _each(choices: Choices, parts: list[str], *, label: bool) -> frozenset[Ticks]:
    """Read parts that are told apart already."""
    find = choices.by_label if label else choices.by_code
    values: list[Value] = []
    for part in parts:
        one = find(part.strip())
        if len(one) != 1:
            return frozenset()
        values += one
    return frozenset({choices.sorted(values)}) if values else frozenset()


def _split(choices: Choices, cell: str, sign: str) -> frozenset[Ticks]:
    """Split a cell at a sign that may stand inside a label too; at most two different ways are told."""
    parts = cell.split(sign)
    while parts and not parts[-1].strip():
        parts.pop()
    if not parts or len(parts) > _MAX_PARTS:
        return frozenset()
    longest = max(label.count(sign) for label in choices.exact) + 1
    ways: list[set[Ticks]] = [{()}]
    for end in range(1, len(parts) + 1):
        here: set[Ticks] = set()
        for start in range(max(0, end - longest), end):
            if ways[start]:
                values = choices.by_label(sign.join(parts[start:end]).strip())
                here |= {choices.sorted((*before, value)) for before in ways[start] for value in values}
        ways.append(set(sorted(here, key=repr)[:2]))
    return frozenset(ways[-1])
