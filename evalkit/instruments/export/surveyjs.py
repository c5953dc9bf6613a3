"""SurveyJS (.json): the definition of a form for the SurveyJS form library, in every language.

Texts are plain there, but words in braces would be replaced by answers, so that a joiner of no width keeps them apart.
``<`` is written as an escape, so that the file can stand inside a web page. Identifier, version and wave are calculated
values that go into the answers. Names with two underscores are parts of the form and no answers.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from evalkit.instruments.conditions import Condition, leaves
from evalkit.instruments.export.braced_conditions import SURVEYJS, in_braces
from evalkit.instruments.export.left_behind import bracketed_losses, item_losses, metadata_losses
from evalkit.instruments.export.naming import HIDDEN_FIELDS, hidden_value, short_names, shown_text
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.surveyjs_reader import read_back
from evalkit.instruments.model import Instrument, Item, Matrix, Option, Section
from evalkit.instruments.wording import TOKEN, texts

__all__ = ["build", "read_back"]

_MAX_NAME = 40
_JOINER = "\u200c"
# What SurveyJS itself would fill in.
_OWN_WORDS = frozenset({"locale", "pageno", "pagecount", "no", *HIDDEN_FIELDS})

_Json = dict[str, object]


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as SurveyJS JSON.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The JSON, what SurveyJS cannot carry, and the names that had to change.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for an identifier that a hidden field cannot carry.
    """
    page = _Page(instrument, _names(instrument), _spoken(instrument))
    survey = json.dumps(_survey(page), ensure_ascii=False, indent=1).replace("<", "\\u003c")
    changes = (CodeChange(key, "", name, "") for key, name in page.names.items() if key != name)
    return f"{survey}\n", tuple(_losses(instrument)), tuple(changes)


@dataclass(frozen=True, slots=True)
class _Page:
    """What everything is made from: the form, the names of its items, and its texts by language."""

    form: Instrument
    names: Mapping[str, str]
    spoken: Mapping[str, Mapping[str, str]]

    def said(self, *paths: str, join: Callable[[list[str]], str] = "\n".join) -> object:
        """Write the texts of some paths as one, in every language; None when there is none."""
        found: dict[str, str] = {}
        for language, own in self.spoken.items():
            parts = [self.kept(own[path], f"{path}, {language}") if path in own else "" for path in paths]
            if any(parts):
                found[language] = join(parts)
        if not found:
            return None
        return found if len(self.spoken) > 1 else next(iter(found.values()))

    def kept(self, text: str, place: str) -> str:
        """Keep a text from being filled in; a token stays findable as it is."""
        taken = {*_OWN_WORDS, *self.names.values(), *(one.id for part in self.form.sections for one in part.matrices)}
        shown = shown_text(text, place)
        tokens = {match.start() for match in TOKEN.finditer(shown) if match.group(1).lower() not in taken}
        return re.sub(r"\{", lambda match: "{" if match.start() in tokens else f"{{{_JOINER}", shown)

    def visible(self, condition: Condition | None) -> str | None:
        """Write when something is shown."""
        return None if condition is None else in_braces(condition, self.form, self.variable, SURVEYJS)

    def variable(self, item: Item) -> str:
        """Name an answer in expressions."""
        name = self.names[item.id]
        return f"{{{name}}}" if item.matrix is None else f"{{{item.matrix}.{name}}}"


def _names(form: Instrument) -> dict[str, str]:
    taken = {*HIDDEN_FIELDS, *(matrix.id for section in form.sections for matrix in section.matrices)}
    codes = short_names((item.name for item in form.items), lambda name: name, _MAX_NAME, taken)
    return {item.id: codes[item.name] for item in form.items}


def _spoken(form: Instrument) -> dict[str, Mapping[str, str]]:
    base = texts(form)
    given = {one.language: dict(one.texts) for one in form.translations}
    # SurveyJS takes "default" for English, whatever the form's own language is.
    default = "en" if "en" in form.languages else form.languages[0]
    return {"default" if tag == default else tag: {**base, **given.get(tag, {})} for tag in form.languages}


def _filled(**properties: object) -> _Json:
    return {name: value for name, value in properties.items() if value not in (None, "", False, [])}


def _survey(page: _Page) -> _Json:
    form = page.form
    values = zip(HIDDEN_FIELDS, (form.id, form.version, form.waves[0].id), strict=True)
    return _filled(
        title=page.said("title"),
        description=page.said("description"),
        locale=form.languages[0],
        clearInvisibleValues="onHidden",
        calculatedValues=[
            {"name": name, "expression": f"'{hidden_value(value, name)}'", "includeIntoResult": True}
            for name, value in values
        ],
        pages=[_start(page), *(_section(section, page) for section in form.sections)],
    )


def _start(page: _Page) -> _Json:
    paths = {"wave": f"waves.{page.form.waves[0].id}.intro", "consent": "consent", "privacy": "privacy"}
    said = {name: page.said(path, join=_html) for name, path in paths.items()}
    elements = [{"type": "html", "name": f"form__{name}", "html": text} for name, text in said.items() if text]
    return {"name": "form__start", "elements": elements}


def _html(parts: list[str]) -> str:
    """Write a text, and help below it, as paragraphs that show it as it is."""
    text, note = (html.escape(part, quote=False).replace("\n", "<br>") for part in (*parts, "")[:2])
    return f'<p>{text}</p><p class="help">{note}</p>' if note else f"<p>{text}</p>"


