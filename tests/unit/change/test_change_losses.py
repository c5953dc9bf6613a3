"""Who was lost: rows and notes, hard cases by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.change.losses import COMPLETE, IMPUTED, TIPPING_ESTIMATE, TIPPING_INTERVAL, WEIGHTED, attrition
from evalkit.disclosure import load_profile, release
from evalkit.errors import DataError, EstimationError
from evalkit.result import Estimates

NAN = np.nan


def staff(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    before = rng.normal(3, 1, n)
    after = before + 0.5 + rng.normal(0, 0.7, n)
    lost = rng.random(n) < 1 / (1 + np.exp(1 + 1.2 * (before - 3)))
    return pd.DataFrame(
        {
            "skill_before": before,
            "skill_after": np.where(lost, NAN, after),
            "age": rng.normal(40, 9, n),
            "site": pd.Categorical(rng.choice(["b", "a"], n), categories=["b", "a", "none here"]),
        }
    )


def lost(frame: pd.DataFrame, **more: object) -> Estimates:
    return attrition(frame, pre="skill_before", post="skill_after", **{"seed": 1, **more})


def small(before: list[float], after: list[float], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"skill_before": before, "skill_after": after, **columns})


def test_rows_stand_side_by_side() -> None:
    frame = staff()
    rows = lost(frame, covariates=["age", "site"]).frame
    assert rows["group"].to_list() == [
        "skill_before", "age", "site: b", "site: a", COMPLETE, WEIGHTED, IMPUTED, TIPPING_INTERVAL, TIPPING_ESTIMATE,
    ]  # fmt: skip
    assert rows["part"].to_list() == ["lost less kept"] * 4 + ["change"] * 3 + ["tipping point"] * 2
    kept = int(frame["skill_after"].notna().sum())
    assert rows.set_index("group")["n"].to_dict()[COMPLETE] == kept
    assert set(rows.set_index("group").loc[[WEIGHTED, IMPUTED, TIPPING_ESTIMATE], "n"]) == {80}
    assert set(rows["n_least"].dropna()) == {80 - kept}
    assert rows.set_index("group").loc[COMPLETE, "estimand"] != rows.set_index("group").loc[IMPUTED, "estimand"]
    assert set(rows["unit"]) == {"standard deviations", "points of the outcome"}


def shown(result: Estimates) -> pd.DataFrame:
    return release(result, load_profile("staff-survey")).frame.set_index("group")


def test_rows_that_rest_on_few_changes_do_not_leave() -> None:
    """Two of 24 answered twice: what weights or imputation make of them is about these two."""
    rng = np.random.default_rng(3)
    after = np.where(np.arange(24) >= 22, rng.normal(3, 1, 24), NAN)
    result = lost(small(list(rng.normal(3, 1, 24)), list(after)))
    assert set(result.frame["n_least"].dropna()) == {2}
    assert shown(result)["estimate"].isna().all()


@pytest.mark.parametrize(("kept", "told"), [(22, [COMPLETE]), (30, None), (10, [])])
def test_beside_the_complete_cases_no_row_tells_of_a_few_lost(kept: int, told: list[str] | None) -> None:
    rng = np.random.default_rng(3)
    n = 44 if kept == 30 else 24
    after = np.where(np.arange(n) % n < kept, rng.normal(3.5, 1, n), NAN)
    result = lost(small(list(rng.normal(3, 1, n)), list(after)))
    found = shown(result)
    known = found.index[found["estimate"].notna()].to_list()
    assert known == (result.frame["group"].to_list() if told is None else told)
    if told:
        assert np.isnan(found.loc[COMPLETE, "n_before"])


def test_with_nobody_lost_all_rows_leave() -> None:
    rng = np.random.default_rng(3)
    found = shown(lost(small(list(rng.normal(3, 1, 24)), list(rng.normal(3, 1, 24)))))
    assert found["estimate"].notna().all()


def test_differences_are_lost_less_kept() -> None:
    frame = staff()
    gone = frame["skill_after"].isna()
    rows = lost(frame, covariates="site").frame.set_index("group")
    assert rows.loc["skill_before", "estimate"] < -0.3
    share = (frame["site"] == "a").groupby(gone).mean()
    spread = np.sqrt((share * (1 - share)).mean())
    assert rows.loc["site: a", "estimate"] == pytest.approx((share[True] - share[False]) / spread)
    assert rows.loc["site: b", "estimate"] == pytest.approx(-rows.loc["site: a", "estimate"])
    error = np.sqrt(80 / (gone.sum() * (~gone).sum()) + rows.loc["site: a", "estimate"] ** 2 / 160)
    assert rows.loc["site: a", "std_error"] == pytest.approx(error)


def test_weights_and_imputation_move_the_estimate_towards_the_low_starters() -> None:
    """Those who start low gain more here and are lost more often."""
    rng = np.random.default_rng(0)
    before = rng.normal(3, 1, 4000)
    after = before + 0.5 - 0.6 * (before - 3) + rng.normal(0, 0.5, 4000)
    gone = rng.random(4000) < 1 / (1 + np.exp(1 + 1.2 * (before - 3)))
    rows = lost(small(list(before), list(np.where(gone, NAN, after)))).frame.set_index("group")
    assert rows.loc[COMPLETE, "estimate"] < 0.4
    assert rows.loc[[WEIGHTED, IMPUTED], "estimate"].to_list() == pytest.approx([0.5, 0.5], abs=0.05)


def test_the_seed_decides_and_outcomes_do_not_disturb_each_other() -> None:
    frame = staff().assign(calm_before=lambda d: d["skill_before"] * 2, calm_after=lambda d: d["skill_after"] + 1)
    one, again, other = (lost(frame, seed=seed).frame["estimate"].to_numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one[3] != other[3]
    np.testing.assert_array_equal(one[:3], other[:3])
    both = attrition(frame, pre=["calm_before", "skill_before"], post=["calm_after", "skill_after"], seed=1).frame
    np.testing.assert_array_equal(both.loc[both["term"] == "skill", "estimate"].to_numpy(), one)


def test_numbers_of_people_add_up() -> None:
    frame = small([1, 2, 3, 4, NAN, NAN, 3, 2], [2, 2, NAN, 5, 3, NAN, 4, 1])
    result = lost(frame)
    assert (result.method.n_given, result.method.n_used) == (8, 6)
    assert dict(result.method.n_dropped) == {"no answer before": 2}
    assert result.method.seed == 1
    rows = result.frame.set_index("group")
    assert (rows.loc[COMPLETE, "n"], rows.loc[IMPUTED, "n"] if IMPUTED in rows.index else None) == (5, 6)
    assert set(rows["n_before"]) == {6}


def test_tipping_points_do_what_they_say() -> None:
    """Added to the imputed changes, they bring the limit, or the estimate, to 0."""
    from evalkit.numeric.tipping import limits, pooled_mean, tipping_points

    rng = np.random.default_rng(5)
    for sign in (1.0, -1.0):
        known, imputed = sign * rng.normal(0.6, 0.8, 30), sign * rng.normal(0.6, 0.8, (40, 12))
        to_interval, to_zero = tipping_points(known, imputed)
        assert pooled_mean(known, imputed, delta=to_zero).estimate == pytest.approx(0, abs=1e-12)
        low, high = limits(pooled_mean(known, imputed, delta=to_interval))
        assert (low if sign > 0 else high) == pytest.approx(0, abs=1e-9)
        assert 0 < sign * -to_interval < sign * -to_zero
        by_hand = np.column_stack([np.tile(known, (40, 1)), imputed + 0.7])
        moved = pooled_mean(known, imputed, delta=0.7)
        assert moved.estimate == pytest.approx(by_hand.mean())
        assert moved.within == pytest.approx((by_hand.var(axis=1, ddof=1) / 42).mean())
        assert moved.between == pytest.approx(by_hand.mean(axis=1).var(ddof=1))
    certain = pooled_mean(known, np.tile(imputed[:1], (3, 1)))
    assert certain.df == pytest.approx(41 * 42 / 44)


def test_an_interval_that_holds_0_has_nothing_to_tip() -> None:
    rows = lost(staff().assign(skill_after=lambda d: d["skill_after"] - 0.5)).frame.set_index("group")
    assert rows.loc[IMPUTED, "conf_low"] < 0 < rows.loc[IMPUTED, "conf_high"]
    assert rows.loc[TIPPING_INTERVAL, "estimate"] == 0
    assert rows.loc[TIPPING_INTERVAL, "note"] == "the interval holds 0 as it is"
    assert rows.loc[TIPPING_ESTIMATE, "estimate"] != 0


def test_nobody_lost() -> None:
    rows = lost(small([1, 2, 3, 4], [2, 2, 4, 6])).frame.set_index("group")
    assert list(rows.index) == [COMPLETE, WEIGHTED, IMPUTED]
    assert rows["estimate"].nunique() == rows["conf_low"].nunique() == 1
    assert rows.loc[IMPUTED, "note"] == "nobody was lost: as complete cases"


def test_separation_refuses_the_weights_and_nothing_else() -> None:
    rows = lost(small([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 6, 4, 3, 7, 6, 5, NAN, NAN, NAN])).frame.set_index("group")
    assert "separation" in rows.loc[WEIGHTED, "note"]
    assert np.isnan(rows.loc[WEIGHTED, ["estimate", "conf_low"]].to_numpy(dtype=float)).all()
    assert np.isfinite(rows.loc[IMPUTED, ["estimate", "conf_low"]].to_numpy(dtype=float)).all()
    # At the border: one value on both sides still has no finite maximum.
    touching = lost(small([1, 2, 3, 4, 5, 5, 6, 7], [5, 6, 4, 3, 7, NAN, NAN, NAN])).frame.set_index("group")
    assert "separation" in touching.loc[WEIGHTED, "note"]


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ([1, 2, 3], [2, NAN, NAN], "one person answered twice: nobody to stand for those lost"),
        ([1, 2, 3, 4], [1, 2, NAN, 4], "all changes are zero: no spread, no interval"),
        ([1, 2, 3, 4], [2, 3, NAN, 5], "all changes are the same: no spread, no interval"),
        ([1, 2, 3, 4, 5], [2, 3, NAN, 7, 5], "too few people answered twice for the imputation model: no imputation"),
    ],
)
def test_few_people_or_no_spread(before: list[float], after: list[float], note: str) -> None:
    rows = lost(small(before, after)).frame.set_index("group")
    assert rows.loc[IMPUTED, "note"] == note
    assert np.isnan(rows.loc[IMPUTED, "conf_low"])


def test_what_a_model_cannot_hold_is_left_out_and_named() -> None:
    frame = small(
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 5, 6], [5, 6, 4, NAN, 7, 6, 5, NAN, NAN, 7, 5, 6],
        site=list("aabcaabbbaba"), same=[1.0] * 12, age=[3, 4, 5, NAN, 4, 5, 7, NAN, 5, 6, 7, 8], empty=[NAN] * 12,
    )  # fmt: skip
    rows = lost(frame, covariates=["site", "same", "age", "empty"]).frame.set_index("group")
    assert rows.loc[IMPUTED, "note"].endswith(": site: c, same, empty")
    assert np.isfinite(rows.loc[IMPUTED, "conf_low"])
    assert rows.loc["same", "note"] == rows.loc["empty", "note"] == "no spread, or too few people, to stand apart in"
    few = frame.assign(age=[3.0, 4, 5, 4, 2, NAN, NAN, NAN, NAN, NAN, NAN, NAN])
    assert lost(few, covariates="age").frame.set_index("group").loc[IMPUTED, "note"].endswith(": age")


def test_a_missing_category_is_one_of_its_own_and_a_missing_number_is_modelled() -> None:
    frame = staff().astype({"site": object})
    frame.loc[::9, "site"] = None
    frame.loc[::7, "age"] = NAN
    rows = lost(frame, covariates=["site", "age"]).frame.set_index("group")
    assert "site: not stated" in rows.index
    assert rows.loc["age", "n"] == 80 - 12
    assert rows.loc[WEIGHTED, "df"] == rows.loc[COMPLETE, "n"] - 6
    assert rows.loc[[WEIGHTED, IMPUTED], "note"].to_list() == ["", ""]


def test_an_outcome_without_pairs_stands_beside_one_with_them() -> None:
    frame = staff().assign(calm_before=1.0, calm_after=NAN)
    result = attrition(frame, pre=["skill_before", "calm_before"], post=["skill_after", "calm_after"], seed=1)
    calm = result.frame[result.frame["term"] == "calm"]
    assert calm["note"].to_list()[-1] == "no complete pair"
    with pytest.raises(EstimationError, match="EST-001"):
        attrition(frame, pre="calm_before", post="calm_after", seed=1)


@pytest.mark.parametrize(
    ("columns", "more", "code"),
    [
        ({}, {"covariates": "height"}, "DAT-003"),
        ({}, {"covariates": "skill_after"}, "DAT-007"),
        ({}, {"covariates": ["age", "age"]}, "DAT-010"),
        ({"age": np.inf}, {"covariates": "age"}, "DAT-002"),
        ({"age": pd.Timestamp("2020-01-01")}, {"covariates": "age"}, "DAT-009"),
        ({}, {"seed": -1}, "DAT-002"),
        ({}, {"seed": 1.5}, "DAT-009"),
        ({}, {"imputations": 1}, "DAT-002"),
        ({}, {"level": 95}, "DAT-002"),
        ({"skill_after": "good"}, {}, "DAT-004"),
    ],
)
def test_what_is_refused(columns: dict[str, object], more: dict[str, object], code: str) -> None:
    with pytest.raises(DataError, match=code):
        lost(staff().assign(**columns), **more)


def test_the_remedy_for_a_wrong_seed_is_about_seeds() -> None:
    with pytest.raises(DataError) as caught:
        lost(staff(), seed=True, imputations=2.5)
    assert [problem.place for problem in caught.value.problems] == ["seed", "imputations"]
    assert not any("per cent" in problem.remedy for problem in caught.value.problems)


def test_changes_that_are_equal_but_for_rounding_have_no_interval() -> None:
    before = np.array([3.1, 0.1, 1.7, 2.3, 2.2, 1.1, 1.6, 2.9])
    rows = lost(small(list(before), list(np.append((before + 1.1)[:-1], NAN)))).frame.set_index("group")
    assert rows.loc[COMPLETE, "estimate"] == 1.1
    assert rows.loc[COMPLETE, "note"] == "all changes are the same: no spread, no interval"


def test_a_seed_must_be_given() -> None:
    with pytest.raises(TypeError, match="seed"):
        attrition(staff(), pre="skill_before", post="skill_after")


def test_a_gap_in_a_covariate_of_a_few_who_were_all_kept_does_not_stop_the_weights() -> None:
    rng = np.random.default_rng(5)
    before, known = rng.normal(3, 1, (2, 60))
    after = np.where(rng.random(60) < 0.3, np.nan, before + 0.4 + rng.normal(0, 0.5, 60))
    gaps = np.flatnonzero(~np.isnan(after))[:2]
    known[gaps] = np.nan
    frame = pd.DataFrame({"x_before": before, "x_after": after, "known": known})
    rows = attrition(frame, pre="x_before", post="x_after", covariates="known", seed=1, imputations=5).frame
    weighted = rows[rows["group"] == "inverse-probability weights"].iloc[0]
    assert np.isfinite(weighted["estimate"])
    assert weighted["conf_low"] < weighted["estimate"] < weighted["conf_high"]
