"""Means and extremes beside counts: which may leave so that those of few people do not follow."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
import numpy.typing as npt

from evalkit.disclosure.cells import Cells, Flags
from evalkit.disclosure.complementary import Stakes, hide
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import origins

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEWEST = 2
_NEW = 1e-9
_HIGHEST, _LOWEST = 1, -1


def least_people(cells: Cells, released: Floats, profile: Profile) -> Floats:
    """Say how few people a released count may stand for.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    released : numpy.ndarray
        Shape (cells,), people as released; NaN where withheld or not printed.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), people. A total that is the sum of rounded counts stands for the sum of what these stand for.
    """
    low = origins(released, profile)[0]
    if profile.rounding == "none" or profile.totals != "sum":
        return low
    found = low.copy()
    for cell, parts in enumerate(cells.parts):
        if parts and released[parts[0]].sum() == released[cell]:
            found[cell] = low[parts[0]].sum()
    return found


class _MeanStakes(Stakes):
    """Means are withheld in the pattern in which the people behind them would be: see `hidden_means`."""

    def __init__(self, cells: Cells, people: Floats, profile: Profile, primary: Flags, nobody: Flags) -> None:
        super().__init__(cells, people, profile)
        self.primary = primary
        self.low = self.high = people
        self.readings = [np.zeros(len(people))]
        self.shown_zero = cells.published & nobody


def hidden_means(
    cells: Cells,
    people: Floats,
    values: Floats,
    primary: Flags,
    nobody: Flags,
    nothing: Flags,
    profile: Profile,
    *,
    proven: bool,
) -> Flags:
    """Choose the means, or extremes, to withhold.

    Parameters
    ----------
    cells : Cells
        The cells of all tables that have the column; published where it has a value, or is withheld though it was left
        empty, or nobody is.
    people : numpy.ndarray
        Shape (cells,), whom each rests on.
    values : numpy.ndarray
        Shape (cells,), the means or extremes in their own unit; NaN where there is none.
    primary : numpy.ndarray
        Shape (cells,), True where it is withheld by itself.
    nobody : numpy.ndarray
        Shape (cells,), True where everybody sees that there is nobody.
    nothing : numpy.ndarray
        Shape (cells,), True where there is nobody in a cell that a table has, whether it is seen or not.
    profile : Profile
        The rules.
    proven : bool
        Whether it is known that nothing follows of `primary` by subtraction.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), True where withheld.

    Notes
    -----
    A mean times its people is a sum, and such sums stand in the same equations as the people themselves. Where a
    withheld number of people could be anything from 1 to the threshold, the equations do not fix it; then they do not
    fix the sum either, and what they fix of several together rests on as many people as the threshold. So the pattern
    is sought on the numbers of people, by the search of `protect`, as if they were not rounded.

    Where counts are rounded, exact means would tell the counts: 12 x 20 + 12 x 30 = 24 x 25 holds for no other weights
    from 10 and 10. There means are withheld, totals first, until the equations hold for any weights.

    A highest value of a total that no shown part has is that of someone who is withheld: it is withheld too, and
    wherever else it stands. A column is an extreme when every total in it is the highest (or every one the lowest) of
    its parts, or where no total is printed, the highest of all is the same in all tables. Where parts were left empty,
    a column whose totals are no lower than the parts that are given may be one, or means: it is treated as both.
    """
    if profile.releases_all:
        return np.zeros(len(people), dtype=bool)
    hidden = primary.copy()
    if primary.any() and not proven:
        least = max(profile.threshold, ceil(profile.mean_min_n), _FEWEST)
        rules = replace(profile, threshold=least, rounding="none", base=0)
        hidden = hide(_MeanStakes(cells, people, rules, primary, nobody))
    sides, seen = _extremes(cells, values, nothing)
    beyond = hidden.copy()
    for side in sides:
        beyond |= _beyond(cells, values * side, hidden, nothing)
    if profile.rounding == "none" or seen:
        return beyond
    return beyond | _weighing(cells, beyond, nobody)


def _equations(cells: Cells) -> list[tuple[int, Ints]]:
    """Name each total and its parts."""
    sums = cells.sums
    found = []
    for row in range(sums.shape[0]):
        columns = sums.indices[sums.indptr[row] : sums.indptr[row + 1]]
        signs = sums.data[sums.indptr[row] : sums.indptr[row + 1]]
        found.append((int(columns[signs.argmax()]), np.asarray(columns[signs < 0], dtype=np.int64)))
    return found


def _extremes(cells: Cells, values: Floats, nothing: Flags) -> tuple[list[int], bool]:
    """Tell whether a column may hold the highest or the lowest values, and whether it is seen that it does.

    Where a part is left empty, a total is at least the highest of those that are given.
    """
    possible, seen = [], False
    for side in (_HIGHEST, _LOWEST):
        bounds, complete = _bounds(cells, side * values, nothing)
        told: dict[int, list[float]] = {}
        fits, beside = True, False
        for total, parts in _equations(cells):
            known = bounds[parts][~np.isnan(bounds[parts])]
            if complete[parts].all():
                if len(known) > 1:
                    own = [] if np.isnan(values[total]) else [side * float(values[total])]
                    told.setdefault(total, own).append(float(known.max()))
            elif len(known) and complete[total]:
                fits &= bool(known.max() <= bounds[total])
                beside = True
        several = [each for each in told.values() if len(each) > 1]
        if (several or beside) and fits and all(len(set(each)) == 1 for each in several):
            possible.append(side)
            seen |= bool(several)
    return possible, seen


def _bounds(cells: Cells, values: Floats, nothing: Flags) -> tuple[Floats, Flags]:
    """Work out what the highest values of totals that nobody prints are at least, and for which they are just that."""
    found, complete = values.copy(), ~np.isnan(values) | nothing
    equations = _equations(cells)
    changed = True
    while changed:
        changed = False
        for total, parts in equations:
            known = found[parts][~np.isnan(found[parts])]
            if np.isnan(values[total]) and len(known) and not known.max() <= found[total]:
                found[total], changed = known.max(), True
            if not complete[total] and complete[parts].all():
                complete[total] = changed = True
    return found, complete


def _beyond(cells: Cells, values: Floats, hidden: Flags, nothing: Flags) -> Flags:
    """Withhold highest values that only someone withheld can have, and the same value wherever it stands."""
    equations = _equations(cells)
    high, complete = _bounds(cells, values, nothing)
    gone, tied = hidden.copy(), np.zeros(len(hidden), dtype=bool)
    before = -1
    while before != (before := int(gone.sum() + tied.sum())):
        for total, parts in equations:
            # Of a total that is left empty, as of the few inside it, nobody knows how high it is.
            gone[total] |= bool(gone[parts].any() and not complete[total])
            same = parts[~gone[parts] & (high[parts] == high[total])]
            if not gone[total] and gone[parts].any() and not len(same):
                gone[total] = tied[total] = True
            if tied[total]:
                gone[same] = tied[same] = True
    return gone


def _weighing(cells: Cells, hidden: Flags, nobody: Flags) -> Flags:
    """Name the means of totals that, beside those inside them, would tell by what counts they are weighed."""
    sums = cells.sums.toarray()
    free = hidden | ~cells.published
    size = np.array([sum(map(len, parts)) for parts in cells.parts])
    totals = np.unique([total for total, _ in _equations(cells)]).astype(np.int64)
    candidates = [cell for cell in totals[np.argsort(size[totals], kind="stable")] if not (free[cell] or nobody[cell])]
    found = np.zeros(len(hidden), dtype=bool)
    basis = np.zeros((sums.shape[0], 0))
    for cell in [*np.flatnonzero(free), *candidates]:
        rest = sums[:, cell] - basis @ (basis.T @ sums[:, cell])
        rest -= basis @ (basis.T @ rest)
        if np.linalg.norm(rest) > _NEW:
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            found[cell] = not free[cell]
    return found
