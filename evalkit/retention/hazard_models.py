"""A Cox regression of a cohort: covariates, weights and clusters taken from it, its problems named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, ImmortalTimeError, Problem
from evalkit.frames import Problems, one_of, require
from evalkit.numeric.cox import CollinearityError, ConvergenceError, CoxFit, CoxModel, NoEventsError, cox_model, fit_cox
from evalkit.numeric.cox_residuals import robust_covariance
from evalkit.result import Method
from evalkit.retention.cohorts import MENTORED, By, Cohort, foretold
from evalkit.retention.designs import Column, Design, make_design
from evalkit.retention.grouping import cause_problems, knows_the_future, marked
from evalkit.retention.terms import Formula, Terms, Variable, named, read_terms, unknown_names, variables_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TieRule = Literal["efron", "breslow"]
Missing = Literal["refuse", "drop"]

PERSON = "person"
_IMMORTAL = (
    "terms that are told apart by what happened later: some could not have left before that, so that they seem to stay "
    "longer. Do not use this result; it shows the bias"
)
_CENSORING = (
    "whoever is lost from sight would have gone on like those still seen with the same covariates (censoring tells "
    "nothing about leaving)"
)
_LATE = "whoever came under observation late is like those with the same covariates who had stayed as long"
_PROPORTIONAL = "each hazard ratio is the same at all times (proportional_hazards_test looks at this)"
_CONFOUNDING = "nothing else that bears on leaving differs between people who are alike in the terms"
_OTHER_CAUSES = (
    "those who left for another cause are taken off at that time: the ratio is of the rate, not of the share who leave"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked for.

    Parameters
    ----------
    cause : str or None
        The cause of leaving; None for any.
    ties : str
        "efron" or "breslow".
    strata : str, sequence of str or None
        Covariates, or the person.
    cluster, weights : str or None
        Covariates; the cohort's own without them.
    missing : str
        "refuse" or "drop".
    reference : mapping of str to str or None
        Covariate -> level.
    allow_immortal_time : bool
        Let terms pass that know the future.
    """

    cause: str | None = None
    ties: str = "efron"
    strata: By = None
    cluster: str | None = None
    weights: str | None = None
    missing: str = "refuse"
    reference: Mapping[str, str] | None = None
    allow_immortal_time: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The pieces of a cohort that a model uses, with their covariates.

    Parameters
    ----------
    cohort : Cohort
        Where they came from.
    request : Request
        What was asked for.
    formula : Formula
        The terms.
    design : Design
        Their columns.
    pieces : numpy.ndarray of int or slice
        Which pieces of the cohort are used.
    person : numpy.ndarray of int
        Shape (pieces used,), numbered from 0 without gaps.
    weight : numpy.ndarray of float or None
        Shape (pieces used,), case weights.
    strata : numpy.ndarray of int or None
        Shape (pieces used,), codes.
    cluster : numpy.ndarray of int or None
        Shape (pieces used,), codes; None for a variance from the model.
    by_person : bool
        Whether `cluster` is the person.
    dropped : mapping of str to int
        Reason -> people left out.
    biased : bool
        Whether terms know the future, and that was allowed.
    """

    cohort: Cohort
    request: Request
    formula: Formula
    design: Design
    pieces: Ints | slice
    person: Ints
    weight: Floats | None
    strata: Ints | None
    cluster: Ints | None
    by_person: bool
    dropped: Mapping[str, int]
    biased: bool

    @property
    def n_people(self) -> int:
        """People used."""
        return int(self.person[-1]) + 1

    @property
    def n_clusters(self) -> int:
        """Clusters; 0 without."""
        return 0 if self.cluster is None else int(self.cluster.max()) + 1

    def chosen(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Take what belongs to the pieces used.

        Parameters
        ----------
        values : numpy.ndarray
            Shape (pieces of the cohort,).

        Returns
        -------
        numpy.ndarray
            Shape (pieces used,).
        """
        return values[self.pieces]

    def event(self) -> Flags:
        """Tell which pieces end with the event.

        Returns
        -------
        numpy.ndarray of bool
            Shape (pieces used,).
        """
        cause = self.chosen(self.cohort.cause)
        if self.request.cause is None:
            return np.asarray(cause > 0)
        return np.asarray(cause == self.cohort.cause_number(self.request.cause))

    def left_for(self) -> str:
        """Say which leaving is meant.

        Returns
        -------
        str
            "leaving" or "leaving for 'transfer'".
        """
        return "leaving" if self.request.cause is None else f"leaving for {self.request.cause!r}"

    def method(
        self,
        name: str,
        estimand: str,
        *,
        unit: str,
        level: float = 0.95,
        interval: str = "",
        scale: Literal["identity", "log"] = "identity",
        assumptions: Sequence[str] = (),
        references: Sequence[str] = (),
        seed: int | None = None,
    ) -> Method:
        """Make the note on the method, with the people and what all models share.

        Parameters
        ----------
        name, estimand, unit : str
            As in `Method`.
        level : float, default 0.95
            Confidence level.
        interval : str, default ""
            Name of the interval.
        scale : {"identity", "log"}, default "identity"
            Scale of the standard errors.
        assumptions, references : sequence of str
            What this method adds.
        seed : int, optional
            Seed of anything random.

        Returns
        -------
        Method
            With people given, used and dropped.
        """
        request, cohort = self.request, self.cohort
        start = self.chosen(cohort.start)
        late = bool((start[np.r_[True, np.diff(self.person) > 0]] > start.min()).any())
        source = request.weights or cohort.weight
        parts = [
            (_IMMORTAL, self.biased),
            (_CONFOUNDING, True),
            (_CENSORING, True),
            (_LATE, late),
            (f"stratified by {_words(request.strata)}: baseline hazards differ between strata", bool(request.strata)),
            (f"case weights of the column {source}, taken as known", source is not None),
        ]
        return Method(
            name=marked(name, biased=self.biased),
            estimand=estimand,
            unit=unit,
            scale=scale,
            level=level,
            interval=interval,
            n_given=cohort.n_people,
            n_used=self.n_people,
            n_dropped=self.dropped,
            assumptions=(*(text for text, there in parts if there), *assumptions, *cohort.notes),
            references=references,
            seed=seed,
        )


