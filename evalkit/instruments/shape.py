"""From a sheet to the model: keys that are unknown or missing and values of the wrong kind, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from evalkit.errors import Problem, did_you_mean
from evalkit.instruments.basis import Basis, ItemForm, ScaleForm
from evalkit.instruments.model import (
    Example,
    Instrument,
    Item,
    ItemEntry,
    Ledger,
    Matrix,
    Option,
    OptionSet,
    Reference,
    Scale,
    ScaleEntry,
    Section,
    Token,
    Translation,
    Wave,
)
from evalkit.instruments.sheet import Sheet

_ROUNDS = 4
_PARTS: Mapping[str, type[BaseModel]] = {
    "sections": Section,
    "items": Item,
    "matrices": Matrix,
    "options": OptionSet,
    "scales": Scale,
    "examples": Example,
    "waves": Wave,
    "references": Reference,
    "tokens": Token,
    "translations": Translation,
    "ledger": Ledger,
    "basis": Basis,
}
_NAMES = ("id", "value", "key", "name", "language", "item", "scale")
# What stands in for a value that cannot be read, so that the rest of the file can still be checked.
_STAND_INS: Mapping[str, object] = {
    "kind": "long_text",
    "rule": "mean",
    "min_answered": 1,
    "range": [1, 5],
    "direction": "neither",
    "minutes": 1,
    "audience": ["staff"],
    "languages": ["en-GB"],
    "waves": [{"id": "once", "title": "?"}],
    "sections": [{"id": "none", "title": "?"}],
    "options": [{"value": 1, "label": "?"}],
    "items": ["?"],
    "answers": [1],
    "score": 1,
    "value": 1,
    "change": "unchanged",
    "verdict": "comparable",
    "texts": [],
    "content": "?",
    "language": "?",
    "id": "unnamed",
}
_TEXTS = frozenset(
    {
        "text",
        "title",
        "label",
        "version",
        "description",
        "licence",
        "source",
        "cite",
        "consent",
        "privacy",
        "measures",
        "shows",
        "origin",
    }
)


def validated(sheet: Sheet) -> tuple[list[Problem], Instrument | None, set[tuple[object, ...]]]:
    """Make the model; where a value cannot be read, note it, put a stand-in and try again.

    Parameters
    ----------
    sheet : Sheet
        From `evalkit.instruments.sheet.read_sheet`.

    Returns
    -------
    tuple of (list of Problem, Instrument or None, set of tuple)
        What is wrong; the model, in which a stand-in holds the place of what could not be read; and the paths of the
        parts with a stand-in.
    """
    problems: dict[tuple[object, ...], Problem] = {}
    doubtful: set[tuple[object, ...]] = set()
    data = dict(sheet.data)
    for _ in range(_ROUNDS):
        try:
            return list(problems.values()), Instrument.model_validate(data), doubtful
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=True):
                where, steps = _where(detail["loc"], data)
                problem = _shape_problem(detail, where, sheet)
                problems.setdefault(where, problem)
                if problem.code != "INS-006":
                    doubtful.add(where[:2])
                _mend(data, steps, problem.code)
    return list(problems.values()), None, doubtful


def _where(loc: tuple[int | str, ...], data: object) -> tuple[tuple[str | int, ...], tuple[str | int, ...]]:
    """Turn pydantic's location into the path of a part, and into the steps that exist in the data."""
    where: list[str | int] = []
    steps: list[str | int] = []
    node = data
    for step in loc:
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
            where.append(_name(node, step))
        elif isinstance(node, dict) and step in node:
            node = node[step]
            where.append(step)
        elif isinstance(node, dict) and isinstance(step, str):
            where.append(step)
            steps.append(step)
            break
        else:
            break
        steps.append(step)
    if where[:1] == ["sections"] and len(where) > 3 and where[2] in {"items", "matrices"}:
        where = where[2:]
    if where[:1] == ["options"] and len(where) > 2:
        where = [where[0], where[1], *where[3:]]
    return tuple(where), tuple(steps)


