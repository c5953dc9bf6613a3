"""Cox regression on rows (start, stop]: coefficients, information, tests and profile limits.

The interface, which other layers may rely on. All arrays are plain; nothing is missing; times that are equal up to
rounding were made equal before (`times.equal_times`).

- `cox_model(start, stop, event, x, pattern=, weights=, counts=, strata=, ties=, engine=) -> CoxModel` forms the risk
  sets once. `x` has one row for each row of the data or, with `pattern`, one for each pattern. `weights` are case
  weights as R's; `counts` say how many equal rows a row stands for (with Efron's ties the two differ).
- `fit_cox(model) -> CoxFit`: `coefficients`, `covariance` (model-based), `log_likelihood`, `log_likelihood_null`,
  `score_test`, `diverging`. Raises `CollinearityError` (with `.columns`), `NoEventsError`, `ConvergenceError`.
- `likelihood_ratio_test(fit)`, `wald_test(coefficients, covariance)`.
- `profile_limit(model, fit, column, level=) -> Interval`: where a coefficient diverges.
- `cox_residuals`: `robust_covariance(model, fit, cluster)`, `dfbeta(model, fit)`, `schoenfeld(model, fit)`.
- `cox_baseline`: `baseline_hazard(model, fit)`, `predicted_hazard(baseline, x, covariance)`.
- `proportionality`: `proportionality_test(model, fit, transform, terms)`.
- `concordance`: `concordance_index(model, fit, cluster, std_error=)`.
- `cox_bootstrap`: `bootstrap_coefficients(model, fit, cluster, replicates, seed)`.
- `fine_gray`: `fine_gray_model(...) -> CoxModel`, to be fitted and made robust by the functions above.

References
----------
Therneau TM, Grambsch PM (2000). Modeling Survival Data. Sections 3.1 to 3.3. Efron B (1977). JASA 72:557-565.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, stats

from evalkit.numeric.cox_data import Design, NoEventsError, RiskSets, add_up, design, risk_sets
from evalkit.numeric.cox_sums import Sums, Ties, TieSums, engine
from evalkit.numeric.threads import one_blas_thread
from evalkit.numeric.values import Interval, Test

__all__ = [
    "CollinearityError",
    "ConvergenceError",
    "CoxFit",
    "CoxModel",
    "Evaluation",
    "NoEventsError",
    "cox_model",
    "cox_model_from_sets",
    "evaluate",
    "fit_cox",
    "inverse_information",
    "likelihood_ratio_test",
    "profile_limit",
    "wald_test",
]

Floats = npt.NDArray[np.float64]

_ITERATIONS = 60
_DECREMENT = 1e-13  # squared length of the next step, in standard errors
_FLAT = 1e-6  # where a step that does not shrink is taken for a coefficient that runs away
_RUNS_AWAY = 0.1  # of a step, times the largest distance of the covariate from its centre
_COLLINEAR = 1e-9
_LONGEST = 5.0  # step of a scaled column: farther, where the likelihood is flat, the information is lost to rounding
_OUTWARDS, _WIDEST = 60, 4.0  # steps towards a limit, in units of the scaled column


class CollinearityError(ValueError):
    """Columns that say nothing that those before them do not say.

    Parameters
    ----------
    columns : iterable of int
        Their positions.
    """

    def __init__(self, columns: Iterable[int]) -> None:
        self.columns = tuple(int(column) for column in columns)
        super().__init__(f"columns {self.columns} are collinear with those before them")


class ConvergenceError(ArithmeticError):
    """The likelihood could not be maximised."""


@dataclass(frozen=True, slots=True)
class CoxModel:
    """Risk sets and covariates, ready to be evaluated at any coefficients.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    covariates : Design
        Their covariates.
    sums : Sums
        The engine.
    ties : Ties
        How tied events are summed.
    efron : bool
        Whether by Efron's approximation.
    events_total : numpy.ndarray
        Shape (columns,), weighted sum of the scaled covariates of the events.
    """

    sets: RiskSets
    covariates: Design
    sums: Sums = field(repr=False)
    ties: Ties = field(repr=False)
    efron: bool
    events_total: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The partial likelihood at one vector of coefficients, all for scaled columns.

    Parameters
    ----------
    beta : numpy.ndarray
        Shape (columns,).
    risk : numpy.ndarray
        Shape (units,), relative hazard, the largest being 1.
    shift : float
        Logarithm of the hazard that was set to 1.
    ties : TieSums
        Sums over tied events.
    at_risk, at_event : numpy.ndarray
        Shape (slots, columns), covariates summed with their risks.
    log_likelihood : float
        Its logarithm.
    score : numpy.ndarray
        Shape (columns,), its gradient.
    information : numpy.ndarray
        Shape (columns, columns), less its second derivative.
    second : numpy.ndarray
        Shape (columns,), the part of the diagonal of the information before means are taken off.
    """

    beta: Floats
    risk: Floats
    shift: float
    ties: TieSums
    at_risk: Floats
    at_event: Floats
    log_likelihood: float
    score: Floats
    information: Floats
    second: Floats


