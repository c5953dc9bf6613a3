"""REDCap's one row with the forms of all waves into a row for each wave that was answered."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from evalkit.errors import DataError, InstrumentError
from evalkit.instruments.export.redcap import single_names, status_field
from evalkit.instruments.model import Instrument
from evalkit.instruments.responses.redcap_labels import STATUS, labelled_forms
from evalkit.instruments.responses.tables import Cell, Table, no_answers
from evalkit.instruments.waves import form_at

_WAVE = "wave"
# What REDCap writes into the cells of a form that nobody opened: of checkboxes, and of whether it is complete.
_UNTICKED = frozenset({"", "0", "unchecked", "no", "false"})
_INCOMPLETE = frozenset({"", "0", "incomplete"})
# The tags that our dictionary has in its labels.
_TAG = re.compile(r"</?(?:span|em|br)\b[^<>]*>")


def apart(table: Table, instrument: Instrument, wave: str | None = None) -> Table:
    """Give each wave its own rows, under the names that its form has in a project of its own.

    Parameters
    ----------
    table : Table
        What REDCap exported from a project with a form for each wave, or from another one.
    instrument : Instrument
        The instrument.
    wave : str, optional
        The one ordinary wave to keep; all by default.

    Returns
    -------
    Table
        First the rows of the first wave, then those of the next; a wave that a respondent did not answer has no row.
        The same table, but for tags in its header, when its columns are not those of a dictionary of several forms.

    Raises
    ------
    DataError
        DAT-018 when nobody answered any of the waves, DAT-013 when a header of labels does not tell the waves apart.
    """
    table = replace(table, header=tuple(_TAG.sub(" ", name).strip() for name in table.header))
    found = _forms_in(table, instrument) or labelled_forms(table, instrument)
    if not found:
        return table
    taken = {index for own in found.values() for index in own}
    shared = {name: index for index, name in enumerate(table.header) if index not in taken and name != _WAVE}
    status = {STATUS, status_field(instrument)}
    rows = {one: _answered(table, own, status) for one, own in found.items() if wave in {None, one}}
    if not any(rows.values()):
        raise DataError(no_answers(table.place, "forms that nobody answered"))
    columns: dict[str, list[Cell]] = {name: [] for name in shared}
    columns |= {name: [] for one in rows for name in found[one].values()}
    for one, answered in rows.items():
        place = shared | {name: index for index, name in found[one].items()}
        for name, cells in columns.items():
            if name == _WAVE:
                cells += [one] * len(answered)
            elif name in place:
                cells += [table.columns[place[name]][row] for row in answered]
            else:
                cells += [""] * len(answered)
    positions = [table.positions[row] for answered in rows.values() for row in answered]
    return replace(table, header=tuple(columns), columns=tuple(columns.values()), positions=positions)


def _forms_in(table: Table, instrument: Instrument) -> dict[str, dict[int, str]]:
    """Find the columns of each wave; none when the file is not of a project with several forms."""
    waves = [one.id for one in instrument.waves if one.asked_with is None]
    if len(waves) == 1:
        return {}
    try:
        names = single_names([form_at(instrument, one) for one in waves])
    except InstrumentError:
        return {}
    found = {one: _columns(table.header, own) for one, own in zip(waves, names, strict=True)}
    return {one: own for one, own in found.items() if _WAVE in own.values()}


def _columns(header: Sequence[str], names: Mapping[str, str]) -> dict[int, str]:
    """Find the columns of one form: column -> the name that it has in a project of its own."""
    found = {}
    for index, name in enumerate(header):
        field, ticks, code = name.partition("___")
        if field in names:
            found[index] = f"{names[field]}{ticks}{code}"
    return found


def _answered(table: Table, own: Mapping[int, str], status: Collection[str]) -> list[int]:
    """Find the respondents who opened a form: its hidden wave is filled in, or some answer is."""
    untouched = {index: _untouched(name, status) for index, name in own.items()}
    return [
        row
        for row in range(len(table.positions))
        if any("".join(table.columns[index][row]).strip().lower() not in none for index, none in untouched.items())
    ]


def _untouched(name: str, status: Collection[str]) -> frozenset[str]:
    """Tell what a column says of a form that nobody opened; elsewhere 0 and no are answers."""
    if name.lower() in status:
        return _INCOMPLETE
    return _UNTICKED if "___" in name else frozenset({""})
