"""Rules on what people read: characters, tokens, translations, languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, Where, rule
from evalkit.instruments.model import Instrument
from evalkit.instruments.wording import may_have_lines, texts, token_texts, tokens_in

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
# Joiners and direction marks that some scripts need.
_ALLOWED_FORMATS = frozenset("\u200c\u200d\u200e\u200f\u00ad")


@rule
def plain_texts(instrument: Instrument) -> Iterator[Finding]:
    """No control characters, tabs, stray blanks; line breaks only where several lines are usual.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-009.
    """
    for path, text in texts(instrument).items():
        found = _stray(text, lines=may_have_lines(path, instrument))
        if found:
            yield Finding(
                "INS-009", where_of(path), found, "plain text", "Rewrite the text; a long one with >- in YAML."
            )
    for where, text in _unseen_texts(instrument):
        found = _stray(text, lines=False)
        if found:
            yield Finding("INS-009", where, found, "plain text", "Rewrite the text; a long one with >- in YAML.")
    for translation in instrument.translations:
        for path, text in translation.texts:
            found = _stray(text, lines=may_have_lines(path, instrument))
            if found:
                where = ("translations", translation.language, path)
                yield Finding("INS-009", where, found, "plain text", "Rewrite the text.")


@rule
def known_tokens(instrument: Instrument) -> Iterator[Finding]:
    """Every word in braces is a token of the instrument, and what stands for tokens holds none.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-024.
    """
    known = token_texts(instrument)
    for path, text in texts(instrument).items():
        for token in tokens_in(text):
            if token not in known:
                remedy = f"{did_you_mean(token, known)} Or add it to tokens."
                yield Finding("INS-024", where_of(path), f"{{{token}}}", "a token that is listed", remedy)
    for one in instrument.tokens:
        for token in tokens_in(one.text):
            expected = "what stands for a token, without words in braces"
            yield Finding("INS-024", ("tokens", one.name), f"{{{token}}}", expected, "Write its text out.")


@rule
def complete_translations(instrument: Instrument) -> Iterator[Finding]:
    """Every further language has every text, with the same tokens, and no other text.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-025.
    """
    base = texts(instrument)
    given = {translation.language: dict(translation.texts) for translation in instrument.translations}
    for language in instrument.languages[1:]:
        yield from _translation(language, given.get(language, {}), base)
    for language in given:
        if language not in instrument.languages[1:]:
            remedy = "Add it to languages, after the first, or remove the translation."
            yield Finding("INS-025", ("translations", language), f"translation {language}", "a listed language", remedy)


@rule
def translated_labels_differ(instrument: Instrument) -> Iterator[Finding]:
    """The labels of an option set differ in every language.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-011.
    """
    for translation in instrument.translations:
        seen: dict[tuple[str, str], str] = {}
        for path, text in translation.texts:
            kind, name, *_ = (*path.split("."), "")
            first = seen.setdefault((name, text), path) if kind == "options" else path
            if first != path:
                where = ("translations", translation.language, path)
                yield Finding(
                    "INS-011", where, f"the same label as {first}", "labels that differ", "Change one of them."
                )


@rule
def language_tags(instrument: Instrument) -> Iterator[Finding]:
    """Languages are tags such as en-GB, each once.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-010 or INS-011.
    """
    for position, language in enumerate(instrument.languages):
        if not _LANGUAGE.fullmatch(language):
            yield Finding("INS-010", ("languages",), repr(language), "a tag such as en-GB or cy", "See BCP 47.")
        if language in instrument.languages[:position]:
            yield Finding("INS-011", ("languages",), f"{language} twice", "each language once", "Remove one.")


def where_of(path: str) -> Where:
    """Turn the path of a text into the path of a part.

    Parameters
    ----------
    path : str
        Such as "options.agree5.1".

    Returns
    -------
    tuple of str or int
        Such as ("options", "agree5", 1).
    """
    first, *rest = path.split(".", 2)
    if first == "options":
        return (first, *(int(step) if step.lstrip("-").isdigit() else step for step in rest))
    return (first, *rest)


def _unseen_texts(instrument: Instrument) -> Iterator[tuple[Where, str]]:
    """List the texts that are not on the form, or only by way of a token."""
    for key in ("version", "licence", "source", "cite"):
        yield (key,), getattr(instrument, key)
    for token in instrument.tokens:
        yield ("tokens", token.name), token.text
    for reference in instrument.references:
        yield ("references", reference.key), reference.text
    for scale in instrument.scales:
        yield ("scales", scale.id, "title"), scale.title
        yield ("scales", scale.id, "measures"), scale.measures


def _stray(text: str, *, lines: bool) -> str:
    for character in text:
        category = unicodedata.category(character)
        if character == "\n" and lines:
            continue
        if character == "\n":
            return "a line break"
        if character == "\t":
            return "a tab"
        if category in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} or (category == "Cf" and character not in _ALLOWED_FORMATS):
            return f"the hidden character U+{ord(character):04X}"
    if text != text.strip():
        return "a blank at the start or end"
    return ""


def _translation(language: str, given: Mapping[str, str], base: Mapping[str, str]) -> Iterator[Finding]:
    where = ("translations", language)
    for path, text in base.items():
        if path not in given:
            yield Finding(
                "INS-025", where, f"no text for {path}", "every text translated", f"Add {path}: to {language}."
            )
        elif sorted(tokens_in(text)) != sorted(tokens_in(given[path])):
            expected = "the same words in braces as in the first language"
            yield Finding("INS-025", (*where, path), "other tokens", expected, "Copy them unchanged.")
    for path in given:
        if path not in base:
            yield Finding(
                "INS-025", (*where, path), f"path {path}", "a text of the instrument", did_you_mean(path, base)
            )
