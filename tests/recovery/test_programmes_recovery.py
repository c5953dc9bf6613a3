"""The key figures of all nine reports on synthetic data hold the planted truth; a sign error would show."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recovery import programmes_study as study
from recovery.programme_figures import Figure, figures, folder_of

from evalkit.change.means import mean_change
from evalkit.programmes import answering_change, load_programme
from evalkit.programmes.simulated_truth import WITHOUT_TRUTH
from evalkit.result import Estimates

SEED = 1
PEOPLE = {"edi-improvement-plan": 400}
MANY = 100
# Key figures of the programme of a whole organisation that are held against nothing, and why.
NOT_KNOWN = (
    (r"progress: .*: share, all", "of all groups together, which the truth of the workforce gives apart"),
    (r"progress: (parity_upper|parity_senior): parity, BME", "of several bands together, which the truth gives apart"),
    (r"progress: shortlisted_gap: gap, BME", "the truth gives the parity, in another question"),
    (r"progress: recruitment_(apprentice|graduate)", "the truth gives both together, in another question"),
    (r"(progress|vacancies): .*", "vacant posts are a fixed share of posts, without chance"),
    (r"wres: (1: gap, .*|9: gap, white)", "the truth gives BME staff, the others being white or not stated"),
    (r"turnover: leaver rate, headcount, not stated", "the truth gives the groups that are watched"),
)


@cache
def drawn(programme: str, where: str) -> tuple[Figure, ...]:
    return tuple(figures(folder_of(programme, Path(where)), PEOPLE.get(programme, MANY), SEED))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programmes")


@pytest.mark.parametrize("programme", study.PROGRAMMES)
def test_key_figures_hold_the_planted_truth(programme: str, scratch: Path) -> None:
    known = [one for one in drawn(programme, str(scratch / programme)) if one.known]
    assert len(known) > 20
    assert [one for one in known if one.strays] == []
    assert np.mean([one.covers for one in known]) > 0.85


@pytest.mark.parametrize("programme", study.PROGRAMMES)
def test_every_key_figure_has_a_truth_or_a_reason(programme: str, scratch: Path) -> None:
    estimators = {one.id: one.estimator for one in load_programme(programme).questions}
    for one in drawn(programme, str(scratch / programme)):
        told = f"{one.question}: {one.term}" + (f", {one.group}" if one.group else "")
        reason = WITHOUT_TRUTH.get(estimators[one.question]) or next(
            (why for pattern, why in NOT_KNOWN if re.fullmatch(pattern, told)), ""
        )
        assert reason or not np.isnan(one.truth), told


def test_a_sign_error_would_be_found(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(frame: pd.DataFrame, **given: object) -> Estimates:
        right = mean_change(frame, **given)  # type: ignore[arg-type]
        rows = right.tidy()
        rows["estimate"], low, high = -rows["estimate"], -rows["conf_high"], -rows["conf_low"]
        rows["conf_low"], rows["conf_high"] = low, high
        return Estimates(rows, right.method)

    monkeypatch.setitem(answering_change._OF_PEOPLE, "mean_change", turned)
    found = figures(folder_of("staff-development", scratch / "turned"), MANY, SEED)
    assert {one.about for one in found if one.known and one.strays} == {"heard", "support", "morale"}


@pytest.mark.parametrize("programme", study.PROGRAMMES)
def test_the_committed_study_is_of_this_code_and_as_expected(programme: str) -> None:
    kept = study.committed()
    kept = kept[kept["programme"] == programme]
    assert set(kept["people"].astype(int)) == set(study.sizes_of(programme)), "run make recovery"
    assert set(kept["code"]) == {study.code_of(programme)}, "the code has changed since: run make recovery"
    for people, runs in study.sizes_of(programme).items():
        rows = kept[kept["people"].astype(int) == people]
        assert set(rows["runs"].astype(int)) == {runs}
        assert (rows["question"] == study.ALL).sum() == 1
    assert kept[kept["as_expected"].astype(str) != "True"].to_dict("records") == []


def test_too_few_intervals_that_hold_the_truth_are_found() -> None:
    def one(low: float) -> Figure:
        return Figure("q", "a", "r", "after - before", "", low + 1, low, low + 2, 0.5)

    key = one(0).key
    assert study._judged(key, [one(0.0)] * 36 + [one(1.0)] * 4, 40)["as_expected"] is True
    assert study._judged(key, [one(0.0)] * 28 + [one(1.0)] * 12, 40)["as_expected"] is False
    assert study._together([0.95, 0.94, 0.97, 0.93], 100)["as_expected"] is True
    assert study._together([0.85, 0.84, 0.87, 0.83], 100)["as_expected"] is False
