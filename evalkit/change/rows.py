"""What the rows of all estimators of change within people share: arguments, counts, notes on what is not defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evalkit.change.outcomes import Outcome, union
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, rows_named

Row = dict[str, object]

# Unit of the change of an outcome as it was measured.
POINTS = "points of the outcome"
# Squares and products of four values of this size are still within the range of doubles.
_LARGEST = 1e60

NOBODY = "nobody answered in both waves"
ONE_PAIR = "one pair: no spread, no interval"
NO_SPREAD = "all changes are equal: no spread, no interval"
NO_CHANGE = "all changes are zero: no spread, no interval"


def sizes_right(found: Sequence[Outcome]) -> Problems:
    """Find outcomes whose squares do not fit into the numbers of a computer.

    Parameters
    ----------
    found : sequence of Outcome
        What was read.

    Returns
    -------
    list of Problem
        DAT-002 where the largest value is beyond 1e60, or not zero and below 1e-60.
    """
    problems: Problems = []
    for outcome in found:
        for column, values in ((outcome.pre, outcome.before), (outcome.post, outcome.after)):
            rows = outcome.rows[np.abs(values) > _LARGEST] + 1
            if len(rows):
                problems.append(_size(column, f"values beyond {_LARGEST:g} ({rows_named(rows)})"))
        largest = max(float(np.abs(wave).max(initial=0.0)) for wave in (outcome.before, outcome.after))
        if 0 < largest < 1 / _LARGEST:
            problems.append(_size(f"{outcome.pre} and {outcome.post}", f"no value beyond {1 / _LARGEST:g}"))
    return problems


def _size(column: str, found: str) -> Problem:
    expected = f"values between {1 / _LARGEST:g} and {_LARGEST:g}"
    return Problem("DAT-002", f"frame, {column}", found, expected, "Correct them, or choose another unit.")


def why_no_interval(outcome: Outcome, spread: float) -> str:
    """Say why an outcome has no interval of its mean change.

    Parameters
    ----------
    outcome : Outcome
        The pairs.
    spread : float
        Standard deviation of the changes.

    Returns
    -------
    str
        The reason, without a number of people in it; empty where there is an interval.
    """
    if outcome.n == 0:
        return NOBODY
    if outcome.n == 1:
        return ONE_PAIR
    if spread == 0:
        return NO_CHANGE if (outcome.after == outcome.before).all() else NO_SPREAD
    return ""


def require_a_pair(found: Sequence[Outcome]) -> None:
    """Refuse outcomes of which none has a complete pair.

    Parameters
    ----------
    found : sequence of Outcome
        What was read.

    Raises
    ------
    EstimationError
        EST-001 when nobody answered any of them in both waves.
    """
    if not any(outcome.n for outcome in found):
        names = ", ".join(outcome.name for outcome in found)
        raise EstimationError(
            Problem("EST-001", names, NOBODY, "at least one complete pair", "Link the waves, or check the columns.")
        )


def counts(found: Sequence[Outcome]) -> Mapping[str, Any]:
    """Count people for the `Method`.

    Parameters
    ----------
    found : sequence of Outcome
        What was read.

    Returns
    -------
    dict
        `n_given`, `n_used`, `n_dropped`.
    """
    given, used, dropped = union(found)
    return {"n_given": given, "n_used": used, "n_dropped": dropped}
