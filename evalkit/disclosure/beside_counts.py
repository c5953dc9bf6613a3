"""Amounts, means and extremes beside counts: what may leave of them, given what leaves of the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.amounts import AmountStakes
from evalkit.disclosure.cells import Flags, Layout, lay_out
from evalkit.disclosure.complementary import hide
from evalkit.disclosure.means import hidden_means, least_people
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import dominated, origins
from evalkit.disclosure.table_checks import Roles, whole_truth

Floats = npt.NDArray[np.float64]
# Name of a table and of a column -> shape (rows,).
Columns = dict[tuple[str, str], Floats]
# A printed mean is rounded: within so much of amount over people it is their mean.
_NEAR = 0.01


@dataclass(frozen=True, slots=True)
class BesideCounts:
    """What may leave beside the counts.

    Parameters
    ----------
    amounts, means : dict of (str, str) to numpy.ndarray
        Name of a table and of a column -> shape (rows,), in its own unit; NaN where withheld.
    """

    amounts: Columns
    means: Columns


def released_beside(
    tables: Mapping[str, pd.DataFrame], layouts: Sequence[Layout], released: Columns, roles: Roles, rules: Profile
) -> BesideCounts:
    """Protect amounts, means and extremes.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The tables by name.
    layouts : sequence of Layout
        Where their rows stand.
    released : dict of (str, str) to numpy.ndarray
        Name of a table and count -> shape (rows,), people as released; NaN where withheld.
    roles : Roles
        What the columns are.
    rules : Profile
        The rules.

    Returns
    -------
    BesideCounts
        What may leave.
    """
    least = _least_by_table(layouts, released, roles, rules)
    sums: Columns = {}
    for amount in roles.amounts:
        sums |= _released_amount(tables, layouts, amount, released, least, roles, rules)
    means: Columns = {}
    for mean in roles.means:
        means |= _released_mean(tables, layouts, mean, released, sums, least, roles, rules)
    return BesideCounts(sums, means)


def _least_by_table(layouts: Sequence[Layout], released: Columns, roles: Roles, rules: Profile) -> Columns:
    """Say, for each released count, how few people it may stand for; 0 where it is withheld."""
    found: Columns = {}
    for count in roles.counts:
        cells = lay_out([layout for layout in layouts if count in layout.counts], [count], {}, joint=False)
        people = np.full(len(cells.keys), np.nan)
        for (name, _), at in cells.found_at.items():
            people[at] = released[name, count]
        least = np.where(np.isnan(people), 0.0, least_people(cells, people, rules))
        found |= {key: least[at] for key, at in cells.found_at.items()}
    return found


def _too_few(key: tuple[str, str], released: Columns, least: Columns, rules: Profile) -> Flags:
    """Tell in which rows a count is withheld, or may be too small for a mean; not where all see that it is nobody.

    Only what is released decides, so that a missing mean tells nothing more of the count.
    """
    few = np.isnan(released[key]) | (least[key] < rules.mean_min_n)
    return few & ~nobody(released[key], rules)


def nobody(people: Floats, rules: Profile) -> Flags:
    """Tell where everybody sees that there is nobody.

    Parameters
    ----------
    people : numpy.ndarray
        Shape (rows,), people as released; NaN where withheld.
    rules : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (rows,). A zero that one or two people are rounded to does not say so.
    """
    return np.asarray((people == 0) & (origins(people, rules)[1] == 0))


def _released_amount(
    tables: Mapping[str, pd.DataFrame],
    layouts: Sequence[Layout],
    amount: str,
    released: Columns,
    least: Columns,
    roles: Roles,
    rules: Profile,
) -> Columns:
    """Protect one kind of amounts in all tables that have it."""
    having = [Layout(at.name, at.places, (amount,)) for at in layouts if amount in tables[at.name].columns]
    cells = lay_out(having, [amount], {})
    truth = np.full(len(cells.keys), np.nan)
    primary = np.zeros(len(cells.keys), dtype=bool)
    for (name, _), at in cells.found_at.items():
        table = tables[name]
        truth[at] = table[amount].to_numpy(dtype=float)
        primary[at] |= dominated(truth[at], table[list(roles.amounts[amount])].to_numpy(dtype=float), rules)
        for key in released:
            if key[0] == name:
                primary[at] |= _too_few(key, released, least, rules)
    truth = whole_truth(cells, truth, tables)
    hidden = hide(AmountStakes(cells, truth, rules, primary))
    values = np.where(hidden, np.nan, truth)
    return {key: values[at] for key, at in cells.found_at.items()}


def _released_mean(
    tables: Mapping[str, pd.DataFrame],
    layouts: Sequence[Layout],
    mean: str,
    released: Columns,
    sums: Columns,
    least: Columns,
    roles: Roles,
    rules: Profile,
) -> Columns:
    """Protect one column of means or extremes in all tables that have it."""
    count = roles.means[mean]
    having = [
        Layout(at.name, at.places, (count,)) for at in layouts if mean in tables[at.name].columns and count in at.counts
    ]
    if not having:
        return {}
    cells = lay_out(having, [count], {})
    people, values = np.full(len(cells.keys), np.nan), np.full(len(cells.keys), np.nan)
    primary, empty = np.zeros(len(cells.keys), dtype=bool), np.zeros(len(cells.keys), dtype=bool)
    follows = np.zeros(len(cells.keys), dtype=bool)
    own: Columns = {}
    for (name, _), at in cells.found_at.items():
        people[at] = tables[name][count].to_numpy(dtype=float)
        own[name, mean] = pd.to_numeric(tables[name][mean], errors="coerce").to_numpy(dtype=float)
        values[at] = np.where(np.isnan(own[name, mean]), values[at], own[name, mean])
        few = _too_few((name, count), released, least, rules)
        # The mean and the number of people tell the amount, whichever amount it is the mean of.
        told = [np.isnan(amount) for (other, _), amount in sums.items() if other == name]
        primary[at] |= np.any([few, *told], axis=0)
        empty[at] |= nobody(released[name, count], rules)
        follows[at] |= np.isnan(released[name, count])
    people = whole_truth(cells, people, tables)
    nothing = cells.published & (people == 0)
    # Of few people what was left empty is as good as withheld; of enough, or nobody, it needs no protection.
    primary &= cells.published & ~empty & (~np.isnan(values) | ~nothing)
    cells = replace(cells, published=cells.published & (~np.isnan(values) | empty | primary))
    # Withheld for the counts alone: that nothing follows was seen to when these were protected.
    proven = rules.rounding == "none" and ceil(rules.mean_min_n) <= rules.threshold and not (primary & ~follows).any()
    hidden = hidden_means(cells, people, values, primary, empty, nothing, rules, proven=proven)
    if rules.rounding != "none":
        for (name, amount), told_sums in sums.items():
            rows = cells.found_at.get((name, count))
            if rows is not None and _is_mean_of(values[rows], people[rows], tables[name][amount].to_numpy(dtype=float)):
                hidden[rows] |= ~np.isnan(told_sums)
    return {(name, mean): np.where(hidden[at], np.nan, own[name, mean]) for (name, _), at in cells.found_at.items()}


def _is_mean_of(means: Floats, people: Floats, amounts: Floats) -> bool:
    """Tell whether amounts are these means times people, so that amount over mean would undo the rounding."""
    known = ~np.isnan(means) & (people > 0)
    return bool(known.any() and np.allclose((means * people)[known], amounts[known], rtol=_NEAR))
