"""What is kept of the records of a programme and should be looked at: days to come, people without a start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from evalkit.equality.typed_columns import rows_at
from evalkit.errors import Problem
from evalkit.programmes.folder_records import Records
from evalkit.programmes.model import Programme

_PEOPLE, _CAME = "participants", "attendance"
_PLANNED = "planned"  # a day that may well be to come


def to_look_at(records: Records, programme: Programme, today: date | None) -> Iterator[Problem]:
    """Find what may be right but should be looked at.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.
    today : datetime.date or None
        Days after it are told; None where they are not to be.

    Yields
    ------
    Problem
        DAT-002 for days that are still to come, DAT-007 for people who came to something and have not started.
    """
    if today is not None:
        yield from _to_come(records, programme, pd.Timestamp(today))
    yield from _came_without_start(records)


def _to_come(records: Records, programme: Programme, today: pd.Timestamp) -> Iterator[Problem]:
    remedy = "Look whether the year is right."
    for name, frame in records.frames.items():
        dates = {one.name for one in programme.files_by_id[name].columns if one.kind == "date"} - {_PLANNED}
        for column in [one for one in frame.columns if one in dates]:
            late = (frame[column] > today).to_numpy(bool)
            if late.any():
                place = f"{records.places[name]}, {rows_at(late, records.rows[name])}"
                yield Problem("DAT-002", place, f"{column} after today", "days that have been", remedy)


def _came_without_start(records: Records) -> Iterator[Problem]:
    people, came = records.frames.get(_PEOPLE), records.frames.get(_CAME)
    if people is None or came is None or not {"person", "attended"} <= set(came.columns):
        return
    if not {"person", "started"} <= set(people.columns) or not people["started"].notna().any():
        return
    waiting = set(people.loc[people["started"].isna(), "person"])
    here = (came["person"].isin(waiting) & (came["attended"].astype(str) == "yes")).to_numpy(bool)
    if here.any():
        place = f"{records.places[_CAME]}, {rows_at(here, records.rows[_CAME])}"
        remedy = "Fill in the day in participants.csv, unless they never went on; nobody without it counts as started."
        yield Problem("DAT-007", place, "people who came and have no day in started", "people who started", remedy)
