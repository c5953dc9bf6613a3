"""Several waves of synthetic answers: the truth that is returned is the truth of the answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit import load_instrument, score
from evalkit.errors import DataError
from evalkit.simulate import simulate_waves

COURSE = load_instrument("mentee-training-days")
CODE = ["link_town", "link_day", "link_parent", "link_school"]


def _made(n: int = 4000, **more: object):
    given = {"gains": {"after": 0.5}, "seed": 3, "skipped": 0.0, **more}
    return simulate_waves(COURSE, n, waves=["before", "after"], **given)  # type: ignore[arg-type]


def _joined(made, wave: str) -> pd.DataFrame:
    """Put the answers of a wave into the order of the people."""
    return made.answers[wave].set_index("respondent").reindex(made.people[wave])


def test_scores_have_the_means_that_are_returned():
    made = _made(recalled=0.4)
    for wave in ("before", "after"):
        scores = score(made.answers[wave], COURSE)
        error = scores.std() / np.sqrt(len(scores))
        truth = made.means[wave].reindex(scores.columns)
        assert ((scores.mean() - truth).abs() < 4 * error).all()
    assert made.means.loc["knowledge_scale", "after"] > made.means.loc["knowledge_scale", "before"]
    assert made.means.loc["knowledge_scale_then", "after"] < 3
    assert made.means.loc["check_scale", "before"] == pytest.approx(50)


def test_the_same_people_answer_alike_in_both_waves():
    made = _made(stability=0.8)
    before, after = (score(_joined(made, wave), COURSE)["skill_scale"].to_numpy() for wave in ("before", "after"))
    strangers = score(_joined(_made(stability=0.0), "after"), COURSE)["skill_scale"].to_numpy()
    assert np.corrcoef(before, after)[0, 1] > 0.4
    assert abs(np.corrcoef(before, strangers)[0, 1]) < 0.1


def test_codes_agree_but_for_the_planted_errors():
    made = _made(code_errors=0.06)
    before, after = (_joined(made, wave)[CODE].reset_index(drop=True) for wave in ("before", "after"))
    wrong = (before != after).mean()
    assert ((wrong - 0.06).abs() < 4 * np.sqrt(0.06 * 0.94 / 4000)).all()
    same = _made()
    pd.testing.assert_frame_equal(*(_joined(same, wave)[CODE].reset_index(drop=True) for wave in ("before", "after")))


def test_people_are_lost_at_the_stated_rate_and_by_what_they_answered_before():
    made = _made(lost=0.3)
    assert made.people["before"].notna().all()
    assert made.people["after"].isna().mean() == pytest.approx(0.3, abs=0.03)
    assert len(made.answers["after"]) == made.people["after"].notna().sum()
    steep = _made(lost=0.3, lost_slope=1.5)
    before = score(_joined(steep, "before"), COURSE)["knowledge_scale"].to_numpy()
    gone = steep.people["after"].isna().to_numpy()
    assert before[gone].mean() > before[~gone].mean() + 0.1


def test_the_order_of_a_wave_tells_nothing_and_fixed_answers_stay_with_their_person():
    days = ["all", "none"] * 50
    made = simulate_waves(COURSE, 100, waves=["before", "after"], seed=1, fixed={"attended_day1": days})
    assert list(made.people["before"]) != list(made.people["after"])
    assert list(_joined(made, "after")["attended_day1"]) == days


def test_one_gain_a_person():
    gains = np.repeat([0.0, 1.0], 2000)
    made = _made(gains={"after": gains})
    after = score(_joined(made, "after"), COURSE)["knowledge_scale"].to_numpy()
    assert after[2000:].mean() - after[:2000].mean() > 0.5
    assert after.mean() == pytest.approx(made.means.loc["knowledge_scale", "after"], abs=0.05)


def test_the_same_seed_gives_the_same_answers():
    pd.testing.assert_frame_equal(_made(20).answers["after"], _made(20).answers["after"])
    assert not _made(20).answers["after"].equals(_made(20, seed=4).answers["after"])


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"lost": 1.2}, {"code_errors": "x"}, {"gains": {"after": [1.0, 2.0]}}, {"fixed": {"hope": ["a"]}}],
)
def test_bad_arguments_are_refused(wrong):
    given = {"n": 5, "waves": ["before", "after"], "seed": 1, **wrong}
    with pytest.raises(DataError):
        simulate_waves(COURSE, **given)
