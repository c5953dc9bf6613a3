"""Who began, and whether the records of service know of them: whoever is missing there may be who left."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalkit.programmes.evidence import PERSON, Evidence
from evalkit.programmes.parts import Outcome

STARTED, TAKEN_UP = "started", "in_post"
# With fewer of those who started in the records, the missing ones could make any difference.
MOST_IN_RECORDS = 0.9
_FROM = "programme_from"


def started_by(people: pd.DataFrame, end: pd.Timestamp) -> pd.Series:
    """Give the day on which people started, where service can be expected of them.

    Parameters
    ----------
    people : pandas.DataFrame
        Rows of participants.csv, with days as dates.
    end : pandas.Timestamp
        Day up to which the records of service are complete.

    Returns
    -------
    pandas.Series of datetime64
        Index as given; of those who started by that day and, where people come from outside, had taken up a post.
    """
    if STARTED not in people:
        return pd.Series(dtype="datetime64[ns]")
    days = pd.to_datetime(people[STARTED], errors="coerce")
    there = days <= end
    if TAKEN_UP in people and people[TAKEN_UP].notna().any():
        there &= people[TAKEN_UP] <= end
    return days[there]


def _of(evidence: Evidence, roles: Sequence[str], records: pd.DataFrame) -> pd.Series:
    people = evidence.people.reindex(evidence.in_programme(roles))
    return started_by(people, records["observed_to"].max())


def began(evidence: Evidence, outcome: Outcome, records: pd.DataFrame) -> pd.Series:
    """Give the day on which each person began whose outcome it is, of those who should be in the records.

    Parameters
    ----------
    evidence : Evidence
        The data.
    outcome : Outcome
        Of service.
    records : pandas.DataFrame
        The records of service.

    Returns
    -------
    pandas.Series of datetime64
        By person; nobody where participants.csv does not say who started.
    """
    return _of(evidence, outcome.roles, records)


def everybody_who_began(evidence: Evidence, records: pd.DataFrame) -> pd.Index:
    """List everybody of the programme who began, in whatever role.

    Parameters
    ----------
    evidence : Evidence
        The data.
    records : pandas.DataFrame
        The records of service.

    Returns
    -------
    pandas.Index
        Codes; also of people who have not taken up a post.
    """
    people = evidence.people.reindex(evidence.in_programme([role.id for role in evidence.programme.parties]))
    if STARTED not in people:
        return people.index[:0]
    return people.index[people[STARTED] <= records["observed_to"].max()]


def with_starts(records: pd.DataFrame, begun: pd.Series) -> pd.DataFrame:
    """Take the day of the start from participants.csv where the records of service have none.

    Parameters
    ----------
    records : pandas.DataFrame
        The records of service.
    begun : pandas.Series of datetime64
        From `began`.

    Returns
    -------
    pandas.DataFrame
        The same rows; nobody who began is left without a day, and so among those who are compared with.
    """
    if not len(begun):
        return records
    known = records[PERSON].map(begun)
    return records.assign(**{_FROM: records[_FROM].fillna(known) if _FROM in records else known})


def in_records(evidence: Evidence, outcome: Outcome) -> tuple[int, int]:
    """Count who began, and who of them is in the records of service.

    Parameters
    ----------
    evidence : Evidence
        The data.
    outcome : Outcome
        Of service.

    Returns
    -------
    tuple of int
        In the records, and of how many; unsuppressed.
    """
    records = evidence.typed.get(str(outcome.column).partition(".")[0])
    if records is None:
        return 0, 0
    begun = began(evidence, outcome, records)
    return int(begun.index.isin(records[PERSON]).sum()), len(begun)
