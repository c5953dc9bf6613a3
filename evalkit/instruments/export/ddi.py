"""DDI-Codebook 2.5 (.xml): what the answers of a form are, for a data archive.

A variable is an item; of a multiple choice, each option is a variable ``item__value`` with 1 for ticked. Pages,
matrices, multiple choices and scales are groups of variables. What DDI has no element for stands in `notes` of type
"evalkit".
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalkit.instruments.export.braced_conditions import number_text
from evalkit.instruments.export.ddi_reader import NAMESPACE, SCHEMA, XML_LANG, XSI, read_back
from evalkit.instruments.export.naming import short_names
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.xml_texts import xml_text
from evalkit.instruments.model import Instrument, Item, Option, Scale, Section
from evalkit.instruments.wording import texts

__all__ = ["build", "read_back"]

_MAX_NAME = 40
_NATURES: Mapping[str, Mapping[str, str]] = {
    "single_choice": {"nature": "nominal", "representationType": "code"},
    "likert": {"nature": "ordinal", "representationType": "code"},
    "number": {"nature": "ratio", "representationType": "numeric"},
    "date": {"nature": "interval", "representationType": "datetime"},
    "short_text": {"nature": "nominal", "representationType": "text"},
    "long_text": {"nature": "nominal", "representationType": "text"},
}
_DOMAINS: Mapping[str, str] = {
    "single_choice": "category",
    "likert": "category",
    "multiple_choice": "multiple",
    "number": "numeric",
    "date": "datetime",
    "short_text": "text",
    "long_text": "text",
}


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as a DDI codebook.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The XML, what DDI cannot carry (texts that ask nothing), and the names that differ from the ids.

    Raises
    ------
    InstrumentError
        INS-043 for a text that XML cannot carry.
    """
    page = _Page(instrument, _names(instrument), _spoken(instrument))
    ET.register_namespace("", NAMESPACE)
    ET.register_namespace("xsi", XSI)
    root = ET.Element(
        _tag("codeBook"), {"version": "2.5", XML_LANG: instrument.languages[0], f"{{{XSI}}}schemaLocation": SCHEMA}
    )
    _study(_under(root, "stdyDscr"), page)
    _data(_under(root, "dataDscr"), page)
    ET.indent(root, " ")
    content = ET.tostring(root, encoding="unicode")
    changes = (CodeChange(key, "", name, "") for key, name in page.names.items() if key != name)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{content}\n', tuple(_losses(instrument)), tuple(changes)


@dataclass(frozen=True, slots=True)
class _Page:
    """What everything is made from: the form, the names of its items, and its texts by language."""

    form: Instrument
    names: Mapping[str, str]
    spoken: Mapping[str, Mapping[str, str]]

    def say(self, parent: ET.Element, name: str, /, *paths: str, **attributes: str) -> None:
        """Write a text, the first of some paths that is there, once for each language."""
        for language, own in self.spoken.items():
            for path in [path for path in paths if path in own][:1]:
                part = _under(parent, name, own[path], f"{path}, {language}", **attributes)
                part.set(XML_LANG, language)

    def variables(self, item: Item) -> list[str]:
        """List the IDs of an item's variables."""
        name = self.names[item.id]
        if item.kind == "information":
            return []
        if item.kind != "multiple_choice":
            return [f"item.{name}"]
        return [f"item.{name}__{option.value}" for option in self.form.options_of(item)]


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _under(parent: ET.Element, name: str, text: str = "", place: str = "", /, **attributes: str) -> ET.Element:
    part = ET.SubElement(
        parent, _tag(name), {key: xml_text(value, f"{name} {key}") for key, value in attributes.items()}
    )
    if text:
        part.text = xml_text(text, place or name)
    return part


def _note(parent: ET.Element, subject: str, text: str) -> None:
    if text:
        _under(parent, "notes", text, subject, type="evalkit", subject=subject)


def _names(form: Instrument) -> dict[str, str]:
    codes = short_names((item.name for item in form.items), lambda name: name, _MAX_NAME)
    return {item.id: codes[item.name] for item in form.items}


def _spoken(form: Instrument) -> dict[str, Mapping[str, str]]:
    given = {one.language: dict(one.texts) for one in form.translations}
    return {form.languages[0]: texts(form), **{tag: given.get(tag, {}) for tag in form.languages[1:]}}


