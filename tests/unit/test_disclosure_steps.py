"""What leaves of a curve rests on enough people, and nothing smaller can be had from it by subtraction."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure import Profile, breaches, load_profile, release
from evalkit.disclosure.releasing import Released, as_result
from evalkit.numeric.lifetables import life_table
from evalkit.report import tables
from evalkit.result import CURVE_COLUMNS, Curve, Method, curve

STAFF = load_profile("staff-survey")
PROFILES = ["staff-survey", "opensafely", "opensafely-midpoint6", "nhs-hospital", "acro", "hesa"]
EXACT = ["staff-survey", "acro"]
Moves = list[tuple[int, ...]]


def _rows(group: str | None, start: int, moves: Moves, *, first: int = 1) -> list[dict[str, object]]:
    """A life table from how many left, were censored and came late at each time."""
    at_risk, leavers, people, rows = [], [], start, []
    for left, censored, came in moves:
        at_risk.append(people)
        leavers.append(left)
        rows.append({"group": group, "n_at_risk": people, "n_events": left, "n_censored": censored})
        people += came - left - censored
    table = life_table(at_risk, leavers)
    columns = zip(rows, table.survival, table.std_error, table.low, table.high, strict=True)
    return [
        {**row, "time": first + at, "estimate": s, "std_error": e, "conf_low": low, "conf_high": high}
        for at, (row, s, e, low, high) in enumerate(columns)
    ]


def _curve(*groups: list[dict[str, object]], people: int = 0) -> Curve:
    method = Method(name="km", estimand="e", unit="proportion", n_given=people, n_used=people)
    return curve([row for rows in groups for row in rows], method)


def _plain(moves: list[tuple[int, int]]) -> Moves:
    return [(left, censored, 0) for left, censored in moves]


def subtractions(released: Released) -> list[float]:
    """Everything that a reader gets from released counts: those left over, and those who came or went unnamed."""
    found = []
    frame = released.frame[released.frame["flag"] == ""]
    for _, rows in frame.groupby("group", dropna=False):
        one = rows[rows["cause"].isna()] if rows["cause"].isna().any() else rows.groupby("time").first().reset_index()
        leavers = rows[rows["cause"].isna() | ~rows["cause"].isna().any()].groupby("time")["n_events"].sum().to_numpy()
        at_risk = one["n_at_risk"].fillna(0).to_numpy()
        after = at_risk - leavers - one["n_censored"].fillna(0).to_numpy()
        found += [*at_risk, *leavers, *one["n_censored"].fillna(0), *after, *(at_risk[1:] - after[:-1])]
    return [float(value) for value in found]


def small(values: list[float], profile: Profile) -> list[float]:
    return [value for value in values if 1e-9 < abs(value) < profile.threshold]


# --- worked by hand ------------------------------------------------------------------------------------------------


def test_steps_are_kept_when_enough_have_left():
    # After two months 6 + 5 = 11 have left, after four 4 + 8 = 12, and then 5 more: too few.
    moves = _plain([(6, 0), (5, 0), (4, 0), (8, 0), (5, 0)])
    frame = release(_curve(_rows("g", 100, moves)), STAFF).frame
    assert frame["time"].tolist() == [2, 4]
    assert frame["n_at_risk"].tolist() == [100, 89]  # at the start of the period: 100 - 11 = 89
    assert frame["n_events"].tolist() == [11, 12]
    assert frame["n_censored"].isna().all()  # nobody: blank where zero is withheld
    np.testing.assert_allclose(frame["estimate"], [0.89, 0.77])


def test_the_number_at_risk_does_not_tell_who_left_at_the_last_moment_of_a_period():
    # At risk at month 2 itself would be 99: 99 - (100 - 11) = 10 left in month 2, and 1 in month 1.
    released = release(_curve(_rows("g", 100, _plain([(1, 0), (10, 0), (11, 0)]))), STAFF)
    assert released.frame["n_at_risk"].tolist() == [100, 89]
    assert small(subtractions(released), STAFF) == []


def test_the_reader_who_subtracts_would_notice_it():
    released = release(_curve(_rows("g", 100, _plain([(1, 0), (10, 0), (11, 0)]))), STAFF)
    leaky = released.frame.assign(n_at_risk=[99.0, 89.0])
    assert small(subtractions(Released(leaky, released.counts, STAFF)), STAFF) != []


def test_the_few_who_are_left_over_are_not_told():
    # After month 2 there would be 30 - 12 - 11 = 7.
    assert release(_curve(_rows("g", 30, _plain([(12, 0), (11, 0), (0, 7)]))), STAFF).frame["time"].tolist() == [1]
    # When nobody is left over there is nobody to tell of.
    assert release(_curve(_rows("g", 23, _plain([(12, 0), (11, 0)]))), STAFF).frame["time"].tolist() == [1, 2]


def test_the_few_who_are_censored_are_told_later_and_hold_no_step_back():
    # 3 are censored in month 1, 8 in month 2: together 11, told in month 2.
    frame = release(_curve(_rows("g", 100, _plain([(11, 3), (11, 8), (11, 0)]))), STAFF).frame
    assert frame["time"].tolist() == [1, 2, 3]
    assert frame["n_censored"].fillna(0).tolist() == [0, 11, 0]
    assert frame["n_at_risk"].tolist() == [100, 89, 67]


def test_the_few_who_come_late_are_told_later_and_hold_no_step_back():
    # 3 come after month 1, 9 after month 2: together 12.
    frame = release(_curve(_rows("g", 100, [(11, 0, 3), (11, 0, 9), (11, 0, 0)])), STAFF).frame
    assert frame["time"].tolist() == [1, 2, 3]
    assert frame["n_at_risk"].tolist() == [100, 89, 90]


def test_a_group_that_fills_up_slowly_is_told_from_when_it_is_large_enough():
    # Mentoring begins for 6 a month, 2 are there at the start; from the seventh month on 4 leave a month.
    frame = release(_curve(_rows("mentored", 2, [(0, 0, 6)] * 6 + [(4, 0, 6)] * 6)), STAFF).frame
    assert frame["flag"].eq("").all()
    assert frame["time"].tolist() == [2, 4, 6, 9, 12]  # 12 come in two months, 12 leave in three
    assert frame["n_at_risk"].fillna(0).tolist() == [0, 14, 26, 38, 44]  # 2 at the start are not told
    assert frame["n_events"].fillna(0).tolist() == [0, 0, 0, 12, 12]


def test_those_who_move_to_another_group_hold_no_step_back():
    # 2 a month become mentored and leave the group of the unmentored without an event.
    frame = release(_curve(_rows("unmentored", 200, [(11, 0, -2)] * 8)), STAFF).frame
    assert frame["time"].tolist() == list(range(1, 9))
    assert frame["n_at_risk"].tolist() == [200, 189, 178, 167, 156, 145, 122, 111]


def test_the_causes_of_a_group_are_kept_at_the_same_times():
    # Each cause alone would reach 11 at another time, and the difference of the two would tell the rest.
    resigned = _rows("g", 200, _plain([(11, 9), (2, 6), (9, 11)]))
    retired = [{**row, "n_events": left} for row, left in zip(resigned, (9, 6, 11), strict=True)]
    at_risk = [200, 200 - 11 - 9, 180 - 2 - 6]
    rows = [
        {**row, "cause": cause, "n_at_risk": people, "n_censored": 0}
        for cause, part in (("resigned", resigned), ("retired", retired))
        for row, people in zip(part, at_risk, strict=True)
    ]
    released = release(_curve(rows), STAFF)
    assert released.frame.groupby("cause")["time"].agg(list).to_dict() == {"resigned": [2], "retired": [2]}
    assert released.frame["n_events"].tolist() == [13, 15]


def test_causes_with_different_counts_at_risk_are_withheld_altogether():
    rows = _rows("g", 100, _plain([(20, 0), (20, 0)]))
    both = [{**row, "cause": "a"} for row in rows] + [{**row, "cause": "b", "n_at_risk": 99} for row in rows]
    assert release(_curve(both), STAFF).frame["flag"].tolist() == ["suppressed", "suppressed"]


def test_all_causes_beside_some_do_not_tell_the_rest():
    # 20 left in all, 15 of them resigned: 5 for other causes.
    rows = _rows("g", 100, _plain([(20, 0)]))
    some = [{**rows[0], "cause": "resigned", "n_events": 15}]
    assert release(_curve(rows + some), STAFF).frame["flag"].eq("suppressed").all()
    some = [{**rows[0], "cause": "resigned", "n_events": 20}]
    assert release(_curve(rows + some), STAFF).frame["flag"].eq("").all()


@pytest.mark.parametrize("name", ["n_at_risk", "n_events", "n_censored"])
@pytest.mark.parametrize("profile", PROFILES)
def test_counts_that_are_not_known_are_not_released(name: str, profile: str):
    rows = _rows("g", 100, _plain([(20, 0), (20, 0)]))
    rows[1][name] = math.nan
    frame = release(_curve(rows), load_profile(profile)).frame
    assert frame["flag"].tolist() == ["suppressed"]
    assert frame[[*CURVE_COLUMNS][2:]].isna().all(axis=None)


def test_the_same_time_twice_is_not_released():
    rows = _rows("g", 100, _plain([(20, 0)]))
    assert release(_curve(rows + rows), STAFF).frame["flag"].tolist() == ["suppressed"]


def test_extra_columns_do_not_leave():
    rows = [{**row, "who": "Ann"} for row in _rows("g", 100, _plain([(20, 0)]))]
    assert list(release(_curve(rows), STAFF).frame.columns) == [*CURVE_COLUMNS, "flag"]


def test_order_of_rows_does_not_matter():
    rows = _rows("g", 100, _plain([(6, 0), (5, 0), (14, 0)]))
    pd.testing.assert_frame_equal(release(_curve(rows[::-1]), STAFF).frame, release(_curve(rows), STAFF).frame)


def test_a_row_at_the_start_stays():
    frame = release(_curve(_rows("g", 100, _plain([(0, 0), (20, 0)]), first=0)), STAFF).frame
    assert frame[["time", "n_at_risk"]].to_numpy().tolist() == [[0, 100], [1, 100]]


# --- groups that are left out, and the caption ---------------------------------------------------------------------


def test_a_group_of_too_few_is_named_and_withheld_and_the_caption_does_not_tell_it():
    released = release(_curve(_rows("a", 60, _plain([(20, 0)])), _rows("b", 8, _plain([(2, 0)])), people=68), STAFF)
    assert released.frame["group"].tolist() == ["a", "b"]
    assert released.frame["flag"].tolist() == ["", "suppressed"]
    assert "68" not in tables.as_text(released, "t")
    assert "n withheld" in released.caption


def test_n_is_not_told_when_the_groups_that_are_shown_leave_few_over():
    shown = _rows("a", 60, _plain([(20, 0)]))
    assert "n withheld" in release(_curve(shown, people=65), STAFF).caption
    assert "n = 60" in release(_curve(shown, people=60), STAFF).caption
    assert "n = 71" in release(_curve(shown, people=71), STAFF).caption


def test_n_beside_two_causes_is_that_of_the_group():
    rows = _rows("a", 60, _plain([(20, 0)]))
    both = [{**row, "cause": cause, "n_events": left} for cause, left in (("x", 20), ("y", 0)) for row in rows]
    assert "n = 60" in release(_curve(both, people=60), STAFF).caption


def test_nothing_at_all_is_no_fault():
    for profile in PROFILES:
        released = release(_curve(), load_profile(profile))
        assert released.frame.empty
        assert list(released.frame.columns) == [*CURVE_COLUMNS, "flag"]


def test_a_withheld_group_comes_back_as_a_curve_without_numbers():
    result = _curve(_rows("a", 60, _plain([(20, 0)])), _rows("b", 8, _plain([(2, 0)])), people=68)
    back = as_result(release(result, STAFF), result)
    assert isinstance(back, Curve)
    assert back.tidy()["estimate"].isna().tolist() == [False, True]
    assert back.method.n_used == 0


def test_public_leaves_the_curve_as_it_is():
    result = _curve(_rows("a", 6, _plain([(1, 1), (0, 0)])), people=6)
    released = release(result, load_profile("public"))
    pd.testing.assert_frame_equal(released.frame, result.tidy())
    assert "n = 6" in released.caption


# --- rounding ------------------------------------------------------------------------------------------------------


def test_the_counts_since_the_start_are_rounded_and_survival_is_computed_from_them():
    # Since the start 8, 16, 24 left: to the nearest 5 that is 10, 15, 25. The step of 5 is too small to print.
    frame = release(_curve(_rows("g", 101, _plain([(8, 0), (8, 0), (8, 0)]))), load_profile("opensafely")).frame
    assert frame["time"].tolist() == [1, 3]
    assert frame["n_at_risk"].tolist() == [100, 90]
    assert frame["n_events"].tolist() == [10, 15]
    np.testing.assert_allclose(frame["estimate"], [0.9, 0.75])
    again = life_table([100, 90], [10, 15])
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]], np.column_stack([again.low, again.high]))


def test_midpoints_do_not_blow_up_single_leavers():
    # One leaver a month: rounding each to the midpoint 3 would triple them.
    frame = release(_curve(_rows("g", 200, _plain([(1, 0)] * 60))), load_profile("opensafely-midpoint6")).frame
    assert frame["n_events"].sum() == 57  # 60 since the start lie in 55..60
    assert frame["estimate"].iloc[-1] == pytest.approx(0.7, abs=0.02)


def test_hesa_withholds_survival_of_fewer_than_22_5():
    frame = release(_curve(_rows("g", 21, _plain([(5, 0)]))), load_profile("hesa")).frame
    assert frame["n_at_risk"].tolist() == [20]
    assert frame["estimate"].isna().all()


def test_what_is_not_survival_is_not_made_survival():
    rows = [{**row, "estimate": 0.5, "conf_low": 0.4, "conf_high": 0.6} for row in _rows("g", 100, _plain([(20, 0)]))]
    assert release(_curve(rows), load_profile("opensafely")).frame["estimate"].isna().all()


# --- whatever comes in ---------------------------------------------------------------------------------------------


@st.composite
def life_tables(draw: st.DrawFn) -> Curve:
    groups = []
    for group in draw(st.sampled_from([["a"], ["a", "b"], [None]])):
        start = draw(st.integers(0, 120))
        people, moves = start, []
        for _ in range(draw(st.integers(1, 12))):
            left = draw(st.integers(0, min(people, 30)))
            censored = draw(st.integers(0, min(people - left, 15)))
            came = draw(st.sampled_from([0, 0, 0, 2, 15]))
            moves.append((left, censored, came))
            people += came - left - censored
        rows = _rows(group, start, moves)
        if draw(st.booleans()):
            first = [{**row, "cause": "x", "n_events": draw(st.integers(0, int(row["n_events"])))} for row in rows]  # type: ignore[call-overload]
            second = [
                {**row, "cause": "y", "n_events": row["n_events"] - other["n_events"]}  # type: ignore[operator]
                for row, other in zip(rows, first, strict=True)
            ]
            rows = first + second
        groups.append(rows)
    return _curve(*groups)


@pytest.mark.parametrize("profile", EXACT)
@settings(max_examples=150)
@given(result=life_tables())
def test_nothing_small_can_be_had_by_subtraction(profile: str, result: Curve):
    rules = load_profile(profile)
    assert small(subtractions(release(result, rules)), rules) == []


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=50)
@given(result=life_tables())
def test_no_released_curve_is_a_breach(profile: str, result: Curve):
    released = release(result, load_profile(profile))
    assert released.steps
    for name in released.counts:
        assert not breaches(released.frame[name], released.profile, steps=True).any()


@pytest.mark.parametrize("profile", EXACT)
@settings(max_examples=50)
@given(result=life_tables())
def test_what_is_kept_is_true(profile: str, result: Curve):
    """Estimates are those of the times that stay; leavers add up to those who left until then."""
    released = release(result, load_profile(profile)).frame
    given_frame = result.tidy()
    for (group, cause), rows in released[released["flag"] == ""].groupby(["group", "cause"], dropna=False):
        same = (given_frame["group"].eq(group) | (given_frame["group"].isna() & pd.isna(group))) & (
            given_frame["cause"].eq(cause) | (given_frame["cause"].isna() & pd.isna(cause))
        )
        truth = given_frame[same].set_index("time")
        np.testing.assert_array_equal(rows["estimate"], truth.loc[rows["time"], "estimate"])
        np.testing.assert_array_equal(
            rows["n_events"].fillna(0).cumsum(), truth["n_events"].cumsum().loc[rows["time"]].to_numpy()
        )
