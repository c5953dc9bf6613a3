"""Messy exports: what cannot be right is refused with its rows, all at once; what is only untidy is read."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError, EvalkitError
from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.curves import survival_curve

STAFF = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "joined": ["2020-01-01", "2019-01-01", "2021-06-01", "2020-03-01"],
        "left": ["2021-01-01", None, "2021-12-01", None],
        "mentor": ["2020-07-01", "2020-02-01", None, None],
        "band": ["5", "6", "5", None],
    }
)
CALENDAR = {"person": "id", "exit": "left", "entry": "joined", "observed_to": "2022-01-01"}
SPELLS = pd.DataFrame({"p": range(6), "s": 0.0, "e": [3.0, 5, 4, 6, 7, 8], "ev": [0, 1, 0, 0, 1, 1]})
ROWS = {"person": "p", "start": "s", "stop": "e", "event": "ev"}


def _told(given) -> list[tuple[str, str]]:
    with pytest.raises(EvalkitError) as error:
        given()
    return [(problem.code, f"{problem.place}: {problem.found} {problem.remedy}") for problem in error.value.problems]


def _one(given, code: str, *words: str) -> None:
    (problem,) = _told(given)
    assert problem[0] == code
    for word in words:
        assert word in problem[1]


# --- the event of spells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "rows"),
    [
        ([0, 1, 2, 0, 1, 2], "rows 3, 6"),
        ([0, 1, 7, 0, 1, 1], "row 3"),
        ([0, 1, np.nan, 0, 1, 1], "row 3"),
        (["0", "retired", "0", "moved", None, ""], "rows 1, 3"),
        (["0", "1", "2", "0", "1", "2"], "rows 1, 2, 4, 5"),
        ([True, False, None, True, False, True], "row 3"),
        (["yes", "no", "retired", "no", "yes", "no"], "rows 1, 2, 4, 5, 6"),
    ],
)
def test_an_event_of_spells_is_yes_or_no_or_causes_and_never_both(event, rows):
    _one(lambda: cohort_from_spells(SPELLS.assign(ev=event), **ROWS), "DAT-004", "column ev", rows)


@pytest.mark.parametrize(
    ("event", "left"),
    [
        ([0, 1, 0, 0, 1, 1], {"left": 3}),
        (["N", "Y", "n", "no", "y", "Yes"], {"left": 3}),
        (["1.0", "0.0", "0.0", "0.0", "1.0", "1.0"], {"left": 3}),
        ([None, "moved", " ", "", "retired", "moved "], {"moved": 2, "retired": 1}),
        ([None, None, None, None, None, None], {}),
    ],
)
def test_an_event_of_spells_that_is_clear_is_read(event, left):
    assert cohort_from_spells(SPELLS.assign(ev=event), **ROWS).leavers() == left


def test_an_event_may_be_y_or_n():
    staff = pd.DataFrame({"id": [1, 2], "left": [3.0, 4.0], "gone": ["Y", "N"]})
    assert cohort(staff, person="id", exit="left", event="gone").cause.tolist() == [1, 0]


# --- times that are no times -----------------------------------------------------------------------------------------


def _on(monkeypatch, day: str) -> None:
    days = float((dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days)
    monkeypatch.setattr("evalkit.retention.row_checks.today", lambda: days)


@pytest.mark.parametrize("argument", ["observed_to", "observed_from"])
def test_records_cannot_end_or_begin_after_today(argument, monkeypatch):
    _on(monkeypatch, "2022-06-30")
    assert cohort(STAFF, **{**CALENDAR, "observed_to": "2022-06-30"}).n_people == 4
    told = _told(lambda: cohort(STAFF, **{**CALENDAR, argument: "2022-07-01"}))
    assert told[0][0] == "DAT-002"
    assert f"{argument}: dates in the future (rows 1, 2, 3, 4)" in told[0][1]


def test_an_agreed_exit_may_lie_ahead_only_beyond_the_end_of_records(monkeypatch):
    _on(monkeypatch, "2022-06-30")
    staff = STAFF.assign(left=["2023-01-01", None, "2021-12-01", None])
    assert cohort(staff, **CALENDAR).cause.tolist() == [0, 0, 1, 0]
    told = _told(lambda: cohort(staff, **{**CALENDAR, "observed_to": "2023-06-30"}))
    assert [text.split(" (")[0] for _, text in told] == [
        "exit: dates in the future",
        "observed_to: dates in the future",
    ]


@pytest.mark.parametrize("far", ["9999-12-31", "2262-05-01", "9999-12-31T00:00:00", dt.date(9999, 12, 31)])
def test_a_date_that_stands_for_no_date_is_named_as_such(far):
    staff = STAFF.assign(left=pd.Series(["2021-01-01", far, "2021-12-01", None], dtype=object))
    _one(lambda: cohort(staff, **CALENDAR), "DAT-002", "dates after 2200 (row 2)", "leave the cell empty")
    stamps = STAFF.assign(left=np.array(["2021-01-01", "9999-12-31", "NaT", "NaT"], dtype="datetime64[s]"))
    _one(lambda: cohort(stamps, **CALENDAR), "DAT-002", "dates after 2200 (row 2)")
    _one(lambda: cohort(STAFF, **{**CALENDAR, "observed_to": far}), "DAT-002", "observed_to: dates after 2200")


def test_months_beside_full_dates_are_two_formats():
    staff = STAFF.assign(left=["2021-01-01", None, "2021-12", None])
    _one(lambda: cohort(staff, **CALENDAR), "DAT-004", "months without a day beside full dates (row 3)")
    months = STAFF.assign(left=["2021-01", None, "2021-12", None])
    assert cohort(months, **CALENDAR, unit="days").stop[0] == 366


def test_dates_with_an_offset_are_the_days_that_are_written():
    left = ["2021-01-01T00:30:00Z", None, "2021-12-01T00:30:00+01:00", None]
    made = cohort(STAFF.assign(left=left), **CALENDAR, unit="days")
    assert made.stop.tolist() == [366, 1096, 183, 671]
    assert cohort(STAFF, **{**CALENDAR, "observed_to": "2022-01-01T00:30:00+01:00"}, unit="days").stop[1] == 1096


def test_one_wrong_value_is_told_in_the_singular():
    _one(
        lambda: cohort(STAFF.assign(left=["1/2/21", None, None, None]), **CALENDAR),
        "DAT-004",
        "a value that is neither a date nor a number (row 1)",
    )


@pytest.mark.parametrize(
    ("entry", "exit_", "words"),
    [
        ([43831, 44000, 43900], [44197, 44200, 44300], "the dates of a spreadsheet"),
        ([20200101, 20200301, 20210601], [20210101, 20211201, 20211201], "year, month and day"),
        (["20200101", "20200301", "20210601"], ["20210101", "20211201", None], "year, month and day"),
    ],
)
def test_dates_in_disguise_are_recognised(entry, exit_, words):
    staff = pd.DataFrame({"id": [1, 2, 3], "on": entry, "off": exit_})
    told = _told(lambda: cohort(staff, person="id", entry="on", exit="off"))
    assert [code for code, text in told if words in text and "pandas.to_datetime" in text] == ["DAT-004", "DAT-004"]
    assert len(told) == 2
    again = _told(lambda: cohort(staff.assign(gone=1), person="id", entry="on", exit="off", event="gone"))
    assert again == told


def test_days_of_a_spreadsheet_are_right_where_the_unit_is_days_from_an_origin():
    staff = pd.DataFrame({"id": [1, 2], "on": [43831, 44000], "off": [44197, 44200]})
    made = cohort(staff, person="id", entry="on", exit="off", origin="on", unit="days")
    assert made.stop.tolist() == [366, 200]


def test_nobody_stays_for_more_than_a_hundred_years():
    staff = pd.DataFrame({"id": [1, 2, 3], "left": [12.0, 1300.0, 1200.0]})
    _one(lambda: cohort(staff, person="id", exit="left"), "DAT-002", "more than 100 years", "(row 2)", "unit=")
    assert cohort(staff, person="id", exit="left", unit="days").n_people == 3
    spells = SPELLS.assign(e=[3.0, 5, 4, 6, 7, 44197])
    _one(lambda: cohort_from_spells(spells, **ROWS), "DAT-002", "more than 100 years", "(row 6)")


def test_spells_take_no_dates_and_say_what_to_do():
    dates = SPELLS.assign(s="2020-01-01", e="2021-01-01")
    told = _told(lambda: cohort_from_spells(dates, **ROWS))
    assert [code for code, _ in told] == ["DAT-004", "DAT-004"]
    assert "30.4375" in told[0][1]
    assert "cohort(" in told[0][1]
    stamps = SPELLS.assign(s=pd.Timestamp("2020-01-01"), e=pd.Timestamp("2021-01-01"))
    assert len(_told(lambda: cohort_from_spells(stamps, **ROWS))) == 2


# --- all at once -----------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_with_the_rows_is_told_at_once(monkeypatch):
    _on(monkeypatch, "2023-01-01")
    staff = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d", "d", "e"],
            "on": ["2020-01-01", "2099-01-01", "2020-01-01", "2020-01-01", "2020-02-01", "2020-01-01"],
            "off": ["2019-01-01", None, "2021-01-01", "2021-01-01", "2021-02-01", "31/12/2021"],
            "ment": [None, None, "2022-01-01", None, None, None],
            "w": [1, 1, 1, 1, 1, -1],
            "gone": [1, 0, 1, 1, 1, 3],
        }
    )
    given = {"person": "id", "entry": "on", "exit": "off", "observed_to": "2022-01-01", "mentored_from": "ment"}
    told = _told(lambda: cohort(staff, **given, event="gone", weight="w", covariates=["bnad"], unit="fortnights"))
    codes = sorted(code for code, _ in told)
    assert codes == sorted(
        ["DAT-006", "DAT-003", "DAT-004", "DAT-004", "DAT-002", "DAT-002", "DAT-002", "DAT-002", "DAT-010"]
    )
    whole = "\n".join(text for _, text in told)
    for part in ("overlap (row 5)", "below zero or without end (row 6)", "after leaving (row 3)", "future (row 2)",
                 "neither a date nor a number (row 6)", "neither yes nor no (row 6)", "before entry"):  # fmt: skip
        assert part in whole
    assert "(row 6)" not in next(text for _, text in told if "before entry" in text)


def test_rows_that_cannot_be_read_are_not_blamed_twice():
    staff = STAFF.assign(left=["x", None, "2021-12-01", None], joined=["2020-01-01", "y", "2021-06-01", "2020-03-01"])
    told = _told(lambda: cohort(staff, **{**CALENDAR, "observed_to": None}))
    assert [code for code, _ in told] == ["DAT-004", "DAT-004", "DAT-009"]
    assert "(row 4)" in told[2][1]


def test_everything_that_is_wrong_with_spells_is_told_at_once():
    rows = SPELLS.assign(
        p=[0, 0, None, 3, 4, 5],
        e=[3.0, 5, 4, 0, 7, 8],
        ev=[0, 1, 2, 0, 1, 1],
        w=[1, 1, 1, 1, 1, -1],
        x=[1, 0, 1, 0, 2, 0],
    )
    told = _told(lambda: cohort_from_spells(rows, **ROWS, weight="w", exposed="x"))
    assert sorted(code for code, _ in told) == ["DAT-002", "DAT-002", "DAT-004", "DAT-004", "DAT-009", "DAT-010"]


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (lambda: cohort([1, 2], person="id", exit="left"), "staff: list"),
        (lambda: cohort(STAFF, person="id", exit=None), "exit: None"),
        (lambda: cohort(STAFF, person=3, exit="left", entry="joined", observed_to="2022-01-01"), "person: 3"),
        (lambda: cohort(STAFF, **CALENDAR, covariates=5), "covariates: 5"),
        (lambda: cohort(STAFF, **CALENDAR, covariates=[None]), "covariates: None"),
        (lambda: cohort_from_spells(None, **ROWS), "spells: NoneType"),
        (lambda: cohort_from_spells(SPELLS, **{**ROWS, "event": None}), "event: None"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(given, place):
    _one(given, "DAT-009", place)


def test_a_missing_column_is_not_listed_as_one_that_is_there():
    with pytest.raises(DataError) as error:
        cohort(STAFF, **CALENDAR, covariates=["bnad"])
    (problem,) = error.value.problems
    assert "bnad" not in problem.expected
    assert "band" in problem.remedy


def test_a_single_text_is_one_covariate():
    assert cohort(STAFF, **CALENDAR, covariates="band").covariates.columns.tolist() == ["band"]
    rows = SPELLS.assign(band="5")
    assert cohort_from_spells(rows, **ROWS, covariates="band").covariates.columns.tolist() == ["band"]


# --- blanks ----------------------------------------------------------------------------------------------------------


def test_blanks_name_nobody_and_blanks_around_a_name_do_not_count():
    _one(lambda: cohort(STAFF.assign(id=["a", " ", "", "d"]), **CALENDAR), "DAT-009", "(rows 2, 3)")
    staff = STAFF.assign(id=["a", "b", "a ", "d"], joined=["2020-01-01", "2019-01-01", "2021-06-01", "2020-03-01"])
    made = cohort(staff, **CALENDAR)
    assert list(made.people) == ["a", "b", "d"]
    assert made.n_people == 3
    again = cohort(staff.assign(id=pd.Categorical(staff["id"])), **CALENDAR)
    assert list(again.people) == ["a", "b", "d"]


def test_a_level_of_blanks_is_missing_and_blanks_around_a_level_do_not_count():
    for band in (["b ", "a", "b", " "], pd.Categorical(["b ", "a", "b", " "], categories=["b ", " ", "b", "a"])):
        codes, labels = cohort(STAFF.assign(band=band), **CALENDAR, covariates=["band"]).groups("band")
        assert sorted(labels) == ["a", "b"]
        assert [labels[code] if code >= 0 else None for code in codes] == ["b", "a", "b", None]
    assert labels == ["b", "a"]  # the order of the categories that were given


def test_causes_that_differ_in_capitals_only_are_pointed_out():
    staff = pd.DataFrame({"id": [1, 2, 3], "left": [3.0, 4.0, 5.0], "why": ["Retired", "retired", "moved"]})
    made = cohort(staff, person="id", exit="left", reason="why")
    assert made.causes == ("Retired", "moved", "retired")
    assert "Retired, retired" in made.notes[0]
    assert any("Retired, retired" in text for text in survival_curve(made).method.assumptions)
    assert cohort(staff.assign(why="moved"), person="id", exit="left", reason="why").notes == ()


# --- going on elsewhere, and later -----------------------------------------------------------------------------------


def test_covariates_with_the_names_of_spells_are_kept_under_another():
    staff = pd.DataFrame({"id": [1, 2], "left": [3.0, 4.0], "event": ["x", "y"], "start": [7, 8], "covariate_start": 9})
    made = cohort(staff, person="id", exit="left", covariates=["event", "start", "covariate_start"]).spells()
    assert made["event"].tolist() == [1, 1]
    assert made["covariate_event"].tolist() == ["x", "y"]
    assert made["covariate_start"].tolist() == [9, 9]
    assert made["covariate_start_"].tolist() == [7, 8]


def test_a_landmark_after_a_landmark_is_taken_of_the_whole_cohort():
    staff = pd.DataFrame({"id": range(4), "left": [20.0, 20, 20, 20], "mentor": [2.0, 6.0, np.nan, np.nan]})
    made = cohort(staff, person="id", exit="left", mentored_from="mentor")
    early = made.landmark(3)
    with pytest.raises(EstimationError, match=r"cohort\.landmark\(8\)"):
        early.landmark(8)
    assert made.landmark(8).mentored.tolist() == [True, True, False, False]
    assert early.landmark(3).mentored.tolist() == [True, False, False, False]
    settled = cohort(staff.assign(mentor=[2.0, 3.0, np.nan, np.nan]), person="id", exit="left", mentored_from="mentor")
    assert settled.landmark(3).landmark(8).mentored.tolist() == [True, True, False, False]
    plain = cohort(staff, person="id", exit="left")
    assert plain.landmark(3).landmark(8).start.tolist() == [8.0] * 4
