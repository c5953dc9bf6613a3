"""The same mean or change told twice, of nearly the same people: nobody's own value follows from the two."""

from __future__ import annotations

from copy import copy

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.programmes.answers import Answer
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Question
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_numbers import Shown, numbers_table, quieted
from evalkit.report.programme_same_quantity import quantity_of, told_elsewhere, told_once
from evalkit.result import Method, estimates

RULES = load_profile()
PROGRAMME = load_programme("reciprocal-mentoring")
TERM = "Compassion"
SCALE = f"{PROGRAMME.outcomes_by_id['compassion'].use}: {PROGRAMME.outcomes_by_id['compassion'].scale}"
TIMES = {"pre": "before", "post": "after"}


def question(estimator: str, **said: object) -> Question:
    made = copy(next((one for one in PROGRAMME.questions if one.estimator == estimator), PROGRAMME.questions[0]))
    made.__dict__.pop("said", None)
    for name, value in {"estimator": estimator, "arguments": tuple({**TIMES, **said}.items())}.items():
        object.__setattr__(made, name, value)
    return made


def part(asked: Question, rows: list[dict[str, object]], role: str = "partner", subgroup: str = "") -> Shown:
    filled = [{"term": TERM, "conf_low": -0.1, "conf_high": 1.1, **row} for row in rows]
    result = estimates(filled, Method("m", "e", "points"))
    terms = ((TERM, "compassion"),)
    answer = Answer(asked, result, role=role, about=("compassion",), terms=terms, subgroup=subgroup)
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, PROGRAMME))


def change(n: int, estimate: float = 0.5, **more: str) -> Shown:
    return part(question("mean_change"), [{"n": n, "estimate": estimate, "group": None}], **more)


def then_test(n: int) -> Shown:
    sizes = {"change as answered": 0.6, "change as recalled": 1.1, "shift of the start": -0.5}
    asked = question("response_shift", then="then")
    return part(asked, [{"group": name, "estimate": size, "n": n, "claim": "c"} for name, size in sizes.items()])


def pairs(n: int) -> Shown:
    rows = [
        {"group": "partners", "quantity": "mean change", "estimate": 0.5},
        {"group": "senior partners", "quantity": "mean change", "estimate": 0.3},
        {"group": "pair", "quantity": "mean change", "estimate": 0.4},
        {"group": "senior partners - partners", "quantity": "difference in mean change", "estimate": -0.2},
        {"group": "partners", "quantity": "actor effect", "estimate": 0.9},
        {"group": "before", "quantity": "intraclass correlation", "estimate": 0.3},
    ]
    return part(question("dyad_change"), [{**row, "n": n} for row in rows], role="")


def others(own: int, beside: int) -> Shown:
    rows = [
        {"group": "comparison", "quantity": "mean change", "estimate": 0.1, "n": beside},
        {"group": "programme", "quantity": "mean change", "estimate": 0.5, "n": own},
        {
            "group": "programme - comparison",
            "quantity": "difference in mean change",
            "estimate": 0.4,
            "n": own + beside,
        },
    ]
    return part(question("difference_in_change"), rows)


def waves(n: int) -> Shown:
    rows = [
        {"group": "before", "quantity": "mean", "estimate": 3.0, "n": n},
        {"group": "after", "quantity": "mean", "estimate": 3.5, "n": n},
        {"group": "later", "quantity": "mean", "estimate": 3.4, "n": n},
        {"group": "after - before", "quantity": "change from baseline", "estimate": 0.5, "n": n},
        {"group": "later - before", "quantity": "change from baseline", "estimate": 0.4, "n": n},
        {
            "group": "later - before over after - before",
            "quantity": "share of the gain kept",
            "estimate": 0.8,
            "n": n,
        },
    ]
    return part(question("wave_change", waves=("before", "after", "later")), rows)


def safe(*parts: Shown) -> tuple[list[Shown], int]:
    found, more = told_once(dict(enumerate(parts)), RULES, PROGRAMME)
    return list(found.values()), more


def told(shown: Shown) -> list[str]:
    frame = shown.released.frame
    names = frame["group"].astype(str) + (": " + frame["quantity"].astype(str) if "quantity" in frame else "")
    return [name for name, estimate in zip(names, frame["estimate"], strict=True) if np.isfinite(estimate)]


