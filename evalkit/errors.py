"""The error tree and the catalogue of error codes.

Every message says which rule was broken (the code), where, what was found, what was expected and how to mend it.
An error carries all the problems of a file at once, not the first. Rows are named by position, never by person.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        "DAT-001": "a file is missing or cannot be read",
        "DAT-002": "a value is outside its range",
        "DAT-003": "a column is missing",
        "DAT-004": "a number cannot be read",
        "DAT-005": "the decimals stated for a printed number contradict its text",
        "DAT-006": "a name is not known",
        "DAT-007": "two values contradict each other",
        "DAT-008": "the file is too large or not in the expected encoding",
        "DAT-009": "an argument is missing or has the wrong type",
        "DAT-010": "a row is repeated",
        "EST-001": "the estimate is not defined for these data",
        "DIS-001": "a disclosure profile is not known",
        "DIS-002": "an output did not come through show()",
        "DIS-003": "a table does not say which of its columns are counts",
        "DIS-004": "a released table breaks the rule of its profile",
        "REP-001": "a notebook failed while it ran",
        "REP-002": "a notebook does not have a parameter of that name",
        "REP-003": "a notebook is not built as a report",
        "REP-004": "an output folder cannot be written",
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and how to mend it.

    Parameters
    ----------
    code : str
        A key of `CODES`.
    place : str
        File, column, cell or argument, rows by position.
    found : str
        What was there.
    expected : str
        What would have been right.
    remedy : str
        What the reader can do about it, as a sentence.
    """

    code: str
    place: str
    found: str
    expected: str
    remedy: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            msg = f"{self.code} is not in evalkit.errors.CODES"
            raise ValueError(msg)

    def __str__(self) -> str:
        return f"{self.code} {self.place}: {self.found}; expected {self.expected}. {self.remedy}"


class EvalkitError(Exception):
    """Whatever evalkit refuses to do, with its reasons.

    Parameters
    ----------
    problems : Problem or iterable of Problem
        All that was found wrong, in the order of the file or of the arguments.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InstrumentError(EvalkitError):
    """A survey instrument or its export is not right."""


class DataError(EvalkitError):
    """Data, a file or an argument is not as it must be."""


class LinkageError(EvalkitError):
    """Two waves of answers cannot be linked."""


class EstimationError(EvalkitError):
    """An estimate is not defined, or cannot be trusted, for these data."""


class ImmortalTimeError(EstimationError):
    """The comparison would count time in which nobody could have left."""


class DisclosureError(EvalkitError):
    """A result would leave the kit without disclosure control."""


class ReportError(EvalkitError):
    """A notebook cannot be rendered."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        A sentence: the nearest name as a question, else all that are known.

    Examples
    --------
    >>> did_you_mean("zang2019", ["zhang2019", "ong2018"])
    'Did you mean "zhang2019"?'
    """
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Known: {', '.join(choices)}."
