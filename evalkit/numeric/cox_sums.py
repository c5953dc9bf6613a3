"""Sums over risk sets, from counts or from rows, and the sums over tied events.

Two engines with the same answers. `CountSums` holds how many of each pattern are at risk at each event time, so that
its cost does not depend on the number of people. `RowSums` holds where rows begin and end, and sums them up backwards
in time; it is for covariates that differ from person to person, or more event times than a table can hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evalkit.numeric.cox_data import Design, Layer, RiskSets, add_up

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LARGEST_TABLE = 32_000_000  # cells of eight bytes


def backward(net: Floats) -> Floats:
    """Sum from each slot to the last.

    Parameters
    ----------
    net : numpy.ndarray
        Shape (slots + 1, ...): what ends less what begins at each number of slots passed.

    Returns
    -------
    numpy.ndarray
        Shape (slots, ...).
    """
    result: Floats = np.cumsum(net[:0:-1], axis=0)[::-1]
    return result


def forward(values: Floats) -> Floats:
    """Sum before each slot.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (slots, ...).

    Returns
    -------
    numpy.ndarray
        Shape (slots + 1, ...), beginning with 0.
    """
    result = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=result[1:])
    return result


def _units(layer: Layer) -> Integers:
    return np.arange(len(layer.mass)) if layer.unit is None else layer.unit


def _events(sets: RiskSets, n_units: int) -> sparse.csc_matrix:
    shape = (sets.n_slots, n_units)
    return sparse.coo_matrix((sets.event_mass, (sets.event_slot, sets.event_unit)), shape=shape).tocsc()


def risk_table(sets: RiskSets, n_units: int) -> Floats:
    """Mass at risk of each unit at each event time, the latest first.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    n_units : int
        Rows of the covariate matrix.

    Returns
    -------
    numpy.ndarray
        Shape (units, slots).
    """
    table = _layer_table(sets.layers[0], n_units, sets.n_slots)
    for layer in sets.layers[1:]:
        table = table + _layer_table(layer, n_units, sets.n_slots)
    return table


def _layer_table(layer: Layer, n_units: int, slots: int) -> Floats:
    width = slots + 1
    cell = _units(layer) * width + slots
    net = add_up(cell - layer.last, layer.mass, n_units * width)
    net -= add_up(cell - layer.first, layer.mass, n_units * width)
    net = net.reshape(n_units, width)
    np.cumsum(net, axis=1, out=net)
    table: Floats = net[:, :slots]
    return table if layer.factor is None else table * layer.factor[::-1]


class CountSums:
    """Sums from a table of patterns by event times.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    covariates : Design
        One row for each pattern.
    """

    def __init__(self, sets: RiskSets, covariates: Design) -> None:
        self._design = covariates
        self._events = _events(sets, covariates.n_units)
        # Latest slot first: whoever ends later is at risk before, so that sums over slots run forward in memory.
        self._latest_first = risk_table(sets, covariates.n_units)

    def levels(self, risk: Floats) -> tuple[Floats, Floats]:
        """Sum the risks.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.

        Returns
        -------
        tuple of numpy.ndarray
            Shape (slots,) each: of those at risk, and of those with the event.
        """
        return (risk @ self._latest_first)[::-1], self._events @ risk

    def moments(self, risk: Floats) -> tuple[Floats, Floats]:
        """Sum the covariates, weighted by the risks.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.

        Returns
        -------
        tuple of numpy.ndarray
            Shape (slots, columns) each: of those at risk, and of those with the event.
        """
        latest_first = np.zeros((self._latest_first.shape[1], self._design.n_columns))
        at_event = np.zeros_like(latest_first)
        for part, block in self._design.blocks():
            weighted = block * risk[part, None]
            latest_first += self._latest_first[part].T @ weighted
            at_event += self._events[:, part] @ weighted
        return latest_first[::-1], at_event

    def exposure(self, risk: Floats, at_risk: Floats, at_event: Floats) -> Floats:
        """Sum a function of time over the slots of each unit.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.
        at_risk, at_event : numpy.ndarray
            Shape (slots,): what counts at each slot at risk, and what is taken off for those with the event.

        Returns
        -------
        numpy.ndarray
            Shape (units,).
        """
        result: Floats = risk * (self._latest_first @ at_risk[::-1] - self._events.T @ at_event)
        return result


class RowSums:
    """Sums from where rows begin and end.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    covariates : Design
        One row for each row of the data, or for each pattern.
    """

    def __init__(self, sets: RiskSets, covariates: Design) -> None:
        self._design = covariates
        self._events = _events(sets, covariates.n_units)
        self._layers = [(self._ends(layer, sets.n_slots), layer.factor) for layer in sets.layers]

    def _ends(self, layer: Layer, slots: int) -> sparse.csc_matrix:
        """Mass at the end of each row, less mass at its beginning; shape (slots + 1, units)."""
        shape = (slots + 1, self._design.n_units)
        slot = np.stack([layer.last, layer.first], axis=1).ravel()
        mass = np.stack([layer.mass, -layer.mass], axis=1).ravel()
        if layer.unit is None:
            return sparse.csc_matrix((mass, slot, np.arange(0, len(mass) + 1, 2)), shape=shape)
        return sparse.coo_matrix((mass, (slot, np.repeat(layer.unit, 2))), shape=shape).tocsc()

    @staticmethod
    def _at_risk(net: Floats, factor: Floats | None) -> Floats:
        total = backward(net)
        if factor is None:
            return total
        return total * (factor if total.ndim == 1 else factor[:, None])

    def levels(self, risk: Floats) -> tuple[Floats, Floats]:
        """Sum the risks, as `CountSums`.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.

        Returns
        -------
        tuple of numpy.ndarray
            Shape (slots,) each.
        """
        at_event = self._events @ risk
        at_risk = sum(self._at_risk(ends @ risk, factor) for ends, factor in self._layers)
        # Whoever has the event is at risk: rounding in the differences shall not say otherwise.
        return np.maximum(at_risk, at_event), at_event

    def moments(self, risk: Floats) -> tuple[Floats, Floats]:
        """Sum the covariates, weighted by the risks, as `CountSums`.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.

        Returns
        -------
        tuple of numpy.ndarray
            Shape (slots, columns) each.
        """
        columns = self._design.n_columns
        at_event = np.zeros((self._events.shape[0], columns))
        nets = [np.zeros((ends.shape[0], columns)) for ends, _ in self._layers]
        for part, block in self._design.blocks():
            at_event += _columns(self._events, part, risk) @ block
            for (ends, _), net in zip(self._layers, nets, strict=True):
                net += _columns(ends, part, risk) @ block
        at_risk = [self._at_risk(net, factor) for (_, factor), net in zip(self._layers, nets, strict=True)]
        return sum(at_risk[1:], start=at_risk[0]), at_event

    def exposure(self, risk: Floats, at_risk: Floats, at_event: Floats) -> Floats:
        """Sum a function of time over the slots of each unit, as `CountSums`.

        Parameters
        ----------
        risk : numpy.ndarray
            Shape (units,), relative hazard.
        at_risk, at_event : numpy.ndarray
            Shape (slots,).

        Returns
        -------
        numpy.ndarray
            Shape (units,).
        """
        total = -(self._events.T @ at_event)
        for ends, factor in self._layers:
            total += ends.T @ forward(at_risk if factor is None else at_risk * factor)
        result: Floats = risk * total
        return result


def _columns(matrix: sparse.csc_matrix, part: slice, risk: Floats) -> sparse.csc_matrix:
    """Some columns of a sparse matrix, each multiplied by its risk."""
    pointer = matrix.indptr[part.start : part.stop + 1]
    entries = slice(pointer[0], pointer[-1])
    data = matrix.data[entries] * np.repeat(risk[part], np.diff(pointer))
    shape = (matrix.shape[0], part.stop - part.start)
    return sparse.csc_matrix((data, matrix.indices[entries], pointer - pointer[0]), shape=shape)


Sums = CountSums | RowSums


def engine(sets: RiskSets, covariates: Design, kind: str = "auto") -> Sums:
    """Choose how to sum.

    Parameters
    ----------
    sets : RiskSets
        Who is at risk when.
    covariates : Design
        One row for each row of the data, or for each pattern.
    kind : {"auto", "counts", "rows"}, default "auto"
        "auto" takes counts where their table is no larger than the list of where rows begin and end.

    Returns
    -------
    Sums
        The engine.
    """
    cells = covariates.n_units * (sets.n_slots + 1)
    entries = sum(2 * len(layer.mass) for layer in sets.layers)
    small = cells <= min(LARGEST_TABLE, entries)
    if kind == "counts" or (kind == "auto" and small):
        return CountSums(sets, covariates)
    return RowSums(sets, covariates)


@dataclass(frozen=True, slots=True)
class TieSums:
    """Sums over the events of each slot; D is the risk left at the k-th of d tied events, q = k / d from 0.

    Parameters
    ----------
    hazard, hazard_q : numpy.ndarray
        Shape (slots,), sums of 1 / D and q / D, times the mean weight of the events.
    square, square_q, square_qq : numpy.ndarray
        Shape (slots,), sums of 1 / D^2, q / D^2 and q^2 / D^2, times the mean weight.
    log : numpy.ndarray
        Shape (slots,), sums of log D, times the mean weight.
    """

    hazard: Floats
    hazard_q: Floats
    square: Floats
    square_q: Floats
    square_qq: Floats
    log: Floats


class Ties:
    """How tied events are summed.

    Parameters
    ----------
    deaths, death_mass : numpy.ndarray
        Shape (slots,), events, and events times case weight.
    efron : bool
        Efron's approximation; else Breslow's.
    """

    def __init__(self, deaths: Floats, death_mass: Floats, *, efron: bool) -> None:
        self._mass = death_mass
        number = np.rint(deaths).astype(np.int64)
        self._tied = np.flatnonzero(number > 1) if efron else np.empty(0, dtype=np.int64)
        number = number[self._tied]
        self._begin = np.cumsum(number) - number
        self._step = np.repeat(np.arange(len(number)), number)
        place = np.arange(len(self._step)) - self._begin[self._step]
        self._share = place / number[self._step] if len(number) else np.empty(0)
        self._mean = death_mass[self._tied] / number

    def hazards(self, level: Floats, level_event: Floats) -> tuple[Floats, Floats]:
        """Only the first two of the sums: all that a score needs.

        Parameters
        ----------
        level, level_event : numpy.ndarray
            Shape (slots,), summed risk of those at risk, and of those with the event.

        Returns
        -------
        tuple of numpy.ndarray
            Shape (slots,) each: `hazard` and `hazard_q` of `TieSums`.
        """
        hazard = self._mass / level
        hazard_q = np.zeros_like(hazard)
        if len(self._tied):
            inverse = 1.0 / self._left(level, level_event)
            hazard[self._tied] = self._over_events(inverse)
            hazard_q[self._tied] = self._over_events(self._share * inverse)
        return hazard, hazard_q

    def _left(self, level: Floats, level_event: Floats) -> Floats:
        """Risk left at each of the tied events."""
        tied = self._tied
        result: Floats = level[tied][self._step] - self._share * level_event[tied][self._step]
        return result

    def sums(self, level: Floats, level_event: Floats) -> TieSums:
        """Sums over the events of each slot.

        Parameters
        ----------
        level, level_event : numpy.ndarray
            Shape (slots,), summed risk of those at risk, and of those with the event.

        Returns
        -------
        TieSums
            Not finite where the summed risk is zero.
        """
        hazard = self._mass / level
        square = hazard / level
        log = self._mass * np.log(level)
        zero = np.zeros_like(hazard)
        if not len(self._tied):
            return TieSums(hazard, zero, square, zero, zero, log)
        hazard_q, square_q, square_qq = zero, zero.copy(), zero.copy()
        tied, share = self._tied, self._share
        left = self._left(level, level_event)
        log[tied] = self._over_events(np.log(left))
        inverse = 1.0 / left
        hazard[tied] = self._over_events(inverse)
        inverse_q = share * inverse
        hazard_q[tied] = self._over_events(inverse_q)
        square[tied] = self._over_events(inverse * inverse)
        square_q[tied] = self._over_events(inverse * inverse_q)
        square_qq[tied] = self._over_events(inverse_q * inverse_q)
        return TieSums(hazard, hazard_q, square, square_q, square_qq, log)

    def _over_events(self, values: Floats) -> Floats:
        result: Floats = self._mean * np.add.reduceat(values, self._begin)
        return result
