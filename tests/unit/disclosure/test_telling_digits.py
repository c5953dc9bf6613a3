"""Where n is left out, estimate and limits do not tell it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.disclosure.releasing import tell_without_n
from evalkit.disclosure.telling_digits import Digits, cut, is_rate, limits_beside, may_stand, without_telling_digits
from evalkit.numeric.event_rates import poisson_limits
from evalkit.numeric.proportions import clopper_pearson, koopman, newcombe, wilson
from evalkit.result import Method, estimates

RULES = load_profile("staff-survey")
RATE = "leavers per head of mean headcount"


def quiet(unit: str, estimate: float, low: float, high: float, n: float, **more: object) -> pd.Series:
    rows = [{"term": "t", "group": "g", "estimate": estimate, "conf_low": low, "conf_high": high, "n": n, **more}]
    result = estimates(rows, Method("m", "e", unit, n_given=int(n), n_used=int(n)))
    line = tell_without_n(release(result, RULES), result, np.array([True])).frame.iloc[0]
    assert line[["n", "std_error", "statistic", "df"]].isna().all()
    return line


def numbers(line: pd.Series) -> list[float]:
    return line[["estimate", "conf_low", "conf_high"]].astype(float).tolist()


@pytest.mark.parametrize("made", [wilson, clopper_pearson])
@pytest.mark.parametrize(("events", "n"), [(14, 35), (11, 41), (5, 68)])
def test_limits_of_a_share_of_few_go(made: object, events: int, n: int) -> None:
    found = made(events, n)  # type: ignore[operator]
    line = quiet("proportion", found.estimate, found.low, found.high, n)
    assert line["estimate"] == cut(events / n, "hundredths")
    assert line[["conf_low", "conf_high"]].isna().all()


def test_of_many_people_limits_stay_in_hundredths_and_many_numbers_fit() -> None:
    found = wilson(300, 1000)
    told = numbers(quiet("proportion", found.estimate, found.low, found.high, 1000))
    assert told == [0.3, 0.27, 0.33]
    fits = {n for n in range(980, 1021) for k in range(280, 320) if _printed(wilson(k, n)) == told}
    assert len(fits) >= RULES.threshold


def _printed(found: object) -> list[float]:
    return [
        cut(value, "hundredths", way)
        for value, way in zip((found.estimate, found.low, found.high), ("near", "down", "up"), strict=True)  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize("digits", ["hundredths", "two digits", "three digits"])
def test_limits_are_cut_outwards_and_no_difference_is_never_crossed(digits: Digits) -> None:
    none = 1.0 if digits == "two digits" else 0.0
    rng = np.random.default_rng(1)
    exact = np.sort(np.concatenate([none + rng.normal(0, s, 400) for s in (0.001, 0.02, 0.3, 3.0)]))
    exact = exact[exact > 0] if digits == "two digits" else exact
    low, near, high = ([cut(value, digits, way) for value in exact] for way in ("down", "near", "up"))
    assert (np.array(low) <= exact).all()
    assert (np.array(high) >= exact).all()
    # Of limits in this order the estimate stays within them, however all three are cut.
    assert (np.array(low[:-2]) <= near[1:-1]).all()
    assert (np.array(near[1:-1]) <= high[2:]).all()
    # A cut limit says on which side of no difference the exact one lies.
    assert [value >= none for value in low] == [value >= none for value in exact]
    assert [value <= none for value in high] == [value <= none for value in exact]
    for told in (low, near, high):
        assert all(may_stand(value, digits) and cut(value, digits, "down") == value for value in told)


@pytest.mark.parametrize("bound", [0.5, 0.8, 0.95, 1.0, 0.0])
def test_a_verdict_on_a_whole_per_cent_follows_from_the_cut_limits(bound: float) -> None:
    """So it fits as many numbers of people as these do."""
    for n in range(11, 400, 7):
        for k in range(n + 1):
            found = wilson(k, n)
            told = cut(found.low, "hundredths", "down"), cut(found.high, "hundredths", "up")
            exact = limits_beside(bound, (found.low, found.high), told, "hundredths")
            assert exact == (found.low, found.high)
            assert (exact[0] >= bound) == (told[0] >= bound)
            assert (exact[1] <= bound) == (told[1] <= bound)


def test_a_verdict_on_part_of_a_per_cent_goes_by_the_cut_limits() -> None:
    assert limits_beside(0.667, (0.6684, 0.9), (0.66, 0.9), "hundredths") == (0.66, 0.9)
    assert limits_beside(1 / 1.1, (0.9095, 1.05), (0.9, 1.1), "two digits") == (0.9, 1.1)


def test_cutting_what_is_cut_changes_nothing() -> None:
    gap = newcombe(10, 61, 8, 35)
    line = numbers(quiet("proportion", gap.estimate, gap.low, gap.high, 96, group="a less b"))
    assert numbers(quiet("proportion", *line, 96, group="a less b")) == line


def test_in_per_cent_the_same() -> None:
    found = wilson(300, 1000)
    told = numbers(quiet("per cent", 30.04, 100 * found.low, 100 * found.high, 1000))
    assert told == pytest.approx([30, 27, 33])


@pytest.mark.parametrize(("unit", "times"), [("proportion", 1), ("per cent", 100), ("leavers per 1,000 staff", 1000)])
def test_limits_of_few_go_in_every_unit(unit: str, times: int) -> None:
    found = wilson(14, 35)
    told = numbers(quiet(unit, times * found.estimate, times * found.low, times * found.high, 35))
    assert told[0] == pytest.approx(0.4 * times)
    assert np.isnan(told[1:]).all()
    found = wilson(300, 1000)
    told = numbers(quiet(unit, times * found.estimate, times * found.low, times * found.high, 1000))
    assert told == pytest.approx([0.3 * times, 0.27 * times, 0.33 * times])


@pytest.mark.parametrize(("events", "n"), [(14, 35), (5, 27)])
def test_limits_of_a_share_that_nobody_can_check_go(events: int, n: int) -> None:
    share = events / n
    half = 1.959964 * (share * (1 - share) / n) ** 0.5
    assert np.isnan(numbers(quiet("proportion", share, share - half, share + half, n))[1:]).all()
    # A change, and a difference of groups, is made of four numbers of people.
    for more in ({"group": "a less b"}, {"term": "gap"}, {"quantity": "mean change"}):
        line = quiet("proportion", share, share - half, share + half, n, **more)
        assert not np.isnan(numbers(line)).any()


def test_that_limits_stay_tells_no_number_either() -> None:
    """Of all shares that are printed alike either all keep their limits or none, and at least as many as asked for."""
    pairs = [(k, n) for n in range(20, 200) for k in range(n) if 0.065 <= k / n < 0.075]
    made = [wilson(k, n) for k, n in pairs]
    rows = pd.DataFrame(
        [(one.estimate, one.low, one.high) for one in made], columns=["estimate", "conf_low", "conf_high"]
    )
    rows["n"] = [n for _, n in pairs]
    units = pd.Series(["proportion"] * len(rows))
    out = without_telling_digits(rows, np.ones(len(rows), dtype=bool), units, level=0.95, fewest=11)
    told = pd.DataFrame({"printed": [_printed(one) for one in made], "n": rows["n"], "kept": out["conf_low"].notna()})
    alike = told.assign(printed=told["printed"].astype(str)).groupby("printed")
    assert alike["kept"].nunique().max() == 1
    assert told["kept"].nunique() == 2
    assert alike["n"].nunique()[alike["kept"].first()].min() >= 11


def test_many_people_are_soon_found_to_be_many() -> None:
    found = clopper_pearson(100_000, 300_000)
    assert numbers(quiet("proportion", found.estimate, found.low, found.high, 300_000))[0] == 0.33
    assert is_rate("FTE lost per FTE in post")


def test_a_slope_is_no_rate() -> None:
    slope = numbers(quiet("points of the outcome per unit of time", 0.0149, 0.0051, 0.0247, 24, group="mentee"))
    assert slope == [0.0149, 0.0051, 0.0247]


def test_five_leavers_of_sixty_eight_do_not_follow_from_their_rate() -> None:
    low, high = poisson_limits(5)
    assert numbers(quiet(RATE, 5 / 68, low / 68, high / 68, 68))[0] == 0.07
    assert np.isnan(numbers(quiet(RATE, 5 / 68, low / 68, high / 68, 68))[1:]).all()


def test_ratios_have_two_digits_and_differences_hundredths() -> None:
    ratio, gap = koopman(10, 61, 8, 35), newcombe(10, 61, 8, 35)
    line = quiet("ratio", ratio.estimate, ratio.low, ratio.high, 96, p_value=0.43217)
    assert [*numbers(line), line["p_value"]] == [0.72, 0.32, 1.7, 0.43]
    assert numbers(quiet("proportion", gap.estimate, gap.low, gap.high, 96, group="a less b")) == [-0.06, -0.25, 0.1]


def test_a_mean_and_a_gap_in_pay_keep_three_digits() -> None:
    assert numbers(quiet("points", 0.38076, -0.1234, 0.88881, 13)) == [0.381, -0.124, 0.889]
    assert numbers(quiet("proportion of men's pay", 0.13211, 0.00304, 0.24447, 229)) == [0.132, 0.00304, 0.245]
    assert numbers(quiet("points", 61.2345, 58.9876, 163.4567, 13)) == [61.2, 58.9, 163.5]


def test_a_small_share_is_not_told_as_nothing() -> None:
    found = wilson(4, 1000)
    assert numbers(quiet("proportion", found.estimate, found.low, found.high, 1000))[0] == 0.004
    assert cut(0.9961, "hundredths") == 0.996


def test_rows_that_keep_n_keep_their_digits() -> None:
    rows = [{"term": "t", "group": g, "estimate": 14 / 35, "conf_low": 0.2, "conf_high": 0.6, "n": 35} for g in "ab"]
    result = estimates(rows, Method("m", "e", "proportion", n_given=70, n_used=70))
    frame = tell_without_n(release(result, RULES), result, np.array([True, False])).frame
    assert frame["n"].isna().tolist() == [True, False]
    assert frame["conf_high"].tolist() == pytest.approx([np.nan, 0.6], nan_ok=True)


def test_a_share_of_less_than_one_person_tells_nothing() -> None:
    """A weighted share can be of less than half a person."""
    assert numbers(quiet("proportion", 0.004, 0.0, 0.02, 40)) == [0.004, 0.0, 0.02]