@dataclass(frozen=True, slots=True, eq=False)
class HazardModel:
    """A fitted Cox regression.

    Parameters
    ----------
    data : Prepared
        What it was fitted to.
    model : CoxModel
        Its risk sets.
    fit : CoxFit
        Its maximum.
    covariance : numpy.ndarray
        Shape (columns, columns), model-based or robust.
    """

    data: Prepared
    model: CoxModel
    fit: CoxFit
    covariance: Floats

    @property
    def columns(self) -> tuple[Column, ...]:
        """Coefficients."""
        return self.data.design.columns

    @property
    def n_events(self) -> int:
        """Events used."""
        return round(float(self.model.sets.deaths.sum()))

    def variance(self) -> str:
        """Name the variance.

        Returns
        -------
        str
            Such as "model-based standard error".
        """
        return variance_name(self.data)

    def require_finite(self, what: str) -> None:
        """Refuse what needs all coefficients to be finite.

        Parameters
        ----------
        what : str
            What was asked for.

        Raises
        ------
        EstimationError
            EST-001 naming the coefficients that diverge.
        """
        if not self.fit.diverging:
            return
        names = ", ".join(str(self.columns[number]) for number in self.fit.diverging)
        found = f"no finite hazard ratio for {names}: nobody, or everybody at risk, left"
        remedy = "Join levels, or leave the term out; hazard_ratio gives the limit on one side."
        raise EstimationError(Problem("EST-001", "terms", found, f"finite hazard ratios for {what}", remedy))


