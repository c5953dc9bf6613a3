"""Synthetic answers are those of the model that they come from, and the file in data/ is made by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import norm

from evalkit.errors import DataError, InstrumentError
from evalkit.files import csv_text
from evalkit.instruments import Instrument, read_library
from evalkit.instruments.library import load_instrument
from evalkit.measurement import reliability
from evalkit.scoring import score
from evalkit.simulate import simulate_survey

RETURN = load_instrument("return-to-work-transition")


def test_the_synthetic_file_is_made_by_the_simulation(project: Path) -> None:
    made = simulate_survey(RETURN, 60, wave="after", seed=20261121)
    file = project / "data" / "synthetic" / "return-to-work-after.csv"
    assert csv_text(made.responses) == file.read_text(encoding="utf-8")


def test_the_planted_mean_and_reliability_come_back() -> None:
    made = simulate_survey(RETURN, 20_000, wave="after", seed=1, means={"attachment_scale": 0.5}, skipped=0.0)
    scores = score(made.responses, RETURN)
    # Each answer is 1 plus the number of cuts, 0.8 standard deviations apart, that its normal variable passes.
    expected = 1 + sum(norm.sf(cut * 0.8, loc=0.7 * 0.5) for cut in (-1.5, -0.5, 0.5, 1.5))
    assert scores["attachment_scale"].mean() == pytest.approx(expected, abs=0.02)
    assert scores["identity_scale"].mean() == pytest.approx(3, abs=0.03)
    alpha = reliability(made.responses, RETURN).tidy().query("term == 'alpha' and group == 'identity_scale'")
    planted = 4 * 0.49 / (1 + 3 * 0.49)
    assert planted - 0.05 < alpha["estimate"].item() < planted
    assert made.means["attachment_scale"] == 0.5


@pytest.mark.parametrize("instrument", read_library(), ids=lambda one: one.id)
def test_every_form_of_the_library_can_be_answered(instrument: Instrument) -> None:
    for wave in (one.id for one in instrument.waves if one.asked_with is None):
        made = simulate_survey(instrument, 5, wave=wave, seed=2)
        assert len(made.responses) == 5


def test_a_seed_gives_the_same_answers_and_another_one_others() -> None:
    one, again, other = (simulate_survey(RETURN, 30, wave="after", seed=seed).responses for seed in (3, 3, 4))
    assert one.equals(again)
    assert not one.equals(other)


@pytest.mark.parametrize("change", [{"n": 0}, {"n": 2.5}, {"loading": 1.5}, {"skipped": -0.1}])
def test_bad_numbers_are_refused(change: dict[str, float]) -> None:
    arguments: dict[str, object] = {"n": 5, "loading": 0.7, "skipped": 0.0, **change}
    n = arguments.pop("n")
    with pytest.raises(DataError):
        simulate_survey(RETURN, n, wave="after", seed=1, **arguments)  # type: ignore[arg-type]


def test_an_unknown_wave_is_refused() -> None:
    with pytest.raises(InstrumentError, match="INS-023"):
        simulate_survey(RETURN, 5, wave="later", seed=1)
