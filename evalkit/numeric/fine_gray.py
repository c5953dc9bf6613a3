"""Fine-Gray regression of the subdistribution hazard, with censoring and delayed entry.

Whoever has a competing event stays at risk, with a weight that falls as others are censored, and rises as others come
under observation late. The weight at t of somebody whose competing event was at c is W(t) / W(c), so that the weighted
rows need not be written out: all that have had a competing event are one more layer of rows, multiplied by W.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evalkit.numeric.cox import CoxModel, cox_model_from_sets
from evalkit.numeric.cox_data import Layer, RiskSets, add_up, positions, risk_sets

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CENSORED, EVENT, COMPETING = 0, 1, 2


class UndefinedWeightsError(ValueError):
    """Everybody under observation entered at one moment after somebody had a competing event."""


@dataclass(frozen=True, slots=True)
class _People:
    """Rows with what is known of the people whose rows they are."""

    start: Floats
    stop: Floats
    status: npt.NDArray[np.int64]
    number: Floats
    first: Flags
    last: Flags


def fine_gray_model(
    start: npt.ArrayLike,
    stop: npt.ArrayLike,
    status: npt.ArrayLike,
    x: npt.ArrayLike,
    person: npt.ArrayLike,
    *,
    pattern: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    ties: str = "efron",
    engine: str = "auto",
) -> CoxModel:
    """Subdistribution hazard regression, to be given to `fit_cox` and `robust_covariance(..., cluster=person)`.

    Parameters
    ----------
    start, stop : array_like
        Shape (rows,), times in one unit, start < stop; a person's rows follow each other without a gap.
    status : array_like
        Shape (rows,), how each row ends: 0 censored or goes on in the next row, 1 event, 2 competing event. Only the
        last row of a person may end with 1 or 2.
    x : array_like
        Shape (rows, columns), or (patterns, columns) with `pattern`. After a competing event the last values stay.
    person : array_like
        Shape (rows,), codes 0, 1, ...
    pattern : array_like, optional
        Shape (rows,), the row of `x` of each row.
    weights : array_like, optional
        Shape (rows,), case weights; they do not enter the estimate of censoring, as in R.
    counts : array_like, optional
        Shape (rows,), how many equal people each stands for.
    strata : array_like, optional
        Shape (rows,), codes 0, 1, ...: baseline hazards differ between them; censoring and entry do not.
    ties : {"efron", "breslow"}, default "efron"
        Approximation for tied events; Fine and Gray's own is Breslow's.
    engine : {"auto", "counts", "rows"}, default "auto"
        How to sum; the answers are the same.

    Returns
    -------
    CoxModel
        Its model-based covariance is not valid: the weights are estimated, and rows of one person depend on each other.

    Raises
    ------
    NoEventsError
        When no row of positive weight ends with the event.
    UndefinedWeightsError
        When nobody stays under observation from a competing event to the next event time.

    References
    ----------
    .. [1] Fine JP, Gray RJ (1999). JASA 94:496-509.
    .. [2] Geskus RB (2011). Biometrics 67:39-49, equation 7: delayed entry.
    """
    state = np.asarray(status, dtype=np.int64)
    sets = risk_sets(start, stop, state == EVENT, pattern=pattern, weights=weights, counts=counts, strata=strata)
    number = np.ones(len(state)) if sets.count is None else sets.count
    first, last = _ends(sets.stop, np.asarray(person, dtype=np.int64))
    people = _People(sets.start, sets.stop, state, number, first, last)
    competing = np.flatnonzero(last & (state == COMPETING) & (sets.layers[0].mass > 0))
    if not len(competing):
        return cox_model_from_sets(sets, x, ties=ties, kind=engine)
    weight = _observed(people, np.concatenate([sets.time, sets.stop[competing]]))
    kept = _stay(sets, competing, weight[: sets.n_slots], weight[sets.n_slots :])
    return cox_model_from_sets(replace(sets, layers=(*sets.layers, kept)), x, ties=ties, kind=engine)


def _stay(sets: RiskSets, competing: Integers, factor: Floats, at_own_time: Floats) -> Layer:
    """Keep people at risk after their competing event, to the last event time of their stratum."""
    rows = sets.layers[0]
    begin = rows.last[competing]
    ends = np.append(np.flatnonzero(np.diff(sets.stratum)) + 1, sets.n_slots)
    end = ends[np.searchsorted(ends, rows.first[competing], side="right").clip(max=len(ends) - 1)]
    end = np.maximum(end, begin)
    if (at_own_time[end > begin] == 0).any():
        message = "the weights after a competing event are not defined: nobody stayed under observation"
        raise UndefinedWeightsError(message)
    mass = np.where(end > begin, rows.mass[competing] / np.where(at_own_time > 0, at_own_time, 1.0), 0.0)
    unit = competing if rows.unit is None else rows.unit[competing]
    return Layer(begin, end, mass, unit, competing, factor)


def _ends(stop: Floats, person: Integers) -> tuple[Flags, Flags]:
    """Which rows are the first and the last of their person."""
    order = np.lexsort((stop, person))
    own = person[order]
    new = np.ones(len(own), dtype=bool)
    new[1:] = own[1:] != own[:-1]
    first, last = np.zeros(len(own), dtype=bool), np.zeros(len(own), dtype=bool)
    first[order[new]] = True
    last[order[np.append(new[1:], True)]] = True
    return first, last


def _observed(people: _People, at: Floats) -> Floats:
    """Probability, up to a constant, of being under observation just before each time."""
    censored = people.last & (people.status == CENSORED)
    leave = np.unique(people.stop[censored])
    # Events come before censoring at the same time, and censoring takes effect after it.
    stays = people.status == CENSORED
    at_risk = (
        _until(leave, people.start, people.number, strict=True)
        - _until(leave, people.stop[stays], people.number[stays], strict=True)
        - _until(leave, people.stop[~stays], people.number[~stays], strict=False)
    )
    lost = add_up(positions(leave, people.stop[censored]) - 1, people.number[censored], len(leave))
    uncensored = np.concatenate([[1.0], np.cumprod(1 - lost / at_risk)])[np.searchsorted(leave, at, side="left")]
    enter = np.unique(people.start[people.first])
    present = _until(enter, people.start, people.number, strict=False) - _until(
        enter, people.stop, people.number, strict=False
    )
    new = add_up(positions(enter, people.start[people.first]) - 1, people.number[people.first], len(enter))
    entered = np.append(np.cumprod((1 - new / present)[::-1])[::-1], 1.0)[np.searchsorted(enter, at, side="left")]
    result: Floats = uncensored * entered
    return result


def _until(times: Floats, values: Floats, number: Floats, *, strict: bool) -> Floats:
    """How many values lie before each time, or not after it."""
    order = np.argsort(values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(number[order])])
    result: Floats = total[np.searchsorted(values[order], times, side="left" if strict else "right")]
    return result
