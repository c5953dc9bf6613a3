"""What the frame holds: types, missing kinds, dates, and the many ways in which columns are called."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from response_formats import html_records
from simulated_answers import simulated_answers

from evalkit.instruments import Instrument, instrument_from_text, load_instrument
from evalkit.instruments.responses import read_responses
from evalkit.instruments.responses.choices import choices_of, several
from evalkit.instruments.responses.decoding import decoded
from evalkit.instruments.responses.forms import asked_at
from evalkit.instruments.responses.headers import Names, Target
from evalkit.instruments.responses.plain_values import dates_in, number_in

HEAD = ("respondent", "way", "chosen", "weeks", "day", "note", "good", "bad", "fine")
EXCEL = date(1899, 12, 30)


def written(folder: Path, *rows: tuple[str, ...], head: tuple[str, ...] = HEAD, separator: str = ",") -> Path:
    path = folder / "answers.csv"
    path.write_text("\n".join(separator.join(row) for row in (head, *rows)), encoding="utf-8")
    return path


def without_then(text: str) -> str:
    plain = text.replace("waves: [before, then, after]", "waves: [before, after]")
    return plain.replace("  then: {title: Looking back, asked_with: after, intro: Think back.}\n", "")


def test_columns_and_types(small: Instrument, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        ("a", "email phone", "email", "3", "2024-02-29", "Because.", "1", "na", "3"),
        ("b", "", "", "1", "", "", "", "2", "3"),
        ("c", "neither", "phone", "", "2024-03-01", "", "3", "2", "3.0"),
    )
    found = read_responses(path, small, wave="before")
    assert [(name, str(kind)) for name, kind in found.dtypes.items()] == [
        ("respondent", "string"),
        ("way__email", "float64"),
        ("way__phone", "float64"),
        ("way__neither", "float64"),
        ("way__missing", "category"),
        ("chosen", "category"),
        ("chosen__missing", "category"),
        ("weeks", "float64"),
        ("weeks__missing", "category"),
        ("day", "datetime64[ns]"),
        ("day__missing", "category"),
        ("note", "string"),
        ("note__missing", "category"),
        ("good", "float64"),
        ("good__missing", "category"),
        ("bad", "float64"),
        ("bad__missing", "category"),
        ("fine", "float64"),
    ]
    plain = found.astype(object).where(found.notna(), None)
    assert plain["way__phone"].tolist() == [1.0, None, 0.0]
    assert plain["chosen"].tolist() == ["email", None, "phone"]
    assert found["chosen"].cat.categories.tolist() == ["email", "phone", "neither"]
    assert plain["good"].tolist() == [1.0, None, 3.0]
    assert plain["bad__missing"].tolist() == ["na", None, None]
    assert plain["good__missing"].tolist() == [None, "skipped", None]
    # Asked only of those who were away for more than two weeks.
    assert plain["note__missing"].tolist() == [None, "not_asked", "not_asked"]
    assert found["day"].tolist()[:1] == [pd.Timestamp(2024, 2, 29)]
    noted = found.attrs.pop("instrument")
    assert (noted["id"], noted["version"]) == ("small", "1.0")
    assert found.attrs == {"dropped": [], "absent": [], "platform": "spreadsheet"}


def test_an_answer_that_is_there_counts_as_asked(small: Instrument, tmp_path: Path) -> None:
    path = written(tmp_path, ("a", "", "", "1", "", "Said all the same.", "1", "1", "1"))
    found = read_responses(path, small, wave="before")
    assert found["note"].tolist() == ["Said all the same."]
    assert "note__missing" not in found


def test_a_page_that_was_hidden_was_not_asked(small_text: str, tmp_path: Path) -> None:
    hidden = small_text.replace("    title: Views\n", "    title: Views\n    when: selected(way, 'email')\n")
    instrument = instrument_from_text(without_then(hidden), "small.yaml")
    path = written(
        tmp_path,
        ("a", "email", "", "", "", "", "", "", ""),
        ("b", "phone", "", "", "", "", "", "", ""),
        ("c", "", "", "", "", "", "", "", ""),
    )
    found = read_responses(path, instrument, wave="before")
    assert found["good__missing"].tolist() == ["skipped", "not_asked", "not_asked"]
    assert found["way__missing"].tolist()[2] == "skipped"


def test_missing_options_that_are_numbers_have_no_order(small_text: str, tmp_path: Path) -> None:
    numbers = small_text.replace("na: Does not apply", "9: Does not apply")
    later = numbers.replace(
        "scales:\n",
        "  last:\n    title: Last\n    items:\n      more: {kind: number, text: More?, when: good > 1}\nscales:\n",
    )
    instrument = instrument_from_text(without_then(later), "small.yaml")
    head = (*HEAD, "more")
    path = written(
        tmp_path,
        *(("", "", "", "", "", "", good, "1", "1", "") for good in ("9", "2", "1", "")),
        head=head,
    )
    found = read_responses(path, instrument, wave="before")
    assert found["more__missing"].tolist() == ["not_asked", "skipped", "not_asked", "not_asked"]
    assert found["good__missing"].tolist()[0] == "9"
    assert found["good"].isna().tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    "headers",
    [
        ("ID", "How?", "Which one?", "How long?", "When?", "Why?", "It is good.", "It is bad.", "It is fine."),
        (
            *("Id", "1. How?", "2. which  one?", "Q3 How long?", "4) When?", "5. Why?"),
            *("6.1. It is good.", "6.2. It is bad.", "6.3 It is fine."),
        ),
        (
            *("Response ID", "How?", "Which one?", "How long?", "When?", "Why?"),
            *("Do you agree? [It is good.]", "Do you agree? - It is bad.", "Do you agree?: It is fine."),
        ),
    ],
)
def test_question_texts_as_headers(small: Instrument, tmp_path: Path, headers: tuple[str, ...]) -> None:
    row = ("7", "By email;By phone;", "By email", "3", "2024-02-29", "=1+1", "Disagree", "does not  apply", "Agree")
    found = read_responses(written(tmp_path, row, head=headers), small, wave="before")
    assert found["respondent"].tolist() == ["7"]
    assert found[["way__email", "way__neither", "good", "fine"]].to_numpy().tolist() == [[1, 0, 1, 3]]
    assert found["bad__missing"].tolist() == ["na"]
    assert found["note"].tolist() == ["=1+1"]


@pytest.mark.parametrize(
    "text", ["How?", "How? [{}]", "How? (choice={})", "How? - {}", "way[{}]", "way___{}", "way/{}"]
)
def test_one_column_an_option(small: Instrument, tmp_path: Path, text: str) -> None:
    labelled = text.startswith("How")
    options = ("By email", "By phone", "Not at all") if labelled else ("email", "phone", "neither")
    columns = tuple(text.format(option) for option in options) if "{}" in text else (text,)
    cells = (("Checked", "Unchecked", ""), ("0", "FALSE", "No")) if "{}" in text else (("By email",), ("",))
    head = (*HEAD[:1], *columns, *HEAD[2:])
    rows = tuple((str(number), *row, *[""] * 7) for number, row in enumerate(cells))
    found = read_responses(written(tmp_path, *rows, head=head), small, platform="spreadsheet", wave="before")
    assert found["way__email"].tolist()[0] == 1
    assert found["way__phone"].tolist()[0] == 0
    assert found["way__missing"].tolist()[1] == "skipped"


def test_texts_with_tokens() -> None:
    names = Names(asked_at(load_instrument("return-to-work-transition"), ["before"], "spreadsheet"), paths=False)
    for said in ("{organisation}", "your organisation", "Acme University Trust"):
        assert names.of(f"I feel that I belong at {said}.") == {Target("att_belong")}
    assert names.of("I feel that I belong.") == frozenset()
    assert names.of("x" * 5000) == frozenset()


def test_an_option_called_other_is_no_answer_in_words(small_text: str, tmp_path: Path) -> None:
    instrument = instrument_from_text(small_text.replace("phone: By phone", "other: Otherwise"), "small.yaml")
    head = ("id", "way[email]", "way[other]", "way[neither]", *HEAD[2:], "chosen[other]")
    path = written(tmp_path, ("1", "N", "Y", "N", *[""] * 8), head=head)
    found = read_responses(path, instrument, "limesurvey", wave="before")
    assert found["way__other"].tolist() == [1]
    assert found.attrs["dropped"] == ["chosen[other]"]


def test_labels_that_hold_the_separator(small_text: str) -> None:
    text = small_text.replace("email: By email", "email: By email, or not").replace("phone: By phone", "phone: or not")
    instrument = instrument_from_text(text, "small.yaml")
    asked = asked_at(instrument, ["before"], "spreadsheet")
    choices = choices_of(asked, asked.items["way"])
    cells = ["By email, or not", "By email, or not, or not", "or not", "By email", "or not, Not at all"]
    found = several(choices, cells, label=True).found
    assert found["By email, or not"] == {("email",)}
    assert found["By email, or not, or not"] == {("email", "phone")}
    assert found["or not"] == {("phone",)}
    assert found["By email"] == frozenset()
    assert found["or not, Not at all"] == {("phone", "neither")}


def test_redcap_events_are_waves_and_repeats_are_no_duplicates(small: Instrument, tmp_path: Path) -> None:
    head = ("record_id", "redcap_event_name", "redcap_repeat_instance", *HEAD[1:], "small_complete")
    head = (*head, "good_then", "bad_then", "fine_then")
    cells = ("", "", "1", "", "", "1", "2", "3", "2", "", "", "")
    head = tuple("way___email" if name == "way" else name for name in head)
    head = (*head, "way___phone", "way___neither")
    rows = [("1", "before_arm_1", "", *cells, "0", "1"), ("1", "after_arm_1", "1", *cells, "0", "1")]
    rows.append(("1", "after_arm_1", "2", *cells, "0", "1"))
    found = read_responses(written(tmp_path, *rows, head=head), small)
    assert found["wave"].tolist() == ["before", "after", "after"]
    assert found.attrs["platform"] == "redcap"
    assert found["good_then__missing"].tolist() == ["not_asked", "skipped", "skipped"]
    assert found["way__neither"].tolist() == [1, 1, 1]
    assert "small_complete" in found.attrs["dropped"]


def workbook_of(*cells: object, mac: bool = False) -> bytes:
    book = openpyxl.Workbook()
    if mac:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(list(HEAD))
    book.active.append(list(cells))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("day", "mac"),
    [(45351, False), (45351.5, False), (datetime(2024, 2, 29, 13, 0), False), ("29/02/2024", False), (43889, True)],
)
def test_dates_in_workbooks(small: Instrument, tmp_path: Path, day: object, mac: bool) -> None:  # noqa: FBT001
    path = tmp_path / "answers.xlsx"
    path.write_bytes(workbook_of("a", "email", "email", 3.0, day, None, 1, 2, 3, mac=mac))
    assert read_responses(path, small, wave="before")["day"].tolist() == [pd.Timestamp(2024, 2, 29)]


def test_formulas_give_their_values_and_texts_stay_texts(small: Instrument, tmp_path: Path) -> None:
    content = workbook_of("a", "email", "email", "=1+2", "2024-02-29", "NOTE", 1, 2, 3)
    path = tmp_path / "answers.xlsx"
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(path, "w") as copy:
        for name in archive.namelist():
            part = archive.read(name).replace(b"<f>1+2</f><v />", b"<f>1+2</f><v>3</v>")
            part = part.replace(b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>")
            copy.writestr(name, part.replace(b">NOTE<", b">=HYPERLINK(1)<"))
    found = read_responses(path, small, wave="before")
    assert found["weeks"].tolist() == [3]
    assert found["note"].tolist() == ["=HYPERLINK(1)"]


def test_the_apostrophe_of_our_own_csv_is_taken_away_once(small: Instrument, tmp_path: Path) -> None:
    texts = {"'=1+1": "=1+1", "''=1": "'=1", "-5": "-5", "'-5": "'-5", "''-5": "''-5", "'quoted'": "'quoted'", "'": "'"}
    head = (*HEAD, "wave", "not-asked")
    rows = [(str(at), "", "", "3", "", text, "", "", "", "before", "") for at, text in enumerate(texts)]
    found = read_responses(written(tmp_path, *rows, head=head), small)
    assert found.attrs["platform"] == "html"
    assert found["note"].tolist() == list(texts.values())


def test_our_own_form_may_say_which_way_it_was_declined(small: Instrument, tmp_path: Path) -> None:
    record = {**html_records(simulated_answers(small, 1, seed=1, wave="before"))[0], "answers": {"weeks": 1}}
    record["missing"] = {"good": "na", "bad": "skipped", "note": "not_asked"}
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(record), encoding="utf-16")
    found = read_responses(path, small)
    assert found[["good__missing", "bad__missing", "note__missing"]].to_numpy().tolist() == [
        ["na", "skipped", "not_asked"]
    ]


def test_times_that_cannot_be_told_are_left_out(small: Instrument, tmp_path: Path) -> None:
    row = ("a", "", "", "1", "", "", "1", "1", "1")
    head = (*HEAD, "Start time", "Completion time")
    path = written(tmp_path, (*row, "31/01/2024 9:05 PM", "01/02/2024 10:00"), head=head)
    found = read_responses(path, small, wave="before")
    assert found["started"].tolist() == [pd.Timestamp(2024, 1, 31, 21, 5)]
    assert found.attrs["dropped"] == ["Completion time"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("12", 12), (" 12.0 ", 12), ("-3,5", -3.5), (".5", 0.5), ("1e3", 1000), ("1,000", None), ("1.000,5", None)],
        *[("", None), ("e3", None), (".", None), ("0x10", None), ("\u0661", None), ("1_0", None), ("infinity", None)],
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2024-02-29", "2023-02-29"], ["2024-02-29", None]),
        (["2024-03-31T23:59:59.000+01:00"], ["2024-03-31"]),
        (["2024-03-31 00:00:00"], ["2024-03-31"]),
        (["2024-03-31 whenever"], [None]),
        (["31/03/2024", "01/02/2024"], ["2024-03-31", "2024-02-01"]),
        (["3/31/2024", "1/2/2024"], ["2024-03-31", "2024-01-02"]),
        (["31/03/2024", "03/31/2024", "1/2/2024", "2/2/2024"], [None, None, None, "2024-02-02"]),
        (["31.03.2024", "2024/03/31"], ["2024-03-31", "2024-03-31"]),
        (["45382", "2024", "20240331", "31 March"], ["2024-03-31", None, None, None]),
        (["2024-03-31 13:00 PM", "2024-03-31 25:00"], [None, None]),
    ],
)
def test_dates(cells: list[str], days: list[str | None]) -> None:
    if days[:2] == [None, None] and len(days) == 4:
        cells, days = cells[2:], days[2:]  # both orders are there: only what can be read either way is read
        found = dates_in(["31/03/2024", "03/31/2024", *cells], EXCEL)
    else:
        found = dates_in(cells, EXCEL)
    assert [moment.date().isoformat() if (moment := found[cell]) else None for cell in cells] == days


def test_a_half_written_byte_order_mark_is_no_text() -> None:
    assert decoded(b"\xef\xbb\xbfa", "x") == "a"
    assert decoded("a".encode("utf-16"), "x") == "a"
