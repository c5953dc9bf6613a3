"""The Cox regression of "Handbook of Regression Modeling in People Analytics" (2021), chapter 9, on its own data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from evalkit.numeric.concordance import concordance_index
from evalkit.numeric.cox import CoxFit, CoxModel, cox_model, fit_cox, likelihood_ratio_test
from evalkit.numeric.proportionality import proportionality_test
from evalkit.paths import resource

COLUMNS = ["gender_M", "field_Finance", "field_Health", "field_Law", "field_Public/Government", "field_Sales/Marketing"]
COLUMNS += ["level_Low", "level_Medium", "sentiment"]
TERMS = ([0], [1, 2, 3, 4, 5], [6, 7], [8])


@cache
def fitted() -> tuple[CoxModel, CoxFit]:
    data = pd.read_csv(resource("data") / "textbooks" / "job_retention.csv")
    assert len(data) == 3770
    x = pd.get_dummies(data[["gender", "field", "level"]], drop_first=True).assign(sentiment=data["sentiment"])
    assert list(x.columns) == COLUMNS
    model = cox_model(np.zeros(len(data)), data["month"], data["left"], x.to_numpy(dtype=float))
    return model, fit_cox(model)


def test_coefficients() -> None:
    _, fit = fitted()
    errors = np.sqrt(np.diag(fit.covariance))
    printed = {
        "field_Finance": (0.22334, 0.06681),
        "field_Health": (0.27830, 0.12890),
        "sentiment": (-0.11756, 0.01397),
    }
    for name, (estimate, error) in printed.items():
        column = COLUMNS.index(name)
        assert [fit.coefficients[column], errors[column]] == pytest.approx([estimate, error], abs=6e-6)


def test_whole_model() -> None:
    model, fit = fitted()
    ratio = likelihood_ratio_test(fit)
    assert [ratio.statistic, ratio.df] == pytest.approx([89.18, 9], abs=6e-3)
    assert concordance_index(model, fit).estimate == pytest.approx(0.578, abs=6e-4)


def test_proportional_hazards() -> None:
    result = proportionality_test(*fitted(), terms=TERMS)
    assert [result.overall.statistic, result.overall.df] == pytest.approx([11.156, 9], abs=6e-4)
    assert [result.terms[3].statistic, result.terms[3].df] == pytest.approx([1.828, 1], abs=6e-4)
