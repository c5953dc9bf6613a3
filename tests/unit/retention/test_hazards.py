"""Hazard ratios of a cohort: terms, names, people, weights, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.errors import DataError, EstimationError, EvalkitError, ImmortalTimeError
from evalkit.figures.schoenfeld import ratios_by_time, smoothed
from evalkit.numeric.cox import ConvergenceError
from evalkit.retention import designs, foreknowledge
from evalkit.retention.baseline_curves import baseline_survival
from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazard_summaries import concordance, hazard_model_tests
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.proportionality_tests import hazard_ratio_over_time, proportional_hazards_test
from evalkit.retention.subdistribution import subdistribution_hazard_ratio

Models = Callable[..., Any]
EVERY: list[Models] = [hazard_ratio, hazard_model_tests, concordance, proportional_hazards_test, hazard_ratio_over_time,
                       baseline_survival]  # fmt: skip


@cache
def _staff(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    band = rng.choice(["5", "6", "7"], n)
    age = rng.integers(20, 60, n)
    left = np.ceil(rng.exponential(30 * np.exp(0.02 * (age - 40) + 0.3 * (band == "7")), n))
    mentored = np.where(rng.random(n) < 0.5, rng.integers(0, 24, n), np.nan)
    frame = pd.DataFrame({
        "id": np.arange(n), "exit": left.clip(max=48), "left": left <= 48, "mentored_on": mentored, "band": band,
        "age": age, "ward": rng.integers(0, 12, n), "site": rng.choice(["A", "B"], n), "part time": rng.random(n) < 0.3,
        "pay": rng.normal(30, 5, n), "share": rng.choice([0.5, 1.0, 1.5], n), "copies": rng.integers(1, 3, n),
        "why": rng.choice(["resigned", "retired"], n),
    })  # fmt: skip
    frame.loc[frame["mentored_on"] >= frame["exit"], "mentored_on"] = np.nan
    frame.loc[~frame["left"], "why"] = None
    frame["ever"] = np.where(frame["mentored_on"].notna(), "yes", "no")
    return frame


COVARIATES = ["band", "age", "ward", "site", "part time", "pay", "share", "copies", "ever"]


def _cohort(frame: pd.DataFrame | None = None, **more: Any) -> Cohort:
    options = {"mentored_from": "mentored_on", "event": "left", "reason": "why", "covariates": COVARIATES, **more}
    return cohort(_staff() if frame is None else frame, person="id", exit="exit", **options)


def _codes(error: pytest.ExceptionInfo[EvalkitError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_rows_are_in_the_order_of_the_terms_and_named_to_be_read() -> None:
    found = hazard_ratio(_cohort(), "mentored + C(band) + age + site")
    assert found.frame["term"].tolist() == ["mentored", "band", "band", "age", "site"]
    groups = ["mentored / not mentored", "6 / 5", "7 / 5", None, "B / A"]
    assert found.frame["group"].tolist() == groups
    turned = hazard_ratio(_cohort(), ["age", "site", "band", "mentored"]).frame
    assert turned["term"].tolist() == ["age", "site", "band", "band", "mentored"]
    own = found.frame.set_index(found.frame["group"].astype(str))["estimate"].sort_index()
    other = turned.set_index(turned["group"].astype(str))["estimate"].sort_index()
    np.testing.assert_allclose(own, other, rtol=1e-8)
    assert found.method.scale == "log"
    assert found.method.unit == "hazard ratio"


def test_people_are_counted_not_pieces() -> None:
    made, staff = _cohort(), _staff()
    found = hazard_ratio(made, ["mentored", "band", "age"]).frame
    ever = int((staff["ever"] == "yes").sum())
    never_before = int((~(staff["mentored_on"] <= 0)).sum())
    assert found["n"].eq(400).all()
    assert found["n_least"].iloc[0] == min(ever, never_before)
    people = staff["band"].value_counts()
    assert found["n_least"].tolist()[1:3] == [min(people[level], people["5"]) for level in ("6", "7")]
    assert found["n_least"].iloc[3] == 400
    assert found["events"].eq(int(staff["left"].sum())).all()


def test_people_who_change_their_level_and_come_back_count_once_for_each() -> None:
    spells = pd.DataFrame({
        "id": [1, 1, 1, 2, 2, 3, 4], "from": [0, 2, 4, 0, 3, 0, 0], "to": [2, 4, 9, 3, 8, 6, 7],
        "left": [0, 0, 1, 0, 1, 1, 0], "grade": ["x", "y", "x", "y", "x", "y", "x"],
    })  # fmt: skip
    made = cohort_from_spells(spells, person="id", start="from", stop="to", event="left", covariates=["grade"])
    row = hazard_ratio(made, "grade").frame.iloc[0]
    assert (row["n"], row["n_least"]) == (4, 3)


def test_a_list_is_the_same_as_a_formula_and_as_what_formulaic_makes_of_it() -> None:
    names = hazard_ratio(_cohort(), ["mentored", "band", "age", "part time"])
    text = hazard_ratio(_cohort(), "mentored + band + age + `part time`")
    other = hazard_ratio(_cohort(), "mentored + band + I(age) + `part time`")
    assert_frames_agree(names.frame, text.frame, rtol=0, atol=0)
    assert names.frame["group"].iloc[-1] == "True / False"
    assert other.frame["group"].iloc[-1] == "True / False"
    assert other.frame["term"].tolist() == ["mentored", "band", "band", "I(age)", "part time"]
    columns = ["group", "estimate", "std_error", "conf_low", "n_least"]
    assert_frames_agree(names.frame[columns], other.frame[columns], rtol=1e-8, atol=0)


def test_numbers_are_categories_in_c_and_a_reference_can_be_chosen() -> None:
    found = hazard_ratio(_cohort(), "C(copies)")
    assert found.frame["group"].tolist() == ["2 / 1"]
    turned = hazard_ratio(_cohort(), "C(copies)", reference={"copies": "2"})
    assert turned.frame["group"].tolist() == ["1 / 2"]
    assert turned.frame["estimate"].iloc[0] == pytest.approx(1 / found.frame["estimate"].iloc[0])
    by_formulaic = hazard_ratio(_cohort(), "C(copies) + np.log(age)", reference={"copies": "2"}).frame
    assert by_formulaic["group"].tolist() == ["1 / 2", None]


def test_products_of_terms() -> None:
    found = hazard_ratio(_cohort(), "C(band) * mentored").frame
    assert found["term"].tolist() == ["band", "band", "mentored", "band:mentored", "band:mentored"]
    assert found["group"].tolist() == ["6 / 5", "7 / 5", "mentored / not mentored", "6", "7"]
    staff = _staff()
    both = int(((staff["band"] == "6") & (staff["ever"] == "yes")).sum())
    assert found["n_least"].iloc[3] == both
    # In each band by itself the model has its own baseline; with strata it is the same model.
    apart = [
        hazard_ratio(_cohort(staff[staff["band"] == level]), "mentored").frame["estimate"].iloc[0]
        for level in ("5", "6", "7")
    ]
    joint = hazard_ratio(_cohort(), "mentored + C(band):mentored", strata="band").frame
    ratio = joint["estimate"].to_numpy()
    np.testing.assert_allclose([ratio[0], ratio[0] * ratio[1], ratio[0] * ratio[2]], apart, rtol=1e-6)


def test_functions_of_all_people_do_not_look_at_patterns() -> None:
    age = _staff()["age"]
    made = _cohort(mentored_from=None)
    by_unit = np.log(hazard_ratio(made, "age").frame["estimate"].iloc[0])
    scaled = np.log(hazard_ratio(made, "scale(age)").frame["estimate"].iloc[0])
    assert scaled == pytest.approx(by_unit * age.std(ddof=1), rel=1e-6)


def test_a_covariate_of_many_values_gives_what_its_patterns_give() -> None:
    staff = _staff().assign(pay=lambda d: d["pay"].round(0))
    coarse = _cohort(staff)
    assert staff["pay"].nunique() < 50
    shifted = _cohort(staff.assign(pay=staff["pay"] + 1e-9 * np.arange(400)))
    one, other = (hazard_ratio(made, ["mentored", "band", "pay"]).frame for made in (coarse, shifted))
    columns = ["term", "group", "estimate", "std_error", "n_least", "events"]
    assert_frames_agree(one[columns], other[columns], rtol=1e-6, atol=0)


@pytest.mark.parametrize("largest", [2**62, 10_000])
def test_many_categories_give_what_their_columns_give(monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    monkeypatch.setattr(designs, "_LARGEST_CODE", largest)
    rng = np.random.default_rng(3)
    names = [f"c{number}" for number in range(8)]
    staff = _staff().assign(**{name: rng.choice([f"l{level}" for level in range(9)], 400) for name in names})
    found = hazard_ratio(_cohort(staff, covariates=names), ["mentored", *names]).frame
    dummies = pd.get_dummies(staff[names], drop_first=True, dtype=float)
    wide = pd.concat([staff.drop(columns=names), dummies, staff["pay"].rename("noise")], axis="columns")
    other = hazard_ratio(_cohort(wide, covariates=list(dummies)), ["mentored", *dummies]).frame
    assert_frames_agree(found[["estimate", "std_error"]], other[["estimate", "std_error"]], rtol=1e-6, atol=0)


def test_a_level_that_nobody_has_is_left_out() -> None:
    staff = _staff().assign(band=lambda d: pd.Categorical(d["band"], categories=["4", "5", "6", "7", "8a"]))
    assert hazard_ratio(_cohort(staff), "band").frame["group"].tolist() == ["6 / 5", "7 / 5"]


def test_mentored_may_be_the_reference() -> None:
    one = hazard_ratio(_cohort(), "mentored").frame.iloc[0]
    other = hazard_ratio(_cohort(), "mentored", reference={"mentored": "mentored"}).frame.iloc[0]
    assert other["estimate"] == pytest.approx(1 / one["estimate"])
    assert other["group"] == "not mentored / mentored"


def test_variances_are_named() -> None:
    plain = hazard_ratio(_cohort(), "mentored")
    assert plain.method.interval == "Wald on the log scale, model-based standard error"
    person = hazard_ratio(_cohort(), "mentored", cluster="person")
    assert person.method.interval.endswith("robust standard error by person")
    ward = hazard_ratio(_cohort(), "mentored", cluster="ward")
    assert ward.method.interval.startswith("t with 11 degrees of freedom")
    own = hazard_ratio(_cohort(cluster="ward"), "mentored")
    assert_frames_agree(ward.frame, own.frame, rtol=0, atol=0)
    row = ward.frame.iloc[0]
    assert np.log(row["conf_high"] / row["estimate"]) / row["std_error"] == pytest.approx(2.200985, abs=1e-6)
    row = person.frame.iloc[0]
    assert np.log(row["estimate"] / row["conf_low"]) / row["std_error"] == pytest.approx(1.959964, abs=1e-6)
    assert plain.frame["estimate"].iloc[0] == ward.frame["estimate"].iloc[0]
    assert plain.frame["std_error"].iloc[0] != ward.frame["std_error"].iloc[0]


def test_weights_that_are_not_whole_numbers_make_the_variance_robust_by_person() -> None:
    split = hazard_ratio(_cohort(), "mentored + band", weights="share")
    assert split.method.interval.endswith("robust standard error by person")
    assert_frames_agree(
        split.frame, hazard_ratio(_cohort(weight="share"), "mentored + band", cluster="person").frame, rtol=0, atol=0
    )
    whole = hazard_ratio(_cohort(), "mentored + band", weights="copies", ties="breslow")
    assert whole.method.interval.endswith("model-based standard error")
    twice = _staff().loc[lambda d: d.index.repeat(d["copies"])].assign(id=lambda d: np.arange(len(d)))
    replicated = hazard_ratio(_cohort(twice), "mentored + band", ties="breslow").frame
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    assert_frames_agree(whole.frame[columns], replicated[columns], rtol=1e-7, atol=0)


def test_people_of_weight_zero_are_counted_as_dropped() -> None:
    staff = _staff().assign(share=lambda d: np.where(d["id"] < 30, 0.0, 1.0))
    found = hazard_ratio(_cohort(staff), "mentored + band", weights="share")
    assert found.method.n_dropped == {"weight of 0": 30}
    less = hazard_ratio(_cohort(staff.iloc[30:]), "mentored + band")
    assert_frames_agree(found.frame, less.frame, rtol=1e-9, atol=0)


def test_missing_covariates_are_refused_or_dropped() -> None:
    staff = _staff().assign(
        age=lambda d: d["age"].astype(float).where(d["id"] >= 9), band=lambda d: d["band"].where(d["id"] != 50)
    )
    made = _cohort(staff)
    with pytest.raises(DataError) as error:
        hazard_ratio(made, "mentored + band + age")
    assert _codes(error) == ["DAT-009", "DAT-009"]
    assert "missing for 9 of 400 people" in str(error.value)
    found = hazard_ratio(made, "mentored + band + age", missing="drop")
    assert found.method.n_dropped == {"covariate missing": 10}
    kept = staff[(staff["id"] >= 9) & (staff["id"] != 50)]
    whole = hazard_ratio(_cohort(kept), "mentored + band + age")
    assert_frames_agree(found.frame, whole.frame, rtol=1e-9, atol=0)
    with pytest.raises(DataError):
        hazard_ratio(made, "mentored", strata="band")


def test_causes_and_strata() -> None:
    made = _cohort()
    resigned = hazard_ratio(made, "age", cause="resigned")
    retired = hazard_ratio(made, "age", cause="retired")
    whole = hazard_ratio(made, "age")
    counts = [found.frame["events"].iloc[0] for found in (resigned, retired, whole)]
    assert counts[0] + counts[1] == counts[2]
    assert "resigned" in resigned.method.estimand
    one = hazard_ratio(made, "age", strata=["site", "band"])
    assert one.frame["estimate"].iloc[0] != whole.frame["estimate"].iloc[0]
    assert any("site and band" in text for text in one.method.assumptions)
    both = _cohort(_staff().assign(both=lambda d: d["site"] + d["band"]), covariates=["age", "both"])
    assert_frames_agree(one.frame, hazard_ratio(both, "age", strata="both").frame, rtol=1e-9, atol=0)
    with pytest.raises(EstimationError, match="age follows"):
        hazard_ratio(made, "age", strata="person")


def test_strata_of_predicted_retention_are_in_the_order_of_the_groups() -> None:
    staff = _staff().assign(unit=lambda d: np.where(d["id"] % 3 == 0, "c", np.where(d["id"] % 3 == 1, "a", "b")))
    made = _cohort(staff, covariates=[*COVARIATES, "unit"])
    found = baseline_survival(made, "age", strata="unit").frame
    assert found["group"].drop_duplicates().tolist() == ["a", "b", "c"]
    for _, part in found.groupby("group"):
        assert part["time"].is_monotonic_increasing
        assert part["estimate"].is_monotonic_decreasing


def test_a_ratio_that_runs_away_is_named_with_one_limit() -> None:
    staff = _staff().assign(band=lambda d: np.where((d["id"] < 60) & ~d["left"], "none left", d["band"]))
    found = hazard_ratio(_cohort(staff), "mentored + band")
    row = found.frame.iloc[-1]
    assert row["group"] == "none left / 5"
    assert (row["estimate"], row["conf_low"]) == (0, 0)
    assert 0 < row["conf_high"] < np.inf
    assert "nobody left" in row["note"]
    assert np.isnan(row["std_error"])
    turned = hazard_ratio(_cohort(staff), "mentored + band", reference={"band": "none left"}).frame.iloc[1]
    assert (turned["estimate"], turned["conf_high"]) == (np.inf, np.inf)
    assert 0 < turned["conf_low"] < np.inf
    narrow = hazard_ratio(_cohort(staff), "mentored + band", level=0.8).frame.iloc[-1]
    assert 0 < narrow["conf_high"] < row["conf_high"]
    assert found.frame["std_error"].iloc[0] > 0
    assert "profile" in found.method.interval
    for refused in (proportional_hazards_test, hazard_ratio_over_time, baseline_survival):
        with pytest.raises(EstimationError, match="none left / 5"):
            refused(_cohort(staff), "mentored + band")
    with pytest.raises(EstimationError, match="bootstrap"):
        hazard_ratio(_cohort(staff), "mentored + band", interval="bootstrap", seed=1)


def _unsettled(seed: int = 0, n: int = 200) -> pd.DataFrame:
    """Make five bands: nobody leaves the two small ones."""
    rng = np.random.default_rng(seed)
    band = rng.choice(["2", "3", "4", "8", "9"], n, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    gone = (rng.random(n) < 0.5) & ~np.isin(band, ["8", "9"])
    frame = {"id": range(n), "exit": rng.integers(1, 20, n), "left": gone, "band": band, "age": rng.normal(40, 8, n),
             "share": rng.choice([0.5, 1.5], n)}  # fmt: skip
    return pd.DataFrame(frame)


def test_each_of_several_ratios_that_run_away_is_named_with_its_limit() -> None:
    for seed in range(6):
        made = cohort(_unsettled(seed), person="id", exit="exit", event="left", covariates=["band", "age"])
        rows = hazard_ratio(made, "band + age").frame
        assert rows["estimate"].tolist()[2:4] == [0, 0]
        assert rows["conf_high"].iloc[2:4].between(0.02, 1).all()
        assert rows["note"].iloc[2] == (
            "no finite ratio (nobody left in 8 while others did): upper limit of the profile likelihood only"
        )
        assert rows["std_error"].iloc[[0, 1, 4]].gt(0).all()


def test_a_reference_in_which_nobody_left_is_named() -> None:
    made = cohort(_unsettled(), person="id", exit="exit", event="left", covariates=["band", "age"])
    rows = hazard_ratio(made, "band + age", reference={"band": "8"}).frame
    assert (rows["estimate"].iloc[:3] == np.inf).all()
    assert rows["conf_low"].iloc[:3].gt(0.5).all()
    assert rows["note"].str.contains("nobody left in the reference 8: compare with another").iloc[:3].all()
    assert rows.loc[3, ["estimate", "conf_low", "conf_high", "p_value"]].isna().all()
    assert rows["note"].iloc[3].startswith("no ratio: nobody left in 9, nor in the reference 8")
    for cluster in (None, "person"):  # the finite contrasts of the others must not be lost for age
        last = [
            hazard_ratio(made, "band + age", reference={"band": band}, cluster=cluster).frame.iloc[-1]
            for band in ("8", "2")
        ]
        one, other = (row[["estimate", "std_error", "conf_low"]].astype(float) for row in last)
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_profile_limit_is_said_to_be_model_based_where_the_rest_is_robust() -> None:
    options = {"person": "id", "exit": "exit", "event": "left", "covariates": ["band", "age", "share"]}
    made = cohort(_unsettled(), **options)
    plain = hazard_ratio(made, "band + age")
    assert "model-based (" not in plain.method.interval + plain.frame["note"].iloc[2]
    robust = hazard_ratio(made, "band + age", cluster="person")
    assert "robust standard error by person; profile likelihood, model-based (it takes people as" in (
        robust.method.interval
    )
    assert robust.frame["note"].iloc[2].endswith("only, model-based (it takes people as independent)")
    weighted = hazard_ratio(made, "band + age", weights="share").frame["note"].iloc[2]
    assert weighted.endswith("(it takes people as independent and case weights as numbers of people)")


def test_a_limit_that_is_not_found_leaves_the_other_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ConvergenceError

    monkeypatch.setattr("evalkit.retention.hazards.profile_limit", fails)
    made = cohort(_unsettled(), person="id", exit="exit", event="left", covariates=["band", "age"])
    rows = hazard_ratio(made, "band + age").frame
    assert rows["conf_high"].isna().tolist() == [False, False, True, True, False]
    assert rows["note"].iloc[2].endswith("no limit was found")


def test_a_bootstrap_draws_people() -> None:
    made = _cohort()
    found = hazard_ratio(made, "mentored + band", interval="bootstrap", draws=300, seed=3)
    again = hazard_ratio(made, "mentored + band", interval="bootstrap", draws=300, seed=3)
    wald = hazard_ratio(made, "mentored + band", cluster="person")
    assert_frames_agree(found.frame, again.frame, rtol=0, atol=0)
    assert found.method.seed == 3
    assert found.method.interval == "bootstrap, percentiles of 300 samples of people"
    np.testing.assert_allclose(found.frame["std_error"], wald.frame["std_error"], rtol=0.15)
    np.testing.assert_allclose(found.frame["conf_high"], wald.frame["conf_high"], rtol=0.1)
    np.testing.assert_allclose(found.frame["estimate"], wald.frame["estimate"])
    assert found.frame["statistic"].iloc[0] == pytest.approx(
        np.log(found.frame["estimate"].iloc[0]) / found.frame["std_error"].iloc[0]
    )
    for level, width in ((0.8, 1.2816), (0.95, 1.96)):
        rows = hazard_ratio(made, "mentored + band", interval="bootstrap", draws=300, seed=3, level=level).frame
        found_width = np.log(rows["conf_high"] / rows["conf_low"]) / 2 / rows["std_error"]
        assert found_width.mean() == pytest.approx(width, rel=0.08)
    wide = hazard_ratio(made, "mentored + band", interval="bootstrap", draws=300, seed=3, level=0.99)
    assert (wide.frame["conf_low"] < found.frame["conf_low"]).all()
    by_ward = hazard_ratio(made, "mentored", cluster="ward", interval="bootstrap", draws=50, seed=3)
    assert by_ward.method.interval.endswith("samples of clusters")


def test_a_bootstrap_of_clusters_draws_them_whole() -> None:
    copies = [_staff(150).assign(id=lambda d, k=k: 1000 * k + d["id"], family=np.arange(150)) for k in range(4)]
    made = _cohort(pd.concat(copies, ignore_index=True), covariates=["band", "family"])
    options = {"interval": "bootstrap", "draws": 100, "seed": 3, "ties": "breslow"}
    by_person = hazard_ratio(made, "band", **options).frame["std_error"]  # type: ignore[arg-type]
    by_family = hazard_ratio(made, "band", cluster="family", **options).frame["std_error"]  # type: ignore[arg-type]
    np.testing.assert_allclose(by_family / by_person, 2, rtol=0.3)


@pytest.mark.parametrize("model", EVERY)
def test_ever_mentored_is_immortal_time(model: Models) -> None:
    with pytest.raises(ImmortalTimeError, match="landmark") as error:
        model(_cohort(), "ever + band")
    assert _codes(error) == ["EST-002"]
    with pytest.raises(ImmortalTimeError):
        model(_cohort(), "band", strata="ever")
    with pytest.raises(ImmortalTimeError):
        model(_cohort(_staff().assign(ever=lambda d: d["mentored_on"].isna())), "C(ever)")
    marked = model(_cohort(), "ever + band", allow_immortal_time=True)
    assert "biased by immortal time: shown for comparison only" in marked.method.name
    assert any("Do not use" in text for text in marked.method.assumptions)
    sound = model(_cohort(), "mentored + band", allow_immortal_time=True)
    assert "biased" not in sound.method.name


def test_immortal_time_is_found_whoever_is_looked_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _cohort()
    for screen in range(2, 60):
        monkeypatch.setattr(foreknowledge, "_SCREEN", screen)
        with pytest.raises(ImmortalTimeError):
            hazard_ratio(made, "ever")


def test_immortal_time_is_gone_at_a_landmark_and_at_entry() -> None:
    late = _cohort().landmark(6)
    assert hazard_ratio(late, "mentored").frame["n"].iloc[0] == late.n_people
    staff = _staff().assign(mentored=lambda d: d["ever"] == "yes")
    at_entry = cohort(staff, person="id", exit="exit", event="left", mentored_from="entry", covariates=["ever"])
    one, other = hazard_ratio(at_entry, "mentored"), hazard_ratio(at_entry, "ever")
    assert one.frame["estimate"].iloc[0] == pytest.approx(other.frame["estimate"].iloc[0])


def test_subdistributions_refuse_a_state_that_changes() -> None:
    with pytest.raises(ImmortalTimeError, match=r"cohort\.landmark\(6\)"):
        subdistribution_hazard_ratio(_cohort(), "band + mentored", cause="resigned")
    with pytest.raises(ImmortalTimeError):
        subdistribution_hazard_ratio(_cohort(), "band", strata="mentored", cause="resigned")
    with pytest.raises(ImmortalTimeError):
        subdistribution_hazard_ratio(_cohort(), "ever", cause="resigned")
    found = subdistribution_hazard_ratio(_cohort().landmark(6), "mentored + band", cause="resigned")
    assert found.method.interval.endswith("robust standard error by person")
    marked = subdistribution_hazard_ratio(_cohort(), "ever", cause="resigned", allow_immortal_time=True)
    assert "biased" in marked.method.name
    none_other = subdistribution_hazard_ratio(_cohort(reason=None, mentored_from=None), "band", cause="left")
    plain = hazard_ratio(_cohort(reason=None, mentored_from=None), "band", cluster="person")
    assert_frames_agree(none_other.frame, plain.frame, rtol=1e-9, atol=0)


def test_subdistributions_refuse_people_who_came_back() -> None:
    staff = pd.concat([_staff(), _staff().iloc[:3].assign(entry=60, exit=70.0)], ignore_index=True)
    staff["entry"] = staff["entry"].fillna(0.0)
    made = cohort(staff, person="id", entry="entry", exit="exit", event="left", reason="why", covariates=["band"])
    with pytest.raises(EstimationError, match="3 people with several spells"):
        subdistribution_hazard_ratio(made, "band", cause="resigned")


@pytest.mark.parametrize(
    ("terms", "options", "code", "words"),
    [
        ("mentored + bnad", {}, "DAT-003", 'Did you mean "band"?'),
        (["mentored", "bnad", "agge"], {}, "DAT-003", 'Did you mean "age"?'),
        ("np.log(agge) + band", {}, "DAT-003", 'Did you mean "age"?'),
        ("mentored +", {}, "EST-001", "cannot be read as a formula"),
        ("(mentored", {}, "EST-001", "cannot be read as a formula"),
        ("left ~ mentored", {}, "EST-001", "several sides"),
        ("0 + band", {}, "EST-001", "intercept"),
        ("band - 1", {}, "EST-001", "intercept"),
        ("fancy(age)", {}, "EST-001", "cannot be evaluated"),
        ("np.log(age - 20)", {}, "EST-001", "no finite numbers"),
        ("", {}, "DAT-009", "a formula, or covariates"),
        ([], {}, "DAT-009", "a formula, or covariates"),
        (None, {}, "DAT-009", "a formula, or covariates"),
        ("1", {}, "DAT-009", "a covariate"),
        ("band", {"cause": "resignd"}, "DAT-006", 'Did you mean "resigned"?'),
        ("band", {"strata": "sit"}, "DAT-003", 'Did you mean "site"?'),
        ("band", {"cluster": "wrd"}, "DAT-003", 'Did you mean "ward"?'),
        ("band", {"weights": "shar"}, "DAT-003", 'Did you mean "share"?'),
        ("band", {"weights": "age_less"}, "DAT-002", "weights that are missing, below zero"),
        ("band", {"weights": "nothing"}, "DAT-002", "all weights are zero"),
        ("band", {"ties": "exact"}, "DAT-006", "efron, breslow"),
        ("band", {"missing": "keep"}, "DAT-006", "refuse, drop"),
        ("band", {"interval": "profile"}, "DAT-006", "wald, bootstrap"),
        ("band", {"level": 95}, "DAT-002", "a number between 0 and 1"),
        ("band", {"interval": "bootstrap"}, "DAT-009", "Give seed="),
        ("band", {"interval": "bootstrap", "seed": 1, "draws": 3}, "DAT-002", "at least 20"),
        ("band", {"reference": {"band": "8"}}, "DAT-006", "a level"),
        ("band", {"reference": {"bnd": "5"}}, "DAT-003", 'Did you mean "band"?'),
        ("age", {"reference": {"age": "5"}}, "DAT-006", "a category"),
        ("nothing", {}, "EST-001", "the same for everybody"),
        ("single", {}, "EST-001", "everybody has the same: only"),
        ("endless", {}, "DAT-002", "1 values without end"),
        ("day", {}, "EST-001", "dates"),
        ("band + band_again", {}, "EST-001", "band_again (y / x), band_again (z / x) follows"),
        ("age + months_old", {}, "EST-001", "months_old follows from the terms before"),
    ],
)
def test_bad_input_is_told(terms: Any, options: dict[str, Any], code: str, words: str) -> None:
    staff = _staff().assign(
        age_less=lambda d: d["age"] - 30.0, nothing=0.0, single="only", day=pd.Timestamp("2020-01-01"),
        endless=lambda d: np.where(d["id"] == 3, np.inf, 1.0), months_old=lambda d: 12 * d["age"],
        band_again=lambda d: d["band"].map({"5": "x", "6": "y", "7": "z"}),
    )  # fmt: skip
    more = ["age_less", "nothing", "single", "day", "endless", "months_old", "band_again"]
    with pytest.raises(EvalkitError) as error:
        hazard_ratio(_cohort(staff, covariates=[*COVARIATES, *more]), terms, **options)
    assert _codes(error)[0] == code
    assert words in str(error.value)
    assert "\x1b" not in str(error.value)


def test_several_unknown_names_are_told_at_once() -> None:
    with pytest.raises(EstimationError) as error:
        hazard_ratio(_cohort(), ["bnad", "agge"])
    assert _codes(error) == ["DAT-003", "DAT-003"]


def test_nobody_left_nobody_mentored_and_nobody_known() -> None:
    nobody = _cohort(_staff().assign(left=False, why=None))
    with pytest.raises(EstimationError, match="nobody among 400 people was seen leaving"):
        hazard_ratio(nobody, "band")
    alone = _cohort(_staff().assign(mentored_on=np.nan))
    with pytest.raises(EstimationError, match="everybody has the same: not mentored"):
        hazard_ratio(alone, "mentored + band")
    with pytest.raises(EstimationError, match="Give cohort"):
        hazard_ratio(_cohort(mentored_from=None), "mentored")
    with pytest.raises(EstimationError, match="nobody has all covariates"):
        hazard_ratio(_cohort(_staff().assign(age=np.nan)), "age", missing="drop")
    with pytest.raises(EstimationError, match="at least two clusters"):
        hazard_ratio(_cohort(_staff().assign(ward=1)), "band", cluster="ward")
    with pytest.raises(DataError, match="without a cluster"):
        hazard_ratio(_cohort(_staff().assign(ward=lambda d: d["site"].where(d["id"] > 3))), "band", cluster="ward")


def test_predicted_retention() -> None:
    made = _cohort()
    low, high = (baseline_survival(made, "mentored + age", at={"age": age, "mentored": True}) for age in (25, 55))
    ratio = hazard_ratio(made, "mentored + age").frame["estimate"].iloc[1]
    np.testing.assert_allclose(np.log(low.frame["estimate"]) * ratio**30, np.log(high.frame["estimate"]), rtol=1e-9)
    assert "mentored: mentored" in low.method.estimand
    assert "descriptive" in low.method.name
    counts = made.counts().set_index("time")
    rows = low.frame.set_index("time")
    assert rows["n_at_risk"].tolist() == counts.loc[rows.index, "at_risk"].tolist()
    assert rows["n_events"].sum() == _staff()["left"].sum()
    plain = baseline_survival(made, "mentored + age", strata="site")
    counts = made.counts(by="site").set_index(["group", "time"])
    for label, part in plain.frame.groupby("group"):
        assert part["n_at_risk"].tolist() == counts.loc[label].loc[part["time"], "at_risk"].tolist()
        gone = (part["n_events"] + part["n_censored"]).to_numpy()
        np.testing.assert_array_equal(-np.diff(part["n_at_risk"]), gone[:-1])
    assert set(plain.frame["group"]) == {"A", "B"}
    assert "not mentored" in plain.method.estimand
    for at, code in (({"agge": 3}, "DAT-003"), ({"age": "old"}, "DAT-009"), ({"mentored": "maybe"}, "DAT-006")):
        with pytest.raises(EstimationError) as error:
            baseline_survival(made, "mentored + age", at=at)
        assert _codes(error) == [code]


def test_whole_model_tests_with_clusters_are_wald_only() -> None:
    found = hazard_model_tests(_cohort(), "mentored + band", cluster="person").frame
    assert found["term"].tolist() == ["Wald"]
    single = hazard_model_tests(_cohort(), "mentored").frame.set_index("term")
    z = hazard_ratio(_cohort(), "mentored").frame["statistic"].iloc[0]
    assert single.loc["Wald", "statistic"] == pytest.approx(z**2)


def test_ratios_over_time_find_a_ratio_that_changes() -> None:
    rng = np.random.default_rng(5)
    group = np.repeat([0, 1], 3000)
    # Group 1 leaves twice as often up to month 10, and half as often after it.
    early, late = rng.exponential(1 / (0.02 * 2.0**group)), rng.exponential(1 / (0.02 * 0.5**group))
    left = np.where(early < 10, early, 10 + late)
    frame = pd.DataFrame({"id": np.arange(6000), "exit": left.clip(max=60), "left": left < 60, "group": group})
    made = cohort(frame, person="id", exit="exit", event="left", covariates=["group"])
    curve = hazard_ratio_over_time(made, "C(group)", bands=8)
    rows = curve.frame
    assert len(rows) == 8
    assert rows["group"].eq("group (1 / 0)").all()
    assert rows["n_events"].sum() == (left < 60).sum()
    assert rows["n_events"].max() - rows["n_events"].min() <= 2
    assert rows["n_at_risk"].iloc[0] == 6000
    assert rows["conf_low"].iloc[0] > 1.3
    assert rows["conf_high"].iloc[-1] < 0.8
    assert proportional_hazards_test(made, "C(group)").frame["p_value"].iloc[0] < 1e-6
    mean = np.average(np.log(rows["estimate"]), weights=rows["n_events"])
    assert mean == pytest.approx(np.log(hazard_ratio(made, "C(group)").frame["estimate"].iloc[0]), abs=1e-7)
    ax = ratios_by_time(curve, time_label="Months")
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "Months"


def test_the_error_of_a_band_is_what_repetition_gives() -> None:
    rng = np.random.default_rng(11)
    logs, errors = [], []
    for _ in range(60):
        left = rng.exponential(20, 300)
        frame = pd.DataFrame({"id": np.arange(300), "exit": left, "x": rng.integers(0, 2, 300)})
        made = cohort(frame, person="id", exit="exit", covariates=["x"])
        rows = hazard_ratio_over_time(made, "x", bands=3).frame
        logs.append(np.log(rows["estimate"]))
        errors.append(rows["std_error"])
    np.testing.assert_allclose(np.std(logs, axis=0), np.mean(errors, axis=0), rtol=0.3)


def test_figures_of_ratios_refuse_what_they_cannot_show() -> None:
    curve = hazard_ratio_over_time(_cohort(), "mentored + C(band) + C(ward)", bands=4)
    with pytest.raises(DataError, match="at most 4"):
        ratios_by_time(curve)
    with pytest.raises(DataError, match="Did you mean"):
        ratios_by_time(curve, groups="band (6/5)")
    ax = ratios_by_time(curve, groups=["band (6 / 5)", "band (7 / 5)"])
    assert ax.get_legend() is not None
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["band (6 / 5)", "band (7 / 5)"]


def test_the_smooth_of_a_straight_line_is_the_line() -> None:
    time = np.array([1.0, 2, 4, 7, 8, 12])
    at = np.linspace(1, 12, 9)
    np.testing.assert_allclose(smoothed(time, 3 - 0.5 * time, np.array([1.0, 5, 2, 1, 1, 3]), at), 3 - 0.5 * at)
