"""From rows to a cohort: who is at risk when, who left for which cause, who was mentored by then, who was dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError, ImmortalTimeError
from evalkit.retention.building import cohort, cohort_from_spells

STAFF = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "joined": ["2020-01-01", "2019-01-01", "2021-06-01", "2020-03-01"],
        "left": ["2021-01-01", None, "2021-12-01", None],
        "why": ["resigned", None, "retired", None],
        "mentor": ["2020-07-01", "2020-02-01", None, None],
        "band": ["5", "6", "5", None],
    }
)
CALENDAR = {"person": "id", "exit": "left", "entry": "joined", "observed_to": "2022-01-01"}


def _codes(error: pytest.ExceptionInfo) -> list[str]:
    return [problem.code for problem in error.value.problems]


# --- dates, delayed entry, the end of records ---------------------------------------------------------------------


def test_dates_become_exact_times_in_the_unit_and_those_still_there_are_censored():
    made = cohort(STAFF, **CALENDAR, reason="why", unit="days")
    assert made.start.tolist() == [0, 0, 0, 0]
    assert made.stop.tolist() == [366, 1096, 183, 671]
    assert made.causes == ("resigned", "retired")
    assert made.cause.tolist() == [1, 0, 2, 0]
    months = cohort(STAFF, **CALENDAR, reason="why")
    assert months.stop == pytest.approx(made.stop / 30.4375, rel=1e-15)
    assert cohort(STAFF, **CALENDAR, unit="years").stop == pytest.approx(made.stop / 365.25)


def test_who_was_there_before_the_records_is_at_risk_from_then_on():
    made = cohort(STAFF, **CALENDAR, observed_from="2020-02-01", unit="days")
    assert made.start.tolist() == [31, 396, 0, 0]
    assert made.counts()["at_risk"].tolist() == [3, 2, 2, 1]


def test_an_exit_after_the_end_of_records_is_no_event_and_those_never_seen_are_dropped_by_name_of_the_reason():
    made = cohort(STAFF, **{**CALENDAR, "observed_to": "2021-06-01"}, observed_from="2021-01-01", unit="days")
    assert list(made.people) == ["b", "d"]
    assert made.cause.tolist() == [0, 0]
    last = made.flow().iloc[-1]
    assert (last["n"], last["lost"]) == (2, 2)
    assert last["reason"] == "gone before the records begin: 1; came after the records end: 1"


def test_an_origin_counts_time_from_itself_and_what_lies_before_is_not_counted():
    made = cohort(STAFF, **CALENDAR, origin="2020-02-01", unit="days")
    assert made.start.tolist() == [0, 0, 486, 29]
    assert made.stop.tolist() == [335, 700, 669, 700]


def test_who_leaves_on_the_day_of_entry_is_at_risk_for_half_a_day():
    staff = STAFF.assign(left=["2020-01-01", None, "2021-12-01", None])
    made = cohort(staff, **CALENDAR, unit="days")
    assert made.stop[0] == 0.5
    assert made.cause[0] == 1
    assert "half a day" in made.notes[0]


# --- what is an event ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "causes", "found"),
    [
        ({}, ("left",), [1, 0, 1, 1]),
        ({"reason": "why"}, ("moved", "retired"), [1, 0, 2, 0]),
        ({"event": "gone"}, ("left",), [1, 0, 0, 1]),
        ({"event": "gone", "reason": "why"}, ("moved", "retired", "unknown"), [1, 0, 0, 3]),
    ],
)
def test_an_event_decides_else_a_reason_else_an_exit(given, causes, found):
    staff = pd.DataFrame(
        {
            "id": range(4),
            "left": [3.0, None, 5.0, 7.0],
            "why": ["moved", None, "retired", " "],
            "gone": [True, False, False, True],
        }
    )
    made = cohort(staff, person="id", exit="left", observed_to=10, **given)
    assert made.causes == causes
    assert made.cause.tolist() == found
    assert made.stop.tolist() == [3, 10, 5, 7]


def test_unknown_is_no_cause_where_every_leaver_has_a_reason():
    staff = pd.DataFrame({"id": [1, 2], "left": [1.0, None], "why": ["moved", None], "gone": [1, 0]})
    made = cohort(staff, person="id", exit="left", event="gone", reason="why", observed_to=5)
    assert made.causes == ("moved",)


def test_not_stated_and_unknown_stay_levels_and_causes_of_their_own():
    staff = pd.DataFrame(
        {
            "id": range(3),
            "left": [1.0, 2.0, 3.0],
            "why": ["unknown", "moved", None],
            "gone": 1,
            "sex": ["not stated", "F", None],
        }
    )
    made = cohort(staff, person="id", exit="left", event="gone", reason="why", covariates=["sex"])
    assert made.leavers() == {"moved": 1, "unknown": 2}
    codes, labels = made.groups("sex")
    assert labels == ["F", "not stated"]
    assert codes.tolist() == [1, 0, -1]


# --- mentoring -------------------------------------------------------------------------------------------------------


def test_time_is_cut_where_mentoring_begins():
    made = cohort(STAFF, **CALENDAR, reason="why", mentored_from="mentor", unit="days")
    frame = made.spells()
    a, b = frame[frame["person"] == "a"], frame[frame["person"] == "b"]
    assert a[["start", "stop", "event", "mentored"]].to_numpy().tolist() == [[0, 182, 0, 0], [182, 366, 1, 1]]
    assert b[["start", "stop", "event", "mentored"]].to_numpy().tolist() == [[0, 396, 0, 0], [396, 1096, 0, 1]]
    assert made.ever_mentored().tolist() == [True, True, False, False]
    assert made.exposure_varies
    assert (frame["stop"] - frame["start"]).sum() == cohort(STAFF, **CALENDAR, unit="days").stop.sum()


def test_mentoring_that_began_before_the_records_holds_from_entry_and_on_the_day_of_leaving_never_held():
    staff = STAFF.assign(mentor=["2021-01-01", "2019-02-01", None, None])
    made = cohort(staff, **CALENDAR, observed_from="2020-01-01", mentored_from="mentor", unit="days")
    assert made.mentored.tolist() == [False, True, False, False]
    assert not made.exposure_varies


def test_counts_tell_entries_leavers_censored_and_those_who_moved_to_the_other_group():
    made = cohort(STAFF, **CALENDAR, reason="why", mentored_from="mentor", unit="days")
    table = made.counts("mentored")
    for _, group in table.groupby("group"):
        gone = group[["resigned", "retired", "censored", "moved"]].sum(axis=1)
        assert (
            group["at_risk"].diff().fillna(group["at_risk"].iloc[0]) == group["entered"] - gone.shift(fill_value=0)
        ).all()
    total = table[["resigned", "retired", "censored", "moved"]].sum()
    assert total.tolist() == [1, 1, 2, 2]
    whole = made.counts()
    assert whole["moved"].sum() == 0
    pd.testing.assert_frame_equal(whole, cohort(STAFF, **CALENDAR, reason="why", unit="days").counts())


def test_a_landmark_keeps_those_at_risk_and_classes_them_by_then():
    made = cohort(STAFF, **CALENDAR, reason="why", mentored_from="mentor", unit="days")
    later = made.landmark(182)
    assert list(later.people) == ["a", "b", "c", "d"]
    assert later.mentored.tolist() == [True, False, False, False]
    assert later.start.tolist() == [182] * 4
    assert later.stop.tolist() == [366, 1096, 183, 671]
    assert later.cause.tolist() == [1, 0, 2, 0]
    assert not later.exposure_varies
    assert list(made.landmark(183).people) == ["a", "b", "d"]
    assert made.landmark(183).flow().iloc[-1]["reason"] == "gone by 183 days: 1"
    with pytest.raises(EstimationError, match="nobody at risk"):
        made.landmark(5000)
    with pytest.raises(DataError):
        made.landmark(-1)


def test_groups_that_know_the_future_are_refused():
    people = pd.DataFrame({"id": range(40), "left": np.arange(1.0, 41)})
    people["mentor"] = np.where(people["id"] % 4 == 0, np.minimum(people["id"] / 2 + 0.5, people["left"]), np.nan)
    people["scheme"] = np.where(people["mentor"].notna(), "yes", "no")
    people["kind"] = np.where(people["mentor"].isna(), None, np.where(people["id"] > 20, "x", "y"))
    people["band"] = np.where(people["id"] % 3 == 0, "5", "6")
    made = cohort(people, person="id", exit="left", mentored_from="mentor", covariates=["scheme", "kind", "band"])
    for name in ("scheme", "kind"):
        with pytest.raises(ImmortalTimeError, match="landmark"):
            made.require_no_immortal_time([name])
        made.require_no_immortal_time([name], allow=True)
        with pytest.raises(ImmortalTimeError, match="landmark"):  # it still tells who is mentored after the landmark
            made.landmark(3).require_no_immortal_time([name])
        made.landmark(22).require_no_immortal_time([name])  # after the last start of mentoring it tells the past only
    made.require_no_immortal_time(["band", "mentored", "left"])


def test_who_was_mentored_without_since_when_is_refused_unless_it_holds_from_entry():
    staff = STAFF.assign(Mentee=[1, 1, 0, 0])
    with pytest.raises(ImmortalTimeError, match="since when"):
        cohort(staff, **CALENDAR, covariates=["Mentee"])
    made = cohort(staff, **CALENDAR, covariates=["Mentee"], mentored_from="entry")
    assert made.mentored.tolist() == [True, True, False, False]
    made.require_no_immortal_time(["Mentee"])
    with pytest.raises(DataError, match="DAT-003"):
        cohort(STAFF, **CALENDAR, mentored_from="entry")


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"left": ["2019-12-31", None, None, None]}, "DAT-002"),
        ({"left": ["01/02/2021", None, None, None]}, "DAT-004"),
        ({"left": ["2021-02-01", None, "20210201x", None]}, "DAT-004"),
        ({"left": [17.0, None, None, None]}, "DAT-007"),
        ({"mentor": ["2021-07-01", None, None, None]}, "DAT-002"),
        ({"joined": ["2020-01-01", None, "2021-06-01", "2020-03-01"]}, "DAT-009"),
        ({"joined": ["2020-01-01", "2199-01-01", "2021-06-01", "2020-03-01"]}, "DAT-002"),
        ({"id": ["a", None, "c", "d"]}, "DAT-009"),
        ({"id": ["a", "a", "c", "d"]}, "DAT-010"),
    ],
)
def test_bad_rows_are_refused_with_their_place(change, code):
    with pytest.raises(DataError) as error:
        cohort(STAFF.assign(**change), **CALENDAR, mentored_from="mentor")
    assert code in _codes(error)
    assert "row" in str(error.value) or code == "DAT-007"


def test_all_problems_are_told_at_once():
    staff = STAFF.assign(
        left=["x", None, None, None], joined=["y", "z", "2020-01-01", "2020-01-01"], id=["a", None, "c", "d"]
    )
    with pytest.raises(DataError) as error:
        cohort(staff, **CALENDAR)
    assert sorted(_codes(error)) == ["DAT-004", "DAT-004", "DAT-009"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"exit": "gone"}, "DAT-003"),
        ({"unit": "fortnights"}, "DAT-006"),
        ({"observed_to": None}, "DAT-009"),
        ({"observed_to": "soon"}, "DAT-003"),
        ({"weight": "w"}, "DAT-002"),
        ({"observed_from": "2023-01-01", "observed_to": "2024-01-01", "exit": "gone_all"}, "DAT-018"),
    ],
)
def test_bad_arguments_are_refused(given, code):
    staff = STAFF.assign(w=[1, -1, 0, 2], gone_all="2022-01-01")
    with pytest.raises(DataError) as error:
        cohort(staff, **{**CALENDAR, **given})
    assert code in _codes(error)


def test_numeric_times_of_no_length_are_refused_and_empty_frames_too():
    with pytest.raises(DataError, match="no length"):
        cohort(pd.DataFrame({"id": [1, 2], "left": [0.0, 3.0]}), person="id", exit="left")
    with pytest.raises(DataError, match="DAT-018"):
        cohort(STAFF.head(0), **CALENDAR)


def test_a_person_may_come_back_but_not_be_twice_at_once():
    staff = pd.DataFrame({"id": ["a", "a"], "on": [0.0, 20.0], "off": [10.0, 30.0]})
    made = cohort(staff, person="id", exit="off", entry="on")
    assert made.n_people == 1
    assert made.leavers() == {"left": 2}
    with pytest.raises(DataError, match="overlap"):
        cohort(staff.assign(on=[0.0, 9.0]), person="id", exit="off", entry="on")


# --- rows that are spells ------------------------------------------------------------------------------------------


def test_spells_come_in_as_they_are():
    rows = pd.DataFrame(
        {
            "id": [2, 1, 1],
            "t0": [0.0, 5.0, 0.0],
            "t1": [7.0, 9.0, 5.0],
            "end": [0, 1, 0],
            "ment": [0, 1, 0],
            "band": ["x", "z", "y"],
        }
    )
    made = cohort_from_spells(
        rows, person="id", start="t0", stop="t1", event="end", exposed="ment", covariates=["band"]
    )
    assert made.exposure_varies
    assert made.spells()["band"].tolist() == ["x", "y", "z"]
    assert made.counts()[["time", "at_risk", "left", "censored"]].to_numpy().tolist() == [[7, 2, 0, 1], [9, 1, 1, 0]]
    assert made.landmark(5).mentored.tolist() == [False, True]
    for wrong in ({"t1": [7.0, 9.0, 6.0]}, {"t1": [0.0, 9.0, 5.0]}, {"t0": [np.nan, 5.0, 0.0]}):
        with pytest.raises(DataError, match="row"):
            cohort_from_spells(rows.assign(**wrong), person="id", start="t0", stop="t1", event="end")


def test_causes_of_spells_may_be_texts():
    rows = pd.DataFrame({"id": [1, 2], "t0": [0, 0], "t1": [3, 4], "end": ["moved", None]})
    made = cohort_from_spells(rows, person="id", start="t0", stop="t1", event="end")
    assert made.leavers() == {"moved": 1}


def test_times_that_differ_by_rounding_error_are_tied():
    staff = pd.DataFrame(
        {"id": list("abc"), "exit": [0.1 + 0.2, 0.3, 0.5], "entry": 0.0, "from": [np.nan, np.nan, 0.1]}
    )
    made = cohort(staff, person="id", exit="exit", entry="entry", origin="entry", mentored_from="from")
    assert made.stop[made.last()].tolist() == [0.3, 0.3, 0.5]
