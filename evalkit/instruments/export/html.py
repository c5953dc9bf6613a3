"""Our own accessible form: one HTML file that works offline, sends nothing and saves the answers as a file.

The page is plain HTML, one heading a section, with `form.css` and `form.js` inside it, both pinned by their hashes in a
content security policy that allows nothing else. One page rather than steps: it can be read through, searched, printed
and gone over with a screen reader's own commands, and there is no step at which an answer can be lost.

So that a form stays small, the file holds every question once and every set of options once, as JSON; the script puts
the boxes and their labels to the questions when the page opens. Without a script the questions can still be read.
Comments, indents and blanks of the script and the style stay behind; the names in them stay readable.

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
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from evalkit.errors import InstrumentError, Problem
from evalkit.files import read_text
from evalkit.frames import require
from evalkit.instruments.conditions import And, Condition, Not, Or, Selected
from evalkit.instruments.export.html_reader import read_back
from evalkit.instruments.export.left_behind import item_losses, metadata_losses
from evalkit.instruments.export.naming import shown_text
from evalkit.instruments.export.plain_words import LANGUAGE, condition_words, limit_words, question_numbers
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.export.squeezing import squeezed_script, squeezed_style
from evalkit.instruments.model import Instrument, Item, Matrix, Option, Section
from evalkit.instruments.wording import reworded, texts

__all__ = ["build", "read_back"]

# Scripts that run from right to left, by the language that is written in them.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_BARE = re.compile(r"[A-Za-z0-9_.-]+")
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
    require(problems, error=InstrumentError)


@lru_cache(maxsize=2)
def _asset(name: str) -> str:
    """Read the script or the style, without what only its readers need."""
    source = read_text(Path(__file__).with_name(name))
    return squeezed_script(source) if name.endswith(".js") else squeezed_style(source)


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
        found.append(f" {key}" if value is True else f" {key}={_quoted(str(value))}")
    return "".join(found)


def _quoted(text: str) -> str:
    """Write the value of an attribute, in quotation marks only where it needs them."""
    if _BARE.fullmatch(text):
        return text
    safe = escape(text, quote=False)
    # A condition is JSON, full of double quotation marks.
    return f"'{safe.replace(chr(39), '&#39;')}'" if '"' in safe else f'"{safe}"'


def _said(tag: str, path: str, text: str, class_: str | None = None, **attributes: object) -> str:
    """Write a text of the instrument with its path, by which it is translated; nothing when it is empty.

    Inside a section, matrix or item the path is what follows its name; the class and the number of a question say it.
    """
    if not text:
        return ""
    shown = None if path == class_ or "data_n" in attributes else path
    return f"<{tag}{_attributes(class_=class_, data_t=shown, **attributes)}>{escape(text, quote=False)}</{tag}>"


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
    yield f'<script type="application/json" id="options">{_options(form)}</script>\n'
    yield f'<script type="application/json" id="translations">{_translations(form)}</script>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def _body(page: _Page) -> Iterator[str]:
    form, ours = page.form, page.ours
    yield f'<a class="skip" id="main-link" href="#main"{ours}>Skip to the form</a>\n{_languages(page)}'
    yield '<main id="main">\n<div id="summary" class="summary" role="group" aria-labelledby="summary-title" '
    yield f'tabindex="-1"{ours} hidden>'
    yield '<h2 id="summary-title">There is a problem</h2><ul></ul></div>\n'
    about = _attributes(
        data_instrument=form.id,
        data_version=form.version,
        data_wave=form.waves[0].id,
        data_lang=LANGUAGE if ours else None,
    )
    yield f'<form novalidate autocomplete="off" id="form"{about}>\n'
    yield _said("h1", "title", form.title, None, tabindex=-1) + "\n"
    wave = form.waves[0]
    yield _said("p", f"waves.{wave.id}.title", wave.title, "wave")
    yield _said("p", f"waves.{wave.id}.intro", wave.intro) + _said("p", "description", form.description)
    yield f'<p{ours}>It takes about <span data-minutes="{form.minutes}">{_minutes(form)}</span>.</p>\n'
    yield f"<noscript><p{ours}>This form needs JavaScript to show the answers and to save yours. "
    yield "Without it, ask for the form on paper.</p></noscript>\n"
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
    name = escape(section.id)
    yield f'<section class="page" data-section="{name}"{_attributes(data_when=_tree(section.condition))}>'
    yield _said("h2", "title", section.title) + _only_if(section.condition, page)
    yield _said("p", "intro", section.intro) + "\n"
    for matrix, items in section.groups():
        yield from (_single(items[0], page) if matrix is None else _matrix(matrix, items, page))
    yield "</section>\n"


def _only_if(condition: Condition | None, page: _Page) -> str:
    return "" if condition is None else _said("p", "only_if", condition_words(condition, page.form), "only_if")


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


def _about(item: Item, options: str | None = None) -> str:
    """Write what the page must know of an item; in a matrix, what is not that of the matrix."""
    in_matrix = item.matrix is not None
    return _attributes(
        data_item=item.id,
        data_kind=None if in_matrix and item.kind == "likert" else item.kind,
        data_code=item.code,
        data_options=None if item.options == options else item.options,
        data_required=item.required,
        data_min=item.min,
        data_max=item.max,
        data_decimals=item.decimals if item.kind == "number" else None,
        data_length=item.max_length,
        data_identifier=item.identifier,
        data_when=_tree(item.condition),
    )


def _single(item: Item, page: _Page) -> Iterator[str]:
    help_ = _said("p", "help", item.help, "help")
    if item.kind == "information":
        yield f"<div{_about(item)}>{_only_if(item.condition, page)}{_said('p', 'text', item.text)}{help_}</div>\n"
        return
    tag, head = ("div", "label") if item.options is None and item.kind != "date" else ("fieldset", "legend")
    yield f"<{tag}{_about(item)}><{head}>{_heading(item, page)}</{head}>{_below(item, page)}"
    yield f"{_said('span', 'unit', item.unit, 'unit')}</{tag}>\n"


def _heading(item: Item, page: _Page) -> str:
    return _said("span", "text", item.text, data_n=page.numbers[item.id])


def _below(item: Item, page: _Page) -> str:
    """Write what stands below a question."""
    limits = limit_words(item) if item.kind != "date" or item.min is not None or item.max is not None else ""
    told = f'<p class="limits"{page.ours}>{escape(limits)}</p>' if limits else ""
    return f"{_only_if(item.condition, page)}{_said('p', 'help', item.help, 'help')}{told}"


def _matrix(matrix: Matrix, items: tuple[Item, ...], page: _Page) -> Iterator[str]:
    """Write a matrix: each row is a group of radio buttons of its own, so the table is there for the eye alone."""
    options = items[0].options
    yield f"<fieldset{_attributes(data_matrix=matrix.id, data_options=options)}><legend>"
    yield _said("span", "text", matrix.text, data_n=page.numbers[matrix.id]) + "</legend>"
    yield _said("p", "help", matrix.help, "help")
    yield '<table role="presentation"><tbody>\n'
    for item in items:
        yield f"<tr{_about(item, options)}><th>{_heading(item, page)}{_below(item, page)}</th></tr>\n"
    yield "</tbody></table></fieldset>\n"


def _options(form: Instrument) -> str:
    """Write the sets of options: value and label, and m for a missing option, e for one that excludes the others."""
    used = {item.options for item in form.items}
    sets = {
        one.id: [
            [option.value, option.label, *(["m" * option.missing + "e" * option.exclusive] if _alone(option) else [])]
            for option in one.options
        ]
        for one in form.options
        if one.id in used
    }
    return _json(sets)


def _alone(option: Option) -> bool:
    return option.missing or option.exclusive


def _json(data: object) -> str:
    """Write JSON in which no sign can end the script."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _translations(form: Instrument) -> str:
    """Write the further languages."""
    found = []
    for one in form.translations:
        own = dict(one.texts)
        spoken = reworded(form, own.get)
        logic = {f"sections.{part.id}": part.condition for part in form.sections}
        logic |= {f"items.{item.id}": item.condition for item in form.items}
        notes = {f"only_if.{path}": condition_words(tree, spoken) for path, tree in logic.items() if tree is not None}
        found.append({"language": one.language, "texts": own, "notes": notes})
    return _json(found)


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
