"""Checks on tables of counts before they are protected or attacked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.cells import Cells, Layout, filled, joined, wrong_totals
from evalkit.disclosure.joint import MOST_CELLS
from evalkit.disclosure.profiles import Profile, load_profile
from evalkit.disclosure.role_checks import (
    circular_subsets,
    shared_names,
    taken_names,
    wrong_columns,
    wrong_mapping,
    wrong_tables,
)
from evalkit.disclosure.rules import origins
from evalkit.disclosure.spellings import misspelled_labels, one_spelling
from evalkit.disclosure.total_rows import unnamed_totals
from evalkit.errors import DataError, DisclosureError, Problem, did_you_mean
from evalkit.frames import Problems, missing_columns, require, rows_named

Tables = Mapping[str, pd.DataFrame]
Floats = npt.NDArray[np.float64]
_LARGEST = 2


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(str(name) for name in given))


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of some tables are.

    Parameters
    ----------
    counts, dims : tuple of str
        Columns with numbers of people, and those that say what a cell is about.
    totals : dict of str to str
        Dimension -> label of its total.
    subset_of : dict of str to str
        Count -> the count that its people are among.
    ratios : dict of str to (str, str)
        New column -> numerator and denominator.
    means : dict of str to str
        Column with a mean or extreme -> the count that it rests on.
    amounts : dict of str to tuple of str
        Column with a sum over people -> the columns of the largest contributions to it.
    """

    counts: tuple[str, ...]
    dims: tuple[str, ...]
    totals: dict[str, str] = field(default_factory=dict)
    subset_of: dict[str, str] = field(default_factory=dict)
    ratios: dict[str, tuple[str, str]] = field(default_factory=dict)
    means: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """The same as it was given to a public function.

    Parameters
    ----------
    counts, dims : str or sequence of str
        Columns.
    totals, subset_of : mapping of str to str or None
        Dimension -> label of its total; count -> count.
    ratios : mapping of str to (str, str) or None
        New column -> numerator and denominator.
    means : mapping of str to str or None
        Column -> count.
    amounts : mapping of str to sequence of str or None
        Column -> columns of its largest contributions.
    """

    counts: str | Sequence[str]
    dims: str | Sequence[str]
    totals: Mapping[str, str] | None = None
    subset_of: Mapping[str, str] | None = None
    ratios: Mapping[str, tuple[str, str]] | None = None
    means: Mapping[str, str] | None = None
    amounts: Mapping[str, Sequence[str]] | None = None

    def problems(self) -> Problems:
        """Check that each is of the kind that it must be.

        Returns
        -------
        list of Problem
            DAT-009 for each that is not.
        """
        named = {"counts": self.counts, "dims": self.dims}
        mapped = {
            "totals": self.totals,
            "subset_of": self.subset_of,
            "ratios": self.ratios,
            "means": self.means,
            "amounts": self.amounts,
        }
        return [
            *(problem for argument, given in named.items() for problem in wrong_columns(argument, given)),
            *(problem for argument, given in mapped.items() for problem in wrong_mapping(argument, given)),
        ]

    def roles(self) -> Roles:
        """Put it into one form.

        Returns
        -------
        Roles
            Each name once, single names in tuples.
        """
        return Roles(
            _names(self.counts),
            _names(self.dims),
            dict(self.totals or {}),
            dict(self.subset_of or {}),
            dict(self.ratios or {}),
            dict(self.means or {}),
            {name: _names(columns) for name, columns in (self.amounts or {}).items()},
        )


def checked_roles(tables: Tables, given: Given, profile: str) -> Roles:
    """Check what came in to be protected.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The tables by name.
    given : Given
        What their columns are.
    profile : str
        Name of a profile.

    Returns
    -------
    Roles
        The same, in one form, and with the subsets that the ratios tell of: see `protect`.

    Raises
    ------
    DataError
        All that is wrong with the tables and arguments; see `protect`.
    DisclosureError
        DIS-001 for an unknown profile, when nothing else is wrong.
    """
    roles = given.roles()
    wrong = [
        *_no_tables(tables, roles),
        *(problem for name, table in tables.items() for problem in _wrong_table(name, table, roles)),
        *_unknown_names(tables, roles),
        *_wrong_names(roles),
        *_wrong_spellings(tables, roles),
    ]
    if not wrong:
        wrong = [problem for name, table in tables.items() for problem in _unnamed_total(name, table, roles, _as_it_is)]
    checked_profile(profile, wrong)
    return _with_subsets(tables, roles)


