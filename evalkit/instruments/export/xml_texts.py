"""Texts that go into XML, by itself or inside a spreadsheet."""

from __future__ import annotations

import re

from evalkit.errors import InstrumentError, Problem
from evalkit.instruments.export.naming import shown_text

_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


def xml_text(text: str, place: str) -> str:
    """Check that a text holds no character that XML cannot carry.

    Parameters
    ----------
    text : str
        The text.
    place : str
        Where it is, for the message.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InstrumentError
        INS-043 for a control character, half a character or a code that is no character.
    """
    if _NO_CHARACTERS.search(text):
        raise InstrumentError(
            Problem("INS-043", place, "a code that is no character", "text that can be shown", "Rewrite the text.")
        )
    return shown_text(text, place)
