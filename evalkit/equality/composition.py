"""Who is where: the share of each group in each band, against the workforce or a benchmark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import NEWCOMBE, PROPORTION, RATIO, WILSON, Row, adverse_words, limits
from evalkit.equality.counting import ALL, Counted, counted, level_of
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.staff_columns import level_problems
from evalkit.errors import Problem
from evalkit.frames import Problems, require, within
from evalkit.numeric.part_of_whole import gap_to_whole, parity_to_whole
from evalkit.numeric.proportions import wilson
from evalkit.numeric.values import Interval
from evalkit.result import Estimates, Method, estimates

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_WORKFORCE, _BENCHMARK = "the workforce", "the benchmark"


def representation(
    data: pd.DataFrame,
    *,
    group: str,
    band: str | None = None,
    counts: str | None = None,
    benchmark: Mapping[str, float] | None = None,
    stated_only: bool = False,
    by: str | None = None,
    year: str | None = None,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Share of each group in each band, its gap to the whole workforce or to a benchmark, and the ratio to it.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): staff in post, one row a person, or with `counts` one row for people of one kind.
    group : str
        Column of the group: labels, missing or "not stated" where not known.
    band : str, optional
        Column of the band, staff group, board or any other part of the workforce; missing is the part "not stated".
        Without it there is the whole workforce alone, which a benchmark makes a comparison of.
    counts : str, optional
        Column of how many people each row stands for.
    benchmark : mapping of str to float, optional
        Group -> its share elsewhere, a proportion in [0, 1], taken as known without error. Left out, each band is set
        against the whole workforce, of which it is a part.
    stated_only : bool, default False
        Leave those whose group is not stated out of the shares of the others; else they are part of every band.
    by : str, optional
        Column of parts, such as departments or clinical and non-clinical, that have rows of their own. The workforce is
        then that of the part.
    year : str, optional
        Column of years or snapshot days that have rows of their own: a trend.
    allow_gaps : bool, default False
        Let years be missing from the series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each year and part a row for each band (`band`, "all" first) and group, "not stated" included even where
        there is nobody; told apart by `term`: "share" (proportion of the people of the band; Wilson's limits), "gap"
        (that share less the share in the workforce or the benchmark, a difference of proportions) and "parity" (the
        one over the other; 1 is parity). The band is part of the workforce: the limits are those of Newcombe and
        Koopman for the band against the rest of the workforce, carried over exactly. `n` is the people of the band.

        Extra columns: `year`, `by` where asked for; `band`; `unit`, `scale`, `interval`; `n_members` (people of the
        group in the band); `n_least` (the fewest of those who are and are not of the group, in the band and, for a gap,
        in the rest); `direction`; `adverse` and `adverse_above_one` (a parity above 1 is not adverse to the group);
        `flag`.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-002 or DAT-004 for wrong counts or shares outside 0 to 1,
        DAT-006 for a group of the benchmark that does not occur, DAT-007 for a benchmark of more than 1 in all, for a
        gap in a series, or for several years where no column of years is named.
    EstimationError
        EST-001 when every count is 0.

    Notes
    -----
    All staff are in the data. The limits say how far such a share varies where the same process fills a workforce of
    this size; of the people counted here the share itself is exact.

    References
    ----------
    .. [1] Wilson EB (1927). J Am Stat Assoc 22:209-212.
    .. [2] Newcombe RG (1998). Stat Med 17:873-890, method 10.
    .. [3] Koopman PAR (1984). Biometrics 40:513-517.

    Examples
    --------
    >>> staff = pd.DataFrame(
    ...     {"band": ["5", "5", "8a", "8a"], "ethnicity": ["white", "BME"] * 2, "people": [300, 200, 90, 10]}
    ... )
    >>> frame = representation(staff, group="ethnicity", band="band", counts="people").frame
    >>> row = frame[(frame["band"] == "8a") & (frame["group"] == "BME")].set_index("term")
    >>> row["estimate"].round(3).to_dict()
    {'share': 0.1, 'gap': -0.25, 'parity': 0.286}
    """
    axes = {"year": year, "by": by, "band": band, "group": group}
    found, problems = counted(data, axes, counts=counts, allow_gaps=allow_gaps, also=level_problems(level))
    require(problems, _benchmark_problems(benchmark, found.axes["group"]))
    labels = _with_not_stated(found.axes["group"])
    lost = int(found.n[..., labels.index(NOT_STATED)].sum()) if stated_only and NOT_STATED in found.axes["group"] else 0
    counts_in = np.array([not (stated_only and label == NOT_STATED) for label in labels])
    rows: list[Row] = []
    for names, n, _ in found.slices():
        table = np.zeros((len(n), len(labels)), dtype=np.int64)
        table[:, : n.shape[1]] = n
        for name, cells in _bands(found, table):
            rows += [
                names | {"band": name} | row for row in _band_rows(cells, table, labels, benchmark, counts_in, level)
            ]
    against = _WORKFORCE if benchmark is None else _BENCHMARK
    method = Method(
        name="representation by band",
        estimand=f"the share of the people of a band who are of a group, and how it compares with {against}",
        unit="by row",
        scale="by row",
        level=level,
        interval="by row",
        n_given=found.given,
        n_used=found.given - lost,
        n_dropped={"group not stated": lost} if lost else {},
        assumptions=(
            "people come and go independently of each other",
            "those whose group is not stated are left out of every share"
            if stated_only
            else "those whose group is not stated are part of every band and of the workforce",
            *(() if benchmark is None else ("the benchmark is known without error",)),
        ),
        references=(
            "Wilson EB (1927) J Am Stat Assoc 22:209-212",
            *(
                ("Newcombe RG (1998) Stat Med 17:873-890", "Koopman PAR (1984) Biometrics 40:513-517")
                if benchmark is None
                else ()
            ),
        ),
    )
    return estimates(rows, method)


