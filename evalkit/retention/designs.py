"""From covariates to the columns of a model: patterns of equal covariates first, and their columns once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import EstimationError, Problem
from evalkit.frames import require
from evalkit.retention.cohorts import MENTORED, UNMENTORED, Cohort
from evalkit.retention.terms import Floats, Formula, Ints, Variable

Flags = npt.NDArray[np.bool_]

_LARGEST_CODE = 2**62
_TABLE = 4  # cells of a table of patterns for each piece, at most
_SMALL_TABLE = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """One coefficient.

    Parameters
    ----------
    term : str
        Name of its term: "mentored", "band", "age:mentored".
    group : str or None
        What is compared: "6 / 5"; None for a number.
    level, reference : int
        Positions of the levels of a main effect of a category; -1 otherwise.
    """

    term: str
    group: str | None
    level: int = -1
    reference: int = -1

    def __str__(self) -> str:
        return self.term if self.group is None else f"{self.term} ({self.group})"


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Columns of a model for the pieces of a cohort.

    Parameters
    ----------
    columns : tuple of Column
        Coefficients, in the order of the terms.
    matrix : numpy.ndarray
        Shape (patterns, columns), or (pieces used, columns) without patterns.
    pattern : numpy.ndarray of int or None
        Shape (pieces used,): row of `matrix`.
    variables : tuple of Variable
        With the levels that occur only.
    state : object
        What formulaic needs to make the columns of other covariates; None for main effects.
    """

    columns: tuple[Column, ...]
    matrix: Floats
    pattern: Ints | None
    variables: tuple[Variable, ...]
    state: Any = None

    def terms(self) -> dict[str, list[int]]:
        """Give the columns of each term.

        Returns
        -------
        dict of str to list of int
            In the order of the terms.
        """
        found: dict[str, list[int]] = {}
        for number, column in enumerate(self.columns):
            found.setdefault(column.term, []).append(number)
        return found

    def row(self, values: dict[str, float | int]) -> Floats:
        """Make the columns of one kind of people.

        Parameters
        ----------
        values : dict
            Variable -> number, or position of the level.

        Returns
        -------
        numpy.ndarray
            Shape (columns,).
        """
        if self.state is None:
            parts = [_columns(v, np.array([values[v.name]])) for v in self.variables]
            return np.asarray(np.concatenate(parts, axis=1)[0], dtype=np.float64)
        frame = pd.DataFrame({v.name: _values(v, np.array([values[v.name]])) for v in self.variables})
        made: Floats = _without_intercept(self.state.get_model_matrix(frame))[0]
        return made


def make_design(cohort: Cohort, formula: Formula, variables: Sequence[Variable], pieces: Ints | slice) -> Design:
    """Make the columns of a model.

    Parameters
    ----------
    cohort : Cohort
        Whose pieces.
    formula : Formula
        The terms.
    variables : sequence of Variable
        Its covariates.
    pieces : numpy.ndarray of int or slice
        Pieces used; none of them lacks a covariate.

    Returns
    -------
    Design
        On patterns of equal covariates where those are fewer than the pieces.

    Raises
    ------
    EstimationError
        EST-001 for a covariate that is the same for everybody, a formula that cannot be evaluated, and columns that
        are not finite.
    """
    coded, pattern = _patterns(cohort, variables, pieces, by_row=formula.by_row)
    coded = [_present(variable) for variable in coded]
    _require_two_values(coded)
    if formula.main is not None:
        matrix = np.empty((len(coded[0].code), sum(_width(v) for v in coded)))
        first = 0
        for variable in coded:
            matrix[:, first : first + _width(variable)] = _columns(variable, variable.code)
            first += _width(variable)
        columns: list[Column] = [column for variable in coded for column in _names(variable)]
        state = None
    else:
        matrix, columns, state = _by_formulaic(formula, coded)
    _require_finite(matrix, columns)
    return Design(tuple(columns), matrix, pattern, tuple(coded), state)


