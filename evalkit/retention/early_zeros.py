"""Curves that fall to 0 while people are still to come: with late entry, nothing is known beyond that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.retention.grouping import Grouped

Floats = npt.NDArray[np.float64]


def emptied_at(found: Grouped) -> Floats:
    """Find when all people at risk had left, although others of the group came under observation later.

    Parameters
    ----------
    found : Grouped
        The groups.

    Returns
    -------
    numpy.ndarray of float
        Shape (groups,), in the unit of the cohort: from then on the curve is 0 for good, whoever comes. NaN where that
        never happens.

    Notes
    -----
    A product is 0 once a factor is 0: with few people at risk in the first months, one person who leaves decides the
    whole curve, as in R's `survfit`.
    """
    counts = found.counts
    gone = counts.events.sum(axis=1)
    empty = (gone > 0) & (gone == counts.at_risk)
    at = np.full(len(found.labels), np.nan)
    for number in range(len(found.labels)):
        places = slice(counts.offsets[number], counts.offsets[number + 1])
        times = counts.time[places]
        early = np.flatnonzero(empty[places][:-1])  # whatever follows was seen later
        if len(early):
            at[number] = times[early[0]]
    return at


def emptied_notes(found: Grouped) -> tuple[str, ...]:
    """Say which curves fell to 0 early, and what to do.

    Parameters
    ----------
    found : Grouped
        The groups.

    Returns
    -------
    tuple of str
        A note for each such group.
    """
    unit = found.cohort.unit
    return tuple(
        f"{label}: {emptied_flag(when, unit)}"
        for label, when in zip(found.labels, emptied_at(found).tolist(), strict=True)
        if when == when
    )


def emptied_flag(when: float, unit: str) -> str:
    """Say that a curve is 0 only because nobody was left at risk for a while.

    Parameters
    ----------
    when : float
        Since when, in `unit`.
    unit : str
        Unit of time.

    Returns
    -------
    str
        What happened, and what to do.
    """
    return (
        f"0 from {when:g} {unit} on, when all who were then at risk had left, although others came later: "
        "it says nothing of those; start later, with those at risk at a time when there are many "
        "(cohort.landmark)"
    )
