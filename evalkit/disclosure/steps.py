"""What may leave of a curve: only steps that rest on enough leavers, and no count that a difference would give away."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import Flags, Floats, breaches, rounded, withheld
from evalkit.numeric.lifetables import life_table
from evalkit.result import CURVE_COLUMNS

SUPPRESSED = "suppressed"
COUNTS = ("n_at_risk", "n_events", "n_censored")
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")
# Sums of weighted people differ from zero by rounding alone.
_DIGITS = 6
# Where the censored and those who come late stand among the movements of a group.
_CENSORED, _CAME = -3, -1


def release_steps(frame: pd.DataFrame, profile: Profile, *, level: float) -> pd.DataFrame:
    """Keep those steps of a curve that may leave.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of a `Curve`; the causes of a group stand at the same times, with the same `n_at_risk` and `n_censored`.
    profile : Profile
        The rules.
    level : float
        Confidence level of limits that are computed again.

    Returns
    -------
    pandas.DataFrame
        The columns of a `Curve`, and `flag`. A time stays when each cause of leaving, and those who are left over, are
        nobody or enough people, counted since the time before that stayed. Those who are censored or come late hold no
        time back: until they are enough to be counted they are told in a later period, as still at risk or as not yet
        there. `n_at_risk` is at the start of the period, so that what can be had by subtraction is what stands there;
        it is blank as long as a group that fills up slowly is too small. Where counts are rounded, the counts since the
        start are, and survival is computed from them. A group of which nothing stays is one row, flagged. A period in
        which nobody left is blank where the profile withholds zero.

    Notes
    -----
    Estimates at the times that stay are those of all the data. With their errors they can tell how many were at risk
    more exactly than the printed count, hence that a few records ended in between; of leavers they tell no more.
    """
    kept = [_group(rows, profile, level) for _, rows in frame.groupby("group", dropna=False, sort=False)]
    columns = [*CURVE_COLUMNS, "flag"]
    return pd.concat(kept, ignore_index=True)[columns] if kept else pd.DataFrame(columns=columns)


def _group(rows: pd.DataFrame, profile: Profile, level: float) -> pd.DataFrame:
    causes = [part.sort_values("time") for _, part in rows.groupby("cause", dropna=False, sort=False)]
    kept = _kept(causes, profile) if _comparable(causes) else _Kept()
    if not kept.times:
        blank = rows[["group", "cause"]].drop_duplicates().reset_index(drop=True)
        return blank.reindex(columns=list(CURVE_COLUMNS)).assign(flag=SUPPRESSED)
    return pd.concat([_cause(part, at, kept, profile, level) for at, part in enumerate(causes)], ignore_index=True)


def _comparable(causes: list[pd.DataFrame]) -> bool:
    """Tell whether the counts of all causes can be laid beside each other; if not, no difference can be judged."""
    shared = [part[["time", "n_at_risk", "n_censored"]].to_numpy() for part in causes]
    counts = np.concatenate([part[list(COUNTS)].to_numpy().ravel() for part in causes])
    return bool(
        np.isfinite(counts).all()
        and (counts >= 0).all()
        and all(np.array_equal(part, shared[0]) for part in shared)
        and (np.diff(shared[0][:, 0]) > 0).all()
    )


@dataclass(slots=True)
class _Kept:
    """The times that stay, and for each what is said of the period that ends there."""

    times: list[int] = field(default_factory=list)
    at_risk: list[float] = field(default_factory=list)
    moved: list[Floats] = field(default_factory=list)


def _kept(causes: list[pd.DataFrame], profile: Profile) -> _Kept:
    """Go through the times of a group and keep those at which all who left since the last are nobody or enough."""
    at_risk = causes[0]["n_at_risk"].to_numpy()
    moved, sign = _movements(causes)
    leaving = np.ones(len(moved), dtype=bool)
    leaving[[_CENSORED, _CAME]] = False
    total, done = at_risk[0], np.zeros(len(moved))
    kept = _Kept()
    for time in range(len(at_risk)):
        since = np.round(moved[:, : time + 1].sum(axis=1), _DIGITS)
        enough = _enough(np.abs(since - done), np.abs(_round(since, profile) - _round(done, profile)), profile)
        since = np.where(enough | leaving, since, done)  # few who are censored or come late are told in a later period
        step = _round(since, profile) - _round(done, profile)
        start = float(_round(total, profile)) + float(sign @ _round(done, profile))
        left = start + float(sign @ step)
        before, after = total + float(sign @ done), total + float(sign @ since)
        known = start > 0 and bool(_enough(before, start, profile))
        # Those who are left over, with and without those who come before the next period.
        over = _enough([after, after - since[_CAME] + done[_CAME]], [left, left - step[_CAME]], profile)
        if enough[leaving].all() and (over.all() or not known) and (step.any() or (time == 0 and known)):
            kept.times.append(time)
            kept.at_risk.append(start if known else np.nan)
            kept.moved.append(step)
            done = since
    return kept


def _movements(causes: list[pd.DataFrame]) -> tuple[Floats, Floats]:
    """Give shape (kinds, times): leavers by cause, censored, all others who came or went; and what each does to n."""
    by_cause = np.array([part["n_events"].to_numpy() for part in causes])
    at_risk, censored = (causes[0][name].to_numpy() for name in ("n_at_risk", "n_censored"))
    overall = [at for at, part in enumerate(causes) if part["cause"].isna().all()]
    left = by_cause[overall[0]] if overall else by_cause.sum(axis=0)
    # Where all leavers and single causes stand side by side, the causes that are not shown follow from them.
    unnamed = left - np.delete(by_cause, overall, axis=0).sum(axis=0) if overall and len(causes) > 1 else 0 * left
    came = np.append(np.diff(at_risk) + left[:-1] + censored[:-1], 0.0)
    named = [0.0 if overall and at not in overall else -1.0 for at in range(len(causes))]
    return np.vstack([by_cause, censored, unnamed, came]), np.array([*named, -1.0, 0.0, 1.0])


def _round(counts: Floats | float, profile: Profile) -> Floats:
    """Round the sizes of counts that may be negative."""
    values = np.asarray(counts, dtype=float)
    return np.asarray(np.sign(values) * rounded(np.abs(values), profile))


def _enough(exact: npt.ArrayLike, said: npt.ArrayLike, profile: Profile) -> Flags:
    """Tell whether each number is nobody or enough people, as it is and as it would be printed."""
    exact, said = np.round(np.asarray(exact, dtype=float), _DIGITS), np.round(np.asarray(said, dtype=float), _DIGITS)
    small = withheld(exact, profile) & (exact != 0)
    wrong = breaches(said, profile, steps=True) & (said != 0)
    return np.asarray(~(small | wrong))


def _cause(rows: pd.DataFrame, at: int, kept: _Kept, profile: Profile, level: float) -> pd.DataFrame:
    """Put the released counts of one cause beside its estimates."""
    moved = np.array(kept.moved)
    events, censored = moved[:, at], moved[:, _CENSORED]
    at_risk = np.array(kept.at_risk)
    out = rows.iloc[kept.times].reset_index(drop=True)
    if profile.rounding != "none":
        survival = np.full((len(out), len(_NUMBERS)), np.nan)
        if _is_survival(rows) and np.isfinite(at_risk).all():
            table = life_table(at_risk, np.clip(events, 0, at_risk), level=level)
            survival = np.column_stack([table.survival, table.std_error, table.low, table.high])
        out[list(_NUMBERS)] = survival
    if profile.proportion_min_n:
        out.loc[~(at_risk >= profile.proportion_min_n), list(_NUMBERS)] = np.nan
    released = {"n_at_risk": at_risk, "n_events": events, "n_censored": censored}
    for name, counts in released.items():
        out[name] = np.where((counts == 0) & profile.withhold_zero, np.nan, counts)
    return out[list(CURVE_COLUMNS)].assign(flag="")


def _is_survival(rows: pd.DataFrame) -> bool:
    """Tell whether the estimates are what a life table makes of the counts, so that it can be made again."""
    table = life_table(rows["n_at_risk"], rows["n_events"])
    return bool(rows["cause"].isna().all() and np.allclose(table.survival, rows["estimate"], atol=1e-6))
