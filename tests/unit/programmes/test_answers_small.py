"""The estimators that are the programmes' own, held against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.mappings import NOT_STATED
from evalkit.programmes.answering_change import ratio_rows
from evalkit.programmes.answering_now import has, mean_rows, share_rows
from evalkit.programmes.answers import TESTED_FROM, split_rows, untested
from evalkit.programmes.evidence import labelled, reached
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Column, Question
from evalkit.result import Method, estimates


@pytest.fixture(scope="module")
def question() -> Question:
    return load_programme("return-to-work-mentoring").questions_by_id["capacity_kept"]


def asked(question: Question, **arguments: object) -> Question:
    return Question(**{**question.model_dump(), "arguments": tuple(arguments.items())})


def test_a_share_has_wilsons_interval_and_leaves_the_unknown_out(question: Question) -> None:
    values = pd.Series([True] * 81 + [False] * 182 + [None] * 7, dtype=object)
    result = share_rows({("kept", None): values}, question)
    row = result.frame.iloc[0]
    # Newcombe 1998, Stat Med 17:857-872, table I: 81 of 263.
    assert row["estimate"] == pytest.approx(81 / 263)
    assert (row["conf_low"], row["conf_high"]) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert (row["n"], row["n_events"]) == (263, 81)
    assert result.method.n_dropped == {"not known": 7}


def test_a_share_of_nobody_stands_without_a_number(question: Question) -> None:
    row = share_rows({("kept", None): pd.Series([None, None], dtype=object)}, question).frame.iloc[0]
    assert (row["n"], row["n_events"]) == (0, 0)
    assert np.isnan(row["estimate"])


def test_a_mean_has_students_interval(question: Question) -> None:
    # Student's sleep data, the first drug: R's t.test gives 0.75 [-0.5297804, 2.0297804].
    values = pd.Series([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, np.nan])
    row = mean_rows({("hours", "one"): values}, question, "hours").frame.iloc[0]
    assert row["estimate"] == pytest.approx(0.75)
    assert row["conf_low"] == pytest.approx(-0.5297804, abs=1e-7)
    assert row["conf_high"] == pytest.approx(2.0297804, abs=1e-7)
    assert (row["n"], row["df"]) == (10, 9)


def test_a_mean_without_spread_has_no_interval(question: Question) -> None:
    row = mean_rows({("hours", None): pd.Series([2.0, 2.0, 2.0])}, question, "hours").frame.iloc[0]
    assert row["estimate"] == 2
    assert np.isnan(row["conf_low"])


def test_a_ratio_is_the_geometric_mean_of_after_over_before(question: Question) -> None:
    pair = pd.DataFrame({"before": [100.0, 200.0, 100.0, 0.0, np.nan], "after": [50.0, 200.0, 200.0, 10.0, 5.0]})
    result = ratio_rows(pair, "pay", question)
    row = result.frame.iloc[0]
    assert row["estimate"] == pytest.approx(1.0)
    # log ratios -log 2, 0, log 2: standard deviation log 2, t(2) = 4.302653.
    half = 4.302653 * np.log(2) / np.sqrt(3)
    assert row["conf_low"] == pytest.approx(np.exp(-half), rel=1e-6)
    assert row["conf_high"] == pytest.approx(np.exp(half), rel=1e-6)
    assert (row["n"], result.method.n_dropped) == (3, {"not both amounts": 2})
    assert result.method.scale == "log"


def test_no_test_is_made_on_few_people_and_intervals_stay() -> None:
    rows = [
        {"term": str(n), "estimate": 1.0, "conf_low": 0.0, "conf_high": 2.0, "statistic": 2.0, "p_value": 0.04, "n": n}
        for n in (TESTED_FROM - 1, TESTED_FROM)
    ]
    few, enough = untested(estimates(rows, Method("t", "", "points"))).frame.to_dict("records")
    assert np.isnan(few["p_value"])
    assert np.isnan(few["statistic"])
    assert few["conf_high"] == 2.0
    assert "no test on fewer than" in few["note"]
    assert enough["p_value"] == 0.04
    assert enough["note"] == ""


def test_no_test_is_made_when_the_smaller_group_is_small() -> None:
    row = {"term": "gap", "estimate": 1.0, "p_value": 0.04, "n": 40, "n_least": TESTED_FROM - 1}
    assert untested(estimates([row], Method("t", "", "points"))).frame["p_value"].isna().all()


def test_groups_are_told_all_or_none_by_the_fewest_in_any() -> None:
    method = Method("t", "", "points")
    parts = {
        name: estimates([{"term": "change", "estimate": 1.0, "n": n, "n_least": least}], method)
        for name, n, least in (("women", 40, 12), ("men", 20, 20))
    }
    assert split_rows(parts, method).frame["n_least"].tolist() == [12, 12]
    assert split_rows(parts, method).frame["group"].tolist() == ["women", "men"]


def test_a_property_is_missing_where_nothing_was_answered(question: Question) -> None:
    answers = pd.Series([5.0, 3.0, np.nan])
    found = has(answers, asked(question, at_least=4))
    assert found.tolist()[:2] == [True, False]
    assert pd.isna(found[2])
    words = pd.Series(["yes", "no", "pnts", None], dtype=object)
    found = has(words, asked(question, values=("yes",)))
    assert found.tolist()[:2] == [True, False]
    assert found[2:].isna().all()


def test_a_date_that_is_filled_in_is_reached() -> None:
    assert reached(pd.to_datetime(pd.Series(["2024-01-01", None]))).tolist() == [True, False]
    assert reached(pd.Series(["yes", "no", None], dtype=object)).tolist() == [True, False, False]


def test_labels_are_brought_into_the_words_of_the_questions() -> None:
    ethnicity = Column(name="ethnicity", text="x", kind="category", mapping="ethnicity")
    sex = Column(name="sex", text="x", kind="category")
    values = pd.Series(["White: British", "Asian: Indian", None], dtype=object)
    assert labelled(values, ethnicity).tolist() == ["white", "BME", NOT_STATED]
    assert labelled(pd.Series(["female", "M", None], dtype=object), sex).tolist() == ["women", "men", NOT_STATED]
