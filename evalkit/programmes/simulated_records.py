"""Synthetic records of a programme, with planted answers to its questions: who took part, met, stayed and rose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Column, DataFile, Dose, Role
from evalkit.programmes.simulated_people import (
    RECORDS_END,
    Rates,
    in_programme,
    is_white,
    other_column,
    senior_enough,
    staff_cohort,
)

_INVITED, _APPLIED = 2.4, 1.6
_STEPS = ("invited", "applied", "matched", "started", "completed")
_BEFORE = {"invited": -84, "applied": -56, "matched": -21, "started": 0}
_WEEK, _MONTH = 7, 30.4
_MINUTES = (45, 60, 75, 90)
_HOW = ("in person", "video", "telephone")


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted in the records.

    Parameters
    ----------
    rates : Rates
        Leaving and promotion.
    attendance : float
        Probability of each session and meeting.
    completing : float
        Share of those who started who complete.
    access : float
        Likelihood of white over that of other applicants of being given a place.
    said_yes : float
        Share of yes in columns that the programme adds.
    """

    rates: Rates = field(default_factory=Rates)
    attendance: float = 0.85
    completing: float = 0.85
    access: float = 1.25
    said_yes: float = 0.7


@dataclass(slots=True)
class SimulatedRecords:
    """Records of a programme.

    Parameters
    ----------
    people : pandas.DataFrame
        One row a person of participants.csv: `person`, `role`, `party`, characteristics, steps in days from week 0 (NaN
        where not reached), and `pair` where there are pairs.
    doses : dict of str to dict of str to int
        Dose -> person -> how much of it was received.
    tables : dict of str to pandas.DataFrame
        Id of the file -> rows as text.
    """

    people: pd.DataFrame
    doses: dict[str, dict[str, int]]
    tables: dict[str, pd.DataFrame]

    def started(self, role: str) -> list[str]:
        """List those of a role who started, or all of a role that is no party.

        Parameters
        ----------
        role : str
            Id of the role.

        Returns
        -------
        list of str
            Codes of people.
        """
        of_role = self.people["role"] == role
        there = self.people["started"].notna() | ~self.people["party"]
        return list(self.people.loc[of_role & there, "person"])


class _Making:
    """A programme's records while they are made."""

    def __init__(self, programme: Programme, n: int, seed: int, zero: date, planted: Planted) -> None:
        self.programme, self.n, self.zero, self.planted = programme, n, zero, planted
        self.rng = np.random.default_rng(seed)
        self.paired = "pairs" in programme.files_by_id
        self.people = pd.DataFrame()
        self.cohort = pd.DataFrame()
        self.doses: dict[str, dict[str, int]] = {}
        self.pairs: list[tuple[str, str, str]] = []

    def day(self, days: float) -> str:
        """Write a day."""
        return "" if np.isnan(days) else (self.zero + timedelta(days=int(days))).isoformat()

    def days(self, days: pd.Series) -> list[str]:
        return [self.day(one) for one in days.astype(float)]

    def when(self, n: int) -> np.ndarray:
        """Draw on which day each would start: week 0 for all, or over half a year."""
        if self.programme.start == "programme":
            return np.zeros(n)
        return np.floor(self.rng.uniform(0, 26 * _WEEK, size=n))


def simulate_records(
    programme: Programme, n: int, *, seed: int, zero: date, planted: Planted | None = None
) -> SimulatedRecords:
    """Make the records of a programme that n people of each party started.

    Parameters
    ----------
    programme : Programme
        The programme; not one that rests on the standard inputs of the workforce.
    n : int
        People of each party who start, and people they are compared with.
    seed : int
        Of the random numbers.
    zero : datetime.date
        Day of week 0.
    planted : Planted, optional
        What is planted.

    Returns
    -------
    SimulatedRecords
        People and files.
    """
    making = _Making(programme, n, seed, zero, planted or Planted())
    _choose(making)
    tables = {}
    for file in programme.files:
        maker = _TABLES.get(file.id)
        rows = maker(making, file) if maker else _rows_of_other(making, file)
        tables[file.id] = pd.DataFrame(rows, columns=[column.name for column in file.columns]).astype(object)
    return SimulatedRecords(making.people, making.doses, tables)


