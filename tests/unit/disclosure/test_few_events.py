"""What records say happened to one or two people of a group is withheld, and ratios without end with it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.disclosure.contrasts import sides_of
from evalkit.disclosure.events_of_few import few_events, with_what_follows
from evalkit.disclosure.releasing import release_frame
from evalkit.equality.composition import representation
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_counting import COLUMNS
from evalkit.equality.years import year_change
from evalkit.programmes.answers import split_rows
from evalkit.result import Estimates, Method, estimates

RULES = load_profile("staff-survey")
PUBLIC = load_profile("public")


def likelihood(bme: int, white: int, not_stated: int = 0) -> Estimates:
    rows = pd.DataFrame({"e": ["BME", "white", None], "s": [55, 172, 13], "a": [bme, white, not_stated]})
    return relative_likelihood(rows, group="e", outcome="a", total="s", reference="white", comparison="BME")


def told(result: Estimates) -> list[str]:
    frame = release(result, RULES).frame
    return frame.loc[frame["estimate"].notna(), "group"].tolist()


def test_two_people_in_a_formal_process_are_not_told_by_group() -> None:
    result = likelihood(2, 0)
    assert np.isinf(result.frame["estimate"]).any()
    released = release(result, RULES).frame
    assert told(result) == []
    assert released[["conf_low", "conf_high", "n", "n_events"]].isna().all(axis=None)
    assert set(released["flag"]) == {"suppressed"}


@pytest.mark.parametrize(
    ("bme", "white", "shown"),
    [
        (3, 20, ["BME", "white", "BME over white", "BME less white"]),
        (2, 20, ["white"]),
        (20, 2, ["BME"]),
        (20, 0, ["BME"]),
        (0, 20, ["white"]),
    ],
)
def test_the_smaller_group_decides(bme: int, white: int, shown: list[str]) -> None:
    assert told(likelihood(bme, white, 5)) == [*shown[: 2 if len(shown) > 2 else 1], "not stated", *shown[2:]]


def test_that_nobody_had_it_is_told() -> None:
    assert told(likelihood(0, 0)) == ["BME", "white", "not stated", "BME less white"]


@pytest.mark.parametrize(("bme", "white"), [(2, 20), (1, 9), (40, 2), (3, 20), (19, 97)])
@pytest.mark.parametrize("term", ["relative_likelihood", "difference"])
def test_a_ratio_is_judged_without_its_rates_too(bme: int, white: int, term: str) -> None:
    frame = likelihood(bme, white).frame
    alone = frame[frame["term"] == term].reset_index(drop=True)
    assert few_events(alone, [("2025",)]).tolist() == [min(bme, white) < 3]


def test_other_years_are_judged_by_themselves() -> None:
    frame = pd.concat([likelihood(2, 20).frame, likelihood(5, 20, 4).frame], ignore_index=True)
    half = len(frame) // 2
    found = few_events(frame, [("2024",)] * half + [("2025",)] * half)
    assert found[:half].any()
    assert not found[half:].any()


def test_answers_to_a_survey_are_judged_by_who_answered() -> None:
    rows = [{"term": "share", "group": "BME", "estimate": 2 / 33, "n": 33, "n_events": 2, "unit": "proportion"}]
    assert told(estimates(rows, Method("m", "e", "proportion", n_given=33, n_used=33))) == ["BME"]


def test_what_others_have_published_is_told() -> None:
    assert np.isinf(release(likelihood(2, 0), PUBLIC).frame["estimate"]).any()


def test_a_ratio_without_end_gives_no_warning() -> None:
    rows = [{"term": "t", "group": "a over b", "estimate": np.inf, "n": 40, "unit": "ratio"}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("staff-survey", "nhs-hospital", "acro"):
            release(estimates(rows, Method("m", "e", "ratio", n_given=40, n_used=40)), load_profile(name))


def row(group: str, had: int, n: int, term: str = "rate", **more: object) -> dict[str, object]:
    return {"term": term, "group": group, "estimate": had / n, "n": n, "n_events": had, "unit": "proportion"} | more


def by_row(*rows: dict[str, object]) -> Estimates:
    return estimates(list(rows), Method("m", "e", "by row", n_given=1, n_used=1))


def test_the_ratio_of_one_group_within_another_is_judged_by_both_sides() -> None:
    parts = {}
    for name, (bme, white) in {"women": (9, 21), "men": (1, 20)}.items():
        made = likelihood(bme, white)
        parts[name] = Estimates(made.frame[made.frame["term"] == "relative_likelihood"], made.method)
    split = split_rows(parts, next(iter(parts.values())).method)
    assert told(split) == []
    parts["men"] = Estimates(parts["women"].frame.assign(estimate=1.1), parts["women"].method)
    assert told(split_rows(parts, split.method)) == ["women", "men"]


@pytest.mark.parametrize("earlier", [1, 0])
def test_a_change_does_not_tell_a_year_that_is_withheld(earlier: int) -> None:
    rows = pd.DataFrame(
        {"y": [2023, 2023, 2024, 2024], "g": ["BME", "white"] * 2, "n": [55, 172] * 2, "a": [earlier, 20, 9, 21]}
    )
    trend = relative_likelihood(rows, group="g", outcome="a", total="n", year="y", reference="white", comparison="BME")
    assert told(year_change(trend, year="year")) == ["white"]


@pytest.mark.parametrize(("bme", "shown"), [((5, 4), 5), ((1, 0), 1), ((5, 1), 4)])
def test_strata_and_pooled_ratios_do_not_tell_a_stratum(bme: tuple[int, int], shown: int) -> None:
    rows = [
        {"e": group, "band": band, "out": out, "k": k}
        for band, group, had, n in (
            ("5", "white", 12, 100), ("5", "BME", bme[0], 30), ("6", "white", 8, 72), ("6", "BME", bme[1], 25),
        )
        for out, k in (("yes", had), ("no", n - had))
    ]  # fmt: skip
    made = relative_likelihood(
        pd.DataFrame(rows), group="e", outcome="out", counts="k", reference="white", comparison="BME", strata="band"
    )
    frame = release(made, RULES).frame
    kept = frame[frame["estimate"].notna()]
    assert len(kept) == {5: 8, 4: 4, 1: 1}[shown]
    assert kept["term"].str.startswith("mantel").any() == (shown == 5)


def test_beside_a_total_the_next_smallest_group_goes_too() -> None:
    rows = [row("men", 20, 100), row("women", 1, 90), row("other", 9, 40)]
    assert told(by_row(*rows)) == ["men", "other"]
    assert told(by_row(*rows, row("all", 30, 230))) == ["men", "all"]
    # A total that is told of more people than these tells nothing of them.
    assert told(by_row(*rows, row("all", 40, 300))) == ["men", "other", "all"]
    assert told(by_row(*rows[:2], row("whatever it is called", 21, 190))) == ["whatever it is called"]


def test_a_group_withheld_as_it_is_small_does_not_follow_from_a_total() -> None:
    assert told(by_row(row("men", 20, 100), row("women", 3, 5), row("all", 23, 105))) == ["all"]


def test_both_sides_of_a_dash_are_judged() -> None:
    rows = [row("women", 1, 55), row("men", 20, 172)]
    gap = row("women - men", 21, 227, "difference", estimate=1 / 55 - 20 / 172, n_least=55)
    assert told(by_row(*rows, gap)) == ["men"]
    assert told(by_row(row("women", 4, 55), rows[1], gap | {"estimate": 4 / 55 - 20 / 172, "n_events": 24})) == [
        "women", "men", "women - men",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["women over 50", "less than a year", "White, British over there", "a - b"])
def test_words_inside_the_name_of_a_group_do_not_tell_it(name: str) -> None:
    rows = by_row(row(name, 1, 55), row("others", 20, 172))
    assert told(rows) == ["others"]
    assert told(by_row(row(name, 4, 55), row("others", 20, 172))) == [name, "others"]


def test_without_rates_the_smaller_group_may_have_fewer() -> None:
    # Of 12 people in a group of 20 and 1 in one of 30, the smaller group stands below the line.
    gap = row("a less b", 13, 50, "difference", estimate=1 / 30 - 12 / 20, n_least=20)
    assert told(by_row(gap)) == []
    assert told(by_row(gap | {"n": 51, "n_events": 16, "estimate": 4 / 31 - 12 / 20})) == ["a less b"]


@pytest.mark.parametrize(("name", "other"), [("White", "Asian"), ("White, British or Irish", "Asian, Asian British")])
def test_a_comma_in_a_name_changes_nothing(name: str, other: str) -> None:
    people = pd.DataFrame({"g": [name, other, "not stated"], "band": "5", "k": [120, 40, 4]})
    assert set(told(representation(people, group="g", band="band", counts="k"))) == {other}


def plan(events: dict[str, int]) -> pd.DataFrame:
    rows = [(year, name, "all", "all", "all", 60, had) for year in (2024, 2025) for name, had in events.items()]
    return release(edi_plan(pd.DataFrame(rows, columns=COLUMNS)), RULES).frame.set_index("indicator")


def test_shares_of_records_in_the_plan_are_judged_and_posts_are_not() -> None:
    frame = plan({"recruitment_apprentice": 1, "local_recruitment": 3, "support_used": 2, "recruitment_graduate": 0})
    withheld = frame["estimate"].isna()
    assert withheld[["recruitment_apprentice", "support_used"]].all()
    assert not withheld[["local_recruitment", "recruitment_graduate"]].any()
    assert frame.loc["recruitment_apprentice", "n"].isna().all()
    assert "n_fewest_events" not in frame.columns


def test_a_baseline_does_not_repeat_a_year_that_is_withheld() -> None:
    rows = [(year, "support_used", "all", "all", "all", 60, had) for year, had in ((2024, 1), (2025, 9))]
    goal = pd.DataFrame({"indicator": ["support_used"], "baseline_year": [2024], "target_year": 2030, "target": 0.4})
    made = edi_plan(pd.DataFrame(rows, columns=COLUMNS), targets=goal)
    assert made.frame["baseline"].notna().sum() == 1
    frame = release(made, RULES).frame
    assert frame["baseline"].isna().all()
    assert frame.loc[frame["year"] == "2025", "estimate"].notna().any()


def test_all_but_one_is_told_as_what_did_not_happen_is_in_no_record() -> None:
    assert "BME" in told(likelihood(54, 150))


def test_a_public_table_keeps_no_column_of_its_own() -> None:
    assert "n_fewest_events" not in release(likelihood(5, 20), PUBLIC).frame.columns


@pytest.mark.parametrize(
    ("share", "kept"),
    [([0.018, 0.116], [False, True]), ([0.02, 0.12], [False, True]), ([0.218, 0.116], [True, True]),
     ([3.14, 2.77], [True, True])],
)  # fmt: skip
def test_a_share_that_was_rounded_before_is_judged_too(share: list[float], kept: list[bool]) -> None:
    table = pd.DataFrame({"g": ["BME", "white"], "n": [55, 172], "measure": share})
    assert release_frame(table, ["n"], load_profile("acro")).frame["n"].notna().tolist() == kept


def follows(hidden: list[str], *rows: dict[str, object]) -> list[str]:
    frame = pd.DataFrame([{"n_least": one["n"], **one} for one in rows])
    gone = with_what_follows(frame, [], frame["group"].isin(hidden).to_numpy(), RULES)
    return frame.loc[gone, "group"].tolist()


def test_what_is_withheld_beside_a_total_is_enough_people_in_groups_that_are_large_enough() -> None:
    parts = [row("a", 1, 90), row("b", 1, 80), row("c", 9, 70)]
    assert follows(["a", "b"], *parts, row("all", 11, 240)) == ["a", "b", "c"]
    assert follows(["a", "b"], row("a", 2, 90), *parts[1:], row("all", 12, 240)) == ["a", "b"]
    small = [row("a", 2, 4), row("b", 2, 5), row("c", 9, 70)]
    assert follows(["a", "b"], *small, row("all", 13, 79)) == ["a", "b", "c"]
    # One part alone follows, however many had it.
    assert follows(["c"], *parts, row("all", 11, 240)) == ["a", "c"]
    # A total of one part is that part.
    assert follows(["a"], parts[0], row("all", 1, 90)) == ["a", "all"]
    # The same number of people is no total where others had it.
    assert follows(["a"], *parts, row("d", 3, 240)) == ["a"]


def test_what_is_made_of_two_groups_goes_with_either() -> None:
    gap = row("a less c", 10, 160, "difference", estimate=0.1)
    assert follows(["a"], row("a", 4, 90), row("c", 9, 70), gap) == ["a", "a less c"]


def test_what_a_difference_is_a_share_of_is_no_group() -> None:
    assert sides_of("men less women, over men", ["men", "women"]) == ("men", "women")