def variance_name(data: Prepared) -> str:
    """Name the variance of a model.

    Parameters
    ----------
    data : Prepared
        Its data.

    Returns
    -------
    str
        Such as "robust standard error by person".
    """
    if data.cluster is None:
        return "model-based standard error"
    source = "person" if data.by_person else str(data.request.cluster or data.cohort.cluster)
    return f"robust standard error by {source}"


def prepare(cohort: Cohort, terms: Terms, request: Request, *, robust: bool = False) -> Prepared:
    """Take from a cohort what a model needs.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    terms : str or sequence of str
        The terms.
    request : Request
        What is asked for.
    robust : bool, default False
        Whether the variance is robust in any case, by person without a cluster.

    Returns
    -------
    Prepared
        Pieces and columns.

    Raises
    ------
    EstimationError
        DAT-003, DAT-006 or EST-001 for names and terms that do not fit, or nobody left to look at.
    ImmortalTimeError
        EST-002 when terms or strata know who will be mentored later.
    DataError
        DAT-002 for weights below zero, DAT-006 for unknown options, DAT-009 for missing covariates.
    """
    strata = _as_names(request.strata)
    weights, cluster = request.weights or cohort.weight, request.cluster or cohort.cluster
    people = _person_names(cohort)
    wrong = [
        *one_of("ties", request.ties, ("efron", "breslow")),
        *one_of("missing", request.missing, ("refuse", "drop")),
        *cause_problems(cohort, request.cause),
        *unknown_names(cohort, [name for name in strata if name not in people], "strata"),
        *unknown_names(cohort, [cluster] if cluster and cluster not in people else [], "cluster"),
        *unknown_names(cohort, [weights] if weights else [], "weights"),
    ]
    formula = read_terms(cohort, terms, wrong=wrong)
    variables = variables_of(cohort, formula, request.reference)
    cut_by = [name for name in strata if name not in people]
    allow = request.allow_immortal_time
    biased = knows_the_future(cohort, cut_by, allow=allow) | knows_the_future(cohort, formula.names, allow=allow)
    weight = _weights(cohort, weights)
    stratum = _codes(cohort, strata, people)
    inside, dropped = _used(cohort, variables, strata, stratum, weight, request.missing)
    pieces: Ints | slice = slice(None) if inside is None else np.flatnonzero(inside)
    design = make_design(cohort, formula, variables, pieces)
    biased = _terms_know_the_future(cohort, formula, design, pieces, allow=allow) or biased
    person = cohort.person if inside is None else _compact(cohort.person[pieces])
    weight = None if weight is None else weight[pieces]
    whole = weight is None or bool((weight == np.rint(weight)).all())
    by_person = cluster in people or (cluster is None and (robust or not whole))
    codes = person if by_person else _clusters(cohort, cluster, pieces)
    return Prepared(
        cohort,
        request,
        formula,
        design,
        pieces,
        person,
        weight,
        None if stratum is None else _compact(stratum[pieces]),
        codes,
        by_person,
        dropped,
        biased,
    )


def _terms_know_the_future(
    cohort: Cohort, formula: Formula, design: Design, pieces: Ints | slice, *, allow: bool
) -> bool:
    """Refuse a formula that makes, of covariates that pass by themselves, one that knows the future."""
    if formula.main is not None:
        return False  # the covariates themselves were looked at
    made = design.matrix if design.pattern is None else design.matrix[design.pattern]
    told = [design.columns[number].term for number in cohort.columns_telling(made, pieces)]
    # An interaction of categories spreads over several columns, of which none tells all.
    joint = [term for term in design.terms() if cohort.telling([name for name in formula.names if named(term, name)])]
    problems = [foretold(f"term {term}") for term in dict.fromkeys([*told, *joint])]
    if not allow:
        require(problems, error=ImmortalTimeError)
    return bool(problems)


