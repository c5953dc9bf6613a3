"""Rows (start, stop] made ready for the partial likelihood: risk sets by event time, covariates centred and scaled.

A *slot* is one event time of one stratum; slots are numbered by stratum, then by time. The slots at which a row is at
risk are a range, so that a row is two integers, and every sum over a risk set is a difference of cumulative sums.
Times are compared exactly: whoever calls makes times equal that differ by rounding only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CHUNK_BYTES = 4_000_000
_CACHED_BYTES = 256_000_000
_LARGEST_TABLE = 4_000_000


class NoEventsError(ValueError):
    """No row with a positive weight ends with an event, so that there is nothing to estimate."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Rows at risk over ranges of slots.

    Parameters
    ----------
    first, last : numpy.ndarray
        Shape (rows,), slots; at risk at `first <= slot < last`.
    mass : numpy.ndarray
        Shape (rows,), case weight times count.
    unit : numpy.ndarray or None
        Shape (rows,), the row of the covariate matrix; None when row i has covariates i.
    row : numpy.ndarray or None
        Shape (rows,), the row of the data to which each belongs; None when they are the rows of the data, in order.
    factor : numpy.ndarray or None
        Shape (slots,), by which the mass is multiplied at each slot; None for 1 everywhere.
    """

    first: Integers
    last: Integers
    mass: Floats
    unit: Integers | None
    row: Integers | None = None
    factor: Floats | None = None


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Who is at risk and who has the event, at each event time of each stratum.

    Parameters
    ----------
    time : numpy.ndarray
        Shape (slots,), event times in the unit of the rows, ascending within a stratum.
    stratum : numpy.ndarray
        Shape (slots,), the code of the stratum; 0 without strata.
    deaths : numpy.ndarray
        Shape (slots,), events counted with their frequency, without case weights.
    death_mass : numpy.ndarray
        Shape (slots,), events counted with frequency times case weight.
    layers : tuple of Layer
        The rows, and for subdistribution hazards what keeps people at risk after a competing event.
    event_row, event_slot : numpy.ndarray
        Shape (events,), rows that end with an event, and when.
    count : numpy.ndarray or None
        Shape (rows,), how many equal rows each stands for; None for one.
    start, stop : numpy.ndarray
        Shape (rows,), as given.
    n_rows : int
        Rows given.
    """

    time: Floats
    stratum: Integers
    deaths: Floats
    death_mass: Floats
    layers: tuple[Layer, ...]
    event_row: Integers
    event_slot: Integers
    count: Floats | None
    start: Floats
    stop: Floats
    n_rows: int

    @property
    def n_slots(self) -> int:
        """Number of event times, over all strata."""
        return len(self.time)

    @property
    def mean_weight(self) -> float:
        """Mean case weight of the events: the scale of the likelihood."""
        return float(self.death_mass.sum() / self.deaths.sum())

    @property
    def event_mass(self) -> Floats:
        """Shape (events,), frequency times case weight of the rows that end with an event."""
        mass: Floats = self.layers[0].mass[self.event_row]
        return mass

    @property
    def event_unit(self) -> Integers:
        """Shape (events,), the row of the covariate matrix of each event."""
        unit = self.layers[0].unit
        return self.event_row if unit is None else unit[self.event_row]


