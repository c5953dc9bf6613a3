"""Checks on what is said of the columns of tables, before any table is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain

import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems

_PAIR = 2
_SINGLE = "released"


def wrong_columns(argument: str, given: object) -> Problems:
    """Check an argument that names columns.

    Parameters
    ----------
    argument : str
        Its name.
    given : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-009 for anything but a name or several.
    """
    if isinstance(given, Iterable) and not isinstance(given, bytes | Mapping | pd.DataFrame):
        return []
    expected, remedy = "the name of a column, or a list of them", f'Write {argument}="n" or {argument}=["n", "m"].'
    return [Problem("DAT-009", argument, f"a {type(given).__name__}", expected, remedy)]


def wrong_mapping(argument: str, given: object) -> Problems:
    """Check one of the arguments that say of columns what they are, such as `totals` or `means`.

    Parameters
    ----------
    argument : str
        Its name.
    given : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-009 for anything but None or a mapping of names to what the argument takes, each of its values that is
        wrong included.
    """
    example, fits, expected = _MAPPINGS[argument]
    remedy = f"Write {argument}={example}."
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return [Problem("DAT-009", argument, _shown(given), f"a mapping of names to {expected}", remedy)]
    return [
        Problem(
            "DAT-009", f"{argument}, {key}", f"{_shown(key)} with {_shown(value)}", f"a name with {expected}", remedy
        )
        for key, value in given.items()
        if not (isinstance(key, str) and fits(value))
    ]


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"a {type(value).__name__}"


def _label(value: object) -> bool:
    return value is not None and not isinstance(value, Mapping | list | tuple | set)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _two(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == _PAIR and all(isinstance(each, str) for each in value)


def _several(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, Iterable) and not isinstance(value, Mapping) and all(isinstance(each, str) for each in value)
    )


_MAPPINGS = {
    "totals": ('{"site": "All"}', _label, "the label of a total"),
    "subset_of": ('{"leavers": "staff"}', _text, "the count that its people are among"),
    "ratios": ('{"rate": ("leavers", "staff")}', _two, "two counts, numerator and denominator"),
    "means": ('{"mean_pay": "n"}', _text, "the count that it rests on"),
    "amounts": ('{"pay": ["largest", "second"]}', _several, "columns of largest contributions"),
}


def wrong_tables(argument: str, given: object, classes: tuple[type, ...]) -> Problems:
    """Check an argument that holds one table or several.

    Parameters
    ----------
    argument : str
        Its name.
    given : object
        What came in.
    classes : tuple of type
        What a single table can be.

    Returns
    -------
    list of Problem
        DAT-009 for anything but a table or a mapping of names to tables, for each wrong value of the mapping, and for
        an empty one.
    """
    remedy = 'Write {"one": table, "other": table} for several.'
    if isinstance(given, Mapping):
        if not given:
            return [Problem("DAT-009", argument, "nothing", "at least one table", "Name the table.")]
        return [
            Problem("DAT-009", f"{argument}, {name}", f"a {type(each).__name__}", "a frame", "Give one row a cell.")
            for name, each in given.items()
            if not isinstance(each, classes)
        ]
    if isinstance(given, classes):
        return []
    return [Problem("DAT-009", argument, f"a {type(given).__name__}", "a frame, or a mapping of names to them", remedy)]


def shared_names(roles: Mapping[str, Collection[str]]) -> Problems:
    """Find names that stand in two roles.

    Parameters
    ----------
    roles : mapping of str to collection of str
        Argument -> the columns that it names or makes.

    Returns
    -------
    list of Problem
        DAT-010 for each name.
    """
    problems: Problems = []
    for name in dict.fromkeys(chain.from_iterable(roles.values())):
        having = [argument for argument, names in roles.items() if name in names]
        if len(having) > 1:
            remedy = "Leave it out of all but one, or give the new column another name."
            problems.append(Problem("DAT-010", ", ".join(having), f'"{name}" in each', "one role each", remedy))
    return problems


def taken_names(roles: Mapping[str, Collection[str]]) -> Problems:
    """Find columns that would stand in the place of what `protect` makes.

    Parameters
    ----------
    roles : mapping of str to collection of str
        Argument -> the columns that it names or makes; `counts` among them, which are released under other names.

    Returns
    -------
    list of Problem
        DAT-010 for each argument and name.
    """
    made = {_SINGLE, "flag", *(f"{_SINGLE}_{count}" for count in roles["counts"])}
    return [
        Problem("DAT-010", argument, f'"{name}"', "a name that no other column of the result has", "Rename the column.")
        for argument, names in roles.items()
        for name in names
        if argument != "counts" and name in made
    ]


def circular_subsets(subset_of: Mapping[str, str]) -> Problems:
    """Find counts that are said to be among themselves.

    Parameters
    ----------
    subset_of : mapping of str to str
        Count -> the count that its people are among.

    Returns
    -------
    list of Problem
        DAT-007 for each of them.
    """
    problems: Problems = []
    for count in subset_of:
        above: list[str] = []
        at = subset_of.get(count, "")
        while at and at not in above:
            above.append(at)
            at = subset_of.get(at, "")
        if count in above:
            remedy = "Name the larger count, or leave it out."
            found = f'"{count}" is among itself' + (f" by way of {', '.join(above[:-1])}" if above[:-1] else "")
            problems.append(Problem("DAT-007", "subset_of", found, "another count with more people", remedy))
    return problems
