"""Simulated answers as the export of a survey platform writes them, so that a rehearsal reads real formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import pandas as pd

from evalkit.errors import DataError, InstrumentError, Problem, did_you_mean
from evalkit.instruments import Instrument, form_at
from evalkit.instruments.export.redcap import single_names
from evalkit.instruments.model import Item

Row = list[str]

_DAY, _MOMENT = "2024-05-01", "2024-05-01 10:11:12"
_NEVER_OPENED = "0"


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers to one wave, ready to be written.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    wave : str
        The wave.
    frame : pandas.DataFrame
        Shape (respondents, 1 + items): `respondent`, and an item a column in the values of its options; several values
        are joined by blanks, None is no answer. Items without a column are left out of the file.
    """

    instrument: Instrument
    wave: str
    frame: pd.DataFrame

    @property
    def form(self) -> Instrument:
        """Form of the wave."""
        return form_at(self.instrument, self.wave)


def answer_file(answered: Answered, platform: str) -> tuple[str, bytes]:
    """Write the answers to one wave.

    Parameters
    ----------
    answered : Answered
        The answers.
    platform : str
        One of limesurvey, qualtrics, redcap, xlsform, surveyjs, html or spreadsheet.

    Returns
    -------
    tuple of (str, bytes)
        Ending of the file's name, and its content.

    Raises
    ------
    DataError
        DAT-006 for another platform.
    """
    if platform not in _WRITERS:
        remedy = did_you_mean(platform, _WRITERS)
        raise DataError(Problem("DAT-006", "argument platform", repr(platform), "a platform", remedy))
    return _WRITERS[platform](_Writing(answered, platform))


def redcap_file(waves: Sequence[Answered], persons: Sequence[Mapping[str, str]]) -> bytes:
    """Write the answers to all waves of an instrument as a REDCap project exports them: a row a person.

    Parameters
    ----------
    waves : sequence of Answered
        The waves that were answered.
    persons : sequence of mapping of str to str
        For each row: wave -> respondent, of the waves that the person answered.

    Returns
    -------
    bytes
        CSV with the forms of all waves side by side.
    """
    instrument = waves[0].instrument
    ordinary = [wave.id for wave in instrument.waves if wave.asked_with is None]
    if len(ordinary) == 1:
        return _redcap(_Writing(waves[0], "redcap"))[1]
    names = dict(zip(ordinary, single_names([form_at(instrument, one) for one in ordinary]), strict=True))
    head: Row = ["record_id"]
    rows: list[Row] = [[str(number)] for number in range(1, len(persons) + 1)]
    for one in waves:
        here = {single: name for name, single in names[one.wave].items()}
        below, *body = _redcap_rows(_Writing(one, "redcap"))
        kept = [at for at, name in enumerate(below) if name.partition("___")[0] in here]
        head += [_suffixed(below[at], here) for at in kept]
        of_respondent = dict(zip(one.frame["respondent"], body, strict=True))
        untouched = [_NEVER_OPENED if "___" in below[at] else "" for at in kept]
        for row, person in zip(rows, persons, strict=True):
            cells = of_respondent.get(person.get(one.wave, ""))
            row += untouched if cells is None else [cells[at] for at in kept]
    return _csv([head, *rows])


def _suffixed(name: str, here: Mapping[str, str]) -> str:
    base, ticks, code = name.partition("___")
    return f"{here[base]}{ticks}{code}"


class _Writing:
    """One wave, and what the platform calls its items and values."""

    def __init__(self, answered: Answered, platform: str) -> None:
        self.answered = answered
        self.form = answered.form
        try:
            changes = import_module(f"evalkit.instruments.export.{platform}").build(self.form)[2]
        except (InstrumentError, ImportError, AttributeError):
            changes = ()
        self.names = {one.item: one.platform_item for one in changes}
        self.values = {(one.item, one.value): one.platform_value for one in changes if one.value}
        self.items = [item for item in self.form.items if item.id in answered.frame.columns]
        self.rows = answered.frame.to_dict("records")

    @property
    def about(self) -> Row:
        """Instrument, version and wave, as every export carries them."""
        return [self.answered.instrument.id, self.answered.instrument.version, self.answered.wave]

    def name(self, item: Item) -> str:
        return str(self.names.get(item.id, item.name))

    def code(self, item: Item, value: object) -> str:
        return str(self.values.get((item.id, str(value)), value))

    def ticks(self, item: Item, row: Mapping[str, object]) -> list[str]:
        return str(row[item.id]).split() if row[item.id] is not None else []

    def options(self, item: Item) -> list[str]:
        return [str(option.value) for option in self.form.options_of(item)]

    def cell(self, item: Item, row: Mapping[str, object], joiner: str = " ") -> str:
        value = row[item.id]
        if value is None:
            return ""
        if item.kind == "multiple_choice":
            return joiner.join(self.code(item, one) for one in self.ticks(item, row))
        return self.code(item, value) if item.options else str(value)


def _csv(rows: Sequence[Row], *, separator: str = ",", quoting: int = csv.QUOTE_MINIMAL, mark: str = "") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]
    return f"{mark}{out.getvalue()}".encode()


