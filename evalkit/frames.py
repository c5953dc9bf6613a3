"""Checks on what comes in: frames and the single numbers of printed summaries.

Each check returns the problems that it found, so that a public function can raise all of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING

from evalkit.errors import DataError, EvalkitError, Problem, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Problems = list[Problem]
_ROWS_NAMED = 5
_NEAREST = 1e-12


def require(*found: Iterable[Problem], error: type[EvalkitError] = DataError) -> None:
    """Raise all problems at once, if there are any.

    Parameters
    ----------
    *found : iterables of Problem
        What several checks returned.
    error : type of EvalkitError, default DataError
        What is raised.

    Raises
    ------
    EvalkitError
        Of that type, when at least one problem was found.
    """
    problems = [problem for some in found for problem in some]
    if problems:
        raise error(problems)


def missing_columns(frame: pd.DataFrame, columns: Sequence[str], place: str) -> Problems:
    """Find the columns that a frame must have and does not.

    Parameters
    ----------
    frame : pandas.DataFrame
        What came in.
    columns : sequence of str
        Names that must be there.
    place : str
        File or argument, for the message.

    Returns
    -------
    list of Problem
        DAT-003 for each missing column.
    """
    known = [str(name) for name in frame.columns]
    return [
        Problem(
            "DAT-003",
            place,
            f'no column "{name}"',
            f"the columns {', '.join(columns)}",
            did_you_mean(name, known) if known else "Add the column.",
        )
        for name in columns
        if name not in known
    ]


def rows_named(positions: Sequence[int] | npt.NDArray[np.int64], unit: str = "row") -> str:
    """Name rows by their position, the first few.

    Parameters
    ----------
    positions : sequence of int
        Shape (rows,), counted from 1.
    unit : str, default "row"
        What is counted, in the singular.

    Returns
    -------
    str
        Such as "row 3" or "rows 3, 17, 20, 21, 22 and 8 more".

    Examples
    --------
    >>> rows_named([3, 17])
    'rows 3, 17'
    """
    more = f" and {len(positions) - _ROWS_NAMED} more" if len(positions) > _ROWS_NAMED else ""
    return f"{unit}{'' if len(positions) == 1 else 's'} {', '.join(map(str, positions[:_ROWS_NAMED]))}{more}"


def within(
    name: str,
    value: object,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Problems:
    """Check one number against its range.

    Parameters
    ----------
    name : str
        Argument, for the message.
    value : object
        What came in.
    low, high : float
        Closed limits.
    above, below : float
        Open limits.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a number, DAT-002 when it is outside; empty when it is right.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(float(value)):
        return [Problem("DAT-009", name, repr(value), "a number", "Give it as a number, without its unit.")]
    number = float(value)
    if low <= number <= high and above < number < below and math.isfinite(number):
        return []
    return [Problem("DAT-002", name, f"{number:g}", _range(low, high, above, below), "Check the number.")]


def whole(name: str, value: object, *, low: int) -> Problems:
    """Check one whole number against its lower limit.

    Parameters
    ----------
    name : str
        Argument, for the message.
    value : object
        What came in.
    low : int
        The least it may be.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a whole number, DAT-002 when it is too small; empty when it is right.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        return [
            Problem("DAT-009", name, repr(value), "a whole number", "Give a whole number, not a share or per cent.")
        ]
    return within(name, int(value), low=low)


def level_problems(level: object, *, low: float = 0.0, argument: str = "level") -> Problems:
    """Check a confidence level, or a share of people.

    Parameters
    ----------
    level : object
        What came in.
    low : float, default 0.0
        It must lie above.
    argument : str, default "level"
        Its name, for the message.

    Returns
    -------
    list of Problem
        DAT-009 when it is not a number, DAT-002 when it is not between `low` and 1, both left out, or so near to 0 or 1
        (1e-12) that nothing is left between; empty when it is right.
    """
    expected, remedy = f"a number between {low:g} and 1", "Give 0.95 for 95 %."
    if isinstance(level, bool) or not isinstance(level, Real) or math.isnan(float(level)):
        return [Problem("DAT-009", argument, repr(level), expected, remedy)]
    number = float(level)
    if low < number < 1 and _NEAREST <= 1 - number <= 1 - _NEAREST:
        return []
    return [Problem("DAT-002", argument, f"{number:.15g}", expected, remedy)]


def one_of(argument: str, value: object, known: Collection[str]) -> Problems:
    """Check an argument that is one of a few words.

    Parameters
    ----------
    argument : str
        Its name.
    value : object
        What came in.
    known : collection of str
        The words.

    Returns
    -------
    list of Problem
        DAT-006 when it is none of them; empty when it is right.
    """
    if isinstance(value, str) and value in known:
        return []
    return [Problem("DAT-006", argument, repr(value), f"one of {', '.join(known)}", did_you_mean(str(value), known))]


def _range(low: float, high: float, above: float, below: float) -> str:
    if above > -math.inf and below < math.inf:
        return f"a number between {above:g} and {below:g}"
    if above > -math.inf:
        return f"a number above {above:g}" + (f" and up to {high:g}" if high < math.inf else "")
    if low > -math.inf and high < math.inf:
        return f"a number from {low:g} to {high:g}"
    if low > -math.inf:
        return f"a number of at least {low:g}"
    return f"a number of at most {high:g}" if high < math.inf else "a finite number"
