"""Pay gaps: the six figures, who is in them, what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.pay import ExtremePayWarning, pay_gap
from evalkit.errors import DataError, EstimationError


def staff(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "sex": np.where(np.arange(n) % 3 == 0, "M", "F"),
            "hourly": np.round(rng.lognormal(3, 0.3, n), 2),
            "bonus": np.where(np.arange(n) % 4 == 0, np.round(rng.lognormal(6, 0.5, n), 2), np.nan),
            "full_pay": np.where(np.arange(n) % 10 == 9, "no", "yes"),
        }
    )


def gaps(data: pd.DataFrame, **more: Any) -> pd.DataFrame:
    return pay_gap(data, sex="sex", hourly="hourly", **more).frame


def codes(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_six_figures_in_order() -> None:
    frame = gaps(staff(), bonus="bonus", full_pay="full_pay")
    assert frame["term"].drop_duplicates().tolist() == [
        "mean gap in hourly pay", "median gap in hourly pay", "mean gap in bonus pay", "median gap in bonus pay",
        "share receiving a bonus", "share of the lower quarter", "share of the lower middle quarter",
        "share of the upper middle quarter", "share of the upper quarter",
    ]  # fmt: skip
    assert len(frame) == 14


def test_figures_by_hand_and_full_pay_only_for_hourly_pay() -> None:
    data = staff()
    frame = gaps(data, bonus="bonus", full_pay="full_pay").set_index("term")
    full = data[data["full_pay"] == "yes"]
    men, women = (full.loc[full["sex"] == sex, "hourly"] for sex in "MF")
    assert frame.loc["mean gap in hourly pay", "estimate"] == pytest.approx((men.mean() - women.mean()) / men.mean())
    middle = (men.median() - women.median()) / men.median()
    assert frame.loc["median gap in hourly pay", "estimate"] == pytest.approx(middle)
    assert frame.loc["mean gap in hourly pay", ["n_reference", "n_comparison"]].tolist() == [len(men), len(women)]
    paid = data[data["bonus"].notna()]
    bonus = paid.groupby("sex")["bonus"].mean()
    assert frame.loc["mean gap in bonus pay", "estimate"] == pytest.approx(1 - bonus["F"] / bonus["M"])
    shares = frame.loc["share receiving a bonus"].set_index("group")
    assert shares.loc["women", "estimate"] == pytest.approx(data.loc[data["sex"] == "F", "bonus"].notna().mean())
    assert shares.loc["men", "n"] == (data["sex"] == "M").sum()
    quarters = frame[frame.index.str.endswith("quarter")]
    assert quarters["estimate"].groupby(level=0).sum().tolist() == pytest.approx([1] * 4)
    assert quarters.loc[quarters["group"] == "men", "n"].sum() == len(full)


@pytest.mark.parametrize("words", [("m", "F"), ("Male", "female"), ("MEN", "Women"), (" man", "WOMAN ")])
def test_words_for_the_sexes(words: tuple[str, str]) -> None:
    data = staff()
    renamed = data.assign(sex=data["sex"].map({"M": words[0], "F": words[1]}))
    pd.testing.assert_frame_equal(gaps(renamed), gaps(data))


def test_other_values_are_left_out_and_counted() -> None:
    data = staff()
    more = pd.DataFrame({"sex": ["x", None, "not stated", "F"], "hourly": [50.0, 60, 70, np.nan]})
    result = pay_gap(pd.concat([data, more]), sex="sex", hourly="hourly")
    shown = result.frame[result.frame["term"] == "people in no gap"]
    assert shown[["group", "n", "n_least"]].to_numpy().tolist() == [["x", 1, 1], ["not stated", 2, 2]]
    assert shown["estimate"].isna().all()
    assert set(shown["flag"]) == {"neither men nor women"}
    figures = result.frame.drop(index=shown.index)
    pd.testing.assert_frame_equal(figures, gaps(data), check_dtype=False)
    assert dict(result.method.n_dropped) == {
        "sex not stated": 2, "sex neither men nor women": 1, "no hourly rate, or not on full pay": 1,
    }  # fmt: skip
    assert (result.method.n_given, result.method.n_used) == (64, 60)


def test_other_characteristics_and_their_direction() -> None:
    data = staff().assign(sex=lambda d: d["sex"].map({"M": "white", "F": "BME"}))
    frame = gaps(data, reference="white", comparison="BME")
    assert frame["estimate"].tolist() == gaps(staff())["estimate"].tolist()
    assert frame.loc[0, "group"] == "white less BME, over white"
    assert frame.loc[0, "direction"] == "above 0: BME are paid less"
    assert frame.loc[0, "adverse"] == "above 0"
    swapped = gaps(data, reference="BME", comparison="white")
    assert (1 - swapped.loc[0, "estimate"]) * (1 - frame.loc[0, "estimate"]) == pytest.approx(1)
    assert 1 - swapped.loc[0, "conf_low"] == pytest.approx(1 / (1 - frame.loc[0, "conf_high"]))
    assert 1 - swapped.loc[1, "conf_low"] == pytest.approx(1 / (1 - frame.loc[1, "conf_high"]))


def test_counts_are_as_good_as_people() -> None:
    people = staff(400).assign(hourly=lambda d: d["hourly"].round(0), bonus=lambda d: d["bonus"].round(-2))
    counts = people.groupby(["sex", "hourly", "bonus", "full_pay"], dropna=False).size().rename("n").reset_index()
    with_zero = pd.concat([counts, counts.head(1).assign(hourly=1000.0, n=0)])
    one = gaps(people, bonus="bonus", full_pay="full_pay")
    other = gaps(with_zero, bonus="bonus", full_pay="full_pay", counts="n")
    pd.testing.assert_frame_equal(one, other)


def test_years_and_parts_have_rows_of_their_own() -> None:
    data = staff(120).assign(
        year=np.where(np.arange(120) < 60, 2023, 2024), site=np.where(np.arange(120) % 2, "a", None)
    )
    frame = gaps(data, year="year", by="site")
    assert frame[["year", "by"]].drop_duplicates().to_numpy().tolist() == [
        ["2023", "a"], ["2023", "not stated"], ["2024", "a"], ["2024", "not stated"],
    ]  # fmt: skip
    part = data[(data["year"] == 2024) & (data["site"] == "a")]
    mine = frame[(frame["year"] == "2024") & (frame["by"] == "a")].drop(columns=["year", "by"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, gaps(part))


def test_a_gap_of_minus_499_9_per_cent_is_real() -> None:
    data = pd.DataFrame({"sex": list("MMFF"), "hourly": [10.0, 10.0, 59.9, 60.08]})
    frame = gaps(data)
    assert frame.loc[0, "estimate"] == pytest.approx(-4.999)


def test_extreme_rates_are_warned_of_and_kept() -> None:
    data = staff()
    data.loc[5, "hourly"] = 900.0
    with pytest.warns(ExtremePayWarning, match=r"row 6\)"):
        frame = gaps(data)
    assert frame["n"][0] == 60
    assert "kept" in frame.loc[0, "flag"]
    assert gaps(data, extreme=100.0).loc[0, "flag"] == ""


def test_groups_too_small_have_no_limits() -> None:
    data = pd.DataFrame({"sex": ["M"] + ["F"] * 6, "hourly": [20.0, 18, 19, 20, 21, 22, 23]})
    frame = gaps(data)
    assert frame.loc[:1, "conf_low"].isna().all()
    assert "no interval" in frame.loc[0, "flag"]
    assert "too small" in frame.loc[1, "flag"]
    five = pd.DataFrame({"sex": ["M"] * 5 + ["F"] * 6, "hourly": [20.0, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]})
    assert math.isnan(gaps(five).loc[1, "conf_low"])
    assert math.isfinite(gaps(five, level=0.9).loc[1, "conf_low"])


def test_no_spread_and_nobody_with_a_bonus() -> None:
    data = pd.DataFrame({"sex": list("MMFF"), "hourly": [20.0] * 4, "bonus": [100.0, np.nan, 0, np.nan]})
    frame = gaps(data, bonus="bonus").set_index("term")
    assert frame.loc["mean gap in hourly pay", "estimate"] == 0
    assert math.isnan(frame.loc["mean gap in hourly pay", "conf_low"])
    assert frame.loc["mean gap in bonus pay", "flag"] == "nobody with bonus pay in the group women"
    assert math.isnan(frame.loc["mean gap in bonus pay", "estimate"])
    assert frame.loc["share receiving a bonus", "estimate"].tolist() == [0.5, 0]


def test_all_problems_at_once() -> None:
    data = staff().astype({"hourly": object, "bonus": object})
    data.loc[0, "hourly"], data.loc[1, "hourly"], data.loc[2, "bonus"] = 0, "£12", -5
    data.loc[3, "full_pay"] = "perhaps"
    with pytest.raises(DataError) as error:
        pay_gap(data, sex="sex", hourly="hourly", bonus="bonus", full_pay="full_pay", reference="M", comparison="W")
    assert sorted(codes(error)) == ["DAT-002", "DAT-002", "DAT-004", "DAT-006", "DAT-006"]
    assert "row 1)" in str(error.value)
    assert "row 2)" in str(error.value)


def test_arguments() -> None:
    data = staff()
    with pytest.raises(DataError) as error:
        gaps(data, bonus="prize", level=2, extreme=1)
    assert codes(error) == ["DAT-003", "DAT-002", "DAT-002"]
    with pytest.raises(DataError) as error:
        gaps(data, reference="M")
    assert codes(error) == ["DAT-009"]
    with pytest.raises(DataError) as error:
        gaps(data, reference="M", comparison="M")
    assert codes(error) == ["DAT-007"]
    with pytest.raises(DataError) as error:
        gaps(data.assign(n=1.5), counts="n")
    assert codes(error) == ["DAT-002"]
    with pytest.raises(DataError) as error:
        gaps(data.iloc[:0])
    assert codes(error) == ["DAT-009"]


def test_a_group_without_members_is_refused() -> None:
    data = staff()
    with pytest.raises(EstimationError) as error:
        gaps(data[data["sex"] == "F"])
    assert codes(error) == ["EST-001"]
    assert "men" in str(error.value)
    with pytest.raises(EstimationError) as error:
        gaps(data.assign(full_pay="no"), full_pay="full_pay")
    assert len(error.value.problems) == 2


def of_years(*years: str | int) -> pd.DataFrame:
    return pd.concat([staff(30).assign(when=year) for year in years], ignore_index=True)


@pytest.mark.parametrize("name", ["year", "snapshot"])
def test_several_years_are_never_taken_together(name: str) -> None:
    data = of_years("2020-03-31", "2021-03-31").rename(columns={"when": name})
    with pytest.raises(DataError, match=f"DAT-007 data, column {name}: 2 values") as error:
        gaps(data)
    assert codes(error) == ["DAT-007"]
    assert gaps(data, year=name)["year"].nunique() == 2
    assert len(gaps(data[data[name] == "2020-03-31"]))


@pytest.mark.parametrize(
    ("years", "lost"), [((2020, 2022), "2021"), (("2022/23", "2023/24", "2025/26"), "2025"), ((2020, 2021), "")]
)
def test_a_year_missing_from_a_series_is_told(years: tuple[str | int, ...], lost: str) -> None:
    data = of_years(*years)
    if lost:
        with pytest.raises(DataError, match=f"DAT-007 data, column when: .* without {lost}; "):
            gaps(data, year="when")
    assert gaps(data, year="when", allow_gaps=True)["year"].nunique() == len(years)


def test_labels_that_are_no_words_for_the_sexes_are_named() -> None:
    data = staff().assign(sex=lambda d: d["sex"].map({"M": 1, "F": 2}))
    with pytest.raises(EstimationError, match=r'nobody with hourly pay in the group men; the column holds "1", "2"'):
        gaps(data)
