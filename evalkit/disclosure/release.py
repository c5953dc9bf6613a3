"""From a result to what may leave of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import release_counts, withheld
from evalkit.errors import DisclosureError, Problem
from evalkit.frames import missing_columns, require
from evalkit.numeric.lifetables import life_table
from evalkit.numeric.proportions import wilson
from evalkit.result import CURVE_COLUMNS, Curve, Estimates

SUPPRESSED = "suppressed"
_SAFE_TEXT = frozenset({"term", "group", "cause", "unit", "scale", "interval", "flag"})


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """What may leave, and under which rules.

    Parameters
    ----------
    frame : pandas.DataFrame
        The released rows, with a column `flag` that says "suppressed" where numbers were withheld.
    counts : tuple of str
        Which columns are counts of people.
    profile : Profile
        The rules that were applied.
    caption : str
        Method, unit and n, in what may be said of them.
    """

    frame: pd.DataFrame
    counts: tuple[str, ...]
    profile: Profile
    caption: str = ""


def release(result: Estimates | Curve, profile: Profile) -> Released:
    """Apply a disclosure profile to a result.

    Parameters
    ----------
    result : Estimates or Curve
        An unsuppressed result.
    profile : Profile
        The rules.

    Returns
    -------
    Released
        For estimates, rows on too few people (or of unknown n) are blank; a proportion is recomputed from its rounded
        count where counts are rounded. Of a curve only those times stay at which everybody who left or was censored
        since the time before makes up a group that may be counted.
    """
    caption = _caption(result, profile)
    if isinstance(result, Curve):
        return Released(_curve(result, profile), ("n_at_risk", "n_events", "n_censored"), profile, caption)
    return Released(_estimates(result, profile), ("n",), profile, caption)


def release_frame(frame: pd.DataFrame, counts: Sequence[str] | None, profile: Profile) -> Released:
    """Apply a disclosure profile to a plain table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a group or cell.
    counts : sequence of str or None
        Which columns are counts of people; None when nobody said, which only a profile that withholds nothing allows.
    profile : Profile
        The rules.

    Returns
    -------
    Released
        Where any count of a row is withheld, all numbers of that row are.

    Raises
    ------
    DisclosureError
        DIS-003 when the profile withholds counts and the columns are not named.
    DataError
        DAT-003 when a named column is missing.
    """
    if profile.releases_all:
        return Released(frame.copy(), tuple(counts or ()), profile)
    if not counts:
        raise DisclosureError(
            Problem(
                "DIS-003",
                "counts",
                "no column is named as a count",
                f"the columns with counts of people, as the profile {profile.name} withholds small ones",
                'Write show(table, counts=["n"]).',
            )
        )
    require(missing_columns(frame, list(counts), "table"))
    hidden = np.any([withheld(frame[name], profile) | frame[name].isna() for name in counts], axis=0)
    released = frame.assign(**{name: release_counts(frame[name], profile) for name in counts})
    return Released(_blank(released, hidden, keep=set(frame.columns) - _numeric(frame)), tuple(counts), profile)


def _numeric(frame: pd.DataFrame) -> set[str]:
    return {str(name) for name in frame.select_dtypes("number").columns}


def _blank(frame: pd.DataFrame, hidden: np.ndarray, *, keep: set[str]) -> pd.DataFrame:
    """Empty all but the named columns in the hidden rows and flag them."""
    out = frame.copy()
    for name in [column for column in out.columns if column not in keep and column != "flag"]:
        numeric = pd.api.types.is_numeric_dtype(out[name])
        out[name] = out[name].astype(float) if numeric else out[name].astype(object)
        out.loc[hidden, name] = np.nan if numeric else ""
    before = out["flag"].astype(object) if "flag" in out.columns else pd.Series("", index=out.index, dtype=object)
    return out.assign(flag=before.where(~hidden, SUPPRESSED))


def _estimates(result: Estimates, profile: Profile) -> pd.DataFrame:
    frame = result.tidy()
    if profile.releases_all:
        return frame
    n = frame["n"].to_numpy()
    units = frame["unit"] if "unit" in frame.columns else pd.Series(result.method.unit, index=frame.index)
    proportion = (units == "proportion").to_numpy()
    least = np.where(proportion, profile.proportion_min_n, profile.mean_min_n)
    hidden = withheld(n, profile) | np.isnan(n) | (n < least) | (frame["df"].to_numpy() < profile.df_min)
    if profile.rounding != "none":
        frame = _rounded_proportions(frame, proportion, profile, result.method.level)
    return _blank(frame.assign(n=release_counts(n, profile)), hidden, keep=set(_SAFE_TEXT))


def _rounded_proportions(frame: pd.DataFrame, proportion: np.ndarray, profile: Profile, level: float) -> pd.DataFrame:
    """Recompute shares of people from rounded counts, so that the share does not give the count away."""
    out = frame.copy()
    for row in np.flatnonzero(proportion):
        n, share = float(frame.loc[row, "n"]), float(frame.loc[row, "estimate"])
        count = share * n
        if not 0 <= share <= 1 or abs(count - round(count)) > 1e-6:
            continue
        events, people = release_counts([round(count), n], profile)
        cells = ["estimate", "conf_low", "conf_high", "std_error", "statistic", "p_value"]
        out.loc[row, cells] = np.nan
        if not np.isnan(events) and people > 0:
            interval = wilson(min(events, people), people, level=level)
            out.loc[row, cells[:3]] = [interval.estimate, interval.low, interval.high]
    return out


def _curve(result: Curve, profile: Profile) -> pd.DataFrame:
    frame = result.tidy()
    if profile.releases_all:
        return frame
    kept = [
        _banded(rows.sort_values("time"), profile)
        for _, rows in frame.groupby(["group", "cause"], dropna=False, sort=False)
    ]
    banded = pd.concat(kept, ignore_index=True)[list(CURVE_COLUMNS)]
    if profile.rounding != "none":
        banded = _recomputed(banded, profile, result.method.level)
    return banded.assign(flag="")


def _banded(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Keep the times at which everybody who left since the last kept time makes up a releasable group."""
    kept, events, censored = [], 0.0, 0.0
    for row in rows.to_dict("records"):
        events += row["n_events"]
        censored += row["n_censored"]
        steps = np.array([events, censored])
        small = (withheld(steps, profile) & (steps > 0)).any() or withheld([row["n_at_risk"]], profile)[0]
        if not small:
            kept.append({**row, "n_events": events, "n_censored": censored})
            events, censored = 0.0, 0.0
    return pd.DataFrame(kept, columns=rows.columns)


