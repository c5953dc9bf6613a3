"""Change within people: what every row carries, what is not defined and why, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.change.categories import category_change
from evalkit.change.margins import equivalence
from evalkit.change.matched import proportion_change
from evalkit.change.means import mean_change
from evalkit.change.multiplicity import adjust_p
from evalkit.change.ranks import rank_change
from evalkit.change.standardised import standardised_change
from evalkit.disclosure import load_profile, release
from evalkit.errors import DataError, EstimationError
from evalkit.result import Estimates

WAVES = {"pre": "x_before", "post": "x_after"}
BCA = {"interval": "bca", "draws": 1000, "seed": 1}
# Estimators of numbers, each with what it needs besides the columns.
NUMBERS: dict[str, Callable[..., Estimates]] = {
    "mean": mean_change,
    "mean, bca": partial(mean_change, **BCA),
    "d_z": partial(standardised_change, kind="d_z"),
    "d_av": partial(standardised_change, kind="d_av", hedges=True),
    "d_rm": partial(standardised_change, kind="d_rm"),
    "d_av, bca": partial(standardised_change, kind="d_av", **BCA),
    "rank": rank_change,
    "rank, pratt": partial(rank_change, zeros="pratt"),
    "share": partial(proportion_change, at_least=3),
    "equivalence": partial(equivalence, margin=1),
    "equivalence, d_z": partial(equivalence, margin=1, unit="d_z"),
    "equivalence, d_av": partial(equivalence, margin=1, unit="d_av"),
}
EVERY = NUMBERS | {"category": category_change}
DEFINED_AT_ONE = {"mean", "mean, bca", "rank", "rank, pratt", "share", "equivalence"}


def pairs(before: Any, after: Any) -> pd.DataFrame:
    return pd.DataFrame({"x_before": before, "x_after": after})


def one(result: Estimates) -> pd.Series:
    assert len(result.frame) == 1
    return result.frame.iloc[0]


FRAME = pairs([2, 3, 3, 4, 1, 5, np.nan, 2, np.nan, 3, 2, 4], [3, 3, 4, 5, 3, 4, 2, np.nan, np.nan, 4, 4, 4])


@pytest.mark.parametrize("name", EVERY)
def test_every_row_says_on_whom_it_rests(name: str) -> None:
    extra = {} if name == "category" else {"scale": (1, 5)}
    result = EVERY[name](FRAME, **WAVES, kirkpatrick=2, **extra)
    frame = result.frame
    assert set(frame["term"]) == {"x"}
    assert set(frame["n"]) == {9}
    assert (set(frame["n_before"]), set(frame["n_after"])) == ({10}, {10})
    assert set(frame["kirkpatrick"]) == {"2 learning"}
    assert frame["floor_before"].tolist() == pytest.approx([1 / 9] * len(frame))
    assert frame["ceiling_after"].tolist() == pytest.approx([1 / 9] * len(frame))
    assert frame["note"].notna().all()
    method = result.method
    assert (method.n_given, method.n_used) == (12, 9)
    assert dict(method.n_dropped) == {"no answer after": 1, "no answer before": 1, "no answer before or after": 1}
    assert method.interval
    assert method.references
    assert method.seed == (1 if "bca" in name else None)


@pytest.mark.parametrize("name", EVERY)
def test_several_outcomes_are_the_rows_of_each_alone(name: str) -> None:
    frame = FRAME.assign(y_before=FRAME["x_after"] - 1, y_after=FRAME["x_before"])
    both = EVERY[name](frame, pre=["x_before", "y_before"], post=["x_after", "y_after"]).frame
    alone = [EVERY[name](frame, pre=f"{x}_before", post=f"{x}_after").frame for x in "xy"]
    pd.testing.assert_frame_equal(both, pd.concat(alone, ignore_index=True), check_dtype=False)


@pytest.mark.parametrize("name", NUMBERS)
def test_one_pair(name: str) -> None:
    row = one(NUMBERS[name](pairs([2.0, np.nan], [4.0, 1.0]), **WAVES))
    assert row["n"] == 1
    assert np.isfinite(row["estimate"]) == (name in DEFINED_AT_ONE)
    if name == "share":
        square = stats.norm.isf(0.025) ** 2  # Tango's equation for one pair, solved by hand
        assert (row["conf_low"], row["conf_high"]) == (pytest.approx((1 - square) / (1 + square)), 1)
    else:
        assert row[["conf_low", "conf_high"]].isna().all()
        assert row["note"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_two_to_five_pairs_give_an_interval_or_the_reason(name: str, n: int) -> None:
    row = one(NUMBERS[name](pairs([2.0, 3, 3, 5, 1][:n], [4.0, 2, 5, 6, 1][:n]), **WAVES))
    assert row["n"] == n
    assert row[["conf_low", "conf_high"]].notna().all() or row["note"]
    assert np.isfinite(row["estimate"]) or row["note"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("after", [[1.0, 2, 3, 4, 5, 2, 3, 4], [3.0] * 8])
def test_all_changes_zero(name: str, after: list[float]) -> None:
    row = one(NUMBERS[name](pairs(after, after), **WAVES))
    assert "note" in row
    if name == "share":
        # The score interval stands without any change: z^2 / (n + z^2).
        assert (row["estimate"], row["p_value"]) == (0, 1)
        assert row["conf_high"] == pytest.approx(3.8414588 / (8 + 3.8414588), rel=1e-6)
        assert row["note"]
        return
    assert row["note"]
    assert row[["conf_low", "conf_high", "p_value"]].isna().all()
    assert row["estimate"] == 0 or np.isnan(row["estimate"])
    assert np.isnan(row["estimate"]) == (
        name in {"d_z", "rank", "d_rm", "equivalence, d_z"}
        or (after[0] == 3 and name in {"d_av", "d_av, bca", "equivalence, d_av"})
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_equal_changes_that_are_not_zero_are_seen_as_equal(name: str) -> None:
    # 3.1 - 2.0, 4.2 - 3.1 and 1.4 - .3 differ in their last binary digit.
    row = one(NUMBERS[name](pairs([2.0, 3.1, 0.3, 2.2], [3.1, 4.2, 1.4, 3.3]), **WAVES))
    if name in {"mean", "equivalence"}:
        assert row["estimate"] == pytest.approx(1.1)
    if name != "share":
        assert row[["p_value", "conf_low", "conf_high"]].isna().all()
        assert "no" in row["note"]
    if name.startswith("rank"):
        assert row["estimate"] == 1.1
        assert row[["statistic", "rank_biserial_low", "rank_biserial_high"]].isna().all()
        assert row["rank_biserial"] == 1


@pytest.mark.parametrize("name", NUMBERS)
def test_a_large_offset_costs_no_digits(name: str) -> None:
    rng = np.random.default_rng(3)
    before, after = np.rint(rng.normal(0, 40, (2, 30))) / 4
    near = one(NUMBERS[name](pairs(before, after), **WAVES))
    moved = {"at_least": 1e9 + 3} if name == "share" else {}
    far = one(NUMBERS[name](pairs(before + 1e9, after + 1e9), **WAVES, **moved))
    for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert far[column] == pytest.approx(near[column], rel=1e-9, abs=1e-12, nan_ok=True), column


@pytest.mark.parametrize("name", EVERY)
def test_nobody_in_both_waves(name: str) -> None:
    with pytest.raises(EstimationError, match="EST-001"):
        EVERY[name](pairs([1.0, np.nan], [np.nan, 2.0]), **WAVES)
    frame = FRAME.assign(y_before=np.nan, y_after=1.0)
    found = EVERY[name](frame, pre=["x_before", "y_before"], post=["x_after", "y_after"]).frame
    empty = found[found["term"] == "y"]
    assert len(empty)
    assert (empty["note"] == "nobody answered in both waves").all()
    assert empty["estimate"].isna().all()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("level", [0, 1, 1.5, -1, "0.95", None, float("nan"), True])
def test_a_level_must_be_one(name: str, level: object) -> None:
    least = "0.5" if name.startswith("equivalence") else "0"
    with pytest.raises(DataError, match=rf"DAT-00[29] level.*a number between {least} and 1"):
        EVERY[name](FRAME, **WAVES, level=level)


@pytest.mark.parametrize("name", EVERY)
def test_a_missing_column(name: str) -> None:
    with pytest.raises(DataError, match='DAT-003 frame: no column "z_after"'):
        EVERY[name](FRAME, pre="x_before", post="z_after")


@pytest.mark.parametrize("name", EVERY)
def test_people_twice(name: str) -> None:
    with pytest.raises(DataError, match="DAT-010"):
        EVERY[name](FRAME.assign(who=[1, 1, *range(2, 12)]), **WAVES, person="who")


@pytest.mark.parametrize("name", NUMBERS)
def test_texts_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="DAT-004"):
        NUMBERS[name](pairs(["a", "b"], ["b", "a"]), **WAVES)


def test_bad_arguments_are_named_all_at_once() -> None:
    with pytest.raises(DataError) as caught:
        mean_change(FRAME, **WAVES, level=2, interval="bca", draws=10)  # type: ignore[arg-type]
    assert [problem.place for problem in caught.value.problems] == ["level", "draws", "seed"]
    with pytest.raises(DataError) as caught:
        standardised_change(FRAME, **WAVES, kind="d", interval="t", hedges="yes")  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == ["DAT-006", "DAT-006", "DAT-009"]
    with pytest.raises(DataError, match="DAT-006 zeros"):
        rank_change(FRAME, **WAVES, zeros="drop")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("margin", "code"),
    [(0, "DAT-002"), (-1, "DAT-002"), ((1, 2), "DAT-002"), (float("nan"), "DAT-002"), ("1", "DAT-009"),
     ((1,), "DAT-009"), ((-1, 0, 1), "DAT-009"), (True, "DAT-009"), (None, "DAT-009"), (float("inf"), "DAT-002")],
)  # fmt: skip
def test_a_margin_must_lie_around_zero(margin: Any, code: str) -> None:
    with pytest.raises(DataError, match=f"{code} margin"):
        equivalence(FRAME, **WAVES, margin=margin)


def test_equivalence_needs_a_level_above_a_half() -> None:
    with pytest.raises(DataError, match="DAT-002 level"):
        equivalence(FRAME, **WAVES, margin=1, level=0.5)


def test_verdicts() -> None:
    rng = np.random.default_rng(8)
    before = rng.normal(3, 1, 60)
    after = before + rng.normal(0.5, 0.4, 60)
    verdicts = [one(equivalence(pairs(before, after), **WAVES, margin=m))["verdict"] for m in (1, 0.5, 0.2)]
    assert verdicts == ["equivalent", "not shown", "different"]
    back = [one(equivalence(pairs(after, before), **WAVES, margin=m))["verdict"] for m in (1, 0.5, 0.2)]
    assert back == verdicts
    lopsided = one(equivalence(pairs(before, after), **WAVES, margin=(-0.1, 1)))
    assert (lopsided["verdict"], lopsided["margin_low"], lopsided["margin_high"]) == ("equivalent", -0.1, 1)
    for unit in ("raw", "d_z", "d_av", "d_rm"):
        row = one(equivalence(pairs(before, after), **WAVES, margin=1.45, unit=unit, level=0.9))
        assert (row["p_value"] < 0.1) == (row["verdict"] == "equivalent")
        assert row["p_value"] == max(row["p_lower"], row["p_upper"])


def test_the_p_of_a_standardised_margin_is_the_error_at_which_the_limit_meets_it() -> None:
    row = one(equivalence(FRAME, **WAVES, margin=1.2, unit="d_av"))
    at = one(equivalence(FRAME, **WAVES, margin=1.2, unit="d_av", level=1 - row["p_value"]))
    assert min(abs(at["conf_high"] - 1.2), abs(at["conf_low"] + 1.2)) < 1e-7
    beyond = one(equivalence(FRAME, **WAVES, margin=0.1, unit="d_av"))
    assert beyond["p_value"] > 0.5


def test_d_av_divides_by_the_mean_of_the_two_standard_deviations() -> None:
    before, after = np.array([1.0, 2, 3, 4, 6]), np.array([2.0, 2, 6, 9, 9])
    row = one(standardised_change(pairs(before, after), **WAVES, kind="d_av", scale=(0, 10)))
    assert row["divisor"] == pytest.approx((before.std(ddof=1) + after.std(ddof=1)) / 2)
    assert row["estimate"] == pytest.approx((after - before).mean() / row["divisor"])
    r = np.corrcoef(before, after)[0, 1]
    d_z = one(standardised_change(pairs(before, after), **WAVES, scale=(0, 10)))
    d_rm = one(standardised_change(pairs(before, after), **WAVES, kind="d_rm", scale=(0, 10)))
    assert d_rm["estimate"] == pytest.approx(d_z["estimate"] * np.sqrt(2 * (1 - r)))
    assert (d_z["kind"], d_rm["kind"]) == ("d_z", "d_rm")
    assert "d_av" in standardised_change(FRAME, **WAVES, kind="d_av").method.unit


def test_hedges_corrects_the_point_and_leaves_the_limits() -> None:
    for kind in ("d_z", "d_av", "d_rm"):
        plain = one(standardised_change(FRAME, **WAVES, kind=kind))
        corrected = one(standardised_change(FRAME, **WAVES, kind=kind, hedges=True))
        assert 0 < corrected["estimate"] < plain["estimate"]
        assert list(corrected[["conf_low", "conf_high"]]) == list(plain[["conf_low", "conf_high"]])
        assert corrected["kind"] == f"{kind}, Hedges"


def test_zeros_are_named_and_counted() -> None:
    frame = pairs([0.0] * 10, [1.2, 2.4, 1.3, 1.3, 0, 1.0, 1.8, 0.8, 4.6, 1.4])
    dropped, ranked = one(rank_change(frame, **WAVES)), one(rank_change(frame, **WAVES, zeros="pratt"))
    assert (dropped["estimate"], dropped["estimate_with_zeros"], dropped["n_zero"]) == (1.4, 1.3, 1)
    assert (ranked["estimate"], ranked["estimate_with_zeros"], ranked["n_zero"]) == (1.3, 1.3, 1)
    assert (dropped["zeros"], ranked["zeros"], dropped["p_method"]) == ("wilcox", "pratt", "exact")
    assert "unchanged pairs left out" in dropped["note"]
    assert ranked["note"] == ""
    assert (dropped["rank_biserial"], ranked["rank_biserial"]) == (1, pytest.approx(54 / 55))


def test_from_two_hundred_changes_on_the_p_value_is_the_normal_one_and_close_to_the_exact() -> None:
    rng = np.random.default_rng(5)
    change = rng.normal(0.12, 1, 201)
    found = [one(rank_change(pairs(np.zeros(n), change[:n]), **WAVES, scale=(-9, 9))) for n in (200, 201)]
    assert [row["p_method"] for row in found] == ["exact", "normal"]
    for row, n, close in zip(found, (200, 201), (1e-3, 1e-12), strict=True):
        z = (row["statistic"] - n * (n + 1) / 4) / (n * (n + 1) * (2 * n + 1) / 24) ** 0.5
        assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), abs=close)


def test_shares_take_yes_and_no_or_a_threshold() -> None:
    yes = pairs([True, False, False, False], [True, True, True, False])
    row = one(proportion_change(yes, **WAVES))
    assert list(row[["estimate", "share_before", "share_after", "n_gained", "n_lost"]]) == [0.5, 0.25, 0.75, 2, 0]
    assert row["std_error"] == pytest.approx(0.25)
    four = one(proportion_change(FRAME, **WAVES, at_least=4, scale=(1, 5)))
    # of nine pairs 3 and then 6 have 4 or more
    assert [four["share_before"], four["share_after"], four["at_least"]] == [
        pytest.approx(3 / 9),
        pytest.approx(6 / 9),
        4,
    ]
    with pytest.raises(DataError, match=r"DAT-002 frame, column x_before: values other than 0 and 1 \(rows 1, 2"):
        proportion_change(FRAME, **WAVES)
    for threshold in (1, 6):
        with pytest.raises(DataError, match="DAT-002 at_least, x"):
            proportion_change(FRAME, **WAVES, at_least=threshold, scale=(1, 5))
    with pytest.raises(DataError, match="DAT-006 at_least"):
        proportion_change(FRAME, **WAVES, at_least={"y": 2})
    with pytest.raises(DataError, match="DAT-009 at_least"):
        proportion_change(FRAME, **WAVES, at_least="4")  # type: ignore[arg-type]


def test_categories_may_be_texts_and_keep_their_order() -> None:
    order = ["no", "maybe", "yes"]
    frame = pairs(["no", "no", "maybe", "yes", None, "no"], ["yes", "maybe", "yes", "yes", "no", "no"])
    result = category_change(frame, **WAVES, categories=order)
    found = result.frame
    assert found["group"].tolist() == [None, None, *order]
    assert found["estimate"][2:].tolist() == pytest.approx([-0.4, 0, 0.4])
    assert found[["n_gained", "n_lost"]][2:].to_numpy().tolist() == [[0, 2], [1, 1], [2, 0]]
    assert found[["share_before", "share_after"]][2:].to_numpy() == pytest.approx(
        np.array([[0.6, 0.2], [0.2, 0.2], [0.2, 0.6]])
    )
    assert found["floor_before"].tolist() == pytest.approx([0.6] * 5)
    assert found["ceiling_after"].tolist() == pytest.approx([0.6] * 5)
    assert dict(result.method.n_dropped) == {"no answer before": 1}
    # three of three pairs of categories saw a change, each in one direction: 1 + 1 + 1
    assert found["statistic"][1] == 3
    plain = category_change(frame, **WAVES).frame
    assert plain["group"].tolist() == [None, None, "maybe", "no", "yes"]
    assert plain["floor_before"].isna().all()
    kept = frame.astype(pd.CategoricalDtype(order, ordered=True))
    pd.testing.assert_frame_equal(category_change(kept, **WAVES).frame, found)


def test_categories_that_nobody_chose_are_left_out_and_separate_sets_named() -> None:
    frame = pairs([*"aaabbccccdd", "d"], [*"abbabcdddcd", "c"])
    found = category_change(frame, **WAVES, categories=list("abcde")).frame
    assert found["group"].tolist()[2:] == list("abcd")
    assert found["df"].tolist()[:2] == [2, 2]
    assert "separate sets" in found["note"][0]
    assert "rough guide" in found["note"][0]
    still = category_change(pairs(["a", "b"], ["a", "b"]), **WAVES).frame
    assert still["p_value"].tolist() == [1] * 4
    assert (still["note"] != "").all()


def test_answers_that_are_no_categories_are_refused() -> None:
    frame = pairs(["a", "b"], ["b", "c"])
    with pytest.raises(DataError, match=r"DAT-011 frame, column x_after.*row 2"):
        category_change(frame, **WAVES, categories=["a", "b"])
    with pytest.raises(DataError, match="DAT-012"):
        category_change(pairs(["a", "b"], [1, 2]), **WAVES)
    with pytest.raises(DataError, match="DAT-010"):
        category_change(frame, **WAVES, categories=["a", "b", "a"])
    for wrong in ("ab", ["a"], 3):
        with pytest.raises(DataError, match="DAT-009"):
            category_change(frame, **WAVES, categories=wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="at most 100"):
        category_change(pairs(range(101), range(101)), **WAVES)
    other = pairs(pd.Categorical(["a", "b"]), pd.Categorical(["b", "a"], categories=["b", "a"]))
    with pytest.raises(DataError, match="DAT-007"):
        category_change(other, **WAVES)
    with pytest.raises(DataError, match="DAT-010"):
        category_change(pd.concat([frame, frame], axis=1), **WAVES)
    with pytest.raises(DataError, match="DAT-007"):
        category_change(frame, pre=["x_before"], post=["x_after", "x_before"])


def test_rows_without_a_test_are_not_in_the_family() -> None:
    frame = FRAME.assign(y_before=1.0, y_after=1.0, z_before=FRAME["x_after"], z_after=FRAME["x_before"] + 0.25)
    result = mean_change(frame, pre=[f"{x}_before" for x in "xyz"], post=[f"{x}_after" for x in "xyz"])
    adjusted = adjust_p(result)
    p = result.frame["p_value"]
    assert p.isna().tolist() == [False, True, False]
    low, high = sorted([p[0], p[2]])
    assert sorted(adjusted.frame["p_adjusted"].dropna()) == pytest.approx([min(2 * low, 1), max(2 * low, high)])
    assert adjusted.frame["adjustment"].tolist() == ["Holm over 2 tests", None, "Holm over 2 tests"]
    assert "rows without a p-value are not in the family" in adjusted.method.assumptions
    assert "p_adjusted" not in result.frame
    pd.testing.assert_frame_equal(adjusted.frame[result.frame.columns], result.frame)
    with pytest.raises(DataError, match="DAT-006 method"):
        adjust_p(result, "bonferroni")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="DAT-009 result"):
        adjust_p(result.frame)  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="EST-001"):
        adjust_p(mean_change(frame, pre="y_before", post="y_after"))


def test_the_same_seed_gives_the_same_limits_and_few_pairs_are_named() -> None:
    runs = [one(mean_change(FRAME, **WAVES, interval="bca", draws=1000, seed=seed)) for seed in (1, 1, 2)]
    assert list(runs[0][["conf_low", "conf_high"]]) == list(runs[1][["conf_low", "conf_high"]])
    assert list(runs[0][["conf_low", "conf_high"]]) != list(runs[2][["conf_low", "conf_high"]])
    assert "too few for a bootstrap" in runs[0]["note"]
    t = one(mean_change(FRAME, **WAVES))
    assert list(runs[0][["estimate", "std_error", "p_value"]]) == list(t[["estimate", "std_error", "p_value"]])


@pytest.mark.parametrize("name", [name for name in EVERY if "bca" not in name])
def test_a_hundred_thousand_rows_need_no_pairs_of_people(name: str) -> None:
    rng = np.random.default_rng(2)
    frame = pairs(*np.clip(np.rint(rng.normal(3.4, 1, (2, 100_000))), 1, 5))
    result = EVERY[name](frame, **WAVES)
    assert set(result.frame["n"]) == {100_000}


def many(n: int = 24, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pairs(*(np.rint(rng.uniform(1, 5, (2, n)) * 10) / 10))


def shown(result: Estimates) -> pd.Series:
    frame = release(result, load_profile()).frame
    assert "n_least" not in frame
    return frame.iloc[0]


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
@pytest.mark.parametrize("rise", [1.0, -0.5])
def test_ranks_of_few_people_who_changed_are_not_shown(zeros: str, rise: float) -> None:
    frame = many()
    frame["x_after"] = frame["x_before"]
    frame.loc[:9, "x_after"] += np.arange(1, 11) * rise
    for moved in (1, 10):
        few = frame.assign(x_after=frame["x_after"].where(frame.index < moved, frame["x_before"]))
        result = rank_change(few, **WAVES, zeros=zeros, scale=(-9, 25))
        assert one(result)["n_least"] == moved
        row = shown(result)
        assert row["flag"] == "suppressed"
        numbers = row.drop(["term", "group", "flag"])
        assert numbers.map(lambda value: value == "" or pd.isna(value)).all(), numbers
    frame.loc[10, "x_after"] += 11 * rise
    row = shown(rank_change(frame, **WAVES, zeros=zeros, scale=(-9, 25)))
    assert (row["n"], row["flag"]) == (24, "")
    assert np.isfinite(row[["estimate", "rank_biserial", "p_value"]].astype(float)).all()
    # 13 of 24 did not change: more than eleven, but eleven did, so the number is told; of 20 changed it is not
    assert row["n_zero"] == 13
    assert np.isnan(shown(rank_change(many(), **WAVES))["n_zero"])


@pytest.mark.parametrize("name", ["share", "category"])
def test_shares_are_shown_and_few_who_changed_are_not_counted(name: str) -> None:
    before = [0] * 12 + [1] * 12
    frame = pairs(before, [1, 1, *before[2:23], 0])
    result = proportion_change(frame, **WAVES) if name == "share" else category_change(frame, **WAVES)
    assert result.frame[["n_gained", "n_lost"]].iloc[-1].tolist() == [2, 1]
    released = release(result, load_profile()).frame.iloc[-1]
    assert released["flag"] == ""
    assert released["share_after"] == pytest.approx(13 / 24)
    assert released[["n_gained", "n_lost"]].isna().all()


def test_two_pairs_have_no_hedges_correction_and_three_no_error_of_d_z() -> None:
    row = one(standardised_change(many().head(2), **WAVES, hedges=True))
    assert np.isnan(row["estimate"])
    assert np.isnan(row["std_error"])
    assert row["conf_low"] < row["conf_high"]
    assert row["note"] == "two pairs: one degree of freedom, for which there is no Hedges correction"
    for n, hedges in ((2, False), (3, False), (3, True)):
        row = one(standardised_change(many().head(n), **WAVES, hedges=hedges))
        assert np.isfinite(row["estimate"])
        assert np.isnan(row["std_error"])
        assert row["note"] == "fewer than four pairs: d_z has no standard error"
        drawn = one(standardised_change(many().head(n), **WAVES, hedges=hedges, **BCA))
        assert drawn["note"].startswith(row["note"] + "; so few pairs")
        held = one(equivalence(many().head(n), **WAVES, margin=50, unit="d_z"))
        assert (held["verdict"], held["note"]) == ("equivalent", row["note"])
    four = [many().head(4), *(many().head(n).assign(y=0) for n in (2, 3))]
    assert one(standardised_change(four[0], **WAVES))["note"] == ""
    for frame in four[1:]:
        assert one(standardised_change(frame, **WAVES, kind="d_av"))["note"] == ""


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
def test_equal_changes_of_those_who_changed_have_a_test_and_no_interval(zeros: str) -> None:
    frame = pairs([1.0, 2, 3, 4] * 5, [2.0, 3, 4, 4] * 5)
    row = one(rank_change(frame, **WAVES, zeros=zeros))
    assert row["p_value"] == pytest.approx(2 * 0.5**15)
    assert row["estimate"] == 1
    assert np.isfinite(row["conf_low"]) == (zeros == "pratt")
    assert ("changed alike: no interval" in row["note"]) == (zeros == "wilcox")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_sizes_that_no_square_holds_are_refused(name: str, size: float) -> None:
    if name == "share":
        share = one(proportion_change(many() * size, **WAVES, at_least=3 * size, scale=(0, 5 * size)))
        assert np.isfinite(share["std_error"])
        return
    with pytest.raises(DataError, match=r"DAT-002 frame, x_before.*between 1e-60 and 1e\+60"):
        NUMBERS[name](many() * size, **WAVES, scale=(-5 * size, 5 * size))
    for fits in (1e59, 1e-59):
        row, plain = (one(NUMBERS[name](many() * unit, **WAVES, **_margin(name, unit))) for unit in (fits, 1.0))
        times = 1 if "d_" in name else fits
        assert row[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
            (plain[["estimate", "conf_low", "conf_high"]] * times).tolist(), rel=1e-6
        )


def _margin(name: str, unit: float) -> dict[str, float]:
    return {"margin": unit} if name == "equivalence" else {}


def test_infinite_answers_are_no_category() -> None:
    for bad in (float("inf"), float("-inf")):
        for frame in (pairs([1, 2, bad], [2, 1, 2]), pairs([1, 2, bad], [2, 1, "a"]).astype(object)):
            with pytest.raises(DataError, match=r"DAT-002 frame, column x_before: values without end \(row 3\)"):
                category_change(frame, **WAVES)
        with pytest.raises(DataError, match="DAT-002 frame, column x_after"):
            category_change(pairs([1, 2.0], [2, bad]), **WAVES, categories=[1, 2, bad])


def test_the_unit_of_an_outcome_as_it_was_measured_has_one_name() -> None:
    for estimator in (mean_change, rank_change, partial(equivalence, margin=1)):
        assert estimator(FRAME, **WAVES).method.unit == "points of the outcome"
    raw, standard = (one(equivalence(FRAME, **WAVES, margin=1, unit=unit)) for unit in ("raw", "d_av"))
    assert (raw["unit"], standard["unit"]) == ("points of the outcome", "standard deviations (d_av)")
