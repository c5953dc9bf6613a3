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


def test_a_change_that_nobody_shows_is_not_estimated(frame: pd.DataFrame) -> None:
    early = np.arange(20) < 10
    frame.loc[early, ["x_later", "x_s3"]] = np.nan
    frame.loc[~early, "x_s1"] = np.nan
    with pytest.raises(EstimationError, match="s1, s2, s3, later; fewest answered both s1 and s3") as caught:
        wave_change(frame, waves=WAVES)
    assert 'Try covariance="random_intercept"' in str(caught.value)
    rows = wave_change(frame, waves=WAVES, covariance="random_intercept", anova=False).tidy().set_index("group")
    assert rows["estimate"].isna().tolist() == [False] * 5 + [True] * 3
    assert rows["note"].tolist()[5:] == [
        *["not estimated: nobody answered both waves"] * 2,
        "not estimated: nobody answered all three waves",
    ]
    assert rows["n"].tolist()[5:] == [0, 0, 0]


def test_a_wave_without_answers_is_named(frame: pd.DataFrame) -> None:
    frame["x_s2"] = np.nan
    with pytest.raises(EstimationError, match=r"nobody answered in s2.*Leave the wave out"):
        wave_change(frame, waves=WAVES)
    times = [0, 1, 2, 5]
    rows = wave_slope(frame, waves=WAVES, times=times).tidy()
    without = wave_slope(frame, waves=["x_s1", "x_s3", "x_later"], times=[0, 2, 5]).tidy()
    np.testing.assert_allclose(rows["estimate"].astype(float), without["estimate"].astype(float), rtol=1e-6)
    assert rows["note"].iloc[1] == "nobody answered in s2: the lines rest on the other waves"
    assert without["note"].iloc[1] == ""
    with pytest.raises(EstimationError, match="20 people in s1, s2, s3, later: too few"):
        wave_slope(frame.assign(x_s3=np.nan), waves=WAVES, times=times)


def test_units_of_slopes(frame: pd.DataFrame) -> None:
    result = wave_slope(frame, waves=WAVES, times=[0, 1, 2, 5])
    points = "points of the outcome"
    wanted = [points, f"{points} per unit of time", points, f"{points} per unit of time", points]
    assert result.tidy()["unit"].tolist() == wanted


def test_equal_changes_have_no_interval_however_they_round() -> None:
    before = np.array([1.1, 2.3, 3.4, 4.2, 1.7, 2.9, 3.3, 4.1])
    frame = pd.DataFrame({"x_1": before, "x_2": before + 0.3, "x_3": before + 0.7 + np.resize([0, 0.5], 8)})
    assert len(set(frame["x_2"] - frame["x_1"])) > 1  # what has to be overcome
    rows = wave_change(frame, waves=["x_1", "x_2", "x_3"], anova=False).tidy().set_index("group")
    assert rows.loc["2 - 1", "estimate"] == pytest.approx(0.3)
    assert rows.loc["2 - 1", ["std_error", "conf_low", "p_value"]].isna().all()
    assert rows.loc[["2 - 1", "3 - 1"], "note"].tolist() == ["no spread: no interval", ""]
    assert rows.loc["3 - 1 over 2 - 1", "note"] == "no spread: no interval"
    still = frame.assign(x_2=[3.1] * 4 + [0.1] * 4, x_1=[3.1] * 4 + [0.1] * 4)
    assert wave_change(still, waves=["x_1", "x_2"], anova=False).tidy()["estimate"].iloc[2] == 0
