"""Whether hazards are proportional: the score test of current R `cox.zph`, and scaled Schoenfeld residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from evalkit.numeric.cox import CoxFit, CoxModel, between
from evalkit.numeric.cox_data import add_up, positions
from evalkit.numeric.cox_residuals import mean_covariates, schoenfeld
from evalkit.numeric.values import Test

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proportionality:
    """Score tests that the coefficients do not change with time.

    Parameters
    ----------
    terms : tuple of Test
        One for each term asked for: chi-squared, as many degrees of freedom as the term has columns.
    overall : Test
        All columns together.
    time : numpy.ndarray
        Shape (slots,), event times, by stratum.
    transformed : numpy.ndarray
        Shape (slots,), the function of time that was tested.
    residuals : numpy.ndarray
        Shape (slots, columns), mean over the events of each time of the scaled Schoenfeld residuals plus the
        coefficient: where the coefficient was at that time, in its unit.
    events : numpy.ndarray
        Shape (slots,), events at each time.
    """

    terms: tuple[Test, ...]
    overall: Test
    time: Floats
    transformed: Floats
    residuals: Floats
    events: Floats


def proportionality_test(
    model: CoxModel, fit: CoxFit, transform: str = "km", terms: Sequence[Sequence[int]] | None = None
) -> Proportionality:
    """Score tests for a coefficient that changes with a function of time.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum, without diverging columns.
    transform : {"km", "rank", "identity", "log"}, default "km"
        The function of time: 1 less the Kaplan-Meier curve just before (all strata and weights pooled), the rank
        among all ends of rows, the time, or its logarithm.
    terms : sequence of sequence of int, optional
        The columns of each term; without it each column is a term.

    Returns
    -------
    Proportionality
        NaN where the test is not defined, as with one event time.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM (1994). Biometrika 81:515-526; as the score test of R survival 3.0 and later.
    """
    columns = model.covariates.n_columns
    groups = [[column] for column in range(columns)] if terms is None else [list(term) for term in terms]
    curve = _transformed(model, transform)
    deaths = model.sets.deaths
    centred = curve - float(curve @ deaths) / float(deaths.sum())
    score = _score(model, fit, centred)
    information = _information(model, fit, centred)
    tests = tuple(_test(information, score, columns, group) for group in groups)
    overall = _test(information, score, columns, list(range(columns)))
    number = float(deaths.sum())
    raw = schoenfeld(model, fit) / deaths[:, None]
    return Proportionality(
        tests, overall, model.sets.time, curve, raw @ fit.covariance * number + fit.coefficients, deaths
    )


def _score(model: CoxModel, fit: CoxFit, curve: Floats) -> Floats:
    """Gradient with respect to the coefficients of the covariates times the function of time."""
    sets = model.sets
    by_unit = add_up(sets.event_unit, sets.event_mass * curve[sets.event_slot], model.covariates.n_units)
    mean = (curve * sets.death_mass) @ mean_covariates(model, fit)
    result: Floats = model.covariates.total(by_unit) - mean
    return result


def _information(model: CoxModel, fit: CoxFit, curve: Floats) -> Floats:
    """Information on coefficients and on their change, for the scaled columns."""
    at, ties = fit.at, fit.at.ties
    blocks = []
    for power in (curve, curve * curve):
        exposure = model.sums.exposure(at.risk, ties.hazard * power, ties.hazard_q * power)
        means = between(at.at_risk, at.at_event, ties.square * power, ties.square_q * power, ties.square_qq * power)
        blocks.append(model.covariates.products(exposure) - means)
    result: Floats = np.block([[at.information, blocks[0]], [blocks[0].T, blocks[1]]])
    return result


def _test(information: Floats, score: Floats, columns: int, group: list[int]) -> Test:
    chosen = np.concatenate([np.arange(columns), np.asarray(group, dtype=np.int64) + columns])
    target = np.concatenate([np.zeros(columns), score[group]])
    matrix = information[np.ix_(chosen, chosen)]
    size = np.sqrt(np.abs(np.diag(matrix)))
    df = float(len(group))
    if not (size > 0).all():
        return Test(np.nan, df, np.nan)
    unit = matrix / np.outer(size, size)
    if np.linalg.matrix_rank(unit, tol=1e-10, hermitian=True) < len(unit):
        return Test(np.nan, df, np.nan)
    statistic = float((target / size) @ np.linalg.solve(unit, target / size))
    return Test(statistic, df, float(stats.chi2.sf(statistic, df)))


def _transformed(model: CoxModel, transform: str) -> Floats:
    sets = model.sets
    if transform == "identity":
        return sets.time
    if transform == "log":
        return np.log(sets.time)
    present = (sets.layers[0].mass > 0).astype(np.float64)
    number = present if sets.count is None else present * sets.count
    if transform == "rank":
        ends, where = np.unique(sets.stop, return_inverse=True)
        tied = add_up(where, number, len(ends))
        rank = np.cumsum(tied) - (tied - 1) / 2
        result: Floats = rank[positions(ends, sets.time) - 1]
        return result
    if transform == "km":
        return _departed(model, number)
    message = f'transform is "{transform}"; expected km, rank, identity or log'
    raise ValueError(message)


def _departed(model: CoxModel, number: Floats) -> Floats:
    """One less the Kaplan-Meier curve just before each event time, of all rows together."""
    sets = model.sets
    times = np.unique(sets.time)
    width = len(times) + 1
    net = add_up(positions(times, sets.stop), number, width) - add_up(positions(times, sets.start), number, width)
    at_risk = np.cumsum(net[:0:-1])[::-1]
    place = positions(times, sets.time) - 1
    events = add_up(place, sets.deaths, len(times))
    curve = np.concatenate([[1.0], np.cumprod(1 - events / at_risk)[:-1]])
    result: Floats = 1 - curve[place]
    return result
