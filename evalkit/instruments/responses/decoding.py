"""Bytes into text: UTF-8, and UTF-16 and Windows-1252 where they cannot be mistaken."""

from __future__ import annotations

import codecs
import re

from evalkit.errors import DataError, Problem

_REMEDY = 'Save it again as UTF-8 (in a spreadsheet "CSV UTF-8").'
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people write in Western Europe and what office programs put in; anything else may be another encoding.
_WESTERN = frozenset(
    "\u00e0\u00e1\u00e2\u00e4\u00e6\u00e7\u00e8\u00e9\u00ea\u00eb\u00ec\u00ed\u00ee\u00ef\u00f1\u00f2\u00f3\u00f4"
    "\u00f6\u00f8\u00f9\u00fa\u00fb\u00fc\u00fd\u00ff\u00e3\u00f5\u00e5\u00df\u0153"
    "\u00c0\u00c1\u00c2\u00c4\u00c6\u00c7\u00c8\u00c9\u00ca\u00cb\u00cd\u00cf\u00d1\u00d3\u00d4\u00d6\u00d8\u00da\u00dc\u00c5"
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u2022\u20ac\u00a3\u00a7\u00a9\u00ae\u2122\u00b0\u00b1\u00b4\u00b7"
    "\u00bd\u00bc\u00be\u00ab\u00bb\u00a0\u00a1\u00bf"
)
_UTF8_PAIR = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_SHARE = 0.3


def decoded(content: bytes, place: str) -> str:
    """Turn the bytes of a text file into text.

    Parameters
    ----------
    content : bytes
        The file.
    place : str
        Its name, for the message.

    Returns
    -------
    str
        The text, without a byte order mark.

    Raises
    ------
    DataError
        DAT-008 when it is neither UTF-8 nor, beyond doubt, UTF-16 or Windows-1252.
    """
    text = _attempt(content)
    if text is None:
        found = "text in an encoding that cannot be told"
        raise DataError(Problem("DAT-008", place, found, "UTF-8, UTF-16 or Windows-1252", _REMEDY))
    if "\x00" in text:
        raise DataError(Problem("DAT-008", place, "NUL characters", "a text file", _REMEDY))
    return text.removeprefix("\ufeff")


def _attempt(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding)
    wide = _wide(content)
    if wide is not None:
        return _strictly(content, wide)
    return _strictly(content, "utf-8") if _is_utf8(content) else _western(content)


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeError:
        return None


def _is_utf8(content: bytes) -> bool:
    return _strictly(content, "utf-8") is not None


def _wide(content: bytes) -> str | None:
    """Know UTF-16 without a mark by the zero bytes of its plain letters."""
    half = len(content) / 2
    even, odd = content[::2].count(0), content[1::2].count(0)
    if len(content) % 2 or not even + odd:
        return None
    if odd > _SHARE * half and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > _SHARE * half and odd == 0 else None


def _western(content: bytes) -> str | None:
    """Read Windows-1252 when every special character is a usual one and none could be UTF-8."""
    text = _strictly(content, "cp1252")
    if text is None or _UTF8_PAIR.search(content):
        return None
    return text if all(letter.isascii() or letter in _WESTERN for letter in set(text)) else None
