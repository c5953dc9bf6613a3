"""What was known of people beforehand: as columns for a model, and how those lost differ in it from those kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.outcomes import numbers
from evalkit.errors import Problem
from evalkit.frames import Problems, require, rows_named
from evalkit.numeric.imputation import LEAST_DF
from evalkit.numeric.regression import collinear
from evalkit.numeric.standardised_differences import standardised_mean_difference, standardised_share_difference
from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

DIFFERENCE = "lost less kept"
_NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, eq=False)
class KnownBefore:
    """Covariates as columns of numbers.

    Parameters
    ----------
    names : tuple of str
        What each column is about: the name of a number, or "name: category".
    columns : numpy.ndarray of float
        Shape (people, columns): the number, NaN where missing; or 1 in the category and 0 outside.
    is_share : tuple of bool
        Whether the column is a category.
    is_first : tuple of bool
        Whether it is the first category of its covariate, which a model leaves out.
    """

    names: tuple[str, ...]
    columns: Floats
    is_share: tuple[bool, ...]
    is_first: tuple[bool, ...]

    def of(self, rows: Ints) -> KnownBefore:
        """Give the same of some people.

        Parameters
        ----------
        rows : numpy.ndarray of int
            Their positions.

        Returns
        -------
        KnownBefore
            In that order.
        """
        return KnownBefore(self.names, self.columns[rows], self.is_share, self.is_first)

    @property
    def modelled(self) -> Floats:
        """Shape (people, columns without the first category of each covariate)."""
        return np.asarray(self.columns[:, [not first for first in self.is_first]])

    @property
    def modelled_names(self) -> list[str]:
        """What these columns are about."""
        return [name for name, first in zip(self.names, self.is_first, strict=True) if not first]


def read_known_before(frame: pd.DataFrame, named: list[str]) -> KnownBefore:
    """Turn covariates into columns of numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), with all the named ones.
    named : list of str
        The covariates: numbers stay, everything else is taken for categories.

    Returns
    -------
    KnownBefore
        Categories in their own order, or sorted; missing ones last, as "not stated".

    Raises
    ------
    DataError
        DAT-002 for infinite numbers, DAT-009 for dates, DAT-010 for a covariate named twice.
    """
    require(*(_problems(frame, name) for name in named), _twice(named))
    names: list[str] = []
    columns: list[Floats] = []
    is_share: list[bool] = []
    is_first: list[bool] = []
    for name in named:
        if _is_number(frame[name]):
            names.append(name)
            columns.append(numbers(frame, name))
            is_share.append(False)
            is_first.append(False)
            continue
        for place, (category, inside) in enumerate(_categories(frame[name])):
            names.append(f"{name}: {category}")
            columns.append(inside)
            is_share.append(True)
            is_first.append(place == 0)
    values = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    return KnownBefore(tuple(names), values, tuple(is_share), tuple(is_first))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _problems(frame: pd.DataFrame, name: str) -> Problems:
    column = frame[name]
    place = f"frame, column {name}"
    if pd.api.types.is_datetime64_any_dtype(column):
        return [Problem("DAT-009", place, "dates", "numbers or categories", "Turn them into a length of time.")]
    if not _is_number(column):
        return []
    rows = np.flatnonzero(np.isinf(numbers(frame, name))) + 1
    if not len(rows):
        return []
    return [Problem("DAT-002", place, f"values without end ({rows_named(rows)})", "finite numbers", "Correct them.")]


def _twice(named: list[str]) -> Problems:
    return [
        Problem("DAT-010", "covariates", f"{name} named twice", "each once", "Name it once.")
        for name in dict.fromkeys(named)
        if named.count(name) > 1
    ]


def _categories(column: pd.Series) -> list[tuple[str, Floats]]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = [level for level in column.cat.categories if bool((column == level).any())]
    else:
        levels = sorted(column.dropna().unique(), key=str)
    found = [(str(level), (column == level).fillna(value=False).to_numpy(dtype=float)) for level in levels]
    absent = column.isna().to_numpy(dtype=float)
    return [*found, (_NOT_STATED, absent)] if absent.any() else found


def response_design(before: Floats, known: KnownBefore, kept: Flags) -> tuple[Floats, str]:
    """Make the design of a model of who answered again.

    Parameters
    ----------
    before : numpy.ndarray of float
        Shape (people,): the outcome before.
    known : KnownBefore
        Covariates of the same people.
    kept : numpy.ndarray of bool
        Shape (people,): who answered again.

    Returns
    -------
    numpy.ndarray of float, str
        Shape (people, terms): a constant, the outcome before, the covariates; a missing number is set to the mean and
        marked in a column of its own, unless all with such a gap were kept, or all lost. Columns that others determine
        are left out, and named in the text.
    """
    columns, names = [np.ones(len(before)), before], ["constant", "the answer before"]
    for name, column in zip(known.modelled_names, known.modelled.T, strict=True):
        gone = np.isnan(column)
        if gone.all():
            continue
        columns.append(np.where(gone, np.nanmean(column), column))
        names.append(name)
        if len(set(kept[gone])) == 2:
            columns.append(gone.astype(float))
            names.append(f"{name} missing")
    design = np.column_stack(columns)
    out = collinear(design)
    return np.delete(design, out, axis=1), _left_out([names[place] for place in out])


def target_predictors(before: Floats, known: KnownBefore, kept: Flags) -> tuple[Floats, str]:
    """Give the columns from which the outcome afterwards is imputed.

    Parameters
    ----------
    before : numpy.ndarray of float
        Shape (people,): the outcome before.
    known : KnownBefore
        Covariates of the same people.
    kept : numpy.ndarray of bool
        Shape (people,): who answered again; the regression is fitted on them.

    Returns
    -------
    numpy.ndarray of float, str
        Shape (people, columns), NaN where a number is missing. Left out, and named in the text: columns that say
        nothing of their own among those who answered again, or among those with a number that must itself be imputed,
        and numbers known of too few people to be imputed.
    """
    columns = np.column_stack([before, known.modelled])
    names = ["the answer before", *known.modelled_names]
    gone = np.isnan(columns)
    gaps = [int(place) for place in np.flatnonzero(gone.any(axis=0))]
    # To impute a number takes a regression of its own on all the others.
    out = {place for place in gaps if int((~gone[:, place]).sum()) <= columns.shape[1] + LEAST_DF}
    means = np.where(gone, 0.0, columns).sum(axis=0) / np.maximum((~gone).sum(axis=0), 1)
    filled = np.where(gone, means, columns)
    for people in [kept, *(~gone[:, place] for place in gaps if place not in out)]:
        places = [place for place in range(columns.shape[1]) if place not in out]
        design = np.column_stack([np.ones(int(people.sum())), filled[people][:, places]])
        out |= {places[place - 1] for place in collinear(design) if place}
    stays = [place for place in range(columns.shape[1]) if place not in out]
    return columns[:, stays], _left_out([names[place] for place in sorted(out)])


def _left_out(names: list[str]) -> str:
    if not names:
        return ""
    return f"left out of the model, as saying nothing of its own or known of too few: {', '.join(names)}"


def describe(outcome: str, before: Floats, known: KnownBefore, kept: Flags, *, level: float) -> list[dict[str, object]]:
    """Describe how those lost differ from those kept, as rows.

    Parameters
    ----------
    outcome : str
        Name of the column before.
    before : numpy.ndarray of float
        Shape (people,): the outcome before.
    known : KnownBefore
        Covariates of the same people.
    kept : numpy.ndarray of bool
        Shape (people,): who answered again.
    level : float
        Confidence level.

    Returns
    -------
    list of dict
        One row for the outcome before and for each column of the covariates, in standard deviations. Nothing when
        nobody was lost.
    """
    if kept.all():
        return []
    columns = [(outcome, before, False), *zip(known.names, known.columns.T, known.is_share, strict=True)]
    return [_difference(name, values, kept, share=share, level=level) for name, values, share in columns]


def _difference(name: str, values: Floats, kept: Flags, *, share: bool, level: float) -> dict[str, object]:
    stated = np.isfinite(values)
    lost, stayed = values[stated & ~kept], values[stated & kept]
    found: Interval = (standardised_share_difference if share else standardised_mean_difference)(
        lost, stayed, level=level
    )
    row = {
        "group": name,
        "part": DIFFERENCE,
        "unit": "standard deviations",
        "n": int(stated.sum()),
        "n_least": min(len(lost), len(stayed)),
        "estimand": "how far those lost stand from those kept",
    }
    if np.isnan(found.estimate):
        return {**row, "note": "no spread, or too few people, to stand apart in"}
    return {
        **row,
        "estimate": found.estimate,
        "std_error": found.std_error,
        "conf_low": found.low,
        "conf_high": found.high,
        "note": "",
    }