def _roles(programme: Programme) -> list[Role]:
    """List the roles that have rows in participants.csv."""
    compared = {one for use in programme.instruments for one in use.roles}
    away = {"coordinator", "line_manager"}
    return [role for role in programme.roles if role.party or (role.id in compared and role.audience not in away)]


def _choose(making: _Making) -> None:
    """Choose people from the staff in service on the day on which they would start."""
    roles = _roles(making.programme)
    invited = int(np.ceil(_INVITED * making.n))
    wanted = sum(invited if role.party else making.n for role in roles)
    size = int(np.ceil(wanted * 1.7)) + 60
    cohort = staff_cohort(making.rng, size, making.planted.rates)
    cohort["started"] = making.when(size)
    free = cohort["started"] < np.minimum(cohort["left"], cohort["promoted"])
    while free.sum() < wanted:
        more = staff_cohort(making.rng, size, making.planted.rates)
        more["started"] = making.when(size)
        cohort = pd.concat([cohort, more], ignore_index=True)
        free = cohort["started"] < np.minimum(cohort["left"], cohort["promoted"])
    order = making.rng.permutation(np.flatnonzero(free))
    cohort["role"] = ""
    at = 0
    for role in roles:
        count = invited if role.party else making.n
        cohort.loc[order[at : at + count], "role"] = role.id
        at += count
    _steps(making, cohort, roles)
    chosen = cohort["role"] != ""
    codes = np.full(len(cohort), "", dtype=object)
    codes[chosen.to_numpy(bool)] = [f"P{number:03d}" for number in range(1, int(chosen.sum()) + 1)]
    codes[~chosen.to_numpy(bool)] = [f"S{number:04d}" for number in range(1, int((~chosen).sum()) + 1)]
    cohort["person"] = codes
    parties = {role.id for role in roles if role.party}
    cohort["party"] = cohort["role"].isin(parties)
    on = np.flatnonzero((cohort["party"] & cohort["started"].notna()).to_numpy(bool))
    in_programme(making.rng, cohort, on, making.planted.rates)
    for role in roles:
        of_role = cohort["role"] == role.id
        cohort.loc[of_role, "band"] = senior_enough(making.rng, cohort.loc[of_role, "band"], making.programme, role.id)
    making.cohort = cohort
    making.people = cohort[cohort["role"] != ""].reset_index(drop=True)
    if making.paired:
        _match(making)


def _steps(making: _Making, cohort: pd.DataFrame, roles: list[Role]) -> None:
    """Let exactly n of each party start, white applicants being the likelier ones by the planted ratio."""
    start = cohort["started"].to_numpy(float, copy=True)
    reached = {name: np.full(len(cohort), np.nan) for name in (*_STEPS, "withdrew")}
    for role in roles:
        if not role.party:
            continue
        who = making.rng.permutation(np.flatnonzero((cohort["role"] == role.id).to_numpy(bool)))
        applied = who[: int(np.ceil(_APPLIED * making.n))]
        placed = _placed(making, cohort, applied)
        for name, at in (("invited", who), ("applied", applied), ("matched", placed), ("started", placed)):
            reached[name][at] = start[at] + _BEFORE[name]
        done = making.rng.permutation(placed)[: round(making.planted.completing * len(placed))]
        months = float(making.programme.months) * _MONTH
        reached["completed"][done] = start[done] + np.floor(months)
        gone = np.setdiff1d(placed, done)
        reached["withdrew"][gone] = start[gone] + np.floor(making.rng.uniform(0.3, 0.9, size=len(gone)) * months)
    for name, values in reached.items():
        cohort[name] = values


