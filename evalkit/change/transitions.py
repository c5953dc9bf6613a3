"""How people moved between bands of an outcome: the only picture of single changes that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.change.outcomes import Outcome, Scales, read_outcomes
from evalkit.errors import Problem
from evalkit.frames import Problems, require

_LABELS = {2: ("lower", "higher"), 3: ("low", "middle", "high")}


def transition_counts(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    post: str | Sequence[str],
    edges: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    person: str | None = None,
    scale: Scales = None,
) -> pd.DataFrame:
    """Count people by their band before and after.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, post : str or sequence of str
        Column of each outcome before and after. Missing where not answered.
    edges : sequence of float, optional
        Inner edges, rising: a value at an edge belongs to the band above it. Else the scale is cut into three equal
        parts, which needs a stated scale.
    labels : sequence of str, optional
        One more than edges, from low to high.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value; else as the scores say.

    Returns
    -------
    pandas.DataFrame
        Shape (outcomes x bands x bands, 4): `outcome, before, after, n`, empty cells included. Name `n` in `counts` to
        show it: small cells are then withheld.

    Raises
    ------
    DataError
        DAT-009 without edges on a scale that is not known, or with edges that do not rise or labels that do not fit;
        and what `evalkit.change.outcomes.read_outcomes` raises.

    Examples
    --------
    >>> people = pd.DataFrame({"calm_before": [1, 2, 4], "calm_after": [4, 2, 5]})
    >>> transition_counts(people, pre="calm_before", post="calm_after", edges=[3])["n"].tolist()
    [1, 1, 0, 1]
    """
    found = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale)
    require(*(_edges_fit(outcome, edges, labels) for outcome in found))
    return pd.concat([_counted(outcome, edges, labels) for outcome in found], ignore_index=True)


def _edges_fit(outcome: Outcome, edges: Sequence[float] | None, labels: Sequence[str] | None) -> Problems:
    problems: Problems = []
    if edges is None and not outcome.bounds_stated:
        problems.append(
            Problem(
                "DAT-009",
                f"edges, outcome {outcome.name}",
                "neither edges nor a scale",
                "the values at which one band ends and the next begins",
                "Give edges=[2.5, 3.5], or scale=(1, 5) for three equal bands.",
            )
        )
    if edges is not None and (not len(edges) or bool(np.any(np.diff(np.asarray(edges, dtype=float)) <= 0))):
        problems.append(Problem("DAT-009", "edges", repr(list(edges)), "at least one, rising", "Sort them."))
    bands = 3 if edges is None else len(edges) + 1
    if labels is not None and (len(labels) != bands or len(set(labels)) < bands):
        found = f"{len(labels)} labels for {bands} bands"
        problems.append(Problem("DAT-009", "labels", found, "another name for each band", "Name each band."))
    return problems


def _counted(outcome: Outcome, edges: Sequence[float] | None, labels: Sequence[str] | None) -> pd.DataFrame:
    low, high = outcome.bounds
    cuts = np.asarray([low + (high - low) / 3, high - (high - low) / 3] if edges is None else edges, dtype=float)
    names = list(labels) if labels is not None else _names(cuts)
    table = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(table, tuple(np.searchsorted(cuts, wave, side="right") for wave in (outcome.before, outcome.after)), 1)
    return pd.DataFrame(
        [
            {"outcome": outcome.name, "before": one, "after": other, "n": int(table[i, j])}
            for i, one in enumerate(names)
            for j, other in enumerate(names)
        ]
    )


def _names(cuts: np.ndarray) -> list[str]:
    """Name bands by their edges, so that a reader can tell who is in them."""
    inner = [f"{low:.3g} to under {high:.3g}" for low, high in pairwise(cuts)]
    edges = [f"under {cuts[0]:.3g}", *inner, f"{cuts[-1]:.3g} or above"]
    words = _LABELS.get(len(edges))
    return edges if words is None else [f"{word} ({edge})" for word, edge in zip(words, edges, strict=True)]
