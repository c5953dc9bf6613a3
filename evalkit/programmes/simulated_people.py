"""A synthetic cohort of staff from which the people of a programme come: who they are, service and promotion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Column, Criterion

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAYS_A_YEAR = 365.25
# Days are counted from week 0; staff entered in the years before it, and records end after it.
ENTERED, RECORDS_END = -4 * DAYS_A_YEAR, 3 * DAYS_A_YEAR
WHITE = "White"
_ETHNIC = {
    "White: British": 0.55, "White: other": 0.08, "Asian: Indian": 0.11, "Asian: Pakistani": 0.06,
    "Black: African": 0.11, "Black: Caribbean": 0.05, "": 0.04,
}  # fmt: skip
_SEX = {"female": 0.68, "male": 0.31, "": 0.01}
# The same in the words of the groups.
SEX_SHARES: Mapping[str, float] = dict(zip(("women", "men", "not stated"), _SEX.values(), strict=True))
_DISABLED = {"yes": 0.15, "no": 0.78, "": 0.07}
_AGES = {"25-34": 0.3, "35-44": 0.34, "45-54": 0.26, "55-64": 0.1}
_BANDS = {"Band 5": 0.25, "Band 6": 0.3, "Band 7": 0.25, "Band 8a": 0.12, "Band 8b": 0.08}
_STAFF_GROUPS = {
    "Nursing and Midwifery Registered": 0.45, "Administrative and Clerical": 0.3, "Allied Health Professionals": 0.25,
}  # fmt: skip
_DEPARTMENTS = {"Medicine": 0.4, "Surgery": 0.3, "Corporate": 0.3}
_FTE = {"1": 0.6, "0.8": 0.2, "0.6": 0.2}
_KNOWN: Mapping[str, Mapping[str, float]] = {
    "ethnicity": _ETHNIC, "sex": _SEX, "disability": _DISABLED, "age_band": _AGES, "band": _BANDS,
    "staff_group": _STAFF_GROUPS, "department": _DEPARTMENTS, "fte": _FTE,
}  # fmt: skip
_REASONS = {
    "Voluntary Resignation - Work Life Balance": 0.3, "Voluntary Resignation - Promotion": 0.2,
    "Voluntary Resignation - Relocation": 0.2, "Employee Transfer": 0.2, "Retirement Age": 0.1,
}  # fmt: skip
# The same people in the words of an employer outside the health service, whose columns name no table of that service.
_OUTSIDE: Mapping[str, Mapping[str, str]] = {
    "staff_group": {
        "Nursing and Midwifery Registered": "Academic", "Administrative and Clerical": "Professional services",
        "Allied Health Professionals": "Technical",
    },
    "department": {"Medicine": "Sciences", "Surgery": "Arts", "Corporate": "Central services"},
    "reason": {
        "Voluntary Resignation - Work Life Balance": "Resignation", "Voluntary Resignation - Promotion": "Resignation",
        "Voluntary Resignation - Relocation": "Resignation", "Employee Transfer": "Transfer",
        "Retirement Age": "Retirement",
    },
}  # fmt: skip
_SENIOR = ("Band 6", "Band 7", "Band 8a", "Band 8b")


@dataclass(frozen=True, slots=True)
class Rates:
    """How staff leave and rise, in a year.

    Parameters
    ----------
    leaving, promotion : float
        Rates of those who are not in the programme.
    hazard_ratio, promotion_ratio : float
        What being in the programme multiplies them by.
    """

    leaving: float = 0.15
    promotion: float = 0.12
    hazard_ratio: float = 0.7
    promotion_ratio: float = 1.5


def draw(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> list[str]:
    """Draw labels.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    shares : mapping of str to float
        Label -> share; they need not add up to 1.
    n : int
        How many.

    Returns
    -------
    list of str
        Shape (n,).
    """
    weights = np.array(list(shares.values()), dtype=float)
    return [str(one) for one in rng.choice(list(shares), size=n, p=weights / weights.sum())]


def staff_cohort(rng: np.random.Generator, n: int, rates: Rates) -> pd.DataFrame:
    """Make all who entered in four years, with their service if there were no programme.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    n : int
        People who entered.
    rates : Rates
        How they leave and rise.

    Returns
    -------
    pandas.DataFrame
        Shape (n, columns): characteristics as text, empty where not stated; `entered`, `left` and `promoted` in days
        from week 0, however late; `start`, the day on which a person would begin the programme.
    """
    frame = pd.DataFrame({name: draw(rng, shares, n) for name, shares in _KNOWN.items()})
    frame["clinical"] = np.where(frame["staff_group"] == "Administrative and Clerical", "non-clinical", "clinical")
    frame["reason"] = draw(rng, _REASONS, n)
    frame["entered"] = np.floor(rng.uniform(ENTERED, -30, size=n))
    frame["left"] = frame["entered"] + _waits(rng, rates.leaving, n)
    frame["promoted"] = frame["entered"] + _waits(rng, rates.promotion, n)
    return frame


def in_own_words(programme: Programme, frame: pd.DataFrame) -> pd.DataFrame:
    """Name groups and grades as an employer outside the health service does, where a programme is for one.

    Parameters
    ----------
    programme : Programme
        The programme.
    frame : pandas.DataFrame
        From `staff_cohort`.

    Returns
    -------
    pandas.DataFrame
        The same people; with `grade` in place of the band of that service, where people have no band there.
    """
    column = programme.column("participants.staff_group")
    if column is None or column.mapping or column.values:  # noqa: PD011
        return frame
    words = {name: frame[name].map(own) for name, own in _OUTSIDE.items()}
    return frame.assign(**words, grade=frame["band"].str.replace("Band", "Grade").str.rstrip("ab"))


def in_programme(rng: np.random.Generator, frame: pd.DataFrame, who: npt.ArrayLike, rates: Rates) -> None:
    """Let people go through the programme: from its start on, they leave and rise at other rates.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    frame : pandas.DataFrame
        From `staff_cohort`, with `started` in days; `left` and `promoted` are drawn anew.
    who : array_like of int
        Positions of the people who started.
    rates : Rates
        The rates.
    """
    at = np.asarray(who, dtype=int)
    started = frame["started"].to_numpy(float)[at]
    left, promoted = frame["left"].to_numpy(float, copy=True), frame["promoted"].to_numpy(float, copy=True)
    left[at] = started + _waits(rng, rates.leaving * rates.hazard_ratio, len(at))
    promoted[at] = started + _waits(rng, rates.promotion * rates.promotion_ratio, len(at))
    frame["left"], frame["promoted"] = left, promoted


def _waits(rng: np.random.Generator, rate: float, n: int) -> Floats:
    """Draw days until an event, at least one."""
    return np.ceil(rng.exponential(DAYS_A_YEAR / rate, size=n))


def is_white(ethnicity: pd.Series) -> Flags:
    """Tell who is white.

    Parameters
    ----------
    ethnicity : pandas.Series
        Labels.

    Returns
    -------
    numpy.ndarray of bool
        Shape (people,).
    """
    return np.asarray(ethnicity.str.startswith(WHITE), dtype=bool)


def other_column(rng: np.random.Generator, column: Column, n: int, criteria: Sequence[Criterion] = ()) -> list[str]:
    """Make the cells of a column that the cohort does not have.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    column : Column
        A category, number or yes or no.
    n : int
        How many.
    criteria : sequence of Criterion
        Conditions of eligibility on the column.

    Returns
    -------
    list of str
        Shape (n,), as they are written in a file.
    """
    if column.kind == "yes_no":
        wanted = next((str(one.value) for one in criteria if one.test == "is"), None)
        return [wanted] * n if wanted else draw(rng, {"yes": 0.7, "no": 0.3}, n)
    if column.kind == "number":
        low = float(column.min or 0)
        high = float(column.max) if column.max is not None else low + 100
        least = [float(str(one.value)) for one in criteria if one.test == "at_least"]
        low = max([low, *least])
        high = max(min(high, low + 48), low)
        return [f"{value:g}" for value in np.floor(rng.uniform(low, high + 1, size=n)).clip(low, high)]
    return draw(rng, dict.fromkeys(_allowed(column.values or ("other",), criteria), 1.0), n)  # noqa: PD011


def _allowed(values: Sequence[str], criteria: Sequence[Criterion]) -> Sequence[str]:
    found = list(values)
    for one in criteria:
        wanted = [str(value) for value in one.value] if isinstance(one.value, tuple) else [str(one.value)]
        if one.test in {"is", "is_one_of"}:
            found = [value for value in found if value in wanted] or found
        elif one.test == "at_least" and wanted[0] in values:
            found = [value for value in found if values.index(value) >= values.index(wanted[0])] or found
    return found


def senior_enough(rng: np.random.Generator, bands: pd.Series, programme: Programme, role: str) -> list[str]:
    """Lift bands that are too low for a role.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    bands : pandas.Series
        Bands of people.
    programme : Programme
        Whose conditions count.
    role : str
        The role.

    Returns
    -------
    list of str
        Bands that meet the conditions of eligibility.
    """
    wanted = [
        one
        for one in programme.eligibility.criteria
        if one.column == "participants.band" and (not one.roles or role in one.roles)
    ]
    allowed = _allowed(list(_BANDS), wanted) if wanted else list(_BANDS)
    return [band if band in allowed else str(rng.choice([one for one in _SENIOR if one in allowed] or allowed))
            for band in bands]  # fmt: skip
