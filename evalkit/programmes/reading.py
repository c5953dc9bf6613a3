"""Read a programme from its YAML file, with all that is wrong in it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ValidationError

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.instruments.findings import Finding
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Reference
from evalkit.instruments.read import read_file
from evalkit.instruments.sheet import Sheet
from evalkit.instruments.tree import MAX_PROBLEMS, Table, line_of, read_tree
from evalkit.paths import resource
from evalkit.programmes import (
    check_completeness,
    check_files,
    check_measures,
    check_names,
    check_questions,
    check_times,
)
from evalkit.programmes.findings import Plan, ProgrammeError, all_findings
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import (
    Column,
    Comparison,
    Criterion,
    DataFile,
    Dose,
    Eligibility,
    Forms,
    NamedText,
    Outcome,
    OwnOptions,
    Placement,
    Question,
    Risk,
    Role,
    Step,
    Subgroup,
    Target,
    Theory,
    Use,
    Wave,
)
from evalkit.programmes.shape import README, TOP_KEYS, dotted, shaped, shared_block

RULE_MODULES = (check_names, check_times, check_files, check_measures, check_questions, check_completeness)
COMMON_FILE = "_common.yaml"
_ENOUGH = 1000
_PARTS: Mapping[str, type[BaseModel]] = {
    "sources": Reference,
    "theory": Theory,
    "theory.outcomes": NamedText,
    "theory.not_measured": NamedText,
    "eligibility": Eligibility,
    "eligibility.criteria": Criterion,
    "forms": Forms,
    "forms.tokens": NamedText,
    "forms.reword": NamedText,
    "forms.options": OwnOptions,
    "forms.options.values": NamedText,
    "roles": Role,
    "steps": Step,
    "dose": Dose,
    "waves": Wave,
    "instruments": Use,
    "instruments.waves": Placement,
    "outcomes": Outcome,
    "comparisons": Comparison,
    "comparisons.where": Criterion,
    "questions": Question,
    "subgroups": Subgroup,
    "targets": Target,
    "files": DataFile,
    "files.columns": Column,
    "risks": Risk,
    "privacy": NamedText,
}
_NAMES = ("id", "key", "name", "asked")
# What stands in for a value that cannot be read, so that the rest of the file can still be checked.
_STAND_INS: Mapping[str, object] = {
    "months": 120,
    "unit": "individuals",
    "start": "programme",
    "sources": [{"key": "unnamed", "text": "?"}],
    "theory": {
        **{key: ["?"] for key in ("inputs", "activities", "outputs", "assumptions")},
        "outcomes": [{"id": "unnamed", "text": "?"}],
    },
    "eligibility": {"words": "?"},
    "risks": [{"id": "unnamed", "risk": "?", "response": "?"}],
    "privacy": [{"id": "unnamed", "text": "?"}],
}


def read_programme(path: Path, surveys: Path | None = None) -> Programme:
    """Read and check a programme.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file as described in programmes/README.md.
    surveys : pathlib.Path, optional
        A folder of instruments, looked at before the library.

    Returns
    -------
    Programme
        The programme.

    Raises
    ------
    ProgrammeError
        PRG-001 when the file is not there, is too large or is not UTF-8, PRG-002 when it is not strict YAML; else every
        problem at once in the order of the lines, the first hundred with the count of the others.
    """
    tree, problems = _tree_of(path)
    common, more = _common(path.parent)
    sheet = shaped(tree, path.name, common)
    name = sheet.data.get("id")
    if isinstance(name, str) and name != path.stem:
        found, expected = f"programme: {name}", f"{path.stem}, as the file"
        sheet.problems.append(Problem("PRG-006", sheet.place(("id",)), found, expected, "Make the two the same."))
    return _finished(sheet, [*problems, *more], surveys)


def programme_from_text(text: str, name: str = "programme.yaml", surveys: Path | None = None) -> Programme:
    """Read and check a programme from a text.

    Parameters
    ----------
    text : str
        YAML as described in programmes/README.md.
    name : str, default "programme.yaml"
        Name for messages.
    surveys : pathlib.Path, optional
        A folder of instruments, looked at before the library.

    Returns
    -------
    Programme
        The programme.

    Raises
    ------
    ProgrammeError
        As `read_programme`.
    """
    try:
        tree, problems = read_tree(text, name)
    except InstrumentError as error:
        raise ProgrammeError([_ours(problem) for problem in error.problems]) from error
    common, more = _common(resource("programmes"))
    return _finished(shaped(tree, name, common), [*(_ours(problem) for problem in problems), *more], surveys)


def problems_of(programme: Programme, surveys: Path | None = None) -> list[Problem]:
    """List all that is wrong in a programme that was made in Python.

    Parameters
    ----------
    programme : Programme
        What to check.
    surveys : pathlib.Path, optional
        A folder of instruments, looked at before the library.

    Returns
    -------
    list of Problem
        Empty when it is right.
    """
    sheet = Sheet(f"programme {programme.id}")
    return [_placed(finding, sheet.file) for finding in _findings(programme, frozenset(), surveys)]


def _tree_of(path: Path) -> tuple[Table, list[Problem]]:
    try:
        tree, problems = read_file(path)
    except InstrumentError as error:
        raise ProgrammeError([_ours(problem) for problem in error.problems]) from error
    return tree, [_ours(problem) for problem in problems]


def _ours(problem: Problem) -> Problem:
    """Say what the reader of YAML says in the words of programmes."""
    code = "PRG-001" if problem.code == "INS-001" else "PRG-002"
    remedy = problem.remedy.replace("surveys/", "programmes/").replace("the instrument", "the programme")
    return replace(problem, code=code, remedy=remedy)


def _common(folder: Path) -> tuple[Sheet, list[Problem]]:
    for place in (folder, resource("programmes")):
        path = place / COMMON_FILE
        if path.is_file():
            tree, problems = _tree_of(path)
            sheet = shared_block(tree, path.name)
            return sheet, [*problems, *sheet.problems]
    return Sheet(COMMON_FILE), []


def _finished(sheet: Sheet, problems: list[Problem], surveys: Path | None) -> Programme:
    wrong, programme, unread = _validated(sheet)
    problems = [*problems, *sheet.problems, *wrong]
    if programme is not None:
        findings = (one for one in _findings(programme, unread, surveys) if not _follows(one, unread, wrong))
        problems += [_placed(one, sheet.place(one.where)) for one in islice(findings, _ENOUGH)]
    if problems or programme is None:
        raise ProgrammeError(_first(sorted(dict.fromkeys(problems), key=line_of), sheet.file))
    return programme


def _first(problems: list[Problem], name: str) -> list[Problem]:
    left = len(problems) - MAX_PROBLEMS
    if left <= 0:
        return problems
    more = f"{left:,} more problems"
    remedy = "Mend these first, and check again."
    return [*problems[:MAX_PROBLEMS], Problem("PRG-002", name, more, f"at most {MAX_PROBLEMS}", remedy)]


def _placed(finding: Finding, place: str) -> Problem:
    return finding.problem(place)


def _findings(programme: Programme, unread: frozenset[tuple[str, str]], surveys: Path | None) -> list[Finding]:
    instruments: dict[str, Instrument] = {}
    found: list[Finding] = []
    for use in programme.instruments:
        if use.instrument in instruments:
            continue
        try:
            instruments[use.instrument] = _instrument(use.instrument, surveys)
        except InstrumentError as error:
            where = ("instruments", use.id, "instrument")
            found += [Finding("PRG-009", where, *_why(problem)) for problem in error.problems[:3]]
    return [*found, *all_findings(Plan(programme, instruments, unread))]


def _why(problem: Problem) -> tuple[str, str, str]:
    if problem.place == "surveys":
        return problem.found, problem.expected, problem.remedy
    return f"{problem.code} {problem.place}: {problem.found}", problem.expected, problem.remedy


def _instrument(name: str, surveys: Path | None) -> Instrument:
    adapted = surveys / f"{name}.yaml" if surveys is not None and re.fullmatch(r"[a-z0-9-]+", name) else None
    return load_instrument(adapted if adapted is not None and adapted.is_file() else _plain_name(name))


def _plain_name(name: str) -> str:
    """Keep a name from being taken for a path: a programme names instruments by their ids only."""
    return name if re.fullmatch(r"[a-z0-9-]+", name) else re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _validated(sheet: Sheet) -> tuple[list[Problem], Programme | None, frozenset[tuple[str, str]]]:
    """Make the model; leave out what cannot be read and make it again, so that the rest is checked too."""
    problems: dict[Problem, None] = {}
    unread: set[tuple[str, str]] = set()
    data = dict(sheet.data)
    try:
        return [], Programme.model_validate(data), frozenset()
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    for detail in details:
        problems[_shape_problem(detail, _where(detail["loc"], data), sheet)] = None
    data, unread = _without(data, [detail["loc"] for detail in details])
    try:
        return list(problems), Programme.model_validate(data), frozenset(unread)
    except ValidationError:
        return list(problems), None, frozenset(unread)


def _where(loc: tuple[int | str, ...], data: object) -> tuple[str | int, ...]:
    """Turn pydantic's location into the path of a part."""
    where: list[str | int] = []
    node = data
    for step in loc:
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
            where.append(_name(node, step))
        elif isinstance(node, dict) and step in node:
            node = node[step]
            where.append(step)
        else:
            if isinstance(node, dict):
                where.append(step)
            break
    return tuple(where)


