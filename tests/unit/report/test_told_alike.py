"""One number under two questions: one decision."""

from __future__ import annotations

from copy import copy

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.disclosure.releasing import withhold_rows
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.library import load_programme
from evalkit.report.programme_alike import withheld_alike, without_n_alike
from evalkit.report.programme_numbers import LEFT_OUT, Shown, lacks_n, numbers_table, quieted
from evalkit.result import Estimates, Method, estimates

PROGRAMME = load_programme("edi-improvement-plan")
RULES = load_profile()
ROWS = {
    "white over BME": (0.717213, 0.322158, 1.635577, 96),
    "no over yes": (1.375, 0.470712, 5.086372, 87),
    "BME": (0.4, 0.256, 0.564, 35),
    "white": (0.0, 0.0, 0.161125, 20),
}


def part(estimator: str, *groups: str, named: dict[str, str] | None = None) -> Shown:
    question = next(one for one in PROGRAMME.questions if one.estimator == estimator)
    result = estimates(
        [
            {
                "term": "relative_likelihood" if " over " in group else "rate",
                "group": (named or {}).get(group, group),
                **dict(zip(("estimate", "conf_low", "conf_high", "n"), ROWS[group], strict=True)),
                "unit": "ratio" if " over " in group else "proportion",
                "metric": "2a",
                "year": 2025,
                "latest": True,
            }
            for group in groups
        ],
        Method("m", "e", "by row"),
    )
    answer = Answer(copy(question), result, about=("appointed",))
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, PROGRAMME))


def hidden(one: Shown, *rows: bool) -> Shown:
    assert isinstance(one.answer.result, Estimates)
    released = withhold_rows(one.released, one.answer.result, np.array(rows))
    return Shown(one.answer, released, headlines(one.answer, released, PROGRAMME))


def flags(one: Shown) -> list[bool]:
    return one.released.frame["flag"].astype(str).eq("suppressed").tolist()


def people(one: Shown) -> pd.Series:
    return one.released.frame["n"].isna()


@pytest.mark.parametrize("standard", ["edi_plan", "wres"])
def test_what_a_question_withholds_its_standard_does_not_tell(standard: str) -> None:
    metrics = part(standard, "no over yes", "white over BME", named={"no over yes": "not disabled over disabled"})
    question = hidden(part("relative_likelihood", "BME", "white over BME"), True, True)
    found = withheld_alike({0: metrics, 1: question}, PROGRAMME)
    assert flags(found[0]) == [False, True]
    assert np.isnan(found[0].released.frame["estimate"].iloc[1])
    assert found[1] is question


def test_and_the_other_way_round_whatever_the_groups_are_called() -> None:
    metrics = hidden(part("edi_plan", "no over yes", named={"no over yes": "not disabled over disabled"}), True)
    found = withheld_alike({0: metrics, 1: part("relative_likelihood", "no over yes", "white over BME")}, PROGRAMME)
    assert flags(found[1]) == [True, False]


def test_two_questions_decide_for_themselves() -> None:
    parts = {0: hidden(part("relative_likelihood", "BME"), True), 1: part("relative_likelihood", "BME")}
    assert flags(withheld_alike(parts, PROGRAMME)[1]) == [False]


def test_shares_that_are_alike_by_chance_stay() -> None:
    metrics = hidden(part("wres", "white", "BME"), True, True)
    other = part("relative_likelihood", "white", "BME", named={"BME": "2025"})
    assert flags(withheld_alike({0: metrics, 1: other}, PROGRAMME)[1]) == [False, False]


def test_n_that_one_answer_leaves_out_the_other_does_not_tell() -> None:
    metrics, question = part("edi_plan", "white over BME", "no over yes"), part("relative_likelihood", "white over BME")
    found = without_n_alike({0: metrics, 1: quieted(question, PROGRAMME)}, PROGRAMME)
    assert people(found[0]).tolist() == [True, False]
    assert found[0].released.frame["estimate"].tolist() == [0.72, 1.375]
    assert [np.isnan(line.people) for line in found[0].lines] == [True, False]
    table = numbers_table([found[0]], "Metrics")
    assert table is not None
    assert LEFT_OUT in table.notes
    assert lacks_n(found[0])
    assert not lacks_n(metrics)


def test_with_a_ratio_goes_n_of_the_difference_of_the_same_groups() -> None:
    question = part("relative_likelihood", "white over BME", "no over yes")
    frame = question.answer.result.frame  # type: ignore[union-attr]
    more = frame.iloc[[0]].assign(term="difference", group="white less BME", estimate=-0.064637, unit="proportion")
    result = Estimates(pd.concat([frame, more], ignore_index=True), Method("m", "e", "by row"))
    answer = Answer(question.answer.question, result, about=("appointed",))
    released = release(result, RULES)
    whole = Shown(answer, released, headlines(answer, released, PROGRAMME))
    found = without_n_alike({0: quieted(part("wres", "white over BME"), PROGRAMME), 1: whole}, PROGRAMME)
    assert people(found[1]).tolist() == [True, False, True]
    assert found[1].released.frame["estimate"].iloc[2] == -0.06
