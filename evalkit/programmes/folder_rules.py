"""What contradicts itself in the records of a programme: within a row, and between files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.typed_columns import rows_at
from evalkit.errors import Problem
from evalkit.programmes.conditions import ordered_labels
from evalkit.programmes.folder_eligible import eligible_problems, gives
from evalkit.programmes.folder_records import Records
from evalkit.programmes.folder_words import joined
from evalkit.programmes.model import Programme
from evalkit.programmes.records_complete import STARTED, TAKEN_UP, started_by

Flags = npt.NDArray[np.bool_]
Look = Callable[[Records, Programme], Iterator[Problem]]

WITHDRAWN = "withdrawn"
_FROM = "programme_from"
_PEOPLE = "participants"
_ORDER = ("invited", "applied", "matched", "started", "completed")


def record_problems(records: Records, programme: Programme) -> list[Problem]:
    """Find what contradicts itself.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.

    Returns
    -------
    list of Problem
        DAT-007 for each contradiction, rows by position: steps out of order, completed without started, a mentor who is
        the own mentee or a mentee by role, the same two people in two pairs, a pair or meeting before the match, people
        who are not in participants.csv, service that ends before it begins, more eligible in groups than in all.
        DAT-006 for groups of eligible.csv that are not known.
    """
    return [problem for look in _LOOKS for problem in look(records, programme)]


def record_warnings(records: Records, programme: Programme) -> list[Problem]:
    """Find people who began and whose service the records do not tell: they may be the ones who left.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.

    Returns
    -------
    list of Problem
        DAT-007, rows by position: who started and has no row in the file of service, or none of the days there on which
        the part in the programme began. The data are read all the same.
    """
    asked = [one for question in programme.questions for one in question.outcomes]
    service = [programme.outcomes_by_id[one] for one in dict.fromkeys(asked)]
    found: list[Problem] = []
    for name in dict.fromkeys(str(one.column).partition(".")[0] for one in service if one.column):
        roles = {role for one in service if str(one.column).startswith(f"{name}.") for role in one.roles}
        found += _not_followed(records, name, roles)
    return [*found, *_moves(records, programme)]


def _not_followed(records: Records, name: str, roles: set[str]) -> Iterator[Problem]:
    people = _frame(records, _PEOPLE, "person", "role", STARTED)
    staff = _frame(records, name, "person", "observed_to", _FROM)
    if people is None or staff is None:
        return
    own = people["role"].isin(roles)
    if "group" in people.columns:
        own &= people["group"].astype(str) != "comparison"
    known = people.index.isin(started_by(people, staff["observed_to"].max()).index)
    began = own.to_numpy(bool) & known
    file = records.places[name]
    absent = began & ~people["person"].isin(staff["person"]).to_numpy(bool)
    remedy = f"Add their rows, also of those who left: who is missing in {file} may be who left."
    yield from _told(records, _PEOPLE, absent, f"started, but not in {file}", "a row there", remedy)
    undated = staff[_FROM].isna() & staff["person"].isin(people.loc[began, "person"])
    yield from _told(
        records, name, undated.to_numpy(bool), f"no {_FROM} of people who started", "the day of their start",
        "Fill it in; until then the day in participants.csv counts.",
    )  # fmt: skip


def _told(records: Records, name: str, wrong: Flags, found: str, expected: str, remedy: str) -> Iterator[Problem]:
    if wrong.any():
        place = f"{records.places[name]}, {rows_at(wrong, records.rows[name])}"
        yield Problem("DAT-007", place, found, expected, remedy)


def _frame(records: Records, name: str, *columns: str) -> pd.DataFrame | None:
    frame = records.frames.get(name)
    return frame if frame is not None and set(columns) <= set(frame.columns) else None


def _steps(records: Records, programme: Programme) -> Iterator[Problem]:  # noqa: ARG001
    people = _frame(records, _PEOPLE)
    if people is None:
        return
    there = [name for name in _ORDER if name in people.columns]
    for at, later in enumerate([*there, *({"withdrew"} & set(people.columns))]):
        empty = np.ones(len(people), dtype=bool)  # so far, of the steps between the two
        for earlier in reversed(there[:at]):
            wrong = (people[later] < people[earlier]).to_numpy(bool) & empty
            empty &= people[earlier].isna().to_numpy(bool)
            yield from _told(
                records, _PEOPLE, wrong, f"{later} before {earlier}", f"{earlier} first", "Correct one of the days."
            )
    yield from _not_started(records, people)
    if {"withdrew", "completed"} <= set(people.columns):
        both = (people["withdrew"].notna() & people["completed"].notna()).to_numpy(bool)
        yield from _told(records, _PEOPLE, both, "completed and withdrew", "one of the two", "Empty one of them.")


def _not_started(records: Records, people: pd.DataFrame) -> Iterator[Problem]:
    """Refuse people who completed what they never started, where anybody's start is noted."""
    if not {"started", "completed"} <= set(people.columns) or not people["started"].notna().any():
        return
    wrong = (people["completed"].notna() & people["started"].isna()).to_numpy(bool)
    yield from _told(
        records, _PEOPLE, wrong, "completed without started", "the day of the first activity",
        "Fill in the start, or empty the end.",
    )  # fmt: skip


