"""Our own accessible form: one HTML file that works offline, sends nothing and saves the answers as a file.

The page is plain HTML, one heading a section, with `form.css` and `form.js` inside it, both pinned by their hashes in a
content security policy that allows nothing else. One page rather than steps: it can be read through, searched, printed
and gone over with a screen reader's own commands, and there is no step at which an answer can be lost.

**The file of answers** is what `evalkit.instruments` reads back. JSON: ``{"format": "evalkit-answers", "respondent",
"instrument", "version", "wave", "language", "started", "finished", "answers": {item: value}, "skipped": [item, ...],
"not_asked": [item, ...]}``. A value is a number, a text, an ISO date, or a list of values for a multiple choice; the
instrument's own missing options are answers. The dates are those of the respondent's calendar; `respondent` is random.

CSV: one row of the same, with the columns ``respondent, instrument, version, wave, language, started, finished``, one
for each item (a multiple choice has its values separated by blanks, a skipped item is empty) and ``not-asked``, which
lists items separated by blanks. A text that a spreadsheet would run has an apostrophe in front, which
`evalkit.instruments.export.html_reader.typed_text` takes away.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from evalkit.errors import InstrumentError, Problem
from evalkit.files import read_text
from evalkit.instruments.conditions import And, Condition, Not, Or, Selected
from evalkit.instruments.export.html_reader import read_back
from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.naming import shown_text
from evalkit.instruments.export.plain_words import LANGUAGE, condition_words, limit_words, question_numbers
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.model import Instrument, Item, Matrix, Option, Section
from evalkit.instruments.wording import reworded, texts

__all__ = ["build", "read_back"]

# Scripts that run from right to left, by the language that is written in them.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
# Texts up to this length get a short box.
_SHORT = 12
_CARRIED = ("minutes", "licence", "source", "cite")
_COLUMNS = frozenset({"respondent", "instrument", "version", "wave", "language", "started", "finished"})


def build(instrument: Instrument) -> tuple[str, tuple[Loss, ...], tuple[CodeChange, ...]]:
    """Write one form as a page of HTML.

    Parameters
    ----------
    instrument : Instrument
        One form, as `evalkit.instruments.waves.form_at` gives it.

    Returns
    -------
    tuple of (str, tuple of Loss, tuple of CodeChange)
        The page, the same for the same form; what it does not carry (scales and such, which are for evalkit and not for
        respondents); no code has to change.

    Raises
    ------
    InstrumentError
        INS-043 for a text with hidden characters, INS-044 for an item that is called like a column of the file of
        answers.
    """
    _check(instrument)
    page = _Page.of(instrument)
    return "".join(_document(page)), tuple(_losses(instrument)), ()


@dataclass(frozen=True, slots=True)
class _Page:
    """What the parts of the page are made from."""

    form: Instrument
    numbers: Mapping[str, str]
    # Marks words of ours, which are English, in a form that is not.
    ours: str

    @classmethod
    def of(cls, form: Instrument) -> _Page:
        english = all(tag.split("-")[0] == "en" for tag in form.languages)
        return cls(form, question_numbers(form), "" if english else f' lang="{LANGUAGE}" dir="ltr"')


def _check(form: Instrument) -> None:
    said = texts(form) | {key: str(getattr(form, key)) for key in ("id", "version", "licence", "source", "cite")}
    said |= {f"{path}, {one.language}": text for one in form.translations for path, text in one.texts}
    for path, text in said.items():
        shown_text(text, path)
    expected = "a name that the file of answers does not use itself"
    problems = [
        Problem("INS-044", f"item {item.id}", repr(item.id), expected, "Rename it.")
        for item in form.items
        if item.id in _COLUMNS
    ]
    if problems:
        raise InstrumentError(problems)


@lru_cache(maxsize=2)
def _asset(name: str) -> str:
    return read_text(Path(__file__).with_name(name)).strip("\n")


def _pinned(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _attributes(**values: object) -> str:
    """Write attributes; False and None are left out, True has no value, underscores become hyphens."""
    found = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        found.append(f" {key}" if value is True else f' {key}="{escape(str(value))}"')
    return "".join(found)


def _said(tag: str, path: str, text: str, class_: str | None = "text", **attributes: object) -> str:
    """Write a text of the instrument with its path, by which it is translated; nothing when it is empty."""
    if not text:
        return ""
    return f"<{tag}{_attributes(class_=class_, data_t=path, **attributes)}>{escape(text)}</{tag}>"


def _direction(language: str) -> str:
    return "rtl" if language.split("-", maxsplit=1)[0] in _RIGHT_TO_LEFT else "ltr"


def _document(page: _Page) -> Iterator[str]:
    form = page.form
    style, script = _asset("form.css"), _asset("form.js")
    policy = (
        f"default-src 'none'; script-src {_pinned(script)}; style-src {_pinned(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    language = form.languages[0]
    yield f'<!DOCTYPE html>\n<html lang="{escape(language)}" dir="{_direction(language)}">\n<head>\n'
    yield '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
    yield f'<meta name="dcterms.source" content="{escape(form.source)}">\n'
    yield f"<title>{escape(form.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield from _body(page)
    yield f'<script type="application/json" id="translations">{_translations(form)}</script>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def _body(page: _Page) -> Iterator[str]:
    form, ours = page.form, page.ours
    yield f'<a class="skip" id="main-link" href="#main"{ours}>Skip to the form</a>\n{_languages(page)}'
    yield '<main id="main">\n<div id="summary" class="summary" role="group" aria-labelledby="summary-title" '
    yield f'tabindex="-1"{ours} hidden>'
    yield '<h2 id="summary-title">There is a problem</h2><ul></ul></div>\n'
    about = _attributes(data_instrument=form.id, data_version=form.version, data_wave=form.waves[0].id)
    yield f'<form novalidate autocomplete="off" id="form"{about}>\n'
    yield _said("h1", "title", form.title, None, tabindex=-1) + "\n"
    wave = form.waves[0]
    yield _said("p", f"waves.{wave.id}.title", wave.title, "wave text")
    yield _said("p", f"waves.{wave.id}.intro", wave.intro) + _said("p", "description", form.description)
    yield f'<p{ours}>It takes about <span data-minutes="{form.minutes}">{_minutes(form)}</span>.</p>\n'
    yield f"<noscript><p{ours}>This form needs JavaScript to save your answers. It can be printed without.</p>"
    yield "</noscript>\n"
    yield from _start(page)
    yield '<div id="questions" hidden>\n'
    yield f'<div class="progress"{ours}><label for="bar" id="progress"></label>'
    yield '<progress id="bar" value="0" max="1"></progress></div>\n'
    for section in form.sections:
        yield from _section(section, page)
    yield from _finish(page)
    yield f'</div>\n<p id="announcement" class="away" role="status"{ours}></p>\n</form>\n</main>\n'
    yield f"<footer><p{ours}>Survey {escape(form.id)}, version {escape(form.version)}. "
    yield f'Licence: <span class="licence">{escape(form.licence)}</span>.</p>'
    yield f'<p class="cite">{escape(form.cite)}</p></footer>\n'


def _minutes(form: Instrument) -> str:
    return f"{form.minutes} minute" if form.minutes == 1 else f"{form.minutes} minutes"


def _languages(page: _Page) -> str:
    tags = page.form.languages
    if len(tags) == 1:
        return ""
    about = [_attributes(type="button", lang=tag, data_language=tag, data_dir=_direction(tag)) for tag in tags]
    buttons = "".join(f"<button{one}>{escape(tag)}</button>" for one, tag in zip(about, tags, strict=True))
    return f'<header><div class="languages" role="group" aria-label="Language"{page.ours}>{buttons}</div></header>\n'


def _start(page: _Page) -> Iterator[str]:
    form, ours = page.form, page.ours
    yield f'<section id="start">\n<h2{ours}>Before you start</h2>\n'
    yield f"<h3{ours}>Taking part</h3>" + _said("p", "consent", form.consent)
    yield f"<h3{ours}>Your privacy</h3>" + _said("p", "privacy", form.privacy)
    yield f'<p class="screen"{ours}>Your answers stay on this page until you save them as a file. Nothing is sent, '
    yield "and nothing is kept in the browser: if you close the page before you save, the answers are gone.</p>\n"
    yield f'<div class="question" id="agreement"><p class="error" id="agree-error"{ours} hidden></p>'
    yield f'<p class="option"{ours}><input type="checkbox" id="agree" aria-required="true" '
    yield 'aria-describedby="agree-error">'
    yield '<label for="agree">I have read this and I agree to take part</label></p></div>\n'
    yield f'<p><button type="button" id="begin"{ours}>Go to the questions</button></p>\n</section>\n'


def _finish(page: _Page) -> Iterator[str]:
    ours = page.ours
    yield f'<section id="finish"{ours}>\n<h2>Save your answers</h2>\n'
    yield "<p>Your answers are still on this page only. Save them as a file, and hand the file in as you were asked "
    yield "to. One file is enough: choose the spreadsheet only if you were asked for it.</p>\n"
    yield '<p class="buttons"><button type="button" id="save-json">Save my answers</button>'
    yield '<button type="button" id="save-csv" class="second">Save as a spreadsheet (CSV)</button></p>\n'
    yield '<p id="saved" role="status"></p>\n'
    yield '<p class="buttons"><button type="button" id="print" class="second">Print my answers</button>'
    yield '<button type="button" id="clear" class="second">Clear the form</button></p>\n</section>\n'


def _section(section: Section, page: _Page) -> Iterator[str]:
    logic = _attributes(data_when=_tree(section.condition))
    yield f'<section class="page" id="s-{escape(section.id)}" data-section="{escape(section.id)}"{logic}>\n'
    yield _said("h2", f"sections.{section.id}.title", section.title, None, id=f"title-{section.id}", tabindex=-1)
    yield _only_if(f"sections.{section.id}", section.condition, page)
    yield _said("p", f"sections.{section.id}.intro", section.intro) + "\n"
    for matrix, items in section.groups():
        yield from (_single(items[0], page) if matrix is None else _matrix(matrix, items, page))
    yield "</section>\n"


def _only_if(path: str, condition: Condition | None, page: _Page) -> str:
    if condition is None:
        return ""
    return _said("p", f"only_if.{path}", condition_words(condition, page.form), "only-if")


def _tree(condition: Condition | None) -> str | None:
    return None if condition is None else json.dumps(_branch(condition), separators=(",", ":"), ensure_ascii=False)


def _branch(condition: Condition) -> list[object]:
    if isinstance(condition, And | Or):
        return ["and" if isinstance(condition, And) else "or", *(_branch(part) for part in condition.parts)]
    if isinstance(condition, Not):
        return ["not", _branch(condition.part)]
    if isinstance(condition, Selected):
        return ["selected", condition.item, condition.value]
    return [condition.sign, condition.item, condition.value]


def _about(item: Item) -> str:
    """Write what the page must know of an item."""
    number = item.kind == "number"
    return _attributes(
        id=f"q-{item.id}",
        data_item=item.id,
        data_kind=item.kind,
        data_code=item.code,
        data_options=item.options,
        data_required=item.required,
        data_min=item.min,
        data_max=item.max,
        data_decimals=item.decimals if number else None,
        data_length=item.max_length,
        data_identifier=item.identifier,
        data_when=_tree(item.condition),
    )


def _single(item: Item, page: _Page) -> Iterator[str]:
    name = escape(item.id)
    if item.kind == "information":
        yield f'<div class="question information"{_about(item)}>{_below(item, page)[0]}'
        yield _said("p", f"items.{item.id}.text", item.text) + _said(
            "p", f"items.{item.id}.help", item.help, "help text"
        )
        yield "</div>\n"
        return
    below, described = _below(item, page)
    if item.kind in {"number", "short_text", "long_text"}:
        yield f'<div class="question"{_about(item)}><label for="i-{name}">{_heading(item, page)}</label>{below}'
        yield f"{_box(item, described)}</div>\n"
        return
    role = ' role="radiogroup"' if item.options and item.kind != "multiple_choice" else ""
    must = ' aria-required="true"' if role and item.required else ""
    yield f'<fieldset class="question"{_about(item)}{role}{must} aria-describedby="{described}">'
    yield f"<legend>{_heading(item, page)}</legend>{below}"
    if item.kind == "date":
        yield _date(item, page, described)
    else:
        ticks = item.kind == "multiple_choice"
        for position, option in enumerate(page.form.options_of(item)):
            yield f'<p class="option">{_choice(item, option, position, ticks=ticks)}</p>'
        if not ticks and not item.required:
            yield f'<button type="button" class="clear second"{page.ours} hidden>Clear my answer</button>'
    yield "</fieldset>\n"


def _heading(item: Item, page: _Page) -> str:
    number = f'<span class="number">{page.numbers[item.id]}. </span>'
    return f"{number}{_said('span', f'items.{item.id}.text', item.text, id=f't-{item.id}')}{_required(item, page)}"


def _required(item: Item, page: _Page) -> str:
    return f' <span class="required" id="r-{escape(item.id)}"{page.ours}>(required)</span>' if item.required else ""


def _below(item: Item, page: _Page) -> tuple[str, str]:
    """Write what stands below a question, and the ids that describe its boxes."""
    name = escape(item.id)
    parts = [_only_if(f"items.{item.id}", item.condition, page)]
    described = []
    if item.kind == "information":
        return parts[0], ""
    if item.help:
        parts.append(_said("p", f"items.{item.id}.help", item.help, "help text", id=f"h-{item.id}"))
        described.append(f"h-{name}")
    limits = limit_words(item) if item.kind != "date" or item.min is not None or item.max is not None else ""
    if limits:
        parts.append(f'<p class="limits" id="l-{name}"{page.ours}>{escape(limits)}</p>')
        described.append(f"l-{name}")
    parts.append(f'<p class="error" id="e-{name}"{page.ours} hidden></p>')
    return "".join(parts), " ".join([*described, f"e-{name}"])


def _box(item: Item, described: str) -> str:
    unit = f"u-{item.id}" if item.unit else None
    both = f"{described} {escape(unit)}" if unit else described
    must = ' aria-required="true"' if item.required else ""
    common = f'id="i-{escape(item.id)}" aria-describedby="{both}"{must} autocomplete="off"'
    if item.kind == "long_text":
        return f'<textarea {common} rows="5"></textarea>'
    # A keypad for numbers may have no minus sign and no full stop.
    whole = isinstance(item.min, int | float) and item.min >= 0 and item.decimals == 0
    pad = ' inputmode="numeric"' if item.kind == "number" and whole else ""
    pad += ' class="short"' if item.kind == "number" or (item.max_length or _SHORT + 1) <= _SHORT else ""
    return f'<input type="text" {common}{pad}>' + _said(
        "span", f"items.{item.id}.unit", item.unit, "unit text", id=unit
    )


def _date(item: Item, page: _Page, described: str) -> str:
    name = escape(item.id)
    boxes = "".join(
        f'<p><label for="i-{name}-{key}">{label}</label><input type="text" inputmode="numeric" autocomplete="off" '
        f'id="i-{name}-{key}" class="{key}" maxlength="{longest}" aria-describedby="{described}"></p>'
        for key, label, longest in (("day", "Day", 2), ("month", "Month", 2), ("year", "Year", 4))
    )
    return f'<div class="date"{page.ours}>{boxes}</div>'


def _choice(item: Item, option: Option, position: int, *, ticks: bool) -> str:
    label = _said("span", f"options.{item.options}.{option.value}", option.label)
    about = _attributes(
        type="checkbox" if ticks else "radio",
        id=f"i-{item.id}-{position}",
        name=item.id,
        value=option.value,
        data_number=isinstance(option.value, int),
        data_missing=option.missing,
        data_exclusive=option.exclusive,
        aria_describedby=f"e-{item.id}" if ticks else None,
    )
    return f'<input{about}><label for="i-{escape(item.id)}-{position}">{label}</label>'


def _matrix(matrix: Matrix, items: tuple[Item, ...], page: _Page) -> Iterator[str]:
    """Write a matrix: each row is a group of radio buttons of its own, so the table is there for the eye alone."""
    name = escape(matrix.id)
    help_ = f' aria-describedby="h-{name}"' if matrix.help else ""
    options = page.form.options_of(items[0])
    yield f'<fieldset class="matrix" id="m-{name}" data-matrix="{name}"{help_}>'
    yield f'<legend><span class="number">{page.numbers[matrix.id]}. </span>'
    yield _said("span", f"matrices.{matrix.id}.text", matrix.text) + "</legend>"
    yield _said("p", f"matrices.{matrix.id}.help", matrix.help, "help text", id=f"h-{matrix.id}")
    yield '<table role="presentation"><thead aria-hidden="true"><tr><td></td>'
    for option in options:
        path = f"options.{items[0].options}.{option.value}"
        yield _said("th", path, option.label, "text missing" if option.missing else "text")
    yield "</tr></thead><tbody>\n"
    for item in items:
        yield from _row(item, options, page)
    clear = f'<button type="button" class="clear second"{page.ours} hidden>Clear my answers</button>'
    yield f"</tbody></table>{'' if all(item.required for item in items) else clear}</fieldset>\n"


def _row(item: Item, options: tuple[Option, ...], page: _Page) -> Iterator[str]:
    name = escape(item.id)
    below, described = _below(item, page)
    label = f"t-{name} r-{name}" if item.required else f"t-{name}"
    must = ' aria-required="true"' if item.required else ""
    yield f'<tr class="question"{_about(item)} role="radiogroup" aria-labelledby="{label}"{must} '
    yield f'aria-describedby="{described}">'
    yield f"<th>{_heading(item, page)}{below}</th>"
    for position, option in enumerate(options):
        missing = ' class="missing"' if option.missing else ""
        yield f"<td{missing}>{_choice(item, option, position, ticks=False)}</td>"
    yield "</tr>\n"


def _translations(form: Instrument) -> str:
    """Write the further languages; no sign in it can end the script."""
    found = []
    for one in form.translations:
        own = dict(one.texts)
        spoken = reworded(form, own.get)
        logic = {f"sections.{part.id}": part.condition for part in form.sections}
        logic |= {f"items.{item.id}": item.condition for item in form.items}
        notes = {f"only_if.{path}": condition_words(tree, spoken) for path, tree in logic.items() if tree is not None}
        found.append({"language": one.language, "texts": own, "notes": notes})
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _losses(form: Instrument) -> Iterator[Loss]:
    used = {item.options for item in form.items}
    for loss in (*metadata_losses(form, "The form", _CARRIED), *item_losses(form, "The form", ("identifier", "kind"))):
        if loss.feature == "option set" and loss.where in used:
            continue
        if loss.feature != "wave title":
            yield loss
    for language in form.languages:
        if language.split("-")[0] != "en":
            detail = "Buttons, messages and notes on limits are in English, marked as such for screen readers."
            yield Loss("interface", language, detail)
