"""Simulated respondents in the response formats of platforms, written from what is known of those formats.

Sources: what the platforms document of their exports; the names and codes on a platform are those
of the export's own value map.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from importlib import import_module

from simulated_answers import Simulated

from evalkit.errors import InstrumentError
from evalkit.instruments.model import Instrument, Item
from evalkit.instruments.wording import in_language

Row = list[str]


class Codes:
    """What an export called items and values."""

    def __init__(self, form: Instrument, platform: str) -> None:
        try:
            changes = import_module(f"evalkit.instruments.export.{platform}").build(form)[2]
        except InstrumentError:
            changes = ()
        self.items = {one.item: one.platform_item for one in changes}
        self.values = {(one.item, one.value): one.platform_value for one in changes if one.value}

    def name(self, item: Item) -> str:
        return self.items.get(item.id, item.name)

    def code(self, item: Item, value: object) -> str:
        return self.values.get((item.id, str(value)), str(value))


def _csv(rows: Sequence[Row], *, separator: str = ",", quoting: int = csv.QUOTE_MINIMAL, mark: str = "") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\r\n").writerows(rows)
    return f"{mark}{out.getvalue()}".encode()


def _plain(found: Simulated, item: Item, row: int, code: Callable[[Item, object], str], joiner: str = " ") -> str:
    value = found.given[row].get(item.id)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return joiner.join(code(item, one) for one in value)
    return code(item, value) if item.options else str(value)


def _about(found: Simulated) -> list[str]:
    return [found.instrument.id, found.instrument.version, found.wave]


def limesurvey(found: Simulated, *, labels: bool = False, separator: str = ";") -> bytes:
    """Semicolons, everything in quotation marks; a multiple choice is a column an option with Y or nothing."""
    codes = Codes(found.form, "limesurvey")
    said = _labels(found)
    head = ["id", "submitdate", "lastpage", "startlanguage", "seed", "ipaddr", "instrument", "version", "wave"]
    rows: list[Row] = [[]]
    for item in found.items:
        if item.kind == "multiple_choice":
            head += [f"{codes.name(item)}[{codes.code(item, one.value)}]" for one in found.form.options_of(item)]
        else:
            head.append(codes.name(item))
    rows = [head]
    for position, respondent in enumerate(found.respondents):
        row = [respondent, "2024-05-01 10:11:12", "3", "en", "42", "192.0.2.1", *_about(found)]
        for item in found.items:
            value = found.given[position].get(item.id)
            if item.kind == "multiple_choice":
                chosen = value if isinstance(value, tuple) else ()
                yes, no = ("Yes", "No") if labels else ("Y", "")
                row += [yes if one.value in chosen else no for one in found.form.options_of(item)]
            elif item.kind == "date":
                row.append(f"{value} 00:00:00" if value else "")
            elif item.kind == "number":
                row.append("" if value is None else f"{float(str(value)):.10f}")
            else:
                row.append(_plain(found, item, position, said if labels else codes.code))
        rows.append(row)
    return _csv(rows, separator=separator, quoting=csv.QUOTE_ALL, mark="\ufeff")


def qualtrics(found: Simulated, *, split: bool = False) -> bytes:
    """Three header rows; the answers of a multiple choice joined by commas, or a column an option with its code."""
    codes = Codes(found.form, "qualtrics")
    head = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished"]
    head += ["RecordedDate", "ResponseId", "RecipientEmail", "LocationLatitude", "UserLanguage"]
    text = list(head)
    for item in found.items:
        if item.kind == "multiple_choice" and split:
            for option in found.form.options_of(item):
                head.append(f"{codes.name(item)}_{codes.code(item, option.value)}")
                text.append(f"{item.text} - {option.label}")
        else:
            head.append(codes.name(item))
            text.append(item.text)
    head += ["instrument", "version", "wave"]
    text += ["instrument", "version", "wave"]
    rows = [head, text, [json.dumps({"ImportId": f"QID{number}"}) for number in range(len(head))]]
    for position, respondent in enumerate(found.respondents):
        row = ["2024-05-01 10:11:12", "2024-05-01 10:15:00", "0", "192.0.2.1", "100", "60", "1", "2024-05-01 10:15:01"]
        row += [respondent, "someone@example.org", "53.4", "EN-GB"]
        for item in found.items:
            if item.kind == "multiple_choice" and split:
                value = found.given[position].get(item.id)
                chosen = value if isinstance(value, tuple) else ()
                options = found.form.options_of(item)
                row += [codes.code(item, one.value) if one.value in chosen else "" for one in options]
            else:
                row.append(_plain(found, item, position, codes.code, ","))
        rows.append([*row, *_about(found)])
    return _csv(rows, quoting=csv.QUOTE_ALL, mark="\ufeff")


def redcap(found: Simulated, *, labels: bool = False) -> bytes:
    """A checkbox is a column a choice, `field___code`, with 1 and 0, or Checked and Unchecked."""
    codes = Codes(found.form, "redcap")
    said = _labels(found)
    head = ["record_id", "redcap_survey_identifier", "instrument", "version", "wave"]
    for item in found.items:
        if item.kind == "multiple_choice":
            head += [f"{codes.name(item)}___{one.value}" for one in found.form.options_of(item)]
        else:
            head.append(codes.name(item))
    rows = [[*head, "random_complete"]]
    for position, respondent in enumerate(found.respondents):
        row = [respondent, "someone@example.org", *_about(found)]
        for item in found.items:
            if item.kind == "multiple_choice":
                value = found.given[position].get(item.id)
                chosen = value if isinstance(value, tuple) else ()
                yes, no = ("Checked", "Unchecked") if labels else ("1", "0")
                row += [yes if one.value in chosen else no for one in found.form.options_of(item)]
            else:
                row.append(_plain(found, item, position, said if labels else codes.code))
        rows.append([*row, "2"])
    return _csv(rows)


def redcap_labelled(raw: bytes, dictionary: str) -> bytes:
    """REDCap's export with labels: field labels without tags for a header, `Complete?` behind each form."""
    names, *rows = csv.reader(io.StringIO(raw.decode(), newline=""))
    fields = {row["Variable / Field Name"]: row for row in csv.DictReader(io.StringIO(dictionary, newline=""))}
    head = []
    for name in names:
        field, ticks, code = name.partition("___")
        if field not in fields:
            head.append({"redcap_survey_identifier": "Survey Identifier"}.get(name, "Complete?"))
            continue
        label = re.sub(r"<(?! )[^>]*>", "", fields[field]["Field Label"])
        choices = fields[field]["Choices, Calculations, OR Slider Labels"].split(" | ")
        said = dict(one.split(", ", maxsplit=1) for one in choices) if ticks else {}
        head.append(f"{label} (choice={said[code]})" if ticks else label)
    states = {"0": "Incomplete", "2": "Complete"}
    ends = {at for at, name in enumerate(head) if name == "Complete?"}
    body = [[states.get(cell, cell) if at in ends else cell for at, cell in enumerate(row)] for row in rows]
    return _csv([head, *body])