def fit_hazards(data: Prepared) -> HazardModel:
    """Fit a Cox regression.

    Parameters
    ----------
    data : Prepared
        Pieces and columns.

    Returns
    -------
    HazardModel
        With its covariance.

    Raises
    ------
    EstimationError
        EST-001 when nobody left, terms are collinear (named) or the likelihood has no maximum that can be found.
    """

    def fitted() -> HazardModel:
        cohort = data.cohort
        model = cox_model(
            data.chosen(cohort.start),
            data.chosen(cohort.stop),
            data.event(),
            data.design.matrix,
            pattern=data.design.pattern,
            weights=data.weight,
            strata=data.strata,
            ties=data.request.ties,
        )
        fit = fit_cox(model)
        covariance = fit.covariance if data.cluster is None else robust_covariance(model, fit, data.cluster)
        return HazardModel(data, model, fit, covariance)

    return told(data, fitted)


def told(data: Prepared, make: Callable[[], HazardModel]) -> HazardModel:
    """Make a model, and tell in words why it cannot be made.

    Parameters
    ----------
    data : Prepared
        Its data.
    make : callable
        () -> model.

    Returns
    -------
    HazardModel
        The model.

    Raises
    ------
    EstimationError
        EST-001.
    """
    try:
        return make()
    except NoEventsError:
        found = f"nobody among {data.n_people:,} people was seen {data.left_for()}"
        problem = Problem("EST-001", "cohort", found, "people who left", "Observe for longer, or ask for any cause.")
    except CollinearityError as error:
        names = ", ".join(str(data.design.columns[number]) for number in error.columns)
        found = f"among those at risk together, {names} follows from the terms before"
        problem = Problem("EST-001", "terms", found, "terms that say something of their own", "Leave it out.")
    except ConvergenceError:
        remedy = "Leave terms out, join small levels, or bring numbers to a similar size."
        problem = Problem("EST-001", "terms", "the likelihood has no maximum that was found", "a maximum", remedy)
    raise EstimationError(problem)


def shared_assumptions(cause: str | None) -> tuple[str, ...]:
    """Say what every Cox regression assumes.

    Parameters
    ----------
    cause : str or None
        The cause of leaving.

    Returns
    -------
    tuple of str
        Sentences.
    """
    return (_PROPORTIONAL,) if cause is None else (_PROPORTIONAL, _OTHER_CAUSES)


def people_by_level(data: Prepared, name: str) -> Ints:
    """Count the people who are at any time in each level of a category.

    Parameters
    ----------
    data : Prepared
        The data.
    name : str
        A category among the variables.

    Returns
    -------
    numpy.ndarray of int
        Shape (levels,), in the order of the design.
    """
    variable = next(v for v in data.design.variables if v.name == name)
    code = variable.code if data.design.pattern is None else variable.code[data.design.pattern]
    person = data.person
    new = np.r_[True, (person[1:] != person[:-1]) | (code[1:] != code[:-1])]
    code, person = code[new].astype(np.int64), person[new]
    if len(person) > data.n_people:  # somebody was in several levels, and may have come back to one
        # A sort is many times faster here than the hashing of numpy.unique.
        cell = np.sort(person * variable.size + code)
        code = cell[np.r_[True, cell[1:] != cell[:-1]]] % variable.size
    return np.bincount(code, minlength=variable.size)


def leavers_by_level(data: Prepared, name: str) -> Ints:
    """Count the events in each level of a category.

    Parameters
    ----------
    data : Prepared
        The data.
    name : str
        A category among the variables.

    Returns
    -------
    numpy.ndarray of int
        Shape (levels,), in the order of the design.
    """
    variable = next(variable for variable in data.design.variables if variable.name == name)
    code = variable.code if data.design.pattern is None else variable.code[data.design.pattern]
    return np.bincount(code[data.event()], minlength=variable.size)


def _words(names: By) -> str:
    return " and ".join(_as_names(names))


def _as_names(names: By) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def _person_names(cohort: Cohort) -> set[str]:
    """Names of the person, where no covariate has them."""
    names = {PERSON, str(cohort.people.name)} if cohort.people.name is not None else {PERSON}
    return names - set(map(str, cohort.covariates.columns))


