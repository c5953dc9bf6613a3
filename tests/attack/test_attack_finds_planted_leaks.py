"""The attack can succeed: releases with a known leak, worked by hand, and releases without."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from attack.enumerating import Listing, TooManyError
from attack.judging import attack, brute_force, check_flags, check_numbers
from attack.knowledge import Release, Rule, rules, system_of
from attack.searching import Search

RULES = rules()
STAFF = RULES["staff-survey"]
W = math.nan  # withheld


def grid(rows: Sequence[Sequence[float]], dims: tuple[str, str] = ("band", "sex"), count: str = "people") -> Release:
    """Make a release from a table whose last row and column are totals."""
    frame = pd.DataFrame(
        [
            {dims[0]: _label(dims[0], i, len(rows)), dims[1]: _label(dims[1], j, len(row)), f"released_{count}": value}
            for i, row in enumerate(rows)
            for j, value in enumerate(row)
        ]
    )
    return Release(frame, dims, dict.fromkeys(dims, "Total"), {count: f"released_{count}"})


def _label(dim: str, position: int, size: int) -> str:
    return "Total" if position == size - 1 else f"{dim[0]}{position + 1}"


def faults(releases: Sequence[Release], rule: Rule, within: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Attack by search; brute force must say the same where it comes to an end."""
    found = sorted(map(str, attack(releases, rule, within=within)))
    listed = brute_force(releases, rule, within=within, most_steps=2000)
    assert listed is None or sorted(map(str, listed)) == found
    return found


def test_a_cell_that_is_alone_in_its_row_is_found() -> None:
    assert faults([grid([[W, 40, 43], [50, 60, 110], [53, 100, 153]])], STAFF) == ["unsafe: people(band=b1, sex=s1)"]


def test_a_rectangle_is_safe_only_when_each_of_its_cells_may_be_small() -> None:
    # 0 + t, 43 - t / 53 - t, 57 + t with t from 0 to 43.
    uneven = grid([[W, W, 43], [W, W, 110], [53, 100, 153]])
    assert faults([uneven], STAFF) == ["unsafe: people(band=b2, sex=s1)", "unsafe: people(band=b2, sex=s2)"]
    # 0 + t, 43 - t / 44 - t, 1 + t with t from 0 to 43.
    assert faults([grid([[W, W, 43], [W, W, 45], [44, 44, 88]])], STAFF) == []


def test_withheld_cells_with_a_small_sum_are_found() -> None:
    found = faults([grid([[W, W, 30, 40], [W, W, 30, 40]])], STAFF)
    assert len(found) == 4
    assert faults([grid([[W, W, 30, 41], [W, W, 30, 41]])], STAFF) == []


def test_a_withheld_cell_below_a_total_of_zero_is_found() -> None:
    rule = RULES["nhs-hospital"]
    release = grid([[W, 30, W], [W, 20, W], [0, 50, 50]])
    assert len(faults([release], replace(rule, least_withheld=0))) == 4
    # Where zeros are shown always, nobody can have made it.
    assert [fault.kind for fault in attack([release], rule)] == ["contradiction"]


def test_rounded_counts_that_their_total_pins_down_are_found() -> None:
    """3 to 7 and 8 to 12 are 19 at most, and 18 is the least that is shown as 20."""
    row = pd.DataFrame({"sex": ["s1", "s2", "Total"], "released_people": [5.0, 10.0, 20.0]})
    release = Release(row, ("sex",), {"sex": "Total"}, {"people": "released_people"})
    assert faults([release], RULES["hesa"]) == [
        "narrow: people(all)", "narrow: people(sex=s1)", "narrow: people(sex=s2)"
    ]  # fmt: skip
    assert faults([replace(release, frame=row.assign(released_people=[5.0, 10.0, 15.0]))], RULES["hesa"]) == []


def test_rounding_protects_as_far_as_it_goes() -> None:
    """13 to 17 less 8 to 12 is 1 to 9; 18 to 22 less 8 to 12 is 6 to 14."""
    opensafely = RULES["opensafely"]
    assert faults([grid([[W, 10, 15], [W, 10, 15]])], opensafely) == []
    assert faults([grid([[W, 10, 20], [W, 10, 20]])], opensafely) == [
        "unsafe: people(band=b1, sex=s1)", "unsafe: people(sex=s1)"
    ]  # fmt: skip


def test_a_withheld_count_that_cannot_be_zero_tells_more() -> None:
    """Of 8 one is at least 1, so that the other is at most 7."""
    zeros_shown = Rule("exact", 8, withhold_zero=False, rounding="none", base=0)
    release = grid([[W, W, 20, 28], [W, W, 20, 28]])
    assert faults([release], zeros_shown) == []
    assert len(faults([release], replace(zeros_shown, least_withheld=1))) == 4