def _with_not_stated(labels: tuple[str, ...]) -> tuple[str, ...]:
    return labels if NOT_STATED in labels else (*labels, NOT_STATED)


def _benchmark_problems(benchmark: Mapping[str, float] | None, labels: tuple[str, ...]) -> Problems:
    if benchmark is None:
        return []
    if not isinstance(benchmark, Mapping) or not benchmark:
        expected = "a mapping of groups to shares"
        return [Problem("DAT-009", "benchmark", repr(benchmark), expected, 'Write {"BME": 0.28}.')]
    problems: Problems = []
    for name, share in benchmark.items():
        problems += level_of("benchmark", name, labels)
        problems += within(f"benchmark, {name}", share, low=0, high=1)
    if not problems and sum(benchmark.values()) > 1 + 1e-9:
        found = f"shares that add up to {sum(benchmark.values()):g}"
        problems.append(Problem("DAT-007", "benchmark", found, "at most 1 in all", "Give shares of one population."))
    return problems


def _bands(found: Counted, table: Ints) -> Iterator[tuple[str, Ints]]:
    """Give the cells of the whole workforce, then of each band that has people."""
    yield ALL, table.sum(axis=0)
    if found.axes["band"] != (ALL,):
        for name, cells in zip(found.axes["band"], table, strict=True):
            if cells.any():
                yield name, cells


def _band_rows(
    cells: Ints,
    table: Ints,
    labels: tuple[str, ...],
    benchmark: Mapping[str, float] | None,
    counts_in: Flags,
    level: float,
) -> Iterator[Row]:
    n, n_whole = int(cells[counts_in].sum()), int(table[:, counts_in].sum())
    for at, name in enumerate(labels):
        members, whole = int(cells[at]), int(table[:, at].sum())
        if not counts_in[at]:
            yield _share_row(name, members, int(cells.sum()), level, "share of all, left out of the other shares")
            continue
        row = _share_row(name, members, n, level, "" if n else "nobody in this band whose group is stated")
        yield row
        if name == NOT_STATED or not n:
            continue
        shared = {key: row[key] for key in ("group", "n", "n_members")}
        least = min(members, n - members)
        if benchmark is None and n < n_whole:
            least = min(least, whole - members, n_whole - n - whole + members)
            gap = gap_to_whole(members, n, whole, n_whole, level=level)
            ratio = parity_to_whole(members, n, whole, n_whole, level=level)
            yield from _against(shared, gap, ratio, least, _WORKFORCE)
        elif benchmark is not None and name in benchmark:
            gap, ratio = _against_known(wilson(members, n, level=level), float(benchmark[name]))
            yield from _against(shared, gap, ratio, least, _BENCHMARK)


def _share_row(name: str, members: int, n: int, level: float, flag: str) -> Row:
    return {
        "term": "share",
        "group": name,
        "n": n,
        "n_members": members,
        **(limits(wilson(members, n, level=level)) if n else {}),
        "unit": PROPORTION,
        "scale": "identity",
        "interval": WILSON,
        "n_least": min(members, n - members),
        "direction": "",
        **adverse_words(adverse_above=None, ratio=False),
        "flag": flag,
    }


def _against_known(share: Interval, known: float) -> tuple[Interval, Interval]:
    gap = Interval(share.estimate - known, share.low - known, share.high - known)
    if known == 0:
        return gap, Interval(math.inf if share.estimate else math.nan, math.nan, math.nan)
    return gap, Interval(share.estimate / known, share.low / known, share.high / known)


def _against(shared: Row, gap: Interval, ratio: Interval, least: int, what: str) -> Iterator[Row]:
    part = what == _WORKFORCE
    for term, found, is_ratio in (("gap", gap, False), ("parity", ratio, True)):
        of_part = "Koopman score, carried over" if is_ratio else f"{NEWCOMBE}, carried over"
        yield (
            {"term": term}
            | shared
            | limits(found)
            | {
                "unit": RATIO if is_ratio else PROPORTION,
                "scale": "log" if is_ratio else "identity",
                "interval": of_part if part else WILSON,
                "n_least": least,
                "direction": f"share in the band {'over' if is_ratio else 'less'} share in {what}",
                **adverse_words(adverse_above=False, ratio=is_ratio),
                "flag": "nobody of this group" if math.isnan(found.estimate) else "",
            }
        )
