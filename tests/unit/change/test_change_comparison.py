"""Adjusted difference, difference in change and common odds ratio: promises, edge cases, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evalkit.change.comparison import adjusted_difference, difference_in_change
from evalkit.change.ordinal import ordinal_difference
from evalkit.errors import DataError, EstimationError, EvalkitError
from evalkit.numeric.regression import cluster_covariance, collinear, least_squares
from evalkit.result import Estimates

ALL = [adjusted_difference, difference_in_change, ordinal_difference]
ROLES = {"pre": "x_before", "post": "x_after", "group": "group"}


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 60
    group = np.where(np.arange(n) % 3 == 0, "mentored", "comparison")
    before = np.clip(np.round(rng.normal(3, 1, n)), 1, 5)
    after = np.clip(np.round(before * 0.6 + 1.4 + (group == "mentored") * 0.6 + rng.normal(0, 0.8, n)), 1, 5)
    return pd.DataFrame(
        {
            "who": np.arange(n),
            "group": group,
            "team": np.arange(n) // 6,
            "age": rng.normal(40, 9, n),
            "grade": rng.choice(["low", "high"], n),
            "x_before": before,
            "x_after": after,
            "y_before": rng.normal(3, 1, n),
            "y_after": rng.normal(3, 1, n),
        }
    )


def _code(caught: pytest.ExceptionInfo[EvalkitError]) -> set[str]:
    return {problem.code for problem in caught.value.problems}


def test_rows_and_their_people(frame: pd.DataFrame) -> None:
    frame.loc[0, "x_after"] = np.nan  # mentored
    frame.loc[1, "group"] = None
    frame.loc[2, "age"] = np.nan
    result = adjusted_difference(frame, **ROLES, covariates=["age", "grade"], scale=(1, 5), kirkpatrick=2)
    rows = result.tidy()
    assert rows["group"].tolist() == ["comparison", "mentored", "mentored - comparison"]
    assert rows["term"].tolist() == ["x"] * 3
    assert rows["quantity"].tolist() == ["adjusted mean"] * 2 + ["difference in adjusted means"]
    assert rows["n"].tolist() == [38, 19, 57]
    assert rows["n_least"].tolist()[2] == 19
    assert rows["n_least"].isna().tolist() == [True, True, False]
    assert rows["n_before"].tolist() == [39, 20, 59]
    assert rows["n_after"].tolist() == [39, 19, 58]
    assert rows["kirkpatrick"].unique().tolist() == ["2 learning"]
    assert rows["p_value"].isna().tolist() == [True, True, False]
    assert rows["df"].unique().tolist() == [57 - 5]
    assert dict(result.method.n_dropped) == {"no answer after": 1, "group not known": 1, "age not known": 1}
    assert result.method.n_given == 60
    assert any("Lord's paradox" in line for line in result.method.assumptions)


def test_contrast_is_the_gap_of_the_adjusted_means(frame: pd.DataFrame) -> None:
    for estimator in (adjusted_difference, difference_in_change):
        for more in ({}, {"cluster": "team"}):
            rows = estimator(frame, **ROLES, **more).tidy().set_index("group")["estimate"]
            assert rows["mentored - comparison"] == pytest.approx(rows["mentored"] - rows["comparison"])


def test_floor_and_ceiling_are_of_the_group(frame: pd.DataFrame) -> None:
    rows = adjusted_difference(frame, **ROLES, scale=(1, 5)).tidy().set_index("group")
    for name, people in frame.groupby("group"):
        assert rows.loc[name, "ceiling_after"] == (people["x_after"] == 5).mean()


def test_welch_by_hand() -> None:
    frame = pd.DataFrame({"group": list("aaabbbb"), "x_before": [0.0] * 7, "x_after": [1, 2, 3, 2, 4, 4, 6]})
    row = difference_in_change(frame, **ROLES).tidy().iloc[2]
    # means 2 and 4, variances 1 and 8/3: 2, sqrt(1/3 + 2/3) = 1, df = 1 / (1/9/2 + 4/9/3)
    assert row[["estimate", "std_error", "df", "statistic"]].tolist() == pytest.approx([2, 1, 1 / (1 / 18 + 4 / 27), 2])


@pytest.mark.parametrize("estimator", ALL)
def test_reference(estimator: Callable[..., Estimates], frame: pd.DataFrame) -> None:
    last = estimator(frame, **ROLES).tidy()["group"].iloc[-1]
    turned = estimator(frame, **ROLES, reference="mentored").tidy()["group"].iloc[-1]
    assert (last.split()[0], turned.split()[0]) == ("mentored", "comparison")
    ordered = frame.assign(group=pd.Categorical(frame["group"], ["mentored", "comparison"]))
    assert estimator(ordered, **ROLES).tidy()["group"].iloc[-1] == turned
    named = frame.assign(group=frame["group"].replace({"comparison": "unmentored"}))
    assert estimator(named, **ROLES).tidy()["group"].iloc[-1].split()[0] == "mentored"
    numbered = frame.assign(group=(frame["group"] == "mentored").astype(float)).astype({"group": object})
    numbered.loc[5, "group"] = None
    assert estimator(numbered, **ROLES).tidy()["group"].iloc[-1].split()[::2] == ["1", "0"]


@pytest.mark.parametrize("estimator", ALL)
def test_three_groups_and_two_outcomes(estimator: Callable[..., Estimates], frame: pd.DataFrame) -> None:
    frame = frame.assign(group=np.resize(["a", "b", "c"], len(frame)), y_after=frame["x_after"])
    rows = estimator(frame, pre=["x_before", "y_before"], post=["x_after", "y_after"], group="group").tidy()
    joined = " / " if estimator is ordinal_difference else " - "
    contrasts = rows.loc[rows["n_least"].notna(), "group"]
    assert set(contrasts) == {f"b{joined}a", f"c{joined}a"}
    assert rows["term"].unique().tolist() == ["x", "y"]
    assert set(rows.loc[rows["n_least"].notna(), "n"]) == {40}


@pytest.mark.parametrize("estimator", ALL)
def test_an_outcome_that_cannot_be_estimated_beside_one_that_can(
    estimator: Callable[..., Estimates], frame: pd.DataFrame
) -> None:
    frame["y_after"] = frame["y_after"].where(frame["group"] == "comparison")
    frame.loc[0, "y_after"] = 3.0
    rows = estimator(frame, pre=["x_before", "y_before"], post=["x_after", "y_after"], group="group").tidy()
    lost = rows[rows["term"] == "y"]
    assert len(lost) in (1, 3)
    assert lost["estimate"].isna().all()
    assert lost["note"].str.contains("fewer than two people").all()
    assert rows.loc[rows["term"] == "x", "conf_low"].iloc[-1 if len(lost) == 3 else 0] > -2
    with pytest.raises(EstimationError, match="fewer than two people with complete answers in mentored") as caught:
        estimator(frame, pre="y_before", post="y_after", group="group")
    assert _code(caught) == {"EST-001"}


def test_collinear_terms_are_named(frame: pd.DataFrame) -> None:
    frame["months"] = 12 * frame["age"]
    frame["arm"] = frame["group"]
    with pytest.raises(EstimationError, match="months, arm mentored: constant, or determined") as caught:
        adjusted_difference(frame, **ROLES, covariates=["age", "months", "arm"])
    assert _code(caught) == {"EST-001"}
    with pytest.raises(EstimationError, match="x_before: constant"):
        adjusted_difference(frame.assign(x_before=3), **ROLES)
    with pytest.raises(EstimationError, match="x_before: constant"):
        ordinal_difference(frame.assign(x_before=3), **ROLES)


def test_collinear_positions() -> None:
    base = np.column_stack([np.ones(5), np.arange(5.0), [1, 0, 0, 1, 1.0]])
    assert collinear(base) == []
    assert collinear(np.column_stack([base, base @ [1e6, -2e-3, 5], np.zeros(5)])) == [3, 4]
    assert collinear(np.column_stack([base, base[:, 1] + 1e-6 * np.array([0, 0, 1, 0, 0])])) == []


def test_someone_alone_in_a_category(frame: pd.DataFrame) -> None:
    frame.loc[7, "grade"] = "only one"
    with pytest.raises(EstimationError, match=r"people alone in a category \(row 8\)"):
        adjusted_difference(frame, **ROLES, covariates="grade")
    assert adjusted_difference(frame, **ROLES, covariates="grade", variance="classical").tidy()["df"].iloc[2] == 55


def test_one_cluster_in_a_group(frame: pd.DataFrame) -> None:
    frame["team"] = np.where(frame["group"] == "mentored", 100, frame["team"])
    for estimator in (adjusted_difference, difference_in_change):
        with pytest.raises(EstimationError, match="one cluster in mentored"):
            estimator(frame, **ROLES, cluster="team")


def test_few_degrees_of_freedom_are_noted(frame: pd.DataFrame) -> None:
    frame["site"] = np.where(frame["group"] == "mentored", frame["who"] % 2, 2 + frame["who"] % 2)
    row = adjusted_difference(frame, **ROLES, cluster="site").tidy().iloc[2]
    assert 0 < row["df"] < 4
    assert "few degrees of freedom" in row["note"]


def test_missing_cluster_is_counted(frame: pd.DataFrame) -> None:
    frame["team"] = frame["team"].where(frame["who"] != 4)
    result = adjusted_difference(frame, **ROLES, cluster="team")
    assert dict(result.method.n_dropped) == {"cluster not known": 1}


def test_a_cluster_each_is_hc2(frame: pd.DataFrame) -> None:
    design = np.column_stack([np.ones(60), frame["age"], frame["group"] == "mentored"]).astype(float)
    fit = least_squares(design, frame["x_after"].to_numpy())
    own, single = cluster_covariance(fit, np.arange(60)), cluster_covariance(fit)
    np.testing.assert_allclose(own.matrix, single.matrix, rtol=1e-12)
    contrast = np.array([0, 0, 1.0])
    assert own.df_of(contrast) == pytest.approx(single.df_of(contrast))


def test_no_spread() -> None:
    frame = pd.DataFrame({"group": list("aabb"), "x_before": [1.0, 2, 1, 2], "x_after": [2.0, 3, 4, 5]})
    rows = difference_in_change(frame, **ROLES).tidy()
    assert rows["estimate"].tolist() == [1, 3, 2]
    assert rows["conf_low"].isna().all()
    assert rows["note"].tolist() == ["no spread: no interval"] * 3
    row = adjusted_difference(frame, **ROLES).tidy().iloc[2]
    assert (row["estimate"], row["note"]) == (pytest.approx(2), "no spread: no interval")
    with pytest.raises(EstimationError, match="1 different answer after"):
        ordinal_difference(frame.assign(x_after=3), **ROLES)


@pytest.mark.parametrize("people", [1, 2, 3])
@pytest.mark.parametrize("estimator", ALL)
def test_very_few_people(estimator: Callable[..., Estimates], people: int, frame: pd.DataFrame) -> None:
    with pytest.raises(EvalkitError) as caught:
        estimator(frame.iloc[:people], **ROLES)
    assert _code(caught) <= {"EST-001", "DAT-007"}


def test_four_people(frame: pd.DataFrame) -> None:
    four = frame.assign(x_after=frame["y_after"], x_before=frame["y_before"]).iloc[[0, 1, 2, 3]]
    rows = adjusted_difference(four, **ROLES).tidy()
    assert np.isfinite(rows["conf_low"].to_numpy(dtype=float)).all()
    assert rows["df"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"group": "nowhere"}, "DAT-003"),
        ({"group": "grade1"}, "DAT-007"),
        ({"group": "x_before"}, "DAT-007"),
        ({"reference": "nobody"}, "DAT-006"),
        ({"level": 95}, "DAT-002"),
        ({"level": 1.0}, "DAT-002"),
        ({"level": "high"}, "DAT-009"),
        ({"pre": ["x_before", "y_before"]}, "DAT-007"),
        ({"post": "grade"}, "DAT-004"),
        ({"person": "grade"}, "DAT-010"),
    ],
)
def test_bad_arguments(
    estimator: Callable[..., Estimates], wrong: dict[str, object], code: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(DataError) as caught:
        estimator(frame.assign(grade1="same"), **{**ROLES, **wrong})
    assert _code(caught) == {code}


def test_more_bad_arguments(frame: pd.DataFrame) -> None:
    frame["day"] = pd.Timestamp("2026-01-05")
    frame["endless"] = np.inf
    for wrong, code in (
        ({"variance": "HC9"}, "DAT-006"),
        ({"covariates": ["team"], "cluster": "team"}, "DAT-007"),
        ({"covariates": "day"}, "DAT-004"),
        ({"covariates": "endless"}, "DAT-002"),
        ({"cluster": "nowhere"}, "DAT-003"),
    ):
        with pytest.raises(DataError) as caught:
            adjusted_difference(frame, **ROLES, **wrong)
        assert _code(caught) == {code}


def test_separated_groups_keep_one_limit() -> None:
    frame = pd.DataFrame(
        {"group": list("aaaaabbbbb"), "x_before": [1, 2, 3, 4, 5] * 2, "x_after": [1, 2, 1, 2, 1, 3, 3, 4, 3, 4]}
    )
    row = ordinal_difference(frame, **ROLES).tidy().iloc[0]
    assert row["estimate"] == np.inf
    assert 1 < row["conf_low"] < np.inf
    assert row["conf_high"] == np.inf
    assert "only one limit" in row["note"]
    assert np.isnan(row["std_error"])
    turned = ordinal_difference(frame, **ROLES, reference="b").tidy().iloc[0]
    assert (turned["estimate"], turned["conf_low"]) == (0, 0)
    assert turned["conf_high"] == pytest.approx(1 / row["conf_low"], rel=1e-6)
    assert turned["p_value"] == pytest.approx(row["p_value"])


def test_answers_that_say_nothing_of_the_group() -> None:
    frame = pd.DataFrame({"group": list("abab" * 3), "x_before": np.arange(12.0), "x_after": np.arange(12) // 4})
    with pytest.raises(EstimationError, match="say nothing of b"):
        ordinal_difference(frame, **ROLES)


def test_two_answers_have_one_cut(frame: pd.DataFrame) -> None:
    rows = ordinal_difference(frame.assign(x_after=(frame["x_after"] > 3).astype(int)), **ROLES).tidy()
    assert rows["quantity"].tolist() == ["common odds ratio", "test of proportional odds"]
    assert rows["note"].tolist() == ["", "two different answers: one cut, nothing to test"]


def test_too_many_answers_for_odds(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="60 different answers after"):
        ordinal_difference(frame, pre="y_before", post="y_after", group="group")


def test_odds_of_many_small_samples() -> None:
    """Whatever a few people answer: limits in order, the estimate between them, and the test agrees with them."""
    rng = np.random.default_rng(8)
    seen = 0
    for _ in range(40):
        n = int(rng.integers(6, 14))
        frame = pd.DataFrame(
            {
                "group": np.where(np.arange(n) % 2, "b", "a"),
                "x_before": rng.integers(1, 6, n),
                "x_after": rng.integers(1, int(rng.integers(3, 7)), n),
            }
        )
        try:
            row = ordinal_difference(frame, **ROLES).tidy().iloc[0]
        except EstimationError:
            continue
        seen += 1
        assert row["conf_low"] <= row["estimate"] <= row["conf_high"]
        assert (row["p_value"] < 0.05) == (row["conf_low"] > 1 or row["conf_high"] < 1)
    assert seen > 25


@pytest.mark.parametrize("estimator", ALL)
@pytest.mark.parametrize(
    ("names", "contrast"),
    [
        (("mentored", "usual"), ("mentored", "usual")),
        (("mentored", "waiting list"), ("mentored", "waiting list")),
        (("comparison", "Mentored"), ("Mentored", "comparison")),
        (("MENTORED", "not mentored"), ("MENTORED", "not mentored")),
        (("mentored", "mentored in pairs"), ("mentored", "mentored in pairs")),
        (("trained", "usual"), ("usual", "trained")),
    ],
)
def test_whoever_is_called_mentored_is_no_reference(
    estimator: Callable[..., Estimates], names: tuple[str, str], contrast: tuple[str, str], frame: pd.DataFrame
) -> None:
    named = frame.assign(group=np.resize(names, len(frame)))
    joined = " / " if estimator is ordinal_difference else " - "
    assert estimator(named, **ROLES).tidy()["group"].iloc[-1] == joined.join(contrast)
    ordered = named.assign(group=pd.Categorical(named["group"], contrast))
    assert estimator(ordered, **ROLES).tidy()["group"].iloc[-1] == joined.join(contrast[::-1])


def test_among_three_the_unmentored_are_the_reference(frame: pd.DataFrame) -> None:
    groups = difference_in_change(frame.assign(group=np.resize(["away", "mentored", "unmentored"], 60)), **ROLES).tidy()
    assert groups["group"].tolist()[3:] == ["away - unmentored", "mentored - unmentored"]


@pytest.mark.parametrize("more", [{}, {"cluster": "team"}])
def test_equal_changes_have_no_interval_however_they_round(more: dict[str, str]) -> None:
    before = np.array([1.1, 2.3, 3.4, 4.2, 1.7, 2.9, 3.3, 4.1, 2.2, 1.9, 2.8, 3.7])
    frame = pd.DataFrame({"group": ["a", "b"] * 6, "team": np.arange(12) // 3, "x_before": before})
    frame["x_after"] = before + 0.3
    assert len(set(frame["x_after"] - frame["x_before"])) > 1  # what has to be overcome
    for estimator, gap in ((difference_in_change, 0.3), (adjusted_difference, before.mean() + 0.3)):
        rows = estimator(frame, **ROLES, **more).tidy()
        assert rows["estimate"].tolist() == pytest.approx([gap, gap, 0])
        assert rows["estimate"].iloc[2] == 0
        assert rows["note"].tolist() == ["no spread: no interval"] * 3
        assert rows[["std_error", "conf_low"]].isna().all(axis=None)
        assert "p_value" not in rows or rows["p_value"].isna().all()


@pytest.mark.parametrize("estimator", ALL)
def test_a_large_offset_changes_no_difference(estimator: Callable[..., Estimates], frame: pd.DataFrame) -> None:
    moved = frame.assign(x_before=frame["x_before"] + 1e9, x_after=frame["x_after"] + 1e9)
    columns = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    near, far = (estimator(each, **ROLES).tidy() for each in (frame, moved))
    contrasts = near["n_least"].notna()
    np.testing.assert_allclose(
        far.loc[contrasts, columns].to_numpy(dtype=float), near.loc[contrasts, columns].to_numpy(dtype=float), rtol=1e-5
    )


def test_collinear_beside_a_large_offset() -> None:
    far = 1e9 + np.arange(6.0)
    design = np.column_stack([np.ones(6), far, [1, 0, 0, 1, 1, 0], 12 * far, np.full(6, 0.1)])
    assert collinear(design) == [3, 4]
    assert collinear(np.column_stack([np.zeros(3), np.ones(3)])) == [0]


@pytest.mark.parametrize("estimator", [adjusted_difference, difference_in_change])
def test_people_without_a_group_are_warned_of_once(estimator: Callable[..., Estimates], frame: pd.DataFrame) -> None:
    def warned(**more: str) -> list[str]:
        return [line for line in estimator(frame, **ROLES, **more).method.assumptions if "do not publish" in line]

    assert warned(cluster="team") == []
    frame.loc[4, "group"] = None
    assert [line.split(" are left out")[0] for line in warned()] == ["people whose group is not known"]
    frame["team"] = frame["team"].where(frame["who"] != 7)
    assert [line.split(" are left out")[0] for line in warned(cluster="team")] == [
        "people whose group or cluster is not known"
    ]
    if estimator is adjusted_difference:
        frame.loc[9, "age"] = np.nan
        assert "people whose group or covariates is not known" in warned(covariates="age")[0]


@pytest.mark.parametrize("role", ["group", "cluster", "covariates"])
def test_lists_name_nothing(role: str, frame: pd.DataFrame) -> None:
    frame["listed"] = [["a"], ["b"]] * 30
    with pytest.raises(
        DataError, match=r"column listed: lists or the like \(rows 1, 2, 3, 4, 5 and 55 more\)"
    ) as caught:
        adjusted_difference(frame, **{**ROLES, role: "listed"})
    assert _code(caught) == {"DAT-009"}


def test_dates_as_groups(frame: pd.DataFrame) -> None:
    days = pd.to_datetime(np.resize(["2026-02-01", "2026-01-01"], 60))
    for column in (pd.Series(days), pd.Series(days.date, dtype=object), pd.Series(pd.Categorical(days))):
        rows = difference_in_change(frame.assign(group=column), **ROLES).tidy()
        assert rows["group"].tolist() == ["2026-01-01", "2026-02-01", "2026-02-01 - 2026-01-01"]
        assert rows["n"].tolist() == [30, 30, 60]
    late = difference_in_change(frame.assign(group=days), **ROLES, reference=pd.Timestamp("2026-02-01")).tidy()
    assert late["group"].iloc[2] == "2026-01-01 - 2026-02-01"


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("inf")])
def test_levels_are_between_nought_and_one(level: float, frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="expected a number between 0 and 1"):
        difference_in_change(frame, **ROLES, level=level)