@dataclass(frozen=True, slots=True)
class CoxFit:
    """Maximum of the partial likelihood.

    Parameters
    ----------
    coefficients : numpy.ndarray
        Shape (columns,), log hazard ratios for one unit of the column; infinite where `diverging`.
    covariance : numpy.ndarray
        Shape (columns, columns), inverse information; NaN in the rows and columns of `diverging`.
    log_likelihood, log_likelihood_null : float
        At the maximum, and at zero.
    score_test : Test
        Rao's test that all coefficients are zero.
    diverging : tuple of int
        Columns whose coefficient has no finite maximum.
    iterations : int
        Newton steps.
    at : Evaluation
        The likelihood where the search ended.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    score_test: Test
    diverging: tuple[int, ...]
    iterations: int
    at: Evaluation = field(repr=False)


def cox_model(
    start: npt.ArrayLike,
    stop: npt.ArrayLike,
    event: npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    pattern: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    ties: str = "efron",
    engine: str = "auto",
) -> CoxModel:
    """Risk sets and covariates of a Cox regression.

    Parameters
    ----------
    start, stop : array_like
        Shape (rows,), times in one unit, start < stop; at risk at t when start < t <= stop.
    event : array_like
        Shape (rows,), whether the row ends with the event.
    x : array_like
        Shape (rows, columns), or (patterns, columns) with `pattern`; finite numbers.
    pattern : array_like, optional
        Shape (rows,), the row of `x` of each row.
    weights : array_like, optional
        Shape (rows,), case weights, none negative: R's `coxph(weights = )`.
    counts : array_like, optional
        Shape (rows,), whole numbers: how many equal rows each stands for.
    strata : array_like, optional
        Shape (rows,), codes 0, 1, ...
    ties : {"efron", "breslow"}, default "efron"
        Approximation for tied events.
    engine : {"auto", "counts", "rows"}, default "auto"
        How to sum; the answers are the same.

    Returns
    -------
    CoxModel
        Ready to fit.

    Raises
    ------
    NoEventsError
        When no row of positive weight ends with an event.
    """
    sets = risk_sets(start, stop, event, pattern=pattern, weights=weights, counts=counts, strata=strata)
    return cox_model_from_sets(sets, x, ties=ties, kind=engine)


def cox_model_from_sets(sets: RiskSets, x: npt.ArrayLike, *, ties: str = "efron", kind: str = "auto") -> CoxModel:
    """Model of risk sets that are there already.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    x : array_like
        Shape (units, columns), covariates.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for tied events.
    kind : {"auto", "counts", "rows"}, default "auto"
        Engine.

    Returns
    -------
    CoxModel
        Ready to fit.
    """
    rows = sets.layers[0]
    matrix = np.asarray(x)
    weights = rows.mass if rows.unit is None else add_up(rows.unit, rows.mass, len(matrix))
    covariates = design(matrix, weights)
    events = add_up(sets.event_unit, sets.event_mass, covariates.n_units)
    efron = ties == "efron"
    rule = Ties(sets.deaths, sets.death_mass, efron=efron)
    return CoxModel(sets, covariates, engine(sets, covariates, kind), rule, efron, covariates.total(events))


def evaluate(model: CoxModel, beta: Floats) -> Evaluation:
    """Log partial likelihood, its gradient and information.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    beta : numpy.ndarray
        Shape (columns,), for the scaled columns.

    Returns
    -------
    Evaluation
        With a log-likelihood that is not finite where the coefficients are too far out.
    """
    linear = model.covariates.linear(beta)
    shift = float(linear.max(initial=-math.inf))
    with np.errstate(all="ignore"):  # too large a step: the search sees that the likelihood is not finite and halves it
        risk = np.exp(linear - shift)
        level, level_event = model.sums.levels(risk)
        ties = model.ties.sums(level, level_event)
        total = float(model.sets.death_mass.sum())
        log_likelihood = float(model.events_total @ beta - ties.log.sum() - shift * total)
        at_risk, at_event = model.sums.moments(risk)
        exposure = model.sums.exposure(risk, ties.hazard, ties.hazard_q)
        score = model.events_total - model.covariates.total(exposure)
        products = model.covariates.products(exposure)
        information = products - between(at_risk, at_event, ties.square, ties.square_q, ties.square_qq)
    return Evaluation(
        beta, risk, shift, ties, at_risk, at_event, log_likelihood, score, information, np.diag(products).copy()
    )


def between(at_risk: Floats, at_event: Floats, square: Floats, square_q: Floats, square_qq: Floats) -> Floats:
    """Sum over the events of the products of the mean covariates.

    Parameters
    ----------
    at_risk, at_event : numpy.ndarray
        Shape (slots, columns), covariates summed with their risks.
    square, square_q, square_qq : numpy.ndarray
        Shape (slots,), see `TieSums`; each may be multiplied by a function of time.

    Returns
    -------
    numpy.ndarray
        Shape (columns, columns).
    """
    cross = at_risk.T @ (square_q[:, None] * at_event)
    result: Floats = at_risk.T @ (square[:, None] * at_risk) - cross - cross.T
    result += at_event.T @ (square_qq[:, None] * at_event)
    return result


def fit_cox(model: CoxModel, *, start: Floats | None = None) -> CoxFit:
    """Coefficients that maximise the partial likelihood, by Newton's method with halved steps.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    start : numpy.ndarray, optional
        Shape (columns,), where to begin; zero without it.

    Returns
    -------
    CoxFit
        The search ends when the next step is below a hundred-thousandth of a standard error, and takes that step.

    Raises
    ------
    CollinearityError
        When columns are collinear within the risk sets; the first of them in order are kept, as R does.
    ConvergenceError
        When 60 steps do not reach the maximum.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Equations 3.3 to 3.6.

    Examples
    --------
    >>> model = cox_model([0, 0, 0, 0], [1, 2, 3, 4], [1, 1, 0, 1], [[0], [1], [0], [1]])
    >>> fit_cox(model).coefficients.round(4).tolist()
    [-0.3466]
    """
    with one_blas_thread():
        return _fit(model, start)


def _fit(model: CoxModel, start: Floats | None) -> CoxFit:
    null = evaluate(model, np.zeros(model.covariates.n_columns))
    redundant = _collinear(null.information, null.second)
    if redundant:
        raise CollinearityError(redundant)
    columns = np.arange(len(null.beta))
    score_test = _chi_squared(float(null.score @ _solve(null.information, null.score)), len(columns))
    first = null if start is None else evaluate(model, np.asarray(start, dtype=np.float64) * model.covariates.scale)
    last, step, iterations = _maximise(model, first, columns)
    return _finish(model, last, step, iterations, null, score_test)


def _finish(
    model: CoxModel, last: Evaluation, step: Floats, iterations: int, null: Evaluation, score_test: Test
) -> CoxFit:
    scale = model.covariates.scale
    diverging = _diverging(last, step, model.sets.mean_weight)
    gain = 0.5 * float(last.score @ step)
    coefficients = (last.beta + step) / scale
    if len(diverging):
        gain *= 2  # the tail of the likelihood is exponential there, not a parabola
        coefficients[diverging] = np.copysign(math.inf, step[diverging])
    covariance = inverse_information(last, model.covariates.scale)
    covariance[diverging] = covariance[:, diverging] = math.nan
    return CoxFit(
        coefficients,
        covariance,
        last.log_likelihood + gain,
        null.log_likelihood,
        score_test,
        tuple(int(column) for column in diverging),
        iterations,
        last,
    )


def inverse_information(at: Evaluation, scale: Floats) -> Floats:
    """Invert the information, also where coefficients run away.

    Parameters
    ----------
    at : Evaluation
        The likelihood where the search ended.
    scale : numpy.ndarray
        Shape (columns,), of the columns.

    Returns
    -------
    numpy.ndarray
        Shape (columns, columns), for the unscaled columns. What is said of columns that run away has no meaning, but
        they must not be left out: together with others they may hold a finite contrast, as all levels do whose
        reference has no event.

    Raises
    ------
    ConvergenceError
        When rounding left nothing of the information.
    """
    inverse = _solve(at.information, np.eye(len(scale)))
    return np.asarray((inverse + inverse.T) / 2 / np.outer(scale, scale))


def _maximise(model: CoxModel, first: Evaluation, free: npt.NDArray[np.int64]) -> tuple[Evaluation, Floats, int]:
    """Go uphill in the free columns; give the last point, the step that would follow, and how many were made."""
    here, step = first, _newton_step(first, free)
    unit = model.sets.mean_weight
    for iteration in range(_ITERATIONS):
        decrement = float(here.score @ step) / unit
        if decrement <= _DECREMENT or (decrement <= _FLAT and _only_runaways(here, step, unit)):
            return here, step, iteration
        here = _uphill(model, here, step)
        step = _newton_step(here, free)
    message = f"the likelihood was not maximised in {_ITERATIONS} steps"
    raise ConvergenceError(message)


def _uphill(model: CoxModel, here: Evaluation, step: Floats) -> Evaluation:
    slack = 1e-11 * (model.sets.mean_weight + abs(here.log_likelihood))
    step = step * min(1.0, _LONGEST / float(np.abs(step).max(initial=_LONGEST)))
    for halvings in range(40):
        there = evaluate(model, here.beta + step / 2**halvings)
        if math.isfinite(there.log_likelihood) and there.log_likelihood >= here.log_likelihood - slack:
            return there
    message = "no step improves the likelihood"
    raise ConvergenceError(message)


def _newton_step(here: Evaluation, free: npt.NDArray[np.int64]) -> Floats:
    step = np.zeros(len(here.beta))
    step[free] = _solve(here.information[np.ix_(free, free)], here.score[free])
    return step


def _diverging(here: Evaluation, step: Floats, unit: float) -> npt.NDArray[np.int64]:
    """Columns whose steps do not shrink although the likelihood is flat: Newton's steps down an exponential are 1."""
    if float(here.score @ step) > _FLAT * unit:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.abs(step) > _RUNS_AWAY)


