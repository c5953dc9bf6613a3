"""Reads SurveyJS JSON as the form library would understand it, by its documented properties."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from evalkit.errors import InstrumentError
from evalkit.instruments.export.braced_conditions import SURVEYJS, read_in_braces
from evalkit.instruments.export.file_findings import FileFindings
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section, Translation, Wave

_TEXT = (str, dict)
_LIMIT = (int, float, str)
_SHOWN = {"type": str, "name": str, "visibleIf": str}
_ASKED = {**_SHOWN, "title": _TEXT, "description": _TEXT, "isRequired": bool}
# Property -> type, as in SurveyJS's own definition, as far as it is used; the first of each is not optional.
_PROPERTIES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "survey": {
            "pages": list,
            "title": _TEXT,
            "description": _TEXT,
            "locale": str,
            "clearInvisibleValues": str,
            "calculatedValues": list,
        },
        "page": {"name": str, "title": _TEXT, "description": _TEXT, "visibleIf": str, "elements": list},
        "html": {"html": _TEXT, **_SHOWN},
        "radiogroup": {"choices": list, **_ASKED, "colCount": int},
        "checkbox": {"choices": list, **_ASKED, "minSelectedChoices": int, "maxSelectedChoices": int},
        "text": {
            **_ASKED,
            "inputType": str,
            "min": _LIMIT,
            "max": _LIMIT,
            "step": (int, float),
            "maxLength": int,
            "validators": list,
        },
        "comment": {**_ASKED, "maxLength": int, "validators": list},
        "matrix": {
            "rows": list,
            **_SHOWN,
            "title": _TEXT,
            "description": _TEXT,
            "eachRowRequired": bool,
            "columns": list,
            "validators": list,
        },
        "choice": {"value": (int, str), "text": _TEXT},
        "tick": {"value": (int, str), "text": _TEXT, "isExclusive": bool},
        "row": {"value": str, "text": _TEXT, "visibleIf": str},
        "validator": {"type": str, "maxLength": int, "expression": str, "text": _TEXT},
        "calculated": {"name": str, "expression": str, "includeIntoResult": bool},
    }
)
_KINDS: Mapping[str, str] = MappingProxyType(
    {"radiogroup": "single_choice", "checkbox": "multiple_choice", "comment": "long_text", "html": "information"}
)
_INPUTS: Mapping[str, str] = MappingProxyType({"number": "number", "date": "date", "": "short_text"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LITERAL = re.compile(r"'([^'\\]*)'")
_KEPT = re.compile(r"\{\u200c")
_LIVE = re.compile(r"\{\s*([A-Za-z0-9_.]+)\s*\}")
_PARAGRAPHS = re.compile(r'<p>(.*?)</p>(?:<p class="help">(.*)</p>)?', re.DOTALL)
_UNIT = re.compile(r"(?:(.*)\n)?\[([^\n]*)\]", re.DOTALL)
_OWN_WORDS = frozenset({"locale", "pageno", "pagecount", "no"})

_Json = dict[str, Any]


@dataclass(slots=True)
class _Form:
    """What is read so far."""

    findings: FileFindings
    languages: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)

    def checked(self, value: object, kind: str, place: str) -> _Json:
        """Check that a part has known properties of the right type."""
        known = _PROPERTIES[kind]
        if not isinstance(value, dict):
            self.findings.note(place, type(value).__name__, f"a {kind}")
            self.findings.finish()
            raise TypeError
        for name, content in value.items():
            allowed = known.get(name)
            self.findings.check(allowed, place, f"the property {name}", f"a property of a {kind}")
            right = allowed is None or (isinstance(content, allowed) and isinstance(content, bool) == (allowed is bool))
            self.findings.check(right, place, f"{name} {content!r}"[:60], "the type of that property")
        first = next(iter(known))
        self.findings.check(first in value, place, f"no {first}", first)
        self.findings.finish()
        return value

    def texts(self, value: object, place: str) -> list[str]:
        """Read a text in every language, the first first; braces that would be filled in are noted."""
        if value is None:
            return [""] * len(self.languages)
        wanted = self.keys
        whole = value if isinstance(value, dict) else {wanted[0]: value}
        self.findings.check(set(whole) == set(wanted), place, f"languages {sorted(whole)}", str(sorted(wanted)))
        found = [str(whole.get(language, "")) for language in wanted]
        self.said += [(place, text) for text in found]
        return [_KEPT.sub("{", text) for text in found]

    def keep(self, path: str, found: list[str]) -> str:
        """Note the translations of a text under a path and give it in the first language."""
        for language, text in zip(self.languages[1:], found[1:], strict=True):
            if text:
                self.others.setdefault(language, {})[path] = text
        return found[0]

    def text(self, part: _Json, key: str, path: str) -> str:
        """Read one property that holds a text."""
        return self.keep(path, self.texts(part.get(key), path))

    def name(self, name: object, column: str, place: str) -> str:
        """Check a name, and note under which name expressions know it."""
        found = str(name)
        self.findings.check(_NAME.fullmatch(found), place, repr(name), "a name")
        self.findings.check(found.lower() not in self.names.values(), place, f"{found} twice", "each name once")
        self.names[column.lower()] = found.lower()
        return found

    def when(self, part: _Json, place: str) -> str:
        """Read when something is shown."""
        text = part.get("visibleIf", "")
        return self.condition(text, f"SurveyJS, {place}, visibleIf") if text else ""

    def condition(self, text: str, place: str) -> str:
        """Read an expression."""
        try:
            return str(read_in_braces(text, place, lambda name: self.known(name, place), SURVEYJS))
        except InstrumentError as error:
            self.findings.take(error)
            return ""

    def known(self, name: str, place: str) -> str:
        """Find the item that a variable stands for."""
        self.findings.check(name in self.names, place, f"{{{name}}}", "a question that comes before")
        return self.names.get(name, name)


def read_back(content: str | bytes) -> Instrument:
    """Read SurveyJS JSON as the form library would understand it.

    Parameters
    ----------
    content : str or bytes
        The JSON.

    Returns
    -------
    Instrument
        Under the names of the form. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with the rules of the format that the file breaks.
    """
    findings = FileFindings("SurveyJS")
    form = _Form(findings)
    survey = form.checked(_parsed(content, findings), "survey", "survey")
    form.languages, form.keys = _languages(survey, findings)
    hidden = _hidden(survey, form)
    title, about = (form.text(survey, key, key) for key in ("title", "description"))
    findings.check(survey.get("clearInvisibleValues") == "onHidden", "survey", "hidden answers kept", "onHidden")
    pages = [form.checked(page, "page", f"page {n}") for n, page in enumerate(survey["pages"], start=1)]
    head = _start(pages[0], form, hidden.get("wave", "")) if pages else {}
    options: list[OptionSet] = []
    sections = tuple(_page(page, form, options) for page in pages[1:])
    _check_braces(form, hidden)
    findings.finish()
    return Instrument.model_construct(
        id=hidden["instrument"],
        version=hidden["version"],
        waves=(Wave.model_construct(id=hidden["wave"], title="", intro=head.get("wave", "")),),
        title=title,
        description=about,
        consent=head.get("consent", ""),
        privacy=head.get("privacy", ""),
        options=tuple(options),
        sections=sections,
        audience=(),
        minutes=None,
        licence="",
        source="",
        cite="",
        languages=form.languages,
        translations=tuple(
            Translation(language=tag, texts=tuple(form.others.get(tag, {}).items())) for tag in form.languages[1:]
        ),
    )


def _parsed(content: str | bytes, findings: FileFindings) -> object:
    try:
        return json.loads(content, object_pairs_hook=lambda pairs: _once(pairs, findings))
    except ValueError as error:
        findings.note("file", str(error), "JSON")
        findings.finish()
        raise


def _once(pairs: list[tuple[str, object]], findings: FileFindings) -> _Json:
    found = dict(pairs)
    findings.check(len(found) == len(pairs), "file", f"a property twice in {sorted(found)}", "each once")
    return found


def _languages(survey: _Json, findings: FileFindings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the languages and their keys: "default" is that of the survey, or English beside a key for that one."""
    title, own = survey.get("title"), survey.get("locale", "en")
    keys = tuple(title) if isinstance(title, dict) else ("default",)
    findings.check("en" not in keys, "survey, title", "the key en", "default, which SurveyJS takes for English")
    first = own if own in keys else "default"
    ordered = (first, *(key for key in keys if key != first))
    return (own, *("en" if key == "default" else key for key in ordered[1:])), ordered


