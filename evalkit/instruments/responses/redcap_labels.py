"""REDCap's labelled export of a project with a form for each wave: labels into the names that raw data have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from evalkit.errors import DataError, Problem
from evalkit.frames import require
from evalkit.instruments.export.naming import HIDDEN_FIELDS
from evalkit.instruments.model import Instrument
from evalkit.instruments.responses.forms import asked_at
from evalkit.instruments.responses.headers import Names
from evalkit.instruments.responses.matching import about_columns, matched
from evalkit.instruments.responses.tables import Table

STATUS = "complete?"
_HIDDEN = frozenset(f"{name} (hidden)" for name in HIDDEN_FIELDS)
_WAVE = "wave (hidden)"
_REMEDY = 'Export the raw data from REDCap ("CSV / raw data"): its columns have names of their own.'


def labelled_forms(table: Table, instrument: Instrument) -> dict[str, dict[int, str]]:
    """Find the columns of each wave in a file whose header has labels, which the forms of several waves share.

    Parameters
    ----------
    table : Table
        What REDCap exported.
    instrument : Instrument
        The instrument.

    Returns
    -------
    dict of str to dict of int to str
        Ordinary wave -> its columns -> the ids of their items, with ``___value`` for an option of its own;
        "instrument", "version" and "wave" for what is hidden; the label for what is neither. Empty when the header does
        not have the labels of several forms.

    Raises
    ------
    DataError
        DAT-013 when nothing tells which columns belong to which wave or item.
    """
    blocks = _blocks([name.lower() for name in table.header])
    found = {}
    problems: list[Problem] = []
    if not blocks:
        return {}
    for wave, block in zip(_waves(table, blocks, instrument), blocks, strict=True):
        found[wave], more = _named(table, block, instrument, wave)
        problems += more
    require(problems)
    return found


def _blocks(header: Sequence[str]) -> list[range]:
    """Find where several forms begin and end: each has the hidden fields first and whether it is complete last."""
    starts = [at for at, name in enumerate(header) if name in _HIDDEN and (not at or header[at - 1] not in _HIDDEN)]
    if len(starts) < 2 or len(starts) != header.count(_WAVE):
        return []
    # What stands between the end of a form and the hidden fields of the next, such as a time stamp, is of the next.
    for place in range(1, len(starts)):
        ends = [at for at in range(starts[place - 1], starts[place]) if header[at] == STATUS]
        starts[place] = ends[-1] + 1 if ends else starts[place]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], len(header)], strict=True)]


def _waves(table: Table, blocks: Sequence[range], instrument: Instrument) -> list[str]:
    """Tell the waves of the forms by what is hidden in them, and of a form without answers by its place."""
    waves = [one.id for one in instrument.waves if one.asked_with is None]
    places = waves if len(blocks) == len(waves) else [""] * len(blocks)
    found = []
    for place, block in zip(places, blocks, strict=True):
        column = next(table.columns[at] for at in block if table.header[at].lower() == _WAVE)
        said = {"".join(cell).strip() for cell in column} - {""}
        found.append(place if not said else "".join(said) if len(said) == 1 else "")
    if len(set(found)) < len(found) or not set(found) <= set(waves):
        what = f'{len(blocks)} forms of which the columns "Wave (hidden)" do not tell the waves'
        raise DataError(Problem("DAT-013", table.place, what, "a form for each wave", _REMEDY))
    return found


def _named(table: Table, block: range, instrument: Instrument, wave: str) -> tuple[dict[int, str], Iterator[Problem]]:
    """Name the columns of one form."""
    header, columns = table.header[block.start : block.stop], table.columns[block.start : block.stop]
    part = replace(table, header=header, columns=columns)
    asked = asked_at(instrument, [wave], "redcap")
    names = Names(asked, paths=False)
    about, dropped = about_columns(part, "redcap", names)
    sorted_ = matched(part, asked, names, about, dropped)
    found = dict(enumerate(header))
    found |= {at: name for name, at in about.items()}
    found |= {at: item for item, at in sorted_.whole.items()}
    found |= {at: f"{item}___{value}" for item, ticks in sorted_.ticks.items() for value, at in ticks.items()}
    torn = (replace(one, remedy=_REMEDY) for one in sorted_.problems if one.code == "DAT-013")
    return _shifted(found, block.start), torn


def _shifted(found: Mapping[int, str], by: int) -> dict[int, str]:
    return {at + by: name for at, name in found.items()}
