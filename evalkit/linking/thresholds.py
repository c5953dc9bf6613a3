"""One estimate at each number of differing elements that a linkage allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from evalkit.errors import DataError, EstimationError, LinkageError, Problem
from evalkit.result import ESTIMATE_COLUMNS, Estimates

Estimator = Callable[[pd.DataFrame], Estimates]


def by_threshold(pairs: pd.DataFrame, quality: Estimates, max_edits: int, estimator: Estimator) -> Estimates:
    """Estimate from the pairs with at most 0, 1, ... differing elements.

    Parameters
    ----------
    pairs : pandas.DataFrame
        One row a pair, with the column `edits`.
    quality : Estimates
        Of the linkage, with the term `false_pairs` at each threshold.
    max_edits : int
        The last threshold.
    estimator : callable
        From pairs to `Estimates`.

    Returns
    -------
    Estimates
        The rows of all thresholds with `max_edits`, `pairs`, `false_pairs` and, where a threshold was refused, `note`.

    Raises
    ------
    LinkageError
        DAT-009 when the estimator cannot be called or returns something else.
    EstimationError, DataError
        The last one of the estimator, when it refuses every threshold.
    """
    if not callable(estimator):
        raise LinkageError(_no_estimator(estimator))
    results: dict[int, Estimates] = {}
    refused: dict[int, EstimationError | DataError] = {}
    for edits in range(max_edits + 1):
        kept = pairs[pairs["edits"] <= edits].reset_index(drop=True)
        kept.attrs = pairs.attrs
        try:
            result = estimator(kept)
        except (EstimationError, DataError) as error:
            refused[edits] = error
            continue
        if not isinstance(result, Estimates):
            raise LinkageError(_no_estimator(result))
        results[edits] = result
    if not results:
        raise refused[max_edits]
    return _together(results, refused, pairs, quality)


def _no_estimator(found: object) -> Problem:
    return Problem(
        "DAT-009",
        "estimator",
        f"a {type(found).__name__}",
        "a function that takes the pairs and returns Estimates",
        'Write for example lambda pairs: mean_change(pairs, pre="score_before", post="score_after").',
    )


def _together(
    results: dict[int, Estimates],
    refused: dict[int, EstimationError | DataError],
    pairs: pd.DataFrame,
    quality: Estimates,
) -> Estimates:
    last = results[max(results)]
    false = quality.frame[quality.frame["term"] == "false_pairs"].set_index("max_edits")["estimate"]
    parts = []
    for edits in sorted([*results, *refused]):
        part = results[edits].frame.copy() if edits in results else _blank(last.frame, refused[edits])
        part["max_edits"] = edits
        part["pairs"] = int((pairs["edits"] <= edits).sum())
        part["false_pairs"] = float(false[edits])
        parts.append(part.astype(object))
    frame = pd.concat(parts, ignore_index=True)
    names = [*ESTIMATE_COLUMNS, *(name for name in frame.columns if name not in ESTIMATE_COLUMNS)]
    method = replace(
        last.method,
        name=f"{last.method.name}, by the number of differing elements allowed in linking",
        assumptions=(*last.method.assumptions, "The pairs are one person's each, but for the expected false pairs."),
    )
    return Estimates(frame[names].infer_objects(), method)


def _blank(frame: pd.DataFrame, error: EstimationError | DataError) -> pd.DataFrame:
    """Keep the terms and groups of a refused threshold, and the reason in place of numbers."""
    named = [name for name in ("term", "group", "unit", "scale", "kirkpatrick") if name in frame.columns]
    part = frame[named].reindex(columns=list(dict.fromkeys([*ESTIMATE_COLUMNS, *named])))
    part["note"] = "; ".join(f"{problem.found} ({problem.code})" for problem in error.problems)
    return part
