"""Terms of a model: which covariates of a cohort stand in a formula, and their levels or values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems, require
from evalkit.retention.cohorts import MENTORED, UNMENTORED, Cohort
from evalkit.retention.grouping import require_arguments

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Terms = str | Sequence[str]

_SIMPLE = re.compile(r"\s*(?:(C)\(\s*(`[^`]+`|\w+)\s*\)|(`[^`]+`|\w+))\s*")
_CALLED = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_CATEGORY = re.compile(r"\bC\(\s*(`[^`]+`|\w+)")
_WORD = re.compile(r"`([^`]+)`|([A-Za-z_]\w*)")
# What gives the same value for equal covariates, whatever the others are.
_PLAIN_CALLS = frozenset({"C", "I", "contr.treatment", "exp", "log", "log10", "log2", "np.exp", "np.log", "np.sqrt"})
_REMEDY = 'Such as "mentored + C(band) + age", or a list of covariates.'


@dataclass(frozen=True, slots=True)
class Formula:
    """Terms as they were written, read.

    Parameters
    ----------
    text : str
        The formula.
    main : tuple of str or None
        The covariates, when there are main effects only; None leaves the reading to formulaic.
    names : tuple of str
        All covariates that occur, in their order.
    categories : frozenset of str
        Those in `C(...)`.
    by_row : bool
        Whether a function in it looks at all people at once, as `scale` does.
    """

    text: str
    main: tuple[str, ...] | None
    names: tuple[str, ...]
    categories: frozenset[str]
    by_row: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """One covariate, numbered.

    Parameters
    ----------
    name : str
        Its name.
    labels : tuple of str or None
        Levels of a category; None for a number.
    code : numpy.ndarray of int
        Shape (rows of the covariates,), or (pieces,) for "mentored": position in `labels`
        or `distinct`; -1 where missing.
    distinct : numpy.ndarray of float or None
        Distinct values of a number, ascending.
    of_pieces : bool, default False
        Whether the codes are of the pieces of the cohort, not of the rows of its covariates.
    """

    name: str
    labels: tuple[str, ...] | None
    code: npt.NDArray[np.integer]
    distinct: Floats | None = None
    of_pieces: bool = False

    @property
    def size(self) -> int:
        """Levels or distinct values."""
        return len(self.distinct if self.labels is None and self.distinct is not None else self.labels or ())

    def numbers(self, code: npt.NDArray[Any]) -> Floats:
        """Give the numbers for their codes.

        Parameters
        ----------
        code : numpy.ndarray
            Shape (n,): positions in `distinct`, or numbers already.

        Returns
        -------
        numpy.ndarray
            Shape (n,).
        """
        values: Floats = code if self.distinct is None or code.dtype.kind == "f" else self.distinct[code]
        return values

    def at(self, row: Ints, pieces: Ints | slice) -> npt.NDArray[np.integer]:
        """Take the codes of some pieces.

        Parameters
        ----------
        row : numpy.ndarray of int
            Shape (pieces,), row of the covariates of each piece of the cohort.
        pieces : numpy.ndarray of int or slice
            Which pieces.

        Returns
        -------
        numpy.ndarray of int
            Shape (pieces chosen,).
        """
        return self.code[pieces] if self.of_pieces else self.code[row[pieces]]


def read_terms(cohort: Cohort, terms: object, *, wrong: Problems | None = None) -> Formula:
    """Read the terms of a model.

    Parameters
    ----------
    cohort : Cohort
        Whose covariates they name.
    terms : str or sequence of str
        A formula such as "mentored + C(band) + age", or a list of covariates.
    wrong : list of Problem, optional
        What is wrong with other arguments: told together with what is wrong here.

    Returns
    -------
    Formula
        What it names.

    Raises
    ------
    DataError
        When only other arguments are wrong, and none of them names what the cohort does not have.
    EstimationError
        DAT-009 for nothing or something else than text, DAT-003 for an unknown name, EST-001 for a formula that cannot
        be read, has two sides or leaves out the intercept.
    """
    try:
        formula = _read(cohort, terms)
    except EstimationError as error:
        raise EstimationError([*(wrong or []), *error.problems]) from None
    unknown = unknown_names(cohort, formula.names, "terms")
    require_arguments([*(wrong or []), *unknown])
    if not formula.names:
        raise EstimationError(Problem("DAT-009", "terms", repr(terms), "a covariate", _REMEDY))
    return formula


def _read(cohort: Cohort, terms: object) -> Formula:
    parts = [terms] if isinstance(terms, str) else terms
    if (
        not isinstance(parts, Sequence)
        or not parts
        or not all(isinstance(part, str) and part.strip() for part in parts)
    ):
        raise EstimationError(Problem("DAT-009", "terms", repr(terms), "a formula, or covariates", _REMEDY))
    known = {MENTORED, *map(str, cohort.covariates.columns)}
    simple = _main_effects(parts, known if not isinstance(terms, str) else set())
    if simple is not None:
        return simple
    text = terms if isinstance(terms, str) else " + ".join(f"`{part}`" if part in known else part for part in parts)
    return _read_by_formulaic(text, known)


def named(term: str, name: str) -> bool:
    """Tell whether a term of a model is made of a covariate.

    Parameters
    ----------
    term : str
        Such as "age:C(band)".
    name : str
        A covariate.

    Returns
    -------
    bool
        Whether its name is a word of the term.
    """
    return term == name or name in {found[0] or found[1] for found in _WORD.findall(term)}


def unknown_names(cohort: Cohort, names: Iterable[str], place: str) -> Problems:
    """Find names that are no covariates.

    Parameters
    ----------
    cohort : Cohort
        Whose covariates.
    names : iterable of str
        What was named.
    place : str
        Argument, for the message.

    Returns
    -------
    list of Problem
        DAT-003 for each unknown name, EST-001 for "mentored" where nobody said who was.
    """
    known = [MENTORED, *map(str, cohort.covariates.columns)]
    problems = [
        Problem("DAT-003", place, f'"{name}"', "a covariate of the cohort", did_you_mean(str(name), known))
        for name in names
        if name not in known
    ]
    if MENTORED in names and not cohort.exposed and MENTORED not in cohort.covariates.columns:
        remedy = "Give cohort(..., mentored_from=...)."
        expected = "a cohort that says who was mentored"
        problems.append(Problem("EST-001", place, "no start of mentoring", expected, remedy))
    return problems


def _main_effects(parts: Iterable[str], exact: set[str]) -> Formula | None:
    """Read a sum of covariates; None when there is more to it. Names in a list are taken as they stand."""
    names: list[str] = []
    categories = set()
    for part in parts:
        if part in exact:
            names.append(part)
            continue
        for word in part.split("+"):
            found = _SIMPLE.fullmatch(word)
            if found is None or (found[3] or found[2]) == "0":
                return None
            name = (found[3] or found[2]).strip("`")
            if name == "1":
                continue
            names.append(name)
            if found[1]:
                categories.add(name)
    unique = tuple(dict.fromkeys(names))
    return Formula(" + ".join(unique), unique, unique, frozenset(categories))


def _read_by_formulaic(text: str, known: set[str]) -> Formula:
    from formulaic import Formula as Parsed
    from formulaic import SimpleFormula
    from formulaic.errors import FormulaicError

    try:
        read = Parsed(text)
        whole = isinstance(read, SimpleFormula) and "1" in [str(term) for term in read]
        names = {str(name) for name in read.required_variables}
    except (FormulaicError, SyntaxError, ValueError, TypeError, AttributeError, KeyError) as error:
        why = next(iter(str(error).splitlines()), "") or type(error).__name__
        found = f'"{text}" cannot be read as a formula ({why.rstrip(".")})'
        raise EstimationError(Problem("EST-001", "terms", found, "a formula", _REMEDY)) from None
    if not whole:
        found = f'"{text}" has several sides or takes away the intercept'
        expected = "the right side of a formula, with its intercept"
        remedy = "The cohort says who left; the intercept of a hazard model is its baseline hazard."
        raise EstimationError(Problem("EST-001", "terms", found, expected, remedy))
    calls = set(_CALLED.findall(text))
    # formulaic does not name what stands inside some of its functions.
    inside = {found[0] or found[1] for found in _WORD.findall(text)} & known
    names = (names - {call.split(".")[0] for call in calls}) | inside
    plain = text.replace("`", "")
    ordered = sorted(names, key=plain.find)
    categories = frozenset(name.strip("`") for name in _CATEGORY.findall(text))
    return Formula(text, None, tuple(ordered), categories, by_row=bool(calls - _PLAIN_CALLS))


def variables_of(cohort: Cohort, formula: Formula, reference: Mapping[str, str] | None = None) -> list[Variable]:
    """Number the levels or values of the covariates of a formula.

    Parameters
    ----------
    cohort : Cohort
        Whose covariates.
    formula : Formula
        Which of them.
    reference : mapping of str to str, optional
        Covariate -> level that the others are compared with; else the first.

    Returns
    -------
    list of Variable
        In the order of the formula.

    Raises
    ------
    EstimationError
        DAT-003 or DAT-006 for an unknown covariate or level in `reference`, EST-001 for a covariate of dates, DAT-002
        for numbers without end.
    """
    wanted = dict(reference or {})
    problems = [
        Problem("DAT-003", "reference", f'"{name}"', "a covariate in the terms", did_you_mean(str(name), formula.names))
        for name in wanted
        if name not in formula.names
    ]
    found = []
    for name in formula.names:
        variable, wrong = _variable(cohort, name, category=name in formula.categories)
        problems += wrong
        if variable is not None:
            variable, wrong = _referred(variable, wanted.get(name))
            problems += wrong
            found.append(variable)
    require(problems, error=EstimationError)
    return found


def _variable(cohort: Cohort, name: str, *, category: bool) -> tuple[Variable | None, Problems]:
    if name == MENTORED and cohort.exposed:
        return Variable(name, (UNMENTORED, MENTORED), cohort.mentored.view(np.int8), of_pieces=True), []
    column = cohort.covariates[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return Variable(name, tuple(map(_label, column.cat.categories)), column.cat.codes.to_numpy()), []
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        remedy = "Turn it into a number, such as years, or into bands."
        return None, [Problem("EST-001", f"covariate {name}", "dates", "numbers or categories", remedy)]
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if category or not number:
        codes, values = pd.factorize(column, sort=True)
        return Variable(name, tuple(map(_label, values)), codes), []
    plain = column.to_numpy(dtype=float, na_value=np.nan)
    endless = int(np.isinf(plain).sum())
    if endless:
        found = f"{endless} values without end"
        return None, [Problem("DAT-002", f"covariate {name}", found, "numbers", "Correct them, or leave them empty.")]
    codes, distinct = pd.factorize(plain)
    order = np.argsort(distinct)
    place = np.append(np.argsort(order), -1)
    return Variable(name, None, place[codes], np.asarray(distinct)[order]), []


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _referred(variable: Variable, reference: object) -> tuple[Variable, Problems]:
    """Put the reference first."""
    if reference is None:
        return variable, []
    labels = variable.labels or ()
    if str(reference) not in labels:
        place = f"reference, {variable.name}"
        if not labels:
            remedy = f"Write C({variable.name}) in the terms to compare its levels, or leave the reference out."
            return variable, [Problem("DAT-006", place, f'"{reference}" of a number', "a category", remedy)]
        return variable, [Problem("DAT-006", place, f'"{reference}"', "a level", did_you_mean(str(reference), labels))]
    first = labels.index(str(reference))
    turned = [first, *(number for number in range(len(labels)) if number != first)]
    place_of = np.append(np.argsort(turned), -1)
    return replace(variable, labels=tuple(labels[number] for number in turned), code=place_of[variable.code]), []
