"""Concordance of the linear predictor with what happened, over pairs of which one has the event beside the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evalkit.numeric.cox import CoxFit, CoxModel
from evalkit.numeric.cox_data import add_up
from evalkit.numeric.cox_sums import LARGEST_TABLE, forward, risk_table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Concordance:
    """How often the one who has the event is the one with the higher hazard.

    Parameters
    ----------
    estimate : float
        Concordant pairs plus half of those with equal hazards, over all pairs, in [0, 1]; NaN without pairs.
    std_error : float
        Its standard error, by the infinitesimal jackknife; NaN where it was not asked for.
    concordant, discordant, tied : float
        Pairs, each counted with the product of its weights: higher, lower and equal hazard.
    """

    estimate: float
    std_error: float
    concordant: float
    discordant: float
    tied: float


class _Sides(NamedTuple):
    """Mass with a lower, an equal and a higher hazard."""

    below: Floats
    same: Floats
    above: Floats


def concordance_index(
    model: CoxModel, fit: CoxFit, cluster: npt.ArrayLike | None = None, *, std_error: bool = True
) -> Concordance:
    """Concordance of a Cox regression, within strata.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum.
    cluster : array_like, optional
        Shape (rows,), codes 0, 1, ... for the standard error; without it each row is its own cluster.
    std_error : bool, default True
        Whether the standard error is wanted; it costs more than the estimate.

    Returns
    -------
    Concordance
        R's `concordance` with its default weights. Pairs with events at the same time are left out.

    References
    ----------
    .. [1] Therneau TM, Watson DA (2015). The concordance statistic and the Cox model. Mayo Clinic Report 85.
    """
    ranks = _ranks(fit)
    events = _event_sides(model, ranks)
    mass = model.sets.event_mass
    concordant, tied, discordant = (float(mass @ side) for side in events)
    pairs = concordant + tied + discordant
    if pairs == 0:
        return Concordance(math.nan, math.nan, concordant, discordant, tied)
    somers = (concordant - discordant) / pairs
    error = _error(model, ranks, events, pairs, somers, cluster) if std_error else math.nan
    return Concordance((somers + 1) / 2, error, concordant, discordant, tied)


def _ranks(fit: CoxFit) -> Integers:
    """Rank of the linear predictor of each unit; equal where they differ by rounding."""
    linear = np.log(np.maximum(fit.at.risk, np.finfo(float).tiny))
    return np.unique(np.round(linear, 9), return_inverse=True)[1]


def _tabled(model: CoxModel) -> bool:
    """Tell whether a table of units by slots is small, beside the memory and the number of rows."""
    cells = model.covariates.n_units * (model.sets.n_slots + 1)
    return cells <= min(LARGEST_TABLE, 8 * model.sets.n_rows)


def _event_sides(model: CoxModel, ranks: Integers) -> _Sides:
    """Those at risk beside each event who do not have the event at that time."""
    sets = model.sets
    slot, rank = sets.event_slot, ranks[sets.event_unit]
    if _tabled(model):
        table = risk_table(sets, model.covariates.n_units)[:, ::-1]
        present = _table_sides(table, ranks, slot, rank)
    else:
        layer, own = sets.layers[0], ranks[_unit_of(model)]
        net = _Prefix(
            np.concatenate([layer.first, layer.last]),
            np.concatenate([own, own]),
            np.concatenate([layer.mass, -layer.mass]),
            sets.n_slots,
        )
        present = net.sides(slot + 1, rank)
    tied = _tied_sides(slot, rank, sets.event_mass)
    return _Sides(*(all_of_them - own for all_of_them, own in zip(present, tied, strict=True)))


def _tied_sides(slot: Integers, rank: Integers, mass: Floats) -> _Sides:
    """The events at the time of each event, itself included."""
    order = np.lexsort((rank, slot))
    slots, ranks = slot[order], rank[order]
    cumulative = forward(mass[order])
    new_slot = np.append(True, slots[1:] != slots[:-1])
    new = new_slot | np.append(True, ranks[1:] != ranks[:-1])
    begin, end = _extent(new)
    slot_begin, slot_end = _extent(new_slot)
    sides = [np.empty(len(slot)) for _ in range(3)]
    for side, low, high in zip(sides, (slot_begin, begin, end), (begin, end, slot_end), strict=True):
        side[order] = cumulative[high] - cumulative[low]
    return _Sides(*sides)


def _extent(new: npt.NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Where the run of each element begins and ends, given where runs begin."""
    begin = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    return begin[run], np.append(begin[1:], len(new))[run]


def _table_sides(table: Floats, ranks: Integers, slot: Integers, rank: Integers) -> _Sides:
    cumulative, begin = _by_rank(table, ranks)
    below, upto = cumulative[begin[rank], slot], cumulative[begin[rank + 1], slot]
    return _Sides(below, upto - below, cumulative[-1, slot] - upto)


