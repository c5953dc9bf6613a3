"""Who fits a condition on a column of a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.programmes.parts import Column, Criterion

if TYPE_CHECKING:  # programmes are read and checked without pandas
    import pandas as pd

# Grades of doctors stand behind the bands in the table, and not above them.
_HIGHEST = "VSM"
BANDS, ETHNICITY = "bands", "ethnicity"


def ordered_labels(column: Column) -> tuple[str, ...]:
    """List the labels of a column from the lowest up.

    Parameters
    ----------
    column : Column
        A category.

    Returns
    -------
    tuple of str
        Empty where they have no order.
    """
    if column.ordered:
        return column.values  # noqa: PD011
    if column.mapping == BANDS:
        from evalkit.equality.mappings import band_label

        names = [str(one) for one in band_label([]).categories]
        return tuple(names[: names.index(_HIGHEST) + 1])
    return ()


def known_label(column: Column, value: object) -> bool:
    """Tell whether a value is one that a column can have.

    Parameters
    ----------
    column : Column
        The column.
    value : object
        A value of a condition.

    Returns
    -------
    bool
        True for any value of a column that lists none.
    """
    listed = column.values  # noqa: PD011
    if column.mapping in {BANDS, ETHNICITY} and not listed:
        try:
            return bool(_labels([value], column))
        except EvalkitError:
            return False
    return not listed or value in listed


def _labels(values: list[object], column: Column) -> list[str]:
    """Write values as the groups of a column are written; a label that no table knows is refused."""
    import pandas as pd

    from evalkit.equality.mappings import band_label
    from evalkit.programmes.evidence import labelled

    if column.mapping == BANDS:
        return [str(one) for one in band_label([str(value) for value in values])]
    made = [str(one) for one in labelled(pd.Series(values, dtype=object), column)]
    if column.mapping == ETHNICITY and not set(made) <= set(_GROUPS):
        return []
    return made


_GROUPS = ("white", "BME")


def fitting(values: pd.Series, column: Column | None, criterion: Criterion) -> pd.Series:
    """Tell who fits a condition.

    Parameters
    ----------
    values : pandas.Series
        Cells of the column, typed.
    column : Column or None
        What the dictionary says of it.
    criterion : Criterion
        The condition.

    Returns
    -------
    pandas.Series of bool
        Same index; False where nothing is stated.
    """
    from evalkit.programmes.evidence import labelled

    wanted: list[object] = list(criterion.value) if isinstance(criterion.value, tuple) else [criterion.value]
    if column is not None and column.kind == "number":
        return _compared(values.astype(float), criterion.test, [float(str(one)) for one in wanted])
    labels = labelled(values, column).astype(object)
    if column is None or criterion.test in {"is", "is_one_of"}:
        named = wanted if column is None else _labels(wanted, column)
        return labels.isin([str(one) for one in named]) & values.notna()
    order = {label: float(place) for place, label in enumerate(ordered_labels(column))}
    (least,) = _labels(wanted, column)
    return _compared(labels.map(order).astype(float), criterion.test, [order.get(least, math.nan)])


def _compared(values: pd.Series, test: str, wanted: list[float]) -> pd.Series:
    if test == "at_least":
        return values >= wanted[0]
    if test == "at_most":
        return values <= wanted[0]
    return values.isin(wanted)