def _groups(records: Records, programme: Programme) -> Iterator[Problem]:
    people = _frame(records, _PEOPLE, "role", "group")
    if people is None:
        return
    parties = {role.id for role in programme.parties}
    of_party = people["role"].isin(parties).to_numpy(bool)
    compared = (people["group"].astype(str) == "comparison").to_numpy(bool)
    expected = f"group programme for {' and '.join(sorted(parties))}"
    yield from _told(
        records, _PEOPLE, of_party & compared, "a party of the programme in the group comparison", expected,
        "Correct the role or the group.",
    )  # fmt: skip
    programme_group = (people["group"].astype(str) == "programme").to_numpy(bool)
    yield from _told(
        records, _PEOPLE, ~of_party & programme_group, "the group programme for a role that is no party",
        "group comparison", "Correct the role or the group.",
    )  # fmt: skip


def _pairs(records: Records, programme: Programme) -> Iterator[Problem]:
    pairs = _frame(records, "pairs", "mentor", "mentee", "matched")
    if pairs is None:
        return
    same = (pairs["mentor"] == pairs["mentee"]).to_numpy(bool)
    yield from _told(
        records, "pairs", same, "a mentor who is the own mentee", "two people", "Correct one of the codes."
    )
    yield from _sides(records, programme, pairs)
    yield from _same_two(records, pairs)
    if "ended" in pairs.columns:
        wrong = (pairs["ended"] < pairs["matched"]).to_numpy(bool)
        yield from _told(records, "pairs", wrong, "ended before matched", "matched first", "Correct one of the days.")


def _sides(records: Records, programme: Programme, pairs: pd.DataFrame) -> Iterator[Problem]:
    """Refuse people in the column of the other party."""
    people = _frame(records, _PEOPLE, "person", "role")
    parties = [one.id for one in programme.parties]
    giving = {one for one in parties if gives(one)}
    if people is None or not giving or len(giving) == len(parties):
        return
    role_of = people.drop_duplicates("person").set_index("person")["role"].astype(str)
    for column, own in (("mentor", giving), ("mentee", {*parties} - giving)):
        said = pairs[column].map(role_of)
        wrong = (said.isin(parties) & ~said.isin(own) & (pairs["mentor"] != pairs["mentee"])).to_numpy(bool)
        found = f"a {column} whose role is {joined(sorted({*parties} - own))}"
        remedy = "Exchange the two codes, or correct the role in participants.csv."
        yield from _told(records, "pairs", wrong, found, " or ".join(sorted(own)), remedy)


def _same_two(records: Records, pairs: pd.DataFrame) -> Iterator[Problem]:
    """Refuse a pair of two people who are a pair already, and have not ended."""
    two = ["mentor", "mentee"]
    whole = pairs[two].notna().all(axis=1) & ~pairs[two].eq(WITHDRAWN).any(axis=1)
    known = pairs[whole].sort_values("matched", kind="stable")
    ended = known["ended"] if "ended" in known.columns else pd.Series(pd.NaT, index=known.index)
    by = known.groupby(two, sort=False)
    before = ended.groupby([known[one] for one in two], sort=False).shift()
    again = (by.cumcount() > 0) & ~(before <= known["matched"])
    twice = pairs.index.isin(known.index[again.to_numpy(bool)])
    yield from _told(
        records, "pairs", twice, "the same two people as in another pair", "each pair of people once",
        "Delete one of the two and give its meetings to the other, or correct when they ended.",
    )  # fmt: skip