def test_a_total_of_counts_that_are_seen_not_to_be_zero_is_told_apart() -> None:
    """Two counts that are not zero are two or more: known. Ten or more, as one of them is shown to be nine, is not."""
    zeros_shown = Rule("exact", 8, withhold_zero=False, rounding="none", base=0, least_withheld=1)
    assert faults([grid([[W, W, W], [W, W, W], [30, 30, 60]])], zeros_shown) == [
        "several: people(band=b1)", "several: people(band=b2)"
    ]  # fmt: skip
    assert faults([grid([[W, W, W], [W, W, W], [30, 30, 60]])], replace(zeros_shown, least_withheld=0)) == []
    assert faults([grid([[W, 9, W], [W, 9, W], [30, 18, 48]])], zeros_shown) == [
        "unsafe: people(band=b1)", "unsafe: people(band=b2)"
    ]  # fmt: skip
    # Two counts that are 8 together are 7 at most.
    assert faults([grid([[W, W, W], [W, W, W], [8, 30, 38]])], zeros_shown) == [
        "several: people(band=b1)", "several: people(band=b2)",
        "unsafe: people(band=b1, sex=s1)", "unsafe: people(band=b2, sex=s1)",
    ]  # fmt: skip


def test_the_rule_says_what_a_withheld_count_is_at_least() -> None:
    assert {name for name, rule in RULES.items() if rule.least_withheld} == {"nhs-hospital"}


def test_primary_suppression_alone_is_found_in_three_dimensions() -> None:
    inner = np.full((2, 2, 2), 20)
    inner[0, 0, 0] = 3
    labels = ("x", "y", "Total")
    part = {"x": slice(0, 1), "y": slice(1, 2), "Total": slice(0, 2)}
    dims = ("a", "b", "c")
    frame = pd.DataFrame(
        [
            {"a": a, "b": b, "c": c, "released": float(inner[part[a], part[b], part[c]].sum())}
            for a in labels
            for b in labels
            for c in labels
        ]
    )
    margins = (frame[list(dims)] == "Total").sum(axis=1)

    def release(withheld: pd.Series) -> Release:
        shown = frame.assign(released=frame["released"].mask(withheld))
        return Release(shown, dims, dict.fromkeys(dims, "Total"), {"people": "released"})

    assert faults([release(frame["released"] < 11)], STAFF) == ["unsafe: people(a=x, b=x, c=x)"]
    # One cell goes up, its neighbours go down: 3 + t, 20 - t three times, 20 + t three times, 20 - t; t from -3 to 20.
    assert len(faults([release(margins == 0)], STAFF)) == 3
    # The total less the sums over the first band and sex: both of the second are at least 17.
    assert "unsafe: people(a=y, b=y)" in faults([release(margins <= 1)], STAFF)
    assert faults([release(margins <= 2)], STAFF) == []


def test_rounding_that_its_total_undoes_is_found() -> None:
    """Four times 10 with a total of 50: only four times 12 reaches 48."""
    hesa = RULES["hesa"]
    assert len(faults([grid([[10, 10, 10, 10, 50]] * 2)], hesa)) == 10
    assert faults([grid([[10, 10, 10, 10, 40]] * 2)], hesa) == []
    # Three parts of 1 to 6 in a total of 1 to 6: none is above 4.
    midpoint = RULES["opensafely-midpoint6"]
    assert len(faults([grid([[3, 3, 3, 3]] * 2)], midpoint)) == 8
    assert faults([grid([[3, 3, 3, 15]] * 2)], midpoint) == []


def test_rounding_beside_an_exact_total_is_found() -> None:
    # 48 is no multiple of 5, so it has not been rounded: the four are 12 each, with their sums over one band.
    assert len(faults([grid([[10, 10, 10, 10, 48]] * 2)], RULES["hesa"])) == 8
    assert faults([grid([[10, 10, 10, 10, 41]] * 2)], RULES["hesa"]) == []


def test_a_release_that_no_whole_numbers_agree_with_is_found() -> None:
    assert [fault.kind for fault in attack([grid([[20, 30, 51], [20, 30, 50]])], STAFF)] == ["contradiction"]
    assert [fault.kind for fault in attack([grid([[10, 10, 40]] * 2)], RULES["hesa"])] == ["contradiction"]


def test_linked_tables_that_were_protected_one_by_one_are_found() -> None:
    by_sex = grid([[W, W, W], [W, W, W], [45, 35, 80]])
    by_age = grid([[30, 25, 55], [13, 12, 25], [43, 37, 80]], dims=("band", "age"))
    assert faults([by_sex], STAFF) == []
    assert faults([by_age], STAFF) == []
    # With 55 in the first band: t, 55 - t / 45 - t, t - 20 with t from 20 to 45.
    assert faults([by_sex, by_age], STAFF) == [
        "unsafe: people(band=b1)",
        "unsafe: people(band=b1, sex=s1)",
        "unsafe: people(band=b1, sex=s2)",
        "unsafe: people(band=b2)",
    ]


def test_a_ring_of_three_tables_gives_more_away_than_its_margins() -> None:
    """Band by sex and sex by age settle some of band by age, though no sum of shown cells does."""
    even = [[20, 0, 20], [0, 20, 20], [20, 20, 40]]
    hidden = [[W, W, 20], [W, W, 20], [20, 20, 40]]
    rule = RULES["nhs-hospital"]
    by_sex, by_age = grid(even, ("band", "sex")), grid(even, ("sex", "age"))
    third = grid(hidden, ("band", "age"))
    exact = Rule("exact", rule.threshold, rule.withhold_zero, "none", 0)
    assert faults([third], exact) == []
    assert len(faults([by_sex, by_age, third], exact)) == 4


