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
    "source",
)
Rounding = Literal["none", "nearest", "midpoint"]


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
        df_min, source`, all text as in the file.

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
    )
