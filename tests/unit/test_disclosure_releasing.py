"""What may leave of estimates and plain tables: hidden rows leak nothing, rounded counts are not given away."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure import breaches, load_profile, release, release_frame
from evalkit.disclosure.releasing import Released, as_result
from evalkit.errors import DataError, DisclosureError
from evalkit.numeric.proportions import clopper_pearson, newcombe, wilson
from evalkit.published import (
    compare_retention,
    difference_from_summary,
    implied_life_table,
    proportions_from_summary,
)
from evalkit.report import tables
from evalkit.result import ESTIMATE_COLUMNS, Estimates, Method, estimates

STAFF = load_profile("staff-survey")
OPEN = load_profile("opensafely")
POINTS = Method(name="mean", estimand="e", unit="points", n_given=100, n_used=100)
SHARE = dataclasses.replace(POINTS, unit="proportion", interval="Wilson score")
NUMBERS = [name for name in ESTIMATE_COLUMNS if name not in {"term", "group"}]


def _row(n: float, **more: object) -> dict[str, object]:
    numbers = {"estimate": 3.5, "std_error": 0.5, "statistic": 7.0, "df": n - 1, "p_value": 0.01234}
    return {"term": "mean", "group": f"g{n}", **numbers, "conf_low": 2.5, "conf_high": 4.5, "n": n, **more}


def _share(events: float, n: float, make: object = wilson) -> dict[str, object]:
    interval = make(events, n)  # type: ignore[operator]
    return {
        "term": "share",
        "estimate": interval.estimate,
        "conf_low": interval.low,
        "conf_high": interval.high,
        "n": n,
    }


def _one(rows: list[dict[str, object]], method: Method, profile: str) -> pd.Series:
    return release(estimates(rows, method), load_profile(profile)).frame.iloc[0]


@pytest.mark.parametrize("name", ["events", "observed"])
def test_leavers_beside_n_leave_only_where_they_and_those_who_stayed_are_enough(name: str):
    rows = [_row(64, **{name: left}) for left in (4, 11, 53, 54, 64)]
    frame = release(estimates(rows, POINTS), STAFF).frame
    assert frame[name].fillna(-1).tolist() == [-1, 11, 53, -1, 64]
    assert frame["estimate"].notna().all()


def test_counts_beside_n_leave_only_where_they_tell_of_no_small_group():
    rows = [_row(24, n_before=24, n_after=25), _row(24, n_before=40, n_after=13), _row(24, n_before=34, n_after=3)]
    frame = release(estimates(rows, POINTS), STAFF).frame
    assert frame["n_before"].fillna(-1).tolist() == [24, 40, -1]
    assert frame["n_after"].fillna(-1).tolist() == [-1, 13, -1]
    assert release(estimates(rows, POINTS), load_profile("public")).frame["n_after"].tolist() == [25, 13, 3]


def test_a_row_of_a_table_is_withheld_when_it_rests_on_few_and_what_it_rests_on_is_not_shown():
    table = pd.DataFrame({"step": ["a", "b"], "n": pd.array([40, 30], dtype="Int64"), "n_least": [40, 4]})
    frame = release_frame(table, ["n"], STAFF).frame
    assert list(frame.columns) == ["step", "n", "flag"]
    assert frame["n"].fillna(-1).tolist() == [40, -1]
    assert "n_least" not in release_frame(table, ["n"], load_profile("public")).frame
    missing = table.assign(n=pd.array([40, None], dtype="Int64"))
    assert release_frame(missing, ["n"], STAFF).frame["n"].fillna(-1).tolist() == [40, -1]


# --- estimates -----------------------------------------------------------------------------------------------------


def test_a_hidden_row_keeps_its_names_and_nothing_else():
    own = {"events": 11, "who": "3 of 10", "sure": True, "unit": "points", "interval": "t", "scale": "identity"}
    result = estimates([_row(10, **own), _row(11, **own)], dataclasses.replace(POINTS, unit="by row"))
    frame = release(result, STAFF).frame
    hidden = frame.iloc[0]
    kept = {
        "term": "mean",
        "group": "g10",
        "unit": "points",
        "interval": "t",
        "scale": "identity",
        "flag": "suppressed",
    }
    assert hidden.dropna().replace("", np.nan).dropna().to_dict() == kept
    assert frame.iloc[1].to_dict() == {**_row(11, **own), "flag": ""}


def test_a_hidden_row_leaks_nothing_in_the_written_table():
    released = release(estimates([_row(10, secret=7777, who="Ann")], POINTS), STAFF)
    for written in (tables.as_text(released, "t"), tables.as_html(released, "t")):
        assert not any(leak in written for leak in ("7777", "7,777", "Ann", "3.5", "0.012"))
        assert "withheld" in written


@pytest.mark.parametrize(("n", "hidden"), [(10, True), (11, False), (0, True), (math.nan, True), (10.99, True)])
def test_the_threshold_is_where_it_should_be(n: float, hidden: bool):  # noqa: FBT001
    line = _one([_row(n)], POINTS, "staff-survey")
    assert (line["flag"] == "suppressed") is hidden
    assert bool(line[NUMBERS].isna().all()) is hidden


@pytest.mark.parametrize(("df", "hidden"), [(9, True), (9.99, True), (10, False), (math.nan, False)])
def test_acro_withholds_fewer_than_ten_degrees_of_freedom(df: float, hidden: bool):  # noqa: FBT001
    assert (_one([_row(40, df=df)], POINTS, "acro")["flag"] == "suppressed") is hidden


@pytest.mark.parametrize(("n", "hidden"), [(22, True), (22.5, False), (23, False), (40, False)])
def test_hesa_withholds_proportions_on_fewer_than_22_5(n: float, hidden: bool):  # noqa: FBT001
    assert (_one([_share(n / 2, n)], SHARE, "hesa")["flag"] == "suppressed") is (hidden or n / 2 % 1 != 0)


@pytest.mark.parametrize(("n", "hidden"), [(7, True), (8, False), (22, False)])
def test_hesa_withholds_means_on_seven_or_fewer(n: float, hidden: bool):  # noqa: FBT001
    assert (_one([_row(n)], POINTS, "hesa")["flag"] == "suppressed") is hidden


def test_public_leaves_everything_as_it_is():
    result = estimates([_row(1, events=1), _row(0)], POINTS)
    released = release(result, load_profile("public"))
    pd.testing.assert_frame_equal(released.frame, result.tidy())


def test_release_does_not_touch_the_result():
    result = estimates([_row(3)], POINTS)
    before = result.tidy()
    release(result, STAFF)
    release(result, OPEN)
    pd.testing.assert_frame_equal(result.tidy(), before)


# --- rounding ------------------------------------------------------------------------------------------------------


def test_a_proportion_is_computed_again_from_rounded_counts():
    line = _one([_share(23, 48)], SHARE, "opensafely")  # 23 -> 25, 48 -> 50
    again = wilson(25, 50)
    np.testing.assert_allclose(
        line[["estimate", "conf_low", "conf_high", "n"]].astype(float), [again.estimate, again.low, again.high, 50]
    )


def test_an_exact_interval_is_computed_again_as_an_exact_interval():
    line = _one([_share(23, 48, clopper_pearson)], SHARE, "opensafely")
    again = clopper_pearson(25, 50)
    np.testing.assert_allclose(line[["conf_low", "conf_high"]].astype(float), [again.low, again.high])


@pytest.mark.parametrize(
    ("events", "n", "profile", "hidden"),
    [
        (7, 48, "opensafely", True),  # few with
        (41, 48, "opensafely", True),  # few without
        (0, 48, "opensafely", True),
        (48, 48, "opensafely", True),
        (8, 48, "opensafely", False),
        (0, 48, "nhs-hospital", False),
        (48, 48, "nhs-hospital", False),
        (3, 48, "nhs-hospital", True),
        (1, 48, "hesa", False),
        (1, 48, "opensafely-midpoint6", False),
    ],
)
def test_a_proportion_of_too_few_is_withheld(events: int, n: int, profile: str, hidden: bool):  # noqa: FBT001
    assert (_one([_share(events, n)], SHARE, profile)["flag"] == "suppressed") is hidden


@pytest.mark.parametrize("unit", ["proportion", "proportion still in post", "per cent", "percentage points"])
def test_what_is_not_seen_to_be_a_share_of_people_is_withheld_where_counts_are_rounded(unit: str):
    gap = newcombe(30, 40, 14, 40)  # 0.4 of 40 would pass for 16 people
    row = {"term": "difference", "estimate": gap.estimate, "conf_low": gap.low, "conf_high": gap.high, "n": 40}
    line = _one([row], dataclasses.replace(SHARE, unit=unit), "opensafely")
    assert line["flag"] == "suppressed"
    assert math.isnan(line["estimate"])


def test_a_share_that_was_rounded_before_is_withheld_where_counts_are_rounded():
    row = _share(7, 23)
    line = _one([{**row, "estimate": round(float(row["estimate"]), 4)}], SHARE, "opensafely-midpoint6")  # type: ignore[arg-type]
    assert line["flag"] == "suppressed"


@pytest.mark.parametrize("profile", ["opensafely", "opensafely-midpoint6", "nhs-hospital", "hesa"])
def test_nothing_beside_a_rounded_n_tells_the_exact_n(profile: str):
    line = _one([_row(43, estimate=3.514159, events=17, who="17 of 43", note_n=43)], POINTS, profile)
    assert {"events", "who", "note_n"}.isdisjoint(line.index)
    assert line[["std_error", "statistic", "df"]].isna().all()  # df is n - 1; the others lead to df
    assert line["estimate"] == 3.51
    assert line["p_value"] == 0.012
    assert line["n"] != 43


def test_a_test_without_an_estimate_keeps_its_p_value_under_rounding():
    line = _one([{"term": "logrank", "statistic": 22.39, "df": 1.0, "p_value": 0.00234, "n": 400}], SHARE, "opensafely")
    assert line["flag"] == ""
    assert line["p_value"] == 0.002


# --- what is said about n ------------------------------------------------------------------------------------------


def _caption(profile: str, used: int, **dropped: int) -> str:
    method = dataclasses.replace(
        POINTS, n_used=used, n_given=used + sum(dropped.values()), n_dropped={**dropped}, interval="t"
    )
    return release(estimates([_row(used)], method), load_profile(profile)).caption


@pytest.mark.parametrize(
    ("profile", "used", "dropped", "said"),
    [
        ("staff-survey", 40, {}, "n = 40"),
        ("staff-survey", 40, {"none": 0}, "n = 40"),
        ("staff-survey", 40, {"late": 2}, "n = 40; some left out"),
        ("staff-survey", 40, {"late": 30, "blank": 2}, "n = 40; some left out"),
        ("staff-survey", 40, {"late": 30, "blank": 0}, "n = 40 of 70 (late: 30)"),
        ("staff-survey", 9, {"late": 30}, "n withheld"),
        ("opensafely", 43, {"late": 8}, "n = 45 of 50 (late: 10)"),
        ("opensafely", 43, {"late": 7}, "n = 45; some left out"),
        ("opensafely-midpoint6", 43, {"late": 1}, "n = 45 of 45 (late: 3)"),
        ("hesa", 43, {"late": 2}, "n = 45 of 45 (late: 0)"),
        ("public", 3, {"late": 2}, "n = 3 of 5 (late: 2)"),
    ],
)
def test_a_caption_does_not_tell_the_few_who_were_left_out(profile: str, used: int, dropped: dict[str, int], said: str):
    assert _caption(profile, used, **dropped) == f"mean; unit: points; {said}; 95 % interval: t"


def test_a_caption_does_not_tell_the_n_of_a_row_that_is_hidden():
    # 100 in all and 92 in the row that is shown would be 8 in the other.
    assert "n withheld" in release(estimates([_row(92), _row(8)], POINTS), STAFF).caption
    assert "n = 100" in release(estimates([_row(80), _row(20)], POINTS), STAFF).caption


def test_a_caption_is_silent_where_nobody_stated_n():
    method = Method(name="as printed", estimand="e", unit="odds ratio")
    assert release(estimates([_row(40)], method), load_profile("public")).caption == "as printed; unit: odds ratio"


def test_what_goes_to_a_figure_says_no_more_than_what_was_released():
    result = estimates([_row(8, events=3), _row(50, events=20)], POINTS)
    back = as_result(release(result, STAFF), result)
    assert isinstance(back, Estimates)
    assert back.tidy()["n"].tolist()[1:] == [50]
    assert math.isnan(back.tidy().loc[0, "n"])
    assert (back.method.n_given, back.method.n_used, dict(back.method.n_dropped)) == (0, 0, {})


# --- plain tables --------------------------------------------------------------------------------------------------


def _table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": ["A", "B"],
            "team": pd.Categorical(["x", "y"]),
            "n": [8, 30],
            "mean": [3.25, 4.25],
            2020: [111.5, 222.5],
            "comment": ["the 3 nurses", "fine"],
            "sure": [True, False],
            "day": pd.to_datetime(["2024-01-02", "2024-02-03"]),
            "odd": [[1], [2]],
        }
    )


def test_a_hidden_row_of_a_table_keeps_the_text_in_front_and_nothing_else():
    frame = release_frame(_table(), ["n"], STAFF).frame
    hidden = frame.iloc[0]
    assert hidden.replace("", np.nan).dropna().to_dict() == {"site": "A", "team": "x", "flag": "suppressed"}
    shown = frame.iloc[1]
    assert shown[["n", "mean", "2020", "comment", "sure", "flag"]].tolist() == [30, 4.25, 222.5, "fine", False, ""]


@pytest.mark.parametrize("counts", [["n", "left"], ["left", "n"]])
def test_any_small_or_missing_count_hides_its_row(counts: list[str]):
    frame = pd.DataFrame({"g": list("abcd"), "n": [30, 30, 8, 30], "left": [20, 2, 20, None]}, dtype=object)
    released = release_frame(frame, counts, STAFF).frame
    assert released["flag"].tolist() == ["", "suppressed", "suppressed", "suppressed"]
    assert released[["n", "left"]].isna().all(axis=1).tolist() == [False, True, True, True]


def test_a_table_must_say_what_its_counts_are():
    for counts in (None, []):
        with pytest.raises(DisclosureError, match="DIS-003"):
            release_frame(_table(), counts, STAFF)


def test_a_rounded_count_may_not_stand_beside_an_exact_number():
    with pytest.raises(DisclosureError, match="DIS-003 counts: numbers that are not named as counts: mean, 2020"):
        release_frame(_table(), ["n"], OPEN)
    frame = pd.DataFrame({"g": ["a"], "n": [43], "left": [12]})
    assert release_frame(frame, ["n", "left"], OPEN).frame[["n", "left"]].to_numpy().tolist() == [[45, 10]]


def test_one_count_may_be_named_without_a_list():
    assert release_frame(_table(), "n", STAFF).counts == ("n",)


@pytest.mark.parametrize("profile", ["staff-survey", "public"])
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame({"g": ["a"], "m": [12]}), "DAT-003"),
        (pd.DataFrame({"g": ["a"], "n": ["many"]}), "DAT-004"),
        (pd.DataFrame({"g": ["a"], "n": [-12]}), "DAT-002"),
        (pd.DataFrame({"g": ["a"], "n": [math.inf]}), "DAT-002"),
        (pd.DataFrame([["a", 12, 13]], columns=["g", "n", "n"]), "DAT-010"),
    ],
)
def test_counts_that_are_not_counts_are_refused(profile: str, frame: pd.DataFrame, code: str):
    with pytest.raises(DataError, match=code):
        release_frame(frame, ["n"], load_profile(profile))


def test_a_table_is_not_touched_and_its_index_does_not_matter():
    frame = _table().set_index(pd.Index(["Ann", "Bob"]))
    before = frame.copy()
    released = release_frame(frame, ["n"], STAFF).frame
    pd.testing.assert_frame_equal(frame, before)
    assert released.index.tolist() == [0, 1]


PROFILES = ["staff-survey", "opensafely", "opensafely-midpoint6", "nhs-hospital", "acro", "hesa"]


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=30)
@given(people=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6))
def test_no_release_is_ever_a_breach(profile: str, people: list[tuple[int, int]]):
    rules = load_profile(profile)
    ns, shares = zip(*people, strict=True)
    rows = [_share(min(share, n), n) if n else _row(0) for n, share in people]
    for released in (
        release(estimates(rows, SHARE), rules),
        release(estimates([_row(n) for n in ns], POINTS), rules),
        release_frame(pd.DataFrame({"g": ["a"] * len(ns), "n": ns, "left": shares}), ["n", "left"], rules),
    ):
        assert isinstance(released, Released)
        assert not any(breaches(released.frame[name], rules).any() for name in released.counts)


def test_no_row_and_no_number_are_no_fault():
    assert release(estimates([], POINTS), STAFF).frame.empty
    assert release(estimates([], SHARE), OPEN).frame.empty
    assert release_frame(pd.DataFrame({"g": [], "n": []}), ["n"], STAFF).frame.empty


def test_whole_numbers_that_nobody_named_as_counts_are_refused():
    table = pd.DataFrame({"team": ["A", "B"], "n": [30, 40], "leavers": [2, 3], "share": [0.07, 0.08]})
    with pytest.raises(DisclosureError, match=r"DIS-003 counts: whole numbers .*: leavers"):
        release_frame(table, ["n"], STAFF)
    assert release_frame(table, ["n", "leavers"], STAFF).frame["leavers"].isna().all()
    assert release_frame(table.drop(columns="leavers"), ["n"], STAFF).frame["share"].notna().all()


def test_an_amount_read_as_text_is_no_label():
    table = pd.DataFrame({"grade": ["8a", "7"], "pay": ["51,234.17", "43,000.00"], "n": [1, 30]})
    frame = release_frame(table, ["n"], STAFF).frame
    assert frame["grade"].tolist() == ["8a", "7"]
    assert frame["pay"].tolist() == ["", "43,000.00"]


@pytest.mark.parametrize(
    "result",
    [
        proportions_from_summary(1, 3, 50, 100),
        proportions_from_summary(50, 100, 1, 3),
        difference_from_summary(6.0, 1.3, 2, 5.3, 1.3, 145),
    ],
)
def test_of_a_contrast_the_smaller_group_must_be_large_enough(result: Estimates):
    frame = release(result, STAFF).frame
    assert frame[["estimate", "statistic", "p_value", "conf_low", "n"]].isna().all(axis=None)
    assert "n_least" not in frame.columns
    assert "n_least" not in release(result, load_profile("public")).frame.columns
    assert release(result, load_profile("public")).frame["estimate"].notna().any()


def test_a_difference_in_retention_from_a_tiny_group_is_withheld():
    tables = {
        "mentored": implied_life_table(4, [25.0], decimals=1),
        "control": implied_life_table(200, [14.5], decimals=1),
    }
    frame = release(compare_retention(tables, reference="control"), STAFF).frame.set_index("term")
    assert frame.loc[["retention_difference", "logrank"], ["estimate", "p_value", "n"]].isna().all(axis=None)


# --- counts beside n, and numbers of events ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["leavers", "not_counted", "at_start", "at_end", "now", "a_year_ago", "on_break", "joined"]
)
def test_every_count_of_people_beside_n_is_judged(name: str):
    rows = [_row(64, **{name: people}) for people in (1, 11, 60, 64)]
    frame = release(estimates(rows, POINTS), STAFF).frame
    assert frame[name].fillna(-1).tolist() == [-1, 11, -1, 64]


def test_full_time_equivalents_are_judged_by_their_name():
    frame = release(estimates([_row(64, at_start=3.5), _row(64, at_start=40.5)], POINTS), STAFF).frame
    assert frame["at_start"].fillna(-1).tolist() == [-1, 40.5]


@pytest.mark.parametrize("name", ["year", "horizon", "baseline", "floor_before", "median", "max_edits"])
def test_whole_numbers_that_are_no_people_stay(name: str):
    assert release(estimates([_row(64, **{name: 3})], POINTS), STAFF).frame[name].tolist() == [3]


def _rates(low: int, high: int, *, unit: str = "proportion") -> Estimates:
    rows = [
        {**_share(low, 150), "group": "BME", "n_events": low, "unit": unit},
        {**_share(high, 800), "group": "white", "n_events": high, "unit": unit},
        {"term": "ratio", "group": "white over BME", "estimate": (high / 800) / (low / 150), "n": 950, "n_least": 150},
    ]
    return estimates([{"unit": "ratio", **row} for row in rows], dataclasses.replace(SHARE, unit="by row"))


@pytest.mark.parametrize("profile", ["acro", "nhs-hospital", "opensafely"])
def test_a_rate_of_few_is_withheld_with_the_ratio_that_tells_it(profile: str):
    frame = release(_rates(3, 160), load_profile(profile)).frame
    assert (frame["flag"] == "suppressed").tolist() == [True, False, True]


@pytest.mark.parametrize("profile", ["hesa", "opensafely-midpoint6", "nhs-hospital", "opensafely"])
def test_a_ratio_beside_rounded_rates_would_tell_the_exact_ones(profile: str):
    frame = release(_rates(15, 160), load_profile(profile)).frame
    assert (frame["flag"] == "suppressed").tolist() == [False, False, True]


def test_enough_events_leave_under_a_rule_for_every_count():
    frame = release(_rates(15, 160), load_profile("acro")).frame
    assert (frame["flag"] == "").all()


def test_the_staff_survey_judges_groups_and_not_how_many_say_yes():
    frame = release(_rates(3, 160), STAFF).frame
    assert (frame["flag"] == "").all()
    assert frame["n_events"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize("columns", [{"leavers": 3}, {}])
@pytest.mark.parametrize("profile", ["acro", "nhs-hospital", "opensafely"])
def test_a_leaver_rate_of_few_is_withheld(profile: str, columns: dict[str, int]):
    row = {**_row(57.5, **columns), "estimate": 3 / 57.5, "unit": "leavers per head of mean headcount"}
    if not columns:
        row |= {"n": 60, "estimate": 3 / 60}
    frame = release(estimates([row], dataclasses.replace(POINTS, unit="by row")), load_profile(profile)).frame
    assert frame["flag"].tolist() == ["suppressed"]


@pytest.mark.parametrize(
    ("profile", "rate"), [("hesa", 5 / 60), ("nhs-hospital", None), ("opensafely-midpoint6", 3 / 57)]
)
def test_a_leaver_rate_is_computed_again_from_rounded_counts(profile: str, rate: float | None):
    row = {**_row(57.5, leavers=3), "estimate": 3 / 57.5, "unit": "leavers per head of mean headcount"}
    line = _one([row], dataclasses.replace(POINTS, unit="by row"), profile)
    assert math.isnan(line["estimate"]) if rate is None else line["estimate"] == pytest.approx(rate)
    assert math.isnan(line["conf_low"])


@pytest.mark.parametrize(
    ("name", "factor"), [("left", 1), ("left", 100), ("left_per_1000", 1000), ("Left per 10,000", 10_000)]
)
def test_a_share_of_few_beside_its_count_goes_where_every_count_is_judged(name: str, factor: int):
    shares = [factor / 80, factor * 20 / 90, factor * 59 / 60]
    table = pd.DataFrame({"site": ["a", "b", "c"], "n": [80, 90, 60], name: shares})
    acro = release_frame(table, ["n"], load_profile("acro")).frame
    assert (acro["flag"] == "suppressed").tolist() == [True, False, True]
    assert release_frame(table, ["n"], STAFF).frame[name].tolist() == shares
    means = table.assign(**{name: [3.217, 4.1, 2.9]})
    assert (release_frame(means, ["n"], load_profile("acro")).frame["flag"] == "").all()