def _name(node: object, step: int) -> str | int:
    if isinstance(node, list) and node and isinstance(node[0], str):
        return node[0]
    if isinstance(node, dict):
        for key in _NAMES:
            if isinstance(node.get(key), str | int):
                return node[key]  # type: ignore[no-any-return]
    return step


def _shape_problem(detail: Mapping[str, object], where: tuple[str | int, ...], sheet: Sheet) -> Problem:
    kind, last = str(detail["type"]), str(where[-1]) if where else ""
    place = f"{sheet.place(where)}, {dotted(where)}"
    if kind == "extra_forbidden":
        return Problem("PRG-003", place, f"key {last!r}", f"a key of {README}", did_you_mean(last, _known_keys(where)))
    if kind == "missing":
        written = {"id": "programme"}.get(last, last) if len(where) == 1 else last
        return Problem("PRG-004", place, f"no {written}", f"{written}: and a value", "Add it.")
    found = repr(detail.get("input"))
    expected, remedy = _expected(kind, detail)
    return Problem("PRG-005", place, found if len(found) <= 60 else f"{found[:57]}...", expected, remedy)


def _expected(kind: str, detail: Mapping[str, object]) -> tuple[str, str]:
    context = detail.get("ctx")
    if kind == "literal_error" and isinstance(context, dict):
        words = re.findall(r"'([^']+)'", str(context.get("expected")))
        numbers = re.findall(r"\d+", str(context.get("expected")))
        return f"one of {', '.join(words or numbers)}", did_you_mean(str(detail.get("input")), words or numbers)
    plain: dict[str, tuple[str, str]] = {
        "string_type": ("a text", "Put it in double quotes."),
        "string_too_short": ("a text that is not empty", "Fill it in."),
        "tuple_type": ("a list", "Write it in square brackets: [one, two]."),
        "too_short": ("at least one", "Add one."),
        "bool_type": ("true or false", "Write true or false without quotes."),
        "int_type": ("a whole number", "Write it without quotes."),
        "float_type": ("a number", "Write it without quotes."),
    }
    message = str(detail["msg"])
    return plain.get(kind, (message[:1].lower() + message[1:], f"See {README}."))


