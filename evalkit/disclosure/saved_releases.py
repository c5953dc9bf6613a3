"""Releases that were saved and read back: what their columns are called beside what `protect` made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.spellings import misspelled_labels, one_spelling
from evalkit.disclosure.table_checks import Roles
from evalkit.errors import Problem
from evalkit.frames import Problems

_RELEASED = "released"


def same_names(
    tables: Mapping[str, Protected | pd.DataFrame], roles: Roles
) -> tuple[dict[str, Protected | pd.DataFrame], Roles]:
    """Give the counts of frames the names that they have in the other tables.

    Parameters
    ----------
    tables : mapping of str to Protected or pandas.DataFrame
        By name.
    roles : Roles
        What the columns of the frames are.

    Returns
    -------
    (dict of str to Protected or pandas.DataFrame, Roles)
        The tables, in which the column `released` of a frame has the name of the only count that there is elsewhere,
        and `released_COUNT` that of the count; and the roles with these names. Without dimensions, those of what
        `protect` made, and its totals where a frame has their label.
    """
    made = [table for table in tables.values() if isinstance(table, Protected)]
    frames = [table for table in tables.values() if isinstance(table, pd.DataFrame)]
    known = dict.fromkeys([
        *(count for table in made for count in table.counts),
        *(name for name in roles.counts if not name.startswith(_RELEASED) and any(name in each for each in frames)),
    ])  # fmt: skip
    names = {f"{_RELEASED}_{count}": count for count in known} | (
        dict.fromkeys([_RELEASED], *known) if len(known) == 1 else {}
    )
    renamed = {
        name: _renamed(table, names) if isinstance(table, pd.DataFrame) else table for name, table in tables.items()
    }
    there = {str(column) for table in renamed.values() if isinstance(table, pd.DataFrame) for column in table.columns}
    counts = [names.get(count, count) for count in roles.counts]
    if made:
        # The default names a column that several counts do not have.
        counts = [count for count in counts if count in there or count != _RELEASED]
    counts += [count for source, count in names.items() if count in there and any(source in t.columns for t in frames)]
    subset_of = {names.get(part, part): names.get(whole, whole) for part, whole in roles.subset_of.items()}
    roles = replace(roles, counts=tuple(dict.fromkeys(counts)), subset_of=subset_of)
    if roles.dims or not made:
        return renamed, roles
    dims = tuple(dict.fromkeys(dim for table in made for dim in table.dims if dim in there))
    totals = {
        dim: label
        for table in made
        for dim, label in table.totals.items()
        if any(dim in frame.columns and (frame[dim].astype(str) == str(label)).any() for frame in frames)
    }
    return renamed, replace(roles, dims=dims, totals=roles.totals or totals)


def other_spellings(tables: Mapping[str, Protected | pd.DataFrame], roles: Roles) -> Problems:
    """Find dimensions and labels in two spellings, as in "Site" and "site": they would not be held together.

    Parameters
    ----------
    tables : mapping of str to Protected or pandas.DataFrame
        By name.
    roles : Roles
        What the columns of the frames are.

    Returns
    -------
    list of Problem
        DAT-006 for each table and spelling but the first of a dimension, and for each table and dimension with another
        spelling than the first of a label.
    """
    known = {one_spelling(dim): dim for dim in reversed(roles.dims)}
    for table in reversed(list(tables.values())):
        known |= {one_spelling(dim): dim for dim in (table.dims if isinstance(table, Protected) else ())}
    problems: Problems = []
    for name, table in tables.items():
        own = [str(column) for column in (table.dims if isinstance(table, Protected) else table.columns)]
        for column in own:
            first = known.get(one_spelling(column), column)
            if first != column and first not in own:
                found, remedy = f'column "{column}"', "Rename the column of the one as in the other."
                problems.append(Problem("DAT-006", name, found, f'one name for the dimension "{first}"', remedy))
    return problems + misspelled_labels(
        (name, table.frame, table.dims)
        if isinstance(table, Protected)
        else (name, table, [dim for dim in roles.dims if dim in table.columns])
        for name, table in tables.items()
    )


def _renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    return frame.rename(
        columns={
            source: count for source, count in names.items() if source in frame.columns and count not in frame.columns
        }
    )