def _only_runaways(here: Evaluation, step: Floats, unit: float) -> bool:
    """Tell whether nothing but diverging columns is still moving."""
    runaways = _diverging(here, step, unit)
    rest = np.delete(step, runaways)
    information = np.delete(np.delete(here.information, runaways, axis=0), runaways, axis=1)
    return len(runaways) > 0 and float(rest @ information @ rest) <= _DECREMENT * unit


def _solve(information: Floats, right: Floats) -> Floats:
    """Solve with a symmetric matrix, scaled to a unit diagonal; lifted a little where rounding left it indefinite."""
    if not information.size:
        return right.copy()
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    unit = information / np.outer(size, size)
    target = (right.T / size).T
    for ridge in (0.0, 1e-12, 1e-9, 1e-6):
        try:
            factor = linalg.cho_factor(unit + ridge * np.eye(len(unit)), lower=True)
        except (linalg.LinAlgError, ValueError):
            continue
        solution: Floats = (linalg.cho_solve(factor, target).T / size).T
        return solution
    message = "the information matrix is not positive"
    raise ConvergenceError(message)


def _collinear(information: Floats, second: Floats) -> list[int]:
    """Columns without information of their own, by a Cholesky decomposition in the order of the columns."""
    left = information.copy()
    found = []
    for column in range(len(left)):
        pivot = left[column, column]
        if not pivot > _COLLINEAR * second[column]:
            found.append(column)
            left[column:, column] = left[column, column:] = 0.0
            continue
        left[column + 1 :, column + 1 :] -= np.outer(left[column + 1 :, column], left[column, column + 1 :]) / pivot
    return found