def require_kinds(
    asked: Mapping[str, object], given: Given, profile: str, classes: tuple[type, ...] = (pd.DataFrame,)
) -> None:
    """Refuse arguments of the wrong kind, of which nothing more can be said.

    Parameters
    ----------
    asked : mapping of str to object
        Argument -> what came in as one table or several.
    given : Given
        What was said of their columns.
    profile : str
        Name of a profile.
    classes : tuple of type, default (pandas.DataFrame,)
        What a single table can be.

    Raises
    ------
    DataError
        DAT-009 for each, with DIS-001 beside them for an unknown profile; nothing is raised for a profile alone.
    """
    wrong = [problem for argument, tables in asked.items() for problem in wrong_tables(argument, tables, classes)]
    wrong += given.problems()
    if wrong:
        checked_profile(profile, wrong)


def _wrong_names(roles: Roles) -> Problems:
    named = {
        "dims": roles.dims,
        "counts": roles.counts,
        "ratios": tuple(roles.ratios),
        "means": tuple(roles.means),
        "amounts": tuple(roles.amounts),
    }
    return [*shared_names(named), *taken_names(named), *circular_subsets(roles.subset_of)]


def _wrong_spellings(tables: Tables, roles: Roles) -> Problems:
    """Find labels that differ in their spelling only, and dimensions that do so from table to table."""
    frames = {name: table for name, table in tables.items() if isinstance(table, pd.DataFrame)}
    having = [(name, frame, [dim for dim in roles.dims if dim in frame.columns]) for name, frame in frames.items()]
    problems: Problems = []
    first: dict[str, str] = {}
    for name, _, dims in having:
        for dim in dims:
            other = first.setdefault(one_spelling(dim), dim)
            if dim != other and other not in dims:
                expected = f'one name for the dimension "{other}"'
                remedy = "Rename the column of the one as in the other."
                problems.append(Problem("DAT-006", name, f'column "{dim}"', expected, remedy))
    return problems + misspelled_labels(having)


def _as_it_is(people: Floats) -> tuple[Floats, Floats]:
    return people, people


def _with_subsets(tables: Tables, roles: Roles) -> Roles:
    """Take the numerator of a ratio for people of its denominator where it never exceeds it.

    Of several denominators, the smallest is taken for the numerator, the next for that one, and so on: applied,
    shortlisted, appointed.
    """
    subset_of = dict(roles.subset_of)
    for part in dict.fromkeys(part for part, _ in roles.ratios.values()):
        wholes = [whole for one, whole in roles.ratios.values() if one == part != whole]
        small_first = sorted(dict.fromkeys(wholes), key=partial(_people_in, tables))
        for few, many in zip([part, *small_first], small_first, strict=False):
            if few not in subset_of and few not in _above(many, subset_of) and _never_exceeds(tables, few, many):
                subset_of[few] = many
    return replace(roles, subset_of=subset_of)


def _people_in(tables: Tables, count: str) -> float:
    return sum(float(table[count].sum()) for table in tables.values() if count in table.columns)


def _never_exceeds(tables: Tables, part: str, whole: str) -> bool:
    having = [table for table in tables.values() if {part, whole} <= set(table.columns)]
    return bool(having) and all(bool((table[part] <= table[whole]).all()) for table in having)


def _above(count: str, subset_of: Mapping[str, str]) -> list[str]:
    """Name the counts that a count is among, directly or not."""
    found: list[str] = []
    while (count := subset_of.get(count, "")) and count not in found:
        found.append(count)
    return found


