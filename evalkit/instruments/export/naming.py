"""Names that fit a platform: shortened where they must be, and never two the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from itertools import count

from evalkit.errors import InstrumentError, Problem

# Identifier, version and wave travel with the answers in fields of these names.
HIDDEN_FIELDS = ("instrument", "version", "wave")
# A plus parts the version of an adaptation from that of its origin.
_PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_. +-]*[A-Za-z0-9])?")
_MAY_STAY = frozenset("\n\t")


def short_names(
    names: Iterable[str], clean: Callable[[str], str], longest: int, taken: Collection[str] = ()
) -> dict[str, str]:
    """Give names that a platform takes, as near to the old ones as can be.

    Parameters
    ----------
    names : iterable of str
        The old names, each once.
    clean : callable
        Takes out what the platform does not allow.
    longest : int
        Characters that the platform allows.
    taken : collection of str
        Names that must not be given.

    Returns
    -------
    dict of str to str
        Old name -> new name, in the order of `names`; the new ones differ even without regard to case. Names that fit
        as they are come first in the choice.

    Examples
    --------
    >>> short_names(["other_leave", "other_job", "a"], lambda name: name.replace("_", ""), 5)
    {'other_leave': 'other', 'other_job': 'othe1', 'a': 'a'}
    """
    old = list(names)
    used = {name.lower() for name in taken}
    found: dict[str, str] = {}
    for name in sorted(old, key=lambda name: clean(name) != name or len(name) > longest):
        found[name] = _free(clean(name), longest, used)
        used.add(found[name].lower())
    return {name: found[name] for name in old}


def hidden_value(text: str, place: str) -> str:
    """Check that a text can travel in a hidden field of any platform.

    Parameters
    ----------
    text : str
        Identifier, version or wave.
    place : str
        What it is, for the message.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InstrumentError
        INS-044 when it holds anything but letters, digits, full stops, hyphens, underscores, and inner plus signs and
        blanks.
    """
    if _PLAIN.fullmatch(text):
        return text
    expected = "letters, digits, full stops, hyphens, underscores and plus signs"
    raise InstrumentError(Problem("INS-044", place, repr(text), expected, "Shorten it to those."))


def shown_text(text: str, place: str) -> str:
    """Check that a text holds no character that no platform can carry.

    Parameters
    ----------
    text : str
        What a respondent sees.
    place : str
        Where it is, for the message.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InstrumentError
        INS-043 for a control character other than tab and line feed, a line or paragraph separator, or half a
        character.
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in _MAY_STAY:
            found = f"the hidden character U+{ord(character):04X}"
            raise InstrumentError(Problem("INS-043", place, found, "text that can be shown", "Rewrite the text."))
    return text


def _free(base: str, longest: int, used: set[str]) -> str:
    name = base[:longest]
    for number in count(1):
        if name and name.lower() not in used:
            break
        name = f"{base[: longest - len(str(number))]}{number}"
    return name
