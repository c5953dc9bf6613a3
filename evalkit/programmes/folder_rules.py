"""What contradicts itself in the records of a programme: within a row, and between files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.typed_columns import rows_at
from evalkit.errors import Problem
from evalkit.programmes.folder_records import Records
from evalkit.programmes.model import Programme

Flags = npt.NDArray[np.bool_]
Look = Callable[[Records, Programme], Iterator[Problem]]

WITHDRAWN = "withdrawn"
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
        DAT-007 for each contradiction, rows by position: steps out of order, a mentor who is the own mentee, a pair or
        meeting before the match, people who are not in participants.csv, service that ends before it begins.
    """
    return [problem for look in _LOOKS for problem in look(records, programme)]


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
    for earlier, later in pairwise(there):
        wrong = (people[later] < people[earlier]).to_numpy(bool)
        yield from _told(
            records, _PEOPLE, wrong, f"{later} before {earlier}", f"{earlier} first", "Correct one of the days."
        )
    if {"withdrew", "completed"} <= set(people.columns):
        both = (people["withdrew"].notna() & people["completed"].notna()).to_numpy(bool)
        yield from _told(records, _PEOPLE, both, "completed and withdrew", "one of the two", "Empty one of them.")


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


def _pairs(records: Records, programme: Programme) -> Iterator[Problem]:  # noqa: ARG001
    pairs = _frame(records, "pairs", "mentor", "mentee", "matched")
    if pairs is None:
        return
    same = (pairs["mentor"] == pairs["mentee"]).to_numpy(bool)
    yield from _told(
        records, "pairs", same, "a mentor who is the own mentee", "two people", "Correct one of the codes."
    )
    if "ended" in pairs.columns:
        wrong = (pairs["ended"] < pairs["matched"]).to_numpy(bool)
        yield from _told(records, "pairs", wrong, "ended before matched", "matched first", "Correct one of the days.")


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


def _service(records: Records, programme: Programme) -> Iterator[Problem]:
    staff = _frame(records, "staff", "entered", "left", "observed_to")
    if staff is None:
        return
    order = [("entered", "left"), ("left", "observed_to"), ("entered", "observed_to"), ("entered", "promoted")]
    if programme.column(_TAKEN_UP) is None:  # else people come from outside, and their service begins with the post
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


_TAKEN_UP = "participants.in_post"
_LOOKS: tuple[Look, ...] = (_steps, _groups, _pairs, _meetings, _known_people, _service)