@pytest.mark.parametrize(("n", "gone"), [(18, False), (19, True), (28, True), (29, False)])
def test_then_test_on_other_people_tells_the_shift_alone(n: int, *, gone: bool) -> None:
    (whole, shifted), more = safe(change(n), then_test(18))
    assert told(whole) == ["None"]
    assert told(shifted) == (["shift of the start"] if gone else told(then_test(18)))
    assert more == (2 if gone else 0)


def test_change_as_answered_does_not_follow_from_the_other_two() -> None:
    (_, shifted), _ = safe(change(19), then_test(18))
    frame = shifted.released.frame
    gone = frame[frame["estimate"].isna()]
    assert list(gone["group"]) == ["change as answered", "change as recalled"]
    assert gone["n"].isna().all()
    assert [line.group for line in shifted.lines] == ["shift of the start"]
    assert [one.name for one in shifted.again] == ["Compassion, partners, change as answered"]


@pytest.mark.parametrize(("apart", "gone"), [(0, False), (1, True), (10, True), (11, False)])
def test_from_one_to_one_less_than_the_threshold(apart: int, *, gone: bool) -> None:
    (_, two), _ = safe(change(20 + apart), pairs(20))
    assert ("partners: mean change" not in told(two)) is gone


def test_of_one_party_told_elsewhere_the_other_stays_and_nothing_that_gives_it_away() -> None:
    (_, two), more = safe(change(19), pairs(15))
    assert told(two) == [
        "senior partners: mean change",
        "partners: actor effect",
        "before: intraclass correlation",
    ]
    assert more == 3
    assert [line.group for line in two.lines] == ["senior partners"]
    # How many pairs there are stands beside the effects.
    (gone,) = [one.line for one in two.again]
    assert gone is not None
    assert (gone.withheld, gone.people) == (True, 15)
    (_, along), _ = safe(change(25), waves(20))
    assert all(one.line is None or one.line.people == 20 for one in along.again)


def test_of_both_parties_their_difference_goes_too_and_what_pairs_owe_each_other_stays() -> None:
    (_, _, two), more = safe(change(19), change(18, role="senior_partner"), pairs(15))
    assert told(two) == ["partners: actor effect", "before: intraclass correlation"]
    assert more == 4
    assert two.lines == ()
    assert numbers_table([two], "t") is None
    assert full_table(two, "t") is not None
    notes = [one.text for one in told_elsewhere([two])]
    assert len(notes) == 1
    assert notes[0].startswith("Compassion, partners; Compassion, senior partners: told under \u201c")
    assert "the difference" in notes[0] or "their difference" in notes[0]


def test_what_the_plan_judges_by_stays_though_fewer_people_are_in_it() -> None:
    asked = question("mean_change")
    later = question("mean_change")
    object.__setattr__(later, "id", "another")
    beside = part(later, [{"n": 25, "estimate": 0.5, "group": None}])
    first = part(asked, [{"n": 20, "estimate": 0.4, "group": None}])
    (few, many), more = safe(first, beside)
    assert (told(few), told(many), more) == (["None"], [], 1)
    assert many.lines == ()
    assert full_table(many, "t") is None


def test_groups_of_a_difference_go_together_and_the_difference_stays() -> None:
    (_, beside), more = safe(change(25), others(21, 22))
    assert told(beside) == ["programme - comparison: difference in mean change"]
    assert more == 2
    assert [one.name for one in beside.again] == ["Compassion, mean change of partners"]
    (_, apart), more = safe(change(21), others(21, 22))
    assert (len(told(apart)), more) == (3, 0)


def test_changes_along_waves_do_not_follow_from_means_or_from_the_share_kept() -> None:
    (_, along), _ = safe(change(25), waves(20))
    assert told(along) == [
        "before: mean",
        "later: mean",
        "later - before: change from baseline",
    ]


def test_means_at_one_time_and_along_waves() -> None:
    at_once = part(question("mean_at", wave="after"), [{"group": "partners", "estimate": 3.4, "n": 24}], role="")
    (_, along), _ = safe(at_once, waves(20))
    # Of the means of which it would be the sum, with the changes, none stays; the changes do.
    assert told(along) == [
        "after - before: change from baseline",
        "later - before: change from baseline",
        "later - before over after - before: share of the gain kept",
    ]


