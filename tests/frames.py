"""One comparator for frames: every column, every row in its order, every missing value.

Import it as `from frames import assert_frames_agree`. Its own failing tests are in unit/test_frames_comparator.py.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def assert_frames_agree(actual: pd.DataFrame, expected: pd.DataFrame, *, rtol: float, atol: float) -> None:
    """Fail unless two frames hold the same columns in the same order and the same rows in the same order.

    Numbers agree within `atol + rtol * |expected|`; infinities agree when they are equal; a missing value (NaN, None,
    NaT) agrees with a missing value only; everything else agrees when it is equal and both sides are text or not.
    The index is not compared, its length is. All columns that differ are named, not the first.
    """
    names, promised = list(actual.columns), list(expected.columns)
    if names != promised:
        missing, extra = [n for n in promised if n not in names], [n for n in names if n not in promised]
        msg = f"columns: missing {missing}, extra {extra}, order {names}, expected {promised}"
        raise AssertionError(msg)
    if len(actual) != len(expected):
        msg = f"rows: {len(actual)}, expected {len(expected)}"
        raise AssertionError(msg)
    faults = [
        fault
        for place, name in enumerate(names)
        if (fault := _fault(actual.iloc[:, place], expected.iloc[:, place], rtol=rtol, atol=atol, name=str(name)))
    ]
    if faults:
        raise AssertionError("\n".join(faults))


def _fault(actual: pd.Series, expected: pd.Series, *, rtol: float, atol: float, name: str) -> str | None:
    rows = [
        f"row {row}: {found!r}, expected {wanted!r}"
        for row, (found, wanted) in enumerate(zip(actual.tolist(), expected.tolist(), strict=True))
        if not _agree(found, wanted, rtol=rtol, atol=atol)
    ]
    return f"column {name!r}: " + "; ".join(rows) if rows else None


def _agree(found: object, wanted: object, *, rtol: float, atol: float) -> bool:
    found, wanted = _plain(found), _plain(wanted)
    if _is_missing(found) or _is_missing(wanted):
        return _is_missing(found) and _is_missing(wanted)
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return found == wanted or bool(np.isfinite(wanted) and abs(found - wanted) <= atol + rtol * abs(wanted))
    return type(found) is type(wanted) and bool(found == wanted)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value))
