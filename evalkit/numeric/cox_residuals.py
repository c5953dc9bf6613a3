"""Score and Schoenfeld residuals of a Cox regression, and the robust variance made from them.

Nothing here goes from person to person: each row's residual is a look-up into sums over time, and the sums by cluster
are products with sparse matrices, some hundred thousand clusters at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evalkit.numeric.cox import CoxFit, CoxModel, inverse_information
from evalkit.numeric.cox_data import Design, Layer
from evalkit.numeric.cox_sums import forward

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CHUNK_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class _Entries:
    """Score residuals of rows as `own * x[unit] + tables @ look-up`, for scaled columns and per unit of mass."""

    row: Integers
    unit: Integers
    own: Floats
    cells: Integers  # shape (entries, k)
    values: Floats  # shape (entries, k)
    table: Floats  # shape (cells, columns)


def robust_covariance(model: CoxModel, fit: CoxFit, cluster: npt.ArrayLike | None = None) -> Floats:
    """Robust (sandwich) covariance of the coefficients.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum.
    cluster : array_like, optional
        Shape (rows,), codes 0, 1, ...; without it each row is its own cluster (a row with a count, each of the rows
        that it stands for).

    Returns
    -------
    numpy.ndarray
        Shape (columns, columns), in the unit of the columns; NaN for those that diverge. No correction for few
        clusters, as in R.

    References
    ----------
    .. [1] Lin DY, Wei LJ (1989). JASA 84:1074-1078. Therneau TM, Grambsch PM (2000), section 7.2.
    """
    scale = model.covariates.scale
    bread = inverse_information(fit.at, scale) if fit.diverging else fit.covariance
    meat = np.zeros_like(bread)
    for scores in _cluster_scores(model, fit, cluster):
        meat += scores.T @ scores
    result: Floats = bread @ (meat * np.outer(scale, scale)) @ bread
    result[[*fit.diverging]] = result[:, [*fit.diverging]] = np.nan
    return result


def dfbeta(model: CoxModel, fit: CoxFit, cluster: npt.ArrayLike | None = None) -> Floats:
    """Change of the coefficients, to first order, when a row or cluster is left out, times its weight.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum, without diverging columns.
    cluster : array_like, optional
        Shape (rows,), codes 0, 1, ...; without it each row is its own cluster.

    Returns
    -------
    numpy.ndarray
        Shape (rows, columns) or (clusters, columns), in the unit of the coefficients: R's
        `residuals(type = "dfbeta", weighted = TRUE)`. With counts and no cluster, the square root of the count times
        that of one of the equal rows.
    """
    scores = np.concatenate(list(_cluster_scores(model, fit, cluster)))
    result: Floats = scores @ (fit.covariance * model.covariates.scale[:, None])
    return result


def _cluster_scores(model: CoxModel, fit: CoxFit, cluster: npt.ArrayLike | None) -> Iterator[Floats]:
    """Sums by cluster of the weighted score residuals of the scaled columns, some clusters at a time, in order."""
    sets = model.sets
    codes = np.arange(sets.n_rows) if cluster is None else np.asarray(cluster, dtype=np.int64)
    n_clusters = int(codes.max()) + 1
    multiple = 1.0 if cluster is not None or sets.count is None else 1 / np.sqrt(np.maximum(sets.count, 1))
    parts = []
    for entries in _entries(model, fit):
        group = codes[entries.row]
        order = None if (group[1:] >= group[:-1]).all() else np.argsort(group, kind="stable")
        parts.append((_ordered(entries, order, multiple), group if order is None else group[order]))
    size = max(1, _CHUNK_BYTES // (8 * max(model.covariates.n_columns, 1)))
    for begin in range(0, n_clusters, size):
        end = min(begin + size, n_clusters)
        yield sum(
            (_chunk(entries, group, begin, end, model.covariates) for entries, group in parts),
            start=np.zeros((end - begin, model.covariates.n_columns)),
        )


def _ordered(entries: _Entries, order: Integers | None, multiple: Floats | float) -> _Entries:
    factor = multiple if isinstance(multiple, float) else multiple[entries.row]
    own = entries.own * factor
    values = entries.values * (factor if isinstance(factor, float) else factor[:, None])
    if order is None:
        return _Entries(entries.row, entries.unit, own, entries.cells, values, entries.table)
    return _Entries(
        entries.row[order], entries.unit[order], own[order], entries.cells[order], values[order], entries.table
    )


def _chunk(entries: _Entries, group: Integers, begin: int, end: int, covariates: Design) -> Floats:
    first, last = np.searchsorted(group, [begin, end])
    part = slice(int(first), int(last))
    lengths = np.bincount(group[part] - begin, minlength=end - begin)
    pointer = np.concatenate([[0], np.cumsum(lengths)])
    width = entries.cells.shape[1]
    lookup = sparse.csr_matrix(
        (entries.values[part].ravel(), entries.cells[part].ravel(), pointer * width),
        shape=(end - begin, len(entries.table)),
    )
    result: Floats = lookup @ entries.table
    if covariates.ready is not None:
        own = sparse.csr_matrix(
            (entries.own[part], entries.unit[part], pointer), shape=(end - begin, covariates.n_units)
        )
        result += own @ covariates.ready
        return result
    units = entries.unit[part]
    values = (covariates.x[units] - covariates.centre) / covariates.scale
    own = sparse.csr_matrix((entries.own[part], np.arange(len(units)), pointer), shape=(end - begin, len(units)))
    result += own @ values
    return result


def _entries(model: CoxModel, fit: CoxFit) -> Iterator[_Entries]:
    """Pieces of the score residuals, layer by layer, then those of the events."""
    at, ties = fit.at, fit.at.ties
    compensator = ties.square[:, None] * at.at_risk - ties.square_q[:, None] * at.at_event
    for layer in model.sets.layers:
        yield _at_risk(layer, at.risk, ties.hazard, compensator)
    sets = model.sets
    slot, unit, mass = sets.event_slot, sets.event_unit, sets.event_mass
    tied = ties.square_q[:, None] * at.at_risk - ties.square_qq[:, None] * at.at_event
    mean = mean_covariates(model, fit)
    risk = mass * at.risk[unit]
    yield _Entries(
        sets.event_row,
        unit,
        mass + risk * ties.hazard_q[slot],
        np.stack([slot, slot + sets.n_slots], axis=1),
        np.stack([-mass, -risk], axis=1),
        np.concatenate([mean, tied]),
    )


def _at_risk(layer: Layer, risk: Floats, hazard: Floats, compensator: Floats) -> _Entries:
    unit = np.arange(len(layer.mass)) if layer.unit is None else layer.unit
    row = np.arange(len(layer.mass)) if layer.row is None else layer.row
    if layer.factor is not None:
        hazard, compensator = hazard * layer.factor, compensator * layer.factor[:, None]
    cumulative = forward(hazard)
    weighted = layer.mass * risk[unit]
    own = -weighted * (cumulative[layer.last] - cumulative[layer.first])
    cells = np.stack([layer.last, layer.first], axis=1)
    return _Entries(row, unit, own, cells, np.stack([weighted, -weighted], axis=1), forward(compensator))


def mean_covariates(model: CoxModel, fit: CoxFit) -> Floats:
    """Mean of the scaled covariates over each risk set, averaged over tied events.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum.

    Returns
    -------
    numpy.ndarray
        Shape (slots, columns), centred and scaled.
    """
    at, ties = fit.at, fit.at.ties
    total = ties.hazard[:, None] * at.at_risk - ties.hazard_q[:, None] * at.at_event
    result: Floats = total / model.sets.death_mass[:, None]
    return result


def schoenfeld(model: CoxModel, fit: CoxFit) -> Floats:
    """Schoenfeld residuals summed over the events of each event time.

    Parameters
    ----------
    model : CoxModel
        Risk sets and covariates.
    fit : CoxFit
        Its maximum.

    Returns
    -------
    numpy.ndarray
        Shape (slots, columns), in the unit of the columns; events count with their number, not with case weights.

    References
    ----------
    .. [1] Schoenfeld D (1982). Biometrika 69:239-241.
    """
    sets = model.sets
    number = np.ones(len(sets.event_row)) if sets.count is None else sets.count[sets.event_row]
    shape = (sets.n_slots, model.covariates.n_units)
    events = sparse.coo_matrix((number, (sets.event_slot, sets.event_unit)), shape=shape).tocsc()
    observed = np.zeros((sets.n_slots, model.covariates.n_columns))
    for part, block in model.covariates.blocks():
        observed += events[:, part] @ block
    result: Floats = (observed - sets.deaths[:, None] * mean_covariates(model, fit)) * model.covariates.scale
    return result