def test_groups_of_people_are_compared_by_what_they_are_called() -> None:
    subgroup = PROGRAMME.subgroups[0].id

    def split(men: int, women: int, named: str) -> Shown:
        asked = question("mean_change")
        object.__setattr__(asked, "id", named)
        rows = [{"group": "men", "n": men, "estimate": 0.3}, {"group": "women", "n": women, "estimate": 0.5}]
        return part(asked, rows, subgroup=subgroup)

    (one, two), more = safe(split(20, 30, "one"), split(18, 30, "two"))
    assert (told(one), told(two), more) == (["men", "women"], ["women"], 1)
    assert [line.withheld for line in two.lines] == [True, False]
    assert two.again == ()


def test_rules_that_round_and_rules_that_withhold_nothing_change_nothing() -> None:
    parts = {0: change(19), 1: then_test(18)}
    for name in ("nhs-hospital", "public"):
        assert told_once(parts, load_profile(name), PROGRAMME) == (parts, 0)


def test_a_quiet_answer_keeps_what_is_told_elsewhere() -> None:
    (_, shifted), _ = safe(change(19), then_test(18))
    assert quieted(shifted, PROGRAMME).again == shifted.again


KEYS = {
    "mean_change": [({"group": None}, ("change", SCALE, "partner", "", "after - before"))],
    "proportion_change": [
        ({"group": None}, ("change of the share at 4 or above", SCALE, "partner", "", "after - before"))
    ],
    "ratio_change": [({"group": None}, ("ratio to earlier", SCALE, "partner", "", "after - before"))],
    "response_shift": [
        ({"group": "change as answered"}, ("change", SCALE, "partner", "", "after - before")),
        ({"group": "change as recalled"}, ("change", SCALE, "partner", "", "after - then")),
        ({"group": "shift of the start"}, None),
    ],
    "wave_change": [
        ({"group": "after", "quantity": "mean"}, ("mean", SCALE, "partner", "", "after")),
        (
            {"group": "after - before", "quantity": "change from baseline"},
            ("change", SCALE, "partner", "", "after - before"),
        ),
        ({"group": "later - before over after - before", "quantity": "share of the gain kept"}, None),
    ],
    "dyad_change": [
        (
            {"group": "senior partners", "quantity": "mean change"},
            ("change", SCALE, "senior_partner", "", "after - before"),
        ),
        ({"group": "pair", "quantity": "mean change"}, None),
        ({"group": "partners", "quantity": "actor effect"}, None),
        ({"group": "before", "quantity": "intraclass correlation"}, None),
    ],
    "difference_in_change": [
        ({"group": "programme", "quantity": "mean change"}, ("change", SCALE, "partner", "", "after - before")),
        ({"group": "comparison", "quantity": "mean change"}, ("change", SCALE, "", "comparison", "after - before")),
        ({"group": "programme - comparison", "quantity": "difference in mean change"}, None),
    ],
    "gap_in_change": [
        (
            {"group": "white", "quantity": "mean change"},
            ("change", SCALE, "partner", "participants.ethnicity: white", "after - before"),
        ),
        ({"group": "BME - white", "quantity": "difference in mean change"}, None),
    ],
    "mean_at": [({"group": "partners"}, ("mean", SCALE, "partner", "", "after"))],
    "dose_response": [
        ({"group": "5", "part": "band"}, ("change", SCALE, "partner", "meetings: 5", "after - before")),
        ({"group": "slope", "part": "slope"}, None),
    ],
}
SAID = {
    "proportion_change": {"at_least": 4},
    "ratio_change": {"pre_item": "earlier"},
    "response_shift": {"then": "then"},
    "gap_in_change": {"group": "participants.ethnicity"},
    "mean_at": {"wave": "after"},
    "dose_response": {"dose": "meetings"},
}


@pytest.mark.parametrize("estimator", sorted(ESTIMATORS))
def test_what_a_row_of_each_estimator_tells(estimator: str) -> None:
    asked = question(estimator, **SAID.get(estimator, {}))
    answer = Answer(asked, pd.DataFrame(), role="partner", about=("compassion",), terms=((TERM, "compassion"),))
    # Adjusted means, effects, correlations, shares of a service and all else are no means that could be subtracted.
    rows = KEYS.get(estimator, [({"group": "programme", "quantity": "adjusted mean"}, None), ({"group": None}, None)])
    assert [quantity_of(answer, {"term": TERM, **row}, PROGRAMME) for row, _ in rows] == [key for _, key in rows]