def _placed(making: _Making, cohort: pd.DataFrame, applied: np.ndarray) -> np.ndarray:
    white = is_white(cohort["ethnicity"])[applied]
    share, ratio = white.mean(), making.planted.access
    chance = making.n / len(applied) / (share * ratio + 1 - share)
    of_white = min(round(float(white.sum() * min(chance * ratio, 1))), making.n)
    others = applied[~white]
    of_others = min(making.n - of_white, len(others))
    return np.concatenate([applied[white][: making.n - of_others], others[:of_others]])


def _match(making: _Making) -> None:
    """Pair mentors and mentees in the order in which they start."""
    parties = making.programme.parties
    mentors = next(role.id for role in parties if role.audience == "mentor")
    mentees = next(role.id for role in parties if role.id != mentors)
    people = making.people
    started = people[people["started"].notna()].sort_values("started", kind="stable")
    sides = [list(started.loc[started["role"] == one, "person"]) for one in (mentors, mentees)]
    making.pairs = [(f"PAIR{number:02d}", *two) for number, two in enumerate(zip(*sides, strict=True), start=1)]
    people["pair"] = people["person"].map({person: pair for pair, *two in making.pairs for person in two})


def _participants(making: _Making, file: DataFile) -> dict[str, list[str]]:
    people = making.people
    found: dict[str, list[str]] = {}
    extra = people["started"].copy()
    for column in file.columns:
        name = column.name
        if name == "group":
            found[name] = list(np.where(people["party"], "programme", "comparison"))
        elif name in people.columns and column.kind != "date":
            found[name] = [str(one) for one in people[name]]
        elif name in people.columns:
            found[name] = making.days(people[name])
        elif name == "withdrew_why":
            found[name] = ["workload" if gone else "" for gone in people["withdrew"].notna()]
        elif column.kind == "date":
            extra = extra.where(making.rng.random(len(people)) < making.planted.said_yes) + 60
            found[name] = making.days(extra)
        else:
            found[name] = _own_column(making, column, len(people))
    return found


def _own_column(making: _Making, column: Column, n: int) -> list[str]:
    wanted = [one for one in making.programme.eligibility.criteria if one.column == f"participants.{column.name}"]
    return other_column(making.rng, column, n, wanted)


def _eligible(making: _Making, file: DataFile) -> list[dict[str, str]]:
    there = making.cohort[making.cohort["left"] > 0]
    kinds = file.by_name["characteristic"].values  # noqa: PD011
    rows = [{"characteristic": "all", "level": "all", "eligible": str(len(there))}]
    for kind in kinds:
        if kind in there.columns:
            labels = there[kind].replace("", "not stated").value_counts().sort_index()
            rows += [{"characteristic": kind, "level": str(one), "eligible": str(n)} for one, n in labels.items()]
    return rows


def _pair_rows(making: _Making, file: DataFile) -> list[dict[str, str]]:  # noqa: ARG001
    people = making.people.set_index("person")
    rows = []
    for pair, mentor, mentee in making.pairs:
        done = people.loc[mentee, "completed"]
        gone = people.loc[mentee, "withdrew"]
        rows.append(
            {
                "pair": pair, "mentor": mentor, "mentee": mentee, "matched": making.day(people.loc[mentee, "matched"]),
                "ended": making.day(gone if np.isnan(done) else done),
                "ended_why": "as planned" if np.isnan(gone) else "a person withdrew",
            }
        )  # fmt: skip
    return rows


def _meeting_rows(making: _Making, file: DataFile) -> list[dict[str, str]]:
    people = making.people.set_index("person")
    rows = []
    for dose in _doses_of(making, file):
        received = making.doses.setdefault(dose.id, {})
        for pair, mentor, mentee in making.pairs:
            held = making.rng.random(int(dose.number)) < making.planted.attendance
            received[mentor] = received[mentee] = int(held.sum())
            for number, took_place in enumerate(held, start=1):
                planned = people.loc[mentee, "started"] + _between(dose, number)
                rows.append(
                    {
                        "pair": pair, "meeting": str(number), "planned": making.day(planned),
                        "held": "yes" if took_place else "no",
                        "met": making.day(planned + int(making.rng.integers(0, 5))) if took_place else "",
                        "minutes": str(making.rng.choice(_MINUTES)) if took_place else "",
                        "how": str(making.rng.choice(_HOW)) if took_place else "",
                    }
                )  # fmt: skip
    return rows


