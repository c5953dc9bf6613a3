"""One estimate at each number of differing elements that a linkage allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, LinkageError, Problem
from evalkit.result import ESTIMATE_COLUMNS, Estimates

# What release() goes by beside n.
SMALLER = "n_least"
_TELL_APART = ("term", "group", "part")
Floats = npt.NDArray[np.float64]
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
        The rows of all thresholds with `max_edits`, `n_pairs`, `false_pairs`, `n_least` (people by whom the next
        threshold has more, where it has: with its row they would be told) and, where one was refused, `note`.

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
    least = _least(results)
    parts = []
    for edits in sorted([*results, *refused]):
        part = results[edits].frame.copy() if edits in results else _blank(last.frame, refused[edits])
        part["max_edits"] = edits
        part["n_pairs"] = int((pairs["edits"] <= edits).sum())
        part["false_pairs"] = float(false[edits])
        part[SMALLER] = least.get(edits, np.nan)
        parts.append(part.astype(object))
    frame = pd.concat(parts, ignore_index=True)
    names = [*ESTIMATE_COLUMNS, *(name for name in frame.columns if name not in ESTIMATE_COLUMNS)]
    method = replace(
        last.method,
        name=f"{last.method.name}, by the number of differing elements allowed in linking",
        assumptions=(*last.method.assumptions, "The pairs are one person's each, but for the expected false pairs."),
    )
    return Estimates(frame[names].infer_objects(), method)


def _least(results: dict[int, Estimates]) -> dict[int, Floats]:
    """Give for each row of each threshold the people that the same row of the next one has more.

    The thresholds are nested, so that two rows tell the people between them. The last one, on all pairs, is what stands
    elsewhere too: it is the others that give way.
    """
    following: dict[tuple[object, ...], tuple[float, float]] = {}
    found: dict[int, Floats] = {}
    for edits in sorted(results, reverse=True):
        names, people = _names(results[edits].frame), results[edits].frame["n"].to_numpy(dtype=float)
        told = [_told(n, *following.get(name, (np.nan, np.nan))) for name, n in zip(names, people, strict=True)]
        found[edits] = np.fmin(_least_of(results[edits]), told)
        following = dict(zip(names, zip(people, found[edits], strict=True), strict=True))
    return found


def _told(n: float, following: float, least: float) -> float:
    """Count the people between a row and that of the next threshold; with nobody between, it is that row again."""
    return least if following == n else abs(following - n)


def _least_of(result: Estimates) -> Floats:
    own = result.frame.get(SMALLER)
    return np.full(len(result.frame), np.nan) if own is None else own.to_numpy(dtype=float)


def _names(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Tell rows of one result apart: by their texts, and how often these came before."""
    texts = frame[[name for name in _TELL_APART if name in frame.columns]].astype(str)
    again = texts.groupby(list(texts.columns)).cumcount()
    return list(texts.assign(again=again).itertuples(index=False, name=None))


def _blank(frame: pd.DataFrame, error: EstimationError | DataError) -> pd.DataFrame:
    """Keep the terms and groups of a refused threshold, and the reason in place of numbers."""
    named = [name for name in ("term", "group", "unit", "scale", "kirkpatrick") if name in frame.columns]
    part = frame[named].reindex(columns=list(dict.fromkeys([*ESTIMATE_COLUMNS, *named])))
    part["note"] = "; ".join(f"{problem.found} ({problem.code})" for problem in error.problems)
    return part
