"""Reliability, item statistics, distributions and response quality keep their promises."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError
from evalkit.instruments import load_instrument
from evalkit.measurement import item_statistics, reliability, response_distribution, response_quality
from evalkit.measurement.consistency import UnkeyedItemWarning
from evalkit.result import ESTIMATE_COLUMNS

RETURN = load_instrument("return-to-work-transition")
ATTACHMENT = ["att_belong", "att_recommend", "att_care", "att_future", "att_leaving"]


@pytest.fixture
def answers() -> pd.DataFrame:
    """Five items that share half of their variance, on a scale from 1 to 5."""
    rng = np.random.default_rng(3)
    person = rng.normal(size=(400, 1))
    raw = 3 + 0.8 * person + 0.8 * rng.normal(size=(400, 5))
    return pd.DataFrame(np.clip(np.round(raw), 1, 5), columns=list("abcde"))


def test_reliability_has_the_promised_columns(answers: pd.DataFrame) -> None:
    result = reliability(answers, {"one": list("abcde"), "two": list("abc")})
    frame = result.tidy()
    assert tuple(frame.columns[: len(ESTIMATE_COLUMNS)]) == ESTIMATE_COLUMNS
    assert frame[["term", "group"]].to_numpy().tolist() == [
        ["alpha", "one"],
        ["omega_total", "one"],
        ["alpha", "two"],
        ["omega_total", "two"],
    ]
    assert "listwise" in " ".join(result.method.assumptions)
    assert (frame["conf_low"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["conf_high"]).all()


def test_an_instrument_turns_reverse_keyed_items_round() -> None:
    rng = np.random.default_rng(5)
    person = rng.normal(size=300)
    frame = pd.DataFrame({name: np.clip(np.round(3 + person + rng.normal(size=300)), 1, 5) for name in ATTACHMENT})
    frame["att_leaving"] = 6 - frame["att_leaving"]
    by_instrument = reliability(frame, RETURN).tidy()
    by_hand = reliability(frame.assign(att_leaving=6 - frame["att_leaving"]), {"attachment_scale": ATTACHMENT}).tidy()
    pd.testing.assert_frame_equal(by_instrument, by_hand)


def test_an_unkeyed_item_is_named(answers: pd.DataFrame) -> None:
    with pytest.warns(UnkeyedItemWarning, match="looks unkeyed: c"):
        result = reliability(answers.assign(c=6 - answers["c"]), {"one": list("abcde")})
    assert "looks unkeyed: c" in result.tidy()["flag"].iloc[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reliability(answers, {"one": list("abcde")})


def test_identical_items_are_perfectly_reliable_and_omega_says_why_it_is_missing(answers: pd.DataFrame) -> None:
    frame = pd.DataFrame(dict.fromkeys("xyz", answers["a"]))
    result = reliability(frame, {"same": list("xyz")}).tidy().set_index("term")
    assert result.loc["alpha", "estimate"] == pytest.approx(1)
    assert math.isnan(result.loc["omega_total", "estimate"])
    assert "not estimable" in str(result.loc["omega_total", "flag"])


def test_two_items_have_alpha_only(answers: pd.DataFrame) -> None:
    result = reliability(answers, {"two": ["a", "b"]}).tidy().set_index("term")
    assert result.loc["alpha", "estimate"] > 0
    assert result.loc["omega_total", "flag"] == "omega needs three items"


def test_a_heywood_case_has_no_interval() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5, 3], "b": [2, 2, 3, 5, 4, 3], "c": [1, 3, 3, 4, 5, 2]})
    row = reliability(frame, {"few": list("abc")}).tidy().set_index("term").loc["omega_total"]
    assert 0 < row["estimate"] < 1
    assert math.isnan(row["conf_low"])
    assert "Heywood" in row["flag"]


def test_missing_answers_follow_the_named_rule(answers: pd.DataFrame) -> None:
    holes = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.1)
    listwise = reliability(holes, {"one": list("abcde")}).tidy().set_index("term")
    pairwise = reliability(holes, {"one": list("abcde")}, missing="pairwise").tidy().set_index("term")
    assert listwise.loc["alpha", "n"] == holes.notna().all(axis=1).sum()
    assert listwise.loc["alpha", "n"] < pairwise.loc["alpha", "n"] < len(holes)
    assert pairwise.loc["omega_total", "n"] == listwise.loc["omega_total", "n"]


@pytest.mark.parametrize(
    ("change", "scales", "error", "message"),
    [
        ({}, {"one": ["a", "z"]}, DataError, 'DAT-003 responses, scale one: no column "z"'),
        ({}, {"one": ["a"]}, DataError, "DAT-009 scale one: 1 items"),
        ({"a": np.nan}, {"one": ["a", "b"]}, DataError, "item a: no numeric answer"),
    ],
)
def test_bad_input(
    answers: pd.DataFrame, change: dict[str, float], scales: dict[str, list[str]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        reliability(answers.assign(**change), scales)


def test_too_few_complete_respondents(answers: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="EST-001"):
        reliability(answers.iloc[:1], {"one": ["a", "b", "c"]})


def test_an_unknown_rule_for_missing_answers(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="DAT-009 missing"):
        reliability(answers, {"one": ["a", "b"]}, missing="mean")  # type: ignore[arg-type]


def test_item_statistics_by_hand() -> None:
    frame = pd.DataFrame({"a": [1, 1, 5, np.nan], "b": [2, 1, 5, 3], "c": [1, 2, 4, 3]}, dtype=float)
    table = item_statistics(frame, {"s": ["a", "b", "c"]}).set_index("item")
    assert table.loc["a", ["n", "n_missing"]].tolist() == [3, 1]
    assert table.loc["a", "floor"] == pytest.approx(2 / 3)
    assert table.loc["b", "ceiling"] == pytest.approx(1 / 4)
    whole = frame.dropna()
    rest = whole[["b", "c"]].mean(axis=1)
    assert table.loc["a", "item_rest"] == pytest.approx(whole["a"].corr(rest))
    two = reliability(whole, {"s": ["b", "c"]}).tidy()["estimate"].iloc[0]
    assert table.loc["a", "alpha_if_dropped"] == pytest.approx(two)


def test_distribution_keeps_empty_categories_and_tells_missing_kinds_apart() -> None:
    frame = pd.DataFrame({"att_belong": [5, 5, 4, np.nan, np.nan, np.nan, np.nan]})
    frame["att_belong__missing"] = [None, None, None, "pnts", "na", "skipped", "not_asked"]
    table = response_distribution(frame, RETURN, ["att_belong"]).set_index("value")
    assert table.loc[[1, 2, 3], "n"].tolist() == [0, 0, 0]
    assert table.loc[[4, 5], "share"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert table.loc[["pnts", "na", "skipped", "not_asked"], "n"].tolist() == [1, 1, 1, 1]
    assert table["n"].sum() == len(frame)


def matrix(rows: list[list[float]]) -> pd.DataFrame:
    names = ["net_who_to_ask", "net_place", "net_influence", "net_left_out"]
    names += ["pat_ask", "pat_possible", "pat_manager", "pat_harm"]
    return pd.DataFrame(rows, columns=names)


def test_straight_lines_through_reversed_items_are_flagged() -> None:
    frame = matrix([[4] * 8, [4] * 4 + [4, 4, 4, 2], [4, 3, 4, 2] * 2, [4] * 7 + [np.nan]])
    table = response_quality(frame, RETURN)
    assert table["straight_lining"].tolist() == [True, False, False, False]
    assert table["n_straight"].tolist() == [2, 1, 0, 1]
    assert table["completion"].tolist() == pytest.approx([1, 1, 1, 7 / 8])


def test_what_was_not_asked_does_not_count_against_completion() -> None:
    frame = matrix([[4.0] * 7 + [np.nan]] * 3)
    frame["pat_harm__missing"] = ["not_asked", "skipped", "pnts"]
    table = response_quality(frame, RETURN)
    assert table["n_asked"].tolist() == [7, 8, 8]
    assert table["completion"].tolist() == pytest.approx([1, 7 / 8, 1])


def test_copies_are_found_and_short_answers_are_not_called_copies() -> None:
    rng = np.random.default_rng(2)
    names = [item for scale in RETURN.scales for item in scale.items][:20]
    frame = pd.DataFrame(rng.integers(1, 6, (4, 20)).astype(float), columns=names)
    frame.iloc[3] = frame.iloc[1]
    assert response_quality(frame, RETURN)["duplicate_of"].fillna(-1).tolist() == [-1, -1, -1, 1]
    assert response_quality(frame[names[:4]], RETURN)["duplicate_of"].isna().all()


def test_quality_needs_items() -> None:
    with pytest.raises(DataError, match="DAT-003"):
        response_quality(pd.DataFrame({"x": [1]}), RETURN)