def _chi_squared(statistic: float, df: int) -> Test:
    return Test(statistic, float(df), float(stats.chi2.sf(statistic, df)) if df else math.nan)


def likelihood_ratio_test(fit: CoxFit) -> Test:
    """Likelihood ratio test that all coefficients are zero.

    Parameters
    ----------
    fit : CoxFit
        Of a model without case weights: with them the statistic is not chi-squared.

    Returns
    -------
    Test
        Chi-squared, with one degree of freedom for each column.
    """
    return _chi_squared(2 * (fit.log_likelihood - fit.log_likelihood_null), len(fit.coefficients))


def wald_test(coefficients: Floats, covariance: Floats) -> Test:
    """Wald test that all of some coefficients are zero.

    Parameters
    ----------
    coefficients : numpy.ndarray
        Shape (columns,).
    covariance : numpy.ndarray
        Shape (columns, columns), model-based or robust.

    Returns
    -------
    Test
        Chi-squared; NaN where a coefficient diverges or the covariance is singular.
    """
    df = len(coefficients)
    if not (np.isfinite(coefficients).all() and np.isfinite(covariance).all()):
        return Test(math.nan, float(df), math.nan)
    if np.linalg.matrix_rank(covariance, hermitian=True) < df:
        return Test(math.nan, float(df), math.nan)
    return _chi_squared(float(coefficients @ np.linalg.solve(covariance, coefficients)), df)