def _recomputed(frame: pd.DataFrame, profile: Profile, level: float) -> pd.DataFrame:
    """Round the counts of a curve and recompute survival from them; another kind of curve keeps its counts only."""
    out = frame.assign(
        **{name: release_counts(frame[name], profile) for name in ("n_at_risk", "n_events", "n_censored")}
    )
    for (_, cause), rows in out.groupby(["group", "cause"], dropna=False, sort=False):
        columns = ["estimate", "std_error", "conf_low", "conf_high"]
        out.loc[rows.index, columns] = np.nan
        if pd.isna(cause) and (rows["n_at_risk"] > 0).all():
            events = np.minimum(rows["n_events"].fillna(0), rows["n_at_risk"])
            table = life_table(rows["n_at_risk"], events, level=level)
            out.loc[rows.index, columns] = np.column_stack([table.survival, table.std_error, table.low, table.high])
    return out


def _caption(result: Estimates | Curve, profile: Profile) -> str:
    method = result.method
    parts = [method.name, f"unit: {method.unit}"]
    used, given = release_counts([method.n_used, method.n_given], profile)
    dropped = release_counts(list(method.n_dropped.values()) or [0], profile)
    if np.isnan(used):
        parts.append("n withheld")
    elif method.n_used == method.n_given:
        parts.append(f"n = {used:,.0f}")
    elif np.isnan(dropped).any() or np.isnan(given):
        # The given and the used would tell the few who were dropped.
        parts.append(f"n = {used:,.0f}; a few left out")
    else:
        why = ", ".join(f"{name}: {count:,.0f}" for name, count in zip(method.n_dropped, dropped, strict=True))
        parts.append(f"n = {used:,.0f} of {given:,.0f} ({why})")
    if method.interval and method.interval != "by row":
        parts.append(f"{100 * method.level:g} % interval: {method.interval}")
    return "; ".join(parts)


def as_result(released: Released, result: Estimates | Curve) -> Estimates | Curve:
    """Put released rows back into a result, so that a figure draws them and nothing else.

    Parameters
    ----------
    released : Released
        What may leave.
    result : Estimates or Curve
        The result that it came from.

    Returns
    -------
    Estimates or Curve
        Of the same kind, on the released rows; its note on n says only what may be said.
    """
    method = replace(result.method, n_given=0, n_used=0, n_dropped={})
    kind = type(result)
    return kind(released.frame, method)