def _section(section: Section, page: _Page) -> _Json:
    path = f"sections.{section.id}"
    return _filled(
        name=f"page__{section.id}",
        title=page.said(f"{path}.title"),
        description=page.said(f"{path}.intro"),
        visibleIf=page.visible(section.condition),
        elements=[
            _question(items[0], page) if matrix is None else _matrix(matrix, items, page)
            for matrix, items in section.groups()
        ],
    )


def _question(item: Item, page: _Page) -> _Json:
    path = f"items.{item.id}"
    if item.kind == "information":
        shown = {"html": page.said(f"{path}.text", f"{path}.help", join=_html)}
    else:
        shown = {
            "title": page.said(f"{path}.text"),
            "description": page.said(f"{path}.help", f"{path}.unit", join=_below),
        }
    return _filled(
        type=_TYPES[item.kind],
        name=page.names[item.id],
        **shown,
        visibleIf=page.visible(item.condition),
        isRequired=item.required,
    ) | _answer(item, page)


_TYPES = {
    "single_choice": "radiogroup",
    "likert": "radiogroup",
    "multiple_choice": "checkbox",
    "number": "text",
    "date": "text",
    "short_text": "text",
    "long_text": "comment",
    "information": "html",
}


def _lines(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


def _below(parts: list[str]) -> str:
    """Write help and, as its last line in square brackets, the unit."""
    note, unit = parts
    return _lines([note, f"[{unit}]" if unit else ""])


def _answer(item: Item, page: _Page) -> _Json:
    """Write what an answer can be; zeros count here."""
    limits = {"min": item.min, "max": item.max}
    if item.kind == "multiple_choice":
        limits = {"minSelectedChoices": item.min, "maxSelectedChoices": item.max}
    found: _Json = {name: limit for name, limit in limits.items() if limit is not None}
    if item.options is not None:
        several = item.kind == "multiple_choice"
        found["choices"] = [_choice(one, item, page, several=several) for one in page.form.options_of(item)]
    if item.kind == "likert":
        found["colCount"] = 0
    if item.kind in {"number", "date"}:
        found["inputType"] = item.kind
    if item.kind == "number" and _stepwise(item):
        found["step"] = 1 if item.decimals == 0 else float(10**-item.decimals)
    if item.max_length is not None:
        found |= {"maxLength": item.max_length, "validators": [{"type": "text", "maxLength": item.max_length}]}
    return found


def _stepwise(item: Item) -> bool:
    """Whether steps from the least number are the numbers with so many decimals."""
    least = Decimal(repr(item.min or 0))
    return least == round(least, item.decimals)


def _choice(option: Option, item: Item, page: _Page, *, several: bool) -> _Json:
    found: _Json = {"value": option.value, "text": page.said(f"options.{item.options}.{option.value}")}
    return found | ({"isExclusive": True} if several and (option.exclusive or option.missing) else {})


def _matrix(matrix: Matrix, items: tuple[Item, ...], page: _Page) -> _Json:
    same = len({item.when for item in items}) == 1
    every = all(item.required for item in items)
    return _filled(
        type="matrix",
        name=matrix.id,
        title=page.said(f"matrices.{matrix.id}.text"),
        description=page.said(f"matrices.{matrix.id}.help"),
        visibleIf=page.visible(items[0].condition) if same else None,
        eachRowRequired=every,
        columns=[_choice(option, items[0], page, several=False) for option in page.form.options_of(items[0])],
        rows=[
            _filled(
                value=page.names[item.id],
                text=page.said(f"items.{item.id}.text", f"items.{item.id}.help", join=_lines),
                visibleIf=None if same else page.visible(item.condition),
            )
            for item in items
        ],
        validators=[] if every else [_demand(item, page, same=same) for item in items if item.required],
    )


def _demand(item: Item, page: _Page, *, same: bool) -> _Json:
    """Require one row of a matrix, when it is shown."""
    given = f"{page.variable(item)} notempty"
    shown = None if same else page.visible(item.condition)
    expression = given if shown is None else f"!({shown}) or {given}"
    return {"type": "expression", "text": page.said(f"items.{item.id}.text"), "expression": expression}


def _losses(form: Instrument) -> Iterator[Loss]:
    yield from metadata_losses(form, "SurveyJS")
    yield from item_losses(form, "SurveyJS", carried={"kind"})
    for item in form.items:
        if item.kind == "number" and not _stepwise(item):
            detail = f"SurveyJS counts decimals from the least number, {item.min}: it takes any decimals."
            yield Loss("validation", item.id, detail)
    yield from bracketed_losses(form)
    yield from _half_hidden(form)


def _half_hidden(form: Instrument) -> Iterator[Loss]:
    """List rows with a condition of their own at which other conditions look."""
    conditions = [*(section.condition for section in form.sections), *(item.condition for item in form.items)]
    looked_at = {leaf.item for condition in conditions if condition is not None for leaf in leaves(condition)}
    for section in form.sections:
        for matrix, items in section.groups():
            if matrix is not None and len({item.when for item in items}) > 1:
                for item in items:
                    if item.when and item.id in looked_at:
                        detail = (
                            "A row that is hidden again keeps its answer until the form is sent: others may be shown."
                        )
                        yield Loss("hidden rows", item.id, detail)