def _patterns(
    cohort: Cohort, variables: Sequence[Variable], pieces: Ints | slice, *, by_row: bool
) -> tuple[list[Variable], Ints | None]:
    """Number the combinations of covariates that occur; the codes of the variables are then those of the patterns."""
    row = cohort.row
    n = len(row[pieces])
    many = any(v.labels is None and v.size > max(n // 8, 20) for v in variables)
    if by_row or many:
        return [replace(v, code=v.at(row, pieces)) for v in variables], None
    of_rows = [v for v in variables if not v.of_pieces]
    of_pieces = [replace(v, code=v.code[pieces]) for v in variables if v.of_pieces]
    by_row_of_frame, total = _combined(of_rows, np.zeros(len(cohort.covariates), dtype=np.int64), 1)
    code, total = _combined(of_pieces, by_row_of_frame[row[pieces]], total)
    if total <= max(_TABLE * n, _SMALL_TABLE):
        where = np.full(total, -1, dtype=np.int64)
        where[code] = np.arange(n)
        found = np.flatnonzero(where >= 0)
        place = np.empty(total, dtype=np.int64)
        place[found] = np.arange(len(found))
        sample, pattern = where[found], place[code]
    else:
        _, sample, pattern = np.unique(code, return_index=True, return_inverse=True)
    chosen = sample if isinstance(pieces, slice) else pieces[sample]
    return [replace(v, code=v.at(row, chosen)) for v in variables], pattern


def _combined(variables: Sequence[Variable], code: Ints, total: int) -> tuple[Ints, int]:
    """Write several codes as one number, each a digit; where that grows too large, number what occurs."""
    for variable in variables:
        size = max(variable.size, 1)
        if total * size > _LARGEST_CODE:
            values, code = np.unique(code, return_inverse=True)
            total = len(values)
        digit = np.maximum(variable.code, 0)  # rows that lack it are not used
        code = code * size + digit
        total *= size
    return code, total


def _present(variable: Variable) -> Variable:
    """Leave out levels that nobody has."""
    if variable.labels is None:
        return variable
    there = np.bincount(variable.code, minlength=variable.size) > 0
    if there.all():
        return variable
    place = np.cumsum(there) - 1
    labels = tuple(label for label, full in zip(variable.labels, there, strict=True) if full)
    return replace(variable, labels=labels, code=place[variable.code])


def _require_two_values(variables: Sequence[Variable]) -> None:
    problems = []
    for variable in variables:
        only = int(variable.code.min()) == int(variable.code.max())
        if only:
            value = variable.labels[0] if variable.labels is not None else "one value"
            found = f"everybody has the same: {value}" if variable.labels is not None else "the same for everybody"
            remedy = "Leave it out, or check the data."
            problems.append(Problem("EST-001", f"term {variable.name}", found, "two groups or values", remedy))
    require(problems, error=EstimationError)


def _width(variable: Variable) -> int:
    return 1 if variable.labels is None else variable.size - 1


def _columns(variable: Variable, code: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if variable.labels is None:
        return variable.numbers(code)[:, None]
    compared: npt.NDArray[Any] = code[:, None] == np.arange(1, variable.size)
    return compared


def _names(variable: Variable) -> list[Column]:
    if variable.labels is None:
        return [Column(variable.name, None)]
    first = variable.labels[0]
    return [
        Column(variable.name, f"{label} / {first}", number, 0) for number, label in enumerate(variable.labels[1:], 1)
    ]


def _values(variable: Variable, code: npt.NDArray[Any]) -> Any:
    """Give a covariate to formulaic: numbers, categories, and 0 or 1 for mentored."""
    if variable.labels is None:
        return variable.numbers(code)
    if variable.labels == (UNMENTORED, MENTORED):
        return code.astype(float)
    return pd.Categorical.from_codes(code, categories=list(variable.labels))


def _by_formulaic(formula: Formula, variables: Sequence[Variable]) -> tuple[Floats, list[Column], Any]:
    from formulaic import Formula as Parsed
    from formulaic.errors import FormulaicError

    frame = pd.DataFrame({variable.name: _values(variable, variable.code) for variable in variables})
    try:
        with np.errstate(all="ignore"):  # what is not finite is told below
            made = Parsed(formula.text).get_model_matrix(frame)
    except (FormulaicError, SyntaxError, ValueError, TypeError, NameError, AttributeError, KeyError) as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        found = f'"{formula.text}" cannot be evaluated ({why})'
        remedy = "Check the functions and the kinds of the covariates."
        raise EstimationError(Problem("EST-001", "terms", found, "a formula", remedy)) from None
    spec = made.model_spec
    by_name = {variable.name: variable for variable in variables}
    names = list(spec.column_names)
    columns = [
        _named(term, names[place], by_name)
        for term, where in spec.term_indices.items()
        for place in where
        if str(term) != "1"
    ]
    return _without_intercept(made), columns, spec


def _without_intercept(made: pd.DataFrame) -> Floats:
    matrix: Floats = made.drop(columns="Intercept").to_numpy(dtype=float)
    return matrix


def _named(term: Any, name: str, variables: dict[str, Variable]) -> Column:
    """Read which levels a column of formulaic stands for."""
    factors = [str(factor.expr) for factor in term.factors]
    plain = [_plain(factor) for factor in factors]
    shape = ":".join(re.escape(factor) + r"(?:\[(?:T\.)?(.+)\])?" for factor in factors)
    found = re.fullmatch(shape, name)
    levels = list(found.groups()) if found else [None] * len(factors)
    label = ":".join(plain)
    if len(plain) > 1:
        return Column(label, ", ".join(level for level in levels if level) or None)
    variable = variables.get(plain[0])
    if variable is None or variable.labels is None:
        return Column(label, levels[0])
    level = levels[0] if levels[0] is not None else variable.labels[-1]
    if level not in variable.labels or level == variable.labels[0]:
        return Column(label, level)
    return Column(label, f"{level} / {variable.labels[0]}", variable.labels.index(level), 0)


def _plain(factor: str) -> str:
    found = re.fullmatch(r"C\((.+)\)", factor)
    return (found[1] if found and "," not in found[1] else factor).strip("`")


def _require_finite(matrix: Floats, columns: Sequence[Column]) -> None:
    right = np.isfinite(matrix.min(axis=0) + matrix.max(axis=0))
    wrong = [str(column) for column, fine in zip(columns, right.tolist(), strict=True) if not fine]
    if wrong:
        found = f"no finite numbers in {', '.join(wrong)}"
        raise EstimationError(Problem("EST-001", "terms", found, "numbers", "Check what the functions are given."))