def _unnamed_total(
    name: str, table: pd.DataFrame, roles: Roles, limits: Callable[[Floats], tuple[Floats, Floats]]
) -> Problems:
    """Find rows that add up others, in a dimension without a named total: then they are not seen to give them away."""
    dims = [dim for dim in roles.dims if dim in table.columns]
    named = {dim: str(label) for dim, label in roles.totals.items()}
    counts = [count for count in roles.counts if count in table.columns]
    people = [
        limits(pd.to_numeric(table[count], errors="coerce").to_numpy(dtype=float, na_value=np.nan)) for count in counts
    ]
    low, high = (np.array([each[side] for each in people]) for side in (0, 1))
    return [
        Problem(
            "DAT-009",
            f"totals, {dim}",
            f'no total, and in {name} the rows with {dim} "{label}" are sums of others',
            "the label of the total of each dimension that has one",
            f'Write totals={{"{dim}": "{label}"}}; for subtotals, put the blocks into a dimension of their own. If it '
            "is chance, name it all the same: others can subtract it too.",
        )
        for dim, label in unnamed_totals(table[dims].astype(str), named, low, high)
    ]


def checked_profile(profile: str, wrong: Problems) -> Profile:
    """Raise what is wrong, and what is wrong with the name of the profile beside it.

    Parameters
    ----------
    profile : str
        Its name.
    wrong : list of Problem
        What was found before.

    Returns
    -------
    Profile
        When nothing is wrong.

    Raises
    ------
    DataError
        When something was found before.
    DisclosureError
        DIS-001 for an unknown profile, when nothing else is wrong.
    """
    try:
        rules = load_profile(profile)
    except DisclosureError as error:
        require([*wrong, *error.problems] if wrong else [])
        raise
    require(wrong)
    return rules


def wrong_frames(frames: Mapping[str, object], roles: Roles, rules: Profile | None) -> Problems:
    """Check released frames before they are attacked.

    Parameters
    ----------
    frames : mapping of str to object
        The frames by name; counts are missing where withheld.
    roles : Roles
        What their columns are.
    rules : Profile or None
        Under which they were released; None when it is not known.

    Returns
    -------
    list of Problem
        As `audit` names them.
    """
    if not frames:
        return []
    tables = {name: frame for name, frame in frames.items() if isinstance(frame, pd.DataFrame)}
    wrong = [
        *_no_tables(tables, roles),
        *(problem for name, frame in frames.items() for problem in _wrong_table(name, frame, roles, withheld=True)),
        *_unknown_names(tables, roles),
        *shared_names({"dims": roles.dims, "counts": roles.counts}),
        *circular_subsets(roles.subset_of),
    ]
    if wrong or rules is None:
        return wrong
    return [
        problem
        for name, table in tables.items()
        for problem in _unnamed_total(name, table, roles, partial(_released_limits, rules=rules))
    ]


def _released_limits(released: Floats, rules: Profile) -> tuple[Floats, Floats]:
    low, high = origins(released, rules)
    # A count that its profile would never print is taken as it stands.
    return np.where(np.isnan(low), released, low), np.where(np.isnan(high), released, high)


def _no_tables(tables: Tables, roles: Roles) -> Problems:
    problems: Problems = []
    for what, there in (("table", tables), ("counts", roles.counts), ("dims", roles.dims)):
        if not there:
            problems.append(Problem("DAT-009", what, "nothing", "at least one", f"Name the {what}."))
    for role, names in (("dims", roles.dims), ("counts", roles.counts)):
        for name in names:
            if tables and not any(isinstance(t, pd.DataFrame) and name in t.columns for t in tables.values()):
                known = [str(c) for t in tables.values() if isinstance(t, pd.DataFrame) for c in t.columns]
                problems.append(
                    Problem("DAT-003", role, f'no table has a column "{name}"', "a column", did_you_mean(name, known))
                )
    return problems