def _limesurvey(one: _Writing) -> tuple[str, bytes]:
    """Semicolons and quotation marks; a multiple choice is a column an option with Y or nothing."""
    head = ["id", "submitdate", "lastpage", "startlanguage", "instrument", "version", "wave"]
    for item in one.items:
        several = item.kind == "multiple_choice"
        options = one.options(item) if several else []
        head += [f"{one.name(item)}[{one.code(item, value)}]" for value in options] if several else [one.name(item)]
    rows = [head]
    for row in one.rows:
        cells = [str(row["respondent"]), _MOMENT, "3", "en", *one.about]
        for item in one.items:
            if item.kind == "multiple_choice":
                ticked = one.ticks(item, row)
                cells += ["Y" if value in ticked else "" for value in one.options(item)]
            else:
                cells.append(one.cell(item, row))
        rows.append(cells)
    return "csv", _csv(rows, separator=";", quoting=csv.QUOTE_ALL, mark="\ufeff")


def _qualtrics(one: _Writing) -> tuple[str, bytes]:
    """Three header rows; the answers of a multiple choice joined by commas."""
    about = ["StartDate", "EndDate", "Progress", "Finished", "RecordedDate", "ResponseId", "UserLanguage"]
    behind = ["instrument", "version", "wave"]
    head = [*about, *(one.name(item) for item in one.items), *behind]
    texts = [*about, *(item.text for item in one.items), *behind]
    rows = [head, texts, [json.dumps({"ImportId": f"QID{number}"}) for number in range(len(head))]]
    rows += [
        [
            *(_MOMENT, _MOMENT, "100", "1", _MOMENT, str(row["respondent"]), "EN-GB"),
            *(one.cell(item, row, ",") for item in one.items),
            *one.about,
        ]
        for row in one.rows
    ]
    return "csv", _csv(rows, quoting=csv.QUOTE_ALL, mark="\ufeff")


def _redcap_rows(one: _Writing) -> list[Row]:
    """Write raw data; a checkbox is a column a choice, with 1 and 0."""
    head = ["record_id", "instrument", "version", "wave"]
    for item in one.items:
        several = item.kind == "multiple_choice"
        head += [f"{one.name(item)}___{value}" for value in one.options(item)] if several else [one.name(item)]
    rows = [head]
    for row in one.rows:
        cells = [str(row["respondent"]), *one.about]
        for item in one.items:
            if item.kind == "multiple_choice":
                ticked = one.ticks(item, row)
                cells += [str(int(value in ticked)) for value in one.options(item)]
            else:
                cells.append(one.cell(item, row))
        rows.append(cells)
    return rows


def _redcap(one: _Writing) -> tuple[str, bytes]:
    return "csv", _csv(_redcap_rows(one))


def _xlsform(one: _Writing) -> tuple[str, bytes]:
    """Paths of groups before names; a multiple choice is one cell with blanks between."""
    groups = {
        item.id: "-".join([f"page__{section.id}", *([f"matrix__{item.matrix}"] if item.matrix else []), one.name(item)])
        for section in one.form.sections
        for item in section.items
    }
    head = ["SubmissionDate", "instrument", "version", "wave", *(groups[item.id] for item in one.items)]
    rows = [[*head, "meta-instanceID"]]
    rows += [
        ["2024-05-01T10:15:00.000Z", *one.about, *(one.cell(item, row) for item in one.items), str(row["respondent"])]
        for row in one.rows
    ]
    return "csv", _csv(rows)


def _surveyjs(one: _Writing) -> tuple[str, bytes]:
    """Answers of matrices nested, lists for several answers, nothing for what was not answered."""
    records = []
    for row in one.rows:
        instrument, version, wave = one.about
        record: dict[str, object] = {
            "id": row["respondent"], "instrument": instrument, "version": version, "wave": wave,
        }  # fmt: skip
        for item in one.items:
            if row[item.id] is None:
                continue
            value: object = row[item.id]
            if item.kind == "multiple_choice":
                known = {str(option.value): option.value for option in one.form.options_of(item)}
                value = [known[tick] for tick in one.ticks(item, row)]
            above = record.setdefault(one.names.get(item.matrix, item.matrix), {}) if item.matrix else record
            if isinstance(above, dict):
                above[one.name(item) if item.matrix else one.names.get(item.id, item.id)] = value
        records.append(record)
    return "json", json.dumps(records, ensure_ascii=False, indent=0).encode()


def _html(one: _Writing) -> tuple[str, bytes]:
    """What evalkit's own form saves, all respondents in one list."""
    instrument, version, wave = one.about
    records = [
        {
            "format": "evalkit-answers",
            "respondent": row["respondent"],
            "instrument": instrument,
            "version": version,
            "wave": wave,
            "language": one.form.languages[0],
            "started": _DAY,
            "finished": _DAY,
            "answers": {item.id: _own(one, item, row) for item in one.items if row[item.id] is not None},
            "skipped": [],
            "not_asked": [],
        }
        for row in one.rows
    ]
    return "json", json.dumps(records, ensure_ascii=False, indent=0).encode()


def _own(one: _Writing, item: Item, row: Mapping[str, object]) -> object:
    if item.kind != "multiple_choice":
        return row[item.id]
    known = {str(option.value): option.value for option in one.form.options_of(item)}
    return [known[tick] for tick in one.ticks(item, row)]


def _spreadsheet(one: _Writing) -> tuple[str, bytes]:
    """Write a plain table with the ids of items as its header."""
    rows = [["respondent", "instrument", "version", "wave", *(item.id for item in one.items)]]
    rows += [[str(row["respondent"]), *one.about, *(one.cell(item, row) for item in one.items)] for row in one.rows]
    return "csv", _csv(rows)


_WRITERS: Mapping[str, Callable[[_Writing], tuple[str, bytes]]] = {
    "limesurvey": _limesurvey,
    "qualtrics": _qualtrics,
    "redcap": _redcap,
    "xlsform": _xlsform,
    "surveyjs": _surveyjs,
    "html": _html,
    "spreadsheet": _spreadsheet,
}
