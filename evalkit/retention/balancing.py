"""How alike two groups are in what was known beforehand, before and after weighting."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from evalkit.numeric.propensity import alike, effective_size, unweighted_spread
from evalkit.result import Estimates, estimates
from evalkit.retention.baseline import Column
from evalkit.retention.describing import least_of_levels
from evalkit.retention.weighting import PropensityWeights

Floats = npt.NDArray[np.float64]

BEFORE, AFTER = "before weighting", "after weighting"
EFFECTIVE = "effective sample size"


def balance(weights: PropensityWeights) -> Estimates:
    """Standardised differences between two groups, before and after weighting.

    Parameters
    ----------
    weights : PropensityWeights
        The weights.

    Returns
    -------
    Estimates
        For the propensity score and each covariate, or level of one (`term`), "before weighting" and "after weighting"
        (`group`): the difference of the means, second group less first, in standard deviations of the unweighted data
        (`estimate`), and for numbers the extra column `variance_ratio`. Then, for each group, the effective sample
        size of its weights, in people. `n_least` is the smallest number of people on which a row rests: of a level the
        smallest cell, as in `describe_groups`, so that what is withheld there is withheld here. Differences below 0.1
        are usually called small; no test is made of them.

    Notes
    -----
    The standard deviation is that of the second group for the ATT, else the root of the mean variance of the two
    groups; of a category it is the root of p (1 - p). It is the same before and after weighting, so that a change in
    spread does not look like one in balance.

    References
    ----------
    .. [1] Austin PC (2009). Stat Med 28:3083-3107.
    .. [2] Ho D, Imai K, King G, Stuart EA (2011). J Stat Softw 42(8), section 5 (the same definitions).
    """
    used = weights.used
    case = weights.case[used]
    fitted = weights.each[used] * case
    score = Column("propensity score", None, weights.probability[used], first=False)
    least = _least(weights)
    rows = [row for column in (score, *weights.columns) for row in _compared(weights, column, case, fitted, least)]
    rows += _sizes(weights, fitted)
    return estimates(
        rows,
        weights.note(
            "standardised differences before and after weighting",
            "by row",
            estimand=f"how far {weights.groups[1]} stand from {weights.groups[0]} in what was known beforehand",
        ),
    )


def _least(weights: PropensityWeights) -> dict[str, int]:
    """Count for each level the people on whom its rows rest: those that Table 1 looks at."""
    treated = weights.treated[weights.used]
    people = np.array([int((~treated).sum()), int(treated.sum())])
    found: dict[str, int] = {}
    for name in weights.covariates:
        levels = [column for column in weights.columns if column.covariate == name and column.is_share]
        inside = np.array([[column.numbers[group].sum() for group in (~treated, treated)] for column in levels])
        found |= dict(zip([c.name for c in levels], least_of_levels(inside.astype(np.int64), people), strict=True))
    return found


def _compared(
    weights: PropensityWeights, column: Column, case: Floats, fitted: Floats, of_level: Mapping[str, int]
) -> list[dict[str, object]]:
    treated = weights.treated[weights.used]
    share = column.is_share
    spread = unweighted_spread(column.numbers, treated, weights.estimand, share=share)
    people = len(treated)
    least = min(int(treated.sum()), int((~treated).sum()), of_level.get(column.name, people) if share else people)
    rows: list[dict[str, object]] = []
    for group, mass in ((BEFORE, case), (AFTER, fitted)):
        found = alike(column.numbers, treated, mass, share=share, spread=spread)
        rows.append(
            {
                "term": column.name,
                "group": group,
                "estimate": found.difference,
                "n": people,
                "unit": "standard deviations",
                "variance_ratio": found.variance_ratio,
                "n_least": least,
            }
        )
    return rows


def _sizes(weights: PropensityWeights, fitted: Floats) -> list[dict[str, object]]:
    treated = weights.treated[weights.used]
    rows: list[dict[str, object]] = []
    for name, group in zip(weights.groups, (~treated, treated), strict=True):
        people = int(group.sum())
        rows.append(
            {
                "term": EFFECTIVE,
                "group": name,
                "estimate": effective_size(fitted[group]),
                "n": people,
                "unit": "people",
                "variance_ratio": math.nan,
                "n_least": people,
            }
        )
    return rows