def _known_keys(where: tuple[str | int, ...]) -> list[str]:
    if len(where) == 1:
        return list(TOP_KEYS)
    paths = [str(where[0])] if len(where) <= 3 else []
    paths += [f"{where[0]}.{step}" for step in where[1:3]]
    deepest = [path for path in paths if path in _PARTS]
    part = _PARTS[deepest[-1]] if deepest else _PARTS[str(where[0])]
    return [name for name in part.model_fields if name not in {"id", "key", "name", "asked"}]


def _without(
    data: dict[str, object], locs: list[tuple[int | str, ...]]
) -> tuple[dict[str, object], set[tuple[str, str]]]:
    """Leave out the records that cannot be read; what stands alone gets a stand-in."""
    unread: set[tuple[str, str]] = set()
    gone: dict[str, set[int]] = {}
    kept = dict(data)
    for loc in locs:
        section = str(loc[0])
        records = data.get(section)
        if len(loc) > 1 and isinstance(loc[1], int) and isinstance(records, list):
            gone.setdefault(section, set()).add(loc[1])
            unread.add((section, str(_name(records[loc[1]], loc[1]))))
        elif section in _PARTS or section not in Programme.model_fields:
            kept.pop(section, None)
            unread.add((section, "*"))
            kept.update({section: _STAND_INS[section]} if section in _STAND_INS else {})
        else:
            kept[section] = _STAND_INS.get(section, "unnamed")
    for section, positions in gone.items():
        records = data[section]
        if isinstance(records, list):
            kept[section] = [record for position, record in enumerate(records) if position not in positions]
    return kept, unread


def _follows(finding: Finding, unread: frozenset[tuple[str, str]], wrong: list[Problem]) -> bool:
    """Whether a finding may only follow from a part that could not be read."""
    if not wrong:
        return False
    if finding.code == "PRG-018":
        return True
    return any((str(step), "*") in unread for step in finding.where[:1])
