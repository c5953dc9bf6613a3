"""Synthetic data of other programmes on other platforms: read back whole, with the planted answers in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from evalkit.programmes import load_programme
from evalkit.programmes.folder_checking import answerable
from evalkit.programmes.folder_reading import read_folder
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_writing import new_folder
from evalkit.programmes.simulated_people import is_white
from evalkit.programmes.simulated_records import Planted, simulate_records
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
    assert placed[white].mean() / placed[~white].mean() == pytest.approx(planted.access, rel=0.01)
    met = np.array(list(made.doses["meetings"].values()))
    assert met.mean() / 6 == pytest.approx(planted.attendance, abs=0.01)
    staff = made.tables["staff"]
    joined = staff[staff["programme_from"] != ""].astype({"programme_from": "datetime64[ns]"})
    ended = joined["left"].where(joined["left"] != "", joined["observed_to"]).astype("datetime64[ns]")
    years = (ended - joined["programme_from"]).dt.days.sum() / 365.25
    rate = (joined["left"] != "").sum() / years
    expected = planted.rates.leaving * planted.rates.hazard_ratio
    assert rate == pytest.approx(expected, abs=3 * expected / np.sqrt(rate * years))


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