def _wrong_table(name: str, table: object, roles: Roles, *, withheld: bool = False) -> Problems:
    if not isinstance(table, pd.DataFrame):
        return [Problem("DAT-009", name, f"a {type(table).__name__}", "a frame", "Give one row a cell.")]
    if table.empty:
        return [Problem("DAT-009", name, "no rows", "one row a cell", "Leave the table out.")]
    twice = sorted({str(column) for column in table.columns[table.columns.duplicated()]})
    if twice:
        return [Problem("DAT-010", name, f"columns more than once: {', '.join(twice)}", "each once", "Rename them.")]
    dims = [dim for dim in roles.dims if dim in table.columns]
    counts = [count for count in roles.counts if count in table.columns]
    problems = [
        Problem("DAT-003", name, f"none of the {what}", f"at least one of {', '.join(named)}", "Add the column.")
        for what, named, there in (("dims", roles.dims, dims), ("counts", roles.counts, counts))
        if named and not there
    ]
    for count in counts:
        problems += wrong_counts(name, table, count, withheld=withheld)
    problems += wrong_cells(name, table, dims)
    problems += _wrong_beside(name, table, roles)
    for part, whole in roles.subset_of.items():
        if part in counts and whole in counts:
            problems += _larger_subset(name, table, part, whole)
    return problems


