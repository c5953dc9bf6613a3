"""Synthetic records of a programme, with planted answers to its questions: who took part, met, stayed and rose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.programmes.conditions import ordered_labels
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Column, DataFile, Dose, Role
from evalkit.programmes.simulated_people import (
    DAYS_A_YEAR,
    RECORDS_END,
    Rates,
    in_own_words,
    in_programme,
    is_white,
    other_column,
    senior_enough,
    staff_cohort,
)

_INVITED, _APPLIED = 2.4, 1.6
_BEFORE = {"invited": -84, "applied": -56, "matched": -21, "started": 0}
_WEEK, _MONTH = 7, 30.4
# When people withdraw, as shares of the programme's time.
_WITHDRAWN = (0.3, 0.9)
# Days in service before the invitation; a return from leave lies shortly before the start, or some time after entry.
_SERVED, _LEAVE, _LATER = 90, 140, 540
_RETURNED = ("staff", "participants")
# Column of participants.csv in a programme whose people come from outside: the day of taking up a post.
_POST = "in_post"
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
        Probability of each session and meeting, of those who are still in the programme.
    completing : float
        Probability of completing, for those who stay in post and their partners.
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

    def day(self, name: str) -> dict[str, float]:
        """Give the day of a step of each person.

        Parameters
        ----------
        name : str
            Step, "left" or "withdrew".

        Returns
        -------
        dict of str to float
            Code -> days from week 0; NaN where it was not reached.
        """
        return dict(zip(self.people["person"], self.people[name].astype(float), strict=True))


class _Making:
    """A programme's records while they are made."""

    def __init__(self, programme: Programme, n: int, seed: int, zero: date, planted: Planted) -> None:
        self.programme, self.n, self.zero, self.planted = programme, n, zero, planted
        self.rng = np.random.default_rng(seed)
        self.paired = "pairs" in programme.files_by_id
        self.people = pd.DataFrame()
        self.cohort = pd.DataFrame()
        self.doses: dict[str, dict[str, int]] = {}
        self.posts: dict[str, float] = {}
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
    cohort = _cohort(making, size)
    while _free(cohort).sum() < wanted:
        cohort = pd.concat([cohort, _cohort(making, size)], ignore_index=True)
    order = making.rng.permutation(np.flatnonzero(_free(cohort)))
    cohort["role"] = ""
    at = 0
    for role in roles:
        count = invited if role.party else making.n
        cohort.loc[order[at : at + count], "role"] = role.id
        at += count
    parties = {role.id for role in roles if role.party}
    cohort["party"] = cohort["role"].isin(parties)
    _steps(making, cohort, roles)
    chosen = (cohort["role"] != "").to_numpy(bool)
    codes = np.full(len(cohort), "", dtype=object)
    codes[chosen] = [f"P{number:03d}" for number in range(1, int(chosen.sum()) + 1)]
    codes[~chosen] = [f"S{number:04d}" for number in range(1, int((~chosen).sum()) + 1)]
    cohort["person"] = codes
    for role in roles:
        of_role = cohort["role"] == role.id
        cohort.loc[of_role, "band"] = senior_enough(making.rng, cohort.loc[of_role, "band"], making.programme, role.id)
    making.cohort = cohort
    making.people = cohort[cohort["role"] != ""].reset_index(drop=True)
    if making.paired:
        _match(making)
    _ends(making)


def _cohort(making: _Making, size: int) -> pd.DataFrame:
    cohort = in_own_words(making.programme, staff_cohort(making.rng, size, making.planted.rates))
    cohort["started"] = making.when(size)
    return cohort


def _free(cohort: pd.DataFrame) -> np.ndarray:
    """Tell who is in service when they are invited, and still there and in their band on the day of the start."""
    there = cohort["started"] < np.minimum(cohort["left"], cohort["promoted"])
    return np.asarray(there & (cohort["entered"] + _SERVED + _LEAVE <= cohort["started"]), dtype=bool)


