"""What must hold of weights, weighted retention, E-values and Table 1 for any data."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimationError
from evalkit.numeric.weighted_survival import retention_functionals, retention_influence, risk_rows, weighted_curve
from evalkit.retention.balancing import balance
from evalkit.retention.building import cohort
from evalkit.retention.describing import describe_groups
from evalkit.retention.sensitivity import e_value
from evalkit.retention.weighted_outcomes import weighted_hazard_ratio, weighted_retention
from evalkit.retention.weighting import PropensityWeights, propensity_weights

ESTIMANDS = st.sampled_from(["ATE", "ATT", "overlap"])


def _staff(seed: int, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    service = rng.integers(0, 12, n).astype(float)
    mentored = rng.random(n) < 1 / (1 + np.exp(-(0.15 * service - 1)))
    left = np.ceil(rng.exponential(20 + 2 * service + 10 * mentored))
    frame = pd.DataFrame({"id": np.arange(n), "service": service, "mentored": mentored, "left": left})
    frame["sex"] = rng.choice(["f", "m"], n)
    return frame.assign(left=frame["left"].where(frame["left"] <= 36))


def _weights(frame: pd.DataFrame, estimand: str, *, month: float = 1.0) -> PropensityWeights:
    made = cohort(
        frame.assign(left=frame["left"] * month), person="id", exit="left", observed_to=36 * month,
        mentored_from="entry", covariates=["service", "sex"],
    )  # fmt: skip
    return propensity_weights(made, covariates=["service", "sex"], estimand=estimand)  # type: ignore[arg-type]


@given(seed=st.integers(0, 10_000), estimand=ESTIMANDS)
@settings(max_examples=15)
def test_the_order_of_the_people_changes_nothing(seed: int, estimand: str) -> None:
    frame = _staff(seed)
    shuffled = frame.sample(frac=1, random_state=seed)
    one, other = (
        weighted_retention(_weights(each, estimand), times=[12], horizon=24).frame for each in (frame, shuffled)
    )
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-8)
    np.testing.assert_allclose(one["std_error"], other["std_error"], rtol=1e-6)


@given(seed=st.integers(0, 10_000), estimand=ESTIMANDS)
@settings(max_examples=15)
def test_exchanged_groups_turn_differences_round(seed: int, estimand: str) -> None:
    if estimand == "ATT":
        estimand = "ATE"
    frame = _staff(seed)
    one, other = (_weights(each, estimand) for each in (frame, frame.assign(mentored=~frame["mentored"])))
    first, second = (weighted_retention(each, times=[12]).frame for each in (one, other))
    np.testing.assert_allclose(first["estimate"][2], -second["estimate"][2], atol=1e-9)
    np.testing.assert_allclose(first["std_error"][2], second["std_error"][2], rtol=1e-6)
    ratio, inverse = (weighted_hazard_ratio(each).frame for each in (one, other))
    np.testing.assert_allclose(ratio["estimate"][0] * inverse["estimate"][0], 1, rtol=1e-6)
    before, after = (balance(each).frame["estimate"][:6] for each in (one, other))
    np.testing.assert_allclose(before[2:], -after[2:], atol=1e-7)


@given(seed=st.integers(0, 10_000), estimand=ESTIMANDS, month=st.sampled_from([0.5, 30.4375]))
@settings(max_examples=10)
def test_another_unit_of_time_changes_no_share(seed: int, estimand: str, month: float) -> None:
    frame = _staff(seed)
    one = weighted_retention(_weights(frame, estimand), times=[12.5], horizon=24.5).frame
    other = weighted_retention(_weights(frame, estimand, month=month), times=[12.5 * month], horizon=24.5 * month).frame
    np.testing.assert_allclose(one["estimate"][:3], other["estimate"][:3], rtol=1e-9)
    np.testing.assert_allclose(one["estimate"][3:] * month, other["estimate"][3:], rtol=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_whole_weights_are_copies_and_their_scale_says_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, 30).astype(float)
    stop, event = start + rng.integers(1, 10, 30), rng.random(30) < 0.6
    if not event.any():
        return
    times = rng.integers(0, 4, 30)
    rows = risk_rows(start, stop, event)
    weighted = weighted_curve(rows, times.astype(float))
    again = np.repeat(np.arange(30), times)
    copies = risk_rows(start[again], stop[again], event[again])
    copied = weighted_curve(copies, np.ones(len(again)))
    asked = [2.0, 5.0, 8.0]
    inside = [at for at in asked if at <= copies.end]
    np.testing.assert_allclose(
        retention_functionals(rows, weighted, inside, None), retention_functionals(copies, copied, inside, None)
    )
    influence = retention_influence(rows, weighted, asked, 6.0)
    # An estimate that does not depend on the scale of the weights: the weighted derivatives add up to nothing.
    np.testing.assert_allclose(times @ influence, 0, atol=1e-9)


@given(
    ratio=st.floats(0.05, 20),
    spread=st.floats(0.01, 1.5),
    rare=st.booleans(),
    scale=st.sampled_from(["HR", "RR", "OR"]),
)
def test_e_values_are_at_least_one_and_the_limit_needs_no_more_than_the_estimate(
    *, ratio: float, spread: float, rare: bool, scale: str
) -> None:
    low, high = ratio * math.exp(-spread), ratio * math.exp(spread)
    found = e_value(ratio, low, high, scale=scale, rare=rare).frame["estimate"]  # type: ignore[arg-type]
    assert found[0] >= found[1] >= 1
    turned = e_value(1 / ratio, 1 / high, 1 / low, scale=scale, rare=rare).frame["estimate"]  # type: ignore[arg-type]
    np.testing.assert_allclose(found, turned, rtol=1e-9)
    assert (found[1] == 1) == (low <= 1 <= high)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_shares_of_each_group_add_up_and_what_is_hidden_is_hidden_in_twos(seed: int) -> None:
    rng = np.random.default_rng(seed)
    law = rng.dirichlet(np.ones(5))
    frame = pd.DataFrame({"band": rng.choice(list("abcde"), 200, p=law), "mentored": rng.random(200) < 0.4})
    frame.loc[rng.random(200) < 0.05, "band"] = None
    try:
        found = describe_groups(frame, covariates=["band"]).frame
    except EstimationError:
        return
    shares = found[(found["statistic_of"] == "share") & (found["term"] != "people")]
    np.testing.assert_allclose(shares.groupby("group")["estimate"].sum(), 1)
    for threshold in (3, 8, 11, 20):
        hidden = shares[shares["n_least"] < threshold]["term"].nunique()
        assert hidden != 1 or len(set(shares["term"])) == 1
