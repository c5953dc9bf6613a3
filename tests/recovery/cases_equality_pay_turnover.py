"""Pay gaps, quarters, leaver rates and stability: is the truth found and covered?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from recovery.study import Case

from evalkit.equality.pay import pay_gap
from evalkit.equality.stability import stability_index
from evalkit.equality.turnover import leaver_rate_from_counts

Draws = Callable[[np.random.Generator], tuple[float, float, float]]
Limits = tuple[float, float, float]

PAY = ("equality.pay", "equality.staff_columns", "numeric.relative_gaps", "numeric.proportions")
LEAVERS = ("equality.turnover", "equality.snapshots", "equality.staff_columns", "numeric.event_rates")
STABLE = ("equality.stability", "equality.snapshots", "equality.staff_columns", "numeric.proportions")
SPREAD, GAP = 0.4, 0.1

# A scale of 22 points with far more people on some than on others, as on pay bands.
POINTS = 11.5 * 1.075 ** np.arange(22)
WOMEN = np.array([2, 14, 4, 6, 9, 5, 4, 10, 4, 11, 5, 9, 3, 6, 8, 3, 5, 6, 2, 4, 2, 3.0])
MEN = WOMEN * np.exp(0.03 * np.arange(22))
LAWS = tuple(law / law.sum() for law in (MEN, WOMEN))


def _limits(row: pd.Series) -> Limits:
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def _frame(men: np.ndarray, women: np.ndarray) -> pd.DataFrame:
    sex = ["M"] * len(men) + ["F"] * len(women)
    return pd.DataFrame({"sex": sex, "pay": np.concatenate([men, women])})


def _row(people: int, row: int, *, scale: bool) -> Draws:
    """Draw three in ten men, pay lognormal or on the points of a scale; give one row of the result."""
    men = round(0.3 * people)

    def draw(rng: np.random.Generator) -> Limits:
        if scale:
            paid = [rng.choice(POINTS, size, p=law) for size, law in zip((men, people - men), LAWS, strict=True)]
        else:
            paid = [rng.lognormal(3 + shift, SPREAD, size)
                    for size, shift in ((men, 0.0), (people - men, math.log(1 - GAP)))]  # fmt: skip
        return _limits(pay_gap(_frame(*paid), sex="sex", hourly="pay", extreme=1e9).frame.iloc[row])

    return draw


def _top_quarter(people: int) -> Draws:
    """Draw who is a woman, 70 per cent, then pay; give the share of women in the upper quarter."""

    def draw(rng: np.random.Generator) -> Limits:
        woman = rng.random(people) < 0.7
        pay = rng.lognormal(3 + np.where(woman, math.log(1 - GAP), 0.0), SPREAD)
        return _limits(pay_gap(_frame(pay[~woman], pay[woman]), sex="sex", hourly="pay", extreme=1e9).frame.iloc[-1])

    return draw


def _share_at_top() -> float:
    """Give the share of women above the upper quartile of everybody's pay."""
    from scipy import optimize, stats

    def above(log_pay: float) -> tuple[float, float]:
        men = 0.3 * stats.norm.sf(log_pay, 3, SPREAD)
        return men, 0.7 * stats.norm.sf(log_pay, 3 + math.log(1 - GAP), SPREAD)

    cut = float(optimize.brentq(lambda at: sum(above(at)) - 0.25, 1, 5))
    return float(above(cut)[1] / 0.25)


def _middle(law: np.ndarray) -> float:
    return float(POINTS[np.searchsorted(np.cumsum(law), 0.5)])


def _leavers(people: int, rate: float) -> Draws:
    """Keep a place at its size for a year: whoever leaves, at any time, is replaced, and may leave again."""

    def draw(rng: np.random.Generator) -> Limits:
        counts = pd.DataFrame({"start": [people], "end": [people], "left": [rng.poisson(rate * people)]})
        return _limits(leaver_rate_from_counts(counts, at_start="start", at_end="end", leavers="left").frame.iloc[0])

    return draw


