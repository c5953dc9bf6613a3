"""What the rows of all estimators of change within people share: arguments, counts, notes on what is not defined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from evalkit.change.outcomes import Outcome, rows_named, union
from evalkit.errors import EstimationError, Problem, did_you_mean
from evalkit.frames import Problems

Row = dict[str, object]

# Unit of the change of an outcome as it was measured.
POINTS = "points of the outcome"
# Squares and products of four values of this size are still within the range of doubles.
_LARGEST = 1e60

NOBODY = "nobody answered in both waves"
ONE_PAIR = "one pair: no spread, no interval"
NO_SPREAD = "all changes are equal: no spread, no interval"
NO_CHANGE = "all changes are zero: no spread, no interval"


def level_right(level: object, *, low: float = 0.0) -> Problems:
    """Check a confidence level.

    Parameters
    ----------
    level : object
        What came in.
    low : float, default 0.0
        It must lie above.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a number, DAT-002 when it is not above `low` and below 1.
    """
    expected = f"a number between {low:g} and 1"
    if isinstance(level, bool) or not isinstance(level, Real) or math.isnan(float(level)):
        return [Problem("DAT-009", "level", repr(level), expected, "Write level=0.95, for example.")]
    if low < float(level) < 1:
        return []
    return [Problem("DAT-002", "level", f"{float(level):g}", expected, "Write level=0.95, for example.")]


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


def one_of(argument: str, value: object, known: Sequence[str]) -> Problems:
    """Check an argument that names one of several ways.

    Parameters
    ----------
    argument : str
        Its name.
    value : object
        What came in.
    known : sequence of str
        What it may be.

    Returns
    -------
    list of Problem
        DAT-006 when it is none of them.
    """
    if isinstance(value, str) and value in known:
        return []
    return [Problem("DAT-006", argument, repr(value), f"one of {', '.join(known)}", did_you_mean(str(value), known))]


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
