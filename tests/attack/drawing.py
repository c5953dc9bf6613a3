"""Random tables of people as offices publish them: skewed, with small cells and zeros, with margins or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pandas as pd

TOTAL = "Total"
DIMS = ("band", "ethnicity", "department", "sex")
KINDS = ("two-way", "three-way", "linked", "several counts", "single row", "partial margins")
# Count -> the count that its people are among.
SUBSETS = {"leavers": "staff", "shortlisted": "applied", "appointed": "shortlisted"}
SHARES = (0.4, 0.15, 0.25, 0.08, 0.06, 0.06)


@dataclass(frozen=True)
class Table:
    """A long frame with the true counts, one row a cell, margins included."""

    frame: pd.DataFrame
    dims: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """Tables about the same people that are to be released together."""

    name: str
    kind: str
    profile: str
    tables: tuple[Table, ...]

    @property
    def counts(self) -> tuple[str, ...]:
        return tuple(name for name in self.tables[0].frame if name not in self.tables[0].dims)

    @property
    def totals(self) -> dict[str, str]:
        return {dim: TOTAL for table in self.tables for dim in table.dims}

    @property
    def within(self) -> tuple[tuple[str, str], ...]:
        """Pairs of counts of which the first counts a part of those in the second."""
        return tuple((part, SUBSETS[part]) for part in self.counts if part in SUBSETS)


Counts = npt.NDArray[np.int64]


def people(rng: np.random.Generator, shape: Sequence[int]) -> Counts:
    """Draw counts: products of skewed effects, more spread than Poisson, with structural zeros."""
    mean = np.full(tuple(shape), np.exp(rng.uniform(np.log(1.5), np.log(90))))
    for axis, size in enumerate(shape):
        effect = np.exp(rng.normal(0, rng.uniform(0.3, 1.4), size))
        mean = mean * (effect / effect.mean()).reshape([-1 if each == axis else 1 for each in range(len(shape))])
    mean = mean * rng.gamma(2.0, 0.5, mean.shape)
    counts = rng.poisson(mean)
    if rng.random() < 0.4:
        counts = counts * (rng.random(counts.shape) > rng.uniform(0.02, 0.35))
    return counts.astype(np.int64)


def labels(size: int) -> list[str]:
    return [f"{chr(97 + position)}" for position in range(size)]


def long_table(
    counts: dict[str, Counts],
    dims: Sequence[str],
    keep: Sequence[str],
    *,
    margins: Sequence[Sequence[str]] | None = None,
) -> Table:
    """Tabulate by the dims that are kept.

    Parameters
    ----------
    counts : dict of str to numpy.ndarray
        Counts, each with one axis a dim.
    dims, keep : sequence of str
        Axes of the counts; those of the table.
    margins : sequence of sequence of str, optional
        The levels to list, each by the dims that are not at their total. By default all of them.
    """
    levels = [tuple(each) for size in range(len(keep), -1, -1) for each in combinations(keep, size)]
    if margins is not None:
        levels = [each for each in levels if set(each) in [set(margin) for margin in margins]]
    rows = []
    for level in levels:
        away = tuple(axis for axis, dim in enumerate(dims) if dim not in level)
        sums = {count: array.sum(axis=away) for count, array in counts.items()}
        order = [dim for dim in dims if dim in level]
        for at in product(*(range(size) for size in next(iter(sums.values())).shape)):
            named = {dim: labels(26)[position] for dim, position in zip(order, at, strict=True)}
            rows.append(
                {**{dim: named.get(dim, TOTAL) for dim in keep}, **{name: int(each[at]) for name, each in sums.items()}}
            )
    return Table(pd.DataFrame(rows), tuple(keep))


def _size(rng: np.random.Generator, least: int, most: int) -> int:
    """Draw a size, small ones more often."""
    return int(np.clip(round(least * (most / least) ** rng.uniform(-0.1, 1.05)), least, most))


def _two_way(rng: np.random.Generator) -> tuple[Table, ...]:
    shape = (_size(rng, 2, 12), _size(rng, 2, 8))
    return (long_table({"people": people(rng, shape)}, DIMS[:2], DIMS[:2]),)


def _three_way(rng: np.random.Generator) -> tuple[Table, ...]:
    shape = (_size(rng, 2, 5), _size(rng, 2, 4), _size(rng, 2, 3))
    return (long_table({"people": people(rng, shape)}, DIMS[:3], DIMS[:3]),)


def _single_row(rng: np.random.Generator) -> tuple[Table, ...]:
    size = _size(rng, 2, 12)
    if rng.random() < 0.5:
        return (long_table({"people": people(rng, (size,))}, DIMS[:1], DIMS[:1]),)
    return (long_table({"people": people(rng, (1, size))}, DIMS[:2], DIMS[:2]),)


def _partial_margins(rng: np.random.Generator) -> tuple[Table, ...]:
    two, three = DIMS[:2], DIMS[:3]
    options = [
        (two, [two, two[:1]]),
        (two, [two, two[1:]]),
        (two, [two, ()]),
        (two, [two, two[:1], two[1:]]),
        (two, [two, two[:1], ()]),
        (three, [three, three[:2], three[:1], ()]),
        (three, [three, three[1:], three[:1]]),
        (three, [three[:2], three[1:], three[:1], three[1:2], three[2:], ()]),
    ]
    dims, levels = options[rng.integers(len(options))]
    shape = (_size(rng, 2, 7), _size(rng, 2, 6)) if len(dims) == 2 else tuple(_size(rng, 2, 4) for _ in dims)
    return (long_table({"people": people(rng, shape)}, dims, dims, margins=levels),)


def _linked(rng: np.random.Generator) -> tuple[Table, ...]:
    """Draw two tables with a margin in common, a star, chain or ring of three, or a table beside its own margin."""
    a, b, c, d = DIMS
    designs = [
        ((a, b), (a, c)),
        ((a, b), (a, c)),
        ((a, b), (a, c)),
        ((a, b), (b, c), (c, d)),
        ((a, b), (a, c), (a, d)),
        ((a, b), (b, c), (a, c)),
        ((a, b, c), (a, d)),
        ((a, b), (a,)),
    ]
    design = designs[rng.integers(len(designs))]
    dims = [dim for dim in DIMS if any(dim in each for each in design)]
    most = 7 if len(design) == 2 else 4
    shape = [_size(rng, 2, most if len(dims) < 4 else 3) for _ in dims]
    counts = people(rng, shape)
    if rng.random() < 0.5:
        counts = np.ceil(counts / rng.uniform(2, 8)).astype(np.int64)
    drawn = {"people": counts} if rng.random() < 0.85 else _leavers(rng, counts)
    return tuple(long_table(drawn, dims, each) for each in design)


def _several_counts(rng: np.random.Generator) -> tuple[Table, ...]:
    shape = (_size(rng, 2, 8), _size(rng, 2, 6))
    whole = people(rng, shape)
    if rng.random() < 0.7:
        return (long_table(_leavers(rng, whole), DIMS[:2], DIMS[:2]),)
    shortlisted = rng.binomial(whole, rng.beta(3, 3, shape))
    appointed = rng.binomial(shortlisted, rng.beta(2, 4, shape))
    return (long_table({"applied": whole, "shortlisted": shortlisted, "appointed": appointed}, DIMS[:2], DIMS[:2]),)


def _leavers(rng: np.random.Generator, staff: Counts) -> dict[str, Counts]:
    return {"staff": staff, "leavers": rng.binomial(staff, rng.beta(2, 4, staff.shape))}


MAKERS = {
    "two-way": _two_way,
    "three-way": _three_way,
    "linked": _linked,
    "several counts": _several_counts,
    "single row": _single_row,
    "partial margins": _partial_margins,
}


def without_empty(rng: np.random.Generator, table: Table) -> Table:
    """Leave out some inner cells that have no people, as a group-by does."""
    inner = (table.frame[list(table.dims)] != TOTAL).all(axis=1)
    counts = table.frame.drop(columns=list(table.dims))
    empty = inner & (counts == 0).all(axis=1) & (rng.random(len(inner)) < 0.7)
    return replace(table, frame=table.frame[~empty].reset_index(drop=True))


def draw(seed: int, number: int, profiles: Sequence[str]) -> Case:
    """Draw one case; the same seed and number give the same case.

    Parameters
    ----------
    seed, number : int
        Seed of the study, number of the case in it.
    profiles : sequence of str
        Names of disclosure profiles, taken in turn.
    """
    rng = np.random.default_rng([seed, number])
    kind = str(rng.choice(KINDS, p=SHARES))
    tables = MAKERS[kind](rng)
    if len(tables) == 1 and rng.random() < 0.25:
        tables = tuple(without_empty(rng, table) for table in tables)
    if rng.random() < 0.3:
        tables = tuple(
            replace(table, frame=table.frame.sample(frac=1, random_state=rng).reset_index(drop=True))
            for table in tables
        )
    return Case(f"{kind} {number}", kind, profiles[number % len(profiles)], tables)
