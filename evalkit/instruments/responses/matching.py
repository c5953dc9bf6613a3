"""Which column holds which item, and what the other columns are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evalkit.errors import Problem, did_you_mean
from evalkit.instruments.model import Item
from evalkit.instruments.responses.forms import Asked
from evalkit.instruments.responses.headers import WRITTEN_IN, Names, Target, worded
from evalkit.instruments.responses.platforms import SOURCES
from evalkit.instruments.responses.tables import Table, shown

_NAMED = 10


@dataclass(slots=True)
class Matched:
    """The columns of a table, sorted.

    Parameters
    ----------
    whole : dict of str to int
        Item -> the column of its answers.
    ticks : dict of str to dict of str to int
        Multiple choice -> option's value -> its column.
    written_in : list of int
        Columns of answers in words beside the options.
    dropped : list of str
        Names of columns that are not kept.
    problems : list of Problem
        What does not fit.
    """

    whole: dict[str, int] = field(default_factory=dict)
    ticks: dict[str, dict[str, int]] = field(default_factory=dict)
    written_in: list[int] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def about_columns(table: Table, platform: str, names: Names) -> tuple[dict[str, int], list[int]]:
    """Find the columns that are about the answer and not an answer.

    Parameters
    ----------
    table : Table
        What was read.
    platform : str
        Where it comes from.
    names : Names
        What the columns of items may be called; they come first.

    Returns
    -------
    tuple of (dict of str to int, list of int)
        What is kept or checked -> its column; the columns that the platform adds and that are not kept.
    """
    source = SOURCES[platform]
    ours = {index for index, name in enumerate(table.header) if any(one.item for one in names.of(name))}
    lower = {index: name.lower() for index, name in enumerate(table.header) if index not in ours}
    found: dict[str, int] = {}
    for name, meaning in source.about.items():
        for index, header in lower.items():
            if meaning and (header == name or (source.paths and header.replace("-", "/").endswith(f"/{name}"))):
                found.setdefault(meaning, index)
    kept = set(found.values())
    dropped = [
        index
        for index, name in lower.items()
        if index not in kept and (name in source.about or source.dropped.fullmatch(name))
    ]
    return found, dropped


def matched(table: Table, asked: Asked, names: Names, taken: Mapping[str, int], dropped: list[int]) -> Matched:
    """Find the columns of the items.

    Parameters
    ----------
    table : Table
        What was read.
    asked : Asked
        What may be there.
    names : Names
        What the columns may be called.
    taken : mapping of str to int
        Columns about the answers, from `about_columns`.
    dropped : list of int
        Columns that are not kept.

    Returns
    -------
    Matched
        The columns; DAT-006 for unknown ones, DAT-013 for ambiguous ones, DAT-003 for missing ones. Where questions
        share a text, as retrospective ones do with those that they repeat, and each has a column, the columns are taken
        in the order of the form; but only in a file whose columns stand in that order altogether.
    """
    result = Matched(dropped=[table.header[index] for index in dropped])
    others = [index for index in range(len(table.header)) if index not in {*taken.values(), *dropped}]
    found = {index: names.of(table.header[index]) or names.of_repeated(table.header[index]) for index in others}
    found |= _in_order(found, asked)
    unknown = [index for index, targets in found.items() if not targets]
    for index, targets in found.items():
        if len(targets) > 1:
            result.problems.append(_ambiguous(table, index, targets))
        elif targets:
            _sort(table, index, next(iter(targets)), result, redcap=asked.platform == "redcap")
    if not result.whole and not result.ticks and not result.problems:
        result.problems = [_nothing_known(table)]
        return result
    result.problems += [_unknown(table, index, asked) for index in unknown]
    if not any(problem.code == "DAT-013" for problem in result.problems):
        result.problems += _missing(table, asked, result)
    return result


def _in_order(found: Mapping[int, frozenset[Target]], asked: Asked) -> dict[int, frozenset[Target]]:
    """Tell columns of one text apart by their place, if there are as many as questions and all stand as in the form."""
    place = {item: position for position, item in enumerate(asked.items)}
    alike: dict[frozenset[Target], list[int]] = {}
    for index, targets in found.items():
        if len(targets) > 1:
            alike.setdefault(targets, []).append(index)
    apart = {
        index: frozenset({target})
        for targets, indexes in alike.items()
        if len(indexes) == len(targets) == len({target.item for target in targets} & set(place))
        for index, target in zip(indexes, sorted(targets, key=lambda one: place[one.item]), strict=True)
    }
    known = [next(iter(targets)).item for _, targets in sorted({**found, **apart}.items()) if len(targets) == 1]
    places = [place[item] for item in known if item in place]
    return apart if places == sorted(places) else {}


def _sort(table: Table, index: int, target: Target, result: Matched, *, redcap: bool) -> None:
    if not target.item:
        result.dropped.append(table.header[index])
    elif target.value == WRITTEN_IN:
        result.written_in.append(index)
        result.dropped.append(table.header[index])
    else:
        columns = result.ticks.setdefault(target.item, {}) if target.value else result.whole
        first = columns.setdefault(target.value or target.item, index)
        if first != index:
            result.problems.append(_twice(table, first, index, redcap=redcap))


def _twice(table: Table, first: int, second: int, *, redcap: bool) -> Problem:
    if table.header[first] == table.header[second]:
        found = "two columns of this name"
    else:
        found = f'the same as in column "{shown(table.header[first])}"'
    if table.columns[first] == table.columns[second]:
        remedy = "Delete one if they are the same; head two questions of one text with the ids of their items."
    else:
        remedy = "Keep both, for they hold different answers, and head them with the ids of their items."
        remedy += " Or export the raw data from REDCap, not labels." if redcap else ""
    return Problem("DAT-013", table.at(second), found, "one column for each item", remedy)


def _ambiguous(table: Table, index: int, targets: frozenset[Target]) -> Problem:
    items = sorted({target.item for target in targets})
    named = ", ".join(items[:_NAMED])
    remedy = (
        "Rename the column to the id of the item that it holds, put the title of its page behind its text, or put the "
        "columns of all items in the order of the form."
    )
    return Problem("DAT-013", table.at(index), f"a name that fits {named}", "a name that fits one item", remedy)


def _nothing_known(table: Table) -> Problem:
    found = f"{len(table.header)} columns, none of which is an item of the instrument"
    expected = "ids or texts of its items in the first row"
    remedy = "Check the instrument and the platform, and that the first row of the file is its header."
    return Problem("DAT-006", table.place, found, expected, remedy)


def _unknown(table: Table, index: int, asked: Asked) -> Problem:
    name = table.header[index]
    near = did_you_mean(name, asked.items)
    if not near.startswith("Did"):
        said = {worded(item.text): item.id for item in asked.items.values()}
        close = did_you_mean(worded(name), said)
        near = f'Did you mean "{said[close[14:-2]]}"?' if close.startswith("Did") else "It fits no item."
    remedy = f"{near} Rename the column to an item's id, or delete it."
    return Problem("DAT-006", table.at(index), "a column that is not known", "items of the instrument", remedy)


def _missing(table: Table, asked: Asked, result: Matched) -> Iterator[Problem]:
    """Say which columns are missing; free texts and identifiers may have been taken out to protect people."""
    absent = [item.id for item in asked.items.values() if _needed(item) and not _there(item, result)]
    if absent and not table.sparse:
        more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
        found = f"no column for {', '.join(absent[:_NAMED])}{more}"
        remedy = "Add the columns, empty where nobody was asked; or drop the items from the instrument with adapt()."
        yield Problem("DAT-003", table.place, found, "a column for each item of the form", remedy)
    for name, columns in result.ticks.items():
        options = [str(option.value) for option in asked.options_of(asked.items[name])]
        without = [value for value in options if value not in columns]
        if without and name not in result.whole:
            found = f"no column for the options {', '.join(without[:_NAMED])} of {name}"
            remedy = "Add the columns: without them nobody knows whether the options were ticked."
            yield Problem("DAT-003", table.place, found, "a column for each option", remedy)


def _needed(item: Item) -> bool:
    return item.kind not in {"short_text", "long_text"} and not item.identifier


def _there(item: Item, result: Matched) -> bool:
    return item.id in result.whole or item.id in result.ticks
