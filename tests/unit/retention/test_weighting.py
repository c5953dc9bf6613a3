"""Propensity weights, balance, weighted outcomes, Table 1, E-values and the paragraph."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from evalkit.disclosure import load_profile, release
from evalkit.errors import DataError, EstimationError, ImmortalTimeError
from evalkit.figures.balance import love_plot
from evalkit.numeric.cox import cox_model, fit_cox
from evalkit.numeric.cox_residuals import dfbeta
from evalkit.numeric.propensity import effective_size, fit_logistic, treatment_weights
from evalkit.numeric.two_group_hazards import two_group_log_ratio
from evalkit.numeric.weighted_survival import (
    retention_functionals,
    retention_influence,
    risk_rows,
    weighted_curve,
)
from evalkit.result import Estimates, Method, estimates
from evalkit.retention.balancing import AFTER, BEFORE, EFFECTIVE, balance
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.describing import describe_groups
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.retained import retention_at
from evalkit.retention.sensitivity import e_value
from evalkit.retention.subdistribution import subdistribution_hazard_ratio
from evalkit.retention.weighted_outcomes import weighted_hazard_ratio, weighted_retention
from evalkit.retention.weighting import WEIGHT, propensity_weights
from evalkit.retention.wording import retention_paragraph
from evalkit.simulate import simulate_staff

WHY = ["age_band", "previous_service"]


def _cohort(n: int = 300, *, mentoring: str = "entry", seed: int = 3, **more: object) -> Cohort:
    given = {"hazard_ratio": 0.6, "before": 0, "mentored_share": 0.4, "months": 48, **more}
    made = simulate_staff(n, seed=seed, mentoring=mentoring, **given)  # type: ignore[arg-type]
    return cohort(made.staff, **made.roles, covariates=[*WHY, "band_group", "sex"])  # type: ignore[arg-type]


def _frame(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    band, service = rng.choice(["5", "6", "7"], n), rng.gamma(2, 3, n)
    chance = 1 / (1 + np.exp(-(0.15 * service - 1 + (band == "7"))))
    return pd.DataFrame({"band": band, "service": service, "mentored": rng.random(n) < chance})


# the weights


def test_weights_are_their_formulas_and_stabilised_ones_have_mean_one():
    frame = _frame(2000)
    plain = propensity_weights(frame, covariates=["band", "service"], stabilised=False)
    e, treated = plain.probability, frame["mentored"].to_numpy()
    np.testing.assert_allclose(plain.each, np.where(treated, 1 / e, 1 / (1 - e)))
    stable = propensity_weights(frame, covariates=["band", "service"])
    share = treated.mean()
    np.testing.assert_allclose(stable.each, plain.each * np.where(treated, share, 1 - share))
    assert stable.each.mean() == pytest.approx(1, abs=0.02)
    att = propensity_weights(frame, covariates=["band", "service"], estimand="ATT")
    np.testing.assert_allclose(att.each, np.where(treated, 1, e / (1 - e)))
    overlap = propensity_weights(frame, covariates=["band", "service"], estimand="overlap")
    np.testing.assert_allclose(overlap.each, np.where(treated, 1 - e, e))


def test_scores_are_those_of_statsmodels():
    import statsmodels.api as sm

    frame = _frame()
    design = pd.get_dummies(frame[["band"]], drop_first=True).astype(float).assign(service=frame["service"])
    expected = sm.GLM(frame["mentored"].astype(float), sm.add_constant(design), family=sm.families.Binomial()).fit()
    found = propensity_weights(frame, covariates=["band", "service"])
    np.testing.assert_allclose(found.probability, expected.fittedvalues, rtol=1e-8)


def test_case_weights_are_copies_of_people():
    frame = _frame(120).assign(times=np.tile([1, 2, 3], 40))
    copies = frame.loc[frame.index.repeat(frame["times"])].reset_index(drop=True)
    weighted = propensity_weights(frame, covariates=["band", "service"], weight="times", estimand="ATT")
    copied = propensity_weights(copies, covariates=["band", "service"], estimand="ATT")
    np.testing.assert_allclose(np.repeat(weighted.probability, frame["times"]), copied.probability, rtol=1e-7)
    one, other = (balance(made).frame for made in (weighted, copied))
    after = one["group"] == AFTER
    # The spread that is divided by is unweighted, the difference of means is not.
    ratio = (one["estimate"] / other["estimate"])[after & one["term"].str.startswith("band")]
    assert ratio.between(0.5, 2).all()
    assert not one[after]["estimate"].equals(one[one["group"] == BEFORE]["estimate"])


def test_truncated_weights_stay_within_the_quantiles_and_move_no_more():
    frame = _frame()
    free = propensity_weights(frame, covariates=["band", "service"])
    cut = propensity_weights(frame, covariates=["band", "service"], truncate=(0.05, 0.9))
    low, high = np.quantile(free.each, [0.05, 0.9])
    np.testing.assert_allclose(cut.each, np.clip(free.each, low, high))
    outside = (free.each < low) | (free.each > high)
    assert outside.sum() > 20
    assert (cut.made.by_linear[outside] == 0).all()
    assert (cut.made.by_linear[~outside] != 0).all()


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "overlap"])
def test_the_slopes_of_the_weights_are_their_derivatives(estimand):
    linear = np.linspace(-2, 2, 9)
    treated = np.arange(9) % 2 == 0
    step = 1e-6

    def at(shift: float, share: float) -> np.ndarray:
        chance = 1 / (1 + np.exp(-(linear + shift)))
        return treatment_weights(treated, chance, estimand, share=share).each

    made = treatment_weights(treated, 1 / (1 + np.exp(-linear)), estimand, share=0.3)
    np.testing.assert_allclose(made.by_linear, (at(step, 0.3) - at(-step, 0.3)) / (2 * step), atol=1e-7)
    np.testing.assert_allclose(made.by_share, (at(0, 0.3 + step) - at(0, 0.3 - step)) / (2 * step), atol=1e-7)


def test_weights_know_no_future():
    late = _cohort(900, mentoring="during")
    with pytest.raises(ImmortalTimeError, match=r"EST-002.*cohort\.landmark\(6\)"):
        propensity_weights(late, covariates=WHY)
    with pytest.raises(ImmortalTimeError, match="landmark"):
        describe_groups(late, covariates=WHY)
    at_six = propensity_weights(late.landmark(6), covariates=WHY)
    assert at_six.groups == ("not mentored", "mentored")
    assert len(at_six.each) == late.landmark(6).n_people
    ever = late.ever_mentored()
    told = late.covariates.copy()
    first = np.r_[True, late.person[1:] != late.person[:-1]]
    told["badge"] = pd.Series(np.where(ever[late.person[first]], "a", "b"), index=late.row[first]).sort_index()
    with pytest.raises(ImmortalTimeError, match="badge"):
        propensity_weights(replace(late, covariates=told), treatment="badge", covariates=WHY)


def test_covariates_know_no_future_either():
    late = _cohort(900, mentoring="during")
    first = np.r_[True, late.person[1:] != late.person[:-1]]
    told = late.covariates.copy()
    told["badge"] = pd.Series(np.where(late.ever_mentored(), "a", "b"), index=late.row[first]).sort_index()
    with pytest.raises(ImmortalTimeError, match="badge"):
        propensity_weights(replace(late, covariates=told), treatment="sex", covariates=["badge", *WHY])


def test_mentoring_that_begins_between_two_spells_is_not_settled():
    rows = [(person, 0.0, 4.0, 0) for person in range(40)] + [(person, 6.0, 9.0, person % 2) for person in range(40)]
    frame = pd.DataFrame(rows, columns=["id", "from", "to", "left"]).assign(begun=5.0, band="5")
    frame.loc[frame["id"] < 20, "begun"] = np.nan
    made = cohort(frame, person="id", entry="from", exit="to", event="left", mentored_from="begun", covariates=["band"])
    assert not made.exposure_varies
    with pytest.raises(ImmortalTimeError, match="landmark"):
        propensity_weights(made, covariates=["band"])


def test_separation_is_named():
    frame = _frame()
    frame.loc[frame["mentored"] & (frame["band"] == "7"), "band"] = "6"
    with pytest.raises(EstimationError, match=r"EST-001.*band: 7: all in one group"):
        propensity_weights(frame, covariates=["band", "service"])
    split = _frame().assign(tenure=lambda f: np.where(f["mentored"], 5.0, 1.0) + np.linspace(0, 1, len(f)))
    with pytest.raises(EstimationError, match="tenure: all in one group"):
        propensity_weights(split, covariates=["tenure", "service"])
    both = _frame().assign(a=lambda f: f["service"] + 10 * f["mentored"], b=lambda f: f["service"])
    both["a"] += np.random.default_rng(1).normal(0, 0.1, len(both))
    both["b"] *= 1.0
    both = both[both["a"].between(both["a"][both["mentored"]].min() - 30, 60)]
    with pytest.raises(EstimationError, match="a combination of the covariates"):
        propensity_weights(both, covariates=["a", "b"])


def test_collinear_terms_are_named():
    frame = _frame().assign(again=lambda f: 2 * f["service"] + 1, grade=lambda f: f["band"].map({"5": "x"}).fillna("y"))
    with pytest.raises(EstimationError, match=r"again, grade: y|grade: y, again|again"):
        propensity_weights(frame, covariates=["band", "service", "again", "grade"])
    with pytest.raises(EstimationError, match="grade: y"):
        propensity_weights(frame, covariates=["band", "service", "grade"])


def test_missing_covariates_are_refused_or_dropped_and_counted():
    frame = _frame()
    frame.loc[[3, 7], "service"] = np.nan
    frame.loc[[7, 9], "band"] = None
    with pytest.raises(DataError) as caught:
        propensity_weights(frame, covariates=["band", "service"])
    assert "rows 8, 10" in str(caught.value)
    assert "rows 4, 8" in str(caught.value)
    made = propensity_weights(frame, covariates=["band", "service"], missing="drop")
    assert np.flatnonzero(np.isnan(made.each)).tolist() == [3, 7, 9]
    method = balance(made).method
    assert (method.n_given, method.n_used) == (300, 297)
    assert dict(method.n_dropped) == {"band missing": 2, "service missing": 1}
    rest = propensity_weights(frame.dropna(), covariates=["band", "service"])
    np.testing.assert_allclose(made.each[made.used], rest.each)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"covariates": []}, "DAT-009"),
        ({"covariates": ["bnad"]}, "DAT-003"),
        ({"covariates": ["band", "band"]}, "DAT-010"),
        ({"covariates": ["mentored"]}, "DAT-007"),
        ({"estimand": "ATC"}, "DAT-006"),
        ({"missing": "impute"}, "DAT-006"),
        ({"truncate": (0.9, 0.1)}, "DAT-002"),
        ({"truncate": 0.99}, "DAT-002"),
        ({"treatment": "band"}, "DAT-007"),
        ({"weight": "debt"}, "DAT-002"),
        ({"weight": "nil"}, "DAT-002"),
        ({"covariates": ["joined"]}, "DAT-009"),
        ({"covariates": ["endless"]}, "DAT-002"),
        ({"covariates": ["name"]}, "DAT-007"),
    ],
)
def test_wrong_arguments_have_codes(change: dict[str, object], code: str):
    frame = _frame().assign(
        debt=-1.0, nil=0.0, joined=pd.Timestamp("2020-01-01"), endless=np.inf, name=[f"p{i}" for i in range(300)]
    )
    given = {"covariates": ["band", "service"], **change}
    with pytest.raises(DataError, match=code):
        propensity_weights(frame, **given)  # type: ignore[arg-type]


def test_nobody_in_a_group_is_an_error():
    with pytest.raises(DataError, match="DAT-007"):
        propensity_weights(_frame().assign(mentored=True), covariates=["band"])
    made = _cohort()
    with pytest.raises(EstimationError, match="nobody mentored"):
        propensity_weights(replace(made, mentored=np.zeros_like(made.mentored)), covariates=WHY)


def test_the_repr_shows_no_person():
    frame = _frame()
    text = repr(propensity_weights(frame, covariates=["band", "service"]))
    mentored = int(frame["mentored"].sum())
    assert re.findall(r"\d+", text) == [str(300 - mentored), str(mentored)]


# balance and positivity


def test_att_weights_make_means_alike_to_those_of_the_mentored_and_overlap_exactly_alike():
    frame = _frame(3000)
    overlap = balance(propensity_weights(frame, covariates=["band", "service"], estimand="overlap")).frame
    after = overlap[(overlap["group"] == AFTER) & (overlap["term"] != "propensity score")]
    assert len(after) == 4
    # A property of overlap weights from a logistic model: the means agree exactly.
    assert after["estimate"].abs().max() < 1e-9
    before = overlap[(overlap["group"] == BEFORE) & (overlap["term"] == "service")]["estimate"].iloc[0]
    assert before > 0.3


def test_effective_sizes_are_the_people_where_all_weights_are_alike():
    assert effective_size(np.full(40, 2.5)) == pytest.approx(40)
    assert math.isnan(effective_size(np.zeros(3)))
    made = propensity_weights(_frame(), covariates=["band", "service"], estimand="ATT")
    frame = balance(made).frame
    sizes = frame[frame["term"] == EFFECTIVE].set_index("group")
    assert sizes.loc["mentored", "estimate"] == pytest.approx(sizes.loc["mentored", "n"])
    assert sizes.loc["not mentored", "estimate"] < sizes.loc["not mentored", "n"]


def test_a_rare_level_is_withheld():
    frame = _frame()
    frame.loc[:7, "band"] = "9"
    frame.loc[:7, "mentored"] = [True, False] * 4
    shown = release(
        balance(propensity_weights(frame, covariates=["band", "service"])), load_profile("staff-survey")
    ).frame
    by_term = shown[shown["group"] == BEFORE].set_index("term")["estimate"]
    assert math.isnan(by_term["band: 9"])
    assert not math.isnan(by_term["band: 5"])


def test_positivity_tells_shares_of_each_group():
    made = propensity_weights(_frame(), covariates=["band", "service"])
    found = made.positivity().frame.set_index(["term", "group"])["estimate"]
    treated = made.treated
    assert found["mean propensity", "mentored"] == pytest.approx(made.probability[treated].mean())
    assert found["mean propensity", "mentored"] > found["mean propensity", "not mentored"]
    own = made.each[~treated]
    assert found["largest weight over the mean", "not mentored"] == pytest.approx(own.max() / own.mean())
    wild = made.each.copy()
    wild[np.flatnonzero(treated)[:2]] = 500.0
    again = replace(made, each=wild).positivity().frame.set_index(["term", "group"])["estimate"]
    assert again["weights above ten times the mean", "mentored"] == pytest.approx(2 / treated.sum())


def _one_cell_of_one() -> pd.DataFrame:
    """Give 120 people; of the 12 at site z, one is mentored."""
    site = np.repeat(["x", "y", "z"], [54, 54, 12])
    mentored = np.r_[np.arange(54) % 2 == 0, np.arange(54) % 9 < 6, np.arange(12) == 0]
    return pd.DataFrame({"site": site, "mentored": mentored, "age": np.tile(np.arange(30.0, 42.0), 10)})


def test_balance_withholds_the_levels_that_the_first_table_withholds():
    frame, rules = _one_cell_of_one(), load_profile("staff-survey")
    table = describe_groups(frame, covariates=["site"])
    first = release(table, rules).frame
    gone = set(table.frame["term"][first["estimate"].isna()])
    assert "site: z" in gone
    assert len(gone) == 2
    result = balance(propensity_weights(frame, covariates=["site", "age"]))
    shown = release(result, rules).frame
    assert set(result.frame["term"][shown["estimate"].isna()]) == gone
    assert shown[result.frame["term"] == "age"]["estimate"].notna().all()


def test_positivity_withholds_what_rests_on_few():
    few, rules = _one_cell_of_one(), load_profile("staff-survey")
    weights = propensity_weights(few, covariates=["site"])
    shown = release(weights.positivity(), rules).frame.set_index(["term", "group"])["estimate"]
    for group in weights.groups:  # 1 in 12 is the score of site z, and its weight tells as much
        assert math.isnan(shown["propensity, 1st percentile", group])
        assert not math.isnan(shown["mean propensity", group])
        assert not math.isnan(shown["effective sample size", group])
        assert not math.isnan(shown["propensity near 0 or 1", group])  # nobody: no share of few
    assert math.isnan(shown["largest weight over the mean", "mentored"])
    assert not math.isnan(shown["largest weight over the mean", "not mentored"])  # of 36 at site y
    many = pd.concat([few] * 20, ignore_index=True)
    free = release(propensity_weights(many, covariates=["site"]).positivity(), rules).frame
    assert free["estimate"].notna().all()
    beyond = propensity_weights(few, covariates=["site"]).positivity().frame.set_index(["term", "group"])
    assert beyond.loc[("propensity, 1st percentile", "mentored"), "n_least"] == 1
    assert beyond.loc[("propensity, 99th percentile", "mentored"), "n_least"] == 18


def test_the_love_plot_draws_each_stage_and_leaves_the_rest_out():
    result = balance(propensity_weights(_frame(), covariates=["band", "service"]))
    ax = love_plot(result)
    lines = {line.get_label(): line for line in ax.lines}
    values = result.frame[result.frame["group"] == BEFORE].set_index("term")["estimate"].abs()
    terms = [label.get_text() for label in ax.get_yticklabels()][::-1]
    assert terms == list(values.sort_values(ascending=False).index)
    drawn = dict(zip(lines[BEFORE].get_ydata(), lines[BEFORE].get_xdata(), strict=True))
    assert drawn[len(terms) - 1] == pytest.approx(values.max())
    assert to_hex(lines[BEFORE].get_color()) != to_hex(lines[AFTER].get_color())
    signed = love_plot(result, absolute=False)
    assert min(signed.lines[3].get_xdata()) < 0
    empty = Estimates(result.frame.iloc[:0], result.method)
    assert "No number" in love_plot(empty).texts[0].get_text()


# weighted outcomes


def test_an_unweighted_curve_is_kaplan_meier_and_a_share_without_censoring():
    stop = np.array([2.0, 2.0, 3.0, 5.0, 8.0])
    rows = risk_rows(np.zeros(5), stop, np.ones(5, dtype=bool))
    curve = weighted_curve(rows, np.ones(5))
    found = retention_functionals(rows, curve, [1, 2, 4, 8, 50], 6.0)
    np.testing.assert_allclose(found, [1, 0.6, 0.4, 0, 0, np.minimum(stop, 6).mean()])
    part = risk_rows(np.zeros(5), stop, np.array([True, True, True, True, False]))
    assert math.isnan(retention_functionals(part, weighted_curve(part, np.ones(5)), [9.0], None)[0])


def test_influence_is_the_derivative_in_the_weights():
    rng = np.random.default_rng(4)
    start = rng.integers(0, 4, 40).astype(float)
    stop = start + rng.integers(1, 12, 40)
    rows = risk_rows(start, stop, rng.random(40) < 0.7)
    mass = rng.uniform(0.5, 2, 40)
    found = retention_influence(rows, weighted_curve(rows, mass), [5.0, 9.0], 10.0)
    step = 1e-6
    for person in (0, 11, 25, 39):
        moved = [mass + sign * step * (np.arange(40) == person) for sign in (1, -1)]
        up, down = (retention_functionals(rows, weighted_curve(rows, each), [5.0, 9.0], 10.0) for each in moved)
        np.testing.assert_allclose(found[person], (up - down) / (2 * step), atol=1e-7)


@pytest.mark.parametrize("efron", [True, False])
def test_the_two_group_model_is_the_cox_model(efron):
    rng = np.random.default_rng(7)
    n = 200
    start = rng.integers(0, 5, n).astype(float)
    stop = start + rng.integers(1, 9, n)
    event, second, mass = rng.random(n) < 0.6, rng.random(n) < 0.4, rng.uniform(0.3, 3, n)
    counts = rng.integers(0, 3, n)
    found = two_group_log_ratio(risk_rows(start, stop, event), second, mass * counts, counts, efron=efron)
    rows = np.repeat(np.arange(n), counts)
    model = cox_model(
        start[rows], stop[rows], event[rows], second[rows].astype(float)[:, None], weights=mass[rows],
        ties="efron" if efron else "breslow",
    )  # fmt: skip
    assert found == pytest.approx(fit_cox(model).coefficients[0], abs=1e-8)


def test_a_two_group_model_without_leavers_in_one_group_has_no_end():
    rows = risk_rows(np.zeros(4), np.array([1.0, 2, 3, 4]), np.array([True, True, False, False]))
    ones = np.ones(4)
    first = np.array([False, False, True, True])
    assert two_group_log_ratio(rows, first, ones, ones.astype(int)) == -math.inf
    assert two_group_log_ratio(rows, ~first, ones, ones.astype(int)) == math.inf
    assert math.isnan(two_group_log_ratio(rows, np.ones(4, dtype=bool), ones, ones.astype(int)))


def test_the_stacked_error_is_near_the_bootstrap_and_below_that_of_fixed_weights():
    made = _cohort(600, prognosis=2.0, confounding=0.5, leaving=0.3)
    weights = propensity_weights(made, covariates=WHY)
    stacked = weighted_retention(weights, times=[24], horizon=24)
    drawn = weighted_retention(weights, times=[24], horizon=24, variance="bootstrap", replicates=300, seed=1)
    np.testing.assert_allclose(stacked.frame["estimate"], drawn.frame["estimate"])
    ratio = (stacked.frame["std_error"] / drawn.frame["std_error"]).to_numpy()
    assert np.all((ratio > 0.85) & (ratio < 1.15))
    one = weighted_hazard_ratio(weights)
    other = weighted_hazard_ratio(weights, variance="bootstrap", replicates=300, seed=1)
    assert one.frame["std_error"][0] == pytest.approx(other.frame["std_error"][0], rel=0.15)
    held = weights.weighted_cohort()
    model = cox_model(
        held.start, held.stop, held.cause > 0, held.mentored[:, None].astype(float), weights=held.weights()
    )
    fit = fit_cox(model)
    assert math.log(one.frame["estimate"][0]) == pytest.approx(fit.coefficients[0], abs=1e-10)
    fixed = math.sqrt((dfbeta(model, fit)[:, 0] ** 2).sum())
    assert one.frame["std_error"][0] < 0.95 * fixed


def test_the_stacked_error_is_that_of_the_jackknife():
    # Covariates that tell much: the two groups then move together, and the sign of that counts.
    made = _cohort(300, prognosis=3.0, confounding=0.3, leaving=0.4)
    weights = propensity_weights(made, covariates=WHY)
    event = made.cause > 0
    rows = [risk_rows(made.start[g], made.stop[g], event[g]) for g in (~weights.treated, weights.treated)]
    pooled = risk_rows(made.start, made.stop, event)

    def found(times: np.ndarray) -> list[float]:
        mass = weights.drawn(times)
        shares = [
            retention_functionals(group, weighted_curve(group, mass[state]), [24.0], 24.0)
            for group, state in zip(rows, (~weights.treated, weights.treated), strict=True)
        ]
        return [*(shares[1] - shares[0]), two_group_log_ratio(pooled, weights.treated, mass, times)]

    without = np.array([found(np.where(np.arange(300) == person, 0, 1)) for person in range(300)])
    jackknife = np.sqrt(((without - without.mean(axis=0)) ** 2).sum(axis=0) * 299 / 300)
    outcome = weighted_retention(weights, times=[24], horizon=24).frame["std_error"]
    stacked = [outcome[2], outcome[5], weighted_hazard_ratio(weights).frame["std_error"][0]]
    np.testing.assert_allclose(stacked, jackknife, rtol=0.03)


def test_a_person_drawn_twice_is_two_people_in_a_tie(monkeypatch: pytest.MonkeyPatch):
    weights = propensity_weights(_cohort(), covariates=WHY)
    seen = []

    def spy(rows, second, mass, counts, **more):
        seen.append((mass, counts))
        return two_group_log_ratio(rows, second, mass, counts, **more)

    monkeypatch.setattr("evalkit.retention.weighted_outcomes.two_group_log_ratio", spy)
    weighted_hazard_ratio(weights, variance="bootstrap", replicates=50, seed=1)
    assert len(seen) == 50
    for mass, counts in seen:
        assert counts.sum() == 300
        assert counts.max() > 1
        assert ((mass > 0) == (counts > 0)).all()


def test_the_bootstrap_needs_a_seed_and_repeats_itself():
    weights = propensity_weights(_cohort(), covariates=WHY)
    with pytest.raises(DataError, match="seed"):
        weighted_retention(weights, variance="bootstrap")
    with pytest.raises(DataError, match="replicates"):
        weighted_retention(weights, variance="bootstrap", seed=1, replicates=3)
    one, same, other = (
        weighted_hazard_ratio(weights, variance="bootstrap", replicates=60, seed=seed).frame for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert one["std_error"][0] != other["std_error"][0]


def test_rows_directions_and_levels_of_weighted_retention():
    weights = propensity_weights(_cohort(), covariates=WHY)
    found = weighted_retention(weights, times=[12, 24]).frame
    assert found["group"].tolist() == ["not mentored", "mentored", "mentored less not mentored"] * 2
    plain, helped, difference = found["estimate"][3:6]
    assert difference == pytest.approx(helped - plain)
    assert (found["conf_low"] < found["estimate"]).all()
    assert found["n_least"][2] == found["n"][:2].min()
    wide = weighted_retention(weights, times=[12, 24], level=0.99).frame
    assert (wide["conf_low"] < found["conf_low"]).all()
    half = (found["conf_high"] - found["conf_low"])[2] / 2
    assert half == pytest.approx(1.959964 * found["std_error"][2], rel=1e-6)
    far = weighted_retention(weights, times=[24, 400]).frame
    assert far["estimate"][3:].isna().all()
    assert (far["flag"][3:] == "beyond the end of what was seen").all()


def test_weights_of_a_frame_have_no_times():
    with pytest.raises(EstimationError, match="EST-001"):
        weighted_retention(propensity_weights(_frame(), covariates=["band"]))


def test_a_hazard_ratio_without_leavers_is_refused_and_causes_are_told_apart():
    made = _cohort(500)
    weights = propensity_weights(made, covariates=WHY)
    every, resigned = weighted_hazard_ratio(weights), weighted_hazard_ratio(weights, cause="resignation")
    assert every.frame["estimate"][0] != resigned.frame["estimate"][0]
    with pytest.raises(EstimationError, match="Did you mean"):
        weighted_hazard_ratio(weights, cause="resignations")
    kept = replace(made, cause=np.where(made.mentored, made.cause, 0))
    with pytest.raises(EstimationError, match="EST-001"):
        weighted_hazard_ratio(propensity_weights(kept, covariates=WHY))


def test_the_weighted_cohort_leaves_the_dropped_out():
    made = _cohort()
    covariates = made.covariates.copy()
    covariates["previous_service"] = covariates["previous_service"].astype(float)
    covariates.loc[[0, 5], "previous_service"] = np.nan
    weights = propensity_weights(replace(made, covariates=covariates), covariates=WHY, missing="drop")
    held = weights.weighted_cohort()
    assert held.n_people == 298
    assert held.weight == WEIGHT
    np.testing.assert_allclose(held.weights(), weights.each[weights.used])
    assert held.person.tolist() == list(range(298))
    assert "held fixed" in held.notes[-1]
    assert weighted_retention(weights, times=[12]).method.n_used == 298


def test_a_separated_sample_gives_probabilities_at_the_border():
    rng = np.random.default_rng(1)
    rare = np.r_[np.ones(6), np.zeros(94)]
    outcome = np.r_[np.ones(6, dtype=bool), rng.random(94) < 0.5]
    design = np.column_stack([np.ones(100), rare])
    with pytest.raises(ArithmeticError):
        fit_logistic(outcome, design)
    found = fit_logistic(outcome, design, finite=False)
    assert found.probabilities[0] > 0.999
    assert found.probabilities[-1] == pytest.approx(outcome[6:].mean(), abs=1e-6)


# E-values


def test_e_values_mirror_and_turn_hazard_ratios_into_risk_ratios():
    up = e_value(2.0, 1.25, 3.2, scale="RR").frame["estimate"]
    down = e_value(0.5, 1 / 3.2, 0.8, scale="RR").frame["estimate"]
    np.testing.assert_allclose(up, down)
    assert up[0] == pytest.approx(2 + math.sqrt(2))
    assert e_value(2.0, 1.25, 3.2, rare=True).frame["estimate"].tolist() == up.tolist()
    # VanderWeele (2017): RR = (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)); HR 4 gives (1 - 1/4) / (1 - 2^-0.5).
    ratio = 0.75 / (1 - 2**-0.5)
    assert e_value(4.0, rare=False).frame["estimate"][0] == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)))
    assert e_value(4.0, 2.25, 9, scale="OR", rare=False).frame["estimate"].tolist() == pytest.approx(
        [2 + math.sqrt(2), 1.5 + math.sqrt(0.75)]
    )


def test_an_interval_that_holds_one_needs_nothing_to_explain_it():
    assert e_value(0.8, 0.5, 1.1, rare=False).frame["estimate"][1] == 1
    assert e_value(0.8, 0.5, 1.0, rare=False).frame["estimate"][1] == 1
    assert math.isnan(e_value(0.8, rare=False).frame["estimate"][1])
    assert e_value(1.0, 0.5, 2.0, scale="RR").frame["estimate"].tolist() == [1, 1]


def test_e_values_of_a_result_keep_its_people():
    result = _ratio(0.7, 0.5, 0.9, n=200, least=40)
    frame = e_value(result, rare=False).frame
    assert frame["n"].tolist() == [200, 200]
    assert frame["n_least"].tolist() == [40, 40]
    few = release(e_value(_ratio(0.7, 0.5, 0.9, n=200, least=4), rare=False), load_profile("staff-survey")).frame
    assert few["estimate"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((0.7, 0.8, 0.9), "DAT-002"), ((-0.7, 0.1, 0.9), "DAT-002"), (("x", 0.1, 0.9), "DAT-009"),
        ((0.7, 0.9, 0.5), "DAT-002"), ((0.7, "a", 0.9), "DAT-009"),
    ],
)  # fmt: skip
def test_ratios_that_cannot_be_are_refused(arguments, code):
    with pytest.raises(DataError, match=code):
        e_value(*arguments, scale="RR")
    with pytest.raises(DataError, match="rare"):
        e_value(0.7, 0.5, 0.9)
    with pytest.raises(DataError, match="DAT-006"):
        e_value(0.7, 0.5, 0.9, scale="IRR", rare=True)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="DAT-007"):
        e_value(_ratio(0.7, 0.5, 0.9), 0.5, rare=True)


# Table 1


def _table(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return describe_groups(frame, **{"covariates": ["band", "service"], **more}).frame  # type: ignore[arg-type]


def test_the_table_counts_shares_means_and_medians():
    frame = _frame()
    found = _table(frame).set_index(["term", "group", "statistic_of"])
    group = frame[frame["mentored"]]
    assert found.loc[("people", "mentored", "share"), "n"] == len(group)
    share = found.loc[("band: 6", "mentored", "share")]
    assert share["estimate"] == pytest.approx((group["band"] == "6").mean())
    mean, middle = (found.loc[("service", "mentored", kind)] for kind in ("mean", "median"))
    assert (mean["estimate"], mean["sd"]) == pytest.approx((group["service"].mean(), group["service"].std()))
    assert (middle["q1"], middle["estimate"], middle["q3"]) == pytest.approx(
        tuple(group["service"].quantile([0.25, 0.5, 0.75]))
    )
    other = frame[~frame["mentored"]]["service"]
    pooled = math.sqrt((group["service"].var() + other.var()) / 2)
    difference = found.loc[("service", "mentored less not mentored", "standardised difference"), "estimate"]
    assert difference == pytest.approx((group["service"].mean() - other.mean()) / pooled)


def test_missing_values_are_a_level_and_shares_add_up():
    frame = _frame()
    frame.loc[frame.index[:40], "band"] = None
    frame.loc[frame.index[40:70], "service"] = np.nan
    found = _table(frame)
    shares = found[(found["statistic_of"] == "share") & found["term"].str.startswith("band")]
    assert set(shares["term"]) == {"band: 5", "band: 6", "band: 7", "band: missing"}
    np.testing.assert_allclose(shares.groupby("group")["estimate"].sum(), 1)
    assert "service: missing" in set(found["term"])


def test_a_small_cell_takes_its_row_and_the_next_smallest_with_it():
    frame = _frame(400)
    frame.loc[frame.index[:6], ["band", "mentored"]] = ["8a", True]
    frame.loc[frame.index[6:60], ["band", "mentored"]] = ["8a", False]
    result = describe_groups(frame, covariates=["band"])
    shown = release(result, load_profile("staff-survey")).frame
    shares = shown[shown["statistic_of"] == "share"] if "statistic_of" in shown else shown
    hidden = set(result.frame["term"][shown["estimate"].isna()])
    # The row of 8a is withheld in both groups, and one more level, so that neither is had by subtraction.
    assert "band: 8a" in hidden
    assert len(hidden) == 2
    assert len(shares) > 4
    both = result.frame[result.frame["term"] == "band: 8a"]
    assert shown.loc[both.index, "estimate"].isna().all()


def test_what_is_left_over_by_a_large_level_counts_too():
    # 4 and 4 are withheld; 92 would tell that the two are 8 together.
    frame = pd.DataFrame({"band": ["5"] * 92 + ["6"] * 4 + ["7"] * 4, "half": "a"})
    result = describe_groups(frame, covariates=["band"], by="half")
    shown = release(result, load_profile("staff-survey")).frame
    assert shown["estimate"].notna().tolist() == [True, False, False, False]


def test_a_mean_of_few_is_withheld():
    frame = _frame()
    frame.loc[frame.index[frame["mentored"]][5:], "service"] = np.nan
    result = describe_groups(frame, covariates=["service"])
    shown = release(result, load_profile("staff-survey")).frame
    means = shown[result.frame["statistic_of"].isin(["mean", "median"])].set_index("group")["estimate"]
    assert means["mentored"].isna().all()
    assert means["not mentored"].notna().all()


def test_groups_may_be_several_one_or_unknown():
    frame = _frame()
    three = _table(frame, by="band", covariates=["service"])
    assert set(three["group"]) == {"5", "6", "7", "6 less 5", "7 less 5"}
    alone = _table(frame, by=None)
    assert set(alone["group"]) == {"all"}
    some = frame.assign(mentored=frame["mentored"].astype(object).where(frame.index > 9, None))
    method = describe_groups(some, covariates=["service"]).method
    assert dict(method.n_dropped) == {"mentored missing": 10}
    with pytest.raises(DataError, match="DAT-007"):
        _table(frame, covariates=["mentored"])
    with pytest.raises(DataError, match="DAT-007"):
        _table(frame.assign(mentored=None))


def test_a_cohort_is_described_at_its_landmark():
    made = _cohort(mentoring="during").landmark(6)
    found = describe_groups(made, covariates=WHY).frame
    people = found[found["term"] == "people"].set_index("group")["n"]
    assert people.sum() == made.n_people
    assert people["mentored"] == made.ever_mentored().sum()


# clusters


def _copied(times: int, n: int = 240) -> tuple[Cohort, Cohort]:
    """Give people once, and each of them several times over as a ward of their own."""
    made = simulate_staff(n, seed=9, hazard_ratio=0.6, before=0, mentored_share=0.4, months=48, mentoring="entry")
    once = made.staff.assign(ward=np.arange(len(made.staff)))
    again = once.loc[once.index.repeat(times)].reset_index(drop=True)
    again[made.roles["person"]] = np.arange(len(again))
    return tuple(  # type: ignore[return-value]
        cohort(frame, **made.roles, covariates=[*WHY, "ward"], cluster=cluster)  # type: ignore[arg-type]
        for frame, cluster in ((once, None), (again, "ward"))
    )


@pytest.mark.parametrize("variance", ["stacked", "bootstrap"])
@pytest.mark.parametrize("estimand", ["ATE", "overlap"])
def test_copies_of_people_that_are_a_cluster_tell_nothing_new(variance, estimand):
    once, copied = (propensity_weights(made, covariates=WHY, estimand=estimand) for made in _copied(4))
    more = {"variance": variance, "replicates": 60, "seed": 5}
    # The people are drawn by the same numbers as the clusters, so that the samples are the same.
    n, terms = once.design.shape
    larger = math.sqrt((4 * n - 1) / (4 * n - terms) * (n - terms) / (n - 1)) if variance == "stacked" else 1
    for weighted in (weighted_retention, partial(weighted_hazard_ratio, ties="breslow")):
        one, many = (weighted(made, **more) for made in (once, copied))
        np.testing.assert_allclose(one.frame["estimate"], many.frame["estimate"], rtol=1e-5)
        np.testing.assert_allclose(one.frame["std_error"], many.frame["std_error"] / larger, rtol=1e-4)
        assert "by ward" in many.method.interval
        assert "by ward" not in one.method.interval


def test_the_stacked_error_with_clusters_is_that_of_the_bootstrap_by_cluster():
    made = simulate_staff(600, seed=4, hazard_ratio=0.6, before=0, mentored_share=0.4, months=48, mentoring="entry")
    ward = np.random.default_rng(1).integers(0, 40, len(made.staff))
    staff = made.staff.assign(ward=ward)
    options = {**made.roles, "covariates": [*WHY, "ward"]}
    weights = propensity_weights(cohort(staff, **options, cluster="ward"), covariates=WHY)  # type: ignore[arg-type]
    stacked = weighted_retention(weights, times=[24])
    drawn = weighted_retention(weights, times=[24], variance="bootstrap", replicates=300, seed=2)
    np.testing.assert_allclose(stacked.frame["std_error"], drawn.frame["std_error"], rtol=0.15)
    assert stacked.method.interval.startswith("log-log for retention, plain for the others; t with 39 degrees")
    assert stacked.frame["df"].iloc[2] == 39
    row = stacked.frame.iloc[2]
    assert row["conf_high"] - row["estimate"] == pytest.approx(2.0227 * row["std_error"], rel=1e-4)
    assert "by ward" in drawn.method.interval


@pytest.mark.parametrize(("ward", "code"), [(None, "DAT-009"), ("A", "EST-001")])
def test_each_person_needs_a_cluster_and_there_must_be_several(ward, code):
    weights = propensity_weights(_cohort(), covariates=WHY)
    named = weights.of_cohort().covariates.assign(ward=["A", ward, *["A" if ward else "B"] * 298])
    with pytest.raises((DataError, EstimationError), match=code):
        weighted_retention(replace(weights, cohort=replace(weights.of_cohort(), covariates=named, cluster="ward")))


# the paragraph


def _ratio(value: float, low: float, high: float, *, n: int = 400, least: int = 100, name: str = "Cox") -> Estimates:
    row = {"term": "mentored", "group": "mentored / not mentored", "estimate": value, "conf_low": low,
           "conf_high": high, "n": n, "n_least": least}  # fmt: skip
    return estimates([row], Method(name=name, estimand="", unit="hazard ratio", scale="log", n_given=n, n_used=n))


def _differences(*limits: tuple[float, float, float], least: int = 100) -> Estimates:
    rows = [
        {"term": f"retention at {12 * place} months", "group": "mentored less not mentored", "estimate": value,
         "conf_low": low, "conf_high": high, "n": 400, "n_least": least, "unit": "proportion"}
        for place, (value, low, high) in enumerate(limits, 1)
    ]  # fmt: skip
    first = {"term": "retention at 12 months", "group": "mentored", "estimate": 0.9, "n": 100, "unit": "proportion"}
    return estimates([first, *rows], Method(name="", estimand="", unit="by row", n_given=400, n_used=400))


def test_a_lower_hazard_is_told_with_its_interval_and_no_cause():
    text = retention_paragraph(
        _ratio(0.70, 0.55, 0.89),
        retention=_differences((0.047, 0.012, 0.082), (0.03, -0.01, 0.07)),
        e_values=e_value(_ratio(0.70, 0.55, 0.89), rare=False),
    )
    assert "mentored staff were 30 % less likely to leave" in text
    assert "hazard ratio 0.70, 95 % interval 0.55 to 0.89, 400 people; nothing else taken into account" in text
    assert "retention at 12 months was 4.7 percentage points higher than in staff without" in text
    assert "(95 % interval +1.2 to +8.2, 400 people; nothing else taken into account)" in text
    assert "retention at 24 months was +3.0 percentage points (95 % interval \u22121.0 to +7.0, 400 people" in text
    assert "does not rule out none" in text
    assert "not what mentoring does" in text
    assert "No effect" not in text
    assert "risk ratio of 1.88 or more; 1.39 would" in text


def test_a_higher_hazard_is_told_as_one():
    text = retention_paragraph(_ratio(1.5, 1.2, 1.9), retention=_differences((-0.05, -0.08, -0.02)))
    assert "50 % more likely to leave" in text
    assert "5.0 percentage points lower" in text


def test_an_interval_that_holds_one_claims_nothing():
    ratio = _ratio(0.80, 0.60, 1.07)
    text = retention_paragraph(ratio, e_values=e_value(ratio, rare=False))
    assert "do not settle" in text
    assert "from 40 % less likely to leave to 7 % more likely to leave" in text
    assert "No effect of mentoring is claimed" in text
    assert "were 20 %" not in text
    assert "nothing unrecorded is needed" in text
    edge = retention_paragraph(_ratio(0.80, 0.60, 1.0))
    assert "do not settle" in edge
    assert "to no difference" in edge


def test_a_limit_just_below_one_is_not_rounded_to_it():
    assert "0.60 to 0.996," in retention_paragraph(_ratio(0.80, 0.60, 0.99612))
    assert "0.60 to 0.9999," in retention_paragraph(_ratio(0.80, 0.60, 0.99989))


def test_few_people_are_withheld_everywhere():
    ratio = _ratio(0.37, 0.21, 0.66, least=6)
    text = retention_paragraph(
        ratio, retention=_differences((0.047, 0.012, 0.082), least=6), e_values=e_value(ratio, rare=False)
    )
    assert "rests on too few people" in text
    assert "difference in retention at 12 months rests on too few people" in text
    assert not {float(found) for found in re.findall(r"\d+\.\d+", text)}
    assert "No effect of mentoring is claimed" in text
    assert "0.37" in retention_paragraph(ratio, profile="public")


def test_what_was_not_estimated_is_said():
    none = float("nan")
    assert "could not be estimated" in retention_paragraph(_ratio(none, none, none))
    text = retention_paragraph(_ratio(0.5, none, none), retention=_differences((none, none, none), (0.02, none, none)))
    assert "it has no interval, and nothing is concluded" in text
    assert "not defined, as too little time was observed" in text
    assert "2.0 percentage points up, without an interval" in text
    assert "No effect" in text


def test_an_open_interval_is_told_without_end():
    text = retention_paragraph(_ratio(3.0, 0.7, math.inf))
    assert "30 % less likely to leave to more likely by any amount" in text
    assert "0.70 to without end" in text


def test_a_trial_may_claim():
    assert "put down to mentoring" in retention_paragraph(_ratio(0.7, 0.5, 0.9), design="trial")
    settled = retention_paragraph(
        _ratio(0.7, 0.5, 1.2), design="trial", e_values=e_value(_ratio(0.7, 0.5, 1.2), rare=True)
    )
    assert "no effect of mentoring is claimed" in settled
    assert "E-value" not in settled


def _late() -> tuple[Cohort, Cohort]:
    """Give a cohort of staff mentored on the way, who also know whether they ever will be; and its landmark."""
    made = simulate_staff(900, seed=3, hazard_ratio=0.6, before=0, mentored_share=0.4, months=48)
    staff = made.staff.assign(ever=np.where(made.staff["mentored_from"].notna(), "yes", "no"))
    late = cohort(staff, **made.roles, covariates=[*WHY, "sex", "ever"])  # type: ignore[arg-type]
    return late, late.landmark(6)


def test_a_biased_result_is_never_told():
    late, fixed = _late()
    sound, kept = hazard_ratio(late, "mentored"), retention_at(fixed, [12], by="mentored")
    naive = hazard_ratio(late, "mentored + ever", allow_immortal_time=True)
    for given in ({"hazard_ratio": naive}, {"hazard_ratio": naive, "retention": kept}):
        with pytest.raises(ImmortalTimeError, match=r"EST-002 hazard_ratio.*landmark\(6\)"):
            retention_paragraph(**given)
    for by in ("ever", "mentored"):
        biased = retention_at(late if by == "ever" else fixed, [12], by=by, allow_immortal_time=by == "ever")
        if by == "ever":
            with pytest.raises(ImmortalTimeError, match="EST-002 retention"):
                retention_paragraph(sound, retention=biased)
        else:
            assert "retention at 12 months" in retention_paragraph(sound, retention=biased)
    told = _ratio(0.3, 0.2, 0.4)
    for marked in ({"name": naive.method.name}, {"assumptions": naive.method.assumptions}):
        with pytest.raises(ImmortalTimeError, match="EST-002"):
            retention_paragraph(replace(told, method=replace(told.method, **marked)))


def test_only_mentored_against_unmentored_staff_is_told_of():
    late, fixed = _late()
    sound = hazard_ratio(late, "mentored + sex")
    for refused in (retention_at(fixed, [12], by="sex"), retention_at(fixed, [12], by="age_band")):
        with pytest.raises(DataError, match=r"DAT-006 retention.*mentored less not mentored"):
            retention_paragraph(sound, retention=refused)
    with pytest.raises(DataError, match="DAT-006 retention: no difference"):
        retention_paragraph(sound, retention=retention_at(fixed, [12]))
    turned = retention_at(fixed, [12], by="mentored", reference="mentored")
    with pytest.raises(DataError, match="DAT-006 retention: not mentored less mentored"):
        retention_paragraph(sound, retention=turned)
    with pytest.raises(DataError, match="DAT-006 hazard_ratio: no row mentored"):
        retention_paragraph(hazard_ratio(late, "sex"))
    turned = replace(sound, frame=sound.frame.assign(group="not mentored / mentored"))
    with pytest.raises(DataError, match="not mentored / mentored"):
        retention_paragraph(turned)
    with pytest.raises(EstimationError, match=r"EST-001 hazard_ratio.*mentored:previous_service"):
        retention_paragraph(hazard_ratio(late, "mentored * previous_service"))


def test_the_estimand_of_each_estimator_is_carried():
    made = simulate_staff(1500, seed=3, hazard_ratio=0.5, before=0, mentored_share=0.4, months=48)
    late = cohort(made.staff, **made.roles, covariates=[*WHY, "sex", "region"])  # type: ignore[arg-type]
    fixed = late.landmark(6)
    cause, still = late.causes[0], "people still in post at 6 months"
    weights = propensity_weights(fixed, covariates=WHY, estimand="overlap")
    plain = retention_paragraph(hazard_ratio(late, "mentored + sex + previous_service", strata="region"))
    assert "hazard ratio" in plain
    assert f"{late.n_people:,} people; of people alike in sex, previous_service and region)" in plain
    assert still not in plain
    of_cause = retention_paragraph(hazard_ratio(late, "mentored + sex", cause=cause))
    assert f"leave for '{cause}'" in of_cause
    grey = retention_paragraph(subdistribution_hazard_ratio(fixed, "mentored + sex", cause=cause))
    assert "subdistribution hazard ratio" in grey
    assert "At any time" not in grey
    assert f"{fixed.n_people:,} {still}; of people alike in sex" in grey
    assert f"leaves for '{cause}'" in grey
    marginal = weighted_hazard_ratio(weights, cause=cause)
    text = retention_paragraph(marginal, retention=weighted_retention(weights, times=[24]))
    assert "marginal hazard ratio" in text
    assert f"leave for '{cause}'" in text
    made_alike = (
        f"{fixed.n_people:,} {still}; groups made alike by weights in age_band and previous_service, standing for "
        "people who might have been in either group"
    )
    assert text.count(made_alike) == 2
    both = retention_paragraph(hazard_ratio(late, "mentored"), retention=retention_at(fixed, [12], by="mentored"))
    assert f"{late.n_people:,} people; nothing else taken into account" in both
    assert f"{fixed.n_people:,} {still}; nothing else taken into account" in both


def test_every_number_of_the_paragraph_stands_in_the_results():
    ratio, differences = _ratio(0.61, 0.43, 0.87), _differences((0.113, 0.031, 0.195))
    text = retention_paragraph(ratio, retention=differences, e_values=e_value(ratio, rare=False))
    e = e_value(ratio, rare=False).frame["estimate"].round(2).tolist()
    known = {0.61, 0.43, 0.87, 95, 400, 39, 12, 11.3, 3.1, 19.5, *e}
    assert {float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)} <= known


def test_wrong_results_are_refused():
    plain = estimates([{"term": "mentored", "estimate": 0.5}], Method(name="", estimand="", unit="proportion"))
    with pytest.raises(DataError, match="DAT-007"):
        retention_paragraph(plain)
    with pytest.raises(DataError, match="DAT-006"):
        retention_paragraph(_ratio(0.7, 0.5, 0.9), design="cohort")  # type: ignore[arg-type]