def _hidden(survey: _Json, form: _Form) -> dict[str, str]:
    """Read what travels with the answers."""
    found = {}
    for value in survey.get("calculatedValues", []):
        part = form.checked(value, "calculated", "calculatedValues")
        match = _LITERAL.fullmatch(part.get("expression", ""))
        place = f"calculated value {part['name']}"
        form.findings.check(match, place, part.get("expression", ""), "a text in quotes")
        form.findings.check(part.get("includeIntoResult"), place, "not in the answers", "includeIntoResult")
        found[part["name"]] = match.group(1) if match else ""
    expected = {"instrument", "version", "wave"}
    form.findings.check(set(found) == expected, "calculatedValues", str(sorted(found)), str(sorted(expected)))
    return found


def _start(page: _Json, form: _Form, wave: str) -> dict[str, str]:
    form.findings.check(page["name"] == "form__start", "page 1", page["name"], "form__start")
    paths = {"wave": f"waves.{wave}.intro", "consent": "consent", "privacy": "privacy"}
    found = {}
    for element in page.get("elements", []):
        part = form.checked(element, "html", "page 1")
        key = str(part.get("name")).removeprefix("form__")
        form.findings.check(key in paths, "page 1", str(part.get("name")), str(sorted(paths)))
        found[key] = form.keep(paths.get(key, key), [one for one, _ in _from_html(part, paths.get(key, key), form)])
    return found


