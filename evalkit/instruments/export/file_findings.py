"""What the strict readers of exported files note on their way: all problems of a file at once."""

from __future__ import annotations

import html
import re

from evalkit.errors import InstrumentError, Problem

_REMEDY = "Export the instrument again and leave the file as it is."
_TAG = re.compile(r"<[^>]*>?")
_HELP = re.compile(r"(.*?)(?:<br />)?<em>(.*)</em>", re.DOTALL)


class FileFindings:
    """The problems of one exported file.

    Parameters
    ----------
    file : str
        Name of the file or format, for the messages.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []

    def note(self, place: str, found: str, expected: str) -> None:
        """Note a problem and go on.

        Parameters
        ----------
        place : str
            Row or line, and column.
        found : str
            What is there.
        expected : str
            What the platform's rule asks for.
        """
        self._problems.append(Problem("INS-045", f"{self._file}, {place}", found, expected, _REMEDY))

    def check(self, right: object, place: str, found: str, expected: str) -> None:
        """Note a problem unless a rule is kept.

        Parameters
        ----------
        right : object
            Whether the rule is kept; any value, taken as true or false.
        place, found, expected : str
            As in `note`.
        """
        if not right:
            self.note(place, found, expected)

    def take(self, error: InstrumentError) -> None:
        """Note the problems of a part that was read by itself.

        Parameters
        ----------
        error : InstrumentError
            What went wrong.
        """
        self._problems += error.problems

    def finish(self) -> None:
        """Refuse the file when anything was noted.

        Raises
        ------
        InstrumentError
            With all problems.
        """
        if self._problems:
            raise InstrumentError(self._problems)

    def plain(self, text: str, place: str, allowed: tuple[str, ...] = ("<br />",)) -> str:
        """Read a cell of HTML as the plain text that is shown.

        Parameters
        ----------
        text : str
            The HTML.
        place : str
            Row or line, and column.
        allowed : tuple of str
            Tags that it may hold; ``<br />`` becomes a line feed, others nothing.

        Returns
        -------
        str
            The text; tags that are not allowed are noted.
        """
        for tag in _TAG.findall(text):
            self.check(tag in allowed, place, f"the tag {tag[:40]}", "a text without it")
        lines = _TAG.sub(lambda match: "\n" if match.group() == "<br />" else "", text)
        return html.unescape(lines)

    def with_help(self, text: str, place: str) -> tuple[str, str]:
        """Split a question in HTML from the line of help in ``<em>`` at its end.

        Parameters
        ----------
        text : str
            The HTML.
        place : str
            Row or line, and column.

        Returns
        -------
        tuple of (str, str)
            Question and help as plain texts; without help it is empty.
        """
        match = _HELP.fullmatch(text)
        question, note = match.groups() if match else (text, "")
        return self.plain(question, place), self.plain(note, place)


def as_value(code: str) -> int | str:
    """Read an option's code as a value: digits are a number.

    Parameters
    ----------
    code : str
        On the platform.

    Returns
    -------
    int or str
        The value.
    """
    return int(code) if code.isdecimal() and code.isascii() else code


def as_number(text: str) -> int | float | None:
    """Read a limit.

    Parameters
    ----------
    text : str
        A number, or nothing.

    Returns
    -------
    int, float or None
        None when there is none.
    """
    if not text:
        return None
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
