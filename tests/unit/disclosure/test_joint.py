"""Tables that overlap in a ring: when they do, the larger table behind them, and what follows from it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from evalkit.disclosure.attacking import released_table
from evalkit.disclosure.auditing import audit
from evalkit.disclosure.cells import Layout, lay_out
from evalkit.disclosure.joint import MOST_CELLS, joint_cells, joint_sums, rings
from evalkit.disclosure.profiles import load_profile
from evalkit.disclosure.protecting import protect
from evalkit.disclosure.table_checks import Roles
from evalkit.disclosure.union_attacks import attack_union
from evalkit.errors import DataError, DisclosureError

DIMS = ("a", "b", "c")
TOTALS = dict.fromkeys(DIMS, "All")
Counts = npt.NDArray[np.int64]


def pairs(cube: Counts) -> dict[str, pd.DataFrame]:
    """Tabulate by each two of three dimensions, with margins."""
    found = {}
    for axes in combinations(range(3), 2):
        (away,) = set(range(3)) - set(axes)
        inner = cube.sum(axis=away)
        full = np.pad(inner, ((0, 1), (0, 1)))
        full[-1, :], full[:, -1] = full.sum(axis=0), full.sum(axis=1)
        full[-1, -1] = inner.sum()
        names = [[*(f"{DIMS[axis]}{at}" for at in range(cube.shape[axis])), "All"] for axis in axes]
        rows = [(one, two, full[i, j]) for i, one in enumerate(names[0]) for j, two in enumerate(names[1])]
        found["".join(DIMS[axis] for axis in axes)] = pd.DataFrame(rows, columns=[*(DIMS[axis] for axis in axes), "n"])
    return found


def level(name: str) -> frozenset[str]:
    return frozenset(name)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ("ab", []),
        ("ab bc cd", []),
        ("ab ac ad", []),
        ("ab bc ac abc", []),
        ("abd bcd", []),
        ("ab bc ac", ["ab ac bc"]),
        ("ab bc ac b", ["ab ac bc"]),
        # A dimension in one table only, and a tail.
        ("abx bc ac cd", ["ab ac bc"]),
        ("ab bc cd ad", ["ab ad bc cd"]),
        # A chord makes two rings of one.
        ("ab bc cd ad ac", ["ab ac ad bc cd"]),
        ("abd bcd acd", ["abd acd bcd"]),
        ("ab bc ac de ef df", ["ab ac bc", "de df ef"]),
    ],
)
def test_rings_are_told_from_trees(tables: str, expected: list[str]):
    found = rings(level(name) for name in tables.split())
    assert sorted(" ".join(sorted("".join(sorted(dims)) for dims in ring)) for ring in found) == expected


def test_a_combination_that_a_table_does_not_have_is_nobody():
    ring = [level("ab"), level("ac"), level("bc")]
    known = {"a": {"a0", "a1"}, "b": {"b0", "b1"}, "c": {"c0", "c1"}}
    crossed = {
        dims: [
            frozenset(zip(sorted(dims), (f"{one}{i}", f"{two}{j}"), strict=True)) for i in range(2) for j in range(2)
        ]
        for dims in ring
        for one, two in [sorted(dims)]
    }
    cells = joint_cells(ring, crossed, known)
    assert cells is not None
    assert len(cells) == 8
    # a0, b0 is nobody: two cells less. b1 is not spoken of by a table about a and c.
    crossed[level("ab")].remove(frozenset({("a", "a0"), ("b", "b0")}))
    cells = joint_cells(ring, crossed, known)
    assert cells is not None
    assert len(cells) == 6
    sums = dict(joint_sums(ring, crossed, cells))
    assert len(sums[frozenset({("a", "a0"), ("c", "c0")})]) == 1
    assert len(sums[frozenset({("b", "b1"), ("c", "c0")})]) == 2
    # A table about a1 alone says nothing of a0.
    crossed[level("ab")] = [place for place in crossed[level("ab")] if ("a", "a1") in place]
    cells = joint_cells(ring, crossed, known)
    assert cells is not None
    assert len(cells) == 8
    assert joint_cells(ring, crossed, {**known, "c": {f"c{at}" for at in range(MOST_CELLS // 4 + 1)}}) is None


def test_a_cell_of_a_ring_without_anybody_in_the_larger_table_is_nobody():
    layouts = [
        Layout("ab", (frozenset({("a", "a0"), ("b", "b0")}), frozenset({("a", "a1"), ("b", "b1")})), ("n",)),
        Layout("bc", (frozenset({("b", "b0"), ("c", "c0")}), frozenset({("b", "b1"), ("c", "c1")})), ("n",)),
        Layout("ac", (frozenset({("a", "a0"), ("c", "c0")}), frozenset({("a", "a0"), ("c", "c1")})), ("n",)),
    ]
    cells = lay_out(layouts, ["n"], {})
    lone = cells.keys.index(("n", frozenset({("a", "a0"), ("c", "c1")})))
    rows = cells.sums.toarray()
    assert any(row[lone] == 1 and np.count_nonzero(row) == 1 for row in rows)
    assert not cells.too_large


def test_what_only_the_larger_table_tells_is_found_and_mended():
    # Of a0, 71 are in c1; of b1, 38 are: at least 33 of a0 are in b0, c1, and so in b0.
    cube = np.array([[[20, 40], [15, 31]], [[30, 50], [25, 7]]])
    tables = pairs(cube)
    released = {
        name: table.rename(columns={"n": "released"}).astype({"released": float}) for name, table in tables.items()
    }
    for name in ("ab", "ac", "bc"):
        frame = released[name]
        first, second = name
        margin = (frame[first] == "All") | (frame[second] == "All")
        frame["released"] = frame["released"].mask(margin if name != "ac" else frame["c"] == "c0")
    frame = released["ab"]
    frame["released"] = np.nan
    frame = released["bc"]
    frame["released"] = frame["released"].mask(frame["c"] != "c1")
    frame = released["ac"]
    frame["released"] = frame["released"].mask(frame["c"] != "c1")
    found = audit(released, dims=DIMS, totals=TOTALS).set_index(["table", "row"])
    assert found.loc[("ab", "a a0, b b0"), ["low", "verdict"]].tolist() == [33.0, "narrow"]
    # Two of the three tables are no ring, and tell nothing of it.
    two = {name: released[name] for name in ("ab", "bc")}
    assert audit(two, dims=DIMS, totals=TOTALS).set_index(["table", "row"]).loc[("ab", "a a0, b b0"), "low"] == 0


@pytest.mark.parametrize("profile", ["staff-survey", "opensafely", "nhs-hospital", "hesa", "opensafely-midpoint6"])
def test_a_ring_withstands_the_attack(profile: str):
    rng = np.random.default_rng(11)
    for _ in range(3):
        made = protect(pairs(rng.poisson(9.0, (3, 3, 2))), counts="n", dims=DIMS, totals=TOTALS, profile=profile)
        assert set(audit(made)["verdict"]) <= {"safe"}


def test_those_left_over_in_a_ring_are_protected_too():
    rng = np.random.default_rng(4)
    whole = rng.poisson(22.0, (2, 3, 2))
    part = rng.binomial(whole, 0.4)
    tables = {
        name: table.assign(leavers=other["n"])
        for (name, table), other in zip(pairs(whole).items(), pairs(part).values(), strict=True)
    }
    made = protect(tables, counts=["n", "leavers"], dims=DIMS, totals=TOTALS, subset_of={"leavers": "n"})
    assert (audit(made)["verdict"] == "safe").all()
    assert made["ab"].frame["released_n"].notna().any()


def test_tables_that_no_people_make_up_are_refused():
    # Margins agree in pairs: a0 is b0, b0 is c0, but a0 is c1.
    same, other = np.array([[20, 0], [0, 20]]), np.array([[0, 20], [20, 0]])
    cubes = {"ab": same, "bc": same, "ac": other}
    tables = {name: pairs(np.stack([cube, 0 * cube]))["bc"] for name, cube in cubes.items()}
    for name, table in tables.items():
        tables[name] = table.rename(columns=dict(zip("bc", name, strict=True))).replace(
            {new: {f"{old}0": f"{new}0", f"{old}1": f"{new}1"} for old, new in zip("bc", name, strict=True)}
        )
    with pytest.raises(DataError) as caught:
        protect(tables, counts="n", dims=DIMS, totals=TOTALS)
    assert [problem.code for problem in caught.value.problems] == ["DAT-007"]
    assert "no people make up" in str(caught.value)
    released = {name: table.rename(columns={"n": "released"}) for name, table in tables.items()}
    with pytest.raises(DataError, match="DAT-007"):
        audit(released, dims=DIMS, totals=TOTALS)
    # In a report they are still held against each other, as far as their margins go.
    hidden = {name: table.assign(released=table["released"].astype(float)) for name, table in released.items()}
    hidden["ab"]["released"] = hidden["ab"]["released"].mask(hidden["ab"]["a"] == "a0")
    roles = Roles(("released",), DIMS, TOTALS)
    rules = load_profile("staff-survey")
    found = attack_union([released_table(name, table, roles, rules) for name, table in hidden.items()])
    assert "recoverable" in set(found.loc[found["table"] == "ab", "verdict"])
    assert "contradictory" not in set(found["verdict"])


def test_a_ring_too_large_is_refused_and_never_called_safe():
    tables = pairs(np.full((12, 12, 12), 20))
    assert MOST_CELLS < 12**3
    with pytest.raises(DisclosureError) as caught:
        protect(tables, counts="n", dims=DIMS, totals=TOTALS)
    assert [problem.code for problem in caught.value.problems] == ["DIS-006"]
    assert "a, b, c" in str(caught.value)
    released = {name: table.rename(columns={"n": "released"}) for name, table in tables.items()}
    found = audit(released, dims=DIMS, totals=TOTALS)
    assert found[["table", "row", "verdict"]].to_numpy().tolist() == [
        [name, "all rows", "unchecked"] for name in ("ab", "ac", "bc")
    ]
    # Two of them are no ring.
    del tables["bc"]
    assert protect(tables, counts="n", dims=DIMS, totals=TOTALS)["ab"].frame["released"].notna().all()
