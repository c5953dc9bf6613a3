"""Pay gaps, quarters and leaver rates against R (values written by pay_turnover.R beside this file)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.pay import QUARTERS, pay_gap
from evalkit.numeric.event_rates import rate, rate_ratio, weighted_rate
from evalkit.numeric.relative_gaps import mean_gap, median_gap, ranked

Values = dict[str, list[float]]
LIMITS = ["estimate", "conf_low", "conf_high"]


def _read() -> dict[tuple[str, str], Values]:
    found: dict[tuple[str, str], Values] = defaultdict(dict)
    with Path(__file__).with_name("pay_turnover.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["topic"], row["case"]][row["name"]] = [float(word) for word in row["value"].split()]
    return found


R = _read()


def cases(topic: str) -> list[str]:
    names = [case for name, case in R if name == topic]
    assert names
    return names


def known(case: str, n: int, ranks: list[float], values: list[float]) -> np.ndarray:
    """Build values with these order statistics; those in between are never looked at, and lie apart to make it sure."""
    filled = np.interp(np.arange(1, n + 1), [0, *ranks, n + 1], [1.0, *values, 400_000.0])
    assert [filled[int(rank) - 1] for rank in ranks] == values, case
    return filled


def salaries(sex: str) -> Values:
    return R["salaries", sex]


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_salaries_mean_gap_from_its_summary(level: float) -> None:
    men, women = salaries("men"), salaries("women")
    args = [part[name][0] for part in (men, women) for name in ("mean", "sd", "n")]
    gap, df = mean_gap(args[0], args[1], int(args[2]), args[3], args[4], int(args[5]), level=level)
    expected = R["gap", f"salaries {level:g}"]["mean"]
    assert [gap.estimate, gap.low, gap.high, df] == pytest.approx(expected[:4], rel=1e-9)
    assert round(100 * gap.estimate, 1) == 12.2


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_salaries_median_gap_through_pay_gap(level: float) -> None:
    parts = []
    for sex, label in (("men", "Male"), ("women", "Female")):
        summary = salaries(sex)
        values = known(sex, int(summary["n"][0]), summary["ranks"], summary["values"])
        parts.append(pd.DataFrame({"sex": label, "salary": values}))
    row = pay_gap(pd.concat(parts), sex="sex", hourly="salary", level=level, extreme=1e6).frame.iloc[1]
    assert row["term"] == "median gap in hourly pay"
    assert row[LIMITS].astype(float).tolist() == pytest.approx(R["gap", f"salaries {level:g}"]["median"], rel=1e-9)
    assert round(100 * row["estimate"], 1) == 4.0


@pytest.mark.parametrize("case", cases("drawn"))
@pytest.mark.parametrize("level", [0.95, 0.9])
def test_both_gaps_of_drawn_pay(case: str, level: float) -> None:
    men, women = (R["drawn", case][name] for name in ("men", "women"))
    frame = pd.DataFrame({"sex": ["M"] * len(men) + ["F"] * len(women), "pay": [*men, *women]})
    mean, median = pay_gap(frame, sex="sex", hourly="pay", level=level).frame.iloc[:2].to_dict("records")
    expected = R["gap", f"{case} {level:g}"]
    assert [mean[name] for name in (*LIMITS, "df", "p_value")] == pytest.approx(expected["mean"], rel=1e-9)
    assert [median[name] for name in LIMITS] == pytest.approx(expected["median"], rel=1e-9)
    direct = median_gap(ranked(np.array(men)), ranked(np.array(women)), level=level)
    assert direct.low == median["conf_low"]


@pytest.mark.parametrize("case", cases("quarters"))
def test_quarters_with_people_of_one_rate_across_boundaries(case: str) -> None:
    given = R["quarters", case]
    sex = np.where(np.array(given["woman"]) == 1, "women", "men")
    frame = pay_gap(pd.DataFrame({"sex": sex, "pay": given["pay"]}), sex="sex", hourly="pay").frame
    rows = frame[frame["group"] == "women"]
    assert rows["term"].tolist() == [f"share of the {quarter} quarter" for quarter in QUARTERS]
    assert rows["n"].tolist() == given["size"]
    assert (rows["estimate"] * rows["n"]).tolist() == pytest.approx(given["women"], abs=0.002)


@pytest.mark.parametrize("case", cases("rate"))
def test_rates_agree_with_poisson_test(case: str) -> None:
    events, base, level = R["rate", case]["arguments"]
    found = rate(int(events), base, level=level)
    assert [found.estimate, found.low, found.high] == pytest.approx(R["rate", case]["expected"], rel=1e-10)


@pytest.mark.parametrize("case", cases("rate_ratio"))
def test_ratios_of_rates_agree_with_poisson_test(case: str) -> None:
    one, base, other, base_other, level = R["rate_ratio", case]["arguments"]
    found, p = rate_ratio(int(one), base, int(other), base_other, level=level)
    expected = R["rate_ratio", case]["expected"]
    assert [found.estimate, found.low, found.high, p] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("case", cases("weighted_rate"))
def test_weighted_rates_have_dobsons_limits(case: str) -> None:
    weights = np.array(R["weighted_rate", case]["weights"])
    base, level = R["weighted_rate", case]["arguments"]
    found = weighted_rate(weights.sum(), (weights**2).sum(), len(weights), base, level=level)
    expected = R["weighted_rate", case]["expected"]
    assert [found.estimate, found.low, found.high] == pytest.approx(expected, rel=1e-10)
