"""Banded transition counts, and the figure that draws them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.transitions import transition_counts
from evalkit.errors import DataError
from evalkit.figures import flow, transitions

PEOPLE = pd.DataFrame({"x_before": [1, 2.3, 3, 5, 4, np.nan], "x_after": [1, 4, 3, 1, 5, 2]})


def test_every_pair_of_bands_has_a_row_and_together_they_count_the_complete_pairs():
    table = transition_counts(PEOPLE, pre="x_before", post="x_after", scale=(1, 5))
    assert len(table) == 9
    assert table["n"].sum() == 5
    grid = table.pivot(index="before", columns="after", values="n")
    low, middle, high = "low (under 2.33)", "middle (2.33 to under 3.67)", "high (3.67 or above)"
    assert grid.loc[low, low] == 1
    assert grid.loc[low, high] == 1
    assert grid.loc[middle, middle] == 1
    assert grid.loc[high, low] == 1
    assert grid.loc[high, high] == 1


def test_a_value_at_an_edge_belongs_to_the_band_above():
    table = transition_counts(PEOPLE, pre="x_before", post="x_after", edges=[3], labels=["no", "yes"])
    assert table.set_index(["before", "after"])["n"].to_dict() == {
        ("no", "no"): 1,
        ("no", "yes"): 1,
        ("yes", "no"): 1,
        ("yes", "yes"): 2,
    }


@pytest.mark.parametrize(
    "wrong",
    [{}, {"edges": [3, 2]}, {"edges": []}, {"edges": [3], "labels": ["one"]}, {"edges": [3], "labels": ["a", "a"]}],
)
def test_bands_that_cannot_be_made_are_refused(wrong):
    with pytest.raises(DataError, match="DAT-009"):
        transition_counts(PEOPLE, pre="x_before", post="x_after", **wrong)


def test_the_grid_says_withheld_where_a_count_is_missing():
    table = transition_counts(PEOPLE, pre="x_before", post="x_after", edges=[3], labels=["no", "yes"])
    table["n"] = table["n"].where(table["n"] > 1)
    drawn = [text.get_text() for text in transitions(table).texts]
    assert drawn == ["withheld", "withheld", "withheld", "2"]


def test_the_flow_draws_each_step_and_those_who_were_lost():
    steps = pd.DataFrame(
        {
            "step": ["invited", "answered before", "answered after", "linked", "linked"],
            "of": ["", "invited", "invited", "answered before", "answered before"],
            "n": [50, 40, 30, np.nan, np.nan],
            "lost": [0, 10, 20, np.nan, np.nan],
            "reason": ["", "no answer", "no answer", "no code", "code twice"],
        }
    )
    axes = flow(steps)
    drawn = [text.get_text() for text in axes.texts]
    assert "Invited\nn = 50" in drawn
    assert "lost 10: no answer" in drawn
    assert "Linked\nn withheld" in drawn
    assert not any("no code" in text for text in drawn)
    heights = {text.get_text().split("\n")[0]: text.get_position()[1] for text in axes.texts}
    assert heights["Answered before"] == heights["Answered after"] < heights["Linked"]
    with pytest.raises(DataError, match="DAT-003"):
        flow(steps[["step"]])
    with pytest.raises(DataError, match="DAT-007"):
        flow(steps.iloc[::-1])


def test_a_flow_without_origins_goes_straight_down():
    steps = pd.DataFrame({"step": ["a", "b"], "n": [3, 2], "lost": [0, 1], "reason": ["", "gone"]})
    assert "lost 1: gone" in [text.get_text() for text in flow(steps).texts]
