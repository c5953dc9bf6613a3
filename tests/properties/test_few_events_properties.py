"""What is withheld of records never follows: all tables of whole numbers are tried that agree with what is released."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.turnover import leaver_rate_from_counts
from evalkit.equality.years import year_change
from evalkit.result import Estimates, Method, estimates

RULES = load_profile("staff-survey")
Table = dict[tuple[str, str], int]
NUMBERS = ("estimate", "conf_low", "conf_high", "p_value", "statistic", "n", "n_events", "earlier", "later")
FEW = 3


def likelihood(people: Table, events: Table, **more: str) -> Estimates:
    rows = [
        {"g": group, "part": part, "out": out, "k": count}
        for (group, part), n in people.items()
        for out, count in (("yes", events[group, part]), ("no", n - events[group, part]))
    ]
    return relative_likelihood(
        pd.DataFrame(rows), group="g", outcome="out", counts="k", reference="white", comparison="BME", **more
    )


def agree(told: pd.DataFrame, result: Estimates) -> bool:
    """Tell whether another table has every number that was told."""
    frame = result.frame.reset_index(drop=True)
    for name in [name for name in NUMBERS if name in told.columns and name in frame.columns]:
        said, own = told[name].to_numpy(dtype=float), frame[name].to_numpy(dtype=float)
        known = ~np.isnan(said)
        if not np.allclose(said[known], own[known], rtol=1e-9, atol=1e-12, equal_nan=True):
            return False
    return True


def candidates(people: Table, events: Table, told: pd.DataFrame, rng: np.random.Generator) -> Iterator[Table]:
    """Give, in any order, all tables with the sums that are told; a stratum that is told stays as it is."""
    strata = set(told.loc[told["stratum"].notna() & told["n"].notna(), "stratum"])
    sums = told[(told["term"] == "rate") & told["n"].notna()].set_index("group")["n_events"].index
    ways = []
    for group in dict.fromkeys(group for group, _ in people):
        cells = [cell for cell in people if cell[0] == group]
        open_ = [cell for cell in cells if cell[1] not in strata]
        whole = sum(events[cell] for cell in cells)
        made = [dict(zip(open_, one, strict=True)) for one in product(*(range(people[cell] + 1) for cell in open_))]
        fixed = sum(events[cell] for cell in cells if cell not in open_)
        ways.append([one for one in made if group not in sums or sum(one.values()) + fixed == whole])
    both = list(product(*map(range, map(len, ways))))
    for at in rng.permutation(len(both)).tolist():
        yield events | {cell: n for way, place in zip(ways, both[at], strict=True) for cell, n in way[place].items()}


def few_cells(events: Table) -> list[tuple[str, str]]:
    parts = {part for (_, part), n in events.items() if n}
    return [cell for cell, n in events.items() if n < FEW and cell[1] in parts]


def may_be_many_or_none(values: set[int]) -> bool:
    return len(values) > 1 and any(value >= FEW or value == 0 for value in values)


def drawn(rng: np.random.Generator, parts: int) -> tuple[Table, Table]:
    cells = [(group, f"Band {part + 5}") for group in ("BME", "white") for part in range(parts)]
    people = {cell: int(rng.integers(11, 16)) for cell in cells}
    return people, {cell: int(min(rng.integers(0, 7), people[cell])) for cell in cells}


@pytest.mark.parametrize(("parts", "seed"), [(2, seed) for seed in range(14)] + [(1, 1), (1, 2)])
def test_no_stratum_that_is_withheld_follows_from_the_whole_and_the_pooled_ratios(parts: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, events = drawn(rng, parts)
    told = release(likelihood(people, events, strata="part"), RULES).frame
    assert agree(told, likelihood(people, events, strata="part"))
    wanted: dict[tuple[str, str], set[int]] = {cell: set() for cell in few_cells(events)}
    for made in candidates(people, events, told, rng):
        if all(may_be_many_or_none(values) for values in wanted.values()):
            return
        new = any(made[cell] not in values for cell, values in wanted.items())
        if new and agree(told, likelihood(people, made, strata="part")):
            for cell, values in wanted.items():
                values.add(made[cell])
    assert all(may_be_many_or_none(values) for values in wanted.values()), (people, events, wanted)


@pytest.mark.parametrize("seed", range(6))
def test_no_part_that_is_withheld_follows(seed: int) -> None:
    people, events = drawn(np.random.default_rng(100 + seed), 2)
    told = release(likelihood(people, events, by="part"), RULES).frame
    found = {part: told[told["by"] == part] for part in ("Band 5", "Band 6")}
    for group, part in few_cells(events):
        own = {cell: n for cell, n in people.items() if cell[1] == part}
        had = {cell: n for cell, n in events.items() if cell[1] == part}
        rows = found[part].reset_index(drop=True)
        values: set[int] = set()
        for one, other in product(range(people[group, part] + 1), range(16)):
            if not may_be_many_or_none(values) and _fits_in_part(own, had, rows, group, one, other):
                values.add(one)
        assert may_be_many_or_none(values), (people, events, group, part)


def _fits_in_part(people: Table, events: Table, told: pd.DataFrame, group: str, one: int, other: int) -> bool:
    made = {cell: one if cell[0] == group else other for cell in events}
    if any(n > people[cell] for cell, n in made.items()):
        return False
    return agree(told, likelihood(people, made, by="part"))


def rates(people: dict[str, int], events: dict[str, int]) -> Estimates:
    rows = [
        {"term": "rate", "group": group, "estimate": events[group] / n, "n": n, "n_events": events[group],
         "unit": "proportion"}
        for group, n in people.items()
    ]  # fmt: skip
    return estimates(rows, Method("m", "e", "by row"))


@pytest.mark.parametrize("total", ["all", "Everybody here"])
@pytest.mark.parametrize("seed", range(12))
def test_no_group_that_is_withheld_follows_from_a_total(total: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = ["men", "women", "other"]
    people = {group: int(rng.integers(20, 40)) for group in groups}
    events = {group: int(rng.integers(0, 8)) for group in groups}
    told = release(rates(people | {total: sum(people.values())}, events | {total: sum(events.values())}), RULES).frame
    shown = {row["group"]: round(row["estimate"] * row["n"]) for row in told.to_dict("records") if row["n"] > 0}
    tables = [dict(zip([*groups, total], (*one, sum(one)), strict=True)) for one in product(range(22), repeat=3)]
    found = [made for made in tables if shown.items() <= made.items()]
    for group in groups:
        if events[group] < FEW and sum(events.values()):
            assert may_be_many_or_none({made[group] for made in found}), (events, shown)


@pytest.mark.parametrize("seed", range(8))
def test_a_change_from_year_to_year_tells_no_year_that_is_withheld(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {"year": year, "g": group, "n": int(rng.integers(30, 60)), "out": int(rng.integers(0, 7))}
            for year in (2023, 2024)
            for group in ("BME", "white")
        ]
    )
    trend = relative_likelihood(rows, group="g", outcome="out", total="n", year="year", reference="white",
                                comparison="BME")  # fmt: skip
    told = release(trend, RULES).frame
    gone = {
        (row["term"], row["group"], str(row["year"])) for row in told.to_dict("records") if np.isnan(row["estimate"])
    }
    for row in release(year_change(trend), RULES).frame.to_dict("records"):
        for year in (row["from_year"], row["to_year"]):
            if (row["term"], row["group"], str(year)) in gone:
                assert np.isnan([row[name] for name in ("estimate", "earlier", "later", "n")]).all()


def test_those_who_left_are_seen_by_all_and_a_small_group_is_not_told() -> None:
    rows = pd.DataFrame({"g": ["BME", "white"], "start": [9, 90], "end": [8, 92], "left": [1, 2], "p": "2024"})
    result = leaver_rate_from_counts(rows, at_start="start", at_end="end", leavers="left", period="p", by="g")
    told: Any = release(result, RULES).frame.set_index("group")
    assert np.isnan(told.loc["BME", "estimate"])
    assert told.loc["white", "n"] == 91
    assert np.isnan(told.loc["white", "leavers"])
