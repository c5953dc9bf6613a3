"""Rules on names and texts: ids are well formed and used once, texts are clean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel

from evalkit.instruments.findings import Finding, Where
from evalkit.programmes.findings import Plan, rule, unknown
from evalkit.programmes.model import Programme

_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PROGRAMME_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*|_template")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_FILE = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*\.csv")
_STRAY = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]|^\s|\s$|  ")
_LONGEST = 40
_RULE = "lower-case letters, digits and single underscores, from a letter, at most 40"
SECTIONS = (
    "roles",
    "steps",
    "dose",
    "waves",
    "instruments",
    "outcomes",
    "comparisons",
    "questions",
    "subgroups",
    "targets",
    "files",
    "risks",
    "privacy",
)


def _named(programme: Programme) -> Iterator[tuple[Where, list[str]]]:
    for section in SECTIONS:
        yield (section,), [part.id for part in getattr(programme, section)]
    for file in programme.files:
        yield ("files", file.id, "columns"), [column.name for column in file.columns]
    yield ("theory", "outcomes"), [outcome.id for outcome in programme.theory.outcomes]
    yield ("eligibility", "criteria"), [criterion.id for criterion in programme.eligibility.criteria]


@rule
def ids_are_well_formed(plan: Plan) -> Iterator[Finding]:
    """Ids are lower-case words; the programme's by hyphens.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-006 for each that is not.
    """
    programme = plan.programme
    if not _PROGRAMME_ID.fullmatch(programme.id):
        yield Finding("PRG-006", ("id",), programme.id, "lower-case words joined by hyphens", "Rename it.")
    if not _VERSION.fullmatch(programme.version):
        expected = "letters, digits, full stops, hyphens, underscores"
        yield Finding("PRG-006", ("version",), repr(programme.version), expected, 'Write such as "1.0".')
    for where, names in _named(programme):
        for name in names:
            if not _ID.fullmatch(name) or len(name) > _LONGEST:
                yield Finding("PRG-006", (*where, name), repr(name), _RULE, "Rename it.")
    for file in programme.files:
        if not _FILE.fullmatch(file.file):
            where = ("files", file.id, "file")
            yield Finding("PRG-006", where, repr(file.file), "a plain name such as meetings.csv", "Rename it.")


@rule
def ids_are_used_once(plan: Plan) -> Iterator[Finding]:
    """No two parts of a section share an id, and no two files a name.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-006 for each that is there twice.
    """
    for where, names in _named(plan.programme):
        for name, count in Counter(names).items():
            if count > 1:
                found = f"{name!r} {count} times"
                yield Finding(
                    "PRG-006", (*where, name), found, "each id once", "Rename one, or leave it out of common."
                )
    for name, count in Counter(file.file for file in plan.programme.files).items():
        if count > 1:
            ids = [file.id for file in plan.programme.files if file.file == name]
            where = ("files", ids[-1], "file")
            yield Finding("PRG-006", where, f"{name} {count} times", "each file once", "Rename one of them.")


@rule
def forms_are_fitted_to_what_they_have(plan: Plan) -> Iterator[Finding]:
    """Options in own words stand for options of a form of the programme.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for each that no form has. Words in braces, questions and texts of the library are not looked for: the
        forms of a folder no longer have what was fitted.
    """
    known = {name for one in plan.instruments.values() for name in one.option_sets}
    if known:
        where = ("forms", "options")
        names = [one.id for one in plan.programme.forms.options]
        yield from unknown(plan, "forms", names, known, where, "a set of options of a form")


@rule
def texts_are_clean(plan: Plan) -> Iterator[Finding]:
    """No text holds a tab, a control character or a stray blank.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-007 for each that does.
    """
    for where, text in _texts(plan.programme, ()):
        if _STRAY.search(text) or not text.strip():
            remedy = "Take it out; for a long text use >- and lines below."
            yield Finding("PRG-007", where, repr(text[:60]), "no tab, stray or double blank", remedy)


def _texts(value: object, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str) and value:
        yield where, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*where, name))
    elif isinstance(value, tuple):
        for position, part in enumerate(value):
            names = [getattr(part, key, None) for key in ("id", "key", "name", "asked")]
            step = next((name for name in names if isinstance(name, str)), position)
            yield from _texts(part, (*where, step))
