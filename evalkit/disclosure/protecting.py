"""`protect`: what may leave of a table of counts, so that nothing withheld can be had by subtraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.beside_counts import BesideCounts, Columns, nobody, released_beside
from evalkit.disclosure.cells import Cells, Layout, lay_out
from evalkit.disclosure.complementary import Stakes, hide
from evalkit.disclosure.loss import loss_beside_naive
from evalkit.disclosure.profiles import DEFAULT, Profile, load_profile
from evalkit.disclosure.rules import release_counts
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.disclosure.table_checks import (
    Given,
    Roles,
    checked_roles,
    families,
    layout_of,
    require_kinds,
    whole_truth,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Protected:
    """A table of counts as it may leave.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a cell in the order of the table: the dimensions; `released` (people; NaN where withheld), or one column
        `released_COUNT` for each of several counts; ratios, means and amounts; `flag`, "suppressed" where any count or
        amount of the row is withheld, else "".
    loss : pandas.DataFrame
        What was withheld, beside naive rules: `count, rule, cells, cells_withheld, share_of_cells, people,
        people_withheld, share_of_people`. For the person at the desk: it counts withheld people.
    counts : tuple of str
        The columns that are counts.
    dims : tuple of str
        The dimensions.
    totals : dict of str to str
        Dimension -> label of its total.
    subset_of : dict of str to str
        Count -> the count that its people are among, both of this table.
    profile : Profile
        The rules.
    linked_subset_of : dict of str to str, optional
        The same of all tables that were protected together, this one among them.
    """

    frame: pd.DataFrame
    loss: pd.DataFrame
    counts: tuple[str, ...]
    dims: tuple[str, ...]
    totals: dict[str, str]
    subset_of: dict[str, str]
    profile: Profile
    linked_subset_of: dict[str, str] = field(default_factory=dict)


@overload
def protect(
    table: Mapping[str, pd.DataFrame],
    *,
    counts: str | Sequence[str],
    dims: str | Sequence[str],
    totals: Mapping[str, str] | None = ...,
    profile: str = ...,
    subset_of: Mapping[str, str] | None = ...,
    ratios: Mapping[str, tuple[str, str]] | None = ...,
    means: Mapping[str, str] | None = ...,
    amounts: Mapping[str, Sequence[str]] | None = ...,
) -> dict[str, Protected]: ...


@overload
def protect(
    table: pd.DataFrame,
    *,
    counts: str | Sequence[str],
    dims: str | Sequence[str],
    totals: Mapping[str, str] | None = ...,
    profile: str = ...,
    subset_of: Mapping[str, str] | None = ...,
    ratios: Mapping[str, tuple[str, str]] | None = ...,
    means: Mapping[str, str] | None = ...,
    amounts: Mapping[str, Sequence[str]] | None = ...,
) -> Protected: ...


def protect(
    table: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    counts: str | Sequence[str],
    dims: str | Sequence[str],
    totals: Mapping[str, str] | None = None,
    profile: str = DEFAULT,
    subset_of: Mapping[str, str] | None = None,
    ratios: Mapping[str, tuple[str, str]] | None = None,
    means: Mapping[str, str] | None = None,
    amounts: Mapping[str, Sequence[str]] | None = None,
) -> Protected | dict[str, Protected]:
    """Withhold what must be withheld of a table of counts, in people.

    Parameters
    ----------
    table : pandas.DataFrame or mapping of str to pandas.DataFrame
        One row a cell, margins included where they are to be published; or several such tables of the same people,
        which are protected together. A combination that has no row counts as nobody, and everybody may know.
    counts : str or sequence of str
        Columns with numbers of people, whole and none missing.
    dims : str or sequence of str
        Columns that say what a cell is about. Of several tables each is about those that it has.
    totals : mapping of str to str, optional
        Dimension -> the label in it that stands for all; a dimension without one has no margin, and rows in it that
        are the sums of all others are refused.
    profile : str, default "staff-survey"
        Disclosure profile.
    subset_of : mapping of str to str, optional
        Count -> the count that its people are among (leavers among staff), also where the two stand in different
        tables. Those who are left over are protected too.
        Say it wherever it is so, and above all where both have means: these tell of those left over.
    ratios : mapping of str to (str, str), optional
        New column -> numerator and denominator, both counts. Computed from what is released of them. A numerator that
        never exceeds its denominator is taken for people of it, as if `subset_of` said so, unless that names another
        count.
    means : mapping of str to str, optional
        Column with a mean or an extreme (its own unit; missing where it is not to be printed) -> the count of people
        that it rests on. It is withheld where that count is, where what is released of it may be fewer than the
        profile's least, where an amount of its row is, and where it would give another withheld mean away. A highest
        (or lowest) value of a total leaves only if a cell that is shown has it. Where the profile rounds, so many means
        of totals are withheld that the others do not tell the exact counts.
    amounts : mapping of str to sequence of str, optional
        Column with a sum over people (whole units) -> the columns with the largest contributions to it, from the first
        on; at least two. It is withheld where any count of its row is, or may be fewer than the profile's least for a
        mean, where few dominate it, and where it would give another withheld amount away.

    Returns
    -------
    Protected or dict of str to Protected
        What may leave; for several tables by name. All other columns stay behind, free text included.

    Raises
    ------
    DataError
        DAT-009 for an empty table, an argument of the wrong kind or a total that is not named, DAT-003 for a missing
        column, DAT-006 for a total whose dimension or label is not there and for dimensions or labels that differ in
        capitals or blanks only ("North" and "north "), DAT-004 and DAT-002 for counts that are missing, negative or not
        whole and for means that are no numbers, DAT-010 for a cell that stands twice and for columns that would share a
        name in the result or have two roles, DAT-007 for a margin that is not the sum of its parts, a cell that two
        tables tell differently, a count among itself, a subset larger than its whole or tables that no people make up
        together; all at once.
    DisclosureError
        DIS-001 for an unknown profile, DIS-006 for tables that overlap in a ring too large to be attacked.

    Notes
    -----
    The attacker knows the released tables, how they are rounded, that counts are whole and not negative, and the
    profile; not which cells were small [1]_. A withheld cell is safe when both a value of at most 1 and one of at least
    the threshold agree with all that is released; a rounded count when every count that is rounded so does. Where
    nothing else helps, margins are withheld. Totals of rounded counts that are all released are the sums of these where
    the profile says so, and tell no more than they do.

    Where the profile shows zeros, the attacker also knows that what is withheld is at least 1, and that a total of k
    counts that are not zero is at least k: such a total is asked to be as low as that, not as low as 1.

    Three tables or more that overlap in a ring (A by B, B by C, A by C) are margins of one larger table of people, and
    are protected as such, also where some are of a count and some of its subset. Dimensions that cross to more than
    1,000 cells are refused [2]_. Two subsets of one count are each held against it, not against each other.

    References
    ----------
    .. [1] Hundepool A and others (2012). Statistical Disclosure Control. Wiley, sections 4.2 to 4.4.
    .. [2] Dobra A, Fienberg SE (2000). Bounds for cell entries in contingency tables given marginal totals and
       decomposable graphs. PNAS 97:11885-11892.

    Examples
    --------
    >>> import pandas as pd
    >>> staff = pd.DataFrame({"site": ["North", "South", "West", "All"], "n": [4, 60, 25, 89]})
    >>> protect(staff, counts="n", dims="site", totals={"site": "All"}).frame["released"].tolist()
    [nan, 60.0, nan, 89.0]
    """
    given = Given(counts, dims, totals, subset_of, ratios, means, amounts)
    require_kinds({"table": table}, given, profile)
    tables = {"table": table} if isinstance(table, pd.DataFrame) else dict(table)
    roles = checked_roles(tables, given, profile)
    rules = load_profile(profile)
    tables = {name: frame.reset_index(drop=True) for name, frame in tables.items()}
    layouts = [layout_of(name, frame, roles) for name, frame in tables.items()]
    released: Columns = {}
    for family in families(roles):
        released |= _released_family(tables, layouts, family, roles, rules)
    beside = released_beside(tables, layouts, released, roles, rules)
    done = {layout.name: _protected(tables[layout.name], layout, released, beside, roles, rules) for layout in layouts}
    return done["table"] if isinstance(table, pd.DataFrame) else done


def _released_family(
    tables: Mapping[str, pd.DataFrame],
    layouts: Sequence[Layout],
    family: Sequence[str],
    roles: Roles,
    rules: Profile,
) -> Columns:
    """Protect counts that are tied to each other, in all tables."""
    cells = lay_out(layouts, family, {part: whole for part, whole in roles.subset_of.items() if part in family})
    truth = np.full(len(cells.keys), np.nan)
    for (name, count), at in cells.found_at.items():
        truth[at] = tables[name][count].to_numpy(dtype=float)
    truth = whole_truth(cells, truth, tables)
    stakes = Stakes(cells, truth, rules)
    hidden = hide(stakes)
    values = _rounded_totals(cells, release_counts(truth, rules), stakes.whole(hidden))
    values[hidden] = np.nan
    return {key: values[at] for key, at in cells.found_at.items()}


def _rounded_totals(cells: Cells, values: Floats, whole: npt.NDArray[np.bool_]) -> Floats:
    """Put sums of rounded counts in the place of totals."""
    out = values.copy()
    for cell in np.flatnonzero(whole):
        out[cell] = values[cells.parts[cell][0]].sum()
    return out


def _protected(
    table: pd.DataFrame, layout: Layout, released: Columns, beside: BesideCounts, roles: Roles, rules: Profile
) -> Protected:
    dims = [name for name in roles.dims if name in table.columns]
    values = {count: released[layout.name, count] for count in layout.counts}
    frame = table[dims].copy()
    for count, people in values.items():
        frame["released" if len(values) == 1 else f"released_{count}"] = people
    for name, ratio in roles.ratios.items():
        if set(ratio) <= set(values):
            frame[name] = _ratio(values[ratio[0]], values[ratio[1]], rules)
    means, amounts = (
        {column: each for (name, column), each in columns.items() if name == layout.name}
        for columns in (beside.means, beside.amounts)
    )
    frame = frame.assign(**means).assign(**amounts)
    lacking = [np.isnan(column) for column in [*values.values(), *amounts.values()]]
    # Nobody has no mean: that is not withheld.
    lacking += [np.isnan(each) & ~nobody(values[roles.means[name]], rules) for name, each in means.items()]
    frame["flag"] = np.where(np.any(lacking, axis=0), SUPPRESSED, "")
    truth = {count: table[count].to_numpy(dtype=float) for count in layout.counts}
    loss = loss_beside_naive(layout, truth, values, dims, rules)
    totals = {dim: label for dim, label in roles.totals.items() if dim in dims}
    subset_of = {part: whole for part, whole in roles.subset_of.items() if {part, whole} <= set(values)}
    return Protected(frame, loss, tuple(values), tuple(dims), totals, subset_of, rules, dict(roles.subset_of))


def _ratio(top: Floats, bottom: Floats, rules: Profile) -> Floats:
    # Judged as released: everybody can divide what is printed, and what is not must not tell more of the count.
    enough = (bottom > 0) & (bottom >= rules.proportion_min_n)
    return np.where(enough, top / np.where(enough, bottom, 1.0), np.nan)
