"""What is known about each answer: whose, of which wave, language and version, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from evalkit.errors import Problem
from evalkit.instruments.answer_notes import answers_fit
from evalkit.instruments.model import Instrument
from evalkit.instruments.responses.headers import worded
from evalkit.instruments.responses.plain_values import dates_in
from evalkit.instruments.responses.tables import Table

_ARM = re.compile(r"_arm_\d+|\s*\(arm .*\)", re.IGNORECASE)
_NO_TIME = frozenset({"", "[not completed]", "N/A", "1980-01-01 00:00:00"})
_YEARS = range(1900, 2200)

Column = list[str]


def texts_of(table: Table, index: int) -> Column:
    """Take a column about the answers as texts.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column.

    Returns
    -------
    list of str
        Without blanks around.
    """
    return ["".join(cell).strip() for cell in table.columns[index]]


def waves_in(table: Table, index: int, instrument: Instrument) -> tuple[list[str | None], list[Problem]]:
    """Read the wave of each answer.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column.
    instrument : Instrument
        The instrument.

    Returns
    -------
    tuple of (list of str or None, list of Problem)
        An ordinary wave for each respondent, known by its id, its title or a REDCap event of that name; DAT-016 for
        anything else, and for none where others have one.
    """
    ordinary = [wave for wave in instrument.waves if wave.asked_with is None]
    known = {worded(wave.title): wave.id for wave in ordinary} | {wave.id: wave.id for wave in ordinary}
    texts = texts_of(table, index)
    if not any(texts):
        return [None] * len(texts), []
    meant = {text: known.get(worded(_ARM.sub("", text))) for text in dict.fromkeys(texts)}
    wrong = [row for row, text in enumerate(texts) if meant[text] is None]
    problems = []
    if wrong:
        found = f"answers without one of the instrument's waves: {len(wrong)} ({table.rows(wrong)})"
        expected = f"one of {', '.join(wave.id for wave in ordinary)}"
        remedy = "Correct them; retrospective questions belong to the wave at which they were asked."
        problems.append(Problem("DAT-016", table.at(index), found, expected, remedy))
    return [meant[text] for text in texts], problems


def of_this_instrument(table: Table, index: int, instrument: Instrument) -> list[Problem]:
    """Refuse answers to another instrument.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column with the instrument's id.
    instrument : Instrument
        The instrument.

    Returns
    -------
    list of Problem
        DAT-016, with the rows.
    """
    wrong = [row for row, text in enumerate(texts_of(table, index)) if text and text != instrument.id]
    if not wrong:
        return []
    found = f"answers to another instrument: {len(wrong)} ({table.rows(wrong)})"
    remedy = "Read the file with the instrument that it belongs to."
    return [Problem("DAT-016", table.at(index), found, instrument.id, remedy)]


def of_this_version(table: Table, index: int, instrument: Instrument) -> list[Problem]:
    """Refuse answers to a version that is not known to be comparable.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column with the version.
    instrument : Instrument
        The instrument; when it is an adaptation, its ledger tells whether answers to the origin can be compared.

    Returns
    -------
    list of Problem
        DAT-016, with the rows.
    """
    texts = texts_of(table, index)
    good = {text for text in dict.fromkeys(texts) if not text or answers_fit(text, instrument)}
    wrong = [row for row, text in enumerate(texts) if text not in good]
    if not wrong:
        return []
    found = f"answers to another version: {len(wrong)} ({table.rows(wrong)})"
    remedy = "Read them with the instrument of their version, and compare the scores with evalkit survey diff in hand."
    return [Problem("DAT-016", table.at(index), found, f"version {instrument.version}", remedy)]


def languages_in(texts: Sequence[str], instrument: Instrument) -> list[str | None]:
    """Bring language codes into the form of the instrument.

    Parameters
    ----------
    texts : sequence of str
        As the platform wrote them.
    instrument : Instrument
        The instrument.

    Returns
    -------
    list of str or None
        The instrument's tag where it is one of its languages, else as it was.
    """
    known: dict[str, str] = {}
    for tag in instrument.languages:
        known.setdefault(tag.lower(), tag)
        known.setdefault(tag.split("-")[0].lower(), tag)
    return [known.get(text.replace("_", "-").lower(), text) or None for text in texts]


def moments_in(table: Table, index: int, day_first: bool | None = None) -> list[datetime | None] | None:  # noqa: FBT001
    """Read when something happened.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column.
    day_first : bool, optional
        Whether the day comes before the month; told from the column by default.

    Returns
    -------
    list of datetime.datetime or None
        As written, a time zone left out; None in place of the list when some cell cannot be read beyond doubt.
    """
    texts = texts_of(table, index)
    found = dates_in({text for text in texts if text not in _NO_TIME}, table.first_day, day_first)
    if any(moment is None or moment.year not in _YEARS for moment in found.values()):
        return None
    return [found.get(text) for text in texts]


def repeated(table: Table, index: int, keys: Sequence[tuple[object, ...]]) -> list[Problem]:
    """Find respondents who are there twice.

    Parameters
    ----------
    table : Table
        What was read.
    index : int
        The column of their ids.
    keys : sequence of tuple
        Id, and what tells several answers of one respondent apart; an empty id is not compared.

    Returns
    -------
    list of Problem
        DAT-010, with the rows of the second and later answers.
    """
    seen: set[tuple[object, ...]] = set()
    again = []
    for row, key in enumerate(keys):
        if key[0] and key in seen:
            again.append(row)
        seen.add(key)
    if not again:
        return []
    found = f"respondents who are there already: {len(again)} ({table.rows(again)})"
    remedy = "Delete what is there twice, or add a column wave when the answers are of several waves."
    return [Problem("DAT-010", table.at(index), found, "each respondent once at a wave", remedy)]


def other_waves(table: Table, waves: Sequence[str | None], wave: str, index: int) -> list[Problem]:
    """Refuse answers of other waves than the one that was asked for.

    Parameters
    ----------
    table : Table
        What was read.
    waves : sequence of str or None
        The wave of each answer.
    wave : str
        The one that was asked for.
    index : int
        The column.

    Returns
    -------
    list of Problem
        DAT-016, with the rows.
    """
    wrong = [row for row, one in enumerate(waves) if one not in {None, wave}]
    if not wrong:
        return []
    others = sorted({str(waves[row]) for row in wrong})
    found = f"answers of another wave, {', '.join(others)}: {len(wrong)} ({table.rows(wrong)})"
    remedy = "Leave wave= out to read all waves, or keep the rows of one wave."
    return [Problem("DAT-016", table.at(index), found, wave, remedy)]
