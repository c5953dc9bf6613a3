"""Whether a covariate tells who will be mentored later: those people had to stay until then."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Many levels tell nothing by being pure when each has hardly anybody.
_PEOPLE_A_LEVEL = 5
# Numbers that have to do with nothing part the two by chance less often than this, or they are not judged.
_BY_CHANCE = 0.001
_SCREEN = 4096


def tells_later(
    take: Callable[[int], tuple[Ints, Floats | None]], later: Flags, never: Flags, person: Ints, people: int
) -> bool:
    """Tell whether a covariate parts those who are mentored later from those who never are.

    Parameters
    ----------
    take : callable
        Given a number of pieces, gives of the first so many the level, shape (pieces,), from 0, and the value, NaN
        where missing, or None when it is no number. Missing is a level like others: it may mark those never mentored.
    later, never : numpy.ndarray of bool
        Shape (pieces,): of a person whose mentoring begins after entry, or never. Others are not looked at.
    person : numpy.ndarray of int
        Shape (pieces,).
    people : int
        People in all.

    Returns
    -------
    bool
        True when no level has both kinds, and there are two levels, or five people a level on average, or all of one
        kind stand in one level with at least five people of either kind. Of numbers also when all of one kind lie above
        all of the other and chance alone would part so many people less than once in a thousand.

    Notes
    -----
    Mostly the first pieces settle it: a level with both kinds, or too many levels. Each turn looks at four times as
    many.
    """
    seen, value = 0, None
    while seen < len(later):
        seen = min(max(_SCREEN, 4 * seen), len(later))
        part = slice(None, seen)
        level, value = take(seen)
        first, second = _in_levels(level, later[part]), _in_levels(level, never[part])
        used = np.count_nonzero(first), np.count_nonzero(second)
        few = sum(used) <= 2 or sum(used) * _PEOPLE_A_LEVEL <= people or min(used) <= 1
        apart = value is not None and _apart(value, later[part], never[part])
        if _both(first, second) or not (few or apart):
            return False
    n, m = (_count(person, kind) for kind in (later, never))
    if not n or not m:
        return False
    pure = sum(used) == 2 or sum(used) * _PEOPLE_A_LEVEL <= people or (min(used) == 1 and min(n, m) >= _PEOPLE_A_LEVEL)
    return bool(pure or (apart and value is not None and _hardly_by_chance(value, later, never, person)))


def _in_levels(level: Ints, kind: Flags) -> Ints:
    return np.bincount(level[kind], minlength=int(level.max(initial=0)) + 1)


def _both(first: Ints, second: Ints) -> bool:
    return bool(((first > 0) & (second > 0)).any())


def _count(person: Ints, kind: Flags) -> int:
    return len(np.unique(person[kind]))


def _apart(value: Floats, later: Flags, never: Flags) -> bool:
    """Tell whether the known numbers of one kind all lie above those of the other; also when one kind has none yet."""
    known = ~np.isnan(value)
    one, other = value[later & known], value[never & known]
    return bool(not len(one) or not len(other) or one.min() > other.max() or other.min() > one.max())


def _hardly_by_chance(value: Floats, later: Flags, never: Flags, person: Ints) -> bool:
    """Tell whether chance would part so many: of all orders of n + m people, two put all of one kind first."""
    known = ~np.isnan(value)
    n, m = (_count(person, kind & known) for kind in (later, never))
    ways = math.lgamma(n + m + 1) - math.lgamma(n + 1) - math.lgamma(m + 1)
    return n > 0 and m > 0 and math.log(2) - ways < math.log(_BY_CHANCE)
