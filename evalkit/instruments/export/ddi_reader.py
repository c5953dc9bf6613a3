"""Reads a DDI-Codebook 2.5 file, with the order of elements and the lists of values that its schema prescribes.

The schema itself is not in evalkit (LGPL): `_CHILDREN` and `_VALUES` hold of it what a codebook of a survey needs.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from evalkit.instruments.export.file_findings import FileFindings, as_number, as_value
from evalkit.instruments.model import (
    Example,
    Instrument,
    Item,
    Ledger,
    Matrix,
    Option,
    OptionSet,
    Reference,
    Scale,
    Section,
    Token,
    Translation,
    Wave,
)

NAMESPACE = "ddi:codebook:2_5"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = f"{NAMESPACE} http://www.ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# Element -> its children in the order that the schema asks for; "?" once or not at all, "!" just once, "*" any number.
_CHILDREN: Mapping[str, str] = MappingProxyType(
    {
        "codeBook": "docDscr* stdyDscr* fileDscr* dataDscr* otherMat*",
        "stdyDscr": "citation* studyAuthorization* stdyInfo* studyDevelopment* method* dataAccs* othrStdyMat* notes*",
        "citation": "titlStmt! rspStmt? prodStmt? distStmt? serStmt* verStmt* biblCit* holdings* notes*",
        "titlStmt": "titl! subTitl* altTitl* parTitl* IDNo*",
        "prodStmt": "producer* copyright? prodDate* prodPlac* software* fundAg* grantNo*",
        "verStmt": "version? verResp? notes*",
        "stdyInfo": "studyBudget* subject* abstract* sumDscr* qualityStatement? notes* exPostEvaluation*",
        "othrStdyMat": "relMat* relStdy* relPubl* othRefs*",
        "dataDscr": "varGrp* nCubeGrp* var* nCube* notes*",
        "varGrp": "labl* txt* concept* defntn? universe? notes*",
        "var": (
            "location* labl* imputation? security? embargo? respUnit? anlysUnit? qstn* valrng* invalrng* undocCod* "
            "universe* TotlResp? sumStat* txt* stdCatgry* catgryGrp* catgry* codInstr* verStmt* concept* derivation? "
            "varFormat? geoMap* catLevel* notes*"
        ),
        "valrng": "range* key? notes*",
        "catgry": "catValu? labl* txt* catStat* mrow?",
    }
)
# A question may hold these in any order.
_IN_QUESTION = frozenset({"preQTxt", "qstnLit", "postQTxt", "forward", "backward", "ivuInstr"})
_TEXTS = frozenset(
    {
        *("titl", "parTitl", "IDNo", "copyright", "version", "biblCit", "abstract", "othRefs", "notes"),
        *("labl", "txt", "concept", "universe", "security", "catValu", "varFormat"),
        *("preQTxt", "qstnLit", "postQTxt"),
    }
)
_FREE = None
# Element -> attribute -> its values; None for any text.
_VALUES: Mapping[str, Mapping[str, frozenset[str] | None]] = MappingProxyType(
    {
        "codeBook": {"version": frozenset({"2.5"}), f"{{{XSI}}}schemaLocation": _FREE},
        "IDNo": {"agency": _FREE},
        "notes": {"type": _FREE, "subject": _FREE},
        "varGrp": {
            "name": _FREE,
            "var": _FREE,
            "pubrefs": _FREE,
            "type": frozenset(
                {
                    *("section", "multipleResp", "grid", "display", "repetition", "subject", "version", "iteration"),
                    *("analysis", "pragmatic", "record", "file", "randomized", "other"),
                }
            ),
        },
        "var": {
            "name": _FREE,
            "dcml": _FREE,
            "measUnit": _FREE,
            "intrvl": frozenset({"contin", "discrete"}),
            "nature": frozenset({"nominal", "ordinal", "interval", "ratio", "percent", "other"}),
            "representationType": frozenset({"text", "numeric", "code", "datetime", "other"}),
        },
        "qstn": {
            "responseDomainType": frozenset(
                {"text", "numeric", "code", "category", "datetime", "geographic", "multiple", "other"}
            )
        },
        "range": {"UNITS": frozenset({"INT", "REAL"}), "min": _FREE, "max": _FREE},
        "catgry": {"missing": frozenset({"Y", "N"})},
        "varFormat": {
            "type": frozenset({"character", "numeric"}),
            "formatname": _FREE,
            "schema": frozenset({"SAS", "SPSS", "IBM", "ANSI", "ISO", "XML-Data", "other"}),
            "category": frozenset({"date", "time", "currency", "other"}),
        },
    }
)
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_REFERENCES = ("var", "pubrefs")


def read_back(content: str | bytes) -> Instrument:
    """Read a DDI codebook.

    Parameters
    ----------
    content : str or bytes
        The XML.

    Returns
    -------
    Instrument
        Under the names of the variables. What the format does not carry is empty.

    Raises
    ------
    InstrumentError
        INS-045 with every rule of the schema that the file breaks, as far as evalkit knows it.
    """
    findings = FileFindings("DDI")
    root = _root(content, findings)
    _check(root, "codeBook", findings)
    _check_ids(root, findings)
    findings.finish()
    return _Codebook(root, findings).instrument()


def _root(content: str | bytes, findings: FileFindings) -> ET.Element:
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    # Entities and document types have no place in a codebook, and can blow up a parser.
    findings.check("<!" not in text, "file", "a document type, comment or CDATA section", "elements only")
    findings.finish()
    try:
        root = ET.fromstring(text.encode())  # noqa: S314
    except ET.ParseError as error:
        findings.note("file", str(error), "XML")
        findings.finish()
        raise
    findings.check(root.tag == f"{{{NAMESPACE}}}codeBook", "root", root.tag, f"codeBook of {NAMESPACE}")
    findings.finish()
    return root


def _check(part: ET.Element, path: str, findings: FileFindings) -> None:
    """Check an element and all below it against the schema."""
    name = _name(part)
    _check_attributes(part, name, path, findings)
    children = [_name(child) for child in part]
    if name in _CHILDREN:
        order = _CHILDREN[name].split()
        pattern = "".join(f"(?:{one[:-1]} ){'' if one.endswith('!') else one[-1]}" for one in order)
        expected = ", ".join(one.rstrip("*?!") for one in order)
        findings.check(
            re.fullmatch(pattern, "".join(f"{child} " for child in children)), path, ", ".join(children), expected
        )
    elif name == "qstn":
        findings.check(set(children) <= _IN_QUESTION, path, ", ".join(children), ", ".join(sorted(_IN_QUESTION)))
    else:
        findings.check(name in _TEXTS or name == "range", path, f"the element {name}", "an element that evalkit knows")
        findings.check(not children, path, ", ".join(children), "text only")
    if name not in _TEXTS:
        findings.check(not (part.text or "").strip(), path, f"the text {part.text!r}"[:60], "elements only")
    for position, child in enumerate(part, start=1):
        findings.check(not (child.tail or "").strip(), path, f"the text {child.tail!r}"[:60], "elements only")
        _check(child, f"{path}/{_name(child)}[{position}]", findings)


def _check_attributes(part: ET.Element, name: str, path: str, findings: FileFindings) -> None:
    known = {"ID": _FREE, XML_LANG: _FREE, **_VALUES.get(name, {})}
    for attribute, value in part.attrib.items():
        findings.check(attribute in known, path, f"the attribute {attribute}", "an attribute of the element")
        values = known.get(attribute)
        findings.check(
            values is None or value in values, path, f'{attribute}="{value}"', f"one of {sorted(values or ())}"
        )
    if name in {"var", "codeBook"}:
        needed = "name" if name == "var" else "version"
        findings.check(needed in part.attrib, path, f"no {needed}", needed)


def _check_ids(root: ET.Element, findings: FileFindings) -> None:
    """Check that each ID is there once, and that references lead to one."""
    ids = Counter(part.attrib["ID"] for part in root.iter() if "ID" in part.attrib)
    for one, times in ids.items():
        findings.check(_ID.fullmatch(one), f"ID {one}", repr(one), "a name")
        findings.check(times == 1, f"ID {one}", f"{times} times", "each ID once")
    for part in root.iter():
        for attribute in _REFERENCES:
            for one in part.get(attribute, "").split():
                findings.check(one in ids, f"{attribute} of {part.get('ID')}", one, "an ID of the file")


def _name(part: ET.Element) -> str:
    return part.tag.removeprefix(f"{{{NAMESPACE}}}")


class _Codebook:
    """Rebuilds an instrument from a codebook that keeps the schema."""

    def __init__(self, root: ET.Element, findings: FileFindings) -> None:
        self.root = root
        self.findings = findings
        self.language = root.get(XML_LANG, "")
        self.others: dict[str, dict[str, str]] = {}
        self.options: dict[str, OptionSet] = {}
        self.variables = {one.get("ID", ""): one for one in self.all("dataDscr/var")}
        self.groups = {one.get("ID", ""): one for one in self.all("dataDscr/varGrp")}

    def all(self, path: str, part: ET.Element | None = None) -> list[ET.Element]:
        """Find elements by a path of names."""
        where = self.root if part is None else part
        return where.findall("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))

    def text(self, path: str, part: ET.Element | None = None) -> str:
        """Read the text of an element that is there once."""
        found = self.all(path, part)
        return (found[0].text or "") if found else ""

    def said(self, parts: list[ET.Element], path: str) -> str:
        """Read a text in the first language and note its translations under a path."""
        first = ""
        for part in parts:
            language = part.get(XML_LANG, self.language)
            if language == self.language:
                first = part.text or ""
            elif part.text:
                self.others.setdefault(language, {})[path] = part.text
        return first

    def noted(self, part: ET.Element, subject: str) -> list[ET.Element]:
        """Find the notes of evalkit about one subject."""
        return [one for one in self.all("notes", part) if one.get("subject") == subject]

    def note(self, part: ET.Element, subject: str) -> str:
        """Read the one note about a subject."""
        found = self.noted(part, subject)
        return (found[0].text or "") if found else ""

    def instrument(self) -> Instrument:
        """Read everything."""
        study = self.all("stdyDscr")[0]
        titles = [*self.all("citation/titlStmt/titl", study), *self.all("citation/titlStmt/parTitl", study)]
        wave = self.note(study, "wave")
        languages = tuple(self.note(study, "languages").split())
        sections = tuple(self.sections())
        minutes = as_number(self.note(study, "minutes"))
        ledger = self.note(study, "adaptation")
        found = Instrument.model_construct(
            id=self.text("citation/titlStmt/IDNo", study),
            version=self.text("citation/verStmt/version", study),
            title=self.said(titles, "title"),
            description=self.said(self.all("stdyInfo/abstract", study), "description"),
            consent=self.said(self.noted(study, "consent"), "consent"),
            privacy=self.said(self.noted(study, "privacy"), "privacy"),
            waves=(
                Wave.model_construct(
                    id=wave,
                    title=self.said(self.noted(study, "wave title"), f"waves.{wave}.title"),
                    intro=self.said(self.noted(study, "wave intro"), f"waves.{wave}.intro"),
                ),
            ),
            licence=self.text("citation/prodStmt/copyright", study),
            cite=self.text("citation/biblCit", study),
            source=self.note(study, "source"),
            audience=tuple(self.note(study, "audience").split()),
            programmes=tuple(self.note(study, "programmes").split()),
            minutes=minutes,
            may_reword=not self.note(study, "wording"),
            ledger=Ledger.model_validate_json(ledger) if ledger else None,
            languages=languages,
            references=tuple(
                Reference.model_construct(key=one.get("ID", "").removeprefix("reference."), text=one.text or "")
                for one in self.all("othrStdyMat/othRefs", study)
            ),
            tokens=tuple(self.tokens(study)),
            sections=sections,
            scales=tuple(self.scales()),
            options=tuple(self.options.values()),
        )
        self.findings.check(languages[:1] == (self.language,), "languages", str(languages), self.language)
        strange = set(self.others) - set(languages)
        self.findings.check(not strange, "languages", str(sorted(strange)), "languages of the codebook")
        self.findings.finish()
        return found.changed(
            translations=tuple(
                Translation(language=tag, texts=tuple(self.others.get(tag, {}).items())) for tag in languages[1:]
            )
        )

    def tokens(self, study: ET.Element) -> Iterator[Token]:
        """Read what stands for words in braces."""
        for one in self.all("notes", study):
            kind, _, name = one.get("subject", "").partition(" ")
            if kind == "token":
                yield Token.model_construct(name=name, text=one.text or "")

    def listed(self, kind: str) -> Iterator[tuple[str, ET.Element, list[str]]]:
        """Go through the groups of one kind with their names and variables."""
        for key, group in self.groups.items():
            if key.startswith(f"{kind}."):
                yield group.get("name", ""), group, group.get("var", "").split()

    def sections(self) -> Iterator[Section]:
        """Read the pages."""
        matrices = {one: name for name, _, variables in self.listed("matrix") for one in variables}
        several = {one: name for name, _, variables in self.listed("several") for one in variables}
        for name, group, variables in self.listed("section"):
            items: dict[str, Item] = {}
            for one in variables:
                key = several.get(one, one)
                if key not in items:
                    items[key] = self.several(several[one]) if one in several else self.item(one, matrices.get(one))
            used = dict.fromkeys(item.matrix for item in items.values() if item.matrix)
            yield Section.model_construct(
                id=name,
                title=self.said(self.all("labl", group), f"sections.{name}.title"),
                intro=self.said(self.all("txt", group), f"sections.{name}.intro"),
                when=self.text("universe", group),
                block=self.note(group, "block"),
                items=tuple(items.values()),
                matrices=tuple(self.matrix(one) for one in used if one),
            )

    def matrix(self, name: str) -> Matrix:
        """Read what stands above rows."""
        group = self.groups[f"matrix.{name}"]
        return Matrix.model_construct(
            id=name,
            text=self.said(self.all("labl", group), f"matrices.{name}.text"),
            help=self.said(self.all("txt", group), f"matrices.{name}.help"),
        )

    def marks(self, part: ET.Element) -> dict[str, Any]:
        """Read what stands in notes of an item."""
        longest = self.note(part, "longest")
        return {
            "kind": self.note(part, "kind"),
            "options": self.note(part, "options") or None,
            "required": self.note(part, "required") == "yes",
            "may_reword": not self.note(part, "wording"),
            "max_length": int(longest) if longest else None,
            "when": self.text("universe", part),
        }

    def item(self, key: str, matrix: str | None) -> Item:
        """Read a variable as an item."""
        part = self.variables[key]
        name = part.get("name", "")
        marks = self.marks(part)
        asked = self.all("qstn/qstnLit", part)
        label, question = ([one.text for one in parts] for parts in (self.all("labl", part), asked))
        self.findings.check(label == question, f"var {name}", f"the label {label}", f"the question {question}")
        if marks["options"]:
            self.option_set(str(marks["options"]), part)
        units = self.noted(part, "unit")
        self.said(units, f"items.{name}.unit")
        return Item.model_construct(
            id=name,
            text=self.said(asked, f"items.{name}.text"),
            help=self.said(self.all("qstn/postQTxt", part), f"items.{name}.help"),
            unit=part.get("measUnit", ""),
            decimals=int(part.get("dcml", "0")),
            identifier=bool(self.all("security", part)),
            matrix=matrix,
            **marks,
            **self.limits(part),
        )

    def limits(self, part: ET.Element) -> dict[str, Any]:
        """Read the least and greatest answer."""
        found: dict[str, Any] = {}
        for one in self.all("valrng/range", part):
            dated = part.get("representationType") == "datetime"
            found |= {
                key: one.get(key) if dated else as_number(one.get(key, ""))
                for key in ("min", "max")
                if key in one.attrib
            }
        return found

    def option_set(self, name: str, part: ET.Element) -> None:
        """Read the categories of a variable; the same set must be the same wherever it is."""
        alone = self.note(part, "exclusive").split()
        options = []
        for category in self.all("catgry", part):
            value = self.text("catValu", category)
            options.append(
                Option.model_construct(
                    value=as_value(value),
                    label=self.said(self.all("labl", category), f"options.{name}.{value}"),
                    missing=category.get("missing") == "Y",
                    exclusive=value in alone,
                )
            )
        self.keep(name, options)

    def keep(self, name: str, options: list[Option]) -> None:
        """Note an option set."""
        found = OptionSet.model_construct(id=name, options=tuple(options))
        known = self.options.setdefault(name, found)
        same = known.options == found.options
        self.findings.check(same, f"options {name}", "two that differ", "the same categories wherever they are")

    def several(self, name: str) -> Item:
        """Read a group of ticks as a multiple choice."""
        group = self.groups[f"several.{name}"]
        marks = self.marks(group)
        options = []
        secure = False
        for key in group.get("var", "").split():
            part = self.variables[key]
            value = part.get("name", "").rpartition("__")[2]
            secure = bool(self.all("security", part))
            options.append(
                Option.model_construct(
                    value=as_value(value),
                    label=self.said(self.all("labl", part), f"options.{marks['options']}.{value}"),
                    missing=self.note(part, "missing") == "yes",
                    exclusive=self.note(part, "exclusive") == "yes",
                )
            )
        self.keep(str(marks["options"]), options)
        return Item.model_construct(
            id=name,
            text=self.said(self.all("labl", group), f"items.{name}.text"),
            help=self.said(self.all("txt", group), f"items.{name}.help"),
            identifier=secure,
            min=as_number(self.note(group, "least")),
            max=as_number(self.note(group, "most")),
            **marks,
        )

    def scales(self) -> Iterator[Scale]:
        """Read the scores."""
        for name, group, variables in self.listed("scale"):
            low, high = json.loads(self.note(group, "range"))
            yield Scale.model_construct(
                id=name,
                title=self.text("labl", group),
                measures=self.text("concept", group),
                items=tuple(one.removeprefix("item.") for one in variables),
                reverse=tuple(self.note(group, "reverse").split()),
                rule=self.note(group, "rule"),
                min_answered=int(self.note(group, "least answered")),
                range=(low, high),
                direction=self.note(group, "direction"),
                references=tuple(one.removeprefix("reference.") for one in group.get("pubrefs", "").split()),
                examples=tuple(Example.model_validate_json(one.text or "") for one in self.noted(group, "example")),
            )