def _steps(making: _Making, cohort: pd.DataFrame, roles: list[Role]) -> None:
    """Let exactly n of each party start, white applicants being the likelier ones by the planted ratio."""
    start = cohort["started"].to_numpy(float, copy=True)
    invited = {
        role.id: making.rng.permutation(np.flatnonzero((cohort["role"] == role.id).to_numpy(bool)))
        for role in roles
        if role.party
    }
    applied = {role: who[: int(np.ceil(_APPLIED * making.n))] for role, who in invited.items()}
    placed = {role: _placed(making, cohort, who) for role, who in applied.items()}
    if making.paired:  # the two people of a pair start on the same day
        first, *others = (who[np.argsort(start[who], kind="stable")] for who in placed.values())
        for who in others:
            start[who] = start[first]
    for name, groups in (("invited", invited), ("applied", applied), ("matched", placed), ("started", placed)):
        at = np.concatenate([*groups.values()])
        reached = np.full(len(cohort), np.nan)
        reached[at] = start[at] + _BEFORE[name]
        cohort[name] = reached
    on = np.flatnonzero((cohort["party"] & cohort["started"].notna()).to_numpy(bool))
    in_programme(making.rng, cohort, on, making.planted.rates)
    _returns(making, cohort, start)


def _returns(making: _Making, cohort: pd.DataFrame, start: np.ndarray) -> None:
    """Let people come back from leave, where a programme asks when: those it is for, shortly before they start."""
    files = making.programme.files_by_id
    columns = {name: column for file in _RETURNED if file in files for name, column in files[file].by_name.items()}
    if "returned" not in columns:
        return
    # Others come back later than they could have been chosen, or those who stayed long enough would be missing there.
    back = np.floor(np.maximum(cohort["entered"] + _LEAVE, start) + making.rng.uniform(0, _LATER, size=len(cohort)))
    soon = np.floor(start - making.rng.uniform(3, 21, size=len(cohort)))
    cohort["returned"] = np.where(cohort["role"] == "", back, soon)
    weeks = ((cohort["returned"] - cohort["entered"]) // _WEEK - 4).clip(8, 52)
    cohort["leave_weeks"] = np.floor(making.rng.uniform(8, weeks + 1, size=len(cohort))).astype(int)
    kinds = [column for name, column in columns.items() if name == "leave_kind"]
    if kinds:
        cohort["leave_kind"] = other_column(making.rng, kinds[0], len(cohort))


def _placed(making: _Making, cohort: pd.DataFrame, applied: np.ndarray) -> np.ndarray:
    """Draw n of those who applied; by chance more or fewer white people than the planted ratio says."""
    from scipy.stats import nchypergeom_fisher

    white = is_white(cohort["ethnicity"])[applied]
    share, ratio = white.mean(), making.planted.access
    other = making.n / len(applied) / (share * ratio + 1 - share)
    likely = min(other * ratio, 0.99)
    odds = likely * (1 - other) / ((1 - likely) * other)
    law = nchypergeom_fisher(len(applied), int(white.sum()), making.n, odds)
    of_white = int(law.rvs(random_state=making.rng))
    return np.concatenate([applied[white][:of_white], applied[~white][: making.n - of_white]])


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


def _ends(making: _Making) -> None:
    """Let people complete, withdraw, or leave their post; a pair goes on or ends for both people."""
    people = making.people
    on = people["started"].notna() & people["party"]
    together = people["pair"] if making.paired else people["person"]
    units = together[on].unique()
    whole = np.floor(float(making.programme.months) * _MONTH)
    done = making.rng.random(len(units)) < making.planted.completing
    days = np.where(done, np.nan, np.floor(making.rng.uniform(*_WITHDRAWN, size=len(units)) * whole))
    served = (people["left"] - people["started"])[on].groupby(together[on]).min().reindex(units).to_numpy(float)
    if finds_posts(making.programme):  # who has no post yet cannot leave it
        served = np.full(len(units), np.inf)
    gone = np.fmin(days, np.where(served < whole, served, np.nan))
    why = np.where(np.isnan(gone), "", np.where(served <= np.nan_to_num(gone, nan=-1.0), "left the post", "workload"))
    at = dict(zip(units, gone, strict=True))
    ended = together.map(at).where(on)
    people["withdrew"] = people["started"] + ended
    people["completed"] = (people["started"] + whole).where(on & ended.isna())
    people["withdrew_why"] = together.map(dict(zip(units, why, strict=True))).where(on, "").fillna("")


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
        elif column.kind == "date":
            extra = extra.where(making.rng.random(len(people)) < making.planted.said_yes) + 60
            found[name] = making.days(extra)
            if name == _POST:
                making.posts = dict(zip(people["person"], extra, strict=True))
        else:
            found[name] = _own_column(making, column, len(people))
    return found


def finds_posts(programme: Programme) -> bool:
    """Tell whether people come from outside and take up a post in the course of a programme.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    bool
        Whether participants.csv has the day of taking up a post.
    """
    return _POST in own_dates(programme)


def own_dates(programme: Programme) -> list[str]:
    """List the dates that a programme adds to what it records of its participants, in the order in which they come.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    list of str
        Names of columns; each day is reached by the planted share of those who reached the one before.
    """
    known = {*_BEFORE, "completed", "withdrew", "returned"}
    columns = programme.files_by_id["participants"].columns if "participants" in programme.files_by_id else ()
    return [column.name for column in columns if column.kind == "date" and column.name not in known]


def _own_column(making: _Making, column: Column, n: int) -> list[str]:
    wanted = [one for one in making.programme.eligibility.criteria if one.column == f"participants.{column.name}"]
    return other_column(making.rng, column, n, wanted)


def _eligible(making: _Making, file: DataFile) -> list[dict[str, str]]:
    """Count who could have been invited: those who were, and three times as many who were not."""
    invited = making.people[making.people["invited"].notna()]
    others = in_own_words(making.programme, staff_cohort(making.rng, 3 * len(invited), making.planted.rates))
    there = pd.concat([invited, others], ignore_index=True)
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
        done, gone = people.loc[mentee, "completed"], people.loc[mentee, "withdrew"]
        left = people.loc[mentee, "withdrew_why"] == "left the post"
        why = "as planned" if np.isnan(gone) else "a person left the post" if left else "a person withdrew"
        rows.append(
            {
                "pair": pair, "mentor": mentor, "mentee": mentee, "matched": making.day(people.loc[mentee, "matched"]),
                "ended": making.day(gone if np.isnan(done) else done), "ended_why": why,
            }
        )  # fmt: skip
    return rows


def _meeting_rows(making: _Making, file: DataFile) -> list[dict[str, str]]:
    """List the meetings that were planned; after the end of a pair none is held."""
    known = making.people.set_index("person")
    starts, ends = known["started"].to_dict(), known["withdrew"].to_dict()
    rows = []
    for dose in _doses_of(making, file):
        received = making.doses.setdefault(dose.id, {})
        planned = day_of_each(dose)
        for pair, mentor, mentee in making.pairs:
            start, gone = starts[mentee], ends[mentee]
            held = (making.rng.random(len(planned)) < making.planted.attendance) & ~(start + planned >= gone)
            received[mentor] = received[mentee] = int(held.sum())
            for number, (day, took_place) in enumerate(zip(start + planned, held, strict=True), start=1):
                met = np.fmin(day + int(making.rng.integers(0, 5)), gone)
                rows.append(
                    {
                        "pair": pair, "meeting": str(number), "planned": making.day(day),
                        "held": "yes" if took_place else "no",
                        "met": making.day(met) if took_place else "",
                        "minutes": str(making.rng.choice(_MINUTES)) if took_place else "",
                        "how": str(making.rng.choice(_HOW)) if took_place else "",
                    }
                )  # fmt: skip
    return rows


def day_of_each(dose: Dose) -> np.ndarray:
    """Plan on which day each session of a dose is held.

    Parameters
    ----------
    dose : Dose
        The dose.

    Returns
    -------
    numpy.ndarray of float
        Shape (number planned,), in days from a person's start.
    """
    number = int(dose.number)
    first, last = (float(month) * _MONTH for month in dose.months)
    steps = np.arange(number)
    return np.asarray(np.floor(first) + np.maximum(np.floor((last - first) * steps / max(number, 1)), steps))


def still_there(programme: Programme, planted: Planted, days: np.ndarray) -> np.ndarray:
    """Work out who is still in the programme.

    Parameters
    ----------
    programme : Programme
        The programme.
    planted : Planted
        What is planted.
    days : numpy.ndarray of float
        Days from a person's start.

    Returns
    -------
    numpy.ndarray of float
        Share of those who started (of their pairs, where there are pairs) who are still in it on each day.
    """
    whole = np.floor(float(programme.months) * _MONTH)
    first, last = (share * whole for share in _WITHDRAWN)
    staying = 1 - (1 - planted.completing) * np.clip((days - first) / (last - first), 0, 1)
    rate = 0.0 if finds_posts(programme) else planted.rates.leaving * planted.rates.hazard_ratio / DAYS_A_YEAR
    return np.asarray(staying * np.exp(-rate * days * (2 if "pairs" in programme.files_by_id else 1)))


def _doses_of(making: _Making, file: DataFile) -> list[Dose]:
    return [dose for dose in making.programme.dose if dose.file == file.id]


def _attendance_rows(making: _Making, file: DataFile) -> list[dict[str, str]]:
    people = making.people
    rows = []
    for dose in _doses_of(making, file):
        received = making.doses.setdefault(dose.id, {})
        there = people[people["role"].isin(dose.roles) & people["started"].notna()]
        for person, started, gone in zip(there["person"], there["started"], there["withdrew"], strict=True):
            days = started + day_of_each(dose)
            came = (making.rng.random(len(days)) < making.planted.attendance) & ~(days >= gone)
            received[person] = int(came.sum())
            rows += [
                {
                    "person": person, "activity": dose.activity or dose.title, "day": making.day(day),
                    "attended": "yes" if attended else "no", "minutes": str(dose.minutes or ""),
                }
                for day, attended in zip(days, came, strict=True)
            ]  # fmt: skip
    return rows


def _staff_rows(making: _Making, file: DataFile) -> dict[str, list[str]]:
    """Write everybody who entered in the four years before, also those who left before the programme began.

    Where service is counted from a return from leave, they are those who came back and were not there to be mentors.
    """
    end = RECORDS_END
    cohort = making.cohort
    if "returned" in file.by_name:
        mentors = [role.id for role in making.programme.parties if role.audience == "mentor"]
        back = (cohort["returned"] < cohort["left"]) & (cohort["returned"] < end)
        cohort = cohort[back & ~cohort["role"].isin(mentors)].reset_index(drop=True)
    known = making.people.set_index("person")
    if finds_posts(making.programme):
        cohort = _in_posts(making, cohort)
    left = cohort["left"].where(cohort["left"] <= end)
    promoted = cohort["promoted"].where(cohort["promoted"] <= np.minimum(cohort["left"], end))
    started = cohort["person"].map(known["started"]).where(cohort["party"])
    days = {"programme_from": started.where(started <= cohort["left"]), "left": left, "promoted": promoted}
    found: dict[str, list[str]] = {}
    for column in file.columns:
        name = column.name
        if name == "observed_to":
            found[name] = [making.day(end)] * len(cohort)
        elif name in days:
            found[name] = making.days(days[name])
        elif name == "reason":
            found[name] = [why if there else "" for why, there in zip(cohort["reason"], left.notna(), strict=True)]
        elif name == "band_promoted":
            found[name] = [
                one if there else "" for one, there in zip(_raised(cohort, file), promoted.notna(), strict=True)
            ]
        elif name in cohort.columns:
            found[name] = making.days(cohort[name]) if column.kind == "date" else [str(one) for one in cohort[name]]
        elif column.kind == "date":
            found[name] = making.days(cohort["entered"])
        else:
            found[name] = other_column(making.rng, column, len(cohort))
    return found


def _raised(cohort: pd.DataFrame, file: DataFile) -> list[str]:
    """Give the band above each person's own; the highest stays what it is."""
    order = ordered_labels(file.by_name["band_promoted"])
    above = dict(pairwise(order))
    return [above.get(str(band), str(band)) for band in cohort["band"]]


def _in_posts(making: _Making, cohort: pd.DataFrame) -> pd.DataFrame:
    """Keep of those who started the ones who took up a post, and count their service from that day."""
    on = (cohort["party"] & cohort["started"].notna()).to_numpy(bool)
    post = cohort["person"].map(making.posts).where(on).astype(float)
    later = (post - cohort["started"]).where(on, 0.0)
    moved = cohort.assign(
        entered=cohort["entered"].where(~on, post),
        left=cohort["left"] + later,
        promoted=cohort["promoted"] + later,
    )
    there = ~on | (post < RECORDS_END).to_numpy(bool)
    return moved[there].reset_index(drop=True)


def _rows_of_other(making: _Making, file: DataFile) -> dict[str, list[str]]:
    """Make a file that only one programme has: a row a started person, or a row a year."""
    people = making.people[making.people["started"].notna()]
    if finds_posts(making.programme):
        people = people[people["person"].map(making.posts).notna()]
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