def _from_html(part: _Json, path: str, form: _Form) -> list[tuple[str, str]]:
    """Read paragraphs as plain text and help, in every language."""
    found = []
    for text in form.texts(part.get("html"), path):
        match = _PARAGRAPHS.fullmatch(text)
        form.findings.check(match, path, text[:40], "a paragraph")
        text, note = match.groups() if match else (text, "")
        found.append(
            (
                form.findings.plain(text.replace("<br>", "<br />"), path),
                form.findings.plain((note or "").replace("<br>", "<br />"), path),
            )
        )
    return found


def _page(page: _Json, form: _Form, options: list[OptionSet]) -> Section:
    place = f"page {page['name']}"
    form.findings.check(page["name"].startswith("page__"), place, page["name"], "a page")
    name = page["name"].removeprefix("page__")
    when = form.when(page, place)
    items: list[Item] = []
    matrices: list[Matrix] = []
    for element in page.get("elements", []):
        kind = element.get("type") if isinstance(element, dict) else None
        known = kind in {"html", "radiogroup", "checkbox", "text", "comment", "matrix"}
        form.findings.check(known, place, f"the type {kind!r}", "a type of question")
        form.findings.finish()
        part = form.checked(element, str(kind), f"{place}, {element.get('name')}")
        if kind == "matrix":
            matrices.append(_matrix(part, form, options, items))
        else:
            items.append(_item(part, form, options))
    return Section.model_construct(
        id=name,
        title=form.text(page, "title", f"sections.{name}.title"),
        intro=form.text(page, "description", f"sections.{name}.intro"),
        items=tuple(items),
        matrices=tuple(matrices),
        when=when,
    )


def _item(part: _Json, form: _Form, options: list[OptionSet]) -> Item:
    place = f"question {part['name']}"
    when = form.when(part, place)
    name = form.name(part["name"], part["name"], place)
    kind = _INPUTS.get(part.get("inputType", ""), "") if part["type"] == "text" else _KINDS[part["type"]]
    form.findings.check(kind, place, part.get("inputType", ""), "number or date")
    path = f"items.{name}"
    return Item.model_construct(
        id=name,
        kind="likert" if part.get("colCount") == 0 else kind,
        when=when,
        required=part.get("isRequired", False),
        options=_options(part, name, "choices", form, options),
        **(_information(part, path, form) if kind == "information" else _wording(part, path, kind, form)),
        **_limits(part, kind, place, form),
    )


def _information(part: _Json, path: str, form: _Form) -> dict[str, Any]:
    found = _from_html(part, path, form)
    return {
        "text": form.keep(f"{path}.text", [text for text, _ in found]),
        "help": form.keep(f"{path}.help", [note for _, note in found]),
    }


def _wording(part: _Json, path: str, kind: str, form: _Form) -> dict[str, Any]:
    notes = form.texts(part.get("description"), f"{path}.help")
    split = [_UNIT.fullmatch(note) if kind == "number" else None for note in notes]
    return {
        "text": form.text(part, "title", f"{path}.text"),
        "help": form.keep(f"{path}.help", [(m.group(1) or "") if m else n for m, n in zip(split, notes, strict=True)]),
        "unit": form.keep(f"{path}.unit", [m.group(2) if m else "" for m in split]),
    }


