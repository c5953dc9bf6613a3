"""Disclosure profiles, read from `data/disclosure/profiles.csv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

import pandas as pd

from evalkit import paths
from evalkit.errors import DisclosureError, Problem, did_you_mean
from evalkit.files import read_csv
from evalkit.frames import missing_columns, require

DEFAULT = "staff-survey"
COLUMNS = (
    "profile",
    "title",
    "threshold",
    "withhold_zero",
    "rounding",
    "base",
    "proportion_min_n",
    "mean_min_n",
    "df_min",
    "totals",
    "dominance_n",
    "dominance_k",
    "p_percent",
    "source",
)
Rounding = Literal["none", "nearest", "midpoint"]
Totals = Literal["sum", "independent"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules by which numbers may leave the kit.

    Parameters
    ----------
    name, title : str
        What it is called, and what it does in a few words.
    threshold : int
        Counts below it are withheld; 0 withholds none.
    withhold_zero : bool
        Whether a count of zero is withheld like other small counts.
    rounding : {"none", "nearest", "midpoint"}
        How released counts are rounded.
    base : int
        What they are rounded to; 0 without rounding.
    proportion_min_n, mean_min_n : float
        Proportions, and other estimates, on fewer people are withheld.
    df_min : float
        Estimates with fewer degrees of freedom are withheld.
    source : str
        Where the rule stands.
    totals : {"sum", "independent"}, default "independent"
        How totals are rounded: as sums of the rounded counts inside them where all of these are released (and by
        themselves where not), or always by themselves.
    dominance_n : int, default 0
        An amount is withheld when its `dominance_n` largest contributors make up `dominance_k` per cent of it or more;
        0 for no such rule.
    dominance_k : float, default 0
        Per cent, see `dominance_n`.
    p_percent : float, default 0
        An amount is withheld when without its two largest contributors it comes to less than `p_percent` per cent of
        the largest; 0 for no such rule.
    """

    name: str
    title: str
    threshold: int
    withhold_zero: bool
    rounding: Rounding
    base: int
    proportion_min_n: float
    mean_min_n: float
    df_min: float
    source: str
    totals: Totals = "independent"
    dominance_n: int = 0
    dominance_k: float = 0.0
    p_percent: float = 0.0

    @property
    def releases_all(self) -> bool:
        """Whether the profile leaves every number as it is."""
        return self.threshold == 0 and self.rounding == "none"


@cache
def _table() -> pd.DataFrame:
    path = paths.resource("data") / "disclosure" / "profiles.csv"
    frame = read_csv(path)
    require(missing_columns(frame, COLUMNS, path.name))
    return frame


def list_profiles() -> pd.DataFrame:
    """List the disclosure profiles.

    Returns
    -------
    pandas.DataFrame
        One row a profile: `profile, title, threshold, withhold_zero, rounding, base, proportion_min_n, mean_min_n,
        df_min, totals, dominance_n, dominance_k, p_percent, source`, all text as in the file.

    Raises
    ------
    DataError
        When the file is missing or lacks a column.
    """
    return _table().copy()


def load_profile(name: str = DEFAULT) -> Profile:
    """Read one disclosure profile.

    Parameters
    ----------
    name : str, default "staff-survey"
        A name that `list_profiles` gives.

    Returns
    -------
    Profile
        Its rules.

    Raises
    ------
    DisclosureError
        DIS-001 for an unknown profile.

    Examples
    --------
    >>> load_profile("staff-survey").threshold
    11
    """
    table = _table()
    if name not in set(table["profile"]):
        raise DisclosureError(
            Problem(
                "DIS-001", "profile", f'"{name}"', "a profile that exists", did_you_mean(str(name), table["profile"])
            )
        )
    row = table.set_index("profile").loc[name]
    return Profile(
        name=name,
        title=str(row["title"]),
        threshold=int(row["threshold"]),
        withhold_zero=row["withhold_zero"] == "yes",
        rounding=cast("Rounding", row["rounding"]),
        base=int(row["base"]),
        proportion_min_n=float(row["proportion_min_n"]),
        mean_min_n=float(row["mean_min_n"]),
        df_min=float(row["df_min"]),
        source=str(row["source"]),
        totals=cast("Totals", row["totals"]),
        dominance_n=int(row["dominance_n"]),
        dominance_k=float(row["dominance_k"]),
        p_percent=float(row["p_percent"]),
    )