def test_a_count_that_is_part_of_another_is_found() -> None:
    """Of 12 and 13 staff 22 left: at least 9 of the first and 10 of the second."""
    staff, leavers = grid([[12, 13, 25]] * 2, count="staff"), grid([[W, W, 22]] * 2, count="leavers")
    assert faults([staff, leavers], STAFF) == []
    assert len(faults([staff, leavers], STAFF, within=[("leavers", "staff")])) == 4


def test_a_cell_of_which_no_part_is_listed_hides_nothing() -> None:
    """Everybody may know that a combination without a row has nobody: to withhold its total is no secret to lose."""
    whole = grid([[W, W, W], [20, 30, 50], [20, 30, 50]])
    frame = whole.frame
    listed = replace(whole, frame=frame[(frame["band"] != "b1") | (frame["sex"] == "Total")])
    assert len(faults([whole], STAFF)) == 3
    assert faults([listed], STAFF) == []


def test_of_nobody_nobody_is_left_over() -> None:
    counts = ("staff", "leavers")
    frame = pd.DataFrame({"band": ["b1", "b1", "Total"], "sex": ["s1", "Total", "Total"]})
    frame = pd.concat([frame, pd.DataFrame({"band": ["b2"], "sex": ["Total"]})], ignore_index=True)
    frame[[f"released_{count}" for count in counts]] = W
    release = Release(
        frame,
        ("band", "sex"),
        dict.fromkeys(("band", "sex"), "Total"),
        {count: f"released_{count}" for count in counts},
    )
    truth = {(f"{counts[0]} without {counts[1]}", frozenset({("band", "b2")})): 0}
    assert attack([release], STAFF, within=[("leavers", "staff")], truth=truth) == []


def test_the_search_finds_the_ends_of_what_is_possible() -> None:
    system = system_of([grid([[W, W, 20], [W, W, 45], [30, 35, 65]])], STAFF)
    cell = next(at for at, key in enumerate(system.keys) if key[1] == {("band", "b2"), ("sex", "s2")})
    # t, 20 - t / 30 - t, 15 + t with t from 0 to 20.
    search = Search(system)
    assert search.lowest(cell) == 15
    assert search.at_most(cell, 15)
    assert search.at_least(cell, 35)
    assert not search.at_least(cell, 36)
    assert not Search(system).at_most(cell, 14)


def test_a_list_that_was_cut_off_decides_nothing() -> None:
    system = system_of([grid([[W, 12, W], [W, 12, W]])], STAFF)
    cell = system.withheld[0]
    assert Listing(system, most_steps=100, cap=30).between(cell, 20, 25)
    with pytest.raises(TooManyError):
        Listing(system, most_steps=100, cap=30).between(cell, 500, 600)
    with pytest.raises(TooManyError):
        Listing(system, most_steps=1, cap=30).between(cell, 20, 25)
    closed = system_of([grid([[W, W, 20], [W, W, 20]])], STAFF)
    assert not Listing(closed, most_steps=100).between(closed.withheld[0], 21, 30)


def test_false_numbers_and_primary_cells_are_found() -> None:
    people = {
        ("people", frozenset({("band", "b1"), ("sex", "s1")})): 12,
        ("people", frozenset({("band", "b1")})): 12,
        ("people", frozenset({("sex", "s1")})): 12,
        ("people", frozenset()): 12,
    }
    hesa = RULES["hesa"]

    def kinds(rows: Sequence[Sequence[float]], rule: Rule, true: int = 12) -> set[str]:
        return {fault.kind for fault in check_numbers([grid(rows)], dict.fromkeys(people, true), rule)}

    assert kinds([[12, 12], [12, 12]], STAFF) == set()
    assert kinds([[12, 12], [12, W]], STAFF) == set()
    assert kinds([[12, 12], [12, 13]], STAFF) == {"untrue"}
    assert kinds([[10, 10], [10, 10]], STAFF, true=10) == {"primary shown"}
    assert kinds([[10, 10], [10, 10]], hesa) == set()
    assert kinds([[10, 10], [10, 15]], hesa) == {"untrue"}
    assert kinds([[10, 10], [10, 12]], hesa) == {"not rounded"}


@pytest.mark.parametrize(
    ("flags", "positions"),
    [
        (["suppressed", "", "", ""], []),
        (["suppressed", None, math.nan, ""], []),
        (["primary", "", "", ""], ["row 0"]),
        (["", "", "", "suppressed"], ["row 0", "row 3"]),
        (["suppressed", "rounded", "", ""], ["row 1"]),
    ],
)
def test_a_flag_that_says_more_or_less_is_found(flags: list[object], positions: list[str]) -> None:
    release = grid([[W, 12], [12, 12]])
    release.frame["flag"] = pd.Series(flags, dtype=object)
    assert [fault.cell for fault in check_flags(release)] == positions
