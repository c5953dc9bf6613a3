"""BCa intervals for changes of many outcomes from one set of draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from evalkit.change.outcomes import Outcome
from evalkit.errors import Problem
from evalkit.frames import Problems, whole
from evalkit.numeric.pairs import changes
from evalkit.numeric.resampling import bca, few_distinct, left_out_means, resampled_means
from evalkit.numeric.values import Interval

Floats = npt.NDArray[np.float64]
# From means of columns, shape (..., columns), and the pairs behind them to the statistic, shape (...,).
Statistic = Callable[[Floats, int], Floats]

LEAST_DRAWS = 1000
FEW_PAIRS = 10


def draws_right(interval: str, draws: object, seed: object) -> Problems:
    """Check what a bootstrap needs.

    Parameters
    ----------
    interval : str
        The interval asked for; all but "bca" need nothing.
    draws : object
        Number of draws.
    seed : object
        Seed of the draws.

    Returns
    -------
    list of Problem
        DAT-009 for a missing seed or a number that is not whole, DAT-002 for fewer than a thousand draws.
    """
    if interval != "bca":
        return []
    problems = whole("draws", draws, low=LEAST_DRAWS)
    if seed is None:
        remedy = "Write seed= with any whole number, and keep it."
        return [*problems, Problem("DAT-009", "seed", "none", "a whole number, as the draws are random", remedy)]
    return [*problems, *whole("seed", seed, low=0)]


def mean_columns(outcome: Outcome) -> tuple[Floats, Statistic]:
    """Columns and statistic of a mean change.

    Parameters
    ----------
    outcome : Outcome
        The pairs.

    Returns
    -------
    numpy.ndarray of float, callable
        Shape (pairs, 1): changes less their mean; and what turns means of them into mean changes.
    """
    change = changes(outcome.before, outcome.after)
    centre = change.mean()
    return (change - centre)[:, None], lambda means, _: means[..., 0] + centre


def standardised_columns(outcome: Outcome, kind: str) -> tuple[Floats, Statistic]:
    """Columns and statistic of a standardised change.

    Parameters
    ----------
    outcome : Outcome
        The pairs.
    kind : {"d_z", "d_av", "d_rm"}
        Which standard deviation divides.

    Returns
    -------
    numpy.ndarray of float, callable
        Shape (pairs, 2) for d_z: changes in standard units about their mean, and their squares; (pairs, 5) else, with
        those of before and the products. And what turns means of them into standardised changes, not finite where the
        divisor is zero.
    """
    change = changes(outcome.before, outcome.after)
    # One unit for both waves, so that the change is in that unit too.
    unit = max(float(np.ptp(outcome.before)), float(np.ptp(outcome.after)), float(np.abs(change).max())) or 1.0
    moved, centre = (change - change.mean()) / unit, float(change.mean()) / unit
    columns = [moved, moved**2]
    if kind != "d_z":
        before = (outcome.before - outcome.before.mean()) / unit
        columns += [before, before**2, before * moved]

    def statistic(means: Floats, n: int) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((means[..., 0] + centre) / _divisor(means, n, kind))

    return np.column_stack(columns), statistic


def _divisor(means: Floats, n: int, kind: str) -> Floats:
    """Standard deviation that divides, from means of changes, their squares, before, its squares, and products."""
    scale = n / (n - 1)
    of_change = _kept(scale * (means[..., 1] - means[..., 0] ** 2))
    if kind == "d_z":
        return np.asarray(np.sqrt(of_change))
    of_before = _kept(scale * (means[..., 3] - means[..., 2] ** 2))
    together = scale * (means[..., 4] - means[..., 2] * means[..., 0])
    of_after = _kept(of_before + of_change + 2 * together)
    if kind == "d_av":
        return np.asarray((np.sqrt(of_before) + np.sqrt(of_after)) / 2)
    r = (of_before + together) / np.sqrt(of_before * of_after)
    return np.asarray(np.sqrt(of_change / (2 * (1 - r))))


def _kept(variance: Floats) -> Floats:
    """Turn what is left of a variance that cancels out, which is rounding, into zero."""
    return np.where(variance > 1e-14, variance, 0.0)


def bca_intervals(
    parts: Sequence[tuple[Floats, Statistic]], same_rows: Sequence[object], *, draws: int, seed: int, level: float
) -> list[tuple[Interval, bool]]:
    """Bootstrap many outcomes; those with the same complete pairs share the draws.

    Parameters
    ----------
    parts : sequence of (numpy.ndarray, callable)
        Columns, shape (pairs, any), and statistic of each outcome, with at least two pairs.
    same_rows : sequence of object
        For each outcome what is equal where the rows of the frame are the same.
    draws, seed : int
        Number of samples, and where their randomness begins: every set of rows begins there anew, so that an outcome
        has the same interval alone and among others.
    level : float
        Confidence level.

    Returns
    -------
    list of (Interval, bool)
        BCa limits, and whether the statistic was defined in all draws; those in which it was not are left out.
    """
    groups: dict[object, list[int]] = {}
    for place, rows in enumerate(same_rows):
        groups.setdefault(rows, []).append(place)
    found: dict[int, tuple[Interval, bool]] = {}
    for places in groups.values():
        blocks = [parts[place][0] for place in places]
        ends = np.cumsum([block.shape[1] for block in blocks])
        means = _means(blocks, draws, seed)
        for place, end, block in zip(places, ends, blocks, strict=True):
            found[place] = _one(block, parts[place][1], means[:, end - block.shape[1] : end], level)
    return [found[place] for place in range(len(parts))]


def _means(blocks: Sequence[Floats], draws: int, seed: int) -> Floats:
    """Draw the means of the columns of all blocks; a block of few different rows is drawn by itself."""
    alone = [few_distinct(block) for block in blocks]
    together = [block for block, few in zip(blocks, alone, strict=True) if not few]
    shared = resampled_means(np.hstack(together), draws, np.random.default_rng(seed)) if together else None
    found, start = [], 0
    for block, few in zip(blocks, alone, strict=True):
        if few or shared is None:
            found.append(resampled_means(block, draws, np.random.default_rng(seed)))
        else:
            found.append(shared[:, start : start + block.shape[1]])
            start += block.shape[1]
    return np.hstack(found)


def _one(block: Floats, statistic: Statistic, means: Floats, level: float) -> tuple[Interval, bool]:
    n = len(block)
    estimate = float(statistic(block.mean(axis=0), n))
    drawn = statistic(means, n)
    defined = np.isfinite(drawn)
    left_out = statistic(left_out_means(block), n - 1) if n > 2 else np.full(n, np.nan)
    return bca(estimate, drawn[defined], left_out, level=level), bool(defined.all())