def _stable(people: int, row: int) -> Draws:
    """Let people stay with a chance of 0.85, whatever their hours."""

    def draw(rng: np.random.Generator) -> Limits:
        hours = rng.choice([0.4, 0.6, 0.8, 1.0], people, p=[0.1, 0.2, 0.2, 0.5])
        stays = np.flatnonzero(rng.random(people) < 0.85)
        person = np.concatenate([np.arange(people), stays, [-1]])
        day = ["2023-03-31"] * people + ["2024-03-31"] * (len(stays) + 1)
        staff = pd.DataFrame({"person": person, "snapshot": pd.to_datetime(day), "fte": [*hours, *hours[stays], 1.0]})
        return _limits(stability_index(staff, fte="fte").frame.iloc[row])

    return draw


TIES = "pay on few points: the median of a group is mostly the same point, and the limits of order statistics hold it"
SMALL = "limits of two medians of 7 and 17 people, each rather too wide than too narrow, are combined"
EXACT = "the exact Poisson interval covers at least as often as it says"
SKEWED = "means of 7 and 17 lognormal values: t limits on the logarithm fall short by about a point"
TRUE_MEAN = 1 - float((LAWS[1] @ POINTS) / (LAWS[0] @ POINTS))
TRUE_MIDDLE = 1 - _middle(LAWS[1]) / _middle(LAWS[0])
RATIO = "the mean of a ratio of means or medians is not the ratio of their means; less than a tenth of the error"
CASES = (
    Case("pay_gap, mean, lognormal, 24", 24, GAP, _row(24, 0, scale=False), PAY, expect="under",
         between=(0.93, 0.95), note=SKEWED, bias_at_most=0.03),
    Case("pay_gap, mean, lognormal, 200", 200, GAP, _row(200, 0, scale=False), PAY, note=RATIO, bias_at_most=0.005),
    Case("pay_gap, mean, lognormal, 8000", 8000, GAP, _row(8000, 0, scale=False), PAY, quick=50),
    Case("pay_gap, mean, points of a scale, 200", 200, TRUE_MEAN, _row(200, 0, scale=True), PAY, note=RATIO,
         bias_at_most=0.005),
    Case("pay_gap, median, lognormal, 24", 24, GAP, _row(24, 1, scale=False), PAY, expect="over",
         between=(0.955, 0.985), note=SMALL, bias_at_most=0.04),
    Case("pay_gap, median, lognormal, 200", 200, GAP, _row(200, 1, scale=False), PAY, expect="over",
         between=(0.95, 0.965), note=SMALL, bias_at_most=0.006),
    Case("pay_gap, median, lognormal, 8000", 8000, GAP, _row(8000, 1, scale=False), PAY, quick=50),
    Case("pay_gap, median, points of a scale, 24", 24, TRUE_MIDDLE, _row(24, 1, scale=True), PAY, expect="over",
         between=(0.955, 0.99), note=TIES, bias_at_most=0.06),
    Case("pay_gap, median, points of a scale, 200", 200, TRUE_MIDDLE, _row(200, 1, scale=True), PAY, expect="over",
         between=(0.95, 1.0), note=TIES, bias_at_most=0.05),
    Case("pay_gap, median, points of a scale, 8000", 8000, TRUE_MIDDLE, _row(8000, 1, scale=True), PAY, expect="over",
         between=(0.95, 1.0), note=TIES, bias_at_most=0.05, quick=50),
    Case("pay_gap, women in the upper quarter, 200", 200, _share_at_top(), _top_quarter(200), PAY),
    Case("pay_gap, women in the upper quarter, 8000", 8000, _share_at_top(), _top_quarter(8000), PAY, quick=50),
    Case("leaver_rate, 24", 24, 0.15, _leavers(24, 0.15), LEAVERS, expect="over", between=(0.95, 0.995), note=EXACT),
    Case("leaver_rate, 200", 200, 0.15, _leavers(200, 0.15), LEAVERS, expect="over", between=(0.95, 0.98), note=EXACT),
    Case("leaver_rate, 8000", 8000, 0.15, _leavers(8000, 0.15), LEAVERS),
    Case("stability_index, headcount, 200", 200, 0.85, _stable(200, 0), STABLE),
    Case("stability_index, FTE, 200", 200, 0.85, _stable(200, 1), STABLE),
    Case("stability_index, FTE, 8000", 8000, 0.85, _stable(8000, 1), STABLE, quick=50),
)  # fmt: skip
