"""`audit`: the attack on everything that is about to be released, made before others make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.attacking import SAFE, VERDICTS, ReleasedTable, attack, dims_of, released_table, tied_counts
from evalkit.disclosure.profiles import DEFAULT, Profile, list_profiles, load_profile
from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.rules import origins
from evalkit.disclosure.saved_releases import other_spellings, same_names
from evalkit.disclosure.table_checks import (
    Given,
    Roles,
    checked_profile,
    require_kinds,
    wrong_frames,
)
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import Problems, require

Floats = npt.NDArray[np.float64]
Tables: TypeAlias = Protected | pd.DataFrame | Mapping[str, Protected | pd.DataFrame]

EARLIER = "earlier: "


def audit(
    tables: Tables,
    *,
    profile: str = DEFAULT,
    counts: str | Sequence[str] = ("released",),
    dims: str | Sequence[str] = (),
    totals: Mapping[str, str] | None = None,
    subset_of: Mapping[str, str] | None = None,
    earlier: Tables | None = None,
) -> pd.DataFrame:
    """Attack tables that are about to be released: what can be worked out of each withheld or rounded count, in people.

    Parameters
    ----------
    tables : Protected, pandas.DataFrame, or mapping of str to either
        What `protect` made, or frames as they would be released, one row a cell, counts missing where withheld. All
        are attacked together.
    profile : str, default "staff-survey"
        Disclosure profile of the frames; what `protect` made has its own.
    counts, dims : str or sequence of str
        Columns of the frames; of several frames each has some. The same count in two tables has the same name; the
        columns `released` and `released_COUNT` of a release that was saved are taken for the count of what `protect`
        made beside it, or of the other frames, where there is one only that they can be. Without `dims` frames have
        those (and the totals) of what `protect` made.
    totals : mapping of str to str, optional
        Dimension -> the label in it that stands for all.
    subset_of : mapping of str to str, optional
        Count -> the count that its people are among, also where the two stand in different tables; beside what was said
        when `protect` made them.
    earlier : Protected, pandas.DataFrame, or mapping of str to either, optional
        What was released before of the same people at the same time. Of a population that has changed since, the cells
        are other cells: then give nothing here. The answer also has its rows that were safe and no longer are, in
        tables named "earlier: NAME".

    Returns
    -------
    pandas.DataFrame
        One row for each count that is withheld or rounded, or that should be: columns `table, row, low, high, verdict,
        count`. `low` and `high` are attained by whole numbers that agree with all tables; `high` is infinite without a
        limit. The verdict is "safe"; "recoverable" when one value is left; "narrow" when a withheld count is seen to be
        above 1 or below the threshold, or a rounded one is told closer than its rounding; "small" when a count is
        printed that the profile withholds, or follows for those who are in a count but not in its subset. Tables that
        overlap in a ring too large to be attacked (more than 1,000 cells of their dimensions crossed) also have one row
        each with the verdict "unchecked".

    Raises
    ------
    DataError
        DAT-009 for arguments of the wrong kind, or no table; DAT-009, DAT-003, DAT-006, DAT-004, DAT-002 or DAT-010 for
        frames that cannot be read, all at once; DAT-009 also for a total that is not named; DAT-006 for tables of the
        same dimensions that share no count and do not differ where both print a number, and for an earlier release that
        shares no count with any table: nothing would be attacked together; DAT-006 also for a dimension or label that
        is spelled in two ways ("Site" and "site"), DAT-010 also for a column that is count and dimension; DAT-007 when
        no people at all agree with the tables.
    DisclosureError
        DIS-001 for an unknown profile.

    Notes
    -----
    The attacker is that of `protect`. A combination that has no row counts as nobody. Three tables or more that overlap
    in a ring (A by B, B by C, A by C) are attacked as margins of one larger table of people, which they are, also where
    some are of a count and some of its subset. Two subsets of one count are each held against it, not against each
    other: what only both together tell is not found.

    References
    ----------
    .. [1] Hundepool A and others (2012). Statistical Disclosure Control. Wiley, section 4.3 (auditing).

    Examples
    --------
    >>> import pandas as pd
    >>> staff = pd.DataFrame({"site": ["North", "South", "All"], "n": [None, 60, 64]})
    >>> audit(staff, counts="n", dims="site", totals={"site": "All"})[["row", "low", "high", "verdict"]].values.tolist()
    [['site North', 4.0, 4.0, 'recoverable']]
    """
    given = Given(counts, dims, totals, subset_of)
    asked: dict[str, object] = {"tables": tables}
    if earlier is not None and not (isinstance(earlier, Mapping) and not earlier):
        asked["earlier"] = earlier
    require_kinds(asked, given, profile, (Protected, pd.DataFrame))
    now = _named(tables, "table")
    before = {} if earlier is None else {f"{EARLIER}{name}": each for name, each in _named(earlier, "table").items()}
    both, roles = same_names({**now, **before}, given.roles())
    frames = {name: table for name, table in both.items() if not isinstance(table, Protected)}
    known = load_profile(profile) if profile in set(list_profiles()["profile"]) else None
    made = dict.fromkeys(count for table in both.values() if isinstance(table, Protected) for count in table.counts)
    wrong = [
        *other_spellings(both, roles),
        *_unknown_subsets(roles, {**dict.fromkeys(roles.counts), **made}),
        *wrong_frames(frames, replace(roles, subset_of=_among(roles.subset_of, roles.counts)), known),
    ]
    rules = checked_profile(profile, wrong)
    released = {name: _released(name, table, roles, rules) for name, table in both.items()}
    require(_not_linked(released, before))
    found = attack(list(released.values()))
    if found is None:
        raise DataError(
            Problem(
                "DAT-007",
                ", ".join(both),
                "released counts that no people agree with",
                "tables of the same people at the same time, released by one profile",
                "Audit tables of other people, or of another time, by themselves.",
            )
        )
    return _without_known(found, attack([released[name] for name in before])) if before else found


def _among(subset_of: Mapping[str, str], counts: Iterable[str]) -> dict[str, str]:
    return {part: whole for part, whole in subset_of.items() if {part, whole} <= set(counts)}


def _unknown_subsets(roles: Roles, known: Iterable[str]) -> Problems:
    """Find names in `subset_of` that no table has for a count."""
    counts = list(known)
    return [
        Problem("DAT-006", "subset_of", f'"{name}"', "one of counts", did_you_mean(name, counts))
        for name in dict.fromkeys(name for pair in roles.subset_of.items() for name in pair)
        if name not in counts
    ]


def _not_linked(released: Mapping[str, ReleasedTable], before: Iterable[str]) -> Problems:
    """Find tables that would not be attacked together, though they may be of the same people."""
    family = {count: at for at, (each, _) in enumerate(tied_counts(list(released.values()))) for count in each}
    tied = {name: {family[count] for count in table.layout.counts} for name, table in released.items()}
    old = set(before)
    alone = [name for name in old if not any(tied[name] & tied[other] for other in released if other not in old)]
    pairs = [
        f"{one} and {other}"
        for one, other in combinations(released, 2)
        if not tied[one] & tied[other] and _may_be_one_count(released[one], released[other])
    ]
    return [
        Problem(
            "DAT-006",
            what,
            "no count in common",
            "one name for the same count, or counts that subset_of ties",
            "Rename the column of the one as in the other if it is the same count (a saved release calls it released); "
            "if the people of the one are among those of the other, say so with subset_of; "
            "audit tables of other counts by themselves.",
        )
        for what in [*sorted(alone), *pairs]
    ]


def _may_be_one_count(one: ReleasedTable, other: ReleasedTable) -> bool:
    """Tell whether two tables with a dimension in common print nowhere what cannot be the same number."""
    if not dims_of(one.layout.places) & dims_of(other.layout.places):
        return False
    at = {place: row for row, place in enumerate(other.layout.places)}
    shared = [(row, at[place]) for row, place in enumerate(one.layout.places) if place in at]
    limits = [
        [_Limits(*origins(values, table.profile)) for values in table.released.values()] for table in (one, other)
    ]
    return any(
        not any(this.low[row] > that.high[same] or this.high[row] < that.low[same] for row, same in shared)
        for this in limits[0]
        for that in limits[1]
    )


def _without_known(found: pd.DataFrame, alone: pd.DataFrame | None) -> pd.DataFrame:
    """Leave out what an earlier release says of itself, and keep what is told of it now."""
    key = ["table", "row", "count"]
    before = {} if alone is None else dict(zip(alone[key].itertuples(index=False), alone["verdict"], strict=True))
    keep = [
        not name.startswith(EARLIER) or VERDICTS.index(verdict) > VERDICTS.index(before.get(row, SAFE))
        for name, verdict, row in zip(found["table"], found["verdict"], found[key].itertuples(index=False), strict=True)
    ]
    return found[keep].reset_index(drop=True)


class _Limits(NamedTuple):
    low: Floats
    high: Floats


def _named(tables: Tables, single: str) -> dict[str, Protected | pd.DataFrame]:
    if isinstance(tables, Mapping):
        return {str(name): table for name, table in tables.items()}
    return {single: tables}


def _released(name: str, table: Protected | pd.DataFrame, roles: Roles, rules: Profile) -> ReleasedTable:
    if not isinstance(table, Protected):
        return released_table(name, table, roles, rules)
    subset_of = table.subset_of | table.linked_subset_of | roles.subset_of
    own = Roles(table.counts, table.dims, table.totals, subset_of)
    single = len(table.counts) == 1
    renamed = {"released" if single else f"released_{count}": count for count in table.counts}
    return released_table(name, table.frame[[*table.dims, *renamed]].rename(columns=renamed), own, table.profile)
