"""Retrospective questions have the text of those that they repeat: their place or the title of their page tells."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from frames import assert_frames_agree
from response_formats import workbook
from simulated_answers import simulated_answers

from evalkit.errors import DataError
from evalkit.instruments import Instrument, form_at, read_library
from evalkit.instruments.export import word
from evalkit.instruments.model import Item, Section
from evalkit.instruments.responses import read_responses
from evalkit.instruments.wording import in_language

HEAD = ("id", "How?", "Which one?", "How long?", "When?", "Why?")
TEXTS = ("It is good.", "It is bad.", "It is fine.")
ROW = ("r1", "", "", "1", "", "", "1", "2", "3", "3", "2", "1")


def read(folder: Path, small: Instrument, head: Sequence[str], row: Sequence[str] = ROW) -> list[float]:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, row])
    found = read_responses(path, small)
    return found[["good", "bad", "fine", "good_then", "bad_then", "fine_then"]].iloc[0].tolist()


@pytest.mark.parametrize("again", ["{}", "{}2", "{}.1", "{} (1)", "{}_2", "{} 2", "Do you agree? [{}]"])
def test_the_order_of_the_form_tells_columns_of_one_text_apart(again: str, small: Instrument, tmp_path: Path) -> None:
    head = (*HEAD, *TEXTS, *(again.format(text) for text in TEXTS))
    assert read(tmp_path, small, head) == [1, 2, 3, 3, 2, 1]


@pytest.mark.parametrize("said", ["{} (Looking back)", "Looking back: {}", "{} - Looking back", "[Looking back] {}"])
def test_the_title_of_the_page_tells_them_apart_in_any_order(said: str, small: Instrument, tmp_path: Path) -> None:
    then = [said.format(text) for text in TEXTS]
    now = [said.replace("Looking back", "Views").format(text) for text in TEXTS]
    assert read(tmp_path, small, (*HEAD, *then, *now)) == [3, 2, 1, 1, 2, 3]


@pytest.mark.parametrize(
    "head",
    [
        (*HEAD, *TEXTS[:2], *TEXTS),
        (*HEAD, *TEXTS, *TEXTS, TEXTS[0]),
        (*HEAD, TEXTS[1], TEXTS[0], TEXTS[2], *TEXTS),
        (*HEAD[:5], *TEXTS, *TEXTS, HEAD[5]),
        (*HEAD, *TEXTS, "It is good.2", "It is bad.2", "It is so.2"),
    ],
)
def test_columns_in_another_order_or_number_are_refused(
    head: tuple[str, ...], small: Instrument, tmp_path: Path
) -> None:
    row = (*ROW, "1")[: len(head)]
    with pytest.raises(DataError, match=r"DAT-013 .*(order of the form|ids of their items)|DAT-006"):
        read(tmp_path, small, head, row)


def test_a_number_behind_a_text_that_is_not_repeated_is_unknown(small: Instrument, tmp_path: Path) -> None:
    head = ("id", "How?2", *HEAD[2:], *TEXTS, *TEXTS)
    with pytest.raises(DataError, match="DAT-006"):
        read(tmp_path, small, head)


def forms_headers(form: Instrument) -> list[str]:
    """Microsoft Forms: the text of each question or row, a number behind one that is there already."""
    seen = [item.text for item in form.items if item.kind != "information"]
    return [
        text if seen[:at].count(text) == 0 else f"{text}{seen[:at].count(text) + 1}" for at, text in enumerate(seen)
    ]


def titled_headers(form: Instrument) -> list[str]:
    """The title of the page behind each text that is there twice."""
    texts = [item.text for _, item in _asked(form)]
    return [item.text if texts.count(item.text) == 1 else f"{item.text} ({page.title})" for page, item in _asked(form)]


def _asked(form: Instrument) -> list[tuple[Section, Item]]:
    return [(page, item) for page in form.sections for item in page.items if item.kind != "information"]


REPEATED = [
    pytest.param(one, wave.id, id=f"{one.id}-{wave.id}")
    for one in read_library()
    for wave in one.waves
    if any(then.asked_with == wave.id for then in one.waves)
]


@pytest.mark.parametrize(("instrument", "wave"), REPEATED)
@pytest.mark.parametrize("headers", [forms_headers, titled_headers])
def test_word_to_a_spreadsheet_of_texts_and_back(
    instrument: Instrument, wave: str, headers: Callable[[Instrument], list[str]], tmp_path: Path
) -> None:
    """Somebody types the Word form into Microsoft Forms, and exports the answers."""
    found = simulated_answers(instrument, 8, seed=5, wave=wave)
    form = form_at(instrument, wave)
    printed = word.read_back(word.build(in_language(form, None))[0])
    head = headers(printed)
    items = [item for _, item in _asked(form)]
    assert len(head) == len(items)
    labels = {(one.id, option.value): option.label for one in printed.options for option in one.options}
    rows = [["ID", "Start time", "Completion time", "Email", "Name", *head]]
    for respondent, given in zip(found.respondents, found.given, strict=True):
        cells = [respondent, "", "", "someone@example.org", "Someone"]
        for item in items:
            value = given.get(item.id)
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            texts = [labels[item.options, one] if item.options else str(one) for one in values]  # type: ignore[index]
            cells.append("".join(f"{text};" for text in texts) if isinstance(value, tuple) else "".join(texts))
        rows.append(cells)
    if headers is titled_headers:
        order = list(range(len(rows[0])))
        random.Random(1).shuffle(order)  # noqa: S311 - a fixed draw, no secret
        rows = [[row[at] for at in order] for row in rows]
    path = tmp_path / "forms.xlsx"
    path.write_bytes(workbook(rows))
    back = read_responses(path, instrument, wave=wave)
    names = [name for name in back if name not in {"respondent", "started", "finished"}]
    assert any(name.endswith("_then") for name in names)
    assert_frames_agree(back[names], found.frame(), rtol=0, atol=0)
