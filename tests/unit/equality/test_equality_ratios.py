"""Relative likelihood, representation, disparity ratio and survey gap: people or counts, edges, and bad input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.equality.composition import representation
from evalkit.equality.counting import missing_years
from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.years import year_change
from evalkit.errors import DataError, EstimationError, EvalkitError
from evalkit.numeric.proportions import koopman, newcombe, wilson
from evalkit.numeric.tables import fisher_exact
from evalkit.result import Estimates

BANDS = ["Band 4", "Band 5", "Band 6", "Band 7", "Band 8a", "Band 9"]


def people(n: int = 900, years: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "year": np.repeat(2020 + np.arange(years), n),
            "ethnicity": rng.choice(["white", "BME", "Other", None], n * years, p=[0.6, 0.3, 0.05, 0.05]),
            "band": rng.choice(BANDS, n * years, p=[0.2, 0.3, 0.2, 0.15, 0.1, 0.05]),
            "appointed": rng.choice(["yes", "No", None], n * years, p=[0.3, 0.65, 0.05]),
        }
    )
    return frame if years > 1 else frame.drop(columns="year")


def counts_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.value_counts(dropna=False).reset_index(name="people").sample(frac=1, random_state=2)


def one(result: Estimates, **wanted: object) -> pd.Series:
    frame = result.frame
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1, wanted
    return frame.iloc[0]


WHITE_OVER_BME: dict[str, Any] = {"group": "ethnicity", "reference": "BME", "comparison": "white"}


# --- people or counts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indicator", ["relative", "representation", "disparity", "survey"])
def test_people_and_counts_give_the_same(indicator: str) -> None:
    frame = people(years=2)
    call: dict[str, Any] = {
        "relative": lambda data, **more: relative_likelihood(
            data, outcome="appointed", strata="band", year="year", **WHITE_OVER_BME, **more
        ),
        "representation": lambda data, **more: representation(
            data, group="ethnicity", band="band", year="year", **more
        ),
        "disparity": lambda data, **more: disparity_ratio(data, band="band", year="year", **WHITE_OVER_BME, **more),
        "survey": lambda data, **more: survey_gap(
            data, agreed="appointed", question="band", year="year", **WHITE_OVER_BME, **more
        ),
    }[indicator]
    rows, counted = call(frame), call(counts_of(frame), counts="people")
    assert len(rows.frame) > 5
    assert_frames_agree(rows.frame, counted.frame, rtol=0, atol=0)
    assert rows.method == counted.method
    categories = frame.astype({"ethnicity": "category", "band": "category"})
    assert_frames_agree(rows.frame, call(categories).frame, rtol=0, atol=0)


def test_totals_give_the_same_contrast_as_people() -> None:
    frame = people().dropna()
    funnel = (
        frame.assign(had=(frame["appointed"] == "yes").astype(int), all=1)
        .groupby(["ethnicity", "band"])[["had", "all"]]
        .sum()
        .reset_index()
    )
    rows = relative_likelihood(frame, outcome="appointed", **WHITE_OVER_BME)
    totals = relative_likelihood(funnel, outcome="had", total="all", **WHITE_OVER_BME)
    assert_frames_agree(rows.frame, totals.frame, rtol=0, atol=0)


# --- relative likelihood ----------------------------------------------------------------------------------------------


def funnel(white: tuple[int, int], bme: tuple[int, int], **more: object) -> pd.DataFrame:
    names = {"ethnicity": ["white", "BME"], "appointed": [white[0], bme[0]], "shortlisted": [white[1], bme[1]]}
    return pd.DataFrame({**names, **more})


def relative(frame: pd.DataFrame, **more: Any) -> Estimates:
    return relative_likelihood(frame, **{"outcome": "appointed", "total": "shortlisted", **WHITE_OVER_BME, **more})


def test_a_row_says_what_it_is() -> None:
    result = relative(funnel((4699, 10000), (1465, 10000)), adverse_above_one=True)
    row = one(result, term="relative_likelihood")
    expected = koopman(4699, 10000, 1465, 10000)
    assert row["estimate"] == pytest.approx(3.2075, abs=5e-5)
    assert (row["conf_low"], row["conf_high"]) == (expected.low, expected.high)
    assert row["p_value"] == fisher_exact(4699, 10000, 1465, 10000).p_value
    assert (row["n"], row["n_least"], row["n_events"]) == (20000, 10000, 6164)
    assert row["direction"] == "rate of white over rate of BME"
    assert row["group"] == "white over BME"
    assert row["adverse"] == "above 1"
    assert row["adverse_above_one"] is True
    assert (row["four_fifths"], row["four_fifths_interval"]) == ("outside", "outside")
    gap = one(result, term="difference")
    assert (gap["conf_low"], gap["conf_high"]) == (
        newcombe(4699, 10000, 1465, 10000).low,
        newcombe(4699, 10000, 1465, 10000).high,
    )
    assert (gap["adverse"], gap["adverse_above_one"], gap["four_fifths"]) == ("above 0", None, "")


@pytest.mark.parametrize(
    ("indicator", "comparison", "reference"), [(2, "white", "BME"), (3, "BME", "white"), (4, "white", "BME")]
)
def test_directions_of_the_wres_as_its_table_has_them(indicator: int, comparison: str, reference: str) -> None:
    from evalkit.equality.mappings import load_mapping

    line = load_mapping("wres_indicators").astype(str).set_index("indicator").loc[str(indicator)]
    assert (line["comparison"], line["reference"], line["adverse"]) == (comparison, reference, "above 1")
    frame = funnel((30, 100), (20, 100))
    row = one(
        relative(
            frame,
            comparison=line["comparison"],
            reference=line["reference"],
            adverse_above_one=line["adverse"] == "above 1",
        ),
        term="relative_likelihood",
    )
    assert row["estimate"] == pytest.approx(1.5 if comparison == "white" else 2 / 3)
    assert row["direction"] == f"rate of {comparison} over rate of {reference}"


@pytest.mark.parametrize(
    ("white", "bme", "words"),
    [
        ((500, 1000), (500, 1000), ("within", "within")),
        ((30, 100), (29, 100), ("within", "reaches across")),
        ((60, 200), (18, 90), ("outside", "reaches across")),
        ((10, 1000), (300, 1000), ("outside", "outside")),
    ],
)
def test_four_fifths_stands_beside_the_interval(
    white: tuple[int, int], bme: tuple[int, int], words: tuple[str, str]
) -> None:
    row = one(relative(funnel(white, bme)), term="relative_likelihood")
    assert (row["four_fifths"], row["four_fifths_interval"]) == words
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_limits_of_the_four_fifths_rule_are_within_it() -> None:
    at = relative(funnel((20, 100), (25, 100)), four_fifths=(0.8, 1.25))
    assert one(at, term="relative_likelihood")["four_fifths"] == "within"
    other = relative(funnel((20, 100), (25, 100)), four_fifths=(0.81, 1.2))
    assert one(other, term="relative_likelihood")["four_fifths"] == "outside"


@pytest.mark.parametrize(
    ("white", "bme", "estimate", "low", "high", "flag"),
    [
        ((5, 10), (0, 20), math.inf, None, math.inf, "nobody in BME had it"),
        ((0, 10), (5, 20), 0.0, 0.0, None, ""),
        ((0, 10), (0, 20), math.nan, 0.0, math.inf, "nobody in either group had it: any ratio is possible"),
        ((10, 10), (20, 20), 1.0, None, None, ""),
    ],
)
def test_nobody_and_everybody(
    white: tuple[int, int], bme: tuple[int, int], estimate: float, low: float | None, high: float | None, flag: str
) -> None:
    row = one(relative(funnel(white, bme)), term="relative_likelihood")
    assert row["estimate"] == estimate or math.isnan(row["estimate"]) == math.isnan(estimate) is True
    assert row["flag"] == flag
    assert low is None or row["conf_low"] == low
    assert high is None or row["conf_high"] == high
    assert 0 <= row["conf_low"] < row["conf_high"]


def test_who_is_left_out_is_counted_and_shown() -> None:
    frame = pd.DataFrame(
        {
            "ethnicity": ["white"] * 6 + ["BME"] * 4 + [None, "", "Not stated"] + ["Other"] * 2,
            "appointed": [1, 1, 0, 0, 0, None, 1, 0, 0, 0, 1, 0, 0, 1, 0],
        }
    )
    result = relative_likelihood(frame, outcome="appointed", **WHITE_OVER_BME)
    assert dict(result.method.n_dropped) == {"group not stated": 3, "another group": 2, "outcome not known": 1}
    assert (result.method.n_given, result.method.n_used) == (15, 9)
    shown = one(result, term="rate", group="not stated")
    assert (shown["n"], shown["n_events"]) == (3, 1)
    limits = wilson(1, 3)
    assert (shown["conf_low"], shown["conf_high"]) == (limits.low, limits.high)
    assert one(result, term="relative_likelihood")["n"] == 9


def test_strata_are_pooled_and_one_sided_ones_named() -> None:
    frame = pd.DataFrame(
        {
            "ethnicity": ["white", "BME", "white", "BME", "white"],
            "department": ["A", "A", "B", "B", "C"],
            "appointed": [40, 30, 12, 20, 5],
            "shortlisted": [60, 70, 80, 90, 9],
        }
    )
    result = relative(frame, strata="department")
    pooled = one(result, term="mantel_haenszel_risk_ratio")
    above, below = 40 * 70 / 130 + 12 * 90 / 170, 30 * 60 / 130 + 20 * 80 / 170
    assert pooled["estimate"] == pytest.approx(above / below)
    assert pooled["flag"] == "1 of 3 strata have one of the groups only and tell nothing"
    assert (pooled["n"], pooled["n_least"], pooled["stratum"]) == (300, 140, "all")
    assert one(result, stratum="C")["flag"] == "not estimated: nobody in BME"
    assert one(result, stratum="A")["estimate"] == pytest.approx((40 / 60) / (30 / 70))
    assert (pooled["four_fifths"], one(result, term="mantel_haenszel_odds_ratio")["four_fifths"]) == ("within", "")
    assert one(result, term="mantel_haenszel_odds_ratio")["direction"] == (
        "odds of white over odds of BME, within strata"
    )


def test_strata_without_events_have_no_limits_and_say_so() -> None:
    frame = funnel((0, 10), (3, 20), department=["A", "A"])
    row = one(relative(frame, strata="department"), term="mantel_haenszel_risk_ratio")
    assert row["estimate"] == 0
    assert math.isnan(row["conf_low"])
    assert row["flag"] == "no limits: in one of the groups nobody, or everybody, had it"


@pytest.mark.parametrize(("bme", "what"), [((0, 0), "nobody in BME"), ((1, 1), "one person in BME")])
def test_a_group_of_nobody_or_one_is_refused(bme: tuple[int, int], what: str) -> None:
    with pytest.raises(EstimationError, match=what) as caught:
        relative(funnel((10, 20), bme))
    assert caught.value.problems[0].code == "EST-001"
    two = pd.concat([funnel((10, 20), bme, site=["a", "a"]), funnel((10, 20), (5, 20), site=["b", "b"])])
    kept = relative(two, by="site")
    assert one(kept, term="relative_likelihood", by="a")["flag"] == f"not estimated: {what}"
    assert math.isnan(one(kept, term="relative_likelihood", by="a")["estimate"])
    assert one(kept, term="relative_likelihood", by="b")["estimate"] == 2


# --- representation ---------------------------------------------------------------------------------------------------


def staff() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "band": ["5", "5", "5", "8a", "8a"],
            "ethnicity": ["white", "BME", None, "white", "BME"],
            "people": [600, 290, 60, 40, 10],
        }
    )


def test_shares_gaps_and_parity() -> None:
    result = representation(staff(), group="ethnicity", band="band", counts="people")
    share = one(result, term="share", band="8a", group="BME")
    limits = wilson(10, 50)
    assert (share["estimate"], share["conf_low"], share["conf_high"]) == (0.2, limits.low, limits.high)
    assert (share["n"], share["n_members"], share["n_least"]) == (50, 10, 10)
    gap = one(result, term="gap", band="8a", group="BME")
    assert gap["estimate"] == pytest.approx(-0.1)
    apart = newcombe(10, 50, 290, 950)
    assert gap["conf_low"] == pytest.approx(0.95 * apart.low)
    assert gap["conf_high"] == pytest.approx(0.95 * apart.high)
    assert (gap["adverse"], gap["direction"]) == ("below 0", "share in the band less share in the workforce")
    parity = one(result, term="parity", band="8a", group="BME")
    assert parity["estimate"] == pytest.approx(2 / 3)
    assert (parity["adverse"], parity["adverse_above_one"]) == ("below 1", False)
    whole = one(result, term="share", band="all", group="BME")
    assert (whole["estimate"], whole["n"]) == (0.3, 1000)
    assert one(result, term="share", band="8a", group="not stated")["estimate"] == 0
    assert one(result, term="gap", band="8a", group="white")["n_least"] == 10
    assert one(result, term="gap", band="5", group="BME")["n_least"] == 10  # those in the rest of the workforce
    assert "gap" not in set(result.frame[result.frame["band"] == "all"]["term"])


def test_shares_among_those_who_stated() -> None:
    result = representation(staff(), group="ethnicity", band="band", counts="people", stated_only=True)
    assert one(result, term="share", band="5", group="BME")["estimate"] == pytest.approx(290 / 890)
    left = one(result, term="share", band="5", group="not stated")
    assert (left["estimate"], left["n"]) == (pytest.approx(60 / 950), 950)
    assert left["flag"] == "share of all, left out of the other shares"
    assert dict(result.method.n_dropped) == {"group not stated": 60}
    gap = one(result, term="gap", band="8a", group="BME")
    assert gap["estimate"] == pytest.approx(0.2 - 300 / 940)


def test_a_benchmark_stands_in_for_the_workforce() -> None:
    result = representation(staff(), group="ethnicity", counts="people", benchmark={"BME": 0.25}, band="band")
    gap, parity = (one(result, term=term, band="8a", group="BME") for term in ("gap", "parity"))
    limits = wilson(10, 50)
    assert [gap[name] for name in ("estimate", "conf_low", "conf_high")] == pytest.approx(
        [-0.05, limits.low - 0.25, limits.high - 0.25]
    )
    assert [parity[name] for name in ("estimate", "conf_low", "conf_high")] == pytest.approx(
        [0.8, limits.low / 0.25, limits.high / 0.25]
    )
    assert set(result.frame[result.frame["term"] == "gap"]["group"]) == {"BME"}
    assert one(result, term="parity", band="all", group="BME")["estimate"] == pytest.approx(1.2)
    none = representation(staff(), group="ethnicity", counts="people", benchmark={"BME": 0.0})
    assert math.isnan(one(none, term="parity", group="BME")["conf_low"])


def test_a_category_of_one_person_tells_disclosure_so() -> None:
    frame = pd.DataFrame({"ethnicity": ["BME"] + ["white"] * 30})
    result = representation(frame, group="ethnicity")
    assert one(result, term="share", group="BME")["n_least"] == 1
    assert one(result, term="share", group="white")["n_least"] == 1


# --- disparity ratio --------------------------------------------------------------------------------------------------

CLUSTERS = {"lower": ["Band 4", "Band 5"], "middle": ["Band 6", "Band 7"], "upper": ["Band 8a", "Band 9"]}


def clustered(white: tuple[int, int, int], bme: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"ethnicity": ["white"] * 3 + ["BME"] * 3, "band": ["Band 5", "Band 6", "Band 8a"] * 2, "n": [*white, *bme]}
    )


def test_three_ratios_in_one_direction() -> None:
    result = disparity_ratio(clustered((500, 300, 90), (180, 60, 9)), group="ethnicity", band="band", counts="n")
    assert result.frame["term"].tolist() == ["lower_to_middle", "middle_to_upper", "lower_to_upper"]
    assert result.frame["estimate"].tolist() == pytest.approx([1.8, 2.0, 3.6])
    row = one(result, term="lower_to_middle")
    error = math.sqrt(1 / 500 + 1 / 300 + 1 / 180 + 1 / 60)
    assert row["std_error"] == pytest.approx(error)
    assert row["conf_high"] == pytest.approx(1.8 * math.exp(1.959963984540054 * error))
    assert row["p_value"] == fisher_exact(300, 800, 60, 240).p_value
    assert (row["n"], row["n_comparison"], row["n_reference"], row["n_least"]) == (1040, 800, 240, 60)
    assert row["direction"] == "middle to lower of white over that of BME"
    assert bool(row["adverse_above_one"])


def test_the_clusters_of_the_table_are_those_of_the_programme() -> None:
    frame = people()
    shipped = disparity_ratio(frame, band="band", **WHITE_OVER_BME)
    named = disparity_ratio(frame, band="band", clusters=CLUSTERS, **WHITE_OVER_BME)
    assert_frames_agree(shipped.frame, named.frame, rtol=0, atol=0)


def test_bands_are_a_parameter() -> None:
    frame = people()
    two = disparity_ratio(frame, band="band", clusters={"low": BANDS[:5], "top": BANDS[5:]}, **WHITE_OVER_BME)
    assert two.frame["term"].tolist() == ["low_to_top"]
    less = disparity_ratio(frame, band="band", clusters={"low": ["Band 4"], "top": ["Band 9"]}, **WHITE_OVER_BME)
    by_band = frame.assign(ethnicity=frame["ethnicity"].fillna("-")).groupby(["ethnicity", "band"]).size()
    white, bme = by_band["white"], by_band["BME"]
    expected = (white["Band 9"] / white["Band 4"]) / (bme["Band 9"] / bme["Band 4"])
    assert less.frame["estimate"].iloc[0] == pytest.approx(expected)
    gone = dict(less.method.n_dropped)
    assert gone["band in no cluster"] == int(
        (~frame["band"].isin(["Band 4", "Band 9"]) & frame["ethnicity"].notna()).sum()
    )
    assert gone["group not stated"] == int(frame["ethnicity"].isna().sum())
    assert sum(gone.values()) + less.method.n_used == len(frame)


def test_empty_cells_have_exact_limits() -> None:
    result = disparity_ratio(clustered((50, 30, 9), (18, 6, 0)), group="ethnicity", band="band", counts="n")
    row = one(result, term="middle_to_upper")
    assert row["estimate"] == math.inf
    assert (row["conf_high"], row["interval"], row["flag"]) == (math.inf, "exact conditional", "an empty cell")
    assert 0 < row["conf_low"] < 1
    nobody = disparity_ratio(clustered((50, 30, 0), (18, 6, 0)), group="ethnicity", band="band", counts="n",
                             clusters={"lower": ["Band 5"], "middle": ["Band 6"], "upper": ["Band 8a"]})  # fmt: skip
    row = one(nobody, term="lower_to_upper")
    assert math.isnan(row["estimate"])
    assert (row["conf_low"], row["conf_high"]) == (0, math.inf)
    assert row["flag"] == "any ratio is possible: nobody in one of the clusters"


def test_one_person_in_two_clusters_is_refused() -> None:
    with pytest.raises(EstimationError, match="one person of BME") as caught:
        disparity_ratio(clustered((50, 30, 9), (1, 0, 0)), group="ethnicity", band="band", counts="n")
    assert caught.value.problems[0].code == "EST-001"


# --- survey -----------------------------------------------------------------------------------------------------------


def survey() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": [2022] * 4 + [2023] * 4,
            "question": ["discrimination", "discrimination", "equal_opportunity", "equal_opportunity"] * 2,
            "group": ["BME", "white"] * 4,
            "answered": [300, 900, 290, 880, 310, 950, 305, 940],
            "agreed": [48, 63, 130, 520, 47, 66, 150, 560],
        }
    )


SURVEY: dict[str, Any] = {
    "group": "group", "reference": "white", "comparison": "BME", "question": "question", "year": "year",
}  # fmt: skip


def test_gaps_by_question_and_year() -> None:
    adverse = {"discrimination": True, "equal_opportunity": False}
    result = survey_gap(survey(), agreed="agreed", answered="answered", adverse=adverse, **SURVEY)
    row = one(result, term="gap", question="discrimination", year="2023")
    expected = newcombe(47, 310, 66, 950)
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == (expected.estimate, expected.low, expected.high)
    assert (row["n"], row["n_least"], row["adverse"]) == (1260, 310, "above 0")
    assert row["adverse_above_one"] is None
    assert row["direction"] == "share of BME less share of white"
    assert one(result, term="gap", question="equal_opportunity", year="2022")["adverse"] == "below 0"
    assert one(result, term="share", group="BME", question="discrimination", year="2022")["estimate"] == 0.16


def test_percentages_are_turned_into_people() -> None:
    frame = survey()
    frame["per_cent"] = (100 * frame["agreed"] / frame["answered"]).round(1)
    counted = survey_gap(frame, agreed="agreed", answered="answered", **SURVEY)
    printed = survey_gap(frame.drop(columns="agreed"), per_cent="per_cent", answered="answered", **SURVEY)
    assert_frames_agree(counted.frame, printed.frame, rtol=0, atol=0)


# --- from year to year ------------------------------------------------------------------------------------------------


def test_the_change_of_a_share_has_newcombes_limits() -> None:
    trend = survey_gap(survey(), agreed="agreed", answered="answered", **SURVEY)
    row = one(year_change(trend), term="share", group="BME", question="discrimination")
    expected = newcombe(47, 310, 48, 300)
    assert [row[name] for name in ("estimate", "conf_low", "conf_high")] == pytest.approx(
        [expected.estimate, expected.low, expected.high]
    )
    assert (row["from_year"], row["to_year"], row["n"], row["n_least"]) == ("2022", "2023", 610, 300)


def test_the_change_of_a_ratio_is_a_ratio() -> None:
    frame = pd.concat([funnel((60, 200), (18, 90), year=2023), funnel((60, 210), (30, 120), year=2024)])
    trend = relative(frame, year="year")
    row = one(year_change(trend), term="relative_likelihood")
    first, second = koopman(60, 200, 18, 90), koopman(60, 210, 30, 120)
    assert row["estimate"] == pytest.approx(second.estimate / first.estimate)
    below = math.hypot(math.log(second.estimate / second.low), math.log(first.high / first.estimate))
    above = math.hypot(math.log(second.high / second.estimate), math.log(first.estimate / first.low))
    assert row["conf_low"] == pytest.approx(row["estimate"] * math.exp(-below))
    assert row["conf_high"] == pytest.approx(row["estimate"] * math.exp(above))
    assert (row["direction"], row["scale"]) == ("2024 over 2023", "log")
    assert one(year_change(trend), term="difference")["direction"] == "2024 less 2023"
    back = year_change(trend, earlier=2023, later=2024, correlation=0.6)
    narrower = one(back, term="relative_likelihood")
    assert row["conf_low"] < narrower["conf_low"] < narrower["conf_high"] < row["conf_high"]
    assert any("correlation of 0.6" in words for words in back.method.assumptions)
    assert any("too wide" in words for words in year_change(trend).method.assumptions)


def test_the_last_two_years_are_compared_by_default_and_others_on_demand() -> None:
    frame = pd.concat([funnel((60, 200), (18, 90), year=year) for year in (2021, 2022, 2023)])
    trend = relative(frame, year="year")
    assert set(year_change(trend).frame["from_year"]) == {"2022"}
    assert set(year_change(trend, earlier=2021).frame["from_year"]) == {"2021"}
    assert set(year_change(trend, later="2022").frame["to_year"]) == {"2022"}


def test_a_year_without_interval_leaves_the_change_without() -> None:
    frame = pd.concat([funnel((5, 10), (0, 20), year=2023), funnel((6, 10), (3, 20), year=2024)])
    row = one(year_change(relative(frame, year="year")), term="relative_likelihood")
    assert math.isnan(row["conf_low"])
    assert row["flag"] == "no interval: one of the years has none"


# --- bad input --------------------------------------------------------------------------------------------------------


def codes(caught: pytest.ExceptionInfo[EvalkitError]) -> list[str]:
    return [problem.code for problem in caught.value.problems]


def test_counts_above_their_totals_and_an_unknown_group_are_told_together() -> None:
    with pytest.raises(DataError) as caught:
        relative(funnel((30, 20), (5, 20)), comparison="White", level=1.5, four_fifths=(2, 0.5))
    assert codes(caught) == ["DAT-002", "DAT-002", "DAT-002", "DAT-007", "DAT-006"]
    assert "more with the outcome than people (row 1)" in str(caught.value)
    assert 'Did you mean "white"?' in str(caught.value)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"appointed": [-1, 5]}, "DAT-002", "row 1"),
        ({"appointed": [1.5, 5]}, "DAT-002", "row 1"),
        ({"shortlisted": [None, 20]}, "DAT-002", "no count (row 1)"),
        ({"shortlisted": ["many", 20]}, "DAT-004", "row 1"),
    ],
)
def test_wrong_counts(change: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        relative(funnel((10, 20), (5, 20)).assign(**change))
    assert code in codes(caught)
    assert words in str(caught.value)


def test_nobody_at_all() -> None:
    for call in (
        lambda: relative(funnel((0, 0), (0, 0))),
        lambda: representation(staff().assign(people=0), group="ethnicity", counts="people"),
        lambda: disparity_ratio(clustered((0, 0, 0), (0, 0, 0)), group="ethnicity", band="band", counts="n"),
        lambda: survey_gap(survey().assign(agreed=0, answered=0), agreed="agreed", answered="answered", **SURVEY),
    ):
        with pytest.raises(EstimationError, match="nobody") as caught:
            call()
        assert codes(caught) == ["EST-001"]
    with pytest.raises(DataError, match="no rows"):
        relative(funnel((1, 2), (1, 2)).iloc[:0])


def test_outcomes_known_of_nobody() -> None:
    frame = people().assign(appointed=None)
    with pytest.raises(EstimationError, match="nobody") as caught:
        relative_likelihood(frame, outcome="appointed", **WHITE_OVER_BME)
    assert codes(caught) == ["EST-001"]
    with pytest.raises(EstimationError, match="nobody whose outcome is known"):
        survey_gap(frame, agreed="appointed", question="band", **WHITE_OVER_BME)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"counts": "shortlisted"}, "DAT-007"),
        ({"event": "yes"}, "DAT-007"),
        ({"group": "ethnic"}, "DAT-003"),
        ({"reference": "white"}, "DAT-007"),
        ({"reference": 3}, "DAT-009"),
        ({"strata": 3}, "DAT-009"),
        ({"four_fifths": 0.8}, "DAT-009"),
        ({"level": "high"}, "DAT-009"),
    ],
)
def test_wrong_arguments(more: dict[str, object], code: str) -> None:
    with pytest.raises(DataError) as caught:
        relative(funnel((10, 20), (5, 20)), **more)
    assert codes(caught) == [code]


def test_an_outcome_that_is_neither_yes_nor_no() -> None:
    frame = people().assign(appointed=lambda data: data["appointed"].replace("No", "perhaps"))
    with pytest.raises(DataError, match="perhaps") as caught:
        relative_likelihood(frame, outcome="appointed", **WHITE_OVER_BME)
    assert codes(caught) == ["DAT-006"]
    with pytest.raises(DataError, match='Did you mean "perhaps"') as caught:
        relative_likelihood(frame, outcome="appointed", event="perhap", **WHITE_OVER_BME)
    assert codes(caught) == ["DAT-006"]


def test_two_years_where_one_is_asked() -> None:
    with pytest.raises(DataError, match="2 values, 2020 to 2021") as caught:
        representation(people(years=2), group="ethnicity")
    assert codes(caught) == ["DAT-007"]


def test_a_year_missing_from_a_series() -> None:
    frame = people(years=3)
    gappy = frame[frame["year"] != 2021]
    with pytest.raises(DataError, match="without 2021") as caught:
        representation(gappy, group="ethnicity", year="year")
    assert codes(caught) == ["DAT-007"]
    assert set(representation(gappy, group="ethnicity", year="year", allow_gaps=True).frame["year"]) == {"2020", "2022"}
    with pytest.raises(DataError, match="no year"):
        representation(frame.assign(year=frame["year"].where(frame.index > 0)), group="ethnicity", year="year")
    assert missing_years(["2019", "2023"]) == [2020, 2021, 2022]
    assert missing_years(["first", "second"]) == []


@pytest.mark.parametrize(
    ("benchmark", "code"),
    [({"BME": 28}, "DAT-002"), ({"bme": 0.2}, "DAT-006"), ({"BME": 0.6, "white": 0.6}, "DAT-007"), (0.2, "DAT-009")],
)
def test_wrong_benchmarks(benchmark: object, code: str) -> None:
    with pytest.raises(DataError) as caught:
        representation(people(), group="ethnicity", benchmark=benchmark)  # type: ignore[arg-type]
    assert codes(caught) == [code]


@pytest.mark.parametrize(
    ("clusters", "code", "words"),
    [
        ({"lower": ["Band 5"], "upper": ["Band 5", "Band 9"]}, "DAT-010", "Band 5"),
        ({"lower": ["Band 5"]}, "DAT-007", "1 clusters"),
        ({"lower": ["Band 5"], "upper": ["band 9"]}, "DAT-006", 'Did you mean "Band 9"?'),
        ({"lower": "Band 5", "upper": "Band 9"}, "DAT-009", "clusters"),
    ],
)
def test_wrong_clusters(clusters: Any, code: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        disparity_ratio(people(), band="band", clusters=clusters, **WHITE_OVER_BME)
    assert codes(caught) == [code]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"agreed": "agreed", "per_cent": "agreed"}, "DAT-009"),
        ({}, "DAT-009"),
        ({"per_cent": "agreed"}, "DAT-002"),
        ({"agreed": "agreed", "adverse": {"discriminaton": True}}, "DAT-006"),
        ({"agreed": "agreed", "adverse": "yes"}, "DAT-009"),
    ],
)
def test_wrong_survey_arguments(more: dict[str, Any], code: str) -> None:
    with pytest.raises(DataError) as caught:
        survey_gap(survey(), answered="answered", **SURVEY, **more)
    assert code in codes(caught)


def test_wrong_years_to_compare() -> None:
    frame = pd.concat([funnel((60, 200), (18, 90), year=year) for year in (2022, 2023)])
    trend = relative(frame, year="year")
    for more, code in (
        ({"earlier": 2019}, "DAT-006"),
        ({"earlier": 2023, "later": 2022}, "DAT-007"),
        ({"later": 2022}, "DAT-007"),
        ({"correlation": 2}, "DAT-002"),
        ({"year": "snapshot"}, "DAT-003"),
        ({"keys": ["unit"]}, "DAT-010"),
        ({"keys": "term"}, "DAT-009"),
    ):
        target = relative(pd.concat([frame.assign(site="a"), frame.assign(site="b")]), year="year", by="site")
        with pytest.raises(DataError) as caught:
            year_change(target if "keys" in more else trend, **more)  # type: ignore[arg-type]
        assert set(codes(caught)) == {code}, more
    with pytest.raises(DataError, match="an Estimates"):
        year_change(trend.frame)  # type: ignore[arg-type]