def _between(dose: Dose, number: int) -> float:
    first, last = (float(month) * _MONTH for month in dose.months)
    return float(np.floor(first + (last - first) * (number - 1) / max(float(dose.number), 1)))


def _doses_of(making: _Making, file: DataFile) -> list[Dose]:
    return [dose for dose in making.programme.dose if dose.file == file.id]


def _attendance_rows(making: _Making, file: DataFile) -> list[dict[str, str]]:
    people = making.people
    rows = []
    for dose in _doses_of(making, file):
        received = making.doses.setdefault(dose.id, {})
        there = people[people["role"].isin(dose.roles) & people["started"].notna()]
        for person, started in zip(there["person"], there["started"], strict=True):
            came = making.rng.random(int(dose.number)) < making.planted.attendance
            received[person] = int(came.sum())
            for number, attended in enumerate(came, start=1):
                rows.append(
                    {
                        "person": person, "activity": dose.activity or dose.title,
                        "day": making.day(started + _between(dose, number) + number),
                        "attended": "yes" if attended else "no", "minutes": str(dose.minutes or ""),
                    }
                )  # fmt: skip
    return rows


def _staff_rows(making: _Making, file: DataFile) -> dict[str, list[str]]:
    """Write everybody who entered in the four years before, also those who left before the programme began."""
    cohort = making.cohort
    known = making.people.set_index("person")
    end = RECORDS_END
    left = cohort["left"].where(cohort["left"] <= end)
    promoted = cohort["promoted"].where(cohort["promoted"] <= np.minimum(cohort["left"], end))
    started = cohort["person"].map(known["started"]).where(cohort["party"])
    started = started.where(started <= cohort["left"])
    found: dict[str, list[str]] = {}
    for column in file.columns:
        name = column.name
        if name == "observed_to":
            found[name] = [making.day(end)] * len(cohort)
        elif name == "programme_from":
            found[name] = making.days(started)
        elif name in {"left", "promoted"}:
            found[name] = making.days(left if name == "left" else promoted)
        elif name == "reason":
            found[name] = [why if there else "" for why, there in zip(cohort["reason"], left.notna(), strict=True)]
        elif name == "band_promoted":
            found[name] = ["Band 8b" if there else "" for there in promoted.notna()]
        elif name in cohort.columns:
            found[name] = making.days(cohort[name]) if column.kind == "date" else [str(one) for one in cohort[name]]
        elif column.kind == "date":
            found[name] = making.days(cohort["entered"])
        else:
            found[name] = other_column(making.rng, column, len(cohort))
    return found


def _rows_of_other(making: _Making, file: DataFile) -> dict[str, list[str]]:
    """Make a file that only one programme has: a row a started person, or a row a year."""
    people = making.people[making.people["started"].notna()]
    years = [making.zero.year + step for step in range(4)]
    n = len(people) if "person" in file.by_name else len(years)
    found: dict[str, list[str]] = {}
    for column in file.columns:
        if column.name == "year":
            found[column.name] = [str(year) for year in years]
        elif "person" in file.by_name and column.name in people.columns:
            found[column.name] = [str(one) for one in people[column.name]]
        else:
            found[column.name] = other_column(making.rng, column, n)
    return found


_Rows = list[dict[str, str]] | dict[str, list[str]]
_TABLES: Mapping[str, Callable[[_Making, DataFile], _Rows]] = {
    "participants": _participants,
    "eligible": _eligible,
    "pairs": _pair_rows,
    "meetings": _meeting_rows,
    "attendance": _attendance_rows,
    "staff": _staff_rows,
}
