"""Synthetic data of other programmes on other platforms: read back whole, with the planted answers in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recovery.programme_figures import evidence_of, folder_of

from evalkit.programmes import load_programme
from evalkit.programmes.folder_checking import answerable
from evalkit.programmes.folder_reading import read_folder
from evalkit.programmes.folder_simulation import _day_zero, simulate_folder, simulated_data
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.records_complete import in_records
from evalkit.programmes.simulated_answers import Effects
from evalkit.programmes.simulated_people import is_white
from evalkit.programmes.simulated_records import (
    Planted,
    SimulatedRecords,
    day_of_each,
    simulate_records,
    still_there,
)
from evalkit.scoring import score


@pytest.mark.parametrize(
    ("programme", "platform", "people"),
    [
        ("edi-improvement-plan", "limesurvey", 200),
        ("returners", "qualtrics", 6),
        ("looking-after-you-too-coaching", "xlsform", 6),
        ("leadership-development", "redcap", 6),
        ("staff-development", "surveyjs", 6),
        ("looking-after-you-too-coaching", "html", 2),
        ("looking-after-you-too-coaching", "word", 2),
    ],
)
def test_what_is_simulated_reads_back(programme: str, platform: str, people: int, tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "folder", programme, "University of X", platform)
    truth = simulate_folder(folder, people, seed=5)
    data = read_folder(folder)
    assert not data.missing
    assert data.synthetic
    assert all(one.can for one in answerable(folder, data))
    assert np.isfinite(truth["value"]).mean() > 0.9
    known = {one.id for one in folder.programme.questions}
    assert set(truth["question"]) <= known | {""}
    for use in folder.programme.instruments:
        instrument = folder.instruments[use.instrument]
        if instrument.scales and (use.id, use.asked[0]) in data.answers:
            assert len(score(data.answers[use.id, use.asked[0]], instrument)) > 0


def test_planted_records_hold_what_is_planted() -> None:
    programme = load_programme("return-to-work-mentoring")
    planted = Planted()
    made = simulate_records(programme, 2000, seed=2, zero=date(2024, 1, 8), planted=planted)
    people = made.people[made.people["role"] == "mentee"]
    applied = people[people["applied"].notna()]
    assert people["started"].notna().sum() == 2000
    white = is_white(applied["ethnicity"])
    placed = applied["matched"].notna()
    assert placed[white].mean() / placed[~white].mean() == pytest.approx(planted.access, rel=0.06)
    dose = next(one for one in programme.dose if one.id == "meetings")
    met = np.array([made.doses["meetings"][person] for person in made.started("mentee")])
    there = still_there(programme, planted, day_of_each(dose))
    assert met.mean() == pytest.approx(planted.attendance * there.sum(), abs=0.08)
    staff = made.tables["staff"]
    joined = staff[staff["programme_from"] != ""].astype({"programme_from": "datetime64[ns]"})
    ended = joined["left"].where(joined["left"] != "", joined["observed_to"]).astype("datetime64[ns]")
    years = (ended - joined["programme_from"]).dt.days.sum() / 365.25
    rate = (joined["left"] != "").sum() / years
    expected = planted.rates.leaving * planted.rates.hazard_ratio
    assert rate == pytest.approx(expected, abs=3 * expected / np.sqrt(rate * years))


def test_a_promotion_is_to_the_next_band() -> None:
    made = simulate_records(load_programme("bme-executive-mentoring"), 60, seed=1, zero=date(2022, 1, 10))
    staff = made.tables["staff"]
    promoted = staff[staff["promoted"] != ""]
    above = dict(pairwise(["Band 5", "Band 6", "Band 7", "Band 8a", "Band 8b", "Band 8c"]))
    assert list(promoted["band_promoted"]) == [above[band] for band in promoted["band"]]
    assert set(promoted["band"]) == set(above)
    assert set(staff.loc[staff["promoted"] == "", "band_promoted"]) == {""}


@pytest.mark.parametrize("programme", ["bme-executive-mentoring", "return-to-work-mentoring", "returners"])
def test_all_who_started_are_in_the_simulated_records_of_service(programme: str, tmp_path: Path) -> None:
    evidence, _ = evidence_of(folder_of(programme, tmp_path), 24, 1)
    for outcome in evidence.programme.outcomes:
        if str(outcome.column).startswith("staff."):
            there, started = in_records(evidence, outcome)
            assert there == started > 10


def test_planted_changes_stand_in_the_truth(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "folder", "looking-after-you-too-coaching", "University of X", "word")
    truth = simulate_folder(folder, 400, seed=4)
    data = read_folder(folder)
    people = data.participants.set_index("person")["role"].astype(str)
    question = next(one for one in folder.programme.questions if one.estimator == "wave_change")
    rows = truth[(truth["question"] == question.id) & (truth["term"] == "after - before")]
    assert len(rows)
    for row in rows.to_dict("records"):
        outcome = folder.programme.outcomes_by_id[row["about"]]
        use = folder.programme.uses_by_id[outcome.use or ""]
        instrument = folder.instruments[use.instrument]
        scores = {
            wave: score(data.answers[use.id, wave], instrument)
            .assign(person=data.answers[use.id, wave]["person"])
            .set_index("person")[outcome.scale]
            for wave in ("before", "after")
        }
        change = (scores["after"] - scores["before"]).dropna()
        change = change[people.loc[change.index] == row["role"]]
        assert change.mean() == pytest.approx(row["value"], abs=3.5 * change.std() / np.sqrt(len(change)))


PROGRAMMES = ("return-to-work-mentoring", "bme-executive-mentoring", "university-staff-mentoring", "returners")


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_records_tell_one_story(programme: str) -> None:
    made = simulate_records(load_programme(programme), 60, seed=3, zero=date(2022, 1, 10))
    people = made.tables["participants"]
    days = people.set_index("person")[["invited", "applied", "matched", "started"]]
    reached = days[days["started"] != ""].astype("datetime64[ns]")
    assert (reached.diff(axis=1).iloc[:, 1:] > np.timedelta64(0)).all(axis=None)
    ended = people[(people["completed"] != "") | (people["withdrew"] != "")]
    assert ((ended["completed"] == "") ^ (ended["withdrew"] == "")).all()
    assert ((people["withdrew"] == "") == (people["withdrew_why"] == "")).all()
    staff = made.tables["staff"].set_index("person")
    both = [person for person in reached.index if person in staff.index]
    left = staff.loc[both, "left"].astype("datetime64[ns]")
    done = people.set_index("person").loc[both, "completed"].astype("datetime64[ns]")
    assert not (done > left).any()
    last = max(frame.loc[frame[name] != "", name].max() for frame, name in _dates(made))
    assert last <= staff["observed_to"].max() == "2025-01-09"


def _dates(made: SimulatedRecords) -> list[tuple[pd.DataFrame, str]]:
    of_day = r"\d{4}-\d\d-\d\d"
    return [
        (frame, name)
        for frame in made.tables.values()
        for name in frame.columns
        if len(frame) and frame[name].astype(str).str.fullmatch(of_day).any()
    ]


def test_both_people_of_a_pair_start_and_end_together_and_no_meeting_follows() -> None:
    made = simulate_records(load_programme("return-to-work-mentoring"), 80, seed=4, zero=date(2022, 1, 10))
    people, pairs = made.tables["participants"].set_index("person"), made.tables["pairs"]
    for name in ("started", "completed", "withdrew"):
        assert (people.loc[pairs["mentor"], name].to_numpy() == people.loc[pairs["mentee"], name].to_numpy()).all()
    assert 0.65 < (pairs["ended_why"] == "as planned").mean() < 0.92
    meetings = made.tables["meetings"].merge(pairs[["pair", "ended", "ended_why"]])
    early = meetings[(meetings["ended_why"] != "as planned") & (meetings["met"] != "")]
    assert len(early)
    assert (early["met"] <= early["ended"]).all()


def test_people_come_back_from_leave_after_they_entered_and_before_they_start() -> None:
    made = simulate_records(load_programme("return-to-work-mentoring"), 80, seed=4, zero=date(2022, 1, 10))
    staff = made.tables["staff"]
    entered, returned = (staff[name].astype("datetime64[ns]") for name in ("entered", "returned"))
    assert ((returned - entered).dt.days > 56).all()
    joined = staff["programme_from"] != ""
    assert joined.sum() == 80
    wait = staff.loc[joined, "programme_from"].astype("datetime64[ns]") - returned[joined]
    assert wait.dt.days.between(3, 21).all()


def test_those_who_were_invited_are_among_the_eligible() -> None:
    made = simulate_records(load_programme("return-to-work-mentoring"), 40, seed=4, zero=date(2022, 1, 10))
    eligible = made.tables["eligible"].set_index(["characteristic", "level"])["eligible"].astype(int)
    invited = made.tables["participants"].query("invited != ''")
    assert eligible["all", "all"] > 3 * len(invited)
    for kind in ("ethnicity", "sex", "disability", "age_band"):
        counts = invited[kind].replace("", "not stated").value_counts()
        assert (eligible[kind].reindex(counts.index) >= counts).all()
        assert eligible[kind].sum() == eligible["all", "all"]


def test_a_start_that_is_too_late_moves_back_by_whole_years(tmp_path: Path) -> None:
    known = folder_of("returners", tmp_path)
    folder = replace(known, settings=replace(known.settings, start=date(2026, 3, 2)))
    assert _day_zero(folder, date(2026, 11, 22)) == date(2023, 3, 2)
    assert _day_zero(folder, date(2030, 1, 1)) == date(2026, 3, 2)


def test_people_say_of_their_pair_what_the_records_hold(tmp_path: Path) -> None:
    folder = folder_of("bme-executive-mentoring", tmp_path)
    made = simulated_data(folder, 60, seed=2)
    frame = made.answers["mentee_relationship"].frames["end_point"]
    people = made.tables["data/participants.csv"].set_index("person")
    gone = people.loc[frame["person_code"], "withdrew"].to_numpy() != ""
    assert gone.sum() > 3
    assert set(frame["pair_state"][gone]) <= {"ended_early", "never_met"}
    assert set(frame["pair_state"][~gone]) == {"finished"}
    mid = made.answers["mentee_relationship"].frames["mid_point"]["pair_state"]
    assert (mid == "going_on").mean() > 0.7


def test_those_who_stood_low_are_lost_more_often(tmp_path: Path) -> None:
    folder = folder_of("looking-after-you-too-coaching", tmp_path)
    effects = Effects(lost=0.3, lost_slope=-1.5)
    made = simulated_data(folder, 500, seed=2, effects=effects)
    frames, code = made.answers["coaching"].frames, "person_code"
    first = score(frames["before"], folder.instruments["coaching-three-sessions"]).mean(axis=1)
    stayed = frames["before"][code].isin(set(frames["after"][code])).to_numpy()
    assert first[stayed].mean() > first[~stayed].mean() + 0.1