def _name(node: object, step: int) -> str | int:
    if isinstance(node, dict):
        for key in _NAMES:
            if isinstance(node.get(key), str | int):
                return node[key]  # type: ignore[no-any-return]
    return step


def _shape_problem(detail: Mapping[str, object], where: tuple[str | int, ...], sheet: Sheet) -> Problem:
    kind = str(detail["type"])
    place = f"{sheet.place(where)}, {'.'.join(str(step) for step in where)}"
    last = str(where[-1]) if where else ""
    if kind == "extra_forbidden":
        remedy = did_you_mean(last, _known_keys(where))
        return Problem("INS-006", place, f"key {last!r}", "a key of surveys/README.md", remedy)
    if kind == "missing" and where[-1:] == detail["loc"][-1:]:  # type: ignore[index]
        return Problem("INS-007", place, f"no {_written(last)}", f"{_written(last)}: and a value", "Add it.")
    found = repr(detail.get("input"))
    found = found if len(found) <= 60 else f"{found[:57]}..."
    expected, remedy = _expected(kind, detail)
    return Problem("INS-008", place, found, expected, remedy)


def _written(key: str) -> str:
    return {"id": "instrument", "ledger": "adapted", "origin": "from"}.get(key, key)


def _expected(kind: str, detail: Mapping[str, object]) -> tuple[str, str]:
    context = detail.get("ctx")
    if kind == "literal_error" and isinstance(context, dict):
        words = re.findall(r"'([^']+)'", str(context.get("expected")))
        return f"one of {', '.join(words)}", did_you_mean(str(detail.get("input")), words)
    plain: dict[str, tuple[str, str]] = {
        "string_type": ("a text", "Put it in double quotes."),
        "string_too_short": ("a text that is not empty", "Fill it in."),
        "tuple_type": ("a list", "Write it in square brackets: [one, two]."),
        "too_short": ("at least one", "Add one."),
        "missing": ("one value more", "Write the lowest and the highest: [1, 5]."),
        "bool_type": ("true or false", "Write true or false without quotes."),
        "int_type": ("a whole number", "Write it without quotes."),
        "float_type": ("a number", "Write it without quotes."),
    }
    message = str(detail["msg"])
    return plain.get(kind, (message[:1].lower() + message[1:], "See surveys/README.md."))


def _known_keys(where: tuple[str | int, ...]) -> list[str]:
    part: type[BaseModel] = Instrument
    for step in where[:-1]:
        part = _PARTS.get(str(step), part)
    if where[:1] == ("options",) and len(where) == 4:
        part = Option
    if where[:1] == ("ledger",) and len(where) == 4:
        part = ItemEntry if where[1] == "items" else ScaleEntry
    if where[:2] == ("ledger", "basis") and len(where) > 4:
        part = ScaleForm if where[2] == "scales" and len(where) == 5 else ItemForm
    return [name for name in part.model_fields if name not in {"id", "matrix", "matrices", "block"}]


def _mend(data: object, steps: tuple[str | int, ...], code: str) -> None:
    """Take an unknown key away, or put a stand-in for a value that cannot be read."""
    node = data
    for step in steps[:-1]:
        node = node[step]  # type: ignore[index]
    last = steps[-1] if steps else ""
    if isinstance(node, dict):
        if code == "INS-006":
            node.pop(last, None)
        elif code == "INS-008" and last in node and last not in _STAND_INS and last not in _TEXTS:
            node.pop(last)
        else:
            node[last] = _stand_in(str(last), steps)
    elif isinstance(node, list) and isinstance(last, int):
        node[last] = {"id": f"unnamed_{last}"} if isinstance(node[last], dict) else "?"


def _stand_in(key: str, steps: tuple[str | int, ...]) -> object:
    if key == "items" and "scales" not in steps:
        return []
    if key == "options" and len(steps) > 2:
        return [{"value": 1, "label": "?"}]
    return _STAND_INS.get(key, "?")