def wrong_counts(name: str, table: pd.DataFrame, count: str, *, withheld: bool = False) -> Problems:
    """Find counts that are missing, negative or not whole.

    Parameters
    ----------
    name : str
        Of the table, for the message.
    table : pandas.DataFrame
        One row a cell.
    count : str
        The column.
    withheld : bool, default False
        Whether a count may be missing, because it was withheld.

    Returns
    -------
    list of Problem
        DAT-004 and DAT-002, each with all its rows.
    """
    values = pd.to_numeric(table[count], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(values) & ~(withheld & table[count].isna().to_numpy())
    found = (
        ("DAT-004", missing, "counts that are missing or not numbers", "Write 0 where there is nobody."),
        ("DAT-002", (values < 0) | np.isinf(values), "counts below 0 or without end", "Correct them."),
        ("DAT-002", np.isfinite(values) & (values != np.floor(values)), "counts that are not whole", "Count people."),
    )
    return [
        Problem(code, f'{name}, column "{count}"', f"{what} ({_rows(wrong)})", "whole numbers of people from 0", remedy)
        for code, wrong, what, remedy in found
        if wrong.any()
    ]


def _rows(wrong: npt.NDArray[np.bool_]) -> str:
    return rows_named(np.flatnonzero(wrong) + 1)


def wrong_cells(name: str, table: pd.DataFrame, dims: Sequence[str]) -> Problems:
    """Find cells that are not named, or twice there.

    Parameters
    ----------
    name : str
        Of the table, for the message.
    table : pandas.DataFrame
        One row a cell.
    dims : sequence of str
        The dimensions that it has.

    Returns
    -------
    list of Problem
        DAT-009 for a missing value, DAT-010 for a repeated cell.
    """
    if not dims:
        return []
    missing = table[list(dims)].isna().any(axis=1).to_numpy()
    repeated = table[list(dims)].astype(str).duplicated(keep="first").to_numpy() & ~missing
    return [
        Problem(code, f"{name}, {', '.join(dims)}", f"{what} ({_rows(wrong)})", expected, remedy)
        for code, wrong, what, expected, remedy in (
            (
                "DAT-009",
                missing,
                "cells without a name",
                "a value of each dimension",
                "Write what is not known as such.",
            ),
            ("DAT-010", repeated, "cells that stood before", "each cell once", "Add them up, or add a dimension."),
        )
        if wrong.any()
    ]


def _wrong_beside(name: str, table: pd.DataFrame, roles: Roles) -> Problems:
    """Find wrong means and amounts."""
    problems = [problem for mean in roles.means if mean in table.columns for problem in _wrong_mean(name, table, mean)]
    for amount, largest in roles.amounts.items():
        if amount in table.columns:
            problems += _wrong_amount(name, table, amount, largest)
    return problems


def _wrong_mean(name: str, table: pd.DataFrame, mean: str) -> Problems:
    values = pd.to_numeric(table[mean], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    found = (
        ("DAT-004", np.isnan(values) & table[mean].notna().to_numpy(), "what is not a number"),
        ("DAT-002", np.isinf(values), "numbers without end"),
    )
    expected, remedy = "numbers, missing where none is to be printed", "Correct them, or leave them empty."
    return [
        Problem(code, f'{name}, column "{mean}"', f"{what} ({_rows(wrong)})", expected, remedy)
        for code, wrong, what in found
        if wrong.any()
    ]


def _wrong_amount(name: str, table: pd.DataFrame, amount: str, largest: Sequence[str]) -> Problems:
    absent = missing_columns(table, largest, name)
    if len(largest) < _LARGEST or absent:
        few = Problem(
            "DAT-009",
            f"amounts, {amount}",
            f"{len(largest)} columns of largest contributions",
            "at least the largest and the second largest",
            "Name them in this order.",
        )
        return [*absent, *([few] if len(largest) < _LARGEST else [])]
    problems = wrong_counts(name, table, amount)
    for column in largest:
        values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        wrong = (np.isnan(values) & table[column].notna().to_numpy()) | (values < 0)
        if wrong.any():
            problems.append(
                Problem(
                    "DAT-002",
                    f'{name}, column "{column}"',
                    f"contributions below 0 or not numbers ({_rows(wrong)})",
                    "numbers from 0, missing where there are fewer contributors",
                    "Correct them.",
                )
            )
    return problems


def _larger_subset(name: str, table: pd.DataFrame, part: str, whole: str) -> Problems:
    values = [pd.to_numeric(table[count], errors="coerce").to_numpy(dtype=float) for count in (part, whole)]
    larger = values[0] > values[1]
    if not larger.any():
        return []
    return [
        Problem(
            "DAT-007",
            f'{name}, column "{part}"',
            f'more people than in "{whole}" ({_rows(larger)})',
            f'at most those of "{whole}"',
            "Correct the counts, or do not name the one a subset of the other.",
        )
    ]


def _unknown_names(tables: Tables, roles: Roles) -> Problems:
    frames = [table for table in tables.values() if isinstance(table, pd.DataFrame)]
    problems: Problems = []
    for dim, label in roles.totals.items():
        having = [frame for frame in frames if dim in frame.columns and dim in roles.dims]
        if not having:
            problems.append(
                Problem("DAT-006", f"totals, {dim}", "no such dimension", "one of dims", did_you_mean(dim, roles.dims))
            )
        elif not any((frame[dim].astype(str) == str(label)).any() for frame in having):
            known = sorted({str(value) for frame in having for value in frame[dim].dropna()})
            problems.append(
                Problem(
                    "DAT-006",
                    f"totals, {dim}",
                    f'no row has the label "{label}"',
                    "a label",
                    did_you_mean(str(label), known),
                )
            )
    named = {
        "subset_of": [name for pair in roles.subset_of.items() for name in pair],
        "ratios": [name for pair in roles.ratios.values() for name in pair],
        "means": list(roles.means.values()),
    }
    for argument, names in named.items():
        for name in dict.fromkeys(names):
            if name not in roles.counts:
                problems.append(
                    Problem("DAT-006", argument, f'"{name}"', "one of counts", did_you_mean(name, roles.counts))
                )
    for name in [*roles.means, *roles.amounts]:
        if frames and not any(name in frame.columns for frame in frames):
            problems += missing_columns(frames[0], [name], "means" if name in roles.means else "amounts")
    return problems


def layout_of(name: str, table: pd.DataFrame, roles: Roles) -> Layout:
    """Say where the rows of a table stand.

    Parameters
    ----------
    name : str
        Of the table.
    table : pandas.DataFrame
        One row a cell.
    roles : Roles
        What its columns are.

    Returns
    -------
    Layout
        Its places; values are compared as text.
    """
    dims = [dim for dim in roles.dims if dim in table.columns]
    columns = [table[dim].astype(str) for dim in dims]
    totals = {dim: str(label) for dim, label in roles.totals.items()}
    places = tuple(
        frozenset((dim, value) for dim, value in zip(dims, row, strict=True) if value != totals.get(dim))
        for row in zip(*columns, strict=True)
    )
    return Layout(name, places, tuple(count for count in roles.counts if count in table.columns))


def families(roles: Roles) -> list[tuple[str, ...]]:
    """Group the counts that are tied to each other.

    Parameters
    ----------
    roles : Roles
        What the columns are.

    Returns
    -------
    list of tuple of str
        Each count once, in the order of `counts`.
    """
    label = {count: count for count in roles.counts}
    for part, whole in roles.subset_of.items():
        old, new = label[part], label[whole]
        label = {count: new if name == old else name for count, name in label.items()}
    return [tuple(count for count in roles.counts if label[count] == name) for name in dict.fromkeys(label.values())]


def whole_truth(cells: Cells, known: Floats, tables: Tables) -> Floats:
    """Work out the cells that no table prints, and refuse tables that cannot be protected together.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    known : numpy.ndarray
        Shape (cells,), people; NaN where no table prints the cell.
    tables : mapping of str to pandas.DataFrame
        The tables by name.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), people; in the larger table behind a ring some who agree with the tables.

    Raises
    ------
    DataError
        DAT-007 for tables that contradict themselves or each other, also when no people at all make up a ring.
    DisclosureError
        DIS-006 for a ring whose larger table has more than `MOST_CELLS` cells.
    """
    truth = filled(cells, known)
    require_tables(cells, truth, tables)
    require_small(cells, tables)
    found = joined(cells, truth)
    if found is None:
        raise DataError(
            Problem(
                "DAT-007",
                ", ".join(tables),
                "tables that no people make up together",
                "tables of the same people, with the same categories where they overlap in a ring",
                "Make the tables from the same people, or give the full table by all dimensions.",
            )
        )
    return found


def require_small(cells: Cells, tables: Tables) -> None:
    """Refuse tables that overlap in a ring too large to be attacked.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    tables : mapping of str to pandas.DataFrame
        The tables by name.

    Raises
    ------
    DisclosureError
        DIS-006 for a ring whose larger table has more than `MOST_CELLS` cells.
    """
    if cells.too_large:
        raise DisclosureError(
            [
                Problem(
                    "DIS-006",
                    ", ".join(tables),
                    f"a ring of tables by {', '.join(sorted(dims))}, which cross to more than {MOST_CELLS} cells",
                    f"at most {MOST_CELLS} cells, or tables that do not overlap in a ring",
                    "Leave one of the tables out, merge categories, or give the full table by all these dimensions.",
                )
                for dims in cells.too_large
            ]
        )


def require_tables(cells: Cells, truth: Floats, tables: Tables) -> None:
    """Refuse tables that contradict themselves or each other.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    truth : numpy.ndarray
        Shape (cells,), people.
    tables : mapping of str to pandas.DataFrame
        The tables by name.

    Raises
    ------
    DataError
        DAT-007 for a cell that two tables tell differently, or a total that is not the sum of its parts.
    """
    problems: Problems = []
    for (name, count), at in cells.found_at.items():
        differ = tables[name][count].to_numpy(dtype=float) != truth[at]
        if differ.any():
            problems.append(
                Problem(
                    "DAT-007",
                    f'{name}, column "{count}"',
                    f"cells that another table tells differently ({_rows(differ)})",
                    "one number for one cell",
                    "Make both tables from the same people.",
                )
            )
    wrong = set(wrong_totals(cells, truth))
    for (name, count), at in cells.found_at.items():
        rows = np.array([cell in wrong for cell in at])
        if rows.any():
            problems.append(
                Problem(
                    "DAT-007",
                    f'{name}, column "{count}"',
                    f"margins that are not the sum of their parts ({_rows(rows)})",
                    "the sum of the rows inside them",
                    "Add the rows that are missing, or correct the margin.",
                )
            )
        wrong -= set(at.tolist())
    if wrong:
        problems.append(
            Problem(
                "DAT-007",
                ", ".join(tables),
                "parts that add up to different totals",
                "the same people in all tables",
                "Make the tables from the same people.",
            )
        )
    require(problems)
