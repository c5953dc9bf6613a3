"""The pure functions of form.js, squeezed as the form holds it, do what their counterparts in Python do."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evalkit.files import inert
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected, holds
from evalkit.instruments.export import html
from evalkit.instruments.export.html_reader import typed_text
from evalkit.instruments.export.squeezing import squeezed_script

SCRIPT = squeezed_script(Path(html.__file__).with_name("form.js").read_text(encoding="utf-8"))
CALL = """
const vm = require("vm"), fs = require("fs");
const context = vm.createContext({});
vm.runInContext(process.argv[1], context);
const cases = JSON.parse(fs.readFileSync(0, "utf8"));
const kinds = { map: (it) => new Map(it), set: (it) => new Set(it), date: (it) => new Date(...it) };
const revived = (value) => {
  const kind = value && Object.keys(kinds).find((name) => Object.hasOwn(value, name));
  return kind ? kinds[kind](value[kind]) : value;
};
console.log(JSON.stringify(cases.map(([name, ...values]) => context[name](...values.map(revived)) ?? null)));
"""
ITEMS = ("choice", "ticks", "weeks", "day")
VALUES = {"choice": ["a", "b", 1, 2], "ticks": ["a", "b"], "weeks": [0, 1, 2.5], "day": ["2024-02-29", "2024-03-01"]}


def called(cases: list[list[object]]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have node")
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "-e", CALL, SCRIPT],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def condition(source: random.Random, depth: int) -> Condition:
    if depth and source.random() < 0.6:
        kind = source.choice([And, Or, Not])
        if kind is Not:
            return Not(condition(source, depth - 1))
        return kind(tuple(condition(source, depth - 1) for _ in range(source.randint(2, 3))))
    item = source.choice(ITEMS)
    if item == "ticks":
        return Selected(item, source.choice(VALUES[item]))
    return Comparison(item, source.choice(["==", "!=", "<", "<=", ">", ">="]), source.choice(VALUES[item]))


def answers(source: random.Random) -> dict[str, object]:
    found: dict[str, object] = {item: source.choice(VALUES[item]) for item in ITEMS if source.random() < 0.7}
    if "ticks" in found:
        found["ticks"] = source.sample(VALUES["ticks"], source.randint(1, 2))
    return found


def test_conditions_hold_as_in_python() -> None:
    source = random.Random(1)  # noqa: S311 - a fixed draw, no secret
    drawn = [(condition(source, 3), answers(source)) for _ in range(3000)]
    cases: list[list[object]] = [
        ["holds", html._branch(tree), {"map": list(given.items())}, {"set": []}] for tree, given in drawn
    ]
    expected = [holds(tree, given) for tree, given in drawn]
    assert called(cases) == expected
    assert 500 < sum(expected) < 2500


def test_a_missing_option_is_neither_more_nor_less_than_anything() -> None:
    signs = ["<", "<=", ">", ">=", "==", "!="]
    cases: list[list[object]] = [["holds", [sign, "x", 5], {"map": [["x", 9]]}, {"set": ["x"]}] for sign in signs]
    assert called(cases) == [False, False, False, False, False, True]


LIMITS = {"min": "0", "max": "520", "decimals": "0"}


@pytest.mark.parametrize(
    ("typed", "limits", "expected"),
    [
        ("", LIMITS, None),
        ("  ", LIMITS, None),
        ("12", LIMITS, 12),
        (" 007 ", LIMITS, 7),
        ("12.0", LIMITS, 12),
        ("-0", {"decimals": "0"}, 0),
        ("-3", {"decimals": "0"}, -3),
        ("1.50", {"decimals": "1"}, 1.5),
        ("0.1", {"decimals": "6"}, 0.1),
        ("-1", LIMITS, "Write a number that is not below 0."),
        ("521", LIMITS, "Write a number that is not above 520."),
        ("1.5", LIMITS, "Write a whole number."),
        ("1.55", {"decimals": "1"}, "Write at most 1 figure after the point."),
        ("1,5", {"decimals": "1"}, "Write a number in figures, such as 7.5."),
        ("1e3", LIMITS, "Write a whole number in figures, such as 7."),
        ("0x10", LIMITS, "Write a whole number in figures, such as 7."),
        ("Infinity", LIMITS, "Write a whole number in figures, such as 7."),
        ("\u0663", LIMITS, "Write a whole number in figures, such as 7."),
        ("9999999999999999", {"decimals": "0"}, "Write a whole number in figures, such as 7."),
    ],
)
def test_numbers_are_read_strictly(typed: str, limits: dict[str, str], expected: object) -> None:
    assert called([["numberIn", typed, limits]]) == [expected]


def test_every_date_of_some_years_is_read_and_no_other() -> None:
    days = [date(2023, 12, 1) + timedelta(days=n) for n in range(500)]
    cases: list[list[object]] = [["dateIn", str(day.day), f"{day.month:02}", str(day.year), {}] for day in days]
    assert called(cases) == [{"value": day.isoformat()} for day in days]
    wrong = [
        ("29", "2", "2023"),
        ("29", "2", "1900"),
        ("31", "4", "2024"),
        ("0", "1", "2024"),
        ("1", "13", "2024"),
        ("1", "1", "0000"),
    ]
    assert [one["error"] for one in called([["dateIn", *typed, {}] for typed in wrong])] == [
        "There is no such date. Check the day and the month."
    ] * len(wrong)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("", " ", ""), {}),
        (("29", "2", "2024"), {"value": "2024-02-29"}),
        (("1", "", "2024"), {"error": "Write the month too."}),
        (("", "", "2024"), {"error": "Write the day and the month too."}),
        (("1", "March", "2024"), {"error": "Write the date in figures, such as 31 3 2024."}),
        (("1", "3", "24"), {"error": "Write the date in figures, such as 31 3 2024."}),
        (("31", "12", "2019"), {"error": "Write a date that is not before 1 January 2020."}),
        (("2", "1", "2030"), {"error": "Write a date that is not after 1 January 2030."}),
    ],
)
def test_dates_are_read_strictly(typed: tuple[str, str, str], expected: dict[str, str]) -> None:
    assert called([["dateIn", *typed, {"min": "2020-01-01", "max": "2030-01-01"}]]) == [expected]


def test_today_is_that_of_the_calendar_on_the_wall() -> None:
    assert called([["today", {"date": [2024, 1, 29, 23, 59]}], ["today", {"date": [2024, 2, 1, 0, 0]}]]) == [
        "2024-02-29",
        "2024-03-01",
    ]


HARD = ["-5", "'-5", "''-5", "'=1", "''=1", "=1", "'tis", "'", "''", "' =1", " =1", "+44 113", "'+44 113"]


@settings(max_examples=20, deadline=None)
@example(HARD)
@given(
    st.lists(
        st.text(
            st.sampled_from(list("'=+-@|%\t\r\n \u00a0\u200b\uff1d19.,ea\"\\;"))
            | st.characters(exclude_categories=["Cs"]),
            max_size=8,
        ),
        min_size=40,
        max_size=80,
    )
)
def test_texts_in_the_spreadsheet_are_inert_and_come_back(texts: list[str]) -> None:
    plain = [text for text in texts if not text.startswith("'")]
    assert called([["inert", text] for text in plain]) == [inert(text) for text in plain]
    (content,) = called([["csvText", [texts]]])
    assert content.startswith("\ufeff")
    (row,) = csv.reader(io.StringIO(content[1:], newline=""), strict=True)
    assert [cell for cell in row if inert(cell) != cell] == []
    assert [typed_text(cell) for cell in row] == texts
