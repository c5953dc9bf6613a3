"""Numbers of people in answers beside the flow, the tables by group and a snapshot: as a reader put them together."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, protect, release, release_frame
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Question
from evalkit.report import programme_making
from evalkit.report.programme_flow_counts import beside_tables
from evalkit.report.programme_left_over import without_left_over
from evalkit.report.programme_numbers import Shown
from evalkit.result import Method, estimates

RULES = load_profile()
RETURNERS, PLAN = load_programme("returners"), load_programme("edi-improvement-plan")
FLOW = ("invited", "applied", "matched", "started", "completed", "registered", "in_post")


def question(programme: Programme, name: str) -> Question:
    return next(one for one in programme.questions if one.id == name)


def part(programme: Programme, name: str, rows: list[dict[str, object]], **more: object) -> Shown:
    made = [{"conf_low": np.nan, "conf_high": np.nan, "unit": "proportion", **row} for row in rows]
    n = int(max(float(str(row["n"])) for row in rows))
    result = estimates(made, Method("m", "e", "proportion", n_given=n, n_used=n))
    answer = Answer(question(programme, name), result, people=n, **more)  # type: ignore[arg-type]
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, programme))


def access(name: str = "access_sex", **people: tuple[int, int]) -> Shown:
    """Tell of how many who applied how many got a place; the first two groups are compared."""
    rows: list[dict[str, object]] = [
        {"term": "rate", "group": group.replace("_", " "), "estimate": got / n, "n": n, "n_events": got, "n_least": n}
        for group, (n, got) in people.items()
    ]
    (one, (n, got)), (other, (m, had)) = list(people.items())[:2]
    both = {"group": f"{one} over {other}", "n": n + m, "n_events": got + had, "n_least": min(n, m)}
    rows += [
        {"term": "relative_likelihood", "estimate": (got / n) / (had / m), **both, "unit": "ratio"},
        {"term": "difference", "estimate": got / n - had / m, **both, "group": f"{one} less {other}"},
    ]
    return part(RETURNERS, name, rows, about=("matched",))


def flow(**people: float) -> Shown:
    """Tell how many were at each step; those that are named with an underline in front are withheld."""
    titles = {one.id: one.title for one in RETURNERS.steps}
    rows = [
        {"step": titles[name.removeprefix("_")], "of": "", "reason": "", "n": n, "n_least": 1 if name[0] == "_" else n}
        for name, n in people.items()
    ]
    frame = pd.DataFrame(rows)
    answer = Answer(question(RETURNERS, "reach"), frame, role="returner", about=FLOW)
    return Shown(answer, release_frame(frame, ["n"], RULES), ())


def stayed(n: int, *left: int) -> Shown:
    rows: list[dict[str, object]] = [
        {"term": f"retention at {time} months", "group": "all", "estimate": 1 - one / n, "n": n, "time": float(time)}
        for time, one in zip((12, 24), left, strict=False)
    ]
    return part(RETURNERS, "retention", rows, about=("stayed",))


def promoted(n: int, had: int, left_first: int) -> Shown:
    rows: list[dict[str, object]] = [
        {"term": "Promotion to a higher band within 12 months", "estimate": had / n, "n": n},
        {"term": "Left without it within 12 months", "estimate": left_first / n, "n": n, "quantity": "another way out"},
    ]
    return part(RETURNERS, "promotion", rows, about=("promoted",))


def safe(*parts: Shown, programme: Programme = RETURNERS) -> dict[int, Shown]:
    return without_left_over(dict(enumerate(parts)), RULES, programme)[0]


def counts(shown: Shown) -> list[int]:
    """Work out what a reader would: rate times n of every group, and who is left."""
    frame = shown.released.frame
    single = frame[frame["term"].eq("rate") & frame["n"].notna() & frame["estimate"].notna()]
    got = (single["estimate"] * single["n"]).round()
    return [int(one) for one in (*got, *(single["n"] - got))]


def told(shown: Shown, what: str = "estimate") -> list[str]:
    frame = shown.released.frame
    return frame.loc[frame[what].notna(), "group" if "group" in frame else "term"].astype(str).tolist()


def test_a_rate_and_its_n_tell_no_few_of_a_step() -> None:
    before = access(women=(28, 20), men=(11, 4))
    assert 4 in counts(before)  # as the reader had it: the men who got a place, all of whom started
    assert told(safe(before)[0]) == []


@pytest.mark.parametrize(("men", "shown"), [((30, 12), 4), ((30, 10), 0), ((30, 20), 0), ((30, 30), 4), ((30, 19), 4)])
def test_few_who_got_a_place_and_few_who_did_not(men: tuple[int, int], shown: int) -> None:
    found = safe(access(women=(60, 40), men=men))[0]
    assert len(told(found)) == shown
    assert not any(0 < one < RULES.threshold for one in counts(found))


def test_of_many_the_two_groups_are_still_compared_without_their_numbers() -> None:
    # Five of eleven who stated nothing got a place: 195 of the 200 who started are told by the other two.
    found = safe(access("access_ethnicity", white=(216, 147), BME=(93, 48), not_stated=(11, 5)))[0]
    assert told(found) == ["white over BME", "white less BME"]
    assert told(found, "n") == []
    # The small group is one of the two: nothing is told of them.
    assert told(safe(access(women=(300, 140), men=(40, 6)))[0]) == []


def test_what_is_left_over_at_the_next_step_is_looked_at_too() -> None:
    # Nobody is few by themselves, of those who stated nothing n is withheld, and their places are the rest of all.
    before = access("access_ethnicity", white=(60, 30), BME=(50, 25), not_stated=(24, 12))
    assert len(told(safe(before)[0])) == 5
    few = access("access_ethnicity", white=(60, 30), BME=(50, 25), not_stated=(24, 2))
    assert 2 not in counts(safe(few)[0])
    assert told(safe(few)[0]) == ["white over BME", "white less BME"]


def test_people_in_the_records_tell_a_step_that_the_flow_withholds() -> None:
    steps = flow(invited=58, started=24, _in_post=14)
    assert steps.released.frame["n"].isna().tolist() == [False, False, True]
    found = safe(steps, stayed(14, 3, 3), promoted(14, 2, 2))
    assert told(found[1]) == told(found[2]) == []
    # As many as started: nothing that is not known.
    assert len(told(safe(steps, stayed(24, 3, 3))[1])) == 2
    # No step is withheld.
    assert len(told(safe(flow(invited=58, started=24), stayed(14, 3, 3))[1])) == 2


def test_of_many_people_in_the_records_the_share_stays() -> None:
    found = safe(flow(invited=300, started=200, _in_post=195), stayed(195, 40, 60))[1]
    assert len(told(found)) == 2
    assert told(found, "n") == []


@pytest.mark.parametrize(
    ("left", "had", "first", "shown"),
    [(5, 8, 4, 1), (5, 8, 3, 1), (5, 8, 5, 2), (8, 8, 5, 2), (11, 4, 8, 1), (11, 3, 8, 2)],
)
def test_who_was_promoted_and_left_does_not_follow(left: int, had: int, first: int, shown: int) -> None:
    steps = flow(invited=99, started=40)
    before = promoted(40, had, first)
    found = safe(steps, stayed(40, left), before)[2]
    assert len(told(found)) == shown
    assert len(told(safe(steps, before)[1])) == 2  # without those who left at all nothing follows


def reach(**invited: int) -> dict[str, dict[str, tuple[object, object]]]:
    rows = {"Sex": [*invited, "all"], "returner invited": [*invited.values(), sum(invited.values())]}
    table = protect(
        pd.DataFrame(rows),
        counts=["returner invited"],
        dims=["Sex"],
        totals={"Sex": "all"},
        profile=RULES.name,
    )
    return {"returner": {"sex": ((), table)}}


@pytest.mark.parametrize(("men", "conflicts"), [(30, 0), (33, 1), (40, 1), (41, 0)])
def test_an_answer_beside_a_table_tells_whom_the_step_between_lost(men: int, conflicts: int) -> None:
    parts = {3: access(women=(60, 40), men=(30, 15))}
    tables = reach(women=80, men=men)
    found = list(beside_tables(parts, tables, RETURNERS, RULES))  # type: ignore[arg-type]
    assert found == [(3, "returner", "sex")] * conflicts
    made = SimpleNamespace(shown=parts, reach=tables, programme=RETURNERS, profile=RULES)
    titles, _ = programme_making._leaking(made, 0)  # type: ignore[arg-type]
    assert titles[:2] == ["answer 3", "reach returner sex"] * conflicts


def leaving(**people: tuple[int, int]) -> Shown:
    rows: list[dict[str, object]] = [
        {
            "term": "leaver rate, headcount",
            "group": group,
            "estimate": left / n,
            "n": n,
            "period": "2024-03-31 to 2025-03-31",
            "unit": "leavers per head of mean headcount",
        }
        for group, (n, left) in people.items()
    ]
    return part(PLAN, "turnover", rows, about=("left",), subgroup="sex")


def test_leavers_of_a_withheld_sex_do_not_follow_from_all_staff() -> None:
    before = leaving(men=(71, 3), women=(167, 15), other=(2, 0))
    frame = before.released.frame
    assert 240 - frame["n"].sum() == 2  # as the reader had it
    found = safe(before, programme=PLAN)[0]
    assert told(found, "n") == []
    assert found.released.frame["estimate"].dropna().tolist() == [0.04, 0.09]
    assert told(safe(leaving(men=(71, 8), women=(167, 15), other=(12, 4)), programme=PLAN)[0], "n") != []


def test_whoever_is_in_neither_group_of_a_metric() -> None:
    rows: list[dict[str, object]] = [
        {"term": "leaver rate, headcount", "group": "all", "estimate": 0.075, "n": 240, "metric": "turnover"},
        {"term": "ratio of leaver rates", "group": "BME over white", "estimate": 2.4, "n": 231, "metric": "turnover"},
        {"term": "share", "group": "all", "estimate": 0.5, "n": 236, "metric": "4a"},
    ]
    for row in rows:
        row |= {"year": 2025, "unit": "ratio" if "over" in str(row["group"]) else "proportion", "n_least": row["n"]}
    found = safe(part(PLAN, "progress", rows), programme=PLAN)[0].released.frame
    assert found["n"].isna().tolist() == [False, True, False]
    assert found["estimate"].notna().all()


@pytest.mark.parametrize(
    ("men", "other", "shown", "counted"),
    [
        ((72, 1), 0, ["women"], ["women"]),
        ((72, 5), 0, ["men", "women"], ["men", "women"]),
        ((72, 5), 2, ["men", "women"], []),
    ],
)
def test_a_bonus_of_one_person(men: tuple[int, int], other: int, shown: list[str], counted: list[str]) -> None:
    n, got = men
    rows: list[dict[str, object]] = [
        {"term": "share receiving a bonus", "group": "men", "estimate": got / n, "n": n},
        {"term": "share receiving a bonus", "group": "women", "estimate": 4 / 166, "n": 166},
        *([{"term": "people in no gap", "group": "other", "estimate": np.nan, "n": other}] if other else []),
    ]
    found = safe(part(PLAN, "pay_gap_sex", rows, about=("pay",)), programme=PLAN)[0]
    assert told(found) == shown
    assert told(found, "n") == counted