@dataclass(frozen=True, slots=True)
class Design:
    """The covariates, read in blocks as `(x - centre) / scale`, so that no second copy of a large matrix is needed.

    Parameters
    ----------
    x : numpy.ndarray
        Shape (units, columns): one row for each row of the data, or for each pattern.
    centre, scale : numpy.ndarray
        Shape (columns,), in the unit of the column; the largest distance from the centre is 1 after scaling.
    ready : numpy.ndarray or None
        Shape (units, columns), centred and scaled, where that is small enough to be kept.
    """

    x: npt.NDArray[Any]
    centre: Floats
    scale: Floats
    ready: Floats | None = field(repr=False, default=None)

    @property
    def n_units(self) -> int:
        """Rows of the matrix."""
        return int(self.x.shape[0])

    @property
    def n_columns(self) -> int:
        """Columns of the matrix."""
        return int(self.x.shape[1])

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Give the centred and scaled matrix block by block.

        Yields
        ------
        tuple of slice and numpy.ndarray
            Which units, and their values, shape (units of the block, columns).
        """
        if self.ready is not None:
            yield slice(0, self.n_units), self.ready
            return
        size = max(256, _CHUNK_BYTES // (8 * max(self.n_columns, 1)))
        for start in range(0, self.n_units, size):
            part = slice(start, min(start + size, self.n_units))
            block = self.x[part] - self.centre
            block /= self.scale
            yield part, block

    def linear(self, beta: Floats) -> Floats:
        """Linear predictor of each unit.

        Parameters
        ----------
        beta : numpy.ndarray
            Shape (columns,), for the scaled columns.

        Returns
        -------
        numpy.ndarray
            Shape (units,).
        """
        result = np.empty(self.n_units)
        for part, block in self.blocks():
            result[part] = block @ beta
        return result

    def total(self, weights: Floats) -> Floats:
        """Weighted sum of the units.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape (units,).

        Returns
        -------
        numpy.ndarray
            Shape (columns,).
        """
        result = np.zeros(self.n_columns)
        for part, block in self.blocks():
            result += weights[part] @ block
        return result

    def products(self, weights: Floats) -> Floats:
        """Weighted sum of the products of the columns.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape (units,), of any sign.

        Returns
        -------
        numpy.ndarray
            Shape (columns, columns), symmetric.
        """
        result = np.zeros((self.n_columns, self.n_columns))
        positive = bool(weights.min(initial=0.0) >= 0)
        root = np.sqrt(weights) if positive else weights
        for part, block in self.blocks():
            scaled = block * root[part, None]
            result += scaled.T @ (scaled if positive else block)  # equal factors: the symmetric product costs half
        return result


def design(x: npt.ArrayLike, weights: Floats) -> Design:
    """Covariates with their centre and scale.

    Parameters
    ----------
    x : array_like
        Shape (units, columns), finite.
    weights : numpy.ndarray
        Shape (units,), for the centre; not all zero.

    Returns
    -------
    Design
        Small matrices are held centred and scaled; large ones are not copied.
    """
    matrix = np.asarray(x)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    n, columns = matrix.shape
    centre = np.zeros(columns)
    size = max(256, _CHUNK_BYTES // (8 * max(columns, 1)))
    for start in range(0, n, size):
        centre += weights[start : start + size] @ matrix[start : start + size].astype(np.float64)
    centre /= weights.sum()
    spread = np.maximum(matrix.max(axis=0) - centre, centre - matrix.min(axis=0)) if n else np.ones(columns)
    scale = np.where(spread > 0, spread, 1.0).astype(np.float64)
    plain = Design(matrix, centre, scale)
    if matrix.size * 8 > _CACHED_BYTES:
        return plain
    return Design(matrix, centre, scale, np.ascontiguousarray((matrix - centre) / scale))


def risk_sets(
    start: npt.ArrayLike,
    stop: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    pattern: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
) -> RiskSets:
    """Risk sets of rows (start, stop].

    Parameters
    ----------
    start, stop : array_like
        Shape (rows,), times in one unit, start < stop; at risk at t when start < t <= stop.
    event : array_like
        Shape (rows,), whether the row ends with the event.
    pattern : array_like, optional
        Shape (rows,), the row of the covariate matrix; without it row i of the data has row i of the matrix.
    weights : array_like, optional
        Shape (rows,), case weights, none negative: R's `coxph(weights = )`.
    counts : array_like, optional
        Shape (rows,), whole numbers, how many equal rows each stands for: the same as writing the row that often.
    strata : array_like, optional
        Shape (rows,), codes 0, 1, ...

    Returns
    -------
    RiskSets
        With one layer.

    Raises
    ------
    NoEventsError
        When no row of positive weight ends with an event.
    """
    begin, end = np.asarray(start, dtype=np.float64), np.asarray(stop, dtype=np.float64)
    happened = np.asarray(event, dtype=bool)
    count = None if counts is None else np.asarray(counts, dtype=np.float64)
    mass = np.ones(len(end)) if weights is None else np.asarray(weights, dtype=np.float64)
    mass = mass if count is None else mass * count
    event_row = np.flatnonzero(happened & (mass > 0))
    if not len(event_row):
        message = "no row of positive weight ends with an event"
        raise NoEventsError(message)
    codes = None if strata is None else np.asarray(strata, dtype=np.int64)
    time, stratum, first, last = _slots(begin, end, event_row, codes)
    event_slot = last[event_row] - 1
    each = None if count is None else count[event_row]
    deaths = add_up(event_slot, each, len(time))
    death_mass = add_up(event_slot, mass[event_row], len(time))
    unit = None if pattern is None else np.asarray(pattern, dtype=np.int64)
    layers = (Layer(first, last, mass, unit),)
    return RiskSets(time, stratum, deaths, death_mass, layers, event_row, event_slot, count, begin, end, len(end))


def _slots(
    start: Floats, stop: Floats, event_row: Integers, strata: Integers | None
) -> tuple[Floats, Integers, Integers, Integers]:
    """Event times by stratum, and the range of them at which each row is at risk."""
    times = np.unique(stop[event_row])
    before, until = positions(times, start), positions(times, stop)
    if strata is None:
        return times, np.zeros(len(times), dtype=np.int64), before, until
    width = len(times) + 1
    keys = np.unique(strata[event_row] * width + until[event_row] - 1)
    first = positions(keys, strata * width + before - 1)
    last = positions(keys, strata * width + until - 1)
    return times[keys % width], keys // width, first, last


def add_up(index: Integers, values: Floats | None, length: int) -> Floats:
    """Sum values by index.

    Parameters
    ----------
    index : numpy.ndarray
        Shape (n,), whole numbers from 0.
    values : numpy.ndarray or None
        Shape (n,); None counts.
    length : int
        How many sums.

    Returns
    -------
    numpy.ndarray
        Shape (length,).
    """
    result: Floats = np.bincount(index, values, length).astype(np.float64, copy=False)
    return result


def positions(sorted_values: npt.NDArray[Any], values: npt.NDArray[Any]) -> Integers:
    """How many of the sorted values are at most each value.

    Parameters
    ----------
    sorted_values : numpy.ndarray
        Shape (m,), ascending.
    values : numpy.ndarray
        Shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,), whole numbers from 0 to m.
    """
    if len(values) < 1000:
        return np.searchsorted(sorted_values, values, side="right")
    low, high = float(values.min()), float(values.max())
    if not high - low < min(_LARGEST_TABLE, len(values)):  # also when a limit is infinite
        return np.searchsorted(sorted_values, values, side="right")
    whole = (values - np.floor(low)).astype(np.int64)
    if not np.array_equal(whole + np.floor(low), values):
        return np.searchsorted(sorted_values, values, side="right")
    # Whole numbers, as months or days: a table of all of them is several times faster than a search for each.
    table = np.searchsorted(sorted_values, np.floor(low) + np.arange(int(whole.max()) + 1), side="right")
    result: Integers = table[whole]
    return result
