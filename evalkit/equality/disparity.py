"""The race disparity ratio: how much likelier one group is to stand in a higher cluster of bands than another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import RATIO, Row, adverse_words, limits
from evalkit.equality.counting import counted, level_of, two_groups
from evalkit.equality.likelihood import adverse_problems
from evalkit.equality.mappings import NOT_STATED, band_cluster
from evalkit.equality.staff_columns import columns_problems, level_problems
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require
from evalkit.numeric.part_of_whole import ratio_of_ratios
from evalkit.numeric.tables import fisher_exact
from evalkit.result import Estimates, Method, estimates

Ints = npt.NDArray[np.int64]
Clusters = Mapping[str, Sequence[str]]

CLUSTERS = ("lower", "middle", "upper")


def disparity_ratio(
    data: pd.DataFrame,
    *,
    group: str,
    band: str,
    clusters: Clusters | None = None,
    reference: str = "BME",
    comparison: str = "white",
    counts: str | None = None,
    by: str | None = None,
    year: str | None = None,
    adverse_above_one: bool | None = True,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Ratio of people in a higher to people in a lower cluster of bands, in one group over another.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): staff in post, one row a person, or with `counts` one row for people of one kind.
    group : str
        Column of the group: labels, missing or "not stated" where not known.
    band : str
        Column of the band.
    clusters : mapping of str to sequence of str, optional
        Cluster -> its bands, the lowest cluster first, such as `{"lower": ["4", "5"], "middle": ["6", "7"], "upper":
        ["8a", "8b"]}`. Left out, lower, middle and upper as the mapping table of bands has them. Bands in no cluster
        are left out and counted.
    reference, comparison : str, default "BME" and "white"
        (comparison higher / comparison lower) / (reference higher / reference lower).
    counts : str, optional
        Column of how many people each row stands for.
    by : str, optional
        Column of parts, such as clinical and non-clinical, that have rows of their own.
    year : str, optional
        Column of years or snapshot days that have rows of their own: a trend.
    adverse_above_one : bool, default True
        Whether a ratio above 1 is adverse to the reference.
    allow_gaps : bool, default False
        Let years be missing from the series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each year and part a row for each pair of clusters: with three, "lower_to_middle", "middle_to_upper" and
        "lower_to_upper" (`term`). `estimate` is the ratio, `std_error` that of its logarithm, the limits by the delta
        method on the log scale under multinomial sampling; with an empty cell they are the exact conditional ones,
        which `interval` says. `p_value` is Fisher's. `n` is the people of both groups in both clusters. Extra columns:
        `year`, `by` where asked for; `unit`, `scale`, `interval`; `n_comparison`, `n_reference` (people in the two
        clusters), `n_least` (people in the smallest of the four cells); `direction`, `adverse`, `adverse_above_one`;
        `flag` (what is not defined or was refused, and why).

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-002 or DAT-004 for wrong counts, DAT-006 for an unknown group
        or band, DAT-010 for a band in two clusters, DAT-007 for fewer than two clusters, for a gap in a series, or for
        several years where no column of years is named.
    EstimationError
        EST-001 when no ratio can be made because one of the groups has one person or nobody in every pair of clusters.

    Notes
    -----
    The ratio is an odds ratio of standing in the higher rather than the lower cluster. It says nothing of why: how long
    people have served, and who was recruited when, is in it.

    References
    ----------
    .. [1] Agresti A (2013). Categorical Data Analysis, 3rd ed., sections 3.1.1 and 16.1.

    Examples
    --------
    >>> staff = pd.DataFrame(
    ...     {"band": ["5", "7", "8a"] * 2, "ethnicity": ["white"] * 3 + ["BME"] * 3, "n": [500, 300, 90, 180, 60, 9]}
    ... )
    >>> clusters = {"lower": ["5"], "middle": ["7"], "upper": ["8a"]}
    >>> result = disparity_ratio(staff, group="ethnicity", band="band", clusters=clusters, counts="n").frame
    >>> result.set_index("term")["estimate"].round(2).to_dict()
    {'lower_to_middle': 1.8, 'middle_to_upper': 2.0, 'lower_to_upper': 3.6}
    """
    also = level_problems(level) + adverse_problems(adverse_above_one)
    also += [] if clusters is None else _cluster_problems(clusters)
    if clusters is None:
        wrong = columns_problems(data, {"band": band})
        require(wrong and also + wrong)
        data = data.assign(**{band: band_cluster(data[band])})
        clusters = {name: (name,) for name in CLUSTERS}
    axes = {"year": year, "by": by, "band": band, "group": group}
    found, problems = counted(data, axes, counts=counts, allow_gaps=allow_gaps, also=also)
    bands, labels = found.axes["band"], found.axes["group"]
    require(problems, two_groups(reference, comparison, labels), [] if problems else _band_problems(clusters, bands))
    pair = [labels.index(comparison), labels.index(reference)]
    member = np.array([[band_name in clusters[name] for band_name in bands] for name in clusters], dtype=np.int64)
    rows = [
        names | row
        for names, n, _ in found.slices()
        for row in _rows(
            member @ n[:, pair], list(clusters), (comparison, reference), adverse=adverse_above_one, level=level
        )
    ]
    _require_a_ratio(rows)
    people = found.n.sum(axis=(0, 1))
    inside = member.any(axis=0)
    stated = people[:, [at for at, label in enumerate(labels) if label == NOT_STATED]]
    used = int(people[inside][:, pair].sum())
    lost = {
        "group not stated": int(stated.sum()),
        "band in no cluster": int(people[~inside].sum() - stated[~inside].sum()),
    }
    lost["another group"] = found.given - used - sum(lost.values())
    method = Method(
        name="disparity ratio",
        estimand=f"how many times the ratio of higher to lower bands of {comparison} is that of {reference}, among "
        "people such as these",
        unit=RATIO,
        scale="log",
        level=level,
        interval="by row",
        n_given=found.given,
        n_used=used,
        n_dropped={reason: count for reason, count in lost.items() if count},
        assumptions=(
            "people are independent of each other; the bands of a group are one multinomial",
            "who is of another group or none stated, or in a band of no cluster, is left out",
        ),
        references=("Agresti A (2013) Categorical Data Analysis, 3rd ed., sections 3.1.1 and 16.1",),
    )
    return estimates(rows, method)


