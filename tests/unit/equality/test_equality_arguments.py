"""Arguments of the equality indicators that would be misread in silence."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest

from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.survey_gaps import SmallPerCentWarning, survey_gap
from evalkit.errors import DataError

FUNNEL = pd.DataFrame({"group": ["white", "BME"], "n": [100, 50], "had": [20, 5]})
PAIR: dict[str, Any] = {"group": "group", "reference": "BME", "comparison": "white"}
RATIO: dict[str, Any] = {"outcome": "had", "total": "n"} | PAIR


@pytest.mark.parametrize("said", ["yes", 1, 0.0, [True]])
def test_whether_a_ratio_is_adverse_is_true_or_false(said: Any):
    with pytest.raises(DataError, match=r"DAT-009 adverse_above_one: .* expected True or False"):
        relative_likelihood(FUNNEL, adverse_above_one=said, **RATIO)
    bands = pd.DataFrame({"band": ["5", "7", "8a"] * 2, "group": ["white"] * 3 + ["BME"] * 3, "n": 50})
    with pytest.raises(DataError, match="DAT-009 adverse_above_one"):
        disparity_ratio(bands, group="group", band="band", counts="n", adverse_above_one=said)


def test_it_comes_with_all_other_problems():
    with pytest.raises(DataError) as caught:
        relative_likelihood(FUNNEL, adverse_above_one="yes", level=95, **(RATIO | {"outcome": "no"}))  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == ["DAT-002", "DAT-009", "DAT-003"]


@pytest.mark.parametrize("shares", [[0.2, 0.3], [1.0, 0.9], [1.0, 0.0], [0.5, None]])
def test_proportions_in_place_of_percentages_are_noticed(shares: list[float | None]):
    survey = FUNNEL.assign(share=shares, n=[100, 0 if shares[1] is None else 50])
    if shares[1] is None:
        survey = pd.concat([survey, FUNNEL.assign(share=0.4)], ignore_index=True)
    with pytest.warns(SmallPerCentWarning, match="share: no percentage is above 1; if these are proportions"):
        survey_gap(survey, per_cent="share", answered="n", **PAIR)


@pytest.mark.parametrize("shares", [[20.0, 30.0], [0.4, 1.1], [0.0, 0.0]])
def test_percentages_are_not(shares: list[float]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        survey_gap(FUNNEL.assign(share=shares), per_cent="share", answered="n", **PAIR)


@pytest.mark.parametrize("column", ["financial_year", "Financial year", "Year", "survey_year", "snapshot"])
def test_several_years_are_not_added_together_in_silence(column: str):
    both = pd.concat([FUNNEL.assign(**{column: year}) for year in ("2020/21", "2021/22")], ignore_index=True)
    with pytest.raises(DataError, match=rf"DAT-007 data, column {column}: 2 values, 2020/21 to 2021/22"):
        relative_likelihood(both, **RATIO)
    assert relative_likelihood(both, year=column, **RATIO).frame["year"].nunique() == 2
    # One year, and years of something else, are no trend.
    one = both[both[column] == "2020/21"].assign(year_of_birth=[1980, 1990])
    assert len(relative_likelihood(one, **RATIO).frame) > 0
