"""JSON answers into tables: SurveyJS's results and those of evalkit's own form, one or many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Never

from evalkit.errors import DataError, Problem
from evalkit.frames import require
from evalkit.instruments.responses.decoding import decoded
from evalkit.instruments.responses.tables import Cell, Table, no_answers

# Keys in the file of our own form (see `evalkit.instruments.export.html`): the answers, and what follows from them.
_ANSWERS = "answers"
_MISSING = "missing"
_FOLLOWS = frozenset({_ANSWERS, _MISSING, "format", "skipped", "not_asked"})
_ASIDE = frozenset({"not_asked", "skipped"})
_REMEDY = "Export the answers again and leave the file as it is."

Record = Mapping[str, object]


def records_in(content: bytes, place: str) -> list[Record]:
    """Read the objects of a JSON file.

    Parameters
    ----------
    content : bytes
        The file: one object, or a list of them.
    place : str
        Its name, for messages.

    Returns
    -------
    list of mapping
        One for each respondent.

    Raises
    ------
    DataError
        DAT-014 when it is no JSON or something else than objects, DAT-018 when it is empty, DAT-008 for an encoding
        that cannot be told.
    """
    text = decoded(content, place)
    if not text.strip():
        raise DataError(no_answers(place, "an empty file"))
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        _refuse(f"{place}, line {error.lineno}", "text that is not JSON")
    except (ValueError, RecursionError) as error:
        _refuse(place, str(error) if isinstance(error, _TwiceError) else "JSON that cannot be read")
    found = data if isinstance(data, list) else [data]
    wrong = [position for position, one in enumerate(found, start=1) if not isinstance(one, dict)]
    if wrong:
        _refuse(f"{place}, answer {wrong[0]}", "something that is not an object")
    if not any(found):
        raise DataError(no_answers(place, "a list without answers"))
    return found


def table_of_records(records: Iterable[Record], place: str, unit: str = "answer") -> Table:
    """Lay the objects of respondents out as a table.

    Parameters
    ----------
    records : iterable of mapping
        One for each respondent; answers of matrices may be objects of their own.
    place : str
        Name of the file.
    unit : str
        What a position counts.

    Returns
    -------
    Table
        A column for each key, ``matrix[row]`` for the rows of a matrix.

    Raises
    ------
    DataError
        DAT-014 for answers that are nested deeper than a matrix.
    """
    flat: list[dict[str, Cell]] = []
    problems: dict[Problem, None] = {}
    for position, record in enumerate(records, start=1):
        cells: dict[str, Cell] = {}
        for key, value in _levelled(record):
            try:
                cells[key] = _cell(value)
            except TypeError:
                found = "answers inside an answer"
                problem = Problem("DAT-014", f"{place}, {unit} {position}", found, "single answers", _REMEDY)
                problems[problem] = None
        flat.append(cells)
    require(problems)
    header = tuple(dict.fromkeys(key for cells in flat for key in cells))
    columns = tuple([cells.get(key, "") for cells in flat] for key in header)
    return Table(place, header, columns, list(range(1, len(flat) + 1)), unit=unit, sparse=True)


def is_own(record: Record) -> bool:
    """Tell whether an object is what evalkit's own form saves.

    Parameters
    ----------
    record : mapping
        One respondent.

    Returns
    -------
    bool
        True when it keeps its answers apart from what is about them.
    """
    return isinstance(record.get(_ANSWERS), dict) and "instrument" in record


class _TwiceError(ValueError):
    """A key is there twice."""


def _refuse(place: str, found: str) -> Never:
    expected = "JSON: an object for each respondent, or a list of them"
    raise DataError(Problem("DAT-014", place, found, expected, _REMEDY))


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key that is there twice in one object"
        raise _TwiceError(msg)
    return found


def _levelled(record: Record) -> Iterable[tuple[str, object]]:
    """Go through the keys of one respondent, those of matrices and of our own form brought up."""
    answers = record.get(_ANSWERS) if is_own(record) else None
    if isinstance(answers, dict):
        for key, value in record.items():
            if key not in _FOLLOWS:
                yield key, value
        yield from answers.items()
        missing = record.get(_MISSING)
        for key, kind in missing.items() if isinstance(missing, dict) else ():
            if kind not in _ASIDE and answers.get(key) in (None, "", []):
                yield key, kind
        return
    for key, value in record.items():
        if isinstance(value, dict):
            yield from ((f"{key}[{row}]", answer) for row, answer in value.items())
        else:
            yield key, value


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        return tuple(text for one in value if (text := _text(one)))
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise TypeError
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
