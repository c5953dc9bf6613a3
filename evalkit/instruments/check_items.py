"""Rules on items, options, codes and waves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, Where, rule
from evalkit.instruments.model import CHOICE_KINDS, SKIPPED, Instrument, Item

MAX_ID = 40
# Words by which a missing answer tells why: no option may have them as its value.
_KINDS_OF_MISSING = frozenset({SKIPPED, "not_asked"})
MAX_CODE = 20
MAX_VALUE = 20
MAX_NUMBER = 9999
# Names that a platform, the condition language or the columns of a response file keep for themselves.
RESERVED = frozenset(
    {
        "and",
        "answers",
        "background",
        "browser",
        "class",
        "completed",
        "created",
        "date",
        "deviceid",
        "email",
        "end",
        "false",
        "finished",
        "formhub",
        "gid",
        "group",
        "hidden",
        "id",
        "instanceid",
        "instancename",
        "instrument",
        "ipaddress",
        "lang",
        "language",
        "lastpage",
        "latitude",
        "longitude",
        "meta",
        "name",
        "not",
        "null",
        "or",
        "other",
        "phonenumber",
        "progress",
        "qid",
        "record_id",
        "redcap_event_name",
        "redcap_repeat_instance",
        "respondent",
        "respondent_id",
        "response_id",
        "responseid",
        "savedid",
        "seed",
        "selected",
        "self",
        "sgq",
        "sid",
        "simserial",
        "start",
        "startdate",
        "started",
        "startlanguage",
        "status",
        "submitdate",
        "submitted",
        "submitteddate",
        "subscriberid",
        "that",
        "this",
        "time",
        "today",
        "token",
        "true",
        "username",
        "uuid",
        "version",
        "wave",
    }
)
# What every platform can carry in a hidden field.
_VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_. +-]*[A-Za-z0-9])?")
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SLUG = re.compile(r"_?[a-z][a-z0-9]*([-_][a-z0-9]+)*")


@rule
def well_formed_ids(instrument: Instrument) -> Iterator[Finding]:
    """Ids are lower-case words joined by single underscores, codes fit every platform, none is reserved.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-010.
    """
    if not _SLUG.fullmatch(instrument.id):
        expected = "lower-case words joined by hyphens"
        yield Finding("INS-010", ("id",), repr(instrument.id), expected, "Rename the instrument and its file.")
    if not _VERSION.fullmatch(instrument.version):
        expected = "letters, digits, full stops, hyphens, underscores, and inner blanks and plus signs"
        yield Finding("INS-010", ("version",), repr(instrument.version), expected, 'Write it as in version: "1.0".')
    for where, name in _all_ids(instrument):
        if len(name) > MAX_ID or not _ID.fullmatch(name):
            expected = f"lower-case letters, digits and single underscores, at most {MAX_ID}, starting with a letter"
            yield Finding("INS-010", where, repr(name), expected, "Rename it.")
    for item in instrument.items:
        yield from _code(item)


@rule
def ids_once(instrument: Instrument) -> Iterator[Finding]:
    """Every id is there once, and codes differ even without their underscores.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-011.
    """
    matrices = [("matrices", matrix.id) for section in instrument.sections for matrix in section.matrices]
    shown = [("items", item.id) for item in instrument.items]
    for group in (
        shown + matrices,
        [("sections", section.id) for section in instrument.sections],
        [("scales", scale.id) for scale in instrument.scales],
        [("waves", wave.id) for wave in instrument.waves],
        [("options", options.id) for options in instrument.options],
        [("references", reference.key) for reference in instrument.references],
    ):
        yield from _repeated(group)
    bare: dict[str, str] = {}
    for item in instrument.items:
        first = bare.setdefault(item.name.replace("_", ""), item.id)
        if first != item.id:
            found = f"code {item.name!r}, the same as that of {first} without underscores"
            yield Finding("INS-011", ("items", item.id), found, "codes that differ in letters", "Rename one of them.")


@rule
def sound_options(instrument: Instrument) -> Iterator[Finding]:
    """Values and labels of an option set are there once; values are small numbers or short words.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-010, INS-011, INS-012.
    """
    for options in instrument.options:
        where = ("options", options.id)
        for value in _doubles(str(option.value) for option in options.options):
            yield Finding("INS-011", (*where, value), f"value {value} twice", "each value once", "Change one of them.")
        for label in _doubles(option.label for option in options.options):
            yield Finding("INS-011", where, f"label {label!r} twice", "labels that differ", "Change one of them.")
        for option in options.options:
            if not _value_fits(option.value):
                expected = f"a number 0-{MAX_NUMBER} or lower-case words joined by underscores, at most {MAX_VALUE}"
                yield Finding("INS-010", (*where, option.value), repr(option.value), expected, "Change the value.")
        if all(option.missing for option in options.options):
            yield Finding("INS-012", where, "only missing options", "an option that counts", "Add one.")
        kinds = {type(option.value) for option in options.options if not option.missing}
        if len(kinds) > 1:
            yield Finding("INS-012", where, "numbers and words mixed", "one of the two", "Change the values.")


@rule
def options_fit(instrument: Instrument) -> Iterator[Finding]:
    """A choice names an option set that is there; other kinds name none; every set is used.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-012.
    """
    known = instrument.option_sets
    for item in instrument.items:
        where = ("items", item.id, "options")
        if item.kind in CHOICE_KINDS and item.options is None:
            yield Finding("INS-012", where, "no options", f"options for a {item.kind}", "Name an option set.")
        elif item.kind not in {*CHOICE_KINDS, "information"} and item.options is not None:
            yield Finding("INS-012", where, f"options on a {item.kind}", "none", "Remove them or change the kind.")
        elif item.options is not None and item.options not in known:
            found = f"option set {item.options!r}"
            yield Finding("INS-012", where, found, "one that is listed", did_you_mean(item.options, known))
        elif item.kind == "likert" and item.options is not None and not known[item.options].numbers:
            yield Finding(
                "INS-012", where, "words as values", "numbers on a likert", "Use a single_choice, or numbers."
            )
    used = {item.options for item in instrument.items}
    for options in instrument.options:
        if options.id not in used:
            yield Finding("INS-012", ("options", options.id), "not used", "every set used", "Remove it.")


@rule
def matrix_rows_agree(instrument: Instrument) -> Iterator[Finding]:
    """The rows of a matrix are likert items that share one option set and stand together.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-026.
    """
    for section in instrument.sections:
        known = {matrix.id for matrix in section.matrices}
        seen: list[str] = []
        for matrix, rows in section.groups():
            name = rows[0].matrix
            if name is None:
                continue
            where = ("matrices", name)
            if matrix is None or name not in known:
                yield Finding(
                    "INS-026", ("items", rows[0].id), f"matrix {name!r}", "a matrix of the section", "Add it."
                )
            if name in seen:
                yield Finding("INS-026", where, "rows apart", "rows that stand together", "Move them together.")
            seen.append(name)
            for row in rows:
                if row.kind != "likert" or row.options != rows[0].options:
                    found = f"{row.id} with {row.kind} and options {row.options!r}"
                    expected = f"likert and {rows[0].options!r} as in {rows[0].id}"
                    yield Finding(
                        "INS-026", ("items", row.id, "options"), found, expected, "Move it out of the matrix."
                    )
        for name in known - set(seen):
            yield Finding("INS-026", ("matrices", name), "no rows", "at least one row", "Add rows or remove it.")


@rule
def information_asks_nothing(instrument: Instrument) -> Iterator[Finding]:
    """An information item is not required, has no options and no limits.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-027.
    """
    for item in instrument.items:
        if item.kind == "information":
            for key in ("required", "options", "min", "max", "max_length", "identifier", "unit"):
                if getattr(item, key):
                    where = ("items", item.id, key)
                    yield Finding("INS-027", where, f"{key} on an information item", f"no {key}", "Remove it.")


@rule
def limits_fit(instrument: Instrument) -> Iterator[Finding]:
    """Limits suit the kind of item, and the least is not above the greatest.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-028.
    """
    for item in instrument.items:
        if item.kind == "information":
            continue
        where = ("items", item.id)
        for key in ("min", "max"):
            limit = getattr(item, key)
            expected = _limit_expected(item, limit, len(instrument.options_of(item)))
            if limit is not None and expected:
                yield Finding("INS-028", (*where, key), f"{key} {limit!r} on a {item.kind}", expected, "Change it.")
        if _crossed(item):
            found = f"min {item.min} above max {item.max}"
            yield Finding("INS-028", (*where, "min"), found, "min at most max", "Change one of them.")
        for key, kinds in (("max_length", {"short_text", "long_text"}), ("unit", {"number"}), ("decimals", {"number"})):
            if getattr(item, key) and item.kind not in kinds:
                expected = f"{key} only on {' or '.join(sorted(kinds))}"
                yield Finding("INS-028", (*where, key), f"{key} on a {item.kind}", expected, "Remove it.")


@rule
def waves_fit(instrument: Instrument) -> Iterator[Finding]:
    """Items name waves that are there; a retrospective wave goes with an ordinary one and has items that fit.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-023.
    """
    known = {wave.id: wave for wave in instrument.waves}
    ordinary = [wave.id for wave in instrument.waves if wave.asked_with is None]
    if not ordinary:
        yield Finding("INS-023", ("waves",), "only retrospective waves", "an ordinary wave", "Add one.")
    for wave in instrument.waves:
        if wave.asked_with is not None and wave.asked_with not in ordinary:
            remedy = did_you_mean(wave.asked_with, ordinary)
            where: Where = ("waves", wave.id, "asked_with")
            yield Finding("INS-023", where, repr(wave.asked_with), "an ordinary wave", remedy)
        if wave.asked_with is not None and not any(wave.id in item.waves for item in instrument.items):
            remedy = f"Name it in the waves of an item: waves: [..., {wave.id}]."
            yield Finding("INS-023", ("waves", wave.id), "a retrospective wave without items", "items", remedy)
    for item in instrument.items:
        where = ("items", item.id, "waves")
        for name in item.waves:
            if name not in known:
                yield Finding("INS-023", where, f"wave {name!r}", "a wave that is listed", did_you_mean(name, known))
            elif known[name].asked_with is not None and len(f"{item.name}_{name}") > MAX_CODE:
                found = f"the code {item.name}_{name}"
                remedy = "Give the item or the wave a shorter name."
                expected = f"at most {MAX_CODE} characters with the wave"
                yield Finding("INS-010", ("items", item.id), found, expected, remedy)


def _all_ids(instrument: Instrument) -> Iterator[tuple[Where, str]]:
    for kind, parts in (
        ("waves", instrument.waves),
        ("sections", instrument.sections),
        ("items", instrument.items),
        ("matrices", tuple(matrix for section in instrument.sections for matrix in section.matrices)),
        ("options", instrument.options),
        ("scales", instrument.scales),
    ):
        for part in parts:
            yield (kind, part.id), part.id
    for token in instrument.tokens:
        yield ("tokens", token.name), token.name


def _code(item: Item) -> Iterator[Finding]:
    where = ("items", item.id) if item.code is None else ("items", item.id, "code")
    if len(item.name) > MAX_CODE or not _ID.fullmatch(item.name):
        expected = f"at most {MAX_CODE} lower-case letters, digits and single underscores"
        yield Finding(
            "INS-010", where, f"code {item.name!r}", expected, f"Add code: with at most {MAX_CODE} characters."
        )
    elif {item.name.replace("_", ""), item.name, item.id} & RESERVED:
        yield Finding("INS-010", where, f"code {item.name!r}", "a name that is not reserved", "Rename it.")


def _value_fits(value: int | str) -> bool:
    if isinstance(value, int):
        return 0 <= value <= MAX_NUMBER
    return len(value) <= MAX_VALUE and bool(_ID.fullmatch(value)) and value not in _KINDS_OF_MISSING


def _doubles(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def _repeated(group: list[tuple[str, str]]) -> Iterator[Finding]:
    names = Counter(name for _, name in group)
    for kind, name in dict.fromkeys(group):
        if names[name] > 1:
            yield Finding(
                "INS-011", (kind, name), f"{name!r} {names[name]} times", "each id once", "Rename one of them."
            )


def _limit_expected(item: Item, limit: object, options: int) -> str:
    """Say what a limit of this kind must be; empty when it is right."""
    if item.kind == "number":
        return "" if isinstance(limit, int | float) else "a number"
    if item.kind == "date":
        return "" if isinstance(limit, str) and _is_date(limit) else 'a date such as "2024-03-31"'
    if item.kind == "multiple_choice":
        return "" if isinstance(limit, int) and 0 <= limit <= options else f"a count of ticks from 0 to {options}"
    return "no limit"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _crossed(item: Item) -> bool:
    low, high = item.min, item.max
    if isinstance(low, str) and isinstance(high, str):
        return low > high
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high