def profile_limit(model: CoxModel, fit: CoxFit, column: int, *, level: float = 0.95) -> Interval:
    """Profile likelihood interval of one coefficient; with one limit where the coefficient diverges.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum.
    column : int
        Which coefficient.
    level : float, default 0.95
        Confidence level; the limits are where twice the loss of log-likelihood is this quantile of chi-squared on 1.

    Returns
    -------
    Interval
        Log hazard ratios for one unit of the column; an infinite limit where the likelihood never falls that far. All
        other coefficients are at their maximum given this one, also those that have no finite one.

    Raises
    ------
    ConvergenceError
        When the likelihood cannot be maximised at a fixed value of the coefficient.

    References
    ----------
    .. [1] Venzon DJ, Moolgavkar SH (1988). Appl Stat 37:87-94.
    """
    target = fit.log_likelihood - 0.5 * float(stats.chi2.ppf(level, 1))
    scale = float(model.covariates.scale[column])
    estimate = float(fit.coefficients[column])
    low = math.copysign(math.inf, -1) if estimate == -math.inf else _crossing(model, fit, column, target, -1.0)
    high = math.inf if estimate == math.inf else _crossing(model, fit, column, target, 1.0)
    return Interval(estimate, low / scale, high / scale)


def _crossing(model: CoxModel, fit: CoxFit, column: int, target: float, side: float) -> float:
    """Where the profile falls to the target, going to one side from where the search ended."""
    free = np.delete(np.arange(len(fit.coefficients)), column)
    state = {"at": fit.at}

    def excess(value: float) -> float:
        beta = state["at"].beta.copy()
        beta[column] = value
        last, step, _ = _maximise(model, evaluate(model, beta), free)
        state["at"] = _called_back(model, last, step, fit)
        return last.log_likelihood + 0.5 * float(last.score @ step) - target

    inner = float(fit.at.beta[column])
    width = 1.0
    for _ in range(_OUTWARDS):
        outer = inner + side * width
        if excess(outer) < 0:
            root: float = optimize.brentq(excess, inner, outer, xtol=1e-9, rtol=1e-12)
            return root
        inner, width = outer, min(2 * width, _WIDEST)
    return side * math.inf


def _called_back(model: CoxModel, last: Evaluation, step: Floats, fit: CoxFit) -> Evaluation:
    """Put what still runs away back to where the first search ended: farther out, nothing is left of its information.

    What ran away then, but no longer does with one coefficient held, stays where it is.
    """
    away = _diverging(last, step, model.sets.mean_weight)
    beta = last.beta.copy()
    beta[away] = fit.at.beta[away]
    return last if not len(away) else evaluate(model, beta)
