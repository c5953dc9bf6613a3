"""Scores of all respondents at once are those of the rules for one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DataError, InstrumentError
from evalkit.instruments import Instrument, read_library
from evalkit.instruments.model import Scale
from evalkit.instruments.rules import example_numbers, score_answers
from evalkit.scoring import score

LIBRARY = read_library()


def missing_values(instrument: Instrument) -> dict[str, frozenset[int | str]]:
    return {
        item.id: frozenset(option.value for option in instrument.options_of(item) if option.missing)
        for item in instrument.items
    }


@pytest.mark.parametrize("instrument", LIBRARY, ids=lambda one: one.id)
def test_every_worked_example_comes_out(instrument: Instrument) -> None:
    for scale in instrument.scales:
        for example in scale.examples:
            numbers = example_numbers(example, scale, missing_values(instrument))
            frame = pd.DataFrame(
                {item: [number] for item, number in zip(scale.items, numbers, strict=True)}, dtype=float
            )
            found = score(frame, instrument)[scale.id].iloc[0]
            if example.score == "missing":
                assert math.isnan(found), (scale.id, example)
            else:
                assert found == pytest.approx(example.score, abs=0.005), (scale.id, example)


@given(data=st.data())
def test_it_agrees_with_the_rule_for_one_respondent(data: st.DataObject) -> None:
    instrument = data.draw(st.sampled_from([one for one in LIBRARY if one.scales]))
    scale: Scale = data.draw(st.sampled_from(instrument.scales))
    low, high = (int(limit) for limit in scale.range)
    answer = st.none() | st.integers(low, high)
    rows = data.draw(st.lists(st.tuples(*[answer] * len(scale.items)), min_size=1, max_size=5))
    frame = pd.DataFrame(rows, columns=list(scale.items), dtype=float)
    expected = [score_answers(row, scale) for row in rows]
    found = score(frame, instrument)[scale.id].to_numpy()
    np.testing.assert_allclose(found, [math.nan if value is None else value for value in expected], rtol=1e-12)


def attachment(**changes: list[object]) -> pd.DataFrame:
    answers: dict[str, list[object]] = {
        "att_belong": [5, 1],
        "att_recommend": [5, 1],
        "att_care": [5, 1],
        "att_future": [5, 1],
        "att_leaving": [1, 5],
    }
    return pd.DataFrame({**answers, **changes})


def test_texts_and_missing_values_are_not_answered() -> None:
    frame = attachment(att_care=["pnts", None], att_future=["na", 1])
    assert score(frame, "return-to-work-transition")["attachment_scale"].tolist() == [5, 1]
    few = attachment(att_care=["pnts"] * 2, att_future=["na"] * 2, att_belong=[None, "na"])
    assert score(few, "return-to-work-transition")["attachment_scale"].isna().all()


def test_the_index_and_other_columns_are_left_alone() -> None:
    frame = attachment().assign(person=["a", "b"]).set_axis([7, 9])
    before = frame.copy()
    scores = score(frame, "return-to-work-transition")
    assert scores.index.tolist() == [7, 9]
    assert list(scores.columns) == ["attachment_scale"]
    pd.testing.assert_frame_equal(frame, before)


def test_retrospective_items_are_scored_under_their_own_name() -> None:
    names = ["men_listen", "men_question", "men_share", "men_difference", "men_boundary", "men_network"]
    frame = pd.DataFrame({f"{name}_then": [3.0] for name in names} | {name: [5.0] for name in names})
    scores = score(frame, "return-to-work-transition")
    assert scores["mentoring_scale"].tolist() == [100]
    assert scores["mentoring_scale_then"].tolist() == [50]


def test_all_problems_are_told_at_once() -> None:
    frame = attachment(att_care=[6, 1], att_leaving=[0, 99])
    with pytest.raises(DataError) as caught:
        score(frame, "return-to-work-transition")
    assert [problem.code for problem in caught.value.problems] == ["DAT-002", "DAT-002"]
    assert "rows 1, 2 of 2" in str(caught.value)
    assert "att_leaving" in str(caught.value)


def test_a_scale_with_only_some_of_its_items_is_refused() -> None:
    with pytest.raises(DataError, match="DAT-003 responses, scale attachment_scale: no column att_care"):
        score(attachment().drop(columns="att_care"), "return-to-work-transition")


def test_no_item_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="no item of any scale"):
        score(pd.DataFrame({"x": [1]}), "return-to-work-transition")


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(InstrumentError, match="return-to-work-transition"):
        score(attachment(), "return-to-work-transitions")


def test_no_respondent_gives_no_score() -> None:
    assert score(attachment().iloc[:0], "return-to-work-transition").shape == (0, 1)


def test_labels_in_place_of_codes_are_refused_and_not_taken_for_missing() -> None:
    frame = attachment(att_care=["Agree", 1], att_future=["pnts", "no idea"])
    with pytest.raises(DataError) as caught:
        score(frame, "return-to-work-transition")
    assert [problem.code for problem in caught.value.problems] == ["DAT-004", "DAT-004"]
    assert "rows 1 of 2" in str(caught.value)
    assert "no idea" not in str(caught.value)
