"""Rules on conditions: can be read, look back, fit what they look at, and can come true."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from datetime import date

from evalkit.errors import InstrumentError, did_you_mean
from evalkit.instruments.conditions import (
    COMPARISONS,
    And,
    Comparison,
    Condition,
    Selected,
    holds,
    leaves,
    parse_condition,
)
from evalkit.instruments.findings import Finding, Where, rule
from evalkit.instruments.model import Instrument, Item

MAX_CASES = 20_000
_MAX_VALUES = 10
_SHOWN = 200
_ORDERED = frozenset(COMPARISONS - {"==", "!="})


@rule
def readable_conditions(instrument: Instrument) -> Iterator[Finding]:
    """Every condition can be read.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-018.
    """
    for where, text in _texts(instrument):
        try:
            parse_condition(text)
        except InstrumentError as error:
            problem = error.problems[0]
            spot = problem.place.removeprefix("condition, ")
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
            yield Finding("INS-018", where, f"{problem.found} at {spot} of {shown!r}", problem.expected, problem.remedy)


@rule
def known_in_conditions(instrument: Instrument) -> Iterator[Finding]:
    """A condition looks at items and options that are there, in a way that fits their kind.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-019.
    """
    for where, condition in _conditions(instrument):
        for leaf in leaves(condition):
            item = instrument.by_id.get(leaf.item)
            if item is None:
                remedy = did_you_mean(leaf.item, instrument.by_id)
                yield Finding("INS-019", where, f"item {leaf.item!r}", "an item of the instrument", remedy)
            else:
                yield from _fits(instrument, where, leaf, item)


@rule
def conditions_look_back(instrument: Instrument) -> Iterator[Finding]:
    """A condition looks only at items that come before.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-020, or INS-021 when conditions depend on each other in a circle.
    """
    order = {item.id: position for position, item in enumerate(instrument.items)}
    needs = _needs(instrument)
    for where, condition in _conditions(instrument):
        first = _first_position(instrument, where, order)
        for name in dict.fromkeys(leaf.item for leaf in leaves(condition)):
            if order.get(name, -1) < first:
                continue
            members = _members(instrument, where)
            if members & _reached(name, needs):
                found = f"{name}, which itself depends on {', '.join(sorted(members & _reached(name, needs)))}"
                yield Finding("INS-021", where, found, "conditions without a circle", "Take one condition away.")
            else:
                yield Finding("INS-020", where, f"{name}, which comes later", "an earlier item", "Move one of the two.")


@rule
def conditions_same_waves(instrument: Instrument) -> Iterator[Finding]:
    """A condition looks at items that are asked whenever its own item is.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-023.
    """
    for where, condition in _conditions(instrument):
        asked = {wave for name in _members(instrument, where) for wave in _times(instrument, name)}
        for leaf in leaves(condition):
            lacking = asked - _times(instrument, leaf.item) if leaf.item in instrument.by_id else set()
            if lacking:
                found = f"{leaf.item}, which is not asked at {', '.join(sorted(lacking))}"
                yield Finding("INS-023", where, found, "an item asked at the same waves", "Change the waves of one.")


@rule
def conditions_can_hold(instrument: Instrument) -> Iterator[Finding]:
    """For every condition there are answers that make it true.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-022. A condition over more than 20,000 combinations of answers is taken as reachable.
    """
    sound = {where for where, _ in _conditions(instrument)} - {
        finding.where for function in (known_in_conditions, conditions_look_back) for finding in function(instrument)
    }
    shown = _shown_when(instrument, sound)
    for where, condition in _conditions(instrument):
        if where in sound and not _can_hold(instrument, condition, shown):
            remedy = "Check the values and the conditions of the items that it looks at."
            yield Finding("INS-022", where, f"never true: {condition}", "a condition that can be true", remedy)


def _texts(instrument: Instrument) -> Iterator[tuple[Where, str]]:
    for section in instrument.sections:
        if section.when:
            yield ("sections", section.id, "when"), section.when
        for item in section.items:
            if item.when:
                yield ("items", item.id, "when"), item.when


def _conditions(instrument: Instrument) -> Iterator[tuple[Where, Condition]]:
    for where, text in _texts(instrument):
        try:
            yield where, parse_condition(text)
        except InstrumentError:
            continue


def _members(instrument: Instrument, where: Where) -> set[str]:
    """List the items whose showing a condition decides."""
    if where[0] == "items":
        return {str(where[1])}
    return {item.id for section in instrument.sections if section.id == where[1] for item in section.items}


def _first_position(instrument: Instrument, where: Where, order: Mapping[str, int]) -> int:
    return min((order[name] for name in _members(instrument, where)), default=len(order))


def _needs(instrument: Instrument) -> dict[str, set[str]]:
    """Item -> items that its conditions look at."""
    needs: dict[str, set[str]] = {}
    for where, condition in _conditions(instrument):
        for name in _members(instrument, where):
            needs.setdefault(name, set()).update(leaf.item for leaf in leaves(condition))
    return needs


def _reached(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """List what an item depends on, itself included."""
    found: set[str] = set()
    open_names = [name]
    while open_names:
        one = open_names.pop()
        if one not in found:
            found.add(one)
            open_names += needs.get(one, set())
    return found


def _times(instrument: Instrument, name: str) -> set[str]:
    """List the ordinary waves at which an item is answered; a retrospective one counts as its own."""
    return set(instrument.waves_of(instrument.by_id[name]))


def _fits(instrument: Instrument, where: Where, leaf: Comparison | Selected, item: Item) -> Iterator[Finding]:
    expected = _form_expected(leaf, item)
    if expected:
        yield Finding("INS-019", where, f"{leaf} with a {item.kind}", expected, "Change the condition.")
        return
    options = instrument.option_sets.get(item.options or "")
    if options is not None:
        ordered = isinstance(leaf, Comparison) and leaf.sign in _ORDERED
        values = options.numbers if ordered else tuple(options.by_value)
        if not (ordered and values and isinstance(leaf.value, int | float)) and leaf.value not in values:
            remedy = did_you_mean(str(leaf.value), [str(value) for value in values]) if values else "Use ==."
            yield Finding("INS-019", where, f"value {leaf.value!r} of {item.id}", "a value of its options", remedy)
    elif item.kind == "number" and isinstance(leaf.value, str):
        yield Finding("INS-019", where, f"{leaf} with a number", "a number without quotes", "Remove the quotes.")
    elif item.kind == "date" and not _is_date(leaf.value):
        yield Finding("INS-019", where, f"{leaf} with a date", "a date such as '2024-03-31'", "Write it so.")


def _form_expected(leaf: Comparison | Selected, item: Item) -> str:
    if item.kind == "multiple_choice":
        return "" if isinstance(leaf, Selected) else f"selected({item.id}, 'value')"
    if isinstance(leaf, Selected):
        return f"{item.id} == value"
    if item.kind in {"single_choice", "likert", "number", "date"}:
        return ""
    return "a choice, a number or a date"


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _shown_when(instrument: Instrument, sound: set[Where]) -> dict[str, tuple[Condition, ...]]:
    """Item -> the sound conditions that must hold for it to be shown."""
    found: dict[str, tuple[Condition, ...]] = {}
    for where, condition in _conditions(instrument):
        for name in _members(instrument, where) if where in sound else ():
            found[name] = (*found.get(name, ()), condition)
    return found


def _can_hold(instrument: Instrument, condition: Condition, shown: Mapping[str, tuple[Condition, ...]]) -> bool:
    needs = {name: {leaf.item for part in parts for leaf in leaves(part)} for name, parts in shown.items()}
    names = sorted({found for leaf in leaves(condition) for found in _reached(leaf.item, needs)})
    parts = (condition, *(part for name in names for part in shown.get(name, ())))
    compared = [leaf for part in parts for leaf in leaves(part)]
    if not set(names) <= instrument.by_id.keys():
        return True
    if any(len({leaf.value for leaf in compared if leaf.item == name}) > _MAX_VALUES for name in names):
        return True
    cases = [_cases(instrument, instrument.by_id[name], compared) for name in names]
    if math.prod(len(case) for case in cases) > MAX_CASES:
        return True
    return any(
        holds(condition, answers, instrument.missing) and _consistent(instrument, answers, shown)
        for answers in (dict(zip(names, case, strict=True)) for case in itertools.product(*cases))
    )


def _consistent(
    instrument: Instrument, answers: Mapping[str, object], shown: Mapping[str, tuple[Condition, ...]]
) -> bool:
    """Whether only items that are shown have answers."""
    return all(
        answer is None or name not in shown or holds(And(shown[name]), answers, instrument.missing)
        for name, answer in answers.items()
    )


def _cases(instrument: Instrument, item: Item, compared: list[Comparison | Selected]) -> list[object]:
    """List answers of an item that between them make every comparison come out both ways where it can."""
    values = list(dict.fromkeys(leaf.value for leaf in compared if leaf.item == item.id))
    if item.kind == "multiple_choice":
        allowed = [set(case) for size in range(len(values) + 1) for case in itertools.combinations(values, size)]
        alone = {option.value for option in instrument.options_of(item) if option.missing or option.exclusive}
        return [None, *(frozenset(case) for case in allowed if case and (len(case) == 1 or not case & alone))]
    options = instrument.options_of(item)
    if options:
        return [None, *(option.value for option in options)]
    if item.kind == "number":
        return [None, *_numbers_near(item, [value for value in values if not isinstance(value, str)])]
    if item.kind != "date":
        return [None, *values]
    dates = [value for value in values if isinstance(value, str)]
    near = [text for value in dates for text in _days_near(value)]
    return [None, *(text for text in near if str(item.min or "") <= text <= str(item.max or "9999-12-31"))]


def _numbers_near(item: Item, values: list[float]) -> list[float]:
    step = 10.0**-item.decimals
    bounds = [limit for limit in (item.min, item.max) if isinstance(limit, int | float)]
    near = sorted({x for value in (*values, *bounds) for x in (value - step, value, value + step)})
    low = item.min if isinstance(item.min, int | float) else -math.inf
    high = item.max if isinstance(item.max, int | float) else math.inf
    return [x for x in near if low <= x <= high]


def _days_near(text: str) -> list[str]:
    middle = date.fromisoformat(text).toordinal()
    return [
        date.fromordinal(day).isoformat()
        for day in (middle - 1, middle, middle + 1)
        if 1 <= day <= date.max.toordinal()
    ]