def _meetings(records: Records, programme: Programme) -> Iterator[Problem]:  # noqa: ARG001
    meetings = _frame(records, "meetings", "pair", "met")
    pairs = _frame(records, "pairs", "pair", "matched")
    if meetings is None:
        return
    if pairs is not None:
        matched = meetings["pair"].map(pairs.drop_duplicates("pair").set_index("pair")["matched"])
        unknown = (~meetings["pair"].isin(pairs["pair"])).to_numpy(bool)
        yield from _told(
            records, "meetings", unknown, "a pair that is not in pairs.csv", "one of its pairs",
            "Add the pair, or correct the code.",
        )  # fmt: skip
        early = (meetings["met"] < matched).to_numpy(bool)
        yield from _told(
            records, "meetings", early, "a meeting before the match", "the match first", "Correct one of the days."
        )
    if "held" in meetings.columns:
        not_held = (meetings["met"].notna() & (meetings["held"].astype(str) == "no")).to_numpy(bool)
        yield from _told(
            records, "meetings", not_held, "a day for a meeting that was not held", "no day", "Correct one of the two."
        )


def _known_people(records: Records, programme: Programme) -> Iterator[Problem]:  # noqa: ARG001
    people = _frame(records, _PEOPLE, "person")
    if people is None:
        return
    # Who was taken out leaves this word behind in the pair of the person who stays.
    known = {*people["person"], WITHDRAWN}
    for name, columns in (("pairs", ("mentor", "mentee")), ("attendance", ("person",)), ("returners_pay", ("person",))):
        for column in columns:
            frame = _frame(records, name, column)
            if frame is None:
                continue
            wrong = (frame[column].notna() & ~frame[column].isin(known)).to_numpy(bool)
            yield from _told(
                records, name, wrong, f"a {column} who is not in participants.csv", "people who are",
                "Add them there, or correct the code.",
            )  # fmt: skip
    staff = _frame(records, "staff", "person", _FROM)
    if staff is not None:  # others in it are those who are compared with
        wrong = (staff[_FROM].notna() & staff["person"].notna() & ~staff["person"].isin(known)).to_numpy(bool)
        yield from _told(
            records, "staff", wrong, f"{_FROM} of a person who is not in participants.csv", "people who are",
            f"Add them there, correct the code, or empty {_FROM}.",
        )  # fmt: skip


def _service(records: Records, programme: Programme) -> Iterator[Problem]:
    staff = _frame(records, "staff", "entered", "left", "observed_to")
    if staff is None:
        return
    order = [("entered", "left"), ("left", "observed_to"), ("entered", "observed_to"), ("entered", "promoted")]
    # Else people come from outside, and their service begins with the post.
    if programme.column(f"{_PEOPLE}.{TAKEN_UP}") is None:
        order.append(("entered", "programme_from"))
    for earlier, later in order:
        if {earlier, later} <= set(staff.columns):
            wrong = (staff[later] < staff[earlier]).to_numpy(bool)
            yield from _told(
                records, "staff", wrong, f"{later} before {earlier}", f"{earlier} first", "Correct one of the days."
            )
    for name in ("promoted", "programme_from"):
        if name in staff.columns:
            wrong = (staff[name] > staff["left"]).to_numpy(bool)
            yield from _told(
                records, "staff", wrong, f"{name} after left", "nothing after leaving", "Correct one of the days."
            )


def _moves(records: Records, programme: Programme) -> Iterator[Problem]:
    """A promotion is to a higher band."""
    staff = _frame(records, "staff", "band", "band_promoted", "promoted")
    column = programme.column("staff.band")
    if staff is None or column is None:
        return
    order = {label: float(place) for place, label in enumerate(ordered_labels(column))}
    before, after = (staff[name].astype(object).map(order).astype(float) for name in ("band", "band_promoted"))
    wrong = (after <= before).to_numpy(bool) & staff["promoted"].notna().to_numpy(bool)
    yield from _told(
        records, "staff", wrong, "band_promoted not above band", "the band before, and the higher one after",
        "Correct one of the bands, or empty promoted; until then it counts as a promotion.",
    )  # fmt: skip


_LOOKS: tuple[Look, ...] = (_steps, _groups, _pairs, _meetings, _known_people, _service, eligible_problems)
