"""The kernels of curves and rank tests against R survival and cmprsk (values written by curves.R beside this file)."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from evalkit.numeric.incidences import JackknifeVariance, incidence
from evalkit.numeric.life_counts import EventTable, LifeCounts, LifeRows, count_lives, event_tables
from evalkit.numeric.product_limit import kaplan_meier, probability_limits, time_quantile
from evalkit.numeric.rank_tests import RankTest, gray, logrank_family
from evalkit.numeric.restricted_means import area, area_variance, step_widths

HERE = Path(__file__).parent
Floats = npt.NDArray[np.float64]
Expected = dict[str, Floats]
SETS = [str(number) for number in range(1, 21)]
RIGHT_CENSORED = SETS[::2]


def _read() -> dict[tuple[str, str], Expected]:
    found: dict[tuple[str, str], Expected] = defaultdict(dict)
    with (HERE / "values.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = ["nan" if word in ("NA", "NaN") else word for word in row["value"].split(" ")]
            found[row["set"], row["variant"]][row["quantity"]] = np.array(words, dtype=float)
    return found


VALUES = _read()


@cache
def _frames() -> dict[str, pd.DataFrame]:
    return {str(number): part for number, part in pd.read_csv(HERE / "rows.csv").groupby("set")}


def rows_of(name: str, *, weight: str | None = None, cluster: str | None = None, by: str | None = "g") -> LifeRows:
    frame = _frames()[name]
    return LifeRows(
        group=np.zeros(len(frame), dtype=np.int64) if by is None else pd.factorize(frame[by], sort=True)[0],
        start=frame["start"].to_numpy(dtype=float),
        stop=frame["stop"].to_numpy(dtype=float),
        cause=frame["cause"].to_numpy(),
        ends=np.ones(len(frame), dtype=bool),
        weight=None if weight is None else frame[weight].to_numpy(dtype=float),
        cluster=np.arange(len(frame)) if cluster is None else frame[cluster].to_numpy(),
    )


def counted(rows: LifeRows) -> LifeCounts:
    return count_lives(rows, n_groups=int(rows.group.max()) + 1, n_causes=2)


def tables_of(name: str, *, stratified: bool, weight: str | None = None) -> list[EventTable]:
    rows = rows_of(name, weight=weight)
    site = _frames()[name]["site"].to_numpy()
    return list(event_tables(rows, site if stratified else site * 0, n_groups=3, n_causes=2))


def close(actual: object, expected: Floats, *, rtol: float = 1e-7, atol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(actual, dtype=float), expected, rtol=rtol, atol=atol)


def where_r_gives_limits(expected: Expected, low: Floats, high: Floats) -> None:
    """R writes 1 to 1 for the log and plain scales where nobody has left; evalkit says that it has no limits."""
    inside = (expected["estimate"] > 1e-9) & (expected["estimate"] < 1 - 1e-9)
    assert inside.sum() > 5
    close(low[inside], expected["low"][inside])
    close(high[inside], expected["high"][inside])
    assert np.isnan(low[~inside]).all()
    assert np.isnan(high[~inside]).all()


def compare_survival(expected: Expected, counts: LifeCounts, std_error: Floats, scale: str, level: float) -> None:
    survival = kaplan_meier(counts)
    close(counts.time, expected["time"])
    close(counts.weighted_at_risk, expected["at_risk"])
    close(counts.weighted_events.sum(axis=1), expected["events"])
    close(survival.after, expected["estimate"])
    left = survival.after > 0
    close(std_error[left], expected["std_error"][left], rtol=1e-6)
    low, high = probability_limits(survival.after, std_error, level=level, scale=scale)  # type: ignore[arg-type]
    where_r_gives_limits(expected, low, high)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("scale", ["log-log", "log", "plain"])
def test_kaplan_meier_is_that_of_survfit(name: str, scale: str) -> None:
    counts = counted(rows_of(name))
    compare_survival(VALUES[name, f"km {scale}"], counts, kaplan_meier(counts).std_error, scale, 0.9)


@pytest.mark.parametrize("name", SETS)
def test_whole_weights_count_people(name: str) -> None:
    counts = counted(rows_of(name, weight="count"))
    compare_survival(VALUES[name, "km counted"], counts, kaplan_meier(counts).std_error, "log-log", 0.95)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("variant", "weight", "cluster"),
    [("km weighted", "weight", None), ("km clustered", None, "ward"), ("km weighted clustered", "weight", "ward")],
)
def test_robust_errors_are_those_of_survfit(name: str, variant: str, weight: str | None, cluster: str | None) -> None:
    rows = rows_of(name, weight=weight, cluster=cluster)
    counts = counted(rows)
    error = np.sqrt(JackknifeVariance(rows, counts).curve())
    compare_survival(VALUES[name, variant], counts, error, "log-log", 0.95)


@pytest.mark.parametrize("name", SETS)
def test_quantiles_are_those_of_survfit(name: str) -> None:
    counts = counted(rows_of(name))
    survival = kaplan_meier(counts)
    low, high = probability_limits(survival.after, survival.std_error, level=0.95, scale="log-log")
    found = []
    for group in range(3):
        at = slice(counts.offsets[group], counts.offsets[group + 1])
        for share in (0.25, 0.5):
            curve = (counts.time[at], survival.after[at], low[at], high[at])
            one = time_quantile(*curve, origin=0.0, share=share)
            found.append((one.estimate, one.low, one.high if np.isfinite(one.high) else np.nan))
    estimate, lower, upper = np.array(found).T
    expected = VALUES[name, "quantiles"]
    close(estimate, expected["estimate"])
    close(upper, expected["high"])
    # With few at risk early on the lower curve may rise again. R then takes its value nearest to the share, evalkit the
    # first time at which the share lies within the limits, which is never later.
    falls = [bool((np.diff(part[np.isfinite(part)]) <= 1e-12).all()) for part in np.split(low, counts.offsets[1:-1])]
    plain = np.repeat(falls, 2)
    close(lower[plain], expected["low"][plain])
    assert (lower[~plain] <= expected["low"][~plain] + 1e-8).all()
    assert plain.all() or name in SETS[1::2]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("horizon", [4.5, 9.0])
def test_restricted_means_are_those_of_survfit(name: str, horizon: float) -> None:
    counts = counted(rows_of(name))
    survival = kaplan_meier(counts)
    expected = VALUES[name, f"rmean {horizon:g}"]
    close(area(counts, survival.after, horizon, origin=0.0, start=1.0), expected["estimate"])
    close(np.sqrt(area_variance(counts, survival, horizon)), expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("cluster", [None, "ward"])
def test_weighted_restricted_means_are_those_of_the_influence_in_survfit(name: str, cluster: str | None) -> None:
    rows = rows_of(name, weight="weight", cluster=cluster, by=None)
    counts = counted(rows)
    expected = VALUES[name, f"rmean weighted {cluster or 'row'}"]
    close(area(counts, kaplan_meier(counts).after, 9.0, origin=0.0, start=1.0), expected["estimate"])
    covariance = JackknifeVariance(rows, counts).covariance_of_mean(step_widths(counts, 9.0))
    close(np.sqrt(covariance[0]), expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("variant", ["plain", "weighted", "clustered"])
def test_incidence_is_that_of_survfit(name: str, variant: str) -> None:
    cluster = "ward" if variant == "clustered" else None
    rows = rows_of(name, weight="weight" if variant == "weighted" else None, cluster=cluster)
    counts = counted(rows)
    variance = JackknifeVariance(rows, counts)
    for group, label in enumerate("abc"):
        expected = VALUES[name, f"incidence {variant} {label}"]
        at = slice(counts.offsets[group], counts.offsets[group + 1])
        close(counts.time[at], expected["time"])
        share = np.concatenate([incidence(counts, cause)[at] for cause in (1, 2)])
        error = np.sqrt(np.concatenate([variance.curve(cause)[at] for cause in (1, 2)]))
        close(share, expected["estimate"])
        close(error, expected["std_error"], rtol=1e-6, atol=3e-8)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("variant", ["plain", "weighted", "clustered"])
def test_restricted_times_in_state_are_those_of_survfit(name: str, variant: str) -> None:
    cluster = "ward" if variant == "clustered" else None
    rows = rows_of(name, weight="weight" if variant == "weighted" else None, cluster=cluster)
    counts = counted(rows)
    variance, widths = JackknifeVariance(rows, counts), step_widths(counts, 9.0)
    means = [area(counts, kaplan_meier(counts).after, 9.0, origin=0.0, start=1.0)]
    means += [area(counts, incidence(counts, cause), 9.0, origin=0.0, start=0.0) for cause in (1, 2)]
    errors = [np.sqrt(np.diag(variance.covariance_of_mean(widths, cause))) for cause in (None, 1, 2)]
    for group, label in enumerate("abc"):
        expected = VALUES[name, f"incidence {variant} {label}"]
        close(np.array(means)[:, group], expected["mean"])
        close(np.array(errors)[:, group], expected["mean_error"], rtol=1e-6)


@pytest.mark.parametrize("name", RIGHT_CENSORED)
@pytest.mark.parametrize("rho", [0, 1])
@pytest.mark.parametrize("stratified", [False, True])
def test_logrank_is_that_of_survdiff(name: str, rho: int, *, stratified: bool) -> None:
    expected = VALUES[name, f"survdiff {rho} {str(stratified).upper()}"]
    tables = tables_of(name, stratified=stratified)
    found = logrank_family(tables, n_groups=3, family="fleming-harrington", p=rho)
    close(found.covariance.ravel(), expected["variance"], rtol=1e-6, atol=1e-7)
    close(found.score, expected["observed"] - expected["expected"], rtol=1e-6, atol=1e-7)
    assert found.overall().df == 2
    close(found.overall().statistic, expected["chisq"][0])
    if rho == 0:
        close(found.observed, expected["observed"])
        close(found.expected, expected["expected"])


@pytest.mark.parametrize("name", SETS[1::2])
@pytest.mark.parametrize("stratified", [False, True])
def test_logrank_with_delayed_entry_is_the_score_test_of_the_exact_likelihood(name: str, *, stratified: bool) -> None:
    found = logrank_family(tables_of(name, stratified=stratified), n_groups=3)
    close(found.overall().statistic, VALUES[name, f"score {str(stratified).upper()}"]["chisq"][0], rtol=1e-6)


def compare_gray(test: RankTest, expected: Floats, cause: int) -> None:
    overall = test.overall()
    close([overall.statistic, overall.p_value, overall.df], expected.reshape(2, 3)[cause - 1], rtol=1e-6)


@pytest.mark.parametrize("name", RIGHT_CENSORED)
@pytest.mark.parametrize("rho", [0, 1])
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("cause", [1, 2])
def test_grays_test_is_that_of_cuminc(name: str, rho: int, cause: int, *, stratified: bool) -> None:
    tables = tables_of(name, stratified=stratified)
    expected = VALUES[name, f"gray {rho} {str(stratified).upper()}"]["tests"]
    compare_gray(gray(tables, cause=cause, n_groups=3, rho=rho), expected, cause)


@pytest.mark.parametrize("name", RIGHT_CENSORED)
def test_whole_weights_count_people_in_tests_too(name: str) -> None:
    tables = tables_of(name, stratified=False, weight="count")
    close(logrank_family(tables, n_groups=3).overall().statistic, VALUES[name, "survdiff counted"]["chisq"][0])
    compare_gray(gray(tables, cause=1, n_groups=3), VALUES[name, "gray counted"]["tests"], 1)
