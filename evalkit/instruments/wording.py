"""The texts that respondents see: listed by path, translated, and with tokens filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.instruments.model import Instrument, OptionSet, Part, Section, Wave

TOKEN = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Tokens that every instrument may use, and what stands for them until somebody fills them in.
STANDARD_TOKENS: Mapping[str, str] = MappingProxyType(
    {
        "organisation": "your organisation",
        "programme": "the programme",
        "contact": "the person who sent you this survey",
        "kept_for": "two years",
        "closing_date": "the date in your invitation",
    }
)
_MANY_LINES = re.compile(r"(description|consent|privacy)|(sections|waves)\..*\.intro|(items|matrices)\..*\.help")

Change = Callable[[str, str], str]
P = TypeVar("P", bound=Part)


def texts(instrument: Instrument) -> dict[str, str]:
    """List every text that a respondent sees.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    dict of str to str
        Path -> text in the first language. Paths: ``title``, ``description``, ``consent``, ``privacy``,
        ``waves.W.title``, ``waves.W.intro``, ``sections.S.title``, ``sections.S.intro``, ``matrices.M.text``,
        ``matrices.M.help``, ``items.I.text``, ``items.I.help``, ``items.I.unit``, ``options.O.VALUE``.
        Empty texts are left out.
    """
    found: dict[str, str] = {}

    def note(path: str, text: str) -> str:
        if text:
            found[path] = text
        return text

    reworded(instrument, note)
    return found


def reworded(instrument: Instrument, change: Change) -> Instrument:
    """Change texts by their path.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    change : callable
        Takes a path and its text (which may be empty) and gives the new text.

    Returns
    -------
    Instrument
        A new instrument with the same structure.
    """
    head = {key: change(key, getattr(instrument, key)) for key in ("title", "description", "consent", "privacy")}
    return instrument.changed(
        **head,
        waves=tuple(_wave(wave, change) for wave in instrument.waves),
        sections=tuple(_section(section, change) for section in instrument.sections),
        options=tuple(_option_set(options, change) for options in instrument.options),
    )


def may_have_lines(path: str, instrument: Instrument) -> bool:
    """Tell whether a text may have several lines.

    Parameters
    ----------
    path : str
        Path of the text.
    instrument : Instrument
        The instrument.

    Returns
    -------
    bool
        True for introductions, help, consent, privacy, the description and information items.
    """
    if _MANY_LINES.fullmatch(path):
        return True
    parts = path.split(".")
    item = instrument.by_id.get(parts[1]) if parts[0] == "items" and len(parts) == 3 else None
    return item is not None and item.kind == "information" and parts[2] == "text"


def token_texts(instrument: Instrument) -> dict[str, str]:
    """List the tokens and what stands for them.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    dict of str to str
        Token -> text; those of `STANDARD_TOKENS` are always there.
    """
    return {**STANDARD_TOKENS, **{token.name: token.text for token in instrument.tokens}}


def in_language(instrument: Instrument, language: str | None = None) -> Instrument:
    """Show the instrument as respondents see it: in one language, tokens filled in.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    language : str, optional
        One of its languages; the first by default.

    Returns
    -------
    Instrument
        A new instrument whose texts are final and whose only language is that one.

    Raises
    ------
    InstrumentError
        INS-025 when it is not one of its languages.
    """
    language = language or instrument.languages[0]
    if language not in instrument.languages:
        raise InstrumentError(
            Problem(
                "INS-025",
                f"instrument {instrument.id}",
                f"language {language!r}",
                "one of its languages",
                did_you_mean(language, instrument.languages),
            )
        )
    words = token_texts(instrument)
    own = {path: text for one in instrument.translations if one.language == language for path, text in one.texts}

    def final(path: str, text: str) -> str:
        return TOKEN.sub(lambda match: words.get(match.group(1), match.group(0)), own.get(path, text))

    return reworded(instrument, final).changed(languages=(language,), translations=())


def tokens_in(text: str) -> Iterator[str]:
    """List the tokens in a text.

    Parameters
    ----------
    text : str
        The text.

    Yields
    ------
    str
        Names without braces, in order.
    """
    for match in TOKEN.finditer(text):
        yield match.group(1)


def _wave(wave: Wave, change: Change) -> Wave:
    return _changed(wave, f"waves.{wave.id}", ("title", "intro"), change)


def _section(section: Section, change: Change) -> Section:
    own = _changed(section, f"sections.{section.id}", ("title", "intro"), change)
    return own.changed(
        items=tuple(_changed(item, f"items.{item.id}", ("text", "help", "unit"), change) for item in section.items),
        matrices=tuple(
            _changed(matrix, f"matrices.{matrix.id}", ("text", "help"), change) for matrix in section.matrices
        ),
    )


def _option_set(options: OptionSet, change: Change) -> OptionSet:
    return options.changed(
        options=tuple(
            option.changed(label=change(f"options.{options.id}.{option.value}", option.label))
            for option in options.options
        )
    )


def _changed(part: P, path: str, keys: tuple[str, ...], change: Change) -> P:
    return part.changed(**{key: change(f"{path}.{key}", getattr(part, key)) for key in keys})
