"""Three ways to attack say the same of small releases: search, listing by propagation, and every table there is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from attack.drawing import DIMS, TOTAL, long_table, without_empty
from attack.judging import Fault, attack, brute_force
from attack.knowledge import Release, Rule

RULES = (
    Rule("exact", 3, True, "none", 0),
    Rule("zeros shown", 3, False, "none", 0),
    Rule("nearest", 2, False, "nearest", 3),
    Rule("nearest, zeros withheld", 2, True, "nearest", 4),
    Rule("nearest alone", 0, False, "nearest", 3),
    Rule("midpoint alone", 0, False, "midpoint", 4),
)
DESIGNS = {
    "two-way": ((2, 3), (DIMS[:2],)),
    "three-way": ((2, 2, 2), (DIMS[:3],)),
    "star": ((2, 2, 2), (DIMS[:2], (DIMS[0], DIMS[2]))),
    "ring": ((2, 2, 2), (DIMS[:2], DIMS[1:3], (DIMS[0], DIMS[2]))),
}
Row = dict[str, object]
Counts = npt.NDArray[np.int64]


def vectors(size: int, most: int) -> Counts:
    """List all vectors of so many counts whose sum is at most `most`."""
    found = np.zeros((1, 0), dtype=np.int64)
    for _ in range(size):
        room = most - found.sum(axis=1)
        found = np.concatenate(
            [
                np.column_stack([found[room >= value], np.full((room >= value).sum(), value)])
                for value in range(most + 1)
            ]
        )
    return found


def rounded(count: int, rule: Rule) -> float:
    """Round by looking: the number that this count lies nearest to, or the middle of its block."""
    if rule.rounding == "nearest":
        multiples = [rule.base * step for step in range(count + 2)]
        return float(max(multiples, key=lambda each: (-abs(each - count), each)))
    if rule.rounding == "midpoint" and count:
        return float(next(top for top in range(rule.base, 10**6, rule.base) if count <= top) - rule.base / 2)
    return float(count)


def fits(count: int, row: Row, rule: Rule) -> bool:
    """Tell whether a cell with this count may have been released like this row."""
    return bool(pd.isna(row["released"])) or (not rule.primary(count) and rounded(count, rule) == row["released"])


def sums_of_shown(releases: tuple[Release, ...], rule: Rule) -> dict[str, float]:
    """Add up the rounded inner cells of each total, where some table shows all of them: that is what is published."""
    found: dict[str, float] = {}
    for release in releases if rule.rounding != "none" else ():
        rows = release.frame.to_dict("records")
        inner = [row for row in rows if all(row[dim] != TOTAL for dim in release.dims)]
        for row in rows:
            parts = [
                other["released"] for other in inner if all(row[dim] in (TOTAL, other[dim]) for dim in release.dims)
            ]
            if any(row[dim] == TOTAL for dim in release.dims) and parts and not any(pd.isna(part) for part in parts):
                found.setdefault(name_of(row, release.dims), float(sum(parts)))
    return found


def name_of(row: Row, dims: tuple[str, ...]) -> str:
    return f"people({', '.join(f'{dim}={row[dim]}' for dim in sorted(dims) if row[dim] != TOTAL) or 'all'})"


def possible_tables(releases: tuple[Release, ...], people: list[dict[str, str]], most: int) -> Counts:
    """List the tables of so many people at most; a combination without a row has nobody."""
    tables = vectors(len(people), most)
    for release in releases:
        listed = {tuple(row) for row in release.frame[list(release.dims)].to_numpy().tolist()}
        for at, person in enumerate(people):
            if tuple(person[dim] for dim in release.dims) not in listed:
                tables = tables[tables[:, at] == 0]
    return tables


def every_table(
    releases: tuple[Release, ...], rule: Rule, shape: tuple[int, ...], most: int
) -> tuple[set[Fault], set[str]]:
    """Go through the tables of people, tabulate each, and keep those that would be released like this.

    Gives the faults, and the cells that were looked at.
    """
    dims = DIMS[: len(shape)]
    people = [dict(zip(dims, (chr(97 + at) for at in place), strict=True)) for place in np.ndindex(*shape)]
    tables = possible_tables(releases, people, most)
    agrees = np.ones(len(tables), dtype=bool)
    values: dict[str, Counts] = {}
    width: dict[str, int] = {}
    added_up = sums_of_shown(releases, rule)
    for release in releases:
        for row in release.frame.to_dict("records"):
            name = name_of(row, release.dims)
            members = [all(row[dim] in (TOTAL, person[dim]) for dim in release.dims) for person in people]
            values[name] = tables[:, members].sum(axis=1)
            if pd.isna(row["released"]):
                width[name] = max(rule.base, 1)
            elif name not in added_up:
                possible = np.array([fits(count, row, rule) for count in range(most + 1)])
                agrees &= possible[values[name]]
                own = sum(fits(count, row, rule) for count in range(int(row["released"]) + rule.base + 1))
                width[name] = max(min(own, rule.base), width.get(name, 0))
    assert agrees.any()
    # A total that was added up is as wide as its parts let it be, and a cell without people hides nothing.
    looked_at = {name for name in width if values[name].any()}
    ranges = {name: (int(values[name][agrees].min()), int(values[name][agrees].max())) for name in looked_at}
    if rule.threshold:
        withheld = {name_of(row, release.dims) for release in releases for row in _withheld(release)} & looked_at
        faults = {name for name in withheld if ranges[name][0] > 1 or ranges[name][1] < rule.threshold}
        return {Fault("unsafe", name) for name in faults}, looked_at
    faults = {name for name in looked_at if ranges[name][1] - ranges[name][0] + 1 < width[name]}
    return {Fault("narrow", name) for name in faults}, looked_at


def _withheld(release: Release) -> list[Row]:
    return [row for row in release.frame.to_dict("records") if pd.isna(row["released"])]


def greatest_total(releases: tuple[Release, ...], rule: Rule) -> int:
    """Bound the number of people: by the inner cells of a table that shows all of them, or by the total of all."""
    found = [10**6]
    added_up = "people(all)" in sums_of_shown(releases, rule)
    for release in releases:
        rows = release.frame.to_dict("records")
        inner = [row for row in rows if all(row[dim] != TOTAL for dim in release.dims)]
        if not any(pd.isna(row["released"]) for row in inner):
            found.append(sum(greatest(row, rule) for row in inner))
        elif not added_up:
            found.append(greatest(next(row for row in rows if name_of(row, release.dims) == "people(all)"), rule))
    return min(found)


def greatest(row: Row, rule: Rule) -> int:
    return max(count for count in range(40) if fits(count, row, rule))


def small_release(rng: np.random.Generator, rule: Rule, design: str) -> tuple[Release, ...]:
    """Tabulate a few people and withhold the small cells and some others, in each table by itself."""
    shape, tables = DESIGNS[design]
    dims = DIMS[: len(shape)]
    size = int(np.prod(shape))
    counts = rng.multinomial(rng.integers(3, 9), rng.dirichlet(np.ones(size))).reshape(shape)
    share = rng.choice([0.0, 0.3, 0.6])
    releases = []
    for keep in tables:
        table = long_table({"people": counts}, dims, keep)
        frame = (without_empty(rng, table) if len(tables) == 1 and rng.random() < 0.3 else table).frame
        grand = (frame[list(keep)] == TOTAL).all(axis=1)
        primary = np.array([rule.primary(count) for count in frame["people"]])
        frame["released"] = [rounded(count, rule) for count in frame["people"]]
        frame["released"] = frame["released"].mask((primary | (rng.random(len(frame)) < share)) & ~grand)
        releases.append(Release(frame.drop(columns="people"), keep, dict.fromkeys(keep, TOTAL), {"people": "released"}))
    sums = sums_of_shown(tuple(releases), rule)
    for release in releases:
        names = [name_of(row, release.dims) for row in release.frame.to_dict("records")]
        added = pd.Series(names, index=release.frame.index).map(sums)
        release.frame["released"] = added.where(
            added.notna() & release.frame["released"].notna(), release.frame["released"]
        )
    return tuple(releases)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_attacks_agree(rule: Rule, design: str) -> None:
    rng = np.random.default_rng([20261122, RULES.index(rule), list(DESIGNS).index(design)])
    shape = DESIGNS[design][0]
    compared = faulty = 0
    while compared < 6:
        releases = small_release(rng, rule, design)
        most = greatest_total(releases, rule)
        if most > 11:
            continue
        expected, looked_at = every_table(releases, rule, shape, most)
        found, listed = attack(releases, rule), brute_force(releases, rule, most_steps=10**6)
        assert listed is not None
        assert set(found) == set(listed)
        assert {fault for fault in found if fault.cell in looked_at} == expected
        compared += 1
        faulty += bool(expected)
    assert faulty