def _weights(cohort: Cohort, name: str | None) -> Floats | None:
    if name is None:
        return None
    values = pd.to_numeric(cohort.covariates[name], errors="coerce").to_numpy(dtype=float)
    wrong = int((~(values >= 0) | np.isinf(values)).sum())
    if wrong:
        found = f"{wrong} weights that are missing, below zero or without end"
        raise DataError(Problem("DAT-002", f"column {name}", found, "numbers of at least 0", "Correct them."))
    if not values.any():
        raise DataError(Problem("DAT-002", f"column {name}", "all weights are zero", "a weight above 0", "Check it."))
    return np.asarray(values[cohort.row])


def _codes(cohort: Cohort, names: Sequence[str], people: set[str]) -> Ints | None:
    """Number the strata of the pieces; -1 where a covariate is missing."""
    code: Ints | None = None
    for name in names:
        if name in people:
            more = cohort.person
        elif name == MENTORED:
            more = cohort.mentored.astype(np.int64)
        else:
            more = pd.factorize(cohort.covariates[name])[0].astype(np.int64)[cohort.row]
        if code is None:
            code = more
        else:
            code = np.where((code < 0) | (more < 0), -1, code * (int(more.max(initial=0)) + 1) + more)
            found = np.unique(code[code >= 0])
            code = np.where(code < 0, -1, np.searchsorted(found, code))
    return code


def _clusters(cohort: Cohort, name: str | None, pieces: Ints | slice) -> Ints | None:
    if name is None:
        return None
    codes: Ints = pd.factorize(cohort.covariates[name])[0].astype(np.int64)[cohort.row[pieces]]
    lacking = int((codes < 0).sum())
    if lacking:
        found = f"{lacking} spells without a cluster"
        remedy = "Fill them in, or leave these people out."
        raise DataError(Problem("DAT-009", f"column {name}", found, "a cluster for everybody", remedy))
    if int(codes.max(initial=0)) < 1:
        found = "one cluster"
        remedy = "Leave cluster out."
        raise EstimationError(Problem("EST-001", f"column {name}", found, "at least two clusters", remedy))
    return _compact(codes)


def _compact(codes: Ints) -> Ints:
    """Number codes without gaps."""
    there = np.bincount(codes) > 0
    return codes if there.all() else (np.cumsum(there) - 1)[codes]


def _used(
    cohort: Cohort,
    variables: Sequence[Variable],
    strata: Sequence[str],
    stratum: Ints | None,
    weight: Floats | None,
    missing: str,
) -> tuple[Flags | None, dict[str, int]]:
    """Say which pieces are used (None for all), and how many people are dropped why."""
    lacking = {v.name: v.at(cohort.row, slice(None)) < 0 for v in variables if _any(v)}
    if stratum is not None and (stratum < 0).any():
        lacking.update({_words(list(strata)): stratum < 0})
    require(_missing_problems(cohort, lacking) if missing == "refuse" else [])
    known = np.ones(len(cohort.person), dtype=bool)
    for absent in lacking.values():
        known &= ~absent
    inside = known if weight is None else known & (weight > 0)
    if inside.all():
        return None, {}
    used, named = (np.bincount(cohort.person[some], minlength=cohort.n_people) > 0 for some in (inside, known))
    dropped = {"covariate missing": int((~named).sum()), "weight of 0": int((named & ~used).sum())}
    if not inside.any():
        found = "nobody has all covariates and a weight above 0"
        raise EstimationError(Problem("EST-001", "terms", found, "people", "Leave out what is hardly ever known."))
    return inside, {reason: count for reason, count in dropped.items() if count}


def _any(variable: Variable) -> bool:
    return int(variable.code.min(initial=0)) < 0


def _missing_problems(cohort: Cohort, lacking: Mapping[str, Flags]) -> Problems:
    return [
        Problem(
            "DAT-009",
            f"covariate {name}",
            f"missing for {len(np.unique(cohort.person[absent])):,} of {cohort.n_people:,} people",
            "a value for everybody",
            'Say missing="drop" to leave them out, or make "not stated" a level.',
        )
        for name, absent in lacking.items()
    ]
