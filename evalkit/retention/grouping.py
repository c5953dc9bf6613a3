"""Groups of a cohort, counted: what every curve and every test of groups starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, ImmortalTimeError, Problem, did_you_mean
from evalkit.frames import Problems, one_of, require, within
from evalkit.numeric.incidences import JackknifeVariance
from evalkit.numeric.life_counts import LifeCounts, LifeRows, count_lives, joined
from evalkit.result import Method, Scale
from evalkit.retention.cohorts import MENTORED, By, Cohort

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Missing = Literal["drop", "refuse"]

BIASED = "biased by immortal time: shown for comparison only"
_CENSORING = (
    "whoever is lost from sight would have gone on like those still seen in the group (censoring tells nothing about "
    "leaving)"
)
_LATE = "whoever came under observation late is like those of the group who had stayed as long"
_AGAIN = "people who came back count once for each stay"
_MOVES = (
    "people move to another group when their state changes: a curve is not of a fixed set of people, nor what would "
    "happen if all had been in one state throughout"
)
IMMORTAL = (
    "groups that are told apart by what happened later: some could not have left before that, so their retention is "
    "too high. Do not use this result; it shows the bias"
)


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """The spells of a cohort in groups, and their counts.

    Parameters
    ----------
    cohort : Cohort
        Where they came from.
    rows : LifeRows
        One row for each uninterrupted stay in a group.
    stratum : numpy.ndarray of int
        Shape (rows,): stratum of each row; 0 without strata.
    counts : LifeCounts
        Their counts.
    labels : tuple of str
        Names of the groups, the reference first. Each has people.
    people : numpy.ndarray of int
        Shape (groups,): people in each.
    used : int
        People in any.
    dropped : mapping of str to int
        Reason -> people left out.
    varying : bool
        Whether people move between groups.
    biased : bool
        Whether the groups know the future, and that was allowed.
    robust : bool
        Whether variances are by cluster: weights that are not whole numbers, or a cluster.
    notes : tuple of str
        What must hold, and rules that were applied.
    """

    cohort: Cohort
    rows: LifeRows
    stratum: Ints
    counts: LifeCounts
    labels: tuple[str, ...]
    people: Ints
    used: int
    dropped: Mapping[str, int]
    varying: bool
    biased: bool
    robust: bool
    notes: tuple[str, ...]

    @property
    def start(self) -> float:
        """When the first person comes under observation; before it nothing is known."""
        return float(self.rows.start.min())

    @property
    def origin(self) -> float:
        """Where time begins: 0, unless somebody was seen before."""
        return min(self.start, 0.0)

    def jackknife(self) -> JackknifeVariance:
        """Give the robust variances.

        Returns
        -------
        JackknifeVariance
            By cluster.
        """
        return JackknifeVariance(self.rows, self.counts)

    def method(
        self,
        name: str,
        estimand: str,
        *,
        unit: str,
        level: float,
        interval: str,
        scale: Scale = "identity",
        assumptions: Sequence[str] = (),
        references: Sequence[str] = (),
    ) -> Method:
        """Make the note on the method: people, assumptions that all share, and the mark of immortal time.

        Parameters
        ----------
        name, estimand, unit : str
            As in `Method`.
        level : float
            Confidence level.
        interval : str
            Name of the interval.
        scale : {"identity", "log", "by row"}, default "identity"
            Scale of the standard errors.
        assumptions, references : sequence of str
            What this method adds.

        Returns
        -------
        Method
            With people given, used and dropped.
        """
        return Method(
            name=marked(name, biased=self.biased),
            estimand=estimand,
            unit=unit,
            scale=scale,
            level=level,
            interval=interval,
            n_given=self.cohort.n_people,
            n_used=self.used,
            n_dropped=self.dropped,
            assumptions=(*((IMMORTAL,) if self.biased else ()), *assumptions, *self.notes),
            references=references,
        )


def grouped(
    cohort: Cohort,
    by: By,
    *,
    allow_immortal_time: bool,
    reference: str | None = None,
    strata: By = None,
    missing: Missing = "drop",
    wrong: Problems | None = None,
) -> Grouped:
    """Put the spells of a cohort into groups and count them.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    by : str, sequence of str or None
        "mentored", covariates, or several of them.
    allow_immortal_time : bool
        Let groups pass that know the future, marked.
    reference : str, optional
        Name of the group that goes first; else the first of the cohort's groups.
    strata : str, sequence of str or None
        What the spells are also cut by, without a group of its own.
    missing : {"drop", "refuse"}, default "drop"
        What becomes of people without a known group or stratum.
    wrong : list of Problem, optional
        What is wrong with other arguments: told together with what is wrong here.

    Returns
    -------
    Grouped
        People without a known group are dropped and counted; groups without people are left out and named in a note.

    Raises
    ------
    EstimationError
        DAT-003 for an unknown name in `by`, DAT-006 for an unknown reference, EST-001 when nobody is in any group.
    DataError
        Other problems of arguments; DAT-009 for people without a known group where that is refused.
    ImmortalTimeError
        EST-002 when the groups know the future.
    DataError
        DAT-009 when somebody has no cluster.
    """
    codes, labels, stratum = _settled(cohort, by, strata, reference, [*(wrong or []), *missing_choice(missing)])
    names = _names(by)
    biased = knows_the_future(cohort, [*names, *_names(strata)], allow=allow_immortal_time)
    weight = cohort.weights()
    known = (codes >= 0) & (stratum >= 0)
    inside = known if weight is None else known & (weight > 0)
    if not inside.any():
        found = "nobody is in any group"
        raise EstimationError(Problem("EST-001", "by", found, "people", "Choose a covariate that is known."))
    if missing == "refuse":
        require(_missing_problems(cohort, by, codes), _missing_problems(cohort, strata, stratum))
    every = labels
    codes, labels, people = _compact(codes, labels, cohort.person, inside, reference)
    begins, ends = joined(np.where(inside, codes + stratum * len(labels), -1), cohort.spell, weight)
    first, last = np.flatnonzero(begins & inside), np.flatnonzero(ends & inside)
    rows = LifeRows(
        group=codes[first],
        start=cohort.start[first],
        stop=cohort.stop[last],
        cause=cohort.cause[last],
        ends=cohort.last()[last],
        weight=None if weight is None else weight[first],
        cluster=_clusters(cohort, first),
    )
    used, dropped = _used(cohort, known, inside)
    within_spell = (cohort.spell[1:] == cohort.spell[:-1]) & inside[1:] & inside[:-1]
    varying = bool((within_spell & (codes[1:] != codes[:-1])).any()) or (MENTORED in names and cohort.exposure_varies)
    whole = weight is None or bool((weight == np.rint(weight)).all())
    return Grouped(
        cohort=cohort,
        rows=rows,
        stratum=stratum[first],
        counts=count_lives(rows, n_groups=len(labels), n_causes=len(cohort.causes)),
        labels=tuple(labels),
        people=people,
        used=used,
        dropped=dropped,
        varying=varying,
        biased=biased,
        robust=cohort.cluster is not None or not whole,
        notes=(*_empty(every, labels), *_notes(cohort, rows, varying=varying, weighted=weight is not None)),
    )


def cause_problems(cohort: Cohort, cause: str | None) -> Problems:
    """Check the name of a cause.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    cause : str, optional
        The cause; None stands for all.

    Returns
    -------
    list of Problem
        DAT-006 for one that does not exist.
    """
    if cause is None or cause in cohort.causes:
        return []
    remedy = did_you_mean(str(cause), cohort.causes)
    return [Problem("DAT-006", "cause", f'"{cause}"', "a cause of the cohort", remedy)]


def missing_choice(missing: object) -> Problems:
    """Check what is to become of people without a known group.

    Parameters
    ----------
    missing : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-006 unless it is "drop" or "refuse".
    """
    return one_of("missing", missing, ("drop", "refuse"))


def _settled(
    cohort: Cohort, by: By, strata: By, reference: str | None, wrong: Problems
) -> tuple[Ints, list[str], Ints]:
    """Group the pieces, or tell all that is wrong with the arguments at once."""
    wrong = [*wrong, *_unknown(cohort, by, "by"), *_unknown(cohort, strata, "strata")]
    if any(problem.place in ("by", "strata") for problem in wrong):
        require_arguments(wrong)
    (codes, labels), (stratum, _) = cohort.groups(by), cohort.groups(strata)
    if wrong and reference is not None and reference not in labels:
        wrong.append(_no_group(reference, labels))
    require_arguments(wrong)
    return codes, labels, stratum


# What names something that the cohort does not have is wrong with the question, not with a number.
_NAMED_OF_COHORT = ("by", "strata", "reference", "cause", "terms")
_OF_COHORT = ("DAT-003", "EST-001")


def require_arguments(wrong: Problems) -> None:
    """Raise all that is wrong with the arguments of an estimator at once, if anything is.

    Parameters
    ----------
    wrong : list of Problem
        What was found.

    Raises
    ------
    EstimationError
        When one of them names what the cohort does not have.
    DataError
        Else.
    """
    of_cohort = any(one.code in _OF_COHORT or one.place.split(",")[0] in _NAMED_OF_COHORT for one in wrong)
    require(wrong, error=EstimationError if of_cohort else DataError)


def _unknown(cohort: Cohort, by: object, place: str) -> Problems:
    if not (by is None or isinstance(by, str) or (isinstance(by, Sequence) and all(isinstance(b, str) for b in by))):
        return [Problem("DAT-009", place, repr(by), "a covariate, or several", 'Such as by="band".')]
    known = [*([MENTORED] if cohort.exposed else []), *map(str, cohort.covariates.columns)]
    problems = []
    for name in dict.fromkeys(_names(by)):
        if name == MENTORED and not cohort.exposed:
            remedy = "Give cohort(..., mentored_from=...)."
            expected = "a cohort that says who was mentored"
            problems.append(Problem("EST-001", place, "no start of mentoring", expected, remedy))
        elif name not in known:
            remedy = did_you_mean(name, known)
            problems.append(Problem("DAT-003", place, f'"{name}"', "a covariate of the cohort", remedy))
    return problems


def _no_group(reference: object, labels: Sequence[str]) -> Problem:
    return Problem("DAT-006", "reference", f'"{reference}"', "a group", did_you_mean(str(reference), labels))


def _missing_problems(cohort: Cohort, by: By, codes: Ints) -> Problems:
    lacking = len(np.unique(cohort.person[codes < 0]))
    if not lacking:
        return []
    found = f"missing for {lacking:,} of {cohort.n_people:,} people"
    remedy = 'Say missing="drop" to leave them out, or make "not stated" a level.'
    place = f"covariate {', '.join(_names(by))}"
    return [Problem("DAT-009", place, found, "a value for everybody", remedy)]


def _empty(every: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """Name the groups that were left out because nobody is in them."""
    gone = [label for label in every if label not in labels]
    if not gone:
        return ()
    named = ", ".join(gone[:_NAMED]) + (f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else "")
    return (f"left out, because nobody is in it: {named}",)


_NAMED = 5


def require_fixed_groups(found: Grouped, what: str) -> None:
    """Refuse groups between which people move.

    Parameters
    ----------
    found : Grouped
        The groups.
    what : str
        What was asked for, such as "a difference in retention".

    Raises
    ------
    ImmortalTimeError
        EST-002 with the landmark as the remedy.
    """
    if not found.varying:
        return
    raise ImmortalTimeError(
        Problem(
            "EST-002",
            "by",
            f"people move between the groups while they are observed; {what} is of people, not of states",
            "groups that are settled when the time begins",
            "Compare those at risk at a landmark, classed by then: cohort.landmark(6). survival_curve and logrank take "
            f'the time-varying "{MENTORED}", and so does hazard_ratio.',
        )
    )


def require_groups(found: Grouped, by: By) -> None:
    """Refuse to compare fewer than two groups.

    Parameters
    ----------
    found : Grouped
        The groups.
    by : str, sequence of str or None
        What they were made of.

    Raises
    ------
    EstimationError
        EST-001.
    """
    if len(found.labels) < 2:
        only = f"everybody is in the group {found.labels[0]!r}" if by is not None else "no groups"
        remedy = "Name a covariate in by= that tells people apart."
        raise EstimationError(Problem("EST-001", "by", only, "two groups with people in them", remedy))


def marked(name: str, *, biased: bool) -> str:
    """Mark the name of a method whose groups know the future.

    Parameters
    ----------
    name : str
        Of the method.
    biased : bool
        Whether they do.

    Returns
    -------
    str
        The name, with the warning behind it.
    """
    return f"{name} ({BIASED})" if biased else name


def knows_the_future(cohort: Cohort, names: Sequence[str], *, allow: bool) -> bool:
    """Refuse groups that know who will be mentored; where that is allowed, tell whether they do.

    Parameters
    ----------
    cohort : Cohort
        Of whom.
    names : sequence of str
        Covariates by which people are grouped, or which stand in a model.
    allow : bool
        Let them pass.

    Returns
    -------
    bool
        Whether they know the future.

    Raises
    ------
    ImmortalTimeError
        EST-002 when they do and that is not allowed.
    """
    cohort.require_no_immortal_time(names, allow=allow)
    return allow and bool(cohort.telling(names))


def time_problems(times: object) -> Problems:
    """Check one time or several.

    Parameters
    ----------
    times : object
        A number or a sequence of numbers of at least 0.

    Returns
    -------
    list of Problem
        DAT-009 or DAT-002 for each that is wrong, DAT-009 for none.
    """
    if isinstance(times, str) or times is None:
        return [Problem("DAT-009", "times", repr(times), "a time, or several", "Give numbers in the cohort's unit.")]
    several = list(np.atleast_1d(np.asarray(times, dtype=object)))
    if not several:
        return [Problem("DAT-009", "times", "none", "a time, or several", "Give numbers in the cohort's unit.")]
    found: Problems = []
    for time in several:
        found += within("times", time, low=0)
    return found


def _names(by: By) -> list[str]:
    return [] if by is None else [by] if isinstance(by, str) else list(by)


def _compact(
    codes: Ints, labels: Sequence[str], person: Ints, inside: Flags, reference: str | None
) -> tuple[Ints, list[str], Ints]:
    """Leave out groups without people, put the reference first, count the people of each."""
    there = np.bincount(codes[inside], minlength=len(labels)) > 0
    names = [label for label, full in zip(labels, there, strict=True) if full]
    if reference is not None and reference not in names:
        raise EstimationError(_no_group(reference, names))
    place = np.cumsum(there) - 1
    if reference is not None:
        first = names.index(reference)
        turned = [first, *(number for number in range(len(names)) if number != first)]
        names = [names[number] for number in turned]
        place = np.argsort(turned)[np.maximum(place, 0)]
    codes = np.where(inside, place[np.maximum(codes, 0)], -1)
    return codes, names, _people(codes[inside], person[inside], len(names))


def _people(group: Ints, person: Ints, n_groups: int) -> Ints:
    new = np.r_[True, (person[1:] != person[:-1]) | (group[1:] != group[:-1])]
    group, person = group[new], person[new]
    if np.bincount(person).max(initial=0) > 2:  # somebody may have come back to a group
        keys = np.sort(person * n_groups + group)
        group = keys[np.r_[True, keys[1:] != keys[:-1]]] % n_groups
    return np.bincount(group, minlength=n_groups)


def _clusters(cohort: Cohort, first: Ints) -> Ints:
    if cohort.cluster is None:
        return cohort.person[first]
    codes: Ints = pd.factorize(cohort.covariates[cohort.cluster])[0].astype(np.int64)[cohort.row[first]]
    if (codes < 0).any():
        found = f"{int((codes < 0).sum())} spells without a cluster"
        remedy = "Fill them in, or leave these people out."
        raise DataError(Problem("DAT-009", f"column {cohort.cluster}", found, "a cluster for everybody", remedy))
    return codes


def _used(cohort: Cohort, known: Flags, inside: Flags) -> tuple[int, dict[str, int]]:
    """Count the people used, and those dropped by reason."""
    if inside.all():
        return cohort.n_people, {}
    used, named = (np.bincount(cohort.person[some], minlength=cohort.n_people) > 0 for some in (inside, known))
    dropped = {"group or stratum not known": int((~named).sum()), "weight of 0": int((named & ~used).sum())}
    return int(used.sum()), {reason: count for reason, count in dropped.items() if count}


def _notes(cohort: Cohort, rows: LifeRows, *, varying: bool, weighted: bool) -> tuple[str, ...]:
    start = float(rows.start.min())
    late = bool((rows.start > start).any())
    spells = int(cohort.spell[-1]) + 1
    parts = [
        (_CENSORING, True),
        (_MOVES, varying),
        (_LATE, late and not varying),
        (_AGAIN, spells > cohort.n_people),
        (f"nobody was observed before {start:g} {cohort.unit}: all is among those still there then", start > 0),
        (f"weights of the column {cohort.weight}, taken as known", weighted),
    ]
    return (*(text for text, there in parts if there), *cohort.notes)
