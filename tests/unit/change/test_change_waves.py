"""Several waves: promises, edge cases, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.several_waves import wave_change, wave_slope
from evalkit.errors import DataError, EstimationError
from evalkit.numeric.mixed import complete_waves, fieller, random_slope, restricted_likelihood, unstructured

WAVES = ["x_s1", "x_s2", "x_s3", "x_later"]


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    own = rng.normal(3, 0.6, (20, 1))
    answers = own + np.array([0, 0.4, 1.0, 0.7]) + rng.normal(0, 0.4, (20, 4))
    return pd.DataFrame(answers.round(2), columns=WAVES).assign(who=range(20))


def test_rows(frame: pd.DataFrame) -> None:
    frame.loc[0, WAVES] = np.nan
    frame.loc[1, ["x_s1", "x_later"]] = np.nan
    result = wave_change(frame, waves=WAVES, person="who", kirkpatrick=3, scale=(0, 7))
    rows = result.tidy()
    changes = ["s2 - s1", "s3 - s1", "later - s1"]
    assert rows["group"].tolist() == ["s1", "s2", "s3", "later", *changes, "later - s1 over s3 - s1", "all waves"]
    assert rows["term"].unique().tolist() == ["x"]
    assert rows["n"].tolist() == [18, 19, 19, 18, 18, 18, 18, 18, 18]
    assert rows["n_before"].tolist()[4:7] == [18, 18, 18]
    assert rows["kirkpatrick"].tolist()[4] == "3 behaviour"
    assert (result.method.n_given, result.method.n_used) == (20, 19)
    assert dict(result.method.n_dropped) == {"no answer in any wave": 1}
    means = rows.set_index("group")["estimate"]
    assert means["s3 - s1"] == pytest.approx(means["s3"] - means["s1"])
    assert means["later - s1 over s3 - s1"] == pytest.approx(means["later - s1"] / means["s3 - s1"])


def test_other_baseline_end_and_labels(frame: pd.DataFrame) -> None:
    named = ["first", "second", "third", "last"]
    rows = wave_change(frame, waves=WAVES, labels=named, baseline="second", end="third", follow_up="last").tidy()
    assert rows["group"].tolist()[4:8] == ["first - second", "third - second", "last - second", rows["group"][7]]
    assert rows["group"][7] == "last - second over third - second"
    gap = frame["x_s3"] - frame["x_s2"]
    assert rows["estimate"][5] == pytest.approx(gap.mean())
    assert rows["std_error"][5] == pytest.approx(gap.std() / 20**0.5)
    assert rows["floor_before"][5] == pytest.approx((frame["x_s2"] == frame[["x_s2", "x_s3"]].min().min()).mean())


def test_no_share_where_the_baseline_is_the_end(frame: pd.DataFrame) -> None:
    rows = wave_change(frame, waves=WAVES, baseline="s3", anova=False).tidy()
    assert rows["quantity"].tolist() == ["mean"] * 4 + ["change from baseline"] * 3


def test_two_outcomes_and_two_waves(frame: pd.DataFrame) -> None:
    frame = frame.assign(y_1=frame["x_s1"] - 1, y_2=frame["x_s3"] * 1.1)
    rows = wave_change(frame, waves={"x": ["x_s1", "x_s3"], "y": ["y_1", "y_2"]}, labels=["a", "b"]).tidy()
    assert rows["term"].tolist() == ["x"] * 4 + ["y"] * 4
    assert rows["quantity"].tolist()[:4] == ["mean", "mean", "change from baseline", "any change over the waves"]
    change, anova = rows.iloc[2], rows.iloc[3]
    assert anova["statistic"] == pytest.approx(change["statistic"] ** 2)
    assert anova["p_value"] == pytest.approx(change["p_value"])


def test_a_gain_that_may_be_nil_has_no_share(frame: pd.DataFrame) -> None:
    frame["x_s3"] = frame["x_s1"] + np.resize([0.5, -0.5], 20)
    row = wave_change(frame, waves=WAVES, anova=False).tidy().iloc[-1]
    assert np.isnan(row["estimate"])
    assert row["note"] == "not estimated: the interval of the gain holds zero, so any share is possible"


def test_no_spread() -> None:
    frame = pd.DataFrame({"x_1": [1.0, 2, 3], "x_2": [2.0, 3, 4], "x_3": [1.5, 2.5, 3.5]})
    rows = wave_change(frame, waves=list(frame)).tidy()
    assert rows["estimate"].tolist()[3:6] == pytest.approx([1, 0.5, 0.5])
    assert rows["note"].tolist()[3:6] == ["no spread: no interval"] * 3
    assert "all change alike" in rows["note"].iloc[-1]
    same = pd.DataFrame({"x_1": [3.0, 3, 3], "x_2": [3.0, 3, 3]})
    assert wave_change(same, waves=list(same)).tidy()["estimate"].tolist()[:3] == [3, 3, 0]


def test_few_people(frame: pd.DataFrame) -> None:
    rows = wave_change(frame.head(3), waves=WAVES).tidy()  # fewer people than waves, but complete
    assert rows["df"].tolist()[4] == 2
    holes = frame.head(4).copy()
    holes.loc[0, "x_s2"] = np.nan
    with pytest.raises(EstimationError, match="too few or too alike for the covariance of 4 waves") as caught:
        wave_change(holes, waves=WAVES)
    assert caught.value.problems[0].code == "EST-001"
    assert wave_change(holes, waves=WAVES, covariance="random_intercept", anova=False).tidy()["df"].notna().any()
    with pytest.raises(EstimationError):
        wave_change(frame.head(1), waves=WAVES)
    with pytest.raises(EstimationError):
        wave_change(frame.assign(x_s2=np.nan), waves=WAVES)


def test_an_outcome_without_answers_beside_one_with(frame: pd.DataFrame) -> None:
    frame = frame.assign(y_1=np.nan, y_2=np.nan)
    rows = wave_change(frame, waves={"x": ["x_s1", "x_s3"], "y": ["y_1", "y_2"]}, labels=["a", "b"]).tidy()
    lost = rows[rows["term"] == "y"]
    assert lost["estimate"].isna().all()
    assert lost["note"].str.len().gt(0).all()
    assert rows.loc[rows["term"] == "x", "estimate"].notna().sum() == 3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"waves": ["x_s1"]}, "DAT-007"),
        ({"waves": []}, "DAT-007"),
        ({"waves": ["x_s1", "x_s1"]}, "DAT-010"),
        ({"waves": ["x_s1", "x_nowhere"]}, "DAT-003"),
        ({"waves": {"x": ["x_s1", "x_s2"], "y": ["x_s1"]}}, "DAT-007"),
        ({"labels": ["a", "b"]}, "DAT-007"),
        ({"labels": ["a", "a", "b", "c"]}, "DAT-007"),
        ({"baseline": "s9"}, "DAT-006"),
        ({"follow_up": "s1"}, "DAT-007"),
        ({"covariance": "toeplitz"}, "DAT-006"),
        ({"level": 0}, "DAT-002"),
        ({"person": "word"}, "DAT-010"),
        ({"waves": ["x_s1", "word"]}, "DAT-004"),
        ({"scale": (0, 1)}, "DAT-002"),
        ({"scale": {"z": (0, 1)}}, "DAT-006"),
    ],
)
def test_bad_arguments(wrong: dict[str, object], code: str, frame: pd.DataFrame) -> None:
    with pytest.raises(DataError) as caught:
        wave_change(frame.assign(word="same"), **{"waves": WAVES, "anova": False, **wrong})
    assert {problem.code for problem in caught.value.problems} == {code}


@pytest.mark.parametrize(
    ("times", "code"), [([0, 1, 2], "DAT-007"), ([0, 1, 1, 2], "DAT-007"), ([0, 1, 2, "late"], "DAT-009")]
)
def test_bad_times(times: list[object], code: str, frame: pd.DataFrame) -> None:
    with pytest.raises(DataError) as caught:
        wave_slope(frame, waves=WAVES, times=times)
    assert caught.value.problems[0].code == code


def test_slope_of_complete_waves_is_the_mean_of_the_slopes(frame: pd.DataFrame) -> None:
    times = np.array([0.0, 1.0, 2.0, 5.0])
    slopes = np.polyfit(times, frame[WAVES].to_numpy().T, 1)[0]
    row = wave_slope(frame, waves=WAVES, times=times).tidy().iloc[1]
    assert row["estimate"] == pytest.approx(slopes.mean())
    assert row["std_error"] == pytest.approx(slopes.std(ddof=1) / 20**0.5, rel=1e-4)
    assert row["df"] == pytest.approx(19, rel=1e-4)
    with pytest.raises(EstimationError):
        wave_slope(frame.assign(**dict.fromkeys(WAVES, 2.0)), waves=WAVES, times=times)


def test_complete_waves_are_where_the_likelihood_ends(frame: pd.DataFrame) -> None:
    values = frame[WAVES].to_numpy()
    searched, known = restricted_likelihood(values, np.eye(4), unstructured(4)), complete_waves(values)
    assert searched is not None
    np.testing.assert_allclose(searched.components, known.components, rtol=1e-6)
    np.testing.assert_allclose(searched.covariance, known.covariance, rtol=1e-6)
    assert searched.df_of(np.array([-1, 0, 0.5, 0.5])) == pytest.approx(19, rel=1e-6)


def test_bases_of_random_slopes() -> None:
    times = np.array([0.0, 1.0, 3.0])
    spread = np.array([[0.5, 0.1], [0.1, 0.2]])
    design = np.column_stack([np.ones(3), times])
    built = np.tensordot([0.5, 0.1, 0.2, 0.3], random_slope(times), axes=1)
    np.testing.assert_allclose(built, design @ spread @ design.T + 0.3 * np.eye(3))


def test_fieller_holds_zero_or_not() -> None:
    assert fieller(1.0, 0.1, np.eye(2), 20) is None
    interval = fieller(2.0, 4.0, 0.01 * np.eye(2), np.inf)
    assert interval is not None
    assert interval.low < 0.5 < interval.high
    # At each limit the top less the ratio times the bottom is 1.96 errors from zero.
    for limit in (interval.low, interval.high):
        assert abs(2 - 4 * limit) / (0.1 * (1 + limit**2) ** 0.5) == pytest.approx(1.959964, rel=1e-6)