def xlsform(found: Simulated, *, separator: str = "-", split: bool = False) -> bytes:
    """Paths of groups before names; a multiple choice is one cell with blanks between, or a column a choice too."""
    rows = xlsform_rows(found, separator=separator, split=split)
    return _csv(rows)


def xlsform_rows(found: Simulated, *, separator: str = "-", split: bool = False) -> list[Row]:
    codes = Codes(found.form, "xlsform")
    head = ["SubmissionDate", "deviceid", "instrument", "version", "wave"]
    paths = {}
    for section in found.form.sections:
        for item in section.items:
            groups = [f"page__{section.id}", *([f"matrix__{item.matrix}"] if item.matrix else [])]
            paths[item.id] = separator.join([*groups, codes.name(item)])
    for item in found.items:
        if item.kind == "multiple_choice" and split:
            head += [f"{paths[item.id]}/{one.value}" for one in found.form.options_of(item)]
        else:
            head.append(paths[item.id])
    rows = [[*head, f"meta{separator}instanceID"]]
    for position, respondent in enumerate(found.respondents):
        row = ["2024-05-01T10:15:00.000Z", "phone-1", *_about(found)]
        for item in found.items:
            if item.kind == "multiple_choice" and split:
                value = found.given[position].get(item.id)
                chosen = value if isinstance(value, tuple) else ()
                shown = value is not None
                row += ["" if not shown else str(int(one.value in chosen)) for one in found.form.options_of(item)]
            else:
                row.append(_plain(found, item, position, codes.code))
        rows.append([*row, respondent])
    return rows


def surveyjs(found: Simulated) -> bytes:
    """Answers of matrices nested, lists for several answers, nothing for what was not answered."""
    codes = Codes(found.form, "surveyjs")
    records = []
    for position, respondent in enumerate(found.respondents):
        record: dict[str, object] = {"id": respondent, "instrument": found.instrument.id, "wave": found.wave}
        record["version"] = found.instrument.version
        for item in found.items:
            value = found.given[position].get(item.id)
            if value is None:
                continue
            value = list(value) if isinstance(value, tuple) else value
            if item.matrix:
                above = record.setdefault(codes.items.get(item.matrix, item.matrix), {})
                assert isinstance(above, dict)
                above[codes.name(item)] = value
            else:
                record[codes.items.get(item.id, item.id)] = value
        records.append(record)
    return json.dumps(records[0] if len(records) == 1 else records, ensure_ascii=False).encode()


