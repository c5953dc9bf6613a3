"""Propensity weights: make those mentored at entry, or by a landmark, and those not, alike in what was known then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, Problem
from evalkit.frames import Problems, one_of, require, rows_named
from evalkit.numeric.propensity import (
    Estimand,
    LogisticFit,
    TreatmentWeights,
    effective_size,
    fit_logistic,
    treatment_weights,
)
from evalkit.numeric.threads import one_blas_thread
from evalkit.result import Estimates, Method, estimates
from evalkit.retention.baseline import (
    Column,
    baseline_frame,
    columns_of,
    design_of,
    missing_rows,
    require_fixed,
    separation_problem,
    two_groups,
)
from evalkit.retention.cohorts import MENTORED, Cohort
from evalkit.retention.grouping import IMMORTAL, knows_the_future, marked

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Missing = Literal["refuse", "drop"]

ESTIMANDS = ("ATE", "ATT", "overlap")
WHOM = {
    "ATE": "all people in the comparison",
    "ATT": "people like those in the second group",
    "overlap": "people who might have been in either group",
}
WEIGHT = "propensity_weight"
_LARGE = 10.0
_NEAR = 0.05
_SAME = 1e-9
# A linear predictor beyond this is a probability of one in three million: no finite maximum is in sight.
_FAR = 15.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PropensityWeights:
    """Weights, one a person, and the model that made them. Made by `propensity_weights`.

    Parameters
    ----------
    each : numpy.ndarray of float
        Shape (people,): the weights, without case weights; NaN for those dropped.
    probability : numpy.ndarray of float
        Shape (people,): propensity scores; NaN for those dropped.
    treated : numpy.ndarray of bool
        Shape (people,): who is in the second group.
    groups : tuple of str
        Names of the first group (the reference) and the second.
    used : numpy.ndarray of bool
        Shape (people,): who was not dropped.
    case : numpy.ndarray of float
        Shape (people,): case weights, 1 where there are none.
    estimand : {"ATE", "ATT", "overlap"}
        Whom the weighted groups stand for.
    stabilised : bool
        Whether weights of the ATE are multiplied by the share of the group.
    truncate : tuple of float or None
        Quantiles beyond which weights were cut off.
    covariates : tuple of str
        What the model holds.
    treatment : str
        "mentored", or the column that names the groups.
    cohort : Cohort or None
        Of whom, unless they came from a frame.
    dropped : mapping of str to int
        Reason -> people.
    columns : tuple of Column
        The covariates of those used as numbers.
    design : numpy.ndarray of float
        Shape (people used, terms), of the propensity model.
    fit : LogisticFit
        The propensity model.
    made : TreatmentWeights
        The weights of those used, and how they move with the model.
    biased : bool, default False
        Whether groups or covariates know the future, and that was allowed: results are marked.
    """

    each: Floats
    probability: Floats
    treated: Flags
    groups: tuple[str, str]
    used: Flags
    case: Floats
    estimand: Estimand
    stabilised: bool
    truncate: tuple[float, float] | None
    covariates: tuple[str, ...]
    treatment: str
    cohort: Cohort | None
    dropped: dict[str, int]
    columns: tuple[Column, ...] = field(repr=False)
    design: Floats = field(repr=False)
    fit: LogisticFit = field(repr=False)
    made: TreatmentWeights = field(repr=False)
    biased: bool = False

    def __repr__(self) -> str:
        sizes = [int((self.treated[self.used] == state).sum()) for state in (False, True)]
        named = f"{self.groups[0]}: {sizes[0]:,}, {self.groups[1]}: {sizes[1]:,}"
        return f"PropensityWeights for the {self.estimand}; {named}; covariates {', '.join(self.covariates)}"

    def weighted_cohort(self) -> Cohort:
        """Put the weights into the cohort, for estimators that take case weights.

        Returns
        -------
        Cohort
            Of those used, with the weight times the case weight in the covariate `propensity_weight`. Estimators take
            it as it stands: their standard errors know nothing of the model behind it ("weights held fixed"), which
            for the ATE is mostly too wide.

        Raises
        ------
        EstimationError
            EST-001 when the weights came from a frame.
        """
        source = self.of_cohort()
        by_row = np.full(len(source.covariates), np.nan)
        by_row[source.row] = (self.each * self.case)[source.person]
        kept = np.flatnonzero(self.used[source.person])
        people = np.flatnonzero(self.used)
        again = np.cumsum(self.used) - 1
        note = f"weights for the {self.estimand} from {', '.join(self.covariates)}, held fixed"
        return replace(
            source,
            person=again[source.person[kept]],
            spell=np.unique(source.spell[kept], return_inverse=True)[1].astype(np.int64),
            start=source.start[kept],
            stop=source.stop[kept],
            cause=source.cause[kept],
            mentored=source.mentored[kept],
            row=source.row[kept],
            people=source.people.take(people),
            covariates=source.covariates.assign(**{WEIGHT: by_row}),
            weight=WEIGHT,
            notes=(*source.notes, note),
        )

    def of_cohort(self) -> Cohort:
        """Give the cohort behind the weights.

        Returns
        -------
        Cohort
            All people, also those dropped.

        Raises
        ------
        EstimationError
            EST-001 when the weights came from a frame.
        """
        if self.cohort is None:
            found = "weights of a frame, without times"
            remedy = "Give propensity_weights(...) the cohort."
            raise EstimationError(Problem("EST-001", "weights", found, "weights of a cohort", remedy))
        return self.cohort

    def clusters(self) -> npt.NDArray[np.int64] | None:
        """Give the cluster of each person, where the cohort has clusters.

        Returns
        -------
        numpy.ndarray of int or None
            Shape (people used,), numbered from 0 without gaps: the cluster on the first day of the person. None when
            each person is a cluster.

        Raises
        ------
        DataError
            DAT-009 when somebody has no cluster.
        """
        source = self.of_cohort()
        if source.cluster is None or source.cluster not in source.covariates.columns:
            return None
        codes = pd.factorize(baseline_frame(source, [source.cluster])[source.cluster])[0][self.used]
        lacking = int((codes < 0).sum())
        if lacking:
            found, remedy = f"missing for {lacking:,} people", "Fill it in, or leave these people out."
            raise DataError(Problem("DAT-009", f"column {source.cluster}", found, "a cluster for everybody", remedy))
        return np.unique(codes, return_inverse=True)[1].astype(np.int64)

    def positivity(self) -> Estimates:
        """Say whether each kind of people is found in both groups.

        Returns
        -------
        Estimates
            For each group (`group`): its mean propensity score, the 1st and 99th percentile of the scores, the share of
            scores beyond the 1st and 99th percentile of the other group, the share below 0.05 or above 0.95, the
            effective sample size, the largest weight as a multiple of the mean and the share of weights above 10 times
            the mean. `n_least` is the smallest number of people on which a row rests: of a percentile those of either
            group whose score is as low (or high), of the largest weight those whose score is as extreme, of a share the
            smaller part, unless that is nobody.
        """
        rows = [row for state in (False, True) for row in self._positivity(state)]
        return estimates(rows, self.note("positivity of the propensity score", "by row"))

    def _positivity(self, state: bool) -> list[dict[str, object]]:  # noqa: FBT001
        used = self.used
        treated = self.treated[used]
        score, weight = self.probability[used], (self.each * self.case)[used]
        own, other, mass = score[treated == state], score[treated != state], weight[treated == state]
        low, high = np.quantile(other, [0.01, 0.99])
        relative = mass / mass.mean()
        ends = [float(value) for value in np.quantile(own, [0.01, 0.99])]
        heaviest = own[relative >= relative.max() * (1 - _SAME)]
        people = len(own)
        beyond, near, heavy = (own < low) | (own > high), (own < _NEAR) | (own > 1 - _NEAR), relative > _LARGE
        # Scores that are equal but for rounding belong to people who are alike in the covariates.
        upto = [min(int((group <= ends[0] + _SAME).sum()) for group in (own, other)),
                min(int((group >= ends[1] - _SAME).sum()) for group in (own, other))]  # fmt: skip
        alike = min(int(_within(group, heaviest).sum()) for group in (own, other))
        found = [
            ("mean propensity", float(own.mean()), "probability", people),
            ("propensity, 1st percentile", ends[0], "probability", upto[0]),
            ("propensity, 99th percentile", ends[1], "probability", upto[1]),
            ("propensity beyond the other group", float(beyond.mean()), "share of people", _smaller(beyond)),
            ("propensity near 0 or 1", float(near.mean()), "share of people", _smaller(near)),
            ("effective sample size", effective_size(mass), "people", people),
            ("largest weight over the mean", float(relative.max()), "ratio", alike),
            ("weights above ten times the mean", float(heavy.mean()), "share of people", _smaller(heavy)),
        ]
        name = self.groups[int(state)]
        return [
            {"term": term, "group": name, "estimate": value, "unit": unit, "n": people, "n_least": least}
            for term, value, unit, least in found
        ]

    def influence(self, derivative: Floats) -> Floats:
        """Turn the derivatives of an estimate in the weights into what each person adds to it, the model included.

        Parameters
        ----------
        derivative : numpy.ndarray of float
            Shape (people used, estimates): change of the estimate for one more unit of the weight of the person.

        Returns
        -------
        numpy.ndarray of float
            Same shape. Its crossproduct is the variance from the stacked estimating equations of the estimate, the
            propensity model and (stabilised) the share of the group. Weights that were cut off do not move.

        References
        ----------
        .. [1] Lunceford JK, Davidian M (2004). Stat Med 23:2937-2960, section 3.
        .. [2] Stefanski LA, Boos DD (2002). Am Stat 56:29-38, section 3 (stacked equations).
        """
        case, treated = self.case[self.used], self.treated[self.used]
        made, fit = self.made, self.fit
        scores = (case * (treated - fit.probabilities))[:, None] * self.design
        moved = (case * made.by_linear)[:, None] * self.design
        through_model = scores @ np.linalg.solve(fit.information, moved.T @ derivative)
        share = case * (treated - float(case @ treated) / float(case.sum())) / float(case.sum())
        through_share = np.outer(share, (case * made.by_share) @ derivative)
        direct = (case * made.each)[:, None] * derivative
        return np.asarray(direct + through_model + through_share)

    def drawn(self, times: npt.NDArray[np.int64]) -> Floats:
        """Weights of a sample of people, the model fitted again.

        Parameters
        ----------
        times : numpy.ndarray of int
            Shape (people used,): how often each was drawn.

        Returns
        -------
        numpy.ndarray of float
            Shape (people used,): weight times case weight times the number of draws; all NaN when one group was not
            drawn or the model does not settle. Where all people of a kind that were drawn are in one group, their
            propensity score is 0 or 1.
        """
        treated = self.treated[self.used]
        mass = self.case[self.used] * times
        if not mass[treated].any() or not mass[~treated].any():
            return np.full(len(mass), np.nan)
        try:
            fit = fit_logistic(treated, self.design, weights=mass, start=self.fit.coefficients, finite=False)
        except ArithmeticError:
            return np.full(len(mass), np.nan)
        made = self._weights(fit, mass, np.repeat(np.arange(len(times)), times) if self.truncate else None)
        return np.where(times > 0, made.each, 0.0) * mass

    def _weights(self, fit: LogisticFit, mass: Floats, sample: npt.NDArray[np.int64] | None) -> TreatmentWeights:
        treated = self.treated[self.used]
        share = float(mass @ treated) / float(mass.sum()) if self.stabilised else None
        made = treatment_weights(treated, fit.probabilities, self.estimand, share=share)
        if sample is None or self.truncate is None:
            return made
        low, high = np.quantile(made.each[sample], self.truncate)
        return TreatmentWeights(np.clip(made.each, low, high), made.by_linear, made.by_share)

    def note(self, name: str, unit: str, **more: object) -> Method:
        """Say how a result from these weights was made.

        Parameters
        ----------
        name : str
            Of the method.
        unit : str
            Of the estimates.
        **more : object
            What else `Method` takes; `assumptions` come before those of the weights.

        Returns
        -------
        Method
            With people given, used and dropped.
        """
        cut = f"; cut off at the quantiles {self.truncate[0]:g} and {self.truncate[1]:g}" if self.truncate else ""
        kind = "stabilised " if self.stabilised and self.estimand == "ATE" else ""
        first, second = self.groups
        assumptions = (
            *((IMMORTAL,) if self.biased else ()),
            *more.pop("assumptions", ()),  # type: ignore[misc]
            f"{kind}weights for the {self.estimand} ({WHOM[self.estimand]}) from a logistic model of {second} against "
            f"{first} on {', '.join(self.covariates)}, main effects only{cut}",
            "nothing that is not in the model decides both on being in a group and on staying",
            "each kind of people is found in both groups (see positivity())",
            *(() if self.cohort is None else self.cohort.notes),
        )
        given = len(self.used)
        used = int(self.used.sum())
        said = {"estimand": f"weights that make {second} and {first} alike", **more}
        return Method(
            name=marked(name, biased=self.biased),
            unit=unit,
            n_given=given,
            n_used=used,
            n_dropped=dict(self.dropped),
            assumptions=assumptions,
            **said,  # type: ignore[arg-type]
        )


def propensity_weights(
    data: Cohort | pd.DataFrame,
    *,
    covariates: Sequence[str],
    treatment: str = MENTORED,
    estimand: Estimand = "ATE",
    stabilised: bool = True,
    truncate: tuple[float, float] | None = None,
    weight: str | None = None,
    missing: Missing = "refuse",
    allow_immortal_time: bool = False,
) -> PropensityWeights:
    """Weights that make two groups alike in what was known of them at entry or at a landmark.

    Parameters
    ----------
    data : Cohort or pandas.DataFrame
        A cohort whose mentoring is settled when its time begins (mentored from entry on, or `cohort.landmark(6)`), or
        one row a person.
    covariates : sequence of str
        What the model holds: numbers, or categories (text, categorical, true or false), none of them a consequence of
        mentoring. "Not stated" is a level like others.
    treatment : str, default "mentored"
        "mentored", or a column of two levels; the second is compared with the first.
    estimand : {"ATE", "ATT", "overlap"}, default "ATE"
        Whom the weighted groups stand for: everybody, the second group, or those who might be in either.
    stabilised : bool, default True
        Multiply weights of the ATE by the share of the group; changes neither ATT nor overlap.
    truncate : tuple of two numbers, optional
        Quantiles beyond which weights are cut off, such as (0.01, 0.99): less spread, more bias.
    weight : str, optional
        Column of a frame with case weights; those of a cohort are taken.
    missing : {"refuse", "drop"}, default "refuse"
        What to do with people of whom a covariate is missing.
    allow_immortal_time : bool, default False
        Let a treatment or covariates pass that tell who is mentored later, to show the bias: results are marked.

    Returns
    -------
    PropensityWeights
        Give it to `balance`, `weighted_retention` or `weighted_hazard_ratio`.

    Raises
    ------
    ImmortalTimeError
        EST-002 when mentoring begins after entry; it names the landmark.
    DataError
        DAT-003 for a missing column, DAT-006 for an unknown choice, DAT-007 for a treatment that is also a covariate
        or has not two levels, DAT-009 for missing covariates and dates, DAT-002 for infinite numbers, weights below 0
        and wrong quantiles, DAT-010 for a covariate named twice.
    EstimationError
        EST-001 when one group is empty, terms are collinear (named), or groups are separated by a covariate (named).

    Notes
    -----
    Weights can make groups alike in what was recorded, not in what was not. With delayed entry they make those alike
    who are seen: staff who left before the records begin cannot be weighted.

    References
    ----------
    .. [1] Austin PC, Stuart EA (2015). Stat Med 34:3661-3679.
    .. [2] Li F, Morgan KL, Zaslavsky AM (2018). J Am Stat Assoc 113:390-400.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> staff = pd.DataFrame({"band": rng.choice(["5", "6", "7"], 300), "service": rng.gamma(2, 3, 300)})
    >>> staff["mentored"] = rng.random(300) < np.where(staff["band"] == "7", 0.6, 0.3)
    >>> propensity_weights(staff, covariates=["band", "service"])
    PropensityWeights for the ATE; not mentored: 179, mentored: 121; covariates band, service
    """
    named = [covariates] if isinstance(covariates, str) else list(covariates)
    require(
        one_of("estimand", estimand, ESTIMANDS),
        one_of("missing", missing, ("refuse", "drop")),
        _quantiles(truncate),
        _named(named, treatment),
    )
    biased = False
    if isinstance(data, Cohort):
        biased = require_fixed(data, treatment, "weights", allow=allow_immortal_time)
        biased |= knows_the_future(data, named, allow=allow_immortal_time)
    frame = baseline_frame(data, named)
    treated, groups = two_groups(data, treatment)
    gone, dropped = missing_rows(frame)
    if missing == "refuse":
        require(_missing(frame))
    case = _case(data, weight)
    used = ~gone
    if not treated[used].any() or treated[used].all():
        found = "one group is empty, once people of whom a covariate is missing are left out"
        raise EstimationError(Problem("EST-001", "treatment", found, "people in both groups", "Add the covariates."))
    columns = columns_of(frame[used].reset_index(drop=True))
    design, _ = design_of(columns)
    fit = _fit(treated[used], design, columns, case[used])
    share = float(case[used] @ treated[used]) / float(case[used].sum()) if stabilised else None
    made = treatment_weights(treated[used], fit.probabilities, estimand, share=share, truncate=truncate)
    values, probability = np.full(len(used), np.nan), np.full(len(used), np.nan)
    values[used], probability[used] = made.each, fit.probabilities
    return PropensityWeights(
        each=values, probability=probability, treated=treated, groups=groups, used=used, case=case,
        estimand=estimand, stabilised=stabilised, truncate=truncate, covariates=tuple(named), treatment=treatment,
        cohort=data if isinstance(data, Cohort) else None, dropped=dropped, columns=tuple(columns), design=design,
        fit=fit, made=made, biased=biased,
    )  # fmt: skip


def _within(scores: Floats, some: Floats) -> Flags:
    """Tell which scores lie among some."""
    return np.asarray((scores >= some.min() - _SAME) & (scores <= some.max() + _SAME))


def _smaller(inside: Flags) -> int:
    """Count the smaller part, or everybody where nobody is inside."""
    count = int(inside.sum())
    return min(count, len(inside) - count) if count else len(inside)


def _fit(treated: Flags, design: Floats, columns: list[Column], case: Floats) -> LogisticFit:
    try:
        with one_blas_thread():
            fit = fit_logistic(treated, design, weights=case)
    except ArithmeticError as error:
        raise EstimationError(separation_problem(columns, treated, design)) from error
    if float(np.abs(design @ fit.coefficients).max()) > _FAR:
        raise EstimationError(separation_problem(columns, treated, design))
    return fit


def _quantiles(truncate: tuple[float, float] | None) -> Problems:
    if truncate is None:
        return []
    right = (
        isinstance(truncate, tuple | list)
        and len(truncate) == 2
        and all(isinstance(part, int | float) and not math.isnan(part) for part in truncate)
        and 0 <= truncate[0] < truncate[1] <= 1
    )
    if right:
        return []
    expected = "two quantiles, the lower first, such as (0.01, 0.99)"
    return [Problem("DAT-002", "truncate", repr(truncate), expected, "Give quantiles, not weights.")]


def _named(named: list[str], treatment: str) -> Problems:
    if not named:
        remedy = "Name what decides both on mentoring and on staying."
        return [Problem("DAT-009", "covariates", "none", "at least one covariate", remedy)]
    if treatment in named:
        found = f"{treatment} is the treatment and a covariate"
        return [Problem("DAT-007", "covariates", found, "one of them", "Leave it out of the covariates.")]
    return []


def _missing(frame: pd.DataFrame) -> Problems:
    problems: Problems = []
    for name in frame:
        rows = np.flatnonzero(frame[name].isna()) + 1
        if len(rows):
            found = f"{len(rows):,} missing ({rows_named(rows)})"
            remedy = 'Give them a level such as "not stated", or say missing="drop".'
            problems.append(Problem("DAT-009", f"covariate {name}", found, "a value for each person", remedy))
    return problems


def _case(data: Cohort | pd.DataFrame, weight: str | None) -> Floats:
    if isinstance(data, Cohort):
        if weight is not None:
            found = "a weight beside the cohort"
            raise DataError(Problem("DAT-007", "weight", found, "that of the cohort", "Give it to cohort(...)."))
        if data.weight is None:
            return np.ones(data.n_people)
        return np.asarray(baseline_frame(data, [data.weight])[data.weight].to_numpy(dtype=float))
    if weight is None:
        return np.ones(len(data))
    values = pd.to_numeric(baseline_frame(data, [weight])[weight], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~(values >= 0) | np.isinf(values)) + 1
    place, expected = f"column {weight}", "numbers of at least 0, not all 0"
    if len(wrong):
        found = f"weights that are missing, below zero or without end ({rows_named(wrong)})"
        raise DataError(Problem("DAT-002", place, found, expected, "Correct them."))
    if not values.any():
        raise DataError(Problem("DAT-002", place, "all weights are zero", expected, "Check the column."))
    return np.asarray(values)
