"""Who was eligible beside who came: whether eligible.csv fits participants.csv, by characteristic."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from evalkit.disclosure.spellings import one_spelling
from evalkit.equality.dictionary import Column
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.typed_columns import labels_in, rows_at
from evalkit.errors import Problem
from evalkit.programmes.evidence import labelled
from evalkit.programmes.folder_columns import input_of
from evalkit.programmes.folder_records import Records
from evalkit.programmes.model import Programme

_ALL = "all"
_COLUMNS = {"characteristic", "level", "eligible"}
_FILE, _PEOPLE = "eligible", "participants"
# Parties that give more than they are given: who was eligible is told of the other one.
_GIVING = ("mentor", "senior", "coach")


def gives(role: str) -> bool:
    """Tell whether a party gives more than it is given, such as mentors.

    Parameters
    ----------
    role : str
        Its id.

    Returns
    -------
    bool
        True for mentors, coaches and senior partners.
    """
    return role.startswith(_GIVING)


def served(programme: Programme) -> str:
    """Name the party that a programme is for: who was eligible is told of it.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    str
        Id of the role; empty when there is none.
    """
    parties = [one.id for one in programme.parties]
    return next((one for one in parties if not gives(one)), parties[0] if parties else "")


def level_key(level: str) -> str:
    """Bring a level into the form in which two files are compared.

    Parameters
    ----------
    level : str
        Such as an age band.

    Returns
    -------
    str
        One for all spellings of it; "to" is a dash.

    Examples
    --------
    >>> level_key("25 - 34") == level_key("25\u201334") == level_key("25 to 34") == level_key("25-34")
    True
    """
    return one_spelling(level).replace(" to ", "-")


def with_levels_of_people(records: Records, programme: Programme) -> pd.DataFrame | None:
    """Write the levels of eligible.csv as participants.csv has them.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.

    Returns
    -------
    pandas.DataFrame or None
        The file with the same rows: labels as the mapping has them, other words in the spelling of participants.csv.
        None when it is not there.
    """
    frame, people = records.frames.get(_FILE), records.frames.get(_PEOPLE)
    if frame is None or not _COLUMNS.issubset(frame.columns):
        return frame
    said, levels = frame["characteristic"].astype(str), frame["level"].astype(str).astype(object)
    for name, column in _known(programme).items():
        here = (said == name).to_numpy(bool)
        if not here.any():
            continue
        if column.kind == "label":
            mapped, _ = labels_in(column, {}).apply(levels[here], place=name)
            levels[here] = pd.Series(mapped, index=levels.index[here]).astype(object).fillna(levels[here])
        elif people is not None and name in people.columns:
            spelled = {level_key(str(one)): str(one) for one in people[name].dropna().unique()}
            levels[here] = levels[here].map(lambda one, spelled=spelled: spelled.get(level_key(one), one))
    return frame.assign(level=levels)


def _known(programme: Programme) -> dict[str, Column]:
    return {one.name: one for one in input_of(programme, programme.files_by_id[_PEOPLE]).columns}


def eligible_problems(records: Records, programme: Programme) -> Iterator[Problem]:
    """Find what eligible.csv cannot mean.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.

    Yields
    ------
    Problem
        DAT-006 for a level that is not known, DAT-007 for groups that add up to more than all.
    """
    frame = records.frames.get(_FILE)
    if frame is None or not _COLUMNS.issubset(frame.columns):
        return
    place, rows = records.places[_FILE], records.rows[_FILE]
    said, levels = frame["characteristic"].astype(str), frame["level"].astype(str)
    whole = frame.loc[said == _ALL, "eligible"].sum()
    known = _known(programme)
    for name in said[said != _ALL].unique():
        here = (said == name).to_numpy(bool)
        where = f"{place}, {rows_at(here, rows)}"
        if name not in known:
            continue  # the label was refused already
        if whole and frame.loc[here, "eligible"].sum() > whole:
            remedy = "Correct one of the numbers: each person is counted once by each characteristic."
            yield Problem("DAT-007", where, f"groups that add up to more than {_ALL}", f"at most {_ALL}", remedy)
        if known[name].kind == "label":
            own = [row for row, inside in zip(rows, here, strict=True) if inside]
            yield from labels_in(known[name], {}).apply(levels[here], place=place, rows=own)[1]


def eligible_warnings(records: Records, programme: Programme) -> Iterator[tuple[str, Problem]]:
    """Find characteristics by which nobody can say which part of those eligible came.

    Parameters
    ----------
    records : Records
        The typed files.
    programme : Programme
        The programme.

    Yields
    ------
    tuple of (str, Problem)
        Characteristic, and DAT-007: no number of all, or fewer eligible than came, in all or in a group. The report
        leaves those who were eligible out of its tables by that characteristic.
    """
    frame, people = records.frames.get(_FILE), records.frames.get(_PEOPLE)
    if frame is None or people is None or not _COLUMNS.issubset(frame.columns):
        return
    came = _came(people, programme)
    said = frame["characteristic"].astype(str)
    whole = frame.loc[said == _ALL, "eligible"].sum()
    if came is None or not len(came):
        return
    names = [name for name in said[said != _ALL].unique() if name in came.columns]
    remedy = "Correct it; until then no table by {} tells who was eligible."
    expected = "as many as were invited, or more"
    if whole < len(came):
        found = f"fewer people eligible than came, or no row {_ALL}"
        for name in names:
            yield name, Problem("DAT-007", records.places[_FILE], found, expected, remedy.format("characteristic"))
        return
    for name in names:
        column = programme.column(f"{_PEOPLE}.{name}")
        own = frame[said == name]
        short = _short(own["eligible"], labelled(own["level"], column), labelled(came[name], column), float(whole))
        if short:
            found = f"{name}: fewer people eligible than came, in {short} of the groups of participants.csv"
            yield name, Problem("DAT-007", records.places[_FILE], found, expected, remedy.format(name))


def _came(people: pd.DataFrame, programme: Programme) -> pd.DataFrame | None:
    """List those of the party served who came to the first step that is filled in."""
    if not {"role", "group"} <= set(people.columns):
        return None
    own = people[(people["role"].astype(str) == served(programme)) & (people["group"].astype(str) != "comparison")]
    for step in programme.steps:
        file, _, column = step.column.partition(".")
        if file == _PEOPLE and column in own.columns and own[column].notna().any():
            return own[own[column].notna()]
    return own


def _short(counts: pd.Series, levels: pd.Series, came: pd.Series, whole: float) -> int:
    """Count groups of which fewer were eligible than came; whoever is in no group did not state theirs."""
    eligible = counts.fillna(0).groupby(levels.to_numpy()).sum()
    rest = max(whole - float(eligible.sum()), 0.0)
    return sum(
        float(eligible.get(level, 0.0)) + (rest if level == NOT_STATED else 0.0) < n
        for level, n in came.value_counts().items()
    )