def html_records(found: Simulated) -> list[dict[str, object]]:
    """What evalkit's own form saves, one object a respondent."""
    records: list[dict[str, object]] = []
    for position, respondent in enumerate(found.respondents):
        given = found.given[position]
        answers = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
        kinds = found.kinds[position]
        records.append(
            {
                "format": "evalkit-answers",
                "respondent": respondent,
                "instrument": found.instrument.id,
                "version": found.instrument.version,
                "wave": found.wave,
                "language": found.instrument.languages[0],
                "started": "2024-05-01",
                "finished": "2024-05-01",
                "answers": answers,
                "skipped": [item for item, kind in kinds.items() if kind == "skipped"],
                "not_asked": [item for item, kind in kinds.items() if kind == "not_asked"],
            }
        )
    return records


def html_csv(found: Simulated, row: int) -> bytes:
    """The same as CSV, one respondent; a text that a spreadsheet would run has an apostrophe in front."""
    record = html_records(found)[row]
    about = {key: str(value) for key, value in record.items() if isinstance(value, str) and key != "format"}
    answers = record["answers"]
    assert isinstance(answers, dict)
    head = [*about, *(item.id for item in found.items), "not-asked"]
    not_asked = record["not_asked"]
    assert isinstance(not_asked, list)
    cells = [*about.values()]
    for item in found.items:
        value = answers.get(item.id, "")
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        bare = text.lstrip("'")
        # As form.js does it: a plain number stays, whatever is before it.
        armed = isinstance(value, str) and bare.startswith(("=", "-", "@", "+", "|", "%")) and not _is_number(bare)
        cells.append(f"'{text}" if armed else text)
    return _csv([head, [*cells, " ".join(not_asked)]], quoting=csv.QUOTE_ALL, mark="\ufeff")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def spreadsheet_rows(found: Simulated, *, texts: bool = False, language: str | None = None) -> list[Row]:
    """A plain table: ids and codes, or question texts and labels as Microsoft Forms and Jisc export them."""
    if not texts:
        head = ["respondent", "wave", *(item.id for item in found.items)]
        rows = [head]
        for position, respondent in enumerate(found.respondents):
            cells = [_plain(found, item, position, lambda _, value: str(value)) for item in found.items]
            rows.append([respondent, found.wave, *cells])
        return rows
    said = in_language(found.form, language)
    labels = _labels(found, language)
    headers = _headers(said)
    rows = [["ID", "Start time", "Email", "Name", *(headers[item.id] for item in found.items)]]
    for position, respondent in enumerate(found.respondents):
        cells = [_plain(found, item, position, labels, ";") for item in found.items]
        rows.append([respondent, "2024-05-01 10:11:12", "someone@example.org", "Someone", *cells])
    return rows


def spreadsheet(found: Simulated, *, texts: bool = False, language: str | None = None, separator: str = ",") -> bytes:
    return _csv(spreadsheet_rows(found, texts=texts, language=language), separator=separator)


def _headers(said: Instrument) -> dict[str, str]:
    """Head columns by the text of their question, with a number behind one that is there already (Microsoft Forms)."""
    found: dict[str, str] = {}
    seen: list[str] = []
    for section in said.sections:
        for matrix, items in section.groups():
            for item in items:
                if item.kind == "information":
                    continue
                text = item.text if matrix is None else f"{matrix.text} [{item.text}]"
                seen.append(text)
                found[item.id] = text if seen.count(text) == 1 else f"{text}{seen.count(text)}"
    return found


def _labels(found: Simulated, language: str | None = None) -> Callable[[Item, object], str]:
    said = in_language(found.form, language)
    known = {(one.id, option.value): option.label for one in said.options for option in one.options}
    return lambda item, value: known[(item.options or "", value)]  # type: ignore[index]


def workbook(rows: Sequence[Row]) -> bytes:
    """Write rows as an .xlsx in which numbers are numbers."""
    book = import_module("openpyxl").Workbook()
    for row in rows:
        book.active.append([_number(cell) for cell in row])
    for cells in book.active.iter_rows():
        for cell in cells:
            if cell.data_type == "f":
                cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _number(cell: str) -> object:
    if cell == "":
        return None
    return (
        int(cell) if cell.isdecimal() and cell.isascii() and len(cell) < 9 and (cell == "0" or cell[0] != "0") else cell
    )
