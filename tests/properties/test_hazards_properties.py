"""What must hold for hazard ratios of any cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from frames import assert_frames_agree
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.errors import EstimationError
from evalkit.result import Estimates
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.proportionality_tests import proportional_hazards_test

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]
few = settings(max_examples=10)


@st.composite
def staffs(draw: st.DrawFn) -> pd.DataFrame:
    """Staff with ties, delayed entry and mentoring on the way, from a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(60, 120))
    entry = rng.integers(0, 6, n) * rng.integers(0, 2)
    stay = rng.integers(1, 20, n)
    begun = np.where(rng.random(n) < 0.5, entry + rng.integers(0, 10, n), np.nan)
    frame = pd.DataFrame({
        "id": rng.permutation(n), "entry": entry, "exit": entry + stay, "left": rng.random(n) < 0.7, "begun": begun,
        "band": rng.choice(["5", "6", "7"], n), "age": rng.integers(20, 30, n), "ward": rng.integers(0, 4, n),
    })  # fmt: skip
    frame.loc[frame["begun"] >= frame["exit"], "begun"] = np.nan
    return frame.astype({"entry": float, "exit": float})


def made(frame: pd.DataFrame) -> Cohort:
    return cohort(
        frame, person="id", entry="entry", exit="exit", event="left", mentored_from="begun",
        covariates=["band", "age", "ward"],
    )  # fmt: skip


def ratios(frame: pd.DataFrame, terms: Any = ("mentored", "band", "age"), **options: Any) -> Estimates:
    try:
        found = hazard_ratio(made(frame), list(terms), **options)
    except EstimationError:
        assume(False)
    assume(bool(np.isfinite(found.frame["std_error"]).all()))
    return found


@few
@given(staffs(), st.integers(0, 1000), st.sampled_from([None, "person", "ward"]))
def test_the_order_of_rows_does_not_matter(frame: pd.DataFrame, seed: int, cluster: str | None) -> None:
    mixed = frame.sample(frac=1, random_state=seed)
    one, other = ratios(frame, cluster=cluster), ratios(mixed, cluster=cluster)
    assert_frames_agree(one.frame, other.frame, rtol=1e-7, atol=1e-9)


@few
@given(staffs(), st.sampled_from([0.25, 12.0, 30.0]))
def test_the_unit_of_time_does_not_matter(frame: pd.DataFrame, factor: float) -> None:
    times = ["entry", "exit", "begun"]
    scaled = frame.assign(**{name: frame[name] * factor for name in times})
    assert_frames_agree(ratios(frame).frame, ratios(scaled).frame, rtol=1e-7, atol=1e-9)


@few
@given(staffs())
def test_swapped_groups_turn_a_ratio_over(frame: pd.DataFrame) -> None:
    swapped = frame.assign(band=frame["band"].map({"5": "6", "6": "5", "7": "7"}))
    one, other = (found.set_index(found["group"].astype(str)) for found in (ratios(frame).frame, ratios(swapped).frame))
    there, back = one.loc["6 / 5"], other.loc["6 / 5"]
    np.testing.assert_allclose(there["estimate"], 1 / back["estimate"], rtol=1e-7)
    np.testing.assert_allclose(there["conf_low"], 1 / back["conf_high"], rtol=1e-7)
    np.testing.assert_allclose(one.loc["mentored / not mentored", NUMBERS].astype(float),
                               other.loc["mentored / not mentored", NUMBERS].astype(float), rtol=1e-7)  # fmt: skip
    turned = ratios(frame, reference={"band": "6"}).frame
    np.testing.assert_allclose(turned["estimate"].iloc[1], back["estimate"], rtol=1e-7)


@few
@given(staffs(), st.sampled_from([("band", "age", "mentored"), ("age", "mentored", "band")]))
def test_the_order_of_terms_does_not_matter(frame: pd.DataFrame, order: tuple[str, ...]) -> None:
    one, other = (ratios(frame, terms).frame.sort_values(["term", "group"]) for terms in
                  (("mentored", "band", "age"), order))  # fmt: skip
    assert_frames_agree(one, other, rtol=1e-6, atol=1e-9)


@few
@given(staffs())
def test_a_wider_level_is_a_wider_interval(frame: pd.DataFrame) -> None:
    narrow, wide = (ratios(frame, level=level).frame for level in (0.8, 0.99))
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (wide["conf_high"] > narrow["conf_high"]).all()


@few
@given(staffs())
def test_a_number_in_another_unit_gives_a_power_of_the_ratio(frame: pd.DataFrame) -> None:
    one, other = ratios(frame).frame, ratios(frame.assign(age=frame["age"] * 10 + 3)).frame
    np.testing.assert_allclose(one["estimate"].iloc[-1], other["estimate"].iloc[-1] ** 10, rtol=1e-6)
    assert_frames_agree(one.iloc[:-1], other.iloc[:-1], rtol=1e-6, atol=1e-9)


@few
@given(staffs())
def test_the_test_of_a_term_does_not_depend_on_its_reference(frame: pd.DataFrame) -> None:
    ratios(frame)
    terms = ["mentored", "band", "age"]
    one, other = (
        proportional_hazards_test(made(frame), terms, reference=reference).frame for reference in (None, {"band": "7"})
    )
    assert_frames_agree(one, other, rtol=1e-6, atol=1e-9)
