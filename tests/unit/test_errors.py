"""The error tree: every code is known, every message says where, what, what was expected and how to mend it."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import pytest

from evalkit import errors
from evalkit.errors import CODES, DataError, EvalkitError, ImmortalTimeError, Problem, did_you_mean

PROBLEM = Problem("DAT-002", "responses.csv, column `x`", "7", "1 to 5", "Recode it.")


def test_a_problem_names_code_place_found_expected_and_remedy():
    assert str(PROBLEM) == "DAT-002 responses.csv, column `x`: 7; expected 1 to 5. Recode it."


def test_a_code_that_nobody_documented_is_refused():
    with pytest.raises(ValueError, match="XXX-999"):
        Problem("XXX-999", "here", "a", "b", "c")


def test_every_code_has_a_meaning_and_the_usual_form():
    assert all(re.fullmatch(r"[A-Z]{3}-\d{3}", code) and meaning for code, meaning in CODES.items())


def test_codes_cannot_be_changed():
    with pytest.raises(TypeError):
        CODES["DAT-001"] = "something else"  # type: ignore[index]


def test_every_code_written_in_the_source_is_in_the_catalogue():
    catalogue = Path(errors.__file__)
    sources = [path.read_text("utf-8") for path in catalogue.parent.rglob("*.py") if path != catalogue]
    used = {code for source in sources for code in re.findall(r'"([A-Z]{3}-\d{3})"', source)}
    assert len(used) > 20
    assert used <= set(CODES)


def test_an_error_carries_all_problems_in_their_order():
    second = Problem("DAT-003", "p", "f", "e", "r.")
    error = DataError(problem for problem in (PROBLEM, second))
    assert error.problems == (PROBLEM, second)
    assert str(error).splitlines() == [str(PROBLEM), str(second)]


def test_one_problem_needs_no_list():
    assert DataError(PROBLEM).problems == (PROBLEM,)


def test_an_error_survives_another_process():
    for again in (pickle.loads(pickle.dumps(DataError(PROBLEM))), copy.deepcopy(DataError(PROBLEM))):  # noqa: S301
        assert type(again) is DataError
        assert again.problems == (PROBLEM,)


@pytest.mark.parametrize(
    "name",
    [
        "InstrumentError",
        "DataError",
        "LinkageError",
        "EstimationError",
        "ImmortalTimeError",
        "DisclosureError",
        "ReportError",
    ],
)
def test_every_error_can_be_caught_as_one(name: str):
    assert issubclass(getattr(errors, name), EvalkitError)


def test_immortal_time_is_an_error_of_estimation():
    assert issubclass(ImmortalTimeError, errors.EstimationError)


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("zang2019", ["zhang2019", "ong2018"], 'Did you mean "zhang2019"?'),
        ("quite different", ["b", "a"], "Known: a, b."),
        ("a", [], "There are none."),
    ],
)
def test_the_nearest_name_is_suggested(name: str, known: list[str], said: str):
    assert did_you_mean(name, known) == said
