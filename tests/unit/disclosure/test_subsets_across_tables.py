"""A count and its subset in different tables: attacked and protected as if they stood in one."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from evalkit.disclosure.attacking import ReleasedTable, attack, released_table
from evalkit.disclosure.auditing import audit
from evalkit.disclosure.cells import Layout, lay_out
from evalkit.disclosure.complementary import Stakes
from evalkit.disclosure.integer_programmes import best
from evalkit.disclosure.joint import MOST_CELLS
from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.table_checks import Roles
from evalkit.disclosure.union_attacks import attack_union
from evalkit.errors import DataError, DisclosureError

W = np.nan
DIMS = ("site", "band", "sex")
TOTALS = dict.fromkeys(DIMS, "All")
AMONG = {"leavers": "n"}
BOTH = pd.DataFrame({"site": ["A", "B", "C", "All"], "n": [20, 60, 70, 150], "leavers": [17, 30, 35, 82]})
APART = {"staff": BOTH[["site", "n"]], "left": BOTH[["site", "leavers"]]}
BY_SITE: dict[str, Any] = {"counts": ["n", "leavers"], "dims": "site", "totals": {"site": "All"}}
Counts = npt.NDArray[np.int64]


def told(found: pd.DataFrame) -> list[list[Any]]:
    values: list[list[Any]] = found.to_numpy().tolist()
    return values


def table(cube: Counts, dims: tuple[str, ...], count: str, labels: dict[str, list[str]]) -> pd.DataFrame:
    """Tabulate a cube by site, band and sex by some of them, with all margins."""
    rows = []
    for cell in product(*([*labels[dim], "All"] for dim in dims)):
        at = [
            labels[dim].index(value) if value != "All" else slice(None) for dim, value in zip(dims, cell, strict=True)
        ]
        every = dict(zip(dims, at, strict=True))
        part = cube[tuple(every.get(dim, slice(None)) for dim in DIMS)]
        rows.append((*cell, int(part.sum())))
    return pd.DataFrame(rows, columns=[*dims, count])


def labels_of(cube: Counts) -> dict[str, list[str]]:
    return {dim: [f"{dim}{at}" for at in range(size)] for dim, size in zip(DIMS, cube.shape, strict=True)}


def by_hand(tables: list[ReleasedTable], labels: dict[str, list[str]]) -> dict[tuple[str, str], tuple[float, float]]:
    """Find the limits of each withheld count over all leavers, and all who stayed, by site, band and sex."""
    people = list(product(*(labels[dim] for dim in DIMS)))
    rows, right, asked = [], [], {}
    for each in tables:
        ((count, values),) = each.released.items()
        for row, place in enumerate(each.layout.places):
            inside = np.array(
                [all(pair in zip(DIMS, who, strict=True) for pair in place) for who in people], dtype=float
            )
            line = np.concatenate([inside, inside * (count == "n")])
            if np.isnan(values[row]):
                asked[each.layout.name, each.labels[row]] = line
            else:
                rows.append(line)
                right.append(values[row])
    from scipy import sparse

    equations, width = sparse.csc_array(np.array(rows)), 2 * len(people)
    found = {}
    for key, line in asked.items():
        limits = []
        for way in (1.0, -1.0):
            point = best(equations, np.array(right), way * line, np.zeros(width), np.full(width, 1e5))
            assert point is not None
            limits.append(float(line @ point))
        found[key] = (limits[0], limits[1] if limits[1] < 1e5 else np.inf)
    return found


def read(name: str, frame: pd.DataFrame, subset_of: dict[str, str] | None = None) -> ReleasedTable:
    counts = tuple(count for count in ("n", "leavers") if count in frame)
    roles = Roles(counts, DIMS, TOTALS, AMONG if subset_of is None else subset_of)
    return released_table(name, frame, roles, load_profile("staff-survey"))


@pytest.mark.parametrize(
    ("n", "leavers"),
    [
        ([20, 60, 70, 150], [17, 30, 35, 82]),
        ([W, W, 70, 110], [15, 25, 35, 75]),
        ([W, W, 70, 111], [W, W, 35, 75]),
        ([W, 60, 70, W], [17, 30, W, W]),
    ],
)
def test_two_tables_tell_what_one_tells(n: list[float], leavers: list[float]):
    both = BOTH.assign(n=n, leavers=leavers)
    once = audit(both, subset_of=AMONG, **BY_SITE)
    twice = audit({"staff": both[["site", "n"]], "left": both[["site", "leavers"]]}, subset_of=AMONG, **BY_SITE)
    columns = ["count", "row", "low", "high", "verdict"]
    assert len(once)
    assert sorted(told(twice[columns])) == sorted(told(once[columns]))
    # Each stands where it is told, and nobody who is left over twice.
    home = twice["count"].map({"n": "staff", "leavers": "left", "n without leavers": "staff"})
    assert (twice["table"] == home).all()


def test_what_protect_made_of_two_tables_keeps_the_subset():
    made = protect(APART, subset_of=AMONG, **BY_SITE)
    assert made["staff"].linked_subset_of == made["left"].linked_subset_of == AMONG
    assert made["staff"].subset_of == {}
    assert made["staff"].frame["released"].isna().tolist() == [True, False, True, False]
    assert set(audit(made)["verdict"]) == {"safe"}
    apart = protect(APART, **BY_SITE)
    assert audit(apart).empty
    found = [["staff", "site A", 3.0, 3.0, "small", "n without leavers"]]
    assert told(audit(apart, subset_of=AMONG)) == found
    # What was said of one of them is not forgotten beside another.
    assert told(audit({**apart, "left": replace(apart["left"], linked_subset_of=AMONG)})) == found


def test_a_count_that_is_audited_without_its_own_whole_is_held_against_the_next():
    table = pd.DataFrame({"site": ["A", "B", "C", "All"], "asked": [90, 90, 90, 270]})
    table = table.assign(heard=[60, 60, 60, 180], hired=[30, 30, 30, 90])
    among = {"hired": "heard", "heard": "asked"}
    tables = {count: table[["site", count]] for count in ("asked", "heard", "hired")}
    made = protect(tables, counts=list(tables), dims="site", totals={"site": "All"}, subset_of=among)
    hired = made["hired"]
    frame = made["asked"].frame.assign(asked=[W, W, 90, 150])[["site", "asked"]]
    found = audit({"now": frame, "hired": hired}, counts="asked", dims="site", totals={"site": "All"})
    assert told(found)[0] == ["now", "site A", 30.0, 30.0, "recoverable", "asked"]


def test_those_left_over_where_neither_table_has_a_row_are_found():
    # By site: 33 of staff by site and band, 30 of leavers by site and sex; no table has site A.
    staff = pd.DataFrame({"site": list("AABB"), "band": ["5", "6"] * 2, "n": [13, 20, 60, 70]})
    left = pd.DataFrame({"site": list("AABB"), "sex": ["F", "M"] * 2, "leavers": [14, 16, 30, 25]})
    tables = {"staff": staff, "left": left}
    found = audit(tables, counts=["n", "leavers"], dims=DIMS, subset_of=AMONG)
    assert told(found) == [["staff", "site A", 3.0, 3.0, "small", "n without leavers"]]
    made = protect(tables, counts=["n", "leavers"], dims=DIMS, subset_of=AMONG)
    assert set(audit(made)["verdict"]) == {"safe"}


def test_the_left_over_are_told_of_a_total_only_where_not_of_its_parts():
    # Nobody prints all sites: 6 of staff are left over there, 3 at each site.
    tables = {
        "staff": BOTH[["site", "n"]].iloc[:2],
        "left": BOTH[["site", "leavers"]].iloc[:2].assign(leavers=[17, 57]),
    }
    found = audit(tables, counts=["n", "leavers"], dims="site", subset_of=AMONG)
    assert found[["row", "high"]].to_numpy().tolist() == [["site A", 3.0], ["site B", 3.0]]


def test_advice_is_not_to_rename_what_is_tied_and_says_how_to_tie():
    staff = pd.DataFrame({"site": ["A", "B", "All"], "n": [W, W, 40]})
    left = pd.DataFrame({"site": ["A", "B", "All"], "leavers": [15, 25, 40]})
    tables = {"staff": staff, "left": left}
    assert "recoverable" in set(audit(tables, subset_of=AMONG, **BY_SITE)["verdict"])
    with pytest.raises(DataError, match="say so with subset_of"):
        audit(tables, **BY_SITE)


def test_a_subset_of_what_no_table_has_is_refused():
    made = protect(APART, **BY_SITE)
    with pytest.raises(DataError, match='subset_of: "staff"'):
        audit(made, subset_of={"leavers": "staff"})
    # Of what protect made beside a frame, both names are known.
    tables = {"staff": made["staff"], "left": APART["left"]}
    found = audit(tables, counts="leavers", dims="site", totals={"site": "All"}, subset_of=AMONG)
    assert told(found)[0][:4] == ["staff", "site A", 3.0, 3.0]


def test_tables_of_an_unknown_page_are_put_together_by_a_subset():
    staff = pd.DataFrame({"site": ["A", "B", "All"], "n": [W, W, 41]})
    left = pd.DataFrame({"site": ["A", "B", "All"], "leavers": [15, 25, 40]})
    found = attack_union([read("staff", staff), read("left", left)]).set_index(["table", "row", "count"])
    assert found.loc[("staff", "site A", "n"), "verdict"] == "narrow"
    assert set(attack_union([read("staff", staff, {}), read("left", left, {})])["verdict"]) == {"safe"}
    # The same table without the subset does not stand for the one with it.
    found = attack_union([read("again", left, {}), read("staff", staff, {}), read("left", left)])
    assert "narrow" in set(found["verdict"])


# Staff by site and band, by band and sex, leavers by site and sex: found by trying.
STAFF = np.array([[[20, 90], [90, 0], [20, 40]], [[0, 20], [0, 0], [3, 20]], [[12, 12], [90, 12], [40, 1]]])
LEFT = np.array([[[11, 62], [56, 0], [15, 19]], [[0, 12], [0, 0], [2, 10]], [[9, 9], [53, 9], [26, 0]]])
RING = {"site band": "n", "band sex": "n", "site sex": "leavers"}


def ring() -> dict[str, pd.DataFrame]:
    labels = labels_of(STAFF)
    return {
        name: table(STAFF if count == "n" else LEFT, tuple(name.split()), count, labels)  # type: ignore[arg-type]
        for name, count in RING.items()
    }


def test_a_ring_of_staff_and_leavers_is_attacked_and_mended():
    tables = ring()
    staff, band, left = (frame.copy() for frame in tables.values())
    staff["n"] = staff["n"].where(
        (staff["site"] == "All") | staff[["site", "band"]].eq(["site2", "All"]).all(axis=1)
        | staff[["site", "band"]].eq(["site2", "band1"]).all(axis=1)
    )  # fmt: skip
    left["leavers"] = left["leavers"].where(
        (left["site"] == "All") | left[["site", "sex"]].eq(["site2", "All"]).all(axis=1)
    )
    released = {"site band": staff, "band sex": band, "site sex": left}
    arguments: dict[str, Any] = {"counts": ["n", "leavers"], "dims": DIMS, "totals": TOTALS}
    found = audit(released, subset_of=AMONG, **arguments).set_index(["table", "row"])
    # Staff of site2, sex1 are at most 12 of band1 and the 65 of other bands: of 106 leavers, 29 at least are of sex0.
    assert found.loc[("site sex", "site site2, sex sex0"), ["low", "high", "verdict"]].tolist() == [
        29.0,
        106.0,
        "narrow",
    ]
    assert (
        audit(released, **arguments).set_index(["table", "row"]).loc[("site sex", "site site2, sex sex0"), "low"] == 0
    )
    made = protect(tables, subset_of=AMONG, **arguments)
    assert set(audit(made)["verdict"]) == {"safe"}
    assert made["site sex"].frame["released"].notna().any()


LEVELS = [each for size in (1, 2, 3) for each in combinations(DIMS, size)]


@pytest.mark.parametrize("seed", range(6))
def test_limits_are_those_of_the_people_whatever_tables_tell_of_each_count(seed: int):
    rng = np.random.default_rng(seed)
    whole = rng.choice([0, 1, 3, 12, 20, 40], size=(2, 2, 2), p=[0.3, 0.05, 0.05, 0.2, 0.2, 0.2])
    part = rng.binomial(whole, 0.7)
    labels = labels_of(whole)
    drawn = {count: rng.choice(len(LEVELS), size=2, replace=False) for count in ("n", "leavers")}
    if seed < 2:  # the two that are no ring of one count: see `_overlap`
        drawn = {"n": np.array([[3, 5], [3, 6]][seed]), "leavers": np.array([[4, 4], [0, 1]][seed])}
    tables = []
    for count, cube in (("n", whole), ("leavers", part)):
        for at in dict.fromkeys(drawn[count].tolist()):
            frame = table(cube, LEVELS[at], count, labels)
            hidden = (rng.random(len(frame)) < 0.4) | (frame[count] < 10)
            tables.append(read(f"{count} {LEVELS[at]}", frame.assign(**{count: frame[count].mask(hidden)})))
    found = attack(tables)
    assert found is not None
    expected = by_hand(tables, labels)
    assert expected
    reached = found[found["verdict"] != "small"].set_index(["table", "row"])[["low", "high"]]
    assert {
        key: tuple(limits) for key, limits in zip(reached.index, reached.to_numpy().tolist(), strict=True)
    } == expected


def test_a_ring_of_staff_and_leavers_that_is_too_large_is_refused_and_never_called_safe():
    sizes = (12, 12, 12)
    assert np.prod(sizes) > MOST_CELLS
    cube = np.full(sizes, 20)
    labels = labels_of(cube)
    tables = {
        name: table(cube if count == "n" else cube // 2, tuple(name.split()), count, labels)
        for name, count in RING.items()
    }
    arguments: dict[str, Any] = {"counts": ["n", "leavers"], "dims": DIMS, "totals": TOTALS}
    with pytest.raises(DisclosureError) as caught:
        protect(tables, subset_of=AMONG, **arguments)
    assert [problem.code for problem in caught.value.problems] == ["DIS-006"]
    assert told(audit(tables, subset_of=AMONG, **arguments)[["table", "row", "verdict"]]) == [
        [name, "all rows", "unchecked"] for name in RING
    ]
    # Without the tie there is no ring.
    assert audit(tables, **arguments).empty


def test_leavers_are_laid_out_as_staff_are_only_where_their_tables_overlap():
    pairs = tuple(frozenset({("site", one), ("band", two)}) for one in "AB" for two in "56")
    sites = tuple(frozenset({("site", one)}) for one in "AB")
    bands = tuple(frozenset({("band", two)}) for two in "56")
    staff = Layout("staff", pairs, ("n",))
    tree = lay_out([staff, Layout("left", sites, ("leavers",))], ["n", "leavers"], AMONG)
    assert ("leavers", pairs[0]) not in tree.keys
    layouts = [staff, Layout("left", sites, ("leavers",)), Layout("bands", bands, ("leavers",))]
    overlap = lay_out(layouts, ["n", "leavers"], AMONG)
    assert ("leavers", pairs[0]) in overlap.keys
    others = {overlap.keys[cell] for cell in np.flatnonzero(overlap.others)}
    # Nobody is told how many left of a site and band: those left over there are not told either.
    assert ("n without leavers", sites[0]) in others
    assert ("n without leavers", pairs[0]) not in others
    # What is in a part of a part is in the whole.
    chain = [Layout("one", sites, ("asked",)), Layout("two", bands, ("heard",)), Layout("three", sites, ("hired",))]
    among = {"hired": "heard", "heard": "asked"}
    cells = lay_out(chain, ["hired", "heard", "asked"], among)
    assert ("heard", sites[0]) in cells.keys
    assert ("hired", bands[0]) in cells.keys


def eight(value: float, *, total: bool) -> pd.DataFrame:
    bands = [f"B{at}" for at in range(8)]
    return pd.DataFrame({"band": [*bands, "All"] if total else bands, "n": value})


def test_a_total_of_as_many_parts_as_the_threshold_must_be_able_to_be_two_numbers():
    roles = Roles(("n",), ("band",), {"band": "All"}, {})
    tables = [
        released_table("nhs", eight(W, total=True), roles, load_profile("nhs-hospital")),
        released_table("two", eight(3.0, total=False), roles, load_profile("opensafely-midpoint6")),
    ]
    furthest, settled = attack(tables), attack(tables, furthest=False)
    assert furthest is not None
    assert settled is not None
    columns = ["table", "row", "verdict"]
    assert told(furthest[columns]) == told(settled[columns])
    assert settled.set_index(["table", "row"]).loc[("nhs", "band All"), "verdict"] == "safe"


def test_such_a_total_is_protected_so_too():
    layout = Layout("t", (*(frozenset({("band", f"B{at}")}) for at in range(8)), frozenset()), ("n",))
    cells = lay_out([layout], ["n"], {})
    stakes = Stakes(cells, np.array([1.0] * 8 + [8.0]), load_profile("nhs-hospital"))
    low, high = stakes.goals(np.ones(9, dtype=bool), stakes.readings[0])
    assert (low[8], high[8]) == (8.0, 9.0)
    assert (low[0], high[0]) == (1.0, 8.0)
