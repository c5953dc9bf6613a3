"""What protection costs, beside rules that are simpler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.cells import Flags, Layout
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import withheld

Floats = npt.NDArray[np.float64]
PROTECTED = "protect"
WHOLE_TABLE = "the whole table"


def loss_beside_naive(
    layout: Layout, truth: Mapping[str, Floats], released: Mapping[str, Floats], dims: Sequence[str], rules: Profile
) -> pd.DataFrame:
    """Count what is withheld, by what was done and by naive rules.

    Parameters
    ----------
    layout : Layout
        The table.
    truth, released : mapping of str to numpy.ndarray
        Count -> shape (rows,), people; NaN where withheld.
    dims : sequence of str
        The dimensions.
    rules : Profile
        The rules.

    Returns
    -------
    pandas.DataFrame
        Columns `count, rule, cells, cells_withheld, share_of_cells, people, people_withheld, share_of_people`. The
        naive rules withhold every value of one dimension that has a small cell, or the whole table as soon as one cell
        is small. People are counted in the finest cells, each once.
    """
    deepest = max(len(place) for place in layout.places)
    fine = np.array([len(place) == deepest for place in layout.places])
    rows = []
    for count, people in truth.items():
        small = withheld(people, rules)
        gone = {PROTECTED: np.isnan(released[count])}
        for dim in dims:
            gone[f"every {dim} with a small cell"] = _slices(layout, dim, small)
        gone[WHOLE_TABLE] = np.full(len(small), bool(small.any()))
        rows += [{"count": count, "rule": rule, **_loss(people, cells, fine)} for rule, cells in gone.items()]
    return pd.DataFrame(rows)


def _slices(layout: Layout, dim: str, small: Flags) -> Flags:
    values = [dict(place).get(dim) for place in layout.places]
    bad = {value for value, is_small in zip(values, small, strict=True) if is_small and value is not None}
    return np.array([value in bad for value in values]) | small


def _loss(people: Floats, gone: Flags, fine: Flags) -> dict[str, float]:
    everybody, without = float(people[fine].sum()), float(people[fine & gone].sum())
    return {
        "cells": len(gone),
        "cells_withheld": int(gone.sum()),
        "share_of_cells": float(gone.mean()),
        "people": int(everybody),
        "people_withheld": int(without),
        "share_of_people": without / everybody if everybody else float("nan"),
    }
