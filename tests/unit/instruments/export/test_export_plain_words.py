from __future__ import annotations

import pytest

from evalkit.instruments import form_at
from evalkit.instruments.conditions import parse_condition
from evalkit.instruments.export.plain_words import condition_words, limit_words, question_numbers, written_date
from evalkit.instruments.model import Instrument, Item


def test_questions_are_numbered_as_they_are_shown(small: Instrument) -> None:
    assert question_numbers(form_at(small, "after")) == {
        "way": "1",
        "chosen": "2",
        "weeks": "3",
        "day": "4",
        "note": "5",
        "grid": "6",
        "good": "6a",
        "bad": "6b",
        "fine": "6c",
        "grid_then": "7",
        "good_then": "7a",
        "bad_then": "7b",
        "fine_then": "7c",
    }


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("chosen == 'email'", "the answer to question 2 is “By email”"),
        ("chosen != 'email'", "the answer to question 2 is not “By email”"),
        ("not (chosen != 'email')", "the answer to question 2 is “By email”"),
        ("weeks >= 2", "the answer to question 3 is at least 2"),
        ("weeks > 2", "the answer to question 3 is more than 2"),
        ("weeks < 2.5", "the answer to question 3 is less than 2.5"),
        ("weeks <= 2", "the answer to question 3 is at most 2"),
        ("weeks == 2", "the answer to question 3 is 2"),
        ("not (weeks > 2)", "the answer to question 3 is not more than 2"),
        ("day < '2024-03-31'", "the answer to question 4 is before 31 March 2024"),
        ("day >= '2024-03-31'", "the answer to question 4 is 31 March 2024 or later"),
        ("good >= 2", "the answer to question 6a is “Neither” or “Agree”"),
        ("good > 3", "the answer to question 6a is none of the answers"),
        ("selected(way, 'phone')", "“By phone” is chosen in question 1"),
        ("not selected(way, 'phone')", "“By phone” is not chosen in question 1"),
        ("chosen == 'email' or chosen == 'phone'", "the answer to question 2 is “By email” or “By phone”"),
        (
            "not (chosen == 'email' or chosen == 'phone' or chosen == 'neither')",
            "the answer to question 2 is not “By email”, “By phone” or “Not at all”",
        ),
        (
            "weeks > 2 and chosen == 'email'",
            "the answer to question 3 is more than 2 and the answer to question 2 is “By email”",
        ),
        (
            "weeks > 2 and (selected(way, 'email') or selected(way, 'phone'))",
            "the answer to question 3 is more than 2, "
            "and (“By email” is chosen in question 1 or “By phone” is chosen in question 1)",
        ),
        (
            "not (weeks > 2 and selected(way, 'email'))",
            "the answer to question 3 is not more than 2 or “By email” is not chosen in question 1",
        ),
    ],
)
def test_conditions_are_said_in_words(condition: str, words: str, small: Instrument) -> None:
    form = form_at(small, "after")
    assert condition_words(parse_condition(condition), form) == f"Only if {words}."


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"kind": "number"}, "A whole number."),
        ({"kind": "number", "min": 0, "max": 5}, "A whole number from 0 to 5."),
        ({"kind": "number", "min": 0.5, "decimals": 1}, "A number with up to 1 decimal of at least 0.5."),
        ({"kind": "number", "max": 5, "decimals": 2}, "A number with up to 2 decimals of at most 5."),
        ({"kind": "date"}, "A date."),
        ({"kind": "date", "min": "2024-03-01"}, "A date on or after 1 March 2024."),
        ({"kind": "date", "max": "2024-03-01"}, "A date on or before 1 March 2024."),
        ({"kind": "multiple_choice"}, ""),
        ({"kind": "multiple_choice", "min": 1, "max": 3}, "Choose from 1 to 3."),
        ({"kind": "multiple_choice", "max": 3}, "Choose at most 3."),
        ({"kind": "short_text", "max_length": 1}, "At most 1 character."),
        ({"kind": "long_text", "max_length": 200}, "At most 200 characters."),
        ({"kind": "long_text"}, ""),
        ({"kind": "single_choice"}, ""),
    ],
)
def test_limits_are_said_in_words(item: dict[str, object], words: str) -> None:
    assert limit_words(Item.model_validate({"id": "x", "text": "X", **item})) == words


def test_a_date_is_written_in_full() -> None:
    assert written_date("0999-12-01") == "1 December 999"
