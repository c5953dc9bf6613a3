"""Reliability, item statistics, distributions and response quality keep their promises."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

from evalkit.errors import DataError, EstimationError
from evalkit.instruments import load_instrument
from evalkit.measurement import consistency, item_statistics, reliability, response_distribution, response_quality
from evalkit.measurement.consistency import UnkeyedItemWarning
from evalkit.numeric.reliability import OneFactor, one_factor, pairwise_covariance
from evalkit.numeric.threads import one_blas_thread
from evalkit.result import ESTIMATE_COLUMNS

RETURN = load_instrument("return-to-work-transition")
STAFF = load_instrument("staff-experience")
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


HOLES = pd.DataFrame(
    {
        "a": [1, 2, 3, 4, 5, 2, np.nan, np.nan, 3, np.nan],
        "b": [2, 2, 3, 5, 4, 1, 4, np.nan, 3, np.nan],
        "c": [1, 3, 3, 4, 5, np.nan, 3, np.nan, 4, np.nan],
        "d": [1, 2, 2, 4, 5, 1, 2, 4, np.nan, np.nan],
        "e": [1, 1, 2, 5, 5, 2, 3, 5, np.nan, np.nan],
    }
)


def test_the_method_counts_those_on_whom_an_estimate_rests() -> None:
    one = reliability(HOLES, {"one": ["a", "b", "c"]})
    assert one.tidy()["n"].tolist() == [6, 6]
    assert (one.method.n_given, one.method.n_used) == (10, 6)
    assert dict(one.method.n_dropped) == {"no item answered": 2, "no scale answered in full": 2}
    # Rows 1 to 5 and 9 answered the first scale in full, rows 1 to 8 the second; one row answered nothing.
    both = reliability(HOLES, {"one": ["a", "b", "c"], "two": ["d", "e"]})
    assert both.tidy()["n"].tolist() == [6, 6, 8, 8]
    assert (both.method.n_used, dict(both.method.n_dropped)) == (9, {"no item answered": 1})
    assert "n = 9 of 10" in str(both)


def test_whoever_answered_an_item_is_used_for_pairwise_alpha() -> None:
    result = reliability(HOLES, {"one": ["a", "b", "c"]}, missing="pairwise")
    assert result.tidy()["n"].tolist() == [6, 6]  # a and c were both answered by six
    assert (result.method.n_used, dict(result.method.n_dropped)) == (8, {"no item answered": 2})


def test_nobody_is_used_for_a_scale_that_cannot_be_estimated() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "c": [3.0, 3, 3, np.nan], "d": [3.0, 3, 3, np.nan]})
    alone = reliability(frame, {"same": ["c", "d"]})
    assert alone.tidy()["estimate"].isna().all()
    assert (alone.method.n_used, alone.method.n_dropped["only scales that could not be estimated"]) == (0, 3)
    assert reliability(frame, {"same": ["c", "d"], "two": ["a", "b"]}).method.n_used == 4


def test_pairs_are_enough_for_pairwise_alpha() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4, np.nan, np.nan], "b": [1, 3, np.nan, np.nan, 2, 4], "c": [np.nan] * 6})
    frame["c"] = [np.nan, np.nan, 2, 5, 1, 4]
    with pytest.raises(EstimationError, match="EST-001"):
        reliability(frame, {"one": list("abc")})
    alpha, omega = reliability(frame, {"one": list("abc")}, missing="pairwise").tidy()[["estimate", "n"]].to_numpy()
    covariance = frame.cov()
    assert alpha == pytest.approx([1.5 * (1 - np.trace(covariance) / covariance.to_numpy().sum()), 2])
    assert math.isnan(omega[0])


def test_pairwise_covariance_is_that_of_pandas() -> None:
    rng = np.random.default_rng(6)
    answers = 1000 + np.where(rng.random((50, 4)) < 0.3, np.nan, rng.normal(size=(50, 4)))
    answers[:, 3] = np.nan
    answers[0, 3] = 1.0
    found, least = pairwise_covariance(answers)
    expected = pd.DataFrame(answers).cov(min_periods=2).to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert least in (0, 1)
    assert np.isnan(found[3]).all()


def test_linear_algebra_keeps_to_one_thread_and_gives_the_others_back() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_blas_thread():
            assert set(threads()) == {1}
        assert threads() == before


def test_the_fit_runs_on_one_thread(answers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(covariance: np.ndarray, n: int) -> OneFactor:
        seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")
        return one_factor(covariance, n)

    monkeypatch.setattr(consistency, "one_factor", spy)
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        reliability(answers, {"one": list("abcde")})
    assert set(seen) == {1}


def test_answers_outside_the_range_of_an_instrument_are_refused() -> None:
    frame = pd.DataFrame({item: [1.0, 2, 5, 4] for item in ATTACHMENT})
    frame.loc[1, "att_care"] = 9
    frame.loc[2, "att_leaving"] = 9  # reverse-keyed: -3 after turning
    for measure in (reliability, item_statistics):
        with pytest.raises(DataError, match="DAT-002") as caught:
            measure(frame, RETURN)
        assert [problem.place for problem in caught.value.problems] == [
            "responses, column att_care",
            "responses, column att_leaving",
        ]
        assert "row 2 of 4" in str(caught.value)


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
    assert table["n_complete"].tolist() == [3, 3, 3]
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
    assert table["share_of_all"].tolist() == pytest.approx((table["n"] / 7).tolist())
    assert set(table["n_answered"]) == {3}
    assert table.loc[["pnts", "na", "skipped", "not_asked"], "share"].isna().all()


def test_distribution_reads_reasons_from_the_answers_too() -> None:
    frame = pd.DataFrame({"att_belong": [5, "4", "pnts", "skipped", "not_asked", "", None]}, dtype=object)
    table = response_distribution(frame, RETURN, ["att_belong"]).set_index("value")["n"]
    assert table.loc[[4, 5, "pnts", "na", "skipped", "not_asked"]].tolist() == [1, 1, 1, 0, 3, 1]
    assert response_distribution(frame.iloc[:0], RETURN, ["att_belong"])["n"].sum() == 0


def test_distribution_of_an_answer_that_its_reason_contradicts_counts_it_once() -> None:
    frame = pd.DataFrame({"att_belong": [5.0], "att_belong__missing": ["not_asked"]})
    table = response_distribution(frame, RETURN, ["att_belong"]).set_index("value")["n"]
    assert (table.loc[5], table.loc["not_asked"]) == (1, 0)


def test_distribution_of_answers_in_words() -> None:
    frame = pd.DataFrame({"back_at_work": ["longer", "longer", "not_yet", "pnts", None]})
    table = response_distribution(frame, RETURN, ["back_at_work"]).set_index("value")
    assert table.loc[["longer", "not_yet", "pnts", "skipped"], "n"].tolist() == [2, 1, 1, 1]
    assert table.loc["longer", "share"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (["att_belong", "att_belongs"], 'DAT-006 items: "att_belongs"'),
        (["att_belong", "att_belong"], "DAT-010"),
        (["att_belong", "back_at_work"], "DAT-009 items, back_at_work"),
        (["weeks_away"], "DAT-009 items, weeks_away"),
        ([], "DAT-009 items"),
        (["att_care"], "DAT-003"),
        (["att_belong"], "DAT-011 responses, column att_belong: 2 answers .*rows 1, 3 of 3"),
    ],
)
def test_distribution_refuses_what_it_cannot_count(items: list[str], code: str) -> None:
    frame = pd.DataFrame({"att_belong": [7, 5, "Agree"], "back_at_work": "longer", "weeks_away": 3}, dtype=object)
    with pytest.raises(DataError, match=code):
        response_distribution(frame, RETURN, items)


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


def test_straight_lines_need_a_reversed_item_in_a_matrix_that_was_answered() -> None:
    names = [item.id for item in STAFF.items if item.matrix in {"from_public", "from_manager"}]
    frame = pd.DataFrame([[1.0] * len(names)], columns=names)
    assert response_quality(frame, STAFF)[["n_straight", "straight_lining"]].to_numpy().tolist() == [[2, False]]
    mixed = frame.assign(**dict.fromkeys([item.id for item in STAFF.items if item.matrix == "belong"], 1.0))
    assert response_quality(mixed, STAFF)[["n_straight", "straight_lining"]].to_numpy().tolist() == [[3, True]]


def test_texts_that_say_why_are_no_answers() -> None:
    frame = pd.DataFrame({"pat_ask": [4, "skipped", "not_asked", "", "pnts"], "pat_harm": 2}, dtype=object)
    table = response_quality(frame, RETURN)
    assert table["n_asked"].tolist() == [2, 2, 1, 2, 2]
    assert table["n_answered"].tolist() == [2, 1, 1, 1, 2]


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


@pytest.mark.parametrize("function", [reliability, item_statistics])
@pytest.mark.parametrize(
    ("scales", "change", "message"),
    [
        ({}, {}, "DAT-009 scales: no scale"),
        ({"one": ["a", "b", "a"]}, {}, "DAT-009 scale one: item a twice"),
        ({"one": "ab"}, {}, 'DAT-003 responses, scale one: no column "ab"'),
        ({"one": ["a", "b"]}, {"a": np.inf}, "DAT-002 responses, column a: .* infinite values"),
    ],
)
def test_scales_that_make_no_sense(
    function: Callable[..., object],
    scales: dict[str, list[str]],
    change: dict[str, float],
    message: str,
    answers: pd.DataFrame,
) -> None:
    with pytest.raises(DataError, match=message):
        function(answers.assign(**change), scales)


def test_what_is_no_frame_of_answers_is_refused(answers: pd.DataFrame) -> None:
    name = "return-to-work-transition"
    twice = pd.concat([answers, answers], axis=1)
    for one, code in ((None, "DAT-009"), ([1], "DAT-009"), (twice, "DAT-010")):
        for ask in (
            lambda frame: reliability(frame, {"one": ["a", "b"]}),
            lambda frame: item_statistics(frame, name),
            lambda frame: response_quality(frame, name),
            lambda frame: response_distribution(frame, name, ["att_care"]),
        ):
            with pytest.raises(DataError, match=code):
                ask(one)


def test_constant_items_are_flagged(answers: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flat = reliability(answers.assign(a=3, b=2), {"one": ["a", "b"]}).frame
        part = reliability(answers.assign(a=3), {"one": ["a", "b", "c"]}).frame
    assert np.isnan(flat["estimate"].iloc[0])
    assert flat["flag"].iloc[0] == "without variance: a, b"
    assert part["flag"].iloc[0] == "without variance: a"


def test_an_id_does_as_well_as_an_instrument() -> None:
    name = "return-to-work-transition"
    frame = pd.DataFrame({item: [1, 5] for item in load_instrument(name).scales_by_id["attachment_scale"].items})
    pd.testing.assert_frame_equal(response_quality(frame, name), response_quality(frame, load_instrument(name)))
    found = response_distribution(frame, name, "att_care")
    assert found["n_answered"].unique().tolist() == [2]
