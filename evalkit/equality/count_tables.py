"""Tables of counts by year, indicator and group that come in from outside: their checks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.counting import missing_years
from evalkit.equality.staff_columns import coded, columns_problems, numbers
from evalkit.errors import Problem
from evalkit.frames import Problems, require, rows_named

Floats = npt.NDArray[np.float64]
COUNTS = ("n", "events")


def checked_counts(
    data: pd.DataFrame,
    columns: Sequence[str],
    known: Mapping[str, Collection[str]],
    *,
    in_parts: Collection[str] = (),
    may_exceed: Collection[str] = (),
    allow_gaps: bool = False,
) -> tuple[pd.DataFrame, Problems]:
    """Check a table of counts.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): what came in.
    columns : sequence of str
        Those that it must have: "year", "indicator", others that tell rows apart, then "n" and "events".
    known : mapping of str to collection of str
        Column -> labels that it may hold.
    in_parts : collection of str, optional
        Indicators whose counts need not be whole numbers.
    may_exceed : collection of str, optional
        Indicators that may have more events than n.
    allow_gaps : bool, default False
        Let years be missing from the series of an indicator.

    Returns
    -------
    tuple of pandas.DataFrame and list of Problem
        The columns, labels as text without blanks around them and empty where missing; DAT-002 or DAT-004 for what is
        no count, DAT-006 for an unknown label, DAT-007 for more events than n or a year missing from a series, DAT-010
        for a repeated row.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns.
    """
    require(columns_problems(data, {name: name for name in columns}))
    labels = [name for name in columns if name not in (*COUNTS, "year")]
    table = data[list(columns)].reset_index(drop=True)
    for name in labels:
        table[name] = table[name].astype(object).where(table[name].notna(), "").astype(str).str.strip()
    problems: Problems = []
    for name in COUNTS:
        table[name], wrong = _counts(data, name, table["indicator"].isin(in_parts).to_numpy())
        problems += wrong
    for name, allowed in known.items():
        rows = np.flatnonzero(~table[name].isin(allowed)) + 1
        if len(rows):
            found = f"not known ({rows_named(rows)})"
            problems.append(Problem("DAT-006", f"data, column {name}", found, ", ".join(allowed), "Correct it."))
    above = np.flatnonzero((table["events"] > table["n"]) & ~table["indicator"].isin(may_exceed)) + 1
    if len(above):
        found = f"more with the outcome than people ({rows_named(above)})"
        problems.append(Problem("DAT-007", "data", found, "counts within their totals", "Look for exchanged columns."))
    twice = np.flatnonzero(table.duplicated(["year", *labels])) + 1
    if len(twice):
        expected = f"one row a year, {', '.join(labels[:-1])} and {labels[-1]}"
        problems.append(Problem("DAT-010", "data", f"repeated ({rows_named(twice)})", expected, "Delete or add up."))
    return table, problems + ([] if allow_gaps else _gaps(table))


def _counts(data: pd.DataFrame, name: str, in_parts: npt.NDArray[np.bool_]) -> tuple[Floats, Problems]:
    found, problems = numbers(data, name, low=0)
    odd = ~in_parts & ~np.isnan(found) & (found != np.floor(found))
    told = ((data[name].isna().to_numpy(), "no count"), (odd, "no whole number"))
    for rows, what in told:
        if rows.any():
            where = rows_named(np.flatnonzero(rows) + 1)
            remedy = "Write 0 for nobody."
            problems.append(Problem("DAT-002", f"data, column {name}", f"{what} ({where})", "whole numbers", remedy))
    return found, problems


def _gaps(table: pd.DataFrame) -> Problems:
    problems: Problems = []
    for name, rows in table.groupby("indicator", sort=False):
        labels = coded(rows["year"]).labels
        if gaps := missing_years(labels):
            found = f"{name}: {labels[0]} to {labels[-1]} without {', '.join(map(str, gaps))}"
            remedy = "Add the missing year, or say allow_gaps=True."
            problems.append(Problem("DAT-007", "data, column year", found, "a series without gaps", remedy))
    return problems
