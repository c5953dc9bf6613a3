"""Dates of plain spreadsheets: the column tells whether the day comes first, or the caller does."""

from __future__ import annotations

import io
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.instruments import Instrument
from evalkit.instruments.responses import read_responses
from evalkit.instruments.responses.plain_values import day_orders

HEAD = "respondent,way,chosen,weeks,day,note,good,bad,fine,started"


def dates(*cells: str) -> str:
    rows = (f"r{row},,,,{cell},,1,1,1,{cell}" for row, cell in enumerate(cells))
    return "\n".join([HEAD, *rows])


def days(text: str, small: Instrument, folder: Path, **words: bool) -> list[str]:
    path = folder / "answers.csv"
    path.write_text(text, encoding="utf-8")
    found = read_responses(path, small, wave="before", **words)
    assert found["started"].dt.normalize().tolist() == found["day"].tolist()
    return [moment.date().isoformat() for moment in found["day"]]


def told(text: str, small: Instrument, folder: Path, **words: bool) -> list[str]:
    with pytest.raises(DataError) as caught:
        days(text, small, folder, **words)
    return [str(problem) for problem in caught.value.problems]


def test_one_date_tells_the_order_of_its_column(small: Instrument, tmp_path: Path) -> None:
    assert days(dates("05/03/2024", "25/03/2024"), small, tmp_path) == ["2024-03-05", "2024-03-25"]
    assert days(dates("05/03/2024", "03/25/2024"), small, tmp_path) == ["2024-05-03", "2024-03-25"]
    assert days(dates("5.3.2024 10:15", "25.3.2024"), small, tmp_path) == ["2024-03-05", "2024-03-25"]


def test_a_column_that_does_not_tell_is_refused_until_the_caller_does(small: Instrument, tmp_path: Path) -> None:
    text = dates("05/03/2024", "2024-01-02", "07/07/2024")
    (problem,) = told(text, small, tmp_path)
    assert problem.startswith('DAT-012 answers.csv, column "day"')
    assert "nobody knows which part is the month: 1 (row 2)" in problem
    assert "day_first=True" in problem
    assert days(text, small, tmp_path, day_first=True) == ["2024-03-05", "2024-01-02", "2024-07-07"]
    assert days(text, small, tmp_path, day_first=False) == ["2024-05-03", "2024-01-02", "2024-07-07"]


def test_a_date_that_reads_the_same_in_both_orders_needs_none(small: Instrument, tmp_path: Path) -> None:
    assert days(dates("05/05/2024", "2024/03/01"), small, tmp_path) == ["2024-05-05", "2024-03-01"]


def test_two_orders_in_one_column_are_refused_with_the_rows_of_the_fewer(small: Instrument, tmp_path: Path) -> None:
    (problem,) = told(dates("25/03/2024", "26/03/2024", "03/25/2024", "05/03/2024"), small, tmp_path)
    assert "DAT-012" in problem
    assert "dates with the month first: 1 (row 4); expected the day first, as in the rest of the column" in problem
    (problem,) = told(dates("25/03/2024", "03/25/2024", "03/26/2024"), small, tmp_path)
    assert "dates with the day first: 1 (row 2); expected the month first" in problem


def test_dates_against_the_order_that_was_given_are_refused(small: Instrument, tmp_path: Path) -> None:
    text = dates("03/25/2024", "05/03/2024", "31/02/2024")
    torn, none = told(text, small, tmp_path, day_first=True)
    assert "dates with the month first: 1 (row 2); expected day_first=True" in torn
    assert none.startswith("DAT-011")
    assert "1 (row 4)" in none
    assert "dates with the day first: 1 (row 4)" in told(text, small, tmp_path, day_first=False)[0]


def test_what_is_no_date_in_any_order_is_no_date(small: Instrument, tmp_path: Path) -> None:
    assert day_orders(["31/31/2024", "2024-01-02", "March"]) == {}
    (problem,) = told(dates("31/31/2024"), small, tmp_path)
    assert problem.startswith("DAT-011")


@pytest.mark.parametrize("day_first", [None, True, False])
def test_dates_of_a_workbook_need_no_order(small: Instrument, tmp_path: Path, day_first: bool | None) -> None:  # noqa: FBT001
    book = import_module("openpyxl").Workbook()
    book.active.append(HEAD.split(","))
    for row, day in enumerate([datetime(2024, 3, 5), datetime(2024, 12, 11)]):
        book.active.append([f"r{row}", None, None, None, day, None, 1, 1, 1, day])
    out = io.BytesIO()
    book.save(out)
    path = tmp_path / "answers.xlsx"
    path.write_bytes(out.getvalue())
    found = read_responses(path, small, wave="before", day_first=day_first)
    assert found["day"].tolist() == [pd.Timestamp(2024, 3, 5), pd.Timestamp(2024, 12, 11)]