def _by_rank(table: Floats, ranks: Integers) -> tuple[Floats, Integers]:
    """Sums of the rows of a table in order of rank, and where each rank begins."""
    cumulative = forward(table[np.argsort(ranks, kind="stable")])
    return cumulative, np.concatenate([[0], np.cumsum(np.bincount(ranks))])


def _error(
    model: CoxModel, ranks: Integers, events: _Sides, pairs: float, somers: float, cluster: npt.ArrayLike | None
) -> float:
    """Infinitesimal jackknife: what each row adds as the one with the event, and as the one beside it."""
    sets, layer = model.sets, model.sets.layers[0]
    # Whoever has the event leaves that slot's pairs as the one beside it: events at one time are not compared.
    until = layer.last.copy()
    until[sets.event_row] -= 1
    gain, number = _beside(model, ranks, layer.first, until)
    gain[sets.event_row] += events.below - events.above
    number[sets.event_row] += events.below + events.same + events.above
    single = (gain - somers * number) / pairs
    if cluster is None:
        weight = layer.mass if sets.count is None else layer.mass / np.sqrt(np.maximum(sets.count, 1))
        return math.sqrt(float(((weight * single) ** 2).sum())) / 2
    codes = np.asarray(cluster, dtype=np.int64)
    sums = add_up(codes, layer.mass * single, int(codes.max()) + 1)
    return math.sqrt(float(sums @ sums)) / 2


def _beside(model: CoxModel, ranks: Integers, first: Integers, until: Integers) -> tuple[Floats, Floats]:
    """Mass of events with a higher hazard less those with a lower one, and of all, at the slots of each row."""
    sets = model.sets
    own = _unit_of(model)
    slot, unit, mass = sets.event_slot, sets.event_unit, sets.event_mass
    if _tabled(model):
        shape = (model.covariates.n_units, sets.n_slots)
        table = add_up(unit * sets.n_slots + slot, mass, shape[0] * shape[1]).reshape(shape)
        cumulative, begin = _by_rank(table, ranks)
        del table
        surplus = cumulative[-1] - cumulative[begin[ranks + 1]]
        surplus -= cumulative[begin[ranks]]
        del cumulative
        np.cumsum(surplus, axis=1, out=surplus)
        gain = np.where(until > 0, surplus[own, until - 1], 0.0) - np.where(first > 0, surplus[own, first - 1], 0.0)
    else:
        happened = _Prefix(slot, ranks[unit], mass, sets.n_slots)
        early, late = happened.sides(first, ranks[own]), happened.sides(until, ranks[own])
        gain = (late.above - late.below) - (early.above - early.below)
    total = forward(add_up(slot, mass, sets.n_slots))
    return gain, total[until] - total[first]


def _unit_of(model: CoxModel) -> Integers:
    layer = model.sets.layers[0]
    return np.arange(len(layer.mass)) if layer.unit is None else layer.unit


class _Prefix:
    """Mass of the points before a slot and below a rank, for many questions at once.

    Slots are cut into blocks of 1, 2, 4, ...; within each block points are sorted by rank, and their mass is summed up.
    The slots before a given one are at most one block of each length.
    """

    def __init__(self, slot: Integers, rank: Integers, mass: Floats, n_slots: int) -> None:
        self._width = int(rank.max(initial=0)) + 3
        order = np.argsort(rank, kind="stable")
        # Sixteen bits are sorted by their digits, several times faster than by comparison.
        slot = slot[order].astype(np.int16 if n_slots < np.iinfo(np.int16).max else np.int64)
        rank, mass = rank[order], mass[order]
        self._levels = []
        for level in range(max(n_slots + 1, 1).bit_length()):
            block = slot >> level
            order = np.argsort(block, kind="stable")
            key = block[order].astype(np.int64) * self._width + rank[order]
            self._levels.append((key, forward(mass[order])))

    def sides(self, slot: Integers, rank: Integers) -> _Sides:
        """Mass at slots before `slot`: of lower, equal and higher rank."""
        order = np.argsort(rank, kind="stable")  # questions in order find their answers near each other
        begin, below, upto, end = (np.zeros(len(slot)) for _ in range(4))
        slot, rank = slot[order], np.minimum(rank[order], self._width - 2)
        for level, (key, cumulative) in enumerate(self._levels):
            asked = np.flatnonzero((slot >> level) & 1)
            block = ((slot[asked] >> level) - 1) * self._width
            for total, limit in ((begin, 0), (below, rank[asked]), (upto, rank[asked] + 1), (end, self._width - 1)):
                total[asked] += cumulative[np.searchsorted(key, block + limit)]
        sides = [np.empty(len(slot)) for _ in range(3)]
        for side, value in zip(sides, (below - begin, upto - below, end - upto), strict=True):
            side[order] = value
        return _Sides(*sides)
