"""The same number under two questions: what is withheld, or told without n, under one is so under the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from evalkit.disclosure.contrasts import sides_of_rows
from evalkit.disclosure.releasing import withhold_rows
from evalkit.programmes.model import Programme
from evalkit.report.programme_numbers import Shown, quieted, suppressed_rows, with_released
from evalkit.result import Estimates

Flags = npt.NDArray[np.bool_]
Number = tuple[str | float, ...]

# Sets of indicators that an organisation has to tell; its questions ask for some of them again.
_STANDARDS = frozenset({"edi_plan", "wres"})
_DIGITS = 9


def withheld_alike(parts: Mapping[int, Shown], programme: Programme) -> dict[int, Shown]:
    """Withhold a number under every question, where it is withheld under one.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it.
    programme : Programme
        The programme.

    Returns
    -------
    dict of int to Shown
        The same. A row is the same where estimate, limits and n are, and one answer is of a standard; how two groups
        are called differs ("no over yes", "not disabled over disabled").
    """
    return _spread(parts, programme, suppressed_rows, _withhold)


def without_n_alike(parts: Mapping[int, Shown], programme: Programme) -> dict[int, Shown]:
    """Leave n out under every question, where it is left out under one.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it.
    programme : Programme
        The programme.

    Returns
    -------
    dict of int to Shown
        The same, as `withheld_alike` has it.
    """
    return _spread(parts, programme, _without_people, _tell_without_n)


def _spread(
    parts: Mapping[int, Shown],
    programme: Programme,
    pick: Callable[[Shown], Flags],
    apply: Callable[[Shown, Programme, Flags], Shown],
) -> dict[int, Shown]:
    numbers = {at: _numbers(part) for at, part in parts.items() if _numbers(part)}
    chosen = {at: pick(parts[at]) for at in numbers}
    everywhere = {one for at, rows in chosen.items() for one, flag in zip(numbers[at], rows, strict=True) if flag}
    in_standard = {
        one
        for at, rows in chosen.items()
        if _is_standard(parts[at])
        for one, flag in zip(numbers[at], rows, strict=True)
        if flag
    }
    found = dict(parts)
    for at, own in numbers.items():
        part = parts[at]
        other = everywhere if _is_standard(part) else in_standard
        rows = np.array([one in other and bool(one) for one in own], dtype=bool) & ~chosen[at] & ~suppressed_rows(part)
        if rows.any():
            found[at] = apply(part, programme, rows)
    return found


def _is_standard(part: Shown) -> bool:
    return part.answer.question.estimator in _STANDARDS


def _numbers(part: Shown) -> list[Number]:
    """Give estimate, limits and n of each row; nothing where they are not known or there is no interval.

    Of one group its name is among them, and nobody or everybody is nothing: such shares are alike by chance.
    """
    result = part.answer.result
    if not isinstance(result, Estimates) or len(result.frame) != len(part.released.frame):
        return []
    given = result.frame[["estimate", "conf_low", "conf_high", "n"]].to_numpy(dtype=float)
    groups = result.frame["group"].astype(str).tolist() if "group" in result.frame else [""] * len(given)
    pairs = [len(sides) > 1 for sides in sides_of_rows(groups, result.frame["term"].astype(str).tolist())]
    return [
        ()
        if np.isnan(row).any() or (not pair and row[0] in (0, 1))
        else ("" if pair else group.lower(), *(float(value) for value in np.round(row, _DIGITS)))
        for row, group, pair in zip(given, groups, pairs, strict=True)
    ]


def _without_people(part: Shown) -> Flags:
    return np.asarray(part.released.frame["n"].isna().to_numpy() & ~suppressed_rows(part))


def _withhold(part: Shown, programme: Programme, rows: Flags) -> Shown:
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are found
    released = withhold_rows(part.released, result, rows)
    return with_released(part, released, programme)


def _tell_without_n(part: Shown, programme: Programme, rows: Flags) -> Shown:
    """Leave n out of rows, and of what else compares the same two groups of so many people."""
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are found
    frame = result.frame
    groups = frame["group"].astype(str).tolist() if "group" in frame else [""] * len(frame)
    sides = [
        (*sorted(pair), n) if len(pair) > 1 else ()
        for pair, n in zip(sides_of_rows(groups, frame["term"].astype(str).tolist()), frame["n"], strict=True)
    ]
    gone = {side for side, row in zip(sides, rows, strict=True) if row and side}
    more = np.array([bool(side) and side in gone for side in sides], dtype=bool) & ~suppressed_rows(part)
    return quieted(part, programme, rows | more)
