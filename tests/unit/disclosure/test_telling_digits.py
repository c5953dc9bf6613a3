"""Where n is left out, estimate and limits do not tell it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.disclosure.releasing import tell_without_n
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
    assert line["estimate"] == round(events / n, 2)
    assert line[["conf_low", "conf_high"]].isna().all()


def test_of_many_people_limits_stay_in_hundredths_and_many_numbers_fit() -> None:
    found = wilson(300, 1000)
    told = numbers(quiet("proportion", found.estimate, found.low, found.high, 1000))
    assert told == [0.3, 0.27, 0.33]
    fits = {n for n in range(980, 1021) for k in range(280, 320) if _printed(wilson(k, n)) == told}
    assert len(fits) >= RULES.threshold


def _printed(found: object) -> list[float]:
    return [round(value, 2) for value in (found.estimate, found.low, found.high)]  # type: ignore[attr-defined]


def test_in_per_cent_the_same() -> None:
    found = wilson(300, 1000)
    told = numbers(quiet("per cent", 30.04, 100 * found.low, 100 * found.high, 1000))
    assert told == pytest.approx([30, 27, 33])


def test_five_leavers_of_sixty_eight_do_not_follow_from_their_rate() -> None:
    low, high = poisson_limits(5)
    assert numbers(quiet(RATE, 5 / 68, low / 68, high / 68, 68))[0] == 0.07
    assert np.isnan(numbers(quiet(RATE, 5 / 68, low / 68, high / 68, 68))[1:]).all()


def test_ratios_have_two_digits_and_differences_hundredths() -> None:
    ratio, gap = koopman(10, 61, 8, 35), newcombe(10, 61, 8, 35)
    line = quiet("ratio", ratio.estimate, ratio.low, ratio.high, 96, p_value=0.43217)
    assert [*numbers(line), line["p_value"]] == [0.72, 0.32, 1.6, 0.43]
    assert numbers(quiet("proportion", gap.estimate, gap.low, gap.high, 96, group="a less b")) == [-0.06, -0.24, 0.09]


def test_a_mean_and_a_gap_in_pay_keep_three_digits() -> None:
    assert numbers(quiet("points", 0.38076, -0.1234, 0.88881, 13)) == [0.381, -0.123, 0.889]
    assert numbers(quiet("proportion of men's pay", 0.13211, 0.00304, 0.24447, 229)) == [0.132, 0.00304, 0.244]


def test_a_small_share_is_not_told_as_nothing() -> None:
    found = wilson(4, 1000)
    assert numbers(quiet("proportion", found.estimate, found.low, found.high, 1000))[0] == 0.004


def test_rows_that_keep_n_keep_their_digits() -> None:
    rows = [{"term": "t", "group": g, "estimate": 14 / 35, "conf_low": 0.2, "conf_high": 0.6, "n": 35} for g in "ab"]
    result = estimates(rows, Method("m", "e", "proportion", n_given=70, n_used=70))
    frame = tell_without_n(release(result, RULES), result, np.array([True, False])).frame
    assert frame["n"].isna().tolist() == [True, False]
    assert frame["conf_high"].tolist() == [0.6, 0.6]


def test_a_share_of_less_than_one_person_tells_nothing() -> None:
    """A weighted share can be of less than half a person."""
    assert numbers(quiet("proportion", 0.004, 0.0, 0.02, 40)) == [0.004, 0.0, 0.02]
