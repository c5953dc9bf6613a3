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
        "DAT-011": "an answer is not one of the options, or not of the kind of its item",
        "DAT-012": "codes and labels are mixed in one column, or an answer or date can be read in two ways",
        "DAT-013": "a column fits several items, or several columns fit one item",
        "DAT-014": "the format of a response file cannot be told or read",
        "DAT-015": "a workbook is damaged, protected or not one plain table",
        "DAT-016": "answers belong to another instrument, version or wave",
        "DAT-017": "a row has more or fewer cells than the header",
        "DAT-018": "a response file holds no answers",
        "DAT-019": "a cell is empty that must be filled",
        "DAT-020": "a year is missing from a series, or files are of different years",
        "DAT-021": "a group has no members, or one only",
        "EST-001": "the estimate is not defined for these data",
        "EST-002": "a comparison counts time in which nobody could have left",
        "DIS-001": "a disclosure profile is not known",
        "DIS-002": "an output did not come through show()",
        "DIS-003": "a table does not say which of its columns are counts",
        "DIS-004": "a released table breaks the rule of its profile",
        "DIS-005": "what is withheld can be worked out from all that is released",
        "DIS-006": "tables overlap in a ring that is too large to be attacked",
        "REP-001": "a notebook failed while it ran",
        "REP-002": "a notebook does not have a parameter of that name",
        "REP-003": "a notebook is not built as a report",
        "REP-004": "an output folder cannot be written",
        "REP-005": "the visual identity of a report cannot be used",
        "INS-001": "an instrument is not there, is too large or is not UTF-8",
        "INS-002": "the YAML of an instrument cannot be read",
        "INS-003": "a key is written twice",
        "INS-004": "an anchor, alias, merge key, tag or second document",
        "INS-005": "an unquoted word or number that YAML versions read differently, or a key without a value",
        "INS-006": "a key is not known",
        "INS-007": "a key is missing",
        "INS-008": "a value is of the wrong type or not one of those allowed",
        "INS-009": "a text holds a tab, line break, control character or stray blank",
        "INS-010": "an id, code or value is malformed, too long or reserved",
        "INS-011": "an id, code, value or label is used twice",
        "INS-012": "an item and its option set do not fit",
        "INS-013": "a scale names an item that cannot be scored",
        "INS-014": "a reverse-keyed item is not in its scale",
        "INS-015": "the answers of an item are outside the range of its scale",
        "INS-016": "a worked example does not give the stated score",
        "INS-017": "a scale lacks a worked example or its rule cannot be met",
        "INS-018": "a condition cannot be read",
        "INS-019": "a condition names an item or option that is not there or does not fit",
        "INS-020": "a condition looks at an item that comes later",
        "INS-021": "conditions depend on each other in a circle",
        "INS-022": "a condition can never be true",
        "INS-023": "waves do not fit together",
        "INS-024": "a token is not known",
        "INS-025": "a translation is missing, is too many or does not fit",
        "INS-026": "the rows of a matrix differ in their options",
        "INS-027": "an information item asks for something",
        "INS-028": "a limit does not fit its item",
        "INS-029": "a shared block is not there or clashes",
        "INS-030": "a reference is not listed",
        "INS-031": "an adaptation names something that is not there",
        "INS-032": "a wording that must stay was changed",
        "INS-033": "two versions of a scale cannot be compared",
        "INS-034": "an instrument has more parts or more problems than evalkit looks at",
        "INS-035": "an instrument has the id and version of another",
        "INS-036": "the print in the version of an adapted instrument is not that of its content",
        "INS-041": "an export platform is not known",
        "INS-042": "the name of an export file does not fit its platform",
        "INS-043": "a text cannot be written in the format of a platform",
        "INS-044": "a name or value does not fit a platform",
        "INS-045": "an exported file breaks a rule of its platform",
        "LNK-001": "an element of a code is a list or another value that cannot be compared",
        "LNK-002": "no row of a wave has enough of a code to be linked",
        "LNK-003": "more elements may differ than a code can bear",
        "LNK-004": "both waves are the same frame, or column names clash",
        "LNK-005": "the code has too little variety",
        "LNK-006": "short codes are not hashed without a secret key",
        "LNK-007": "a key file would stand inside a project",
        "LNK-008": "a key is open to others, is no key, or differs between the waves",
        "PRG-001": "a programme is not there, is too large or is not UTF-8",
        "PRG-002": "the YAML of a programme cannot be read, or it has more problems than evalkit lists",
        "PRG-003": "a key of a programme is not known",
        "PRG-004": "a key of a programme is missing",
        "PRG-005": "a value is of the wrong type or not one of those allowed",
        "PRG-006": "an id or name in a programme is malformed or used twice",
        "PRG-007": "a text of a programme holds a tab, control character or stray blank",
        "PRG-008": "a part of a programme names another that is not there",
        "PRG-009": "an instrument of a programme is not in the library or cannot be read",
        "PRG-010": "an instrument is used at a wave or by a role that it is not made for",
        "PRG-011": "an outcome has no measure, or one that its form does not have at that wave",
        "PRG-012": "the direction of an outcome contradicts that of its scale",
        "PRG-013": "an estimator is not known",
        "PRG-014": "a number or argument is missing, not known or does not fit",
        "PRG-015": "a question has no estimand, or the design cannot bear its estimator",
        "PRG-016": "waves, dose or forms are out of order in time",
        "PRG-017": "a column of a data file and its values or conditions do not fit",
        "PRG-018": "a part of a programme is not measured, not used or not explained",
        "PRG-019": "a data file would hold what names a person",
        "PRG-020": "an evaluation folder is not whole, or of another format than this evalkit writes",
        "PRG-021": "a folder or file holds what would be replaced",
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
        A sentence: the nearest name as a question, else all that are known, or that there are none.

    Examples
    --------
    >>> did_you_mean("zang2019", ["zhang2019", "ong2018"])
    'Did you mean "zhang2019"?'
    """
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Known: {', '.join(choices)}." if choices else "There are none."