def _cluster_problems(clusters: object) -> Problems:
    remedy = 'Write {"lower": ["5"], "middle": ["6", "7"], "upper": ["8a"]}.'
    if not isinstance(clusters, Mapping) or any(
        isinstance(bands, str) or not isinstance(bands, Sequence | set | frozenset) or not bands
        for bands in clusters.values()
    ):
        return [Problem("DAT-009", "clusters", type(clusters).__name__, "clusters, each with its bands", remedy)]
    if len(clusters) < 2:
        return [Problem("DAT-007", "clusters", f"{len(clusters)} clusters", "two or more, the lowest first", remedy)]
    listed = [name for bands in clusters.values() for name in bands]
    twice = sorted({str(name) for name in listed if listed.count(name) > 1})
    if twice:
        found = f"{', '.join(twice)} more than once"
        return [Problem("DAT-010", "clusters", found, "each band in one cluster", "Take it out of one.")]
    return []


def _band_problems(clusters: Clusters, bands: tuple[str, ...]) -> Problems:
    """Refuse a cluster of which no band occurs; single bands may be empty in a small trust."""
    problems: Problems = []
    for name, members in clusters.items():
        if not set(members) & set(bands):
            first = next(iter(members))
            problems += level_of(f"clusters, {name}", first if isinstance(first, str) else repr(first), bands)
    return problems


def _rows(
    table: Ints, clusters: list[str], names: tuple[str, str], *, adverse: bool | None, level: float
) -> Iterator[Row]:
    for low, high in sorted(combinations(range(len(clusters)), 2), key=lambda places: (places[1] - places[0], places)):
        cells = [int(table[at, who]) for who in (0, 1) for at in (high, low)]
        sizes = (cells[0] + cells[1], cells[2] + cells[3])
        row: Row = {
            "term": f"{clusters[low]}_to_{clusters[high]}",
            "group": f"{names[0]} over {names[1]}",
            "n": sum(sizes),
            "n_comparison": sizes[0],
            "n_reference": sizes[1],
            "n_least": min(cells),
            "unit": RATIO,
            "scale": "log",
            "interval": "",
            "direction": f"{clusters[high]} to {clusters[low]} of {names[0]} over that of {names[1]}",
            **adverse_words(adverse_above=adverse, ratio=True),
            "flag": _too_few(sizes, names),
        }
        if not row["flag"]:
            found, interval = ratio_of_ratios(*cells, level=level)
            p_value = fisher_exact(cells[0], sizes[0], cells[2], sizes[1]).p_value
            flag = "an empty cell" if min(cells) == 0 else ""
            flag = "any ratio is possible: nobody in one of the clusters" if math.isnan(found.estimate) else flag
            row |= {**limits(found), "p_value": p_value, "interval": interval, "flag": flag}
        yield row


def _too_few(sizes: tuple[int, int], names: tuple[str, str]) -> str:
    for size, name in zip(sizes, names, strict=True):
        if size < 2:
            return f"not estimated: {'one person' if size else 'nobody'} of {name} in these clusters"
    return ""


def _require_a_ratio(rows: Sequence[Row]) -> None:
    if all(str(row["flag"]).startswith("not estimated") for row in rows):
        found = str(rows[0]["flag"]).removeprefix("not estimated: ")
        expected = "two people or more of each group"
        raise EstimationError(Problem("EST-001", "data", found, expected, "Take a larger unit, or more bands."))
