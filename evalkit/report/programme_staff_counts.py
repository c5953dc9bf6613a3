"""Numbers of staff that answers tell: whoever is left over of a snapshot, or has what one or two others have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.contrasts import is_contrast
from evalkit.disclosure.events_of_few import FEWEST_EVENTS
from evalkit.report.programme_flow_counts import is_few
from evalkit.report.programme_numbers import Shown, suppressed_rows
from evalkit.result import Estimates

Flags = npt.NDArray[np.bool_]
# Year of a snapshot, "" for the latest, and what is counted -> the numbers of everybody.
Wholes = Mapping[tuple[str, str], set[float]]

_STAFF = "staff_in_post."
_WHOLE, _BONUS, _IN_NO_GAP, _HEADS = "all", "share receiving a bonus", "people in no gap", "heads"
_RATES = "leaver rate"
_OF_TWO = frozenset({"disparity_ratio", "relative_likelihood"})
_STRATA = ("year", "period", "metric", "indicator", "question", "band")


def few_with_a_bonus(part: Shown) -> Flags:
    """Find groups of whom one or two have a bonus, or nobody where somebody of another group has.

    Parameters
    ----------
    part : Shown
        What may leave of an answer by itself.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n_rows,). Pay records name people as records of appointments do, and the same rule holds.
    """
    result = part.answer.result
    if not isinstance(result, Estimates) or part.answer.question.estimator != "pay_gap":
        return np.zeros(len(part.released.frame), dtype=bool)
    frame = result.frame
    events = np.round(frame["estimate"].to_numpy(dtype=float) * frame["n"].to_numpy(dtype=float))
    of_bonus = frame["term"].eq(_BONUS).to_numpy(dtype=bool)
    return np.asarray(of_bonus & (events < FEWEST_EVENTS) & bool(events[of_bonus].sum() > 0))


def staff_left_over(parts: Mapping[int, Shown], profile: Profile) -> dict[int, Flags]:
    """Find numbers of staff from which, beside everybody of the same snapshot, a group of few people would follow.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it by itself.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    dict of int to numpy.ndarray of bool
        Position of an answer -> rows to be told without their number of people, shape (n_rows,). Rates of leaving and
        of a bonus by group are found where those in the groups that are not told are few; comparisons of two groups,
        where those in neither are.
    """
    wholes = _wholes(parts)
    found: dict[int, Flags] = {}
    for at, part in parts.items():
        result = part.answer.result
        if not isinstance(result, Estimates) or len(result.frame) != len(part.released.frame):
            continue
        rows = _of_groups(part, wholes, profile) | _of_two(part, wholes, profile)
        rows &= ~suppressed_rows(part)
        if rows.any():
            found[at] = rows
    return found


def _wholes(parts: Mapping[int, Shown]) -> Wholes:
    """Collect the numbers of everybody that are told."""
    found: dict[tuple[str, str], set[float]] = {}
    for part in parts.values():
        result, estimator = part.answer.result, part.answer.question.estimator
        if not isinstance(result, Estimates) or len(result.frame) != len(part.released.frame):
            continue
        told = part.released.frame["n"].notna().to_numpy()
        for line, kept in zip(result.frame.to_dict("records"), told, strict=True):
            what = _of_everybody(part, estimator, {str(name): value for name, value in line.items()})
            if kept and what is not None:
                found.setdefault(what, set()).add(float(line["n"]))
    return found


def _of_everybody(part: Shown, estimator: str, line: Mapping[str, object]) -> tuple[str, str] | None:
    """Say of which snapshot a row tells the number of everybody, and of what."""
    if estimator == "representation" and not part.answer.subgroup:
        on_staff = str(part.answer.question.said.get("group", "")).startswith(_STAFF)
        return ("", _HEADS) if on_staff and line.get("band") == _WHOLE else None
    if line.get("group") != _WHOLE or estimator not in {"leaver_rate", "edi_plan", "stability_index"}:
        return None
    return (_when(line), _RATES) if _RATES in str(line.get("term")) else None


def _when(line: Mapping[str, object]) -> str:
    """Give the year in which a period ends, or the year of a row."""
    period = line.get("period")
    if isinstance(period, str) and " to " in period:
        return period.rpartition(" to ")[2][:4]
    year = line.get("year")
    return "" if year is None or pd.isna(year) else f"{float(str(year)):.0f}"


def _of_groups(part: Shown, wholes: Wholes, profile: Profile) -> Flags:
    """Find rates by group beside which those in the other groups are few."""
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are looked at
    frame, shown = result.frame.reset_index(drop=True), ~suppressed_rows(part)
    hide = np.zeros(len(frame), dtype=bool)
    for rows, others, what in _splits(part, frame):
        single = np.array([row for row in rows if frame["group"].iloc[row] != _WHOLE], dtype=int)
        told = float(frame["n"].iloc[single[shown[single]]].sum())
        everybody = {float(frame["n"].iloc[single].sum()) + others, *wholes.get(what, set())}
        if told > 0 and any(is_few(whole - told, profile) for whole in everybody):
            hide[single] = True
    return hide


def _splits(part: Shown, frame: pd.DataFrame) -> Iterator[tuple[list[int], float, tuple[str, str]]]:
    """Give the rows of all groups of a snapshot, how many are in none of them, and what they are counted of."""
    estimator = part.answer.question.estimator
    if estimator == "leaver_rate":
        for _, rows in frame[frame["n"].notna()].groupby(["term", "period"], sort=False):
            yield [int(row) for row in rows.index], 0.0, (_when(rows.iloc[0].to_dict()), _RATES)
    elif estimator == "pay_gap":
        bonus, none = frame["term"].eq(_BONUS), frame["term"].eq(_IN_NO_GAP)
        if bonus.any():
            yield [int(row) for row in frame.index[bonus]], float(frame.loc[none, "n"].sum()), ("", "")


def _of_two(part: Shown, wholes: Wholes, profile: Profile) -> Flags:
    """Find comparisons of two groups beside which those in neither are few."""
    result, question = part.answer.result, part.answer.question
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are looked at
    frame = result.frame.reset_index(drop=True)
    hide = np.zeros(len(frame), dtype=bool)
    if "group" not in frame or question.estimator not in {*_OF_TWO, "edi_plan"}:
        return hide
    # The two groups of an indicator have no rows of their own.
    pair = frame["group"].astype(str).map(is_contrast).to_numpy(dtype=bool)
    if question.estimator in _OF_TWO and not str(question.said.get("group", "")).startswith(_STAFF):
        return hide
    by = [name for name in _STRATA if name in frame]
    for row in np.flatnonzero(pair):
        line = frame.iloc[row]
        everybody = wholes.get(("", _HEADS), set()) if question.estimator in _OF_TWO else _beside(frame, int(row), by)
        hide[row] = any(is_few(whole - float(line["n"]), profile) for whole in everybody)
    return hide


def _beside(frame: pd.DataFrame, row: int, by: list[str]) -> set[float]:
    """Give the numbers of everybody that stand beside a row in the same indicator and year."""
    same = frame["group"].eq(_WHOLE).to_numpy(dtype=bool)
    for name in by:
        same &= (frame[name].astype(str) == str(frame[name].iloc[row])).to_numpy(dtype=bool)
    return {float(n) for n in frame.loc[same, "n"].dropna()}
