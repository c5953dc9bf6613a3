"""Means, spreads and losses worked out by quadrature, held against a large simulated population."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.instruments import form_at, load_instrument
from evalkit.programmes.simulated_scores import item_law, population, score_law
from evalkit.scoring import score
from evalkit.simulate.waves import simulate_waves

LOST, SLOPE, GAIN = 0.3, -1.0, 0.6
SCALE = "wellbeing_scale"


@pytest.fixture(scope="module")
def both() -> tuple[np.ndarray, np.ndarray]:
    """Scores before and after, of those who answered both times."""
    instrument = load_instrument("return-to-work-transition")
    made = simulate_waves(
        instrument, 6000, waves=["before", "after"], gains={"after": GAIN}, lost=LOST, lost_slope=SLOPE, seed=3
    )
    people = made.people.dropna()
    columns = []
    for wave in ("before", "after"):
        scored = score(made.answers[wave], instrument)[SCALE]
        columns.append(scored.set_axis(made.answers[wave]["respondent"]).loc[people[wave]].to_numpy(float))
    known = ~np.isnan(columns).any(axis=0)
    return columns[0][known], columns[1][known]


def test_scores_of_those_who_answered_twice_are_as_worked_out(both: tuple[np.ndarray, np.ndarray]) -> None:
    form = form_at(load_instrument("return-to-work-transition"), "before")
    law, people = score_law(form.scales_by_id[SCALE]), population(len(form.scales), LOST, SLOPE, 0.0, 1)
    expected = people.mean(law.mean(people.first)), people.mean(law.mean(people.later + GAIN))
    for seen, mean in zip(both, expected, strict=True):
        assert seen.mean() == pytest.approx(mean, abs=3.5 * seen.std() / np.sqrt(len(seen)))
    variance = people.mean(law.square(people.first)) - expected[0] ** 2
    assert both[0].var() == pytest.approx(variance, rel=0.06)
    shared = people.mean(law.mean(people.first) * law.mean(people.later + GAIN)) - expected[0] * expected[1]
    assert np.cov(*both)[0, 1] == pytest.approx(shared, rel=0.1)
    reaching = people.mean(law.at_least(4)(people.later + GAIN))
    assert (both[1] >= 4).mean() == pytest.approx(reaching, abs=0.03)
    # Those who stood low are lost: the mean before lies above the middle, which nobody planted.
    assert expected[0] > 3.05


def test_a_law_adds_up_and_an_item_that_is_turned_round_runs_the_other_way() -> None:
    scale = form_at(load_instrument("return-to-work-transition"), "before").scales_by_id["attachment_scale"]
    law = score_law(scale)
    factor = np.array([-1.0, 0.0, 2.0])
    assert law.spread(factor).sum(axis=1) == pytest.approx([1, 1, 1])
    assert law.mean(factor)[1] == pytest.approx(3, abs=1e-6)
    turned = item_law(scale, next(iter(scale.reverse)))
    straight = item_law(scale, next(name for name in scale.items if name not in scale.reverse))
    assert turned.mean(factor) == pytest.approx(6 - straight.mean(factor))
    assert law.mean(factor) == pytest.approx(straight.mean(factor), abs=1e-6)


def test_what_a_pair_has_in_common_widens_the_spread_and_is_the_same_at_both_waves() -> None:
    people = population(5, 0.0, 0.0, 0.5, 0)
    total = people.first + people.common
    assert people.mean(total**2) == pytest.approx(1.5)
    assert people.mean(people.common**2) == pytest.approx(0.5)
    assert people.mean(people.first * people.later) == pytest.approx(0.7)
