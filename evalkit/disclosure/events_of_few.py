"""Rates and ratios of what happened to people, as records have it: whether too few people had it happen to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.contrasts import sides_of_rows
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import withheld
from evalkit.disclosure.total_rows import reads_as_total

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# Extra column of what records say: people to whom it happened, in the group where these are fewest. It is never shown.
OF_RECORD = "n_fewest_events"
# Each of two people knows who the other is; from three on, nobody does from the number alone.
FEWEST_EVENTS = 3
# Terms of a comparison of two groups by what records say: entry to a formal process, appointment, promotion, access.
_OF_TWO = frozenset({"relative_likelihood", "difference"})
_RATE = "rate"
# Made of all strata together: no sum of theirs, and with all but one of them that one follows.
_POOLED = frozenset({"mantel_haenszel_risk_ratio", "mantel_haenszel_odds_ratio"})
_CLOSE = 1e-6
_EMPTY = frozenset({"", "nan", "none", "<na>", "nat"})
_LEAST_PARTS = 2


def few_events(frame: pd.DataFrame, strata: Sequence[tuple[str, ...]], *, fewest: int = FEWEST_EVENTS) -> Flags:
    """Find rates, and what is made of two of them, of which a group has fewer than three people.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates with `term, group, estimate, n, unit`; without `n_events` and `n_fewest_events` none is found
        but ratios.
    strata : sequence of tuple of str
        Of each row, what its rates are of: year, band, metric.
    fewest : int, default 3
        Fewer people than so many are too few.

    Returns
    -------
    numpy.ndarray of bool
        Shape (rows,). A rate counts by those who had it; nobody is few too, unless nobody in any group had it. A ratio
        or difference counts by the smaller of its two groups: by `n_fewest_events`, else by their rates beside it, else
        by what the estimate and the numbers of people allow. A ratio that is 0 or without end is always found. Those
        who did not have it are not counted: that it did not happen is in no record.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "term": ["rate", "rate", "relative_likelihood"], "group": ["BME", "white", "BME over white"],
    ...     "estimate": [2 / 55, 20 / 172, 0.313], "n": [55, 172, 227], "n_events": [2, 20, 22],
    ... })
    >>> few_events(rows, [("2025",)] * 3).tolist()
    [True, False, True]
    """
    estimate = frame["estimate"].to_numpy(dtype=float)
    unit = frame["unit"] if "unit" in frame.columns else pd.Series("", index=frame.index)
    found = np.asarray(unit.astype(str).eq("ratio").to_numpy() & ((estimate == 0) | np.isinf(estimate)))
    with np.errstate(invalid="ignore"):
        return np.asarray(found | (fewest_events(frame, strata) < fewest))


def fewest_events(frame: pd.DataFrame, strata: Sequence[tuple[str, ...]]) -> Floats:
    """Count those to whom it happened, in the group of each row in which they are fewest.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates.
    strata : sequence of tuple of str
        Of each row, what its rates are of.

    Returns
    -------
    numpy.ndarray of float
        Shape (rows,), people; NaN of rows that are not about what records say, and where nobody in any group had it.
    """
    least = np.full(len(frame), np.nan)
    if OF_RECORD in frame.columns:
        least = frame[OF_RECORD].to_numpy(dtype=float).copy()
    if "n_events" not in frame.columns:
        return least
    terms, groups = frame["term"].astype(str).tolist(), frame["group"].astype(str).tolist()
    events, sides = frame["n_events"].to_numpy(dtype=float), sides_of_rows(groups, terms)
    single = {
        (strata[row], groups[row]): events[row]
        for row in range(len(frame))
        if terms[row] == _RATE and len(sides[row]) == 1 and not np.isnan(events[row])
    }
    anybody = {stratum for (stratum, _), had in single.items() if had > 0}
    for row in range(len(frame)):
        if not np.isnan(least[row]) or not events[row] > 0:
            if terms[row] == _RATE and events[row] == 0 and strata[row] in anybody:
                least[row] = 0
            continue
        if terms[row] == _RATE and len(sides[row]) == 1:
            least[row] = events[row]
        elif terms[row] in _OF_TWO | {_RATE}:
            beside = [single.get((strata[row], side), np.nan) for side in sides[row]]
            known = len(beside) > 1 and bool(np.isfinite(beside).all())
            least[row] = np.min(beside) if known else _least_of(frame.iloc[row])
    return least


def _least_of(line: pd.Series) -> float:
    """Work out how many had it in the group where fewer did, from a ratio or difference and the numbers of people."""
    n, smaller, events = float(line["n"]), float(line.get("n_least", np.nan)), float(line["n_events"])
    estimate = float(line["estimate"])
    if not np.isfinite([n, smaller, events, estimate]).all() or not 0 < smaller < n:
        return float("nan")
    first = np.arange(events + 1)
    fits = [np.inf]
    for people in (smaller, n - smaller):
        rate, other = first / people, (events - first) / (n - people)
        with np.errstate(divide="ignore", invalid="ignore"):
            made = rate / other if line["term"] == "relative_likelihood" else rate - other
        same = np.abs(made - estimate) < _CLOSE
        fits += np.fmin(first, events - first)[same].tolist()
    return float(min(fits))


@dataclass(slots=True, eq=False)
class _Cell:
    """All rows on the same people: of one group, or of two together."""

    n: float
    events: float
    fewest: float
    n_least: float
    hidden: bool
    sides: tuple[str, ...]
    rows: list[int] = field(default_factory=list)


_Key = tuple[tuple[str, ...], str, str]


def with_what_follows(
    frame: pd.DataFrame, names: Sequence[str], hidden: Flags, profile: Profile, *, fewest: int = FEWEST_EVENTS
) -> Flags:
    """Withhold more rows on what records say, until none that is withheld follows from those that are shown.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates, with `n_least`.
    names : sequence of str
        Columns that tell rows of the same term and group apart: year, band, stratum.
    hidden : numpy.ndarray of bool
        Shape (rows,), rows that are withheld already.
    profile : Profile
        The rules.
    fewest : int, default 3
        Fewer people than so many are too few.

    Returns
    -------
    numpy.ndarray of bool
        Shape (rows,), rows to withhold. What is made of two groups goes with either. Beside a total at least two of its
        parts are withheld, with `fewest` people to whom it happened, in groups that are large enough; the smallest goes
        first, and the total where nothing else does. A ratio pooled over strata goes with any of them, as its digits
        and limits tell that one, even when they are rounded.

    Examples
    --------
    >>> from evalkit.disclosure.profiles import load_profile
    >>> rows = pd.DataFrame({
    ...     "term": "rate", "group": ["men", "women", "all"], "estimate": [0.2, 1 / 90, 21 / 190],
    ...     "n": [100, 90, 190], "n_events": [20, 1, 21], "n_least": [100, 90, 190],
    ... })
    >>> with_what_follows(rows, [], np.array([False, True, False]), load_profile("staff-survey")).tolist()
    [True, True, False]
    """
    hidden = hidden.copy()
    if not {"n_events", "group"} <= set(frame.columns):
        return hidden
    keys = [tuple(_plain(value) for value in row) for row in frame[list(names)].astype(object).to_numpy().tolist()]
    cells = _cells(frame, keys, hidden)
    families = _families(cells, len(names))
    while _spread(cells) or _beside_totals(families, profile, fewest):
        pass
    for cell in cells.values():
        hidden[cell.rows] = cell.hidden
    at = list(names).index("stratum") if "stratum" in names else None
    gone = {(_without(key, at), frozenset(cell.sides)) for (key, _, _), cell in cells.items() if cell.hidden}
    terms, groups = frame["term"].astype(str).tolist(), frame["group"].astype(str).tolist()
    for row, sides in enumerate(sides_of_rows(groups, terms)):
        hidden[row] |= terms[row] in _POOLED and (_without(keys[row], at), frozenset(sides)) in gone
    return hidden


def _plain(value: object) -> str:
    text = str(value).strip()
    return "" if text.casefold() in _EMPTY else text


def _without(key: tuple[str, ...], at: int | None) -> tuple[str, ...]:
    return key if at is None else (*key[:at], *key[at + 1 :])


def _cells(frame: pd.DataFrame, keys: Sequence[tuple[str, ...]], hidden: Flags) -> dict[_Key, _Cell]:
    """Put the rows on the same people together; what hides one of them hides all."""
    terms, groups = frame["term"].astype(str).tolist(), frame["group"].astype(str).tolist()
    sides = sides_of_rows(groups, terms)
    n, events, least = (frame[name].to_numpy(dtype=float) for name in ("n", "n_events", "n_least"))
    fewest = fewest_events(frame, keys)
    of_record = {_RATE, *_OF_TWO} | {term for term, had in zip(terms, fewest, strict=True) if not np.isnan(had)}
    cells: dict[_Key, _Cell] = {}
    for row, (key, term) in enumerate(zip(keys, terms, strict=True)):
        if term not in of_record - _POOLED or np.isnan([n[row], events[row]]).any():
            continue
        what = "" if term in {_RATE, *_OF_TWO} else term
        # A ratio and a difference of the same two groups, either way round.
        name = " / ".join(sorted(sides[row]))
        cell = cells.setdefault(
            (key, what, name), _Cell(n[row], events[row], fewest[row], least[row], hidden=False, sides=sides[row])
        )
        cell.rows.append(row)
        cell.hidden |= bool(hidden[row])
        cell.fewest = float(np.fmin(cell.fewest, fewest[row]))
    return cells


def _spread(cells: Mapping[_Key, _Cell]) -> bool:
    """Hide what is made of two groups with either of them."""
    more = [
        cell
        for (key, what, _), cell in cells.items()
        if len(cell.sides) > 1
        and not cell.hidden
        and any((key, what, side) in cells and cells[key, what, side].hidden for side in cell.sides)
    ]
    for cell in more:
        cell.hidden = True
    return bool(more)


def _families(cells: Mapping[_Key, _Cell], names: int) -> list[tuple[_Cell, list[_Cell]]]:
    """Find totals, each with the cells that it adds up: over groups, or over years, bands, strata."""
    found: list[tuple[_Cell, list[_Cell]]] = []
    over_groups: dict[tuple[tuple[str, ...], str], dict[str, _Cell]] = {}
    for (key, what, _), cell in cells.items():
        if len(cell.sides) == 1:
            over_groups.setdefault((key, what), {})[cell.sides[0]] = cell
    for groups in over_groups.values():
        found += _totals(groups)
    for at in range(names):
        along: dict[tuple[tuple[str, ...], str, str], dict[str, _Cell]] = {}
        for (key, what, name), cell in cells.items():
            along.setdefault((_without(key, at), what, name), {})[key[at]] = cell
        for parts in along.values():
            found += _totals(parts)
    return found


def _totals(parts: Mapping[str, _Cell]) -> list[tuple[_Cell, list[_Cell]]]:
    """Find the cells that are the sum of all others, as people and as those who had it."""
    n, events = sum(cell.n for cell in parts.values()), sum(cell.events for cell in parts.values())
    found = []
    for label, cell in parts.items():
        others = [other for other in parts.values() if other is not cell]
        named = label == "" or reads_as_total(label)
        sums = abs(2 * cell.n - n) < _CLOSE and abs(2 * cell.events - events) < _CLOSE
        if sums and len(others) >= (1 if named else _LEAST_PARTS):
            found.append((cell, others))
    return found


def _beside_totals(families: Sequence[tuple[_Cell, list[_Cell]]], profile: Profile, fewest: int) -> bool:
    """Hide one more part of a total that tells what is hidden; the total where there is none."""
    for total, parts in families:
        gone = [part for part in parts if part.hidden]
        if total.hidden or not gone:
            continue
        enough = len(gone) >= _LEAST_PARTS and _sum(part.fewest for part in gone) >= fewest
        if enough and not withheld([_sum(part.n_least for part in gone)], profile)[0]:
            continue
        left = sorted((part for part in parts if not part.hidden), key=lambda part: (not part.events, part.events))
        next(iter(left), total).hidden = True
        return True
    return False


def _sum(numbers: Iterable[float]) -> float:
    return float(np.nansum(list(numbers)))
