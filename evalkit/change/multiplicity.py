"""P-values of a result adjusted for the number of its tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from evalkit.errors import EstimationError, Problem
from evalkit.frames import one_of, require
from evalkit.numeric.multiplicity import benjamini_hochberg, holm
from evalkit.result import Estimates

Rule = Literal["holm", "bh"]

_RULES = {
    "holm": (holm, "Holm", "the chance of any false finding", "Holm S (1979) Scand J Stat 6:65-70"),
    "bh": (
        benjamini_hochberg,
        "Benjamini-Hochberg",
        "the expected share of false findings among all findings",
        "Benjamini Y, Hochberg Y (1995) J R Stat Soc B 57:289-300",
    ),
}


def adjust_p(result: Estimates, method: Rule = "holm") -> Estimates:
    """Adjust the p-values of a result for the number of its tests.

    Parameters
    ----------
    result : Estimates
        Any estimates; rows without a p-value are no tests.
    method : {"holm", "bh"}, default "holm"
        Holm holds the chance of any false finding, whatever the tests have to do with each other; Benjamini-Hochberg
        the expected share of false findings among all findings, for tests that are independent or go together.

    Returns
    -------
    Estimates
        The same rows with the extra columns `p_adjusted` (a probability; NaN where there is no p-value) and
        `adjustment` (the rule and the number of tests). Intervals stay as they are, each at its own level; the method
        says so.

    Raises
    ------
    DataError
        DAT-006 for an unknown rule, DAT-009 when it is not `Estimates`.
    EstimationError
        EST-001 when no row has a p-value.

    References
    ----------
    .. [1] Holm S (1979). Scand J Stat 6:65-70.
    .. [2] Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300, procedure 1.

    Examples
    --------
    >>> from evalkit.result import Method, estimates
    >>> rows = [{"term": "a", "p_value": 0.01}, {"term": "b", "p_value": 0.04}, {"term": "c"}]
    >>> adjust_p(estimates(rows, Method("test", "an example", "points"))).frame["p_adjusted"].tolist()
    [0.02, 0.04, nan]
    """
    require(one_of("method", method, tuple(_RULES)), _an_estimate(result))
    p_values = result.frame["p_value"].to_numpy()
    tests = ~np.isnan(p_values)
    n = int(tests.sum())
    if not n:
        remedy = "Adjust a result that has tests."
        raise EstimationError(Problem("EST-001", "result", "no row has a p-value", "at least one", remedy))
    rule, name, what, reference = _RULES[method]
    adjusted = np.full(len(p_values), np.nan)
    adjusted[tests] = rule(p_values[tests])
    family = f"{name} over {n} test{'s' if n > 1 else ''}"
    said = [f"p_adjusted: {family}, which holds {what}; intervals are not adjusted"]
    if n < len(p_values):
        said.append("rows without a p-value are not in the family")
    frame = result.frame.assign(p_adjusted=adjusted, adjustment=[family if test else None for test in tests])
    note = replace(
        result.method,
        name=f"{result.method.name}; p adjusted ({name})",
        assumptions=(*result.method.assumptions, *said),
        references=(*result.method.references, reference),
    )
    return Estimates(frame, note)


def _an_estimate(result: object) -> list[Problem]:
    if isinstance(result, Estimates):
        return []
    return [Problem("DAT-009", "result", type(result).__name__, "Estimates", "Adjust what an estimator returned.")]