def _limits(part: _Json, kind: str, place: str, form: _Form) -> dict[str, Any]:
    if kind in {"number", "date"}:
        for key in ("min", "max"):
            right = key not in part or isinstance(part[key], str) == (kind == "date")
            form.findings.check(right, place, f"{key} {part.get(key)!r}", f"a {kind}")
        step = Decimal(repr(part["step"])) if "step" in part else None
        whole = {} if kind == "date" else {"decimals": None if step is None else -_exponent(step)}
        return {"min": part.get("min"), "max": part.get("max"), **whole}
    if kind == "multiple_choice":
        return {"min": part.get("minSelectedChoices"), "max": part.get("maxSelectedChoices")}
    longest = [one.get("maxLength") for one in part.get("validators", [])]
    wanted = [part["maxLength"]] if "maxLength" in part else []
    form.findings.check(longest == wanted, place, f"validators {longest}", f"{wanted}, as maxLength")
    return {"max_length": part.get("maxLength")}


def _exponent(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _options(part: _Json, name: str, key: str, form: _Form, options: list[OptionSet]) -> str | None:
    if key not in part:
        return None
    kind = "tick" if part["type"] == "checkbox" else "choice"
    found: list[Option] = []
    for choice in part[key]:
        one = form.checked(choice, kind, f"question {name}, {key}")
        value = one["value"]
        known = [option.value for option in found]
        form.findings.check(value not in known, f"question {name}", f"the value {value!r} twice", "each value once")
        label = form.text(one, "text", f"options.{name}.{value}")
        found.append(Option.model_construct(value=value, label=label, exclusive=one.get("isExclusive", False)))
    options.append(OptionSet.model_construct(id=name, options=tuple(found)))
    return name


def _matrix(part: _Json, form: _Form, options: list[OptionSet], items: list[Item]) -> Matrix:
    name = str(part["name"])
    place = f"matrix {name}"
    whole = form.when(part, place)
    shared = _options(part, name, "columns", form, options)
    demanded = _demanded(part, place, form)
    rows = [form.checked(row, "row", place) for row in part["rows"]]
    shown = [form.when(row, f"{place}, row {row['value']}") or whole for row in rows]
    form.name(name, name, place)
    for row, when in zip(rows, shown, strict=True):
        own = form.name(row["value"], f"{name}.{row['value']}", f"{place}, row {row['value']}")
        split = [text.partition("\n") for text in form.texts(row.get("text"), f"items.{own}.text")]
        items.append(
            Item.model_construct(
                id=own,
                kind="likert",
                text=form.keep(f"items.{own}.text", [text for text, _, _ in split]),
                help=form.keep(f"items.{own}.help", [note for _, _, note in split]),
                options=shared,
                required=part.get("eachRowRequired", False) or own in demanded,
                when=when,
                matrix=name,
            )
        )
    form.findings.check(demanded <= {row["value"] for row in rows}, place, str(demanded), "rows of the matrix")
    return Matrix.model_construct(
        id=name,
        text=form.text(part, "title", f"matrices.{name}.text"),
        help=form.text(part, "description", f"matrices.{name}.help"),
    )


def _demanded(part: _Json, place: str, form: _Form) -> set[str]:
    """Find the rows that an expression requires."""
    conditions = {row["value"]: row.get("visibleIf") for row in part["rows"]}
    found = set()
    for validator in part.get("validators", []):
        one = form.checked(validator, "validator", place)
        match = re.fullmatch(r"(?:!\((.*)\) or )?\{([a-z0-9_]+)\.([a-z0-9_]+)\} notempty", one.get("expression", ""))
        right = match and match.group(2) == part["name"] and match.group(1) == conditions.get(match.group(3))
        form.findings.check(right, place, one.get("expression", ""), "a row that is required when it is shown")
        form.texts(one.get("text"), place)
        found.add(match.group(3) if match else "")
    return found


def _check_braces(form: _Form, hidden: Mapping[str, str]) -> None:
    """Check that no text would be filled in with an answer."""
    taken = {*form.names, *hidden, *_OWN_WORDS}
    for place, text in form.said:
        for word in _LIVE.findall(text):
            live = {word.lower(), word.lower().split(".")[0]} & taken
            form.findings.check(not live, place, f"{{{word}}}", "no answer in a text")