def _study(study: ET.Element, page: _Page) -> None:
    form = page.form
    citation = _under(study, "citation")
    title = _under(citation, "titlStmt")
    for position, (language, own) in enumerate(page.spoken.items()):
        if "title" in own:
            _under(title, "parTitl" if position else "titl", own["title"], "title").set(XML_LANG, language)
    _under(title, "IDNo", form.id, agency="evalkit")
    _under(_under(citation, "prodStmt"), "copyright", form.licence)
    _under(_under(citation, "verStmt"), "version", form.version)
    _under(citation, "biblCit", form.cite)
    page.say(_under(study, "stdyInfo"), "abstract", "description")
    if form.references:
        others = _under(study, "othrStdyMat")
        for reference in form.references:
            _under(others, "othRefs", reference.text, ID=f"reference.{reference.key}")
    wave = form.waves[0]
    _note(study, "wave", wave.id)
    for subject, path in {
        "wave title": f"waves.{wave.id}.title",
        "wave intro": f"waves.{wave.id}.intro",
        "consent": "consent",
        "privacy": "privacy",
    }.items():
        page.say(study, "notes", path, type="evalkit", subject=subject)
    _metadata(study, form)


def _metadata(study: ET.Element, form: Instrument) -> None:
    _note(study, "source", form.source)
    _note(study, "languages", " ".join(form.languages))
    _note(study, "audience", " ".join(form.audience))
    _note(study, "programmes", " ".join(form.programmes))
    _note(study, "minutes", number_text(form.minutes))
    _note(study, "wording", "" if form.may_reword else "must stay")
    _note(study, "adaptation", form.ledger.model_dump_json() if form.ledger else "")
    for token in form.tokens:
        _note(study, f"token {token.name}", token.text)


def _data(data: ET.Element, page: _Page) -> None:
    for section in page.form.sections:
        _section(data, section, page)
    for item in page.form.items:
        if item.kind == "multiple_choice":
            _several(data, item, page)
    for scale in page.form.scales:
        _scale(data, scale, page)
    for item in page.form.items:
        if item.kind == "multiple_choice":
            for option in page.form.options_of(item):
                _tick(data, item, option, page)
        elif item.kind != "information":
            _variable(data, item, page)


def _group(data: ET.Element, kind: str, name: str, variables: list[str], **attributes: str) -> ET.Element:
    listed = {"var": " ".join(variables)} if variables else {}
    return _under(data, "varGrp", **attributes, name=name, **listed, ID=f"{kind}.{name}")


def _section(data: ET.Element, section: Section, page: _Page) -> None:
    variables = [one for item in section.items for one in page.variables(item)]
    group = _group(data, "section", section.id, variables, type="section")
    page.say(group, "labl", f"sections.{section.id}.title")
    page.say(group, "txt", f"sections.{section.id}.intro")
    if section.when:
        _under(group, "universe", section.when)
    _note(group, "block", section.block)
    for matrix, items in section.groups():
        if matrix is not None:
            grid = _group(
                data, "matrix", matrix.id, [one for item in items for one in page.variables(item)], type="grid"
            )
            page.say(grid, "labl", f"matrices.{matrix.id}.text")
            page.say(grid, "txt", f"matrices.{matrix.id}.help")


def _several(data: ET.Element, item: Item, page: _Page) -> None:
    group = _group(data, "several", page.names[item.id], page.variables(item), type="multipleResp")
    page.say(group, "labl", f"items.{item.id}.text")
    page.say(group, "txt", f"items.{item.id}.help")
    if item.when:
        _under(group, "universe", item.when)
    _marks(group, item)
    for subject, limit in (("least", item.min), ("most", item.max)):
        _note(group, subject, "" if limit is None else str(limit))


def _scale(data: ET.Element, scale: Scale, page: _Page) -> None:
    variables = [f"item.{page.names[name]}" for name in scale.items]
    refers = {"pubrefs": " ".join(f"reference.{key}" for key in scale.references)} if scale.references else {}
    group = _group(data, "scale", scale.id, variables, type="analysis", **refers)
    _under(group, "labl", scale.title)
    _under(group, "concept", scale.measures)
    _note(group, "rule", scale.rule)
    _note(group, "reverse", " ".join(page.names[name] for name in scale.reverse))
    _note(group, "least answered", str(scale.min_answered))
    _note(group, "range", json.dumps(scale.range))
    _note(group, "direction", scale.direction)
    for example in scale.examples:
        _note(group, "example", example.model_dump_json())


def _marks(part: ET.Element, item: Item) -> None:
    """Write what DDI has no element for."""
    _note(part, "kind", item.kind)
    _note(part, "options", item.options or "")
    _note(part, "required", "yes" if item.required else "")
    _note(part, "wording", "" if item.may_reword else "must stay")
    _note(part, "longest", "" if item.max_length is None else str(item.max_length))


def _variable(data: ET.Element, item: Item, page: _Page) -> None:
    name = page.names[item.id]
    numeric = item.kind == "number"
    attributes = {
        "ID": f"item.{name}",
        "name": name,
        "intrvl": "contin" if numeric or item.kind == "date" else "discrete",
        **_NATURES[item.kind],
        **({"dcml": str(item.decimals)} if numeric else {}),
        **({"measUnit": item.unit} if item.unit else {}),
    }
    variable = _under(data, "var", **attributes)
    page.say(variable, "labl", f"items.{item.id}.text")
    _asked(variable, item, page)
    _range(variable, item)
    if item.when:
        _under(variable, "universe", item.when)
    for option in page.form.options_of(item):
        category = _under(variable, "catgry", **({"missing": "Y"} if option.missing else {}))
        _under(category, "catValu", str(option.value))
        page.say(category, "labl", f"options.{item.options}.{option.value}")
    _format(variable, item, page.form)
    _marks(variable, item)
    alone = [str(option.value) for option in page.form.options_of(item) if option.exclusive]
    _note(variable, "exclusive", " ".join(alone))
    # The unit in the first language is an attribute.
    others = _Page(page.form, page.names, dict(list(page.spoken.items())[1:]))
    others.say(variable, "notes", f"items.{item.id}.unit", type="evalkit", subject="unit")


def _asked(variable: ET.Element, item: Item, page: _Page) -> None:
    """Write the question; whether the answer identifies a person stands before it."""
    if item.identifier:
        _under(variable, "security", "The answer can identify a person.")
    question = _under(variable, "qstn", responseDomainType=_DOMAINS[item.kind])
    if item.matrix is not None:
        page.say(question, "preQTxt", f"matrices.{item.matrix}.text")
    page.say(question, "qstnLit", f"items.{item.id}.text")
    page.say(question, "postQTxt", f"items.{item.id}.help")


def _range(variable: ET.Element, item: Item) -> None:
    limits = {
        key: limit if isinstance(limit, str) else number_text(limit)
        for key, limit in (("min", item.min), ("max", item.max))
        if limit is not None
    }
    if limits:
        units = {} if item.kind == "date" else {"UNITS": "REAL" if item.decimals else "INT"}
        _under(_under(variable, "valrng"), "range", **units, **limits)


def _format(variable: ET.Element, item: Item, form: Instrument) -> None:
    values = [one.value for one in form.options_of(item)]
    counted = item.kind == "number" or (values and all(isinstance(value, int) for value in values))
    date = {"category": "date", "schema": "ISO", "formatname": "date"} if item.kind == "date" else {}
    _under(variable, "varFormat", type="numeric" if counted else "character", **date)


def _tick(data: ET.Element, item: Item, option: Option, page: _Page) -> None:
    name = f"{page.names[item.id]}__{option.value}"
    variable = _under(
        data, "var", ID=f"item.{name}", name=name, intrvl="discrete", nature="nominal", representationType="code"
    )
    page.say(variable, "labl", f"options.{item.options}.{option.value}")
    _asked(variable, item, page)
    if item.when:
        _under(variable, "universe", item.when)
    for ticked in ("0", "1"):
        _under(_under(variable, "catgry"), "catValu", ticked)
    _under(variable, "varFormat", type="numeric")
    _note(variable, "missing", "yes" if option.missing else "")
    _note(variable, "exclusive", "yes" if option.exclusive else "")


def _losses(form: Instrument) -> Iterator[Loss]:
    for item in form.items:
        if item.kind == "information":
            yield Loss("information", item.id, "DDI describes answers: a text that asks nothing is not in it.")
